"""A real service's recorded answers, made inconsistent in one way at a time: each is told by its rule."""

from __future__ import annotations

import unittest

from benchmarks.inconsistencies import ELSEWHERE, MUTATIONS, catch
from contract_tests.consistency.rules import RULES


class TestInconsistencies(unittest.TestCase):
    def test_each_is_told_by_its_rule_and_nothing_else_is(self) -> None:
        for one in catch():
            with self.subTest(one.mutation.name):
                self.assertEqual((one.mutation.rule,), one.found)

    def test_every_rule_that_is_on_is_made_to_fire(self) -> None:
        fired = {one.rule for one in MUTATIONS}
        self.assertEqual({rule.id for rule in RULES if not rule.decide}, fired | ELSEWHERE.keys())
        self.assertFalse(fired & ELSEWHERE.keys())


if __name__ == "__main__":
    unittest.main()
