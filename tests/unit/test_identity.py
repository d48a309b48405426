"""Identities: static ones, and keystoneauth's against a small Identity service on loopback."""

from __future__ import annotations

import datetime
import http.server
import importlib.util
import io
import json
import logging
import os
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from contract_tests.errors import Unreachable, UsageError
from contract_tests.model import dialect
from contract_tests.model.http import Request
from contract_tests.model.service import Operation, Service
from contract_tests.model.target import IdentitySpec, Target, Tls
from contract_tests.transport.identity import ANONYMOUS, all_secrets, build_identity, identity_for
from contract_tests.transport.live import LiveTransport
from contract_tests.transport.open import (
    open_identities,
    open_target,
    roles,
    service_root,
    service_types,
)
from contract_tests.transport.wsgi import WsgiTransport

PASSWORD = "s3cret-password"
SECRET = "s3cret-of-the-credential"


class Keystone(http.server.BaseHTTPRequestHandler):
    """Issues tokens for one password and one application credential; `server.asked` holds what came."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = self.server.url
        links = [{"rel": "self", "href": f"{url}/v3/"}]
        versions = [{"id": "v3.14", "status": "stable", "links": links, "media-types": []}]
        self.answer(300, {"versions": {"values": versions}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers), body))
        identity = body["auth"]["identity"]
        proof = identity[identity["methods"][0]]
        if proof.get("user", {}).get("password") != PASSWORD and proof.get("secret") != SECRET:
            self.answer(401, {"error": {"code": 401, "title": "Unauthorized", "message": "no"}})
            return
        now = datetime.datetime.now(datetime.UTC)
        self.server.issued += 1
        token = {
            "methods": identity["methods"],
            "user": {"id": "u1", "name": "admin", "domain": {"id": "default", "name": "Default"}},
            "issued_at": now.isoformat(),
            "expires_at": (now + datetime.timedelta(seconds=self.server.lifetime)).isoformat(),
            "catalog": [
                {
                    "id": "s1",
                    "type": "placement",
                    "name": "placement",
                    "endpoints": [
                        {
                            "id": "e1",
                            "interface": i,
                            "region": r,
                            "region_id": r,
                            "url": f"http://{i}.{r}.example/p/",
                        }
                        for i in ("public", "internal")
                        for r in ("one", "two")
                    ],
                },
                {
                    "id": "s2",
                    "type": "block-storage",
                    "name": "cinder",
                    "endpoints": [
                        {
                            "id": "e2",
                            "interface": "public",
                            "region": "one",
                            "region_id": "one",
                            "url": "http://v.example/v3",
                        }
                    ],
                },
            ],
        }
        self.answer(201, {"token": token}, (("X-Subject-Token", f"token-{self.server.issued}"),))

    def answer(self, status: int, body: object, headers: tuple = ()) -> None:
        data = json.dumps(body).encode()
        self.send_response_only(status)
        for name, value in (
            *headers,
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


class KeystoneCase(unittest.TestCase):
    def setUp(self) -> None:
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keystone)
        self.server.daemon_threads = True
        self.server.asked, self.server.issued, self.server.lifetime = [], 0, 3600
        self.server.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def password(self, **values: str) -> IdentitySpec:
        given = {
            "auth_url": self.server.url,
            "username": "admin",
            "password": PASSWORD,
            "project_name": "demo",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            **values,
        }
        return IdentitySpec(kind="password", values={key: value for key, value in given.items() if value})

    def build(self, spec: IdentitySpec, **options: object):
        return build_identity(spec, target="lab", role="admin", **{"timeout": 60, **options})


class TestStatic(unittest.TestCase):
    def build(self, kind: str, **values: str):
        return build_identity(IdentitySpec(kind=kind, values=values), target="lab", role="admin")

    def fails(self, kind: str, values: dict[str, str], message: str) -> None:
        with self.assertRaises(UsageError) as caught:
            build_identity(IdentitySpec(kind=kind, values=values), target="lab", role="admin")
        self.assertEqual(f"target 'lab', identity 'admin': {message}", str(caught.exception))

    def test_none_sends_nothing(self) -> None:
        self.assertEqual(((), (), None), (ANONYMOUS.headers(), ANONYMOUS.secrets(), ANONYMOUS.endpoint("x")))
        self.assertIs(ANONYMOUS, self.build("none"))

    def test_a_token_goes_into_its_header(self) -> None:
        self.assertEqual((("X-Auth-Token", "abc"),), self.build("token", token="abc").headers())
        self.assertEqual(("abc",), self.build("token", token="abc").secrets())
        self.assertEqual(
            (("X-Api-Key", "abc"),), self.build("token", token="abc", header="X-Api-Key").headers()
        )

    def test_headers_are_sent_as_they_are_and_those_named_like_secrets_are_secret(self) -> None:
        identity = self.build(
            "headers", **{"Authorization": "Bearer abc", "X-Roles": "admin,reader", "X-Auth-Key": "k"}
        )
        self.assertEqual(
            (("Authorization", "Bearer abc"), ("X-Roles", "admin,reader"), ("X-Auth-Key", "k")),
            identity.headers(),
        )
        self.assertEqual(("Bearer abc", "k", "abc"), identity.secrets())
        self.assertIsNone(identity.endpoint("placement"))

    def test_what_is_wrong_is_named_with_target_and_role(self) -> None:
        self.fails(
            "pasword",
            {},
            "unknown kind 'pasword'; expected one of none, token, headers, password, application_credential, "
            "cloud, aws; did you mean 'password'?",
        )
        self.fails("none", {"token": "x"}, "unknown option 'token'; this kind has no options")
        self.fails("token", {}, "the option token is missing; add it to the identity")
        self.fails("token", {"token": ""}, "the option token is missing; add it to the identity")
        self.fails(
            "token", {"tokn": "x"}, "unknown option 'tokn'; expected token, header; did you mean 'token'?"
        )
        self.fails("headers", {}, "kind headers needs at least one header; write NAME: VALUE")
        self.fails("password", {}, "the option auth_url is missing; add it to the identity")
        self.fails(
            "password",
            {"auth_url": "http://me:s3cret@k.example", "username": "x", "password": "y"},
            "auth_url holds a user name or a password; give them as options",
        )
        self.fails(
            "password",
            {"auth_url": "http://k.example", "password": "x"},
            "the option username or user_id is missing; add it to the identity",
        )
        self.fails(
            "password",
            {"auth_url": "http://k.example", "username": "x"},
            "the option password is missing; add it to the identity",
        )
        self.fails(
            "application_credential",
            {"auth_url": "http://k.example", "application_credential_id": "x"},
            "the option application_credential_secret is missing; add it to the identity",
        )
        self.fails("cloud", {}, "the option cloud is missing; add it to the identity")

    def test_an_unknown_option_of_a_plugin_shows_the_nearest(self) -> None:
        with self.assertRaises(UsageError) as caught:
            self.build("password", auth_url="x", usernam="y")
        message = str(caught.exception)
        self.assertTrue(
            message.startswith("target 'lab', identity 'admin': unknown option 'usernam'; expected ")
        )
        self.assertTrue(message.endswith("; did you mean 'username'?"), message)

    def test_a_spec_does_not_show_its_secrets(self) -> None:
        self.assertNotIn(PASSWORD, repr(IdentitySpec(kind="password", values={"password": PASSWORD})))
        identity = self.build("password", auth_url="http://k.example", username="a", password=PASSWORD)
        self.assertNotIn(PASSWORD, repr(identity))


class TestPassword(KeystoneCase):
    def test_one_token_serves_all_requests_and_is_a_secret_from_then_on(self) -> None:
        identity = self.build(self.password())
        self.assertEqual([], self.server.asked)
        self.assertEqual((PASSWORD,), identity.secrets())
        for _ in range(3):
            self.assertEqual((("X-Auth-Token", "token-1"),), identity.headers())
        self.assertEqual((PASSWORD, "token-1"), identity.secrets())
        self.assertEqual(1, len(self.server.asked))
        path, _, body = self.server.asked[0]
        self.assertEqual("/v3/auth/tokens", path)
        self.assertEqual(
            {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {"name": "admin", "domain": {"name": "Default"}, "password": PASSWORD}
                    },
                },
                "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}},
            },
            body["auth"],
        )

    def test_options_may_be_spelled_with_dashes_and_scope_may_be_the_system(self) -> None:
        values = {
            "auth-url": f"{self.server.url}/v3",
            "username": "a",
            "user-domain-id": "d",
            "password": PASSWORD,
            "system-scope": "all",
        }
        self.build(IdentitySpec(kind="password", values=values)).headers()
        self.assertEqual({"system": {"all": True}}, self.server.asked[0][2]["auth"]["scope"])

    def test_a_token_about_to_end_is_replaced_and_both_are_secret(self) -> None:
        self.server.lifetime = 10
        identity = self.build(self.password())
        identity.headers()
        self.assertEqual((("X-Auth-Token", "token-2"),), identity.headers())
        self.assertEqual((PASSWORD, "token-1", "token-2"), identity.secrets())

    def test_threads_share_one_token(self) -> None:
        identity = self.build(self.password())
        threads = [threading.Thread(target=identity.headers) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(1, self.server.issued)

    def test_refused_credentials(self) -> None:
        identity = self.build(self.password(password="wr0ng-password"))
        with self.assertRaises(UsageError) as caught:
            identity.headers()
        self.assertEqual(
            f"target 'lab', identity 'admin': {self.server.url} refused the credentials (HTTP 401); "
            "check user, password, project and domains",
            str(caught.exception),
        )

    def test_options_that_contradict_each_other(self) -> None:
        with self.assertRaises(UsageError) as caught:
            self.build(self.password(system_scope="all")).headers()
        self.assertEqual(
            "target 'lab', identity 'admin': Authentication cannot be scoped to multiple targets. "
            f"Pick one of: project, domain, trust, system or unscoped ({self.server.url}); "
            "check the identity's options",
            str(caught.exception),
        )

    def test_nobody_there(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        for spec in (self.password(), self.credential()):
            with self.assertRaises(Unreachable) as caught:
                self.build(spec).headers()
            message = str(caught.exception)
            self.assertTrue(
                message.startswith(f"target 'lab', identity 'admin': no token from {self.server.url}: "),
                message,
            )
            self.assertTrue(message.endswith("; is that the Identity service's URL?"), message)
            self.assertNotIn("\n", message)
            for secret in (PASSWORD, SECRET):
                self.assertNotIn(secret, message)

    def credential(self) -> IdentitySpec:
        values = {
            "auth_url": self.server.url,
            "application_credential_id": "c1",
            "application_credential_secret": SECRET,
        }
        return IdentitySpec(kind="application_credential", values=values)

    def test_an_application_credential(self) -> None:
        identity = self.build(self.credential())
        self.assertEqual((("X-Auth-Token", "token-1"),), identity.headers())
        self.assertEqual((SECRET, "token-1"), identity.secrets())
        self.assertEqual("/v3/auth/tokens", self.server.asked[0][0])
        self.assertEqual(
            {"methods": ["application_credential"], "application_credential": {"id": "c1", "secret": SECRET}},
            self.server.asked[0][2]["auth"]["identity"],
        )

    def test_no_log_line_holds_a_secret(self) -> None:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        self.addCleanup(root.setLevel, level)
        self.addCleanup(root.removeHandler, handler)
        for spec in (self.password(), self.credential()):
            identity = self.build(spec)
            identity.headers()
            identity.endpoint("placement")
        logged = stream.getvalue()
        self.assertIn("/v3/auth/tokens", logged)
        for secret in (PASSWORD, SECRET, "token-1", "token-2"):
            self.assertNotIn(secret, logged)

    def test_netrc_adds_nothing_to_the_request_for_a_token(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            netrc = Path(folder, "netrc")
            netrc.write_text("machine 127.0.0.1 login me password x\n")
            with mock.patch.dict(os.environ, {"NETRC": str(netrc)}):
                self.build(self.password()).headers()
        self.assertNotIn("Authorization", self.server.asked[0][1])

    def test_the_catalog_by_region_and_interface(self) -> None:
        for options, expected in (
            ({"region": "two"}, "http://public.two.example/p"),
            ({"region": "one", "interface": "internal"}, "http://internal.one.example/p"),
            ({"region": "three"}, None),
        ):
            self.assertEqual(expected, self.build(self.password(), **options).endpoint("placement"))
        self.assertIsNone(self.build(self.password()).endpoint("nothing"))


@unittest.skipUnless(importlib.util.find_spec("openstack"), "needs openstacksdk")
class TestCloud(KeystoneCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name, "clouds.yaml")
        auth = {**self.password().values}
        del auth["password"]
        clouds = {"lab": {"auth": auth, "region_name": "two", "identity_api_version": 3}}
        self.file.write_text(json.dumps({"clouds": clouds}))
        Path(folder.name, "secure.yaml").write_text(
            json.dumps({"clouds": {"lab": {"auth": {"password": PASSWORD}}}})
        )
        environment = {
            "OS_CLIENT_CONFIG_FILE": str(self.file),
            "OS_CLIENT_SECURE_FILE": str(Path(folder.name, "secure.yaml")),
        }
        patch = mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_cloud_gives_credentials_region_and_catalog(self) -> None:
        identity = self.build(IdentitySpec(kind="cloud", values={"cloud": "lab"}))
        self.assertEqual((("X-Auth-Token", "token-1"),), identity.headers())
        self.assertEqual((PASSWORD, "token-1"), identity.secrets())
        self.assertEqual("http://public.two.example/p", identity.endpoint("placement"))

    def test_the_targets_region_wins(self) -> None:
        identity = self.build(IdentitySpec(kind="cloud", values={"cloud": "lab"}), region="one")
        self.assertEqual("http://public.one.example/p", identity.endpoint("placement"))

    def test_an_unknown_cloud(self) -> None:
        with self.assertRaises(UsageError) as caught:
            self.build(IdentitySpec(kind="cloud", values={"cloud": "labb"}))
        self.assertEqual(
            "target 'lab', identity 'admin': cloud 'labb': Cloud labb was not found.; clouds.yaml is looked "
            "for here, in ~/.config/openstack, /etc/openstack and OS_CLIENT_CONFIG_FILE",
            str(caught.exception),
        )

    def test_refused_credentials_name_the_url(self) -> None:
        os.environ["OS_CLIENT_SECURE_FILE"] = "/nowhere"
        self.file.write_text(self.file.read_text().replace('"username"', '"password": "wr0ng", "username"'))
        with self.assertRaises(UsageError) as caught:
            self.build(IdentitySpec(kind="cloud", values={"cloud": "lab"})).headers()
        self.assertIn(f"{self.server.url} refused the credentials (HTTP 401)", str(caught.exception))
        self.assertNotIn("wr0ng", str(caught.exception))


class TestCloudNotInstalled(unittest.TestCase):
    def test_the_extra_is_named(self) -> None:
        with mock.patch.dict(sys.modules, {"openstack": None}), self.assertRaises(UsageError) as caught:
            build_identity(IdentitySpec(kind="cloud", values={"cloud": "lab"}), target="lab", role="admin")
        self.assertEqual(
            "target 'lab', identity 'admin': kind cloud reads clouds.yaml through openstacksdk, which is not "
            "installed; pip install 'contract-tests[cloud]'",
            str(caught.exception),
        )


PLACEMENT = Service(name="placement", dialect=dialect.openstack("placement"))


class TestOpen(KeystoneCase):
    def target(self, **fields: object) -> Target:
        return Target(**{"name": "lab", "timeout": 60.0, **fields})

    def test_roles(self) -> None:
        target = self.target(identities={"admin": IdentitySpec(kind="token", values={"token": "x"})})
        self.assertEqual({"admin", "none"}, roles(target))

    def test_a_target_without_identities_serves_every_role_anonymously(self) -> None:
        target = self.target(endpoints={"*": "http://127.0.0.1:1"})
        self.assertEqual({"none"}, roles(target))
        identities = open_identities(target)
        self.assertEqual({}, identities)
        self.assertIs(ANONYMOUS, identity_for(identities, "admin"))

    def test_the_services_own_endpoint_then_any(self) -> None:
        target = self.target(endpoints={"*": "http://any.example/", "placement": "http://p.example/"})
        transport, identities = open_target(target, PLACEMENT)
        self.assertIsInstance(transport, LiveTransport)
        self.assertEqual(("http://p.example", {}), (transport.endpoint, identities))
        self.assertEqual("http://any.example", open_target(target, Service(name="other"))[0].endpoint)

    def test_the_catalog_where_no_endpoint_is_given(self) -> None:
        target = self.target(
            identities={"nobody": IdentitySpec(kind="none"), "admin": self.password()}, region="one"
        )
        transport, identities = open_target(target, PLACEMENT)
        self.assertEqual("http://public.one.example/p", transport.endpoint)
        self.assertEqual(["nobody", "admin", "none"], list(identities))
        self.assertEqual((PASSWORD, "token-1"), all_secrets(identities))
        again, _ = open_target(
            target, Service(name="cinder", dialect=dialect.openstack("volume")), identities
        )
        self.assertEqual("http://v.example/v3", again.endpoint)
        self.assertEqual(1, self.server.issued)

    def test_no_endpoint_at_all(self) -> None:
        for identities, region in (({}, ""), ({"admin": self.password()}, "three")):
            with self.assertRaises(UsageError) as caught:
                open_target(self.target(identities=identities, region=region), PLACEMENT)
            self.assertEqual(
                "target 'lab': no endpoint for the service 'placement', and no identity's catalog has "
                f"placement (region {region or 'any'}, interface public); "
                "add 'placement: URL' below its 'endpoints'",
                str(caught.exception),
            )

    def test_service_types(self) -> None:
        nova = Service(
            name="nova", dialect=dialect.openstack("compute", legacy=["X-OpenStack-Nova-API-Version"])
        )
        self.assertEqual(("compute", "nova"), service_types(nova))
        self.assertEqual(("placement",), service_types(PLACEMENT))
        self.assertEqual(("metering",), service_types(Service(name="metering")))
        self.assertEqual(("identity", "keystone"), service_types(Service(name="keystone")))
        self.assertIn("volumev3", service_types(Service(name="cinder")))

    def test_a_version_at_the_end_of_the_catalogs_url(self) -> None:
        """It is left out where the service's own paths begin with one."""
        keystone = Service(name="keystone", operations=(Operation(method="GET", path="/v3/users"),))
        for url, root in (
            ("http://h/identity/v3", "http://h/identity"),
            ("http://h:5000/v3/", "http://h:5000"),
            ("http://h/v2.1/9b7c0a527d0e4a358f39", "http://h"),
            ("http://h/v3x", "http://h/v3x"),
            ("http://h", "http://h"),
        ):
            self.assertEqual(root, service_root(keystone, url))
        manila = Service(name="manila", operations=(Operation(method="GET", path="/shares"),))
        self.assertEqual("http://h/v2", service_root(manila, "http://h/v2"))

    def test_an_endpoint_that_is_none(self) -> None:
        with self.assertRaises(UsageError) as caught:
            open_target(self.target(endpoints={"*": "placement.example"}), PLACEMENT)
        self.assertEqual(
            "target 'lab', service 'placement': endpoint 'placement.example': expected a URL such as "
            "https://cloud.example:8778/placement",
            str(caught.exception),
        )

    def test_an_application(self) -> None:
        transport, _ = open_target(
            self.target(endpoints={"*": "wsgi:wsgiref.simple_server:demo_app"}), PLACEMENT
        )
        self.assertIsInstance(transport, WsgiTransport)
        self.assertEqual("http://placement.example", transport.endpoint)
        response = transport.open(None).send(Request(method="GET", target="/"))
        self.assertIn("Hello world!", response.text)

    def test_an_application_that_is_none(self) -> None:
        with self.assertRaises(UsageError) as caught:
            open_target(self.target(endpoints={"placement": "wsgi:nowhere"}), PLACEMENT)
        self.assertEqual(
            "target 'lab', service 'placement': 'wsgi:nowhere': expected wsgi:MODULE:CALLABLE, or "
            "wsgi:MODULE:FACTORY() for a function that makes the application",
            str(caught.exception),
        )

    def test_tls_and_timeout_reach_the_transport(self) -> None:
        with self.assertRaises(UsageError) as caught:
            open_target(self.target(endpoints={"*": "https://x.example"}, tls=Tls(ca="/nowhere")), PLACEMENT)
        self.assertEqual(
            "target 'lab', service 'placement': tls.ca '/nowhere': there is no such file; "
            "give a PEM file's path",
            str(caught.exception),
        )


if __name__ == "__main__":
    unittest.main()
