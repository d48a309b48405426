"""Scenario files -> the model: shapes checked, each call's history built, variables accounted for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from contract_tests.loading.calls import CallReader, reserved
from contract_tests.loading.grammar import RELEASE_RANGE, SLUG, Shape
from contract_tests.loading.negative import check_negative
from contract_tests.loading.nodes import ListNode, MapNode, ScalarNode, exact, plain, walk_templates
from contract_tests.loading.overlays import merge
from contract_tests.loading.overlays import texts as plain_texts
from contract_tests.loading.representations import check_same_as, with_representations
from contract_tests.loading.schema import Siblings, changes_nothing, check_since, versions_of
from contract_tests.loading.shapes import CALL, CLEANUP, SCENARIO, VARIABLE
from contract_tests.loading.source import Source, nearest
from contract_tests.loading.variables import check_variables
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.microversion import ORDERS, Microversion, MicroversionRange
from contract_tests.model.scenario import Call, CallHistory, Other, Parity, Requirement, Scenario, Side
from contract_tests.model.service import Service
from contract_tests.model.template import TemplateError, compile_text, compile_value


class Files(Protocol):
    """The other files that a scenario needs."""

    def service(self, name: str) -> Service | None: ...
    def service_names(self) -> list[str]: ...
    def siblings(self, service: str) -> Siblings: ...


_NOT_OF_A_STAGE = ("name", "since", "microversions", "requires")


def read_scenario(source: Source, path: Path, files: Files) -> Scenario | None:
    """The scenario in a file; None (and problems in `source`) where anything in it is wrong."""
    root = source.root
    if root is None:
        return None
    right = SCENARIO.check(source, root, "the scenario")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", path.stem):
        message = f"'{path.name}' makes no folder name for its cassettes"
        source.problem(None, "bad-file-name", message, "use letters, digits, _ . and - in the file's name")
    if not isinstance(root, MapNode):
        return None
    right &= _templates(source, root)
    if right:
        root = with_representations(source, root)
    services = _services(source, root, files)
    if not services:
        return None
    scenario = _Reader(source, path, root, services, files).read(right)
    if scenario is not None:
        check_variables(source, root, scenario)
    return scenario if not source.problems else None


def _templates(source: Source, node: Any) -> bool:
    good = True
    for scalar in walk_templates(node):
        try:
            compile_text(scalar.text)
        except TemplateError as error:
            source.problem(scalar, "bad-template", str(error), "write ${name}", offset=error.offset)
            good = False
    return good


def _service(source: Source, node: Any, files: Files) -> Service | None:
    if not isinstance(node, ScalarNode) or not SLUG.accepts(node):
        return None
    service = files.service(node.text)
    if service is None:
        names = files.service_names()
        message = f"there is no service file for '{node.text}'"
        hint = nearest(node.text, names, f"write services/{node.text}.yaml; known: {', '.join(names)}")
        if node.text in names:
            message, hint = f"the service file of '{node.text}' is wrong", "see what is told of that file"
        source.problem(node, "unknown-service", message, hint)
    return service


def _services(source: Source, root: MapNode, files: Files) -> tuple[Other, ...]:
    """The scenario's service, or its several ones, the first first; none where one of them is wrong."""
    one, several = root.get("service"), root.get("services")
    if several is None or one is not None:
        service = _service(source, one, files)
        return (Other(service=service),) if service is not None else ()
    found: list[Other] = []
    for item in several.items if isinstance(several, ListNode) else ():
        name, version = item, None
        if isinstance(item, MapNode):
            if len(item.entries) != 1:
                message = f"an item of 'services' names one service, this has {len(item.entries)} keys"
                source.problem(item, "one-service", message, "write an item for each")
                return ()
            name, version = item.entries[0]
        service = _service(source, name, files)
        if service is None:
            return ()
        if service.name in (other.service.name for other in found):
            message = f"'{service.name}' stands twice in 'services'"
            source.problem(name, "duplicate-service", message, "name each service once")
        found.append(Other(service=service, microversion=_stated(source, version, service, first=not found)))
    return tuple(found)


def _stated(source: Source, node: Any, service: Service, *, first: bool) -> Microversion | None:
    """The microversion that one of several services is asked for."""
    if not isinstance(node, ScalarNode):
        return None
    order = service.dialect.order
    if first:
        message = f"'{service.name}' is the first of 'services', whose microversions are the cases'"
        source.problem(node, "first-service", message, "limit them with 'microversions'")
    elif order is None:
        message = f"the service '{service.name}' has no microversions"
        source.problem(node, "no-microversions", message, "write its name alone")
    else:
        try:
            return order.parse(node.text)
        except ValueError as error:
            source.problem(node, "bad-microversion", str(error))
    return None


class _Reader:
    """Reads what has the right shape, so that all that is wrong in a file is told at once."""

    def __init__(
        self, source: Source, path: Path, root: MapNode, services: tuple[Other, ...], files: Files
    ) -> None:
        self.source = source
        self.path = path
        self.root = root
        self.service = services[0].service
        self.others = services[1:]
        self.several = root.get("services") is not None
        self.given: dict[str, Any] = {}
        self.lines: dict[str, int] = {}
        role = root.get("as")
        self.calls = CallReader(
            source,
            path,
            role.text if isinstance(role, ScalarNode) else "admin",
            self.given,
            {one.service.name: files.siblings(one.service.name) for one in services},
            {one.service.name: str(one.microversion or "") for one in self.others},
            {one.service.name: one.service for one in services},
        )

    def read(self, right: bool) -> Scenario | None:
        """The scenario, or None where it has not the shape of one (`right` is False)."""
        root = self.root
        scope = self._scope(root.get("microversions"))
        variables = self._variables(root.get("vars"))
        calls = self._histories(root.get("calls"), CALL, scope)
        cleanup = self._histories(root.get("cleanup"), CLEANUP, scope)
        if not right:
            return None
        check_same_as(self.source, root)
        tags = root.get("tags")
        return Scenario(
            name=root.get("scenario").text,
            id=root.get("id").text,
            slug=self.path.stem,
            mark=root.mark,
            service=self.service,
            range=scope,
            recorded=self._recorded(root.get("recorded"), scope),
            tags=frozenset(item.text for item in tags.items) if tags is not None else frozenset(),
            requires=self._requires(root.get("requires")),
            others=self.others,
            parity=self._parity(root.get("parity")),
            variables=variables,
            calls=calls,
            cleanup=cleanup,
        )

    def _parity(self, node: ListNode | None) -> tuple[Parity, ...]:
        found = []
        for item in node.items if node is not None else ():
            for side in ("above", "below"):
                after = item.get(side).get("after")
                for call in (item.get(side).get("call"), *(after.items if after is not None else ())):
                    if call.text in self.lines:
                        continue
                    message = f"there is no call '{call.text}' in this scenario"
                    self.source.problem(call, "unknown-call", message, nearest(call.text, self.lines))
            names, values, differ = (plain_texts(item.get(key)) for key in ("names", "values", "differ"))
            found.append(
                Parity(
                    name=item.get("name").text,
                    mark=item.mark,
                    above=_side(item.get("above")),
                    below=_side(item.get("below")),
                    names=names or {},
                    values=values or {},
                    differ=frozenset(differ or ()),
                )
            )
        return tuple(found)

    def _scope(self, node: Any) -> MicroversionRange:
        scope = self._range(node) or MicroversionRange()
        if scope.intersect(self.service.range) is None:
            message = f"{scope} is outside the range of {self.service.name} ({self.service.range})"
            self.source.problem(node, "since-outside-range", message, "mend it, or the service file's 'max'")
        return scope

    def _recorded(self, node: ListNode | None, scope: MicroversionRange) -> frozenset[Microversion] | None:
        if node is None:
            return None
        found = set()
        for item in node.items:
            version = self._range(item)
            if version is not None and (version.low is None or version.low not in scope):
                message = f"{item.text} is outside the range of the scenario ({scope})"
                self.source.problem(item, "since-outside-range", message, "mend it, or 'microversions'")
            elif version is not None and version.low is not None:
                found.add(version.low)
        return frozenset(found)

    def _range(self, node: Any) -> MicroversionRange | None:
        if not isinstance(node, ScalarNode) or not node.text:
            return None
        order = self.service.dialect.order
        if order is None:
            message = f"the service '{self.service.name}' has no microversions"
            self.source.problem(node, "no-microversions", message, "leave 'microversions' out")
            return None
        try:
            return order.parse_range(node.text)
        except ValueError as error:
            self.source.problem(node, "bad-microversion", str(error), "LOW-HIGH; either end may be left open")
            return None

    def _variables(self, node: Any) -> tuple[tuple[str, Any], ...]:
        found = []
        for key, value in node.entries if isinstance(node, MapNode) else ():
            reserved(self.source, key)
            if not _compiles(value):
                continue
            self.given[key.text] = value
            if isinstance(value, MapNode) and "generate" in value.keys():  # noqa: SIM118 - no dict
                if VARIABLE.check(self.source, value, f"the variable '{key.text}'"):
                    found.append((key.text, ("generate", value.get("generate").text)))
            else:
                found.append((key.text, ("value", compile_value(plain(value)))))
        return tuple(found)

    def _histories(self, node: Any, shape: Shape, scope: MicroversionRange) -> tuple[CallHistory, ...]:
        found = []
        part = "cleanup" if shape is CLEANUP else "calls"
        for number, item in enumerate(node.items if isinstance(node, ListNode) else (), 1):
            right = shape.check(self.source, item, f"an item of '{part}' of the scenario")
            name = item.get("name") if isinstance(item, MapNode) else None
            text = name.text if isinstance(name, ScalarNode) else f"{part} {number}"
            if text in self.lines:
                message = f"a second call is named '{text}'"
                hint = (
                    f"the first is at line {self.lines[text]}; tests and recordings tell calls by their names"
                )
                self.source.problem(name or item, "duplicate-call", message, hint)
            self.lines.setdefault(text, item.mark.line)
            self._check_on(text, item)
            if right and _compiles(item):
                found.append(self._history(text, item, scope, cleanup=shape is CLEANUP))
        return tuple(found)

    def _check_on(self, name: str, node: Any) -> None:
        """A call tells its service where there are several, and does not where there is one."""
        on = node.get("on") if isinstance(node, MapNode) else None
        names = [self.service.name, *(one.service.name for one in self.others)]
        if not self.several:
            if on is not None:
                message = (
                    f"'on' of call '{name}' chooses among 'services', and this scenario has one 'service'"
                )
                self.source.problem(on, "no-services", message, "leave it out, or write services: […]")
        elif isinstance(on, ScalarNode) and on.text not in names:
            message = f"'on' of call '{name}' names '{on.text}', which is none of the scenario's services"
            self.source.problem(on, "unknown-on", message, nearest(on.text, names))
        elif isinstance(node, MapNode) and on is None:
            message = f"call '{name}' does not say which service it asks, and the scenario has several"
            self.source.problem(node, "missing-on", message, f"write on: {' or '.join(names)}")

    def _requires(self, node: MapNode | None) -> Requirement:
        """What a deployment must have."""
        beside = node.get("beside") if node is not None else None
        names = [one.service.name for one in self.others]
        found = []
        for key, value in beside.entries if isinstance(beside, MapNode) else ():
            if key.text not in names:
                message = f"'{key.text}' is none of the services beside '{self.service.name}' here"
                self.source.problem(
                    key, "unknown-beside", message, nearest(key.text, names, "see 'services'")
                )
            elif RELEASE_RANGE.accepts(value):
                found.append((key.text, ORDERS["semantic"].parse_range(value.text)))
        return replace(_requires(node), beside=tuple(found))

    def _history(self, name: str, node: MapNode, scope: MicroversionRange, *, cleanup: bool) -> CallHistory:
        limits = self._limits(name, node.get("microversions"), scope)
        base = replace(node, entries=tuple(e for e in node.entries if e[0].text not in _NOT_OF_A_STAGE))
        stages: list[tuple[Microversion | None, Call]] = [(None, self.calls.call(name, base))]
        overlays, order = node.get("since"), self.service.dialect.order
        covered = limits.intersect(self.service.range) or limits
        for key, version, overlay in (
            versions_of(self.source, overlays, order) if overlays is not None else ()
        ):
            check_since(self.source, key, version, covered, f"call '{name}'")
            before = len(self.source.problems)
            after = merge(self.source, base, overlay)
            if exact(base) == exact(after) and len(self.source.problems) == before:
                changes_nothing(self.source, key, f"call '{name}'")
            base = after
            stages.append((version, self.calls.call(name, base)))
        found = CallHistory(
            name=name,
            mark=node.mark,
            stages=tuple(stages),
            range=limits,
            requires=self._requires(node.get("requires")),
            cleanup=cleanup,
        )
        if node.get("negative") is not None and not self.source.problems:
            others = {one.service.name: one.microversion for one in self.others}
            check_negative(self.source, node, found, others)
        return found

    def _limits(self, name: str, node: ScalarNode | None, scope: MicroversionRange) -> MicroversionRange:
        own = self._range(node)
        limits = scope.intersect(own) if own is not None else scope
        if limits is None:
            message = f"call '{name}' exists at {own}, the scenario covers {scope}: they never meet"
            self.source.problem(node, "since-outside-range", message, "mend one of the two")
        return limits or scope


def _side(node: MapNode) -> Side:
    at = node.get("at")
    return Side(
        call=node.get("call").text,
        at=JsonPath(at.text if at is not None else "$"),
        after=tuple(plain_texts(node.get("after")) or ()),
    )


def _compiles(node: Any) -> bool:
    """Whether every scalar below `node` is a text that a template can be made of."""
    try:
        for scalar in walk_templates(node):
            compile_text(scalar.text)
    except TemplateError:
        return False
    return True


def _requires(node: MapNode | None) -> Requirement:
    if node is None:
        return Requirement()
    names = {
        key: tuple(item.text for item in node.get(key).items)
        for key in ("extensions", "versions")
        if node.get(key) is not None
    }
    release = node.get("release")
    return Requirement(
        release=ORDERS["semantic"].parse_range(release.text) if release is not None else None, **names
    )
