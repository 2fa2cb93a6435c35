"""One labelled picture and what was said of it; whoever said it, a season or a model just now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from camtrap.learn.dataset import Sample
from camtrap.records import LABELS, Detection, State
from camtrap.vision.calibration import LIVING

ANIMALS = ("leopard", "prey", "other")

LOOK_ALIKES = (
    "acinonyx",
    "cheetah",
    "jaguar",
    "leopardus",
    "leptailurus",
    "ocelot",
    "panthera onca",
    "serval",
)
"""How names of spotted cats of other continents begin: none lives beside Amur leopards."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled picture, the state it got, and its chances, one a label of `LABELS`, 0..1.

    A picture that was not looked at (`unreadable`, `skipped`, ...) has no chances; `reason` says
    why. `infrared` is None where nobody knows.
    """

    sample: Sample
    state: State
    chances: Mapping[str, float] = field(default_factory=dict)
    detections: tuple[Detection, ...] = ()
    infrared: bool | None = None
    reason: str = ""

    @property
    def truth(self) -> str:
        return self.sample.label

    @property
    def looked_at(self) -> bool:
        """True when the model had its say; only such pictures are counted in a figure."""
        return self.state.is_label and bool(self.chances)

    @property
    def likeliest(self) -> str:
        """The label of the highest chance."""
        return max(LABELS, key=lambda label: self.chances[label])

    @property
    def likeliest_alive(self) -> str:
        """The living label of the highest chance, as if it were known that something is there."""
        return max(LIVING, key=lambda label: self.chances[label])

    @property
    def modality(self) -> str:
        """As the truth says; else what the decoder saw; else `unknown`."""
        seen = {True: "night_ir", False: "day", None: "unknown"}[self.infrared]
        return self.sample.modality or seen

    @property
    def box_side(self) -> float | None:
        """The longer side of the best box, relative to the picture, 0..1; None without a box."""
        return max(self.detections[0].box[2:]) if self.detections else None

    @property
    def is_look_alike(self) -> bool:
        return self.truth != State.LEOPARD and self.sample.species.lower().startswith(LOOK_ALIKES)

    @property
    def event(self) -> tuple[str, str]:
        """Shared by the frames of one event; a picture without one is an event of its own."""
        return self.sample.group, self.sample.event or self.sample.file


@dataclass(frozen=True, slots=True)
class ModelNote:
    """Which model gave the answers, and with which thresholds."""

    name: str
    sha256: str
    thresholds: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """All that was said of a truth; `missing` are the labelled pictures that are nowhere."""

    judged: Sequence[Judged]
    missing: Sequence[Sample]
    model: ModelNote

    @property
    def looked_at(self) -> list[Judged]:
        return [each for each in self.judged if each.looked_at]

    @property
    def not_looked_at(self) -> list[Judged]:
        return [each for each in self.judged if not each.looked_at]
