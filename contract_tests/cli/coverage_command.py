"""contract-tests coverage"""

from __future__ import annotations

from collections.abc import Iterator
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
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit with 1 where fewer of the documented statuses are exercised.",
)
@places_options
def command(
    places: Places,
    paths: tuple[Path, ...],
    wanted: Any,
    choice: Choice,
    service: tuple[str, ...],
    as_json: bool,
    fail_under: float | None,
) -> int:
    """Show what the scenarios exercise of each service.

    A line for each operation of the service file (how many calls, microversions, which documented
    statuses were answered and which never), then the overlays that bite nowhere: those whose
    expectations the answer of the microversion before meets as well.
    """
    from contract_tests.cli.open import load, open_jobs
    from contract_tests.execution.coverage import measure
    from contract_tests.loading.library import Library

    library = Library(places)
    scenarios = load(library, paths, service)
    with open_jobs(library, scenarios, wanted, choice) as opened:
        there = {job.deployment.service for job in opened.jobs}
        services = {one.service.name: one.service for one in scenarios if one.service.name in there}
        found = [measure(one, scenarios, opened.jobs) for one in services.values()]
    if as_json:
        say_json([_document(one) for one in found])
    else:
        say("\n".join(line for one in found for line in _lines(one)))
    return max((_status(one, fail_under) for one in found), key=_WORST.index)


def _status(found: Any, fail_under: float | None) -> int:
    """The exit status that one service asks for; what a person should know of it goes to standard error."""
    from contract_tests.cli.main import COULD_NOT_RUN, FINDINGS, OK
    from contract_tests.reporters.words import plural

    status = OK if found.cases else COULD_NOT_RUN
    if not found.cases:
        say(f"{found.service.name}: no case ran", err=True)
    if found.not_passed:
        first = ", ".join(found.not_passed[:3]) + (" …" if len(found.not_passed) > 3 else "")
        cases = plural(len(found.not_passed), "case")
        say(f"{cases} did not pass (see contract-tests run): {first}", err=True)
        status = FINDINGS if found.failed else COULD_NOT_RUN
    if fail_under is not None and _share(found) * 100 < fail_under:
        say(
            f"{found.service.name}: {_share(found):.1%} of the documented statuses are answered, "
            f"less than --fail-under {fail_under:g}",
            err=True,
        )
        status = FINDINGS
    return status


_WORST = (0, 3, 1)
"""Exit statuses, the one that counts last."""


def _share(found: Any) -> float:
    documented = sum(len(one.operation.statuses) for one in found.operations)
    missing = sum(len(one.missing) for one in found.operations)
    return 1 - missing / documented if documented else 1.0


def _lines(found: Any) -> Iterator[str]:
    from contract_tests.reporters.words import plural

    yield f"{found.service.title}: {plural(found.cases, 'case')}"
    yield f"  {'operation':46} {'calls':>6} {'microversions':>13}  statuses (! never answered)"
    for one in found.operations:
        documented = [f"{'!' if status in one.missing else ''}{status}" for status in one.operation.statuses]
        others = [f"+{status}" for status in sorted(one.statuses) if status not in one.operation.statuses]
        statuses = " ".join(documented + others)
        yield f"  {one.operation.name:46} {one.calls:6,} {len(one.microversions):13}  {statuses}".rstrip()
    called = sum(bool(one.calls) for one in found.operations)
    documented_count = sum(len(one.operation.statuses) for one in found.operations)
    yield f"operations called: {called} of {len(found.operations)}"
    yield f"documented statuses answered: {round(_share(found) * documented_count)} of {documented_count}"
    overlays = list(found.overlays.values())
    states = [overlay.state for overlay in overlays]
    bite, ask = states.count("bites"), states.count("asks otherwise")
    yield f"overlays: {len(overlays)}, of which {bite} bite, {ask} only ask otherwise"
    for overlay in overlays:
        if overlay.state in ("bites nowhere", "never tried"):
            yield f"  {overlay.state}: {overlay.name} at {overlay.microversion} ({overlay.at})"
    if found.service.has_microversions:
        silent = ", ".join(map(str, found.silent)) or "none"
        yield f"microversions that no overlay and no limit of a call names: {silent}"
    for name, count in found.unknown.items():
        yield f"  not an operation of the service file: {name} ({count})"


def _document(found: Any) -> dict[str, Any]:
    return {
        "service": found.service.name,
        "cases": found.cases,
        "not_passed": found.not_passed,
        "operations": [
            {
                "operation": one.operation.name,
                "calls": one.calls,
                "statuses": {str(status): count for status, count in sorted(one.statuses.items())},
                "documented": list(one.operation.statuses),
                "missing": list(one.missing),
                "microversions": [str(version) for version in sorted(one.microversions)],
                "roles": sorted(one.roles),
            }
            for one in found.operations
        ],
        "overlays": [
            {"name": o.name, "at": o.at, "microversion": str(o.microversion), "state": o.state}
            for o in found.overlays.values()
        ],
        "silent_microversions": [str(version) for version in found.silent],
        "unknown": found.unknown,
    }
