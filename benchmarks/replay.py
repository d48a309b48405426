"""The benchmark `replay`: contract-tests run against its peer, on the same cassettes and the same checks."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.corpus import Corpus, Work, build
from benchmarks.measure import Program, Run, machine, middle, print_table, run_all, spread

OURS, PEER, LEAN = "contract-tests", "pytest+vcrpy", "pytest+vcrpy, lean"
FLOOR = "only reading"
READ = """
import pathlib, sys, yaml12
cases = calls = 0
for path in pathlib.Path("recordings").rglob("*.yaml"):
    found = yaml12.parse_yaml(path.read_text())
    if "interactions" in found:
        cases, calls = cases + 1, calls + len(found["interactions"])
print(f"{cases} cases: {cases} passed ({calls} calls")
"""
"""What no replay in Python can do without: to start, and to read the cassettes with the compiled parser."""
HEADS = ("", "CPU s", "wall s", "calls/CPU s", "calls/wall s")

Runs = Mapping[str, Sequence[Run]]


@dataclass(frozen=True)
class Point:
    """What was measured with one size, on one core; `peer` is empty where it was left out."""

    corpus: Corpus
    ours: Sequence[Run]
    peer: Sequence[Run]


def replay(folder: Path, work: Work, sizes: Sequence[int], runs: int, peer_most: int, workers: int) -> None:
    """Measure every size in `folder`, an empty one; sizes beyond `peer_most` without the peer."""
    few = min(work.units, key=lambda unit: sum(len(one.steps) for one in unit.exchanges))
    start = build(folder / "start", replace(work, units=(few,)), len(few.exchanges))
    corpora = [build(folder / str(size), work, size) for size in sizes]
    print(f"{machine()}; median (lowest-highest) of {runs} fresh processes a row, in turns")
    print(f"lean: matches method, path and query, where {OURS} and {PEER} match body and version too")
    _measure(start, programs(start, workers), 1)  # compiles the modules of all of them
    starts = _measure(start, programs(start), runs)
    print(f"\nstart-up: the same commands with {_cases(start)}")
    print_table(HEADS[:3], [(name, spread(_cpu(own)), spread(_wall(own))) for name, own in starts.items()])
    curve: list[Point] = []
    for size, corpus in zip(sizes, corpora, strict=True):
        peers = size <= peer_most
        chosen = [one for one in programs(corpus, workers) if peers or one.name.startswith((OURS, FLOOR))]
        measured = _measure(corpus, chosen, runs)
        _print_size(corpus, chosen, measured, starts, workers)
        curve.append(Point(corpus, measured[OURS], measured.get(PEER, ())))
    _print_curve(curve)


def programs(corpus: Corpus, workers: int = 1) -> list[Program]:
    """The commands on one core, then those on several; the peer loads only the plugins that it needs."""
    ours = (sys.executable, "-m", "contract_tests", "run", "scenarios", "--no-matrix", "-j")
    peer = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_contract.py")
    plain = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    found = [
        Program(OURS, (*ours, "1"), corpus.path, {}),
        Program(PEER, peer, corpus.peer, plain),
        Program(LEAN, peer, corpus.peer, {**plain, "VCR_MATCH": "method,path,query"}),
        Program(FLOOR, (sys.executable, "-c", READ), corpus.path, {}),
    ]
    if workers > 1:
        several = (*peer, "-p", "xdist", "-n", str(workers))
        found.append(Program(f"{OURS} -j {workers}", (*ours, str(workers)), corpus.path, {}))
        found.append(Program(f"{PEER} -n {workers}", several, corpus.peer, plain))
    return found


def _measure(corpus: Corpus, chosen: Sequence[Program], runs: int) -> dict[str, list[Run]]:
    """Runs of each program by its name; SystemExit where one of them did not do all the work."""

    def check(program: Program, output: str) -> None:
        text = output.replace(",", "")
        passed = re.search(r"cases: (\d+) passed|(\d+) passed", text)
        calls = re.search(r"\((\d+) calls", text)
        count = int(passed[1] or passed[2]) if passed else 0
        if count != corpus.cases or (calls and int(calls[1]) != corpus.calls):
            sys.exit(f"{output[-2000:]}\n{program.name}: expected {_cases(corpus)}")

    return {one.name: own for one, own in zip(chosen, run_all(chosen, runs, check), strict=True)}


def _print_size(
    corpus: Corpus, chosen: Sequence[Program], measured: Runs, starts: Runs, workers: int
) -> None:
    rows = []
    for name, own in measured.items():
        rates = (f"{corpus.calls / middle(values):,.0f}" for values in (_cpu(own), _wall(own)))
        rows.append((name, spread(_cpu(own)), spread(_wall(own)), *rates))
    print(f"\n{_cases(corpus)} of {corpus.scenarios} scenarios")
    print_table(HEADS, rows)
    net = {
        name: [run.cpu - middle(_cpu(starts[name])) for run in own]
        for name, own in measured.items()
        if name in starts
    }
    ours = measured[OURS]
    for name in (PEER, LEAN):
        if name in measured:
            whole = f"{_ratio(_cpu(measured[name]), _cpu(ours))} by CPU"
            clock = f"{_ratio(_wall(measured[name]), _wall(ours))} by the clock"
            print(
                f"ratio on one core, {name}: {whole}, {clock}; {_ratio(net[name], net[OURS])} less start-up"
            )
    if PEER in measured:
        print(
            f"ratio of {FLOOR} with py-yaml12: {_ratio(_cpu(measured[PEER]), _cpu(measured[FLOOR]))} by CPU"
        )
    if f"{PEER} -n {workers}" in measured:
        many = _ratio(_wall(measured[f"{PEER} -n {workers}"]), _wall(measured[f"{OURS} -j {workers}"]))
        print(f"ratio on {workers} cores, {PEER}: {many} by the clock")
    for program in chosen:
        environ = "".join(f"{name}={value} " for name, value in program.environ.items())
        if program.name != FLOOR:
            print(f"  {environ}{' '.join(program.command)}")


def _print_curve(curve: Sequence[Point]) -> None:
    rows = []
    before: Point | None = None
    for point in curve:
        row = [f"{point.corpus.cases:,} cases", f"{point.corpus.calls:,}"]
        row.append(f"x{point.corpus.calls / before.corpus.calls:.1f}" if before else "")
        for own, earlier in ((point.ours, before and before.ours), (point.peer, before and before.peer)):
            row.append(f"{middle(_cpu(own)):.2f}" if own else "")
            row.append(f"x{middle(_cpu(own)) / middle(_cpu(earlier)):.1f}" if own and earlier else "")
        row.append(f"{middle(_cpu(point.peer)) / middle(_cpu(point.ours)):.1f}" if point.peer else "")
        rows.append(row)
        before = point
    print("\ngrowth, CPU seconds on one core")
    print_table(("", "calls", "", OURS, "", PEER, "", "ratio"), rows)


def _ratio(peer: Sequence[float], ours: Sequence[float]) -> str:
    """The ratio of the medians, with those of the pairs that are the furthest apart."""
    least, most = min(peer) / max(ours), max(peer) / min(ours)
    return f"{middle(peer) / middle(ours):.1f} ({least:.1f}-{most:.1f})"


def _cases(corpus: Corpus) -> str:
    return f"{corpus.cases:,} case{'s' if corpus.cases != 1 else ''}, {corpus.calls:,} calls"


def _cpu(runs: Sequence[Run]) -> list[float]:
    return [run.cpu for run in runs]


def _wall(runs: Sequence[Run]) -> list[float]:
    return [run.wall for run in runs]
