"""The JSON Schemas of the files that people write, for editors: made from the same tables as the loader."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from contract_tests.loading.keywords import DIALECT, KEYWORDS
from contract_tests.loading.shapes import SHAPES

_LARGE = 150


def editor_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `scenario`, `schema`, `service`, `targets` or `config` files."""
    head = {"$schema": DIALECT, "title": f"contract-tests: {kind} file"}
    return {**head, **(_of_schemas() if kind == "schema" else _shared(SHAPES[kind].schema()))}


def _of_schemas() -> dict[str, Any]:
    anywhere = {"$ref": "#/$defs/schema"}
    inside: dict[str, Any] = {
        "plain": True,
        "schema": anywhere,
        "schemas": {"type": "object", "additionalProperties": anywhere},
        "list": {"type": "array", "items": anywhere},
        "either": {"anyOf": [anywhere, {"type": "array", "items": anywhere}]},
    }
    keywords = {name: inside[keyword.inside] for name, keyword in KEYWORDS.items()}
    overlay = {"type": "object", "propertyNames": {"enum": sorted(keywords)}}
    since = {"type": "object", "description": "microversion → merge patch", "additionalProperties": overlay}
    return {
        "description": "JSON Schema, and under `since` what changes in it at a microversion (RFC 7396)",
        "type": "object",
        "properties": {**keywords, "since": since},
        "additionalProperties": False,
        "$defs": {
            "schema": {"type": ["object", "boolean"], "properties": keywords, "additionalProperties": False}
        },
    }


def _shared(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema, with each large part that stands in it several times below `$defs`, once."""
    counts = Counter(_text(part) for part in _parts(schema))
    names: dict[str, str] = {}
    parts: dict[str, Any] = {}

    def replaced(value: Any) -> Any:
        if isinstance(value, list):
            return [replaced(item) for item in value]
        if not isinstance(value, dict):
            return value
        text = _text(value) if _is_schema(value) else ""
        if counts[text] < 2 or len(text) < _LARGE:
            return {key: replaced(item) for key, item in value.items()}
        if text not in names:
            names[text] = f"part{len(names) + 1}"
            parts[names[text]] = {key: replaced(item) for key, item in _bare(value).items()}
        about = {"description": value["description"]} if "description" in value else {}
        return {**about, "$ref": f"#/$defs/{names[text]}"}

    found = {key: replaced(value) for key, value in schema.items()}
    return {**found, "$defs": parts} if parts else found


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and _is_schema(value):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(item)


def _bare(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "description"}


def _is_schema(value: dict[str, Any]) -> bool:
    """Whether this is a schema, and no map of properties."""
    return isinstance(value.get("type"), str) or isinstance(value.get("anyOf"), list)


def _text(part: dict[str, Any]) -> str:
    """What a part says, whatever it is called where it stands."""
    return json.dumps(_bare(part), sort_keys=True)
