"""Requests, responses and what was exchanged: plain values, as they are on the wire.

Header lists keep their order and multiplicity; names compare without case.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

Headers = tuple[tuple[str, str], ...]


def media_of(value: str, ignored: frozenset[str] = frozenset({"charset"})) -> tuple[str, dict[str, str]]:
    """A media type in lower case and its parameters; without the charset, which is none of what is shown.

    >>> media_of('application/JSON; type="task"; charset=UTF-8')
    ('application/json', {'type': 'task'})
    """
    name, *parts = value.split(";")
    pairs = (part.partition("=") for part in parts if "=" in part)
    found = {key.strip().lower(): text.strip().strip('"') for key, _, text in pairs}
    return name.strip().lower(), {key: text for key, text in found.items() if key not in ignored}


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"  # one object, on both sides of a pickle


MISSING: Any = _Missing()
"""Stands where there is no value; None is a value in JSON."""


def header_values(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    """Every value of the header `name` (any case), in order."""
    name = name.lower()
    return [value for key, value in headers if key.lower() == name]


def split_target(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A request target as its path and its query parameters, these decoded and sorted."""
    path, _, query = target.partition("?")
    return path, tuple(sorted(parse_qsl(query, keep_blank_values=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a service.

    `target` is the path, with its query, below the service's endpoint ("/resource_providers?name=x").
    `headers` are those that the scenario, the dialect and the body give; an identity's headers are
    added by the transport and are never part of this value. `role` names that identity. Redirects are
    answers like any other unless `follow` is set. `service` is whom a scenario of several services asks;
    empty in one that has one.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = None
    role: str = ""
    follow: bool = False
    service: str = ""


def _refuse(word: str) -> None:
    """NaN and Infinity are no JSON (RFC 8259, section 6)."""
    raise ValueError(word)


_DECODER = json.JSONDecoder(parse_constant=_refuse)
"""What `json.loads` would make anew for each body."""


@dataclass(frozen=True)
class Response:
    """What a service answered. `body` is decoded from its content encoding, never None."""

    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """All values of the header `name` joined by ", " (RFC 9110, section 5.2), or None."""
        values = header_values(self.headers, name)
        return ", ".join(values) if values else None

    @functools.cached_property
    def json(self) -> Any:
        """The body as JSON, parsed once; MISSING where it is none."""
        if not self.body:
            return MISSING
        try:
            return _DECODER.decode(self.body.decode(json.detect_encoding(self.body), "surrogatepass"))
        except (ValueError, RecursionError):
            return MISSING

    @functools.cached_property
    def xml(self) -> Any:
        """The body's root element, parsed once; MISSING where it is no XML (see `model.xml`)."""
        from contract_tests.model import xml

        return xml.parse(self.body)

    @functools.cached_property
    def view(self) -> Any:
        """The JSON view of a body of XML; MISSING where it is none."""
        from contract_tests.model import xml

        return MISSING if self.xml is MISSING else xml.view(self.xml)

    def document(self, kind: str) -> Any:
        """The body as a JSON value, by the `bodies` of its service: of XML, its JSON view."""
        return self.view if kind == "xml" else self.json

    def __reduce__(self) -> Any:
        return Response, (self.status, self.reason, self.headers, self.body)  # less what was parsed

    @property
    def text(self) -> str:
        """The body as UTF-8 text; bytes that are none show as replacement characters."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A request and its response. `call` names the scenario's call, where that is known."""

    request: Request
    response: Response
    call: str = ""


def same_json(left: Any, right: Any) -> bool:
    """Equality by JSON value: 1 equals 1.0, but True is not 1; objects have no order.

    >>> same_json({"a": [1, True]}, {"a": [1.0, True]}), same_json(1, True)
    (True, False)
    """
    if left is right:
        return True
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(same_json(value, right[key]) for key, value in left.items())
        )
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(same_json, left, right))
    return bool(left == right)
