"""The differ: two answers to the same call -> facts. Pure; it judges nothing.

Facts are generalised: the same change in five hundred items of a list is one fact, seen five hundred times.
Values that differ between any two runs are no facts (see `Correlation`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contract_tests.comparison.bodies import body_facts
from contract_tests.comparison.correlation import Correlation, alike, role
from contract_tests.comparison.facts import VARYING, Fact
from contract_tests.comparison.headers import header_facts
from contract_tests.comparison.values import parse
from contract_tests.model.http import MISSING, Response, header_values

_SHOWN = 120


def diff(old: Response, new: Response, correlation: Correlation | None = None) -> tuple[Fact, ...]:
    """Every fact in which `new` differs from `old`, in a fixed order; none where they say the same.

    Of a success and an error, or of two errors with different statuses, the status is all: they have no
    headers and no body in common that a client could rely on.
    """
    if old.status == new.status and old.headers == new.headers and old.body == new.body:
        return ()
    same = correlation or Correlation()
    facts: list[Fact] = []
    if old.status != new.status:
        facts.append(_status(old.status, new.status, same.trial))
        if old.status >= 400 or new.status >= 400:
            return tuple(facts)
    if old.headers != new.headers:
        facts += header_facts(old, new, same)
    if old.body != new.body:
        facts += _bodies(old, new, same)
    return tuple(fact for fact in facts if not _varies(fact, same))


def _varies(fact: Fact, same: Correlation) -> bool:
    """Whether a fact is but a value that differs between any two runs, and has no role in either."""
    if fact.kind not in VARYING:
        return False
    if fact.kind == "array-order" and not fact.detail and _stands_at(fact.path, same.unordered):
        return True
    if fact.kind == "link-path" or (fact.kind == "header-value" and "://" in fact.old and "://" in fact.new):
        return False  # the ids in it are no difference already
    known = fact.path in same.volatile or _stands_at(fact.path, same.volatile_paths)
    return known and _plain(fact.old, same.old) and _plain(fact.new, same.new)


def _stands_at(path: str, places: Iterable[re.Pattern[str]]) -> bool:
    return any(one.fullmatch(path) for one in places)


def _plain(value: Any, roles: Mapping[str, str]) -> bool:
    return not isinstance(value, str) or role(value, roles) == value


def _status(old: int, new: int, trial: str) -> Fact:
    """The fact of two statuses; of a trial, whether its input is accepted is what counts."""
    if trial and (old < 300) != (new < 300) and max(old, new) < 500:
        return Fact(kind="input", old=old, new=new, detail=trial)
    return Fact(kind="status", old=old, new=new)


def _bodies(old: Response, new: Response, same: Correlation) -> Iterator[Fact]:
    failed = old.status >= 400
    if not new.body:
        yield Fact(kind="error-body-lost" if failed else "body-disappeared", old=_short(old))
        return
    if not old.body:
        yield Fact(kind="error-body-appeared" if failed else "body-appeared", new=_short(new))
        return
    before, after = parse(old.body), parse(new.body)
    if before is MISSING and after is MISSING and not (_is_page(old) or _is_page(new)):
        before, after = old.view, new.view  # both may be XML; JSON that became XML is JSON no more
    if before is MISSING and after is MISSING:
        if not alike(role(old.text, same.old), role(new.text, same.new)):
            yield Fact(kind="error-message" if failed else "body-text", old=_short(old), new=_short(new))
        return
    if before is MISSING or after is MISSING:
        kind = "body-invalid-json" if after is MISSING else "body-became-json"
        yield Fact(kind=kind, old=_short(old), new=_short(new))
        return
    told: list[Fact] = []
    if failed:
        before, after, told = _structured(before, after)
        yield from told
    try:
        found = list(body_facts(before, after, same, errors=failed))
    except RecursionError:  # nested some hundred levels deep: no contract, but no crash either
        found = [Fact(kind="body-text", old=_short(old), new=_short(new))]
    yield from found
    if not found and not told and before == after:
        yield Fact(kind="body-bytes")


def _structured(old: Any, new: Any) -> tuple[Any, Any, list[Fact]]:
    """The fact of an `errors` list that came or went, and both bodies without what it tells already."""
    if not (isinstance(old, dict) and isinstance(new, dict)) or ("errors" in old) == ("errors" in new):
        return old, new, []
    lost, gained = old.keys() - new.keys(), new.keys() - old.keys()
    if "errors" in gained:
        kind = "error-structured-replaces" if lost else "error-structured-added"
    else:
        kind = "error-structured-replaced" if gained else "error-structured-removed"
    old, new = ({key: one[key] for key in one if key in old and key in new} for one in (old, new))
    return old, new, [Fact(kind=kind, path="$.errors")]


def _is_page(response: Response) -> bool:
    """Whether a body is a page for people, not a document."""
    return any("html" in value.lower() for value in header_values(response.headers, "content-type"))


def _short(response: Response) -> str:
    text = " ".join(response.text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
