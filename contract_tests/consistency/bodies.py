"""Rules of what stands in bodies and headers: errors, collections, links, times, lifecycle."""

from __future__ import annotations

import datetime
import email.utils
import re
from collections.abc import Iterator
from typing import Any

from contract_tests.comparison.facts import Fact
from contract_tests.consistency.rule import Exchange, Rule, Trace, mapping
from contract_tests.model.http import MISSING, header_values, media_of, split_target

_ERROR_KEYS = ("code", "status", "title", "detail", "links")
"""What API-SIG's errors-schema.json requires of each error."""

_CODE = re.compile(r"[a-z0-9._-]+")
_TRACE = re.compile(
    r"Traceback \(most recent call last\)|^\s*File \"[^\"\n]+\", line \d+, in |^\s+at [\w.$]+\([\w.]+:\d+\)",
    re.MULTILINE,
)
_TIME_NAMES = re.compile(r".*_at|.*_time|created|updated|timestamp|.*[a-z]At|launched|terminated")
_LIKE_TIME = re.compile(r"\d{4}-\d\d-\d\d.\d\d:\d\d.*|[A-Z][a-z]{2},? \d\d? [A-Z][a-z]{2} \d{4}.*")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)")
_REQUEST_ID = "X-Openstack-Request-Id"


# errors


def _is_error(one: Exchange) -> bool:
    return one.response.status >= 400 and one.request.method != "HEAD"


def _errors(one: Exchange) -> list[dict[str, Any]]:
    """The errors of API-SIG's form, as far as they are objects."""
    found = mapping(one.response.json).get("errors")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _takes_json(one: Exchange) -> bool:
    asked = ", ".join(header_values(one.request.headers, "Accept")).lower()
    return not asked or "json" in asked or "*/*" in asked


def _error_schema(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if not _is_error(one) or not _takes_json(one):
        return
    body = one.response.json
    if body is MISSING:
        media_type = (one.response.header("Content-Type") or "no type").partition(";")[0]
        old = f"a body of {media_type}" if one.response.body else "no body"
    elif _errors(one):
        lacking = [key for key in _ERROR_KEYS if any(key not in item for item in _errors(one))]
        if not lacking:
            return
        old = f"errors[] without {', '.join(lacking)}"
    elif isinstance(body, dict):
        old = "an object without errors[]"
    else:
        old = "no object"
    yield Fact(kind="error-schema", path="$", old=old, new="errors[] as API-SIG says", detail=old)


def _error_status(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    """Also of older forms, which have the status as a number at `code` or `status` below one root key."""
    if not _is_error(one):
        return
    body = mapping(one.response.json)
    told = [(f"$.errors[*].{key}", item[key]) for item in _errors(one) for key in ("status",) if key in item]
    if not _errors(one) and len(body) == 1:
        ((root, value),) = body.items()
        told = [
            (f"$.{root}.{key}", found) for key, found in mapping(value).items() if key in ("code", "status")
        ]
    for path, value in told:
        if isinstance(value, int) and value != one.response.status:
            yield Fact(
                kind="error-status", path=path, old=value, new=one.response.status, detail=one.operation
            )


def _error_request_id(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    header = one.response.header(_REQUEST_ID)
    for item in _errors(one) if _is_error(one) else ():
        told = item.get("request_id")
        if told is not None and header is not None and told != header:
            path = "$.errors[*].request_id"
            yield Fact(kind="error-request-id", path=path, old=told, new=header, detail=one.operation)


def _error_code(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    for item in _errors(one) if _is_error(one) else ():
        code = item.get("code")
        if code is not None and not (isinstance(code, str) and _CODE.fullmatch(code)):
            path = "$.errors[*].code"
            yield Fact(
                kind="error-code-form", path=path, old=code, new="service.error-code", detail=str(code)
            )


def _error_traceback(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if _is_error(one) and _TRACE.search(one.response.text.replace("\\n", "\n").replace('\\"', '"')):
        yield Fact(kind="error-traceback", path="$", new="a message without it", detail=one.operation)


# collections


def _list_object(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if one.succeeded and isinstance(one.response.json, list):
        yield Fact(kind="list-object", path="$", new="an object with the list in it", detail=one.operation)


def _list_links(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if not (one.succeeded or one.response.status == 300):
        return
    for path, name, value in one.properties:
        if name != "links" and not name.endswith("_links"):
            continue
        if isinstance(value, list):
            lacking = {key for item in value for key in ("rel", "href") if key not in mapping(item)}
            if lacking:
                old = f"a list without {', '.join(sorted(lacking))}"
                yield Fact(kind="list-links", path=path, old=old, new="a list of rel and href", detail=name)
        elif value is not None:
            old = "an object" if isinstance(value, dict) else "a text"
            yield Fact(kind="list-links", path=path, old=old, new="a list of rel and href", detail=name)


def _items(one: Exchange) -> list[Any] | None:
    """The items of a collection's answer: the one list at its root that holds no links."""
    lists = [
        value
        for name, value in mapping(one.response.json).items()
        if isinstance(value, list) and not name.endswith("links")
    ]
    return lists[0] if len(lists) == 1 else None


def _asked(one: Exchange, name: str) -> str:
    return dict(split_target(one.request.target)[1]).get(name, "")


def _list_limit(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    limit, items = _asked(one, "limit"), _items(one)
    if one.request.method != "GET" or not one.succeeded or not limit.isdigit() or items is None:
        return
    if 0 < int(limit) < len(items):
        yield Fact(kind="list-limit", path="$", old=len(items), new=int(limit), detail=one.operation)


def _list_count(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    items = _items(one)
    if not one.succeeded or items is None:
        return
    body = mapping(one.response.json)
    for name in ("total", "total_count", "totalCount"):
        if isinstance(body.get(name), int) and "count" not in body:
            yield Fact(kind="list-count", path=f"$.{name}", old=name, new="count", detail=one.operation)
    count = body.get("count")
    if count is not None and (not isinstance(count, int) or count < len(items)):
        right = f"a number, {len(items)} or more"
        yield Fact(kind="list-count", path="$.count", old=count, new=right, detail=one.operation)


# values


def _time(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if not one.succeeded:
        return
    for path, name, value in one.properties:
        local = name.rpartition(":")[2]
        if not isinstance(value, str) or not _TIME_NAMES.fullmatch(local) or not _LIKE_TIME.fullmatch(value):
            continue
        if not _ISO.fullmatch(value):
            plain = "T" in value[:11]
            right = "YYYY-MM-DDThh:mm:ssZ"
            old = "a time without its offset from UTC" if plain else "no ISO 8601"
            yield Fact(kind="time-iso8601", path=path, old=old, new=right, detail=name)


_BOOLEAN = re.compile(
    r"^(?:is|has)_(?P<is>.+)$|^(?:enable|disable)_(?P<verb>.+)$|^(?P<no>.+_)?disabled$|^(?:not|no)_(?P<not>.+)$"
)


def _positive(found: re.Match[str]) -> str:
    if found["verb"]:
        return f"{found['verb']}_enabled"
    return found["is"] or found["not"] or f"{found['no'] or ''}enabled"


def _boolean(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    for path, name, value in one.properties:
        if not isinstance(value, bool):
            continue
        prefix, colon, local = name.rpartition(":")
        right = _BOOLEAN.sub(_positive, local)
        if right != local:
            yield Fact(kind="boolean-name", path=path, old=name, new=f"{prefix}{colon}{right}", detail=name)


def _tags(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if not one.succeeded:
        return
    for path, name, value in one.properties:
        if name != "tags":
            continue
        good = isinstance(value, list) and all(isinstance(tag, str) for tag in value)
        bad = [tag for tag in value if set(tag) & {"/", ","}] if good else []
        if not good or bad:
            old = f"the tag {bad[0]!r}" if bad else "no list of texts"
            yield Fact(
                kind="tags-form", path=path, old=old, new="a list of texts without / and comma", detail=path
            )


# headers


def _header_name(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    for name, _ in one.response.headers:
        if name.lower().startswith("x-"):
            right = "OpenStack-" + name[2:] if "openstack" not in name.lower() else name[2:]
            yield Fact(kind="header-name", path=name, old=name, new=right, detail=name.lower())


def _cache_control(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    plain = one.request.method == "GET" and one.response.status == 200
    if plain and one.response.header("Cache-Control") is None:
        right = "Cache-Control: no-cache"
        yield Fact(kind="cache-control", path="Cache-Control", new=right, detail="GET")


def _vary_accept(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    """Of what a cache may keep: it would give one client what another asked for."""
    if one.request.method != "GET" or one.response.status != 200:
        return
    vary = (one.response.header("Vary") or "").lower()
    if "accept" in {part.strip() for part in vary.split(",")} or vary.strip() == "*":
        return
    own = _asked_and_got(one)
    others = (o for o in trace if o.request.target == one.request.target and o.response.status == 200)
    for asked, got in map(_asked_and_got, others):
        if asked != own[0] and got != own[1]:
            yield Fact(kind="header-vary-accept", path="Vary", new="Accept", detail=one.operation)
            return


def _asked_and_got(one: Exchange) -> tuple[list[str], tuple[str, dict[str, str]]]:
    accept = [value.replace(" ", "").lower() for value in header_values(one.request.headers, "Accept")]
    return accept, media_of(one.response.header("Content-Type") or "")


def _http_date(text: str) -> datetime.datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text) if text.endswith("GMT") else None
    except ValueError:
        return None


def _lifecycle(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    since: datetime.datetime | None = None
    for value in header_values(one.response.headers, "Deprecation"):
        if re.fullmatch(r"@\d{1,11}", value):
            since = datetime.datetime.fromtimestamp(int(value[1:]), datetime.UTC)
        else:
            new = "@ and seconds since 1970"
            yield Fact(kind="lifecycle-form", path="Deprecation", old=value, new=new, detail="Deprecation")
    for value in header_values(one.response.headers, "Sunset"):
        end = _http_date(value)
        if end is None:
            yield Fact(kind="lifecycle-form", path="Sunset", old=value, new="an HTTP date", detail="Sunset")
        elif since is not None and end < since:
            new = "a day that is not before Deprecation"
            yield Fact(
                kind="lifecycle-form", path="Sunset", old=value, new=new, detail="Sunset before Deprecation"
            )


BODY_RULES: tuple[Rule, ...] = (
    Rule(
        id="error-schema",
        source="API-SIG errors",
        doc="the body of an error is errors[], each with code, status, title, detail and links",
        message="an error has {old}: {new} would be right",
        look=_error_schema,
        of_service=True,
    ),
    Rule(
        id="error-status",
        source="API-SIG errors",
        doc="the status in an error's body is that of the answer",
        message="{detail}: {path} is {old}, the answer is {new}",
        look=_error_status,
    ),
    Rule(
        id="error-request-id",
        source="API-SIG errors",
        doc=f"the request_id in an error's body is that of {_REQUEST_ID}",
        message="{detail}: {path} is {old}, the header says {new}",
        look=_error_request_id,
    ),
    Rule(
        id="error-code-form",
        source="API-SIG errors",
        doc="an error's code is lower case: service.error-code",
        message="{path} is {old}: {new} would be right",
        look=_error_code,
        of_service=True,
    ),
    Rule(
        id="error-traceback",
        source="API-SIG response-codes",
        doc="no stack trace in the body of an error",
        message="{detail} answers a stack trace: {new} would be right",
        look=_error_traceback,
    ),
    Rule(
        id="list-object",
        source="API-SIG representation_structure",
        doc="a collection is an object with a list in it, to which more can be added",
        message="{detail} answers a list: {new} would be right",
        look=_list_object,
    ),
    Rule(
        id="list-links",
        source="API-SIG links",
        doc="links are a list of objects with rel and href",
        message="{detail} is {old}: {new} would be right",
        look=_list_links,
    ),
    Rule(
        id="list-limit",
        source="API-SIG pagination_filter_sort",
        doc="a collection has no more items than `limit` asks for",
        message="{detail} answers {old} items to limit={new}",
        look=_list_limit,
    ),
    Rule(
        id="list-count",
        source="API-SIG counting",
        doc="the total of a collection is a number, `count`, at its root, and not less than the items",
        message="{detail} has {old} at {path}: {new} would be right",
        look=_list_count,
    ),
    Rule(
        id="time-iso8601",
        source="API-SIG time",
        doc="a time is as ISO 8601 says, with its offset from UTC",
        message="{detail} is {old}: {new} would be right",
        look=_time,
    ),
    Rule(
        id="boolean-name",
        source="API-SIG naming",
        doc="a boolean's name completes `this is …`, and is no negative: not is_enabled, not disabled",
        message="{old}: {new} would be right",
        look=_boolean,
        renames=True,
    ),
    Rule(
        id="tags-form",
        source="API-SIG tags",
        doc="tags are a list of texts without / and comma",
        message="{path} is {old}: {new} would be right",
        look=_tags,
    ),
    Rule(
        id="header-name",
        source="API-SIG headers, RFC 6648",
        doc="a new header has no X-",
        message="{old}: {new} would be right, if it is new",
        look=_header_name,
        decide="headers that an API has had for long may keep their X-",
    ),
    Rule(
        id="cache-control",
        source="API-SIG http/caching",
        doc="the 200 of a GET has Cache-Control: caches keep it otherwise",
        message="answers to GET without Cache-Control: {new} would be right",
        look=_cache_control,
        of_service=True,
    ),
    Rule(
        id="header-vary-accept",
        source="RFC 9110 12.5.5",
        doc="a GET that answers one URL in several representations says so: Vary names Accept",
        message="{detail} answers by Accept, and Vary does not name it: caches mix the representations up",
        look=_vary_accept,
    ),
    Rule(
        id="lifecycle-form",
        source="RFC 9745, RFC 8594",
        doc="Deprecation is @ and seconds since 1970, Sunset an HTTP date that is not before it",
        message="{path} is {old}: {new} would be right",
        look=_lifecycle,
    ),
)
