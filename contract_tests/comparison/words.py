"""What a response schema tells of places: the words that it allows, and where names are data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_KNOWN: dict[int, tuple[Mapping[str, Any], Mapping[str, frozenset[str]]]] = {}


def words_of(schema: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """The words of each `enum` and `const` of a JSON Schema, by generalised path. Kept by document."""
    known = _KNOWN.get(id(schema))
    if known is None:
        found: dict[str, frozenset[str]] = {}
        for path, words in _walk(schema, "$"):
            found[path] = found.get(path, frozenset()) | words
        known = _KNOWN[id(schema)] = (schema, found)
    return known[1]


def _walk(schema: Any, path: str) -> Iterator[tuple[str, frozenset[str]]]:
    if not isinstance(schema, Mapping):
        return
    words = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    texts = frozenset(word for word in words if isinstance(word, str))
    if texts:
        yield path, texts
    for name, inner in schema.get("properties", {}).items():
        yield from _walk(inner, f"{path}.{name}")
    for inner in (*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")):
        yield from _walk(inner, f"{path}.*")
    yield from _walk(schema.get("items"), f"{path}[*]")
    for keyword in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(keyword, ()):
            yield from _walk(inner, path)


_DATA: dict[int, tuple[Mapping[str, Any], frozenset[str]]] = {}


def data_places(schema: Mapping[str, Any]) -> frozenset[str]:
    """The generalised paths of objects whose names a JSON Schema does not list. Kept by document."""
    known = _DATA.get(id(schema))
    if known is None:
        known = _DATA[id(schema)] = (schema, frozenset(_data(schema, "$")))
    return known[1]


def _data(schema: Any, path: str) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    named = schema.get("properties", {})
    others = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
    if not named and any(isinstance(inner, Mapping) for inner in others):
        yield path
    for name, inner in named.items():
        yield from _data(inner, f"{path}.{name}")
    for inner in others:
        yield from _data(inner, f"{path}.*")
    yield from _data(schema.get("items"), f"{path}[*]")
    for keyword in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(keyword, ()):
            yield from _data(inner, path)
