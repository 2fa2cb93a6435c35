"""What a mean of networks, mirrored crops and crops of other sizes are worth; prints Markdown.

    python benchmarks/averaging.py DATA/manifest.csv --run RUN --train 0
    python benchmarks/averaging.py DATA/manifest.csv --run RUN --train 1
    python benchmarks/averaging.py DATA/manifest.csv --run RUN --train 2
    python benchmarks/averaging.py DATA/manifest.csv --run RUN --write

The classifier that is shipped is the mean of networks that learnt from different parts of the
sites. Out of fold it cannot be judged, because every site was learnt from by one of them. So three
networks are trained here without the sites of one fold, each told when to stop by another part of
the rest; they and their mean judge that fold. Boxes are those of the shipped detector, which learnt
from all sites: this compares classifiers, and says nothing of what is found.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from camtrap.learn import calibrate
from camtrap.learn.calibrate import Looks
from camtrap.learn.corrections import read_corrected
from camtrap.learn.crop_set import CropRules, LabelledCrop, batches, normalised
from camtrap.learn.evaluation.judged import LOOK_ALIKES
from camtrap.learn.evaluation.markdown import table
from camtrap.learn.memory import keep_freed_memory
from camtrap.learn.metrics import auc, average_precision, calibration_error
from camtrap.learn.network import TriageNetwork, mean_network
from camtrap.learn.prepare import Prepared, crop_rules, load_parts, prepare, proposed_crops
from camtrap.learn.settings import TrainingSettings, read_settings
from camtrap.learn.train import Workshop, looks_of, normal_of, tuned
from camtrap.records import LABELS, State
from camtrap.vision.calibration import LIVING, Calibration
from camtrap.vision.checkpoint import find, part

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
MODEL = "amur"
FOLD = 0
MEMBERS = (0, 1, 2)
SIDES = (260, 224, 240, 288, 320)
BATCH = 16

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to name a crop: the networks (their mean, where there are several), the crop's side
    in pixels, and whether the mirrored crop is asked as well."""

    name: str
    members: tuple[int, ...]
    side: int
    mirrored: bool = False


def main() -> None:
    """Train one network, or judge with all of them."""
    parser = argparse.ArgumentParser(description="Means of networks, and other crops.")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--config", type=Path, default=Path("configs/train-amur.toml"))
    parser.add_argument("--run", type=Path, required=True, help="folder for what takes long")
    parser.add_argument("--train", type=int, choices=MEMBERS, help="train this network alone")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"also append to {RESULTS.name}")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()
    settings = with_shipped_detector(read_settings(arguments.config))
    parts = load_parts(settings, torch.device("cpu"))
    samples = read_corrected(arguments.manifest, settings.split, settings.corrections)
    prepared = prepare(samples, settings, arguments.run, parts)
    shop = Workshop(settings, arguments.run, torch.device("cpu"), arguments.threads, told)
    if arguments.train is not None:
        tuned(shop, prepared, FOLD, checked=arguments.train)
        return
    text = compared(shop, prepared)
    print(text)
    if arguments.write:
        with RESULTS.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)


def with_shipped_detector(settings: TrainingSettings) -> TrainingSettings:
    """The same recipe on the boxes of the detector that is shipped, at float32."""
    tuning = {"precision": "float32", "frozen_precision": "float32"}
    return replace(
        settings,
        parts={**settings.parts, "detector": part(find(MODEL), "detector").name},
        proposals=settings.looking,
        detector_tuning=None,
        tune={**settings.tune, **tuning},
    )


def told(stage: str, steps: int) -> Callable[[int], None]:
    """Says now and then how far it is."""

    def step(done: int) -> None:
        if done % 50 == 0:
            print(f"{stage}: {done} of {steps}", flush=True)

    return step


def compared(shop: Workshop, prepared: Prepared) -> str:
    """All ways on the pictures of the fold, as Markdown."""
    networks = {member: tuned(shop, prepared, FOLD, checked=member) for member in MEMBERS}
    mine = [i for i, own in enumerate(prepared.fold_of) if own == FOLD]
    ways = [Way(f"network {member}", (member,), SIDES[0]) for member in MEMBERS]
    ways += [Way(f"their mean, {side} px", MEMBERS, side) for side in SIDES]
    ways += [Way("their mean, mirrored crops as well", MEMBERS, SIDES[0], mirrored=True)]
    rows = []
    for way in ways:
        network = mean_network([copy.deepcopy(networks[member]) for member in way.members]).eval()
        looks = seen_by(shop, prepared, mine, network, way)
        rows.append({"what names a crop": way.name, **measured(prepared, mine, looks)})
        print(rows[-1], flush=True)
    counts = ", ".join(
        f"{sum(prepared.samples[i].label == label for i in mine)} {label}" for label in LABELS
    )
    return (
        f"## means of networks, fold {FOLD}, {date.today()}\n\n"
        f"{len(mine)} pictures of sites that no network saw, emptied frames among them ({counts}); "
        "boxes of the shipped detector. The rule is fitted on each half of the sites and judges "
        f"the other.\n\n{table(rows)}"
    )


def seen_by(
    shop: Workshop, prepared: Prepared, mine: Sequence[int], network: TriageNetwork, way: Way
) -> list[Looks]:
    """The fold's pictures as one way sees them; kept in the run's folder."""
    members = "".join(map(str, way.members))
    kept = shop.run / f"averaging-{members}-{way.side}{'-mirrored' if way.mirrored else ''}.npy"
    own = replace(
        prepared,
        samples=tuple(prepared.samples[i] for i in mine),
        seen=tuple(prepared.seen[i] for i in mine),
        fold_of=(0,) * len(mine),
    )
    crops = [
        crop
        for sample, seen in zip(own.samples, own.seen, strict=True)
        for crop in proposed_crops(sample, seen)
    ]
    if kept.is_file():
        logits = np.load(kept)
    else:
        rules = replace(crop_rules(shop.settings), side=way.side)
        logits = logits_by(network, crops, rules, shop, mirrored=way.mirrored)
        np.save(kept, logits)
    return looks_of(own, [logits])


@torch.inference_mode()
def logits_by(
    network: TriageNetwork,
    crops: Sequence[LabelledCrop],
    rules: CropRules,
    shop: Workshop,
    *,
    mirrored: bool,
) -> Floats:
    """(n, classes) logits, of a crop and its mirror image in the mean where that is wanted."""
    normal = normal_of(shop.settings)
    found = []
    for pixels, _ in batches(
        crops, range(len(crops)), rules, size=BATCH, seed=None, workers=shop.workers
    ):
        shown = normalised(pixels, normal.mean, normal.std)
        logits = network(shown)[0]
        if mirrored:
            logits = (logits + network(shown.flip(3))[0]) / 2
        found.append(logits)
    every: Floats = torch.cat(found).numpy()
    return every


def measured(
    prepared: Prepared, mine: Sequence[int], looks: Sequence[Looks]
) -> dict[str, str | float]:
    """The figures of one way."""
    groups = sorted({prepared.samples[i].group for i in mine})
    half = {group: number % 2 for number, group in enumerate(groups)}
    side = np.array([half[prepared.samples[i].group] for i in mine])
    chances = np.zeros((len(looks), len(LABELS)))
    rules: list[Calibration] = []
    for each in (0, 1):
        rules.append(
            calibrate.fit_calibration([looks[i] for i in np.flatnonzero(side != each).tolist()])
        )
        judged = np.flatnonzero(side == each).tolist()
        chances[judged] = calibrate.chances([looks[i] for i in judged], rules[-1])
    whole = calibrate.fit_calibration(looks)
    truth = np.array([look.label for look in looks])
    alike = np.array([prepared.samples[i].species.lower().startswith(LOOK_ALIKES) for i in mine])
    living = np.isin(truth, LIVING)
    named = np.array(LABELS)[:5][chances[:, :5].argmax(axis=1)]
    leopards = truth == State.LEOPARD
    first, prey = LABELS.index(State.LEOPARD), truth == State.PREY
    right = np.array(LABELS)[chances.argmax(axis=1)] == truth
    return {
        "leopard AP": round(average_precision(chances[~alike, first], list(leopards[~alike])), 3),
        "leopards likeliest so": f"{int((named[leopards] == 'leopard').sum())} of {leopards.sum()}",
        "names right": round(float((named[living] == truth[living]).mean()), 3),
        "prey": round(float((named[prey] == "prey").mean()), 3),
        "animal or empty, AUC": round(
            auc(1 - chances[:, LABELS.index(State.EMPTY)], living.tolist()), 3
        ),
        "calibration error": round(calibration_error(chances.max(axis=1), right), 3),
        "weight of the classifier": whole.classifier,
        "temperature": whole.temperature,
    }


if __name__ == "__main__":
    main()
