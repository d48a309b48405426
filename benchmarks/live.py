"""The benchmark `live`: what the harness adds to each call over a bare loop of requests, and beside gabbi."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Program, Run, machine, middle, print_table, run_all, spread

CALLS = 5
"""Calls of a scenario, and tests of a gabbi file."""

CONFIG = "scenarios: [scenarios]\nservices: [services]\n"
SERVICE = "service: things\ntitle: Things\nversion: {dialect: none}\n"


@dataclass(frozen=True)
class Asked:
    """The GET that everybody makes, and what is checked: the status, a header, two values of the body."""

    url: str
    path: str
    values: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
    served: tuple[str, str] = ("content-type", "application/json")


def live(folder: Path, milliseconds: float, sizes: Sequence[int], runs: int, release: str) -> None:
    """Measure in `folder`, an empty one: a server that waits so long, then Placement of `release`."""
    print(f"{machine()}; median (lowest-highest) of {runs} fresh processes a row, in turns")
    with _slow(milliseconds) as asked:
        _measure(folder / "slow", f"a server that answers in {milliseconds:g} ms", asked, sizes, runs)
    if release:
        with _placement(release) as asked:
            _measure(folder / "placement", f"Placement {release}", asked, sizes, runs)


@contextlib.contextmanager
def _slow(milliseconds: float) -> Iterator[Asked]:
    command = (sys.executable, "-m", "benchmarks.slow_server", str(milliseconds))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            yield Asked(f"http://127.0.0.1:{port}", "/things", {"$.total": 40, "$.things[3].name": "thing 3"})
        finally:
            process.stdin.close()
            process.wait(10)


@contextlib.contextmanager
def _placement(release: str) -> Iterator[Asked]:
    from contract_tests.lab import launcher
    from contract_tests.loading.config import Places
    from contract_tests.loading.library import Library

    recipe = Library(Places().with_shipped()).deployments()["placement"].recipes[release]
    with launcher.running(recipe, {}, print) as started:
        yield Asked(
            started.target.endpoints["placement"].rstrip("/"),
            "/resource_classes",
            {"$.resource_classes[0].name": "VCPU", "$.resource_classes[1].name": "MEMORY_MB"},
            {"X-Auth-Token": "admin:benchmarks", "OpenStack-API-Version": "placement 1.2"},
        )


def _measure(folder: Path, title: str, asked: Asked, sizes: Sequence[int], runs: int) -> None:
    few, many = (_write(folder / str(size), asked, size) for size in sizes)
    chosen = {(name, sizes[0]): program for name, program in few.items()}
    chosen |= {(name, sizes[1]): program for name, program in many.items() if name != "gabbi"}
    run_all(list(few.values()), 1)  # compiles the modules
    found = dict(zip(chosen, run_all(list(chosen.values()), runs), strict=True))
    print(f"\n{title}: {sizes[0]} and {sizes[1]} requests, {CALLS} in each scenario")
    rows = [
        (name, f"{size:,}", spread([run.cpu for run in own]), spread([run.wall for run in own]))
        for (name, size), own in found.items()
    ]
    print_table(("", "requests", "CPU s", "wall s"), rows)
    _print_added(found, sizes)
    theirs, own = ([run.wall for run in found[name, sizes[0]]] for name in ("gabbi", "ours, -j 1"))
    ratios = [one / other for one, other in zip(theirs, own, strict=True)]
    print(f"\n{sizes[0]} requests, end to end: gabbi takes {spread(ratios)} times as long (wall)")


def _print_added(found: Mapping[tuple[str, int], Sequence[Run]], sizes: Sequence[int]) -> None:
    """Milliseconds a call, from the difference of the two sizes, so that starting up is none of it."""
    more = sizes[1] - sizes[0]

    def each(name: str, what: str) -> list[float]:
        pairs = zip(found[name, sizes[0]], found[name, sizes[1]], strict=True)
        return [1000 * (getattr(many, what) - getattr(few, what)) / more for few, many in pairs]

    rows = []
    for jobs in (1, 8):
        for what in ("wall", "cpu"):
            bare, ours = each(f"bare, -j {jobs}", what), each(f"ours, -j {jobs}", what)
            ratios = [own / other for own, other in zip(ours, bare, strict=True)]
            added = f"{middle(ours) - middle(bare):+.2f}"
            rows.append((f"{what}, -j {jobs}", spread(bare), spread(ours), added, spread(ratios)))
    print("\nmilliseconds a call, without starting up")
    print_table(("", "bare requests", "contract-tests", "added", "ratio"), rows)


def _write(folder: Path, asked: Asked, count: int) -> dict[str, Program]:
    """The programs that make `count` requests."""
    for name in ("scenarios", "services", "gabbits"):
        (folder / name).mkdir(parents=True)
    (folder / "contract-tests.yaml").write_text(CONFIG)
    (folder / "services" / "things.yaml").write_text(SERVICE)
    headers = "".join(f"      {name}: {value!r}\n" for name, value in asked.headers.items())
    values = "".join(f"        {path!r}: {value!r}\n" for path, value in asked.values.items())
    name, served = asked.served
    for number in range(count // CALLS):
        calls = "".join(
            f"  - name: list {call}\n    GET: {asked.path}\n"
            + (f"    headers:\n{headers}" if headers else "")
            + f"    expect:\n      status: 200\n      headers: {{{name}: {{match: {served}}}}}\n"
            + f"      json:\n{values}"
            for call in range(CALLS)
        )
        identity = uuid.uuid5(uuid.NAMESPACE_URL, f"things/{number}")
        text = f"scenario: things {number}\nid: {identity}\nservice: things\ncalls:\n{calls}"
        (folder / "scenarios" / f"things_{number}.yaml").write_text(text)
        tests = "".join(
            f"  - name: list {call}\n    GET: {asked.path}\n    status: 200\n"
            + (f"    request_headers:\n{headers}" if headers else "")
            + f"    response_headers:\n      {name}: /{served}/\n    response_json_paths:\n{values}"
            for call in range(CALLS)
        )
        (folder / "gabbits" / f"things_{number}.yaml").write_text(f"tests:\n{tests}")
    ours = (sys.executable, "-m", "contract_tests", "run", "--target", asked.url, "--no-matrix", "-j")
    bare = (sys.executable, "-c", BARE, asked.url + asked.path, str(count), repr(dict(asked.headers)),
            repr(dict(asked.values)))  # fmt: skip
    gabbi = (sys.executable, "-m", "gabbi.runner", "-q", asked.url, "--")
    files = sorted(str(path) for path in (folder / "gabbits").iterdir())
    found = {"gabbi": Program("gabbi", (*gabbi, *files), folder, {})}
    for jobs in ("1", "8"):
        found[f"ours, -j {jobs}"] = Program(f"ours, -j {jobs}", (*ours, jobs), folder, {})
        found[f"bare, -j {jobs}"] = Program(f"bare, -j {jobs}", (*bare, jobs), folder, {})
    return found


BARE = """
import sys
from concurrent.futures import ThreadPoolExecutor
import requests
url, count, headers, values, jobs = sys.argv[1:]
count, headers, values, jobs = int(count), eval(headers), eval(values), int(jobs)
checks = {path: eval("lambda body: body" + "".join(
    "[%s]" % (part if part.isdigit() else repr(part))
    for part in path[2:].replace("[", ".").replace("]", "").split("."))) for path in values}
def loop(count):
    with requests.Session() as session:
        session.headers.update(headers)
        for _ in range(count):
            answer = session.get(url)
            assert answer.status_code == 200 and "application/json" in answer.headers["content-type"]
            body = answer.json()
            for path, value in values.items():
                assert checks[path](body) == value
if jobs == 1:
    loop(count)
else:
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(loop, [count * (at + 1) // jobs - count * at // jobs for at in range(jobs)]))
"""
"""A loop that a person would write: one session a thread, the same checks."""
