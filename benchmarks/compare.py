"""The benchmark `compare`: the differ beside deepdiff, on the answers of two releases, in one process."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, middle, print_table, spread
from contract_tests.cli.open import Wanted, load, open_jobs
from contract_tests.comparison.correlation import Correlation, path_patterns
from contract_tests.comparison.differ import diff
from contract_tests.execution.compare import answers
from contract_tests.execution.plan import Choice
from contract_tests.loading.config import SHIPPED, Places
from contract_tests.loading.library import Library
from contract_tests.model.http import MISSING, Response

SERVICE = "placement"
_SHORTEST = 0.5
"""Seconds below which a processor's clock tells little."""

Pair = tuple[Response, Response]


def compare(recordings: Path, runs: int) -> None:
    """Time both on every pair of answers with JSON bodies, as recorded and with a change in each."""
    import deepdiff
    import jsondiff

    pairs, same = _pairs(recordings)
    changed = [(old, _changed(new)) for old, new in pairs]
    size = sum(len(old.body) for old, _ in pairs) / 1e6
    what = f"{len(pairs):,} pairs of answers, {size:.1f} MB; {runs} runs"
    print(f"{machine()}; {what}")
    rows = []
    for name, work in (("as recorded", pairs), ("a property more in each", changed)):
        ours = _times(lambda old, new: diff(old, new, same), work, runs)
        peer = _times(
            lambda old, new: deepdiff.DeepDiff(json.loads(old.body), json.loads(new.body), ignore_order=True),
            work,
            runs,
        )
        plain = _times(
            lambda old, new: deepdiff.DeepDiff(json.loads(old.body), json.loads(new.body)), work, runs
        )
        third = _times(lambda old, new: jsondiff.diff(json.loads(old.body), json.loads(new.body)), work, runs)
        labelled = (
            ("contract-tests", ours),
            ("deepdiff", plain),
            ("deepdiff, ignore_order", peer),
            ("jsondiff", third),
        )
        for label, own in labelled:
            rate = f"{len(work) / middle(own):,.0f}"
            rows.append((f"{name}: {label}", spread(own), rate, f"{middle(own) / middle(ours):.1f}"))
    print_table(("", "CPU s", "pairs/s", "ratio"), rows)
    print(f"memory at its highest while comparing: {_peak(changed, same) / 1e6:.2f} MB")


def _pairs(recordings: Path) -> tuple[list[Pair], Correlation]:
    library = Library(Places().override(scenarios=(str(SHIPPED / "scenarios" / SERVICE),)).with_shipped())
    scenarios = load(library, [], [SERVICE])
    found: list[dict[tuple[str, str], Response]] = []
    wanted = Wanted(targets=(str(recordings / SERVICE),))
    with open_jobs(library, scenarios, wanted, Choice()) as opened:
        for job in opened.jobs[-2:]:
            given: dict[tuple[str, str], Response] = {}
            for case in job.cases:
                made = (
                    answers(case, job.transport, job.deployment, replay=True).responses
                    if not case.skip
                    else {}
                )
                given.update({(case.id, call): response for call, (_, response) in made.items()})
            found.append(given)
    old, new = found
    same = Correlation(free_form=path_patterns(scenarios[0].service.free_form))
    keys = [key for key in old if key in new and MISSING not in (old[key].json, new[key].json)]
    return [(replace(old[key]), replace(new[key])) for key in keys], same


def _changed(answer: Response) -> Response:
    document = json.loads(answer.body)
    if isinstance(document, dict):
        document["added"] = {"by": "this benchmark"}
    return replace(answer, body=json.dumps(document).encode())


def _times(work: Callable[[Response, Response], Any], pairs: Sequence[Pair], runs: int) -> list[float]:
    found = []
    for _ in range(runs):
        gc.collect()
        rounds, started = 0, time.process_time()
        while rounds == 0 or time.process_time() - started < _SHORTEST:
            for old, new in pairs:
                work(old, new)
            rounds += 1
        found.append((time.process_time() - started) / rounds)
    return found


def _peak(pairs: Sequence[Pair], same: Correlation) -> int:
    tracemalloc.start()
    for old, new in pairs:
        diff(old, new, same)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
