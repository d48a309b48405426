"""Every front shows the same cases, and they end alike; a cloud that is lost on the way is told by each."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import unittest
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from xml.etree import ElementTree

from tests.unit.fronts import CASES, FrontCase

PLUGIN = (
    "-p",
    "no:contract_tests",
    "-p",
    "contract_tests.integrations.pytest_plugin",
    "-p",
    "no:cacheprovider",
)
MODULE = "checks.test_contract"
SOME = """\
scenario: not everywhere
id: 5b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c05
service: toy
microversions: 1.4-
requires: {release: 2.0-}
calls:
  - {name: look, GET: /some, expect: {status: 200}}
"""


class TestAgreement(FrontCase):
    """Two recorded releases, with a case that fails, one that is not recorded any more, and skips."""

    def setUp(self) -> None:
        super().setUp()
        self.write("scenarios/some.yaml", SOME)
        self.write("services/toy.yaml", self.read("services/toy.yaml") + "protocol: {probe: {GET: /}}\n")
        self.write("contract-tests.yaml", self.read("contract-tests.yaml") + "recordings: [recordings]\n")
        for release in ("1.0.0", "2.0.0"):
            self.run_module(
                "contract_tests", "run", "--target=wsgi:application:application", f"--release={release}",
                "--record=recordings", status=None,
            )  # fmt: skip
        (self.folder / "recordings/toy/1.0.0/two/1.0.yaml").unlink()
        text = self.read("scenarios/three.yaml").replace("}}}", "}}, since: {1.9: {expect: {status: 201}}}}")
        self.write("scenarios/three.yaml", text)

    def test_the_same_cases_that_end_alike(self) -> None:
        listed = json.loads(self.run_module("contract_tests", "list", "--json"))
        names = {
            (one["target"], one["id"]): re.sub(r"\W+", "_", f"{one['id']} {one['target'].split()[-1]}")
            for one in listed
        }
        self.assertEqual(len(listed), len(set(names.values())))

        self.run_module("contract_tests", "run", "--json=out.json", status=None)
        told = json.loads(self.read("out.json"))["cases"]
        ours = {names[one["target"], one["id"]]: one["outcome"] for one in told}
        self.assertEqual({"passed", "failed", "error", "skipped"}, set(ours.values()))

        files = ("scenarios", "services")
        found = self.run_module("pytest", *PLUGIN, "--collect-only", "-q", *files)
        self.assertEqual(len(listed), found.count("::"))
        self.run_module("pytest", *PLUGIN, "-n", "2", "--junitxml=out.xml", *files, status=1)
        theirs: dict[str, str] = {}
        for case in ElementTree.fromstring(self.read("out.xml")).iter("testcase"):
            name, release = case.attrib["name"].rstrip("]").split("[")
            theirs[re.sub(r"\W+", "_", f"toy {name} {release}")] = _of(case)
        same = {name: _shown(outcome) for name, outcome in ours.items()}
        self.assertEqual(same, theirs)

        self.run_module("stestr", "init")
        tests = self.run_module("stestr", "list").split()
        self.assertEqual(len(listed), len(tests))
        self.run_module("stestr", "run", "--concurrency", "2", status=1)
        self.assertEqual(Counter(same.values()), Counter(self.by_stestr(tests).values()))
        self.assertEqual(same, {_plain(name): outcome for name, outcome in self.by_stestr(tests).items()})

    def by_stestr(self, tests: list[str]) -> dict[str, str]:
        """The outcome of each test of the last run, out of its subunit stream."""
        stream = subprocess.run(
            [sys.executable, "-m", "stestr", "last", "--subunit"], cwd=self.folder, capture_output=True
        ).stdout
        done = subprocess.run(
            [sys.executable, "-c", _READ], input=stream, capture_output=True, check=True
        ).stdout
        found: dict[str, str] = json.loads(done)
        self.assertEqual(sorted(tests), sorted(found))
        return found


_READ = """
import json, sys
import subunit
from testtools import StreamToDict
found = {}
WORDS = {"success": "passed", "skip": "skipped", "fail": "did not pass"}
result = StreamToDict(lambda test: found.update({test["id"]: WORDS[test["status"]]}))
result.startTestRun()
subunit.ByteStreamToStreamResult(sys.stdin.buffer).run(result)
result.stopTestRun()
print(json.dumps(found))
"""


def _of(case: ElementTree.Element) -> str:
    return {"failure": "did not pass", "error": "did not pass", "skipped": "skipped"}.get(
        next((child.tag for child in case), ""), "passed"
    )


def _shown(outcome: str) -> str:
    """pytest and subunit have one word for what failed and what could not run."""
    return "did not pass" if outcome in ("failed", "error") else outcome


def _plain(test: str) -> str:
    """`checks.test_contract.Toy_1_0_0_v1_9.test_two` as `toy_two_1_9_1_0_0`."""
    place, method = test.split(".")[-2:]
    release, _, version = place.removeprefix("Toy_").partition("_v")
    return f"toy_{method.removeprefix('test_')}_{version}_{release}"


class Leaving(BaseHTTPRequestHandler):
    """Answers twelve times, one after another; nobody listens any more from before the last answer on."""

    left = 12

    def do_GET(self) -> None:
        Leaving.left -= 1
        if Leaving.left == 0:  # before the answer: a client that has it may ask again at once
            self.server.socket.close()
            threading.Thread(target=self.server.shutdown).start()
        body = b'{"a": 1}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class TestLostCloud(FrontCase):
    def setUp(self) -> None:
        super().setUp()
        Leaving.left = 12
        server = HTTPServer(("127.0.0.1", 0), Leaving)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}"

    def test_by_the_command_line(self) -> None:
        found = self.run_module(
            "contract_tests",
            "run",
            "--target",
            self.url,
            "--microversions=every",
            "--json=out.json",
            status=3,
        )
        self.assertIn(f"{CASES} cases: 12 passed, {CASES - 12} could not run", found)
        cases = json.loads(self.read("out.json"))["cases"]
        self.assertEqual(["passed"] * 12 + ["error"] * (CASES - 12), [one["outcome"] for one in cases])
        self.assertRegex(json.dumps(cases[-1]), rf"{re.escape(self.url)}\S* .*refused")

    def test_by_pytest(self) -> None:
        found = self.run_module(
            "pytest", *PLUGIN, f"--contract-target={self.url}", "--contract-microversions=every", "scenarios",
            status=1,
        )  # fmt: skip
        self.assertIn(f"{CASES - 12} failed, 12 passed", found)
        self.assertIn("ERROR toy/two@1.9", found)
        self.assertIn("refused", found)

    def test_by_unittest(self) -> None:
        found = self.run_module(
            "unittest", MODULE, options=("--target", self.url, "--microversions=every"), status=1
        )
        self.assertIn(f"FAILED (errors={CASES - 12})", found)
        self.assertIn("refused", found)


if __name__ == "__main__":
    unittest.main()
