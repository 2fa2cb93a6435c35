"""Small cards and pictures made in code: what a camera writes, and what can go wrong with it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from camtrap.config import Settings
from camtrap.engine.progress import RunProgress
from camtrap.errors import TruncatedPicture
from camtrap.ledger.rows import CardEntry
from camtrap.ledger.store import Ledger
from camtrap.records import LABELS, Box, Detection, ImageFile, State
from camtrap.vision.backends.base import Spec
from camtrap.vision.calibration import Thresholds
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Look, Predictor, Verdict

EXIF_IFD = 0x8769
ORIENTATION, ORIGINAL_TIME = 0x0112, 0x9003
QUADRANTS = {
    "red": (200, 30, 30),
    "green": (30, 180, 30),
    "blue": (30, 30, 200),
    "grey": (128,) * 3,
}
"""Top left, top right, bottom left, bottom right."""

BRIGHTNESS = {label: 20 + 36 * place for place, label in enumerate((*LABELS, "unsure"))}
"""The grey by which the fake model knows each label: `leopard` is dark, `unsure` is bright."""

BREAKS_THE_MODEL, HALF_A_PICTURE = 0, 255
"""Greys on which the fake model raises: black breaks it, white has full-size pixels cut short."""


def quadrants(width: int = 64, height: int = 48) -> Image.Image:
    """A picture in which every corner has a colour of its own."""
    pixels = np.zeros((height, width, 3), np.uint8)
    red, green, blue, grey = QUADRANTS.values()
    pixels[: height // 2, : width // 2] = red
    pixels[: height // 2, width // 2 :] = green
    pixels[height // 2 :, : width // 2] = blue
    pixels[height // 2 :, width // 2 :] = grey
    return Image.fromarray(pixels)


def textured(width: int = 160, height: int = 120, seed: int = 0) -> Image.Image:
    """A picture with fine detail and soft shapes, like leaves, so that its data are long."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    fine = random.integers(-20, 21, (height, width, 3), dtype=np.int16)
    return Image.fromarray(np.clip(soft + fine, 0, 255).astype(np.uint8))


def encoded(
    image: Image.Image,
    picture_format: str = "JPEG",
    *,
    taken_at: datetime | None = None,
    orientation: int | None = None,
    **options: Any,
) -> bytes:
    """The picture as a file's bytes, with the EXIF tags that are given."""
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    if taken_at is not None:
        exif.get_ifd(EXIF_IFD)[ORIGINAL_TIME] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    if orientation is not None or taken_at is not None:
        options["exif"] = exif.tobytes()
    buffer = io.BytesIO()
    image.save(buffer, picture_format, **options)
    return buffer.getvalue()


def frame(
    label: str,
    number: int = 0,
    *,
    taken_at: datetime | None = None,
    size: tuple[int, int] = (48, 36),
) -> bytes:
    """A JPEG that the fake model gives that label; every number has other bytes."""
    return grey_frame(BRIGHTNESS[label], number, taken_at=taken_at, size=size)


def grey_frame(
    brightness: int,
    number: int = 0,
    *,
    taken_at: datetime | None = None,
    size: tuple[int, int] = (48, 36),
) -> bytes:
    """An evenly grey JPEG; every number has other bytes."""
    image = Image.new("RGB", size, (brightness,) * 3)
    return encoded(image, taken_at=taken_at, comment=f"frame {number}")


def put(card: Path, files: Mapping[str, bytes]) -> Path:
    """Write files on a card, by their relative paths; returns the card."""
    for relative_path, data in files.items():
        path = card / relative_path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return card


def plain_card(card: Path, count: int, *, labels: Sequence[str] = LABELS) -> Path:
    """A card of one camera, every frame another, five minutes apart, the labels in turn."""
    start = datetime(2026, 2, 3, 21, 50)
    return put(
        card,
        {
            f"DCIM/100RECNX/RCNX{number:04}.JPG": frame(
                labels[number % len(labels)], number, taken_at=start + timedelta(minutes=5 * number)
            )
            for number in range(count)
        },
    )


def deep_grey(width: int = 40, height: int = 30) -> Image.Image:
    """A 16-bit grey picture, from black on the left to white on the right."""
    ramp = np.linspace(0, 65535, width).astype(np.uint16)
    return Image.fromarray(np.tile(ramp, (height, 1)))


def odd_card(card: Path) -> Path:
    """A card on which everything is wrong that may be; `ODD_STATES` says how each file must end."""
    night = datetime(2026, 2, 3, 23, 59, 58)
    whole = encoded(textured(), taken_at=night)
    put(
        card,
        {
            **{
                f"ST01_ridge/DCIM/100RECNX/RCNX000{number}.JPG": frame(
                    "leopard", number, taken_at=night + timedelta(seconds=number)
                )
                for number in (1, 2, 3)
            },
            "ST01_ridge/DCIM/100RECNX/RCNX0004.JPG": frame("empty", 4),
            "ST02_ручей/кабан у солонца.JPG": frame("prey", 5, taken_at=night),
            "站点三/雪豹.jpg": frame("unsure", 6),
            "odd/cut.JPG": whole[: len(whole) // 2],
            "odd/zeros.JPG": whole[: len(whole) // 2] + bytes(len(whole) // 2),
            "odd/empty file.JPG": b"",
            "odd/second empty file.JPG": b"",
            "odd/text.JPG": "Привет, это не картинка.".encode(),
            "odd/really a png.JPG": encoded(
                Image.new("RGB", (9, 9), (BRIGHTNESS["other"],) * 3), "PNG"
            ),
            "odd/print.JPG": encoded(Image.new("CMYK", (32, 24), (0, 0, 0, 91))),
            "odd/deep.png": encoded(deep_grey(), "PNG"),
            "odd/flag.gif": encoded(Image.new("P", (20, 10)), "GIF"),
            "odd/one.bmp": encoded(Image.new("RGB", (1, 1), (BRIGHTNESS["person"],) * 3), "BMP"),
            "odd/upright.JPG": encoded(
                Image.new("RGB", (48, 36), (BRIGHTNESS["vehicle"],) * 3), orientation=6
            ),
            "odd/twin.JPG": frame("prey", 5, taken_at=night),
            "odd/film.MP4": b"\0\0\0\x18ftypmp42",
            "заметки.txt": "Батарея 40 %".encode(),
            "Thumbs.db": b"\xd0\xcf\x11\xe0",
            ".Trashes/._RCNX0001.JPG": b"\0\x05\x16\x07",
            "ST01_ridge/._RCNX0001.JPG": b"\0\x05\x16\x07",
        },
    )
    return card


ODD_STATES: dict[str, State] = {
    "ST01_ridge/DCIM/100RECNX/RCNX0001.JPG": State.LEOPARD,
    "ST01_ridge/DCIM/100RECNX/RCNX0002.JPG": State.LEOPARD,
    "ST01_ridge/DCIM/100RECNX/RCNX0003.JPG": State.LEOPARD,
    "ST01_ridge/DCIM/100RECNX/RCNX0004.JPG": State.EMPTY,
    "ST02_ручей/кабан у солонца.JPG": State.PREY,
    "odd/cut.JPG": State.TRUNCATED,
    "odd/deep.png": State.PERSON,
    "odd/empty file.JPG": State.UNREADABLE,
    "odd/film.MP4": State.SKIPPED,
    "odd/flag.gif": State.UNREADABLE,
    "odd/one.bmp": State.PERSON,
    "odd/print.JPG": State.VEHICLE,
    "odd/really a png.JPG": State.OTHER,
    "odd/second empty file.JPG": State.UNREADABLE,
    "odd/text.JPG": State.UNREADABLE,
    "odd/twin.JPG": State.DUPLICATE,
    "odd/upright.JPG": State.VEHICLE,
    "odd/zeros.JPG": State.TRUNCATED,
    "站点三/雪豹.jpg": State.UNSURE,
}


class FakePredictor(Predictor):
    """Answers from a picture's mean brightness, so that every test knows what it must say."""

    def __init__(self, *, sha256: str = "0" * 64) -> None:
        self.info = ModelInfo(Path("fake"), "fake", "triage", "none", sha256, version="1")
        self.backend = Spec("torch")
        self.default_batch_size = 1
        self.thresholds = Thresholds(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1)
        self.batches: list[int] = []

    @property
    def frame_side(self) -> int:
        return 32

    def judge(self, looks: Sequence[Look]) -> list[Verdict]:
        self.batches.append(len(looks))
        return [self._answer(float(look.frame.pixels.mean())) for look in looks]

    def _answer(self, brightness: float) -> Verdict:
        if abs(brightness - BREAKS_THE_MODEL) < 5:
            raise RuntimeError("the network fell over\nin two lines")
        if abs(brightness - HALF_A_PICTURE) < 2:
            raise TruncatedPicture("full-size pixels end early")
        label = min(BRIGHTNESS, key=lambda name: abs(BRIGHTNESS[name] - brightness))
        confidence = round(0.6 + brightness / 1000, 3)
        chances = dict.fromkeys(LABELS, (1 - confidence) / 5)
        chances[label if label in chances else "prey"] = confidence
        count = {"leopard": 2, "prey": 1, "person": 1}.get(label, 0)
        detections = tuple(
            Detection(label, confidence, Box(0.1 * n, 0.2, 0.3, brightness / 512), 0.7, chances)
            for n in range(count)
        )
        return Verdict(State(label), confidence, chances, detections)


def image_files(card: Path, names: Iterable[str]) -> list[ImageFile]:
    """Records of files on a card, in the order given."""
    found = []
    for name in names:
        status = (card / name).stat()
        found.append(ImageFile(card, name, status.st_size, status.st_mtime_ns))
    return found


def listed(card: Path, count: int, start: int = 0) -> list[ImageFile]:
    """Records of files that need not exist: frames of one size, in path order."""
    return [
        ImageFile(card, f"{number:06}.JPG", 1000, number) for number in range(start, start + count)
    ]


def new_run(ledger: Ledger, predictor: FakePredictor | None = None) -> int:
    """Begin a run of the fake model in a ledger."""
    model = predictor or FakePredictor()
    return ledger.start_run(
        {
            "model": {"id": f"camtrap ({model.info.name})", "sha256": model.info.sha256},
            "thresholds": model.thresholds.as_dict(),
        }
    )


def settings(**said: Any) -> Settings:
    """Settings of one worker, unless told otherwise."""
    return Settings(**{"workers": 1, "batch_size": 1, **said})


def silence() -> RunProgress:
    """A progress display that shows nothing."""
    return RunProgress(0, 0, quiet=True)


def states(ledger: Ledger) -> dict[str, State]:
    """The state of every file by its path on its card."""
    return {entry.relative_path: entry.state for entry in ledger.entries()}


def first_card(ledger: Ledger) -> CardEntry:
    """The card that the season saw first."""
    return ledger.cards()[0]


def snapshot(card: Path) -> dict[str, tuple[int, int]]:
    """Size and modification time of every file and folder of a card, its own folder included."""
    paths = [card, *sorted(card.rglob("*"))]
    return {os.fspath(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}
