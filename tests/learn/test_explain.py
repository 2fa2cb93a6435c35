"""Occlusion maps, on pictures made in code and a model that looks at a known place."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from camtrap.errors import UnreadablePicture
from camtrap.learn.blend import Area
from camtrap.learn.explain import (
    OcclusionMap,
    box_of,
    chance_of,
    covered,
    decode_whole,
    evidence_share,
    log_odds,
    look_at,
    occlusion_map,
    render_map,
    windows,
)
from camtrap.pixels.decode import decode_frame
from camtrap.records import LABELS, Box, Detection, State
from camtrap.vision.calibration import LIVING, sigmoid
from camtrap.vision.predictor import Verdict

WHITE = Box(0.5, 0.25, 0.25, 0.25)


class WhiteSeeker:
    """A model for which a leopard is whatever is white."""

    def __init__(self, frame_side: int = 120, default_batch_size: int = 4) -> None:
        self.frame_side, self.default_batch_size = frame_side, default_batch_size
        self.batches: list[int] = []

    def judge(self, looks):
        self.batches.append(len(looks))
        return [self._verdict(look) for look in looks]

    def _verdict(self, look):
        white = float((look.frame.pixels.min(axis=2) > 200).mean())
        leopard = sigmoid(100 * white - 3)
        chances = dict.fromkeys(LABELS, 0.0) | {"leopard": leopard, "empty": 1 - leopard}
        box = Detection(
            "leopard", leopard, WHITE, 0.5, dict.fromkeys(LIVING, 0.0) | {"leopard": leopard}
        )
        return Verdict(State.LEOPARD, leopard, chances, (box,))


def picture(box=WHITE, width=240, height=180):
    """Dark noise with a white box, as PNG bytes."""
    pixels = np.random.default_rng(0).integers(30, 60, (height, width, 3), np.uint8)
    left, top = round(box.x * width), round(box.y * height)
    right, bottom = round((box.x + box.width) * width), round((box.y + box.height) * height)
    pixels[top:bottom, left:right] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def map_of(grid, box=None):
    return OcclusionMap("leopard", np.array(grid, float), box, 0.9, 240, 180)


def test_the_map_is_positive_where_the_model_looks_and_nowhere_else():
    found = occlusion_map(WhiteSeeker(), picture(), "leopard")
    assert found.grid.shape == (9, 12)
    row, column = np.unravel_index(found.grid.argmax(), found.grid.shape)
    assert 6 <= column <= 8
    assert 2 <= row <= 4
    assert np.abs(found.grid[6:]).max() < 0.05
    assert np.abs(found.grid[:, :4]).max() < 0.05
    assert evidence_share(found, found.box).animal > 0.7


def test_a_model_that_looks_at_the_corner_is_found_out():
    corner = Box(0.8, 0.0, 0.18, 0.15)
    found = occlusion_map(WhiteSeeker(), picture(corner), "leopard")
    share = evidence_share(found, Box(0.1, 0.4, 0.3, 0.3))
    assert share.animal < 0.05
    assert share.corners > 0.5


def test_the_model_is_asked_once_for_each_cell_in_its_own_batches():
    model = WhiteSeeker()
    found = occlusion_map(model, picture(), "leopard", rows=3, columns=5)
    assert sum(model.batches) == 1 + 3 * 5
    assert max(model.batches) == model.default_batch_size
    assert (found.width, found.height) == (240, 180)
    assert found.box == WHITE


def test_a_picture_that_cannot_be_read_is_an_error_and_no_map():
    with pytest.raises(UnreadablePicture):
        occlusion_map(WhiteSeeker(), b"no picture", "leopard")


def test_a_turned_picture_is_decoded_upright_and_at_full_size():
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40)).save(buffer, "JPEG", exif=exif)
    assert decode_whole(buffer.getvalue()).shape == (60, 40, 3)


def test_pixels_in_memory_are_looked_at_as_they_are():
    pixels = decode_whole(picture())
    look = look_at(pixels, 120)
    assert (decode_whole(look.data) == pixels).all()
    assert (look.frame.pixels == decode_frame(picture(), 120).pixels).all()


def test_windows_cover_the_whole_picture_and_overlap():
    seen = np.zeros((100, 130), int)
    areas = list(windows(130, 100, 5, 7))
    assert len(areas) == 35
    for area in areas:
        seen[area.top : area.bottom, area.left : area.right] += 1
    assert seen.min() == 1
    assert seen.max() == 4


@pytest.mark.parametrize(
    "area", [Area(40, 30, 80, 60), Area(0, 0, 30, 30), Area(0, 0, 200, 20), Area(0, 0, 200, 150)]
)
def test_what_is_covered_looks_like_its_surroundings(area):
    pixels = np.random.default_rng(0).integers(80, 100, (150, 200, 3), np.uint8)
    before = pixels.copy()
    pixels[area.top + 4 : area.bottom - 4, area.left + 4 : area.right - 4] = 90
    hidden = covered(pixels, area)
    outside = np.ones(pixels.shape[:2], bool)
    outside[area.top : area.bottom, area.left : area.right] = False
    assert (hidden[outside] == pixels[outside]).all()
    assert abs(float(hidden.mean()) - before.mean()) < 5
    assert hidden.shape == pixels.shape


def test_nothing_of_what_is_covered_shines_through():
    pixels = np.full((150, 200, 3), 60, np.uint8)
    pixels[50:80, 80:110] = 255
    hidden = covered(pixels, Area(70, 40, 120, 90))
    assert hidden.max() < 70
    assert (hidden == covered(pixels, Area(70, 40, 120, 90))).all()


def verdict(picture_chance, *boxes):
    chances = dict.fromkeys(LABELS, 0.0) | {"leopard": picture_chance}
    return Verdict(
        State.UNSURE,
        picture_chance,
        chances,
        tuple(
            Detection("leopard", chance, box, 0.5, dict.fromkeys(LIVING, 0.0) | {"leopard": chance})
            for box, chance in boxes
        ),
    )


def test_a_second_animal_does_not_hide_that_the_leopard_is_still_seen():
    assert chance_of(verdict(0.4, (WHITE, 0.9)), "leopard") == 0.9
    assert chance_of(verdict(0.4), "leopard") == 0.4
    assert chance_of(verdict(0.4), "empty") == 0.0


def test_the_box_is_the_labels_likeliest():
    other = Box(0, 0, 0.1, 0.1)
    assert box_of(verdict(0.9, (other, 0.2), (WHITE, 0.8)), "leopard") == WHITE
    assert box_of(verdict(0.1), "leopard") is None


@pytest.mark.parametrize("p, expected", [(0.5, 0.0), (0.9, math.log(9)), (0.1, -math.log(9))])
def test_log_odds(p, expected):
    assert log_odds(p) == pytest.approx(expected)


def test_log_odds_stay_finite():
    assert math.isfinite(log_odds(0.0))
    assert math.isfinite(log_odds(1.0))


# Shares


def test_shares_are_by_area_and_sum_to_one():
    share = evidence_share(map_of(np.ones((9, 12))), None)
    assert share.animal == 0
    assert share.corners == pytest.approx(4 * 0.25 * 0.16, abs=0.01)
    assert share.strips == pytest.approx(0.5 * 0.24, abs=0.01)
    total = share.animal + share.strips + share.corners + share.elsewhere
    assert total == pytest.approx(1)


def test_an_animal_in_the_strip_counts_as_animal():
    grid = np.zeros((9, 12))
    grid[8, 4:6] = 2
    assert evidence_share(map_of(grid), Box(0.3, 0.6, 0.3, 0.4)).animal == pytest.approx(1)
    assert evidence_share(map_of(grid), None).strips > 0.9


def test_the_box_is_grown_a_little():
    grid = np.zeros((10, 10))
    grid[4, 4] = 1
    assert evidence_share(map_of(grid), Box(0.5, 0.4, 0.5, 0.1)).animal == pytest.approx(
        0.5, abs=0.05
    )


def test_what_speaks_against_the_label_and_jitter_are_no_evidence():
    grid = np.full((9, 12), 0.02)
    grid[0] = -5
    grid[4, 6] = 1
    assert evidence_share(map_of(grid), Box(0.4, 0.4, 0.3, 0.3)).animal == pytest.approx(1)


def test_no_evidence_has_no_shares():
    assert math.isnan(evidence_share(map_of(np.zeros((9, 12))), None).animal)


# Drawing


def drawn(*arguments):
    return np.asarray(Image.open(io.BytesIO(render_map(*arguments))).convert("RGB"), int)


def hot_map():
    grid = np.zeros((9, 12))
    grid[2:4, 2:4], grid[6:8, 8:10] = 3, -3
    return map_of(grid, WHITE)


def test_what_speaks_for_is_orange_and_against_is_blue():
    image = drawn(hot_map(), None, 240)
    assert image.shape == (180, 240, 3)
    red, _, blue = image[60, 60]
    assert red > blue + 100
    red, _, blue = image[140, 180]
    assert blue > red + 100


def test_a_map_without_picture_holds_nothing_of_the_picture():
    assert render_map(hot_map(), None, 200) == render_map(hot_map(), None, 200)
    plain = drawn(map_of(np.zeros((9, 12))), None, 240)
    assert len(np.unique(plain.reshape(-1, 3), axis=0)) == 2  # the ground and the dashes


def test_a_map_over_a_picture_shows_it_in_grey():
    image = drawn(map_of(np.zeros((9, 12))), picture(), 240)
    assert image[60, 150].tolist() == pytest.approx([231] * 3, abs=2)
    assert image[100, 40].max() < 100
