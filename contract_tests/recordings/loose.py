"""JSON that cannot be parsed (cut off, several documents, single quotes, comments), read token by token.

What redaction needs of it is which texts and numbers stand under which names; this finds them in whatever
there is, in one pass and without recursion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<escaped>\\+)(?P<quote>["'])(?P<inner>.*?)(?:(?P=escaped)(?P=quote)|\Z)"""
    r"""|"(?:[^"\\]|\\.)*(?:"|\\?\Z)|'(?:[^'\\]|\\.)*(?:'|\\?\Z)"""
    r"""|[{}\[\]:,]|[^\s{}\[\]:,"'\\]+|\\""",
    re.DOTALL,
)
_NUMBER = re.compile(r"[-+]?\.?\d[\w.+-]*")
_NO_SECRETS = frozenset(("true", "false", "null", "none", "undefined", "u", "b"))
"""Words that are no values of their own; the last two stand before Python's texts."""
_ESCAPE = re.compile(r"""\\(?:u([0-9A-Fa-f]{4})|(.))""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text or a number in `text[start:end]`, without its quotes; `outer` is the name around its own."""

    start: int
    end: int
    name: str
    outer: str
    number: bool = False
    cut: bool = False


def unescaped(text: str) -> str:
    """A text without JSON's backslashes, whatever they stand before."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)


def scalars(text: str) -> Iterator[Scalar]:
    """The texts and numbers of `text`, in order, each with the name that it stands under (or "")."""
    opened = [("{", "")]
    pending = ""
    held: Scalar | None = None
    for found in _TOKEN.finditer(text):
        mark = found[0]
        if mark == ":":
            if held is not None:
                pending, held = unescaped(text[held.start : held.end]), None
            continue
        if mark in "{}[],":
            if held is not None:
                yield held
                held = None
            if mark in "{[":
                opened.append((mark, pending or (opened[-1][1] if opened[-1][0] == "[" else "")))
            elif mark in "}]" and len(opened) > 1:
                opened.pop()
            pending = ""
            continue
        if held is not None:
            yield held
        held = _scalar(found, pending, *opened[-1])
    if held is not None:
        yield held


def _scalar(found: re.Match[str], pending: str, bracket: str, around: str) -> Scalar | None:
    mark = found[0]
    name, outer = (pending, around) if pending or bracket == "{" else (around, "")
    if found["escaped"]:
        return Scalar(*found.span("inner"), name, outer)
    if mark[0] in "\"'":
        closed = len(mark) > 1 and mark[-1] == mark[0]
        return Scalar(found.start() + 1, found.end() - closed, name, outer, cut=not closed)
    if mark == "\\" or mark.lower() in _NO_SECRETS:
        return None
    return Scalar(*found.span(), name, outer, number=_NUMBER.fullmatch(mark) is not None)
