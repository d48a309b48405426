"""From tempest.conf to the items that become tests, and to what runs them.

Discovery imports this in every run of Tempest's, so nothing here asks a deployment anything, and nothing
that a person wrote makes it raise.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contract_tests.cli.judging import hold_to_baseline, read_policy
from contract_tests.cli.open import Opened, open_service
from contract_tests.cli.settings import Settings
from contract_tests.execution.case import told
from contract_tests.execution.plan import Choice, plan
from contract_tests.integrations.core import Broken, Files, Gate, Item, Report, plan_items, read_files, report
from contract_tests.model.service import Service
from contract_tests.model.target import Deployment
from contract_tests.transport.identity import ANONYMOUS, Identity
from contract_tests_tempest_plugin import config
from contract_tests_tempest_plugin.identities import TempestIdentity, target
from contract_tests_tempest_plugin.logged import Logged


@dataclass(frozen=True, slots=True)
class Collected:
    """What becomes tests. `gate` runs the items where they are replayed, None where they are live."""

    items: tuple[Item, ...] = ()
    broken: tuple[Broken, ...] = ()
    gate: Gate | None = None
    files: Files | None = None
    settings: Settings | None = None


def collect(conf: Any) -> Collected:
    """The items that tempest.conf asks for; whatever is wrong is in `broken`, each as one test that fails."""
    try:
        settings = config.settings(conf)
        odd = [
            _broken(f"option_{at}", text) for at, text in enumerate(config.strangers(conf, settings.places))
        ]
        if conf.contract_tests.mode == "replay":
            gate = Gate(settings)
            told_here = [one if one.path else _broken(one.name, one.text) for one in gate.broken]
            return Collected(items=gate.items, broken=(*odd, *told_here), gate=gate, settings=settings)
        files = read_files(settings)
        services = {scenario.service.name: scenario.service for scenario in files.scenarios}
        expected = [_expected(conf, service) for service in services.values()]
        items = plan_items(files.scenarios, expected, settings.choice)
        return Collected(items=items, broken=(*odd, *files.broken), files=files, settings=settings)
    except Exception as error:
        return Collected(broken=(_broken("configuration", told(error)),))


def _broken(name: str, text: str) -> Broken:
    """What is wrong with the group itself."""
    return Broken(name=name, text=f"[{config.GROUP.name}] of tempest.conf: {config.spelled(text)}")


def _expected(conf: Any, service: Service) -> Deployment:
    """What is expected of a deployment before anybody asks it: tests are listed without a cloud."""
    return Deployment(
        name=f"{service.name} of tempest.conf",
        service=service.name,
        endpoint="",
        range=config.microversions(conf, service),
        listed=service.listed,
    )


def idempotent_id(item: Item) -> str:
    """The idempotent id of an item: the scenario's own; at a microversion or of a release, one made of it.

    It hangs on nothing else: not on order, paths, names or other scenarios.
    """
    own = uuid.UUID(item.case.scenario.id)
    rest = "@".join(filter(None, (str(item.case.microversion or ""), item.release)))
    return str(uuid.uuid5(own, rest) if rest else own)


def roles_of(items: Sequence[Item]) -> list[str]:
    """The roles that the calls of some items are made as."""
    histories = ((item, history) for item in items for history in item.case.scenario.histories)
    calls = (history.at(item.case.microversion) for item, history in histories)
    return sorted({call.role for call in calls if call is not None} - {"", "none"})


class Live:
    """One service of the deployment that tempest.conf describes, open for the tests of one class."""

    def __init__(
        self, conf: Any, collected: Collected, service: Service, identities: Mapping[str, TempestIdentity]
    ) -> None:
        """Find the service, and ask it what it offers. Errors as contract-tests' own."""
        files, settings = collected.files, collected.settings
        assert files is not None and settings is not None
        scenarios = [one for one in files.scenarios if one.service.name == service.name]
        beside = {other.service.name: other.service for one in scenarios for other in one.others}
        where = target(conf, service, beside.values(), identities)
        self.roles = {*identities, "none"}
        self._opened = Opened()
        try:
            everybody: dict[str, Identity] = {**identities, "none": ANONYMOUS}
            open_service(self._opened, where, service, scenarios, everybody, settings.choice, settings.record)
            if settings.baseline:
                policy, waivers = read_policy(files.library, settings.policy, settings.waivers)
                hold_to_baseline(self._opened, files.library, scenarios, settings.baseline, policy, waivers)
            (job,) = self._opened.jobs
            self.job = replace(job, transport=Logged(job.transport, service))
        except BaseException:
            self.close()
            raise

    def run(self, item: Item) -> Report:
        """Run an item, planned again: now it is known what the deployment offers."""
        version = item.case.microversion
        choice = Choice(microversions=(str(version),) if version is not None else "boundaries")
        planned = plan([item.case.scenario], self.job.deployment, choice, self.roles)
        item = replace(item, case=planned[0] if planned else item.case, deployment=self.job.deployment)
        return report(item, self.job, self._opened.mask)

    def close(self) -> None:
        self._opened.__exit__()
