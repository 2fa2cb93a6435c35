"""What the detector finds in labelled pictures; kept on disk, because looking takes minutes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap.learn.dataset import Sample
from camtrap.pixels.decode import decode_frame
from camtrap.records import Box
from camtrap.vision.predictor import Detector
from camtrap.vision.proposals import Proposal


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture's upright size in pixels, and the detector's boxes, best first."""

    width: int
    height: int
    found: tuple[Proposal, ...]


def look_at(
    samples: Sequence[Sample],
    detector: Detector,
    proposing: dict[str, Any],
    *,
    kept: Path | None = None,
    key: str = "",
    on_done: Callable[[], None] = lambda: None,
) -> list[Seen]:
    """Run the detector over all samples, in their order, on all processor cores.

    With `kept`, the result is written there and read again when `key` (the detector's checksum,
    say), rules and pictures are the same. Raises `UnreadablePicture` for a sample that cannot be
    decoded.
    """
    said = json.dumps([key, proposing, [sample.file for sample in samples]], sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    if kept is not None and (found := _read(kept, digest)) is not None:
        for _ in found:
            on_done()
        return found

    def one(sample: Sample) -> Seen:
        frame = decode_frame(sample.path.read_bytes(), detector.side)
        found = detector.propose([frame.pixels], **proposing)[0]
        on_done()
        return Seen(frame.width, frame.height, found)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        seen = list(pool.map(one, samples))
    if kept is not None:
        _write(kept, digest, seen)
    return seen


def _write(path: Path, digest: str, seen: Sequence[Seen]) -> None:
    rows = [[s.width, s.height, [[*p.box, p.score] for p in s.found]] for s in seen]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps({"key": digest, "seen": rows}), encoding="utf-8", newline="\n")
    part.replace(path)


def _read(path: Path, digest: str) -> list[Seen] | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict) or said.get("key") != digest:
        return None
    return [
        Seen(width, height, tuple(Proposal(Box(*row[:4]), row[4]) for row in found))
        for width, height, found in said["seen"]
    ]
