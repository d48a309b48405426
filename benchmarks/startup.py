"""The benchmark `startup`: what a command costs before it does its work."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.corpus import Work, build
from benchmarks.measure import Program, machine, print_table, run_all, run_once, spread
from benchmarks.replay import programs
from contract_tests.reporters.words import plural

MODULES = ("requests", "vcr", "jsonschema", "keystoneauth1", "rich", "yaml", "regex", "email", "socket")
"""What a replay may want, or should not."""


def startup(folder: Path, work: Work, runs: int) -> None:
    """Measure in `folder`, an empty one."""
    few = min(work.units, key=lambda unit: len(unit.exchanges))
    smallest = build(folder / "start", replace(work, units=(few,)), len(few.exchanges))
    ours = (sys.executable, "-m", "contract_tests")
    replay, peer, _ = programs(smallest)
    shipped = (*ours, "list", "--recordings", *map(str, work.places.recordings))
    chosen = [
        Program("python -c pass", (sys.executable, "-c", "pass"), folder, {}),
        Program("python -c 'import requests'", (sys.executable, "-c", "import requests"), folder, {}),
        Program("contract-tests --help", (*ours, "--help"), folder, {}),
        Program("contract-tests run --help", (*ours, "run", "--help"), folder, {}),
        Program(
            f"contract-tests list, {plural(smallest.scenarios, 'scenario')}",
            (*ours, "list"),
            smallest.path,
            {},
        ),
        Program("contract-tests list, all that is shipped", shipped, folder, {}),
        Program(f"contract-tests run, {smallest.calls} calls", replay.command, replay.cwd, {}),
        Program("pytest --version", (sys.executable, "-m", "pytest", "--version"), folder, peer.environ),
        Program(f"pytest+vcrpy, {smallest.calls} calls", peer.command, peer.cwd, peer.environ),
    ]
    for program in chosen:
        run_once(program)
    found = run_all(chosen, runs)
    print(f"{machine()}; median (lowest-highest) of {runs} fresh processes a row, in turns")
    rows = [
        (program.name, spread([run.cpu for run in own]), spread([run.wall for run in own]))
        for program, own in zip(chosen, found, strict=True)
    ]
    print_table(("", "CPU s", "wall s"), rows)
    print(f"\nmodules that such a replay imports, of {', '.join(MODULES)}:")
    code = (
        "import sys; from contract_tests.cli.main import main; "
        f"main({list(replay.command[3:])!r}); "
        f"print(len(sys.modules), *(name for name in {MODULES!r} if name in sys.modules))"
    )
    lister = Program("modules", (sys.executable, "-c", code), replay.cwd, {})
    count, *names = run_once(lister)[1].splitlines()[-1].split()
    print(f"{', '.join(names) or 'none'}; {count} modules in all")
