"""Results for a review: a Markdown summary, SARIF 2.1.0, and annotations of GitHub Actions.

One line of a scenario may fail at forty microversions; here that is told once, with all its cases.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from contract_tests import __version__
from contract_tests.checks.rules import RULES
from contract_tests.execution.events import CaseFinished, Event, RunFinished
from contract_tests.model.case import Outcome
from contract_tests.model.finding import Mark
from contract_tests.reporters.files import json_text
from contract_tests.reporters.harmless import cell, printable
from contract_tests.reporters.terminal import summary
from contract_tests.reporters.words import Mask, message, plural, secrets_of

COULD_NOT_RUN = "could-not-run"
"""Stands for a rule where a call or a case could not be run, so that nothing is known."""

_LONGEST = 200
"""Rows of a Markdown table: GitHub shows a summary of up to 1 MiB."""


@dataclass(slots=True)
class Told:
    """Something that did not pass, at one place, with the cases (`id on target`) in which it was seen."""

    rule: str
    mark: Mark
    text: str
    cases: list[str] = field(default_factory=list)

    def extent(self) -> str:
        """`3 cases: a, b and others`."""
        shown = ", ".join(self.cases[:2]) + (" and others" if len(self.cases) > 2 else "")
        return f"{plural(len(self.cases), 'case')}: {shown}"


class _Reviewer:
    """Gathers a run; at its end `document` is written."""

    def __init__(self, write: Callable[[str], None], mask: Mask) -> None:
        self.write = write
        self.mask = mask
        self.told: dict[tuple[str, Mark, str], Told] = {}
        self.outcomes: dict[str, Counter[Outcome]] = defaultdict(Counter)
        self.skips: Counter[str] = Counter()

    def consume(self, event: Event) -> None:
        if isinstance(event, CaseFinished):
            self.outcomes[event.result.target][event.result.outcome] += 1
            if event.result.outcome is Outcome.SKIPPED:
                self.skips[self.mask(event.result.reason)] += 1
            else:
                self._gather(event)
        elif isinstance(event, RunFinished):
            self.write(self.document(event))

    def _gather(self, event: CaseFinished) -> None:
        case, result = event.case, event.result
        for rule, mark, text in _causes(event):
            text = printable(" ".join(self.mask(text).split()))
            one = self.told.setdefault((rule, mark, text), Told(rule, mark, text))
            one.cases.append(f"{case.id} on {result.target}")

    def document(self, end: RunFinished) -> str:
        raise NotImplementedError


def _causes(event: CaseFinished) -> Iterator[tuple[str, Mark, str]]:
    """(rule, place, text) of each thing that kept a case from passing."""
    case, result = event.case, event.result
    for call in result.calls:
        for finding in call.findings:
            yield finding.rule, finding.mark, message(finding, secrets_of(call, case.scenario))
        if call.outcome is Outcome.ERROR and not call.findings:
            yield COULD_NOT_RUN, call.mark, call.reason
    if result.outcome is Outcome.ERROR and result.reason:
        yield COULD_NOT_RUN, case.scenario.mark, result.reason


class MarkdownReporter(_Reviewer):
    """A summary to read in a review or on a job's page."""

    def document(self, end: RunFinished) -> str:
        lines = [f"**{summary(end)}**", ""]
        if end.stopped:
            lines += [f"> {cell(self.mask(end.stopped))}", ""]
        lines += ["| target | passed | failed | could not run | skipped |", "|-|-:|-:|-:|-:|"]
        for name, counts in self.outcomes.items():
            shown = (f"{counts[one]:,}" for one in _COLUMNS)
            lines.append(f"| {cell(name)} | {' | '.join(shown)} |")
        told = list(self.told.values())
        if told:
            lines += ["", "| rule | what | where | seen in |", "|-|-|-|-|"]
            for one in told[:_LONGEST]:
                path = printable(one.mark.path).replace("`", "'").replace("|", "\\|")
                where = f"`{path}:{one.mark.line}`"
                lines.append(f"| `{one.rule}` | {cell(one.text)} | {where} | {cell(one.extent())} |")
        if len(told) > _LONGEST:
            lines += ["", f"and {len(told) - _LONGEST:,} more"]
        if self.skips:
            lines += ["", "Skipped:", ""]
            lines += [
                f"- {plural(count, 'case')}: {cell(reason)}" for reason, count in self.skips.most_common(20)
            ]
        return "\n".join(lines) + "\n"


_COLUMNS = (Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED)


class GithubReporter(_Reviewer):
    """Workflow commands that GitHub Actions shows at the scenario's line (GitHub Docs, Workflow commands)."""

    def document(self, end: RunFinished) -> str:
        lines = []
        for one in self.told.values():
            fields = {
                "file": one.mark.path,
                "line": str(one.mark.line),
                "col": str(one.mark.column),
                "title": f"contract: {one.rule}",
            }
            told = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
            lines.append(f"::error {told}::{_data(f'{one.text} ({one.extent()})')}")
        if end.stopped:
            lines.append(f"::error title=contract-tests::{_data(self.mask(end.stopped))}")
        return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


class SarifReporter(_Reviewer):
    """A log of SARIF 2.1.0 (OASIS): findings are results; what could not run is a notification."""

    def document(self, end: RunFinished) -> str:
        findings = [one for one in self.told.values() if one.rule != COULD_NOT_RUN]
        rules = list(dict.fromkeys(one.rule for one in findings))
        notes = [self._note(one) for one in self.told.values() if one.rule == COULD_NOT_RUN]
        if end.stopped:
            notes.append({"level": "error", "message": {"text": self.mask(end.stopped)}})
        run = {
            "tool": {
                "driver": {
                    "name": "contract-tests",
                    "semanticVersion": __version__,
                    "rules": [_rule(rule) for rule in rules],
                }
            },
            "invocations": [
                {
                    "executionSuccessful": not notes,
                    **({"toolExecutionNotifications": notes} if notes else {}),
                }
            ],
            "columnKind": "unicodeCodePoints",
            "results": [self._result(one, rules.index(one.rule)) for one in findings],
        }
        log = {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
        return json_text(log, indent=1) + "\n"

    def _result(self, one: Told, index: int) -> dict[str, Any]:
        digest = hashlib.sha256("\0".join((one.rule, one.mark.path, one.text)).encode("utf-8", "replace"))
        return {
            "ruleId": one.rule,
            "ruleIndex": index,
            "level": "error",
            "message": {"text": f"{one.text} ({one.extent()})"},
            "locations": [_location(one.mark)],
            "partialFingerprints": {"contractTests/v1": digest.hexdigest()[:32]},
            "properties": {"cases": one.cases},
        }

    def _note(self, one: Told) -> dict[str, Any]:
        return {
            "level": "error",
            "message": {"text": f"{one.text} ({one.extent()})"},
            "locations": [_location(one.mark)],
        }


def _rule(rule: str) -> dict[str, Any]:
    known = RULES.get(rule)
    return {"id": rule, "shortDescription": {"text": known.doc if known is not None else rule}}


def _location(mark: Mark) -> dict[str, Any]:
    path = PurePath(mark.path)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    region = {"startLine": max(1, mark.line), "startColumn": max(1, mark.column)}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
