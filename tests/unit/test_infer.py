"""Drafts of schemas: they hold for all that they were made from, and refuse whatever else it could be."""

from __future__ import annotations

import contextlib
import copy
import io
import unittest
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contract_tests.checks.schemas import is_valid
from contract_tests.cli.main import main
from contract_tests.comparison.correlation import Correlation, path_patterns
from contract_tests.comparison.drafting import Sample, draft, merge_patch
from contract_tests.execution.infer import file_name, infer
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.runner import Job
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library
from contract_tests.model.microversion import ORDERS
from contract_tests.recordings.recording import load_recording
from contract_tests.reporters.schema_text import schema_text
from contract_tests.transport.recording import RecordingTransport

ROOT = Path(__file__).resolve().parents[2]
RECORDING = ROOT / "cassettes" / "placement" / "16.0.0"
SCENARIOS = ROOT / "contract_tests" / "scenarios" / "placement"
NUMBER = ORDERS["number"]
ONE, TWO = "0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1c00", "11111111-8c0e-4a0e-9b57-0f4e3a9d1c00"


def drafted(*answers: tuple[str, Any], call: str = "list", free_form: tuple[str, ...] = ()) -> Any:
    """The draft from (microversion, document) pairs, the overlays' microversions as text."""
    samples = [
        Sample(call=call, microversion=NUMBER.parse(version) if version else None, document=document)
        for version, document in answers
    ]
    schema, overlays = draft(samples, Correlation(free_form=path_patterns(free_form)))
    return schema, {str(version): overlay for version, overlay in overlays.items()}


class TestDraft(unittest.TestCase):
    def test_objects_are_closed_and_require_what_was_always_there(self) -> None:
        schema, overlays = drafted(("1.0", [{"id": ONE, "n": 1}, {"id": TWO}]))
        self.assertEqual({}, overlays)
        self.assertEqual(
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["id"],
                    "properties": {"id": {"type": "string", "format": "uuid"}, "n": {"type": "integer"}},
                },
            },
            schema,
        )

    def test_an_overlay_where_the_shape_changes(self) -> None:
        schema, overlays = drafted(
            ("1.4", {"a": 1}), ("1.5", {"a": 2, "b": None}), ("1.6", {"a": 3, "b": ONE})
        )
        self.assertEqual(["a"], schema["required"])
        self.assertEqual(
            {
                "1.5": {
                    "required": ["a", "b"],
                    "properties": {"b": {"type": ["null", "string"], "format": "uuid"}},
                }
            },
            overlays,
        )

    def test_another_type_and_a_property_that_is_gone(self) -> None:
        _, overlays = drafted(("1.0", {"a": 1, "b": "x"}), ("1.1", {"a": {"total": 1}}))
        overlay = overlays["1.1"]
        self.assertIsNone(overlay["properties"]["b"])
        self.assertEqual("object", overlay["properties"]["a"]["type"])

    def test_other_data_is_no_change_of_shape(self) -> None:
        _, overlays = drafted(
            ("1.0", {"a": []}), ("1.1", {"a": [{"x": 1}]}), ("1.2", {"a": [{"x": 2}, {"x": 3}]})
        )
        self.assertEqual({}, overlays)

    def test_names_that_are_data(self) -> None:
        schema, overlays = drafted(
            ("1.0", {"inventories": {"VCPU": {"total": 1}}}),
            ("1.1", {"inventories": {"CUSTOM_X": {"total": 1}}}),
            free_form=("$.inventories",),
        )
        self.assertEqual({}, overlays)
        inside = schema["properties"]["inventories"]["additionalProperties"]
        self.assertEqual(["total"], inside["required"])
        ids, _ = drafted(("1.0", {ONE: {"a": 1}}))
        self.assertEqual("integer", ids["additionalProperties"]["properties"]["a"]["type"])

    def test_formats_hold_for_all_values(self) -> None:
        def form(*values: str) -> str | None:
            schema, _ = drafted(*((f"1.{at}", {"a": value}) for at, value in enumerate(values)))
            found: str | None = schema["properties"]["a"].get("format")
            return found

        self.assertEqual("date-time", form("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+00:00"))
        self.assertEqual("uri", form("http://a.example/x"))
        self.assertEqual("uuid", form(ONE, TWO))
        self.assertIsNone(form(ONE, "x"))
        self.assertIsNone(form("2026-01-01T00:00:00"))

    def test_numbers(self) -> None:
        schema, overlays = drafted(("1.0", [1, 1.5]), ("1.1", [1.5, 2]))
        self.assertEqual(({"type": "array", "items": {"type": "number"}}, {}), (schema, overlays))

    def test_a_service_without_microversions(self) -> None:
        self.assertEqual(({"type": "array"}, {}), drafted(("", [])))

    def test_a_merge_patch(self) -> None:
        self.assertEqual(
            {"a": None, "b": {"c": 2}}, merge_patch({"a": 1, "b": {"c": 1, "d": 1}}, {"b": {"c": 2, "d": 1}})
        )

    def test_names_of_files(self) -> None:
        self.assertEqual("get_servers_id_os_ips", file_name("GET /servers/{id}/os-ips"))
        self.assertEqual("get_root", file_name("GET /"))

    def test_text(self) -> None:
        version = NUMBER.parse("1.10")
        text = schema_text(
            "two\nlines", {"type": ["null", "string"], "x: y": {}}, {version: {"type": "string"}}
        )
        self.assertEqual(
            '# two\n# lines\ntype: ["null", string]\n"x: y": {}\nsince:\n  1.10:\n    type: string\n', text
        )


@unittest.skipUnless(RECORDING.is_dir(), "the recordings are not here")
class TestRecordings(unittest.TestCase):
    def test_drafts_hold_for_what_they_were_made_from_and_refuse_what_it_is_not(self) -> None:
        """Of each service's answers, whole: a property gone, one more, or one of another type is refused."""
        few = ("1.0", "1.13", "1.14", "1.38", "1.39")
        for name, release, microversions, least in (
            ("placement", "16.0.0", few, 15),
            ("cinder", "29.0.0", ("3.0", "3.43", "3.71"), 15),
            ("manila", "23.0.1", "boundaries", 5),
            ("keystone", "30.0.0", "boundaries", 30),
            ("barbican", "23.0.0", "boundaries", 5),
        ):
            with self.subTest(name):
                self.held(name, release, microversions, least)

    def held(self, name: str, release: str, microversions: Any, least: int) -> None:
        folder = SCENARIOS.parent / name
        library = Library(Places(scenarios=(folder,)).with_shipped())
        service = library.service(name)
        scenarios = library.scenarios([folder]).scenarios
        library.raise_problems()
        assert service is not None
        recording = load_recording(RECORDING.parents[1] / name / release)
        place = recording.deployment(service)
        job = Job(
            deployment=place,
            transport=RecordingTransport(recording, service),
            cases=plan(scenarios, place, Choice(microversions=microversions), None, replay=True),
            replay=True,
        )
        drafts = list(infer(service, [job]))
        self.assertGreater(len(drafts), least)
        refused = 0
        for one in drafts:
            schemas = dict(self.schemas(one.schema, one.overlays))
            for at, sample in enumerate(one.samples):
                version = max(
                    (v for v in schemas if v is None or v <= sample.microversion),
                    key=lambda v: (v is not None, v),
                )
                schema = schemas[version]
                self.assertTrue(is_valid(schema, sample.document), (one.name, sample))
                for what, other in spoiled(schema, sample.document) if at < 5 else ():
                    refused += 1
                    self.assertFalse(is_valid(schema, other), (one.name, what))
        self.assertGreater(refused, 60 * least)

    def schemas(self, base: Any, overlays: Any) -> Iterator[tuple[Any, Any]]:
        yield None, base
        for version, overlay in overlays.items():
            base = patched(base, overlay)
            yield version, base

    def test_the_command(self) -> None:
        with TemporaryDirectory() as folder:
            arguments = [
                "infer",
                "placement",
                "--out",
                folder,
                "--target",
                str(RECORDING),
                "--match",
                "usages",
            ]
            arguments += ["--scenarios", str(SCENARIOS)]
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                self.assertEqual(0, main(arguments), err.getvalue())
            self.assertIn("get_usages.yaml: ", out.getvalue())
            self.assertIn("; since 1.38", out.getvalue())
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                self.assertEqual(3, main(arguments))
            self.assertIn("is there already, left alone", err.getvalue())


def patched(document: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    made = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = patched(made.get(key), value)
    return made


def spoiled(schema: Any, document: Any) -> Iterator[tuple[str, Any]]:
    """The document with one thing wrong: a required property gone, one added, a value of another type."""
    yield from (("type", other) for other in others(schema))
    if isinstance(document, dict):
        for name in schema.get("required", ()):
            yield f"without {name}", {key: value for key, value in document.items() if key != name}
        if schema.get("additionalProperties") is False:
            yield "added", {**document, "added_by_this_test": 1}
        for name, value in document.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            for what, other in spoiled(inner, value) if inner else ():
                yield f"{name}: {what}", {**document, name: other}
    elif isinstance(document, list) and document and "items" in schema:
        for what, other in spoiled(schema["items"], document[0]):
            yield f"[0]: {what}", [other, *copy.deepcopy(document[1:])]


def others(schema: Any) -> Iterator[Any]:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    for name, value in (
        ("string", "x"),
        ("integer", 5),
        ("boolean", True),
        ("null", None),
        ("array", []),
        ("object", {}),
    ):
        if name not in types and not (name == "integer" and "number" in types):
            yield value


if __name__ == "__main__":
    unittest.main()
