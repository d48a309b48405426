"""Facts of headers: names without case, lists as sets of tokens, announced ends as times."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from contract_tests.comparison.correlation import Correlation, alike, role
from contract_tests.comparison.facts import Fact
from contract_tests.model.http import Response, header_values

LIST_HEADERS = frozenset({"vary", "allow", "cache-control", "accept-ranges", "link", "www-authenticate"})
ENDS = frozenset({"sunset", "deprecation"})
"""Their times say something: of any other header, two times are as good as one."""

_RETRIED = frozenset({413, 429, 503})


def header_facts(old: Response, new: Response, same: Correlation) -> Iterator[Fact]:
    """Every fact of the headers of two answers, by name."""
    before, after = _grouped(old), _grouped(new)
    for name in sorted(before.keys() | after.keys()):
        lines, others = before.get(name), after.get(name)
        if lines is None:
            yield Fact(kind="header-added", path=name, new=", ".join(others or ()))
        elif others is None:
            idle = name == "retry-after" and old.status >= 400 and old.status not in _RETRIED
            detail = "inapplicable" if idle else ""
            yield Fact(kind="header-removed", path=name, old=", ".join(lines), detail=detail)
        elif lines != others:
            yield from _header(name, lines, others, same)


def _grouped(response: Response) -> dict[str, list[str]]:
    names = dict.fromkeys(name.lower() for name, _ in response.headers)
    return {name: header_values(response.headers, name) for name in names}


def _header(name: str, old: list[str], new: list[str], same: Correlation) -> Iterator[Fact]:
    before, after = ", ".join(old), ", ".join(new)
    if before == after:
        yield Fact(kind="header-multiplicity", path=name, old=len(old), new=len(new))
    elif name == "content-type":
        types = [value.partition(";")[0].strip().lower() for value in (before, after)]
        kind = "header-media-type" if types[0] != types[1] else "header-charset"
        yield Fact(kind=kind, path=name, old=before, new=after)
    elif name in LIST_HEADERS:
        lost, gained = (
            sorted(_tokens(one) - _tokens(other)) for one, other in ((before, after), (after, before))
        )
        if lost or gained:
            parts = (("lost", lost), ("gained", gained))
            words = [f"{word} {', '.join(tokens)}" for word, tokens in parts if tokens]
            yield Fact(kind="header-list", path=name, old=before, new=after, detail=" and ".join(words))
    elif name in ENDS:
        yield Fact(kind="header-value", path=name, old=before, new=after, detail=_moved(before, after))
    elif not alike(role(before, same.old), role(after, same.new)):
        hosts = _hosts(role(before, same.old), role(after, same.new)) if name == "location" else None
        if hosts is not None:
            yield Fact(kind="link-host", path=name, old=hosts[0], new=hosts[1])
        else:
            yield Fact(kind="header-value", path=name, old=before, new=after)


def _hosts(old: str, new: str) -> tuple[str, str] | None:
    """The hosts of two URLs that differ in nothing else; None of any others."""
    try:
        before, after = urlsplit(old), urlsplit(new)
    except ValueError:
        return None
    if not before.netloc or not after.netloc:
        return None
    rest = (part._replace(scheme="", netloc="").geturl() for part in (before, after))
    return (before.netloc, after.netloc) if alike(*rest) else None


def _moved(old: str, new: str) -> str:
    """Whether the end that a header announces came nearer: earlier or later, empty where nobody can tell."""
    before, after = _time(old), _time(new)
    if before is None or after is None or before == after:
        return ""
    return "earlier" if after < before else "later"


def _time(text: str) -> datetime.datetime | None:
    """`@1700000000` (RFC 9651) or an HTTP date; None for anything else."""
    try:
        if re.fullmatch(r"@\d{1,11}", text):
            return datetime.datetime.fromtimestamp(int(text[1:]), datetime.UTC)
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=found.tzinfo or datetime.UTC)


def _tokens(text: str) -> set[str]:
    return {part.strip().lower() for part in text.split(",") if part.strip()}
