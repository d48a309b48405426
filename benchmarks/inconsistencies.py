"""Changes made to a real service's recorded answers, one at a time, and what the lint says of each.

    python -m benchmarks.inconsistencies

Each is made to one answer of one case of a recording (cassettes/placement/16.0.0) at its latest
microversion. What the lint finds without the change is left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.mutations import (
    CONFLICT,
    DELETE,
    LIST,
    RECORDING,
    SHOW,
    VERSIONS,
    Mutating,
    Mutation,
    body,
    chain,
    drop,
    edit,
    header,
    put,
    status,
)
from contract_tests.cli.open import Wanted, load, open_jobs
from contract_tests.comparison.policy import Policy
from contract_tests.execution.lint import lint
from contract_tests.execution.plan import Choice
from contract_tests.execution.runner import Job
from contract_tests.loading.config import SHIPPED, Places
from contract_tests.loading.library import Library

CLASS = "resource_classes: create"
LIMITED = "allocation_candidate_limit: one is enough"
TRACE = 'Traceback (most recent call last):\n  File "/srv/api.py", line 7, in show\nKeyError: 1'


def _as_list(document: Any) -> Any:
    return document["resource_providers"]


def _twice(document: Any) -> None:
    document["allocation_requests"] *= 9


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("a name in camelCase", "name-snake-case", SHOW, put("hostId", "x")),
    Mutation("a name with a hyphen", "name-snake-case", SHOW, put("host-id", "x")),
    Mutation("an extension in capitals", "name-extension-prefix", SHOW, put("OS-EXT-AZ:zone", "x")),
    Mutation("200 for what was made", "code-created", CLASS, status(200)),
    Mutation("201 without Location", "code-location", CLASS, header("Location", None)),
    Mutation("200 for a delete", "code-deleted", DELETE, status(200)),
    Mutation("what was made is not ready", "code-accepted", SHOW, put("status", "BUILD")),
    Mutation(
        "422 for a conflict",
        "code-unprocessable",
        CONFLICT,
        chain(status(422), put("errors", 0, "status", 422)),
    ),
    Mutation(
        "501 for a conflict",
        "code-not-implemented",
        CONFLICT,
        chain(status(501), put("errors", 0, "status", 501)),
    ),
    Mutation(
        "413 for a quota",
        "code-quota",
        CONFLICT,
        chain(status(413), put("errors", 0, "status", 413), put("errors", 0, "detail", "Quota exceeded")),
    ),
    Mutation(
        "an unknown property is taken",
        "code-unknown-attribute",
        "negative_providers: change: $.contract_tests_unknown is unknown",
        chain(status(200), body(b"{}")),
    ),
    Mutation(
        "an unknown parameter is taken",
        "code-unknown-query",
        "negative_queries: providers: query.contract_tests_unknown is unknown",
        chain(status(200), body(b"{}"), header("Cache-Control", "no-cache")),
    ),
    Mutation("a 500", "code-server-error", CONFLICT, chain(status(500), put("errors", 0, "status", 500))),
    Mutation(
        "405 without Allow",
        "code-allow",
        "methods: the version document cannot be patched",
        header("Allow", None),
    ),
    Mutation("an error without its title", "error-schema", CONFLICT, drop("errors", 0, "title")),
    Mutation(
        "an error as a text",
        "error-schema",
        CONFLICT,
        chain(body(b"no"), header("Content-Type", "text/plain")),
    ),
    Mutation("another status in the body", "error-status", CONFLICT, put("errors", 0, "status", 404)),
    Mutation(
        "another request id in the body",
        "error-request-id",
        CONFLICT,
        put("errors", 0, "request_id", "req-1"),
    ),
    Mutation(
        "an error's code in capitals", "error-code-form", CONFLICT, put("errors", 0, "code", "Conflict")
    ),
    Mutation("a stack trace", "error-traceback", CONFLICT, put("errors", 0, "detail", TRACE)),
    Mutation("a list at the root", "list-object", LIST, edit(_as_list)),
    Mutation("links as an object", "list-links", SHOW, put("links", {"self": "/x"})),
    Mutation("a link without rel", "list-links", SHOW, drop("links", 0, "rel")),
    Mutation("more than the limit", "list-limit", LIMITED, edit(_twice)),
    Mutation("a total by another name", "list-count", LIST, put("total", 1)),
    Mutation("a count that is too small", "list-count", LIST, put("count", 0)),
    Mutation("a time with a space", "time-iso8601", SHOW, put("created_at", "2026-01-31 10:00:00")),
    Mutation("a time without an offset", "time-iso8601", SHOW, put("created_at", "2026-01-31T10:00:00")),
    Mutation("a boolean that begins with is", "boolean-name", SHOW, put("is_root", True)),
    Mutation("tags as an object", "tags-form", SHOW, put("tags", {"a": "b"})),
    Mutation("no Cache-Control", "cache-control", SHOW, header("Cache-Control", None)),
    Mutation("Deprecation as a word", "lifecycle-form", VERSIONS, header("Deprecation", "true")),
    Mutation("Sunset as a day", "lifecycle-form", VERSIONS, header("Sunset", "2027-01-31")),
)

_ASKED = "what is asked is the scenario's, and no answer changes it"
ELSEWHERE = {
    "header-vary-accept": "Placement answers in one representation",
    "body-single-root": _ASKED,
    "url-case": _ASKED,
    "url-plural": _ASKED,
    "url-verb": _ASKED,
    "action-snake-case": _ASKED,
    "body-on-get": _ASKED,
}
"""Rules that no change to an answer can make fire; tests/unit/test_consistency.py fires them."""


@dataclass(frozen=True)
class Caught:
    """What the lint said of a mutation, and did not say without it: the rules of its findings."""

    mutation: Mutation
    found: tuple[str, ...]

    @property
    def right(self) -> bool:
        return self.found == (self.mutation.rule,)


def catch(mutations: Sequence[Mutation] = MUTATIONS) -> Iterator[Caught]:
    """Lint the case of each mutation without it and with it."""
    library = Library(Places().override(scenarios=(str(SHIPPED / "scenarios" / "placement"),)).with_shipped())
    scenarios = load(library, [], ["placement"])
    wanted = Wanted(targets=(str(RECORDING),))
    with open_jobs(library, scenarios, wanted, Choice(microversions="latest")) as opened:
        (job,) = opened.jobs
        cases = {case.scenario.slug: case for case in job.cases if not case.skip}
        for one in mutations:
            slug, _, call = one.call.partition(": ")
            plain = replace(job, cases=(cases[slug],))
            changed = replace(plain, transport=Mutating(job.transport, call, one.new))
            before, after = map(_found, (plain, changed))
            yield Caught(one, tuple(rule for rule, about in after if (rule, about) not in before))


def _found(job: Job) -> list[tuple[str, str]]:
    (linted,) = lint([job], Policy(name="all"))
    return [(one.rule.id, f"{one.fact.detail} {one.fact.old}") for one in linted.findings]


def table(caught: Sequence[Caught]) -> Iterator[str]:
    """The mutations with their rules, and whether they were told, and nothing else was."""
    for one in caught:
        yield f"{one.mutation.name:34} {one.mutation.rule:24} {'yes' if one.right else f'NO: {one.found}'}"
    yield f"{sum(one.right for one in caught)} of {len(caught)} caught"


if __name__ == "__main__":
    results = list(catch())
    print("\n".join(table(results)))
    sys.exit(not all(one.right for one in results))
