"""Target files -> the model. A secret may stand in the environment: {env: NAME}."""

from __future__ import annotations

from collections.abc import Mapping

from contract_tests.loading.grammar import seconds
from contract_tests.loading.shapes import TARGETS
from contract_tests.loading.source import MapNode, ScalarNode, Source
from contract_tests.model.target import IdentitySpec, Target, Tls


def read_targets(source: Source, environ: Mapping[str, str]) -> dict[str, Target]:
    """The targets in a file, by name; problems in `source` where anything in it is wrong."""
    root = source.root
    if root is None or not TARGETS.check(source, root, "the targets file"):
        return {}
    return {key.text: _target(source, key.text, node, environ) for key, node in root.get("targets").entries}


def _target(source: Source, name: str, node: MapNode, environ: Mapping[str, str]) -> Target:
    texts = {
        key: node.get(key).text
        for key in ("release", "series", "region", "interface")
        if node.get(key) is not None
    }
    tls = node.get("tls")
    timeout = {"timeout": seconds(node.get("timeout").text)} if node.get("timeout") is not None else {}
    identities = node.get("identities")
    for _, url in node.get("endpoints").entries if node.get("endpoints") is not None else ():
        if not url.text.startswith(("http://", "https://", "wsgi:")):
            source.problem(
                url,
                "bad-endpoint",
                f"'{url.text}' is no endpoint",
                "write http://…, https://… or wsgi:module:callable",
            )
    return Target(
        name=name,
        endpoints=_texts(node.get("endpoints")),
        identities={key.text: _identity(source, spec, environ) for key, spec in identities.entries}
        if identities is not None
        else {},
        tls=Tls(
            **{key.text: value.value if key.text == "verify" else value.text for key, value in tls.entries}
        )
        if tls is not None
        else Tls(),
        extensions=tuple(item.text for item in node.get("extensions").items)
        if node.get("extensions") is not None
        else (),
        **texts,
        **timeout,
    )


def _texts(node: MapNode | None) -> dict[str, str]:
    return {key.text: value.text for key, value in node.entries} if node is not None else {}


def _identity(source: Source, node: MapNode, environ: Mapping[str, str]) -> IdentitySpec:
    key, value = node.entries[0]
    kind = key.text
    if kind == "none":
        return IdentitySpec(kind=kind)
    if kind in ("token", "cloud"):
        return IdentitySpec(kind=kind, values={kind: _secret(source, value, environ)})
    return IdentitySpec(
        kind=kind, values={name.text: _secret(source, item, environ) for name, item in value.entries}
    )


def _secret(source: Source, node: ScalarNode | MapNode, environ: Mapping[str, str]) -> str:
    if isinstance(node, ScalarNode):
        return node.text
    name = node.get("env")
    if name.text not in environ:
        source.problem(
            name,
            "unset-variable",
            f"the environment variable {name.text} is not set",
            f"set it before the run: export {name.text}=…",
        )
        return ""
    return environ[name.text]
