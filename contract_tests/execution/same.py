"""Whether an answer is that of an earlier call of its case."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.model.finding import Finding
from contract_tests.model.http import Response
from contract_tests.model.scenario import Call
from contract_tests.model.service import Service


def unlike(earlier: Response, response: Response, call: Call, service: Service) -> Iterator[Finding]:
    """What differs between two answers of a case, less what differs between any two: `same_as`.

    It is what would be told of two releases at one microversion, where that is more than OK or INFO.
    """
    from contract_tests.comparison.correlation import known_of
    from contract_tests.comparison.differ import diff
    from contract_tests.comparison.rules import Context, Verdict, rule_of

    for fact in diff(earlier, response, known_of(service)):
        if rule_of(fact).verdict(Context.FROZEN) not in (Verdict.OK, Verdict.INFO):
            yield Finding(
                rule="same-as",
                mark=call.mark,
                where=fact.path or fact.kind,
                expected=fact.old,
                got=fact.new,
                detail=call.same_as,
            )
