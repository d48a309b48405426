"""What tests of execution, reporters and the command line are built from: small services and transports."""

from __future__ import annotations

import json
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from contract_tests.errors import Miss
from contract_tests.execution.plan import Choice, plan
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library
from contract_tests.model.case import Case
from contract_tests.model.finding import Finding
from contract_tests.model.http import Request, Response
from contract_tests.model.microversion import MicroversionRange
from contract_tests.model.scenario import Scenario
from contract_tests.model.service import Service
from contract_tests.model.target import Deployment

SERVICE = """
service: toy
title: The toy service
version: {dialect: header, header: Toy-Version, order: number, min: 1.0, max: 1.9}
secrets: {json: [coupon]}
"""

HEAD = """
scenario: what is tested
id: 0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c00
service: toy
"""


def library(files: Mapping[str, str]) -> Library:
    """A library of the given files (path below the project -> text)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scenarios").mkdir()
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(text).lstrip())
        places = {kind: (folder / kind,) for kind in ("scenarios", "schemas", "services")}
        found = Library(Places(**places), environ={})
        for service in found.service_names():
            found.service(service)
        found.loaded = found.scenarios()  # type: ignore[attr-defined]
        found.raise_problems()
        return found


def scenario(text: str, service: str = SERVICE, schemas: Mapping[str, str] | None = None) -> Scenario:
    """The scenario whose file is `text` below HEAD (or whole, where it has its own `scenario:`)."""
    body = textwrap.dedent(text).lstrip()
    files = {
        "services/toy.yaml": service,
        "scenarios/what.yaml": body if body.startswith("scenario:") else HEAD.lstrip() + body,
        **{f"schemas/toy/{name}.yaml": schema for name, schema in (schemas or {}).items()},
    }
    (found,) = library(files).loaded.scenarios  # type: ignore[attr-defined]
    return found


def deployment(service: Service, low: str = "", high: str = "", **fields: Any) -> Deployment:
    """A deployment of `service`; the range is that of its file where none is given."""
    order = service.dialect.order
    offered: MicroversionRange | None = None
    if order is not None:
        offered = service.range
        if low or high:
            offered = MicroversionRange(low=order.parse(low), high=order.parse(high))
    fields = {"name": f"{service.name} 1.0.0", "endpoint": f"http://{service.name}.example", **fields}
    return Deployment(service=service.name, range=offered, **fields)


def cases(one: Scenario, place: Deployment, roles: Iterable[str] | None = None, **choice: Any) -> list[str]:
    """The planned cases as `microversion` or `microversion: why it is skipped`."""
    found = plan([one], place, Choice(**choice), None if roles is None else frozenset(roles))
    return [f"{case.microversion}{f': {case.skip}' if case.skip else ''}" for case in found]


def case_at(one: Scenario, version: str = "1.0") -> Case:
    order = one.service.dialect.order
    return Case(scenario=one, microversion=order.parse(version) if order is not None else None)


def answer(status: int = 200, document: Any = None, **headers: str) -> Response:
    """A response; `document` is a JSON body (bytes are sent as they are), headers are named with _ for -."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    body = (
        document
        if isinstance(document, bytes)
        else b""
        if document is None
        else json.dumps(document).encode()
    )
    if body and "content_type" not in headers:
        pairs += (("Content-Type", "application/json"),)
    return Response(status=status, headers=pairs, body=body)


Answer = Response | BaseException
Answers = Mapping[str, Answer | list[Answer]] | Callable[[Request], Answer]


class Transport:
    """Answers from a table (`METHOD target` -> answers; the last one stays), and notes what was sent."""

    endpoint = "http://toy.example"

    def __init__(self, answers: Answers, *, at_close: Answer | tuple[Finding, ...] = ()) -> None:
        self.answers = answers
        self.at_close = at_close
        self.sent: list[str] = []
        self.requests: list[Request] = []
        self.abandoned = 0
        self.closed = 0
        self.lock = threading.Lock()
        self._left = (
            {key: list(value) if isinstance(value, list) else [value] for key, value in answers.items()}
            if isinstance(answers, Mapping)
            else {}
        )

    def open(self, case: Case | None = None) -> Channel:
        return Channel(self)

    def close(self) -> None:
        pass

    def take(self, request: Request) -> Answer:
        with self.lock:
            self.requests.append(request)
            self.sent.append(f"{request.method} {request.target}")
            if callable(self.answers):
                return self.answers(request)
            left = self._left.get(self.sent[-1])
            if left is None:
                return answer(404, {"error": "no such thing"})
            if not left:
                return Miss("nothing is left")
            return left.pop(0) if len(left) > 1 else left[0]


class Channel:
    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def send(self, request: Request, call: object = None) -> Response:
        found = self.transport.take(request)
        if isinstance(found, BaseException):
            raise found
        return found

    def abandon(self) -> None:
        self.transport.abandoned += 1

    def close(self) -> tuple[Finding, ...]:
        self.transport.closed += 1
        if isinstance(self.transport.at_close, BaseException):
            raise self.transport.at_close
        assert isinstance(self.transport.at_close, tuple)
        return self.transport.at_close
