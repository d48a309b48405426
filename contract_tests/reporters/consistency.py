"""What the lint found, in words: a line a finding for a terminal, Markdown, JSON and JUnit for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from contract_tests.comparison.rule import Verdict
from contract_tests.consistency.rule import Rule
from contract_tests.execution.lint import Inconsistency, Linted
from contract_tests.model.microversion import Microversion
from contract_tests.reporters.comparison import extent, word
from contract_tests.reporters.harmless import cell, printable
from contract_tests.reporters.words import Mask, plural


def sentence(finding: Inconsistency) -> str:
    """A finding as a sentence, with what became of it: `imageRef: image_ref would be right`."""
    text = " ".join(word(finding).split())
    return f"{text} ({finding.ended} since {finding.since})" if finding.ended else text


def place(finding: Inconsistency) -> str:
    """Its extent, and the first call in which it is."""
    ((scenario, call), at), *more = finding.calls.items()
    releases = list(finding.releases)
    of = f", releases {releases[0]} to {releases[-1]}" if len(releases) > 1 else ""
    return f"{extent(finding)}{of}; {scenario}: {call} ({at}){' …' if more else ''}"


def source(finding: Inconsistency) -> str:
    """Who said so: the number that a profile gives the rule, and the rule's own source."""
    return f"{finding.hint}; {finding.rule.source}" if finding.hint else finding.rule.source


def lines(found: Linted, mask: Mask, *, verbose: bool = False) -> Iterator[str]:
    """A service's findings for a terminal, one line each, the gravest first."""
    name = ", ".join(found.deployments)
    yield f"{name}: {plural(found.answers, 'answer')} in {plural(found.cases, 'case')}"
    for one in found.findings:
        text = printable(mask(sentence(one)))
        yield f"  {one.verdict:6} {one.rule.id}: {text} [{source(one)}] in {place(one)}"
        if verbose:
            yield from (f"           at {printable(path)}" for path in one.paths if path)
            yield from (f"           {scenario}: {call} ({at})" for (scenario, call), at in one.calls.items())
    yield from (f"  WARN   {text}" for text in found.waivers)
    if found.missing:
        yield f"  not looked at: {plural(len(found.missing), 'case')}"
        reasons = Counter(reason.splitlines()[0] for reason in found.missing.values())
        yield from (
            f"    {count} x {mask(reason)}" for reason, count in reasons.most_common(None if verbose else 3)
        )


def summary(found: Sequence[Linted]) -> str:
    """`12 findings: 10 WARN, 2 INFO`."""
    verdicts = Counter(finding.verdict for one in found for finding in one.findings)
    told = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in reversed(Verdict) if verdicts[verdict])
    return plural(verdicts.total(), "finding") + (f": {told}" if told else "")


def table(found: Sequence[Linted], rules: Iterable[Rule]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """(head, rows) of the findings by rule and service; `3 (+1)`: three, and one that is mended or gone."""
    head = ("rule", *(one.service.name for one in found))
    rows = [
        (rule.id, *(_cell([f for f in one.findings if f.rule.id == rule.id]) for one in found))
        for rule in rules
    ]
    return head, rows


def _cell(findings: Sequence[Inconsistency]) -> str:
    ended = sum(bool(finding.ended) for finding in findings)
    here = len(findings) - ended
    return f"{here or '-'}" + (f" (+{ended})" if ended else "")


def markdown(found: Sequence[Linted], mask: Mask) -> str:
    """A table for a review comment."""
    rows = ["| service | verdict | rule | finding | where |", "|-|-|-|-|-|"]
    for one in found:
        for finding in one.findings:
            text = cell(mask(sentence(finding)))
            rule = f"`{finding.rule.id}` ({source(finding)})"
            rows.append(f"| {one.service.name} | {finding.verdict} | {rule} | {text} | {extent(finding)} |")
    return ("\n".join(rows) if len(rows) > 2 else "Nothing is inconsistent.") + "\n"


def document(found: Linted, mask: Mask) -> dict[str, Any]:
    """A service's findings for programs."""
    return {
        "service": found.service.name,
        "deployments": found.deployments,
        "cases": found.cases,
        "answers": found.answers,
        "findings": [
            {
                "verdict": one.verdict.value,
                "rule": one.rule.id,
                "hint": one.hint,
                "source": one.rule.source,
                "about": one.fact.detail,
                "message": mask(sentence(one)),
                "paths": [path for path in one.paths if path],
                "seen": one.count,
                "calls": [f"{scenario}: {call}" for scenario, call in one.calls],
                "microversions": [
                    str(v) for v in sorted(v for v in one.microversions if isinstance(v, Microversion))
                ],
                "releases": list(one.releases),
                "ended": one.ended,
                "since": one.since,
            }
            for one in found.findings
        ],
        "waivers": found.waivers,
        "not_looked_at": {case: mask(reason) for case, reason in found.missing.items()},
    }


def junit(found: Sequence[Linted], fails: frozenset[Verdict], mask: Mask) -> str:
    """A testcase for each finding; those that fail are failures."""
    root = ElementTree.Element("testsuites", name="contract-tests lint")
    for one in found:
        bad = sum(finding.verdict in fails for finding in one.findings)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=one.service.name,
            tests=str(len(one.findings) + 1),
            failures=str(bad),
            errors="0",
        )
        ElementTree.SubElement(suite, "testcase", classname="lint", name=f"{one.answers} answers")
        for finding in one.findings:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"{one.service.name}.{finding.rule.id}",
                name=printable(mask(finding.fact.detail)) or finding.rule.id,
            )
            if finding.verdict in fails:
                failure = ElementTree.SubElement(case, "failure", message=printable(mask(sentence(finding))))
                failure.text = "\n".join(
                    [place(finding), *(f"{s}: {call} ({at})" for (s, call), at in finding.calls.items())]
                )
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
