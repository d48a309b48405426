"""Schemas out of an OpenAPI document: `openapi:FILE#/components/schemas/NAME`.

The parameters of an operation, `openapi:FILE#/paths/PATH/get/parameters`, are the schema of its query.

A 3.1 document's schemas are JSON Schema (draft 2020-12). What 3.0 writes otherwise (`nullable`, boolean
`exclusiveMinimum`) is put into the words of JSON Schema, so that nothing of it is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from contract_tests.loading.keywords import DIALECT, KEYWORDS
from contract_tests.loading.nodes import plain
from contract_tests.loading.schema import schema_fault
from contract_tests.loading.source import nearest, read_source
from contract_tests.model.derivation import types_in
from contract_tests.model.finding import Mark
from contract_tests.model.scenario import SchemaHistory

PREFIX = "openapi:"
_KEYWORDS = {*KEYWORDS, "nullable", "discriminator", "example", "externalDocs", "xml"}
_FRAGMENT = "/~!$&'()*+,;=:@-._"
_OPERATION = re.compile(r"/paths/[^/]+(/[a-z]+)?")
_PARAMETERS = re.compile(r"(/paths/[^/]+)(?:/[a-z]+)?/parameters")
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
    value = _resolve(document, pointer, file)
    if _OPERATION.fullmatch(pointer):
        raise ValueError(
            f"{file}#{pointer} is no schema; its query's is #{pointer}/parameters, a body's is one such as "
            f"#{pointer}/requestBody/content/application~1json/schema"
        )
    if isinstance(value, dict) and value and not value.keys() & _KEYWORDS:
        hint = f"; #{pointer}/schema is one" if "schema" in value else ""
        raise ValueError(f"{file}#{pointer} is no schema: it has no keyword of JSON Schema{hint}")
    old = str(document["openapi"]).startswith("3.0")
    parts = {key: _translated(document[key], old) for key in ("components", "paths") if key in document}
    query = _PARAMETERS.fullmatch(pointer)
    schema = {"$schema": DIALECT, **parts}
    if query is not None:
        if not isinstance(value, list):
            raise ValueError(f"{file}#{pointer} is no list of parameters")
        schema |= _query(document, query[1], value, f"{file}#{pointer}", old)
    else:
        schema["$ref"] = f"#{quote(pointer, safe=_FRAGMENT)}"
    fault = schema_fault(schema)
    if fault is not None:
        raise ValueError(f"{file}#{pointer} is no usable schema: {fault[0]}")
    if query is not None:
        types = {one: types_in(schema, part) for one, part in schema["properties"].items()}
        # How a list or an object is spread over a query is not gone into: an object brings names of its own.
        schema["properties"] |= {one: {} for one, found in types.items() if found & {"array", "object"}}
        schema["additionalProperties"] = any("object" in found for found in types.values())
    return SchemaHistory(name=name, mark=mark, documents=((None, schema),))


def _query(document: Any, path: str, own: list[Any], where: str, old: bool) -> dict[str, Any]:
    """The schema of a query: a path's parameters, and before them an operation's `own`."""
    shared = _resolve(document, path, where).get("parameters", [])
    found: dict[str, dict[str, Any]] = {}
    for parameter in (*shared, *own):
        reference = parameter.get("$ref") if isinstance(parameter, dict) else None
        if isinstance(reference, str):
            if not reference.startswith("#/"):
                raise ValueError(f"{where}: '{reference}' is not in the document, and is not fetched")
            parameter = _resolve(document, unquote(reference[1:]), where.partition("#")[0])
        if not (isinstance(parameter, dict) and isinstance(parameter.get("name"), str) and "in" in parameter):
            raise ValueError(f"{where}: an item is no parameter: it has no 'name' and 'in'")
        if parameter["in"] == "query":
            found[parameter["name"]] = parameter
    return {
        "type": "object",
        "required": [name for name, one in found.items() if one.get("required") is True],
        "properties": {name: _translated(one.get("schema", {}), old) for name, one in found.items()},
    }


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
