"""Where a model looks: the parts of a picture without which it would no longer say what it says.

Occlusion maps (Zeiler and Fergus 2014, section 4.2): a window slides over the picture, what lies
under it is replaced by its smooth surroundings, and the label's log-odds are asked again. The model
is a black box; it is given whole pictures, as in use, so the map covers both looks and the rule.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from camtrap.batches import in_batches
from camtrap.learn.blend import FINEST, Area, Floats, carried, fade
from camtrap.pixels.decode import Pixels, decode_crops, decode_frame, opened, upright_size
from camtrap.pixels.fit import Region, clipped, fitted_size
from camtrap.records import Box
from camtrap.vision.predictor import Look, Verdict

WINDOW = 1.5
"""The window's sides in cells: neighbours overlap, so that no animal falls between two of them."""

STRIP = 0.12
"""Top and bottom share of a frame where cameras print; the park's digits end 10 % from it."""

CORNER = (0.25, 0.16)
"""Width and height of the corners where emblems sit, as shares of the frame."""

NOTICEABLE = 0.1
"""Drops of the log-odds below this are the detector's jitter, and no evidence."""

GROWN = 0.1
"""An animal's box is grown by this share of its sides: a box that cuts a tail is no short cut."""

_SURE = 1e-6  # probabilities are kept this far from 0 and 1, so that log-odds stay finite


class Judge(Protocol):
    """What is asked of a model: what `camtrap.vision.predictor.Predictor` gives, and no more."""

    @property
    def frame_side(self) -> int: ...

    @property
    def default_batch_size(self) -> int: ...

    def judge(self, looks: Sequence[Look]) -> list[Verdict]: ...


@dataclass(frozen=True, slots=True, eq=False)
class OcclusionMap:
    """What each part of a picture contributes to one label.

    `grid` (rows, columns) holds by how much the log-odds of `label` (of `chance_of`) drop when the
    cell is covered: positive where the cell speaks for the label. `box` is the animal's, None where
    the model shows none; `probability` is the label's for the picture as it is. Width and height
    are in pixels.
    """

    label: str
    grid: NDArray[np.float64]
    box: Box | None
    probability: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class EvidenceShare:
    """Shares of the positive evidence by place, 0..1, summing to 1; all NaN where there is none."""

    animal: float
    strips: float
    corners: float
    elsewhere: float


def decode_whole(data: bytes) -> Pixels:
    """A picture at its full size, upright; raises as `decode_frame`."""
    with opened(data) as image:
        width, height = upright_size(image)
    return decode_frame(data, max(width, height)).pixels


def look_at(pixels: Pixels, side: int) -> Look:
    """Pixels in memory as the predictor takes pictures: as the bytes of an uncompressed file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "BMP")
    data = buffer.getvalue()
    return Look(data, decode_frame(data, side))


def occlusion_map(
    predictor: Judge, data: bytes, label: str, *, rows: int = 9, columns: int = 12
) -> OcclusionMap:
    """Ask the model once for the picture and once for each of `rows` x `columns` covered ones.

    Raises `UnreadablePicture` when the picture cannot be decoded.
    """
    pixels = decode_whole(data)
    base = predictor.judge([look_at(pixels, predictor.frame_side)])[0]
    before = log_odds(chance_of(base, label))
    looks = (
        look_at(covered(pixels, area), predictor.frame_side)
        for area in windows(pixels.shape[1], pixels.shape[0], rows, columns)
    )
    drops = [
        before - log_odds(chance_of(verdict, label))
        for batch in in_batches(looks, predictor.default_batch_size)
        for verdict in predictor.judge(batch)
    ]
    return OcclusionMap(
        label=label,
        grid=np.array(drops).reshape(rows, columns),
        box=box_of(base, label),
        probability=base.probabilities[label],
        width=pixels.shape[1],
        height=pixels.shape[0],
    )


def windows(width: int, height: int, rows: int, columns: int) -> Iterator[Area]:
    """The window around each cell, row by row, cut at the frame."""
    half_x, half_y = WINDOW * width / columns / 2, WINDOW * height / rows / 2
    for row in range(rows):
        for column in range(columns):
            x, y = (column + 0.5) * width / columns, (row + 0.5) * height / rows
            yield Area(
                max(0, round(x - half_x)),
                max(0, round(y - half_y)),
                min(width, round(x + half_x)),
                min(height, round(y + half_y)),
            )


def covered(pixels: Pixels, area: Area) -> Pixels:
    """The picture with an area replaced by its surroundings, carried smoothly into it.

    A grey or smooth patch would be an object of its own to a network, and would be found instead of
    the animal. So the grain of the surroundings is added, in random order, and the edges are soft.
    """
    height, width, _ = pixels.shape
    reach = max(8, min(area.right - area.left, area.bottom - area.top) // 2)
    left, top = max(0, area.left - reach), max(0, area.top - reach)
    cut = pixels[top : area.bottom + reach, left : area.right + reach].astype(np.float32)
    known = np.ones(cut.shape[:2], np.float32)
    inside = (
        slice(area.top - top, area.bottom - top),
        slice(area.left - left, area.right - left),
    )
    known[inside] = 0
    if not known.any():
        smooth = np.broadcast_to(cut.mean(axis=(0, 1)), cut.shape)[inside]
    else:
        smooth = carried(cut, known, FINEST)[inside]
        smooth = smooth + _grain(cut, known, smooth.shape[:2])
    across = fade(area.left, area.right, width, 0.2)
    down = fade(area.top, area.bottom, height, 0.2)
    cover = (down[:, None] * across)[..., None]
    done = pixels.copy()
    mixed = cover * smooth + (1 - cover) * cut[inside]
    done[area.top : area.bottom, area.left : area.right] = np.clip(mixed + 0.5, 0, 255)
    return done


def _grain(cut: Floats, known: Floats, shape: tuple[int, ...]) -> Floats:
    """Detail of the surroundings shuffled: their contrast without any form, always the same."""
    detail = cut - carried(cut, np.ones_like(known), FINEST)
    # Without the strongest of it: a pair of eyes, or print beside the area, is no ground.
    around = detail[known > 0]
    around = np.clip(around, *np.quantile(around, (0.1, 0.9))).astype(np.float32)
    random = np.random.default_rng(0)
    # Two pixels wide, as detail of a decoded photograph is.
    small = random.integers(0, len(around), (-(-shape[0] // 2), -(-shape[1] // 2)))
    grain: Floats = around[small].repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]]
    return grain


def chance_of(verdict: Verdict, label: str) -> float:
    """How sure the model is that the label is in the picture: by the picture or by its best box.

    Covering may make the model see something else as well, and then the picture's chances are
    divided; the label's own box says that it is still seen.
    """
    boxes = (each.probabilities.get(label, 0.0) for each in verdict.detections)
    return max(verdict.probabilities[label], *boxes, 0.0)


def box_of(verdict: Verdict, label: str) -> Box | None:
    """The box that stands for the label: the likeliest for it of those that the verdict shows."""
    if not verdict.detections:
        return None
    best = max(verdict.detections, key=lambda each: each.probabilities.get(label, 0.0))
    return clipped(best.box)


def log_odds(probability: float) -> float:
    """ln(p / (1 - p)), with p kept a millionth away from 0 and 1."""
    kept = min(max(probability, _SURE), 1 - _SURE)
    return math.log(kept / (1 - kept))


def evidence_share(map_: OcclusionMap, box: Box | None) -> EvidenceShare:
    """Where the positive evidence lies: on the animal, in the strips, in the corners, elsewhere.

    Each cell's drop is spread evenly over the cell. The animal's box, grown by `GROWN`, is asked
    first: an animal under the date strip is no short cut. Then come the corners, then the strips.
    """
    rows, columns = map_.grid.shape
    fine = 24
    noticed = np.where(map_.grid >= NOTICEABLE, map_.grid, 0)
    positive = noticed.repeat(fine, axis=0).repeat(fine, axis=1)
    total = float(positive.sum())
    if total <= 0:
        return EvidenceShare(math.nan, math.nan, math.nan, math.nan)
    y = ((np.arange(rows * fine) + 0.5) / (rows * fine))[:, None]
    x = ((np.arange(columns * fine) + 0.5) / (columns * fine))[None]
    animal = np.zeros(positive.shape, bool)
    if box is not None:
        more_x, more_y = GROWN * box.width, GROWN * box.height
        animal = ((x >= box.x - more_x) & (x <= box.x + box.width + more_x)) & (
            (y >= box.y - more_y) & (y <= box.y + box.height + more_y)
        )
    corners = ((x < CORNER[0]) | (x > 1 - CORNER[0])) & ((y < CORNER[1]) | (y > 1 - CORNER[1]))
    corners &= ~animal
    strips = ((y < STRIP) | (y > 1 - STRIP)) & ~animal & ~corners
    on_animal, on_strips, on_corners = (
        float(positive[place].sum()) / total for place in (animal, strips, corners)
    )
    rest = max(0.0, 1 - on_animal - on_strips - on_corners)
    return EvidenceShare(on_animal, on_strips, on_corners, rest)


def render_map(map_: OcclusionMap, picture: bytes | None, side: int) -> bytes:
    """The map as PNG bytes, its longer side `side` pixels.

    Orange is what speaks for the label, blue what speaks against it, over the greyed picture. With
    no `picture` the ground is plain: such a map shows no pixel of the picture, and may be published
    where the picture may not. The animal's box is outlined; the strips' edges are dashed.
    """
    size = fitted_size(map_.width, map_.height, side)
    ground = np.full((size[1], size[0]), 236, np.float32)
    if picture is not None:
        whole = Region(0, 0, map_.width, map_.height)
        square = decode_crops(picture, [whole], max(size))[0]
        left, top = (max(size) - size[0]) // 2, (max(size) - size[1]) // 2
        grey = square[top : top + size[1], left : left + size[0]].astype(np.float32).mean(axis=2)
        ground = 40 + 0.75 * grey
    most = max(float(np.abs(map_.grid).max()), 1e-6)
    heat = Image.fromarray((map_.grid / most).astype(np.float32))
    strength = np.asarray(heat.resize(size, Image.Resampling.BILINEAR))[..., None]
    colour = np.where(strength > 0, np.array((230, 90, 0)), np.array((30, 90, 200)))
    alpha = 0.85 * np.abs(strength) ** 0.8
    mixed = (1 - alpha) * ground[..., None] + alpha * colour
    image = Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for share in (STRIP, 1 - STRIP):
        for x in range(0, size[0], 12):
            y = round(share * size[1])
            draw.line((x, y, x + 5, y), fill=(90, 90, 90))
    if map_.box is not None:
        x0, y0 = map_.box.x * size[0], map_.box.y * size[1]
        x1, y1 = x0 + map_.box.width * size[0] - 1, y0 + map_.box.height * size[1] - 1
        draw.rectangle((x0, y0, max(x0, x1), max(y0, y1)), outline=(0, 120, 60), width=2)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
