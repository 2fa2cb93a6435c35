"""The four files of an evaluation, from its figures and its mistakes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from camtrap.errors import DataError
from camtrap.learn import plots
from camtrap.learn.evaluation.figures import Figures
from camtrap.learn.evaluation.judged import Judged
from camtrap.learn.evaluation.mistakes import find_mistakes
from camtrap.learn.evaluation.page import page
from camtrap.learn.evaluation.report import report
from camtrap.learn.metrics import Bin, Share
from camtrap.outputs.tables import replacing


def check_out(out: Path, pictures: Sequence[Path]) -> None:
    """Raise `DataError` when `out` lies in a folder that holds one of the pictures."""
    resolved = out.resolve()
    inside = {resolved, *resolved.parents}
    for folder in {path.parent.resolve() for path in pictures}:
        if folder in inside:
            raise DataError(
                f"{out} lies in the pictures' folder {folder}, where nothing is ever written. "
                "Choose a folder elsewhere with --out."
            )


def write_evaluation(found: Figures, judged: Sequence[Judged], out: Path) -> list[Path]:
    """Write `evaluation.json`, `evaluation.md`, `mistakes.html` and `reliability.png`.

    `judged` are the pictures that were looked at. Returns the paths. Raises `DataError` when the
    folder cannot be made or a diagram not be drawn, `SeasonError` when a file cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out} cannot be made: {error}. Choose another with --out.") from error
    names = ("evaluation.json", "evaluation.md", "mistakes.html", "reliability.png")
    data, text, mistakes, diagram = (out / name for name in names)
    with replacing(data) as stream:
        stream.write(as_json(found))
    with replacing(text) as stream:
        stream.write(report(found))
    with replacing(mistakes) as stream:
        stream.writelines(page(found, find_mistakes(judged)))
    calibration = found["overall"]["calibration"]
    plots.reliability_diagram(
        _bins(calibration["bins"]), _bins(calibration["leopard_bins"]), diagram
    )
    return [data, text, mistakes, diagram]


def as_json(found: Mapping[str, Any]) -> str:
    """Plain JSON in the order in which the figures were made; never NaN, which JSON has not."""
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _bins(rows: Sequence[Mapping[str, Any]]) -> list[Bin]:
    return [
        Bin(
            row["low"],
            row["high"],
            math.nan if row["said"] is None else row["said"],
            Share(row["right"], row["count"]),
        )
        for row in rows
    ]
