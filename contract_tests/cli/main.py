"""contract-tests: the command line. Commands are imported when they are called, so that --help is quick."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence

import click

from contract_tests import __version__
from contract_tests.cli.say import say
from contract_tests.errors import ContractTestsError, LoadError, UsageError

OK, FINDINGS, USAGE, COULD_NOT_RUN = 0, 1, 2, 3

COMMANDS = {
    "run": "Run scenarios against recordings, a live deployment or a WSGI application.",
    "compare": "What differs between two releases or deployments, and is it a break?",
    "lint": "Is an API consistent: names, URLs, status codes, errors, collections?",
    "history": "What each microversion of a service changed, as seen in its answers.",
    "infer": "Draft response schemas from recorded answers.",
    "discover": "What a deployment is: services, versions, extensions, what covers them.",
    "negative": "Ask for what must be refused: bad input, derived from request schemas.",
    "list": "List scenarios and cases, and why a case would be skipped.",
    "check": "Check files without running anything.",
    "coverage": "What the scenarios exercise: operations, statuses, microversions, overlays.",
    "parity": "Show one thing as two APIs have it, and what has no counterpart.",
    "rules": "Explain the rules of checks, comparisons and the lint.",
    "lab": "Real services of any release on this machine: start, run, record.",
    "services": "List the services that are known, and their version dialects.",
    "schema": "Print the JSON Schema of a kind of file, for editors.",
}


class _Commands(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"contract_tests.cli.{cmd_name}_command")
        command: click.Command = module.command
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 all as expected, 1 findings, 2 wrong usage or a wrong file, 3 something could not "
    "run (unreachable, not recorded, nothing to run).",
)
@click.version_option(__version__, "--version", prog_name="contract-tests")
def cli() -> None:
    """Hold a versioned HTTP API to its contract.

    Scenarios (YAML) describe calls and what they must answer at every microversion; they run against a
    live deployment of any release, an in-process application, or recordings, with the same checks.

    \b
      contract-tests run                                  replay every recording
      contract-tests run --target http://127.0.0.1:8778   the same cases, live
      contract-tests check                                mistakes in the files
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; nothing is raised."""
    logging.getLogger("contract_tests").addHandler(logging.NullHandler())
    try:
        status = cli.main(
            args=list(argv) if argv is not None else None, prog_name="contract-tests", standalone_mode=False
        )
        return int(status or OK)
    except LoadError as error:
        return _fail(USAGE, f"{error}\n{_count(len(error.problems))}")
    except UsageError as error:
        return _fail(USAGE, f"contract-tests: {error}")
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return _fail(COULD_NOT_RUN, "contract-tests: interrupted")
    except ContractTestsError as error:
        return _fail(COULD_NOT_RUN, f"contract-tests: {error}")
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the reader has gone: there is nobody to tell
        return COULD_NOT_RUN
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return _fail(COULD_NOT_RUN, f"contract-tests: {name}{error.strerror or error}")
    except Exception:
        mistake = "contract-tests: this is a mistake in contract-tests itself; please report it"
        return _fail(COULD_NOT_RUN, f"{traceback.format_exc()}\n{mistake}")


def _count(problems: int) -> str:
    return f"{problems} problem{'' if problems == 1 else 's'}"


def _fail(status: int, message: str) -> int:
    say(message, err=True)
    return status


def entry() -> None:
    """The console script. A character that a terminal cannot show is written as its escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())


if __name__ == "__main__":
    entry()
