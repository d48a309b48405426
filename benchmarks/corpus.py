"""The work of a benchmark: so many cases in a folder of their own, for contract-tests and for its peer.

The cases are those of real recordings, all releases of a scenario together. Where they are too few, the
scenarios and their cassettes are repeated under other names and ids, so that no two cassettes are the same
and every generated value differs.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import shutil
import uuid
from collections import Counter, defaultdict
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
from contract_tests.loading.config import Places, read_config
from contract_tests.loading.library import Library
from contract_tests.model.case import Case, Outcome
from contract_tests.model.scenario import Scenario
from contract_tests.recordings.recording import MANIFEST, Recording, case_path

_REDACTED = re.compile(r"^    body:(?: .*|\n(?:      .*\n)*?      .*)REDACTED", re.MULTILINE)
"""In the body of a request."""

CONFIG = """scenarios: [scenarios]
schemas: [schemas]
services: [services]
recordings: [recordings]
"""


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


@dataclass(frozen=True)
class Work:
    """What there is to choose from: the scenarios that are proved in full, and what they need."""

    places: Places
    units: tuple[Unit, ...]
    export: Export


def read_work(recordings: Path, config: Path | None = None) -> Work:
    """Reads the scenarios of the package (or of a project), and replays them once to see what they are."""
    places = (read_config(config) if config is not None else Places()).override(recordings=(str(recordings),))
    places = places.with_shipped()
    library = Library(places)
    found = load(library, (), ())
    scenarios = [one for one in found if one.recorded is None]  # most cases of the others skip in a replay
    export = Export()
    exchanges: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    incomplete: dict[tuple[str, str], str] = {}
    with open_jobs(library, scenarios, Wanted(), Choice()) as opened:
        for job in opened.jobs:
            for case in job.cases:
                if case.skip:
                    continue
                steps: list[Mapping[str, Any]] = []
                result = run_case(
                    case, job.transport, job.deployment, observe=export.observer(case, job, steps)
                )
                key = _key(case.scenario)
                if result.outcome is not Outcome.PASSED or not steps or len(steps) != result.count:
                    reason = " ".join(result.reason.split())[:150]
                    incomplete.setdefault(
                        key, f"{case.id} of {job.deployment.name} {result.outcome}: {reason}"
                    )
                    continue
                recording: Recording = job.transport.recording  # type: ignore[attr-defined]
                own = case_path(recording.path, case)
                cassette = own if own.exists() else recording.shared(own) or own
                if _REDACTED.search(cassette.read_text()):
                    incomplete.setdefault(
                        key, f"{case.id}: the peer does not know that a request is redacted"
                    )
                    continue
                exchanges[key].append(Exchange(job, case, cassette, tuple(steps)))
    services = Counter(service for service, _ in incomplete)
    told = ", ".join(f"{count} of {service}" for service, count in services.items()) or "none"
    told += f"; {len(found) - len(scenarios)} that are mostly tried live"
    print(f"left out are scenarios that poll or fail, or whose requests are redacted: {told}")
    whole = exchanges.keys() - incomplete.keys()
    units = tuple(
        Unit(scenario, source.resolve(), tuple(exchanges[_key(scenario)]))
        for scenario in scenarios
        for source in (Path(scenario.mark.path),)
        if _key(scenario) in whole and source.stem == scenario.slug  # not one that the harness makes itself
    )
    if not units:
        raise SystemExit(f"no scenario is proved in full by the recordings in {recordings}")
    return Work(places, units, export)


def _key(scenario: Scenario) -> tuple[str, str]:
    return scenario.service.name, scenario.slug


def build(path: Path, work: Work, cases: int) -> Corpus:
    """Write about `cases` cases to `path`, which must not exist; never more than asked for."""
    path.mkdir(parents=True)
    (path / "contract-tests.yaml").write_text(CONFIG)
    (path / "scenarios").mkdir()
    for kind, folders in (("schemas", work.places.schemas), ("services", work.places.services)):
        for folder in reversed(folders):
            shutil.copytree(folder, path / kind, dirs_exist_ok=True)
    peers: dict[str, list[Mapping[str, Any]]] = {}
    count = calls = 0
    for unit, copy in _chosen(work.units, cases):
        slug = unit.scenario.slug + (f"_{copy}" if copy else "")
        service = unit.scenario.service.name
        peers[f"{service}-{slug}"] = [_write(path, unit, copy, slug, one) for one in unit.exchanges]
        count += len(unit.exchanges)
        calls += sum(len(one.steps) for one in unit.exchanges)
        identity = _identity(unit.scenario, copy)
        text = unit.source.read_text().replace(unit.scenario.id, identity)
        (path / "scenarios" / service).mkdir(exist_ok=True)
        (path / "scenarios" / service / f"{slug}.yaml").write_text(text)
    write_peer(path / "peer", peers, work.export)
    return Corpus(path, len(peers), count, calls)


def _chosen(units: Sequence[Unit], cases: int) -> Iterator[tuple[Unit, int]]:
    """(unit, number of the copy) in an order that is always the same, until `cases` are there."""
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
    changes = [(str(before[name]), str(after[name])) for name in before]
    changes.append((unit.scenario.id, other.scenario.id))

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
