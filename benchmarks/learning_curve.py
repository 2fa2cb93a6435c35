"""How many more leopards would help? Recall against the number of training events; prints Markdown.

    python benchmarks/learning_curve.py DATA/manifest.csv --run RUN --plot docs/learning_curve.png

Heads on frozen features are fitted with the leopards of 5, 10, 20, ... sites or events, and judge
the leopards of sites that they did not see, at the threshold that one in a hundred other animals
reaches (spotted cats of other continents left out). Fine-tuning lies above this curve; its
slope is what is asked for. `RUN` is the folder of a `camtrap train`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from camtrap.learn.evaluation.judged import LOOK_ALIKES
from camtrap.learn.evaluation.markdown import table
from camtrap.learn.head import HeadSettings, fit_head
from camtrap.learn.metrics import Share
from camtrap.learn.plots import learning_curve
from camtrap.learn.prepare import Prepared, load_parts, prepare
from camtrap.learn.settings import TrainingSettings, read_settings
from camtrap.learn.sources import read_samples
from camtrap.records import State
from camtrap.vision.calibration import CLASSES, NOTHING

SIZES = (5, 10, 20, 40)
FALSE_SHARE = 0.01
DRAWS = 3


def main() -> None:
    """Fit the heads, print the table, draw the curve."""
    parser = argparse.ArgumentParser(description="Recall against the number of leopard events.")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--config", type=Path, default=Path("configs/train-amur.toml"))
    parser.add_argument("--run", type=Path, required=True, help="folder of a `camtrap train`")
    parser.add_argument("--append", type=Path, help="also append the table to this file")
    parser.add_argument("--plot", type=Path, help="also draw the curve into this PNG")
    arguments = parser.parse_args()
    settings = read_settings(arguments.config)
    parts = load_parts(settings, torch.device("cpu"))
    samples = read_samples(arguments.manifest, splits=[settings.split])
    prepared = prepare(samples, settings, arguments.run, parts)
    events = {s.group for s in prepared.samples if s.label == State.LEOPARD}
    points: list[tuple[int, Share]] = []
    rows = []
    for size in (*(size for size in SIZES if size < len(events)), len(events)):
        used, found = measured(prepared, settings, size)
        points.append((used, found))
        rows.append({"leopard events in training": used, "leopard recall": str(found)})
    text = (
        f"## learning curve, frozen features, {FALSE_SHARE:.0%} of other animals called leopard\n\n"
        f"{table(rows)}\n"
        f"Mean of {DRAWS} draws of events; training holds three quarters of them at most.\n"
    )
    print(text)
    if arguments.append:
        with arguments.append.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)
    if arguments.plot:
        learning_curve(points, arguments.plot)


def measured(prepared: Prepared, settings: TrainingSettings, size: int) -> tuple[int, Share]:
    """Mean number of leopard events in training, and the leopards found of unseen sites."""
    owners = [prepared.samples[int(owner)] for owner in prepared.owner]
    folds = np.array([prepared.fold_of[int(owner)] for owner in prepared.owner])
    labels = [crop.label for crop in prepared.crops]
    leopard = np.array([label == State.LEOPARD for label in labels])
    judged = (
        np.array(
            [
                label != NOTHING and not sample.species.lower().startswith(LOOK_ALIKES)
                for label, sample in zip(labels, owners, strict=True)
            ]
        )
        | leopard
    )
    right, used = 0.0, []
    for draw in range(DRAWS):
        scores = np.zeros(len(labels))
        random = np.random.default_rng(draw)
        for fold in range(settings.fold_count):
            groups = sorted(
                {
                    s.group
                    for s, f, spotted in zip(owners, folds, leopard, strict=True)
                    if spotted and f != fold
                }
            )
            taken = set(random.permutation(groups)[:size].tolist())
            used.append(len(taken))
            chosen = np.array(
                [
                    f != fold and (not spotted or s.group in taken)
                    for s, f, spotted in zip(owners, folds, leopard, strict=True)
                ]
            )
            head = fit_head(
                prepared.features[chosen][:, None],
                [label for label, keep in zip(labels, chosen, strict=True) if keep],
                settings.group_labels,
                HeadSettings(**settings.head),
            )
            scores[folds == fold] = leopard_scores(head.logits(prepared.features[folds == fold]))
        right += recalled(scores[judged], leopard[judged]) / DRAWS
    return round(float(np.mean(used))), Share(round(right), int(leopard.sum()))


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
