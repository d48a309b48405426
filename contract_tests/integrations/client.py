"""A small client of a live target, with its identities and its services' dialects, for tests by hand."""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping
from typing import Any

from contract_tests.checks.response import Context, check_response
from contract_tests.cli.open import open_services
from contract_tests.cli.settings import Settings
from contract_tests.errors import UsageError
from contract_tests.execution.runner import Job
from contract_tests.loading.library import Library
from contract_tests.loading.source import nearest
from contract_tests.model.finding import Mark
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Expectation
from contract_tests.model.service import Service
from contract_tests.reporters.words import message


class Client:
    """Sends requests to the services of one live target. Close it, or use it with `with`.

    UsageError and TransportError as the command line's; UsageError where the target is a recording, which
    answers nothing but its own cases.
    """

    def __init__(self, settings: Settings) -> None:
        library = Library(settings.places)
        names = settings.services or library.service_names()
        services = {name: service for name in names if (service := library.service(name)) is not None}
        library.raise_problems()
        self._library = library
        self._services: Mapping[str, Service] = services
        self._opened = open_services(library, services, (), settings.wanted, settings.choice)
        self._jobs: dict[str, Job] = {job.deployment.service: job for job in self._opened.jobs}
        if any(job.replay for job in self._jobs.values()):
            self.close()
            raise UsageError("--target: this is a recording, which answers its own cases only; name a URL")

    def request(
        self,
        method: str,
        target: str,
        *,
        service: str = "",
        role: str = "admin",
        microversion: str | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """What the service answers. `target` is the path below its endpoint, with its query.

        `service` may be left out where there is one; `microversion` None asks for none.
        """
        job, known = self._job(service)
        pairs = {"Accept": "application/json", **(headers or {})}
        body = None
        if json is not None:
            pairs.setdefault("Content-Type", "application/json")
            body = json_module.dumps(json).encode()
        request = Request(
            method=method.upper(), target=target, headers=tuple(pairs.items()), body=body, role=role
        )
        channel = job.transport.open()
        try:
            return channel.send(known.dialect.ask(request, microversion))
        finally:
            channel.close()

    def get(self, target: str, **options: Any) -> Response:
        """`request` with GET."""
        return self.request("GET", target, **options)

    def post(self, target: str, **options: Any) -> Response:
        """`request` with POST."""
        return self.request("POST", target, **options)

    def put(self, target: str, **options: Any) -> Response:
        """`request` with PUT."""
        return self.request("PUT", target, **options)

    def delete(self, target: str, **options: Any) -> Response:
        """`request` with DELETE."""
        return self.request("DELETE", target, **options)

    def check(
        self,
        response: Response,
        *,
        status: int | tuple[int, ...] = (),
        schema: str = "",
        microversion: str | None = None,
        service: str = "",
    ) -> None:
        """AssertionError with every finding where the response is not as told.

        `schema` is the name of one of the service's, taken as it is at `microversion`.
        """
        _, known = self._job(service)
        order = known.dialect.order
        expect = Expectation(
            status=(status,) if isinstance(status, int) else status,
            schema=self._library.schema(known.name, schema) if schema else None,
        )
        self._library.raise_problems()
        if schema and expect.schema is None:
            raise UsageError(f"there is no schema '{schema}' of {known.name}")
        version = order.parse(microversion) if order is not None and microversion else known.minimum
        context = Context(mark=Mark(), variables={}, service=known, microversion=version)
        findings = check_response(expect, response, context)
        if findings:
            raise AssertionError("\n".join(message(one, known.secrets) for one in findings))

    def _job(self, service: str) -> tuple[Job, Service]:
        if not service and len(self._jobs) == 1:
            (service,) = self._jobs
        if service not in self._jobs:
            known = ", ".join(self._jobs)
            what = f"no service '{service}'" if service else f"more than one service ({known})"
            raise UsageError(f"the target has {what}; {nearest(service, self._jobs, 'say service=NAME')}")
        return self._jobs[service], self._services[service]

    def close(self) -> None:
        self._opened.__exit__()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
