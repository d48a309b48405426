"""Facts: what differs between two answers to the same call. A fact judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.model.http import MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One difference.

    `kind` is a key of KINDS. `path` is a JSON path with array items generalised (`$.servers[*].id`), a
    header's name, or empty. `old` and `new` are the values, shapes or names that differ (MISSING: nothing
    is there). `seen` counts the places in which it was met, `of` the places in which it could have been.
    `detail` is what only this kind has (where a property went, which tokens a list lost).
    """

    kind: str
    path: str = ""
    old: Any = MISSING
    new: Any = MISSING
    seen: int = 1
    of: int = 1
    detail: str = ""


KINDS = {
    "status": "another status code",
    "input": "an input that was accepted is refused, or the other way round (of a trial: `negative:`)",
    "header-added": "a header that was not there",
    "header-removed": "a header that is gone",
    "header-value": "a header with another value",
    "header-media-type": "another media type",
    "header-charset": "other parameters of the media type",
    "header-list": "a header that is a list gained or lost tokens",
    "header-multiplicity": "a header on more or fewer lines, with the same values",
    "body-appeared": "a body where there was none",
    "body-disappeared": "no body where there was one",
    "body-invalid-json": "a body that is no JSON any more",
    "body-became-json": "a body that is JSON now",
    "body-text": "a body that is no JSON, and differs",
    "body-bytes": "the same values written otherwise (white space, order of keys, escapes)",
    "root-type": "an object became a list, or the like",
    "envelope": "another root key",
    "property-added": "a property that was not there",
    "property-removed": "a property that is gone",
    "property-renamed": "a property under another name, with the same value",
    "property-restyled": "a property under the same name in another style (imageRef, image_ref)",
    "property-moved": "a property elsewhere, with the same value",
    "name-added": "a name that was not there, where names are data",
    "name-removed": "a name that is gone, where names are data",
    "property-type": "a value of another JSON type",
    "number-kind": "an integer became a number with decimals, or the other way round",
    "number-precision": "the same number with more or fewer digits",
    "to-null": "null where there was a value",
    "from-null": "a value where there was null",
    "null-or-missing": "null where there was nothing, or the other way round",
    "empty-or-missing": "an empty list, object or text where there was nothing, or the other way round",
    "empty-kind": 'one kind of nothing became another ("", null, 0, [], {})',
    "enum-case": "the same word in another case",
    "format": "the same kind of value in another format",
    "time-precision": "a time with other precision or another offset's spelling",
    "value": "another value",
    "array-or-scalar": "[x] became x, or the other way round",
    "item-shape": "a property came to some items of a list, or is gone from some",
    "array-count": "more or fewer items",
    "array-items": "other items, or names that are data, in place of some",
    "array-order": "the same items in another order",
    "error-message": "the text of an error",
    "error-structured-added": "errors[] beside the old error body",
    "error-structured-removed": "errors[] is gone, the rest of the error body is there",
    "error-structured-replaces": "errors[] in place of the old error body",
    "error-structured-replaced": "another error body in place of errors[]",
    "error-code": "another code of an error",
    "error-fault-key": "another root key of an error body",
    "error-body-lost": "an error without its body",
    "error-body-appeared": "an error that had no body has one",
    "link-added": "a link relation that was not there",
    "link-removed": "a link relation that is gone",
    "link-host": "a link to another host",
    "link-path": "a link to another path",
    "page-next": "a link to the next page appeared or vanished",
    "version-minimum": "another lowest microversion",
    "version-maximum": "another highest microversion",
    "version-status": "another status of an API version",
    "version-entry-added": "an API version that was not listed",
    "version-entry-removed": "an API version that is not listed any more",
    "extension-added": "an extension that was not listed",
    "extension-removed": "an extension that is not listed any more",
    "extension-changed": "an extension with another version, or updated at another time",
}

_PAIRS = (
    ("header-added", "header-removed"),
    ("body-appeared", "body-disappeared"),
    ("body-invalid-json", "body-became-json"),
    ("property-added", "property-removed"),
    ("name-added", "name-removed"),
    ("to-null", "from-null"),
    ("error-structured-added", "error-structured-removed"),
    ("error-structured-replaces", "error-structured-replaced"),
    ("error-body-appeared", "error-body-lost"),
    ("link-added", "link-removed"),
    ("version-entry-added", "version-entry-removed"),
    ("extension-added", "extension-removed"),
)

INVERSES: Mapping[str, str] = {
    **{kind: kind for kind in KINDS},
    **dict(_PAIRS),
    **{second: first for first, second in _PAIRS},
}
"""What a fact of each kind is called when the two answers are exchanged."""

VARYING = frozenset(
    {"value", "header-value", "body-text", "error-message", "link-path", "number-precision"}
    | {"array-count", "array-items", "array-order", "name-added", "name-removed", "time-precision"}
)
"""Kinds that say nothing where a value is known to differ between any two runs."""

VALUED = frozenset(
    {
        "status",
        "input",
        "header-value",
        "header-media-type",
        "header-list",
        "value",
        "enum-case",
        "property-type",
    }
    | {"format", "link-host", "page-next", "error-code", "error-fault-key", "envelope", "root-type"}
    | {kind for kind in KINDS if kind.startswith(("link-", "version-", "extension-", "number-", "array-or"))}
)
"""Kinds of which two facts with other values are two changes; of the others the path says it all."""
