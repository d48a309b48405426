"""Why calls failed: a break in an API below, and what a project has accepted until some day."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from contract_tests.comparison.facts import Fact
from contract_tests.comparison.policy import Waiver
from contract_tests.model.case import CallResult, Case, CaseResult, Outcome
from contract_tests.model.finding import Finding
from contract_tests.model.scenario import Scenario
from contract_tests.model.target import Deployment

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
    valid = [waiver for waiver in waivers if waiver.expires >= today]
    reasons: dict[str, str] = {}
    for call in result.calls:
        if call.outcome is not Outcome.FAILED:
            continue
        covering = [
            next((waiver for waiver in valid if _covers(waiver, one, call.name, case, release)), None)
            for one in call.findings
        ]
        if covering and None not in covering:
            reasons[call.name] = next(
                f"{waiver.reason} ({waiver.link})" for waiver in covering if waiver is not None
            )
    failed = [call for call in result.calls if call.outcome in BAD]
    left = [call for call in failed if call.name not in reasons and call.cause not in reasons]
    if not reasons or any(call.outcome is Outcome.ERROR for call in failed):
        return result
    told = "; ".join(f"call '{name}' is waived: {reason}" for name, reason in reasons.items())
    if not left:
        return replace(result, outcome=Outcome.PASSED, reason=told, waived=len(failed))
    return replace(result, reason=told, waived=len(failed) - len(left))


def _covers(waiver: Waiver, one: Finding, call: str, case: Case, release: str) -> bool:
    fact = Fact(kind=one.rule, path=one.where)
    name = f"{case.scenario.slug}: {call}"
    return waiver.covers(one.rule, case.scenario.service, name, fact, case.microversion, release)


class Needed:
    """Which waivers a run needs, deployment by deployment, and what is to be said of the others.

    `needed` has each waiver whose call was made, with the deployment's name, and whether it covered anything
    there.
    Of a waiver whose call was not made nothing is said.
    """

    def __init__(self, today: datetime.date) -> None:
        self.today = today
        self.needed: dict[tuple[Waiver, str], bool] = {}
        self._by_scenario: dict[tuple[int, str], list[Waiver]] = {}

    def note(
        self, result: CaseResult, case: Case, deployment: Deployment, waivers: tuple[Waiver, ...]
    ) -> None:
        """Note what a case has shown of the waivers of its run."""
        for waiver in self._of(case.scenario, waivers):
            for call in result.calls:
                made = call.outcome in (Outcome.PASSED, Outcome.FAILED)
                name = f"{case.scenario.slug}: {call.name}"
                if made and waiver.is_about(
                    case.scenario.service, name, case.microversion, deployment.release
                ):
                    needs = any(
                        _covers(waiver, one, call.name, case, deployment.release) for one in call.findings
                    )
                    key = (waiver, deployment.name)
                    self.needed[key] = self.needed.get(key, False) or needs

    def _of(self, scenario: Scenario, waivers: tuple[Waiver, ...]) -> list[Waiver]:
        key = (id(waivers), scenario.id)
        if key not in self._by_scenario:
            self._by_scenario[key] = [
                waiver
                for waiver in waivers
                if waiver.service == scenario.service.name
                and waiver.call.partition(": ")[0] in ("*", scenario.slug)
            ]
        return self._by_scenario[key]

    def said(self) -> Iterator[str]:
        """Of each waiver that has expired or is needed no more, where that was seen."""
        for (waiver, where), needed in self.needed.items():
            what = f"{waiver.at}: the waiver of {waiver.rule} in {waiver.call}"
            if needed and waiver.expires < self.today:
                yield f"{what} expired on {waiver.expires}; mend it, or decide again ({where})"
            elif not needed:
                yield f"{what} covers nothing in {where}; narrow its releases, or remove it"
