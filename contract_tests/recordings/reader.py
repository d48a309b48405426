"""Reads cassettes: vcrpy's YAML and JSON, ours and others'.

Two readers, one result. The fast one (py-yaml12) knows YAML 1.2, in which `1e3` and `010` are numbers where
PyYAML, which vcrpy writes with, means a text or another number. So whatever is not of the type that its
place wants is read once more by the reference, PyYAML's safe loader. Neither constructs anything but plain
values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml12

from contract_tests.errors import RecordingError
from contract_tests.recordings.cassette import AGAIN, Cassette, Entry, unbase64
from contract_tests.recordings.emitter import END
from contract_tests.recordings.files import read_text

_ANCHOR = re.compile(r"&(?<![^\s\[{,:-]&)\S")
"""What may be an anchor: the fast reader copies what an alias names, so that nine aliases of nine aliases and
so on exhaust the memory; the reference lets them share it. The look behind stands second, so that the search
is one for `&`.
"""


class _UnexpectedError(Exception):
    """Something is not of the type that its place wants; the text says where and what."""


def read_cassette(path: Path, root: Path) -> Cassette:
    """The cassette in a file below `root`.

    RecordingError where it is damaged (naming file, place, what was expected and how to mend it), or lies
    outside `root`; FileNotFoundError where there is none.
    """
    return parse_cassette(read_text(path, root), str(path))


def parse_cassette(text: str, path: str) -> Cassette:
    """The same from a text; `path` stands in messages and tells JSON by its suffix."""
    text = text.replace("\r\n", "\n")  # a checkout may have turned the ends of lines
    if path.endswith(".json"):
        return _checked(_parse_json(text, path), path)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise RecordingError(f"{path}:{line}: expected text, found a NUL character; {AGAIN}")
    try:
        if "&" in text and _ANCHOR.search(text):
            raise _UnexpectedError("an anchor")
        cassette = _cassette(_plain(yaml12.parse_yaml(text)), path)
    except (ValueError, _UnexpectedError):
        cassette = _checked(_parse_reference(text, path), path)
    if not cassette.foreign:
        _whole(text, cassette)
    return cassette


def parse_mapping(text: str, path: str) -> dict[str, Any]:
    """A small YAML file of ours (a manifest) as plain values; RecordingError where it is no mapping."""
    data = _parse_reference(text, path)
    if not isinstance(data, dict):
        raise RecordingError(f"{path}: expected a mapping, found {_kind(data)}; {AGAIN}")
    return data


def parse_reference(text: str, path: str) -> Cassette:
    """The cassette as PyYAML reads it, whatever the fast reader says."""
    return _checked(_parse_reference(text, path), path)


def _checked(data: Any, path: str) -> Cassette:
    try:
        return _cassette(data, path)
    except _UnexpectedError as error:
        raise RecordingError(f"{path}: {error}; {AGAIN}") from None


def _cassette(data: Any, path: str) -> Cassette:
    if not isinstance(data, dict):
        old = isinstance(data, list) and bool(data) and isinstance(data[0], dict) and "request" in data[0]
        found = "a cassette of vcrpy before 1.0" if old else _kind(data)
        raise _UnexpectedError(f"expected a cassette (a mapping with 'interactions'), found {found}")
    interactions = data.get("interactions")
    if not isinstance(interactions, list):
        raise _UnexpectedError(f"expected a list of interactions, found {_kind(interactions)}")
    if data.get("version", 1) != 1:
        raise _UnexpectedError(f"expected version 1 of the cassette format, found {data['version']!r}")
    metadata = {} if data.get("metadata") is None else data["metadata"]
    if not isinstance(metadata, dict):
        raise _UnexpectedError(f"expected metadata to be a mapping, found {_kind(metadata)}")
    asked = {} if metadata.get("asked") is None else metadata["asked"]
    if not isinstance(asked, dict) or not all(
        isinstance(part, str) for pair in asked.items() for part in pair
    ):
        raise _UnexpectedError("expected metadata 'asked' to be a mapping of texts")
    return Cassette(
        path=path,
        entries=tuple(_entries(interactions)),
        scenario=_text(metadata, "scenario", "metadata"),
        microversion=_text(metadata, "microversion", "metadata"),
        asked=asked,
    )


def _entries(interactions: list[Any]) -> Iterator[Entry]:
    for number, raw in enumerate(interactions, 1):
        try:
            # The hot path: what is not there or not right is found by the checks' own errors.
            request, response = raw["request"], raw["response"]
            call, role, service = raw.get("call", ""), raw.get("as", ""), raw.get("service", "")
            status, body = response["status"], response["body"]
            right = (
                type(call) is str
                and type(role) is str
                and type(service) is str
                and type(request["method"]) is str
                and type(request["uri"]) is str
                and _is_headers(request["headers"])
                and _is_headers(response["headers"])
                and (request["body"] is None or type(request["body"]) in (str, bytes))
                and type(status["code"]) is int
                and (type(status["message"]) is str or status["message"] is None)
                and (
                    type(body.get("string")) in (str, bytes)
                    or body.get("string") is None
                    or type(body.get("base64_string")) is str
                )
            )
        except (KeyError, TypeError, AttributeError):
            right = False
        if not right:
            raise _UnexpectedError(_fault(number, raw))
        yield Entry(number, call, role, request, response, service)


def _is_headers(raw: Any) -> bool:
    for name, values in raw.items():
        if type(name) is not str:
            return False
        if type(values) is not list:
            if type(values) is not str:
                return False
        elif len(values) == 1:
            if type(values[0]) is not str:
                return False
        elif not all(type(value) is str for value in values):
            return False
    return True


def _fault(number: int, raw: Any) -> str:
    """What is wrong with an interaction, in words."""
    place = f"interaction {number}"
    wanted: tuple[tuple[str, str, tuple[type, ...], str], ...] = (
        ("request", "method", (str,), "text"),
        ("request", "uri", (str,), "text"),
        ("request", "headers", (dict,), "a mapping"),
        ("request", "body", (str, bytes, type(None)), "text, base64 or null"),
        ("response", "status", (dict,), "a mapping"),
        ("response", "headers", (dict,), "a mapping"),
        ("response", "body", (dict,), "a mapping with 'string'"),
    )
    if not isinstance(raw, dict):
        return f"{place}: expected a mapping with 'request' and 'response', found {_kind(raw)}"
    for key in ("call", "as", "service"):
        if not isinstance(raw.get(key, ""), str):
            return f"{place}: expected {key!r} to be text, found {_kind(raw[key])}"
    for side, key, types, words in wanted:
        if not isinstance(raw.get(side), dict):
            return f"{place}: expected {side!r} to be a mapping, found {_kind(raw.get(side))}"
        if key not in raw[side]:
            return f"{place}: {side} has no {key!r}"
        if not isinstance(raw[side][key], types):
            return f"{place}: expected {side} {key!r} to be {words}, found {_kind(raw[side][key])}"
    for side in ("request", "response"):
        for name, values in raw[side]["headers"].items():
            if not _is_headers({name: values}):
                return f"{place}: expected {side} header {name!r} to be text or a list of texts"
    status = raw["response"]["status"]
    if type(status.get("code")) is not int:
        return f"{place}: expected the status code to be an integer, found {_kind(status.get('code'))}"
    if "message" not in status or not isinstance(status["message"], (str, type(None))):
        return f"{place}: expected the status message to be text, found {_kind(status.get('message'))}"
    return f"{place}: expected the response body's 'string' to be text or base64"


def _text(metadata: Mapping[str, Any], key: str, place: str) -> str:
    value = metadata.get(key)
    if value is not None and not isinstance(value, str):
        raise _UnexpectedError(f"expected {place} {key!r} to be text, found {_kind(value)}")
    return value or ""


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bytes: "base64", type(None): "nothing"}
    name = names.get(type(value))
    if name:
        return name
    return "a tagged value" if isinstance(value, yaml12.Yaml) else f"{type(value).__name__} {value!r}"


def _whole(text: str, cassette: Cassette) -> None:
    """RecordingError where a cassette of ours was cut off, or names a key twice.

    Its keys stand at the places where the emitter puts them, and nothing else can stand there.
    """
    if not text.endswith("\n" + END):
        line = text.count("\n") + 1
        raise RecordingError(
            f"{cassette.path}:{line}: expected the line '...' at the end, the cassette was cut off; {AGAIN}"
        )
    expected = len(cassette.entries)
    for key, count in (
        ("\ninteractions:", 1),
        ("\nmetadata:", 1),
        ("\n- call:", expected),
        ("\n  request:\n", expected),
        ("\n  response:\n", expected),
    ):
        found = text.count(key)
        if found != count:
            name = key.strip(" -:\n")
            raise RecordingError(
                f"{cassette.path}: expected {name!r} {count} times, found it {found} times "
                f"(a merge that went wrong?); {AGAIN}"
            )


def _plain(data: Any) -> Any:
    """What the fast reader gave, with `!!binary` as bytes; _UnexpectedError for any other tag.

    Only bodies may be binary, and no other place is looked at: elsewhere a tagged value is of no right type.
    """
    if not isinstance(data, dict) or not isinstance(data.get("interactions"), list):
        return data
    for raw in data["interactions"]:
        try:
            request, body = raw["request"], raw["response"]["body"]
            if type(request["body"]) is yaml12.Yaml:
                request["body"] = _untagged(request["body"])
            if type(body["string"]) is yaml12.Yaml:
                body["string"] = _untagged(body["string"])
        except (KeyError, TypeError):
            continue  # named by the checks that follow
    return data


def _untagged(value: yaml12.Yaml) -> bytes:
    if value.tag != "tag:yaml.org,2002:binary" or not isinstance(value.value, str):
        raise _UnexpectedError(f"expected text or base64, found the tag {value.tag!r}")
    return unbase64(value.value)


def _parse_json(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise RecordingError(f"{place}: expected JSON: {error.msg}; {AGAIN}") from None
    except RecursionError:
        raise RecordingError(f"{path}: expected JSON, found it nested too deep; {AGAIN}") from None


def _parse_reference(text: str, path: str) -> Any:
    """PyYAML's reading; imported here, because most runs never need it."""
    from contract_tests.recordings.reference import load

    return load(text, path)
