"""Policies: what the shipped ones say, how overrides fit, both sides of each disagreement of the sources."""

from __future__ import annotations

import textwrap
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from contract_tests.comparison.facts import Fact
from contract_tests.comparison.policy import Override, Policy
from contract_tests.comparison.rules import Context, Verdict
from contract_tests.loading.config import Places
from contract_tests.loading.library import Library
from contract_tests.model.dialect import openstack
from contract_tests.model.microversion import ORDERS
from contract_tests.model.service import Service

F, P, B, S = Context.FROZEN, Context.UNVERSIONED, Context.ADJACENT, Context.STRICT


def shipped(name: str) -> Policy:
    found = Library(Places().with_shipped()).policy(name)
    assert found is not None
    return found


def written(text: str) -> Policy:
    """A policy as a person writes it, on top of `openstack`."""
    with TemporaryDirectory() as folder:
        head = "policy: ours\ntitle: ours\nfrom: openstack\n"
        (Path(folder) / "ours.yaml").write_text(head + textwrap.dedent(text))
        library = Library(Places(policies=(Path(folder),)).with_shipped())
        found = library.policy("ours")
        library.raise_problems()
        assert found is not None
        return found


def status(old: int, new: int) -> Fact:
    return Fact(kind="status", old=old, new=new)


class PolicyCase(unittest.TestCase):
    def verdict(
        self,
        policy: Policy,
        fact: Fact,
        context: Context,
        service: str = "toy",
        call: str = "",
        rule: str = "",
    ) -> str:
        found, verdict = policy.judge(fact, context, service, call)
        if rule:
            self.assertEqual(rule, found.id)
        return verdict.value


class TestDisagreements(PolicyCase):
    """Where the sources disagree a policy can take either side (compatibility-rules.md)."""

    def test_1_an_added_property_or_header(self) -> None:
        for fact in (Fact(kind="property-added", path="$.x"), Fact(kind="header-added", path="x-new")):
            self.assertEqual("OK", self.verdict(shipped("openstack"), fact, P))
            self.assertEqual("BREAK", self.verdict(shipped("strict"), fact, shipped("strict").unversioned))

    def test_2_another_client_error(self) -> None:
        fact = status(400, 409)
        self.assertEqual(
            "BREAK", self.verdict(shipped("openstack"), fact, F, rule="status-client-error-changed")
        )
        policy = written("verdicts: [{rule: status-client-error-changed, verdict: OK}]")
        self.assertEqual("OK", self.verdict(policy, fact, F))
        implied = status(409, 400)
        self.assertEqual("OK", self.verdict(shipped("openstack"), implied, F, "nova"))
        self.assertEqual("REVIEW", self.verdict(shipped("openstack"), implied, F, "placement"))

    def test_3_a_failure_that_becomes_a_client_error(self) -> None:
        fact = status(501, 400)
        self.assertEqual("OK", self.verdict(shipped("openstack"), fact, F, "ironic"))
        self.assertEqual("BREAK", self.verdict(shipped("openstack"), fact, F, "cinder"))
        self.assertEqual("OK", self.verdict(shipped("openstack"), status(500, 400), F, "cinder"))

    def test_4_a_code_in_errors(self) -> None:
        fact = Fact(kind="property-added", path="$.errors[*].code", new="a.b")
        self.assertEqual("OK", self.verdict(shipped("openstack"), fact, F, "ironic", rule="error-code-added"))
        self.assertEqual("BREAK", self.verdict(shipped("openstack"), fact, F, "placement"))

    def test_5_a_link_header(self) -> None:
        fact = Fact(kind="header-added", path="link", new="<x>")
        self.assertEqual("OK", self.verdict(shipped("openstack"), fact, F, rule="header-link-added"))
        policy = written("verdicts: [{rule: header-link-added, verdict: BREAK, context: frozen}]")
        self.assertEqual("BREAK", self.verdict(policy, fact, F))

    def test_6_another_success_code(self) -> None:
        fact = status(200, 202)
        self.assertEqual("BREAK", self.verdict(shipped("openstack"), fact, P, rule="status-success-code"))
        policy = written("verdicts: [{rule: status-success-code, verdict: OK, context: unversioned}]")
        self.assertEqual("OK", self.verdict(policy, fact, P))
        self.assertEqual("BREAK", self.verdict(policy, fact, F))

    def test_7_a_removal_at_every_microversion(self) -> None:
        fact = status(200, 410)
        self.assertEqual("BREAK", self.verdict(shipped("openstack"), fact, F, "nova", rule="url-removed"))
        policy = written(
            'verdicts: [{rule: url-removed, verdict: OK, service: nova, call: "nova_network: *"}]'
        )
        self.assertEqual("OK", self.verdict(policy, fact, F, "nova", "nova_network: list"))
        self.assertEqual("BREAK", self.verdict(policy, fact, F, "nova", "servers: list"))
        self.assertEqual("BREAK", self.verdict(policy, fact, F, "cinder", "nova_network: list"))

    def test_8_created_and_accepted_beyond_creation(self) -> None:
        fact = status(200, 201)
        policy = written('verdicts: [{rule: status-success-code, verdict: OK, call: "*: update *"}]')
        self.assertEqual("OK", self.verdict(policy, fact, P, call="users: update one"))
        self.assertEqual("BREAK", self.verdict(policy, fact, P, call="users: show one"))

    def test_9_an_unknown_attribute_is_refused(self) -> None:
        fact = status(200, 400)
        self.assertEqual("BREAK", self.verdict(shipped("openstack"), fact, P))
        policy = written(
            'verdicts: [{rule: status-success-to-client-error, verdict: OK, call: "*unknown attribute*"}]'
        )
        self.assertEqual("OK", self.verdict(policy, fact, P, call="users: an unknown attribute is refused"))

    def test_10_a_signal_at_every_microversion(self) -> None:
        fact = Fact(kind="header-added", path="X-OpenStack-Request-ID", new="req-1")
        self.assertEqual("OK", self.verdict(shipped("openstack"), fact, F, rule="header-signalled"))
        policy = written("verdicts: [{rule: header-signalled, verdict: BREAK}]")
        self.assertEqual("BREAK", self.verdict(policy, fact, F))

    def test_a_success_that_hid_an_error(self) -> None:
        policy = written('verdicts: [{rule: status-success-to-client-error, verdict: OK, call: "a: b"}]')
        self.assertEqual("OK", self.verdict(policy, status(200, 409), P, call="a: b"))


class TestShipped(PolicyCase):
    def test_all_are_right(self) -> None:
        library = Library(Places().with_shipped())
        self.assertEqual(["api-sig", "growing", "nova-2014", "openstack", "strict"], library.policy_names())
        for name in library.policy_names():
            self.assertIsNotNone(library.policy(name))
        library.raise_problems()

    def test_the_context_of_a_service(self) -> None:
        parse = ORDERS["number"].parse
        versioned = Service(name="a", dialect=openstack("a"), minimum=parse("1.0"))
        for name, contexts in {
            "openstack": (F, P),
            "strict": (F, S),
            "growing": (P, P),
        }.items():
            policy = shipped(name)
            self.assertEqual(contexts, (policy.context(versioned), policy.context(Service(name="b"))), name)

    def test_what_fails(self) -> None:
        self.assertEqual({Verdict.BREAK}, shipped("openstack").fails)
        self.assertEqual({Verdict.BREAK, Verdict.REVIEW}, shipped("strict").fails)


class TestOverrides(PolicyCase):
    def test_the_last_that_fits_counts(self) -> None:
        policy = written(
            """
            verdicts:
            - {rule: "*", verdict: INFO}
            - {rule: property-added, verdict: BREAK, path: "$.servers[*].*"}
            - {rule: property-added, verdict: OK, path: "$.servers[*].x-*"}
            """
        )
        self.assertEqual("BREAK", self.verdict(policy, Fact(kind="property-added", path="$.servers[*].a"), F))
        self.assertEqual("OK", self.verdict(policy, Fact(kind="property-added", path="$.servers[*].x-a"), F))
        self.assertEqual("INFO", self.verdict(policy, Fact(kind="property-added", path="$.servers.a"), F))
        self.assertEqual("INFO", self.verdict(policy, status(200, 500), F))

    def test_a_policy_without_any_has_the_verdicts_of_the_table(self) -> None:
        fact = Fact(kind="property-removed", path="$.a")
        self.assertEqual("WARN", self.verdict(Policy(name="none"), fact, B))

    def test_an_override_only_in_its_context_and_service(self) -> None:
        override = Override(rule="*", verdict=Verdict.OK, context=F, service="nova")
        policy = Policy(name="one", overrides=(override,))
        fact = Fact(kind="property-removed", path="$.a")
        self.assertEqual("OK", self.verdict(policy, fact, F, "nova"))
        self.assertEqual("BREAK", self.verdict(policy, fact, P, "nova"))
        self.assertEqual("BREAK", self.verdict(policy, fact, F, "cinder"))


if __name__ == "__main__":
    unittest.main()
