"""Nodes: what a YAML file holds, each knowing where it stands.

Scalars follow YAML 1.2's core schema: true, false, null and decimal numbers are typed, all else is text (so
`no`, `on`, `12:30` and `2024-06-01` are text). A scalar's text stays beside its value, because 1.10 is a
microversion and no float.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from contract_tests.model.finding import Mark

_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
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


def exact(node: Any) -> Any:
    """The same with each scalar's text beside its value, for comparing: 1.1 and 1.10 are not the same."""
    if isinstance(node, MapNode):
        return {key.text: exact(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [exact(item) for item in node.items]
    return (node.value, "" if node.value is None else node.text, type(node.value))


def kind_of(node: Any) -> str:
    """What a node is, in the words of error messages."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    value = node.value
    if value is None:
        return "null" if node.text else "nothing"
    if isinstance(value, bool):
        return f"the boolean {node.text}"
    if isinstance(value, (int, float)):
        return f"the number {node.text}"
    return "text" if value else "an empty text"


def walk_templates(node: Any) -> list[ScalarNode]:
    """Every scalar below `node` that holds a `${`, keys included, in order."""
    found: list[ScalarNode] = []
    left = [node]
    while left:
        one = left.pop()
        if isinstance(one, ScalarNode):
            if "${" in one.text:
                found.append(one)
        elif isinstance(one, MapNode):
            for key, value in reversed(one.entries):
                left += (value, key)
        elif isinstance(one, ListNode):
            left += reversed(one.items)
    return found


def resolve_plain(text: str) -> Any:
    """The value of an unquoted scalar by YAML 1.2's core schema, decimal numbers only.

    >>> [resolve_plain(text) for text in ("1", "1.10", "no", "true", "~", "0o7", "2024-06-01")]
    [1, 1.1, 'no', True, None, '0o7', '2024-06-01']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
