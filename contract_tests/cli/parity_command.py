"""contract-tests parity"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contract_tests.cli.options import choice_options, places_options, target_options
from contract_tests.cli.say import say, say_json
from contract_tests.errors import UsageError

if TYPE_CHECKING:
    from contract_tests.execution.plan import Choice
    from contract_tests.loading.config import Places


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, metavar="[SCENARIO]...", type=click.Path(exists=True, path_type=Path))
@target_options
@choice_options
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@places_options
def command(
    places: Places,
    paths: tuple[Path, ...],
    wanted: Any,
    choice: Choice,
    service: tuple[str, ...],
    as_json: bool,
) -> int:
    """Show one thing as two APIs have it: a proxy or a third-party API, and the API below.

    For each `parity` of the scenarios: the properties that are the same, the same by the scenario's map, or
    different; those without a counterpart; and how many calls a client makes on either side.

    \b
      contract-tests parity
      contract-tests parity --service ec2 --release 17.0.0
    """
    from contract_tests.cli.main import COULD_NOT_RUN, FINDINGS, OK
    from contract_tests.cli.open import load, open_jobs
    from contract_tests.execution.parity import measure
    from contract_tests.loading.library import Library

    library = Library(places)
    scenarios = [one for one in load(library, paths, service) if one.parity]
    if not scenarios:
        raise UsageError("no scenario has a 'parity'; write one, or loosen --service")
    with open_jobs(library, scenarios, wanted, choice) as opened:
        found = list(measure(opened.jobs))
        mask = opened.mask
    if as_json:
        say_json([_document(one) for one in found], mask)
    else:
        say(mask("\n".join(line for one in found for line in _lines(one))))
    if any(one.failed for one in found):
        return FINDINGS
    return OK if any(one.cases for one in found) else COULD_NOT_RUN


def _lines(found: Any) -> Iterator[str]:
    from contract_tests.execution.parity import Match
    from contract_tests.model.matcher import show
    from contract_tests.reporters.harmless import printable
    from contract_tests.reporters.words import plural

    above, below = found.services
    yield f"{found.deployment}/{found.scenario}: {found.parity.name}"
    if not found.cases:
        yield from (f"  not compared: {found.missing}", "")
        return
    rows = list(found.rows.values())
    width = max([len(above), *(len(row.above) for row in rows)]) + 2
    other = max([len(below), *(len(row.below) for row in rows)]) + 2
    yield f"  {above:{width}}{below:{other}}"
    for row in rows:
        line = f"  {row.above or '-':{width}}{row.below or '-':{other}}{row.match}"
        if row.match is Match.DIFFERENT:
            over, under = row.values
            line += f": {show(over)} above, {show(under)} below"
        yield printable(line)
    counts = Counter(row.match for row in rows)
    told = ", ".join(f"{counts[match]} {match}" for match in Match if counts[match])
    yield f"  {plural(len(rows), 'property', 'properties')}: {told}"
    if found.apart:
        cases = "" if found.apart == found.cases else f" in {found.apart} of {found.cases} cases"
        yield f"  nothing is on both sides{cases}: look at 'at' and 'names' of the parity"
    calls = [found.calls[side] / found.cases for side in ("above", "below")]
    yield f"  calls of a client: {calls[0]:g} to {above}, {calls[1]:g} to {below}"
    if found.counted:
        made = [f"{count / found.cases:g} to {name}" for name, count in sorted(found.hidden.items()) if count]
        yield f"  calls that {above} makes meanwhile: {', '.join(made) or 'none'}"
    yield ""


def _document(found: Any) -> dict[str, Any]:
    return {
        "deployment": found.deployment,
        "scenario": found.scenario,
        "parity": found.parity.name,
        "above": found.services[0],
        "below": found.services[1],
        "cases": found.cases,
        "apart": found.apart,
        "calls": dict(found.calls),
        "hidden": dict(found.hidden) if found.counted else None,
        "missing": found.missing,
        "properties": [
            {"above": row.above, "below": row.below, "match": row.match.value} for row in found.rows.values()
        ],
    }
