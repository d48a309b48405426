"""The rules of consistency: each in answers that make it fire, with its message, and in ones that do not."""

from __future__ import annotations

import json
import unittest
from typing import Any

from contract_tests.checks.rules import RULES as CHECKS
from contract_tests.comparison.correlation import path_patterns
from contract_tests.comparison.rule import word_fact
from contract_tests.comparison.rules import BY_ID as COMPARISON
from contract_tests.consistency.names import snake_case
from contract_tests.consistency.routes import Routes, template_of
from contract_tests.consistency.rule import Exchange
from contract_tests.consistency.rules import BY_ID, RULES
from contract_tests.model.derivation import NEW_NAME
from contract_tests.model.http import Request, Response
from contract_tests.model.service import Operation, Service
from contract_tests.model.template import compile_text
from tests.unit.building import scenario

ID = "3f3c1f5a-0d0c-4a6e-9a58-0a6f2f1f6b11"


def call(
    operation: str,
    status: int = 200,
    answer: Any = None,
    *,
    sent: Any = None,
    route: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    data: tuple[str, ...] = (),
    accept: str = "application/json",
) -> Exchange:
    """One answered call: `GET /things/1` and its route, `answer` as JSON, or as it is where it is text."""
    method, _, target = operation.partition(" ")
    body = (
        b"" if answer is None else answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
    )
    return Exchange(
        route or target.partition("?")[0].replace(ID, "{id}"),
        Request(
            method=method,
            target=target,
            headers=(("Accept", accept),),
            body=None if sent is None else json.dumps(sent).encode(),
        ),
        Response(status, headers=headers, body=body),
        path_patterns(data),
    )


def said(rule: str, *trace: Exchange) -> list[str]:
    """What a rule says of the calls of a case."""
    one = BY_ID[rule]
    return [word_fact(one, fact) for at, found in enumerate(trace) for fact in one.look(found, trace, at)]


ERROR = {
    "code": "toy.bad",
    "status": 400,
    "title": "Bad",
    "detail": "No",
    "links": [{"rel": "help", "href": "x"}],
}
THING = f"GET /things/{ID}"
MADE = {"thing": {"id": ID, "status": "ACTIVE"}}
TRACE = 'Traceback (most recent call last):\n  File "/srv/toy.py", line 3, in get\nKeyError: 1'

FIRES: dict[str, list[tuple[tuple[Exchange, ...], str]]] = {
    "name-snake-case": [
        ((call(THING, answer={"thing": {"hostId": "x"}}),), "hostId: host_id would be right"),
        (
            (call("POST /things", 201, sent={"thing": {"imageRef": "x"}}),),
            "imageRef: image_ref would be right",
        ),
        (
            (call(THING, answer={"thing": {"OS-DCF:diskConfig": "AUTO"}}),),
            "OS-DCF:diskConfig: os-dcf:disk_config would be right",
        ),
        ((call(THING, answer={"media-types": []}),), "media-types: media_types would be right"),
    ],
    "name-extension-prefix": [
        (
            (call(THING, answer={"thing": {"OS-EXT-AZ:availability_zone": "nova"}}),),
            "OS-EXT-AZ:availability_zone: os-ext-az:availability_zone would be right",
        )
    ],
    "name-extension-os": [
        (
            (call(THING, answer={"thing": {"accounting:rate": 1}}),),
            "accounting:rate: os-accounting:rate, if it is not core",
        )
    ],
    "body-single-root": [
        (
            (call("POST /things", 201, sent={"name": "x", "size": 1}),),
            "POST /things takes several keys at the root of its body: one, the resource's, would be right",
        )
    ],
    "url-case": [
        (
            (call("GET /os-instance_usage_audit_log"),),
            "/os-instance_usage_audit_log: os-instance-usage-audit-log would be right",
        ),
        ((call("GET /v3/OS-TRUST/trusts"),), "/v3/OS-TRUST: os-trust would be right"),
    ],
    "url-plural": [((call(f"GET /thing/{ID}"),), "/thing/{id}: things would be right")],
    "url-os-prefix": [((call("GET /os-keypairs"),), "os-keypairs: keypairs, if it is core")],
    "url-verb": [
        (
            (call("POST /things/delete", 204),),
            "POST /things/delete has a verb in its URL, delete: a method of HTTP would be right",
        )
    ],
    "action-snake-case": [
        (
            (call(f"POST /servers/{ID}/action", sent={"os-getConsoleOutput": {}}),),
            "os-getConsoleOutput: get_console_output would be right",
        ),
        (
            (call(f"POST /flavors/{ID}/action", sent={"addTenantAccess": {"tenant": "x"}}),),
            "addTenantAccess: add_tenant_access would be right",
        ),
    ],
    "code-created": [
        (
            (call("POST /things", 200, MADE), call(THING, answer=MADE)),
            "POST /things answers 200, and what it made is ready: 201 would be right",
        ),
        (
            (
                call("POST /keys", 200, sent={"key": {"name": "k"}}),
                call("DELETE /keys/k", 204, route="/keys/{name}"),
            ),
            "POST /keys answers 200, and what it made is ready: 201 would be right",
        ),
    ],
    "code-location": [
        (
            (call("POST /things", 201, MADE), call(THING, answer=MADE)),
            "POST /things made something and has no Location: the URL of what it made would be right",
        )
    ],
    "code-deleted": [
        (
            (call(f"DELETE /things/{ID}", 202), call(THING, 404)),
            "DELETE /things/{id} answers 202, and it is done: 204 would be right",
        ),
        (
            (call(f"DELETE /things/{ID}", 200),),
            "DELETE /things/{id} answers 200, and it is done: 204 would be right",
        ),
    ],
    "code-accepted": [
        (
            (call("POST /things", 201, MADE), call(THING, answer={"thing": {"id": ID, "status": "BUILD"}})),
            "POST /things answers 201, and it goes on (status: BUILD): 202 would be right",
        ),
        (
            (
                call(f"DELETE /things/{ID}", 204),
                call(THING, answer={"thing": {"status": "ACTIVE", "OS-EXT-STS:task_state": "deleting"}}),
            ),
            "DELETE /things/{id} answers 204, and it goes on (OS-EXT-STS:task_state: deleting): "
            "202 would be right",
        ),
        (
            (
                call(f"POST /things/{ID}/action", 200, sent={"resize": {}}),
                call(THING, answer={"thing": {"status": "resizing"}}),
            ),
            "POST /things/{id}/action (resize) answers 200, and it goes on (status: resizing): "
            "202 would be right",
        ),
    ],
    "code-unprocessable": [((call("POST /things", 422),), "POST /things answers 422: 400 would be right")],
    "code-not-implemented": [
        ((call("POST /things", 501),), "POST /things answers 501: 400 or 404 would be right")
    ],
    "code-quota": [
        (
            (call("POST /things", 413, {"overLimit": {"message": "Quota exceeded"}}),),
            "POST /things answers 413 for a quota: 403 would be right",
        )
    ],
    "code-unknown-attribute": [
        (
            (call("POST /things", 201, sent={"thing": {NEW_NAME: "x"}}),),
            "POST /things takes a property that nobody knows at $.thing, with 201: 400 would be right",
        )
    ],
    "code-unknown-query": [
        (
            (call(f"GET /things?{NEW_NAME}=1"),),
            "GET /things takes a query parameter that nobody knows, with 200: 400 would be right",
        )
    ],
    "code-server-error": [
        ((call("POST /things", 500),), "POST /things answers 500: 4xx or a success would be right")
    ],
    "code-allow": [
        (
            (call("PUT /things", 405),),
            "PUT /things: a 405 without Allow, which names the methods that are allowed",
        )
    ],
    "body-on-get": [
        (
            (call("GET /things", sent={"name": "x"}),),
            "GET /things takes a body, which has no meaning in a GET",
        )
    ],
    "error-schema": [
        (
            (call("GET /things", 400, {"badRequest": {"code": 400}}),),
            "an error has an object without errors[]: errors[] as API-SIG says would be right",
        ),
        (
            (call("GET /things", 404, "not found", headers=(("Content-Type", "text/html; charset=UTF-8"),)),),
            "an error has a body of text/html: errors[] as API-SIG says would be right",
        ),
        (
            (call("GET /things", 400, {"errors": [{"status": 400, "title": "x", "detail": "y"}]}),),
            "an error has errors[] without code, links: errors[] as API-SIG says would be right",
        ),
        ((call("GET /things", 400),), "an error has no body: errors[] as API-SIG says would be right"),
    ],
    "error-status": [
        (
            (call("GET /things", 404, {"errors": [ERROR]}),),
            "GET /things: $.errors[*].status is 400, the answer is 404",
        ),
        (
            (call("GET /things", 404, {"itemNotFound": {"code": 400}}),),
            "GET /things: $.itemNotFound.code is 400, the answer is 404",
        ),
    ],
    "error-request-id": [
        (
            (
                call(
                    "GET /things",
                    400,
                    {"errors": [{**ERROR, "request_id": "req-1"}]},
                    headers=(("x-openstack-request-id", "req-2"),),
                ),
            ),
            "GET /things: $.errors[*].request_id is req-1, the header says req-2",
        )
    ],
    "error-code-form": [
        (
            (call("GET /things", 400, {"errors": [{**ERROR, "code": "BadThing"}]}),),
            "$.errors[*].code is BadThing: service.error-code would be right",
        )
    ],
    "error-traceback": [
        (
            (call("GET /things", 400, {"error": {"message": TRACE}}),),
            "GET /things answers a stack trace: a message without it would be right",
        ),
        (
            (call("GET /things", 400, "boom\n    at org.toy.Main.run(Main.java:12)"),),
            "GET /things answers a stack trace: a message without it would be right",
        ),
    ],
    "list-object": [
        (
            (call("GET /things", answer=[{"id": ID}]),),
            "GET /things answers a list: an object with the list in it would be right",
        )
    ],
    "list-links": [
        (
            (call(THING, answer={"thing": {"links": {"self": "x"}}}),),
            "links is an object: a list of rel and href would be right",
        ),
        (
            (call(THING, answer={"things_links": [{"href": "x"}]}),),
            "things_links is a list without rel: a list of rel and href would be right",
        ),
    ],
    "list-limit": [
        (
            (call("GET /things?limit=1", answer={"things": [1, 2], "things_links": []}),),
            "GET /things answers 2 items to limit=1",
        )
    ],
    "list-count": [
        (
            (call("GET /things", answer={"things": [1], "total": 1}),),
            "GET /things has total at $.total: count would be right",
        ),
        (
            (call("GET /things", answer={"things": [1, 2], "count": 1}),),
            "GET /things has 1 at $.count: a number, 2 or more would be right",
        ),
    ],
    "time-iso8601": [
        (
            (call(THING, answer={"thing": {"created_at": "2026-01-31 10:00:00"}}),),
            "created_at is no ISO 8601: YYYY-MM-DDThh:mm:ssZ would be right",
        ),
        (
            (call(THING, answer={"thing": {"OS-SRV-USG:launched_at": "2026-01-31T10:00:00.000000"}}),),
            "OS-SRV-USG:launched_at is a time without its offset from UTC: "
            "YYYY-MM-DDThh:mm:ssZ would be right",
        ),
    ],
    "boolean-name": [
        ((call(THING, answer={"thing": {"is_public": True}}),), "is_public: public would be right"),
        ((call(THING, answer={"thing": {"enable_dhcp": True}}),), "enable_dhcp: dhcp_enabled would be right"),
        (
            (call(THING, answer={"thing": {"OS-FLV:disabled": True}}),),
            "OS-FLV:disabled: OS-FLV:enabled would be right",
        ),
    ],
    "tags-form": [
        (
            (call(THING, answer={"thing": {"tags": {"a": "b"}}}),),
            "$.thing.tags is no list of texts: a list of texts without / and comma would be right",
        ),
        (
            (call(THING, answer={"thing": {"tags": ["a/b"]}}),),
            "$.thing.tags is the tag 'a/b': a list of texts without / and comma would be right",
        ),
    ],
    "header-name": [
        (
            (call(THING, headers=(("X-Toy-Size", "1"),)),),
            "X-Toy-Size: OpenStack-Toy-Size would be right, if it is new",
        )
    ],
    "cache-control": [
        (
            (call(THING, answer=MADE),),
            "answers to GET without Cache-Control: Cache-Control: no-cache would be right",
        )
    ],
    "header-vary-accept": [
        (
            (
                call(THING, answer=MADE, headers=(("Content-Type", "application/json"),)),
                call(
                    THING,
                    answer=MADE,
                    accept="application/json;type=task",
                    headers=(("Content-Type", "application/json; type=task"), ("Vary", "Accept")),
                ),
            ),
            "GET /things/{id} answers by Accept, and Vary does not name it: "
            "caches mix the representations up",
        )
    ],
    "lifecycle-form": [
        (
            (call(THING, headers=(("Deprecation", "true"),)),),
            "Deprecation is true: @ and seconds since 1970 would be right",
        ),
        (
            (call(THING, headers=(("Sunset", "2027-01-01"),)),),
            "Sunset is 2027-01-01: an HTTP date would be right",
        ),
        (
            (
                call(
                    THING,
                    headers=(("Deprecation", "@1800000000"), ("Sunset", "Fri, 01 Jan 2027 00:00:00 GMT")),
                ),
            ),
            "Sunset is Fri, 01 Jan 2027 00:00:00 GMT: a day that is not before Deprecation would be right",
        ),
    ],
}

SILENT: dict[str, list[tuple[Exchange, ...]]] = {
    "name-snake-case": [
        (call(THING, answer={"thing": {"host_id": "x", "os-dcf:disk_config": "AUTO", "_private": 1}}),),
        (call(THING, answer={"thing": {"metadata": {"myKey": "x"}}}, data=("$.thing.metadata",)),),
        (call(THING, answer={"resources": {"VCPU": 1, ID: 2, "10.0.0.1": 3, "a text": 4}}),),
        (call("POST /things", 400, {"badRequest": {"code": 400}}, sent={"thing": {"imageRef": 1}}),),
        (call(THING, answer={"properties": {"x": {"type": "string", "minLength": 1}}, "readOnly": True}),),
        (call(f"POST /things/{ID}/action", sent={"addTenantAccess": {"tenant": "x"}}),),
    ],
    "name-extension-prefix": [(call(THING, answer={"os-ext-az:availability_zone": 1, "plain": 2}),)],
    "name-extension-os": [(call(THING, answer={"OS-TRUST:trust": 1, "plain": 2}),)],
    "body-single-root": [
        (call("POST /things", 201, sent={"thing": {"name": "x", "size": 1}}),),
        (call("POST /things", 400, sent={"name": "x", "size": 1}),),
        (call("POST /all", 204, sent={ID: {}, ID.replace("3", "4"): {}}),),
    ],
    "url-case": [
        (call("GET /v2.1/os-keypairs/My_Key", route="/v2.1/os-keypairs/{name}"),),
        (call("GET /no_such_thing", 404),),
        (call("GET /no_such_thing", 401),),
    ],
    "url-plural": [
        (call(f"GET /things/{ID}"),),
        (call(f"GET /metadata/{ID}"),),
        (call(f"GET /v2/{ID}/things"),),
        (call(f"GET /thing/{ID}", 404),),
    ],
    "url-os-prefix": [(call("GET /keypairs"),)],
    "url-verb": [(call(f"POST /images/{ID}/actions/enable"),), (call("GET /things/delete", 404),)],
    "action-snake-case": [
        (call(f"POST /servers/{ID}/action", sent={"os-start": None}),),
        (call(f"POST /servers/{ID}/action", sent={"create_image": {}}),),
        (call(f"POST /servers/{ID}/action", 400, sent={"noSuchAction": {}}),),
    ],
    "code-created": [
        (call("POST /things", 201, MADE), call(THING, answer=MADE)),
        (call("POST /things", 202, MADE), call(THING, answer=MADE)),
        (call("POST /search", 200, MADE), call(THING, answer=MADE)),
        (call("POST /things", 200, MADE), call(THING, 404)),
        (call(THING, answer=MADE), call("POST /things", 200, MADE), call(THING, answer=MADE)),
        (call("POST /things", 200, MADE), call(THING, answer={"thing": {"id": ID, "status": "BUILD"}})),
        (call(f"POST /things/{ID}/action", 200, MADE), call(THING, answer=MADE)),
    ],
    "code-location": [
        (call("POST /things", 201, MADE, headers=(("Location", "x"),)), call(THING, answer=MADE)),
        (call(f"PUT /things/{ID}", 201, MADE), call(THING, answer=MADE)),
        (call("POST /tokens", 201, {"token": {}}),),
    ],
    "code-deleted": [
        (call(f"DELETE /things/{ID}", 204), call(THING, 404)),
        (call(f"DELETE /things/{ID}", 202), call(THING, answer=MADE), call(THING, 404)),
        (call(f"DELETE /things/{ID}", 202),),
        (call(f"DELETE /things/{ID}", 409),),
    ],
    "code-accepted": [
        (call("POST /things", 202, MADE), call(THING, answer={"thing": {"id": ID, "status": "BUILD"}})),
        (call("POST /things", 201, MADE), call(THING, answer={"thing": {"id": ID, "status": "queued"}})),
        (
            call("POST /things", 201, MADE),
            call(f"POST /things/{ID}/action", 202, sent={"resize": {}}),
            call(THING, answer={"thing": {"id": ID, "status": "resizing"}}),
        ),
        (call(f"DELETE /things/{ID}/tags", 204), call(f"GET /things/{ID}/tags", answer={"tags": []})),
    ],
    "code-unprocessable": [(call("POST /things", 400),)],
    "code-not-implemented": [(call("POST /things", 404),)],
    "code-quota": [(call("POST /things", 403, "quota"),), (call("POST /things", 413, "too large"),)],
    "code-unknown-attribute": [
        (call("POST /things", 400, sent={"thing": {NEW_NAME: "x"}}),),
        (call("POST /things", 201, sent={"thing": {"name": NEW_NAME}}),),
    ],
    "code-unknown-query": [
        (call(f"GET /things?{NEW_NAME}=1", 400),),
        (call(f"GET /things?name={NEW_NAME}"),),
    ],
    "code-server-error": [(call("POST /things", 503),), (call("POST /things", 400),)],
    "code-allow": [(call("PUT /things", 405, headers=(("Allow", "GET"),)),)],
    "body-on-get": [(call("GET /things"),), (call("GET /things", 400, sent={"a": 1}),)],
    "error-schema": [
        (call("GET /things", 400, {"errors": [ERROR]}),),
        (call("GET /things", 406, "no", accept="text/plain"),),
        (call("HEAD /things", 404),),
        (call("GET /things", answer={"things": []}),),
    ],
    "error-status": [(call("GET /things", 400, {"errors": [ERROR]}),), (call("GET /things", 404, "x"),)],
    "error-request-id": [
        (
            call(
                "GET /things",
                400,
                {"errors": [{**ERROR, "request_id": "req-1"}]},
                headers=(("X-Openstack-Request-Id", "req-1"),),
            ),
        )
    ],
    "error-code-form": [(call("GET /things", 400, {"errors": [ERROR]}),)],
    "error-traceback": [
        (call("GET /things", 400, {"error": {"message": "Traceback is off"}}),),
        (call("GET /log", answer={"output": TRACE}),),
    ],
    "list-object": [(call("GET /things", answer={"things": []}),), (call("GET /things", 400, []),)],
    "list-links": [
        (call(THING, answer={"thing": {"links": [{"rel": "self", "href": "x"}]}}),),
        (call(THING, answer={"thing": {"links": None}}),),
    ],
    "list-limit": [
        (call("GET /things?limit=2", answer={"things": [1, 2]}),),
        (call("GET /things?limit=0", answer={"things": [1, 2]}),),
        (call("GET /things?limit=1", answer={"things": [1, 2], "others": []}),),
    ],
    "list-count": [(call("GET /things?with_count=1", answer={"things": [1], "count": 7}),)],
    "time-iso8601": [
        (call(THING, answer={"thing": {"created_at": "2026-01-31T10:00:00Z", "updated": None}}),),
        (
            call(
                THING,
                answer={"thing": {"created_at": "2026-01-31T10:00:00+00:00", "name": "2026-01-31 10:00"}},
            ),
        ),
    ],
    "boolean-name": [
        (call(THING, answer={"thing": {"enabled": True, "is_public": "yes", "dhcp_enabled": True}}),)
    ],
    "tags-form": [(call(THING, answer={"thing": {"tags": ["a", "b"]}}),)],
    "header-name": [(call(THING, headers=(("OpenStack-Toy-Size", "1"),)),)],
    "cache-control": [
        (call(THING, answer=MADE, headers=(("cache-control", "no-cache"),)),),
        (call("POST /things", 201),),
    ],
    "header-vary-accept": [
        tuple(
            call(
                THING,
                answer=MADE,
                accept=accept,
                headers=(("Content-Type", accept), ("Vary", "Toy-Version, Accept")),
            )
            for accept in ("application/json", "application/json;type=task")
        ),
        tuple(call(THING, answer=MADE, accept=accept) for accept in ("application/json", "*/*")),
    ],
    "lifecycle-form": [
        (call(THING, headers=(("Deprecation", "@1700000000"), ("Sunset", "Fri, 01 Jan 2027 00:00:00 GMT"))),)
    ],
}


class TestRules(unittest.TestCase):
    def test_each_rule_fires_with_its_message(self) -> None:
        for rule in RULES:
            for trace, message in FIRES[rule.id]:
                with self.subTest(rule.id, message=message):
                    self.assertIn(message, said(rule.id, *trace))

    def test_each_rule_is_silent_where_all_is_well(self) -> None:
        for rule in RULES:
            for trace in SILENT[rule.id]:
                with self.subTest(rule.id, trace=[f"{one.operation} {one.response.status}" for one in trace]):
                    self.assertEqual([], said(rule.id, *trace))

    def test_a_202_is_refuted_by_a_resource_that_was_seen_to_go_on(self) -> None:
        trace = (
            call(f"DELETE /things/{ID}", 202),
            call(THING, answer={"thing": {"status": "deleting"}}),
            call(THING, 404),
        )
        refutes = BY_ID["code-deleted"].refutes
        assert refutes is not None
        self.assertTrue(refutes(trace[0], trace, 0))
        self.assertFalse(refutes(trace[0], trace[:1], 0))

    def test_ids_are_unique_among_all_rules(self) -> None:
        self.assertEqual(set(), BY_ID.keys() & (CHECKS.keys() | COMPARISON.keys()))

    def test_each_rule_names_its_source_and_a_rule_that_is_off_says_why(self) -> None:
        for rule in RULES:
            self.assertTrue(rule.source and rule.doc and rule.message)
        off = {rule.id for rule in RULES if rule.decide}
        self.assertEqual({"name-extension-os", "url-os-prefix", "header-name"}, off)

    def test_names_in_snake_case(self) -> None:
        for name, right in (
            ("imageRef", "image_ref"),
            ("hostId", "host_id"),
            ("accessIPv4", "access_ipv4"),
            ("maxTotalRAMSize", "max_total_ram_size"),
            ("totalFloatingIpsUsed", "total_floating_ips_used"),
            ("os-extra_specs", "os_extra_specs"),
            ("getVNCConsole", "get_vnc_console"),
            ("plain", "plain"),
        ):
            self.assertEqual(right, snake_case(name))


class TestRoutes(unittest.TestCase):
    def route(self, path: str, target: str, service: Service, *others: str) -> str:
        text = "calls:\n" + "".join(
            f"- {{name: c{at}, GET: '{other}', expect: {{status: 200}}}}\n"
            for at, other in enumerate((target, *others))
        )
        used = [name for name in ("thing", "other") if f"${{{name}}}" in text]
        head = f"vars: {{{', '.join(f'{name}: x' for name in used)}}}\n" if used else ""
        return Routes(service, [scenario(head + text)]).find(path, template_of(compile_text(target)))

    def test_of_the_service_s_operations_the_one_with_the_fewest_parameters(self) -> None:
        service = Service(
            name="toy",
            operations=tuple(
                Operation(method="GET", path=path)
                for path in ("/things/{id}", "/things/detail", "/{any}/{id}")
            ),
        )
        self.assertEqual("/things/detail", self.route("/things/detail", "/things/detail", service))
        self.assertEqual("/things/{id}", self.route("/things/x", "/things/x", service))

    def test_without_operations_the_scenarios_tell_what_is_an_id(self) -> None:
        plain = Service(name="toy")
        self.assertEqual("/things/{id}", self.route("/things/x", "/things/${thing}", plain))
        self.assertEqual(
            "/things/{id}/tags", self.route("/things/x-y/tags", "/things/${thing}-${other}/tags", plain)
        )
        self.assertEqual(
            "/things/{id}", self.route("/things/nope", "/things/nope", plain, "/things/${thing}")
        )
        self.assertEqual("/things/{id}", self.route(f"/things/{ID}", f"/things/{ID}", plain))
        self.assertEqual("/things/{id}/of/{id}", self.route("/things/1/of/2", "/things/1/of/2", plain))
        self.assertEqual("/things/named", self.route("/things/named", "/things/named", plain))
