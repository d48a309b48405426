"""Texts that others wrote, so that nothing obeys them which shows them: a terminal, a CI system, a page."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"(?m)^([ \t]*)(?=::[A-Za-z])|(##)(?=\[|vso\[)")
"""Commands of GitHub Actions at a line's beginning, after white space too, and those of Azure Pipelines and
of the older runner anywhere in a line: both read them out of whatever a step prints."""
_NO_JSON = re.compile(
    "[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|(?<=##)\\[|(?<=##vso)\\["
)
"""DEL, C1, the marks that turn a text round, surrogates, and the bracket of a command."""
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_MARKDOWN = str.maketrans({"&": "&amp;", "<": "&lt;", "\n": " ", **{char: f"\\{char}" for char in "\\|[]`*"}})


def printable(text: str) -> str:
    """`text` on one line and without control characters, which could write over a terminal or end the line.

    A backslash stands before what a CI system would take for a command.

    >>> printable("::error::x\\x1b[31m")
    '\\\\::error::x\\\\x1b[31m'
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)
    return _COMMAND.sub(r"\1\2\\", text) if "::" in text or "##" in text else text


def harmless(text: str) -> str:
    """Lines of output, each `printable`."""
    return "\n".join(map(printable, text.split("\n")))


def harmless_json(text: str) -> str:
    """JSON that reads the same, without what a terminal or a CI system would obey, and in UTF-8."""
    return _NO_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def cell(text: str) -> str:
    """A text in a cell of a Markdown table: it stays in it, and is no HTML, link, image or mention."""
    return _MENTION.sub("@&#8203;", printable(" ".join(text.split())).translate(_MARKDOWN))
