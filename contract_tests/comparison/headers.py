"""Facts of headers: names without case, lists as sets of tokens."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.comparison.correlation import Correlation, alike, role
from contract_tests.comparison.facts import Fact
from contract_tests.model.http import Response, header_values

LIST_HEADERS = frozenset({"vary", "allow", "cache-control", "accept-ranges", "link", "www-authenticate"})


def header_facts(old: Response, new: Response, same: Correlation) -> Iterator[Fact]:
    """Every fact of the headers of two answers, by name."""
    before, after = _grouped(old), _grouped(new)
    for name in sorted(before.keys() | after.keys()):
        lines, others = before.get(name), after.get(name)
        if lines is None:
            yield Fact(kind="header-added", path=name, new=", ".join(others or ()))
        elif others is None:
            yield Fact(kind="header-removed", path=name, old=", ".join(lines))
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
    elif not alike(role(before, same.old), role(after, same.new)):
        yield Fact(kind="header-value", path=name, old=before, new=after)


def _tokens(text: str) -> set[str]:
    return {part.strip().lower() for part in text.split(",") if part.strip()}
