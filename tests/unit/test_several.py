"""A scenario of two services: live, recorded, replayed, skipped where one is missing; signed, in XML."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

from contract_tests.cli.main import main
from contract_tests.comparison.differ import diff
from contract_tests.errors import UsageError
from contract_tests.model.http import Request, Response
from contract_tests.model.service import Secrets
from contract_tests.model.target import IdentitySpec
from contract_tests.recordings.redaction import redaction_of
from contract_tests.transport.identity import build_identity
from contract_tests.transport.outgoing import proved

PROJECT = Path(__file__).resolve().parent.parent / "data" / "several"


class SeveralTest(unittest.TestCase):
    def setUp(self) -> None:
        sys.path.insert(0, str(PROJECT))
        self.addCleanup(sys.path.remove, str(PROJECT))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_command(self, *arguments: str) -> tuple[int, str]:
        out = io.StringIO()
        with contextlib.chdir(PROJECT), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = main([*arguments, "--no-matrix"] if arguments[0] == "run" else list(arguments))
        return status, out.getvalue()

    def record(self) -> Path:
        status, out = self.run_command("run", "--target", "both", "--record", str(self.folder))
        self.assertEqual(status, 0, out)
        return self.folder / "front" / "1.0"

    def test_the_first_service_keeps_the_recording_of_all(self) -> None:
        place = self.record()
        self.assertEqual([path.name for path in self.folder.iterdir()], ["front"])
        text = (place / "key" / "unversioned.yaml").read_text()
        self.assertIn(
            "  service: core\n  request:\n    method: GET\n    uri: http://core.example/keys/", text
        )
        self.assertIn("beside: {core: '2.1'}", (place / "recording.yaml").read_text())

    def test_neither_signature_nor_secrets_are_recorded(self) -> None:
        text = (self.record() / "key" / "unversioned.yaml").read_text()
        self.assertIn("<keyMaterial>REDACTED</keyMaterial>", text)
        for secret in ("Signature", "X-Amz", "x-amz", "AKIACONTRACT", "contract-", "BEGIN KEY"):
            self.assertNotIn(secret, text.replace("contract-tests", ""))

    def test_two_recordings_are_equal(self) -> None:
        first = (self.record() / "key" / "unversioned.yaml").read_text()
        self.assertEqual(first, (self.record() / "key" / "unversioned.yaml").read_text())

    def test_it_is_replayed(self) -> None:
        self.record()
        status, out = self.run_command("run", "--recordings", str(self.folder))
        self.assertEqual(status, 0, out)
        self.assertIn("1 passed (3 calls", out)

    def test_a_recorded_answer_is_another_service_s(self) -> None:
        path = self.record() / "key" / "unversioned.yaml"
        path.write_text(path.read_text().replace("  service: core\n", "  service: front\n"))
        status, out = self.run_command("run", "--recordings", str(self.folder))
        self.assertEqual(status, 3, out)
        self.assertIn("service: asked core, recorded front", out)

    def test_what_breaks_below_is_told_with_its_service(self) -> None:
        import several_apps

        several_apps.BROKEN.append(True)
        self.addCleanup(several_apps.BROKEN.clear)
        status, out = self.run_command("run", "--target", "both")
        self.assertEqual(status, 1, out)
        self.assertRegex(out, r"GET /keys/ct-\w+ on core as admin -> 404")

    def test_without_the_other_service_it_is_skipped_with_that_reason(self) -> None:
        _, out = self.run_command("run", "--target", "alone")
        self.assertIn("needs the service core beside it, which front 1.0 lacks", out)

    def test_another_release_of_the_other_service_is_too(self) -> None:
        _, out = self.run_command("run", "--target", "older")
        self.assertIn("needs core 2.0- beside it, this is 1.9", out)


class SignatureTest(unittest.TestCase):
    def test_each_request_is_signed_anew_and_its_signature_is_a_secret(self) -> None:
        values = {"access_key": "AKIACONTRACT", "secret_key": "contract-front-secret"}
        identity = build_identity(IdentitySpec(kind="aws", values=values), target="t", role="admin")
        request = Request(method="POST", target="/", headers=(("Content-Type", "text/plain"),), body=b"a")
        first = dict(proved(request, identity, "http://h:1/"))
        other = dict(proved(request, identity, "http://h:2/"))
        self.assertRegex(
            first["Authorization"], "^AWS4-HMAC-SHA256 Credential=AKIACONTRACT/.*/RegionOne/ec2/"
        )
        self.assertNotEqual(first["Authorization"], other["Authorization"])  # of another host
        self.assertIn("contract-front-secret", identity.secrets())
        self.assertIn(first["Authorization"].rpartition("=")[2], identity.secrets())

    def test_an_option_that_is_missing_is_named(self) -> None:
        with self.assertRaisesRegex(UsageError, "option secret_key is missing"):
            build_identity(IdentitySpec(kind="aws", values={"access_key": "a"}), target="t", role="admin")


class XmlBodiesTest(unittest.TestCase):
    def test_the_differ_compares_the_json_view(self) -> None:
        old, new = (
            Response(200, "OK", (("Content-Type", "text/xml"),), body)
            for body in (
                b"<R><set><item><id>i-1</id><state>ok</state></item></set></R>",
                b"<R>\n <set>\n  <item><id>i-1</id></item>\n </set></R>",
            )
        )
        self.assertEqual(
            [(fact.kind, fact.path) for fact in diff(old, new)],
            [("property-removed", "$.R.set[*].state")],
        )

    def test_secrets_in_xml_are_left_out_by_name(self) -> None:
        redaction = redaction_of(Secrets(json=("keyMaterial",)))
        body = (
            b"<r><ns:keyMaterial a='1'>x&amp;y\nz</ns:keyMaterial><password/><b password='p'>t</b>"
            b"<secret><![CDATA[s<s]]></secret><token>cut off"
        )
        self.assertEqual(
            redaction.body(body, ()),
            b"<r><ns:keyMaterial a='1'>REDACTED</ns:keyMaterial><password/><b password='REDACTED'>t</b>"
            b"<secret>REDACTED</secret><token>REDACTED",
        )
        self.assertIn("x&y\nz", list(redaction.values(Response(200, "", (), body))))


if __name__ == "__main__":
    unittest.main()
