"""Deployments as data: how a service of any release is installed, prepared and served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A release cycle: the Python that its services run on, and the last day of the dependencies (a date)."""

    name: str
    python: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """How it is served; one of three.

    `wsgi` is module:callable (with `()`: a factory), `script` a file of the support folder that defines
    `application`; both stand behind the same server, so that a recording does not show which it was.
    `command` is a program with a server of its own. `ready` is the path that shows that it answers.
    """

    wsgi: str = ""
    script: str = ""
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    path: str = ""
    ready: str = "/"
    threads: int = 1
    timeout: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One deployment at one release: everything resolved but the variables of a start.

    Texts may hold `${state}` (its own folder), `${bin}` (of its environment), `${etc}`, `${packages}`,
    `${support}`, `${port}`, `${url}`, `${release}`, `${series}`, and `${NAME_url}` for what it stands on.
    `proofs` are the identities of roles that prove themselves otherwise here than at what it stands on.
    """

    name: str
    service: str
    release: str
    series: Series
    distribution: str
    requires: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    prepare: tuple[tuple[str, ...], ...] = ()
    keep: tuple[str, ...] = ()
    start: tuple[tuple[str, ...], ...] = ()
    serve: Serve = Serve()
    endpoint: str = "${url}"
    identities: Mapping[str, Any] = field(default_factory=dict)
    proofs: Mapping[str, Any] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    variant: str = ""
    twice: bool = False
    origin: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployments:
    """All that is known of one deployment: `recipes` by release, oldest first."""

    name: str
    service: str
    title: str
    recipes: Mapping[str, Recipe]
    default: str
