"""What all fronts share: from settings to items with stable names, and from an item to a report.

An item is one case on one deployment. A front lists `Gate.items`, shows each of `Gate.broken` as one test
that fails, and runs an item with `Gate.run`. A front that knows its deployment beforehand (Tempest's plugin)
takes `read_files`, `plan_items` and `run_item` instead.
"""

from __future__ import annotations

import collections
import gc
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from contract_tests.cli.open import Opened, notes, open_jobs, select, start_recording
from contract_tests.cli.settings import Settings
from contract_tests.errors import ContractTestsError, LoadError, UsageError
from contract_tests.execution.plan import Choice, apart, plan, test_name
from contract_tests.execution.runner import Job, run_item
from contract_tests.loading.library import Library
from contract_tests.model.case import Case, CaseResult, Outcome
from contract_tests.model.scenario import Scenario
from contract_tests.model.target import Deployment
from contract_tests.reporters.harmless import harmless, printable
from contract_tests.reporters.words import Mask, case_lines, exchange_text, secrets_of

_NO_NAME = re.compile(r"\W+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One case on one deployment. `release` tells the deployments of a service apart where there are several.

    The names are stable: they are made of the service, the scenario's file name, the microversion and (where
    it is needed) the release, and of nothing else.
    """

    case: Case
    deployment: Deployment
    release: str = ""

    @property
    def id(self) -> str:
        """`service.scenario@microversion`, with `[release]` where several are run."""
        return f"{self.case.scenario.service.name}.{self.name}"

    @property
    def name(self) -> str:
        """`scenario@microversion`, with `[release]` where several are run."""
        return test_name(self.case, self.release)

    @property
    def class_name(self) -> str:
        """The name of a test class: a service at a microversion (and release), as `Placement_v1_10`.

        There is no dot in it: a runner that groups tests by what stands before the last dot keeps a class
        together.
        """
        parts = [self.case.scenario.service.name.capitalize(), self.release]
        parts.append(f"v{self.case.microversion}" if self.case.microversion is not None else "")
        return _identifier("_".join(filter(None, parts)))

    @property
    def method_name(self) -> str:
        """The name of a test method: `test_` and the scenario's file name."""
        return _identifier(f"test_{self.case.scenario.slug}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What cannot become items: a file that is wrong, or a target that cannot be opened.

    `name` is the file, or what could not be done; `text` tells what is wrong and how to mend it. `path` is
    the file's, empty where it is none.
    """

    name: str
    text: str
    path: str = ""

    @property
    def method_name(self) -> str:
        """The name of the test method that fails for it."""
        return _identifier(f"test_{self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How an item ended.

    `text` is for a person: why it did not pass (which call, what was expected, what came, the rule, the
    place in the file, a command that repeats the request), or why it was skipped; empty where there is
    nothing to say. `details` are (name, text) of each call that did not pass: its request and its answer.
    Secrets are in neither.
    """

    result: CaseResult
    text: str = ""
    details: tuple[tuple[str, str], ...] = ()

    @property
    def outcome(self) -> Outcome:
        """How it ended. What a baseline was asked for and had no answer of is skipped: nothing held it."""
        passed = self.result.outcome is Outcome.PASSED
        return self.result.outcome if self.result.held or not passed else Outcome.SKIPPED


@dataclass(frozen=True, slots=True)
class Files:
    """The scenarios that are right, and the files that are not."""

    library: Library
    scenarios: tuple[Scenario, ...]
    broken: tuple[Broken, ...]


def read_files(settings: Settings) -> Files:
    """Read a project's scenarios. What is wrong in a file hides that file's scenario and no other.

    UsageError where a path does not exist or a service is not known.
    """
    library = Library(settings.places)
    scenarios = select(library, settings.paths, settings.services)
    problems = collections.defaultdict(list)
    for problem in sorted(set(library.problems)):
        problems[problem.path].append(problem)
    library.problems.clear()
    broken = (
        Broken(name=path, path=path, text=harmless(str(LoadError(found)))) for path, found in problems.items()
    )
    return Files(library, tuple(scenarios), tuple(broken))


def plan_items(
    scenarios: Iterable[Scenario],
    deployments: Sequence[Deployment],
    choice: Choice,
    roles: Collection[str] | None = None,
) -> tuple[Item, ...]:
    """The items of the scenarios on deployments that are known without asking them.

    `roles` are those that there is an identity for (None: any). UsageError where a listed microversion is
    none, or two items have one name.
    """
    scenarios = tuple(scenarios)
    return _items([(one, plan(scenarios, one, choice, roles)) for one in deployments])


def report(item: Item, job: Job, mask: Mask) -> Report:
    """Run an item by a job's transport and baseline, and word how it ended."""
    result = run_item(job, item.case)
    if result.outcome is Outcome.PASSED:
        return Report(result=result, text=harmless(mask(result.reason)))
    if result.outcome is Outcome.SKIPPED:
        return Report(result=result, text=harmless(mask(result.why)))
    text = "\n".join(case_lines(item.case, result, job.deployment, mask))
    details = (
        (
            printable(call.name),
            mask(exchange_text(call, job.deployment, secrets_of(call, item.case.scenario))),
        )
        for call in result.calls
        if call.request is not None and call.outcome is not Outcome.SKIPPED
    )
    return Report(result=result, text=text, details=tuple(details))


class Gate:
    """All items of some settings, with what runs them. Close it, or use it with `with`.

    Nothing raises here for what a person wrote or for a target that is away: it is in `broken`. `notes` are
    what a person should know besides.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.items: tuple[Item, ...] = ()
        self.broken: tuple[Broken, ...] = ()
        self.notes: tuple[str, ...] = ()
        self._opened = Opened()
        self._of: dict[str, int] = {}
        self._recording: set[int] = set()
        try:
            self._open()
        except (ContractTestsError, OSError) as error:
            self.broken += (Broken(name="the run", text=harmless(str(error))),)
        if not self.items and not self.broken:
            why = "\n".join(("there is no case to run", *self.notes))
            self.broken = (Broken(name="the run", text=harmless(why)),)

    def _open(self) -> None:
        from contract_tests.cli.judging import hold_to_baseline, read_policy

        settings = self.settings
        files = read_files(settings)
        self.broken = files.broken
        if not files.scenarios and files.broken:
            return
        policy, waivers = read_policy(files.library, settings.policy, settings.waivers)
        opened = self._opened = open_jobs(
            files.library, files.scenarios, settings.wanted, settings.choice, settings.record, later=True
        )
        if settings.baseline:
            hold_to_baseline(opened, files.library, files.scenarios, settings.baseline, policy, waivers)
        self.notes = tuple(notes(opened.jobs, files.scenarios))
        self.items = _items([(job.deployment, job.cases) for job in opened.jobs])
        gc.freeze()  # what was read stays: looking through it again and again is a fifth of a run
        numbers = [number for number, job in enumerate(opened.jobs) for _ in job.cases]
        self._of = {item.id: number for item, number in zip(self.items, numbers, strict=True)}

    def run(self, item: Item) -> Report:
        """Run one item of this gate. Where its recording cannot be begun, it could not run."""
        try:
            job = self._job(self._of[item.id])
        except (ContractTestsError, OSError) as error:
            reason = f"--record {self.settings.record}: {error}"
            ended = CaseResult(
                id=item.case.id, target=item.deployment.name, outcome=Outcome.ERROR, reason=reason
            )
            return Report(result=ended, text=harmless(f"ERROR {item.case.id}: {reason}"))
        return report(item, job, self._opened.mask)

    def _job(self, number: int) -> Job:
        jobs = self._opened.jobs
        if self.settings.record and number not in self._recording:
            jobs[number] = start_recording(jobs[number], self.settings.record, self._opened)
            self._recording.add(number)
        return jobs[number]

    def close(self) -> None:
        self._opened.__exit__()

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _items(planned: Iterable[tuple[Deployment, Sequence[Case]]]) -> tuple[Item, ...]:
    planned = list(planned)
    found = tuple(
        Item(case=case, deployment=deployment, release=release)
        for (deployment, cases), release in zip(planned, apart([one for one, _ in planned]), strict=True)
        for case in cases
    )
    seen: dict[tuple[str, str], Item] = {}
    for item in found:
        twin = seen.setdefault((item.class_name, item.method_name), item)
        if twin is not item:
            raise UsageError(
                f"{twin.id} and {item.id} make the same test name, {item.class_name}.{item.method_name}; "
                "give one of the files another name, or run one target at a time"
            )
    return found


def _identifier(text: str) -> str:
    return _NO_NAME.sub("_", text).strip("_")
