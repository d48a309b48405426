"""What all fronts share: the names of items, what is broken, and how an item's end is told."""

from __future__ import annotations

import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from contract_tests.cli.settings import Settings, read_settings
from contract_tests.errors import UsageError
from contract_tests.execution.plan import Choice
from contract_tests.integrations.core import Gate, Report, plan_items, read_files
from contract_tests.model.case import Outcome
from tests.unit.building import HEAD, SERVICE, deployment, library

CALLS = "calls:\n  - {name: look, GET: /one, expect: {status: 200, json: {$.a: 1}}}\n"
APP = """
import json

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"a": 1, "coupon": "s3cret-c0upon"}).encode()]
"""


class GateCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.write("services/toy.yaml", SERVICE)
        self.write("scenarios/one.yaml", HEAD + CALLS)
        self.write("application.py", APP)
        sys.path.insert(0, str(self.folder))
        self.addCleanup(sys.path.remove, str(self.folder))
        self.addCleanup(sys.modules.pop, "application", None)

    def write(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text).lstrip())

    def settings(self, *arguments: str) -> Settings:
        places = [f"--{kind}={self.folder / kind}" for kind in ("scenarios", "services")]
        return read_settings([*places, "--service", "toy", *arguments])


class TestFiles(GateCase):
    def test_a_wrong_file_hides_its_own_scenario_and_no_other(self) -> None:
        self.write("scenarios/two.yaml", HEAD.replace("calls", "kalls") + "kalls: []\n")
        files = read_files(self.settings())
        self.assertEqual(["one"], [scenario.slug for scenario in files.scenarios])
        (broken,) = files.broken
        self.assertTrue(broken.path.endswith("two.yaml"))
        self.assertIn("unknown key 'kalls'", broken.text)
        self.assertIn("did you mean 'calls'?", broken.text)

    def test_options_are_those_of_run(self) -> None:
        settings = self.settings("--microversions", "1.1,1.4", "--policy", "strict")
        self.assertEqual(("1.1", "1.4"), settings.choice.microversions)
        self.assertEqual("strict", settings.policy)
        with self.assertRaisesRegex(UsageError, "No such option.*--tragets"):
            self.settings("--tragets", "x")


class TestNames(unittest.TestCase):
    def items(self, *releases: str) -> list[tuple[str, str, str]]:
        found = library(
            {
                "services/toy.yaml": SERVICE,
                "scenarios/some-thing.yaml": HEAD.lstrip() + CALLS,
            }
        )
        scenarios = found.loaded.scenarios  # type: ignore[attr-defined]
        places = [deployment(scenarios[0].service, release=release) for release in releases]
        items = plan_items(scenarios, places, Choice(microversions=("1.3",)))
        return [(item.id, item.class_name, item.method_name) for item in items]

    def test_service_microversion_and_scenario(self) -> None:
        self.assertEqual([("toy.some-thing@1.3", "Toy_v1_3", "test_some_thing")], self.items("2.0"))

    def test_several_releases_are_told_apart(self) -> None:
        self.assertEqual(
            [
                ("toy.some-thing@1.3[1.0]", "Toy_1_0_v1_3", "test_some_thing"),
                ("toy.some-thing@1.3[2.0]", "Toy_2_0_v1_3", "test_some_thing"),
            ],
            self.items("1.0", "2.0"),
        )

    def test_two_of_one_name_are_refused(self) -> None:
        with self.assertRaisesRegex(UsageError, "make the same test name, Toy_2_0_v1_3.test_some_thing"):
            self.items("2.0", "2.0")


class TestGate(GateCase):
    def only(self, *arguments: str) -> Report:
        with Gate(self.settings("--microversions", "latest", *arguments)) as gate:
            self.assertEqual((), gate.broken)
            (item,) = gate.items
            return gate.run(item)

    def test_what_cannot_be_opened_is_told_and_not_raised(self) -> None:
        with Gate(self.settings("--target", "nowhere")) as gate:
            self.assertEqual((), gate.items)
            (broken,) = gate.broken
        self.assertEqual("test_the_run", broken.method_name)
        self.assertIn("--target nowhere: no URL", broken.text)

    def test_a_recording_of_no_release_is_told_and_not_raised(self) -> None:
        record = f"--record={self.folder / 'recordings'}"
        with Gate(self.settings("--target", "wsgi:application:application", record)) as gate:
            self.assertEqual((), gate.items)
            (broken,) = gate.broken
        self.assertIn("--record: say which release is recorded with --release", broken.text)

    def test_a_recording_that_cannot_be_written_is_told_and_not_raised(self) -> None:
        self.write("file", "no folder")
        record = self.folder / "file"
        done = self.only("--target", "wsgi:application:application", "--release=1", f"--record={record}")
        self.assertEqual(Outcome.ERROR, done.outcome)
        self.assertRegex(done.text, f"ERROR toy/one@[0-9.]+: --record {record}: .*Not a directory")

    def test_what_passes_has_nothing_to_say(self) -> None:
        done = self.only("--target", "wsgi:application:application")
        self.assertEqual((Outcome.PASSED, "", ()), (done.outcome, done.text, done.details))

    def test_what_fails_tells_the_call_the_place_and_the_exchange_without_secrets(self) -> None:
        self.write("scenarios/one.yaml", HEAD + CALLS.replace("$.a: 1", "$.a: 2"))
        done = self.only("--target", "wsgi:application:application")
        self.assertEqual(Outcome.FAILED, done.outcome)
        self.assertIn("failed call 'look'", done.text)
        self.assertIn("scenarios/one.yaml:5", done.text)
        self.assertIn("expected at $.a: 2, got 1", done.text)
        self.assertIn("again: curl -i", done.text)
        ((name, text),) = done.details
        self.assertEqual("look", name)
        self.assertIn("GET http://toy.example/one as admin", text)
        self.assertIn("200 OK", text)
        self.assertIn('"coupon": "REDACTED"', text)
        self.assertNotIn("s3cret", done.text + text)

    def test_what_cannot_be_reached_is_an_error_and_no_failure(self) -> None:
        done = self.only("--target", "http://127.0.0.1:9")
        self.assertEqual(Outcome.ERROR, done.outcome)
        self.assertIn("127.0.0.1", done.text)


if __name__ == "__main__":
    unittest.main()
