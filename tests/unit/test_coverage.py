"""Coverage: operations and statuses that were seen, and the overlays that bite."""

from __future__ import annotations

import unittest
from typing import Any

from contract_tests.execution.coverage import Coverage, measure
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.runner import Job
from contract_tests.model.http import Request
from contract_tests.model.scenario import Scenario
from tests.unit.building import Transport, answer, deployment, scenario

SERVICE = """
service: toy
title: The toy service
version: {dialect: header, header: V, order: number, min: 1.0, max: 1.5}
operations:
  - {GET: /things, statuses: [200, 400]}
  - {GET: "/things/{id}", statuses: [200, 404]}
  - {GET: /things/all, statuses: [200]}
  - {DELETE: "/things/{id}", statuses: [204]}
"""

SCENARIO = """
calls:
  - name: list
    GET: /things
    expect: {status: 200, json: {$.size: {absent: true}}}
    since:
      1.2: {expect: {json: {$.size: 3}}}
      1.4: {expect: {json: {$.name: {any: true}}}}
      1.5: {query: {deep: 1}}
  - name: show
    GET: /things/7
    as: reader
    expect: {status: 200, schema: thing}
  - name: all
    GET: /things/all
    expect: {status: 200}
  - name: odd
    GET: /odd
    expect: {status: 418}
"""

THING = """
type: object
since:
  1.2: {required: [size]}
  1.4: {properties: {name: {type: string}}}
"""


def toy(request: Request) -> Any:
    version = float(dict(request.headers)["V"])
    path = request.target.partition("?")[0]
    if path == "/odd":
        return answer(418)
    return answer(200, {"size": 3} if version >= 1.2 else {})


class CoverageCase(unittest.TestCase):
    def measured(
        self, answers: Any = toy, one: Scenario | None = None, high: str = "1.5", **choice: Any
    ) -> Coverage:
        one = one or scenario(SCENARIO, SERVICE, {"thing": THING})
        place = deployment(one.service, "1.0", high)
        cases = plan([one], place, Choice(**choice), None)
        job = Job(deployment=place, transport=Transport(answers), cases=cases, replay=True)
        return measure(one.service, [one], [job])


class TestOperations(CoverageCase):
    def test_calls_statuses_microversions_and_roles(self) -> None:
        found = self.measured(microversions="every")
        seen = {one.operation.name: one for one in found.operations}
        listing = seen["GET /things"]
        self.assertEqual(
            (6, {200: 6}, (400,), {"admin"}),
            (listing.calls, listing.statuses, listing.missing, listing.roles),
        )
        self.assertEqual(6, len(listing.microversions))
        self.assertEqual((6, {"reader"}), (seen["GET /things/{id}"].calls, seen["GET /things/{id}"].roles))
        self.assertEqual(
            (0, (204,)), (seen["DELETE /things/{id}"].calls, seen["DELETE /things/{id}"].missing)
        )

    def test_the_most_exact_operation_counts(self) -> None:
        seen = {one.operation.name: one.calls for one in self.measured().operations}
        self.assertEqual(seen["GET /things/all"], seen["GET /things/{id}"])

    def test_what_is_no_operation(self) -> None:
        found = self.measured(microversions="latest")
        self.assertEqual({"GET /odd -> 418": 1}, found.unknown)

    def test_the_version_in_the_url_is_left_out(self) -> None:
        service = SERVICE.replace(
            "{dialect: header, header: V, order: number, min: 1.0, max: 1.5}",
            "{dialect: url, min: v1, max: v2}",
        )
        one = scenario("calls: [{name: list, GET: /things, expect: {status: 200}}]", service)
        place = deployment(one.service)
        cases = plan([one], place, Choice(), None)
        transport = Transport(lambda request: answer(200))
        found = measure(
            one.service, [one], [Job(deployment=place, transport=transport, cases=cases, replay=True)]
        )
        self.assertEqual(["GET /v1/things", "GET /v2/things"], transport.sent)
        self.assertEqual(2, found.operations[0].calls)

    def test_cases_that_did_not_pass(self) -> None:
        found = self.measured(lambda request: answer(500), microversions="latest")
        self.assertEqual((1, ["toy/what@1.5 on toy 1.0.0"], 1), (found.cases, found.not_passed, found.failed))
        found = self.measured(lambda request: ConnectionError("gone"), microversions="latest")
        self.assertEqual((1, ["toy/what@1.5 on toy 1.0.0"], 0), (found.cases, found.not_passed, found.failed))

    def test_jobs_of_other_services_are_left_alone(self) -> None:
        one = scenario(SCENARIO, SERVICE, {"thing": THING})
        other = deployment(one.service)
        job = Job(deployment=other, transport=Transport(toy), cases=plan([one], other, Choice(), None))
        found = measure(
            scenario(
                "calls: [{name: a, GET: /, expect: {status: 200}}]",
                "service: toy\nversion: {dialect: none}\n",
            ).service,
            [],
            [job],
        )
        self.assertEqual([], found.operations)


class TestOverlays(CoverageCase):
    def states(self, **options: Any) -> dict[str, str]:
        return {
            f"{one.name} at {one.microversion}": one.state
            for one in self.measured(**options).overlays.values()
        }

    def test_their_states(self) -> None:
        self.assertEqual(
            {
                "what: list at 1.2": "bites",
                "what: list at 1.4": "bites nowhere",
                "what: list at 1.5": "asks otherwise",
                "schema thing at 1.2": "bites",
                "schema thing at 1.4": "bites nowhere",
            },
            self.states(),
        )

    def test_one_that_is_never_tried(self) -> None:
        self.assertEqual({"never tried"}, set(self.states(microversions="latest").values()))

    def test_one_just_above_the_deployment_is_tried(self) -> None:
        self.assertEqual("bites", self.states(high="1.1")["what: list at 1.2"])

    def test_microversions_of_which_nobody_speaks(self) -> None:
        found = self.measured()
        self.assertEqual(["1.1", "1.3"], [str(version) for version in found.silent])


if __name__ == "__main__":
    unittest.main()
