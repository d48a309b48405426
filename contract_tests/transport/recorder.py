"""The transport that records: it passes requests on and writes each case's cassette at its end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from contract_tests.model.case import Case
from contract_tests.model.finding import Finding
from contract_tests.model.http import Headers, Interaction, Request, Response
from contract_tests.model.scenario import Call
from contract_tests.model.service import Service
from contract_tests.recordings.emitter import Metadata, Taken, cassette_text
from contract_tests.recordings.files import write_text
from contract_tests.recordings.recording import case_path
from contract_tests.recordings.redaction import Redaction, redaction_of, refuse_secrets, told_by_name
from contract_tests.recordings.staleness import asked_of
from contract_tests.recordings.steady import steady, without_origin
from contract_tests.transport.base import Channel, Transport
from contract_tests.transport.outgoing import absolute

NO_CONTRACT = frozenset(
    (
        "date",
        "server",
        "via",
        "age",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "content-length",
        "content-encoding",
        "x-powered-by",
        "x-served-by",
        "x-cache",
        "x-runtime",
        "x-envoy-upstream-service-time",
        "alt-svc",
        "strict-transport-security",
        "nel",
        "report-to",
    )
)
"""Response headers that speak of the server, the way or the wire. One that the call expects is kept."""

NOT_ASKED = frozenset(
    ("user-agent", "accept-encoding", "connection", "content-length", "host", "transfer-encoding")
)
"""Request headers that speak of the client or the wire."""

_DEFAULT_ACCEPT = ("accept", "application/json")
"""What every request asks for that asks for nothing else: it says nothing in a recording."""


class Recorder:
    """Serves as `inner` does, and writes `folder/<scenario>/<microversion>.yaml` at a case's end.

    `secrets` gives the secret values used in this run (asked at each write: tokens come late); a cassette
    that would hold one of them is refused. `others` are the services beside it that scenarios ask, with
    their endpoints. `written` are the cassettes so far.
    """

    def __init__(
        self,
        inner: Transport,
        folder: str | Path,
        service: Service,
        secrets: Callable[[], Iterable[str]] = tuple,
        others: Mapping[str, tuple[Service, str]] = MappingProxyType({}),
    ) -> None:
        self.inner = inner
        self.folder = Path(folder)
        self.service = service
        self.written: list[Path] = []
        self._secrets = secrets
        self._lock = threading.Lock()
        self._redaction = redaction_of(service.secrets)
        self._others = others
        self._redactions = {name: redaction_of(one.secrets) for name, (one, _) in others.items()}
        self._volatile = {name: one.volatile for name, (one, _) in others.items()}
        self._rewrites = [
            without_origin(service.name, inner.endpoint),
            *(without_origin(name, endpoint) for name, (_, endpoint) in others.items()),
        ]

    @property
    def endpoint(self) -> str:
        return self.inner.endpoint

    def open(self, case: Case | None = None) -> Channel:
        """A channel that records the case; without one, or of one that is tried live only, nothing is.

        RecordingError where the case's name is no place for a cassette; else as `inner` does.
        """
        if case is None or not case.scenario.is_recorded(case.microversion):
            return self.inner.open(case)
        case_path(self.folder, case)
        return RecorderChannel(self, case, self.inner.open(case))

    def close(self) -> None:
        self.inner.close()

    def rewrite(self, text: str) -> str:
        """`text` with the origin of each endpoint replaced."""
        for one in self._rewrites:
            text = one(text)
        return text

    def endpoint_of(self, service: str) -> str:
        """The endpoint that requests to that service go to."""
        return self._others[service][1] if service in self._others else self.endpoint

    def write(self, case: Case, taken: list[Taken]) -> None:
        """Write the case's cassette; SecretFound, or RecordingError where the disk refuses."""
        path = case_path(self.folder, case)
        interactions = [one.interaction for one in taken]
        clean = [self._redaction_for(one.request.service).interaction(one) for one in interactions]
        secrets = list(self._secrets())
        for name in dict.fromkeys(one.request.service for one in interactions):
            own = [one for one in interactions if one.request.service == name]
            secrets += told_by_name(self._redaction_for(name), own)
        refuse_secrets(clean, secrets, str(path), self.service.name)
        fixed = steady(clean, self.service.volatile, self.rewrite, self._volatile)
        text = cassette_text(
            [replace(one, interaction=interaction) for one, interaction in zip(taken, fixed, strict=True)],
            Metadata(
                scenario=case.scenario.id, microversion=str(case.microversion or ""), asked=asked_of(case)
            ),
        )
        write_text(path, text, self.folder)
        with self._lock:
            self.written.append(path)

    def _redaction_for(self, service: str) -> Redaction:
        return self._redactions.get(service, self._redaction)


class RecorderChannel:
    """Passes one case's requests on and keeps what was exchanged.

    A case that was interrupted writes nothing, and the cassette that may be there stays: after any
    exception out of `send`, after `abandon`, and where an exception is what closes the channel (a `finally`).
    """

    def __init__(self, recorder: Recorder, case: Case, inner: Channel) -> None:
        self._recorder = recorder
        self._case = case
        self._inner = inner
        self._taken: list[Taken] = []
        self._abandoned = False

    def send(self, request: Request, call: Call | None = None) -> Response:
        """The answer of the recorded target; errors as its own."""
        try:
            response = self._inner.send(request, call)
        except BaseException:
            self.abandon()
            raise
        self._taken.append(_taken(request, response, call, self._recorder.endpoint_of(request.service)))
        return response

    def abandon(self) -> None:
        """Write nothing for this case."""
        self._abandoned = True

    def close(self) -> tuple[Finding, ...]:
        """Write the cassette, unless the case was interrupted or empty. Errors as `Recorder.write`."""
        findings = self._inner.close()
        if self._taken and not self._abandoned and sys.exception() is None:
            self._recorder.write(self._case, self._taken)
            self._abandoned = True  # a second close writes nothing
        return findings


def _taken(request: Request, response: Response, call: Call | None, endpoint: str) -> Taken:
    expect = call.expect if call is not None else None
    expected = {name.lower() for name, _ in expect.headers} if expect is not None else set()
    exact = expect is not None and (
        bool(expect.sha256) or expect.text is not None or "content-length" in expected
    )
    dropped = NO_CONTRACT - expected
    if request.method == "HEAD":
        dropped -= {"content-length"}  # the length is what a HEAD request asks for
    return Taken(
        interaction=Interaction(
            call=call.name if call is not None else "",
            request=replace(
                request, target=absolute(endpoint, request), headers=_less(request.headers, NOT_ASKED)
            ),
            response=replace(response, headers=_answered(response.headers, dropped)),
        ),
        exact=exact,
    )


def _less(headers: Headers, dropped: frozenset[str]) -> Headers:
    return tuple(
        (name, value)
        for name, value in headers
        if name.lower() not in dropped and (name.lower(), value) != _DEFAULT_ACCEPT
    )


def _answered(headers: Headers, dropped: frozenset[str]) -> Headers:
    """The response's headers that are kept, by name: between names, order means nothing (RFC 9110, 5.3)."""
    kept = _less(headers, dropped)
    return tuple(sorted(((name.lower(), value) for name, value in kept), key=lambda header: header[0]))
