"""`contract-tests negative` from an OpenAPI document, against a tiny server with a planted hole."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import yaml

from contract_tests.cli.main import main
from tests.unit.test_negative import HOLES, SCHEMAS

API = {
    "openapi": "3.1.0",
    "info": {"title": "The harbour", "version": "1"},
    "paths": {
        "/ships": {
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ship"}}}
                }
            }
        }
    },
    "components": {"schemas": {"Ship": yaml.safe_load(SCHEMAS["ship"])}},
}
SCHEMA = "openapi:api.yaml#/paths/~1ships/post/requestBody/content/application~1json/schema"
FILES = {
    "contract-tests.yaml": """
scenarios: [scenarios]
schemas: [schemas]
services: [services]
targets: [targets.yaml]
""",
    "services/toy.yaml": "{service: toy, version: {dialect: none}, errors: {schema: error}}",
    "schemas/toy/error.yaml": SCHEMAS["error"],
    "schemas/toy/api.yaml": yaml.safe_dump(API),
    "scenarios/ships.yaml": f"""
scenario: ships
id: 3c7b3f0e-7a4c-4b43-9f0e-2f3f6f1f2a77
service: toy
vars: {{owner: {{generate: uuid}}}}
calls:
  - name: build
    POST: /ships
    json: {{name: argo, size: 3, kind: sail, owner: "${{owner}}", crew: [{{rank: cook}}]}}
    expect: {{status: 201}}
    save: {{ship: {{header: location}}}}
    negative:
      schema: "{SCHEMA}"
      look: /ships
      undo: [{{DELETE: "${{ship}}"}}]
      without: [query]
""",
    "negative_app.py": """
from contract_tests.model.http import Request
from tests.unit.test_negative import Harbour


def harbour(hole):
    ships = Harbour(hole)

    def application(environ, start_response):
        query = environ.get("QUERY_STRING", "")
        answer = ships(Request(
            method=environ["REQUEST_METHOD"],
            target=environ["PATH_INFO"] + (f"?{query}" if query else ""),
            headers=(("Content-Type", environ["CONTENT_TYPE"]),) if environ.get("CONTENT_TYPE") else (),
            body=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
        ))
        start_response(f"{answer.status} X", list(answer.headers))
        return [answer.body or b""]

    return application


""",
}


class TestCommand(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(sys.modules.pop, "negative_app", None)
        self.root = Path(folder.name)
        holes = {f"hole{at}": hole for at, hole in enumerate(("", *HOLES))}
        self.names = {hole: name for name, hole in holes.items()}
        targets = {name: {"endpoints": {"toy": f"wsgi:negative_app:{name}"}} for name in holes}
        files = {
            **FILES,
            "targets.yaml": yaml.safe_dump({"targets": targets}),
            "negative_app.py": FILES["negative_app.py"]
            + "".join(f"{name} = harbour({hole!r})\n" for name, hole in holes.items()),
        }
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run_on(self, hole: str, *options: str) -> tuple[int, str]:
        out = io.StringIO()
        arguments = ["negative", "--config", str(self.root / "contract-tests.yaml")]
        arguments += ["--target", self.names[hole], *options]
        with contextlib.redirect_stdout(out), mock.patch.object(sys, "path", [str(self.root), *sys.path]):
            status = main(arguments)
        return status, out.getvalue()

    def test_a_server_as_its_document_says_passes(self) -> None:
        status, said = self.run_on("")
        self.assertEqual(0, status, said)
        self.assertRegex(said, r"ships: build +\d\d +\d+ +0 +0\n")

    def test_a_hole_is_found_from_the_document(self) -> None:
        status, said = self.run_on("too long")
        self.assertEqual(1, status, said)
        self.assertIn("failed call 'build: $.name has 9 characters'", said)

    def test_a_hole_is_found_at_random_and_its_smallest_input_is_printed_as_curl(self) -> None:
        for hole, body in (
            ("unknown at the root", '"crew": [{"rank": "cook"}], "": '),
            ("too large", '"size": 10,'),
        ):
            with self.subTest(hole):
                status, said = self.run_on(hole, "--random", "4000", "--seed", "3")
                self.assertEqual(1, status, said)
                again = re.search(r"again: (curl .*--data-raw '(.*)' .*/ships)$", said, re.MULTILINE)
                assert again is not None, said
                self.assertIn(body, again[2])

    def test_without_anything_to_run_against_the_service_file_is_believed(self) -> None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = main(["negative", "--config", str(self.root / "contract-tests.yaml"), "--list"])
        self.assertEqual(0, status)
        self.assertTrue(out.getvalue().startswith("toy/ships on toy, as its file says\n"), out.getvalue())
        self.assertRegex(out.getvalue(), r"""    curl .* "\$ENDPOINT"/ships\n""")

    def test_what_is_known_is_of_the_chosen_scenarios(self) -> None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = main(["negative", "--service", "placement", "--known", "--match", "negative_queries"])
        told = [line for line in out.getvalue().splitlines() if line.startswith("placement/")]
        self.assertEqual(0, status)
        self.assertEqual(["placement/negative_queries"], sorted({line.split(" at ")[0] for line in told}))

    def test_nothing_is_left_where_the_command_was_run(self) -> None:
        arguments = ["negative", "--target", self.names[""], "--random", "5"]
        environ = {**os.environ, "CONTRACT_TESTS_CACHE": str(self.root / "cache")}
        paths = [str(self.root), str(Path(__file__).parents[2]), environ.get("PYTHONPATH", "")]
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        before = {path.name for path in self.root.iterdir()}
        done = subprocess.run(
            [sys.executable, "-m", "contract_tests", *arguments],
            cwd=self.root,
            env=environ,
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        after = {path.name for path in self.root.iterdir()}
        self.assertEqual(before, after - {"__pycache__", "cache"})

    def test_random_inputs_are_counted(self) -> None:
        status, said = self.run_on("", "--random", "50")
        self.assertEqual(0, status, said)
        row = re.search(r"ships: build +(\d+) +(\d+) +0 +0\n", said)
        assert row is not None, said
        self.assertEqual(50, int(row[1]) + int(row[2]))


if __name__ == "__main__":
    unittest.main()
