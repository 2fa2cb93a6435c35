"""A clip as one file of the card: some of its frames are judged, and together they are one answer.

The frames are a burst, and what a burst shows is decided by `events.fusion`: a clip is called by
what concerns most of what it shows, and is empty only where each of its frames is. The boxes are
those of the frame that shows it best. A clip that is damaged keeps what the rest of it shows; where
that is nothing, it is `truncated`, for nobody knows what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from camtrap.errors import UnreadablePicture
from camtrap.events.fusion import Look as BurstLook
from camtrap.events.fusion import Sign, fuse, fused_chances
from camtrap.pixels.decode import decode_frame
from camtrap.pixels.limits import LIMITS, Limits
from camtrap.records import Clip, Prediction, State
from camtrap.video.clips import capture_of_clip, told
from camtrap.video.frames import Sampling, is_installed, sample
from camtrap.vision.calibration import LIVING, Thresholds
from camtrap.vision.predictor import Look, Verdict

DAMAGED = "the clip is damaged: "


def looked_at(
    known: Prediction,
    data: bytes,
    side: int,
    sampling: Sampling,
    modified_ns: int,
    limits: Limits = LIMITS,
) -> tuple[Prediction, Look]:
    """What is known of a clip, and a look at each of its frames.

    Raises `TruncatedPicture` and `UnreadablePicture` as `sample`, and the latter where the extra
    `video` is not installed.
    """
    if not is_installed():
        raise UnreadablePicture("a video; to look at it: pip install camtrap[video]")
    found = sample(data, sampling)
    stills = tuple((still.seconds, _look(still.data, side, limits)) for still in found.stills)
    first = stills[0][1].frame
    known = replace(
        known,
        capture=capture_of_clip(found.tags, known.path.name, modified_ns),
        width=first.width,
        height=first.height,
        infrared=first.infrared,
        clip=Clip(found.duration_s, stills[0][0], len(stills)),
        reason=DAMAGED + found.damage if found.damage else "",
    )
    return known, Look(b"", first, stills=stills)


def fused_verdict(
    stills: Sequence[tuple[float, Verdict]], thresholds: Thresholds | None
) -> Verdict:
    """One answer from those on a clip's frames; `at` is the second of the one that shows it."""
    judged = [(at, verdict) for at, verdict in stills if verdict.probabilities]
    if not judged:
        return stills[0][1]
    chances = fused_chances([verdict.probabilities for _, verdict in judged])
    shown = fuse([_burst_look(n, verdict) for n, (_, verdict) in enumerate(judged)], thresholds)
    if not shown:
        at, best = max(judged, key=lambda one: (-one[1].probabilities["empty"], -one[0]))
        return replace(best, state=State.EMPTY, confidence=chances["empty"],
                       probabilities=chances, at=at)  # fmt: skip
    at, best = judged[shown[0].best.key]
    return replace(
        best,
        state=shown[0].label,
        confidence=shown[0].confidence,
        probabilities=chances,
        at=at,
    )


def judged_clip(known: Prediction, verdict: Verdict) -> Prediction:
    """A clip with what its frames add up to, and in words which of them stands for it."""
    assert known.clip is not None
    if verdict.state is State.EMPTY and known.reason.startswith(DAMAGED):
        return replace(known, state=State.TRUNCATED)
    clip = replace(known.clip, frame_s=round(verdict.at or 0.0, 3))
    words = [told(clip), known.reason, verdict.reason]
    return replace(
        known,
        state=verdict.state,
        confidence=verdict.confidence,
        probabilities=verdict.probabilities,
        detections=verdict.detections,
        clip=clip,
        reason="; ".join(filter(None, words)) if verdict.probabilities else verdict.reason,
    )


def _look(data: bytes, side: int, limits: Limits) -> Look:
    """A look at one frame. What it was scaled from is not kept, for there are twenty."""
    return Look(data, replace(decode_frame(data, side, limits=limits), reduced=None))


def _burst_look(number: int, verdict: Verdict) -> BurstLook:
    signs = tuple(
        Sign(
            box.label,
            box.confidence,
            sum(box.probabilities.get(label, 0.0) for label in LIVING),
            box.box,
        )
        for box in verdict.detections
    )
    return BurstLook(
        number,
        "",
        verdict.state,
        place=number,
        confidence=verdict.confidence or 0.0,
        chances=verdict.probabilities,
        signs=signs,
    )
