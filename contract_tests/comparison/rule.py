"""What a rule of comparison is: the facts it speaks of, its verdict in each context, who said so."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from contract_tests.comparison.facts import Fact
from contract_tests.model.http import MISSING
from contract_tests.model.matcher import show


class Verdict(enum.StrEnum):
    """What a fact is to a client.

    BUMP: fine between two microversions, if declared. WARN: a declared change that takes something away.
    REVIEW: a person must look, traffic alone cannot tell.
    """

    OK = "OK"
    INFO = "INFO"
    BUMP = "BUMP"
    WARN = "WARN"
    REVIEW = "REVIEW"
    BREAK = "BREAK"


class Context(enum.StrEnum):
    """Which question a comparison asks.

    UNVERSIONED: one API without versions, before and after an upgrade (P). FROZEN: two releases at the same
    microversion. ADJACENT: two neighbouring microversions of one release. STRICT: as UNVERSIONED, where an
    addition needs a version too (AI).
    """

    UNVERSIONED = "unversioned"
    FROZEN = "frozen"
    ADJACENT = "adjacent"
    STRICT = "strict"


Predicate = Callable[[Fact], bool]


class Told(Protocol):
    """What is told of any rule. `message` uses a fact's fields."""

    @property
    def id(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def message(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`verdicts` are in the order of Context; `when` narrows `kinds`; `message` uses a fact's fields."""

    id: str
    kinds: tuple[str, ...]
    verdicts: tuple[Verdict, Verdict, Verdict, Verdict]
    source: str
    message: str
    when: Predicate | None = field(default=None, repr=False)

    def verdict(self, context: Context) -> Verdict:
        return self.verdicts[list(Context).index(context)]


OK, INFO, BUMP, WARN, REVIEW, BREAK = Verdict


def by_context(
    unversioned: Verdict, frozen: Verdict, adjacent: Verdict, strict: Verdict | None = None
) -> tuple[Verdict, Verdict, Verdict, Verdict]:
    """Verdicts by context; `strict` is that of `unversioned` where it is not told."""
    return unversioned, frozen, adjacent, strict if strict is not None else unversioned


BREAKS = by_context(BREAK, BREAK, BUMP)
REMOVES = by_context(BREAK, BREAK, WARN)
ADDS = by_context(OK, BREAK, BUMP, BREAK)
TELLS = by_context(INFO, INFO, INFO)


def codes(old: str, new: str) -> Predicate:
    """Status facts from one set of codes to another: `2xx`, `404|410`, `*`."""

    def among(code: int, pattern: str) -> bool:
        return any(
            part == "*" or (part.endswith("xx") and str(code)[0] == part[0]) or part == str(code)
            for part in pattern.split("|")
        )

    return lambda fact: among(fact.old, old) and among(fact.new, new)


def named_headers(*names: str) -> Predicate:
    wanted = {name.lower() for name in names}
    return lambda fact: fact.path.lower() in wanted


STATUS = "status {old} became {new}"
HEADER = "header {path}: {old} became {new}"
VALUE = "{path}: {old} became {new}"


def word_fact(rule: Told, fact: Fact) -> str:
    """A fact as a sentence, by its rule's message."""
    shown = {name: _shown(getattr(fact, name)) for name in ("old", "new")}
    text = rule.message.format(path=fact.path, detail=fact.detail, seen=fact.seen, of=fact.of, **shown)
    return f"{text} (in {fact.seen} of {fact.of})" if fact.of > 1 else text


def _shown(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    return value if isinstance(value, str) and value else show(value)
