"""Matchers: what a value must be. An operator and its operand, told by a one-key map in a scenario.

A value that is not there is MISSING: only `absent` accepts it. A path that is not singular gives a list,
and an empty list counts as absent.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import regex

from contract_tests.model.finding import Mark
from contract_tests.model.http import MISSING, same_json
from contract_tests.model.template import as_text, render

PATTERN_SECONDS = 1.0
"""How long one pattern may look at one value. Past that it counts as no match: see PatternTimeout."""

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: type(value) is int or (isinstance(value, float) and value.is_integer()),
}

FORMATS = (
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
)
"""The formats of JSON Schema (draft 2020-12, section 7.3), which matchers and schemas share."""


class PatternTimeout(Exception):
    """A pattern took longer than PATTERN_SECONDS: it backtracks too much on this value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """`operator` is a key of OPERATORS; `operand` may hold templates, or be a matcher (`not`, `each`, …)."""

    operator: str
    operand: Any
    mark: Mark = field(default=Mark(), compare=False)

    def accepts(self, value: Any, variables: Mapping[str, Any]) -> bool:
        """Whether `value` is as it must be; UndefinedVariable, PatternTimeout."""
        operand = self.operand if isinstance(self.operand, Matcher) else render(self.operand, variables)
        return OPERATORS[self.operator].test(value, operand, variables)

    def describe(self, variables: Mapping[str, Any]) -> str:
        """What is expected, in words."""
        if isinstance(self.operand, Matcher):
            return OPERATORS[self.operator].words.format(self.operand.describe(variables))
        operand = render(self.operand, variables)
        if self.operator == "one_of":
            return OPERATORS["one_of"].words.format(", ".join(map(show, operand)))
        return OPERATORS[self.operator].words.format(show(operand) if self.operator != "match" else operand)


def show(value: Any) -> str:
    """A JSON value as messages show it, on one line and not too long."""
    import json

    if value is MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 300 else f"{text[:280]}… ({len(text)} characters)"


def _present(value: Any) -> bool:
    return value is not MISSING and value != []


def _equals(value: Any, operand: Any, variables: Mapping[str, Any]) -> bool:
    return same_json(value, operand)


@functools.lru_cache(maxsize=2048)
def _pattern(text: str) -> Any:
    return regex.compile(text)


def search(pattern: str, text: str) -> Any:
    """The first match of `pattern` in `text`, or None; PatternTimeout where it takes too long."""
    try:
        return _pattern(pattern).search(text, timeout=PATTERN_SECONDS)
    except TimeoutError:
        raise PatternTimeout(pattern) from None


def _match(value: Any, operand: Any, variables: Mapping[str, Any]) -> bool:
    return isinstance(value, str) and search(operand, value) is not None


@functools.lru_cache(maxsize=64)
def _format_validator(name: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for({"type": "string", "format": name}, validate_formats=True)


def _format(value: Any, operand: Any, variables: Mapping[str, Any]) -> bool:
    return isinstance(value, str) and bool(_format_validator(operand).is_valid(value))


def _inner(operand: Any, value: Any, variables: Mapping[str, Any]) -> bool:
    return operand.accepts(value, variables) if isinstance(operand, Matcher) else same_json(value, operand)


def _contains(value: Any, operand: Any, variables: Mapping[str, Any]) -> bool:
    if isinstance(value, list):
        return any(_inner(operand, item, variables) for item in value)
    if isinstance(operand, Matcher):
        return False
    if isinstance(value, dict):
        return operand in value if isinstance(operand, str) else False
    return isinstance(value, str) and as_text(operand) in value


def _each(value: Any, operand: Any, variables: Mapping[str, Any]) -> bool:
    return isinstance(value, list) and all(_inner(operand, item, variables) for item in value)


def _unordered(value: Any, operand: Any, variables: Mapping[str, Any]) -> bool:
    if not isinstance(value, list) or len(value) != len(operand):
        return False
    rest = list(operand)
    for item in value:
        found = next((at for at, other in enumerate(rest) if same_json(item, other)), None)
        if found is None:
            return False
        del rest[found]
    return True


def _length(value: Any, operand: Any, variables: Mapping[str, Any]) -> bool:
    if not isinstance(value, (str, list, dict)):
        return False
    return _inner(operand, len(value), variables)


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Mapping[str, Any]], bool]:
    def compare(value: Any, operand: Any, variables: Mapping[str, Any]) -> bool:
        if isinstance(operand, str):
            return isinstance(value, str) and test(value, operand)
        if isinstance(value, str):  # a header's number
            try:
                value = float(value)
            except ValueError:
                return False
        return isinstance(value, (int, float)) and not isinstance(value, bool) and test(value, operand)

    return compare


@dataclass(frozen=True, slots=True)
class Operator:
    """`operand` names what may stand there (see `contract_tests.loading.matchers`); `words` word it."""

    test: Callable[[Any, Any, Mapping[str, Any]], bool]
    operand: str
    words: str
    doc: str


OPERATORS: Mapping[str, Operator] = {
    "equals": Operator(
        _equals, "any", "{}", "the same JSON value: numbers by value, booleans are no numbers"
    ),
    "match": Operator(
        _match, "pattern", "text that matches /{}/", "a regular expression, searched in a text"
    ),
    "absent": Operator(lambda v, o, _: not _present(v), "true", "nothing", "nothing is there"),
    "present": Operator(lambda v, o, _: _present(v), "true", "anything", "something is there, null included"),
    "any": Operator(
        lambda v, o, _: True, "true", "anything or nothing", "no expectation (lifts an older one)"
    ),
    "type": Operator(lambda v, o, _: TYPES[o](v), "type", "a value of type {}", "a JSON type"),
    "format": Operator(_format, "format", "text of the format {}", "a format of JSON Schema, enforced"),
    "one_of": Operator(
        lambda v, o, _: any(same_json(v, item) for item in o),
        "list",
        "one of {}",
        "equal to one of these values",
    ),
    "contains": Operator(
        _contains,
        "matcher",
        "something that contains {}",
        "a list with such an item, a text with this part, an object with this property",
    ),
    "length": Operator(_length, "matcher", "a length of {}", "how many items, properties or characters"),
    "gt": Operator(_compare(lambda a, b: a > b), "number", "more than {}", "greater than"),
    "ge": Operator(_compare(lambda a, b: a >= b), "number", "{} or more", "greater or equal"),
    "lt": Operator(_compare(lambda a, b: a < b), "number", "less than {}", "less than"),
    "le": Operator(_compare(lambda a, b: a <= b), "number", "{} or less", "less or equal"),
    "not": Operator(
        lambda v, o, variables: v is not MISSING and not _inner(o, v, variables),
        "matcher",
        "something that is not {}",
        "something is there, and it is not this",
    ),
    "each": Operator(
        _each,
        "matcher",
        "a list in which each item is {}",
        "a list whose every item is this (an empty one too)",
    ),
    "unordered": Operator(
        _unordered, "list", "in any order {}", "a list with exactly these items, in any order"
    ),
}
