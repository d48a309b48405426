"""Target files -> the model. A secret may stand in the environment: {env: NAME}."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from contract_tests.loading.grammar import seconds
from contract_tests.loading.nodes import MapNode, ScalarNode
from contract_tests.loading.shapes import TARGETS
from contract_tests.loading.source import Source
from contract_tests.model.target import IdentitySpec, Target, Tls

_SCHEMES = ("http://", "https://", "wsgi:")


def read_targets(
    source: Source, environ: Mapping[str, str], names: Collection[str] | None = None
) -> dict[str, Target]:
    """The targets in a file, by name; problems in `source` where anything in it is wrong.

    `names` are those that will be used (None: all): only their secrets must be in `environ`.
    """
    root = source.root
    if root is None or not TARGETS.check(source, root, "the targets file"):
        return {}
    return {
        key.text: _target(source, key.text, node, environ, names is None or key.text in names)
        for key, node in root.get("targets").entries
    }


def _target(source: Source, name: str, node: MapNode, environ: Mapping[str, str], used: bool) -> Target:
    given: dict[str, Any] = {
        key: node.get(key).text
        for key in ("release", "series", "region", "interface")
        if node.get(key) is not None
    }
    timeout, extensions, identities, tls = map(node.get, ("timeout", "extensions", "identities", "tls"))
    proofs, releases, counters = map(node.get, ("proofs", "releases", "counters"))
    if timeout is not None:
        given["timeout"] = seconds(timeout.text)
    if extensions is not None:
        given["extensions"] = tuple(item.text for item in extensions.items)
    if identities is not None:
        given["identities"] = _identities(source, identities, environ, used)
    if proofs is not None:
        given["proofs"] = {key.text: _identities(source, one, environ, used) for key, one in proofs.entries}
    if releases is not None:
        given["releases"] = {key.text: value.text for key, value in releases.entries}
    if node.get("fresh") is not None:
        given["fresh"] = node.get("fresh").value
    if counters is not None:
        given["counters"] = {key.text: value.text for key, value in counters.entries}
    if tls is not None:
        options = {
            key.text: value.value if key.text == "verify" else value.text for key, value in tls.entries
        }
        given["tls"] = Tls(**options)
    return Target(name=name, endpoints=_endpoints(source, node.get("endpoints")), **given)


def _endpoints(source: Source, node: MapNode | None) -> dict[str, str]:
    found = {}
    for key, url in node.entries if node is not None else ():
        if not url.text.startswith(_SCHEMES):
            hint = "write http://…, https://… or wsgi:module:callable"
            source.problem(url, "bad-endpoint", f"'{url.text}' is no endpoint", hint)
        found[key.text] = url.text
    return found


def _identities(
    source: Source, node: MapNode, environ: Mapping[str, str], used: bool
) -> dict[str, IdentitySpec]:
    return {key.text: _identity(source, spec, environ, used) for key, spec in node.entries}


def _identity(source: Source, node: MapNode, environ: Mapping[str, str], used: bool) -> IdentitySpec:
    key, value = node.entries[0]
    kind = key.text
    if kind == "none":
        return IdentitySpec(kind=kind)
    entries = ((key, value),) if kind in ("token", "cloud") else value.entries
    values = {name.text: _secret(source, item, environ, used) for name, item in entries}
    return IdentitySpec(kind=kind, values=values)


def _secret(source: Source, node: ScalarNode | MapNode, environ: Mapping[str, str], used: bool) -> str:
    if isinstance(node, ScalarNode):
        return node.text
    name = node.get("env")
    if used and not environ.get(name.text):
        message = f"the environment variable {name.text} is not set"
        source.problem(name, "unset-variable", message, f"set it before the run: export {name.text}=…")
    return environ.get(name.text, "")
