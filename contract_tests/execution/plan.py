"""From scenarios to cases: which microversions run, and why others do not."""

from __future__ import annotations

import bisect
import collections
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from contract_tests.errors import UsageError
from contract_tests.model.case import Case
from contract_tests.model.microversion import (
    ORDERS,
    Microversion,
    MicroversionRange,
    Order,
    known_between,
)
from contract_tests.model.scenario import Call, Requirement, Scenario
from contract_tests.model.target import Deployment
from contract_tests.model.trials import calls_at

SELECTIONS = ("boundaries", "every", "latest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person chose to run. `microversions` is one of SELECTIONS, or a list of microversions' texts.

    `recorded`: only cases that recordings keep.
    """

    microversions: str | tuple[str, ...] = "boundaries"
    tags: frozenset[str] = frozenset()
    without_tags: frozenset[str] = frozenset()
    match: str = ""
    roles: frozenset[str] = frozenset()
    recorded: bool = False

    def takes(self, scenario: Scenario) -> bool:
        """Whether a scenario is chosen at all."""
        if self.tags and not self.tags & scenario.tags:
            return False
        if self.without_tags & scenario.tags:
            return False
        return self.match.lower() in f"{scenario.service.name}/{scenario.slug} {scenario.name}".lower()


def plan(
    scenarios: Iterable[Scenario],
    deployment: Deployment,
    choice: Choice,
    roles: Collection[str] | None,
    *,
    replay: bool = False,
) -> tuple[Case, ...]:
    """The cases of the chosen scenarios of the deployment's service, in order.

    `roles` are those that the target has an identity for (None: any). `replay`: it answers from a recording,
    which holds nothing of what is tried live only. What cannot run is there too, with the reason in `skip`.
    UsageError where a listed microversion is none.
    """
    return tuple(
        case
        for scenario in scenarios
        if scenario.service.name == deployment.service and choice.takes(scenario)
        for case in _cases(scenario, deployment, choice, roles, replay)
        if not choice.roles or choice.roles & _roles(case)
    )


def _cases(
    scenario: Scenario, deployment: Deployment, choice: Choice, roles: Collection[str] | None, replay: bool
) -> Iterator[Case]:
    absent = [one.service.name for one in scenario.others if one.service.name not in deployment.beside]
    lacking = (
        f"needs the service {' and '.join(absent)} beside it, which {deployment.name} lacks"
        if absent
        else unmet(scenario.requires, deployment)
    )
    for case in _at_microversions(scenario, deployment, choice):
        missing = sorted(_roles(case) - set(roles) - {"none"}) if roles is not None else []
        reason = case.skip or lacking or _uncheckable(case)
        if not reason and missing:
            reason = f"needs an identity for the role {' and '.join(missing)}, which {deployment.name} lacks"
        if not reason and not any(history.at(case.microversion) for history in scenario.calls):
            reason = "none of its calls exists at this microversion"
        if not reason and (replay or choice.recorded) and not scenario.is_recorded(case.microversion):
            reason = "tried live only: its scenario keeps no recording of this microversion"
        yield replace(case, skip=reason)


def _uncheckable(case: Case) -> str:
    """Why a schema that the case needs is not here; empty where all are."""
    calls = (history.at(case.microversion) for history in case.scenario.histories)
    schemas = (call.expect.schema for call in calls if call is not None and call.expect is not None)
    return next((schema.missing for schema in schemas if schema is not None and schema.missing), "")


def _roles(case: Case) -> set[str]:
    calls = (history.at(case.microversion) for history in case.scenario.histories)
    return {call.role for call in calls if call is not None}


def _at_microversions(scenario: Scenario, deployment: Deployment, choice: Choice) -> Iterator[Case]:
    order = scenario.service.dialect.order
    offered = deployment.range
    if order is None or not scenario.service.has_microversions or offered is None:
        yield Case(scenario=scenario)
        return
    known = deployment.listed or scenario.service.listed
    if isinstance(choice.microversions, str):
        wanted = _selected(scenario, offered, known, order, choice.microversions)
    else:
        wanted = {v for v in _parse(choice.microversions, order) if v in scenario.range}
    for version in sorted(wanted):
        skip = ""
        if version not in offered:
            skip = f"{version} is outside {offered}, which {deployment.name} offers"
        elif _is_listed_axis(order, known) and version not in known:
            skip = f"{version} is none of {', '.join(map(str, known))}, which {deployment.name} offers"
        yield Case(scenario=scenario, microversion=version, skip=skip)


def _parse(texts: Iterable[str], order: Order) -> Iterator[Microversion]:
    for text in texts:
        try:
            yield order.parse(text)
        except ValueError as error:
            raise UsageError(f"--microversions: {error}") from None


def _is_listed_axis(order: Order, known: Collection[Microversion]) -> bool:
    """Whether the listed microversions are all there are; numbers are counted instead."""
    return bool(known) and order.name != "number"


def _selected(
    scenario: Scenario,
    offered: MicroversionRange,
    known: Collection[Microversion],
    order: Order,
    selection: str,
) -> set[Microversion]:
    """The microversions of one of SELECTIONS, and those that are to be skipped: not offered here."""
    stated = scenario.range.intersect(scenario.service.range) or scenario.range
    scope = scenario.range.intersect(offered)
    axis = _axis(scenario, scope, known, order) if scope is not None else ()
    if not axis:
        return {end for end in (stated.low,) if end is not None}
    if selection == "latest":
        return {axis[-1]}
    beyond = {point for point in scenario.points() if point in stated and point not in offered}
    if selection == "every":
        return {*axis, *beyond}
    wanted = {axis[0], axis[-1]}
    for point in scenario.points():
        at = bisect.bisect_left(axis, point)
        if point >= axis[0] and at < len(axis):
            wanted.update(axis[max(0, at - 1) : at + 1])
    for end in {history.range.high for history in scenario.histories}:
        if end is not None and axis[0] <= end < axis[-1]:  # the last one that has a call, and the next
            at = bisect.bisect_right(axis, end)
            wanted.update(axis[max(0, at - 1) : at + 1])
    return wanted | beyond


def _axis(
    scenario: Scenario, scope: MicroversionRange, known: Collection[Microversion], order: Order
) -> tuple[Microversion, ...]:
    """The microversions of `scope`, oldest first: the listed ones, or all that are known to be."""
    if _is_listed_axis(order, known):
        return tuple(sorted(version for version in set(known) if version in scope))
    if scope.low is None or scope.high is None:
        return ()
    points = [point for point in scenario.points() if point in scope]
    return known_between(scope.low, scope.high, order, (*known, *points))


def unmet(requires: Requirement, deployment: Deployment) -> str:
    """Why a deployment does not have what is required; empty where it has."""
    if requires.release is not None:
        if not deployment.release:
            return (
                f"needs release {requires.release}, and {deployment.name} does not say which it is "
                "(say it with --release)"
            )
        try:
            release = ORDERS["semantic"].parse(deployment.release)
        except ValueError:
            return f"needs release {requires.release}, and '{deployment.release}' is no release number"
        if release not in requires.release:
            return f"needs release {requires.release}, this is {deployment.release}"
    for name, releases in requires.beside:
        own = deployment.beside.get(name, "")
        key = ORDERS["semantic"].key(own)
        if key is None or Microversion(key, own) not in releases:
            return f"needs {name} {releases} beside it, this is {own or 'one that does not say its release'}"
    for kind, needed, there in (
        ("extension", requires.extensions, deployment.extensions),
        ("API version", requires.versions, deployment.majors),
    ):
        missing = [name for name in needed if name not in there]
        if missing:
            return f"needs the {kind} {', '.join(missing)}, which {deployment.name} lacks"
    return ""


def calls_of(case: Case, deployment: Deployment) -> Iterator[tuple[Call, bool, str]]:
    """(call, whether it is cleanup, why it is skipped) of each call that exists in the case, trials too."""
    for history, call in calls_at(case.scenario, case.microversion):
        yield call, history.cleanup, unmet(history.requires, deployment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One case on one deployment, as reports name it.

    `test_id` is `service.scenario@microversion`, with `[release]` where several deployments of the service
    are run: a name that test runners can hold on to.
    """

    target: str
    id: str
    test_id: str


def apart(deployments: Sequence[Deployment]) -> list[str]:
    """What tells each deployment from the others of its service: its release; empty where it is alone."""
    count = collections.Counter(one.service for one in deployments)
    return [(one.release or one.name) if count[one.service] > 1 else "" for one in deployments]


def test_name(case: Case, release: str) -> str:
    """`scenario@microversion[release]`."""
    at = f"@{case.microversion}" if case.microversion is not None else ""
    return f"{case.scenario.slug}{at}{f'[{release}]' if release else ''}"


def planned(cases: Iterable[tuple[Deployment, Sequence[Case]]]) -> tuple[Planned, ...]:
    """All cases of a run, in order."""
    cases = list(cases)
    return tuple(
        Planned(
            target=deployment.name,
            id=case.id,
            test_id=f"{case.scenario.service.name}.{test_name(case, release)}",
        )
        for (deployment, own), release in zip(cases, apart([one for one, _ in cases]), strict=True)
        for case in own
    )
