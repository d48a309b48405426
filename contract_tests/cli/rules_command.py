"""contract-tests rules"""

from __future__ import annotations

import click

from contract_tests.cli.say import say
from contract_tests.errors import UsageError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("rule", required=False)
def command(rule: str | None) -> int:
    """Explain the rules: of the checks, of the lint, and those by which comparisons are judged.

    With the id of a rule: what it says, its verdict (of a comparison in each context), and who said so.
    """
    from contract_tests.checks.rules import RULES as CHECKS
    from contract_tests.comparison.facts import KINDS
    from contract_tests.comparison.rules import BY_ID, Context
    from contract_tests.consistency.rules import BY_ID as CONSISTENCY
    from contract_tests.loading.source import nearest

    if rule is None:
        say("rules of the checks")
        for check in CHECKS.values():
            say(f"  {check.id:34} {check.doc}")
        say("\nrules of consistency (lint)")
        for held in CONSISTENCY.values():
            off = "; off: a person decides" if held.decide else ""
            say(f"  {held.id:34} {held.doc} [{held.source}{off}]")
        say(f"\nrules of comparison{'':19}{'  '.join(f'{context:11}' for context in Context)}  source")
        for one in BY_ID.values():
            say(f"  {one.id:34}  {'  '.join(f'{verdict:11}' for verdict in one.verdicts)}  {one.source}")
        return 0
    if rule in CHECKS:
        say(f"{rule}: {CHECKS[rule].doc}\n  {CHECKS[rule].message}")
        return 0
    if rule in CONSISTENCY:
        held = CONSISTENCY[rule]
        say(f"{rule}: {held.doc}\n  {held.message}\n  {held.verdict}\n  source: {held.source}")
        if held.decide:
            say(f"  off unless a profile or --rule names it: {held.decide}")
        return 0
    if rule not in BY_ID:
        raise UsageError(f"there is no rule '{rule}'; {nearest(rule, [*CHECKS, *CONSISTENCY, *BY_ID])}")
    found = BY_ID[rule]
    say(f"{rule}: {found.message}")
    for kind in found.kinds:
        say(f"  of: {KINDS[kind]}")
    for context, verdict in zip(Context, found.verdicts, strict=True):
        say(f"  {context:12} {verdict}")
    say(f"  source: {found.source}")
    return 0
