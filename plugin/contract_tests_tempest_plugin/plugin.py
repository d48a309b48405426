"""What Tempest asks a plugin for. Nothing here reads the configuration: it is not there yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tempest.test_discover import plugins

from contract_tests_tempest_plugin import config


class ContractTestsPlugin(plugins.TempestPlugin):  # type: ignore[misc]
    """The entry point `contract_tests` in the group `tempest.test_plugins`."""

    def load_tests(self) -> tuple[str, str]:
        """The folder of the tests, and the folder that the names of their modules begin in."""
        package = Path(__file__).resolve().parent
        return str(package / "tests"), str(package.parent)

    def register_opts(self, conf: Any) -> None:
        conf.register_group(config.GROUP)
        conf.register_opts(config.OPTIONS, group=config.GROUP)

    def get_opt_lists(self) -> list[tuple[str, list[Any]]]:
        return [(config.GROUP.name, config.OPTIONS)]
