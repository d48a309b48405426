"""The edge to the disk: whole files or none, and nothing outside the recording's folder."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from contract_tests.errors import RecordingError

LEFTOVER_SECONDS = 60.0
"""A temporary file older than this was left by a write that was killed; the next write removes it."""

_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


def read_text(path: Path, root: Path) -> str:
    """The file as text; RecordingError where it cannot be read, is no UTF-8, or lies outside `root`.

    FileNotFoundError passes: only the caller knows what a file that is not there means.
    """
    contained(path, root)
    try:
        handle = os.open(path, _READ)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise RecordingError(f"{path}: expected a file, found something else; take it away")
            data = file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(str(path)) from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RecordingError(
            f"{path}:{line}: expected UTF-8, found the byte 0x{data[error.start]:02x}; record it again"
        ) from None


@functools.lru_cache(maxsize=64)
def _real(root: Path) -> str:
    """A recording's folder with its links resolved; asked for each of its files."""
    return os.path.realpath(root)


def contained(path: Path, root: Path) -> None:
    """RecordingError where `path`, with its links resolved, is not below `root`."""
    real, top = os.path.realpath(path), _real(Path.cwd() / root)
    if real != top and not real.startswith(top.rstrip(os.sep) + os.sep):
        raise RecordingError(
            f"{path}: it leads out of the recording's folder {root}, where nothing is read or written; "
            "take the link or the '..' away"
        )


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time is in here for this folder. Where the system has no such lock, all are."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_text(path: Path, text: str, root: Path) -> None:
    """Write the file as a whole: a kill at any moment leaves the old file or the new one.

    RecordingError where the disk refuses, or where the path leads out of `root`.
    """
    contained(path, root)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        try:
            with os.fdopen(os.open(temporary, _CREATE, 0o666), "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name is on the disk too
        finally:
            os.close(folder)
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be written: {error.strerror or error}; "
            "make room or give another folder, and record again"
        ) from None


def _remove_leftovers(path: Path) -> None:
    with contextlib.suppress(OSError):
        for leftover in path.parent.iterdir():
            own = leftover.name.startswith(f".{path.name}.") and leftover.name.endswith(".tmp")
            if own and leftover.stat().st_mtime < time.time() - LEFTOVER_SECONDS:
                leftover.unlink()
