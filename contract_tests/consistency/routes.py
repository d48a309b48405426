"""Which template a path is of: an operation of the service's file, or what the scenarios write."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

from contract_tests.consistency.rule import is_parameter
from contract_tests.model.scenario import Scenario
from contract_tests.model.service import Service
from contract_tests.model.template import Template, Variable

_ID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-f]{32}|\d+")


class Routes:
    """The templates of one service's paths."""

    def __init__(self, service: Service, scenarios: Iterable[Scenario]) -> None:
        self.operations = sorted(
            {operation.path: operation.pattern for operation in service.operations}.items(),
            key=lambda item: (item[0].count("{"), -len(item[0])),
        )
        self.with_parameter = {
            tuple(parts[:at])
            for scenario in scenarios
            for history in scenario.histories
            for _, call in history.stages
            for parts in [template_of(call.target)]
            for at, part in enumerate(parts)
            if at and is_parameter(part)
        }
        self.find = functools.lru_cache(maxsize=8192)(self._find)

    def _find(self, path: str, template: tuple[str, ...]) -> str:
        """The route of a path. `template` is how the scenario writes it.

        The operation with the fewest parameters that matches; where none does, the scenario's own: in it
        a segment is a parameter too where another scenario has a variable in its place, or where it looks
        like an id.
        """
        for route, pattern in self.operations:
            if pattern.fullmatch(path):
                return route
        parts: list[str] = []
        for part in template:
            known = tuple(parts) in self.with_parameter
            parts.append("{id}" if is_parameter(part) or known or _looks_like_id(part) else part)
        return "/" + "/".join(parts)


def _looks_like_id(segment: str) -> bool:
    return bool(_ID.fullmatch(segment))


def template_of(target: Any) -> tuple[str, ...]:
    """The segments of a call's path; one with a variable in it is `{id}`."""
    if not isinstance(target, Template):
        return tuple(part for part in str(target).partition("?")[0].split("/") if part)
    text = "".join("{id}" if isinstance(part, Variable) else part for part in target.parts)
    return tuple("{id}" if "{id}" in part else part for part in text.partition("?")[0].split("/") if part)
