"""Rules of status codes: what an answer says must be what happened, as the body and later calls show it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contract_tests.comparison.facts import Fact
from contract_tests.comparison.places import ITEM
from contract_tests.consistency.rule import Exchange, Rule, Trace, inner, is_parameter, mapping
from contract_tests.model.derivation import NEW_NAME
from contract_tests.model.http import MISSING

_STATES = frozenset({"status", "state", "task_state", "vm_state", "provision_state", "provisioning_status"})

GOING_ON = frozenset(
    """
    attaching backing-up build building creating deleting detaching downloading extending importing
    in-progress in_progress migrating pending_create pending_delete pending_update preparing processing
    reboot rebooting rebuild rebuilding resizing restoring restoring-backup retyping reverting saving
    scheduling shelving spawning starting stopping suspending unshelving updating uploading
    """.split()  # noqa: SIM905 - a list of words
)
"""Words by which a resource says that the service still works on it.

Not `queued` and `pending`: an image that waits for its data, a membership for consent, wait for a client.
"""


def going_on(body: Any) -> str:
    """The state in a resource that says that something goes on; empty where none does."""
    for name, value in inner(body).items():
        local = name.rpartition(":")[2].lower()
        if local not in _STATES or not isinstance(value, str):
            continue
        if value.lower() in GOING_ON or (local == "task_state" and value):
            return f"{name}: {value}"
    return ""


def _has_state(body: Any) -> bool:
    return any(name.rpartition(":")[2].lower() in _STATES for name in inner(body))


def _looks(path: str, trace: Trace, at: int) -> Iterator[Exchange]:
    """The answers to GETs of `path` behind the call `at`, up to the next that changes something there."""
    for later in trace[at + 1 :]:
        reads = later.request.method in ("GET", "HEAD")
        if later.path == path and reads:
            yield later
        elif (
            not reads
            and later.succeeded
            and (f"{later.path}/".startswith(f"{path}/") or path.startswith(later.path + "/"))
        ):
            return


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, (str, int)):
        yield str(value)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


def _created(one: Exchange, trace: Trace, at: int) -> str:
    """The path of what a POST created: a later call asks below it for what it told or was told.

    A 2xx alone says nothing: an action or a search is a POST too.
    """
    if one.request.method != "POST" or not one.succeeded or not one.is_collection or one.path == "":
        return ""
    known: set[str] | None = None
    for later in trace[at + 1 :]:
        if (
            not later.succeeded
            or not later.path.startswith(one.path + "/")
            or "/" in later.path[len(one.path) + 1 :]
        ):
            continue
        if not is_parameter(later.segments[-1]):
            continue
        if known is None:
            known = {text for body in (one.response.json, one.sent) for text in _texts(body)}
        if later.path[len(one.path) + 1 :] in known and not any(
            before.path == later.path and before.succeeded for before in trace[:at]
        ):
            return later.path
    return ""


def _state_after(path: str, one: Exchange, trace: Trace, at: int) -> str:
    """The state that shows a resource going on, in the answer or at the first look."""
    looks = itertools.islice(_looks(path, trace, at), 1)
    bodies = [one.response.json, *(look.response.json for look in looks)]
    return next(filter(None, map(going_on, bodies)), "")


def _code_created(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    status = one.response.status
    path = _created(one, trace, at) if status not in (201, 202) else ""  # what was 202 may be ready by now
    if path and not _state_after(path, one, trace, at):
        yield Fact(kind="code-created", path="", old=status, new=201, detail=one.operation)


def _code_location(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    """The answer of a PUT needs none: the URL is that of the request."""
    if one.request.method != "POST" or one.response.header("Location") is not None or not one.is_collection:
        return
    if one.response.status in (200, 201, 202) and _created(one, trace, at):
        yield Fact(kind="code-location", path="Location", new="the URL of what it made", detail=one.operation)


def _code_deleted(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if one.request.method != "DELETE" or one.response.status not in (200, 202):
        return
    looks = list(_looks(one.path, trace, at))[:1]
    gone = bool(looks) and looks[0].response.status in (404, 410)
    if gone or (one.response.status == 200 and not looks):
        yield Fact(kind="code-deleted", path="", old=one.response.status, new=204, detail=one.operation)


def _still_there(one: Exchange, trace: Trace, at: int) -> bool:
    """Whether a resource was seen to go on after its DELETE: what was quick elsewhere is not done at once."""
    return (
        one.request.method == "DELETE"
        and one.succeeded
        and any(look.succeeded and _has_state(look.response.json) for look in _looks(one.path, trace, at))
    )


def _code_accepted(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if not one.succeeded or one.response.status == 202 or one.request.method in ("GET", "HEAD"):
        return
    told = ""
    if one.request.method == "DELETE":
        told = next(
            (going_on(look.response.json) for look in _looks(one.path, trace, at) if look.succeeded), ""
        )
    elif one.request.method == "POST" and one.is_collection:
        path = _created(one, trace, at)
        told = _state_after(path, one, trace, at) if path else ""
    elif one.segments[-1:] == ["action"]:
        looks = _looks(one.path.rpartition("/")[0], trace, at)
        told = next((going_on(look.response.json) for look in looks if look.succeeded), "")
    if told:
        yield Fact(kind="code-accepted", path=told, old=one.response.status, new=202, detail=one.operation)


def _of_status(rule: str, status: int, right: Any) -> Any:
    def look(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
        if one.response.status == status:
            yield Fact(kind=rule, path="", old=status, new=right, detail=one.operation)

    return look


def _server_error(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if one.response.status >= 500 and one.response.status not in (501, 503):
        yield Fact(
            kind="code-server-error",
            path="",
            old=one.response.status,
            new="4xx or a success",
            detail=one.operation,
        )


def _quota(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if one.response.status == 413 and "quota" in one.response.text.lower():
        yield Fact(kind="code-quota", path="", old=413, new=403, detail=one.operation)


def _allow(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if one.response.status == 405 and one.response.header("Allow") is None:
        yield Fact(kind="code-allow", path="Allow", new="the methods that are allowed", detail=one.operation)


def _invented(value: Any, path: str = "$") -> Iterator[str]:
    """The places of the property that `negative:` invents, in a body."""
    if isinstance(value, dict):
        for name, inside in value.items():
            if name == NEW_NAME:
                yield path
            yield from _invented(inside, f"{path}.{name}")
    elif isinstance(value, list):
        for inside in value:
            yield from _invented(inside, path + ITEM)


def _unknown_attribute(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if one.succeeded:
        for path in _invented(one.sent):
            yield Fact(
                kind="code-unknown-attribute",
                path=path,
                old=one.response.status,
                new=400,
                detail=one.operation,
            )


def _unknown_query(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    query = urlsplit(one.request.target).query
    if one.succeeded and any(name == NEW_NAME for name, _ in parse_qsl(query, keep_blank_values=True)):
        yield Fact(kind="code-unknown-query", path="", old=one.response.status, new=400, detail=one.operation)


def _no_body_on_get(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if one.request.method in ("GET", "HEAD") and one.request.body and one.succeeded:
        yield Fact(
            kind="body-on-get", path="$", old=mapping(one.sent) or MISSING, new="none", detail=one.operation
        )


CODE_RULES: tuple[Rule, ...] = (
    Rule(
        id="code-created",
        source="OO 3.1, API-SIG response-codes",
        doc="a POST that made something that is ready says 201: a later call finds it below the same URL",
        message="{detail} answers {old}, and what it made is ready: {new} would be right",
        look=_code_created,
    ),
    Rule(
        id="code-location",
        source="OO 3.1, API-SIG response-codes",
        doc="the answer to a POST that made something has Location",
        message="{detail} made something and has no Location: {new} would be right",
        look=_code_location,
    ),
    Rule(
        id="code-deleted",
        source="OO 3.2, API-SIG response-codes",
        doc="a DELETE that is done says 204: it is gone at the first look, or nothing says that it goes on",
        message="{detail} answers {old}, and it is done: {new} would be right",
        look=_code_deleted,
        refutes=_still_there,
    ),
    Rule(
        id="code-accepted",
        source="OO 3.3, API-SIG response-codes",
        doc="what still goes on says 202: the body, or a later look, shows a state such as BUILD or deleting",
        message="{detail} answers {old}, and it goes on ({path}): {new} would be right",
        look=_code_accepted,
    ),
    Rule(
        id="code-unprocessable",
        source="API-SIG response-codes",
        doc="a bad request is 400, not 422",
        message="{detail} answers {old}: {new} would be right",
        look=_of_status("code-unprocessable", 422, 400),
    ),
    Rule(
        id="code-not-implemented",
        source="API-SIG response-codes",
        doc="501 is for methods that the server does not know; a feature that is not there is 400 or 404",
        message="{detail} answers {old}: {new} would be right",
        look=_of_status("code-not-implemented", 501, "400 or 404"),
    ),
    Rule(
        id="code-quota",
        source="API-SIG response-codes",
        doc="a quota that is used up is 403, not 413",
        message="{detail} answers {old} for a quota: {new} would be right",
        look=_quota,
    ),
    Rule(
        id="code-server-error",
        source="API-SIG response-codes",
        doc="no request of a client makes the server fail: no 5xx but 501 and 503, which say something else",
        message="{detail} answers {old}: {new} would be right",
        look=_server_error,
    ),
    Rule(
        id="code-allow",
        source="API-SIG response-codes, RFC 9110 15.5.6",
        doc="a 405 has Allow",
        message="{detail}: a 405 without Allow, which names {new}",
        look=_allow,
    ),
    Rule(
        id="code-unknown-attribute",
        source="API-SIG response-codes",
        doc="a property that nobody knows is 400: the one that `negative:` invents, where it was sent",
        message="{detail} takes a property that nobody knows at {path}, with {old}: {new} would be right",
        look=_unknown_attribute,
    ),
    Rule(
        id="code-unknown-query",
        source="API-SIG response-codes",
        doc="a query parameter that nobody knows is 400: the one that `negative:` invents, where it was sent",
        message="{detail} takes a query parameter that nobody knows, with {old}: {new} would be right",
        look=_unknown_query,
    ),
    Rule(
        id="body-on-get",
        source="RFC 9110 9.3.1",
        doc="a GET that is accepted has no body",
        message="{detail} takes a body, which has no meaning in a GET",
        look=_no_body_on_get,
    ),
)
