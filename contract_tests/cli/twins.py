"""Recording twice: what differs between two recordings of one release is noted as noise in the first."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

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

    True where all that differs could be noise; what could not is said line by line.
    """
    from contract_tests.cli.open import Wanted, open_jobs
    from contract_tests.execution.plan import Choice
    from contract_tests.execution.twins import learn
    from contract_tests.recordings.recording import load_recording, rewrite_manifest

    wanted = [Wanted(targets=(str(folder),)) for folder in (first, second)]
    with (
        open_jobs(library, scenarios, wanted[0], Choice()) as old,
        open_jobs(library, scenarios, wanted[1], Choice()) as new,
    ):
        deployment = replace(old.jobs[0].deployment, noise={})  # what was learned before is learned anew
        found = learn(replace(old.jobs[0], deployment=deployment), new.jobs[0])
    day = datetime.date.today().isoformat()
    learned = f"from a second recording of {found.cases} cases on {day}"
    rewrite_manifest(replace(load_recording(first), noise=found.noise, learned=learned))
    places = sum(map(len, found.noise.values()))
    say(f"{deployment.name}: {found.cases} cases recorded twice: {places} places hold noise")
    for line in found.refused:
        say(f"{deployment.name}: differs between two recordings, and is no noise: {line}")
    return not found.refused
