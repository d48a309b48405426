"""Results as plain text: what every reporter that writes for people shares."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator

from contract_tests.checks.rules import word
from contract_tests.model.case import CallResult, Case, CaseResult, Outcome
from contract_tests.model.http import Request
from contract_tests.model.target import Deployment

Mask = Callable[[str], str]
"""Takes the secrets of this run out of a text."""

_INDENT = "  "


def case_lines(case: Case, result: CaseResult, deployment: Deployment, mask: Mask) -> Iterator[str]:
    """What a person needs to know of a case that did not pass, a line each."""
    yield f"{result.outcome.value.upper()} {result.id} on {result.target}: {case.scenario.name}"
    if result.reason:
        yield from _indented(mask(result.reason), 1)
    for call in result.calls:
        if call.outcome is not Outcome.PASSED:
            yield from call_lines(call, deployment, mask)


def call_lines(call: CallResult, deployment: Deployment, mask: Mask) -> Iterator[str]:
    """A call that did not pass: where it is written, each finding, and a line that repeats the request."""
    yield f"{_INDENT}{call.outcome.value} call '{call.name}' ({call.mark})"
    if call.request is not None:
        answer = f" -> {call.response.status}" if call.response is not None else ""
        yield f"{_INDENT * 2}{call.request.method} {mask(call.request.target)} as {call.request.role}{answer}"
    if call.reason:
        yield from _indented(mask(call.reason), 2)
    for finding in call.findings:
        at = f" ({finding.mark.path}:{finding.mark.line})" if finding.mark != call.mark else ""
        yield from _indented(f"{mask(word(finding))} [{finding.rule}]{at}", 2)
    if call.request is not None and call.outcome is not Outcome.SKIPPED:
        yield f"{_INDENT * 2}again: {mask(curl(call.request, deployment.endpoint))}"


def _indented(text: str, depth: int) -> Iterator[str]:
    lines = text.splitlines() or [""]
    yield _INDENT * depth + printable(lines[0])
    for line in lines[1:]:
        yield _INDENT * (depth + 1) + printable(line)


def printable(text: str) -> str:
    """`text` without control characters, which a recorded body could use to write over a terminal."""
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)


def curl(request: Request, endpoint: str) -> str:
    """A command that repeats a request. An identity's headers show as a variable for a person to set.

    >>> curl(Request(method="GET", target="/a?b=c", role="admin"), "http://x.example")
    'curl -i -H "X-Auth-Token: $TOKEN_ADMIN" \\'http://x.example/a?b=c\\''
    """
    words = ["curl", "-i"]
    if request.method == "HEAD":
        words.append("-I")
    elif request.method != "GET":
        words += ["-X", request.method]
    if request.role not in ("", "none"):
        words += ["-H", f'"X-Auth-Token: $TOKEN_{request.role.upper().replace("-", "_")}"']
    for name, value in request.headers:
        words += ["-H", shlex.quote(f"{name}: {value}")]
    if request.body is not None:
        try:
            words += ["--data-binary", shlex.quote(request.body.decode())]
        except UnicodeDecodeError:
            words += ["--data-binary", f"@FILE  # {len(request.body)} bytes"]
    target = request.target if "://" in request.target else endpoint + request.target
    words.append(shlex.quote(target))
    return " ".join(words)


def plural(count: int, one: str, many: str = "") -> str:
    """`1 case`, `1,200 cases`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
