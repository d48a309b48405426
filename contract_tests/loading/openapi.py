"""Schemas out of an OpenAPI document: `openapi:FILE#/components/schemas/NAME`.

A 3.1 document's schemas are JSON Schema (draft 2020-12). What 3.0 writes otherwise (`nullable`, boolean
`exclusiveMinimum`) is put into the words of JSON Schema, so that nothing of it is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from contract_tests.loading.keywords import DIALECT
from contract_tests.loading.nodes import plain
from contract_tests.loading.schema import schema_fault
from contract_tests.loading.source import nearest, read_source
from contract_tests.model.finding import Mark
from contract_tests.model.scenario import SchemaHistory

PREFIX = "openapi:"
_FRAGMENT = "/~!$&'()*+,;=:@-._"
_NAME = re.compile(r"openapi:([^#]+)#(/.*)")


def openapi_schema(name: str, folders: Iterable[Path], mark: Mark) -> SchemaHistory:
    """The schema at a place in a document; the document lies in a service's folder of schemas.

    ValueError where `name` is no such name or the place holds no usable schema, LookupError where there is no
    such file or place, LoadError where the file cannot be read.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(
            f"'{name}' names no schema; one looks like openapi:api.yaml#/components/schemas/Server"
        )
    file, pointer = found.groups()
    document = _document(file, folders)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise ValueError(f"{file} is no OpenAPI 3 document: it has no 'openapi: 3.…'")
    _resolve(document, pointer, file)
    old = str(document["openapi"]).startswith("3.0")
    parts = {key: _translated(document[key], old) for key in ("components", "paths") if key in document}
    schema = {"$schema": DIALECT, "$ref": f"#{quote(pointer, safe=_FRAGMENT)}", **parts}
    fault = schema_fault(schema)
    if fault is not None:
        raise ValueError(f"{file}#{pointer} is no usable schema: {fault[0]}")
    return SchemaHistory(name=name, mark=mark, documents=((None, schema),))


def _document(file: str, folders: Iterable[Path]) -> Any:
    for folder in folders:
        path = (folder / file).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            source = read_source(path)
            source.raise_problems()
            return plain(source.root)
    raise LookupError(f"there is no file '{file}' in the service's folder of schemas")


def _resolve(document: Any, pointer: str, file: str) -> Any:
    """What an RFC 6901 pointer names; LookupError with the nearest name where it names nothing."""
    value, walked = document, ""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            hint = nearest(key, list(value) if isinstance(value, dict) else [])
            raise LookupError(f"{file}#{walked} has no '{key}'{f'; {hint}' if hint else ''}")
        walked += f"/{part}"
    return value


def _translated(value: Any, old: bool) -> Any:
    """A part of the document in the words of JSON Schema."""
    if isinstance(value, list):
        return [_translated(item, old) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _translated(item, old) for key, item in value.items()}
    return _from_3_0(made) if old else made


def _from_3_0(schema: dict[str, Any]) -> dict[str, Any]:
    nullable = schema.get("nullable")
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and limit in schema:
            schema[exclusive] = schema.pop(limit)
    if nullable is not True:
        return schema
    schema = {key: value for key, value in schema.items() if key != "nullable"}
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
