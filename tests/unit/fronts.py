"""A small project for the tests of all fronts, and how they are run: each in a process of its own.

Its service, an application, has ten microversions and four scenarios, a case of which fails: `two` at 1.7.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path

import contract_tests

ROOT = Path(contract_tests.__file__).resolve().parent.parent
TARGET = ("--target", "wsgi:application:application")

SERVICE = """\
service: toy
title: The toy service
version: {dialect: header, header: Toy-Version, order: number, min: 1.0, max: 1.9}
"""
SCENARIO = """\
scenario: the number %s
id: 0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c0%s
service: toy
tags: [%s, numbers]
calls:
  - {name: look, GET: /%s, expect: {status: 200, json: {$.a: 1}}}
"""
APPLICATION = """\
import json, os, signal

def application(environ, start_response):
    path, version = environ["PATH_INFO"], environ.get("HTTP_TOY_VERSION")
    if (path, version) == ("/three", "1.5") and os.environ.get("KILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    start_response("200 OK", [("Content-Type", "application/json")])
    wrong = (path, version) == ("/two", "1.7") and not os.environ.get("RIGHT")
    return [json.dumps({"a": 2 if wrong else 1, "password": "s3cret-passw0rd"}).encode()]
"""
LOADER = """\
from contract_tests.integrations.unittest import load
load(__name__)
"""
NAMES = ("one", "two", "three", "four")
CASES = 40
"""Four scenarios at ten microversions."""


class FrontCase(unittest.TestCase):
    """Has the project in `folder`; files that a test writes there are its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.write("contract-tests.yaml", "scenarios: [scenarios]\nservices: [services]\n")
        self.write("services/toy.yaml", SERVICE)
        for number, name in enumerate(NAMES):
            self.write(f"scenarios/{name}.yaml", SCENARIO % (name, number, name, name))
        self.write("application.py", APPLICATION)
        self.write("checks/__init__.py", "")
        self.write("checks/test_contract.py", LOADER)
        self.write(".stestr.conf", "[DEFAULT]\ntest_path=./checks\ntop_dir=./\n")

    def write(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def run_module(
        self,
        module: str,
        *arguments: str,
        status: int | None = 0,
        options: Sequence[str] = (),
        **environ: str,
    ) -> str:
        """Run `python -m module` in the project, hold its exit status (None: any), give what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(self.folder)]),
                "CONTRACT_TESTS_OPTIONS": " ".join(options),
                "COLUMNS": "200",
                **environ,
            },
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        output = done.stdout + done.stderr
        if status is not None:
            self.assertEqual(status, done.returncode, output)
        self.assertNotIn("s3cret", output)
        return output
