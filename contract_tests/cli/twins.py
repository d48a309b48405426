"""Recording twice: what differs between two recordings of one release is noted as noise in the first."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from contract_tests.comparison.noise import merged

if TYPE_CHECKING:
    from contract_tests.loading.library import Library
    from contract_tests.model.scenario import Scenario


def note_noise(
    library: Library,
    scenarios: Sequence[Scenario],
    first: Path,
    second: Path,
    say: Callable[[str], None],
) -> bool:
    """Compare the recordings in two folders and write what differs into the manifest of the first.

    Every case that the first holds is compared. What earlier recordings have taught of calls that are still
    there stays: a list in no order shows it by chance. True where all that differs could be noise; what could
    not is said line by line.
    """
    from contract_tests.cli.open import Wanted, open_jobs
    from contract_tests.execution.plan import Choice
    from contract_tests.execution.twins import learn
    from contract_tests.model.trials import calls_at
    from contract_tests.recordings.recording import case_path, load_recording, rewrite_manifest

    recording, every = load_recording(first), Choice(microversions="every")
    wanted = [Wanted(targets=(str(folder),)) for folder in (first, second)]
    with (
        open_jobs(library, scenarios, wanted[0], every) as old,
        open_jobs(library, scenarios, wanted[1], every) as new,
    ):
        job = old.jobs[0]
        paths = {case.id: case_path(recording.path, case) for case in job.cases}
        kept = tuple(
            case for case in job.cases if paths[case.id].exists() or recording.shared(paths[case.id])
        )
        deployment = replace(job.deployment, noise={})
        found = learn(replace(job, deployment=deployment, cases=kept), new.jobs[0])
    there = {
        f"{case.scenario.slug}: {call.name}"
        for case in kept
        for _, call in calls_at(case.scenario, case.microversion)
    }
    noise = merged({call: recording.noise[call] for call in recording.noise.keys() & there}, found.noise)
    day = datetime.date.today().isoformat()
    learned = f"from a second recording of {found.cases} cases on {day}"
    rewrite_manifest(replace(recording, noise=noise, learned=learned))
    places = sum(map(len, noise.values()))
    say(f"{deployment.name}: {found.cases} cases recorded twice: {places} places hold noise")
    for line in found.refused:
        say(f"{deployment.name}: differs between two recordings, and is no noise: {line}")
    return not found.refused
