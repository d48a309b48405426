"""Findings: what a response did that its contract does not allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contract_tests.model.http import MISSING


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mark:
    """Where a person wrote something: a file, a line and a column, both from 1."""

    path: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One expectation that a response did not meet.

    `rule` is a key of `contract_tests.checks.rules.RULES`, whose message words it. `where` is a JSON
    path or a header name. `expected` and `got` are values; `detail` is text that only this finding has.
    """

    rule: str
    mark: Mark
    where: str = ""
    expected: Any = MISSING
    got: Any = MISSING
    detail: str = ""
