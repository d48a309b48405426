"""Extensions as versioned things: real Neutron's lists at three releases, compared."""

from __future__ import annotations

import shutil
import tempfile
import unittest
from pathlib import Path

from tests.unit.test_cli import run

CASSETTES = Path(__file__).resolve().parents[2] / "cassettes" / "neutron"
ONLY = ("--service", "neutron", "--match", "neutron/extensions")


def compared(old: Path, new: Path) -> tuple[int, str]:
    status, out, err = run("compare", str(old), str(new), *ONLY, "--verbose")
    return status, out + err


class TestNeutron(unittest.TestCase):
    def mutated(self, old: str, new: str) -> Path:
        """The list of 22.0.0 with something replaced."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()), "22.0.0")
        shutil.copytree(CASSETTES / "22.0.0" / "extensions", folder / "extensions")
        for path in (CASSETTES / "22.0.0").glob("*.yaml"):
            shutil.copy(path, folder)
        (cassette,) = (folder / "extensions").iterdir()
        text = cassette.read_text()
        self.assertIn(old, text)
        cassette.write_text(text.replace(old, new))
        return folder

    def test_extensions_come_with_releases_and_none_went(self) -> None:
        for old, new, name in (
            ("18.0.0", "22.0.0", "qos-pps-minimum"),
            ("22.0.0", "29.0.0", "security-groups-default-rules"),
        ):
            with self.subTest(f"{old} to {new}"):
                _, out = compared(CASSETTES / old, CASSETTES / new)
                self.assertIn(f"the extension {name} came", out)
                self.assertNotIn("extension-removed", out)
                self.assertNotIn("extension-changed", out)

    def test_one_that_vanished_is_a_break(self) -> None:
        """What a step back to 18.0.0 takes away."""
        status, out = compared(CASSETTES / "22.0.0", CASSETTES / "18.0.0")
        self.assertEqual(1, status)
        self.assertRegex(out, r"BREAK +extension-removed \[AI\]\n +the extension qos-pps-minimum is gone\n")

    def test_one_that_changed_is_told_with_both_times(self) -> None:
        folder = self.mutated("2020-08-25T10:00:00-00:00", "2026-08-25T10:00:00-00:00")
        _, out = compared(CASSETTES / "22.0.0", folder)
        self.assertRegex(out, "extension-changed")
        self.assertIn("2020-08-25T10:00:00-00:00", out)
        self.assertIn("2026-08-25T10:00:00-00:00", out)

    def test_the_same_list_is_silent(self) -> None:
        status, out = compared(CASSETTES / "22.0.0", CASSETTES / "22.0.0")
        self.assertEqual(0, status)
        self.assertNotIn("extension-", out)


if __name__ == "__main__":
    unittest.main()
