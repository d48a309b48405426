"""Waivers: what each covers, when it ends, and drafts that a person must finish."""

from __future__ import annotations

import datetime
import unittest
from typing import Any

from contract_tests.comparison.facts import Fact
from contract_tests.comparison.policy import Waiver
from contract_tests.comparison.rules import BY_ID, Verdict
from contract_tests.execution.compare import Difference, waive
from contract_tests.model.dialect import openstack
from contract_tests.model.microversion import ORDERS
from contract_tests.model.service import Service

NUMBER = ORDERS["number"]
SERVICE = Service(name="toy", dialect=openstack("toy"))
TODAY = datetime.date(2026, 6, 30)


def waiver(**fields: Any) -> Waiver:
    base: dict[str, Any] = {
        "rule": "property-removed",
        "service": "toy",
        "call": "things: list",
        "at": "w.yaml:2",
    }
    base |= {"reason": "the client is ours, and does not read it", "link": "x", "expires": TODAY}
    return Waiver(**(base | fields))


def difference(call: str = "list", path: str = "$.things[*].size", version: str = "1.5") -> Difference:
    return Difference(
        service="toy",
        scenario="things",
        call=call,
        at="things.yaml:9",
        microversion=NUMBER.parse(version),
        fact=Fact(kind="property-removed", path=path),
        rule=BY_ID["property-removed"],
        verdict=Verdict.BREAK,
    )


class TestWaivers(unittest.TestCase):
    def left(
        self, *waivers: Waiver, release: str = "2.0.0", one: Difference | None = None
    ) -> tuple[int, list[str]]:
        left, said = waive([one or difference()], waivers, SERVICE, release, TODAY)
        return len(left), said

    def test_it_covers_what_it_names(self) -> None:
        for fields in (
            {},
            {"rule": "*"},
            {"call": "*"},
            {"path": "$.things[*].*"},
            {"microversions": "1.2-1.9"},
            {"releases": ORDERS["semantic"].parse_range("2.0.0-")},
        ):
            self.assertEqual((0, []), self.left(waiver(**fields)), fields)

    def test_and_nothing_else(self) -> None:
        for fields in (
            {"rule": "property-added"},
            {"call": "things: show"},
            {"path": "$.things"},
            {"microversions": "1.6-"},
            {"releases": ORDERS["semantic"].parse_range("3.0.0-")},
        ):
            count, said = self.left(waiver(**fields))
            self.assertEqual(1, count, fields)
            self.assertEqual(1, len(said))
            self.assertRegex(said[0], r"^w\.yaml:2: the waiver of .* covers nothing any more; remove it$")

    def test_one_of_another_service_is_not_spoken_of(self) -> None:
        self.assertEqual((1, []), self.left(waiver(service="other")))

    def test_it_holds_on_its_last_day_and_not_after_it(self) -> None:
        self.assertEqual((0, []), self.left(waiver(expires=TODAY)))
        count, said = self.left(waiver(expires=TODAY - datetime.timedelta(days=1)))
        self.assertEqual(1, count)
        self.assertEqual(
            [
                "w.yaml:2: the waiver of property-removed in things: list expired on 2026-06-29; mend it, "
                "or decide again"
            ],
            said,
        )

    def test_an_expired_one_beside_one_that_holds(self) -> None:
        count, said = self.left(waiver(expires=datetime.date(2020, 1, 1)), waiver())
        self.assertEqual((0, 1), (count, len(said)))

    def test_microversions_of_a_call_without_one(self) -> None:
        plain = Service(name="toy")
        self.assertFalse(
            waiver(microversions="1.0-").covers(
                "property-removed", plain, "things: list", difference().fact, None, ""
            )
        )


if __name__ == "__main__":
    unittest.main()
