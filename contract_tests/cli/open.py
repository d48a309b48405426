"""From what a person wants to run against, to jobs: transports, deployments and their cases."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from contract_tests import __version__
from contract_tests.errors import UsageError
from contract_tests.execution.plan import Choice, plan
from contract_tests.execution.protocol import protocol_scenario
from contract_tests.execution.runner import Job
from contract_tests.loading.library import Library, files_below
from contract_tests.loading.source import nearest, show_path
from contract_tests.model.scenario import Scenario
from contract_tests.model.service import Service
from contract_tests.model.target import Deployment, IdentitySpec, Target
from contract_tests.recordings.redaction import USERINFO, hiding
from contract_tests.transport.base import Transport

if TYPE_CHECKING:
    from contract_tests.comparison.policy import Waiver
    from contract_tests.transport.identity import Identity

NO_SCENARIOS = "there are no scenarios to run; name a folder with --scenarios, or loosen --service"
LIVE = ("http://", "https://", "wsgi:")
_SHORTEST = 4
"""A secret of fewer characters is not masked: it would take half of the words with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The target options of a command line."""

    targets: tuple[str, ...] = ()
    clouds: tuple[str, ...] = ()
    tokens: tuple[str, ...] = field(default=(), repr=False)
    release: tuple[str, ...] = ()
    series: str = ""
    timeout: float | None = None
    insecure: bool = False
    cacert: str = ""
    fresh: bool = False

    @property
    def live_options(self) -> tuple[str, ...]:
        """The options that are given and mean something to a live target only."""
        given = {
            "--token": self.tokens,
            "--series": self.series,
            "--timeout": self.timeout,
            "--insecure": self.insecure,
            "--cacert": self.cacert,
            "--fresh": self.fresh,
        }
        return tuple(option for option, value in given.items() if value)


class Opened:
    """Jobs, and what must be known and closed when they are done."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.waivers: tuple[Waiver, ...] = ()
        self._identities: list[Identity] = []
        self._stack = contextlib.ExitStack()

    def secrets(self) -> tuple[str, ...]:
        """Every secret value used so far, the longest first."""
        found = {secret for identity in self._identities for secret in identity.secrets()}
        return tuple(sorted(filter(None, found), key=lambda secret: (-len(secret), secret)))

    def mask(self, text: str) -> str:
        """`text` without the secrets of this run, in any spelling."""
        return hiding(tuple(secret for secret in self.secrets() if len(secret) >= _SHORTEST))(text)

    def add(self, job: Job, identities: Iterable[Identity] = ()) -> None:
        self.jobs.append(replace(job, waivers=self.waivers))
        self._identities += identities
        self._stack.callback(job.transport.close)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def load(
    library: Library, paths: Sequence[Path], services: Sequence[str], targets: Sequence[str] = ()
) -> list[Scenario]:
    """The scenarios below `paths`, with the protocol scenario of each service that tells a profile.

    Where neither names anything and `targets` are recordings: those of the recorded services.
    LoadError with everything that is wrong in the files; UsageError for a service that is unknown.
    """
    found = select(library, paths, services or (() if paths else _recorded_services(library, targets)))
    library.raise_problems()
    return found


def _recorded_services(library: Library, targets: Sequence[str]) -> list[str]:
    """The known services whose recordings `targets` are; none where one of them may be something else."""
    from contract_tests.recordings.recording import find_recordings

    found: dict[str, None] = {}
    for text in targets:
        below = find_recordings(Path(text)) if Path(text).is_dir() else []
        if not below:
            return []
        found.update(dict.fromkeys(recording.service for recording in below))
    return [name for name in library.service_names() if name in found]


def select(library: Library, paths: Sequence[Path], services: Sequence[str]) -> list[Scenario]:
    """As `load`, of the files that are right; what is wrong in the others is noted in the library.

    A service file among `paths` stands for its protocol scenario; with scenarios beside it, only where one
    of them is of that service (as without any paths).
    """
    known = library.service_names()
    for name in services:
        if name not in known:
            raise UsageError(f"--service {name}: there is no such service file; {nearest(name, known)}")
    files = {path.resolve() for place in library.places.services if paths for path in files_below(place)}
    service_files = [path for path in paths if path.resolve() in files]
    others = [path for path in paths if path not in service_files]
    loaded = library.scenarios(others, services).scenarios if others or not paths else ()
    scenarios = [s for s in loaded if not services or s.service.name in services]
    own = {scenario.service.name: scenario.service for scenario in scenarios}
    if paths:
        may = set(own) if others else set(services or known)
        asked = [library.service(path.stem) for path in service_files if path.stem in may]
        own = {one.name: one for one in asked if one is not None}
    return scenarios + [made for one in own.values() if (made := protocol_scenario(one)) is not None]


def open_jobs(
    library: Library,
    scenarios: Sequence[Scenario],
    wanted: Wanted,
    choice: Choice,
    record: str = "",
    *,
    later: bool = False,
) -> Opened:
    """The jobs for everything that is wanted: every recording of the project where nothing is named.

    With `record`, what live targets answer is written below that folder; with `later` as well, only from
    each job's `start_recording` on. UsageError, TransportError and RecordingError where something cannot be
    opened.
    """
    services = {scenario.service.name: scenario.service for scenario in scenarios}
    if not services:
        raise UsageError(NO_SCENARIOS)
    return open_services(library, services, scenarios, wanted, choice, record, later=later)


def open_services(
    library: Library,
    services: Mapping[str, Service],
    scenarios: Sequence[Scenario],
    wanted: Wanted,
    choice: Choice,
    record: str = "",
    *,
    later: bool = False,
) -> Opened:
    """As `open_jobs`, for services that may have no scenario."""
    named = library.targets(wanted.targets) if wanted.targets else {}
    opened = Opened()
    opened.waivers = library.waivers_of(services)
    library.raise_problems()
    write_to = "" if later else record
    if record and wanted.fresh:
        raise UsageError("--fresh: a recording has the same names each time; leave it out, or --record")
    try:
        if not wanted.targets and not wanted.clouds:
            _open_recordings(opened, _project_recordings(library), services, scenarios, wanted, choice)
        for text in wanted.targets:
            found, only = _target(text, named, services)
            if found is None:
                _open_recordings(opened, [Path(text)], services, scenarios, wanted, choice)
            else:
                live = with_options(found if not record else replace(found, fresh=False), wanted)
                _open_target(opened, live, only, scenarios, choice, write_to)
        if wanted.clouds:
            target = with_options(_cloud_target(wanted.clouds), wanted)
            _open_target(opened, target, services, scenarios, choice, write_to)
        _refuse_idle_options(opened.jobs, wanted, record)
        if record:
            for job in opened.jobs:
                _release_of(job.deployment)
    except BaseException:
        opened.__exit__()
        raise
    return opened


def _target(
    text: str, named: Mapping[str, Target], services: Mapping[str, Service]
) -> tuple[Target | None, Mapping[str, Service]]:
    """The target that `text` names (None: it is a recording), and the services that it may have."""
    if text in named:
        return named[text], services
    if text.startswith(LIVE):
        name = USERINFO.sub(r"\1:***@", text)  # such a URL is refused, by its name
        return Target(name=name, endpoints={"*": text}), _only_one(services, f"--target {name}")
    if Path(text).exists():
        return None, services
    raise UsageError(
        f"--target {text}: no URL, no wsgi:module:callable, no folder or cassette, "
        "and no name in a targets file" + (f"; {nearest(text, named)}" if named else "")
    )


def _refuse_idle_options(jobs: Sequence[Job], wanted: Wanted, record: str) -> None:
    """UsageError for options that mean something to a live target, where there is none."""
    if not all(job.replay for job in jobs):
        return
    if record:
        raise UsageError(
            "--record: there is nothing live to record; name a live deployment with --target or --os-cloud"
        )
    if wanted.live_options:
        raise UsageError(
            f"{', '.join(wanted.live_options)}: this is for a live target, and only recordings are named; "
            "name one with --target or --os-cloud"
        )


def _only_one(services: Mapping[str, Service], what: str) -> Mapping[str, Service]:
    if len(services) > 1:
        raise UsageError(f"{what}: say which service it is with --service ({', '.join(services)})")
    return services


def _cloud_target(clouds: Sequence[str]) -> Target:
    pairs = [cloud.partition("=") for cloud in clouds]
    for cloud, (role, joint, name) in zip(clouds, pairs, strict=True):
        if not role or (joint and not name):
            raise UsageError(f"--os-cloud {cloud}: write NAME or ROLE=NAME")
    identities = {
        (role if joint else "admin"): IdentitySpec(kind="cloud", values={"cloud": name if joint else role})
        for role, joint, name in pairs
    }
    return Target(name=", ".join(spec.values["cloud"] for spec in identities.values()), identities=identities)


def with_options(target: Target, wanted: Wanted) -> Target:
    """A target, with what the command line says beside it."""
    if len(wanted.release) > 1:
        raise UsageError("--release: a live target has one release")
    tls = target.tls
    if wanted.insecure or wanted.cacert:
        tls = replace(tls, verify=tls.verify and not wanted.insecure, ca=wanted.cacert or tls.ca)
    return replace(
        target,
        identities={**target.identities, **dict(map(_token, wanted.tokens))},
        release=wanted.release[0] if wanted.release else target.release,
        series=wanted.series or target.series,
        timeout=wanted.timeout if wanted.timeout is not None else target.timeout,
        tls=tls,
        fresh=target.fresh or wanted.fresh,
    )


def _token(text: str) -> tuple[str, IdentitySpec]:
    role, joint, value = text.partition("=")
    if not joint or not role or not value:
        raise UsageError("--token: write ROLE=VALUE or ROLE=env:NAME")
    if value.startswith("env:"):
        name = value.removeprefix("env:")
        if name not in os.environ:
            raise UsageError(f"--token {text}: the environment variable {name} is not set")
        value = os.environ[name]
    return role, IdentitySpec(kind="token", values={"token": value})


def _open_target(
    opened: Opened,
    target: Target,
    services: Mapping[str, Service],
    scenarios: Sequence[Scenario],
    choice: Choice,
    record: str,
) -> None:
    from contract_tests.transport.open import open_identities

    identities = open_identities(target)
    everywhere = "*" in target.endpoints or not target.endpoints
    there = [one for one in services.values() if everywhere or one.name in target.endpoints]
    if not there:
        raise UsageError(
            f"target {target.name!r} has no endpoint for {' or '.join(services)}; add one below its "
            "'endpoints', or choose another --service"
        )
    for service in there:
        open_service(opened, target, service, scenarios, identities, choice, record)


def open_service(
    opened: Opened,
    target: Target,
    service: Service,
    scenarios: Sequence[Scenario],
    identities: Mapping[str, Identity],
    choice: Choice,
    record: str = "",
) -> None:
    """Add the job of one service of a live target; errors as `open_jobs`."""
    from contract_tests.execution.discovery import discover
    from contract_tests.transport.open import open_target, roles
    from contract_tests.transport.several import SeveralTransport

    transport: Transport
    transport, used = open_target(target, service, identities)
    deployment = discover(service, transport, target)
    if target.release:
        deployment = replace(deployment, name=f"{service.name} {target.release}")
    everybody = [*identities.values(), *used.values()]
    others = _open_others(target, service, scenarios, identities, everybody)
    if others:
        transport = SeveralTransport(transport, others)
        deployment = replace(
            deployment,
            beside={name: target.releases.get(name, "") for name in others},
            endpoints={name: one.endpoint for name, (_, one) in others.items()},
            counters=target.counters,
        )
    if record:
        transport = _recorder(transport, record, service, deployment, opened)
    known = roles(target) if target.identities or target.proofs else None
    cases = plan(scenarios, deployment, choice, known)
    opened.add(Job(deployment=deployment, transport=transport, cases=cases), everybody)


def _open_others(
    target: Target,
    service: Service,
    scenarios: Sequence[Scenario],
    identities: Mapping[str, Identity],
    everybody: list[Identity],
) -> dict[str, tuple[Service, Transport]]:
    """The services that this service's scenarios ask besides, and that the target has; by name.

    Their own identities are added to `everybody`. Where the target names no endpoint of one, a catalog may.
    """
    from contract_tests.transport.open import open_target

    found: dict[str, tuple[Service, Transport]] = {}
    for scenario in scenarios:
        for one in scenario.others if scenario.service.name == service.name else ():
            name = one.service.name
            if name in found or (target.endpoints and name not in target.endpoints):
                continue
            try:
                transport, used = open_target(target, one.service, identities)
            except UsageError:
                if name in target.endpoints:
                    raise
                continue  # no catalog has it: the plan says so of each case
            found[name] = (one.service, transport)
            everybody += used.values()
    return found


def start_recording(job: Job, folder: str, opened: Opened) -> Job:
    """The job, from now on recording into `folder`; UsageError where its release is not known.

    Several processes may start on one recording at once: only the first prepares the folder.
    """
    service = job.cases[0].scenario.service
    return replace(job, transport=_recorder(job.transport, folder, service, job.deployment, opened))


def _recorder(
    transport: Transport, folder: str, service: Service, deployment: Deployment, opened: Opened
) -> Transport:
    from contract_tests.recordings.files import locked
    from contract_tests.recordings.recording import write_manifest
    from contract_tests.recordings.sharing import release
    from contract_tests.transport.recorder import Recorder
    from contract_tests.transport.several import others_of

    place = Path(folder) / service.name / _release_of(deployment)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--record {folder}: cannot be written: {error.strerror}") from None
    with locked(place):
        release(place)
        write_manifest(
            place,
            deployment,
            recorded=datetime.date.today().isoformat(),
            recorder=f"contract-tests {__version__}",
        )
    return Recorder(transport, place, service, opened.secrets, others_of(transport))


def _release_of(deployment: Deployment) -> str:
    """The release of what is recorded; UsageError where nobody said it."""
    if not deployment.release:
        raise UsageError(
            "--record: say which release is recorded with --release (a recording is of one release)"
        )
    return deployment.release


def _project_recordings(library: Library) -> list[Path]:
    places = library.places.recordings
    if not places:
        raise UsageError(
            "there is nothing to run against: name it with --target, or say where recordings are "
            "(--recordings, or 'recordings:' in contract-tests.yaml); a clone has some in cassettes"
        )
    return list(places)


def _open_recordings(
    opened: Opened,
    roots: Sequence[Path],
    services: Mapping[str, Service],
    scenarios: Sequence[Scenario],
    wanted: Wanted,
    choice: Choice,
) -> None:
    from contract_tests.recordings.recording import (
        Recording,
        cassettes_in,
        find_recordings,
        load_recording,
    )
    from contract_tests.transport.recording import RecordingTransport

    before = len(opened.jobs)
    found: list[Recording] = []
    for root in roots:
        below = find_recordings(root) if root.is_dir() else []
        found += below or ([load_recording(root)] if root.exists() else [])
    for recording in found:
        if recording.has_manifest:
            service = services.get(recording.service)
            if service is None or (wanted.release and recording.release not in wanted.release):
                continue
            deployment = recording.deployment(service)
            deployment = replace(deployment, name=f"{service.name} {recording.release}")
        else:
            if recording.path.is_dir() and not any(cassettes_in(recording.path)):
                continue
            unnamed = f"{show_path(recording.path)} has no recording.yaml"
            (service,) = _only_one(services, unnamed).values()
            deployment = replace(
                recording.deployment(service),
                name=show_path(recording.path),
                service=service.name,
                range=service.range if service.has_microversions else None,
                release=wanted.release[0] if wanted.release else "",
            )
        transport = RecordingTransport(recording, service)
        cases = plan(scenarios, deployment, choice, None, replay=True)
        opened.add(Job(deployment=deployment, transport=transport, cases=cases, replay=True))
    if len(opened.jobs) == before:
        shown = ", ".join(map(show_path, roots))
        hint = f" with release {', '.join(wanted.release)}" if wanted.release else ""
        raise UsageError(
            f"there is no recording of {', '.join(services)}{hint} in {shown}; "
            f"make one with run --target URL --record {shown}"
        )


def notes(jobs: Sequence[Job], scenarios: Sequence[Scenario]) -> Iterator[str]:
    """What a person should know before a run: nothing, most of the time."""
    for job in jobs:
        if not job.cases:
            yield f"{job.deployment.name}: no case was chosen"
    there = {job.deployment.service for job in jobs}
    for name in dict.fromkeys(scenario.service.name for scenario in scenarios):
        if name not in there:
            yield f"{name}: it has scenarios, and nothing to run them against"


def orphans(jobs: Sequence[Job], scenarios: Sequence[Scenario]) -> Iterator[str]:
    """What is recorded although no scenario asks for it any more; `scenarios` are all of the project's."""
    from contract_tests.recordings.reader import read_cassette
    from contract_tests.recordings.recording import cassettes_in
    from contract_tests.transport.recording import RecordingTransport

    ids = {scenario.id for scenario in scenarios}
    slugs = {(scenario.service.name, scenario.slug) for scenario in scenarios}
    for job in jobs:
        if not isinstance(job.transport, RecordingTransport) or not job.transport.recording.has_manifest:
            continue
        folder = job.transport.recording.path
        first = {path.parent: path for path in cassettes_in(folder)}
        for place, path in first.items():
            slug = place.relative_to(folder).as_posix()
            if (job.deployment.service, slug) in slugs or read_cassette(path, folder).scenario in ids:
                continue
            yield f"{job.deployment.name}: recorded, but no scenario asks for it: {slug} (record it again)"
