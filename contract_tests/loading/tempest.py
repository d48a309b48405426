"""Tempest's response schemas: `tempest:compute/flavors.list_flavors`, for every microversion.

Which module of Tempest's serves which microversion is told by the tables in its client classes
(`schema_versions_info`). They are read from the source: to import the clients takes seconds, the schemas
a moment.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contract_tests.model.finding import Mark
from contract_tests.model.matcher import FORMATS
from contract_tests.model.microversion import Microversion, Order
from contract_tests.model.scenario import SchemaHistory

PREFIX = "tempest:"
INSTALL = "pip install 'contract-tests[tempest]'"
DIALECT = "http://json-schema.org/draft-04/schema#"

_NAME = re.compile(r"tempest:(compute|volume)/([a-z0-9_]+)\.([a-z0-9_]+)")
_SCHEMAS = "tempest.lib.api_schema.response"
_CLIENTS: Mapping[str, str] = {"compute": "lib/services/compute", "volume": "lib/services/volume/v3"}
_BASES: Mapping[str, str] = {"compute": f"{_SCHEMAS}.compute.v2_1", "volume": f"{_SCHEMAS}.volume"}
_PATTERNS: Mapping[str, str] = {
    # What oslo.utils reads as a time: the zone, and the time of day, may be missing.
    "iso8601-date-time": (
        r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$"
    ),
    "base64": r"^([A-Za-z0-9+/]{4}|\s)*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$",
}
"""Formats that are Tempest's own, as patterns: a validator would pass over them in silence."""


class TempestMissing(LookupError):
    """Tempest is not installed."""

    def __init__(self) -> None:
        super().__init__(f"Tempest, whose schema this is, is not installed: {INSTALL}")


def tempest_schema(name: str, order: Order, mark: Mark) -> SchemaHistory:
    """The schema of the response body of an operation, as Tempest has it for each microversion.

    `name` is `tempest:SERVICE/MODULE.OPERATION`: a module and one of its schemas below
    tempest.lib.api_schema.response.SERVICE. ValueError where it is no such name, LookupError where there is
    no such schema or where it is of a response without a body, TempestMissing where Tempest is not installed.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(
            f"'{name}' is no schema of Tempest's; one looks like tempest:compute/flavors.list_flavors"
        )
    service, module, operation = found.groups()
    table = _table(service, module)
    documents: list[tuple[Microversion | None, Mapping[str, Any]]] = []
    for least, place in table:
        schema = getattr(importlib.import_module(place), operation, None)
        if not (isinstance(schema, dict) and "status_code" in schema):
            continue  # this module does not have it yet, or no longer: what held before still holds
        if "response_body" not in schema:
            raise LookupError(f"{name} is of a response without a body; write `body: absent` in its place")
        document = {"$schema": DIALECT, **_plain(schema["response_body"])}
        if not documents or documents[-1][1] != document:
            documents.append((order.parse(least) if documents and least else None, document))
    if not documents:
        raise LookupError(f"Tempest has no schema '{operation}' in {service}/{module}; {_known(table)}")
    return SchemaHistory(name=name, mark=mark, documents=tuple(documents))


def _table(service: str, module: str) -> tuple[tuple[str, str], ...]:
    """(the microversion from which, the module), oldest first; the first's microversion is empty."""
    spec = importlib.util.find_spec("tempest")
    if spec is None or spec.origin is None:
        raise TempestMissing
    root = Path(spec.origin).parent
    table = _tables(root / _CLIENTS[service], f"{_SCHEMAS}.{service}.").get(module)
    if table is not None:
        return table
    place = f"{_BASES[service]}.{module}"
    if importlib.util.find_spec(place) is None:
        raise LookupError(f"Tempest has no schemas '{module}' for {service}")
    return (("", place),)


@functools.lru_cache(maxsize=4)
def _tables(folder: Path, prefix: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Each schema module's name -> its table, from the clients in a folder."""
    found = {}
    for path in sorted(folder.glob("*_client.py")):
        text = path.read_text()
        if "schema_versions_info" not in text:
            continue
        tree = ast.parse(text)
        places = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for entries in _lists(tree):
            table = tuple((least, places[name]) for least, name in entries)
            if table[0][1].startswith(prefix):
                found[table[0][1].rpartition(".")[2]] = table
    return found


def _lists(tree: ast.Module) -> Iterator[list[tuple[str, str]]]:
    """The (min, name of the module) of every `schema_versions_info` in a client's source."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.List)):
            continue
        if not any(
            isinstance(target, ast.Name) and target.id == "schema_versions_info" for target in node.targets
        ):
            continue
        entries = []
        for item in node.value.elts:
            assert isinstance(item, ast.Dict)
            keys = [key.value for key in item.keys if isinstance(key, ast.Constant)]
            values = dict(zip(keys, item.values, strict=True))
            least, schema = values["min"], values["schema"]
            assert isinstance(least, ast.Constant) and isinstance(schema, ast.Name)
            entries.append((str(least.value or ""), schema.id))
        yield entries


def _plain(schema: Any) -> Any:
    """A copy as JSON has it, with nothing in it that a validator would pass over in silence."""
    copy: Any = json.loads(json.dumps(schema))
    _enforce(copy)
    return copy


def _enforce(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _enforce(item)
    if not isinstance(node, dict):
        return
    kind = node.get("format")
    if isinstance(kind, str) and kind not in FORMATS:
        # Tempest names a format `name` too, and enforces nothing by it.
        del node["format"]
        if kind in _PATTERNS:
            node.setdefault("allOf", []).append({"pattern": _PATTERNS[kind]})
    for item in node.values():
        _enforce(item)


def _known(table: tuple[tuple[str, str], ...]) -> str:
    names: set[str] = set()
    for _, place in table:
        schemas = vars(importlib.import_module(place))
        names |= {key for key, value in schemas.items() if isinstance(value, dict) and "status_code" in value}
    return f"it has {', '.join(sorted(names))}"
