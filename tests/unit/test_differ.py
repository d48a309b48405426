"""The differ: what is a fact, what is none, and that exchanging the answers inverts the facts."""

from __future__ import annotations

import dataclasses
import json
import unittest
from collections import Counter
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.comparison.correlation import Correlation, path_patterns
from contract_tests.comparison.differ import diff
from contract_tests.comparison.facts import INVERSES, KINDS, Fact
from contract_tests.comparison.words import words_of
from contract_tests.model.http import MISSING, Response
from tests.unit.building import answer

ONE = "0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c00"
TWO = "11111111-8c0e-4a0e-9b57-0f4e3a9d1c00"


def told(old: Any, new: Any, roles: Any = ({}, {}), **same: Any) -> list[str]:
    """The facts of two bodies (or answers) as `kind path: old -> new [detail] (seen/of)`."""
    if not isinstance(old, Response):
        old, new = answer(200, old), answer(200, new)
    return [_word(fact) for fact in diff(old, new, Correlation(old=roles[0], new=roles[1], **same))]


def _word(fact: Fact) -> str:
    values = "" if fact.old is fact.new is MISSING else f": {_shown(fact.old)} -> {_shown(fact.new)}"
    seen = f" ({fact.seen}/{fact.of})" if fact.of > 1 else ""
    detail = f" [{fact.detail}]" if fact.detail else ""
    return f"{fact.kind} {fact.path}{values}{detail}{seen}"


def _shown(value: Any) -> str:
    return "-" if value is MISSING else str(value)


class TestProperties(unittest.TestCase):
    def test_one_change_in_five_hundred_items_is_one_fact(self) -> None:
        old = {"servers": [{"id": f"s{n}", "host": f"h{n}", "imageRef": f"i{n}"} for n in range(500)]}
        new = {"servers": [{"id": f"s{n}", "image_ref": f"i{n}"} for n in range(500)]}
        self.assertEqual(
            [
                "property-restyled $.servers[*].imageRef: i0 -> i0 [image_ref] (500/500)",
                "property-removed $.servers[*].host: h0 -> - (500/500)",
            ],
            told(old, new),
        )
        self.assertEqual(
            ["property-type $.servers[*].n: string -> integer (500/500)"],
            told(
                {"servers": [{"n": str(n)} for n in range(500)]}, {"servers": [{"n": n} for n in range(500)]}
            ),
        )

    def test_renamed_restyled_and_moved(self) -> None:
        self.assertEqual(
            ["property-renamed $.server.host: compute-1 -> compute-1 [node]"],
            told({"server": {"id": 1, "host": "compute-1"}}, {"server": {"id": 1, "node": "compute-1"}}),
        )
        self.assertEqual(
            ["property-restyled $.server.OS-X:state: up -> down [os_x_state]"],
            told({"server": {"id": 1, "OS-X:state": "up"}}, {"server": {"id": 1, "os_x_state": "down"}}),
        )
        self.assertEqual(
            ["property-moved $.server.host: compute-1 -> compute-1 [$.server.at.host]"],
            told({"server": {"at": {}, "host": "compute-1"}}, {"server": {"at": {"host": "compute-1"}}}),
        )

    def test_what_has_a_value_that_many_have_is_not_renamed(self) -> None:
        for value in (True, 0, 5, ""):
            kinds = {
                fact.kind
                for fact in diff(answer(200, {"x": 1, "a": value}), answer(200, {"x": 1, "b": value}))
            }
            self.assertLessEqual(kinds, {"property-removed", "property-added", "empty-or-missing"})

    def test_null_missing_and_empty(self) -> None:
        for old, new, kind in (
            ({"a": 1, "b": None}, {"a": 1}, "null-or-missing $.b: None -> - [gone]"),
            ({"a": 1}, {"a": 1, "b": None}, "null-or-missing $.b: - -> None [appeared]"),
            ({"a": 1, "b": []}, {"a": 1}, "empty-or-missing $.b: [0 items] -> - [gone]"),
            ({"a": ""}, {"a": None}, "empty-kind $.a:  -> None"),
            ({"a": 0}, {"a": ""}, "empty-kind $.a: 0 -> "),
            ({"a": {}}, {"a": []}, "empty-kind $.a: {} -> [0 items]"),
            ({"a": "x"}, {"a": None}, "to-null $.a: x -> None"),
            ({"a": None}, {"a": 3}, "from-null $.a: None -> 3"),
            ({"a": False}, {"a": ""}, "property-type $.a: boolean -> string"),
        ):
            self.assertEqual([kind], told(old, new), (old, new))

    def test_numbers_are_compared_as_decimals(self) -> None:
        for old, new, kind in (
            (b'{"a": 1}', b'{"a": 1.0}', "number-kind $.a: 1 -> 1.0"),
            (b'{"a": 1}', b'{"a": 1.5}', "number-kind $.a: 1 -> 1.5 [decimals]"),
            (b'{"a": 0.10}', b'{"a": 0.1}', "number-precision $.a: 0.10 -> 0.1"),
            (b'{"a": 0.1}', b'{"a": 0.10000000000000001}', "value $.a: 0.1 -> 0.1"),
            (b'{"a": "0.10"}', b'{"a": "0.1"}', "number-precision $.a: 0.10 -> 0.1"),
            (b'{"a": true}', b'{"a": 1}', "property-type $.a: boolean -> integer"),
        ):
            self.assertEqual([kind], told(old, new), (old, new))

    def test_formats(self) -> None:
        for old, new, kind in (
            (ONE, ONE.replace("-", ""), "format $.a: uuid -> hex"),
            ("7", ONE, "format $.a: 7 -> uuid"),
            ("2026-01-01T00:00:00Z", "Thu, 01 Jan 2026 00:00:00 GMT", "format $.a: timeT -> http-date"),
            ("2026-01-01T00:00:00", "2026-01-01", "format $.a: timeT -> date"),
            ("2026-01-01T00:00:00", "2026-01-01 00:00:00", "time-precision $.a: timeT -> time "),
        ):
            self.assertEqual([kind], told({"a": old}, {"a": new}))

    def test_words_of_a_schema(self) -> None:
        schema = {
            "properties": {"list": {"items": {"properties": {"s": {"enum": ["up", "down", None]}}}}},
            "patternProperties": {"^x": {"const": "y"}},
        }
        words = words_of(schema)
        self.assertEqual({"$.list[*].s": frozenset({"up", "down"}), "$.*": frozenset({"y"})}, words)
        self.assertEqual(
            ["value $.list[*].s: up -> odd [enum-added]"],
            told({"list": [{"s": "up"}]}, {"list": [{"s": "odd"}]}, words=words),
        )
        self.assertEqual(
            ["value $.list[*].s: up -> down"],
            told({"list": [{"s": "up"}]}, {"list": [{"s": "down"}]}, words=words),
        )


class TestRuns(unittest.TestCase):
    """Values that two runs make up for themselves."""

    def test_ids_and_times_of_their_own_are_no_facts(self) -> None:
        for old, new in (
            (ONE, TWO),
            (f"http://h/a/{ONE}", f"http://h/a/{TWO}"),
            (f"no {ONE} at 2026-01-01T00:00:00", f"no {TWO} at 2026-01-02T00:00:00"),
            ("2026-01-01T00:00:00.123456", "2026-01-01T01:00:00.999999"),
            ("req-" + ONE, "req-" + TWO),
        ):
            self.assertEqual([], told({"a": old}, {"a": new}), (old, new))

    def test_a_value_equals_the_one_that_plays_its_part(self) -> None:
        roles = ({"vm-one": "name", ONE: "id"}, {"vm-two": "name", TWO: "id"})
        self.assertEqual([], told({"name": "vm-one", "id": ONE}, {"name": "vm-two", "id": TWO}, roles))
        self.assertEqual([], told({"vm-one": 1, "x": 1}, {"vm-two": 1, "x": 1}, roles))
        self.assertEqual([f"value $.id: {ONE} -> vm-two"], told({"id": ONE}, {"id": "vm-two"}, roles)[:1])

    def test_an_id_that_plays_another_part_is_a_fact(self) -> None:
        roles = ({ONE: "parent", TWO: "child"}, {ONE: "parent", TWO: "child"})
        self.assertEqual([f"value $.root: {ONE} -> {TWO}"], told({"root": ONE}, {"root": TWO}, roles))

    def test_volatile_values_are_silent_but_not_their_absence_nor_their_parts(self) -> None:
        known = {"volatile": frozenset({"x-load"}), "volatile_paths": path_patterns(["$..load"])}
        self.assertEqual([], told({"load": "a b"}, {"load": "c d"}, **known))
        self.assertEqual([], told({"all": [{"load": 5}]}, {"all": [{"load": 6}]}, **known))
        spelled = {"volatile_paths": path_patterns(["$..['a:load']", "$.x['b']"])}
        self.assertEqual(
            [], told({"y": {"a:load": 5}, "x": {"b": 1}}, {"y": {"a:load": 6}, "x": {"b": 2}}, **spelled)
        )
        self.assertEqual([], told(answer(200, X_Load="1"), answer(200, X_Load="2"), **known))
        self.assertEqual(["property-removed $.load: a -> -"], told({"x": 1, "load": "a"}, {"x": 1}, **known))
        roles = ({"abcde": "id"}, {"vwxyz": "id"})
        self.assertEqual(
            ["value $.load: abcde -> other"], told({"load": "abcde"}, {"load": "other"}, roles, **known)
        )


class TestForms(unittest.TestCase):
    def test_json_that_became_xml_is_json_no_more(self) -> None:
        one = answer(200, {"a": 1})
        other = dataclasses.replace(one, body=b"<a>1</a>")
        self.assertEqual("body-invalid-json", told(one, other)[0].split()[0].rstrip(":"))
        self.assertEqual("body-became-json", told(other, one)[0].split()[0].rstrip(":"))


class TestLists(unittest.TestCase):
    def test_items_are_known_by_what_identifies_them(self) -> None:
        old = [{"id": "a", "n": "one"}, {"id": "b", "n": "two"}]
        self.assertEqual(["array-order $"], told(old, old[::-1]))
        self.assertEqual(["array-count $: 2 -> 1"], told(old, old[1:]))
        self.assertEqual(
            ["value $[*].n: two -> other (1/2)"],
            told(old, [{"id": "a", "n": "one"}, {"id": "b", "n": "other"}]),
        )
        self.assertEqual(["array-items $: b -> c"], told(old, [old[0], {"id": "c", "n": "two"}]))

    def test_items_without_identity(self) -> None:
        self.assertEqual(["array-count $.a: 3 -> 2"], told({"a": ["x", "y", "z"]}, {"a": ["y", "z"]}))
        self.assertEqual(["value $.a[*]: x -> w (1/3)"], told({"a": ["x", "y", "z"]}, {"a": ["y", "z", "w"]}))
        self.assertEqual(["enum-case $.a[*]: x -> X (1/2)"], told({"a": ["x", "y"]}, {"a": ["X", "y"]}))
        self.assertEqual(["array-order $.a"], told({"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 2}, {"x": 1}]}))

    def test_an_order_that_was_asked_for(self) -> None:
        self.assertEqual(["array-order $.a [asked]"], told({"a": [1, 2]}, {"a": [2, 1]}, ordered=True))
        old, new = ([{"id": name, "in": [1, 2]} for name in names] for names in ("ab", "bca"))
        self.assertEqual(
            ["array-count $.a: 2 -> 3", "array-order $.a [asked]"], told({"a": old}, {"a": new}, ordered=True)
        )
        self.assertEqual(["array-count $.a: 2 -> 3"], told({"a": old}, {"a": new}))
        within = [{"id": "a", "in": [2, 1]}]
        self.assertEqual(["array-order $.a[*].in"], told({"a": old[:1]}, {"a": within}, ordered=True))

    def test_a_list_that_is_in_no_order(self) -> None:
        known = {"unordered": path_patterns(["$..roles"])}
        old, new = ({"token": {"roles": [{"name": name} for name in names]}} for names in ("ab", "ba"))
        self.assertEqual(["array-order $.token.roles"], told(old, new))
        self.assertEqual([], told(old, new, **known))
        self.assertEqual(
            ["array-order $.roles [asked]"], told({"roles": [1, 2]}, {"roles": [2, 1]}, ordered=True, **known)
        )
        fewer = {"token": {"roles": new["token"]["roles"][:1]}}
        self.assertEqual(["array-count $.token.roles: 2 -> 1"], told(old, fewer, **known))
        other = {"token": {"roles": [{"name": "a"}, {"name": "c"}]}}
        self.assertEqual(["array-items $.token.roles: b -> c"], told(old, other, **known))

    def test_ids_that_each_run_made_identify_nothing(self) -> None:
        three = ONE.replace("0", "3")
        old = [{"id": ONE, "name": "reader"}, {"id": TWO, "name": "member"}]
        new = [{"id": three, "name": "member"}, {"id": TWO.replace("1", "4"), "name": "reader"}]
        self.assertEqual(["array-order $.roles"], told({"roles": old}, {"roles": new}))
        numbered = [{**one, "id": other["id"]} for one, other in zip(new, old, strict=True)]
        self.assertEqual(["array-order $.roles"], told({"roles": old}, {"roles": numbered}))
        kinds = [[{"id": one["id"], "kind": one["name"]} for one in side] for side in (old, numbered)]
        self.assertEqual(["array-order $.roles"], told({"roles": kinds[0]}, {"roles": kinds[1]}))
        renamed = [old[0], {"id": TWO, "name": "owner"}]
        self.assertEqual(["value $[*].name: member -> owner (1/2)"], told(old, renamed))
        new[0]["name"] = "admin"
        self.assertEqual(["array-items $.roles: member -> admin"], told({"roles": old}, {"roles": new}))
        nameless = [[{"id": one["id"], "kind": one["name"]} for one in side] for side in (old, old[::-1])]
        nameless[1][0]["id"], nameless[1][1]["id"] = three, ONE.replace("0", "5")
        self.assertEqual(["array-order $"], told(*nameless))
        self.assertEqual(
            ["value $[*].name: reader -> other"], told(old[:1], [{"id": three, "name": "other"}])
        )
        roles = ({ONE: "one", TWO: "two"},) * 2
        self.assertEqual(
            [f"value $[*].id: {ONE} -> {TWO}"],
            told(old[:1], [{"id": TWO, "name": "reader"}], roles),
        )

    def test_numbers_identify_where_some_are_in_both(self) -> None:
        old = [{"id": 2, "n": "b"}, {"id": 3, "n": "c"}]
        self.assertEqual(["array-count $: 2 -> 3"], told(old, [{"id": 1, "n": "a"}, *old]))
        changed = [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}, {"id": 3, "n": "z"}]
        self.assertEqual(["array-count $: 2 -> 3", "value $[*].n: c -> z (1/3)"], sorted(told(old, changed)))
        self.assertEqual(["value $[*].id: 2 -> 7"], told(old[:1], [{"id": 7, "n": "b"}]))

    def test_links_to_pages(self) -> None:
        one = {"users": [1], "links": {"next": None, "self": "http://h/users"}}
        other = {"users": [1], "links": {"next": "http://h/users?marker=x", "self": "http://h/users"}}
        self.assertEqual(["page-next $.links.next: None -> http://h/users?marker=x"], told(one, other))
        links = [{"rel": "next", "href": "http://h/servers?marker=x"}]
        self.assertEqual(
            ["page-next $.servers_links: - -> [1 item]"],
            told({"servers": [1]}, {"servers": [1], "servers_links": links}),
        )
        self.assertEqual(
            ["page-next $.next: /v2?marker=x -> -"], told({"a": 1, "next": "/v2?marker=x"}, {"a": 1})
        )
        self.assertEqual(
            ["property-added $.links: - -> [1 item]"],
            told({"a": 1}, {"a": 1, "links": [{"rel": "self", "href": "/a"}]}),
        )
        self.assertEqual(["property-added $.next: - -> {a}"], told({"a": 1}, {"a": 1, "next": {"a": 2}}))

    def test_a_property_of_some_items(self) -> None:
        old = [{"id": "a", "n": 55}, {"id": "b", "n": 66}, {"id": "c"}]
        self.assertEqual(
            ["item-shape $[*].n: 55 -> - [gone] (1/3)"],
            told(old, [{"id": "a"}, {"id": "b", "n": 66}, {"id": "c"}]),
        )
        self.assertEqual(
            ["item-shape $[*].n: - -> 77 [appeared] (1/3)"], told(old, [*old[:2], {"id": "c", "n": 77}])
        )
        self.assertEqual(
            ["property-removed $[*].n: 55 -> - (2/3)"], told(old, [{"id": "a"}, {"id": "b"}, {"id": "c"}])
        )

    def test_lists_and_scalars(self) -> None:
        self.assertEqual(["array-or-scalar $.a: [1 item] -> x"], told({"a": ["x"]}, {"a": "x"}))
        self.assertEqual(["property-type $.a: array -> string"], told({"a": ["x", "y"]}, {"a": "x"}))

    def test_links(self) -> None:
        def links(*pairs: tuple[str, str]) -> dict[str, Any]:
            return {"links": [{"rel": rel, "href": href} for rel, href in pairs]}

        self.assertEqual(
            ["link-removed $.links: up -> -", "link-added $.links: - -> down"],
            sorted(told(links(("up", "/a")), links(("down", "/a"))), reverse=True),
        )
        self.assertEqual(
            ["link-host $.links[*].href: a.example -> b.example"],
            told(links(("self", "http://a.example/x")), links(("self", "http://b.example/x"))),
        )
        self.assertEqual(
            ["link-path $.links[*].href: http://a.example/x -> /x"],
            told(links(("self", "http://a.example/x")), links(("self", "/x"))),
        )
        self.assertEqual([], told(links(("self", f"/x/{ONE}")), links(("self", f"/x/{TWO}"))))
        odd = {"links": [{"rel": ["x"]}, {"rel": 1}]}
        self.assertEqual([], told(odd, odd))
        self.assertEqual(["array-count $.links: 2 -> 1"], told(odd, {"links": [{"rel": 1}]}))


class TestFreeForm(unittest.TestCase):
    SAME: ClassVar = {"free_form": path_patterns(["$.inventories", "$.servers[*].metadata", "$.all[*].x"])}

    def test_names_are_data_and_what_is_below_is_not(self) -> None:
        old = {"inventories": {"VCPU": {"total": 77, "used": 88}}}
        self.assertEqual(
            ["property-removed $.inventories.*.used: 88 -> -"],
            told(old, {"inventories": {"VCPU": {"total": 77}}}, **self.SAME),
        )
        self.assertEqual(
            ["array-items $.inventories: VCPU -> PCPU"],
            told(old, {"inventories": {"PCPU": old["inventories"]["VCPU"]}}, **self.SAME),
        )
        self.assertEqual(
            [
                "property-type $.inventories.*.used: integer -> string",
                "array-items $.inventories: VCPU -> PCPU",
            ],
            told(old, {"inventories": {"PCPU": {"total": 55, "used": "88"}}}, **self.SAME),
        )
        self.assertEqual(
            ["name-removed $.inventories.*: VCPU -> -"], told(old, {"inventories": {}}, **self.SAME)
        )

    def test_items_may_be_names_too(self) -> None:
        (pattern,) = path_patterns(["$.all[*].x"])
        for path in ("$.all[*].x", "$.all.*.x"):
            self.assertTrue(pattern.fullmatch(path))
        self.assertFalse(pattern.fullmatch("$.all[*].x.y"))
        (anywhere,) = path_patterns(["$..metadata"])
        self.assertTrue(anywhere.fullmatch("$.servers[*].metadata"))
        self.assertTrue(anywhere.fullmatch("$.metadata"))

    def test_objects_named_by_ids(self) -> None:
        self.assertEqual([], told({"o": {ONE: {"a": 1}}}, {"o": {TWO: {"a": 1}}}))
        self.assertEqual(["value $.o.*.a: 1 -> 2"], told({"o": {ONE: {"a": 1}}}, {"o": {TWO: {"a": 2}}}))


class TestErrors(unittest.TestCase):
    def test_only_the_text_differs(self) -> None:
        old, new = ({"errors": [{"title": "No", "detail": text, "code": "a.b"}]} for text in ("one", "two"))
        self.assertEqual(
            ["error-message $.errors[*].detail: one -> two"], told(answer(404, old), answer(404, new))
        )

    def test_a_page_for_people_is_a_text(self) -> None:
        old, new = (answer(401, f"<html>{x}</html>".encode(), content_type="text/html") for x in "ab")
        self.assertEqual(["error-message : <html>a</html> -> <html>b</html>"], told(old, new))
        as_xml = [dataclasses.replace(one, headers=(("content-type", "text/xml"),)) for one in (old, new)]
        self.assertEqual(["value $.html: a -> b"], told(*as_xml))

    def test_a_text_in_place_of_json(self) -> None:
        old = answer(404, {"itemNotFound": {"message": "x"}})
        new = answer(404, b"<html>", content_type="application/json")
        self.assertEqual(["body-invalid-json"], [fact.kind for fact in diff(old, new)])

    def test_of_two_errors_with_other_statuses_only_the_status_is_told(self) -> None:
        self.assertEqual(["status : 404 -> 410"], told(answer(404, {"a": 1}), answer(410, [])))
        self.assertEqual(["status : 404 -> 200"], told(answer(404, {"a": 1}, X_A="1"), answer(200, [])))


class TestAnswers(unittest.TestCase):
    def test_the_same_answer_has_no_facts(self) -> None:
        response = answer(200, {"a": [1, {"b": None}]}, Vary="A")
        self.assertEqual((), diff(response, response))

    def test_headers_have_no_case_and_lists_no_order(self) -> None:
        self.assertEqual((), diff(answer(200, Vary="A, B"), answer(200, vary="b,A")))
        self.assertEqual(
            ["header-list vary: A, B -> B, C [lost a and gained c]"],
            told(answer(200, Vary="A, B"), answer(200, Vary="B, C")),
        )

    def test_ends_that_are_announced(self) -> None:
        day, later = "Thu, 01 Jan 2026 00:00:00 GMT", "Fri, 02 Jan 2026 00:00:00 GMT"
        for name, old, new, word in (
            ("Sunset", day, later, " [later]"),
            ("Sunset", later, day, " [earlier]"),
            ("Deprecation", "@1700000001", "@1700000000", " [earlier]"),
            ("Sunset", day, "soon", ""),
        ):
            self.assertEqual(
                [f"header-value {name.lower()}: {old} -> {new}{word}"],
                told(answer(200, **{name: old}), answer(200, **{name: new})),
            )
        self.assertEqual([], told(answer(200, Last_Modified=day), answer(200, Last_Modified=later)))

    def test_retry_after_where_nobody_retries(self) -> None:
        for status, word in ((409, " [inapplicable]"), (429, ""), (503, ""), (202, "")):
            self.assertEqual(
                [f"header-removed retry-after: 5 -> -{word}"],
                told(answer(status, Retry_After="5"), answer(status)),
            )

    def test_a_location_elsewhere(self) -> None:
        for old, new, fact in (
            ("http://a.example/x", "http://b.example/x", "link-host location: a.example -> b.example"),
            (
                "http://a.example/x",
                "http://b.example/y",
                "header-value location: http://a.example/x -> http://b.example/y",
            ),
            ("http://a.example/x", "/x", "header-value location: http://a.example/x -> /x"),
        ):
            self.assertEqual([fact], told(answer(201, Location=old), answer(201, Location=new)))
        known = {"volatile": frozenset({"location"}), "volatile_paths": path_patterns(["$.ref"])}
        ids, elsewhere = [f"http://h/a/{one}" for one in (ONE, TWO)], f"http://h/b/{TWO}"
        self.assertEqual([], told(answer(201, Location=ids[0]), answer(201, Location=ids[1]), **known))
        self.assertEqual([], told({"ref": ids[0]}, {"ref": ids[1]}, **known))
        self.assertEqual(1, len(told(answer(201, Location=ids[0]), answer(201, Location=elsewhere), **known)))
        self.assertEqual(1, len(told({"ref": ids[0]}, {"ref": elsewhere}, **known)))

    def test_not_a_number_is_no_json(self) -> None:
        self.assertEqual(
            ["body-invalid-json"], [f.kind for f in diff(answer(200, {"a": 1}), answer(200, b'{"a": NaN}'))]
        )

    def test_bodies_that_are_deep(self) -> None:
        for depth in (200, 480):
            old, new = (answer(200, b"[" * depth + inner + b"]" * depth) for inner in (b"1", b'"x"'))
            self.assertEqual((), diff(old, old))
            (fact,) = diff(old, new)
            self.assertIn(fact.kind, ("property-type", "body-text"))


TEXTS = ["", "x", "X", "up", ONE, TWO, "2026-01-01T00:00:00Z", "2026-01-01 00:00:00", "/x/y", "0.1", "0.10"]
NAMES = st.sampled_from(["id", "name", "links", "a", "A", "b_c", "bC", "rel", "next", "status", "code"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 60),
    st.sampled_from([0.5, 1.0, 7.25]),
    st.sampled_from(TEXTS),
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=16,
)
STATUSES = st.sampled_from([200, 200, 200, 404])
HEADERS = st.dictionaries(
    st.sampled_from(["Vary", "X-A", "Allow", "Content-Type"]), st.sampled_from(["a", "b", "a, b"]), max_size=3
)


@st.composite
def answers(draw: st.DrawFn) -> Response:
    body = (
        json.dumps(draw(DOCUMENTS)).encode()
        if draw(st.integers(0, 9))
        else draw(st.sampled_from([b"", b"x"]))
    )
    return Response(status=draw(STATUSES), headers=tuple(draw(HEADERS).items()), body=body)


class TestInversion(unittest.TestCase):
    """Exchanging the two answers turns each fact round, and makes no other."""

    @given(answers())
    @settings(max_examples=100)
    def test_an_answer_does_not_differ_from_itself(self, one: Response) -> None:
        self.assertEqual((), diff(one, one))
        again = Response(status=one.status, headers=one.headers, body=bytes(one.body))
        self.assertEqual((), diff(one, again))

    @given(answers(), answers())
    @settings(max_examples=200)
    def test_facts_turn_round(self, one: Response, other: Response) -> None:
        there, back = diff(one, other), diff(other, one)
        self.assertEqual(Counter(map(self._key, there)), Counter(map(self._turned, back)), (one, other))

    def _key(self, fact: Fact) -> tuple[Any, ...]:
        self.assertIn(fact.kind, KINDS)
        return fact.kind, fact.path, fact.seen, fact.of

    def _turned(self, fact: Fact) -> tuple[Any, ...]:
        path = fact.path
        if fact.kind == "property-moved":
            path = fact.detail
        elif fact.kind in ("property-renamed", "property-restyled"):
            path = f"{path.rpartition('.')[0]}.{fact.detail}"
        return INVERSES[fact.kind], path, fact.seen, fact.of


if __name__ == "__main__":
    unittest.main()
