"""contract-tests infer"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contract_tests.cli.options import choice_options, places_options, target_options
from contract_tests.cli.say import say
from contract_tests.errors import ContractTestsError, UsageError
from contract_tests.execution.plan import Choice
from contract_tests.loading.config import Places

if TYPE_CHECKING:
    from contract_tests.execution.infer import Draft


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", metavar="SERVICE")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the drafts to DIR/SERVICE; files that are there already are left alone.",
)
@target_options
@choice_options
@places_options
def command(
    places: Places, name: str, out: Path, wanted: Any, choice: Choice, service: tuple[str, ...]
) -> int:
    """Draft response schemas from what a service answered.

    One for each operation, with an overlay for each microversion at which the shape changes. A draft holds
    for every answer that it was made from; whether it is the contract is for a person to say.
    """
    from contract_tests.cli.main import COULD_NOT_RUN, OK
    from contract_tests.cli.open import load, open_jobs
    from contract_tests.execution.infer import infer
    from contract_tests.loading.library import Library
    from contract_tests.reporters.schema_text import schema_text
    from contract_tests.reporters.words import plural

    library = Library(places)
    scenarios = load(library, [], [name])
    folder = out / name
    drafts = written = 0
    with open_jobs(library, scenarios, wanted, choice) as opened:
        seen = ", ".join(job.deployment.release or job.deployment.name for job in opened.jobs)
        for draft in infer(scenarios[0].service, opened.jobs):
            path = folder / f"{draft.name}.yaml"
            drafts += 1
            if path.exists():
                say(f"{path}: is there already, left alone", err=True)
                continue
            answers = plural(len(draft.samples), "answer")
            comment = (
                f"{draft.operation}: a draft from {answers} of {name} {seen}. Read it, then call it yours."
            )
            try:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_text(schema_text(comment, draft.schema, draft.overlays), encoding="utf-8")
            except OSError as error:
                raise UsageError(f"--out {out}: cannot be written: {error.strerror}") from None
            _prove(library, name, path, draft)
            changes = ", ".join(map(str, draft.overlays))
            say(f"{path}: {answers}" + (f"; since {changes}" if changes else ""))
            written += 1
    if not drafts:
        say(f"{name}: nothing to draft from: {seen} answered no operation with JSON", err=True)
    return OK if written else COULD_NOT_RUN


def _prove(library: Any, service: str, path: Path, draft: Draft) -> None:
    """Read a draft back, and hold every answer that it was made from to it."""
    from contract_tests.checks.schemas import is_valid, violations

    history = library.schema_file(path, service)
    library.raise_problems()
    for sample in draft.samples:
        schema = history.at(sample.microversion)
        if not is_valid(schema, sample.document):
            where = "; ".join(f"{at}: {text}" for at, text in violations(schema, sample.document))
            raise ContractTestsError(
                f"{path}: the draft refuses {sample.call} at {sample.microversion} ({where}); "
                "this is a mistake in contract-tests itself, please report it"
            )
