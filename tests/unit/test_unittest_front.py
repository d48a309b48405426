"""The cases under unittest and stestr: stable ids, readable failures, nothing that is lost in silence."""

from __future__ import annotations

import shutil
import unittest

from tests.unit.fronts import CASES, TARGET, FrontCase

EVERY = (*TARGET, "--microversions", "every")
LATEST = (*TARGET, "--microversions", "latest")
MODULE = "checks.test_contract"


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

    def test_nothing_to_run_is_no_success(self) -> None:
        found = self.run_module("unittest", MODULE, status=1, options=(*LATEST, "--tag", "other"))
        self.assertIn("there is no case to run", found)


@unittest.skipUnless(shutil.which("stestr"), "stestr is not installed (pip install contract-tests[test])")
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
        planned = set(self.run_module("stestr", "list", options=EVERY).split())
        found = self.run_module("stestr", "run", "--concurrency", "2", status=1, options=EVERY, KILL="1")
        self.assertRegex(found, rf"without returning a status\s.*\s+\* {MODULE}.Toy_v1_5.test_three")
        ran = set(self.run_module("subunit.filter_scripts.subunit_ls", ".stestr/0", status=None).split())
        self.assertIn(f"{MODULE}.Toy_v1_5.test_three", ran)
        self.write("left.txt", "\n".join(sorted(planned - ran)))
        again = self.run_module("stestr", "run", "--load-list", "left.txt", status=None, options=EVERY)
        self.assertLess(0, len(planned - ran))
        self.assertIn(f"Ran: {len(planned - ran)} tests", again)

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
