"""A server that misbehaves in every way we could think of, and a run of the command against it.

Each way is a case of its own, beside good ones: it ends with a finding or could not be run, with a message
that says what happened, within its time limit; never with a traceback, nor at the cost of the other cases.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

SERVICE = "service: bad\ntitle: A service that misbehaves\nversion: {dialect: none}\n"
FINE = b'{"fine": true}'
TOKEN = "a-token-that-goes-nowhere-else"
LIMIT = 10.0
"""Seconds that a request may take: also a good one, on a slow machine, beside those that are hard work."""

Behave = Callable[[socket.socket], None]


def answer(
    body: bytes = FINE,
    status: str = "200 OK",
    *headers: str,
    length: int | None = None,
    kind: str = "application/json",
    version: str = "1.1",
) -> bytes:
    lines = [f"HTTP/{version} {status}", *headers]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"Content-Length: {len(body) if length is None else length}"] if length != -1 else []
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def says(*parts: bytes, pause: float = 0.0) -> Behave:
    def behave(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return behave


def resets_after(data: bytes) -> Behave:
    def behave(connection: socket.socket) -> None:
        connection.sendall(data)
        time.sleep(0.1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


def hangs_after(data: bytes) -> Behave:
    def behave(connection: socket.socket) -> None:
        connection.sendall(data)
        time.sleep(3 * LIMIT)

    return behave


def drips(data: bytes) -> Behave:
    def behave(connection: socket.socket) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(LIMIT / 20)

    return behave


def floods(head: bytes, part: bytes, times: int) -> Behave:
    def behave(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(times):
            connection.sendall(part)

    return behave


def chunked(*parts: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(parts)
    )


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LATE, EARLY = "no whole answer within", "ended before its Content-Length or its last chunk"
NO_JSON = "expected a body of JSON"
MEGABYTE = b"x" * 1024 * 1024


@dataclass(frozen=True)
class Way:
    """How the server misbehaves, and how the case must end: passed, failed or error, and what is said."""

    behave: Behave | None
    outcome: str
    message: str = "."


def ways(elsewhere: str) -> dict[str, Way]:
    """All of them; `elsewhere` is another host's URL, which must never be asked."""
    redirect = answer(b"", "302 Found", f"Location: {elsewhere}/stolen")
    return {
        "closes without an answer": Way(says(b""), "error", "closed the connection without an answer"),
        "resets before an answer": Way(resets_after(b""), "error", "reset the connection|without an answer"),
        "resets in the headers": Way(
            resets_after(b"HTTP/1.1 200 OK\r\nContent-"), "error", "headers cannot be read|reset|ended before"
        ),
        "resets in the body": Way(
            resets_after(answer(FINE[:5], length=99)), "error", f"reset the connection|{EARLY}"
        ),
        "closes in the status line": Way(says(b"HTTP/1.1 2"), "error", "no HTTP|status"),
        "closes in the headers": Way(
            says(b"HTTP/1.1 200 OK\r\nConte"), "error", "its headers cannot be read"
        ),
        "hangs before an answer": Way(hangs_after(b""), "error", LATE),
        "hangs in the headers": Way(hangs_after(b"HTTP/1.1 200 OK\r\nConte"), "error", LATE),
        "hangs in the body": Way(hangs_after(answer(FINE[:5], length=14)), "error", LATE),
        "drips its headers": Way(drips(answer()), "error", LATE),
        "drips its body": Way(says(answer(b"", length=99), *[b"{"] * 99, pause=LIMIT / 20), "error", LATE),
        "speaks another protocol": Way(says(b"220 mail.example ESMTP\r\n"), "error", "the answer is no HTTP"),
        "sends bytes that are nothing": Way(
            says(b"\x16\x03\x01\x00\xff\x00" * 20 + b"\r\n"), "error", "no HTTP"
        ),
        "has a status that is no number": Way(says(b"HTTP/1.1 abc OK\r\n\r\n"), "error", "no HTTP"),
        "has a status of four digits": Way(says(answer(FINE, "2000 OK")), "error", "no HTTP"),
        "promises more than it sends": Way(says(answer(length=999)), "error", EARLY),
        "sends more than it promised": Way(says(answer(length=5)), "failed", NO_JSON),
        "has a length that is no number": Way(
            says(answer(FINE, "200 OK", "Content-Length: ten", length=-1)),
            "error",
            "its Content-Length is 'ten'",
        ),
        "has two lengths": Way(
            says(answer(FINE, "200 OK", "Content-Length: 3")), "error", "Content-Length contained multiple"
        ),
        "has a negative length": Way(says(answer(length=-5)), "error", "its Content-Length is '-5'"),
        "truncates its gzip": Way(
            says(answer(gzip.compress(FINE * 99)[:40], "200 OK", "Content-Encoding: gzip")),
            "failed",
            "expected a body of JSON",
        ),
        "sends no gzip under its name": Way(
            says(answer(FINE, "200 OK", "Content-Encoding: gzip")),
            "error",
            "not encoded as its Content-Encoding",
        ),
        "sends no deflate under its name": Way(
            says(answer(b"\xff" * 40, "200 OK", "Content-Encoding: deflate")), "error", "not encoded as"
        ),
        "packs a bomb": Way(
            says(answer(zlib.compress(b" " * 200_000_000, 9), "200 OK", "Content-Encoding: deflate")),
            "error",
            "larger than",
        ),
        "names an unknown encoding": Way(
            says(answer(b"\x01\x02\x03", "200 OK", "Content-Encoding: pony")), "failed", NO_JSON
        ),
        "sends chunks of garbage": Way(says(chunked(b"zz\r\n{}\r\n0\r\n\r\n")), "error", EARLY),
        "sends no last chunk": Way(says(chunked(b"e\r\n" + FINE + b"\r\n")), "error", EARLY),
        "sends a chunk without end": Way(says(chunked(b"ffffff\r\n" + FINE)), "error", EARLY),
        "says a wrong charset": Way(
            says(answer('{"fine": "é"}'.encode("utf-16"), kind="application/json; charset=ascii")),
            "failed",
            "charset=ascii",
        ),
        "sends invalid UTF-8": Way(says(answer(b'{"fine": "\xff\xfe"}')), "failed", NO_JSON),
        "sends invalid JSON under a JSON type": Way(says(answer(b'{"fine": true')), "failed", NO_JSON),
        "sends HTML under a JSON type": Way(
            says(answer(b"<html><script>alert(1)</script>")), "failed", NO_JSON
        ),
        "sends JSON under an HTML type": Way(says(answer(kind="text/html")), "failed", "content-type"),
        "sends nothing": Way(says(answer(b"")), "failed", "no body"),
        "nests JSON deeply": Way(says(answer(b"[" * 100_000 + b"]" * 100_000)), "failed"),
        "sends a number of a million digits": Way(
            says(answer(b'{"fine": ' + b"9" * 1_000_000 + b"}")), "failed"
        ),
        "says NaN": Way(says(answer(b'{"fine": NaN}')), "failed"),
        "sends a property twice": Way(says(answer(b'{"fine": false, "fine": true}')), "passed"),
        "sends 100 MB": Way(floods(answer(b"", length=100 * 2**20), MEGABYTE, 100), "error", "larger than"),
        "sends without end": Way(floods(HEAD + b"\r\n", MEGABYTE, 10_000), "error", f"larger than|{LATE}"),
        "sends a million headers": Way(
            floods(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n" * 1000, 1000), "error", "more than 100 headers"
        ),
        "sends a header without end": Way(
            floods(b"HTTP/1.1 200 OK\r\nX: ", MEGABYTE, 100), "error", "header line"
        ),
        "sends a header without a colon": Way(
            says(HEAD + b"no header\r\nContent-Length: 14\r\n\r\n" + FINE),
            "error",
            "its headers cannot be read",
        ),
        "sends headers that are not ASCII": Way(
            says(answer(FINE, "200 OK", "X-Nam\xe9: \xe9\xff")), "error", "its headers cannot be read"
        ),
        "sends control characters": Way(
            says(answer(b'{"fine": "\\u001b[31m\\u0007"}', "418 \x1b[31mred", "X-A: \x1b]0;title\x07")),
            "failed",
        ),
        "repeats a header": Way(
            says(answer(FINE, "200 OK", "Content-Type: text/html")), "failed", "content-type"
        ),
        "redirects in a circle": Way(
            says(answer(b"", "302 Found", "Location: /redirects%20in%20a%20circle")),
            "error",
            "more than 10 redirects",
        ),
        "redirects to another host": Way(says(redirect), "error", "not the target's own host"),
        "redirects nowhere": Way(says(answer(b"", "302 Found")), "failed", "status"),
        "redirects to a file": Way(
            says(answer(b"", "302 Found", "Location: file:///etc/passwd")),
            "error",
            "not the target's own host",
        ),
        "says 100 and then answers": Way(says(b"HTTP/1.1 100 Continue\r\n\r\n" + answer()), "passed"),
        "says 103 without end": Way(
            floods(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100, 1000), "failed", "expected|103"
        ),
        "switches protocols": Way(
            says(answer(b"", "101 Switching Protocols", "Upgrade: pony")), "failed", "101"
        ),
        "answers 204 with a body": Way(says(answer(FINE, "204 No Content")), "failed", "status"),
        "answers 500 with a stack trace": Way(
            says(answer(b"Traceback (most recent call last):\n", "500 Oops")), "failed", "status"
        ),
        "answers in HTTP/1.0": Way(says(answer(version="1.0")), "passed"),
        "answers in HTTP/0.9": Way(says(FINE), "error", "no HTTP"),
        "answers in HTTP/3.0": Way(says(answer(version="3.0")), "error", "HTTP/3.0"),
        "keeps the connection and closes it": Way(
            says(answer(FINE, "200 OK", "Connection: keep-alive")), "passed"
        ),
        "echoes the token in an error": Way(None, "error", "holds a secret of this run"),
    }


class Server(socketserver.ThreadingTCPServer):
    """Reads a request, and misbehaves as its path says; `seen` are the requests' first lines and headers."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ways: dict[str, Way] = {}
        self.seen: list[bytes] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *args: object) -> None:
        pass  # a client that has had enough closes the connection


class Handler(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            part = self.request.recv(65536)
            if not part:
                return
            data += part
        self.server.seen.append(data)
        name = data.split(b" ")[1].decode().strip("/").partition("?")[0].replace("%20", " ")
        way = self.server.ways.get(name)
        if way is None:
            self.request.sendall(answer())
        elif way.behave is None:
            token = data.partition(b"X-Auth-Token: ")[2].partition(b"\r\n")[0]
            text = json.dumps({"error": f"the token {token.decode()} is no good"})
            self.request.sendall(answer(text.encode(), f"400 {token.decode()}", f"X-Echo: {token.decode()}"))
        else:
            way.behave(self.request)
        with contextlib.suppress(OSError):
            self.request.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def serving(server: Server):
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class TestMisbehaviour(unittest.TestCase):
    maxDiff = None
    ways: ClassVar[dict[str, Way]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server, cls.elsewhere = (cls.enterClassContext(serving(Server())) for _ in range(2))
        cls.ways = cls.server.ways = ways(cls.elsewhere.url)
        (cls.folder / "services").mkdir()
        (cls.folder / "scenarios").mkdir()
        (cls.folder / "contract-tests.yaml").write_text("scenarios: [scenarios]\nservices: [services]\n")
        (cls.folder / "services/bad.yaml").write_text(SERVICE)
        for number, name in enumerate(cls.ways):
            cls.write(number, name, {"GET": f"/{name.replace(' ', '%20')}"})
        cls.write(len(cls.ways), "good", {"GET": "/good"})
        with (cls.folder / "output.txt").open("w") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "contract_tests", "run", "--target", cls.server.url),
                    *("--token", f"admin={TOKEN}", "--timeout", str(LIMIT), "-j", "8"),
                    *("--json", "results.json", "--junit", "results.xml"),
                    *("--verbose", "--record", "recordings", "--release", "1"),
                ],
                cwd=cls.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            _, status, used = os.wait4(process.pid, 0)  # the others' peaks are not in it
        process.returncode = cls.status = os.waitstatus_to_exitcode(status)
        cls.megabytes = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        cls.output = (cls.folder / "output.txt").read_text()
        if not (cls.folder / "results.json").exists():
            raise AssertionError(cls.output)
        cases = json.loads((cls.folder / "results.json").read_text())["cases"]
        cls.results = dict(zip([*cls.ways, "good"], sorted(cases, key=lambda case: case["id"]), strict=True))

    @classmethod
    def write(cls, number: int, name: str, call: dict[str, str]) -> None:
        document = {
            "scenario": name,
            "id": f"00000000-0000-4000-8000-{number:012d}",
            "service": "bad",
            "calls": [
                {"name": "good before", "GET": "/good", "expect": {"status": 200}},
                {
                    "name": "ask",
                    **call,
                    "redirects": "redirects" in name,
                    "expect": {
                        "status": 200,
                        "headers": {"content-type": "application/json"},
                        "json": {"$.fine": True},
                    },
                },
            ],
        }
        path = cls.folder / "scenarios" / f"{number:03}.yaml"
        path.write_text(json.dumps(document))

    def test_every_way_ends_as_it_should_and_says_why(self) -> None:
        self.assertGreaterEqual(len(self.ways), 30)
        for name, way in self.ways.items():
            with self.subTest(name):
                case = self.results[name]
                text = json.dumps(case)
                self.assertIn(case["outcome"], way.outcome.split("|"), text[:600])
                self.assertRegex(text, way.message)

    def test_the_others_go_on(self) -> None:
        self.assertEqual(len(self.ways) + 1, len(self.results))
        self.assertEqual("passed", self.results["good"]["outcome"])
        self.assertEqual(1, self.status)

    def test_memory_is_bounded(self) -> None:
        """Three answers that are too large may be read at once, each up to the 64 MiB of one body."""
        self.assertLess(self.megabytes, 384)

    def test_no_traceback_and_no_control_character(self) -> None:
        self.assertNotIn("Traceback (most recent call last):\n  File", self.output)
        self.assertNotRegex(self.output, "[\x00-\x08\x0b-\x1f\x7f]")

    def test_no_other_host_was_asked(self) -> None:
        self.assertEqual([], self.elsewhere.seen)

    def test_the_token_stands_nowhere(self) -> None:
        self.assertTrue(any(TOKEN.encode() in one for one in self.server.seen))
        self.assertNotIn(TOKEN, self.output)
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(TOKEN.encode(), path.read_bytes(), path)


@unittest.skipUnless(shutil.which("openssl"), "makes its certificates with openssl")
class TestTls(unittest.TestCase):
    """Certificates that must not be accepted: of another name, and one that has expired."""

    def refused(self, name: str, begins: str, ends: str) -> str:
        """What the run says of a server with a certificate of that name and time (YYYYMMDDHHMMSSZ)."""
        with tempfile.TemporaryDirectory() as folder:
            cert, key = Path(folder, "cert.pem"), Path(folder, "key.pem")
            Path(folder, "index").touch()
            Path(folder, "ca").write_text(
                "[ca]\ndefault_ca = own\n[own]\ndatabase = index\nnew_certs_dir = .\nrand_serial = yes\n"
                "default_md = sha256\npolicy = any\nx509_extensions = more\n[any]\ncommonName = supplied\n"
                f"[more]\nsubjectAltName = {name}\n"
            )
            for command in (
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x "
                "-keyout key.pem -out request.pem",
                "ca -config ca -batch -selfsign -keyfile key.pem -in request.pem -out cert.pem -notext "
                f"-startdate {begins} -enddate {ends}",
            ):
                subprocess.run(["openssl", *command.split()], check=True, capture_output=True, cwd=folder)
            return self.run_against(Path(folder), cert, key)

    def run_against(self, folder: Path, cert: Path, key: Path) -> str:
        server = Server()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        (folder / "one.yaml").write_text(
            "scenario: one\nid: 00000000-0000-4000-8000-000000000000\nservice: bad\n"
            "calls: [{name: ask, GET: /, expect: {status: 200}}]\n"
        )
        (folder / "services").mkdir()
        (folder / "services/bad.yaml").write_text("service: bad\ntitle: B\nversion: {dialect: none}\n")
        with serving(server):
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "contract_tests", "run", "--scenarios", "one.yaml"),
                    *("--services", "services", "--service", "bad", "--cacert", str(cert)),
                    *("--target", server.url.replace("http:", "https:"), "--timeout", "60"),
                ],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual(3, done.returncode, done.stdout + done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual([], server.seen)
        return done.stdout + done.stderr

    def test_another_name(self) -> None:
        text = self.refused("DNS:elsewhere.example", "20200101000000Z", "20490101000000Z")
        self.assertRegex(text, "certificate is not accepted")
        self.assertNotIn("expired", text)

    def test_an_expired_one(self) -> None:
        text = self.refused("IP:127.0.0.1", "20200101000000Z", "20200201000000Z")
        self.assertRegex(text, "certificate is not accepted .*expired")


if __name__ == "__main__":
    unittest.main()
