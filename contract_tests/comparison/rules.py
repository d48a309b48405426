"""The compatibility rules as one table: what each matches, its verdict in each context, and who said so.

Verdicts are data: a policy can change each of them. The first rule that matches a fact is its rule.

Sources: P, "Policy for changes to OpenStack APIs" (2012); AI, API-SIG api_interoperability; MVS, API-SIG
microversion_specification; RC, API-SIG http/response-codes; ER, API-SIG errors; PG, API-SIG
pagination_filter_sort; NV, Nova's contributor/microversions; NH and PH, Nova's and Placement's microversion
history; IR, Ironic's contributor/webapi; DI, API-SIG discoverability; BR, the 2014 proposal to keep Nova's
v2; J, a judgement of this project.
"""

from __future__ import annotations

from contract_tests.comparison.body_rules import BODY_RULES
from contract_tests.comparison.document_rules import DOCUMENT_RULES
from contract_tests.comparison.facts import Fact
from contract_tests.comparison.header_rules import HEADER_RULES
from contract_tests.comparison.rule import Context, Rule, Verdict
from contract_tests.comparison.status_rules import STATUS_RULES

__all__ = ["BY_ID", "RULES", "Context", "Rule", "Verdict", "rule_of"]

RULES: tuple[Rule, ...] = (*STATUS_RULES, *HEADER_RULES, *BODY_RULES, *DOCUMENT_RULES)

BY_ID = {rule.id: rule for rule in RULES}

_OF_KIND: dict[str, list[Rule]] = {}
for _rule in RULES:
    for _kind in _rule.kinds:
        _OF_KIND.setdefault(_kind, []).append(_rule)


def rule_of(fact: Fact) -> Rule:
    """The rule that a fact falls under: the first of RULES that matches; each kind has one without `when`."""
    for rule in _OF_KIND.get(fact.kind, ()):
        if rule.when is None or rule.when(fact):
            return rule
    raise LookupError(f"no rule matches facts of the kind {fact.kind!r}")
