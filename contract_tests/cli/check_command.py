"""contract-tests check"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from contract_tests.cli.options import places_options
from contract_tests.cli.say import say

if TYPE_CHECKING:
    from contract_tests.loading.config import Places


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
@places_options
def command(places: Places, paths: tuple[Path, ...]) -> int:
    """Check the files of a project, of every kind, and report all that is wrong.

    Without a path, every file of the project is checked. Exit status 2 where anything is wrong.
    """
    from contract_tests.loading.library import ENDINGS, Library, files_below
    from contract_tests.reporters.words import plural

    library = Library(places)
    if paths:
        files = [file for path in paths for file in ([path] if path.is_file() else files_below(path))]
    else:
        folders = (
            *places.services, *places.schemas, *places.scenarios, *places.targets, *places.waivers,
            *places.policies, *places.deployments,
        )  # fmt: skip
        files = [
            file for folder in folders for file in ([folder] if folder.is_file() else files_below(folder))
        ]
        files += [places.config] if places.config else []
    scenarios = [file for file in files if library.check_file(file) == "scenario"]
    library.problems += library.scenarios(scenarios).problems if scenarios else ()
    library.raise_problems()
    if not files:
        say(f"nothing to check: no file ending in {' or '.join(ENDINGS)}", err=True)
        return 2
    say(f"{plural(len(files), 'file')}: nothing is wrong")
    return 0
