"""Version dialects: how a version is asked for, told, compared and taken away again."""

from __future__ import annotations

import unittest

from contract_tests.model import dialect as dialects
from contract_tests.model.dialect import DEFAULT_ORDERS, KINDS, Carrier, Dialect, media_parameter
from contract_tests.model.http import Request, Response
from contract_tests.model.microversion import ORDERS

STANDARD = "OpenStack-API-Version"
NOVA_LEGACY = "X-OpenStack-Nova-API-Version"

PLACEMENT = dialects.openstack("placement")
NOVA = dialects.openstack("compute", legacy=[NOVA_LEGACY])
MANILA = dialects.openstack("shared-file-system", standard=False, legacy=["X-OpenStack-Manila-API-Version"])
DATED = Dialect(kind="header", order=ORDERS["date"], carriers=(Carrier(name="X-Api-Version"),))
SEMANTIC = Dialect(kind="header", order=ORDERS["semantic"], carriers=(Carrier(name="Api", form="v={};x"),))
URL = Dialect(kind="url", order=ORDERS["major"])
URL_V = Dialect(kind="url", order=ORDERS["number"], prefix="/api/v{}")
MEDIA = Dialect(
    kind="media-type", order=ORDERS["semantic"], parameter="version", media_type="application/vnd.x+json"
)
QUERY = Dialect(kind="query", order=ORDERS["date"], parameter="api-version")
NONE = Dialect()


def get(target: str = "/x", *headers: tuple[str, str]) -> Request:
    return Request(method="GET", target=target, headers=headers)


class TestAsk(unittest.TestCase):
    def asked(self, dialect: Dialect, request: Request, version: str | None) -> tuple[str, tuple]:
        found = dialect.ask(request, version)
        return found.target, found.headers

    def test_each_dialect_puts_the_version_where_its_service_reads_it(self) -> None:
        for dialect, version, target, headers in (
            (PLACEMENT, "1.10", "/x", ((STANDARD, "placement 1.10"),)),
            (NOVA, "2.1", "/x", ((STANDARD, "compute 2.1"), (NOVA_LEGACY, "2.1"))),
            (MANILA, "2.7", "/x", (("X-OpenStack-Manila-API-Version", "2.7"),)),
            (DATED, "2024-06-01", "/x", (("X-Api-Version", "2024-06-01"),)),
            (SEMANTIC, "2.0-beta.1", "/x", (("Api", "v=2.0-beta.1;x"),)),
            (URL, "v2", "/v2/x", ()),
            (URL_V, "2.1", "/api/v2.1/x", ()),
            (MEDIA, "2", "/x", (("Accept", "application/vnd.x+json;version=2"),)),
            (QUERY, "2024-06-01", "/x?api-version=2024-06-01", ()),
            (NONE, "1", "/x", ()),
        ):
            with self.subTest(kind=dialect.kind, version=version):
                self.assertEqual((target, headers), self.asked(dialect, get(), version))

    def test_no_version_leaves_the_request_as_it_is(self) -> None:
        for dialect in (PLACEMENT, NOVA, MANILA, DATED, SEMANTIC, URL, URL_V, MEDIA, QUERY, NONE):
            request = get("/x?y=1", ("Accept", "a/b"))
            self.assertIs(request, dialect.ask(request, None))

    def test_whatever_stands_in_the_versions_place_is_sent(self) -> None:
        self.assertEqual(("/x", ((STANDARD, "placement pony"),)), self.asked(PLACEMENT, get(), "pony"))
        self.assertEqual(("/x", ((STANDARD, "placement latest"),)), self.asked(PLACEMENT, get(), "latest"))

    def test_the_requests_other_headers_stay_before_it(self) -> None:
        found = NOVA.ask(get("/x", ("X-A", "1"), ("X-A", "2")), "2.1").headers
        self.assertEqual((("X-A", "1"), ("X-A", "2"), (STANDARD, "compute 2.1"), (NOVA_LEGACY, "2.1")), found)

    def test_a_request_keeps_its_own_word(self) -> None:
        own = ("openstack-api-version", "compute 2.90")
        self.assertEqual((own, (NOVA_LEGACY, "2.1")), NOVA.ask(get("/x", own), "2.1").headers)
        self.assertEqual("/x?api-version=1", QUERY.ask(get("/x?api-version=1"), "2024-06-01").target)
        self.assertEqual(
            (("Accept", "application/json; version=1"),),
            MEDIA.ask(get("/x", ("accept", "application/json; version=1")), "2").headers,
        )

    def test_the_query_is_extended(self) -> None:
        self.assertEqual("/x?y=1&api-version=2024-06-01", QUERY.ask(get("/x?y=1"), "2024-06-01").target)

    def test_a_link_that_holds_the_version_is_not_given_it_twice(self) -> None:
        for target in ("/v2/images?marker=x", "/v2", "/v2?x=1", "http://h.example/v2/images"):
            self.assertEqual(target, URL.ask(get(target), "v2").target)
        for target in ("/v20/images", "/images/v2", "/", "", "/v1/x"):
            self.assertEqual(f"/v2{target}", URL.ask(get(target), "v2").target)
        self.assertEqual("/api/v2.1/x", URL_V.ask(get("/api/v2.1/x"), "2.1").target)
        self.assertEqual("/api/v2.1/api/v2x1/y", URL_V.ask(get("/api/v2x1/y"), "2.1").target)

    def test_a_media_type_of_the_requests_own_gets_the_parameter(self) -> None:
        for accept, expected in (
            ("application/json", "application/vnd.x+json;version=2"),
            ("text/csv", "text/csv;version=2"),
            ("text/csv;q=0.5, a/b", "text/csv;version=2;q=0.5, a/b;version=2"),
            ("text/csv;version=1, a/b", "text/csv;version=1, a/b;version=2"),
        ):
            with self.subTest(accept):
                found = MEDIA.ask(get("/x", ("accept", accept), ("X-A", "1")), "2").headers
                self.assertEqual((("X-A", "1"), ("Accept", expected)), found)


class TestEchoes(unittest.TestCase):
    def echoes(self, dialect: Dialect, *headers: tuple[str, str]) -> tuple:
        found = dialect.echoes(headers)
        self.assertEqual(tuple(v for _, v in found), dialect.echoed(Response(200, "OK", headers)))
        return found

    def test_each_header_that_speaks_is_told(self) -> None:
        self.assertEqual(
            ((STANDARD, "1.10"),), self.echoes(PLACEMENT, ("openstack-api-version", "placement 1.10"))
        )
        both = ((NOVA_LEGACY, "2.1"), (STANDARD, "compute 2.1"))
        self.assertEqual(((STANDARD, "2.1"), (NOVA_LEGACY, "2.1")), self.echoes(NOVA, *both))
        self.assertEqual(
            (("X-OpenStack-Manila-API-Version", "2.7"),),
            self.echoes(MANILA, ("x-openstack-manila-api-version", "2.7")),
        )
        self.assertEqual(
            (("X-Api-Version", "2024-06-01"),), self.echoes(DATED, ("X-Api-Version", "2024-06-01"))
        )
        self.assertEqual((("Api", "2.0-beta.1"),), self.echoes(SEMANTIC, ("Api", "v=2.0-beta.1;x")))
        self.assertEqual(
            (("Content-Type", "2"),), self.echoes(MEDIA, ("Content-Type", 'a/b; charset=utf-8; Version="2"'))
        )

    def test_another_services_version_is_not_ours(self) -> None:
        self.assertEqual((), self.echoes(PLACEMENT, (STANDARD, "compute 2.1"), ("X-Other", "placement 1.1")))
        self.assertEqual((), self.echoes(PLACEMENT, (STANDARD, "placement")))
        self.assertEqual((), self.echoes(PLACEMENT, (STANDARD, "placements 1.1")))

    def test_several_services_at_once_in_one_line_or_in_several(self) -> None:
        self.assertEqual(
            ((STANDARD, "1.10"),), self.echoes(PLACEMENT, (STANDARD, "compute 2.1, placement 1.10"))
        )
        self.assertEqual(
            ((STANDARD, "1.10"),),
            self.echoes(PLACEMENT, (STANDARD, "compute 2.1"), (STANDARD, "placement 1.10")),
        )
        self.assertEqual(
            ((STANDARD, "1.10"), (STANDARD, "1.11")),
            self.echoes(PLACEMENT, (STANDARD, "placement 1.10,placement 1.11")),
        )

    def test_dialects_without_a_header_tell_nothing(self) -> None:
        for dialect in (URL, URL_V, QUERY, NONE):
            self.assertEqual(
                (), self.echoes(dialect, (STANDARD, "placement 1.1"), ("Content-Type", "a/b;version=2"))
            )
        self.assertEqual((), self.echoes(MEDIA, ("Content-Type", "application/json")))

    def test_a_form_needs_room_for_both_its_ends(self) -> None:
        carrier = Carrier(name="X", form="v{}v")
        self.assertEqual([None, "", "1", None], [carrier.read(value) for value in ("v", "vv", "v1v", "1")])

    def test_what_was_asked_for_is_what_an_echo_of_it_tells(self) -> None:
        for dialect in (PLACEMENT, NOVA, MANILA, DATED, SEMANTIC):
            sent = dialect.ask(get(), "1.7").headers
            self.assertEqual({"1.7"}, set(dialect.echoed(Response(200, "OK", sent))))


class TestCarried(unittest.TestCase):
    def test_only_what_speaks_of_the_version_in_a_form_that_compares(self) -> None:
        headers = (("X-A", "1"), (NOVA_LEGACY.lower(), "2.1"), (STANDARD, "compute   2.1 "))
        self.assertEqual(
            ((STANDARD.lower(), "compute 2.1"), (NOVA_LEGACY.lower(), "2.1")), NOVA.carried(iter(headers))
        )
        self.assertEqual((), NOVA.carried((("Accept", "a/b"),)))
        self.assertEqual((), NONE.carried(headers))
        self.assertEqual((), URL.carried(headers))

    def test_of_a_media_type_only_the_parameter(self) -> None:
        for accept in ("application/json;version=2", 'application/vnd.x+json; charset=utf-8; version="2"'):
            self.assertEqual((("accept", "2"),), MEDIA.carried((("ACCEPT", accept),)))
        self.assertEqual((), MEDIA.carried((("Accept", "application/json"),)))

    def test_two_versions_never_carry_the_same(self) -> None:
        for dialect in (PLACEMENT, NOVA, MANILA, DATED, SEMANTIC, MEDIA):
            carried = {dialect.carried(dialect.ask(get(), v).headers) for v in ("1.1", "1.10", "1.100", None)}
            self.assertEqual(4, len(carried))


class TestWithoutVersion(unittest.TestCase):
    def test_asking_and_taking_away_again_is_the_path_and_the_sorted_query(self) -> None:
        plain = {
            "/x?b=2&a=1&a=0": ("/x", (("a", "0"), ("a", "1"), ("b", "2"))),
            "/x": ("/x", ()),
            "/x?": ("/x", ()),
            "/x?a=&b": ("/x", (("a", ""), ("b", ""))),
            "/": ("/", ()),
        }
        for dialect, version in (
            (PLACEMENT, "1.1"),
            (URL, "v2"),
            (URL, "v2.10"),
            (URL_V, "2.1"),
            (QUERY, "2024-06-01"),
            (MEDIA, "2"),
            (NONE, None),
        ):
            for target, expected in plain.items():
                with self.subTest(kind=dialect.kind, target=target):
                    self.assertEqual(
                        expected, dialect.without_version(dialect.ask(get(target), version).target)
                    )

    def test_a_path_without_a_version_stays(self) -> None:
        for target in ("/", "/images", "/next/images", "/vault/x"):
            self.assertEqual((target, ()), URL.without_version(target))
        self.assertEqual(("/v2.1/x", ()), URL_V.without_version("/v2.1/x"))
        self.assertEqual(("", ()), URL.without_version("/v2"))


class TestTables(unittest.TestCase):
    def test_every_default_order_is_of_a_kind_and_an_order(self) -> None:
        self.assertEqual(set(KINDS) - {"none"}, set(DEFAULT_ORDERS))
        self.assertLessEqual(set(DEFAULT_ORDERS.values()), set(ORDERS))

    def test_media_parameters(self) -> None:
        for value, expected in (
            ("application/json;type=task", "task"),
            ('a/b; x=1; TYPE = "task" ', "task"),
            ("a/b", None),
            ("type=task", None),
            ("a/b;type", ""),
            ("", None),
        ):
            self.assertEqual(expected, media_parameter(value, "type"))


if __name__ == "__main__":
    unittest.main()
