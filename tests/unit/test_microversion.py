"""Microversions: one sorted list an order drives all comparisons; grammar errors; ranges."""

from __future__ import annotations

import itertools
import operator
import unittest

from hypothesis import given
from hypothesis import strategies as st

from contract_tests.model.microversion import ORDERS, Microversion, MicroversionRange, known_between

NUMBER, DATE, SEMANTIC, MAJOR = (ORDERS[name] for name in ("number", "date", "semantic", "major"))

SORTED = {
    "number": [
        "1.0",
        "1.1",
        "1.2",
        "1.9",
        "1.10",
        "1.11",
        "1.99",
        "1.100",
        "2.0",
        "2.1",
        "10.0",
        "999999999.0",
    ],
    "date": [
        "0001-01-01",
        "1999-12-31",
        "2000-02-29",
        "2024-06-01",
        "2024-06-02",
        "2024-10-01",
        "9999-12-31",
    ],
    "semantic": [
        "0.9",
        "1.0-alpha",
        "1.0-alpha.1",
        "1.0-alpha.2",
        "1.0-alpha.10",
        "1.0-alpha.beta",
        "1.0-beta",
        "1.0-beta.2",
        "1.0-beta.11",
        "1.0-rc.1",
        "1.0",
        "1.0.1",
        "1.2",
        "1.10",
        "2.0-beta.1",
        "2.0-beta.2",
        "2.0",
    ],
    "major": ["0", "v1", "v1.1", "v2", "v2.1", "v2.9", "v2.10", "v3", "v10"],
}

WRONG = {
    "number": [
        "", "1", "1.", ".1", "1.2.3", "01.2", "1.02", "1.00", "0.1", "+1.2", "-1.2", " 1.2", "1.2 ", "1.2\n",
        "1,2", "v1.2", "1.x", "latest", "pony", "1.2e3", "\u0661.\u0662", "1.1000000000", "1.1\u0662",
    ],
    "date": [
        "", "2024-6-1", "2024-13-01", "2024-02-30", "2023-02-29", "24-06-01", "20240601", "2024-06-01T00:00",
        "latest", "202\u0664-06-01",
    ],
    "semantic": [
        "", "v", "1.", "1.0-", "1.0-1", "1.0-beta.", "1.0-beta..1", "1.0.0.0", "beta", "1.0 beta",
        "1.0-b\u00e9ta", "1.0-rc-1", "\u0661.0",
    ],
    "major": ["", "v", "v01", "v1.2.3", "v1.x", "V1", "1.", "next", "v1\u0662"],
}  # fmt: skip


class TestOrders(unittest.TestCase):
    def test_every_order_has_its_list(self) -> None:
        self.assertEqual((ORDERS.keys(), ORDERS.keys()), (SORTED.keys(), WRONG.keys()))

    def test_each_pair_of_the_sorted_list_compares_as_its_places_do(self) -> None:
        for name, texts in SORTED.items():
            versions = [ORDERS[name].parse(text) for text in texts]
            for (i, left), (j, right) in itertools.product(enumerate(versions), repeat=2):
                for compare in (operator.lt, operator.le, operator.eq, operator.ne, operator.ge, operator.gt):
                    with self.subTest(order=name, left=str(left), right=str(right), compare=compare.__name__):
                        self.assertEqual(compare(i, j), compare(left, right))
                self.assertEqual(i == j, hash(left) == hash(right) and left == right)

    def test_a_microversion_shows_as_it_was_written_and_compares_by_its_order(self) -> None:
        for order, one, other in ((SEMANTIC, "2.0", "v2.0.0"), (SEMANTIC, "2", "2.0"), (MAJOR, "v2", "2.0")):
            left, right = order.parse(one), order.parse(other)
            self.assertEqual((one, other), (str(left), str(right)))
            self.assertEqual((left, 1), (right, len({left, right})))

    def test_what_is_no_microversion_is_told_with_an_example(self) -> None:
        for name, texts in WRONG.items():
            for text in texts:
                with self.subTest(order=name, text=text), self.assertRaises(ValueError) as caught:
                    ORDERS[name].parse(text)
                self.assertEqual(
                    f"{text!r} is no {name} microversion (one looks like {ORDERS[name].example})",
                    str(caught.exception),
                )

    def test_every_example_is_one(self) -> None:
        for order in ORDERS.values():
            self.assertEqual(order.example, str(order.parse(order.example)))

    @given(st.tuples(st.integers(1, 10**9 - 1), st.integers(0, 10**9 - 1)))
    def test_numbers_compare_as_pairs(self, pair: tuple[int, int]) -> None:
        version = NUMBER.parse(f"{pair[0]}.{pair[1]}")
        self.assertEqual(pair, version.key)
        self.assertEqual(pair < (2, 10), version < NUMBER.parse("2.10"))


class TestRanges(unittest.TestCase):
    def test_the_forms(self) -> None:
        for text, low, high in (
            ("1.5", "1.5", "1.5"),
            ("1.5-", "1.5", None),
            ("-1.5", None, "1.5"),
            ("1.5-1.10", "1.5", "1.10"),
            ("1.5 - 1.10", "1.5", "1.10"),
            ("1.5-1.5", "1.5", "1.5"),
        ):
            with self.subTest(text):
                found = NUMBER.parse_range(text)
                ends = [end and str(end) for end in (found.low, found.high)]
                self.assertEqual([low, high], ends)

    def test_hyphens_inside_a_microversion(self) -> None:
        for order, text, low, high in (
            (DATE, "2024-06-01", "2024-06-01", "2024-06-01"),
            (DATE, "2024-06-01-", "2024-06-01", None),
            (DATE, "-2024-06-01", None, "2024-06-01"),
            (DATE, "2024-06-01-2025-01-01", "2024-06-01", "2025-01-01"),
            (DATE, "2024-06-01 - 2025-01-01", "2024-06-01", "2025-01-01"),
            (SEMANTIC, "2.0-beta.1", "2.0-beta.1", "2.0-beta.1"),
            (SEMANTIC, "1.0-2.0", "1.0", "2.0"),
            (SEMANTIC, "1.0-2.0-beta.1", "1.0", "2.0-beta.1"),
            (SEMANTIC, "2.0-beta.1-", "2.0-beta.1", None),
            (SEMANTIC, "2.0-beta.1 - 2.0-beta.2", "2.0-beta.1", "2.0-beta.2"),
            (SEMANTIC, "2.0-beta.1 - 3.0", "2.0-beta.1", "3.0"),
            (SEMANTIC, "2.0-beta.1-3.0", "2.0-beta.1", "3.0"),
            (SEMANTIC, "2.0-beta.1-2.0-beta.2", "2.0-beta.1", "2.0-beta.2"),
            (SEMANTIC, "-2.0-beta.1", None, "2.0-beta.1"),
            (MAJOR, "v1-v3", "v1", "v3"),
            (MAJOR, "1-3", "1", "3"),
            (MAJOR, "v2.1-", "v2.1", None),
        ):
            with self.subTest(order=order.name, text=text):
                found = order.parse_range(text)
                self.assertEqual([low, high], [end and str(end) for end in (found.low, found.high)])

    def test_what_is_no_range(self) -> None:
        with self.assertRaises(ValueError):
            SEMANTIC.parse_range("1.0-alpha-beta")
        for text in ("", "-", " - ", "1", "1.5-x", "x-1.5", "1.5--1.6", "1.5-1.6-", "1.5..1.6"):
            with self.subTest(text), self.assertRaises(ValueError) as caught:
                NUMBER.parse_range(text)
            self.assertEqual(
                f"{text!r} is no range of microversions (one looks like 1.10- or 1.10)", str(caught.exception)
            )

    def test_a_range_that_ends_before_it_begins(self) -> None:
        for text in ("1.10-1.9", "2.0-1.99"):
            with self.subTest(text), self.assertRaises(ValueError) as caught:
                NUMBER.parse_range(text)
            self.assertEqual(f"{text!r} ends before it begins", str(caught.exception))

    def test_membership_includes_both_ends(self) -> None:
        versions = [NUMBER.parse(text) for text in SORTED["number"]]
        for low, high in itertools.product([None, *range(len(versions))], repeat=2):
            found = MicroversionRange(
                low=None if low is None else versions[low], high=None if high is None else versions[high]
            )
            inside = [i for i, version in enumerate(versions) if version in found]
            first = 0 if low is None else low
            last = len(versions) - 1 if high is None else high
            self.assertEqual(list(range(first, last + 1)), inside)

    def test_intersection_holds_what_both_hold(self) -> None:
        versions = [NUMBER.parse(text) for text in SORTED["number"][:6]]
        ends = [None, *versions]
        ranges = [
            MicroversionRange(low=low, high=high)
            for low, high in itertools.product(ends, repeat=2)
            if low is None or high is None or low <= high
        ]
        for one, other in itertools.product(ranges, repeat=2):
            both = one.intersect(other)
            self.assertEqual(
                [version for version in versions if version in one and version in other],
                [version for version in versions if both is not None and version in both],
            )
            self.assertEqual(both, other.intersect(one))

    def test_parsing_what_a_range_shows_gives_the_range(self) -> None:
        for name, texts in SORTED.items():
            order = ORDERS[name]
            versions = [order.parse(text) for text in texts]
            for low, high in itertools.product([None, *versions], repeat=2):
                if (low is None and high is None) or (low is not None and high is not None and low > high):
                    continue
                found = MicroversionRange(low=low, high=high)
                with self.subTest(order=name, text=str(found)):
                    self.assertEqual(found, order.parse_range(str(found)))

    @given(st.sampled_from(sorted(ORDERS)), st.data())
    def test_parsing_what_a_range_shows_gives_the_range_for_any_microversion(self, name, data) -> None:
        order = ORDERS[name]
        ends = sorted(data.draw(st.lists(TEXTS[name].map(order.parse), min_size=2, max_size=2)))
        for found in (
            MicroversionRange(low=ends[0], high=ends[1]),
            MicroversionRange(low=ends[0]),
            MicroversionRange(high=ends[1]),
        ):
            self.assertEqual(found, order.parse_range(str(found)))

    @given(st.sampled_from(sorted(ORDERS)), st.text("v0123456789.-abz ", max_size=20))
    def test_any_text_is_a_range_or_a_value_error(self, name: str, text: str) -> None:
        try:
            found = ORDERS[name].parse_range(text)
        except ValueError as error:
            self.assertIn(repr(text), str(error))
        else:
            self.assertEqual(found, ORDERS[name].parse_range(str(found)))


_WORD = st.sampled_from(["a", "b", "alpha", "rc1", "b2c"])
_REST = st.lists(st.integers(0, 99).map(str) | _WORD, max_size=2)
_RELEASE = st.lists(st.integers(0, 999).map(str), min_size=1, max_size=3).map(".".join)
TEXTS = {
    "number": st.builds("{}.{}".format, st.integers(1, 99), st.integers(0, 999)),
    "date": st.dates().map(str),
    "semantic": _RELEASE
    | st.builds(lambda r, w, rest: f"{r}-{'.'.join([w, *rest])}", _RELEASE, _WORD, _REST),
    "major": st.builds("v{}".format, st.integers(0, 99))
    | st.builds("{}.{}".format, st.integers(0, 9), st.integers(0, 99)),
}


class TestKnownBetween(unittest.TestCase):
    def between(self, order, low: str, high: str, listed: tuple[str, ...] = ()) -> list[str]:
        versions = [order.parse(text) for text in listed]
        return [
            str(version) for version in known_between(order.parse(low), order.parse(high), order, versions)
        ]

    def test_numbers_of_one_major_are_counted_whatever_is_listed(self) -> None:
        self.assertEqual(["1.8", "1.9", "1.10", "1.11"], self.between(NUMBER, "1.8", "1.11"))
        self.assertEqual(["1.8", "1.9", "1.10"], self.between(NUMBER, "1.8", "1.10", ("1.9", "2.0")))
        self.assertEqual(["1.8"], self.between(NUMBER, "1.8", "1.8"))

    def test_anything_else_is_the_ends_and_what_is_listed_between(self) -> None:
        self.assertEqual(["1.8", "2.1"], self.between(NUMBER, "1.8", "2.1"))
        self.assertEqual(["1.8", "2.0", "2.1"], self.between(NUMBER, "1.8", "2.1", ("2.0", "1.7", "2.2")))
        self.assertEqual(
            ["2024-01-01", "2024-06-01", "2025-01-01"],
            self.between(DATE, "2024-01-01", "2025-01-01", ("2024-06-01", "2026-01-01")),
        )
        self.assertEqual(["v1", "v2", "v2.1"], self.between(MAJOR, "v1", "v2.1", ("v2", "v3")))

    def test_a_counted_microversion_is_what_parsing_gives(self) -> None:
        for version in known_between(NUMBER.parse("1.8"), NUMBER.parse("1.11"), NUMBER):
            self.assertEqual((version, str(version)), (NUMBER.parse(str(version)), version.text))
            self.assertIsInstance(version, Microversion)


if __name__ == "__main__":
    unittest.main()
