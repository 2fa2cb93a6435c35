"""Labelled pictures triaged on the spot: only those of the truth, in memory, nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from camtrap.engine.local import triage_files
from camtrap.engine.progress import RunProgress
from camtrap.engine.season import model_id
from camtrap.learn.dataset import Sample
from camtrap.learn.evaluation.judged import Answers, Judged, ModelNote
from camtrap.records import ImageFile
from camtrap.vision.predictor import Predictor


@dataclass(frozen=True, slots=True)
class Found:
    """Labelled pictures that are there, each with its file, and those that are not."""

    samples: Sequence[Sample]
    files: Sequence[ImageFile]
    missing: Sequence[Sample]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def find_pictures(samples: Sequence[Sample], folder: Path | None = None) -> Found:
    """Look where the truth says, then under `folder`; opens no picture.

    Under `folder`, the path of the truth is tried whole, and then without its first folders. A
    file's bare name counts only where `folder` is called as the truth says: cameras number their
    pictures alike.
    """
    found: list[Sample] = []
    files: list[ImageFile] = []
    missing: list[Sample] = []
    for sample in samples:
        path = next((path for path in _places(sample, folder) if path.is_file()), None)
        if path is None:
            missing.append(sample)
            continue
        status = path.stat()
        found.append(replace(sample, path=path))
        files.append(ImageFile(path.parent, path.name, status.st_size, status.st_mtime_ns))
    return Found(found, files, missing)


def _places(sample: Sample, folder: Path | None) -> list[Path]:
    if folder is None:
        return [sample.path]
    parts = [part for part in sample.file.replace("\\", "/").split("/") if part not in ("", ".")]
    starts = [
        start
        for start in range(len(parts))
        if start == 0 or start < len(parts) - 1 or folder.resolve().name == parts[start - 1]
    ]
    return [sample.path, *(folder.joinpath(*parts[start:]) for start in starts)]


def judge_pictures(
    found: Found, predictor: Predictor, progress: RunProgress, *, workers: int = 0
) -> Answers:
    """What the model says of the pictures, in their order.

    `workers` 0 is one a processor core. Raises `ModelError` when the model fails on everything and
    `CardError` when the pictures vanish under way.
    """
    judged: list[Judged] = []
    with closing(triage_files(found.files, predictor, workers=workers)) as results:
        for sample, (file, said) in zip(found.samples, results, strict=True):
            judged.append(
                Judged(
                    sample=sample,
                    state=said.state,
                    chances=said.probabilities,
                    detections=said.detections,
                    infrared=said.infrared,
                    reason=said.reason,
                )
            )
            progress.advance(said.state, file.size)
    info = predictor.info
    note = ModelNote(model_id(info), info.sha256, predictor.thresholds.as_dict())
    return Answers(judged, found.missing, note)
