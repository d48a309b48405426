"""The lint over runs: what is one finding, what was mended, profiles, waivers, the command, its reports."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import unittest
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

from contract_tests.cli.main import main
from contract_tests.comparison.policy import Hint, Override, Policy, Waiver
from contract_tests.comparison.rules import Verdict
from contract_tests.consistency.rules import RULES
from contract_tests.execution.lint import Linted, lint, rules_of
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.runner import Job
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library
from contract_tests.model.http import Request, Response
from contract_tests.reporters import consistency as words
from tests.unit.building import Transport, answer, deployment, scenario

ROOT = Path(__file__).resolve().parents[2]
PLACEMENT = str(ROOT / "cassettes" / "placement" / "16.0.0")

THINGS = """
vars: {name: {generate: name}}
calls:
- name: make one
  POST: /things
  json: {thing: {name: "${name}"}}
  save: {id: $.thing.id}
  expect: {status: [200, 201]}
- name: show it
  GET: /things/${id}
  expect: {status: 200}
- name: show none
  GET: /things/none
  expect: {status: 404}
cleanup:
- name: delete it
  DELETE: /things/${id}
  expect: {status: [200, 204]}
"""
PLAIN = Policy(
    name="plain",
    consistency=tuple(Hint(rule=rule) for rule in ("name-snake-case", "code-created", "code-deleted")),
)
Answers = Mapping[str, Response]


def version_of(request: Request) -> str:
    return dict(request.headers).get("Toy-Version", "")


def job(*stages: tuple[str, Answers], name: str = "toy 1.0.0", **fields: Any) -> Job:
    """A job whose answers are those of the last stage that has begun at a request's version."""
    one = scenario(THINGS)
    place = deployment(one.service, name=name, release=name.partition(" ")[2], **fields)

    def take(request: Request) -> Response:
        found = answer(404, {"error": {"code": 404}})
        for since, answers in stages:
            if version_of(request) >= since:
                found = answers.get(f"{request.method} {request.target}", found)
        return found

    return Job(
        deployment=place,
        transport=Transport(take),
        cases=plan([one], place, Choice(microversions=("1.0", "1.1", "1.2")), None),
        replay=True,
    )


def thing(**more: Any) -> dict[str, Any]:
    return {"thing": {"id": "aaaa", **more}}


BAD: Answers = {
    "POST /things": answer(200, thing(hostId="x")),
    "GET /things/aaaa": answer(200, thing(hostId="x")),
    "DELETE /things/aaaa": answer(200),
}
GOOD: Answers = {
    "POST /things": answer(201, thing(host_id="x"), Location="x"),
    "GET /things/aaaa": answer(200, thing(host_id="x")),
    "DELETE /things/aaaa": answer(204),
}


def told(
    *jobs: Job, policy: Policy = PLAIN, waivers: Sequence[Waiver] = (), only: Sequence[str] = ()
) -> list[str]:
    (found,) = lint(jobs, policy, waivers, only)
    return [
        f"{one.verdict} {one.rule.id} {words.sentence(one)} | {words.extent(one)}" for one in found.findings
    ]


class TestLint(unittest.TestCase):
    def test_what_says_the_same_is_one_finding_with_its_extent(self) -> None:
        self.assertEqual(
            [
                "WARN name-snake-case hostId: host_id would be right | 2 calls, microversions 1.0 to 1.2 (3)",
                "WARN code-created POST /things answers 200, and what it made is ready: 201 would be right | "
                "1 call, microversions 1.0 to 1.2 (3)",
                "WARN code-deleted DELETE /things/{id} answers 200, and it is done: 204 would be right | "
                "1 call, microversions 1.0 to 1.2 (3)",
            ],
            told(job(("1.0", BAD))),
        )

    def test_nothing_where_all_is_well(self) -> None:
        self.assertEqual([], told(job(("1.0", GOOD))))

    def test_what_a_later_microversion_mended_says_since_when_and_does_not_fail(self) -> None:
        self.assertEqual(
            [
                "INFO name-snake-case hostId: host_id would be right (mended since 1.1) | "
                "2 calls, microversion 1.0",
                "INFO code-created POST /things answers 200, and what it made is ready: 201 would be right "
                "(mended since 1.1) | 1 call, microversion 1.0",
                "INFO code-deleted DELETE /things/{id} answers 200, and it is done: 204 would be right "
                "(mended since 1.1) | 1 call, microversion 1.0",
            ],
            told(job(("1.0", BAD), ("1.1", GOOD))),
        )

    def test_what_a_newer_release_mended(self) -> None:
        found = told(job(("1.0", BAD)), job(("1.0", GOOD), name="toy 2.0.0"))
        self.assertEqual([True] * 3, ["(mended since 2.0.0)" in one for one in found])

    def test_a_name_that_went_without_its_like_is_gone_and_not_mended(self) -> None:
        none = {**GOOD, "POST /things": answer(201, thing()), "GET /things/aaaa": answer(200, thing())}
        self.assertIn("(gone since 1.2)", told(job(("1.0", BAD), ("1.2", none)))[0])

    def test_what_came_back_is_not_mended(self) -> None:
        found = told(job(("1.0", BAD), ("1.1", GOOD), ("1.2", BAD)))
        self.assertTrue(all(one.startswith("WARN") for one in found), found)

    def test_a_resource_that_is_gone(self) -> None:
        gone: Answers = dict.fromkeys(("POST /things", "GET /things/aaaa"), answer(404))
        self.assertIn(
            "INFO code-created POST /things answers 200, and what it made is ready: 201 would be right "
            "(gone since 1.1)",
            [one.partition(" | ")[0] for one in told(job(("1.0", BAD), ("1.1", gone)))],
        )

    def test_an_error_is_mended_by_a_better_error(self) -> None:
        policy = Policy(name="x", consistency=(Hint(rule="error-schema"),))
        good = {"code": "a.b", "status": 404, "title": "x", "detail": "y", "links": []}
        better = {**GOOD, "GET /things/none": answer(404, {"errors": [good]})}
        self.assertEqual(
            [
                "INFO error-schema an error has an object without errors[]: "
                "errors[] as API-SIG says would be right (mended since 1.2) | "
                "1 call, microversions 1.0 to 1.1 (2)"
            ],
            told(job(("1.0", GOOD), ("1.2", better)), policy=policy),
        )

    def test_a_microversion_of_the_call_s_own_is_not_the_case_s(self) -> None:
        """A probe with another version says nothing of the case's."""
        text = THINGS.replace("GET: /things/${id}", "GET: /things/${id}\n  microversion: none")
        one = scenario(text)
        place = deployment(one.service)
        probe = Job(
            deployment=place,
            transport=Transport(dict(BAD)),
            cases=plan([one], place, Choice(microversions=("1.0",)), None),
            replay=True,
        )
        (found,) = lint([probe], Policy(name="x", consistency=(Hint(rule="name-snake-case"),)))
        self.assertEqual(["1.0", "None"], sorted(map(str, found.findings[0].microversions)))

    def test_what_a_schema_leaves_open_is_data(self) -> None:
        schemas = {"bag": "type: object\nadditionalProperties: {type: string}\n"}
        one = scenario(
            "calls:\n- {name: show, GET: /bag, expect: {status: 200, schema: bag}}\n", schemas=schemas
        )
        place = deployment(one.service)
        bag = Job(
            deployment=place,
            transport=Transport({"GET /bag": answer(200, {"myKey": "x"})}),
            cases=plan([one], place, Choice(), None),
            replay=True,
        )
        self.assertEqual([], told(bag))

    def test_a_policy_s_verdicts_hold_for_the_lint_too(self) -> None:
        override = Override(rule="name-snake-case", verdict=Verdict.OK, path="$.thing.host*", service="toy")
        policy = Policy(name="x", consistency=PLAIN.consistency, overrides=(override,))
        found = told(job(("1.0", BAD)), policy=policy)
        self.assertEqual("OK name-snake-case", found[-1][:18])

    def test_only_these_rules_also_one_that_is_off(self) -> None:
        self.assertEqual([], told(job(("1.0", BAD)), only=["url-os-prefix"]))
        self.assertEqual(1, len(told(job(("1.0", BAD)), only=["code-created"])))


def waiver(**fields: Any) -> Waiver:
    base: dict[str, Any] = {
        "rule": "name-snake-case",
        "service": "toy",
        "call": "*",
        "reason": "clients read it",
        "link": "x",
        "expires": datetime.date(2999, 1, 1),
        "at": "w.yaml:2",
    }
    return Waiver(**(base | fields))


class TestWaivers(unittest.TestCase):
    def found(self, *waivers: Waiver) -> Linted:
        return lint([job(("1.0", BAD))], PLAIN, waivers)[0]

    def test_what_is_waived_is_left_out(self) -> None:
        found = self.found(waiver(path="$.thing.hostId"))
        self.assertEqual(["code-created", "code-deleted"], [one.rule.id for one in found.findings])
        self.assertEqual([], found.waivers)

    def test_a_waiver_of_one_call_leaves_the_others(self) -> None:
        found = self.found(waiver(call="what: show it"))
        self.assertEqual([("what", "make one")], list(found.findings[0].calls))

    def test_one_that_expired_covers_nothing_and_says_so(self) -> None:
        found = self.found(waiver(expires=datetime.date(2020, 1, 1)))
        self.assertEqual(3, len(found.findings))
        self.assertIn("expired on 2020-01-01", found.waivers[0])

    def test_one_that_is_not_needed_says_so(self) -> None:
        self.assertIn("covers nothing any more", self.found(waiver(rule="code-quota")).waivers[0])


class TestProfiles(unittest.TestCase):
    def shipped(self, name: str) -> Policy:
        found = Library(Places().with_shipped()).policy(name)
        assert found is not None
        return found

    def test_the_hints_of_2014_by_their_numbers(self) -> None:
        numbers = {number: rule.id for rule, number in rules_of(self.shipped("nova-2014"))}
        self.assertEqual(
            {
                "1.1": "name-snake-case",
                "1.2": "name-extension-prefix",
                "1.5": "body-single-root",
                "2.1": "url-case",
                "2.2": "url-plural",
                "2.3": "action-snake-case",
                "3.1": "code-created",
                "3.2": "code-deleted",
                "3.3": "code-accepted",
            },
            numbers,
        )

    def test_a_policy_without_rules_of_its_own_stands_for_all_that_need_no_person(self) -> None:
        self.assertEqual(
            [rule.id for rule in RULES if not rule.decide],
            [rule.id for rule, _ in rules_of(self.shipped("openstack"))],
        )

    def test_every_rule_of_api_sig_is_in_its_profile(self) -> None:
        held = {rule.id for rule, _ in rules_of(self.shipped("api-sig"))}
        self.assertEqual(
            set(), {rule.id for rule in RULES if "API-SIG" in rule.source and not rule.decide} - held
        )


class TestCommand(unittest.TestCase):
    """On Placement's recording, of a few scenarios."""

    def run_lint(self, *arguments: str) -> tuple[int, str]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = main(["lint", PLACEMENT, "--match", "placement/resource_providers", *arguments])
        return status, out.getvalue()

    def test_a_line_a_finding_and_exit_status_1(self) -> None:
        status, text = self.run_lint("--profile", "nova-2014")
        self.assertEqual(1, status, text)
        self.assertIn(
            "url-case: /resource_providers: resource-providers would be right [2.1; OO 2.1, API-SIG naming]",
            text,
        )

    def test_exit_status_0_where_nothing_is_found(self) -> None:
        status, text = self.run_lint("--rule", "list-object")
        self.assertEqual(0, status, text)
        self.assertIn("0 findings", text)

    def test_reports(self) -> None:
        status, text = self.run_lint("--json")
        found = json.loads(text)[0]
        self.assertEqual((1, "placement"), (status, found["service"]))
        rules = {one["rule"]: one for one in found["findings"]}
        self.assertEqual("201", rules["code-created"]["message"].split(": ")[1][:3])
        self.assertEqual("1.20", rules["code-created"]["microversions"][0])
        _, text = self.run_lint("--markdown")
        self.assertIn("| placement | WARN | `url-case` (OO 2.1, API-SIG naming) |", text)
        _, text = self.run_lint("--table")
        self.assertRegex(text, r"url-case +1\n")
        _, text = self.run_lint("--table", "--rule", "url-case")
        self.assertRegex(text, r"^rule +placement\nurl-case +1\n$")
        with TemporaryDirectory() as folder:
            self.run_lint("--junit", f"{folder}/x.xml", "--write-waivers", f"{folder}/w.yaml")
            suite = ElementTree.parse(f"{folder}/x.xml").getroot()[0]
            self.assertEqual("placement", suite.get("name"))
            self.assertIn("- rule: url-case\n", Path(f"{folder}/w.yaml").read_text())

    def test_what_is_neither_service_nor_recording(self) -> None:
        out = io.StringIO()
        with contextlib.redirect_stderr(out):
            self.assertEqual(2, main(["lint", "placemnt"]))
        self.assertIn("no service and no recording; did you mean 'placement'?", out.getvalue())

    def test_why_nothing_was_answered(self) -> None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = main(["lint", "keystone", "--target", "http://127.0.0.1:9", "--match", "keystone/roles"])
        self.assertEqual(3, status)
        self.assertIn(
            "http://127.0.0.1:9/v3/roles: connection refused; is the service running", out.getvalue()
        )

    def test_a_rule_or_profile_that_is_none(self) -> None:
        for option, message in (
            (("--rule", "url-cas"), "--rule url-cas: the lint has no such rule; did you mean 'url-case'?"),
            (("--profile", "nova"), "--profile nova: there is no such policy; "),
        ):
            status, text = self.run_lint(*option)
            self.assertEqual(2, status)
            self.assertIn(message, text)
