"""What a run tells as it goes. A `RunFinished` always comes last, also after Ctrl-C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract_tests.execution.plan import Planned
from contract_tests.model.case import Case, CaseResult
from contract_tests.model.target import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """`cases` is how many will be tried, the skipped ones among them; `planned` names them, in order."""

    deployments: tuple[Deployment, ...]
    cases: int
    planned: tuple[Planned, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFinished:
    """Cases finish in the plan's order, whatever ran side by side."""

    case: Case
    deployment: Deployment
    result: CaseResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """`counts` are cases by outcome; `stopped` says why not all of them ran (empty: they did).

    `unheld` are the cases that ran and of which a baseline had no answer; `left` those that did not run.
    `waivers` is what is to be said of waivers: that they have expired, or are needed no more.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    calls: int = 0
    seconds: float = 0.0
    stopped: str = ""
    unheld: int = 0
    left: tuple[Planned, ...] = ()
    waivers: tuple[str, ...] = ()


Event = RunStarted | CaseFinished | RunFinished
