"""Facts of two JSON documents, at generalised places."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from contract_tests.comparison.correlation import Correlation, alike, masked, named, role, shape, time_style
from contract_tests.comparison.facts import VARYING, Fact
from contract_tests.comparison.places import ITEM, NAME, Found, Place, together
from contract_tests.comparison.values import cut, is_empty, is_number, json_type, outline
from contract_tests.comparison.versions import (
    entry_facts,
    extension_fact,
    is_entry,
    is_extension_list,
    is_list,
)
from contract_tests.model.http import MISSING

IDENTITY_KEYS = ("uuid", "id", "rel", "name", "alias")
"""What tells one object of a list from another, the first of them that every object has, each its own."""

_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+|/\S*", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ERROR_TEXTS = frozenset({"detail", "message", "title", "faultstring", "debuginfo", "description"})
_SCALARS = (str, int, bool, type(None))


def body_facts(old: Any, new: Any, same: Correlation, *, errors: bool = False) -> Iterator[Fact]:
    """Every fact of two documents (numbers with decimals as Decimal). `errors`: they are bodies of errors."""
    walk = _Walk(same, errors)
    top = Place(None, "$", same)
    if type(old) is not type(new) and not (is_number(old) and is_number(new)):
        yield Fact(kind="root-type", path="$", old=json_type(old), new=json_type(new))
        return
    if _is_envelope(old) and _is_envelope(new) and old.keys() != new.keys():
        (before,), (after,) = old, new
        yield Fact(kind="error-fault-key" if errors else "envelope", path="$", old=before, new=after)
        old, new, top = old[before], new[after], top.below(NAME, same)
        top.outer = None
    walk.value(top, old, new)
    yield from together(
        walk.found, {"": old} if top.step == NAME else old, {"": new} if top.step == NAME else new, same
    )


def _is_envelope(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and len(document) == 1
        and isinstance(next(iter(document.values())), (dict, list))
    )


class _Walk:
    """Compares two documents value by value; `found` is what differs, in order."""

    def __init__(self, same: Correlation, errors: bool) -> None:
        self.same = same
        self.errors = errors
        self.found: list[Found] = []

    def note(self, kind: str, place: Place, old: Any = MISSING, new: Any = MISSING, detail: str = "") -> None:
        self.found.append(Found(place, Fact(kind=kind, path=place.text, old=old, new=new, detail=detail)))

    def value(self, place: Place, old: Any, new: Any) -> None:
        if isinstance(old, dict) and isinstance(new, dict):
            if repr(old) != repr(new):  # unlike ==, it tells 1 from 1.0 and from true
                self._objects(place, old, new)
        elif isinstance(old, list) and isinstance(new, list):
            if repr(old) != repr(new):
                self._lists(place, old, new)
        elif isinstance(old, str) and isinstance(new, str):
            if old != new:
                self._texts(place, old, new)
        elif is_number(old) and is_number(new):
            self._numbers(place, old, new)
        elif old is None or new is None:
            if old is not new:
                self._null(place, old, new)
        elif isinstance(old, bool) and isinstance(new, bool):
            if old != new:
                self.note("value", place, old, new)
        else:
            self._types(place, old, new)

    # Scalars.

    def _null(self, place: Place, old: Any, new: Any) -> None:
        if place.leaf == "next" and _is_url(old if new is None else new):
            self.note("page-next", place, outline(old), outline(new))
        elif is_empty(old) and is_empty(new):
            self.note("empty-kind", place, outline(old), outline(new))
        elif new is None:
            self.note("to-null", place, outline(old), None)
        else:
            self.note("from-null", place, None, outline(new))

    def _types(self, place: Place, old: Any, new: Any) -> None:
        if isinstance(old, list) != isinstance(new, list):
            one, many = (new, old) if isinstance(old, list) else (old, new)
            if len(many) == 1 and type(many[0]) is type(one):
                self.note("array-or-scalar", place, outline(old), outline(new))
                return
        if is_empty(old) and is_empty(new):
            self.note("empty-kind", place, outline(old), outline(new))
        else:
            self.note("property-type", place, json_type(old), json_type(new))

    def _numbers(self, place: Place, old: Any, new: Any) -> None:
        decimals = isinstance(old, Decimal), isinstance(new, Decimal)
        if old == new:
            if decimals[0] != decimals[1]:
                self.note("number-kind", place, str(old), str(new))
            elif decimals[0] and str(old) != str(new):
                self.note("number-precision", place, str(old), str(new))
        elif decimals[0] != decimals[1]:
            self.note("number-kind", place, str(old), str(new), detail="decimals")
        else:
            self.note("value", place, outline(old), outline(new))

    def _texts(self, place: Place, old: str, new: str) -> None:
        before, after = role(old, self.same.old), role(new, self.same.new)
        if before == after:
            return
        if (
            _URL.fullmatch(old)
            and _URL.fullmatch(new)
            and (old[0] != "/" or place.leaf in ("href", "url", "next"))
        ):
            self._links(place, before, after)
            return
        looks = shape(old), shape(new)
        # A value that plays a part in one run only, or another part, is a wrong id in this place.
        if any(looks) and "${" not in before and "${" not in after:
            if looks[0] != looks[1]:
                both = all(look.startswith("time") for look in looks)
                self.note(
                    "time-precision" if both else "format", place, looks[0] or cut(old), looks[1] or cut(new)
                )
            elif time_style(old) != time_style(new):
                self.note("time-precision", place, old, new)
            return
        if not alike(before, after):
            self._words(place, old, new)

    def _words(self, place: Place, old: str, new: str) -> None:
        if self.errors and place.leaf in _ERROR_TEXTS:
            self.note("error-message", place, cut(old), cut(new))
        elif self.errors and place.leaf == "code":
            self.note("error-code", place, old, new)
        elif old.lower() == new.lower():
            self.note("enum-case", place, old, new)
        elif _NUMBER.fullmatch(old) and _NUMBER.fullmatch(new) and Decimal(old) == Decimal(new):
            self.note("number-precision", place, old, new)
        else:
            words = self.same.words.get(place.text, frozenset({old, new}))
            detail = "enum-added" if new not in words else "enum-removed" if old not in words else ""
            self.note("value", place, cut(old), cut(new), detail)

    def _links(self, place: Place, old: str, new: str) -> None:
        before, after = urlsplit(old), urlsplit(new)
        if (
            bool(before.netloc) != bool(after.netloc)
            or not alike(before.path, after.path)
            or not alike(before.query, after.query)
        ):
            self.note("page-next" if place.leaf == "next" else "link-path", place, cut(old), cut(new))
        elif before.netloc != after.netloc or before.scheme != after.scheme:
            self.note("link-host", place, before.netloc, after.netloc)

    # Objects.

    def _objects(self, place: Place, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        if place.free_form(self.same) or (old.keys() != new.keys() and _are_ids(old) and _are_ids(new)):
            self._named_by_clients(place, old, new)
            return
        if old.keys() != new.keys() and (self.same.old or self.same.new):
            # A name may be a value of the run: what a client called something.
            renamed = {role(key, self.same.new): key for key in new}
            old = {renamed.get(role(key, self.same.old), key): value for key, value in old.items()}
        if is_entry(old) and is_entry(new):
            told = dict(entry_facts(place.text, old, new))
            self.found += [Found(place.below(name, self.same), fact) for name, fact in told.items()]
            old, new = ({key: one[key] for key in one if key not in told} for one in (old, new))
        for key, value in old.items():
            other = new.get(key, MISSING)
            if other is MISSING:
                self._gone(place.below(key, self.same), value)
            elif value is not other and not (
                type(value) is type(other) and value == other and isinstance(value, _SCALARS)
            ):
                self.value(place.below(key, self.same), value, other)
        for key, value in new.items():
            if key not in old:
                self._came(place.below(key, self.same), value)

    def _gone(self, place: Place, value: Any) -> None:
        if value is None:
            self.note("null-or-missing", place, None, MISSING, "gone")
        elif is_empty(value):
            self.note("empty-or-missing", place, outline(value), MISSING, "gone")
        else:
            self.note("property-removed", place, outline(value))
        self.found[-1].value, self.found[-1].gone = value, True

    def _came(self, place: Place, value: Any) -> None:
        if value is None:
            self.note("null-or-missing", place, MISSING, None, "appeared")
        elif is_empty(value):
            self.note("empty-or-missing", place, MISSING, outline(value), "appeared")
        else:
            self.note("property-added", place, new=outline(value))
        self.found[-1].value = value

    def _named_by_clients(self, place: Place, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Two objects in which names are data: they are like lists."""
        before = {role(key, self.same.old): value for key, value in old.items()}
        after = {role(key, self.same.new): value for key, value in new.items()}
        below = place.below(NAME, self.same)
        for key in before:
            if key in after:
                self.value(below, before[key], after[key])
        lost = sorted(before.keys() - after.keys(), key=lambda key: (masked(key), key))
        came = sorted(after.keys() - before.keys(), key=lambda key: (masked(key), key))
        for key, other in zip(lost, came, strict=False):
            at = len(self.found)
            self.value(below, before[key], after[other])
            if masked(key) != masked(other):  # of what is something else only the shape can be compared
                self.found[at:] = [one for one in self.found[at:] if one.fact.kind not in VARYING]
        count = min(len(lost), len(came))
        names = [[masked(key) for key in keys[:count]] for keys in (lost, came)]
        if names[0] != names[1]:
            self.note("array-items", place, cut(", ".join(lost)), cut(", ".join(came)))
        if came[count:]:
            self.note("name-added", below, new=cut(", ".join(came[count:])))
        if lost[count:]:
            self.note("name-removed", below, old=cut(", ".join(lost[count:])))

    # Lists.

    def _lists(self, place: Place, old: list[Any], new: list[Any]) -> None:
        below = place.below(ITEM, self.same)
        if place.leaf.endswith("links") and _are_relations(old) and _are_relations(new):
            self._by_name(place, "rel", old, new, "link")
        elif (old or new) and is_list(place.leaf, old) and is_list(place.leaf, new):
            self._by_name(place, "id", old, new, "version-entry")
        elif (old or new) and is_extension_list(place.leaf, old) and is_extension_list(place.leaf, new):
            self._by_name(place, "alias", old, new, "extension")
        elif (names := _identified(old, new, self.same)) is None and len(old) == len(new) == 1:
            self.value(below, old[0], new[0])
        else:
            if names is None or not _said(names):
                labels = [
                    [_canonical(item, roles) for item in items]
                    for items, roles in ((old, self.same.old), (new, self.same.new))
                ]
                if names is None or _met(labels) >= _met(names):
                    self._by_label(place, below, old, new, labels, paired=False)
                    return
            self._by_label(place, below, old, new, names, paired=True)

    def _by_name(self, place: Place, key: str, old: Sequence[Any], new: Sequence[Any], kind: str) -> None:
        """Two lists whose items have names: links by their relation, API versions by their id."""
        before, after = ({item[key]: item for item in items} for items in (old, new))
        for name in sorted(before.keys() ^ after.keys()):
            gone = name in before
            item = (before if gone else after)[name]
            found = f"{kind}-removed" if gone else f"{kind}-added"
            if kind == "link" and name == "next":
                found = "page-next"
            status = str(item.get("status", "")).lower() if kind == "version-entry" else ""
            self.note(found, place, name if gone else MISSING, MISSING if gone else name, status)
        for name in sorted(before.keys() & after.keys()):
            pair = (before[name], after[name])
            changed = extension_fact(*pair) if kind == "extension" else None
            if changed is not None:
                self.note("extension-changed", place, *changed)
                old_rest, new_rest = ({**one, "version": None, "updated": None} for one in pair)
                self.value(place.below(ITEM, self.same), old_rest, new_rest)
            else:
                self.value(place.below(ITEM, self.same), *pair)

    def _by_label(
        self,
        place: Place,
        below: Place,
        old: list[Any],
        new: list[Any],
        labels: list[list[str]],
        *,
        paired: bool,
    ) -> None:
        """Two lists matched by what their items are called, or are; what is left is matched in order.

        `paired`: labels are names, so that items with one name are compared, and others are other items.
        """
        counts = Counter(labels[0]) & Counter(labels[1])
        shared = [_shared(labels[side], counts) for side in (0, 1)]
        left = [[at for at, is_shared in enumerate(flags) if not is_shared] for flags in shared]
        if paired:
            places = {label: at for at, label in enumerate(labels[1])}
            for at, label in enumerate(labels[0]):
                if label in places:
                    self.value(below, old[at], new[places[label]])
        if len(old) != len(new):
            self.note("array-count", place, len(old), len(new))
        pairs = list(zip(*left, strict=False))
        other = [(masked(labels[0][a]), masked(labels[1][b])) for a, b in pairs] if paired else []
        if any(a != b for a, b in other):
            self.note(
                "array-items", place, cut(", ".join(a for a, _ in other)), cut(", ".join(b for _, b in other))
            )
        else:
            for a, b in pairs:
                self.value(below, old[a], new[b])
        orders = [
            [label for label, flag in zip(labels[side], shared[side], strict=True) if flag] for side in (0, 1)
        ]
        asked = self.same.ordered and place.outer is None  # a list within an item has an order of its own
        if orders[0] != orders[1] and (asked or not (left[0] or left[1])):
            self.note("array-order", place, detail="asked" if asked else "")


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def _are_ids(names: Mapping[str, Any]) -> bool:
    return bool(names) and all(shape(name) in ("uuid", "hex") for name in names)


def _are_relations(items: Sequence[Any]) -> bool:
    names = [item.get("rel") if isinstance(item, dict) else None for item in items]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _identified(old: Sequence[Any], new: Sequence[Any], same: Correlation) -> list[list[str]] | None:
    """What the objects of both lists are called, by the property that tells them apart; None without one.

    Of several it is the one by which most objects of one list are met in the other. Ids that a service makes
    and numbers count less: recordings number them in their order, and where nothing is met they tell nothing.
    """
    everything = (*old, *new)
    if not old or not new or not all(isinstance(item, dict) for item in everything):
        return None
    found: list[list[str]] | None = None
    best = (0, False)
    for key in IDENTITY_KEYS:
        values = [[item.get(key) for item in items] for items in (old, new)]
        if not all(type(one) in (str, int) for side in values for one in side):
            continue
        labels = [
            [role(one, roles) if isinstance(one, str) else str(one) for one in side]
            for side, roles in zip(values, (same.old, same.new), strict=True)
        ]
        if any(len(set(side)) < len(side) for side in labels):
            continue
        met = _met(labels), _said(labels)
        if found is None or (met[0] and met > best):
            found, best = labels, met
    return found if any(best) else None


def _met(labels: Sequence[Sequence[str]]) -> int:
    """How many of one list's labels are in the other too."""
    return (Counter(labels[0]) & Counter(labels[1])).total()


def _said(labels: Sequence[Sequence[str]]) -> bool:
    """Whether somebody gave these names: they are more than ids that a service makes, and numbers."""
    return not all(shape(one) or one.isdigit() for side in labels for one in side)


def _canonical(item: Any, roles: Mapping[str, str]) -> str:
    return json.dumps(named(item, roles), sort_keys=True, default=repr)


def _shared(labels: Sequence[str], counts: Counter[str]) -> list[bool]:
    """Which of the labels are in the other list too, each as often as it is there."""
    left = Counter(counts)
    flags = []
    for label in labels:
        flags.append(left[label] > 0)
        left[label] -= 1
    return flags
