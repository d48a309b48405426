"""The cases under pytest: which files are scenarios, names, markers, options, and what is shown."""

from __future__ import annotations

import importlib.metadata
import re
import textwrap
import unittest
from xml.etree import ElementTree

from contract_tests.integrations import pytest_plugin
from contract_tests.loading.config import CONFIG_NAME
from contract_tests.loading.library import ENDINGS
from tests.unit.fronts import CASES, NAMES, ROOT, FrontCase

TARGET = "--contract-target=wsgi:application:application"
EVERY = "--contract-microversions=every"
LATEST = "--contract-microversions=latest"


class PytestCase(FrontCase):
    def pytest(self, *arguments: str, status: int | None = 0, **environ: str) -> str:
        """Run pytest with the plugin, whether or not its entry point is installed, and no cache."""
        plugin = ("-p", "no:contract_tests", "-p", "contract_tests.integrations.pytest_plugin")
        rest = ("-p", "no:cacheprovider", *arguments)
        return self.run_module("pytest", *plugin, *rest, status=status, **environ)

    def names(self, *arguments: str, status: int | None = 0) -> list[str]:
        found = self.pytest("--collect-only", "-q", *arguments, status=status)
        return [line for line in found.splitlines() if "::" in line]


class TestDoor(unittest.TestCase):
    def test_what_it_repeats_so_as_to_import_nothing_is_right(self) -> None:
        self.assertEqual(CONFIG_NAME, pytest_plugin.CONFIG_NAME)
        self.assertEqual(ENDINGS, pytest_plugin.ENDINGS)

    def test_the_entry_point_is_there(self) -> None:
        self.assertIn(
            "pytest11 =\n    contract_tests = contract_tests.integrations.pytest_plugin",
            (ROOT / "setup.cfg").read_text(),
        )
        for point in importlib.metadata.entry_points(group="pytest11", name="contract_tests"):
            self.assertIs(pytest_plugin, point.load())


class TestWhichFiles(PytestCase):
    def test_a_project_that_does_not_use_it_is_left_alone_and_pays_no_imports(self) -> None:
        (self.folder / CONFIG_NAME).unlink()
        self.write(
            "test_own.py",
            "import sys\ndef test_own():\n    assert not OURS & set(sys.modules)\n"
            "OURS = {'contract_tests.cli.open', 'contract_tests.loading.library', 'yaml', 'requests'}\n",
        )
        found = self.pytest("-q", "test_own.py", "scenarios")
        self.assertIn("1 passed", found)

    def test_a_pytest_that_is_too_old_is_told(self) -> None:
        self.write("conftest.py", "import pytest\npytest.__version__ = '6.2.5'\n")
        found = self.pytest("scenarios", status=4)
        self.assertIn("ERROR: contract-tests needs pytest 7 or newer, and this is 6.2.5; -p no:", found)

    def test_every_yaml_file_below_the_scenarios_of_the_configuration(self) -> None:
        self.write("other/notes.yaml", "scenario: of another kind\n")
        self.write("scenarios/typo.yaml", "scenaro: bad\n")
        found = set(self.names(TARGET, LATEST, "scenarios", "services"))
        self.assertEqual(
            {f"scenarios/{name}.yaml::{name}@1.9" for name in NAMES} | {"scenarios/typo.yaml::the file"},
            found,
        )
        self.assertEqual([], self.names("other", status=5))

    def test_elsewhere_what_says_scenario_and_is_named_or_wanted_by_an_option(self) -> None:
        (self.folder / CONFIG_NAME).unlink()
        self.write("compose.yaml", "services: {web: {image: nginx}}\n")
        (self.folder / "scenarios" / "sub").mkdir()
        self.write("scenarios/sub/values.yaml", "# no\n  scenario: x\n")
        self.assertEqual(["scenarios/one.yaml::the file"], self.names("scenarios/one.yaml"))
        self.assertIn("not found", self.pytest("compose.yaml", status=4))
        found = self.names(TARGET, "scenarios")
        self.assertEqual({f"scenarios/{name}.yaml::the file" for name in NAMES},
                         set(found))  # fmt: skip

    def test_a_service_file_is_its_protocol_scenario(self) -> None:
        self.write(
            "services/toy.yaml", self.read("services/toy.yaml") + "protocol: {probe: {GET: /}, absent: 1.0}\n"
        )
        self.assertEqual(
            ["services/toy.yaml::microversion_protocol@1.0"], self.names(TARGET, "services/toy.yaml")
        )

    def test_without_a_target_they_are_skipped_with_the_reason(self) -> None:
        found = self.pytest("-rs", "scenarios")
        self.assertIn("4 skipped", found)
        self.assertIn("there is nothing to run against: name it with --contract-target", found)


class TestRuns(PytestCase):
    def test_names_selection_and_failures(self) -> None:
        names = self.names(TARGET, EVERY, "scenarios")
        self.assertEqual(CASES, len(names))
        found = self.pytest(TARGET, EVERY, "scenarios", status=1)
        self.assertIn(f"1 failed, {CASES - 1} passed", found)
        self.assertIn("FAILED toy/two@1.7 on wsgi:application:application: the number two", found)
        self.assertIn("expected at $.a: 1, got 2 [json] (scenarios/two.yaml:6)", found)
        self.assertIn('"password": "REDACTED"', found)
        self.assertNotIn("Traceback", found)
        self.assertNotIn("pytest_items.py", found)
        one = self.pytest(TARGET, EVERY, "-v", "scenarios/two.yaml::two@1.6")
        self.assertIn("1 passed", one)

    def test_keywords_and_markers(self) -> None:
        strict = ("--strict-markers", TARGET, EVERY, "scenarios")
        self.assertEqual(10, len([n for n in self.names("-m", "toy and three", *strict) if "three@" in n]))
        self.assertEqual(["scenarios/three.yaml::three@1.5"], self.names("-k", "three and 1.5", *strict))

    def test_workers_and_junit(self) -> None:
        found = self.pytest(TARGET, EVERY, "-n", "2", "--junitxml=report.xml", "scenarios", status=1)
        self.assertIn(f"1 failed, {CASES - 1} passed", found)
        (failure,) = ElementTree.fromstring(self.read("report.xml")).iter("failure")
        self.assertIn("expected at $.a: 1, got 2", failure.text or "")

    def test_a_killed_worker_is_told_and_the_rest_runs(self) -> None:
        found = self.pytest(TARGET, EVERY, "-n", "2", "scenarios", status=1, KILL="1")
        self.assertRegex(found, r"worker 'gw\d' crashed while running 'scenarios/three.yaml::three@1.5'")
        self.assertIn(f"2 failed, {CASES - 2} passed", found)

    def test_wrong_options_are_told_in_its_own_words(self) -> None:
        self.assertIn(
            "--contract-microversions newest: write", self.pytest("--contract-microversions=newest", status=4)
        )
        found = self.pytest("--contract-target=away", "scenarios/one.yaml", status=1)
        self.assertIn("--contract-target away: no URL", found)
        self.assertNotIn("Traceback", found)

    def test_record_replay_and_baseline(self) -> None:
        release = "--contract-release=1.0.0"
        self.pytest(
            TARGET, LATEST, "--contract-record=recordings", release, "scenarios", "-n", "2", RIGHT="1"
        )
        self.assertTrue((self.folder / "recordings/toy/1.0.0/two/1.9.yaml").is_file())
        found = self.pytest("--contract-recordings=recordings", LATEST, "scenarios")
        self.assertIn("4 passed", found)
        self.write("application.py", self.read("application.py").replace('{"a"', '{"b": 5, "a"'))
        found = self.pytest(TARGET, LATEST, "--contract-baseline=recordings", "scenarios", status=1)
        self.assertIn("4 failed", found)
        self.assertRegex(
            found, r"BREAK property-added \(P; AI\): \$\.b came: 5, unlike toy 1\.0\.0 \[baseline\]"
        )
        self.write("waivers.yaml", "waivers: []\n")
        found = self.pytest(TARGET, LATEST, "--contract-waivers=away.yaml", "scenarios", status=4)
        self.assertIn("away.yaml", found)

    def test_beside_pytest_recording(self) -> None:
        try:
            importlib.metadata.version("pytest-recording")
        except importlib.metadata.PackageNotFoundError:
            self.skipTest("pytest-recording is not installed (pip install contract-tests[bench])")
        self.write("test_own.py", textwrap.dedent("""
            import pytest

            @pytest.mark.vcr
            def test_own(vcr):
                assert vcr is not None
        """))  # fmt: skip
        found = self.pytest(
            TARGET, LATEST, "--record-mode=none", "--block-network", "scenarios", "test_own.py"
        )
        self.assertIn("5 passed", found)


class TestNotes(PytestCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("services/idle.yaml", (self.read("services/toy.yaml")).replace("toy", "idle"))
        other = self.read("scenarios/one.yaml").replace("0b0f6a52", "0b0f6a53").replace("toy", "idle")
        self.write("scenarios/idle.yaml", other)
        self.pytest(
            TARGET,
            LATEST,
            "--contract-service=toy",
            "--contract-release=1.0",
            "--contract-record=rec",
            "scenarios",
        )

    def test_what_has_nothing_to_run_against_is_a_warning(self) -> None:
        found = self.pytest("--contract-recordings=rec", LATEST, "scenarios")
        self.assertIn("PytestWarning: idle: it has scenarios, and nothing to run them against", found)
        self.assertIn("4 passed, 1 warning", found)

    def test_where_warnings_are_errors_it_is_one_test_that_fails(self) -> None:
        found = self.pytest("-W", "error", "--contract-recordings=rec", LATEST, "scenarios", status=1)
        self.assertIn("idle: it has scenarios, and nothing to run them against", found)
        self.assertIn("1 failed, 4 passed", found)
        self.assertNotIn("Traceback", found)


class TestClient(PytestCase):
    TESTS = textwrap.dedent(
        """
        import pytest

        def test_answers(contract_target):
            answer = contract_target.get("/one", service="toy", microversion="1.3")
            assert answer.status == 200 and answer.json["a"] == 1
            contract_target.check(answer, status=200, schema="look", service="toy")

        def test_finds(contract_target):
            answer = contract_target.get("/two", service="toy", microversion="1.7")
            with pytest.raises(AssertionError, match="2 is not|1 was expected|expected"):
                contract_target.check(answer, schema="look", service="toy", microversion="1.7")
        """
    )

    def test_a_client_for_tests_by_hand(self) -> None:
        self.write("test_own.py", self.TESTS)
        self.write("schemas/toy/look.yaml", "type: object\nproperties: {a: {const: 1}}\n")
        self.write(CONFIG_NAME, self.read(CONFIG_NAME) + "schemas: [schemas]\n")
        self.assertIn("2 passed", self.pytest(TARGET, "--contract-service=toy", "test_own.py"))

    def test_it_skips_without_a_target_and_refuses_a_recording(self) -> None:
        self.write("test_own.py", self.TESTS)
        found = self.pytest("-rs", "test_own.py")
        self.assertIn("it needs a live target: name it with --contract-target", found)
        found = self.pytest("--contract-target=away", "test_own.py", status=1)
        self.assertIn("--contract-target away: no URL", found)
        self.assertIsNone(re.search(r"pytest_items.py|Traceback|During handling", found))


if __name__ == "__main__":
    unittest.main()
