"""The jobs for Zuul: their keys are Zuul's own, and the files that they name are there."""

from __future__ import annotations

import os
import subprocess
import unittest
from pathlib import Path
from typing import Any

import yaml

from contract_tests.loading.config import SHIPPED

ROOT = Path(__file__).resolve().parents[2]
KEYS = yaml.safe_load((ROOT / "tests" / "data" / "zuul_keys.yaml").read_text())
ENTRIES = yaml.safe_load((ROOT / ".zuul.yaml").read_text())
JOBS = [entry["job"] for entry in ENTRIES if "job" in entry]
PLAYBOOKS = ("pre-run", "run", "post-run")


def texts(value: Any) -> list[str]:
    """A text, or each of a list."""
    return [value] if isinstance(value, str) else list(value or ())


class TestZuul(unittest.TestCase):
    def test_every_key_is_one_of_zuuls(self) -> None:
        self.assertEqual({"job", "project"}, {key for entry in ENTRIES for key in entry})
        for job in JOBS:
            self.assertLessEqual(set(job), set(KEYS["job"]), job["name"])
            for one in job.get("required-projects", ()):
                self.assertLessEqual(set(one), set(KEYS["required_project"]), job["name"])
        for project in (entry["project"] for entry in ENTRIES if "project" in entry):
            for name in project.keys() - set(KEYS["project"]):
                self.assertLessEqual(set(project[name]), set(KEYS["pipeline"]), name)

    def test_an_unknown_key_would_be_told(self) -> None:
        self.assertNotIn("pre_run", KEYS["job"])

    def test_a_job_has_a_name_a_parent_and_says_what_it_does(self) -> None:
        names = [job["name"] for job in JOBS]
        self.assertEqual(len(names), len(set(names)))
        for job in JOBS:
            self.assertTrue(job["parent"] and job["description"], job["name"])

    def test_the_pipelines_run_jobs_that_are_there(self) -> None:
        known = {job["name"] for job in JOBS}
        for entry in ENTRIES:
            for pipeline in entry.get("project", {}).values():
                jobs = [next(iter(one)) if isinstance(one, dict) else one for one in pipeline["jobs"]]
                self.assertLessEqual(set(jobs), known)

    def test_playbooks_and_roles_are_there(self) -> None:
        for job in JOBS:
            for path in (path for key in PLAYBOOKS for path in texts(job.get(key))):
                self.assertTrue((ROOT / path).is_file(), path)
        for playbook in (ROOT / "playbooks").rglob("*.yaml"):
            plays = yaml.safe_load(playbook.read_text())
            own = {role["role"] for play in plays for role in play.get("roles", ())}
            for role in own - {"ensure-python", "ensure-virtualenv"}:  # zuul-jobs brings these
                self.assertTrue((ROOT / "roles" / role / "tasks" / "main.yaml").is_file(), role)

    def test_the_policy_and_the_services_are_there(self) -> None:
        grenade = next(job for job in JOBS if job["name"] == "contract-tests-grenade")["vars"][
            "grenade_localrc"
        ]
        self.assertTrue((SHIPPED / "policies" / f"{grenade['CONTRACT_TESTS_POLICY']}.yaml").is_file())
        for service in grenade["CONTRACT_TESTS_SERVICES"].split():
            self.assertTrue((SHIPPED / "services" / f"{service}.yaml").is_file())

    def test_grenade_hands_the_job_s_variables_on(self) -> None:
        """Grenade sources its localrc, then our settings; resources.sh is a process of its own."""
        localrc = "CONTRACT_TESTS_SERVICES='placement nova'\nregister_project_for_upgrade() { :; }\n"
        settings = ROOT / "devstack" / "upgrade" / "settings"
        script = f"set -u\n{localrc}source '{settings}'\nbash -c 'echo $CONTRACT_TESTS_SERVICES; env'"
        done = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, check=True, env={"PATH": os.defpath}
        )
        self.assertEqual("placement nova", done.stdout.splitlines()[0])
        self.assertNotIn("CONTRACT_TESTS_OUTPUT", done.stdout)  # what nobody set keeps its default

    def test_the_scripts_of_devstack_are_shell(self) -> None:
        for script in [*(ROOT / "devstack").rglob("*.sh"), *(ROOT / "devstack").rglob("settings")]:
            done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
            self.assertEqual((0, ""), (done.returncode, done.stderr))
