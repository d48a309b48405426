"""Facts of what a deployment says of its API versions: in a version document, or by discovery."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.comparison.facts import Fact
from contract_tests.model.microversion import MicroversionRange

LIFE = ("experimental", "current", "supported", "deprecated")
"""An API version's statuses in the order of its life (API-SIG, "Discoverability")."""

TOLD = {
    "min_version": "version-minimum",
    "max_version": "version-maximum",
    "version": "version-maximum",
    "status": "version-status",
}
"""The properties of an entry in a version document, and the kinds of their facts."""

_LISTS = frozenset({"versions", "values"})


def is_entry(value: Any) -> bool:
    """Whether a JSON value describes an API version (API-SIG, "Version Discovery")."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("id"), str)
        and isinstance(value.get("links"), list)
        and ("status" in value or "min_version" in value)
    )


def is_list(leaf: str, items: list[Any]) -> bool:
    """Whether a list with this name is one of API versions, each with its own id."""
    return leaf in _LISTS and all(map(is_entry, items)) and len({item["id"] for item in items}) == len(items)


def is_extension_list(leaf: str, items: list[Any]) -> bool:
    """Whether a list is one of extensions, each with its own alias (Nova, Neutron, Keystone, Cinder)."""
    aliases = [item.get("alias") for item in items if isinstance(item, dict)]
    named = all(isinstance(alias, str) for alias in aliases)
    return leaf == "extensions" and named and len(set(aliases)) == len(items)


def extension_fact(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """(was, is, by which property) of one extension whose version, or `updated`, differs."""
    for name in ("version", "updated"):
        if old.get(name) != new.get(name):
            was, is_now = (f"{one['alias']} {one.get(name)}" for one in (old, new))
            return was, is_now, name
    return None


def direction(kind: str, old: str, new: str) -> str:
    """Which way a version went (raised, lowered), or a status (forwards, backwards); empty for none."""
    if kind == "version-status":
        ages = [LIFE.index(text.lower()) if text.lower() in LIFE else -1 for text in (old, new)]
        if -1 in ages:
            return "unknown"
        return "forwards" if ages[0] < ages[1] else "backwards" if ages[0] > ages[1] else ""
    before, after = _numbers(old), _numbers(new)
    return "raised" if before < after else "lowered" if before > after else ""


def entry_facts(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Fact]]:
    """(property, fact) for each end of the range and each status that differs in one version's entries."""
    for name, kind in TOLD.items():
        before, after = old.get(name), new.get(name)
        if before == after or not (isinstance(before, str) and isinstance(after, str) and before and after):
            continue
        way = direction(kind, before, after)
        if way:
            yield name, Fact(kind=kind, path=f"{path}.{name}", old=before, new=after, detail=way)


def range_facts(old: MicroversionRange | None, new: MicroversionRange | None) -> Iterator[Fact]:
    """The facts of two deployments' ranges of microversions, as they were discovered."""
    if old is None or new is None:
        return
    ends = (("version-minimum", old.low, new.low), ("version-maximum", old.high, new.high))
    for kind, before, after in ends:
        if before is not None and after is not None and before != after:
            way = "raised" if before < after else "lowered"
            yield Fact(kind=kind, path="range", old=str(before), new=str(after), detail=way)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:4])
