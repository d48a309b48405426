"""What other programs make of a deployment's version document: keystoneauth and openstacksdk, as they are."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contract_tests.model.target import Tls

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one client read: (version, lowest, highest microversion) each; or why it could not.

    `lists`: it reads all versions, and not only the one that it would take. `missing`: it is not installed.
    """

    client: str
    versions: tuple[tuple[str, str, str], ...] = ()
    problem: str = ""
    lists: bool = True
    missing: bool = False


def ask_clients(url: str, service_type: str, tls: Tls) -> tuple[Told, ...]:
    """Let keystoneauth read the versions at `url`, and openstacksdk for a service of that type ("": not)."""
    verify: bool | str = tls.ca or tls.verify
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(_all(url, service_type, verify))


def _all(url: str, service_type: str, verify: bool | str) -> Iterator[Told]:
    yield _keystoneauth(url, verify)
    if service_type:
        yield _openstacksdk(url, service_type, verify)


def _keystoneauth(url: str, verify: bool | str) -> Told:
    from keystoneauth1 import discover, session

    try:
        found = discover.Discover(session.Session(verify=verify), url)
        data = found.version_data(
            allow_experimental=True, allow_deprecated=True, allow_unknown=True, reverse=False
        )
    except Exception as error:  # whatever a client raises there, a person meets
        return Told(client="keystoneauth", problem=_words(error))
    versions = tuple(
        (_dotted(one["version"]), _dotted(one.get("min_microversion")), _dotted(one.get("max_microversion")))
        for one in data
    )
    return Told(client="keystoneauth", versions=versions)


def _openstacksdk(url: str, service_type: str, verify: bool | str) -> Told:
    try:
        from openstack import connection
    except ImportError:
        return Told(client="openstacksdk", missing=True)
    key = service_type.replace("-", "_")
    try:
        make: Any = connection.Connection
        cloud = make(
            auth_type="none",
            auth={"endpoint": url},
            verify=verify if isinstance(verify, bool) else True,
            cacert=verify if isinstance(verify, str) else None,
            app_name="contract-tests",
            **{f"{key}_endpoint_override": url},
        )
        data = getattr(cloud, key).get_endpoint_data()
    except Exception as error:  # as above
        return Told(client="openstacksdk", problem=_words(error))
    if data is None or data.api_version is None:
        return Told(client="openstacksdk", problem="it finds no version there", lists=False)
    ends = (_dotted(data.min_microversion), _dotted(data.max_microversion))
    return Told(client="openstacksdk", versions=((_dotted(data.api_version), *ends),), lists=False)


def _dotted(version: Any) -> str:
    return ".".join(map(str, version)) if isinstance(version, tuple) else str(version or "")


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
