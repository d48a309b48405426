"""How differences are judged and told: policies, waivers, the baseline of a run, the forms of a report."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contract_tests.cli.options import Command
from contract_tests.cli.say import say, say_json
from contract_tests.errors import UsageError

if TYPE_CHECKING:
    from contract_tests.cli.open import Opened
    from contract_tests.comparison.policy import Policy, Waiver
    from contract_tests.comparison.rule import Verdict
    from contract_tests.execution.compare import Change
    from contract_tests.loading.library import Library
    from contract_tests.model.scenario import Scenario
    from contract_tests.reporters.words import Mask


def policy_option(command: Command) -> Command:
    """The command gets `policy_name`, for `read_policy`."""
    return click.option(
        "--policy",
        "policy_name",
        default="openstack",
        show_default=True,
        metavar="NAME",
        help="What the verdicts on differences are, and which fail.",
    )(command)


def waivers_option(command: Command) -> Command:
    """The command gets `waivers`, for `read_policy`."""
    return click.option(
        "--waivers",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Differences that are accepted.",
    )(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How what was found is told; `words` below is a module of reporters that puts one result into words."""

    as_json: bool
    as_markdown: bool
    junit_file: str | None
    write_waivers: str | None
    verbose: bool

    def show(self, words: Any, found: Sequence[Any], mask: Mask) -> None:
        """Print the results."""
        if self.as_json:
            say_json([words.document(one, mask) for one in found])
        elif self.as_markdown:
            say(words.markdown(found, mask), nl=False)
        else:
            for one in found:
                for line in words.lines(one, mask, verbose=self.verbose):
                    say(line)

    def write(
        self,
        words: Any,
        found: Sequence[Any],
        failing: Sequence[Change],
        fails: Collection[Verdict],
        mask: Mask,
    ) -> None:
        """Write the files that were asked for; waivers are drafted of `failing`."""
        from contract_tests.reporters.files import file_writer

        if self.junit_file:
            file_writer("--junit", self.junit_file, sys.stdout)(words.junit(found, fails, mask))
        if self.write_waivers:
            file_writer("--write-waivers", self.write_waivers, sys.stdout)(drafted_waivers(failing))


def telling_options(command: Command) -> Command:
    """The command gets `telling`, a `Telling`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        telling = Telling(**{name: kwargs.pop(name) for name in (field.name for field in fields(Telling))})
        draft = telling.write_waivers
        if draft and Path(draft).is_file():  # with reasons that a person may have written
            raise UsageError(f"--write-waivers {draft}: is there already; name another file")
        return command(*args, telling=telling, **kwargs)

    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Show each of them with every call and place."),
        click.option("--junit", "junit_file", metavar="FILE", help="Write JUnit XML."),
        click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for a review comment."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--write-waivers",
            metavar="FILE",
            help="Draft waivers for what fails, the reasons left for a person.",
        ),
    ):
        wrapped = option(wrapped)
    return wrapped


def read_policy(
    library: Library, name: str, waivers: Path | None = None, option: str = "--policy"
) -> tuple[Policy, tuple[Waiver, ...]]:
    """The policy of that name and the waivers in a file; LoadError, and UsageError where there is none."""
    from contract_tests.loading.source import nearest

    policy = library.policy(name)
    accepted = library.waivers(waivers) if waivers is not None else ()
    library.raise_problems()
    if policy is None:
        raise UsageError(f"{option} {name}: there is no such policy; {nearest(name, library.policy_names())}")
    return policy, accepted


def hold_to_baseline(
    opened: Opened,
    library: Library,
    scenarios: Sequence[Scenario],
    path: str,
    policy: Policy,
    waivers: Sequence[Waiver],
) -> None:
    """Give each job the recording of its service below `path` as its baseline.

    UsageError where there is none of one of the services, or more than one.
    """
    from contract_tests.execution.baseline import Baseline
    from contract_tests.recordings.recording import find_recordings
    from contract_tests.transport.recording import RecordingTransport

    services = {scenario.service.name: scenario.service for scenario in scenarios}
    found = find_recordings(path)
    for at, job in enumerate(opened.jobs):
        name = job.deployment.service
        own = [recording for recording in found if recording.service == name]
        if len(own) != 1:
            what = f"are {len(own)} recordings" if own else "is no recording"
            raise UsageError(f"--baseline {path}: there {what} of {name} in it; name a folder with one")
        deployment = own[0].deployment(services[name])
        baseline = Baseline(
            deployment=replace(deployment, name=f"{name} {own[0].release}"),
            transport=RecordingTransport(own[0], services[name]),
            policy=policy,
            waivers=waivers,
        )
        opened.jobs[at] = replace(job, baseline=baseline)


def drafted_waivers(changes: Sequence[Change]) -> str:
    """A waivers file with an entry for each change and call, to be finished by a person."""
    from contract_tests.loading.policy import REFUSED_REASONS

    lines = [
        f"# A reason is why a client can live with it. These are none: {', '.join(REFUSED_REASONS)}.",
        "waivers:",
    ]
    for change in changes:
        versions = sorted(version for version in change.microversions if version is not None)
        for scenario, call in change.calls:
            lines += [
                f"- rule: {change.rule.id}",
                f"  service: {change.owner or change.service}",
                f"  call: {json.dumps(f'{scenario}: {call}')}",
                f"  path: {json.dumps(change.fact.path or '*')}",
                *([f"  microversions: {versions[0]}-{versions[-1]}"] if versions else []),
                '  reason: ""',
                '  link: ""',
                '  expires: ""',
            ]
    return "\n".join(lines if changes else [*lines[:1], "waivers: []"]) + "\n"
