"""Noise: what differs between two recordings of the same release, and so says nothing of two releases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contract_tests.comparison.facts import INVERSES, VARYING, Fact

Noise = Mapping[str, Mapping[str, frozenset[str]]]
"""By call (`scenario: call`) and generalised path or header name: the kinds of facts that were met there."""

_OF_VALUES = VARYING - {"array-order"}


def learnable(fact: Fact) -> bool:
    """Whether a fact can be noise: it has a place, and no service tells its versions by chance.

    A status, a body that comes and goes, another root: a service that gives these by chance has a defect.
    """
    return bool(fact.path) and not fact.kind.startswith("version-")


def merged(*several: Noise) -> dict[str, dict[str, frozenset[str]]]:
    """What several pairs of recordings taught."""
    known: dict[str, dict[str, frozenset[str]]] = {}
    for noise in several:
        for call, places in noise.items():
            own = known.setdefault(call, {})
            for path, kinds in places.items():
                own[path] = own.get(path, frozenset()) | kinds
    return known


def is_noise(fact: Fact, known: Iterable[Mapping[str, frozenset[str]]]) -> bool:
    """Whether one of the recordings says that this varies at this place (`known`: path -> kinds).

    A value that varied once may vary in any way that a value can; what came may go. Of a list that varied in
    its order alone, the order may vary: an item that is gone is none of that.
    """
    for places in known:
        kinds = places.get(fact.path)
        if kinds is None:
            continue
        if fact.kind in kinds or INVERSES[fact.kind] in kinds:
            return True
        if fact.kind in VARYING and not _OF_VALUES.isdisjoint(kinds):
            return True
    return False
