"""Schema files: a JSON Schema and, under `since`, what changes in it at a microversion (RFC 7396)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contract_tests.loading.source import ListNode, MapNode, ScalarNode, Source, kind_of, nearest, plain
from contract_tests.model.matcher import FORMATS, TYPES
from contract_tests.model.microversion import Microversion, Order
from contract_tests.model.scenario import SchemaHistory

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DIALECTS = (
    DIALECT,
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-04/schema",
)


@dataclass(frozen=True, slots=True)
class Keyword:
    """`inside` says what stands there: schema, schemas (a map of them), list (of them), either, or plain.

    `types` are the JSON types that it speaks of; on a value of another type it enforces nothing.
    """

    inside: str = "plain"
    types: tuple[str, ...] = ()


_ANY = Keyword()
_OBJECT = ("object",)
_ARRAY = ("array",)
_STRING = ("string",)
_NUMBER = ("number", "integer")
KEYWORDS: Mapping[str, Keyword] = {
    **dict.fromkeys(
        (
            "$schema",
            "$id",
            "id",
            "$ref",
            "$anchor",
            "$comment",
            "title",
            "description",
            "default",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "type",
            "enum",
            "const",
        ),
        _ANY,
    ),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), Keyword("list")),
    **dict.fromkeys(("not", "if", "then", "else"), Keyword("schema")),
    **dict.fromkeys(("$defs", "definitions"), Keyword("schemas")),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), Keyword("schemas", _OBJECT)),
    **dict.fromkeys(
        ("additionalProperties", "propertyNames", "unevaluatedProperties"), Keyword("schema", _OBJECT)
    ),
    **dict.fromkeys(
        ("required", "minProperties", "maxProperties", "dependentRequired", "dependencies"),
        Keyword("plain", _OBJECT),
    ),
    **dict.fromkeys(("contains", "unevaluatedItems", "additionalItems"), Keyword("schema", _ARRAY)),
    "items": Keyword("either", _ARRAY),
    "prefixItems": Keyword("list", _ARRAY),
    **dict.fromkeys(
        ("minItems", "maxItems", "uniqueItems", "minContains", "maxContains"), Keyword("plain", _ARRAY)
    ),
    **dict.fromkeys(("pattern", "minLength", "maxLength", "format"), Keyword("plain", _STRING)),
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        Keyword("plain", _NUMBER),
    ),
}

Find = Callable[[str], SchemaHistory | None]


def read_schema(source: Source, name: str, order: Order | None, find: Find) -> SchemaHistory | None:
    """The schema in a file; None (and problems in `source`) where it is wrong.

    `find` gives another schema of the service, for `$ref: NAME`.
    """
    root = source.root
    if not isinstance(root, MapNode):
        if root is not None:
            source.problem(root, "wrong-type", f"a schema file must be a mapping, not {kind_of(root)}")
        return None
    base = replace(root, entries=tuple(entry for entry in root.entries if entry[0].text != "since"))
    stages: list[tuple[Microversion | None, MapNode]] = [(None, base)]
    overlays = root.get("since")
    if overlays is not None:
        for key, version, overlay in versions_of(source, overlays, order):
            if not isinstance(overlay, MapNode):
                source.problem(overlay, "wrong-type", f"an overlay must be a mapping, not {kind_of(overlay)}")
                continue
            before = stages[-1][1]
            after = merge_patch(before, overlay)
            if repr(plain(before)) == repr(plain(after)):
                source.problem(
                    key,
                    "overlay-changes-nothing",
                    f"the overlay at {key.text} changes nothing",
                    "remove it, or say in it what changes then",
                )
            stages.append((version, after))
    return build_schema(source, name, stages, find)


def build_schema(
    source: Source, name: str, stages: list[tuple[Microversion | None, MapNode]], find: Find
) -> SchemaHistory | None:
    """Check every stage and resolve its references to other schemas."""
    count = len(source.problems)
    used: dict[str, SchemaHistory] = {}
    for _, node in stages:
        _check(source, node, find, used)
    if len(source.problems) > count:
        return None
    points = {version for version, _ in stages if version is not None}
    for history in used.values():
        points.update(history.since)
    documents: list[tuple[Microversion | None, Mapping[str, Any]]] = []
    for point in [None, *sorted(points)]:
        node = [stage for at, stage in stages if at is None or (point is not None and at <= point)][-1]
        document = _inline(plain(node), used, point)
        document.setdefault("$schema", DIALECT)
        if not documents or documents[-1][1] != document:
            documents.append((point, document))
    for _, document in documents:
        problem = _metaschema_error(document)
        if problem:
            source.problem(stages[0][1], "bad-schema", f"this is no valid JSON Schema: {problem}")
            return None
    return SchemaHistory(name=name, mark=stages[0][1].mark, documents=tuple(documents))


def versions_of(source: Source, node: Any, order: Order | None) -> list[tuple[ScalarNode, Microversion, Any]]:
    """The entries of a `since` map with their microversions, oldest first; problems where one is none."""
    found: list[tuple[ScalarNode, Microversion, Any]] = []
    if not isinstance(node, MapNode):
        source.problem(
            node,
            "wrong-type",
            f"'since' must be a mapping, not {kind_of(node)}",
            "write microversion: overlay",
        )
        return found
    for key, value in node.entries:
        if order is None:
            source.problem(
                key, "no-microversions", "this service has no microversions, so nothing can change since one"
            )
            continue
        try:
            version = order.parse(key.text)
        except ValueError as error:
            source.problem(key, "bad-microversion", str(error))
            continue
        twin = next((other for other, known, _ in found if known == version), None)
        if twin is not None:
            source.problem(
                key,
                "duplicate-key",
                f"{key.text} is the same microversion as {twin.text} at line {twin.mark.line}",
            )
            continue
        found.append((key, version, value))
    return sorted(found, key=lambda entry: entry[1])


def merge_patch(base: MapNode, patch: MapNode) -> MapNode:
    """RFC 7396 on nodes, so that everything keeps its position: null removes, mappings merge."""
    entries = {key.text: (key, value) for key, value in base.entries}
    for key, value in patch.entries:
        old = entries.get(key.text)
        if isinstance(value, ScalarNode) and value.value is None:
            entries.pop(key.text, None)
        elif isinstance(value, MapNode):
            under = old[1] if old is not None and isinstance(old[1], MapNode) else replace(value, entries=())
            entries[key.text] = (key, merge_patch(under, value))
        else:
            entries[key.text] = (key, value)
    return replace(base, entries=tuple(entries.values()))


def _check(source: Source, node: Any, find: Find, used: dict[str, SchemaHistory]) -> None:
    """Note what a schema says that a validator would silently not enforce."""
    if isinstance(node, ScalarNode) and isinstance(node.value, bool):
        return
    if not isinstance(node, MapNode):
        source.problem(node, "bad-schema", f"a schema must be a mapping, true or false, not {kind_of(node)}")
        return
    types = _types(source, node)
    for key, value in node.entries:
        keyword = KEYWORDS.get(key.text)
        if keyword is None:
            source.problem(
                key,
                "schema-not-enforced",
                f"'{key.text}' is no keyword of JSON Schema, so it would enforce nothing",
                nearest(key.text, KEYWORDS) if len(key.text) > 2 else "",
            )
            continue
        if keyword.types and types is not None and not types & set(keyword.types):
            source.problem(
                key,
                "schema-not-enforced",
                f"'{key.text}' speaks of {' and '.join(keyword.types[:1])}s, but the type here is {', '.join(sorted(types))}: it would enforce nothing",
                "move it to the schema that it belongs to, or mend the type",
            )
        if key.text == "$ref":
            _reference(source, value, find, used)
        elif key.text == "format":
            _format(source, value)
        elif key.text == "$schema":
            if str(plain(value)).rstrip("#") not in DIALECTS:
                source.problem(
                    value, "bad-schema", f"unknown dialect '{plain(value)}'", f"known: {', '.join(DIALECTS)}"
                )
        elif key.text == "properties" and isinstance(value, MapNode):
            _misplaced(source, value)
        _check_inside(source, keyword.inside, value, find, used)
    _required(source, node)


def _check_inside(
    source: Source, inside: str, value: Any, find: Find, used: dict[str, SchemaHistory]
) -> None:
    if inside == "plain":
        return
    if inside == "schema" or (inside == "either" and not isinstance(value, ListNode)):
        _check(source, value, find, used)
    elif inside == "schemas":
        if not isinstance(value, MapNode):
            source.problem(value, "bad-schema", f"a mapping of schemas must stand here, not {kind_of(value)}")
            return
        for _, item in value.entries:
            _check(source, item, find, used)
    elif isinstance(value, ListNode):
        for item in value.items:
            _check(source, item, find, used)
    else:
        source.problem(value, "bad-schema", f"a list of schemas must stand here, not {kind_of(value)}")


def _types(source: Source, node: MapNode) -> set[str] | None:
    value = node.get("type")
    if value is None:
        return None
    items = value.items if isinstance(value, ListNode) else (value,)
    found = set()
    for item in items:
        text = item.text if isinstance(item, ScalarNode) else ""
        if text not in TYPES:
            source.problem(item, "bad-schema", f"'{text}' is no JSON type", nearest(text, TYPES))
            return None
        found.add(text)
    return found


def _reference(source: Source, value: Any, find: Find, used: dict[str, SchemaHistory]) -> None:
    text = value.text if isinstance(value, ScalarNode) else ""
    if text.startswith("#"):
        return
    if "://" in text or not text:
        source.problem(
            value,
            "unknown-schema",
            "a reference names a schema of the same service, or a place in this file (#/…)",
            "nothing is fetched from a network",
        )
        return
    history = find(text)
    if history is None:
        source.problem(
            value, "unknown-schema", f"there is no schema '{text}' beside this one, or it is wrong itself"
        )
    else:
        used[text] = history


def _format(source: Source, value: Any) -> None:
    text = value.text if isinstance(value, ScalarNode) else ""
    if text not in FORMATS:
        source.problem(
            value,
            "schema-not-enforced",
            f"unknown format '{text}': it would enforce nothing",
            nearest(text, FORMATS),
        )


def _misplaced(source: Source, properties: MapNode) -> None:
    for key, value in properties.entries:
        if (
            key.text in KEYWORDS
            and isinstance(value, (ScalarNode, ListNode))
            and (isinstance(value, ListNode) or isinstance(value.value, bool))
            and key.text in ("additionalProperties", "required")
        ):
            source.problem(
                key,
                "schema-not-enforced",
                f"'{key.text}' stands among the properties, so it names a property and enforces nothing",
                "move it out, beside 'properties'",
            )


def _required(source: Source, node: MapNode) -> None:
    closed, required, properties = (
        node.get("additionalProperties"),
        node.get("required"),
        node.get("properties"),
    )
    if not (isinstance(closed, ScalarNode) and closed.value is False and isinstance(required, ListNode)):
        return
    if node.get("patternProperties") is not None:
        return
    known = properties.keys() if isinstance(properties, MapNode) else []
    for item in required.items:
        if isinstance(item, ScalarNode) and item.text not in known:
            source.problem(
                item,
                "bad-schema",
                f"'{item.text}' is required but no property of this closed object",
                nearest(item.text, known),
            )


def _inline(document: Any, used: Mapping[str, SchemaHistory], point: Microversion | None) -> Any:
    """Put other schemas in the place of the references that name them."""
    if isinstance(document, list):
        return [_inline(item, used, point) for item in document]
    if not isinstance(document, dict):
        return document
    name = document.get("$ref")
    rest = {key: _inline(value, used, point) for key, value in document.items() if key != "$ref"}
    if isinstance(name, str) and name in used:
        other = {key: value for key, value in used[name].at(point).items() if key != "$schema"}
        return {**rest, "allOf": [*rest.get("allOf", []), other]} if rest else dict(other)
    return {"$ref": name, **rest} if name is not None else rest


def _metaschema_error(document: Mapping[str, Any]) -> str:
    import jsonschema_rs

    try:
        jsonschema_rs.meta.validate(document)
        jsonschema_rs.validator_for(document, validate_formats=True)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        where = "/".join(map(str, getattr(error, "instance_path", ())))
        return f"{str(error).splitlines()[0]}{f' (at {where})' if where else ''}"
    return ""
