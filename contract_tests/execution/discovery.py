"""Discovery: what a live target says of one of its services, asked before any case runs."""

from __future__ import annotations

import secrets
from typing import Any

from contract_tests.errors import Unreachable
from contract_tests.model.http import MISSING, Request, Response
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.microversion import Microversion, MicroversionRange
from contract_tests.model.service import Document, Listing, Service
from contract_tests.model.target import Deployment, Target
from contract_tests.transport.base import Channel, Transport


def discover(service: Service, transport: Transport, target: Target) -> Deployment:
    """The deployment of `service` that `transport` reaches.

    - The version document is read without an identity and without a version header; its two ends are the
      range. A service without one has the range that its file states.
    - Where the URL carries the version, the listed major versions that can be read are the microversions,
      and the first and the last of them are the range.
    - What `target.extensions` states is taken instead of asking. A listing of extensions is asked for as
      `admin`, or as the target's first role where it has no admin.
    - Where the target is fresh, generated values get a salt that no other run has.

    Unreachable where something that the service file promises cannot be read; UsageError and Refused as the
    transport says.
    """
    channel = transport.open(None)
    try:
        majors = _names(service.majors, channel, transport, service, "none") if service.majors else ()
        listed = service.listed
        found = _range(service, channel, transport)
        if service.dialect.kind == "url" and majors:
            listed = _readable(service, majors) or listed
            found = MicroversionRange(low=min(listed), high=max(listed)) if listed else found
        extensions = target.extensions
        if service.extensions and not extensions:
            extensions = _names(service.extensions, channel, transport, service, _role(target))
    finally:
        channel.close()
    return Deployment(
        name=target.name,
        service=service.name,
        endpoint=transport.endpoint,
        release=target.release,
        series=target.series,
        range=found,
        listed=listed,
        extensions=tuple(sorted(extensions)),
        majors=majors,
        salt=secrets.token_hex(8) if target.fresh else "",
    )


def _role(target: Target) -> str:
    return "admin" if "admin" in target.identities else next(iter(target.identities), "none")


def _range(service: Service, channel: Channel, transport: Transport) -> MicroversionRange | None:
    if not service.has_microversions:
        return None
    if service.document is None:
        return service.range
    document = _read(service.document, channel, transport, service, "none", "version document")
    return MicroversionRange(
        low=_end(service.document, service.document.minimum, document, transport, service) or service.minimum,
        high=_end(service.document, service.document.maximum, document, transport, service)
        or service.maximum,
    )


def _end(
    place: Document, path: str, document: Any, transport: Transport, service: Service
) -> Microversion | None:
    """One end of the range; None where the service file names no path for it."""
    if not path:
        return None
    found = JsonPath(path).find(document)
    if isinstance(found, list):
        found = found[0] if found else MISSING
    order = service.dialect.order
    if isinstance(found, str) and order is not None and order.key(found) is not None:
        return order.parse(found)
    got = "nothing" if found is MISSING else repr(found)
    raise Unreachable(
        f"GET {transport.endpoint}{place.path}: expected a microversion of {service.name!r} at {path} of the "
        f"version document, found {got}; is this the {service.name} endpoint? (see {_file(service)})"
    )


def _readable(service: Service, names: tuple[str, ...]) -> tuple[Microversion, ...]:
    order = service.dialect.order
    if order is None:
        return ()
    return tuple(sorted({order.parse(name) for name in names if order.key(name) is not None}))


def _names(
    place: Listing, channel: Channel, transport: Transport, service: Service, role: str
) -> tuple[str, ...]:
    document = _read(place, channel, transport, service, role, "listing")
    found = JsonPath(place.names).find(document)
    names = found if isinstance(found, list) else None if found is MISSING else [found]
    if names is None or not all(isinstance(name, str) for name in names):
        raise Unreachable(
            f"GET {transport.endpoint}{place.path}: expected names at {place.names} of the listing, "
            f"found {'nothing' if names is None else 'other values'}; see {_file(service)}"
        )
    return tuple(names)


def _read(
    place: Document | Listing,
    channel: Channel,
    transport: Transport,
    service: Service,
    role: str,
    what: str,
) -> Any:
    request = Request(method="GET", target=place.path, headers=(("Accept", "application/json"),), role=role)
    response: Response = channel.send(request)
    # 300 Multiple Choices is how OpenStack services answer at their root (API-SIG version discovery).
    if response.status in (200, 300) and response.json is not MISSING:
        return response.json
    got = f"{response.status} {response.reason}".strip()
    if response.status in (200, 300):
        got += f" with {response.header('content-type') or 'a body without a type'}, which is no JSON"
    raise Unreachable(
        f"GET {transport.endpoint}{place.path}: expected the {what} of {service.name!r} (200 or 300, JSON), "
        f"got {got}; is this the {service.name} endpoint? (see {_file(service)})"
    )


def _file(service: Service) -> str:
    return service.origin or f"the service file of {service.name!r}"
