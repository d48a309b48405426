"""The work of a benchmark: so many cases in a folder of their own, for contract-tests and for its peer.

The cases are those of real recordings, all releases of a scenario together. Where they are too few, the
scenarios and their cassettes are repeated under other names and ids, so that no two cassettes are the same
and every generated value differs.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.peer import Export, write_peer
from contract_tests.cli.open import Wanted, load, open_jobs
from contract_tests.execution.case import run_case
from contract_tests.execution.plan import Choice
from contract_tests.execution.runner import Job
from contract_tests.execution.variables import case_variables
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library
from contract_tests.model.case import Case, Outcome
from contract_tests.model.scenario import Scenario
from contract_tests.recordings.recording import MANIFEST, case_path


@dataclass(frozen=True)
class Exchange:
    """A case that passed: where its cassette is, and its calls as the peer makes and checks them."""

    job: Job
    case: Case
    cassette: Path
    steps: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Unit:
    """A scenario with all its cases in all releases."""

    scenario: Scenario
    source: Path
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class Corpus:
    """What was made. `path` holds contract-tests.yaml, scenarios, recordings, and the peer's folder."""

    path: Path
    scenarios: int
    cases: int
    calls: int

    @property
    def peer(self) -> Path:
        return self.path / "peer"


def read_units(recordings: Path) -> tuple[list[Unit], Export]:
    """The scenarios of the package that these recordings prove in full, every case of every release."""
    library = Library(Places(recordings=(recordings,)).with_shipped())
    scenarios = load(library, (), ())
    export = Export()
    exchanges: dict[str, list[Exchange]] = defaultdict(list)
    incomplete: dict[str, str] = {}
    with open_jobs(library, scenarios, Wanted(), Choice()) as opened:
        for job in opened.jobs:
            for case in job.cases:
                if case.skip:
                    continue
                steps: list[Mapping[str, Any]] = []
                result = run_case(case, job.transport, job.deployment, observe=export.observer(case, job, steps))
                slug = case.scenario.slug
                if result.outcome is not Outcome.PASSED or not steps or len(steps) != result.count:
                    incomplete.setdefault(slug, f"{case.id} of {job.deployment.name} {result.outcome}: {result.reason}")
                    continue
                root = job.transport.recording.path  # type: ignore[attr-defined]
                exchanges[slug].append(Exchange(job, case, case_path(root, case), tuple(steps)))
    units = [
        Unit(scenario, Path(scenario.mark.path).resolve(), tuple(exchanges[scenario.slug]))
        for scenario in scenarios
        if exchanges[scenario.slug] and scenario.slug not in incomplete and Path(scenario.mark.path).is_file()
        and Path(scenario.mark.path).stem == scenario.slug
    ]
    for slug, reason in incomplete.items():
        print(f"left out: {slug}: {' '.join(reason.split())[:150]}")
    return units, export


def build(path: Path, units: Sequence[Unit], export: Export, cases: int) -> Corpus:
    """Write about `cases` cases to `path`, which must not exist; never more than asked for."""
    path.mkdir(parents=True)
    (path / "contract-tests.yaml").write_text("scenarios: [scenarios]\nrecordings: [recordings]\n")
    (path / "scenarios").mkdir()
    peers: dict[str, list[Mapping[str, Any]]] = {}
    count = calls = 0
    for unit, copy in _chosen(units, cases):
        slug = unit.scenario.slug + (f"_{copy}" if copy else "")
        peers[slug] = [_write(path, unit, copy, slug, one) for one in unit.exchanges]
        count += len(unit.exchanges)
        calls += sum(len(one.steps) for one in unit.exchanges)
        identity = _identity(unit.scenario, copy)
        text = unit.source.read_text().replace(unit.scenario.id, identity)
        (path / "scenarios" / f"{slug}.yaml").write_text(text)
    write_peer(path / "peer", peers, export)
    return Corpus(path, len(peers), count, calls)


def _chosen(units: Sequence[Unit], cases: int) -> Iterator[tuple[Unit, int]]:
    """(unit, number of the copy) in an order that is always the same, until `cases` are there."""
    if not units:
        raise SystemExit("no scenario is proved in full by these recordings")
    left = cases
    for copy in itertools.count():
        order = list(units)
        random.Random(copy).shuffle(order)
        fitting = [unit for unit in order if len(unit.exchanges) <= left]
        if not fitting:
            return
        for unit in fitting:
            if len(unit.exchanges) <= left:
                left -= len(unit.exchanges)
                yield unit, copy


def _identity(scenario: Scenario, copy: int) -> str:
    return str(uuid.uuid5(uuid.UUID(scenario.id), f"copy {copy}")) if copy else scenario.id


def _write(path: Path, unit: Unit, copy: int, slug: str, one: Exchange) -> Mapping[str, Any]:
    """Write the cassette of a case; what comes back is the case for the peer."""
    source = one.job.transport.recording.path  # type: ignore[attr-defined]
    folder = path / "recordings" / unit.scenario.service.name / one.job.deployment.release
    if not (folder / MANIFEST).exists():
        folder.mkdir(parents=True)
        shutil.copy(source / MANIFEST, folder / MANIFEST)
    other = replace(one.case, scenario=replace(unit.scenario, id=_identity(unit.scenario, copy), slug=slug))
    before, after = case_variables(one.case, one.job.deployment), case_variables(other, one.job.deployment)
    changes = [(unit.scenario.id, other.scenario.id), *((str(before[name]), str(after[name])) for name in before)]

    def changed(text: str) -> str:
        for old, new in changes:
            if old != new:
                text = text.replace(old, new)
        return text

    cassette = case_path(folder, other)
    cassette.parent.mkdir(exist_ok=True)
    cassette.write_text(changed(one.cassette.read_text()))
    name = f"{one.job.deployment.release}/{other.id}"
    case = {"id": name, "cassette": str(cassette.resolve()), "steps": one.steps}
    found: Mapping[str, Any] = json.loads(changed(json.dumps(case)))
    return found
