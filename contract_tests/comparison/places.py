"""Generalised places in JSON documents, and the facts found at them put together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contract_tests.comparison.correlation import Correlation, named
from contract_tests.comparison.facts import Fact
from contract_tests.comparison.values import tells
from contract_tests.model.http import MISSING

ITEM = "[*]"
NAME = ".*"

_OWN_VALUES = frozenset(
    {"property-type", "link-added", "link-removed", "link-host", "page-next", "error-code"}
    | {"version-entry-added", "version-entry-removed", "version-minimum", "version-maximum", "version-status"}
)
"""Kinds that are facts of their own for each pair of values; of all others the first stands for all items."""


class Place:
    """Where something stands, whichever item of a list it is in; one object for each."""

    __slots__ = ("_below", "_free_form", "leaf", "outer", "parent", "step", "text")

    def __init__(self, parent: Place | None, step: str, same: Correlation) -> None:
        self.parent = parent
        self.step = step
        self.text: str = (
            "$" if parent is None else parent.text + (step if step in (ITEM, NAME) else f".{step}")
        )
        self.leaf: str = step if step not in (ITEM, NAME) or parent is None else parent.leaf
        self.outer: Place | None = (
            self if step in (ITEM, NAME) else parent.outer if parent is not None else None
        )
        self._free_form: bool | None = None
        self._below: dict[str, Place] = {}

    def below(self, step: str, same: Correlation) -> Place:
        found = self._below.get(step)
        if found is None:
            found = self._below[step] = Place(self, step, same)
        return found

    def free_form(self, same: Correlation) -> bool:
        """Whether names are data in the object that stands here."""
        if self._free_form is None:
            self._free_form = any(pattern.fullmatch(self.text) for pattern in same.free_form)
        return self._free_form

    def steps(self) -> list[str]:
        return [] if self.parent is None else [*self.parent.steps(), self.step]


@dataclass(slots=True)
class Found:
    """A difference at one concrete place. `value` is what was lost or came."""

    place: Place
    fact: Fact
    value: Any = MISSING
    gone: bool = False


def together(found: Sequence[Found], old: Any, new: Any, same: Correlation) -> Iterator[Fact]:
    """The facts of all places: equal ones counted, and what moved told as one."""
    if not found:
        return
    moved, left = _moves(found, same, (old, new))
    yield from moved
    groups: dict[tuple[str, ...], list[Found]] = {}
    for one in left:
        fact = one.fact
        wide = one.place.outer is not None and fact.kind not in _OWN_VALUES
        shown = ("", "") if wide else (repr(fact.old), repr(fact.new))
        groups.setdefault((fact.kind, fact.path, fact.detail, *shown), []).append(one)
    for several in groups.values():
        first = several[0]
        fact = _counted(first.fact, first.place, len(several), (old, new))
        if first.value is not MISSING and all(_leads_to_a_page(one) for one in several):
            fact = replace(fact, kind="page-next", detail="")
        if fact.kind in ("property-removed", "property-added") and first.place.outer is not None:
            here, there = (_having(document, first.place.steps()) for document in (old, new))
            if here and there:
                word = "gone" if fact.kind == "property-removed" else "appeared"
                fact = replace(fact, kind="item-shape", detail=word)
        yield fact


def _leads_to_a_page(one: Found) -> bool:
    """Whether what came or went is but a link to another page (`next`, `servers_links`)."""
    leaf, value = one.place.leaf, one.value
    if leaf == "next":
        return isinstance(value, str) and bool(value)
    if leaf != "links" and not leaf.endswith("_links"):
        return False
    items = value if isinstance(value, list) else []
    return bool(items) and all(
        isinstance(item, dict) and item.get("rel") in ("next", "previous", "prev") for item in items
    )


def _counted(fact: Fact, place: Place, seen: int, both: tuple[Any, Any]) -> Fact:
    steps = place.outer.steps() if place.outer is not None else []
    return replace(fact, seen=seen, of=max(seen, *(_having(document, steps) for document in both)))


def _having(value: Any, steps: Sequence[str]) -> int:
    """In how many places of a document a generalised place is."""
    if not steps:
        return 1
    step, rest = steps[0], steps[1:]
    if step == ITEM:
        return sum(_having(item, rest) for item in value) if isinstance(value, list) else 0
    if not isinstance(value, dict):
        return 0
    if step == NAME:
        return sum(_having(item, rest) for item in value.values())
    return _having(value[step], rest) if step in value else 0


def _moves(
    found: Sequence[Found], same: Correlation, both: tuple[Any, Any]
) -> tuple[list[Fact], list[Found]]:
    """Properties that are gone and ones that came in their stead, and all that is left.

    They are one that was restyled where the names are the same but for the style; renamed (in one object)
    or moved where all the values are the same and tell something.
    """
    lost = _by_place(one for one in found if one.value is not MISSING and one.gone)
    came = _by_place(one for one in found if one.value is not MISSING and not one.gone)
    if not lost or not came:
        return [], list(found)
    facts: list[Fact] = []
    used: set[int] = set()
    for kind in ("property-restyled", "property-renamed", "property-moved"):
        waiting: dict[Any, list[Place]] = {}
        for place, several in came.items():
            key = _key(kind, place, several, same.new)
            if key is not None:
                waiting.setdefault(key, []).append(place)
        for place, several in list(lost.items()):
            key = _key(kind, place, several, same.old)
            if key is None or not waiting.get(key):
                continue
            other = waiting[key].pop(0)
            first, twin = several[0], came[other][0]
            detail = other.text if kind == "property-moved" else other.step
            fact = replace(first.fact, kind=kind, detail=detail, new=twin.fact.new)
            facts.append(_counted(fact, place, len(several), both))
            used.update(map(id, (*several, *came[other])))
            del lost[place], came[other]
    return facts, [one for one in found if id(one) not in used]


def _by_place(found: Iterable[Found]) -> dict[Place, list[Found]]:
    places: dict[Place, list[Found]] = {}
    for one in found:
        places.setdefault(one.place, []).append(one)
    return places


def _key(kind: str, place: Place, several: Sequence[Found], roles: Any) -> Any:
    """What two places must have in common to be one by this kind; None where they cannot be."""
    if place.step in (ITEM, NAME):
        return None
    if kind == "property-restyled":
        return place.parent, re.sub(r"[-_:]", "", place.step).lower(), len(several)
    if not all(tells(one.value) for one in several):
        return None
    values = sorted(json.dumps(named(one.value, roles), sort_keys=True, default=str) for one in several)
    return (place.parent if kind == "property-renamed" else None), tuple(values)
