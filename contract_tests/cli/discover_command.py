"""contract-tests discover"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from contract_tests.cli.options import choice_options, places_options, target_options
from contract_tests.cli.say import say, say_json
from contract_tests.errors import ContractTestsError, UsageError

if TYPE_CHECKING:
    from contract_tests.cli.open import Wanted
    from contract_tests.execution.plan import Choice
    from contract_tests.execution.runner import Job
    from contract_tests.execution.versions import Inspection
    from contract_tests.loading.config import Places
    from contract_tests.loading.library import Library
    from contract_tests.model.scenario import Scenario
    from contract_tests.transport.clients import Told


@dataclass(slots=True)
class _Found:
    """One service of a deployment; `problem`, of `error` where one was met, says why it was not looked at."""

    name: str
    title: str
    endpoint: str = ""
    inspection: Inspection | None = None
    job: Job | None = None
    problem: str = ""
    error: ContractTestsError | None = None


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("url", required=False)
@target_options
@choice_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@places_options
def command(
    places: Places,
    url: str | None,
    wanted: Wanted,
    choice: Choice,
    service: tuple[str, ...],
    as_json: bool,
) -> int:
    """Show what a deployment is, and whether its version document is one that clients can go by.

    For each service: its API versions with status and range, its extensions, which scenarios cover it and
    how many of their cases would run. The document must be readable without a token, one version is CURRENT,
    links lead to what they name, both ends of the range are accepted, and keystoneauth and openstacksdk (run
    as they are) read the same from it. A URL without --service is looked at without a service file.

    \b
      contract-tests discover http://127.0.0.1:8778 --service placement
      contract-tests discover --os-cloud devstack
    """
    from contract_tests.cli.main import COULD_NOT_RUN, FINDINGS, OK
    from contract_tests.cli.open import LIVE, load
    from contract_tests.loading.library import Library

    if url is not None:
        wanted = replace(wanted, targets=(*wanted.targets, url))
    if not wanted.targets and not wanted.clouds:
        raise UsageError("discover: name a URL, --target or --os-cloud")
    library = Library(places)
    with ExitStack() as stack:
        if url is not None and url.startswith(LIVE) and not service:
            found = [_unknown(url, wanted)]
        else:
            scenarios = load(library, (), service)
            found = [
                one
                for name in _services(library, service, wanted)
                for one in _look(stack, library, scenarios, name, wanted, choice)
            ]
            errors = [one.error for one in found]
            if len(found) > 1 and errors[0] is not None and len(set(map(str, errors))) == 1:
                raise errors[0]  # it is no service's own
    if as_json:
        say_json([_document(one) for one in found])
    else:
        for one in found:
            say("\n".join(_lines(one)))
    if any(one.inspection is not None and one.inspection.findings for one in found):
        return FINDINGS
    return OK if any(one.inspection is not None for one in found) else COULD_NOT_RUN


def _services(library: Library, chosen: Sequence[str], wanted: Wanted) -> list[str]:
    """The chosen services; else those that the named targets list, or all where one may have any."""
    named = library.targets(wanted.targets) if wanted.targets else {}
    listed = [named[text].endpoints if text in named else {} for text in wanted.targets]
    if chosen or wanted.clouds or not all(listed) or any("*" in one for one in listed):
        return list(chosen) or library.service_names()
    return [name for name in library.service_names() if any(name in one for one in listed)]


def _unknown(url: str, wanted: Wanted) -> _Found:
    """What stands at a URL, for which no service file speaks."""
    from contract_tests.cli.open import with_options
    from contract_tests.execution.versions import inspect
    from contract_tests.model.service import Service
    from contract_tests.model.target import Target
    from contract_tests.transport.clients import ask_clients
    from contract_tests.transport.open import open_target

    service = Service(name="service")
    target = with_options(Target(name=url, endpoints={"*": url}), wanted)
    transport, _ = open_target(target, service)
    try:
        clients = ask_clients(transport.endpoint, "", target.tls) if "://" in url else ()
        seen = inspect(service, transport, None, clients, "none")
    finally:
        transport.close()
    return _Found(name=url, title="(no --service: looked at without a service file)", inspection=seen)


def _look(
    stack: ExitStack,
    library: Library,
    scenarios: Sequence[Scenario],
    name: str,
    wanted: Wanted,
    choice: Choice,
) -> Iterator[_Found]:
    """One service, on each target that has it. What cannot be reached is told, and the others go on."""
    from contract_tests.cli.open import open_services
    from contract_tests.execution.versions import inspect
    from contract_tests.transport.clients import ask_clients
    from contract_tests.transport.live import LiveTransport
    from contract_tests.transport.open import service_types

    own = [scenario for scenario in scenarios if scenario.service.name == name]
    service = library.service(name)
    library.raise_problems()
    if service is None:
        raise UsageError(f"--service {name}: there is no such service file")
    try:
        opened = stack.enter_context(open_services(library, {name: service}, own, wanted, choice))
    except ContractTestsError as error:
        yield _Found(name=name, title=service.title, problem=str(error), error=error)
        return
    for job in opened.jobs:
        if job.deployment.service != name:
            continue
        found = _Found(name=name, title=service.title, endpoint=job.transport.endpoint, job=job)
        if job.replay:
            found.problem = "a recording answers its cases only; discover asks live deployments"
        else:
            clients: tuple[Told, ...] = ()
            if isinstance(job.transport, LiveTransport):
                clients = ask_clients(found.endpoint, service_types(service)[0], job.transport.tls)
            role = service.profile.role if service.profile is not None and opened.secrets() else "none"
            found.inspection = inspect(service, job.transport, job.deployment, clients, role)
        yield found


def _lines(found: _Found) -> Iterator[str]:
    from contract_tests.checks.rules import word
    from contract_tests.reporters.harmless import printable
    from contract_tests.reporters.words import plural

    yield printable(f"{found.name}  {found.title}  {found.endpoint}".rstrip())
    if found.problem:
        yield printable(f"  {found.problem.splitlines()[0]}")
    seen, job = found.inspection, found.job
    for version in seen.versions if seen is not None else ():
        span = f"  {version.low or '?'} to {version.high}" if version.high else ""
        yield printable(f"  {version.id:8} {version.status:12}{span}  {version.link}".rstrip())
    for told in seen.clients if seen is not None else ():
        if told.missing:
            yield f"  {told.client}: not installed, so it was not asked"
        elif not told.problem:
            read = ", ".join(f"{v}{f' ({low} to {high})' if high else ''}" for v, low, high in told.versions)
            yield printable(f"  {told.client} reads {read or 'no version'}")
    for where, value in (seen.lifecycle if seen is not None else {}).items():
        yield printable(f"  {where}: {value}")
    if job is not None and not job.replay:
        deployment = job.deployment
        if deployment.range is not None:
            yield f"  microversions {deployment.range}"
        if deployment.extensions:
            yield printable(f"  extensions {', '.join(deployment.extensions)}")
        skips = Counter(case.skip for case in job.cases if case.skip)
        covering = len({case.scenario.slug for case in job.cases})
        running = len(job.cases) - skips.total()
        yield f"  {plural(covering, 'scenario')}, {plural(len(job.cases), 'case')}: {running:,} would run"
        for reason, count in skips.most_common(5):
            yield printable(f"    {plural(count, 'case')} would not: {reason}")
    for finding in seen.findings if seen is not None else ():
        yield printable(f"  {word(finding)} [{finding.rule}]")


def _document(found: _Found) -> Mapping[str, Any]:
    from contract_tests.checks.rules import word

    seen, job = found.inspection, found.job
    made: dict[str, Any] = {"service": found.name, "endpoint": found.endpoint, "problem": found.problem}
    if seen is not None:
        made["versions"] = [asdict(version) for version in seen.versions]
        made["clients"] = [asdict(told) for told in seen.clients]
        made["lifecycle"] = seen.lifecycle
        made["findings"] = [{"rule": one.rule, "message": word(one)} for one in seen.findings]
    if job is not None and not job.replay:
        made["microversions"] = str(job.deployment.range or "")
        made["extensions"] = list(job.deployment.extensions)
        made["cases"] = [{"id": case.id, "skip": case.skip} for case in job.cases]
    return made
