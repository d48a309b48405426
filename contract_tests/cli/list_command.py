"""contract-tests list"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contract_tests.cli.options import choice_options, places_options, target_options
from contract_tests.cli.say import say, say_json

if TYPE_CHECKING:
    from contract_tests.execution.plan import Choice
    from contract_tests.loading.config import Places


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, metavar="[SCENARIO]...", type=click.Path(exists=True, path_type=Path))
@target_options
@choice_options
@click.option("--cases", is_flag=True, help="A line for each case, as `run` would take them.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@places_options
def command(
    places: Places,
    paths: tuple[Path, ...],
    wanted: Any,
    choice: Choice,
    service: tuple[str, ...],
    cases: bool,
    as_json: bool,
) -> int:
    """List scenarios and the cases that would run, and why a case would be skipped.

    Nothing is sent to a live target but what discovery needs.
    """
    from contract_tests.cli.open import load, open_jobs
    from contract_tests.loading.library import Library
    from contract_tests.reporters.words import plural

    library = Library(places)
    scenarios = load(library, paths, service)
    with open_jobs(library, scenarios, wanted, choice) as opened:
        planned = [(job.deployment, case) for job in opened.jobs for case in job.cases]
    if as_json:
        document = [
            {"target": deployment.name, "id": case.id, "scenario": case.scenario.id, "skip": case.skip}
            for deployment, case in planned
        ]
        say_json(document)
        return 0
    if cases:
        for deployment, case in planned:
            say(f"{deployment.name}  {case.id}{f'  (skipped: {case.skip})' if case.skip else ''}")
    else:
        grouped: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for _, case in planned:
            grouped[case.scenario.service.name, case.scenario.slug].append(case)
        for (name, slug), own in grouped.items():
            scenario = own[0].scenario
            tags = f" [{', '.join(sorted(scenario.tags))}]" if scenario.tags else ""
            skipped = sum(bool(case.skip) for case in own)
            count = f"{plural(len(own), 'case')}{f', {skipped:,} skipped' if skipped else ''}"
            say(f"{name}/{slug}: {scenario.name}{tags}")
            say(f"    {count}  {scenario.mark.path}")
    ran = sum(not case.skip for _, case in planned)
    targets = plural(len(opened.jobs), "target")
    skips = len(planned) - ran
    say(f"{plural(len(planned), 'case')} on {targets}: {ran:,} to run, {skips:,} skipped")
    return 0
