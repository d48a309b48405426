"""Replay: matching whatever the order, misses that explain themselves, staleness, and vcrpy both ways."""

from __future__ import annotations

import dataclasses
import gzip
import http.server
import io
import json
import socket
import sys
import tempfile
import threading
import unittest
import zlib
from pathlib import Path
from typing import Any
from unittest import mock

import requests
import vcr

from contract_tests.errors import Miss, RecordingError
from contract_tests.model.case import Case
from contract_tests.model.dialect import Carrier, Dialect, openstack
from contract_tests.model.finding import Finding, Mark
from contract_tests.model.http import Headers, Interaction, Request, Response
from contract_tests.model.microversion import ORDERS
from contract_tests.model.scenario import Call, CallHistory, Scenario
from contract_tests.model.service import Service
from contract_tests.recordings.emitter import Metadata, Taken, cassette_text
from contract_tests.recordings.reader import read_cassette
from contract_tests.recordings.recording import load_recording
from contract_tests.recordings.staleness import asked_of, staleness
from contract_tests.transport.recorder import Recorder
from contract_tests.transport.recording import RecordingChannel, RecordingTransport

NUMBER = ORDERS["number"]
VERSION = ("OpenStack-API-Version", "placement 1.20")
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
SERVICE = Service(name="placement", dialect=openstack("placement", legacy=("X-Legacy-Version",)))
BASE = "http://placement.example"


def call(name: str, asked: str = "aa") -> Call:
    return Call(name=name, mark=Mark(path="s.yaml", line=len(name)), method="GET", target="/x", asked=asked)


def case(*calls: Call, slug: str = "rp", version: str = "1.20", identity: str = "id-1") -> Case:
    histories = tuple(CallHistory(name=one.name, mark=one.mark, stages=((None, one),)) for one in calls)
    scenario = Scenario(
        name=slug, id=identity, slug=slug, mark=Mark(path="s.yaml", line=1), service=SERVICE, calls=histories
    )
    return Case(scenario=scenario, microversion=NUMBER.parse(version))


def asks(
    method: str = "GET",
    target: str = "/x",
    *headers: tuple[str, str],
    body: bytes | None = None,
    role: str = "admin",
) -> Request:
    return Request(method=method, target=target, headers=(VERSION, *headers), body=body, role=role)


class NoSockets(unittest.TestCase):
    """A recording's folder, and a replay in which any socket fails the test."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.path = self.root / "rp/1.20.yaml"

    def no_sockets(self) -> None:
        def refuse(*args: object, **options: object) -> None:
            raise AssertionError("a replay opened a socket")

        for name in ("socket", "create_connection", "getaddrinfo", "socketpair"):
            patch = mock.patch.object(socket, name, refuse)
            patch.start()
            self.addCleanup(patch.stop)

    def store(
        self,
        *asked: Request,
        calls: tuple[Call, ...] = (),
        answers: tuple[Response, ...] = (),
        **options: Any,
    ) -> Case:
        """A cassette with these requests, answered 200 with their number; `calls` names their calls."""
        calls = calls or tuple(call(f"c{number}") for number in range(1, len(asked) + 1))
        taken = [
            Taken(
                interaction=Interaction(
                    request=dataclasses.replace(one, target=BASE + one.target),
                    response=answers[number]
                    if answers
                    else Response(200, "OK", (), str(number + 1).encode()),
                    call=calls[number].name,
                )
            )
            for number, one in enumerate(asked)
        ]
        recorded = case(*calls, **options)
        metadata = Metadata(scenario=recorded.scenario.id, microversion="1.20", asked=asked_of(recorded))
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(cassette_text(taken, metadata))
        return recorded

    def open(self, recorded: Case, service: Service = SERVICE) -> RecordingChannel:
        self.no_sockets()
        channel = RecordingTransport(load_recording(self.root), service).open(recorded)
        assert isinstance(channel, RecordingChannel)
        return channel

    def number(self, channel: RecordingChannel, request: Request, name: str = "") -> int:
        """Which recorded request answers this one."""
        return int(channel.send(request, call(name) if name else None).body)


class Matching(NoSockets):
    def test_in_any_order(self) -> None:
        asked = [asks("GET", f"/x/{number}") for number in range(5)] + [
            asks("POST", "/x", JSON, body=b'{"a": 1}')
        ]
        recorded = self.store(*asked)
        channel = self.open(recorded)
        for index in (5, 3, 0, 4, 2, 1):
            self.assertEqual(self.number(channel, asked[index], f"c{index + 1}"), index + 1)
        self.assertEqual(channel.close(), ())

    def test_what_counts_as_the_same_request(self) -> None:
        for stored, asked in (
            (asks(), asks()),
            (asks(), asks(body=b"")),
            (asks(target="/x?a=1&b=2"), asks(target="/x?b=2&a=1")),
            (asks(target="/x?a=b%20c"), asks(target="/x?a=b+c")),
            (asks(target="/x/%7euser"), asks(target="/x/~user")),
            (asks(target="/x/a%2fb"), asks(target="/x/a%2Fb")),
            (asks(), asks("GET", "/x", ("Accept", "text/plain"))),
            (
                asks(),
                Request(
                    method="GET",
                    target="/x",
                    headers=(("openstack-api-version", "placement  1.20"),),
                    role="admin",
                ),
            ),
            (
                asks("POST", "/x", JSON, body=b'{"a": 1, "b": [1.0]}'),
                asks("POST", "/x", JSON, body=b'{"b":[1],"a":1.0}'),
            ),
            (asks("POST", "/x", FORM, body=b"a=1&b=2"), asks("POST", "/x", FORM, body=b"b=2&a=1")),
            (
                asks("POST", "/x", JSON, body=b'{"password": "REDACTED"}'),
                asks("POST", "/x", JSON, body=b'{"password": "s3cret"}'),
            ),
            (asks(target="/x?token=REDACTED"), asks(target="/x?token=abc")),
            (asks(), asks(target=BASE + "/x")),
            (asks(body=b"[" * 400 + b"]" * 400), asks(body=b"[" * 400 + b"]" * 400)),
            (asks(body=b"[" * 4000 + b"]" * 4000), asks(body=b"[" * 4000 + b"]" * 4000)),
            (asks(body=b"[[],[]," * 60 + b"1" + b"]" * 60), asks(body=b"[[], []," * 60 + b"1" + b"]" * 60)),
        ):
            with self.subTest(asked=asked):
                channel = self.open(self.store(stored))
                self.assertEqual(self.number(channel, asked), 1)
                other = asks("GET", "/other")
                channel = self.open(self.store(other, stored))
                self.assertEqual(self.number(channel, asked), 2)

    def test_what_is_another_request(self) -> None:
        body = b'{"a": 1}'
        for stored, asked, aspect in (
            (asks(), asks("DELETE"), "method: asked DELETE, recorded GET"),
            (asks(), asks(target="/y"), "path: asked /y, recorded /x"),
            (asks(target="/a%2Fb"), asks(target="/a/b"), "path: asked /a/b, recorded /a%2Fb"),
            (asks(target="/x?a=1"), asks(target="/x?a=2"), "query 'a': asked '2', recorded '1'"),
            (asks(target="/x?a=1"), asks(), "query 'a': asked nothing, recorded '1'"),
            (asks(), asks(target="/x?b="), "query 'b': asked '', recorded nothing"),
            (asks(target="/x?a=1&a=2"), asks(target="/x?a=1"), "query 'a': asked '1', recorded '1', '2'"),
            (
                asks(),
                Request(
                    method="GET",
                    target="/x",
                    headers=(("OpenStack-API-Version", "placement 1.21"),),
                    role="admin",
                ),
                "version: asked openstack-api-version: placement 1.21, "
                "recorded openstack-api-version: placement 1.20",
            ),
            (
                asks(),
                Request(method="GET", target="/x", role="admin"),
                "version: asked none, recorded openstack-api-version: placement 1.20",
            ),
            (asks(), asks(role="member"), "role: asked member, recorded admin"),
            (asks(body=body), asks(body=b'{"a": true}'), "body $.a: asked true, recorded 1"),
            (asks(body=body), asks(body=b'{"a": "1"}'), 'body $.a: asked "1", recorded 1'),
            (asks(body=body), asks(body=b'{"b c": 1}'), "body $['b c']: asked 1, recorded nothing"),
            (asks(body=b"[1]"), asks(body=b"[1, null]"), "body $[1]: asked null, recorded nothing"),
            (asks(body=body), asks(), 'body: asked no body, recorded {"a": 1}'),
            (asks(body=b"x"), asks(body=b"y"), "body: asked 1 bytes b'y', recorded 1 bytes b'x'"),
            (
                asks("POST", "/x", FORM, body=b"a=1"),
                asks("POST", "/x", FORM, body=b"a=2"),
                "body 'a': asked '2', recorded '1'",
            ),
        ):
            with self.subTest(aspect=aspect):
                channel = self.open(self.store(stored))
                with self.assertRaises(Miss) as caught:
                    channel.send(asked)
                self.assertIn(f"\n    {aspect}", str(caught.exception))

    def test_a_legacy_version_header_counts_too(self) -> None:
        stored = asks("GET", "/x", ("X-Legacy-Version", "1.20"))
        channel = self.open(self.store(stored))
        with self.assertRaises(Miss):
            channel.send(asks("GET", "/x", ("X-Legacy-Version", "1.21")))
        self.assertEqual(self.number(channel, stored), 1)

    def test_other_dialects(self) -> None:
        media = Dialect(kind="media-type", parameter="version")
        dated = Dialect(kind="header", carriers=(Carrier(name="X-Version"),))
        for dialect, header in ((media, "Accept"), (dated, "X-Version")):
            service = Service(name="placement", dialect=dialect)
            stored = Request(method="GET", target="/x", headers=((header, "application/json;version=2"),))
            other = Request(method="GET", target="/x", headers=((header, "application/json;version=3"),))
            channel = self.open(self.store(stored), service)
            with self.assertRaises(Miss):
                channel.send(other)
            self.assertEqual(self.number(channel, stored), 1)

    def test_another_representation_is_another_request(self) -> None:
        plain = asks("GET", "/x", ("Accept", "application/json"))
        task = asks("GET", "/x", ("Accept", 'application/json; q=0.9; Type="task"'))
        channel = self.open(self.store(plain, task))
        with self.assertRaises(Miss) as caught:
            channel.send(asks("GET", "/x", ("Accept", "application/json;type=other")))
        self.assertIn("accept type: other", str(caught.exception))
        self.assertEqual(self.number(channel, asks("GET", "/x", ("Accept", "application/json;type=task"))), 2)
        self.assertEqual(self.number(channel, asks("GET", "/x", ("Accept", "*/*"))), 1)

    def test_the_same_request_several_times_is_answered_in_the_order_of_recording(self) -> None:
        channel = self.open(self.store(asks(), asks(), asks(), calls=(call("poll"),) * 3))
        self.assertEqual([self.number(channel, asks(), "poll") for _ in range(3)], [1, 2, 3])

    def test_the_own_calls_answer_comes_before_others(self) -> None:
        recorded = self.store(asks(), asks(), calls=(call("before"), call("after")))
        channel = self.open(recorded)
        self.assertEqual(self.number(channel, asks(), "after"), 2)
        self.assertEqual(self.number(channel, asks(), "before"), 1)
        channel = self.open(recorded)
        self.assertEqual(self.number(channel, asks(), "renamed since"), 1)

    def test_a_request_of_its_role_is_found_among_others(self) -> None:
        roles = ("admin", "member", "none")
        channel = self.open(self.store(*(asks(role=role) for role in roles)))
        self.assertEqual([self.number(channel, asks(role=role)) for role in reversed(roles)], [3, 2, 1])

    def test_it_is_linear_in_the_length_of_the_cassette(self) -> None:
        """Counted in lines of Python that run, which are the same on every machine."""

        def lines(count: int) -> int:
            asked = [asks("POST", "/x", JSON, body=b'{"n": %d}' % number) for number in range(count)]
            channel = self.open(self.store(*asked))
            run = 0

            def trace(*_: object) -> Any:
                nonlocal run
                run += 1
                return trace

            before = sys.gettrace()
            sys.settrace(trace)
            try:
                for request in reversed(asked):
                    channel.send(request)
            finally:
                sys.settrace(before)
            return run

        lines(50)
        self.assertLess(lines(1000), 15 * lines(100))

    def test_without_a_case_nothing_is_answered(self) -> None:
        self.store(asks())
        channel = RecordingTransport(load_recording(self.root), SERVICE).open(None)
        with self.assertRaisesRegex(Miss, r"^no recorded answer for GET /: .* stands in its manifest$"):
            channel.send(asks(target="/"))
        self.assertEqual(channel.close(), ())


class Misses(NoSockets):
    def miss(self, channel: RecordingChannel, request: Request, made_by: Call | None = None) -> str:
        with self.assertRaises(Miss) as caught:
            channel.send(request, made_by)
        return str(caught.exception)

    def test_shows_the_nearest_and_each_difference(self) -> None:
        recorded = self.store(
            asks("POST", "/resource_providers", JSON, body=b'{"name": "x", "uuid": "1"}'),
            asks("GET", "/resource_providers/1"),
        )
        channel = self.open(recorded)
        request = asks(
            "POST", "/resource_providers?a=1", JSON, body=b'{"name": "y", "parent": null, "uuid": "1"}'
        )
        self.assertEqual(
            self.miss(channel, request, call("c1")),
            "no recorded answer for POST /resource_providers?a=1 (call 'c1')\n"
            f"  {self.path}: the nearest is request 1 (call 'c1'), POST /resource_providers\n"
            "    query 'a': asked '1', recorded nothing\n"
            '    body $.name: asked "y", recorded "x"\n'
            "    body $.parent: asked null, recorded nothing",
        )

    def test_an_answer_that_was_used_up(self) -> None:
        channel = self.open(self.store(asks(), asks()))
        for _ in range(2):
            channel.send(asks())
        self.assertEqual(
            self.miss(channel, asks()),
            f"no recorded answer for GET /x\n  {self.path}: it was recorded 2 times (request 1, 2) "
            "and is now made 3 times",
        )

    def test_a_nearest_that_is_used_says_so(self) -> None:
        channel = self.open(self.store(asks()))
        channel.send(asks())
        self.assertTrue(self.miss(channel, asks(target="/y")).endswith("\n    that one is used already"))

    def test_an_empty_cassette(self) -> None:
        self.assertEqual(
            self.miss(self.open(self.store()), asks()),
            f"no recorded answer for GET /x\n  {self.path}: no requests were recorded",
        )

    def test_many_differences_are_cut(self) -> None:
        bodies = (json.dumps({f"n{number}": side for number in range(30)}).encode() for side in (1, 2))
        channel = self.open(self.store(asks(body=next(bodies))))
        self.assertTrue(
            self.miss(channel, asks(body=next(bodies))).endswith("\n    … and 18 more differences")
        )

    def test_secrets_are_not_shown(self) -> None:
        channel = self.open(self.store(asks(body=b'{"password": "REDACTED", "n": 1}')))
        text = self.miss(channel, asks(target="/x?token=s3cret", body=b'{"password": "s3cret", "n": 2}'))
        self.assertNotIn("s3cret", text)
        self.assertIn("body $.n: asked 2, recorded 1", text)

    def test_a_changed_scenario_is_named(self) -> None:
        self.store(asks(), calls=(call("create", "old"),))
        changed = case(call("create", "new"), call("added"))
        channel = self.open(changed)
        self.assertTrue(
            self.miss(channel, asks(target="/y"), call("create", "new")).endswith(
                "\n  the scenario has changed since this was recorded: call 'create' asks differently; "
                "record it again"
            )
        )
        self.assertTrue(
            self.miss(channel, asks(target="/z"), call("added")).endswith(
                "call 'added' is new; record it again"
            )
        )

    def test_a_case_that_is_not_recorded(self) -> None:
        self.store(asks())
        with self.assertRaises(Miss) as caught:
            self.open(case(call("c1"), version="1.21"))
        self.assertEqual(
            str(caught.exception),
            f"{self.root}/rp/1.21.yaml: placement/rp@1.21 is not recorded "
            "(recorded microversions: 1.20); record it",
        )
        with self.assertRaisesRegex(Miss, r"recorded microversions: none\); record it$"):
            self.open(case(call("c1"), slug="other", identity="id-2"))

    def test_a_damaged_cassette(self) -> None:
        recorded = self.store(asks())
        self.path.write_text("nothing")
        with self.assertRaises(RecordingError):
            self.open(recorded)

    def test_a_body_that_cannot_be_decoded(self) -> None:
        for coding, body, words in (
            ("br", b"x", "the content encoding 'br' is not read here (gzip and deflate are)"),
            ("gzip", gzip.compress(b"x" * 100)[:-9], "the compressed body ends too early"),
        ):
            answer = Response(200, "OK", (("Content-Encoding", coding),), body)
            channel = self.open(self.store(asks(), answers=(answer,)))
            with self.assertRaises(RecordingError) as caught:
                channel.send(asks())
            self.assertEqual(
                str(caught.exception),
                f"{self.path}: interaction 1: expected a response body that can be decoded: {words}; "
                "record it again",
            )
        bomb = Response(200, "OK", (("Content-Encoding", "gzip"),), gzip.compress(bytes(70 * 1024 * 1024)))
        channel = self.open(self.store(asks(), answers=(bomb,)))
        with self.assertRaisesRegex(RecordingError, "holds more than 67108864 bytes"):
            channel.send(asks())


class Ends(NoSockets):
    """What a channel tells when it is closed."""

    def unused(self, where: str, number: int, name: str, line: int) -> Finding:
        detail = f", request {number} (call {name!r}) in {self.path}"
        return Finding(
            rule="recording-unused", mark=Mark(path="s.yaml", line=line), where=where, detail=detail
        )

    def test_nothing_where_all_was_asked(self) -> None:
        channel = self.open(self.store(asks()))
        channel.send(asks(), call("c1"))
        self.assertEqual(channel.close(), ())

    def test_recorded_requests_that_nobody_made(self) -> None:
        recorded = self.store(asks(), asks(target="/y?a=1"), calls=(call("one"), call("one")))
        channel = self.open(recorded)
        channel.send(asks(), call("one"))
        self.assertEqual(channel.close(), (self.unused("GET /y?a=1", 2, "one", 3),))

    def test_calls_that_were_skipped_are_told_elsewhere(self) -> None:
        recorded = self.store(asks(), asks(target="/y"))
        channel = self.open(recorded)
        channel.send(asks(), call("c1"))
        self.assertEqual(channel.close(), ())

    def test_what_a_miss_has_shown_is_not_told_again(self) -> None:
        recorded = self.store(asks(), asks(target="/y"))
        channel = self.open(recorded)
        channel.send(asks(), call("c1"))
        with self.assertRaises(Miss):
            channel.send(asks(target="/yy"), call("c2"))
        self.assertEqual(channel.close(), ())

    def stale(self, *calls: Call) -> list[tuple[str, str]]:
        changed = case(*calls)
        found = staleness(read_cassette(self.path, self.root), changed)
        self.assertTrue(all(one.rule == "recording-stale" for one in found))
        start = f"the scenario has changed since {self.path} was recorded: call "
        return [(one.where, one.detail.removeprefix(start)) for one in found]

    def test_staleness(self) -> None:
        one, two, three = call("one", "11"), call("two", "22"), call("three", "33")
        self.store(asks(), asks(target="/y"), calls=(one, two))
        self.assertEqual(self.stale(one, two), [])
        self.assertEqual(
            self.stale(one, call("two", "xx")), [("two", "'two' asks differently; record it again")]
        )
        self.assertEqual(self.stale(one), [("two", "'two' is gone; record it again")])
        self.assertEqual(self.stale(one, three, two), [("three", "'three' is new; record it again")])
        self.assertEqual(self.stale(two, one), [("two", "'two' now comes before 'one'; record it again")])

    def test_a_call_that_was_not_made_makes_nothing_stale(self) -> None:
        one, two = call("one", "11"), call("two", "22")
        self.store(asks(), calls=(one,))
        text = self.path.read_text().replace("    one: '11'\n", "    one: '11'\n    two: '22'\n")
        self.path.write_text(text)
        self.assertEqual(self.stale(one, two), [])
        self.assertEqual(self.stale(one), [])
        self.assertEqual(self.stale(one, call("two", "xx")), [])

    def test_a_change_is_told_with_what_differs(self) -> None:
        self.store(asks("POST", "/x", JSON, body=b'{"a": 1}'), calls=(call("create", "old"),))
        channel = self.open(case(call("create", "new")))
        with self.assertRaises(Miss):
            channel.send(asks("POST", "/x", JSON, body=b'{"a": 2}'), call("create", "new"))
        (found,) = channel.close()
        self.assertEqual(
            (found.rule, found.where, found.mark.line, found.detail),
            (
                "recording-stale",
                "create",
                6,
                f"the scenario has changed since {self.path} was recorded: call 'create' asks differently "
                "(body $.a: asked 2, recorded 1); record it again",
            ),
        )

    def test_a_call_that_is_gone_leaves_its_request_unused(self) -> None:
        self.store(asks(), asks(target="/y"), calls=(call("one"), call("two")))
        channel = self.open(case(call("one")))
        channel.send(asks(), call("one"))
        self.assertEqual([one.rule for one in channel.close()], ["recording-stale", "recording-unused"])


class Places(NoSockets):
    def test_a_scenario_whose_file_was_renamed_is_found_by_its_id(self) -> None:
        self.store(asks())
        other = self.root / "another/1.20.yaml"
        other.parent.mkdir()
        other.write_text("no cassette at all")
        channel = self.open(case(call("c1"), slug="renamed"))
        self.assertEqual(self.number(channel, asks(), "c1"), 1)

    def test_a_cassette_of_another_scenario_is_not_taken(self) -> None:
        self.store(asks())
        with self.assertRaises(Miss) as caught:
            self.open(case(call("c1"), identity="id-9"))
        self.assertEqual(
            str(caught.exception),
            f"{self.path}: this cassette is of another scenario (id id-1, expected id-9); "
            "record placement/rp@1.20 again",
        )

    def test_a_slug_never_leads_out(self) -> None:
        recorded = self.store(asks())
        outside = self.root / "in"
        outside.mkdir()
        for slug in ("../rp", "..", "/rp", ".rp"):
            scenario = dataclasses.replace(recorded.scenario, slug=slug)
            with self.assertRaisesRegex(RecordingError, "is no place for a cassette"):
                RecordingTransport(load_recording(outside), SERVICE).open(
                    dataclasses.replace(recorded, scenario=scenario)
                )
        (outside / "rp").symlink_to(self.root / "rp")
        with self.assertRaisesRegex(RecordingError, "it leads out of the recording's folder"):
            RecordingTransport(load_recording(outside), SERVICE).open(recorded)

    def test_threads_share_a_transport(self) -> None:
        recorded = self.store(asks())
        transport = RecordingTransport(load_recording(self.root), SERVICE)
        renamed = dataclasses.replace(recorded, scenario=dataclasses.replace(recorded.scenario, slug="else"))
        found: list[bytes] = []

        def run() -> None:
            for _ in range(20):
                found.append(transport.open(renamed).send(asks(), call("c1")).body)

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [b"1"] * 160)


ANSWERS: dict[str, tuple[Headers, bytes]] = {
    "/json": ((JSON,), b'{"n": 1e3, "t": "caf\xc3\xa9"}'),
    "/gzip": ((JSON, ("Content-Encoding", "gzip")), gzip.compress(b'{"zipped": true}')),
    "/deflate": ((JSON, ("Content-Encoding", "deflate")), zlib.compress(b'{"zipped": true}')),
    "/bytes": ((("Content-Type", "application/octet-stream"),), bytes(range(256))),
    "/text": ((("Content-Type", "text/plain; charset=utf-8"),), " two\r\nlines\t\U0001f600\n".encode()),
    "/empty": ((), b""),
    "/twice": ((("X-Two", "1e3"), ("X-Two", "08"), JSON), b"[]"),
}


class Served(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers, body = ANSWERS.get(self.path.partition("?")[0], ((), b""))
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    do_GET = do_POST = do_PUT = do_HEAD = answer  # noqa: N815

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def decoded(path: str) -> bytes:
    headers, body = ANSWERS[path]
    coding = dict(headers).get("Content-Encoding")
    return {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(coding or "", bytes)(body)


class WithServer(NoSockets):
    def setUp(self) -> None:
        super().setUp()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Served)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def foreign(self, path: Path) -> RecordingChannel:
        self.no_sockets()
        channel = RecordingTransport(load_recording(path), SERVICE, endpoint=self.url).open(case(call("c1")))
        assert isinstance(channel, RecordingChannel)
        return channel


class MadeByVcrpy(WithServer):
    """A cassette that stock vcrpy made with requests replays here."""

    def test_yaml_with_text_binary_and_compressed_bodies(self) -> None:
        path = self.root / "cassette.yaml"
        headers = dict([VERSION])
        with vcr.use_cassette(str(path)):
            for target in ANSWERS:
                requests.get(self.url + target, headers=headers, params={"b": "2 3", "a": "1"})
            requests.post(self.url + "/json", json={"a": 1.0, "b": [True]}, headers=headers)
            requests.post(self.url + "/json", data={"a": "1 2", "b": "3"}, headers=headers)
            requests.post(self.url + "/json", data=b"\xff\x00", headers=headers)
            requests.post(self.url + "/json", data=io.BytesIO(b"from a file"), headers=headers)
            requests.post(self.url + "/json", data=iter([b"in ", b"chunks"]), headers=headers)
        channel = self.foreign(path)
        for body, header in (
            (b"in chunks", ()),
            (b"from a file", ()),
            (b"\xff\x00", ()),
            (b"b=3&a=1+2", (FORM,)),
            (b'{"b": [true], "a": 1}', (JSON,)),
        ):
            self.assertEqual(channel.send(asks("POST", "/json", *header, body=body)).body, decoded("/json"))
        for target in reversed(ANSWERS):
            found = channel.send(asks(target=f"{target}?a=1&b=2%203"))
            self.assertEqual((found.status, found.reason, found.body), (200, "OK", decoded(target)))
            self.assertIsNone(found.header("content-encoding"))
        self.assertEqual(channel.close(), ())

    def test_a_compressed_body_as_older_releases_store_it(self) -> None:
        for coding in ("gzip", "deflate"):
            zipped = ANSWERS[f"/{coding}"][1]
            document = {
                "version": 1,
                "interactions": [
                    {
                        "request": {"method": "GET", "uri": self.url + "/x", "body": None, "headers": {}},
                        "response": {
                            "status": {"code": 200, "message": "OK"},
                            "headers": {"Content-Encoding": [coding], "Content-Length": ["1"]},
                            "body": {"string": zipped},
                        },
                    }
                ],
            }
            path = self.root / f"{coding}.yaml"
            path.write_text(vcr.serializers.yamlserializer.serialize(document))
            found = self.foreign(path).send(Request(method="GET", target="/x"))
            self.assertEqual((found.body, found.headers), (b'{"zipped": true}', ()))

    def test_json_serializer(self) -> None:
        path = self.root / "cassette.json"
        targets = ("/json", "/text", "/twice", "/gzip")
        with vcr.use_cassette(str(path), serializer="json", decode_compressed_response=True):
            for target in targets:
                requests.get(self.url + target)
        channel = self.foreign(path)
        for target in targets:
            self.assertEqual(channel.send(Request(method="GET", target=target)).body, decoded(target))
        self.assertEqual(channel.close(), ())

    def test_a_client_that_sends_one_of_the_version_headers(self) -> None:
        path = self.root / "cassette.yaml"
        with vcr.use_cassette(str(path)):
            requests.get(self.url + "/json", headers={"X-Legacy-Version": "1.20"})
        both = asks("GET", "/json", ("X-Legacy-Version", "1.20"))
        self.assertEqual(self.foreign(path).send(both).status, 200)
        with self.assertRaises(Miss):
            self.foreign(path).send(
                Request(method="GET", target="/json", headers=(("X-Legacy-Version", "1.21"),))
            )

    def test_a_folder_and_an_endpoint_with_a_path(self) -> None:
        path = self.root / "rp/1.20.yaml"
        with vcr.use_cassette(str(path)):
            requests.get(self.url + "/placement/json")
        self.url += "/placement"
        channel = self.foreign(self.root)
        with self.assertRaisesRegex(Miss, "path: asked /placement/x, recorded /placement/json"):
            channel.send(Request(method="GET", target="/x"))
        channel.send(Request(method="GET", target="/json"), call("c1"))
        self.assertEqual(channel.close(), ())

    def test_what_nobody_asks_for_is_told(self) -> None:
        path = self.root / "cassette.yaml"
        with vcr.use_cassette(str(path)):
            requests.get(self.url + "/json?a=1")
        (found,) = self.foreign(path).close()
        self.assertEqual((found.rule, found.where), ("recording-unused", "GET /json?a=1"))
        self.assertEqual(found.detail, f", request 1 in {path}")


class ReplayedByVcrpy(WithServer):
    """A cassette of ours loads and replays in stock vcrpy."""

    def record(self) -> None:
        from contract_tests.transport.live import LiveTransport

        one = call("c1")
        recorder = Recorder(LiveTransport(self.url, {}), self.root, SERVICE)
        channel = recorder.open(case(one))
        for target in ANSWERS:
            channel.send(asks(target=f"{target}?a=b c&d=%2F"), one)
        channel.send(asks("POST", "/json", JSON, body=b'{"a":1.0}'), one)
        channel.send(asks("PUT", "/json", body=b"\xff\x00"), one)
        channel.send(asks("HEAD", "/json"), one)
        channel.close()
        recorder.close()

    def test_every_answer(self) -> None:
        self.record()
        live = {
            target: requests.get(f"{self.url}{target}", params={"a": "b c", "d": "/"}) for target in ANSWERS
        }
        self.no_sockets()
        options: dict[str, Any] = {
            "record_mode": "none",
            "match_on": ["method", "scheme", "host", "port", "path", "query", "body"],
        }
        with vcr.use_cassette(str(self.path), **options) as cassette:
            for target, expected in live.items():
                found = requests.get(BASE + target, params={"a": "b c", "d": "/"})
                self.assertEqual((found.status_code, found.reason), (200, "OK"))
                if "json" in expected.headers.get("content-type", ""):
                    self.assertEqual(found.json(), expected.json())
                else:
                    self.assertEqual(found.content, expected.content)
                for name in ("content-type", "x-two"):
                    self.assertEqual(found.headers.get(name), expected.headers.get(name))
            self.assertEqual(requests.post(BASE + "/json", json={"a": 1.0}).json()["n"], 1000)
            self.assertEqual(requests.put(BASE + "/json", data=b"\xff\x00").json()["n"], 1000)
            head = requests.head(BASE + "/json")
            self.assertEqual(
                (head.content, head.headers["content-length"]), (b"", str(len(ANSWERS["/json"][1])))
            )
            self.assertTrue(cassette.all_played)
            self.assertEqual(cassette.get_metadata("scenario", None), "id-1")

    def test_and_it_replays_here(self) -> None:
        self.record()
        channel = self.open(case(call("c1")))
        for target in ANSWERS:
            found = channel.send(asks(target=f"{target}?a=b c&d=%2F"), call("c1"))
            if found.body[:1] in (b"{", b"["):
                self.assertEqual(found.json, json.loads(decoded(target)))
            else:
                self.assertEqual(found.body, decoded(target))
