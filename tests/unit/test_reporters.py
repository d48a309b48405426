"""What a run tells: to a person, and in files. Long texts stand in tests/data/golden.

With GOLDEN_WRITE=1 in the environment they are written anew; read the difference before you keep it.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock
from xml.etree import ElementTree

from contract_tests.checks.rules import Words
from contract_tests.errors import UsageError
from contract_tests.execution.events import CaseFinished, Event, RunFinished, RunStarted
from contract_tests.execution.plan import planned
from contract_tests.model.case import CallResult, Case, CaseResult, Outcome
from contract_tests.model.finding import Finding, Mark
from contract_tests.model.http import MISSING, Request, Response
from contract_tests.model.microversion import ORDERS
from contract_tests.model.scenario import Scenario
from contract_tests.model.service import Secrets, Service
from contract_tests.model.target import Deployment
from contract_tests.reporters.files import JsonReporter, JunitReporter, file_writer
from contract_tests.reporters.matrix import WIDTH, matrix
from contract_tests.reporters.terminal import TerminalReporter, summary
from contract_tests.reporters.words import curl, message, plural, printable

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"
PASSED, FAILED, ERROR, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED
MARK = Mark(path="scenarios/things.yaml", line=12, column=5)
SERVICE = Service(name="toy", secrets=Secrets(json=("coupon",), headers=("x-own",), query=("ticket",)))


def no_mask(text: str) -> str:
    return text


def mask(text: str) -> str:
    return text.replace("s3cret", "REDACTED")


def some(slug: str = "things", service: Service = SERVICE, name: str = "what is tested") -> Scenario:
    return Scenario(
        name=name,
        id=f"id of {slug}",
        slug=slug,
        mark=Mark(path=f"scenarios/{slug}.yaml", line=1, column=1),
        service=service,
    )


def case(version: str | None = "1.2", slug: str = "things", **fields: Any) -> Case:
    order = ORDERS["number"] if version is None or version.count(".") else ORDERS["date"]
    return Case(scenario=some(slug, **fields), microversion=order.parse(version) if version else None)


def place(name: str = "toy 1.0.0", service: str = "toy") -> Deployment:
    return Deployment(
        name=name, service=service, endpoint="http://toy.example/v1", release=name.partition(" ")[2]
    )


def request(**fields: Any) -> Request:
    return Request(**{"method": "GET", "target": "/things", "role": "admin", **fields})


def failed_call(*findings: Finding, **fields: Any) -> CallResult:
    found = {
        "name": "show it",
        "mark": MARK,
        "outcome": FAILED,
        "findings": findings,
        "request": request(headers=(("Accept", "application/json"), ("Toy-Version", "1.2"))),
        "response": Response(status=404),
        **fields,
    }
    return CallResult(**found)


def finished(
    one: Case,
    outcome: Outcome = PASSED,
    *calls: CallResult,
    deployment: Deployment | None = None,
    **fields: Any,
) -> CaseFinished:
    deployment = deployment or place()
    result = CaseResult(
        id=one.id,
        target=deployment.name,
        outcome=outcome,
        calls=calls,
        **{"count": 3, "seconds": 0.25, **fields},
    )
    return CaseFinished(case=one, deployment=deployment, result=result)


A_RUN = tuple(case(version) for version in ("1.0", "1.2", "1.3", "1.4", "1.9"))


def a_run() -> list[Event]:
    """A run in which everything happens that can happen."""
    failing = failed_call(
        Finding(rule="status", mark=Mark(path=MARK.path, line=14, column=7), expected=Words("200"), got=404),
        Finding(rule="json", mark=MARK, where="$.size", expected=Words("3"), got=MISSING),
    )
    skipped = CallResult(
        name="use it", mark=MARK, outcome=SKIPPED, reason="needs 'id', which call 'show it' should have saved"
    )
    lost = CallResult(
        name="list",
        mark=MARK,
        outcome=ERROR,
        reason="GET http://toy.example: nobody answers",
        request=request(),
    )
    return [
        RunStarted(deployments=(place(),), cases=5, planned=planned([(place(), A_RUN)])),
        finished(case("1.0")),
        finished(case("1.2"), FAILED, failing, skipped),
        finished(case("1.3"), ERROR, lost),
        finished(case("1.4"), ERROR, reason="c.yaml: toy/things@1.4 is not recorded\n  record it"),
        finished(case("1.9"), SKIPPED, reason="1.9 is outside 1.0-1.5, which toy 1.0.0 offers", count=0),
        RunFinished(counts={"passed": 1, "failed": 1, "error": 2, "skipped": 1}, calls=1207, seconds=3.14),
    ]


class ReporterCase(unittest.TestCase):
    maxDiff = None

    def golden(self, name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("GOLDEN_WRITE"):
            path.write_text(text, encoding="utf-8")
        self.assertEqual(path.read_text(encoding="utf-8"), text)

    def terminal(self, events: Sequence[Event], mask: Any = no_mask, **options: Any) -> str:
        out, err = io.StringIO(), io.StringIO()
        with TerminalReporter(out, err, mask, **options) as reporter:
            for event in events:
                reporter.consume(event)
        self.assertEqual("", err.getvalue())
        return out.getvalue()

    def json(self, events: Sequence[Event], mask: Any = no_mask) -> dict[str, Any]:
        written: list[str] = []
        reporter = JsonReporter(written.append, mask)
        for event in events:
            reporter.consume(event)
        (text,) = written
        text.encode()
        found: dict[str, Any] = json.loads(text)
        return found

    def junit(self, events: Sequence[Event], mask: Any = no_mask) -> ElementTree.Element:
        written: list[str] = []
        reporter = JunitReporter(written.append, mask)
        for event in events:
            reporter.consume(event)
        (text,) = written
        return ElementTree.fromstring(text.encode())


class TestTerminal(ReporterCase):
    def test_a_run(self) -> None:
        self.golden("run.txt", self.terminal(a_run()))

    def test_a_verbose_run(self) -> None:
        self.golden("run-verbose.txt", self.terminal(a_run(), verbose=True))

    def test_without_the_matrix(self) -> None:
        self.assertNotIn(". passed", self.terminal(a_run(), show_matrix=False))

    def test_so_many_failures_that_not_all_are_shown(self) -> None:
        events = [finished(case(f"1.{n}"), FAILED, failed_call()) for n in range(60)]
        events.append(RunFinished(counts={"failed": 60}))
        text = self.terminal(events)
        self.assertEqual(50, text.count("FAILED toy/things@"))
        self.assertIn("10 more cases did not pass (--verbose shows all)", text)
        self.assertEqual(60, self.terminal(events, verbose=True).count("FAILED toy/things@"))

    def test_so_many_reasons_that_not_all_are_shown(self) -> None:
        events: list[Event] = [
            finished(case(f"1.{n}"), SKIPPED, reason=f"reason {n // 2}") for n in range(20)
        ]
        text = self.terminal([*events, RunFinished(counts={"skipped": 20})])
        self.assertEqual(8, text.count("skipped 2 cases: reason"))
        self.assertIn("skipped 4 cases for other reasons (--verbose shows them)", text)
        self.assertNotIn("other reasons", self.terminal([*events, RunFinished()], verbose=True))

    def test_a_run_that_was_stopped_says_so(self) -> None:
        text = self.terminal([RunFinished(stopped="interrupted: 3 cases did not run")])
        self.assertEqual("interrupted: 3 cases did not run\n0 cases: nothing ran (0 calls in 0.0 s)\n", text)

    def test_what_a_service_answers_cannot_write_over_the_terminal(self) -> None:
        bad = Finding(rule="text", mark=MARK, expected=Words("x"), got=Words("\x1b[2J\rgone\x9b"))
        text = self.terminal([finished(case(), FAILED, failed_call(bad)), RunFinished()])
        self.assertIn("got \\x1b[2J", text)
        self.assertEqual([], [c for c in text if not c.isprintable() and c != "\n"])

    def test_progress_goes_to_a_terminal_only(self) -> None:
        class Tty(io.StringIO):
            def isatty(self) -> bool:
                return True

        out, err = io.StringIO(), Tty()
        terminal = mock.patch.dict(os.environ, {"TERM": "xterm", "COLUMNS": "80"})
        with terminal, TerminalReporter(out, err, no_mask) as reporter:
            for event in a_run():
                reporter.consume(event)
        self.assertEqual(self.terminal(a_run()), out.getvalue())
        self.assertNotEqual("", err.getvalue())

    def test_the_summary(self) -> None:
        end = RunFinished(counts={"passed": 1200, "skipped": 7}, calls=9310, seconds=3.14159)
        self.assertEqual("1,207 cases: 1,200 passed, 7 skipped (9,310 calls in 3.1 s)", summary(end))
        end = RunFinished(counts={"error": 1}, calls=1)
        self.assertEqual("1 case: 1 could not run (1 call in 0.0 s)", summary(end))

    def test_small_words(self) -> None:
        self.assertEqual(
            ("1 case", "2 cases", "1,000 cases", "0 cases"), tuple(plural(n, "case") for n in (1, 2, 1000, 0))
        )
        self.assertEqual("2 tries", plural(2, "try", "tries"))
        self.assertEqual("a\tb\\x00é\\xd800", printable("a\tb\0é\ud800"))


class TestMatrix(ReporterCase):
    def rows(self, names: Sequence[str], slugs: Sequence[str], versions: Sequence[str | None]) -> list[Any]:
        found = []
        outcomes = (PASSED, PASSED, FAILED, PASSED, SKIPPED, ERROR, PASSED)
        number = 0
        for name in names:
            for slug in slugs:
                for version in versions:
                    found.append((place(name), case(version, slug), outcomes[number % len(outcomes)]))
                    number += 1
        return found

    def lines(self, *arguments: Any) -> list[str]:
        found = list(matrix(self.rows(*arguments)))
        for line in found:
            self.assertLessEqual(len(line), WIDTH, line)
        return found

    def test_by_microversion(self) -> None:
        versions = [f"1.{n}" for n in range(12)]
        lines = self.lines(["toy 1.0.0"], ["allocations", "traits"], versions)
        self.golden("matrix-microversions.txt", "\n".join(lines) + "\n")

    def test_by_release(self) -> None:
        releases = ["toy 1.0.0", "toy 9.0.0", "toy 16.0.0"]
        lines = self.lines(
            releases, ["allocations", "a_scenario_with_quite_a_long_name"], ["1.0", "1.1", "1.2"]
        )
        self.golden("matrix-releases.txt", "\n".join(lines) + "\n")

    def test_nothing_is_wider_than_the_screen(self) -> None:
        long = "a_scenario_whose_name_is_longer_than_half_of_the_screen_is_wide"
        self.lines(["toy 1.0.0"], [long, "b"], [f"1.{n}" for n in range(200)])
        self.lines(["toy 1.0.0"], ["a"], ["2024-01-01", "2024-06-01"])
        self.lines([f"toy {n}.0.0" for n in range(30)], [long, "b"], ["1.0", "1.1"])
        self.lines(
            ["http://a-host-with-a-very-long-name.example:8778/placement", "toy 1.0.0"], ["b"], ["1.0"]
        )
        self.lines([f"toy {n}" for n in range(3)], ["b"], [f"1.{n}" for n in range(3000)])

    def test_a_service_with_a_longer_name_than_its_scenarios(self) -> None:
        rows = [
            (place(name, "a-service-with-a-long-name"), case("1.0", "a"), PASSED)
            for name in ("a-service-with-a-long-name 1.0.0", "a-service-with-a-long-name 2.0.0")
        ]
        for line in matrix(rows):
            self.assertLessEqual(len(line), WIDTH)

    def test_without_microversions(self) -> None:
        lines = self.lines(["toy 1.0.0"], ["things"], [None])
        self.assertEqual(["toy 1.0.0  -", "things     ."], lines[:2])

    def test_of_two_results_in_one_place_the_worse_shows(self) -> None:
        for outcomes in ((PASSED, FAILED), (FAILED, PASSED)):
            lines = list(matrix([(place(), case(None), outcome) for outcome in outcomes]))
            self.assertEqual("things     F", lines[1])

    def test_two_services(self) -> None:
        rows = [(place("a 1", "a"), case("1.0"), PASSED), (place("b 1", "b"), case("1.0"), FAILED)]
        lines = list(matrix(rows))
        self.assertEqual(2, sum(line.startswith("things") for line in lines))

    def test_services_at_a_glance(self) -> None:
        rows = [(place(f"a {n}.0", "a"), case(v), PASSED) for n in range(9) for v in ("1.0", "1.1")]
        rows += [(place("b 1", "b"), case("1.0"), FAILED), (place("b 1", "b"), case("1.1"), SKIPPED)]
        rows += [(place("https://b.example", "b"), case("1.0"), ERROR)]
        self.assertEqual(
            [
                "a  0.0 2/2  1.0 2/2  2.0 2/2  3.0 2/2  4.0 2/2  5.0 2/2  6.0 2/2  7.0 2/2",
                "   8.0 2/2",
                "b  1 F 0/1  https://b.example E 0/1",
                "passed/run; F: failed, E: could not run, s: skipped only",
                "(--service NAME shows a service's scenarios, --verbose all of them)",
                "",
            ],
            list(matrix(rows, whole=False)),
        )
        alone = rows[:2]
        self.assertEqual(list(matrix(alone)), list(matrix(alone, whole=False)))


class TestJson(ReporterCase):
    def test_a_run(self) -> None:
        found = self.json(a_run())
        self.assertEqual({"passed": 1, "failed": 1, "error": 2, "skipped": 1}, found["counts"])
        self.assertEqual((1207, 3.14, ""), (found["calls"], found["seconds"], found["stopped"]))
        self.assertEqual(
            [{"name": "toy 1.0.0", "service": "toy", "release": "1.0.0", "series": "", "range": ""}],
            found["deployments"],
        )
        self.assertEqual(["1.0", "1.2", "1.3", "1.4", "1.9"], [one["microversion"] for one in found["cases"]])
        self.assertNotIn("not_passed", found["cases"][0])
        self.assertEqual("id of things", found["cases"][0]["scenario"])
        failing, skipped = found["cases"][1]["not_passed"]
        self.assertEqual(
            ("show it", "failed", "scenarios/things.yaml:12:5", 404, "GET /things"),
            tuple(failing[key] for key in ("call", "outcome", "at", "status", "request")),
        )
        self.assertEqual(
            {
                "rule": "json",
                "at": "scenarios/things.yaml:12:5",
                "where": "$.size",
                "message": "expected at $.size: 3, got nothing",
            },
            failing["findings"][1],
        )
        self.assertEqual("needs 'id', which call 'show it' should have saved", skipped["reason"])
        self.assertNotIn("curl", skipped)
        self.assertEqual("1.9 is outside 1.0-1.5, which toy 1.0.0 offers", found["cases"][4]["reason"])

    def test_text_that_is_no_unicode(self) -> None:
        bad = Finding(rule="text", mark=MARK, expected=Words("x"), got="\ud800 é")
        found = self.json([finished(case(), FAILED, failed_call(bad)), RunFinished()])
        self.assertEqual(
            'expected the body as x, got "\ud800 é"',
            found["cases"][0]["not_passed"][0]["findings"][0]["message"],
        )


class TestJunit(ReporterCase):
    def test_a_run(self) -> None:
        root = self.junit(a_run())
        counts = {"tests": "5", "failures": "1", "errors": "2", "skipped": "1"}
        (suite,) = root
        for element in (root, suite):
            self.assertEqual(counts, {key: element.get(key) for key in counts})
        self.assertEqual(
            ("testsuites", "contract-tests", "3.140"), (root.tag, root.get("name"), root.get("time"))
        )
        self.assertEqual(("toy 1.0.0", "1.250"), (suite.get("name"), suite.get("time")))
        self.assertEqual(["1.0", "1.2", "1.3", "1.4", "1.9"], [one.get("name") for one in suite])
        self.assertEqual({"toy.things"}, {one.get("classname") for one in suite})
        self.assertEqual(
            [None, "failure", "error", "error", "skipped"],
            [one[0].tag if len(one) else None for one in suite],
        )
        self.assertEqual("expected status 200, got 404", suite[1][0].get("message"))
        self.assertIn("again: curl", suite[1][0].text or "")
        self.assertEqual("GET http://toy.example: nobody answers", suite[2][0].get("message"))
        self.assertTrue(
            (suite[3][0].get("message") or "").startswith("c.yaml: toy/things@1.4 is not recorded")
        )
        self.assertEqual("1.9 is outside 1.0-1.5, which toy 1.0.0 offers", suite[4][0].get("message"))

    def test_a_suite_for_each_deployment(self) -> None:
        events = [finished(case(), deployment=place(name)) for name in ("toy 1.0.0", "toy 2.0.0")]
        root = self.junit([*events, RunFinished()])
        self.assertEqual(["toy 1.0.0", "toy 2.0.0"], [suite.get("name") for suite in root])
        self.assertEqual("2", root.get("tests"))

    def test_characters_that_xml_cannot_hold(self) -> None:
        bad = Finding(rule="text", mark=MARK, expected=Words("\x00\ufffe"), got=Words("\x1b\ud800 <é>&]]>"))
        root = self.junit([finished(case(), FAILED, failed_call(bad)), RunFinished()])
        self.assertEqual(
            "expected the body as \ufffd\ufffd, got \ufffd\ufffd <é>&]]>", root[0][0][0].get("message")
        )

    def test_a_run_that_was_stopped_is_not_green(self) -> None:
        root = self.junit([finished(case()), RunFinished(stopped="interrupted: 3 cases did not run")])
        self.assertEqual(("2", "1"), (root.get("tests"), root.get("errors")))
        self.assertEqual("interrupted: 3 cases did not run", root[1][0][0].get("message"))

    def test_a_case_without_a_microversion(self) -> None:
        root = self.junit([finished(case(None)), RunFinished()])
        self.assertEqual("things", root[0][0].get("name"))


class TestCurl(unittest.TestCase):
    def test_what_it_says(self) -> None:
        for fields, words in (
            ({}, ["-H", "X-Auth-Token: $TOKEN_ADMIN", "http://e/things"]),
            ({"role": "none"}, ["http://e/things"]),
            ({"role": "", "follow": True}, ["-L", "http://e/things"]),
            ({"role": "system-reader"}, ["-H", "X-Auth-Token: $TOKEN_SYSTEM_READER", "http://e/things"]),
            ({"role": "none", "method": "HEAD"}, ["-I", "http://e/things"]),
            (
                {"role": "none", "method": "PUT", "body": b"@it's"},
                ["-X", "PUT", "--data-raw", "@it's", "http://e/things"],
            ),
            ({"role": "none", "target": "http://e/a?b=$c&d"}, ["http://e/a?b=$c&d"]),
            ({"role": "none", "headers": (("X-A", "$b `c`"),)}, ["-H", "X-A: $b `c`", "http://e/things"]),
        ):
            with self.subTest(fields):
                self.assertEqual(["curl", "-i", *words], shlex.split(curl(request(**fields), "http://e")))

    def test_an_endpoint_that_is_a_variable_is_one_in_a_shell(self) -> None:
        line = curl(request(role="none", target="/a?b=$c"), "$ENDPOINT")
        said = subprocess.run(
            ["sh", "-c", line.replace("curl -i", "echo")],
            env={"ENDPOINT": "http://e"},
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual("http://e/a?b=$c\n", said.stdout)

    def test_a_body_that_is_no_text(self) -> None:
        line = curl(request(role="none", method="POST", body=b"\xff\x00"), "http://e")
        self.assertEqual("curl -i -X POST --data-binary @FILE http://e/things  # FILE: 2 bytes", line)

    def test_only_the_token_is_left_to_the_shell(self) -> None:
        line = curl(request(headers=(("X-A", "$(b)"),), body=b"'$c", method="POST"), "http://e")
        self.assertEqual(
            1, line.replace("'$(b)'", "").count('"$TOKEN') + line.count('"X-Auth-Token: $TOKEN_ADMIN"')
        )
        self.assertIn("'X-A: $(b)'", line)


class TestSecrets(ReporterCase):
    """Nothing that is secret is in any report: neither by its name nor by its value."""

    def events(self) -> list[Event]:
        body = {
            "server": {"adminPass": "by-name-1", "coupon": "by-name-2", "name": "s3cret"},
            "password": "by-name-3",
        }
        bad = request(
            method="POST",
            target="/things?ticket=by-name-4&x=s3cret",
            headers=(
                ("X-Own", "by-name-5"),
                ("X-Auth-Token", "by-name-6"),
                ("Content-Type", "application/json"),
            ),
            body=json.dumps(body).encode(),
        )
        findings = (
            Finding(
                rule="json",
                mark=MARK,
                where="$.server.adminPass",
                expected=Words('"by-name-7"'),
                got="by-name-7",
            ),
            Finding(
                rule="json",
                mark=MARK,
                where="$['server']['coupon']",
                expected=Words("nothing"),
                got="by-name-8",
            ),
            Finding(
                rule="json",
                mark=MARK,
                where="$.server",
                expected=Words("nothing"),
                got={"adminPass": "by-name-9", "a": "s3cret"},
            ),
            Finding(
                rule="header", mark=MARK, where="X-Subject-Token", expected=Words("nothing"), got="by-name-10"
            ),
            Finding(
                rule="schema",
                mark=MARK,
                where="$",
                detail="{'coupon': 'by-name-11', 'b': 1} is not of type 'array'",
            ),
            Finding(
                rule="body-invalid-json",
                mark=MARK,
                got=Words("text/plain"),
                detail='{"adminPass": "by-\\"name-12", ',
            ),
            Finding(rule="schema", mark=MARK, where="$.coupon", detail="'by-name-13' is too short"),
            Finding(rule="text", mark=MARK, expected=Words("x"), got=Words("http://u:by-name-14@h/")),
        )
        call = failed_call(*findings, request=bad, reason="of s3cret")
        skip = finished(case("1.3"), SKIPPED, reason="because s3cret")
        return [finished(case(), FAILED, call, reason="at s3cret"), skip, RunFinished(stopped="by s3cret")]

    def check(self, text: str) -> None:
        self.assertEqual([], re.findall(r"by-\W*name-\d+|s3cret", text), text)
        self.assertIn("REDACTED", text)

    def test_in_the_terminal(self) -> None:
        for verbose in (True, False):
            self.check(self.terminal(self.events(), mask, verbose=verbose))

    def test_in_json(self) -> None:
        events = [*self.events()[:-1], RunFinished()]
        self.check(json.dumps(self.json(events, mask)))

    def test_in_junit(self) -> None:
        events = [*self.events()[:-1], RunFinished()]
        self.check(ElementTree.tostring(self.junit(events, mask), encoding="unicode"))

    def test_a_baselines_finding_keeps_its_rule(self) -> None:
        finding = Finding(
            rule="baseline",
            mark=MARK,
            where="$.adminPass",
            expected="string",
            got="integer",
            detail="BREAK property-type (AI): $.adminPass is 5, not 'hush', unlike toy 1.0.0",
        )
        self.assertEqual("BREAK property-type (AI): $.adminPass: REDACTED", message(finding, SERVICE.secrets))

    def test_what_is_no_secret_stays(self) -> None:
        finding = Finding(
            rule="json", mark=MARK, where="$.name", expected=Words('"a"'), got={"name": "b", "n": 1}
        )
        self.assertEqual(
            'expected at $.name: "a", got {"name": "b", "n": 1}', message(finding, SERVICE.secrets)
        )
        finding = Finding(
            rule="schema", mark=MARK, where="$", detail="{'size': 'big'} is not of type 'array'"
        )
        self.assertEqual("$: {'size': 'big'} is not of type 'array'", message(finding, SERVICE.secrets))


class TestFiles(unittest.TestCase):
    def test_a_folder_that_is_not_there(self) -> None:
        with self.assertRaises(UsageError) as caught:
            file_writer("--json", "/nowhere/at/all.json", io.StringIO())
        self.assertEqual(
            "--json /nowhere/at/all.json: there is no folder /nowhere/at; make it first",
            str(caught.exception),
        )

    def test_a_folder_where_a_file_should_be(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            with self.assertRaises(UsageError) as caught:
                file_writer("--junit", name, io.StringIO())
            self.assertEqual(f"--junit {name}: this is a folder; name a file", str(caught.exception))

    def test_it_cannot_be_written_in_the_end(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            write = file_writer("--json", f"{name}/a.json", io.StringIO())
            Path(name, "a.json").mkdir()
            with self.assertRaises(UsageError) as caught:
                write("x")
            self.assertIn(f"--json {name}/a.json: cannot be written: ", str(caught.exception))

    def test_it_is_written(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            file_writer("--json", f"{name}/a.json", io.StringIO())("é\n")
            self.assertEqual("é\n", Path(name, "a.json").read_text(encoding="utf-8"))
        out = io.StringIO()
        file_writer("--json", "-", out)("é\n")
        self.assertEqual("é\n", out.getvalue())


if __name__ == "__main__":
    unittest.main()
