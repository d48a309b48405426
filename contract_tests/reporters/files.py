"""Results as files: JSON for programs, JUnit XML for whatever shows test results."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

from contract_tests import __version__
from contract_tests.errors import UsageError
from contract_tests.execution.events import CaseFinished, Event, RunFinished, RunStarted
from contract_tests.model.case import CallResult, Outcome
from contract_tests.model.service import Secrets
from contract_tests.model.target import Deployment
from contract_tests.reporters.harmless import harmless_json
from contract_tests.reporters.words import Mask, case_lines, curl, message, secrets_of, shown_request

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JsonReporter:
    """One document: `deployments`, `cases` in order (with what did not pass), `counts`, `stopped`."""

    def __init__(self, write: Callable[[str], None], mask: Mask) -> None:
        self.write = write
        self.mask = mask
        self.document: dict[str, Any] = {"contract_tests": __version__, "deployments": [], "cases": []}

    def consume(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.document["deployments"] = [deployment_document(one) for one in event.deployments]
        elif isinstance(event, CaseFinished):
            self.document["cases"].append(case_document(event, self.mask))
        else:
            self.document |= end_document(event)
            self.write(json_text(self.document, indent=1) + "\n")


def json_text(document: Any, indent: int | None = None) -> str:
    """JSON that is UTF-8 and harmless to a terminal whatever a service sent."""
    return harmless_json(json.dumps(document, indent=indent, ensure_ascii=False))


def case_document(event: CaseFinished, mask: Mask) -> dict[str, Any]:
    """How a case ended, for programs; `not_passed` are its calls that did not pass."""
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
        found["reason"] = mask(result.reason)
    calls = [call for call in result.calls if call.outcome is not Outcome.PASSED]
    if calls:
        found["not_passed"] = [
            _call(call, event.deployment, secrets_of(call, case.scenario), mask) for call in calls
        ]
    return found


def _call(call: CallResult, deployment: Deployment, secrets: Secrets, mask: Mask) -> dict[str, Any]:
    found: dict[str, Any] = {"call": call.name, "outcome": call.outcome.value, "at": str(call.mark)}
    if call.cause:
        found["cause"] = call.cause
    if call.reason:
        found["reason"] = mask(call.reason)
    if call.findings:
        found["findings"] = [
            {
                "rule": one.rule,
                "at": str(one.mark),
                "where": one.where,
                "message": mask(message(one, secrets)),
            }
            for one in call.findings
        ]
    request = shown_request(call, secrets)
    if request is not None and call.outcome is not Outcome.SKIPPED:
        found["request"] = f"{request.method} {mask(request.target)}"
        endpoint = deployment.endpoints.get(request.service, deployment.endpoint)
        found["curl"] = mask(curl(request, endpoint))
    if call.response is not None:
        found["status"] = call.response.status
    return found


def deployment_document(deployment: Deployment) -> dict[str, str]:
    """What a deployment is, for programs."""
    return {
        "name": deployment.name,
        "service": deployment.service,
        "release": deployment.release,
        "series": deployment.series,
        "range": str(deployment.range or ""),
    }


def end_document(event: RunFinished) -> dict[str, Any]:
    """How a run ended, for programs; `not_run` are the cases that a run that was stopped has left."""
    found: dict[str, Any] = {
        "counts": dict(event.counts),
        "calls": event.calls,
        "seconds": round(event.seconds, 3),
        "stopped": event.stopped,
    }
    if event.waivers:
        found["waivers"] = list(event.waivers)
    if event.left:
        found["not_run"] = [{"target": one.target, "id": one.id} for one in event.left]
    return found


class JunitReporter:
    """A testsuite for each deployment, a testcase for each case.

    A testcase's classname is service.scenario, its name the microversion. A run that was stopped has one
    testcase more, an error that says why: what did not run is never green.
    """

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
        everything = [event.result.outcome for events in self.cases.values() for event in events]
        everything += [Outcome.ERROR] if end.stopped else []
        root = ElementTree.Element(
            "testsuites",
            {"name": "contract-tests", **_counts(everything), "time": f"{end.seconds:.3f}"},
        )
        for name, events in self.cases.items():
            suite = ElementTree.SubElement(
                root,
                "testsuite",
                {
                    "name": _clean(name),
                    **_counts([event.result.outcome for event in events]),
                    "time": f"{sum(event.result.seconds for event in events):.3f}",
                },
            )
            for event in events:
                self._case(suite, event)
        if end.stopped:
            suite = ElementTree.SubElement(root, "testsuite", {"name": "the run", **_counts([Outcome.ERROR])})
            case = ElementTree.SubElement(suite, "testcase", classname="contract-tests", name="the run")
            ElementTree.SubElement(case, "error", message=_clean(end.stopped))
        ElementTree.indent(root)
        return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'

    def _case(self, suite: ElementTree.Element, event: CaseFinished) -> None:
        result, scenario = event.result, event.case.scenario
        element = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"{scenario.service.name}.{scenario.slug}",
            name=str(event.case.microversion or scenario.slug),
            file=_clean(scenario.mark.path),
            time=f"{result.seconds:.4f}",
        )
        tag = _TAGS.get(result.outcome)
        if tag is None:
            return
        findings = ((call, one) for call in result.calls for one in call.findings)
        first = next((message(one, secrets_of(call, scenario)) for call, one in findings), "")
        reasons = (call.reason for call in result.calls if call.outcome is result.outcome)
        first = first or result.reason or next(filter(None, reasons), "")
        child = ElementTree.SubElement(element, tag, message=_clean(self.mask(first)))
        if result.outcome is not Outcome.SKIPPED:
            child.text = _clean("\n".join(case_lines(event.case, result, event.deployment, self.mask)))


_TAGS = {Outcome.FAILED: "failure", Outcome.ERROR: "error", Outcome.SKIPPED: "skipped"}


def _counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count(Outcome.FAILED)),
        "errors": str(outcomes.count(Outcome.ERROR)),
        "skipped": str(outcomes.count(Outcome.SKIPPED)),
    }


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _NO_XML.sub("\ufffd", text)


def stream_writer(option: str, path: str, stdout: IO[str]) -> Callable[[bytes], None]:
    """What adds to `path` (`-`: standard output), each time at once; UsageError as `file_writer`."""
    if path == "-":
        output: Any = getattr(stdout, "buffer", None)
        if output is None:
            raise UsageError(f"{option} -: standard output takes no bytes here; name a file")
    else:
        file_writer(option, path, stdout)  # for what it refuses
        try:
            output = Path(path).open("wb")  # noqa: SIM115 - open until the process ends
        except OSError as error:
            raise UsageError(f"{option} {path}: cannot be written: {error.strerror}") from None

    def write(data: bytes) -> None:
        try:
            output.write(data)
            output.flush()
        except OSError as error:
            raise UsageError(f"{option} {path}: cannot be written: {error.strerror}") from None

    return write


def file_writer(option: str, path: str, stdout: IO[str]) -> Callable[[str], None]:
    """What writes to `path` (`-`: standard output); UsageError where its folder cannot be written."""
    target = Path(path)
    if path != "-" and not target.parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {target.parent}; make it first")
    if path != "-" and target.is_dir():
        raise UsageError(f"{option} {path}: this is a folder; name a file")

    def write(text: str) -> None:
        if path == "-":
            stdout.write(text)
            return
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{option} {path}: cannot be written: {error.strerror}") from None

    return write
