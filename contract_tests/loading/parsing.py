"""YAML text -> nodes, from the parser's events. Nothing in a file is ever constructed or executed.

Aliases share one node, so a small file may stand for a huge one: what it stands for is counted, not built.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from contract_tests.loading.nodes import ListNode, MapNode, Node, ScalarNode, resolve_plain
from contract_tests.model.finding import Mark

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_VALUES = 200_000
DEEPEST = 64

Problem = Callable[..., None]
"""`Source.problem`: node, rule, message, hint."""

_HINTS = (
    ("mapping values are not allowed", "quote a text that holds ': ', or mend the indentation"),
    ("cannot start any token", "quote a text that begins with one of @ ` % & * ! | >"),
    ("unexpected end of stream", "close the quote that opens here"),
    ("unknown escape character", "use single quotes, in which a backslash is a backslash"),
    ("undefined tag handle", "write the value without a tag, or quote it"),
    (
        "expected ',' or",
        "close the bracket, put commas between the items, or quote a text that holds , [ ] { }",
    ),
    ("expected key", "begin each key of a mapping in the same column"),
    ("expected '-' indicator", "begin each item of a list in the same column, with '- '"),
)


class _StopError(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, at: Node | None, rule: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.problem = (at, rule, message, hint)


@dataclass(slots=True)
class _Open:
    """A list or a mapping whose end has not come yet."""

    event: Any
    nodes: list[Any] = field(default_factory=list)
    count: int = 1
    height: int = 1


def parse(path: str, text: str, problem: Problem) -> Any:
    """The root node of the document in `text`, or None where it has none; `problem` is told what is wrong."""
    builder = _Builder(path, problem)
    try:
        return builder.build(text)
    except _StopError as error:
        problem(*error.problem)
    except yaml.MarkedYAMLError as error:
        problem(*_syntax(builder, error, text))
    except yaml.YAMLError as error:
        problem(None, "yaml-syntax", f"this is no YAML: {str(error).splitlines()[0]}")
    return None


def _syntax(builder: _Builder, error: yaml.MarkedYAMLError, text: str) -> tuple[Node, str, str, str]:
    what = error.problem or error.context or "it cannot be read"
    where = error.problem_mark or error.context_mark
    if "end of stream" in what and error.context_mark is not None:
        where = error.context_mark
    line, column = (where.line, where.column) if where is not None else (0, 0)
    lines = text.splitlines()
    hint = next((hint for phrase, hint in _HINTS if phrase in what), "check indentation, colons and quotes")
    if line < len(lines) and "\t" in lines[line][: column + 1]:
        hint = "indent with spaces: YAML allows no tabs there"
    return builder.at(line, column), "yaml-syntax", f"this is no YAML: {what}", hint


class _Builder:
    def __init__(self, path: str, problem: Problem) -> None:
        self.path = path
        self.problem = problem
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.root: Any = None

    def at(self, line: int, column: int, length: int = 1) -> Node:
        """A place in the file; line and column count from 0, as YAML's marks do."""
        return Node(Mark(path=self.path, line=line + 1, column=column + 1), length)

    def build(self, text: str) -> Any:
        documents = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    at = self._place(event, event)
                    self.problem(
                        at, "several-documents", "a second document begins here", "write one document a file"
                    )
                    break
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end(event)
        return self.root

    def _place(self, start: Any, end: Any) -> Node:
        first, last = start.start_mark, end.end_mark
        return self.at(
            first.line, first.column, max(1, last.column - first.column) if first.line == last.line else 1
        )

    def _node(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._add(*self._alias(event))
            return
        if event.tag is not None:
            self.problem(
                self._place(event, event),
                "yaml-tag",
                f"the tag {event.tag.replace('tag:yaml.org,2002:', '!!')} has no meaning here",
                "write the value without a tag; quote it where it is text",
            )
        if isinstance(event, yaml.CollectionStartEvent):
            self.open.append(_Open(event))
            self._check_depth(event, 0)
            return
        node = self._scalar(event)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1, 0)
        self._add(node, 1, 0)

    def _scalar(self, event: Any) -> ScalarNode:
        place = self._place(event, event)
        text = event.value
        value = resolve_plain(text) if event.implicit[0] else text
        if isinstance(value, float) and math.isinf(value):
            self.problem(
                place, "bad-number", f"the number {text[:40]} is too large", "quote it where it is text"
            )
            value = text
        return ScalarNode(place.mark, 1 if event.style in ("|", ">") else place.length, value, text)

    def _alias(self, event: Any) -> tuple[Any, int, int]:
        name, place = event.anchor, self._place(event, event)
        if any(part.event.anchor == name for part in self.open):
            raise _StopError(
                place,
                "yaml-syntax",
                f"the alias *{name} stands inside of what it stands for",
                "nothing can hold itself",
            )
        if name not in self.anchors:
            raise _StopError(
                place, "yaml-syntax", f"no &{name} stands before *{name}", "quote a text that begins with *"
            )
        node, count, height = self.anchors[name]
        self._check_depth(event, height)
        return node, count, height

    def _check_depth(self, event: Any, height: int) -> None:
        if len(self.open) + height > DEEPEST:
            place = self._place(event, event)
            raise _StopError(place, "too-deep", f"more than {DEEPEST} levels of nesting", "write it flatter")

    def _add(self, node: Any, count: int, height: int) -> None:
        """A finished node goes into what is open; the outermost is the root."""
        if not self.open:
            self.root = node
            return
        above = self.open[-1]
        above.nodes.append(node)
        above.count += count
        above.height = max(above.height, height + 1)
        if above.count > MOST_VALUES:
            message = f"with its aliases the file stands for more than {MOST_VALUES} values"
            raise _StopError(
                self._place(above.event, above.event), "too-large", message, "write fewer aliases"
            )

    def _end(self, event: Any) -> None:
        done = self.open.pop()
        place = self._place(done.event, event)
        node: Any
        if isinstance(event, yaml.MappingEndEvent):
            node = MapNode(place.mark, place.length, self._entries(done.nodes))
        else:
            node = ListNode(place.mark, place.length, tuple(done.nodes))
        if done.event.anchor:
            self.anchors[done.event.anchor] = (node, done.count, done.height)
        self._add(node, done.count, done.height)

    def _entries(self, nodes: list[Any]) -> tuple[tuple[ScalarNode, Any], ...]:
        """Keys and values, which come by turns, as pairs."""
        entries: dict[str, tuple[ScalarNode, Any]] = {}
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, ScalarNode):
                self.problem(
                    key,
                    "key-type",
                    "a key must be text, not a list or a mapping",
                    'quote a text that begins with [ or {, such as "${name}"',
                )
            elif key.text == "<<":
                self.problem(
                    key,
                    "yaml-merge",
                    "merge keys are not read here",
                    "write the keys out where they are meant",
                )
            elif key.text in entries:
                self.problem(
                    key,
                    "duplicate-key",
                    f"the key '{key.text}' stands here a second time",
                    f"the first is at line {entries[key.text][0].mark.line}; keep one of them",
                )
            else:
                entries[key.text] = (key, value)
        return tuple(entries.values())
