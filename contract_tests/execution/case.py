"""Running one case: its calls in order, then its cleanup, whatever happened before."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from contract_tests.checks.response import Context, check_response
from contract_tests.errors import ContractTestsError, Miss, RecordingError, TransportError
from contract_tests.execution.plan import calls_of
from contract_tests.execution.requests import asked_version, build_request
from contract_tests.execution.variables import case_variables
from contract_tests.model.case import CallResult, Case, CaseResult, Outcome
from contract_tests.model.finding import Finding
from contract_tests.model.http import MISSING, Request, Response
from contract_tests.model.matcher import PatternTimeout, search
from contract_tests.model.scenario import Call, Save
from contract_tests.model.target import Deployment
from contract_tests.model.template import UndefinedVariable, render
from contract_tests.transport.base import Channel, Transport

Observer = Callable[[Call, Request, Response, Mapping[str, Any]], None]


def run_case(
    case: Case,
    transport: Transport,
    deployment: Deployment,
    *,
    observe: Observer | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> CaseResult:
    """Run a case and tell how it ended; it raises nothing that a service, a recording or a file can cause.

    `observe` is told each answer as it comes, with the variables of that moment. `sleep` waits between
    two tries of a poll (a replay gives one that does not).
    """
    if case.skip:
        return CaseResult(id=case.id, target=deployment.name, outcome=Outcome.SKIPPED, reason=case.skip)
    started = clock()
    try:
        channel = transport.open(case)
    except (TransportError, RecordingError) as error:
        return CaseResult(id=case.id, target=deployment.name, outcome=Outcome.ERROR, reason=str(error))
    run = _Run(case, channel, deployment, observe, sleep, clock)
    reason = ""
    try:
        run.calls()
    finally:
        try:
            leftovers = channel.close()
        except (ContractTestsError, OSError) as error:
            leftovers, reason = (), str(error)
    if leftovers:
        run.results.append(
            CallResult(
                name="the recording", mark=case.scenario.mark, outcome=Outcome.FAILED, findings=leftovers
            )
        )
    outcomes = {result.outcome for result in run.results}
    outcome = next((o for o in (Outcome.FAILED, Outcome.ERROR) if o in outcomes), Outcome.PASSED)
    if reason:
        outcome = Outcome.ERROR
    elif outcomes == {Outcome.SKIPPED}:
        outcome, reason = Outcome.SKIPPED, "every call of it is skipped"
    return CaseResult(
        id=case.id,
        target=deployment.name,
        outcome=outcome,
        calls=tuple(run.results),
        reason=reason,
        count=run.count,
        seconds=clock() - started,
    )


class _Run:
    """The state of one case while it runs."""

    def __init__(
        self,
        case: Case,
        channel: Channel,
        deployment: Deployment,
        observe: Observer | None,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self.case = case
        self.channel = channel
        self.deployment = deployment
        self.observe = observe
        self.sleep = sleep
        self.clock = clock
        self.variables = case_variables(case, deployment)
        self.results: list[CallResult] = []
        self.count = 0
        self.saved_by: dict[str, str] = {}
        self.lost = ""

    def calls(self) -> None:
        for call, cleanup, skip in calls_of(self.case, self.deployment):
            if self.lost and not cleanup:
                skip = f"call '{self.lost}' could not be made"
            self.results.append(
                CallResult(name=call.name, mark=call.mark, outcome=Outcome.SKIPPED, reason=skip)
                if skip
                else self.call(call, cleanup)
            )
            for save in call.save:
                self.saved_by.setdefault(save.name, call.name)

    def call(self, call: Call, cleanup: bool) -> CallResult:
        """Make one call (and, where it polls, make it again), check the answer and save from it."""
        started = self.clock()
        request: Request | None = None
        response: Response | None = None
        findings: list[Finding] = []
        outcome, reason = Outcome.PASSED, ""
        version = self.case.microversion.text if self.case.microversion is not None else None
        try:
            request = build_request(call, self.variables, self.case.scenario.service.dialect, version)
            response, findings = self._answer(call, request, version)
            if call.expect is not None:
                findings += check_response(call.expect, response, self._context(call, request, version))
            findings += self._save(call, response)
        except UndefinedVariable as error:
            outcome, reason = Outcome.SKIPPED, self._missing(str(error))
        except Miss as error:
            findings.append(Finding(rule="recording-miss", mark=call.mark, detail=str(error)))
            outcome = Outcome.ERROR
        except TransportError as error:
            outcome, reason = Outcome.ERROR, str(error)
            if not self.lost:
                self.lost = call.name
        if findings and outcome is Outcome.PASSED:
            outcome = Outcome.FAILED
        good = outcome is Outcome.PASSED
        return CallResult(
            name=call.name,
            mark=call.mark,
            outcome=outcome,
            findings=tuple(findings),
            reason=reason,
            request=None if good else request,
            response=None if good else response,
            seconds=self.clock() - started,
        )

    def _missing(self, name: str) -> str:
        saver = self.saved_by.get(name)
        return (
            f"needs '{name}', which call '{saver}' should have saved"
            if saver
            else f"needs '{name}', which no call that exists here saves"
        )

    def _send(self, call: Call, request: Request) -> Response:
        response = self.channel.send(request, call)
        self.count += 1
        if self.observe is not None:
            self.observe(call, request, response, self.variables)
        return response

    def _answer(self, call: Call, request: Request, version: str | None) -> tuple[Response, list[Finding]]:
        response = self._send(call, request)
        poll = call.poll
        if poll is None:
            return response, []
        end = self.clock() + poll.limit
        tries = 1
        while check_response(
            poll.until, response, replace(self._context(call, request, version), asked=None)
        ):
            gone = f"{tries} {'try' if tries == 1 else 'tries'}"
            late = Finding(rule="poll-timeout", mark=call.mark, detail=gone, got=response.json)
            if self.clock() + poll.every > end:
                return response, [late]
            self.sleep(poll.every)
            try:
                response = self._send(call, request)
            except Miss:
                return response, [late]
            tries += 1
        return response, []

    def _context(self, call: Call, request: Request, version: str | None) -> Context:
        plain = asked_version(call, self.variables, version) == version
        return Context(
            mark=call.mark,
            variables=self.variables,
            service=self.case.scenario.service,
            microversion=self.case.microversion,
            asked=self.case.microversion if plain else None,
            path=request.target.partition("?")[0],
        )

    def _save(self, call: Call, response: Response) -> list[Finding]:
        found: list[Finding] = []
        for save in call.save:
            value, lacking = _saved(save, response, self.variables)
            if value is MISSING:
                found.append(Finding(rule="save", mark=save.mark, where=save.name, detail=lacking))
            else:
                self.variables[save.name] = value
        return found


def _saved(save: Save, response: Response, variables: Mapping[str, Any]) -> tuple[Any, str]:
    """The value to save, or MISSING and what is lacking."""
    if save.path is not None:
        value = save.path.find(response.json) if response.json is not MISSING else MISSING
        return value, f"there is nothing at {save.path.source}"
    value = response.header(save.header)
    if value is None:
        return MISSING, f"there is no header {save.header}"
    if save.match is None:
        return value, ""
    pattern = render(save.match, variables)
    try:
        match = search(pattern, value)
    except PatternTimeout:
        return MISSING, f"the pattern /{pattern}/ took too long on this header"
    if match is None:
        return MISSING, f"the header {save.header} does not match /{pattern}/"
    return match[1] if match.re.groups else match[0], ""
