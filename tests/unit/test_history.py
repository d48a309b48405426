"""The history of a service along its microversions, beside what the scenarios declare."""

from __future__ import annotations

import unittest
from collections.abc import Callable

from contract_tests.comparison.policy import Policy
from contract_tests.execution.history import History, by_microversion, history
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.runner import Job
from contract_tests.model.http import Request, Response
from tests.unit.building import Transport, answer, deployment, scenario

SCENARIO = """
calls:
  - name: show
    GET: /thing
    expect: {status: 200}
    since:
      1.2: {expect: {json: {$.tags: []}}}
      1.3: {expect: {json: {$.kind: x}}}
"""


def seen(answers: Callable[[str], Response], text: str = SCENARIO, versions: str = "every") -> History:
    """The history of a service that answers by microversion."""
    one = scenario(text)
    place = deployment(one.service, "1.0", "1.4")

    def respond(request: Request) -> Response:
        return answers(dict(request.headers).get("Toy-Version", ""))

    job = Job(
        deployment=place,
        transport=Transport(respond),
        cases=plan([one], place, Choice(microversions=versions), None),
        replay=True,
    )
    return history(one.service, [job], Policy(name="none"))


def told(found: History) -> list[str]:
    return [
        f"{entry.microversion} {entry.verdict} {entry.rule.id} {entry.fact.path}"
        + ("" if entry.declared else " undeclared")
        for entry in found.entries
    ]


class TestHistory(unittest.TestCase):
    def test_a_declared_change_is_a_bump(self) -> None:
        found = seen(lambda v: answer(200, {"id": 1, **({"tags": []} if v >= "1.2" else {})}))
        self.assertEqual(["1.2 BUMP property-empty-appeared $.tags"], told(found))
        self.assertEqual([("what: show", "1.3")], [(name, str(version)) for name, version, _ in found.unseen])

    def test_one_that_nothing_declares_is_for_a_person(self) -> None:
        found = seen(lambda v: answer(200, {"id": 1, **({"tags": ["a"]} if v >= "1.1" else {})}))
        self.assertEqual(["1.1 REVIEW property-added $.tags undeclared"], told(found))

    def test_a_removal_is_a_warning(self) -> None:
        found = seen(lambda v: answer(200, {"id": 1, **({"size": 77} if v < "1.3" else {})}))
        self.assertEqual(["1.3 WARN property-removed $.size"], told(found))
        self.assertEqual(["1.3"], [str(version) for version in by_microversion(found.entries)])

    def test_what_neither_may_be_stays_a_break(self) -> None:
        found = seen(lambda v: answer(200 if v < "1.3" else 500, {"id": 1}))
        self.assertEqual(["1.3 BREAK status-success-to-server-error "], told(found))

    def test_microversions_that_are_no_neighbours_are_not_compared(self) -> None:
        found = seen(
            lambda v: answer(200, {"id": 1, **({"tags": ["a"]} if v >= "1.3" else {})}),
            "calls: [{name: show, GET: /thing, expect: {status: 200}}]",
            "boundaries",
        )
        self.assertEqual([], found.entries)


if __name__ == "__main__":
    unittest.main()
