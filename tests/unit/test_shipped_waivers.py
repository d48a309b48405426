"""What is known to be wrong in services: the shipped waivers, held to the shipped recordings."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import tempfile
import textwrap
import unittest
from pathlib import Path

from contract_tests.cli.main import main
from contract_tests.cli.open import Wanted, load, open_jobs
from contract_tests.execution.causes import Needed
from contract_tests.execution.events import CaseFinished, RunFinished
from contract_tests.execution.plan import Choice
from contract_tests.execution.runner import run
from contract_tests.loading.config import SHIPPED, Places
from contract_tests.loading.library import Library
from contract_tests.model.case import Outcome

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.stem for path in (SHIPPED / "waivers").glob("*.yaml"))
LATE = datetime.date(2027, 11, 30)
"""No shipped waiver ends before."""


def command(*arguments: str, folder: Path = ROOT) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = main(list(arguments))
    return status, out.getvalue()


class ShippedWaiversTest(unittest.TestCase):
    def test_each_is_needed_by_what_is_recorded(self) -> None:
        for service in SERVICES:
            with self.subTest(service):
                library = Library(Places(recordings=(ROOT / "cassettes",)).with_shipped())
                waivers = library.waivers_of([service])
                named = {waiver.call.partition(": ")[0] for waiver in waivers}
                paths = [SHIPPED / "scenarios" / service / f"{name}.yaml" for name in sorted(named)]
                needed = Needed(LATE)
                with open_jobs(library, load(library, paths, [service]), Wanted(), Choice()) as opened:
                    for event in run(opened.jobs):
                        if isinstance(event, CaseFinished):
                            self.assertIn(event.result.outcome, (Outcome.PASSED, Outcome.SKIPPED))
                            needed.note(event.result, event.case, event.deployment, opened.waivers)
                        elif isinstance(event, RunFinished):
                            self.assertEqual((), event.waivers)
                self.assertEqual(set(waivers), {waiver for waiver, _ in needed.needed})
                self.assertEqual([], list(needed.said()))

    def test_they_name_a_source_and_an_end(self) -> None:
        for waiver in Library(Places().with_shipped()).waivers_of(SERVICES):
            with self.subTest(waiver.at):
                self.assertRegex(waiver.link, "^https://")
                self.assertIsNotNone(waiver.releases)
                self.assertGreaterEqual(waiver.expires, LATE)

    def test_without_them_what_is_wrong_fails(self) -> None:
        selected = ("run", "--service", "ironic", "--release", "39.0.0", "--match", "refused_role")
        status, out = command(*selected, "--verbose")
        self.assertEqual(0, status, out)
        self.assertRegex(out, r"call 'list chassis' is waived: Who has a role .*chassis\.py\)")
        self.assertIn("1 failing call is waived", out)
        status, out = command(*selected, "--no-waivers")
        self.assertEqual(1, status, out)
        self.assertIn("expected status 403, got 500", out)
        self.assertNotIn("waived", out)


class OwnWaiversTest(unittest.TestCase):
    """A project's own waivers beside the shipped ones."""

    def run_with(self, waivers: str) -> tuple[int, str, str]:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "ours").mkdir()
            (folder / "ours" / "ironic.yaml").write_text(textwrap.dedent(waivers))
            (folder / "ours" / "nova.yaml").write_text("waivers: nothing of this is read for ironic\n")
            (folder / "contract-tests.yaml").write_text(
                f"recordings: [{ROOT / 'cassettes' / 'ironic'}]\nwaivers: [ours]\n"
            )
            status, out = command(
                "run", "--service", "ironic", "--match", "refused_role", "--json", "run.json", folder=folder
            )
            return status, out, (folder / "run.json").read_text()

    def test_they_add_to_the_shipped_ones_and_what_is_not_needed_is_told(self) -> None:
        status, out, report = self.run_with(
            """
            waivers:
              - rule: status
                service: ironic
                call: "refused_role: list nodes of the project"
                releases: 39.0.0-
                reason: the operator has not given nodes owners yet
                link: https://docs.openstack.org/ironic/latest/
                expires: 2999-12-31
            """
        )
        self.assertEqual(0, status, out)
        self.assertIn("1 failing call is waived", out)
        told = (
            "ours/ironic.yaml:3: the waiver of status in refused_role: list nodes of the project covers "
            "nothing in ironic 39.0.0; narrow its releases, or remove it"
        )
        self.assertEqual([told], [line[5:] for line in out.splitlines() if line.startswith("WARN")])
        self.assertEqual([told], json.loads(report)["waivers"])

    def test_nothing_is_told_of_what_was_not_tried(self) -> None:
        status, out, report = self.run_with(
            """
            waivers:
              - rule: "*"
                service: ironic
                call: "nodes: create"
                reason: the operator has not given nodes owners yet
                link: https://docs.openstack.org/ironic/latest/
                expires: 2999-12-31
              - rule: "*"
                service: ironic
                call: "refused_role: list nodes of the project"
                releases: 40.0.0-
                reason: the operator has not given nodes owners yet
                link: https://docs.openstack.org/ironic/latest/
                expires: 2999-12-31
            """
        )
        self.assertEqual(0, status, out)
        self.assertNotIn("WARN", out)
        self.assertNotIn("waivers", json.loads(report))


if __name__ == "__main__":
    unittest.main()
