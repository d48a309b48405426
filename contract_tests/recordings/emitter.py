"""Writes cassettes: YAML that reads the same in YAML 1.1 (PyYAML, vcrpy) and 1.2, for people to review.

A header stands on a line, a JSON body is an indented literal block. The same interactions always give the
same text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract_tests.model.http import Headers, Interaction
from contract_tests.recordings import lossless
from contract_tests.recordings.text import is_json

END = "...\n"
"""YAML's document end marker closes every cassette of ours, so that one that was cut off is noticed."""

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./+;=-]*(?: [A-Za-z0-9_./+;=-]+)*")
_PLAIN_URI = re.compile(r"https?://[A-Za-z0-9_./+;=?&%~:,$*!()-]*[A-Za-z0-9_/]")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_LINE = r"[!-~](?:[ -~]*[!-~])?"
_BLOCK = re.compile(rf"{_LINE}(?:\n+ *{_LINE})*\n?")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\", "\0": "\\0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An interaction to be written; its request's target is the whole URI.

    `exact` keeps the bodies as they were on the wire; otherwise a JSON body is stored indented.
    """

    interaction: Interaction
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a cassette of ours says of itself. `asked` maps its calls to their digests, in order."""

    scenario: str
    microversion: str = ""
    asked: Mapping[str, str] = field(default_factory=dict)


def cassette_text(taken: Sequence[Taken], metadata: Metadata) -> str:
    """The cassette as text; it ends with END."""
    return "".join(_cassette(taken, metadata))


def _cassette(taken: Sequence[Taken], metadata: Metadata) -> Iterator[str]:
    yield "version: 1\nmetadata:\n"
    yield f"  scenario: {scalar(metadata.scenario)}\n"
    yield f"  microversion: {scalar(metadata.microversion) if metadata.microversion else 'null'}\n"
    yield "  asked:" + _mapping(metadata.asked, "    ")
    yield "interactions:\n" if taken else "interactions: []\n"
    for one in taken:
        request, response = one.interaction.request, one.interaction.response
        yield f"- call: {scalar(one.interaction.call)}\n"
        if request.role:
            yield f"  as: {scalar(request.role)}\n"
        if request.service:
            yield f"  service: {scalar(request.service)}\n"
        yield f"  request:\n    method: {scalar(request.method)}\n    uri: {scalar(request.target)}\n"
        yield "    headers:" + _headers(request.headers, flow=True)
        yield "    body: " + _body(request.body, one.exact or not is_json(request.headers), "      ")
        reason = scalar(response.reason, flow=True)
        yield f"  response:\n    status: {{code: {response.status}, message: {reason}}}\n"
        yield "    headers:" + _headers(response.headers)
        yield "    body:\n      string: "
        yield _body(response.body, one.exact or not is_json(response.headers), "        ")
    yield END


def _mapping(values: Mapping[str, str], indent: str) -> str:
    if not values:
        return " {}\n"
    return "\n" + "".join(f"{indent}{scalar(key)}: {scalar(value)}\n" for key, value in values.items())


def _headers(headers: Headers, *, flow: bool = False) -> str:
    """vcrpy's form: a name and the list of its values. Names that differ in case are one header.

    A request's few headers stand on one line (`flow`); a response's have a line each, for a diff to show.
    """
    grouped: dict[str, tuple[str, list[str]]] = {}
    for name, value in headers:
        grouped.setdefault(name.lower(), (name, []))[1].append(value)
    if not grouped:
        return " {}\n"
    pairs = [
        f"{scalar(name, flow=True)}: [{', '.join(scalar(value, flow=True) for value in values)}]"
        for name, values in grouped.values()
    ]
    if flow:
        return f" {{{', '.join(pairs)}}}\n"
    return "\n" + "".join(f"      {pair}\n" for pair in pairs)


def _body(body: bytes | None, exact: bool, indent: str) -> str:
    if body is None:
        return "null\n"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        lines = base64.encodebytes(body).decode().splitlines()
        return "!!binary |\n" + "".join(f"{indent}{line}\n" for line in lines)
    if not exact:
        text = readable(text)
    if "\n" in text and _BLOCK.fullmatch(text):
        header = "|" if text.endswith("\n") else "|-"
        lines = text.removesuffix("\n").split("\n")
        return f"{header}\n" + "".join(f"{indent}{line}\n" if line else "\n" for line in lines)
    return scalar(text) + "\n"


def readable(text: str) -> str:
    """A JSON object or list on lines that fit a screen, where that keeps everything, else the text."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return lossless.indented(lossless.parse(text))
    except (ValueError, RecursionError):
        return text


def scalar(text: str, *, flow: bool = False) -> str:
    """`text` as a YAML scalar on one line; `flow` where it stands in [] or {}."""
    if len(text) < 500 and _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if not flow and _PLAIN_URI.fullmatch(text):
        return text
    if _PRINTABLE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if " " <= character <= "~":
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # half a character, which no YAML can hold
        code = 0xFFFD
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def manifest_text(values: Mapping[str, Any]) -> str:
    """A manifest as text: texts, numbers, lists and maps of texts (or of maps of them), one a line."""
    lines: list[str] = []
    for key, value in values.items():
        nested = isinstance(value, Mapping) and any(isinstance(one, Mapping) for one in value.values())
        if nested:
            lines.append(f"{key}:\n")
            lines.extend(f"  {scalar(name)}:{_mapping(inner, '    ')}" for name, inner in value.items())
        elif isinstance(value, Mapping) and len(value) > 2:
            lines.append(f"{key}:{_mapping(value, '  ')}")
        elif isinstance(value, Mapping):
            inner = ", ".join(
                f"{scalar(name, flow=True)}: {scalar(text, flow=True)}" for name, text in value.items()
            )
            lines.append(f"{key}: {{{inner}}}\n")
        elif isinstance(value, (list, tuple)):
            lines.append(f"{key}: []\n" if not value else f"{key}:\n")
            lines.extend(f"- {scalar(item)}\n" for item in value)
        else:
            lines.append(f"{key}: {value if isinstance(value, int) else scalar(value)}\n")
    return "".join(lines)
