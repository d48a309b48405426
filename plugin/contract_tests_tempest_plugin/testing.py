"""The class that every contract's test derives from, and the making of classes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from tempest import config as tempest_config
from tempest import test
from tempest.lib import decorators
from testtools.content import text_content

from contract_tests.execution.case import told
from contract_tests.integrations.core import Broken, Item
from contract_tests.model.case import Outcome
from contract_tests_tempest_plugin.collecting import Collected, Live, collect, idempotent_id, roles_of
from contract_tests_tempest_plugin.config import credentials, spelled
from contract_tests_tempest_plugin.identities import TempestIdentity

__unittest = True
"""The frames of this module are no part of a failure: what is to be seen is the finding."""

CONF = tempest_config.CONF


class BrokenTest(test.BaseTestCase):  # type: ignore[misc]
    """A test for each file, or setting, that cannot be made into tests. It needs no cloud, and fails."""

    credentials: ClassVar[list[Any]] = []


class ReplayTest(test.BaseTestCase):  # type: ignore[misc]
    """The cases of one service at one microversion, answered from recordings. It needs no cloud."""

    credentials: ClassVar[list[Any]] = []
    collected: ClassVar[Collected]

    def run_item(self, item: Item) -> None:
        """Run a case; a finding fails the test, and what cannot run is skipped with the reason."""
        assert self.collected.gate is not None
        self.tell(self.collected.gate.run(item))

    def tell(self, report: Any) -> None:
        """A report as the outcome of this test."""
        for name, text in report.details:
            self.addDetail(f"request and response of {name}", text_content(text))
        if report.outcome is Outcome.SKIPPED:
            raise self.skipException(report.text)
        if report.outcome is not Outcome.PASSED:
            raise self.failureException(report.text)
        if report.text:
            self.addDetail("note", text_content(report.text))


class LiveTest(ReplayTest):
    """The cases of one service at one microversion, asked of the deployment of tempest.conf."""

    roles: ClassVar[Mapping[str, str | list[str]]] = {}
    items: ClassVar[tuple[Item, ...]]
    live: ClassVar[Live | None] = None
    problem: ClassVar[str] = ""

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        name = cls.items[0].case.scenario.service.name
        if not getattr(CONF.service_available, name, True):
            raise cls.skipException(f"{name} is not available ([service_available] {name} is false)")

    @classmethod
    def setup_credentials(cls) -> None:
        cls.set_network_resources()
        cls.live, cls.problem = None, ""
        cls._noting("Tempest has no credentials for this class", super().setup_credentials)

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        cls._noting("nothing can be asked here", cls._open)

    @classmethod
    def _open(cls) -> None:
        managers = {
            role: getattr(cls, f"os_{wanted}" if isinstance(wanted, str) else f"os_roles_{wanted[0]}")
            for role, wanted in cls.roles.items()
        }
        identities = {role: TempestIdentity(role, one.auth_provider) for role, one in managers.items()}
        cls.live = Live(CONF, cls.collected, cls.items[0].case.scenario.service, identities)
        cls.addClassResourceCleanup(cls.live.close)

    @classmethod
    def _noting(cls, what: str, step: Callable[[], None]) -> None:
        """A step of the set-up. Where it fails, each test of the class says why, so that none is missing."""
        if cls.problem:
            return
        try:
            step()
        except cls.skipException:
            raise
        except Exception as error:
            tempest_said = not type(error).__module__.startswith("contract_tests")
            text = f"{type(error).__name__}: {error}" if tempest_said else told(error)
            cls.problem = f"{what}: {spelled(text)}"

    def run_item(self, item: Item) -> None:
        if self.live is None:
            raise self.failureException(f"could not run {item.case.id}: {self.problem}")
        self.tell(self.live.run(item))


def tests_of_configuration(module: str) -> list[type]:
    """The classes of all tests that tempest.conf asks for."""
    return list(make_classes(collect(CONF), module))


def make_classes(collected: Collected, module: str) -> Iterable[type]:
    """The classes of all tests, each with the module's name; they are to be put into its globals."""
    for name, group in itertools.groupby(
        sorted(collected.items, key=lambda item: item.class_name), key=lambda item: item.class_name
    ):
        items = tuple(group)
        own: dict[str, Any] = {"collected": collected, "items": items, "__module__": module}
        if collected.gate is None:
            known = CONF.contract_tests.roles
            own["roles"] = {role: credentials(CONF, role) for role in roles_of(items) if role in known}
            wanted = list(own["roles"].values())
            own["credentials"] = [one for at, one in enumerate(wanted) if one not in wanted[:at]]
        for item in items:
            own[item.method_name] = _case_test(item)
        yield type(name, (ReplayTest if collected.gate is not None else LiveTest,), own)
    if collected.broken:
        own = {one.method_name: _broken_test(one) for one in collected.broken}
        yield type("Broken", (BrokenTest,), {**own, "__module__": module})


def _case_test(item: Item) -> Callable[[Any], None]:
    def run(self: Any) -> None:
        self.run_item(item)

    run.__name__ = run.__qualname__ = item.method_name
    run.__doc__ = item.case.scenario.name
    run = decorators.idempotent_id(idempotent_id(item))(run)
    tags = sorted(item.case.scenario.tags)
    return decorators.attr(type=tags)(run) if tags else run


def _broken_test(broken: Broken) -> Callable[[Any], None]:
    def run(self: Any) -> None:
        raise self.failureException(broken.text)

    run.__name__ = run.__qualname__ = broken.method_name
    return run
