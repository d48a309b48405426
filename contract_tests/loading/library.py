"""All files of a project, read on demand and once: services, schemas, scenarios, targets."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract_tests.comparison.policy import Policy, Waiver
from contract_tests.errors import LoadError, Problem, UsageError
from contract_tests.loading.config import CONFIG_NAME, Places, read_config
from contract_tests.loading.deployment import check_needs, read_deployments, read_series
from contract_tests.loading.nodes import MapNode
from contract_tests.loading.openapi import PREFIX as OPENAPI
from contract_tests.loading.openapi import openapi_schema
from contract_tests.loading.scenario import read_scenario
from contract_tests.loading.schema import Siblings, read_schema
from contract_tests.loading.service import read_service
from contract_tests.loading.shapes import CONFIG
from contract_tests.loading.source import Source, nearest, read_source, show_path
from contract_tests.loading.target import read_targets
from contract_tests.loading.tempest import PREFIX as TEMPEST
from contract_tests.loading.tempest import TempestMissing, tempest_schema
from contract_tests.model.finding import Mark
from contract_tests.model.recipe import Deployments, Series
from contract_tests.model.scenario import Scenario, SchemaHistory
from contract_tests.model.service import Service
from contract_tests.model.target import Target

ENDINGS = (".yaml", ".yml")
SERIES_FILE = "series.yaml"

_SERVICE = re.compile(r"^service:[ \t]+([\w-]+)[ \t]*(?:#.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Scenarios that are right, in the order of their paths, and everything that is wrong with the others."""

    scenarios: tuple[Scenario, ...]
    problems: tuple[Problem, ...]


class Library:
    """Reads the files of the given places. Problems gather; `raise_problems` tells them all at once."""

    def __init__(self, places: Places, environ: Mapping[str, str] | None = None) -> None:
        self.places = places
        self.environ = os.environ if environ is None else environ
        self.problems: list[Problem] = []
        self._services: dict[str, Service | None] = {}
        self._deployments: dict[str, Deployments] | None = None
        self._schemas: dict[tuple[str, str], SchemaHistory | None] = {}
        self._reading: set[tuple[str, str]] = set()

    def raise_problems(self) -> None:
        """LoadError with everything wrong that was met so far."""
        if self.problems:
            raise LoadError(sorted(set(self.problems)))

    def service_names(self) -> list[str]:
        """The names of all service files."""
        return sorted({path.stem for folder in self.places.services for path in files_below(folder)})

    def service(self, name: str) -> Service | None:
        """The service, or None where there is no such file or it is wrong (then its problems are noted)."""
        if name not in self._services:
            path = _lookup(self.places.services, name)
            self._services[name] = self._service(path) if path is not None else None
        return self._services[name]

    def _service(self, path: Path) -> Service | None:
        source = self._source(path)
        if source is None:
            return None
        found = read_service(source, path.stem)
        if found is not None and found.error_schema:
            self._services.setdefault(found.name, found)
            self.siblings(found.name).get(source, source.root.get("errors").get("schema"))
        self.problems += source.problems
        return found

    def siblings(self, service: str) -> Siblings:
        """The schemas of a service."""
        return Siblings(
            service,
            lambda name: self.schema(service, name),
            lambda: sorted(
                {path.stem for folder in self.places.schemas for path in files_below(folder / service)}
            ),
        )

    def schema(self, service: str, name: str) -> SchemaHistory | None:
        """The schema `name` of a service, or None as above.

        LookupError or ValueError where a schema of Tempest's or of an OpenAPI document is none.
        """
        key = (service, name)
        if key in self._schemas:
            return self._schemas[key]
        folders = [folder / service for folder in self.places.schemas]
        if ":" in name:
            self._schemas[key] = self._foreign(service, name, folders)
            return self._schemas[key]
        path = _lookup(folders, name)
        if path is None or key in self._reading:
            return None
        self._schemas[key] = self.schema_file(path, service)
        return self._schemas[key]

    def _foreign(self, service: str, name: str, folders: Sequence[Path]) -> SchemaHistory | None:
        """A schema that this project did not write: Tempest's, or one of an OpenAPI document."""
        known = self.service(service)
        mark = Mark(path=name, line=1, column=1)
        if name.startswith(TEMPEST) and known is not None and known.dialect.order is not None:
            try:
                return tempest_schema(name, known.dialect.order, mark)
            except TempestMissing as error:
                return SchemaHistory(name=name, mark=mark, documents=((None, {}),), missing=str(error))
        if name.startswith(OPENAPI):
            return openapi_schema(name, folders, mark)
        return None

    def schema_file(self, path: Path, service: str) -> SchemaHistory | None:
        """The schema in a file of the given service's folder."""
        key = (service, path.stem)
        source = self._source(path)
        known = self.service(service)
        if source is None:
            return None
        if known is None:
            source.problem(
                None,
                "unknown-service",
                f"there is no service file for '{service}', the folder of this schema",
                nearest(service, self.service_names(), "a schema lies in schemas/SERVICE/"),
            )
            self.problems += source.problems
            return None
        self._reading.add(key)
        found = read_schema(source, path.stem, known.dialect.order, known.range, self.siblings(service))
        self._reading.discard(key)
        self.problems += source.problems
        return found

    def scenarios(self, paths: Iterable[Path] = (), services: Collection[str] = ()) -> Loaded:
        """The scenarios below `paths` (default: the project's). UsageError where a path does not exist.

        With `services`, files that say plainly that they are of another service are not read any further.
        """
        found: list[Scenario] = []
        seen_ids: dict[str, Scenario] = {}
        seen_slugs: dict[tuple[str, str], Scenario] = {}
        before = len(self.problems)
        for path in self._scenario_files(paths or self.places.scenarios):
            scenario = self._scenario(path) if not services or _may_be_of(path, services) else None
            if scenario is None:
                continue
            clash = seen_ids.get(scenario.id), seen_slugs.get((scenario.service.name, scenario.slug))
            for twin, rule, what in zip(
                clash, ("duplicate-id", "duplicate-name"), ("id", "file name"), strict=True
            ):
                if twin is not None:
                    value = scenario.id if what == "id" else scenario.slug
                    self._clash(
                        path,
                        rule,
                        f"the {what} '{value}' is that of {twin.mark.path} too",
                        "give this one its own: cassettes and test ids hang on it",
                    )
            if clash == (None, None):
                found.append(scenario)
                seen_ids[scenario.id] = seen_slugs[(scenario.service.name, scenario.slug)] = scenario
        return Loaded(tuple(found), tuple(sorted(set(self.problems[before:]))))

    def _clash(self, path: Path, rule: str, message: str, hint: str) -> None:
        source = self._source(path)
        if source is not None:
            key = "id" if rule == "duplicate-id" else "scenario"
            source.problem(source.root.get(key), rule, message, hint)
            self.problems += source.problems

    def _scenario(self, path: Path) -> Scenario | None:
        source = self._source(path)
        if source is None:
            return None
        found = read_scenario(source, path, self)
        self.problems += source.problems
        return found

    def _scenario_files(self, paths: Iterable[Path]) -> Iterator[Path]:
        seen = set()
        for path in paths:
            if not path.exists():
                raise UsageError(f"there is no file or folder {show_path(path)}")
            for file in [path] if path.is_file() else files_below(path):
                if file not in seen:
                    seen.add(file)
                    yield file

    def targets(self, names: Iterable[str] | None = None) -> dict[str, Target]:
        """The targets of the project's target files, by name.

        `names` are those that will be used (None: all): only their secrets must be in the environment.
        """
        found: dict[str, Target] = {}
        wanted = None if names is None else frozenset(names)
        for path in self.places.targets:
            for file in [path] if path.is_file() else files_below(path):
                source = self._source(file)
                if source is None:
                    continue
                for name, target in read_targets(source, self.environ, wanted).items():
                    if name in found:
                        node = source.root.get("targets").key(name)
                        message = f"another targets file has a target '{name}' too"
                        source.problem(node, "duplicate-name", message, "give one of them another name")
                    found.setdefault(name, target)
                self.problems += source.problems
        return found

    def deployments(self, *more: Path) -> dict[str, Deployments]:
        """All deployment files by name; a project's own come before the shipped ones, `more` before those."""
        if self._deployments is not None and not more:
            return self._deployments
        series: dict[str, Series] = {}
        files: dict[str, Path] = {}
        for folder in reversed(self.places.deployments):
            for path in sorted(folder.glob("*.yaml")):
                if path.name != SERIES_FILE:
                    files[path.stem] = path
                elif (source := self._source(path)) is not None:
                    series.update(read_series(source))
                    self.problems += source.problems
        files.update((path.stem, path) for path in more)
        found: dict[str, Deployments] = {}
        sources: dict[str, Source] = {}
        for name in sorted(files):
            source = self._source(files[name])
            made = read_deployments(source, files[name], series) if source is not None else None
            if source is not None and made is not None:
                found[name], sources[name] = made, source
            self.problems += source.problems if source is not None and made is None else ()
        check_needs(sources, found)
        for source in sources.values():
            self.problems += source.problems
        self._deployments = None if more else found
        return found

    def policy(self, name: str) -> Policy | None:
        """The policy of that name, or None where there is none or it is wrong."""
        from contract_tests.loading.policy import read_policy  # with every rule that it may name

        path = _lookup(self.places.policies, name)
        if path is None or ("policy", name) in self._reading:
            return None
        source = self._source(path)
        if source is None:
            return None
        self._reading.add(("policy", name))
        found = read_policy(source, path.stem, self.policy, self.service_names())
        self._reading.discard(("policy", name))
        self.problems += source.problems
        return found

    def policy_names(self) -> list[str]:
        """The names of all policy files."""
        return sorted({path.stem for folder in self.places.policies for path in files_below(folder)})

    def waivers(self, path: Path) -> tuple[Waiver, ...]:
        """The waivers in a file; problems are noted."""
        from contract_tests.loading.policy import read_waivers

        source = self._source(path)
        found = read_waivers(source, self.service, self.service_names) if source is not None else ()
        self.problems += source.problems if source is not None else ()
        return found

    def waivers_of(self, services: Iterable[str]) -> tuple[Waiver, ...]:
        """What the project's waivers and the shipped ones accept in runs of these services.

        A folder of waivers has a file for each service, named after it.
        """
        files: list[Path] = []
        for place in self.places.waivers:
            own = (_lookup([place], name) for name in services) if place.is_dir() else (place,)
            files += (path for path in own if path is not None)
        return tuple(one for path in files for one in self.waivers(path))

    def check_file(self, path: Path) -> str:
        """Read one file of any kind, noting its problems; tells which kind it is taken for."""
        source = self._source(path)
        if source is None:
            return "file"
        keys = source.root.keys() if isinstance(source.root, MapNode) else []
        is_scenario = "calls" in keys or "scenario" in keys
        others = CONFIG.fields.keys() - {"targets", "waivers"}
        if path.name == CONFIG_NAME or (not is_scenario and set(keys) & others):
            try:
                read_config(path)
            except LoadError as error:
                self.problems += error.problems
            return "configuration"
        if "deployment" in keys:
            folders = [folder.resolve() for folder in self.places.deployments]
            self.deployments(*([] if path.resolve().parent in folders else [path]))
            return "deployment"
        if path.name == SERIES_FILE:
            read_series(source)
            self.problems += source.problems
            return "series"
        if "policy" in keys:
            from contract_tests.loading.policy import read_policy

            read_policy(source, path.stem, self.policy, self.service_names())
            self.problems += source.problems
            return "policy"
        if "waivers" in keys:
            self.waivers(path)
            return "waivers"
        if is_scenario:
            self._scenario(path)
            return "scenario"
        if "service" in keys and "version" in keys:
            self._service(path)
            return "service"
        if "targets" in keys:
            read_targets(source, self.environ, names=())
            self.problems += source.problems
            return "targets"
        if "openapi" in keys:  # its parts are checked where a scenario names them
            self.problems += source.problems
            return "OpenAPI document"
        below = any(path.resolve().is_relative_to(folder.resolve()) for folder in self.places.schemas)
        if below or {"type", "properties", "$schema"} & set(keys):
            self.schema_file(path, path.parent.name)
            return "schema"
        if not source.problems:
            message = "this is no scenario, schema, service, targets or configuration file"
            hint = nearest(keys[0], ("scenario", "service", "targets", "type")) if keys else ""
            hint = (
                hint
                if hint.startswith("did")
                else "a scenario begins with 'scenario:', a service with 'service:'"
            )
            source.problem(source.root, "unknown-kind", message, hint)
        self.problems += source.problems
        return "file"

    def _source(self, path: Path) -> Source | None:
        try:
            return read_source(path, show_path(path))
        except LoadError as error:
            self.problems += error.problems
            return None


def _may_be_of(path: Path, services: Collection[str]) -> bool:
    """Whether a scenario file may be of one of the services, as far as its text tells without parsing it."""
    try:
        found = _SERVICE.findall(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return True
    return len(found) != 1 or found[0] in services


def files_below(folder: Path) -> list[Path]:
    """The YAML files below a folder, in order; hidden ones are left alone."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in ENDINGS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _lookup(folders: Iterable[Path], name: str) -> Path | None:
    """The file of that name in the first folder that has one; a name with a path in it is none."""
    if not name or name != Path(name).name or name.startswith("."):
        return None
    for folder in folders:
        for ending in ENDINGS:
            path = folder / (name + ending)
            try:
                if path.is_file():
                    return path
            except (OSError, ValueError):  # no name of a file: too long, or a NUL in it
                return None
    return None
