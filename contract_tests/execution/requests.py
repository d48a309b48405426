"""Calls -> requests: templates rendered, the body encoded, the microversion asked for."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from contract_tests.model.dialect import Dialect
from contract_tests.model.http import Request
from contract_tests.model.scenario import DEFAULT_REPRESENTATION, Body, Call
from contract_tests.model.template import Template, Variable, as_text, render

_PATH_SAFE = "/:@!$&'()*+,;=~%-._"
_QUERY_SAFE = "/:@!$'()*,;~-._"
_ACCEPTED = {"json": "application/json", "xml": "application/xml"}
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def build_request(
    call: Call, variables: Mapping[str, Any], dialect: Dialect, microversion: str | None, bodies: str = "json"
) -> Request:
    """The request that `call` makes at `microversion`; UndefinedVariable where a variable has no value.

    Where the call names no Accept, its representation is asked for, else JSON (or by `bodies` XML); where it
    names no Content-Type, its body brings one.
    """
    target = _target(call.target, variables)
    if call.query:
        pairs = [(name, as_text(render(value, variables))) for name, value in call.query]
        target += ("&" if "?" in target else "?") + urlencode(pairs, safe=_QUERY_SAFE)
    headers = [(name, as_text(render(value, variables))) for name, value in call.headers]
    names = {name.lower() for name, _ in headers}
    if "accept" not in names:
        default = call.representation in ("", DEFAULT_REPRESENTATION)
        headers.append(("Accept", _ACCEPTED[bodies] if default else call.representation))
    body = None
    if call.body is not None:
        body = _encode(call.body, variables)
        if "content-type" not in names:
            headers.append(("Content-Type", call.body.media_type))
    request = Request(
        method=call.method,
        target=target,
        headers=tuple(headers),
        body=body,
        role=call.role,
        follow=call.redirects,
        service=call.on,
    )
    return dialect.ask(request, asked_version(call, variables, microversion))


def asked_version(call: Call, variables: Mapping[str, Any], microversion: str | None) -> str | None:
    """What the request names as its version: the call's own word, else the case's; None for nothing."""
    if call.microversion is None:
        return microversion
    text = as_text(render(call.microversion, variables))
    return None if text == "none" else text


def _target(template: Any, variables: Mapping[str, Any]) -> str:
    """The path and query. What a variable brings is percent-encoded.

    A variable that begins the target is a link, and keeps its query. In the path `?` and `#` are data, and
    `%` is where it is no escape already; in the query all that means something there is data.
    """
    if not isinstance(template, Template):
        return _quoted(template, _PATH_SAFE + "?")
    text = ""
    for part in template.parts:
        if not isinstance(part, Variable):
            text += _quoted(part, _PATH_SAFE + "?")
            continue
        value = as_text(Template((part,)).render(variables))
        if "?" in text:
            text += _quoted(value, _QUERY_SAFE)
        else:
            text += _quoted(_LONE_PERCENT.sub("%25", value), _PATH_SAFE if text else _PATH_SAFE + "?")
    return text


@functools.lru_cache(maxsize=4096)
def _quoted(text: str, safe: str) -> str:
    """`text` percent-encoded. Kept, because the parts of paths are the same in every case of a scenario."""
    return quote(text, safe=safe)


def _encode(body: Body, variables: Mapping[str, Any]) -> bytes:
    if body.kind == "json":
        return json.dumps(render(body.value, variables)).encode()
    if body.kind == "form":
        return urlencode([(name, as_text(render(value, variables))) for name, value in body.value]).encode()
    if body.kind == "text":
        return as_text(render(body.value, variables)).encode()
    return bytes(body.value)
