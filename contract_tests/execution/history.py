"""The history of a service along its microversions, as seen in traffic, beside what the scenarios declare."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from contract_tests.comparison.facts import VALUED, Fact
from contract_tests.comparison.policy import Policy
from contract_tests.comparison.rules import Context, Rule, Verdict
from contract_tests.execution.compare import Answered, answers, compare_answers
from contract_tests.execution.runner import Job
from contract_tests.model.case import Case
from contract_tests.model.microversion import Microversion, known_between
from contract_tests.model.scenario import CallHistory, Scenario, SchemaHistory, schemas_of
from contract_tests.model.service import Service
from contract_tests.model.trials import calls_at


@dataclass(slots=True)
class Entry:
    """One change at one microversion. `calls` are where it was seen, `releases` in whose recordings.

    `undeclared` are those of the calls that no overlay of theirs, or of their schema, stands for there.
    """

    microversion: Microversion
    rule: Rule
    verdict: Verdict
    fact: Fact
    calls: dict[str, str] = field(default_factory=dict)
    releases: list[str] = field(default_factory=list)
    undeclared: set[str] = field(default_factory=set)

    @property
    def declared(self) -> bool:
        return not self.undeclared


@dataclass(slots=True)
class History:
    """What each microversion changed; `unseen` are overlays (call, microversion, where) that do not show.

    `calls` are all that were compared, `SCENARIO: CALL`.
    """

    service: Service
    entries: list[Entry] = field(default_factory=list)
    unseen: list[tuple[str, Microversion, str]] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)


def history(service: Service, jobs: Sequence[Job], policy: Policy) -> History:
    """Compare each recorded microversion with the one before it, scenario by scenario, release by release.

    A change that nothing declares is REVIEW: a leak, or an overlay that a person forgot.
    """
    found = History(service=service, releases=[job.deployment.release or job.deployment.name for job in jobs])
    entries: dict[tuple[Microversion, str, str, str, str], Entry] = {}
    declared: dict[tuple[str, str, Microversion], str] = {}
    shown: set[tuple[str, str, Microversion]] = set()
    for job, release in zip(jobs, found.releases, strict=True):
        for scenario, before, after, version in _neighbours(service, job):
            for name, at in _declares(scenario, version):
                declared[scenario.slug, name, version] = at
            marks = {
                call.name: f"{call.mark.path}:{call.mark.line}" for _, call in calls_at(scenario, version)
            }
            found.calls.update(f"{scenario.slug}: {name}" for name in marks)
            for name, fact in compare_answers(before, after, scenario, version, (job.deployment.noise,)):
                entry = _entry(entries, policy, scenario, name, fact, version)
                key = (scenario.slug, name, version)
                if key in declared:
                    shown.add(key)
                else:
                    entry.undeclared.add(f"{scenario.slug}: {name}")
                entry.calls[f"{scenario.slug}: {name}"] = marks[name]
                if release not in entry.releases:
                    entry.releases.append(release)
    for entry in entries.values():
        if not entry.declared and entry.verdict in (Verdict.BUMP, Verdict.WARN):
            entry.verdict = Verdict.REVIEW
    gravity = list(Verdict)
    found.entries = sorted(
        entries.values(), key=lambda e: (e.microversion, -gravity.index(e.verdict), e.fact.path)
    )
    found.unseen = [
        (f"{slug}: {name}", version, at)
        for (slug, name, version), at in declared.items()
        if (slug, name, version) not in shown
    ]
    return found


def _entry(
    entries: dict[tuple[Microversion, str, str, str, str], Entry],
    policy: Policy,
    scenario: Scenario,
    name: str,
    fact: Fact,
    version: Microversion,
) -> Entry:
    rule, verdict = policy.judge(fact, Context.ADJACENT, scenario.service.name, f"{scenario.slug}: {name}")
    values = (repr(fact.old), repr(fact.new)) if fact.kind in VALUED else ("", "")
    key = (version, rule.id, fact.path, *values)
    return entries.setdefault(key, Entry(microversion=version, rule=rule, verdict=verdict, fact=fact))


def _neighbours(service: Service, job: Job) -> Iterator[tuple[Scenario, Answered, Answered, Microversion]]:
    """Each scenario's answers at two neighbouring microversions, with the later of the two."""
    order = service.dialect.order
    if order is None:
        return
    grouped: dict[str, list[Case]] = {}
    for case in job.cases:
        if not case.skip and case.microversion is not None:
            grouped.setdefault(case.scenario.slug, []).append(case)
    listed = job.deployment.listed or service.listed
    for cases in grouped.values():
        known: dict[Microversion, Answered] = {}
        for case, later in itertools.pairwise(cases):
            version, following = case.microversion, later.microversion
            assert version is not None and following is not None
            if len(known_between(version, following, order, listed)) != 2:
                continue
            for one in (case, later):
                assert one.microversion is not None
                if one.microversion not in known:
                    known[one.microversion] = answers(one, job.transport, job.deployment, replay=job.replay)
            before, after = known[version], known[following]
            if not before.problem and not after.problem:
                yield case.scenario, before, after, following


def _declares(scenario: Scenario, version: Microversion) -> Iterator[tuple[str, str]]:
    """(call, where) for each call that an overlay, its schema's overlay or its limits change at `version`."""
    for history, call in calls_at(scenario, version):
        if (
            version in history.since
            or version == history.range.low
            or any(version in schema.since for schema in schemas_of(call))
            or (call.trial is not None and any(version in one.since for one in _of_trials(history, version)))
        ):
            yield call.name, f"{call.mark.path}:{call.mark.line}"


def _of_trials(history: CallHistory, version: Microversion) -> Iterator[SchemaHistory]:
    """The schemas that a call's trials are derived from."""
    call = history.at(version)
    yield from schemas_of(call) if call is not None else ()


def by_microversion(entries: Iterable[Entry]) -> dict[Microversion, list[Entry]]:
    """Entries grouped, in order."""
    grouped: dict[Microversion, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.microversion, []).append(entry)
    return grouped
