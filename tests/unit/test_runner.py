"""The runner: the same events in the same order by one worker, in threads and in processes."""

from __future__ import annotations

import os
import signal
import threading
import unittest
from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

from contract_tests.execution.events import CaseFinished, Event, RunFinished, RunStarted
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.runner import Job, run
from contract_tests.model.case import Case, Outcome
from contract_tests.model.http import Request
from tests.unit.building import Channel, Transport, answer, deployment, scenario

SERVICE = "service: toy\nversion: {dialect: header, header: V, order: number, min: 1.0, max: 1.39}\n"
TEXT = """
    calls:
      - {name: one, GET: /one, expect: {status: 200, json: {$.a: 1}}}
    cleanup:
      - {name: sweep, DELETE: /one, expect: {status: 204}}
    """


def version(request: Request) -> str:
    return dict(request.headers)["V"]


def by_version(request: Request) -> Any:
    """Fails at 1.7, cannot be reached at 1.9, passes elsewhere."""
    if request.method == "DELETE":
        return answer(204)
    return answer(200, {"a": 2 if version(request) == "1.7" else 1})


class RunnerCase(unittest.TestCase):
    def job(
        self,
        answers: Any = by_version,
        *,
        replay: bool = True,
        transport: Transport | None = None,
        **fields: Any,
    ) -> Job:
        one = scenario(TEXT, SERVICE)
        place = deployment(one.service, **fields)
        cases = plan([one], place, Choice(microversions="every"), None)
        return Job(deployment=place, transport=transport or Transport(answers), cases=cases, replay=replay)

    def told(self, events: Iterable[Event]) -> list[str]:
        """The events, without what differs between two runs."""
        found = []
        for event in events:
            if isinstance(event, RunStarted):
                found.append(f"started {event.cases} on {', '.join(d.name for d in event.deployments)}")
            elif isinstance(event, CaseFinished):
                self.assertEqual(event.case.id, event.result.id)
                self.assertEqual(event.deployment.name, event.result.target)
                calls = ",".join(f"{call.name} {call.outcome.value}" for call in event.result.calls)
                found.append(
                    f"{event.result.target} {event.result.id} {event.result.outcome.value} [{calls}]"
                )
            else:
                found.append(f"finished {dict(event.counts)} {event.calls} calls {event.stopped}".strip())
        return found


class TestOrder(RunnerCase):
    def test_one_worker(self) -> None:
        told = self.told(run([self.job()]))
        self.assertEqual("started 40 on toy 1.0.0", told[0])
        self.assertEqual("toy 1.0.0 toy/what@1.0 passed [one passed,sweep passed]", told[1])
        self.assertEqual("toy 1.0.0 toy/what@1.7 failed [one failed,sweep passed]", told[8])
        self.assertEqual("finished {'passed': 39, 'failed': 1} 80 calls", told[-1])
        self.assertEqual(42, len(told))

    def test_the_same_in_processes_and_in_threads(self) -> None:
        expected = self.told(run([self.job(), self.job(name="toy 2.0.0")]))
        for replay in (True, False):
            for workers in (2, 4):
                jobs = [self.job(replay=replay), self.job(name="toy 2.0.0", replay=replay)]
                self.assertEqual(expected, self.told(run(jobs, workers=workers)), (replay, workers))

    def test_replay_is_in_processes_and_live_in_threads(self) -> None:
        def where(request: Request) -> Any:
            return answer(200, {"a": [os.getpid(), threading.get_ident()]})

        for replay in (True, False):
            found = set()
            for event in run([self.job(where, replay=replay)], workers=2):
                if isinstance(event, CaseFinished):
                    (finding,) = event.result.calls[0].findings
                    found.add(tuple(finding.got))
            processes, threads = {pid for pid, _ in found}, {ident for _, ident in found}
            self.assertEqual(replay, os.getpid() not in processes, found)
            self.assertEqual(replay, threading.get_ident() in threads or os.getpid() not in processes)

    def test_few_cases_need_no_processes(self) -> None:
        one = scenario(TEXT)
        place = deployment(one.service)
        transport = Transport(by_version_of_toy)
        cases = plan([one], place, Choice(), None)
        list(run([Job(deployment=place, transport=transport, cases=cases, replay=True)], workers=4))
        self.assertEqual(4, len(transport.sent), "it ran in this process")

    def test_nothing_to_run(self) -> None:
        self.assertEqual(
            ["started 0 on", "finished {} 0 calls"], [text.strip() for text in self.told(run([]))]
        )

    def test_skipped_cases_are_events_too(self) -> None:
        one = scenario(TEXT, SERVICE)
        place = deployment(one.service, "1.0", "1.5")
        cases = plan([one], place, Choice(microversions=("1.5", "1.6")), None)
        told = self.told(run([Job(deployment=place, transport=Transport(by_version), cases=cases)]))
        self.assertEqual("toy 1.0.0 toy/what@1.6 skipped []", told[2])
        self.assertEqual("finished {'passed': 1, 'skipped': 1} 2 calls", told[-1])


def by_version_of_toy(request: Request) -> Any:
    return answer(204) if request.method == "DELETE" else answer(200, {"a": 1})


class TestFailFast(RunnerCase):
    def test_it_stops_at_the_first_that_does_not_pass(self) -> None:
        for workers, replay in ((1, True), (4, True), (4, False)):
            told = self.told(run([self.job(replay=replay)], workers=workers, fail_fast=True))
            self.assertEqual(10, len(told), (workers, replay))
            self.assertEqual(
                "finished {'passed': 7, 'failed': 1} 16 calls "
                "stopped at the first failure: 32 cases did not run",
                told[-1],
            )

    def test_it_names_what_it_left(self) -> None:
        events = list(run([self.job()], fail_fast=True))
        first, last = events[0], events[-1]
        assert isinstance(first, RunStarted) and isinstance(last, RunFinished)
        self.assertEqual(("toy 1.0.0", "toy/what@1.8", "toy.what@1.8"), astuple(last.left[0]))
        self.assertEqual(first.planned[8:], last.left)


class TestInterrupt(RunnerCase):
    def test_in_a_call(self) -> None:
        def answers(request: Request) -> Any:
            if version(request) == "1.2" and request.method == "GET":
                raise KeyboardInterrupt
            return by_version(request)

        for workers in (1, 2):
            told = self.told(run([self.job(answers, replay=False)], workers=workers))
            self.assertEqual("finished {'passed': 2} 4 calls interrupted: 38 cases did not run", told[-1])

    def test_by_the_consumer(self) -> None:
        for workers, replay in ((1, True), (2, True), (2, False)):
            events = run([self.job(replay=replay)], workers=workers)
            for _ in range(4):
                next(events)
            last = events.throw(KeyboardInterrupt())
            self.assertIsInstance(last, RunFinished)
            self.assertEqual(
                ["finished {'passed': 3} 6 calls interrupted: 37 cases did not run"], self.told([last])
            )
            self.assertEqual([], list(events))

    def test_before_the_first_case(self) -> None:
        events = run([self.job()])
        next(events)
        self.assertEqual(
            ["finished {} 0 calls interrupted: 40 cases did not run"],
            self.told([events.throw(KeyboardInterrupt())]),
        )

    def test_a_consumer_that_goes_away(self) -> None:
        events = run([self.job(replay=False)], workers=2)
        next(events)
        next(events)
        events.close()


class Dying(Transport):
    def open(self, case: Case | None = None) -> Channel:
        assert case is not None
        if str(case.microversion) == "1.20":
            os.kill(os.getpid(), signal.SIGKILL)
        return Channel(self)


class TestCrash(RunnerCase):
    def test_a_worker_that_dies(self) -> None:
        """Every case is told of: what ended, what did not pass, and what nobody knows the end of.

        1.20 stands in the fifth piece of work. Of the four before it a worker tells three before it takes the
        fifth; what the other one does meanwhile may be lost with it.
        """
        events = list(run([self.job(transport=Dying(by_version))], workers=2))
        results = {e.result.id: e.result for e in events if isinstance(e, CaseFinished)}
        self.assertEqual(40, len(results))
        last = events[-1]
        assert isinstance(last, RunFinished)
        self.assertEqual("", last.stopped)
        self.assertEqual(40, sum(last.counts.values()))
        self.assertIs(Outcome.ERROR, results["toy/what@1.20"].outcome)
        self.assertIn("a worker process died before it told", results["toy/what@1.20"].reason)
        before = [results[f"toy/what@1.{at}"].outcome for at in (0, 5, 10, 15)]
        self.assertGreaterEqual(before.count(Outcome.PASSED), 3, before)

    def test_a_mistake_of_ours_in_a_case_is_that_cases(self) -> None:
        def answers(request: Request) -> Any:
            if version(request) == "1.3":
                raise ZeroDivisionError("oops")
            return by_version(request)

        for workers, replay in ((1, True), (2, True), (2, False)):
            events = list(run([self.job(answers, replay=replay)], workers=workers))
            last = events[-1]
            assert isinstance(last, RunFinished)
            self.assertEqual({"passed": 38, "error": 1, "failed": 1}, dict(last.counts))
            (bad,) = [
                e.result for e in events if isinstance(e, CaseFinished) and e.result.outcome is Outcome.ERROR
            ]
            self.assertIn(
                "a mistake in contract-tests itself, please report it: ZeroDivisionError: oops",
                bad.calls[0].reason,
            )

    def test_a_result_that_cannot_be_brought_home(self) -> None:
        class Odd:
            def __reduce__(self) -> Any:
                raise TypeError("this cannot be pickled")

        def answers(request: Request) -> Any:
            found = answer(200, {"a": 2})
            found.__dict__["json"] = {"a": Odd()}
            return found

        told = self.told(run([self.job(answers)], workers=2))
        self.assertIn(
            "a mistake in contract-tests itself, please report it: TypeError: this cannot be pickled",
            told[-1],
        )
        self.assertIn("40 cases did not run", told[-1])


if __name__ == "__main__":
    unittest.main()
