"""Recordings of a service that hold equal cassettes once."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from contract_tests.model.target import Deployment
from contract_tests.recordings.recording import load_recording, write_manifest
from contract_tests.recordings.sharing import release, share

CASSETTE = """\
version: 1
metadata: {scenario: x, microversion: null, asked: {}}
interactions:
- call: a
  request: {method: GET, uri: 'http://tickets.example/t', headers: {}, body: null}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [application/json]}
    body:
      string: |-
        BODY
# end of cassette
"""


class ShareTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def record(self, number: str, **bodies: str) -> Path:
        folder = self.root / number
        folder.mkdir()
        deployment = Deployment(name="x", service="tickets", endpoint="http://h", release=number)
        write_manifest(folder, deployment, recorded="2026-01-31", recorder="contract-tests 1.0")
        for slug, body in bodies.items():
            (folder / slug).mkdir()
            (folder / slug / "unversioned.yaml").write_text(CASSETTE.replace("BODY", body))
        return folder

    def test_what_equals_the_newest_is_stored_once(self) -> None:
        old = self.record("1.0.0", same='{"a": 1}', other='{"a": 1}')
        new = self.record("2.0.0", same='{"a": 1}', other='{"a": 2}')
        self.assertEqual(share(self.root), 1)
        self.assertEqual(sorted(path.parent.name for path in old.rglob("unversioned.yaml")), ["other"])
        recording = load_recording(old)
        self.assertEqual(recording.same, {"2.0.0": {"same": ("unversioned",)}})
        self.assertEqual(recording.cases(), load_recording(new).cases())
        self.assertEqual(share(self.root), 1)

    def test_the_order_of_members_says_nothing_all_else_does(self) -> None:
        self.record(
            "1.0.0",
            order='{"a": {"c": [1], "d": {}}, "b": [1, 2]}',
            items='{"b": [1, 2]}',
            spelling='{"b": 1.0}',
            empty='{"b": {}}',
            twice='{"b": 1, "b": 2}',
            text="not {json",
        )
        self.record(
            "2.0.0",
            order='{"b": [1, 2], "a": {"d": {}, "c": [1]}}',
            items='{"b": [2, 1]}',
            spelling='{"b": 0.1}',
            empty='{"b": []}',
            twice='{"b": 2, "b": 1}',
            text="not [json",
        )
        self.assertEqual(share(self.root), 1)
        self.assertEqual(set(load_recording(self.root / "1.0.0").same["2.0.0"]), {"order"})

    def test_the_newest_of_those_that_answer_alike_keeps_it(self) -> None:
        for number, body in (
            ("1.0.0", "[]"),
            ("2.0.0", "[]"),
            ("3.0.0", "{}"),
            ("4.0.0", "[1]"),
            ("5.0.0", "{}"),
        ):
            self.record(number, case=body)
        self.assertEqual(share(self.root), 2)
        kept = {path.relative_to(self.root).parts[0] for path in self.root.rglob("unversioned.yaml")}
        self.assertEqual(kept, {"2.0.0", "4.0.0", "5.0.0"})
        for number, keeper in (("1.0.0", "2.0.0"), ("3.0.0", "5.0.0")):
            recording = load_recording(self.root / number)
            self.assertEqual(recording.same, {keeper: {"case": ("unversioned",)}})
            self.assertEqual(recording.cases(), {"case": ("",)})
        release(self.root / "5.0.0")
        self.assertEqual(share(self.root), 2)

    def test_before_the_newest_changes_each_gets_its_own(self) -> None:
        old = self.record("1.0.0", same="{}")
        new = self.record("2.0.0", same="{}")
        share(self.root)
        release(new)
        self.assertTrue((old / "same" / "unversioned.yaml").is_file())
        self.assertEqual(load_recording(old).same, {})


if __name__ == "__main__":
    unittest.main()
