"""`negative:` of a call: what bad requests and boundary values are derived from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from contract_tests.loading.nodes import ListNode, MapNode, ScalarNode, plain
from contract_tests.loading.schema import Siblings
from contract_tests.loading.source import Source, nearest
from contract_tests.model.derivation import fault, query_fault
from contract_tests.model.microversion import Microversion
from contract_tests.model.scenario import Call, CallHistory, Negative, SchemaHistory
from contract_tests.model.service import Service
from contract_tests.model.trials import derived_of, samples, source_of

_SAMPLES = {
    "uuid": "6c1d4b0e-51f4-5c0e-9d5c-3b6f0e3d9a10",
    "hex": "6c1d4b0e51f45c0e9d5c3b6f0e3d9a10",
    "name": "ct-6c1d4b0e51f4",
    "constant": "CT_6C1D4B0E51F4",
}
"""What a generated variable looks like."""


def read_negative(
    source: Source,
    node: MapNode,
    service: Service,
    siblings: Siblings,
    given: Mapping[str, Any],
    make: Callable[[MapNode], Call],
) -> Negative:
    """The part `negative:` in its shape.

    `given` are the nodes of the scenario's variables, `make` reads a call.
    """
    schema, query, look = node.get("schema"), node.get("query"), node.get("look")
    undo, without, known = node.get("undo"), node.get("without"), node.get("known")
    entries = known.entries if known is not None else ()
    error = siblings.find(service.error_schema) if service.error_schema else None
    return Negative(
        mark=node.mark,
        schema=siblings.get(source, schema) if schema is not None else None,
        query=siblings.get(source, query) if query is not None else None,
        look=make(_get(node, look)) if look is not None else None,
        undo=tuple(make(item) for item in undo.items) if undo is not None else (),
        without=frozenset(item.text for item in without.items) if without is not None else frozenset(),
        known={key.text: _statuses(value.get("status")) for key, value in entries},
        because={key.text: value.get("because").text for key, value in entries},
        refused=service.refused,
        error=error,
        fresh=tuple(_fresh(source, node.get("fresh"), given)),
        given={name: sample for name, one in given.items() for sample in _sample(one)},
    )


def _fresh(source: Source, names: ListNode | None, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The variables under `fresh`, each with the kind that it is generated as."""
    generated = {
        name: str(value["generate"])
        for name, value in ((name, plain(one)) for name, one in given.items())
        if isinstance(value, dict) and "generate" in value
    }
    for one in names.items if names is not None else ():
        if one.text in generated:
            yield one.text, generated[one.text]
        else:
            hint = nearest(one.text, sorted(generated), "write it below 'vars' with 'generate'")
            source.problem(one, "not-generated", f"no variable '{one.text}' is generated", hint)


def _get(node: MapNode, path: ScalarNode) -> MapNode:
    """A call that GETs a path."""
    return replace(node, entries=((replace(path, text="GET", value="GET"), path),))


def _statuses(node: Any) -> tuple[int, ...]:
    return tuple(one.value for one in getattr(node, "items", (node,)))


def _sample(node: Any) -> list[Any]:
    """A value like the variable's; none where it is made of other variables."""
    value = plain(node)
    if isinstance(value, dict) and "generate" in value:
        return [_SAMPLES.get(str(value["generate"]), "x")]
    return [] if "${" in str(value) else [value]


def check_negative(
    source: Source, node: MapNode, history: CallHistory, others: Mapping[str, Microversion | None]
) -> None:
    """Note a call whose own request its schemas refuse, and a label under `known` that nothing has.

    `others` are the microversions of the scenario's other services, by name.
    """
    part = node.get("negative")
    labels: set[str] = set()
    for version in _points(history):
        call = history.at(version)
        negative = call.negative if call is not None else None
        if call is None or negative is None:
            continue
        version = others.get(call.on, version)
        at = f" at {version}" if version is not None else ""
        for key, schema, body in (
            ("schema", negative.schema, source_of(call.body.value) if call.body is not None else None),
            ("query", negative.query, {name: source_of(value) for name, value in call.query}),
        ):
            if schema is not None and not _holds(source, part.get(key), call, key, schema, body, version, at):
                return
        if negative.known:
            labels.update(one.label for one in derived_of(call, version))
    known = part.get("known")
    for key, _ in known.entries if known is not None else ():
        if key.text not in labels:
            message = f"nothing is derived under the label '{key.text}'"
            hint = nearest(key.text, sorted(labels), "`contract-tests negative --list` tells the labels")
            source.problem(key, "unknown-input", message, hint)


def _points(history: CallHistory) -> list[Microversion | None]:
    """The microversions at which the derived requests may be others; None for the base."""
    found: set[Microversion] = set(history.since)
    for _, call in history.stages:
        if call.negative is not None:
            for schema in (call.negative.schema, call.negative.query):
                found.update(schema.since if schema is not None else ())
    inside = sorted(version for version in found if version in history.range)
    return [history.range.low, *inside]


def _holds(
    source: Source,
    node: ScalarNode,
    call: Call,
    key: str,
    schema: SchemaHistory,
    body: Any,
    version: Microversion | None,
    at: str,
) -> bool:
    if key == "schema" and (call.body is None or call.body.kind != "json"):
        message = "bad bodies are derived from a good one, and this call has no 'json'"
        source.problem(
            node, "bad-input", message, "write the good request below 'json', with all its properties"
        )
        return False
    if key == "query" and "?" in str(source_of(call.target)):
        message = "bad queries are derived from 'query', and this call's stands in its path"
        source.problem(node, "bad-input", message, "write its parameters below 'query'")
        return False
    document = schema.at(version)
    wrong = (query_fault if key == "query" else fault)(document, body, samples(call, document, body))
    if not wrong:
        return True
    own = "body" if key == "schema" else "query"
    message = f"the schema '{schema.name}' refuses the call's own {own}{at}: {wrong}"
    hint = "mend the schema or the request; everything else is derived from both"
    source.problem(node, "bad-input", message, hint)
    return False
