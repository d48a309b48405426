"""Drafts of response schemas: documents seen at microversions -> a JSON Schema, and what changes in it since.

Objects are closed but for those whose names are data; required is what was there whenever its object was.
Pure; `execution.infer` gathers the documents.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract_tests.comparison.correlation import Correlation, shape
from contract_tests.comparison.places import ITEM, NAME, Place
from contract_tests.comparison.values import json_type
from contract_tests.model.microversion import Microversion

_URI = re.compile(r"[a-z][a-z0-9+.-]*://[^\s<>\"{}|\\^`]+")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A document that a call (of one release's recording) was answered at a microversion."""

    call: str
    microversion: Microversion | None
    document: Any


@dataclass(slots=True)
class _Seen:
    """What was seen at a place, by segment (the microversions between two changes of shape)."""

    place: Place
    free_form: bool
    types: dict[int, set[str]] = field(default_factory=dict)
    formats: set[str] | None = None
    objects: Counter[int] = field(default_factory=Counter)
    names: dict[int, Counter[str]] = field(default_factory=dict)
    below: dict[str, _Seen] = field(default_factory=dict)


def draft(samples: Sequence[Sample], same: Correlation) -> tuple[dict[str, Any], dict[Microversion, Any]]:
    """A schema that every sample satisfies, and its overlays (merge patches, RFC 7396) by microversion."""
    changes = sorted(_changes(samples, same))
    start = Place(None, "$", same)
    top = _Seen(start, start.free_form(same))
    for sample in samples:
        version = sample.microversion
        segment = sum(1 for change in changes if version is not None and change <= version)
        _note(top, sample.document, segment, same)
    base = _schema(top, min(top.types))
    schemas, overlays = base, {}
    for segment in sorted(top.types)[1:]:
        following = _schema(top, segment)
        patch = merge_patch(schemas, following)
        if patch:
            overlays[changes[segment - 1]] = patch
        schemas = following
    return base, overlays


def merge_patch(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What RFC 7396 makes `new` of `old` with (no value in either is null)."""
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            if inner := merge_patch(before, value):
                patch[key] = inner
        elif key not in old or before != value:
            patch[key] = value
    return patch


# Where the shape changes.


def _changes(samples: Iterable[Sample], same: Correlation) -> set[Microversion]:
    """The microversions at which a call's answer has another shape than at the one recorded before."""
    calls: dict[str, list[tuple[Microversion, Any]]] = {}
    for sample in samples:
        if sample.microversion is not None:
            calls.setdefault(sample.call, []).append((sample.microversion, sample.document))
    found = set()
    for answers in calls.values():
        answers.sort(key=lambda pair: pair[0])
        outlines = [(version, _outline(document, same)) for version, document in answers]
        for (_, old), (version, new) in itertools.pairwise(outlines):
            if any(old[place] != new[place] for place in old.keys() & new.keys()):
                found.add(version)
    return found


def _outline(document: Any, same: Correlation) -> dict[str, frozenset[str]]:
    """The names and types at each place of a document (null tells no type)."""
    found: dict[str, set[str]] = {}

    def walk(place: Place, value: Any) -> None:
        if value is not None:
            found.setdefault(place.text, set()).add(json_type(value))
        for step, inner in _inside(place, value, same):
            if step not in (ITEM, NAME):
                found[place.text].add(f".{step}")
            walk(place.below(step, same), inner)

    walk(Place(None, "$", same), document)
    return {place: frozenset(words) for place, words in found.items()}


def _inside(place: Place, value: Any, same: Correlation) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        free = place.free_form(same) or (value and all(shape(name) in ("uuid", "hex") for name in value))
        for name, inner in value.items():
            yield (NAME if free else name), inner
    elif isinstance(value, list):
        for inner in value:
            yield ITEM, inner


# What was seen, as a schema.


def _note(seen: _Seen, value: Any, segment: int, same: Correlation) -> None:
    seen.types.setdefault(segment, set()).add(json_type(value))
    if isinstance(value, str):
        fits = _formats(value)
        seen.formats = fits if seen.formats is None else seen.formats & fits
    if isinstance(value, dict):
        seen.objects[segment] += 1
    for step, inner in _inside(seen.place, value, same):
        if step not in (ITEM, NAME):
            seen.names.setdefault(segment, Counter())[step] += 1
        if step not in seen.below:
            place = seen.place.below(step, same)
            seen.below[step] = _Seen(place, place.free_form(same))
        _note(seen.below[step], inner, segment, same)


def _formats(text: str) -> set[str]:
    looks = shape(text)
    found = {"uuid"} if looks == "uuid" else {"date"} if looks == "date" else set()
    if _DATE_TIME.fullmatch(text):
        found.add("date-time")
    if _URI.fullmatch(text):
        found.add("uri")
    return found


def _types(seen: _Seen, segment: int) -> list[str]:
    """The types of a place: of all segments, unless they differ by more than null."""
    told = [_plain(types) for types in seen.types.values()]
    shapes = {frozenset(types - {"null"}) for types in told} - {frozenset()}
    return sorted(set().union(*told) if len(shapes) <= 1 else _plain(seen.types[segment]))


def _plain(types: set[str]) -> set[str]:
    """Where there were numbers with decimals, integers are numbers too."""
    return types - {"integer"} if "number" in types else set(types)


def _schema(seen: _Seen, segment: int) -> dict[str, Any]:
    if segment not in seen.types:  # never seen here: as in the segment nearest to it
        segment = min(seen.types, key=lambda other: (abs(other - segment), other))
    types = _types(seen, segment)
    schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    if "object" in types:
        schema |= _object(seen, segment if seen.objects[segment] else min(seen.objects))
    if "array" in types and ITEM in seen.below:
        schema["items"] = _schema(seen.below[ITEM], segment)
    if "string" in types and seen.formats and len(seen.formats) == 1:
        schema["format"] = next(iter(seen.formats))
    return schema


def _object(seen: _Seen, segment: int) -> dict[str, Any]:
    if NAME in seen.below:
        inner = _schema(seen.below[NAME], segment)
        names = seen.names.get(segment)
        return {"additionalProperties": inner} if not names else {}
    if seen.free_form:
        return {}
    names = seen.names.get(segment, Counter())
    required = [name for name in names if _always(seen, name)]
    found: dict[str, Any] = {"additionalProperties": False}
    if required:
        found["required"] = sorted(required)
    if names:
        found["properties"] = {name: _schema(seen.below[name], segment) for name in sorted(names)}
    return found


def _always(seen: _Seen, name: str) -> bool:
    """Whether a name was there whenever its object was, in every segment that knows it."""
    return all(
        names[name] in (0, seen.objects[segment]) for segment, names in seen.names.items()
    ) and not any(
        seen.objects[segment] and not names[name]
        for segment, names in seen.names.items()
        if _between(seen, name, segment)
    )


def _between(seen: _Seen, name: str, segment: int) -> bool:
    """Whether a segment lies between two that know the name, and so should know it."""
    known = [at for at, names in seen.names.items() if names[name]]
    return bool(known) and min(known) < segment < max(known)
