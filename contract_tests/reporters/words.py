"""Results as plain text: what every reporter that writes for people shares.

Secrets are left out twice: what is secret by its name (of a header, a parameter, a property; see
`contract_tests.recordings.redaction`), then every secret value that this run has used (the mask).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from contract_tests.checks.rules import Words, word
from contract_tests.model.case import CallResult, Case, CaseResult, Outcome
from contract_tests.model.finding import Finding
from contract_tests.model.http import Headers, Interaction, Request, Response
from contract_tests.model.scenario import Scenario
from contract_tests.model.service import Secrets
from contract_tests.model.target import Deployment
from contract_tests.recordings.redaction import (
    REDACTED,
    Redaction,
    plain_name,
    redaction_of,
    told_by_name,
)
from contract_tests.reporters.harmless import printable

Mask = Callable[[str], str]
"""Takes the secrets of this run out of a text."""

_INDENT = "  "
_LONGEST_BODY = 20_000
"""Bytes of a body that are shown."""
_LAST_NAME = re.compile(r"""(?:\.|\[['"]?)([^.\[\]'"]+)(?:['"]?\])?$""")


def case_lines(case: Case, result: CaseResult, deployment: Deployment, mask: Mask) -> Iterator[str]:
    """What a person needs to know of a case that did not pass, a line each."""
    yield printable(f"{result.outcome.value.upper()} {result.id} on {result.target}: {case.scenario.name}")
    if result.reason:
        yield from _indented(mask(result.reason), 1)
    for call in result.calls:
        if call.outcome is not Outcome.PASSED:
            yield from call_lines(call, deployment, secrets_of(call, case.scenario), mask)


def secrets_of(call: CallResult, scenario: Scenario) -> Secrets:
    """What is secret at the service that a call asked, and the values that this call tells by such a name."""
    if call.request is None:
        return scenario.serving("").secrets
    secrets = scenario.serving(call.request.service).secrets
    exchanged = Interaction(request=call.request, response=call.response or Response(status=0))
    return replace(secrets, values=told_by_name(redaction_of(secrets), [exchanged]))


def call_lines(call: CallResult, deployment: Deployment, secrets: Secrets, mask: Mask) -> Iterator[str]:
    """A call that did not pass: where it is written, each finding, and a line that repeats the request."""
    yield printable(f"{_INDENT}{call.outcome.value} call '{call.name}' ({call.mark})")
    request = shown_request(call, secrets)
    if request is not None:
        answer = f" -> {call.response.status}" if call.response is not None else ""
        on = f" on {request.service}" if request.service else ""
        asked = f"{request.method} {mask(request.target)}{on} as {request.role}{answer}"
        yield from _indented(asked, 2)
    if call.reason:
        yield from _indented(mask(call.reason), 2)
    if call.cause:
        yield from _indented(f"after call '{call.cause}', which failed in an API below: mend that first", 2)
    for finding in call.findings:
        at = f" ({finding.mark.path}:{finding.mark.line})" if finding.mark != call.mark else ""
        yield from _indented(f"{mask(message(finding, secrets))} [{finding.rule}]{at}", 2)
    if request is not None and call.outcome is not Outcome.SKIPPED:
        endpoint = deployment.endpoints.get(request.service, deployment.endpoint)
        yield from _indented(f"again: {mask(curl(request, endpoint))}", 2)


def exchange_text(call: CallResult, deployment: Deployment, secrets: Secrets) -> str:
    """The request of a call and what came back, as on the wire, without what is secret by its name."""
    if call.request is None:
        return ""
    shown = redaction_of(secrets).interaction(
        Interaction(request=call.request, response=call.response or Response(status=0))
    )
    request, response = shown.request, shown.response
    endpoint = deployment.endpoints.get(request.service, deployment.endpoint)
    lines = [printable(f"{request.method} {endpoint}{request.target} as {request.role}")]
    lines += _wire(request.headers, request.body or b"")
    if call.response is None:
        return "\n".join([*lines, "", "(no answer)"])
    lines += ["", printable(f"{response.status} {response.reason}".rstrip())]
    return "\n".join([*lines, *_wire(response.headers, response.body)])


def _wire(headers: Headers, body: bytes) -> Iterator[str]:
    for name, value in headers:
        yield printable(f"{name}: {value}")
    text = body[:_LONGEST_BODY].decode("utf-8", "replace")
    yield from ["", *map(printable, text.splitlines())] if text else []
    if len(body) > _LONGEST_BODY:
        yield f"({len(body):,} bytes, of which {_LONGEST_BODY:,} are shown)"


def shown_request(call: CallResult, secrets: Secrets) -> Request | None:
    """The request of a call as it may be shown."""
    return redaction_of(secrets).request(call.request) if call.request is not None else None


def message(finding: Finding, secrets: Secrets) -> str:
    """A finding as a sentence, without what is secret by its name."""
    redaction = redaction_of(secrets)
    last = _LAST_NAME.search(finding.where)
    name = plain_name(last[1]) if last else ""
    if name in redaction.json or (finding.rule == "header" and redaction.is_secret_header(finding.where)):
        finding = replace(
            finding,
            expected=Words(REDACTED),
            got=Words(REDACTED),
            detail=_named_rule(finding) + REDACTED if finding.detail else "",
        )
    else:
        finding = replace(finding, got=_shown(finding.got, redaction))
    return redaction.text(word(finding))


def _named_rule(finding: Finding) -> str:
    """`BREAK property-type (AI): $.adminPass: ` of a baseline's finding: what it broke is no secret."""
    if finding.rule != "baseline":
        return ""
    return f"{finding.detail.partition(': ')[0]}: {finding.where}: "


def _shown(value: Any, redaction: Redaction) -> Any:
    return Words(redaction.text(value)) if isinstance(value, Words) else redaction.value(value)


def _indented(text: str, depth: int) -> Iterator[str]:
    lines = text.splitlines() or [""]
    yield _INDENT * depth + printable(lines[0])
    for line in lines[1:]:
        yield _INDENT * (depth + 1) + printable(line)


def curl(request: Request, endpoint: str) -> str:
    """A command that repeats a request. An identity's headers show as a variable for a person to set.

    So does the endpoint, where it is `$NAME`.

    >>> curl(Request(method="GET", target="/a?b=c", role="admin"), "http://x.example")
    'curl -i -H "X-Auth-Token: $TOKEN_ADMIN" \\'http://x.example/a?b=c\\''
    >>> curl(Request(method="GET", target="/a", role="none"), "$ENDPOINT")
    'curl -i "$ENDPOINT"/a'
    """
    words = ["curl", "-i"]
    if request.method == "HEAD":
        words.append("-I")
    elif request.method != "GET":
        words += ["-X", request.method]
    if request.follow:
        words.append("-L")
    if request.role not in ("", "none"):
        words += ["-H", f'"X-Auth-Token: $TOKEN_{request.role.upper().replace("-", "_")}"']
    for name, value in request.headers:
        words += ["-H", shlex.quote(f"{name}: {value}")]
    note = ""
    if request.body is not None:
        try:
            words += ["--data-raw", shlex.quote(request.body.decode())]
        except UnicodeDecodeError:
            words += ["--data-binary", "@FILE"]
            note = f"  # FILE: {len(request.body)} bytes"
    place = "" if "://" in request.target else endpoint
    if place.startswith("$"):
        words.append(f'"{place}"{shlex.quote(request.target)}')
    else:
        words.append(shlex.quote(place + request.target))
    return " ".join(words) + note


def plural(count: int, one: str, many: str = "") -> str:
    """`1 case`, `1,200 cases`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
