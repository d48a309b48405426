"""What a rule of consistency is, and what it looks at: the answered calls of a case."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from contract_tests.comparison.facts import Fact
from contract_tests.comparison.places import ITEM, NAME
from contract_tests.comparison.rule import Verdict
from contract_tests.model.http import MISSING, Request, Response

PARAMETER = "{"
"""With this a parameter begins in a route."""

_ACTIONS = ("action", "actions")


@dataclass(frozen=True)
class Exchange:
    """One answered call. `route` is the template of its path: a parameter is `{name}`.

    `data` are the generalised paths of objects in which names are data, in both bodies.
    """

    route: str
    request: Request
    response: Response
    data: tuple[re.Pattern[str], ...] = ()

    @property
    def path(self) -> str:
        """The path that was asked for, without its query."""
        return urlsplit(self.request.target).path.rstrip("/")

    @property
    def succeeded(self) -> bool:
        return 200 <= self.response.status < 300

    @functools.cached_property
    def sent(self) -> Any:
        """The JSON body of the request; MISSING where there is none."""
        if not self.request.body:
            return MISSING
        try:
            return json.loads(self.request.body)
        except (ValueError, RecursionError):
            return MISSING

    @functools.cached_property
    def action(self) -> str:
        """The name of the action that is asked for: the one key of a body that is sent to `…/action`."""
        if (
            self.request.method != "POST"
            or self.segments[-1:] != ["action"]
            or not isinstance(self.sent, dict)
        ):
            return ""
        return next(iter(self.sent)) if len(self.sent) == 1 else ""

    @property
    def operation(self) -> str:
        """The method, the route, and the action where it is one."""
        named = f" ({self.action})" if self.action else ""
        return f"{self.request.method} {self.route}{named}"

    @functools.cached_property
    def segments(self) -> list[str]:
        """The segments of the route; a parameter begins with a brace."""
        return [part for part in self.route.split("/") if part]

    @property
    def is_collection(self) -> bool:
        """Whether the route names a collection or a resource of a fixed name, and no action."""
        last = self.segments[-1:]
        return bool(last) and not is_parameter(last[0]) and last[0] not in _ACTIONS

    def is_data(self, root: dict[str, Any]) -> bool:
        """Whether the names at the root of a body are data."""
        return any(pattern.fullmatch("$") for pattern in self.data) or any(map(_is_value, root))

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Every name of a property in both bodies."""
        return frozenset(name for _, name, _ in self.properties)

    @functools.cached_property
    def properties(self) -> list[tuple[str, str, Any]]:
        """(path, name, value) of each property in both bodies that is no data; none of a refused request,
        whose body may be wrong on purpose. What was sent stands at its path too: `$.server.imageRef`.
        """
        sent = self.sent[self.action] if self.action else self.sent
        bodies = [self.response.json, sent] if self.response.status < 400 else []
        found: dict[tuple[str, str], Any] = {}
        for body in bodies:
            if body is not MISSING and not _is_schema(body):
                for path, name, value in _walk(body, "$", self.data):
                    if found.get((path, name)) is None:
                        found[path, name] = value
        return [(path, name, value) for (path, name), value in found.items()]


Trace = Sequence[Exchange]
"""The answered calls of one case, in order; of a polled call each answer."""

Look = Callable[[Exchange, Trace, int], Iterator[Fact]]
"""(an answered call, all of its case, which of them it is) -> what is wrong with it.

In such a fact `path` is where it stands, `old` what is there, `new` what would be right, and `detail` what it
is about: facts of one rule and one `detail` are one finding.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`doc` is what it holds; `message` uses a fact's fields; `source` is who said so.

    `decide`: only a person can decide it, and why; such a rule is off unless a profile names it.
    `renames`: what would be right is a name. `of_service`: what it finds is not of one operation. `refutes`
    tells that another answer of the same operation shows that the rule's findings on it are wrong.
    """

    id: str
    message: str
    source: str
    doc: str
    look: Look = field(repr=False)
    verdict: Verdict = Verdict.WARN
    decide: str = ""
    renames: bool = False
    of_service: bool = False
    refutes: Callable[[Exchange, Trace, int], bool] | None = field(default=None, repr=False)


def is_parameter(segment: str) -> bool:
    return segment.startswith(PARAMETER)


def mapping(value: Any) -> dict[str, Any]:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def inner(body: Any) -> dict[str, Any]:
    """The resource in a body: what stands below its one root key, or the body itself."""
    outer = mapping(body)
    if len(outer) == 1:
        (only,) = outer.values()
        if isinstance(only, dict):
            return only
    return outer


def _walk(body: Any, path: str, data: tuple[re.Pattern[str], ...]) -> Iterator[tuple[str, str, Any]]:
    """(path, name, value) of each property below `body`; where names are data they are no names."""
    if isinstance(body, list):
        for item in body:
            yield from _walk(item, path + ITEM, data)
    elif isinstance(body, dict):
        free = any(pattern.fullmatch(path) for pattern in data)
        for name, value in body.items():
            if free or _is_value(name):
                yield from _walk(value, path + NAME, data)
            elif not _is_schema(value):
                yield f"{path}.{name}", name, value
                yield from _walk(value, f"{path}.{name}", data)


_VALUE = re.compile(
    r"(?-i:[A-Z][A-Z0-9_]*)"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9.:-]+|.*[\s/].*|",
    re.IGNORECASE,
)


def _is_value(name: str) -> bool:
    """Whether a name is data, whatever is known of its object.

    An id, a number, an address, a sentence, or a word in capitals, which is one of an enumeration (VCPU).
    """
    return _VALUE.fullmatch(name) is not None


_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def _is_schema(value: Any) -> bool:
    """Whether this is a JSON Schema, or a part of one: its words are not the service's."""
    if not isinstance(value, dict):
        return False
    inside = value.get("properties")
    if isinstance(inside, dict) and any(map(_is_schema, inside.values())):
        return True
    words = value.get("type")
    words = words if isinstance(words, list) else [words]
    return "$schema" in value or "$ref" in value or all(isinstance(w, str) and w in _TYPES for w in words)
