"""The live transport against servers on loopback, well-behaved and not."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from contract_tests.errors import Refused, Unreachable, UsageError
from contract_tests.model.http import Request
from contract_tests.model.target import Tls
from contract_tests.transport.identity import StaticIdentity
from contract_tests.transport.live import LiveTransport
from contract_tests.transport.outgoing import USER_AGENT, shown


class Served(http.server.BaseHTTPRequestHandler):
    """Answers by the server's `routes` (path without query -> function of the handler); keeps what came."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, list(self.headers.items()), body))
        self.server.ports.append(self.client_address[1])
        self.server.routes.get(self.path.partition("?")[0], Served.plain)(self)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_one  # noqa: N815

    def plain(self, status: int = 200, headers: tuple = (), body: bytes = b"{}") -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def serve(**routes: Callable[[Served], None]) -> Iterator[http.server.ThreadingHTTPServer]:
    """A server whose `seen` holds (method, target, headers, body) and `ports` the client's ports."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Served)
    server.daemon_threads = True
    server.seen, server.ports = [], []
    server.routes = {f"/{name}": route for name, route in routes.items()}
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def raw(*answers: bytes | Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that gives each connection one of `answers` (the last one for ever) and closes it; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def run() -> None:
        left = list(answers)
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            answer = left.pop(0) if len(left) > 1 else left[0]
            with connection, contextlib.suppress(OSError):
                if callable(answer):
                    answer(connection)
                    continue
                connection.recv(65536)
                connection.sendall(answer)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)


@contextlib.contextmanager
def nobody() -> Iterator[str]:
    """A URL at which nobody listens, and nobody else can meanwhile: the port is taken."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{one.getsockname()[1]}"


def get(target: str = "/", **fields: object) -> Request:
    return Request(method="GET", target=target, **fields)


class LiveCase(unittest.TestCase):
    def transport(self, endpoint: str, identities: dict | None = None, **options: object) -> LiveTransport:
        transport = LiveTransport(endpoint, identities or {}, **{"timeout": 60.0, **options})
        self.addCleanup(transport.close)
        return transport

    def ask(self, endpoint: str, request: Request, identities: dict | None = None, **options: object):
        return self.transport(endpoint, identities, **options).open(None).send(request)

    def unreachable(self, endpoint: str, request: Request | None = None, **options: object) -> str:
        with self.assertRaises(Unreachable) as caught:
            self.ask(endpoint, request or get("/x"), **options)
        message = str(caught.exception)
        self.assertNotIn("\n", message)
        return message


class TestTarget(LiveCase):
    """The request's target arrives as the scenario wrote it."""

    def test_the_target_is_appended_to_the_endpoint_unchanged(self) -> None:
        targets = [
            "/a",
            "/a/",
            "//a",
            "/a/../b/./c",
            "/a%2fb%2Fc",
            "/a%20b%zz",
            '/a?x=[1]&y={z}|"<>',
            "/a?",
            "/a??b",
            "/a;p=1,2:3@4!$'()*+~",
            "/a?q=%7B%22x%22%3A1%7D+1",
            "/%",
        ]
        with serve() as server:
            transport = self.transport(f"{server.url}/base/v2.1/")
            for target in targets:
                transport.answer(get(target))
            self.assertEqual(["/base/v2.1" + target for target in targets], [seen[1] for seen in server.seen])

    def test_an_empty_target_is_the_endpoint_itself(self) -> None:
        with serve() as server:
            self.ask(f"{server.url}/base", get(""))
            self.ask(server.url, get(""))
            self.ask(f"{server.url}/base", get("?limit=1"))
            self.assertEqual(["/base", "/", "/base?limit=1"], [seen[1] for seen in server.seen])

    def test_what_cannot_stand_in_a_request_is_percent_encoded(self) -> None:
        with serve() as server:
            self.ask(server.url, get("/a b/é?x=\u20ac\n"))
            self.assertEqual("/a%20b/%C3%A9?x=%E2%82%AC%0A", server.seen[0][1])

    def test_a_fragment_is_not_sent(self) -> None:
        with serve() as server:
            self.ask(server.url, get("/a?b=c#d"))
            self.assertEqual("/a?b=c", server.seen[0][1])

    def test_a_whole_url_of_the_endpoints_origin_is_sent_as_it_is(self) -> None:
        with serve() as server:
            self.ask(f"{server.url}/base", get(f"{server.url}/other?x=1"))
            self.assertEqual("/other?x=1", server.seen[0][1])

    def test_another_host_is_refused_and_sees_nothing(self) -> None:
        with serve() as server, serve() as other:
            identities = {"admin": StaticIdentity((("X-Auth-Token", "s3cret-token"),))}
            transport = self.transport(server.url, identities)
            for target in (
                f"{other.url}/x",
                f"http://127.0.0.1:{server.server_port}@127.0.0.1:{other.server_port}/x",
                f"http://user@127.0.0.1:{server.server_port}/x",
                f"https://127.0.0.1:{server.server_port}/x",
                f"http://localhost:{server.server_port}/x",
                "http://[broken/x",
            ):
                with self.subTest(target), self.assertRaises(Refused) as caught:
                    transport.answer(get(target, role="admin"))
                shown = target.replace(f":{server.server_port}@", ":***@")
                self.assertEqual(
                    f"GET {shown}: this is not the target's own host ({server.url}); "
                    "name a path below the endpoint, or give that service an endpoint of its own",
                    str(caught.exception),
                )
            self.assertEqual([], server.seen + other.seen)

    def test_a_target_that_would_change_the_host_is_refused(self) -> None:
        for target in ("@127.0.0.2/x", ":1/x", ".example/x", "x", "HTTP://127.0.0.2/", "ftp://x/"):
            with self.subTest(target), self.assertRaises(Refused) as caught:
                self.ask("http://127.0.0.1", get(target))
            self.assertEqual(
                f"GET {target}: a request's path begins with '/' (or is a whole URL of http://127.0.0.1); "
                f"write '/{target}'",
                str(caught.exception),
            )


class TestHeaders(LiveCase):
    def test_a_plain_get_sends_the_defaults_and_nothing_else(self) -> None:
        with serve() as server:
            self.ask(server.url, get())
            self.assertEqual(
                [
                    ("Host", f"127.0.0.1:{server.server_port}"),
                    ("Accept", "application/json"),
                    ("User-Agent", USER_AGENT),
                    ("Accept-Encoding", "gzip, deflate"),
                ],
                server.seen[0][2],
            )

    def test_the_scenarios_headers_replace_the_defaults(self) -> None:
        given = (
            ("accept", "text/plain"),
            ("user-agent", "x"),
            ("accept-encoding", "identity"),
            ("host", "h.example"),
        )
        with serve() as server:
            self.ask(server.url, get(headers=given))
            self.assertEqual(list(given), server.seen[0][2])

    def test_two_lines_of_one_header_stay_two_both_ways(self) -> None:
        vary = (("Vary", "OpenStack-API-Version"), ("Vary", "X-OpenStack-Nova-API-Version"))
        with serve(x=lambda handler: handler.plain(headers=vary)) as server:
            response = self.ask(server.url, get("/x", headers=(("X-A", "1"), ("X-A", "2"))))
            self.assertEqual(["1", "2"], [value for name, value in server.seen[0][2] if name == "X-A"])
            self.assertEqual((*vary, ("Content-Length", "2")), response.headers)

    def test_a_request_without_a_body_has_neither_type_nor_length(self) -> None:
        with serve() as server:
            for method in ("GET", "DELETE"):
                self.ask(server.url, Request(method=method, target="/"))
            for seen in server.seen:
                self.assertFalse({"content-type", "content-length"} & {name.lower() for name, _ in seen[2]})

    def test_a_post_without_a_body_says_that_it_is_empty(self) -> None:
        with serve() as server:
            self.ask(server.url, Request(method="POST", target="/"))
            self.assertIn(("Content-Length", "0"), server.seen[0][2])

    def test_a_body_goes_out_with_its_length_and_the_scenarios_type(self) -> None:
        with serve() as server:
            body = "é".encode()
            self.ask(
                server.url, Request(method="PUT", target="/", body=body, headers=(("Content-Type", "x/y"),))
            )
            method, _, headers, sent = server.seen[0]
            self.assertEqual(("PUT", body), (method, sent))
            self.assertIn(("Content-Length", "2"), headers)
            self.assertIn(("Content-Type", "x/y"), headers)

    def test_an_empty_body_is_a_body(self) -> None:
        with serve() as server:
            self.ask(server.url, Request(method="PUT", target="/", body=b""))
            self.assertIn(("Content-Length", "0"), server.seen[0][2])

    def test_the_identity_proves_the_role_and_the_scenarios_own_header_wins(self) -> None:
        identities = {"admin": StaticIdentity((("X-Auth-Token", "good"),))}
        with serve() as server:
            transport = self.transport(server.url, identities)
            for role, headers in (
                ("admin", ()),
                ("none", ()),
                ("", ()),
                ("admin", (("x-auth-token", "bad"),)),
            ):
                transport.answer(get(role=role, headers=headers))
            tokens = [[v for n, v in seen[2] if n.lower() == "x-auth-token"] for seen in server.seen]
            self.assertEqual([["good"], [], [], ["bad"]], tokens)

    def test_without_any_identity_every_role_is_anonymous(self) -> None:
        with serve() as server:
            self.assertEqual(200, self.ask(server.url, get(role="admin")).status)

    def test_an_unknown_role_is_an_error_that_names_the_others(self) -> None:
        with self.assertRaises(UsageError) as caught:
            self.ask("http://127.0.0.1:1", get(role="reader"), {"admin": StaticIdentity()})
        self.assertEqual(
            "the target has no identity for the role 'reader' (it has admin); add one below 'identities'",
            str(caught.exception),
        )

    def test_netrc_and_cookies_add_nothing(self) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            serve(x=lambda handler: handler.plain(headers=(("Set-Cookie", "a=b"),))) as server,
        ):
            netrc = Path(folder, "netrc")
            netrc.write_text("machine 127.0.0.1 login me password s3cret\n")
            netrc.chmod(0o600)
            with mock.patch.dict(os.environ, {"NETRC": str(netrc)}):
                transport = self.transport(server.url)
                transport.answer(get("/x"))
                transport.answer(get("/x"))
            self.assertFalse(
                {"authorization", "cookie"} & {n.lower() for seen in server.seen for n, _ in seen[2]}
            )

    def test_what_is_no_header_is_refused_without_showing_its_value(self) -> None:
        for headers, message in (
            (
                (("X-A", "s3cret\r\nX-B: 1"),),
                "the value of the header 'X-A' holds what no HTTP header carries",
            ),
            ((("X-A", "\u20ac"),), "the value of the header 'X-A' holds what no HTTP header carries"),
            ((("X A", "1"),), "'X A' is no header name; one is letters, digits and '-'"),
        ):
            with self.subTest(headers), self.assertRaises(Refused) as caught:
                self.ask("http://127.0.0.1:1", get("/x", headers=headers))
            self.assertTrue(str(caught.exception).startswith(f"GET /x: {message}"), str(caught.exception))
            self.assertNotIn("s3cret", str(caught.exception))
        with self.assertRaises(Refused) as caught:
            self.ask("http://127.0.0.1:1", Request(method="GE T", target="/"))
        self.assertEqual("'GE T' is no HTTP method; one is letters, such as GET", str(caught.exception))


class TestAnswers(LiveCase):
    def test_status_reason_and_body(self) -> None:
        def teapot(handler: Served) -> None:
            handler.wfile.write(b"HTTP/1.1 418 I am a teapot\r\nContent-Length: 3\r\n\r\nabc")

        with serve(x=teapot) as server:
            response = self.ask(server.url, get("/x"))
        self.assertEqual((418, "I am a teapot", b"abc"), (response.status, response.reason, response.body))

    def test_content_encodings_are_decoded(self) -> None:
        for name, encode in (("gzip", gzip.compress), ("deflate", zlib.compress)):
            with (
                self.subTest(name),
                serve(
                    x=lambda h, n=name, e=encode: h.plain(
                        headers=(("Content-Encoding", n),), body=e(b"abc" * 1000)
                    )
                ) as server,
            ):
                self.assertEqual(b"abc" * 1000, self.ask(server.url, get("/x")).body)
                head = self.ask(server.url, Request(method="HEAD", target="/x"))
                self.assertEqual((b"", name), (head.body, head.header("content-encoding")))

    def test_a_chunked_body_is_joined(self) -> None:
        with raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
        ) as url:
            self.assertEqual(b"abcde", self.ask(url, get()).body)

    def test_a_body_that_ends_with_the_connection_is_whole(self) -> None:
        with raw(b"HTTP/1.0 200 OK\r\n\r\nabc") as url:
            self.assertEqual(b"abc", self.ask(url, get()).body)

    def test_a_connection_is_kept_between_channels(self) -> None:
        with serve() as server:
            transport = self.transport(server.url)
            for _ in range(3):
                channel = transport.open(None)
                channel.send(get())
                self.assertEqual((), channel.close())
            self.assertEqual(1, len(set(server.ports)))

    def test_each_thread_has_its_own_connection(self) -> None:
        with serve() as server:
            transport = self.transport(server.url)
            barrier = threading.Barrier(4)

            def work() -> None:
                barrier.wait()
                for _ in range(5):
                    transport.answer(get())

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual((20, 4), (len(server.seen), len(set(server.ports))))

    def test_a_transport_can_be_used_again_after_close(self) -> None:
        with serve() as server:
            transport = self.transport(server.url)
            transport.answer(get())
            transport.close()
            self.assertEqual(200, transport.answer(get()).status)

    def test_a_kept_connection_that_the_server_closed_is_replaced(self) -> None:
        with serve(x=lambda handler: (handler.plain(), setattr(handler, "close_connection", True))) as server:
            transport = self.transport(server.url)
            for _ in range(5):
                self.assertEqual(200, transport.answer(get("/x")).status)

    def test_a_safe_request_is_sent_again_when_a_kept_connection_breaks_under_it(self) -> None:
        ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

        def answer_once_then_hang_up(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(ok)
            connection.recv(65536)

        with raw(answer_once_then_hang_up, ok) as url:
            transport = self.transport(url)
            transport.answer(get())
            self.assertEqual(200, transport.answer(get()).status)
        with raw(answer_once_then_hang_up, ok) as url:
            transport = self.transport(url)
            transport.answer(get())
            with self.assertRaises(Unreachable):
                transport.answer(Request(method="DELETE", target="/"))


class TestRedirects(LiveCase):
    def test_a_redirect_is_an_answer(self) -> None:
        with serve(x=lambda handler: handler.plain(302, (("Location", "/y"),))) as server:
            self.assertEqual(302, self.ask(server.url, get("/x")).status)
            self.assertEqual(1, len(server.seen))

    def test_it_is_followed_where_the_request_wants_it(self) -> None:
        for location in ("y?a=%2f", "/y?a=%2f", "{url}/y?a=%2f"):
            with serve() as server:
                server.routes["/x"] = lambda h, w=location, s=server: h.plain(
                    301, (("Location", w.format(url=s.url)),)
                )
                response = self.ask(server.url, get("/x", follow=True, headers=(("X-A", "1"),)))
                self.assertEqual((200, "/y?a=%2f"), (response.status, server.seen[1][1]))
                self.assertIn(("X-A", "1"), server.seen[1][2])

    def test_method_and_body_over_a_redirect_follow_rfc_9110(self) -> None:
        for method, status, expected in (
            ("POST", 301, "GET"),
            ("POST", 302, "GET"),
            ("PUT", 302, "PUT"),
            ("PUT", 303, "GET"),
            ("HEAD", 303, "HEAD"),
            ("POST", 307, "POST"),
            ("PUT", 308, "PUT"),
        ):
            with (
                self.subTest(method=method, status=status),
                serve(x=lambda handler, s=status: handler.plain(s, (("Location", "/y"),), b"")) as server,
            ):
                body = None if method == "HEAD" else b"{}"
                headers = (("Content-Type", "a/b"), ("X-A", "1"))
                self.ask(
                    server.url, Request(method=method, target="/x", body=body, headers=headers, follow=True)
                )
                sent = server.seen[1]
                self.assertEqual(expected, sent[0])
                kept = expected == method
                self.assertEqual((body or b"") if kept else b"", sent[3])
                self.assertEqual(kept, ("Content-Type", "a/b") in sent[2])

    def test_a_redirect_without_a_location_is_an_answer(self) -> None:
        with serve(x=lambda handler: handler.plain(302)) as server:
            self.assertEqual(302, self.ask(server.url, get("/x", follow=True)).status)

    def test_a_redirect_to_another_host_is_refused(self) -> None:
        with (
            serve() as other,
            serve(
                x=lambda handler: handler.plain(302, (("Location", f"{other.url}/y?token=abc"),))
            ) as server,
        ):
            identities = {"admin": StaticIdentity((("X-Auth-Token", "s3cret"),))}
            with self.assertRaises(Refused) as caught:
                self.ask(server.url, get("/x", follow=True, role="admin"), identities)
            self.assertEqual(
                f"GET {server.url}/x: it redirects to {other.url}/y?token=***, which is not the target's own "
                "host; expect the redirect itself (leave out 'redirects: true')",
                str(caught.exception),
            )
            self.assertEqual([], other.seen)

    def test_a_circle_ends(self) -> None:
        with serve(x=lambda handler: handler.plain(302, (("Location", "/x"),))) as server:
            message = self.unreachable(server.url, get("/x", follow=True))
            self.assertEqual(
                f"GET {server.url}/x: more than 10 redirects, the last one to {server.url}/x; "
                "the service redirects in a circle",
                message,
            )
            self.assertEqual(11, len(server.seen))


class TestUnreachable(LiveCase):
    """Whatever goes wrong on the wire is one line that says what and what to do."""

    def test_refused(self) -> None:
        with nobody() as url:
            self.assertEqual(
                f"GET {url}/x: connection refused; is the service running, and listening there?",
                self.unreachable(url),
            )

    def test_no_such_host(self) -> None:
        with mock.patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "Name or service not known")):
            self.assertEqual(
                "GET http://nowhere.invalid/x: the host's name cannot be resolved; "
                "check the endpoint's spelling and this machine's DNS",
                self.unreachable("http://nowhere.invalid"),
            )

    def test_no_route(self) -> None:
        with mock.patch("socket.socket.connect", side_effect=OSError(113, "No route to host")):
            message = self.unreachable("http://127.0.0.1:9")
        self.assertEqual(
            "GET http://127.0.0.1:9/x: [Errno 113] No route to host; check the request and the endpoint",
            message,
        )

    def test_connect_timeout(self) -> None:
        with mock.patch("socket.socket.connect", side_effect=TimeoutError("timed out")):
            message = self.unreachable("http://127.0.0.1:9", timeout=0.5)
        self.assertEqual(
            "GET http://127.0.0.1:9/x: no connection within 0.5 s; "
            "check the endpoint, or raise the target's timeout",
            message,
        )

    LATE = "no whole answer within 0.3 s; look at the service's log, or raise the target's timeout"

    def test_silence(self) -> None:
        with raw(lambda connection: connection.recv(65536) and connection.recv(1)) as url:
            self.assertEqual(f"GET {url}/x: {self.LATE}", self.unreachable(url, timeout=0.3))

    def test_no_tls_handshake(self) -> None:
        with raw(lambda connection: connection.recv(65536) and connection.recv(1)) as url:
            self.assertEqual(
                f"GET {url.replace('http', 'https')}/x: no TLS handshake within 0.3 s; "
                "check the endpoint's scheme and port",
                self.unreachable(url.replace("http", "https"), timeout=0.3),
            )

    def test_a_slow_drip_of_the_headers_ends_at_the_deadline(self) -> None:
        with raw(drip(b"HTTP/1.1 200 OK\r\nX-Long: ")) as url:
            self.assertEqual(f"GET {url}/x: {self.LATE}", self.unreachable(url, timeout=0.3))

    def test_a_slow_drip_of_the_body_ends_at_the_deadline(self) -> None:
        for head in (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"):
            with raw(drip(head)) as url:
                self.assertEqual(f"GET {url}/x: {self.LATE}", self.unreachable(url, timeout=0.3))

    def test_no_answer(self) -> None:
        with raw(b"") as url:
            self.assertEqual(
                f"GET {url}/x: the server closed the connection without an answer; "
                "look at the service's log, and at the endpoint's scheme (http, https)",
                self.unreachable(url),
            )

    def test_reset(self) -> None:
        def reset(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        with raw(reset) as url:
            self.assertEqual(
                f"GET {url}/x: the server reset the connection; look at the service's log, "
                "and at the endpoint's scheme (http, https)",
                self.unreachable(url),
            )

    def test_no_http(self) -> None:
        with raw(b"220 smtp.example ESMTP\r\n") as url:
            self.assertEqual(
                f"GET {url}/x: the answer is no HTTP (220 smtp.example ESMTP); "
                "check the endpoint's scheme and port",
                self.unreachable(url),
            )

    def test_a_body_that_ends_early(self) -> None:
        expected = "the answer ended before its Content-Length or its last chunk; look at the service's log"
        for answer in (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        ):
            with self.subTest(answer), raw(answer) as url:
                self.assertEqual(f"GET {url}/x: {expected}", self.unreachable(url))

    def test_too_many_headers(self) -> None:
        lines = b"".join(b"X-%d: 1\r\n" % n for n in range(200))
        with raw(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n") as url:
            self.assertEqual(
                f"GET {url}/x: got more than 100 headers; check the request and the endpoint",
                self.unreachable(url),
            )

    def test_a_header_line_without_end(self) -> None:
        with raw(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70000 + b"\r\n\r\n") as url:
            self.assertEqual(
                f"GET {url}/x: got more than 65536 bytes when reading header line; "
                "check the request and the endpoint",
                self.unreachable(url),
            )

    def test_a_body_that_is_not_encoded_as_it_says(self) -> None:
        with raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc") as url:
            self.assertEqual(
                f"GET {url}/x: the body is not encoded as its Content-Encoding says; is a proxy in between?",
                self.unreachable(url),
            )

    def test_a_body_without_end(self) -> None:
        for headers, body in (
            ((), b"a" * 2001),
            ((("Content-Encoding", "gzip"),), gzip.compress(b"a" * 2001)),
        ):
            with (
                self.subTest(headers),
                serve(x=lambda handler, h=headers, b=body: handler.plain(headers=h, body=b)) as server,
            ):
                self.assertEqual(
                    f"GET {server.url}/x: the body is larger than 2000 bytes, the most that is read; "
                    "ask for less (a limit, a page)",
                    self.unreachable(server.url, max_body=2000),
                )

    def test_the_next_request_works_after_each_failure(self) -> None:
        ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        for bad in (b"", b"garbage\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"):
            with self.subTest(bad), raw(bad, ok) as url:
                transport = self.transport(url)
                with self.assertRaises(Unreachable):
                    transport.answer(get())
                self.assertEqual(200, transport.answer(get()).status)

    def test_secrets_never_show(self) -> None:
        identities = {"admin": StaticIdentity((("Authorization", "Bearer s3cret-token"),))}
        request = get(
            "/s3cret-token?temp_url_sig=1&temp_url_signature=abc&access_token=abc&limit=1", role="admin"
        )
        with nobody() as url:
            message = self.unreachable(url, request, identities=identities)
        self.assertEqual(
            f"GET {url}/***?temp_url_sig=1&temp_url_signature=***&access_token=***&limit=1: "
            "connection refused; is the service running, and listening there?",
            message,
        )
        self.assertEqual("a *** b", shown("a xyz b", ["", "xyz"]))


class TestProxy(LiveCase):
    def test_the_environments_proxy_is_used_and_the_target_stays_exact(self) -> None:
        with serve() as proxy:
            with mock.patch.dict(os.environ, {"http_proxy": proxy.url, "no_proxy": ""}):
                response = self.ask("http://service.invalid:81/base", get("/a%2fb/../c"))
            self.assertEqual(200, response.status)
            self.assertEqual("http://service.invalid:81/base/a%2fb/../c", proxy.seen[0][1])

    def test_no_proxy_is_respected(self) -> None:
        with (
            serve() as server,
            mock.patch.dict(os.environ, {"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"}),
        ):
            self.assertEqual(200, self.ask(server.url, get()).status)

    def test_a_dead_proxy_is_named(self) -> None:
        with nobody() as url, mock.patch.dict(os.environ, {"http_proxy": url, "no_proxy": ""}):
            self.assertEqual(
                "GET http://service.invalid/x: the proxy gave no connection ([Errno 111] Connection refused)"
                "; check HTTP_PROXY, HTTPS_PROXY and NO_PROXY",
                self.unreachable("http://service.invalid"),
            )


@unittest.skipUnless(shutil.which("openssl"), "makes its certificate with openssl")
class TestTls(LiveCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.cert, cls.key = Path(cls.folder.name, "cert.pem"), Path(cls.folder.name, "key.pem")
        command = (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 "
            "-subj /CN=localhost "
            f"-addext subjectAltName=IP:127.0.0.1 -out {cls.cert} -keyout {cls.key}"
        )
        subprocess.run(command.split(), check=True, capture_output=True)

    @contextlib.contextmanager
    def serve(self, *, client: bool = False) -> Iterator[http.server.ThreadingHTTPServer]:
        with serve() as server:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.cert, self.key)
            if client:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(self.cert)
                context.maximum_version = ssl.TLSVersion.TLSv1_2
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.handle_error = lambda *args: None
            server.url = server.url.replace("http:", "https:")
            yield server

    def test_a_certificate_that_nobody_vouches_for(self) -> None:
        with self.serve() as server:
            self.assertEqual(
                f"GET {server.url}/x: the server's certificate is not accepted (self-signed certificate); "
                "give --cacert (a target's tls.ca), or --insecure (tls.verify: false)",
                self.unreachable(server.url),
            )

    def test_a_ca_file(self) -> None:
        with self.serve() as server:
            transport = self.transport(server.url, tls=Tls(ca=str(self.cert)))
            for _ in range(2):
                self.assertEqual(200, transport.answer(get()).status)
            self.assertEqual(1, len(set(server.ports)))

    def test_the_environments_ca_bundle(self) -> None:
        with self.serve() as server, mock.patch.dict(os.environ, {"REQUESTS_CA_BUNDLE": str(self.cert)}):
            self.assertEqual(200, self.ask(server.url, get()).status)

    def test_any_certificate(self) -> None:
        with self.serve() as server:
            self.assertEqual(200, self.ask(server.url, get(), tls=Tls(verify=False)).status)

    def test_a_client_certificate(self) -> None:
        with self.serve(client=True) as server:
            tls = Tls(ca=str(self.cert), cert=str(self.cert), key=str(self.key))
            self.assertEqual(200, self.ask(server.url, get(), tls=tls).status)
            message = self.unreachable(server.url, tls=Tls(ca=str(self.cert)))
            self.assertIn("TLS failed (", message)
            self.assertTrue(
                message.endswith("check the endpoint's scheme and port, and tls.ca, tls.cert and tls.key")
            )

    def test_a_slow_drip_over_tls_ends_at_the_deadline(self) -> None:
        with self.serve() as server:
            server.routes["/x"] = lambda handler: drip(b"HTTP/1.1 200 OK\r\nX: ")(handler.connection)
            transport = self.transport(server.url, tls=Tls(verify=False))
            transport.answer(get())  # the handshake has the time that it needs
            with mock.patch.object(transport, "_timeout", 0.3), self.assertRaises(Unreachable) as caught:
                transport.answer(get("/x"))
            self.assertEqual(f"GET {server.url}/x: {TestUnreachable.LATE}", str(caught.exception))

    def test_http_where_tls_is_expected(self) -> None:
        with serve() as server:
            url = server.url.replace("http:", "https:")
            message = self.unreachable(url)
            self.assertTrue(message.startswith(f"GET {url}/x: TLS failed ("), message)

    def test_a_missing_file_is_named(self) -> None:
        for option in ("ca", "cert", "key"):
            with self.subTest(option), self.assertRaises(UsageError) as caught:
                LiveTransport("https://127.0.0.1", {}, tls=Tls(**{option: "/nowhere/x.pem"}))
            self.assertEqual(
                f"tls.{option} '/nowhere/x.pem': there is no such file; give a PEM file's path",
                str(caught.exception),
            )

    def test_a_file_that_is_no_certificate(self) -> None:
        other = Path(self.folder.name, "other.pem")
        other.write_text("hello")
        with self.serve() as server:
            message = self.unreachable(server.url, tls=Tls(ca=str(other)))
            self.assertTrue(message.startswith(f"GET {server.url}/x: TLS failed ("), message)


class TestEndpoint(unittest.TestCase):
    def test_endpoints_that_are_none(self) -> None:
        for endpoint, message in (
            ("", "endpoint '': expected a URL such as https://cloud.example:8778/placement"),
            (
                "localhost:80",
                "endpoint 'localhost:80': expected a URL such as https://cloud.example:8778/placement",
            ),
            ("ftp://x", "endpoint 'ftp://x': expected a URL such as https://cloud.example:8778/placement"),
            ("http://", "endpoint 'http://': expected a URL such as https://cloud.example:8778/placement"),
            (
                "http://h:99999",
                "endpoint 'http://h:99999': expected a URL such as https://cloud.example:8778/placement",
            ),
            ("http://h/?x=1", "endpoint 'http://h/?x=1': expected a URL without '?' and '#'"),
            (
                "http://me:s3cret@h/",
                "endpoint of host 'h': it holds a user name or a password; take them out and give the "
                "target an identity (kind headers: Authorization)",
            ),
        ):
            with self.subTest(endpoint), self.assertRaises(UsageError) as caught:
                LiveTransport(endpoint, {})
            self.assertEqual(message, str(caught.exception))

    def test_the_endpoint_has_no_slash_at_its_end(self) -> None:
        self.assertEqual("http://h/a", LiveTransport("http://h/a/", {}).endpoint)

    @unittest.skipUnless(socket.has_ipv6, "needs IPv6")
    def test_ipv6(self) -> None:
        class Six(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6

        try:
            server = Six(("::1", 0), Served)
        except OSError:
            self.skipTest("no IPv6 loopback")
        server.seen, server.ports, server.routes = [], [], {}
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        transport = LiveTransport(f"http://[::1]:{server.server_port}/a", {}, timeout=60)
        self.addCleanup(transport.close)
        self.assertEqual(200, transport.answer(get("/b")).status)
        self.assertEqual(("Host", f"[::1]:{server.server_port}"), server.seen[0][2][0])


def drip(head: bytes) -> Callable[[socket.socket], None]:
    """Sends `head`, then a byte now and then, until the client has gone (for twenty seconds at most)."""

    def run(connection: socket.socket) -> None:
        pause = threading.Event()
        connection.sendall(head)
        with contextlib.suppress(OSError):
            for _ in range(1000):
                connection.sendall(b"a")
                pause.wait(0.02)

    return run


if __name__ == "__main__":
    unittest.main()
