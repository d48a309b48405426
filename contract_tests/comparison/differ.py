"""The differ: two answers to the same call -> facts. Pure; it judges nothing.

Facts are generalised: the same change in five hundred items of a list is one fact, seen five hundred times.
Values that differ between any two runs are no facts (see `Correlation`).
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from contract_tests.comparison.facts import Fact
from contract_tests.model.http import MISSING, Response, header_values

LIST_HEADERS = frozenset({"vary", "allow", "cache-control", "accept-ranges", "link", "www-authenticate"})
IDENTITY_KEYS = ("uuid", "id", "rel", "name", "alias")
"""What tells one object of a list from another, the first of them that every object has, each its own."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_REQUEST_ID = re.compile(r"req-[0-9a-f-]{36}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ERROR_TEXTS = frozenset({"detail", "message", "title", "faultstring", "debuginfo", "description"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """What may differ between two runs without being a fact.

    `old` and `new` map values that a scenario generated or saved to the variable's name, one map for each
    run: a value of one run equals that of the other if both play the same part. `noise` are generalised
    paths (of bodies, or header names) that differed between two recordings of one release; `free_form` are
    paths below which names are data; `ordered` tells that the call asked for an order.
    """

    old: Mapping[str, str] = field(default_factory=dict)
    new: Mapping[str, str] = field(default_factory=dict)
    noise: frozenset[str] = frozenset()
    free_form: tuple[re.Pattern[str], ...] = ()
    ordered: bool = False


def diff(old: Response, new: Response, correlation: Correlation | None = None) -> tuple[Fact, ...]:
    """Every fact in which `new` differs from `old`, in a fixed order; none where they say the same."""
    same = correlation or Correlation()
    if old.status == new.status and old.headers == new.headers and old.body == new.body:
        return ()
    facts: list[Fact] = []
    if old.status != new.status:
        facts.append(Fact(kind="status", old=old.status, new=new.status))
        if (old.status < 400) != (new.status < 400):
            return tuple(facts)  # a success and an error have nothing in common: the status says it
    facts += _headers(old, new, same)
    if old.body != new.body or old.status != new.status:
        facts += _bodies(old, new, same)
    return tuple(fact for fact in facts if fact.path not in same.noise)


def free_form_patterns(paths: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """Patterns of the paths of free-form objects and of what is in them (`$.inventories`, `$..metadata`)."""

    def pattern(path: str) -> str:
        text = re.escape(path).replace(r"\[\*\]", r"(?:\[\*\]|\.[^.\[]+)").replace(r"\.\.", r"(?:\..*)?\.")
        return text + r"(?:[.\[].*)?"

    return tuple(re.compile(pattern(path)) for path in paths)


# Headers.


def _headers(old: Response, new: Response, same: Correlation) -> Iterator[Fact]:
    before, after = _grouped(old), _grouped(new)
    for name in sorted(before.keys() | after.keys()):
        lines = before.get(name), after.get(name)
        if lines[0] is None:
            yield Fact(kind="header-added", path=name, new=", ".join(lines[1] or ()))
        elif lines[1] is None:
            yield Fact(kind="header-removed", path=name, old=", ".join(lines[0]))
        elif lines[0] != lines[1]:
            yield from _header(name, lines[0], lines[1], same)


def _grouped(response: Response) -> dict[str, list[str]]:
    names = dict.fromkeys(name.lower() for name, _ in response.headers)
    return {name: header_values(response.headers, name) for name in names}


def _header(name: str, old: list[str], new: list[str], same: Correlation) -> Iterator[Fact]:
    before, after = ", ".join(old), ", ".join(new)
    if before == after:
        yield Fact(kind="header-multiplicity", path=name, old=len(old), new=len(new))
        return
    if name == "content-type":
        types = [value.partition(";")[0].strip().lower() for value in (before, after)]
        kind = "header-media-type" if types[0] != types[1] else "header-charset"
        yield Fact(kind=kind, path=name, old=before, new=after)
        return
    if name in LIST_HEADERS:
        tokens = [
            {part.strip().lower() for part in text.split(",") if part.strip()} for text in (before, after)
        ]
        lost, gained = sorted(tokens[0] - tokens[1]), sorted(tokens[1] - tokens[0])
        if lost or gained:
            words = [
                f"{word} {', '.join(part)}" for word, part in (("lost", lost), ("gained", gained)) if part
            ]
            yield Fact(kind="header-list", path=name, old=before, new=after, detail=" and ".join(words))
        return
    if not _alike(_role(before, same.old), _role(after, same.new)):
        yield Fact(kind="header-value", path=name, old=before, new=after)


# Values that differ between any two runs.


def _role(text: str, roles: Mapping[str, str]) -> str:
    """`text` with the values of a run in their variables' names."""
    if text in roles:
        return f"${{{roles[text]}}}"
    for value, name in roles.items():
        if len(value) >= 4 and value in text:
            text = text.replace(value, f"${{{name}}}")
    return text


def _shape(text: str) -> str:
    """The format of a text: what of it may differ between runs, by its look."""
    if _UUID.fullmatch(text):
        return "uuid"
    if _HEX.fullmatch(text):
        return "hex"
    if _REQUEST_ID.fullmatch(text):
        return "request-id"
    if _HTTP_DATE.fullmatch(text):
        return "http-date"
    found = _TIME.fullmatch(text)
    if found:
        return f"time{found[1]}"
    return ""


def _alike(old: str, new: str) -> bool:
    """Whether two texts are the same but for ids, request ids and times in them."""
    if old == new:
        return True
    if _shape(old) and _shape(old) == _shape(new):
        return not _shape(old).startswith("time") or _time_style(old) == _time_style(new)
    return _masked(old) == _masked(new)


_VOLATILE = re.compile(
    r"req-[0-9a-f-]{36}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"
    r"|127\.0\.0\.1:\d+|localhost:\d+|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?",
    re.IGNORECASE,
)


def _masked(text: str) -> str:
    return _VOLATILE.sub("~", text)


def _time_style(text: str) -> tuple[str, ...]:
    found = _TIME.fullmatch(text)
    assert found is not None
    return (
        found[1],
        "s" if found[2] else "",
        "f" * len(found[3] or ""),
        (found[4] or "")[:1],
        str(len(found[4] or "")),
    )


# Bodies.


def _parse(body: bytes) -> Any:
    """A body with its numbers as they are spelled: integers and decimals."""
    if not body:
        return MISSING
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError):
        return MISSING


def _bodies(old: Response, new: Response, same: Correlation) -> Iterator[Fact]:
    failed = old.status >= 400 and new.status >= 400
    if bool(old.body) != bool(new.body):
        if old.body:
            yield Fact(kind="error-body-lost" if failed else "body-disappeared", old=_short(old))
        else:
            yield Fact(kind="body-appeared", new=_short(new))
        return
    before, after = _parse(old.body), _parse(new.body)
    if before is MISSING and after is MISSING:
        if old.body and not _alike(_role(old.text, same.old), _role(new.text, same.new)):
            yield Fact(kind="error-message" if failed else "body-text", old=_short(old), new=_short(new))
        return
    if after is MISSING:
        yield Fact(kind="body-invalid-json", new=_short(new))
        return
    if before is MISSING:
        yield Fact(kind="body-text", old=_short(old), new=_short(new))
        return
    if failed:
        before, after, facts = _error_envelope(before, after)
        yield from facts
    found = list(_Walk(same, errors=failed).root(before, after))
    yield from found
    if not found and old.body != new.body and not failed and before == after:
        yield Fact(kind="body-bytes")


def _short(response: Response) -> str:
    text = " ".join(response.text.split())
    return text if len(text) <= 120 else text[:117] + "…"


def _error_envelope(old: Any, new: Any) -> tuple[Any, Any, list[Fact]]:
    """The facts of an error's outermost keys, and the two bodies without what these tell already."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return old, new, []
    lost, gained = old.keys() - new.keys(), new.keys() - old.keys()
    facts: list[Fact] = []
    if "errors" in gained:
        facts.append(
            Fact(kind="error-structured-replaces" if lost else "error-structured-added", path="$.errors")
        )
    elif len(lost) == len(gained) == 1:
        facts.append(Fact(kind="error-fault-key", path="$", old=next(iter(lost)), new=next(iter(gained))))
        return next(iter([old[next(iter(lost))]])), new[next(iter(gained))], facts
    if facts:
        shared = old.keys() & new.keys()
        return {key: old[key] for key in shared}, {key: new[key] for key in shared}, facts
    return old, new, facts


@dataclass(slots=True)
class _Raw:
    """A fact at one concrete place, before the same ones are put together."""

    fact: Fact
    value: Any = MISSING  # what was lost or came, for pairing a property that moved


class _Walk:
    """Compares two JSON documents and puts equal facts together."""

    def __init__(self, same: Correlation, *, errors: bool = False) -> None:
        self.same = same
        self.errors = errors
        self.found: list[_Raw] = []
        self.items: Counter[str] = Counter()

    def root(self, old: Any, new: Any) -> Iterator[Fact]:
        if type(old) is not type(new) and not (_is_number(old) and _is_number(new)):
            yield Fact(kind="root-type", path="$", old=_json_type(old), new=_json_type(new))
            return
        if isinstance(old, dict) and len(old) == len(new) == 1 and old.keys() != new.keys():
            (before,), (after,) = old, new
            yield Fact(kind="envelope", path="$", old=before, new=after)
            old, new = old[before], new[after]
            self._value("$.*", old, new)
        else:
            self._value("$", old, new)
        yield from self._together()

    # One place.

    def _note(
        self,
        kind: str,
        path: str,
        old: Any = MISSING,
        new: Any = MISSING,
        detail: str = "",
        value: Any = MISSING,
    ) -> None:
        self.found.append(_Raw(Fact(kind=kind, path=path, old=old, new=new, detail=detail), value))

    def _value(self, path: str, old: Any, new: Any) -> None:
        if isinstance(old, dict) and isinstance(new, dict):
            self._objects(path, old, new)
        elif isinstance(old, list) and isinstance(new, list):
            self._lists(path, old, new)
        elif isinstance(old, str) and isinstance(new, str):
            self._texts(path, old, new)
        elif _is_number(old) and _is_number(new):
            self._numbers(path, old, new)
        elif old is None or new is None:
            if old is not new:
                self._null(path, old, new)
        elif isinstance(old, bool) and isinstance(new, bool):
            if old != new:
                self._note("value", path, old, new)
        else:
            self._types(path, old, new)

    def _null(self, path: str, old: Any, new: Any) -> None:
        if _is_empty(old) and _is_empty(new):
            self._note("empty-kind", path, old, new)
        elif new is None:
            self._note("to-null", path, _outline(old), None)
        else:
            self._note("from-null", path, None, _outline(new))

    def _types(self, path: str, old: Any, new: Any) -> None:
        if isinstance(old, list) != isinstance(new, list):
            one, many = (new, old) if isinstance(old, list) else (old, new)
            if len(many) == 1 and type(many[0]) is type(one):
                self._note("array-or-scalar", path, _outline(old), _outline(new))
                return
        if _is_empty(old) and _is_empty(new):
            self._note("empty-kind", path, _outline(old), _outline(new))
            return
        self._note("property-type", path, _json_type(old), _json_type(new))

    def _numbers(self, path: str, old: Any, new: Any) -> None:
        if old == new:
            if isinstance(old, Decimal) != isinstance(new, Decimal):
                self._note("number-kind", path, str(old), str(new))
            elif isinstance(old, Decimal) and str(old) != str(new):
                self._note("number-precision", path, str(old), str(new))
        elif isinstance(old, Decimal) != isinstance(new, Decimal):
            self._note("number-kind", path, str(old), str(new), detail="decimals")
        else:
            self._note("value", path, _plain(old), _plain(new))

    def _texts(self, path: str, old: str, new: str) -> None:
        if old == new:
            return
        before, after = _role(old, self.same.old), _role(new, self.same.new)
        if before == after:
            return
        leaf = path.rpartition(".")[2]
        if all(map(_URL.fullmatch, (old, new))) or (leaf in ("href", "url") and old[:1] == new[:1] == "/"):
            self._links(path, before, after, leaf)
            return
        shapes = _shape(old), _shape(new)
        if shapes[0] or shapes[1]:
            # A value with a part in one run only, or another part, is a wrong id in this place.
            foreign = "${" in before or "${" in after
            if shapes[0] == shapes[1] and not foreign:
                if shapes[0].startswith("time") and _time_style(old) != _time_style(new):
                    self._note("time-precision", path, old, new)
                return
            if not foreign:
                both_times = shapes[0].startswith("time") and shapes[1].startswith("time")
                self._note(
                    "time-precision" if both_times else "format", path, shapes[0] or old, shapes[1] or new
                )
                return
        if _alike(before, after):
            return
        if self.errors and leaf in _ERROR_TEXTS:
            self._note("error-message", path, _cut(old), _cut(new))
        elif self.errors and leaf == "code":
            self._note("error-code", path, old, new)
        elif not old or not new:
            self._note("value", path, _cut(old), _cut(new), detail="empty")
        elif old.lower() == new.lower():
            self._note("enum-case", path, old, new)
        elif _NUMBER.fullmatch(old) and _NUMBER.fullmatch(new):
            equal = Decimal(old) == Decimal(new)
            self._note("number-precision" if equal else "value", path, old, new)
        else:
            self._note("value", path, _cut(old), _cut(new))

    def _links(self, path: str, old: str, new: str, leaf: str) -> None:
        before, after = urlsplit(old), urlsplit(new)
        if not _alike(before.path, after.path) or not _alike(before.query, after.query):
            self._note("page-next" if leaf == "next" else "link-path", path, _cut(old), _cut(new))
        elif before.netloc != after.netloc or before.scheme != after.scheme:
            self._note("link-host", path, before.netloc, after.netloc)

    def _free_form(self, path: str) -> bool:
        return any(pattern.fullmatch(path) for pattern in self.same.free_form)

    def _objects(self, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        if self._free_form(path):
            self._named_by_clients(path, old, new)
            return
        if old.keys() != new.keys():
            # A name may be a value of the run: what a client called something.
            renamed = {_role(key, self.same.new): key for key in new}
            old = {renamed.get(_role(key, self.same.old), key): value for key, value in old.items()}
        for key, value in old.items():
            if key in new:
                self._value(f"{path}.{key}", value, new[key])
            else:
                self._gone(f"{path}.{key}", value)
        for key, value in new.items():
            if key not in old:
                self._came(f"{path}.{key}", value)

    def _named_by_clients(self, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Two objects in which names are data: they are like lists."""
        before = {_role(key, self.same.old): value for key, value in old.items()}
        after = {_role(key, self.same.new): value for key, value in new.items()}
        for key in before.keys() & after.keys():
            self._value(f"{path}.*", before[key], after[key])
        lost = [before[key] for key in sorted(before.keys() - after.keys())]
        came = [after[key] for key in sorted(after.keys() - before.keys())]
        for value, other in zip(lost, came, strict=False):
            self._value(f"{path}.*", value, other)
        if len(came) > len(lost):
            self._note("property-added", f"{path}.*", new=_outline(came[-1]), detail="free-form")
        elif len(lost) > len(came):
            self._note("array-count", path, len(old), len(new))

    def _gone(self, path: str, value: Any) -> None:
        if value is None:
            self._note("null-or-missing", path, None, MISSING)
        elif _is_empty(value):
            self._note("empty-or-missing", path, _outline(value), MISSING, detail="gone")
        else:
            self._note("property-removed", path, _outline(value), value=value)

    def _came(self, path: str, value: Any) -> None:
        if _is_empty(value) and value is not None:
            self._note("empty-or-missing", path, MISSING, _outline(value), detail="appeared")
        else:
            self._note("property-added", path, new=_outline(value), value=value)

    def _lists(self, path: str, old: Sequence[Any], new: Sequence[Any]) -> None:
        below = f"{path}[*]"
        self.items[below] += max(len(old), len(new))
        if path.rpartition(".")[2].endswith("links") and all(
            isinstance(i, dict) and "rel" in i for i in (*old, *new)
        ):
            self._relations(path, old, new)
            return
        pairs = self._paired(old, new)
        if pairs is None:
            if len(old) != len(new):
                self._note("array-count", path, len(old), len(new))
            pairs = list(zip(old, new, strict=False))
            if len(old) == len(new) and self._reordered(old, new):
                self._note("array-order", path, detail="asked" if self.same.ordered else "")
                return
        else:
            order = [b for _, b in pairs if b is not MISSING]
            if len(pairs) != len(old) or any(b is MISSING for _, b in pairs) or len(order) != len(new):
                if len(old) != len(new):
                    self._note("array-count", path, len(old), len(new))
            elif [id(item) for item in order] != [id(item) for item in new]:
                self._note("array-order", path, detail="asked" if self.same.ordered else "")
        for before, after in pairs:
            if before is not MISSING and after is not MISSING:
                self._value(below, before, after)

    def _paired(self, old: Sequence[Any], new: Sequence[Any]) -> list[tuple[Any, Any]] | None:
        """The items of two lists of objects matched by what identifies them; None where nothing does."""
        if not old or not new or not all(isinstance(item, dict) for item in (*old, *new)):
            return None
        for key in IDENTITY_KEYS:
            if not all(isinstance(item.get(key), str) for item in (*old, *new)):
                continue
            before = [_role(item[key], self.same.old) for item in old]
            after = {_role(item[key], self.same.new): item for item in new}
            if len(set(before)) == len(old) and len(after) == len(new) and set(before) & after.keys():
                return [(item, after.get(name, MISSING)) for item, name in zip(old, before, strict=True)]
        return None

    def _reordered(self, old: Sequence[Any], new: Sequence[Any]) -> bool:
        before = [json.dumps(_named(item, self.same.old), sort_keys=True, default=str) for item in old]
        after = [json.dumps(_named(item, self.same.new), sort_keys=True, default=str) for item in new]
        return before != after and sorted(before) == sorted(after)

    def _relations(self, path: str, old: Sequence[Any], new: Sequence[Any]) -> None:
        before = {item["rel"]: item for item in old}
        after = {item["rel"]: item for item in new}
        for rel in before.keys() - after.keys():
            self._note("page-next" if rel == "next" else "link-removed", path, rel, MISSING)
        for rel in after.keys() - before.keys():
            self._note("page-next" if rel == "next" else "link-added", path, MISSING, rel)
        for rel in sorted(before.keys() & after.keys()):
            self._value(f"{path}[*]", before[rel], after[rel])

    # All places.

    def _together(self) -> Iterator[Fact]:
        self._pair_moves()
        groups: dict[tuple[str, str, str, str, str], list[_Raw]] = defaultdict(list)
        for raw in self.found:
            fact = raw.fact
            # Values of many items differ in their own ways: the first stands for all of them.
            wide = "[*]" in fact.path and fact.kind in (
                "value",
                "number-kind",
                "number-precision",
                "error-message",
            )
            shown = ("", "") if wide else (repr(fact.old), repr(fact.new))
            groups[(fact.kind, fact.path, fact.detail, *shown)].append(raw)
        for (kind, path, *_), raws in groups.items():
            fact = raws[0].fact
            of = self.items.get(path[: path.rfind("[*]") + 3], 0) if "[*]" in path else 1
            seen = len(raws)
            if kind in ("property-removed", "null-or-missing") and fact.new is MISSING and 0 < seen < of:
                fact = replace(fact, kind="item-shape")
            yield replace(fact, seen=seen, of=max(of, seen))

    def _pair_moves(self) -> None:
        """A property that is gone, and one that came with the same telling value, are one that moved."""
        lost = [raw for raw in self.found if raw.fact.kind == "property-removed" and _tells(raw.value)]
        came = [raw for raw in self.found if raw.fact.kind == "property-added" and _tells(raw.value)]
        for raw in lost:
            twin = next(
                (
                    other
                    for other in came
                    if json.dumps(_named(raw.value, self.same.old), default=str)
                    == json.dumps(_named(other.value, self.same.new), default=str)
                ),
                None,
            ) or next((other for other in came if _restyled(raw.fact.path, other.fact.path)), None)
            if twin is None:
                continue
            came.remove(twin)
            self.found.remove(twin)
            here, there = raw.fact.path.rpartition("."), twin.fact.path.rpartition(".")
            kind = "property-moved" if here[0] != there[0] else "property-renamed"
            if kind == "property-renamed" and _restyled(raw.fact.path, twin.fact.path):
                kind = "property-restyled"
            raw.fact = replace(
                raw.fact, kind=kind, detail=there[2] if kind != "property-moved" else twin.fact.path
            )


def _named(value: Any, roles: Mapping[str, str]) -> Any:
    """A value with the values of a run in their variables' names."""
    if isinstance(value, str):
        return _masked(_role(value, roles))
    if isinstance(value, list):
        return [_named(item, roles) for item in value]
    if isinstance(value, dict):
        return {_role(key, roles): _named(item, roles) for key, item in value.items()}
    return value


def _tells(value: Any) -> bool:
    """Whether two properties with this value are likely to be one: it is not true, not 0, not empty."""
    return (
        not _is_empty(value) and not isinstance(value, bool) and not (_is_number(value) and -10 < value < 10)
    )


def _restyled(old: str, new: str) -> bool:
    """Whether two paths name the same in another style: `$.imageRef`, `$.image_ref`, `$.image-ref`."""
    plain = [re.sub(r"[-_:]", "", path.rpartition(".")[2]).lower() for path in (old, new)]
    return plain[0] == plain[1] and old.rpartition(".")[0] == new.rpartition(".")[0]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {} or (_is_number(value) and value == 0)


def _json_type(value: Any) -> str:
    for kind, types in (
        ("boolean", bool),
        ("object", dict),
        ("array", list),
        ("string", str),
        ("integer", int),
    ):
        if isinstance(value, types):
            return kind
    return "null" if value is None else "number"


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _outline(value: Any) -> Any:
    """A value that is short enough to be shown, or what it is made of."""
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, dict):
        return "{" + ", ".join(list(value)[:6]) + (", …" if len(value) > 6 else "") + "}"
    if isinstance(value, list):
        return f"[{len(value)} {'item' if len(value) == 1 else 'items'}]"
    return _plain(value)


def _cut(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "…"
