"""A schema file's text: YAML in block style, what is short in flow style."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_WIDTH = 100


def schema_text(comment: str, schema: Mapping[str, Any], overlays: Mapping[Any, Mapping[str, Any]]) -> str:
    """The text of a schema file with its overlays below `since`; `comment` stands above it."""
    lines = [f"# {line}" for line in comment.splitlines()]
    lines += _block(schema, 0)
    if overlays:
        lines.append("since:")
        for version, overlay in overlays.items():
            lines.append(f"  {version}:")
            lines += _block(overlay, 4)
    return "\n".join(lines) + "\n"


def _block(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    for key, inner in value.items():
        head = f"{' ' * indent}{_scalar(key)}:"
        flow = _flow(inner)
        if not isinstance(inner, dict) or not inner or len(head) + len(flow) < _WIDTH:
            yield f"{head} {flow}"
        else:
            yield head
            yield from _block(inner, indent + 2)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text)
