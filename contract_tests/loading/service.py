"""Service files -> the model."""

from __future__ import annotations


from contract_tests.loading.shapes import METHODS, SERVICE
from contract_tests.loading.source import ListNode, MapNode, ScalarNode, Source
from contract_tests.model.dialect import DEFAULT_ORDERS, Carrier, Dialect, openstack
from contract_tests.model.microversion import ORDERS, Microversion, Order
from contract_tests.model.service import (
    Document,
    Listing,
    Operation,
    Probe,
    Profile,
    Secrets,
    Service,
    Volatile,
)

_NEEDS = {"openstack": "service_type", "header": "header", "query": "parameter", "media-type": "parameter"}
_ONLY = {
    "service_type": ("openstack",),
    "standard": ("openstack",),
    "legacy": ("openstack",),
    "header": ("header",),
    "form": ("header", "url"),
    "parameter": ("query", "media-type"),
    "media_type": ("media-type",),
}


def read_service(source: Source, stem: str) -> Service | None:
    """The service in a file named `stem`; None (and problems in `source`) where anything in it is wrong."""
    root = source.root
    if root is None or not SERVICE.check(source, root, "the service file"):
        return None
    return _Reader(source, root).read(stem)


class _Reader:
    def __init__(self, source: Source, root: MapNode) -> None:
        self.source = source
        self.root = root
        self.order: Order | None = None

    def read(self, stem: str) -> Service | None:
        root, source = self.root, self.source
        if root.get("service").text != stem:
            source.problem(
                root.get("service"),
                "bad-file-name",
                f"the file is named '{stem}', the service '{root.get('service').text}'",
                "give both one name",
            )
        version = root.get("version")
        dialect = self._dialect(version)
        minimum, maximum = self._version(version.get("min")), self._version(version.get("max"))
        if minimum is not None and maximum is not None and minimum > maximum:
            source.problem(
                version.get("max"), "bad-microversion", f"'max' {maximum} is below 'min' {minimum}"
            )
        listed = (
            tuple(filter(None, (self._version(item) for item in version.get("values").items)))
            if version.get("values")
            else ()
        )
        if listed and list(listed) != sorted(set(listed)):
            source.problem(
                version.get("values"),
                "bad-microversion",
                "'values' must be in order, oldest first, each once",
            )
        if listed:
            minimum, maximum = minimum or listed[0], maximum or listed[-1]
        if dialect.kind != "none" and (minimum is None or maximum is None):
            source.problem(
                version,
                "missing-key",
                "'version' lacks 'min' and 'max' (or 'values')",
                "say what the newest release advertises",
            )
        document = version.get("document")
        found = Service(
            name=root.get("service").text,
            title=_text(root.get("title")) or root.get("service").text,
            dialect=dialect,
            minimum=minimum,
            maximum=maximum,
            listed=listed,
            document=Document(
                path=_text(document.get("path")),
                minimum=_text(document.get("min")),
                maximum=_text(document.get("max")),
            )
            if document
            else None,
            extensions=_listing(root.get("extensions")),
            majors=_listing(version.get("majors")),
            profile=self._profile(root.get("protocol")),
            error_schema=_text(root.get("errors").get("schema")) if root.get("errors") else "",
            secrets=Secrets(**_names(root.get("secrets"), "headers", "query", "json")),
            volatile=Volatile(**_names(root.get("volatile"), "headers", "json")),
            free_form=tuple(item.text for item in root.get("free_form").items)
            if root.get("free_form")
            else (),
            operations=tuple(self._operation(item) for item in root.get("operations").items)
            if root.get("operations")
            else (),
            origin=source.path,
        )
        return None if source.problems else found

    def _version(self, node: ScalarNode | None) -> Microversion | None:
        if node is None:
            return None
        if self.order is None:
            self.source.problem(
                node,
                "no-microversions",
                "the dialect 'none' knows no versions",
                "choose another dialect, or leave this out",
            )
            return None
        try:
            return self.order.parse(node.text)
        except ValueError as error:
            self.source.problem(node, "bad-microversion", str(error))
            return None

    def _dialect(self, node: MapNode) -> Dialect:
        kind = node.get("dialect").text
        needed = _NEEDS.get(kind)
        if needed and node.get(needed) is None:
            self.source.problem(node, "missing-key", f"the dialect '{kind}' needs the key '{needed}'")
            return Dialect()
        for key, _ in node.entries:
            if kind not in _ONLY.get(key.text, (kind,)):
                self.source.problem(
                    key,
                    "unknown-key",
                    f"'{key.text}' means nothing to the dialect '{kind}'",
                    f"it belongs to {' and '.join(_ONLY[key.text])}",
                )
        form = node.get("form")
        if form is not None and form.text.count("{}") != 1:
            self.source.problem(form, "wrong-type", "'form' must hold {} once, where the version stands")
        chosen = node.get("order").text if node.get("order") is not None else DEFAULT_ORDERS.get(kind)
        self.order = ORDERS[chosen] if chosen is not None else None
        if kind == "openstack":
            standard = node.get("standard") is None or node.get("standard").value
            legacy = [item.text for item in node.get("legacy").items] if node.get("legacy") else []
            if not standard and not legacy:
                self.source.problem(
                    node.get("standard"), "missing-key", "without the standard header 'legacy' must name one"
                )
            if chosen != "number":
                self.source.problem(
                    node.get("order"), "unknown-word", "the dialect 'openstack' has the order 'number'"
                )
            return openstack(node.get("service_type").text, standard=standard, legacy=legacy)
        carriers = (
            (Carrier(name=node.get("header").text, form=_text(form) or "{}"),) if kind == "header" else ()
        )
        return Dialect(
            kind=kind,
            order=self.order,
            carriers=carriers,
            parameter=_text(node.get("parameter")),
            media_type=_text(node.get("media_type")) or "application/json",
            prefix=_text(form) or "/{}",
        )

    def _profile(self, node: MapNode | None) -> Profile | None:
        if node is None:
            return None
        probe = node.get("probe")
        method, path = next((key.text, value.text) for key, value in probe.entries if key.text in METHODS)
        absent = self._version(node.get("absent"))
        latest = node.get("latest")
        probes = {key: self._probe(node.get(key)) for key in ("below", "above", "other_service")}
        malformed = node.get("malformed")
        return Profile(
            method=method,
            path=path,
            role=_text(probe.get("as")) or "admin",
            absent=str(absent) if absent is not None else "",
            echo=_text(node.get("echo")) or "none",
            vary=_text(node.get("vary")) or "none",
            latest=latest.value if latest is not None else 0,
            malformed=tuple(p for item in malformed.items if (p := self._probe(item)) is not None)
            if malformed
            else (),
            exempt=tuple(item.text for item in node.get("exempt").items) if node.get("exempt") else (),
            **probes,
        )

    def _probe(self, node: MapNode | None) -> Probe | None:
        if node is None:
            return None
        status, echo = node.get("status"), node.get("echo")
        means = self._version(node.get("means"))
        return Probe(
            send=node.get("send").text,
            status=status.value if status is not None else 200,
            means=str(means) if means is not None else "",
            echo=echo.value if echo is not None else None,
        )

    def _operation(self, node: MapNode) -> Operation:
        method, path = next((key.text, value.text) for key, value in node.entries if key.text in METHODS)
        return Operation(
            method=method,
            path=path,
            since=self._version(node.get("since")),
            until=self._version(node.get("until")),
            statuses=tuple(item.value for item in node.get("statuses").items) if node.get("statuses") else (),
        )


def _text(node: ScalarNode | None) -> str:
    return node.text if node is not None else ""


def _names(node: MapNode | None, *keys: str) -> dict[str, tuple[str, ...]]:
    lists: dict[str, ListNode] = (
        {key: node.get(key) for key in keys if node.get(key) is not None} if node is not None else {}
    )
    return {key: tuple(item.text for item in value.items) for key, value in lists.items()}


def _listing(node: MapNode | None) -> Listing | None:
    return Listing(path=_text(node.get("path")), names=_text(node.get("names"))) if node is not None else None
