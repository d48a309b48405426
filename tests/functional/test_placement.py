"""Real Placement servers, an old release and the newest: every case live, and the same from what was recorded."""

import contextlib
import importlib.util
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

from contract_tests.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("placement_servers", ROOT / "tools" / "placement.py")
assert _spec is not None and _spec.loader is not None
servers = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = servers
_spec.loader.exec_module(servers)


def run(*arguments: str) -> tuple[int, str]:
    """The exit status and the output of a command."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = main(["run", *arguments])
    return status, out.getvalue()


class PlacementTest(unittest.TestCase):
    """Each release runs all scenarios at every microversion that it offers."""

    def check_release(self, release: str, at_least: int) -> None:
        try:
            servers.install(release)
        except servers.Unavailable as error:
            self.skipTest(f"placement {release}: {error}")
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            folder = Path(name)
            url = stack.enter_context(servers.placement(release))
            options = servers.run_options(release, url, folder)
            shared = ("--microversions", "every", "--no-matrix")
            live, replay, recorded = folder / "live.json", folder / "replay.json", folder / "recorded"
            status, output = run(*options, *shared, "--record", str(recorded), "--json", str(live))
            self.assertEqual(0, status, output)
            stack.close()  # the server has gone: what answers now is the recording
            status, output = run(
                "--service", "placement", "--recordings", str(recorded), *shared, "--json", str(replay)
            )
            self.assertEqual(0, status, output)
            outcomes = [
                {
                    case["id"]: (case["outcome"], case["calls"])
                    for case in json.loads(path.read_text())["cases"]
                }
                for path in (live, replay)
            ]
            self.assertEqual(outcomes[0], outcomes[1])
            passed = [outcome for outcome, _ in outcomes[0].values() if outcome == "passed"]
            self.assertGreaterEqual(len(passed), at_least)

    def test_the_newest_release(self) -> None:
        self.check_release("16.0.0", 600)

    def test_the_oldest_release(self) -> None:
        self.check_release("1.0.0", 400)
