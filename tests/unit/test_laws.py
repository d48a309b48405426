"""Laws that hold for anything: what was written reads the same, overlays compose, parsers raise their own.

The laws of tests/fuzz/targets.py are tried here with a few hundred inputs each, always the same ones;
`tox -e fuzz` looks further.
"""

from __future__ import annotations

import dataclasses
import json
import random
import re
import tempfile
import textwrap
import unittest
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contract_tests.loading.nodes import MapNode, plain
from contract_tests.loading.overlays import merge
from contract_tests.loading.source import Source
from contract_tests.model.case import Case
from contract_tests.model.dialect import openstack
from contract_tests.model.finding import Mark
from contract_tests.model.http import Request, Response
from contract_tests.model.microversion import ORDERS
from contract_tests.model.scenario import Call, CallHistory, Scenario
from contract_tests.model.service import Service
from contract_tests.recordings import lossless
from contract_tests.recordings.recording import Recording, load_recording, rewrite_manifest
from contract_tests.transport.recorder import NO_CONTRACT, Recorder
from contract_tests.transport.recording import RecordingTransport
from tests.fuzz.targets import TARGETS
from tests.unit.building import Transport, scenario


class AnyInput(unittest.TestCase):
    """The fuzzed laws, without a fuzzer."""

    def test_the_beginnings_themselves(self) -> None:
        for name, target in TARGETS.items():
            seeds = list(target.seeds(most=20))
            self.assertTrue(seeds, name)
            for data in seeds:
                with self.subTest(target=name, data=data[:200]):
                    target.law(data)

    def test_beginnings_that_were_changed(self) -> None:
        for name, target in TARGETS.items():
            chance = random.Random(name)
            seeds = [data for data in target.seeds(most=30) if len(data) < 2000]
            for _ in range(150):
                data = _changed(chance, seeds)
                with self.subTest(target=name, data=data):
                    target.law(data)

    @given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")))
    def test_any_bytes(self, data: bytes) -> None:
        for target in TARGETS.values():
            target.law(data)


_PIECES = (
    b"&a ", b"*a", b"!!timestamp x", b"!!int ''", b"!!python/object:os.system ", b"? ", b"- ", b": ", b"{",
    b"]", b"\0", b"\xff", b"\xe2\x80\xae", b"\x85", b"1e999", b"9" * 5000, b".nan", b"${", b"'", b'"', b"|\n",
    b"<<: ", b"null", b"\t", b"\r", b"\n---\n", b"~", b"[[[[[[[[", b"0x1f", b"1:30",
)  # fmt: skip


def _changed(chance: random.Random, seeds: list[bytes]) -> bytes:
    """A beginning with one to four changes: cut, doubled, exchanged with another, a piece put in."""
    data = chance.choice(seeds)
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randrange(len(data) + 1) for _ in "ab")
        other = chance.choice(seeds)
        data = chance.choice(
            (
                data[:at] + data[to:],
                data[:to] + data[at:],
                data[:at] + other[at:],
                data[:at] + chance.choice(_PIECES) + data[at:],
                data[:at] + chance.choice(_PIECES) + data[to:],
            )
        )
    return data


class FoundByFuzzing(unittest.TestCase):
    """Inputs that once broke a law."""

    def test_they_keep_it_now(self) -> None:
        for name, data in (
            ("cassette", b"version: 1\nmetadata: !a {}\ninteractions: []\n"),
            ("cassette", b"version: 1\nmetadata:\n  asked: !a b\ninteractions: []\n"),
            ("loader", "scenario: a\u202eb\nid: [\n".encode()),
            ("versions", b"v1 -v3"),
            ("versions", b"1.0-a." + b"9" * 5000),
        ):
            with self.subTest(target=name, data=data[:80]):
                TARGETS[name].law(data)

    def test_two_versions_with_v_are_a_range(self) -> None:
        order = ORDERS["semantic"]
        found = order.parse_range("v1-v3")
        self.assertEqual(("v1", "v3"), (str(found.low), str(found.high)))
        self.assertEqual("1.0-beta", str(order.parse("1.0-beta")))


WORD = st.sampled_from(["a", "b", "c"])
NAME = st.sampled_from(["X-A", "X-B"])
VALUE = st.integers(0, 3) | WORD
STAGE = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "PUT", "POST"]),
        "headers": st.dictionaries(st.sampled_from(["X-A", "x-b"]), WORD, max_size=2),
        "query": st.dictionaries(WORD, VALUE, max_size=2),
        "body": st.tuples(st.sampled_from(["json", "text"]), WORD),
        "expect": st.fixed_dictionaries(
            {},
            optional={
                "status": st.sampled_from([200, 201, 404]),
                "headers": st.dictionaries(NAME.map(str.lower), WORD, max_size=2),
                "json": st.dictionaries(WORD.map("$.".__add__), VALUE, max_size=2),
            },
        ),
    },
)  # fmt: skip


def _stage(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """An overlay as it is written: the method and the kind of the body are keys."""
    found = {key: value for key, value in drawn.items() if key not in ("method", "body") and value != {}}
    if "method" in drawn:
        found[drawn["method"]] = f"/{len(drawn)}"
    if "body" in drawn:
        found[drawn["body"][0]] = drawn["body"][1]
    return found


class Overlays(unittest.TestCase):
    def node(self, value: Mapping[str, Any]) -> tuple[Source, MapNode]:
        source = Source("o.yaml", yaml.safe_dump(dict(value), sort_keys=False) if value else "{}\n")
        self.assertEqual([], source.problems)
        return source, source.root

    @given(STAGE, STAGE, STAGE)
    def test_two_one_after_the_other_are_the_two_merged(self, base: Any, low: Any, high: Any) -> None:
        (source, one), (_, two), (_, three) = (self.node(_stage(each)) for each in (base, low, high))
        stepwise = merge(source, merge(source, one, two), three)
        at_once = merge(source, one, merge(source, two, three))
        self.assertEqual([], source.problems)
        self.assertEqual(_caseless(plain(stepwise)), _caseless(plain(at_once)))

    @settings(max_examples=25, phases=[Phase.generate])
    @given(STAGE, STAGE)
    def test_a_call_at_the_later_one_is_the_call_with_both(self, low: Any, high: Any) -> None:
        first, second = ({**_stage(low), "as": "member"}, {**_stage(high), "as": "reader"})
        source, node = self.node(first)
        both = plain(merge(source, node, self.node(second)[1]))
        calls = [
            scenario(
                "calls:\n- "
                + textwrap.indent(
                    _yaml({"name": "x", "GET": "/", "expect": {"status": 200}, "since": since}), "  "
                )[2:]
            )
            .calls[0]
            .at(ORDERS["number"].parse("1.5"))
            for since in ({"1.2": first, "1.5": second}, {"1.5": both})
        ]
        self.assertEqual(*(_told(call) for call in calls))


def _caseless(value: dict[str, Any]) -> dict[str, Any]:
    """The names of headers in lower case: the later spelling wins, whichever came first."""
    if "headers" in value:
        value["headers"] = {name.lower(): one for name, one in value["headers"].items()}
    return value


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False)


def _told(call: Call | None) -> Any:
    """A call as a text without the places where it is written."""
    assert call is not None
    return re.sub(r"Mark\([^)]*\)", "", repr(dataclasses.replace(call, uses=frozenset(sorted(call.uses)))))


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
SLUG = st.from_regex(r"[a-z0-9_]{1,8}(/[a-z0-9_]{1,4})?", fullmatch=True)
RECORDINGS = st.builds(
    Recording,
    path=st.none(),
    service=TEXT.filter(bool),
    release=TEXT,
    series=TEXT,
    minimum=TEXT,
    maximum=TEXT,
    listed=st.lists(TEXT, max_size=3).map(tuple),
    extensions=st.lists(TEXT, max_size=3).map(tuple),
    majors=st.lists(TEXT, max_size=2).map(tuple),
    endpoint=TEXT,
    beside=st.dictionaries(st.sampled_from(["keystone", "glance", "no"]), TEXT, max_size=3),
    endpoints=st.dictionaries(st.sampled_from(["keystone", "glance", "no"]), TEXT, max_size=3),
    recorded=st.dates().map(str) | TEXT,
    recorder=TEXT,
    same=st.dictionaries(
        st.sampled_from(["1.0.0", "no"]),
        st.dictionaries(
            SLUG,
            st.lists(SLUG.filter(lambda s: "/" not in s), max_size=2).map(tuple),
            min_size=1,
            max_size=2,
        ),
        max_size=2,
    ),
    learned=TEXT,
    noise=st.dictionaries(
        TEXT,
        st.dictionaries(TEXT, st.frozensets(st.sampled_from(["value", "order"])), min_size=1, max_size=2),
        max_size=2,
    ),
)


class Written(unittest.TestCase):
    """What was written reads the same."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    @given(RECORDINGS)
    def test_a_manifest(self, recording: Recording) -> None:
        recording = dataclasses.replace(recording, path=self.folder)
        rewrite_manifest(recording)
        self.assertEqual(recording, load_recording(self.folder))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
BODY = st.one_of(
    st.tuples(st.just("application/json"), JSON.map(lambda value: json.dumps(value).encode())),
    st.tuples(st.just("application/json; charset=utf-8"), st.binary(max_size=30)),
    st.tuples(st.just("text/plain"), TEXT.map(str.encode)),
    st.tuples(st.just("application/octet-stream"), st.binary(max_size=80)),
)
FIELD = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=12)
HEADERS = st.lists(
    st.tuples(st.sampled_from(["Vary", "X-A", "x-a", "Location", "Date", "ETag", "Server"]), FIELD),
    max_size=4,
)
ANSWERS = st.builds(
    lambda status, reason, headers, body: Response(
        status, reason, (*headers, ("Content-Type", body[0])), body[1]
    ),
    st.integers(100, 599),
    FIELD,
    HEADERS,
    BODY,
)
REQUESTS = st.builds(
    lambda method, target, headers, body: Request(
        method=method,
        target=f"/{target}",
        headers=(*((f"X-{name}", value) for name, value in headers), ("Content-Type", body[0])),
        body=body[1],
        role="admin",
    ),
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    st.text("ab/?=&%20;:é ", max_size=8),
    HEADERS,
    BODY,
)
SERVICE = Service(name="toy", dialect=openstack("toy"))


class Replayed(unittest.TestCase):
    """What was answered while it was recorded is answered again from the recording."""

    @given(st.lists(st.tuples(REQUESTS, ANSWERS), min_size=1, max_size=4))
    def test_any_exchange(self, exchanges: list[tuple[Request, Response]]) -> None:
        call = Call(name="show", mark=Mark(), method="GET", target="/", asked="aa")
        history = CallHistory(name=call.name, mark=call.mark, stages=((None, call),))
        one = Scenario(name="s", id="id-1", slug="s", mark=Mark(), service=SERVICE, calls=(history,))
        case = Case(scenario=one, microversion=None)
        answers = [answer for _, answer in exchanges]
        with tempfile.TemporaryDirectory() as folder:
            left = iter(answers)
            recorder = Recorder(Transport(lambda request: next(left)), folder, SERVICE)
            channel = recorder.open(case)
            for request, _ in exchanges:
                channel.send(request, call)
            channel.close()
            replay = RecordingTransport(load_recording(folder), SERVICE, endpoint="http://toy.example")
            again = replay.open(case)
            for request, answer in exchanges:
                self.assertEqual(_kept(answer), _kept(again.send(request, call)))
            self.assertEqual((), again.close())


def _kept(answer: Response) -> tuple[Any, ...]:
    """What of an answer its contract can speak of."""
    headers = [(name.lower(), value) for name, value in answer.headers if name.lower() not in NO_CONTRACT]
    body: Any = answer.body
    if answer.header("content-type") != "application/octet-stream":
        try:
            body = lossless.parse(body.decode())
        except (ValueError, RecursionError):
            body = answer.body
    return answer.status, answer.reason, sorted(headers, key=lambda header: header[0]), body


if __name__ == "__main__":
    unittest.main()
