"""Results as files: JSON for programs, JUnit XML for whatever shows test results."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from contract_tests import __version__
from contract_tests.checks.rules import word
from contract_tests.errors import UsageError
from contract_tests.execution.events import CaseFinished, Event, RunFinished, RunStarted
from contract_tests.model.case import CallResult, Outcome
from contract_tests.model.target import Deployment
from contract_tests.reporters.words import Mask, case_lines, curl

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JsonReporter:
    """One document: `deployments`, `cases` (in order, with the calls that did not pass), `counts`, `stopped`."""

    def __init__(self, write: Callable[[str], None], mask: Mask) -> None:
        self.write = write
        self.mask = mask
        self.document: dict[str, Any] = {"contract_tests": __version__, "deployments": [], "cases": []}

    def consume(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.document["deployments"] = [
                {
                    "name": d.name,
                    "service": d.service,
                    "release": d.release,
                    "series": d.series,
                    "range": str(d.range or ""),
                }
                for d in event.deployments
            ]
        elif isinstance(event, CaseFinished):
            self.document["cases"].append(self._case(event))
        else:
            self.document |= {
                "counts": dict(event.counts),
                "calls": event.calls,
                "seconds": round(event.seconds, 3),
                "stopped": event.stopped,
            }
            self.write(json.dumps(self.document, indent=1, ensure_ascii=False) + "\n")

    def _case(self, event: CaseFinished) -> dict[str, Any]:
        result, case = event.result, event.case
        found: dict[str, Any] = {
            "id": result.id,
            "target": result.target,
            "scenario": case.scenario.id,
            "microversion": str(case.microversion or ""),
            "outcome": result.outcome.value,
            "calls": result.count,
            "seconds": round(result.seconds, 4),
        }
        if result.reason:
            found["reason"] = self.mask(result.reason)
        failed = [
            self._call(call, event.deployment) for call in result.calls if call.outcome is not Outcome.PASSED
        ]
        if failed:
            found["not_passed"] = failed
        return found

    def _call(self, call: CallResult, deployment: Deployment) -> dict[str, Any]:
        found: dict[str, Any] = {"call": call.name, "outcome": call.outcome.value, "at": str(call.mark)}
        if call.reason:
            found["reason"] = self.mask(call.reason)
        if call.findings:
            found["findings"] = [
                {"rule": f.rule, "at": str(f.mark), "where": f.where, "message": self.mask(word(f))}
                for f in call.findings
            ]
        if call.request is not None and call.outcome is not Outcome.SKIPPED:
            found["request"] = f"{call.request.method} {self.mask(call.request.target)}"
            found["curl"] = self.mask(curl(call.request, deployment.endpoint))
        if call.response is not None:
            found["status"] = call.response.status
        return found


class JunitReporter:
    """A testsuite for each deployment, a testcase for each case (classname: service.scenario, name: microversion)."""

    def __init__(self, write: Callable[[str], None], mask: Mask) -> None:
        self.write = write
        self.mask = mask
        self.cases: dict[str, list[CaseFinished]] = defaultdict(list)

    def consume(self, event: Event) -> None:
        if isinstance(event, CaseFinished):
            self.cases[event.deployment.name].append(event)
        elif isinstance(event, RunFinished):
            self.write(self._document(event))

    def _document(self, end: RunFinished) -> str:
        root = ElementTree.Element("testsuites", name="contract-tests", time=f"{end.seconds:.3f}")
        for name, events in self.cases.items():
            outcomes = [event.result.outcome for event in events]
            suite = ElementTree.SubElement(
                root,
                "testsuite",
                name=_clean(name),
                tests=str(len(events)),
                failures=str(outcomes.count(Outcome.FAILED)),
                errors=str(outcomes.count(Outcome.ERROR)),
                skipped=str(outcomes.count(Outcome.SKIPPED)),
                time=f"{sum(e.result.seconds for e in events):.3f}",
            )
            for event in events:
                self._case(suite, event)
        ElementTree.indent(root)
        return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"

    def _case(self, suite: ElementTree.Element, event: CaseFinished) -> None:
        result, scenario = event.result, event.case.scenario
        element = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"{scenario.service.name}.{scenario.slug}",
            name=str(event.case.microversion or scenario.slug),
            file=scenario.mark.path,
            time=f"{result.seconds:.4f}",
        )
        tag = {Outcome.FAILED: "failure", Outcome.ERROR: "error", Outcome.SKIPPED: "skipped"}.get(
            result.outcome
        )
        if tag is None:
            return
        lines = list(case_lines(event.case, result, event.deployment, self.mask))
        first = next((word(f) for call in result.calls for f in call.findings), result.reason)
        child = ElementTree.SubElement(element, tag, message=_clean(self.mask(first)))
        if result.outcome is not Outcome.SKIPPED:
            child.text = _clean("\n".join(lines))


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _NO_XML.sub("\ufffd", text)


def file_writer(option: str, path: str, stdout: Callable[[str], None]) -> Callable[[str], None]:
    """What writes to `path` (`-`: standard output); UsageError where its folder cannot be written."""
    if path == "-":
        return stdout
    target = Path(path)
    if not target.parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {target.parent}; make it first")

    def write(text: str) -> None:
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{option} {path}: cannot be written: {error.strerror}") from None

    return write
