"""Changes made to a real service's recorded answers, one at a time, and what the comparison says of each.

    python -m benchmarks.mutations [--rst]

Each is made to one answer of one case of a recording (cassettes/placement/16.0.0): `new` changes the later
answer, `old` the earlier one, where the real service answers what the change leads to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contract_tests.cli.open import Wanted, load, open_jobs
from contract_tests.comparison.policy import Policy
from contract_tests.comparison.rules import BY_ID, Context
from contract_tests.execution.compare import compare
from contract_tests.execution.plan import Choice
from contract_tests.execution.runner import Job
from contract_tests.loading.config import SHIPPED, Places
from contract_tests.loading.library import Library
from contract_tests.model.case import Case
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Call
from contract_tests.transport.base import Channel, Transport

RECORDING = Path(__file__).parent.parent / "cassettes" / "placement" / "16.0.0"

Change = Callable[[Response], Response]


@dataclass(frozen=True)
class Mutation:
    """A change to the answer of one call (`SCENARIO: CALL`, as far as it is unique), and its rule."""

    name: str
    rule: str
    call: str
    new: Change = lambda answer: answer
    old: Change = lambda answer: answer


class Mutating:
    """A transport that changes the answers of one call."""

    def __init__(self, inner: Transport, call: str, change: Change) -> None:
        self.inner = inner
        self.call = call
        self.change = change

    @property
    def endpoint(self) -> str:
        return self.inner.endpoint

    def open(self, case: Case | None = None) -> Channel:
        return _Channel(self, self.inner.open(case))

    def close(self) -> None:
        self.inner.close()


class _Channel:
    def __init__(self, transport: Mutating, inner: Channel) -> None:
        self.transport = transport
        self.inner = inner

    def send(self, request: Request, call: Call | None = None) -> Response:
        answer = self.inner.send(request, call)
        if call is not None and call.name.startswith(self.transport.call):
            return self.transport.change(answer)
        return answer

    def close(self) -> tuple[Any, ...]:
        return self.inner.close()


# How answers are changed.


def status(code: int) -> Change:
    return lambda answer: replace(answer, status=code)


def header(name: str, value: str | None) -> Change:
    """Set a header, or take it away."""

    def change(answer: Response) -> Response:
        kept = tuple(pair for pair in answer.headers if pair[0].lower() != name.lower())
        return replace(answer, headers=kept if value is None else (*kept, (name, value)))

    return change


def lines(name: str, *values: str) -> Change:
    def change(answer: Response) -> Response:
        kept = tuple(pair for pair in answer.headers if pair[0].lower() != name.lower())
        return replace(answer, headers=(*kept, *((name, value) for value in values)))

    return change


def body(text: bytes) -> Change:
    return lambda answer: replace(answer, body=text)


def edit(work: Callable[[Any], Any]) -> Change:
    """Change the body's document: `work` changes it in place, or gives another."""

    def change(answer: Response) -> Response:
        document = json.loads(answer.body)
        made = work(document)
        return replace(answer, body=json.dumps(document if made is None else made).encode())

    return change


def put(*path: Any) -> Change:
    """Set what stands at a path of keys and indexes to the last argument."""
    *steps, last, value = path

    def work(document: Any) -> None:
        for step in steps:
            document = document[step]
        document[last] = value

    return edit(work)


def drop(*path: Any) -> Change:
    *steps, last = path

    def work(document: Any) -> None:
        for step in steps:
            document = document[step]
        del document[last]

    return edit(work)


def rename(old: str, new: str, *path: Any) -> Change:
    def work(document: Any) -> None:
        for step in path:
            document = document[step]
        document[new] = document.pop(old)

    return edit(work)


def text(old: bytes, new: bytes) -> Change:
    return lambda answer: replace(answer, body=answer.body.replace(old, new))


def chain(*changes: Change) -> Change:
    def change(answer: Response) -> Response:
        for one in changes:
            answer = one(answer)
        return answer

    return change


CREATE = "resource_providers: create"
SHOW = "resource_providers: show"
LIST = "resource_providers: list by the new name"
DELETE = "resource_providers: delete"
INVENTORIES = "inventories: list it"
USAGES = "usages: of the provider"
TRAITS = "traits: list some by name"
VERSIONS = "version_document: anyone"
CONFLICT = "resource_provider_errors: a name is taken"
UNKNOWN = "unknown_provider: it cannot be shown"
METHOD = "methods: the version document cannot be patched"

FIRST = ("resource_providers", 0)
SOME = put("items", [{"id": "a", "size": 77}, {"id": "b", "size": 88}])


TREE = put("tree", {"x": 1})


def price(digits: bytes) -> Change:
    return chain(put("price", "?"), text(b'"?"', digits))


def _into_the_tree(document: Any) -> None:
    document["tree"]["root"] = document.pop("root_provider_uuid")


def _bare(document: Any) -> Any:
    return document["resource_providers"]


def _link(rel: str) -> Change:
    return edit(lambda document: document["links"].append({"rel": rel, "href": "/"}))


def _fault(name: str) -> Change:
    return chain(put(name, {"x": 1}), drop("errors"))


def _second(document: Any) -> None:
    entry = json.loads(json.dumps(document["versions"][0]))
    document["versions"].append({**entry, "id": "v2.0", "status": "SUPPORTED"})


def _entry(state: str) -> Change:
    return chain(edit(_second), put("versions", 1, "status", state))


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("a success is refused", "status-success-to-client-error", SHOW, status(400)),
    Mutation("a success is a conflict", "status-success-to-client-error", CREATE, status(409)),
    Mutation("a success fails", "status-success-to-server-error", SHOW, status(500)),
    Mutation("a gateway cannot reach it", "status-success-to-server-error", DELETE, status(502)),
    Mutation("a failure is told to the client", "status-server-to-client-error", CONFLICT, old=status(500)),
    Mutation(
        "not implemented is a bad request",
        "status-501-to-400",
        "resource_provider_errors: a name is needed",
        old=status(501),
    ),
    Mutation("a failure is mended", "status-server-error-to-success", SHOW, old=status(500)),
    Mutation("a refusal is lifted", "status-client-error-to-success", CONFLICT, status(200)),
    Mutation("an unknown provider is shown", "url-added", UNKNOWN, status(200)),
    Mutation("PATCH is accepted", "method-added", METHOD, status(200)),
    Mutation("a URL is gone", "url-removed", SHOW, status(404)),
    Mutation("a URL is gone for good", "url-removed", SHOW, status(410)),
    Mutation("a conflict is a failed precondition", "status-client-error-changed", CONFLICT, status(412)),
    Mutation("a conflict is a bad request", "status-client-error-implied", CONFLICT, status(400)),
    Mutation("a conflict fails", "status-client-to-server-error", CONFLICT, status(500)),
    Mutation("another failure", "status-server-error-changed", CONFLICT, status(503), status(500)),
    Mutation("deleted is 200, not 204", "status-success-code", DELETE, status(200)),
    Mutation("created is 202, not 200", "status-success-code", CREATE, status(202)),
    Mutation("a redirect", "status-redirect", SHOW, status(301)),
    Mutation("the microversion is not offered", "version-not-offered", SHOW, status(406)),
    Mutation("who may list is changed", "status-auth", LIST, status(403)),
    Mutation("throttled", "status-throttled", LIST, status(429)),
    Mutation("a header comes", "header-added", SHOW, header("X-Shard", "7")),
    Mutation("a Link header comes", "header-link-added", LIST, header("Link", "</x>; rel=next")),
    Mutation(
        "a request id is signalled", "header-signalled", SHOW, old=header("x-openstack-request-id", None)
    ),
    Mutation("the request id is gone", "header-removed", SHOW, header("x-openstack-request-id", None)),
    Mutation("the version header is gone", "header-removed", SHOW, header("openstack-api-version", None)),
    Mutation("Last-Modified is gone", "header-removed", SHOW, header("last-modified", None)),
    Mutation("Retry-After goes", "header-inapplicable-removed", CONFLICT, old=header("Retry-After", "9")),
    Mutation(
        "the version header says another version",
        "header-value",
        SHOW,
        header("openstack-api-version", "placement 1.2"),
    ),
    Mutation("JSON is called text", "header-content-type", SHOW, header("content-type", "text/plain")),
    Mutation(
        "a charset comes", "header-charset", SHOW, header("content-type", "application/json; charset=utf-8")
    ),
    Mutation("Location is gone", "header-location-lost", CREATE, header("location", None)),
    Mutation(
        "Location leads elsewhere",
        "header-location-shape",
        CREATE,
        header("location", "http://placement.example/providers/1"),
    ),
    Mutation("Vary lacks the version header", "header-vary-lost", SHOW, header("vary", "accept")),
    Mutation(
        "Vary has a second name", "header-vary-gained", SHOW, header("vary", "openstack-api-version, accept")
    ),
    Mutation(
        "Vary stands on two lines",
        "header-multiplicity",
        SHOW,
        lines("vary", "a", "b"),
        lines("vary", "a, b"),
    ),
    Mutation(
        "a method is not allowed any more",
        "header-allow-shrank",
        METHOD,
        header("allow", "GET"),
        header("allow", "GET, HEAD"),
    ),
    Mutation(
        "one more method is allowed",
        "header-allow-grew",
        METHOD,
        header("allow", "GET, PATCH"),
        header("allow", "GET"),
    ),
    Mutation("Cache-Control differs", "header-value", SHOW, header("cache-control", "max-age=60")),
    Mutation("an ETag differs", "header-cache", SHOW, header("etag", '"2"'), header("etag", '"1"')),
    Mutation(
        "the request id has another form",
        "header-request-id",
        SHOW,
        header("x-request-id", "7"),
        header("x-request-id", "8"),
    ),
    Mutation("the end is announced", "header-lifecycle", SHOW, header("Deprecation", "@1767225600")),
    Mutation(
        "the end comes earlier",
        "header-sunset-shortened",
        SHOW,
        header("Sunset", "in a week"),
        header("Sunset", "in a year"),
    ),
    Mutation("another server", "header-infrastructure", SHOW, header("Server", "nginx")),
    Mutation("a body where there was none", "body-appeared", DELETE, body(b"{}")),
    Mutation("no body", "body-disappeared", SHOW, body(b"")),
    Mutation("HTML called JSON", "body-invalid-json", SHOW, body(b"<html></html>")),
    Mutation("JSON in place of a text", "body-text", SHOW, old=body(b"hello")),
    Mutation("other white space", "body-bytes", SHOW, edit(lambda document: None)),
    Mutation("the list is bare", "body-root-type", LIST, edit(_bare)),
    Mutation("the list is called items", "body-envelope", LIST, rename("resource_providers", "items")),
    Mutation("a property comes", "property-added", SHOW, put("shard", "a7")),
    Mutation("a property comes to items", "property-added", LIST, put(*FIRST, "shard", "a7")),
    Mutation(
        "a name comes where names are data",
        "property-added-freeform",
        INVENTORIES,
        put("inventories", "CUSTOM_X", {"total": 1}),
    ),
    Mutation("a name goes where names are data", "property-removed-freeform", USAGES, drop("usages", "VCPU")),
    Mutation("a property is gone", "property-removed", SHOW, drop("generation"), put("generation", 4)),
    Mutation("a property is gone from items", "property-removed", LIST, drop(*FIRST, "root_provider_uuid")),
    Mutation(
        "a property below names is gone", "property-removed", USAGES, drop("resource_provider_generation")
    ),
    Mutation("a property is renamed", "property-renamed", SHOW, rename("name", "label")),
    Mutation(
        "a property is restyled",
        "property-restyled",
        SHOW,
        rename("parent_provider_uuid", "parentProviderUuid"),
    ),
    Mutation("a property moves", "property-moved", SHOW, chain(TREE, edit(_into_the_tree)), TREE),
    Mutation("a number is a text", "property-type", SHOW, put("generation", "7"), put("generation", 7)),
    Mutation("a list is an object", "property-type", SHOW, put("links", {"self": "/"})),
    Mutation("true is a text", "property-type", SHOW, put("shared", "true"), put("shared", True)),
    Mutation(
        "an integer gets a point", "property-number", SHOW, put("generation", 7.0), put("generation", 7)
    ),
    Mutation(
        "an integer gets decimals",
        "property-number-decimals",
        SHOW,
        put("generation", 7.5),
        put("generation", 7),
    ),
    Mutation("a price loses digits", "property-precision", SHOW, price(b"0.1"), price(b"0.10")),
    Mutation("a value is null", "property-to-null", SHOW, put("name", None)),
    Mutation("null is a value", "property-from-null", SHOW, put("parent_provider_uuid", "somebody")),
    Mutation("null is missing", "property-null-or-missing", SHOW, drop("parent_provider_uuid")),
    Mutation("missing is null", "property-null-appeared", SHOW, put("shard", None)),
    Mutation(
        "empty is missing",
        "property-empty-or-missing",
        USAGES,
        drop("resource_provider_generation"),
        put("resource_provider_generation", 0),
    ),
    Mutation("missing is empty", "property-empty-appeared", SHOW, put("tags", [])),
    Mutation("null is empty", "property-empty-kind", SHOW, put("parent_provider_uuid", "")),
    Mutation("a word in another case", "property-enum-case", TRAITS, put("traits", 1, "hw_cpu_x86_sse")),
    Mutation(
        "a uuid without dashes",
        "property-format",
        SHOW,
        put("image", "0b0f6a528c0e4a0e9b570f4e3a9d1c00"),
        put("image", "0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c00"),
    ),
    Mutation(
        "a time without its zone",
        "property-time-precision",
        SHOW,
        put("at", "2026-01-01T00:00:00"),
        put("at", "2026-01-01T00:00:00Z"),
    ),
    Mutation("another value", "property-value", SHOW, put("generation", 7)),
    Mutation("the wrong provider", "property-value", SHOW, put("uuid", "somebody else")),
    Mutation("a list of one is its item", "array-or-scalar", SHOW, put("tags", "a"), put("tags", ["a"])),
    Mutation(
        "a property is gone from some items",
        "array-item-shape",
        SHOW,
        chain(SOME, drop("items", 1, "size")),
        SOME,
    ),
    Mutation(
        "a property comes to more items",
        "array-item-shape-grew",
        SHOW,
        SOME,
        chain(SOME, drop("items", 1, "size")),
    ),
    Mutation("an item less", "array-count", TRAITS, drop("traits", 1)),
    Mutation("another item", "array-items", SHOW, chain(SOME, put("items", 1, "id", "c")), SOME),
    Mutation("another trait", "property-value", TRAITS, put("traits", 1, "HW_CPU_X86_AVX")),
    Mutation("another order", "array-order", TRAITS, edit(lambda d: d["traits"].reverse())),
    Mutation("another resource class", "array-items", USAGES, rename("VCPU", "PCPU", "usages")),
    Mutation("the text of an error", "error-message", CONFLICT, put("errors", 0, "detail", "No.")),
    Mutation(
        "errors[] comes",
        "error-structured-added",
        CONFLICT,
        put("fault", "x"),
        chain(put("fault", "x"), drop("errors")),
    ),
    Mutation("errors[] replaces the fault", "error-structured-replaces", CONFLICT, old=_fault("conflict")),
    Mutation("a fault replaces errors[]", "error-structured-removed", CONFLICT, _fault("conflict")),
    Mutation("another code of an error", "error-code", CONFLICT, put("errors", 0, "code", "placement.other")),
    Mutation("errors have codes", "error-code-added", CONFLICT, old=drop("errors", 0, "code")),
    Mutation("another fault", "error-fault-key", CONFLICT, _fault("a"), _fault("b")),
    Mutation("an error without a body", "error-body-lost", CONFLICT, body(b"")),
    Mutation("a link comes", "link-added", SHOW, _link("up")),
    Mutation("a link is gone", "link-removed", SHOW, drop("links", 2)),
    Mutation(
        "a link to another host",
        "link-host",
        SHOW,
        put("links", 0, "href", "http://b.example/x"),
        put("links", 0, "href", "http://a.example/x"),
    ),
    Mutation("a link to another path", "link-path", SHOW, put("links", 0, "href", "/providers/7")),
    Mutation("a next page", "page-next", SHOW, _link("next")),
    Mutation(
        "the links of pages stand elsewhere",
        "page-container",
        LIST,
        put("links", ["/a"]),
        put("resource_providers_links", ["/a"]),
    ),
    Mutation(
        "the minimum is raised", "version-minimum-raised", VERSIONS, put("versions", 0, "min_version", "1.5")
    ),
    Mutation(
        "the minimum is lowered",
        "version-minimum-lowered",
        VERSIONS,
        put("versions", 0, "min_version", "0.9"),
    ),
    Mutation(
        "the maximum is lowered",
        "version-maximum-lowered",
        VERSIONS,
        put("versions", 0, "max_version", "1.9"),
    ),
    Mutation(
        "the maximum is raised", "version-maximum-raised", VERSIONS, put("versions", 0, "max_version", "1.40")
    ),
    Mutation(
        "an API version is deprecated", "version-status", VERSIONS, put("versions", 0, "status", "DEPRECATED")
    ),
    Mutation(
        "an API version is an experiment again",
        "version-status-back",
        VERSIONS,
        put("versions", 0, "status", "EXPERIMENTAL"),
    ),
    Mutation("an API version comes", "version-entry-added", VERSIONS, edit(_second)),
    Mutation("an API version is gone", "version-entry-removed", VERSIONS, old=edit(_second)),
    Mutation("an experiment is gone", "version-experiment-ended", VERSIONS, old=_entry("EXPERIMENTAL")),
    Mutation(
        "a deprecated API version is gone", "version-deprecated-removed", VERSIONS, old=_entry("DEPRECATED")
    ),
)

ELSEWHERE = {
    "property-enum-added": "no schema of Placement's lists words",
    "property-enum-removed": "no schema of Placement's lists words",
    "array-order-sorted": "Placement cannot be asked for an order",
    **dict.fromkeys(
        ("extension-added", "extension-removed", "extension-changed"), "Placement lists no extensions"
    ),
    **dict.fromkeys(
        ("input-accepted-to-refused", "input-refused-to-accepted"), "they speak of derived bad requests"
    ),
}
"""Rules that no change to these answers can make fire; tests/unit/test_rules.py fires them."""


@dataclass(frozen=True)
class Caught:
    """What the comparison said: (rule, verdict) of each change that it found."""

    mutation: Mutation
    found: tuple[tuple[str, str], ...]
    verdict: str

    @property
    def right(self) -> bool:
        return self.found == ((self.mutation.rule, self.verdict),)


def catch(mutations: Sequence[Mutation] = MUTATIONS, policy: Policy | None = None) -> Iterator[Caught]:
    """Compare the recording with itself under each mutation, in the frozen context."""
    chosen = policy or Policy(name="none")
    library = Library(Places().override(scenarios=(str(SHIPPED / "scenarios" / "placement"),)).with_shipped())
    scenarios = load(library, [], ["placement"])
    wanted = Wanted(targets=(str(RECORDING),))
    with open_jobs(library, scenarios, wanted, Choice(microversions="latest")) as opened:
        (job,) = opened.jobs
        cases = {case.scenario.slug: case for case in job.cases if not case.skip}
        for one in mutations:
            slug, _, call = one.call.partition(": ")
            sides = [
                Job(
                    deployment=job.deployment,
                    transport=Mutating(job.transport, call, change),
                    cases=(cases[slug],),
                    replay=True,
                )
                for change in (one.old, one.new)
            ]
            found = compare(sides[0], sides[1], chosen, context=Context.FROZEN)
            yield Caught(
                one,
                tuple((change.rule.id, change.verdict.value) for change in found.changes),
                BY_ID[one.rule].verdict(Context.FROZEN).value,
            )


def table(caught: Sequence[Caught], *, rst: bool = False) -> Iterator[str]:
    """The mutations with their rules, verdicts and whether they were told, and nothing else was."""
    rows = [
        (one.mutation.name, one.mutation.rule, one.verdict, "yes" if one.right else "NO") for one in caught
    ]
    if rst:
        yield from (".. list-table::", "   :header-rows: 1", "")
        for row in (("Change", "Rule", "Verdict", "Caught"), *rows):
            for at, cell in enumerate(row):
                yield f"   {'*' if at == 0 else ' '} - {cell}"
        return
    for name, rule, verdict, right in rows:
        yield f"{name:42} {rule:34} {verdict:7} {right}"
    for one in caught:
        if not one.right:
            yield f"{one.mutation.name}: expected {one.mutation.rule}, found {one.found}"
    yield f"{sum(one.right for one in caught)} of {len(caught)} caught, {len({r[1] for r in rows})} rules"


if __name__ == "__main__":
    results = list(catch())
    print("\n".join(table(results, rst="--rst" in sys.argv)))
    sys.exit(not all(one.right for one in results))
