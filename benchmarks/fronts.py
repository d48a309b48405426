"""The benchmark `fronts`: the same cases through each front, beside as many empty tests of its framework."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.corpus import Corpus, Work, build
from benchmarks.measure import Program, Run, machine, middle, print_table, run_all, spread

OURS = "contract-tests run -j 1"
LOADER = "from contract_tests.integrations.unittest import load\nload(__name__)\n"
DOOR = "contract_tests.integrations.pytest_plugin"
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def fronts(folder: Path, work: Work, cases: int, runs: int) -> None:
    """Measure in `folder`, an empty one; SystemExit where a front does not run every case."""
    corpus = build(folder / "work", work, cases)
    pairs = _pairs(corpus)
    chosen = [Program(OURS, _python("contract_tests", "run", "--no-matrix", "-j", "1", "scenarios"),
                      corpus.path, {}), *(one for pair in pairs.values() for one in pair)]  # fmt: skip
    count = corpus.cases

    def check(program: Program, output: str) -> None:
        found = re.search(r"cases: ([\d,]+) passed|(\d+) passed|Passed: (\d+)", output)
        ran = int(next(filter(None, found.groups())).replace(",", "")) if found else 0
        if told := re.search(r"Ran (\d+) tests(?s:.*?)OK(?: \(skipped=(\d+)\))?", output):
            ran = int(told[1]) - int(told[2] or 0)
        if ran != count:
            sys.exit(f"{output[-2000:]}\n{program.name}: it ran {ran} of {count}")

    run_all(chosen, 1, check)  # compiles the modules
    measured = dict(zip((one.name for one in chosen), run_all(chosen, runs, check), strict=True))
    print(f"{machine()}; median (lowest-highest) of {runs} fresh processes a row, in turns")
    print(
        f"\n{count:,} cases, {corpus.calls:,} calls in replay; in each framework also {count:,} empty tests"
    )
    heads = ("", "CPU s", "wall s", "empty CPU s", "less empty", f"beside {OURS}")
    print_table(heads, list(_rows(pairs, measured)))
    for program in chosen:
        environ = "".join(f"{name}={value} " for name, value in program.environ.items())
        print(f"  {environ}{' '.join(program.command)}")
    _door(folder, runs)


def _rows(
    pairs: Mapping[str, tuple[Program, Program]], measured: Mapping[str, list[Run]]
) -> list[tuple[str, ...]]:
    ours = [run.cpu for run in measured[OURS]]
    rows: list[tuple[str, ...]] = [
        (OURS, spread(ours), spread([run.wall for run in measured[OURS]]), "", "", "")
    ]
    for name, (front, empty) in pairs.items():
        cpu, bare = [r.cpu for r in measured[front.name]], [r.cpu for r in measured[empty.name]]
        net = middle(cpu) - middle(bare)
        wall = spread([run.wall for run in measured[front.name]])
        share = f"{middle(cpu) / middle(ours):.2f}, less empty {net / middle(ours):.2f}"
        rows.append((name, spread(cpu), wall, spread(bare), f"{net:.2f}", share))
    return rows


def _python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)


def _pairs(corpus: Corpus) -> dict[str, tuple[Program, Program]]:
    """Each front's command, and its framework's with as many empty tests."""
    place, empty = corpus.path, corpus.path.with_name("empty")
    methods = "".join(f"    def test_{at}(self):\n        pass\n" for at in range(corpus.cases))
    for folder, text in (
        (place, LOADER),
        (empty, f"import unittest\nclass TestEmpty(unittest.TestCase):\n{methods}"),
    ):
        (folder / "checks").mkdir(parents=True)
        (folder / "checks" / "__init__.py").touch()
        (folder / "checks" / "test_contract.py").write_text(text)
        (folder / ".stestr.conf").write_text("[DEFAULT]\ntest_path=./checks\ntop_dir=./\n")
    functions = "".join(f"def test_{at}():\n    pass\n" for at in range(corpus.cases))
    (empty / "test_empty.py").write_text(functions)
    pytest = _python("pytest", "-q", "-p", "no:cacheprovider")
    unittest = _python("unittest", "checks.test_contract")
    stestr = _python("stestr", "run", "--concurrency", "1")
    options = {"CONTRACT_TESTS_OPTIONS": "scenarios"}
    return {
        "pytest": (
            Program("pytest", (*pytest, "-p", DOOR, "scenarios"), place, ALONE),
            Program("pytest, empty", (*pytest, "test_empty.py"), empty, ALONE),
        ),
        "unittest": (
            Program("unittest", unittest, place, options),
            Program("unittest, empty", unittest, empty, {}),
        ),
        "stestr": (
            Program("stestr", stestr, place, options),
            Program("stestr, empty", stestr, empty, {}),
        ),
    }


def _door(folder: Path, runs: int) -> None:
    """What the plugin costs a project that has nothing to do with it."""
    place = folder / "other"
    place.mkdir()
    (place / "test_one.py").write_text("def test_one():\n    pass\n")
    command = _python("pytest", "-q", "-p", "no:cacheprovider", "test_one.py")
    without = Program("without", command, place, ALONE)
    chosen = [without, replace(without, name="with", command=(*command, "-p", DOOR))]
    run_all(chosen, 1)
    bare, full = ([run.cpu * 1000 for run in own] for own in run_all(chosen, runs * 7))
    print(
        f"\na project of one empty test, {runs * 7} runs each: {middle(bare):.0f} ms of CPU without "
        f"the plugin, {middle(full):.0f} ms with it (the lowest: {min(bare):.0f} and {min(full):.0f})"
    )
