"""Reference pages made from the code: what it says is what the program does.

.. contract-reference:: keys scenario       every key of a kind of file (a key of FILES)
.. contract-reference:: matchers            OPERATORS; `types` and `formats` beside it
.. contract-reference:: dialects            KINDS; `orders` beside it
.. contract-reference:: rules               RULES
.. contract-reference:: compatibility       the rules of comparison; `sources` beside it
.. contract-reference:: mutations           the changes of benchmarks.mutations, and their rules
.. contract-reference:: consistency         the rules of the lint
.. contract-reference:: profiles            the shipped profiles of the lint, and their rules
.. contract-reference:: inconsistencies     how often each rule of the lint is broken, by service
.. contract-reference:: lint-mutations      the changes of benchmarks.inconsistencies, and their rules
.. contract-reference:: keywords            the JSON Schema keywords of schema files
.. contract-reference:: commands            what each command says to --help
.. contract-reference:: errors              the tree of exceptions
.. contract-reference:: known-inputs nova   derived requests that are answered otherwise than promised
.. contract-reference:: releases SERVICE    each recorded release beside the one before it
.. contract-reference:: history SERVICE     what each microversion changed in the recorded answers
.. contract-reference:: defects SERVICE     what the shipped waivers accept of a service, and why
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from contract_tests import errors
from contract_tests.checks.rules import RULES
from contract_tests.cli.compare_command import release_pairs
from contract_tests.cli.main import cli
from contract_tests.cli.open import Wanted, load, open_jobs
from contract_tests.comparison import rules as comparison
from contract_tests.comparison.policy import Policy
from contract_tests.comparison.rule import word_fact
from contract_tests.consistency.rules import RULES as CONSISTENCY
from contract_tests.execution.compare import Change, compare
from contract_tests.execution.example import known_inputs
from contract_tests.execution.history import by_microversion, history
from contract_tests.execution.lint import lint, rules_of
from contract_tests.execution.plan import Choice
from contract_tests.loading.config import Places
from contract_tests.loading.deployment import DEPLOYMENT, SERIES
from contract_tests.loading.grammar import Anything, Either, ListOf, MapOf, Scalar, Shape
from contract_tests.loading.keywords import KEYWORDS
from contract_tests.loading.library import Library
from contract_tests.loading.policy import POLICY, WAIVERS
from contract_tests.loading.shapes import SHAPES
from contract_tests.model.dialect import DEFAULT_ORDERS, KINDS
from contract_tests.model.matcher import FORMATS, OPERATORS, TYPES
from contract_tests.model.microversion import ORDERS
from contract_tests.reporters.comparison import extent, word
from contract_tests.reporters.consistency import table as findings_by_service
from contract_tests.reporters.words import curl

ROOT = Path(__file__).resolve().parents[3]

FILES = {**SHAPES, "deployment": DEPLOYMENT, "series": SERIES, "policy": POLICY, "waivers": WAIVERS}

OPERANDS = {
    "any": "any JSON value",
    "pattern": "a regular expression",
    "true": "``true``",
    "type": "a JSON type",
    "format": "a format",
    "list": "a list",
    "matcher": "a value or a matcher",
    "number": "a number or a text",
}


def table(head: Sequence[str], rows: Iterable[Sequence[str]], widths: str) -> Iterator[str]:
    yield from (".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", "")
    for row in (head, *rows):
        for at, cell in enumerate(row):
            yield f"   {'*' if at == 0 else ' '} - {escape(cell)}"
    yield ""


def escape(text: str) -> str:
    """Stars are no emphasis here, and `x` is code as in a docstring."""
    parts = text.replace("``", "`").split("`")
    return "".join(
        part.replace("\\", "\\\\").replace("*", "\\*").replace("|", "\\|") if at % 2 == 0 else f"``{part}``"
        for at, part in enumerate(parts)
    )


def code(text: object) -> str:
    return f"`{text}`"


class Keys:
    """The tables of one kind of file: the top first, then every mapping inside it, each once."""

    def __init__(self, root: Shape) -> None:
        self.names: dict[int, str] = {}
        self.waiting: list[Shape] = []
        self._name(root, "the file")

    def _name(self, shape: Shape, name: str) -> str:
        if id(shape) not in self.names:
            taken = set(self.names.values())
            self.names[id(shape)] = name if name not in taken else f"{name} of another kind"
            self.waiting.append(shape)
        return self.names[id(shape)]

    def words(self, kind: Any, key: str) -> str:
        """What may stand at `key`."""
        if isinstance(kind, Scalar):
            return kind.expected
        if isinstance(kind, ListOf):
            return f"a list of: {self.words(kind.item, key)}"
        if isinstance(kind, MapOf):
            return f"a mapping to: {self.words(kind.value, key)}"
        if isinstance(kind, Either):
            return ", or ".join(self.words(one, key) for one in kind.kinds)
        if isinstance(kind, Shape):
            return f"a mapping, see `{self._name(kind, kind.name.removeprefix('the ') or key)}`"
        if isinstance(kind, Anything):
            return "any value"
        text = (type(kind).__doc__ or type(kind).__name__).split("\n")[0].rstrip(".")
        return text[0].lower() + text[1:]

    def lines(self) -> Iterator[str]:
        done: list[Shape] = []
        while self.waiting:
            shape = self.waiting.pop(0)
            yield from (f".. rubric:: {self.names[id(shape)]}", "")
            if shape.doc:
                yield from (escape(shape.doc[0].upper() + shape.doc[1:]) + ".", "")
            twin = next((one for one in done if self._within(shape, one)), None)
            if twin is not None:
                lacking = [code(name) for name in twin.fields if name not in shape.fields]
                but = f", but not {', '.join(lacking)}" if lacking else ""
                free = [
                    code(name)
                    for name, field in twin.fields.items()
                    if field.required and name in shape.fields
                ]
                yield from (escape(f"The keys of `{self.names[id(twin)]}`{but}."), "")
                if free and not any(field.required for field in shape.fields.values()):
                    yield from ("None of them is required.", "")
                for field in shape.fields.values():
                    self.words(field.kind, "")
            else:
                rows = [
                    (
                        code(name) + (" (required)" if field.required else ""),
                        self.words(field.kind, name),
                        field.doc,
                    )
                    for name, field in shape.fields.items()
                ]
                yield from table(("Key", "What stands there", "What it is for"), rows, "20 35 45")
            for count, groups in (("Exactly one", shape.exactly_one), ("At most one", shape.at_most_one)):
                for _, _, keys in groups:
                    yield from (escape(f"{count} of {', '.join(map(code, keys))}."), "")
            done.append(shape)

    @staticmethod
    def _within(shape: Shape, other: Shape) -> bool:
        return len(shape.fields) > 5 and all(
            name in other.fields and other.fields[name].kind is field.kind
            for name, field in shape.fields.items()
        )


def keys(kind: str) -> Iterator[str]:
    return Keys(FILES[kind]).lines()


def matchers(_: str) -> Iterator[str]:
    rows = [(code(name), OPERANDS[one.operand], one.doc) for name, one in OPERATORS.items()]
    return table(("Operator", "Operand", "Accepts"), rows, "15 25 60")


def words(known: Iterable[str]) -> Callable[[str], Iterator[str]]:
    return lambda _: iter((", ".join(f"``{word}``" for word in known) + ".", ""))


def dialects(_: str) -> Iterator[str]:
    rows = [
        (code(name), doc, code(DEFAULT_ORDERS[name]) if name in DEFAULT_ORDERS else "")
        for name, doc in KINDS.items()
    ]
    return table(
        ("Dialect", "How a version is asked for", "Order, where the file names none"), rows, "15 60 25"
    )


def orders(_: str) -> Iterator[str]:
    rows = [
        (code(one.name), code(one.example), (one.key.__doc__ or "").split("\n\n")[0])
        for one in ORDERS.values()
    ]
    return table(
        ("Order", "Looks like", "Is"),
        [tuple(" ".join(cell.split()) for cell in row) for row in rows],
        "15 20 65",
    )


def rules(_: str) -> Iterator[str]:
    rows = [(code(one.id), one.doc, code(one.message.replace("`", "'"))) for one in RULES.values()]
    return table(("Rule", "Holds that", "A finding says"), rows, "20 45 35")


def compatibility(_: str) -> Iterator[str]:
    contexts = [str(context) for context in comparison.Context]
    rows = [
        (code(one.id), code(one.message.replace("`", "'")), *map(str, one.verdicts), one.source)
        for one in comparison.RULES
    ]
    return table(
        ("Rule", "Says", *contexts, "Source"), rows, " ".join(["22", "30", *["8"] * len(contexts), "16"])
    )


def sources(_: str) -> Iterator[str]:
    """The paragraph of the module's docstring that spells the sources out."""
    for paragraph in (comparison.__doc__ or "").split("\n\n"):
        if paragraph.startswith("Sources:"):
            yield from (escape(" ".join(paragraph.removeprefix("Sources:").split())), "")


def mutations(_: str) -> Iterator[str]:
    from benchmarks.mutations import MUTATIONS

    frozen = comparison.Context.FROZEN
    rows = [(one.name, code(one.rule), str(comparison.BY_ID[one.rule].verdict(frozen))) for one in MUTATIONS]
    return table(("Change", "Rule", "Verdict"), rows, "50 35 15")


def consistency(_: str) -> Iterator[str]:
    rows = [
        (
            code(one.id),
            one.doc + (f". Off: {one.decide}" if one.decide else ""),
            code(one.message),
            one.source,
        )
        for one in CONSISTENCY
    ]
    return table(("Rule", "Holds that", "A finding says", "Source"), rows, "18 35 32 15")


def profiles(_: str) -> Iterator[str]:
    library = Library(Places().with_shipped())
    found = [policy for name in library.policy_names() if (policy := library.policy(name)) is not None]
    rows = [
        (code(policy.name), ", ".join(f"{hint.rule} ({hint.number})" for hint in policy.consistency))
        for policy in found
        if policy.consistency
    ]
    return table(("Profile", "Its rules, as they are numbered there"), rows, "20 80")


def inconsistencies(_: str) -> Iterator[str]:
    """The table that ``contract-tests lint --table`` prints."""
    library = Library(Places(recordings=(ROOT / "cassettes",)).with_shipped())
    scenarios = load(library, [], [])
    with open_jobs(library, scenarios, Wanted(), Choice()) as opened:
        policy = Policy(name="all")
        found = lint(opened.jobs, policy)
    head, rows = findings_by_service(found, [rule for rule, _ in rules_of(policy)])
    widths = " ".join(["30", *["10"] * (len(head) - 1)])
    yield from table(head, [(code(row[0]), *row[1:]) for row in rows], widths)


def lint_mutations(_: str) -> Iterator[str]:
    from benchmarks.inconsistencies import MUTATIONS

    return table(("Change", "Rule"), [(one.name, code(one.rule)) for one in MUTATIONS], "60 40")


def keywords(_: str) -> Iterator[str]:
    rows = [(code(name), ", ".join(one.types) or "any") for name, one in KEYWORDS.items()]
    return table(("Keyword", "Speaks of values of the type"), rows, "40 60")


def commands(_: str) -> Iterator[str]:
    yield from helps(cli, "contract-tests", None)


def helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(
        command, info_name=name.split()[-1], parent=parent, terminal_width=100, **command.context_settings
    )
    yield from (f".. rubric:: {name}", "", "::", "")
    yield from (f"   {line}".rstrip() for line in command.get_help(context).splitlines())
    yield ""
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None:
                yield from helps(found, f"{name} {sub}", context)


def exceptions(_: str) -> Iterator[str]:
    text = (errors.__doc__ or "").split("\n\n")
    yield from ("::", "")
    yield from (f"   {line.removeprefix('    ')}" for line in text[1].splitlines())
    yield from ("", escape(" ".join(text[2].split())), "")


QUIET = (comparison.Verdict.OK, comparison.Verdict.INFO)


def opened(service: str) -> tuple[Any, Any]:
    """The policy of OpenStack, and the shipped recordings of a service, opened."""
    library = Library(Places(recordings=(ROOT / "cassettes",)).with_shipped())
    policy = library.policy("openstack")
    return policy, open_jobs(library, load(library, [], [service]), Wanted(), Choice())


def releases(service: str) -> Iterator[str]:
    policy, jobs = opened(service)
    with jobs:
        pairs = [compare(old, new, policy) for old, new in release_pairs(jobs.jobs)]
    for found in pairs:
        counted = f"{found.compared:,} answers in {found.cases:,} cases"
        yield from (f".. rubric:: {found.old} to {found.new}", "", f"{counted}, held to {found.context}.", "")
        told = [change for change in found.changes if change.verdict not in QUIET]
        quiet = Counter(code(change.rule.id) for change in found.changes if change.verdict in QUIET)
        if told:
            rows = [
                (
                    str(change.verdict),
                    code(change.rule.id) + beside(change, service),
                    word(change),
                    where(change),
                )
                for change in told
            ]
            yield from table(("Verdict", "Rule", "What changed", "Where"), rows, "10 20 40 30")
        else:
            yield from ("No difference that a client would see.", "")
        if quiet:
            yield from (escape(f"Besides, no break: {', '.join(quiet)}."), "")


def beside(change: Change, service: str) -> str:
    """Of a scenario that asks several services: which of the others answered."""
    return f" (of {change.service})" if change.service != service else ""


def where(change: Change) -> str:
    calls = [f"{scenario}: {call}" for scenario, call in change.calls]
    more = f" and {len(calls) - 2} more" if len(calls) > 2 else ""
    cause = f"; after a break below: {min(change.causes)}" if change.causes else ""
    return f"{'; '.join(calls[:2])}{more} ({extent(change).partition(', ')[2] or 'no microversions'}){cause}"


def seen_history(service: str) -> Iterator[str]:
    policy, jobs = opened(service)
    with jobs:
        found = history(jobs.jobs[0].cases[0].scenario.service, jobs.jobs, policy)
    yield from (f"As recorded of {', '.join(found.releases)}.", "")
    for version, entries in by_microversion(found.entries).items():
        rows = [
            (
                str(entry.verdict),
                code(entry.rule.id),
                word_fact(entry.rule, entry.fact).replace("\n", " "),
                f"{len(entry.calls)}, since {entry.releases[0]}",
            )
            for entry in entries
            if entry.verdict not in QUIET
        ]
        if rows:
            yield from (f".. rubric:: {version}", "")
            yield from table(("Verdict", "Rule", "What changed", "Calls"), rows, "10 22 53 15")
    if found.unseen:
        yield from (".. rubric:: Declared, but shown by no answer", "")
        for name, version, _ in found.unseen:
            yield escape(f"- {version}: `{name}`")
        yield ""


def defects(service: str) -> Iterator[str]:
    """What the shipped waivers of a service accept, with the releases that were seen to have it."""
    rows = [
        (
            one.call,
            f"{one.releases or 'all'}" + (f", at {one.microversions}" if one.microversions else ""),
            one.reason,
            one.link,
        )
        for one in Library(Places().with_shipped()).waivers_of([service])
    ]
    if rows:
        yield from table(("Call", "Releases", "What is wrong", "Source"), rows, "22 13 45 20")
    else:
        yield from ("None.", "")


def without_runs(text: str) -> str:
    """The text; of a character that stands there many times in a row, some."""
    return re.sub(r"(.)\1{60,}", lambda found: f"{found[1] * 8}…", text)


def known_bad_inputs(service: str) -> Iterator[str]:
    """By scenario: each derived request that is answered otherwise than promised, with its curl."""
    library = Library(Places().with_shipped())
    for scenario in sorted(load(library, [], [service]), key=lambda one: one.slug):
        for one in known_inputs(scenario):
            statuses = " or ".join(map(str, one.statuses))
            yield f"- {escape(f'`{one.call.name}`: {statuses}; {one.because}')}"
            yield from (
                "",
                "  .. code-block:: console",
                "",
                f"     $ {without_runs(curl(one.request, '$ENDPOINT'))}",
                "",
            )


PARTS: dict[str, Callable[[str], Iterator[str]]] = {
    "keys": keys,
    "matchers": matchers,
    "types": words(TYPES),
    "formats": words(FORMATS),
    "dialects": dialects,
    "orders": orders,
    "rules": rules,
    "compatibility": compatibility,
    "sources": sources,
    "mutations": mutations,
    "consistency": consistency,
    "profiles": profiles,
    "inconsistencies": inconsistencies,
    "lint-mutations": lint_mutations,
    "keywords": keywords,
    "commands": commands,
    "errors": exceptions,
    "releases": releases,
    "history": seen_history,
    "defects": defects,
    "known-inputs": known_bad_inputs,
}


class ContractReference(SphinxDirective):
    """`.. contract-reference:: PART [ARGUMENT]`"""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        part, argument = self.arguments[0], (self.arguments[1:] or [""])[0]
        if part not in PARTS:
            raise self.error(f"there is no part {part!r}; known: {', '.join(PARTS)}")
        return self.parse_text_to_nodes(
            StringList(list(PARTS[part](argument)), source=f"contract-reference {part}")
        )


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("contract-reference", ContractReference)
    return {"version": "1", "parallel_read_safe": True}
