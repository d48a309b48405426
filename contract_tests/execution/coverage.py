"""What a run exercises: operations by status and microversion, and the overlays that bite.

An overlay bites when the answer of the microversion before it does not meet its expectations: then it
says something that would be seen if it were not so. One that asks something else (another body, another
query) is told apart, for its answer before is an answer to another question.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract_tests.checks import schemas
from contract_tests.checks.response import Context, check_response
from contract_tests.execution.case import run_case
from contract_tests.execution.causes import waived
from contract_tests.execution.runner import Job
from contract_tests.model.case import Case, Outcome
from contract_tests.model.http import MISSING, Request, Response
from contract_tests.model.microversion import Microversion, MicroversionRange, known_between
from contract_tests.model.scenario import Call, CallHistory, Scenario
from contract_tests.model.service import Operation, Service
from contract_tests.model.template import UndefinedVariable


@dataclass(slots=True)
class Exercised:
    """What was seen of one operation: how often, with which statuses, at which microversions, by whom."""

    operation: Operation
    calls: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    microversions: set[Microversion] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)

    @property
    def missing(self) -> tuple[int, ...]:
        """The documented statuses that were never answered."""
        return tuple(status for status in self.operation.statuses if status not in self.statuses)


@dataclass(slots=True)
class Overlay:
    """One overlay of a call, or (call is empty) one of a schema: whether it bites, or only asks otherwise.

    `seen`: an answer of the microversion before it was there to try it on.
    """

    name: str
    at: str
    microversion: Microversion
    seen: bool = False
    bites: bool = False
    asks: bool = False

    @property
    def state(self) -> str:
        if self.bites:
            return "bites"
        if self.asks:
            return "asks otherwise"
        return "bites nowhere" if self.seen else "never tried"


@dataclass(slots=True)
class Coverage:
    """The coverage of one service.

    `not_passed` are cases that failed (`failed` of them) or could not run: with any, read the rest with care.
    """

    service: Service
    operations: list[Exercised]
    overlays: dict[tuple[str, str, Microversion], Overlay]
    unknown: dict[str, int] = field(default_factory=dict)
    silent: tuple[Microversion, ...] = ()
    cases: int = 0
    not_passed: list[str] = field(default_factory=list)
    failed: int = 0


def measure(service: Service, scenarios: Sequence[Scenario], jobs: Iterable[Job]) -> Coverage:
    """Run all cases of the service and note what they exercise."""
    own = [scenario for scenario in scenarios if scenario.service.name == service.name]
    found = Coverage(
        service=service,
        operations=[Exercised(operation) for operation in service.operations],
        overlays=dict(_overlays(own)),
        silent=_silent(service, own),
    )
    for job in jobs:
        if job.deployment.service != service.name:
            continue
        for case in job.cases:
            watch = _Watch(found, case, job.deployment.range, job.deployment.listed or service.listed)
            sleep = None if job.replay else time.sleep
            result = run_case(case, job.transport, job.deployment, observe=watch, sleep=sleep)
            result = waived(result, case, job.deployment.release, job.waivers, datetime.date.today())
            if result.outcome is not Outcome.SKIPPED:
                found.cases += 1
            found.failed += result.outcome is Outcome.FAILED
            if result.outcome in (Outcome.FAILED, Outcome.ERROR):
                found.not_passed.append(f"{result.id} on {result.target}")
    return found


def _overlays(scenarios: Iterable[Scenario]) -> Iterable[tuple[tuple[str, str, Microversion], Overlay]]:
    for scenario in scenarios:
        for history in scenario.histories:
            for version, call in history.stages:
                if scenario.serving(call.on) is not scenario.service:
                    continue
                if version is not None:
                    name = f"{scenario.slug}: {history.name}"
                    yield (
                        (scenario.slug, history.name, version),
                        Overlay(name, f"{call.mark.path}:{call.mark.line}", version),
                    )
                if call.expect is not None and call.expect.schema is not None:
                    schema = call.expect.schema
                    for since in schema.since:
                        yield (
                            ("", schema.name, since),
                            Overlay(f"schema {schema.name}", f"{schema.mark.path}:{schema.mark.line}", since),
                        )


def _silent(service: Service, scenarios: Iterable[Scenario]) -> tuple[Microversion, ...]:
    """The service's microversions (its oldest aside) at which no overlay and no limit of a call stands."""
    if service.minimum is None or service.maximum is None or service.dialect.order is None:
        return ()
    known = known_between(service.minimum, service.maximum, service.dialect.order, service.listed)
    named = {version for scenario in scenarios for version in scenario.points()}
    return tuple(version for version in known[1:] if version not in named)


class _Watch:
    """Told of each answer of one case."""

    def __init__(
        self, found: Coverage, case: Case, offered: MicroversionRange | None, listed: Sequence[Microversion]
    ) -> None:
        self.found = found
        self.case = case
        self.next = _successor(case, offered, listed)
        self.histories: Mapping[str, CallHistory] = {
            history.name: history for history in case.scenario.histories
        }

    def __call__(
        self, call: Call, request: Request, response: Response, variables: Mapping[str, Any]
    ) -> None:
        scenario = self.case.scenario
        if scenario.serving(call.on) is not scenario.service:
            return  # of another service than the one that is measured
        self._operation(request, response)
        history = self.histories.get(call.name)
        if history is not None and self.next is not None:
            self._overlay(history, call, response, variables, self.next)

    def _operation(self, request: Request, response: Response) -> None:
        path, _ = self.case.scenario.service.dialect.without_version(request.target)
        candidates = [
            one
            for one in self.found.operations
            if one.operation.method == request.method and one.operation.pattern.fullmatch(path)
        ]
        if not candidates:
            name = f"{request.method} {path} -> {response.status}"
            self.found.unknown[name] = self.found.unknown.get(name, 0) + 1
            return
        exact = min(candidates, key=lambda one: one.operation.path.count("{"))
        exact.calls += 1
        exact.statuses[response.status] = exact.statuses.get(response.status, 0) + 1
        exact.roles.add(request.role)
        if self.case.microversion is not None:
            exact.microversions.add(self.case.microversion)

    def _overlay(
        self,
        history: CallHistory,
        call: Call,
        response: Response,
        variables: Mapping[str, Any],
        version: Microversion,
    ) -> None:
        later = history.at(version)
        if later is None or later.expect is None:
            return
        overlay = self.found.overlays.get((self.case.scenario.slug, history.name, version))
        if overlay is not None:
            overlay.seen = True
            overlay.asks |= later.asked != call.asked
            context = Context(
                mark=call.mark, variables=variables, service=self.case.scenario.service, microversion=version
            )
            try:
                overlay.bites |= bool(check_response(later.expect, response, context))
            except UndefinedVariable:
                overlay.bites = True
        schema = later.expect.schema
        if schema is None or call.expect is None or call.expect.schema is not schema:
            return
        overlay = self.found.overlays.get(("", schema.name, version))
        document = response.document(self.case.scenario.service.bodies)
        if overlay is not None and document is not MISSING:
            overlay.seen = True
            overlay.bites |= not schemas.is_valid(schema.at(version), document)


def _successor(
    case: Case, offered: MicroversionRange | None, listed: Sequence[Microversion]
) -> Microversion | None:
    """The microversion after the case's, also where the deployment does not offer it."""
    service, version = case.scenario.service, case.microversion
    order = service.dialect.order
    top = service.maximum or (offered.high if offered is not None else None)
    if version is None or order is None or top is None or version >= top:
        return None
    axis = known_between(version, top, order, (*listed, *case.scenario.points()))
    return axis[1] if len(axis) > 1 else None
