"""JSON Schema: jsonschema-rs decides on the hot path; jsonschema words what is wrong, and is the referee.

Three things are asked of jsonschema-rs by both sides, so that they agree by construction: formats, the
patterns of ECMA 262, and multiples. jsonschema's own format checkers differ from RFC 3339 and RFC 5321 in
places (no leap seconds; `@` alone is an e-mail address), its patterns are Python's, which can backtrack for
ever, and to it 4.35 is no multiple of 0.01. The tests hold the two against each other on all else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contract_tests.model.matcher import FORMATS
from contract_tests.model.retrieval import no_retrieval

_VALIDATORS: dict[int, tuple[Mapping[str, Any], Any]] = {}
_MOST_ERRORS = 20
_LATE_FORMATS = ("draft-04", "draft-06", "draft-07")
"""Dialects that lack some of FORMATS: a schema that names one means it all the same."""


def is_valid(document: Mapping[str, Any], value: Any) -> bool:
    """Whether `value` satisfies the schema `document`, formats included. Validators are kept by document."""
    known = _VALIDATORS.get(id(document))
    if known is None:
        known = _VALIDATORS[id(document)] = (document, _compile(document))
    try:
        return bool(known[1].is_valid(value))
    except ValueError:  # text that is no Unicode (a lone surrogate), nested too deep: for jsonschema to say
        return not any(_errors(document, value))


def violations(document: Mapping[str, Any], value: Any) -> Iterator[tuple[str, str]]:
    """(JSON path, what is wrong there), the first of them at most; none where jsonschema finds it valid."""
    errors = sorted(
        _errors(document, value),
        key=lambda error: ([str(part) for part in error.absolute_path], error.message),
    )
    for error in errors[:_MOST_ERRORS]:
        if error.context and error.validator in ("anyOf", "oneOf"):
            from jsonschema.exceptions import best_match

            error = best_match([error]) or error
        message = (
            error.message if len(error.message) <= 400 else f"{error.message[:200]} … {error.message[-180:]}"
        )
        yield error.json_path, message


def referee(document: Mapping[str, Any]) -> Any:
    """jsonschema's validator of a schema: formats are checked, no reference is fetched."""
    from referencing.jsonschema import EMPTY_REGISTRY

    return _referee_class(str(document.get("$schema", "")))(
        document, format_checker=_format_checker(), registry=EMPTY_REGISTRY
    )


def _compile(document: Mapping[str, Any]) -> Any:
    import jsonschema_rs

    late = any(name in str(document.get("$schema", "")) for name in _LATE_FORMATS)
    formats: dict[str, Callable[..., bool]] | None = None
    if late:
        formats = {name: functools.partial(_conforms, name) for name in FORMATS}
    return jsonschema_rs.validator_for(
        dict(document), validate_formats=True, formats=formats, retriever=no_retrieval
    )


def _errors(document: Mapping[str, Any], value: Any) -> Iterator[Any]:
    """What jsonschema finds; where it meets a pattern that only ECMA 262 has, what jsonschema-rs finds."""
    if _is_beyond_python(document):
        from jsonschema.exceptions import ValidationError

        for error in _compile(document).iter_errors(value):
            yield ValidationError(error.message, path=error.instance_path)
        return
    yield from referee(document).iter_errors(value)


def _is_beyond_python(document: Any) -> bool:
    """Whether jsonschema would search property names by patterns of its own: for `unevaluatedProperties`."""
    keywords = set(_keywords(document))
    return {"unevaluatedProperties", "patternProperties"} <= keywords


def _keywords(document: Any) -> Iterator[str]:
    if isinstance(document, Mapping):
        yield from document
        for item in document.values():
            yield from _keywords(item)
    elif isinstance(document, list):
        for item in document:
            yield from _keywords(item)


@functools.lru_cache(maxsize=16)
def _referee_class(dialect: str) -> Any:
    import jsonschema
    from jsonschema import validators

    cls = validators.validator_for({"$schema": dialect}, default=jsonschema.Draft202012Validator)
    changed = {
        "pattern": _pattern,
        "multipleOf": _multiple,
        "patternProperties": _pattern_properties,
        "additionalProperties": functools.partial(_additional, cls.VALIDATORS["additionalProperties"]),
        # Gone from 2019-09 and later, where jsonschema-rs still enforces it.
        "dependencies": cls.VALIDATORS.get(
            "dependencies", jsonschema.Draft7Validator.VALIDATORS["dependencies"]
        ),
    }
    extend: Any = validators.extend
    return extend(cls, changed)


@functools.cache
def _format_checker() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name in FORMATS:
        checker.checks(name)(functools.partial(_conforms_or_no_text, name))
    return checker


@functools.lru_cache(maxsize=2048)
def _single(keyword: str, operand: str | float) -> Any:
    """A validator of one keyword."""
    import jsonschema_rs

    return jsonschema_rs.validator_for({keyword: operand}, validate_formats=True)


def _holds(keyword: str, operand: str | float, value: str | float) -> bool:
    try:
        return bool(_single(keyword, operand).is_valid(value))
    except ValueError:  # no Unicode: it has no format, and no pattern speaks of it
        return False


def _conforms(name: str, text: str) -> bool:
    return _holds("format", name, text)


def _conforms_or_no_text(name: str, value: object) -> bool:
    return not isinstance(value, str) or _conforms(name, value)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not _holds("pattern", pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _multiple(validator: Any, of: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "number") and not _holds("multipleOf", of, instance):
        yield ValidationError(f"{instance!r} is not a multiple of {of!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in patterns.items():
        for name, value in instance.items():
            if _holds("pattern", pattern, name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional(original: Any, validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    patterns = schema.get("patternProperties")
    if not patterns or not validator.is_type(instance, "object"):
        yield from original(validator, allowed, instance, schema)
        return
    others = [
        name
        for name in instance
        if name not in schema.get("properties", {})
        and not any(_holds("pattern", pattern, name) for pattern in patterns)
    ]
    if validator.is_type(allowed, "object"):
        for name in others:
            yield from validator.descend(instance[name], allowed, path=name)
    elif allowed is False and others:
        names = ", ".join(map(repr, others))
        yield ValidationError(
            f"Additional properties are not allowed ({names} fit no property and no pattern)"
        )
