"""A case's variables: what every case has, and what its scenario makes."""

from __future__ import annotations

import uuid
from typing import Any

from contract_tests.model.case import Case
from contract_tests.model.scenario import Call
from contract_tests.model.target import Deployment
from contract_tests.model.template import render


def case_variables(case: Case, deployment: Deployment) -> dict[str, Any]:
    """The variables at the start of a case.

    Generated values hang on the scenario's id, the microversion and the variable's name, so that every run of
    a case, and its recording, has the same; and on the deployment's salt where this run is to have its own.
    """
    at = str(case.microversion or "")
    variables: dict[str, Any] = {"microversion": at, "endpoint": deployment.endpoint}
    for name, end in (("min_microversion", "low"), ("max_microversion", "high")):
        variables[name] = str(getattr(deployment.range, end) or "") if deployment.range is not None else ""
    for name, (kind, value) in case.scenario.variables:
        variables[name] = (
            _generate(value, case.scenario.id, f"{at}/{name}{deployment.salt}")
            if kind == "generate"
            else render(value, variables)
        )
    return variables


def fresh_variables(case: Case, call: Call, deployment: Deployment, at: str) -> dict[str, str]:
    """Other values of the variables that a trial has for itself; `at` tells it from the other trials."""
    fresh = call.trial.fresh if call.trial is not None else ()
    version = str(case.microversion or "")
    return {
        name: _generate(kind, case.scenario.id, f"{version}/{name}/{at}{deployment.salt}")
        for name, kind in fresh
    }


def _generate(kind: str, scenario: str, name: str) -> str:
    made = uuid.uuid5(uuid.UUID(scenario), name)
    return {
        "uuid": str(made),
        "hex": made.hex,
        "name": f"ct-{made.hex[:12]}",
        "constant": f"CT_{made.hex[:12].upper()}",
    }[kind]
