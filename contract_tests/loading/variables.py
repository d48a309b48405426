"""What becomes of a scenario's variables: each is defined before it is used, and used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract_tests.loading.calls import PREDEFINED, without_undo
from contract_tests.loading.nodes import MapNode, Node, ScalarNode, walk_templates
from contract_tests.loading.overlays import names_in
from contract_tests.loading.source import Source, nearest
from contract_tests.model.microversion import Microversion, known_between
from contract_tests.model.scenario import Scenario
from contract_tests.model.template import Template, compile_text


def check_variables(source: Source, root: MapNode, scenario: Scenario) -> None:
    """Note variables that have no value where they are used, and those that are never used."""
    defined: dict[str, Node] = {}
    used: set[str] = set()
    for key, value in root.get("vars").entries if root.get("vars") is not None else ():
        _undefined(source, value, defined)
        used.update(names_in(value))
        defined[key.text] = key
    given = set(defined)
    told: set[tuple[str, str]] = set()
    nodes = [
        item for part in ("calls", "cleanup") if root.get(part) is not None for item in root.get(part).items
    ]
    for history, node in zip(scenario.histories, nodes, strict=True):
        told.update((history.name, name) for name in _undefined(source, without_undo(node), defined))
        used.update(names_in(node))
        for _, call in history.stages:
            used |= call.uses
            for save in call.save:
                defined.setdefault(save.name, Node(save.mark, len(save.name)))
        if without_undo(node) is not node:
            _undefined(source, node.get("negative").get("undo"), defined)
    for name, at in defined.items():
        if name not in used and name not in PREDEFINED:
            message = f"the variable '{name}' is never used"
            source.problem(at, "unused-variable", message, "remove it, or use it as ${" + name + "}")
    _undefined_at_times(source, scenario, nodes, given, told)


def _undefined(source: Source, node: Any, defined: dict[str, Node]) -> set[str]:
    """Note, and give back, the variables that nothing before `node` defines."""
    found = set()
    known = [*defined, *PREDEFINED]
    for scalar, name in _uses(node):
        if name not in known:
            found.add(name)
            hint = nearest(name, known, "define it in 'vars', or save it in an earlier call")
            _problem(source, scalar, name, f"the variable '{name}' has no value here", hint)
    return found


def _undefined_at_times(
    source: Source, scenario: Scenario, nodes: list[Any], given: set[str], told: set[tuple[str, str]]
) -> None:
    """Note a variable that only some microversions have, and others use."""
    saved_somewhere = {save.name for h in scenario.histories for _, call in h.stages for save in call.save}
    for version in _moments(scenario):
        saved: set[str] = set()
        for number, history in enumerate(scenario.histories):
            call = history.at(version)
            for name in sorted(call.uses - saved - given) if call is not None else ():
                if name in saved_somewhere and (history.name, name) not in told:
                    told.add((history.name, name))
                    scalar = next((found for found, used in _uses(nodes[number]) if used == name), None)
                    at = f"at {version} the variable '{name}' has no value here: no call saves it before"
                    hint = (
                        "save it at every microversion of this call, or limit this call with 'microversions'"
                    )
                    if scalar is not None:
                        _problem(source, scalar, name, at, hint)
            saved |= {save.name for save in call.save} if call is not None else set()


def _moments(scenario: Scenario) -> Iterator[Microversion]:
    """The microversions at which the calls may be others than at the one before."""
    service = scenario.service
    scope = scenario.range.intersect(service.range)
    order = service.dialect.order
    if scope is None or scope.low is None or scope.high is None or order is None:
        return
    starts = {scope.low, *scenario.points()}
    for history in scenario.histories:
        if history.range.high is not None and history.range.high in scope:
            starts.update(
                known_between(history.range.high, scope.high, order, (*service.listed, *starts))[1:2]
            )
    yield from sorted(version for version in starts if version in scope)


def _uses(node: Any) -> Iterator[tuple[ScalarNode, str]]:
    for scalar in walk_templates(node):
        compiled = compile_text(scalar.text)
        for name in compiled.variables if isinstance(compiled, Template) else ():
            yield scalar, name


def _problem(source: Source, scalar: ScalarNode, name: str, message: str, hint: str) -> None:
    at = max(0, scalar.text.find("${" + name))
    source.problem(scalar, "undefined-variable", message, hint, offset=at, length=len(name) + 3)
