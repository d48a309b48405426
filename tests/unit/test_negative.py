"""Refused input: a tiny server with planted holes, and what `negative:` finds of them."""

from __future__ import annotations

import json
import re
import unittest
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from contract_tests.comparison.policy import Policy
from contract_tests.comparison.rules import Context, Verdict
from contract_tests.errors import LoadError
from contract_tests.execution.case import run_case
from contract_tests.execution.compare import compare
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.random_input import explorer
from contract_tests.execution.runner import Job
from contract_tests.model.case import CallResult, CaseResult, Outcome
from contract_tests.model.derivation import KINDS
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Call
from contract_tests.model.trials import calls_at, random_trial, source_of
from tests.unit.building import Transport, answer, case_at, deployment, scenario

SERVICE = """
service: toy
version: {dialect: none}
errors: {schema: error}
"""
SCHEMAS = {
    "error": "{type: object, required: [error], properties: {error: {type: string}}}",
    "ship": """
type: object
additionalProperties: false
required: [name, size]
properties:
  name: {type: string, minLength: 1, maxLength: 8}
  size: {type: integer, minimum: 1, maximum: 9}
  kind: {enum: [sail, steam]}
  owner: {type: string, format: uuid}
  crew:
    type: array
    minItems: 1
    maxItems: 2
    uniqueItems: true
    items:
      type: object
      additionalProperties: false
      required: [rank]
      properties: {rank: {type: string, pattern: "^[a-z]+$"}}
""",
    "search": """
type: object
additionalProperties: false
properties: {limit: {type: string, pattern: "^[1-9]$"}}
""",
}
SCENARIO = """
vars: {owner: {generate: uuid}}
calls:
  - name: build
    POST: /ships
    json: {name: argo, size: 3, kind: sail, owner: "${owner}", crew: [{rank: cook}]}
    expect: {status: 201}
    save: {ship: {header: location}}
    negative:
      schema: ship
      look: /ships
      undo: [{DELETE: "${ship}"}]
  - name: search
    GET: /ships
    query: {limit: "1"}
    expect: {status: 200}
    negative: {query: search}
"""


class Harbour:
    """Builds ships. It refuses all that the schema refuses, but for its one hole."""

    def __init__(self, hole: str = "") -> None:
        self.hole = hole
        self.ships: dict[str, Any] = {}
        self.made = 0

    def __call__(self, request: Request) -> Response:
        path, _, query = request.target.partition("?")
        pairs = dict(parse_qsl(query, keep_blank_values=True))
        if request.method == "DELETE":
            return answer(204 if self.ships.pop(path, None) else 404)
        if set(pairs) - {"limit"} and self.hole != "unknown parameter":
            return answer(400, {"error": "unknown parameter"})
        if request.method == "GET":
            if not re.fullmatch("[1-9]", pairs.get("limit", "1")) and self.hole != "parameter":
                return answer(400, {"error": "limit"})
            return answer(200, {"ships": list(self.ships.values())})
        return self.build(request)

    def build(self, request: Request) -> Response:
        kinds = [value for name, value in request.headers if name.lower() == "content-type"]
        if kinds != ["application/json"] and self.hole != "media type":
            return answer(415, {"error": "JSON, please"})
        if not request.body and self.hole == "empty body":
            return self.launch({})
        try:
            ship = json.loads(request.body or b"")
        except ValueError:
            if self.hole == "broken JSON":
                return answer(500, {"error": "sqlite3.OperationalError"})
            return answer(400, {"error": "no JSON"})
        faults = [name for name, bad in CHECKS.items() if self.tries(bad, ship)]
        if "not an object" in faults:
            return answer(400, {"error": "an object, please"})
        if self.hole == "changes before it refuses" and faults:
            self.ships["/ships/lost"] = ship
        if self.hole == "refuses the longest name" and len(str(ship.get("name"))) == 8:
            faults.append("too long by one")
        if [fault for fault in faults if fault != self.hole]:
            return answer(422 if self.hole == "another status" else 400, {"error": ", ".join(faults)})
        return self.launch(ship)

    @staticmethod
    def tries(bad: Callable[[Any], bool], ship: Any) -> bool:
        try:
            return bad(ship)
        except (TypeError, AttributeError, KeyError, IndexError):
            return False

    def launch(self, ship: Any) -> Response:
        self.made += 1
        place = f"/ships/{uuid.UUID(int=self.made)}"
        self.ships[place] = ship
        return answer(201, None, location=place)


UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


CHECKS: dict[str, Callable[[Any], bool]] = {
    "not an object": lambda s: not isinstance(s, dict),
    "missing": lambda s: "name" not in s or "size" not in s or any("rank" not in c for c in s["crew"]),
    "type": lambda s: any(
        name in s and s[name] is not None and not right(s[name])
        for name, right in (
            ("name", lambda v: isinstance(v, str)),
            ("size", _is_int),
            ("kind", lambda v: isinstance(v, str)),
            ("owner", lambda v: isinstance(v, str)),
            ("crew", lambda v: isinstance(v, list)),
        )
    ),
    "crew": lambda s: any(not isinstance(c, dict) for c in s["crew"]),
    "null": lambda s: None in s.values(),
    "unknown at the root": lambda s: bool(set(s) - {"name", "size", "kind", "owner", "crew"}),
    "unknown below": lambda s: any(set(c) - {"rank"} for c in s["crew"]),
    "too long": lambda s: len(s["name"]) > 8,
    "too short": lambda s: len(s["name"]) < 1,
    "too small": lambda s: _is_int(s["size"]) and s["size"] < 1,
    "too large": lambda s: _is_int(s["size"]) and s["size"] > 9,
    "word": lambda s: isinstance(s["kind"], str) and s["kind"] not in ("sail", "steam"),
    "format": lambda s: isinstance(s["owner"], str) and not UUID.fullmatch(s["owner"]),
    "pattern": lambda s: any(
        not (isinstance(c["rank"], str) and re.fullmatch("[a-z]+", c["rank"])) for c in s["crew"]
    ),
    "none": lambda s: len(s["crew"]) < 1,
    "many": lambda s: len(s["crew"]) > 2,
    "twice": lambda s: len(s["crew"]) == 2 and s["crew"][0] == s["crew"][1],
}

# Each hole, the rule that finds it, and one of the calls that do.
HOLES = {
    "missing": ("input-accepted", "build: $.size is missing"),
    "type": ("input-accepted", "build: $.size is a string"),
    "null": ("input-accepted", "build: $.name is null"),
    "unknown at the root": ("input-accepted", "build: $.contract_tests_unknown is unknown"),
    "unknown below": ("input-accepted", "build: $.crew[0].contract_tests_unknown is unknown"),
    "too long": ("input-accepted", "build: $.name has 9 characters"),
    "too short": ("input-accepted", "build: $.name is empty"),
    "too small": ("input-accepted", "build: $.size is 0"),
    "too large": ("input-accepted", "build: $.size is 10"),
    "word": ("input-accepted", "build: $.kind is none of its words"),
    "format": ("input-accepted", "build: $.owner is no uuid"),
    "pattern": ("input-accepted", 'build: $.crew[0].rank is "~"'),
    "none": ("input-accepted", "build: $.crew has 0 items"),
    "many": ("input-accepted", "build: $.crew has 3 items"),
    "twice": ("input-accepted", "build: $.crew has an item twice"),
    "media type": ("input-accepted", "build: the body is called text"),
    "empty body": ("input-accepted", "build: the body is empty"),
    "unknown parameter": ("input-accepted", "build: an unknown query parameter"),
    "parameter": ("input-accepted", 'search: query.limit is "~"'),
    "broken JSON": ("input-server-error", "build: the body is broken JSON"),
    "another status": ("status", "build: $.size is missing"),
    "changes before it refuses": ("input-changed", "build: $.size is missing"),
    "refuses the longest name": ("input-refused", "build: $.name has 8 characters"),
}


def tried(harbour: Harbour) -> CaseResult:
    one = scenario(SCENARIO, SERVICE, SCHEMAS)
    return run_case(case_at(one), Transport(harbour), deployment(one.service))


class TestHoles(unittest.TestCase):
    def test_a_server_without_holes_passes(self) -> None:
        result = tried(Harbour())
        self.assertEqual([], [call for call in result.calls if call.outcome is not Outcome.PASSED])
        self.assertGreater(len(result.calls), 60)

    def test_all_holes_are_found(self) -> None:
        for hole, (rule, name) in HOLES.items():
            with self.subTest(hole):
                result = tried(Harbour(hole))
                found = {(call.name, one.rule) for call in result.calls for one in call.findings}
                self.assertIn((name, rule), found)

    def test_a_failure_names_the_database(self) -> None:
        result = tried(Harbour("broken JSON"))
        details = [
            one.detail for call in result.calls for one in call.findings if one.rule == "input-server-error"
        ]
        self.assertIn("sqlite3", details[0])

    def test_what_was_accepted_is_taken_back(self) -> None:
        harbour = Harbour("too long")
        tried(harbour)
        self.assertEqual(1, len(harbour.ships))  # what the call itself has built

    def test_what_cannot_be_taken_back_is_told(self) -> None:
        class Stubborn(Harbour):
            def __call__(self, request: Request) -> Response:
                return answer(409) if request.method == "DELETE" else super().__call__(request)

        found = {one.rule for call in tried(Stubborn()).calls for one in call.findings}
        self.assertEqual({"input-undo"}, found)


OPENAPI = """
openapi: 3.0.3
paths:
  /ships:
    parameters:
      - {name: limit, in: query, schema: {type: string}}
      - {name: X-Trace, in: header, required: true, schema: {type: string}}
    get:
      parameters:
        - {$ref: "#/components/parameters/Limit"}
        - {name: harbour, in: query, required: true, schema: {type: string, format: uuid}}
        - {name: sort, in: query, schema: {$ref: "#/components/schemas/Sort"}}
        - {name: ratio, in: query, schema: {type: number, minimum: 0, exclusiveMinimum: true}}
        - {name: all, in: query, schema: {type: boolean}}
        - {name: kinds, in: query, schema: {type: array, items: {enum: [sail, steam]}}}
        - {name: filter, in: query, content: {application/json: {schema: {type: object}}}}
    delete:
      parameters: [{name: what, in: query, schema: {type: object}}]
components:
  parameters:
    Limit: {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100, nullable: true}}
  schemas:
    Sort: {type: string, enum: [asc, desc]}
    Pick:
      type: object
      properties:
        harbour: {anyOf: [{$ref: "#/paths/~1ships/get/parameters/1/schema"}, {type: integer}]}
"""
SEARCH = """
vars: {harbour: {generate: uuid}}
calls:
  - name: search
    GET: /ships
    query: {limit: "10", harbour: "${harbour}", sort: asc, ratio: "0.50", all: "true", kinds: sail}
    expect: {status: 200}
    negative: {query: "openapi:api.yaml#/paths/~1ships/get/parameters"}
"""
QUERY_CHECKS: dict[str, Callable[[dict[str, str]], bool]] = {
    "missing": lambda q: "harbour" not in q,
    "no uuid": lambda q: not UUID.fullmatch(q.get("harbour", str(uuid.UUID(int=1)))),
    "no integer": lambda q: not re.fullmatch("-?[0-9]+", q["limit"]),
    "too small": lambda q: re.fullmatch("-?[0-9]+", q["limit"]) is not None and int(q["limit"]) < 1,
    "too large": lambda q: re.fullmatch("-?[0-9]+", q["limit"]) is not None and int(q["limit"]) > 100,
    "word": lambda q: q["sort"] not in ("asc", "desc"),
    "no number": lambda q: not re.fullmatch("-?[0-9.]+", q["ratio"]),
    "zero": lambda q: q["ratio"] == "0",
    "no boolean": lambda q: q["all"] not in ("true", "false"),
    "unknown": lambda q: bool(set(q) - {"limit", "harbour", "sort", "ratio", "all", "kinds"}),
}
QUERY_HOLES = {
    "missing": "search: query.harbour is missing",
    "no uuid": "search: query.harbour is no uuid",
    "no integer": "search: query.limit is a string",
    "too small": "search: query.limit is 0",
    "too large": "search: query.limit is 101",
    "word": "search: query.sort is none of its words",
    "no number": "search: query.ratio is a boolean",
    "zero": "search: query.ratio is 0",
    "no boolean": "search: query.all is an integer",
    "unknown": "search: query.contract_tests_unknown is unknown",
}


class TestOpenApiParameters(unittest.TestCase):
    def searched(self, hole: str = "") -> CaseResult:
        def serve(request: Request) -> Response:
            pairs = dict(parse_qsl(request.target.partition("?")[2], keep_blank_values=True))
            faults = [name for name, bad in QUERY_CHECKS.items() if name != hole and bad(pairs)]
            return answer(400, {"error": ", ".join(faults)}) if faults else answer(200, {"ships": []})

        one = scenario(SEARCH, SERVICE, SCHEMAS | {"api": OPENAPI})
        return run_case(case_at(one), Transport(serve), deployment(one.service))

    def test_a_server_without_holes_passes(self) -> None:
        result = self.searched()
        self.assertEqual([], [call for call in result.calls if call.outcome is not Outcome.PASSED])
        names = {call.name for call in result.calls}
        self.assertLessEqual({"search: query.limit is 1", "search: query.limit is 100"}, names)
        self.assertEqual([], [name for name in names if re.search(r"query\.(kinds|filter|X-Trace)", name)])

    def test_all_holes_are_found(self) -> None:
        for hole, name in QUERY_HOLES.items():
            with self.subTest(hole):
                found = {(call.name, one.rule) for call in self.searched(hole).calls for one in call.findings}
                self.assertIn((name, "input-accepted"), found)

    def test_an_object_brings_names_of_its_own(self) -> None:
        text = """
        calls:
          - name: sink
            DELETE: /ships
            query: {"what[size]": 3}
            expect: {status: 204}
            negative: {query: "openapi:api.yaml#/paths/~1ships/delete/parameters"}
        """
        one = scenario(text, SERVICE, SCHEMAS | {"api": OPENAPI})
        self.assertEqual(
            ["sink: an unknown query parameter", "sink"], [call.name for _, call in calls_at(one, None)]
        )

    def test_a_slip_in_the_call_s_own_query_is_a_load_error(self) -> None:
        with self.assertRaisesRegex(LoadError, "refuses the call's own query: .*'limti' was unexpected"):
            scenario(SEARCH.replace("limit:", "limti:"), SERVICE, SCHEMAS | {"api": OPENAPI})

    def test_what_stands_below_paths_may_be_referred_to(self) -> None:
        text = """
        calls:
          - name: pick
            POST: /ships
            json: {harbour: 6c1d4b0e-51f4-5c0e-9d5c-3b6f0e3d9a10}
            expect: {status: 200}
            negative: {schema: "openapi:api.yaml#/components/schemas/Pick"}
        """
        one = scenario(text, SERVICE, SCHEMAS | {"api": OPENAPI})
        self.assertIn("pick: $.harbour is no uuid", [call.name for _, call in calls_at(one, None)])

    def test_a_query_that_stands_in_the_path_is_a_load_error(self) -> None:
        text = SEARCH.replace("/ships\n", "/ships?limit=10\n")
        with self.assertRaisesRegex(
            LoadError, "bad queries are derived from 'query', and this call's stands"
        ):
            scenario(text, SERVICE, SCHEMAS | {"api": OPENAPI})


class Once(Harbour):
    """Builds one ship for an owner, and none is ever taken away."""

    def __call__(self, request: Request) -> Response:
        return answer(409) if request.method == "DELETE" else super().__call__(request)

    def launch(self, ship: Any) -> Response:
        if ship.get("owner") in [one.get("owner") for one in self.ships.values()]:
            return answer(409, {"error": "this owner has one"})
        return super().launch(ship)


class TestOnce(unittest.TestCase):
    """What can be made once, and not taken away."""

    def found(self, keys: str) -> set[tuple[str, str]]:
        undo = '      undo: [{DELETE: "${ship}"}]\n'
        text = SCENARIO.replace(undo, keys)
        if "${ship}" not in keys:
            text = text.replace("    save: {ship: {header: location}}\n", "")
        one = scenario(text, SERVICE, SCHEMAS)
        result = run_case(case_at(one), Transport(Once()), deployment(one.service))
        return {(call.name, finding.rule) for call in result.calls for finding in call.findings}

    def test_trials_of_one_value_stand_in_each_other_s_way(self) -> None:
        self.assertIn(("build: $.name has 8 characters", "input-refused"), self.found(""))

    def test_a_fresh_variable_is_another_in_each(self) -> None:
        self.assertEqual(set(), self.found("      fresh: [owner]\n"))

    def test_an_undo_may_expect_a_status(self) -> None:
        undo = '      undo: [{{DELETE: "${{ship}}"{}}}]\n      fresh: [owner]\n'
        self.assertEqual({"input-undo"}, {rule for _, rule in self.found(undo.format(""))})
        self.assertEqual(set(), self.found(undo.format(", expect: {status: [204, 409]}")))

    def test_what_was_accepted_at_random_excuses_the_call_itself(self) -> None:
        def its_own(call: Call, make: Callable[[Call], CallResult]) -> list[CallResult]:
            return [make(random_trial(call, None, source_of(call.body.value)))] if call.body else []

        one = scenario(SCENARIO, SERVICE, SCHEMAS)
        result = run_case(case_at(one), Transport(Once()), deployment(one.service), explore=its_own)
        (build,) = [call for call in result.calls if call.name == "build"]
        self.assertEqual(
            (Outcome.SKIPPED, "what was accepted at random before it may stand in its way"),
            (build.outcome, build.reason),
        )
        self.assertEqual([], [call for call in result.calls if call.findings])


class TestRandom(unittest.TestCase):
    def tried(self, hole: str, seed: int = 1) -> CaseResult:
        one = scenario(SCENARIO, SERVICE, SCHEMAS)
        explore = explorer(None, count=400, seed=seed)
        return run_case(
            case_at(one), Transport(Harbour(hole)), deployment(one.service), explore=explore, sleep=None
        )

    def test_a_hole_is_found_and_its_input_is_small(self) -> None:
        (failed,) = [call for call in self.tried("null").calls if call.findings]
        self.assertEqual("build: at random", failed.name)
        assert failed.request is not None and failed.request.body is not None
        self.assertLess(len(failed.request.body), 140)
        self.assertEqual(["input-accepted"], [one.rule for one in failed.findings])

    def test_the_same_seed_finds_the_same(self) -> None:
        bodies = [
            call.request.body
            for _ in range(2)
            for call in self.tried("type", seed=3).calls
            if call.findings and call.request is not None
        ]
        self.assertEqual(2, len(bodies))
        self.assertEqual(*bodies)

    def test_a_server_without_holes_passes(self) -> None:
        self.assertEqual([], [call.findings for call in self.tried("").calls if call.findings])


class TestDerivation(unittest.TestCase):
    def labels(self, text: str = SCENARIO, service: str = SERVICE) -> list[str]:
        one = scenario(text, service, SCHEMAS)
        return [call.name for _, call in calls_at(one, None)]

    def test_every_kind_of_bad_input_is_derived(self) -> None:
        one = scenario(SCENARIO, SERVICE, SCHEMAS)
        made = {call.trial.kind for _, call in calls_at(one, None) if call.trial is not None}
        self.assertEqual(set(KINDS), made)

    def test_it_is_the_same_each_time(self) -> None:
        self.assertEqual(self.labels(), self.labels())
        self.assertEqual(len(self.labels()), len(set(self.labels())))

    def test_bad_ones_come_before_good_ones_and_those_before_the_call(self) -> None:
        found = self.labels()
        self.assertLess(
            found.index("build: the body is empty"), found.index("build: $.name has 8 characters")
        )
        self.assertLess(found.index("build: $.name has 8 characters"), found.index("build"))

    def test_kinds_may_be_left_out(self) -> None:
        text = SCENARIO.replace("look: /ships", "look: /ships\n      without: [type, boundary]")
        self.assertNotIn("build: $.size is a string", self.labels(text))
        self.assertNotIn("build: $.name has 8 characters", self.labels(text))

    def test_what_the_service_ignores_must_be_accepted(self) -> None:
        service = SERVICE.replace(
            "schema: error", "schema: error, refused: {query: ignored, media-type: 400}"
        )
        one = scenario(SCENARIO, service, SCHEMAS)
        calls = {call.name: call for _, call in calls_at(one, None)}
        expect = {name: call.expect for name, call in calls.items() if call.expect is not None}
        self.assertEqual((201,), expect["build: an unknown query parameter"].status)
        self.assertEqual((400,), expect["build: the body is called text"].status)

    def test_a_known_deviation_is_expected(self) -> None:
        known = 'known: {$.name has 9 characters: {status: 201, because: "no limit here"}}'
        one = scenario(SCENARIO.replace("look: /ships", f"look: /ships\n      {known}"), SERVICE, SCHEMAS)
        result = run_case(case_at(one), Transport(Harbour("too long")), deployment(one.service))
        self.assertIs(Outcome.PASSED, result.outcome)


class TestComparison(unittest.TestCase):
    def changes(self, old: str, new: str) -> dict[str, Verdict]:
        one = scenario(SCENARIO, SERVICE, SCHEMAS)
        jobs = [
            Job(
                deployment=(place := deployment(one.service, name=name)),
                transport=Transport(Harbour(hole)),
                cases=plan([one], place, Choice(), None),
            )
            for name, hole in (("old", old), ("new", new))
        ]
        found = compare(jobs[0], jobs[1], Policy(name="all"), context=Context.UNVERSIONED)
        return {change.rule.id: change.verdict for change in found.changes}

    def test_accepted_and_then_refused_is_a_break(self) -> None:
        self.assertEqual({"input-accepted-to-refused": Verdict.BREAK}, self.changes("too long", ""))

    def test_refused_and_then_accepted_has_its_own_rule(self) -> None:
        self.assertEqual({"input-refused-to-accepted": Verdict.OK}, self.changes("", "too long"))

    def test_the_same_is_silent(self) -> None:
        self.assertEqual({}, self.changes("too long", "too long"))


if __name__ == "__main__":
    unittest.main()
