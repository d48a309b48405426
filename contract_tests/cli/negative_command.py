"""contract-tests negative"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contract_tests.cli.options import choice_options, places_options, report_options, target_options
from contract_tests.cli.say import say
from contract_tests.errors import UsageError

if TYPE_CHECKING:
    from contract_tests.execution.plan import Choice
    from contract_tests.execution.runner import Job
    from contract_tests.loading.config import Places
    from contract_tests.model.case import Case
    from contract_tests.model.scenario import Scenario
    from contract_tests.model.target import Deployment


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, metavar="[SCENARIO]...", type=click.Path(exists=True, path_type=Path))
@target_options
@choice_options
@click.option("--list", "only_list", is_flag=True, help="Show what is derived, as curl, and ask nothing.")
@click.option("--known", is_flag=True, help="Show what is known to be answered otherwise, and ask nothing.")
@click.option(
    "--random",
    "count",
    type=click.IntRange(min=1),
    metavar="N",
    help="Try N bodies at random for each call instead (live; what fails is shrunk).",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Where --random begins.")
@report_options
@click.option("-v", "--verbose", is_flag=True, help="Show every case, and every reason for a skip.")
@places_options
def command(
    places: Places,
    paths: tuple[Path, ...],
    wanted: Any,
    choice: Choice,
    service: tuple[str, ...],
    only_list: bool,
    known: bool,
    count: int | None,
    seed: int,
    reports: Mapping[str, str],
    verbose: bool,
) -> int:
    """Ask for what must be refused, and for what is just good enough.

    Runs the scenarios in which a call has `negative:`: bad requests and boundary values are derived from the
    schema of its request. Each bad one must be refused as the service promises, must not make it fail, and
    must change nothing; each boundary value must be accepted. A table tells how many were, by call.

    \b
      contract-tests negative --service placement
      contract-tests negative --service placement --list
      contract-tests negative --service placement --target lab --random 200
    """
    from contract_tests.cli.main import COULD_NOT_RUN, FINDINGS, OK
    from contract_tests.cli.open import NO_SCENARIOS, load, open_jobs
    from contract_tests.cli.run_command import report, reporters
    from contract_tests.execution.runner import Random, run
    from contract_tests.lab.environment import cache
    from contract_tests.loading.library import Library

    library = Library(places)
    loaded = load(library, paths, service)
    scenarios = [one for one in loaded if _derives(one)]
    if loaded and not scenarios:
        raise UsageError("no call of these scenarios has 'negative:', so nothing is derived")
    if not scenarios:
        raise UsageError(NO_SCENARIOS)
    if known:
        found = [line for one in scenarios if choice.takes(one) for line in _known(one)]
        for line in found:
            say(line)
        return OK if found else COULD_NOT_RUN
    if only_list and not (wanted.targets or wanted.clouds or places.recordings):
        for line in _listed(_stated(scenarios, choice)):
            say(line)
        return OK
    with ExitStack() as stack:
        opened = stack.enter_context(open_jobs(library, scenarios, wanted, choice))
        if only_list:
            for line in _listed((job.deployment, job.cases) for job in opened.jobs):
                say(line)
            return OK
        jobs: Sequence[Job] = opened.jobs
        if count is not None:
            if any(job.replay for job in jobs):
                raise UsageError("--random: a recording answers what was recorded; name a live --target")
            # Else hypothesis leaves a folder where the command was run.
            os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(cache() / "hypothesis"))
            jobs = [replace(job, random=Random(count=count, seed=seed)) for job in jobs]
        table = _Table()
        told = [*reporters(stack, opened.mask, reports, verbose=verbose, matrix=False), table]
        last = report(run(jobs), told)
    for line in table.lines():
        say(line, err="-" in reports.values())
    if last.counts.get("failed"):
        return FINDINGS
    return COULD_NOT_RUN if last.counts.get("error") or not last.counts.get("passed") else OK


def _derives(scenario: Scenario) -> bool:
    return any(
        call is not None and call.negative is not None
        for history in scenario.histories
        for _, call in history.stages
    )


class _Table:
    """Counts the trials of each call: what was asked, and what was not as promised."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], list[int]] = {}

    def consume(self, event: Any) -> None:
        from contract_tests.execution.events import CaseFinished
        from contract_tests.model.case import Outcome
        from contract_tests.model.trials import RANDOM, calls_at

        if not isinstance(event, CaseFinished):
            return
        trials = {
            call.name: (history.name, call)
            for history, call in calls_at(event.case.scenario, event.case.microversion)
            if call.trial is not None
        }
        for result in event.result.calls:
            place = event.result.target, event.case.scenario.slug
            if result.name.endswith(RANDOM):
                row = self.rows.setdefault((*place, result.name.removesuffix(RANDOM)), [0, 0, 0, 0])
                row[0] += result.tried[0]
                row[1] += result.tried[1]
                row[3] += bool(result.findings)
            if result.name not in trials or result.outcome is Outcome.SKIPPED:
                continue
            name, call = trials[result.name]
            row = self.rows.setdefault((*place, name), [0, 0, 0, 0])
            assert call.trial is not None
            row[call.trial.good] += 1
            row[2] += call.trial.known
            row[3] += bool(result.findings)

    def lines(self) -> Iterator[str]:
        if not self.rows:
            return
        yield ""
        yield f"{'call':52} {'bad':>6} {'good':>6} {'known':>6} {'findings':>9}"
        target = ""
        for (where, slug, name), (bad, good, known, findings) in self.rows.items():
            if where != target:
                target = where
                yield where
            yield f"  {slug + ': ' + name:50} {bad:6,} {good:6,} {known:6,} {findings:9,}"
        sums = [sum(column) for column in zip(*self.rows.values(), strict=True)]
        yield f"{'all':52} {sums[0]:6,} {sums[1]:6,} {sums[2]:6,} {sums[3]:9,}"


def _stated(scenarios: Sequence[Scenario], choice: Choice) -> Iterator[tuple[Deployment, tuple[Case, ...]]]:
    """The cases at what the service files state, where there is nothing that could be asked."""
    from contract_tests.execution.plan import plan
    from contract_tests.model.target import Deployment

    for service in {one.service.name: one.service for one in scenarios}.values():
        offered = service.range if service.has_microversions else None
        place = Deployment(
            name=f"{service.name}, as its file says",
            service=service.name,
            endpoint="$ENDPOINT",
            range=offered,
            listed=service.listed,
        )
        yield place, plan(scenarios, place, choice, None)


def _listed(planned: Iterable[tuple[Deployment, Sequence[Case]]]) -> Iterator[str]:
    """Each derived request of each case, with a command that makes it."""
    from contract_tests.execution.example import example_request
    from contract_tests.model.trials import calls_at
    from contract_tests.reporters.harmless import printable
    from contract_tests.reporters.words import curl

    for deployment, cases in planned:
        for case in cases:
            trials = [
                call for _, call in calls_at(case.scenario, case.microversion) if call.trial is not None
            ]
            if trials:
                yield f"{case.id} on {deployment.name}"
            for call in trials:
                expected = " or ".join(map(str, call.expect.status)) if call.expect is not None else ""
                yield printable(f"  {call.name} -> {expected}")
                yield printable(f"    {_short(curl(example_request(call, case), deployment.endpoint))}")


def _known(scenario: Scenario) -> Iterator[str]:
    """What the scenarios know to be answered otherwise than their schemas promise, and how to see it."""
    from contract_tests.execution.example import known_inputs
    from contract_tests.reporters.harmless import printable
    from contract_tests.reporters.words import curl

    for one in known_inputs(scenario):
        at = f" at {one.microversion}" if one.microversion is not None else ""
        yield printable(f"{scenario.service.name}/{scenario.slug}{at}: {one.call.name}")
        yield printable(f"  answers {' or '.join(map(str, one.statuses))}: {one.because}")
        yield printable(f"  {_short(curl(one.request, '$ENDPOINT'))}")


def _short(text: str) -> str:
    return text if len(text) < 1000 else f"{text[:700]} … {text[-200:]}"
