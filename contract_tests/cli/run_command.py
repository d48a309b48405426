"""contract-tests run"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contract_tests.cli.judging import hold_to_baseline, policy_option, read_policy, waivers_option
from contract_tests.cli.options import choice_options, places_options, report_options, target_options
from contract_tests.cli.say import say
from contract_tests.errors import UsageError

if TYPE_CHECKING:
    from contract_tests.execution.events import Event, RunFinished
    from contract_tests.execution.plan import Choice
    from contract_tests.execution.runner import Job
    from contract_tests.loading.config import Places
    from contract_tests.loading.library import Library
    from contract_tests.model.scenario import Scenario
    from contract_tests.reporters.base import Reporter
    from contract_tests.reporters.words import Mask


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, metavar="[SCENARIO]...", type=click.Path(exists=True, path_type=Path))
@target_options
@click.option(
    "--record",
    default="",
    metavar="DIR",
    help="Write what a live target answers to DIR/SERVICE/RELEASE (needs --release).",
)
@click.option(
    "--twice",
    is_flag=True,
    help="Record twice, and note in the recording what differs: comparisons take it for noise.",
)
@choice_options
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Cases side by side (default: a processor each in replay, 1 live).",
)
@click.option(
    "--baseline",
    metavar="RECORDING",
    help="Hold each answer to this recording's besides; what differs and fails by the policy is a finding.",
)
@policy_option
@waivers_option
@click.option(
    "--no-waivers", is_flag=True, help="Fail for what waivers accept too: all that is known to be wrong."
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first case that does not pass.")
@report_options
@click.option("-v", "--verbose", is_flag=True, help="Show every case, and every reason for a skip.")
@click.option("--no-matrix", is_flag=True, help="Leave out the matrix at the end.")
@places_options
def command(
    places: Places,
    paths: tuple[Path, ...],
    wanted: Any,
    record: str,
    twice: bool,
    choice: Choice,
    service: tuple[str, ...],
    jobs: int | None,
    baseline: str | None,
    policy_name: str,
    waivers: Path | None,
    no_waivers: bool,
    fail_fast: bool,
    reports: Mapping[str, str],
    verbose: bool,
    no_matrix: bool,
) -> int:
    """Run scenarios and check every answer.

    Without a target, every recording of the project is replayed; no socket is opened then.

    \b
      contract-tests run --service placement --release 16.0.0
      contract-tests run --target http://127.0.0.1:8778 --token admin=env:TOKEN
      contract-tests run --os-cloud devstack --service placement -j 4
      contract-tests run --target http://127.0.0.1 --release 1.0 --record DIR
      contract-tests run --target URL --baseline cassettes/placement/16.0.0
    """
    from contract_tests.cli.main import COULD_NOT_RUN, FINDINGS, OK
    from contract_tests.cli.open import load, notes, open_jobs, orphans
    from contract_tests.execution.plan import Choice
    from contract_tests.execution.runner import run
    from contract_tests.loading.library import Library
    from contract_tests.transport.recorder import Recorder

    if twice and not record:
        raise UsageError("--twice: it needs --record DIR, where the first of the two recordings goes")
    library = Library(replace(places, waivers=()) if no_waivers else places)
    policy, accepted = read_policy(library, policy_name, waivers)
    scenarios = load(library, paths, service, wanted.targets)
    with ExitStack() as stack:
        opened = stack.enter_context(open_jobs(library, scenarios, wanted, choice, record))
        if baseline is not None:
            hold_to_baseline(opened, library, scenarios, baseline, policy, accepted)
        told = reporters(stack, opened.mask, reports, verbose=verbose, matrix=not no_matrix)
        for note in (*notes(opened.jobs, scenarios), *(() if paths else orphans(opened.jobs, scenarios))):
            say(note, err=True)
        workers = jobs or (_processors() if all(job.replay for job in opened.jobs) else 1)
        last = report(run(opened.jobs, workers=workers, fail_fast=fail_fast), told)
        whole = not paths and replace(choice, microversions="", recorded=False) == Choice(microversions="")
        if record and whole and not last.stopped and not last.counts.get("error"):
            _prune(opened.jobs)
        recorded = [job.transport.folder for job in opened.jobs if isinstance(job.transport, Recorder)]
        agreed = True
        if twice and not last.stopped:
            with tempfile.TemporaryDirectory() as again:
                agreed = _record_again(library, scenarios, wanted, choice, again, workers, recorded)
    if not agreed:
        return FINDINGS
    if last.counts.get("failed"):
        return FINDINGS
    if last.counts.get("error") or last.stopped or last.counts.get("passed", 0) <= last.unheld:
        return COULD_NOT_RUN
    return OK


def reporters(
    stack: ExitStack, mask: Mask, reports: Mapping[str, str], *, verbose: bool, matrix: bool
) -> list[Reporter]:
    """The terminal, and a reporter for each file; what is written to standard output has it for itself."""
    from contract_tests.reporters.terminal import TerminalReporter

    on_stdout = [f"--{name}" for name, path in reports.items() if path == "-"]
    if len(on_stdout) > 1:
        raise UsageError(f"{' and '.join(on_stdout)}: only one of them can be written to standard output")
    out = sys.stderr if on_stdout else sys.stdout
    terminal = TerminalReporter(out, sys.stderr, mask, verbose=verbose, show_matrix=matrix)
    return [stack.enter_context(terminal), *(_written(reports, mask) if reports else ())]


def _written(reports: Mapping[str, str], mask: Mask) -> Iterator[Reporter]:
    from contract_tests.reporters import files, review, streams

    whole: dict[str, Callable[[Callable[[str], None], Mask], Reporter]] = {
        "json": files.JsonReporter,
        "junit": files.JunitReporter,
        "markdown": review.MarkdownReporter,
        "sarif": review.SarifReporter,
        "github": review.GithubReporter,
    }
    flowing: dict[str, Callable[[Callable[[bytes], None], Mask], Reporter]] = {
        "events": streams.EventsReporter,
        "subunit": streams.SubunitReporter,
    }
    for name, path in reports.items():
        if name in whole:
            yield whole[name](files.file_writer(f"--{name}", path, sys.stdout), mask)
        else:
            yield flowing[name](files.stream_writer(f"--{name}", path, sys.stdout), mask)


def report(events: Generator[Event, None, None], reporters: Sequence[Reporter]) -> RunFinished:
    """Tell the reporters of each event. Ctrl-C ends the run, not its report; a second one ends both."""
    from contract_tests.execution.events import RunFinished

    last: Event | None = None
    interrupted = False
    while True:
        try:
            last = events.throw(KeyboardInterrupt()) if interrupted else next(events)
            interrupted = False
            for reporter in reporters:
                reporter.consume(last)
            if isinstance(last, RunFinished):
                return last
        except KeyboardInterrupt:
            if interrupted or isinstance(last, RunFinished):
                raise
            interrupted = True


def _record_again(
    library: Library,
    scenarios: Sequence[Scenario],
    wanted: Any,
    choice: Choice,
    again: str,
    workers: int,
    recorded: Sequence[Path],
) -> bool:
    """Run all cases once more, recorded into `again`; whether all that differs can be noise."""
    from contract_tests.cli.open import open_jobs
    from contract_tests.cli.twins import note_noise
    from contract_tests.execution.runner import run
    from contract_tests.reporters.terminal import TerminalReporter

    def tell(text: str) -> None:
        say(text, err=True)

    tell("once more, to learn what differs between two recordings")
    with (
        open_jobs(library, scenarios, wanted, choice, again) as opened,
        TerminalReporter(sys.stderr, sys.stderr, opened.mask, show_matrix=False) as reporter,
    ):
        last = report(run(opened.jobs, workers=workers), [reporter])
    if last.stopped:
        return False
    seconds = [Path(again) / folder.parent.name / folder.name for folder in recorded]
    agreed = [note_noise(library, scenarios, *pair, tell) for pair in zip(recorded, seconds, strict=True)]
    return all(agreed)


def _prune(jobs: Sequence[Job]) -> None:
    """Take away cassettes that a whole recording did not write: of cases that do not exist any more."""
    from contract_tests.recordings.sharing import prune
    from contract_tests.transport.recorder import Recorder

    for job in jobs:
        if isinstance(job.transport, Recorder) and (
            count := prune(job.transport.folder, job.transport.written)
        ):
            say(
                f"{job.deployment.name}: removed {count} cassettes of cases that are not there any more",
                err=True,
            )


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
