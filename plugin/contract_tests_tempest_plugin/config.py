"""The group [contract_tests] of tempest.conf, and what it says in contract-tests' own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oslo_config import cfg

from contract_tests.cli.open import Wanted
from contract_tests.cli.settings import Settings
from contract_tests.errors import UsageError
from contract_tests.execution.plan import SELECTIONS, Choice
from contract_tests.loading.config import Places, read_config
from contract_tests.loading.library import Library, files_below
from contract_tests.loading.source import nearest
from contract_tests.model.microversion import MicroversionRange
from contract_tests.model.service import Service

GROUP = cfg.OptGroup(name="contract_tests", title="Contracts of services (contract-tests)")

OPTIONS = [
    cfg.StrOpt(
        "mode",
        default="live",
        choices=[
            ("live", "ask the deployment that this file describes"),
            ("replay", "answer from recordings; needs no cloud, opens no socket"),
        ],
        help="What answers the scenarios' calls.",
    ),
    cfg.StrOpt(
        "project",
        help="The contract-tests.yaml of a project: where its scenarios, schemas, services, policies and "
        "recordings are. Without it, the contracts that contract-tests ships are taken.",
    ),
    cfg.ListOpt(
        "scenario_directories",
        default=[],
        help="Folders (or files) of scenarios, in place of those of the project.",
    ),
    cfg.ListOpt("schema_directories", default=[], help="Folders of schemas, looked through first."),
    cfg.ListOpt("service_directories", default=[], help="Folders of service files, looked through first."),
    cfg.ListOpt(
        "services",
        default=[],
        help="The services whose scenarios become tests (default: all that have scenarios). The files of "
        "others are not even read, which keeps discovery short.",
    ),
    cfg.StrOpt(
        "microversions",
        default="boundaries",
        help=f"{', '.join(SELECTIONS)}, or a list of microversions such as 1.10,1.39.",
    ),
    cfg.DictOpt(
        "min_microversion",
        default={},
        help="SERVICE:MICROVERSION, the oldest one to test (default: the oldest that the service file "
        "states).",
    ),
    cfg.DictOpt(
        "max_microversion",
        default={},
        help="SERVICE:MICROVERSION, the newest one to test; 'latest' (the default) is the newest that the "
        "service file states. Tests beyond what the deployment offers are skipped.",
    ),
    cfg.DictOpt(
        "roles",
        default={
            "admin": "admin",
            "member": "primary",
            "other": "alt",
            "reader": "reader",
            "system": "system_admin",
            "service": "admin+service",
        },
        help="SCENARIO'S ROLE:CREDENTIALS. Credentials are a type that Tempest knows (primary, alt, admin, "
        "project_reader, system_admin, …), or the roles of a user that is made for it, joined by +.",
    ),
    cfg.DictOpt(
        "endpoints",
        default={},
        help="SERVICE:URL, in place of the catalog's endpoint; the URL without a version.",
    ),
    cfg.DictOpt(
        "catalog_types",
        default={},
        help="SERVICE:TYPE, the service's type in the catalog where Tempest has no group for the service.",
    ),
    cfg.StrOpt(
        "endpoint_type",
        default="public",
        choices=["public", "internal", "admin"],
        help="Which of the catalog's endpoints are used.",
    ),
    cfg.DictOpt(
        "releases",
        default={},
        help="SERVICE:RELEASE, what is deployed: for scenarios that ask for a release, and for recordings.",
    ),
    cfg.StrOpt(
        "baseline",
        help="A recording, or a folder of recordings with one of each service: each answer is held to it "
        "besides, and what differs and fails by the policy fails the test.",
    ),
    cfg.StrOpt("policy", default="openstack", help="What differences from the baseline are worth."),
    cfg.StrOpt("waivers", help="A file of differences from the baseline that are accepted."),
    cfg.StrOpt(
        "record_directory",
        help="Write what a live deployment answers to DIR/SERVICE/RELEASE (needs 'releases').",
    ),
    cfg.BoolOpt(
        "fresh",
        default=False,
        help="Names of its own for each run, where another run may go on at the same cloud or has left "
        "something there. Not with 'record_directory'.",
    ),
    cfg.ListOpt(
        "recordings",
        default=[],
        help="For mode replay: recordings, or folders of them, in place of the project's.",
    ),
]

SPELLED = {
    "baseline": "baseline",
    "config": "project",
    "fresh": "fresh",
    "microversions": "microversions",
    "policy": "policy",
    "record": "record_directory",
    "recordings": "recordings",
    "release": "releases",
    "scenarios": "scenario_directories",
    "schemas": "schema_directories",
    "service": "services",
    "services": "service_directories",
    "waivers": "waivers",
}
"""An option of the command line -> what it is called here (not in `run --target URL --record`, a command)."""

_OPTION = re.compile(rf"(?<![\w-])(?<!URL )--({'|'.join(SPELLED)})\b")


def spelled(text: str) -> str:
    """A message of the command line's, with the names of this group's options."""
    return _OPTION.sub(lambda found: SPELLED[found[1]], text)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that its option does not take."""

    text: str
    problem: str


class _Lenient:
    """An option's type that makes a Wrong of a value where it would raise.

    Tempest reads every option of every plugin when it is imported: a value that raises would end each of its
    tests, and here it is to be one test that fails.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, value: Any) -> Any:
        try:
            return self.inner(value)
        except ValueError as error:
            return Wrong(str(value), str(error))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


for _option in OPTIONS:
    _lenient: Any = _Lenient(_option.type)
    _option.type = _lenient

_OF_SERVICES = ("min_microversion", "max_microversion", "endpoints", "catalog_types", "releases")
"""The options whose keys are services."""

_TYPE = re.compile(r"primary|alt|admin|alt_admin|(project|system|domain)_\w+")
_SERVICE = re.compile(r"""^service:\s*["']?([\w-]+)""", re.MULTILINE)


def settings(conf: Any) -> Settings:
    """What the group says, as the fronts of contract-tests share it. UsageError and LoadError."""
    group = conf.contract_tests
    for option in OPTIONS:
        value = getattr(group, option.name)
        if isinstance(value, Wrong):
            raise UsageError(f"{option.name} = {value.text}: {value.problem}")
    places = read_config(Path(group.project)) if group.project else Places()
    places = places.override(
        scenarios=group.scenario_directories,
        schemas=group.schema_directories,
        services=group.service_directories,
        recordings=group.recordings,
    ).with_shipped()
    if group.services:
        places = places.override(scenarios=_of_services(places.scenarios, set(group.services)))
    words = tuple(word.strip() for word in group.microversions.split(",") if word.strip())
    return Settings(
        places=places,
        wanted=Wanted(release=tuple(group.releases.values()) if group.mode == "replay" else ()),
        choice=Choice(microversions=words[0] if words and words[0] in SELECTIONS else words),
        services=tuple(group.services),
        record=group.record_directory or "",
        baseline=group.baseline or "",
        policy=group.policy,
        waivers=Path(group.waivers) if group.waivers else None,
    )


def strangers(conf: Any, places: Places) -> Iterator[str]:
    """What the group has that means nothing: an option that there is not, a service that nothing knows.

    oslo.config passes over an option that nobody registered, so a slip in a name would go unseen.
    """
    known = [option.name for option in OPTIONS]
    for path in conf.config_file or ():
        sections: dict[str, dict[str, list[str]]] = {}
        cfg.ConfigParser(path, sections).parse()
        for name in sections.get(GROUP.name, {}):
            if name.replace("-", "_") not in known:
                yield f"there is no option '{name}' ({path}); {nearest(name, known)}"
    services = Library(places).service_names()
    for name in _OF_SERVICES:
        for service in getattr(conf.contract_tests, name):
            if service not in services:
                yield f"{name} = {service}:…: there is no such service file; {nearest(service, services)}"


def _of_services(folders: tuple[Path, ...], services: set[str]) -> list[str]:
    """The scenario files that name one of the services, or none at all: these are told to be wrong."""
    files = [file for folder in folders for file in ([folder] if folder.is_file() else files_below(folder))]
    found = {file: _SERVICE.search(file.read_text(errors="replace")) for file in files}
    return [str(file) for file, named in found.items() if named is None or named[1] in services]


def microversions(conf: Any, service: Service) -> MicroversionRange | None:
    """The microversions of a service that are to be tested; None where it has none.

    UsageError where an option is no microversion, or where nothing is left of what the service file states.
    """
    if not service.has_microversions:
        return None
    group = conf.contract_tests
    ends = {}
    for name in ("min_microversion", "max_microversion"):
        text = getattr(group, name).get(service.name, "latest")
        try:
            assert service.dialect.order is not None
            ends[name] = None if text == "latest" else service.dialect.order.parse(text)
        except ValueError as error:
            raise UsageError(f"{name} = {service.name}:{text}: {error}") from None
    chosen = MicroversionRange(low=ends["min_microversion"], high=ends["max_microversion"])
    found = service.range.intersect(chosen)
    if found is None:
        raise UsageError(
            f"min_microversion and max_microversion leave nothing of {service.name}'s {service.range}"
        )
    return found


def credentials(conf: Any, role: str) -> str | list[str]:
    """The credentials of a scenario's role as Tempest's classes ask for them.

    A type, or a list of a label and roles; the client manager then is os_TYPE or os_LABEL.
    """
    text = conf.contract_tests.roles[role]
    if _TYPE.fullmatch(text):
        return str(text)
    return [f"contract_{role}", *text.split("+")]
