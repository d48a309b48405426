"""Schema files: a JSON Schema and, under `since`, what changes in it at a microversion (RFC 7396)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from contract_tests.loading.grammar import SLUG
from contract_tests.loading.keywords import DIALECT, check_schema
from contract_tests.loading.nodes import ListNode, MapNode, ScalarNode, exact, kind_of, plain
from contract_tests.loading.source import Source, nearest
from contract_tests.model.microversion import Microversion, MicroversionRange, Order
from contract_tests.model.retrieval import no_retrieval
from contract_tests.model.scenario import SchemaHistory

_OUTSIDE = re.compile(r"Resource '([^']*)' is not present in a registry")

Stages = list[tuple[Microversion | None, MapNode]]


@dataclass(frozen=True, slots=True)
class Siblings:
    """The schemas that one service's files may name: `find` reads one, `names` lists its files.

    `find` raises LookupError or ValueError for a schema of Tempest's or of an OpenAPI document that is none.
    """

    service: str
    find: Callable[[str], SchemaHistory | None]
    names: Callable[[], Iterable[str]]

    def get(self, source: Source, node: ScalarNode) -> SchemaHistory | None:
        """The schema that a node names; None, and a problem, where there is none."""
        try:
            history = self.find(node.text)
        except (LookupError, ValueError) as error:
            source.problem(node, "unknown-schema", str(error.args[0]))
            return None
        if history is not None:
            return history
        names = list(self.names())
        hint = nearest(node.text, names, f"write schemas/{self.service}/{node.text}.yaml")
        message = f"there is no schema '{node.text}' of {self.service}"
        if node.text in names:
            message = f"the schema '{node.text}' of {self.service} is wrong itself, or leads back here"
            hint = "see what is told of its file; a recursive schema refers to itself with '#'"
        elif not SLUG.accepts(node):
            hint = "a schema is named by its file, without folder and ending"
        source.problem(node, "unknown-schema", message, hint)
        return None


def read_schema(
    source: Source, name: str, order: Order | None, limits: MicroversionRange, siblings: Siblings
) -> SchemaHistory | None:
    """The schema in a file; None (and problems in `source`) where it is wrong.

    `limits` are the microversions that the service has; `siblings` are what `$ref: NAME` may name.
    """
    root = source.root
    if not isinstance(root, MapNode):
        if root is not None:
            source.problem(root, "wrong-type", f"a schema file must be a mapping, not {kind_of(root)}")
        return None
    base = replace(root, entries=tuple(entry for entry in root.entries if entry[0].text != "since"))
    stages: Stages = [(None, base)]
    overlays = root.get("since")
    for key, version, overlay in versions_of(source, overlays, order) if overlays is not None else ():
        if not isinstance(overlay, MapNode):
            source.problem(overlay, "wrong-type", f"an overlay must be a mapping, not {kind_of(overlay)}")
            continue
        check_since(source, key, version, limits, f"schema '{name}'")
        before = stages[-1][1]
        after = merge_patch(before, overlay)
        if exact(before) == exact(after):
            changes_nothing(source, key, f"schema '{name}'")
        stages.append((version, after))
    count = len(source.problems)
    history = build_schema(source, name, stages, siblings)
    return history if len(source.problems) == count else None


def check_since(
    source: Source, key: ScalarNode, version: Microversion, limits: MicroversionRange, what: str
) -> None:
    """Note an overlay that would never be applied, or always."""
    if (limits.low is not None and version <= limits.low) or version not in limits:
        source.problem(
            key,
            "since-outside-range",
            f"{key.text} is outside the range of {what} ({limits}), whose base is its oldest microversion",
            "describe the oldest microversion in the base, or mend 'microversions' (or the service's 'max')",
        )


def changes_nothing(source: Source, key: ScalarNode, what: str) -> None:
    """Note an overlay that says what is so already."""
    message = f"the overlay at {key.text} changes nothing in {what}"
    source.problem(key, "overlay-changes-nothing", message, "remove it, or say in it what changes then")


def build_schema(source: Source, name: str, stages: Stages, siblings: Siblings) -> SchemaHistory | None:
    """Check every stage and put the schemas that it refers to into it; None where anything is wrong."""
    count = len(source.problems)
    used: dict[str, SchemaHistory] = {}
    for _, node in stages:
        check_schema(source, node, lambda reference: _refer(source, reference, siblings, used))
    if len(source.problems) > count:
        return None
    points = {version for version, _ in stages if version is not None}
    for history in used.values():
        points.update(history.since)
    documents: list[tuple[Microversion | None, Mapping[str, Any]]] = []
    for point in [None, *sorted(points)]:
        node = [stage for at, stage in stages if at is None or (point is not None and at <= point)][-1]
        document = _complete(plain(node), used, point)
        if documents and documents[-1][1] == document:
            continue
        documents.append((point, document))
        _check_meta(source, node, document)
        if _other_dialect(source, node, used, point):
            break
    if len(source.problems) > count:
        return None
    missing = next((history.missing for history in used.values() if history.missing), "")
    return SchemaHistory(name=name, mark=stages[0][1].mark, documents=tuple(documents), missing=missing)


def versions_of(source: Source, node: Any, order: Order | None) -> list[tuple[ScalarNode, Microversion, Any]]:
    """The entries of a `since` map with their microversions, oldest first; problems where one is none."""
    found: list[tuple[ScalarNode, Microversion, Any]] = []
    if not isinstance(node, MapNode):
        message = f"'since' must be a mapping, not {kind_of(node)}"
        source.problem(node, "wrong-type", message, "write microversion: overlay")
        return found
    for key, value in node.entries:
        if order is None:
            message = "this service has no microversions, so nothing can change since one"
            source.problem(key, "no-microversions", message, "the service file's version dialect is 'none'")
            continue
        try:
            version = order.parse(key.text)
        except ValueError as error:
            source.problem(key, "bad-microversion", str(error), "write microversion: what changes then")
            continue
        twin = next((other for other, known, _ in found if known == version), None)
        if twin is not None:
            message = f"{key.text} is the same microversion as {twin.text} at line {twin.mark.line}"
            source.problem(key, "duplicate-key", message, "keep one of them")
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


def _refer(source: Source, node: ScalarNode, siblings: Siblings, used: dict[str, SchemaHistory]) -> None:
    history = used.get(node.text) or siblings.get(source, node)
    if history is not None:
        used[node.text] = history


def _complete(
    document: dict[str, Any], used: Mapping[str, SchemaHistory], at: Microversion | None
) -> dict[str, Any]:
    """The document with its dialect, and below `$defs` the schemas that it refers to."""
    places = {name: f"/$defs/{_pointed(name)}" for name in used}
    found: dict[str, Any] = _localized(document, {name: f"#{place}" for name, place in places.items()}, "")
    found.setdefault("$schema", DIALECT)
    for name, history in used.items():
        other = {key: value for key, value in history.at(at).items() if key not in ("$schema", "$id")}
        found["$defs"] = {**found.get("$defs", {}), name: _localized(other, {}, places[name])}
    return found


def _pointed(name: str) -> str:
    """A name as a part of a JSON pointer (RFC 6901) in a URI's fragment; Tempest's have a slash in them."""
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="~:")


def _localized(document: Any, places: Mapping[str, str], prefix: str) -> Any:
    """`document` with each reference leading to where its schema stands now.

    A reference to another schema keeps what stands beside it in every dialect: it becomes a part of `allOf`.
    """
    if isinstance(document, list):
        return [_localized(item, places, prefix) for item in document]
    if not isinstance(document, dict):
        return document
    found = {key: _localized(value, places, prefix) for key, value in document.items()}
    name = document.get("$ref")
    if not isinstance(name, str):
        return found
    if name == "#" or name.startswith("#/"):
        return {**found, "$ref": f"#{prefix}{name[1:]}"}
    if name not in places:
        return found
    del found["$ref"]
    reference = {"$ref": places[name]}
    return {**found, "allOf": [*found.get("allOf", []), reference]} if found else reference


def _other_dialect(
    source: Source, node: MapNode, used: Mapping[str, SchemaHistory], at: Microversion | None
) -> bool:
    own = node.get("$schema")
    dialect = own.text.removesuffix("#") if own is not None else DIALECT
    for name, history in used.items():
        other = str(history.at(at).get("$schema", dialect)).removesuffix("#")
        if other != dialect:
            message = f"the schema '{name}' is written in another dialect ({other}) than this one ({dialect})"
            source.problem(own or node, "bad-schema", message, "write both in one dialect ('$schema')")
            return True
    return False


def _check_meta(source: Source, node: MapNode, document: dict[str, Any]) -> None:
    """Note what the dialect's own schema says of a schema."""
    fault = schema_fault(document)
    if fault is not None:
        message, where = fault
        source.problem(
            _node_at(node, where),
            "bad-schema",
            f"this is no valid JSON Schema: {message}",
            "json-schema.org/understanding-json-schema tells what each keyword takes",
        )


def schema_fault(document: dict[str, Any]) -> tuple[str, list[str | int]] | None:
    """What makes a document no usable schema of its dialect, and where in it; None where it is one."""
    import jsonschema_rs

    try:
        jsonschema_rs.meta.validate(document)
        jsonschema_rs.validator_for(document, validate_formats=True, retriever=no_retrieval)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        message = str(error).splitlines()[0]
        outside = _OUTSIDE.match(message)
        if outside is not None:
            message = f"'{outside[1]}' is not in the document, and is not fetched; put what it names into it"
        return message, list(getattr(error, "instance_path", ()))
    return None


def _node_at(node: Any, path: list[Any]) -> Any:
    """The node that a path of keys and indexes leads to, as far as it goes."""
    for part in path:
        inner = None
        if isinstance(node, MapNode):
            inner = node.get(str(part))
        elif isinstance(node, ListNode) and isinstance(part, int) and part < len(node.items):
            inner = node.items[part]
        if inner is None:
            break
        node = inner
    return node
