"""From a target, as a person describes it, to a transport for one of its services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from contract_tests.errors import UsageError
from contract_tests.model.dialect import STANDARD_HEADER
from contract_tests.model.service import Service
from contract_tests.model.target import Target
from contract_tests.transport.base import Transport
from contract_tests.transport.identity import ANONYMOUS, Identity, build_identity

_VERSIONED = re.compile(r"/v\d+(\.\d+)?(/|$)")
_VERSION_AT_END = re.compile(r"/v\d+(\.\d+)?(/[^/]*)?/?$")


def roles(target: Target) -> frozenset[str]:
    """The roles that the target has an identity for; `none` is always one of them."""
    own = (role for one in target.proofs.values() for role in one)
    return frozenset({*target.identities, *own, "none"})


def open_proofs(target: Target, service: str) -> dict[str, Identity]:
    """A service's own identities by role, where roles prove themselves otherwise there; errors as below."""
    own = replace(target, identities=target.proofs.get(service, {}))
    return open_identities(own) if own.identities else {}


def open_identities(target: Target) -> dict[str, Identity]:
    """The target's identities by role; nothing is sent yet. UsageError as `build_identity` says.

    Build them once a target and give them to `open_target` for each service, so that they share tokens.
    """
    found: dict[str, Identity] = {
        role: build_identity(
            spec,
            target=target.name,
            role=role,
            tls=target.tls,
            region=target.region,
            interface=target.interface,
            timeout=target.timeout,
        )
        for role, spec in target.identities.items()
    }
    if found:
        found.setdefault("none", ANONYMOUS)
    return found


def open_target(
    target: Target, service: Service, identities: Mapping[str, Identity] | None = None
) -> tuple[Transport, Mapping[str, Identity]]:
    """A transport for `service`, and the identities that it uses.

    The endpoint is `target.endpoints[service.name]`, else `target.endpoints["*"]`, else what the catalog of
    the first identity that has one says. UsageError where there is none, or where it cannot be used; a
    catalog that cannot be had is Unreachable or a UsageError (see `Identity.headers`).
    """
    identities = open_identities(target) if identities is None else identities
    identities = {**identities, **open_proofs(target, service.name)}
    endpoint = target.endpoints.get(service.name) or target.endpoints.get("*")
    if endpoint is None:
        endpoint = _from_catalog(target, service, identities)
    if endpoint.startswith("wsgi:"):
        from contract_tests.transport.wsgi import WsgiTransport, load_application

        try:
            application = load_application(endpoint)
        except UsageError as error:
            raise UsageError(f"target {target.name!r}, service {service.name!r}: {error}") from None
        return WsgiTransport(application, identities, endpoint=f"http://{service.name}.example"), identities
    from contract_tests.transport.live import LiveTransport

    try:
        transport = LiveTransport(endpoint, identities, timeout=target.timeout, tls=target.tls)
    except UsageError as error:
        raise UsageError(f"target {target.name!r}, service {service.name!r}: {error}") from None
    return transport, identities


def service_types(service: Service) -> tuple[str, ...]:
    """What a catalog may call the service.

    The type in its version header, what the service types authority says of a project of that name, with the
    names that it had before, and the service's own name.
    """
    from os_service_types import ServiceTypes

    named = [
        carrier.form.partition("{}")[0].strip()
        for carrier in service.dialect.carriers
        if carrier.name == STANDARD_HEADER
    ]
    authority = ServiceTypes()
    project = authority.get_service_data_for_project(service.name)
    official = authority.get_all_types(project["service_type"]) if project else ()
    return tuple(dict.fromkeys(filter(None, (*named, *official, service.name))))


def service_root(service: Service, url: str) -> str:
    """A catalog's URL without the version (and project) at its end, where the service's paths begin with one.

    A catalog has `http://host/identity/v3` or `http://host/compute/v2.1/PROJECT`; a scenario asks for
    `/v3/users`.
    """
    versioned = any(_VERSIONED.match(operation.path) for operation in service.operations)
    return _VERSION_AT_END.sub("", url) if versioned else url


def _from_catalog(target: Target, service: Service, identities: Mapping[str, Identity]) -> str:
    for identity in identities.values():
        for service_type in service_types(service):
            found = identity.endpoint(service_type)
            if found:
                return service_root(service, found)
    raise UsageError(
        f"target {target.name!r}: no endpoint for the service {service.name!r}, and no identity's catalog "
        f"has {' or '.join(service_types(service))} (region {target.region or 'any'}, "
        f"interface {target.interface}); add '{service.name}: URL' below its 'endpoints'"
    )
