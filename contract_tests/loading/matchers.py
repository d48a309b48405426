"""Matchers as they are written: a plain value means equality, a one-key map is an operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import regex

from contract_tests.loading.grammar import shown
from contract_tests.loading.nodes import ListNode, MapNode, ScalarNode, kind_of, plain
from contract_tests.loading.source import Source, nearest
from contract_tests.model.matcher import FORMATS, OPERATORS, TYPES, Matcher
from contract_tests.model.template import Template, compile_value


def read_matcher(source: Source, node: Any, *, textual: bool = False) -> Matcher | None:
    """The matcher at `node`; None (and a problem) where it is none.

    `textual`: what is compared is text (a header), so a plain number means its text as written.
    """
    if not isinstance(node, MapNode):
        if textual and (isinstance(node, ListNode) or node.value is None):
            source.problem(
                node,
                "bad-matcher",
                f"what is compared here is text, never {kind_of(node)}",
                "write {absent: true}, {one_of: […]}, or the value as text",
            )
            return None
        return Matcher(operator="equals", operand=_operand(node, textual), mark=node.mark)
    if len(node.entries) != 1:
        source.problem(
            node,
            "bad-matcher",
            f"a matcher has one key, this has {len(node.entries)}",
            "write 'equals:' above it where the mapping itself is the value",
        )
        return None
    key, operand = node.entries[0]
    operator = OPERATORS.get(key.text)
    if operator is None:
        source.problem(
            key,
            "unknown-matcher",
            f"unknown matcher '{key.text}'",
            f"{nearest(key.text, OPERATORS)} (put 'equals:' above it where the mapping itself is the value)",
        )
        return None
    if not _operand_fits(source, operator.operand, operand, key.text):
        return None
    if operator.operand == "matcher" and isinstance(operand, MapNode):
        inner = read_matcher(source, operand, textual=textual and key.text != "length")
        return Matcher(operator=key.text, operand=inner, mark=key.mark) if inner is not None else None
    compared = textual and key.text in ("equals", "not", "contains", "one_of")
    return Matcher(operator=key.text, operand=_operand(operand, compared), mark=key.mark)


def _operand(node: Any, textual: bool) -> Any:
    """A value to compare with; where text is compared, a number is its text as written."""
    if textual and isinstance(node, ScalarNode):
        return compile_value(node.text)
    if textual and isinstance(node, ListNode):
        return compile_value(
            [plain(item) if isinstance(item, MapNode) else _text(item) for item in node.items]
        )
    return compile_value(plain(node))


def _text(node: Any) -> Any:
    return node.text if isinstance(node, ScalarNode) and node.value is not None else plain(node)


def check_pattern(source: Source, node: ScalarNode) -> bool:
    """Whether `node` is a regular expression (templates in it stand for any text)."""
    compiled = compile_value(node.text)
    text = (
        compiled.render(dict.fromkeys(compiled.variables, "x"))
        if isinstance(compiled, Template)
        else compiled
    )
    try:
        regex.compile(text)
    except regex.error as error:
        source.problem(
            node,
            "bad-regex",
            f"this is no regular expression: {error.msg}",
            "a backslash before . ( ) [ { * + ? makes it that character",
            offset=0 if compiled is not text else (error.pos or 0),
        )
        return False
    except (OverflowError, RecursionError, MemoryError):
        source.problem(node, "bad-regex", "this regular expression is too large", "write it shorter")
        return False
    return True


def _operand_fits(source: Source, kind: str, node: Any, name: str) -> bool:
    """Whether `node` may stand behind the operator `name`."""
    scalar = isinstance(node, ScalarNode)
    template = scalar and "${" in node.text
    if kind == "pattern":
        if not (scalar and isinstance(node.value, str)):
            source.problem(
                node, "bad-matcher", f"'{name}' needs a regular expression, not {kind_of(node)}", "quote it"
            )
            return False
        return check_pattern(source, node)
    if name == "length" and scalar:
        kind = "count"
    accepts, wanted, hint = _OPERANDS[kind]
    accepted = accepts(node) or (template and kind in ("count", "list", "number"))
    if not accepted:
        if kind == "true":
            hint = _TRUE.get(name, "")
        elif kind in _NAMES and scalar:
            hint = nearest(node.text, _NAMES[kind])
        source.problem(node, "bad-matcher", f"'{name}' needs {wanted}, not {shown(node)}", hint)
    elif name == "one_of" and isinstance(node, ListNode) and not node.items:
        source.problem(node, "bad-matcher", "'one_of' of nothing accepts nothing", "write {absent: true}")
        return False
    return bool(accepted)


def _scalar(test: Callable[[ScalarNode], bool]) -> Callable[[Any], bool]:
    return lambda node: isinstance(node, ScalarNode) and test(node)


_NAMES: Mapping[str, Iterable[str]] = {"type": TYPES, "format": FORMATS}
_OPERANDS: Mapping[str, tuple[Callable[[Any], bool], str, str]] = {
    "any": (lambda node: True, "", ""),
    "matcher": (lambda node: True, "", ""),
    "true": (_scalar(lambda node: node.value is True), "true", ""),
    "type": (_scalar(lambda node: node.text in TYPES), "a JSON type", ""),
    "format": (_scalar(lambda node: node.text in FORMATS), "a known format", ""),
    "count": (
        _scalar(lambda node: type(node.value) is int and node.value >= 0),
        "a whole number, 0 or more",
        "",
    ),
    "list": (lambda node: isinstance(node, ListNode), "a list", "write it as [first, second]"),
    "number": (
        _scalar(lambda node: not isinstance(node.value, bool) and isinstance(node.value, (int, float, str))),
        "a number or a text",
        "",
    ),
}
"""What may stand behind an operator of each kind: a test, what it is called, and a hint."""


class _MatcherKind:
    """Where a matcher stands in a file: read by `read_matcher`; here is what an editor needs."""

    def check(self, source: Source, node: Any, what: str) -> bool:
        return True

    def schema(self) -> dict[str, Any]:
        operators = {name: {"description": operator.doc} for name, operator in OPERATORS.items()}
        matcher = {"type": "object", "properties": operators, "additionalProperties": False}
        value = {"type": ["string", "number", "boolean", "null", "array"]}
        return {"anyOf": [value, {**matcher, "minProperties": 1, "maxProperties": 1}]}


_TRUE = {
    "absent": "where something must be there, write {present: true}",
    "present": "where nothing must be there, write {absent: true}",
    "any": "where anything is right, write {any: true}",
}
MATCHER = _MatcherKind()
