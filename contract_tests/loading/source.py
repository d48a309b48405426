"""One file that a person wrote: its nodes, and the problems that are found in it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from contract_tests.errors import LoadError, Problem
from contract_tests.loading.nodes import ListNode, MapNode, Node, ScalarNode, kind_of, plain, walk_templates
from contract_tests.loading.parsing import parse
from contract_tests.model.finding import Mark

__all__ = (
    "ListNode",
    "MapNode",
    "Node",
    "ScalarNode",
    "Source",
    "closest",
    "kind_of",
    "nearest",
    "plain",
    "read_source",
    "show_path",
    "walk_templates",
)

_LARGEST_FILE = 16 * 2**20
_LONGEST_LINE = 400
_SHORTEST_SECRET = 4
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


_IDENTITIES = frozenset(("identities", "proofs"))
_MAY_HOLD_SECRETS = re.compile(rf"""\b(?:{"|".join(_IDENTITIES)})["']?\s*:""")
_OPEN = re.compile(r"env|cloud|username|auth_url|region|service|header|\w+_(?:id|name)|none")
"""What an identity says openly; whatever else it says, under a misspelt name too, is taken for a secret."""


class Source:
    """One file: its nodes, and the problems found in it so far. `root` is None where it has no nodes.

    No problem shows what `identities` hold: its line has stars there.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = _LINE_END.split(text)
        self.problems: list[Problem] = []
        self.root: Any = None
        self._secrets: list[str] = []
        self._shown = self.lines
        if _MAY_HOLD_SECRETS.search(text):
            self._shown = []  # until it is known where they are
        strange = _UNPRINTABLE.search(text)
        if strange is not None:
            before = _LINE_END.split(text[: strange.start()])
            at = Node(Mark(path=path, line=len(before), column=len(before[-1]) + 1), 1)
            self.problem(
                at,
                "yaml-syntax",
                f"this is no YAML: the control character U+{ord(strange[0]):04X} stands here",
                'save the file as UTF-8 text; in double quotes the character has an escape ("\\x07")',
            )
            return
        self.root = parse(path, text, self.problem)
        if self.root is not None and not self._shown:
            self._shown = list(self.lines)
            self._conceal(self.root, within=False)
        if self.root is None and not self.problems:
            hint = "`contract-tests schema KIND` tells what it may hold"
            self.problem(None, "empty-file", "the file is empty", hint)

    def problem(
        self, node: Node | None, rule: str, message: str, hint: str = "", *, offset: int = 0, length: int = 0
    ) -> None:
        """Note a problem at `node` (None: at the file's beginning).

        `offset` and `length` choose a part of a scalar's text.
        """
        mark = node.mark if node is not None else Mark(path=self.path, line=1, column=1)
        source = self._shown[mark.line - 1] if 0 < mark.line <= len(self._shown) else ""
        for secret in self._secrets:
            message = message.replace(secret, "***")
        whole = node.length if node is not None else 1
        if offset or length:
            if source[mark.column - 1 : mark.column] in ("'", '"'):
                offset += 1
            if not isinstance(node, ScalarNode) or offset + (length or 1) > whole:
                offset = length = 0  # a text of several lines: only its beginning has a place
        self.problems.append(
            Problem(
                path=self.path,
                line=mark.line,
                column=mark.column + offset,
                message=_safe(message),
                rule=rule,
                length=length or max(1, whole - offset),
                source=_one_for_one(source) if len(source) <= _LONGEST_LINE else "",
                hint=_safe(hint),
            )
        )

    def _conceal(self, node: Any, within: bool) -> None:
        """Put stars where identities hold secrets, and remember these."""
        if isinstance(node, MapNode):
            for key, value in node.entries:
                known = within and _OPEN.fullmatch(key.text) and isinstance(value, ScalarNode)
                if not known or "@" in value.text:
                    self._conceal(value, within or key.text in _IDENTITIES)
        elif isinstance(node, ListNode):
            for item in node.items:
                self._conceal(item, within)
        elif within and node.text and node.value is not None:
            line, start = node.mark.line - 1, node.mark.column - 1
            shown, end = self._shown[line], start + node.length
            self._shown[line] = shown[:start] + "*" * len(shown[start:end]) + shown[end:]
            if len(node.text) >= _SHORTEST_SECRET:
                self._secrets.append(node.text)

    def raise_problems(self) -> None:
        """LoadError with everything found, in the order of the file; nothing where all is well."""
        if self.problems:
            raise LoadError(sorted(set(self.problems)))


def _one_for_one(line: str) -> str:
    """A line as a caret can stand below it: what a terminal would obey or hide (U+202E turns the rest of a
    line round) is a question mark."""
    return line if line.isprintable() else "".join(c if c.isprintable() or c == "\t" else "?" for c in line)


def _safe(text: str) -> str:
    """What a file says, as a message can show it: on one line, without control characters, not too long."""
    text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 20]}… ({len(text)} characters)"


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` was meant to be, by its letters; empty where none is like it."""
    lower = {name.lower(): name for name in reversed(list(known))}
    close = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return lower[close[0]] if close else ""


def nearest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint: the known word that is most like `word`; else `otherwise`, or the list of the known ones."""
    known = list(known)
    close = closest(word, known)
    if close:
        return f"did you mean '{close}'?"
    return otherwise or (f"known here: {', '.join(known)}" if known else "")


def read_source(path: Path, shown: str = "") -> Source:
    """Read and parse a file; LoadError where it cannot be read at all. `shown` is its name in messages."""
    shown = shown or show_path(path)
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise _unreadable(shown, "too-large", f"larger than {_LARGEST_FILE // 2**20} MiB", "split it")
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(
            shown, "unreadable", f"cannot be read: {error.strerror}", "mend its name or its mode"
        ) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].split(b"\n")
        message = f"the byte 0x{data[error.start]:02x} is no UTF-8"
        column = len(before[-1].decode("utf-8-sig", "replace")) + 1
        raise _unreadable(
            shown, "not-utf-8", message, "save the file as UTF-8 text", len(before), column
        ) from None
    return Source(shown, text)


def _unreadable(shown: str, rule: str, message: str, hint: str, line: int = 1, column: int = 1) -> LoadError:
    return LoadError([Problem(path=shown, line=line, column=column, message=message, rule=rule, hint=hint)])


def show_path(path: Path) -> str:
    """A path as messages show it: relative to the working directory where it is below that."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
