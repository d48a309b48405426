"""What is fuzzed: for each target the law that any bytes at all must keep, and where good beginnings lie.

A law takes bytes and returns; AssertionError, or any error but the one that a person is told, breaks it.
`python -m tests.fuzz` looks for such bytes, guided by coverage; tests/unit/test_laws.py tries some.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract_tests.comparison.differ import diff
from contract_tests.comparison.facts import INVERSES, Fact
from contract_tests.errors import LoadError, Problem, RecordingError
from contract_tests.loading.config import SHIPPED, Places
from contract_tests.loading.deployment import read_deployments, read_series
from contract_tests.loading.library import Library
from contract_tests.loading.source import Source
from contract_tests.model.http import MISSING, Request, Response
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.microversion import ORDERS
from contract_tests.model.service import Secrets
from contract_tests.model.template import Template, TemplateError, compile_text
from contract_tests.recordings.cassette import Cassette
from contract_tests.recordings.reader import parse_cassette, parse_reference
from contract_tests.recordings.recording import load_recording, rewrite_manifest
from contract_tests.recordings.redaction import redaction_of

TESTS = Path(__file__).resolve().parent.parent
DATA = TESTS / "data"
CASSETTES = TESTS.parent / "cassettes"

_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Target:
    """A law, and the files (patterns below a folder) or texts that are good beginnings."""

    law: Callable[[bytes], None]
    files: tuple[tuple[Path, str], ...] = ()
    texts: tuple[str, ...] = ()

    def seeds(self, most: int = 60, largest: int = 6000) -> Iterator[bytes]:
        """Up to `most` beginnings of a pattern, none of them large: a fuzzer changes small inputs best."""
        yield from (text.encode() for text in self.texts)
        for folder, pattern in self.files:
            small = (path for path in sorted(folder.glob(pattern)) if path.stat().st_size <= largest)
            for path, _ in zip(small, range(most), strict=False):
                yield path.read_bytes()


class _Folder:
    """A folder for what must be a file to be read, and a library that has read the services once."""

    def __init__(self) -> None:
        self._kept = tempfile.TemporaryDirectory(prefix="fuzz-")
        self.path = Path(self._kept.name)
        shipped = Places().with_shipped()
        self.library = Library(shipped, environ={})


_folder: list[_Folder] = []


def _place() -> _Folder:
    if not _folder:
        _folder.append(_Folder())
    return _folder[0]


def _told(problems: tuple[Problem, ...] | list[Problem], text: str, path: str) -> None:
    """Each problem says where, what and by which rule, and shows nothing that a terminal would obey."""
    lines = _BREAKS.split(text)
    for one in problems:
        assert one.rule and one.message, one
        assert one.line >= 1 and one.column >= 1 and one.length >= 1, one
        if one.path.endswith(path):
            assert one.line <= len(lines) + 1, (one, len(lines))
        shown = str(one)
        assert f"{one.path}:{one.line}:{one.column}: " in shown
        assert all(char.isprintable() or char in "\n\t" for char in shown), repr(shown)


def loader(data: bytes) -> None:
    """Any file is read, or told with its problems; nothing else is raised."""
    place = _place()
    path = place.path / "file.yaml"
    path.write_bytes(data)
    place.library.problems.clear()
    place.library.check_file(path)
    text = data.decode("utf-8-sig", "replace")
    _told(place.library.problems, text, path.name)
    with contextlib.suppress(LoadError):
        place.library.raise_problems()
    for read in (read_series, lambda source: read_deployments(source, path, {})):
        source = Source("file.yaml", text)
        if source.root is not None:
            read(source)
        _told(source.problems, text, path.name)


def cassette(data: bytes) -> None:
    """Any text is a cassette or a RecordingError, and both YAML readers see the same in it."""
    text = data.decode("utf-8", "replace")
    _cassette(text, "c.json")
    found = _cassette(text, "c.yaml")
    if found is None:
        return
    try:
        reference = parse_reference(text.replace("\r\n", "\n"), "c.yaml")
    except RecordingError:
        return  # YAML 1.2 may be no YAML 1.1
    assert len(found.entries) == len(reference.entries)


def _cassette(text: str, path: str) -> Cassette | None:
    try:
        found = parse_cassette(text, path)
    except RecordingError as error:
        assert str(error).startswith(path)
        return None
    for entry in found.entries:
        assert isinstance(entry.body, bytes) and isinstance(entry.headers, tuple)
        with contextlib.suppress(ValueError):
            answer = entry.response()
            assert isinstance(answer.body, bytes)
            assert answer.json is MISSING or isinstance(answer.text, str)
    return found


def manifest(data: bytes) -> None:
    """Any manifest is a RecordingError, or is written so that it reads the same."""
    folder = _place().path / "recording"
    folder.mkdir(exist_ok=True)
    (folder / "recording.yaml").write_bytes(data)
    try:
        found = load_recording(folder)
    except RecordingError as error:
        assert "recording.yaml" in str(error)
        return
    rewrite_manifest(found)
    assert load_recording(folder) == found


def versions(data: bytes) -> None:
    """Any text is a version of an order or not; one that is shows itself, and a range round trips."""
    text = data.decode("utf-8", "replace")
    for order in ORDERS.values():
        try:
            assert str(order.parse(text)) == text
        except ValueError as error:
            assert repr(text) in str(error), error
        try:
            found = order.parse_range(text)
        except ValueError as error:
            assert repr(text) in str(error), error
        else:
            assert order.parse_range(str(found)) == found


_DOCUMENT = {"a": [{"b": 0}, [1, None]], "b": {"a": 1, "": True}, "0": "x", "é": 2}


def paths(data: bytes) -> None:
    """Any text is a JSON path or a ValueError; what is one finds something or nothing."""
    text = data.decode("utf-8", "replace")
    try:
        one = JsonPath(text)
    except ValueError as error:
        assert str(error)
        return
    found = one.find(_DOCUMENT)
    assert one.singular or isinstance(found, list)
    assert JsonPath(one.source) == one


def templates(data: bytes) -> None:
    """Any text is a template, a plain text, or a TemplateError that points into it."""
    text = data.decode("utf-8", "replace")
    try:
        one = compile_text(text)
    except TemplateError as error:
        assert 0 <= error.offset < len(text)
        return
    assert not isinstance(one, Template) or compile_text(one.source) == one


def differ(data: bytes) -> None:
    """Two answers, the bytes before and after a NUL: each is like itself, and each fact turns round."""
    old, _, new = data.partition(b"\0")
    one, other = (Response(200, "OK", (("Content-Type", "application/json"),), body) for body in (old, new))
    assert diff(one, one) == ()
    for answer in (one, other):
        assert diff(answer, Response(200, "OK", answer.headers, bytes(bytearray(answer.body)))) == ()
    there, back = diff(one, other), diff(other, one)
    assert Counter(map(key, there)) == Counter(map(turned, back)), (there, back)


def key(fact: Fact) -> tuple[Any, ...]:
    """What tells a fact from another."""
    return fact.kind, fact.path, fact.seen, fact.of


def turned(fact: Fact) -> tuple[Any, ...]:
    """`key` of the fact that the exchanged answers must give in place of this one."""
    path = fact.path
    if fact.kind == "property-moved":
        path = fact.detail
    elif fact.kind in ("property-renamed", "property-restyled"):
        path = f"{path.rpartition('.')[0]}.{fact.detail}"
    return INVERSES[fact.kind], path, fact.seen, fact.of


_SECRETS = redaction_of(Secrets(json=("coupon",), headers=("X-Ticket",)))


def redaction(data: bytes) -> None:
    """Any body is redacted without an error; JSON and URLs that were redacted once stay as they are."""
    for kind in ("application/json", "application/x-www-form-urlencoded", "application/xml", "text/plain"):
        headers = (("Content-Type", kind),)
        once = _SECRETS.body(data, headers)
        if Response(200, "", headers, data).json is not MISSING:
            assert _SECRETS.body(once, headers) == once, kind
    request = Request(method="GET", target="/" + data.decode("latin-1"), headers=(("X-Ticket", "a"),))
    asked = _SECRETS.request(request)
    assert _SECRETS.request(asked) == asked


def bodies(data: bytes) -> None:
    """Any body is read as JSON, XML or neither, and redacting keeps a JSON body readable."""
    answer = Response(200, "OK", (), data)
    for kind in ("json", "xml"):
        found = answer.document(kind)
        if found is not MISSING:
            json.dumps(found)


TARGETS: Mapping[str, Target] = {
    "loader": Target(
        loader,
        (
            (DATA / "broken", "scenarios/**/*.yaml"),
            (DATA / "broken", "*/*.yaml"),
            (DATA / "fine", "**/*.yaml"),
            (DATA / "project", "**/*.yaml"),
            (SHIPPED, "scenarios/placement/*.yaml"),
            (SHIPPED, "schemas/placement/*.yaml"),
            (SHIPPED, "services/*.yaml"),
            (SHIPPED, "deployments/*.yaml"),
            (SHIPPED, "policies/*.yaml"),
        ),
    ),
    "cassette": Target(
        cassette, ((DATA / "broken" / "cassettes", "*"), (CASSETTES / "placement", "16.0.0/*/*.yaml"))
    ),
    "manifest": Target(manifest, ((CASSETTES, "*/*/recording.yaml"),)),
    "versions": Target(versions, texts=("1.10", "1.2-1.30", "2024-06-01-", "-2.0-beta.1", "v2.1", "v1-v3")),
    "paths": Target(
        paths, texts=("$.a[0].b", "$..a[?@.b==1]", "$['a']['b']", "$.a[1:2:3]", "$[?match(@.a,'x')]")
    ),
    "templates": Target(templates, texts=("${a}/b", "$${a}", "x${a-b}${c}", "${")),
    "differ": Target(
        differ,
        texts=(
            '{"a": [{"id": 1, "b": "x"}]}\0{"a": [{"id": 2, "c": "x"}]}',
            '{"links": [{"rel": "self", "href": "/a"}]}\0{"links": []}',
            '{"bC": 1, "d": {"e": true}}\0{"b_c": 1, "e": true}',
        ),
    ),
    "redaction": Target(
        redaction,
        texts=(
            '{"token": "a", "x": "{\\"password\\": 1}", "coupon": ["b"]}',
            "<a><password>x</password></a>",
            "password=a&b=c&token=%41",
            "a?token=b#password=c",
        ),
    ),
    "bodies": Target(bodies, texts=('{"a": [1e3, null]}', '<a b="c" xmlns="urn:x"><d/>t</a>')),
}  # fmt: skip
