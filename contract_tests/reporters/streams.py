"""Results as they happen, so that they are there if a run is killed: lines of JSON, and subunit."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from typing import Any

from contract_tests import __version__
from contract_tests.errors import UsageError
from contract_tests.execution.events import CaseFinished, Event, RunFinished, RunStarted
from contract_tests.execution.plan import Planned
from contract_tests.model.case import Outcome
from contract_tests.reporters.files import case_document, deployment_document, end_document, json_text
from contract_tests.reporters.harmless import printable
from contract_tests.reporters.words import Mask, case_lines, exchange_text, secrets_of


class EventsReporter:
    """A JSON document a line, with `event`: started, case (each), finished.

    `started` has the `planned` cases, so that also of a run that was killed one can tell what is missing;
    `case` is as in the JSON report; `finished` has the counts and what did not run.
    """

    def __init__(self, write: Callable[[bytes], None], mask: Mask) -> None:
        self.write = write
        self.mask = mask

    def consume(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._line(
                "started",
                contract_tests=__version__,
                deployments=[deployment_document(deployment) for deployment in event.deployments],
                planned=[_planned(one) for one in event.planned],
            )
        elif isinstance(event, CaseFinished):
            self._line("case", **case_document(event, self.mask))
        else:
            self._line("finished", **end_document(event))

    def _line(self, name: str, **document: Any) -> None:
        self.write(f"{json_text({'event': name, **document})}\n".encode())


def _planned(one: Planned) -> dict[str, str]:
    return {"target": one.target, "id": one.id}


class SubunitReporter:
    """A subunit v2 stream: every planned case exists, then each begins and ends, with what is told of it.

    A case that could not run is `fail`: subunit knows no error. A run that was stopped ends with a test
    that fails and says why; what did not run only exists. UsageError where python-subunit is not installed.
    """

    def __init__(self, write: Callable[[bytes], None], mask: Mask) -> None:
        try:
            from subunit import StreamResultToBytes
        except ImportError:
            raise UsageError(
                "--subunit: it needs python-subunit (pip install contract-tests[subunit])"
            ) from None
        self.stream = StreamResultToBytes(_Stream(write))
        self.mask = mask
        self.tests: dict[tuple[str, str], str] = {}

    def consume(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            for one in event.planned:
                self.tests[one.target, one.id] = one.test_id
                self.stream.status(test_id=one.test_id, test_status="exists")
        elif isinstance(event, CaseFinished):
            self._case(event)
        else:
            self._end(event)

    def _case(self, event: CaseFinished) -> None:
        result = event.result
        test_id = self.tests[result.target, result.id]
        now = datetime.datetime.now(datetime.UTC)
        begun = now - datetime.timedelta(seconds=result.seconds)
        self.stream.status(test_id=test_id, test_status="inprogress", timestamp=begun)
        if result.outcome is Outcome.SKIPPED:
            self._attach(test_id, "reason", self.mask(result.reason))
        elif result.outcome is not Outcome.PASSED:
            self._attach(
                test_id, "findings", "\n".join(case_lines(event.case, result, event.deployment, self.mask))
            )
            for call in result.calls:
                if call.request is not None and call.outcome is not Outcome.SKIPPED:
                    secrets = secrets_of(call, event.case.scenario)
                    text = exchange_text(call, event.deployment, secrets)
                    self._attach(test_id, printable(f"exchange: {call.name}"), self.mask(text))
        self.stream.status(test_id=test_id, test_status=_STATUSES[result.outcome], timestamp=now)

    def _end(self, event: RunFinished) -> None:
        if event.stopped:
            self._attach("contract-tests.the run", "reason", self.mask(event.stopped))
            self.stream.status(test_id="contract-tests.the run", test_status="fail")

    def _attach(self, test_id: str, name: str, text: str) -> None:
        self.stream.status(
            test_id=test_id,
            file_name=name,
            file_bytes=text.encode("utf-8", "replace"),
            mime_type="text/plain; charset=utf8",
            eof=True,
        )


_STATUSES = {
    Outcome.PASSED: "success",
    Outcome.FAILED: "fail",
    Outcome.ERROR: "fail",
    Outcome.SKIPPED: "skip",
}


class _Stream(io.BufferedIOBase):
    """What subunit writes to."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._write(bytes(data))
        return len(data)
