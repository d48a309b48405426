"""JSON that keeps what `json.loads` loses: the spelling of numbers, and properties named twice.

A response must come out of a recording as the contract sees it: 1 and 1.0 are different spellings, and
`{"a": 1, "a": 2}` is a fault that a later check may want to find.
"""

from __future__ import annotations

import json
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


def indented(tree: Any, width: int = 100) -> str:
    """The tree as ASCII JSON: what fits into `width` columns on one line, else a property or an item a line.

    ValueError where that would lose anything.
    """
    text = _write(tree, "", width)
    if parse(text) != tree:
        raise ValueError("the indented text does not hold the same values")
    return text


def compact(tree: Any) -> str:
    """The tree as ASCII JSON on one line, with Python's separators."""
    if isinstance(tree, Number):
        return tree.text
    if isinstance(tree, Object):
        return "{" + ", ".join(f"{json.dumps(name)}: {compact(value)}" for name, value in tree) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(compact, tree)) + "]"
    return json.dumps(tree)


def _write(tree: Any, indent: str, width: int) -> str:
    line = compact(tree)
    if len(indent) + len(line) <= width or not isinstance(tree, (Object, list)):
        return line
    inner = indent + "  "
    opened, closed = "{}" if isinstance(tree, Object) else "[]"
    items = (
        [f"{json.dumps(name)}: {_write(value, inner, width - len(name) - 4)}" for name, value in tree]
        if isinstance(tree, Object)
        else [_write(item, inner, width) for item in tree]
    )
    return f"{opened}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{closed}"
