"""Cases (one scenario at one microversion) and the results of running them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from contract_tests.model.finding import Finding, Mark
from contract_tests.model.http import Request, Response
from contract_tests.model.microversion import Microversion
from contract_tests.model.scenario import Scenario


class Outcome(enum.StrEnum):
    """How a call or a case ended. `ERROR`: it could not be run, so nothing is known."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scenario at one microversion (None where the service has none). `skip` says why it does not run."""

    scenario: Scenario
    microversion: Microversion | None = None
    skip: str = ""

    @property
    def id(self) -> str:
        """`service/scenario@microversion`."""
        at = f"@{self.microversion}" if self.microversion is not None else ""
        return f"{self.scenario.service.name}/{self.scenario.slug}{at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """How one call ended. `request` and `response` are there for calls that did not pass.

    `cause` names the call of the case whose failure, in an API below, came before this one's. `tried` counts
    the bad and the good inputs that were tried at random before this one was kept.
    """

    name: str
    mark: Mark
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    request: Request | None = None
    response: Response | None = None
    cause: str = ""
    tried: tuple[int, int] = (0, 0)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How one case ended, with its calls in order.

    `count` is the number of requests that were answered, `waived` that of calls whose failure is accepted.
    `held` is False where there was a baseline that had no answer of this case; `reason` says why.
    """

    id: str
    target: str
    outcome: Outcome
    calls: tuple[CallResult, ...] = ()
    reason: str = ""
    count: int = 0
    waived: int = 0
    seconds: float = 0.0
    held: bool = True

    @property
    def why(self) -> str:
        """The first reason that is given: the case's own, or that of a call; empty where there is none."""
        return next(filter(None, (self.reason, *(call.reason for call in self.calls))), "")
