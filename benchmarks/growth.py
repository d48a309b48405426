"""The benchmark `growth`: time and memory of replay and comparison, from a thousand interactions upward.

The traffic is synthetic: a service with a hundred microversions whose answers hold two hundred values, in two
releases that differ in one property. It is recorded here, in process, and then read by fresh processes.
"""

from __future__ import annotations

import json
import sys
import tempfile
import textwrap
import uuid
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Program, Run, machine, middle, print_table, run_all
from benchmarks.plot import curves

CALLS, VERSIONS = 10, 100
CONFIG = """
    scenarios: [scenarios]
    services: [services]
    recordings: [recordings]
    """
_SERVICE = f"""
    service: grown
    title: A service that grows
    version: {{dialect: header, header: Grown, order: number, min: 1.0, max: 1.{VERSIONS - 1}}}
    """
APPLICATION = """
    import json

    def application(extra):
        def call(environ, start_response):
            version = environ.get("HTTP_GROWN", "")
            headers = [("Content-Type", "application/json"), ("Grown", version), ("Vary", "Grown")]
            start_response("200 OK", headers)
            things = [{"id": n, "name": f"thing {n}", "of": version, "sizes": [1, n]} for n in range(40)]
            return [json.dumps({"at": environ["PATH_INFO"], "things": things, **extra}).encode()]
        return call

    old, new = application({}), application({"more": True})
    """


def growth(sizes: Sequence[int], runs: int, svg: Path | None) -> None:
    """Record, replay and compare so many interactions each, and print what each command took.

    `svg` is where the curves go.
    """
    print(f"{machine()}; {runs} runs; interactions of {CALLS} calls a case, one process")
    rows: list[Sequence[str]] = []
    first: dict[str, tuple[int, Run]] = {}
    seconds: dict[str, list[tuple[float, float]]] = {}
    memory: dict[str, list[tuple[float, float]]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            programs = _write(Path(folder), size)
            run_all(programs[:2], 1)
            for program, found in zip(programs[2:], run_all(programs[2:], runs), strict=True):
                cpu = middle([run.cpu for run in found])
                peak = middle([run.peak for run in found])
                seconds.setdefault(program.name, []).append((size, cpu))
                memory.setdefault(program.name, []).append((size, peak))
                smallest, start = first.setdefault(program.name, (size, Run(0, cpu, peak)))
                rows.append(
                    (
                        f"{program.name} {size:,}",
                        f"{cpu:.1f}",
                        f"{cpu / start.cpu:.1f} for {size / smallest:.0f}",
                        f"{peak:.0f}",
                        f"{peak / start.peak:.2f}",
                    )
                )
    print_table(("interactions", "CPU s", "times the first", "peak MB", "times the first"), rows)
    if svg is not None:
        panels = {"Seconds of processor time": seconds, "Megabytes at the highest": memory}
        curves(svg, panels, "interactions")


def _write(folder: Path, size: int) -> list[Program]:
    for name, text in (
        ("contract-tests.yaml", CONFIG),
        ("services/grown.yaml", _SERVICE),
        ("grown.py", APPLICATION),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text).lstrip())
    (folder / "scenarios").mkdir()
    for number in range(max(1, size // (CALLS * VERSIONS))):
        paths = [f"/{number}/{at}" for at in range(CALLS)]
        calls = [
            {"name": f"call {at}", "GET": path, "expect": {"status": 200, "json": {"$.at": path}}}
            for at, path in enumerate(paths)
        ]
        scenario = {
            "scenario": f"part {number}",
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, str(number))),
            "service": "grown",
            "calls": calls,
        }
        (folder / "scenarios" / f"part_{number:04}.yaml").write_text(json.dumps(scenario, indent=1))
    run = (sys.executable, "-m", "contract_tests", "run", "--jobs", "1", "--microversions", "every")
    compare = (
        sys.executable,
        "-m",
        "contract_tests",
        "compare",
        "--microversions",
        "every",
        "--policy",
        "growing",
    )
    sides = [f"recordings/grown/{release}" for release in ("1", "2")]
    record = (*run, "--record", "recordings")
    commands = {
        "record 1": (*record, "--target", "wsgi:grown:old", "--release", "1"),
        "record 2": (*record, "--target", "wsgi:grown:new", "--release", "2"),
        "replay": (*run, "--target", sides[0]),
        "compare": (*compare, *sides),
        "compare, all alike": (*compare, sides[0], sides[0]),
    }
    return [Program(name, command, folder, {}) for name, command in commands.items()]
