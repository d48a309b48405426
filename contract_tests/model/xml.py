"""XML bodies: read without entities, DTD or network, looked at by XPath, and through a JSON view.

Namespaces: an element in the document's default namespace is called by its plain name, one with a prefix by
`prefix:name`, with the prefixes that the document's root declares. Both in XPath and in the view.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from typing import Any

from contract_tests.model.http import MISSING

ITEMS = ("item", "member")
"""An element that holds nothing else than elements of one of these names is a list (AWS' query protocols)."""

_MOST = 8 * 2**20
"""Bytes of a document that are read at most."""


def parse(body: bytes) -> Any:
    """The root element of a document; MISSING where `body` is none (`fault` says why)."""
    root, _ = _read(body)
    return root


def fault(body: bytes) -> str:
    """Why a body is no XML that is read here; empty where it is."""
    return _read(body)[1]


def _read(body: bytes) -> tuple[Any, str]:
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return MISSING, "it is empty" if not body else "it does not begin with '<'"
    if len(body) > _MOST:
        return MISSING, f"it is larger than {_MOST // 2**20} MiB"
    from lxml import etree

    # Nothing is fetched and nothing is expanded: a declared entity stays a node without text.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return MISSING, " ".join(str(getattr(error, "msg", error)).split())
    if root.getroottree().docinfo.doctype:
        return MISSING, "it has a document type (DTD), which is not read: an entity in it could be a bomb"
    for element in root.iter():
        if element.prefix is None and isinstance(element.tag, str):
            element.tag = etree.QName(element).localname
    return root, ""


class XmlPath:
    """An XPath 1.0 expression; ValueError where `source` is none."""

    __slots__ = ("source",)

    def __init__(self, source: str) -> None:
        from lxml import etree

        self.source = source
        try:
            etree.XPath(source)
        except etree.XPathError as error:
            raise ValueError(str(error)) from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, XmlPath) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"XmlPath({self.source!r})"

    def find(self, root: Any) -> Any:
        """What it gives: MISSING for no node, the value of one, the list of several; or a scalar.

        An element's value is its text, or its JSON view where it has attributes or elements. ValueError where
        it names a prefix or a function that is not known here.
        """
        from lxml import etree

        prefixes = tuple(sorted((name, uri) for name, uri in root.nsmap.items() if name))
        try:
            found = _compiled(self.source, prefixes)(root)
        except etree.XPathError as error:
            raise ValueError(str(error)) from None
        if isinstance(found, float):
            return int(found) if found.is_integer() else found
        if not isinstance(found, list):
            return found
        values = [one if isinstance(one, str) else _text_or_view(one) for one in found]
        return MISSING if not values else values[0] if len(values) == 1 else values


@functools.lru_cache(maxsize=512)
def _compiled(source: str, prefixes: tuple[tuple[str, str], ...]) -> Any:
    from lxml import etree

    return etree.XPath(source, namespaces=dict(prefixes), smart_strings=False)


def _text_or_view(found: Any) -> Any:
    if not hasattr(found, "tag"):
        return found[1] if isinstance(found, tuple) else str(found)  # a namespace's node
    return "" if (value := _value(found)) is None else value


def view(root: Any) -> dict[str, Any]:
    """The JSON view of a document: one key, the root's name.

    - An element is an object of its elements by name, in order; several of one name are a list.
    - One that holds nothing but `item` elements (or `member`: see ITEMS) is the list of these.
    - One without elements is its text, or null where it is empty.
    - Attributes are properties `@name` (the root's namespaces `@xmlns`, `@xmlns:prefix`); the text beside
      attributes or elements is `#text`. White space between elements is nothing.
    """
    value = _value(root)
    spaces = {"@xmlns" if name is None else f"@xmlns:{name}": uri for name, uri in root.nsmap.items()}
    if spaces:
        inner = "#text" if isinstance(value, str) else _name(root[0]) if isinstance(value, list) else ""
        value = {**spaces, **(value if isinstance(value, dict) else {inner: value} if inner else {})}
    return {_name(root): value}


def _value(element: Any) -> Any:
    own = {f"@{_name_of(element, name)}": text for name, text in element.attrib.items()}
    children = [child for child in element if isinstance(child.tag, str)]
    names = [_name(child) for child in children]
    if children and not own and len(set(names)) == 1 and names[0] in ITEMS:
        return [_value(child) for child in children]
    text = "".join(part for part in (element.text, *(child.tail for child in element)) if part)
    if not children:
        return {**own, **({"#text": text} if text else {})} if own else text or None
    found: dict[str, Any] = dict(own)
    counts = Counter(names)
    for name, child in zip(names, children, strict=True):
        if counts[name] > 1:
            found.setdefault(name, []).append(_value(child))
        else:
            found[name] = _value(child)
    return {**found, "#text": text.strip()} if text.strip() else found


def _name(element: Any) -> str:
    return _name_of(element, element.tag)


def _name_of(element: Any, tag: str) -> str:
    uri, closing, local = tag.rpartition("}")
    if not closing:
        return tag
    spaces: Mapping[str | None, str] = element.nsmap
    prefix = next((name for name, known in spaces.items() if name and known == uri[1:]), "")
    return f"{prefix}:{local}" if prefix else local
