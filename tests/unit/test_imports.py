"""Imports run one way between the rooms, and each foreign package has its room: read from the source."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import unittest
from collections.abc import Iterator, Mapping
from pathlib import Path

import contract_tests

PACKAGE = Path(contract_tests.__file__).resolve().parent

# Each room, and the rooms that it may import; a room stands below all that it imports.
ROOMS: Mapping[str, frozenset[str]] = {
    "errors": frozenset(),
    "model": frozenset(),
    "checks": frozenset({"model"}),
    "comparison": frozenset({"model"}),
    "consistency": frozenset({"model", "comparison"}),
    "loading": frozenset({"errors", "model", "checks", "comparison", "consistency"}),
    "recordings": frozenset({"errors", "model"}),
    "lab": frozenset({"errors", "model"}),
    "transport": frozenset({"errors", "model", "recordings"}),
    "execution": frozenset(
        {"errors", "model", "checks", "comparison", "consistency", "recordings", "transport"}
    ),
    "reporters": frozenset(
        {"errors", "model", "checks", "comparison", "consistency", "execution", "recordings"}
    ),
    "cli": frozenset(
        {
            "errors",
            "model",
            "checks",
            "comparison",
            "consistency",
            "loading",
            "recordings",
            "lab",
            "transport",
            "execution",
            "reporters",
        }
    ),
    "integrations": frozenset(
        {"errors", "model", "checks", "loading", "recordings", "transport", "execution", "reporters", "cli"}
    ),
    "__main__": frozenset({"cli"}),
}

# Each foreign package, and the only rooms or modules that import it.
FOREIGN: Mapping[str, frozenset[str]] = {
    "botocore": frozenset({"transport/identity"}),
    "click": frozenset({"cli"}),
    "hypothesis": frozenset({"execution/random_input"}),
    "hypothesis_jsonschema": frozenset({"execution/random_input"}),
    "jsonpath_rfc9535": frozenset({"model/jsonpath"}),
    "os_service_types": frozenset({"transport/open"}),
    "jsonschema": frozenset({"checks/schemas"}),
    "jsonschema_rs": frozenset({"checks/schemas", "model/matcher", "model/derivation", "loading/schema"}),
    "keystoneauth1": frozenset({"transport/identity", "transport/clients"}),
    "lxml": frozenset({"model/xml"}),
    "openstack": frozenset({"transport/identity", "transport/clients"}),
    "referencing": frozenset({"checks/schemas"}),
    "regex": frozenset({"model/matcher", "loading/matchers", "loading/keywords"}),
    "requests": frozenset({"transport/live", "transport/identity"}),
    "rich": frozenset({"reporters/terminal"}),
    "subunit": frozenset({"reporters", "integrations/left"}),
    "testtools": frozenset({"integrations"}),
    "tempest": frozenset({"integrations"}),
    "urllib3": frozenset({"transport/live", "transport/wsgi"}),
    "vcr": frozenset(),  # its format is kept, its patching is not used
    "yaml": frozenset({"loading/parsing", "recordings/reference"}),
    "yaml12": frozenset({"recordings/reader"}),
    "pytest": frozenset({"integrations"}),
    "stestr": frozenset({"integrations"}),
}

SCRIPTS = PACKAGE / "lab" / "support"
"""Run by the interpreters of the services, in whose environments this package is not installed."""


def modules() -> Iterator[tuple[str, Path]]:
    """(room/module, file) of every module."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if SCRIPTS not in path.parents:
            yield path.relative_to(PACKAGE).with_suffix("").as_posix(), path


def imported(path: Path) -> Iterator[str]:
    """The full names of all modules that a file imports, wherever in it, also for type checking alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}:{node.lineno}: a relative import"
            if node.module == "contract_tests":
                yield from (f"contract_tests.{alias.name}" for alias in node.names)
            else:
                yield node.module


class TestRooms(unittest.TestCase):
    def test_imports_run_one_way(self) -> None:
        for name, path in modules():
            room = name.partition("/")[0]
            for module in imported(path):
                parts = module.split(".")
                if parts[0] != "contract_tests" or len(parts) == 1 or parts[1] in ("__version__", room):
                    continue
                self.assertIn(room, ROOMS, f"{path}: give its room a line in ROOMS")
                self.assertIn(parts[1], ROOMS[room], f"{path} imports {module}")

    def test_the_table_has_no_circle(self) -> None:
        seen: list[str] = []
        for room, below in ROOMS.items():
            self.assertLessEqual(below, set(seen), f"{room} stands before what it imports")
            seen.append(room)

    def test_only_the_command_line_and_what_stands_above_it_import_it(self) -> None:
        for room, below in ROOMS.items():
            if "cli" in below:
                self.assertIn(room, ("__main__", "integrations"))


class TestForeign(unittest.TestCase):
    def test_each_package_has_its_room(self) -> None:
        for name, path in modules():
            room = name.partition("/")[0]
            for module in imported(path):
                top = module.partition(".")[0]
                if top == "contract_tests" or top in sys.stdlib_module_names:
                    continue
                self.assertIn(top, FOREIGN, f"{path}: give it a line in FOREIGN")
                self.assertTrue({room, name} & FOREIGN[top], f"{path} imports {top}")

    def test_each_package_is_a_dependency(self) -> None:
        text = (PACKAGE.parent / "setup.cfg").read_text(encoding="utf-8")
        names = {
            "jsonpath_rfc9535": "jsonpath-rfc9535",
            "jsonschema_rs": "jsonschema-rs",
            "openstack": "openstacksdk",
            "os_service_types": "os-service-types",
        }
        names["hypothesis_jsonschema"] = "hypothesis-jsonschema"
        names |= {"yaml": "PyYAML", "yaml12": "py-yaml12", "vcr": "vcrpy"}
        # These come with others: jsonschema, requests.
        for top in FOREIGN.keys() - {
            "referencing",
            "urllib3",
            "subunit",
            "tempest",
            "testtools",
            "stestr",
            "pytest",
        }:
            self.assertRegex(text, rf"(?m)^    {re.escape(names.get(top, top))}\b")

    def test_what_runs_elsewhere_imports_nothing_of_ours(self) -> None:
        for path in SCRIPTS.glob("*.py"):
            self.assertEqual([], [name for name in imported(path) if name.startswith("contract_tests")], path)


class TestWeight(unittest.TestCase):
    """--help is quick: nothing heavy is imported for it."""

    HEAVY = FOREIGN.keys() - {"click"} | {"multiprocessing", "xml"}

    def loaded(self, *arguments: str) -> set[str]:
        code = (
            "import sys\n"
            "from contract_tests.cli.main import main\n"
            f"status = main({list(arguments)!r})\n"
            "print('LOADED', *{name.partition('.')[0] for name in sys.modules})\n"
            "sys.exit(status)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return set(done.stdout.rpartition("LOADED ")[2].split())

    def test_help_and_version(self) -> None:
        for arguments in (
            ["--help"],
            ["--version"],
            ["run", "--help"],
            ["list", "--help"],
            ["check", "--help"],
            ["coverage", "-h"],
        ):
            with self.subTest(arguments):
                self.assertEqual(set(), self.loaded(*arguments) & self.HEAVY)


if __name__ == "__main__":
    unittest.main()
