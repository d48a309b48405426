"""contract-tests history"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from contract_tests.cli.judging import policy_option, read_policy
from contract_tests.cli.options import choice_options, places_options, target_options
from contract_tests.cli.say import say, say_json
from contract_tests.errors import UsageError
from contract_tests.execution.plan import Choice
from contract_tests.loading.config import Places


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", metavar="SERVICE")
@click.option("--call", default="", metavar="TEXT", help="Only calls with this text in SCENARIO: CALL.")
@click.option("--path", default="", metavar="TEXT", help="Only facts with this text in their path.")
@policy_option
@target_options
@choice_options
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Show what is OK or INFO too (texts of errors, order of lists), and the calls that do not declare "
    "a change.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--rst", "as_rst", is_flag=True, help="Print a page of reStructuredText.")
@places_options
def command(
    places: Places,
    name: str,
    call: str,
    path: str,
    policy_name: str,
    wanted: Any,
    choice: Choice,
    service: tuple[str, ...],
    verbose: bool,
    as_json: bool,
    as_rst: bool,
) -> int:
    """Show what each microversion of a service changed, as seen in its answers.

    Each recorded microversion is compared with the one before it. A change that no overlay declares is
    REVIEW: it leaked into an older microversion, or its overlay is missing. Exit status 1 for one of these.
    """
    from contract_tests.cli.main import COULD_NOT_RUN, FINDINGS, OK
    from contract_tests.cli.open import load, open_jobs
    from contract_tests.comparison.rules import Verdict
    from contract_tests.execution.history import history
    from contract_tests.execution.versions import lives
    from contract_tests.loading.library import Library

    library = Library(places)
    policy, _ = read_policy(library, policy_name)
    scenarios = load(library, [], [name])
    with open_jobs(library, scenarios, wanted, choice) as opened:
        found = history(scenarios[0].service, opened.jobs, policy)
        life = [] if call or path else lives(opened.jobs)
    if found.calls and not any(call.lower() in one.lower() for one in found.calls):
        raise UsageError(f"--call {call}: no call of {name} that was compared has this in its SCENARIO: CALL")
    found.unseen = [one for one in found.unseen if call.lower() in one[0].lower() and not path]
    found.entries = [
        entry for entry in found.entries
        if (verbose or entry.verdict not in (Verdict.OK, Verdict.INFO))
        and path.lower() in entry.fact.path.lower()
        and any(call.lower() in one.lower() for one in entry.calls)
    ]  # fmt: skip
    if as_json:
        say_json({**_document(found), "versions": _lives(life)})
    else:
        say("\n".join(_rst(found) if as_rst else [*_lines(found, verbose=verbose), *_life_lines(life)]))
    if not found.entries and not found.unseen and not life:
        narrowed = " with this --call and --path" if call or path else ""
        why = (
            f"no microversion changed anything{narrowed}; --verbose shows what is OK or INFO too"
            if found.calls
            else "nothing to compare: two neighbouring microversions are recorded of no scenario"
        )
        say(f"{name}: {why}", err=True)
    if any(entry.verdict is Verdict.REVIEW and not entry.declared for entry in found.entries):
        return FINDINGS
    return OK if found.calls or life else COULD_NOT_RUN


def _life_lines(lives: Any) -> Iterator[str]:
    """What became of each API version over the releases; what stayed the same is told in one span."""
    from contract_tests.reporters.harmless import printable

    if lives:
        yield "API versions and lifecycle headers, by release"
    for life in lives:
        spans = (
            f"{what} ({first if first == last else f'{first} to {last}'})" for first, last, what in life.spans
        )
        yield printable(f"  {life.name}: {' -> '.join(spans)}")


def _lives(lives: Any) -> list[dict[str, Any]]:
    return [{"name": life.name, "releases": dict(life.stages)} for life in lives]


def _word(entry: Any) -> str:
    from contract_tests.comparison.rule import word_fact
    from contract_tests.reporters.harmless import printable

    return printable(word_fact(entry.rule, entry.fact).replace("\n", " "))


def _lines(found: Any, *, verbose: bool) -> Iterator[str]:
    from contract_tests.execution.history import by_microversion
    from contract_tests.reporters.harmless import printable
    from contract_tests.reporters.words import plural

    yield f"{found.service.title}, seen in {', '.join(found.releases)}"
    for version, entries in by_microversion(found.entries).items():
        yield f"{version}"
        for entry in entries:
            lacking = len(entry.undeclared)
            told = "which nothing declares" if lacking == len(entry.calls) else f"not declared by {lacking}"
            yield f"  {entry.verdict:6} {_word(entry)}"
            seen = f"{plural(len(entry.calls), 'call')}, since {entry.releases[0]}"
            yield f"         {entry.rule.id}, {seen}{f', {told}' if lacking else ''}"
            for one in sorted(entry.undeclared) if verbose else ():
                yield printable(f"           not declared: {one} ({entry.calls[one]})")
    for name, version, at in found.unseen:
        yield f"declared at {version}, but no answer shows it: {name} ({at})"


def _rst(found: Any) -> Iterator[str]:
    from contract_tests.execution.history import by_microversion
    from contract_tests.reporters.words import plural

    heading = f"{found.service.title}: microversion history"
    yield from (heading, "=" * len(heading), "", f"As seen in recordings of {', '.join(found.releases)}.", "")
    for version, entries in by_microversion(found.entries).items():
        yield from (str(version), "-" * len(str(version)), "")
        for entry in entries:
            text = (
                _word(entry).replace("\\", "\\\\").replace("*", "\\*").replace("`", "\\`").replace("|", "\\|")
            )
            yield f"- {text} ({entry.verdict}, {entry.rule.id}; {plural(len(entry.calls), 'call')})"
        yield ""


def _document(found: Any) -> dict[str, Any]:
    return {
        "service": found.service.name,
        "releases": found.releases,
        "changes": [
            {
                "microversion": str(entry.microversion),
                "verdict": entry.verdict.value,
                "rule": entry.rule.id,
                "path": entry.fact.path,
                "message": _word(entry),
                "declared": entry.declared,
                "undeclared": sorted(entry.undeclared),
                "calls": list(entry.calls),
                "releases": entry.releases,
            }
            for entry in found.entries
        ],
        "unseen": [
            {"call": name, "microversion": str(version), "at": at} for name, version, at in found.unseen
        ],
    }
