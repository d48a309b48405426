"""Comparisons in words: for a terminal, as Markdown for a review, as JSON and JUnit for programs."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from contract_tests.comparison.rule import Verdict, word_fact
from contract_tests.execution.compare import Change, Comparison
from contract_tests.model.http import MISSING
from contract_tests.model.microversion import Microversion
from contract_tests.reporters.harmless import cell, printable
from contract_tests.reporters.words import Mask, plural

_QUIET = frozenset({Verdict.OK, Verdict.INFO})
WIDTH = 100


def word(change: Change) -> str:
    """A change as a sentence, by its rule's message."""
    return word_fact(change.rule, change.fact)


def extent(change: Change) -> str:
    """Where a change was seen: `3 calls, microversions 1.0 to 1.39 (12)`."""
    versions = sorted(version for version in change.microversions if version is not None)
    parts = [plural(len(change.calls), "call")]
    if len(versions) == 1:
        parts.append(f"microversion {versions[0]}")
    elif versions:
        parts.append(f"microversions {versions[0]} to {versions[-1]} ({len(versions)})")
    return ", ".join(parts)


def lines(found: Comparison, mask: Mask, *, verbose: bool = False) -> Iterator[str]:
    """A comparison for a terminal: a block for each change, the gravest first; OK and INFO counted only."""
    counted = f"{plural(found.compared, 'answer')} in {plural(found.cases, 'case')}"
    yield f"{found.old} -> {found.new} ({found.context}): {counted}"
    quiet: Counter[str] = Counter()
    for change in found.changes:
        if change.verdict in _QUIET and not verbose:
            quiet[f"{change.verdict} {change.rule.id}"] += 1
            continue
        text = printable(mask(word(change)).replace("\n", " "))
        on = f" on {change.service}" if not found.new.startswith(f"{change.service} ") else ""
        yield f"  {change.verdict:6} {change.rule.id} [{change.rule.source}]{on}"
        yield from textwrap.wrap(text, WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 11)
        calls = list(change.calls.items())
        yield f"         in {extent(change)}"
        for cause in sorted(change.causes)[:1]:
            more = f" (and {len(change.causes) - 1} more)" if len(change.causes) > 1 else ""
            yield f"         after a break in an API below: {cause}{more}; mend that first"
        for (scenario, call), at in calls if verbose else calls[:2]:
            yield f"           {scenario}: {call} ({at})"
        if len(calls) > 2 and not verbose:
            yield f"           and {len(calls) - 2} more"
    for text, count in quiet.items():
        yield f"  {text}: {plural(count, 'change')}"
    yield from (f"  WARN   {text}" for text in found.waivers)
    if found.missing:
        yield f"  not compared: {plural(len(found.missing), 'case or call', 'cases and calls')}"
        reasons = Counter(found.missing.values()).most_common()
        shown = reasons if verbose else reasons[:3]
        yield from (f"    {count} x {mask(reason.splitlines()[0])}" for reason, count in shown)
        if len(shown) < len(reasons):
            yield f"    and {len(reasons) - len(shown)} more reasons (--verbose shows them)"


def markdown(found: Sequence[Comparison], mask: Mask) -> str:
    """A table for a review comment."""
    rows = ["| verdict | rule | change | where |", "|-|-|-|-|"]
    for one in found:
        for change in one.changes:
            if change.verdict not in _QUIET:
                text = cell(mask(word(change)))
                rows.append(
                    f"| {change.verdict} | `{change.rule.id}` ({change.rule.source}) | {text} "
                    f"| {extent(change)} |"
                )
    heading = "".join(
        f"**{cell(one.old)} → {cell(one.new)}** ({one.context}): "
        f"{plural(one.compared, 'answer')} compared\n\n"
        for one in found
    )
    return heading + ("\n".join(rows) if len(rows) > 2 else "No difference that a client would see.") + "\n"


def document(found: Comparison, mask: Mask) -> dict[str, Any]:
    """A comparison for programs."""
    return {
        "old": found.old,
        "new": found.new,
        "context": found.context.value,
        "cases": found.cases,
        "answers": found.compared,
        "changes": [
            {
                "verdict": change.verdict.value,
                "rule": change.rule.id,
                "source": change.rule.source,
                "service": change.service,
                "path": change.fact.path,
                "message": mask(word(change)),
                "old": _plain(change.fact.old, mask),
                "new": _plain(change.fact.new, mask),
                "seen": change.count,
                "calls": [f"{scenario}: {call}" for scenario, call in change.calls],
                "microversions": [
                    str(version)
                    for version in sorted(v for v in change.microversions if isinstance(v, Microversion))
                ],
            }
            for change in found.changes
        ],
        "waivers": found.waivers,
        "not_compared": {case: mask(reason) for case, reason in found.missing.items()},
    }


def _plain(value: Any, mask: Mask) -> Any:
    """A fact's value for JSON: null where there is none."""
    if value is MISSING:
        return None
    return mask(value) if isinstance(value, str) else value


def junit(found: Sequence[Comparison], fails: frozenset[Verdict], mask: Mask) -> str:
    """A testcase for each change that is more than OK or INFO; those that fail are failures."""
    root = ElementTree.Element("testsuites", name="contract-tests compare")
    for one in found:
        told = [change for change in one.changes if change.verdict not in _QUIET]
        bad = [change for change in told if change.verdict in fails]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=f"{one.old} -> {one.new}",
            tests=str(len(told) + 1),
            failures=str(len(bad)),
            errors="0",
        )
        ElementTree.SubElement(suite, "testcase", classname="compare", name=f"{one.compared} answers")
        for change in told:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"{change.service}.{change.rule.id}",
                name=change.fact.path or change.rule.id,
            )
            if change.verdict in fails:
                text = printable(mask(word(change)).replace("\n", " "))
                failure = ElementTree.SubElement(case, "failure", message=text)
                failure.text = "\n".join(
                    [
                        extent(change),
                        *(f"{scenario}: {call} ({at})" for (scenario, call), at in change.calls.items()),
                    ]
                )
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
