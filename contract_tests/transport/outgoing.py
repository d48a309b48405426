"""What every transport does alike with a request: its URL, its headers, its redirects. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from contract_tests import __version__
from contract_tests.errors import Refused, Unreachable
from contract_tests.model.http import Headers, Request, Response
from contract_tests.recordings.redaction import USERINFO
from contract_tests.transport.identity import Identity

USER_AGENT = f"contract-tests/{__version__}"
MAX_REDIRECTS = 10
"""Redirects that a request which wants them followed follows at most."""

_DEFAULTS = (("Accept", "application/json"), ("User-Agent", USER_AGENT))
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_UNSENDABLE = re.compile(r"[^\x21-\x7e]+")
_SECRET_PARAMETER = re.compile(
    r"([?&;#][^=&;#]*(?:token|password|secret|signature|credential|api[_-]?key)[^=&;]*=)[^&;#\s]+",
    re.IGNORECASE,
)
_BODY_HEADERS = frozenset({"content-type", "content-length", "content-encoding", "transfer-encoding"})


def origin(url: str) -> tuple[str, str, int] | None:
    """(scheme, host, port) of an absolute http or https URL, or None for any other text."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


def absolute(endpoint: str, request: Request) -> str:
    """The URL that `request` goes to: its target appended to `endpoint` as it is written.

    Only what cannot stand in an HTTP request (spaces, control characters, what is beyond ASCII) is
    percent-encoded, as UTF-8. A target may also be a whole URL of the endpoint's own origin.

    Refused where the URL would lead to another host, or where the target is neither.
    """
    target = _UNSENDABLE.sub(lambda found: "".join(f"%{b:02X}" for b in found[0].encode()), request.target)
    if target.startswith(("http://", "https://")):
        if origin(target) != origin(endpoint) or "@" in urlsplit(target).netloc:
            raise Refused(
                f"{request.method} {shown(target)}: this is not the target's own host ({endpoint}); "
                "name a path below the endpoint, or give that service an endpoint of its own"
            )
        return target
    if target and target[0] not in "/?":
        raise Refused(
            f"{request.method} {shown(target)}: a request's path begins with '/' (or is a whole URL of "
            f"{endpoint}); write '/{shown(target)}'"
        )
    return endpoint.rstrip("/") + target


def request_target(url: str) -> str:
    """The path and query of an absolute URL, as they are written there."""
    rest = url.partition("://")[2]
    at = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
    target = rest[at:].partition("#")[0]
    return target if target.startswith("/") else f"/{target}"


def headers_to_send(request: Request, identity: Headers) -> Headers:
    """The request's headers, the identity's, and two defaults.

    What the scenario gives wins over what the identity gives. `User-Agent` and
    `Accept: application/json` are added where neither gives them; nothing else is.

    Refused where the method or a header is none that HTTP can carry; a value never shows in the message.
    """
    given = {name.lower() for name, _ in request.headers}
    headers = [*request.headers, *(header for header in identity if header[0].lower() not in given)]
    given.update(name.lower() for name, _ in identity)
    headers += [header for header in _DEFAULTS if header[0].lower() not in given]
    if not _TOKEN.fullmatch(request.method):
        raise Refused(f"{request.method!r} is no HTTP method; one is letters, such as GET")
    for name, value in headers:
        if not _TOKEN.fullmatch(name):
            raise Refused(
                f"{request.method} {shown(request.target)}: {name!r} is no header name; "
                "one is letters, digits and '-'"
            )
        if not _FIELD.fullmatch(value):
            raise Refused(
                f"{request.method} {shown(request.target)}: the value of the header {name!r} holds what no "
                "HTTP header carries; leave out line ends, control characters and characters beyond Latin-1"
            )
    return tuple(headers)


def proved(request: Request, identity: Identity, url: str) -> Headers:
    """The headers that go out: those of `headers_to_send`, then what the identity signs them with."""
    headers = headers_to_send(request, identity.headers())
    return headers + identity.sign(request.method, url, headers, request.body)


def exchange(endpoint: str, request: Request, send: Callable[[Request, str], Response]) -> Response:
    """Answer `request` by `send(request, url)`, and follow redirects where the request wants it.

    Refused where a redirect leads to another host; Unreachable after MAX_REDIRECTS of them.
    """
    url = absolute(endpoint, request)
    response = send(request, url)
    first = url
    for _ in range(MAX_REDIRECTS if request.follow else 0):
        location = response.header("location")
        if response.status not in _REDIRECTS or location is None:
            return response
        found = urljoin(url, location)
        if origin(found) != origin(endpoint):
            raise Refused(
                f"{request.method} {shown(url)}: it redirects to {shown(found)}, which is not the target's "
                "own host; expect the redirect itself (leave out 'redirects: true')"
            )
        request = _redirected(request, response.status)
        url = absolute(endpoint, replace(request, target=found))
        response = send(request, url)
    if request.follow and response.status in _REDIRECTS and response.header("location") is not None:
        raise Unreachable(
            f"{request.method} {shown(first)}: more than {MAX_REDIRECTS} redirects, the last one to "
            f"{shown(urljoin(url, response.header('location') or ''))}; the service redirects in a circle"
        )
    return response


def _redirected(request: Request, status: int) -> Request:
    """The request that follows a redirect: 303 becomes GET, and so does a POST at 301 and 302 (RFC 9110)."""
    if request.method == "HEAD" or not (status == 303 or (status in (301, 302) and request.method == "POST")):
        return request
    kept = tuple(header for header in request.headers if header[0].lower() not in _BODY_HEADERS)
    return replace(request, method="GET", body=None, headers=kept)


def shown(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without `secrets`, without a URL's password and values of parameters that are named like one."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return _SECRET_PARAMETER.sub(r"\1***", USERINFO.sub(r"\1:***@", text))
