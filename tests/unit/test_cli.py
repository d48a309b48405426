"""The command line: exit statuses, what a wrong usage is told, and what goes to which stream."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from xml.etree import ElementTree

from contract_tests import __version__
from contract_tests.cli import run_command
from contract_tests.cli.main import COMMANDS, main
from contract_tests.cli.open import Opened, Wanted
from contract_tests.errors import Unreachable
from contract_tests.execution.events import RunFinished, RunStarted
from contract_tests.transport.identity import StaticIdentity

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"

FILES = {
    "contract-tests.yaml": """
        scenarios: [scenarios]
        services: [services]
        targets: [targets.yaml]
        recordings: [recordings]
        """,
    "services/tiny.yaml": """
        service: tiny
        title: The tiny service
        version: {dialect: header, header: V, order: number, min: 1.0, max: 1.3}
        operations: [{GET: /, statuses: [200]}]
        """,
    "scenarios/one.yaml": """
        scenario: the one
        id: 0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1d01
        service: tiny
        tags: [smoke]
        calls:
          - {name: look, GET: /, expect: {status: 200, json: {$.fine: true}}}
        """,
    "targets.yaml": """
        targets:
          good: {endpoints: {tiny: "wsgi:cli_app:good"}}
          bad: {endpoints: {tiny: "wsgi:cli_app:bad"}}
          elsewhere: {endpoints: {other: "wsgi:cli_app:good"}}
        """,
    "cli_app.py": """
        import json


        def application(fine):
            def call(environ, start_response):
                start_response("200 OK", [("Content-Type", "application/json")])
                return [json.dumps({"fine": fine, "token": environ.get("HTTP_X_AUTH_TOKEN")}).encode()]

            return call


        good, bad = application(True), application("not at all")


        def raising(environ, start_response):
            raise ValueError("oops")


        def counting(environ, start_response, count=[]):
            count.append(1)
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"fine": True, "asked": len(count)}).encode()]


        def worsening(environ, start_response, count=[]):
            count.append(1)
            start_response("200 OK" if len(count) < 4 else "503 Busy", [("Content-Type", "application/json")])
            return [b'{"fine": true}']


        def interrupting(environ, start_response):
            raise KeyboardInterrupt
        """,
}


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    return status, out.getvalue(), err.getvalue()


class CliCase(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        for name, text in FILES.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip())
        self.enterContext(contextlib.chdir(self.folder))
        self.enterContext(mock.patch.object(sys, "path", [*sys.path]))
        self.addCleanup(sys.modules.pop, "cli_app", None)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())

    def record(self) -> None:
        status, out, err = run("run", "--target", "good", "--release", "1.0.0", "--record", "recordings")
        self.assertEqual((0, ""), (status, err), out)


class TestExitStatus(CliCase):
    def test_0_all_as_expected(self) -> None:
        status, out, err = run("run", "--target", "good")
        self.assertEqual((0, ""), (status, err))
        self.assertIn("2 cases: 2 passed (2 calls in ", out)

    def test_1_findings(self) -> None:
        status, out, err = run("run", "--target", "bad")
        self.assertEqual((1, ""), (status, err))
        self.assertIn('expected at $.fine: true, got "not at all" [json]', out)

    def test_1_counts_more_than_3(self) -> None:
        self.write(
            "scenarios/two.yaml",
            FILES["scenarios/one.yaml"]
            .replace("d1d01", "d1d02")
            .replace("GET: /", "POST: /")
            .replace("the one", "two"),
        )
        self.record()
        for path in (self.folder / "recordings").rglob("two/1.0.yaml"):
            path.unlink()
        for path in (self.folder / "recordings").rglob("one/1.0.yaml"):
            path.write_text(path.read_text().replace("true", "false"))
        status, out, _ = run("run")
        self.assertEqual(1, status)
        self.assertIn("1 failed, 1 could not run", out)

    def test_2_a_wrong_file(self) -> None:
        self.write("scenarios/two.yaml", FILES["scenarios/one.yaml"].replace("expect", "expct"))
        for command in ("run", "list", "check", "coverage", "negative"):
            status, out, err = run(command)
            self.assertEqual((2, ""), (status, out))
            self.assertIn("scenarios/two.yaml:6:26: unknown key 'expct' in call 'look' [unknown-key]", err)
            self.assertIn("hint: did you mean 'expect'?", err)
            self.assertRegex(err, r"\n\d problems?\n$")

    def test_3_nothing_ran(self) -> None:
        status, out, err = run("run", "--target", "good", "--match", "nothing like this")
        self.assertEqual((3, "good: no case was chosen\n"), (status, err))
        self.assertIn("0 cases: nothing ran", out)

    def test_3_everything_was_skipped(self) -> None:
        self.write(
            "scenarios/one.yaml",
            FILES["scenarios/one.yaml"].rstrip() + "\n        requires: {extensions: [x]}\n",
        )
        status, out, _ = run("run", "--target", "good")
        self.assertEqual(3, status)
        self.assertIn("skipped 2 cases: needs the extension x, which good lacks", out)

    def test_3_unreachable(self) -> None:
        status, out, _ = run("run", "--target", "wsgi:cli_app:raising")
        self.assertEqual(3, status)
        self.assertIn("the application raised ValueError: oops; look at its log", out)

    def test_3_not_recorded(self) -> None:
        self.record()
        for path in (self.folder / "recordings").rglob("1.0.yaml"):
            path.unlink()
        status, out, _ = run("run")
        self.assertEqual(3, status)
        self.assertIn("tiny/one@1.0 is not recorded", out)

    def test_3_unreachable_at_the_beginning(self) -> None:
        with mock.patch(
            "contract_tests.execution.discovery.discover", side_effect=Unreachable("nobody is there")
        ):
            self.assertEqual((3, "", "contract-tests: nobody is there\n"), run("run", "--target", "good"))

    def test_discover_takes_a_target_s_name_and_shows_the_services_that_it_has(self) -> None:
        for arguments in (("good",), ("--target", "good")):
            _, out, _ = run("discover", *arguments)
            self.assertIn("tiny  The tiny service  http://tiny.example\n  microversions 1.0-1.3\n", out)
            self.assertNotIn("has no endpoint", out)

    def test_what_is_wrong_with_all_services_is_told_once(self) -> None:
        status, _, err = run("discover", "god")
        self.assertEqual(2, status)
        self.assertEqual(1, err.count("--target god: no URL"), err)
        self.assertIn("did you mean 'good'?", err)
        with mock.patch("contract_tests.cli.open.open_services", side_effect=Unreachable("nobody is there")):
            self.assertEqual((3, "", "contract-tests: nobody is there\n"), run("discover", "--os-cloud", "x"))

    def test_3_a_first_failure_that_is_an_error(self) -> None:
        status, out, _ = run("run", "--target", "wsgi:cli_app:raising", "--fail-fast")
        self.assertEqual(3, status)
        self.assertIn("stopped at the first failure: 1 case did not run", out)

    def test_3_interrupted(self) -> None:
        status, out, _ = run(
            "run", "--target", "wsgi:cli_app:interrupting", "--json", "out.json", "--junit", "out.xml"
        )
        self.assertEqual(3, status)
        self.assertIn("interrupted: 2 cases did not run", out)
        self.assertEqual(
            "interrupted: 2 cases did not run", json.loads(Path("out.json").read_text())["stopped"]
        )
        self.assertEqual("1", ElementTree.parse("out.xml").getroot().get("errors"))

    def test_3_a_mistake_of_ours(self) -> None:
        with mock.patch("contract_tests.cli.open.load", side_effect=ZeroDivisionError("oops")):
            status, out, err = run("run", "--target", "good")
        self.assertEqual((3, ""), (status, out))
        self.assertIn("ZeroDivisionError: oops", err)
        self.assertTrue(
            err.endswith("contract-tests: this is a mistake in contract-tests itself; please report it\n")
        )

    def test_3_a_file_that_cannot_be_read(self) -> None:
        with mock.patch(
            "contract_tests.cli.open.load", side_effect=PermissionError(13, "Permission denied", "x.yaml")
        ):
            self.assertEqual(
                (3, "", "contract-tests: x.yaml: Permission denied\n"), run("run", "--target", "good")
            )

    def test_the_reader_of_the_output_has_gone(self) -> None:
        with mock.patch("contract_tests.cli.open.load", side_effect=BrokenPipeError()):
            out = sys.stdout
            status = main(["run", "--target", "good"])
            sys.stdout = out
        self.assertEqual(3, status)


class TestOneService(CliCase):
    """--service or a recording: files of other services are not read, so what is wrong there is not told."""

    def test_a_fault_of_another_service_is_not_in_the_way(self) -> None:
        self.write("scenarios/other.yaml", "scenario: x\nservice: other # theirs\nclals: []\n")
        self.assertEqual(2, run("list", "--target", "good")[0])
        status, out, err = run("list", "--target", "good", "--service", "tiny")
        self.assertEqual((0, ""), (status, err))
        self.assertIn("tiny/one", out)

    def test_a_recording_says_which_service_it_is(self) -> None:
        self.record()
        self.write("scenarios/other.yaml", "scenario: x\nservice: other # theirs\nclals: []\n")
        recording = "recordings/tiny/1.0.0"
        for *command, expected in (
            ("run", "--target", recording, 0),
            ("compare", recording, recording, 0),
            ("lint", recording, 1),
        ):
            with self.subTest(command):
                status, out, err = run(*command)
                self.assertEqual((expected, ""), (status, err), out)
        self.assertEqual(2, run("compare", recording, "wsgi:cli_app:good")[0])

    def test_a_file_that_does_not_tell_plainly_is_read(self) -> None:
        for text in (
            "{scenario: x, service: other, clals: []}",
            "scenario: x\nservice: >\n  other\nclals: []\n",
        ):
            self.write("scenarios/other.yaml", text)
            status, _, err = run("list", "--target", "good", "--service", "tiny")
            self.assertEqual(2, status)
            self.assertIn("unknown key 'clals'", err)


class TestFresh(CliCase):
    """A fresh target gives each run names of its own, and recordings none."""

    def names(self, *options: str) -> list[str]:
        """What a run asks for: the application answers only what nobody has asked for."""
        self.write("targets.yaml", "targets: {own: {endpoints: {tiny: 'wsgi:cli_app:good'}, fresh: true}}\n")
        self.write(
            "scenarios/one.yaml",
            """
            scenario: the one
            id: 0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1d01
            service: tiny
            microversions: 1.3-
            vars: {made: {generate: name}}
            calls: [{name: look, GET: "/${made}", expect: {status: 204}}]
            """,
        )
        status, out, err = run("run", "--target", "own", *options)
        self.assertEqual((1, ""), (status, err), out)
        return re.findall(r"GET /(ct-[0-9a-f]{12})", out)

    def test_each_run_has_its_own(self) -> None:
        self.assertEqual(2, len({*self.names(), *self.names()}))

    def test_what_is_recorded_has_the_same(self) -> None:
        record = ("--release", "1.0.0", "--record", "recordings")
        self.assertEqual(1, len({*self.names(*record), *self.names(*record)}))


class TestTwice(CliCase):
    """A recording made twice tells what differs between any two."""

    def twice(self, application: str) -> tuple[int, str, str]:
        target = ["--target", f"wsgi:cli_app:{application}", "--release", "1.0.0"]
        return run("run", *target, "--record", "recordings", "--twice")

    def test_what_differs_is_in_the_manifest_and_no_difference_any_more(self) -> None:
        status, _, err = self.twice("counting")
        self.assertEqual(0, status, err)
        self.assertIn("tiny 1.0.0: 2 cases recorded twice: 1 places hold noise", err)
        manifest = self.folder / "recordings/tiny/1.0.0/recording.yaml"
        self.assertIn("noise:\n  'one: look':\n    '$.asked': value\n", manifest.read_text())
        compared = ["compare", "--policy", "strict", "recordings/tiny/1.0.0", "wsgi:cli_app:counting"]
        status, out, _ = run(*compared)
        self.assertEqual(0, status, out)
        manifest.write_text(manifest.read_text().partition("learned:")[0])
        status, out, _ = run(*compared)
        self.assertEqual(1, status)
        self.assertIn("$.asked", out)

    def test_what_was_learned_stays_and_what_calls_taught_that_are_gone_is_forgotten(self) -> None:
        self.twice("counting")
        self.assertIn("2 cases recorded twice: 1 places hold noise", self.twice("good")[2])
        scenario = self.folder / "scenarios/one.yaml"
        scenario.write_text(scenario.read_text().replace("name: look", "name: watch"))
        self.assertIn("2 cases recorded twice: 0 places hold noise", self.twice("good")[2])

    def test_every_case_that_was_recorded_is_compared(self) -> None:
        target = ["--target", "wsgi:cli_app:counting", "--release", "1.0.0", "--microversions", "every"]
        _, _, err = run("run", *target, "--record", "recordings", "--twice")
        self.assertIn("4 cases recorded twice", err)

    def test_nothing_differs(self) -> None:
        status, _, err = self.twice("good")
        self.assertEqual(0, status, err)
        self.assertIn("2 cases recorded twice: 0 places hold noise", err)

    def test_a_status_that_differs_is_told(self) -> None:
        status, _, err = self.twice("worsening")
        self.assertEqual(1, status, err)
        self.assertIn(
            "tiny 1.0.0: differs between two recordings, and is no noise: "
            "tiny/one@1.3: look: status 200 became 503",
            err,
        )

    def test_it_needs_a_recording(self) -> None:
        status, _, err = run("run", "--target", "good", "--twice")
        self.assertEqual(2, status)
        self.assertIn("--twice: it needs --record DIR, where the first of the two recordings goes", err)


class TestUsage(CliCase):
    """Each names the option and says how to mend it."""

    def refuses(self, *arguments: str) -> str:
        status, out, err = run(*arguments)
        self.assertEqual((2, ""), (status, out), err)
        self.assertNotIn("Traceback", err)
        return err.strip().splitlines()[-1].removeprefix("contract-tests: ")

    def test_of_targets(self) -> None:
        for arguments, message in (
            (
                ["--target", "goud"],
                "--target goud: no URL, no wsgi:module:callable, no folder or cassette, and no name in "
                "a targets file; did you mean 'good'?",
            ),
            (
                ["--target", "elsewhere"],
                "target 'elsewhere' has no endpoint for tiny; add one below its 'endpoints', "
                "or choose another --service",
            ),
            (
                ["--target", "wsgi:cli_app"],
                "target 'wsgi:cli_app', service 'tiny': 'wsgi:cli_app': expected wsgi:MODULE:CALLABLE",
            ),
            (["--target", "wsgi:no_such_module:app"], "there is no module 'no_such_module'"),
            (["--target", "good", "--token", "admin"], "--token: write ROLE=VALUE or ROLE=env:NAME"),
            (
                ["--target", "good", "--token", "admin=env:CT_UNSET"],
                "--token admin=env:CT_UNSET: the environment variable CT_UNSET is not set",
            ),
            (
                ["--target", "good", "--release", "1", "--release", "2"],
                "--release: a live target has one release",
            ),
            (["--os-cloud", "admin="], "--os-cloud admin=: write NAME or ROLE=NAME"),
            (["--target", "good", "--timeout", "0"], "Error: Invalid value for '--timeout'"),
        ):
            with self.subTest(arguments):
                self.assertIn(message, self.refuses("run", *arguments))

    def test_of_recordings(self) -> None:
        shown = "there is no recording of tiny"
        self.assertIn(shown, self.refuses("run"))
        self.assertIn("--record", self.refuses("run"))
        self.record()
        self.assertIn(
            f"{shown} with release 9 in recordings; make one with", self.refuses("run", "--release", "9")
        )
        self.assertEqual(
            "--record: there is nothing live to record; name a live deployment with --target or --os-cloud",
            self.refuses("run", "--record", "elsewhere"),
        )
        self.assertEqual(
            "--token, --insecure: this is for a live target, and only recordings are named; "
            "name one with --target or --os-cloud",
            self.refuses("run", "--token", "admin=x", "--insecure"),
        )
        self.assertIn("--fresh: this is for a live target", self.refuses("run", "--fresh"))

    def test_of_recording(self) -> None:
        self.assertEqual(
            "--fresh: a recording has the same names each time; leave it out, or --record",
            self.refuses("run", "--target", "good", "--release", "1", "--record", "recordings", "--fresh"),
        )
        self.assertEqual(
            "--record: say which release is recorded with --release (a recording is of one release)",
            self.refuses("run", "--target", "good", "--record", "recordings"),
        )
        self.write("a-file", "")
        self.assertEqual(
            "--record a-file/below: cannot be written: Not a directory",
            self.refuses("run", "--target", "good", "--release", "1", "--record", "a-file/below"),
        )

    def test_of_places(self) -> None:
        self.assertEqual(
            "--config no.yaml: there is no such file", self.refuses("run", "--config", "no.yaml")
        )
        for kind in ("scenarios", "schemas", "services", "targets", "recordings"):
            self.assertEqual(
                f"--{kind} nowhere: there is no such file or folder",
                self.refuses("run", f"--{kind}", "nowhere"),
            )
        self.write("contract-tests.yaml", "scenarios: [scenarios]\nservices: [services]\n")
        self.assertEqual(
            "there is nothing to run against: name it with --target, or say where recordings are "
            "(--recordings, or 'recordings:' in contract-tests.yaml); a clone has some in cassettes",
            self.refuses("run"),
        )

    def test_of_choices(self) -> None:
        self.assertEqual(
            "--service tini: there is no such service file; did you mean 'tiny'?",
            self.refuses("run", "--service", "tini"),
        )
        self.assertEqual(
            "--microversions newest: write boundaries, every, latest, "
            "or microversions with commas between them",
            self.refuses("run", "--microversions", "newest"),
        )
        self.assertEqual(
            "--microversions: '2024-01-01' is no number microversion (one looks like 1.10)",
            self.refuses("run", "--target", "good", "--microversions", "2024-01-01"),
        )
        self.assertIn("there are no scenarios to run", self.refuses("run", "--service", "placement"))
        self.assertIn("'nowhere.yaml' does not exist", self.refuses("run", "nowhere.yaml"))

    def test_of_outputs(self) -> None:
        self.assertEqual(
            "--json nowhere/a.json: there is no folder nowhere; make it first",
            self.refuses("run", "--target", "good", "--json", "nowhere/a.json"),
        )
        self.assertEqual(
            "--json and --junit: only one of them can be written to standard output",
            self.refuses("run", "--target", "good", "--json", "-", "--junit", "-"),
        )

    def test_of_options(self) -> None:
        self.assertIn("No such option", self.refuses("run", "--no-such-option"))
        self.assertIn("No such command 'rum'", self.refuses("rum"))
        self.assertIn("Invalid value for '-j' / '--jobs'", self.refuses("run", "-j", "0"))
        self.assertIn("'nothing' is not one of 'scenario', 'schema'", self.refuses("schema", "nothing"))


class TestStreams(CliCase):
    def test_json_has_standard_output_for_itself(self) -> None:
        status, out, err = run("run", "--target", "bad", "--json", "-")
        self.assertEqual(1, status)
        self.assertEqual({"failed": 2}, json.loads(out)["counts"])
        self.assertIn("2 cases: 2 failed", err)

    def test_junit_too(self) -> None:
        status, out, err = run("run", "--target", "good", "--junit", "-")
        self.assertEqual(0, status)
        self.assertEqual("2", ElementTree.fromstring(out.encode()).get("tests"))
        self.assertIn("2 cases: 2 passed", err)

    def test_both_as_files(self) -> None:
        status, out, _ = run("run", "--target", "good", "--json", "a.json", "--junit", "a.xml")
        self.assertEqual(0, status)
        self.assertIn("2 passed", out)
        self.assertEqual({"passed": 2}, json.loads(Path("a.json").read_text())["counts"])
        self.assertEqual("0", ElementTree.parse("a.xml").getroot().get("errors"))

    def test_a_service_with_nothing_to_run_against_is_named(self) -> None:
        self.record()
        self.write("services/second.yaml", FILES["services/tiny.yaml"].replace("tiny", "second"))
        self.write(
            "scenarios/second.yaml",
            FILES["scenarios/one.yaml"].replace("tiny", "second").replace("d1d01", "d1d03"),
        )
        status, _, err = run("run")
        self.assertEqual((0, "second: it has scenarios, and nothing to run them against\n"), (status, err))

    def test_verbose(self) -> None:
        _, out, _ = run("run", "--target", "good", "-v", "--no-matrix")
        self.assertRegex(
            out, r"^passed tiny/one@1\.0 on good \(1 call\)\npassed tiny/one@1\.3 on good \(1 call\)\n2 cases"
        )


class TestCommands(CliCase):
    def test_list(self) -> None:
        status, out, _ = run("list", "--target", "good")
        self.assertEqual(0, status)
        self.assertEqual(
            "tiny/one: the one [smoke]\n    2 cases  scenarios/one.yaml\n"
            "2 cases on 1 target: 2 to run, 0 skipped\n",
            out,
        )

    def test_list_cases_and_why_some_are_skipped(self) -> None:
        _, out, _ = run("list", "--target", "good", "--cases", "--microversions", "1.1,1.7")
        self.assertEqual(
            "good  tiny/one@1.1\n"
            "good  tiny/one@1.7  (skipped: 1.7 is outside 1.0-1.3, which good offers)\n"
            "2 cases on 1 target: 1 to run, 1 skipped\n",
            out,
        )
        _, out, _ = run("list", "--target", "good", "--json")
        self.assertEqual(
            [
                {
                    "target": "good",
                    "id": f"tiny/one@{v}",
                    "scenario": "0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1d01",
                    "skip": "",
                }
                for v in ("1.0", "1.3")
            ],
            json.loads(out),
        )

    def test_check(self) -> None:
        status, out, _ = run("check", "scenarios", "targets.yaml")
        self.assertEqual((0, "2 files: nothing is wrong\n"), (status, out))
        self.write("empty/readme.txt", "nothing")
        status, _, err = run("check", "empty")
        self.assertEqual((2, "nothing to check: no file ending in .yaml or .yml\n"), (status, err))

    def test_coverage(self) -> None:
        status, out, err = run("coverage", "--target", "good", "--fail-under", "100")
        self.assertEqual((0, ""), (status, err))
        self.assertIn("documented statuses answered: 1 of 1", out)
        status, out, err = run("coverage", "--target", "bad")
        self.assertEqual(
            (1, "2 cases did not pass (see contract-tests run): tiny/one@1.0 on bad, tiny/one@1.3 on bad\n"),
            (status, err),
        )
        status, out, err = run("coverage", "--target", "wsgi:cli_app:raising")
        self.assertEqual(3, status)
        status, out, err = run("coverage", "--target", "good", "--match", "nothing")
        self.assertEqual((3, "tiny: no case ran\n"), (status, err))

    def test_coverage_as_json(self) -> None:
        _, out, _ = run("coverage", "--target", "good", "--json")
        (found,) = json.loads(out)
        self.assertEqual(
            ("tiny", 2, ["1.1", "1.2", "1.3"]),
            (found["service"], found["cases"], found["silent_microversions"]),
        )
        self.assertEqual({"200": 2}, found["operations"][0]["statuses"])

    def test_services_and_schema(self) -> None:
        status, out, _ = run("services")
        self.assertEqual(0, status)
        self.assertIn(
            "tiny: The tiny service\n    header 1.0-1.3 (a header of the service's own: HEADER: VERSION)\n",
            out,
        )
        self.assertIn("    1 operation, no protocol profile, services/tiny.yaml\n", out)
        for kind in ("scenario", "schema", "service", "targets", "config"):
            status, out, _ = run("schema", kind)
            self.assertEqual((0, "object"), (status, json.loads(out)["type"]))

    def test_version(self) -> None:
        self.assertEqual((0, f"contract-tests, version {__version__}\n", ""), run("--version"))


class TestHelp(unittest.TestCase):
    """The texts that a person meets first stand in tests/data/golden; line breaks are click's."""

    maxDiff = None

    def golden(self, name: str, *arguments: str) -> None:
        with mock.patch.dict(os.environ, {"COLUMNS": "80", "LINES": "24"}):
            status, out, err = run(*arguments, "--help")
        self.assertEqual((0, ""), (status, err))
        path = GOLDEN / f"help{name}.txt"
        if os.environ.get("GOLDEN_WRITE"):
            path.write_text(out, encoding="utf-8")
        self.assertEqual(" ".join(path.read_text(encoding="utf-8").split()), " ".join(out.split()))
        for line in out.splitlines():
            self.assertLessEqual(len(line), 80)

    def test_main(self) -> None:
        self.golden("")

    def test_commands(self) -> None:
        for name in ("run", "list", "check", "coverage", "lint", "negative", "discover"):
            self.golden(f"-{name}", name)

    def test_every_command_says_what_it_does(self) -> None:
        for name in COMMANDS:
            status, out, _ = run(name, "-h")
            self.assertEqual(0, status)
            self.assertTrue(out.startswith(f"Usage: contract-tests {name} "), out)
            self.assertRegex(out, r"\n\n  [A-Z]")

    def test_without_a_command(self) -> None:
        status, out, err = run()
        self.assertEqual(2, status)
        self.assertIn("Commands:", out + err)


class Told:
    """A reporter that is interrupted at the events of the given numbers."""

    def __init__(self, *at: int) -> None:
        self.at = at
        self.events: list[Any] = []

    def consume(self, event: Any) -> None:
        self.events.append(event)
        if len(self.events) in self.at:
            raise KeyboardInterrupt


def events() -> Iterator[Any]:
    """What a run yields, short."""
    stopped = ""
    try:
        yield RunStarted(deployments=(), cases=3)
        yield RunStarted(deployments=(), cases=3)
    except KeyboardInterrupt:
        stopped = "interrupted"
    yield RunFinished(stopped=stopped)


class TestInterrupt(unittest.TestCase):
    def test_a_reporter_that_is_interrupted_still_gets_the_end(self) -> None:
        for at in (1, 2):
            told = Told(at)
            last = run_command.report(events(), [told])  # type: ignore[arg-type]
            self.assertEqual("interrupted", last.stopped)
            self.assertIs(last, told.events[-1])

    def test_nobody_interrupts(self) -> None:
        told = Told()
        self.assertEqual("", run_command.report(events(), [told]).stopped)  # type: ignore[arg-type]
        self.assertEqual(3, len(told.events))

    def test_a_second_time(self) -> None:
        with self.assertRaises(KeyboardInterrupt):
            run_command.report(events(), [Told(1, 2)])  # type: ignore[arg-type]

    def test_a_process_that_is_interrupted(self) -> None:
        """Ctrl-C at a shell: the report comes, and the exit status is 3."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for path, text in FILES.items():
                (folder / path).parent.mkdir(exist_ok=True)
                (folder / path).write_text(textwrap.dedent(text).lstrip())
            (folder / "cli_app.py").write_text(
                "import os, signal, time\n"
                "def good(environ, start_response):\n"
                "    os.kill(os.getpid(), signal.SIGINT)\n"
                "    time.sleep(60)\n"
            )
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "contract_tests.cli.main",
                    "run",
                    "--target",
                    "good",
                    "--json",
                    "out.json",
                ],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
            self.assertEqual(3, done.returncode, done.stderr)
            self.assertIn("interrupted: 2 cases did not run", done.stdout)
            self.assertNotIn("Traceback", done.stderr)
            self.assertEqual(
                "interrupted: 2 cases did not run", json.loads((folder / "out.json").read_text())["stopped"]
            )


class TestSecrets(CliCase):
    def test_a_token_never_shows(self) -> None:
        self.write(
            "scenarios/one.yaml", FILES["scenarios/one.yaml"].replace("$.fine: true", "$.token: other")
        )
        for options in ([], ["--json", "-"], ["--junit", "-"]):
            status, out, err = run(
                "run", "--target", "good", "--token", "admin=a very/secret+token", *options
            )
            self.assertEqual(1, status)
            self.assertIn("REDACTED", out + err)
            self.assertNotRegex(out + err, r"a very/secret\+token")

    def test_it_is_masked_in_other_spellings_too(self) -> None:
        opened = Opened()
        opened._identities.append(
            StaticIdentity((("X-Auth-Token", 'pa"ss/word é'), ("X-Other-Token", "abc")))
        )
        text = 'pa"ss/word é pa\\"ss/word \\u00e9 pa%22ss%2Fword%20%C3%A9 pa%22ss%2Fword+%C3%A9 abc'
        self.assertEqual("REDACTED REDACTED REDACTED REDACTED abc", opened.mask(text))

    def test_what_was_wanted_does_not_show_its_tokens(self) -> None:
        self.assertNotIn("s3cret", repr(Wanted(tokens=("admin=s3cret",))))


if __name__ == "__main__":
    unittest.main()
