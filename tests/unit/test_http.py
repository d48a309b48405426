"""Requests and responses: headers, targets, JSON values."""

from __future__ import annotations

import copy
import itertools
import pickle
import unittest

from hypothesis import given
from hypothesis import strategies as st

from contract_tests.model.http import MISSING, Request, Response, header_values, same_json, split_target

VALUES = [
    None, True, False, 0, 1, -1, 1.5, 10**30, "", "0", "1", "a",
    [], [0], [False], [1, 2], [2, 1], {}, {"a": 1}, {"a": True}, {"a": None}, {"b": 1},
]  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 1.5]) | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


class TestSameJson(unittest.TestCase):
    def test_different_values_differ_and_equal_ones_do_not(self) -> None:
        for (i, left), (j, right) in itertools.product(enumerate(VALUES), repeat=2):
            with self.subTest(left=left, right=right):
                self.assertEqual(i == j, same_json(copy.deepcopy(left), copy.deepcopy(right)))

    def test_numbers_compare_by_value(self) -> None:
        for left, right in ((1, 1.0), ([1, {"a": 2.0}], [1.0, {"a": 2}]), (10**16, 1e16)):
            self.assertTrue(same_json(left, right))

    def test_booleans_are_no_numbers_at_any_depth(self) -> None:
        for left, right in ((1, True), (0, False), ([1], [True]), ({"a": [0]}, {"a": [False]})):
            self.assertFalse(same_json(left, right))
            self.assertFalse(same_json(right, left))

    def test_objects_have_no_order_and_arrays_have(self) -> None:
        self.assertTrue(same_json({"a": 1, "b": 2}, {"b": 2, "a": 1}))
        self.assertFalse(same_json([1, 2], [2, 1]))

    def test_missing_is_only_itself(self) -> None:
        self.assertTrue(same_json(MISSING, MISSING))
        self.assertFalse(same_json(MISSING, None))
        self.assertFalse(same_json(None, MISSING))

    @given(JSON, JSON)
    def test_it_is_symmetric_and_reflexive(self, left: object, right: object) -> None:
        self.assertTrue(same_json(left, copy.deepcopy(left)))
        self.assertEqual(same_json(left, right), same_json(right, left))


class TestResponse(unittest.TestCase):
    def test_headers_keep_order_and_multiplicity_and_compare_without_case(self) -> None:
        headers = (("Vary", "A"), ("X", "1"), ("vary", "B"))
        response = Response(200, "OK", headers)
        self.assertEqual(["A", "B"], header_values(headers, "VARY"))
        self.assertEqual(("A, B", None), (response.header("vary"), response.header("y")))
        self.assertEqual("", Response(200, "OK", (("X", ""),)).header("x"))

    def test_json(self) -> None:
        for body, expected in (
            (b'{"a": null}', {"a": None}),
            (b"null", None),
            (b"", MISSING),
            (b"{", MISSING),
            (b"\xff", MISSING),
            (b"[" * 100_000, MISSING),
            ('"é"'.encode("utf-16"), "é"),
        ):
            with self.subTest(body[:10]):
                self.assertEqual(expected, Response(200, body=body).json)

    def test_json_is_parsed_once(self) -> None:
        response = Response(200, body=b"[]")
        self.assertIs(response.json, response.json)

    def test_a_response_equals_its_copy_also_after_its_json_was_read(self) -> None:
        one, other = Response(200, body=b"[]"), Response(200, body=b"[]")
        self.assertEqual([], one.json)
        self.assertEqual(one, other)
        self.assertEqual(one, pickle.loads(pickle.dumps(one)))

    def test_text_never_fails(self) -> None:
        self.assertEqual("a\ufffd", Response(200, body=b"a\xff").text)

    def test_missing_survives_a_trip_to_another_process(self) -> None:
        self.assertEqual("MISSING", repr(MISSING))
        self.assertIs(MISSING, pickle.loads(pickle.dumps(MISSING)))
        self.assertIs(MISSING, copy.deepcopy(MISSING))


class TestRequest(unittest.TestCase):
    def test_a_target_splits_into_its_path_and_its_sorted_query(self) -> None:
        for target, expected in (
            ("/a", ("/a", ())),
            ("/a?c=1&b=2&b=1", ("/a", (("b", "1"), ("b", "2"), ("c", "1")))),
            ("/a%2Fb?x=%20+%C3%A9", ("/a%2Fb", (("x", "  é"),))),
            ("/a?b", ("/a", (("b", ""),))),
            ("/a?b=c?d", ("/a", (("b", "c?d"),))),
            ("", ("", ())),
        ):
            self.assertEqual(expected, split_target(target))

    def test_requests_are_values(self) -> None:
        one = Request(method="GET", target="/", headers=(("A", "1"),))
        self.assertEqual(1, len({one, Request(method="GET", target="/", headers=(("A", "1"),))}))


if __name__ == "__main__":
    unittest.main()
