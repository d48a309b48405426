"""Requests in Tempest's log, which Tempest attaches to a test that fails."""

from __future__ import annotations

from oslo_log import log

from contract_tests.model.case import Case
from contract_tests.model.finding import Finding
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Call
from contract_tests.model.service import Service
from contract_tests.recordings.redaction import redaction_of
from contract_tests.reporters.harmless import printable
from contract_tests.transport.base import Channel, Transport

LOG = log.getLogger(__name__)


class Logged:
    """Serves as `inner` does; a line for each answer, without bodies and without secrets."""

    def __init__(self, inner: Transport, service: Service) -> None:
        self.inner = inner
        self.redaction = redaction_of(service.secrets)

    @property
    def endpoint(self) -> str:
        return self.inner.endpoint

    def open(self, case: Case | None = None) -> Channel:
        return _Channel(self, self.inner.open(case), case.id if case is not None else "discovery")

    def close(self) -> None:
        self.inner.close()


class _Channel:
    def __init__(self, transport: Logged, inner: Channel, name: str) -> None:
        self.transport = transport
        self.inner = inner
        self.name = name

    def send(self, request: Request, call: Call | None = None) -> Response:
        shown = self.transport.redaction.request(request)
        response = self.inner.send(request, call)
        LOG.info(
            "Request (%s%s): %s %s %s%s as %s, %s",
            self.name,
            printable(f": {call.name}") if call is not None else "",
            response.status,
            shown.method,
            self.transport.endpoint,
            printable(shown.target),
            shown.role or "none",
            printable(response.header("x-openstack-request-id") or "no request id"),
        )
        return response

    def abandon(self) -> None:
        """A recorder below writes nothing of this case."""
        abandon = getattr(self.inner, "abandon", None)
        if abandon is not None:
            abandon()

    def close(self) -> tuple[Finding, ...]:
        return self.inner.close()
