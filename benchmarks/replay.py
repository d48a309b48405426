"""The benchmark `replay`: contract-tests run against its peer, on the same cassettes and the same checks."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import Corpus, Work, build
from benchmarks.measure import Program, Run, machine, middle, print_table, run_all, run_once, spread

OURS, PEER = "contract-tests", "pytest+vcrpy"
HEADS = ("", "CPU s", "wall s", "calls/CPU s", "calls/wall s")


@dataclass(frozen=True)
class Point:
    """What was measured with one size, on one core; `peer` is empty where it was left out."""

    corpus: Corpus
    ours: list[Run]
    peer: list[Run]


def replay(folder: Path, work: Work, sizes: Sequence[int], runs: int, peer_most: int, workers: int) -> None:
    """Measure every size in `folder`, an empty one; sizes beyond `peer_most` without the peer."""
    start = build(folder / "start", work, work.smallest)
    corpora = [build(folder / str(size), work, size) for size in sizes]
    print(f"{machine()}; median (lowest-highest) of {runs} fresh processes a row, in turns")
    starts = dict(zip((OURS, PEER), _measure(start, (1,), runs, True), strict=True))
    print(f"\nstart-up: the same commands with {_cases(start)}")
    print_table(
        HEADS[:3], [(name, spread(_cpu(found)), spread(_wall(found))) for name, found in starts.items()]
    )
    curve: list[Point] = []
    for size, corpus in zip(sizes, corpora, strict=True):
        measured = _measure(corpus, (1, workers), runs, size <= peer_most)
        _print_size(corpus, measured, starts, workers)
        curve.append(Point(corpus, measured[0], measured[1] if size <= peer_most else []))
    _print_curve(curve)


def programs(corpus: Corpus, workers: int, with_peer: bool = True) -> list[Program]:
    """Both commands, each at its best: the peer loads the plugins that it needs and no others."""
    ours = (sys.executable, "-m", "contract_tests", "run", "scenarios", "-j", str(workers), "--no-matrix")
    spread_out = ("-p", "xdist", "-n", str(workers)) if workers > 1 else ()
    peer = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *spread_out, "test_contract.py")
    found = [Program(f"{OURS} -j {workers}", ours, corpus.path, {})]
    if with_peer:
        name = PEER + (f" -n {workers}" if workers > 1 else "")
        found.append(Program(name, peer, corpus.peer, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}))
    return found


def _measure(corpus: Corpus, workers: Sequence[int], runs: int, with_peer: bool) -> list[list[Run]]:
    """Runs of each program for each number of workers; the first, unmeasured, shows that both do the same."""
    chosen = [program for number in workers for program in programs(corpus, number, with_peer)]
    for program in chosen:
        text = run_once(program)[1]
        passed = re.search(r"(\d+) passed|(\d+) cases: (\d+) passed", text.replace(",", ""))
        count = int(passed[3] or passed[1]) if passed else 0
        calls = re.search(r"\((\d+) calls", text.replace(",", ""))
        if count != corpus.cases or (calls and int(calls[1]) != corpus.calls):
            sys.exit(f"{text[-2000:]}\n{program.name}: expected {_cases(corpus)}")
    return run_all(chosen, runs)


def _print_size(
    corpus: Corpus, measured: Sequence[list[Run]], starts: dict[str, list[Run]], workers: int
) -> None:
    with_peer = len(measured) == 4
    chosen = [program for number in (1, workers) for program in programs(corpus, number, with_peer)]
    rows = []
    for program, found in zip(chosen, measured, strict=True):
        cpu, wall = _cpu(found), _wall(found)
        rates = (f"{corpus.calls / middle(values):,.0f}" for values in (cpu, wall))
        rows.append((program.name, spread(cpu), spread(wall), *rates))
    print(f"\n{_cases(corpus)} of {corpus.scenarios} scenarios")
    print_table(HEADS, rows)
    if with_peer:
        ours, peer, ours_many, peer_many = measured
        net = [
            [one - middle(_cpu(starts[name])) for one in _cpu(own)]
            for name, own in ((PEER, peer), (OURS, ours))
        ]
        print(f"ratio, one core, whole processes: {_ratio(_cpu(peer), _cpu(ours))} by CPU, ", end="")
        print(f"{_ratio(_wall(peer), _wall(ours))} by the clock")
        print(f"ratio, one core, less start-up: {_ratio(*net)} by CPU")
        many = _ratio(_wall(peer_many), _wall(ours_many))
        print(f"ratio, {workers} cores, whole processes: {many} by the clock")
    for program in programs(corpus, 1, with_peer):
        environ = "".join(f"{name}={value} " for name, value in program.environ.items())
        print(f"  (cd {program.cwd}; {environ}{' '.join(program.command)})")


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
