"""What differs between any two recordings of the same traffic, replaced by fixed values.

So a recording names no machine, and recording again changes next to nothing:

- the endpoint's origin becomes `http://<service>.example`, wherever it stands (its path stays: it is part
  of what the service answers in links);
- the values of the service's volatile headers (request ids, dates) become fixed ones of the same shape,
  numbered within the case, and the same value gets the same replacement wherever else it stands. A value
  that a request held first is the scenario's own and stays, and so does one of any other shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote, urlsplit

from contract_tests.model.http import Interaction
from contract_tests.recordings.text import edit

FIXED_DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DATE = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_DATES = re.compile(_DATE)
_SHAPES = re.compile(rf"(?<![0-9a-fA-F])(?:req-)?{_UUID}(?![0-9a-fA-F])|{_DATE}")


def canonical_endpoint(service: str, endpoint: str) -> str:
    """The endpoint as recordings name it: `http://<service>.example`, then the live endpoint's path."""
    return f"http://{service}.example" + urlsplit(endpoint).path.rstrip("/")


def without_origin(service: str, endpoint: str) -> Callable[[str], str]:
    """A function that replaces the origin of `endpoint` in a text, in any of its spellings.

    Those are scheme://host:port (the default port may be missing), the same percent-encoded or with JSON's
    escaped slashes, and a bare host:port.
    """
    parts = urlsplit(endpoint)
    host = parts.netloc.rpartition("@")[2]
    if not host:
        return lambda text: text
    authorities = {host}
    if parts.port is None and parts.scheme in _DEFAULT_PORTS:
        authorities.add(f"{host}:{_DEFAULT_PORTS[parts.scheme]}")
    elif parts.port == _DEFAULT_PORTS.get(parts.scheme):
        authorities.add(host.rpartition(":")[0])
    new = f"http://{service}.example"
    spellings: dict[str, str] = {}
    for authority in authorities:
        origin = f"{parts.scheme}://{authority}"
        spellings[origin.lower()] = new
        spellings[origin.replace("/", "\\/").lower()] = new.replace("/", "\\/")
        spellings[quote(origin, safe="").lower()] = quote(new, safe="")
        if re.search(r":\d+$", authority):
            spellings[authority.lower()] = f"{service}.example"
            spellings[quote(authority, safe="").lower()] = f"{service}.example"
    longest_first = sorted(spellings, key=len, reverse=True)
    pattern = re.compile(
        rf"(?<![\w.-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w|:\d|%3A\d)", re.IGNORECASE
    )
    return lambda text: pattern.sub(lambda found: spellings[found[0].lower()], text)


def steady(
    interactions: Sequence[Interaction],
    volatile: Iterable[str],
    rewrite: Callable[[str], str] = lambda text: text,
) -> tuple[Interaction, ...]:
    """The interactions of one case with `rewrite` done to every text, and volatile headers' values fixed."""
    names = {name.lower() for name in volatile}
    known: set[str] = set()
    fixed: dict[str, str] = {}
    dates: set[str] = set()  # not counted: how many there are depends on how fast the service was
    for interaction in interactions:
        known.update(_asked_values(interaction))
        for name, value in interaction.response.headers:
            new = value not in known and value not in fixed
            if new and name.lower() in names and _SHAPES.fullmatch(value):
                fixed[value] = _fixed(value, len(fixed) + 1 - len(dates))
                dates.update(_DATES.findall(value))

    def change(text: str) -> str:
        text = rewrite(text)
        return _SHAPES.sub(lambda found: fixed.get(found[0], found[0]), text) if fixed else text

    return tuple(edit(interaction, change) for interaction in interactions)


def _asked_values(interaction: Interaction) -> Iterable[str]:
    """Every value of a volatile shape that the request holds."""
    request = interaction.request
    yield from _SHAPES.findall(request.target)
    for _, value in request.headers:
        yield from _SHAPES.findall(value)
    yield from _SHAPES.findall((request.body or b"").decode("utf-8", "replace"))


def _fixed(value: str, number: int) -> str:
    if value.endswith("GMT"):
        return FIXED_DATE
    prefix = "req-" if value.startswith("req-") else ""
    return f"{prefix}00000000-0000-4000-8000-{number:012d}"
