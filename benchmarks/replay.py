"""The benchmark `replay`: contract-tests run against its peer, on the same cassettes and the same checks."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import Corpus, build, read_units
from benchmarks.measure import Program, Run, machine, middle, print_table, run_all, run_once, spread

OURS, PEER = "contract-tests", "pytest+vcrpy"
HEADS = ("", "CPU s", "wall s", "CPU s less start-up", "calls/CPU s", "calls/wall s")


def replay(folder: Path, recordings: Path, sizes: Sequence[int], runs: int, peer_most: int, workers: int) -> None:
    """Measure every size in `folder`, an empty one; sizes beyond `peer_most` without the peer."""
    units, export = read_units(recordings)
    smallest = min(len(unit.exchanges) for unit in units)
    start = build(folder / "start", units, export, smallest)
    corpora = [build(folder / str(size), units, export, size) for size in sizes]
    print(f"{machine()}; median (lowest-highest) of {runs} fresh processes a row, in turns; file system cache warm")
    starts = dict(zip((OURS, PEER), _measure(start, (1,), runs, True), strict=True))
    print(f"\nstart-up: the same commands with {_cases(start)}")
    print_table(("", "CPU s", "wall s"), [(name, spread(_cpu(found)), spread(_wall(found))) for name, found in starts.items()])
    curve: list[tuple[Corpus, list[Run], list[Run] | None]] = []
    for size, corpus in zip(sizes, corpora, strict=True):
        with_peer = size <= peer_most
        measured = _measure(corpus, (1, workers), runs, with_peer)
        _print_size(corpus, measured, starts, workers, with_peer)
        curve.append((corpus, measured[0], measured[1] if with_peer else None))
    _print_curve(curve)


def programs(corpus: Corpus, workers: int, with_peer: bool = True) -> list[Program]:
    """Both commands, each at its best: no cache of ours is there to be used, the peer's plugins are the needed ones."""
    ours = (
        sys.executable, "-m", "contract_tests", "run", "scenarios", "-j", str(workers), "--no-matrix",
    )  # fmt: skip
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
    corpus: Corpus, measured: Sequence[list[Run]], starts: dict[str, list[Run]], workers: int, with_peer: bool
) -> None:
    names = [program.name for number in (1, workers) for program in programs(corpus, number, with_peer)]
    rows = []
    net: dict[str, float] = {}
    for name, found in zip(names, measured, strict=True):
        base = middle(_cpu(starts[OURS if name.startswith(OURS) else PEER]))
        cpu, wall = _cpu(found), _wall(found)
        net[name] = max(middle(cpu) - base, 1e-3)
        own = spread([max(one - base, 0.0) for one in cpu]) if not name.endswith(f" {workers}") or workers == 1 else ""
        rows.append((name, spread(cpu), spread(wall), own, f"{corpus.calls / middle(cpu):,.0f}", f"{corpus.calls / middle(wall):,.0f}"))
    print(f"\n{_cases(corpus)} of {corpus.scenarios} scenarios")
    print_table(HEADS, rows)
    if with_peer:
        ours, peer, ours_many, peer_many = measured
        print(f"ratio on one core, whole processes: {_ratio(_cpu(peer), _cpu(ours))} by CPU, {_ratio(_wall(peer), _wall(ours))} by the clock")
        print(f"ratio on one core, less start-up:   {net[names[1]] / net[names[0]]:.1f} by CPU")
        print(f"ratio on {workers} cores, whole processes: {_ratio(_wall(peer_many), _wall(ours_many))} by the clock")
    for program in programs(corpus, 1, with_peer):
        environ = "".join(f"{name}={value} " for name, value in program.environ.items())
        print(f"  (cd {program.cwd}; {environ}{' '.join(program.command)})")


def _print_curve(curve: Sequence[tuple[Corpus, list[Run], list[Run] | None]]) -> None:
    rows = []
    for at, (corpus, ours, peer) in enumerate(curve):
        before = curve[at - 1] if at else None
        row = [f"{corpus.cases:,} cases", f"{corpus.calls:,}"]
        for own, earlier in ((ours, before and before[1]), (peer, before and before[2])):
            row.append(f"{middle(_cpu(own)):.2f}" if own else "")
            row.append(f"x{middle(_cpu(own)) / middle(_cpu(earlier)):.1f}" if own and earlier else "")
        row.append(f"{middle(_cpu(peer)) / middle(_cpu(ours)):.1f}" if peer else "")
        row.insert(2, f"x{corpus.calls / before[0].calls:.1f}" if before else "")
        rows.append(row)
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
