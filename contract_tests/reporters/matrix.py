"""The matrix at the end of a run: scenarios by release where several ran, else by microversion."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from contract_tests.model.case import Case, Outcome
from contract_tests.model.microversion import Microversion
from contract_tests.model.target import Deployment

WIDTH = 80
_SIGNS = {Outcome.PASSED: ".", Outcome.FAILED: "F", Outcome.ERROR: "E", Outcome.SKIPPED: "s"}
LEGEND = ". passed  F failed  E could not run  s skipped"

Row = tuple[Deployment, Case, Outcome]


def matrix(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of the matrices, a service after the other, none wider than WIDTH."""
    by_service: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_service[row[0].service].append(row)
    for service, own in by_service.items():
        names = list(dict.fromkeys(deployment.name for deployment, _, _ in own))
        yield from _by_release(service, names, own) if len(names) > 1 else _by_microversion(service, own)
        yield ""


def _by_release(service: str, names: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    cells: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for deployment, case, outcome in rows:
        cells[case.scenario.slug, deployment.name][outcome] += 1
    slugs = list(dict.fromkeys(case.scenario.slug for _, case, _ in rows))
    labels = [name.removeprefix(service).strip() or name for name in names]
    widths = [max(7, min(12, len(label))) for label in labels]
    left = min(max(len(slug) for slug in slugs), WIDTH // 2)
    room = (WIDTH - left) // (max(widths) + 2) or 1
    for start in range(0, len(names), room):
        part = slice(start, start + room)
        yield f"{service:{left}}" + "".join(
            f"  {_cut(label, width):>{width}}"
            for label, width in zip(labels[part], widths[part], strict=True)
        )
        for slug in slugs:
            texts = (_cell(cells[slug, name]) for name in names[part])
            yield f"{_cut(slug, left):{left}}" + "".join(
                f"  {text:>{width}}" for text, width in zip(texts, widths[part], strict=True)
            )
        if start + room < len(names):
            yield ""
    yield "passed/run; F: failed, E: could not run, s: skipped only"


def _cell(counts: Counter[Outcome]) -> str:
    ran = counts.total() - counts[Outcome.SKIPPED]
    if not ran:
        return "s" if counts else ""
    sign = "F" if counts[Outcome.FAILED] else "E" if counts[Outcome.ERROR] else ""
    return f"{sign}{' ' if sign else ''}{counts[Outcome.PASSED]}/{ran}"


def _by_microversion(service: str, rows: Sequence[Row]) -> Iterator[str]:
    found: dict[tuple[str, Microversion | None], Outcome] = {
        (case.scenario.slug, case.microversion): outcome for _, case, outcome in rows
    }
    slugs = list(dict.fromkeys(slug for slug, _ in found))
    left = min(max(len(slug) for slug in slugs), WIDTH // 2)
    versions: list[Microversion | None] = sorted({v for _, v in found if v is not None})
    if any(version is None for _, version in found):
        versions = [None, *versions]
    room = WIDTH - left - 2
    for start in range(0, len(versions), room):
        part = versions[start : start + room]
        texts = [str(version) if version is not None else "-" for version in part]
        for line in range(max(map(len, texts))):
            label = rows[0][0].name if line == 0 else ""
            yield f"{_cut(label, left):{left}}  {''.join(text[line : line + 1] or ' ' for text in texts)}".rstrip()
        for slug in slugs:
            signs = (_SIGNS[found[slug, v]] if (slug, v) in found else " " for v in part)
            yield f"{_cut(slug, left):{left}}  {''.join(signs)}".rstrip()
    yield LEGEND


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
