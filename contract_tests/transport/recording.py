"""The transport that answers from a recording. It opens no socket."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from contract_tests.errors import Miss, RecordingError
from contract_tests.model.case import Case
from contract_tests.model.finding import Finding
from contract_tests.model.http import Request, Response
from contract_tests.model.scenario import Call
from contract_tests.model.service import Service
from contract_tests.recordings.cassette import AGAIN, Cassette, Entry
from contract_tests.recordings.files import read_text
from contract_tests.recordings.matching import Tape, below_origin
from contract_tests.recordings.reader import read_cassette
from contract_tests.recordings.recording import MANIFEST, SUFFIXES, Recording, case_path, cassettes_in
from contract_tests.recordings.staleness import asked_of, mark_of, stale_calls, stale_finding
from contract_tests.transport.outgoing import absolute

_SCENARIO = re.compile(r"^  scenario: '?([^\s']+)'?$", re.MULTILINE)
_HEAD = 500
"""Characters within which a cassette of ours names its scenario."""


class RecordingTransport:
    """Answers one service's cases from a recording.

    `endpoint` is the manifest's, or what is given for a recording without one (there, the origin of its
    requests does not matter, only the path of the endpoint).
    """

    def __init__(self, recording: Recording, service: Service, *, endpoint: str = "") -> None:
        self.recording = recording
        self.service = service
        self.endpoint = (endpoint or recording.endpoint or f"http://{service.name}.example").rstrip("/")
        self._lock = threading.Lock()
        self._folders: dict[str, Path] | None = None

    def open(self, case: Case | None = None) -> RecordingChannel | NoCaseChannel:
        """A channel that answers from the case's cassette.

        Miss where the case is not recorded, RecordingError where its cassette is damaged. Without a case
        the channel answers nothing: what a deployment says of itself stands in the manifest.
        """
        if case is None:
            return NoCaseChannel()
        return RecordingChannel(
            case, self._cassette(case), self.service, self.endpoint, self.recording.endpoints
        )

    def close(self) -> None:
        """Nothing to give back."""

    def _cassette(self, case: Case) -> Cassette:
        recording = self.recording
        if recording.is_file:
            return read_cassette(recording.path, recording.path.parent)
        path = case_path(recording.path, case)
        found = self._read(path)
        if found is not None and found.scenario in ("", case.scenario.id):
            return found
        folder = self._renamed(case.scenario.id)
        other = self._read(folder / path.name) if folder is not None else None
        if other is not None:
            return other
        raise Miss(self._not_recorded(case, path if folder is None else folder / path.name, found))

    def _read(self, path: Path) -> Cassette | None:
        shared = self.recording.shared(path)
        if shared is not None:
            try:
                return read_cassette(shared, self.recording.path.parent)
            except FileNotFoundError:
                raise RecordingError(
                    f"{self.recording.path / MANIFEST}: it says that {shared} is this recording's too, "
                    f"and there is no such cassette; {AGAIN}"
                ) from None
        for suffix in SUFFIXES:
            with contextlib.suppress(FileNotFoundError):
                return read_cassette(path.with_name(path.stem + suffix), self.recording.path)
        return None

    def _renamed(self, scenario: str) -> Path | None:
        """The folder whose cassettes are this scenario's: its file may have been renamed since."""
        with self._lock:
            if self._folders is None:
                self._folders = {}
                for path in cassettes_in(self.recording.path):
                    if path.parent in self._folders.values():
                        continue
                    with contextlib.suppress(RecordingError, FileNotFoundError):
                        found = _SCENARIO.search(read_text(path, self.recording.path), 0, _HEAD)
                        if found:
                            self._folders[found[1]] = path.parent
            return self._folders.get(scenario)

    @functools.cached_property
    def _recorded(self) -> dict[str, tuple[str, ...]]:
        """Kept, because thousands of cases may not be recorded, and each is told so."""
        return self.recording.cases()

    def _not_recorded(self, case: Case, path: Path, found: Cassette | None) -> str:
        if found is not None:
            return (
                f"{found.path}: this cassette is of another scenario (id {found.scenario}, expected "
                f"{case.scenario.id}); record {case.id} again"
            )
        slug = os.path.relpath(path.parent, self.recording.path)
        versions = self._recorded.get(slug, ())
        recorded = ", ".join(version or "without one" for version in versions) or "none"
        return f"{path}: {case.id} is not recorded (recorded microversions: {recorded}); record it"


class NoCaseChannel:
    """Answers nothing: what a deployment said of itself stands in the recording's manifest."""

    def send(self, request: Request, call: Call | None = None) -> Response:
        raise Miss(
            f"no recorded answer for {request.method} {request.target}: a recording answers the calls of its "
            "cases only; what the deployment said of itself stands in its manifest"
        )

    def close(self) -> tuple[Finding, ...]:
        return ()


class RecordingChannel:
    """Answers one case's requests, each recorded answer once."""

    def __init__(
        self,
        case: Case,
        cassette: Cassette,
        service: Service,
        endpoint: str,
        endpoints: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`endpoints` are those of services beside the recording's own."""
        self.cassette = cassette
        self._case = case
        self._tape = Tape(cassette, service, (one.service for one in case.scenario.others))
        self._endpoint = endpoint
        self._endpoints = endpoints
        self._made: set[str] = set()
        self._changes: dict[str, str] = {}

    def send(self, request: Request, call: Call | None = None) -> Response:
        """The recorded answer.

        Miss, which shows the nearest recorded request, where there is none; RecordingError where its body
        cannot be decoded.
        """
        name, digest = (call.name, call.asked) if call is not None else ("", "")
        self._made.add(name)
        target = below_origin(absolute(self._endpoints.get(request.service, self._endpoint), request))
        asked = request if target == request.target else replace(request, target=target)
        if self.cassette.asked.get(name, digest) != digest:
            self._note(asked, name)
        try:
            entry = self._tape.take(asked, name)
        except Miss as miss:
            raise Miss(f"{miss}{self._stale(name)}") from None
        try:
            return entry.response()
        except ValueError as error:
            raise RecordingError(
                f"{self.cassette.path}: interaction {entry.number}: expected a response body that can be "
                f"decoded: {error}; {AGAIN}"
            ) from None

    def close(self) -> tuple[Finding, ...]:
        """What shows at the end: calls that have changed since, and recorded requests that nobody made.

        A request that a miss has shown as its nearest, and those of a call that the scenario has and this
        run did not make (it was skipped, which the run tells), are not told again.
        """
        stale = [
            stale_finding(self.cassette, self._case, name, change, self._changes.get(name, ""))
            for name, change in stale_calls(self.cassette, self._case)
        ]
        return (*stale, *map(self._unused, self._forgotten()))

    def _forgotten(self) -> list[Entry]:
        unused = self._tape.unused()
        skipped = asked_of(self._case).keys() - self._made if unused else set()
        return [one for one in unused if one.call not in skipped]

    def _unused(self, entry: Entry) -> Finding:
        return Finding(
            rule="recording-unused",
            mark=mark_of(self._case, entry.call),
            where=f"{entry.method} {below_origin(entry.uri)}",
            detail=f", {entry} in {self.cassette.path}",
        )

    def _note(self, asked: Request, name: str) -> None:
        """Keep what differs now between a call that has changed and its recorded request."""
        if name in self._changes:
            return
        own = next((entry for entry in self._tape.unused() if entry.call == name), None)
        if own is not None:
            differences = self._tape.differences(own, asked)
            self._changes[name] = "; ".join(f"{aspect}: {text}" for aspect, text in differences)

    def _stale(self, name: str) -> str:
        change = dict(stale_calls(self.cassette, self._case)).get(name)
        if change is None:
            return ""
        return f"\n  the scenario has changed since this was recorded: call {name!r} {change}; {AGAIN}"
