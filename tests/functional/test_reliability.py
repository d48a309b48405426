"""What recordings survive: damage of all kinds, a kill at each step of writing, a full disk, many workers."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASSETTES = ROOT / "cassettes"
COMMAND = [sys.executable, "-m", "contract_tests"]

# Damaged recordings.

READ = """
import json, os, resource, sys
from pathlib import Path

from contract_tests.errors import RecordingError
from contract_tests.recordings.reader import read_cassette
from contract_tests.recordings.recording import cassettes_in, find_recordings

root = Path(sys.argv[1]).resolve()
watched = [False]
crimes = []


def watch(event, arguments):
    if not watched[0]:
        return
    if event.startswith(("os.system", "os.exec", "os.posix", "os.fork", "subprocess.", "socket.", "exec")):
        crimes.append(f"{event} {arguments[:1]!r:.200}")
    elif event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if not path.startswith(str(root)):
            crimes.append(f"open {path}")


def read(folder):
    for recording in find_recordings(folder):
        recording.cases()
        for path in cassettes_in(recording.path):
            recording.shared(path)
            for entry in read_cassette(path, recording.path).entries:
                entry.response()


read(root / "good")
sys.addaudithook(watch)
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
outcomes = {}
for folder in sorted((root / "bad").iterdir()):
    watched[0] = True
    try:
        read(folder)
        told = "read"
    except RecordingError as error:
        told = str(error)
    except FileNotFoundError as error:
        told = f"{error}: not there"  # what the transport takes for a case that is not recorded
    except BaseException as error:
        told = f"!!! {type(error).__name__}: {error}"
    watched[0] = False
    outcomes[folder.name] = told.replace(str(folder), "")
print(json.dumps({"outcomes": outcomes, "crimes": crimes}))
"""

Damage = Callable[[random.Random, str], str]


def _line(rng: random.Random, text: str) -> tuple[list[str], int]:
    lines = text.split("\n")
    return lines, rng.randrange(len(lines) - 1)


def cut(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text))]


def flipped(rng: random.Random, text: str) -> str:
    data = bytearray(text.encode())
    for _ in range(rng.randint(1, 5)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return data.decode("latin-1")


def line_lost(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    return "\n".join(lines[:at] + lines[at + 1 :])


def line_doubled(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    return "\n".join(lines[: at + 1] + lines[at:])


def lines_exchanged(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    other = rng.randrange(len(lines) - 1)
    lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)


def indented(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    lines[at] = rng.choice(("  ", "\t", "- ")) + lines[at]
    return "\n".join(lines)


VALUES = (
    "null", "[]", "{}", "5", "1e999999999", "-0x1F", "9" * 5000, "true", "2026-01-01", "[" * 3000,
    "{a: " * 3000,
    "!!binary '*'", "!!python/object/apply:os.system ['touch stolen']", "!!python/name:os.system",
    "!!set {a}",
    "!include /etc/passwd", "&a [*a]", "*nothing", "<<: {a: 1}", "'", '"\\x00"', "|\n", "\x85", "\ufeff",
    "../../../etc/passwd", "/etc/passwd", "file:///etc/passwd",
)  # fmt: skip


def value_replaced(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    while ": " not in lines[at]:
        at = (at + 1) % len(lines)
    lines[at] = lines[at].partition(": ")[0] + ": " + rng.choice(VALUES)
    return "\n".join(lines)


def bomb(rng: random.Random, text: str) -> str:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, rng.randint(9, 30))]
    return "\n".join(["a0: &a0 [lol]", *levels, text])


def deep(rng: random.Random, text: str) -> str:
    return text.replace("metadata:\n", f"metadata:\n  deep: {'[' * rng.randint(1000, 200_000)}\n", 1)


def long(rng: random.Random, text: str) -> str:
    return text.replace("version: 1", f"version: {'1' * rng.randint(1000, 1_000_000)}", 1)


DAMAGES: tuple[Damage, ...] = (
    cut, flipped, line_lost, line_doubled, lines_exchanged, indented, value_replaced, bomb, deep, long,
)  # fmt: skip
TIMES = {bomb: 20, deep: 20, long: 20}
EACH = 140


def damaged() -> Iterator[tuple[str, str, str]]:
    """(name, manifest, cassette): one of the two is damaged."""
    rng = random.Random(2026)
    paths = sorted(CASSETTES.glob("*/*/*/*.yaml"))
    for damage in DAMAGES:
        for number in range(TIMES.get(damage, EACH)):
            path = rng.choice(paths)
            texts = [(path.parents[1] / "recording.yaml").read_text(), path.read_text()]
            which = int(rng.random() < 0.8)
            texts[which] = damage(rng, texts[which])
            name = f"{damage.__name__}-{number:03}-{'manifest' if which == 0 else 'cassette'}"
            yield name, *texts


class TestDamage(unittest.TestCase):
    """Each is an error that names the file, or is read as it says; nothing runs, nothing else is opened."""

    def test_a_thousand_damages(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name).resolve()
            (root / "outside").mkdir()
            (root.parent / "stolen").unlink(missing_ok=True)
            count = 0
            for case, manifest, cassette in damaged():
                self._write(root / "bad" / case, manifest, cassette)
                count += 1
            self._links(root / "bad")
            self._write(root / "good" / "one", manifest, "")
            (root / "good/one/s/r/case/1.0.yaml").unlink()
            done = subprocess.run(
                [sys.executable, "-c", READ, str(root)], capture_output=True, text=True, cwd=root, check=False
            )
            self.assertEqual(0, done.returncode, done.stderr[-2000:])
            found = json.loads(done.stdout)
            self.assertGreaterEqual(count, 1000)
            self.assertEqual([], found["crimes"])
            self.assertFalse((root / "stolen").exists())
            for case, told in found["outcomes"].items():
                with self.subTest(case):
                    self.assertRegex(
                        told, r"^(read$|/s/r/(recording|case/1\.0|case/link)[^ ]*: ?.|/s/r/?\S*: )"
                    )
                    self.assertNotIn("!!!", told)
            kinds = {case.split("-")[0] for case, told in found["outcomes"].items() if told != "read"}
            self.assertEqual({damage.__name__ for damage in DAMAGES} | {"links"}, kinds)

    @staticmethod
    def _write(folder: Path, manifest: str, cassette: str) -> None:
        case = folder / "s/r/case"
        case.mkdir(parents=True)
        (folder / "s/r/recording.yaml").write_text(manifest, encoding="utf-8", errors="surrogateescape")
        (case / "1.0.yaml").write_text(cassette, encoding="utf-8", errors="surrogateescape")

    @staticmethod
    def _links(folder: Path) -> None:
        """Symbolic links that lead out, a circle of them, and a manifest that names other folders."""
        good = "format: 1\nservice: s\nrelease: r\n"
        for name, target in (("file", "/etc/passwd"), ("circle", "link.yaml"), ("nothing", "nowhere.yaml")):
            case = folder / f"links-{name}" / "s/r/case"
            case.mkdir(parents=True)
            (case.parent / "recording.yaml").write_text(good)
            (case / "link.yaml").symlink_to(target)
        for name, text in (
            ("parent", "same: {..: {case: '1.0'}}\n"),
            ("slash", "same: {/etc: {case: '1.0'}}\n"),
            ("slug", "same: {r2: {../../../etc: passwd}}\n"),
        ):
            place = folder / f"links-{name}" / "s/r"
            place.mkdir(parents=True)
            (place / "recording.yaml").write_text(good + text)


# Recording that is interrupted.

PROJECT = {
    "contract-tests.yaml": "scenarios: [scenarios]\nservices: [services]\n",
    "services/one.yaml": """
        service: one
        title: A service
        version: {dialect: header, header: V, order: number, min: 1.0, max: 1.99}
        """,
    "scenarios/first.yaml": """
        scenario: the first
        id: 0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1d01
        service: one
        calls:
          - {name: look, GET: /first, expect: {status: 200}}
          - {name: log in, POST: /tokens, json: {password: a-very-secret-word}, expect: {status: 200}}
        """,
    "scenarios/second.yaml": """
        scenario: the second
        id: 0b0f6a52-8c0e-4a0e-9b57-0f4e3a9d1d02
        service: one
        calls: [{name: look, GET: /second, expect: {status: 200}}]
        """,
    "app.py": """
        import json

        def application(word):
            def call(environ, start_response):
                version = environ.get("HTTP_V", "")
                start_response("200 OK", [("Content-Type", "application/json"), ("V", version)])
                document = {"path": environ["PATH_INFO"], "word": word, "at": version, "more": ["x"] * 20}
                if environ["REQUEST_METHOD"] == "POST":
                    document["token"] = "a-token-that-was-made-here"
                return [json.dumps(document).encode()]
            return call

        old, new = application("old"), application("new")
        """,
}
RECORD = ("run", "--microversions", "1.0,1.1", "--release", "1", "--record", "recordings", "--no-matrix")

KILLED = '''
import os, signal, sys

at = int(sys.argv[1])
count = 0
root = os.path.realpath("recordings")


def point():
    global count
    count += 1
    if count == at:
        os.kill(os.getpid(), signal.SIGKILL)


def stepping(name):
    real = getattr(os, name)

    def step(*arguments, **options):
        point()
        result = real(*arguments, **options)
        point()
        return result

    setattr(os, name, step)


class Halves:
    """A file of which half is written, then a point, then the rest."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *error):
        return self.file.__exit__(*error)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        point()
        self.file.write(data[len(data) // 2 :])
        self.file.flush()
        point()


from contract_tests.cli.main import main
from contract_tests.recordings import files

for name in ("fsync", "replace", "rename", "unlink", "mkdir"):
    stepping(name)
fdopen = os.fdopen
os.fdopen = lambda handle, mode="r", *rest, **options: (
    Halves(fdopen(handle, mode, *rest, **options)) if mode == "wb" else fdopen(handle, mode, *rest, **options)
)
status = main(sys.argv[2:])
print(f"points: {count}", file=sys.stderr)
sys.exit(status)
'''


class Project(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        for name, text in PROJECT.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip())

    def run_it(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )

    def recorded(self, folder: str = "recordings") -> dict[str, str]:
        """Every file of the recording, by its path below it; what is hidden too. All are of one day."""
        top = self.folder / folder
        return {
            str(path.relative_to(top)): re.sub("(?m)^recorded: .*", "recorded: today", path.read_text())
            for path in sorted(top.rglob("*"))
            if path.is_file()
        }


class TestKilled(Project):
    """SIGKILL before and after every step that changes the disk: whole files, nothing lost, no secret."""

    def test_at_every_step(self) -> None:
        self.assertEqual(0, self.run_it(*RECORD, "--target", "wsgi:app:new").returncode)
        new = self.recorded()
        self.assertEqual(0, self.run_it(*RECORD, "--target", "wsgi:app:old").returncode)
        old = self.recorded()
        self.assertEqual((5, old.keys()), (len(old), new.keys()))
        kills = 0
        while True:
            done = subprocess.run(
                [sys.executable, "-c", KILLED, str(kills + 1), *RECORD, "--target", "wsgi:app:new"],
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != -signal.SIGKILL:
                break
            kills += 1
            with self.subTest(kill=kills):
                self.check(old, new)
            for path, text in old.items():
                (self.folder / "recordings" / path).write_text(text)
            for path in (self.folder / "recordings").rglob(".*"):
                path.unlink()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertGreater(kills, 30)
        self.assertEqual(new, self.recorded())

    def check(self, old: dict[str, str], new: dict[str, str]) -> None:
        found = self.recorded()
        shown = {path: text for path, text in found.items() if "/." not in f"/{path}"}
        self.assertEqual(old.keys(), shown.keys(), "something that was recorded is lost")
        for path, text in shown.items():
            self.assertIn(text, (old[path], new[path]), f"{path} is neither the old nor the new one")
        for path, text in found.items():
            self.assertNotIn("a-very-secret-word", text, path)
            self.assertNotIn("a-token-that-was-made-here", text, path)
        replayed = self.run_it("run", "--microversions", "1.0,1.1", "--target", "recordings", "--no-matrix")
        self.assertEqual(0, replayed.returncode, replayed.stdout + replayed.stderr)


class TestDisk(Project):
    def refused(self, *command: str, status: int = 3) -> str:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return re.sub(r"\s+", " ", done.stdout + done.stderr)

    def test_it_is_full(self) -> None:
        self.assertEqual(0, self.run_it(*RECORD, "--target", "wsgi:app:old").returncode)
        old = self.recorded()
        limited = textwrap.dedent(
            """
            import resource, signal, sys
            from contract_tests.cli.main import main
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))  # the manifest fits, no cassette does
            sys.exit(main(sys.argv[1:]))
            """
        )
        text = self.refused(sys.executable, "-c", limited, *RECORD, "--target", "wsgi:app:new")
        self.assertIn("cannot be written: File too large; make room or give another folder", text)
        self.assertEqual(
            {path: text for path, text in old.items() if path.endswith("1.0.yaml")},
            {path: text for path, text in self.recorded().items() if path.endswith("1.0.yaml")},
        )

    def test_it_cannot_be_written(self) -> None:
        command = [*COMMAND, *(word if word != "recordings" else "/proc/recordings" for word in RECORD)]
        text = self.refused(*command, "--target", "wsgi:app:new", status=2)
        self.assertIn("--record /proc/recordings: cannot be written", text)


class TestWorkers(Project):
    """One worker or eight: the same cassettes to the byte, and the same report."""

    def test_a_thousand_cases(self) -> None:
        for number in range(8):
            text = (self.folder / "scenarios/first.yaml").read_text()
            text = text.replace("d1d01", f"d1e{number:02}").replace("the first", f"part {number}")
            (self.folder / f"scenarios/part_{number}.yaml").write_text(text)
        reports = {}
        for workers in ("1", "8"):
            every = ("--microversions", "every", "-j", workers, "--no-matrix", "--json")
            done = self.run_it(
                *("run", "--target", "wsgi:app:old", "--release", "1", "--record", f"recordings{workers}"),
                *(*every, f"live{workers}.json"),
            )
            self.assertEqual(0, done.returncode, done.stderr)
            done = self.run_it("run", "--target", f"recordings{workers}", *every, f"replay{workers}.json")
            self.assertEqual(0, done.returncode, done.stderr)
            for kind in ("live", "replay"):
                cases = json.loads((self.folder / f"{kind}{workers}.json").read_text())["cases"]
                reports[kind, workers] = [(case["id"], case["outcome"], case["calls"]) for case in cases]
        self.assertEqual(1000, len(reports["live", "1"]))
        self.assertEqual(1, len({json.dumps(report) for report in reports.values()}))
        one, eight = self.recorded("recordings1"), self.recorded("recordings8")
        self.assertEqual((1001, one.keys()), (len(one), eight.keys()))
        self.assertEqual([], [path for path, text in one.items() if eight[path] != text])


if __name__ == "__main__":
    unittest.main()
