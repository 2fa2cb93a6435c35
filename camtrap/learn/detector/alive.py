"""A second opinion on boxes that the published detector is not sure of: is something alive there?

A head on the backbone's frozen features gives it, one for each fold, fitted on the crops of the
other folds. What a network learns from a picture later was so never told by that picture itself.
The detector's own score counts beside it: of two boxes alike to the head, the better one is taken.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np

from camtrap.errors import DataError
from camtrap.learn.detector.targets import is_doubtful
from camtrap.learn.explain import log_odds
from camtrap.learn.head import HeadSettings, fit_head
from camtrap.learn.prepare import (
    Floats,
    Prepared,
    Report,
    crop_rules,
    features_of,
    proposed_crops,
    read_array,
    write_array,
)
from camtrap.learn.settings import TrainingSettings
from camtrap.vision.predictor import Classifier

EVEN = 0.08
"""The score of the published detector that makes a box no more and no less likely to be alive."""


def second_opinions(
    prepared: Prepared,
    settings: TrainingSettings,
    classifier: Classifier,
    run: Path,
    report: Report,
) -> dict[int, tuple[float, ...]]:
    """For each sample with an animal that the detector is not sure of, by its index: the chance,
    0..1, that each of its boxes holds something alive. Kept in the run's folder."""
    doubtful = [
        index
        for index, (sample, seen) in enumerate(zip(prepared.samples, prepared.seen, strict=True))
        if is_doubtful(sample, seen)
    ]
    crops = [
        crop for i in doubtful for crop in proposed_crops(prepared.samples[i], prepared.seen[i])
    ]
    if not crops:
        return {}
    own = np.array([prepared.fold_of[i] for i in doubtful for _ in prepared.seen[i].found])
    rules = crop_rules(settings)
    said = [classifier.name, asdict(rules), settings.head, settings.groups, own.tolist()]
    said += [[(c.file, tuple(c.box), c.label) for c in each] for each in (crops, prepared.crops)]
    key = hashlib.sha256(repr([*said, prepared.fold_of]).encode()).hexdigest()
    chances = read_array(run / "alive.npz", key)
    if chances is None:
        stage = "looking at doubtful boxes"
        features = features_of(classifier, crops, rules, run / "doubtful.npz", stage, report)
        chances = out_of_fold_chances(features, own, prepared, settings)
        write_array(run / "alive.npz", key, chances)
    rows = iter(chances.tolist())
    return {
        i: tuple(joined(next(rows), each.score) for each in prepared.seen[i].found)
        for i in doubtful
    }


def out_of_fold_chances(
    features: Floats, own: np.ndarray, prepared: Prepared, settings: TrainingSettings
) -> Floats:
    """(n,) chances that boxes of frozen `features` (n, d) are alive, by heads that saw no crop of
    the box's fold `own` (n,)."""
    fold_of_crop = np.array(prepared.fold_of)[prepared.owner]
    chances = np.empty(len(features), np.float32)
    for fold in np.unique(own):
        known = np.flatnonzero(fold_of_crop != fold)
        if not len(known):
            raise DataError("No crop is left to learn from: more sites or events are needed.")
        head = fit_head(
            prepared.features[known][:, None],
            [prepared.crops[i].label for i in known],
            settings.group_labels,
            HeadSettings(**settings.head),
        )
        mine = own == fold
        chances[mine] = alive_chances(head.logits(features[mine]))
    return chances


def joined(chance: float, score: float) -> float:
    """The head's chance and the detector's score as one chance, 0..1, by adding their log-odds;
    a score of `EVEN` speaks for neither side."""
    odds = log_odds(chance) + log_odds(score) - log_odds(EVEN)
    return 1 / (1 + math.exp(-odds))


def alive_chances(logits: Floats) -> Floats:
    """(n, classes) logits, the last of them `nothing`, to (n,) chances of anything else."""
    margin = np.logaddexp.reduce(logits[:, :-1], axis=1) - logits[:, -1]
    chances: Floats = (1 / (1 + np.exp(-margin.clip(-60, 60)))).astype(np.float32)
    return chances
