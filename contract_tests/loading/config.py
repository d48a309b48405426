"""Where a project keeps its contract: one configuration file, found upward from the working directory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from contract_tests.loading.shapes import CONFIG
from contract_tests.loading.source import Source, read_source, show_path

CONFIG_NAME = "contract-tests.yaml"
SHIPPED = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders (and, for targets and scenarios, files) that are looked through, in that order."""

    scenarios: tuple[Path, ...] = ()
    schemas: tuple[Path, ...] = ()
    services: tuple[Path, ...] = ()
    deployments: tuple[Path, ...] = ()
    targets: tuple[Path, ...] = ()
    policies: tuple[Path, ...] = ()
    waivers: tuple[Path, ...] = ()
    recordings: tuple[Path, ...] = ()
    config: Path | None = None

    def override(self, **given: Iterable[str]) -> Places:
        """A copy in which what was given on the command line comes in place of the file's."""
        chosen = {name: tuple(map(Path, paths)) for name, paths in given.items() if paths}
        return replace(self, **cast(Any, chosen))

    def with_shipped(self) -> Places:
        """A copy in which the shipped data fills what is missing.

        Services and schemas are looked up in the project's folders first, then among the shipped ones;
        scenarios are the project's own, or, where it has none, the shipped ones. Waivers add up: the
        shipped ones name calls of shipped scenarios.
        """
        return replace(
            self,
            scenarios=self.scenarios or (SHIPPED / "scenarios",),
            schemas=(*self.schemas, SHIPPED / "schemas"),
            services=(*self.services, SHIPPED / "services"),
            deployments=(*self.deployments, SHIPPED / "deployments"),
            policies=(*self.policies, SHIPPED / "policies"),
            waivers=(*self.waivers, SHIPPED / "waivers"),
        )


def find_config(start: Path) -> Path | None:
    """The nearest configuration file in `start` or a folder above it."""
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder / CONFIG_NAME
    return None


def read_config(path: Path) -> Places:
    """The places that a configuration file names, relative to it; LoadError where it is wrong."""
    source = read_source(path)
    places = Places()
    if source.root is not None and CONFIG.check(source, source.root, "the configuration file"):
        places = _places(source, path)
    source.raise_problems()
    return places


def _places(source: Source, path: Path) -> Places:
    found: dict[str, tuple[Path, ...]] = {}
    for key, node in source.root.entries:
        paths = []
        for item in node.items:
            place = path.parent / _at_home(item.text)
            if key.text != "recordings" and not _exists(place):
                message = f"'{item.text}' does not exist"
                hint = f"it counts from the folder of this file, {show_path(path.parent)}"
                source.problem(item, "unknown-folder", message, hint)
            paths.append(place)
        found[key.text] = tuple(paths)
    return replace(Places(config=path), **cast(Any, found))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no name of a file: too long, or a NUL in it
        return False


def _at_home(text: str) -> Path:
    """The path, with `~` resolved where that can be."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
