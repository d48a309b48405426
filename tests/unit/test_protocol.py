"""The microversion protocol as a scenario: each probe of a service's profile, and what breaks it."""

from __future__ import annotations

import unittest
from typing import Any

from contract_tests.checks.rules import word
from contract_tests.execution.case import run_case
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.protocol import SLUG, protocol_scenario
from contract_tests.model.case import Outcome
from contract_tests.model.http import Request, header_values
from contract_tests.model.service import Service
from tests.unit.building import Transport, answer, deployment, library

OPENSTACK = """
service: toy
title: The toy service
version: {dialect: openstack, service_type: toy, min: 2.1, max: 2.9, legacy: [X-Toy-Version]}
protocol:
  probe: {GET: "/things?name=none", as: reader}
  absent: 2.1
  echo: success
  vary: success
  latest: 200
  below: {send: "2.0", status: 406, echo: false}
  above: {send: "2.999", status: 406, echo: true}
  malformed: [{send: pony, status: 400, echo: false}, {send: "2.01", status: 200, means: 2.1}]
  other_service: {send: compute 2.5, means: 2.1}
"""


def service(text: str) -> Service:
    found = library({"services/toy.yaml": text}).service("toy")
    assert found is not None
    return found


class Toy:
    """Keeps the protocol, save for what `wrong` changes (probe -> response headers or status)."""

    def __init__(self, high: int = 9, **wrong: Any) -> None:
        self.high = high
        self.wrong = wrong

    def __call__(self, request: Request) -> Any:
        values = header_values(request.headers, "OpenStack-API-Version")
        asked = values[0].removeprefix("toy ") if values and values[0].startswith("toy ") else "none"
        status, version = self.meaning(asked)
        headers = {}
        if status == 200 or asked == "2.999":
            told = version if status == 200 else asked
            headers = {
                "OpenStack_API_Version": f"toy {told}",
                "X_Toy_Version": told,
                "Vary": "OpenStack-API-Version, X-Toy-Version",
            }
        change = self.wrong.get(asked.replace(".", "_"), {})
        return answer(
            change.pop("status", status) if "status" in change else status, None, **{**headers, **change}
        )

    def meaning(self, asked: str) -> tuple[int, str]:
        if asked in ("none", "2.01"):
            return 200, "2.1"
        if asked == "latest":
            return 200, f"2.{self.high}"
        if asked == "pony":
            return 400, ""
        minor = int(asked.partition(".")[2])
        return (200, asked) if 1 <= minor <= self.high else (406, "")


class ProtocolCase(unittest.TestCase):
    def result(self, toy: Any, text: str = OPENSTACK, high: str = "2.9") -> Any:
        one = protocol_scenario(service(text))
        assert one is not None
        place = deployment(one.service, "2.1", high)
        (case,) = plan([one], place, Choice(), None)
        self.transport = Transport(toy)
        return run_case(case, self.transport, place, sleep=None)

    def broken(self, toy: Any, **options: Any) -> dict[str, list[str]]:
        result = self.result(toy, **options)
        return {call.name: [word(one) for one in call.findings] for call in result.calls if call.findings}


class TestScenario(ProtocolCase):
    def test_every_probe_is_a_call(self) -> None:
        result = self.result(Toy())
        self.assertEqual(Outcome.PASSED, result.outcome, result)
        self.assertEqual(
            [
                "no version is asked for",
                "the oldest is asked for",
                "the newest is asked for",
                "latest is asked for",
                "2.0 is below the range",
                "2.999 is above the range",
                "pony is no version",
                "2.01 is no version",
                "compute 2.5 is another service's",
            ],
            [call.name for call in result.calls],
        )
        self.assertEqual({"GET /things?name=none"}, set(self.transport.sent))
        self.assertEqual({"reader"}, {request.role for request in self.transport.requests})
        self.assertEqual(f"toy/{SLUG}@2.1", result.id)

    def test_what_goes_over_the_wire(self) -> None:
        self.result(Toy())
        sent = [header_values(r.headers, "OpenStack-API-Version") for r in self.transport.requests]
        self.assertEqual(
            [
                (),
                ("toy 2.1",),
                ("toy 2.9",),
                ("toy latest",),
                ("toy 2.0",),
                ("toy 2.999",),
                ("toy pony",),
                ("toy 2.01",),
                ("compute 2.5",),
            ],
            [tuple(values) for values in sent],
        )
        legacy = [tuple(header_values(r.headers, "X-Toy-Version")) for r in self.transport.requests]
        self.assertEqual([(), ("2.1",), ("2.9",)], legacy[:3])
        self.assertEqual((), legacy[-1])

    def test_the_newest_is_the_deployments(self) -> None:
        self.assertEqual({}, self.broken(Toy(high=5), high="2.5"))

    def test_it_is_stable(self) -> None:
        first, again = protocol_scenario(service(OPENSTACK)), protocol_scenario(service(OPENSTACK))
        assert first is not None and again is not None
        self.assertEqual(first.id, again.id)
        self.assertEqual("9eccf3f8-ef86-5a19-93ae-3db2fe0389e9", first.id)
        digests = [call.at(first.service.minimum).asked for call in first.calls]  # type: ignore[union-attr]
        self.assertEqual(len(digests), len(set(digests)))

    def test_without_a_profile_or_versions_there_is_none(self) -> None:
        self.assertIsNone(protocol_scenario(service(OPENSTACK.partition("protocol:")[0])))
        self.assertIsNone(protocol_scenario(service("service: toy\nversion: {dialect: none}\n")))

    def test_it_has_a_tag_and_a_place(self) -> None:
        one = protocol_scenario(service(OPENSTACK))
        assert one is not None
        self.assertEqual(frozenset({"protocol"}), one.tags)
        self.assertTrue(one.mark.path.endswith("toy.yaml"))


class TestFindings(ProtocolCase):
    def test_absent_is_not_the_minimum(self) -> None:
        found = self.broken(Toy(none={"X_Toy_Version": "2.9"}))
        # The probe of another service's header is answered in the same way.
        self.assertEqual(
            {
                "no version is asked for": ['expected header X-Toy-Version: "2.1", got "2.9"'],
                "compute 2.5 is another service's": ['expected header X-Toy-Version: "2.1", got "2.9"'],
            },
            found,
        )

    def test_outside_the_range_is_a_406(self) -> None:
        self.assertEqual(
            {"2.0 is below the range": ["expected status 406, got 200"]},
            self.broken(Toy(**{"2_0": {"status": 200}})),
        )
        self.assertEqual(
            {"2.999 is above the range": ["expected status 406, got 404"]},
            self.broken(Toy(**{"2_999": {"status": 404}})),
        )

    def test_the_echo_of_what_was_refused(self) -> None:
        self.assertEqual(
            {"2.999 is above the range": ['expected header X-Toy-Version: "2.999", got "2.9"']},
            self.broken(Toy(**{"2_999": {"X_Toy_Version": "2.9"}})),
        )
        self.assertEqual(
            {"2.0 is below the range": ['expected header X-Toy-Version: nothing, got "2.0"']},
            self.broken(Toy(**{"2_0": {"X_Toy_Version": "2.0"}})),
        )

    def test_latest_is_the_newest(self) -> None:
        self.assertEqual(
            {"latest is asked for": ['expected header OpenStack-API-Version: "toy 2.9", got "toy latest"']},
            self.broken(Toy(latest={"OpenStack_API_Version": "toy latest"})),
        )

    def test_malformed(self) -> None:
        self.assertEqual(
            {"pony is no version": ["expected status 400, got 200"]}, self.broken(Toy(pony={"status": 200}))
        )
        self.assertEqual(
            {"2.01 is no version": ["expected status 200, got 400"]},
            self.broken(Toy(**{"2_01": {"status": 400}})),
        )

    def test_vary_and_the_echo_of_the_oldest(self) -> None:
        found = self.broken(Toy(**{"2_1": {"Vary": "Accept"}}))
        self.assertEqual(
            {
                "the oldest is asked for": [
                    "expected Vary to name OpenStack-API-Version, got Accept",
                    "expected Vary to name X-Toy-Version, got Accept",
                ]
            },
            found,
        )


class TestOtherDialects(ProtocolCase):
    def test_a_query_parameter_has_no_header_to_echo(self) -> None:
        text = """
service: toy
version: {dialect: query, parameter: v, values: [2024-01-01, 2025-01-01]}
protocol:
  probe: {GET: /x, as: none}
  absent: 2024-01-01
  echo: none
  vary: none
  malformed: [{send: pony, status: 400}]
"""
        one = protocol_scenario(service(text))
        assert one is not None
        place = deployment(one.service)
        (case,) = plan([one], place, Choice(), None)
        transport = Transport(lambda request: answer(400 if "pony" in request.target else 200))
        result = run_case(case, transport, place)
        self.assertEqual(Outcome.PASSED, result.outcome)
        self.assertEqual(
            ["GET /x", "GET /x?v=2024-01-01", "GET /x?v=2025-01-01", "GET /x?v=pony"], transport.sent
        )


if __name__ == "__main__":
    unittest.main()
