"""Version dialects: how a client asks for a microversion, and how an answer says which one it is.

A dialect is data. `ask` puts a microversion into a request, `echoed` reads it from a response, `carried`
tells what part of a request speaks of the version at all (so that a recording can be matched on it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from contract_tests.model.http import Headers, Request, Response, header_values, split_target
from contract_tests.model.microversion import ORDERS, Order

STANDARD_HEADER = "OpenStack-API-Version"

KINDS = {
    "openstack": "OpenStack-API-Version: SERVICE_TYPE X.Y, legacy headers beside it (API-SIG microversions)",
    "header": "a header of the service's own: HEADER: VERSION",
    "url": "a prefix of every path: /v2/…",
    "media-type": "a parameter of the Accept header: application/json;version=2",
    "query": "a query parameter: ?api-version=2024-06-01",
    "none": "the API has no versions that a request could ask for",
}

DEFAULT_ORDERS = {
    "openstack": "number",
    "header": "date",
    "url": "major",
    "media-type": "semantic",
    "query": "date",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A header that carries the version; `form` holds `{}` where the version stands."""

    name: str
    form: str = "{}"

    def read(self, value: str) -> str | None:
        """The version in one header value, or None where it speaks of something else."""
        before, _, after = self.form.partition("{}")
        if len(value) >= len(self.form) - 2 and value.startswith(before) and value.endswith(after):
            return value[len(before) : len(value) - len(after)].strip()
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How versions are asked for and told. `kind` is a key of KINDS.

    `carriers` are the headers that a request carries, the first being the one that decides;
    `parameter` names the query or media-type parameter; `prefix` is the form of the URL's prefix.
    """

    kind: str = "none"
    order: Order | None = None
    carriers: tuple[Carrier, ...] = ()
    parameter: str = ""
    media_type: str = "application/json"
    prefix: str = "/{}"

    def ask(self, request: Request, version: str | None) -> Request:
        """`request`, asking for `version`; None asks for none (the header, parameter or prefix is left out).

        A request that speaks of its version itself keeps its word: a header, a parameter, or a target that
        a service gave as a link (a whole URL, or a path that begins with the version).
        """
        if version is None or self.kind == "none":
            return request
        if self.carriers:
            own = {name.lower() for name, _ in request.headers}
            added = tuple(
                (c.name, c.form.format(version)) for c in self.carriers if c.name.lower() not in own
            )
            return replace(request, headers=request.headers + added)
        if self.kind == "url":
            prefix = self.prefix.format(version)
            if "://" in request.target or re.match(f"{re.escape(prefix)}(?=[/?]|$)", request.target):
                return request
            return replace(request, target=prefix + request.target)
        if self.kind == "query":
            if self.parameter in dict(split_target(request.target)[1]):
                return request
            joint = "&" if "?" in request.target else "?"
            return replace(request, target=f"{request.target}{joint}{self.parameter}={version}")
        return self._ask_by_media_type(request, version)

    def _ask_by_media_type(self, request: Request, version: str) -> Request:
        """The parameter goes to each media type that is asked for; plain JSON is the dialect's own type."""
        named = ", ".join(header_values(request.headers, "accept"))
        if named in ("", "application/json"):
            named = self.media_type
        parts = []
        for part in named.split(","):
            media, joint, rest = part.strip().partition(";")
            if media_parameter(part, self.parameter) is None:
                media = f"{media};{self.parameter}={version}"
            parts.append(f"{media}{joint}{rest}")
        others = tuple(header for header in request.headers if header[0].lower() != "accept")
        return replace(request, headers=(*others, ("Accept", ", ".join(parts))))

    def echoed(self, response: Response) -> tuple[str, ...]:
        """The versions that the response says it is, one for each carrier that speaks (often one)."""
        return tuple(version for _, version in self.echoes(response.headers))

    def echoes(self, headers: Headers) -> tuple[tuple[str, str], ...]:
        """(header name, version) of each header that tells a version."""
        if self.kind == "media-type":
            return tuple(
                ("Content-Type", version)
                for value in header_values(headers, "content-type")
                if (version := media_parameter(value, self.parameter)) is not None
            )
        return tuple(
            (carrier.name, version)
            for carrier in self.carriers
            for value in header_values(headers, carrier.name)
            for part in value.split(",")
            if (version := carrier.read(part.strip())) is not None
        )

    def carried(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """What of a request's headers speaks of the version, in a form that compares.

        The URL and query dialects carry it in the target, which is compared anyway.
        """
        if self.kind == "media-type":
            versions = (
                media_parameter(part, self.parameter)
                for value in header_values(headers, "accept")
                for part in value.split(",")
            )
            return tuple(sorted(("accept", version) for version in versions if version is not None))
        names = {carrier.name.lower() for carrier in self.carriers}
        return tuple(
            sorted(
                (name.lower(), " ".join(value.split())) for name, value in headers if name.lower() in names
            )
        )

    def without_version(self, target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """A target's path and query less what the dialect put there: what was asked, at any version."""
        path, query = split_target(target)
        if self.kind == "query":
            query = tuple(pair for pair in query if pair[0] != self.parameter)
        if self.kind == "url":
            before, _, after = self.prefix.partition("{}")
            found = re.match(f"{re.escape(before)}([^/]+){re.escape(after)}(?=/|$)", path)
            if found and (self.order is None or self.order.key(found[1]) is not None):
                path = path[found.end() :]
        return path, query


def media_parameter(value: str, name: str) -> str | None:
    """One parameter of a media type: `version` of `application/json; version=2` is `2`."""
    for part in value.split(";")[1:]:
        key, _, found = part.partition("=")
        if key.strip().lower() == name.lower():
            return found.strip().strip('"')
    return None


def openstack(service_type: str, *, standard: bool = True, legacy: Iterable[str] = ()) -> Dialect:
    """OpenStack's microversion header, with the legacy names that a service reads beside or instead of it."""
    carriers = [Carrier(name=STANDARD_HEADER, form=f"{service_type} {{}}")] if standard else []
    return Dialect(
        kind="openstack",
        order=ORDERS["number"],
        carriers=(*carriers, *(Carrier(name=name) for name in legacy)),
    )
