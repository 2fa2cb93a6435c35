"""What a model might have said of a camera's picture, made up: for seasons that are measured."""

from __future__ import annotations

import random
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from camtrap.records import Detection, ImageFile, Prediction

VISITORS = ("prey",) * 12 + ("other",) * 4 + ("unsure",) * 2 + ("leopard", "person", "vehicle")
"""Labels to draw from."""


def looked_at(
    file: ImageFile,
    label: str,
    moment: datetime,
    key: str,
    *,
    station: str,
    night: bool,
    look: random.Random,
    weather: random.Random,
    **sequence: Any,
) -> Prediction:
    """A picture taken at a moment, with a label and, unless that is `empty`, one to three boxes.

    `key` is of its content; `look` draws what differs between pictures, `weather` what does not
    within a visit; `sequence` are further fields of `Capture`.
    """
    from camtrap.records import LABELS, Capture, Prediction, State

    named = label if label in LABELS else "prey"
    share = [look.random() ** 3 for _ in LABELS]
    share[LABELS.index(named)] += 1.5 if label == "unsure" else 9.0
    chances = dict(zip(LABELS, (value / sum(share) for value in share), strict=True))
    return Prediction(
        path=file.path,
        state=State(label),
        confidence=chances[named],
        probabilities=chances,
        detections=_boxes(named, look) if label != State.EMPTY else (),
        capture=Capture(
            taken_at=moment,
            timestamp_source="exif",
            raw_timestamp=f"{moment:%Y:%m:%d %H:%M:%S}",
            make="RECONYX",
            model="HYPERFIRE 2",
            serial=f"H2B{station}",
            trigger="motion",
            temperature_c=weather.randint(-25, 20),
            moon_phase=weather.randint(0, 7),
            **sequence,
        ),
        content_key=key,
        width=3264,
        height=2448,
        infrared=night,
    )


def _boxes(label: str, look: random.Random) -> tuple[Detection, ...]:
    from camtrap.records import LABELS, Box, Detection

    return tuple(
        Detection(
            label,
            look.random(),
            Box(look.random() / 2, look.random() / 2, 0.3, 0.2),
            look.random(),
            {name: look.random() / len(LABELS) for name in LABELS},
        )
        for _ in range(look.randint(1, 3))
    )
