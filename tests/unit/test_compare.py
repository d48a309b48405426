"""Comparing deployments: case by case, gathered by change; a run against a baseline; the command."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import shutil
import unittest
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from unittest.mock import patch
from xml.etree import ElementTree

from contract_tests.cli.compare_command import release_pairs
from contract_tests.cli.main import main
from contract_tests.comparison.facts import Fact
from contract_tests.comparison.noise import is_noise
from contract_tests.comparison.policy import Policy, Waiver
from contract_tests.comparison.rules import Context, Verdict
from contract_tests.errors import Miss
from contract_tests.execution.baseline import Baseline
from contract_tests.execution.compare import Comparison, compare
from contract_tests.execution.events import CaseFinished, RunFinished
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.runner import Job, run
from contract_tests.execution.twins import learn
from contract_tests.model.case import Outcome
from contract_tests.model.finding import Finding, Mark
from contract_tests.reporters import comparison as words
from contract_tests.reporters.files import JsonReporter, JunitReporter
from tests.unit.building import Transport, answer, deployment, scenario

ROOT = Path(__file__).resolve().parents[2]
CASSETTES = ROOT / "cassettes" / "placement"
PLACEMENT = ["--scenarios", str(ROOT / "contract_tests" / "scenarios" / "placement")]

THINGS = """
calls:
  - name: make one
    POST: /things
    json: {name: "${name}"}
    save: {id: $.id}
    expect: {status: 201}
  - name: show it
    GET: /things/${id}
    expect: {status: 200}
vars: {name: {generate: name}}
"""
POLICY = Policy(name="none")
OLD = {
    "POST /things": answer(201, {"id": "aaaa", "size": 5}),
    "GET /things/aaaa": answer(200, {"id": "aaaa", "size": 5, "tags": []}, Vary="Toy-Version"),
}
NEW = {
    "POST /things": answer(201, {"id": "bbbb", "size": 5}),
    "GET /things/bbbb": answer(200, {"id": "bbbb", "size": "5", "tags": []}, Vary="Toy-Version"),
}


def job(answers: Mapping[str, Any], name: str = "toy 1.0.0", **fields: Any) -> Job:
    one = scenario(THINGS)
    place = deployment(one.service, name=name, **fields)
    return Job(
        deployment=place,
        transport=Transport(answers),
        cases=plan([one], place, Choice(microversions=("1.0", "1.1")), None),
        replay=True,
    )


def found(old: Mapping[str, Any], new: Mapping[str, Any], **options: Any) -> Comparison:
    policy = options.pop("policy", POLICY)
    waivers = options.pop("waivers", ())
    return compare(job(old), job(new, "toy 2.0.0", **options), policy, waivers)


def told(comparison: Comparison) -> list[str]:
    return [
        f"{change.verdict} {change.rule.id} {change.fact.path} {words.extent(change)}"
        for change in comparison.changes
    ]


class TestCompare(unittest.TestCase):
    def test_a_deployment_does_not_differ_from_itself(self) -> None:
        same = found(OLD, OLD)
        self.assertEqual(([], 2, 4, {}), (same.changes, same.cases, same.compared, same.missing))

    def test_ids_of_two_runs_are_no_difference_and_a_change_is_told_once(self) -> None:
        self.assertEqual(
            ["BREAK property-type $.size 1 call, microversions 1.0 to 1.1 (2)"], told(found(OLD, NEW))
        )

    def test_live_answers_are_compared_as_they_would_be_recorded(self) -> None:
        """Nothing that is secret by its name is told of, and that it differs is no difference."""
        one, other = (
            answer(
                201, {"id": "aaaa", "size": 5, "adminPass": f"pass-{n}"}, Location=f"/x#access_token=t-{n}"
            )
            for n in (1, 2)
        )
        before, after = (
            replace(job({**OLD, "POST /things": made}, name), replay=False)
            for made, name in ((one, "toy 1.0.0"), (other, "toy 2.0.0"))
        )
        self.assertEqual([], told(compare(before, after, POLICY)))
        with_another = answer(201, {"id": "aaaa", "size": 5, "adminPass": 3})
        after = replace(job({**OLD, "POST /things": with_another}, "toy 2.0.0"), replay=False)
        shown = "\n".join(words.lines(compare(before, after, POLICY), lambda text: text))
        self.assertIn("adminPass", shown)
        self.assertNotIn("pass-1", shown)

    def test_what_is_known_to_vary_is_no_difference(self) -> None:
        size = {"what: show it": {"$.size": frozenset({"property-type"})}}
        self.assertEqual([], told(found(OLD, NEW, noise=size)))
        elsewhere = {"what: make one": size["what: show it"], "what: show it": {"$.id": frozenset({"value"})}}
        self.assertEqual(1, len(told(found(OLD, NEW, noise=elsewhere))))

    def test_a_call_that_one_side_could_not_make_is_not_silently_left_out(self) -> None:
        lost = found(OLD, {"POST /things": answer(201, {"name": "x"})})
        self.assertEqual(
            {"toy/what@1.0: show it": "needs 'id', which call 'make one' should have saved"},
            {name: reason for name, reason in lost.missing.items() if "1.0" in name},
        )

    def test_a_recording_that_is_stale_is_not_compared(self) -> None:
        """What it holds was asked otherwise: it would tell differences that are none."""
        stale = Finding(
            rule="recording-stale", mark=Mark(), detail="the scenario has changed; record it again"
        )
        new = job(NEW)
        new = replace(new, transport=Transport(NEW, at_close=(stale,)))
        comparison = compare(job(OLD), new, POLICY)
        self.assertEqual(([], 0), (comparison.changes, comparison.compared))
        self.assertEqual(
            {"its recording is stale: the scenario has changed; record it again"},
            set(comparison.missing.values()),
        )

    def test_a_case_that_one_side_does_not_have(self) -> None:
        narrow = found(OLD, OLD, low="1.1", high="1.9")
        self.assertEqual(1, narrow.cases)
        self.assertIn("1.0 is outside 1.1-1.9", narrow.missing["toy/what@1.0"])

    def test_the_ranges_of_the_deployments(self) -> None:
        self.assertIn(
            "BREAK version-maximum-lowered range 1 call", told(found(OLD, OLD, low="1.0", high="1.5"))
        )
        self.assertIn(
            "BREAK version-minimum-raised range 1 call", told(found(OLD, OLD, low="1.1", high="1.9"))
        )

    def test_waivers(self) -> None:
        accepted = Waiver(
            rule="property-type",
            service="toy",
            call="what: show it",
            reason="it is read as a text by all",
            link="x",
            expires=datetime.date.max,
            at="w.yaml:2",
        )
        self.assertEqual([], found(OLD, NEW, waivers=[accepted]).changes)
        unneeded = found(OLD, OLD, waivers=[accepted])
        self.assertEqual(
            ["w.yaml:2: the waiver of property-type in what: show it covers nothing any more; remove it"],
            unneeded.waivers,
        )

    def test_another_context(self) -> None:
        (change,) = compare(job(OLD), job(NEW), POLICY, context=Context.ADJACENT).changes
        self.assertEqual(Verdict.BUMP, change.verdict)


class TestReleases(unittest.TestCase):
    """A scenario that expects other answers of other releases has a call for each: they are held together."""

    CALLS = """
    calls:
      - name: make one
        POST: /things
        expect: {status: 201}
      - name: it may go
        requires: {release: -1.9}
        DELETE: /things/1
        expect: {status: 204}
      - name: it may not go
        requires: {release: 2.0-}
        DELETE: /things/1
        expect: {status: 409}
      - name: show it
        GET: /things/1
        expect: {status: [200, 404]}
    """
    SHARED: ClassVar = {"POST /things": answer(201, {"id": "1"}), "GET /things/1": answer(404)}
    OLD: ClassVar = {**SHARED, "DELETE /things/1": answer(204)}
    NEW: ClassVar = {**SHARED, "DELETE /things/1": answer(409)}

    def compared(self, text: str, policy: Policy = POLICY, **options: Any) -> Comparison:
        one = scenario(text)
        jobs = []
        for release, answers in (("1.0.0", self.OLD), ("2.0.0", self.NEW)):
            place = deployment(one.service, name=f"toy {release}", release=release, **options)
            cases = plan([one], place, Choice(microversions=("1.0",)), None)
            jobs.append(Job(deployment=place, transport=Transport(answers), cases=cases, replay=True))
        return compare(*jobs, policy)

    def test_what_asks_the_same_in_the_same_place_is_compared(self) -> None:
        comparison = self.compared(self.CALLS)
        self.assertEqual(["BREAK status-success-to-client-error  1 call, microversion 1.0"], told(comparison))
        self.assertEqual([("what", "it may not go")], list(comparison.changes[0].calls))
        self.assertEqual((3, {}), (comparison.compared, comparison.missing))

    def test_what_asks_something_else_or_elsewhere_is_not(self) -> None:
        other = self.CALLS.replace(
            "2.0-}\n        DELETE: /things/1", "2.0-}\n        DELETE: /things/1?force=1"
        )
        first, _, last = self.CALLS.partition("      - name: it may not go")
        moved, _, show = last.partition("      - name: show it")
        later = f"{first}      - name: show it{show.rstrip()}\n      - name: it may not go{moved}"
        for text in (other, later):
            comparison = self.compared(text.replace("status: 409", "status: [404, 409]"))
            self.assertEqual([], told(comparison))
            self.assertEqual(
                {
                    "toy/what@1.0: it may go": "needs release -1.9, this is 2.0.0",
                    "toy/what@1.0: it may not go": "needs release 2.0-, this is 1.0.0",
                },
                comparison.missing,
            )

    def test_after_that_cleaning_up_is_answered_otherwise(self) -> None:
        text = (
            self.CALLS
            + """cleanup:
      - PUT: /things/1
        expect: {status: [204, 404]}
      - PATCH: /things/1
        expect: {status: 204}
    """
        )
        old = {**self.OLD, "PUT /things/1": answer(404), "PATCH /things/1": answer(204)}
        new = {**self.NEW, "PUT /things/1": answer(204), "PATCH /things/1": answer(200)}
        with patch.multiple(self, OLD=old, NEW=new):
            changes = [(one.rule.id, *one.calls) for one in self.compared(text).changes]
        self.assertEqual(
            [
                ("status-success-code", ("what", "cleanup 2")),
                ("status-success-to-client-error", ("what", "it may not go")),
            ],
            changes,
        )
        with patch.multiple(self, OLD=old, NEW={**new, "DELETE /things/1": answer(204)}):
            changes = [(one.rule.id, *one.calls) for one in self.compared(text).changes]
        self.assertIn(("url-added", ("what", "cleanup 1")), changes)

    def test_what_is_noise_in_either_is_none(self) -> None:
        answers = {**self.SHARED, "DELETE /things/1": answer(204, Colour="red")}
        with (
            patch.object(self, "OLD", answers),
            patch.object(self, "NEW", {**answers, "DELETE /things/1": answer(204, Colour="blue")}),
        ):
            text = self.CALLS.replace("409", "204")
            self.assertEqual(1, len(told(self.compared(text))))
            for name in ("it may go", "it may not go"):
                noise = {f"what: {name}": {"colour": frozenset({"header-value"})}}
                self.assertEqual([], told(self.compared(text, noise=noise)))


class TestTwins(unittest.TestCase):
    """What two recordings of one release differ in is noise, and a status is never any."""

    def test_they_agree(self) -> None:
        twins = learn(job(OLD), job(OLD))
        self.assertEqual((2, {}, []), (twins.cases, twins.noise, twins.refused))

    def test_what_differs_is_learned_by_call_and_path(self) -> None:
        twins = learn(job(OLD), job(NEW))
        self.assertEqual({"what: show it": {"$.size": frozenset({"property-type"})}}, twins.noise)
        self.assertEqual([], twins.refused)

    def test_what_came_may_go_and_a_value_may_vary_in_any_way(self) -> None:
        places = {
            "$.a": frozenset({"property-added"}),
            "$.b": frozenset({"value"}),
            "$.d": frozenset({"array-order"}),
        }
        for kind, path, expected in (
            ("property-removed", "$.a", True),
            ("value", "$.a", False),
            ("array-order", "$.b", True),
            ("property-removed", "$.b", False),
            ("value", "$.c", False),
            ("array-order", "$.d", True),
            ("array-items", "$.d", False),
            ("array-count", "$.d", False),
        ):
            with self.subTest(kind, path=path):
                self.assertEqual(expected, is_noise(Fact(kind=kind, path=path), [places]))

    def test_a_status_is_no_noise(self) -> None:
        again = {**OLD, "GET /things/aaaa": answer(404, {"error": "gone"})}
        twins = learn(job(OLD), job(again))
        self.assertEqual({}, twins.noise)
        self.assertIn("toy/what@1.0: show it: status 200 became 404", twins.refused)

    def test_a_call_of_one_side_only(self) -> None:
        twins = learn(job(OLD), job({"POST /things": answer(201, {"name": "x"})}))
        self.assertIn("toy/what@1.0: show it: only one of the two recordings has this call", twins.refused)


class TestWords(unittest.TestCase):
    def test_for_a_terminal(self) -> None:
        self.assertEqual(
            [
                "toy 1.0.0 -> toy 2.0.0 (frozen): 4 answers in 2 cases",
                "  BREAK  property-type [AI]",
                "         $.size is string, not integer",
                "         in 1 call, microversions 1.0 to 1.1 (2)",
            ],
            list(words.lines(found(OLD, NEW), str))[:4],
        )

    def test_markdown(self) -> None:
        self.assertIn(
            "| BREAK | `property-type` (AI) | $.size is string, not integer | 1 call",
            words.markdown([found(OLD, NEW)], str),
        )
        self.assertIn("No difference that a client would see.", words.markdown([found(OLD, OLD)], str))

    def test_json_and_junit(self) -> None:
        (change,) = words.document(found(OLD, NEW), str)["changes"]
        self.assertEqual(
            {
                "verdict": "BREAK", "rule": "property-type", "source": "AI", "service": "toy",
                "path": "$.size", "message": "$.size is string, not integer", "seen": 2,
                "old": "integer", "new": "string",
                "calls": ["what: show it"], "microversions": ["1.0", "1.1"],
            },
            change,
        )  # fmt: skip
        root = ElementTree.fromstring(words.junit([found(OLD, NEW)], frozenset({Verdict.BREAK}), str))
        (failure,) = root.iter("failure")
        self.assertEqual("$.size is string, not integer", failure.get("message"))


class TestBaseline(unittest.TestCase):
    def held(self, answers: Mapping[str, Any], policy: Policy = POLICY, waivers: Any = ()) -> list[Any]:
        """The events of a run of `answers` that is held to OLD."""
        before, after = job(OLD), job(answers, "toy 2.0.0")
        baseline = Baseline(
            deployment=before.deployment, transport=before.transport, policy=policy, waivers=waivers
        )
        return list(run([replace(after, baseline=baseline)]))

    def calls(self, events: list[Any]) -> list[str]:
        return [
            f"{event.case.microversion} {call.name}: {finding.detail}"
            for event in events
            if isinstance(event, CaseFinished)
            for call in event.result.calls
            for finding in call.findings
        ]

    def test_what_differs_and_fails_is_a_finding_of_its_call(self) -> None:
        events = self.held(NEW)
        text = "BREAK property-type (AI): $.size is string, not integer, unlike toy 1.0.0"
        self.assertEqual([f"1.0 show it: {text}", f"1.1 show it: {text}"], self.calls(events))
        result = events[1].result
        self.assertEqual([Outcome.PASSED, Outcome.FAILED], [call.outcome for call in result.calls])
        self.assertIs(Outcome.FAILED, result.outcome)
        failed = result.calls[1]
        self.assertEqual("/things/bbbb", failed.request.target)
        self.assertEqual(200, failed.response.status)
        self.assertEqual(
            ("integer", "string", "$.size"),
            (failed.findings[0].expected, failed.findings[0].got, failed.findings[0].where),
        )
        self.assertIsInstance(events[-1], RunFinished)
        self.assertEqual({"failed": 2}, events[-1].counts)

    def test_the_same_answers_pass(self) -> None:
        self.assertEqual({"passed": 2}, self.held(OLD)[-1].counts)

    def test_where_a_service_runs_is_no_difference(self) -> None:
        """A recording names http://SERVICE.example, a live service its own host and port."""
        key = "POST /things"
        recorded = {**OLD, key: answer(201, {"id": "aaaa"}, Location="http://toy.example/things/aaaa")}
        here = {**OLD, key: answer(201, {"id": "aaaa"}, Location="http://127.0.0.1:8778/things/aaaa")}
        policy = replace(POLICY, fails=frozenset(Verdict))
        for endpoint, outcome in (("http://127.0.0.1:8778", "passed"), ("http://127.0.0.1:8779", "failed")):
            before, after = job(recorded), job(here, "toy 2.0.0", endpoint=endpoint)
            baseline = Baseline(deployment=before.deployment, transport=before.transport, policy=policy)
            self.assertEqual({outcome: 2}, list(run([replace(after, baseline=baseline)]))[-1].counts)

    def test_what_does_not_fail_by_the_policy_is_none(self) -> None:
        self.assertEqual({"passed": 2}, self.held(NEW, replace(POLICY, fails=frozenset()))[-1].counts)

    def test_nor_what_is_waived(self) -> None:
        accepted = Waiver(
            rule="*", service="toy", call="*", reason="agreed", link="x", expires=datetime.date.max
        )
        self.assertEqual({"passed": 2}, self.held(NEW, waivers=(accepted,))[-1].counts)

    def test_a_case_that_the_baseline_lacks_says_so(self) -> None:
        before, after = job({}), job(OLD)
        lacking = Transport(lambda request: Miss("this is not recorded"))
        baseline = Baseline(deployment=before.deployment, transport=lacking, policy=POLICY)
        events = list(run([replace(after, baseline=baseline)]))
        self.assertEqual(({"passed": 2}, 2), (events[-1].counts, events[-1].unheld))
        self.assertRegex(events[1].result.reason, r"^not held to toy 1\.0\.0: ")

    def test_so_does_a_call(self) -> None:
        before, after = job({"POST /things": answer(201, {})}), job(OLD)
        baseline = Baseline(deployment=before.deployment, transport=before.transport, policy=POLICY)
        events = list(run([replace(after, baseline=baseline)]))
        self.assertEqual(0, events[-1].unheld)
        self.assertIn("not held to toy 1.0.0 in 'show it': it has no answer", events[1].result.reason)

    def test_a_call_that_failed_already_has_both(self) -> None:
        events = self.held({**NEW, "GET /things/bbbb": answer(404, {"id": "bbbb"})})
        first = events[1].result.calls[1]
        self.assertEqual(["status", "baseline"], [finding.rule for finding in first.findings])

    def test_reports_name_the_rule_its_verdict_and_source(self) -> None:
        events = self.held(NEW)
        written: list[str] = []
        for reporter in (JsonReporter(written.append, str), JunitReporter(written.append, str)):
            for event in events:
                reporter.consume(event)
        told = "BREAK property-type (AI): $.size is string, not integer, unlike toy 1.0.0"
        self.assertEqual(told, json.loads(written[0])["cases"][0]["not_passed"][0]["findings"][0]["message"])
        self.assertIn(told, written[1])


class CommandCase(unittest.TestCase):
    def command(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([*arguments, *PLACEMENT])
        return status, out.getvalue(), err.getvalue()


@unittest.skipUnless((CASSETTES / "16.0.0").is_dir(), "the recordings are not here")
class TestCommand(CommandCase):
    def test_a_recording_and_itself(self) -> None:
        old = str(CASSETTES / "16.0.0")
        status, out, err = self.command("compare", old, old, "--json")
        (document,) = json.loads(out)
        self.assertEqual((0, "", []), (status, err, document["changes"]))
        self.assertGreater(document["answers"], 2000)
        self.assertEqual({}, document["not_compared"])

    def test_two_releases(self) -> None:
        """What differs between 1.0.0 and 16.0.0 was gone through by hand (history/placement.rst)."""
        releases = (str(CASSETTES / release) for release in ("1.0.0", "16.0.0"))
        status, out, _ = self.command("compare", *releases, "--json")
        (document,) = json.loads(out)
        self.assertEqual(1, status)
        limit = ["allocation_candidate_limit: one is enough"]
        self.assertEqual(
            [
                (
                    "BREAK status-success-to-client-error",
                    ["consumer_left_behind: the one tries again with a known one"],
                ),
                ("REVIEW array-items", limit),
                ("REVIEW array-items", limit),
                ("REVIEW status-client-error-implied", ["reshaper_errors: an administrator is no service"]),
            ],
            [
                (f"{one['verdict']} {one['rule']}", one["calls"])
                for one in document["changes"]
                if one["verdict"] not in ("OK", "INFO")
            ],
        )
        self.assertEqual(
            {"array-order", "array-count", "error-message", "version-maximum-raised"},
            {one["rule"] for one in document["changes"] if one["verdict"] in ("OK", "INFO")},
        )

    def test_pairs_of_releases(self) -> None:
        """The next release after the last, each service by itself, and a variant beside what it varies."""
        names = ["1.0.0", "2.0.0", "10.0.0-rc", "10.0.0", "11.0.0-next"]
        jobs = [job(OLD, name, release=name) for name in names]
        other = [replace(one, deployment=replace(one.deployment, service="other")) for one in jobs[:2]]
        pairs = [(old.deployment.release, new.deployment.release) for old, new in release_pairs(jobs)]
        self.assertEqual(
            [("1.0.0", "2.0.0"), ("2.0.0", "10.0.0"), ("10.0.0", "11.0.0-next"), ("10.0.0", "10.0.0-rc")],
            pairs,
        )
        self.assertEqual(len(pairs) + 1, len(release_pairs([*jobs, *other])))
        self.assertEqual([], release_pairs(jobs[:1]))

    def test_drafts_of_waivers_must_be_finished(self) -> None:
        with TemporaryDirectory() as folder:
            draft = Path(folder) / "waivers.yaml"
            sides = [str(CASSETTES / release) for release in ("1.0.0", "9.0.0")]
            self.command("compare", *sides, "--match", "left_behind", "--write-waivers", str(draft))
            self.assertIn("  microversions: 1.28-1.28\n", draft.read_text())
            status, _, err = self.command("compare", *sides, "--waivers", str(draft))
            self.assertEqual(2, status)
            self.assertRegex(err, r"waivers\.yaml:\d+:\d+: 'link' .* must be text, not an empty text")
            text = (
                draft.read_text()
                .replace('reason: ""', "reason: its cleanup alone")
                .replace('link: ""', "link: x")
            )
            draft.write_text(text.replace('expires: ""', "expires: 9999-12-31"))
            status, out, err = self.command(
                "compare", *sides, "--match", "left_behind", "--waivers", str(draft)
            )
            self.assertEqual((0, ""), (status, err), out)
            draft.write_text(draft.read_text().replace("9999-12-31", "2020-01-01"))
            status, out, _ = self.command(
                "compare", *sides, "--match", "left_behind", "--waivers", str(draft)
            )
            self.assertEqual(1, status)
            self.assertIn("expired on 2020-01-01", out)

    def test_a_draft_is_never_written_over_a_file(self) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "waivers.yaml"
            path.write_text("waivers: []\n")
            sides = [str(CASSETTES / release) for release in ("1.0.0", "9.0.0")]
            self.assertEqual(
                (2, "", f"contract-tests: --write-waivers {path}: is there already; name another file\n"),
                self.command("compare", *sides, "--write-waivers", str(path)),
            )
            self.assertEqual("waivers: []\n", path.read_text())

    def test_half_a_recording_is_no_success(self) -> None:
        with TemporaryDirectory() as folder:
            for name in ("usages", "recording.yaml"):
                copy = shutil.copytree if name == "usages" else shutil.copy
                copy(CASSETTES / "16.0.0" / name, Path(folder) / name)
            sides = [str(CASSETTES / "16.0.0"), folder]
            self.assertEqual(0, self.command("compare", *sides, "--match", "usages")[0])
            status, out, _ = self.command("compare", *sides, "--match", "left_behind")
            self.assertEqual(3, status)
            status, out, _ = self.command("compare", *sides)
            self.assertEqual(3, status)
            self.assertRegex(out, r"/aggregates@1\.0 is not recorded .*; record it\n")
            self.assertRegex(out, r"and \d+ more reasons \(--verbose shows them\)\n$")
            self.assertNotIn("BREAK", out)

    def test_a_folder_without_a_recording(self) -> None:
        with TemporaryDirectory() as folder:
            for words in (
                ("compare", str(CASSETTES / "16.0.0"), folder),
                ("compare", "--releases", "placement", "--recordings", folder),
                ("history", "placement", "--recordings", folder),
                ("infer", "placement", "--recordings", folder, "--out", folder),
            ):
                with self.subTest(words):
                    status, _, err = self.command(*words)
                    self.assertEqual(2, status)
                    self.assertRegex(err, f"there is no recording of placement in {folder}; make one with ")

    def test_a_history_of_nothing_says_so(self) -> None:
        arguments = ("history", "placement", "--target", str(CASSETTES / "16.0.0"), "--match", "usages")
        _, out, _ = self.command(*arguments, "--call", "by a project that uses nothing")
        self.assertIn("declared at 1.38, but no answer shows it: usages: by a project that uses nothing", out)
        _, out, _ = self.command(
            "history", "placement", "--target", str(CASSETTES / "16.0.0"), "--match", "aggregates", "-v"
        )
        self.assertRegex(out, r"since 16\.0\.0, not declared by \d+\n +not declared: \w+: .*\.yaml:\d+\)\n")
        status, out, err = self.command(*arguments, "--path", "$.nowhere")
        self.assertEqual((0, 1), (status, out.count("\n")), out)
        self.assertIn("no microversion changed anything with this --call and --path", err)
        status, out, err = self.command(*arguments, "--call", "nobody's call")
        self.assertEqual(2, status)
        self.assertIn("--call nobody's call: no call of placement that was compared has this", err)
        status, out, err = self.command(*arguments, "--microversions", "1.38")
        self.assertEqual(3, status)
        self.assertIn("nothing to compare: two neighbouring microversions are recorded of no scenario", err)

    def test_a_run_held_to_another_release(self) -> None:
        new, old = (str(CASSETTES / release) for release in ("9.0.0", "1.0.0"))
        arguments = ("run", "--target", new, "--match", "left_behind", "--no-matrix")
        self.assertEqual(0, self.command(*arguments)[0])
        self.assertEqual(0, self.command(*arguments, "--baseline", new)[0])
        status, out, _ = self.command(*arguments, "--baseline", old)
        self.assertEqual(1, status)
        self.assertIn("BREAK status-success-to-client-error", out)
        status, _, err = self.command(*arguments, "--baseline", str(CASSETTES))
        self.assertEqual(2, status)
        self.assertRegex(
            err, r"--baseline .*: there are \d+ recordings of placement in it; name a folder with one"
        )

    def test_a_run_held_to_nothing_is_no_success(self) -> None:
        new = str(CASSETTES / "9.0.0")
        with TemporaryDirectory() as folder:
            (Path(folder) / "recording.yaml").write_text((CASSETTES / "1.0.0/recording.yaml").read_text())
            status, out, _ = self.command(
                "run", "--target", new, "--match", "left_behind", "--no-matrix", "--baseline", folder
            )
        self.assertEqual(3, status, out)
        self.assertRegex(out, r"\d cases? had no answer in the baseline to be held to")

    def test_wrong_usage(self) -> None:
        for arguments, words_ in (
            (["compare"], "name OLD and NEW"),
            (["compare", str(CASSETTES / "1.0.0")], "name OLD and NEW"),
            (
                ["compare", str(CASSETTES / "1.0.0"), str(CASSETTES / "9.0.0"), "--policy", "strickt"],
                "did you mean 'strict'?",
            ),
        ):
            status, _, err = self.command(*arguments)
            self.assertEqual(2, status)
            self.assertIn(words_, err)


EC2 = ROOT / "cassettes" / "ec2"


@unittest.skipUnless(EC2.is_dir(), "the recordings are not here")
class TestSeveralServices(unittest.TestCase):
    """EC2 API over two Keystones: its scenarios ask Keystone and Nova as well."""

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def command(self, *arguments: str) -> tuple[int, str]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = main([*arguments])
        return status, out.getvalue()

    def test_a_finished_draft_accepts_what_it_was_drafted_of(self) -> None:
        draft = self.folder / "waivers.yaml"
        sides = ("compare", str(EC2 / "17.0.0"), str(EC2 / "17.0.0-keystone30"))
        status, out = self.command(*sides, "--write-waivers", str(draft))
        self.assertEqual(1, status)
        self.assertIn("BREAK  url-removed [AI; 410: NH 2.36] on nova", out)
        text = draft.read_text().replace('link: ""', "link: x").replace('reason: ""', "reason: known")
        draft.write_text(text.replace('expires: ""', "expires: 9999-12-31"))
        status, out = self.command(*sides, "--waivers", str(draft))
        self.assertEqual(0, status, out)
        self.assertNotIn("BREAK", out)

    def test_a_policy_speaks_of_the_service_that_is_asked_in_a_run_too(self) -> None:
        (self.folder / "ours.yaml").write_text(
            "policy: ours\ntitle: ours\nfrom: openstack\n"
            "verdicts: [{rule: url-removed, service: nova, verdict: OK}]\n"
        )
        config = self.folder / "contract-tests.yaml"
        config.write_text("policies: [.]\n")
        run = ("run", "--target", str(EC2 / "17.0.0-keystone30"), "--baseline", str(EC2 / "17.0.0"))
        options = ("--no-matrix", "--no-waivers", "--config", str(config))
        self.assertIn("BREAK url-removed", self.command(*run, *options)[1])
        self.assertNotIn("BREAK url-removed", self.command(*run, *options, "--policy", "ours")[1])


if __name__ == "__main__":
    unittest.main()
