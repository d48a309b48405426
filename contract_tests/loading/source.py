"""YAML text as nodes that know where they stand.

Scalars follow YAML 1.2's core schema: true, false, null and numbers are typed, all else is text (so `no`,
`on`, `12:30` and `2024-06-01` are text). A scalar's text stays beside its value, because 1.10 is a
microversion and no float. Nothing in a file is ever constructed or executed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from contract_tests.errors import LoadError, Problem
from contract_tests.model.finding import Mark

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

_MOST_NODES = 200_000

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "~": None} | {
    spelling: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for spelling in (word, word.title(), word.upper())
}


@dataclass(frozen=True, slots=True)
class Node:
    """A node and where it stands; `length` is what a caret line underlines."""

    mark: Mark
    length: int


@dataclass(frozen=True, slots=True)
class ScalarNode(Node):
    """A scalar: its value, and its text as written (without quotes)."""

    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class ListNode(Node):
    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class MapNode(Node):
    """A mapping; keys are scalars, whose text counts."""

    entries: tuple[tuple[ScalarNode, Any], ...]

    def get(self, key: str) -> Any:
        """The node at `key`, or None."""
        for name, node in self.entries:
            if name.text == key:
                return node
        return None

    def key(self, key: str) -> ScalarNode | None:
        """The node of the key itself."""
        return next((name for name, _ in self.entries if name.text == key), None)

    def keys(self) -> list[str]:
        return [name.text for name, _ in self.entries]


def plain(node: Any) -> Any:
    """A node as a plain value: dict, list, str, int, float, bool or None."""
    if isinstance(node, MapNode):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def kind_of(node: Any) -> str:
    """What a node is, in the words of error messages."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    value = node.value
    if value is None:
        return "nothing" if not node.text else "null"
    if isinstance(value, bool):
        return f"the boolean {node.text}"
    if isinstance(value, (int, float)):
        return f"the number {node.text}"
    return "text"


class Source:
    """One file: its nodes, and the problems that were found in it so far."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.problems: list[Problem] = []
        self._nodes = 0
        self.root = self._parse(text)

    def problem(
        self, node: Node | None, rule: str, message: str, hint: str = "", *, offset: int = 0, length: int = 0
    ) -> None:
        """Note a problem at `node` (None: at the file's first line); `offset` counts within a scalar's text."""
        mark = node.mark if node is not None else Mark(path=self.path, line=1, column=1)
        source = self.lines[mark.line - 1] if 0 < mark.line <= len(self.lines) else ""
        if offset and source[mark.column - 1 : mark.column] in ("'", '"'):
            offset += 1
        self.problems.append(
            Problem(
                path=self.path,
                line=mark.line,
                column=mark.column + offset,
                message=message,
                rule=rule,
                length=length or (max(1, node.length - offset) if node is not None else 1),
                source=source,
                hint=hint,
            )
        )

    def raise_problems(self) -> None:
        """LoadError with everything found, in the order of the file; nothing where all is well."""
        if self.problems:
            raise LoadError(sorted(set(self.problems)))

    def _parse(self, text: str) -> Any:
        try:
            documents = list(yaml.compose_all(text, Loader=_Loader))
        except yaml.MarkedYAMLError as error:
            where = error.problem_mark or error.context_mark
            line, column = (where.line + 1, where.column + 1) if where is not None else (1, 1)
            at = Node(Mark(path=self.path, line=line, column=column), 1)
            self.problem(
                at,
                "yaml-syntax",
                f"this is no YAML: {error.problem or error.context}",
                "check indentation, colons and quotes around here",
            )
            return None
        except yaml.YAMLError as error:
            message = str(error).splitlines()[0]
            self.problem(None, "yaml-syntax", f"this is no YAML: {message}", "save the file as UTF-8 text")
            return None
        except RecursionError:
            self.problem(None, "yaml-syntax", "this is no YAML: it is nested too deeply")
            return None
        if not documents or documents[0] is None:
            self.problem(
                None,
                "empty-file",
                "the file is empty",
                "see `contract-tests schema --help` for what it may hold",
            )
            return None
        if len(documents) > 1:
            mark = documents[1].start_mark
            at = Node(Mark(path=self.path, line=mark.line + 1, column=mark.column + 1), 1)
            self.problem(
                at, "several-documents", "a second YAML document begins here", "write one document a file"
            )
        try:
            return self._node(documents[0], ())
        except _TooLarge as error:
            self.problem(None, "too-large", str(error), "aliases may stand for a lot: write fewer of them")
            return None

    def _node(self, node: Any, above: tuple[int, ...]) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise _TooLarge(f"the file stands for more than {_MOST_NODES} values")
        start, end = node.start_mark, node.end_mark
        mark = Mark(path=self.path, line=start.line + 1, column=start.column + 1)
        length = max(1, end.column - start.column) if end.line == start.line else 1
        if id(node) in above:
            raise _TooLarge("an alias in the file contains itself")
        above = (*above, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, mark, length, above)
        if isinstance(node, yaml.SequenceNode):
            return ListNode(mark, length, tuple(self._node(item, above) for item in node.value))
        return self._scalar(node, mark, length)

    def _scalar(self, node: Any, mark: Mark, length: int) -> ScalarNode:
        if "\n" in node.value or node.style in ("|", ">"):
            length = 1
        text = node.value
        explicit = node.tag if not node.tag.startswith("tag:yaml.org,2002:") else ""
        scalar = ScalarNode(mark, length, text, text)
        if explicit or node.tag in ("tag:yaml.org,2002:binary", "tag:yaml.org,2002:set"):
            self.problem(
                scalar,
                "yaml-tag",
                f"the tag {node.tag!r} has no meaning here",
                "write the value without a tag",
            )
            return scalar
        if node.style:
            return scalar
        return ScalarNode(mark, length, resolve_plain(text), text)

    def _mapping(self, node: Any, mark: Mark, length: int, above: tuple[int, ...]) -> MapNode:
        entries: list[tuple[ScalarNode, Any]] = []
        seen: dict[str, ScalarNode] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                at = Node(
                    Mark(
                        path=self.path,
                        line=key_node.start_mark.line + 1,
                        column=key_node.start_mark.column + 1,
                    ),
                    1,
                )
                self.problem(at, "key-type", "a key must be text, not a list or a mapping")
                continue
            key = self._node(key_node, above)
            if key.text in seen:
                self.problem(
                    key,
                    "duplicate-key",
                    f"the key '{key.text}' stands here a second time",
                    f"the first is at line {seen[key.text].mark.line}; keep one of them",
                )
                self._node(value_node, above)
                continue
            if key.text == "<<":
                self.problem(
                    key, "yaml-merge", "merge keys are not read here", "write the keys where they are meant"
                )
                continue
            seen[key.text] = key
            entries.append((key, self._node(value_node, above)))
        return MapNode(mark, length, tuple(entries))


class _TooLarge(Exception):
    pass


def resolve_plain(text: str) -> Any:
    """The value of an unquoted scalar by YAML 1.2's core schema, decimal numbers only.

    >>> [resolve_plain(text) for text in ("1", "1.10", "no", "true", "~", "0o7", "2024-06-01")]
    [1, 1.1, 'no', True, None, '0o7', '2024-06-01']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 400:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint with the known word that is most like `word`, or the list of the known ones."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known here: {', '.join(known)}" if known else ""


def read_source(path: Path, shown: str = "") -> Source:
    """Read and parse a file; LoadError where it cannot be read at all. `shown` is its name in messages."""
    shown = shown or show_path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LoadError(
            [
                Problem(
                    path=shown,
                    line=1,
                    column=1,
                    message=f"byte {error.start + 1} is no UTF-8",
                    rule="not-utf-8",
                    hint="save the file as UTF-8 text",
                )
            ]
        ) from None
    except OSError as error:
        raise LoadError(
            [
                Problem(
                    path=shown,
                    line=1,
                    column=1,
                    message=f"cannot be read: {error.strerror}",
                    rule="unreadable",
                )
            ]
        ) from None
    return Source(shown, text)


def show_path(path: Path) -> str:
    """A path as messages show it: relative to the working directory where it is below that."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def walk_scalars(node: Any) -> Iterator[ScalarNode]:
    """Every scalar below `node`, keys included, in order."""
    if isinstance(node, MapNode):
        for key, value in node.entries:
            yield key
            yield from walk_scalars(value)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from walk_scalars(item)
    elif node is not None:
        yield node
