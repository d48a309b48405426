"""Secrets in over two hundred places of a service's traffic, and a search for them in all that is written.

Each canary is a value of its own in one place: a header, a URL, JSON, JSON in a string, a form, XML, a
redirect, an error that repeats what was sent. Every case fails, so that reports show all they can.
A cassette that would hold a canary in a place without a name must be refused.
"""

from __future__ import annotations

import base64
import html
import json
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

TOKEN = "identity-token/4e81+é"
NAMES = (
    "password",
    "adminPass",
    "secret",
    "access_token",
    "client_secret",
    "private_key",
    "api-key",
    "passphrase",
)

Place = Callable[[str, str], dict[str, Any]]
"""(name, canary) -> a call; its key `answer` is what the service shall answer: headers and a body."""


def answering(headers: dict[str, str] | None = None, body: Any = None, **call: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body if body is not None else {"fine": True})
    return {"POST": "/x", "answer": {"headers": headers or {}, "body": text}, **call}


PLACES: dict[str, Place] = {
    "a request header": lambda name, canary: answering(headers_sent={"X-Api-Key": canary}),
    "a bearer": lambda name, canary: answering(headers_sent={"Authorization": f"Bearer {canary}"}),
    "a basic authorization": lambda name, canary: answering(
        headers_sent={"Authorization": f"Basic {base64.b64encode(f'me:{canary}'.encode()).decode()}"}
    ),
    "a cookie": lambda name, canary: answering(headers_sent={"Cookie": f"session={quote(canary)}"}),
    "the query": lambda name, canary: answering(POST=f"/x?limit=1&{name}={quote(canary)}"),
    "a signature": lambda name, canary: answering(
        POST=f"/x?AWSAccessKeyId=me&Signature={quote_plus(canary)}&X-Amz-Signature={quote_plus(canary)}"
    ),
    "JSON": lambda name, canary: answering(json={name: canary}),
    "JSON, deep": lambda name, canary: answering(json={"a": [{"b": {"c": [{name: canary}]}}]}),
    "JSON in a string": lambda name, canary: answering(json={"data": json.dumps({"user": {name: canary}})}),
    "Keystone's password method": lambda name, canary: answering(
        json={
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": {"id": "u", "password": canary}}}
            }
        }
    ),
    "Keystone's application credential": lambda name, canary: answering(
        json={"auth": {"identity": {"application_credential": {"id": "a", "secret": canary}}}}
    ),
    "Keystone's token method": lambda name, canary: answering(
        json={"auth": {"identity": {"token": {"id": canary}}}}
    ),
    "a form": lambda name, canary: answering(
        body_sent=f"user=me&{name}={quote_plus(canary)}",
        headers_sent={"Content-Type": "application/x-www-form-urlencoded"},
    ),
    "XML": lambda name, canary: answering(
        body_sent=f"<a><{name}>{html.escape(canary)}</{name}></a>",
        headers_sent={"Content-Type": "application/xml"},
    ),
    "a response header": lambda name, canary: answering({"X-Subject-Token": canary}),
    "Set-Cookie": lambda name, canary: answering({"Set-Cookie": f"session={quote(canary)}; HttpOnly"}),
    "a redirect": lambda name, canary: answering({"Location": f"/y?{name}={quote(canary)}"}),
    "a link": lambda name, canary: answering({"Link": f"</y?{name}={quote(canary)}>; rel=next"}),
    "a URL's password": lambda name, canary: answering(
        body={"url": f"http://me:{quote(canary, safe='')}@h/x"}
    ),
    "the answer": lambda name, canary: answering(body={"server": {"id": "s", name: canary}}),
    "the answer, in a string": lambda name, canary: answering(body={"log": json.dumps([{name: canary}])}),
    "the answer, in XML": lambda name, canary: answering(
        body=f"<a><{name}>{html.escape(canary)}</{name}></a>"
    ),
    "the answer, cut off": lambda name, canary: answering(body=json.dumps({"a": 1, name: canary})[:-1]),
    "the answer, cut off in a list": lambda name, canary: answering(
        body=json.dumps({"a": 1, name: ["first", canary, "last"]})[:-2]
    ),
    "the answer, several documents": lambda name, canary: answering(
        body=f"{json.dumps({name: canary})}\n{json.dumps({'b': 2})}"
    ),
    "the answer, with single quotes": lambda name, canary: answering(
        body=f"{{'a': 1, '{name}': u'{canary}'}}"
    ),
    "the answer, after a byte order mark": lambda name, canary: answering(
        body="\ufeff" + json.dumps({name: canary})
    ),
    "a form of several parts": lambda name, canary: answering(
        body_sent=f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{canary}\r\n--b--\r\n',
        headers_sent={"Content-Type": "multipart/form-data; boundary=b"},
    ),
    "a fragment": lambda name, canary: answering({"Location": f"/y?a=1#{name}={quote(canary)}&b=2"}),
    "an error in Python's words": lambda name, canary: answering(
        body={"error": f"Invalid input: {{'{name}': '{canary}'}}"}
    ),
    "an error that repeats it": lambda name, canary: answering(
        json={name: canary}, body={"error": {"message": f"{canary} is too weak"}}
    ),
    "an error that repeats it from the query": lambda name, canary: answering(
        POST=f"/x?{name}={quote(canary)}",
        body={"error": f"cannot read /x?{name}={quote(canary)}, {quote(canary)}"},
    ),
    "an error with it in base64": lambda name, canary: answering(
        json={name: canary}, body={"error": base64.b64encode(canary.encode()).decode()}
    ),
    "an error with it in hexadecimal": lambda name, canary: answering(
        json={name: canary}, body={"error": canary.encode().hex()}
    ),
    "an echo of the identity": lambda name, canary: answering(
        body={"error": f"the token {TOKEN} has expired"}
    ),
}

IN_QUOTES = ("the answer, with single quotes", "an error in Python's words")

APPLICATION = """
import json, pathlib

ANSWERS = json.loads((pathlib.Path(__file__).parent / "answers.json").read_text())


def application(environ, start_response):
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    answer = ANSWERS[environ["HTTP_X_CASE"]]
    headers = [(name, value.encode().decode("latin-1")) for name, value in answer["headers"].items()]
    kind = "application/xml" if answer["body"].startswith("<") else "application/json"
    start_response("400 Bad Request", [("Content-Type", kind), *headers])
    return [answer["body"].encode()]
"""

LOUD = """
import logging, sys
from contract_tests.cli.main import main
logging.basicConfig(level=logging.DEBUG, filename="debug.log")
sys.exit(main(sys.argv[1:]))
"""


def canaries() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(title, canary, call), more than two hundred; the canaries hold what has to be escaped somewhere."""
    for place, make in PLACES.items():
        for number, name in enumerate(NAMES):
            canary = f"cAnArY-{list(PLACES).index(place):02}-{number}" + (
                '/+=é"&<\\' if number % 2 else "-plain"
            )
            if "header" in place or place in ("a bearer", "a cookie", *IN_QUOTES):
                canary = canary.replace("é", "").replace("\\", "")
            yield f"{place}, {name}", canary, make(name, canary)


def spellings(secret: str) -> Iterator[str]:
    """How a secret may be written; of base64 what stands at each of the three alignments."""
    yield secret
    yield from {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    yield json.dumps(secret)[1:-1]
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield html.escape(secret)
    yield secret.encode().hex()
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + secret.encode()).decode()
        yield coded[(0, 2, 3)[before] : len(coded) - 4]


class TestCanaries(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory())).resolve()
        cls.secrets = {TOKEN}
        cls.hidden = {"scenarios", "answers.json", "app.py"}
        answers = {}
        (cls.folder / "scenarios").mkdir()
        (cls.folder / "services").mkdir()
        (cls.folder / "contract-tests.yaml").write_text("scenarios: [scenarios]\nservices: [services]\n")
        (cls.folder / "services/leaky.yaml").write_text(
            "service: leaky\ntitle: Leaky\nversion: {dialect: none}\n"
        )
        for number, (title, canary, call) in enumerate(canaries()):
            cls.secrets.add(canary)
            answers[str(number)] = call.pop("answer")
            headers = {"X-Case": str(number), **call.pop("headers_sent", {})}
            body = {"text": call.pop("body_sent")} if "body_sent" in call else {}
            scenario = {
                "scenario": title,
                "id": f"00000000-0000-4000-8000-{number:012d}",
                "service": "leaky",
                "calls": [
                    {
                        "name": "ask",
                        **call,
                        **body,
                        "headers": headers,
                        "expect": {
                            "status": 200,
                            "json": {"$": {"type": "null"}},
                            "headers": {"x-none": "no"},
                        },
                    }
                ],
            }
            (cls.folder / "scenarios" / f"case_{number:03}.yaml").write_text(json.dumps(scenario))
        (cls.folder / "answers.json").write_text(json.dumps(answers))
        (cls.folder / "app.py").write_text(APPLICATION)
        cls.count = number + 1

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        reports = [f"--{kind}=report.{kind}" for kind in ("json", "junit", "sarif", "markdown", "events")]
        done = subprocess.run(
            [sys.executable, "-c", LOUD, "run", "-v", *reports, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(1, done.returncode, done.stderr[-3000:])
        self.assertNotIn("Traceback", done.stderr)
        return done

    def search(self, done: subprocess.CompletedProcess[str]) -> None:
        forms = {form: secret for secret in self.secrets for form in spellings(secret) if len(form) > 7}
        texts = {"stdout": done.stdout, "stderr": done.stderr}
        for path in self.folder.rglob("*"):
            if path.is_file() and not self.hidden & set(path.relative_to(self.folder).parts):
                texts[str(path.relative_to(self.folder))] = path.read_text()
        self.assertIn("debug.log", texts)
        found = [f"{name}: {form}" for name, text in texts.items() for form in forms if form in text]
        self.assertEqual([], found[:20], f"{len(found)} in all")

    def test_none_is_found(self) -> None:
        self.assertGreater(self.count, 200)
        live = self.command(
            *("--target", "wsgi:app:application", "--token", f"admin={TOKEN}", "--record", "recordings"),
            *("--release", "1"),
        )
        self.search(live)
        written = len(list((self.folder / "recordings").rglob("unversioned.yaml")))
        self.assertGreater(written, 150)
        refused = [
            case
            for case in json.loads((self.folder / "report.json").read_text())["cases"]
            if "holds a secret" in case.get("reason", "")
        ]
        self.assertEqual(self.count, written + len(refused))
        self.assertGreater(len(refused), 30)
        self.search(self.command("--target", "recordings"))


if __name__ == "__main__":
    unittest.main()
