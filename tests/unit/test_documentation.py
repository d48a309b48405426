"""The documentation's examples load, its commands exist, and the README prints what CI runs."""

from __future__ import annotations

import re
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from contract_tests.cli.main import COMMANDS, cli
from contract_tests.errors import LoadError
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library
from contract_tests.loading.shapes import SHAPES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "doc" / "source").rglob("*.rst"))
_FILE = re.compile(
    r"\.\. code-block:: yaml\n   :caption: (.+)\n\n((?:   .*\n|\n)+)",
)
_MARKDOWN_FILE = re.compile(r"^```yaml\n(scenario: .*?)^```$", re.MULTILINE | re.DOTALL)
_TARGETS_VARIABLES = {"ADMIN_TOKEN": "a", "DEMO_PASSWORD": "b", "SERVICE_TOKEN": "c"}


def problems(name: str, text: str) -> str:
    """What `contract-tests check` has to say of one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        library = Library(Places().with_shipped(), environ=_TARGETS_VARIABLES)
        if path.parent.name == "policies":
            library = Library(Places(policies=(path.parent,)).with_shipped())
            library.policy(path.stem)
        else:
            library.check_file(path)
        try:
            library.raise_problems()
        except LoadError as error:
            return str(error)
    return ""


def command_names(command: click.Command, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words that lead to each command below `command`, and to itself."""
    yield names
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from command_names(found, (*names, name))


class TestExamples(unittest.TestCase):
    def test_every_file_in_the_guides_loads(self) -> None:
        count = 0
        for page in PAGES:
            if page.stem == "tutorial":
                continue
            for name, block in _FILE.findall(page.read_text()):
                text = re.sub(r"^   ", "", block, flags=re.MULTILINE)
                with self.subTest(page=page.stem, file=name):
                    count += 1
                    self.assertEqual(problems(name, text), "")
        self.assertGreater(count, 10)

    def test_the_scenario_in_the_readme_loads(self) -> None:
        found = [
            text for text in _MARKDOWN_FILE.findall((ROOT / "README.md").read_text()) if "calls:" in text
        ]
        self.assertEqual(len(found), 1)
        self.assertEqual(problems("readme.yaml", found[0]), "")


class TestReadme(unittest.TestCase):
    def setUp(self) -> None:
        self.text = (ROOT / "README.md").read_text()

    def test_its_first_two_commands_are_one_line_each(self) -> None:
        commands = re.findall(r"^    (python3 -m venv .*)$", self.text, re.MULTILINE)
        self.assertEqual(len(commands), 2)
        self.assertTrue(commands[0].endswith("contract-tests run"))
        self.assertTrue(commands[1].endswith("pytest tests/unit"))

    def test_its_links_lead_somewhere(self) -> None:
        for link in re.findall(r"\]\(([^)#]+)\)", self.text):
            with self.subTest(link=link):
                self.assertTrue((ROOT / link).exists())

    def test_it_names_every_command(self) -> None:
        for name in COMMANDS:
            with self.subTest(command=name):
                self.assertIn(f"contract-tests {name}", self.text)


class TestReference(unittest.TestCase):
    def test_the_options_that_the_guides_name_exist(self) -> None:
        runner = CliRunner()
        known = "".join(runner.invoke(cli, [*names, "--help"]).output for names in command_names(cli))
        text = (ROOT / "README.md").read_text() + "".join(page.read_text() for page in PAGES)
        for command in re.findall(rf"contract-tests (?:{'|'.join(COMMANDS)})\b[^\n`]*", text):
            for option in re.findall(r"(?<=\s)--[a-z][a-z-]+", command):
                with self.subTest(command=command):
                    self.assertIn(option, known)

    def test_every_kind_of_file_has_a_page(self) -> None:
        text = "".join(page.read_text() for page in PAGES)
        for kind in SHAPES:
            with self.subTest(kind=kind):
                self.assertIn(f"contract-reference:: keys {kind}", text)
