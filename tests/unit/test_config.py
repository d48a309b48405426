"""Configuration, targets and service files as they are read."""

from __future__ import annotations

import unittest
from pathlib import Path

from contract_tests.errors import LoadError
from contract_tests.loading.config import SHIPPED, Places, find_config, read_config
from contract_tests.loading.library import Library
from contract_tests.model.dialect import DEFAULT_ORDERS, KINDS
from contract_tests.model.service import Service
from contract_tests.model.target import Target
from tests.unit.loading_support import LoadingTest, version


class ConfigTest(LoadingTest):
    def test_paths_count_from_the_file(self) -> None:
        self.write("my/scenarios/a.yaml", "")
        places = read_config(
            self.write("contract-tests.yaml", "scenarios: [my/scenarios]\nrecordings: [later]\n")
        )
        self.assertEqual(places.scenarios, (self.folder / "my/scenarios",))
        self.assertEqual(places.recordings, (self.folder / "later",))
        self.assertEqual(places.config, self.folder / "contract-tests.yaml")

    def test_the_nearest_one_above_is_found(self) -> None:
        file = self.write("contract-tests.yaml", "scenarios: []\n")
        deep = self.folder / "a" / "b"
        deep.mkdir(parents=True)
        self.assertEqual(find_config(deep), file)

    def test_shipped_data_fills_what_is_missing(self) -> None:
        own = Path("own")
        self.assertEqual(Places().with_shipped().scenarios, (SHIPPED / "scenarios",))
        filled = Places(scenarios=(own,), services=(own,), schemas=(own,)).with_shipped()
        self.assertEqual(filled.scenarios, (own,))
        self.assertEqual((filled.services[0], filled.schemas[0]), (own, own))
        self.assertEqual(
            (filled.services[-1], filled.schemas[-1]), (SHIPPED / "services", SHIPPED / "schemas")
        )

    def test_options_come_in_place_of_the_file(self) -> None:
        places = Places(scenarios=(Path("a"),), schemas=(Path("b"),)).override(scenarios=["c"], schemas=[])
        self.assertEqual((places.scenarios, places.schemas), ((Path("c"),), (Path("b"),)))

    def test_all_problems_at_once(self) -> None:
        path = self.write("contract-tests.yaml", "scenarios: [a, b]\ntargets: [c]\nrecordings: [d]\n")
        with self.assertRaises(LoadError) as caught:
            read_config(path)
        self.assertEqual([problem.line for problem in caught.exception.problems], [1, 1, 2])


class TargetsTest(LoadingTest):
    def targets(
        self, text: str, environ: dict[str, str], names: tuple[str, ...] | None = None
    ) -> dict[str, Target]:
        library = Library(Places(targets=(self.write("targets.yaml", text),)), environ)
        found = library.targets(names)
        library.raise_problems()
        return found

    def test_everything_of_a_target(self) -> None:
        text = """
            targets:
              cloud:
                endpoints: {tickets: "https://tickets.example", "*": "wsgi:app:application"}
                identities:
                  admin: {password: {auth_url: "https://k", username: a, password: {env: PASSWORD}}}
                  member: {token: {env: TOKEN}}
                  reader: {cloud: devstack}
                  none: {none: true}
                  other: {headers: {X-Roles: reader}}
                release: 9.0.0
                timeout: 90s
                interface: internal
                tls: {verify: false, ca: ca.pem}
                extensions: [quotas]
        """
        cloud = self.targets(text, {"PASSWORD": "secret", "TOKEN": "abc"})["cloud"]
        self.assertEqual(cloud.endpoints["*"], "wsgi:app:application")
        self.assertEqual(cloud.identities["admin"].values["password"], "secret")
        self.assertEqual(cloud.identities["member"].values, {"token": "abc"})
        self.assertEqual(cloud.identities["none"].kind, "none")
        self.assertEqual((cloud.timeout, cloud.release, cloud.interface), (90.0, "9.0.0", "internal"))
        self.assertEqual((cloud.tls.verify, cloud.tls.ca, cloud.extensions), (False, "ca.pem", ("quotas",)))
        self.assertNotIn("secret", repr(cloud))

    TWO = """
        targets:
          a: {identities: {admin: {token: {env: TOKEN_A}}}}
          b: {identities: {admin: {token: {env: TOKEN_B}}}}
    """

    def test_a_secret_that_is_not_in_the_environment(self) -> None:
        with self.assertRaises(LoadError) as caught:
            self.targets(self.TWO, {"TOKEN_A": "a"})
        (problem,) = caught.exception.problems
        pointed = problem.source[problem.column - 1 :][: problem.length]
        self.assertEqual((problem.rule, problem.line, pointed), ("unset-variable", 4, "TOKEN_B"))
        self.assertIn("export TOKEN_B", problem.hint)

    def test_only_the_secrets_of_a_wanted_target_are_needed(self) -> None:
        found = self.targets(self.TWO, {"TOKEN_A": "a"}, names=("a",))
        self.assertEqual(found["a"].identities["admin"].values, {"token": "a"})

    def test_one_name_in_two_files(self) -> None:
        text = "targets: {a: {release: 1.0}}\n"
        files = (self.write("one.yaml", text), self.write("two.yaml", text))
        library = Library(Places(targets=files), {})
        library.targets()
        self.assertEqual([problem.rule for problem in library.problems], ["duplicate-name"])


class ServiceTest(LoadingTest):
    def service(self, text: str) -> Service:
        self.write("services/mine.yaml", f"service: mine\n{text}")
        library = Library(self.places, {})
        found = library.service("mine")
        library.raise_problems()
        assert found is not None
        return found

    def test_every_dialect(self) -> None:
        written = {
            "openstack": "service_type: mine, min: 1.0, max: 1.4",
            "header": "header: X-Version, min: 2023-01-01, max: 2024-01-01",
            "url": "min: v1, max: v2",
            "media-type": "parameter: version, min: 1.0, max: 2.0-beta.1",
            "query": "parameter: api-version, values: [2023-01-01, 2024-01-01]",
        }
        self.assertEqual({*written, "none"}, set(KINDS))
        for kind, rest in written.items():
            with self.subTest(kind=kind):
                service = self.service(f"version: {{dialect: {kind}, {rest}}}\n")
                assert service.dialect.order is not None
                self.assertEqual(service.dialect.order.name, DEFAULT_ORDERS[kind])
                self.assertTrue(service.has_microversions)
        none = self.service("version: {dialect: none}\n")
        self.assertEqual((none.has_microversions, none.dialect.order, none.minimum), (False, None, None))

    def test_versions_are_read_from_their_text(self) -> None:
        service = self.service("version: {dialect: openstack, service_type: mine, min: 1.1, max: 1.10}\n")
        self.assertEqual((service.minimum, service.maximum), (version("1.1"), version("1.10")))

    def test_listed_versions_give_the_range(self) -> None:
        service = self.service("version: {dialect: query, parameter: v, values: [2023-01-01, 2024-06-01]}\n")
        self.assertEqual((str(service.minimum), str(service.maximum)), ("2023-01-01", "2024-06-01"))

    def test_a_project_s_own_file_comes_first(self) -> None:
        self.write(
            "services/tickets.yaml",
            "service: tickets\nversion: {dialect: openstack, service_type: tickets, min: 1.0, max: 1.99}\n",
        )
        found = Library(self.places).service("tickets")
        assert found is not None
        self.assertEqual(str(found.maximum), "1.99")


if __name__ == "__main__":
    unittest.main()
