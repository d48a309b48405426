"""The rules of consistency as one table.

Sources: OO, Oomichi's mail of 2014 on the consistency of Nova's API, its hints by their numbers; API-SIG, its
guidelines by their names; RFC.
"""

from __future__ import annotations

from contract_tests.consistency.bodies import BODY_RULES
from contract_tests.consistency.codes import CODE_RULES
from contract_tests.consistency.names import NAME_RULES
from contract_tests.consistency.rule import Rule

__all__ = ["BY_ID", "RULES", "Rule"]

RULES: tuple[Rule, ...] = (*NAME_RULES, *CODE_RULES, *BODY_RULES)

BY_ID = {rule.id: rule for rule in RULES}
