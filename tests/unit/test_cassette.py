"""Cassettes on disk: written as text that every YAML reader reads alike, read with every fault named."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path
from unittest import mock

import yaml
import yaml12
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr.serializers import yamlserializer

from contract_tests.errors import RecordingError
from contract_tests.model.http import Interaction, Request, Response
from contract_tests.recordings import lossless
from contract_tests.recordings.cassette import Entry
from contract_tests.recordings.emitter import Metadata, Taken, cassette_text, readable, scalar
from contract_tests.recordings.files import read_text, write_text
from contract_tests.recordings.reader import parse_cassette, parse_reference, read_cassette

SAMPLES = [
    "",
    " ",
    "plain",
    "two words",
    "trailing ",
    " leading",
    "tab\tinside",
    "\ttab first",
    "line\nline",
    "line\n\nline\n",
    "ends with two\n\n",
    "\nstarts with a line",
    "carriage\r\nreturn\r",
    "spaces\n    \nbetween",
    "trailing space \nin a line",
    "# comment",
    "a # b",
    "a: b",
    "- a",
    "---",
    "...",
    "%YAML",
    "{flow}",
    "[flow]",
    "it's",
    'say "x"',
    "back\\slash",
    "\x00\x07\x1b\x7f",
    "\x85\u2028\u2029\ufeff",
    "caf\xe9 \u2603 \U0001f600",
    "*/*",
    "&a",
    "!tag",
    "@at",
    "`tick`",
    "k=v; path=/",
    "http://placement.example/a?b=c&d=%20",
    "http://placement.example/a:",
    'W/"etag"',
    "x" * 3000,
]
TRAPS = [
    "yes no on off y n true false True FALSE null Null ~",
    ".nan .inf -.inf 1 1.0 1. .5 1e3 1E3 +1 -0 0x1f 0o7 010 08 0b11",
    "1_000 1:30 190:20:30 2024-01-01 2001-12-14T21:59:43Z = <<",
    "1.10 1.20 12345678901234567890123 NaN Infinity e1",
]
WORDS = [word for line in TRAPS for word in line.split()]


def taken(
    *, body: bytes = b"", request: bytes | None = None, kind: str = "text/plain", **options: object
) -> Taken:
    """An interaction with these bodies, both of the media type `kind`."""
    headers = (("Content-Type", kind),)
    return Taken(
        interaction=Interaction(
            call=str(options.get("call", "call")),
            request=Request(
                method="POST", target="http://s.example/x", headers=headers, body=request, role="admin"
            ),
            response=Response(200, str(options.get("reason", "OK")), headers, body),
        ),
        exact=bool(options.get("exact", False)),
    )


def text_of(*interactions: Taken, **options: object) -> str:
    return cassette_text(interactions, Metadata(scenario="id-1", microversion="1.20", asked={"call": "aa"}))


class Scalars(unittest.TestCase):
    """Every text comes back as it was, from the fast reader, from PyYAML and from vcrpy's own loader."""

    def read_alike(self, text: str) -> None:
        for flow in (False, True):
            written = scalar(text, flow=flow)
            document = f"a: [{written}, x]\n" if flow else f"a: {written}\n"
            for read in (yaml12.parse_yaml, yaml.safe_load, yamlserializer.deserialize):
                got = read(document)["a"]
                self.assertEqual(got[0] if flow else got, text, (read, document))

    def test_samples(self) -> None:
        for text in SAMPLES + WORDS:
            with self.subTest(text=text[:40]):
                self.read_alike(text)

    @settings(max_examples=300)
    @given(st.text())
    def test_any_text(self, text: str) -> None:
        self.read_alike(text)

    def test_half_a_character_becomes_a_replacement(self) -> None:
        self.assertEqual(scalar("a\ud800"), '"a\\ufffd"')

    def test_what_is_plain_stays_readable(self) -> None:
        for text in ("application/json", "placement 1.20", "GET", "http://placement.example/x?a=b&c=%20d"):
            self.assertEqual(scalar(text), text)


class Bodies(unittest.TestCase):
    def both(self, text: str, entries: int = 1) -> Entry:
        """The last entry, after all readers have agreed on the whole document."""
        cassette = parse_cassette(text, "c.yaml")
        reference = parse_reference(text, "c.yaml")
        self.assertEqual(cassette.entries[0].raw_request, reference.entries[0].raw_request)
        self.assertEqual(cassette.entries[0].raw_response, reference.entries[0].raw_response)
        self.assertEqual(
            yamlserializer.deserialize(text)["interactions"][0]["request"], reference.entries[0].raw_request
        )
        self.assertEqual(len(cassette.entries), entries)
        return cassette.entries[-1]

    def test_text_and_bytes_come_back_exactly(self) -> None:
        for body in [sample.encode() for sample in SAMPLES + WORDS] + [
            bytes(range(256)),
            b"\xff",
            b"\x1f\x8b",
        ]:
            with self.subTest(body=body[:30]):
                entry = self.both(text_of(taken(body=body, request=body)))
                self.assertEqual(entry.response().body, body)
                self.assertEqual(entry.body, body)

    @settings(max_examples=200)
    @given(st.one_of(st.text().map(str.encode), st.binary()))
    def test_any_body(self, body: bytes) -> None:
        for kind in ("text/plain", "application/json"):
            if kind == "application/json" and body.lstrip()[:1] in (b"{", b"["):
                continue
            self.assertEqual(self.both(text_of(taken(body=body, kind=kind))).response().body, body)

    @settings(max_examples=200)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=20,
        )
    )
    def test_json_keeps_its_value(self, value: object) -> None:
        body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        entry = self.both(text_of(taken(body=body, kind="application/json")))
        self.assertEqual(
            lossless.parse(entry.response().body.decode("utf-8", "surrogatepass")),
            lossless.parse(body.decode("utf-8", "surrogatepass")),
        )

    def test_json_is_indented_and_keeps_order_spelling_and_duplicates(self) -> None:
        long = b"x" * 80
        head = b'{"b":1.0,"a":[1e3,0.10,-0,{}],"b":12345678901234567890.5,"t":"\xc3\xa9\\/\\ud83d",'
        body = head + b'"l":["%s",1]}' % long
        text = text_of(taken(body=body, kind="application/json; charset=utf-8"))
        self.assertIn(
            textwrap.indent(
                textwrap.dedent(
                    """\
                    string: |-
                      {
                        "b": 1.0,
                        "a": [1e3, 0.10, -0, {}],
                        "b": 12345678901234567890.5,
                        "t": "\\u00e9/\\ud83d",
                        "l": ["%s", 1]
                      }
                    """
                )
                % ("x" * 80),
                "      ",
            ),
            text,
        )
        self.both(text)

    def test_json_that_is_asked_for_exactly_or_is_none_stays_as_it_is(self) -> None:
        for body, kind, exact in (
            (b'{"a":1}', "application/octet-stream", False),
            (b'{"a":1}', "application/json", True),
            (b'{"a":1', "application/json", False),
            (b'\xef\xbb\xbf{"a":1}', "application/json", False),
            (b'{"a":"\x7f\t"}', "application/json", False),
            ('{"a":1}'.encode("utf-16"), "application/json", False),
            (b"[" * 5000 + b"]" * 5000, "application/json", False),
            (b" 5 ", "application/json", False),
        ):
            with self.subTest(body=body[:20]):
                entry = self.both(text_of(taken(body=body, kind=kind, exact=exact)))
                self.assertEqual(entry.response().body, body)

    def test_the_same_interactions_give_the_same_text(self) -> None:
        one = taken(body=b'{"a": 1}', request=b"{}", kind="application/json")
        self.assertEqual(text_of(one, one), text_of(one, one))

    def test_readable_leaves_other_text(self) -> None:
        for text in ("x", "5", '"x"', "{", "{} {}"):
            self.assertEqual(readable(text), text)

    def test_traps_in_names_calls_and_reasons(self) -> None:
        for word in [*WORDS, "a: b", "caf\xe9", ""]:
            with self.subTest(word=word):
                entry = self.both(text_of(taken(call=word, reason=word)))
                self.assertEqual((entry.call, entry.response().reason), (word, word))


class ForeignYaml(unittest.TestCase):
    """What PyYAML leaves unquoted is no text in YAML 1.2; the cassette means what PyYAML says."""

    TEXT = textwrap.dedent(
        """\
        interactions:
        - request:
            body: {body}
            headers:
              X-A: [{header}]
            method: GET
            uri: http://h/x
          response:
            body: {{string: {body}}}
            headers:
              X-A: {header}
            status: {{code: 200, message: {body}}}
        version: 1
        """
    )

    def test_scalars_that_only_yaml_1_2_calls_numbers(self) -> None:
        for word in ("1e3", "0o7", "08", "1E5", "0o17"):
            with self.subTest(word=word):
                text = self.TEXT.format(body=word, header=word)
                entry = parse_cassette(text, "c.yaml").entries[0]
                self.assertEqual(entry.headers, (("X-A", word),))
                self.assertEqual(entry.response().body, word.encode())
                self.assertEqual(entry.raw_request, parse_reference(text, "c.yaml").entries[0].raw_request)

    @settings(max_examples=150)
    @given(st.text(), st.text(), st.binary())
    def test_whatever_stock_vcrpy_dumps(self, header: str, body: str, data: bytes) -> None:
        document = {
            "version": 1,
            "interactions": [
                {
                    "request": {
                        "method": "PUT",
                        "uri": "http://h/x",
                        "body": body,
                        "headers": {"A": [header]},
                    },
                    "response": {
                        "status": {"code": 200, "message": header},
                        "headers": {"B": [header, header]},
                        "body": {"string": data},
                    },
                }
            ],
        }
        text = yamlserializer.serialize(document)
        entry = parse_cassette(text, "c.yaml").entries[0]
        self.assertEqual(entry.headers, (("A", header),))
        self.assertEqual(entry.body, body.encode())
        self.assertEqual(entry.response(), Response(200, header, (("B", header), ("B", header)), data))

    def test_base64_as_betamax_and_others_write_it(self) -> None:
        text = self.TEXT.format(body="x", header="x")
        found = parse_cassette(
            text.replace("{string: x}", "{base64_string: aGk=, encoding: utf-8}"), "c.yaml"
        )
        self.assertEqual(found.entries[0].response().body, b"hi")
        found = parse_cassette(text.replace("{string: x}", "{base64_string: '?'}"), "c.yaml")
        with self.assertRaisesRegex(ValueError, "^expected base64"):
            found.entries[0].response()

    def test_no_tag_is_constructed(self) -> None:
        for tagged in ("!!python/object/apply:os.system [id]", "!!python/name:os.system x", "!mine 1"):
            with self.subTest(tagged=tagged), self.assertRaises(RecordingError) as caught:
                parse_cassette(self.TEXT.format(body=tagged, header="x"), "c.yaml")
            self.assertRegex(
                str(caught.exception), r"^c\.yaml:3:11: expected a cassette's YAML: could not determine"
            )


class Damage(unittest.TestCase):
    """Each fault names the file, the place, what was expected and how to mend it."""

    GOOD = text_of(taken(body=b'{"a": 1}', request=b"x", kind="application/json"))

    def refused(self, text: str, message: str, path: str = "c.yaml") -> None:
        with self.assertRaises(RecordingError) as caught:
            parse_cassette(text, path)
        self.assertEqual(str(caught.exception), message)

    def test_a_good_cassette_is_silent(self) -> None:
        self.assertEqual(len(parse_cassette(self.GOOD, "c.yaml").entries), 1)
        self.assertEqual(len(parse_cassette(self.GOOD.replace("\n", "\r\n"), "c.yaml").entries), 1)

    def test_shapes(self) -> None:
        line = "    method: POST\n"
        for old, new, message in (
            (self.GOOD, "", "expected a cassette (a mapping with 'interactions'), found nothing"),
            (self.GOOD, "hello", "expected a cassette (a mapping with 'interactions'), found text"),
            (
                self.GOOD,
                "- request: {}\n",
                "expected a cassette (a mapping with 'interactions'), found a cassette of vcrpy before 1.0",
            ),
            (self.GOOD, "version: 1\n", "expected a list of interactions, found nothing"),
            (self.GOOD, "interactions: {a: 1}\n", "expected a list of interactions, found a mapping"),
            ("version: 1", "version: 2", "expected version 1 of the cassette format, found 2"),
            ("  scenario: id-1", "  scenario: 5", "expected metadata 'scenario' to be text, found int 5"),
            ("    call: aa", "    call: 5", "expected metadata 'asked' to be a mapping of texts"),
            (line, "", "interaction 1: request has no 'method'"),
            (line, "    method: 5\n", "interaction 1: expected request 'method' to be text, found int 5"),
            (
                line,
                "    method: null\n",
                "interaction 1: expected request 'method' to be text, found nothing",
            ),
            ("- call: call", "- call: [1]", "interaction 1: expected 'call' to be text, found a list"),
            ("  as: admin", "  as: 1", "interaction 1: expected 'as' to be text, found int 1"),
            ("code: 200", "code: OK", "interaction 1: expected the status code to be an integer, found text"),
            (
                "message: OK",
                "message: 5",
                "interaction 1: expected the status message to be text, found int 5",
            ),
            (
                "headers: {Content-Type: [application/json]}",
                "headers: {Content-Type: [1]}",
                "interaction 1: expected request header 'Content-Type' to be text or a list of texts",
            ),
            (
                "    body: x",
                "    body: {a: 1}",
                "interaction 1: expected request 'body' to be text, base64 or null, found a mapping",
            ),
            (
                "      string: '{",
                "      string:\n      - '{",
                "interaction 1: expected the response body's 'string' to be text or base64",
            ),
        ):
            with self.subTest(new=new):
                self.assertIn(old, self.GOOD)
                self.refused(self.GOOD.replace(old, new, 1), f"c.yaml: {message}; record it again")

    def test_syntax_names_the_line(self) -> None:
        self.refused(
            self.GOOD.replace("  as: admin", "  as: [admin"),
            "c.yaml:10:10: expected a cassette's YAML: did not find expected ',' or ']'; record it again",
        )

    def test_a_value_that_is_not_of_its_tag(self) -> None:
        for value in ("!!timestamp x", "!!bool x", "!!int ''", "!!float x", "2026-13-45", "!!int []"):
            with self.subTest(value), self.assertRaisesRegex(RecordingError, r"^c\.yaml.*; record it again$"):
                parse_reference(f"interactions: []\nversion: {value}\n", "c.yaml")

    def test_nul_and_deep_nesting(self) -> None:
        self.refused("a: b\n\0", "c.yaml:2: expected text, found a NUL character; record it again")
        with self.assertRaisesRegex(RecordingError, r"^c\.yaml.*; record it again$"):
            parse_cassette("[" * 100000 + "]" * 100000, "c.yaml")

    def test_a_key_that_stands_twice(self) -> None:
        twice = self.GOOD.replace("  response:\n", "  response:\n    status: {}\n  response:\n")
        self.refused(
            twice,
            "c.yaml: expected 'response' 1 times, found it 2 times (a merge that went wrong?); "
            "record it again",
        )
        with self.assertRaisesRegex(RecordingError, "^c.yaml:3:3: .* the key 'scenario' stands twice"):
            parse_reference("metadata:\n  scenario: a\n  scenario: b\n", "c.yaml")

    def test_a_cassette_that_was_cut_off_is_never_read(self) -> None:
        good = text_of(*[taken(body=b'{"a": 1}', kind="application/json")] * 3)
        for length in range(1, len(good)):
            with self.assertRaises(RecordingError, msg=good[length - 20 : length]):
                found = parse_cassette(good[:length], "c.yaml")
                if found.foreign:  # cut before its metadata, which leaves nothing to replay
                    raise RecordingError("no metadata")

    def test_json_cassettes(self) -> None:
        self.refused(
            "{",
            "c.json:1:2: expected JSON: Expecting property name enclosed in double quotes; record it again",
            "c.json",
        )
        self.refused(
            "[" * 200000, "c.json: expected JSON, found it nested too deep; record it again", "c.json"
        )
        self.refused(
            '{"interactions": 1}',
            "c.json: expected a list of interactions, found int 1; record it again",
            "c.json",
        )

    def test_whatever_is_flipped_is_a_recording_error_or_a_cassette(self) -> None:
        rng = random.Random(7)
        for _ in range(400):
            data = bytearray(self.GOOD.encode())
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "c.yaml"
                path.write_bytes(data)
                try:
                    for entry in read_cassette(path, Path(folder)).entries:
                        entry.response()
                except RecordingError as error:
                    self.assertTrue(str(error).startswith(str(path)), error)


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "root"
        self.root.mkdir()

    def test_bytes_that_are_no_utf_8(self) -> None:
        path = self.root / "c.yaml"
        path.write_bytes(b"a: b\nc: \xff\n")
        with self.assertRaisesRegex(
            RecordingError, rf"^{path}:2: expected UTF-8, found the byte 0xff; record it again$"
        ):
            read_text(path, self.root)

    def test_nothing_outside_the_folder(self) -> None:
        outside = self.root.parent / "outside"
        outside.mkdir()
        (outside / "c.yaml").write_text("secret")
        (self.root / "link").symlink_to(outside)
        (self.root / "c.yaml").symlink_to(outside / "c.yaml")
        for path in (self.root / "link/c.yaml", self.root / "c.yaml", self.root / "../outside/c.yaml"):
            for act in (
                lambda path=path: read_text(path, self.root),
                lambda path=path: write_text(path, "x", self.root),
            ):
                with self.assertRaisesRegex(RecordingError, "it leads out of the recording's folder"):
                    act()
        self.assertEqual((outside / "c.yaml").read_text(), "secret")
        self.assertEqual([path.name for path in outside.iterdir()], ["c.yaml"])

    def test_links_within_are_fine(self) -> None:
        (self.root / "a.yaml").write_text("x")
        (self.root / "b.yaml").symlink_to(self.root / "a.yaml")
        self.assertEqual(read_text(self.root / "b.yaml", self.root), "x")

    def test_what_is_no_file_is_not_waited_for(self) -> None:
        os.mkfifo(self.root / "c.yaml")
        with self.assertRaisesRegex(RecordingError, "expected a file"):
            read_text(self.root / "c.yaml", self.root)

    def test_a_disk_that_refuses_leaves_the_old_file(self) -> None:
        path = self.root / "s/c.yaml"
        write_text(path, "old", self.root)
        full = OSError(28, "No space left on device")
        with mock.patch("os.fsync", side_effect=full), self.assertRaises(RecordingError) as caught:
            write_text(path, "new", self.root)
        self.assertEqual(
            str(caught.exception),
            f"{path}: cannot be written: No space left on device; "
            "make room or give another folder, and record again",
        )
        self.assertEqual([one.name for one in path.parent.iterdir()], ["c.yaml"])
        self.assertEqual(path.read_text(), "old")

    def test_a_file_where_a_folder_should_be(self) -> None:
        (self.root / "s").write_text("")
        with self.assertRaisesRegex(RecordingError, "cannot be written: (Not a directory|File exists)"):
            write_text(self.root / "s/c.yaml", "x", self.root)

    def test_leftovers_of_a_killed_write_go_with_the_next(self) -> None:
        old = self.root / ".c.yaml.0000.tmp"
        fresh = self.root / ".c.yaml.1111.tmp"
        for path in (old, fresh):
            path.write_text("half")
        os.utime(old, (time.time() - 3600,) * 2)
        write_text(self.root / "c.yaml", "x", self.root)
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), [".c.yaml.1111.tmp", "c.yaml"])

    def test_a_kill_at_any_moment_leaves_the_old_cassette_or_the_new_one(self) -> None:
        script = textwrap.dedent(
            """
            import sys
            from pathlib import Path
            from contract_tests.model.http import Interaction, Request, Response
            from contract_tests.recordings.emitter import Metadata, Taken, cassette_text
            from contract_tests.recordings.files import write_text
            root = Path(sys.argv[1])
            number = 0
            while True:
                one = Taken(interaction=Interaction(
                    call="c", request=Request(method="GET", target=f"http://h/{number}"),
                    response=Response(200, "OK", (), b"x" * 20000)))
                text = cassette_text([one] * (number % 7 + 1), Metadata(scenario="id", asked={"c": "d"}))
                write_text(root / "s" / "c.yaml", text, root)
                number += 1
                if number == 1:
                    print("there is one", flush=True)
            """
        )
        rng = random.Random(3)
        path = self.root / "s/c.yaml"
        for _ in range(12):
            process = subprocess.Popen([sys.executable, "-c", script, str(self.root)], stdout=subprocess.PIPE)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0.001, 0.05))
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
            found = read_cassette(path, self.root)
            targets = {entry.uri for entry in found.entries}
            number = int(targets.pop().rpartition("/")[2])
            self.assertEqual((len(targets), len(found.entries)), (0, number % 7 + 1))
