"""The pytest plugin's door: options, and whether this run has anything to do with contracts.

It is imported in every pytest run of an environment in which contract-tests is installed, so it imports
nothing and does next to nothing until a contract-tests.yaml is there (from the working directory upward), a
`--contract-...` option is given, or a YAML file is named. The work is in `pytest_items`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contract_tests.integrations.client import Client

CONFIG_NAME = "contract-tests.yaml"
ENDINGS = (".yaml", ".yml")
OLDEST = 7
"""The pytest whose hooks are used."""

OPTIONS = {
    "target": ("WHAT", "Run against this: a URL, wsgi:module:callable, a recording, or a name of a target."),
    "os-cloud": ("[ROLE=]NAME", "A cloud of clouds.yaml, as this role (admin)."),
    "token": ("ROLE=VALUE", "The token of a role; ROLE=env:NAME takes it from the environment."),
    "release": ("RELEASE", "Of recordings: only this release. Of a live target: the one that runs there."),
    "service": ("NAME", "Only this service."),
    "microversions": ("WHICH", "boundaries (the default), every, latest, or a list such as 1.0,1.39."),
    "record": ("DIR", "Record what a live target answers to DIR/SERVICE/RELEASE."),
    "baseline": ("RECORDING", "Hold each answer to this recording's besides."),
    "policy": ("NAME", "What the verdicts on differences from the baseline are, and which fail."),
    "waivers": ("FILE", "Differences from the baseline that are accepted."),
    "recordings": ("PATH", "Replay the recordings in this folder (SERVICE/RELEASE below it)."),
    "targets": ("PATH", "Targets: a file."),
    "config": ("FILE", "The configuration file (default: the nearest contract-tests.yaml)."),
}
"""The options, `--contract-NAME`; each is that of `contract-tests run`. (What its value is, its help.)"""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "contracts of HTTP APIs (contract-tests)")
    for name, (metavar, text) in OPTIONS.items():
        group.addoption(f"--contract-{name}", action="append", default=[], metavar=metavar, help=text)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    given = given_options(config)
    if not given and not _named_files(config) and not _has_config(config.invocation_params.dir):
        return
    if int(pytest.__version__.partition(".")[0]) < OLDEST:
        raise pytest.UsageError(
            f"contract-tests needs pytest {OLDEST} or newer, and this is {pytest.__version__}; "
            "-p no:contract_tests leaves it out"
        )
    from contract_tests.integrations.pytest_items import Collector

    config.pluginmanager.register(Collector(config, given), "contract_tests.collector")


def given_options(config: pytest.Config) -> list[str]:
    """The options that are given, as `contract-tests run` has them."""
    return [
        f"--{name}={value}"
        for name in OPTIONS
        for value in config.getoption(f"--contract-{name}", default=[])
    ]


def _named_files(config: pytest.Config) -> bool:
    return any(argument.partition("::")[0].endswith(ENDINGS) for argument in config.args)


def _has_config(start: Path) -> bool:
    return any((folder / CONFIG_NAME).is_file() for folder in (start, *start.parents))


@pytest.fixture(scope="session")
def contract_target(pytestconfig: pytest.Config) -> Iterator[Client]:
    """A client of the live target that --contract-target or --contract-os-cloud names.

    `contract_target.get("/resource_providers", microversion="1.39")` answers with a response that has
    `status`, `headers`, `json` and `text`; `contract_target.check(response, status=200, schema="NAME")`
    holds it to a schema of the service. The test is skipped where no live target is named.
    """
    if not any(pytestconfig.getoption(f"--contract-{name}") for name in ("target", "os-cloud")):
        pytest.skip("it needs a live target: name it with --contract-target or --contract-os-cloud")
    from contract_tests.integrations.pytest_items import open_client

    with open_client(pytestconfig) as client:
        yield client
