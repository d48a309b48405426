"""A real service's recorded answers, changed in one way at a time: each change is told by its rule alone."""

from __future__ import annotations

import unittest

from benchmarks.mutations import ELSEWHERE, MUTATIONS, catch
from contract_tests.comparison.rules import BY_ID


class TestMutations(unittest.TestCase):
    def test_each_is_told_by_its_rule_with_its_verdict_and_nothing_else_is(self) -> None:
        for one in catch():
            with self.subTest(one.mutation.name):
                self.assertEqual(((one.mutation.rule, one.verdict),), one.found)

    def test_every_rule_is_made_to_fire(self) -> None:
        self.assertEqual(set(BY_ID), {one.rule for one in MUTATIONS} | ELSEWHERE.keys())
        self.assertFalse({one.rule for one in MUTATIONS} & ELSEWHERE.keys())

    def test_names_are_unique(self) -> None:
        names = [one.name for one in MUTATIONS]
        self.assertEqual(len(names), len(set(names)))


if __name__ == "__main__":
    unittest.main()
