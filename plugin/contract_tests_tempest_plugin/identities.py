"""Tempest's credentials as identities of contract-tests, and Tempest's configuration as a target."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from tempest.lib import exceptions

from contract_tests.errors import Unreachable, UsageError
from contract_tests.model.http import Headers
from contract_tests.model.service import Service
from contract_tests.model.target import IdentitySpec, Target, Tls
from contract_tests.transport.open import service_root, service_types
from contract_tests_tempest_plugin.config import GROUP

TEMPEST_GROUPS = {
    "cinder": "volume",
    "glance": "image",
    "keystone": "identity",
    "neutron": "network",
    "nova": "compute",
    "placement": "placement",
    "swift": "object_storage",
}
"""A service's name -> the group of tempest.conf that has its type in the catalog, and its region."""


class TempestIdentity:
    """The auth provider of a client manager of Tempest's."""

    def __init__(self, role: str, provider: Any) -> None:
        self._role = role
        self._provider = provider
        self._secrets = {getattr(provider.credentials, "password", None) or "": None}

    def headers(self) -> Headers:
        """The role's token; UsageError where Keystone refuses it, Unreachable where it does not answer."""
        try:
            token = self._provider.get_token()
        except (exceptions.Unauthorized, exceptions.Forbidden) as error:
            raise UsageError(
                f"role {self._role!r}: Keystone refused Tempest's credentials: {error}"
            ) from None
        except Exception as error:
            raise Unreachable(f"role {self._role!r}: no token from Keystone: {error}") from None
        self._secrets[token] = None
        return (("X-Auth-Token", token),)

    def sign(self, method: str, url: str, headers: Headers, body: bytes | None) -> Headers:
        return ()

    def secrets(self) -> tuple[str, ...]:
        return tuple(filter(None, self._secrets))

    def endpoint(self, service_type: str, region: str | None = None, interface: str = "public") -> str | None:
        """The catalog's URL of a service, or None. Errors as above."""
        self.headers()
        filters = {"service": service_type, "region": region, "endpoint_type": f"{interface}URL"}
        try:
            return str(self._provider.base_url(filters)).rstrip("/")
        except exceptions.EndpointNotFound:
            return None


def target(
    conf: Any, service: Service, beside: Iterable[Service], identities: Mapping[str, TempestIdentity]
) -> Target:
    """The deployment that tempest.conf describes, for one service, and those that its scenarios ask besides.

    UsageError where there is no endpoint for the service; errors of the catalog as `headers` tells them.
    """
    group = conf.contract_tests
    tls = conf.identity
    endpoints = {service.name: _endpoint(conf, service, identities)}
    for other in beside:
        with contextlib.suppress(UsageError):  # no catalog has it: the plan says so of each case
            endpoints[other.name] = _endpoint(conf, other, identities)
    return Target(
        name=f"{service.name} of tempest.conf",
        endpoints=endpoints,
        identities={role: IdentitySpec(kind="tempest") for role in identities},
        release=group.releases.get(service.name, ""),
        releases=group.releases,
        timeout=float(conf.service_clients.http_timeout),
        fresh=group.fresh and not group.record_directory,
        tls=Tls(verify=not tls.disable_ssl_certificate_validation, ca=tls.ca_certificates_file or ""),
    )


def _endpoint(conf: Any, service: Service, identities: Mapping[str, TempestIdentity]) -> str:
    """What 'endpoints' says, or where the catalog has the service, without the version of its own paths."""
    group = conf.contract_tests
    if service.name in group.endpoints:
        return str(group.endpoints[service.name])
    own = getattr(conf, TEMPEST_GROUPS[service.name]) if service.name in TEMPEST_GROUPS else None
    types = (group.catalog_types.get(service.name), getattr(own, "catalog_type", None))
    region = getattr(own, "region", None) or conf.identity.region
    tried = tuple(dict.fromkeys(filter(None, (*types, *service_types(service)))))
    for identity in identities.values():
        for service_type in tried:
            found = identity.endpoint(service_type, region, group.endpoint_type)
            if found:
                return service_root(service, found)
    raise UsageError(
        f"the catalog has no {group.endpoint_type} endpoint of {' or '.join(tried)} (region {region}); set "
        f"'endpoints' or 'catalog_types' in [{GROUP.name}], or leave {service.name} out of 'services'"
    )
