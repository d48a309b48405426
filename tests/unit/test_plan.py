"""The plan: which microversions of a scenario run on a deployment, and why others do not."""

from __future__ import annotations

import unittest
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.execution.plan import Choice, calls_of, plan, unmet
from contract_tests.model.microversion import ORDERS, MicroversionRange
from contract_tests.model.scenario import Requirement, Scenario
from contract_tests.model.target import Deployment
from tests.unit.building import case_at, cases, deployment, scenario

ONE = "- {name: one, GET: /, expect: {status: 200}}"


def changing(*points: str, scope: str = "", service: str | None = None, extra: str = "") -> Scenario:
    """A scenario with an overlay at each point."""
    lines = [f"microversions: {scope}"] if scope else []
    lines += [extra] if extra else []
    lines += ["calls:", "  - name: one", "    GET: /", "    expect: {status: 200}"]
    if points:
        lines += [
            "    since:",
            *(f"      {point}: {{expect: {{status: {201 + at}}}}}" for at, point in enumerate(points)),
        ]
    return scenario("\n".join(lines), *([service] if service else []))


class Numbers(unittest.TestCase):
    """A counted axis, 1.0 to 1.9."""

    def planned(self, one: Scenario, low: str = "1.0", high: str = "1.9", **options: Any) -> list[str]:
        return cases(one, deployment(one.service, low, high), **options)

    def test_boundaries_without_a_change(self) -> None:
        self.assertEqual(["1.0", "1.9"], self.planned(changing()))

    def test_boundaries_each_change_and_the_one_before(self) -> None:
        self.assertEqual(["1.0", "1.3", "1.4", "1.9"], self.planned(changing("1.4")))
        self.assertEqual(
            ["1.0", "1.1", "1.3", "1.4", "1.5", "1.8", "1.9"],
            self.planned(changing("1.1", "1.4", "1.5", "1.9")),
        )

    def test_the_limits_of_a_call_are_changes(self) -> None:
        one = scenario(
            """
            calls:
              - {name: one, GET: /, expect: {status: 200}}
              - {name: two, GET: /two, microversions: 1.6-, expect: {status: 200}}
            """
        )
        self.assertEqual(["1.0", "1.5", "1.6", "1.9"], self.planned(one))

    def test_what_recordings_keep(self) -> None:
        for kept, left in (("recorded: [1.9]", ["1.9"]), ("recorded: []", []), ("", ["1.0", "1.9"])):
            one = changing(extra=kept)
            self.assertEqual(["1.0", "1.9"], self.planned(one))
            place = deployment(one.service, "1.0", "1.9")
            for choice, replay in ((Choice(recorded=True), False), (Choice(), True)):
                found = plan([one], place, choice, None, replay=replay)
                self.assertEqual(left, [str(case.microversion) for case in found if not case.skip])
                told = {case.skip for case in found if case.skip}
                self.assertLessEqual(
                    told, {"tried live only: its scenario keeps no recording of this microversion"}
                )

    def test_a_schema_is_a_change_too(self) -> None:
        one = scenario(
            "calls: [{name: one, GET: /, expect: {status: 200, schema: thing}}]",
            schemas={"thing": "type: object\nsince: {1.7: {required: [a]}}\n"},
        )
        self.assertEqual(["1.0", "1.6", "1.7", "1.9"], self.planned(one))

    def test_the_scenarios_range(self) -> None:
        self.assertEqual(["1.2", "1.3", "1.4", "1.6"], self.planned(changing("1.4", scope="1.2-1.6")))
        self.assertEqual(["1.5"], self.planned(changing(scope="1.5")))

    def test_every(self) -> None:
        self.assertEqual([f"1.{n}" for n in range(10)], self.planned(changing("1.4"), microversions="every"))
        self.assertEqual(["1.2", "1.3"], self.planned(changing(scope="1.2-1.3"), microversions="every"))

    def test_latest(self) -> None:
        self.assertEqual(["1.9"], self.planned(changing("1.4"), microversions="latest"))
        self.assertEqual(["1.6"], self.planned(changing("1.4", scope="-1.6"), microversions="latest"))
        self.assertEqual(["1.5"], self.planned(changing("1.4"), high="1.5", microversions="latest"))

    def test_a_list(self) -> None:
        self.assertEqual(["1.2", "1.5"], self.planned(changing(), microversions=("1.5", "1.2", "1.5")))
        self.assertEqual(["1.2"], self.planned(changing(scope="1.0-1.4"), microversions=("1.2", "1.5")))
        self.assertEqual([], self.planned(changing(scope="1.0-1.4"), microversions=("1.8",)))
        with self.assertRaises(UsageError) as caught:
            self.planned(changing(), microversions=("pony",))
        self.assertEqual(
            "--microversions: 'pony' is no number microversion (one looks like 1.10)", str(caught.exception)
        )

    def test_the_deployment_cuts_and_says_so(self) -> None:
        outside = "{} is outside 1.0-1.5, which toy 1.0.0 offers"
        self.assertEqual(
            ["1.0", "1.3", "1.4", "1.5", f"1.8: {outside.format('1.8')}"],
            self.planned(changing("1.4", "1.8"), high="1.5"),
        )
        self.assertEqual(
            ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", f"1.8: {outside.format('1.8')}"],
            self.planned(changing("1.8"), high="1.5", microversions="every"),
        )
        self.assertEqual(
            ["1.5", f"1.7: {outside.format('1.7')}"],
            self.planned(changing(), high="1.5", microversions=("1.5", "1.7")),
        )

    def test_below_the_deployment(self) -> None:
        self.assertEqual(
            ["1.2: 1.2 is outside 1.4-1.9, which toy 1.0.0 offers", "1.4", "1.5", "1.6", "1.9"],
            self.planned(changing("1.2", "1.6"), low="1.4"),
        )

    def test_a_deployment_that_offers_nothing_of_it(self) -> None:
        for selection in ("boundaries", "every", "latest"):
            self.assertEqual(
                ["1.6: 1.6 is outside 1.0-1.5, which toy 1.0.0 offers"],
                self.planned(changing("1.8", scope="1.6-"), high="1.5", microversions=selection),
            )

    def test_a_microversion_at_which_no_call_exists(self) -> None:
        one = scenario(
            """
            calls: [{name: one, GET: /, microversions: 1.5-, expect: {status: 200}}]
            cleanup: [{DELETE: /}]
            """
        )
        self.assertEqual(
            [
                "1.0: none of its calls exists at this microversion",
                "1.4: none of its calls exists at this microversion",
                "1.5",
                "1.9",
            ],
            self.planned(one),
        )


class Listed(unittest.TestCase):
    """Axes that cannot be counted: dates, semantic versions, majors in the URL."""

    DATES = (
        "service: toy\nversion: {dialect: header, header: V, values: [2024-01-01, 2024-06-01, 2025-02-01]}\n"
    )

    def test_dates(self) -> None:
        one = changing("2025-02-01", service=self.DATES)
        place = deployment(one.service)
        self.assertEqual(["2024-01-01", "2024-06-01", "2025-02-01"], cases(one, place))
        self.assertEqual(["2025-02-01"], cases(one, place, microversions="latest"))
        same = changing(service=self.DATES)
        self.assertEqual(["2024-01-01", "2025-02-01"], cases(same, place))
        self.assertEqual(
            ["2024-01-01", "2024-06-01", "2025-02-01"], cases(same, place, microversions="every")
        )

    def test_a_change_between_two_of_them_shows_at_the_next(self) -> None:
        one = changing("2024-09-01", service=self.DATES)
        self.assertEqual(["2024-01-01", "2024-06-01", "2025-02-01"], cases(one, deployment(one.service)))
        one = changing("2024-03-01", scope="2024-02-01-", service=self.DATES)
        self.assertEqual(["2024-06-01", "2025-02-01"], cases(one, deployment(one.service)))

    def test_a_smaller_deployment(self) -> None:
        one = changing("2025-02-01", service=self.DATES)
        place = deployment(one.service, "2024-01-01", "2024-06-01")
        self.assertEqual(
            [
                "2024-01-01",
                "2024-06-01",
                "2025-02-01: 2025-02-01 is outside 2024-01-01-2024-06-01, which toy 1.0.0 offers",
            ],
            cases(one, place),
        )

    def test_one_that_is_not_listed(self) -> None:
        one = changing(service=self.DATES)
        self.assertEqual(
            [
                "2024-02-02: 2024-02-02 is none of 2024-01-01, 2024-06-01, 2025-02-01, "
                "which toy 1.0.0 offers",
                "2024-06-01",
            ],
            cases(one, deployment(one.service), microversions=("2024-06-01", "2024-02-02")),
        )

    def test_dates_that_nobody_lists(self) -> None:
        service = "service: toy\nversion: {dialect: header, header: V, min: 2024-01-01, max: 2025-01-01}\n"
        one = changing("2024-06-01", "2024-09-01", service=service)
        place = deployment(one.service)
        everything = ["2024-01-01", "2024-06-01", "2024-09-01", "2025-01-01"]
        self.assertEqual(everything, cases(one, place))
        self.assertEqual(everything, cases(one, place, microversions="every"))

    def test_semantic_versions(self) -> None:
        service = (
            "service: toy\nversion: {dialect: header, header: V, order: semantic, "
            "values: [1.0, 2.0-beta.1, 2.0-beta.2, 2.0]}\n"
        )
        one = changing("2.0-beta.2", service=service)
        place = deployment(one.service)
        self.assertEqual(["1.0", "2.0-beta.1", "2.0-beta.2", "2.0"], cases(one, place))
        self.assertEqual(["2.0"], cases(one, place, microversions="latest"))
        pre = changing(scope="-2.0-beta.2", service=service)
        self.assertEqual(["1.0", "2.0-beta.2"], cases(pre, place))

    def test_majors_that_the_deployment_lists(self) -> None:
        service = "service: toy\nversion: {dialect: url, min: v1, max: v4}\n"
        one = changing("v2.5", "v4", service=service)
        order = ORDERS["major"]
        listed = tuple(map(order.parse, ("v1", "v2", "v3")))
        place = deployment(one.service, "v1", "v3", listed=listed)
        self.assertEqual(
            ["v1", "v2", "v3", "v4: v4 is outside v1-v3, which toy 1.0.0 offers"], cases(one, place)
        )

    def test_numbers_over_two_majors(self) -> None:
        service = "service: toy\nversion: {dialect: header, header: V, order: number, min: 2.0, max: 3.2}\n"
        one = changing("3.0", service=service)
        self.assertEqual(["2.0", "3.0", "3.2"], cases(one, deployment(one.service)))


class WithoutMicroversions(unittest.TestCase):
    def test_a_case_is_the_scenario_once(self) -> None:
        one = scenario(f"calls:\n  {ONE}", "service: toy\nversion: {dialect: none}\n")
        for selection in ("boundaries", "every", "latest", ("1.0",)):
            self.assertEqual(["None"], cases(one, deployment(one.service), microversions=selection))

    def test_a_deployment_that_tells_no_range(self) -> None:
        one = changing("1.4")
        place = Deployment(name="toy", service="toy", endpoint="http://toy.example")
        self.assertEqual(["None"], cases(one, place))


class Roles(unittest.TestCase):
    TEXT = """
        as: reader
        calls:
          - {name: one, GET: /, expect: {status: 200}}
          - {name: two, GET: /, as: admin, microversions: 1.5-, expect: {status: 200}}
          - {name: three, GET: /, as: none, expect: {status: 401}}
        """

    def test_what_the_target_lacks(self) -> None:
        one = scenario(self.TEXT)
        place = deployment(one.service)
        lacks = "needs an identity for the role {}, which toy 1.0.0 lacks"
        self.assertEqual(["1.0", "1.4", "1.5", "1.9"], cases(one, place, roles=["admin", "reader"]))
        self.assertEqual(["1.0", "1.4", "1.5", "1.9"], cases(one, place, roles=None))
        self.assertEqual(
            ["1.0", "1.4", f"1.5: {lacks.format('admin')}", f"1.9: {lacks.format('admin')}"],
            cases(one, place, roles=["reader"]),
        )
        self.assertEqual(f"1.5: {lacks.format('admin and reader')}", cases(one, place, roles=["none"])[2])

    def test_the_choice_of_roles(self) -> None:
        one = scenario(self.TEXT)
        place = deployment(one.service)
        found = plan([one], place, Choice(roles=frozenset({"admin"})), None)
        self.assertEqual(["1.5", "1.9"], [str(case.microversion) for case in found])
        self.assertEqual(4, len(plan([one], place, Choice(roles=frozenset({"none"})), None)))
        self.assertEqual((), plan([one], place, Choice(roles=frozenset({"auditor"})), None))


class Chosen(unittest.TestCase):
    def setUp(self) -> None:
        self.one = scenario(f"tags: [smoke, slow]\ncalls:\n  {ONE}")
        self.place = deployment(self.one.service)

    def count(self, **choice: Any) -> int:
        return len(plan([self.one], self.place, Choice(**choice), None))

    def test_tags(self) -> None:
        self.assertEqual(2, self.count(tags=frozenset({"smoke"})))
        self.assertEqual(2, self.count(tags=frozenset({"smoke", "other"})))
        self.assertEqual(0, self.count(tags=frozenset({"other"})))
        self.assertEqual(0, self.count(without_tags=frozenset({"slow"})))
        self.assertEqual(0, self.count(tags=frozenset({"smoke"}), without_tags=frozenset({"slow"})))
        self.assertEqual(2, self.count(without_tags=frozenset({"other"})))

    def test_match(self) -> None:
        for text in ("what", "WHAT IS", "toy/what", "tested", ""):
            self.assertEqual(2, self.count(match=text), text)
        self.assertEqual(0, self.count(match="nothing of this"))

    def test_another_services_deployment(self) -> None:
        other = Deployment(name="b", service="other", endpoint="http://b.example")
        self.assertEqual((), plan([self.one], other, Choice(), None))


class Requires(unittest.TestCase):
    def place(self, **fields: Any) -> Deployment:
        return Deployment(name="lab", service="toy", endpoint="http://toy.example", **fields)

    def test_nothing(self) -> None:
        self.assertEqual("", unmet(Requirement(), self.place()))

    def test_release(self) -> None:
        requires = Requirement(release=ORDERS["semantic"].parse_range("9.0.0-"))
        self.assertEqual("", unmet(requires, self.place(release="9.0.0")))
        self.assertEqual("", unmet(requires, self.place(release="16.0")))
        self.assertEqual("needs release 9.0.0-, this is 8.9.9", unmet(requires, self.place(release="8.9.9")))
        self.assertEqual(
            "needs release 9.0.0-, and lab does not say which it is (say it with --release)",
            unmet(requires, self.place()),
        )
        self.assertEqual(
            "needs release 9.0.0-, and 'yoga' is no release number",
            unmet(requires, self.place(release="yoga")),
        )

    def test_extensions_and_versions(self) -> None:
        requires = Requirement(extensions=("a", "b"), versions=("v3",))
        place = self.place(extensions=("a", "b", "c"), majors=("v2", "v3"))
        self.assertEqual("", unmet(requires, place))
        self.assertEqual(
            "needs the extension b, which lab lacks",
            unmet(requires, self.place(extensions=("a",), majors=("v3",))),
        )
        self.assertEqual("needs the extension a, b, which lab lacks", unmet(requires, self.place()))
        self.assertEqual(
            "needs the API version v3, which lab lacks", unmet(requires, self.place(extensions=("a", "b")))
        )

    def test_of_a_scenario(self) -> None:
        one = scenario(f"requires: {{release: 9.0.0-}}\ncalls:\n  {ONE}")
        place = deployment(one.service, release="8.0.0")
        reason = "needs release 9.0.0-, this is 8.0.0"
        self.assertEqual([f"1.0: {reason}", f"1.9: {reason}"], cases(one, place))
        self.assertEqual(["1.0", "1.9"], cases(one, deployment(one.service, release="9.0.0")))

    def test_of_a_call(self) -> None:
        one = scenario(
            """
            calls:
              - {name: one, GET: /, expect: {status: 200}}
              - {name: two, GET: /, requires: {extensions: [tags]}, expect: {status: 200}}
            """
        )
        found = [(call.name, skip) for call, _, skip in calls_of(case_at(one), deployment(one.service))]
        self.assertEqual([("one", ""), ("two", "needs the extension tags, which toy 1.0.0 lacks")], found)

    def test_what_the_range_lacks_comes_first(self) -> None:
        one = scenario(f"microversions: 1.6-\nrequires: {{release: 9.0.0-}}\ncalls:\n  {ONE}")
        place = deployment(one.service, "1.0", "1.5", release="8.0.0")
        self.assertEqual(["1.6: 1.6 is outside 1.0-1.5, which toy 1.0.0 offers"], cases(one, place))


class OpenEnds(unittest.TestCase):
    def test_a_range_without_an_end(self) -> None:
        one = changing("1.4")
        order = ORDERS["number"]
        place = Deployment(
            name="toy", service="toy", endpoint="x", range=MicroversionRange(low=order.parse("1.0"))
        )
        self.assertEqual(["1.0"], cases(one, place))


if __name__ == "__main__":
    unittest.main()
