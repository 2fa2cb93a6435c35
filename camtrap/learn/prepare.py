"""Everything that a training needs before a network learns: boxes, emptied frames, crops, folds.

All of it depends on the settings and pictures alone, and what took long is kept in the run's
folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from camtrap.errors import DataError
from camtrap.learn.corrections import with_drawn
from camtrap.learn.crop_set import CropRules, LabelledCrop, batches
from camtrap.learn.crops import labelled_boxes
from camtrap.learn.dataset import Sample, folds
from camtrap.learn.emptied import make_emptied
from camtrap.learn.looks import Seen, look_at
from camtrap.learn.settings import TrainingSettings
from camtrap.learn.splits import read_folds, write_folds
from camtrap.pixels.fit import WHOLE
from camtrap.records import Box, State
from camtrap.vision import checkpoint
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.pytorch import TorchBackend
from camtrap.vision.calibration import NOTHING
from camtrap.vision.predictor import Classifier, Detector

Floats = NDArray[np.float32]
_BATCH = 16


class Report(Protocol):
    """Is told what training does: a stage's name and its number of steps gives a step counter."""

    def __call__(self, stage: str, steps: int) -> Callable[[int], None]: ...


def silent(stage: str, steps: int) -> Callable[[int], None]:
    """A report that nobody reads."""
    return lambda done: None


@dataclass(frozen=True, slots=True)
class Parts:
    """The published networks that a training starts from."""

    detector: Detector
    detector_sha256: str
    classifier: Classifier


@dataclass(frozen=True, slots=True)
class Prepared:
    """Pictures with what was seen in them, the crops to learn from, and the folds.

    `samples` have their scene as group, and the emptied frames at the end; `owner[i]` is the index
    of the sample that `crops[i]` comes from, `features` (n, d) are the crops' frozen features, and
    `fold_of` has one number a sample.
    """

    samples: tuple[Sample, ...]
    seen: tuple[Seen, ...]
    crops: tuple[LabelledCrop, ...]
    owner: NDArray[np.int64]
    features: Floats
    fold_of: tuple[int, ...]


def load_parts(settings: TrainingSettings, device: torch.device) -> Parts:
    """The detector and the backbone that the settings name; raises `ModelError`."""
    detector = checkpoint.find(settings.parts["detector"])
    backbone = checkpoint.find(settings.parts["backbone"])
    backend = TorchBackend(Spec("torch", device=str(device)))
    return Parts(
        Detector(detector, backend),
        detector.sha256,
        Classifier(backbone, settings.crop_rules(), backend),
    )


def crop_rules(settings: TrainingSettings) -> CropRules:
    """How crops are cut in use."""
    return CropRules(**{name: settings.crop[name] for name in ("side", "context", "fill")})


def prepare(
    samples: Sequence[Sample],
    settings: TrainingSettings,
    run: Path,
    parts: Parts,
    report: Report = silent,
) -> Prepared:
    """Look at all pictures, empty some, find crops and folds; the split is kept in `folds.csv`.

    Raises `UnreadablePicture` for a sample that cannot be decoded, and `DataError` for a stored
    split that does not fit.
    """
    rules = crop_rules(settings)

    def look(which: Sequence[Sample], name: str) -> list[Seen]:
        step = counter(report(f"finding animals ({name})", len(which)))
        with threads(1):  # every picture has a thread of its own
            return look_at(
                which,
                parts.detector,
                settings.proposals,
                kept=run / f"looks-{name}.json",
                key=parts.detector_sha256,
                on_done=step,
            )

    seen = look(samples, "pictures")
    frames = [_crop(s, each, WHOLE, s.label) for s, each in zip(samples, seen, strict=True)]
    scenes = features_of(
        parts.classifier, frames, rules, run / "scenes.npz", "comparing scenes", report
    )
    known = with_scenes(samples, scenes, settings.scene_similarity)
    if settings.emptied:
        step = counter(report("emptying frames", settings.emptied))
        emptied = make_emptied(
            known,
            with_drawn(known, seen),
            run / "emptied",
            most=settings.emptied,
            seed=settings.seed,
            on_done=step,
        )
        known, seen = known + emptied, seen + look(emptied, "emptied")
    crops, owner = crops_of(known, seen, settings.seed)
    features = features_of(
        parts.classifier, crops, rules, run / "features.npz", "looking at crops", report
    )
    fold_of = stored_folds(run / "folds.csv", known, settings)
    return Prepared(tuple(known), tuple(seen), tuple(crops), owner, features, tuple(fold_of))


def stored_folds(path: Path, samples: Sequence[Sample], settings: TrainingSettings) -> list[int]:
    """The run's split: as it is stored, or made now and stored."""
    stored = read_folds(path, samples) if path.is_file() else None
    fold_of = stored or folds(samples, settings.fold_count, settings.seed)
    if set(fold_of) != set(range(settings.fold_count)):
        raise DataError(
            f"{len(samples):,} pictures in {len(set(fold_of))} folds of sites or events, and the "
            f"settings want {settings.fold_count}. Give more sites, or change fold_count; a split "
            f"that was stored before lies in {path}."
        )
    if stored is None:
        write_folds(path, samples, fold_of)
    return fold_of


def crops_of(
    samples: Sequence[Sample], seen: Sequence[Seen], seed: int
) -> tuple[list[LabelledCrop], NDArray[np.int64]]:
    """All boxes worth learning from, and the index of each one's sample."""
    crops: list[LabelledCrop] = []
    owner: list[int] = []
    for index, (sample, each) in enumerate(zip(samples, with_drawn(samples, seen), strict=True)):
        # A generator of its own for each picture: the crops do not depend on the others.
        random = np.random.default_rng([seed, *sample.file.encode()])
        for labelled in labelled_boxes(sample, each.found, each.width / each.height, random):
            crops.append(_crop(sample, each, labelled.box, labelled.label))
            owner.append(index)
    return crops, np.array(owner, np.int64)


def proposed_crops(sample: Sample, seen: Seen) -> list[LabelledCrop]:
    """The boxes that use would look at, in their order; of unknown content."""
    return [_crop(sample, seen, proposal.box, NOTHING) for proposal in seen.found]


def _crop(sample: Sample, seen: Seen, box: Box, label: str) -> LabelledCrop:
    name = NOTHING if label == State.EMPTY else label
    return LabelledCrop(sample.path, sample.file, seen.width, seen.height, box, name)


def features_of(
    classifier: Classifier,
    crops: Sequence[LabelledCrop],
    rules: CropRules,
    kept: Path,
    stage: str,
    report: Report,
) -> Floats:
    """(n, d) frozen features of plain crops; kept in `kept` and read again for the same crops."""
    said = [classifier.name, rules.side, rules.context, rules.fill]
    said += [[crop.file, *crop.box] for crop in crops]
    key = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    step = report(stage, len(crops))
    if (stored := read_array(kept, key)) is not None:
        step(len(crops))
        return stored
    rows: list[Floats] = []
    stream = batches(
        crops, range(len(crops)), rules, size=_BATCH, seed=None, workers=os.cpu_count() or 1
    )
    for pixels, _ in stream:
        rows.append(classifier.features(list(pixels.numpy())))
        step(min(len(rows) * _BATCH, len(crops)))
    if not rows:
        raise DataError("No crop is left to learn from: the detector found nothing in any picture.")
    features = np.concatenate(rows)
    write_array(kept, key, features)
    return features


def write_array(path: Path, key: str, values: Floats) -> None:
    """Keep an array under a key; a pulled plug leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as stream:
        np.savez(stream, values=values, key=np.array(key))
    part.replace(path)


def read_array(path: Path, key: str) -> Floats | None:
    """The array that was kept under this key; None where there is none that can be read."""
    try:
        with np.load(path) as stored:  # numpy refuses pickles unless asked for them
            if str(stored["key"]) == key:
                return np.asarray(stored["values"], np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return None


def with_scenes(samples: Sequence[Sample], frames: Floats, similarity: float) -> list[Sample]:
    """Give pictures that no site is known of the group of their scene.

    Pictures whose whole frames are alike (cosine of at least `similarity`), directly or through
    others, count as one site: better one site too few than the same camera in training and test.
    """
    alone = [i for i, sample in enumerate(samples) if sample.group == sample.file]
    named = list(samples)
    for members in alike(frames[alone], similarity):
        first = alone[members[0]]
        for member in members:
            index = alone[member]
            named[index] = replace(samples[index], group=f"scene of {samples[first].file}")
    return named


def alike(vectors: Floats, similarity: float) -> list[list[int]]:
    """Connected components of (n, d) vectors under cosine similarity, each in ascending order."""
    if not len(vectors):
        return []
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = unit @ unit.T >= similarity
    component = np.arange(len(unit))
    for index in range(len(unit)):
        joined = np.unique(component[near[index]])
        component[np.isin(component, joined)] = joined.min()
    return [np.flatnonzero(component == value).tolist() for value in np.unique(component)]


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use so many threads inside an operation, for as long as the block lasts."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def counter(step: Callable[[int], None]) -> Callable[[], None]:
    """What tells `step` one more at each call."""
    done = 0

    def one() -> None:
        nonlocal done
        done += 1
        step(done)

    return one
