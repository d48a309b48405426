"""The cases under unittest and stestr: stable ids, readable failures, nothing that is lost in silence."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import subprocess
import sys
import unittest
from pathlib import Path

import subunit

from contract_tests.integrations import left
from tests.unit.fronts import CASES, TARGET, FrontCase

EVERY = (*TARGET, "--microversions", "every")
LATEST = (*TARGET, "--microversions", "latest")
MODULE = "checks.test_contract"
ONE_TEST = b"\xb3)\x01\x0c\x03a.b\x9a\xc9Kg"
"""A subunit stream: the test a.b exists."""


class TestUnittest(FrontCase):
    def test_all_pass(self) -> None:
        found = self.run_module("unittest", MODULE, options=EVERY, RIGHT="1")
        self.assertIn(f"Ran {CASES} tests", found)

    def test_one_test_by_its_name(self) -> None:
        found = self.run_module("unittest", f"{MODULE}.Toy_v1_7.test_two", status=1, options=EVERY)
        self.assertIn("Ran 1 test ", found)
        self.assertIn("FAILED toy/two@1.7 on wsgi:application:application: the number two", found)
        self.assertIn("expected at $.a: 1, got 2 [json] (scenarios/two.yaml:6)", found)
        self.assertIn("again: curl -i", found)
        self.assertNotIn("integrations/unittest.py", found)

    def test_a_wrong_file_is_one_test_that_fails(self) -> None:
        self.write("scenarios/bad.yaml", "scenario: bad\nkalls: []\n")
        found = self.run_module("unittest", "-v", MODULE, status=1, options=LATEST)
        self.assertIn("Ran 5 tests", found)
        self.assertIn("(errors=1)", found)
        self.assertIn("ERROR: test_scenarios_bad_yaml", found)
        self.assertIn("did you mean 'calls'?", found)

    def test_a_wrong_option_is_one_test_that_fails(self) -> None:
        found = self.run_module("unittest", MODULE, status=1, options=("--microversions", "newest"))
        self.assertIn("ERROR: test_the_run", found)
        self.assertIn("--microversions newest: write boundaries, every, latest", found)

    def test_a_quote_without_end_in_the_environment(self) -> None:
        found = self.run_module("unittest", MODULE, status=1, options=("--token", "admin='s3cret-t0ken"))
        self.assertIn("CONTRACT_TESTS_OPTIONS: No closing quotation; quote its options as", found)

    def test_nothing_to_run_is_no_success(self) -> None:
        found = self.run_module("unittest", MODULE, status=1, options=(*LATEST, "--tag", "other"))
        self.assertIn("there is no case to run", found)


@unittest.skipUnless(
    importlib.util.find_spec("stestr"), "stestr is not installed (pip install contract-tests[test])"
)
class TestStestr(FrontCase):
    def test_two_workers_list_run_and_run_again(self) -> None:
        self.run_module("stestr", "init")
        listed = self.run_module("stestr", "list", options=EVERY).split()
        self.assertEqual(CASES, len(listed))
        self.assertIn(f"{MODULE}.Toy_v1_7.test_two", listed)
        self.assertEqual(listed, self.run_module("stestr", "list", options=EVERY).split())

        found = self.run_module("stestr", "run", "--concurrency", "2", status=1, options=EVERY)
        self.assertIn(f"Ran: {CASES} tests", found)
        self.assertIn("- Failed: 1", found)
        self.assertIn("expected at $.a: 1, got 2 [json] (scenarios/two.yaml:6)", found)
        self.assertIn("Captured look:", found)
        self.assertIn('"password": "REDACTED"', found)
        self.assertRegex(found, r"Worker 0 \(20 tests\)")

        failing = self.run_module("stestr", "failing", "--list", status=1, options=EVERY)
        self.assertEqual([f"{MODULE}.Toy_v1_7.test_two"], failing.split())
        again = self.run_module("stestr", "run", "--failing", options=EVERY, RIGHT="1")
        self.assertIn("Ran: 1 tests", again)

        one = self.run_module("stestr", "run", "-n", f"{MODULE}.Toy_v1_0.test_one", options=EVERY)
        self.assertIn("Ran: 1 tests", one)

        self.write("ids.txt", f"{MODULE}.Toy_v1_0.test_one\n{MODULE}.Toy_v1_9.test_four\n")
        some = self.run_module("stestr", "run", "--load-list", "ids.txt", options=EVERY)
        self.assertIn("Ran: 2 tests", some)

    def test_a_killed_worker_is_told_with_its_case_and_what_it_left(self) -> None:
        self.run_module("stestr", "init")
        self.write("planned", self.run_module("stestr", "list", options=EVERY))
        found = self.run_module("stestr", "run", "--concurrency", "2", status=1, options=EVERY, KILL="1")
        self.assertRegex(found, rf"without returning a status\s.*\s+\* {MODULE}.Toy_v1_5.test_three")

        self.write_last("last")
        status, names, told = self.left("planned", "last")
        found = re.findall(r"40 tests listed, (\d+) ran: .*\n(\d+) tests? never began: ", told)
        ran, count = map(int, found[0])
        self.assertEqual((1, CASES), (status, ran + count))
        self.assertEqual(count, len(names.split()))
        self.assertLess(0, count)
        self.write("left", names)
        again = self.run_module("stestr", "run", "--load-list", "left", status=None, options=EVERY)
        self.assertIn(f"Ran: {count} tests", again)
        self.write_last("last")
        self.assertEqual((0, ""), self.left("left", "last")[:2])

    def test_what_a_killed_run_left(self) -> None:
        """The stream of the command itself says which cases there are."""
        self.run_module(
            "contract_tests", "run", *TARGET, "--microversions=every", "--subunit=out.subunit", "--jobs=1",
            status=-9, KILL="1",
        )  # fmt: skip
        status, names, told = self.left("out.subunit")
        self.assertEqual(1, status)
        ran = int(re.findall(r"40 tests listed, (\d+) ran: ", told)[0])
        self.assertIn(f"{CASES - ran} tests never began", told)
        self.assertEqual(CASES - ran, len(names.splitlines()))
        self.assertIn("toy.three@1.5", names.splitlines()[0])

    def test_a_test_that_was_cut_off(self) -> None:
        out = io.BytesIO()
        stream = subunit.StreamResultToBytes(out)
        for test, status in (("a.b", "inprogress"), ("a.b", "success"), ("a.c", "inprogress")):
            stream.status(test_id=test, test_status=status)
        (self.folder / "stream").write_bytes(out.getvalue())
        self.write("planned", "a.b\na.c\na.d\n")
        status, names, told = self.left("planned", "stream")
        self.assertEqual((1, "a.c\na.d\n"), (status, names))
        self.assertEqual(
            "3 tests listed, 1 ran: 1 success\n"
            "cut off: a.c began, and the process that ran it ended in the middle of it\n"
            "1 test never began: the worker ended before, or the run was stopped\n",
            told,
        )

    def test_mistakes_in_what_is_left(self) -> None:
        self.write("empty", "no names here\n")
        (self.folder / "one").write_bytes(b"talk" + ONE_TEST)
        for arguments, stream, message in (
            (("a", "b"), "empty", "expected one argument at most, a file with what `stestr list` prints"),
            (("away",), "one", "away: cannot be read: "),
            (("empty",), "one", "empty: no test is in it; expected what `stestr list` prints"),
            ((".stestr.conf",), "empty", "standard input tells of no test; expected what"),
        ):
            with self.subTest(arguments=arguments):
                status, out, told = self.left(*arguments, stream)
                self.assertEqual((2, ""), (status, out))
                self.assertIn(message, told)

    def write_last(self, name: str) -> None:
        """Write stestr's last run into a file, as a subunit stream."""
        with (self.folder / name).open("wb") as file:
            subprocess.run(
                [sys.executable, "-m", "stestr", "last", "--subunit"],
                cwd=self.folder,
                stdout=file,
                check=True,
            )

    def left(self, *arguments: str) -> tuple[int, str, str]:
        """How `left` ends and what it prints, of the stream in the last argument."""
        out, err = io.StringIO(), io.StringIO()
        *lists, stream = (str(self.folder / name) for name in arguments)
        data = io.BytesIO(Path(stream).read_bytes())
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            return left.main(lists, data), out.getvalue(), err.getvalue()

    def test_what_was_listed_and_is_not_there_any_more_fails(self) -> None:
        self.write("ids.txt", f"{MODULE}.Toy_v1_0.test_one\n{MODULE}.Toy_v1_9.test_one\n")
        found = self.run_module(
            "stestr.subunit_runner.run", "discover", "-t", ".", "checks", "--load-list", "ids.txt",
            status=None, options=("--target", "away"),
        )  # fmt: skip
        for version in ("0", "9"):
            self.assertIn(f"{MODULE}.Toy_v1_{version}.test_one", found)
        self.assertEqual(2, found.count("it was listed, and now there is no such case"))
        self.assertIn("--target away: no URL", found)


if __name__ == "__main__":
    unittest.main()
