"""Parity: one thing as two APIs show it, property by property, and what going through the one above costs."""

from __future__ import annotations

import enum
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract_tests.checks.rules import Words
from contract_tests.execution.causes import BAD, first_below
from contract_tests.model.case import Case, Outcome
from contract_tests.model.finding import Finding
from contract_tests.model.http import MISSING, Request, Response, same_json
from contract_tests.model.scenario import Call, Parity, Side
from contract_tests.model.template import as_text
from contract_tests.recordings.redaction import without_secrets

if TYPE_CHECKING:
    from contract_tests.execution.runner import Job


class Match(enum.StrEnum):
    """What became of a property."""

    SAME = "same"
    MAPPED = "same by the map"
    DIFFERENT = "DIFFERENT"
    ABOVE = "only above"
    BELOW = "only below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One property: its names on both sides (empty where it is not there), and the values that differ."""

    above: str
    below: str
    match: Match
    values: tuple[Any, Any] = (MISSING, MISSING)


@dataclass(slots=True, kw_only=True)
class Seen:
    """A parity over all cases of a deployment.

    `rows` are its properties, `calls` the requests that a client made to the sides `above` and `below`,
    over `cases`; `hidden` those that the upper API made meanwhile, by service, where the deployment counts
    requests (`counted`). In `apart` of the cases the sides share no property; `missing` says why there is
    nothing to compare.
    """

    deployment: str
    scenario: str
    parity: Parity
    services: tuple[str, str]
    rows: dict[tuple[str, str, Match], Row] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    counted: bool = False
    cases: int = 0
    apart: int = 0
    missing: str = ""

    @property
    def failed(self) -> bool:
        return self.apart > 0 or any(row.match is Match.DIFFERENT for row in self.rows.values())


def mapped(parity: Parity, above: Any, below: Any) -> tuple[Row, ...]:
    """The properties of both objects, paired by name: those above in their order, then those only below.

    `above` and `below` are the answers' bodies as JSON. An object that is not there has no properties.
    """
    over, under = _object(parity.above, above), _object(parity.below, below)
    rows: list[Row] = []
    paired: set[str] = set()
    for name, value in over.items():
        other = parity.names.get(name, name)
        if other not in under or (name == other and name in parity.differ):
            rows.append(Row(above=name, below="", match=Match.ABOVE))
            continue
        paired.add(other)
        told = parity.values.get(name, {}).get(as_text(value))
        by_map = other != name or told is not None
        same = same_json(value, under[other]) or (told is not None and told == as_text(under[other]))
        match = (Match.MAPPED if by_map else Match.SAME) if same else Match.DIFFERENT
        values = (MISSING, MISSING) if same else (value, under[other])
        rows.append(Row(above=name, below=other, match=match, values=values))
    rows += [Row(above="", below=name, match=Match.BELOW) for name in under if name not in paired]
    return tuple(rows)


def broken(parity: Parity, rows: Iterable[Row]) -> Iterator[Finding]:
    """A finding for each property that both have with different values, and one where they share none."""
    rows = tuple(rows)
    for row in rows:
        if row.match is Match.DIFFERENT:
            where = f"{parity.above.at.source} {row.above}"
            over, under = row.values
            yield Finding(rule="parity", mark=parity.mark, where=where, expected=under, got=over)
    if not _share(rows):
        where = f"{parity.above.at.source} of '{parity.above.call}'"
        detail = f"a property that {parity.below.at.source} of '{parity.below.call}' has too"
        yield Finding(rule="parity", mark=parity.mark, where=where, expected=Words(detail))


def _share(rows: Iterable[Row]) -> bool:
    return any(row.above and row.below for row in rows)


def measure(jobs: Sequence[Job]) -> Iterator[Seen]:
    """Run the cases that have a parity, and tell each parity's properties and calls, by deployment."""
    for job in jobs:
        found: dict[tuple[str, str], Seen] = {}
        for case in job.cases:
            if not case.scenario.parity:
                continue
            for rows, seen in _seen(job, case, found):
                for row in rows:
                    seen.rows.setdefault((row.above, row.below, row.match), row)
                seen.apart += not _share(rows)
        yield from found.values()


def _seen(job: Job, case: Case, found: dict[tuple[str, str], Seen]) -> Iterator[tuple[tuple[Row, ...], Seen]]:
    from contract_tests.execution.case import run_case

    scenario = case.scenario
    answers: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    hidden: dict[str, Counter[str]] = {}
    counters = job.deployment.counters
    before = _requests(counters)

    def observe(call: Call, request: Request, response: Response, variables: Mapping[str, Any]) -> None:
        nonlocal before
        service = scenario.serving(call.on)
        if not job.replay:
            response = without_secrets(service, request, response).response
        answers[call.name] = response.document(service.bodies)
        counts[call.name] += 1
        now = _requests(counters)
        made = hidden.setdefault(call.name, Counter())
        made.update({name: now[name] - before[name] for name in now if name != call.on})
        before = now

    sleep = None if job.replay else time.sleep
    result = run_case(case, job.transport, job.deployment, observe=observe, sleep=sleep)
    passed = {call.name for call in result.calls if call.outcome is Outcome.PASSED}
    on = {history.name: history.stages[0][1].on for history in scenario.histories}
    for parity in scenario.parity:
        names = (parity.above.call, parity.below.call)
        seen = found.setdefault(
            (scenario.slug, parity.name),
            Seen(
                deployment=job.deployment.name,
                scenario=scenario.slug,
                parity=parity,
                services=(on[names[0]], on[names[1]]),
            ),
        )
        lacking = [name for name in names if name not in passed]
        if lacking:
            why = next((call for call in result.calls if call.name == lacking[0]), None)
            cause = first_below(scenario, {call.name for call in result.calls if call.outcome in BAD})
            told = f"call '{lacking[0]}' {why.outcome if why is not None else 'was not made'}"
            told += f", after call '{cause}' failed below" if cause else ""
            seen.missing = seen.missing or result.reason or told
            continue
        seen.cases += 1
        for name, side in (("above", parity.above), ("below", parity.below)):
            seen.calls[name] += sum(counts[call] for call in (side.call, *side.after))
        seen.counted = bool(counters)
        for name in (parity.above.call, *parity.above.after):
            seen.hidden.update(hidden[name])
        yield mapped(parity, answers[names[0]], answers[names[1]]), seen


def _requests(counters: Mapping[str, str]) -> dict[str, int]:
    """How many requests each service was sent until now, by its file; none where that is not there yet."""
    files = {name: Path(file) for name, file in counters.items()}
    return {name: file.stat().st_size if file.exists() else 0 for name, file in files.items()}


def _object(side: Side, document: Any) -> Mapping[str, Any]:
    found = side.at.find(document) if document is not MISSING else MISSING
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    return found if isinstance(found, dict) else {}
