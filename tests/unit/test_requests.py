"""Calls -> requests: what goes over the wire."""

from __future__ import annotations

import base64
import json
import unittest
from typing import Any

from contract_tests.execution.requests import build_request
from contract_tests.model.http import Request, header_values
from contract_tests.model.template import UndefinedVariable
from tests.unit.building import scenario

ALL = "${a}${b}${c}${link}${none}"
VARIABLES: dict[str, Any] = {
    "a": "Ada",
    "b": "a b/c?d#e&f=g+é",
    "c": [1, None],
    "link": "/x%20y?z=1&w=%2F",
    "none": None,
}


class RequestCase(unittest.TestCase):
    def request(self, call: str, version: str | None = "1.2", **variables: Any) -> Request:
        one = scenario(
            f"""
            vars: {{a: 1, b: 1, c: 1, link: 1, none: 1}}
            calls:
              - {{name: use them, GET: "/{ALL}", expect: {{status: 200}}}}
              - {{name: one, expect: {{status: 200}}, {call}}}
            """
        )
        call_at = one.calls[1].at(one.service.minimum)
        assert call_at is not None
        return build_request(call_at, {**VARIABLES, **variables}, one.service.dialect, version)

    def target(self, call: str, **variables: Any) -> str:
        return self.request(call, **variables).target

    def headers(self, request: Request, name: str) -> tuple[str, ...]:
        return tuple(header_values(request.headers, name))


class TestTarget(RequestCase):
    def test_text_stays_as_it_is_written(self) -> None:
        self.assertEqual("/a/b?c=d&e=%20f", self.target("GET: '/a/b?c=d&e=%20f'"))
        self.assertEqual("/a%20b/%C3%A9", self.target("GET: '/a b/é'"))

    def test_a_variable_in_the_path(self) -> None:
        self.assertEqual("/things/Ada", self.target("GET: '/things/${a}'"))
        self.assertEqual("/things/a%20b/c%3Fd%23e&f=g+%C3%A9", self.target("GET: '/things/${b}'"))

    def test_a_percent_sign_is_data_unless_it_is_an_escape(self) -> None:
        self.assertEqual("/x/100%25", self.target("GET: '/x/${a}'", a="100%"))
        self.assertEqual("/x/a%20b", self.target("GET: '/x/${a}'", a="a%20b"))
        self.assertEqual("/x?y=a%2520b", self.target("GET: '/x?y=${a}'", a="a%20b"))

    def test_a_variable_in_the_query(self) -> None:
        self.assertEqual("/x?y=a%20b/c%3Fd%23e%26f%3Dg%2B%C3%A9", self.target("GET: '/x?y=${b}'"))

    def test_a_link_keeps_its_query(self) -> None:
        self.assertEqual("/x%20y?z=1&w=%2F", self.target("GET: '${link}'"))
        self.assertEqual("/x%20y?z=1&w=%2F&more=1", self.target("GET: '${link}', query: {more: 1}"))

    def test_a_value_that_is_no_text_is_its_json(self) -> None:
        self.assertEqual("/x/%5B1,%20null%5D", self.target("GET: '/x/${c}'"))

    def test_query_parameters(self) -> None:
        self.assertEqual("/x?a=1&a=Ada&b=x%26y", self.target("GET: /x, query: {a: [1, '${a}'], b: 'x&y'}"))
        self.assertEqual("/x?v=1.10&t=true", self.target("GET: /x, query: {v: 1.10, t: true}"))
        self.assertEqual("/x?y=z&a=1", self.target("GET: '/x?y=z', query: {a: 1}"))

    def test_a_missing_variable(self) -> None:
        one = scenario("vars: {gone: 1}\ncalls: [{name: one, GET: '/${gone}', expect: {status: 200}}]")
        call = one.calls[0].at(one.service.minimum)
        assert call is not None
        with self.assertRaises(UndefinedVariable):
            build_request(call, {}, one.service.dialect, "1.0")


class TestHeaders(RequestCase):
    def test_json_is_accepted_where_nothing_is_said(self) -> None:
        self.assertEqual(("application/json",), self.headers(self.request("GET: /"), "accept"))
        self.assertEqual(
            ("text/html",), self.headers(self.request("GET: /, headers: {accept: text/html}"), "Accept")
        )

    def test_a_body_brings_its_type(self) -> None:
        for body, media_type in (
            ("json: {}", "application/json"),
            ("text: a", "text/plain; charset=utf-8"),
            ("form: {a: 1}", "application/x-www-form-urlencoded"),
            ("base64: YQ==", "application/octet-stream"),
        ):
            self.assertEqual((media_type,), self.headers(self.request(f"POST: /, {body}"), "content-type"))
        request = self.request("POST: /, json: {}, headers: {content-type: application/x-own}")
        self.assertEqual(("application/x-own",), self.headers(request, "content-type"))
        self.assertEqual((), self.headers(self.request("GET: /"), "content-type"))

    def test_templates(self) -> None:
        self.assertEqual(
            ("for Ada",), self.headers(self.request("GET: /, headers: {x-a: 'for ${a}'}"), "x-a")
        )
        self.assertEqual(("1.10",), self.headers(self.request("GET: /, headers: {x-a: 1.10}"), "x-a"))

    def test_the_version(self) -> None:
        self.assertEqual(("1.2",), self.headers(self.request("GET: /"), "toy-version"))
        self.assertEqual((), self.headers(self.request("GET: /", None), "toy-version"))

    def test_the_calls_own_word_on_the_version(self) -> None:
        for word, asked in (
            ("latest", ("latest",)),
            ("none", ()),
            ("'1.10'", ("1.10",)),
            ("'${a}'", ("Ada",)),
        ):
            self.assertEqual(
                asked, self.headers(self.request(f"GET: /, microversion: {word}"), "toy-version")
            )
        request = self.request("GET: /, headers: {toy-version: pony}")
        self.assertEqual(("pony",), self.headers(request, "toy-version"))


class TestBody(RequestCase):
    def body(self, call: str) -> bytes | None:
        return self.request(f"POST: /, {call}").body

    def test_none(self) -> None:
        self.assertIsNone(self.request("GET: /").body)

    def test_json(self) -> None:
        self.assertEqual(
            {"a": "Ada", "n": None, "l": [1, None]},
            json.loads(self.body("json: {a: '${a}', n: null, l: '${c}'}") or b""),
        )
        self.assertEqual(b"null", self.body("json: null"))
        self.assertEqual(b'{"v": 1.1}', self.body("json: {v: 1.10}"))
        self.assertEqual(b'{"Ada": 1}', self.body("json: {'${a}': 1}"))

    def test_form(self) -> None:
        self.assertEqual(b"a=1&a=2&b=Ada+%26", self.body("form: {a: [1, 2], b: '${a} &'}"))

    def test_text(self) -> None:
        self.assertEqual("é Ada".encode(), self.body("text: 'é ${a}'"))
        self.assertEqual(b"", self.body("text: ''"))

    def test_bytes(self) -> None:
        data = bytes(range(256))
        self.assertEqual(data, self.body(f"base64: {base64.b64encode(data).decode()}"))

    def test_role_and_redirects(self) -> None:
        request = self.request("GET: /, as: reader, redirects: true")
        self.assertEqual(("reader", True), (request.role, request.follow))
        request = self.request("GET: /")
        self.assertEqual(("admin", False), (request.role, request.follow))


if __name__ == "__main__":
    unittest.main()
