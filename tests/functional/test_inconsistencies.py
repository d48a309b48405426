"""A real service's recorded answers, made inconsistent in one way at a time: each is told by its rule."""

from __future__ import annotations

import unittest
from pathlib import Path

from benchmarks.inconsistencies import ELSEWHERE, MUTATIONS, catch
from contract_tests.cli.open import Wanted, load, open_jobs
from contract_tests.consistency.rules import RULES
from contract_tests.execution.lint import lint
from contract_tests.execution.plan import Choice
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library

CASSETTES = Path(__file__).resolve().parents[2] / "cassettes"


class TestInconsistencies(unittest.TestCase):
    def test_each_is_told_by_its_rule_and_nothing_else_is(self) -> None:
        for one in catch():
            with self.subTest(one.mutation.name):
                self.assertEqual((one.mutation.rule,), one.found)

    def test_every_rule_that_is_on_is_made_to_fire(self) -> None:
        fired = {one.rule for one in MUTATIONS}
        self.assertEqual({rule.id for rule in RULES if not rule.decide}, fired | ELSEWHERE.keys())
        self.assertFalse(fired & ELSEWHERE.keys())


class TestNova(unittest.TestCase):
    """The examples of the mail of 2014, as far as Nova still has them."""

    def test_the_mail_s_examples_are_found_and_what_was_mended_is_said_to_be(self) -> None:
        library = Library(Places(recordings=(CASSETTES,)).with_shipped())
        policy = library.policy("nova-2014")
        assert policy is not None
        with open_jobs(library, load(library, [], ["nova"]), Wanted(), Choice()) as opened:
            (linted,) = lint(opened.jobs, policy)
        found = {(one.hint, one.fact.detail): f"{one.ended} {one.since}".strip() for one in linted.findings}
        for hint, about, since in (
            ("1.1", "imageRef", ""),
            ("1.1", "hostId", ""),
            ("1.2", "OS-EXT-AZ:availability_zone", ""),
            ("2.1", "os-instance_usage_audit_log", ""),
            ("2.3", "os-getConsoleOutput", ""),
            ("2.3", "addTenantAccess", ""),
            ("1.1", "maxImageMeta", "gone 2.39"),
            ("2.3", "os-getVNCConsole", "gone 2.6"),
            ("3.1", "POST /v2.1/os-keypairs", "mended 2.2"),
            ("3.2", "DELETE /v2.1/os-keypairs/{id}", "mended 2.2"),
            ("3.2", "DELETE /v2.1/os-aggregates/{id}", ""),
        ):
            with self.subTest(hint, about=about):
                self.assertEqual(since, found.get((hint, about)))


if __name__ == "__main__":
    unittest.main()
