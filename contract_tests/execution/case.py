"""Running one case: its calls in order, then its cleanup, whatever happened before."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from contract_tests.checks.response import Context, check_response
from contract_tests.checks.rules import Words
from contract_tests.errors import ContractTestsError, Miss, Unreachable, UsageError
from contract_tests.execution.causes import with_causes
from contract_tests.execution.parity import broken, mapped
from contract_tests.execution.plan import calls_of
from contract_tests.execution.requests import asked_version, build_request
from contract_tests.execution.same import as_represented, first_change, other_representation, unlike
from contract_tests.execution.variables import case_variables, fresh_variables
from contract_tests.model.case import CallResult, Case, CaseResult, Outcome
from contract_tests.model.finding import Finding
from contract_tests.model.http import MISSING, Request, Response
from contract_tests.model.matcher import PatternTimeout, search
from contract_tests.model.scenario import Call, Save, Trial
from contract_tests.model.service import Service
from contract_tests.model.target import Deployment
from contract_tests.model.template import UndefinedVariable, as_text, render
from contract_tests.transport.base import Channel, Transport

LOG = logging.getLogger(__name__)

Observer = Callable[[Call, Request, Response, Mapping[str, Any]], None]

Explorer = Callable[[Call, Callable[[Call], CallResult]], Iterable[CallResult]]
"""Given a call that has `negative:` and what makes a call: the results of inputs that it tries before it."""


def run_case(
    case: Case,
    transport: Transport,
    deployment: Deployment,
    *,
    observe: Observer | None = None,
    sleep: Callable[[float], None] | None = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    explore: Explorer | None = None,
) -> CaseResult:
    """Run a case and tell how it ended; only KeyboardInterrupt and its like come out of it.

    `observe` is told each answer as it comes, with the variables of that moment. `sleep` waits between
    two tries of a poll; None in a replay, where only the tries count as time. `explore` tries inputs of its
    own in place of the derived trials.
    """
    if case.skip:
        return CaseResult(id=case.id, target=deployment.name, outcome=Outcome.SKIPPED, reason=case.skip)
    started = clock()
    try:
        channel = transport.open(case)
        run = _Run(case, channel, deployment, observe, sleep, clock)
    except Exception as error:
        return CaseResult(id=case.id, target=deployment.name, outcome=Outcome.ERROR, reason=told(error))
    try:
        run.calls(explore)
    except BaseException:
        _abandon(channel)
        channel.close()
        raise
    reason = ""
    run.parity()
    try:
        run.leftovers(channel.close())
    except Exception as error:
        reason = told(error)
    outcome, reason = (Outcome.ERROR, reason) if reason else run.outcome()
    return CaseResult(
        id=case.id,
        target=deployment.name,
        outcome=outcome,
        calls=with_causes(case.scenario, run.results),
        reason=reason,
        count=run.count,
        seconds=clock() - started,
    )


def told(error: Exception) -> str:
    """Why something could not be done. What the harness does not raise on purpose is a mistake of its own."""
    if isinstance(error, (ContractTestsError, OSError)):
        return str(error)
    LOG.debug("unexpected", exc_info=error)
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" ({Path(frame.filename).name}:{frame.lineno})" for frame in last)
    text = " ".join(str(error).split())
    return f"a mistake in contract-tests itself, please report it: {type(error).__name__}: {text}{where}"


def _abandon(channel: Channel) -> None:
    """A recorder writes nothing of a case that came to no proper end."""
    abandon = getattr(channel, "abandon", None)
    if abandon is not None:
        abandon()


class _Run:
    """The state of one case while it runs."""

    def __init__(
        self,
        case: Case,
        channel: Channel,
        deployment: Deployment,
        observe: Observer | None,
        sleep: Callable[[float], None] | None,
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
        self.made = False
        self.saved_by: dict[str, str] = {}
        self.answers: dict[str, Response] = {}
        self.lost = ""
        self.looked: Response | None = None
        self.taken = False

    def calls(self, explore: Explorer | None = None) -> None:
        """Make all calls. Ctrl-C ends them too, but not before the cleanup has been tried."""
        todo = list(calls_of(self.case, self.deployment))
        if explore is not None:
            todo = [one for one in todo if one[0].trial is None]
        try:
            while todo:
                call, cleanup, skip = todo.pop(0)
                ready = not skip and not self.lost and not call.uses - self.variables.keys()
                if explore is not None and call.negative is not None and ready:
                    self.results += explore(call, self.call)
                self._one(call, cleanup, skip)
                self._excuse()
        except KeyboardInterrupt:
            for call, cleanup, skip in todo:
                if cleanup:
                    self._one(call, cleanup, skip)
            raise

    def _excuse(self) -> None:
        """A call that fails after inputs at random were accepted says nothing: they may stand in its way."""
        last = self.results[-1]
        if self.taken and last.outcome is Outcome.FAILED:
            reason = "what was accepted at random before it may stand in its way"
            self.results[-1] = CallResult(
                name=last.name, mark=last.mark, outcome=Outcome.SKIPPED, reason=reason
            )

    def outcome(self) -> tuple[Outcome, str]:
        """How the case ended, and why where its calls do not tell."""
        outcomes = {result.outcome for result in self.results}
        for outcome in (Outcome.FAILED, Outcome.ERROR):
            if outcome in outcomes:
                return outcome, ""
        return (Outcome.PASSED, "") if self.made else (Outcome.SKIPPED, "every call of it is skipped")

    def leftovers(self, findings: tuple[Finding, ...]) -> None:
        """Note what shows only at the end of a recording."""
        if findings:
            mark = self.case.scenario.mark
            self.results.append(
                CallResult(name="the recording", mark=mark, outcome=Outcome.FAILED, findings=findings)
            )

    def parity(self) -> None:
        """Hold what two APIs show of one thing against each other, where both calls passed."""
        passed = {result.name for result in self.results if result.outcome is Outcome.PASSED}
        for one in self.case.scenario.parity:
            if not {one.above.call, one.below.call} <= passed & self.answers.keys():
                continue
            above, below = (self._document(side.call) for side in (one.above, one.below))
            findings = tuple(broken(one, mapped(one, above, below)))
            outcome = Outcome.FAILED if findings else Outcome.PASSED
            name = f"parity: {one.name}"
            self.results.append(CallResult(name=name, mark=one.mark, outcome=outcome, findings=findings))

    def _document(self, name: str) -> Any:
        """What a call was answered, as JSON."""
        on = next(one.stages[0][1].on for one in self.case.scenario.histories if one.name == name)
        return self.answers[name].document(self.case.scenario.serving(on).bodies)

    def _one(self, call: Call, cleanup: bool, skip: str) -> None:
        if self.lost and not cleanup:
            skip = f"call '{self.lost}' could not be made"
        missing = sorted(call.uses - self.variables.keys()) if not skip else []
        if missing:
            skip = self._missing(missing[0])
        if not skip and call.same_as and call.same_as not in self.answers:
            skip = f"needs the answer of call '{call.same_as}'"
        if skip:
            result = CallResult(name=call.name, mark=call.mark, outcome=Outcome.SKIPPED, reason=skip)
        else:
            result = self.call(call)
            self.made |= not cleanup and result.outcome is not Outcome.SKIPPED
        self.results.append(result)
        for save in call.save:
            self.saved_by.setdefault(save.name, call.name)

    def call(self, call: Call) -> CallResult:
        """Make one call (and, where it polls, make it again), check the answer and save from it."""
        if call.trial is None or not call.trial.fresh:
            return self._call(call)
        # What is tried at random has one name, and what is tried again must not meet itself.
        at = f"{call.asked}/{self.count}" if call.trial.random else call.asked
        fresh = fresh_variables(self.case, call, self.deployment, at)
        own = {name: self.variables[name] for name in fresh}
        self.variables.update(fresh)
        self.looked = None
        try:
            return self._call(call)
        finally:
            self.variables.update(own)

    def _call(self, call: Call) -> CallResult:
        started = self.clock()
        request: Request | None = None
        response: Response | None = None
        findings: list[Finding] = []
        outcome, reason = Outcome.PASSED, ""
        service = as_represented(self.case.scenario.serving(call.on), call)
        at = self.case.scenario.version(call.on, self.case.microversion)
        version = at.text if at is not None else None
        try:
            request = build_request(call, self.variables, service.dialect, version, service.bodies)
            self._look_before(call, version)
            response, findings = self._answer(call, request, version)
            if call.expect is not None:
                findings += check_response(call.expect, response, self._context(call, request, version))
            findings += other_representation(call, response, service)
            if call.same_as:
                findings += unlike(self.answers[call.same_as], response, call, service)
            self.answers[call.name] = response
            saved = self._save(call, response, service)
            if call.trial is None:
                findings += saved
                self.looked = None
            else:
                findings += self._after_trial(call, call.trial, response, version)
        except UndefinedVariable as error:
            outcome, reason = Outcome.SKIPPED, self._missing(str(error))
        except Miss as error:
            findings.append(Finding(rule="recording-miss", mark=call.mark, detail=str(error)))
            outcome = Outcome.ERROR
        except Exception as error:
            outcome, reason = Outcome.ERROR, told(error)
            if isinstance(error, (Unreachable, UsageError)):
                self.lost = self.lost or call.name
            _abandon(self.channel)
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
            response=None if good or response is None else replace(response),
            seconds=self.clock() - started,
        )

    def _look_before(self, call: Call, version: str | None) -> None:
        """See what a bad request must not change, where it has not been seen since the last change."""
        trial = call.trial
        if trial is not None and not trial.good and trial.look is not None and self.looked is None:
            self.looked = self._aside(trial.look, call, version)

    def _after_trial(
        self, call: Call, trial: Trial, response: Response, version: str | None
    ) -> Iterator[Finding]:
        """What a refusal changed; what was accepted is taken back."""
        if response.status >= 400:
            if trial.look is None or trial.good:
                return
            before, self.looked = self.looked, self._aside(trial.look, call, version)
            if before is not None and (changed := first_change(before, self.looked)) is not None:
                where, old, new = changed
                where = f"GET {as_text(render(trial.look.target, self.variables))}{where and f', {where}'}"
                yield Finding(rule="input-changed", mark=call.mark, where=where, expected=old, got=new)
            return
        self.looked = None
        self.taken |= trial.random
        for undo in trial.undo:
            answer = self._aside(undo, call, version)
            good = undo.expect.status if undo.expect is not None else range(400)
            if answer.status not in good and not trial.random:
                detail = f"{undo.method} was answered {answer.status}"
                yield Finding(rule="input-undo", mark=undo.mark, detail=detail)

    def _aside(self, aside: Call, call: Call, version: str | None) -> Response:
        """Make a call that belongs to another one: it is recorded with that one, and observed by nobody."""
        service = self.case.scenario.serving(call.on)
        request = build_request(aside, self.variables, service.dialect, version, service.bodies)
        response = self.channel.send(request, call)
        self.count += 1
        return response

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
        started, waited, tries = self.clock(), 0.0, 1
        while check_response(
            poll.until, response, replace(self._context(call, request, version), asked=None)
        ):
            passed = waited if self.sleep is None else self.clock() - started
            late = _late(call, response, tries)
            if passed + poll.every > poll.limit:
                return response, [late]
            if self.sleep is not None:
                self.sleep(poll.every)
            waited += poll.every
            try:
                response = self._send(call, request)
            except Miss:
                return response, [late]
            tries += 1
        return response, []

    def _context(self, call: Call, request: Request, version: str | None) -> Context:
        plain = asked_version(call, self.variables, version) == version
        at = self.case.scenario.version(call.on, self.case.microversion)
        return Context(
            mark=call.mark,
            variables=self.variables,
            service=as_represented(self.case.scenario.serving(call.on), call),
            microversion=at,
            asked=at if plain else None,
            path=request.target.partition("?")[0],
        )

    def _save(self, call: Call, response: Response, service: Service) -> list[Finding]:
        found: list[Finding] = []
        for save in call.save:
            value, lacking = _saved(save, response, self.variables, service.bodies)
            if value is MISSING:
                found.append(Finding(rule="save", mark=save.mark, where=save.name, detail=lacking))
            else:
                self.variables[save.name] = value
        return found


def _late(call: Call, response: Response, tries: int) -> Finding:
    seen = response.json if response.json is not MISSING else response.view
    got = Words(f"status {response.status}") if seen is MISSING else seen
    detail = f"{tries} {'try' if tries == 1 else 'tries'}"
    return Finding(rule="poll-timeout", mark=call.mark, detail=detail, got=got)


def _saved(save: Save, response: Response, variables: Mapping[str, Any], bodies: str) -> tuple[Any, str]:
    """The value to save, or MISSING and what is lacking."""
    if save.path is not None:
        document = response.document(bodies)
        value = save.path.find(document) if document is not MISSING else MISSING
        return value, f"there is nothing at {save.path.source}"
    if save.xml is not None:
        try:
            value = save.xml.find(response.xml) if response.xml is not MISSING else MISSING
        except ValueError as error:
            return MISSING, f"{save.xml.source}: {error}"
        if value is MISSING or (save.match is not None and not isinstance(value, str)):
            return MISSING, f"there is nothing, or no one text, at {save.xml.source}"
        what = f"what is at {save.xml.source}"
    else:
        value = response.header(save.header)
        if value is None:
            return MISSING, f"there is no header {save.header}"
        what = f"the header {save.header}"
    if save.match is None:
        return value, ""
    pattern = as_text(render(save.match, variables))
    try:
        match = search(pattern, value)
    except PatternTimeout:
        return MISSING, f"the pattern /{pattern}/ took too long on {what}"
    except Exception as error:  # of a pattern that a variable made
        return MISSING, f"/{pattern}/ is no pattern: {error}"
    if match is None:
        return MISSING, f"{what} does not match /{pattern}/"
    return match[1] if match.re.groups else match[0], ""
