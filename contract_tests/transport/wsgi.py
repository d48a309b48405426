"""The WSGI transport: calls an application in this process (PEP 3333), without a socket."""

from __future__ import annotations

import importlib
import io
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from contract_tests.errors import Unreachable, UsageError
from contract_tests.model.case import Case
from contract_tests.model.finding import Finding
from contract_tests.model.http import Headers, Request, Response, header_values
from contract_tests.model.scenario import Call
from contract_tests.transport.identity import Identity, all_secrets, identity_for
from contract_tests.transport.outgoing import exchange, proved, request_target, shown

LOG = logging.getLogger(__name__)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_FORM = "wsgi:MODULE:CALLABLE, or wsgi:MODULE:FACTORY() for a function that makes the application"
_PLACE = re.compile(r"wsgi:([A-Za-z_][\w.]*):([A-Za-z_][\w.]*)(\(\))?")


def load_application(text: str) -> Application:
    """The application that `wsgi:module:callable` names; with `()` behind it, what the callable returns.

    The current directory is importable. UsageError where there is no such module or callable, or where
    importing or calling it fails.
    """
    found = _PLACE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r}: expected {_FORM}")
    module, path, call = found.groups()
    here = os.getcwd()  # noqa: PTH109
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    try:
        value: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{text!r}: there is no module {error.name!r}; install its package, or run in its folder"
        ) from None
    except (Exception, SystemExit) as error:
        raise UsageError(f"{text!r}: importing {module!r} failed: {_plain(error)}") from None
    for name in path.split("."):
        try:
            value = getattr(value, name)
        except AttributeError:
            raise UsageError(f"{text!r}: {module!r} has no {path!r}; expected {_FORM}") from None
    if call:
        try:
            value = value()
        except (Exception, SystemExit) as error:
            raise UsageError(f"{text!r}: calling {path}() failed: {_plain(error)}") from None
    if not callable(value):
        kind = type(value).__name__
        raise UsageError(f"{text!r}: this is a {kind}, which cannot be called; expected {_FORM}")
    application: Application = value
    return application


class WsgiTransport:
    """Serves one service by a WSGI application. Calls run in the worker's thread; there is no timeout.

    `endpoint` is the URL that the application sees itself at. Headers, redirects and roles are as in
    `contract_tests.transport.live.LiveTransport`, save that no content encoding is asked for.
    """

    def __init__(
        self,
        application: Application,
        identities: Mapping[str, Identity],
        *,
        endpoint: str = "http://service.example",
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.identities = identities
        self._application = application

    def open(self, case: Case | None = None) -> WsgiChannel:
        """A channel; nothing is called yet."""
        return WsgiChannel(self)

    def close(self) -> None:
        """Nothing to give back."""

    def answer(self, request: Request) -> Response:
        """Call the application; Unreachable where it raises or breaks PEP 3333."""
        return exchange(self.endpoint, request, self._send)

    def _send(self, request: Request, url: str) -> Response:
        headers = proved(request, identity_for(self.identities, request.role), url)
        errors = io.StringIO()
        environ = {**self._environ(request, url, headers), "wsgi.errors": errors}
        try:
            return _call(self._application, environ)
        except (Exception, SystemExit) as error:
            text = f"{request.method} {url}: the application raised {_plain(error)}; look at its log"
            raise Unreachable(shown(text, all_secrets(self.identities))) from None
        finally:
            written = errors.getvalue()
            if written and LOG.isEnabledFor(logging.DEBUG):
                LOG.debug("wsgi.errors: %s", shown(written, all_secrets(self.identities)))

    def _environ(self, request: Request, url: str, headers: Headers) -> dict[str, Any]:
        base = urlsplit(self.endpoint)
        target = request_target(url)
        path, _, query = target.partition("?")
        prefix = base.path.rstrip("/")
        if not f"{path}/".startswith(f"{prefix}/"):
            prefix = ""
        body = request.body or b""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": _native(prefix),
            "PATH_INFO": _native(path[len(prefix) :]),
            "QUERY_STRING": query,
            "SERVER_NAME": base.hostname or "",
            "SERVER_PORT": str(base.port or {"https": 443}.get(base.scheme, 80)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "REQUEST_URI": target,
            "RAW_URI": target,
            "HTTP_HOST": base.netloc,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": base.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if request.body is not None:
            environ["CONTENT_LENGTH"] = str(len(body))
        for name in dict.fromkeys(name.lower() for name, _ in headers):
            key = name.upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = ("; " if name == "cookie" else ", ").join(header_values(headers, name))
        return environ


class WsgiChannel:
    """Calls the application for a case's requests."""

    def __init__(self, transport: WsgiTransport) -> None:
        self._transport = transport

    def send(self, request: Request, call: Call | None = None) -> Response:
        return self._transport.answer(request)

    def close(self) -> tuple[Finding, ...]:
        return ()


def _native(text: str) -> str:
    """A path as WSGI wants it: percent-decoded, each byte one character (PEP 3333)."""
    return unquote_to_bytes(text).decode("latin-1")


def _call(application: Application, environ: dict[str, Any]) -> Response:
    started: list[tuple[str, Headers]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        if started and exc_info is None:
            raise RuntimeError("start_response was called twice without exc_info")
        if exc_info is not None and any(written):
            raise exc_info[1].with_traceback(exc_info[2])
        started[:] = [(status, tuple((str(name), str(value)) for name, value in headers))]
        return written.append

    result = application(environ, start_response)
    try:
        for chunk in result:
            written.append(chunk)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    if not started:
        raise RuntimeError("start_response was never called")
    status, headers = started[0]
    code, _, reason = status.partition(" ")
    if not re.fullmatch(r"[1-9]\d\d", code):
        raise RuntimeError(f"its status is {status!r}, which is not a code and a reason")
    body = b"" if environ["REQUEST_METHOD"] == "HEAD" else b"".join(written)
    return Response(status=int(code), reason=reason, headers=headers, body=_decoded(body, headers))


def _decoded(body: bytes, headers: Headers) -> bytes:
    """The body without its content encoding, which an application may have been asked for."""
    if not body or not header_values(headers, "content-encoding"):
        return body
    import urllib3

    data: bytes = urllib3.HTTPResponse(
        body=io.BytesIO(body), headers=urllib3.HTTPHeaderDict(headers), preload_content=True
    ).data
    return data


def _plain(error: BaseException) -> str:
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
