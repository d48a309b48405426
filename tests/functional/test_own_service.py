"""A user's own service, from files in the user's own folder alone: live, recorded, replayed, in process.

The folder is tests/data/own_service; the shop in it is served over HTTP on a loopback port.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from waitress import wasyncore
from waitress.server import create_server

from contract_tests.cli.main import main

FOLDER = Path(__file__).resolve().parents[1] / "data" / "own_service"
TOKENS = ("--token", "admin=admin-token-of-the-shop", "--token", "reader=reader-token-of-the-shop")
ALL = "12 cases: 12 passed"


def forget_the_shop() -> None:
    """The next import of the user's module is a new shop."""
    for name in ("shop", "tiny"):
        sys.modules.pop(name, None)


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """As a person who has gone to `folder`; what is imported from there is forgotten behind them."""
    path = list(sys.path)
    forget_the_shop()
    sys.path.insert(0, str(folder))
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        sys.path[:] = path
        forget_the_shop()


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    return status, out.getvalue(), err.getvalue()


@contextlib.contextmanager
def served(application) -> Iterator[str]:
    """The URL of an application, served over HTTP on a port of its own."""
    sockets: dict = {}
    stop = threading.Event()
    options = {"map": sockets, "clear_untrusted_proxy_headers": True}
    server = create_server(application, host="127.0.0.1", port=0, threads=4, **options)

    def serve() -> None:
        while not stop.is_set():
            wasyncore.loop(timeout=0.02, map=sockets, count=1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        stop.set()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(sockets)


def no_socket(*args: object, **kwargs: object) -> None:
    raise AssertionError("a replay opens no socket")


class Folder(unittest.TestCase):
    """Each test has a copy of the user's folder, and works in it."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name).resolve() / "own"
        shutil.copytree(FOLDER, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.enterContext(working_in(self.folder))

    def passes(self, *arguments: str) -> str:
        status, out, err = run(*arguments)
        self.assertEqual((0, ""), (status, err), out)
        return out

    def shop(self, lost: str = "") -> str:
        """A shop over HTTP; its URL."""
        import shop

        return self.enterContext(served(shop.Shop(lost=lost)))


class LiveTest(Folder):
    def test_every_case_passes_over_http(self) -> None:
        out = self.passes("run", "--target", self.shop(), *TOKENS)
        self.assertIn(ALL, out)

    def test_in_threads_too(self) -> None:
        out = self.passes("run", "--target", self.shop(), *TOKENS, "-j", "4", "--microversions", "every")
        self.assertIn("13 cases: 13 passed", out)

    def test_the_configuration_is_found_upward(self) -> None:
        below = self.folder / "scenarios"
        with contextlib.chdir(below):
            out = self.passes("check")
        self.assertIn("nothing is wrong", out)

    def test_places_on_the_command_line(self) -> None:
        url = self.shop()
        with contextlib.chdir(self.folder.parent):
            places = [f"--{kind}=own/{kind}" for kind in ("scenarios", "schemas", "services")]
            out = self.passes("run", "--target", url, *TOKENS, *places)
        self.assertIn(ALL, out)

    def test_a_role_without_an_identity_is_a_skip_with_its_reason(self) -> None:
        out = self.passes("run", "--target", "anonymous")
        self.assertIn("needs an identity for the role reader, which anonymous lacks", out)

    def test_a_lost_property_is_found(self) -> None:
        status, out, _ = run("run", "--target", self.shop(lost="price"), *TOKENS, "scenarios/items.yaml")
        self.assertEqual(1, status)
        self.assertIn("FAILED shop/items@2024-01-01", out)
        self.assertIn("expected at $.price: 1200, got nothing [json] (scenarios/items.yaml:19)", out)
        self.assertIn("$: 'price' is a required property (schema item) [schema]", out)
        self.assertIn('"coupon": "REDACTED"', out)
        self.assertNotIn("a-coupon-nobody-may-see", out)

    def test_an_unreachable_service_is_no_finding(self) -> None:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{one.getsockname()[1]}"
            status, _, err = run("run", "--target", url, *TOKENS)
        self.assertEqual(3, status)
        self.assertIn(url, err)


class RecordedTest(Folder):
    def record(self) -> None:
        out = self.passes(
            "run", "--target", self.shop(), *TOKENS, "--release", "1.2.0", "--record", "recordings"
        )
        self.assertIn(ALL, out)

    def test_recorded_live_replayed_without_a_socket(self) -> None:
        self.record()
        with (
            mock.patch.object(socket, "socket", no_socket),
            mock.patch.object(socket, "create_connection", no_socket),
        ):
            for arguments in (("run",), ("run", "-j", "1"), ("run", "--target", "recordings/shop/1.2.0")):
                self.assertIn(ALL, self.passes(*arguments), arguments)

    def test_no_secret_is_in_a_recording(self) -> None:
        self.record()
        text = "".join(path.read_text() for path in (self.folder / "recordings").rglob("*.yaml"))
        self.assertIn("POST", text)
        for secret in ("admin-token-of-the-shop", "reader-token-of-the-shop", "a-coupon-nobody-may-see"):
            self.assertNotIn(secret, text)

    def test_a_planted_change_in_a_recording_is_found(self) -> None:
        self.record()
        path = self.folder / "recordings" / "shop" / "1.2.0" / "orders" / "2025-02-01.yaml"
        text = path.read_text()
        self.assertIn('"done"', text)
        path.write_text(text.replace('"done"', '"lost"'))
        status, out, _ = run("run", "--match", "orders")
        self.assertEqual(1, status, out)
        self.assertIn("not as `until` says after 3 tries", out)
        self.assertIn('expected at $.state: "done", got "lost"', out)

    def test_in_a_process_of_its_own(self) -> None:
        self.record()
        done = subprocess.run(
            [sys.executable, "-m", "contract_tests.cli.main", "run", "--json", "-"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
        self.assertEqual(0, done.returncode, done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual({"passed": 12}, document["counts"])
        self.assertIn(ALL, done.stderr)


class InProcessTest(Folder):
    def test_a_wsgi_application_by_its_name(self) -> None:
        self.assertIn(ALL, self.passes("run", "--target", "inside"))
        out = self.passes("run", "--target", "wsgi:shop:application", *TOKENS)
        self.assertIn(ALL, out)

    def test_the_broken_one_fails(self) -> None:
        status, out, _ = run("run", "--target", "broken")
        self.assertEqual(1, status)
        self.assertIn("'price' is a required property", out)
        self.assertNotIn("a mistake in contract-tests", out)

    def test_list_and_coverage(self) -> None:
        out = self.passes("list", "--target", "inside", "--cases")
        self.assertIn("inside  shop/items@2024-06-01\n", out)
        self.assertIn("12 cases on 1 target: 12 to run, 0 skipped", out)
        out = self.passes("coverage", "--target", "inside")
        self.assertIn("The shop: 12 cases", out)
        self.assertRegex(out, r"POST /items/\{id\}/orders +3 +3  202 !404")
        self.assertIn("overlays: ", out)

    def test_coverage_below_the_limit(self) -> None:
        status, _, err = run("coverage", "--target", "inside", "--fail-under", "99")
        self.assertEqual(1, status)
        self.assertIn("less than --fail-under 99", err)

    def test_services_names_it(self) -> None:
        out = self.passes("services")
        self.assertIn("shop: The shop\n    header 2024-01-01-2025-02-01", out)


TINY = '''
import json
from urllib.parse import parse_qs


def answer(start_response, document, status="200 OK", headers=()):
    body = json.dumps(document).encode()
    start_response(status, [("Content-Type", "application/json"), *headers])
    return [body]


def url(environ, start_response):
    """/v1/things names, /v2/things ids too, /v3/things is a list of objects; / lists the versions."""
    path = environ["PATH_INFO"]
    if path == "/":
        return answer(start_response, {"versions": [{"id": "v1"}, {"id": "v2"}, {"id": "v3"}]})
    version = path.split("/")[1]
    things = {"v1": ["a"], "v2": {"things": ["a"]}, "v3": {"things": [{"name": "a"}]}}
    if version not in things:
        return answer(start_response, {"error": version}, "404 Not Found")
    return answer(start_response, things[version])


def query(environ, start_response):
    version = parse_qs(environ["QUERY_STRING"]).get("api-version", ["none"])[0]
    if version not in ("2023-01-01", "2024-01-01"):
        return answer(start_response, {"error": version}, "400 Bad Request")
    return answer(start_response, {"name": "a"} if version == "2023-01-01" else {"name": "a", "size": 1})


def media(environ, start_response):
    accept = environ["HTTP_ACCEPT"]
    version = accept.partition("version=")[2] or "1.0"
    document = {"at": version}
    body = json.dumps(document).encode()
    media_type = f"application/vnd.tiny+json; version={version}"
    start_response("200 OK", [("Content-Type", media_type), ("Vary", "Accept")])
    return [body]


def semantic(environ, start_response):
    version = environ.get("HTTP_X_TINY", "1.0")
    order = ["1.0", "2.0-beta.1", "2.0-beta.2", "2.0"]
    document = {"since": order.index(version)}
    return answer(start_response, document, headers=[("X-Tiny", version)])


def none(environ, start_response):
    return answer(start_response, {"fine": True})


def legacy(environ, start_response):
    """Reads the standard header and two older ones, and answers with all of them."""
    told = {
        environ.get("HTTP_OPENSTACK_API_VERSION", "").removeprefix("tiny "),
        environ.get("HTTP_X_TINY_API_VERSION"),
        environ.get("HTTP_X_OPENSTACK_TINY_API_VERSION"),
    }
    if len(told) != 1:
        return answer(start_response, {"told": sorted(map(str, told))}, "400 Bad Request")
    version = told.pop()
    headers = [
        ("OpenStack-API-Version", f"tiny {version}"),
        ("X-Tiny-API-Version", version),
        ("X-OpenStack-Tiny-API-Version", version),
        ("Vary", "OpenStack-API-Version, X-Tiny-API-Version"),
        ("Vary", "X-OpenStack-Tiny-API-Version"),
    ]
    return answer(start_response, {"two": version == "1.2"}, headers=headers)


def forgetful(environ, start_response):
    """Answers one of its headers only, and varies with one."""
    version = environ["HTTP_X_TINY_API_VERSION"]
    headers = [("X-Tiny-API-Version", version), ("Vary", "X-Tiny-API-Version")]
    return answer(start_response, {"two": version == "1.2"}, headers=headers)
'''

HEAD = """
scenario: what changes
id: 5b1a3f1e-3f0e-4c68-8d4e-9f0a6a0e1b01
service: tiny
calls:
"""


class DialectTest(unittest.TestCase):
    """Each way of asking for a version, from the service file to the verdict, in this process."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name).resolve()
        for name in ("services", "scenarios"):
            (self.folder / name).mkdir()
        (self.folder / "contract-tests.yaml").write_text("scenarios: [scenarios]\nservices: [services]\n")
        (self.folder / "tiny.py").write_text(TINY)
        self.enterContext(working_in(self.folder))

    def run_tiny(
        self, application: str, service: str, calls: str, *arguments: str
    ) -> tuple[int, list[str], str]:
        """Exit status, `microversion outcome` of each case, and what was printed."""
        (self.folder / "services" / "tiny.yaml").write_text(f"service: tiny\n{textwrap.dedent(service)}")
        (self.folder / "scenarios" / "change.yaml").write_text(
            HEAD.lstrip() + textwrap.indent(textwrap.dedent(calls), "  ")
        )
        status, _, err = run("run", "--target", f"wsgi:tiny:{application}", "--json", "out.json", *arguments)
        if not Path("out.json").exists():
            return status, [], err
        cases = json.loads(Path("out.json").read_text())["cases"]
        messages = [
            f["message"]
            for case in cases
            for call in case.get("not_passed", ())
            for f in call.get("findings", ())
        ]
        reasons = [case["reason"] for case in cases if "reason" in case]
        return (
            status,
            [f"{case['microversion']} {case['outcome']}" for case in cases],
            "\n".join(messages + reasons) + err,
        )

    def test_url(self) -> None:
        service = """
            version:
              dialect: url
              min: v1
              max: v3
              majors: {path: /, names: "$.versions[*].id"}
            """
        calls = """
            - name: things
              GET: /things
              expect: {status: 200, json: {$: [a]}}
              since:
                v2: {expect: {json: {$: {any: true}, $.things: [a]}}}
                v2.5: {expect: {json: {$.things: {any: true}, "$.things[0].name": a}}}
            """
        status, cases, text = self.run_tiny("url", service, calls)
        # v2.5 is no version of this deployment: what changed then shows at v3.
        self.assertEqual((0, ["v1 passed", "v2 passed", "v3 passed"]), (status, cases), text)

    def test_url_versions_that_the_deployment_lacks(self) -> None:
        service = """
            version: {dialect: url, min: v1, max: v4, majors: {path: /, names: "$.versions[*].id"}}
            """
        calls = """
            - name: things
              GET: /things
              expect: {status: 200}
              since:
                v4: {expect: {json: {$.new: true}}}
            """
        status, cases, text = self.run_tiny("url", service, calls)
        self.assertEqual((0, ["v1 passed", "v3 passed", "v4 skipped"]), (status, cases), text)
        self.assertIn("v4 is outside v1-v3, which wsgi:tiny:url offers", text)
        status, cases, text = self.run_tiny("url", service, calls, "--microversions", "v2,v2.1")
        self.assertEqual((0, ["v2 passed", "v2.1 skipped"]), (status, cases), text)
        self.assertIn("v2.1 is none of v1, v2, v3, which wsgi:tiny:url offers", text)

    def test_query(self) -> None:
        service = "version: {dialect: query, parameter: api-version, values: [2023-01-01, 2024-01-01]}"
        calls = """
            - name: one
              GET: /thing?verbose=yes
              expect: {status: 200, json: {$.size: {absent: true}}}
              since:
                2024-01-01: {expect: {json: {$.size: 1}}}
            - name: an old version
              GET: /thing
              microversion: "1999-01-01"
              expect: {status: 400}
            """
        status, cases, text = self.run_tiny("query", service, calls)
        self.assertEqual((0, ["2023-01-01 passed", "2024-01-01 passed"]), (status, cases), text)

    def test_media_type(self) -> None:
        service = """
            version:
              dialect: media-type
              parameter: version
              media_type: application/vnd.tiny+json
              values: [1.0, 1.1]
            protocol:
              probe: {GET: /, as: none}
              echo: all
              vary: all
            """
        calls = """
            - name: one
              GET: /
              expect: {status: 200, json: {$.at: "1.0"}}
              since:
                1.1: {expect: {json: {$.at: "1.1"}}}
            """
        status, cases, text = self.run_tiny("media", service, calls)
        self.assertEqual((0, ["1.0 passed", "1.1 passed", "1.0 passed"]), (status, cases), text)

    def test_semantic_with_pre_releases(self) -> None:
        service = """
            version:
              {dialect: header, header: X-Tiny, order: semantic, values: [1.0, 2.0-beta.1, 2.0-beta.2, 2.0]}
            """
        calls = """
            - name: one
              GET: /
              expect: {status: 200, json: {$.since: 0}}
              since:
                2.0-beta.1: {expect: {json: {$.since: 1}}}
                2.0-beta.2: {expect: {json: {$.since: 2}}}
                2.0: {expect: {json: {$.since: 3}}}
            """
        status, cases, text = self.run_tiny("semantic", service, calls)
        expected = [f"{version} passed" for version in ("1.0", "2.0-beta.1", "2.0-beta.2", "2.0")]
        self.assertEqual((0, expected), (status, cases), text)

    def test_none(self) -> None:
        calls = "- {name: one, GET: /, expect: {status: 200, json: {$.fine: true}}}"
        status, cases, text = self.run_tiny("none", "version: {dialect: none}", calls)
        self.assertEqual((0, [" passed"]), (status, cases), text)

    LEGACY = """
        version:
          dialect: openstack
          service_type: tiny
          legacy: [X-Tiny-API-Version, X-OpenStack-Tiny-API-Version]
          min: 1.0
          max: 1.3
        protocol:
          probe: {GET: /, as: none}
          echo: success
          vary: success
        """
    LEGACY_CALLS = """
        - name: one
          GET: /
          expect: {status: 200, json: {$.two: false}}
          since:
            1.2: {expect: {json: {$.two: true}}}
            1.3: {expect: {json: {$.two: false}}}
        """

    def test_several_legacy_headers(self) -> None:
        status, cases, text = self.run_tiny("legacy", self.LEGACY, self.LEGACY_CALLS, "scenarios")
        expected = [f"{version} passed" for version in ("1.0", "1.1", "1.2", "1.3")]
        self.assertEqual((0, expected), (status, cases), text)

    def test_several_legacy_headers_of_which_one_answers(self) -> None:
        status, cases, text = self.run_tiny("forgetful", self.LEGACY, self.LEGACY_CALLS, "scenarios")
        self.assertEqual((1, {"failed"}), (status, {case.split()[1] for case in cases}), text)
        self.assertIn("expected the version header OpenStack-API-Version: 1.0, got nothing", text)
        self.assertIn("expected the version header X-OpenStack-Tiny-API-Version: 1.0, got nothing", text)
        self.assertNotIn("header X-Tiny-API-Version", text)
        self.assertIn("expected Vary to name OpenStack-API-Version, got X-Tiny-API-Version", text)


if __name__ == "__main__":
    unittest.main()
