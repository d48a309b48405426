"""From recordings to drafts of response schemas: the answers of each operation, over all microversions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract_tests.comparison.correlation import Correlation, path_patterns, shape
from contract_tests.comparison.drafting import Sample, draft
from contract_tests.execution.compare import answers
from contract_tests.execution.runner import Job
from contract_tests.model.http import MISSING, Request
from contract_tests.model.microversion import Microversion
from contract_tests.model.service import Operation, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft of one operation's response schema, and the answers that it was made from."""

    name: str
    operation: str
    schema: Mapping[str, Any]
    overlays: Mapping[Microversion, Mapping[str, Any]]
    samples: Sequence[Sample]


def infer(service: Service, jobs: Sequence[Job]) -> Iterator[Draft]:
    """A draft for each operation that was answered with JSON, in order of their names.

    Only successes count: errors have one schema for a whole service.
    """
    same = Correlation(free_form=path_patterns(service.free_form))
    samples: dict[str, list[Sample]] = {}
    for job in jobs:
        for case in job.cases:
            if case.skip:
                continue
            given = answers(case, job.transport, job.deployment, replay=job.replay)
            for call, (request, response) in given.responses.items():
                if request.service not in ("", service.name):
                    continue
                if 200 <= response.status < 300 and response.json is not MISSING:
                    operation = operation_of(service, request, case.microversion)
                    sample = Sample(
                        call=f"{job.deployment.name}/{case.scenario.slug}: {call}",
                        microversion=case.microversion,
                        document=response.json,
                    )
                    samples.setdefault(operation, []).append(sample)
    for operation in sorted(samples):
        schema, overlays = draft(samples[operation], same)
        yield Draft(
            name=file_name(operation),
            operation=operation,
            schema=schema,
            overlays=overlays,
            samples=samples[operation],
        )


def operation_of(service: Service, request: Request, version: Microversion | None) -> str:
    """The operation of a request by the service's file, or its method and path with ids left out."""
    path = request.target.partition("?")[0]
    fitting = [
        one
        for one in service.operations
        if one.method == request.method and one.pattern.fullmatch(path) and _has(one, version)
    ]
    if fitting:
        return min(fitting, key=lambda one: one.path.count("{")).name
    parts = ["{id}" if shape(part) in ("uuid", "hex") else part for part in path.split("/")]
    return f"{request.method} {'/'.join(parts)}"


def _has(operation: Operation, version: Microversion | None) -> bool:
    if version is None:
        return True
    return (operation.since is None or operation.since <= version) and (
        operation.until is None or version <= operation.until
    )


def file_name(operation: str) -> str:
    """`GET /servers/{id}/ips` as `get_servers_id_ips`."""
    method, _, path = operation.lower().partition(" ")
    return "_".join((method, *(re.findall(r"[a-z0-9]+", path) or ["root"])))
