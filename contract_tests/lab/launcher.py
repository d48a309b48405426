"""Start a deployment: its folder, its prepared files, its server; and end it, whatever happens."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from contract_tests.lab.environment import LabError, Say, cache, digest, held, install, locked
from contract_tests.model.recipe import Recipe
from contract_tests.model.target import IdentitySpec, Target
from contract_tests.model.template import compile_text, render

SUPPORT = Path(__file__).resolve().parent / "support"
COUNTER = "requests"
"""The file in a service's state that grows by a byte with each request."""
_LAST_LINES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A running deployment: its target, the folder of its state, its processes (its own last), and the logs
    of it and of what it stands on, by the deployments' names.
    """

    recipe: Recipe
    target: Target
    url: str
    state: Path
    processes: tuple[int, ...] = ()
    logs: Mapping[str, Path] = field(default_factory=dict)


@contextlib.contextmanager
def running(
    recipe: Recipe,
    recipes: Mapping[str, Recipe],
    say: Say,
    *,
    port: int = 0,
    up: Mapping[str, Started] = MappingProxyType({}),
) -> Iterator[Started]:
    """A deployment that runs meanwhile, with what it stands on (`recipes`: deployment@release -> recipe).

    `up` are deployments that run already: what stands on one of their names stands on that one, whatever its
    release, so that two which need a Keystone have the same. LabError (naming the log, which then is kept) or
    Unavailable where it cannot be started.
    """
    with contextlib.ExitStack() as stack:
        below: dict[str, Started] = {}
        for name, release in recipe.needs.items():
            there = up.get(name)
            if there is None:
                needed = recipes[f"{name}@{release}"]
                there = stack.enter_context(running(needed, recipes, say, up={**up, **below}))
            below[name] = there
        state = stack.enter_context(_state(recipe))
        yield stack.enter_context(_serving(recipe, state, below, port, say))


@contextlib.contextmanager
def _state(recipe: Recipe) -> Iterator[Path]:
    """A new folder for a start; it stays where the start fails, because its log is in it."""
    runs = cache() / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{recipe.name}-{recipe.release}-", dir=runs))
    try:
        with held(folder):
            yield folder
    except LabError:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _serving(
    recipe: Recipe, state: Path, below: Mapping[str, Started], port: int, say: Say
) -> Iterator[Started]:
    environment = install(recipe, say)
    listening = _listen(port)
    number = listening.getsockname()[1]
    url = f"http://127.0.0.1:{number}"
    urls = {f"{name.replace('-', '_')}_url": one.url for name, one in below.items()}
    variables = {**_variables(recipe, state, environment, number, url), **urls}
    environ = _environ(recipe, variables)
    log = state / "log"
    logs = {name: path for one in below.values() for name, path in one.logs.items()}
    try:
        try:
            _write_files(recipe, state, variables)
            _prepare(recipe, state, variables, environ, say)
            for command in recipe.start:
                run_logged(_rendered(command, variables), environ, state, log)
        except OSError as error:  # a file to copy or to keep, or a command, that is not there
            raise LabError(f"{recipe.origin}: {error.filename}: {error.strerror}") from None
        say(f"starting {recipe.name} {recipe.release} at {url}")
        if recipe.serve.command:
            listening.close()  # a program with a server of its own opens the port itself
        with _process(_command(recipe, variables, listening), environ, state, log, listening) as process:
            listening.close()
            _wait(recipe, f"127.0.0.1:{number}", process, log)
            yield Started(
                recipe=recipe,
                target=_target(recipe, variables, below),
                url=url,
                state=state,
                processes=(process.pid,),
                logs={**logs, recipe.name: log},
            )
    finally:
        listening.close()


def _listen(port: int) -> socket.socket:
    """A listening socket on loopback: the port is ours from here on, so two labs never meet."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise LabError(f"--port {port}: {error.strerror}; choose another one, or none") from None
    listening.listen(128)
    return listening


def _variables(recipe: Recipe, state: Path, environment: Path, port: int, url: str) -> dict[str, str]:
    (packages,) = environment.glob("lib/python*/site-packages")
    return {
        "state": str(state),
        "bin": str(environment / "bin"),
        "etc": str(environment / "etc"),
        "packages": str(packages),
        "support": str(SUPPORT),
        "port": str(port),
        "url": url + recipe.serve.path,
        "release": recipe.release,
        "series": recipe.series.name,
        "origin": str(recipe.origin.parent),
    }


def _environ(recipe: Recipe, variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    folders = (str(recipe.origin.parent / "support"), str(SUPPORT))
    own = {name: str(render(compile_text(value), variables)) for name, value in recipe.environ.items()}
    return {
        "HOME": variables["state"],
        "PYTHONPATH": os.pathsep.join(folders),
        "PYTHONUNBUFFERED": "1",
        "CONTRACT_TESTS_COUNTER": str(Path(variables["state"], COUNTER)),
        "PYTHONHASHSEED": "0",  # the order of sets reaches answers; two starts are to give the same ones
        **kept,
        **own,
    }


def _rendered(command: tuple[str, ...], variables: Mapping[str, str]) -> list[str]:
    return [str(render(compile_text(word), variables)) for word in command]


def _write_files(recipe: Recipe, state: Path, variables: Mapping[str, str]) -> None:
    for name in recipe.folders:
        (state / name).mkdir(parents=True, exist_ok=True)
    for name, (origin, replacements) in recipe.copies.items():
        text = Path(str(render(compile_text(origin), variables))).read_text()
        for old, new in replacements:
            text = text.replace(old, str(render(compile_text(new), variables)))
        (state / name).write_text(text)
    for name, content in recipe.files.items():
        path = state / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(render(compile_text(content), variables)))


def _prepare(
    recipe: Recipe, state: Path, variables: Mapping[str, str], environ: Mapping[str, str], say: Say
) -> None:
    """Run the commands of `prepare` once for what they say, and keep the files that they make."""
    if not recipe.prepare:
        return
    said = digest(
        recipe.prepare,
        sorted(recipe.files.items()),
        sorted(recipe.copies.items()),
        recipe.keep,
        recipe.requires,
    )
    kept = cache() / "prepared" / f"{recipe.name}-{recipe.release}-{said}"
    with locked(kept):
        if not kept.exists():
            say(f"preparing {recipe.name} {recipe.release} (once)")
            for command in recipe.prepare:
                run_logged(_rendered(command, variables), environ, state, state / "prepare.log")
            fresh = kept.with_name(kept.name + ".new")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            for name in recipe.keep:
                _copy(state / name, fresh / name)
            fresh.rename(kept)
            return
    for name in recipe.keep:
        _copy(kept / name, state / name)


def _copy(origin: Path, target: Path) -> None:
    if origin.is_dir():
        shutil.copytree(origin, target, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(origin, target)


def run_logged(command: list[str], environ: Mapping[str, str], folder: Path, log: Path) -> None:
    """Run a command to its end, its output in `log`; LabError with the last lines where it fails."""
    with log.open("a") as out:
        done = subprocess.run(
            command, env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False
        )
    if done.returncode:
        raise LabError(f"{' '.join(command)}\nended with {done.returncode}; see {log}\n{_tail(log)}")


def _command(recipe: Recipe, variables: Mapping[str, str], listening: socket.socket) -> list[str]:
    serve = recipe.serve
    if serve.command:
        return _rendered(serve.command, variables)
    what = serve.wsgi
    if serve.script:
        name = str(render(compile_text(serve.script), variables))
        own = recipe.origin.parent / "support" / name
        what = str(own if own.exists() else SUPPORT / name)
        if not Path(what).exists():
            raise LabError(f"{recipe.origin}: there is no script {own}, nor one of the lab's own")
    arguments = _rendered(serve.arguments, variables)
    return [
        f"{variables['bin']}/python", str(SUPPORT / "serve.py"), str(listening.fileno()), str(serve.threads),
        serve.path, what, *arguments,
    ]  # fmt: skip


@contextlib.contextmanager
def _process(
    command: list[str], environ: Mapping[str, str], folder: Path, log: Path, listening: socket.socket
) -> Iterator[subprocess.Popen[bytes]]:
    """The server's process below a guard that ends it with us."""
    mine, theirs = os.pipe()
    guarded = [sys.executable, "-S", "-E", str(SUPPORT / "guard.py"), str(mine), *command]
    with log.open("a") as out:
        process = subprocess.Popen(
            guarded, env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
            pass_fds=(mine, *([listening.fileno()] if listening.fileno() >= 0 else [])),
        )  # fmt: skip
    os.close(mine)
    try:
        yield process
    finally:
        os.close(theirs)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(recipe: Recipe, address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + recipe.serve.timeout
    while time.monotonic() < end:
        if process.poll() is not None:
            raise LabError(
                f"{recipe.name} {recipe.release} ended with {process.returncode} before it answered; "
                f"see {log}\n{_tail(log)}"
            )
        connection = http.client.HTTPConnection(address, timeout=5)
        try:
            connection.request("GET", recipe.serve.path + recipe.serve.ready)
            connection.getresponse()
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise LabError(
        f"{recipe.name} {recipe.release} did not answer at {address} within {recipe.serve.timeout:.0f} s; "
        f"see {log}\n{_tail(log)}"
    )


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])


def _target(recipe: Recipe, variables: Mapping[str, str], below: Mapping[str, Started]) -> Target:
    """The target: this deployment's service, and those of what it stands on."""
    endpoints = {recipe.service: str(render(compile_text(recipe.endpoint), variables))}
    releases = {}
    # A program with a server of its own counts nothing.
    counters = {} if recipe.serve.command else {recipe.service: str(Path(variables["state"], COUNTER))}
    for one in below.values():
        counters = {**one.target.counters, **counters}
        endpoints.setdefault(one.recipe.service, one.target.endpoints[one.recipe.service])
        if one.recipe.service != recipe.service:
            releases[one.recipe.service] = one.recipe.release
    proofs = {role: _identity(spec, variables) for role, spec in recipe.proofs.items()}
    return Target(
        name=f"{recipe.name} {recipe.release}",
        endpoints=endpoints,
        releases=releases,
        counters=counters,
        identities={role: _identity(spec, variables) for role, spec in recipe.identities.items()},
        proofs={recipe.service: proofs} if proofs else {},
        release="-".join(filter(None, (recipe.release, recipe.variant))),
        series=recipe.series.name,
        extensions=recipe.extensions,
    )


def _identity(spec: Mapping[str, Any], variables: Mapping[str, str]) -> IdentitySpec:
    ((kind, value),) = spec.items()
    if kind == "none":
        return IdentitySpec(kind=kind)
    values = {kind: value} if isinstance(value, str) else value
    return IdentitySpec(
        kind=kind,
        values={name: str(render(compile_text(str(text)), variables)) for name, text in values.items()},
    )
