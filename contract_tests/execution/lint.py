"""Consistency over runs: each case's answers are held to the rules, and what says the same is one finding."""

from __future__ import annotations

import datetime
import functools
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract_tests.comparison.correlation import path_patterns
from contract_tests.comparison.facts import Fact
from contract_tests.comparison.policy import Policy, Waiver
from contract_tests.comparison.rules import Verdict
from contract_tests.comparison.words import data_places
from contract_tests.consistency.routes import Routes, template_of
from contract_tests.consistency.rule import PARAMETER, Exchange, Rule
from contract_tests.consistency.rules import BY_ID, RULES
from contract_tests.execution.case import run_case
from contract_tests.execution.compare import Change, Difference, Waiving
from contract_tests.execution.runner import Job
from contract_tests.model.case import Case
from contract_tests.model.http import Request, Response
from contract_tests.model.microversion import Microversion
from contract_tests.model.scenario import Call
from contract_tests.model.service import Service
from contract_tests.recordings.redaction import without_secrets


@dataclass(slots=True, kw_only=True)
class Inconsistency(Change):
    """One finding with its extent. `hint` is its rule's number in the profile.

    `since` is where a later microversion or release mended it, or took it away; `ended` says which.
    """

    hint: str = ""
    paths: dict[str, None] = field(default_factory=dict)
    releases: dict[str, None] = field(default_factory=dict)
    ended: str = ""
    since: str = ""


@dataclass(slots=True)
class Linted:
    """What the lint found in a service's recordings or on its deployments, the gravest first."""

    service: Service
    deployments: list[str] = field(default_factory=list)
    findings: list[Inconsistency] = field(default_factory=list)
    answers: int = 0
    cases: int = 0
    waivers: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


def rules_of(policy: Policy, only: Iterable[str] = ()) -> list[tuple[Rule, str]]:
    """The rules that a policy holds an API to, with their numbers; `only` these ones, where any is named.

    Without rules of its own a policy stands for all that need no person to decide.
    """
    named = tuple(only)
    numbers = {hint.rule: hint.number for hint in policy.consistency}
    if named:
        return [(BY_ID[name], numbers.get(name, "")) for name in named]
    if policy.consistency:
        return [(BY_ID[hint.rule], hint.number) for hint in policy.consistency]
    return [(rule, "") for rule in RULES if not rule.decide]


def lint(
    jobs: Sequence[Job], policy: Policy, waivers: Sequence[Waiver] = (), only: Iterable[str] = ()
) -> list[Linted]:
    """Hold the answers of all cases to the rules: a result for each service, its deployments together.

    The deployments of a service are taken from the oldest to the newest. What a waiver covers is left out.
    """
    services = {case.scenario.service.name: case.scenario.service for job in jobs for case in job.cases}
    only = tuple(only)
    return [
        _Lint(service, [job for job in jobs if job.deployment.service == name], policy, waivers, only).found()
        for name, service in services.items()
    ]


_Unit = tuple[str, str]
"""An operation that succeeded, an operation and a call of it that was refused, or all that did either.

The later answers of a unit tell whether what was found is mended.
"""
_SUCCESSES, _REFUSALS = ("*", ""), ("*", "refused")
_ABSENT = (404, 405, 410)
"""By these a service says that it does not have an operation."""
_Point = tuple[int, Any]
"""A deployment's place in the order, and a microversion's key: the order in which an API grew."""
_Answer = tuple[Microversion | None, frozenset[str]]
"""At which microversion an operation answered, and the names of all properties."""
_Answers = Mapping[_Point, _Answer]


@dataclass(frozen=True, slots=True)
class _Where:
    """One answered call among all."""

    scenario: str
    call: Call
    microversion: Microversion | None
    release: str
    point: _Point


class _Lint:
    """The state of one service's lint."""

    def __init__(
        self,
        service: Service,
        jobs: Sequence[Job],
        policy: Policy,
        waivers: Sequence[Waiver],
        only: tuple[str, ...],
    ) -> None:
        self.service = service
        self.jobs = jobs
        self.policy = policy
        self.rules = rules_of(policy, only)
        self.waiving = Waiving(waivers, service, datetime.date.today())
        self.result = Linted(service)
        self.changes: dict[tuple[str, ...], Inconsistency] = {}
        self.hits: dict[tuple[str, ...], dict[_Unit, set[_Point]]] = {}
        self.seen: dict[_Unit, dict[_Point, _Answer]] = {}
        self.absent: dict[_Unit, dict[_Point, _Answer]] = {}
        self.refuted: set[tuple[str, str]] = set()
        scenarios = {case.scenario.slug: case.scenario for job in jobs for case in job.cases}
        self.routes = Routes(service, scenarios.values())
        self.free_form = path_patterns(service.free_form)

    def found(self) -> Linted:
        for number, job in enumerate(self.jobs):
            self.result.deployments.append(job.deployment.name)
            for case in job.cases:
                if not case.skip:
                    self._case(number, job, case)
        for key, change in list(self.changes.items()):
            if any((change.rule.id, operation) in self.refuted for operation, _ in self.hits[key]):
                del self.changes[key]
                continue
            self._end(key, change)
        gravity = list(Verdict)
        order = [rule.id for rule, _ in self.rules]
        self.result.findings = sorted(
            self.changes.values(),
            key=lambda c: (-gravity.index(c.verdict), order.index(c.rule.id), -c.count, c.fact.detail),
        )
        self.result.waivers = self.waiving.said()
        return self.result

    def _case(self, number: int, job: Job, case: Case) -> None:
        answered: list[tuple[Call, Exchange]] = []

        def observe(call: Call, request: Request, response: Response, variables: Mapping[str, Any]) -> None:
            if not job.replay:
                seen = without_secrets(case.scenario.serving(call.on), request, response)
                request, response = seen.request, seen.response
            answered.append((call, self._exchange(case, call, request, response)))

        sleep = None if job.replay else time.sleep
        result = run_case(case, job.transport, job.deployment, observe=observe, sleep=sleep)
        stale = any(one.rule == "recording-stale" for call in result.calls for one in call.findings)
        if stale or not answered:
            reason = "its recording is stale" if stale else result.why or "nothing was answered"
            self.result.missing[f"{job.deployment.name}: {case.id}"] = reason
            return
        self.result.cases += 1
        self.result.answers += len(answered)
        trace = [exchange for _, exchange in answered]
        release = job.deployment.release or job.deployment.name
        for at, (call, one) in enumerate(answered):
            version = case.microversion if call.microversion is None else None
            point = (number, version.key if version is not None else ())
            where = _Where(case.scenario.slug, call, version, release, point)
            unit, all_such = self._note(one, where)
            for rule, hint in self.rules:
                if rule.refutes is not None and rule.refutes(one, trace, at):
                    self.refuted.add((rule.id, one.operation))
                for fact in rule.look(one, trace, at):
                    self._add(rule, hint, fact, where, all_such if rule.of_service else unit)

    def _note(self, one: Exchange, where: _Where) -> tuple[_Unit, _Unit]:
        """Keep that an operation was asked, and how; its units: of the operation, of the whole service."""
        refused = one.response.status >= 400
        of_call = (one.operation, f"{where.scenario}: {where.call.name}")
        of_operation = (one.operation, "")
        all_such = _REFUSALS if refused else _SUCCESSES
        for unit in (all_such, of_call) if refused else (all_such, of_call, of_operation):
            known = self.seen.setdefault(unit, {})
            names = known[where.point][1] if where.point in known else frozenset()
            known[where.point] = (where.microversion, names | one.names)
        if one.response.status in _ABSENT:
            for unit in (of_call, of_operation):
                self.absent.setdefault(unit, {})[where.point] = (where.microversion, frozenset())
        return (of_call if refused else of_operation), all_such

    def _exchange(self, case: Case, call: Call, request: Request, response: Response) -> Exchange:
        schema = call.expect.schema if call.expect is not None else None
        places = data_places(schema.at(case.microversion)) if schema is not None else frozenset()
        exchange = Exchange("", request, response)
        route = self.routes.find(exchange.path or "/", template_of(call.target))
        return Exchange(route, request, response, (*self.free_form, *_patterns(places)))

    def _add(self, rule: Rule, hint: str, fact: Fact, where: _Where, unit: _Unit) -> None:
        call = f"{where.scenario}: {where.call.name}"
        verdict = self.policy.weigh(rule.id, rule.verdict, fact, None, self.service.name, call)
        mark = where.call.mark
        one = Difference(
            service=self.service.name,
            scenario=where.scenario,
            call=where.call.name,
            at=f"{mark.path}:{mark.line}",
            microversion=where.microversion,
            fact=fact,
            rule=rule,
            verdict=verdict,
        )
        if self.waiving.own and self.waiving.covers(one, where.release):
            return
        key = (rule.id, verdict, fact.detail, repr(fact.old), repr(fact.new))
        change = self.changes.get(key)
        if change is None:
            change = self.changes[key] = Inconsistency(
                service=self.service.name, rule=rule, verdict=verdict, fact=fact, hint=hint
            )
        change.calls.setdefault((where.scenario, where.call.name), one.at)
        change.microversions.add(where.microversion)
        change.count += 1
        change.paths.setdefault(fact.path)
        change.releases.setdefault(where.release)
        self.hits.setdefault(key, {}).setdefault(unit, set()).add(where.point)

    def _end(self, key: tuple[str, ...], change: Inconsistency) -> None:
        """Whether the newest answers of the same operations do not show it any more, and since when.

        What is mended or gone is INFO: an old microversion cannot be changed any more.
        """
        right = change.fact.new if getattr(change.rule, "renames", False) else None
        ends: list[tuple[_Point, str, str]] = []
        for unit, hits in self.hits[key].items():
            answers = self.seen[unit]
            last = max(answers)
            if last in hits:
                later = self._later(unit, last, change)
                if later is None:
                    return
                ends.append((last, "gone", later))
                continue
            refused = bool(unit[1]) and last in self.absent.get(unit, {})
            mended = right in answers[last][1] if right is not None else not refused
            ends.append((last, "mended" if mended else "gone", self._since(answers, max(hits))))
        words = [word for _, word, _ in ends]
        change.ended = "mended" if "mended" in words else "gone"
        change.since = max(end for end in ends if end[1] == change.ended)[2]
        change.verdict = min(change.verdict, Verdict.INFO, key=list(Verdict).index)

    def _later(self, unit: _Unit, last: _Point, change: Inconsistency) -> str | None:
        """Since when an operation is gone, or a newer release gets no such refused call; None for neither."""
        operation, call = unit
        later: dict[_Point, _Answer] = {}
        if call:
            for answers in (self.absent.get((operation, ""), {}), self.seen.get((operation, ""), {})):
                later |= {point: seen for point, seen in answers.items() if point[0] > last[0]}
        else:  # a 404 of an operation with a parameter may be of the id: then only those of the same calls
            calls = (
                [f"{scenario}: {name}" for scenario, name in change.calls] if PARAMETER in operation else [""]
            )
            for name in calls:
                absent = self.absent.get((operation, name), {})
                later |= {point: seen for point, seen in absent.items() if point > last}
        return self._since(later, last) if later else None

    def _since(self, answers: _Answers, hit: _Point) -> str:
        """The first point behind `hit` of these answers: a microversion, or a release."""
        point = min(point for point in answers if point > hit)
        version = answers[point][0]
        if version is not None and point[0] == hit[0]:
            return str(version)
        deployment = self.jobs[point[0]].deployment
        return deployment.release or deployment.name


@functools.lru_cache(maxsize=1024)
def _patterns(places: frozenset[str]) -> tuple[re.Pattern[str], ...]:
    joined = "|".join(re.escape(place) for place in sorted(places))
    return (re.compile(joined),) if joined else ()
