"""What a stranger wrote into scenarios and answers is shown, and nothing that shows it obeys it."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

from contract_tests.cli.main import main
from contract_tests.reporters.harmless import cell, harmless, printable
from tests.unit.fronts import ROOT

EVIL = (
    "\x1b[31mred\x1b]0;title\x07\n::error::PWNED\r\n  ::set-output name=a::b\n##[add-mask]x ##vso[task.a]b\n"
    "%0A::x::\n| a | b |\n<script>alert(1)</script>![i](http://evil.example/i) `code` @someone ]]>"
    "\u202eturned\u2028\x85\x9b31m"
)
APPLICATION = f"""
import json
EVIL = {EVIL!r} + chr(0)

def application(environ, start_response):
    headers = [("Content-Type", "application/json"), ("X-Evil", "<script>|::error::PWNED" + chr(27) + "[31m")]
    start_response("500 Oops|<script>::error::PWNED" + chr(27) + "[31m", headers)
    return [json.dumps({{"a": EVIL, EVIL: 1}}).encode()]

def text(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [EVIL.encode()]
"""
CALLS = [
    {
        "name": f"call {EVIL}",
        "GET": "/a",
        "expect": {"status": 200, "json": {"$.a": EVIL}, "headers": {"X-Evil": "v"}},
    },
    {"name": "text", "GET": "/b", "expect": {"status": 200, "text": "b"}},
]
SCENARIO = {
    "scenario": f"title {EVIL}",
    "id": "0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c07",
    "service": "toy",
    "calls": CALLS,
}
KINDS = ("json", "junit", "sarif", "markdown", "github", "events", "subunit")
COMMAND = re.compile(r"^\s*::[A-Za-z]|##\[|##vso\[")


class TestTexts(unittest.TestCase):
    def test_printable(self) -> None:
        for before, after in (
            ("plain: é ::error::", "plain: é ::error::"),
            ("a\x1b[31m\u202e\n", "a\\x1b[31m\\x202e\\x0a"),
            ("  ::error::x", "  \\::error::x"),
            ("::1 is loopback", "::1 is loopback"),
            ("so ##[group]x ##vso[task]y", "so ##\\[group]x ##\\vso[task]y"),
        ):
            with self.subTest(before=before):
                self.assertEqual(after, printable(before))
        self.assertEqual("a\n\\::error::x\\x0d\n", harmless("a\n::error::x\r\n"))

    def test_a_cell_of_a_table(self) -> None:
        self.assertEqual(
            "a \\| \\\\\\| b &lt;i> &amp;amp; \\[l\\](u) \\`c\\`", cell("a | \\| b\n<i> &amp; [l](u) `c`")
        )
        self.assertEqual("toy/a@1.0 @&#8203;team", cell("toy/a@1.0 @team"))


class TestStranger(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory())).resolve()
        files = {
            "contract-tests.yaml": "scenarios: [scenarios]\nservices: [services]\nrecordings: [recordings]\n",
            "services/toy.yaml": f"service: toy\ntitle: {json.dumps(EVIL)}\nversion: {{dialect: none}}\n",
            "scenarios/one.yaml": json.dumps(SCENARIO),
            "hostile.py": APPLICATION,
            "checks.py": "from contract_tests.integrations.unittest import load\nload(__name__)\n",
        }
        for name, text in files.items():
            (cls.folder / name).parent.mkdir(exist_ok=True)
            (cls.folder / name).write_text(text)

    def command(self, *arguments: str) -> str:
        out = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            main(arguments)
        self.assertNotIn("Traceback", out.getvalue())
        return out.getvalue()

    def check(self, text: str, *, commands: bool = False) -> None:
        """No control character, and (but for GitHub's own report) no command of a CI system."""
        self.assertEqual([], [c for c in text if not c.isprintable() and c not in "\n\t"][:9])
        if not commands:
            self.assertEqual([], [line for line in text.split("\n") if COMMAND.search(line)])

    def test_a_run_and_its_reports(self) -> None:
        reports = [f"--{kind}=report.{kind}" for kind in KINDS]
        out = self.command("run", "--target", "wsgi:hostile:application", "-v", *reports)
        self.assertIn("PWNED", out)
        self.check(out)
        found = {kind: (self.folder / f"report.{kind}").read_bytes() for kind in KINDS}
        for kind in set(KINDS) - {"subunit"}:
            with self.subTest(kind):
                self.check(found[kind].decode(), commands=kind == "github")
        json.loads(found["json"])
        json.loads(found["sarif"])
        self.assertIn("PWNED", ElementTree.fromstring(found["junit"]).find(".//failure").text)
        for line in found["github"].decode().splitlines():
            self.assertRegex(
                line, r"^::error file=scenarios/one.yaml,line=1,col=\d+,title=contract%3A [a-z-]+::"
            )
            self.assertNotRegex(line, "%0A|%0D")
        markdown = found["markdown"].decode()
        self.assertNotRegex(markdown, r"<script|(?<!\\)\[i|(?<!\\)`code|[^\w]@someone")
        rows = [line for line in markdown.splitlines() if line.startswith("| `")]
        self.assertEqual({5}, {len(re.findall(r"(?<!\\)\|", row)) for row in rows})

    def test_other_commands(self) -> None:
        for target, release in (("application", "1"), ("text", "2")):
            self.check(
                self.command(
                    "run",
                    "--target",
                    f"wsgi:hostile:{target}",
                    "--record",
                    "recordings",
                    "--release",
                    release,
                )
            )
        for arguments in (
            ("list",), ("list", "--cases"), ("services",), ("run",), ("lint",), ("history", "toy"),
            ("coverage",),
            ("compare", "recordings/toy/1", "recordings/toy/2", "-v"),
            ("compare", "recordings/toy/1", "recordings/toy/2", "--markdown"),
            ("compare", "recordings/toy/1", "recordings/toy/2", "--json"),
            ("discover", "--target", "wsgi:hostile:application"),
        ):  # fmt: skip
            with self.subTest(arguments=arguments):
                self.check(self.command(*arguments))

    def test_the_fronts(self) -> None:
        target = "wsgi:hostile:text"
        for arguments in (
            ("unittest", "checks"),
            ("pytest", "-p", "no:cacheprovider", "--color=no", f"--contract-target={target}", "scenarios"),
        ):
            with self.subTest(front=arguments[0]):
                done = subprocess.run(
                    [sys.executable, "-m", *arguments],
                    cwd=self.folder, capture_output=True, text=True, check=False,
                    env={"PATH": "", "PYTHONPATH": str(ROOT), "CONTRACT_TESTS_OPTIONS": f"--target {target}"},
                )  # fmt: skip
                self.assertIn("PWNED", done.stdout + done.stderr)
                self.check(done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
