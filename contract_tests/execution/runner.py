"""The runner: cases side by side, results in order, events as they come.

Replay is work for the processor, so it runs in processes; a live run waits for the network, so it runs
in threads. Either way a worker runs whole cases, and a case's calls stay in order.
"""

from __future__ import annotations

import collections
import contextlib
import datetime
import functools
import gc
import signal
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from contract_tests.execution.case import run_case, told
from contract_tests.execution.causes import Needed, waived
from contract_tests.execution.events import CaseFinished, Event, RunFinished, RunStarted
from contract_tests.execution.plan import planned
from contract_tests.model.case import Case, CaseResult, Outcome
from contract_tests.model.target import Deployment
from contract_tests.transport.base import Transport

if TYPE_CHECKING:  # most runs compare nothing
    from contract_tests.comparison.policy import Waiver
    from contract_tests.execution.baseline import Baseline

_FEW = 16
"""Below this many cases a second process costs more than it brings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One deployment's cases. `replay`: it answers from a recording, so nothing needs to be waited for.

    `baseline` is what its answers are held to besides; `random` asks for inputs at random; `waivers` are
    failures that are accepted.
    """

    deployment: Deployment
    transport: Transport
    cases: tuple[Case, ...]
    replay: bool = False
    baseline: Baseline | None = None
    waivers: tuple[Waiver, ...] = ()
    random: Random | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Random:
    """Inputs at random in place of the derived ones: how many for each call, and from which seed."""

    count: int
    seed: int


Item = tuple[Job, Case]


def run(jobs: Sequence[Job], *, workers: int = 1, fail_fast: bool = False) -> Generator[Event, None, None]:
    """Run all cases of all jobs and yield what happens; the last event is a RunFinished.

    A consumer that is interrupted throws its KeyboardInterrupt into the generator and goes on consuming.
    """
    items: list[Item] = [(job, case) for job in jobs for case in job.cases]
    names = planned((job.deployment, job.cases) for job in jobs)
    counts: collections.Counter[str] = collections.Counter()
    needed = Needed(datetime.date.today())
    calls = unheld = 0
    stopped = ""
    started = time.monotonic()
    results = _results(items, workers)
    try:
        yield RunStarted(deployments=tuple(job.deployment for job in jobs), cases=len(items), planned=names)
        for (job, case), result in zip(items, results, strict=True):
            counts[result.outcome.value] += 1
            calls += result.count
            unheld += not result.held
            needed.note(result, case, job.deployment, job.waivers)
            yield CaseFinished(case=case, deployment=job.deployment, result=result)
            if fail_fast and result.outcome in (Outcome.FAILED, Outcome.ERROR):
                stopped = "stopped at the first failure"
                break
    except KeyboardInterrupt:
        stopped = "interrupted"
    except Exception as error:
        stopped = told(error)
    finally:
        results.close()
    left = len(items) - counts.total()
    if stopped:
        stopped += f": {left} case{'' if left == 1 else 's'} did not run"
    yield RunFinished(
        counts=dict(counts),
        calls=calls,
        seconds=time.monotonic() - started,
        stopped=stopped,
        unheld=unheld,
        left=names[len(items) - left :],
        waivers=tuple(needed.said()),
    )


def _results(items: Sequence[Item], workers: int) -> Generator[CaseResult, None, None]:
    """The results of all items, in order."""
    replay = all(job.replay for job, _ in items)
    if workers <= 1 or len(items) < 2 or (replay and len(items) < _FEW):
        return (run_item(*item) for item in items)
    return _in_processes(items, workers) if replay else _in_threads(items, workers)


def run_item(job: Job, case: Case) -> CaseResult:
    """Run one case of a job, held to the job's baseline where it has one."""
    if job.random is not None:
        from contract_tests.execution.random_input import explorer

        explore = explorer(case.microversion, count=job.random.count, seed=job.random.seed)
        return run_case(case, job.transport, job.deployment, explore=explore)
    run_one = run_case if job.baseline is None else job.baseline.run_case
    result = run_one(case, job.transport, job.deployment, sleep=None if job.replay else time.sleep)
    return waived(result, case, job.deployment.release, job.waivers, datetime.date.today())


def _in_threads(items: Sequence[Item], workers: int) -> Generator[CaseResult, None, None]:
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="case")
    yield from _ordered(pool, [functools.partial(_alone, item) for item in items])


def _alone(item: Item) -> list[CaseResult]:
    return [run_item(*item)]


_SHARED: list[Sequence[Item]] = []
"""What forked workers inherit, so that scenarios and recordings need not be sent to them."""


def _in_processes(items: Sequence[Item], workers: int) -> Generator[CaseResult, None, None]:
    size = max(1, min(64, len(items) // (workers * 4)))
    spans = [range(at, min(at + size, len(items))) for at in range(0, len(items), size)]
    _SHARED.append(items)
    try:
        pool = ProcessPoolExecutor(
            max_workers=workers, mp_context=get_context("fork"), initializer=_start_worker
        )
        yield from _ordered(
            pool, [_Span(span) for span in spans], lambda at: [_lost(items[one]) for one in spans[at]]
        )
    finally:
        _SHARED.pop()


_DIED = (
    "it is not known how this ended: a worker process died before it told (was it killed, or out of memory? "
    "--jobs 1 runs without workers)"
)


def _lost(item: Item) -> CaseResult:
    job, case = item
    return CaseResult(id=case.id, target=job.deployment.name, outcome=Outcome.ERROR, reason=_DIED)


def _start_worker() -> None:
    """The parent handles Ctrl-C; collecting what was inherited would copy its pages."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()


@dataclass(frozen=True, slots=True)
class _Span:
    span: range

    def __call__(self) -> list[CaseResult]:
        items = _SHARED[-1]
        return [run_item(*items[at]) for at in self.span]


def _ordered(
    pool: Executor,
    work: Sequence[Callable[[], list[CaseResult]]],
    lost: Callable[[int], list[CaseResult]] = lambda at: [],
) -> Generator[CaseResult, None, None]:
    """What `work` gives, in its order; what has not begun is dropped when the consumer stops.

    Where a worker process dies, `lost` gives the results of that piece of work in its place: what others
    have told already, also of later work, is kept.
    """
    futures: list[Future[list[CaseResult]]] = []
    try:
        with contextlib.suppress(BrokenProcessPool):
            for one in work:
                futures.append(pool.submit(one))
        for at in range(len(work)):
            try:
                found = futures[at].result() if at < len(futures) else lost(at)
            except BrokenProcessPool:
                found = lost(at)
            yield from found
    finally:
        for future in futures:
            future.cancel()
        pool.shutdown(wait=True, cancel_futures=True)
