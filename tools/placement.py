"""Start real Placement servers of any release on loopback, for functional tests and recordings.

    python tools/placement.py up 16.0.0 --port 8778        run one until Ctrl-C
    python tools/placement.py record cassettes 1.0.0 16.0.0   record releases with the scenarios

A release is installed once, with the dependencies of its day, into a cache ($CONTRACT_TESTS_CACHE, else
~/.cache/contract-tests). It needs uv and the release's Python (found on PATH, in pyenv, or by uv).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SERVE = """
import os
from placement.wsgi import init_application
from waitress import serve
serve(init_application(), host="127.0.0.1", port=int(os.environ["PORT"]), threads=1, ident=None)
"""
CONFIG = """[DEFAULT]
debug = false
[api]
auth_strategy = noauth2
[placement_database]
connection = sqlite:///{state}/placement.sqlite
"""
# noauth2 takes USER:PROJECT as a token; the user admin has the role admin, another none, and since 2024.2
# X-Roles says more. The projects only have to be long enough to be told from the words of an answer.
TARGETS = """targets:
  placement-{release}:
    release: {release}
    series: "{series}"
    endpoints: {{placement: "{url}"}}
    identities:
      admin: {{token: "admin:contract-tests-admin-1d0f"}}
      member: {{token: "user:contract-tests-member-7c2e"}}
      service:
        headers: {{X-Auth-Token: "admin:contract-tests-service-5b9a", X-Roles: "admin,service"}}
"""


@dataclass(frozen=True)
class Release:
    """How to install a release: its series, its Python, the last day of its dependencies, and extra requirements."""

    series: str
    python: str
    before: str
    extra: tuple[str, ...] = ()


RELEASES = {
    "1.0.0": Release("stein", "3.6", "2019-05-15"),
    "9.0.0": Release("2023.1", "3.10", "2023-05-15", ("SQLAlchemy<2",)),  # its migrations use MetaData(bind=)
    "13.0.1": Release("2025.1", "3.12", "2025-05-15"),
    "16.0.0": Release("2026.2", "3.13", "2026-11-20"),
}


class Unavailable(Exception):
    """This release cannot be had on this machine; the message says what is missing."""


def cache() -> Path:
    return Path(os.environ.get("CONTRACT_TESTS_CACHE") or Path.home() / ".cache" / "contract-tests")


def find_python(version: str) -> str:
    """The interpreter of a minor version: on PATH (where it runs), in pyenv's folder, or known to uv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [str(path / "bin" / "python") for path in sorted(pyenv.glob(f"{version}.*"), reverse=True)]
    candidates += filter(None, [shutil.which(f"python{version}")])
    for candidate in candidates:
        if subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return candidate
    found = subprocess.run([*uv(), "python", "find", version], capture_output=True, text=True)
    if found.returncode == 0:
        return found.stdout.strip()
    raise Unavailable(
        f"there is no Python {version} here (pyenv install {version}, or uv python install {version})"
    )


def uv() -> list[str]:
    found = shutil.which("uv")
    if found:
        return [found]
    if subprocess.run([sys.executable, "-m", "uv", "--version"], capture_output=True).returncode == 0:
        return [sys.executable, "-m", "uv"]
    raise Unavailable("uv is not installed (pip install 'contract-tests[lab]')")


def install(release: str) -> Path:
    """The interpreter of an environment with this release; made where it is not there yet."""
    if release not in RELEASES:
        raise Unavailable(f"release {release} is not known here; known: {', '.join(RELEASES)}")
    how = RELEASES[release]
    place = cache() / f"placement-{release}"
    interpreter = place / "bin" / "python"
    if (place / "done").exists():
        return interpreter
    print(
        f"installing placement {release} (Python {how.python}, dependencies up to {how.before})",
        file=sys.stderr,
    )
    quiet = [*uv(), "--quiet"]
    subprocess.run([*quiet, "venv", "--clear", "--python", find_python(how.python), str(place)], check=True)
    subprocess.run(
        [
            *quiet, "pip", "install", "--python", str(interpreter), "--exclude-newer", how.before,
            "--exclude-newer-package", "openstack-placement=2026-11-20",
            f"openstack-placement=={release}", "waitress", "setuptools<81", *how.extra,
        ],
        check=True,
    )  # fmt: skip
    (place / "done").touch()
    return interpreter


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def placement(release: str, port: int = 0) -> Iterator[str]:
    """A running Placement with an empty database; gives its URL, and ends it. Unavailable, RuntimeError."""
    interpreter = install(release)
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="placement-") as state:
        Path(state, "placement.conf").write_text(CONFIG.format(state=state))
        environ = {**os.environ, "OS_PLACEMENT_CONFIG_DIR": state, "PORT": str(port)}
        log = Path(state, "log")
        with log.open("w") as output:
            manage = [
                str(interpreter.parent / "placement-manage"),
                "--config-file",
                f"{state}/placement.conf",
                "db",
                "sync",
            ]
            if subprocess.run(manage, env=environ, stdout=output, stderr=output).returncode:
                raise RuntimeError(f"placement {release}: db sync failed\n{log.read_text()[-2000:]}")
            server = subprocess.Popen(
                [str(interpreter), "-c", SERVE], env=environ, cwd=state, stdout=output, stderr=output
            )
        try:
            wait(f"http://127.0.0.1:{port}/", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended\n{log.read_text()[-2000:]}")
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"no answer at {url}\n{log.read_text()[-2000:]}")


def run_options(release: str, url: str, folder: Path) -> list[str]:
    """The options of `contract-tests run` for such a server; they name a targets file that is written to `folder`."""
    targets = folder / f"placement-{release}.yaml"
    targets.write_text(TARGETS.format(release=release, series=RELEASES[release].series, url=url))
    return ["--service", "placement", "--targets", str(targets), "--target", f"placement-{release}"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="run a release until Ctrl-C")
    up.add_argument("release", choices=RELEASES)
    up.add_argument("--port", type=int, default=8778)
    record = commands.add_parser("record", help="record releases at their boundaries")
    record.add_argument("folder", type=Path)
    record.add_argument("releases", nargs="*", metavar="RELEASE", default=list(RELEASES))
    options = parser.parse_args()
    try:
        if options.command == "up":
            with placement(options.release, options.port) as url, tempfile.TemporaryDirectory() as folder:
                print(
                    f"contract-tests run {' '.join(run_options(options.release, url, Path(folder)))}",
                    flush=True,
                )
                signal.pause()
        statuses = []
        for release in options.releases if options.command == "record" else ():
            with placement(release) as url, tempfile.TemporaryDirectory() as folder:
                command = [
                    sys.executable,
                    "-m",
                    "contract_tests",
                    "run",
                    *run_options(release, url, Path(folder)),
                ]
                statuses.append(subprocess.run([*command, "--record", str(options.folder)]).returncode)
        return max(statuses, default=0)
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
