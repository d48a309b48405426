"""Rules of headers. The first that matches a fact is its rule."""

from __future__ import annotations

from contract_tests.comparison.headers import ENDS
from contract_tests.comparison.rule import (
    ADDS,
    BREAK,
    BREAKS,
    BUMP,
    HEADER,
    INFO,
    OK,
    REVIEW,
    TELLS,
    WARN,
    Rule,
    by_context,
    named_headers,
)

INFRASTRUCTURE = ("date", "server", "via", "content-length", "connection", "keep-alive", "transfer-encoding")
REQUEST_IDS = ("x-openstack-request-id", "x-compute-request-id", "x-request-id")
CACHE = ("cache-control", "last-modified", "etag", "expires", "pragma")

HEADER_RULES: tuple[Rule, ...] = (
    Rule(
        id="header-infrastructure",
        kinds=("header-added", "header-removed", "header-value", "header-list"),
        when=named_headers(*INFRASTRUCTURE),
        verdicts=TELLS,
        source="J",
        message=HEADER,
    ),
    Rule(
        id="header-lifecycle",
        kinds=("header-added", "header-value"),
        when=lambda f: f.path in ENDS and (f.kind == "header-added" or f.detail == "later"),
        verdicts=by_context(OK, INFO, INFO),
        source="RFC 9745, RFC 8594",
        message="the end of this is announced: {path}: {new}",
    ),
    Rule(
        id="header-sunset-shortened",
        kinds=("header-removed", "header-value"),
        when=named_headers("sunset", "deprecation"),
        verdicts=by_context(WARN, WARN, WARN),
        source="RFC 8594; verdict: oasdiff",
        message="the announced end changed: " + HEADER,
    ),
    Rule(
        id="header-link-added",
        kinds=("header-added",),
        when=named_headers("link"),
        verdicts=by_context(OK, OK, OK, BREAK),
        source="PG; strict: AI",
        message="a Link header came: {new}",
    ),
    Rule(
        id="header-signalled",
        kinds=("header-added",),
        when=named_headers(*REQUEST_IDS),
        verdicts=by_context(OK, OK, BUMP, BREAK),
        source="NH 2.46",
        message="a header that only tells something came: {path}",
    ),
    Rule(
        id="header-request-id",
        kinds=("header-value",),
        when=named_headers(*REQUEST_IDS),
        verdicts=TELLS,
        source="J",
        message="another request id",
    ),
    Rule(
        id="header-inapplicable-removed",
        kinds=("header-removed",),
        when=lambda f: f.detail == "inapplicable",
        verdicts=by_context(BREAK, OK, OK),
        source="NV",
        message="a header that does not apply is gone: {path}",
    ),
    Rule(
        id="header-cache",
        kinds=("header-value",),
        when=named_headers(*CACHE),
        verdicts=by_context(REVIEW, REVIEW, BUMP),
        source="PH 1.15",
        message=HEADER,
    ),
    Rule(
        id="header-location-lost",
        kinds=("header-removed",),
        when=named_headers("location"),
        verdicts=BREAKS,
        source="P",
        message="Location is gone: {old}",
    ),
    Rule(
        id="header-location-shape",
        kinds=("header-value",),
        when=named_headers("location"),
        verdicts=BREAKS,
        source="P; masking: J",
        message="Location has another form: {old} became {new}",
    ),
    Rule(
        id="header-vary-lost",
        kinds=("header-list", "header-removed"),
        when=lambda f: (
            f.path.lower() == "vary" and (f.kind == "header-removed" or f.detail.startswith("lost"))
        ),
        verdicts=by_context(BREAK, BREAK, BREAK),
        source="MVS",
        message="Vary lost what it said: {old} became {new}",
    ),
    Rule(
        id="header-vary-gained",
        kinds=("header-list", "header-added"),
        when=named_headers("vary"),
        verdicts=by_context(OK, INFO, INFO),
        source="J",
        message="Vary says more: {old} became {new}",
    ),
    Rule(
        id="header-allow-shrank",
        kinds=("header-list",),
        when=lambda f: f.path.lower() == "allow" and f.detail.startswith("lost"),
        verdicts=by_context(BREAK, BREAK, BUMP),
        source="J, by the rules of URLs",
        message="Allow {detail}",
    ),
    Rule(
        id="header-allow-grew",
        kinds=("header-list",),
        when=named_headers("allow"),
        verdicts=by_context(OK, BREAK, BUMP, BREAK),
        source="J, by the rules of URLs",
        message="Allow {detail}",
    ),
    Rule(
        id="header-content-type",
        kinds=("header-media-type",),
        verdicts=BREAKS,
        source="AI",
        message="media type {old} became {new}",
    ),
    Rule(
        id="header-charset",
        kinds=("header-charset",),
        verdicts=TELLS,
        source="J",
        message="parameters of the media type: {old} became {new}",
    ),
    Rule(
        id="header-multiplicity",
        kinds=("header-multiplicity",),
        verdicts=TELLS,
        source="J",
        message="header {path} stands on {new} lines, not on {old}",
    ),
    Rule(
        id="header-added",
        kinds=("header-added",),
        verdicts=ADDS,
        source="P, AI",
        message="header {path} came: {new}",
    ),
    Rule(
        id="header-removed",
        kinds=("header-removed",),
        verdicts=BREAKS,
        source="P, AI",
        message="header {path} is gone: {old}",
    ),
    Rule(
        id="header-value",
        kinds=("header-value", "header-list"),
        verdicts=by_context(BREAK, REVIEW, BUMP),
        source="P, AI",
        message=HEADER,
    ),
)
