"""Releases that answer alike share their cassettes: each equal one is stored once.

Equal means: but for the order of the members of JSON objects in responses, which says nothing (RFC 8259,
section 4). A release that takes part then shows the order of the release that keeps the cassette.

A recording's manifest names the recordings of the service beside it and the cases whose cassettes are theirs
(`same`). What a release's own folder holds is what it answers otherwise than the releases after it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any

from contract_tests.recordings import lossless
from contract_tests.recordings.files import read_text, write_text
from contract_tests.recordings.reader import parse_mapping
from contract_tests.recordings.recording import (
    Recording,
    cassettes_in,
    find_recordings,
    rewrite_manifest,
)


def share(folder: Path) -> int:
    """Share equal cassettes among the recordings below a service's folder; the number of files taken away.

    Of releases that answer alike the newest keeps the cassette. RecordingError where something cannot be read
    or written.
    """
    recordings = find_recordings(folder)
    for recording in recordings:
        _own_all(recording)
    count = 0
    newer: list[Recording] = []
    for recording in reversed(recordings):
        same: dict[str, dict[str, tuple[str, ...]]] = {}
        equal = []
        for path in cassettes_in(recording.path):
            keeper = next((other for other in newer if _equal(path, recording, other)), None)
            if keeper is not None:
                slug = path.parent.relative_to(recording.path).as_posix()
                own = same.setdefault(keeper.path.name, {})
                own[slug] = (*own.get(slug, ()), path.stem)
                equal.append(path)
        rewrite_manifest(replace(recording, same=same))
        for path in equal:
            path.unlink()
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # only where it is empty now
        count += len(equal)
        newer.append(recording)
    return count


def release(folder: Path) -> None:
    """Before the recording in `folder` changes: it, and each that shares with it, get their own copies."""
    if folder.parent.is_dir():
        for recording in find_recordings(folder.parent):
            if folder.name in recording.same or recording.path == folder:
                _own_all(recording)


def prune(folder: Path, keep: Iterable[Path]) -> int:
    """Take away the cassettes of a recording that are not among `keep`; how many they were."""
    kept = {path.resolve() for path in keep}
    gone = [path for path in cassettes_in(folder) if path.resolve() not in kept]
    for path in gone:
        path.unlink()
        with contextlib.suppress(OSError):
            path.parent.rmdir()
    return len(gone)


def _own_all(recording: Recording) -> None:
    """Copy what a recording shares into its own folder; its manifest tells so last."""
    if not recording.same:
        return
    for path, shared in _shared(recording):
        write_text(path, read_text(shared, recording.path.parent), recording.path)
    rewrite_manifest(replace(recording, same={}))


def _shared(recording: Recording) -> Iterable[tuple[Path, Path]]:
    for folder, same in recording.same.items():
        for slug, versions in same.items():
            for version in versions:
                path = recording.path / slug / f"{version}.yaml"
                yield path, recording.path.parent / folder / slug / path.name


def _equal(path: Path, recording: Recording, other: Recording) -> bool:
    twin = other.path / path.relative_to(recording.path)
    if not twin.is_file():
        return False
    texts = read_text(path, recording.path), read_text(twin, other.path)
    if texts[0] == texts[1]:
        return True
    return len(texts[0]) == len(texts[1]) and _content(texts[0], path) == _content(texts[1], twin)


def _content(text: str, path: Path) -> dict[str, Any]:
    """A cassette as values, in which JSON objects of responses have their members by name."""
    data = parse_mapping(text, str(path))
    for interaction in data["interactions"]:
        body = interaction["response"]["body"]
        with contextlib.suppress(KeyError, ValueError, RecursionError):
            body["string"] = _by_name(lossless.parse(body["string"]))
    return data


def _by_name(tree: Any) -> Any:
    if isinstance(tree, lossless.Object):
        return lossless.Object(sorted(((name, _by_name(value)) for name, value in tree), key=itemgetter(0)))
    if isinstance(tree, list):
        return [_by_name(item) for item in tree]
    return tree
