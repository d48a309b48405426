"""contract-tests run"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from contract_tests.cli.options import choice_options, places_options, target_options
from contract_tests.execution.plan import Choice
from contract_tests.loading.config import Places


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, metavar="[SCENARIO]...", type=click.Path(exists=True, path_type=Path))
@target_options
@click.option(
    "--record",
    default="",
    metavar="DIR",
    help="Write what a live target answers to DIR/SERVICE/RELEASE (needs --release).",
)
@choice_options
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Cases side by side (default: a processor each in replay, 1 live).",
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first case that does not pass.")
@click.option("--json", "json_file", metavar="FILE", help="Write the results as JSON ('-': standard output).")
@click.option("--junit", "junit_file", metavar="FILE", help="Write the results as JUnit XML.")
@click.option("-v", "--verbose", is_flag=True, help="Show every case, and every reason for a skip.")
@click.option("--no-matrix", is_flag=True, help="Leave out the matrix at the end.")
@places_options
def command(
    places: Places,
    paths: tuple[Path, ...],
    wanted: Any,
    record: str,
    choice: Choice,
    service: tuple[str, ...],
    jobs: int | None,
    fail_fast: bool,
    json_file: str | None,
    junit_file: str | None,
    verbose: bool,
    no_matrix: bool,
) -> int:
    """Run scenarios and check every answer.

    Without a target, every recording of the project is replayed; no socket is opened then.

    \b
      contract-tests run --service placement --release 16.0.0
      contract-tests run --target http://127.0.0.1:8778 --token admin=env:TOKEN
      contract-tests run --os-cloud devstack --service placement -j 4
      contract-tests run --target http://127.0.0.1:8778 --release 16.0.0 --record cassettes
    """
    from contract_tests.cli.main import COULD_NOT_RUN, FINDINGS, OK
    from contract_tests.cli.open import load, notes, open_jobs
    from contract_tests.execution.events import Event, RunFinished
    from contract_tests.execution.runner import run
    from contract_tests.loading.library import Library
    from contract_tests.reporters.base import Reporter
    from contract_tests.reporters.files import JsonReporter, JunitReporter, file_writer
    from contract_tests.reporters.terminal import TerminalReporter

    library = Library(places)
    scenarios = load(library, paths, service)
    with ExitStack() as stack:
        opened = stack.enter_context(open_jobs(library, scenarios, wanted, choice, record))
        out = sys.stderr if json_file == "-" else sys.stdout
        reporters: list[Reporter] = [
            stack.enter_context(
                TerminalReporter(out, sys.stderr, opened.mask, verbose=verbose, show_matrix=not no_matrix)
            )
        ]
        if json_file:
            reporters.append(JsonReporter(file_writer("--json", json_file, sys.stdout.write), opened.mask))
        if junit_file:
            reporters.append(JunitReporter(file_writer("--junit", junit_file, sys.stdout.write), opened.mask))
        for note in notes(opened.jobs):
            click.echo(note, err=True)
        last: Event | None = None
        replay = all(job.replay for job in opened.jobs)
        workers = jobs or (len(os.sched_getaffinity(0)) if replay else 1)
        for event in _whole(run(opened.jobs, workers=workers, fail_fast=fail_fast)):
            for reporter in reporters:
                reporter.consume(event)
            last = event
    assert isinstance(last, RunFinished)
    if last.counts.get("failed"):
        return FINDINGS
    if last.counts.get("error") or last.stopped or not last.counts.get("passed"):
        return COULD_NOT_RUN
    return OK


def _whole(events: Iterator[Any]) -> Iterator[Any]:
    """The events of a run; a Ctrl-C between two of them ends the run, not its report."""
    while True:
        try:
            event = next(events)
        except StopIteration:
            return
        try:
            yield event
        except KeyboardInterrupt:
            yield from _rest(events)
            return


def _rest(events: Iterator[Any]) -> Iterator[Any]:
    yield events.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    yield from events
