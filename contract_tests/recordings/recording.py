"""A recording: the folder with the cassettes of one release of a service, and its manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from contract_tests.errors import RecordingError
from contract_tests.model.case import Case
from contract_tests.model.microversion import ORDERS, MicroversionRange
from contract_tests.model.service import Service
from contract_tests.model.target import Deployment
from contract_tests.recordings.cassette import AGAIN
from contract_tests.recordings.emitter import manifest_text
from contract_tests.recordings.files import read_text, write_text
from contract_tests.recordings.reader import parse_mapping
from contract_tests.recordings.steady import canonical_endpoint

MANIFEST = "recording.yaml"
FORMAT = 1
UNVERSIONED = "unversioned"
SUFFIXES = (".yaml", ".yml", ".json")

_PART = re.compile(r"[^/\\\0.][^/\\\0]*")
_DEEPEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a recording says of itself. `path` is its folder, or one cassette that serves every case.

    Without a manifest all else is empty. `minimum` and `maximum` are microversions as text, `recorded` is a
    day (2026-01-31), `recorder` the program that wrote it. `same` are cases whose cassettes are those of
    other recordings of the service: by the name of the folder beside this one, then by scenario. `noise`
    is what a second recording of this release differed in (`comparison.noise`), `learned` how it was found.
    `beside` are the other services that its scenarios ask, and their releases, `endpoints` their endpoints.
    """

    path: Path
    service: str = ""
    release: str = ""
    series: str = ""
    minimum: str = ""
    maximum: str = ""
    listed: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    majors: tuple[str, ...] = ()
    endpoint: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    recorded: str = ""
    recorder: str = ""
    format: int = FORMAT
    same: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    learned: str = ""
    noise: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    @property
    def has_manifest(self) -> bool:
        return bool(self.service)

    @property
    def is_file(self) -> bool:
        """Whether this is a single cassette."""
        return self.path.suffix in SUFFIXES and self.path.is_file()

    def cases(self) -> dict[str, tuple[str, ...]]:
        """The recorded cases: a scenario's slug, and its microversions as text in order ("" for none).

        A single cassette names no case. RecordingError where the folder cannot be read.
        """
        if self.is_file:
            return {}
        found: dict[str, list[str]] = {}
        for path in cassettes_in(self.path):
            slug = path.parent.relative_to(self.path).as_posix()
            found.setdefault(slug, []).append("" if path.stem == UNVERSIONED else path.stem)
        for slug, versions in (pair for same in self.same.values() for pair in same.items()):
            found.setdefault(slug, []).extend("" if v == UNVERSIONED else v for v in versions)
        return {slug: tuple(sorted(found[slug], key=_version_key)) for slug in sorted(found)}

    def shared(self, path: Path) -> Path | None:
        """Where a cassette of this recording stands in another one; None where it is not shared."""
        slug, name = path.parent.relative_to(self.path).as_posix(), path.stem
        for folder, same in self.same.items():
            if name in same.get(slug, ()):
                return self.path.parent / folder / slug / path.name
        return None

    def deployment(self, service: Service) -> Deployment:
        """What the manifest says of the service; RecordingError where a microversion in it is none."""
        order = service.dialect.order

        def parse(text: str) -> Any:
            if order is None:
                return None
            try:
                return order.parse(text)
            except ValueError as error:
                raise RecordingError(f"{self.path / MANIFEST}: {error}; {AGAIN}") from None

        ends = [parse(end) if end else None for end in (self.minimum, self.maximum)]
        known = order is not None and any(end is not None for end in ends)
        return Deployment(
            name=str(self.path),
            service=service.name,
            endpoint=self.endpoint or f"http://{service.name}.example",
            release=self.release,
            series=self.series,
            range=MicroversionRange(low=ends[0], high=ends[1]) if known else None,
            listed=tuple(parse(text) for text in self.listed) if order is not None else (),
            extensions=self.extensions,
            majors=self.majors,
            noise=self.noise,
            beside=self.beside,
            endpoints=self.endpoints,
        )


def load_recording(path: str | Path) -> Recording:
    """The recording in a folder, or in one cassette of vcrpy's.

    RecordingError where there is none, or where its manifest is damaged.
    """
    path = Path(path)
    if path.name == MANIFEST:
        path = path.parent
    if path.is_file() and path.suffix in SUFFIXES:
        return Recording(path=path)
    if not path.is_dir():
        raise RecordingError(
            f"{path}: expected a recording (a folder with {MANIFEST}, or a cassette ending in "
            f"{', '.join(SUFFIXES)}), found {'another file' if path.exists() else 'nothing'}"
        )
    try:
        text = read_text(path / MANIFEST, path)
    except FileNotFoundError:
        return Recording(path=path)
    return _recording(path, parse_mapping(text, str(path / MANIFEST)))


def find_recordings(root: str | Path, service: str | None = None) -> list[Recording]:
    """The recordings with a manifest below `root` (of one service), by service, then release.

    RecordingError where a manifest is damaged. A root that is not there holds none.
    """
    found = [load_recording(folder) for folder in _folders_with_manifest(Path(root), _DEEPEST)]
    chosen = [recording for recording in found if service in (None, recording.service)]
    return sorted(chosen, key=lambda one: (one.service, _version_key(one.release), str(one.path)))


def write_manifest(folder: str | Path, deployment: Deployment, *, recorded: str, recorder: str) -> Recording:
    """Write the manifest of the recording in `folder`, and give it back; write it before the first cassette.

    `recorded` is a day, `recorder` names the program and its version. What was learned of noise stays known.
    RecordingError where the disk refuses, or where the manifest that is there is damaged.
    """
    folder = Path(folder)
    before = load_recording(folder) if folder.is_dir() else Recording(path=folder)
    ends = deployment.range or MicroversionRange()
    recording = Recording(
        path=folder,
        service=deployment.service,
        release=deployment.release,
        series=deployment.series,
        minimum=str(ends.low or ""),
        maximum=str(ends.high or ""),
        listed=tuple(map(str, deployment.listed)),
        extensions=deployment.extensions,
        majors=deployment.majors,
        endpoint=canonical_endpoint(deployment.service, deployment.endpoint),
        beside=deployment.beside,
        endpoints={name: canonical_endpoint(name, url) for name, url in deployment.endpoints.items()},
        recorded=recorded,
        recorder=recorder,
        learned=before.learned,
        noise=before.noise,
    )
    return rewrite_manifest(recording)


def rewrite_manifest(recording: Recording) -> Recording:
    """Write the manifest of a recording as it is now, and give it back; RecordingError as above."""
    write_text(recording.path / MANIFEST, manifest_text(_values(recording)), recording.path)
    return recording


def cassette_path(folder: Path, slug: str, microversion: str) -> Path:
    """Where the cassette of a case stands; RecordingError where slug or microversion would lead elsewhere."""
    name = microversion or UNVERSIONED
    for part in (*slug.split("/"), name):
        if not _PART.fullmatch(part):
            raise RecordingError(
                f"{folder}: {slug!r} at {name!r} is no place for a cassette: "
                "each part of the name must be there and must not begin with a dot"
            )
    return folder / slug / f"{name}.yaml"


def case_path(folder: Path, case: Case) -> Path:
    """The same for a case."""
    return cassette_path(folder, case.scenario.slug, str(case.microversion or ""))


def cassettes_in(folder: Path) -> Iterator[Path]:
    """The cassettes below a recording's folder, by name; nothing hidden, no linked folders."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise RecordingError(f"{folder}: cannot be read: {error.strerror or error}") from None
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            yield from cassettes_in(path)
        elif path.suffix in SUFFIXES and path.name != MANIFEST:
            yield path


def _folders_with_manifest(folder: Path, depth: int) -> Iterator[Path]:
    if (folder / MANIFEST).is_file():
        yield folder
    elif depth and folder.is_dir():
        for below in sorted(folder.iterdir()):
            if below.is_dir() and not below.name.startswith("."):
                yield from _folders_with_manifest(below, depth - 1)


def _version_key(text: str) -> tuple[Any, ...]:
    """Releases and microversions in their order, whatever is none of them behind, by its text."""
    for order in ("semantic", "date"):
        key = ORDERS[order].key(text)
        if key is not None:
            return (0, order, key, text)
    return (1, "", (), text)


def _values(recording: Recording) -> dict[str, Any]:
    values: dict[str, Any] = {
        "format": recording.format,
        "service": recording.service,
        "release": recording.release,
        "series": recording.series,
        "range": {"min": recording.minimum, "max": recording.maximum},
        "listed": recording.listed,
        "extensions": recording.extensions,
        "majors": recording.majors,
        "endpoint": recording.endpoint,
        "beside": dict(recording.beside),
        "endpoints": dict(recording.endpoints),
        "recorded": recording.recorded,
        "recorder": recording.recorder,
    }
    if not (recording.minimum or recording.maximum):
        del values["range"]
    if recording.same:
        values["same"] = {
            folder: {slug: " ".join(versions) for slug, versions in sorted(same.items())}
            for folder, same in recording.same.items()
        }
    values["learned"] = recording.learned
    if recording.noise:
        values["noise"] = {
            call: {path: " ".join(sorted(kinds)) for path, kinds in sorted(places.items())}
            for call, places in sorted(recording.noise.items())
        }
    return {key: value for key, value in values.items() if value not in ("", (), {})}


def _recording(path: Path, data: Mapping[str, Any]) -> Recording:
    file = path / MANIFEST
    known = {one.name for one in fields(Recording)} - {"path", "minimum", "maximum"} | {"range"}
    unknown = [key for key in data if key not in known]
    if unknown:
        names = ", ".join(sorted(known))
        raise RecordingError(f"{file}: unknown key {unknown[0]!r}; expected one of {names}")
    if data.get("format") != FORMAT:
        raise RecordingError(
            f"{file}: expected format {FORMAT}, found {data.get('format')!r}; "
            "record it again, or read it with the release of contract-tests that wrote it"
        )

    def text(values: Mapping[str, Any], key: str) -> str:
        value = values.get(key, "")
        if not isinstance(value, str):
            raise RecordingError(f"{file}: expected {key!r} to be text, found {value!r}; put it in quotes")
        return value

    def texts(key: str) -> tuple[str, ...]:
        items = data.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise RecordingError(f"{file}: expected {key!r} to be a list of texts, found {items!r}")
        return tuple(items)

    ends = data.get("range", {})
    if not isinstance(ends, dict) or set(ends) - {"min", "max"}:
        raise RecordingError(f"{file}: expected 'range' to be {{min: TEXT, max: TEXT}}, found {ends!r}")

    def mapping(key: str) -> dict[str, str]:
        values = data.get(key, {})
        if not isinstance(values, dict) or not all(isinstance(one, str) for one in values.values()):
            raise RecordingError(f"{file}: expected {key!r} to map services to texts, found {values!r}")
        return values

    if not text(data, "service"):
        raise RecordingError(f"{file}: expected 'service', the name of the recorded service; {AGAIN}")
    return Recording(
        path=path,
        service=text(data, "service"),
        release=text(data, "release"),
        series=text(data, "series"),
        minimum=text(ends, "min"),
        maximum=text(ends, "max"),
        listed=texts("listed"),
        extensions=texts("extensions"),
        majors=texts("majors"),
        endpoint=text(data, "endpoint"),
        beside=mapping("beside"),
        endpoints=mapping("endpoints"),
        recorded=text(data, "recorded"),
        recorder=text(data, "recorder"),
        same=_same(file, data.get("same", {})),
        learned=text(data, "learned"),
        noise=_noise(file, data.get("noise", {})),
    )


def _same(file: Path, data: Any) -> dict[str, dict[str, tuple[str, ...]]]:
    """What other recordings hold; RecordingError where a name would lead elsewhere."""
    good = isinstance(data, dict) and all(
        isinstance(folder, str)
        and _PART.fullmatch(folder)
        and isinstance(same, dict)
        and all(
            isinstance(versions, str) and all(map(_PART.fullmatch, (*slug.split("/"), *versions.split())))
            for slug, versions in same.items()
        )
        for folder, same in data.items()
    )
    if not good:
        raise RecordingError(
            f"{file}: expected 'same' to map folders beside this one to scenarios and their microversions, "
            f"found {data!r}; {AGAIN}"
        )
    return {
        folder: {slug: tuple(versions.split()) for slug, versions in same.items()}
        for folder, same in data.items()
    }


def _noise(file: Path, data: Any) -> dict[str, dict[str, frozenset[str]]]:
    good = isinstance(data, dict) and all(
        isinstance(places, dict) and all(isinstance(kinds, str) for kinds in places.values())
        for places in data.values()
    )
    if not good:
        raise RecordingError(
            f"{file}: expected 'noise' to map calls to paths and what differs there, found {data!r}; {AGAIN}"
        )
    return {
        call: {path: frozenset(kinds.split()) for path, kinds in places.items()}
        for call, places in data.items()
    }
