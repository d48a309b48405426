"""contract-tests compare"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contract_tests.cli.judging import Telling, policy_option, read_policy, telling_options, waivers_option
from contract_tests.cli.options import choice_options, places_options, target_options
from contract_tests.errors import UsageError
from contract_tests.execution.plan import Choice
from contract_tests.loading.config import Places

if TYPE_CHECKING:
    from contract_tests.execution.runner import Job

EVERY = "all"
"""What --releases calls all services."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("sides", nargs=-1, metavar="[OLD NEW]")
@click.option(
    "--releases",
    metavar="SERVICE",
    help="Compare each recorded release of a service (of all: every service) with the one before.",
)
@policy_option
@waivers_option
@target_options
@choice_options
@telling_options
@places_options
def command(
    places: Places,
    sides: tuple[str, ...],
    releases: str | None,
    policy_name: str,
    waivers: Path | None,
    wanted: Any,
    choice: Choice,
    service: tuple[str, ...],
    telling: Telling,
) -> int:
    """Compare two deployments or recordings: what differs, by which rule, and whether it is a break.

    OLD and NEW are recordings, URLs, wsgi:module:callable or names in the targets file, as for run --target.
    Exit status 1 where a difference fails by the policy, 3 where a case of both could not be run or read.

    \b
      contract-tests compare cassettes/placement/9.0.0 cassettes/placement/16.0.0
      contract-tests compare cassettes/placement/16.0.0 http://127.0.0.1:8778 --token admin=env:TOKEN
      contract-tests compare --releases placement
      contract-tests compare --releases all
    """
    from contract_tests.cli.main import COULD_NOT_RUN, FINDINGS, OK
    from contract_tests.cli.open import Opened, load, open_jobs
    from contract_tests.execution.compare import compare
    from contract_tests.loading.library import Library
    from contract_tests.reporters import comparison as words

    if bool(releases) == bool(sides) or (sides and len(sides) != 2):
        raise UsageError("compare: name OLD and NEW, or --releases SERVICE")
    library = Library(places)
    policy, accepted = read_policy(library, policy_name, waivers)
    only = [releases] if releases and releases != EVERY else service
    scenarios = load(library, [], only, sides)
    opened: list[Opened] = []
    try:
        pairs = _pairs(library, scenarios, sides, wanted, choice, opened, open_jobs)
        found = [compare(old, new, policy, accepted) for old, new in pairs]
    finally:
        for side in opened:
            side.__exit__()

    def mask(text: str) -> str:
        for side in opened:
            text = side.mask(text)
        return text

    telling.show(words, found, mask)
    failing = [change for one in found for change in one.changes if change.verdict in policy.fails]
    telling.write(words, found, failing, policy.fails, mask)
    if failing or any(one.waivers for one in found):
        return FINDINGS
    if any(one.failed for one in found):
        return COULD_NOT_RUN
    return OK if any(one.compared for one in found) else COULD_NOT_RUN


def _pairs(
    library: Any, scenarios: Any, sides: Any, wanted: Any, choice: Choice, opened: list[Any], open_jobs: Any
) -> list[Any]:
    """The pairs of jobs to compare, of one service each."""
    from dataclasses import replace

    if not sides:
        opened.append(open_jobs(library, scenarios, wanted, choice))
        pairs = release_pairs(opened[0].jobs)
        if not pairs:
            raise UsageError("--releases: there is only one recording of this service")
        return pairs
    both = []
    for side in sides:
        opened.append(open_jobs(library, scenarios, replace(wanted, targets=(side,)), choice))
        both.append({job.deployment.service: job for job in opened[-1].jobs})
    shared = [name for name in both[0] if name in both[1]]
    if not shared:
        raise UsageError(f"{sides[0]} and {sides[1]} have no service in common")
    return [(both[0][name], both[1][name]) for name in shared]


def release_pairs(jobs: Sequence[Job]) -> list[tuple[Job, Job]]:
    """Each recorded release of a service with the one before it; `jobs` are in the order of releases.

    A release that was recorded in another way too (25.0.0-storage1) is compared with itself as it mostly is.
    """
    pairs: list[tuple[Job, Job]] = []
    for _, group in itertools.groupby(jobs, key=lambda job: job.deployment.service):
        releases = {job.deployment.release: job for job in group}
        plain = {
            name: job
            for name, job in releases.items()
            if name.partition("-")[0] not in releases.keys() - {name}
        }
        pairs += itertools.pairwise(plain.values())
        pairs += [
            (releases[name.partition("-")[0]], job) for name, job in releases.items() if name not in plain
        ]
    return pairs
