"""Real services from the lab: what discover reads of each equals what keystoneauth reads of it.

`tox -e functional` takes one; with CONTRACT_TESTS_LAB=all (`tox -e lab`) it is every release of every
deployment, as in test_lab_services.
"""

from __future__ import annotations

import json
import os
import tempfile
import unittest
from pathlib import Path
from typing import Any

from contract_tests.cli.lab_command import target_options
from contract_tests.lab.environment import Unavailable
from contract_tests.lab.launcher import running
from contract_tests.model.recipe import Recipe
from tests.functional.test_lab_services import DEPLOYMENTS, chosen, run

RECIPES = {f"{one.name}@{release}": one for d in DEPLOYMENTS.values() for release, one in d.recipes.items()}
NEEDS_TOKEN = {"discovery-link", "discovery-client"}
EXPLAINED = {
    "ec2": {"discovery-document"},  # it has no version document
    # What the links lead to needs a token; openstacksdk follows one without, and finds no version.
    **dict.fromkeys(("glance", "cinder", "neutron", "manila", "nova", "barbican"), NEEDS_TOKEN),
    # Its links lead nowhere; 8.0.1 has no CURRENT, and is a bare list, which keystoneauth does not read.
    "cloudkitty": {"discovery-link", "discovery-current", "discovery-client"},
}
"""By service, the findings on version documents that are told in doc/source/user/discovery.rst."""


def plain(name: str) -> str:
    """`v1` and `v3.14` as keystoneauth has them: 1.0 and 3.14."""
    digits = name.removeprefix("v")
    return digits if "." in digits else f"{digits}.0"


class TestDiscovery(unittest.TestCase):
    maxDiff = None

    def hold(self, recipe: Recipe) -> None:
        with tempfile.TemporaryDirectory() as folder:
            try:
                with running(recipe, RECIPES, print) as started:
                    options = target_options(started, Path(folder, "targets.yaml"))
                    _, text = run("discover", *options, "--json")
            except Unavailable as error:
                self.skipTest(str(error))
        (found,) = json.loads(text)
        self.assertEqual("", found["problem"])
        told: dict[str, Any] = {one["client"]: one for one in found["clients"]}
        read = told["keystoneauth"]["versions"] if "keystoneauth" in told else []
        rules = {one["rule"] for one in found["findings"]}
        if read or "discovery-client" not in rules:
            own = [[plain(one["id"]), one["low"], one["high"]] for one in found["versions"]]
            self.assertEqual(sorted(own), sorted(read))
        self.assertEqual(set(), rules - EXPLAINED.get(recipe.service, set()), found["findings"])


def _tests() -> None:
    for recipe, _ in chosen(os.environ.get("CONTRACT_TESTS_LAB") or "keystone"):

        def test(self: TestDiscovery, recipe: Recipe = recipe) -> None:
            self.hold(recipe)

        setattr(
            TestDiscovery, f"test_{recipe.name}_{recipe.release}".replace(".", "_").replace("-", "_"), test
        )


_tests()
