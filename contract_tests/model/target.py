"""Targets: what cases run against, as a person describes it, and what is known of it then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract_tests.model.microversion import Microversion, MicroversionRange


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySpec:
    """How one role proves who it is.

    `kind` is none, token (`values["token"]`), headers (each value a header), password or
    application_credential (keystoneauth's options of that plugin), cloud (`values["cloud"]`, a name in
    clouds.yaml) or aws (`access_key`, `secret_key`, `region`, `service`). Values of secrets never show in its
    repr.
    """

    kind: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """`verify` False accepts any certificate; the others are file paths (PEM)."""

    verify: bool = True
    ca: str = ""
    cert: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A live deployment or an in-process application.

    `endpoints` maps a service's name to its base URL, or to `wsgi:module:callable`; the key "*" serves
    any service. A service that is missing there is looked up in the catalog of the identity, if that has
    one. `proofs` are a service's own identities, for roles that prove themselves otherwise there. `releases`
    are those of services besides the one that `release` speaks of. `counters` are files that grow by a byte
    with each request of a service. `timeout` is seconds a request. `fresh`: each run makes values of its own,
    and so meets nothing that another run left there or is doing.
    """

    name: str
    endpoints: Mapping[str, str] = field(default_factory=dict)
    identities: Mapping[str, IdentitySpec] = field(default_factory=dict)
    proofs: Mapping[str, Mapping[str, IdentitySpec]] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    counters: Mapping[str, str] = field(default_factory=dict)
    release: str = ""
    series: str = ""
    region: str = ""
    interface: str = "public"
    timeout: float = 60.0
    tls: Tls = Tls()
    extensions: tuple[str, ...] = ()
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What a target said of one of its services: by discovery, or in a recording's manifest.

    `range` is None where the service has no microversions. `extensions` and `majors` are names. `noise` is
    what two recordings of it differed in: by call, then path, the kinds of facts (`comparison.noise`).
    `beside` maps the target's other services that scenarios ask to their releases ("" where unknown),
    `endpoints` to their base URLs; `counters` are as those of Target. `salt` is what generated values hang on
    besides; "" in all recordings.
    """

    name: str
    service: str
    endpoint: str
    release: str = ""
    series: str = ""
    range: MicroversionRange | None = None
    listed: tuple[Microversion, ...] = ()
    extensions: tuple[str, ...] = ()
    majors: tuple[str, ...] = ()
    noise: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict, hash=False)
    endpoints: Mapping[str, str] = field(default_factory=dict, hash=False)
    salt: str = ""
    counters: Mapping[str, str] = field(default_factory=dict, hash=False)
