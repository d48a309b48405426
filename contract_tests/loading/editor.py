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
    keywords: dict[str, Any] = dict.fromkeys((*KEYWORDS, "$schema"), True)
    overlay = {"type": "object", "propertyNames": {"enum": sorted(keywords)}}
    return {
        **head,
        "description": "A response schema: JSON Schema, and under `since` what changes at a microversion (RFC 7396)",
        "type": "object",
        "properties": {
            **keywords,
            "since": {
                "type": "object",
                "description": "microversion -> merge patch",
                "additionalProperties": overlay,
            },
        },
        "additionalProperties": False,
    }
