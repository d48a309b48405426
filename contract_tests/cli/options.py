"""Options that several commands share. What reads files is imported when a command runs: --help is quick."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contract_tests.errors import UsageError

if TYPE_CHECKING:
    from contract_tests.loading.config import Places

Command = Callable[..., Any]


def places_options(command: Command) -> Command:
    """--config and a folder option for each kind of file; the command gets `places`."""
    kinds = {
        "scenarios": "Scenarios: a folder or a file.",
        "schemas": "Schemas: a folder with a folder for each service.",
        "services": "Service files: a folder.",
        "deployments": "Deployment files for the lab: a folder.",
        "targets": "Targets: a file.",
        "recordings": "Recordings: a folder with SERVICE/RELEASE below it.",
    }

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        config = kwargs.pop("config")
        given = {kind: kwargs.pop(f"{kind}_places") for kind in kinds}
        return command(*args, places=_places(config, given), **kwargs)

    for kind, text in reversed(kinds.items()):
        wrapped = click.option(f"--{kind}", f"{kind}_places", multiple=True, metavar="PATH", help=text)(
            wrapped
        )
    return click.option(
        "--config",
        metavar="FILE",
        help="The configuration file (default: the nearest contract-tests.yaml, from here upward).",
    )(wrapped)


def _places(config: str | None, given: dict[str, tuple[str, ...]]) -> Places:
    from contract_tests.loading.config import Places, find_config, read_config

    path = Path(config) if config is not None else find_config(Path.cwd())
    if config is not None and not Path(config).is_file():
        raise UsageError(f"--config {config}: there is no such file")
    for kind, paths in given.items():
        for item in paths:
            if not Path(item).exists():
                raise UsageError(f"--{kind} {item}: there is no such file or folder")
    places = read_config(path) if path is not None else Places()
    return places.override(**given).with_shipped()


def choice_options(command: Command) -> Command:
    """What to run; the command gets `choice` and `service` (names)."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from contract_tests.execution.plan import Choice

        choice = Choice(
            microversions=_selection(kwargs.pop("microversions")),
            tags=frozenset(kwargs.pop("tag")),
            without_tags=frozenset(kwargs.pop("not_tag")),
            match=kwargs.pop("match"),
            roles=frozenset(kwargs.pop("role")),
            recorded=kwargs.pop("recorded"),
        )
        return command(*args, choice=choice, **kwargs)

    for option in (
        click.option(
            "--recorded",
            is_flag=True,
            help="Only cases that recordings keep; the others are tried live only.",
        ),
        click.option("--role", multiple=True, metavar="ROLE", help="Only cases with a call as this role."),
        click.option(
            "--match",
            default="",
            metavar="TEXT",
            help="Only scenarios with this text in service/file or title.",
        ),
        click.option("--not-tag", multiple=True, metavar="TAG", help="Leave out scenarios with this tag."),
        click.option("--tag", multiple=True, metavar="TAG", help="Only scenarios with this tag."),
        click.option(
            "--microversions",
            default="boundaries",
            show_default=True,
            metavar="WHICH",
            help="boundaries (where something changes, and the one before), every, latest, "
            "or a list such as 1.0,1.39.",
        ),
        click.option("--service", multiple=True, metavar="NAME", help="Only this service."),
    ):
        wrapped = option(wrapped)
    return wrapped


REPORTS = {
    "json": "the results as JSON",
    "junit": "the results as JUnit XML",
    "markdown": "a summary for a review",
    "sarif": "findings as SARIF 2.1.0",
    "github": "findings as annotations of GitHub Actions",
    "events": "each event as it happens, a line of JSON",
    "subunit": "a subunit v2 stream as it happens (extra: subunit)",
}
"""Files that a run may write: an option each."""


def report_options(command: Command) -> Command:
    """An option for each kind of report; the command gets `reports`, the files asked for by kind."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(f"{name}_file") for name in REPORTS}
        return command(*args, reports={name: path for name, path in given.items() if path}, **kwargs)

    for name, text in reversed(REPORTS.items()):
        said = f"Write {text} ('-': standard output)."
        wrapped = click.option(f"--{name}", f"{name}_file", metavar="FILE", help=said)(wrapped)
    return wrapped


def _selection(text: str) -> str | tuple[str, ...]:
    from contract_tests.execution.plan import SELECTIONS

    if text in SELECTIONS:
        return text
    listed = tuple(part.strip() for part in text.split(",") if part.strip())
    if not listed or any(part.isalpha() for part in listed):
        raise UsageError(
            f"--microversions {text}: write {', '.join(SELECTIONS)}, "
            "or microversions with commas between them"
        )
    return listed


def target_options(command: Command) -> Command:
    """What to run against; the command gets `wanted`, a `contract_tests.cli.open.Wanted`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from contract_tests.cli.open import Wanted

        wanted = Wanted(
            targets=kwargs.pop("target"),
            clouds=kwargs.pop("os_cloud"),
            tokens=kwargs.pop("token"),
            release=kwargs.pop("release"),
            series=kwargs.pop("series"),
            timeout=kwargs.pop("timeout"),
            insecure=kwargs.pop("insecure"),
            cacert=kwargs.pop("cacert"),
            fresh=kwargs.pop("fresh"),
        )
        return command(*args, wanted=wanted, **kwargs)

    for option in (
        click.option(
            "--fresh",
            is_flag=True,
            help="Names of its own for this run: for a server where another runs too, or has left something.",
        ),
        click.option("--cacert", metavar="FILE", default="", help="Certificate authorities to accept (PEM)."),
        click.option("--insecure", is_flag=True, help="Accept any certificate."),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0.001),
            metavar="SECONDS",
            help="The longest that one request may take (60).",
        ),
        click.option("--series", default="", metavar="NAME", help="The series of a live target (2026.2)."),
        click.option(
            "--release",
            multiple=True,
            metavar="RELEASE",
            help="Of recordings: only this release. Of a live target: the release that runs there.",
        ),
        click.option(
            "--token",
            multiple=True,
            metavar="ROLE=VALUE",
            help="The X-Auth-Token of a role; ROLE=env:NAME takes it from the environment, "
            "where others do not see it.",
        ),
        click.option(
            "--os-cloud",
            multiple=True,
            metavar="[ROLE=]NAME",
            help="A cloud of clouds.yaml, as this role (admin).",
        ),
        click.option(
            "--target",
            multiple=True,
            metavar="WHAT",
            help="A URL, wsgi:module:callable, a recording (folder or cassette) or a name in the targets "
            "file. Default: all recordings.",
        ),
    ):
        wrapped = option(wrapped)
    return wrapped
