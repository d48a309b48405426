"""Tempest's response schemas, resolved for every microversion."""

import importlib
import importlib.util
import pkgutil
import sys
import unittest
from unittest import mock

from contract_tests.checks.schemas import is_valid, violations
from contract_tests.loading.tempest import TempestMissing, tempest_schema
from contract_tests.model.finding import Mark
from contract_tests.model.microversion import ORDERS

ORDER = ORDERS["number"]
HERE = Mark(path="scenario.yaml", line=3, column=5)
INSTALLED = importlib.util.find_spec("tempest") is not None

LINKS = [{"rel": "self", "href": "http://nova.example/v2.1/flavors/1"}]


def history(name):
    return tempest_schema(name, ORDER, HERE)


class TestWithoutTempest(unittest.TestCase):
    def test_what_to_install_is_said(self):
        with (
            mock.patch("importlib.util.find_spec", return_value=None),
            self.assertRaises(TempestMissing) as caught,
        ):
            history("tempest:compute/flavors.list_flavors")
        self.assertIn("pip install 'contract-tests[tempest]'", str(caught.exception))
        self.assertIsInstance(caught.exception, LookupError)

    def test_a_name_of_another_form_is_no_name(self):
        for name in (
            "tempest:compute/flavors",
            "tempest:network/ports.list_ports",
            "tempest:compute/Flavors.x",
        ):
            with (
                self.subTest(name),
                self.assertRaisesRegex(ValueError, "one looks like tempest:compute/flavors"),
            ):
                history(name)


@unittest.skipUnless(INSTALLED, "Tempest is not installed: pip install 'contract-tests[tempest]'")
class TestHistories(unittest.TestCase):
    def test_a_table_of_a_client_says_where_a_schema_changes(self):
        found = history("tempest:compute/flavors.list_flavors")
        self.assertEqual([None, "2.55"], [version and version.text for version, _ in found.documents])
        self.assertEqual(HERE, found.mark)
        self.assertEqual("tempest:compute/flavors.list_flavors", found.name)

    def test_the_body_alone_is_the_document(self):
        found = history("tempest:compute/flavors.list_flavors")
        document = found.at(ORDER.parse("2.1"))
        self.assertEqual(["flavors"], document["required"])
        self.assertEqual("http://json-schema.org/draft-04/schema#", document["$schema"])
        self.assertNotIn("status_code", document)

    def test_each_microversion_has_its_own(self):
        found = history("tempest:compute/flavors.list_flavors")
        body = {"flavors": [{"id": "1", "name": "tiny", "links": LINKS}]}
        self.assertTrue(is_valid(found.at(ORDER.parse("2.54")), body))
        self.assertFalse(is_valid(found.at(ORDER.parse("2.55")), body))
        body["flavors"][0]["description"] = None
        self.assertFalse(is_valid(found.at(ORDER.parse("2.54")), body))
        self.assertTrue(is_valid(found.at(ORDER.parse("2.55")), body))

    def test_a_module_that_no_table_names_holds_always(self):
        found = history("tempest:compute/flavors_extra_specs.set_get_flavor_extra_specs")
        self.assertEqual(1, len(found.documents))

    def test_an_operation_that_came_later_begins_with_its_oldest_schema(self):
        found = history("tempest:compute/servers.list_tags")
        self.assertIsNone(found.documents[0][0])
        self.assertTrue(is_valid(found.at(ORDER.parse("2.26")), {"tags": ["blue"]}))

    def test_a_microversion_of_three_digits_comes_after_those_of_two(self):
        found = history("tempest:compute/servers.get_server")
        self.assertEqual("2.100", found.since[-1].text)
        self.assertEqual(sorted(found.since), list(found.since))

    def test_addresses_are_checked_by_their_format(self):
        found = history("tempest:compute/servers.list_addresses_by_network").at(ORDER.parse("2.1"))
        for address, good in (("10.0.0.3", True), ("fe80::1", True), ("10.0.0.300", False)):
            with self.subTest(address):
                body = {"private": [{"version": 4, "addr": address}]}
                self.assertEqual(good, is_valid(found, body), list(violations(found, body)))

    def test_a_time_without_a_zone_is_a_time_to_tempest(self):
        found = history("tempest:compute/keypairs.get_keypair").at(ORDER.parse("2.1"))
        pair = {
            "public_key": "ssh-rsa AAAA", "name": "a", "fingerprint": "aa:bb", "user_id": "b", "id": 1,
            "deleted": False, "created_at": "2026-11-21T21:11:56.897948", "updated_at": None,
            "deleted_at": None,
        }  # fmt: skip
        self.assertTrue(is_valid(found, {"keypair": pair}), list(violations(found, {"keypair": pair})))
        pair["created_at"] = "yesterday"
        self.assertFalse(is_valid(found, {"keypair": pair}))

    def test_a_response_without_a_body_has_no_schema(self):
        with self.assertRaisesRegex(LookupError, "body: absent"):
            history("tempest:compute/flavors.delete_flavor")

    def test_what_tempest_lacks_is_said_with_what_it_has(self):
        with self.assertRaisesRegex(LookupError, "no schema 'list_flavours' in .*; it has .*list_flavors"):
            history("tempest:compute/flavors.list_flavours")
        with self.assertRaisesRegex(LookupError, "no schemas 'flavours' for compute"):
            history("tempest:compute/flavours.list")

    def test_the_clients_are_not_imported(self):
        history("tempest:volume/volumes.show_volume")
        loaded = [name for name in sys.modules if name.startswith("tempest.lib.services")]
        self.assertEqual([], loaded)


@unittest.skipUnless(INSTALLED, "Tempest is not installed: pip install 'contract-tests[tempest]'")
class TestAllOfThem(unittest.TestCase):
    def test_every_schema_of_tempests_resolves_and_compiles(self):
        import jsonschema_rs

        count = {"compute": 0, "volume": 0}
        for service, name in _operations():
            with self.subTest(name):
                try:
                    found = history(name)
                except LookupError as error:
                    self.assertIn("without a body", str(error))
                    continue
                count[service] += 1
                for _, document in found.documents:
                    jsonschema_rs.meta.validate(document)
                    self.assertIn(is_valid(document, {}), (True, False))
        self.assertGreater(count["compute"], 90)
        self.assertGreater(count["volume"], 80)


def _operations():
    """(service, name) of everything that looks like a schema in Tempest's packages."""
    for service in ("compute", "volume"):
        root = importlib.import_module(f"tempest.lib.api_schema.response.{service}")
        names = set()
        for info in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            # v2_59.servers is in no client's table: later ones build on it.
            if info.ispkg or info.name.endswith(".v2_59.servers"):
                continue
            module = importlib.import_module(info.name)
            for key, value in vars(module).items():
                if isinstance(value, dict) and "status_code" in value:
                    names.add(f"tempest:{service}/{info.name.rpartition('.')[2]}.{key}")
        yield from ((service, name) for name in sorted(names))
