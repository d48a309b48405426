"""contract-tests lab"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from contract_tests.cli.options import places_options
from contract_tests.cli.say import say
from contract_tests.errors import ContractTestsError, UsageError
from contract_tests.loading.config import Places

_HELP = {"help_option_names": ["-h", "--help"]}
_STATUS = {0: "passed", 1: "findings"}
_EVERY = "all"
"""What all releases of a deployment are called."""
_SKIPPED = "skipped: "
_NOT_RIGHT = (1, 3)
"""A run's exit statuses after which somebody will want to read the service's log."""


@click.group(context_settings=_HELP)
def command() -> None:
    """Real services of any release on this machine.

    A release is installed once, with the dependencies of its day, into a cache; it runs on loopback, with
    a database of its own, and ends with the command that started it.

    \b
      contract-tests lab list
      contract-tests lab run placement 1.0.0 16.0.0 -- --microversions every
      contract-tests lab up placement 16.0.0        then: contract-tests lab down
      contract-tests lab record placement all
    """


def _say(text: str) -> None:
    say(text, err=True)


def _load(places: Places) -> Any:
    from contract_tests.loading.library import Library

    library = Library(places)
    found = library.deployments()
    library.raise_problems()
    return found


def _all_recipes(found: Any) -> dict[str, Any]:
    return {
        f"{name}@{release}": recipe for name, one in found.items() for release, recipe in one.recipes.items()
    }


def _choose(found: Any, name: str, releases: Sequence[str], *, one: bool = False) -> list[Any]:
    """The recipes of the releases that are named, of `all`, or of the newest; UsageError for an unknown.

    With `one`, `all` is an unknown one.
    """
    from contract_tests.loading.source import nearest

    if name not in found:
        raise UsageError(f"there is no deployment '{name}'; {nearest(name, found)}")
    known = found[name].recipes
    there = [*known] if one else [*known, _EVERY]
    for release in releases:
        if release not in there:
            raise UsageError(f"release {release} of {name} is not known; known: {', '.join(there)}")
    wanted = known if _EVERY in releases else releases or [found[name].default]
    return [known[release] for release in wanted]


@command.command("list", context_settings=_HELP)
@places_options
def list_command(places: Places) -> int:
    """List deployments and their releases, and what is missing on this machine."""
    from contract_tests.lab.environment import Unavailable, cache, find_python, find_uv, installed

    found = _load(places)
    missing: dict[str, str] = {}
    try:
        find_uv()
    except Unavailable as error:
        missing["uv"] = str(error)
    for name, one in found.items():
        say(f"{name}: {one.title}")
        for release, recipe in one.recipes.items():
            python = recipe.series.python
            if python not in missing and not installed(recipe):
                try:
                    find_python(python)
                except Unavailable as error:
                    missing[python] = str(error)
            needed = {"uv": "uv", python: f"Python {python}"}
            lacking = " and ".join(what for name, what in needed.items() if name in missing)
            state = (
                "installed"
                if installed(recipe)
                else f"needs {lacking}, not here"
                if lacking
                else "can be installed"
            )
            below = f", on {', '.join(f'{n} {r}' for n, r in recipe.needs.items())}" if recipe.needs else ""
            say(f"    {release:10} {recipe.series.name:9} {state}{below}")
    for text in missing.values():
        say(f"missing: {text}")
    say(f"cache: {cache()}")
    return 0


@command.command(context_settings=_HELP)
@click.argument("deployment")
@click.argument("release", required=False)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=None,
    metavar="PORT",
    help="The port on loopback (default: a free one).",
)
@click.option("--wait", is_flag=True, help="Stay until Ctrl-C, and end it then.")
@places_options
def up(places: Places, deployment: str, release: str | None, port: int | None, wait: bool) -> int:
    """Start a release of a service and print the target to use.

    It runs until `lab down`, or with --wait until Ctrl-C.
    """
    from contract_tests.lab.environment import need_cache
    from contract_tests.lab.launcher import running

    found = _load(places)
    (recipe,) = _choose(found, deployment, [release] if release else [], one=True)
    need_cache()
    if not wait:
        return _detached(deployment, recipe.release, port or 0, places)
    with _ending_with_signals(), running(recipe, _all_recipes(found), _say, port=port or 0) as started:
        targets = _run_file(deployment, recipe.release, os.getpid())
        try:
            say(f"contract-tests run {' '.join(target_options(started, targets))}")
            sys.stdout.flush()
            signal.pause()
        finally:
            targets.unlink(missing_ok=True)
    return 0


def _run_file(deployment: str, release: str, pid: int) -> Path:
    from contract_tests.lab.environment import cache

    folder = cache() / "up"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{deployment}-{release}-{pid}.yaml"


def _detached(deployment: str, release: str, port: int, places: Places) -> int:
    """Start `lab up --wait` in a session of its own, and wait for the line that it prints."""
    from contract_tests.lab.environment import LabError, cache

    log = cache() / "up" / f"{deployment}-{release}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    options = [f"--deployments={folder}" for folder in places.deployments]
    child = [
        sys.executable,
        "-m",
        "contract_tests",
        "lab",
        "up",
        "--wait",
        f"--port={port}" if port else "--wait",
        *options,
        deployment,
        release,
    ]
    with log.open("w") as err:
        process = subprocess.Popen(
            child,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            start_new_session=True,
            text=True,
        )
    assert process.stdout is not None
    shown = threading.Event()
    threading.Thread(target=_follow, args=(log, shown), daemon=True).start()
    try:
        line = process.stdout.readline().strip()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    finally:
        shown.set()
    if not line:
        process.wait()
        raise LabError(f"{deployment} {release} did not start; see {log}")
    say(line)
    say(f"contract-tests lab down {deployment} {release}")
    return 0


def _follow(log: Path, shown: threading.Event) -> None:
    with log.open() as lines:
        while True:
            line = lines.readline()
            if line:
                _say(line.rstrip())
            elif shown.wait(0.1):
                return


@command.command(context_settings=_HELP)
@click.argument("deployment", required=False)
@click.argument("release", required=False)
@click.option("--all", "everything", is_flag=True, help="Whatever is up.")
def down(deployment: str | None, release: str | None, everything: bool) -> int:
    """End what `lab up` started: a deployment, one release of it, or with --all whatever is up."""
    from contract_tests.lab.environment import cache

    up = {path: path.stem.rpartition("-") for path in sorted((cache() / "up").glob("*.yaml"))}
    there = ", ".join(name for name, _, _ in up.values()) or "nothing"
    if deployment is None and not everything:
        raise UsageError(f"lab down: say which deployment, or --all; up now: {there}")
    pattern = re.compile(f"{re.escape(deployment or '')}-{re.escape(release) if release else '[0-9].*'}")
    chosen = {path: parts for path, parts in up.items() if everything or pattern.fullmatch(parts[0])}
    for path, (name, _, pid) in chosen.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGTERM)
            for _ in range(600):
                os.kill(int(pid), 0)
                time.sleep(0.1)
        path.unlink(missing_ok=True)
        say(f"ended {name}")
    if not chosen:
        say(f"nothing of that is up; up now: {there}")
    return 0


@command.command("run", context_settings={**_HELP, "ignore_unknown_options": True})
@click.argument("deployment")
@click.argument("rest", nargs=-1, type=click.UNPROCESSED, metavar="[RELEASE]... [-- OPTION...]")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Releases side by side.",
)
@places_options
def run_command(places: Places, deployment: str, rest: tuple[str, ...], jobs: int) -> int:
    """Start releases of a service, run their scenarios, and end them.

    Options of `contract-tests run` come after --.
    """
    return _each(places, deployment, rest, jobs, record="")


@command.command(context_settings={**_HELP, "ignore_unknown_options": True})
@click.argument("deployment")
@click.argument("rest", nargs=-1, type=click.UNPROCESSED, metavar="[RELEASE]... [-- OPTION...]")
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    help="Where recordings go (default: the first of the project's recordings, else cassettes).",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Releases side by side.",
)
@click.option(
    "--twice/--once",
    default=None,
    help="Record each release twice, from two starts, and note what differs as noise "
    "(default: where the deployment file says so).",
)
@places_options
def record(
    places: Places, deployment: str, rest: tuple[str, ...], folder: str | None, jobs: int, twice: bool | None
) -> int:
    """The same as `lab run`, and write what they answer to DIR/SERVICE/RELEASE."""
    folder = folder or str(next(iter(places.recordings), "cassettes"))
    return _each(places, deployment, rest, jobs, record=folder, twice=twice)


def _each(
    places: Places, deployment: str, rest: Sequence[str], jobs: int, record: str, twice: bool | None = False
) -> int:
    """Run each release in a command of its own, `jobs` at a time; the highest exit status counts.

    Where every release is skipped, nothing could run.
    """
    from concurrent.futures import ThreadPoolExecutor

    from contract_tests.cli.run_command import command as run
    from contract_tests.lab.environment import need_cache
    from contract_tests.loading.library import Library
    from contract_tests.loading.source import nearest

    at = next((index for index, word in enumerate(rest) if word.startswith("-")), len(rest))
    releases = rest[:at]
    options = [*_named_places(), *(word for word in rest[at:] if word != "--")]
    found = _load(places)
    recipes = _choose(found, deployment, releases)
    if recipes[0].service not in (services := Library(places).service_names()):
        service = recipes[0].service
        raise UsageError(
            f"{deployment} is of '{service}', and there is no such service file; {nearest(service, services)}"
        )
    with run.make_context("contract-tests run", list(options)):
        need_cache()  # a mistake in the options is told before anything is installed
    everything = _all_recipes(found)
    children: set[subprocess.Popen[bytes]] = set()

    def one(recipe: Any) -> tuple[int, str]:
        status, note = _one(recipe, everything, options, record, children, quiet=jobs > 1)
        if not record or note or status not in _STATUS or not (recipe.twice if twice is None else twice):
            return status, note
        with tempfile.TemporaryDirectory() as again:
            second, note = _one(recipe, everything, options, again, children, quiet=jobs > 1)
            agreed = second in _STATUS and not note and _noted(places, recipe, record, again)
        return max(status, second, 0 if agreed else 1), note

    with _ending_with_signals():
        if jobs == 1:
            statuses = [one(recipe) for recipe in recipes]
        else:
            with ThreadPoolExecutor(max_workers=jobs) as pool:
                futures = [pool.submit(one, recipe) for recipe in recipes]
                try:
                    statuses = [future.result() for future in futures]
                except KeyboardInterrupt:
                    for future in futures:
                        future.cancel()
                    for child in list(children):
                        child.terminate()
                    raise
    if record and (Path(record) / recipes[0].service).is_dir():
        from contract_tests.recordings.sharing import share

        shared = share(Path(record) / recipes[0].service)
        say(f"{shared} cassettes are the same as those of the newest release, and stored there only")
    for recipe, (status, note) in zip(recipes, statuses, strict=True):
        if note or len(recipes) > 1:
            say(f"{recipe.name} {recipe.release}: {note or _STATUS.get(status, 'could not run')}")
    if all(note.startswith(_SKIPPED) for _, note in statuses):
        return 3
    return max(status for status, _ in statuses)


def _named_places() -> list[str]:
    """The options of this command line that say where scenarios and the like are, for the run to come."""
    given = click.get_current_context().params
    words = [f"--config={given['config']}"] if given["config"] else []
    for kind in ("scenarios", "schemas", "services"):
        words += [f"--{kind}={path}" for path in given[f"{kind}_places"]]
    return words


def _noted(places: Places, recipe: Any, record: str, again: str) -> bool:
    """Note what two recordings of a release differ in; whether all of it can be noise."""
    from contract_tests.cli.open import load
    from contract_tests.cli.twins import note_noise
    from contract_tests.loading.library import Library

    library = Library(places)
    scenarios = load(library, [], [recipe.service])
    (second,) = (Path(again) / recipe.service).iterdir()
    return note_noise(library, scenarios, Path(record) / recipe.service / second.name, second, _say)


def _one(
    recipe: Any,
    everything: Any,
    options: Sequence[str],
    record: str,
    children: set[subprocess.Popen[bytes]],
    *,
    quiet: bool,
) -> tuple[int, str]:
    """The exit status of a release's run, and a note where there is something to say."""
    from contract_tests.lab.environment import Unavailable, cache
    from contract_tests.lab.launcher import running

    try:
        with running(recipe, everything, _say) as started:
            words = ["run", *target_options(started, started.state / "targets.yaml"), *options]
            words += ["--record", record, "--recorded"] if record else []
            log = cache() / "runs" / f"{recipe.name}-{recipe.release}.out"
            with log.open("w") if quiet else contextlib.nullcontext() as out:
                child = subprocess.Popen(
                    [sys.executable, "-m", "contract_tests", *words], stdout=out, stderr=out
                )
                children.add(child)
                try:
                    status = child.wait()
                finally:
                    child.terminate()
                    children.discard(child)
            told = [f"see {log}"] if quiet and status else []
            kept = _kept_logs(started) if status in _NOT_RIGHT else []
            return status, "; ".join([*told, *kept])
    except Unavailable as error:
        return 0, f"{_SKIPPED}{error}"
    except ContractTestsError as error:
        return 3, str(error)


def _kept_logs(started: Any) -> list[str]:
    """Keep what the services logged, in place of what was kept of an earlier run, and say where."""
    from contract_tests.lab.environment import cache

    words = []
    for name, log in started.logs.items():
        kept = cache() / "runs" / f"{started.recipe.name}-{started.recipe.release}.{name}.log"
        shutil.copyfile(log, kept)
        words.append(f"the log of {name}: {kept}")
    return words


def _written(spec: Any) -> Any:
    """An identity as a targets file has it: one value, or a mapping of them."""
    if spec.kind == "none":
        return True
    return spec.values[spec.kind] if set(spec.values) == {spec.kind} else dict(spec.values)


def target_options(started: Any, path: Path) -> list[str]:
    """The options that name a started deployment, by a targets file that only its owner may read."""
    target, service = started.target, started.recipe.service
    identities, *proofs = (
        {role: {spec.kind: _written(spec)} for role, spec in one.items()}
        for one in (target.identities, *target.proofs.values())
    )
    own = {
        "endpoints": dict(target.endpoints),
        "release": target.release,
        "series": target.series,
        **({"identities": identities} if identities else {}),
        **({"proofs": dict(zip(target.proofs, proofs, strict=True))} if proofs else {}),
        **({"releases": dict(target.releases)} if target.releases else {}),
        **({"counters": dict(target.counters)} if target.counters else {}),
        **({"extensions": list(target.extensions)} if target.extensions else {}),
    }
    name = target.name.replace(" ", "-")
    path.touch(mode=0o600)
    path.write_text(json.dumps({"targets": {name: own}}, indent=1))
    return ["--service", service, "--targets", str(path), "--target", name]


@contextlib.contextmanager
def _ending_with_signals() -> Iterator[None]:
    """SIGTERM, and a terminal that goes away, end the command as Ctrl-C does: what it started ends too."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@command.command(context_settings=_HELP)
@click.option("--all", "everything", is_flag=True, help="The installed environments too.")
def clean(everything: bool) -> int:
    """Remove what is left of starts, and prepared files; with --all the installed environments too.

    What still runs is left alone.
    """
    from contract_tests.lab.environment import cache, is_held

    runs, prepared, environments = (cache() / name for name in ("runs", "prepared", "environments"))
    in_use = {folder for folder in runs.glob("*/") if is_held(folder)}
    for folder in sorted(in_use):
        say(f"{folder.name} is running, left alone")
    left = {*in_use, *([environments] if in_use or not everything else [])}
    for path in (*sorted(runs.glob("*")), prepared, environments):
        if path in left or not path.exists():
            continue
        say(f"removing {path}")
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return 0
