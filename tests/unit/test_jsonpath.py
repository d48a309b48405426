"""JSON paths: the fast road finds what the library finds."""

from __future__ import annotations

import pickle
import unittest

import jsonpath_rfc9535
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.model.http import MISSING
from contract_tests.model.jsonpath import JsonPath

DOCUMENT = {
    "a": {"b": [10, 11, {"c": None}], "": 1, "a-b": 2, "é": 3, "0": 4, "a.b": 5, "x'y": 6, 'x"y': 7, "_x": 8,
          "a b": 9},
    "list": [[1, [2, 3]], "text", True, {}],
    "n": None,
}  # fmt: skip

SINGULAR = [
    "$", "$.a", "$.a.b", "$.a.b[0]", "$.a.b[2].c", "$['a']['b'][1]", '$["a"]["b"][1]', "$.a['a-b']",
    "$.a['']", "$.a['é']",
    "$.a.é", "$.a['0']", "$.a['a.b']", "$.a['x\\'y']", '$.a["x\'y"]', "$.a['x\"y']", "$.a._x",
    "$.a['a b']", "$.list[0][1][0]",
    "$.list[-1]", "$.a.b[-1].c", "$.a.b[-4]", "$.nothing", "$.a.nothing.b", "$.a.b[3]", "$.a.b.c",
    "$.a[0]", "$.n", "$.n.x", "$[0]",
    "$.list.x", "$.list[1][0]", "$ .a", "$. a", "$.a\n.b", "$['a'] ['b']", "$[ 'a' ]", "$.a['\\u0062']",
]  # fmt: skip

SEVERAL = [
    "$.*", "$..c", "$.a.b[*]", "$.a.b[0,1]", "$.a.b[0:2]", "$..[0]", "$.a.b[?@.c == null]",
    "$.list[?@ == true]", "$['a','n']",
    "$.list[*][0]", "$..*", "$.a.b[::-1]", "$.nothing[*]", "$[?length(@) > 2]", "$.a.b[?@ > 10]",
    "$.list[?match(@, 'te.*')]",
]  # fmt: skip

WRONG = [
    "", "a", ".a", "$.", "$..", "$.[a]", "$[", "$[]", "$['a]", "$.a.", "$.a[01]", "$.a[-0]", "$.a[00]",
    "$.1a", "$.a-b", "$ ", " $",
    "$.a ", "$x", "@.a", "$[a]", "$.a[1.5]", "$['a\nb']", "$[?@.a = 1]", "$.a[99999999999999999999]",
    "$['\\x']", "$.a\u00b2b c",
]  # fmt: skip


def library(path: str, document: object) -> list[object]:
    return list(jsonpath_rfc9535.find(path, document).values())


class TestJsonPath(unittest.TestCase):
    def test_a_singular_path_gives_its_value_or_missing(self) -> None:
        for path in SINGULAR:
            try:
                found = library(path, DOCUMENT)
            except jsonpath_rfc9535.JSONPathError:
                with self.subTest(path), self.assertRaises(ValueError):
                    JsonPath(path)
                continue
            with self.subTest(path):
                self.assertTrue(JsonPath(path).singular)
                self.assertEqual(found[0] if found else MISSING, JsonPath(path).find(DOCUMENT))

    def test_any_other_path_gives_the_list_of_what_it_finds(self) -> None:
        for path in SEVERAL:
            with self.subTest(path):
                self.assertFalse(JsonPath(path).singular)
                self.assertEqual(library(path, DOCUMENT), JsonPath(path).find(DOCUMENT))

    def test_what_the_library_refuses_is_refused_in_one_line(self) -> None:
        for path in WRONG:
            with self.subTest(path):
                with self.assertRaises(jsonpath_rfc9535.JSONPathError):
                    library(path, DOCUMENT)
                with self.assertRaisesRegex(ValueError, "\\A[^\n]+\\Z"):
                    JsonPath(path)

    def test_the_fast_road_is_taken_where_it_can_be(self) -> None:
        for path in ("$", "$.a.b[0]", "$['a b'][\"c\"]"):
            self.assertIsNotNone(JsonPath(path).steps)

    def test_other_documents_than_objects(self) -> None:
        for document in ([], [1], "text", 1, None, True, {}, 1.5):
            for path in ("$", "$.a", "$[0]", "$.*", "$['0']", "$[-1]"):
                with self.subTest(path, document=document):
                    found = library(path, document)
                    one = JsonPath(path)
                    expected = (found[0] if found else MISSING) if one.singular else found
                    self.assertEqual(expected, one.find(document))

    def test_nothing_is_found_where_there_is_no_document(self) -> None:
        self.assertEqual(
            [MISSING, MISSING, MISSING, []],
            [JsonPath(path).find(MISSING) for path in ("$", "$.a", "$[-1]", "$.*")],
        )

    def test_paths_are_values(self) -> None:
        one = JsonPath("$..a")
        self.assertEqual((one, 1), (JsonPath("$..a"), len({one, JsonPath("$..a")})))
        self.assertNotEqual(one, JsonPath("$.a"))
        self.assertEqual("JsonPath('$..a')", repr(one))
        again = pickle.loads(pickle.dumps(one))
        self.assertEqual((one, one.find(DOCUMENT)), (again, again.find(DOCUMENT)))

    @given(st.data())
    def test_the_fast_road_equals_the_library(self, data: st.DataObject) -> None:
        document = data.draw(DOCUMENTS)
        steps = data.draw(st.lists(STEPS, max_size=4))
        path = "$" + "".join(steps)
        found = library(path, document)
        one = JsonPath(path)
        self.assertIsNotNone(one.steps)
        self.assertEqual(found[0] if found else MISSING, one.find(document))

    @given(st.text("$.[]'\"ab01-*@ \\", max_size=8).map("$".__add__))
    def test_any_text_is_a_path_for_both_or_for_neither(self, path: str) -> None:
        document = {"a": [{"b": 0}, [1]], "b": {"a": 1}, "0": "x", "": 2, "ab": [[]], " ": 3, "01": 4}
        try:
            found = library(path, document)
        except jsonpath_rfc9535.JSONPathError:
            with self.assertRaises(ValueError):
                JsonPath(path)
            return
        one = JsonPath(path)
        expected = (found[0] if found else MISSING) if one.singular else found
        self.assertEqual(expected, one.find(document))


STEPS = st.sampled_from(
    [".a", ".b", "['a']", '["b"]', "['']", "['a b']", "[0]", "[1]", "[10]", "._", "['0']"]
)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "ab"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "", "a b", "_", "0"]), inner, max_size=3)
    ),
    max_leaves=10,
)


if __name__ == "__main__":
    unittest.main()
