"""From scenarios to cases: which microversions run, and why others do not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from contract_tests.errors import UsageError
from contract_tests.model.case import Case
from contract_tests.model.microversion import ORDERS, Microversion, MicroversionRange, known_between
from contract_tests.model.scenario import Call, Requirement, Scenario
from contract_tests.model.target import Deployment

SELECTIONS = ("boundaries", "every", "latest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person chose to run. `microversions` is one of SELECTIONS, or a list of microversions' texts."""

    microversions: str | tuple[str, ...] = "boundaries"
    tags: frozenset[str] = frozenset()
    without_tags: frozenset[str] = frozenset()
    match: str = ""
    roles: frozenset[str] = frozenset()

    def takes(self, scenario: Scenario) -> bool:
        """Whether a scenario is chosen at all."""
        if self.tags and not self.tags & scenario.tags:
            return False
        if self.without_tags & scenario.tags:
            return False
        return self.match.lower() in f"{scenario.service.name}/{scenario.slug} {scenario.name}".lower()


def plan(
    scenarios: Iterable[Scenario], deployment: Deployment, choice: Choice, roles: Collection[str] | None
) -> tuple[Case, ...]:
    """The cases of the chosen scenarios of the deployment's service, in order.

    `roles` are those that the target has an identity for (None: any). What cannot run is there too, with
    the reason in `skip`. UsageError where a listed microversion is none.
    """
    return tuple(
        case
        for scenario in scenarios
        if scenario.service.name == deployment.service and choice.takes(scenario)
        for case in _cases(scenario, deployment, choice, roles)
        if not choice.roles or choice.roles & _roles(case)
    )


def _cases(
    scenario: Scenario, deployment: Deployment, choice: Choice, roles: Collection[str] | None
) -> Iterator[Case]:
    lacking = unmet(scenario.requires, deployment)
    for case in _at_microversions(scenario, deployment, choice):
        missing = sorted(_roles(case) - set(roles) - {"none"}) if roles is not None else []
        reason = case.skip or lacking
        if not reason and missing:
            reason = f"needs an identity for the role {' and '.join(missing)}, which {deployment.name} lacks"
        yield replace(case, skip=reason)


def _roles(case: Case) -> set[str]:
    calls = (history.at(case.microversion) for history in case.scenario.histories)
    return {call.role for call in calls if call is not None}


def _at_microversions(scenario: Scenario, deployment: Deployment, choice: Choice) -> Iterator[Case]:
    service = scenario.service
    if not service.has_microversions or deployment.range is None:
        yield Case(scenario=scenario)
        return
    wanted = _wanted(scenario, deployment, choice)
    for version in sorted(wanted):
        skip = ""
        if version not in deployment.range:
            skip = f"{version} is outside {deployment.range}, which {deployment.name} offers"
        yield Case(scenario=scenario, microversion=version, skip=skip)


def _wanted(scenario: Scenario, deployment: Deployment, choice: Choice) -> set[Microversion]:
    service = scenario.service
    order = service.dialect.order
    assert order is not None and deployment.range is not None
    if not isinstance(choice.microversions, str):
        listed = set()
        for text in choice.microversions:
            try:
                listed.add(order.parse(text))
            except ValueError as error:
                raise UsageError(f"--microversions: {error}") from None
        return {version for version in listed if version in scenario.range}
    stated = scenario.range.intersect(service.range) or scenario.range
    scope = scenario.range.intersect(deployment.range)
    if scope is None or scope.low is None or scope.high is None:
        return {end for end in (stated.low,) if end is not None}
    known = deployment.listed or service.listed
    if choice.microversions == "latest":
        return {scope.high}
    if choice.microversions == "every":
        return set(known_between(scope.low, scope.high, order, known)) | _beyond(
            stated, deployment.range, scenario
        )
    points = {point for point in scenario.points() if point in scope}
    wanted = {scope.low, scope.high} | points
    if points:
        axis = known_between(scope.low, scope.high, order, (*known, *points))
        wanted |= {before for before, point in zip(axis, axis[1:], strict=False) if point in points}
    return wanted | _beyond(stated, deployment.range, scenario)


def _beyond(stated: MicroversionRange, offered: MicroversionRange, scenario: Scenario) -> set[Microversion]:
    """The scenario's points that this deployment does not offer: they show as skipped."""
    return {point for point in scenario.points() if point in stated and point not in offered}


def unmet(requires: Requirement, deployment: Deployment) -> str:
    """Why a deployment does not have what is required; empty where it has."""
    if requires.release is not None:
        if not deployment.release:
            return f"needs release {requires.release}, and {deployment.name} does not say which it is (say it with --release)"
        try:
            release = ORDERS["semantic"].parse(deployment.release)
        except ValueError:
            return f"needs release {requires.release}, and '{deployment.release}' is no release number"
        if release not in requires.release:
            return f"needs release {requires.release}, this is {deployment.release}"
    for kind, needed, there in (
        ("extension", requires.extensions, deployment.extensions),
        ("API version", requires.versions, deployment.majors),
    ):
        missing = [name for name in needed if name not in there]
        if missing:
            return f"needs the {kind} {', '.join(missing)}, which {deployment.name} lacks"
    return ""


def calls_of(case: Case, deployment: Deployment) -> Iterator[tuple[Call, bool, str]]:
    """(call, whether it is cleanup, why it is skipped) for each call that exists at the case's microversion."""
    for history in case.scenario.histories:
        call = history.at(case.microversion)
        if call is not None:
            yield call, history.cleanup, unmet(history.requires, deployment)
