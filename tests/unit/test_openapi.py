"""Schemas out of OpenAPI documents, 3.0 and 3.1, and what is said of names that lead nowhere."""

import socket
import tempfile
import unittest
from pathlib import Path

from contract_tests.checks import schemas
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library
from contract_tests.loading.openapi import openapi_schema
from contract_tests.model.finding import Mark

OLD = """
openapi: 3.0.3
info: {title: shop, version: "1"}
paths:
  /things/{id}:
    get:
      responses:
        "200":
          content:
            application/json: {schema: {$ref: "#/components/schemas/Thing"}}
components:
  schemas:
    Thing:
      type: object
      additionalProperties: false
      required: [id, price]
      properties:
        id: {type: string, format: uuid, example: x}
        price: {type: number, minimum: 0, exclusiveMinimum: true}
        note: {type: string, nullable: true}
        parent: {$ref: "#/components/schemas/Parent"}
    Parent: {type: object, nullable: true, properties: {id: {type: string}}, required: [id]}
"""
NEW = """
openapi: 3.1.0
paths:
  /a: {get: {parameters: [{$ref: "else.yaml#/components/parameters/A"}]}}
  /b: {get: {parameters: [{in: query}]}}
  /c: {get: {parameters: [{name: c, in: query, schema: {type: word}}]}}
  /d: {get: {parameters: {}}}
components:
  schemas:
    Thing: {type: [object, "null"], required: [id], properties: {id: {type: integer, exclusiveMinimum: 0}}}
"""
FAR = """
openapi: 3.1.0
components:
  schemas:
    Far: {$ref: "URL/far.json"}
    Named: {$schema: "URL/dialect", $id: "URL/named", $ref: far.json}
    File: {$ref: "file:///etc/hostname"}
    Beside: {$ref: "new.yaml#/components/schemas/Thing"}
"""
SERVICE = "service: shop\nversion: {dialect: none}\n"
SCENARIO = """
scenario: a thing
id: 5b5cb2c8-9e6f-4f0b-8f5b-7c1f0f6e7a01
service: shop
calls:
  - name: show
    GET: /things/1
    expect: {status: 200, schema: "openapi:SCHEMA"}
"""
ID = "0f6c3c0e-6d1b-4f0e-9d0e-1f3f6f1f2a55"


class OpenApi(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "schemas" / "shop").mkdir(parents=True)
        for name, text in (("schemas/shop/old.yaml", OLD), ("schemas/shop/new.yaml", NEW)):
            (self.root / name).write_text(text)
        (self.root / "schemas" / "outside.yaml").write_text(NEW)

    def valid(self, name: str, value: object) -> bool:
        found = openapi_schema(f"openapi:{name}", [self.root / "schemas" / "shop"], Mark())
        document = found.at(None)
        verdict = schemas.is_valid(document, value)
        self.assertEqual(verdict, not list(schemas.violations(document, value)))
        return verdict

    def test_a_document_of_3_0(self) -> None:
        for place in (
            "old.yaml#/components/schemas/Thing",
            "old.yaml#/paths/~1things~1{id}/get/responses/200/content/application~1json/schema",
        ):
            good = {"id": ID, "price": 0.5, "note": None, "parent": None}
            self.assertTrue(self.valid(place, good))
            for wrong in (
                {"id": "x"}, {"price": 0}, {"note": 1}, {"parent": {}}, {"extra": 1},
            ):  # fmt: skip
                with self.subTest(place=place, wrong=wrong):
                    self.assertFalse(self.valid(place, {**good, **wrong}))

    def test_a_document_of_3_1(self) -> None:
        place = "new.yaml#/components/schemas/Thing"
        self.assertTrue(self.valid(place, {"id": 1}))
        self.assertTrue(self.valid(place, None))
        self.assertFalse(self.valid(place, {"id": 0}))

    def problems(self, schema: str) -> str:
        (self.root / "services").mkdir(exist_ok=True)
        (self.root / "services" / "shop.yaml").write_text(SERVICE)
        (self.root / "one.yaml").write_text(SCENARIO.replace("openapi:SCHEMA", schema))
        places = Places(services=(self.root / "services",), schemas=(self.root / "schemas",))
        library = Library(places.with_shipped())
        return "\n".join(
            str(problem).splitlines()[0] for problem in library.scenarios([self.root / "one.yaml"]).problems
        )

    def test_a_scenario_names_one(self) -> None:
        self.assertEqual("", self.problems("openapi:old.yaml#/components/schemas/Thing"))

    def test_names_that_lead_nowhere_are_load_errors(self) -> None:
        for schema, message in (
            ("openapi:old.yaml", "'openapi:old.yaml' names no schema; one looks like openapi:api.yaml#/"),
            ("openapi:gone.yaml#/a", "there is no file 'gone.yaml' in the service's folder of schemas"),
            ("openapi:../outside.yaml#/components", "there is no file '../outside.yaml' in the"),
            ("openapi:old.yaml#/components/schemas/Thin", "old.yaml#/components/schemas has no 'Thin'; did"),
            (
                "openapi:old.yaml#/paths",
                "old.yaml#/paths is no schema: it has no keyword of JSON Schema",
            ),
            (
                "openapi:old.yaml#/paths/~1things~1{id}/get/responses/200/content/application~1json",
                "application~1json is no schema: it has no keyword of JSON Schema; "
                "#/paths/~1things~1{id}/get/responses/200/content/application~1json/schema is one",
            ),
            ("openapi:old.yaml#/info/title", "old.yaml#/info/title is no usable schema: "),
            (
                "openapi:old.yaml#/paths/~1things~1{id}/get",
                "old.yaml#/paths/~1things~1{id}/get is no schema; its query's is #/paths/~1things~1{id}/get/"
                "parameters, a body's is one such as #/paths/~1things~1{id}/get/requestBody/content/",
            ),
            (
                "openapi:old.yaml#/paths/~1things~1{id}/get/parameters",
                "old.yaml#/paths/~1things~1{id}/get has no 'parameters'",
            ),
            (
                "openapi:new.yaml#/paths/~1a/get/parameters",
                "new.yaml#/paths/~1a/get/parameters: 'else.yaml#/components/parameters/A' is not in the "
                "document, and is not fetched",
            ),
            (
                "openapi:new.yaml#/paths/~1b/get/parameters",
                "new.yaml#/paths/~1b/get/parameters: an item is no parameter: it has no 'name' and 'in'",
            ),
            (
                "openapi:new.yaml#/paths/~1c/get/parameters",
                "new.yaml#/paths/~1c/get/parameters is no usable schema: ",
            ),
            (
                "openapi:new.yaml#/paths/~1d/get/parameters",
                "new.yaml#/paths/~1d/get/parameters is no list of parameters",
            ),
        ):  # fmt: skip
            with self.subTest(schema=schema):
                self.assertIn(f"{message}", self.problems(schema))
                self.assertIn("one.yaml:8:", self.problems(schema))

    def test_nothing_is_fetched(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setblocking(False)
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            (self.root / "schemas" / "shop" / "far.yaml").write_text(FAR.replace("URL", url))
            for name, outside in (
                ("Far", f"{url}/far.json"),
                ("Named", f"{url}/far.json"),
                ("File", "file:///etc/hostname"),
                ("Beside", "new.yaml#/components/schemas/Thing"),
            ):
                with self.subTest(name=name):
                    self.assertIn(
                        f"far.yaml#/components/schemas/{name} is no usable schema: '{outside}' is not in the "
                        "document, and is not fetched; put what it names into it",
                        self.problems(f"openapi:far.yaml#/components/schemas/{name}"),
                    )
            with self.assertRaises(BlockingIOError):
                server.accept()

    def test_it_may_lie_among_the_schemas_that_are_checked(self) -> None:
        library = Library(Places(schemas=(self.root / "schemas",)).with_shipped())
        self.assertEqual("OpenAPI document", library.check_file(self.root / "schemas" / "shop" / "old.yaml"))
        self.assertEqual([], library.problems)

    def test_another_document_is_refused(self) -> None:
        (self.root / "schemas" / "shop" / "other.yaml").write_text("swagger: '2.0'\n")
        self.assertIn(
            "other.yaml is no OpenAPI 3 document: it has no 'openapi: 3.…'",
            self.problems("openapi:other.yaml#/a"),
        )
