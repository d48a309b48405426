"""The WSGI transport: applications called in this process."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock
from wsgiref.validate import validator

from contract_tests.errors import Refused, Unreachable, UsageError
from contract_tests.model.http import Request
from contract_tests.transport.identity import StaticIdentity
from contract_tests.transport.outgoing import USER_AGENT
from contract_tests.transport.wsgi import WsgiTransport, load_application


class App:
    """Keeps the environ and the body of each call, and answers what `answer` says."""

    def __init__(
        self, status: str = "200 OK", headers: tuple = (), body: tuple[bytes, ...] = (b"{}",)
    ) -> None:
        self.answer = (status, headers, body)
        self.calls: list[tuple[dict, bytes]] = []

    def __call__(self, environ: dict, start_response):
        self.calls.append((environ, environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))))
        status, headers, body = self.answer
        start_response(status, list(headers))
        return list(body)


def get(target: str = "/", **fields: object) -> Request:
    return Request(method="GET", target=target, **fields)


class WsgiCase(unittest.TestCase):
    def ask(self, app, request: Request, identities: dict | None = None, **options: object):
        return WsgiTransport(app, identities or {}, **options).open(None).send(request)

    def unreachable(self, app, request: Request | None = None, identities: dict | None = None) -> str:
        with self.assertRaises(Unreachable) as caught:
            self.ask(app, request or get("/x"), identities)
        self.assertNotIn("\n", str(caught.exception))
        return str(caught.exception)


class TestEnviron(WsgiCase):
    def test_a_get(self) -> None:
        app = App()
        self.ask(app, get("/a%20b%2fc/%C3%A9?x=%20&y=", headers=(("X-A", "1"), ("X-A", "2"))))
        environ, body = app.calls[0]
        self.assertIsInstance(environ.pop("wsgi.input"), io.BytesIO)
        environ.pop("wsgi.errors")
        self.assertEqual(
            {
                "REQUEST_METHOD": "GET",
                "SCRIPT_NAME": "",
                "PATH_INFO": "/a b/c/\u00c3\u00a9",
                "QUERY_STRING": "x=%20&y=",
                "SERVER_NAME": "service.example",
                "SERVER_PORT": "80",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "REMOTE_ADDR": "127.0.0.1",
                "REQUEST_URI": "/a%20b%2fc/%C3%A9?x=%20&y=",
                "RAW_URI": "/a%20b%2fc/%C3%A9?x=%20&y=",
                "HTTP_HOST": "service.example",
                "HTTP_X_A": "1, 2",
                "HTTP_ACCEPT": "application/json",
                "HTTP_USER_AGENT": USER_AGENT,
                "wsgi.version": (1, 0),
                "wsgi.url_scheme": "http",
                "wsgi.input_terminated": True,
                "wsgi.multithread": True,
                "wsgi.multiprocess": False,
                "wsgi.run_once": False,
            },
            environ,
        )
        self.assertEqual(b"", body)

    def test_a_body_has_its_length_and_the_scenarios_type(self) -> None:
        app = App()
        headers = (("Content-Type", "application/json"), ("Cookie", "a=1"), ("Cookie", "b=2"))
        self.ask(app, Request(method="PUT", target="/", body=b"{}", headers=headers))
        environ, body = app.calls[0]
        self.assertEqual(
            ("2", "application/json", b"{}"), (environ["CONTENT_LENGTH"], environ["CONTENT_TYPE"], body)
        )
        self.assertEqual("a=1; b=2", environ["HTTP_COOKIE"])
        self.assertNotIn("HTTP_CONTENT_TYPE", environ)

    def test_without_a_body_there_is_neither(self) -> None:
        app = App()
        self.ask(app, get())
        self.assertFalse({"CONTENT_LENGTH", "CONTENT_TYPE"} & app.calls[0][0].keys())

    def test_a_mounted_application(self) -> None:
        app = App()
        transport = WsgiTransport(app, {}, endpoint="https://api.example/placement/")
        self.assertEqual("https://api.example/placement", transport.endpoint)
        for target in ("/x", "", "https://api.example/other", "https://api.example/placements"):
            transport.answer(get(target))
        self.assertEqual(
            [("/placement", "/x"), ("/placement", ""), ("", "/other"), ("", "/placements")],
            [(environ["SCRIPT_NAME"], environ["PATH_INFO"]) for environ, _ in app.calls],
        )
        self.assertEqual(
            ("443", "https"), (app.calls[0][0]["SERVER_PORT"], app.calls[0][0]["wsgi.url_scheme"])
        )

    def test_the_environ_is_what_pep_3333_asks_for(self) -> None:
        def app(environ: dict, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok"]

        request = Request(method="POST", target="/x?y=1", body=b"{}", headers=(("Content-Type", "a/b"),))
        self.assertEqual(b"ok", self.ask(validator(app), request).body)

    def test_the_identity_proves_the_role(self) -> None:
        app = App()
        transport = WsgiTransport(app, {"admin": StaticIdentity((("X-Auth-Token", "good"),))})
        for role in ("admin", "none", ""):
            transport.answer(get(role=role))
        self.assertEqual(["good", None, None], [environ.get("HTTP_X_AUTH_TOKEN") for environ, _ in app.calls])
        with self.assertRaises(UsageError):
            transport.answer(get(role="reader"))

    def test_another_host_is_refused(self) -> None:
        app = App()
        for target in ("http://other.example/x", "x"):
            with self.assertRaises(Refused):
                self.ask(app, get(target))
        self.assertEqual([], app.calls)


class TestAnswers(WsgiCase):
    def test_status_headers_and_body(self) -> None:
        headers = (("Vary", "A"), ("X", "1"), ("Vary", "B"))
        response = self.ask(App("418 I am a teapot", headers, (b"a", b"", b"b")), get())
        self.assertEqual(
            (418, "I am a teapot", headers, b"ab"),
            (response.status, response.reason, response.headers, response.body),
        )

    def test_a_status_without_a_reason(self) -> None:
        response = self.ask(App("204 "), get())
        self.assertEqual((204, ""), (response.status, response.reason))

    def test_a_generator_that_starts_late_and_the_write_callable(self) -> None:
        def app(environ: dict, start_response):
            write = start_response("200 OK", [])
            write(b"a")
            yield b"b"

        self.assertEqual(b"ab", self.ask(app, get()).body)

    def test_exc_info_replaces_the_answer_until_something_is_written(self) -> None:
        def app(environ: dict, start_response):
            start_response("200 OK", [])
            try:
                raise ValueError("late")
            except ValueError:
                start_response("500 Oops", [("X", "1")], sys.exc_info())
            return [b"x"]

        response = self.ask(app, get())
        self.assertEqual((500, (("X", "1"),)), (response.status, response.headers))

    def test_close_is_called_also_after_an_error(self) -> None:
        closed: list[bool] = []

        class Body:
            def __init__(self, fail: bool) -> None:
                self.fail = fail

            def __iter__(self):
                if self.fail:
                    raise ValueError("broken")
                return iter([b"x"])

            def close(self) -> None:
                closed.append(True)

        def app(environ: dict, start_response):
            start_response("200 OK", [])
            return Body(environ["PATH_INFO"] == "/fail")

        self.ask(app, get())
        self.unreachable(app, get("/fail"))
        self.assertEqual([True, True], closed)

    def test_head_has_no_body(self) -> None:
        self.assertEqual(b"", self.ask(App(), Request(method="HEAD", target="/")).body)

    def test_a_content_encoding_that_the_scenario_asked_for_is_decoded(self) -> None:
        app = App("200 OK", (("Content-Encoding", "gzip"),), (gzip.compress(b"abc"),))
        self.assertEqual(b"abc", self.ask(app, get()).body)
        app = App("200 OK", (("Content-Encoding", "identity"),), (b"abc",))
        self.assertEqual(b"abc", self.ask(app, get()).body)

    def test_redirects_are_followed_where_the_request_wants_it(self) -> None:
        def app(environ: dict, start_response):
            if environ["PATH_INFO"] == "/x":
                start_response("302 Found", [("Location", "http://service.example/y")])
                return []
            start_response("200 OK", [])
            return [environ["PATH_INFO"].encode()]

        self.assertEqual(302, self.ask(app, get("/x")).status)
        self.assertEqual(b"/y", self.ask(app, get("/x", follow=True)).body)

    def test_calls_run_in_the_workers_own_threads(self) -> None:
        barrier = threading.Barrier(4, timeout=60)

        def app(environ: dict, start_response):
            barrier.wait()
            start_response("200 OK", [])
            return [str(threading.get_ident()).encode()]

        transport = WsgiTransport(app, {})
        found: dict[int, bytes] = {}

        def work() -> None:
            found[threading.get_ident()] = transport.open(None).send(get()).body

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({ident: str(ident).encode() for ident in found}, found)
        self.assertEqual(4, len(found))


class TestBrokenApplications(WsgiCase):
    def raises(self, error: BaseException):
        def app(environ: dict, start_response):
            environ["wsgi.errors"].write("noise")
            raise error

        return app

    def test_an_exception_is_named_in_one_line(self) -> None:
        self.assertEqual(
            "GET http://service.example/x: the application raised ValueError: two lines; look at its log",
            self.unreachable(self.raises(ValueError("two\nlines"))),
        )
        self.assertEqual(
            "GET http://service.example/x: the application raised KeyError; look at its log",
            self.unreachable(self.raises(KeyError())),
        )
        self.assertEqual(
            "GET http://service.example/x: the application raised SystemExit: 1; look at its log",
            self.unreachable(self.raises(SystemExit(1))),
        )

    def test_ctrl_c_passes(self) -> None:
        with self.assertRaises(KeyboardInterrupt):
            self.ask(self.raises(KeyboardInterrupt()), get())

    def test_secrets_do_not_show(self) -> None:
        identities = {"admin": StaticIdentity((("X-Auth-Token", "s3cret-token"),))}
        message = self.unreachable(
            self.raises(ValueError("bad s3cret-token")), get("/x", role="admin"), identities
        )
        self.assertEqual(
            "GET http://service.example/x: the application raised ValueError: bad ***; look at its log",
            message,
        )

    def test_wsgi_errors_go_to_the_debug_log(self) -> None:
        with self.assertLogs("contract_tests.transport.wsgi", "DEBUG") as logs:
            self.unreachable(self.raises(ValueError("x")))
        self.assertEqual(["wsgi.errors: noise"], [record.getMessage() for record in logs.records])

    def test_breaches_of_pep_3333(self) -> None:
        def twice(environ: dict, start_response):
            start_response("200 OK", [])
            start_response("200 OK", [])
            return []

        for app, message in (
            (lambda environ, start_response: [], "RuntimeError: start_response was never called"),
            (twice, "RuntimeError: start_response was called twice without exc_info"),
            (App("OK"), "RuntimeError: its status is 'OK', which is not a code and a reason"),
            (App(body=("text",)), "TypeError: sequence item 0: expected a bytes-like object, str found"),
            (lambda environ: [], "TypeError: "),
        ):
            found = self.unreachable(app)
            self.assertTrue(
                found.startswith(f"GET http://service.example/x: the application raised {message}"), found
            )


class TestLoading(unittest.TestCase):
    def fails(self, text: str, message: str) -> None:
        with self.subTest(text), self.assertRaises(UsageError) as caught:
            load_application(text)
        self.assertEqual(f"{text!r}: {message}", str(caught.exception))

    def test_a_callable_a_factory_and_an_attribute_of_an_object(self) -> None:
        app = load_application("wsgi:wsgiref.simple_server:demo_app")
        self.assertEqual("demo_app", app.__name__)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "ct_own_app.py").write_text(
                "class site:\n    def wsgi(environ, start_response): ...\n\n"
                "def make():\n    return site.wsgi\n"
            )
            here = Path.cwd()
            os.chdir(folder)
            try:
                with mock.patch.object(sys, "path", [p for p in sys.path if p]):
                    self.assertEqual("wsgi", load_application("wsgi:ct_own_app:make()").__name__)
                    self.assertEqual("wsgi", load_application("wsgi:ct_own_app:site.wsgi").__name__)
            finally:
                os.chdir(here)
                sys.modules.pop("ct_own_app", None)

    def test_what_is_wrong_is_named_with_the_text(self) -> None:
        form = "wsgi:MODULE:CALLABLE, or wsgi:MODULE:FACTORY() for a function that makes the application"
        for text in ("wsgi:", "wsgi:module", "wsgi:a b:c", "wsgi:m:f(1)", "http://x", "wsgi:m:f()x"):
            self.fails(text, f"expected {form}")
        self.fails(
            "wsgi:ct_nowhere.app:x",
            "there is no module 'ct_nowhere'; install its package, or run in its folder",
        )
        self.fails("wsgi:json:nothing", f"'json' has no 'nothing'; expected {form}")
        self.fails("wsgi:json:__name__", f"this is a str, which cannot be called; expected {form}")
        self.fails(
            "wsgi:json:JSONEncoder()", f"this is a JSONEncoder, which cannot be called; expected {form}"
        )
        self.fails(
            "wsgi:json:loads()",
            "calling loads() failed: TypeError: loads() missing 1 required positional argument: 's'",
        )

    def test_a_module_or_a_factory_that_fails(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(sys, "path", [folder, *sys.path]):
            Path(folder, "ct_broken.py").write_text("raise RuntimeError('no\\nconfiguration')\n")
            Path(folder, "ct_syntax.py").write_text("def (:\n")
            Path(folder, "ct_needs.py").write_text("import ct_not_installed\n")
            Path(folder, "ct_exits.py").write_text("import sys\ndef make(): sys.exit(3)\n")
            self.fails("wsgi:ct_broken:app", "importing 'ct_broken' failed: RuntimeError: no configuration")
            self.fails(
                "wsgi:ct_needs:app",
                "there is no module 'ct_not_installed'; install its package, or run in its folder",
            )
            self.fails("wsgi:ct_exits:make()", "calling make() failed: SystemExit: 3")
            with self.assertRaises(UsageError) as caught:
                load_application("wsgi:ct_syntax:app")
            self.assertIn("importing 'ct_syntax' failed: SyntaxError: ", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
