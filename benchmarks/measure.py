"""Measuring fresh processes and printing tables."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from contract_tests import __version__

COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Modules are compiled once, by the first run of a program, which is not measured."""


@dataclass(frozen=True)
class Run:
    """What one process took, with its children: seconds of the clock, of all processors, and megabytes."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Program:
    """A command to measure. `cwd` is where it runs, `environ` what it finds beside our own environment."""

    name: str
    command: tuple[str, ...]
    cwd: Path
    environ: Mapping[str, str]


def run_once(program: Program) -> tuple[Run, str]:
    """Run a program from a cold start, and give what it printed; SystemExit where it does not pass."""
    log = program.cwd / "output.txt"
    with log.open("w") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            program.command,
            cwd=program.cwd,
            env={**os.environ, **COMPILED, **program.environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text()
    if process.returncode:
        sys.exit(f"{text[-3000:]}\n{' '.join(program.command)}: exit status {process.returncode}")
    kilo = 1e6 if sys.platform == "darwin" else 1e3
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / kilo), text


def run_all(
    programs: Sequence[Program], times: int, check: Callable[[Program, str], None] = lambda *_: None
) -> list[list[Run]]:
    """Each program `times` times, in turns, so that what else the machine does hits all of them alike.

    `check` is told what each run printed.
    """
    runs: list[list[Run]] = [[] for _ in programs]
    for _ in range(times):
        for program, found in zip(programs, runs, strict=True):
            run, output = run_once(program)
            check(program, output)
            found.append(run)
    return runs


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float]) -> str:
    """The median, with the lowest and the highest where there are several."""
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{middle(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns, the first to the left, the others to the right."""
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    for row in (heads, *rows):
        others = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print("  ".join((row[0].ljust(widths[0]), *others)).rstrip())


PEERS = ["requests", "urllib3", "vcrpy", "pytest", "jsonschema", "deepdiff", "jsondiff", "gabbi", "stestr"]


def versions() -> str:
    """The day, and what is installed of ours and of those that we are measured beside."""
    found = [f"contract-tests {__version__}"]
    for name in PEERS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return f"{datetime.date.today()}; {', '.join(found)}"


def machine() -> str:
    """What the figures were measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = lines[0].partition(":")[2].strip() if lines else cpu
    load = os.getloadavg()[0]
    return f"{cpu}, {os.cpu_count()} processors (load {load:.1f}), Python {platform.python_version()}"
