"""Service files -> the model."""

from __future__ import annotations

from typing import Any

from contract_tests.loading.nodes import MapNode, ScalarNode
from contract_tests.loading.shapes import METHODS, SERVICE, VERSION_SHAPE
from contract_tests.loading.source import Source
from contract_tests.model.dialect import DEFAULT_ORDERS, KINDS, Carrier, Dialect, openstack
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
_VERSIONED = tuple(kind for kind in KINDS if kind != "none")
_ONLY = {
    "service_type": ("openstack",),
    "standard": ("openstack",),
    "legacy": ("openstack",),
    "header": ("header",),
    "form": ("header", "url"),
    "parameter": ("query", "media-type"),
    "media_type": ("media-type",),
    **dict.fromkeys(("order", "min", "max", "values", "document"), _VERSIONED),
}
"""The keys of `version` that mean something to some dialects only."""


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
        root = self.root
        name, version, errors = root.get("service"), root.get("version"), root.get("errors")
        bodies = root.get("bodies")
        if name.text != stem:
            message = f"the file is named '{stem}', the service '{name.text}'"
            self.source.problem(name, "bad-file-name", message, "give both one name")
        dialect = self._dialect(version)
        minimum, maximum, listed = self._range(version, dialect)
        found = Service(
            name=name.text,
            title=_text(root.get("title")) or name.text,
            dialect=dialect,
            minimum=minimum,
            maximum=maximum,
            listed=listed,
            document=_document(version.get("document")),
            extensions=_listing(root.get("extensions")),
            majors=_listing(version.get("majors")),
            profile=self._profile(root.get("protocol")),
            error_schema=_text(errors.get("schema")) if errors is not None else "",
            refused=_refused(errors.get("refused")) if errors is not None else {},
            secrets=Secrets(**_names(root.get("secrets"), "headers", "query", "json")),
            volatile=Volatile(**_names(root.get("volatile"), "headers", "json", "order")),
            free_form=_texts(root.get("free_form")),
            operations=tuple(map(self._operation, _items(root.get("operations")))),
            bodies=_text(bodies) or "json",
            origin=self.source.path,
        )
        return None if self.source.problems else found

    def _range(
        self, node: MapNode, dialect: Dialect
    ) -> tuple[Microversion | None, Microversion | None, tuple[Microversion, ...]]:
        """`min`, `max` and `values`."""
        minimum, maximum = self._version(node.get("min")), self._version(node.get("max"))
        if minimum is not None and maximum is not None and minimum > maximum:
            message = f"'max' {maximum} is below 'min' {minimum}"
            self.source.problem(
                node.get("max"), "bad-microversion", message, "the newest version is the 'max'"
            )
        values = [self._version(item) for item in _items(node.get("values"))]
        listed = tuple(version for version in values if version is not None)
        if list(listed) != sorted(set(listed)):
            message = "'values' must be in order, oldest first, each once"
            self.source.problem(node.get("values"), "bad-microversion", message, "sort them")
        if listed:
            minimum, maximum = minimum or listed[0], maximum or listed[-1]
        elif dialect.kind != "none" and (node.get("min") is None or node.get("max") is None):
            message = "'version' lacks 'min' and 'max' (or 'values')"
            self.source.problem(node, "missing-key", message, "say what the newest release advertises")
        return minimum, maximum, listed

    def _version(self, node: ScalarNode | None) -> Microversion | None:
        if node is None or self.order is None:
            return None
        try:
            return self.order.parse(node.text)
        except ValueError as error:
            self.source.problem(node, "bad-microversion", str(error))
            return None

    def _dialect(self, node: MapNode) -> Dialect:
        kind = node.get("dialect").text
        order = node.get("order")
        chosen = order.text if order is not None else DEFAULT_ORDERS.get(kind)
        self.order = ORDERS[chosen] if chosen is not None and kind != "none" else None
        if not self._check_dialect(kind, node):
            return Dialect(kind=kind, order=self.order)
        if kind == "openstack":
            standard = node.get("standard") is None or node.get("standard").value
            return openstack(
                node.get("service_type").text, standard=standard, legacy=_texts(node.get("legacy"))
            )
        form = _text(node.get("form"))
        header = _text(node.get("header"))
        return Dialect(
            kind=kind,
            order=self.order,
            carriers=(Carrier(name=header, form=form or "{}"),) if kind == "header" else (),
            parameter=_text(node.get("parameter")),
            media_type=_text(node.get("media_type")) or "application/json",
            prefix=form or "/{}",
        )

    def _check_dialect(self, kind: str, node: MapNode) -> bool:
        before = len(self.source.problems)
        needed, form, standard = _NEEDS.get(kind), node.get("form"), node.get("standard")
        if needed and node.get(needed) is None:
            message = f"the dialect '{kind}' needs the key '{needed}'"
            hint = f"{needed}: {VERSION_SHAPE.fields[needed].doc.partition(': ')[2]}"
            self.source.problem(node, "missing-key", message, hint)
        for key, _ in node.entries:
            if kind not in _ONLY.get(key.text, (kind,)):
                message = f"'{key.text}' means nothing to the dialect '{kind}'"
                hint = f"it belongs to {', '.join(_ONLY[key.text])}; leave it out"
                self.source.problem(key, "unknown-key", message, hint)
        if form is not None and [part for part in form.text if part in "{}"] != ["{", "}"]:
            message = "'form' must hold {} once, where the version stands, and no other braces"
            self.source.problem(form, "bad-form", message, "for example 'v{}'")
        if standard is not None and not standard.value and node.get("legacy") is None:
            message = "without the standard header 'legacy' must name one"
            self.source.problem(standard, "missing-key", message, "legacy: [X-Openstack-Service-API-Version]")
        if kind == "openstack" and self.order is not None and self.order.name != "number":
            message = "the dialect 'openstack' has the order 'number'"
            self.source.problem(node.get("order"), "unknown-word", message, "leave 'order' out")
        return len(self.source.problems) == before

    def _profile(self, node: MapNode | None) -> Profile | None:
        if node is None:
            return None
        probe, latest = node.get("probe"), node.get("latest")
        method, path = _method(probe)
        malformed = (self._probe(item) for item in _items(node.get("malformed")))
        return Profile(
            method=method,
            path=path,
            role=_text(probe.get("as")) or "admin",
            absent=str(self._version(node.get("absent")) or ""),
            echo=_text(node.get("echo")) or "none",
            vary=_text(node.get("vary")) or "none",
            latest=latest.value if latest is not None else 0,
            below=self._probe(node.get("below")),
            above=self._probe(node.get("above")),
            malformed=tuple(probe for probe in malformed if probe is not None),
            other_service=self._probe(node.get("other_service")),
            exempt=_texts(node.get("exempt")),
        )

    def _probe(self, node: MapNode | None) -> Probe | None:
        if node is None:
            return None
        status, echo = node.get("status"), node.get("echo")
        return Probe(
            send=node.get("send").text,
            status=status.value if status is not None else 200,
            means=str(self._version(node.get("means")) or ""),
            echo=echo.value if echo is not None else None,
        )

    def _operation(self, node: MapNode) -> Operation:
        method, path = _method(node)
        since, until = self._version(node.get("since")), self._version(node.get("until"))
        if since is not None and until is not None and until < since:
            message = f"'until' {until} is below 'since' {since}"
            self.source.problem(node.get("until"), "bad-microversion", message, "'until' is the last one")
        statuses = tuple(item.value for item in _items(node.get("statuses")))
        return Operation(method=method, path=path, since=since, until=until, statuses=statuses)


def _refused(node: MapNode | None) -> dict[str, tuple[int, ...]]:
    entries = node.entries if node is not None else ()
    return {key.text: () if value.text == "ignored" else (value.value,) for key, value in entries}


def _method(node: MapNode) -> tuple[str, str]:
    return next((key.text, value.text) for key, value in node.entries if key.text in METHODS)


def _document(node: MapNode | None) -> Document | None:
    if node is None:
        return None
    return Document(
        path=_text(node.get("path")), minimum=_text(node.get("min")), maximum=_text(node.get("max"))
    )


def _listing(node: MapNode | None) -> Listing | None:
    return Listing(path=_text(node.get("path")), names=_text(node.get("names"))) if node is not None else None


def _text(node: ScalarNode | None) -> str:
    return node.text if node is not None else ""


def _items(node: Any) -> tuple[Any, ...]:
    return node.items if node is not None else ()


def _texts(node: Any) -> tuple[str, ...]:
    return tuple(item.text for item in _items(node))


def _names(node: MapNode | None, *keys: str) -> dict[str, tuple[str, ...]]:
    return {key: _texts(node.get(key)) for key in keys} if node is not None else {}
