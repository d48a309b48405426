"""Scenarios: an ordered list of calls that share variables, and each call's history over microversions."""

from __future__ import annotations

import bisect
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.model.finding import Mark
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.matcher import Matcher
from contract_tests.model.microversion import Microversion, MicroversionRange
from contract_tests.model.service import Service
from contract_tests.model.template import Template
from contract_tests.model.xml import XmlPath

_first = operator.itemgetter(0)

DEFAULT_REPRESENTATION = "contract-tests/default"
"""The `representation` of a call that asks for what those get who do not choose; no media type of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaHistory:
    """A response schema: the document of each microversion from which it differs, oldest first.

    The first entry's microversion is None: it holds from the beginning. `missing` says why it cannot be
    checked here (what ships it is not installed); a case that needs it is skipped with that reason.
    """

    name: str
    mark: Mark
    documents: tuple[tuple[Microversion | None, Mapping[str, Any]], ...]
    missing: str = ""

    @property
    def since(self) -> tuple[Microversion, ...]:
        """The microversions at which it changes."""
        return tuple(version for version, _ in self.documents if version is not None)

    def at(self, version: Microversion | None) -> Mapping[str, Any]:
        """The document that holds at `version` (None: a service without microversions)."""
        if version is None:
            return self.documents[0][1]
        return self.documents[bisect.bisect_right(self.documents, version, lo=1, key=_first) - 1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A request body: `kind` is json, form, text or bytes; `value` may hold templates."""

    kind: str
    value: Any
    media_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a response must be. An expectation that is not there checks nothing."""

    status: tuple[int, ...]
    headers: tuple[tuple[str, Matcher], ...] = ()
    json: tuple[tuple[JsonPath | Template, Matcher], ...] = ()
    xml: tuple[tuple[XmlPath | Template, Matcher], ...] = ()
    text: Matcher | None = None
    body: str = ""
    schema: SchemaHistory | None = None
    sha256: str = ""
    input: str = ""
    """Of a trial, what its input deserves: "refused" or "accepted"; empty for other calls."""
    marks: Mapping[str, Mark] = field(default_factory=dict, compare=False, hash=False)

    def mark(self, key: str, default: Mark) -> Mark:
        """Where the expectation `key` was written."""
        return self.marks.get(key, default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """A variable that a response gives: from a JSON path, an XPath or a header (or a pattern's group)."""

    name: str
    mark: Mark
    path: JsonPath | None = None
    xml: XmlPath | None = None
    header: str = ""
    match: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Repeat a call until its answer matches: `every` and `limit` are seconds."""

    until: Expectation
    every: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a deployment must have. Release ranges compare by the `semantic` order.

    `beside` are the releases of the scenario's other services, by name.
    """

    release: MicroversionRange | None = None
    beside: tuple[tuple[str, MicroversionRange], ...] = ()
    extensions: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """What bad requests are derived from (`negative:` of a call; see `contract_tests.model.trials`).

    `schema` is of the request's JSON body, `query` of its parameters as an object of texts. `look` must
    answer the same before and after a refusal; `undo` takes back what was accepted. `without` are kinds of
    `contract_tests.model.derivation.KINDS` that are not derived, `known` the statuses of labels that are
    answered otherwise than promised. `refused` are the statuses that the service promises by kind (none: it
    promises to ignore that), `error` is the schema of its errors. `given` are samples of variables. `fresh`
    are generated variables, with their kinds, that have a value of their own in each trial.
    """

    mark: Mark
    schema: SchemaHistory | None = None
    query: SchemaHistory | None = None
    look: Call | None = None
    undo: tuple[Call, ...] = ()
    without: frozenset[str] = frozenset()
    known: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)
    because: Mapping[str, str] = field(default_factory=dict, hash=False)
    refused: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)
    error: SchemaHistory | None = None
    given: Mapping[str, Any] = field(default_factory=dict, hash=False)
    fresh: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a derived call is for: `kind` says what is wrong with it; a `good` one must be accepted.

    `known`: it is known to be answered otherwise than promised, and so it is expected. `random`: its input
    was made at random, and may make something else than `undo` knows of. `fresh` is as that of Negative.
    """

    good: bool
    kind: str
    known: bool = False
    random: bool = False
    look: Call | None = None
    undo: tuple[Call, ...] = ()
    fresh: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as it is at one microversion. `on` names its service in a scenario of several."""

    name: str
    mark: Mark
    method: str
    target: Any
    query: tuple[tuple[str, Any], ...] = ()
    headers: tuple[tuple[str, Any], ...] = ()
    body: Body | None = None
    role: str = "admin"
    microversion: Any = None
    redirects: bool = False
    save: tuple[Save, ...] = ()
    poll: Poll | None = None
    expect: Expectation | None = None
    uses: frozenset[str] = frozenset()
    negative: Negative | None = None
    trial: Trial | None = None
    on: str = ""
    representation: str = ""
    """The media type with its parameters that is asked for, and that the answer must say it is."""
    same_as: str = ""
    """The earlier call whose answer this one must equal."""
    asked: str = ""
    """Digest of what is asked: method, target, query, headers, body, role. Not of what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """A call over microversions: `stages` are (the microversion from which, the call), oldest first.

    The first stage's microversion is None. Outside `range` the call does not exist.
    """

    name: str
    mark: Mark
    stages: tuple[tuple[Microversion | None, Call], ...]
    range: MicroversionRange = MicroversionRange()
    requires: Requirement = Requirement()
    cleanup: bool = False

    @property
    def since(self) -> tuple[Microversion, ...]:
        """The microversions of its overlays."""
        return tuple(version for version, _ in self.stages if version is not None)

    def at(self, version: Microversion | None) -> Call | None:
        """The call at `version`, or None where it does not exist there."""
        if version is None:
            return self.stages[0][1]
        if version not in self.range:
            return None
        return self.stages[bisect.bisect_right(self.stages, version, lo=1, key=_first) - 1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a parity: an object in the answer to a call; `after` are other calls that it takes."""

    call: str
    at: JsonPath
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """One thing in two APIs: an object of the API above, and the same of the API below.

    Properties of one name are one, as are those of `names` (above -> below), but for those of `differ`.
    `values` maps, by the name above, texts of values above to those below.
    """

    name: str
    mark: Mark
    above: Side
    below: Side
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)
    differ: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another service of a scenario, and the microversion that it is asked for (None: none)."""

    service: Service
    microversion: Microversion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario file. `slug` is its name in paths, `id` is stable for ever.

    `service` is its first service: its microversions are the cases', and its recordings hold the scenario.
    `others` are those that it calls besides, each at one microversion.
    """

    name: str
    id: str
    slug: str
    mark: Mark
    service: Service
    range: MicroversionRange = MicroversionRange()
    recorded: frozenset[Microversion] | None = None
    """The microversions whose cases recordings keep; None: all."""
    tags: frozenset[str] = frozenset()
    requires: Requirement = Requirement()
    variables: tuple[tuple[str, Any], ...] = ()
    calls: tuple[CallHistory, ...] = ()
    cleanup: tuple[CallHistory, ...] = ()
    others: tuple[Other, ...] = ()
    parity: tuple[Parity, ...] = ()

    def serving(self, on: str) -> Service:
        """The service that a call names by `on`."""
        return next((one.service for one in self.others if one.service.name == on), self.service)

    def version(self, on: str, case: Microversion | None) -> Microversion | None:
        """The microversion that calls on that service are made at, in a case at `case`."""
        return next((one.microversion for one in self.others if one.service.name == on), case)

    def is_recorded(self, version: Microversion | None) -> bool:
        """Whether a recording keeps its case at `version`."""
        return self.recorded is None or version in self.recorded

    @property
    def histories(self) -> Iterator[CallHistory]:
        """Its calls, then its cleanup."""
        yield from self.calls
        yield from self.cleanup

    def points(self) -> tuple[Microversion, ...]:
        """Every microversion at which something in it changes: overlays, limits of calls, schemas."""
        found: set[Microversion] = set()
        for history in self.histories:
            found.update(history.since)
            if history.range.low is not None:
                found.add(history.range.low)
            for _, call in history.stages:
                if call.on in ("", self.service.name):
                    for schema in schemas_of(call):
                        found.update(schema.since)
        return tuple(sorted(version for version in found if version in self.range))


def schemas_of(call: Call) -> Iterator[SchemaHistory]:
    """The schemas whose changes change a call."""
    if call.expect is not None and call.expect.schema is not None:
        yield call.expect.schema
    if call.negative is not None:
        yield from filter(None, (call.negative.schema, call.negative.query))
