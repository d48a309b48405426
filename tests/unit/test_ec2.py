"""EC2 API above Keystone 22.0.0 and 30.0.0, from the shipped recordings: what works, and why not."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import unittest
from pathlib import Path

from contract_tests.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = (str(ROOT / "cassettes" / "ec2" / release) for release in ("17.0.0", "17.0.0-keystone30"))
CAUSE = "Keystone validates a signature for whoever asks"


def command(*arguments: str, folder: Path = ROOT) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = main(list(arguments))
    return status, out.getvalue()


class Ec2Test(unittest.TestCase):
    def test_everything_works_above_keystone_22(self) -> None:
        status, out = command("run", "--service", "ec2", "--release", "17.0.0", "--no-matrix")
        self.assertEqual(status, 0, out)
        self.assertIn("3 failing calls are waived", out)  # of the account, and of addresses

    def test_above_keystone_30_the_cause_is_named(self) -> None:
        status, out = command("run", "--service", "ec2", "--recordings", NEW, "--no-matrix", "--no-waivers")
        self.assertEqual(status, 1, out)
        failed = re.findall(r"^  failed call '(.*)' \(", out, re.MULTILINE)
        self.assertEqual(failed.count(CAUSE), 4)
        self.assertEqual(out.count(f"after call '{CAUSE}', which failed in an API below"), len(failed) - 4)
        self.assertIn(
            "Keystone validates a signature for a service",
            (Path(NEW) / "account/unversioned.yaml").read_text(),
        )
        self.assertIn(
            f"cause below: POST /v3/ec2tokens on keystone ('{CAUSE}'): expected status 200, got 401;", out
        )

    def test_what_is_known_is_waived_with_its_reason(self) -> None:
        status, out = command("run", "--service", "ec2", "--no-matrix", "--verbose")
        self.assertEqual(status, 0, out)
        self.assertIn("failing calls are waived", out)
        self.assertIn(f"call '{CAUSE}' is waived: Keystone 30.0.0 validates a signature only for", out)

    def test_a_comparison_begins_with_the_cause(self) -> None:
        _, out = command("compare", OLD, NEW)
        first, _, rest = out.partition("status-auth [J] on keystone")
        self.assertNotIn("became", first)
        self.assertIn(CAUSE, rest.partition("\n  BREAK")[0])
        self.assertIn(f"after a break in an API below: key_pairs: {CAUSE}", rest)

    def test_parity(self) -> None:
        status, out = command("parity", "--service", "ec2", "--release", "17.0.0")
        self.assertEqual(status, 0, out)
        for line in (
            r"  imageState +status +same by the map",
            r"  isPublic +visibility +same by the map",
            r"  OS-EXT-IMG-SIZE:size +size +same by the map",
            r"  rootDeviceType +- +only above",
            r"  keyFingerprint +fingerprint +same by the map",
            r"  publicIp +floating_ip_address +same by the map",
            r"  calls of a client: 2 to ec2, 1 to glance",
        ):
            self.assertRegex(out, line)
        _, out = command("parity", "--service", "ec2", "--release", "17.0.0-keystone30")
        self.assertIn(f"not compared: call 'EC2 has it too' failed, after call '{CAUSE}' failed below", out)

    def test_a_value_that_the_map_does_not_pair_is_found(self) -> None:
        """A mutation of real answers: Glance tells another size than Nova."""
        with tempfile.TemporaryDirectory() as folder:
            for path in Path(OLD).rglob("*.yaml"):
                target = Path(folder, path.relative_to(OLD))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(path.read_text().replace('"min_ram": 0', '"min_ram": 64'))
            status, out = command("parity", "--service", "ec2", "--recordings", folder)
        self.assertEqual(status, 1, out)
        self.assertRegex(out, "minRam +min_ram +DIFFERENT: 0 above, 64 below")


if __name__ == "__main__":
    unittest.main()
