"""The self-check: does a backend say what the reference says, and how fast is it on this machine?

Both are asked on pictures of the sample card, each picture alone, through the whole predictor.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from camtrap.errors import ModelError, UnreadablePicture
from camtrap.pixels.decode import decode_frame
from camtrap.vision.backends.base import Spec
from camtrap.vision.calibration import Thresholds
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Look, Predictor, Verdict

log = logging.getLogger(__name__)

TOLERANCE = 0.01
"""No probability may differ by more from the reference's."""

PICTURES = 8
"""So many pictures of the sample card are looked at, spread over it."""

HOPELESS = 3.0
"""What is so many times slower on the first picture than the fastest so far is measured no longer.

A processor without bf16 emulates it, at a tenth of the speed."""

_PASSES = 2
_SIDE = 640


@dataclass(frozen=True, slots=True)
class Measured:
    """One backend: seconds a picture on one core (or GPU), and how far it is from the reference.

    `difference` is the largest of any probability, `flips` counts pictures with another state;
    `problem` says why nothing could be measured, and the numbers then mean nothing.
    """

    spec: Spec
    seconds: float = 0.0
    difference: float = 0.0
    flips: int = 0
    problem: str = ""

    @property
    def agrees(self) -> bool:
        """Whether it may take the reference's place."""
        return not self.problem and not self.flips and self.difference <= TOLERANCE


def sample_card() -> Path | None:
    """The sample card that came with camtrap, if it did."""
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "_bundled" / "sample_images", package.parent / "sample_images"):
        if folder.is_dir():
            return folder
    return None


def check_looks(count: int = PICTURES, side: int = _SIDE) -> list[Look]:
    """Pictures of the sample card, decoded; none where the card is missing."""
    card = sample_card()
    if card is None:
        return []
    looks = []
    for path in _spread(sorted(card.rglob("*.JPG")), count):
        data = path.read_bytes()
        try:
            looks.append(Look(data, decode_frame(data, side)))
        except UnreadablePicture:
            continue  # the card holds a truncated picture on purpose
    return looks


def _spread(paths: Sequence[Path], count: int) -> Sequence[Path]:
    return paths[:: max(1, len(paths) // count)][:count]


def measured(
    info: ModelInfo,
    specs: Sequence[Spec],
    looks: Sequence[Look],
    build: Callable[[ModelInfo, Spec], Predictor] | None = None,
) -> list[Measured]:
    """Measure backends, the first of which is the reference; one that fails is told with why."""
    build = build or _build
    found: list[Measured] = []
    reference: list[Verdict] = []
    best = float("inf")
    for spec in specs:
        try:
            verdicts, seconds = _judged(build(info, spec), looks, reference, best)
        except Exception as error:
            # Runtimes raise what they like, and a backend that does not run here is no news.
            if not found:
                raise
            reason = " ".join(str(error).split()) or type(error).__name__
            found.append(Measured(spec, problem=reason))
            continue
        reference = reference or verdicts
        each = Measured(spec, seconds, *compared(verdicts, reference))
        found.append(each)
        best = min(best, seconds) if each.agrees else best
        log.info("%s: %.0f ms a picture", spec, 1000 * seconds)
    return found


def compared(verdicts: Sequence[Verdict], reference: Sequence[Verdict]) -> tuple[float, int]:
    """The largest difference of any probability, and how many states differ.

    Where there are fewer verdicts than of the reference, the first ones are compared.
    """
    pairs = list(zip(verdicts, reference, strict=False))
    differences = [
        abs(one.probabilities[label] - chance)
        for one, other in pairs
        for label, chance in other.probabilities.items()
    ]
    return max(differences, default=0.0), sum(one.state != other.state for one, other in pairs)


def fastest(found: Sequence[Measured]) -> Spec:
    """The fastest backend that agrees with the reference, which is the first."""
    return min((each for each in found if each.agrees), key=lambda each: each.seconds).spec


def _judged(
    predictor: Predictor, looks: Sequence[Look], reference: Sequence[Verdict], best: float
) -> tuple[list[Verdict], float]:
    """Verdicts and seconds a picture; ends early where a backend is too slow, or disagrees."""
    predictor.judge(looks[:1])  # the first call builds what the later ones use
    started = time.perf_counter()
    predictor.judge(looks[:1])
    if time.perf_counter() - started > HOPELESS * best:
        raise ModelError("much slower here than another backend")
    verdicts: list[Verdict] = []
    seconds = []
    for look in looks:
        took = []
        for _ in range(_PASSES):
            started = time.perf_counter()
            verdict = predictor.judge([look])[0]
            took.append(time.perf_counter() - started)
        verdicts.append(verdict)
        seconds.append(min(took))
        if reference and not Measured(predictor.backend, 0, *compared(verdicts, reference)).agrees:
            break
    return verdicts, sum(seconds) / len(seconds)


def _build(info: ModelInfo, spec: Spec) -> Predictor:
    from camtrap.vision.backends.choice import opened_backend

    thresholds = Thresholds.from_mapping(info.rules["thresholds"])
    return Predictor(info, opened_backend(spec), thresholds)
