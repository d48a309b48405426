"""Discovery: what a deployment says of its versions, its extensions and its majors."""

from __future__ import annotations

import json
import unittest
from typing import Any

from contract_tests.errors import Unreachable
from contract_tests.execution.discovery import discover
from contract_tests.model import dialect
from contract_tests.model.dialect import Dialect
from contract_tests.model.microversion import ORDERS, MicroversionRange
from contract_tests.model.service import Document, Listing, Service
from contract_tests.model.target import IdentitySpec, Target
from contract_tests.transport.open import open_identities
from contract_tests.transport.wsgi import WsgiTransport

NUMBER = ORDERS["number"]
URL = "http://s.example"


class App:
    """Serves JSON documents (or (status, text)) by path; `calls` holds (path, token, version headers)."""

    def __init__(self, documents: dict[str, Any]) -> None:
        self.documents = documents
        self.calls: list[tuple[str, str | None]] = []

    def __call__(self, environ: dict, start_response):
        versions = [name for name in environ if name.endswith("API_VERSION")]
        assert not versions, versions
        self.calls.append((environ["PATH_INFO"], environ.get("HTTP_X_AUTH_TOKEN")))
        found = self.documents.get(environ["PATH_INFO"], (404, "nothing here"))
        status, text = found if isinstance(found, tuple) else (200, json.dumps(found))
        start_response(
            f"{status} Answer",
            [("Content-Type", "text/html" if isinstance(found, tuple) else "application/json")],
        )
        return [text.encode()]


def numbers(low: str, high: str) -> MicroversionRange:
    return MicroversionRange(low=NUMBER.parse(low), high=NUMBER.parse(high))


class DiscoveryCase(unittest.TestCase):
    def discover(self, service: Service, documents: dict[str, Any], **target: Any):
        self.app = App(documents)
        place = Target(name="lab", **target)
        return discover(service, WsgiTransport(self.app, open_identities(place), endpoint=URL), place)

    def fails(self, service: Service, documents: dict[str, Any], message: str) -> None:
        with self.assertRaises(Unreachable) as caught:
            self.discover(service, documents)
        self.assertEqual(f"GET {URL}{message}", str(caught.exception))


class TestFresh(DiscoveryCase):
    def test_each_run_of_a_fresh_target_has_a_salt_of_its_own(self) -> None:
        plain = Service(name="plain")
        found = {self.discover(plain, {}, fresh=True).salt for _ in range(3)}
        self.assertEqual(3, len(found))
        self.assertNotIn("", found)
        self.assertEqual("", self.discover(plain, {}).salt)


PLACEMENT = Service(
    name="placement",
    dialect=dialect.openstack("placement"),
    minimum=NUMBER.parse("1.0"),
    maximum=NUMBER.parse("1.39"),
    document=Document(path="/", minimum="$.versions[0].min_version", maximum="$.versions[0].max_version"),
    origin="services/placement.yaml",
)


class TestRange(DiscoveryCase):
    def test_the_documents_ends_are_the_range(self) -> None:
        identities = {"admin": IdentitySpec(kind="token", values={"token": "x"})}
        document = {"versions": [{"id": "v1.0", "min_version": "1.0", "max_version": "1.10"}]}
        found = self.discover(
            PLACEMENT, {"/": document}, release="14.0.0", series="2025.2", identities=identities
        )
        self.assertEqual(numbers("1.0", "1.10"), found.range)
        self.assertEqual(
            ("lab", "placement", URL, "14.0.0", "2025.2"),
            (found.name, found.service, found.endpoint, found.release, found.series),
        )
        self.assertEqual([("/", None)], self.app.calls)

    def test_a_path_that_finds_several_takes_the_first(self) -> None:
        service = Service(
            name="nova",
            dialect=dialect.openstack("compute"),
            document=Document(
                path="/",
                minimum="$.versions[?@.status=='CURRENT'].min_version",
                maximum="$.versions[?@.status=='CURRENT'].version",
            ),
        )
        versions = [
            {"status": "SUPPORTED", "version": "", "min_version": ""},
            {"status": "CURRENT", "version": "2.96", "min_version": "2.1"},
        ]
        self.assertEqual(numbers("2.1", "2.96"), self.discover(service, {"/": {"versions": versions}}).range)

    def test_multiple_choices_is_an_answer(self) -> None:
        document = json.dumps({"versions": [{"min_version": "1.0", "max_version": "1.1"}]})
        self.assertEqual(numbers("1.0", "1.1"), self.discover(PLACEMENT, {"/": (300, document)}).range)

    def test_an_end_without_a_path_is_the_service_files(self) -> None:
        document = Document(path="/", minimum="", maximum="$.max")
        service = Service(
            name="x", dialect=dialect.openstack("x"), minimum=NUMBER.parse("1.2"), document=document
        )
        self.assertEqual(numbers("1.2", "1.9"), self.discover(service, {"/": {"max": "1.9"}}).range)

    def test_without_a_document_the_service_file_is_believed_and_nothing_is_asked(self) -> None:
        service = Service(
            name="x", dialect=dialect.openstack("x"), minimum=NUMBER.parse("1.2"), maximum=NUMBER.parse("1.9")
        )
        self.assertEqual(numbers("1.2", "1.9"), self.discover(service, {}).range)
        self.assertEqual([], self.app.calls)

    def test_a_service_without_microversions_has_no_range(self) -> None:
        self.assertIsNone(self.discover(Service(name="x"), {}).range)

    def test_dates(self) -> None:
        service = Service(
            name="x",
            dialect=Dialect(kind="header", order=ORDERS["date"]),
            listed=(ORDERS["date"].parse("2024-06-01"),),
            document=Document(path="/v", minimum="$.from", maximum="$.to"),
        )
        found = self.discover(service, {"/v": {"from": "2024-01-01", "to": "2025-01-01"}})
        self.assertEqual("2024-01-01-2025-01-01", str(found.range))
        self.assertEqual(service.listed, found.listed)


class TestNoDocument(DiscoveryCase):
    WANTED = "/: expected the version document of 'placement' (200 or 300, JSON), got "
    HINT = "; is this the placement endpoint? (see services/placement.yaml)"

    def test_another_status(self) -> None:
        self.fails(PLACEMENT, {}, f"{self.WANTED}404 Answer{self.HINT}")

    def test_no_json(self) -> None:
        self.fails(
            PLACEMENT,
            {"/": (200, "<html>")},
            f"{self.WANTED}200 Answer with text/html, which is no JSON{self.HINT}",
        )

    def test_another_document(self) -> None:
        for document, got in (
            ({"versions": []}, "nothing"),
            ([], "nothing"),
            ({"versions": [{"min_version": None}]}, "None"),
            ({"versions": [{"min_version": ""}]}, "''"),
            ({"versions": [{"min_version": 1.1}]}, "1.1"),
            ({"versions": [{"min_version": "pony"}]}, "'pony'"),
        ):
            with self.subTest(document):
                self.fails(
                    PLACEMENT,
                    {"/": document},
                    "/: expected a microversion of 'placement' at $.versions[0].min_version of the version "
                    f"document, found {got}{self.HINT}",
                )

    def test_a_service_file_without_a_name_is_told_by_the_service(self) -> None:
        service = Service(
            name="x", dialect=dialect.openstack("x"), document=Document(path="/", minimum="$", maximum="$")
        )
        self.fails(
            service,
            {},
            "/: expected the version document of 'x' (200 or 300, JSON), got 404 Answer; "
            "is this the x endpoint? (see the service file of 'x')",
        )


class TestListings(DiscoveryCase):
    EXTENDED = Service(
        name="network", extensions=Listing(path="/v2.0/extensions", names="$.extensions[*].alias")
    )

    def test_extensions_are_asked_for_as_admin(self) -> None:
        identities = {
            "reader": IdentitySpec(kind="token", values={"token": "r"}),
            "admin": IdentitySpec(kind="token", values={"token": "a"}),
        }
        documents = {"/v2.0/extensions": {"extensions": [{"alias": "router"}, {"alias": "qos"}]}}
        found = self.discover(self.EXTENDED, documents, identities=identities)
        self.assertEqual(("qos", "router"), found.extensions)
        self.assertEqual([("/v2.0/extensions", "a")], self.app.calls)
        del identities["admin"]
        self.discover(self.EXTENDED, documents, identities=identities)
        self.assertEqual([("/v2.0/extensions", "r")], self.app.calls)
        self.discover(self.EXTENDED, documents)
        self.assertEqual([("/v2.0/extensions", None)], self.app.calls)

    def test_what_the_target_states_is_not_asked_for(self) -> None:
        found = self.discover(self.EXTENDED, {}, extensions=("qos",))
        self.assertEqual((("qos",), []), (found.extensions, self.app.calls))

    def test_a_listing_may_be_empty_but_not_missing(self) -> None:
        self.assertEqual(
            (), self.discover(self.EXTENDED, {"/v2.0/extensions": {"extensions": []}}).extensions
        )
        service = Service(name="network", extensions=Listing(path="/e", names="$.names"), origin="n.yaml")
        self.fails(
            service, {"/e": {}}, "/e: expected names at $.names of the listing, found nothing; see n.yaml"
        )
        self.fails(
            service,
            {"/e": {"names": [1]}},
            "/e: expected names at $.names of the listing, found other values; see n.yaml",
        )
        self.fails(
            service,
            {},
            "/e: expected the listing of 'network' (200 or 300, JSON), got 404 Answer; "
            "is this the network endpoint? (see n.yaml)",
        )
        self.assertEqual(("one",), self.discover(service, {"/e": {"names": "one"}}).extensions)

    def test_majors_of_a_url_dialect_are_its_microversions(self) -> None:
        major = ORDERS["major"]
        service = Service(
            name="image",
            dialect=Dialect(kind="url", order=major),
            listed=(major.parse("v1"),),
            majors=Listing(path="/", names="$.versions[*].id"),
        )
        found = self.discover(
            service, {"/": {"versions": [{"id": "v2.9"}, {"id": "v2.10"}, {"id": "v1"}, {"id": "next"}]}}
        )
        self.assertEqual(("v2.9", "v2.10", "v1", "next"), found.majors)
        self.assertEqual(["v1", "v2.9", "v2.10"], list(map(str, found.listed)))
        self.assertEqual("v1-v2.10", str(found.range))

    def test_majors_beside_microversions_are_names_only(self) -> None:
        service = Service(
            name="volume",
            dialect=dialect.openstack("volume"),
            minimum=NUMBER.parse("3.0"),
            majors=Listing(path="/", names="$.versions[*].id"),
        )
        found = self.discover(service, {"/": {"versions": [{"id": "v3.0"}]}})
        self.assertEqual((("v3.0",), "3.0-"), (found.majors, str(found.range)))


if __name__ == "__main__":
    unittest.main()
