"""What a person sees: progress while it runs, what did not pass as it happens, a matrix at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any, Self

from contract_tests.execution.events import CaseFinished, Event, RunFinished, RunStarted
from contract_tests.model.case import CallResult, Case, Outcome
from contract_tests.reporters.harmless import harmless, printable
from contract_tests.reporters.matrix import Row, matrix
from contract_tests.reporters.words import (
    Mask,
    case_lines,
    message,
    plural,
    secrets_of,
    shown_request,
)

_REASONS = 8
"""Reasons for skips that are shown, the most frequent ones."""

_SHOWN = 50
"""Cases shown in full; of the rest the matrix tells, and the files that a run writes."""


class TerminalReporter:
    """Writes to `out`; progress goes to `err` where that is a terminal."""

    def __init__(
        self, out: IO[str], err: IO[str], mask: Mask, *, verbose: bool = False, show_matrix: bool = True
    ) -> None:
        self.out = out
        self.err = err
        self.mask = mask
        self.verbose = verbose
        self.show_matrix = show_matrix
        self.rows: list[Row] = []
        self.skips: Counter[str] = Counter()
        self.causes: dict[str, list[str]] = {}
        self.waived = 0
        self.hidden = 0
        self._shown = 0
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def consume(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._start(event.cases)
        elif isinstance(event, CaseFinished):
            self._case(event)
        else:
            self._stop()
            self._finish(event)

    def _start(self, cases: int) -> None:
        if not self.err.isatty() or cases < 2:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(file=self.err),
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task("cases", total=cases)

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _case(self, event: CaseFinished) -> None:
        result = event.result
        self.rows.append((event.deployment, event.case, result.outcome))
        if self._progress is not None:
            self._progress.update(self._task, advance=1, description=printable(result.id))
        self.waived += result.waived
        for call in result.calls if result.outcome is Outcome.FAILED else ():
            if call.cause:
                found = next(one for one in result.calls if one.name == call.cause)
                self.causes.setdefault(_what_failed(found, event.case), []).append(result.id)
        if result.outcome is Outcome.SKIPPED:
            self.skips[result.reason] += 1
        if result.outcome in (Outcome.FAILED, Outcome.ERROR):
            if self._shown >= _SHOWN and not self.verbose:
                self.hidden += 1
                return
            self._shown += 1
            self._write([*case_lines(event.case, result, event.deployment, self.mask), ""])
        elif self.verbose:
            reason = f": {self.mask(result.reason)}" if result.reason else ""
            calls = plural(result.count, "call")
            self._write(
                [printable(f"{result.outcome.value} {result.id} on {result.target} ({calls}){reason}")]
            )

    def _causes(self) -> Iterator[str]:
        """What failed in APIs below, and how much above it failed after that."""
        for text, cases in self.causes.items():
            above = f"{plural(len(cases), 'call')} in {plural(len(set(cases)), 'case')}"
            yield f"cause below: {text}; {above} failed after it"

    def _write(self, lines: list[str]) -> None:
        text = harmless("\n".join(lines))
        if self._progress is not None:
            self._progress.stop()
            print(text, file=self.out)
            self._progress.start()
        else:
            print(text, file=self.out)

    def _finish(self, event: RunFinished) -> None:
        lines: list[str] = []
        if self.hidden:
            lines += [f"{plural(self.hidden, 'more case')} did not pass (--verbose shows all)", ""]
        if self.show_matrix and self.rows:
            lines += matrix(self.rows, whole=self.verbose)
        shown = self.skips.most_common(None if self.verbose else _REASONS)
        lines += [printable(f"skipped {plural(count, 'case')}: {reason}") for reason, count in shown]
        if len(self.skips) > len(shown):
            others = sum(self.skips.values()) - sum(count for _, count in shown)
            lines.append(f"skipped {plural(others, 'case')} for other reasons (--verbose shows them)")
        lines += [printable(self.mask(line)) for line in self._causes()]
        if self.waived:
            verb = "is" if self.waived == 1 else "are"
            lines.append(f"{plural(self.waived, 'failing call')} {verb} waived (--verbose shows why)")
        lines += [printable(f"WARN {text}") for text in event.waivers]
        if event.stopped:
            lines.append(event.stopped)
        if event.unheld:
            lines.append(f"{plural(event.unheld, 'case')} had no answer in the baseline to be held to")
        lines.append(summary(event))
        self._write([self.mask(line) for line in lines])


def _what_failed(call: CallResult, case: Case) -> str:
    """A call that failed below, in words that are the same in every case."""
    request = shown_request(call, secrets_of(call, case.scenario))
    told = [message(one, secrets_of(call, case.scenario)) for one in call.findings[:1]] or [call.reason]
    asked = f"{request.method} {request.target.partition('?')[0]} on {request.service}" if request else ""
    return f"{asked} ('{call.name}'): {told[0]}"


def summary(event: RunFinished) -> str:
    """`1,207 cases: 1,200 passed, 7 skipped (9,310 calls in 3.1 s)`."""
    cases = plural(sum(event.counts.values()), "case")
    words = {"passed": "passed", "failed": "failed", "error": "could not run", "skipped": "skipped"}
    parts = [f"{event.counts[key]:,} {text}" for key, text in words.items() if event.counts.get(key)]
    calls = f"{plural(event.calls, 'call')} in {event.seconds:.1f} s"
    return f"{cases}: {', '.join(parts) or 'nothing ran'} ({calls})"
