"""Examples of derived requests, made without asking anything: for lists, and for the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contract_tests.execution.requests import build_request
from contract_tests.execution.variables import case_variables
from contract_tests.model.case import Case
from contract_tests.model.http import Request
from contract_tests.model.microversion import Microversion, MicroversionRange
from contract_tests.model.scenario import Call, Scenario
from contract_tests.model.target import Deployment
from contract_tests.model.trials import calls_at


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInput:
    """A derived request that is known to be answered otherwise than promised, at its newest microversion."""

    call: Call
    microversion: Microversion | None
    statuses: tuple[int, ...]
    because: str
    request: Request


def known_inputs(scenario: Scenario) -> Iterator[KnownInput]:
    """Each entry of `known` of a scenario, once."""
    found: dict[str, KnownInput] = {}
    version = (scenario.range.intersect(scenario.service.range) or MicroversionRange()).high
    points = [*scenario.points(), *((version,) if version is not None else ())] or [None]
    for at in points:
        case = Case(scenario=scenario, microversion=at)
        for history, call in calls_at(scenario, at):
            base = history.at(at)
            if call.trial is None or not call.trial.known or base is None or base.negative is None:
                continue
            label = call.name.removeprefix(f"{base.name}: ")
            found[call.name] = KnownInput(
                call=call,
                microversion=at,
                statuses=base.negative.known[label],
                because=base.negative.because[label],
                request=example_request(call, case),
            )
    yield from found.values()


def example_request(call: Call, case: Case) -> Request:
    """The request of a call; a variable that an earlier call would have saved stands as <its name>."""
    service = case.scenario.serving(call.on)
    place = Deployment(name="", service=service.name, endpoint="$ENDPOINT", range=service.range)
    variables = case_variables(case, place)
    variables.update({name: f"<{name}>" for name in call.uses if name not in variables})
    version = case.scenario.version(call.on, case.microversion)
    text = version.text if version is not None else None
    return build_request(call, variables, service.dialect, text, service.bodies)
