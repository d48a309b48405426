"""A run judged against a baseline in the same pass: what differs from its recorded answers is a finding."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contract_tests.comparison.policy import Policy, Waiver
from contract_tests.comparison.rule import word_fact
from contract_tests.execution.case import run_case
from contract_tests.execution.compare import (
    Answered,
    Difference,
    answers,
    compare_answers,
    counterparts,
    gathered,
    waive,
)
from contract_tests.model.case import CallResult, Case, CaseResult, Outcome
from contract_tests.model.finding import Finding
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Call
from contract_tests.model.target import Deployment
from contract_tests.model.trials import calls_at
from contract_tests.transport.base import Transport

RULE = "baseline"
"""The check's rule under which differences are told; its detail names the rule of comparison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Recorded answers of one service, to which other answers are held by a policy.

    A case that the baseline has not recorded is run without it, and its result's reason says so.
    """

    deployment: Deployment
    transport: Transport
    policy: Policy
    waivers: Sequence[Waiver] = ()
    today: datetime.date = field(default_factory=datetime.date.today)

    def run_case(
        self,
        case: Case,
        transport: Transport,
        deployment: Deployment,
        *,
        sleep: Callable[[float], None] | None,
    ) -> CaseResult:
        """Run a case as `execution.case.run_case` does, and add what differs from the baseline."""
        responses: dict[str, tuple[Request, Response]] = {}
        latest: dict[str, Any] = {}

        def observe(call: Call, request: Request, response: Response, variables: Mapping[str, Any]) -> None:
            responses[call.name] = (request, response)
            latest["variables"] = variables

        result = run_case(case, transport, deployment, observe=observe, sleep=sleep)
        if not responses:
            return result
        before = answers(case, self.transport, self.deployment, replay=True)
        if before.problem:
            told = f"not held to {self.deployment.name}: {before.problem}"
            return replace(result, reason=result.reason or told, held=False)
        after = gathered(
            case, responses, latest["variables"], result, deployment.endpoint, recorded=sleep is None
        )
        held = counterparts(before, after)
        lacking = [name for name in responses if name not in held]
        if lacking:
            told = f"not held to {self.deployment.name} in {', '.join(map(repr, lacking))}: it has no answer"
            result = replace(result, reason=result.reason or told)
        found = self._differences(case, before, after, deployment)
        if not found:
            return result
        calls = tuple(self._judged(call, found.get(call.name, ()), responses) for call in result.calls)
        return replace(result, calls=calls, outcome=Outcome.FAILED)

    def _differences(
        self, case: Case, before: Answered, after: Answered, deployment: Deployment
    ) -> dict[str, list[Difference]]:
        """What fails by the policy and is not waived, by call."""
        scenario = case.scenario
        context = self.policy.context(scenario.service)
        differences: list[Difference] = []
        learned = (self.deployment.noise, deployment.noise)
        asked = {
            call.name: scenario.serving(call.on).name for _, call in calls_at(scenario, case.microversion)
        }
        for name, fact in compare_answers(before, after, scenario, case.microversion, learned):
            rule, verdict = self.policy.judge(fact, context, asked[name], f"{scenario.slug}: {name}")
            if verdict in self.policy.fails:
                differences.append(
                    Difference(
                        service=asked[name], scenario=scenario.slug, call=name, at="",
                        microversion=case.microversion, fact=fact, rule=rule, verdict=verdict,
                    )
                )  # fmt: skip
        left, _ = waive(differences, self.waivers, scenario.service, deployment.release, self.today)
        found: dict[str, list[Difference]] = {}
        for one in left:
            found.setdefault(one.call, []).append(one)
        return found

    def _judged(
        self,
        call: CallResult,
        differences: Sequence[Difference],
        responses: Mapping[str, tuple[Request, Response]],
    ) -> CallResult:
        if not differences:
            return call
        request, response = responses[call.name]
        findings = tuple(self._finding(call, one) for one in differences)
        return replace(
            call,
            outcome=Outcome.FAILED if call.outcome is Outcome.PASSED else call.outcome,
            findings=(*call.findings, *findings),
            request=request,
            response=response,
        )

    def _finding(self, call: CallResult, one: Difference) -> Finding:
        told = f"{one.verdict} {one.rule.id} ({one.rule.source})"
        return Finding(
            rule=RULE,
            mark=call.mark,
            where=one.fact.path,
            expected=one.fact.old,
            got=one.fact.new,
            detail=f"{told}: {word_fact(one.rule, one.fact)}, unlike {self.deployment.name}",
        )
