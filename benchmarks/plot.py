"""Curves of a benchmark as SVG, the same bytes from the same figures."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

Series = Mapping[str, Sequence[tuple[float, float]]]


def curves(path: Path, panels: Mapping[str, Series], across: str) -> None:
    """Write a panel for each title, both axes logarithmic: what rises like the grey line is linear.

    SystemExit where matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        sys.exit("--svg: this needs matplotlib; install the extra 'bench'")
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "contract-tests", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(panels), figsize=(4.2 * len(panels), 3.4), squeeze=False)
    for axis, (title, series) in zip(axes[0], panels.items(), strict=True):
        for name, points in series.items():
            axis.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
        x, y = min(point for points in series.values() for point in points)
        last = max(point[0] for points in series.values() for point in points)
        axis.plot([x, last], [y, y * last / x], color="lightgrey", linestyle="--", zorder=0, label="linear")
        axis.set(title=title, xlabel=across, xscale="log", yscale="log")
        axis.grid(True, which="major", color="#eeeeee")
        axis.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
