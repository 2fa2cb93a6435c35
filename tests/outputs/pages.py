"""Seasons made by hand for tests of pages, and what a browser makes of a page."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from camtrap.events.frames import placing
from camtrap.ledger.store import Ledger
from camtrap.outputs import brief, events_csv
from camtrap.records import LABELS, Box, Capture, Detection, ImageFile, Prediction, State

THRESHOLDS = {
    "doubt": 0.004,
    "empty": 0.92,
    "leopard": 0.62,
    "other": 0.72,
    "person": 0.6,
    "prey": 0.7,
    "vehicle": 0.71,
}
RUN = {
    "model": {"id": "camtrap 0.1.0 (amur 2026.11)", "sha256": "x"},
    "thresholds": THRESHOLDS,
    "settings": {},
}
BOX = Box(0.3, 0.3, 0.4, 0.4)
EVENING = datetime(2026, 3, 14, 18, 5)
ANYWHERE = Capture(
    taken_at=EVENING,
    timestamp_source="exif",
    make="RECONYX",
    model="HYPERFIRE 2",
    latitude=43.123456,
    longitude=131.654321,
)


class Page(HTMLParser):
    """What a browser makes of the page: its elements with their attributes, and its text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.markup = markup
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str, class_: str = "") -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and (not class_ or class_ in (attributes.get("class") or "").split())
        ]


class Season:
    """A season made by hand: put pictures on cards, say what the model said, and read the page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(folder / "season-2026", create=True)
        self.cards: dict[str, Any] = {}
        self.run_id = 0

    def card(self, name: str = "card") -> Path:
        if name not in self.cards:
            self.cards[name] = self.ledger.add_card(name, self.folder / "cards" / name)
        root: Path = self.cards[name].root
        return root

    def add(
        self,
        path: str,
        state: State,
        confidence: float | None = 0.9,
        *,
        card: str = "card",
        capture: Capture = ANYWHERE,
        leopard: float = 0.0,
        boxes: int = 1,
        data: bytes | None = None,
        reason: str = "",
        infrared: bool | None = None,
        also: Iterable[str] = (),
    ) -> Path:
        """One file in one state; `data` is what lies on the card, nothing when empty.

        `also` are labels of further boxes.
        """
        self.run_id = self.run_id or self.ledger.start_run(RUN)
        root = self.card(card)
        data = picture(path) if data is None else data
        if data:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        chances: dict[str, float] = {}
        if state.is_label:
            named = state if state in LABELS else State.PREY
            chances = {**dict.fromkeys(LABELS, 0.0), named: confidence or 0.0}
            if leopard:
                chances["leopard"] = leopard
        found = Detection(state if state in LABELS else State.PREY, 0.9, BOX, 0.9)
        more = tuple(Detection(label, 0.9, BOX, 0.9) for label in also)
        file = ImageFile(root, path, len(data), 1)
        prediction = Prediction(
            path=root / path,
            state=state,
            confidence=confidence,
            probabilities=chances,
            detections=((found,) * boxes + more if state.is_label and state != State.EMPTY else ()),
            capture=capture,
            content_key=hashlib.sha1(data or f"{card}/{path}".encode()).hexdigest(),
            infrared=infrared,
            reason=reason,
        )
        self.ledger.register(self.cards[card], [file])
        self.ledger.record(self.cards[card], self.run_id, [(file, prediction)])
        return root / path

    def stations(self, *rows: str) -> None:
        """Write the season's `stations.csv`: `id,name,latitude,longitude,start,end` a row."""
        header = "station_id,station_name,latitude,longitude,start,end,utc_offset"
        lines = [header, *(f"{row},+10:00" for row in rows)]
        (self.ledger.season / "stations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def write(self, name: str = "brief.html", **options: Any) -> Path:
        path = self.ledger.season / name
        placed = placing(self.ledger)
        with events_csv.collect(self.ledger, placed) as events:
            brief.write(self.ledger, path, events, placed, **options)
        return path

    def page(self, **options: Any) -> Page:
        return Page(self.write(**options).read_text(encoding="utf-8"))


def picture(of: str, size: tuple[int, int] = (64, 48)) -> bytes:
    """A plain JPEG of a colour of its own, with a position in its metadata."""
    colour = tuple(hashlib.sha1(of.encode()).digest()[:3])
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (43.0, 7.0, 24.0)
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue() + of.encode()  # no two files alike, whatever the colour


def forest(seed: int, size: tuple[int, int] = (1280, 960)) -> bytes:
    """A picture as a camera takes it: sky, trunks, ground, and something in the middle."""
    random = np.random.default_rng(seed)
    wide, high = size
    ground = np.linspace(205, 70, high)[:, None, None] * np.array([0.86, 1.0, 0.8])
    pixels = np.broadcast_to(ground, (high, wide, 3)).copy()
    for _ in range(14):
        left, thick = int(random.integers(0, wide)), int(random.integers(8, 50))
        pixels[: int(random.integers(high // 2, high)), left : left + thick] = random.integers(
            30, 80, 3
        )
    down, across = np.ogrid[:high, :wide]
    body = ((across - wide / 2) / (wide / 6)) ** 2 + ((down - high / 2) / (high / 7)) ** 2 < 1
    pixels[body] = (188, 142, 62)
    pixels += random.normal(0, 8, pixels.shape)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def at(minutes: float, source: str = "exif") -> Capture:
    return Capture(taken_at=EVENING + timedelta(minutes=minutes), timestamp_source=source)


PLACES = (
    ("ST01_ridge", "Ridge above the upper salt lick", 43.1012, 131.5021),
    ("ST02_ручей", "Ручей Холодный", 43.1207, 131.5533),
    ("ST03_山谷", "东北虎豹国家公园山谷", 43.0911, 131.6011),
    ("ST04", "", 43.1008, 131.5042),
    ("ST05", "Пасека у старой дороги за перевалом", 43.0402, 131.4507),
    ("ST06", "", 43.1505, 131.6502),
)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' style='x",
    "</style></title></bdi><svg onload=alert(1)>",
    "line\nbreak",
    "&lt;b&gt;",
)
"""What a card may hold to break a page."""

LONG = "a_very_long_folder_name_" * 8


def dense_season(folder: Path, stations: int = 40) -> Season:
    """Everything at once, and more of it than paper has room for: a year of many cameras."""
    season = Season(folder)
    names = [name for name, *_ in PLACES] + [f"ST{n:02d}" for n in range(7, stations)] + [LONG]
    start, minute = EVENING - timedelta(days=200), timedelta(minutes=1)
    labels = (State.PREY, State.LEOPARD, State.OTHER, State.PERSON, State.UNSURE, State.VEHICLE)
    number = 0
    for place, name in enumerate(names):
        for step in range(14):
            state = labels[(place + step) % len(labels)]
            number += 1
            moment = start + timedelta(days=14 * step + place % 5) + 97 * number * minute
            season.add(
                f"{name}/{step:03d}.JPG",
                state,
                0.65 + (number % 35) / 100,
                card=f"карта {place // 10} 卡",
                capture=Capture(
                    taken_at=moment,
                    timestamp_source=("exif", "exif", "filename", "modified")[number % 4],
                    make="RECONYX",
                    model="HYPERFIRE 2 COVERT",
                    temperature_c=-12,
                ),
                leopard=0.2 + (number % 40) / 100 if state == State.UNSURE else 0.0,
                boxes=1 + number % 3,
                data=forest(number, (640, 480)) if number % 3 else b"",
                infrared=bool(number % 2),
            )
        season.add(
            f"{name}/broken.JPG",
            State.UNREADABLE,
            None,
            card=f"карта {place // 10} 卡",
            capture=Capture(),
            data=b"",
            reason="0 bytes: the camera wrote nothing",
        )
    rows = [f"{name},{told},{north},{east}" for name, told, north, east in PLACES]
    rows += [
        f"ST{n:02d},,{43.0 + (n * 37 % 20) / 100},{131.4 + (n * 53 % 30) / 100}"
        for n in range(7, stations)
    ]
    season.stations(*(f"{row},{start:%Y-%m-%d} 08:00,{EVENING:%Y-%m-%d} 18:00" for row in rows))
    return season
