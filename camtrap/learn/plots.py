"""Diagrams as PNG: reliability, training and learning curves.

matplotlib comes with `pip install 'camtrap[train]'` and is imported only when something is drawn.
The same numbers give the same bytes with the same matplotlib.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camtrap.errors import DataError
from camtrap.learn.metrics import Bin, Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, LEOPARD, LINE = "#14181a", "#b9bfbc", "#a34a06", "#2a5a8a"
_LINES = (LEOPARD, LINE, "#3d7a4e", INK)
DPI = 130
_TICK_GAP = 1.15


def check_matplotlib() -> None:
    """Raise `DataError` when diagrams cannot be drawn, before hours are spent on their numbers."""
    if find_spec("matplotlib") is None:
        raise DataError(
            "Diagrams need matplotlib, which is not installed: pip install 'camtrap[train]'."
        )


def reliability_diagram(bins: Sequence[Bin], leopard_bins: Sequence[Bin], out: Path) -> Path:
    """Draw what was said against what was true: the likeliest label, and P(leopard) beside it.

    Vertical lines are 95 % Wilson intervals; the bars below count pictures. Returns `out`. Raises
    `DataError` without matplotlib, or when `out` cannot be written.
    """
    figure = _figure(9.0, 5.6)
    # Four axes: what was said against what was true, and the counts below each.
    grid = figure.subplots(2, 2, sharex=True, height_ratios=(4, 1))
    _reliability(grid[0][0], grid[1][0], bins, "Likeliest label", "share right", LINE)
    _reliability(
        grid[0][1], grid[1][1], leopard_bins, "P(leopard)", "share that are leopards", LEOPARD
    )
    return _save(figure, out)


def training_curve(log_csv: Path, out: Path) -> Path:
    """Draw losses, and the figures on pictures held out, against the epoch.

    `log_csv` has the columns epoch, train_loss, valid_loss, valid_leopard_ap, valid_accuracy and
    learning_rate, and may have `fold`, one line each then. Returns `out`. Raises `DataError` when
    the file cannot be used, without matplotlib, or when `out` cannot be written.
    """
    folds = _read_log(log_csv)
    figure = _figure(9.0, 5.6)
    (loss, figures), (rate, nothing) = figure.subplots(2, 2, sharex=True, height_ratios=(3, 1))
    nothing.set_axis_off()
    for number, rows in enumerate(folds.values()):
        first = number == 0
        epochs = [row["epoch"] for row in rows]
        for axes, column, colour, name in (
            (loss, "train_loss", SOFT, "training"),
            (loss, "valid_loss", LINE, "held out"),
            (figures, "valid_leopard_ap", LEOPARD, "leopard average precision"),
            (figures, "valid_accuracy", LINE, "accuracy"),
            (rate, "learning_rate", INK, "learning rate"),
        ):
            values = [row[column] for row in rows]
            label = name if first else None
            axes.plot(epochs, values, color=colour, label=label, marker=".", linewidth=1)
    loss.set_title("Loss" if len(folds) == 1 else f"Loss, {len(folds)} networks")
    figures.set_title("On pictures held out")
    figures.set_ylim(0, 1.02)
    rate.set_title("Learning rate", fontsize=9)
    for axes in (rate, figures):
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(labelbottom=True)
    for axes in (loss, figures):
        axes.legend(frameon=False, fontsize=8)
    return _save(figure, out)


def learning_curve(lines: Mapping[str, Sequence[tuple[int, Share]]], out: Path) -> Path:
    """Draw shares with their 95 % Wilson intervals against the number of training sites or events.

    Each line has a name and pairs of that number and the share reached with so many. Returns `out`.
    Raises `DataError` without a point, without matplotlib, or when `out` cannot be written.
    """
    known = {name: sorted(pairs) for name, rows in lines.items() if (pairs := _with_counts(rows))}
    if not known:
        raise DataError(f"{out} would be empty: there is no recall to draw.")
    figure = _figure(7.0, 4.6)
    axes = figure.subplots()
    for number, (name, pairs) in enumerate(known.items()):
        colour = _LINES[number % len(_LINES)]
        sites = [many for many, _ in pairs]
        axes.plot(sites, [share.value for _, share in pairs], color=colour, linewidth=1, label=name)
        _points(axes, sites, [share for _, share in pairs], colour)
    ticks: list[int] = []
    for many in sorted({many for pairs in known.values() for many, _ in pairs}):
        if not ticks or many >= _TICK_GAP * ticks[-1]:  # numbers side by side could not be read
            ticks.append(many)
    axes.set_xscale("log")
    axes.set_xticks(ticks, labels=[f"{number:,}" for number in ticks])
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("sites or events in training")
    axes.set_ylabel("share on sites held out")
    axes.grid(color=SOFT, linewidth=0.4)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return _save(figure, out)


def _with_counts(rows: Sequence[tuple[int, Share]]) -> list[tuple[int, Share]]:
    return [(events, share) for events, share in rows if share.count and events > 0]


def _reliability(
    above: Axes, below: Axes, bins: Sequence[Bin], title: str, truth: str, colour: str
) -> None:
    filled = [each for each in bins if each.share.count]
    above.plot((0, 1), (0, 1), color=SOFT, linewidth=1)
    _points(above, [each.said for each in filled], [each.share for each in filled], colour)
    above.set_title(title)
    above.set_xlim(0, 1)
    above.set_ylim(-0.02, 1.02)
    above.set_ylabel(truth)
    above.grid(color=SOFT, linewidth=0.4)
    heights = [each.share.count for each in bins]
    edges = [each.low for each in bins]
    width = 1 / max(len(bins), 1)
    below.bar(edges, heights, width=width * 0.92, align="edge", color=colour, alpha=0.35)
    for edge, height in zip(edges, heights, strict=True):
        if height:
            below.text(
                edge + width / 2, height, f"{height:,}", ha="center", va="bottom", fontsize=7
            )
    below.set_ylim(0, max([1, *heights]) * 1.35)
    below.set_ylabel("pictures")
    below.set_xlabel("chance that the model gave")


def _points(axes: Axes, x: Sequence[float], shares: Sequence[Share], colour: str) -> None:
    """Shares as dots with their intervals, which reach from low to high around no centre."""
    values = [share.value for share in shares]
    lows = [value - share.interval[0] for value, share in zip(values, shares, strict=True)]
    highs = [share.interval[1] - value for value, share in zip(values, shares, strict=True)]
    # At 0 and 1 rounding may turn an end over by a hair, which matplotlib refuses.
    spans = [[max(0.0, low) for low in lows], [max(0.0, high) for high in highs]]
    axes.errorbar(x, values, yerr=spans, fmt="o", color=colour, capsize=3, markersize=4)


def _read_log(log_csv: Path) -> dict[str, list[dict[str, float]]]:
    """The rows of a training log by fold; raises `DataError`."""
    wanted = (
        "epoch",
        "train_loss",
        "valid_loss",
        "valid_leopard_ap",
        "valid_accuracy",
        "learning_rate",
    )
    folds: dict[str, list[dict[str, float]]] = defaultdict(list)
    try:
        with log_csv.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                folds[row.get("fold") or ""].append({name: _number(row[name]) for name in wanted})
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The training log {log_csv} cannot be read: {error}.") from error
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"The training log {log_csv} has a row that cannot be used: {error}."
        ) from error
    if not folds:
        raise DataError(f"The training log {log_csv} holds no rows. Train for an epoch first.")
    return dict(folds)


def _number(text: str) -> float:
    """A cell as a number; an empty one is a gap in the line."""
    return float(text) if text else float("nan")


def _figure(width: float, height: float) -> Figure:
    """A figure of inches, apart from matplotlib's global state, so that no window is ever asked."""
    check_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, out: Path) -> Path:
    nothing: dict[str, Any] = {"Software": None}  # no version: same numbers, same bytes
    try:
        figure.savefig(out, format="png", dpi=DPI, metadata=nothing)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error}. Choose another folder.") from error
    return out
