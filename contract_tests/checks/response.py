"""The checks: each yields the findings of one expectation. CHECKS is the list that a response passes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.checks import schemas
from contract_tests.checks.rules import Words
from contract_tests.model import xml
from contract_tests.model.dialect import Dialect
from contract_tests.model.finding import Finding, Mark
from contract_tests.model.http import MISSING, Response
from contract_tests.model.jsonpath import JsonPath
from contract_tests.model.matcher import Matcher, PatternTimeout
from contract_tests.model.microversion import Microversion
from contract_tests.model.scenario import Expectation
from contract_tests.model.service import Service
from contract_tests.model.template import Template, UndefinedVariable, as_text
from contract_tests.model.xml import XmlPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a check may look at beside the expectation and the response.

    `asked` is the microversion that the request named (None: it named none, or something else on purpose).
    """

    mark: Mark
    variables: Mapping[str, Any]
    service: Service
    microversion: Microversion | None = None
    asked: Microversion | None = None
    path: str = ""


Check = Callable[[Expectation, Response, Context], Iterator[Finding]]


def check_status(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """`status`: the code is the one that is expected, or one of them."""
    if expect.status and response.status not in expect.status:
        rule = "status"
        if expect.input and response.status >= 500:
            rule = "input-server-error"
        elif expect.input == "refused" and response.status < 400:
            rule = "input-accepted"
        elif expect.input == "accepted" and response.status >= 400:
            rule = "input-refused"
        yield Finding(
            rule=rule,
            mark=expect.mark("status", context.mark),
            expected=Words(_statuses(expect.status)),
            got=response.status,
            detail=_database(response) if rule == "input-server-error" else "",
        )


def _statuses(codes: tuple[int, ...]) -> str:
    """`200 or 204`; whole classes of codes by their ends."""
    if len(codes) > 50:
        return f"{codes[0]} to {codes[-1]}"
    return " or ".join(map(str, codes))


_DATABASE = re.compile(
    r"\b(sqlite3?|pymysql|mysql|mariadb|psycopg2?|postgresql|sqlalchemy|oslo_db|DB[A-Z]\w*Error)\b",
    re.IGNORECASE,
)


def _database(response: Response) -> str:
    """What to say where the body of a failure shows that it came from the database."""
    found = _DATABASE.search(response.text)
    return f"; the answer names the database ({found[0]}): another one may accept it" if found else ""


def check_headers(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """`headers`: each header is as its matcher says. Several lines of one name count as one list."""
    for name, matcher in expect.headers:
        value = response.header(name)
        yield from _match("header", name, matcher, MISSING if value is None else value, context)


def check_xml(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """`xml`: what each XPath gives is as its matcher says. `check_body` tells of a body that is no XML."""
    if not expect.xml or response.xml is MISSING:
        return
    for written, matcher in expect.xml:
        text = as_text(written.render(context.variables)) if isinstance(written, Template) else written.source
        try:
            path = XmlPath(text) if isinstance(written, Template) else written
            found = path.find(response.xml)
        except ValueError as error:
            yield Finding(rule="xpath", mark=matcher.mark, where=text, detail=str(error))
            continue
        yield from _match("xml", text, matcher, found, context)


def check_json(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """`json`: what each path finds is as its matcher says. `check_body` tells of a body that is no JSON.

    Of a service whose bodies are XML it is their JSON view.
    """
    document = response.document(context.service.bodies)
    if document is MISSING:
        return
    for written, matcher in expect.json:
        path = written
        if isinstance(path, Template):
            text = as_text(path.render(context.variables))
            try:
                path = JsonPath(text)
            except ValueError as error:
                yield Finding(rule="json-path", mark=matcher.mark, where=text, detail=str(error))
                continue
        yield from _match("json", path.source, matcher, path.find(document), context)


def check_text(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """`text`: the body as text is as its matcher says."""
    if expect.text is not None:
        yield from _match("text", "body", expect.text, response.text, context)


def check_body(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """`body`: absent or present. What is called JSON, or of which JSON is expected, is JSON."""
    if expect.body == "absent" and response.body:
        yield Finding(rule="body-absent", mark=expect.mark("body", context.mark), got=response.text[:200])
    elif expect.body == "present" and not response.body:
        yield Finding(rule="body-present", mark=expect.mark("body", context.mark))
    if context.service.bodies == "xml" or expect.xml:
        yield from _check_is_xml(expect, response, context)
        return
    if response.json is not MISSING:
        return
    media_type = (response.header("content-type") or "").partition(";")[0].strip().lower()
    called = bool(response.body) and (media_type == "application/json" or media_type.endswith("+json"))
    wanted = expect.schema is not None or not all(
        m.accepts(MISSING, context.variables) for _, m in expect.json
    )
    if called or wanted:
        mark = expect.mark("json" if expect.json else "schema", context.mark)
        if response.body:
            got, detail = response.header("content-type") or "no Content-Type", response.text[:120]
        else:
            got, detail = "no body", "it is empty"
        yield Finding(rule="body-invalid-json", mark=mark, got=Words(got), detail=detail)


def _check_is_xml(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """A body of which XML is expected is XML."""
    wanted = expect.schema is not None or not all(
        matcher.accepts(MISSING, context.variables) for _, matcher in (*expect.xml, *expect.json)
    )
    if wanted and response.xml is MISSING:
        got = (response.header("content-type") or "no Content-Type") if response.body else "no body"
        mark = expect.mark("xml", expect.mark("schema", context.mark))
        yield Finding(rule="body-invalid-xml", mark=mark, got=Words(got), detail=xml.fault(response.body))


def check_schema(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """`schema`: the body satisfies the schema as it is at the case's microversion."""
    if expect.schema is None:
        return
    mark = expect.mark("schema", context.mark)
    document = response.document(context.service.bodies)
    if document is MISSING:
        return
    schema = expect.schema.at(context.microversion)
    if schemas.is_valid(schema, document):
        return
    found = False
    for path, message in schemas.violations(schema, document):
        found = True
        yield Finding(rule="schema", mark=mark, where=path, detail=f"{message} (schema {expect.schema.name})")
    if not found:
        yield Finding(rule="schema-engines", mark=mark, detail=f"schema {expect.schema.name}")


def check_sha256(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """`sha256`: the digest of the body's bytes."""
    if expect.sha256:
        digest = hashlib.sha256(response.body).hexdigest()
        if digest != expect.sha256:
            yield Finding(
                rule="sha256",
                mark=expect.mark("sha256", context.mark),
                expected=Words(expect.sha256),
                got=Words(digest),
            )


def check_microversion(expect: Expectation, response: Response, context: Context) -> Iterator[Finding]:
    """The microversion protocol as the service's `protocol:` says: the version's echo, and Vary."""
    profile = context.service.profile
    if profile is None or context.asked is None or context.path in profile.exempt:
        return
    dialect = context.service.dialect
    if _takes_part(profile.echo, response):
        yield from _echo(dialect, response, context, context.asked)
    if _takes_part(profile.vary, response):
        yield from _vary(dialect, response, context)


def _echo(dialect: Dialect, response: Response, context: Context, asked: Microversion) -> Iterator[Finding]:
    echoes = dialect.echoes(response.headers)
    for name in _header_names(dialect, "Content-Type"):
        told = [version for header, version in echoes if header == name]
        if len(told) != 1 or not _is_version(told[0], asked, dialect):
            yield Finding(
                rule="microversion-echo",
                mark=context.mark,
                where=name,
                expected=Words(asked.text),
                got=_words(response.header(name)),
            )


def _vary(dialect: Dialect, response: Response, context: Context) -> Iterator[Finding]:
    value = response.header("vary")
    named = {token.strip().lower() for token in (value or "").split(",")}
    for name in _header_names(dialect, "Accept"):
        if name.lower() not in named and "*" not in named:
            yield Finding(
                rule="microversion-vary",
                mark=context.mark,
                where="Vary",
                expected=Words(name),
                got=_words(value),
            )


def _header_names(dialect: Dialect, by_media_type: str) -> tuple[str, ...]:
    """The headers that carry the version; `by_media_type` where a media type does."""
    if dialect.kind == "media-type":
        return (by_media_type,)
    return tuple(carrier.name for carrier in dialect.carriers)


def _is_version(text: str, asked: Microversion, dialect: Dialect) -> bool:
    """Whether `text` is the microversion that was asked for, however it is spelled (2.0 is 2.0.0)."""
    return text == asked.text or (dialect.order is not None and dialect.order.key(text) == asked.key)


def _words(value: str | None) -> Any:
    return MISSING if value is None else Words(value)


CHECKS: tuple[Check, ...] = (
    check_status,
    check_headers,
    check_body,
    check_json,
    check_xml,
    check_text,
    check_schema,
    check_sha256,
    check_microversion,
)


def check_response(expect: Expectation, response: Response, context: Context) -> list[Finding]:
    """All findings of a response, in the order of CHECKS; UndefinedVariable where one needs a variable.

    Of a trial whose status is another, the status is all: its body is another's.
    """
    if expect.input and (findings := list(check_status(expect, response, context))):
        return findings
    return [finding for check in CHECKS for finding in check(expect, response, context)]


def _takes_part(where: str, response: Response) -> bool:
    return where == "all" or (where == "success" and response.status < 400)


def _match(rule: str, where: str, matcher: Matcher, value: Any, context: Context) -> Iterator[Finding]:
    try:
        if matcher.accepts(value, context.variables):
            return
    except PatternTimeout as error:
        yield Finding(rule="pattern-timeout", mark=matcher.mark, where=where, detail=str(error))
    except UndefinedVariable:
        raise
    except Exception as error:  # of an operand that a variable made: no pattern, no list, no number
        yield Finding(rule="operand", mark=matcher.mark, where=where, detail=" ".join(str(error).split()))
    else:
        expected = Words(matcher.describe(context.variables))
        yield Finding(rule=rule, mark=matcher.mark, where=where, expected=expected, got=value)
