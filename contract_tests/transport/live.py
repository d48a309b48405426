"""The live transport: HTTP to a deployment, through requests.

requests gives connections, proxies, TLS, pools and decoding. The request's target and its headers go out
exactly as they are given (`%2f`, `%zz`, two lines of one header), which requests alone would not do.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from contract_tests.errors import ContractTestsError, Unreachable, UsageError
from contract_tests.model.case import Case
from contract_tests.model.finding import Finding
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Call
from contract_tests.model.target import Tls
from contract_tests.recordings.cassette import MAX_BODY
from contract_tests.transport.identity import DEFAULT_TLS, Identity, all_secrets, identity_for
from contract_tests.transport.outgoing import exchange, origin, proved, request_target, shown

_CHUNK = 1024 * 1024
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class _Wire(threading.local):
    """What a connection of this thread has to know of the one request that is on its way."""

    url = ""
    deadline = 0.0
    reused = False


_wire = _Wire()


class _Patient(io.RawIOBase):
    """Reads a socket until the request's deadline: a timeout a read would let a slow drip last for ever."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _wire.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Lines(io.BufferedReader):
    """Remembers the last line: http.client takes headers that were cut off for whole ones."""

    last = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(size)
        return self.last


class _PatientResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = self._lines = _Lines(_Patient(sock))

    def begin(self) -> None:
        """As http.client does, but IncompleteRead and HeaderParsingError for headers that are none.

        Without this a property of the answer is lost in silence: the headers behind the fault.
        """
        super().begin()
        if self._lines.last.strip(b"\r\n"):
            raise http.client.IncompleteRead(self._lines.last)
        urllib3.util.response.assert_header_parsing(self.msg)
        lengths = self.msg.get_all("Content-Length", [])
        if not all(length.strip().isdecimal() for length in lengths):
            raise http.client.HTTPException(f"its Content-Length is {', '.join(map(repr, lengths))}")


class _ExactTarget:
    """A connection that writes the target as it was given, where urllib3 would normalise it."""

    response_class: Any = _PatientResponse
    sock: Any
    _answered = False

    def connect(self) -> None:
        self._answered = False
        super().connect()  # type: ignore[misc]

    def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> None:
        _wire.reused = self._answered and self.sock is not None
        through_proxy = not url.startswith("/")
        exact = _wire.url if through_proxy else request_target(_wire.url)
        super().putrequest(method, exact, *args, **options)  # type: ignore[misc]

    def getresponse(self) -> Any:
        response = super().getresponse()  # type: ignore[misc]
        self._answered = True
        return response


class _Http(_ExactTarget, HTTPConnection):
    pass


class _Https(_ExactTarget, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager


class _ClosedMeanwhile(Exception):
    """A kept connection that the server had closed."""


class LiveTransport:
    """Sends requests to one service of a live deployment. One requests session a thread, kept between cases.

    - `timeout` is seconds for a request as a whole, from the connection to the body's last byte (for each
      redirect anew).
    - Proxies and CA bundles come from the environment as requests reads them; `.netrc` and cookies add
      nothing: a request proves itself by its role's identity alone.
    - Redirects are answers, unless the request wants them followed: then ten at most, on the endpoint's
      own origin. No request leaves that origin.
    - A header of the scenario wins over one of the identity. User-Agent, Accept-Encoding and
      `Accept: application/json` are added where they are missing, and a body's Content-Length.
    - A GET, HEAD or OPTIONS that meets a kept connection which the server has just closed is sent again.
    """

    def __init__(
        self,
        endpoint: str,
        identities: Mapping[str, Identity],
        *,
        timeout: float = 60.0,
        tls: Tls = DEFAULT_TLS,
        max_body: int = MAX_BODY,
    ) -> None:
        """UsageError where `endpoint` is no http(s) URL, or where a TLS file cannot be read."""
        self.tls = tls
        found = origin(endpoint)
        if found is None:
            raise UsageError(
                f"endpoint {endpoint!r}: expected a URL such as https://cloud.example:8778/placement"
            )
        if "@" in endpoint.partition("://")[2].partition("/")[0]:
            raise UsageError(
                f"endpoint of host {found[1]!r}: it holds a user name or a password; take them out and give "
                "the target an identity (kind headers: Authorization)"
            )
        if "?" in endpoint or "#" in endpoint:
            raise UsageError(f"endpoint {shown(endpoint)!r}: expected a URL without '?' and '#'")
        for option, path in (("tls.ca", tls.ca), ("tls.cert", tls.cert), ("tls.key", tls.key)):
            if path and not Path(path).exists():
                raise UsageError(f"{option} {path!r}: there is no such file; give a PEM file's path")
        self.endpoint = endpoint.rstrip("/")
        self.identities = identities
        self._timeout = timeout
        self._max_body = max_body
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()
        scheme, host, port = found
        name = f"[{host}]" if ":" in host else host
        self._base = f"{scheme}://{name}:{port}/"
        self._settings = self._connection_settings(tls)

    def _connection_settings(self, tls: Tls) -> dict[str, Any]:
        if not tls.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        verify: bool | str | None = (tls.ca or None) if tls.verify else False
        cert = (tls.cert, tls.key) if tls.cert and tls.key else tls.cert or None
        with requests.Session() as session:
            return dict(session.merge_environment_settings(self._base, {}, True, verify, cert))

    def _adapter(self) -> HTTPAdapter:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.mount(self._base, _Adapter(pool_connections=1, pool_maxsize=1))
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        adapter = session.get_adapter(self._base)
        assert isinstance(adapter, HTTPAdapter)
        return adapter

    def open(self, case: Case | None = None) -> LiveChannel:
        """A channel; nothing is sent yet."""
        return LiveChannel(self)

    def close(self) -> None:
        """Close every thread's connections."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.close()
        self._local = threading.local()

    def answer(self, request: Request) -> Response:
        """Send one request; Unreachable, Refused or (for a role that the target has not) UsageError."""
        return exchange(self.endpoint, request, self._send)

    def _send(self, request: Request, url: str) -> Response:
        identity = identity_for(self.identities, request.role)
        headers = urllib3.HTTPHeaderDict(proved(request, identity, url))
        if "Accept-Encoding" not in headers:
            headers["Accept-Encoding"] = "gzip, deflate"
        if (
            request.body is not None
            and "Content-Length" not in headers
            and "Transfer-Encoding" not in headers
        ):
            headers["Content-Length"] = str(len(request.body))
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        prepared.url = self._base
        prepared.headers = headers  # type: ignore[assignment]
        prepared.body = request.body
        _wire.url = url
        _wire.deadline = time.monotonic() + self._timeout
        try:
            with contextlib.suppress(_ClosedMeanwhile):
                return self._try_first(prepared, again=request.method in _SAFE)
            return self._try(prepared)
        except ContractTestsError:
            raise
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            ValueError,
        ) as error:
            text = f"{request.method} {url}: {_cause(error, self._timeout)}"
            raise Unreachable(shown(text, all_secrets(self.identities))) from None

    def _try_first(self, prepared: requests.PreparedRequest, *, again: bool) -> Response:
        """As `_try`; _ClosedMeanwhile where the request may be sent `again`, on another connection."""
        try:
            return self._try(prepared)
        except requests.ConnectionError as error:
            if again and _wire.reused and _was_closed(error):
                raise _ClosedMeanwhile from None
            raise

    def _try(self, prepared: requests.PreparedRequest) -> Response:
        left = max(_wire.deadline - time.monotonic(), 0.001)
        answer = self._adapter().send(prepared, timeout=(left, left), **self._settings)
        raw = answer.raw
        try:
            body = bytearray()
            while chunk := raw.read(_CHUNK, decode_content=True):
                body += chunk
                if len(body) > self._max_body:
                    text = f"{prepared.method} {_wire.url}: the body is larger than {self._max_body} bytes"
                    raise Unreachable(
                        f"{shown(text, all_secrets(self.identities))}, the most that is read; "
                        "ask for less (a limit, a page)"
                    )
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        return Response(
            status=raw.status, reason=raw.reason or "", headers=tuple(raw.headers.items()), body=bytes(body)
        )


class LiveChannel:
    """Sends a case's requests; the connection outlives it."""

    def __init__(self, transport: LiveTransport) -> None:
        self._transport = transport

    def send(self, request: Request, call: Call | None = None) -> Response:
        return self._transport.answer(request)

    def close(self) -> tuple[Finding, ...]:
        return ()


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and what caused it, the outermost first. requests and urllib3 nest causes in arguments."""
    seen: set[int] = set()
    queue: list[BaseException] = [error]
    while queue:
        one = queue.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (getattr(one, "reason", None), *one.args, one.__cause__, one.__context__)
        queue.extend(item for item in inner if isinstance(item, BaseException))


def _was_closed(error: BaseException) -> bool:
    return any(isinstance(one, (http.client.RemoteDisconnected, ConnectionError)) for one in _chain(error))


_LOST = "look at the service's log, and at the endpoint's scheme (http, https)"


def _cause(error: BaseException, timeout: float) -> str:
    """What went wrong and what to do about it, in one line."""
    chain = list(_chain(error))

    def first(*kinds: type[BaseException]) -> BaseException | None:
        return next((one for one in chain if isinstance(one, kinds)), None)

    new = first(urllib3.exceptions.NewConnectionError)
    late = first(urllib3.exceptions.ReadTimeoutError, TimeoutError)
    if first(urllib3.exceptions.NameResolutionError):
        return "the host's name cannot be resolved; check the endpoint's spelling and this machine's DNS"
    if first(urllib3.exceptions.ProxyError):
        reason = _plain(chain[-1])
        return f"the proxy gave no connection ({reason}); check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
    if first(ConnectionRefusedError):
        return "connection refused; is the service running, and listening there?"
    if first(urllib3.exceptions.ConnectTimeoutError) and not new:
        return f"no connection within {timeout:g} s; check the endpoint, or raise the target's timeout"
    if late and any("handshake" in str(error) for error in chain):
        return f"no TLS handshake within {timeout:g} s; check the endpoint's scheme and port"
    if late:
        hint = "look at the service's log, or raise the target's timeout"
        return f"no whole answer within {timeout:g} s; {hint}"
    if found := first(ssl.SSLCertVerificationError):
        reason = getattr(found, "verify_message", "") or _plain(found)
        hint = "give --cacert (a target's tls.ca), or --insecure (tls.verify: false)"
        return f"the server's certificate is not accepted ({reason}); {hint}"
    if found := first(ssl.SSLError):
        hint = "check the endpoint's scheme and port, and tls.ca, tls.cert and tls.key"
        return f"TLS failed ({_plain(found)}); {hint}"
    if first(urllib3.exceptions.DecodeError):
        return "the body is not encoded as its Content-Encoding says; is a proxy in between?"
    if first(http.client.RemoteDisconnected):
        return f"the server closed the connection without an answer; {_LOST}"
    if found := first(urllib3.exceptions.HeaderParsingError):
        return f"its headers cannot be read ({_plain(found)}); look at what is in between, and at the service"
    if found := first(http.client.BadStatusLine):
        return f"the answer is no HTTP ({_plain(found)}); check the endpoint's scheme and port"
    if first(urllib3.exceptions.IncompleteRead, http.client.IncompleteRead):
        return "the answer ended before its Content-Length or its last chunk; look at the service's log"
    if first(ConnectionError):
        return f"the server reset the connection; {_LOST}"
    return f"{_plain(chain[-1])}; check the request and the endpoint"


def _plain(error: BaseException) -> str:
    """An exception's text in one short line, with its type where it has none."""
    text = " ".join(str(error).split())
    return text[:200] if text else type(error).__name__
