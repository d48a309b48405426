"""The JSON Schemas for editors: in step with the code, kind to what is right, hard on what is wrong."""

from __future__ import annotations

import contextlib
import io
import json
import unittest
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from contract_tests.cli.main import main
from contract_tests.cli.schema_command import KINDS
from contract_tests.errors import LoadError
from contract_tests.loading.config import SHIPPED
from contract_tests.loading.nodes import plain
from contract_tests.loading.source import read_source

DATA = Path(__file__).resolve().parent.parent / "data"
EDITOR = SHIPPED / "editor"

BEYOND_A_SCHEMA = {
    "scenarios": {
        "how YAML is written": """
            duplicate_key duplicate_key_deep duplicate_expectation number_too_large python_tag
            custom_tag str_tag merge_key two_documents since_one_and_ten
            since_one_version_quoted_and_not key_is_a_list
        """,
        "what else there is": """
            unknown_service unknown_schema schema_outside file_outside file_absolute file_unknown
            file_is_a_folder bad_file_name
        """,
        "an order of versions": """
            recorded_outside microversion_words microversion_leading_zero range_backwards range_beyond_service
            range_of_plain_service since_of_plain_service date_that_is_none since_below since_above
            since_above_service since_below_call call_outside_range since_no_version
            since_spelled_twice services_no_microversion
            services_plain_at_a_microversion
        """,
        "a comparison of two places": """
            overlay_changes_nothing overlay_changes_nothing_since_an_older overlay_empty
            nothing_to_remove duplicate_call duplicate_call_in_cleanup headers_twice
            poll_for_too_short services_twice services_two_in_one_item on_unknown on_missing
            parity_unknown_call on_without_services beside_unknown services_first_at_a_microversion
            representations_post representations_since representations_accept same_as
        """,
        "a request and its schema": """
            negative_label negative_own_body negative_without_json
        """,
        "variables": """
            negative_undo negative_fresh
            undefined_variable undefined_in_body undefined_in_vars undefined_in_lines
            used_before_saved used_where_not_saved used_after_last_save unused_variable unused_saved
            reserved_variable reserved_saved generate_unknown generate_and_more template_code
            template_open template_empty variable_in_save
        """,
        "a language within a text": """
            xpath xpath_with_variable save_xpath
            match_no_regex match_no_regex_quantifier save_no_regex jsonpath jsonpath_without_dollar
            jsonpath_function base64 header_of_two_lines header_beyond_latin1
        """,
        "an operand, which may be a variable": """
            match_number absent_false present_yes any_null type_text type_float format_unknown
            format_misspelled one_of_a_value one_of_nothing unordered_a_map gt_true le_list
            length_text length_negative length_matcher not_unknown each_of_two
        """,
        "null, which removes in an overlay": """
            header_is_null null_expected_header query_list_with_null text_null header_list
        """,
        "schemas written out": """
            inline_schema inline_schema_format
        """,
        "a number where a text may be": """
            requires_release beside_no_release
        """,
    },
    "services": {
        "an order of versions": """
            range_backwards values_unsorted value_no_date operation_until probe_means
        """,
        "what else there is": """
            misnamed error_schema
        """,
        "a key that depends on another": """
            no_service_type no_header key_of_another_dialect range_without_versions no_range
            order_of_openstack no_header_at_all form_without_place form_with_braces
        """,
    },
    "targets": {
        "a scheme": """
            no_scheme file_scheme
        """,
    },
    "config": {
        "what else there is": """
            unknown_folder
        """,
    },
}
"""Broken files that a JSON Schema lets pass, by what it cannot say: the loader alone tells those."""


@cache
def validator(kind: str) -> Any:
    return jsonschema.Draft202012Validator(json.loads((EDITOR / f"{kind}.json").read_text()))


def document(path: Path) -> Any:
    """The file as the loader reads it; None where it is no YAML."""
    try:
        root = read_source(path).root
    except LoadError:
        return None
    return plain(root) if root is not None else None


class CommittedTest(unittest.TestCase):
    maxDiff = None

    def test_each_is_what_the_command_prints(self) -> None:
        """To mend it: contract-tests schema KIND > contract_tests/editor/KIND.json"""
        for kind in KINDS:
            with self.subTest(kind=kind):
                out = io.StringIO()
                with contextlib.redirect_stdout(out):
                    self.assertEqual(main(["schema", kind]), 0)
                self.assertEqual((EDITOR / f"{kind}.json").read_text(), out.getvalue())

    def test_there_are_no_others(self) -> None:
        self.assertEqual({path.stem for path in EDITOR.glob("*.json")}, set(KINDS))

    def test_each_is_a_json_schema(self) -> None:
        for kind in KINDS:
            jsonschema.Draft202012Validator.check_schema(validator(kind).schema)

    def test_every_key_is_described(self) -> None:
        for kind in KINDS:
            if kind != "schema":
                for path, value in _properties(validator(kind).schema, ""):
                    with self.subTest(kind=kind, key=path):
                        self.assertTrue(value is True or "description" in value or "const" in value)


def _properties(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, list):
        return [found for item in value for found in _properties(item, path)]
    if not isinstance(value, dict):
        return []
    found = []
    for key, item in value.items():
        if key == "properties":
            for name, inner in item.items():
                found += [(f"{path}.{name}", inner), *_properties(inner, f"{path}.{name}")]
        else:
            found += _properties(item, path)
    return found


class AcceptedTest(unittest.TestCase):
    def accepted(self, kind: str, paths: list[Path]) -> None:
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(path=str(path)):
                errors = [error.message for error in validator(kind).iter_errors(document(path))]
                self.assertEqual(errors, [])

    def test_shipped_scenarios(self) -> None:
        self.accepted("scenario", sorted((SHIPPED / "scenarios").rglob("*.yaml")))

    def test_shipped_schemas(self) -> None:
        self.accepted("schema", sorted((SHIPPED / "schemas").rglob("*.yaml")))

    def test_shipped_services(self) -> None:
        self.accepted("service", sorted((SHIPPED / "services").glob("*.yaml")))

    def test_near_misses(self) -> None:
        fine = DATA / "fine"
        self.accepted("scenario", sorted(set(fine.glob("*.yaml")) - {fine / "contract-tests.yaml"}))
        self.accepted("schema", sorted((fine / "schemas").rglob("*.yaml")))
        self.accepted("config", [fine / "contract-tests.yaml"])


class RefusedTest(unittest.TestCase):
    def test_broken_files_but_for_those_that_only_the_loader_can_tell(self) -> None:
        kinds = {"scenarios": "scenario", "services": "service", "targets": "targets", "config": "config"}
        for folder, kind in kinds.items():
            beyond = {name for names in BEYOND_A_SCHEMA[folder].values() for name in names.split()}
            passed = set()
            for path in (DATA / "broken" / folder).glob("*.yaml"):
                value = document(path)
                if value is not None and validator(kind).is_valid(value):
                    passed.add(path.stem.replace(" ", "_"))
            with self.subTest(kind=kind):
                self.assertEqual(passed, beyond & passed)
                self.assertEqual(beyond - passed, set())

    def test_unknown_keywords_of_schemas(self) -> None:
        for name in (
            "unknown_keyword",
            "keyword_deep",
            "since_list",
            "since_text",
            "a_list",
            "property_is_text",
        ):
            with self.subTest(name=name):
                path = DATA / "broken" / "schemas" / "tickets" / f"{name}.yaml"
                self.assertFalse(validator("schema").is_valid(document(path)))


if __name__ == "__main__":
    unittest.main()
