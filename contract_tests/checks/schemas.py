"""JSON Schema: jsonschema-rs decides on the hot path; jsonschema words what is wrong, and is the referee."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contract_tests.model.matcher import PatternTimeout, search

_VALIDATORS: dict[int, tuple[Mapping[str, Any], Any]] = {}
_MOST_ERRORS = 20


def is_valid(document: Mapping[str, Any], value: Any) -> bool:
    """Whether `value` satisfies the schema `document`, formats included. Validators are kept by document."""
    known = _VALIDATORS.get(id(document))
    if known is None:
        import jsonschema_rs

        known = _VALIDATORS[id(document)] = (
            document,
            jsonschema_rs.validator_for(document, validate_formats=True),
        )
    return bool(known[1].is_valid(value))


def violations(document: Mapping[str, Any], value: Any) -> Iterator[tuple[str, str]]:
    """(JSON path, what is wrong there) by jsonschema, the first of them at most; none where it is valid."""
    validator = referee(document)
    errors = sorted(
        validator.iter_errors(value),
        key=lambda error: ([str(part) for part in error.absolute_path], error.message),
    )
    for error in errors[:_MOST_ERRORS]:
        if error.context and error.validator in ("anyOf", "oneOf"):
            from jsonschema.exceptions import best_match

            deeper = best_match([error])
            error = deeper if deeper is not None else error
        message = (
            error.message if len(error.message) <= 400 else f"{error.message[:200]} … {error.message[-180:]}"
        )
        yield error.json_path, message


def referee(document: Mapping[str, Any]) -> Any:
    """jsonschema's validator of a schema: formats are checked, patterns are given a second, no reference is fetched."""
    import jsonschema
    from jsonschema import validators

    cls = validators.validator_for(document, default=jsonschema.Draft202012Validator)
    bounded = validators.extend(cls, {"pattern": _bounded(cls.VALIDATORS["pattern"])})
    return bounded(document, format_checker=cls.FORMAT_CHECKER)


def _bounded(_: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
        from jsonschema.exceptions import ValidationError

        if not validator.is_type(instance, "string"):
            return
        try:
            found = search(pattern, instance)
        except PatternTimeout:
            yield ValidationError(f"the pattern {pattern!r} took too long on this value")
            return
        if found is None:
            yield ValidationError(f"{instance!r} does not match {pattern!r}")

    return pattern
