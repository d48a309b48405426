"""Opt-in representations of one call -> calls: the default, each representation, the default once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from contract_tests.loading.nodes import ListNode, MapNode, ScalarNode
from contract_tests.loading.source import Source, nearest
from contract_tests.model.scenario import DEFAULT_REPRESENTATION

_OF_BOTH = ("GET", "as", "on", "headers", "query", "microversion", "redirects", "requires", "microversions")
"""What the calls for the representations have in common with the one that names them."""

_KEPT_IN_SINCE = ("expect", "save", "poll")


def with_representations(source: Source, root: MapNode) -> MapNode:
    """A scenario's node in which each call with `representations` is several plain calls.

    The default comes first and last, and the last must equal the first: an option may not change what those
    get who did not ask for it.
    """
    entries = []
    for key, value in root.entries:
        if key.text == "calls" and isinstance(value, ListNode):
            value = replace(value, items=tuple(call for item in value.items for call in _calls(source, item)))
        entries.append((key, value))
    return replace(root, entries=tuple(entries))


def _calls(source: Source, call: MapNode) -> Iterator[MapNode]:
    options = call.get("representations")
    if options is None:
        yield call
        return
    plain = tuple(entry for entry in call.entries if entry[0].text != "representations")
    if not _check(source, call, options):
        yield replace(call, entries=plain)
        return
    name = call.get("name")
    default = (_scalar(options, "representation"), _scalar(options, DEFAULT_REPRESENTATION))
    yield replace(call, entries=(*plain, default))
    common = tuple(entry for entry in plain if entry[0].text in _OF_BOTH)
    for key, option in options.entries:
        own = {one.text for one, _ in option.entries}
        yield replace(
            option,
            entries=(
                (_scalar(key, "name"), _scalar(key, f"{name.text}, as {key.text}")),
                *(entry for entry in common if entry[0].text not in own),
                (_scalar(key, "representation"), key),
                *option.entries,
            ),
        )
    status = call.get("expect").get("status")
    yield replace(
        options,
        entries=(
            (_scalar(options, "name"), _scalar(options, f"{name.text}, as before")),
            *common,
            default,
            (_scalar(options, "same_as"), name),
            (_scalar(options, "expect"), replace(options, entries=((_scalar(options, "status"), status),))),
        ),
    )


def _check(source: Source, call: MapNode, options: MapNode) -> bool:
    """Whether it is only what can be asked three times, in the same words at every microversion."""
    before = len(source.problems)
    if call.get("GET") is None:
        message = "'representations' are of a GET: another method would do three times what it does"
        hint = "write a call of its own, with 'representation'"
        source.problem(call.key("representations"), "representations-method", message, hint)
    for key, overlay in call.get("since").entries if call.get("since") is not None else ():
        changed = [one.text for one, _ in overlay.entries if one.text not in _KEPT_IN_SINCE]
        status = overlay.get("expect") is not None and overlay.get("expect").get("status") is not None
        if changed or status:
            what = changed[0] if changed else "status"
            message = f"'{what}' changes at {key.text}, and 'representations' are of one request and status"
            hint = "write two calls, each with its 'microversions'"
            source.problem(key, "representations-since", message, hint)
    for part in (call, *(option for _, option in options.entries)):
        headers = part.get("headers")
        for name, _ in headers.entries if headers is not None else ():
            if name.text.lower() == "accept":
                message = "'representations' ask by Accept, and 'headers' have an Accept of their own"
                source.problem(name, "representations-accept", message, "leave it out")
    return len(source.problems) == before


def check_same_as(source: Source, root: MapNode) -> None:
    """Note each `same_as` that names no earlier call."""
    earlier: list[str] = []
    for part in ("calls", "cleanup"):
        for call in root.get(part).items if root.get(part) is not None else ():
            wanted = call.get("same_as")
            if wanted is not None and wanted.text not in earlier:
                message = f"'same_as' names '{wanted.text}', which is no earlier call"
                source.problem(wanted, "unknown-call", message, nearest(wanted.text, earlier))
            if call.get("name") is not None:
                earlier.append(call.get("name").text)


def _scalar(at: Any, text: str) -> ScalarNode:
    return ScalarNode(at.mark, at.length, text, text)
