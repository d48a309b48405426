"""Real services from the lab: green live, green from what was recorded, and twins of the shipped recordings.

`tox -e functional` takes the newest release of those in QUICK. With CONTRACT_TESTS_LAB=all (`tox -e lab`)
it is every release of every deployment, which takes hours; `keystone@15.0.1 cinder` chooses two, and
`nova-full#smoke` only the cases with a tag.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contract_tests.cli.main import main
from contract_tests.lab.environment import Unavailable, find_python, install
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library
from contract_tests.model.recipe import Recipe

QUICK = "keystone cloudkitty nova-full#smoke"
PATIENT = ("--timeout", "600")
"""A slow machine's services may take long for an answer."""
SHIPPED = Path(__file__).resolve().parents[2] / "cassettes"
DEPLOYMENTS = Library(Places().with_shipped()).deployments()


def chosen(words: str) -> Iterator[tuple[Recipe, str]]:
    """The releases that CONTRACT_TESTS_LAB names, each with a tag or "".

    They are `all`, `keystone` (its newest), `keystone@15.0.1`, each of the last two with `#TAG` or without.
    """
    for word in DEPLOYMENTS if words == "all" else words.split():
        what, _, tag = word.partition("#")
        name, _, release = what.partition("@")
        recipes = DEPLOYMENTS[name].recipes
        some = recipes.values() if words == "all" else [recipes[release or DEPLOYMENTS[name].default]]
        yield from ((recipe, tag) for recipe in some)


def run(*arguments: str) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    return status, out.getvalue() or err.getvalue()


def outcomes(path: Path) -> dict[str, Any]:
    return {case["id"]: (case["outcome"], case["calls"]) for case in json.loads(path.read_text())["cases"]}


def secrets(identities: Any, name: str = "") -> Iterator[str]:
    """The tokens and passwords in a deployment's identities."""
    if isinstance(identities, Mapping):
        for key, value in identities.items():
            yield from secrets(value, key)
    elif isinstance(identities, str) and name.lower() in ("token", "password", "x-auth-token"):
        yield identities


class TestServices(unittest.TestCase):
    maxDiff = None

    def hold(self, recipe: Recipe, tag: str) -> None:
        options = ("--no-matrix", *(("--tag", tag) if tag else ()))
        for one in (recipe, *(DEPLOYMENTS[name].recipes[release] for name, release in recipe.needs.items())):
            try:
                find_python(one.series.python)
                install(one, print)
            except Unavailable as error:
                self.skipTest(f"{one.name} {one.release}: {error}")
        with tempfile.TemporaryDirectory() as name:
            live, replayed, recorded = (Path(name, part) for part in ("live.json", "replay.json", "recorded"))
            command = [sys.executable, "-m", "contract_tests", "lab", "record", recipe.name, recipe.release]
            done = subprocess.run(
                [*command, "--to", str(recorded), "--once", "--", *options, *PATIENT, "--json", str(live)],
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            status, text = run(
                *("run", "--service", recipe.service, "--recordings", str(recorded)),
                *(*options, "--json", str(replayed)),
            )
            self.assertEqual(0, status, text)
            self.assertEqual(outcomes(live), outcomes(replayed))
            (made,) = (recorded / recipe.service).iterdir()
            self.compare_with_shipped(SHIPPED / recipe.service / made.name, made)
            texts = {str(path): path.read_text() for path in Path(name).rglob("*") if path.is_file()}
            self.look_for_secrets(recipe, {**texts, "output": done.stdout + done.stderr})

    def look_for_secrets(self, recipe: Recipe, texts: dict[str, str]) -> None:
        """The identities' own, tokens as Keystone makes them, private keys as Nova makes them."""
        own = [re.escape(secret) for secret in secrets(recipe.identities)]
        pattern = re.compile("|".join([*own, r"gAAAA[\w-]{20}", r"BEGIN [A-Z ]*PRIVATE KEY"]))
        self.assertEqual([], [path for path, text in texts.items() if pattern.search(text)])

    def compare_with_shipped(self, shipped: Path, made: Path) -> None:
        """Of one release nothing differs that a client would see, but what its recording calls noise.

        The order of what a service keeps in a set may (INFO), also where the twins agreed by chance.
        """
        if not shipped.is_dir():
            return
        _, text = run("compare", str(shipped), str(made), "--json")
        (found,) = json.loads(text)
        self.assertEqual([], [one for one in found["changes"] if one["verdict"] not in ("OK", "INFO")])


def _tests() -> None:
    for recipe, tag in chosen(os.environ.get("CONTRACT_TESTS_LAB") or QUICK):

        def test(self: TestServices, recipe: Recipe = recipe, tag: str = tag) -> None:
            self.hold(recipe, tag)

        name = f"test_{recipe.name}_{recipe.release}".replace(".", "_").replace("-", "_")
        setattr(TestServices, name, test)


_tests()
