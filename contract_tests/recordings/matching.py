"""Finds the recorded answer to a request, whatever the order of recording, in linear time.

A request is the recorded one when service (where a scenario has several), method, path, query (decoded, in
any order), version header and body (JSON by value, a form by its fields) are the same, and the role where the
cassette tells one. What is
secret by name is no part of the comparison, since no cassette holds it.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from contract_tests.errors import Miss
from contract_tests.model.dialect import Dialect
from contract_tests.model.http import (
    MISSING,
    Headers,
    Request,
    header_values,
    media_of,
    same_json,
    split_target,
)
from contract_tests.model.service import Service
from contract_tests.recordings.cassette import Cassette, Entry
from contract_tests.recordings.redaction import Redaction, redaction_of
from contract_tests.recordings.text import FORM, media_type

DEEPEST = 100
"""Levels of a JSON body that are compared by value; a body with more is compared as bytes."""

MOST_LINES = 12
"""How many differences a message shows."""

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of a request is compared, in a form that compares: no secrets, nothing encoded.

    `body` is ("json", value), ("form", pairs) or ("bytes", data).
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    version: tuple[tuple[str, str], ...]
    body: tuple[str, Any]
    role: str = ""
    service: str = ""

    @property
    def key(self) -> Hashable:
        """Equal for requests that are the same; the role is left out, since a cassette may not tell it."""
        kind, value = self.body
        return self.service, self.method, self.path, self.query, self.version, kind, _frozen(value)


class Tape:
    """One case's replay from one cassette. Every entry is given out once. Used by one thread."""

    def __init__(self, cassette: Cassette, service: Service, others: Iterable[Service] = ()) -> None:
        """`service` is the recording's own; `others` are those that the scenario asks besides."""
        self.cassette = cassette
        self._dialect = service.dialect
        self._redaction = redaction_of(service.secrets)
        self._others = {one.name: (one.dialect, redaction_of(one.secrets)) for one in others}
        self._next = 0
        self._by_call: dict[Hashable, deque[Entry]] | None = None
        self._by_key: dict[Hashable, deque[Entry]] = {}
        self._shown: set[int] = set()

    def take(self, request: Request, call: str = "") -> Entry:
        """The first unused entry that is this request, one of the same call before others.

        `request.target` is below the endpoint's origin, or a whole URL. Miss where there is none.
        """
        entries = self.cassette.entries
        while self._next < len(entries) and entries[self._next].used:
            self._next += 1
        if self._next < len(entries):
            entry = entries[self._next]
            if entry.call in ("", call) and self._is(entry, request):
                entry.used = True
                return entry
        found = self._look_up(request, call)
        if found is None:
            raise Miss(self._miss(request, call))
        found.used = True
        return found

    def unused(self) -> tuple[Entry, ...]:
        """The entries that nobody has asked for so far, less those that a Miss has shown as its nearest."""
        return tuple(one for one in self.cassette.entries if not one.used and one.number not in self._shown)

    def differences(self, entry: Entry, request: Request) -> tuple[tuple[str, str], ...]:
        """(aspect, what differs) between a recorded request and this one; empty where they are the same."""
        return tuple(_differences(self._recorded(entry), self._asked(request)))

    def _is(self, entry: Entry, request: Request) -> bool:
        """Whether the two are the same as they stand, without any redaction: the common case, in order."""
        if entry.method != request.method or (entry.role and entry.role != request.role):
            return False
        if entry.service != request.service:
            return False
        target = below_origin(entry.uri)
        own = below_origin(request.target)
        if target != own and _split(target) != _split(own):
            return False
        headers = entry.headers
        if headers != request.headers:
            dialect, _ = self._of(request.service)
            version = _version(dialect, headers, self.cassette.foreign)
            if version != _version(dialect, request.headers, self.cassette.foreign):
                return False
        body = entry.body
        return body == (request.body or b"") or _same_body(
            _parsed(body, headers), _parsed(request.body or b"", request.headers)
        )

    def _look_up(self, request: Request, call: str) -> Entry | None:
        if self._by_call is None:
            self._by_call = {}
            for entry in self.cassette.entries:
                key = self._recorded(entry).key
                self._by_call.setdefault((key, entry.call), deque()).append(entry)
                self._by_key.setdefault(key, deque()).append(entry)
        key = self._asked(request).key
        for waiting in (self._by_call.get((key, call)), self._by_key.get(key)):
            found = _first(waiting, request.role)
            if found is not None:
                return found
        return None

    def _of(self, service: str) -> tuple[Dialect, Redaction]:
        """How that service is asked for versions, and what is secret there."""
        return self._others.get(service, (self._dialect, self._redaction))

    def _asked(self, request: Request) -> Asked:
        dialect, redaction = self._of(request.service)
        return _seen(redaction.request(request), dialect, self.cassette.foreign)

    def _recorded(self, entry: Entry) -> Asked:
        request = Request(
            method=entry.method,
            target=entry.uri,
            headers=entry.headers,
            body=entry.body,
            role=entry.role,
            service=entry.service,
        )
        return self._asked(request)

    def _miss(self, request: Request, call: str) -> str:
        cassette = self.cassette
        by = f" (call {call!r})" if call else ""
        lines = [f"no recorded answer for {request.method} {self._redaction.text(request.target)}{by}"]
        nearest = self._nearest(request, call)
        if nearest is None:
            return f"{lines[0]}\n  {cassette.path}: no requests were recorded"
        self._shown.add(nearest.number)
        differences = self.differences(nearest, request)
        if not differences:
            key = self._asked(request).key
            same = [entry for entry in cassette.entries if self._recorded(entry).key == key]
            numbers = ", ".join(str(entry.number) for entry in same)
            lines.append(
                f"{cassette.path}: it was recorded {_times(len(same))} (request {numbers}) "
                f"and is now made {_times(len(same) + 1)}"
            )
            return "\n  ".join(lines)
        where = f"{nearest.method} {below_origin(nearest.uri)}"
        lines.append(f"{cassette.path}: the nearest is {nearest}, {where}")
        shown = [f"  {aspect}: {text}" for aspect, text in differences]
        lines += shown[:MOST_LINES]
        if len(shown) > MOST_LINES:
            lines.append(f"  … and {len(shown) - MOST_LINES} more differences")
        if nearest.used:
            lines.append("  that one is used already")
        return "\n  ".join(lines)

    def _nearest(self, request: Request, call: str) -> Entry | None:
        """The entry that differs from the request in the fewest aspects; None in an empty cassette."""

        def distance(entry: Entry) -> tuple[object, ...]:
            differences = self.differences(entry, request)
            aspects = {aspect.partition(" ")[0] for aspect, _ in differences}
            unlike_path = -_common(below_origin(entry.uri), below_origin(request.target))
            return len(aspects), entry.call != call, entry.used, unlike_path, len(differences), entry.number

        return min(self.cassette.entries, key=distance, default=None)


def below_origin(uri: str) -> str:
    """A URI less its scheme and authority; a path as it is."""
    found = _ORIGIN.match(uri)
    return uri[found.end() :] or "/" if found else uri


def _first(waiting: deque[Entry] | None, role: str) -> Entry | None:
    """The first unused entry that this role may have; those that are used are dropped for good."""
    if waiting is None:
        return None
    while waiting and waiting[0].used:
        waiting.popleft()
    return next((entry for entry in waiting if not entry.used and entry.role in ("", role)), None)


def _seen(request: Request, dialect: Dialect, foreign: bool) -> Asked:
    path, query = _split(below_origin(request.target))
    return Asked(
        method=request.method,
        path=path,
        query=query,
        version=_version(dialect, request.headers, foreign),
        body=_parsed(request.body or b"", request.headers),
        role=request.role,
        service=request.service,
    )


def _split(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    path, query = split_target(target.partition("#")[0])
    return _normal(path), query


def _normal(path: str) -> str:
    """A path in one spelling: what needs no encoding is decoded, the rest encoded (RFC 3986, 6.2.2)."""

    def decode(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return chr(code) if code in _UNRESERVED else found[0].upper()

    return quote(_ENCODED.sub(decode, path), safe="/%:@!$&'()*+,;=~") if path else "/"


def _version(dialect: Dialect, headers: Headers, foreign: bool) -> tuple[tuple[str, str], ...]:
    """What the headers say of the version, and of a representation beside the default one.

    Another client may send one of a service's version headers where this harness sends them all: there the
    first one that speaks is compared, as the service does.
    """
    carried, options = dialect.carried(headers), _options(dialect, headers)
    if not foreign or not carried:
        return carried + options
    for carrier in dialect.carriers:
        for value in header_values(headers, carrier.name):
            version = carrier.read(value)
            if version is not None:
                return (("version", version), *options)
    return carried + options


def _options(dialect: Dialect, headers: Headers) -> tuple[tuple[str, str], ...]:
    """The parameters of the media types that are asked for (`type=task`), less those that choose no form."""
    found: list[tuple[str, str]] = []
    for value in header_values(headers, "accept"):
        for part in value.split(",") if "=" in value else ():
            _, parameters = media_of(part, frozenset({"charset", "q", dialect.parameter}))
            found += ((f"accept {name}", text) for name, text in parameters.items())
    return tuple(sorted(found))


def _parsed(body: bytes, headers: Headers) -> tuple[str, Any]:
    if body[:1] in (b"{", b"[") or body.lstrip()[:1] in (b"{", b"["):
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return "bytes", body
        # Few bodies have so many brackets; of those that do, the deepest would exhaust Python's stack.
        shallow = body.count(b"[") + body.count(b"{") <= DEEPEST or _is_shallow(value)
        return ("json", value) if shallow else ("bytes", body)
    if body and media_type(headers) == FORM:
        return "form", tuple(sorted(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
    return "bytes", body


def _is_shallow(value: Any) -> bool:
    """Whether a JSON value is nested DEEPEST levels deep at most."""
    level = [value]
    for _ in range(DEEPEST):
        lists = [one if isinstance(one, list) else list(one.values()) for one in level if one]
        level = [inner for one in lists for inner in one if isinstance(inner, (list, dict))]
        if not level:
            return True
    return False


def _same_body(left: tuple[str, Any], right: tuple[str, Any]) -> bool:
    if left[0] != right[0]:
        return False
    return same_json(left[1], right[1]) if left[0] == "json" else bool(left[1] == right[1])


def _frozen(value: Any) -> Hashable:
    """A JSON value as a key: numbers by value, true is not 1, objects have no order."""
    if isinstance(value, dict):
        return frozenset((name, _frozen(item)) for name, item in value.items())
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    if isinstance(value, bool):
        return ("boolean", value)
    hashable: Hashable = value
    return hashable


def _differences(recorded: Asked, asked: Asked) -> Iterator[tuple[str, str]]:
    if asked.service != recorded.service:
        yield "service", _both(asked.service or "none", recorded.service or "none")
    if asked.method != recorded.method:
        yield "method", _both(asked.method, recorded.method)
    if asked.path != recorded.path:
        yield "path", _both(asked.path, recorded.path)
    yield from _unlike_pairs("query", recorded.query, asked.query)
    if asked.version != recorded.version:
        yield "version", _both(_header_text(asked.version), _header_text(recorded.version))
    if recorded.role and asked.role != recorded.role:
        yield "role", _both(asked.role, recorded.role)
    (kind, new), (other_kind, old) = asked.body, recorded.body
    if kind == other_kind == "json":
        for path, left, right in _unlike(new, old, "$"):
            yield f"body {path}", _both(_short(left), _short(right))
    elif kind == other_kind == "form":
        yield from _unlike_pairs("body", old, new)
    elif (kind, new) != (other_kind, old):
        yield "body", _both(_body_text(kind, new), _body_text(other_kind, old))


def _both(asked: str, recorded: str) -> str:
    return f"asked {asked}, recorded {recorded}"


def _header_text(carried: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in carried) or "none"


def _unlike_pairs(
    aspect: str, recorded: tuple[tuple[str, str], ...], asked: tuple[tuple[str, str], ...]
) -> Iterator[tuple[str, str]]:
    for name in sorted({name for name, _ in (*recorded, *asked)}):
        new = [value for key, value in asked if key == name]
        old = [value for key, value in recorded if key == name]
        if new != old:
            texts = (", ".join(map(repr, side)) or "nothing" for side in (new, old))
            yield f"{aspect} {name!r}", _both(*texts)


def _unlike(new: Any, old: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """(path, asked, recorded) of each place where two JSON values differ; MISSING where one has nothing."""
    if isinstance(new, dict) and isinstance(old, dict):
        for name in [*new, *(name for name in old if name not in new)]:
            step = f".{name}" if re.fullmatch(r"[A-Za-z_]\w*", name) else f"[{name!r}]"
            yield from _unlike(new.get(name, MISSING), old.get(name, MISSING), path + step)
    elif isinstance(new, list) and isinstance(old, list):
        for index in range(max(len(new), len(old))):
            left = new[index] if index < len(new) else MISSING
            right = old[index] if index < len(old) else MISSING
            yield from _unlike(left, right, f"{path}[{index}]")
    elif not same_json(new, old):
        yield path, new, old


def _short(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:180]}… ({len(text)} characters)"


def _body_text(kind: str, value: Any) -> str:
    if kind == "bytes":
        if not value:
            return "no body"
        return f"{len(value)} bytes {value[:60]!r}"
    return ("the form " if kind == "form" else "") + _short(value)


def _common(left: str, right: str) -> int:
    """How many characters two texts begin with alike."""
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
