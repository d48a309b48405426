"""The recorder: what it keeps of the traffic, what it makes steady, and when it writes."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import unittest
from collections.abc import Callable, Iterable
from pathlib import Path

from contract_tests.errors import RecordingError, SecretFound, Unreachable
from contract_tests.model.case import Case
from contract_tests.model.dialect import openstack
from contract_tests.model.finding import Mark
from contract_tests.model.http import Interaction, Request, Response
from contract_tests.model.matcher import Matcher
from contract_tests.model.microversion import ORDERS
from contract_tests.model.scenario import Call, CallHistory, Expectation, Scenario
from contract_tests.model.service import Secrets, Service, Volatile
from contract_tests.model.target import Deployment
from contract_tests.recordings.reader import read_cassette
from contract_tests.recordings.recording import (
    find_recordings,
    load_recording,
    rewrite_manifest,
    write_manifest,
)
from contract_tests.recordings.steady import canonical_endpoint, steady, without_origin
from contract_tests.transport.base import Channel
from contract_tests.transport.recorder import Recorder

NUMBER = ORDERS["number"]
JSON = ("Content-Type", "application/json")
SERVICE = Service(
    name="placement",
    dialect=openstack("placement"),
    volatile=Volatile(headers=("X-OpenStack-Request-Id", "Last-Modified", "X-Other-Id")),
    secrets=Secrets(headers=("X-Ticket",)),
)


def call(name: str, asked: str = "aa", expect: Expectation | None = None) -> Call:
    return Call(
        name=name, mark=Mark(path="s.yaml", line=1), method="GET", target="/x", asked=asked, expect=expect
    )


def case(*calls: Call, slug: str = "rp", version: str | None = "1.20") -> Case:
    histories = tuple(CallHistory(name=one.name, mark=one.mark, stages=((None, one),)) for one in calls)
    scenario = Scenario(name=slug, id="id-1", slug=slug, mark=Mark(), service=SERVICE, calls=histories)
    return Case(scenario=scenario, microversion=NUMBER.parse(version) if version else None)


class Answers:
    """A transport that answers by a function; its requests are kept."""

    def __init__(
        self, answer: Callable[[Request], Response], endpoint: str = "http://h:8778/placement"
    ) -> None:
        self.answer = answer
        self.endpoint = endpoint
        self.closed = 0

    def open(self, case: Case | None = None) -> Channel:
        return self

    def send(self, request: Request, call: Call | None = None) -> Response:
        return self.answer(request)

    def close(self) -> tuple[()]:
        self.closed += 1
        return ()


def answering(body: bytes = b"", *headers: tuple[str, str], status: int = 200) -> Answers:
    return Answers(lambda request: Response(status, "OK", headers, body))


def get(
    target: str = "/x", *headers: tuple[str, str], body: bytes | None = None, method: str = "GET"
) -> Request:
    return Request(method=method, target=target, headers=headers, body=body, role="admin")


class InAFolder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def record(
        self,
        inner: Answers,
        *requests: Request,
        expect: Expectation | None = None,
        secrets: Callable[[], Iterable[str]] = tuple,
    ) -> str:
        one = call("show", expect=expect)
        recorder = Recorder(inner, self.root, SERVICE, secrets)
        channel = recorder.open(case(one))
        for request in requests:
            channel.send(request, one)
        channel.close()
        self.assertEqual(recorder.written, [self.root / "rp/1.20.yaml"])
        return (self.root / "rp/1.20.yaml").read_text()

    def answer(self, number: int = 0) -> Response:
        return read_cassette(self.root / "rp/1.20.yaml", self.root).entries[number].response()


class Writing(InAFolder):
    def test_the_cassette(self) -> None:
        text = self.record(
            answering(b'{"a":1}', JSON, ("Vary", "x")),
            get("/rp?name=a b", ("OpenStack-API-Version", "placement 1.20")),
            get("/rp", JSON, body=b'{"n":1.0}', method="POST"),
        )
        self.assertEqual(
            text,
            """\
version: 1
metadata:
  scenario: id-1
  microversion: '1.20'
  asked:
    show: aa
interactions:
- call: show
  as: admin
  request:
    method: GET
    uri: http://placement.example/placement/rp?name=a%20b
    headers: {OpenStack-API-Version: [placement 1.20]}
    body: null
  response:
    status: {code: 200, message: OK}
    headers:
      content-type: [application/json]
      vary: [x]
    body:
      string: '{"a": 1}'
- call: show
  as: admin
  request:
    method: POST
    uri: http://placement.example/placement/rp
    headers: {Content-Type: [application/json]}
    body: '{"n": 1.0}'
  response:
    status: {code: 200, message: OK}
    headers:
      content-type: [application/json]
      vary: [x]
    body:
      string: '{"a": 1}'
...
""",
        )

    def test_without_a_microversion(self) -> None:
        one = call("show")
        channel = Recorder(answering(), self.root, SERVICE).open(case(one, version=None))
        channel.send(get(), one)
        channel.close()
        self.assertTrue((self.root / "rp/unversioned.yaml").is_file())
        self.assertEqual(load_recording(self.root).cases(), {"rp": ("",)})

    def test_headers_without_contract_are_left_out_unless_the_call_expects_them(self) -> None:
        headers = (
            ("Date", "x"),
            ("Server", "nginx"),
            ("Content-Length", "2"),
            ("Connection", "close"),
            ("ETag", "e"),
        )
        sent = (("User-Agent", "me"), ("Host", "h"), ("Accept-Encoding", "gzip"), ("Accept", "text/plain"))
        self.record(answering(b"ok", *headers), get("/x", *sent))
        self.assertEqual(self.answer().headers, (("etag", "e"),))
        entry = read_cassette(self.root / "rp/1.20.yaml", self.root).entries[0]
        self.assertEqual(entry.headers, (("Accept", "text/plain"),))
        expect = Expectation(status=(200,), headers=(("server", Matcher(operator="absent", operand=True)),))
        self.record(answering(b"ok", *headers), get(), expect=expect)
        self.assertEqual(self.answer().headers, (("etag", "e"), ("server", "nginx")))
        self.record(answering(b"", *headers), get(method="HEAD"))
        self.assertEqual(self.answer().headers, (("content-length", "2"), ("etag", "e")))

    def test_bodies_that_are_expected_to_the_byte_stay(self) -> None:
        matcher = Matcher(operator="match", operand="x")
        for expect in (
            Expectation(status=(200,), sha256="ab"),
            Expectation(status=(200,), text=matcher),
            Expectation(status=(200,), headers=(("Content-Length", matcher),)),
        ):
            self.record(answering(b'{"a":1}', JSON), get(), expect=expect)
            self.assertEqual(self.answer().body, b'{"a":1}')
        self.record(answering(b'{"a":1}', JSON), get())
        self.assertEqual(self.answer().body, b'{"a": 1}')

    def test_every_call_of_the_scenario_is_noted_also_those_that_were_skipped(self) -> None:
        made, skipped = call("made", "11"), call("skipped", "22")
        channel = Recorder(answering(), self.root, SERVICE).open(case(skipped, made))
        channel.send(get(), made)
        channel.close()
        self.assertEqual(
            dict(read_cassette(self.root / "rp/1.20.yaml", self.root).asked), {"skipped": "22", "made": "11"}
        )

    def test_what_belongs_to_no_case_is_not_recorded(self) -> None:
        recorder = Recorder(answering(), self.root, SERVICE)
        channel = recorder.open(None)
        channel.send(get())
        channel.close()
        self.assertEqual((recorder.written, list(self.root.iterdir())), ([], []))

    def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_sent(self) -> None:
        recorder = Recorder(answering(), self.root / "in", SERVICE)
        for slug in ("../out", "/etc", "a//b", ".hidden", "a/../../b", "a\0b", ""):
            with (
                self.subTest(slug=slug),
                self.assertRaisesRegex(RecordingError, "is no place for a cassette"),
            ):
                recorder.open(case(call("x"), slug=slug))


class Interrupted(InAFolder):
    """Only a case that came to its end replaces a cassette."""

    def old(self) -> str:
        return self.record(answering(b"old"), get())

    def test_any_exception_out_of_send_leaves_the_old_cassette(self) -> None:
        old = self.old()
        for error in (KeyboardInterrupt(), Unreachable("x"), RuntimeError("x")):
            answers = iter([Response(200), error])

            def answer(request: Request, answers: Iterable[object] = answers) -> Response:
                found = next(answers)  # type: ignore[call-overload]
                if isinstance(found, BaseException):
                    raise found
                return found

            inner = Answers(answer)
            channel = Recorder(inner, self.root, SERVICE).open(case(call("show")))
            channel.send(get(), call("show"))
            with self.assertRaises(type(error)):
                channel.send(get(), call("show"))
            channel.close()
            self.assertEqual(((self.root / "rp/1.20.yaml").read_text(), inner.closed), (old, 1))

    def test_a_channel_that_an_exception_closes_leaves_it_too(self) -> None:
        old = self.old()
        channel = Recorder(answering(b"new"), self.root, SERVICE).open(case(call("show")))
        with self.assertRaises(KeyboardInterrupt):
            try:
                channel.send(get(), call("show"))
                raise KeyboardInterrupt
            finally:
                channel.close()
        self.assertEqual((self.root / "rp/1.20.yaml").read_text(), old)

    def test_abandon_and_an_empty_case_leave_it_too(self) -> None:
        old = self.old()
        recorder = Recorder(answering(b"new"), self.root, SERVICE)
        channel = recorder.open(case(call("show")))
        channel.send(get(), call("show"))
        channel.abandon()
        channel.close()
        recorder.open(case(call("show"))).close()
        self.assertEqual((self.root / "rp/1.20.yaml").read_text(), old)
        self.assertEqual(recorder.written, [])


class WithSecrets(InAFolder):
    def test_redacted_by_name(self) -> None:
        text = self.record(
            answering(b'{"password": "hunter22hunter"}', JSON, ("X-Subject-Token", "tok-123456789")),
            get("/x?token=querytoken1", ("X-Ticket", "ticket-1234"), ("Authorization", "Basic abcdefgh")),
        )
        for secret in ("hunter22", "tok-1234", "querytoken1", "ticket-1234", "abcdefgh"):
            self.assertNotIn(secret, text)
        self.assertEqual(text.count("REDACTED"), 5)

    def test_a_leak_is_refused_and_the_old_cassette_stays(self) -> None:
        old = self.record(answering(b"old"), get())
        for secrets, inner in (
            (("tok-123456789",), answering(b"see tok-123456789 there")),
            ((), answering(b'{"adminPass": "MadeByService"}', ("X-Hint", "MadeByService"))),
        ):
            with self.assertRaisesRegex(
                SecretFound, r"1\.20\.yaml: not written: .* of interaction 1 \(call 'show'\)"
            ):
                self.record(inner, get(), secrets=lambda secrets=secrets: secrets)
            self.assertEqual((self.root / "rp/1.20.yaml").read_text(), old)
            self.assertEqual([path.name for path in (self.root / "rp").iterdir()], ["1.20.yaml"])

    def test_secrets_are_asked_for_at_the_end(self) -> None:
        known: list[str] = []

        def answer(request: Request) -> Response:
            known.append("late-token-1")
            return Response(200, "OK", (), b"late-token-1")

        with self.assertRaises(SecretFound):
            self.record(Answers(answer), get(), secrets=lambda: known)


class Steady(InAFolder):
    """Recording again on another machine changes nothing that the service does not mean."""

    def numbered(self, endpoint: str, start: int) -> Answers:
        number = start

        def answer(request: Request) -> Response:
            nonlocal number
            number += 1
            request_id = f"req-{number:08x}-0000-4000-9000-000000000000"
            return Response(
                200,
                "OK",
                (
                    JSON,
                    ("X-Openstack-Request-Id", request_id),
                    ("Last-Modified", f"Tue, 03 Feb 2026 00:00:{number % 60:02d} GMT"),
                    ("X-Other-Id", f"{number:08x}-1111-4111-9111-000000000000"),
                    ("Location", f"{endpoint}/rp/1"),
                ),
                f'{{"request_id": "{request_id}", "self": "{endpoint}/"}}'.encode(),
            )

        return Answers(answer, endpoint)

    def test_two_recordings_of_the_same_traffic_are_the_same(self) -> None:
        first = self.record(self.numbered("http://10.0.0.1:8778/placement", 5), get(), get("/y"))
        again = self.record(self.numbered("https://cloud.test/placement", 700), get(), get("/y"))
        self.assertEqual(first, again)
        self.assertEqual(self.answer(1).header("location"), "http://placement.example/placement/rp/1")
        self.assertEqual(
            self.answer(1).json,
            {
                "request_id": "req-00000000-0000-4000-8000-000000000002",
                "self": "http://placement.example/placement/",
            },
        )
        self.assertEqual(self.answer(0).header("last-modified"), "Thu, 01 Jan 2026 00:00:00 GMT")
        self.assertEqual(self.answer(0).header("x-other-id"), "00000000-0000-4000-8000-000000000001")
        self.assertEqual(self.answer(1).header("x-other-id"), "00000000-0000-4000-8000-000000000002")

    def test_a_value_that_is_asked_for_later_is_the_same_there(self) -> None:
        inner = self.numbered("http://h/placement", 5)
        text = self.record(inner, get(), get("/rp/req-00000006-0000-4000-9000-000000000000"))
        self.assertIn(
            "uri: http://placement.example/placement/rp/req-00000000-0000-4000-8000-000000000001\n", text
        )

    def test_what_the_scenario_gave_and_other_shapes_stay(self) -> None:
        own = "req-12345678-0000-4000-9000-000000000000"
        self.record(
            answering(b"", ("X-OpenStack-Request-Id", own), ("X-Other-Id", "abc"), ("Vary", own)),
            get("/x", ("X-OpenStack-Request-Id", own)),
        )
        self.assertEqual(
            self.answer().headers, (("vary", own), ("x-openstack-request-id", own), ("x-other-id", "abc"))
        )

    def test_what_volatile_paths_find_is_fixed_by_its_shape(self) -> None:
        def taken(body: str, target: str = "/x", answer: str = "") -> Interaction:
            return Interaction(
                request=Request(method="GET", target=target, body=body.encode() or None),
                response=Response(200, "OK", (JSON,), answer.encode()),
            )

        def ids(number: int) -> str:
            return (
                f'{{"id": "{number:08x}-1111-4111-9111-000000000000", "hex": "{number:032x}", '
                f'"ec2": "vpc-{number:08x}", "key": "{number:064x}", "audit": "Zz{number:020d}", '
                f'"at": "2031-05-0{number}T01:02:0{number}.12345{number}+00:00", '
                f'"mine": "{9:032x}", "count": {number}, "name": "n{number}"}}'
            )

        volatile = Volatile(
            json=("$.id", "$.hex", "$.ec2", "$.key", "$.audit", "$.at", "$.mine", "$.count", "$.name")
        )
        fixed = [
            steady(
                [taken(f'{{"mine": "{9:032x}"}}', "/a", ids(number)), taken("", f"/a/{number:032x}")],
                volatile,
            )
            for number in (1, 2)
        ]
        self.assertEqual(
            fixed[0][0].response.text,
            '{"id": "00000000-0000-4000-8000-000000000001", "hex": "00000000000000000000000000000001", '
            '"ec2": "vpc-00000001", "key": "'
            + f"{1:064d}"
            + '", "audit": "0000000000000000000001", "at": "2026-01-01T00:00:00.000000+00:00", '
            f'"mine": "{9:032x}", "count": 1, "name": "n1"}}',
        )
        self.assertEqual(fixed[0][1].request, fixed[1][1].request)
        self.assertEqual(fixed[1][1].request.target, "/a/00000000000000000000000000000001")

    def test_keys_names_and_tokens_that_a_compute_service_makes_are_fixed(self) -> None:
        token = "47581a3f-29f3-474a-904d-ab327a7a7e69"
        answer = {
            "key": f"ssh-rsa {'A7+/' * 40} Generated-by-Nova",
            "fingerprint": ":".join(["8e"] * 16),
            "reservation": "r-gbqkgk4y",
            "name": "instance-0000002a",
            "url": f"http://127.0.0.1:6080/vnc.html?path=%3Ftoken%3D{token}",
            "host": "r-gbqkgk4",
        }
        interaction = Interaction(
            request=Request(method="GET", target="/x"),
            response=Response(200, "OK", (JSON,), json.dumps(answer).encode()),
        )
        (fixed,) = steady([interaction], Volatile(json=("$.*",)))
        self.assertEqual(
            fixed.response.json,
            {
                "key": f"ssh-rsa {1:0160d} Generated-by-Nova",
                "fingerprint": "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:01",
                "reservation": "r-00000001",
                "name": "instance-00000002",
                "url": "http://127.0.0.1:6080/vnc.html?path=%3Ftoken%3D00000000-0000-4000-8000-000000000001",
                "host": "r-gbqkgk4",
            },
        )

    def test_every_spelling_of_the_origin(self) -> None:
        for endpoint, before, after in (
            ("http://h:8778/p", "http://h:8778/p/x", "http://placement.example/p/x"),
            ("http://h:8778/p", "HTTP://H:8778/p", "http://placement.example/p"),
            ("http://h:8778", "http:\\/\\/h:8778\\/x", "http:\\/\\/placement.example\\/x"),
            ("http://h:8778", "u=http%3A%2F%2Fh%3A8778%2Fx", "u=http%3A%2F%2Fplacement.example%2Fx"),
            ("http://h:8778", "on h:8778.", "on placement.example."),
            (
                "http://h:8778",
                "http://h:87780/ http://xh:8778.org h:87781",
                "http://h:87780/ http://xh:8778.org h:87781",
            ),
            (
                "http://h",
                "http://h/x http://h:80/y h http://h:81/z",
                "http://placement.example/x http://placement.example/y h http://h:81/z",
            ),
            (
                "http://10.0.0.1",
                "http://10.0.0.1. http://10.0.0.10",
                "http://placement.example. http://10.0.0.10",
            ),
            ("https://h:443/x", "https://h/x", "http://placement.example/x"),
            ("http://[::1]:8778", "http://[::1]:8778/x", "http://placement.example/x"),
        ):
            with self.subTest(endpoint=endpoint, before=before):
                self.assertEqual(without_origin("placement", endpoint)(before), after)

    def test_the_canonical_endpoint_keeps_the_path(self) -> None:
        self.assertEqual(canonical_endpoint("compute", "https://h:8774/v2.1/"), "http://compute.example/v2.1")


class Manifest(InAFolder):
    DEPLOYMENT = Deployment(
        name="devstack",
        service="placement",
        endpoint="http://h:8778/placement",
        release="14.0.0",
        series="2026.1 name",
        range=NUMBER.parse_range("1.0-1.39"),
        extensions=("yes", "quota sets"),
        majors=("v2", "v2.1"),
    )

    def write(self, folder: str = "", **changes: object) -> Path:
        path = self.root / folder if folder else self.root
        path.mkdir(parents=True, exist_ok=True)
        deployment = dataclasses.replace(self.DEPLOYMENT, **changes)
        write_manifest(path, deployment, recorded="2026-01-31", recorder="contract-tests 1.0")
        return path

    def test_comes_back(self) -> None:
        self.write()
        self.assertEqual(
            (self.root / "recording.yaml").read_text(),
            "format: 1\nservice: placement\nrelease: '14.0.0'\nseries: '2026.1 name'\n"
            "range: {min: '1.0', max: '1.39'}\nextensions:\n- 'yes'\n- quota sets\nmajors:\n- v2\n- v2.1\n"
            "endpoint: http://placement.example/placement\nrecorded: '2026-01-31'\n"
            "recorder: contract-tests 1.0\n",
        )
        recording = load_recording(self.root)
        self.assertEqual(
            recording.deployment(SERVICE),
            dataclasses.replace(
                self.DEPLOYMENT, name=str(self.root), endpoint="http://placement.example/placement"
            ),
        )
        self.assertEqual(load_recording(self.root / "recording.yaml"), recording)
        self.assertTrue(recording.has_manifest)

    def test_noise_stays_known_when_it_is_recorded_again(self) -> None:
        noise = {
            "users: listed": {"$.users": frozenset({"array-order", "value"}), "date": frozenset({"value"})}
        }
        self.write()
        rewrite_manifest(dataclasses.replace(load_recording(self.root), noise=noise, learned="by hand"))
        for _ in range(2):
            recording = load_recording(self.root)
            self.assertEqual((noise, "by hand"), (recording.noise, recording.learned))
            self.assertEqual(noise, recording.deployment(SERVICE).noise)
            self.write()

    def test_without_microversions(self) -> None:
        self.write(range=None)
        self.assertIsNone(load_recording(self.root).deployment(Service(name="placement")).range)

    def test_faults(self) -> None:
        path = self.write() / "recording.yaml"
        good = path.read_text()
        for old, new, message in (
            ("format: 1", "format: 2", "expected format 1, found 2"),
            ("release:", "relaese:", "unknown key 'relaese'; expected one of beside, endpoint, endpoints,"),
            ("'1.39'", "1.39", "expected 'max' to be text, found 1.39; put it in quotes"),
            ("- v2\n", "- 2\n", r"expected 'majors' to be a list of texts, found \[2, 'v2.1'\]"),
            (
                "service: placement\n",
                "service: placement\nbeside: [nova]\n",
                r"expected 'beside' to map services to texts, found \['nova'\]",
            ),
            ("{min: '1.0', max: '1.39'}", "5", "expected 'range' to be {min: TEXT, max: TEXT}, found 5"),
            (
                "service: placement\n",
                "",
                "expected 'service', the name of the recorded service; record it again",
            ),
            (
                "service: placement\n",
                "service: placement\nnoise: {a: [b]}\n",
                "expected 'noise' to map calls to paths and what differs there, found .*; record it again",
            ),
            (good, "- a\n", "expected a mapping, found a list; record it again"),
        ):
            path.write_text(good.replace(old, new))
            with self.subTest(new=new), self.assertRaisesRegex(RecordingError, f"^{path}: {message}"):
                load_recording(self.root)
        path.write_text(good.replace("'1.39'", "pony"))
        with self.assertRaisesRegex(RecordingError, "'pony' is no number microversion"):
            load_recording(self.root).deployment(SERVICE)

    def test_nothing_there(self) -> None:
        for path, found in ((self.root / "x", "nothing"), (self.root / "y.txt", "another file")):
            (self.root / "y.txt").touch()
            with self.assertRaisesRegex(RecordingError, rf"expected a recording .* found {found}$"):
                load_recording(path)
        self.assertEqual(find_recordings(self.root / "x"), [])

    def test_found_in_order_of_releases(self) -> None:
        for folder, release in (
            ("placement/9", "9.0.0"),
            ("placement/14", "14.0.0"),
            ("placement/m", "master"),
        ):
            self.write(folder, release=release)
        self.write("compute/1", service="compute", release="1.0.0")
        (self.root / "empty").mkdir()
        found = [(one.service, one.release) for one in find_recordings(self.root)]
        self.assertEqual(
            found,
            [("compute", "1.0.0"), ("placement", "9.0.0"), ("placement", "14.0.0"), ("placement", "master")],
        )
        self.assertEqual(len(find_recordings(self.root, "placement")), 3)
        self.assertEqual(len(find_recordings(self.root / "compute/1")), 1)

    def test_the_recorded_cases(self) -> None:
        self.write()
        for name in (
            "rp/1.9.yaml",
            "rp/1.10.yaml",
            "deep/er/unversioned.yaml",
            "rp/.1.11.yaml.x.tmp",
            "rp/notes.txt",
        ):
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        self.assertEqual(load_recording(self.root).cases(), {"deep/er": ("",), "rp": ("1.9", "1.10")})
