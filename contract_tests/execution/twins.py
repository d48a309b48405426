"""Twins: two recordings of the same release. What differs between them is noise."""

from __future__ import annotations

from dataclasses import dataclass, field

from contract_tests.comparison.noise import Noise, learnable
from contract_tests.execution.compare import answers, compare_answers
from contract_tests.execution.runner import Job


@dataclass(slots=True)
class Twins:
    """What two recordings of one release taught: their noise, from how many cases, and what is none.

    `refused` has a line for each difference that cannot be noise: the service, or a scenario that depends on
    what was there before, has to be mended.
    """

    cases: int = 0
    noise: Noise = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def learn(first: Job, second: Job) -> Twins:
    """Compare two recordings of one release, case by case, and call what differs noise."""
    found = Twins()
    kinds: dict[str, dict[str, set[str]]] = {}
    twins = {case.id: case for case in second.cases}
    for case in first.cases:
        twin = twins.get(case.id)
        if case.skip or twin is None or twin.skip:
            continue
        old, new = (
            answers(one, job.transport, job.deployment, replay=True)
            for job, one in ((first, case), (second, twin))
        )
        if old.problem or new.problem:
            found.refused.append(f"{case.id}: {old.problem or new.problem}")
            continue
        found.cases += 1
        for name in old.responses.keys() ^ new.responses.keys():
            found.refused.append(f"{case.id}: {name}: only one of the two recordings has this call")
        for name, fact in compare_answers(old, new, case.scenario, case.microversion):
            if learnable(fact):
                places = kinds.setdefault(f"{case.scenario.slug}: {name}", {})
                places.setdefault(fact.path, set()).add(fact.kind)
            else:
                found.refused.append(f"{case.id}: {name}: {fact.kind} {fact.old!r} became {fact.new!r}")
    found.noise = {
        call: {path: frozenset(those) for path, those in sorted(places.items())}
        for call, places in sorted(kinds.items())
    }
    return found
