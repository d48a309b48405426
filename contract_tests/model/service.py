"""All that the harness knows of a service, read from services/<service>.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from contract_tests.model.dialect import Dialect
from contract_tests.model.microversion import Microversion, MicroversionRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Where a deployment tells its versions: a path and the RFC 9535 paths of the two ends in the answer."""

    path: str
    minimum: str
    maximum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Where a deployment lists names (its extensions, its major versions): a path and an RFC 9535 path."""

    path: str
    names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Something that is sent in the version's place, and what the service answers to it.

    `means` is the microversion at which it then answers; `echo` tells whether the answer names the
    version that was asked for (None: not checked).
    """

    send: str
    status: int = 200
    means: str = ""
    echo: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a service does with the microversion protocol (section "protocol" of its file).

    `echo` and `vary` say on which answers the version header and Vary stand: success, all or none.
    `exempt` are paths that take no part, `path` and `role` are the request that the probes send.
    """

    method: str = "GET"
    path: str = "/"
    role: str = "admin"
    absent: str = ""
    echo: str = "none"
    vary: str = "none"
    latest: int = 0
    below: Probe | None = None
    above: Probe | None = None
    malformed: tuple[Probe, ...] = ()
    other_service: Probe | None = None
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Where a service's secrets stand, beyond what the harness always leaves out.

    `headers` and `query` are names, `json` the names of properties at any depth; all without case. `values`
    are secrets themselves, where they are known: what is shown to a person holds none of them.
    """

    headers: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    values: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volatile:
    """What differs between any two runs: header names, RFC 9535 paths in bodies, and of lists in no order."""

    headers: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A route and a method of the service's API, and the statuses that it documents."""

    method: str
    path: str
    since: Microversion | None = None
    until: Microversion | None = None
    statuses: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a path of this operation looks like: `{x}` stands for one segment."""
        parts = re.split(r"\{[^}]*\}", self.path)
        return re.compile("[^/]+".join(map(re.escape, parts)) + "/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service. `listed` are its known microversions where they cannot be counted.

    `bodies` is what its answers are: json, or xml, which is looked at through its JSON view.
    """

    name: str
    title: str = ""
    dialect: Dialect = Dialect()
    minimum: Microversion | None = None
    maximum: Microversion | None = None
    listed: tuple[Microversion, ...] = ()
    document: Document | None = None
    extensions: Listing | None = None
    majors: Listing | None = None
    profile: Profile | None = None
    error_schema: str = ""
    refused: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)
    """The status of a bad request by kind (`contract_tests.model.derivation.KINDS`); none: it is ignored."""
    secrets: Secrets = Secrets()
    volatile: Volatile = Volatile()
    free_form: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    bodies: str = "json"
    origin: str = field(default="", compare=False)

    @property
    def range(self) -> MicroversionRange:
        """The range that the service file states; the deployment's own may be smaller."""
        return MicroversionRange(low=self.minimum, high=self.maximum)

    @property
    def has_microversions(self) -> bool:
        return self.dialect.kind != "none"
