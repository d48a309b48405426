"""Keeps secrets out of recordings: by name before writing, then a gate that looks for the values.

Redaction is by name (of headers, query parameters, form fields, JSON properties, XML elements) and by form (a
password in a URL). It runs on what is recorded and, in a replay, on what is asked, so that the two still
match. It replaces no known value elsewhere: a secret in a place without a name is a leak, which the gate
refuses and names, rather than something to paper over.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from contract_tests.errors import SecretFound
from contract_tests.model.http import Headers, Interaction, Request, Response
from contract_tests.model.service import Secrets, Service
from contract_tests.recordings import lossless
from contract_tests.recordings.loose import scalars, unescaped
from contract_tests.recordings.text import FORM, beginning, decoded, is_json, media_type, places

REDACTED = "REDACTED"
REDACTED_NUMBER = 0
SHORT = 8
"""A secret of fewer characters is looked for as a whole word only: `admin` is a password and a word."""

HEADERS = re.compile(
    r"(?:^|[-_])(?:token|secret|password|passphrase|cookie2?|signature|credentials?|authorization"
    r"|(?:api|access|secret|private|encryption)[-_]?key)$",
    re.IGNORECASE,
)
"""X-Auth-Token, X-Subject-Token, Authorization, Set-Cookie, X-Api-Key and their like."""

NAMES = frozenset(
    (
        "password",
        "adminpassword",
        "adminpass",
        "originalpassword",
        "newpassword",
        "oldpassword",
        "userpassword",
        "rootpassword",
        "passwd",
        "passphrase",
        "passcode",
        "secret",
        "secretkey",
        "clientsecret",
        "sharedsecret",
        "secretaccesskey",
        "token",
        "accesstoken",
        "authtoken",
        "idtoken",
        "refreshtoken",
        "sessiontoken",
        "securitytoken",
        "privatekey",
        "apikey",
        "accesskey",
        "encryptionkey",
    )
)
"""JSON properties, form fields and query parameters, in lower case and without `-` and `_`."""

QUERY = NAMES | frozenset(
    ("signature", "sig", "tempurlsig", "xamzsignature", "xamzcredential", "xamzsecuritytoken")
)

_TOKEN_OBJECTS = frozenset(("token",))
"""Objects whose own `id` is the secret (Keystone's `identity.token.id`)."""

_PARAMETER = re.compile(r"""([?&;#]|^)([\w.~%+-]+)=([^&;\s"'<>#\\]+)""")
_PROPERTY = re.compile(
    r"""(?s)((\\*['"])([\w-]+)\2\s*:\s*[bu]?)(?:(\\*['"])(?:(?!\4)(?:\\.|.))*\4|([-+]?\d[\w.+-]*))"""
)
_PART = re.compile(
    r"""(?si)(Content-Disposition:[^\r\n]*?\bname="?([^";\r\n]+)"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n)"""
    r"""(.+?)(?=\r?\n--|\Z)"""
)
_ELEMENT = re.compile(
    r"(<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?(?<!/)>)((?:[^<]|<!\[CDATA\[.*?\]\]>)+)(<|\Z)", re.DOTALL
)
_TAG = re.compile(r"<[\w.:-]+\s[^<>]*>")
_ATTRIBUTE = re.compile(r"""(\s(?:[\w.-]+:)?([\w.-]+)\s*=\s*["'])([^"'<>]+)(["'])""")
USERINFO = re.compile(r"""([A-Za-z][A-Za-z0-9+.-]*:(?://|\\/\\/)[^/\s:@"'\\]*):([^/\s@"'\\]+)@""")


def plain_name(name: str) -> str:
    """A name as the tables spell it: `Admin_Pass`, `admin-pass` and `adminPass` are one."""
    return name.lower().replace("-", "").replace("_", "")


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is secret by name; build it with `redaction_of`."""

    headers: frozenset[str] = frozenset()
    query: frozenset[str] = QUERY
    json: frozenset[str] = NAMES
    known: tuple[str, ...] = ()

    def interaction(self, interaction: Interaction) -> Interaction:
        """The interaction without its secrets."""
        response = interaction.response
        return replace(
            interaction,
            request=self.request(interaction.request),
            response=replace(
                response,
                headers=self._headers(response.headers),
                body=self.body(response.body, response.headers),
            ),
        )

    def request(self, request: Request) -> Request:
        """The request without its secrets; the same object where it has none."""
        target = self.text(request.target)
        headers = self._headers(request.headers)
        body = None if request.body is None else self.body(request.body, request.headers)
        if (target, headers, body) == (request.target, request.headers, request.body):
            return request
        return replace(request, target=target, headers=headers, body=body)

    def body(self, body: bytes, headers: Headers) -> bytes:
        """A body without its secrets; as it is, byte for byte, where it has none."""
        text, encoding = decoded(body)
        changed = self._body(text, headers)
        return body if changed == text else changed.encode(encoding, "surrogateescape")

    def _body(self, text: str, headers: Headers) -> str:
        begin = beginning(text)
        if begin in ("{", "[") or is_json(headers):
            try:
                tree = lossless.parse(text)
                text.encode()  # what is no UTF-8 would not come out of the tree as it was
                changed = self.value(tree)
                return lossless.compact(changed) if changed != tree else text
            except (ValueError, RecursionError):  # cut off, several documents, or nested too deep
                text = self._loose(text)
        kind = media_type(headers)
        if kind == FORM:
            return self._parameters(text, self.json | self.query)
        if kind.startswith("multipart/"):
            text = self._parts(text)
        return self.text(self._elements(text) if begin == "<" else text)

    def value(self, value: Any, name: str = "", outer: str = "") -> Any:
        """A JSON value without its secrets; `name` is the property that holds it, `outer` that around it.

        An object below a secret's name is looked into, not replaced: Keystone's `token` is one.
        """
        if isinstance(value, lossless.Object):
            return lossless.Object((key, self.value(item, plain_name(key), name)) for key, item in value)
        if isinstance(value, dict):
            return {key: self.value(item, plain_name(key), name) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, name, outer) for item in value]
        if self._is_secret(name, outer):
            if isinstance(value, str):
                return REDACTED if value else value
            if isinstance(value, lossless.Number):
                return lossless.Number(str(REDACTED_NUMBER))
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return REDACTED_NUMBER
        return self._inner(value) if isinstance(value, str) else value

    def _is_secret(self, name: str, outer: str) -> bool:
        return name in self.json or (name == "id" and outer in _TOKEN_OBJECTS)

    def _inner(self, text: str) -> str:
        """A JSON string's text: it may be a JSON document itself."""
        if beginning(text) in ("{", "["):
            try:
                tree = lossless.parse(text)
                changed = self.value(tree)
                return lossless.compact(changed) if changed != tree else text
            except (ValueError, RecursionError):
                text = self._loose(text)
        return self.text(text)

    def _loose(self, text: str) -> str:
        """What is no JSON but looks like it, without the texts and numbers whose names are secret."""
        parts: list[str] = []
        end = 0
        for one in scalars(text):
            inner = text[one.start : one.end]
            if self._is_secret(plain_name(one.name), plain_name(one.outer)):
                new = str(REDACTED_NUMBER) if one.number else REDACTED if inner else ""
                new += text[one.start - 1] if one.cut else ""
            else:
                plain = "" if one.number else unescaped(inner)
                changed = self._inner(plain) if beginning(plain) in ("{", "[") else plain
                new = json.dumps(changed)[1:-1] if changed != plain else inner
            parts += (text[end : one.start], new)
            end = one.end
        return "".join((*parts, text[end:]))

    def text(self, text: str) -> str:
        """A text without the passwords and secret parameters of the URLs in it, and without what is known."""
        if self.known:
            text = hiding(self.known)(text)
        if "@" in text:
            text = USERINFO.sub(rf"\1:{REDACTED}@", text)
        begin = _parameters_of(text) if "=" in text else len(text)
        if begin < len(text):
            text = text[:begin] + self._parameters(text[begin:], self.query)
        if ":" in text and ("'" in text or '"' in text):
            text = _PROPERTY.sub(self._property, text)
        return text

    def _property(self, found: re.Match[str]) -> str:
        """A property in a text of any kind, in JSON's or in Python's spelling."""
        if plain_name(found[3]) not in self.json:
            return found[0]
        return f"{found[1]}{REDACTED_NUMBER if found[5] else f'{found[4]}{REDACTED}{found[4]}'}"

    def _parts(self, text: str) -> str:
        """multipart/form-data without the parts whose names are secret."""
        names = self.json | self.query
        return _PART.sub(lambda one: one[1] + REDACTED if plain_name(one[2]) in names else one[0], text)

    def _parameters(self, text: str, names: frozenset[str]) -> str:
        def change(found: re.Match[str]) -> str:
            secret = plain_name(unquote_plus(found[2])) in names
            return f"{found[1]}{found[2]}={REDACTED}" if secret else found[0]

        return _PARAMETER.sub(change, text)

    def _elements(self, text: str) -> str:
        """XML without the texts of elements and the values of attributes whose names are secret.

        By form and not by parsing, so that a document that is cut off or malformed keeps none either.
        """

        def change(found: re.Match[str]) -> str:
            return f"{found[1]}{REDACTED}{found[4]}" if plain_name(found[2]) in self.json else found[0]

        def within(found: re.Match[str]) -> str:
            return _ATTRIBUTE.sub(lambda one: change(one), found[0])

        return _TAG.sub(within, _ELEMENT.sub(change, text))

    def _headers(self, headers: Headers) -> Headers:
        return tuple(
            (name, REDACTED if value and self.is_secret_header(name) else self.text(value))
            for name, value in headers
        )

    def is_secret_header(self, name: str) -> bool:
        """Whether the values of the header `name` are secrets."""
        return name.lower() in self.headers or HEADERS.search(name) is not None

    def values(self, headers: Headers, body: bytes, target: str = "") -> Iterator[str]:
        """The secrets that a request or a response tells by name."""
        urls = [target]
        for name, value in headers:
            if self.is_secret_header(name):
                yield value
            else:
                urls.append(value)
        text = decoded(body)[0].encode("utf-8", "replace").decode()
        kind = media_type(headers)
        parts = [(url[_parameters_of(url) :], self.query) for url in urls]
        for part, names in (*parts, (text if kind == FORM else "", self.json | self.query)):
            for found in _PARAMETER.finditer(part):
                if plain_name(unquote_plus(found[2])) in names:
                    yield unquote_plus(found[3])
        if kind.startswith("multipart/"):
            for found in _PART.finditer(text):
                if plain_name(found[2]) in self.json | self.query:
                    yield found[3]
        begin = beginning(text)
        if begin in ("{", "["):
            try:
                yield from self._values(json.loads(text))
            except (ValueError, RecursionError):
                yield from self._loose_values(text)
        elif begin == "<":
            for found in (*_ELEMENT.finditer(text), *_ATTRIBUTE.finditer(text)):
                if plain_name(found[2]) in self.json:
                    yield html.unescape(found[3])

    def _loose_values(self, text: str) -> Iterator[str]:
        for one in scalars(text):
            value = unescaped(text[one.start : one.end])
            if not one.number and self._is_secret(plain_name(one.name), plain_name(one.outer)):
                yield value

    def _values(self, value: Any, name: str = "", outer: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for key, item in value.items():
                yield from self._values(item, plain_name(key), name)
        elif isinstance(value, list):
            for item in value:
                yield from self._values(item, name, outer)
        elif isinstance(value, str) and value and self.value(value, name, outer) == REDACTED:
            yield value
        elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            with contextlib.suppress(ValueError, RecursionError):
                yield from self._values(json.loads(value))


def _parameters_of(text: str) -> int:
    """Where the query, or else the fragment, of a text that is or holds a URL begins; or its end."""
    return min((text.find(mark) for mark in "?#" if mark in text), default=len(text))


@functools.lru_cache(maxsize=64)
def redaction_of(secrets: Secrets) -> Redaction:
    """The redaction of a service: what is always secret, and what its file names."""
    return Redaction(
        headers=frozenset(name.lower() for name in secrets.headers),
        query=QUERY | frozenset(map(plain_name, secrets.query)),
        json=NAMES | frozenset(map(plain_name, secrets.json)),
        known=secrets.values,
    )


def without_secrets(service: Service, request: Request, response: Response) -> Interaction:
    """An exchange as a recording would hold it, for what tells of its values."""
    return redaction_of(service.secrets).interaction(Interaction(request=request, response=response))


@functools.lru_cache(maxsize=64)
def hiding(secrets: tuple[str, ...]) -> Callable[[str], str]:
    """A function that takes these secrets out of a text, in each spelling that the gate looks for."""
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)
    patterns = [needle.pattern for secret in longest_first for needle in _needles(secret)]
    if not patterns:
        return lambda text: text
    pattern = re.compile("|".join(patterns))
    return lambda text: pattern.sub(REDACTED, text)


def told_by_name(redaction: Redaction, interactions: Sequence[Interaction]) -> tuple[str, ...]:
    """The secrets that a case's requests and responses tell by name: they must stand nowhere else.

    Less those that a request also says in a place of no such name (a user called as its password): they are
    no secret to the scenario. Nor is a word that is itself the name of a secret.
    """
    asked: list[str] = []
    found: dict[str, None] = {}
    for interaction in interactions:
        request, response = interaction.request, interaction.response
        shown = redaction.request(request)
        asked += (shown.target, *(value for _, value in shown.headers))
        asked.append((shown.body or b"").decode("utf-8", "replace"))
        found.update(dict.fromkeys(redaction.values(request.headers, request.body or b"", request.target)))
        found.update(dict.fromkeys(redaction.values(response.headers, response.body)))
    text = "\n".join(asked)
    return tuple(
        value
        for value in found
        if len(value) >= SHORT
        and value != REDACTED
        and value not in text
        and plain_name(value) not in redaction.json
    )


def refuse_secrets(
    interactions: Sequence[Interaction], secrets: Iterable[str], path: str, service: str
) -> None:
    """SecretFound, naming file, call and place, where a secret value is still in what would be written.

    It is looked for plain, percent-encoded, escaped as in JSON or HTML, in base64 and in hexadecimal digits;
    the message never shows it.
    """
    needles = [needle for secret in dict.fromkeys(secrets) if secret for needle in _needles(secret)]
    if not needles:
        return
    any_of = re.compile("|".join(needle.pattern for needle in needles))
    for number, interaction in enumerate(interactions, 1):
        call = f" (call {interaction.call!r})" if interaction.call else ""
        for place in places(interaction):
            for text in _spellings(place.text):
                if not any_of.search(text):
                    continue
                form = next(needle.form for needle in needles if re.search(needle.pattern, text))
                raise SecretFound(
                    f"{path}: not written: {place.name} of interaction {number}{call} holds a secret of this "
                    f"run, {form}; name that header, parameter or property below 'secrets' in the file of "
                    f"the service {service!r}, or take the secret out of the scenario"
                )


@dataclass(frozen=True, slots=True)
class _Needle:
    pattern: str
    form: str


def _needles(secret: str) -> Iterator[_Needle]:
    if len(secret) < SHORT:
        yield _Needle(rf"(?<!\w){re.escape(secret)}(?!\w)", "in plain text")
        return
    yield _Needle(re.escape(secret), "in plain text")
    for coded in {quote(secret, safe=""), quote(secret), quote_plus(secret)} - {secret}:
        yield _Needle(f"(?i:{re.escape(coded)})", "percent-encoded")
    yield _Needle(f"(?i:{secret.encode().hex()})", "in hexadecimal digits")
    if html.escape(secret) != secret:
        yield _Needle(re.escape(html.escape(secret)), "escaped as in HTML")
    escaped = json.dumps(secret)[1:-1]
    unicode = json.dumps(secret, ensure_ascii=False)[1:-1]
    for coded in {escaped, escaped.replace("/", "\\/"), unicode} - {secret}:
        yield _Needle(re.escape(coded), "escaped as in JSON")
    for shift in range(3):
        # The characters at both ends depend on the neighbours too: only those between are the secret's own.
        coded_bytes = base64.b64encode(b"\0" * shift + secret.encode())
        cut = (0, 2, 3)[shift]
        total = shift + len(secret.encode())
        core = coded_bytes[cut : total * 8 // 6].decode()
        for coded in {core, core.replace("+", "-").replace("/", "_")}:
            yield _Needle(re.escape(coded), "in base64")


def _spellings(text: str | bytes) -> Iterator[str]:
    """The text as it would be written; and, where it is JSON, its strings without their escapes."""
    if isinstance(text, str):
        yield text
        return
    written = decoded(text)[0]
    yield written
    if "\\" in written:
        try:
            yield json.dumps(json.loads(written), ensure_ascii=False)
        except (ValueError, RecursionError):
            return
