"""Scenarios as they are read: overlays, variables, matchers, digests; nothing but LoadError comes out."""

from __future__ import annotations

import random
import unittest
from pathlib import Path
from typing import Any, ClassVar

import yaml

from contract_tests.errors import LoadError, UsageError
from contract_tests.loading.config import SHIPPED, Places
from contract_tests.loading.library import Library, files_below
from contract_tests.loading.nodes import plain
from contract_tests.loading.overlays import MERGED
from contract_tests.loading.scenario import read_scenario
from contract_tests.loading.source import Source, closest, nearest, read_source
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.matcher import OPERATORS, Matcher
from contract_tests.model.scenario import Scenario
from contract_tests.model.template import Template
from tests.unit.loading_support import HEAD, PROJECT, LoadingTest, version


def matcher(call: Any, path: str) -> tuple[str, Any]:
    """The operator and the operand of what a call expects at a JSON path."""
    found: Matcher = next(
        matcher for known, matcher in call.expect.json if getattr(known, "source", "") == path
    )
    return found.operator, found.operand


class OverlayTest(LoadingTest):
    def test_the_maps_that_merge(self) -> None:
        """headers, query, save, expect and its headers, json and xml merge key by key, and nothing else."""
        self.assertEqual(
            MERGED,
            {"headers": {}, "query": {}, "save": {}, "expect": {"headers": {}, "json": {}, "xml": {}}},
        )

    def test_headers_and_query_merge_key_by_key(self) -> None:
        text = """
            name: list
            GET: /tickets
            headers: {X-A: a, X-B: b}
            query: {limit: 5, sort: [a, b]}
            expect: {status: 200}
            since:
              1.4: {headers: {x-b: c, X-C: d}, query: {sort: id, page: 2}}
        """
        call = self.call(text, "1.4")
        self.assertEqual(call.headers, (("X-A", "a"), ("x-b", "c"), ("X-C", "d")))
        self.assertEqual(call.query, (("limit", "5"), ("sort", "id"), ("page", "2")))
        self.assertEqual(self.call(text, "1.3").query, (("limit", "5"), ("sort", "a"), ("sort", "b")))

    def test_null_removes_a_header_or_a_query_parameter(self) -> None:
        text = """
            name: list
            GET: /tickets
            headers: {X-A: a, X-B: b}
            query: {limit: 5, sort: id}
            expect: {status: 200}
            since: {1.4: {headers: {x-a: null}, query: {limit: ~}}}
        """
        call = self.call(text, "1.4")
        self.assertEqual((call.headers, call.query), ((("X-B", "b"),), (("sort", "id"),)))

    def test_expectations_merge_key_by_key(self) -> None:
        text = """
            name: list
            GET: /tickets
            expect: {status: 200, headers: {vary: a, ETag: b}, json: {$.a: 1, $.b: 2}, body: present}
            since: {1.4: {expect: {headers: {etag: c}, json: {$.b: 3, $.c: 4}}}}
        """
        expect = self.call(text, "1.4").expect
        assert expect is not None
        self.assertEqual([(name, m.operand) for name, m in expect.headers], [("vary", "a"), ("etag", "c")])
        self.assertEqual([m.operand for _, m in expect.json], [1, 3, 4])
        self.assertEqual((expect.status, expect.body), ((200,), "present"))

    def test_a_matcher_replaces_the_older_one_whole(self) -> None:
        text = """
            name: list
            GET: /tickets
            expect: {status: 200, json: {$.a: {one_of: [1, 2]}, $.b: {length: 3}}}
            since: {1.4: {expect: {json: {$.a: {type: integer}, $.b: null}}}}
        """
        call = self.call(text, "1.4")
        self.assertEqual(matcher(call, "$.a"), ("type", "integer"))
        self.assertEqual(matcher(call, "$.b"), ("equals", None))

    def test_save_merges_by_variable(self) -> None:
        scenario = self.scenario("""
            calls:
              - name: create
                POST: /tickets
                expect: {status: 201}
                save: {id: $.id, at: {header: location}}
                since: {1.4: {save: {at: {header: location, match: "[^/]+$"}}}}
              - {name: show, GET: "/tickets/${id}/${at}", expect: {status: 200}}
        """)
        call = scenario.calls[0].at(version("1.4"))
        assert call is not None
        by_name = {save.name: save for save in call.save}
        self.assertEqual(by_name["id"].path, JsonPath("$.id"))
        self.assertEqual((by_name["at"].header, by_name["at"].match), ("location", "[^/]+$"))

    def test_a_body_replaces_the_older_one_whole_whatever_its_kind(self) -> None:
        text = """
            name: create
            POST: /tickets
            json: {title: a, owner: {name: b, mail: c}}
            expect: {status: 201}
            since:
              1.4: {json: {owner: {name: d}}}
              1.6: {form: {title: a}}
              1.8: {json: null}
        """
        bodies = [self.call(text, at).body for at in ("1.3", "1.4", "1.6", "1.8")]
        self.assertEqual(
            [(body.kind, body.value) for body in bodies if body is not None],
            [
                ("json", {"title": "a", "owner": {"name": "b", "mail": "c"}}),
                ("json", {"owner": {"name": "d"}}),
                ("form", (("title", "a"),)),
                ("json", None),
            ],
        )

    def test_a_method_replaces_the_older_one(self) -> None:
        text = """
            name: change
            PUT: /tickets/1
            expect: {status: 200}
            since: {1.4: {PATCH: /tickets/2}, 1.6: {PATCH: /tickets/3}}
        """
        calls = [self.call(text, at) for at in ("1.3", "1.4", "1.6")]
        self.assertEqual(
            [(call.method, call.target) for call in calls],
            [("PUT", "/tickets/1"), ("PATCH", "/tickets/2"), ("PATCH", "/tickets/3")],
        )

    def test_any_lifts_an_expectation(self) -> None:
        text = """
            name: show
            GET: /tickets/1
            expect:
              status: 200
              headers: {vary: a}
              json: {$.a: 1}
              schema: ticket
              body: present
              text: {contains: a}
              sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
            since:
              1.4:
                expect:
                  headers: {vary: {any: true}}
                  json: {$.a: {any: true}}
                  schema: {any: true}
                  body: {any: true}
                  text: {any: true}
                  sha256: {any: true}
        """
        expect = self.call(text, "1.4").expect
        assert expect is not None
        self.assertEqual((expect.schema, expect.body, expect.text, expect.sha256), (None, "", None, ""))
        self.assertEqual([m.operator for _, m in (*expect.headers, *expect.json)], ["any", "any"])

    def test_overlays_add_up_in_the_order_of_versions_not_of_lines(self) -> None:
        text = """
            name: list
            GET: /tickets
            expect: {status: 200}
            since:
              1.10: {expect: {status: 203}}
              1.9: {expect: {status: 202, headers: {vary: a}}}
        """
        expect = self.call(text, "1.10").expect
        assert expect is not None
        self.assertEqual((expect.status, len(expect.headers)), ((203,), 1))

    def test_a_text_that_is_another_number_is_a_change(self) -> None:
        text = """
            name: list
            GET: /tickets
            expect: {status: 200, headers: {x-max: 1.1}}
            since: {1.4: {expect: {headers: {x-max: 1.10}}}}
        """
        expect = self.call(text, "1.4").expect
        assert expect is not None
        self.assertEqual(expect.headers[0][1].operand, "1.10")


class HistoryTest(LoadingTest):
    def test_at_every_boundary(self) -> None:
        scenario = self.scenario(
            """
            calls:
              - name: list
                GET: /tickets
                microversions: 1.3-1.12
                expect: {status: 200}
                since: {1.5: {expect: {status: 201}}, 1.10: {expect: {status: 202}}}
            """,
            HEAD + "microversions: 1.2-1.20\n",
        )
        history = scenario.calls[0]
        seen = {}
        for text in ("1.2", "1.3", "1.4", "1.5", "1.9", "1.10", "1.11", "1.12", "1.13", "1.20"):
            call = history.at(version(text))
            seen[text] = call.expect.status[0] if call is not None and call.expect is not None else None
        self.assertEqual(
            seen,
            {
                **dict.fromkeys(("1.2", "1.13", "1.20")),
                **dict.fromkeys(("1.3", "1.4"), 200),
                **dict.fromkeys(("1.5", "1.9"), 201),
                **dict.fromkeys(("1.10", "1.11", "1.12"), 202),
            },
        )
        self.assertEqual([str(v) for v in history.since], ["1.5", "1.10"])

    def test_without_a_microversion_the_base_holds(self) -> None:
        scenario = self.scenario(
            "calls: [{name: list, GET: /things, expect: {status: 200}}]",
            HEAD.replace("service: tickets", "service: plain"),
        )
        call = scenario.calls[0].at(None)
        assert call is not None
        self.assertEqual(call.method, "GET")
        self.assertEqual(scenario.points(), ())

    def test_a_call_is_limited_by_its_scenario_too(self) -> None:
        scenario = self.scenario(
            "calls: [{name: a, GET: /x, microversions: 1.0-1.30, expect: {status: 200}}]",
            HEAD + "microversions: 1.5-1.10\n",
        )
        self.assertEqual(str(scenario.calls[0].range), "1.5-1.10")

    def test_points_are_overlays_limits_and_changes_of_schemas(self) -> None:
        scenario = self.scenario(
            """
            calls:
              - name: a
                GET: /x
                expect: {status: 200, schema: ticket}
                since: {1.12: {expect: {status: 201}}}
              - {name: b, GET: /x, microversions: 1.8-, expect: {status: 200}}
            """,
            HEAD + "microversions: 1.2-1.20\n",
        )
        self.assertEqual([str(v) for v in scenario.points()], ["1.2", "1.6", "1.8", "1.12"])

    def test_cleanup_comes_after_the_calls(self) -> None:
        scenario = self.scenario("""
            calls: [{name: a, GET: /x, expect: {status: 200}}]
            cleanup: [{DELETE: /x}, {name: last, DELETE: /y, expect: {status: [204, 404]}}]
        """)
        self.assertEqual([h.name for h in scenario.histories], ["a", "cleanup 1", "last"])
        self.assertEqual([h.cleanup for h in scenario.histories], [False, True, True])


class VariablesTest(LoadingTest):
    def test_a_saved_variable_serves_the_calls_after_it(self) -> None:
        create = "{name: create, POST: /t, expect: {status: 201}, save: {id: $.id}}"
        show = '{name: show, GET: "/t/${id}", expect: {status: 200}}'
        self.assertEqual(self.problems(f"calls: [{create}, {show}]"), [])
        self.assertEqual(self.problems(f"calls: [{show}, {create}]"), ["4: undefined-variable"])

    def test_a_call_does_not_have_what_it_saves_itself(self) -> None:
        text = 'calls: [{name: a, POST: "/t/${id}", expect: {status: 201}, save: {id: $.id}}]'
        self.assertEqual(self.problems(text), ["4: undefined-variable"])

    def test_every_place_of_a_variable_counts(self) -> None:
        for place in (
            'GET: "/t/${x}"',
            'GET: /t, query: {q: "${x}"}',
            'GET: /t, headers: {h: "a${x}"}',
            'POST: /t, json: {a: [{"${x}": 1}]}',
            'POST: /t, form: {a: "${x}"}',
            'POST: /t, text: "${x}"',
            'GET: /t, microversion: "${x}"',
        ):
            with self.subTest(place=place):
                call = f"{{name: a, {place}, expect: {{status: 200}}}}"
                self.assertEqual(self.problems(f"vars: {{x: 1}}\ncalls: [{call}]"), [])
                self.assertEqual(self.problems(f"calls: [{call}]"), ["4: undefined-variable"])

    def test_every_expectation_may_use_one(self) -> None:
        for expectation in (
            'headers: {a: "${x}"}',
            "json: {\"$['${x}']\": 1}",
            'json: {$.a: {not: {match: "^${x}$"}}}',
            'json: {$.a: {one_of: [1, "${x}"]}}',
            'text: {contains: "${x}"}',
        ):
            with self.subTest(expectation=expectation):
                text = f"calls: [{{name: a, GET: /t, expect: {{status: 200, {expectation}}}}}]"
                self.assertEqual(self.problems("vars: {x: 1}\n" + text), [])
                self.assertEqual(self.problems(text), ["4: undefined-variable"])

    def test_what_only_some_microversions_save_is_missing_at_the_others(self) -> None:
        calls = """
            calls:
              - {name: old, POST: /t, expect: {status: 201}, microversions: -1.9, save: {id: $.id}}
              - {name: new, POST: /t, expect: {status: 201}, microversions: 1.10-, save: {id: $.uuid}}
              - {name: show, GET: "/t/${id}", expect: {status: 200}}
        """
        self.assertEqual(self.problems(calls), [])
        self.assertEqual(self.problems(calls.replace("1.10-", "1.11-")), ["8: undefined-variable"])

    def test_a_call_that_is_there_only_where_the_variable_is(self) -> None:
        self.assertEqual(
            self.problems("""
                calls:
                  - {name: a, POST: /t, expect: {status: 201}, since: {1.4: {save: {id: $.id}}}}
                  - {name: b, GET: "/t/${id}", microversions: 1.4-, expect: {status: 200}}
            """),
            [],
        )

    def test_variables_may_be_made_of_older_ones(self) -> None:
        call = 'calls: [{name: a, GET: "/t/${b}", expect: {status: 200}}]'
        self.assertEqual(self.problems('vars: {a: 1, b: "x${a}"}\n' + call), [])
        self.assertEqual(self.problems('vars: {b: "x${a}", a: 1}\n' + call), ["4: undefined-variable"])

    def test_values_keep_their_types(self) -> None:
        scenario = self.scenario("""
            vars: {a: 1, b: "1", c: null, d: [true, {e: "${a}"}], f: {generate: uuid}}
            calls:
              - {name: a, POST: /t, json: ["${a}", "${b}", "${c}", "${d}", "${f}"], expect: {status: 200}}
        """)
        kinds = {name: kind for name, (kind, _) in scenario.variables}
        self.assertEqual(kinds, {"a": "value", "b": "value", "c": "value", "d": "value", "f": "generate"})
        values = {name: value for name, (_, value) in scenario.variables}
        self.assertEqual((values["a"], values["b"], values["c"]), (1, "1", None))


class DigestTest(LoadingTest):
    BASE = """
        vars: {a: 1, b: "x${a}", seen: 1}
        as: member
        calls:
          - name: list
            POST: /tickets/${b}
            headers: {x-version: 1.1}
            query: {q: 1.1}
            json: {a: [1, 2]}
            expect: {status: 200, json: {$.seen: "${seen}"}}
    """

    def digest(self, text: str) -> str:
        return self.scenario(text).calls[0].stages[-1][1].asked

    def test_what_changes_the_request_changes_it(self) -> None:
        base = self.digest(self.BASE)
        for old, new in (
            ("POST: ", "PUT: "),
            ("/tickets/", "/ticket/"),
            ("x-version: 1.1}", "x-version: 1.10}"),
            ("q: 1.1", "q: 1.10"),
            ("q: 1.1", "q: [1.1, 1.1]"),
            ("[1, 2]", "[2, 1]"),
            ("json: {a: [1, 2]}", "form: {a: [1, 2]}"),
            ("as: member", "as: reader"),
            ("a: 1, b", "a: 2, b"),
            ('"x${a}"', '"y${a}"'),
            ("    expect", "    redirects: true\n            expect"),
            ("    expect", "    microversion: latest\n            expect"),
            ("json: {a: [1, 2]}", "text: '{a: [1, 2]}'"),
        ):
            with self.subTest(new=new):
                self.assertIn(old, self.BASE)
                self.assertNotEqual(self.digest(self.BASE.replace(old, new)), base)

    def test_what_does_not_change_the_request_does_not(self) -> None:
        base = self.digest(self.BASE)
        for old, new in (
            ("status: 200", "status: [200, 201]"),
            ("seen: 1}", "seen: 2}"),
            ("name: list", "name: list all"),
            ("as: member\n", "as: member\n        tags: [smoke]\n"),
            ("{a: [1, 2]}", '{"a": [1, 2]}'),
            ("x-version: 1.1}", 'x-version: "1.1"}'),
            ("    expect", "    since: {1.4: {expect: {status: 201}}}\n            expect"),
            ("    expect", "    poll: {until: {status: 200}, every: 1s, for: 2s}\n            expect"),
        ):
            with self.subTest(new=new):
                self.assertIn(old, self.BASE)
                self.assertEqual(self.digest(self.BASE.replace(old, new)), base)

    def test_the_content_of_a_file_counts_not_its_name(self) -> None:
        text = "calls: [{name: a, PUT: /t, file: a.bin, expect: {status: 200}}]"
        self.write("a.bin", "one")
        one = self.digest(text)
        self.write("b.bin", "one")
        self.assertEqual(self.digest(text.replace("a.bin", "b.bin")), one)
        self.write("a.bin", "two")
        self.assertNotEqual(self.digest(text), one)

    def test_each_stage_has_its_own(self) -> None:
        scenario = self.scenario("""
            calls:
              - name: a
                GET: /t
                expect: {status: 200}
                since: {1.2: {expect: {status: 201}}, 1.4: {query: {a: 1}}}
        """)
        base, same, other = (call.asked for _, call in scenario.calls[0].stages)
        self.assertEqual(base, same)
        self.assertNotEqual(base, other)


class RestOfACallTest(LoadingTest):
    def test_roles(self) -> None:
        scenario = self.scenario("""
            as: reader
            calls:
              - {name: a, GET: /t, expect: {status: 200}}
              - {name: b, GET: /t, as: none, expect: {status: 200}, since: {1.4: {as: admin}}}
        """)
        roles = [[call.role for _, call in history.stages] for history in scenario.calls]
        self.assertEqual(roles, [["reader"], ["none", "admin"]])

    def test_admin_asks_where_nobody_is_named(self) -> None:
        self.assertEqual(self.call("name: a\nGET: /t\nexpect: {status: 200}").role, "admin")

    def test_requires(self) -> None:
        scenario = self.scenario("""
            requires: {release: 9.0.0-, extensions: [quotas, tags]}
            calls: [{name: a, GET: /t, requires: {versions: [v3]}, expect: {status: 200}}]
        """)
        self.assertEqual(
            (str(scenario.requires.release), scenario.requires.extensions), ("9.0.0-", ("quotas", "tags"))
        )
        self.assertEqual(scenario.calls[0].requires.versions, ("v3",))

    def test_poll(self) -> None:
        poll = self.call("""
            name: wait
            GET: /t
            poll: {until: {json: {$.state: open}}, every: 500ms, for: 1.5m}
            expect: {status: 200}
        """).poll
        assert poll is not None
        self.assertEqual((poll.every, poll.limit), (0.5, 90.0))
        self.assertEqual([m.operand for _, m in poll.until.json], ["open"])

    def test_tags_and_names(self) -> None:
        scenario = self.scenario("tags: [smoke, a.b]\ncalls: [{name: a, GET: /t, expect: {status: 200}}]")
        self.assertEqual((scenario.tags, scenario.slug), (frozenset({"smoke", "a.b"}), "scenario"))

    def test_bodies(self) -> None:
        self.write("a.bin", "\N{SNOWMAN}")
        for written, kind, value in (
            ("json: {a: 1}", "json", {"a": 1}),
            ("form: {a: [1, 1.10], b: x}", "form", (("a", "1"), ("a", "1.10"), ("b", "x"))),
            ("text: abc", "text", "abc"),
            ("base64: aGk=", "bytes", b"hi"),
            ("file: a.bin", "bytes", b"\xe2\x98\x83"),
        ):
            with self.subTest(written=written):
                body = self.call(f"name: a\nPOST: /t\n{written}\nexpect: {{status: 200}}").body
                assert body is not None
                self.assertEqual((body.kind, body.value), (kind, value))

    def test_a_file_behind_a_link_that_leads_out_is_outside(self) -> None:
        (self.folder / "link").symlink_to("/etc/passwd")
        text = "calls: [{name: a, POST: /t, file: link, expect: {status: 200}}]"
        self.assertEqual(self.problems(text), ["4: file-outside"])

    def test_json_paths_with_variables_are_templates(self) -> None:
        scenario = self.scenario("""
            vars: {id: 1}
            calls: [{name: a, GET: /t, expect: {status: 200, json: {"$['${id}']": 1, $.b: 2}}}]
        """)
        expect = scenario.calls[0].stages[0][1].expect
        assert expect is not None
        self.assertEqual([type(path) for path, _ in expect.json], [Template, JsonPath])

    def test_a_variable_may_stand_for_a_number_in_a_json_path(self) -> None:
        text = """
            vars: {id: 7}
            calls: [{name: a, GET: /t, expect: {status: 200, json: {"PATH": 1}}}]
        """
        for path in ("$.tickets[?@.id == ${id}].name", "$.tickets[${id}]", "$.a${id}"):
            with self.subTest(path):
                self.assertEqual(self.problems(text.replace("PATH", path)), [])
        wrong = self.problems(text.replace("PATH", "$.tickets[?@.id == ${id}"))
        self.assertEqual(wrong, ["6: bad-jsonpath"])


class MatcherTest(LoadingTest):
    GOOD: ClassVar[dict[str, list[Any]]] = {
        "any": [1, None, "a", [1], {"a": 1}],
        "pattern": ["^a$", "${x}+"],
        "true": [True],
        "type": ["string", "null", None],
        "format": ["uuid", "date-time"],
        "list": [[1], [[]], "${x}"],
        "number": [1, -1.5, "2024-06-01", "${x}"],
        "matcher": [0, {"ge": 1}, {"equals": 3}],
    }
    BAD: ClassVar[dict[str, list[Any]]] = {
        "any": [],
        "pattern": [1, None, True, ["a"], {"a": 1}, "(", "a{2,1}"],
        "true": [False, None, "true", 1, []],
        "type": ["text", 1, True, []],
        "format": ["guid", None, []],
        "list": [1, "a", None, {"a": 1}],
        "number": [True, None, [], {}],
        "matcher": [{}, {"mach": 1}, {"match": 1}, {"gt": 1, "lt": 2}],
    }

    def rules(self, operator: str, operand: Any) -> set[str]:
        expected = {"$.a": {operator: operand}}
        text = yaml.safe_dump({"vars": {"x": "1"}, "calls": [self.call_of(expected)]})
        return {problem.split()[1] for problem in self.problems(text)} - {"unused-variable"}

    @staticmethod
    def call_of(expected: Any) -> dict[str, Any]:
        return {"name": "a", "GET": "/t", "expect": {"status": 200, "json": expected}}

    def test_the_operand_of_every_operator(self) -> None:
        for name, operator in OPERATORS.items():
            for operand in self.GOOD[operator.operand]:
                with self.subTest(operator=name, good=operand):
                    self.assertEqual(self.rules(name, operand), set())
            for operand in self.BAD[operator.operand]:
                with self.subTest(operator=name, bad=operand):
                    self.assertTrue(
                        self.rules(name, operand) & {"bad-matcher", "bad-regex", "unknown-matcher"}
                    )

    def test_a_length_is_a_number_or_a_matcher(self) -> None:
        for good in (0, 3, "${x}", {"gt": 2}):
            self.assertEqual(self.rules("length", good), set())
        for bad in (-1, 1.5, "many", True, None):
            self.assertEqual(self.rules("length", bad), {"bad-matcher"})

    def test_in_a_header_numbers_are_texts(self) -> None:
        expect = self.call("""
            name: a
            GET: /t
            expect:
              status: 200
              headers:
                a: 1.10
                b: {one_of: [1.10, x]}
                c: {not: 2}
                d: {not: {equals: 3.0}}
                e: true
                f: {length: {ge: 2}}
        """).expect
        assert expect is not None
        found = dict(expect.headers)
        self.assertEqual([found[name].operand for name in "abce"], ["1.10", ["1.10", "x"], "2", "true"])
        self.assertEqual((found["d"].operand.operand, found["f"].operand.operand), ("3.0", 2))

    def test_no_value_has_a_hidden_meaning(self) -> None:
        call = self.call("""
            name: a
            GET: /t
            expect: {status: 200, json: {$.a: /x/, $.b: "<5", $.c: [match, a], $.d: {equals: {match: a}}}}
        """)
        found = [matcher(call, path) for path in ("$.a", "$.b", "$.c", "$.d")]
        self.assertEqual(
            found,
            [("equals", "/x/"), ("equals", "<5"), ("equals", ["match", "a"]), ("equals", {"match": "a"})],
        )


class ExampleTest(unittest.TestCase):
    def test_the_example_of_the_design(self) -> None:
        """The scenario that the language was designed by loads as it stands."""
        text = """\
scenario: resource provider lifecycle
id: 0f6c3c0e-6d1b-4f0e-9d0e-1f3f6f1f2a55   # stable for ever: test ids and cassettes hang on it
service: placement
microversions: 1.0-                         # the range that it covers; `-` open at either end
tags: [smoke]

vars:
  uuid: {generate: uuid}                    # fixed by scenario id + microversion + name
  name: {generate: name}

calls:
  - name: create
    POST: /resource_providers
    json: {name: "${name}", uuid: "${uuid}"}
    expect:
      status: 201
      headers: {location: {match: "/resource_providers/${uuid}$"}}
      body: absent
    since:
      1.20:
        expect: {status: 200, body: present, schema: resource_provider}

  - name: show
    GET: /resource_providers/${uuid}
    expect:
      status: 200
      schema: resource_provider
      json: {$.generation: 0, $.root_provider_uuid: {absent: true}}
      headers: {cache-control: {absent: true}}
    since:
      1.14: {expect: {json: {$.root_provider_uuid: "${uuid}"}}}
      1.15: {expect: {headers: {cache-control: no-cache}}}

  - name: show an unknown one
    GET: /resource_providers/00000000-0000-0000-0000-000000000000
    expect: {status: 404, schema: error}

cleanup:
  - DELETE: /resource_providers/${uuid}
    expect: {status: 204}
"""
        library = Library(Places().with_shipped())
        path = Path("resource_providers.yaml")
        source = Source("resource_providers.yaml", text)
        scenario = read_scenario(source, path, library)
        self.assertEqual([str(problem) for problem in (*source.problems, *library.problems)], [])
        assert isinstance(scenario, Scenario)
        self.assertTrue({"1.14", "1.15", "1.20"} <= {str(point) for point in scenario.points()})


class SourceTest(LoadingTest):
    def test_scalars_are_those_of_yaml_1_2(self) -> None:
        source = Source(
            "a.yaml", "[1, -2, 1.50, 1e2, 'x', no, 0x1f, 1_000, .5, True, NULL, '', 12:30, +3, .inf]"
        )
        self.assertEqual(
            plain(source.root),
            [1, -2, 1.5, 100.0, "x", "no", "0x1f", "1_000", 0.5, True, None, "", "12:30", 3, ".inf"],
        )

    def test_positions_count_characters(self) -> None:
        source = Source("a.yaml", 'ä: {größe: "x", b: 1}\n')
        node = source.root.entries[0][1].key("b")
        self.assertEqual((node.mark.line, node.mark.column, node.length), (1, 17, 1))

    def test_lines_are_those_of_yaml(self) -> None:
        """A form feed or a line separator in a comment does not shift the lines of messages."""
        source = Source("a.yaml", "a: 1 # x\u2028b: 2\r\nc: 3\rc: 4\n")
        self.assertEqual([(p.line, p.source) for p in source.problems], [(4, "c: 4")])

    def test_control_characters_of_a_file_do_not_reach_the_terminal(self) -> None:
        source = Source("a.yaml", '"\\x1b[31m\\n": 1\n"\\x1b[31m\\n": 2\n')
        self.assertEqual(
            [p.message for p in source.problems], ["the key '\\x1b[31m\\n' stands here a second time"]
        )

    def test_a_file_that_cannot_be_read(self) -> None:
        with self.assertRaises(LoadError) as caught:
            read_source(self.folder)
        self.assertEqual(caught.exception.problems[0].rule, "unreadable")

    def test_a_path_that_does_not_exist(self) -> None:
        with self.assertRaises(UsageError):
            Library(self.places).scenarios([self.folder / "nowhere"])

    def test_hidden_files_are_left_alone(self) -> None:
        for name in ("b.yaml", "a.yml", ".c.yaml", ".git/d.yaml", "e.json", "sub/f.yaml"):
            self.write(f"scenarios/{name}", "")
        names = [
            str(path.relative_to(self.folder / "scenarios"))
            for path in files_below(self.folder / "scenarios")
        ]
        self.assertEqual(names, ["a.yml", "b.yaml", "sub/f.yaml"])

    def test_the_nearest_word(self) -> None:
        self.assertEqual(closest("EXPCT", ["expect", "except"]), "expect")
        self.assertEqual(nearest("zzz", ["expect", "as"]), "known here: expect, as")
        self.assertEqual(nearest("zzz", ["expect"], "look it up"), "look it up")
        self.assertEqual(nearest("zzz", []), "")

    def test_a_million_brackets_do_not_crash(self) -> None:
        for text in ("[" * 1_000_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000):
            self.assertEqual([p.rule for p in Source("a.yaml", text).problems], ["too-deep"])

    def test_aliases_count_for_what_they_stand_for(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 60)]
        self.assertEqual([p.rule for p in Source("a.yaml", "\n".join(lines)).problems], ["too-large"])
        nested = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 100)]
        self.assertEqual([p.rule for p in Source("a.yaml", "\n".join(nested)).problems], ["too-deep"])


WORDS: tuple[Any, ...] = (
    *(
        "since",
        "expect",
        "json",
        "match",
        "${uuid}",
        "${",
        "$${",
        "${a b}",
        "$..*",
        "[",
        "1.10",
        "latest",
        "x" * 300,
    ),
    *(
        None,
        True,
        0,
        -1,
        1e300,
        1.5,
        "",
        "~nobody",
        "absent",
        "$ref",
        "#/x",
        "type",
        "^[",
        "GET",
        "é\u2028",
        "\x1b[31m",
    ),
    *({}, [], {"any": True}, {"a": {"b": {}}}, [{}], {"match": "(a+)+$"}, {"match": "a{99999999999}"}),
    *({"1.5": None}, {"1.4": {"json": None}}, "\0"),
)


class FuzzTest(LoadingTest):
    """Whatever stands in a file, LoadError is all that comes out of it."""

    def files(self) -> list[Path]:
        shipped = (*SHIPPED.glob("scenarios/placement/*.yaml"), *SHIPPED.glob("schemas/placement/*.yaml"))
        fine = PROJECT.parent / "fine"
        small = [path for path in sorted(shipped) if path.stat().st_size < 4000]
        return [*small[::4], *sorted(fine.glob("*.yaml")), *sorted((PROJECT / "services").glob("*.yaml"))]

    def read(self, path: Path, data: bytes) -> None:
        kind = "schemas/tickets" if "schemas" in path.parts else "scenarios"
        file = self.folder / kind / path.name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        library = Library(self.places, {})
        if library.check_file(file) == "scenario":
            library.scenarios([file])
        for problem in library.problems:
            self.assertNotIn("\x1b", str(problem))

    def test_changed_values(self) -> None:
        chance = random.Random(20240601)
        files = [(path, plain(Source("x", path.read_text("utf-8-sig")).root)) for path in self.files()]
        for number in range(100):
            path, document = chance.choice(files)
            changed = _mutated(document, chance)
            with self.subTest(number=number, path=path.name):
                self.read(path, yaml.dump(changed, sort_keys=False, allow_unicode=True).encode())

    def test_changed_bytes(self) -> None:
        chance = random.Random(20240602)
        files = [(path, path.read_bytes()) for path in self.files()]
        for number in range(100):
            path, data = chance.choice(files)
            with self.subTest(number=number, path=path.name):
                self.read(path, _damaged(data, chance))


def _mutated(document: Any, chance: random.Random) -> Any:
    """`document` with one to four values deleted, replaced, renamed or put elsewhere."""
    copied = yaml.safe_load(yaml.safe_dump(document))
    for _ in range(chance.randint(1, 4)):
        places = list(_places(copied))
        if not places:
            break
        holder, key = chance.choice(places)
        action = chance.randrange(4)
        if action == 0:
            del holder[key]
        elif action == 1:
            holder[key] = chance.choice(WORDS)
        elif action == 2:
            other, at = chance.choice(places)
            holder[key] = yaml.safe_load(yaml.safe_dump(other[at]))
        elif isinstance(holder, dict):
            holder[chance.choice([word for word in WORDS if not isinstance(word, (dict, list))])] = (
                holder.pop(key)
            )
    return copied


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


def _damaged(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(changed) + 1)
        end = min(len(changed), start + chance.randrange(30))
        changed[start:end] = chance.choice(
            (b"", changed[start:end] * 2, bytes(chance.choices(b"{}[]:,-&*!|>'\"%@`#?\t\n $0a\xff\0", k=3)))
        )
    return bytes(changed)


if __name__ == "__main__":
    unittest.main()
