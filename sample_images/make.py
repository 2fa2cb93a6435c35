"""Make the sample card: thirty-one synthetic frames, from nothing but the code in this folder.

    python sample_images/make.py [--out sample_images]

Needs numpy and Pillow; the same versions of both give the same bytes. No photograph goes in, so
nobody's rights come out. What each frame shows is written to truth.csv. The frames show how the
program is used; they never serve to claim how well it works.
"""

import argparse
import copy
import csv
import io
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from scenery import Place, Scene, add_shadow, add_sprite, empty_scene, expose, grass

from camtrap.painted.animals import BUILDS, Pose, skeleton
from camtrap.painted.render import Animal, Camera, render

RIDGE_FOLDER = Path("ST01_ridge/DCIM/100RECNX")
STREAM_FOLDER = Path("ST02_ручей/DCIM/100EK113")
STRIP_PIXELS = 46
TRUNCATED_SHARE = 0.55

NOTE = """\
Заметки по карте (пример, все кадры нарисованы программой)
ST01 - гребень, ST02 - ручей. Батареи заменены, обе камеры работают.
На ST02 один файл не дописан: карту вынули, пока мигала лампочка.

Notes for this card (an example; every frame was drawn by a program)
ST01 is the ridge, ST02 the stream. Batteries changed, both cameras work.
One file on ST02 is incomplete: the card was pulled while the light was blinking.
"""

LABELS = {
    "leopard": "leopard",
    "sika deer": "prey",
    "sika stag": "prey",
    "roe deer": "prey",
    "wild boar": "prey",
    "tiger": "other",
    "red fox": "other",
    "badger": "other",
    "brown bear": "other",
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """One animal: metres right of the middle and away from the lens; heading 0 is to the right."""

    species: str
    across: float
    distance: float
    heading: float
    pose: Pose
    blur: int = 0


@dataclass(frozen=True, slots=True)
class Station:
    """A camera at its place: where its files lie and what it writes into them."""

    folder: Path
    make: str
    model: str
    place: Place
    strip: str = ""
    quality: int = 85


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture to be taken; `sway` bends the grass, `gain` is the exposure."""

    station: Station
    name: str
    taken_at: datetime
    night: bool
    celsius: int
    visitors: tuple[Visitor, ...] = ()
    sway: float = 0.0
    gain: float = 1.0
    truncated: bool = False
    note: str = ""


RIDGE = Station(
    RIDGE_FOLDER,
    "RECONYX",
    "HYPERFIRE 2 COVERT",
    Place(Camera(1280, 960, 1650, 360, 0.95), seed=11, snow=0.22, trunks=46, tufts=95),
    strip="ST01 RIDGE",
)
STREAM = Station(
    STREAM_FOLDER,
    "BUSHNELL",
    "119876",
    Place(
        Camera(1920, 1080, 2250, 400, 0.85), seed=29, snow=0.34, trunks=38, tufts=120, stream=True
    ),
    quality=80,
)


def _walk(visitor: Visitor, step: int, metres: float) -> Visitor:
    """The same animal `step` seconds later, `metres` a second further along its heading."""
    way = metres * step * (1 if abs(visitor.heading) < 90 else -1)
    pose = visitor.pose
    later = Pose(pose.gait + 0.37 * step, pose.stride, pose.head_drop, pose.head_turn, pose.crouch)
    return Visitor(
        visitor.species,
        visitor.across + way,
        visitor.distance,
        visitor.heading,
        later,
        visitor.blur,
    )


def ridge_frames() -> list[Frame]:
    """Station one: six triggers of three frames, a second apart."""
    triggers: list[tuple[datetime, bool, int, Visitor | None, float, float, str]] = [
        (datetime(2026, 2, 14, 13, 5, 41), False, -6, None, 0.0, 1.0, "waving grass"),
        (datetime(2026, 2, 17, 2, 41, 12), True, -15,
         Visitor("leopard", -1.0, 4.4, 8, Pose(0.05, 0.16, 6, -42)), 0.55, 1.0, "walks by"),
        (datetime(2026, 2, 19, 8, 22, 3), False, -11,
         Visitor("sika deer", 0.7, 5.2, 172, Pose(0.15, 0.12, 0, 20)), 0.25, 1.05, "hind"),
        (datetime(2026, 2, 24, 23, 16, 58), True, -13,
         Visitor("roe deer", -0.5, 5.0, 15, Pose(0.3, 0.06, 18, -55)),
         0.12, 1.0, "looks at the camera"),
        (datetime(2026, 3, 2, 4, 3, 27), True, -8, None, 0.0, 1.0, "waving grass"),
        (datetime(2026, 3, 5, 19, 58, 40), True, -4,
         Visitor("red fox", 0.9, 3.6, 186, Pose(0.2, 0.12, 10, 25), blur=16),
         0.75, 0.9, "trots by, blurred"),
    ]  # fmt: skip
    frames: list[Frame] = []
    for start, night, celsius, visitor, speed, gain, note in triggers:
        for step in range(3):
            number = len(frames) + 1
            visitors = (_walk(visitor, step, speed),) if visitor else ()
            sway = (0.10, -0.06, 0.16)[step] if visitor is None else 0.01 * step
            frames.append(
                Frame(
                    RIDGE, f"RCNX{number:04}.JPG", start + timedelta(seconds=step), night, celsius,
                    visitors, sway, gain, note=note,
                )
            )  # fmt: skip
    return frames


def stream_frames() -> list[Frame]:
    """Station two: singles, one burst, a cut-off file and a renamed one."""
    stag = Visitor("sika stag", -0.9, 6.0, 12, Pose(0.05, 0.14, 0, -15))
    stag_at = datetime(2026, 2, 16, 16, 47, 9)
    return [
        Frame(STREAM, "EK000001.JPG", datetime(2026, 2, 15, 5, 12, 33), True, -16,
              (Visitor("leopard", 0.35, 3.9, 158, Pose(0.6, 0.15, 12, 48)),), note="alone"),
        *(
            Frame(STREAM, f"EK00000{2 + step}.JPG", stag_at + timedelta(seconds=step), False, -7,
                  (_walk(stag, step, 0.45),), 0.01 * step, note="stag")
            for step in range(3)
        ),
        Frame(STREAM, "EK000005.JPG", datetime(2026, 2, 18, 11, 30, 2), False, -5,
              sway=0.14, note="waving grass"),
        Frame(STREAM, "EK000006.JPG", datetime(2026, 2, 21, 1, 55, 47), True, -14,
              (Visitor("wild boar", -0.3, 4.6, 22, Pose(0.4, 0.12, 14, -15)),), note="alone"),
        Frame(STREAM, "кабан у солонца.JPG", datetime(2026, 2, 23, 9, 14, 20), False, -8,
              (Visitor("wild boar", 1.1, 5.8, 170, Pose(0.1, 0.10, 25, 0)),
               Visitor("wild boar", -1.1, 6.9, 188, Pose(0.55, 0.10, 18, 0))),
              note="two at the salt lick; the ranger renamed the file"),
        Frame(STREAM, "EK000008.JPG", datetime(2026, 2, 27, 22, 40, 15), True, -12,
              sway=-0.10, note="waving grass"),
        Frame(STREAM, "EK000009.JPG", datetime(2026, 3, 3, 7, 51, 38), False, -9,
              (Visitor("tiger", 0.2, 5.6, 10, Pose(0.05, 0.20, 4, -20)),), note="alone"),
        Frame(STREAM, "EK000010.JPG", datetime(2026, 3, 8, 15, 2, 11), False, 1,
              (Visitor("sika deer", -0.4, 5.4, 195, Pose(0.5, 0.10, 30, 0)),),
              truncated=True, note="a deer; only the upper part of the file was written"),
        Frame(STREAM, "EK000011.JPG", datetime(2026, 3, 12, 12, 20, 54), False, 3,
              sway=-0.08, gain=1.25,
              note="waving grass"),
        Frame(STREAM, "EK000012.JPG", datetime(2026, 3, 21, 21, 33, 6), True, -1,
              (Visitor("badger", 0.15, 3.0, 212, Pose(0.3, 0.06)),), note="alone"),
        Frame(STREAM, "EK000013.JPG", datetime(2026, 3, 28, 17, 9, 44), False, 6,
              (Visitor("brown bear", -0.3, 6.2, 20, Pose(0.1, 0.16, 10, -10)),), note="alone"),
    ]  # fmt: skip


def draw(frame: Frame, ground: Scene, seed: int) -> Image.Image:
    """Take one picture: far grass, animals from back to front, near grass, light, info strip."""
    place = frame.station.place
    scene = copy.deepcopy(ground)
    visitors = sorted(frame.visitors, key=lambda visitor: -visitor.distance)
    reached = 99.0
    for number, visitor in enumerate(visitors):
        grass(place, scene, visitor.distance, reached, frame.sway)
        reached = visitor.distance
        build = BUILDS[visitor.species]
        animal = Animal(
            visitor.species, skeleton(build, visitor.pose), visitor.across, visitor.distance,
            visitor.heading, seed=7 + number,
        )  # fmt: skip
        half = 0.5 * build.trunk_length + build.chest
        add_shadow(scene, visitor.across, visitor.distance, half, 0.35 if frame.night else 0.6)
        add_sprite(scene, render(animal, place.camera), visitor.distance, visitor.blur)
    grass(place, scene, 0.0, reached, frame.sway)
    picture = expose(scene, night=frame.night, seed=seed, gain=frame.gain)
    return _with_strip(picture, frame) if frame.station.strip else picture


def _with_strip(picture: Image.Image, frame: Frame) -> Image.Image:
    """Burn the camera's own line of text over the foot of the picture, as Reconyx does."""
    pen = ImageDraw.Draw(picture)
    width, height = picture.size
    pen.rectangle((0, height - STRIP_PIXELS, width, height), fill=(0, 0, 0))
    font = ImageFont.load_default(size=27)
    line = height - STRIP_PIXELS + 6
    fahrenheit = round(frame.celsius * 9 / 5 + 32)
    pen.text((18, line), f"{frame.taken_at:%Y-%m-%d  %H:%M:%S}", font=font, fill="white")
    pen.text((500, line), f"{fahrenheit}°F  {frame.celsius}°C", font=font, fill="white")
    pen.text((800, line), frame.station.strip, font=font, fill="white")
    pen.text((1030, line), "HYPERFIRE 2", font=font, fill="white")
    return picture


def encode(picture: Image.Image, frame: Frame) -> bytes:
    """The JPEG file with its EXIF block: make, model and times, and on purpose no position."""
    exif = Image.Exif()
    stamp = frame.taken_at.strftime("%Y:%m:%d %H:%M:%S")
    exif[0x010F], exif[0x0110], exif[0x0132] = frame.station.make, frame.station.model, stamp
    details = exif.get_ifd(0x8769)
    details[0x9003] = details[0x9004] = stamp
    if not frame.station.strip:
        details[0x9291] = f"{(frame.taken_at.second * 37) % 100:02}"
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=frame.station.quality, exif=exif)
    data = file.getvalue()
    return data[: int(len(data) * TRUNCATED_SHARE)] if frame.truncated else data


def truth_row(frame: Frame) -> dict[str, str]:
    """One line of truth.csv."""
    species = frame.visitors[0].species if frame.visitors else ""
    label = "truncated" if frame.truncated else LABELS[species] if species else "empty"
    return {
        "file": (frame.station.folder / frame.name).as_posix(),
        "label": label,
        "species": species.replace("sika stag", "sika deer"),
        "note": f"synthetic; {'night' if frame.night else 'day'}; {frame.note}",
    }


def make_card(folder: Path) -> None:
    """Write every frame, the ranger's note and truth.csv under `folder`."""
    frames = ridge_frames() + stream_frames()
    for station in (RIDGE, STREAM):
        (folder / station.folder).mkdir(parents=True, exist_ok=True)
        ground = empty_scene(station.place)
        for seed, frame in enumerate(frames, start=1000):
            if frame.station is station:
                path = folder / station.folder / frame.name
                path.write_bytes(encode(draw(frame, ground, seed), frame))
                print(path)
    (folder / STREAM_FOLDER.parts[0] / "заметки.txt").write_text(
        NOTE, encoding="utf-8", newline="\n"
    )
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["file", "label", "species", "note"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(truth_row, frames))


def main() -> int:
    """Parse the one option and make the card."""
    parser = argparse.ArgumentParser(description="Make the synthetic sample card.")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder to write into"
    )
    make_card(parser.parse_args().out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
