"""A real Tempest with the plugin: live with real tokens of Keystone, held to a baseline, in replay.

Placement and Nova's API stand behind keystonemiddleware and in Keystone's catalog; a proxy before each
changes answers, holds them back, or stops answering.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from contract_tests.cli.main import main
from contract_tests.lab.environment import Unavailable
from contract_tests.lab.launcher import Started
from tests.functional.tempest_lab import (
    MODULE,
    NEWEST,
    RELEASES,
    ROOT,
    Proxy,
    Workspace,
    cloud,
    descendants,
    install,
    owner,
    short,
    without_generation,
    without_type,
)

CASSETTES = ROOT / "cassettes"
SCENARIOS = ROOT / "contract_tests" / "scenarios" / "placement"
OF_PLACEMENT = [str(path) for path in sorted(SCENARIOS.glob("*.yaml")) if "negative" not in path.name]
OF_NOVA = [
    str(SCENARIOS.parent / "nova" / f"{name}.yaml")
    for name in (
        "flavors",
        "keypairs",
        "keypairs_of_others",
        "reader",
        "refused_to_members",
        "server_groups",
    )
]
"""What Nova's API answers without computes, as admin, member, another project's member and a reader."""
AXES = {"placement": "1.9,1.39", "nova": "2.1,2.104"}
OLDEST = "29.1.0"

BROKEN = """\
scenario: a file that is wrong
id: 5a0c7f4e-6b1d-4a53-8f22-0c9e7d3b1a64
service: placement
calls:
  - {GET: /, expct: {status: 200}}
"""


def contract_tests(*arguments: str, status: int = 0) -> str:
    """The output of a contract-tests command in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        got = main(arguments)
    assert got == status, out.getvalue()
    return out.getvalue()


def planned(*arguments: str) -> set[str]:
    """The cases that `contract-tests list` plans, as `Class.method` of their tests."""
    return {test_name(case["id"]) for case in json.loads(contract_tests("list", "--json", *arguments))}


def ended(*arguments: str) -> dict[str, str]:
    """How the cases of `contract-tests run` end, in stestr's words, by `Class.method` of their tests."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        contract_tests("run", *arguments, "--no-matrix", "--json", str(report))
        cases = json.loads(report.read_text())["cases"]
    words = {"passed": "success", "skipped": "skip"}
    return {test_name(case["id"]): words[case["outcome"]] for case in cases}


def test_name(case: str) -> str:
    """`Placement_v1_10.test_usages` of `placement/usages@1.10`."""
    scenario, _, version = case.partition("@")
    service, _, slug = scenario.partition("/")
    return f"{service.capitalize()}{'_v' if version else ''}{version.replace('.', '_')}.test_{slug}"


test_name.__test__ = False  # type: ignore[attr-defined]


class TempestCase(unittest.TestCase):
    version = NEWEST
    requirements: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls) -> None:
        try:
            cls.environment = install(cls.version, *cls.requirements)
        except Unavailable as error:
            raise unittest.SkipTest(f"Tempest {cls.version}: {error}") from None

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.workspace = Workspace(self.folder, self.environment)

    def run_tests(self, *options: str, regex: str = MODULE, status: int = 0) -> str:
        words = ["--regex", regex, "--concurrency", "2", *options]
        return self.workspace.command("tempest", "run", *words, status=status)

    def outcomes(self) -> dict[str, str]:
        return {name: result.status for name, result in self.workspace.last().items()}


class TestReplay(TempestCase):
    """Without a cloud: tempest.conf names none."""

    def replay(self, **options: str) -> None:
        self.workspace.configure(**{"mode": "replay", "recordings": str(CASSETTES), **options})

    def test_the_tests_are_the_cases_and_end_as_they_do(self) -> None:
        out = self.workspace.command("tempest", "list-plugins")
        self.assertIn("contract_tests_tempest_plugin.plugin:ContractTestsPlugin", out)
        self.replay(services="placement, keystone", releases="placement:16.0.0, keystone:30.0.0")
        options = ["--service", "placement", "--service", "keystone", "--release", "16.0.0"]
        cases = ended(*options, "--release", "30.0.0", "--recordings", str(CASSETTES))
        listed = self.workspace.listed()
        self.assertEqual(len(cases), len(listed))
        self.run_tests()
        self.assertEqual(cases, self.outcomes())
        self.check_ids(listed)
        self.check_some_of(listed)

    def check_ids(self, listed: list[str]) -> None:
        """Each has an id, no two share one, and another process gives the same."""
        ids = {short(line): re.findall(r"id-([0-9a-f-]{36})", line) for line in listed}
        self.assertEqual({1}, set(map(len, ids.values())))
        self.assertEqual(len(ids), len({one for (one,) in ids.values()}))
        self.assertEqual(listed, self.workspace.listed(PYTHONHASHSEED="7"))
        own = self.workspace.command(
            "python", "-m", "contract_tests_tempest_plugin.check_ids", TEMPEST_CONFIG_DIR="etc"
        )
        self.assertIn(f"{len(listed)} tests, 0 problems", own)

    def check_some_of(self, listed: list[str]) -> None:
        """--load-list, and one test without discovery."""
        some = [line for line in listed if "v1_39.test_usages" in line or "Keystone.test_users" in line]
        wanted = self.folder / "list"
        wanted.write_text("\n".join(some))
        self.workspace.command("tempest", "run", "--load-list", str(wanted))
        self.assertEqual({short(line) for line in some}, set(self.outcomes()))
        self.workspace.command("stestr", "run", "-n", f"{MODULE}.Placement_v1_39.test_usages")
        self.assertEqual({"Placement_v1_39.test_usages": "success"}, self.outcomes())

    def test_several_releases_are_told_apart(self) -> None:
        self.replay(services="placement", microversions="1.9")
        listed = {short(line) for line in self.workspace.listed()}
        for release in ("9_0_0", "16_0_0"):
            self.assertIn(f"Placement_{release}_v1_9.test_usages", listed)

    def test_a_broken_file_is_one_test_that_fails(self) -> None:
        scenarios = self.folder / "scenarios"
        scenarios.mkdir()
        (scenarios / "usages.yaml").write_text((SCENARIOS / "usages.yaml").read_text())
        (scenarios / "wrong.yaml").write_text(BROKEN)
        self.replay(releases="placement:16.0.0", services="placement", scenario_directories=str(scenarios))
        self.assertTrue(self.workspace.listed(r"tempest\.api\.identity\.v3\.test_tokens"))
        self.run_tests(status=1)
        outcomes = self.outcomes()
        (broken,) = (name for name in outcomes if name.startswith("Broken."))
        self.assertRegex(broken, r"test_\w*wrong_yaml$")
        self.assertEqual("fail", outcomes.pop(broken))
        self.assertEqual({"success"}, set(outcomes.values()))
        self.assertLessEqual({"Placement_v1_39.test_usages"}, set(outcomes))
        text = self.workspace.last()[broken].text
        self.assertIn("wrong.yaml:5:14: unknown key 'expct'", text)
        self.assertIn("hint: did you mean 'expect'?", text)

    def test_a_wrong_option_is_one_test_that_fails(self) -> None:
        self.replay(services="plcement")
        out = self.run_tests(status=1)
        self.assertIn("services plcement: there is no such service file; did you mean 'placement'?", out)
        self.assertEqual(1, len(self.outcomes()))

    def test_a_wrong_value_touches_no_other_test(self) -> None:
        self.replay(services="placement", mode="reply", min_microversion="1.39")
        self.assertTrue(self.workspace.listed(r"tempest\.api\.identity\.v3\.test_tokens"))
        out = self.run_tests(status=1)
        self.assertIn("of tempest.conf: mode = reply: Valid values are [live, replay], but found", out)
        self.assertEqual(1, len(self.outcomes()))

    def test_an_option_that_there_is_not_is_one_test_that_fails(self) -> None:
        self.replay(
            releases="placement:16.0.0",
            services="placement",
            microversions="1.9",
            servics="placement",
            endpoints="plcement:http://127.0.0.1:9",
        )
        out = self.run_tests(status=1, regex=f"{MODULE}.(Broken|.*test_usages)")
        self.assertIn("there is no option 'servics'", out)
        self.assertIn("did you mean 'services'?", out)
        self.assertIn("endpoints = plcement:…: there is no such service file; did you mean", out)
        self.assertEqual("success", self.outcomes()["Placement_v1_9.test_usages"])
        self.assertEqual(3, len(self.outcomes()))


class TestOldest(TempestCase):
    """The oldest Tempest that works, on the oldest Python that contract-tests works on."""

    version = OLDEST
    requirements = ("3.11", "oslo.utils<8", "setuptools<81")

    def test_replay(self) -> None:
        self.workspace.configure(
            mode="replay", services="placement", releases="placement:16.0.0", microversions="1.39",
            recordings=str(CASSETTES),
        )  # fmt: skip
        self.run_tests()
        options = ("--service", "placement", "--release", "16.0.0", "--microversions", "1.39")
        self.assertEqual(ended(*options, "--recordings", str(CASSETTES)), self.outcomes())


class TestLive(TempestCase):
    """Real tokens for dynamic credentials, the endpoint from the catalog."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls.started: dict[str, Started] = cls.enterClassContext(cloud("placement", "nova"))
        except Unavailable as error:
            raise unittest.SkipTest(str(error)) from None
        cls.keystone, cls.placement = cls.started["keystone"].url, cls.started["placement"].url
        cls.proxy, cls.before_nova = Proxy(cls.placement), Proxy(cls.started["nova"].url)
        cls.addClassCleanup(cls.proxy.close)
        cls.addClassCleanup(cls.before_nova.close)

    def setUp(self) -> None:
        super().setUp()
        self.proxy.reset()
        self.before_nova.reset()

    def configure(self, *, proxy: bool = False, **options: str) -> None:
        given = {"services": "placement", "microversions": "1.9,1.39", "releases": "placement:16.0.0"}
        if proxy:
            given["endpoints"] = f"placement:{self.proxy.url}"
        self.workspace.configure(self.keystone, **{**given, **options})

    def test_the_gate(self) -> None:
        """Record a live run, replay it, hold another run to it in which properties are missing.

        Both services are asked as Tempest's admin, primary, alt and reader, at the URLs of the catalog.
        """
        recorded = self.folder / "recorded"
        self.configure(record_directory=str(recorded), microversions="boundaries")
        live = ("--service", "placement", "--target", self.placement)
        self.assertEqual(planned(*live), {short(line) for line in self.workspace.listed()})

        both = {
            "services": "placement, nova",
            "microversions": ",".join(AXES.values()),
            "releases": ", ".join(":".join(pair) for pair in RELEASES.items()),
            "scenario_directories": ", ".join(OF_PLACEMENT + OF_NOVA),
        }
        chosen = rf"{MODULE}\.(Placement_v1_|Nova_v2_)"  # a service has none of the other's microversions
        self.configure(record_directory=str(recorded), **both)
        expected = self.of_both(lambda name: planned(*self.of(name), "--target", self.started[name].url))
        self.run_tests(regex=chosen)
        self.assertEqual(dict.fromkeys(expected, "success"), self.outcomes())
        self.assertLessEqual({f"Nova_v2_{at}.test_reader" for at in (1, 104)}, expected)

        self.workspace.configure(mode="replay", recordings=str(recorded), **both)
        self.run_tests(regex=chosen)
        replayed = self.of_both(lambda name: ended(*self.of(name), "--recordings", str(recorded)).items())
        self.assertEqual(dict(replayed), self.outcomes())

        endpoints = f"placement:{self.proxy.url}, nova:{self.before_nova.url}"
        self.configure(**{**both, "baseline": str(recorded), "endpoints": endpoints})
        self.check_broken_properties()

    def of(self, service: str) -> tuple[str, ...]:
        """The options that choose what of a service takes part in the gate."""
        files = OF_NOVA if service == "nova" else OF_PLACEMENT
        return (
            "--service",
            service,
            "--microversions",
            AXES[service],
            *(f"--scenarios={one}" for one in files),
        )

    def of_both(self, ask: Callable[[str], Iterable[Any]]) -> set[Any]:
        return {one for service in AXES for one in ask(service)}

    def check_broken_properties(self) -> None:
        self.proxy.change, self.before_nova.change = without_generation, without_type
        of_placement = r"Placement_v1_(9|39)\.test_(usages|allocations|media_types|inventories)"
        some = rf"{MODULE}\.({of_placement}|Nova_v2_\d+\.test_(keypairs|flavors|reader))"
        out = self.run_tests(regex=some, status=1)
        results = self.workspace.last()
        failed = {name for name, one in results.items() if one.status != "success"}
        concerned = {f"Placement_v1_39.test_{name}" for name in ("usages", "allocations_of_several")}
        self.assertEqual({*concerned, "Nova_v2_104.test_keypairs"}, failed)
        text = results["Placement_v1_39.test_usages"].text
        self.assertIn("FAILED placement/usages@1.39", text)
        self.assertIn("BREAK property-removed (P, AI): $.resource_provider_generation is gone", text)
        self.assertIn("OpenStack-API-Version: placement 1.39", text)
        self.assertRegex(text, r"GET http\S+/usages as admin")
        text = results["Nova_v2_104.test_keypairs"].text
        self.assertIn("BREAK property-removed (P, AI): $.keypair.type is gone", text)
        for text in (out, *(one.text for one in results.values())):
            self.assertNotIn("Traceback", text)
            for secret in ("gAAAA", "contract-tests-admin-4e81"):  # a token of Keystone's begins so
                self.assertNotIn(secret, text)

        self.proxy.reset()
        self.before_nova.reset()
        self.workspace.command("stestr", "run", "--failing")
        self.assertEqual(dict.fromkeys(failed, "success"), self.outcomes())

    def test_a_cloud_that_is_lost(self) -> None:
        """What ran before passes, what comes later says why it did not run; no test is missing."""
        self.configure(proxy=True, microversions="1.37")  # what it leaves behind is of no other test
        expected = planned("--service", "placement", "--target", self.placement, "--microversions", "1.37")
        self.proxy.until = 60
        self.run_tests(status=1)
        results = self.workspace.last()
        self.assertEqual(expected, set(results))
        lost = [one for one in results.values() if one.status == "fail"]
        self.assertGreater(len(lost), 5)
        self.assertLess(len(lost), len(results))
        for one in lost:
            self.assertIn("could not", one.text)
            self.assertIn(self.proxy.url, one.text)

    def test_a_worker_that_is_killed(self) -> None:
        """The test that it ran fails; what others ran is there."""
        self.configure(proxy=True, microversions="1.20,1.30")  # what it leaves behind is of no other test
        self.proxy.hold = 20  # each worker has far more requests to make
        regex = rf"{MODULE}.*(usages|inventories|traits|aggregates)"
        words = ["--regex", regex, "--concurrency", "2"]
        process = self.workspace.start("tempest", "run", *words)
        self.assertTrue(self.proxy.reached.wait(1800))
        below = descendants(process.pid)
        workers = [pid for pid, line in below.items() if "--load-list" in line and "sh -c" not in line]
        self.assertEqual(2, len(workers), below)
        os.kill(owner(self.proxy.held, workers), signal.SIGKILL)  # the one that is in the middle of a test
        self.proxy.released.set()
        out, _ = process.communicate(timeout=1800)
        self.assertEqual(1, process.returncode, out)
        results = self.workspace.last()
        listed = {short(line) for line in self.workspace.listed(regex)}
        ended = {name for name, one in results.items() if one.status == "success"}
        (cut,) = results.keys() - ended
        self.assertEqual("fail", results[cut].status)
        self.assertTrue(ended)
        self.assertLess(ended | {cut}, listed)
        self.assertEqual(listed - ended - {cut}, self.left(regex))

    def left(self, regex: str) -> set[str]:
        """What the product itself says that the last run did not get to."""
        planned = self.folder / "planned"
        planned.write_text(self.workspace.command("tempest", "run", "--list-tests", "--regex", regex))
        stream = subprocess.run(
            [str(self.workspace.bin / "stestr"), "last", "--subunit"],
            cwd=self.workspace.folder, capture_output=True, check=False,
        )  # fmt: skip
        done = subprocess.run(
            [str(self.workspace.bin / "python"), "-m", "contract_tests.integrations.left", str(planned)],
            input=stream.stdout, capture_output=True, check=False,
        )  # fmt: skip
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn(b" never began: the worker ended before", done.stderr)
        return {short(line) for line in done.stdout.decode().splitlines()}

    def test_the_plugin_of_grenade(self) -> None:
        """resources.sh records, and holds the cloud to the recording afterwards."""
        clouds = self.folder / "clouds.yaml"
        environ = {
            **os.environ,
            "OS_CLIENT_CONFIG_FILE": str(clouds),
            "CONTRACT_TESTS_VENV": str(self.environment),
            "CONTRACT_TESTS_OUTPUT": str(self.folder / "out"),
            "CONTRACT_TESTS_RUN_OPTIONS": "--microversions 1.39 --match usages",
        }
        own = {role: dict(spec.values) for role, spec in self.started["placement"].target.identities.items()}

        named = {"devstack-admin": own["admin"], "devstack": own["member"]}
        document = {name: {"region_name": "RegionOne", "auth": auth} for name, auth in named.items()}
        clouds.write_text(json.dumps({"clouds": document}))

        def resources(*words: str, status: int = 0) -> str:
            script = str(ROOT / "devstack" / "upgrade" / "resources.sh")
            done = subprocess.run(
                [script, *words], env=environ, capture_output=True, text=True, check=False, cwd=self.folder
            )
            self.assertEqual(status, done.returncode, done.stdout + done.stderr)
            return done.stdout

        resources("verify", "pre-upgrade", status=1)  # nothing is recorded yet
        resources("create")
        resources("verify", "pre-upgrade")
        self.assertIn("1 passed", resources("verify", "post-upgrade"))
        resources("destroy")
        resources("upgrade", status=2)
