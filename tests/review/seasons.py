"""A season to be reviewed, made in code: events of every label with small painted pictures.

python -m tests.review.seasons FOLDER [EVENTS]    makes FOLDER/season and its card FOLDER/card
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from camtrap.card.content import content_key
from camtrap.ledger.store import Ledger
from camtrap.records import LABELS, Box, Capture, Detection, ImageFile, Prediction, State

BEGIN = datetime(2026, 2, 3, 18, 10)
THRESHOLDS = {
    "leopard": 0.6,
    "prey": 0.7,
    "other": 0.7,
    "person": 0.6,
    "vehicle": 0.7,
    "empty": 0.9,
    "doubt": 0.05,
}
RUN = {
    "camtrap": "0.1.0",
    "model": {"id": "camtrap 0.1.0 (painted 1)", "sha256": "x"},
    "thresholds": THRESHOLDS,
    "settings": {},
}
STATIONS = ("ST01_ridge", "ST02_ручей", "ST03_saddle", "ST04_站点")
TURNS = ("leopard", "prey", "empty", "unsure", "person", "empty", "other", "vehicle", "prey")
"""The labels of the events, one after the other."""

FRAMES = 3
_COATS = {
    "leopard": (214, 164, 84),
    "prey": (142, 96, 60),
    "other": (96, 92, 88),
    "person": (60, 84, 150),
    "vehicle": (150, 40, 40),
    "unsure": (120, 110, 80),
}


@dataclass(frozen=True)
class Taken:
    """One picture: its path on the card, and what the model said of it."""

    path: str
    label: str
    taken_at: datetime
    chances: dict[str, float]
    boxes: tuple[Box, ...]


def taken(events: int, start: int = 0) -> Iterator[Taken]:
    """The pictures of so many events, two hours apart, `FRAMES` each."""
    for number in range(start, start + events):
        label = TURNS[number % len(TURNS)]
        station = STATIONS[(number // len(TURNS) + number) % len(STATIONS)]
        begin = BEGIN + timedelta(hours=2 * number, minutes=7 * number % 50)
        for frame in range(FRAMES):
            box = Box(0.1 + (number * 37 + frame * 3) % 50 / 100, 0.35, 0.28, 0.3)
            yield Taken(
                f"{station}/DCIM/100TEST/IMG_{number:04}_{frame + 1}.JPG",
                label,
                begin + timedelta(seconds=frame),
                _chances(label, number, frame),
                () if label == "empty" else (box,),
            )


def painted(shot: Taken, number: int, size: tuple[int, int] = (640, 480)) -> bytes:
    """A wood with what was seen in it; every number has other bytes."""
    width, height = size
    rows = np.linspace(70, 150, height, dtype=np.float32)[:, None]
    grain = np.random.default_rng(number).integers(-14, 15, (height, width))
    green = np.clip(rows + grain, 0, 255).astype(np.uint8)
    pixels = np.stack([green // 2 + 20, green, green // 2], axis=-1)
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    for box in shot.boxes:
        left, top = box.x * width, box.y * height
        right, bottom = (box.x + box.width) * width, (box.y + box.height) * height
        draw.ellipse((left, top, right, bottom), fill=_COATS[shot.label])
        if shot.label in ("leopard", "unsure"):
            for spot in range(12):
                x = left + (right - left) * (0.15 + 0.7 * (spot % 4) / 3)
                y = top + (bottom - top) * (0.25 + 0.5 * (spot // 4) / 2)
                draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=(40, 26, 12))
    draw.text((8, height - 18), f"{shot.label} {shot.taken_at:%Y-%m-%d %H:%M:%S}", fill="white")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def season_of(
    folder: Path, events: int = 18, *, size: tuple[int, int] = (320, 240), pictures: bool = True
) -> Path:
    """Make a card and a season of so many events, and return the season; `size` is in pixels.

    The season has `stations.csv`, and nobody has reviewed anything. Without `pictures`, the card is
    not there.
    """
    season = folder / "season"
    with Ledger(season, create=True) as ledger:
        add_events(ledger, folder / "card", events, size=size, pictures=pictures)
    lines = ["station_id,latitude,longitude,folder"]
    for number, station in enumerate(STATIONS):
        lines.append(f"{station[:4]},{43.1 + number / 50:.4f},{131.5 + number / 40:.4f},{station}")
    (season / "stations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return season


def add_events(
    ledger: Ledger,
    card: Path,
    events: int,
    start: int = 0,
    *,
    size: tuple[int, int] = (320, 240),
    pictures: bool = True,
) -> None:
    """Put further events on the card and into the ledger, as a run does."""
    entry = ledger.card_at(card) or ledger.add_card("card", card)
    results = []
    for number, shot in enumerate(taken(events, start)):
        data = painted(shot, start * FRAMES + number, size) if pictures else shot.path.encode()
        path = card / shot.path
        if pictures:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        file = ImageFile(card, shot.path, len(data), number)
        results.append((file, _prediction(file, shot, data, size)))
    ledger.register(entry, (file for file, _ in results))
    run_id = ledger.start_run(RUN)
    ledger.record(entry, run_id, results)
    ledger.finish_run(run_id)


def _chances(label: str, number: int, frame: int) -> dict[str, float]:
    told = "prey" if label == "unsure" else label
    sure = 0.55 if label == "unsure" else 0.97 - (number * 13 + frame * 5) % 20 / 100
    chances = dict.fromkeys(LABELS, 0.0) | {told: sure}
    if told == "leopard":
        return chances | {"empty": 1 - sure}
    leopard = 0.1 + number % 5 / 20 if label == "unsure" else (number % 7) / 200
    return chances | {
        "leopard": leopard,
        ("prey" if told == "empty" else "empty"): 1 - sure - leopard,
    }


def _prediction(file: ImageFile, shot: Taken, data: bytes, size: tuple[int, int]) -> Prediction:
    told = "prey" if shot.label == "unsure" else shot.label
    confidence = shot.chances[told]
    return Prediction(
        file.path,
        State(shot.label),
        confidence,
        shot.chances,
        tuple(Detection(told, confidence, box, 0.8, shot.chances) for box in shot.boxes),
        Capture(
            taken_at=shot.taken_at,
            timestamp_source="exif",
            raw_timestamp=f"{shot.taken_at:%Y:%m:%d %H:%M:%S}",
            make="RECONYX",
            model="HYPERFIRE 2",
            serial="H2X0001",
            latitude=43.123456,
            longitude=131.654321,
            temperature_c=-7,
            trigger="motion",
        ),
        content_key(data),
        *size,
        False,
    )


if __name__ == "__main__":
    events = int(sys.argv[2]) if len(sys.argv) > 2 else 36
    sys.stdout.write(f"{season_of(Path(sys.argv[1]), events, size=(1600, 1200))}\n")
