"""contract-tests lint"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from contract_tests.cli.judging import Telling, read_policy, telling_options, waivers_option
from contract_tests.cli.options import choice_options, places_options, target_options
from contract_tests.cli.say import say
from contract_tests.errors import UsageError
from contract_tests.execution.plan import Choice
from contract_tests.loading.config import Places


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("what", nargs=-1, metavar="[SERVICE|RECORDING]...")
@click.option(
    "--profile",
    default="openstack",
    show_default=True,
    metavar="NAME",
    help="Which rules hold: nova-2014, api-sig, a policy file with `consistency` of your own; "
    "openstack stands for all that need no person to decide.",
)
@click.option("--rule", "only", multiple=True, metavar="RULE", help="Only this rule; also one that is off.")
@waivers_option
@target_options
@choice_options
@click.option("--table", "as_table", is_flag=True, help="Print how many there are by rule and service.")
@telling_options
@places_options
def command(
    places: Places,
    what: tuple[str, ...],
    profile: str,
    only: tuple[str, ...],
    waivers: Path | None,
    wanted: Any,
    choice: Choice,
    service: tuple[str, ...],
    as_table: bool,
    telling: Telling,
) -> int:
    """Is an API consistent in itself? Hold recorded or live answers to rules of names, codes and bodies.

    Without arguments every recording of the project is looked at. Exit status 1 for a finding that is WARN or
    that fails by the policy; what a later microversion or release mended is INFO.

    \b
      contract-tests lint nova --profile nova-2014
      contract-tests lint cassettes/placement/16.0.0
      contract-tests lint placement --target URL --token admin=env:TOKEN
    """
    from contract_tests.cli.main import COULD_NOT_RUN, FINDINGS, OK
    from contract_tests.cli.open import load, open_jobs
    from contract_tests.comparison.rule import Verdict
    from contract_tests.consistency.rules import BY_ID
    from contract_tests.execution.lint import lint, rules_of
    from contract_tests.loading.library import Library
    from contract_tests.loading.source import nearest
    from contract_tests.reporters import consistency as words

    for name in only:
        if name not in BY_ID:
            raise UsageError(f"--rule {name}: the lint has no such rule; {nearest(name, BY_ID)}")
    library = Library(places)
    policy, accepted = read_policy(library, profile, waivers, option="--profile")
    names, recordings = _sort_out(library, what)
    wanted = replace(wanted, targets=(*wanted.targets, *recordings))
    scenarios = load(library, [], [*service, *names], wanted.targets)
    with open_jobs(library, scenarios, wanted, choice) as opened:
        found = lint(opened.jobs, policy, accepted, only)
    fails = policy.fails | {Verdict.WARN}
    if as_table:
        for line in _columns(*words.table(found, [rule for rule, _ in rules_of(policy, only)])):
            say(line)
    else:
        telling.show(words, found, opened.mask)
        if not (telling.as_json or telling.as_markdown):
            say(words.summary(found))
    failing = [finding for one in found for finding in one.findings if finding.verdict in fails]
    telling.write(words, found, failing, fails, opened.mask)
    if failing or any(one.waivers for one in found):
        return FINDINGS
    return OK if any(one.answers for one in found) else COULD_NOT_RUN


def _sort_out(library: Any, what: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The services and the recordings among the arguments; UsageError for what is neither."""
    from contract_tests.loading.source import nearest

    known = library.service_names()
    names = [text for text in what if text in known]
    recordings = [text for text in what if text not in known]
    for text in recordings:
        if not Path(text).exists():
            raise UsageError(f"lint {text}: no service and no recording; {nearest(text, known)}")
    return names, recordings


def _columns(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    return [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]
