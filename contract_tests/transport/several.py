"""Several services of one target: each request goes to the service that its call names."""

from __future__ import annotations

from collections.abc import Mapping

from contract_tests.model.case import Case
from contract_tests.model.finding import Finding
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Call
from contract_tests.model.service import Service
from contract_tests.transport.base import Channel, Transport


class SeveralTransport:
    """Serves scenarios that ask several services: `first` serves their own, `others` by name the rest."""

    def __init__(self, first: Transport, others: Mapping[str, tuple[Service, Transport]]) -> None:
        self.first = first
        self.others = others

    @property
    def endpoint(self) -> str:
        return self.first.endpoint

    def open(self, case: Case | None = None) -> Channel:
        """A channel to the scenario's services; to its own alone where it has no others."""
        first = self.first.open(case)
        names = [one.service.name for one in case.scenario.others] if case is not None else []
        if not names:
            return first
        return SeveralChannel(first, {name: self.others[name][1].open(case) for name in names})

    def close(self) -> None:
        self.first.close()
        for _, one in self.others.values():
            one.close()


def others_of(transport: Transport) -> dict[str, tuple[Service, str]]:
    """The services beside the first that a transport serves, with their endpoints."""
    if not isinstance(transport, SeveralTransport):
        return {}
    return {name: (service, one.endpoint) for name, (service, one) in transport.others.items()}


class SeveralChannel:
    """Carries one case's requests to the services that they name."""

    def __init__(self, first: Channel, others: Mapping[str, Channel]) -> None:
        self._first = first
        self._others = others

    def send(self, request: Request, call: Call | None = None) -> Response:
        return self._others.get(request.service, self._first).send(request, call)

    def close(self) -> tuple[Finding, ...]:
        channels = (self._first, *self._others.values())
        return tuple(finding for channel in channels for finding in channel.close())
