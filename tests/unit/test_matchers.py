"""Matchers: every operator, both ways, on every kind of value."""

from __future__ import annotations

import unittest
from typing import Any
from unittest import mock

from contract_tests.model.http import MISSING
from contract_tests.model.matcher import (
    FORMATS,
    OPERATORS,
    TYPES,
    Matcher,
    PatternTimeout,
    search,
    show,
)
from contract_tests.model.template import UndefinedVariable, compile_value

UUID = "0f6c3c0e-6d1b-4f0e-9d0e-1f3f6f1f2a55"


def inner(operator: str, operand: Any) -> Matcher:
    return Matcher(operator=operator, operand=operand)


# operator -> [(operand, values that it accepts, values that it refuses)]; templates are written as ${name}.
TABLE: dict[str, list[tuple[Any, list[Any], list[Any]]]] = {
    "equals": [
        (1, [1, 1.0], [True, "1", 2, None, MISSING, [1]]),
        (1.5, [1.5], [1, "1.5", MISSING]),
        (True, [True], [1, 1.0, "true", False, MISSING]),
        (False, [False], [0, 0.0, "", None, MISSING]),
        (0, [0, 0.0, -0.0], [False, None, "", MISSING]),
        (None, [None], [0, False, "", "null", [], {}, MISSING]),
        ("a", ["a"], ["A", " a", ["a"], MISSING]),
        ("", [""], [None, " ", MISSING]),
        ([1, "a"], [[1, "a"], [1.0, "a"]], [["a", 1], [1], [1, "a", 2], (1, "a"), MISSING]),
        ([], [[]], [{}, None, "", MISSING]),
        ({}, [{}], [[], None, MISSING]),
        (
            {"a": {"b": [1]}},
            [{"a": {"b": [1.0]}}],
            [{"a": {"b": [True]}}, {"a": {"b": [1], "c": 1}}, {}, MISSING],
        ),
        ({"a": 1, "b": 2}, [{"b": 2, "a": 1}], [{"a": 1}, MISSING]),
        ("/text/", ["/text/"], ["text", "a text b", MISSING]),
        ("${name}", ["Ada"], ["${name}", "name", MISSING]),
        ("id-${number}", ["id-7"], ["id-7.0", MISSING]),
        ("${number}", [7, 7.0], ["7", MISSING]),
        ({"n": "${list}"}, [{"n": [1, 2]}], [{"n": "[1, 2]"}, MISSING]),
    ],
    "match": [
        ("^a+$", ["a", "aa"], ["b", "", 5, None, ["a"], MISSING]),
        ("b", ["abc"], ["ac", MISSING]),
        ("", ["", "x"], [0, MISSING]),
        ("^/things/${name}$", ["/things/Ada"], ["/things/Eve", MISSING]),
        (r"^\d+$", ["12"], ["1a", 12, MISSING]),
        ("(?i)GMT$", ["a gmt"], ["gmt a", MISSING]),
    ],
    "absent": [(True, [MISSING, []], [None, False, 0, "", {}, [None], [[]]])],
    "present": [(True, [None, False, 0, "", {}, [None], "a"], [MISSING, []])],
    "any": [(True, [MISSING, None, [], 1, "a"], [])],
    "type": [
        ("object", [{}, {"a": 1}], [[], None, MISSING]),
        ("array", [[], [1]], [{}, "a", MISSING]),
        ("string", ["", "a"], [1, None, MISSING]),
        ("boolean", [True, False], [0, 1, "true", MISSING]),
        ("null", [None], [0, "", MISSING]),
        ("number", [0, 1.5, -1], [True, "1", None, MISSING]),
        ("integer", [0, 1, 2.0], [1.5, True, "1", MISSING]),
    ],
    "format": [
        ("uuid", [UUID], ["x", 5, None, MISSING]),
        ("date-time", ["2024-06-01T12:00:00Z"], ["2024-06-01 12:00:00", MISSING]),
        ("ipv6", ["::1"], ["1.2.3.4", MISSING]),
    ],
    "one_of": [
        ([1, "a", None], [1, 1.0, "a", None], [True, "1", [1], MISSING]),
        (["${name}", "b"], ["Ada", "b"], ["name", MISSING]),
        ("${list}", [1, 2], [3, [1, 2], MISSING]),
        ([], [], [1, None, MISSING]),
        ([[1]], [[1]], [1, MISSING]),
    ],
    "contains": [
        ("a", [["b", "a"], "cat", {"a": 1}], [["b"], "dog", {"b": "a"}, 5, None, MISSING]),
        (1, [[1.0], "a1"], [[True], [], {"1": 1}, 1, MISSING]),
        ({"a": 1}, [[{"a": 1}]], [[{"a": 1, "b": 2}], {"a": 1}, MISSING]),
        (inner("gt", 5), [[1, 6]], [[1, 2], [], 6, "6", MISSING]),
        (inner("match", "^a"), [["b", "ab"]], [["ba"], "ab", MISSING]),
        ("${name}", ["I am Ada", ["Ada"]], ["I am Eve", MISSING]),
    ],
    "length": [
        (2, [[1, 2], "ab", {"a": 1, "b": 2}], [[1], "a", 2, 12, None, True, MISSING]),
        (0, [[], "", {}], [None, MISSING, [0]]),
        (inner("gt", 1), [[1, 2], "ab"], [[1], MISSING]),
        ("${number}", ["1234567"], ["1", MISSING]),
    ],
    "gt": [
        (1, [2, 1.5, "2"], [1, 0, True, "a", "1", None, [2], MISSING]),
        ("b", ["c", "ba"], ["b", "a", 3, MISSING]),
        ("${number}", [8], [7, MISSING]),
    ],
    "ge": [(1, [1, 1.0, 2, "1"], [0, False, "0", None, MISSING]), ("b", ["b", "c"], ["a", 5, MISSING])],
    "lt": [(1, [0, 0.5, -1, "0"], [1, 2, False, "1", None, MISSING]), ("b", ["a", ""], ["b", 0, MISSING])],
    "le": [(1, [1, 0, "1"], [2, "2", False, None, MISSING]), ("b", ["b", "a"], ["c", 0, MISSING])],
    "not": [
        (1, [2, True, "1", None, []], [1, 1.0, MISSING]),
        (None, [0, "", False], [None, MISSING]),
        (inner("match", "^a"), ["b", 5, None], ["ab", MISSING]),
        (inner("not", inner("type", "string")), ["a"], [1, MISSING]),
        (inner("present", True), [[]], [1, None, MISSING]),
        ("${name}", ["Eve"], ["Ada", MISSING]),
    ],
    "each": [
        (inner("type", "string"), [[], ["a", "b"]], [["a", 1], "a", {"a": "b"}, None, MISSING]),
        (1, [[1, 1.0], []], [[1, 2], [True], MISSING]),
        (inner("each", inner("gt", 0)), [[[1], [2, 3]], [[]]], [[[0]], [1], MISSING]),
        ("${name}", [["Ada"]], [["Ada", "Eve"], MISSING]),
    ],
    "unordered": [
        ([1, 2], [[1, 2], [2, 1], [2.0, 1]], [[1], [1, 2, 2], [1, 1], [], "12", None, MISSING]),
        ([1, 1, 2], [[1, 2, 1]], [[1, 2, 2], [1, 2], MISSING]),
        ([], [[]], [[1], None, MISSING]),
        ([{"a": 1}, "b"], [["b", {"a": 1.0}]], [["b", {"a": 2}], MISSING]),
        ([True, 1], [[1, True]], [[1, 1], [True, True], MISSING]),
        ("${list}", [[2, 1]], [[2], MISSING]),
        (["${name}", "b"], [["b", "Ada"]], [["b", "name"], MISSING]),
    ],
}

VARIABLES = {"name": "Ada", "number": 7, "list": [1, 2]}


def matcher(operator: str, operand: Any) -> Matcher:
    return Matcher(
        operator=operator, operand=operand if isinstance(operand, Matcher) else compile_value(operand)
    )


class TestOperators(unittest.TestCase):
    def test_the_table_has_every_operator(self) -> None:
        self.assertEqual(set(OPERATORS), set(TABLE))

    def test_accepted_and_refused(self) -> None:
        for operator, rows in TABLE.items():
            for operand, accepted, refused in rows:
                one = matcher(operator, operand)
                for value in accepted:
                    with self.subTest(operator=operator, operand=operand, value=value):
                        self.assertIs(True, one.accepts(value, VARIABLES))
                for value in refused:
                    with self.subTest(operator=operator, operand=operand, not_value=value):
                        self.assertIs(False, one.accepts(value, VARIABLES))

    def test_every_type_is_tried(self) -> None:
        self.assertEqual(set(TYPES), {operand for operand, _, _ in TABLE["type"]})

    def test_each_says_what_it_expects(self) -> None:
        for operator, rows in TABLE.items():
            for operand, _, _ in rows:
                words = matcher(operator, operand).describe(VARIABLES)
                self.assertTrue(words, operator)
                self.assertNotIn("${", words)
                self.assertNotIn("Template(", words)
                self.assertNotIn("Matcher(", words)

    def test_documentation_and_operand_are_there(self) -> None:
        for name, operator in OPERATORS.items():
            self.assertTrue(operator.doc, name)
            self.assertIn(
                operator.operand,
                ("any", "pattern", "true", "type", "format", "list", "matcher", "number"),
                name,
            )


class TestWords(unittest.TestCase):
    def test_of_each_operator(self) -> None:
        expected = {
            ("equals", "a"): '"a"',
            ("equals", "${list}"): "[1, 2]",
            ("match", "^${name}$"): "text that matches /^Ada$/",
            ("absent", True): "nothing",
            ("present", True): "anything",
            ("any", True): "anything or nothing",
            ("one_of", (1, None)): "one of 1, null",
            ("not", None): "something that is not null",
            ("length", 3): "a length of 3",
            ("gt", 3): "more than 3",
            ("le", 3): "3 or less",
        }
        for (operator, operand), words in expected.items():
            operand = list(operand) if isinstance(operand, tuple) else operand
            self.assertEqual(words, matcher(operator, operand).describe(VARIABLES))
        nested = inner("each", inner("not", inner("format", "uuid")))
        self.assertEqual(
            'a list in which each item is something that is not text of the format "uuid"',
            nested.describe({}),
        )

    def test_a_value_is_shown_on_one_line_and_not_too_long(self) -> None:
        self.assertEqual('{"a": null, "é": "line\\nbreak"}', show({"a": None, "é": "line\nbreak"}))
        self.assertEqual("nothing", show(MISSING))
        shown = show("x" * 500)
        self.assertTrue(shown.endswith("… (502 characters)"))


class TestVariables(unittest.TestCase):
    def test_one_that_is_missing(self) -> None:
        for operator, operand in (("equals", "${gone}"), ("match", "${gone}"), ("one_of", ["${gone}"])):
            with self.assertRaises(UndefinedVariable):
                matcher(operator, operand).accepts("a", {})


class TestPatterns(unittest.TestCase):
    def test_backtracking_ends(self) -> None:
        with mock.patch("contract_tests.model.matcher.PATTERN_SECONDS", 0.05):
            for operator in (matcher("match", "^(a|aa)+$"), inner("not", inner("match", "^(a|aa)+$"))):
                with self.assertRaises(PatternTimeout) as caught:
                    operator.accepts("a" * 80 + "!", {})
                self.assertEqual("^(a|aa)+$", str(caught.exception))
            with self.assertRaises(PatternTimeout):
                inner("each", inner("match", "^(a|aa)+$")).accepts(["a" * 80 + "!"], {})

    def test_a_second_is_the_limit(self) -> None:
        from contract_tests.model import matcher as module

        self.assertEqual(1.0, module.PATTERN_SECONDS)

    def test_a_match_has_groups(self) -> None:
        found = search("/things/([^/]+)$", "/v2/things/7")
        self.assertEqual("7", found[1])


class TestFormats(unittest.TestCase):
    def test_a_value_of_another_type_has_no_format(self) -> None:
        for name in FORMATS:
            for value in (5, None, [], {}, True, MISSING):
                self.assertFalse(matcher("format", name).accepts(value, {}), name)


if __name__ == "__main__":
    unittest.main()
