"""The cases as unittest tests, for unittest, stestr and whatever else runs them.

A module of a project's own, of two lines, that a test runner finds::

    from contract_tests.integrations.unittest import load
    load(__name__)

`load` makes real classes, one for each service and microversion, with a method for each scenario: a test is
found by its name alone, so that a runner may list, filter, run again and spread tests as it likes.
"""

from __future__ import annotations

import atexit
import collections
import os
import shlex
import sys
import unittest
from collections.abc import Callable, Collection, Iterator
from typing import Any

from contract_tests.cli.settings import read_settings
from contract_tests.errors import ContractTestsError, UsageError
from contract_tests.integrations.core import Broken, Gate, Item
from contract_tests.model.case import Outcome
from contract_tests.reporters.harmless import harmless

try:
    from testtools import TestCase
    from testtools.content import text_content
except ImportError:  # its results carry details, which unittest's do not
    from unittest import TestCase  # type: ignore[assignment]

    text_content = None  # type: ignore[assignment]

OPTIONS = "CONTRACT_TESTS_OPTIONS"
"""The environment variable with options that come after those of `load`."""

__unittest = True  # a failure is told without the frames of this module


class CouldNotRun(Exception):
    """A case could not be run, so that nothing is known of it."""


def load(module: str, *options: str) -> None:
    """Put the tests of a project into the module of that name (`__name__`).

    `options` are those of `contract-tests run` that say what to run, against what, and what it is held to
    (`"--target", URL`, `"--microversions", "latest"`, ...), and paths of scenarios; those in the environment
    variable CONTRACT_TESTS_OPTIONS come after them. Nothing is raised: what is wrong is a test that fails.
    """
    space = sys.modules[module].__dict__
    broken: list[Broken] = []
    try:
        gate = Gate(read_settings([*options, *_from_environment()]))
    except (ContractTestsError, OSError) as error:
        broken.append(Broken(name="the run", text=harmless(str(error))))
    else:
        atexit.register(gate.close)
        broken += gate.broken
        classes: dict[str, dict[str, Any]] = collections.defaultdict(dict)
        for item in gate.items:
            classes[item.class_name][item.method_name] = _test(gate, item)
        for name, methods in classes.items():
            space[name] = type(name, (TestCase,), {"__module__": module, **methods})
    if broken:
        failing = {one.method_name: _broken(one.text) for one in broken}
        space["Broken"] = type("Broken", (TestCase,), {"__module__": module, **failing})

    def load_tests(
        loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str
    ) -> unittest.TestSuite:
        return _Suite(tests, module, "\n".join(one.text for one in broken))

    space["load_tests"] = load_tests


def _from_environment() -> list[str]:
    """The options of the environment; UsageError where a quote in them has no end."""
    try:
        return shlex.split(os.environ.get(OPTIONS, ""))
    except ValueError as error:  # a token may be in it, so it is not shown
        raise UsageError(f"{OPTIONS}: {error}; quote its options as for a shell") from None


def _test(gate: Gate, item: Item) -> Callable[[TestCase], None]:
    def test(self: TestCase) -> None:
        done = gate.run(item)
        if done.outcome is Outcome.SKIPPED:
            self.skipTest(done.text)
        text = done.text
        for name, detail in done.details:
            if text_content is not None:
                self.addDetail(name, text_content(detail))
            else:
                text += f"\n\n{name}\n{detail}"
        if done.outcome is Outcome.ERROR:
            raise CouldNotRun(text)
        if done.outcome is Outcome.FAILED:
            raise self.failureException(text)

    test.__name__ = item.method_name
    return test


def _broken(text: str) -> Callable[[TestCase], None]:
    def test(self: TestCase) -> None:
        raise CouldNotRun(text)

    return test


class _Suite(unittest.TestSuite):
    """The tests of one module. A test that a runner has listed and that is not there any more fails.

    A runner lists tests in one process and runs them in others. If a target is lost in between, a worker
    cannot tell which cases there are; without this it would run nothing, and nobody would know.
    """

    def __init__(self, tests: unittest.TestSuite, module: str, why: str) -> None:
        super().__init__(tests)
        self.module = module
        self.why = why

    def filter_by_ids(self, test_ids: Collection[str]) -> unittest.TestSuite:
        """The tests that are asked for: the protocol of testtools' and stestr's runners."""
        there = {test.id(): test for test in _flat(self)}
        found = unittest.TestSuite(test for name, test in there.items() if name in test_ids)
        for name in sorted(set(test_ids) - there.keys()):
            if name.startswith(f"{self.module}."):
                found.addTest(_Gone(name, self.why))
        return found


def _flat(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test


class _Gone(TestCase):
    def __init__(self, name: str, why: str) -> None:
        super().__init__("runTest")
        self._name = name
        self._why = why

    def id(self) -> str:
        return self._name

    def runTest(self) -> None:  # noqa: N802 - unittest's name
        raise CouldNotRun(f"it was listed, and now there is no such case\n{self._why}".rstrip())
