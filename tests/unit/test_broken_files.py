"""Every load error as `contract-tests check` prints it: tests/data/broken/**/NAME.yaml, NAME.expected."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import unittest
from collections.abc import Iterator, Sequence
from pathlib import Path

from contract_tests import loading
from contract_tests.cli.main import main
from contract_tests.errors import RecordingError
from contract_tests.loading import shapes
from contract_tests.loading.config import SHIPPED
from contract_tests.loading.grammar import Shape
from contract_tests.recordings.reader import read_cassette

DATA = Path(__file__).resolve().parent.parent / "data"
BROKEN = DATA / "broken"
FINE = DATA / "fine"

TESTED_ELSEWHERE = {
    "unset-variable": "only a run needs a secret: test_config",
    "unreadable": "a file mode, which root does not feel: test_loading",
}

OTHERS = ("deployment.py",)
"""Files of kinds that have tests of their own."""


def check(folder: Path, arguments: Sequence[str]) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `contract-tests check`, run in `folder`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["check", *arguments])
    return status, out.getvalue(), err.getvalue()


def broken() -> Iterator[tuple[Path, str]]:
    """What `check` is called with, and the message that it must give."""
    for expected in sorted(BROKEN.rglob("*.expected")):
        if "cassettes" not in expected.parts:
            file = expected.with_suffix(".yaml")
            yield file if file.exists() else expected.with_suffix(""), expected.read_text()


class BrokenFilesTest(unittest.TestCase):
    maxDiff = None

    def test_each_is_told_as_expected(self) -> None:
        for path, expected in broken():
            with self.subTest(path=str(path.relative_to(BROKEN))):
                status, out, err = check(BROKEN, [str(path.relative_to(BROKEN))])
                self.assertEqual((status, out), (2, ""))
                self.assertEqual(err, expected)

    def test_each_cassette_is_told_as_expected(self) -> None:
        messages = sorted((BROKEN / "cassettes").glob("*.expected"))
        self.assertGreater(len(messages), 15)
        for expected in messages:
            file = next(path for path in expected.parent.glob(f"{expected.stem}.*") if path != expected)
            with self.subTest(cassette=file.name), contextlib.chdir(BROKEN):
                path = file.relative_to(BROKEN)
                with self.assertRaises(RecordingError) as caught:
                    read_cassette(path, path.parent)
                self.assertEqual(f"{caught.exception}\n", expected.read_text())

    def test_every_file_has_its_message(self) -> None:
        for path in BROKEN.rglob("*"):
            if path.suffix in (".yaml", ".json") and "folders" not in path.parts and path.parent != BROKEN:
                self.assertTrue(path.with_suffix(".expected").exists(), path)

    def test_every_problem_points_and_says_how_to_mend_it(self) -> None:
        """file:line:column, a rule; a hint stands below, or the message itself says what must stand there."""
        for path, expected in broken():
            for problem in re.findall(r"^\S.*\]$", expected, re.MULTILINE):
                with self.subTest(path=str(path.relative_to(BROKEN)), problem=problem):
                    self.assertRegex(problem, r"^[^:]+:\d+:\d+: .+ \[[a-z0-9-]+\]$")
                    following = expected.split(problem, 1)[1].splitlines()[1:4]
                    hinted = any(line.startswith("  hint: ") for line in following)
                    self.assertTrue(
                        hinted or " must " in problem or " needs " in problem or "looks like" in problem
                    )

    def test_nothing_of_a_file_was_executed(self) -> None:
        self.assertFalse(Path("contract_tests_was_here").exists())


class RulesTest(unittest.TestCase):
    def test_every_rule_of_the_loader_has_a_broken_file(self) -> None:
        shown = set()
        for _, expected in broken():
            shown |= set(re.findall(r"^\S.*:\d+:\d+: .* \[([a-z0-9-]+)\]$", expected, re.MULTILINE))
        self.assertEqual(rules_of_the_loader() - set(TESTED_ELSEWHERE), shown)


def rules_of_the_loader() -> set[str]:
    """The rule of each call of `problem`, `_StopError` and `_unreadable`, and of each kind in the grammar."""
    found = set()
    for path in sorted(Path(loading.__path__[0]).glob("*.py")):
        if path.name in OTHERS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                found.update(_rules_of_call(node))
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                found.update(_literals(node.value.elts[1:2]))  # parsing._syntax gives the problem back
            elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "rule":
                found.update(_literals([node.value]))
    for called in _groups():
        found |= {f"second-{called}", f"no-{called}"}
    # An item that is optional, and so never lacking:
    return {rule for rule in found if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule)} - {"no-body"}


def _rules_of_call(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    position = {"problem": 1, "_StopError": 1, "_unreadable": 1, "_text": 2}.get(name)
    if position is not None:
        yield from _literals(call.args[position : position + 1])
    yield from _literals([keyword.value for keyword in call.keywords if keyword.arg == "rule"])
    if name == "zip":  # library.scenarios tells two clashes in one loop
        yield from (rule for tuple_ in call.args for rule in _literals(getattr(tuple_, "elts", [])))


def _literals(nodes: Sequence[ast.AST | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _groups() -> Iterator[str]:
    for shape in vars(shapes).values():
        if isinstance(shape, Shape):
            yield from (rule for rule, _, _ in shape.exactly_one + shape.at_most_one)


class FineFilesTest(unittest.TestCase):
    def test_near_misses_are_right(self) -> None:
        files = sorted(FINE.rglob("*.yaml"))
        self.assertGreater(len(files), 20)
        for file in files:
            with self.subTest(file=file.name):
                status, _, err = check(FINE, [str(file.relative_to(FINE))])
                self.assertEqual((status, err), (0, ""))

    def test_all_together(self) -> None:
        status, out, _ = check(FINE, ["."])
        self.assertEqual((status, out), (0, f"{len(list(FINE.rglob('*.yaml')))} files: nothing is wrong\n"))


class ShippedFilesTest(unittest.TestCase):
    def test_nothing_is_wrong_with_them(self) -> None:
        status, out, err = check(SHIPPED.parent, [])
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"^\d+ files: nothing is wrong$")

    def test_an_empty_folder_is_nothing_to_check(self) -> None:
        status, _, err = check(SHIPPED, ["cli"])
        self.assertEqual(status, 2)
        self.assertIn("nothing to check", err)


if __name__ == "__main__":
    unittest.main()
