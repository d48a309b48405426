"""What each kind of file may hold, as data: the loader checks by it, the editor schemas are made from it.

A kind has `check(source, node)`, which notes problems and tells whether the node is of that kind, and
`schema()`, the same as JSON Schema for editors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from contract_tests.loading.source import ListNode, MapNode, ScalarNode, Source, kind_of, nearest
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.microversion import ORDERS


class Kind(Protocol):
    def check(self, source: Source, node: Any, what: str) -> bool:
        """Whether `node` is of this kind; a problem that calls it `what` is noted where it is not."""
        ...

    def schema(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar for which `accepts` gives no message. `expected` words it; `like` is its JSON Schema."""

    expected: str
    accepts: Callable[[ScalarNode], bool]
    like: Mapping[str, Any]
    rule: str = "wrong-type"
    words: tuple[str, ...] = ()

    def check(self, source: Source, node: Any, what: str) -> bool:
        if isinstance(node, ScalarNode) and self.accepts(node):
            return True
        got = f"'{node.text}'" if isinstance(node, ScalarNode) and node.text else kind_of(node)
        hint = nearest(node.text, self.words) if self.words and isinstance(node, ScalarNode) else ""
        source.problem(node, self.rule, f"{what} must be {self.expected}, not {got}", hint)
        return False

    def schema(self) -> dict[str, Any]:
        return dict(self.like)


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value."""

    def check(self, source: Source, node: Any, what: str) -> bool:
        return True

    def schema(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Kind
    least: int = 0

    def check(self, source: Source, node: Any, what: str) -> bool:
        if not isinstance(node, ListNode):
            source.problem(node, "wrong-type", f"{what} must be a list, not {kind_of(node)}")
            return False
        if len(node.items) < self.least:
            source.problem(node, "too-few", f"{what} must have at least {self.least} item")
            return False
        return all([self.item.check(source, item, f"an item of {what}") for item in node.items])

    def schema(self) -> dict[str, Any]:
        least = {"minItems": self.least} if self.least else {}
        return {"type": "array", "items": self.item.schema(), **least}


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose keys a person chooses; `key` may limit how they look."""

    value: Kind
    key: Scalar | None = None
    least: int = 0

    def check(self, source: Source, node: Any, what: str) -> bool:
        if not isinstance(node, MapNode):
            source.problem(node, "wrong-type", f"{what} must be a mapping, not {kind_of(node)}")
            return False
        if len(node.entries) < self.least:
            source.problem(node, "too-few", f"{what} must not be empty")
            return False
        good = True
        for key, value in node.entries:
            if self.key is not None:
                good &= self.key.check(source, key, f"a key of {what}")
            good &= self.value.check(source, value, f"'{key.text}' of {what}")
        return good

    def schema(self) -> dict[str, Any]:
        names = (
            {"propertyNames": {"pattern": self.key.like["pattern"]}}
            if self.key and "pattern" in self.key.like
            else {}
        )
        return {"type": "object", "additionalProperties": self.value.schema(), **names}


@dataclass(frozen=True, slots=True)
class Either:
    """The first kind whose shape (mapping, list, scalar) the node has."""

    kinds: tuple[Kind, ...]

    def check(self, source: Source, node: Any, what: str) -> bool:
        for kind in self.kinds:
            if _same_shape(kind, node):
                return kind.check(source, node, what)
        return self.kinds[0].check(source, node, what)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [kind.schema() for kind in self.kinds]}


def _same_shape(kind: Kind, node: Any) -> bool:
    if isinstance(kind, (MapOf, Shape)):
        return isinstance(node, MapNode)
    if isinstance(kind, ListOf):
        return isinstance(node, ListNode)
    if isinstance(kind, Scalar):
        return isinstance(node, ScalarNode)
    return True


@dataclass(frozen=True, slots=True)
class Field:
    kind: Kind
    doc: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A mapping with known keys. `exactly_one` and `at_most_one` are groups of keys that exclude each other.

    A group is (rule, what it is called, the keys).
    """

    fields: Mapping[str, Field]
    exactly_one: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    at_most_one: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    doc: str = ""
    name: str = field(default="", compare=False)

    def check(self, source: Source, node: Any, what: str) -> bool:
        if not isinstance(node, MapNode):
            source.problem(node, "wrong-type", f"{what} must be a mapping, not {kind_of(node)}")
            return False
        what = self._called(node, what)
        good = True
        for key, value in node.entries:
            known = self.fields.get(key.text)
            if known is None:
                source.problem(
                    key, "unknown-key", f"unknown key '{key.text}' in {what}", nearest(key.text, self.fields)
                )
                good = False
            else:
                good &= known.kind.check(source, value, f"'{key.text}' of {what}")
        present = set(node.keys())
        for name, known in self.fields.items():
            if known.required and name not in present:
                source.problem(node, "missing-key", f"{what} lacks the key '{name}'", known.doc)
                good = False
        for rule, called, group in self.exactly_one + self.at_most_one:
            found = [key for key, _ in node.entries if key.text in group]
            for extra in found[1:]:
                source.problem(
                    extra,
                    f"second-{rule}",
                    f"a second {called} in {what}: '{extra.text}' beside '{found[0].text}'",
                    f"keep one of them",
                )
                good = False
        for rule, called, group in self.exactly_one:
            if not present & set(group):
                source.problem(
                    node, f"no-{rule}", f"{what} has no {called}", f"write one of {', '.join(group)}"
                )
                good = False
        return good

    def _called(self, node: MapNode, what: str) -> str:
        """What messages call this mapping: a named call by its name, a named shape by that, else `what`."""
        name = node.get("name")
        if self.name in ("call", "cleanup call") and isinstance(name, ScalarNode):
            return f"{self.name} '{name.text}'"
        return self.name if self.name.startswith("the ") else what

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: self._property(known) for name, known in self.fields.items()},
        }
        required = [name for name, known in self.fields.items() if known.required]
        if required:
            found["required"] = required
        if self.doc:
            found["description"] = self.doc
        rules = [{"oneOf": [{"required": [key]} for key in group]} for _, _, group in self.exactly_one]
        if rules:
            found["allOf"] = rules
        return found

    def _property(self, known: Field) -> dict[str, Any]:
        return {"description": known.doc, **known.kind.schema()}


def _text(pattern: str, expected: str, rule: str = "wrong-type") -> Scalar:
    compiled = re.compile(pattern)
    return Scalar(
        expected,
        lambda node: compiled.fullmatch(node.text) is not None,
        {"type": "string", "pattern": f"^(?:{pattern})$"},
        rule,
    )


def one_of(*words: str) -> Scalar:
    """One of the given words."""
    return Scalar(
        f"one of {', '.join(words)}",
        lambda node: node.text in words,
        {"enum": list(words)},
        "unknown-word",
        words,
    )


def _is_path(node: ScalarNode) -> bool:
    try:
        JsonPath(node.text)
    except ValueError:
        return False
    return True


def _is_release(node: ScalarNode) -> bool:
    try:
        ORDERS["semantic"].parse_range(node.text)
    except ValueError:
        return False
    return True


TEXT = Scalar(
    "text", lambda node: node.text != "" and not isinstance(node.value, bool), {"type": ["string", "number"]}
)
STRING = Scalar("text", lambda node: isinstance(node.value, str), {"type": "string"})
INTEGER = Scalar("a whole number", lambda node: type(node.value) is int, {"type": "integer"})
BOOLEAN = Scalar("true or false", lambda node: isinstance(node.value, bool), {"type": "boolean"})
TRUE = Scalar("true", lambda node: node.value is True, {"const": True})
STATUS = Scalar(
    "an HTTP status (100 to 599)",
    lambda node: type(node.value) is int and 100 <= node.value <= 599,
    {"type": "integer", "minimum": 100, "maximum": 599},
    "bad-status",
)
UUID = _text(
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "a UUID in lower case", "bad-uuid"
)
NAME = _text("[A-Za-z_][A-Za-z0-9_-]*", "a name (letters, digits, _ and -, a letter first)", "bad-name")
SLUG = _text("[a-z0-9][a-z0-9_.-]*", "a name in lower case (letters, digits, _ . -)", "bad-name")
DURATION = _text(r"\d+(\.\d+)?(ms|s|m)", "a duration such as 500ms, 2s or 1m", "bad-duration")
VERSION = Scalar(
    "a microversion", lambda node: node.text != "", {"type": ["string", "number"]}, "bad-microversion"
)
VERSION_RANGE = Scalar(
    "a range of microversions",
    lambda node: node.text != "",
    {"type": ["string", "number"]},
    "bad-microversion",
)
RELEASE_RANGE = Scalar(
    "a range of releases such as 9.0.0-", _is_release, {"type": ["string", "number"]}, "bad-release"
)
JSON_PATH = Scalar(
    "an RFC 9535 JSON path such as $.links[0].rel",
    _is_path,
    {"type": "string", "pattern": r"^\$"},
    "bad-jsonpath",
)
PATH = _text(r"/.*|\$\{.*", "a path that begins with '/'", "bad-path")


def seconds(text: str) -> float:
    """A DURATION's text as seconds."""
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"ms": 0.001, "s": 1.0, "m": 60.0}[unit]
