"""A deployment's version document: what it lists, and whether a client can go by it.

Sources: API-SIG, "Version Discovery" (versions, their statuses, links and microversion ranges) and
"Microversion Specification"; Deprecation is RFC 9745, Sunset RFC 8594.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from contract_tests.errors import ContractTestsError
from contract_tests.model.finding import Finding, Mark
from contract_tests.model.http import MISSING, Request, Response
from contract_tests.model.service import Service
from contract_tests.model.target import Deployment
from contract_tests.model.trials import calls_at
from contract_tests.transport.base import Channel, Transport
from contract_tests.transport.clients import Told

if TYPE_CHECKING:
    from contract_tests.execution.runner import Job

CURRENT = frozenset({"CURRENT", "STABLE"})
"""The statuses of the one version that new clients should take; Keystone says stable."""

LIFECYCLE = ("deprecation", "sunset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One API version of a version document. `link` is its `self` link; "." leads to the document itself."""

    id: str
    status: str = ""
    low: str = ""
    high: str = ""
    updated: str = ""
    link: str = ""


@dataclass(slots=True)
class Inspection:
    """What a deployment says of its versions: the document's, what clients read, and what is wrong with it.

    `lifecycle` are the Deprecation and Sunset headers met, by path.
    """

    versions: tuple[Version, ...] = ()
    clients: tuple[Told, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    lifecycle: dict[str, str] = field(default_factory=dict)


def versions_in(document: Any) -> tuple[Version, ...]:
    """The API versions of a version document, in its order.

    The forms that services have: `versions`, `versions.values` (Keystone), one `version`, a bare list
    (CloudKitty until 8), one version at the root.
    """
    if isinstance(document, dict):
        document = document.get("versions", document.get("version", document))
    if isinstance(document, dict):
        document = document.get("values", [document])
    if not isinstance(document, list):
        return ()
    return tuple(
        _version(one) for one in document if isinstance(one, dict) and isinstance(one.get("id"), str)
    )


def _version(entry: dict[str, Any]) -> Version:
    def text(*names: str) -> str:
        return next((str(entry[name]) for name in names if entry.get(name)), "")

    links = entry.get("links")
    own = [one for one in links if isinstance(one, dict)] if isinstance(links, list) else []
    link = next((one for one in own if one.get("rel") == "self"), own[0] if own else {})
    return Version(
        id=entry["id"],
        status=text("status").upper(),
        low=text("min_version"),
        high=text("max_version", "version"),
        updated=text("updated"),
        link=str(link["href"] or ".") if "href" in link else "",
    )


def inspect(
    service: Service, transport: Transport, deployment: Deployment | None, clients: Sequence[Told], role: str
) -> Inspection:
    """Ask for the version document and all that it leads to, and hold it to what discovery is for.

    `clients` is what other programs read at the same place. `role` makes the request that tries the ends of
    the range; without a deployment (an API that no service file describes) that is not tried.
    """
    found = Inspection(clients=tuple(clients))
    mark = Mark(path=service.origin or transport.endpoint, line=1, column=1)
    path = service.document.path if service.document is not None else "/"
    channel = transport.open(None)
    try:
        document = _ask(found, channel, path, mark)
        found.versions = versions_in(document)
        if document is not MISSING:
            found.findings += _statuses(found.versions, path, mark)
            for version in found.versions:
                _link(found, channel, transport, version, mark)
        if deployment is not None:
            found.findings += _ends(service, channel, deployment, role, mark)
    finally:
        channel.close()
    found.findings += _clients(found.versions, clients, mark)
    found.findings = _together(found.findings)
    return found


def _together(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that say the same of several versions as one."""
    found: dict[tuple[str, str], Finding] = {}
    for one in findings:
        key = (one.rule, one.detail if one.rule == "discovery-link" else f"{one.where} {one.detail}")
        known = found.get(key)
        found[key] = one if known is None else replace(known, where=f"{known.where}, {one.where}")
    return list(found.values())


def _ask(found: Inspection, channel: Channel, path: str, mark: Mark) -> Any:
    """The JSON document at `path`, read without an identity; a finding, and MISSING, where there is none."""
    headers = (("Accept", "application/json"),)
    response = channel.send(Request(method="GET", target=path, headers=headers, role="none"))
    _note_lifecycle(found, path, response)
    if response.status in (200, 300) and response.json is not MISSING:
        return response.json
    found.findings.append(_finding("discovery-document", mark, path, _answer(response)))
    return MISSING


def _answer(response: Response) -> str:
    kind = response.header("content-type") or "no Content-Type"
    return f"status {response.status}, {kind}"


def _note_lifecycle(found: Inspection, path: str, response: Response) -> None:
    for name in LIFECYCLE:
        value = response.header(name)
        if value is not None:
            found.lifecycle[f"{path} {name.title()}"] = value


def _finding(rule: str, mark: Mark, where: str, detail: str) -> Finding:
    return Finding(rule=rule, mark=mark, where=where, detail=detail)


def _statuses(versions: Iterable[Version], path: str, mark: Mark) -> Iterator[Finding]:
    current = [version.id for version in versions if version.status in CURRENT]
    if len(current) != 1:
        detail = ", ".join(current) if current else "none is"
        yield _finding("discovery-current", mark, path, detail)


def _link(found: Inspection, channel: Channel, transport: Transport, version: Version, mark: Mark) -> None:
    """Follow a version's own link; what it leads to must tell of that version."""
    if not version.link:
        found.findings.append(_finding("discovery-link", mark, version.id, "it has no self link"))
        return
    if version.link == ".":  # an empty reference (RFC 3986, 4.4): what was read already
        return
    ours, theirs = urlsplit(transport.endpoint), urlsplit(version.link)
    if theirs.netloc and theirs.netloc != ours.netloc:
        detail = f"{version.link} leads to another host than was asked ({ours.netloc})"
        found.findings.append(_finding("discovery-link", mark, version.id, detail))
        return
    target = version.link if theirs.netloc or version.link.startswith("/") else f"/{version.link}"
    try:
        headers = (("Accept", "application/json"),)
        request = Request(method="GET", target=target, headers=headers, role="none")
        response = channel.send(request)
    except ContractTestsError as error:
        found.findings.append(_finding("discovery-link", mark, version.id, f"{version.link}: {error}"))
        return
    _note_lifecycle(found, theirs.path, response)
    ids = [one.id for one in versions_in(response.json)] if response.json is not MISSING else []
    if response.status not in (200, 300):
        found.findings.append(
            _finding("discovery-link", mark, version.id, f"{version.link} answers {_answer(response)}")
        )
    elif ids and version.id not in ids:
        detail = f"{version.link} tells of {', '.join(ids)}"
        found.findings.append(_finding("discovery-link", mark, version.id, detail))


def _ends(
    service: Service, channel: Channel, deployment: Deployment, role: str, mark: Mark
) -> Iterator[Finding]:
    """Both ends of the range are microversions that the service takes."""
    if deployment.range is None or service.profile is None:
        return
    profile = service.profile
    for end in (deployment.range.low, deployment.range.high):
        if end is None:
            continue
        headers = (("Accept", "application/json"),)
        request = Request(method=profile.method, target=profile.path, headers=headers, role=role)
        response = channel.send(service.dialect.ask(request, end.text))
        if response.status >= 400 and not (role == "none" and response.status == 401):
            doubt = f"; is the token of {role!r} right?" if response.status in (401, 403) else ""
            yield _finding("discovery-range", mark, end.text, f"{_answer(response)}{doubt}")


def _clients(versions: Sequence[Version], clients: Iterable[Told], mark: Mark) -> Iterator[Finding]:
    """What another client reads there is what the document says."""
    own = {number(version.id): version for version in versions}
    for told in clients:
        if told.problem:
            yield _finding("discovery-client", mark, told.client, told.problem)
            continue
        for version, low, high in told.versions:
            entry = own.get(number(version))
            if entry is None:
                detail = f"it reads a version {version}, which the document does not list"
                yield _finding("discovery-client", mark, told.client, detail)
            elif high and (low, high) != (entry.low, entry.high):
                detail = (
                    f"it reads {low} to {high} for {entry.id}, the document says {entry.low} to {entry.high}"
                )
                yield _finding("discovery-client", mark, told.client, detail)
        lacking = sorted(own.keys() - {number(version) for version, _, _ in told.versions})
        if lacking and told.lists:
            names = ", ".join(own[key].id for key in lacking)
            yield _finding("discovery-client", mark, told.client, f"it does not read {names}")


def number(text: str) -> tuple[int, int]:
    """The major and minor number in an id: v2.1, 2.1, v3."""
    parts = text.lstrip("vV").split("-")[0].split(".")
    digits = [int(part) for part in parts[:2] if part.isdigit()]
    return (digits[0] if digits else 0, digits[1] if len(digits) > 1 else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What an API version, or a lifecycle header of one URL, was over releases: (release, what) in order."""

    name: str
    stages: tuple[tuple[str, str], ...]

    @property
    def spans(self) -> tuple[tuple[str, str, str], ...]:
        """(first release, last release, what) for each time without a change."""
        found: list[tuple[str, str, str]] = []
        for release, what in self.stages:
            if found and found[-1][2] == what:
                found[-1] = (found[-1][0], release, what)
            else:
                found.append((release, release, what))
        return tuple(found)


def lives(jobs: Iterable[Job]) -> tuple[Life, ...]:
    """What became of a service's API versions over releases, and its Deprecation and Sunset headers.

    They are read from the answers of scenarios that ask for a version document: for `/`, or for what the
    service file names. A version that a release does not list is `gone` there, or `not yet`.
    """
    seen: dict[str, dict[str, str]] = {}
    releases: list[str] = []
    for job in jobs:
        release = job.deployment.release or job.deployment.name
        releases.append(release)
        for response, target in _documents(job):
            for version in versions_in(response.json) if response.json is not MISSING else ():
                if version.status:
                    seen.setdefault(version.id, {})[release] = version.status
            for name in LIFECYCLE:
                value = response.header(name)
                if value is not None:
                    seen.setdefault(f"{target} {name.title()}", {})[release] = value
    return tuple(_life(name, by_release, releases) for name, by_release in _sorted(seen))


def _sorted(seen: dict[str, dict[str, str]]) -> list[tuple[str, dict[str, str]]]:
    return sorted(seen.items(), key=lambda item: (number(item[0]), item[0]))


def _life(name: str, by_release: dict[str, str], releases: Sequence[str]) -> Life:
    first = next(at for at, release in enumerate(releases) if release in by_release)
    stages = [
        (one, by_release.get(one, "gone" if at > first else "not yet")) for at, one in enumerate(releases)
    ]
    return Life(name=name, stages=tuple(stages))


def _documents(job: Job) -> Iterator[tuple[Response, str]]:
    """The answers of a deployment's version documents, of one case for each scenario that asks for one."""
    from contract_tests.execution.compare import answers

    done: set[str] = set()
    for case in reversed(job.cases):
        service = case.scenario.service
        places = {"/"} | {place.path for place in (service.document, service.majors) if place is not None}
        targets = {
            call.name: str(call.target)
            for _, call in calls_at(case.scenario, case.microversion)
            if call.method == "GET" and call.trial is None and call.target in places
        }
        if case.skip or case.scenario.slug in done or not targets:
            continue
        done.add(case.scenario.slug)
        found = answers(case, job.transport, job.deployment, replay=job.replay)
        for name, target in targets.items():
            if name in found.responses:
                yield found.responses[name][1], target
