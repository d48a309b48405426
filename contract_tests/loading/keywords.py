"""The keywords of JSON Schema, and what of a schema a validator would silently not enforce."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import regex

from contract_tests.loading.nodes import ListNode, MapNode, ScalarNode, kind_of, plain
from contract_tests.loading.source import Source, nearest
from contract_tests.model.matcher import FORMATS, TYPES

DRAFTS: Mapping[str, int] = {
    "https://json-schema.org/draft/2020-12/schema": 2020,
    "https://json-schema.org/draft/2019-09/schema": 2019,
    "http://json-schema.org/draft-07/schema": 7,
    "http://json-schema.org/draft-06/schema": 6,
    "http://json-schema.org/draft-04/schema": 4,
}
DIALECT = next(iter(DRAFTS))
"""What a schema is written in where it does not say."""


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
_ANNOTATIONS = (
    *("$schema", "$id", "id", "$anchor", "$comment", "title", "description", "default", "examples"),
    *("deprecated", "readOnly", "writeOnly", "$defs", "definitions"),
)
KEYWORDS: Mapping[str, Keyword] = {
    **dict.fromkeys((*_ANNOTATIONS, "$ref", "type", "enum", "const"), _ANY),
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
SPANS: Mapping[str, tuple[int, int]] = {
    "id": (4, 4),
    **dict.fromkeys(("$id", "const", "contains", "propertyNames", "examples"), (6, 2020)),
    **dict.fromkeys(("if", "then", "else", "$comment", "readOnly", "writeOnly"), (7, 2020)),
    **dict.fromkeys(
        ("$anchor", "dependentRequired", "dependentSchemas", "minContains", "maxContains", "deprecated"),
        (2019, 2020),
    ),
    **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems"), (2019, 2020)),
    "prefixItems": (2020, 2020),
    "dependencies": (4, 7),
    "additionalItems": (4, 2019),
}
"""The drafts that know a keyword, where that is not all of them (their release notes and meta-schemas)."""

_INSTEAD = {
    "dependencies": "write 'dependentRequired' or 'dependentSchemas'",
    "additionalItems": "write 'items' beside 'prefixItems'",
    "id": "write '$id'",
}
_NEEDS = {"then": "if", "else": "if", "minContains": "contains", "maxContains": "contains"}

Refer = Callable[[ScalarNode], None]
"""Told of each `$ref` that names another schema."""


def draft_of(source: Source, root: MapNode) -> int:
    """The draft that a schema is written in (a problem where it is unknown)."""
    node = root.get("$schema")
    if node is None:
        return DRAFTS[DIALECT]
    text = node.text.removesuffix("#") if isinstance(node, ScalarNode) else ""
    if text not in DRAFTS:
        source.problem(node, "bad-schema", f"unknown dialect '{text}'", f"known: {', '.join(DRAFTS)}")
    return DRAFTS.get(text, DRAFTS[DIALECT])


def check_schema(source: Source, root: Any, refer: Refer) -> None:
    """Note what a schema says that a validator would silently not enforce, and what is no schema at all."""
    if isinstance(root, MapNode):
        _Check(source, root, refer).schema(root)
    else:
        source.problem(root, "bad-schema", f"a schema must be a mapping, not {kind_of(root)}")


class _Check:
    def __init__(self, source: Source, root: MapNode, refer: Refer) -> None:
        self.source = source
        self.root = root
        self.draft = draft_of(source, root)
        self.refer = refer

    def schema(self, node: Any) -> None:
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            return
        if not isinstance(node, MapNode):
            self.source.problem(
                node, "bad-schema", f"a schema must be a mapping, true or false, not {kind_of(node)}"
            )
            return
        types = self._types(node)
        for key, value in node.entries:
            keyword = KEYWORDS.get(key.text)
            if keyword is None:
                known = KEYWORDS if len(key.text) > 2 else ()
                hint = nearest(key.text, known, "a property is described below 'properties'")
                self._unenforced(key, f"'{key.text}' is no keyword of JSON Schema", hint)
                continue
            self._place(node, key, keyword, types)
            self._value(node, key, value)
            self._inside(keyword.inside, value)
        self._required(node)

    def _unenforced(self, key: ScalarNode, message: str, hint: str) -> None:
        self.source.problem(key, "schema-not-enforced", f"{message}: it would enforce nothing", hint)

    def _place(self, node: MapNode, key: ScalarNode, keyword: Keyword, types: set[str] | None) -> None:
        """Whether a keyword means anything where it stands."""
        first, last = SPANS.get(key.text, (0, 2020))
        if not first <= self.draft <= last:
            hint = _INSTEAD.get(key.text, "") if self.draft > last else "name a later dialect in '$schema'"
            self._unenforced(key, f"'{key.text}' is unknown to the dialect of this schema", hint)
        if keyword.types and types is not None and not types & set(keyword.types):
            here = ", ".join(sorted(types))
            self._unenforced(
                key,
                f"'{key.text}' speaks of {keyword.types[0]}s, but the type here is {here}",
                "move it to the schema that it belongs to, or mend the type",
            )
        needed = _NEEDS.get(key.text)
        if needed is not None and node.get(needed) is None:
            self._unenforced(key, f"'{key.text}' without '{needed}' beside it", f"write '{needed}' beside it")
        beside = node.get("$ref")
        local = isinstance(beside, ScalarNode) and beside.text.startswith("#")
        if self.draft <= 7 and local and key.text not in ("$ref", *_ANNOTATIONS):
            hint = "put the reference into 'allOf', or name a later dialect in '$schema'"
            self._unenforced(key, f"'{key.text}' stands beside a '$ref' in an old dialect", hint)

    def _value(self, node: MapNode, key: ScalarNode, value: Any) -> None:
        if key.text == "$ref":
            self._reference(value)
        elif key.text == "format":
            text = value.text if isinstance(value, ScalarNode) else ""
            if text not in FORMATS:
                self._unenforced(value, f"unknown format '{text}'", nearest(text, FORMATS))
        elif key.text == "properties" and isinstance(value, MapNode):
            self._misplaced(value)
        elif key.text in ("pattern", "patternProperties"):
            for item in value.keys() if isinstance(value, MapNode) else [plain(value)]:
                at = value.key(item) if isinstance(value, MapNode) else value
                self._pattern(at, item)

    def _pattern(self, at: Any, text: Any) -> None:
        try:
            regex.compile(text)
        except regex.error as error:
            message = f"this is no regular expression: {error.msg}"
            hint = "a backslash before . ( ) [ { * + ? makes it that character"
            self.source.problem(at, "bad-regex", message, hint, offset=error.pos or 0)
        except (TypeError, OverflowError, RecursionError, MemoryError):
            self.source.problem(
                at, "bad-regex", f"a regular expression must stand here, not {kind_of(at)}", "quote it"
            )

    def _inside(self, inside: str, value: Any) -> None:
        if inside == "plain":
            return
        if inside == "schema" or (inside == "either" and not isinstance(value, ListNode)):
            self.schema(value)
        elif inside == "schemas":
            if not isinstance(value, MapNode):
                message = f"a mapping of schemas must stand here, not {kind_of(value)}"
                self.source.problem(value, "bad-schema", message)
                return
            for name, item in value.entries:
                if not _is_misplaced(name, item):
                    self.schema(item)
        elif isinstance(value, ListNode):
            for item in value.items:
                self.schema(item)
        else:
            message = f"a list of schemas must stand here, not {kind_of(value)}"
            self.source.problem(value, "bad-schema", message)

    def _types(self, node: MapNode) -> set[str] | None:
        value = node.get("type")
        if value is None:
            return None
        found = set()
        for item in value.items if isinstance(value, ListNode) else (value,):
            text = item.text if isinstance(item, ScalarNode) else ""
            if text == "null" and item.value is None:
                message = "null needs quotes here: without them it is no text"
                self.source.problem(item, "bad-schema", message, 'write "null"')
                return None
            if text not in TYPES:
                self.source.problem(item, "bad-schema", f"'{text}' is no JSON type", nearest(text, TYPES))
                return None
            found.add(text)
        return found

    def _reference(self, node: Any) -> None:
        text = node.text if isinstance(node, ScalarNode) else ""
        if not text or "://" in text:
            self.source.problem(
                node,
                "unknown-schema",
                "a reference names a schema of the same service, or a place in this file (#/…)",
                "nothing is fetched from a network",
            )
        elif not text.startswith("#"):
            self.refer(node)
        elif text.startswith("#/") and not self._resolves(text):
            message = f"there is nothing at '{text}' in this schema"
            self.source.problem(node, "unknown-schema", message, "write it there, or mend the path")

    def _resolves(self, pointer: str) -> bool:
        """Whether an RFC 6901 pointer leads to something in this schema."""
        node: Any = self.root
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(node, MapNode):
                node = node.get(name)
            elif isinstance(node, ListNode) and name.isdecimal() and int(name) < len(node.items):
                node = node.items[int(name)]
            else:
                return False
        return node is not None

    def _misplaced(self, properties: MapNode) -> None:
        for key, value in properties.entries:
            if _is_misplaced(key, value):
                self._unenforced(
                    key,
                    f"'{key.text}' stands among the properties, so it names a property",
                    "move it out, beside 'properties'",
                )

    def _required(self, node: MapNode) -> None:
        closed, required, known = (
            node.get(key) for key in ("additionalProperties", "required", "properties")
        )
        if not (isinstance(closed, ScalarNode) and closed.value is False and isinstance(required, ListNode)):
            return
        if node.get("patternProperties") is not None:
            return
        names = known.keys() if isinstance(known, MapNode) else []
        for item in required.items:
            if isinstance(item, ScalarNode) and item.text not in names:
                message = f"'{item.text}' is required but no property of this closed object"
                self.source.problem(item, "bad-schema", message, nearest(item.text, names))


def _is_misplaced(key: ScalarNode, value: Any) -> bool:
    """Whether a property is no property: it has a keyword's name, and no schema."""
    boolean = isinstance(value, ScalarNode) and isinstance(value.value, bool)
    return key.text in ("additionalProperties", "required") and (boolean or isinstance(value, ListNode))
