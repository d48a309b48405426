"""The peer of the benchmark `replay`: the same calls and checks with pytest, vcrpy, requests and jsonschema.

It is copied beside its cases and run there. It is written as its parts' own documents advise: one session,
one VCR, no recording, validators and paths that are made once, and a test for each case.
"""

import functools
import hashlib
import json
import os
import re
from pathlib import Path

import jsonschema
import pytest
import requests
import vcr

HERE = Path(__file__).parent
SCHEMAS = json.loads((HERE / "schemas.json").read_text())
CASES = [case for file in sorted((HERE / "cases").iterdir()) for case in json.loads(file.read_text())]

# What makes a request the recorded one. Short of body and version (VCR_MATCH=method,path,query) it is faster,
# and a request that differs there passes.
MATCH_ON = os.environ.get("VCR_MATCH", "method,path,query,body,version").split(",")
PLAYER = vcr.VCR(record_mode="none", match_on=MATCH_ON)
VERSIONS = ("OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "X-OpenStack-Manila-API-Version")


def version(left, right):
    for name in VERSIONS:
        assert left.headers.get(name) == right.headers.get(name)


PLAYER.register_matcher("version", version)
MISSING = object()
FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}


@functools.cache
def validator(number):
    schema = SCHEMAS[number]
    cls = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    return cls(schema, format_checker=cls.FORMAT_CHECKER)


@functools.cache
def json_path(source):
    import jsonpath_rfc9535

    return jsonpath_rfc9535.compile(source)


@pytest.fixture(scope="session")
def session():
    with requests.Session() as made:
        made.trust_env = False
        yield made


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(case, session):
    with PLAYER.use_cassette(case["cassette"]) as cassette:
        for step in case["steps"]:
            response = session.request(
                step["method"],
                step["url"],
                headers=step["headers"],
                data=step["body"],
                allow_redirects=step["follow"],
            )
            if step["expect"] is not None:
                check(step["expect"], response)
        assert cassette.all_played


def check(expect, response):
    if expect["status"]:
        assert response.status_code in expect["status"]
    headers = response.headers
    for name, matcher in expect["headers"]:
        assert accepts(headers.get(name, MISSING), matcher), name
    if expect["body"] == "absent":
        assert not response.content
    elif expect["body"] == "present":
        assert response.content
    document = MISSING
    if expect["json"] or expect["schema"] is not None or is_json(headers.get("content-type", "")):
        document = response.json() if response.content else MISSING
    for path, matcher in expect["json"]:
        assert accepts(find(path, document), matcher), path
    if expect["text"] is not None:
        assert accepts(response.text, expect["text"])
    if expect["schema"] is not None:
        validator(expect["schema"]).validate(document)
    if expect["sha256"]:
        assert hashlib.sha256(response.content).hexdigest() == expect["sha256"]
    if takes_part(expect, "echo", response):
        for name, value in expect["echo"][1]:
            assert headers[name] == value
    if takes_part(expect, "vary", response):
        named = {token.strip().lower() for token in headers["vary"].split(",")}
        for name in expect["vary"][1]:
            assert name in named or "*" in named


def is_json(content_type):
    name = content_type.partition(";")[0].strip().lower()
    return name == "application/json" or name.endswith("+json")


def takes_part(expect, what, response):
    where = expect.get(what, ("none",))[0]
    return where == "all" or (where == "success" and response.status_code < 400)


def find(path, document):
    if isinstance(path, str):
        return list(json_path(path).find(document).values())
    if isinstance(path, dict):
        return next(iter(json_path(path["one"]).find(document).values()), MISSING)
    value = document
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return value


def accepts(value, matcher):
    operator, operand = matcher
    return OPERATORS[operator](value, operand)


def inner(operand, value):
    if isinstance(operand, dict) and "matcher" in operand:
        return accepts(value, operand["matcher"])
    return value == operand


def contains(value, operand):
    if isinstance(value, list):
        return any(inner(operand, item) for item in value)
    return operand in value


def has_format(value, operand):
    FORMATS.check(value, operand)
    return isinstance(value, str)


def unordered(value, operand):
    alike = all(item in operand for item in value) and all(item in value for item in operand)
    return len(value) == len(operand) and alike


def number(value):
    return float(value) if isinstance(value, str) else value


OPERATORS = {
    "equals": lambda value, operand: value == operand,
    "match": lambda value, operand: re.search(operand, value) is not None,
    "absent": lambda value, operand: value is MISSING or value == [],
    "present": lambda value, operand: value is not MISSING and value != [],
    "any": lambda value, operand: True,
    "type": lambda value, operand: isinstance(value, TYPES[operand]),
    "format": has_format,
    "one_of": lambda value, operand: value in operand,
    "contains": contains,
    "length": lambda value, operand: inner(operand, len(value)),
    "gt": lambda value, operand: number(value) > operand,
    "ge": lambda value, operand: number(value) >= operand,
    "lt": lambda value, operand: number(value) < operand,
    "le": lambda value, operand: number(value) <= operand,
    "not": lambda value, operand: value is not MISSING and not inner(operand, value),
    "each": lambda value, operand: isinstance(value, list) and all(inner(operand, item) for item in value),
    "unordered": unordered,
}
