"""The table of rules: each fires with its verdict in every context, and keeps silent on a near miss."""

from __future__ import annotations

import re
import unittest
from typing import Any

from contract_tests.comparison import rules
from contract_tests.comparison.correlation import Correlation
from contract_tests.comparison.differ import diff
from contract_tests.comparison.facts import INVERSES, KINDS, VALUED, VARYING, Fact
from contract_tests.comparison.rule import word_fact
from contract_tests.comparison.rules import BY_ID, RULES, Context, Verdict, rule_of
from contract_tests.comparison.versions import range_facts
from contract_tests.model.http import Response
from contract_tests.model.microversion import ORDERS, MicroversionRange
from tests.unit.building import answer

UUID = "0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c00"
LINKS: list[Any] = []


def a(document: Any = None, status: int = 200, **headers: str) -> Response:
    return answer(status, document, **headers)


def page(rel: str = "self", href: str = "http://a.example/x") -> Response:
    return a(
        {
            "links": [{"rel": "self", "href": "http://a.example/x"}, {"rel": rel, "href": href}][
                rel == "self" :
            ]
        }
    )


def versions(*entries: dict[str, Any]) -> Response:
    return a({"versions": [{"links": LINKS, **entry} for entry in entries]})


def v2(**fields: str) -> dict[str, Any]:
    return {"id": "v2", "status": "CURRENT", "min_version": "2.1", "max_version": "2.90", **fields}


def extensions(*aliases: str, updated: str = "2013-02-03T00:00:00-00:00") -> Response:
    return a({"extensions": [{"alias": alias, "name": alias, "updated": updated} for alias in aliases]})


V1 = {"id": "v1", "status": "SUPPORTED"}
FAULT = {"itemNotFound": {"code": "x.y", "message": "no"}}
STRUCTURED = {"errors": [{"code": "x.y", "title": "no"}]}

# Each rule: its verdicts (unversioned, frozen, adjacent, strict), an answer, one against which it fires, and
# one against which it does not.
OK, INFO, BUMP, WARN, REVIEW, BREAK = (verdict.value for verdict in Verdict)
BREAKS = (BREAK, BREAK, BUMP, BREAK)
REMOVES = (BREAK, BREAK, WARN, BREAK)
ADDS = (OK, BREAK, BUMP, BREAK)
TELLS = (INFO,) * 4
FINE = (OK,) * 4

CASES: dict[str, tuple[tuple[str, ...], Response, Response, Response]] = {
    "extension-added": (ADDS, extensions("a"), extensions("a", "b"), extensions("a")),
    "extension-removed": (REMOVES, extensions("a", "b"), extensions("a"), extensions("a", "b")),
    "extension-changed": (
        (REVIEW, REVIEW, BUMP, REVIEW),
        extensions("a"),
        extensions("a", updated="2019-01-01T00:00:00Z"),
        extensions("b"),
    ),
    # Status.
    "input-accepted-to-refused": (REMOVES, a(status=201), a(status=400), a(status=500)),
    "input-refused-to-accepted": (ADDS, a(status=400), a(status=204), a(status=409)),
    "status-success-to-client-error": (REMOVES, a(), a(status=409), a(status=201)),
    "status-success-to-server-error": ((BREAK,) * 4, a(), a(status=500), a(status=400)),
    "status-server-to-client-error": (FINE, a(status=500), a(status=400), a(status=503)),
    "status-501-to-400": ((OK, BREAK, BUMP, OK), a(status=501), a(status=400), a(status=404)),
    "status-server-error-to-success": (FINE, a(status=502), a(), a(status=404)),
    "status-client-error-to-success": (ADDS, a(status=409), a(status=204), a(status=404)),
    "url-added": (ADDS, a(status=404), a(), a(status=405)),
    "method-added": (ADDS, a(status=405), a(), a(status=404)),
    "url-removed": (REMOVES, a(), a(status=410), a(status=406)),
    "status-client-error-changed": (ADDS, a(status=400), a(status=409), a(status=404)),
    "status-client-error-implied": ((OK, REVIEW, OK, BREAK), a(status=409), a(status=400), a(status=410)),
    "status-client-to-server-error": ((BREAK,) * 4, a(status=400), a(status=500), a(status=404)),
    "status-server-error-changed": ((OK, INFO, INFO, OK), a(status=500), a(status=503), a(status=404)),
    "status-success-code": (BREAKS, a(status=201), a(status=202), a(status=301)),
    "status-redirect": (BREAKS, a(), a(status=302), a(status=201)),
    "version-not-offered": (REMOVES, a(), a(status=406), a(status=400)),
    "status-auth": ((REVIEW,) * 4, a(), a(status=403), a(status=404)),
    "status-throttled": (TELLS, a(), a(status=429), a(status=428)),
    # Headers.
    "header-added": (ADDS, a(), a(X_New="1"), a(Link="<a>; rel=next")),
    "header-link-added": ((OK, OK, OK, BREAK), a(), a(Link="<a>; rel=next"), a(X_Link="a")),
    "header-signalled": ((OK, OK, BUMP, BREAK), a(), a(X_OpenStack_Request_Id="req-1"), a(X_Thing="req-1")),
    "header-removed": (BREAKS, a(X_Old="1"), a(), a(X_Old="2")),
    "header-inapplicable-removed": (
        (BREAK, OK, OK, BREAK),
        a(status=409, Retry_After="9"),
        a(status=409),
        a(status=409, Retry_After="8"),
    ),
    "header-value": ((BREAK, REVIEW, BUMP, BREAK), a(X_Kind="a"), a(X_Kind="b"), a(X_Kind="a")),
    "header-content-type": (
        BREAKS,
        a(content_type="text/a"),
        a(content_type="text/b"),
        a(content_type="text/a; x=y"),
    ),
    "header-charset": (
        TELLS,
        a(content_type="text/a"),
        a(content_type="text/a; x=y"),
        a(content_type="text/b"),
    ),
    "header-location-lost": (BREAKS, a(Location="http://h/a/1"), a(), a(Location="http://h/b/1")),
    "header-location-shape": (
        BREAKS,
        a(Location=f"http://h/a/{UUID}"),
        a(Location=f"http://h/b/{UUID}"),
        a(Location=f"http://h/a/{UUID.replace('0', '1')}"),
    ),
    "header-vary-lost": ((BREAK,) * 4, a(Vary="A, B"), a(), a(Vary="B, a")),
    "header-vary-gained": ((OK, INFO, INFO, OK), a(Vary="A"), a(Vary="A, B"), a(Vary="a")),
    "header-allow-shrank": (BREAKS, a(Allow="GET, PUT"), a(Allow="GET"), a(Allow="PUT,GET")),
    "header-allow-grew": (ADDS, a(Allow="GET"), a(Allow="GET, PUT"), a(Allow="get")),
    "header-cache": (
        (REVIEW, REVIEW, BUMP, REVIEW),
        a(ETag="1"),
        a(ETag="2"),
        a(ETag="1"),
    ),
    "header-request-id": (TELLS, a(X_Request_Id="a"), a(X_Request_Id="b"), a(X_Request_Id="a")),
    "header-lifecycle": ((OK, INFO, INFO, OK), a(), a(Deprecation="@1"), a(X_Deprecation="@1")),
    "header-sunset-shortened": ((WARN,) * 4, a(Sunset="a"), a(), a(Sunset="a")),
    "header-infrastructure": (TELLS, a(Server="a"), a(Server="b"), a(Server="a")),
    "header-multiplicity": (
        TELLS,
        a(Vary="A, B"),
        Response(status=200, headers=(("Vary", "A"), ("Vary", "B"))),
        Response(status=200, headers=(("vary", "A, B"),)),
    ),
    # Bodies.
    "body-appeared": (ADDS, a(content_type="a/b"), a({"a": 1}, content_type="a/b"), a(content_type="a/b")),
    "body-disappeared": (
        BREAKS,
        a({"a": 1}, content_type="a/b"),
        a(content_type="a/b"),
        a({"a": 2}, content_type="a/b"),
    ),
    "body-invalid-json": ((BREAK,) * 4, a({"a": 1}), a(b"{", content_type="application/json"), a({"a": 2})),
    "body-text": (
        (REVIEW, REVIEW, BUMP, REVIEW),
        a(b"one", content_type="a/b"),
        a(b"two", content_type="a/b"),
        a(b"one", content_type="a/b"),
    ),
    "body-bytes": (TELLS, a(b'{"a":1}'), a(b'{"a": 1}'), a(b'{"a": 2}')),
    "body-root-type": (BREAKS, a({"a": 1}), a([1]), a({"a": 2})),
    "body-envelope": (BREAKS, a({"server": {"x": 1}}), a({"instance": {"x": 1}}), a({"server": {"x": 2}})),
    "property-added": (ADDS, a({"a": 1}), a({"a": 1, "b": 1}), a({"a": 1, "b": None})),
    "property-removed": (REMOVES, a({"a": 1, "b": 1}), a({"a": 1}), a({"a": 1, "b": None})),
    "property-renamed": (
        REMOVES,
        a({"a": 1, "host": "h1"}),
        a({"a": 1, "node": "h1"}),
        a({"a": 1, "node": "h2"}),
    ),
    "property-restyled": (
        REMOVES,
        a({"a": 1, "imageRef": "x"}),
        a({"a": 1, "image_ref": "y"}),
        a({"a": 1, "image": "y"}),
    ),
    "property-moved": (
        REMOVES,
        a({"o": {"x": 1, "id": "h1"}}),
        a({"o": {"x": 1}, "id": "h1"}),
        a({"o": {"x": 1}, "id": "h2"}),
    ),
    "page-container": (
        REMOVES,
        a({"x": 1, "servers_links": ["a"]}),
        a({"x": 1, "links": ["a"]}),
        a({"x": 1, "next": ["a"]}),
    ),
    "property-type": (BREAKS, a({"a": True}), a({"a": "true"}), a({"a": False})),
    "property-number": ((INFO, INFO, BUMP, INFO), a({"a": 1}), a(b'{"a": 1.0}'), a({"a": 1.5})),
    "property-number-decimals": (BREAKS, a({"a": 1}), a({"a": 1.5}), a(b'{"a": 1.0}')),
    "property-precision": (
        (REVIEW, REVIEW, BUMP, REVIEW),
        a(b'{"a": 0.10}'),
        a(b'{"a": 0.1}'),
        a(b'{"a": 0.11}'),
    ),
    "property-to-null": ((REVIEW, REVIEW, BUMP, REVIEW), a({"a": "x"}), a({"a": None}), a({"a": ""})),
    "property-from-null": ((OK, REVIEW, BUMP, OK), a({"a": None}), a({"a": "x"}), a({"a": ""})),
    "property-null-or-missing": (BREAKS, a({"a": 1, "b": None}), a({"a": 1}), a({"a": 1, "b": ""})),
    "property-null-appeared": (ADDS, a({"a": 1}), a({"a": 1, "b": None}), a({"a": 1, "b": ""})),
    "property-empty-or-missing": (BREAKS, a({"a": 1, "b": []}), a({"a": 1}), a({"a": 1, "b": None})),
    "property-empty-appeared": (ADDS, a({"a": 1}), a({"a": 1, "b": ""}), a({"a": 1, "b": 5})),
    "property-empty-kind": (BREAKS, a({"a": ""}), a({"a": None}), a({"a": "x"})),
    "property-enum-case": (BREAKS, a({"a": "ACTIVE"}), a({"a": "active"}), a({"a": "GONE"})),
    "property-enum-added": (
        (REVIEW, BREAK, BUMP, REVIEW),
        a({"state": "up"}),
        a({"state": "lost"}),
        a({"state": "down"}),
    ),
    "property-enum-removed": (
        (REVIEW, BREAK, BUMP, REVIEW),
        a({"state": "lost"}),
        a({"state": "up"}),
        a({"state": "gone"}),
    ),
    "property-format": (
        BREAKS,
        a({"a": UUID}),
        a({"a": UUID.replace("-", "")}),
        a({"a": UUID.replace("0", "1")}),
    ),
    "property-time-precision": (
        (REVIEW, REVIEW, BUMP, REVIEW),
        a({"t": "2026-01-01T00:00:00Z"}),
        a({"t": "2026-01-01T00:00:00+00:00"}),
        a({"t": "2026-02-01T01:00:00Z"}),
    ),
    "property-value": ((REVIEW, REVIEW, BUMP, REVIEW), a({"a": 2}), a({"a": 3}), a({"a": 2.5})),
    "array-or-scalar": (BREAKS, a({"a": ["x"]}), a({"a": "x"}), a({"a": ["y"]})),
    "array-item-shape": (
        BREAKS,
        a([{"id": "a", "n": 5}, {"id": "b", "n": 6}]),
        a([{"id": "a", "n": 5}, {"id": "b"}]),
        a([{"id": "a"}, {"id": "b"}]),
    ),
    "array-item-shape-grew": (
        ADDS,
        a([{"id": "a", "n": 5}, {"id": "b"}]),
        a([{"id": "a", "n": 5}, {"id": "b", "n": 6}]),
        a([{"id": "a"}, {"id": "b"}]),
    ),
    "array-count": (TELLS, a({"a": [1, 2]}), a({"a": [1]}), a({"a": [2, 1]})),
    "array-items": (
        (REVIEW, REVIEW, BUMP, REVIEW),
        a([{"name": "a"}, {"name": "b"}]),
        a([{"name": "a"}, {"name": "c"}]),
        a([{"name": "a"}]),
    ),
    "array-order": (TELLS, a(["a", "b"]), a(["b", "a"]), a(["a", "c"])),
    "array-order-sorted": ((REVIEW, BREAK, BUMP, REVIEW), a(["a", "b"]), a(["b", "a"]), a(["a"])),
    "property-added-freeform": (
        FINE,
        a({"metadata": {}}),
        a({"metadata": {"k": "v"}}),
        a({"metadata": {}, "k": "v"}),
    ),
    "property-removed-freeform": (
        (REVIEW, REVIEW, BUMP, REVIEW),
        a({"metadata": {"k": "v", "l": "w"}}),
        a({"metadata": {"l": "w"}}),
        a({"metadata": {"k": "v", "m": "w"}}),
    ),
    # Errors, links, pages.
    "error-message": (FINE, a({"message": "no"}, 404), a({"message": "not so"}, 404), a({"code": "no"}, 404)),
    "error-structured-added": (
        (OK, OK, OK, BREAK),
        a(FAULT, 404),
        a({**FAULT, **STRUCTURED}, 404),
        a(STRUCTURED, 404),
    ),
    "error-structured-replaces": (BREAKS, a(FAULT, 404), a(STRUCTURED, 404), a({**FAULT, **STRUCTURED}, 404)),
    "error-structured-removed": (REMOVES, a({**FAULT, **STRUCTURED}, 404), a(FAULT, 404), a(STRUCTURED, 404)),
    "error-code": (
        BREAKS,
        a(STRUCTURED, 404),
        a({"errors": [{"code": "x.z", "title": "no"}]}, 404),
        a({"errors": [{"code": "x.y", "title": "o"}]}, 404),
    ),
    "error-code-added": (
        (OK, OK, OK, BREAK),
        a({"errors": [{"title": "no"}]}, 404),
        a(STRUCTURED, 404),
        a({"errors": [{"title": "no", "kind": "x.y"}]}, 404),
    ),
    "error-fault-key": (
        BREAKS,
        a({"badRequest": {"x": 1}}, 400),
        a({"computeFault": {"x": 1}}, 400),
        a({"badRequest": {"x": 2}}, 400),
    ),
    "error-body-lost": (
        BREAKS,
        a(FAULT, 404, content_type="a/b"),
        a(None, 404, content_type="a/b"),
        a(STRUCTURED, 404, content_type="a/b"),
    ),
    "link-added": (ADDS, page(), page("up"), page("next")),
    "link-removed": (BREAKS, page("up"), page(), page("up", "http://a.example/x/y")),
    "link-host": (TELLS, page(), page(href="http://b.example/x"), page(href="http://a.example/y")),
    "link-path": (BREAKS, page(), page(href="http://a.example/y"), page(href="http://b.example/x")),
    "page-next": ((REVIEW, REVIEW, BUMP, REVIEW), page("next"), page(), page("next", "http://b.example/x")),
    # Version documents.
    "version-minimum-raised": (
        REMOVES,
        versions(v2()),
        versions(v2(min_version="2.2")),
        versions(v2(min_version="2.0")),
    ),
    "version-minimum-lowered": (
        FINE,
        versions(v2()),
        versions(v2(min_version="2.0")),
        versions(v2(min_version="2.10")),
    ),
    "version-maximum-lowered": (
        (BREAK,) * 4,
        versions(v2()),
        versions(v2(max_version="2.9")),
        versions(v2(max_version="2.100")),
    ),
    "version-maximum-raised": (
        FINE,
        versions(v2()),
        versions(v2(max_version="2.100")),
        versions(v2(max_version="2.9")),
    ),
    "version-status": (
        FINE,
        versions(v2()),
        versions(v2(status="DEPRECATED")),
        versions(v2(status="EXPERIMENTAL")),
    ),
    "version-status-back": (
        (REVIEW,) * 4,
        versions(v2()),
        versions(v2(status="EXPERIMENTAL")),
        versions(v2(status="SUPPORTED")),
    ),
    "version-entry-added": (FINE, versions(v2()), versions(v2(), V1), versions(v2(max_version="2.91"))),
    "version-entry-removed": (
        (BREAK,) * 4,
        versions(v2(), V1),
        versions(v2()),
        versions(v2(), {**V1, "status": "DEPRECATED"}),
    ),
    "version-experiment-ended": (
        TELLS,
        versions(v2(), {"id": "v3", "status": "EXPERIMENTAL"}),
        versions(v2()),
        versions(v2(), {"id": "v3", "status": "CURRENT"}),
    ),
    "version-deprecated-removed": (
        (WARN,) * 4,
        versions(v2(), {"id": "v1", "status": "DEPRECATED"}),
        versions(v2()),
        versions(v2(), V1),
    ),
}

SAME = {
    "array-order-sorted": Correlation(ordered=True),
    "property-added-freeform": Correlation(free_form=(re.compile(r"\$\.metadata"),)),
    "property-removed-freeform": Correlation(free_form=(re.compile(r"\$\.metadata"),)),
    "property-enum-added": Correlation(words={"$.state": frozenset({"up", "down"})}),
    "property-enum-removed": Correlation(words={"$.state": frozenset({"up", "down"})}),
    "input-accepted-to-refused": Correlation(trial="length"),
    "input-refused-to-accepted": Correlation(trial="length"),
}


class TestRules(unittest.TestCase):
    def test_each_fires_alone_with_its_verdict_in_each_context(self) -> None:
        for name, (verdicts, old, new, _) in CASES.items():
            with self.subTest(name):
                facts = diff(old, new, SAME.get(name))
                self.assertEqual([name], [rule_of(fact).id for fact in facts], facts)
                found = rule_of(facts[0])
                self.assertEqual(verdicts, tuple(found.verdict(context).value for context in Context))

    def test_none_fires_on_a_near_miss(self) -> None:
        for name, (_, old, _, near) in CASES.items():
            with self.subTest(name):
                self.assertNotIn(name, [rule_of(fact).id for fact in diff(old, near, SAME.get(name))])

    def test_none_fires_on_the_same_answer(self) -> None:
        for name, (_, old, new, _) in CASES.items():
            for response in (old, new):
                self.assertEqual((), diff(response, response, SAME.get(name)))

    def test_each_is_worded_without_a_blank(self) -> None:
        for name, (_, old, new, _) in CASES.items():
            with self.subTest(name):
                for fact in diff(old, new, SAME.get(name)):
                    words = word_fact(rule_of(fact), fact)
                    self.assertRegex(words, r"^\S.*\S$")
                    self.assertNotIn("MISSING", words)

    def test_the_ranges_of_two_deployments(self) -> None:
        parse = ORDERS["number"].parse

        def spans(low: str, high: str) -> MicroversionRange:
            return MicroversionRange(low=parse(low), high=parse(high))

        for new, rule in (
            (spans("1.0", "1.8"), "version-maximum-lowered"),
            (spans("1.0", "1.10"), "version-maximum-raised"),
            (spans("1.1", "1.9"), "version-minimum-raised"),
        ):
            (fact,) = range_facts(spans("1.0", "1.9"), new)
            self.assertEqual(rule, rule_of(fact).id)
        self.assertEqual([], list(range_facts(spans("1.0", "1.9"), spans("1.0", "1.9"))))
        self.assertEqual([], list(range_facts(None, spans("1.0", "1.9"))))


class TestTable(unittest.TestCase):
    def test_every_rule_has_a_case(self) -> None:
        self.assertEqual(set(BY_ID), set(CASES))

    def test_ids_are_unique(self) -> None:
        self.assertEqual(len(RULES), len(BY_ID))
        for rule in RULES:
            self.assertRegex(rule.id, r"^[a-z0-9]+(-[a-z0-9]+)+$")

    def test_every_kind_of_fact_falls_under_a_rule_without_a_condition(self) -> None:
        for kind in KINDS:
            with self.subTest(kind):
                last = [rule for rule in RULES if kind in rule.kinds][-1:]
                self.assertTrue(last and last[0].when is None)

    def test_no_rule_stands_behind_one_that_takes_all(self) -> None:
        for kind in KINDS:
            of_kind = [rule for rule in RULES if kind in rule.kinds]
            self.assertTrue(all(rule.when is not None for rule in of_kind[:-1]), kind)

    def test_every_kind_of_fact_is_met_in_a_case(self) -> None:
        met = {
            fact.kind
            for name, (_, old, new, near) in CASES.items()
            for one, other in ((old, new), (new, old), (old, near), (near, old))
            for fact in diff(one, other, SAME.get(name))
        }
        self.assertEqual(set(KINDS) - {"error-structured-replaced"}, met - {"error-structured-replaced"})

    def test_every_source_is_named(self) -> None:
        doc = rules.__doc__ or ""
        known = set(re.findall(r"(?:Sources:|;|and)\s+([A-Z]{1,3})(?=[,\s])", doc)) | {"NH", "PH"}
        for rule in RULES:
            with self.subTest(rule.id):
                for abbreviation in re.findall(r"\b[A-Z]{1,3}\b", re.sub(r"RFC \d+", "", rule.source)):
                    self.assertIn(abbreviation, known)
                self.assertTrue(rule.source)

    def test_messages_use_only_fields_of_facts(self) -> None:
        for rule in RULES:
            rule.message.format(path="", old="", new="", detail="", seen=1, of=1)

    def test_kinds_are_known(self) -> None:
        for rule in RULES:
            self.assertLessEqual(set(rule.kinds), set(KINDS), rule.id)
        self.assertLessEqual(VARYING | VALUED, set(KINDS))
        self.assertEqual(set(KINDS), set(INVERSES))
        for kind, inverse in INVERSES.items():
            self.assertEqual(kind, INVERSES[inverse])

    def test_a_kind_without_a_rule_is_told(self) -> None:
        with self.assertRaises(LookupError):
            rule_of(Fact(kind="weather"))


class TestStatuses(unittest.TestCase):
    """Every pair of statuses has one rule, and the most that it can say."""

    ALL = (200, 201, 202, 204, 300, 302, 400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 429, 500, 501, 503)

    def test_every_pair_has_a_rule(self) -> None:
        for old in self.ALL:
            for new in self.ALL:
                if old != new:
                    rule = rule_of(Fact(kind="status", old=old, new=new)).id
                    if rule == "status-redirect":
                        self.assertIn(3, (old // 100, new // 100))

    def test_examples(self) -> None:
        for old, new, rule in (
            (200, 401, "status-auth"),
            (401, 403, "status-auth"),
            (403, 404, "status-client-error-implied"),
            (409, 401, "status-client-error-changed"),
            (404, 405, "status-client-error-changed"),
            (302, 500, "status-success-to-server-error"),
            (404, 302, "status-redirect"),
            (503, 413, "status-throttled"),
        ):
            self.assertEqual(rule, rule_of(Fact(kind="status", old=old, new=new)).id, (old, new))


if __name__ == "__main__":
    unittest.main()
