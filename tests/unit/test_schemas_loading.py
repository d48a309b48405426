"""Schema files as they are read: overlays (RFC 7396), references, what would enforce nothing."""

from __future__ import annotations

import importlib.util
import unittest
from typing import Any
from unittest import mock

import jsonschema
import yaml

from contract_tests.checks.schemas import is_valid
from contract_tests.errors import LoadError
from contract_tests.loading.keywords import DIALECT, DRAFTS, KEYWORDS, SPANS
from contract_tests.loading.nodes import plain
from contract_tests.loading.schema import merge_patch
from contract_tests.loading.source import Source
from tests.unit.loading_support import LoadingTest, version

# RFC 7396, appendix A: (target, patch, result), of those whose target and patch are objects.
APPENDIX_A = (
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
)


class MergePatchTest(unittest.TestCase):
    def test_the_examples_of_the_rfc(self) -> None:
        for target, patch, result in APPENDIX_A:
            with self.subTest(target=target, patch=patch):
                nodes = [Source("x", yaml.safe_dump(value)).root for value in (target, patch)]
                self.assertEqual(plain(merge_patch(*nodes)), result)


class OverlayTest(LoadingTest):
    TEXT = """
        type: object
        additionalProperties: false
        required: [id]
        properties: {id: {type: string, maxLength: 5}, old: {type: string}}
        since:
          1.10: {properties: {id: {maxLength: 36, format: uuid}}}
          1.4: {properties: {old: null, new: {type: integer}}, required: [id, new]}
    """

    def test_each_stage(self) -> None:
        history = self.schema(self.TEXT)
        self.assertEqual([str(point) for point in history.since], ["1.4", "1.10"])
        self.assertEqual(history.at(version("1.3")), history.at(None))
        self.assertEqual(set(history.at(version("1.4"))["properties"]), {"id", "new"})
        self.assertEqual(history.at(version("1.9"))["required"], ["id", "new"])
        self.assertEqual(
            history.at(version("1.10"))["properties"]["id"],
            {"type": "string", "maxLength": 36, "format": "uuid"},
        )
        self.assertEqual({document["$schema"] for _, document in history.documents}, {DIALECT})
        self.assertNotIn("since", history.at(None))

    def test_a_property_may_be_named_since(self) -> None:
        history = self.schema("type: object\nproperties: {since: {type: string}}\n")
        self.assertEqual(history.since, ())
        self.assertIn("since", history.at(None)["properties"])


class ReferenceTest(LoadingTest):
    def setUp(self) -> None:
        super().setUp()
        self.write(
            "schemas/tickets/owner.yaml",
            """
            type: object
            properties: {name: {$ref: "#/$defs/name"}, chief: {$ref: "#"}}
            additionalProperties: false
            $defs: {name: {type: string, minLength: 1}}
            since: {1.8: {$defs: {name: {minLength: 3}}}}
            """,
        )

    def accepts(self, document: Any, value: Any) -> bool:
        """Whether both validators say so."""
        found = is_valid(document, value)
        jsonschema.validators.validator_for(document).check_schema(document)
        self.assertEqual(jsonschema.validators.validator_for(document)(document).is_valid(value), found)
        return found

    def test_another_schema_is_taken_at_the_same_microversion(self) -> None:
        history = self.schema("""
            type: object
            properties: {owner: {$ref: owner}}
            since: {1.4: {required: [owner]}}
        """)
        self.assertEqual([str(point) for point in history.since], ["1.4", "1.8"])
        short = {"owner": {"name": "ab"}}
        self.assertTrue(self.accepts(history.at(version("1.7")), short))
        self.assertFalse(self.accepts(history.at(version("1.8")), short))
        self.assertTrue(self.accepts(history.at(version("1.3")), {}))
        self.assertFalse(self.accepts(history.at(version("1.4")), {}))

    def test_its_own_references_keep_their_meaning(self) -> None:
        document = self.schema("type: array\nitems: {$ref: owner}\n$defs: {name: {type: integer}}\n").at(None)
        self.assertTrue(self.accepts(document, [{"name": "a", "chief": {"name": "b"}}]))
        self.assertFalse(self.accepts(document, [{"name": 1}]))
        self.assertFalse(self.accepts(document, [{"chief": {"chief": {"nam": "b"}}}]))

    def test_what_stands_beside_a_reference_counts_too(self) -> None:
        document = self.schema("$ref: owner\nrequired: [name]\n").at(None)
        self.assertFalse(self.accepts(document, {}))
        self.assertFalse(self.accepts(document, {"name": ""}))
        self.assertTrue(self.accepts(document, {"name": "a"}))

    def test_it_counts_in_an_old_dialect_too(self) -> None:
        old = "$schema: http://json-schema.org/draft-07/schema#\n"
        self.write("schemas/tickets/short.yaml", old + "type: string\nmaxLength: 2\n")
        document = self.schema(old + "type: object\nproperties: {a: {$ref: short, minLength: 1}}\n").at(None)
        self.assertEqual([self.accepts(document, {"a": a}) for a in ("", "a", "abc")], [False, True, False])

    def test_through_several_files(self) -> None:
        self.write("schemas/tickets/team.yaml", "type: array\nitems: {$ref: owner}\n")
        history = self.schema("type: object\nproperties: {teams: {type: array, items: {$ref: team}}}\n")
        self.assertEqual([str(point) for point in history.since], ["1.8"])
        document = history.at(version("1.8"))
        self.assertTrue(self.accepts(document, {"teams": [[{"name": "abc", "chief": {"name": "def"}}]]}))
        self.assertFalse(self.accepts(document, {"teams": [[{"name": "abc", "chief": {"name": "de"}}]]}))

    def test_what_cannot_be_checked_here_cannot_be_through_a_reference_either(self) -> None:
        text = "type: array\nitems: {$ref: 'tempest:compute/flavors.list_flavors'}\n"
        with mock.patch("importlib.util.find_spec", return_value=None):
            history = self.schema(text)
        self.assertIn("pip install 'contract-tests[tempest]'", history.missing)
        self.assertEqual(self.schema("type: array\nitems: {$ref: owner}\n").missing, "")

    @unittest.skipUnless(importlib.util.find_spec("tempest"), "Tempest is not installed: pip install tempest")
    def test_a_schema_of_tempests_may_be_refused(self) -> None:
        name = "tempest:compute/flavors.list_flavors"
        text = f"$schema: http://json-schema.org/draft-04/schema#\nnot: {{$ref: '{name}'}}\n"
        document = self.schema(text).at(None)
        self.assertTrue(self.accepts(document, {"flavors": 7}))
        self.assertFalse(self.accepts(document, {"flavors": []}))

    def test_a_circle_of_files_is_an_error(self) -> None:
        self.write("schemas/tickets/a.yaml", "type: array\nitems: {$ref: b}\n")
        with self.assertRaises(LoadError) as caught:
            self.schema("type: array\nitems: {$ref: a}\n", name="b")
        self.assertEqual({problem.rule for problem in caught.exception.problems}, {"unknown-schema"})

    def test_an_inline_schema_may_refer_to_one(self) -> None:
        call = self.call("""
            name: a
            GET: /t
            expect: {status: 200, schema: {type: array, items: {$ref: owner}}}
        """)
        assert call.expect is not None and call.expect.schema is not None
        self.assertEqual([str(point) for point in call.expect.schema.since], ["1.8"])
        self.assertTrue(self.accepts(call.expect.schema.at(None), [{"name": "a"}]))


class EnforcementTest(LoadingTest):
    def rules(self, text: str) -> list[str]:
        try:
            self.schema(text)
        except LoadError as error:
            return [problem.rule for problem in error.problems]
        return []

    def test_each_keyword_of_one_type_beside_another(self) -> None:
        for name, keyword in KEYWORDS.items():
            if not keyword.types or name in SPANS:
                continue
            operand = {"schema": "{}", "schemas": "{}", "list": "[{}]", "either": "{}"}.get(
                keyword.inside, "1"
            )
            other = "boolean" if "boolean" not in keyword.types else "string"
            with self.subTest(keyword=name):
                self.assertIn("schema-not-enforced", self.rules(f"type: {other}\n{name}: {operand}\n"))

    def test_each_keyword_outside_its_dialects(self) -> None:
        for name, (first, last) in SPANS.items():
            for url, draft in DRAFTS.items():
                if not first <= draft <= last:
                    with self.subTest(keyword=name, draft=draft):
                        self.assertIn("schema-not-enforced", self.rules(f'$schema: "{url}"\n{name}: {{}}\n'))

    def test_a_keyword_is_known_to_each_dialect_that_enforces_it(self) -> None:
        """The table of spans against the dialects' own meta-schemas, as jsonschema has them."""
        for url, draft in DRAFTS.items():
            known = _known(jsonschema.validators.validator_for({"$schema": url}).META_SCHEMA)
            for name in KEYWORDS:
                first, last = SPANS.get(name, (0, 9999))
                if name in ("$defs", "definitions", "$schema", "$ref", "format", "deprecated"):
                    continue  # annotations and places of references: harmless, or everywhere
                if name in ("dependencies", "$comment", "readOnly", "writeOnly", "examples") or draft > 7:
                    continue  # kept in later meta-schemas without a meaning; those are vocabularies
                with self.subTest(keyword=name, draft=draft):
                    self.assertEqual(name in known, first <= draft <= last)


def _known(meta: Any) -> set[str]:
    return set(meta.get("properties", {}))


if __name__ == "__main__":
    unittest.main()
