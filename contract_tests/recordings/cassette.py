"""A cassette as it was read: what was asked, and what was answered, one entry an interaction.

Entries keep what the file says and make the model's values where they are asked for: a replay reads many
entries and needs little of each.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.model.http import Headers, Response

AGAIN = "record it again"
"""How every fault of a recording is mended."""

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a body, decoded, that are read at most: a small gzip body may hold gigabytes."""

Text = str | bytes


class Entry:
    """One interaction. `number` counts from 1; `call`, `role` and `service` are "" where it names none."""

    __slots__ = ("call", "method", "number", "raw_request", "raw_response", "role", "service", "uri", "used")

    def __init__(
        self,
        number: int,
        call: str,
        role: str,
        request: Mapping[str, Any],
        response: Mapping[str, Any],
        service: str = "",
    ) -> None:
        self.number = number
        self.call = call
        self.role = role
        self.service = service
        self.method: str = request["method"]
        self.uri: str = request["uri"]
        self.raw_request = request
        self.raw_response = response
        self.used = False

    @property
    def headers(self) -> Headers:
        """The request's headers."""
        return flat_headers(self.raw_request["headers"])

    @property
    def body(self) -> bytes:
        """The request's body; empty where there was none."""
        return as_bytes(self.raw_request["body"])

    def response(self) -> Response:
        """The answer, decoded from its content encoding; ValueError where that fails."""
        raw = self.raw_response
        status = raw["status"]
        headers = flat_headers(raw["headers"])
        body = as_bytes(raw["body"].get("string"))
        if "base64_string" in raw["body"]:
            body = unbase64(raw["body"]["base64_string"])
        for name, _ in headers:
            if name.lower() == "content-encoding":
                return _decoded(status["code"], status["message"] or "", headers, body)
        return Response(status["code"], status["message"] or "", headers, body)

    def __str__(self) -> str:
        return f"request {self.number}" + (f" (call {self.call!r})" if self.call else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cassette:
    """A cassette. `scenario`, `microversion` and `asked` are empty where stock vcrpy wrote it.

    `asked` maps the calls of the scenario, as it was when this was recorded, to their digests, in order.
    """

    path: str
    entries: tuple[Entry, ...]
    scenario: str = ""
    microversion: str = ""
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def foreign(self) -> bool:
        """Whether something else than this harness wrote it."""
        return not self.scenario


def flat_headers(raw: Mapping[str, Any]) -> Headers:
    """vcrpy's map of names to one value or a list of them, as a header list."""
    return tuple(
        (name, value)
        for name, values in raw.items()
        for value in ((values,) if isinstance(values, str) else values)
    )


def as_bytes(body: Text | None) -> bytes:
    """A body as it was on the wire: text is UTF-8."""
    if body is None:
        return b""
    return body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")


def _decoded(status: int, reason: str, headers: Headers, body: bytes) -> Response:
    codings = [
        coding.strip().lower()
        for name, value in headers
        if name.lower() == "content-encoding"
        for coding in value.split(",")
    ]
    for coding in reversed(codings):
        body = _decode(coding, body)
    dropped = {"content-encoding", "content-length"}
    return Response(status, reason, tuple(h for h in headers if h[0].lower() not in dropped), body)


def _decode(coding: str, body: bytes) -> bytes:
    if coding in ("", "identity") or not body:
        return body
    if coding in ("gzip", "x-gzip"):
        # vcrpy's decode_compressed_response and some clients leave the header beside the decoded body.
        return _inflate(body, 31) if body.startswith(b"\x1f\x8b") else body
    if coding == "deflate":
        for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # some servers send it without zlib's frame
            try:
                return _inflate(body, bits)
            except ValueError:
                continue
        return body
    raise ValueError(f"the content encoding {coding!r} is not read here (gzip and deflate are)")


def _inflate(body: bytes, bits: int) -> bytes:
    machine = zlib.decompressobj(bits)
    try:
        data = machine.decompress(body, MAX_BODY)
    except zlib.error as error:
        raise ValueError(f"the compressed body is damaged ({error})") from None
    if machine.unconsumed_tail:
        raise ValueError(f"the compressed body holds more than {MAX_BODY} bytes")
    if not machine.eof:
        raise ValueError("the compressed body ends too early")
    return data


def unbase64(text: str) -> bytes:
    """The bytes of a base64 text with line breaks; ValueError where it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"expected base64 ({error})") from None
