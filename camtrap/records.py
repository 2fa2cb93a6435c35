"""The frozen dataclasses that travel between the rooms.

Conventions that hold everywhere: boxes are `x, y, width, height` from the top left of the upright
picture, each 0..1; probabilities are calibrated and 0..1; times without a zone are camera-local.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from camtrap.drone.flight import DroneCapture

LABELS: tuple[str, ...] = ("leopard", "prey", "other", "person", "vehicle", "empty")
"""What the model can say of a picture, in the order in which every table lists them."""

UNSURE = "unsure"


class State(StrEnum):
    """The one state that a file has in the ledger."""

    LEOPARD = "leopard"
    PREY = "prey"
    OTHER = "other"
    PERSON = "person"
    VEHICLE = "vehicle"
    EMPTY = "empty"
    UNSURE = "unsure"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    PENDING = "pending"

    @property
    def is_label(self) -> bool:
        """True when a model or a person has said what is in the picture."""
        return self in _LABEL_STATES


CONCERN = (
    State.LEOPARD,
    State.PERSON,
    State.VEHICLE,
    State.PREY,
    State.OTHER,
    State.EMPTY,
)
"""Several things in one picture: the first of these that is there becomes its label."""


def outranks(label: str, other: str) -> bool:
    """True when a picture that shows both of these labels would be called by the first."""
    return CONCERN.index(State(label)) < CONCERN.index(State(other))


_LABEL_STATES = frozenset(State(label) for label in (*LABELS, UNSURE))


class Box(NamedTuple):
    """A rectangle: left, top, width and height, each relative to the upright picture, 0..1."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file on a card, known by its name alone.

    `relative_path` is POSIX, relative to `card`. `skip_reason` is empty for a picture that is to be
    read, and says in words why another media file (a video, a RAW file) is only counted.
    """

    card: Path
    relative_path: str
    size: int
    modified_ns: int
    skip_reason: str = ""

    @property
    def path(self) -> Path:
        return self.card / self.relative_path


@dataclass(frozen=True, slots=True)
class Capture:
    """What a picture's metadata say: when, with which camera, where, in which sequence.

    `taken_at` is camera-local and has no zone; `timestamp_source` is `exif`, `filename`, `modified`
    or empty; `utc_offset` is `+05:45` or empty. Latitude and longitude are WGS84 degrees. Unknown
    is None or empty, never 0.
    """

    taken_at: datetime | None = None
    timestamp_source: str = ""
    raw_timestamp: str = ""
    utc_offset: str = ""
    make: str = ""
    model: str = ""
    serial: str = ""
    latitude: float | None = None
    longitude: float | None = None
    orientation: int = 1
    night_scene: bool | None = None
    sequence_index: int | None = None
    sequence_length: int | None = None
    maker_event: int | None = None
    trigger: str = ""
    temperature_c: int | None = None
    moon_phase: int | None = None
    battery_mv: int | None = None
    user_label: str = ""


@dataclass(frozen=True, slots=True)
class Detection:
    """One animal, person or vehicle in a picture.

    `score` is the detector's own, uncalibrated 0..1; `probabilities` are the calibrated chances of
    each label of the picture's model for this box alone.
    """

    label: str
    confidence: float
    box: Box
    score: float
    probabilities: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clip:
    """What a video tells beside what a picture does.

    `duration_s` is its length in seconds, None where its container does not tell; `frame_s` the
    moment of the frame that its boxes lie in; `frames` how many of its frames were looked at.
    """

    duration_s: float | None = None
    frame_s: float = 0.0
    frames: int = 0


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one picture, or why it could say nothing.

    `state` is a triage label or `unsure`, `unreadable`, `truncated`; `probabilities` holds one
    calibrated value per label of `LABELS`, summing to 1, and is empty when the picture could not be
    read; `reason` then says why. `content_key` is what `card.content` makes of
    its bytes.
    `infrared` is True for a picture without colour. `aerial` is what a drone's picture says of its
    flight, and `clip` tells of a video; both None for an ordinary picture.
    """

    path: Path
    state: State
    confidence: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    detections: tuple[Detection, ...] = ()
    capture: Capture = Capture()
    content_key: str = ""
    width: int | None = None
    height: int | None = None
    infrared: bool | None = None
    reason: str = ""
    aerial: DroneCapture | None = None
    clip: Clip | None = None
