"""JSON paths (RFC 9535): plain child and index steps are walked here, all else by a library."""

from __future__ import annotations

import functools
import re
from typing import Any

from contract_tests.model.http import MISSING

_STEP = re.compile(
    r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(0|[1-9][0-9]{0,14})\]|\['([^'\\\x00-\x1f]*)'\]|\[\"([^\"\\\x00-\x1f]*)\"\]"
)

# RFC 9535, section 2.3.5.1, of a path that the library has found well-formed.
_SINGULAR = re.compile(
    r"""\$(?:\s*(?:\.\s*[^\s.\[\]*]+|\[\s*(?:-?[0-9]+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*\]))*"""
)


@functools.lru_cache(maxsize=4096)
def _compile(source: str) -> Any:
    import jsonpath_rfc9535

    return jsonpath_rfc9535.compile(source)


class JsonPath:
    """A compiled path. `singular` paths name one value; any other gives the list of values it finds.

    >>> JsonPath("$.links[0].rel").find({"links": [{"rel": "self"}]})
    'self'
    >>> JsonPath("$.links[*].rel").find({"links": [{"rel": "self"}, {"rel": "up"}]})
    ['self', 'up']
    """

    __slots__ = ("singular", "source", "steps")

    def __init__(self, source: str) -> None:
        """ValueError where `source` is no RFC 9535 path."""
        self.source = source
        self.steps = _plain_steps(source)
        self.singular = self.steps is not None
        if self.steps is None:
            try:
                _compile(source)
            except Exception as error:
                raise ValueError(" ".join(str((error.args or [error])[0]).split())) from None
            self.singular = _SINGULAR.fullmatch(source) is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JsonPath) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"JsonPath({self.source!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (JsonPath, (self.source,))

    def find(self, document: Any) -> Any:
        """The value (for a path that is not singular, the list of values); MISSING where there is none."""
        if self.steps is None:
            values = _compile(self.source).find(document).values() if document is not MISSING else []
            if self.singular:
                return values[0] if values else MISSING
            return list(values)
        value = document
        for step in self.steps:
            if isinstance(step, str):
                if not isinstance(value, dict) or step not in value:
                    return MISSING
            elif not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        return value


def _plain_steps(source: str) -> tuple[str | int, ...] | None:
    """The steps of a path of names and indexes alone, or None for any other."""
    if not source.startswith("$"):
        return None
    steps: list[str | int] = []
    at = 1
    while at < len(source):
        found = _STEP.match(source, at)
        if found is None:
            return None
        name, index, single, double = found.groups()
        steps.append(
            int(index) if index is not None else next(s for s in (name, single, double) if s is not None)
        )
        at = found.end()
    return tuple(steps)
