"""The JSON Schemas of the files that people write, for editors: made from the same tables as the loader."""

from __future__ import annotations

from typing import Any

from contract_tests.loading.keywords import DIALECT, KEYWORDS
from contract_tests.loading.shapes import SHAPES


def editor_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `scenario`, `schema`, `service`, `targets` or `config` files."""
    head = {"$schema": DIALECT, "title": f"contract-tests: {kind} file"}
    if kind != "schema":
        return {**head, **SHAPES[kind].schema()}
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
        **head,
        "description": "JSON Schema, and under `since` what changes in it at a microversion (RFC 7396)",
        "type": "object",
        "properties": {**keywords, "since": since},
        "additionalProperties": False,
        "$defs": {
            "schema": {
                "type": ["object", "boolean"],
                "properties": keywords,
                "additionalProperties": False,
            }
        },
    }
