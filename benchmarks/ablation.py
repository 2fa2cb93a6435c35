"""What each counter-measure against the short cut is worth; prints Markdown.

    python benchmarks/ablation.py DATA/manifest.csv --run RUN --only none --only both
    python benchmarks/ablation.py DATA/manifest.csv --run RUN --model models/amur

All leopards for training but a few come from one park. Networks are trained with and without that
park's other animals, and with and without the changes to crops that make its marks worthless; then
they judge animals of that park that no network saw, and leopards of sites that none saw. `RUN` is
the folder of a finished `camtrap train` whose boxes, crops and folds are used, or, with
`--shipped-detector`, that of `averaging.py`. With `--model`, the rows are written into the model's
`model.json` and its card is made anew.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from averaging import with_shipped_detector

from camtrap.learn.augment import augment, light, mirror
from camtrap.learn.card import write_card
from camtrap.learn.corrections import read_corrected
from camtrap.learn.evaluation.markdown import table
from camtrap.learn.memory import keep_freed_memory
from camtrap.learn.metrics import Share
from camtrap.learn.prepare import Prepared, crop_rules, load_parts, prepare, proposed_crops
from camtrap.learn.prints import Random
from camtrap.learn.settings import TrainingSettings, read_settings
from camtrap.learn.train import fresh_network, normal_of
from camtrap.learn.tune import logits_of, tune
from camtrap.pixels.decode import Pixels
from camtrap.records import State
from camtrap.vision.calibration import LIVING
from camtrap.vision.checkpoint import read_info, write_info

PARK = ("ntlnp_boxes_removed", "ntlnp_tiles")
"""Sources whose frames carry the park's marks."""

VARIANTS = {
    "none": ("no counter-measure", False, False),
    "prints": ("marks and light changed on every class", False, True),
    "park": ("the park's other animals in training", True, False),
    "both": ("both, as shipped", True, True),
}
EPOCHS = 2
FOLD = 0


def main() -> None:
    """Train the variants that are not trained yet, judge, print the table."""
    parser = argparse.ArgumentParser(description="What the counter-measures are worth.")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--config", type=Path, default=Path("configs/train-amur.toml"))
    parser.add_argument("--run", type=Path, required=True, help="folder of a `camtrap train`")
    parser.add_argument("--shipped-detector", action="store_true", help="whose boxes RUN holds")
    parser.add_argument("--only", action="append", choices=VARIANTS, help="train just these")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--append", type=Path, help="also append the table to this file")
    parser.add_argument("--model", type=Path, help="also write the rows into this model folder")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()
    settings = read_settings(arguments.config)
    if arguments.shipped_detector:
        settings = with_shipped_detector(settings)
    parts = load_parts(settings, torch.device("cpu"))
    samples = read_corrected(arguments.manifest, settings.split, settings.corrections)
    prepared = prepare(samples, settings, arguments.run, parts)
    for name in arguments.only or VARIANTS:
        judge_variant(name, prepared, settings, arguments.run, arguments.threads)
    if arguments.only:
        return
    rows = [
        json.loads((arguments.run / f"ablation-{name}" / "row.json").read_text(encoding="utf-8"))
        for name in VARIANTS
    ]
    text = "## ablation of the short cut\n\n" + table(rows)
    print(text)
    if arguments.append:
        with arguments.append.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)
    if arguments.model:
        info = read_info(arguments.model)
        write_info(replace(info, training={**info.training, "ablation": rows}))
        write_card(arguments.model)


def held_back(prepared: Prepared) -> tuple[list[int], list[int]]:
    """The pictures that judge: every second run of ten of the park's other animals, in the order
    of their files, and the leopards of one fold."""
    park = [
        i
        for i, sample in enumerate(prepared.samples)
        if sample.source in PARK and sample.label not in (State.LEOPARD, State.EMPTY)
    ]
    park.sort(key=lambda i: prepared.samples[i].file)
    others = [i for place, i in enumerate(park) if place // 10 % 2]
    leopards = [
        i
        for i, sample in enumerate(prepared.samples)
        if sample.label == State.LEOPARD and prepared.fold_of[i] == FOLD
    ]
    return others, leopards


def judge_variant(
    name: str, prepared: Prepared, settings: TrainingSettings, run: Path, threads: int
) -> None:
    """Train one variant, judge the pictures held back, and keep the row of the table."""
    folder = run / f"ablation-{name}"
    if (folder / "row.json").is_file():
        return
    title, park_in, changed = VARIANTS[name]
    others, leopards = held_back(prepared)
    places = {prepared.samples[i].group for i in leopards}
    left_out = set(others) | {i for i, s in enumerate(prepared.samples) if s.group in places}
    if not park_in:
        left_out |= {
            i
            for i, sample in enumerate(prepared.samples)
            if sample.source in PARK and sample.label != State.LEOPARD
        }
    chosen = [i for i, owner in enumerate(prepared.owner) if int(owner) not in left_out]
    crops = [prepared.crops[i] for i in chosen]
    network = fresh_network(settings, prepared.features[chosen], crops)
    normal = normal_of(settings)
    rules = crop_rules(settings)
    tune(
        network,
        crops,
        [],
        replace(rules, side=int(settings.tune["side"])),
        normal,
        replace(settings.tuning, epochs=EPOCHS),
        seed=settings.seed,
        folder=folder,
        workers=threads,
        vary=augment if changed else plainly,
    )

    def called_leopard(indices: list[int]) -> int:
        best = [proposed_crops(prepared.samples[i], prepared.seen[i])[0] for i in indices]
        logits = logits_of(network.eval(), best, rules, normal, 16, threads)
        return int((logits[:, : len(LIVING)].argmax(axis=1) == 0).sum())

    row: dict[str, Any] = {
        "variant": title,
        "the park's other animals called leopard": str(Share(called_leopard(others), len(others))),
        "leopards of unseen sites called leopard": str(
            Share(called_leopard(leopards), len(leopards))
        ),
    }
    (folder / "row.json").write_text(json.dumps(row), encoding="utf-8", newline="\n")


def plainly(pixels: Pixels, random: Random) -> Pixels:
    """What any training would do to a crop: mirror it, and change the light."""
    for change in (mirror, light):
        if random.random() < 0.5:
            pixels = change(pixels, random)
    return np.ascontiguousarray(pixels)


if __name__ == "__main__":
    main()
