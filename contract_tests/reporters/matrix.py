"""The matrix at the end of a run: services by release, scenarios by release, or scenarios by microversion."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from contract_tests.model.case import Case, Outcome
from contract_tests.model.microversion import Microversion
from contract_tests.model.target import Deployment

WIDTH = 80
_WIDEST_LABEL = 12
_SIGNS = {Outcome.PASSED: ".", Outcome.FAILED: "F", Outcome.ERROR: "E", Outcome.SKIPPED: "s"}
_WORST = (Outcome.FAILED, Outcome.ERROR, Outcome.PASSED, Outcome.SKIPPED)
LEGEND = ". passed  F failed  E could not run  s skipped"
LEGEND_BY_RELEASE = "passed/run; F: failed, E: could not run, s: skipped only"

Row = tuple[Deployment, Case, Outcome]


def matrix(rows: Sequence[Row], *, whole: bool = True) -> Iterator[str]:
    """The lines of the matrix, none wider than WIDTH.

    Of each service, one after the other, its scenarios; of several and not the `whole`, a line a service.
    """
    by_service: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_service[row[0].service].append(row)
    if len(by_service) > 1 and not whole:
        yield from _by_service(by_service)
        return
    for service, own in by_service.items():
        names = list(dict.fromkeys(deployment.name for deployment, _, _ in own))
        yield from _by_release(service, names, own) if len(names) > 1 else _by_microversion(own)
        yield ""


def _by_service(by_service: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    left = min(max(map(len, by_service)), WIDTH // 4)
    for service, rows in by_service.items():
        counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
        for deployment, _, outcome in rows:
            counts[deployment.name.removeprefix(service).strip() or deployment.name][outcome] += 1
        line = f"{_cut(service, left):{left}}"
        for cell in (f"{name} {_cell(found)}" for name, found in counts.items()):
            if line.strip() and len(line) + 2 + len(cell) > WIDTH:
                yield line
                line = " " * left
            line += f"  {cell}"
        yield line
    yield LEGEND_BY_RELEASE
    yield "(--service NAME shows a service's scenarios, --verbose all of them)"
    yield ""


def _by_release(service: str, names: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    counts: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for deployment, case, outcome in rows:
        counts[case.scenario.slug, deployment.name][outcome] += 1
    slugs = list(dict.fromkeys(case.scenario.slug for _, case, _ in rows))
    columns = [
        [name.removeprefix(service).strip() or name, *(_cell(counts[slug, name]) for slug in slugs)]
        for name in names
    ]
    left = min(max(map(len, [service, *slugs])), WIDTH // 2)
    width = max(min(_WIDEST_LABEL, max(len(column[0]) for column in columns)), 7)
    width = max(width, *(len(cell) for column in columns for cell in column[1:]))
    room = max(1, (WIDTH - left) // (width + 2))
    for start in range(0, len(columns), room):
        if start:
            yield ""
        for line, slug in enumerate([service, *slugs]):
            cells = (_cut(column[line], width) for column in columns[start : start + room])
            yield f"{_cut(slug, left):{left}}" + "".join(f"  {cell:>{width}}" for cell in cells)
    yield LEGEND_BY_RELEASE


def _cell(counts: Counter[Outcome]) -> str:
    ran = counts.total() - counts[Outcome.SKIPPED]
    if not ran:
        return "s" if counts else ""
    sign = "F " if counts[Outcome.FAILED] else "E " if counts[Outcome.ERROR] else ""
    return f"{sign}{counts[Outcome.PASSED]}/{ran}"


def _by_microversion(rows: Sequence[Row]) -> Iterator[str]:
    found: dict[tuple[str, Microversion | None], Outcome] = {}
    for _, case, outcome in rows:
        place = case.scenario.slug, case.microversion
        found[place] = min(outcome, found.get(place, outcome), key=_WORST.index)
    slugs = list(dict.fromkeys(slug for slug, _ in found))
    left = min(max(map(len, [rows[0][0].name, *slugs])), WIDTH // 2)
    versions: list[Microversion | None] = [*sorted({version for _, version in found if version is not None})]
    if any(version is None for _, version in found):
        versions.insert(0, None)
    room = WIDTH - left - 2
    for start in range(0, len(versions), room):
        part = versions[start : start + room]
        texts = [str(version) if version is not None else "-" for version in part]
        for line in range(max(map(len, texts))):
            label = _cut(rows[0][0].name, left) if line == 0 else ""
            yield _line(label, left, (text[line : line + 1] or " " for text in texts))
        for slug in slugs:
            signs = (_SIGNS[found[slug, v]] if (slug, v) in found else " " for v in part)
            yield _line(_cut(slug, left), left, signs)
    yield LEGEND


def _line(label: str, left: int, signs: Iterator[str]) -> str:
    return f"{label:{left}}  {''.join(signs)}".rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
