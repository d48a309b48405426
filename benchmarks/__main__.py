"""Benchmarks.

python -m benchmarks replay                    against pytest + vcrpy + requests + jsonschema
python -m benchmarks replay --cases 100 1000 10000
python -m benchmarks reading                   how fast cassettes are read
python -m benchmarks startup                   what a command costs before it does its work
python -m benchmarks compare                   the differ beside deepdiff
python -m benchmarks fronts                    the same cases through pytest, unittest and stestr
python -m benchmarks live                      beside a bare loop of requests, and beside gabbi
python -m benchmarks live --placement 16.0.0   the same on a real service of the lab
python -m benchmarks growth                    time and memory up to 100,000 interactions
python -m benchmarks length                    one cassette by its length, beside vcrpy
python -m benchmarks.mutations                 changes to recorded answers, and what the comparison says
python -m benchmarks corpus DIR --cases 1000   the work of `replay` in DIR, to be profiled
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

from benchmarks.compare import compare
from benchmarks.corpus import build, read_work
from benchmarks.fronts import fronts
from benchmarks.growth import growth
from benchmarks.length import length
from benchmarks.live import live
from benchmarks.measure import versions
from benchmarks.reading import reading
from benchmarks.replay import replay
from benchmarks.startup import startup

HERE = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--recordings", type=Path, default=HERE / "cassettes", metavar="DIR")
    shared.add_argument("--config", type=Path, metavar="FILE", help="whose scenarios to take (the package's)")
    shared.add_argument("--runs", type=int, default=3, metavar="N", help="processes a figure (3)")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("replay", parents=[shared], help="against the peer")
    one.add_argument("--cases", type=int, nargs="+", default=[100, 1000], metavar="N", help="(100 1000)")
    one.add_argument("--peer-most", type=int, default=10**9, metavar="N", help="leave it out of larger ones")
    one.add_argument("--workers", type=int, default=2, metavar="N", help="cores where several are used (2)")
    commands.add_parser("reading", parents=[shared], help="cassettes")
    commands.add_parser("compare", parents=[shared], help="the differ")
    commands.add_parser("startup", parents=[shared], help="a command's fixed costs")
    gate = commands.add_parser("fronts", parents=[shared], help="the fronts beside the command line")
    gate.add_argument("--cases", type=int, default=500, metavar="N", help="(500)")
    grown = commands.add_parser("growth", parents=[shared], help="time and memory by size")
    grown.add_argument("--interactions", type=int, nargs="+", default=[1000, 10_000, 100_000], metavar="N")
    long = commands.add_parser("length", parents=[shared], help="one cassette, by its length")
    long.add_argument("--interactions", type=int, nargs="+", default=[10, 100, 1000, 3000], metavar="N")
    for drawn in (grown, long):
        drawn.add_argument("--svg", type=Path, metavar="FILE", help="draw the curves")
    alive = commands.add_parser("live", parents=[shared], help="beside a bare loop of requests, and gabbi")
    alive.add_argument("--requests", type=int, nargs=2, default=[300, 900], metavar="N", help="(300 900)")
    alive.add_argument("--milliseconds", type=float, default=5, metavar="N", help="the server's (5)")
    alive.add_argument("--placement", default="", metavar="RELEASE", help="also this one, of the lab")
    only = commands.add_parser("corpus", parents=[shared], help="only write the cases")
    only.add_argument("folder", type=Path)
    only.add_argument("--cases", type=int, default=1000, metavar="N")
    options = parser.parse_args()
    recordings = options.recordings.resolve()
    if options.command == "corpus":
        made = build(options.folder.resolve(), read_work(recordings, options.config), options.cases)
        print(f"{made.path}: {made.cases} cases, {made.calls} calls of {made.scenarios} scenarios")
        return
    print(f"$ python -m benchmarks {shlex.join(sys.argv[1:])}\n{versions()}", flush=True)
    if options.command == "compare":
        compare(recordings, options.runs)
        return
    if options.command == "growth":
        growth(options.interactions, options.runs, options.svg)
        return
    if options.command == "length":
        length(options.interactions, options.runs, options.svg)
        return
    if options.command == "reading":
        reading(recordings, options.runs)
        return
    if options.command == "live":
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            live(Path(folder), options.milliseconds, options.requests, options.runs, options.placement)
        return
    work = read_work(recordings, options.config)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        if options.command == "replay":
            replay(Path(folder), work, options.cases, options.runs, options.peer_most, options.workers)
        elif options.command == "fronts":
            fronts(Path(folder), work, options.cases, options.runs)
        else:
            startup(Path(folder), work, options.runs)


if __name__ == "__main__":
    main()
