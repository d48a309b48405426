"""Why calls failed: a break in an API below, and what a project has accepted until some day."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import replace

from contract_tests.comparison.facts import Fact
from contract_tests.comparison.policy import Waiver
from contract_tests.model.case import CallResult, Case, CaseResult, Outcome
from contract_tests.model.scenario import Scenario

BAD = (Outcome.FAILED, Outcome.ERROR)
"""How a call ends that did not do what it should."""


def first_below(scenario: Scenario, failed: Collection[str]) -> str:
    """The call that is the cause of the others of `failed`: the earliest one, where an API below answered it.

    Empty where the first call to fail is one of the scenario's own service: then nothing tells a cause.
    """
    first = next((history for history in scenario.histories if history.name in failed), None)
    if first is None or not scenario.others:
        return ""
    on = first.stages[0][1].on
    return first.name if on in (one.service.name for one in scenario.others) else ""


def with_causes(scenario: Scenario, calls: Sequence[CallResult]) -> tuple[CallResult, ...]:
    """The calls, those that failed after a break below naming it as their cause."""
    cause = first_below(scenario, {call.name for call in calls if call.outcome in BAD})
    if not cause:
        return tuple(calls)
    return tuple(
        replace(call, cause=cause) if call.outcome in BAD and call.name != cause else call for call in calls
    )


def waived(
    result: CaseResult, case: Case, release: str, waivers: Sequence[Waiver], today: datetime.date
) -> CaseResult:
    """The result, less what waivers cover: a case passes whose failures are all accepted; its reason says so.

    What a waived call causes is waived with it. An expired waiver covers nothing.
    """
    if result.outcome is not Outcome.FAILED or not waivers:
        return result
    service = case.scenario.service
    reasons: dict[str, str] = {}
    for call in result.calls:
        if call.outcome is not Outcome.FAILED:
            continue
        name = f"{case.scenario.slug}: {call.name}"
        covering = [
            next(
                (
                    waiver
                    for waiver in waivers
                    if waiver.expires >= today
                    and waiver.covers(
                        one.rule,
                        service,
                        name,
                        Fact(kind=one.rule, path=one.where),
                        case.microversion,
                        release,
                    )
                ),
                None,
            )
            for one in call.findings
        ]
        if covering and None not in covering:
            reasons[call.name] = next(waiver.reason for waiver in covering if waiver is not None)
    failed = [call for call in result.calls if call.outcome in BAD]
    left = [call for call in failed if call.name not in reasons and call.cause not in reasons]
    if not reasons or any(call.outcome is Outcome.ERROR for call in failed):
        return result
    told = "; ".join(f"call '{name}' is waived: {reason}" for name, reason in reasons.items())
    if not left:
        return replace(result, outcome=Outcome.PASSED, reason=told, waived=len(failed))
    return replace(result, reason=told, waived=len(failed) - len(left))
