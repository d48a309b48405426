"""What the tests of the loader share: scenarios and schemas written in a test, read by the real library."""

from __future__ import annotations

import tempfile
import textwrap
import unittest
from pathlib import Path

from contract_tests.errors import LoadError
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library
from contract_tests.model.microversion import ORDERS, Microversion
from contract_tests.model.scenario import Call, Scenario, SchemaHistory

PROJECT = Path(__file__).resolve().parent.parent / "data" / "project"
NUMBER = ORDERS["number"]
HEAD = """\
scenario: tickets
id: 0f6c3c0e-6d1b-4f0e-9d0e-1f3f6f1f2a55
service: tickets
"""


def version(text: str) -> Microversion:
    return NUMBER.parse(text)


class LoadingTest(unittest.TestCase):
    """A folder of its own, beside the project of tests/data."""

    maxDiff = None

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "schemas" / "tickets").mkdir(parents=True)

    @property
    def places(self) -> Places:
        return Places(
            services=(self.folder / "services", PROJECT / "services"),
            schemas=(self.folder / "schemas", PROJECT / "schemas"),
        )

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
        return file

    def scenario(self, text: str, head: str = HEAD) -> Scenario:
        """The scenario of `text` behind `head`; LoadError where it is wrong."""
        path = self.write("scenario.yaml", head + textwrap.dedent(text))
        library = Library(self.places, {})
        loaded = library.scenarios([path])
        library.raise_problems()
        return loaded.scenarios[0]

    def call(self, text: str, at: str | None = None) -> Call:
        """The first call of `text`, written as an item of `calls` without its dash, at a microversion."""
        lines = textwrap.indent(textwrap.dedent(text).strip("\n"), "    ")
        scenario = self.scenario("calls:\n  -" + lines[3:] + "\n")
        found = scenario.calls[0].at(version(at) if at else None)
        assert found is not None
        return found

    def schema(self, text: str, name: str = "thing") -> SchemaHistory:
        """The schema of `text`, as a file of the service tickets; LoadError where it is wrong."""
        path = self.write(f"schemas/tickets/{name}.yaml", text)
        library = Library(self.places, {})
        found = library.schema_file(path, "tickets")
        library.raise_problems()
        assert found is not None
        return found

    def problems(self, text: str, head: str = HEAD) -> list[str]:
        """`line: rule` of each problem of a scenario."""
        try:
            self.scenario(text, head)
        except LoadError as error:
            return [f"{problem.line}: {problem.rule}" for problem in error.problems]
        return []
