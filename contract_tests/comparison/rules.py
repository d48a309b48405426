"""The compatibility rules as one table: what each matches, its verdict in each context, and who said so.

Verdicts are data: a policy can change each of them. The first rule that matches a fact is its rule.

Sources: P, "Policy for changes to OpenStack APIs" (2012); AI, API-SIG api_interoperability; MVS, API-SIG
microversion_specification; RC, API-SIG http/response-codes; ER, API-SIG errors; PG, API-SIG
pagination_filter_sort; NV, Nova's contributor/microversions; NH and PH, Nova's and Placement's microversion
history; IR, Ironic's contributor/webapi; BR, the 2014 proposal to keep Nova's v2; J, a judgement of this
project.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from contract_tests.comparison.facts import Fact


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`verdicts` are in the order of Context; `when` narrows `kinds`; `message` uses a fact's fields."""

    id: str
    kinds: tuple[str, ...]
    verdicts: tuple[Verdict, Verdict, Verdict, Verdict]
    source: str
    message: str
    when: Predicate = field(default=lambda fact: True, repr=False)

    def verdict(self, context: Context) -> Verdict:
        return self.verdicts[list(Context).index(context)]


_OK, _INFO, _BUMP, _WARN, _REVIEW, _BREAK = Verdict


def _v(
    unversioned: Verdict, frozen: Verdict, adjacent: Verdict, strict: Verdict | None = None
) -> tuple[Verdict, Verdict, Verdict, Verdict]:
    """Verdicts by context; `strict` is that of `unversioned` where it is not told."""
    return unversioned, frozen, adjacent, strict if strict is not None else unversioned


_BREAKS = _v(_BREAK, _BREAK, _BUMP)
_REMOVES = _v(_BREAK, _BREAK, _WARN)
_ADDS = _v(_OK, _BREAK, _BUMP, _BREAK)
_TELLS = _v(_INFO, _INFO, _INFO)


def _codes(old: str, new: str) -> Predicate:
    """Status facts from one set of codes to another: `2xx`, `404|410`, `*`."""

    def among(code: int, pattern: str) -> bool:
        return any(
            part == "*" or (part.endswith("xx") and str(code)[0] == part[0]) or part == str(code)
            for part in pattern.split("|")
        )

    return lambda fact: among(fact.old, old) and among(fact.new, new)


def _named(*names: str) -> Predicate:
    wanted = {name.lower() for name in names}
    return lambda fact: fact.path.lower() in wanted


INFRASTRUCTURE = ("date", "server", "via", "content-length", "connection", "keep-alive", "transfer-encoding")
REQUEST_IDS = ("x-openstack-request-id", "x-compute-request-id", "x-request-id")
CACHE = ("cache-control", "last-modified", "etag", "expires", "pragma")

_STATUS = "status {old} became {new}"
_HEADER = "header {path}: {old} became {new}"
_VALUE = "{path}: {old} became {new}"

RULES: tuple[Rule, ...] = (
    Rule(
        id="status-throttled",
        kinds=("status",),
        when=_codes("*", "413|429"),
        verdicts=_TELLS,
        source="J",
        message="throttled: " + _STATUS,
    ),
    Rule(
        id="status-auth",
        kinds=("status",),
        when=lambda f: (f.old in (401, 403)) != (f.new in (401, 403)) or {f.old, f.new} == {401, 403},
        verdicts=_v(_REVIEW, _REVIEW, _REVIEW),
        source="J",
        message="who may do this changed: " + _STATUS,
    ),
    Rule(
        id="version-minimum-raised",
        kinds=("status",),
        when=_codes("2xx", "406"),
        verdicts=_v(_BREAK, _BREAK, _WARN),
        source="MVS, AI",
        message="this version is not offered any more: " + _STATUS,
    ),
    Rule(
        id="url-removed",
        kinds=("status",),
        when=_codes("2xx", "404|410"),
        verdicts=_REMOVES,
        source="AI; 410: NH 2.36",
        message="what this URL named is gone: " + _STATUS,
    ),
    Rule(
        id="url-added",
        kinds=("status",),
        when=_codes("404", "2xx"),
        verdicts=_ADDS,
        source="AI",
        message="this URL was not there: " + _STATUS,
    ),
    Rule(
        id="method-added",
        kinds=("status",),
        when=_codes("405", "2xx"),
        verdicts=_ADDS,
        source="AI; P: J",
        message="this method was not there: " + _STATUS,
    ),
    Rule(
        id="status-success-to-client-error",
        kinds=("status",),
        when=_codes("2xx", "4xx"),
        verdicts=_REMOVES,
        source="P, AI",
        message="a success became an error: " + _STATUS,
    ),
    Rule(
        id="status-success-to-server-error",
        kinds=("status",),
        when=_codes("2xx|3xx", "5xx"),
        verdicts=_v(_BREAK, _BREAK, _BREAK),
        source="P; adjacent: J",
        message="a success became a failure of the service: " + _STATUS,
    ),
    Rule(
        id="status-501-to-400",
        kinds=("status",),
        when=_codes("501", "400"),
        verdicts=_v(_OK, _BREAK, _BUMP),
        source="NV",
        message="not implemented became a bad request: " + _STATUS,
    ),
    Rule(
        id="status-server-to-client-error",
        kinds=("status",),
        when=_codes("5xx", "4xx"),
        verdicts=_v(_OK, _OK, _OK),
        source="AI",
        message="a failure of the service became an error that tells the client: " + _STATUS,
    ),
    Rule(
        id="status-server-error-to-success",
        kinds=("status",),
        when=_codes("5xx", "2xx|3xx"),
        verdicts=_v(_OK, _OK, _OK),
        source="P, AI",
        message="a failure of the service was mended: " + _STATUS,
    ),
    Rule(
        id="status-server-error-changed",
        kinds=("status",),
        when=_codes("5xx", "5xx"),
        verdicts=_v(_OK, _INFO, _INFO),
        source="NV",
        message="another failure of the service: " + _STATUS,
    ),
    Rule(
        id="status-client-to-server-error",
        kinds=("status",),
        when=_codes("4xx", "5xx"),
        verdicts=_v(_BREAK, _BREAK, _BREAK),
        source="RC; verdict: J",
        message="an error of the client became a failure of the service: " + _STATUS,
    ),
    Rule(
        id="status-client-error-to-success",
        kinds=("status",),
        when=_codes("4xx", "2xx"),
        verdicts=_ADDS,
        source="P; frozen: AI, NV",
        message="an error became a success: " + _STATUS,
    ),
    Rule(
        id="status-client-error-implied",
        kinds=("status",),
        when=_codes("4xx", "400|403|404|415"),
        verdicts=_v(_OK, _REVIEW, _OK, _BREAK),
        source="NV",
        message="another error, of those that every operation may give: " + _STATUS,
    ),
    Rule(
        id="status-client-error-changed",
        kinds=("status",),
        when=_codes("4xx", "4xx"),
        verdicts=_ADDS,
        source="AI; P",
        message="another error: " + _STATUS,
    ),
    Rule(
        id="status-success-code",
        kinds=("status",),
        when=_codes("2xx", "2xx"),
        verdicts=_BREAKS,
        source="P, AI",
        message="another success: " + _STATUS,
    ),
    Rule(
        id="status-redirect",
        kinds=("status",),
        verdicts=_BREAKS,
        source="J",
        message="a redirect came, went or changed: " + _STATUS,
    ),
    # Headers.
    Rule(
        id="header-infrastructure",
        kinds=("header-added", "header-removed", "header-value", "header-list"),
        when=_named(*INFRASTRUCTURE),
        verdicts=_TELLS,
        source="J",
        message=_HEADER,
    ),
    Rule(
        id="header-lifecycle",
        kinds=("header-added",),
        when=_named("deprecation", "sunset"),
        verdicts=_v(_OK, _INFO, _INFO),
        source="RFC 9745, RFC 8594",
        message="the end of this is announced: {path}: {new}",
    ),
    Rule(
        id="header-sunset-shortened",
        kinds=("header-removed", "header-value"),
        when=_named("sunset", "deprecation"),
        verdicts=_v(_WARN, _WARN, _WARN),
        source="RFC 8594; verdict: oasdiff",
        message="the announced end changed: " + _HEADER,
    ),
    Rule(
        id="header-link-added",
        kinds=("header-added",),
        when=_named("link"),
        verdicts=_v(_OK, _OK, _OK, _BREAK),
        source="PG; strict: AI",
        message="a Link header came: {new}",
    ),
    Rule(
        id="header-signalled",
        kinds=("header-added",),
        when=_named(*REQUEST_IDS),
        verdicts=_v(_OK, _OK, _BUMP, _BREAK),
        source="NH 2.46",
        message="a header that only tells something came: {path}",
    ),
    Rule(
        id="header-request-id",
        kinds=("header-value",),
        when=_named(*REQUEST_IDS),
        verdicts=_TELLS,
        source="J",
        message="another request id",
    ),
    Rule(
        id="header-inapplicable-removed",
        kinds=("header-removed",),
        when=_named("retry-after"),
        verdicts=_v(_BREAK, _OK, _OK),
        source="NV",
        message="a header that does not apply is gone: {path}",
    ),
    Rule(
        id="header-cache",
        kinds=("header-value",),
        when=_named(*CACHE),
        verdicts=_v(_REVIEW, _REVIEW, _BUMP),
        source="PH 1.15",
        message=_HEADER,
    ),
    Rule(
        id="header-location-lost",
        kinds=("header-removed",),
        when=_named("location"),
        verdicts=_BREAKS,
        source="P",
        message="Location is gone: {old}",
    ),
    Rule(
        id="header-location-shape",
        kinds=("header-value",),
        when=_named("location"),
        verdicts=_BREAKS,
        source="P; masking: J",
        message="Location has another form: {old} became {new}",
    ),
    Rule(
        id="header-vary-lost",
        kinds=("header-list",),
        when=lambda f: f.path.lower() == "vary" and f.detail.startswith("lost"),
        verdicts=_v(_BREAK, _BREAK, _BREAK),
        source="MVS",
        message="Vary {detail}",
    ),
    Rule(
        id="header-vary-gained",
        kinds=("header-list",),
        when=_named("vary"),
        verdicts=_v(_OK, _INFO, _INFO),
        source="J",
        message="Vary {detail}",
    ),
    Rule(
        id="header-allow-shrank",
        kinds=("header-list",),
        when=lambda f: f.path.lower() == "allow" and f.detail.startswith("lost"),
        verdicts=_v(_BREAK, _BREAK, _BUMP),
        source="J, by the rules of URLs",
        message="Allow {detail}",
    ),
    Rule(
        id="header-allow-grew",
        kinds=("header-list",),
        when=_named("allow"),
        verdicts=_v(_OK, _BREAK, _BUMP, _BREAK),
        source="J, by the rules of URLs",
        message="Allow {detail}",
    ),
    Rule(
        id="header-content-type",
        kinds=("header-media-type",),
        verdicts=_BREAKS,
        source="AI",
        message="media type {old} became {new}",
    ),
    Rule(
        id="header-charset",
        kinds=("header-charset",),
        verdicts=_TELLS,
        source="J",
        message="parameters of the media type: {old} became {new}",
    ),
    Rule(
        id="header-multiplicity",
        kinds=("header-multiplicity",),
        verdicts=_TELLS,
        source="J",
        message="header {path} stands on {new} lines, not on {old}",
    ),
    Rule(
        id="header-added",
        kinds=("header-added",),
        verdicts=_ADDS,
        source="P, AI",
        message="header {path} came: {new}",
    ),
    Rule(
        id="header-removed",
        kinds=("header-removed",),
        verdicts=_BREAKS,
        source="P, AI",
        message="header {path} is gone: {old}",
    ),
    Rule(
        id="header-value",
        kinds=("header-value", "header-list"),
        verdicts=_v(_BREAK, _REVIEW, _BUMP),
        source="P, AI",
        message=_HEADER,
    ),
    # Bodies.
    Rule(
        id="error-body-lost",
        kinds=("error-body-lost",),
        verdicts=_BREAKS,
        source="J",
        message="the error has no body any more",
    ),
    Rule(
        id="body-appeared",
        kinds=("body-appeared",),
        verdicts=_ADDS,
        source="AI; PH 1.20",
        message="a body came where there was none",
    ),
    Rule(
        id="body-disappeared",
        kinds=("body-disappeared",),
        verdicts=_BREAKS,
        source="AI; PH 1.20",
        message="the body is gone",
    ),
    Rule(
        id="body-invalid-json",
        kinds=("body-invalid-json",),
        verdicts=_v(_BREAK, _BREAK, _BREAK),
        source="J",
        message="the body is no JSON any more: {new}",
    ),
    Rule(
        id="body-text",
        kinds=("body-text",),
        verdicts=_v(_REVIEW, _REVIEW, _BUMP),
        source="J",
        message="the body differs: {old} became {new}",
    ),
    Rule(
        id="body-bytes",
        kinds=("body-bytes",),
        verdicts=_TELLS,
        source="J",
        message="the same values, written otherwise",
    ),
    Rule(
        id="body-root-type",
        kinds=("root-type",),
        verdicts=_BREAKS,
        source="P, AI",
        message="the root is {new}, not {old}",
    ),
    Rule(
        id="body-envelope",
        kinds=("envelope",),
        verdicts=_BREAKS,
        source="P, AI",
        message="the root key {old} became {new}",
    ),
    Rule(
        id="property-added-freeform",
        kinds=("property-added",),
        when=lambda f: f.detail == "free-form",
        verdicts=_v(_OK, _OK, _OK),
        source="IR",
        message="{path} came, where names are data",
    ),
    Rule(
        id="property-added",
        kinds=("property-added",),
        verdicts=_ADDS,
        source="P; AI",
        message="{path} came: {new}",
    ),
    Rule(
        id="property-removed",
        kinds=("property-removed",),
        verdicts=_REMOVES,
        source="P, AI",
        message="{path} is gone: {old}",
    ),
    Rule(
        id="property-restyled",
        kinds=("property-restyled",),
        verdicts=_REMOVES,
        source="P; BR",
        message="{path} is called {detail} now",
    ),
    Rule(
        id="property-renamed",
        kinds=("property-renamed",),
        verdicts=_REMOVES,
        source="P; pairing: J",
        message="{path} is called {detail} now",
    ),
    Rule(
        id="property-moved",
        kinds=("property-moved",),
        verdicts=_REMOVES,
        source="P; pairing: J",
        message="{path} stands at {detail} now",
    ),
    Rule(
        id="property-type",
        kinds=("property-type",),
        verdicts=_BREAKS,
        source="AI",
        message="{path} is {new}, not {old}",
    ),
    Rule(
        id="property-number-decimals",
        kinds=("number-kind",),
        when=lambda f: f.detail == "decimals",
        verdicts=_BREAKS,
        source="J",
        message=_VALUE,
    ),
    Rule(
        id="property-number",
        kinds=("number-kind",),
        verdicts=_v(_INFO, _INFO, _BUMP),
        source="J",
        message=_VALUE,
    ),
    Rule(
        id="property-precision",
        kinds=("number-precision",),
        verdicts=_v(_REVIEW, _REVIEW, _BUMP),
        source="J; decimals for prices",
        message=_VALUE,
    ),
    Rule(
        id="property-to-null",
        kinds=("to-null",),
        verdicts=_v(_REVIEW, _REVIEW, _BUMP),
        source="J; oasdiff",
        message="{path}: {old} became null",
    ),
    Rule(
        id="property-from-null",
        kinds=("from-null",),
        verdicts=_v(_OK, _REVIEW, _BUMP),
        source="J; oasdiff",
        message="{path}: null became {new}",
    ),
    Rule(
        id="property-null-or-missing",
        kinds=("null-or-missing",),
        verdicts=_BREAKS,
        source="AI",
        message="{path}: {old} became {new}",
    ),
    Rule(
        id="property-empty-appeared",
        kinds=("empty-or-missing",),
        when=lambda f: f.detail == "appeared",
        verdicts=_ADDS,
        source="NH 2.75",
        message="{path} came, empty: {new}",
    ),
    Rule(
        id="property-empty-or-missing",
        kinds=("empty-or-missing",),
        verdicts=_BREAKS,
        source="NH 2.75",
        message="{path} is gone, it was empty: {old}",
    ),
    Rule(id="property-empty-kind", kinds=("empty-kind",), verdicts=_BREAKS, source="NH 2.75", message=_VALUE),
    Rule(id="property-enum-case", kinds=("enum-case",), verdicts=_BREAKS, source="AI, NV", message=_VALUE),
    Rule(
        id="property-format",
        kinds=("format",),
        verdicts=_BREAKS,
        source="P; NH 2.53",
        message="{path} has another format: {old} became {new}",
    ),
    Rule(
        id="property-time-precision",
        kinds=("time-precision",),
        verdicts=_v(_REVIEW, _REVIEW, _BUMP),
        source="J",
        message=_VALUE,
    ),
    Rule(
        id="property-enum",
        kinds=("value",),
        when=lambda f: f.detail == "enum",
        verdicts=_v(_REVIEW, _BREAK, _BUMP),
        source="AI, NV",
        message="{path} has a word that it had not: {old} became {new}",
    ),
    Rule(
        id="property-value",
        kinds=("value",),
        verdicts=_v(_REVIEW, _REVIEW, _BUMP),
        source="AI; J",
        message=_VALUE,
    ),
    Rule(id="array-or-scalar", kinds=("array-or-scalar",), verdicts=_BREAKS, source="AI", message=_VALUE),
    Rule(
        id="array-item-shape",
        kinds=("item-shape",),
        verdicts=_BREAKS,
        source="J",
        message="{path} stood in every item, now in {seen} of {of} it is missing",
    ),
    Rule(
        id="array-count",
        kinds=("array-count",),
        verdicts=_TELLS,
        source="J",
        message="{path}: {old} items became {new}",
    ),
    Rule(
        id="array-order-sorted",
        kinds=("array-order",),
        when=lambda f: f.detail == "asked",
        verdicts=_v(_REVIEW, _BREAK, _BUMP),
        source="PG",
        message="{path}: another order, where an order was asked for",
    ),
    Rule(
        id="array-order",
        kinds=("array-order",),
        verdicts=_TELLS,
        source="PG",
        message="{path}: the same items in another order",
    ),
    # Errors, links, pages.
    Rule(
        id="error-message",
        kinds=("error-message",),
        verdicts=_v(_OK, _OK, _OK),
        source="NV",
        message="the text of the error: {old} became {new}",
    ),
    Rule(
        id="error-structured-added",
        kinds=("error-structured-added",),
        verdicts=_v(_OK, _OK, _OK, _BREAK),
        source="ER; PH 1.23",
        message="errors[] came beside the old error body",
    ),
    Rule(
        id="error-structured-replaces",
        kinds=("error-structured-replaces",),
        verdicts=_BREAKS,
        source="P; J",
        message="errors[] came in place of the old error body",
    ),
    Rule(
        id="error-code",
        kinds=("error-code",),
        verdicts=_BREAKS,
        source="ER",
        message="the error's code {old} became {new}",
    ),
    Rule(
        id="error-fault-key",
        kinds=("error-fault-key",),
        verdicts=_BREAKS,
        source="J",
        message="the error's root key {old} became {new}",
    ),
    Rule(
        id="link-added",
        kinds=("link-added",),
        verdicts=_ADDS,
        source="PH 1.11; P",
        message="{path}: a link came: {new}",
    ),
    Rule(
        id="link-removed",
        kinds=("link-removed",),
        verdicts=_BREAKS,
        source="PH 1.11; P",
        message="{path}: a link is gone: {old}",
    ),
    Rule(id="link-host", kinds=("link-host",), verdicts=_TELLS, source="J", message=_VALUE),
    Rule(id="link-path", kinds=("link-path",), verdicts=_BREAKS, source="J", message=_VALUE),
    Rule(
        id="page-next",
        kinds=("page-next",),
        verdicts=_v(_REVIEW, _REVIEW, _BUMP),
        source="P; J",
        message="{path}: the link to the next page: {old} became {new}",
    ),
)

BY_ID = {rule.id: rule for rule in RULES}


def rule_of(fact: Fact) -> Rule:
    """The rule that a fact falls under: the first of RULES that matches; each kind has one without `when`."""
    for rule in RULES:
        if fact.kind in rule.kinds and rule.when(fact):
            return rule
    raise LookupError(f"no rule matches facts of the kind {fact.kind!r}")
