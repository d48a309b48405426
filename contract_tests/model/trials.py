"""Trials: the calls that `negative:` makes of a call, bad requests and boundary values.

They are derived when a case needs them, stand before the call that they are made of, and are calls like any
other: recorded, replayed, compared and reported under their names.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from contract_tests.model.derivation import (
    UNKNOWN_PARAMETER,
    Derived,
    derive_bodies,
    derive_queries,
    fault,
    sample_of,
)
from contract_tests.model.http import MISSING
from contract_tests.model.microversion import Microversion
from contract_tests.model.scenario import (
    Body,
    Call,
    CallHistory,
    Expectation,
    Negative,
    Scenario,
    Trial,
)
from contract_tests.model.template import Computed, Template, compile_text, compile_value, variables_in

REFUSED: Mapping[str, tuple[int, ...]] = {"media-type": (415,)}
"""The status of a bad request where its service file says nothing; 400 where nothing stands here either."""

RANDOM = ": at random"
"""How the name of a trial at random ends, after its call's."""


def calls_at(scenario: Scenario, version: Microversion | None) -> Iterator[tuple[CallHistory, Call]]:
    """Every call that exists at `version`, with the history that it is of: trials before their call."""
    for history in scenario.histories:
        call = history.at(version)
        if call is not None:
            for trial in trials_of(call, scenario.version(call.on, version)):
                yield history, trial
            yield history, call


def trials_of(call: Call, version: Microversion | None) -> tuple[Call, ...]:
    """The trials of a call at `version`, the bad requests first; none where it has no `negative:`."""
    return _trials(_Same(call), version) if call.negative is not None else ()


class _Same:
    """A call as a key: two calls are the same where they are one object."""

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call = call

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.call is other.call

    def __hash__(self) -> int:
        return id(self.call)


@functools.lru_cache(maxsize=1024)
def _trials(key: _Same, version: Microversion | None) -> tuple[Call, ...]:
    call = key.call
    negative = call.negative
    assert negative is not None
    found = [one for one in derived_of(call, version) if one.kind not in negative.without]
    bad = [one for one in found if not one.good and negative.refused.get(one.kind) != ()]
    good = [one for one in found if one.good or negative.refused.get(one.kind) == ()]
    return (
        *(_trial(call, negative, one, good=False) for one in bad),
        *(_trial(call, negative, one, good=True) for one in good),
    )


def derived_of(call: Call, version: Microversion | None) -> list[Derived]:
    """What is derived from a call at `version`, before the service's promises are looked at."""
    negative = call.negative
    if negative is None:
        return []
    found = []
    if negative.schema is not None and call.body is not None:
        document, body = negative.schema.at(version), source_of(call.body.value)
        found += derive_bodies(document, body, samples(call, document, body))
    if negative.query is not None:
        document = negative.query.at(version)
        pairs = [(name, source_of(value)) for name, value in call.query]
        found += derive_queries(document, pairs, samples(call, document, dict(pairs)))
    return (
        [*found, UNKNOWN_PARAMETER]
        if not any(one.kind == "unknown" and one.query for one in found)
        else found
    )


def samples(call: Call, document: Mapping[str, Any], body: Any) -> dict[str, Any]:
    """Values of the variables in a body (templates as texts) with which it satisfies its schema."""
    assert call.negative is not None
    names = tuple(dict.fromkeys(variables_in(compile_value(body))))
    return sample_of(document, body, names, call.negative.given)


def random_trial(call: Call, version: Microversion | None, body: Any) -> Call:
    """A trial with a JSON body of somebody's own (templates as texts).

    Bad for the schema, it must be refused; good for it, it may be refused for what no schema tells.
    """
    negative = call.negative
    assert negative is not None and negative.schema is not None and call.body is not None
    document = negative.schema.at(version)
    good = not fault(document, body, samples(call, document, source_of(call.body.value)))
    made = _trial(
        call,
        negative,
        Derived(label=RANDOM.removeprefix(": "), kind="boundary" if good else "type", body=body),
        good=good,
    )
    expect = made.expect
    if good and expect is not None:
        expect = replace(expect, status=tuple(range(200, 500)))
    assert made.trial is not None
    return replace(made, expect=expect, trial=replace(made.trial, random=True))


def _trial(call: Call, negative: Negative, one: Derived, *, good: bool) -> Call:
    known = negative.known.get(one.label)
    own = call.expect.status if call.expect is not None else ()
    status = own if good else negative.refused.get(one.kind) or REFUSED.get(one.kind, (400,))
    expect = Expectation(
        status=known or status,
        input="accepted" if good else "refused",
        schema=None if good or known else negative.error,
        marks={"status": negative.mark, "schema": negative.mark},
    )
    body = call.body
    if one.text is not None:
        body = Body(kind="text", value=compile_text(one.text), media_type=one.media_type)
    elif one.body is not MISSING:
        body = Body(
            kind="json", value=compile_value(one.body), media_type=one.media_type or "application/json"
        )
    query = call.query
    if one.query is not None:
        pairs = tuple((name, compile_text(value)) for name, value in one.query)
        query = (*query, *pairs) if one.more else pairs
    asked = [
        call.asked,
        one.label,
        one.text,
        None if one.body is MISSING else one.body,
        one.query,
        one.media_type,
    ]
    asked += [part.asked for part in (negative.look, *negative.undo) if part is not None]
    return replace(
        call,
        name=f"{call.name}: {one.label}",
        mark=negative.mark,
        body=body,
        query=query,
        expect=expect,
        poll=None,
        negative=None,
        trial=Trial(
            good=good,
            kind=one.kind,
            known=known is not None,
            look=negative.look,
            undo=negative.undo,
            fresh=negative.fresh,
        ),
        asked=hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12],
    )


def source_of(value: Any) -> Any:
    """A compiled JSON value with its templates as the texts that they were made from."""
    if isinstance(value, Template):
        return value.source
    if isinstance(value, Computed):
        value = value.value
    if isinstance(value, list):
        return [source_of(item) for item in value]
    if isinstance(value, dict):
        return {source_of(key): source_of(item) for key, item in value.items()}
    return value.replace("${", "$${") if isinstance(value, str) else value
