"""Request bodies at random, by hypothesis and hypothesis-jsonschema: what no list of bad requests thinks of.

Half of them are made from the request's schema, half are the call's own body with one place exchanged (its
variables are the case's, so that they name what is there). What is bad for the schema must be refused and
must change nothing, and nothing at all may make the service fail.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.execution.case import Explorer
from contract_tests.model.case import CallResult, Outcome
from contract_tests.model.derivation import get, places, put, resolve
from contract_tests.model.microversion import Microversion
from contract_tests.model.scenario import Call
from contract_tests.model.trials import random_trial, source_of

LOG = logging.getLogger(__name__)


class _Failed(Exception):
    """An input was not dealt with as it should be; hypothesis then looks for a smaller one.

    Each rule has a class of its own, since hypothesis tells failures apart by their classes.
    """


def explorer(version: Microversion | None, *, count: int, seed: int) -> Explorer:
    """What tries `count` bodies for each call that has a request schema, the same for the same `seed`.

    There is one result for each rule that was broken, the smallest input that was found for it, or the last
    try where none was; the first says how many were tried. UsageError where hypothesis-jsonschema is not
    installed.
    """
    try:
        import hypothesis
        import hypothesis_jsonschema
    except ImportError as error:
        raise UsageError(
            f"--random needs {error.name}; pip install 'contract-tests[random]' brings it"
        ) from None
    LOG.debug("hypothesis-jsonschema %s", hypothesis_jsonschema.__name__)
    settings = hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
    )

    def explore(call: Call, make: Callable[[Call], CallResult]) -> Iterator[CallResult]:
        if call.negative is None or call.negative.schema is None or call.body is None:
            return
        tried, last = [0, 0], None
        failed: dict[str, tuple[type[_Failed], CallResult]] = {}

        @hypothesis.seed(seed)
        @settings
        @hypothesis.given(_bodies(call, version))
        def attempt(body: Any) -> None:
            nonlocal last
            trial = random_trial(call, version, body)
            assert trial.trial is not None
            last = make(trial)
            tried[trial.trial.good] += 1
            if last.outcome is not Outcome.PASSED:
                rule = last.findings[0].rule if last.findings else ""
                kind = failed[rule][0] if rule in failed else type(f"_Failed_{rule}", (_Failed,), {})
                failed[rule] = kind, last
                raise kind

        try:
            attempt()
        except (_Failed, hypothesis.errors.HypothesisException, ExceptionGroup) as error:
            LOG.debug("%s: %s", call.name, error)
        results = [result for _, result in failed.values()] or ([last] if last is not None else [])
        for at, result in enumerate(results):
            yield replace(result, tried=(tried[0], tried[1])) if at == 0 else result

    return explore


def _bodies(call: Call, version: Microversion | None) -> Any:
    """A strategy of JSON bodies for a call, their variables as templates."""
    from hypothesis import strategies
    from hypothesis_jsonschema import from_schema

    assert call.negative is not None and call.negative.schema is not None and call.body is not None
    document = call.negative.schema.at(version)
    source = source_of(call.body.value)
    anything = from_schema({})

    @strategies.composite
    def exchanged(draw: Callable[[Any], Any]) -> Any:
        place = draw(strategies.sampled_from(places(source)))
        own = get(source, place)
        if isinstance(own, dict) and draw(strategies.booleans()):
            return put(
                source, (*place, source_of(draw(strategies.text(max_size=20)))), source_of(draw(anything))
            )
        return put(source, place, source_of(draw(strategies.one_of(strategies.none(), _like(own), anything))))

    return strategies.one_of(exchanged(), _good(document, document, 0).map(source_of))


def _like(value: Any) -> Any:
    """A strategy of values of the JSON type of `value`, whatever its schema says of them."""
    from hypothesis import strategies

    if isinstance(value, bool):
        return strategies.booleans()
    if isinstance(value, int):
        return strategies.integers()
    if isinstance(value, float):
        return strategies.floats(allow_nan=False, allow_infinity=False)
    if isinstance(value, list):
        return strategies.lists(strategies.sampled_from(value), max_size=4) if value else strategies.just([])
    return strategies.text() | strategies.integers()


def _good(document: Mapping[str, Any], schema: Any, depth: int) -> Any:
    """Values of a schema. Objects and lists are built here, of what hypothesis-jsonschema makes of the rest:

    0.23.1 calls something in making objects that hypothesis 6.170 does not have any more. What it cannot
    know of a value (patterns of names, alternatives of objects) is left to the schema itself to judge.
    """
    from hypothesis import strategies
    from hypothesis_jsonschema import from_schema

    for _ in range(8):
        if isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
            schema = resolve(document, schema["$ref"])
    if not isinstance(schema, Mapping) or depth > 6:
        return strategies.none()
    if "properties" in schema or schema.get("type") == "object":
        made = {name: _good(document, one, depth + 1) for name, one in schema.get("properties", {}).items()}
        needed = {name: one for name, one in made.items() if name in schema.get("required", ())}
        return strategies.fixed_dictionaries(
            needed, optional={name: one for name, one in made.items() if name not in needed}
        )
    if "items" in schema:
        items = _good(document, schema["items"], depth + 1)
        return strategies.lists(
            items, min_size=schema.get("minItems", 0), max_size=min(schema.get("maxItems", 5), 5)
        )
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return strategies.one_of([_good(document, one, depth + 1) for one in schema[key]])
    return from_schema({key: value for key, value in schema.items() if key != "$schema"})
