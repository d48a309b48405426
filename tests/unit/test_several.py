"""A scenario of two services: live, recorded, replayed, skipped where one is missing; signed, in XML."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from contract_tests.checks.rules import word
from contract_tests.cli.main import main
from contract_tests.comparison.differ import diff
from contract_tests.errors import UsageError
from contract_tests.execution.parity import broken, mapped
from contract_tests.model.finding import Mark
from contract_tests.model.http import Request, Response
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.scenario import Parity, Side
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
        self.assertIn("x&y\nz", list(redaction.values((), body)))


class ParityTest(SeveralTest):
    def test_the_same_thing_in_both(self) -> None:
        self.record()
        status, out = self.run_command("parity", "--recordings", str(self.folder))
        self.assertEqual(status, 0, out)
        for line in (
            r"  state +status +same by the map",
            r"  name +- +only above",
            r"  - +asked +only below",
            r"  7 properties: 2 same by the map, 2 only above, 3 only below",
            r"  calls of a client: 1 to front, 1 to core",
        ):
            self.assertRegex(out, line)

    def test_what_a_proxy_asks_below_is_told_where_it_is_counted(self) -> None:
        import several_apps

        counter = self.folder / "requests"
        several_apps.COUNTERS.append(counter)
        self.addCleanup(several_apps.COUNTERS.clear)
        targets = self.folder / "targets.yaml"
        text = (PROJECT / "targets.yaml").read_text()
        targets.write_text(text.replace("  both:\n", f"  both:\n    counters: {{core: {counter}}}\n"))
        status, out = self.run_command("parity", "--targets", str(targets), "--target", "both")
        self.assertEqual(status, 0, out)
        self.assertIn("  calls of a client: 1 to front, 1 to core\n", out)
        self.assertIn("  calls that front makes meanwhile: 2 to core\n", out)
        _, out = self.run_command("parity", "--target", "both")
        self.assertNotIn("meanwhile", out)

    def test_a_value_that_differs_is_a_finding_of_the_run(self) -> None:
        import several_apps

        several_apps.STATUS.append("LOST")
        self.addCleanup(several_apps.STATUS.pop)
        status, out = self.run_command("run", "--target", "both")
        self.assertEqual(status, 1, out)
        self.assertIn("failed call 'parity: the key' (scenarios/key.yaml:", out)
        self.assertIn(
            '$.CreateKeyResponse.key state: expected "LOST" as in the API below, got "ready" [parity]', out
        )
        status, out = self.run_command("parity", "--target", "both")
        self.assertEqual(status, 1, out)
        self.assertRegex(out, 'state +status +DIFFERENT: "ready" above, "LOST" below')

    def test_what_is_not_there_is_told(self) -> None:
        status, out = self.run_command("parity", "--target", "alone")
        self.assertEqual(status, 3, out)
        self.assertIn("not compared: needs the service core beside it", out)

    def test_nothing_in_common_fails_the_command_too(self) -> None:
        place = self.folder / "scenarios" / "key.yaml"
        place.parent.mkdir()
        text = (PROJECT / "scenarios" / "key.yaml").read_text()
        place.write_text(text.replace("at: $.CreateKeyResponse.key", "at: $.CreateKeyResponse.kee"))
        status, out = self.run_command("parity", "--target", "both", str(place))
        self.assertEqual(status, 1, out)
        self.assertIn("  nothing is on both sides: look at 'at' and 'names' of the parity\n", out)

    def test_nothing_in_common_is_a_finding(self) -> None:
        one = Parity(
            name="p",
            mark=Mark(path="s.yaml", line=1),
            above=Side(call="a", at=JsonPath("$.x")),
            below=Side(call="b", at=JsonPath("$")),
        )
        (found,) = broken(one, mapped(one, {"x": {"p": 1}}, {"q": 1}))
        self.assertIn(
            "expected a property that $ of 'b' has too as in the API below, got nothing", word(found)
        )
        self.assertEqual(list(broken(one, mapped(one, {"x": {"p": 1}}, {"p": 1.0}))), [])


class CausesTest(SeveralTest):
    """A break in the API below is the cause of what fails after it."""

    SCENARIO = """
        scenario: what stands above
        id: 5a0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c02
        services: [front, core: 1.5]
        calls:
          - name: the core is there
            on: core
            GET: /keys/none
            expect: {status: 200}
          - name: front is too
            on: front
            POST: /
            form: {Name: a}
            expect: {status: 201}
    """

    def scenario(self) -> str:
        path = self.folder / "scenarios" / "above.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(self.SCENARIO))
        return str(path)

    def test_it_is_named_on_each_call_and_at_the_end(self) -> None:
        status, out = self.run_command("run", "--target", "both", self.scenario())
        self.assertEqual(status, 1, out)
        self.assertIn("after call 'the core is there', which failed in an API below: mend that first", out)
        self.assertIn(
            "cause below: GET /keys/none on core ('the core is there'): expected status 200, got 404; "
            "1 call in 1 case failed after it",
            out,
        )

    def test_a_waiver_of_the_cause_covers_what_it_causes(self) -> None:
        waivers = self.folder / "waivers.yaml"
        (self.folder / "contract-tests.yaml").write_text(
            f"services: [{PROJECT}/services]\nschemas: [{PROJECT}/schemas]\n"
            f"targets: [{PROJECT}/targets.yaml]\nwaivers: [waivers.yaml]\n"
        )
        one = (
            "waivers:\n  - {rule: '*', service: front, call: 'above: the core is there', "
            "reason: the core of this test has no keys, link: test_several, expires: EXPIRES}\n"
        )
        for expires, expected in (("2999-12-31", 0), ("2001-01-01", 1)):
            with self.subTest(expires):
                waivers.write_text(one.replace("EXPIRES", expires))
                config = ["--config", str(self.folder / "contract-tests.yaml")]
                status, out = self.run_command("run", "--target", "both", *config, self.scenario())
                self.assertEqual(status, expected, out)
                self.assertEqual("2 failing calls are waived" in out, expected == 0)
                self.assertEqual("expired on 2001-01-01" in out, expected == 1)

    def test_a_failure_above_is_no_cause(self) -> None:
        text = self.SCENARIO.replace("expect: {status: 200}", "expect: {status: 404}")
        self.SCENARIO = text
        _, out = self.run_command("run", "--target", "both", self.scenario())
        self.assertNotIn("below", out)

    def test_a_comparison_names_it_first(self) -> None:
        import several_apps

        for folder, broken_now in (("old", False), ("new", True)):
            several_apps.BROKEN[:] = ["all"] if broken_now else []
            several_apps.KEYS["none"] = ("print", "by")
            self.run_command(
                "run", "--target", "both", "--record", str(self.folder / folder), self.scenario()
            )
        several_apps.BROKEN.clear()
        del several_apps.KEYS["none"]
        status, out = self.run_command(
            "compare",
            str(self.folder / "old"),
            str(self.folder / "new"),
            "--scenarios",
            str(self.folder / "scenarios"),
        )
        self.assertEqual(status, 1, out)
        first, then = out.partition("  BREAK ")[2].split("  BREAK ")
        self.assertIn("on core", first)
        self.assertNotIn("after a break", first)
        self.assertIn("after a break in an API below: above: the core is there; mend that first", then)


if __name__ == "__main__":
    unittest.main()
