"""What each kind of file may hold, as data: the loader checks by it, the editor schemas are made from it.

A kind has `check(source, node)`, which notes problems and tells whether the node is of that kind, and
`schema()`, the same as JSON Schema for editors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from contract_tests.loading.nodes import ListNode, MapNode, ScalarNode, kind_of, plain, resolve_plain
from contract_tests.loading.source import Source, closest, nearest
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
    hint: str = ""

    def check(self, source: Source, node: Any, what: str) -> bool:
        if isinstance(node, ScalarNode) and self.accepts(node):
            return True
        hint = nearest(node.text, self.words) if self.words and isinstance(node, ScalarNode) else self.hint
        hint = hint or _missing(node)
        if quoted(node) and self.accepts(replace(node, value=resolve_plain(node.text))):
            hint = "take the quotes away"
        source.problem(node, self.rule, f"{what} must be {self.expected}, not {shown(node)}", hint)
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
            hint = f"write [{node.text}]" if isinstance(node, ScalarNode) and node.text else _missing(node)
            source.problem(node, "wrong-type", f"{what} must be a list, not {kind_of(node)}", hint)
            return False
        if len(node.items) < self.least:
            source.problem(node, "too-few", f"{what} must not be empty", "write at least one item")
            return False
        good = True
        for item in node.items:
            good &= self.item.check(source, item, f"an item of {what}")
        return good

    def schema(self) -> dict[str, Any]:
        least = {"minItems": self.least} if self.least else {}
        return {"type": "array", "items": self.item.schema(), **least}


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose keys a person chooses; `key` may limit how they look, `caseless` keys compare so."""

    value: Kind
    key: Scalar | None = None
    least: int = 0
    caseless: bool = False

    def check(self, source: Source, node: Any, what: str) -> bool:
        if not isinstance(node, MapNode):
            source.problem(node, "wrong-type", f"{what} must be a mapping, not {kind_of(node)}")
            return False
        if len(node.entries) < self.least:
            source.problem(node, "too-few", f"{what} must not be empty", "write at least one key")
            return False
        good = True
        seen: dict[str, str] = {}
        for key, value in node.entries:
            if self.key is not None:
                good &= self.key.check(source, key, f"a key of {what}")
            twin = seen.setdefault(key.text.lower() if self.caseless else key.text, key.text)
            if twin != key.text:
                source.problem(
                    key,
                    "duplicate-key",
                    f"'{key.text}' and '{twin}' are one name: case does not count in {what}",
                    "keep one of them",
                )
                good = False
            good &= self.value.check(source, value, f"'{key.text}' of {what}")
        return good

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "object", "additionalProperties": self.value.schema()}
        if self.key is not None:
            found["propertyNames"] = self.key.schema()
        if self.least:
            found["minProperties"] = self.least
        return found


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
class Liftable:
    """What `kind` says, or {any: true}, which lifts what an older microversion expects."""

    kind: Scalar

    def check(self, source: Source, node: Any, what: str) -> bool:
        return (isinstance(node, MapNode) and plain(node) == {"any": True}) or self.kind.check(
            source, node, what
        )

    def schema(self) -> dict[str, Any]:
        lifted = {
            "type": "object",
            "properties": {"any": {"const": True}},
            "required": ["any"],
            "additionalProperties": False,
        }
        return {"anyOf": [self.kind.schema(), lifted]}


@dataclass(frozen=True, slots=True)
class Field:
    kind: Kind
    doc: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A mapping with known keys. `exactly_one` and `at_most_one` are groups of keys that exclude each other.

    A group is (rule, what it is called, the keys). `least` is how many keys must stand there.
    """

    fields: Mapping[str, Field]
    exactly_one: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    at_most_one: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    doc: str = ""
    name: str = field(default="", compare=False)
    least: int = 0

    def check(self, source: Source, node: Any, what: str) -> bool:
        if not isinstance(node, MapNode):
            source.problem(node, "wrong-type", f"{what} must be a mapping, not {kind_of(node)}")
            return False
        what = self._called(node, what)
        good = True
        if len(node.entries) < self.least:
            source.problem(
                node, "too-few", f"{what} must not be empty", f"write one of {', '.join(self.fields)}"
            )
            good = False
        present = set(node.keys())
        for key, value in node.entries:
            known = self.fields.get(key.text)
            if known is None:
                hint = nearest(key.text, self.fields)
                source.problem(key, "unknown-key", f"unknown key '{key.text}' in {what}", hint)
                present.add(closest(key.text, self.fields))
                good = False
            else:
                good &= known.kind.check(source, value, f"'{key.text}' of {what}")
        for name, known in self.fields.items():
            if known.required and name not in present:
                source.problem(node, "missing-key", f"{what} lacks the key '{name}'", f"{name}: {known.doc}")
                good = False
        return self._check_groups(source, node, what, present) and good

    def _check_groups(self, source: Source, node: MapNode, what: str, present: set[str]) -> bool:
        good = True
        for rule, called, group in self.exactly_one + self.at_most_one:
            found = [key for key, _ in node.entries if key.text in group]
            for extra in found[1:]:
                source.problem(
                    extra,
                    f"second-{rule}",
                    f"a second {called} in {what}: '{extra.text}' beside '{found[0].text}'",
                    "keep one of them",
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
        if self.name == "the target":
            return f"{self.name} {what.partition(' of ')[0]}"
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
        if self.least:
            found["minProperties"] = self.least
        if self.doc:
            found["description"] = self.doc
        rules = [{"oneOf": [{"required": [key]} for key in group]} for _, _, group in self.exactly_one]
        for _, _, group in self.at_most_one:
            none: dict[str, Any] = {"not": {"anyOf": [{"required": [key]} for key in group]}}
            rules.append({"oneOf": [none, *({"required": [key]} for key in group)]})
        if rules:
            found["allOf"] = rules
        return found

    def _property(self, known: Field) -> dict[str, Any]:
        return {"description": known.doc, **known.kind.schema()}


def _missing(node: Any) -> str:
    nothing = isinstance(node, ScalarNode) and node.value is None and not node.text
    return "write it behind the colon, or leave the key out" if nothing else ""


def quoted(node: Any) -> bool:
    """Whether a scalar is text only because it stands in quotes: "200", "true"."""
    return (
        isinstance(node, ScalarNode)
        and isinstance(node.value, str)
        and resolve_plain(node.text) != node.value
    )


def shown(node: Any) -> str:
    """What a node is, for a message about what must stand in its place."""
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.text:
        return f"the text '{node.text}'" if quoted(node) else f"'{node.text}'"
    return kind_of(node)


def _text(pattern: str, expected: str, rule: str, hint: str = "") -> Scalar:
    compiled = re.compile(pattern)
    return Scalar(
        expected,
        lambda node: compiled.fullmatch(node.text) is not None,
        {"type": "string", "pattern": f"^(?:{pattern})$"},
        rule=rule,
        hint=hint,
    )


def one_of(*words: str) -> Scalar:
    """One of the given words."""
    return Scalar(
        f"one of {', '.join(words)}",
        lambda node: node.text in words,
        {"enum": list(words)},
        rule="unknown-word",
        words=words,
    )


def _is_path(node: ScalarNode) -> bool:
    if "${" in node.text:
        return False
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
    "text",
    lambda node: node.text != "" and node.value is not None and not isinstance(node.value, bool),
    {"type": ["string", "number"], "minLength": 1},
)
NO_VARIABLE = Scalar(
    "a name without variables in it",
    lambda node: node.text != "" and "${" not in node.text,
    {"type": "string", "minLength": 1, "not": {"pattern": r"\$\{"}},
    rule="bad-name",
)
HEADER = _text(
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+",
    "the name of a header",
    "bad-name",
    "letters, digits and - make a header's name; no variables, no colon",
)
MEDIA_TYPE = _text(
    r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:\s*;\s*[A-Za-z0-9_.-]+=(?:\"[^\"]*\"|[A-Za-z0-9_.+-]+))*",
    "a media type such as application/json;type=task",
    "bad-media-type",
    "TYPE/SUBTYPE;NAME=VALUE",
)
STRING = Scalar("text", lambda node: isinstance(node.value, str), {"type": "string"})
INTEGER = Scalar("a whole number", lambda node: type(node.value) is int, {"type": "integer"})
BOOLEAN = Scalar(
    "true or false",
    lambda node: isinstance(node.value, bool),
    {"type": "boolean"},
    hint="yes, no, on and off are texts here",
)
TRUE = Scalar("true", lambda node: node.value is True, {"const": True})
STATUS = Scalar(
    "an HTTP status (100 to 599)",
    lambda node: type(node.value) is int and 100 <= node.value <= 599,
    {"type": "integer", "minimum": 100, "maximum": 599},
    rule="bad-status",
)
UUID = _text(
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "a UUID in lower case",
    "bad-uuid",
    "`uuidgen` makes one",
)
HEADER_VALUE = Scalar(
    "a value that a header can carry (one line of Latin-1 text)",
    lambda node: re.fullmatch("[\t -~\xa0-\xff]*", node.text) is not None,
    {"type": ["string", "number", "boolean", "null"]},
    rule="bad-header",
    hint="leave out line ends, and encode what is beyond Latin-1",
)
VALUE = Scalar("text or a number", lambda node: True, {"type": ["string", "number", "boolean", "null"]})
SCHEMA_NAME = Scalar(
    "the name of a schema, or a schema (a mapping)",
    lambda node: node.text != "" and isinstance(node.value, str),
    {"type": "string", "minLength": 1},
)
SHA256 = _text(
    "[0-9a-fA-F]{64}", "a SHA-256 digest (64 hexadecimal digits)", "bad-digest", "`sha256sum FILE` tells it"
)
NAME = _text("[A-Za-z_][A-Za-z0-9_-]*", "a name (letters, digits, _ and -, a letter first)", "bad-name")
WORD = _text("[a-z][a-z0-9]*", "a word of small letters and digits", "bad-name")
SLUG = _text("[a-z0-9][a-z0-9_.-]*", "a name in lower case (letters, digits, _ . -)", "bad-name")
DURATION = _text(
    r"(?=[0-9.]*[1-9])[0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m)", "a duration such as 500ms, 2s or 1m", "bad-duration"
)
VERSION = Scalar(
    "a microversion", lambda node: node.text != "", {"type": ["string", "number"]}, rule="bad-microversion"
)
VERSION_RANGE = Scalar(
    "a range of microversions such as 1.4-",
    lambda node: node.text != "",
    {"type": ["string", "number"]},
    rule="bad-microversion",
)
RELEASE_RANGE = Scalar(
    "a range of releases such as 9.0.0-", _is_release, {"type": ["string", "number"]}, rule="bad-release"
)
JSON_PATH = Scalar(
    "an RFC 9535 JSON path such as $.links[0].rel, without variables",
    _is_path,
    {"type": "string", "pattern": r"^\$"},
    rule="bad-jsonpath",
)
PATH = _text(
    r"/.*|\$\{.*",
    "a path that begins with '/' (or with a variable)",
    "bad-path",
    "the target says where the service is; write the path below that",
)


def seconds(text: str) -> float:
    """A DURATION's text as seconds."""
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"ms": 0.001, "s": 1.0, "m": 60.0}[unit]
