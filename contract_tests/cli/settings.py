"""What a front (unittest, stestr, pytest) runs, told in the words of `contract-tests run`'s options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contract_tests.cli.judging import policy_option, waivers_option
from contract_tests.cli.open import Wanted
from contract_tests.cli.options import choice_options, places_options, target_options
from contract_tests.errors import UsageError
from contract_tests.execution.plan import Choice

if TYPE_CHECKING:
    from contract_tests.loading.config import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to run, against what, and what it is held to. `paths` are scenario files and folders (none: all).

    `record` is a folder for recordings, `baseline` a recording, `waivers` a file; empty where not asked for.
    """

    places: Places
    paths: tuple[Path, ...] = ()
    wanted: Wanted = field(default_factory=Wanted)
    choice: Choice = field(default_factory=Choice)
    services: tuple[str, ...] = ()
    record: str = ""
    baseline: str = ""
    policy: str = "openstack"
    waivers: Path | None = None


def read_settings(arguments: Sequence[str]) -> Settings:
    """The settings that options and paths of `contract-tests run` tell.

    UsageError where an option is wrong, LoadError where the configuration file is.
    """
    try:
        found = _parser.main(args=list(arguments), prog_name="contract-tests", standalone_mode=False)
    except click.ClickException as error:
        raise UsageError(error.format_message()) from None
    assert isinstance(found, Settings)
    return found


@click.command(add_help_option=False)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@target_options
@choice_options
@click.option("--record", default="")
@click.option("--baseline", default="")
@policy_option
@waivers_option
@places_options
def _parser(service: tuple[str, ...], policy_name: str, **fields: Any) -> Settings:
    return Settings(services=service, policy=policy_name, **fields)
