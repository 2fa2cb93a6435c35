"""Cards for the benchmark: pictures of a set size made in code, or a person's own.

The sample card's frames are enlarged and covered with fine texture whose spectrum falls as it does
in nature, so that a file is as long as a camera's own. No two are alike.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camtrap.card.scan import scan
from camtrap.errors import UnreadablePicture
from camtrap.pixels.decode import decode_frame
from camtrap.records import ImageFile

SAMPLE_CARD = Path(__file__).resolve().parent.parent / "sample_images"
ONE_ANIMAL_IN = 4
"""One picture in so many holds an animal."""

LEAST_PIXELS = 2_000_000
"""Pictures of a person's own card that are smaller are left out: no camera of today writes them."""

QUALITY = 85
COARSEST = 40
TEXTURE, NOISE = 8.0, 2.0
"""Standard deviations, in grey levels, of what is laid over a frame: texture, so strong that a file
is as long as wanted, and what a sensor adds."""

Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kind:
    """A size of pictures, in pixels."""

    name: str
    width: int
    height: int


KINDS = (Kind("12 MP", 4000, 3000), Kind("2 MP", 1920, 1080))


def make_card(folder: Path, kind: Kind, count: int, seed: int = 0) -> None:
    """Write `count` JPEG files; every fourth shows an animal."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    fine = natural_texture(random, kind.width, kind.height)
    animals, empties = sample_frames(SAMPLE_CARD)
    for index in range(count):
        turn, rest = divmod(index, ONE_ANIMAL_IN)
        source = animals[turn % len(animals)] if rest == 0 else empties[index % len(empties)]
        data = picture(source, kind, fine, random)
        (folder / f"IMG_{index + 1:04d}.JPG").write_bytes(data)


def sample_frames(card: Path) -> tuple[list[Path], list[Path]]:
    """The sample card's whole pictures: those with an animal, one species after the other, and the
    empty ones."""
    of_species: dict[str, list[Path]] = {}
    with (card / "truth.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["label"] != "truncated":
                of_species.setdefault(row["species"], []).append(card / row["file"])
    empties = of_species.pop("")
    turns = zip_longest(*of_species.values())
    animals = [path for paths in turns for path in paths if path is not None]
    return animals, empties


def natural_texture(random: np.random.Generator, width: int, height: int) -> Grey:
    """(height, width) of mean 0 and deviation 1, whose amplitude falls as 1 / frequency, as that of
    natural scenes does (Field 1987); what is coarser than `COARSEST` pixels is left out."""
    white = np.fft.rfft2(random.standard_normal((height, width), dtype=np.float32))
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(height)
    frequency = np.hypot(down[:, None], across[None, :]).astype(np.float32)
    white *= np.where(frequency > 1 / COARSEST, 1 / np.maximum(frequency, 1e-6), 0)
    grey = np.fft.irfft2(white, s=(height, width)).astype(np.float32)
    scaled: Grey = grey / grey.std()
    return scaled


def picture(source: Path, kind: Kind, fine: Grey, random: np.random.Generator) -> bytes:
    """One JPEG file: a frame enlarged, texture laid over it, and a sensor's noise."""
    with Image.open(source) as frame:
        exif = frame.info.get("exif", b"")
        large = frame.convert("RGB").resize((kind.width, kind.height), Image.Resampling.BICUBIC)
    shift = tuple(int(n) for n in random.integers(0, (kind.height, kind.width)))
    grain = TEXTURE * np.roll(fine, shift, axis=(0, 1))
    grain += NOISE * random.standard_normal(grain.shape, dtype=np.float32)
    pixels = np.clip(np.asarray(large, dtype=np.float32) + grain[..., None], 0, 255)
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(
        stream, "JPEG", quality=QUALITY, subsampling="4:2:2", exif=exif
    )
    return stream.getvalue()


def own_card(folder: Path, most: int) -> list[ImageFile]:
    """At most `most` pictures of a person's card, spread over it: whole, and of a camera's size."""
    fit = [file for file in scan(folder) if not file.skip_reason and _is_fit(file)]
    count = min(most, len(fit))
    return [fit[i * len(fit) // count] for i in range(count)]


def _is_fit(file: ImageFile) -> bool:
    try:
        frame = decode_frame(file.path.read_bytes(), 64)
    except UnreadablePicture:
        return False
    return frame.width * frame.height >= LEAST_PIXELS
