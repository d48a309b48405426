"""The one seam to the world: a transport opens a channel for a case, and the channel answers requests."""

from __future__ import annotations

from typing import Protocol

from contract_tests.model.case import Case
from contract_tests.model.finding import Finding
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Call


class Channel(Protocol):
    """Carries one case's requests, in order. Used by one thread."""

    def send(self, request: Request, call: Call | None = None) -> Response:
        """Answer `request`, which `call` makes; a TransportError where no answer can be had.

        `call` is None for what the harness asks for itself (see `Transport.open`).
        """
        ...

    def close(self) -> tuple[Finding, ...]:
        """End the case. What only shows at the end (recorded requests that nobody made) comes back."""
        ...


class Transport(Protocol):
    """Serves one service of one target. `open` may be called by several threads at once."""

    @property
    def endpoint(self) -> str:
        """The service's base URL, without a slash at its end."""
        ...

    def open(self, case: Case | None = None) -> Channel:
        """A channel for this case; a TransportError or a RecordingError where there can be none.

        None opens a channel for the harness's own requests (discovery), which belong to no case and are
        never recorded.
        """
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
