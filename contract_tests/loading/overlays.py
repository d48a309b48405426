"""A call's history: overlays merged, and the digest of what a call asks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contract_tests.loading.nodes import ListNode, MapNode, ScalarNode, plain, walk_templates
from contract_tests.loading.shapes import BODIES, METHODS
from contract_tests.loading.source import Source
from contract_tests.model.template import Template, compile_text

MERGED: Mapping[str, Any] = {
    "headers": {},
    "query": {},
    "save": {},
    "expect": {"headers": {}, "json": {}, "xml": {}},
}
"""The maps of a call that an overlay merges key by key; it replaces every other value whole."""

_REMOVABLE = ("headers", "query")
_ASKED = ("headers", "query", "microversion", "redirects", "representation")


def merge(
    source: Source, base: MapNode, overlay: MapNode, merged: Mapping[str, Any] = MERGED, where: str = ""
) -> MapNode:
    """`base` with what `overlay` changes in it. `where` is the path of both within the call."""
    caseless = where.endswith("headers")
    entries = {key.text.lower() if caseless else key.text: (key, value) for key, value in base.entries}
    for key, value in overlay.entries:
        name = key.text.lower() if caseless else key.text
        old = entries.get(name)
        if where in _REMOVABLE and isinstance(value, ScalarNode) and value.value is None:
            if old is None:
                message = f"there is no '{key.text}' to remove from '{where}'"
                source.problem(key, "nothing-to-remove", message, "mend the name, or leave this out")
            entries.pop(name, None)
        elif name in merged and isinstance(value, MapNode):
            under = old[1] if old is not None else replace(value, entries=())
            path = f"{where}.{name}" if where else name
            entries[name] = (key, merge(source, under, value, merged[name], path))
        else:
            if not where:
                entries = _without_older(entries, name)
            entries[name] = (key, value)
    return replace(base, entries=tuple(entries.values()))


def _without_older(entries: dict[str, Any], name: str) -> dict[str, Any]:
    """A new method or body takes the place of the older one, whatever its key was."""
    group = next((group for group in (METHODS, BODIES) if name in group), ())
    return {key: entry for key, entry in entries.items() if key not in group}


def names_in(node: Any) -> Iterator[str]:
    """The variables that a node's scalars use, in order, with repetitions."""
    for scalar in walk_templates(node):
        compiled = compile_text(scalar.text)
        if isinstance(compiled, Template):
            yield from compiled.variables


def texts(node: Any) -> Any:
    """A node as a plain value in which each scalar is its text: what goes out as text is compared as text."""
    if isinstance(node, MapNode):
        return {key.text: texts(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [texts(item) for item in node.items]
    return node.text if node is not None else None


def digest(
    call: MapNode, role: str, content: bytes | None, given: Mapping[str, Any], on: Sequence[str] = ()
) -> str:
    """A short digest of what a call asks: it changes when, and only when, the request does.

    `on` names the service, and the microversion that it is asked for, in a scenario of several services.

    `content` are the bytes of a body that comes from a file; `given` are the nodes of the
    scenario's variables.
    """
    method = next(key.text for key, _ in call.entries if key.text in METHODS)
    kind = next((key for key in BODIES if call.get(key) is not None), None)
    body: Any = None
    if kind is not None and content is not None:
        body = ["bytes", hashlib.sha256(content).hexdigest()]
    elif kind is not None:
        body = [kind, plain(call.get(kind)) if kind == "json" else texts(call.get(kind))]
    others = {key: texts(call.get(key)) for key in _ASKED if call.get(key) is not None}
    used = names_in(call.get(method)), *(names_in(call.get(key)) for key in (*_ASKED, *filter(None, [kind])))
    asked = {
        "request": [method, call.get(method).text, body, role],
        "others": others,
        **({"on": list(on)} if on else {}),
        "vars": {name: plain(given[name]) for name in _all_given(used, given)},
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


def _all_given(used: Iterable[Iterable[str]], given: Mapping[str, Any]) -> set[str]:
    """The given variables among `used`, and those that they are made of."""
    found: set[str] = set()
    left = [name for names in used for name in names]
    while left:
        name = left.pop()
        if name in given and name not in found:
            found.add(name)
            left += names_in(given[name])
    return found
