"""Two deployments answer the same cases: what differs, call by call, and what a policy makes of it."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from contract_tests.comparison.correlation import known_of
from contract_tests.comparison.differ import diff
from contract_tests.comparison.facts import VALUED, Fact
from contract_tests.comparison.noise import Noise, is_noise
from contract_tests.comparison.policy import Policy, Waiver
from contract_tests.comparison.rule import Told
from contract_tests.comparison.rules import Context, Verdict
from contract_tests.comparison.versions import range_facts
from contract_tests.comparison.words import words_of
from contract_tests.execution.case import run_case
from contract_tests.execution.causes import first_below
from contract_tests.model.case import Case, CaseResult
from contract_tests.model.http import Interaction, Request, Response
from contract_tests.model.microversion import Microversion
from contract_tests.model.scenario import Call, Scenario
from contract_tests.model.service import Service
from contract_tests.model.target import Deployment
from contract_tests.model.trials import calls_at
from contract_tests.recordings.redaction import without_secrets
from contract_tests.recordings.steady import canonical_endpoint, without_origin
from contract_tests.recordings.text import edit
from contract_tests.transport.base import Transport

if TYPE_CHECKING:
    from contract_tests.execution.runner import Job

ROLE_LENGTH = 4
"""Variables with shorter values are no roles: they would be met everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A fact in one call of one case, with its rule and verdict; `declared`: an overlay says it.

    `service` is the one that was asked, `owner` the one whose scenario asked it (empty: the same). `cause`
    names the call of the case in which an API below broke before, `begins` tells that this is that call.
    """

    service: str
    scenario: str
    call: str
    at: str
    microversion: Microversion | None
    fact: Fact
    rule: Told
    verdict: Verdict
    declared: bool = False
    begins: bool = False
    cause: str = ""
    owner: str = ""


@dataclass(slots=True)
class Change:
    """One change with its extent: all differences that say the same; `causes` are what broke below before.

    `begins`: it is such a cause itself.
    """

    service: str
    rule: Told
    verdict: Verdict
    fact: Fact
    calls: dict[tuple[str, str], str] = field(default_factory=dict)
    microversions: set[Microversion | None] = field(default_factory=set)
    causes: set[str] = field(default_factory=set)
    begins: bool = False
    count: int = 0
    owner: str = ""


@dataclass(slots=True)
class Comparison:
    """What a comparison found: `changes` the gravest first; `compared` calls; `missing` cases and why.

    `failed` are how many of the missing cases should have run, and could not.
    """

    old: str
    new: str
    context: Context
    changes: list[Change] = field(default_factory=list)
    waivers: list[str] = field(default_factory=list)
    compared: int = 0
    cases: int = 0
    failed: int = 0
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """What one run of a case was answered, call by call, and the roles of its values.

    `problems` say of calls that were not made why; `problem` why nothing was answered at all. `asked` are the
    digests of what the scenario's calls ask.
    """

    responses: Mapping[str, tuple[Request, Response]]
    roles: Mapping[str, str]
    problem: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)


def answers(case: Case, transport: Transport, deployment: Deployment, *, replay: bool) -> Answered:
    """Run a case on one deployment and keep what it answered (of a polled call, the last)."""
    responses: dict[str, tuple[Request, Response]] = {}

    def observe(call: Call, request: Request, response: Response, variables: Mapping[str, Any]) -> None:
        responses[call.name] = (request, response)
        latest.clear()
        latest.append(variables)

    latest: list[Mapping[str, Any]] = []
    options: dict[str, Any] = {"sleep": None} if replay else {}
    result = run_case(case, transport, deployment, observe=observe, **options)
    variables = latest[0] if latest else {}
    found = gathered(case, responses, variables, result, deployment.endpoint, recorded=replay)
    if not found.responses and not found.problem:
        return Answered({}, {}, result.why or "nothing was answered")
    return found


def gathered(
    case: Case,
    responses: Mapping[str, tuple[Request, Response]],
    variables: Mapping[str, Any],
    result: CaseResult,
    endpoint: str,
    *,
    recorded: bool,
) -> Answered:
    """What a run was answered, from its answers, its last variables and its result.

    It is what a recording would hold: with the origin that recordings have, for where a service runs is no
    difference, and (where it is not `recorded`) without secrets, for differences are shown.
    """
    roles: dict[str, str] = {}
    for name, value in variables.items():
        if isinstance(value, str) and len(value) >= ROLE_LENGTH and name != "endpoint":
            roles.setdefault(value, name)
    if case.microversion is not None:  # the version that an answer tells is its own, in both runs
        for carrier in case.scenario.service.dialect.carriers:
            roles[carrier.form.format(case.microversion)] = "microversion"
    stale = [one for call in result.calls for one in call.findings if one.rule == "recording-stale"]
    if stale:  # what it answers was asked otherwise
        return Answered({}, {}, f"its recording is stale: {stale[0].detail.splitlines()[0]}")
    problems = {
        call.name: call.reason or next((one.detail for one in call.findings), "")
        for call in result.calls
        if call.name not in responses
    }
    return Answered(
        _as_recorded(responses, case.scenario, endpoint, recorded),
        roles,
        problems=problems,
        asked={call.name: call.asked for _, call in calls_at(case.scenario, case.microversion)},
    )


def _as_recorded(
    responses: Mapping[str, tuple[Request, Response]], scenario: Scenario, endpoint: str, recorded: bool
) -> Mapping[str, tuple[Request, Response]]:
    service = scenario.service.name
    moved = not endpoint.startswith(canonical_endpoint(service, ""))
    if recorded and not moved:
        return responses
    rewrite = without_origin(service, endpoint)
    found: dict[str, tuple[Request, Response]] = {}
    for name, (request, response) in responses.items():
        one = Interaction(request=request, response=response)
        if not recorded:
            one = without_secrets(scenario.serving(request.service), request, response)
        if moved:
            one = edit(one, rewrite)
        found[name] = (one.request, one.response)
    return found


def counterparts(old: Answered, new: Answered) -> dict[str, str]:
    """Which call of `old` each call of `new` is held to; one that has none is left out.

    It is the one of its name. A scenario that expects other answers of other releases has a call for each
    (`requires`), so of calls that one run alone made it is the one that asks the same, after the same call.
    """
    shared = old.responses.keys() & new.responses.keys()
    pairs = {name: name for name in new.responses if name in shared}
    if len(shared) in (len(old.responses), len(new.responses)):
        return pairs
    waiting: dict[tuple[str, str], list[str]] = {}
    for name, key in _alone(old, shared):
        waiting.setdefault(key, []).append(name)
    for name, key in _alone(new, shared):
        if waiting.get(key):
            pairs[name] = waiting[key].pop(0)
    return pairs


def _alone(one: Answered, shared: Set[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """The calls that only this run made: the last one before it that both made, and what it asks."""
    last = ""
    for name in one.responses:
        if name in shared:
            last = name
        elif one.asked.get(name):
            yield name, (last, one.asked[name])


def compare_answers(
    old: Answered,
    new: Answered,
    scenario: Scenario,
    version: Microversion | None,
    learned: Sequence[Noise] = (),
) -> Iterator[tuple[str, Fact]]:
    """(call, fact) for every call that both runs made, less what the `learned` noise of either covers.

    Where a status differed, what the case leaves behind differs: cleaning up may then be answered by any of
    the statuses that it expects.
    """
    pairs = counterparts(old, new)
    left = False
    for history, call in calls_at(scenario, version):
        name, on = call.name, call.on
        if name not in pairs:
            continue
        (request, before), (_, after) = old.responses[pairs[name]], new.responses[name]
        schema = call.expect.schema if call.expect is not None else None
        same = replace(
            known_of(scenario.serving(on)),
            old=old.roles,
            new=new.roles,
            words=words_of(schema.at(scenario.version(on, version)))
            if schema is not None and before.body != after.body
            else {},
            ordered="sort" in request.target.partition("?")[2],
            trial=call.trial.kind if call.trial is not None else "",
        )
        keys = {f"{scenario.slug}: {one}" for one in (name, pairs[name])}
        known = [calls[key] for calls in learned for key in keys if key in calls]
        for fact in diff(before, after, same):
            if is_noise(fact, known) or (left and history.cleanup and _expected(call, fact)):
                continue
            left = left or fact.kind == "status"
            yield name, fact


def _expected(call: Call, fact: Fact) -> bool:
    """Whether a fact is of two statuses that the call expects both."""
    known = call.expect.status if call.expect is not None else ()
    return fact.kind == "status" and fact.old in known and fact.new in known


def compare(
    old: Job, new: Job, policy: Policy, waivers: Sequence[Waiver] = (), context: Context | None = None
) -> Comparison:
    """Compare two deployments of one service over the cases that both can run.

    The context is the policy's for a service with microversions or for one without. What a waiver covers is
    left out; `waivers` of the result tells of those that are expired or not needed.
    """
    service = next(
        (case.scenario.service for case in (*old.cases, *new.cases)), Service(name=old.deployment.service)
    )
    context = context or policy.context(service)
    found = Comparison(old=old.deployment.name, new=new.deployment.name, context=context)
    waiving = Waiving(waivers, service, datetime.date.today())
    # They are put together as they come: there may be more of them than memory holds.
    differences = _differences(old, new, policy, found)
    found.changes = gather(one for one in differences if not waiving.covers(one, new.deployment.release))
    found.waivers = waiving.said()
    return found


def _differences(old: Job, new: Job, policy: Policy, found: Comparison) -> Iterator[Difference]:
    """All that differs, case by case; `found` is told what was compared, and what could not be."""
    cases = {case.id: case for case in old.cases}
    learned = (old.deployment.noise, new.deployment.noise)
    told: set[str] = set()
    for case in new.cases:
        twin = cases.get(case.id)
        if twin is not None and twin.skip and case.skip and not case.scenario.is_recorded(case.microversion):
            continue  # two recordings, of what is tried live only
        if twin is None or twin.skip or case.skip:
            found.missing[case.id] = case.skip or (
                twin.skip if twin is not None else f"not a case of {old.deployment.name}"
            )
            continue
        before, after = (
            answers(one, job.transport, job.deployment, replay=job.replay)
            for job, one in ((old, twin), (new, case))
        )
        if before.problem or after.problem:
            found.missing[case.id] = before.problem or after.problem
            found.failed += 1
            continue
        found.cases += 1
        pairs = counterparts(before, after)
        found.compared += len(pairs)
        found.missing.update(_one_sided(case, before, after, pairs))
        marks = {
            call.name: f"{call.mark.path}:{call.mark.line}"
            for _, call in calls_at(case.scenario, case.microversion)
        }
        asked = {
            call.name: case.scenario.serving(call.on).name
            for _, call in calls_at(case.scenario, case.microversion)
        }
        own: list[Difference] = []
        for name, fact in compare_answers(before, after, case.scenario, case.microversion, learned):
            call = f"{case.scenario.slug}: {name}"
            rule, verdict = policy.judge(fact, found.context, asked[name], call)
            own.append(
                Difference(
                    service=asked[name], scenario=case.scenario.slug, call=name, at=marks[name],
                    microversion=case.microversion, fact=fact, rule=rule, verdict=verdict,
                    owner=case.scenario.service.name,
                )
            )  # fmt: skip
        told.update(one.fact.kind for one in own)
        yield from _with_causes(case.scenario, list(asked), own, policy)
    yield from _of_ranges(old, new, policy, found.context, told)


def _with_causes(
    scenario: Scenario, order: Sequence[str], own: Sequence[Difference], policy: Policy
) -> Iterator[Difference]:
    """The differences of one case (`order`: its calls), those after the earliest break below naming it."""
    cause = first_below(scenario, {one.call for one in own if _breaks(one, policy)})
    for one in own:
        if not cause or order.index(one.call) < order.index(cause):
            yield one
        else:
            yield replace(one, **({"begins": True} if one.call == cause else {"cause": cause}))


def _breaks(one: Difference, policy: Policy) -> bool:
    """Whether a call answers no more what it did: by the policy, or since a success became an error."""
    fact = one.fact
    return one.verdict in policy.fails or (fact.kind == "status" and fact.old < 400 <= fact.new)


def _one_sided(
    case: Case, old: Answered, new: Answered, pairs: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """(call, why) for calls that one of two runs made and the other did not."""
    for one, other, held in ((old, new, pairs.values()), (new, old, pairs.keys())):
        for name in one.responses:
            if name not in held and other.problems.get(name):
                yield f"{case.id}: {name}", other.problems[name]


def _of_ranges(
    old: Job, new: Job, policy: Policy, context: Context, told: Collection[str]
) -> Iterator[Difference]:
    """What the deployments say of their microversions; `told` are the kinds that answers told of."""
    for fact in range_facts(old.deployment.range, new.deployment.range):
        if fact.kind not in told:
            rule, verdict = policy.judge(fact, context, new.deployment.service)
            yield Difference(
                service=new.deployment.service, scenario="the deployment", call="its microversions",
                at=new.deployment.name, microversion=None, fact=fact, rule=rule, verdict=verdict,
            )  # fmt: skip


def waive(
    differences: Iterable[Difference],
    waivers: Sequence[Waiver],
    service: Service,
    release: str,
    today: datetime.date,
) -> tuple[list[Difference], list[str]]:
    """The differences that no waiver covers, and what is to be said of the waivers: expired, or not needed.

    An expired waiver covers nothing.
    """
    waiving = Waiving(waivers, service, today)
    return [one for one in differences if not waiving.covers(one, release)], waiving.said()


class Waiving:
    """Waivers of one service while they are used, and what is to be said of them in the end."""

    def __init__(self, waivers: Sequence[Waiver], service: Service, today: datetime.date) -> None:
        self.own = [waiver for waiver in waivers if waiver.service == service.name]
        self.service = service
        self.today = today
        self.used: set[Waiver] = set()

    def covers(self, one: Difference, release: str) -> bool:
        """Whether a waiver that has not expired speaks of this."""
        call = f"{one.scenario}: {one.call}"
        covering = [
            waiver
            for waiver in self.own
            if waiver.covers(one.rule.id, self.service, call, one.fact, one.microversion, release)
        ]
        self.used.update(covering)
        return any(waiver.expires >= self.today for waiver in covering)

    def said(self) -> list[str]:
        """Of each waiver that expired or was not needed."""
        return [
            f"{w.at}: the waiver of {w.rule} in {w.call} expired on {w.expires}; mend it, or decide again"
            for w in self.own
            if w in self.used and w.expires < self.today
        ] + [
            f"{w.at}: the waiver of {w.rule} in {w.call} covers nothing any more; remove it"
            for w in self.own
            if w not in self.used
        ]


def gather(differences: Iterable[Difference]) -> list[Change]:
    """Differences that say the same put together: what began in an API below, then the gravest first."""
    changes: dict[tuple[str, ...], Change] = {}
    for one in differences:
        fact = one.fact
        values = (repr(fact.old), repr(fact.new)) if fact.kind in VALUED else ()
        key = (one.service, one.rule.id, one.verdict, fact.path, fact.detail, *values)
        change = changes.setdefault(key, Change(one.service, one.rule, one.verdict, fact))
        change.calls.setdefault((one.scenario, one.call), one.at)
        change.microversions.add(one.microversion)
        change.begins |= one.begins
        change.owner = one.owner
        if one.cause:
            change.causes.add(f"{one.scenario}: {one.cause}")
        change.count += 1
    gravity = list(Verdict)
    return sorted(
        changes.values(),
        key=lambda c: (
            not c.begins,
            -gravity.index(c.verdict),
            bool(c.causes),
            -c.count,
            c.rule.id,
            c.fact.path,
        ),
    )
