"""For test_tempest: an environment with Tempest and the plugin, workspaces, a proxy that misbehaves."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import subunit
import testtools

from contract_tests.lab.environment import cache, digest, find_python, find_uv, locked
from contract_tests.lab.launcher import Started, running
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library

ROOT = Path(__file__).resolve().parents[2]
MODULE = "contract_tests_tempest_plugin.tests.test_contracts"
NEWEST = "47.0.0"


def install(version: str, python: str = "", *requirements: str) -> Path:
    """An environment with this Tempest and, editable, this repository; made once.

    `python` is a minor version (default: the running Python).

    Unavailable where uv is not there; CalledProcessError, with the output, where installing fails.
    """
    interpreter = find_python(python) if python else sys.executable
    files = [(ROOT / name).read_text() for name in ("setup.cfg", "plugin/setup.cfg")]
    folder = cache() / "environments" / f"tempest-{version}-{digest(ROOT, interpreter, requirements, files)}"
    with locked(folder):
        if not (folder / "installed").exists():
            uv = [*find_uv(), "--no-progress"]
            own = [f"tempest=={version}", "-e", f"{ROOT}[cloud]", "-e", str(ROOT / "plugin")]
            for command in (
                ["venv", "--clear", "--python", interpreter, str(folder)],
                ["pip", "install", "--python", str(folder / "bin" / "python"), *own, *requirements],
            ):
                done = subprocess.run([*uv, *command], capture_output=True, text=True, check=False)
                if done.returncode:
                    raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
            (folder / "installed").touch()
    return folder


@dataclass(frozen=True)
class Result:
    """How a test ended in the last run: its status, and all that is attached to it."""

    status: str
    details: Mapping[str, str]

    @property
    def text(self) -> str:
        return "\n".join(self.details.values())


class Workspace:
    """What `tempest init` makes, with a home of its own, because Tempest notes its workspaces there."""

    def __init__(self, folder: Path, environment: Path) -> None:
        self.folder = folder / "workspace"
        self.home = folder
        self.bin = environment / "bin"
        self.command("tempest", "init", str(self.folder), cwd=folder)
        self.conf = self.folder / "etc" / "tempest.conf"
        self.made = self.conf.read_text()

    def configure(self, keystone: str = "", /, **options: str) -> None:
        """Write tempest.conf: what `tempest init` wrote, the cloud, and the options of the plugin's group."""
        own = "\n".join(f"{name} = {value}" for name, value in options.items())
        cloud = CLOUD.format(keystone=keystone) if keystone else ""
        self.conf.write_text(f"{self.made}\n{cloud}\n[contract_tests]\n{own}\n")

    def command(
        self, name: str, *arguments: str, status: int | None = 0, cwd: Path | None = None, **environ: str
    ) -> str:
        """The output of a command, which must end with `status` (None: any)."""
        process = self.start(name, *arguments, cwd=cwd, **environ)
        out, _ = process.communicate(timeout=1800)
        if status is not None and process.returncode != status:
            raise AssertionError(f"{name} {' '.join(arguments)}: {process.returncode}, not {status}\n{out}")
        return out

    def start(
        self, name: str, *arguments: str, cwd: Path | None = None, **environ: str
    ) -> subprocess.Popen[str]:
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
        return subprocess.Popen(
            [str(self.bin / name), *arguments],
            cwd=cwd or self.folder,
            env={**kept, "HOME": str(self.home), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def listed(self, regex: str = MODULE, **environ: str) -> list[str]:
        """The tests that Tempest lists, as `Class.method`, with the ids and tags."""
        out = self.command("tempest", "run", "--list-tests", "--regex", regex, **environ)
        return sorted(line for line in out.splitlines() if line.startswith((MODULE, "tempest.")))

    def last(self) -> dict[str, Result]:
        """The last run's tests, by `Class.method`."""
        done = subprocess.run(
            [str(self.bin / "stestr"), "last", "--subunit"], cwd=self.folder, capture_output=True, check=False
        )
        return read(done.stdout)


def read(stream: bytes) -> dict[str, Result]:
    """The tests of a subunit stream, by `Class.method`."""
    found: dict[str, Result] = {}

    def note(test: Mapping[str, Any]) -> None:
        details = {name: content.as_text() for name, content in test["details"].items()}
        found[short(test["id"])] = Result(test["status"], details)

    result = testtools.StreamToDict(note)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(io.BytesIO(stream)).run(result)
    result.stopTestRun()
    return found


def short(name: str) -> str:
    """`Placement_v1_10.test_usages` of a test's whole id."""
    return re.sub(r"\[.*", "", name).removeprefix(f"{MODULE}.")


CLOUD = """\
[auth]
admin_username = admin
admin_password = contract-tests-admin-4e81
admin_project_name = admin
admin_domain_name = Default
create_isolated_networks = false
[identity]
uri_v3 = {keystone}/v3
auth_version = v3
[service_available]
cinder = false
glance = false
neutron = false
nova = true
swift = false
"""
RELEASES = {"placement": "16.0.0", "nova": "34.0.0"}


@contextlib.contextmanager
def cloud(*services: str) -> Iterator[dict[str, Started]]:
    """Services behind keystonemiddleware, and the one Keystone whose catalog has them; Unavailable."""
    found = Library(Places().with_shipped()).deployments()
    recipes = {
        f"{name}@{release}": recipe for name, one in found.items() for release, recipe in one.recipes.items()
    }
    with contextlib.ExitStack() as stack:
        up = {"keystone": stack.enter_context(running(recipes["keystone@30.0.0"], recipes, print))}
        for name in services:
            recipe = recipes[f"{name}-keystone@{RELEASES[name]}"]
            up[name] = stack.enter_context(running(recipe, recipes, print, up=up))
        yield up


Change = Callable[[str, str, Any], Any]
"""(METHOD path, microversion, the answer's JSON) -> the JSON that is passed on."""


class Proxy:
    """Passes requests on to a service. `change` changes answers; after `until` of them nobody answers.

    Of the requests from number `hold` on, the first one that a test makes waits for `released` (what a worker
    asks before its tests is the version document); `held` is the client's port, and then `reached` is set.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.reset()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                proxy.handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = handle_one  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def reset(self) -> None:
        self.change: Change = lambda call, version, answer: answer
        self.until = self.hold = self.held = 0
        self.count = 0
        self.lock = threading.Lock()
        self.reached, self.released = threading.Event(), threading.Event()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.count += 1
            count = self.count
            hold = self.hold and count >= self.hold and handler.path != "/" and not self.held
            if hold:
                self.held = handler.client_address[1]
                self.reached.set()
        if hold:
            self.released.wait(600)
        if self.until and count > self.until:
            handler.close_connection = True
            return
        length = int(handler.headers.get("Content-Length") or 0)
        connection = http.client.HTTPConnection(self.host, self.port, timeout=600)
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "connection"}
        connection.request(handler.command, handler.path, handler.rfile.read(length), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if body and "json" in (answer.headers["Content-Type"] or ""):
            version = handler.headers.get("OpenStack-API-Version", "").partition(" ")[2]
            call = f"{handler.command} {handler.path}"
            body = json.dumps(self.change(call, version, json.loads(body))).encode()
        handler.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def descendants(pid: int) -> dict[int, str]:
    """The processes below one, with their command lines."""
    found: dict[int, str] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            line = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        found[int(path.name)] = f"{parent} {line}"
    below: dict[int, str] = {}
    front = {pid}
    while front:
        front = {one for one, line in found.items() if int(line.split()[0]) in front}
        below |= {one: found[one].partition(" ")[2] for one in front}
    return below


def owner(port: int, processes: Iterable[int]) -> int:
    """Which of the processes has the connection from this port of the machine."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}")}
    for process in processes:
        for path in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(OSError):  # what is open changes meanwhile
                if str(path.readlink()) in sockets:
                    return process
    raise AssertionError(f"no process has a connection from port {port}")


def without_generation(call: str, version: str, answer: Any) -> Any:
    """What a provider uses, at 1.39, without one property."""
    if version == "1.39" and re.match(r"GET /resource_providers/[^/]+/usages$", call):
        answer.pop("resource_provider_generation", None)
    return answer


def without_type(call: str, version: str, answer: Any) -> Any:
    """A key pair, at 2.104, without one property."""
    if version == "2.104" and re.match(r"GET /v2.1/os-keypairs/[^/?]+$", call) and "keypair" in answer:
        answer["keypair"].pop("type", None)
    return answer
