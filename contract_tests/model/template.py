"""Templates: text and JSON values in which `${name}` stands for a variable.

There is no code in a template: a name, nothing else. `$${` is a literal `${`. A value that is exactly
one variable keeps the variable's type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PART = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class UndefinedVariable(Exception):
    """A variable without a value in this case: an earlier call should have saved it."""


class TemplateError(ValueError):
    """`text` is no template; `offset` is where."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Variable(str):
    """The name of a variable, where it stands among a template's parts."""

    __slots__ = ()


class Template:
    """A text with variables in it. Immutable."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[str, ...]) -> None:
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Template({self.source!r})"

    @property
    def source(self) -> str:
        """The text that this template was made from, in its canonical spelling."""
        return "".join(
            f"${{{part}}}" if isinstance(part, Variable) else part.replace("${", "$${") for part in self.parts
        )

    @property
    def variables(self) -> tuple[str, ...]:
        """The names that it uses, in order."""
        return tuple(str(part) for part in self.parts if isinstance(part, Variable))

    def render(self, variables: Mapping[str, Any]) -> Any:
        """The value; UndefinedVariable where one is missing."""
        if len(self.parts) == 1:
            return _lookup(self.parts[0], variables)
        return "".join(
            as_text(_lookup(part, variables)) if isinstance(part, Variable) else part for part in self.parts
        )


class Computed:
    """A list or a mapping with a template somewhere inside. Plain values need no rendering at all."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Computed) and self.value == other.value

    def __hash__(self) -> int:
        return hash(repr(self.value))

    def __repr__(self) -> str:
        return f"Computed({self.value!r})"


def _lookup(name: str, variables: Mapping[str, Any]) -> Any:
    try:
        return variables[name]
    except KeyError:
        raise UndefinedVariable(name) from None


def as_text(value: Any) -> str:
    """How a variable's value stands inside a text: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def compile_text(text: str) -> str | Template:
    """`text` itself where it has no variable, else a template; TemplateError where it is malformed."""
    if "${" not in text:
        return text
    parts: list[str] = []
    literal = ""
    at = 0
    for found in _PART.finditer(text):
        literal += text[at : found.start()]
        at = found.end()
        if found[0] == "$${":
            literal += "${"
            continue
        if not found[2]:
            raise TemplateError("'${' without its '}' (write '$${' for the two characters)", found.start())
        if not NAME.fullmatch(found[1]):
            raise TemplateError(
                f"{found[0]!r} is no variable: a template holds names only, no code", found.start()
            )
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(Variable(found[1]))
    literal += text[at:]
    if literal:
        parts.append(literal)
    if len(parts) == 1 and not isinstance(parts[0], Variable):
        return parts[0]
    return Template(tuple(parts))


def compile_value(value: Any) -> Any:
    """The same for a JSON value: what holds no template comes back unchanged (TemplateError as above)."""
    if isinstance(value, str):
        return compile_text(value)
    if isinstance(value, list):
        items = [compile_value(item) for item in value]
        if any(map(_is_computed, items)):
            return Computed(items)
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if isinstance(value, dict):
        pairs = [(compile_text(key), compile_value(item)) for key, item in value.items()]
        if any(_is_computed(key) or _is_computed(item) for key, item in pairs):
            return Computed(dict(pairs))
        same = all(key is old and item is value[old] for (key, item), old in zip(pairs, value, strict=True))
        return value if same else dict(pairs)
    return value


def _is_computed(value: Any) -> bool:
    return isinstance(value, (Template, Computed))


def render(value: Any, variables: Mapping[str, Any]) -> Any:
    """Give every template in `value` its variables; UndefinedVariable where one is missing."""
    if isinstance(value, Template):
        return value.render(variables)
    if isinstance(value, Computed):
        inner = value.value
        if isinstance(inner, list):
            return [render(item, variables) for item in inner]
        return {render(key, variables): render(item, variables) for key, item in inner.items()}
    return value


def variables_in(value: Any) -> Iterator[str]:
    """The names that a compiled value uses, in order, with repetitions."""
    if isinstance(value, Template):
        yield from value.variables
    elif isinstance(value, Computed):
        inner = value.value
        for item in inner if isinstance(inner, list) else [*inner.keys(), *inner.values()]:
            yield from variables_in(item)
