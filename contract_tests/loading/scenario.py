"""Scenario files -> the model: overlays merged, matchers and templates compiled, variables accounted for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from contract_tests.loading.grammar import seconds
from contract_tests.loading.matchers import check_pattern, read_matcher
from contract_tests.loading.schema import build_schema, versions_of
from contract_tests.loading.shapes import BODIES, METHODS, SCENARIO
from contract_tests.loading.source import ListNode, MapNode, ScalarNode, Source, nearest, plain, walk_scalars
from contract_tests.model.finding import Mark
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.matcher import Matcher
from contract_tests.model.microversion import ORDERS, Microversion, MicroversionRange
from contract_tests.model.scenario import (
    Body,
    Call,
    CallHistory,
    Expectation,
    Poll,
    Requirement,
    Save,
    Scenario,
    SchemaHistory,
)
from contract_tests.model.service import Service
from contract_tests.model.template import Template, TemplateError, compile_text, compile_value

PREDEFINED = ("microversion", "min_microversion", "max_microversion", "endpoint")
"""The variables that every case has: its microversion, the deployment's range, the service's base URL."""

MERGED: Mapping[str, Any] = {"headers": {}, "query": {}, "save": {}, "expect": {"headers": {}, "json": {}}}
"""The maps of a call that an overlay merges key by key; it replaces every other value whole."""

_REMOVABLE = ("headers", "query")
_LARGEST_FILE = 16 * 2**20

FindService = Callable[[str], Service | None]
FindSchema = Callable[[str, str], SchemaHistory | None]


def read_scenario(
    source: Source, path: Path, find_service: FindService, find_schema: FindSchema
) -> Scenario | None:
    """The scenario in a file; None (and problems in `source`) where anything in it is wrong."""
    if source.root is None:
        return None
    return _Reader(source, path, find_schema).read(find_service)


class _Reader:
    """Reads one file; what is wrong goes to the source's problems."""

    def __init__(self, source: Source, path: Path, find_schema: FindSchema) -> None:
        self.source = source
        self.path = path
        self.find_schema = find_schema
        self.service: Service = Service(name="")
        self.role = "admin"
        self.given: dict[str, Any] = {}

    def read(self, find_service: FindService) -> Scenario | None:
        source, root = self.source, self.source.root
        good = SCENARIO.check(source, root, "the scenario")
        if isinstance(root, MapNode):
            good &= self._templates(root)
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", self.path.stem):
            source.problem(
                None,
                "bad-file-name",
                f"'{self.path.name}' makes no folder name for its cassettes",
                "use letters, digits, _ . and - in the file's name",
            )
        service_node = root.get("service") if isinstance(root, MapNode) else None
        service = find_service(service_node.text) if isinstance(service_node, ScalarNode) else None
        if service is None and isinstance(service_node, ScalarNode):
            source.problem(
                service_node,
                "unknown-service",
                f"there is no service file for '{service_node.text}', or it is wrong itself",
                "write services/NAME.yaml; `contract-tests services` lists the known ones",
            )
        if not good or service is None:
            return None
        self.service = service
        self.role = root.get("as").text if root.get("as") is not None else "admin"
        scope = self._range(root.get("microversions")) or MicroversionRange()
        variables = self._variables(root.get("vars"))
        calls = self._calls(root.get("calls"), scope, cleanup=False)
        cleanup = self._calls(root.get("cleanup"), scope, cleanup=True)
        self._check_names(root)
        self._check_variables(root, calls, cleanup)
        if source.problems:
            return None
        return Scenario(
            name=root.get("scenario").text,
            id=root.get("id").text,
            slug=self.path.stem,
            mark=root.mark,
            service=service,
            range=scope,
            tags=frozenset(item.text for item in root.get("tags").items) if root.get("tags") else frozenset(),
            requires=self._requires(root.get("requires")),
            variables=variables,
            calls=calls,
            cleanup=cleanup,
        )

    def _templates(self, root: MapNode) -> bool:
        good = True
        for scalar in walk_scalars(root):
            try:
                compile_text(scalar.text)
            except TemplateError as error:
                self.source.problem(scalar, "bad-template", str(error), offset=error.offset)
                good = False
        return good

    def _range(self, node: ScalarNode | None) -> MicroversionRange | None:
        if node is None:
            return None
        order = self.service.dialect.order
        if order is None:
            self.source.problem(
                node, "no-microversions", f"the service '{self.service.name}' has no microversions"
            )
            return None
        try:
            return order.parse_range(node.text)
        except ValueError as error:
            self.source.problem(node, "bad-microversion", str(error))
            return None

    def _requires(self, node: MapNode | None) -> Requirement:
        if node is None:
            return Requirement()
        names = {
            key: tuple(item.text for item in node.get(key).items)
            for key in ("extensions", "versions")
            if node.get(key)
        }
        release = node.get("release")
        return Requirement(
            release=ORDERS["semantic"].parse_range(release.text) if release is not None else None, **names
        )

    def _variables(self, node: MapNode | None) -> tuple[tuple[str, Any], ...]:
        found = []
        for key, value in node.entries if node is not None else ():
            if key.text in PREDEFINED:
                self.source.problem(
                    key,
                    "reserved-variable",
                    f"'{key.text}' is a variable that every case has",
                    "choose another name",
                )
            if isinstance(value, MapNode) and value.keys() == ["generate"]:
                from contract_tests.loading.shapes import VARIABLE

                if not VARIABLE.check(self.source, value, f"the variable '{key.text}'"):
                    continue
                found.append((key.text, ("generate", value.get("generate").text)))
            else:
                found.append((key.text, ("value", compile_value(plain(value)))))
            self.given[key.text] = plain(value)
        return tuple(found)

    def _calls(
        self, node: ListNode | None, scope: MicroversionRange, *, cleanup: bool
    ) -> tuple[CallHistory, ...]:
        found = []
        for number, item in enumerate(node.items if node is not None else (), 1):
            name = item.get("name").text if item.get("name") is not None else f"cleanup {number}"
            found.append(self._history(name, item, scope, cleanup))
        return tuple(found)

    def _history(self, name: str, node: MapNode, scope: MicroversionRange, cleanup: bool) -> CallHistory:
        own = self._range(node.get("microversions"))
        limits = scope.intersect(own) if own is not None else scope
        if limits is None:
            self.source.problem(
                node.get("microversions"),
                "since-outside-range",
                f"call '{name}' exists at {own}, the scenario covers {scope}: they never meet",
            )
            limits = scope
        base = replace(
            node,
            entries=tuple(
                e for e in node.entries if e[0].text not in ("name", "since", "microversions", "requires")
            ),
        )
        stages: list[tuple[Microversion | None, Call]] = [(None, self._call(name, base))]
        overlays = node.get("since")
        low = limits.low if limits.low is not None else self.service.minimum
        for key, version, overlay in (
            versions_of(self.source, overlays, self.service.dialect.order) if overlays is not None else ()
        ):
            if (low is not None and version <= low) or (limits.high is not None and version > limits.high):
                self.source.problem(
                    key,
                    "since-outside-range",
                    f"{key.text} is outside the range of call '{name}' ({low or ''}-{limits.high or ''}), whose base is its oldest microversion",
                    "describe the oldest microversion in the call itself, or mend 'microversions'",
                )
            after = self._merge(base, overlay, MERGED)
            if _same(base, after):
                self.source.problem(
                    key,
                    "overlay-changes-nothing",
                    f"the overlay at {key.text} changes nothing in call '{name}'",
                    "remove it, or say in it what changes then",
                )
            base = after
            stages.append((version, self._call(name, base)))
        return CallHistory(
            name=name,
            mark=node.mark,
            stages=tuple(stages),
            range=limits,
            requires=self._requires(node.get("requires")),
            cleanup=cleanup,
        )

    def _merge(self, base: MapNode, overlay: MapNode, merged: Mapping[str, Any], where: str = "") -> MapNode:
        entries = {key.text: (key, value) for key, value in base.entries}
        for key, value in overlay.entries:
            old = entries.get(key.text)
            if where in _REMOVABLE and isinstance(value, ScalarNode) and value.value is None:
                if old is None:
                    self.source.problem(
                        key, "nothing-to-remove", f"there is no '{key.text}' to remove from '{where}'"
                    )
                entries.pop(key.text, None)
            elif key.text in merged and isinstance(value, MapNode):
                under = old[1] if old is not None else replace(value, entries=())
                entries[key.text] = (key, self._merge(under, value, merged[key.text], key.text))
            else:
                if not where:
                    for group in (METHODS, BODIES):
                        if key.text in group:
                            entries = {name: entry for name, entry in entries.items() if name not in group}
                entries[key.text] = (key, value)
        return replace(base, entries=tuple(entries.values()))

    def _call(self, name: str, node: MapNode) -> Call:
        method, target = next((key.text, value) for key, value in node.entries if key.text in METHODS)
        role = node.get("as").text if node.get("as") is not None else self.role
        body, digest = self._body(node)
        uses = frozenset(_names(node))
        version = node.get("microversion")
        redirects = node.get("redirects")
        asked = {
            "request": [method, target.text, digest, role],
            "others": {
                key: plain(node.get(key))
                for key in ("headers", "query", "microversion", "redirects")
                if node.get(key) is not None
            },
            "vars": {key: value for key, value in self.given.items() if key in uses},
        }
        return Call(
            name=name,
            mark=node.mark,
            method=method,
            target=compile_text(target.text),
            query=self._pairs(node.get("query"), lists=True),
            headers=self._pairs(node.get("headers")),
            body=body,
            role=role,
            microversion=compile_text(version.text) if version is not None else None,
            redirects=redirects is not None and redirects.value,
            save=tuple(self._saves(node.get("save"))),
            poll=self._poll(node.get("poll")),
            expect=self._expectation(node.get("expect")) if node.get("expect") is not None else None,
            uses=uses,
            asked=hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12],
        )

    def _pairs(self, node: MapNode | None, *, lists: bool = False) -> tuple[tuple[str, Any], ...]:
        found = []
        for key, value in node.entries if node is not None else ():
            items = value.items if lists and isinstance(value, ListNode) else (value,)
            for item in items:
                if not isinstance(item, ScalarNode) or item.value is None:
                    self.source.problem(
                        item,
                        "wrong-type",
                        f"'{key.text}' must be text or a number{' or a list of them' if lists else ''}",
                        "null removes one, in an overlay only",
                    )
                else:
                    found.append((key.text, compile_text(item.text)))
        return tuple(found)

    def _body(self, node: MapNode) -> tuple[Body | None, Any]:
        """The body, and what of it goes into the digest of what was asked."""
        for kind in BODIES:
            value = node.get(kind)
            if value is None:
                continue
            if kind == "json":
                return Body(kind="json", value=compile_value(plain(value)), media_type="application/json"), [
                    "json",
                    plain(value),
                ]
            if kind == "form":
                pairs = self._pairs(value, lists=True)
                return Body(kind="form", value=pairs, media_type="application/x-www-form-urlencoded"), [
                    "form",
                    plain(value),
                ]
            if kind == "text":
                return Body(
                    kind="text", value=compile_text(value.text), media_type="text/plain; charset=utf-8"
                ), ["text", value.text]
            content = self._bytes(kind, value)
            return Body(kind="bytes", value=content, media_type="application/octet-stream"), [
                "bytes",
                hashlib.sha256(content).hexdigest(),
            ]
        return None, None

    def _bytes(self, kind: str, node: ScalarNode) -> bytes:
        if kind == "base64":
            try:
                return base64.b64decode("".join(node.text.split()), validate=True)
            except (binascii.Error, ValueError):
                self.source.problem(
                    node, "bad-base64", "this is no base64", "python3 -m base64 FILE writes it"
                )
                return b""
        folder = self.path.parent.resolve()
        found = (folder / node.text).resolve()
        if not found.is_relative_to(folder):
            self.source.problem(
                node,
                "file-outside",
                f"'{node.text}' lies outside the scenario's folder",
                "a body's file must lie beside the scenario or below",
            )
            return b""
        try:
            if found.stat().st_size > _LARGEST_FILE:
                self.source.problem(
                    node, "file-too-large", f"'{node.text}' is larger than {_LARGEST_FILE // 2**20} MiB"
                )
                return b""
            return found.read_bytes()
        except OSError as error:
            self.source.problem(
                node,
                "unknown-file",
                f"'{node.text}' cannot be read: {error.strerror}",
                "its name counts from the scenario's folder",
            )
            return b""

    def _expectation(self, node: MapNode) -> Expectation:
        status = node.get("status")
        codes = (
            ()
            if status is None
            else tuple(item.value for item in (status.items if isinstance(status, ListNode) else (status,)))
        )
        body, text, schema = (
            None if _lifted(node.get(key)) else node.get(key) for key in ("body", "text", "schema")
        )
        sha256 = node.get("sha256")
        return Expectation(
            status=codes,
            headers=tuple(self._matchers(node.get("headers"), textual=True)),
            json=tuple((_path(path), matcher) for path, matcher in self._json(node.get("json"))),
            text=read_matcher(self.source, text) if text is not None else None,
            body=self._body_word(body) if body is not None else "",
            schema=self._schema(schema) if schema is not None else None,
            sha256=sha256.text.lower() if sha256 is not None else "",
            marks={key.text: key.mark for key, _ in node.entries},
        )

    def _body_word(self, node: Any) -> str:
        if isinstance(node, ScalarNode):
            return node.text
        self.source.problem(
            node,
            "wrong-type",
            "'body' is absent, present, or {any: true}",
            "expect values with 'json' or 'text'",
        )
        return ""

    def _matchers(self, node: MapNode | None, *, textual: bool = False) -> Iterator[tuple[str, Matcher]]:
        for key, value in node.entries if node is not None else ():
            matcher = read_matcher(self.source, value, textual=textual)
            if matcher is not None:
                yield key.text, matcher

    def _json(self, node: MapNode | None) -> Iterator[tuple[str, Matcher]]:
        for key, value in node.entries if node is not None else ():
            compiled = compile_text(key.text)
            text = (
                compiled.render(dict.fromkeys(compiled.variables, "x"))
                if isinstance(compiled, Template)
                else compiled
            )
            try:
                JsonPath(text)
            except ValueError as error:
                self.source.problem(
                    key,
                    "bad-jsonpath",
                    f"this is no RFC 9535 JSON path: {error}",
                    "a path looks like $.links[0].rel or $['a name']",
                )
                continue
            matcher = read_matcher(self.source, value)
            if matcher is not None:
                yield key.text, matcher

    def _schema(self, node: Any) -> SchemaHistory | None:
        if isinstance(node, MapNode):
            return build_schema(
                self.source, "inline", [(None, node)], lambda name: self.find_schema(self.service.name, name)
            )
        if not isinstance(node, ScalarNode) or not node.text:
            self.source.problem(node, "wrong-type", "'schema' is the name of a schema, or a schema")
            return None
        history = self.find_schema(self.service.name, node.text)
        if history is None:
            self.source.problem(
                node,
                "unknown-schema",
                f"there is no schema '{node.text}' of {self.service.name}, or it is wrong itself",
                f"write schemas/{self.service.name}/{node.text}.yaml",
            )
        return history

    def _saves(self, node: MapNode | None) -> Iterator[Save]:
        for key, value in node.entries if node is not None else ():
            if key.text in PREDEFINED:
                self.source.problem(
                    key,
                    "reserved-variable",
                    f"'{key.text}' is a variable that every case has",
                    "choose another name",
                )
            if isinstance(value, ScalarNode):
                yield Save(name=key.text, mark=key.mark, path=JsonPath(value.text))
                continue
            match = value.get("match")
            if match is not None and not check_pattern(self.source, match):
                continue
            yield Save(
                name=key.text,
                mark=key.mark,
                header=value.get("header").text,
                match=compile_text(match.text) if match is not None else None,
            )

    def _poll(self, node: MapNode | None) -> Poll | None:
        if node is None:
            return None
        return Poll(
            until=self._expectation(node.get("until")),
            every=seconds(node.get("every").text),
            limit=seconds(node.get("for").text),
        )

    def _check_names(self, root: MapNode) -> None:
        seen: dict[str, Mark] = {}
        for part in ("calls", "cleanup"):
            items = root.get(part)
            for number, item in enumerate(items.items if items is not None else (), 1):
                node = item.get("name")
                name = node.text if node is not None else f"cleanup {number}"
                if name in seen:
                    self.source.problem(
                        node or item,
                        "duplicate-call",
                        f"a second call is named '{name}'",
                        f"the first is at line {seen[name].line}",
                    )
                seen.setdefault(name, item.mark)

    def _check_variables(
        self, root: MapNode, calls: tuple[CallHistory, ...], cleanup: tuple[CallHistory, ...]
    ) -> None:
        defined: dict[str, Any] = {}
        used: set[str] = set()
        variables = root.get("vars")
        for key, value in variables.entries if variables is not None else ():
            self._undefined(value, defined)
            used.update(_names(value))
            defined[key.text] = key
        nodes = [item for part in ("calls", "cleanup") if root.get(part) for item in root.get(part).items]
        for history, node in zip([*calls, *cleanup], nodes, strict=True):
            self._undefined(node, defined)
            for _, call in history.stages:
                used |= call.uses
                for save in call.save:
                    defined.setdefault(save.name, ScalarNode(save.mark, len(save.name), save.name, save.name))
        for name, key in defined.items():
            if name not in used:
                self.source.problem(
                    key,
                    "unused-variable",
                    f"the variable '{name}' is never used",
                    "remove it, or use it as ${" + name + "}",
                )

    def _undefined(self, node: Any, defined: Mapping[str, Any]) -> None:
        for scalar in walk_scalars(node):
            compiled = compile_text(scalar.text)
            for name in compiled.variables if isinstance(compiled, Template) else ():
                if name not in defined and name not in PREDEFINED:
                    at = scalar.text.find("${" + name)
                    self.source.problem(
                        scalar,
                        "undefined-variable",
                        f"the variable '{name}' has no value here",
                        nearest(name, [*defined, *PREDEFINED])
                        or "define it in 'vars', or save it in an earlier call",
                        offset=max(0, at),
                        length=len(name) + 3,
                    )


def _path(text: str) -> JsonPath | Template:
    compiled = compile_text(text)
    return compiled if isinstance(compiled, Template) else JsonPath(compiled)


def _lifted(node: Any) -> bool:
    return isinstance(node, MapNode) and plain(node) == {"any": True}


def _names(node: Any) -> Iterator[str]:
    for scalar in walk_scalars(node):
        compiled = compile_text(scalar.text)
        if isinstance(compiled, Template):
            yield from compiled.variables


def _same(left: Any, right: Any) -> bool:
    return json.dumps(plain(left), sort_keys=True) == json.dumps(plain(right), sort_keys=True)
