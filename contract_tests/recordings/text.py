"""The texts of an interaction (its target, header values and bodies), edited alike wherever they stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from contract_tests.model.http import Headers, Interaction, header_values

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Place:
    """One text of an interaction, and where it stands ("response header 'location'")."""

    name: str
    text: str | bytes


def places(interaction: Interaction) -> Iterator[Place]:
    """Everything of an interaction that a cassette would hold; bodies as bytes."""
    request, response = interaction.request, interaction.response
    yield Place("the name", interaction.call)
    yield Place("the method", request.method)
    yield Place("the URI", request.target)
    for side, headers in (("request", request.headers), ("response", response.headers)):
        for name, value in headers:
            yield Place(f"the name of {side} header {name!r}", name)
            yield Place(f"{side} header {name!r}", value)
    yield Place("the request body", request.body or b"")
    yield Place("the response's reason", response.reason)
    yield Place("the response body", response.body)


def edit(interaction: Interaction, change: Callable[[str], str]) -> Interaction:
    """The interaction with every text changed. A body that is no UTF-8 stays as it is."""
    request, response = interaction.request, interaction.response
    return replace(
        interaction,
        request=replace(
            request,
            target=change(request.target),
            headers=edit_headers(request.headers, change),
            body=None if request.body is None else edit_body(request.body, change),
        ),
        response=replace(
            response,
            headers=edit_headers(response.headers, change),
            body=edit_body(response.body, change),
        ),
    )


def edit_headers(headers: Headers, change: Callable[[str], str]) -> Headers:
    """The headers with every value changed."""
    return tuple((name, change(value)) for name, value in headers)


def edit_body(body: bytes, change: Callable[[str], str]) -> bytes:
    """The body with its text changed; as it is where it is no UTF-8."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    changed = change(text)
    return body if changed == text else changed.encode()


def decoded(body: bytes) -> tuple[str, str]:
    """The text of any body, and the encoding that makes the same bytes of it, with `surrogateescape`.

    It is UTF-8, or UTF-16 or UTF-32 where its first bytes say so (RFC 4627, 3, and byte order marks).
    """
    encoding: str = json.detect_encoding(body)
    if encoding in ("utf-16", "utf-32"):
        encoding += "-le" if body[0] == 0xFF else "-be"  # so that the mark stays where it is
    if encoding != "utf-8":
        try:
            text = body.decode(encoding)
            if text.encode(encoding) == body:
                return text, encoding
        except UnicodeError:
            pass
    return body.decode("utf-8", "surrogateescape"), "utf-8"


def beginning(text: str) -> str:
    """The first character that says what a text is: not white space, and not a byte order mark."""
    return text.lstrip("\ufeff \t\r\n\f\v")[:1]


def media_type(headers: Headers) -> str:
    """The media type that the headers tell, in lower case and without its parameters."""
    values = header_values(headers, "content-type")
    return values[0].partition(";")[0].strip().lower() if values else ""


def is_json(headers: Headers) -> bool:
    """Whether the headers call the body JSON (application/json, or a +json suffix: RFC 6839)."""
    name = media_type(headers)
    return name == "application/json" or name.endswith("+json")
