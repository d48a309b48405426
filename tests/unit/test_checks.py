"""The checks: each rule fires with its exact words, and keeps silent."""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from unittest import mock

from contract_tests.checks import response as checks
from contract_tests.checks import schemas
from contract_tests.checks.response import CHECKS, Context, check_response
from contract_tests.checks.rules import RULES, Words, word
from contract_tests.errors import Miss
from contract_tests.execution.case import run_case
from contract_tests.model.dialect import Carrier, Dialect, openstack
from contract_tests.model.finding import Finding, Mark
from contract_tests.model.http import MISSING, Response
from contract_tests.model.microversion import ORDERS
from contract_tests.model.service import Profile, Service
from contract_tests.model.template import UndefinedVariable
from tests.unit.building import Transport, answer, case_at, deployment, scenario

NUMBER = ORDERS["number"]


def expectation(text: str, version: str = "1.0", schemas: Mapping[str, str] | None = None) -> Any:
    """The `expect` of a call, written as in a scenario."""
    expect = text if "status" in text else f"status: 200, {text}" if text else "status: 200"
    found = scenario(
        f"""
        vars: {{name: a, number: 1, list: [1, 2], text: "x.*", key: size}}
        calls:
          - name: use them
            GET: /${{name}}${{number}}${{list}}${{text}}${{key}}
            expect: {{status: 200}}
          - name: one
            GET: /
            expect: {{{expect}}}
        """,
        schemas=schemas,
    )
    call = found.calls[1].at(NUMBER.parse(version))
    assert call is not None
    return call.expect


VARIABLES = {"name": "a", "number": 1, "list": [1, 2], "text": "x.*", "key": "size"}


class ChecksCase(unittest.TestCase):
    def found(self, expect: str, response: Response, **options: Any) -> list[str]:
        """The findings, as `rule: words`."""
        variables = options.pop("variables", VARIABLES)
        context = Context(
            mark=Mark(path="s.yaml", line=7, column=1),
            variables=variables,
            service=options.pop("service", Service(name="toy")),
            **{key: options.pop(key) for key in ("asked", "path") if key in options},
        )
        found = check_response(expectation(expect, **options), response, context)
        for finding in found:
            self.assertIn(finding.rule, RULES)
            self.assertGreater(finding.mark.line, 0)
        return [f"{finding.rule}: {word(finding)}" for finding in found]

    def silent(self, expect: str, response: Response, **options: Any) -> None:
        self.assertEqual([], self.found(expect, response, **options))


class TestStatus(ChecksCase):
    def test_fires(self) -> None:
        self.assertEqual(["status: expected status 200, got 404"], self.found("", answer(404)))
        self.assertEqual(
            ["status: expected status 201 or 202, got 200"], self.found("status: [201, 202]", answer(200))
        )

    def test_silent(self) -> None:
        self.silent("", answer(200))
        self.silent("status: [201, 202]", answer(202))


class TestHeaders(ChecksCase):
    def test_fires(self) -> None:
        self.assertEqual(
            ['header: expected header cache-control: "no-cache", got nothing'],
            self.found("headers: {cache-control: no-cache}", answer(200)),
        )
        self.assertEqual(
            ['header: expected header etag: nothing, got "x"'],
            self.found("headers: {etag: {absent: true}}", answer(200, ETag="x")),
        )

    def test_silent(self) -> None:
        self.silent("headers: {ETag: x, x-none: {absent: true}}", answer(200, etag="x"))

    def test_several_lines_are_one_list(self) -> None:
        response = Response(status=200, headers=(("Vary", "A"), ("vary", "B")))
        self.silent("headers: {vary: 'A, B'}", response)

    def test_a_number_is_text_as_it_is_written(self) -> None:
        self.silent("headers: {x-version: 1.10}", answer(200, X_Version="1.10"))
        self.assertEqual(
            ['header: expected header x-version: "1.10", got "1.1"'],
            self.found("headers: {x-version: 1.10}", answer(200, X_Version="1.1")),
        )


XML = {"content_type": "text/xml"}


class TestXml(ChecksCase):
    def test_xpath_gives_what_is_expected(self) -> None:
        body = b"<a xmlns='urn:x'><b>1</b><b>2</b><c k='v'/><d/></a>"
        expect = (
            "xml: {'//b[1]': '1', //b: ['1', '2'], count(//b): 2, //c/@k: v, //e: {absent: true}, //d: ''}"
        )
        self.silent(expect, answer(200, body, **XML))

    def test_xpath_gives_something_else(self) -> None:
        found = self.found("xml: {//b: '2', //e: x}", answer(200, b"<a><b>1</b></a>", **XML))
        self.assertEqual(
            found, ['xml: expected at //b: "2", got "1"', 'xml: expected at //e: "x", got nothing']
        )

    def test_no_xml(self) -> None:
        for body, why in (
            (b"{}", "it does not begin with '<'"),
            (b"<a>", "Premature end"),
            (b"", "it is empty"),
        ):
            with self.subTest(body):
                (found,) = self.found("xml: {//b: x}", answer(200, body or None, **XML))
                self.assertIn("body-invalid-xml: expected a body of XML, got", found)
                self.assertIn(why, found)

    def test_an_entity_is_neither_read_nor_expanded(self) -> None:
        bomb = b'<!DOCTYPE a [<!ENTITY b "boom"><!ENTITY c "&b;&b;">]><a>&c;</a>'
        (found,) = self.found("xml: {//a: boom}", answer(200, bomb, **XML))
        self.assertIn("it has a document type (DTD)", found)

    def test_a_prefix_that_is_not_known(self) -> None:
        (found,) = self.found("xml: {//x:a: b}", answer(200, b"<a/>", **XML))
        self.assertEqual(found, "xpath: //x:a is no XPath here: Undefined namespace prefix")


class TestBody(ChecksCase):
    def test_absent(self) -> None:
        self.silent("body: absent", answer(200))
        self.assertEqual(
            ['body-absent: expected no body, got "{}"'], self.found("body: absent", answer(200, {}))
        )

    def test_present(self) -> None:
        self.silent("body: present", answer(200, {}))
        self.assertEqual(
            ["body-present: expected a body, got none"], self.found("body: present", answer(200))
        )

    def test_what_is_called_json_is_json(self) -> None:
        self.assertEqual(
            ["body-invalid-json: expected a body of JSON, got application/json: {:}"],
            self.found("", answer(200, b"{:}")),
        )
        self.assertEqual(
            ["body-invalid-json: expected a body of JSON, got application/problem+json; charset=utf-8: x"],
            self.found("", answer(200, b"x", content_type="application/problem+json; charset=utf-8")),
        )
        self.silent("", answer(200, b"<a/>", content_type="text/html"))

    def test_json_that_is_expected_is_there(self) -> None:
        self.assertEqual(
            ["body-invalid-json: expected a body of JSON, got no body: it is empty"],
            self.found("json: {$.a: 1}", answer(200)),
        )
        self.assertEqual(
            ["body-invalid-json: expected a body of JSON, got no Content-Type: hello"],
            self.found("json: {$.a: 1}", Response(status=200, body=b"hello")),
        )
        self.assertEqual(
            ["body-invalid-json: expected a body of JSON, got text/plain: hello"],
            self.found("schema: {type: object}", answer(200, b"hello", content_type="text/plain")),
        )
        self.silent("json: {$.a: {absent: true}}", answer(200))


class TestJson(ChecksCase):
    def test_fires(self) -> None:
        self.assertEqual(
            ["json: expected at $.a: 1, got true", 'json: expected at $.b: "x", got nothing'],
            self.found("json: {$.a: 1, $.b: x}", answer(200, {"a": True})),
        )

    def test_silent(self) -> None:
        self.silent("json: {$.a: 1, $.b: {absent: true}, $.c: null}", answer(200, {"a": 1.0, "c": None}))

    def test_null_is_a_value(self) -> None:
        self.assertEqual(
            ["json: expected at $.a: null, got nothing", "json: expected at $.b: nothing, got null"],
            self.found("json: {$.a: null, $.b: {absent: true}}", answer(200, {"b": None})),
        )

    def test_templates_in_paths(self) -> None:
        self.silent("json: {'$.${key}': 3}", answer(200, {"size": 3}))
        self.assertEqual(
            ["json: expected at $.size: 3, got nothing"],
            self.found("json: {'$.${key}': 3}", answer(200, {"other": 3})),
        )

    def test_a_path_that_its_variable_spoils(self) -> None:
        (found,) = self.found(
            "json: {'$.${key}': 3}", answer(200, {}), variables={**VARIABLES, "key": "a b["}
        )
        self.assertTrue(found.startswith("json-path: $.a b[ is no JSON path: "), found)
        (found,) = self.found("json: {'$.${key}': 3}", answer(200, {}), variables={**VARIABLES, "key": 5})
        self.assertTrue(found.startswith("json-path: $.5 is no JSON path: "), found)

    def test_an_undefined_variable_is_the_callers_matter(self) -> None:
        with self.assertRaises(UndefinedVariable):
            self.found("json: {$.a: '${name}'}", answer(200, {"a": 1}), variables={})

    def test_a_matcher_that_its_variable_spoils(self) -> None:
        for expect, variables, detail in (
            (
                "json: {$.a: {match: '${text}'}}",
                {"text": "("},
                "missing ) at position 1",
            ),
            ("json: {$.a: {one_of: '${list}'}}", {"list": 5}, "'int' object is not iterable"),
            ("json: {$.b: {gt: '${number}'}}", {"number": [1]}, "'>' not supported"),
            ("headers: {etag: {match: '${text}'}}", {"text": 7}, ""),
        ):
            with self.subTest(expect):
                response = answer(200, {"a": "x", "b": 2}, etag="x")
                (found,) = self.found(expect, response, variables=VARIABLES | variables)
                self.assertRegex(
                    found,
                    r"^operand: (\$\.[ab]|etag): this cannot be compared with what its variable holds: ",
                )
                self.assertIn(detail, found)
        self.silent("json: {$.a: {match: '${text}'}}", answer(200, {"a": "xy"}))


class TestText(ChecksCase):
    def test_fires(self) -> None:
        response = answer(200, b"hello", content_type="text/plain")
        self.assertEqual(['text: expected the body as "bye", got "hello"'], self.found("text: bye", response))
        self.assertEqual(
            ['text: expected the body as text that matches /^b/, got "hello"'],
            self.found("text: {match: ^b}", response),
        )

    def test_silent(self) -> None:
        self.silent("text: {contains: ell}", answer(200, b"hello", content_type="text/plain"))


class TestPatternTimeout(ChecksCase):
    def test_a_pattern_that_backtracks_ends(self) -> None:
        with mock.patch("contract_tests.model.matcher.PATTERN_SECONDS", 0.05):
            found = self.found("json: {$.a: {match: '^(a|aa)+$'}}", answer(200, {"a": "a" * 60 + "!"}))
            self.silent("json: {$.a: {match: '^a*!$'}}", answer(200, {"a": "a" * 60 + "!"}))
        self.assertEqual(["pattern-timeout: $.a: the pattern /^(a|aa)+$/ took too long on this value"], found)


class TestSchema(ChecksCase):
    THING = """
        type: object
        required: [a]
        additionalProperties: false
        properties: {a: {type: integer}}
        since:
          1.5: {properties: {b: {type: string}}}
        """

    def test_fires(self) -> None:
        self.assertEqual(
            ["schema: $: 'a' is a required property (schema thing)"],
            self.found("schema: thing", answer(200, {}), schemas={"thing": self.THING}),
        )
        self.assertEqual(
            [
                "schema: $: Additional properties are not allowed ('b' was unexpected) (schema thing)",
                "schema: $.a: 'x' is not of type 'integer' (schema thing)",
            ],
            self.found("schema: thing", answer(200, {"a": "x", "b": 1}), schemas={"thing": self.THING}),
        )

    def test_silent(self) -> None:
        self.silent("schema: thing", answer(200, {"a": 1}), schemas={"thing": self.THING})

    def test_it_is_the_schema_of_the_microversion(self) -> None:
        expect = expectation("schema: thing", schemas={"thing": self.THING})
        context = Context(mark=Mark(), variables={}, service=Service(name="toy"))
        response = answer(200, {"a": 1, "b": "x"})
        for version, count in (("1.4", 1), ("1.5", 0), ("1.9", 0)):
            at = replace(context, microversion=NUMBER.parse(version))
            self.assertEqual(count, len(check_response(expect, response, at)), version)

    def test_the_engines_disagree(self) -> None:
        expect = "schema: {type: object}"
        with mock.patch.object(schemas, "is_valid", return_value=False):
            found = self.found(expect, answer(200, {}))
        self.assertEqual(
            ["schema-engines: the two schema validators disagree on this body (schema inline schema)"],
            [found[0].replace(found[0].partition("(schema ")[2], "inline schema)")],
        )
        self.silent(expect, answer(200, {}))


class TestSha256(ChecksCase):
    HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

    def test_fires(self) -> None:
        other = "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"
        self.assertEqual(
            [f"sha256: expected a body with the digest {self.HELLO}, got {other}"],
            self.found(f"sha256: {self.HELLO}", answer(200, b"world", content_type="x/y")),
        )

    def test_silent(self) -> None:
        self.silent(f"sha256: {self.HELLO.upper()}", answer(200, b"hello", content_type="x/y"))


class TestMicroversion(ChecksCase):
    NOVA = Service(
        name="toy",
        dialect=openstack("compute", legacy=["X-OpenStack-Nova-API-Version"]),
        profile=Profile(echo="success", vary="success", exempt=("/",)),
    )
    ASKED = NUMBER.parse("2.10")

    def nova(self, status: int = 200, **headers: str) -> list[str]:
        response = answer(status, None, **headers)
        return self.found(
            "status: [200, 404]", response, service=self.NOVA, asked=self.ASKED, path="/servers"
        )

    GOOD: Mapping[str, str] = {
        "OpenStack_API_Version": "compute 2.10",
        "X_OpenStack_Nova_API_Version": "2.10",
        "Vary": "OpenStack-API-Version, X-OpenStack-Nova-API-Version",
    }

    def test_silent(self) -> None:
        self.assertEqual([], self.nova(**self.GOOD))
        self.assertEqual([], self.nova(**{**self.GOOD, "Vary": "*"}))

    def test_the_echo(self) -> None:
        self.assertEqual(
            [
                "microversion-echo: expected the version header OpenStack-API-Version: 2.10, got compute 2.1",
                "microversion-echo: expected the version header X-OpenStack-Nova-API-Version: 2.10, "
                "got nothing",
            ],
            self.nova(OpenStack_API_Version="compute 2.1", Vary="*"),
        )

    def test_another_services_echo_is_none(self) -> None:
        (found,) = self.nova(**{**self.GOOD, "OpenStack_API_Version": "placement 2.10"})
        self.assertEqual(
            "microversion-echo: expected the version header OpenStack-API-Version: 2.10, got placement 2.10",
            found,
        )

    def test_vary(self) -> None:
        self.assertEqual(
            [
                "microversion-vary: expected Vary to name X-OpenStack-Nova-API-Version, "
                "got openstack-api-version"
            ],
            self.nova(**{**self.GOOD, "Vary": "openstack-api-version"}),
        )
        headers = {name: value for name, value in self.GOOD.items() if name != "Vary"}
        self.assertEqual(
            [
                "microversion-vary: expected Vary to name OpenStack-API-Version, got nothing",
                "microversion-vary: expected Vary to name X-OpenStack-Nova-API-Version, got nothing",
            ],
            self.nova(**headers),
        )

    def test_where_the_profile_does_not_speak(self) -> None:
        self.assertEqual([], self.nova(404))
        self.silent("", answer(200), service=self.NOVA, asked=None, path="/servers")
        self.silent("", answer(200), service=self.NOVA, asked=self.ASKED, path="/")
        self.silent("", answer(200), service=replace(self.NOVA, profile=None), asked=self.ASKED, path="/x")
        everywhere = replace(self.NOVA, profile=Profile(echo="all", vary="none"))
        found = self.found("status: 404", answer(404), service=everywhere, asked=self.ASKED, path="/x")
        self.assertEqual(2, len(found))

    def test_a_version_is_a_value_however_it_is_spelled(self) -> None:
        order = ORDERS["semantic"]
        service = Service(
            name="toy",
            dialect=Dialect(kind="header", order=order, carriers=(Carrier(name="X-V"),)),
            profile=Profile(echo="all"),
        )
        self.silent("", answer(200, X_V="2.0.0"), service=service, asked=order.parse("2.0"), path="/")
        self.assertEqual(
            ["microversion-echo: expected the version header X-V: 2.0, got 2.0-beta"],
            self.found("", answer(200, X_V="2.0-beta"), service=service, asked=order.parse("2.0"), path="/"),
        )

    def test_a_media_type_is_the_echo(self) -> None:
        order = ORDERS["semantic"]
        dialect = Dialect(kind="media-type", order=order, parameter="v")
        service = Service(name="toy", dialect=dialect, profile=Profile(echo="all", vary="all"))
        fine = answer(200, {}, content_type="application/json;v=1.1", vary="accept")
        self.silent("", fine, service=service, asked=order.parse("1.1"), path="/")
        self.assertEqual(
            [
                "microversion-echo: expected the version header Content-Type: 1.1, got application/json",
                "microversion-vary: expected Vary to name Accept, got nothing",
            ],
            self.found("", answer(200, {}), service=service, asked=order.parse("1.1"), path="/"),
        )

    def test_a_query_parameter_has_no_echo(self) -> None:
        order = ORDERS["date"]
        dialect = Dialect(kind="query", order=order, parameter="v")
        service = Service(name="toy", dialect=dialect, profile=Profile(echo="all", vary="all"))
        self.silent("", answer(200, {}), service=service, asked=order.parse("2024-01-01"), path="/")


class TestRulesOfTheRun(unittest.TestCase):
    """The rules that no check, but the run of a case finds."""

    SCENARIO = """
        calls:
          - name: one
            GET: /one
            save: {id: $.id}
            expect: {status: 200}
          - name: two
            GET: /two/${id}
            poll: {until: {json: {$.state: done}}, every: 10ms, for: 20ms}
            expect: {status: 200}
        """

    def words(self, answers: dict[str, Any], at_close: tuple[Finding, ...] = ()) -> list[str]:
        one = scenario(self.SCENARIO)
        transport = Transport(answers, at_close=at_close)
        result = run_case(case_at(one), transport, deployment(one.service), sleep=None)
        return [f"{finding.rule}: {word(finding)}" for call in result.calls for finding in call.findings]

    GOOD: Mapping[str, Any] = {
        "GET /one": answer(200, {"id": 1}),
        "GET /two/1": answer(200, {"state": "done"}),
    }

    def test_silent(self) -> None:
        self.assertEqual([], self.words({**self.GOOD}))

    def test_save(self) -> None:
        self.assertEqual(
            ["save: nothing to save as 'id': there is nothing at $.id"],
            self.words({**self.GOOD, "GET /one": answer(200, {})}),
        )

    def test_poll_timeout(self) -> None:
        self.assertEqual(
            ['poll-timeout: not as `until` says after 3 tries: {"state": "busy"}'],
            self.words({**self.GOOD, "GET /two/1": answer(200, {"state": "busy"})}),
        )

    def test_poll_timeout_without_json(self) -> None:
        self.assertEqual(
            [
                "poll-timeout: not as `until` says after 3 tries: status 503",
                "status: expected status 200, got 503",
            ],
            self.words({**self.GOOD, "GET /two/1": answer(503, b"busy", content_type="text/plain")}),
        )

    def test_recording_miss(self) -> None:
        self.assertEqual(
            ["recording-miss: no recorded answer for GET /one"],
            self.words({**self.GOOD, "GET /one": Miss("no recorded answer for GET /one")}),
        )

    def test_what_shows_at_the_end_of_a_recording(self) -> None:
        unused = Finding(
            rule="recording-unused", mark=Mark(), where="GET /three", detail=", request 3 in c.yaml"
        )
        stale = Finding(rule="recording-stale", mark=Mark(), detail="the scenario has changed since")
        self.assertEqual(
            [
                "recording-unused: recorded, but never asked for: GET /three, request 3 in c.yaml",
                "recording-stale: the scenario has changed since",
            ],
            self.words({**self.GOOD}, (unused, stale)),
        )


ELSEWHERE = {
    "baseline": "test_baseline",
    "parity": "test_several",
    **dict.fromkeys(("representation", "same-as"), "test_representations"),
    **dict.fromkeys(
        ("input-accepted", "input-refused", "input-server-error", "input-changed", "input-undo"),
        "test_negative",
    ),
    **dict.fromkeys(
        (f"discovery-{name}" for name in ("document", "current", "link", "range", "client")), "test_versions"
    ),
}


class TestTables(unittest.TestCase):
    """Guards: what is registered is tested and documented."""

    TESTED: Mapping[str, type[unittest.TestCase]] = {
        "status": TestStatus,
        "header": TestHeaders,
        "json": TestJson,
        "json-path": TestJson,
        "xml": TestXml,
        "xpath": TestXml,
        "body-invalid-xml": TestXml,
        "operand": TestJson,
        "body-invalid-json": TestBody,
        "body-absent": TestBody,
        "body-present": TestBody,
        "text": TestText,
        "pattern-timeout": TestPatternTimeout,
        "schema": TestSchema,
        "schema-engines": TestSchema,
        "sha256": TestSha256,
        "microversion-echo": TestMicroversion,
        "microversion-vary": TestMicroversion,
        "save": TestRulesOfTheRun,
        "poll-timeout": TestRulesOfTheRun,
        "recording-miss": TestRulesOfTheRun,
        "recording-unused": TestRulesOfTheRun,
        "recording-stale": TestRulesOfTheRun,
    }

    def test_every_rule_has_a_test_in_which_it_fires_and_one_in_which_it_is_silent(self) -> None:
        self.assertEqual(set(RULES), {*self.TESTED, *ELSEWHERE})
        for rule, tests in self.TESTED.items():
            text = inspect.getsource(tests)
            self.assertRegex(text, rf"['\"^]{rule}: ", f"{rule} never fires in {tests.__name__}")
            self.assertRegex(
                text, r"self\.silent\(|assertEqual\(\[\], self\.words\(", f"{rule} is never silent"
            )

    def test_every_rule_says_what_it_checks_and_words_itself(self) -> None:
        for name, rule in RULES.items():
            self.assertEqual(name, rule.id)
            self.assertRegex(rule.id, r"^[a-z0-9]+(-[a-z0-9]+)*$")
            self.assertTrue(rule.doc)
            word(Finding(rule=name, mark=Mark(), where="w", expected=1, got=MISSING, detail="d"))

    def test_every_check_has_its_documentation(self) -> None:
        written = [
            value
            for name, value in vars(checks).items()
            if name.startswith("check_") and name != "check_response"
        ]
        self.assertEqual(set(written), set(CHECKS))
        for check in CHECKS:
            self.assertTrue(check.__doc__)

    def test_words(self) -> None:
        mark = Mark()
        self.assertEqual(
            'expected status a or b, got "a or b"',
            word(Finding(rule="status", mark=mark, expected=Words("a or b"), got="a or b")),
        )
        long = word(Finding(rule="json", mark=mark, where="$", expected=Words("x"), got="y" * 1000))
        self.assertLess(len(long), 400)
        self.assertIn("(1002 characters)", long)


if __name__ == "__main__":
    unittest.main()
