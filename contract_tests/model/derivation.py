"""Bad requests and boundary values, derived from a request's schema and one good request. Pure.

The set is bounded (it grows with the schema, not with what the schema allows) and deterministic: the same
schema and request give the same requests under the same labels, for labels name calls in recordings. Each
is tried on the schema itself: what should be bad is invalid there, what should be good is valid, and what
is not so (another alternative takes it) is left out.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract_tests.model.http import MISSING
from contract_tests.model.retrieval import no_retrieval
from contract_tests.model.template import compile_value, render

KINDS: Mapping[str, str] = {
    "missing": "a required property is missing",
    "type": "a value of another JSON type",
    "null": "null where no null may be",
    "unknown": "a property that the schema does not know",
    "length": "a text, a list or an object that is too short or too long",
    "range": "a number that is too small, too large or no multiple",
    "enum": "a value that is none of those listed",
    "format": "a text of another form (format, pattern)",
    "repeated": "an item twice in a list whose items differ",
    "media-type": "a body that is called text",
    "broken": "a body that is broken JSON",
    "empty": "no body at all",
    "query": "a query parameter that the operation does not know",
    "boundary": "a value at a limit, which is still good",
}
"""What is wrong with a derived request (`boundary`: nothing is)."""

LONGEST = 70_000
"""Characters of a text, and items of a list (a hundredth of it): beyond this no limit is tried."""

NEW_NAME = "contract_tests_unknown"

_VALUES: Mapping[str, Any] = {
    "null": None,
    "boolean": True,
    "integer": 1,
    "number": 1.5,
    "string": "x",
    "array": [],
    "object": {},
}
_LIKE_NUMBER = {"integer", "number"}
_BAD_TEXTS = ("~", "", " ", "\u00e9", "a b", "%", "-1", "x", "X", "0", "\u0007")
_BAD_FORMATS = {"uuid": "no-uuid", "date-time": "yesterday", "date": "2026-13-01", "uri": "no uri"}

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """One derived request: the good one with one thing changed.

    `label` says what (`$.name is missing`), `kind` is a key of KINDS. `body` is a JSON value with templates
    as texts (MISSING: `text` is the body, or nothing of the body is changed). `query` is what the query is
    instead, or what is put behind it where `more` is set.
    """

    label: str
    kind: str
    body: Any = MISSING
    text: str | None = None
    media_type: str = ""
    query: tuple[tuple[str, str], ...] | None = None
    more: bool = False

    @property
    def good(self) -> bool:
        """Whether it must be accepted."""
        return self.kind == "boundary"


def derive_bodies(document: Mapping[str, Any], body: Any, sample: Mapping[str, Any]) -> list[Derived]:
    """The derived requests of a JSON body that satisfies `document`.

    `body` holds templates as texts; with `sample` as the values of their variables it satisfies the schema.
    """
    found = [
        Derived(label=label, kind=kind, body=value) for label, kind, value in _changes(document, body, sample)
    ]
    whole = json.dumps(body)
    # Cut within, so that no reader takes what is there for a whole value.
    broken = whole[:-1] + "," if whole.endswith(("}", "]")) else whole + "}"
    found += [
        Derived(label="the body is broken JSON", kind="broken", text=broken, media_type="application/json"),
        Derived(label="the body is empty", kind="empty", text="", media_type="application/json"),
        Derived(label="the body is called text", kind="media-type", body=body, media_type="text/plain"),
    ]
    return found


def derive_queries(
    document: Mapping[str, Any], query: Sequence[tuple[str, str]], sample: Mapping[str, Any]
) -> list[Derived]:
    """The derived requests of a query: to its schema an object of texts, but see `query_values`."""
    return [
        Derived(label=label.replace("$", "query", 1), kind=kind, query=tuple(value.items()))
        for label, kind, value in _changes(document, dict(query), sample, query=True)
    ]


UNKNOWN_PARAMETER = Derived(
    label="an unknown query parameter", kind="query", query=((NEW_NAME, "1"),), more=True
)


def sample_of(
    document: Mapping[str, Any], body: Any, names: Sequence[str], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Values for the variables `names` with which `body` satisfies the schema, as far as there are some.

    `known` are those whose kind the scenario tells; the others are guessed, one after the other.
    """
    sample = {name: known.get(name, _GUESSES[0]) for name in names}
    compiled = compile_value(body)
    for name in names:
        if name not in known:
            faults = [(_faults(document, render(compiled, {**sample, name: one}))) for one in _GUESSES]
            sample[name] = _GUESSES[faults.index(min(faults))]
    return sample


_GUESSES: tuple[Any, ...] = (
    "7a5ba5f0-9f6f-4c55-8b4e-6b9d2b7f3c11",
    1,
    "ct-0123456789ab",
    "CUSTOM_0123456789AB",
    "1",
    "2026-01-01T00:00:00Z",
    True,
    "http://service.example/1",
)


def fault(document: Mapping[str, Any], body: Any, sample: Mapping[str, Any]) -> str:
    """What the schema has against a body (templates as texts) with the sample's values; empty for nothing."""
    errors = _validator(document).iter_errors(render(compile_value(body), sample))
    return next((str(error.message) for error in errors), "")


def query_fault(document: Mapping[str, Any], query: Mapping[str, Any], sample: Mapping[str, Any]) -> str:
    """As `fault`, of a query: a parameter's name to its text."""
    shown = query_values(render(compile_value(dict(query)), sample), without_text(document))
    return fault(document, shown, {})


def query_values(query: Mapping[str, Any], others: Collection[str]) -> dict[str, Any]:
    """A query as its schema speaks of it: what of it is a number or a boolean (`others`), and texts."""
    return {
        name: json.loads(text)
        if name in others and isinstance(text, str) and _SCALAR.fullmatch(text)
        else text
        for name, text in query.items()
    }


def without_text(document: Mapping[str, Any]) -> frozenset[str]:
    """The parameters that a query's schema takes for numbers or booleans, and never for texts."""
    found = {
        name: types_in(document, schema)
        for part in _Walk(document, MISSING, {}).parts(document, MISSING)
        for name, schema in part.get("properties", {}).items()
    }
    return frozenset(name for name, types in found.items() if types and types <= _SCALARS)


def types_in(document: Mapping[str, Any], schema: Any, depth: int = 0) -> frozenset[str]:
    """The JSON types that a part of a schema speaks of, in any alternative; empty where it says none."""
    if not isinstance(schema, Mapping) or depth > 8:
        return frozenset()
    named = _types(schema)
    if named:
        return named
    words = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if words:
        kinds = (str, bool, int, float, list, dict)
        return frozenset(_NAMES[kind] for kind in kinds if any(type(word) is kind for word in words))
    inner = [one for key in ("allOf", "anyOf", "oneOf") for one in schema.get(key, ())]
    if isinstance(schema.get("$ref"), str):
        inner.append(resolve(document, schema["$ref"]))
    return frozenset().union(*(types_in(document, one, depth + 1) for one in inner))


_SCALAR = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false")
_SCALARS = frozenset({"integer", "number", "boolean", "null"})
_NAMES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}

_VALIDATORS: dict[int, tuple[Mapping[str, Any], Any]] = {}


def _validator(document: Mapping[str, Any]) -> Any:
    import jsonschema_rs

    known = _VALIDATORS.get(id(document))
    if known is None:
        made = jsonschema_rs.validator_for(dict(document), validate_formats=True, retriever=no_retrieval)
        known = _VALIDATORS[id(document)] = (document, made)
    return known[1]


def _accepts(document: Mapping[str, Any], value: Any) -> bool:
    return bool(_validator(document).is_valid(value))


def _faults(document: Mapping[str, Any], value: Any) -> int:
    return sum(1 for _ in _validator(document).iter_errors(value))


def _changes(
    document: Mapping[str, Any], body: Any, sample: Mapping[str, Any], *, query: bool = False
) -> Iterator[tuple[str, str, Any]]:
    """(label, kind, body): each label and each body once, and only what the schema finds bad, or good."""
    labels: set[str] = set()
    bodies: set[str] = set()
    others = without_text(document) if query else frozenset()
    for label, kind, value in _Walk(document, body, sample, query=query).changes():
        if query and (value := _spelled(value, others)) is None:
            continue
        text = json.dumps(value)
        if label in labels or text in bodies or value == body:
            continue
        shown = render(compile_value(value), sample)
        if _accepts(document, query_values(shown, others) if query else shown) is (kind == "boundary"):
            labels.add(label)
            bodies.add(text)
            yield label, kind, value


def _spelled(value: Any, others: Collection[str]) -> dict[str, str] | None:
    """A derived query in texts; None where it cannot be said so."""
    if not isinstance(value, dict):
        return None
    found = {
        name: json.dumps(one) if name in others and isinstance(one, (bool, int, float)) else one
        for name, one in value.items()
    }
    return found if all(isinstance(one, str) for one in found.values()) else None


class _Walk:
    """Goes through a schema and a body (or a query) together."""

    def __init__(
        self, document: Mapping[str, Any], body: Any, sample: Mapping[str, Any], *, query: bool = False
    ) -> None:
        self.document = document
        self.body = body
        self.sample = sample
        self.query = query

    def changes(self) -> Iterator[tuple[str, str, Any]]:
        yield from self._at(self.document, (), 0)

    def _at(self, schema: Any, place: Place, depth: int) -> Iterator[tuple[str, str, Any]]:
        if depth > 12:  # a recursive schema, on a body that nests as deep
            return
        value = get(self.body, place)
        shown = self._value(value)
        for part in self.parts(schema, shown):
            types = _types(part)
            if types:
                yield from self._wrong_types(types, place)
            yield from self._words(part, place)
            yield from self._texts(part, place, shown, types)
            yield from self._numbers(part, place, types)
            yield from self._lists(part, place, value, depth)
            yield from self._objects(part, place, value, depth)

    def _value(self, value: Any) -> Any:
        return value if value is MISSING else render(compile_value(value), self.sample)

    def parts(self, schema: Any, value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
        """The schemas that hold at one place: itself, what it refers to, all of `allOf`, one alternative."""
        if not isinstance(schema, Mapping) or depth > 8:
            return
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield from self.parts(resolve(self.document, reference), value, depth + 1)
        yield schema
        for one in schema.get("allOf", ()):
            yield from self.parts(one, value, depth + 1)
        for key in ("anyOf", "oneOf"):
            alternatives = [one for one in schema.get(key, ()) if isinstance(one, Mapping)]
            fitting = [one for one in alternatives if value is not MISSING and self._fits(one, value)]
            for one in (fitting or alternatives)[:1]:
                yield from self.parts(one, value, depth + 1)

    def _fits(self, schema: Mapping[str, Any], value: Any) -> bool:
        return _accepts(_whole(self.document, _key(schema)), value)

    def _change(self, place: Place, value: Any, kind: str, what: str) -> tuple[str, str, Any]:
        return f"{_path(place)} {what}", kind, put(self.body, place, value)

    def _wrong_types(self, types: frozenset[str], place: Place) -> Iterator[tuple[str, str, Any]]:
        for name, value in _VALUES.items():
            if name in types or (name == "integer" and "number" in types):
                continue
            if name == "string" and self.query:
                value = "x"  # in a query all are texts, and that of a number is one
            elif name == "string" and types & _LIKE_NUMBER:
                value = "1"
            elif name == "string" and "boolean" in types:
                value = "true"
            article = "an" if name[0] in "aio" else "a"
            what = "is null" if name == "null" else f"is {article} {name}"
            yield self._change(place, value, "null" if name == "null" else "type", what)

    def _words(self, part: Mapping[str, Any], place: Place) -> Iterator[tuple[str, str, Any]]:
        words = [part["const"]] if "const" in part else part.get("enum", [])
        if not words:
            return
        foreign: Any = 987_654_321 if all(isinstance(word, int) for word in words) else NEW_NAME
        yield self._change(place, foreign, "enum", "is none of its words")
        for word in words:
            if isinstance(word, str) and word.swapcase() not in words:
                yield self._change(place, word.swapcase(), "enum", "is a word in another case")
                break

    def _texts(
        self, part: Mapping[str, Any], place: Place, value: Any, types: frozenset[str]
    ) -> Iterator[tuple[str, str, Any]]:
        if types and "string" not in types:
            return
        low, high, pattern = part.get("minLength", 0), part.get("maxLength"), part.get("pattern")
        text = value if isinstance(value, str) else "a"
        if low:
            what = "is empty" if low == 1 else f"has {low - 1} characters"
            yield self._change(place, _long(text, low - 1, pattern), "length", what)
            yield self._change(place, _long(text, low, pattern), "boundary", _count(low, "character"))
        if high is not None and high <= LONGEST:
            yield self._change(place, _long(text, high, pattern), "boundary", _count(high, "character"))
            yield self._change(place, _long(text, high + 1, pattern), "length", _count(high + 1, "character"))
        if pattern is not None:
            bad = next((one for one in _BAD_TEXTS if not _matches(pattern, one)), None)
            if bad is not None:
                yield self._change(place, bad, "format", f"is {json.dumps(bad)}")
        form = part.get("format")
        if form is not None:
            article = "an" if form[0] in "aeio" else "a"
            what = f"is no {form}" if form else f"is {article} text"
            yield self._change(place, _BAD_FORMATS.get(form, f"no {form}"), "format", what)

    def _numbers(
        self, part: Mapping[str, Any], place: Place, types: frozenset[str]
    ) -> Iterator[tuple[str, str, Any]]:
        if types and not types & _LIKE_NUMBER:
            return
        step = 1 if "integer" in types or all(isinstance(part.get(k, 0), int) for k in _LIMITS) else 0.5
        for key, good, bad in (("minimum", 0, -1), ("maximum", 0, 1)):
            limit = part.get(key)
            if limit is not None:
                yield self._change(place, limit + good, "boundary", f"is {_number(limit)}")
                yield self._change(place, limit + bad * step, "range", f"is {_number(limit + bad * step)}")
        for key, towards in (("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
            limit = part.get(key)
            if limit is not None:
                yield self._change(place, limit, "range", f"is {_number(limit)}")
                yield self._change(
                    place, limit + towards * step, "boundary", f"is {_number(limit + towards * step)}"
                )
        if "multipleOf" in part:
            half = part["multipleOf"] * 1.5
            yield self._change(place, half, "range", f"is {_number(half)}")

    def _lists(
        self, part: Mapping[str, Any], place: Place, value: Any, depth: int
    ) -> Iterator[tuple[str, str, Any]]:
        if not isinstance(value, list):
            return
        low, high = part.get("minItems", 0), part.get("maxItems")
        if low:
            yield self._change(place, value[: low - 1], "length", _count(low - 1, "item"))
        if value and high is not None and high <= LONGEST // 100:
            more = (value * (high + 1))[: high + 1]
            yield self._change(place, more, "length", _count(high + 1, "item"))
        if value and part.get("uniqueItems"):
            yield self._change(place, [*value, value[0]], "repeated", "has an item twice")
        if value:
            first = part.get("prefixItems", [None])[0] or part.get("items")
            if first is not None:
                yield from self._at(first, (*place, 0), depth + 1)

    def _objects(
        self, part: Mapping[str, Any], place: Place, value: Any, depth: int
    ) -> Iterator[tuple[str, str, Any]]:
        if not isinstance(value, dict):
            return
        for name in part.get("required", ()):
            if name in value:
                yield self._change((*place, name), MISSING, "missing", "is missing")
        if part.get("minProperties") and value:
            yield self._change(place, {}, "length", "is empty")
        # Allowed by the schema, it is no bad request, and is left out with all that is none.
        yield self._change((*place, NEW_NAME), "x", "unknown", "is unknown")
        properties = part.get("properties", {})
        for name, schema in properties.items():
            yield from self._at(schema, (*place, name), depth + 1)
        patterns = part.get("patternProperties", {})
        others = part.get("additionalProperties")
        for name in [name for name in value if name not in properties][:1]:
            plain = str(self._value(name))
            fitting = [schema for pattern, schema in patterns.items() if _matches(pattern, plain)]
            for schema in fitting or ([others] if isinstance(others, Mapping) else []):
                yield from self._at(schema, (*place, name), depth + 1)


_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def _types(part: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types that a schema names, or that its keywords of values can only mean; empty for any."""
    named = part.get("type")
    if named is not None:
        return frozenset([named] if isinstance(named, str) else named)
    return frozenset()


def _key(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)


_WHOLE: dict[tuple[int, str], Mapping[str, Any]] = {}


def _whole(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A part of a schema as one of its own, with what it may refer to."""
    known = _WHOLE.get((id(document), key))
    if known is None:
        shared = {
            name: document[name]
            for name in ("$schema", "$defs", "definitions", "components", "paths")
            if name in document
        }
        known = _WHOLE[id(document), key] = {**shared, **json.loads(key)}
    return known


def resolve(document: Mapping[str, Any], reference: str) -> Any:
    """What a reference within the document names (RFC 6901)."""
    from urllib.parse import unquote

    found: Any = document
    for step in unquote(reference.lstrip("#")).split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        found = found[int(step)] if isinstance(found, list) else found.get(step, {})
    return found


@functools.lru_cache(maxsize=256)
def _pattern(pattern: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for({"pattern": pattern})


def _matches(pattern: str, text: str) -> bool:
    return bool(_pattern(pattern).is_valid(text))


def _long(text: str, length: int, pattern: str | None) -> str:
    """A text of that length, of the pattern's form where one is found."""
    candidates = [
        (text * (length // max(1, len(text)) + 1))[:length],
        text[:length] + (text[-1:] or "a") * (length - len(text)),
        "a" * length,
        ("CUSTOM_" + "A" * length)[:length],
        "1" * length,
        ("/" + "a" * length)[:length],
    ]
    good = [one for one in candidates if pattern is None or _matches(pattern, one)]
    return (good or candidates)[0]


def _count(count: int, one: str) -> str:
    return f"has {count} {one}{'' if count == 1 else 's'}"


def _number(value: float) -> str:
    return json.dumps(value)


def _path(place: Place) -> str:
    """`$.a[0]['b c']`, as RFC 9535 writes it."""
    text = "$"
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "a").isalnum() and not step[0].isdigit():
            text += f".{step}"
        else:
            text += f"['{step}']"
    return text


def places(body: Any, place: Place = ()) -> list[Place]:
    """Every place in a JSON value, the whole first."""
    found = [place]
    if isinstance(body, dict):
        for name, value in body.items():
            found += places(value, (*place, name))
    elif isinstance(body, list):
        for at, value in enumerate(body):
            found += places(value, (*place, at))
    return found


def get(body: Any, place: Place) -> Any:
    """What is at `place` in a JSON value; MISSING where there is nothing."""
    for step in place:
        if isinstance(step, int):
            if not isinstance(body, list) or step >= len(body):
                return MISSING
            body = body[step]
        else:
            if not isinstance(body, dict) or step not in body:
                return MISSING
            body = body[step]
    return body


def put(body: Any, place: Place, value: Any) -> Any:
    """`body` with `value` at `place` (MISSING takes it away), itself left as it is."""
    if not place:
        return value
    step, rest = place[0], place[1:]
    if isinstance(step, int):
        return [put(item, rest, value) if at == step else item for at, item in enumerate(body)]
    found = dict(body)
    if not rest and value is MISSING:
        found.pop(step, None)
    else:
        found[step] = put(found.get(step), rest, value)
    return found
