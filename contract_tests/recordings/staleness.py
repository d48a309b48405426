"""Whether a scenario still asks what it asked when a cassette was recorded."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.model.case import Case
from contract_tests.model.finding import Finding, Mark
from contract_tests.model.trials import calls_at
from contract_tests.recordings.cassette import AGAIN, Cassette


def asked_of(case: Case) -> dict[str, str]:
    """Each call of the scenario at the case's microversion, and the digest of what it asks, in order."""
    return {call.name: call.asked for _, call in calls_at(case.scenario, case.microversion)}


def stale_calls(cassette: Cassette, case: Case) -> Iterator[tuple[str, str]]:
    """(call, what has changed about it) since the recording; nothing for a cassette that tells no calls.

    A call that was not made when this was recorded (it was skipped) and has changed or gone since makes
    nothing stale.
    """
    if cassette.foreign or not cassette.asked:
        return
    now = asked_of(case)
    made = {entry.call for entry in cassette.entries}
    for name, digest in cassette.asked.items():
        if name in made and name not in now:
            yield name, "is gone"
        elif name in made and now[name] != digest:
            yield name, "asks differently"
    for name in now:
        if name not in cassette.asked:
            yield name, "is new"
    common_then = [name for name in cassette.asked if name in now]
    common_now = [name for name in now if name in cassette.asked]
    for then, new in zip(common_then, common_now, strict=True):
        if then != new:
            yield new, f"now comes before {then!r}"
            return


def staleness(cassette: Cassette, case: Case) -> tuple[Finding, ...]:
    """A finding `recording-stale` for each call that has changed since: `where` names the call."""
    return tuple(stale_finding(cassette, case, name, change) for name, change in stale_calls(cassette, case))


def stale_finding(cassette: Cassette, case: Case, name: str, change: str, more: str = "") -> Finding:
    """The finding for one call. `more` says what differs, where that is known."""
    detail = (
        f"the scenario has changed since {cassette.path} was recorded: call {name!r} {change}"
        + (f" ({more})" if more else "")
        + f"; {AGAIN}"
    )
    return Finding(rule="recording-stale", mark=mark_of(case, name), where=name, detail=detail)


def mark_of(case: Case, name: str) -> Mark:
    """Where the call of that name was written; the scenario's own mark where it is gone."""
    written = {history.name: history.mark for history in case.scenario.histories}
    trial = next(
        (call.mark for _, call in calls_at(case.scenario, case.microversion) if call.name == name), None
    )
    return written.get(name) or trial or case.scenario.mark
