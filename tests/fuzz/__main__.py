"""Fuzz the parsers and the differ, guided by coverage (atheris, which is libFuzzer for Python).

    tox -e fuzz                                    each target for a while
    tox -e fuzz -- loader cassette --seconds 3600  these for an hour each
    python -m tests.fuzz loader --input FILE       what a crash file does, with its traceback

Exit status 1 where a law of tests/fuzz/targets.py was broken; the bytes that broke it stay in a file, whose
name is printed. They become a unit test together with what mends it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS

SECONDS = 20


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (all)")
    parser.add_argument("--seconds", type=int, default=SECONDS, metavar="N", help=f"for each ({SECONDS})")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the changes (1)")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="keep what is found interesting there")
    parser.add_argument("--input", type=Path, metavar="FILE", help="only hold the target to these bytes")
    options = parser.parse_args()
    unknown = [name for name in options.targets if name not in TARGETS]
    if unknown:
        parser.error(f"no target {unknown[0]!r}; expected {', '.join(TARGETS)}")
    chosen = options.targets or list(TARGETS)
    if options.input is not None:
        for name in chosen:
            TARGETS[name].law(options.input.read_bytes())
        return 0
    broken = [name for name in chosen if not _fuzz(name, options.seconds, options.seed, options.corpus)]
    print(f"{len(chosen)} targets, {options.seconds} s each: {', '.join(broken) or 'none'} broken")
    return 1 if broken else 0


def _fuzz(name: str, seconds: int, seed: int, corpus: Path | None) -> bool:
    """Whether the law held. libFuzzer ends its process, so that each target has one of its own."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as made:
        folder = Path(made)
        seeds, found = folder / "seeds", corpus / name if corpus is not None else folder / "found"
        seeds.mkdir()
        found.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(TARGETS[name].seeds()):
            (seeds / str(number)).write_bytes(data)
        limits = (f"-max_total_time={seconds}", f"-seed={seed}", "-timeout=20", "-rss_limit_mb=2000")
        quiet = ("-print_final_stats=1", "-verbosity=0", f"-artifact_prefix=fuzz-{name}-")
        print(f"== {name}", flush=True)
        command = (sys.executable, "-m", "tests.fuzz.guided", name, *limits, *quiet, str(found), str(seeds))
        return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
