"""The shapes of the files that people write: every key, what may stand there, and what it is for."""

from __future__ import annotations

from contract_tests.loading.grammar import (
    BOOLEAN,
    DURATION,
    HEADER,
    HEADER_VALUE,
    JSON_PATH,
    MEDIA_TYPE,
    NAME,
    NO_VARIABLE,
    PATH,
    RELEASE_RANGE,
    SCHEMA_NAME,
    SHA256,
    SLUG,
    STATUS,
    STRING,
    TEXT,
    TRUE,
    UUID,
    VALUE,
    VERSION,
    VERSION_RANGE,
    Anything,
    Either,
    Field,
    Liftable,
    ListOf,
    MapOf,
    Scalar,
    Shape,
    one_of,
)
from contract_tests.loading.matchers import MATCHER
from contract_tests.model.derivation import KINDS as KINDS_OF_INPUT
from contract_tests.model.dialect import KINDS
from contract_tests.model.microversion import ORDERS

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
BODIES = ("json", "form", "text", "file", "base64")

_REFUSED = Scalar(
    "an HTTP status (100 to 599) or ignored",
    lambda node: STATUS.accepts(node) or node.text == "ignored",
    {"anyOf": [STATUS.schema(), {"const": "ignored"}]},
    rule="bad-status",
    hint="ignored: the service takes such input, and does not look at it",
)
_STATUSES = Either((STATUS, ListOf(STATUS, least=1)))
_VALUES = MapOf(Either((VALUE, ListOf(VALUE))), key=NO_VARIABLE)

EXPECT_FIELDS = {
    "status": Field(_STATUSES, "the status code, or a list of those that are all right"),
    "headers": Field(MapOf(MATCHER, key=HEADER, caseless=True), "header name → value or matcher"),
    "json": Field(MapOf(MATCHER), "RFC 9535 path → value or matcher"),
    "xml": Field(MapOf(MATCHER), "XPath 1.0 → value or matcher"),
    "text": Field(MATCHER, "the body as text: value or matcher"),
    "body": Field(Liftable(one_of("absent", "present")), "absent (no body at all) or present"),
    "schema": Field(
        Either((SCHEMA_NAME, MapOf(Anything()))),
        "the name of a schema file of the service, or a schema written out",
    ),
    "sha256": Field(Liftable(SHA256), "the digest of the body's bytes, in hexadecimal"),
}
UNTIL = Shape(
    {name: EXPECT_FIELDS[name] for name in ("status", "headers", "json", "xml", "text")},
    doc="what the answer must be to stop",
    least=1,
)
EXPECT = Shape(
    EXPECT_FIELDS | {"status": Field(_STATUSES, "a code such as 200, or a list of them", required=True)},
    doc="what the response must be",
)
_CHANGED = Shape(EXPECT_FIELDS, doc="what the response must be from then on")

POLL = Shape(
    {
        "until": Field(UNTIL, "what the answer must be to stop", required=True),
        "every": Field(DURATION, "how long to wait between two tries", required=True),
        "for": Field(DURATION, "how long to try at the most", required=True),
    },
    doc="repeat the call until its answer is as it should be",
)

SAVE = Shape(
    {
        "header": Field(HEADER, "the header whose value is saved"),
        "xml": Field(TEXT, "the XPath of what is saved, without variables"),
        "match": Field(STRING, "a regular expression; its first group (or all of it) is what is saved"),
    },
    exactly_one=(("source", "source of its value", ("header", "xml")),),
)

REQUIRES = Shape(
    {
        "release": Field(RELEASE_RANGE, "the releases of the service where this holds, for example 9.0.0-"),
        "beside": Field(
            MapOf(RELEASE_RANGE, key=SLUG, least=1), "other services of the scenario → their releases"
        ),
        "extensions": Field(ListOf(TEXT, least=1), "the extensions that the deployment must list"),
        "versions": Field(ListOf(TEXT, least=1), "the major API versions that the deployment must list"),
    },
    doc="what a deployment must have; elsewhere this is skipped, with the reason",
    least=1,
)

REPRESENTATION = Shape(
    {
        "expect": Field(EXPECT, "what the response must be", required=True),
        "microversions": Field(VERSION_RANGE, "the microversions at which the option exists"),
        "since": Field(
            MapOf(
                Shape({"expect": Field(_CHANGED, "what the response must be then", required=True)}), least=1
            ),
            "microversion → what changes in it then",
        ),
    },
    doc="a representation that a client can ask for, beside the default",
)

_REQUEST = {
    **{method: Field(PATH, f"a {method} of this path (its query may stand in it)") for method in METHODS},
    "headers": Field(
        MapOf(HEADER_VALUE, key=HEADER, caseless=True), "request headers; null removes one in an overlay"
    ),
    "query": Field(_VALUES, "query parameters; a list repeats one, null removes one in an overlay"),
    "json": Field(Anything(), "the request body as JSON"),
    "form": Field(_VALUES, "the request body as a form"),
    "text": Field(STRING, "the request body as text"),
    "file": Field(TEXT, "the request body from a file in the scenario's folder"),
    "base64": Field(TEXT, "the request body as bytes, in base64"),
    "as": Field(NAME, "the identity that asks: admin, member, reader, none, …"),
    "microversion": Field(
        TEXT, "what this call asks for in place of the case's microversion: a text, latest, or none"
    ),
    "representation": Field(
        MEDIA_TYPE,
        "the media type that is asked for, and that the answer must say it is, with its parameters",
    ),
    "redirects": Field(BOOLEAN, "follow redirects (by default they are answers like any other)"),
    "poll": Field(POLL, "repeat the call until its answer is as it should be"),
    "save": Field(MapOf(Either((JSON_PATH, SAVE)), key=NAME), "variable → JSON path, or a header"),
    "expect": Field(_CHANGED, "what the response must be"),
}
_GROUPS = (("body", "body", BODIES),)

OVERLAY = Shape(
    _REQUEST,
    at_most_one=(("method", "method", METHODS), *_GROUPS),
    doc="what changes at a microversion",
    name="overlay",
)

_UNDO = Shape(
    {key: _REQUEST[key] for key in (*METHODS, "headers", "query", "json", "as")}
    | {
        "expect": Field(
            Shape({"status": Field(_STATUSES, "instead of any success", required=True)}), "its status"
        )
    },
    exactly_one=(("method", "method", METHODS),),
)
_KNOWN = Shape(
    {
        "status": Field(_STATUSES, "what is answered instead, or a list of it (by release)", required=True),
        "because": Field(TEXT, "what is wrong there: it stands in the list of known defects", required=True),
    }
)
NEGATIVE = Shape(
    {
        "schema": Field(
            SCHEMA_NAME, "the schema of the JSON body; bad bodies are derived from it and 'json'"
        ),
        "query": Field(
            SCHEMA_NAME,
            "the schema of the query, an object of texts; bad ones are derived from it and 'query'",
        ),
        "look": Field(PATH, "what a GET of this path answers must not change by a refused request"),
        "undo": Field(ListOf(_UNDO, least=1), "the calls that take back what was accepted"),
        "fresh": Field(
            ListOf(TEXT, least=1),
            "generated variables that are others in each trial, for what cannot be made twice",
        ),
        "without": Field(ListOf(one_of(*KINDS_OF_INPUT), least=1), "kinds of bad input that are not tried"),
        "known": Field(
            MapOf(_KNOWN, least=1), "label of a derived request → what is answered otherwise than promised"
        ),
    },
    doc="bad requests and boundary values, derived from schemas and tried before this call",
    least=1,
)

_CALL = {
    "name": Field(TEXT, "what this call shows, in a few words; unique in the scenario"),
    "on": Field(SLUG, "which of the scenario's `services` is asked"),
    **_REQUEST,
    "microversions": Field(VERSION_RANGE, "the microversions at which this call exists at all"),
    "requires": Field(REQUIRES, "what a deployment must have for this call"),
    "same_as": Field(TEXT, "the earlier call whose answer this one must equal"),
    "since": Field(MapOf(OVERLAY, least=1), "microversion → what changes in this call then"),
    "negative": Field(
        NEGATIVE, "bad requests and boundary values, derived from schemas and tried before this"
    ),
}
_METHOD = (("method", "method", METHODS),)
CALL = Shape(
    _CALL
    | {
        "name": Field(TEXT, "a short phrase, unique in the scenario", required=True),
        "expect": Field(EXPECT, "what the response must be", required=True),
        "representations": Field(
            MapOf(REPRESENTATION, key=MEDIA_TYPE, least=1),
            "media type with its parameters → what the same GET answers in it: the default must not change",
        ),
    },
    exactly_one=_METHOD,
    at_most_one=_GROUPS,
    doc="one request and what its response must be",
    name="call",
)
CLEANUP = Shape(
    _CALL | {"expect": Field(EXPECT, "what the response must be")},
    exactly_one=_METHOD,
    at_most_one=_GROUPS,
    doc="a call that always runs, after the others",
    name="cleanup call",
)

VARIABLE = Shape(
    {
        "generate": Field(
            one_of("uuid", "name", "hex", "constant"),
            "what to make: the same in each run of a case",
            required=True,
        )
    }
)

_SIDE = Shape(
    {
        "call": Field(TEXT, "the name of the call whose answer has it", required=True),
        "at": Field(JSON_PATH, "where the object is in the answer ($)"),
        "after": Field(ListOf(TEXT, least=1), "other calls that this side takes to get there"),
    }
)
PARITY = Shape(
    {
        "name": Field(TEXT, "what is one thing in both APIs, in a few words", required=True),
        "above": Field(_SIDE, "the object in the API above: the proxy, the third party", required=True),
        "below": Field(_SIDE, "the same in the API below", required=True),
        "names": Field(MapOf(TEXT, least=1), "property above → its name below, where that is another"),
        "values": Field(MapOf(MapOf(TEXT, least=1), least=1), "property above → value above → value below"),
        "differ": Field(ListOf(TEXT, least=1), "properties that have one name in both and are not the same"),
    },
    doc="what must be equal in two APIs, and what has no counterpart",
)

SCENARIO = Shape(
    {
        "scenario": Field(TEXT, "what the scenario is about, in a few words", required=True),
        "id": Field(
            UUID,
            "stable for ever: test ids and cassettes hang on it (uuidgen makes one)",
            required=True,
        ),
        "service": Field(SLUG, "the service file's name"),
        "services": Field(
            ListOf(Either((SLUG, MapOf(VERSION, key=SLUG, least=1))), least=1),
            "in place of service, several: the first has the microversions and the recordings; each other "
            "is its name, or `name: microversion`, at which it is asked",
        ),
        "microversions": Field(
            VERSION_RANGE, "the range that it covers, for example 1.1- ; all of them where it is missing"
        ),
        "recorded": Field(
            ListOf(VERSION),
            "the microversions whose cases are kept in recordings (all where it is missing); the others, and "
            "all of an empty list, are tried live only",
        ),
        "tags": Field(ListOf(SLUG), "words to choose scenarios by"),
        "as": Field(NAME, "the identity of calls that name none (admin)"),
        "requires": Field(REQUIRES, "what a deployment must have for this scenario"),
        "vars": Field(MapOf(Anything(), key=NAME), "variable → value, or {generate: uuid}"),
        "calls": Field(ListOf(CALL, least=1), "the calls, in order", required=True),
        "cleanup": Field(ListOf(CLEANUP), "calls that always run, after the others"),
        "parity": Field(ListOf(PARITY, least=1), "one thing as two of the `services` show it"),
    },
    exactly_one=(("service", "service", ("service", "services")),),
    doc="A contract scenario: calls that share variables, at every microversion",
    name="the scenario",
)

_NAMES = ListOf(TEXT)
_HEADERS = ListOf(HEADER)
_WHERE = one_of("success", "all", "none")
_PROBE = {
    "send": Field(TEXT, "what is asked for", required=True),
    "status": Field(STATUS, "the status that the service answers"),
    "means": Field(VERSION, "the microversion at which it then answers"),
    "echo": Field(BOOLEAN, "whether the answer names the version that was asked for"),
}
PROBE = Shape(_PROBE)
_LISTING = Shape(
    {
        "path": Field(PATH, "what to GET", required=True),
        "names": Field(JSON_PATH, "where the names are in the answer", required=True),
    }
)

VERSION_SHAPE = Shape(
    {
        "dialect": Field(one_of(*KINDS), "how a client asks for a version", required=True),
        "order": Field(one_of(*ORDERS), "how versions compare"),
        "service_type": Field(TEXT, "openstack: the word before the version in the header"),
        "standard": Field(BOOLEAN, "openstack: false where only the legacy headers are read"),
        "legacy": Field(_HEADERS, "openstack: the legacy headers, sent beside the standard one"),
        "header": Field(HEADER, "header: the header's name"),
        "form": Field(TEXT, "header, url: what it looks like, {} for the version"),
        "parameter": Field(TEXT, "query, media-type: the parameter's name"),
        "media_type": Field(TEXT, "media-type: what is accepted, without the parameter"),
        "min": Field(VERSION, "the oldest version of the newest release"),
        "max": Field(VERSION, "its newest version"),
        "values": Field(ListOf(VERSION, least=1), "all versions, where they cannot be counted"),
        "document": Field(
            Shape(
                {
                    "path": Field(PATH, "where the version document is", required=True),
                    "min": Field(JSON_PATH, "where it tells the oldest version", required=True),
                    "max": Field(JSON_PATH, "where it tells the newest version", required=True),
                }
            ),
            "where a deployment tells its range",
        ),
        "majors": Field(_LISTING, "where a deployment lists its major versions"),
    }
)
PROTOCOL_SHAPE = Shape(
    {
        "probe": Field(
            Shape(
                {
                    **{
                        m: Field(PATH, "the request that the probes send") for m in ("GET", "HEAD", "OPTIONS")
                    },
                    "as": Field(NAME, "its identity"),
                },
                exactly_one=(("method", "method", ("GET", "HEAD", "OPTIONS")),),
            ),
            "the request that the protocol is tried with",
            required=True,
        ),
        "absent": Field(VERSION, "the version that no header means"),
        "echo": Field(_WHERE, "on which answers the version header stands"),
        "vary": Field(_WHERE, "on which answers Vary names the version header"),
        "latest": Field(STATUS, "the status of a request for `latest`"),
        "below": Field(PROBE, "a version below the range"),
        "above": Field(PROBE, "a version above the range"),
        "malformed": Field(ListOf(PROBE), "texts that are no version"),
        "other_service": Field(PROBE, "a version header of another service"),
        "exempt": Field(ListOf(PATH), "paths that take no part in echo and Vary"),
    }
)

SERVICE = Shape(
    {
        "service": Field(SLUG, "the service's name; the file's too", required=True),
        "title": Field(TEXT, "its name in full"),
        "version": Field(
            VERSION_SHAPE,
            "how versions are asked for and told",
            required=True,
        ),
        "bodies": Field(
            one_of("json", "xml"), "what its answers are (json); xml is looked at through its JSON view too"
        ),
        "extensions": Field(_LISTING, "where a deployment lists its extensions"),
        "protocol": Field(
            PROTOCOL_SHAPE,
            "the microversion protocol as this service does it",
        ),
        "errors": Field(
            Shape(
                {
                    "schema": Field(TEXT, "the schema of an error body"),
                    "refused": Field(
                        Shape(
                            {
                                kind: Field(_REFUSED, f"how it answers {what}")
                                for kind, what in KINDS_OF_INPUT.items()
                                if kind != "boundary"
                            }
                        ),
                        "how bad requests are refused, by kind: 400 where nothing is said (media-type: 415)",
                    ),
                }
            ),
            "error bodies, and how bad requests are refused",
        ),
        "secrets": Field(
            Shape(
                {
                    "headers": Field(_HEADERS, "header names"),
                    "query": Field(_NAMES, "query parameters"),
                    "json": Field(_NAMES, "property names, at any depth"),
                }
            ),
            "what must never be written down, beyond what is always left out",
        ),
        "volatile": Field(
            Shape(
                {
                    "headers": Field(_HEADERS, "header names"),
                    "json": Field(ListOf(JSON_PATH), "paths in bodies"),
                    "order": Field(ListOf(JSON_PATH), "paths of lists that are in no order"),
                }
            ),
            "what differs between any two runs",
        ),
        "free_form": Field(ListOf(JSON_PATH), "paths below which a client chooses the names"),
        "operations": Field(
            ListOf(
                Shape(
                    {
                        **{
                            method: Field(PATH, "the route, {x} for a part that varies") for method in METHODS
                        },
                        "since": Field(VERSION, "the version in which it appeared"),
                        "until": Field(VERSION, "the last version in which it exists"),
                        "statuses": Field(ListOf(STATUS), "the statuses that it documents"),
                    },
                    exactly_one=_METHOD,
                )
            ),
            "every route and method of the API: what `contract-tests coverage` counts against",
        ),
    },
    doc="All that the harness knows of a service",
    name="the service file",
)

_SECRET = Either((TEXT, Shape({"env": Field(TEXT, "the environment variable that holds it", required=True)})))
_AUTH = {
    name: Field(_SECRET, f"keystoneauth's {name}", required=name in ("auth_url", "password"))
    for name in (
        "auth_url",
        "username",
        "user_id",
        "password",
        "user_domain_name",
        "user_domain_id",
        "project_name",
        "project_id",
        "project_domain_name",
        "project_domain_id",
        "domain_name",
        "domain_id",
        "system_scope",
    )
}
_APPLICATION = {
    name: Field(
        _SECRET,
        f"keystoneauth's {name}",
        required=name in ("auth_url", "application_credential_secret"),
    )
    for name in (
        "auth_url",
        "application_credential_id",
        "application_credential_name",
        "application_credential_secret",
        "username",
        "user_id",
        "user_domain_name",
        "user_domain_id",
    )
}
_AWS = {
    "access_key": Field(_SECRET, "the access key's id", required=True),
    "secret_key": Field(_SECRET, "what requests are signed with", required=True),
    "region": Field(TEXT, "the region in the signature's scope (RegionOne)"),
    "service": Field(TEXT, "the service in the signature's scope (ec2)"),
}
IDENTITY_KINDS = {
    "token": Field(_SECRET, "sent as X-Auth-Token"),
    "headers": Field(MapOf(_SECRET, key=HEADER, least=1, caseless=True), "headers that are sent as they are"),
    "password": Field(Shape(_AUTH), "keystoneauth's password plugin"),
    "application_credential": Field(Shape(_APPLICATION), "keystoneauth's application credential plugin"),
    "cloud": Field(TEXT, "a name in clouds.yaml"),
    "aws": Field(Shape(_AWS), "requests signed by AWS' signature, version 4"),
    "none": Field(TRUE, "no identity at all"),
}
IDENTITY = Shape(IDENTITY_KINDS, exactly_one=(("identity", "identity", tuple(IDENTITY_KINDS)),))
TARGET = Shape(
    {
        "endpoints": Field(
            MapOf(TEXT, least=1), "service → base URL or wsgi:module:callable; '*' for any service"
        ),
        "identities": Field(
            MapOf(IDENTITY, key=NAME),
            "role → how it proves who it is",
        ),
        "proofs": Field(
            MapOf(MapOf(IDENTITY, key=NAME), key=SLUG),
            "service → role → how it proves who it is there, where that differs",
        ),
        "releases": Field(MapOf(TEXT, key=SLUG), "service → its release, for services beside `release`'s"),
        "counters": Field(
            MapOf(TEXT, key=SLUG),
            "service → a file that grows by a byte with each request; the lab writes these",
        ),
        "release": Field(TEXT, "the release that runs there"),
        "series": Field(TEXT, "its series"),
        "region": Field(TEXT, "the region in the catalog"),
        "interface": Field(one_of("public", "internal", "admin"), "the interface in the catalog"),
        "timeout": Field(DURATION, "how long one request may take (60s)"),
        "extensions": Field(_NAMES, "the extensions that it has, where it cannot be asked"),
        "fresh": Field(BOOLEAN, "true gives each run names of its own: for a cloud that others use too"),
        "tls": Field(
            Shape(
                {
                    "verify": Field(BOOLEAN, "false accepts any certificate"),
                    "ca": Field(TEXT, "a file of accepted authorities"),
                    "cert": Field(TEXT, "a client certificate"),
                    "key": Field(TEXT, "its key"),
                }
            ),
            "how its certificate is checked",
        ),
    },
    name="the target",
)
TARGETS = Shape(
    {"targets": Field(MapOf(TARGET, key=SLUG, least=1), "name → target", required=True)},
    doc="Deployments to run against",
    name="the targets file",
)

CONFIG = Shape(
    {
        "scenarios": Field(ListOf(TEXT), "folders or files of scenarios"),
        "schemas": Field(ListOf(TEXT), "folders of schemas, <service>/<name>.yaml below them"),
        "services": Field(ListOf(TEXT), "folders of service files"),
        "deployments": Field(ListOf(TEXT), "folders of deployment files, for the lab"),
        "targets": Field(ListOf(TEXT), "files of targets"),
        "policies": Field(ListOf(TEXT), "folders of policies"),
        "waivers": Field(
            ListOf(TEXT),
            "failures that are accepted in every run: files, or folders with a file SERVICE.yaml",
        ),
        "recordings": Field(ListOf(TEXT), "folders of recordings, <service>/<release>/ below them"),
    },
    doc="Where a project keeps its contract",
    name="the configuration file",
)

SHAPES = {"scenario": SCENARIO, "service": SERVICE, "targets": TARGETS, "config": CONFIG}
