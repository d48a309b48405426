"""Matchers as they are written: a plain value means equality, a one-key map is an operator."""

from __future__ import annotations

from typing import Any

import regex

from contract_tests.loading.source import ListNode, MapNode, ScalarNode, Source, kind_of, nearest, plain
from contract_tests.model.matcher import FORMATS, OPERATORS, TYPES, Matcher
from contract_tests.model.template import Template, compile_value


def read_matcher(source: Source, node: Any, *, textual: bool = False) -> Matcher | None:
    """The matcher at `node`; None (and a problem) where it is none.

    `textual`: what is compared is text (a header), so a plain number means its text as written.
    """
    if not isinstance(node, MapNode):
        value = (
            node.text if textual and isinstance(node, ScalarNode) and node.value is not None else plain(node)
        )
        return Matcher(operator="equals", operand=compile_value(value), mark=node.mark)
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
            f"{nearest(key.text, OPERATORS)} (write 'equals:' above it where the mapping itself is the value)",
        )
        return None
    if not _operand_fits(source, operator.operand, operand, key.text):
        return None
    compiled: Any
    if operator.operand == "matcher" and isinstance(operand, MapNode):
        compiled = read_matcher(source, operand, textual=textual)
        if compiled is None:
            return None
    elif key.text == "match":
        compiled = compile_value(operand.text)
    elif textual and key.text in ("equals", "contains", "not") and isinstance(operand, ScalarNode):
        compiled = compile_value(operand.text)
    else:
        compiled = compile_value(plain(operand))
    return Matcher(operator=key.text, operand=compiled, mark=key.mark)


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
            f"this is no regular expression: {error}",
            offset=min(error.pos or 0, max(0, node.length - 1)),
        )
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
    accepted, wanted, hint = {
        "any": (True, "", ""),
        "matcher": (True, "", ""),
        "true": (scalar and node.value is True, "true", "write it only where it is expected"),
        "type": (scalar and node.text in TYPES, "a JSON type", nearest(node.text, TYPES) if scalar else ""),
        "format": (
            scalar and node.text in FORMATS,
            "a known format",
            nearest(node.text, FORMATS) if scalar else "",
        ),
        "list": (isinstance(node, ListNode) or template, "a list", ""),
        "number": (
            template
            or (scalar and not isinstance(node.value, bool) and isinstance(node.value, (int, float, str))),
            "a number or a text",
            "",
        ),
    }[kind]
    if not accepted:
        got = f"'{node.text}'" if scalar and node.text else kind_of(node)
        source.problem(node, "bad-matcher", f"'{name}' needs {wanted}, not {got}", hint)
    return accepted
