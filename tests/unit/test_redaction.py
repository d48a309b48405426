"""Secrets never reach a cassette: by name they are replaced, by value they are refused."""

from __future__ import annotations

import base64
import json
import unittest
from urllib.parse import quote, quote_plus

from contract_tests.errors import SecretFound
from contract_tests.model.http import Headers, Interaction, Request, Response
from contract_tests.model.service import Secrets
from contract_tests.recordings.redaction import redaction_of, refuse_secrets, told_by_name

JSON = (("Content-Type", "application/json"),)
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
SECRET = "s3cr3t/+ value?"


def exchanged(
    *,
    target: str = "http://s.example/x",
    headers: Headers = (),
    body: bytes | None = None,
    answered: Headers = (),
    answer: bytes = b"",
) -> Interaction:
    return Interaction(
        call="create",
        request=Request(method="POST", target=target, headers=headers, body=body, role="admin"),
        response=Response(200, "OK", answered, answer),
    )


class ByName(unittest.TestCase):
    """What a service's file names, and what is always secret, is replaced; the rest stays byte for byte."""

    plain = redaction_of(Secrets())
    own = redaction_of(Secrets(headers=("X-Temp-Key",), query=("ticket",), json=("seed", "user_data")))

    def json(self, text: str, redaction: object = None) -> str:
        return (redaction or self.plain).body(text.encode(), JSON).decode()

    def test_headers_both_ways(self) -> None:
        for name in [
            "X-Auth-Token",
            "x-subject-token",
            "X-Service-Token",
            "X-Storage-Token",
            "Authorization",
            "Proxy-Authorization",
            "Cookie",
            "Set-Cookie",
            "X-Api-Key",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "X-Admin-Password",
            "Client-Secret",
        ]:
            with self.subTest(name=name):
                found = self.plain.interaction(
                    exchanged(headers=((name, SECRET),), answered=((name, SECRET),))
                )
                self.assertEqual(found.request.headers, ((name, "REDACTED"),))
                self.assertEqual(found.response.headers, ((name, "REDACTED"),))
        for name in ("X-Temp-Key", "x-temp-key"):
            self.assertEqual(
                self.own.request(exchanged(headers=((name, "v"),)).request).headers, ((name, "REDACTED"),)
            )

    def test_headers_that_are_no_secrets(self) -> None:
        for name in [
            "Content-Type",
            "X-Openstack-Request-Id",
            "Location",
            "ETag",
            "X-Auth-Token-Expires",
            "WWW-Authenticate",
            "X-Temp-Key",
            "OpenStack-API-Version",
            "Vary",
        ]:
            with self.subTest(name=name):
                one = exchanged(headers=((name, SECRET),), answered=((name, SECRET),))
                self.assertEqual(self.plain.interaction(one), one)

    def test_json_at_any_depth_whatever_the_spelling_of_the_name(self) -> None:
        for name in [
            "password",
            "adminPass",
            "admin_pass",
            "ADMIN-PASS",
            "original_password",
            "secret",
            "accessToken",
            "private_key",
        ]:
            with self.subTest(name=name):
                text = json.dumps({"a": [{"b": {name: SECRET, "keep": 1.0}}]})
                self.assertEqual(json.loads(self.json(text)), {"a": [{"b": {name: "REDACTED", "keep": 1.0}}]})
        self.assertEqual(
            json.loads(self.json('{"seed": "a", "userData": ["b"]}', self.own)),
            {"seed": "REDACTED", "userData": ["REDACTED"]},
        )
        self.assertEqual(self.json('{"seed": "a"}'), '{"seed": "a"}')

    def test_json_in_a_string(self) -> None:
        for inner, shown in (
            ('{"a": [{"password": "s3cr3t"}]}', '{"a": [{"password": "REDACTED"}]}'),
            ('{"password": "s3cr3t", cut off', '{"password": "REDACTED", cut off'),
            ('{"a":  1}', '{"a":  1}'),
        ):
            one = exchanged(headers=JSON, body=json.dumps({"data": inner}).encode())
            body = redaction_of(Secrets()).interaction(one).request.body
            self.assertEqual({"data": shown}, json.loads(body))

    def test_only_texts_and_numbers_are_replaced(self) -> None:
        text = '{"password": null, "secret": "", "token": true, "passcode": 1234, "passwd": ["x", 1.50]}'
        self.assertEqual(
            self.json(text),
            '{"password": null, "secret": "", "token": true, "passcode": 0, "passwd": ["REDACTED", 0]}',
        )

    def test_keystone(self) -> None:
        answer = (
            '{"token": {"methods": ["password"], "user": {"name": "admin", "password_expires_at": null}}}'
        )
        self.assertEqual(self.json(answer), answer)
        asked = '{"auth": {"identity": {"methods": ["token"], "token": {"id": "gAAAA"}}}}'
        self.assertEqual(self.json(asked), asked.replace("gAAAA", "REDACTED"))
        asked = '{"auth": {"identity": {"password": {"user": {"id": "5", "password": "pw"}}}}}'
        self.assertEqual(self.json(asked), asked.replace('"pw"', '"REDACTED"'))

    def test_the_rest_of_the_body_keeps_its_spelling(self) -> None:
        self.assertEqual(
            self.json('{"b":1e3,"password":"x","b":0.10}'), '{"b": 1e3, "password": "REDACTED", "b": 0.10}'
        )
        same = '{"b":1e3,  "a":"caf\xe9"}'
        self.assertEqual(self.json(same), same)

    def test_query_and_user_information(self) -> None:
        for before, after in (
            ("/x?token=abc&a=1", "/x?token=REDACTED&a=1"),
            ("/x?a=1&X-Amz-Signature=ab%2Fc&API_KEY=z", "/x?a=1&X-Amz-Signature=REDACTED&API_KEY=REDACTED"),
            ("/x?temp_url_sig=da39&temp_url_expires=5", "/x?temp_url_sig=REDACTED&temp_url_expires=5"),
            ("https://joe:pass@h/x", "https://joe:REDACTED@h/x"),
            ("rabbit://u:p%40w@h:5672//", "rabbit://u:REDACTED@h:5672//"),
            ("/x?marker=abc", "/x?marker=abc"),
            ("mailto:joe@example.org", "mailto:joe@example.org"),
            ("http://h:80/x@y", "http://h:80/x@y"),
            ("token=abc", "token=abc"),
            (
                "https://h/back#access_token=abc&expires_in=9",
                "https://h/back#access_token=REDACTED&expires_in=9",
            ),
            ("https://h/back?a=1#id_token=abc", "https://h/back?a=1#id_token=REDACTED"),
        ):
            with self.subTest(before=before):
                one = exchanged(
                    target=before, answered=(("Location", before),), answer=f"see {before} there".encode()
                )
                found = self.plain.interaction(one)
                self.assertEqual(found.request.target, after)
                self.assertEqual(found.response.headers, (("Location", after),))
                self.assertEqual(found.response.body, f"see {after} there".encode())
                self.assertEqual(json.loads(self.json(json.dumps({"url": before}))), {"url": after})
        self.assertEqual(self.own.text("/x?ticket=1"), "/x?ticket=REDACTED")

    def test_forms(self) -> None:
        body = self.plain.body(b"user=joe&password=a%20b&client_secret=x&n=1", FORM)
        self.assertEqual(body, b"user=joe&password=REDACTED&client_secret=REDACTED&n=1")

    def test_bytes_stay(self) -> None:
        for body in (bytes(range(256)), b'{"name": "x"', b"password=x", b""):
            self.assertEqual(self.plain.body(body, JSON), body)

    def test_encodings(self) -> None:
        """Byte order marks, UTF-16 and UTF-32, and what is no text: the name counts, not the spelling."""
        text = '{"password": "x"}'
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
            with self.subTest(encoding=encoding):
                body = self.plain.body(text.encode(encoding), JSON)
                self.assertEqual(text.replace('"x"', '"REDACTED"'), body.decode(encoding))
                hidden = exchanged(answer=f'{{"message": "{SECRET}"}}'.encode(encoding))
                with self.assertRaises(SecretFound):
                    refuse_secrets([hidden], [SECRET], "c.yaml", "placement")
        marked = "\ufeff".encode("utf-16-be") + text.encode("utf-16-be")
        self.assertIn("REDACTED".encode("utf-16-be"), self.plain.body(marked, JSON))
        broken = exchanged(headers=JSON, body=b'{"password": "\xff\xfe-secret", "a": "\xff"}')
        self.assertEqual(
            b'{"password": "REDACTED", "a": "\xff"}', self.plain.interaction(broken).request.body
        )
        refuse_secrets([broken], told_by_name(self.plain, [broken]), "c.yaml", "placement")

    def test_properties_in_any_text(self) -> None:
        for before, after in (
            ("Invalid {'adminPass': u'x'} here", "Invalid {'adminPass': u'REDACTED'} here"),
            ('bad "{\\"secret\\": \\"x\\", 1}"', 'bad "{\\"secret\\": \\"REDACTED\\", 1}"'),
            ('at "passcode": 12, "n": 3', 'at "passcode": 0, "n": 3'),
            ("it's the 'name': 'x'", "it's the 'name': 'x'"),
        ):
            with self.subTest(before=before):
                self.assertEqual(after, self.plain.text(before))
                self.assertEqual(after.encode(), self.plain.body(before.encode(), ()))

    def test_forms_of_several_parts(self) -> None:
        head = (("Content-Type", "multipart/form-data; boundary=b"),)
        part = '--b\r\nContent-Disposition: form-data; name="{}"\r\nContent-Type: text/plain\r\n\r\n{}\r\n'
        body = part.format("password", "hunter2 too") + part.format("user", "joe") + "--b--\r\n"
        self.assertEqual(
            body.replace("hunter2 too", "REDACTED").encode(), self.plain.body(body.encode(), head)
        )
        told = told_by_name(self.plain, [exchanged(headers=head, body=body.encode())])
        self.assertEqual(("hunter2 too",), told)

    def test_twice_is_once(self) -> None:
        one = exchanged(
            target="/x?token=a", headers=JSON, body=b'{"password": "x"}', answer=b'{"secret": "y"}'
        )
        once = self.plain.interaction(one)
        self.assertEqual(self.plain.interaction(once), once)

    def test_json_that_cannot_be_parsed(self) -> None:
        for before, after in (
            ('{"a": 1, "password": "x\\"y"', '{"a": 1, "password": "REDACTED"'),
            (
                '{"secret": "x"}\n{"admin_pass" : "y"}\n',
                '{"secret": "REDACTED"}\n{"admin_pass" : "REDACTED"}\n',
            ),
            ('{"secret": "cut o', '{"secret": "REDACTED"'),
            ("[" * 5000 + '{"secret": "x"}', "[" * 5000 + '{"secret": "REDACTED"}'),
            ('{"url": "http://h/?token=x"', '{"url": "http://h/?token=REDACTED"'),
            (
                '{"passwd": ["x", 1.5, null, ["y"]], "a": 1',
                '{"passwd": ["REDACTED", 0, null, ["REDACTED"]], "a": 1',
            ),
            ('{"passcode": 1234, "port": 5', '{"passcode": 0, "port": 5'),
            ('{"token": {"id": "x", "n": "y"', '{"token": {"id": "REDACTED", "n": "y"'),
            ('{"data": "{\\"secret\\": \\"x\\"}", ', '{"data": "{\\"secret\\": \\"REDACTED\\"}", '),
            ('{\\"secret\\": \\"x\\"}', '{\\"secret\\": \\"REDACTED\\"}'),
            ('{"pass\\u0077ord": "x"', '{"pass\\u0077ord": "REDACTED"'),
            ("{'adminPass': 'x', 'token': u'y'}", "{'adminPass': 'REDACTED', 'token': u'REDACTED'}"),
            ("{password: hunter2, a: b}", "{password: REDACTED, a: b}"),
            (')]}\',\n{"secret": "x"}', ')]}\',\n{"secret": "REDACTED"}'),
        ):
            with self.subTest(before=before[-40:]):
                self.assertEqual(self.json(before), after)
        told = told_by_name(
            self.plain, [exchanged(headers=JSON, body=b'{"secret": ["first one", "second"], ')]
        )
        self.assertEqual(("first one",), told)  # the other is too short to be looked for elsewhere
        deep = "[" * 5000 + '{"secret": "x"}' + "]" * 5000
        self.assertEqual(self.json(deep), deep.replace('"x"', '"REDACTED"'))


class Gate(unittest.TestCase):
    """A secret value of this run that is still there refuses the cassette, and the message never shows it."""

    def refused(self, one: Interaction, place: str, form: str, secret: str = SECRET) -> None:
        with self.assertRaises(SecretFound) as caught:
            refuse_secrets([exchanged(), one], [secret], "c.yaml", "placement")
        self.assertEqual(
            str(caught.exception),
            f"c.yaml: not written: {place} of interaction 2 (call 'create') holds a secret of this "
            f"run, {form}; "
            "name that header, parameter or property below 'secrets' in the file of the service 'placement', "
            "or take the secret out of the scenario",
        )
        self.assertNotIn(secret, str(caught.exception))

    def test_every_place(self) -> None:
        body = json.dumps({"x": SECRET}).encode()
        for one, place in (
            (exchanged(target=f"/x/{SECRET}"), "the URI"),
            (exchanged(headers=(("X-Foo", f"a {SECRET}"),)), "request header 'X-Foo'"),
            (exchanged(answered=(("x-foo", SECRET),)), "response header 'x-foo'"),
            (exchanged(body=body), "the request body"),
            (exchanged(answer=body), "the response body"),
            (exchanged(answer=b"\xff" + SECRET.encode() + b"\x00"), "the response body"),
        ):
            with self.subTest(place=place):
                self.refused(one, place, "in plain text")

    def test_every_form(self) -> None:
        for text, form in (
            (quote(SECRET), "percent-encoded"),
            (quote(SECRET, safe=""), "percent-encoded"),
            (quote(SECRET, safe="").lower(), "percent-encoded"),
            (quote_plus(SECRET), "percent-encoded"),
            (SECRET.replace("/", "\\/"), "escaped as in JSON"),
        ):
            with self.subTest(text=text):
                self.refused(exchanged(answer=f"<{text}>".encode()), "the response body", form)
        self.refused(
            exchanged(answer=json.dumps({"a": 'say "caf\xe9" now'}).encode()),
            "the response body",
            "escaped as in JSON",
            'say "caf\xe9" now',
        )
        self.refused(
            exchanged(answer=b'{"a": "\\u0070ass-word-1"}'),
            "the response body",
            "in plain text",
            "pass-word-1",
        )

    def test_base64_at_every_alignment(self) -> None:
        for secret in (SECRET, "12345678", "????>>>>", "caf\xe9 and more"):
            for before in ("", "a", "ab", "abc", "admin:"):
                for after in ("", "z", "zz", "zzz"):
                    for encode in (base64.b64encode, base64.urlsafe_b64encode):
                        text = encode((before + secret + after).encode()).decode()
                        for shown in (text, text.rstrip("=")):
                            one = exchanged(headers=(("X-Foo", f"Basic {shown}"),))
                            with self.subTest(shown=shown), self.assertRaises(SecretFound):
                                refuse_secrets([one], [secret], "c.yaml", "s")
        self.refused(
            exchanged(headers=(("X-Foo", base64.b64encode(SECRET.encode()).decode()),)),
            "request header 'X-Foo'",
            "in base64",
        )

    def test_short_secrets_count_as_whole_words_only(self) -> None:
        self.refused(exchanged(answer=b'{"name": "admin"}'), "the response body", "in plain text", "admin")
        for text in ("administrator", "xadmin", "admin_role", base64.b64encode(b"admin").decode(), "adm%69n"):
            refuse_secrets([exchanged(answer=text.encode())], ["admin"], "c.yaml", "s")

    def test_silent_without_a_secret(self) -> None:
        one = exchanged(target="/x?a=REDACTED", headers=JSON, body=b'{"a": "s3cr3t"}', answer=b"value")
        for secrets in ([], [""], [SECRET], ["admin", "another-secret"]):
            refuse_secrets([one], secrets, "c.yaml", "s")


class ToldByName(unittest.TestCase):
    """Secrets that stand somewhere by name must not stand anywhere else either."""

    redaction = redaction_of(Secrets())

    def test_told_by_a_response(self) -> None:
        one = exchanged(
            answered=(("X-Subject-Token", "gAAAAABtoken"),),
            answer=b'{"server": {"adminPass": "MySecretPass"}, "token": {"id": "idididid"}, '
            b'"password": "short"}',
        )
        self.assertEqual(told_by_name(self.redaction, [one]), ("gAAAAABtoken", "MySecretPass", "idididid"))

    def test_told_by_a_request(self) -> None:
        one = exchanged(headers=JSON, body=b'{"password": "FromScenario"}', target="/x?token=AToken%2F12345")
        self.assertEqual(told_by_name(self.redaction, [one]), ("AToken/12345", "FromScenario"))
        form = (("Content-Type", "application/x-www-form-urlencoded"),)
        one = exchanged(headers=form, body=b"user=a&password=From+Scenario")
        self.assertEqual(told_by_name(self.redaction, [one]), ("From Scenario",))

    def test_what_a_request_says_openly_is_none(self) -> None:
        """A user whose password is its name; and a password that is a word of every answer."""
        for body in (b'{"name": "FromScenario", "password": "FromScenario"}', b'{"password": "password"}'):
            self.assertEqual(told_by_name(self.redaction, [exchanged(headers=JSON, body=body)]), ())
