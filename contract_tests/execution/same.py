"""Whether an answer is what its call asked for, or what an earlier call was answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from contract_tests.checks.rules import Words
from contract_tests.model.finding import Finding
from contract_tests.model.http import MISSING, Response, media_of
from contract_tests.model.scenario import DEFAULT_REPRESENTATION, Call
from contract_tests.model.service import Service

_XML = r"(text|application)/(\w[\w.-]*\+)?xml"
"""The media types of XML (RFC 7303); services use any of them."""
_JSON = r"application/(\w[\w.-]*\+)?json"


def as_represented(service: Service, call: Call) -> Service:
    """The service as it answers this call: one of XML may answer JSON to those who ask, or the other way."""
    kind, _ = media_of(call.representation)
    bodies = next((name for name, form in (("json", _JSON), ("xml", _XML)) if re.fullmatch(form, kind)), "")
    return replace(service, bodies=bodies) if bodies not in ("", service.bodies) else service


def other_representation(call: Call, response: Response, service: Service) -> Iterator[Finding]:
    """`representation`: the answer says in Content-Type what was asked for. A refusal may be anything.

    Its parameters are those that were asked for, less charset and the parameter of a microversion.
    """
    if not call.representation or response.status >= 400 or not response.body:
        return
    ignored = frozenset({"charset", service.dialect.parameter})
    got = response.header("content-type") or ""
    plain = call.representation == DEFAULT_REPRESENTATION
    wanted = service.dialect.media_type if plain else call.representation
    right = media_of(got, ignored) == media_of(wanted, ignored)
    if plain and service.bodies == "xml":
        kind, parameters = media_of(got, ignored)
        wanted, right = "XML", not parameters and re.fullmatch(_XML, kind) is not None
    if not right:
        yield Finding(
            rule="representation",
            mark=call.mark,
            expected=Words(wanted),
            got=Words(got or "nothing"),
        )


def unlike(earlier: Response, response: Response, call: Call, service: Service) -> Iterator[Finding]:
    """What differs between two answers of a case, less what differs between any two: `same_as`.

    It is what would be told of two releases at one microversion, where that is more than OK or INFO.
    """
    from contract_tests.comparison.correlation import known_of
    from contract_tests.comparison.differ import diff
    from contract_tests.comparison.rules import Context, Verdict, rule_of

    for fact in diff(earlier, response, known_of(service)):
        if rule_of(fact).verdict(Context.FROZEN) not in (Verdict.OK, Verdict.INFO):
            yield Finding(
                rule="same-as",
                mark=call.mark,
                where=fact.path or fact.kind,
                expected=fact.old,
                got=fact.new,
                detail=call.same_as,
            )


def first_change(old: Response, new: Response) -> tuple[str, Any, Any] | None:
    """(where, before, after) of the first thing in which two answers differ; two refusals do not."""
    if old.status != new.status:
        return "", Words(f"status {old.status}"), Words(f"status {new.status}")
    if old.status >= 400 or old.body == new.body:
        return None
    if MISSING in (old.json, new.json):
        return "its body", old.text[:120], new.text[:120]
    return _first_difference(old.json, new.json, "$")


def _first_difference(old: Any, new: Any, path: str) -> tuple[str, Any, Any] | None:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            pair = (old.get(name, MISSING), new.get(name, MISSING))
            if found := _first_difference(*pair, f"{path}.{name}"):
                return found
        return None
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (one, other) in enumerate(zip(old, new, strict=True)):
            if found := _first_difference(one, other, f"{path}[{at}]"):
                return found
        return None
    return None if old == new else (path, old, new)
