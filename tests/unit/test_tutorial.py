"""The tutorial is true: its files are written, its commands run, and their output is what it prints.

`python tests/unit/test_tutorial.py` runs it and writes the outputs into the page.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "doc" / "source" / "user" / "tutorial.rst"
PORT = "8800"
SERVE = "python3 app.py"
_BLOCK = re.compile(r"\.\. code-block:: (\w+)\n((?:   :\w+:.*\n)*)\n((?:   .*\n|\n)+)")
_STOP = re.compile(r"\.\. stop app\.py\n")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def free_port() -> int:
    """A port of four digits, as the tutorial's is: a longer one would be cut off in the matrix."""
    while True:
        port = random.randint(5000, 9999)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Reader:
    """Does what the tutorial says, in a folder of its own, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = str(free_port())
        self.status = 0
        self._service: subprocess.Popen[bytes] | None = None
        binaries = str(Path(sys.executable).parent)
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OS_")},
            "PATH": os.pathsep.join((binaries, os.environ["PATH"])),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(PORT, self.port))

    def run(self, command: str) -> str:
        """What the command prints, its errors too, with the tutorial's port."""
        if command == SERVE:
            self._start()
            return ""
        if command == "echo $?":
            return f"{self.status}\n"
        done = subprocess.run(
            command.replace(PORT, self.port),
            shell=True,
            cwd=self.folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        self.status = done.returncode
        return done.stdout.replace(f":{self.port}", f":{PORT}")

    def _start(self) -> None:
        self.stop()
        self._service = subprocess.Popen(
            ["python3", "app.py"],
            cwd=self.folder,
            env=self._environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(self.port))) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("app.py does not listen")

    def stop(self) -> None:
        if self._service is not None:
            self._service.terminate()
            self._service.wait()
            self._service = None


def read(reader: Reader, page: str) -> Iterator[tuple[int, int, str, str]]:
    """Follow the page; (start, end, what a console block prints, what it should print) of each such block."""
    at = 0
    while True:
        block, stop = _BLOCK.search(page, at), _STOP.search(page, at)
        if block is None:
            return
        if stop is not None and stop.start() < block.start():
            reader.stop()
            at = stop.end()
            continue
        at = block.end()
        text = re.sub(r"^   ", "", block[3], flags=re.MULTILINE).rstrip() + "\n"
        caption = re.search(r":caption: (.*)", block[2])
        if caption:
            reader.write(caption[1], text)
        elif block[1] == "console":
            printed = ""
            for command in re.findall(r"^\$ (.*)$", text, re.MULTILINE):
                printed += f"$ {command}\n{reader.run(command)}"
            yield block.start(3), block.end(3), printed, text


def steady(text: str) -> str:
    """`text` without what differs between two runs: ids that the service makes, seconds, trailing space."""
    text = re.sub(r" in \d+\.\d s\)", " in 0.0 s)", _UUID.sub("UUID", text))
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


class TestTutorial(unittest.TestCase):
    maxDiff = None

    def test_every_command_prints_what_the_tutorial_says(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            reader = Reader(Path(folder))
            self.addCleanup(reader.stop)
            count = 0
            for _, _, printed, expected in read(reader, PAGE.read_text()):
                count += 1
                self.assertEqual(steady(printed), steady(expected))
        self.assertGreater(count, 6)


def main() -> None:
    page = PAGE.read_text()
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(Path(folder))
        try:
            blocks = list(read(reader, page))
        finally:
            reader.stop()
    for start, end, printed, expected in reversed(blocks):
        if steady(printed) == steady(expected):
            continue
        text = "".join(f"   {line.rstrip()}\n" if line.strip() else "\n" for line in printed.splitlines())
        page = page[:start] + text + "\n" + page[end:]
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
