"""Version documents: what discovery reads of them, and what is wrong with them; lives of versions."""

from __future__ import annotations

import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.runner import Job
from contract_tests.execution.versions import Inspection, inspect, lives, versions_in
from contract_tests.model.http import Response
from contract_tests.model.target import Tls
from contract_tests.transport.clients import Told, ask_clients
from tests.unit.building import Transport, answer, deployment, scenario
from tests.unit.test_cli import run

SERVICE = """
service: toy
version:
  dialect: openstack
  service_type: toy
  min: 1.0
  max: 1.9
  document: {path: /, min: "$.versions[0].min_version", max: "$.versions[0].max_version"}
protocol: {probe: {GET: /things, as: none}}
"""
SCENARIO = """
calls:
  - {name: read, GET: /, expect: {status: 200}}
"""


def entry(**fields: Any) -> dict[str, Any]:
    links = [{"rel": "self", "href": "http://toy.example/v1/"}]
    return {
        "id": "v1.0",
        "status": "CURRENT",
        "min_version": "1.0",
        "max_version": "1.9",
        "links": links,
        **fields,
    }


def told(*versions: tuple[str, str, str], **fields: Any) -> Told:
    return Told(client="a client", versions=versions, **fields)


GOOD = told(("1.0", "1.0", "1.9"))


def seen(
    *entries: dict[str, Any],
    things: Response | None = None,
    clients: tuple[Told, ...] = (GOOD,),
    **more: Response,
) -> Inspection:
    answers = {
        "GET /": answer(200, {"versions": list(entries)}),
        "GET http://toy.example/v1/": answer(200, {"version": entries[0] if entries else {}}),
        "GET /things": things or answer(200, {}),
        **{f"GET {path}": response for path, response in more.items()},
    }
    service = scenario(SCENARIO, SERVICE).service
    return inspect(service, Transport(answers), deployment(service), clients, "none")


class TestInspection(unittest.TestCase):
    def rules(self, *entries: dict[str, Any], **options: Any) -> list[str]:
        return [one.rule for one in seen(*entries, **options).findings]

    def test_nothing_is_wrong(self) -> None:
        self.assertEqual([], self.rules(entry()))
        self.assertEqual([], self.rules(entry(links=[{"rel": "self", "href": ""}])))
        self.assertEqual([], self.rules(entry(status="stable")))

    def test_it_can_be_read_without_a_token(self) -> None:
        self.assertEqual("discovery-document", self.rules(entry(), **{"/": answer(401, {})})[0])

    def test_one_version_is_current(self) -> None:
        self.assertIn("discovery-current", self.rules(entry(status="SUPPORTED")))
        other = entry(id="v2.0", min_version="", max_version="")
        found = seen(entry(), other, clients=())
        (current,) = [one for one in found.findings if one.rule == "discovery-current"]
        self.assertEqual("v1.0, v2.0", current.detail)

    def test_links_lead_to_what_they_name(self) -> None:
        for links in (
            [],
            [{"rel": "self", "href": "http://toy.example/nowhere"}],
            [{"rel": "self", "href": "http://elsewhere.example/v1/"}],
        ):
            self.assertEqual(["discovery-link"], self.rules(entry(links=links)))
        wrong = answer(200, {"version": entry(id="v3")})
        self.assertEqual(["discovery-link"], self.rules(entry(), **{"http://toy.example/v1/": wrong}))

    def test_both_ends_of_the_range_are_accepted(self) -> None:
        found = seen(entry(), things=answer(406, {}))
        self.assertEqual(["1.0", "1.9"], [one.where for one in found.findings])
        self.assertEqual({"discovery-range"}, {one.rule for one in found.findings})
        found = seen(entry(), things=answer(403, {}))
        self.assertEqual(
            {"status 403, application/json; is the token of 'none' right?"},
            {one.detail for one in found.findings},
        )

    def test_other_clients_read_the_same(self) -> None:
        for wrong in (
            told(("1.0", "1.0", "1.8")),
            told(("2.0", "", "")),
            told(),
            told(problem="DiscoveryFailure"),
        ):
            self.assertIn("discovery-client", self.rules(entry(), clients=(wrong,)))
        self.assertEqual([], self.rules(entry(), clients=(told(missing=True, lists=False),)))

    def test_lifecycle_headers_are_kept(self) -> None:
        link = answer(
            200, {"version": entry()}, deprecation="@1688169599", sunset="Sun, 30 Jun 2030 00:00:00 GMT"
        )
        found = seen(entry(), **{"http://toy.example/v1/": link})
        self.assertEqual(["/v1/ Deprecation", "/v1/ Sunset"], list(found.lifecycle))

    def test_forms_of_documents(self) -> None:
        one = entry()
        forms: list[Any] = [
            {"versions": [one]},
            {"versions": {"values": [one]}},
            {"version": one},
            [one],
            one,
        ]
        for document in forms:
            self.assertEqual(["v1.0"], [version.id for version in versions_in(document)])
        for document in ({}, [], "x", None, {"versions": [1]}):
            self.assertEqual((), versions_in(document))


class TestLives(unittest.TestCase):
    def test_statuses_over_releases(self) -> None:
        one = scenario(SCENARIO, SERVICE)
        jobs = []
        for release, entries in (
            ("1.0.0", [entry(status="EXPERIMENTAL")]),
            ("2.0.0", [entry()]),
            ("3.0.0", [entry(status="DEPRECATED"), entry(id="v2.0")]),
            ("4.0.0", [entry(id="v2.0")]),
        ):
            place = deployment(one.service, name=release, release=release)
            transport = Transport({"GET /": answer(200, {"versions": entries}, sunset="soon")})
            jobs.append(Job(deployment=place, transport=transport, cases=plan([one], place, Choice(), None)))
        spans = {life.name: life.spans for life in lives(jobs)}
        self.assertEqual(
            ["EXPERIMENTAL", "CURRENT", "DEPRECATED", "gone"], [what for _, _, what in spans["v1.0"]]
        )
        self.assertEqual((("1.0.0", "2.0.0", "not yet"), ("3.0.0", "4.0.0", "CURRENT")), spans["v2.0"])
        self.assertEqual((("1.0.0", "4.0.0", "soon"),), spans["/ Sunset"])


class TestRecordedLives(unittest.TestCase):
    """What became of API versions in real releases, from the shipped recordings."""

    def test_real_versions(self) -> None:
        for service, line in (
            ("cinder", "v2.0: DEPRECATED (17.0.0) -> gone (22.1.0 to 29.0.0)"),
            ("cinder", "v3.0: CURRENT (17.0.0 to 29.0.0)"),
            ("cloudkitty", "v1: EXPERIMENTAL (8.0.1) -> CURRENT (9.0.1 to 25.0.0)"),
            ("keystone", "v3.12: STABLE (15.0.1) -> gone (22.0.0 to 30.0.0)"),
        ):
            with self.subTest(f"{service} {line}"):
                _, out, _ = run("history", service, "--match", f"{service}/version")
                self.assertIn(f"  {line}\n", out)


class TestClients(unittest.TestCase):
    """keystoneauth and openstacksdk, as they are, against a server on loopback."""

    def test_they_read_the_document(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host = self.headers["Host"]
                links = [{"rel": "self", "href": f"http://{host}/"}]
                body = answer(200, {"versions": [entry(links=links)]}).body
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            found = ask_clients(f"http://127.0.0.1:{server.server_port}", "placement", Tls())
            server.shutdown()
        self.assertEqual(["keystoneauth", "openstacksdk"], [one.client for one in found])
        for one in found:
            self.assertEqual((("1.0", "1.0", "1.9"),), one.versions, one)

    def test_what_they_cannot_read_is_told(self) -> None:
        (one,) = ask_clients("http://127.0.0.1:1", "", Tls())
        self.assertTrue(one.problem)


if __name__ == "__main__":
    unittest.main()
