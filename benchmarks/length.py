"""The benchmark `length`: one cassette of N interactions replayed, beside vcrpy, which searches it.

The case and the peer make the same N requests in order and check a status and a value of each answer.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path

from benchmarks.growth import APPLICATION, CONFIG
from benchmarks.measure import Program, machine, middle, print_table, run_all, spread
from benchmarks.plot import curves

OURS, PEER = "contract-tests", "requests + vcrpy"
_SERVICE = "service: grown\ntitle: A service without versions\nversion: {dialect: none}\n"
_PEER = """
    import sys

    import requests
    import vcr

    cassette, endpoint, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    session = requests.Session()
    with vcr.VCR(record_mode="none", match_on=["method", "path", "query"]).use_cassette(cassette):
        for at in range(count):
            answer = session.get(f"{endpoint}/{at}")
            assert answer.status_code == 200 and answer.json()["at"] == f"/{at}", at
    """


def length(lengths: Sequence[int], runs: int, svg: Path | None) -> None:
    """Replay cassettes of so many interactions; `svg` is where the curves go."""
    print(f"{machine()}; median (lowest-highest) of {runs} fresh processes a row, in turns")
    rows: list[Sequence[str]] = []
    points: dict[str, list[tuple[float, float]]] = {OURS: [], PEER: []}
    for count in lengths:
        with tempfile.TemporaryDirectory() as folder:
            programs = _write(Path(folder), count)
            found = run_all(programs, runs)
        taken = [[run.cpu for run in own] for own in found]
        for name, own in zip(points, taken, strict=True):
            points[name].append((count, middle(own)))
        ratio = [peer / ours for ours, peer in zip(*taken, strict=True)]
        rows.append((f"{count:,}", *map(spread, taken), spread(ratio)))
    print_table(("interactions", f"{OURS}, CPU s", f"{PEER}, CPU s", "ratio"), rows)
    if svg is not None:
        curves(svg, {"Replay of one cassette, seconds of processor time": points}, "its interactions")


def _write(folder: Path, count: int) -> list[Program]:
    """A project with one case of so many calls, recorded, and what replays it."""
    calls = [
        {"name": f"call {at}", "GET": f"/{at}", "expect": {"status": 200, "json": {"$.at": f"/{at}"}}}
        for at in range(count)
    ]
    scenario = {
        "scenario": "long",
        "id": "5d3a3f0e-3c0c-4c59-8a2e-8a0f1f7f4a11",
        "service": "grown",
        "calls": calls,
    }
    for name, text in (
        ("contract-tests.yaml", CONFIG),
        ("services/grown.yaml", _SERVICE),
        ("scenarios/long.yaml", json.dumps(scenario, indent=1)),
        ("grown.py", APPLICATION),
        ("peer.py", _PEER),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text).lstrip())
    run = (sys.executable, "-m", "contract_tests", "run", "--jobs", "1")
    record = ("--target", "wsgi:grown:old", "--release", "1", "--record", "recordings")
    run_all([Program("record", (*run, *record), folder, {})], 1)
    recording = folder / "recordings/grown/1"
    (cassette,) = recording.glob("*/*.yaml")
    endpoint = re.search(r"uri: (\S+?)/0\n", cassette.read_text())
    assert endpoint is not None, "the first interaction is of /0"
    peer = (sys.executable, "peer.py", str(cassette), endpoint[1], str(count))
    return [
        Program(OURS, (*run, "--target", str(recording)), folder, {}),
        Program(PEER, peer, folder, {}),
    ]
