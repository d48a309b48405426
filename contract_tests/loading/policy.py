"""Policy and waiver files -> the comparison's values."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from contract_tests.checks.rules import RULES as CHECKS
from contract_tests.comparison.policy import Hint, Override, Policy, Waiver
from contract_tests.comparison.rules import BY_ID, Context, Verdict
from contract_tests.consistency.rules import BY_ID as CONSISTENCY
from contract_tests.loading.grammar import (
    JSON_PATH,
    RELEASE_RANGE,
    SLUG,
    STRING,
    TEXT,
    VERSION_RANGE,
    Field,
    ListOf,
    Scalar,
    Shape,
    one_of,
)
from contract_tests.loading.source import MapNode, ScalarNode, Source, nearest
from contract_tests.model.microversion import ORDERS
from contract_tests.model.service import Service

_RULE = Scalar(
    "the id of a rule, or *",
    lambda node: node.text in BY_ID or node.text in CONSISTENCY or node.text == "*",
    {"enum": ["*", *BY_ID, *CONSISTENCY]},
    rule="unknown-rule",
    words=(*BY_ID, *CONSISTENCY),
)
_WAIVABLE = Scalar(
    "the id of a rule, or *",
    lambda node: node.text in CHECKS or _RULE.accepts(node),
    {"enum": [*dict.fromkeys(("*", *BY_ID, *CONSISTENCY, *CHECKS))]},
    rule="unknown-rule",
    words=(*BY_ID, *CONSISTENCY, *CHECKS),
)
_CONSISTENCY_RULE = Scalar(
    "the id of a rule of consistency",
    lambda node: node.text in CONSISTENCY,
    {"enum": [*CONSISTENCY]},
    rule="unknown-rule",
    words=(*CONSISTENCY,),
)
_VERDICT = one_of(*Verdict)
_CONTEXT = one_of(*Context)


def _is_date(node: ScalarNode) -> bool:
    try:
        datetime.date.fromisoformat(node.text)
    except ValueError:
        return False
    return True


_DATE = Scalar("a date such as 2027-06-30", _is_date, {"type": "string", "format": "date"}, rule="bad-date")
_GLOB = re.compile(r"\$(?:\.[^.\[\]]+|\[(?:\*|\d+)\])*|[^$\[\]]+")
"""A fact's path (`$.servers[*].id`) or a header's name, with * and ? in it."""


def _is_glob(node: ScalarNode) -> bool:
    return _GLOB.fullmatch(node.text) is not None


_PATH = Scalar(
    "a glob over JSON paths or header names ($.servers[*].*, x-*)",
    _is_glob,
    {"type": "string"},
    rule="bad-glob",
    hint="write $, then .name, .* or [*] for each step; * stands for any number of characters",
)
_PLACE = replace(
    _PATH,
    accepts=lambda node: (
        _is_glob(node) or JSON_PATH.accepts(node) or re.match(r"[^$]", node.text) is not None
    ),
)
"""A waiver may name what a check of a scenario names, too: any JSON path, an XPath."""

REFUSED_REASONS = (
    "it is for consistency",
    "nobody is affected",
    "it was not documented",
    "our client hides it",
)
"""What the 2012 policy and API-SIG do not take as a reason for a break."""

POLICY = Shape(
    {
        "policy": Field(SLUG, "its name; the file's too", required=True),
        "title": Field(TEXT, "what it stands for, in a line", required=True),
        "from": Field(SLUG, "the policy that it starts from"),
        "versioned": Field(_CONTEXT, "the context of services with microversions"),
        "unversioned": Field(_CONTEXT, "the context of services without"),
        "fails": Field(ListOf(_VERDICT), "the verdicts that make a comparison fail"),
        "verdicts": Field(
            ListOf(
                Shape(
                    {
                        "rule": Field(_RULE, "the rule, * for any", required=True),
                        "verdict": Field(_VERDICT, "its verdict", required=True),
                        "context": Field(_CONTEXT, "only in this context"),
                        "service": Field(SLUG, "only for this service"),
                        "path": Field(_PATH, "only where the fact's path is like this"),
                        "call": Field(TEXT, "only in calls whose `SCENARIO: CALL` is like this"),
                    }
                )
            ),
            "other verdicts; the last one that fits counts",
        ),
        "consistency": Field(
            ListOf(
                Shape(
                    {
                        "rule": Field(_CONSISTENCY_RULE, "the rule", required=True),
                        "hint": Field(TEXT, "what it is called where it was written: 1.1"),
                    }
                )
            ),
            "makes it a profile of the lint: the rules of consistency that hold, and no other",
        ),
    },
    doc="What a project makes of the compatibility rules",
    name="the policy file",
)

WAIVERS = Shape(
    {
        "waivers": Field(
            ListOf(
                Shape(
                    {
                        "rule": Field(
                            _WAIVABLE, "the rule or check that is waived, * for any", required=True
                        ),
                        "service": Field(SLUG, "the service", required=True),
                        "call": Field(TEXT, "SCENARIO: CALL, * for any", required=True),
                        "path": Field(_PLACE, "the fact's path, as a glob"),
                        "microversions": Field(VERSION_RANGE, "only at these"),
                        "releases": Field(RELEASE_RANGE, "only where the new release is one of these"),
                        "reason": Field(STRING, "why a client can live with it", required=True),
                        "link": Field(TEXT, "where it was decided", required=True),
                        "expires": Field(_DATE, "the last day on which it holds", required=True),
                    }
                )
            ),
            "accepted findings",
            required=True,
        )
    },
    doc="Findings that a project has accepted, each with a reason, a link and an end",
    name="the waivers file",
)


def read_policy(
    source: Source, stem: str, find: Callable[[str], Policy | None], services: Sequence[str]
) -> Policy | None:
    """The policy in a file; None (and problems in `source`) where anything in it is wrong.

    `find` gives the policy of a name; `services` are the names of all services.
    """
    root = source.root
    if root is None or not POLICY.check(source, root, "the policy file"):
        return None
    if root.get("policy").text != stem:
        source.problem(
            root.get("policy"),
            "bad-file-name",
            f"the file is named '{stem}', the policy '{root.get('policy').text}'",
            "give both one name",
        )
    base = Policy(name="")
    origin = root.get("from")
    if origin is not None:
        found = find(origin.text)
        if found is None:
            source.problem(
                origin,
                "unknown-policy",
                f"there is no policy '{origin.text}', or it is wrong itself, or leads back here",
                "name a shipped one (openstack, strict, growing), or a file in a folder of 'policies'",
            )
            return None
        base = found
    verdicts = root.get("verdicts")
    for item in verdicts.items if verdicts is not None else ():
        service = item.get("service")
        if service is not None and service.text not in services:
            _no_service(source, service, services)
    if source.problems:
        return None
    fails, consistency = root.get("fails"), root.get("consistency")
    contexts = {
        key: Context(root.get(key).text) if root.get(key) is not None else getattr(base, key)
        for key in ("versioned", "unversioned")
    }
    return Policy(
        name=stem,
        overrides=(
            *base.overrides,
            *(_override(item) for item in (verdicts.items if verdicts is not None else ())),
        ),
        fails=frozenset(Verdict(item.text) for item in fails.items) if fails is not None else base.fails,
        consistency=tuple(map(_hint, consistency.items)) if consistency is not None else base.consistency,
        origin=source.path,
        **contexts,
    )


def _no_service(source: Source, name: ScalarNode, known: Sequence[str]) -> None:
    message = f"there is no service file for '{name.text}'"
    source.problem(name, "unknown-service", message, nearest(name.text, known))


def _hint(node: MapNode) -> Hint:
    hint = node.get("hint")
    return Hint(rule=node.get("rule").text, number=hint.text if hint is not None else "")


def _override(node: MapNode) -> Override:
    context = node.get("context")
    texts = {key: node.get(key).text for key in ("service", "path", "call") if node.get(key) is not None}
    return Override(
        rule=node.get("rule").text,
        verdict=Verdict(node.get("verdict").text),
        context=Context(context.text) if context is not None else None,
        **texts,
    )


def read_waivers(
    source: Source, find: Callable[[str], Service | None], names: Callable[[], Sequence[str]]
) -> tuple[Waiver, ...]:
    """The waivers in a file; problems in `source` where anything in it is wrong.

    `find` gives the service of a name, `names` all that there are.
    """
    root = source.root
    if root is None or not WAIVERS.check(source, root, "the waivers file"):
        return ()
    found = []
    for node in root.get("waivers").items:
        service = find(node.get("service").text)
        if service is None:
            _no_service(source, node.get("service"), names())
        else:
            _check_versions(source, node.get("microversions"), service)
        found.append(_waiver(source, node))
    return tuple(found)


def _check_versions(source: Source, node: ScalarNode | None, service: Service) -> None:
    if node is None:
        return
    try:
        if service.dialect.order is None:
            raise ValueError(f"{service.name} has no microversions")
        service.dialect.order.parse_range(node.text)
    except ValueError as error:
        source.problem(node, "bad-range", str(error), "write 1.5, 1.5-1.9, 1.5- or -1.9")


def _waiver(source: Source, node: MapNode) -> Waiver:
    reason = node.get("reason")
    if not reason.text.strip(" .…?-"):
        source.problem(
            reason,
            "no-reason",
            "a waiver needs a reason that a person has written",
            f"say why a client can live with it; these do not count: {', '.join(REFUSED_REASONS)}",
        )
    elif any(refused in reason.text.lower() for refused in REFUSED_REASONS):
        source.problem(
            reason,
            "refused-reason",
            f"'{reason.text}' is no reason by the policy",
            "say why a client can live with it",
        )
    releases, path, versions = node.get("releases"), node.get("path"), node.get("microversions")
    return Waiver(
        rule=node.get("rule").text,
        service=node.get("service").text,
        call=node.get("call").text,
        path=path.text if path is not None else "*",
        microversions=versions.text if versions is not None else "",
        releases=ORDERS["semantic"].parse_range(releases.text) if releases is not None else None,
        reason=reason.text,
        link=node.get("link").text,
        expires=datetime.date.fromisoformat(node.get("expires").text),
        at=f"{node.mark.path}:{node.mark.line}",
    )
