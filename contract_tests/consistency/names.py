"""Rules of names: of properties, of what stands in URLs, of actions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contract_tests.comparison.facts import Fact
from contract_tests.consistency.rule import Exchange, Rule, Trace, is_parameter

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PREFIX = re.compile(r"[a-z]+(-[a-z]+)*")
_SEGMENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"v\d+(\.\d+)*")
_ACTION_PREFIX = "os-"
_NO_PLURAL = frozenset({"config", "configuration", "metadata", "data", "media", "info", "information"})
"""Words that have no plural of their own, or are it."""

_VERBS = frozenset(
    """
    add create delete destroy disable edit enable fetch get list modify remove set show update upload
    """.split()  # noqa: SIM905 - a list of words
)


def snake_case(name: str) -> str:
    """A name as snake_case.

    >>> snake_case("imageRef"), snake_case("accessIPv4"), snake_case("min-ram"), snake_case("rxtxURL")
    ('image_ref', 'access_ipv4', 'min_ram', 'rxtx_url')
    """
    text = re.sub(r"[^A-Za-z0-9]+", "_", name)
    text = re.sub(r"IP(v?)(?=\d)", r"_ip\1", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    return re.sub(r"_+", "_", text).strip("_").lower()


def _apart(name: str) -> tuple[str, str]:
    """The extension's prefix of a property's name (empty: none) and the name behind it."""
    prefix, colon, rest = name.partition(":")
    return (prefix, rest) if colon else ("", name)


def right_name(name: str) -> str:
    """What a property would be called by both rules of names."""
    prefix, rest = _apart(name)
    good = rest if _SNAKE.fullmatch(rest) else snake_case(rest)
    return f"{_right_prefix(prefix)}:{good}" if prefix else good


def _right_prefix(prefix: str) -> str:
    return prefix if _PREFIX.fullmatch(prefix) else snake_case(prefix).replace("_", "-")


def _snake_case(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    for path, name, _ in one.properties:
        rest = _apart(name)[1]
        if not _SNAKE.fullmatch(rest) and rest.lstrip("_$@") == rest and snake_case(rest) != rest:
            yield Fact(kind="name-snake-case", path=path, old=name, new=right_name(name), detail=name)


def _extension_prefix(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    for path, name, _ in one.properties:
        prefix = _apart(name)[0]
        if prefix and not _PREFIX.fullmatch(prefix):
            yield Fact(kind="name-extension-prefix", path=path, old=name, new=right_name(name), detail=name)


def _extension_os(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    for path, name, _ in one.properties:
        prefix, rest = _apart(name)
        if prefix and not prefix.lower().startswith("os-"):
            right = f"os-{_right_prefix(prefix)}:{rest}"
            yield Fact(kind="name-extension-os", path=path, old=name, new=right, detail=name)


def _single_root(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if one.succeeded and isinstance(one.sent, dict) and len(one.sent) > 1 and not one.is_data(one.sent):
        yield Fact(kind="body-single-root", path="$", new="one", detail=one.operation)


def _is_known(one: Exchange) -> bool:
    """Whether the service has this URL: it did what was asked, or refused it for what was asked."""
    return one.response.status < 400 or one.response.status in (400, 409)


def _url_case(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if not _is_known(one):
        return
    for at_, segment in enumerate(one.segments):
        if is_parameter(segment) or _SEGMENT.fullmatch(segment) or _VERSION.fullmatch(segment):
            continue
        right = re.sub(r"[^a-z0-9]+", "-", snake_case(segment))
        if right != segment:
            path = "/" + "/".join(one.segments[: at_ + 1])
            yield Fact(kind="url-case", path=path, old=segment, new=right, detail=segment)


def _url_plural(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if not _is_known(one):
        return
    for at_, segment in enumerate(one.segments[:-1]):
        words = re.split(r"[-_]", segment.lower())
        if (
            is_parameter(segment)
            or not is_parameter(one.segments[at_ + 1])
            or not words[-1].isalpha()
            or words[-1] in _NO_PLURAL
            or any(word.endswith("s") and word != "os" for word in words)
            or _VERSION.fullmatch(segment)
        ):
            continue
        path = "/" + "/".join(one.segments[: at_ + 2])
        yield Fact(kind="url-plural", path=path, old=segment, new=_plural(segment), detail=path)


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("x", "ch", "sh")) else "s")


def _url_os_prefix(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    if not _is_known(one):
        return
    for segment in one.segments:
        if segment.startswith("os-"):
            yield Fact(
                kind="url-os-prefix",
                path=one.route,
                old=segment,
                new=segment.removeprefix("os-"),
                detail=segment,
            )


def _url_verb(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    """A verb behind `actions` is how an action is named in a URL of its own, and no finding."""
    if not _is_known(one):
        return
    for before, segment in zip(["", *one.segments], one.segments, strict=False):
        if segment.lower() in _VERBS and before not in ("action", "actions"):
            yield Fact(kind="url-verb", path=one.route, old=segment, new="a method", detail=one.operation)


def _action_case(one: Exchange, trace: Trace, at: int) -> Iterator[Fact]:
    name = one.action
    if not name or not one.succeeded:
        return
    rest = name.removeprefix(_ACTION_PREFIX)
    if not _SNAKE.fullmatch(rest):
        yield Fact(kind="action-snake-case", path=f"$.{name}", old=name, new=snake_case(rest), detail=name)


NAME_RULES: tuple[Rule, ...] = (
    Rule(
        id="name-snake-case",
        source="OO 1.1, API-SIG naming",
        doc="a property's name is snake_case (behind an extension's `prefix:`), where names are no data",
        message="{old}: {new} would be right",
        look=_snake_case,
        renames=True,
    ),
    Rule(
        id="name-extension-prefix",
        source="OO 1.2",
        doc="the prefix of an extension's property is lower case, its words joined by hyphens",
        message="{old}: {new} would be right",
        look=_extension_prefix,
        renames=True,
    ),
    Rule(
        id="name-extension-os",
        source="OO 1.3, OO 1.4",
        doc="the prefix of a property that is not core begins with os-",
        message="{old}: {new}, if it is not core",
        look=_extension_os,
        decide="whether a property belongs to the core is no matter of traffic",
        renames=True,
    ),
    Rule(
        id="body-single-root",
        source="OO 1.5",
        doc="a request body that is accepted has one root key",
        message="{detail} takes several keys at the root of its body: {new}, the resource's, would be right",
        look=_single_root,
    ),
    Rule(
        id="url-case",
        source="OO 2.1, API-SIG naming",
        doc="what is no parameter in a URL is lower case, its words joined by hyphens; so is no version",
        message="{path}: {new} would be right",
        look=_url_case,
    ),
    Rule(
        id="url-plural",
        source="OO 2.2, API-SIG naming",
        doc="what stands before an id in a URL is a plural",
        message="{path}: {new} would be right",
        look=_url_plural,
    ),
    Rule(
        id="url-os-prefix",
        source="OO 2.2",
        doc="a resource of the core has no os- in its URL",
        message="{old}: {new}, if it is core",
        look=_url_os_prefix,
        decide="whether a resource belongs to the core is no matter of traffic",
    ),
    Rule(
        id="url-verb",
        source="API-SIG uri",
        doc="a URL names a resource, and the method says what is done to it: no /delete",
        message="{detail} has a verb in its URL, {old}: {new} of HTTP would be right",
        look=_url_verb,
    ),
    Rule(
        id="action-snake-case",
        source="OO 2.3",
        doc="the name of an action, the key of what is sent to …/action, is snake_case",
        message="{old}: {new} would be right",
        look=_action_case,
    ),
)
