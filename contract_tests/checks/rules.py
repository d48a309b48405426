"""The rules of the checks: what each finding means, and how it is worded.

`message` may use {where}, {expected}, {got} and {detail} of a finding.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract_tests.model.finding import Finding
from contract_tests.model.http import MISSING
from contract_tests.model.matcher import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`id` is what reports and options call it; `doc` says what it checks, and its source if it has one."""

    id: str
    message: str
    doc: str


_MVS = "API-SIG, Microversion Specification"
_DISCOVERY = "API-SIG, Version Discovery"

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule(
            id="status",
            message="expected status {expected}, got {got}",
            doc="the status is one of `expect.status`",
        ),
        Rule(
            id="input-accepted",
            message="a bad request was accepted: expected status {expected}, got {got}",
            doc="what `negative:` derives as bad is refused (API-SIG, HTTP response codes: 400)",
        ),
        Rule(
            id="input-refused",
            message="a value at its limit was refused: expected status {expected}, got {got}",
            doc="what `negative:` derives as still good is accepted",
        ),
        Rule(
            id="input-server-error",
            message="the input made the service fail: expected status {expected}, got {got}{detail}",
            doc="no input makes a service fail (API-SIG, HTTP response codes: 5xx is its own mistake)",
        ),
        Rule(
            id="input-changed",
            message="refused, and yet it changed {where}: {expected} became {got}",
            doc="a refused request changes nothing: what `look` of `negative:` names is as it was before",
        ),
        Rule(
            id="input-undo",
            message="what was accepted could not be taken back: {detail}",
            doc="the calls of `undo` of `negative:` succeed",
        ),
        Rule(
            id="header",
            message="expected header {where}: {expected}, got {got}",
            doc="a header is as `expect.headers` says",
        ),
        Rule(
            id="json",
            message="expected at {where}: {expected}, got {got}",
            doc="a JSON path gives what `expect.json` says",
        ),
        Rule(
            id="json-path",
            message="{where} is no JSON path: {detail}",
            doc="a path with variables in it is a path",
        ),
        Rule(
            id="xml",
            message="expected at {where}: {expected}, got {got}",
            doc="an XPath gives what `expect.xml` says",
        ),
        Rule(
            id="xpath",
            message="{where} is no XPath here: {detail}",
            doc="an XPath names prefixes and functions that are known, and is one with its variables in it",
        ),
        Rule(
            id="body-invalid-xml",
            message="expected a body of XML, got {got}: {detail}",
            doc="a body of which XML is expected is well-formed, and without a document type (XML 1.0)",
        ),
        Rule(
            id="body-invalid-json",
            message="expected a body of JSON, got {got}: {detail}",
            doc="a body that is called JSON, or of which JSON is expected, is JSON (RFC 8259)",
        ),
        Rule(
            id="text",
            message="expected the body as {expected}, got {got}",
            doc="the body as text is as `expect.text` says",
        ),
        Rule(
            id="body-absent",
            message="expected no body, got {got}",
            doc="there is no body where `expect.body` is absent",
        ),
        Rule(
            id="body-present",
            message="expected a body, got none",
            doc="there is a body where `expect.body` is present",
        ),
        Rule(
            id="schema",
            message="{where}: {detail}",
            doc="the body satisfies `expect.schema` at the case's microversion",
        ),
        Rule(
            id="schema-engines",
            message="the two schema validators disagree on this body ({detail})",
            doc="jsonschema-rs and jsonschema agree; where they do not, neither is believed",
        ),
        Rule(
            id="sha256",
            message="expected a body with the digest {expected}, got {got}",
            doc="the body's bytes have the digest of `expect.sha256`",
        ),
        Rule(
            id="pattern-timeout",
            message="{where}: the pattern /{detail}/ took too long on this value",
            doc="a pattern answers within a second",
        ),
        Rule(
            id="operand",
            message="{where}: this cannot be compared with what its variable holds: {detail}",
            doc="a variable in an expectation holds what its matcher needs: a pattern, a list, a number",
        ),
        Rule(
            id="save",
            message="nothing to save as '{where}': {detail}",
            doc="what `save` names is in the response",
        ),
        Rule(
            id="poll-timeout",
            message="not as `until` says after {detail}: {got}",
            doc="a polled call comes to its end in time",
        ),
        Rule(
            id="microversion-echo",
            message="expected the version header {where}: {expected}, got {got}",
            doc=f"the answer says at which microversion it is ({_MVS})",
        ),
        Rule(
            id="microversion-vary",
            message="expected Vary to name {expected}, got {got}",
            doc=f"the answer says that it varies with the version header ({_MVS})",
        ),
        Rule(
            id="representation",
            message="expected the answer to be {expected}, and its Content-Type says {got}",
            doc="the answer says in Content-Type that it is the `representation` asked for, with its "
            "parameters and no others (RFC 9110, 8.3)",
        ),
        Rule(
            id="same-as",
            message="not what call '{detail}' was answered: at {where} {expected} became {got}",
            doc="the answer is that of the call that `same_as` names, but for what is volatile",
        ),
        Rule(
            id="discovery-document",
            message="GET {where}: expected a version document (JSON) without a token, got {detail}",
            doc=f"the version document can be read by anybody ({_DISCOVERY})",
        ),
        Rule(
            id="discovery-current",
            message="GET {where}: expected exactly one version that is CURRENT, {detail}",
            doc=f"one version is the one that new clients should take ({_DISCOVERY})",
        ),
        Rule(
            id="discovery-link",
            message="the link of {where}: {detail}",
            doc=f"the self link of a version leads to what tells of it, without a token ({_DISCOVERY})",
        ),
        Rule(
            id="discovery-range",
            message="the end {where} of the range is not accepted: {detail}",
            doc=f"both ends of the range are microversions that the service takes ({_MVS})",
        ),
        Rule(
            id="discovery-client",
            message="{where}: {detail}",
            doc="keystoneauth and openstacksdk read from it what it says",
        ),
        Rule(
            id="parity",
            message="{where}: expected {expected} as in the API below, got {got}",
            doc="what `parity` calls one thing has the same values in both APIs",
        ),
        Rule(
            id="baseline",
            message="{detail}",
            doc="the answer is what the baseline (`run --baseline`) answered, by the policy",
        ),
        Rule(
            id="recording-miss",
            message="{detail}",
            doc="each request of a case was recorded: method, path, query, version, body and role are equal",
        ),
        Rule(
            id="recording-unused",
            message="recorded, but never asked for: {where}{detail}",
            doc="each recorded request is made",
        ),
        Rule(
            id="recording-stale",
            message="{detail}",
            doc="the scenario asks what it asked when this was recorded",
        ),
    )
}


def word(finding: Finding) -> str:
    """A finding as a sentence."""
    fields = {
        name: value if isinstance(value, str) and name in ("where", "detail") else _shown(value)
        for name in ("where", "expected", "got", "detail")
        for value in (getattr(finding, name),)
    }
    return RULES[finding.rule].message.format(**fields)


def _shown(value: object) -> str:
    if isinstance(value, Words):
        return str(value)
    return "nothing" if value is MISSING else show(value)


class Words(str):
    """A text that already is wording (what a matcher expects), and so is not quoted."""

    __slots__ = ()
