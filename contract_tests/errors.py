"""The exceptions of the harness: a shallow tree with one root.

    ContractTestsError
    ├── LoadError          a file that a person wrote is wrong (all its problems at once)
    ├── UsageError         an option or an argument is wrong
    ├── RecordingError     a recording is damaged, or must not be written
    │   └── SecretFound    a secret would have reached a cassette
    └── TransportError     a deployment could not answer
        ├── Unreachable    no connection, no answer in time, an answer that is no HTTP
        ├── Refused        the harness refuses to send (another host than the target's)
        └── Miss           a recording holds no answer for this request

An exception means that the harness cannot go on; a finding (see `contract_tests.model.finding`)
means that the service broke its contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class ContractTestsError(Exception):
    """The root of everything that the harness raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong in a file, and how to mend it.

    `line` and `column` count from 1; `length` is the number of characters that the caret line
    underlines; `source` is the text of that line.
    """

    path: str
    line: int
    column: int
    message: str
    rule: str
    length: int = 1
    source: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """The problem as a person reads it: position, message, rule, the line, a caret and a hint.

        >>> print(Problem(path="a.yaml", line=4, column=5, message="unknown key 'expct'",
        ...               rule="unknown-key", length=5, source="    expct:", hint="did you mean 'expect'?"))
        a.yaml:4:5: unknown key 'expct' [unknown-key]
            4 |     expct:
              |     ^~~~~
          hint: did you mean 'expect'?
        """
        lines = [f"{self.path}:{self.line}:{self.column}: {self.message} [{self.rule}]"]
        if self.source.strip():
            number = f"{self.line:5d}"
            source = self.source.expandtabs(1)
            start = self.column - 1
            width = max(1, min(self.length, len(source) - start))
            lines.append(f"{number} | {source}")
            lines.append(f"{'':5} | {'':{start}}^{'~' * (width - 1)}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class LoadError(ContractTestsError):
    """Files that a person wrote are wrong; `problems` holds every one of them, in order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(ContractTestsError):
    """An option or an argument is wrong; the message names it and says how to mend it."""


class RecordingError(ContractTestsError):
    """A recording is damaged, or must not be written; the message names the file and the place."""


class SecretFound(RecordingError):
    """A secret value used in this run is still in what would have been written."""


class TransportError(ContractTestsError):
    """No answer that could be judged came back."""


class Unreachable(TransportError):
    """No connection, no answer in time, or an answer that is no HTTP."""


class Refused(TransportError):
    """The harness refuses to send a request, for example to another host than the target's."""


class Miss(TransportError):
    """A recording holds no answer for this request; the message shows the nearest one."""
