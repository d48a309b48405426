"""Microversions: ordered values, and the orders that give them their meaning.

An order reads the text of a microversion; the value that it returns compares by that order alone.
Nothing here knows how a microversion is sent (see `contract_tests.model.dialect`).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, order=True)
class Microversion:
    """One point on a service's version axis: compared by `key`, shown as `text`."""

    key: tuple[Any, ...]
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroversionRange:
    """From `low` to `high`, both included; None is an open end."""

    low: Microversion | None = None
    high: Microversion | None = None

    def __contains__(self, version: Microversion) -> bool:
        return (self.low is None or self.low <= version) and (self.high is None or version <= self.high)

    def __str__(self) -> str:
        if self.low is not None and self.low == self.high:
            return str(self.low)
        return f"{self.low or ''}-{self.high or ''}"

    def intersect(self, other: Self) -> MicroversionRange | None:
        """The part that both ranges cover, or None where there is none."""
        lows = [end for end in (self.low, other.low) if end is not None]
        highs = [end for end in (self.high, other.high) if end is not None]
        both = MicroversionRange(low=max(lows, default=None), high=min(highs, default=None))
        if both.low is not None and both.high is not None and both.low > both.high:
            return None
        return both


_NUMBER = re.compile(r"([1-9]\d{0,8})\.([1-9]\d{0,8}|0)", re.ASCII)
_MAJOR = re.compile(r"v?([1-9]\d{0,8}|0)(?:\.([1-9]\d{0,8}|0))?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_SEMANTIC = re.compile(
    r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?"
    r"(?:-((?!v\d)[A-Za-z][0-9A-Za-z]{0,39}(?:\.[0-9A-Za-z]{1,40})*))?",
    re.ASCII,
)


def _number_key(text: str) -> tuple[Any, ...] | None:
    """Two counted parts without leading zeros (API-SIG microversion specification): 2.9 < 2.10."""
    found = _NUMBER.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def _major_key(text: str) -> tuple[Any, ...] | None:
    """A major version as it stands in a URL: v2, v2.1, 3."""
    found = _MAJOR.fullmatch(text)
    return (int(found[1]), int(found[2] or 0)) if found else None


def _date_key(text: str) -> tuple[Any, ...] | None:
    """A calendar day, year first (ISO 8601): 2024-06-01."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        datetime.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return (int(found[1]), int(found[2]), int(found[3]))


def _semantic_key(text: str) -> tuple[Any, ...] | None:
    """Precedence of Semantic Versioning 2.0.0, section 11: 2.0-beta.1 < 2.0-beta.2 < 2.0.

    Trailing parts may be missing (2.0 is 2.0.0). A pre-release begins with a letter, does not look like
    a version and has no further hyphen here, so that `1.0-2.0`, `v1-v2` and `2.0-beta.1-3.0` are ranges
    and nothing else.
    """
    found = _SEMANTIC.fullmatch(text)
    if found is None:
        return None
    release = tuple(int(part or 0) for part in found.groups()[:3])
    if found[4] is None:
        return (*release, 1, ())
    # A numeric identifier is lower than one with letters.
    identifiers = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in found[4].split(".")
    )
    return (*release, 0, identifiers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a service's microversions are written and compared."""

    name: str
    example: str
    key: Callable[[str], tuple[Any, ...] | None]

    def parse(self, text: str) -> Microversion:
        """Read one microversion; ValueError (naming the expected form) when `text` is none."""
        key = self.key(text)
        if key is None:
            raise ValueError(f"{text!r} is no {self.name} microversion (one looks like {self.example})")
        return Microversion(key, text)

    def parse_range(self, text: str) -> MicroversionRange:
        """Read `LOW-HIGH`, `LOW-`, `-HIGH` or one microversion; ValueError when `text` is none of them."""
        key = self.key(text)
        if key is not None:
            one = Microversion(key, text)
            return MicroversionRange(low=one, high=one)
        for at, character in enumerate(text):
            if character != "-":
                continue
            low, high = text[:at].strip(), text[at + 1 :].strip()
            keys = [self.key(end) if end else () for end in (low, high)]
            if (low or high) and None not in keys:
                ends = [self.parse(end) if end else None for end in (low, high)]
                found = MicroversionRange(low=ends[0], high=ends[1])
                if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
                    raise ValueError(f"{text!r} ends before it begins")
                return found
        example = self.example
        raise ValueError(f"{text!r} is no range of microversions (one looks like {example}- or {example})")


ORDERS = {
    order.name: order
    for order in (
        Order(name="number", example="1.10", key=_number_key),
        Order(name="date", example="2024-06-01", key=_date_key),
        Order(name="semantic", example="2.0-beta.1", key=_semantic_key),
        Order(name="major", example="v2", key=_major_key),
    )
}


def known_between(
    low: Microversion, high: Microversion, order: Order, listed: Iterable[Microversion] = ()
) -> tuple[Microversion, ...]:
    """Every microversion from `low` to `high`, in order.

    A `number` axis within one major is counted; on any other axis only the `listed` ones and the two
    ends are known. (A `number` axis with gaps does not exist in the field.)

    >>> n = ORDERS["number"]
    >>> [str(v) for v in known_between(n.parse("1.8"), n.parse("1.11"), n)]
    ['1.8', '1.9', '1.10', '1.11']
    """
    if order.name == "number" and low.key[0] == high.key[0]:
        major = low.key[0]
        return tuple(Microversion((major, n), f"{major}.{n}") for n in range(low.key[1], high.key[1] + 1))
    return tuple(sorted({v for v in listed if low <= v <= high} | {low, high}))
