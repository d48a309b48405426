"""The seam between a run and its reporters."""

from __future__ import annotations

from typing import Protocol

from contract_tests.execution.events import Event


class Reporter(Protocol):
    """Consumes events. `RunFinished` is the last one; the reporter then writes what it has."""

    def consume(self, event: Event) -> None: ...
