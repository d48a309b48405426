"""What may differ between two runs of a case without being a fact: ids, times, names that a run made up."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.model.service import Service

_SHORTEST_ROLE = 4
"""A value of fewer characters is met inside of other texts by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """What two runs may differ in.

    `old` and `new` map values that a scenario generated or saved to the variable's name, one map for each
    run: a value of one run equals that of the other if both play the same part. `volatile` are header names
    and `volatile_paths` generalised paths of values that differ between any two runs; `free_form` are paths
    below which names are data, `unordered` those of lists in no order; `words` are the words that a schema
    allows at a path; `ordered` tells that the call asked for an order; `trial` is the kind of bad input that
    the call tries (empty: none).
    """

    old: Mapping[str, str] = field(default_factory=dict)
    new: Mapping[str, str] = field(default_factory=dict)
    volatile: frozenset[str] = frozenset()
    volatile_paths: tuple[re.Pattern[str], ...] = ()
    free_form: tuple[re.Pattern[str], ...] = ()
    unordered: tuple[re.Pattern[str], ...] = ()
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ordered: bool = False
    trial: str = ""


def path_patterns(paths: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """A pattern of the generalised paths that a file means (`$.inventories`, `$..metadata`)."""

    def pattern(path: str) -> str:
        path = re.sub(r"\.?\['([^']*)'\]", r".\1", path)
        items = re.escape(path).replace(r"\[\*\]", r"(?:\[\*\]|\.[^.\[]+)")
        return items.replace(r"\.\.", r"(?:\..*)?\.")

    joined = "|".join(map(pattern, paths))
    return (re.compile(joined),) if joined else ()


@functools.lru_cache(maxsize=64)
def known_of(service: Service) -> Correlation:
    """What a service's file says of free-form objects, and of headers and values that vary."""
    return Correlation(
        volatile=frozenset(name.lower() for name in service.volatile.headers),
        volatile_paths=path_patterns(service.volatile.json),
        free_form=path_patterns(service.free_form),
        unordered=path_patterns(service.volatile.order),
    )


def role(text: str, roles: Mapping[str, str]) -> str:
    """`text` with the values of a run in their variables' names."""
    if text in roles:
        return f"${{{roles[text]}}}"
    for value, name in roles.items():
        if len(value) >= _SHORTEST_ROLE and value in text:
            text = text.replace(value, f"${{{name}}}")
    return text


def named(value: Any, roles: Mapping[str, str]) -> Any:
    """A JSON value with the values of a run in their variables' names, and what is volatile masked."""
    if isinstance(value, str):
        return masked(role(value, roles))
    if isinstance(value, list):
        return [named(item, roles) for item in value]
    if isinstance(value, dict):
        return {role(key, roles): named(item, roles) for key, item in value.items()}
    return value


# Values by their look.

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_REQUEST_ID = re.compile(r"req-[0-9a-f-]{36}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_VOLATILE = re.compile(
    r"req-[0-9a-f-]{36}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"
    r"|127\.0\.0\.1:\d+|localhost:\d+|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?",
    re.IGNORECASE,
)

_SHORTEST_VOLATILE = len("localhost:1")
_LONGEST_KEPT = 200

_SHAPES = (
    (_UUID, "uuid"),
    (_HEX, "hex"),
    (_REQUEST_ID, "request-id"),
    (_HTTP_DATE, "http-date"),
    (_DATE, "date"),
)


def shape(text: str) -> str:
    """The format of a text whose value may differ between runs; empty for any other text."""
    for pattern, name in _SHAPES:
        if pattern.fullmatch(text):
            return name
    found = _TIME.fullmatch(text)
    return f"time{found[1]}" if found else ""


def time_style(text: str) -> tuple[Any, ...]:
    """How a time is written: its parts, the digits of its fraction, the spelling of its offset."""
    found = _TIME.fullmatch(text)
    if found is None:
        return ()
    return bool(found[2]), len(found[3] or ""), (found[4] or "")[:1], len(found[4] or "")


def masked(text: str) -> str:
    """`text` without the ids, times and ports in it."""
    if len(text) < _SHORTEST_VOLATILE:
        return text
    return _masked(text) if len(text) <= _LONGEST_KEPT else _VOLATILE.sub("~", text)


@functools.lru_cache(maxsize=4096)
def _masked(text: str) -> str:
    """Kept, because the same ids stand in many answers of a case."""
    return _VOLATILE.sub("~", text)


def alike(old: str, new: str) -> bool:
    """Whether two texts are the same but for ids, request ids, times and ports in them."""
    if old == new:
        return True
    looks = shape(old)
    if looks and looks == shape(new):
        return time_style(old) == time_style(new)
    return masked(old) == masked(new)
