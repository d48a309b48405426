"""Two services for tests of scenarios that ask both: `front` answers XML and keeps its keys in `core`."""

import hashlib
import json
import uuid
from urllib.parse import parse_qs

KEYS = {}
BROKEN = []
STATUS = ["ACTIVE"]
COUNTERS = []


def count(requests):
    """As the lab's server counts what `core` is asked: a byte each."""
    for path in COUNTERS:
        with path.open("ab") as out:
            out.write(b"." * requests)


def core(environ, start_response):
    count(1)
    name = environ["PATH_INFO"].rpartition("/")[2]
    if environ["REQUEST_METHOD"] == "DELETE":
        start_response("204 No Content" if KEYS.pop(name, None) else "404 Not Found", [])
        return []
    if environ.get("HTTP_X_AUTH_TOKEN") != "contract-core-token" or name not in KEYS or BROKEN:
        start_response("404 Not Found", [])
        return []
    asked = environ.get("HTTP_OPENSTACK_API_VERSION", "")
    told = {"fingerprint": KEYS[name][0], "asked": asked, "by": KEYS[name][1], "name": "of the core"}
    body = json.dumps({**told, "status": STATUS[-1]}).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]


def front(environ, start_response):
    form = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
    signed = environ.get("HTTP_AUTHORIZATION", "")
    if not signed.startswith("AWS4-HMAC-SHA256 Credential=AKIACONTRACT/") or "HTTP_X_AMZ_DATE" not in environ:
        start_response("401 Unauthorized", [("Content-Type", "text/xml")])
        return [b"<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>"]
    if "all" in BROKEN:
        start_response("502 Bad Gateway", [("Content-Type", "text/xml")])
        return [b"<Response/>"]
    count(2)  # what a proxy asks below
    (name,) = form["Name"]
    secret = uuid.uuid4().hex
    digest = hashlib.md5(secret.encode()).hexdigest()
    printed = ":".join(digest[at : at + 2] for at in range(0, 32, 2))
    request = f"req-{uuid.uuid4()}"
    KEYS[name] = (printed, request)
    start_response("200 OK", [("Content-Type", "text/xml")])
    return [
        f'<CreateKeyResponse xmlns="http://front.example/2016"><requestId>{request}</requestId>'
        f"<key><name>{name}</name><state>ready</state><keyFingerprint>{printed}</keyFingerprint>"
        f"<keyMaterial>-----BEGIN KEY {secret}</keyMaterial></key></CreateKeyResponse>".encode()
    ]
