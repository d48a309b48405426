"""Policies: what a project makes of the rules' verdicts, and which of them fail a run."""

from __future__ import annotations

import datetime
import fnmatch
import re
from dataclasses import dataclass, field

from contract_tests.comparison.facts import Fact
from contract_tests.comparison.rules import Context, Rule, Verdict, rule_of
from contract_tests.model.microversion import ORDERS, Microversion, MicroversionRange
from contract_tests.model.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Another verdict for a rule (`*`: any), where service, context and path fit; the last that fits counts.

    `path` is a glob over a fact's path (`$.servers[*].*`, `x-*`): brackets in it are literal. `call` is one
    over `SCENARIO: CALL`.
    """

    rule: str
    verdict: Verdict
    context: Context | None = None
    service: str = "*"
    path: str = "*"
    call: str = "*"

    def fits(self, rule: str, fact: Fact, context: Context | None, service: str, call: str) -> bool:
        return (
            self.rule in ("*", rule)
            and self.context in (None, context)
            and self.service in ("*", service)
            and _glob(self.path, fact.path)
            and _glob(self.call, call)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A rule of consistency that a profile holds an API to, and the number that it has there."""

    rule: str
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`fails` are the verdicts that make a comparison exit with 1. `versioned` tells the context for services
    that have microversions (`frozen`), `unversioned` for those that have none (`unversioned` or `strict`).

    With `consistency` it is a profile of the lint: it holds an API to these rules, and to no other.
    """

    name: str
    overrides: tuple[Override, ...] = ()
    fails: frozenset[Verdict] = frozenset({Verdict.BREAK})
    versioned: Context = Context.FROZEN
    unversioned: Context = Context.UNVERSIONED
    consistency: tuple[Hint, ...] = ()
    origin: str = field(default="", compare=False)

    def context(self, service: Service) -> Context:
        """The context of a comparison of two deployments of this service."""
        return self.versioned if service.has_microversions else self.unversioned

    def judge(self, fact: Fact, context: Context, service: str, call: str = "") -> tuple[Rule, Verdict]:
        """The rule that a fact falls under, and what this policy makes of it in this call."""
        rule = rule_of(fact)
        return rule, self.weigh(rule.id, rule.verdict(context), fact, context, service, call)

    def weigh(
        self, rule: str, verdict: Verdict, fact: Fact, context: Context | None, service: str, call: str = ""
    ) -> Verdict:
        """What this policy makes of a rule's own verdict. A rule of consistency has no context."""
        for override in self.overrides:
            if override.fits(rule, fact, context, service, call):
                verdict = override.verdict
        return verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A finding that a project has accepted until `expires`, for a reason.

    `call` is `SCENARIO: CALL` or `*`; `path` a glob as in Override; `microversions` a range as text (empty:
    any), read by the service's own order; `at` is where it was written.
    """

    rule: str
    service: str
    call: str
    reason: str
    link: str
    expires: datetime.date
    path: str = "*"
    microversions: str = ""
    releases: MicroversionRange | None = None
    at: str = ""

    def covers(
        self, rule: str, service: Service, call: str, fact: Fact, version: Microversion | None, release: str
    ) -> bool:
        """Whether it speaks of this fact in this call. Its end is another question."""
        return (
            self.rule in ("*", rule)
            and _glob(self.path, fact.path)
            and self.is_about(service, call, version, release)
        )

    def is_about(self, service: Service, call: str, version: Microversion | None, release: str) -> bool:
        """Whether it speaks of this call at that microversion of that release."""
        if self.service != service.name or self.call not in ("*", call):
            return False
        order = service.dialect.order
        if self.microversions and (
            order is None or version is None or version not in order.parse_range(self.microversions)
        ):
            return False
        key = ORDERS["semantic"].key(release)
        return self.releases is None or (key is not None and Microversion(key, release) in self.releases)


def _glob(pattern: str, path: str) -> bool:
    if pattern == "*":
        return True
    return re.fullmatch(fnmatch.translate(pattern.replace("[", "[[]")), path, re.IGNORECASE) is not None
