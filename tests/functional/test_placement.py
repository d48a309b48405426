"""Real Placement servers, an old release and the newest: every case live, and again from its recording."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from contract_tests.cli.lab_command import target_options
from contract_tests.cli.main import main
from contract_tests.lab import launcher
from contract_tests.lab.environment import Unavailable, find_python, install
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library

RECIPES = Library(Places().with_shipped()).deployments()["placement"].recipes
COMMAND = [sys.executable, "-m", "contract_tests"]


def run(*arguments: str) -> tuple[int, str]:
    """The exit status and the output of a command."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = main(arguments)
    return status, out.getvalue()


def need(test: unittest.TestCase, release: str) -> None:
    """Skip a test, with the reason, where a release cannot be had on this machine."""
    try:
        find_python(RECIPES[release].series.python)
        install(RECIPES[release], print)
    except Unavailable as error:
        test.skipTest(f"placement {release}: {error}")


class EveryCase(unittest.TestCase):
    """Each release runs all scenarios at every microversion that it offers, and replays what was recorded."""

    def check_release(self, release: str, at_least: int) -> None:
        need(self, release)
        with tempfile.TemporaryDirectory() as name:
            live, replay, recorded = (Path(name, part) for part in ("live.json", "replay.json", "recorded"))
            every = ("--microversions", "every", "--no-matrix")
            command = [*COMMAND, "lab", "record", "placement", release, "--to", str(recorded)]
            done = subprocess.run(
                [*command, "--", *every, "--timeout", "600", "--json", str(live)],
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            status, output = run(
                "run", "--service", "placement", "--recordings", str(recorded), *every, "--json", str(replay)
            )
            self.assertEqual(0, status, output)
            cases = [json.loads(path.read_text())["cases"] for path in (live, replay)]
            outcomes = [{case["id"]: (case["outcome"], case["calls"]) for case in one} for one in cases]
            self.assertEqual(outcomes[0], outcomes[1])
            passed = [outcome for outcome, _ in outcomes[0].values() if outcome == "passed"]
            self.assertGreaterEqual(len(passed), at_least)

    def test_the_newest_release(self) -> None:
        self.check_release("16.0.0", 600)

    def test_the_oldest_release(self) -> None:
        self.check_release("1.0.0", 400)


class Lab(unittest.TestCase):
    """What the lab starts can be used, and ends with the command that started it, however that ends."""

    def test_up_and_down(self) -> None:
        need(self, "16.0.0")
        with tempfile.TemporaryDirectory() as cache:
            # A cache of its own, so that `down` ends nothing else; what is installed is linked into it.
            shared = install(RECIPES["16.0.0"], print).parent
            Path(cache, "environments").symlink_to(shared)
            environ = {**os.environ, "CONTRACT_TESTS_CACHE": cache}
            up = subprocess.run(
                [*COMMAND, "lab", "up", "placement"], capture_output=True, text=True, env=environ, check=False
            )
            self.assertEqual(0, up.returncode, up.stderr)
            line = up.stdout.splitlines()[0]
            self.assertTrue(line.startswith("contract-tests run --service placement --targets "), line)
            smoke = ("--tag", "smoke", "--microversions", "latest", "--no-matrix")
            status, output = run(*line.split()[1:], *smoke)
            self.assertEqual(0, status, output)
            down = subprocess.run(
                [*COMMAND, "lab", "down", "placement"],
                capture_output=True,
                text=True,
                env=environ,
                check=False,
            )
            self.assertEqual("ended placement-16.0.0\n", down.stdout)
            status, output = run(*line.split()[1:])
            self.assertEqual(2, status, output)  # the targets file has gone with it
            self.assertEqual([], list(Path(cache, "runs").glob("*")))

    def test_two_clouds(self) -> None:
        """A client that asks for 1.14 is answered alike by a deployment of 2019 and by the newest."""
        clouds = ("1.0.0", "16.0.0")
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            targets = {}
            for release in clouds:
                need(self, release)
                started = stack.enter_context(launcher.running(RECIPES[release], {}, print))
                path = Path(folder, release)
                target_options(started, path)
                targets.update(json.loads(path.read_text())["targets"])
            path.write_text(json.dumps({"targets": targets}))
            status, output = run(
                *("compare", *targets, "--targets", str(path), "--service", "placement"),
                *("--microversions", "1.14", "--json"),
            )
            self.assertEqual(0, status, output)
            (found,) = json.loads(output)
            self.assertGreater(found["answers"], 250)
            self.assertNotIn("BREAK", {change["verdict"] for change in found["changes"]})

    def test_a_killed_command_takes_the_service_with_it(self) -> None:
        need(self, "16.0.0")
        command = [*COMMAND, "lab", "up", "--wait", "placement"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None and process.stderr is not None
        words = process.stdout.readline().split()
        targets = json.loads(Path(words[words.index("--targets") + 1]).read_text())["targets"]
        url = targets["placement-16.0.0"]["endpoints"]["placement"]
        urllib.request.urlopen(url, timeout=120).close()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for _ in range(600):
            try:
                urllib.request.urlopen(url, timeout=120).close()
            except OSError:
                return
            time.sleep(0.1)
        self.fail(f"{url} still answers")
