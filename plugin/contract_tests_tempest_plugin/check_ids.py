"""The idempotent ids of the tests that tempest.conf asks for: each test has one, and it is its own.

    TEMPEST_CONFIG_DIR=etc python -m contract_tests_tempest_plugin.check_ids

Tempest's check-uuid reads source code, and these tests have none.
"""

from __future__ import annotations

import collections
import sys
from collections.abc import Iterator

from contract_tests_tempest_plugin.collecting import collect
from contract_tests_tempest_plugin.testing import CONF, make_classes


def check() -> tuple[int, list[str]]:
    """How many tests there are, and what is wrong with their ids or with what they come from."""
    collected = collect(CONF)
    owners = collections.defaultdict(list)
    for made in make_classes(collected, __name__):
        for name, attrs in _attributes(made):
            for one in [attr for attr in attrs if attr.startswith("id-")] or ["none"]:
                owners[one].append(f"{made.__name__}.{name}")
    problems = [f"{one.name}: {one.text}" for one in collected.broken]
    problems += [f"{test} has no id" for test in owners.pop("none", []) if not test.startswith("Broken.")]
    problems += [f"{key} is the id of {' and of '.join(own)}" for key, own in owners.items() if len(own) > 1]
    return sum(map(len, owners.values())), problems


def _attributes(made: type) -> Iterator[tuple[str, set[str]]]:
    """The tests of a class, each with the attributes that testtools keeps on it."""
    for name, value in vars(made).items():
        if name.startswith("test_"):
            yield name, getattr(value, "__testtools_attrs", set())


if __name__ == "__main__":
    count, wrong = check()
    print(*wrong, f"{count} tests, {len(wrong)} problems", sep="\n")
    sys.exit(bool(wrong))
