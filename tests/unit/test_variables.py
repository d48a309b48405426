"""The variables of a case: predefined, given and generated."""

from __future__ import annotations

import re
import unittest
import uuid

from contract_tests.execution.variables import case_variables
from tests.unit.building import SERVICE, case_at, deployment, scenario

VARS = """
    vars:
      id: {generate: uuid}
      hex: {generate: hex}
      name: {generate: name}
      constant: {generate: constant}
      number: 5
      text: "a ${name}"
      list: ["${number}", {"${name}": null}]
    calls:
      - name: one
        GET: /${id}${hex}${name}${constant}${number}${text}${list}
        expect: {status: 200}
    """


class VariablesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.scenario = scenario(VARS)
        self.deployment = deployment(self.scenario.service, "1.0", "1.5")

    def at(self, version: str) -> dict:
        return case_variables(case_at(self.scenario, version), self.deployment)

    def test_what_every_case_has(self) -> None:
        found = self.at("1.2")
        self.assertEqual(
            ("1.2", "1.0", "1.5", "http://toy.example"),
            tuple(
                found[name] for name in ("microversion", "min_microversion", "max_microversion", "endpoint")
            ),
        )

    def test_a_service_without_microversions(self) -> None:
        plain = "service: toy\nversion: {dialect: none}\n"
        one = scenario("calls: [{name: one, GET: /, expect: {status: 200}}]", plain)
        found = case_variables(case_at(one), deployment(one.service))
        self.assertEqual(
            {
                "microversion": "",
                "min_microversion": "",
                "max_microversion": "",
                "endpoint": "http://toy.example",
            },
            found,
        )

    def test_generated_values_have_their_form(self) -> None:
        found = self.at("1.2")
        self.assertEqual(found["id"], str(uuid.UUID(found["id"])))
        self.assertRegex(found["hex"], r"^[0-9a-f]{32}$")
        self.assertRegex(found["name"], r"^ct-[0-9a-f]{12}$")
        self.assertRegex(found["constant"], r"^CT_[0-9A-F]{12}$")

    def test_they_are_the_same_in_every_run_and_on_every_deployment(self) -> None:
        other = deployment(
            self.scenario.service, "1.0", "1.9", name="another", endpoint="http://other.example"
        )
        names = ("id", "hex", "name", "constant")
        again = case_variables(case_at(self.scenario, "1.2"), other)
        self.assertEqual([self.at("1.2")[name] for name in names], [again[name] for name in names])
        # They are part of every recording: these must never change.
        self.assertEqual("b4e13ed9-59f4-54f2-8e15-0cfb0f06f853", self.at("1.2")["id"])
        self.assertEqual("ct-34092b665ec5", self.at("1.2")["name"])

    def test_a_salt_makes_others_of_the_same_form(self) -> None:
        place = deployment(self.scenario.service, "1.0", "1.9", salt="of this run")
        other = deployment(self.scenario.service, "1.0", "1.9", salt="of another run")
        found, again = (case_variables(case_at(self.scenario, "1.2"), one) for one in (place, other))
        self.assertEqual(3, len({self.at("1.2")["id"], found["id"], again["id"]}))
        self.assertRegex(found["name"], r"^ct-[0-9a-f]{12}$")
        self.assertEqual(found, case_variables(case_at(self.scenario, "1.2"), place))

    def test_they_differ_by_microversion_and_name_and_scenario(self) -> None:
        found = self.at("1.2")
        self.assertNotEqual(found["id"], self.at("1.3")["id"])
        self.assertNotEqual(re.sub("[^0-9a-f]", "", found["id"]), found["hex"])
        twin = scenario(
            "scenario: another\nid: 0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c01\nservice: toy\n"
            "vars: {id: {generate: uuid}}\ncalls: [{name: one, GET: '/${id}', expect: {status: 200}}]",
            SERVICE,
        )
        place = deployment(twin.service)
        self.assertNotEqual(found["id"], case_variables(case_at(twin, "1.2"), place)["id"])

    def test_given_values_keep_their_type_and_may_use_earlier_ones(self) -> None:
        found = self.at("1.2")
        self.assertEqual(5, found["number"])
        self.assertEqual(f"a {found['name']}", found["text"])
        self.assertEqual([5, {found["name"]: None}], found["list"])


if __name__ == "__main__":
    unittest.main()
