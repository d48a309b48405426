"""Scenario files as pytest's files, their cases as its items.

Which YAML files are scenarios: every one below a `scenarios` folder of the configuration, as for the command
line; elsewhere, one with a top-level `scenario:` that is named itself, or that is found where a
`--contract-...` option is given. A service file stands for the protocol scenario that its `protocol:` makes.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import os
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract_tests.cli.settings import Settings, read_settings
from contract_tests.errors import ContractTestsError
from contract_tests.integrations.client import Client
from contract_tests.integrations.core import Broken, Gate, Item
from contract_tests.integrations.pytest_plugin import ENDINGS, OPTIONS, given_options
from contract_tests.model.case import Outcome

_SCENARIO = re.compile(rb"^(\xef\xbb\xbf)?scenario[ \t]*:", re.MULTILINE)
_HEAD = 65536
_NO_FILE = "<contract-tests>"
"""Where a note stands: it is about the run, so it is told once."""
_OPTION = re.compile(rf"(?<![\w-])--({'|'.join(OPTIONS)})\b")


class NotPassed(Exception):
    """An item that did not pass; its text is all that is shown."""


def spelled(text: str) -> str:
    """A message of the command line's, with pytest's names of the options."""
    return _OPTION.sub(r"--contract-\1", text)


class Collector:
    """Collects the scenario files of one pytest run. They are opened together, at the first of them."""

    def __init__(self, config: pytest.Config, given: Sequence[str]) -> None:
        self.config = config
        self.given = given
        try:
            self.settings = read_settings(given)
        except (ContractTestsError, OSError) as error:
            raise pytest.UsageError(spelled(str(error))) from None
        places = self.settings.places
        self.folders = [place.resolve() for place in (*places.scenarios, *places.services)]
        self.named = {path for path in self._arguments() if path.is_file()}
        self.told: set[str] = set()
        wanted = self.settings.wanted
        self.idle = not (wanted.targets or wanted.clouds or places.recordings)

    def _arguments(self) -> list[Path]:
        start = self.config.invocation_params.dir
        return [(start / argument.partition("::")[0]).resolve() for argument in self.config.args]

    def takes(self, path: Path) -> bool:
        """Whether the file at the (resolved) path is a scenario, or a service file."""
        if path.suffix not in ENDINGS:
            return False
        if any(folder == path or folder in path.parents for folder in self.folders):
            return True
        return bool(self.given or path in self.named) and _says_scenario(path)

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
        if file_path.suffix not in ENDINGS or not self.takes(file_path.resolve()):
            return None
        found: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
        found.collector = self
        return found

    def pytest_unconfigure(self) -> None:
        if "gate" in self.__dict__:
            self.gate.close()

    @functools.cached_property
    def gate(self) -> Gate:
        """The gate of all the files that this run may collect."""
        gate = Gate(replace(self.settings, paths=self.files))
        for number, note in enumerate(map(spelled, gate.notes)):
            try:
                warnings.warn_explicit(pytest.PytestWarning(note), None, _NO_FILE, 1)
            except pytest.PytestWarning:  # the project wants warnings to be errors
                gate.broken += (Broken(name=f"note {number}", path=_NO_FILE, text=note),)
        marks = {mark for item in gate.items for mark in _marks(item)}
        for mark in sorted(marks):
            self.config.addinivalue_line("markers", f"{mark}: a tag or a service of scenarios")
        return gate

    @functools.cached_property
    def items(self) -> dict[Path, list[Item]]:
        """The items of each file."""
        found: dict[Path, list[Item]] = defaultdict(list)
        for item in self.gate.items:
            found[Path(item.case.scenario.mark.path).resolve()].append(item)
        return found

    @functools.cached_property
    def broken(self) -> dict[Path | None, list[Broken]]:
        """What is broken, by file (None: what is no file)."""
        found: dict[Path | None, list[Broken]] = defaultdict(list)
        for one in self.gate.broken:
            found[Path(one.path).resolve() if one.path else None].append(one)
        return found

    def elsewhere(self) -> Iterator[Broken]:
        """What is broken in files that are not collected themselves, once."""
        for path, found in self.broken.items():
            if path is not None and path not in self.files:
                for one in found:
                    if one.name not in self.told:
                        self.told.add(one.name)
                        yield one

    @functools.cached_property
    def files(self) -> tuple[Path, ...]:
        """The files that this run may collect."""
        left_out = self.config.getini("norecursedirs")
        found: dict[Path, None] = {}
        for argument in self._arguments():
            paths = [argument] if argument.is_file() else _walk(argument, left_out)
            found.update(dict.fromkeys(path for path in paths if self.takes(path)))
        return tuple(found)


def _walk(folder: Path, left_out: Iterable[str]) -> Iterator[Path]:
    """The files below a folder, without those folders that pytest leaves out."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not any(fnmatch.fnmatch(name, pattern) for pattern in left_out)
        )
        yield from ((Path(place) / name).resolve() for name in sorted(files) if name.endswith(ENDINGS))


def _says_scenario(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return _SCENARIO.search(file.read(_HEAD)) is not None
    return False


def _marks(item: Item) -> list[str]:
    scenario = item.case.scenario
    return [name for name in (scenario.service.name, *sorted(scenario.tags)) if not name.startswith("_")]


class ScenarioFile(pytest.File):
    """A scenario (or service) file: an item for each case, or one that tells what is wrong."""

    collector: Collector

    def collect(self) -> Iterator[pytest.Item]:
        path, collector = self.path.resolve(), self.collector
        own = collector.broken.get(path, ())
        for one in own:
            yield BrokenItem.from_parent(self, name="the file", text=one.text)
        for one in (*collector.elsewhere(), *(() if own else collector.broken.get(None, ()))):
            item = BrokenItem.from_parent(self, name=one.name, text=one.text)
            if not one.path and collector.idle:
                item.add_marker(pytest.mark.skip(reason=spelled(one.text)))
            yield item
        for case in collector.items.get(path, ()):
            yield CaseItem.from_parent(self, name=case.name, item=case)


class _Item(pytest.Item):
    line = 1

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if isinstance(excinfo.value, NotPassed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, self.name


class BrokenItem(_Item):
    """What could not become cases."""

    def __init__(self, *, text: str, **fields: Any) -> None:
        super().__init__(**fields)
        self.text = text

    def runtest(self) -> None:
        raise NotPassed(spelled(self.text))


class CaseItem(_Item):
    """A case, marked with its service and its scenario's tags."""

    def __init__(self, *, item: Item, **fields: Any) -> None:
        super().__init__(**fields)
        self.item = item
        self.line = item.case.scenario.mark.line
        for mark in _marks(item):
            self.add_marker(mark)
        if item.case.skip:
            self.add_marker(pytest.mark.skip(reason=spelled(item.case.skip)))

    def runtest(self) -> None:
        assert isinstance(self.parent, ScenarioFile)
        done = self.parent.collector.gate.run(self.item)
        if done.outcome is Outcome.SKIPPED:
            pytest.skip(spelled(done.text))
        for name, text in done.details:
            self.add_report_section("call", name, text)
        if done.outcome in (Outcome.FAILED, Outcome.ERROR):
            raise NotPassed(spelled(done.text))


@contextlib.contextmanager
def open_client(config: pytest.Config) -> Iterator[Client]:
    """The client that the fixture `contract_target` gives."""
    problem = ""
    try:
        settings: Settings = read_settings(given_options(config))
        client = Client(settings)
    except (ContractTestsError, OSError) as error:
        problem = spelled(str(error))
    if problem:  # told here, where no exception stands behind it that pytest would show too
        pytest.fail(problem, pytrace=False)
    with client:
        yield client
