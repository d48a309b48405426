"""One call, as it is written for one microversion -> the model."""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from contract_tests.loading.grammar import seconds
from contract_tests.loading.matchers import check_pattern, read_matcher
from contract_tests.loading.negative import read_negative
from contract_tests.loading.nodes import ListNode, MapNode, ScalarNode, plain
from contract_tests.loading.overlays import digest, names_in
from contract_tests.loading.schema import Siblings, build_schema
from contract_tests.loading.shapes import BODIES, METHODS
from contract_tests.loading.source import Source
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.matcher import Matcher
from contract_tests.model.scenario import Body, Call, Expectation, Negative, Poll, Save, SchemaHistory
from contract_tests.model.service import Service
from contract_tests.model.template import Template, compile_text, compile_value
from contract_tests.model.xml import XmlPath

P = TypeVar("P")

PREDEFINED = ("microversion", "min_microversion", "max_microversion", "endpoint")
"""The variables that every case has: its microversion, the deployment's range, the service's base URL."""

_LARGEST_FILE = 16 * 2**20
_MEDIA_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
    "file": "application/octet-stream",
    "base64": "application/octet-stream",
}


class CallReader:
    """Reads the calls of one scenario file; what is wrong goes to the source's problems.

    `given` are the nodes of the scenario's variables, `role` is the identity of calls that name none.
    `siblings` are each service's schemas, the first one's first; `asked` are the microversions that the
    others are asked for; `services` are all of them by name.
    """

    def __init__(
        self,
        source: Source,
        path: Path,
        role: str,
        given: Mapping[str, Any],
        siblings: Mapping[str, Siblings],
        asked: Mapping[str, str],
        services: Mapping[str, Service],
    ) -> None:
        self.source = source
        self.path = path
        self.role = role
        self.given = given
        self.siblings = siblings
        self.asked = asked
        self.services = services
        self.on = ""

    def call(self, name: str, node: MapNode) -> Call:
        """The call in a node that has its shape and whose overlays are merged."""
        method, target = next((key.text, value) for key, value in node.entries if key.text in METHODS)
        role = node.get("as").text if node.get("as") is not None else self.role
        version, redirects, expect = (node.get(key) for key in ("microversion", "redirects", "expect"))
        representation, same_as = (node.get(key) for key in ("representation", "same_as"))
        body = self._body(node)
        self.on = node.get("on").text if node.get("on") is not None else ""
        on = (self.on, self.asked.get(self.on, "")) if self.on else ()
        return Call(
            name=name,
            mark=node.mark,
            method=method,
            target=compile_text(target.text),
            query=self._pairs(node.get("query")),
            headers=self._pairs(node.get("headers")),
            body=body,
            role=role,
            microversion=compile_text(version.text) if version is not None else None,
            redirects=redirects is not None and redirects.value,
            save=tuple(self._saves(node.get("save"))),
            poll=self._poll(node.get("poll")),
            expect=self._expectation(expect) if expect is not None else None,
            uses=frozenset(names_in(without_undo(node))),
            negative=self._negative(node.get("negative")),
            on=self.on,
            representation=representation.text if representation is not None else "",
            same_as=same_as.text if same_as is not None else "",
            asked=digest(node, role, body.value if body and body.kind == "bytes" else None, self.given, on),
        )

    def _negative(self, node: MapNode | None) -> Negative | None:
        if node is None:
            return None
        on = self.on
        service = self.services[on or next(iter(self.services))]

        def aside(one: MapNode) -> Call:
            made = replace(self.call("aside", one), on=on)
            self.on = on
            return made

        return read_negative(self.source, node, service, self.siblings[service.name], self.given, aside)

    def _pairs(self, node: MapNode | None) -> tuple[tuple[str, Any], ...]:
        found = []
        for key, value in node.entries if node is not None else ():
            for item in value.items if isinstance(value, ListNode) else (value,):
                if item.value is None:
                    message = f"'{key.text}' must be text or a number, not null"
                    hint = "null removes what an older microversion sends, in an overlay only"
                    self.source.problem(item, "wrong-type", message, hint)
                else:
                    found.append((key.text, compile_text(item.text)))
        return tuple(found)

    def _body(self, node: MapNode) -> Body | None:
        kind = next((kind for kind in BODIES if node.get(kind) is not None), None)
        if kind is None:
            return None
        content = node.get(kind)
        value: Any
        if kind == "json":
            value = compile_value(plain(content))
        elif kind == "form":
            value = self._pairs(content)
        elif kind == "text":
            value = compile_text(content.text)
        else:
            value = self._base64(content) if kind == "base64" else self._file(content)
        return Body(
            kind="bytes" if kind in ("file", "base64") else kind, value=value, media_type=_MEDIA_TYPES[kind]
        )

    def _base64(self, node: ScalarNode) -> bytes:
        try:
            return base64.b64decode("".join(node.text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.source.problem(node, "bad-base64", "this is no base64", "`base64 FILE` writes it")
            return b""

    def _file(self, node: ScalarNode) -> bytes:
        folder = self.path.parent.resolve()
        try:
            found = (folder / node.text).resolve()
            if not found.is_relative_to(folder):
                message = f"'{node.text}' lies outside the scenario's folder"
                hint = "a body's file must lie beside the scenario or below"
                self.source.problem(node, "file-outside", message, hint)
                return b""
            if not found.is_file():
                raise OSError(0, "there is no such file")
            if found.stat().st_size > _LARGEST_FILE:
                message = f"'{node.text}' is larger than {_LARGEST_FILE // 2**20} MiB"
                self.source.problem(node, "too-large", message, "a contract can be shown with less")
                return b""
            return found.read_bytes()
        except (OSError, ValueError) as error:
            message = f"'{node.text}' cannot be read: {getattr(error, 'strerror', None) or error}"
            self.source.problem(node, "unknown-file", message, "its name counts from the scenario's folder")
            return b""

    def _expectation(self, node: MapNode) -> Expectation:
        parts = {key.text: value for key, value in node.entries if not _lifted(value)}
        status, text, schema = parts.get("status"), parts.get("text"), parts.get("schema")
        codes = status.items if isinstance(status, ListNode) else filter(None, (status,))
        return Expectation(
            status=tuple(code.value for code in codes),
            headers=tuple(self._matchers(parts.get("headers"))),
            json=tuple(self._paths(parts.get("json"), JsonPath)),
            xml=tuple(self._paths(parts.get("xml"), XmlPath)),
            text=read_matcher(self.source, text, textual=True) if text is not None else None,
            body=parts["body"].text if "body" in parts else "",
            schema=self._schema(schema) if schema is not None else None,
            sha256=parts["sha256"].text.lower() if "sha256" in parts else "",
            marks={key.text: key.mark for key, _ in node.entries},
        )

    def _matchers(self, node: MapNode | None) -> Iterator[tuple[str, Matcher]]:
        for key, value in node.entries if node is not None else ():
            matcher = read_matcher(self.source, value, textual=True)
            if matcher is not None:
                yield key.text, matcher

    def _paths(
        self, node: MapNode | None, kind: Callable[[str], P]
    ) -> Iterator[tuple[P | Template, Matcher]]:
        """The paths of `json` or `xml`, `kind` being what reads one, and what each must give."""
        for key, value in node.entries if node is not None else ():
            compiled = compile_text(key.text)
            path: P | Template | None = None
            try:
                if isinstance(compiled, Template):
                    _check_path(compiled, kind)
                    path = compiled
                else:
                    path = kind(compiled)
            except ValueError as error:
                if kind is XmlPath:
                    self._bad_xpath(key, error)
                    continue
                message = f"this is no RFC 9535 JSON path: {error}"
                self.source.problem(
                    key, "bad-jsonpath", message, "a path looks like $.links[0].rel or $['a name']"
                )
            matcher = read_matcher(self.source, value)
            if matcher is not None and path is not None:
                yield path, matcher

    def _bad_xpath(self, node: ScalarNode, error: ValueError) -> None:
        message = f"this is no XPath 1.0: {error}"
        self.source.problem(
            node, "bad-xpath", message, "a path looks like //keySet/item[1]/keyName or count(//item)"
        )

    def _schema(self, node: Any) -> SchemaHistory | None:
        siblings = self.siblings.get(self.on) or next(iter(self.siblings.values()))
        if isinstance(node, MapNode):
            return build_schema(self.source, "inline", [(None, node)], siblings)
        return siblings.get(self.source, node)

    def _saves(self, node: MapNode | None) -> Iterator[Save]:
        for key, value in node.entries if node is not None else ():
            reserved(self.source, key)
            if isinstance(value, ScalarNode):
                yield Save(name=key.text, mark=key.mark, path=JsonPath(value.text))
                continue
            match = value.get("match")
            pattern = None
            if match is not None and check_pattern(self.source, match):
                pattern = compile_text(match.text)
            header, xml, path = value.get("header"), value.get("xml"), None
            if xml is not None:
                try:
                    path = XmlPath(xml.text)
                except ValueError as error:
                    self._bad_xpath(xml, error)
            yield Save(
                name=key.text,
                mark=key.mark,
                header=header.text if header is not None else "",
                xml=path,
                match=pattern,
            )

    def _poll(self, node: MapNode | None) -> Poll | None:
        if node is None:
            return None
        every, limit = seconds(node.get("every").text), seconds(node.get("for").text)
        if limit < every:
            message = f"'for' ({node.get('for').text}) is shorter than 'every' ({node.get('every').text})"
            self.source.problem(node.get("for"), "bad-duration", message, "there would be no second try")
        return Poll(until=self._expectation(node.get("until")), every=every, limit=limit)


def without_undo(node: MapNode) -> MapNode:
    """A call without the calls that take its trials back: these may use what the call itself saves."""
    negative = node.get("negative")
    if not isinstance(negative, MapNode) or negative.get("undo") is None:
        return node
    left = replace(negative, entries=tuple(e for e in negative.entries if e[0].text != "undo"))
    return replace(node, entries=tuple((k, left if k.text == "negative" else v) for k, v in node.entries))


def reserved(source: Source, key: ScalarNode) -> None:
    """Note a variable whose name is one that every case has."""
    if key.text in PREDEFINED:
        message = f"'{key.text}' is a variable that every case has"
        source.problem(key, "reserved-variable", message, "choose another name")


def _check_path(path: Template, kind: Callable[[str], object]) -> None:
    """ValueError where `kind` can read `path` neither with a word nor with a number for its variables."""
    with contextlib.suppress(ValueError):
        kind(str(path.render(dict.fromkeys(path.variables, "1"))))
        return
    kind(str(path.render(dict.fromkeys(path.variables, "x"))))


def _lifted(node: Any) -> bool:
    return isinstance(node, MapNode) and plain(node) == {"any": True}
