"""Would more pictures help? Figures against the number of sites in training; prints Markdown.

    python benchmarks/learning_curve.py DATA/manifest.csv --run RUN --plot docs/learning_curve.png

Heads on frozen features are fitted, and judge the crops of sites that they did not see. First with
the leopards of 5, 10, 20, ... sites or events: how many leopards lie above all but one in a hundred
other animals (spotted cats of other continents left out). Then with everything of 12, 25, 50, ...
sites or events: how many animals get their right name, how many prey animals do, and how much bare
ground lies below all but one in fifty animals. Fine-tuning lies above these curves; their slope is
what is asked for. `RUN` is the folder of a `camtrap train`, or of `benchmarks/averaging.py`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import torch
from averaging import with_shipped_detector
from numpy.typing import NDArray

from camtrap.learn.corrections import read_corrected
from camtrap.learn.evaluation.judged import LOOK_ALIKES
from camtrap.learn.evaluation.markdown import table
from camtrap.learn.head import HeadSettings, fit_head
from camtrap.learn.metrics import Share
from camtrap.learn.plots import learning_curve
from camtrap.learn.prepare import Prepared, load_parts, prepare
from camtrap.learn.settings import TrainingSettings, read_settings
from camtrap.records import State
from camtrap.vision.calibration import CLASSES, NOTHING

LEOPARD_SIZES = (5, 10, 20, 40)
SITE_SIZES = (12, 25, 50, 100)
FALSE_SHARE = 0.01
LOST_SHARE = 0.02
DRAWS = 3

Point = tuple[int, Share]
"""How many sites or events were in training, and the share reached with them."""


def main() -> None:
    """Fit the heads, print the tables, draw the curves."""
    parser = argparse.ArgumentParser(description="Figures against the number of training sites.")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--config", type=Path, default=Path("configs/train-amur.toml"))
    parser.add_argument("--run", type=Path, required=True, help="folder of a `camtrap train`")
    parser.add_argument("--shipped-detector", action="store_true", help="whose boxes RUN holds")
    parser.add_argument("--append", type=Path, help="also append the tables to this file")
    parser.add_argument("--plot", type=Path, help="also draw the curves into this PNG")
    arguments = parser.parse_args()
    settings = read_settings(arguments.config)
    if arguments.shipped_detector:
        settings = with_shipped_detector(settings)
    parts = load_parts(settings, torch.device("cpu"))
    samples = read_corrected(arguments.manifest, settings.split, settings.corrections)
    prepared = prepare(samples, settings, arguments.run, parts)
    lines, text = curves(Crops.of(prepared), settings)
    print(text)
    if arguments.append:
        with arguments.append.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)
    if arguments.plot:
        learning_curve(lines, arguments.plot)


@dataclass(frozen=True, slots=True)
class Crops:
    """What the heads learn from and judge, a row each; features are (n, d)."""

    features: NDArray[np.float32]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    folds: NDArray[np.int64]
    alike: NDArray[np.bool_]

    @classmethod
    def of(cls, prepared: Prepared) -> Crops:
        """The crops of a training run."""
        owners = [prepared.samples[int(owner)] for owner in prepared.owner]
        return cls(
            prepared.features,
            np.array([crop.label for crop in prepared.crops]),
            np.array([sample.group for sample in owners]),
            np.array([prepared.fold_of[int(owner)] for owner in prepared.owner]),
            np.array([sample.species.lower().startswith(LOOK_ALIKES) for sample in owners]),
        )


def curves(crops: Crops, settings: TrainingSettings) -> tuple[dict[str, list[Point]], str]:
    """All lines by name, and their tables as Markdown."""
    lines: dict[str, list[Point]] = {"leopards found": []}
    places = len(set(crops.groups[crops.labels == State.LEOPARD]))
    for size in (*(size for size in LEOPARD_SIZES if size < places), places):
        lines["leopards found"].append(by_leopards(crops, settings, size))
    for size in (*SITE_SIZES, len(set(crops.groups))):
        for name, point in by_sites(crops, settings, size).items():
            lines.setdefault(name, []).append(point)
    text = (
        f"## learning curves, frozen features, {FALSE_SHARE:.0%} of other animals called leopard, "
        f"{LOST_SHARE:.0%} of animals taken for ground, {date.today()}\n\n"
    )
    for name, points in lines.items():
        rows = [{"sites or events in training": many, name: str(found)} for many, found in points]
        text += f"{table(rows)}\n"
    return lines, text + f"Means of {DRAWS} draws; training holds {settings.fold_count - 1} of " + (
        f"{settings.fold_count} parts of the sites at most.\n"
    )


def by_leopards(crops: Crops, settings: TrainingSettings, size: int) -> Point:
    """Mean number of leopard events in training, and the leopards found of unseen sites."""
    leopard = crops.labels == State.LEOPARD
    judged = leopard | (crops.labels != NOTHING) & ~crops.alike
    right, used = 0.0, []
    for draw in range(DRAWS):
        scores = np.zeros(len(crops.labels))
        for fold in range(settings.fold_count):
            known = crops.folds != fold
            taken = drawn(crops.groups[known & leopard], size, draw)
            used.append(len(taken))
            chosen = known & (~leopard | np.isin(crops.groups, taken))
            logits = judged_by(crops, settings, chosen, ~known)
            scores[~known] = leopard_scores(logits)
        right += recalled(scores[judged], leopard[judged]) / DRAWS
    return round(float(np.mean(used))), Share(round(right), int(leopard.sum()))


def by_sites(crops: Crops, settings: TrainingSettings, size: int) -> dict[str, Point]:
    """The mean number of sites in training, and what of unseen sites is named and cleared."""
    ground = crops.labels == NOTHING
    prey = crops.labels == State.PREY
    named = prey_named = cleared = 0.0
    used = []
    for draw in range(DRAWS):
        logits = np.zeros((len(crops.labels), len(CLASSES)), np.float32)
        for fold in range(settings.fold_count):
            known = crops.folds != fold
            taken = drawn(crops.groups[known], size, draw)
            used.append(len(taken))
            chosen = known & np.isin(crops.groups, taken)
            logits[~known] = judged_by(crops, settings, chosen, ~known)
        living = logits[:, : CLASSES.index(NOTHING)].astype(np.float64)
        right = np.array(CLASSES)[living.argmax(axis=1)] == crops.labels
        alive = np.logaddexp.reduce(living, axis=1) - logits[:, CLASSES.index(NOTHING)]
        least = np.quantile(alive[~ground], LOST_SHARE)
        named += right[~ground].sum() / DRAWS
        prey_named += right[prey].sum() / DRAWS
        cleared += (alive[ground] < least).sum() / DRAWS
    many = round(float(np.mean(used)))
    return {
        "animals named": (many, Share(round(named), int((~ground).sum()))),
        "prey named": (many, Share(round(prey_named), int(prey.sum()))),
        "ground cleared": (many, Share(round(cleared), int(ground.sum()))),
    }


def drawn(groups: NDArray[np.str_], size: int, draw: int) -> list[str]:
    """At most `size` of the groups; a draw of more holds those of one of fewer."""
    every = np.unique(groups)
    kept: list[str] = np.random.default_rng(draw).permutation(every)[:size].tolist()
    return kept


def judged_by(
    crops: Crops, settings: TrainingSettings, chosen: NDArray[np.bool_], judged: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """(n, classes) logits of the judged crops by a head fitted on the chosen ones."""
    head = fit_head(
        crops.features[chosen][:, None],
        crops.labels[chosen].tolist(),
        settings.group_labels,
        HeadSettings(**settings.head),
    )
    return head.logits(crops.features[judged])


def leopard_scores(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, classes) logits to the log-odds of leopard against the other living classes."""
    living = logits[:, : CLASSES.index(NOTHING)].astype(np.float64)
    first = CLASSES.index("leopard")
    rest = np.delete(living, first, axis=1)
    odds: NDArray[np.float64] = living[:, first] - np.logaddexp.reduce(rest, axis=1)
    return odds


def recalled(scores: NDArray[np.float64], leopard: NDArray[np.bool_]) -> int:
    """How many leopards lie above all but `FALSE_SHARE` of the others."""
    return int((scores[leopard] > np.quantile(scores[~leopard], 1 - FALSE_SHARE)).sum())


if __name__ == "__main__":
    main()
