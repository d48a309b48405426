"""JSON values: read with their numbers as they are spelled, and told in a few words."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from contract_tests.model.http import MISSING

_LONGEST = 100
_TYPES = (("boolean", bool), ("object", dict), ("array", list), ("string", str), ("integer", int))


def _refuse(word: str) -> None:
    raise ValueError(word)


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


def parse(body: bytes) -> Any:
    """A body as JSON, numbers with decimals as Decimal; MISSING where it is none."""
    if not body:
        return MISSING
    try:
        return _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except (ValueError, RecursionError, ArithmeticError):
        return MISSING


def is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal, float)) and not isinstance(value, bool)


def is_empty(value: Any) -> bool:
    """Whether a value is one kind of nothing: null, "", 0, [] or {}."""
    return value is None or value == "" or value == [] or value == {} or (is_number(value) and value == 0)


def tells(value: Any) -> bool:
    """Whether two properties with this value are likely one: no flag, no small number, not empty."""
    small = is_number(value) and -10 < value < 10
    return not (is_empty(value) or isinstance(value, bool) or small)


def json_type(value: Any) -> str:
    for kind, cls in _TYPES:
        if isinstance(value, cls):
            return kind
    return "null" if value is None else "number"


def outline(value: Any) -> Any:
    """A value that is short enough to be shown, or what it is made of."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, dict):
        return "{" + ", ".join(list(value)[:6]) + (", …" if len(value) > 6 else "") + "}"
    if isinstance(value, list):
        return f"[{len(value)} {'item' if len(value) == 1 else 'items'}]"
    return float(value) if isinstance(value, Decimal) else value


def cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "…"
