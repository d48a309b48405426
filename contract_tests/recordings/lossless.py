"""JSON that keeps what `json.loads` loses: the spelling of numbers, and properties named twice.

A response must come out of a recording as the contract sees it: 1 and 1.0 are different spellings, and
`{"a": 1, "a": 2}` is a fault that a later check may want to find.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Number:
    """A number (or NaN, Infinity) as it was spelled."""

    text: str


class Object(tuple[tuple[str, Any], ...]):
    """An object as its (name, value) pairs, in order."""

    __slots__ = ()


def parse(text: str) -> Any:
    """A tree of Object, list, str, Number, bool and None; ValueError, RecursionError where there is none."""
    return json.loads(
        text, object_pairs_hook=Object, parse_int=Number, parse_float=Number, parse_constant=Number
    )


def indented(tree: Any) -> str:
    """The tree as ASCII JSON, a property or an item a line; ValueError where that would lose anything."""
    text = "".join(_write(tree, "\n"))
    if parse(text) != tree:
        raise ValueError("the indented text does not hold the same values")
    return text


def compact(tree: Any) -> str:
    """The tree as ASCII JSON on one line, with Python's separators."""
    return "".join(_write(tree, ""))


def _write(tree: Any, newline: str) -> Iterator[str]:
    if isinstance(tree, Number):
        yield tree.text
    elif isinstance(tree, (Object, list)) and tree:
        opened, closed = "{}" if isinstance(tree, Object) else "[]"
        inner = newline and newline + "  "
        yield opened + inner
        for index, item in enumerate(tree):
            if index:
                yield "," + (inner or " ")
            if isinstance(tree, Object):
                yield json.dumps(item[0]) + ": "
                item = item[1]
            yield from _write(item, inner)
        yield newline + closed
    else:
        yield "{}" if isinstance(tree, Object) else json.dumps(tree)
