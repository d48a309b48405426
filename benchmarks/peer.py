"""The peer's tests, made from the same cases: pytest + vcrpy + requests + jsonschema, one test a case.

The peer is spared whatever a person could have written into a test by hand: its calls come as JSON with
every variable filled in, its JSON paths as lists of keys. So it parses no scenario and renders no template.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from contract_tests.execution.requests import asked_version
from contract_tests.execution.runner import Job
from contract_tests.model.case import Case
from contract_tests.model.http import Request, Response
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.matcher import Matcher
from contract_tests.model.scenario import Call
from contract_tests.model.template import Template, render

MODULE = Path(__file__).parent / "peer_tests.py"


class Export:
    """Turns calls into what the peer reads; each schema once, by a number."""

    def __init__(self) -> None:
        self.schemas: list[Mapping[str, Any]] = []
        self._numbers: dict[int, int] = {}

    def observer(self, case: Case, job: Job, steps: list[Mapping[str, Any]]) -> Callable[..., None]:
        """What `run_case` tells each answer to; it adds a step for the peer."""

        def observe(call: Call, request: Request, response: Response, variables: Mapping[str, Any]) -> None:
            if call.poll is None:
                steps.append(self._step(case, job, call, request, variables))

        return observe

    def _step(
        self, case: Case, job: Job, call: Call, request: Request, variables: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return {
            "name": call.name,
            "method": request.method,
            "url": request.target if "://" in request.target else job.transport.endpoint + request.target,
            "headers": dict(request.headers),
            "body": request.body.decode() if request.body is not None else None,
            "follow": request.follow,
            "expect": self._expect(case, call, request, variables),
        }

    def _expect(
        self, case: Case, call: Call, request: Request, variables: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        expect = call.expect
        if expect is None:
            return None
        found: dict[str, Any] = {
            "status": expect.status,
            "headers": [(name, _matcher(matcher, variables)) for name, matcher in expect.headers],
            "json": [(_path(path, variables), _matcher(matcher, variables)) for path, matcher in expect.json],
            "text": _matcher(expect.text, variables) if expect.text is not None else None,
            "body": expect.body,
            "schema": self._schema(expect.schema.at(case.microversion))
            if expect.schema is not None
            else None,
            "sha256": expect.sha256,
        }
        profile, version = case.scenario.service.profile, case.microversion
        if profile is None or version is None or request.target.partition("?")[0] in profile.exempt:
            return found
        if asked_version(call, variables, version.text) == version.text:
            carriers = case.scenario.service.dialect.carriers
            found["echo"] = (profile.echo, [(one.name, one.form.format(version.text)) for one in carriers])
            found["vary"] = (profile.vary, [one.name.lower() for one in carriers])
        return found

    def _schema(self, document: Mapping[str, Any]) -> int:
        if id(document) not in self._numbers:
            self._numbers[id(document)] = len(self.schemas)
            self.schemas.append(document)
        return self._numbers[id(document)]


def write_peer(folder: Path, cases: Mapping[str, Sequence[Mapping[str, Any]]], export: Export) -> None:
    """The peer's folder: its test module, its cases (a file a scenario) and the schemas."""
    (folder / "cases").mkdir(parents=True)
    shutil.copy(MODULE, folder / "test_contract.py")
    (folder / "schemas.json").write_text(json.dumps(export.schemas))
    for slug, own in cases.items():
        (folder / "cases" / f"{slug}.json").write_text(json.dumps(own))


def _matcher(matcher: Matcher, variables: Mapping[str, Any]) -> tuple[str, Any]:
    if isinstance(matcher.operand, Matcher):
        return matcher.operator, {"matcher": _matcher(matcher.operand, variables)}
    return matcher.operator, render(matcher.operand, variables)


def _path(path: JsonPath | Template, variables: Mapping[str, Any]) -> Any:
    """The keys and indexes of a path; where it is not that plain its text (in a mapping: for one value)."""
    plain = JsonPath(path.render(variables)) if isinstance(path, Template) else path
    if plain.steps is not None:
        return list(plain.steps)
    return {"one": plain.source} if plain.singular else plain.source
