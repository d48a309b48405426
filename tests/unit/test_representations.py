"""Opt-in representations: what is asked, what the answer must say, and that the default stays as it is."""

from __future__ import annotations

import unittest
from typing import Any

from contract_tests.checks.rules import word
from contract_tests.comparison.policy import Policy
from contract_tests.execution.case import run_case
from contract_tests.execution.compare import compare
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.runner import Job
from contract_tests.model.case import CaseResult, Outcome
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Scenario
from tests.unit.building import Transport, answer, case_at, deployment, scenario

THINGS = """
calls:
- name: show
  GET: /things/1
  expect: {status: 200, json: {$.name: a}}
  representations:
    application/json;type=task:
      microversions: 1.1-
      expect: {status: 200, json: {$.task.state: done}}
      since: {1.2: {expect: {json: {$.task.progress: 100}}}}
"""
TASK = 'application/json; type="task"; charset=UTF-8'


class Things:
    """A service of one thing. Since 1.1 it can be shown as a task, for those who ask."""

    def __init__(self, *, says: str = TASK, leaks: bool = False, keeps: bool = False) -> None:
        self.says, self.leaks, self.keeps = says, leaks, keeps
        self.last = ""

    def __call__(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers}
        version = headers.get("toy-version", "1.0")
        task = "type=task" in headers["accept"] and version >= "1.1"
        if self.keeps and self.last:
            task = True
        self.last = "task" if task else ""
        more = {"Toy_Version": version, "Vary": "Toy-Version, Accept"}
        if task:
            shown: dict[str, Any] = {"task": {"state": "done"}}
            if version >= "1.2":
                shown["task"]["progress"] = 100
            return answer(200, shown, content_type=self.says, **more)
        default = (
            {"name": "a", "task": {"state": "done"}} if self.leaks and version >= "1.1" else {"name": "a"}
        )
        return answer(200, default, **more)


def one() -> Scenario:
    return scenario(THINGS)


def ran(service: Things, version: str = "1.2") -> tuple[CaseResult, list[str], Transport]:
    found = one()
    transport = Transport(service)
    result = run_case(case_at(found, version), transport, deployment(found.service))
    said = [f"{call.name}: {word(finding)}" for call in result.calls for finding in call.findings]
    return result, said, transport


class TestRepresentations(unittest.TestCase):
    def test_it_is_asked_for_between_two_defaults(self) -> None:
        result, said, transport = ran(Things())
        self.assertEqual((Outcome.PASSED, []), (result.outcome, said))
        self.assertEqual(
            ["application/json", "application/json;type=task", "application/json"],
            [dict(request.headers)["Accept"] for request in transport.requests],
        )
        self.assertEqual(
            ["show", "show, as application/json;type=task", "show, as before"],
            [call.name for call in result.calls],
        )

    def test_it_has_microversions_of_its_own(self) -> None:
        """Microversions and representations are two dimensions: each is seen at each."""
        self.assertEqual(2, len(ran(Things(), "1.0")[2].requests))
        found = one()
        planned = plan([found], deployment(found.service), Choice(), None)
        self.assertEqual(
            ["1.0", "1.1", "1.2", "1.9"],
            [str(case.microversion) for case in planned],
        )
        self.assertEqual(Outcome.PASSED, ran(Things(), "1.1")[0].outcome)

    def test_an_answer_that_does_not_say_what_it_is(self) -> None:
        _, said, _ = ran(Things(says="application/json"))
        self.assertEqual(
            [
                "show, as application/json;type=task: expected the answer to be application/json;type=task, "
                "and its Content-Type says application/json"
            ],
            said,
        )

    def test_a_default_that_says_it_is_the_option(self) -> None:
        _, said, _ = ran(Things(keeps=True))
        self.assertIn(
            "show, as before: expected the answer to be application/json, and its Content-Type says " + TASK,
            said,
        )

    def test_a_default_that_changed_once_the_option_was_used(self) -> None:
        _, said, _ = ran(Things(keeps=True, says="application/json"))
        self.assertIn(
            "show, as before: not what call 'show' was answered: at $.name \"a\" became nothing", said
        )

    def test_a_release_whose_default_changed_when_the_option_came_is_a_break(self) -> None:
        found = one()
        jobs = [
            Job(
                deployment=place,
                transport=Transport(service),
                cases=plan([found], place, Choice(), None),
                replay=True,
            )
            for name, service in (("toy 1.0.0", Things()), ("toy 2.0.0", Things(leaks=True)))
            for place in [deployment(found.service, name=name)]
        ]
        comparison = compare(jobs[0], jobs[1], Policy(name="x"))
        self.assertEqual(
            [("BREAK", "property-added", "$.task")],
            [(c.verdict.value, c.rule.id, c.fact.path) for c in comparison.changes],
        )

    def test_a_call_of_its_own_asks_for_one_with_any_method(self) -> None:
        made = scenario(
            "calls:\n- name: make\n  POST: /things\n  json: {name: a}\n"
            "  representation: application/json;type=task\n  expect: {status: 200}\n"
        )
        transport = Transport(Things())
        result = run_case(case_at(made, "1.2"), transport, deployment(made.service))
        self.assertEqual(Outcome.PASSED, result.outcome)
        self.assertEqual("application/json;type=task", dict(transport.requests[0].headers)["Accept"])

    def test_a_refusal_may_be_anything(self) -> None:
        made = scenario(
            "calls:\n- name: show\n  GET: /things/1\n"
            "  representation: application/json;type=x\n  expect: {status: 406}\n"
        )
        refusing = Transport({"GET /things/1": answer(406, {"error": "no"})})
        self.assertEqual(Outcome.PASSED, run_case(case_at(made), refusing, deployment(made.service)).outcome)

    def test_the_parameter_of_a_microversion_is_no_other_representation(self) -> None:
        service = (
            "service: toy\ntitle: x\n"
            "version: {dialect: media-type, parameter: version, order: number, min: 1.0, max: 1.9}\n"
        )
        made = scenario(THINGS, service=service)

        def take(request: Request) -> Response:
            asked = dict(request.headers)["Accept"]
            document = {"task": {"state": "done", "progress": 100}} if "task" in asked else {"name": "a"}
            return answer(200, document, content_type=asked)

        transport = Transport(take)
        result = run_case(case_at(made, "1.2"), transport, deployment(made.service))
        self.assertEqual(Outcome.PASSED, result.outcome, result)
        self.assertIn(
            "application/json;version=1.2;type=task", [dict(r.headers)["Accept"] for r in transport.requests]
        )


class TestXml(unittest.TestCase):
    """A service whose default is XML, and which can answer JSON to those who ask."""

    SERVICE = "service: toy\nversion: {dialect: none}\nbodies: xml\n"
    CALLS = """
calls:
- name: show
  GET: /things/1
  expect: {status: 200, xml: {//name: a}}
  representations:
    application/json: {expect: {status: 200, json: {$.name: a}}}
    application/xml;type=task: {expect: {status: 200, xml: {//state: done}}}
"""

    def ran(self, default: str) -> list[str]:
        def take(request: Request) -> Response:
            asked = dict(request.headers)["Accept"]
            if asked == "application/json":
                return answer(200, {"name": "a"}, content_type=asked)
            kind = asked if "task" in asked else default
            body = (
                b"<task><state>done</state></task>" if "task" in asked else b"<thing><name>a</name></thing>"
            )
            return Response(200, "OK", (("Content-Type", kind),), body)

        made = scenario(self.CALLS, service=self.SERVICE)
        result = run_case(case_at(made), Transport(take), deployment(made.service))
        return [f"{call.name}: {word(finding)}" for call in result.calls for finding in call.findings]

    def test_any_media_type_of_xml_is_the_default(self) -> None:
        for kind in ("application/xml", "text/xml; charset=utf-8", "application/atom+xml"):
            self.assertEqual([], self.ran(kind))

    def test_another_one_is_told(self) -> None:
        said = "expected the answer to be XML, and its Content-Type says application/xml;type=task"
        self.assertEqual([f"show: {said}", f"show, as before: {said}"], self.ran("application/xml;type=task"))


class TestSameAs(unittest.TestCase):
    CALLS = """
    calls:
    - {name: before, GET: /things/1, expect: {status: 200}}
    - {name: change nothing, PUT: /things/1, json: {bad: true}, expect: {status: 400}}
    - {name: after, GET: /things/1, same_as: before, expect: {status: 200}}
    """

    def said(self, *answers: Response) -> tuple[CaseResult, list[str]]:
        made = scenario(self.CALLS)
        transport = Transport({"GET /things/1": list(answers), "PUT /things/1": answer(400, {"error": "x"})})
        result = run_case(case_at(made), transport, deployment(made.service))
        return result, [word(finding) for call in result.calls for finding in call.findings]

    def test_the_same_answer(self) -> None:
        same = answer(200, {"size": 1}, Date="x"), answer(200, {"size": 1}, Date="y")
        self.assertEqual([], self.said(*same)[1])

    def test_another_answer(self) -> None:
        self.assertEqual(
            ["not what call 'before' was answered: at $.size 1 became 2"],
            self.said(answer(200, {"size": 1}), answer(200, {"size": 2}))[1],
        )
