"""jsonschema-rs and jsonschema say the same of every schema that we ship, and of every format.

Documents are samples made from the schemas, and the bodies of recorded answers (of cassettes/, or of the
folder in CONTRACT_TESTS_RECORDINGS); each is changed in many small ways. With JSON_SCHEMA_TEST_SUITE (the
variable that jsonschema's own tests read) naming a checkout of the JSON-Schema-Test-Suite, both engines go
through that as well.
"""

from __future__ import annotations

import copy
import json
import os
import unittest
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contract_tests.checks import schemas
from contract_tests.loading.config import SHIPPED, Places
from contract_tests.loading.library import Library
from contract_tests.loading.schema import DIALECT
from contract_tests.model.matcher import FORMATS
from contract_tests.model.scenario import SchemaHistory

DRAFTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}

UUID = "0f6c3c0e-6d1b-4f0e-9d0e-1f3f6f1f2a55"

# format -> (texts that have it, texts that do not); RFC and section where the two sides are easily mistaken.
TEXTS: dict[str, tuple[list[str], list[str]]] = {
    "date": (["2024-02-29"], ["2023-02-29", "2024-2-9", "20240229", "", "2024-13-01", "\uff12024-01-01"]),
    # RFC 3339, section 5.6: T between, an offset, a leap second only at the end of a UTC day.
    "date-time": (
        [
            "2024-02-29T12:00:00Z",
            "2024-02-29t12:00:00z",
            "2024-02-29T12:00:00.25+01:00",
            "1998-12-31T23:59:60Z",
        ],
        ["2024-02-29 12:00:00Z", "2024-02-29T12:00:00", "2024-02-30T12:00:00Z", "1998-12-31T22:59:60Z", ""],
    ),
    "time": (
        ["12:00:00Z", "12:00:00+01:00", "23:59:60Z"],
        ["12:00:00", "24:00:00Z", "22:59:60Z", "12:00Z", ""],
    ),
    # RFC 3339, appendix A: no fractions, weeks alone.
    "duration": (
        ["P1D", "PT1H", "P1W", "P1M"],
        ["P", "PT", "P1Y2W", "P1.5D", "PT0.5S", "P-1D", "1D", "P1DT"],
    ),
    # RFC 5321, section 4.1.2.
    "email": (
        ["a@b.c", '"a b"@c.d', "a@localhost", "a@[127.0.0.1]"],
        ["a", "@", "@b", "a@", "a@b@c", "a b@c", ".a@b.c", "a..b@c.d", "a@[300.0.0.1]"],
    ),
    "idn-email": (["a@b.c", "é@é.c", "실례@실례.테스트"], ["a", "@", "a@"]),
    "hostname": (
        ["a", "a.b", "A.B", "1.2.3.4", "x" * 63],
        ["-a", "a-", "a_b", "a..b", "", "a.", "x" * 64, "é.c"],
    ),
    "idn-hostname": (["a", "é.c", "실례.테스트"], ["-a", "a_b", "", "a..b", "〮한국", "x" * 64]),
    "ipv4": (["1.2.3.4"], ["1.2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4/8", " 1.2.3.4", ""]),
    "ipv6": (["::1", "::ffff:1.2.3.4"], ["1::2::3", "fe80::1%eth0", "::g", "", "[::1]", "12345::"]),
    "uri": (
        ["http://a/b", "urn:a:b", "http://[::1]/", "mailto:a@b"],
        ["//a", "/b", "a", "http://a b", "http://é/", "http://a/%zz", ""],
    ),
    "uri-reference": (["http://a/b", "//a", "/b", "a", "#f", ""], ["http://a b", "é", "\\a", "a%zz", "#a#b"]),
    "iri": (["http://é/", "urn:é"], ["/b", "http://a b", "é", "http://a/%zz"]),
    "iri-reference": (["é", "/é", ""], ["a b", "\\a", "#ƒ#"]),
    "json-pointer": (["", "/a", "/a~0b", "//"], ["a", "/a~", "/a~2", "#/a"]),
    "relative-json-pointer": (["0", "1/a", "0#"], ["01", "-1", "a", "", "1#/a"]),
    # ECMA 262, which is not Python's.
    "regex": (
        ["a", r"\d", "(?<n>a)", "^(?!a)", r"\p{L}"],
        ["(", "[", "*", "a{2,1}", "(?P<n>a)", r"\a", r"\Z"],
    ),
    "uri-template": (["/a/{b}", "{+a}", "{a,b}", ""], ["/a/{b", "}", "{a b}", "a b"]),
    "uuid": ([UUID, UUID.upper()], [UUID.replace("-", ""), f"{{{UUID}}}", f"urn:uuid:{UUID}", UUID[:-1], ""]),
}


def both(document: Mapping[str, Any], value: Any) -> tuple[bool, bool]:
    """What jsonschema-rs says, and what jsonschema says."""
    return schemas.is_valid(document, value), schemas.referee(document).is_valid(value)


def shipped() -> Iterator[tuple[str, SchemaHistory]]:
    """(service/name, schema) of every schema file of the package."""
    library = Library(Places().with_shipped(), environ={})
    for path in sorted((SHIPPED / "schemas").rglob("*.yaml")):
        found = library.schema(path.parent.name, path.stem)
        library.raise_problems()
        assert found is not None, path
        yield f"{path.parent.name}/{path.stem}", found


def recorded(service: str, most: int = 120) -> list[Any]:
    """Bodies of recorded answers of a service that differ in their shape."""
    places = [os.environ.get("CONTRACT_TESTS_RECORDINGS", ""), str(SHIPPED.parent / "cassettes")]
    found: dict[str, Any] = {}
    for place in filter(None, places):
        for path in sorted(Path(place, service).rglob("*.yaml"))[::7]:
            for document in _bodies(path):
                found.setdefault(_shape(document), document)
                if len(found) >= most:
                    return list(found.values())
    return list(found.values())


def _bodies(path: Path) -> Iterator[Any]:
    from contract_tests.recordings.reader import read_cassette

    if path.name == "recording.yaml":
        return
    for entry in read_cassette(path, path.parent).entries:
        body = entry.response().json
        if isinstance(body, (dict, list)):
            yield body


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_shape(item)}" for key, item in sorted(value.items())) + "}"
    if isinstance(value, list):
        return f"[{_shape(value[0]) if value else ''}]"
    return type(value).__name__


def sample(schema: Any, root: Any = None, depth: int = 0) -> Any:
    """A document that is near to satisfying a schema."""
    root = schema if root is None else root
    if not isinstance(schema, dict) or depth > 8:
        return {}
    if "$ref" in schema:
        found = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return sample(found, root, depth + 1)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema and "type" not in schema:
            return sample(schema[key][0], root, depth + 1)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        document = {
            name: sample(item, root, depth + 1) for name, item in schema.get("properties", {}).items()
        }
        for pattern, item in schema.get("patternProperties", {}).items():
            document[UUID if "-" in pattern else "CUSTOM_A"] = sample(item, root, depth + 1)
        if isinstance(schema.get("additionalProperties"), dict):
            document["other"] = sample(schema["additionalProperties"], root, depth + 1)
        return document
    if kind == "array":
        return [sample(schema.get("items", {}), root, depth + 1)]
    if kind == "string":
        return TEXTS[schema["format"]][0][0] if "format" in schema else "a text"
    return {"integer": 1, "number": 1.5, "boolean": True, "null": None}[kind]


OTHERS: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**20, "", "no format", UUID, [], ["a"], {}, {"a": 1})


def changed(document: Any) -> Iterator[Any]:
    """The document, and copies of it with one thing removed, added, or of another type or form."""
    yield document
    for path in _paths(document):
        for other in OTHERS:
            yield _with(document, path, other)
        holder = _at(document, path)
        if path:
            yield _without(document, path)
        if isinstance(holder, dict):
            for name in ("unexpected", "CUSTOM_X", UUID, "ex tra", "é"):
                yield _with(document, (*path, name), 1)
        if isinstance(holder, list):
            yield _with(document, path, [*holder, *holder])
            yield _with(document, path, [*holder, None])


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key in list(value)[:12]:
            yield from _paths(value[key], (*path, key))
    elif isinstance(value, list) and value:
        yield from _paths(value[0], (*path, 0))


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def _with(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    found = copy.deepcopy(document)
    _at(found, path[:-1])[path[-1]] = value
    return found


def _without(document: Any, path: tuple[Any, ...]) -> Any:
    found = copy.deepcopy(document)
    del _at(found, path[:-1])[path[-1]]
    return found


class TestShippedSchemas(unittest.TestCase):
    """Every schema of the package at each point of its history."""

    def test_the_engines_agree(self) -> None:
        bodies: dict[str, list[Any]] = {}
        tried = valid = 0
        for name, history in shipped():
            service = name.partition("/")[0]
            if service not in bodies:
                bodies[service] = recorded(service)
            for version, document in history.documents:
                documents = [sample(document), *bodies[service]]
                near = [one for one in documents if schemas.is_valid(document, one)][:3]
                for value in (
                    *documents,
                    *(other for one in near or documents[:1] for other in changed(one)),
                ):
                    rust, python = both(document, value)
                    if rust is not python:
                        self.fail(
                            f"{name} since {version}: jsonschema-rs {rust}, jsonschema {python}: "
                            f"{json.dumps(value)[:500]}"
                        )
                    tried += 1
                    valid += rust
        self.assertGreater(valid, 50)
        self.assertGreater(tried, 2000)

    def test_what_is_wrong_has_words(self) -> None:
        for name, history in shipped():
            for _, document in history.documents:
                for value in (None, "a text", 5):
                    if not schemas.is_valid(document, value):
                        found = list(schemas.violations(document, value))
                        self.assertTrue(found, name)
                        for path, message in found:
                            self.assertTrue(path.startswith("$"), path)
                            self.assertTrue(message)


class TestFormats(unittest.TestCase):
    def test_every_format_is_tried(self) -> None:
        self.assertEqual(set(FORMATS), set(TEXTS))

    def test_both_engines_enforce_each_in_every_dialect(self) -> None:
        for dialect in DRAFTS.values():
            for name, (good, bad) in TEXTS.items():
                document = {"$schema": dialect, "format": name}
                for text, expected in (*((text, True) for text in good), *((text, False) for text in bad)):
                    with self.subTest(dialect=dialect, format=name, text=text):
                        self.assertEqual((expected, expected), both(document, text))

    def test_only_text_has_a_format(self) -> None:
        for name in FORMATS:
            for value in (None, 5, True, [], {}):
                self.assertEqual((True, True), both({"format": name}, value), name)

    def test_a_format_that_is_broken_has_words(self) -> None:
        self.assertEqual(
            [("$.id", "'x' is not a 'uuid'")],
            list(schemas.violations({"properties": {"id": {"format": "uuid"}}}, {"id": "x"})),
        )


class TestEdges(unittest.TestCase):
    """Where the two are not of one mind by themselves."""

    def agree(self, document: Mapping[str, Any], value: Any, expected: bool) -> list[tuple[str, str]]:
        self.assertEqual((expected, expected), both(document, value))
        found = list(schemas.violations(document, value))
        self.assertEqual(expected, not found, found)
        return found

    def test_patterns_are_those_of_ecma_262(self) -> None:
        self.agree({"pattern": r"^\d+$"}, "٤٢", False)
        self.agree({"pattern": r"^\w+$"}, "é", False)
        self.agree({"pattern": r"^\p{L}+$"}, "é", True)
        self.assertEqual(
            [("$", r"'1' does not match '^\\p{L}+$'")], self.agree({"pattern": r"^\p{L}+$"}, "1", False)
        )
        named = {"patternProperties": {r"^\p{L}+$": {"type": "integer"}}, "additionalProperties": False}
        self.agree(named, {"é": 1}, True)
        self.assertEqual([("$['é']", "'a' is not of type 'integer'")], self.agree(named, {"é": "a"}, False))
        (found,) = self.agree(named, {"1": 1}, False)
        self.assertEqual(
            "Additional properties are not allowed ('1' fit no property and no pattern)", found[1]
        )
        others = {**named, "additionalProperties": {"type": "string"}}
        self.assertEqual([("$['1']", "1 is not of type 'string'")], self.agree(others, {"1": 1}, False))

    def test_patterns_that_backtrack_end(self) -> None:
        text = "a" * 200 + "!"
        for pattern in ("^(a|aa)+$", "^(a+)+$", r"^(a|aa)+\1$"):
            self.agree({"pattern": pattern}, text, False)
            self.agree({"patternProperties": {pattern: {}}, "additionalProperties": False}, {text: 1}, False)
            document = {"patternProperties": {pattern: {}}, "unevaluatedProperties": False}
            self.assertFalse(schemas.is_valid(document, {text: 1}))
            self.assertTrue(list(schemas.violations(document, {text: 1})))

    def test_dependencies_are_enforced_in_later_dialects_too(self) -> None:
        document = {"$schema": DIALECT, "dependencies": {"a": ["b"]}}
        self.agree(document, {"a": 1, "b": 2}, True)
        self.agree(document, {"a": 1}, False)

    def test_text_that_is_no_unicode(self) -> None:
        self.agree({"type": "string"}, json.loads('"\\ud800"'), True)
        self.agree({"type": "integer"}, json.loads('"\\ud800"'), False)
        self.agree({"type": "string", "format": "uuid"}, json.loads('"\\ud800"'), False)
        self.agree({"type": "string", "pattern": "."}, json.loads('"\\ud800"'), False)

    def test_numbers(self) -> None:
        for value, expected in ((1, True), (1.0, True), (1.5, False), (True, False), (10**400, True)):
            self.agree({"type": "integer"}, value, expected)
        self.agree({"const": 1}, 1.0, True)
        self.agree({"const": 1}, True, False)
        self.agree({"enum": [0]}, False, False)
        self.agree({"uniqueItems": True}, [1, True], True)
        self.agree({"uniqueItems": True}, [1, 1.0], False)
        self.agree({"multipleOf": 0.01}, 4.35, True)
        self.assertEqual(
            [("$", "4.355 is not a multiple of 0.01")], self.agree({"multipleOf": 0.01}, 4.355, False)
        )

    def test_nothing_is_fetched(self) -> None:
        document = {"$ref": "http://127.0.0.1:9/schema"}
        with self.assertRaises(ValueError):
            schemas.is_valid(document, 1)
        with self.assertRaises(Exception) as caught:
            list(schemas.referee(document).iter_errors(1))
        self.assertIn("Unresolvable", type(caught.exception).__name__ + str(caught.exception))

    def test_the_most_errors_that_are_told(self) -> None:
        found = list(schemas.violations({"items": {"type": "string"}}, list(range(100))))
        self.assertEqual(20, len(found))

    def test_alternatives_tell_of_the_nearest(self) -> None:
        document = {"anyOf": [{"type": "string"}, {"type": "object", "required": ["a"]}]}
        self.assertEqual([("$", "'a' is a required property")], list(schemas.violations(document, {})))

    def test_a_long_message_is_cut(self) -> None:
        ((_, text),) = schemas.violations({"type": "string"}, list(range(1000)))
        self.assertLess(len(text), 400)


SUITE = os.environ.get("JSON_SCHEMA_TEST_SUITE", "")


@unittest.skipUnless(SUITE, "JSON_SCHEMA_TEST_SUITE names no checkout of the JSON-Schema-Test-Suite")
class TestSuite(unittest.TestCase):
    """https://github.com/json-schema-org/JSON-Schema-Test-Suite: the drafts that a schema file may name."""

    NOT_OURS: Mapping[str, str] = {
        "format.json": "formats are enforced here",
        "format-assertion.json": "a vocabulary of its own",
        "content.json": "no keyword of ours",
        "refRemote.json": "nothing is fetched",
    }

    def test_both_engines_pass(self) -> None:
        tried = 0
        for draft, dialect in DRAFTS.items():
            for path in sorted(Path(SUITE, "tests", draft).rglob("*.json")):
                if path.name in self.NOT_OURS:
                    continue
                for group in json.loads(path.read_text(encoding="utf-8")):
                    schema = group["schema"]
                    if not isinstance(schema, dict) or "localhost:1234" in json.dumps(schema):
                        continue
                    document = {"$schema": dialect, **schema}
                    for test in group["tests"]:
                        with self.subTest(
                            file=f"{draft}/{path.name}", group=group["description"], test=test["description"]
                        ):
                            found = not list(schemas.violations(document, test["data"]))
                            self.assertEqual(
                                (test["valid"], test["valid"]),
                                (schemas.is_valid(document, test["data"]), found),
                            )
                        tried += 1
        self.assertGreater(tried, 5000)


if __name__ == "__main__":
    unittest.main()
