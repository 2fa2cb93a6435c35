"""A season without pictures: a ledger filled with what the model would have said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from camtrap.card.deployments import Deployment, FieldNotes
from camtrap.events.fieldwork import Fieldwork, fieldwork
from camtrap.events.frames import Placing, placing
from camtrap.events.watch import Watches
from camtrap.ledger.store import Ledger
from camtrap.outputs.season_events import SeasonEvents
from camtrap.outputs.waypoints import Waypoints
from camtrap.records import LABELS, Box, Capture, Detection, ImageFile, Prediction, State
from tests.cards import new_run


@dataclass(frozen=True)
class Shot:
    """One picture: folder, label, camera-local time, and fields of `Capture`."""

    folder: str
    label: State
    taken_at: datetime | None
    confidence: float = 0.9
    count: int = 1
    source: str = "exif"
    capture: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Made:
    """A season as outputs see it."""

    ledger: Ledger
    placed: Placing
    events: SeasonEvents
    work: Fieldwork

    def waypoints(self, **options: Any) -> Waypoints:
        return Waypoints(self.ledger, self.placed, self.events, self.work, **options)


def fill(ledger: Ledger, shots: Sequence[Shot], card: str = "A") -> None:
    """Enter the shots as the files of one card."""
    entry = ledger.add_card(card, Path("/nowhere") / card)
    files = [
        ImageFile(entry.root, f"{shot.folder}/{number:05}.JPG", 1000, number)
        for number, shot in enumerate(shots)
    ]
    ledger.register(entry, files)
    results = [
        (file, _prediction(file, shot, n))
        for n, (file, shot) in enumerate(zip(files, shots, strict=True))
    ]
    ledger.record(entry, new_run(ledger), results)


@contextmanager
def made(
    season: Path, shots: Sequence[Shot], deployments: Sequence[Deployment] = ()
) -> Iterator[Made]:
    """A filled season with its events and its field work."""
    with Ledger(season, create=True) as ledger:
        fill(ledger, shots)
        notes = FieldNotes(tuple(deployments))
        placed, watches = placing(ledger, notes), Watches(notes)
        with SeasonEvents(watches.passing(placed.frames(ledger))) as events:
            yield Made(ledger, placed, events, fieldwork(watches))


def _prediction(file: ImageFile, shot: Shot, number: int) -> Prediction:
    told = "prey" if shot.label is State.UNSURE else shot.label
    chances = dict.fromkeys(LABELS, (1 - shot.confidence) / 5) | {told: shot.confidence}
    # Each box lies elsewhere, so that none of them is taken for a stone.
    boxes = [Box((number * 7 + n) % 13 / 20, (number * 3) % 11 / 20, 0.2, 0.3) for n in range(9)]
    count = 0 if shot.label is State.EMPTY else shot.count
    return Prediction(
        file.path,
        shot.label,
        shot.confidence,
        chances,
        tuple(Detection(told, shot.confidence, box, 0.8, chances) for box in boxes[:count]),
        Capture(
            taken_at=shot.taken_at,
            timestamp_source=shot.source if shot.taken_at else "",
            **dict(shot.capture),
        ),
        f"key-{number}",
        640,
        480,
        False,
    )
