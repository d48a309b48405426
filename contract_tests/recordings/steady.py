"""What differs between any two recordings of the same traffic, replaced by fixed values.

So a recording names no machine, and recording again changes next to nothing:

- the endpoint's origin becomes `http://<service>.example`, wherever it stands (its path stays: it is part
  of what the service answers in links);
- the values of the service's volatile headers, and what its volatile paths find in bodies (request ids,
  ids that the service makes, times), become fixed ones of the same shape, numbered within the case, and the
  same value gets the same replacement wherever else it stands. A value that a request held first is the
  scenario's own and stays, and so does one of any other shape (see SHAPES); of a URL, the uuids are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from contract_tests.model.http import MISSING, Interaction, Response
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.service import Volatile
from contract_tests.recordings.text import edit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_DAY = "2026-01-01"


@dataclass(frozen=True, slots=True)
class Shape:
    """Values of one look. `fixed` makes the replacement of a match and its number within the case.

    Times are not numbered: how many differ depends on how fast the service was.
    """

    pattern: re.Pattern[str]
    fixed: Callable[[re.Match[str], int], str]
    numbered: bool = True


_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
SHAPES = (
    Shape(re.compile(rf"req-{_UUID}"), lambda found, number: f"req-00000000-0000-4000-8000-{number:012d}"),
    Shape(re.compile(_UUID), lambda found, number: f"00000000-0000-4000-8000-{number:012d}"),
    Shape(re.compile("[0-9a-f]{32}"), lambda found, number: f"{number:032d}"),
    Shape(re.compile("[0-9a-f]{64}"), lambda found, number: f"{number:064d}"),
    Shape(
        re.compile("(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9_-]{22}"),  # a uuid in base64url, as Keystone's audit ids
        lambda found, number: f"{number:022d}",
    ),
    Shape(
        re.compile("([a-z]{1,12}-)([0-9a-f]{8,17})|(r-)([0-9a-z]{8})"),
        lambda found, number: (found[1] or found[3]) + str(number).zfill(len(found[2] or found[4])),
    ),
    Shape(
        re.compile("(ssh-[a-z0-9-]+ )([A-Za-z0-9+/]{64,}=*)(.*)", re.DOTALL),
        lambda found, number: found[1] + str(number).zfill(len(found[2])) + found[3],
    ),
    Shape(
        re.compile("(?:[0-9a-f]{2}:){15,31}[0-9a-f]{2}"),
        lambda found, number: "00:" * found[0].count(":") + f"{number % 256:02x}",
    ),
    Shape(
        re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"),
        lambda found, number: "Thu, 01 Jan 2026 00:00:00 GMT",
        numbered=False,
    ),
    Shape(
        re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"),
        lambda found, number: (
            f"{_DAY}{found[1]}00:00:00{re.sub('[0-9]', '0', found[2] or '')}{found[3] or ''}"
        ),
        numbered=False,
    ),
)
"""What is made steady: request ids, uuids, hexadecimal, base64url and prefixed ids, fingerprints, keys,
times."""


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
    volatile: Volatile,
    rewrite: Callable[[str], str] = lambda text: text,
    others: Mapping[str, Volatile] = MappingProxyType({}),
) -> tuple[Interaction, ...]:
    """The interactions of one case with `rewrite` done to every text, and volatile values fixed.

    `others` is what is volatile of services beside the recording's own, by name.
    """
    own = _compiled(volatile)
    beside = {name: _compiled(one) for name, one in others.items()}
    fixed: dict[str, str] = {}
    counts = [0] * len(SHAPES)
    asked = ""
    for interaction in interactions:
        asked += _asked(interaction)
        names, paths = beside.get(interaction.request.service, own)
        for value in _volatile_values(interaction.response, names, paths):
            for part in re.findall(_UUID, value) if "://" in value else [value]:
                if part not in fixed and part not in asked:
                    fixed.update(_fix(part, counts))
    if not fixed:
        return tuple(edit(interaction, rewrite) for interaction in interactions)
    longest_first = sorted(fixed, key=len, reverse=True)
    before = "(?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2}))"  # %3D ends in a letter, and is another character
    pattern = re.compile(rf"{before}(?:{'|'.join(map(re.escape, longest_first))})(?![0-9A-Za-z])")

    def change(text: str) -> str:
        return pattern.sub(lambda found: fixed[found[0]], rewrite(text))

    return tuple(edit(interaction, change) for interaction in interactions)


def _compiled(volatile: Volatile) -> tuple[set[str], list[JsonPath]]:
    return {name.lower() for name in volatile.headers}, [JsonPath(path) for path in volatile.json]


def _fix(value: str, counts: list[int]) -> dict[str, str]:
    """The replacement of a value, by the first shape that it has."""
    for index, shape in enumerate(SHAPES):
        found = shape.pattern.fullmatch(value)
        if found:
            counts[index] += shape.numbered
            return {value: shape.fixed(found, counts[index])}
    return {}


def _volatile_values(response: Response, names: set[str], paths: Sequence[JsonPath]) -> Iterator[str]:
    for name, value in response.headers:
        if name.lower() in names:
            yield value
    document = response.json if response.json is not MISSING or not paths else response.view
    for path in paths if document is not MISSING else ():
        found = path.find(document)
        for value in found if isinstance(found, list) else [found]:
            if isinstance(value, str):
                yield value


def _asked(interaction: Interaction) -> str:
    """All that a request says, as one text."""
    request = interaction.request
    body = (request.body or b"").decode("utf-8", "replace")
    return "\n".join([request.target, *(value for _, value in request.headers), body, ""])
