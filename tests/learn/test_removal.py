"""Animals taken off their ground, on pictures made in code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from camtrap.learn.blend import carried
from camtrap.learn.dataset import Sample
from camtrap.learn.removal import (
    SURE,
    aligned,
    animal_regions,
    find_donor,
    likeness,
    remove_animal,
)
from camtrap.records import Box
from camtrap.vision.proposals import Proposal

HEIGHT, WIDTH = 150, 200
BOX = Box(0.3, 0.4, 0.25, 0.3)


def scene(seed=0, *, light=1.0, move=(0, 0)):
    """Infra-red ground: a flash, and texture a few pixels wide."""
    random = np.random.default_rng(seed)
    texture = random.normal(0, 14, (HEIGHT // 3 + 20, WIDTH // 3 + 20)).repeat(3, 0).repeat(3, 1)
    texture = np.roll(texture, move, (0, 1))[:HEIGHT, :WIDTH]
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    flash = 100 * np.exp(-(((y - 75) / 110) ** 2) - ((x - 100) / 120) ** 2)
    grey = np.clip((flash + texture + 20) * light, 0, 255)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def spots(height, width):
    """A bright coat with dark spots."""
    y, x = np.mgrid[0:height, 0:width]
    coat = np.where(((y % 8) < 4) & ((x % 8) < 4), 60, 200)
    return np.repeat(coat[..., None], 3, axis=2).astype(np.uint8)


def inner(box, share=0.0):
    """The pixels of a box, shrunk by `share` of its sides at each side."""
    return (
        slice(
            round((box.y + share * box.height) * HEIGHT),
            round((box.y + (1 - share) * box.height) * HEIGHT),
        ),
        slice(
            round((box.x + share * box.width) * WIDTH),
            round((box.x + (1 - share) * box.width) * WIDTH),
        ),
    )


def with_animal(ground, box=BOX):
    frame = ground.copy()
    rows, columns = inner(box)
    frame[rows, columns] = spots(rows.stop - rows.start, columns.stop - columns.start)
    return frame


def difference(a, b):
    return np.abs(a.astype(int) - b.astype(int))


# Removing


def test_where_the_animal_was_the_ground_shows():
    ground = scene()
    emptied = remove_animal(with_animal(ground), BOX, ground)
    assert difference(emptied, ground)[inner(BOX)].mean() < 3
    assert difference(with_animal(ground), ground)[inner(BOX)].mean() > 50


def test_a_darker_donor_is_matched_in_light():
    ground, dark = scene(), scene(light=0.7)
    emptied = remove_animal(with_animal(ground), BOX, dark)
    assert difference(emptied, ground)[inner(BOX)].mean() < 8
    assert difference(dark, ground)[inner(BOX)].mean() > 20


def test_the_seam_is_no_larger_a_step_than_the_ground_has_anyway():
    ground = scene()
    emptied = remove_animal(with_animal(ground), BOX, scene(light=0.7)).astype(int)
    rows, columns = inner(BOX)
    for column in range(columns.start - 8, columns.start):
        step, usual = (
            np.abs(each[rows, column].astype(int) - each[rows, column - 1]).mean()
            for each in (emptied, ground)
        )
        assert step < usual + 3


def test_far_from_the_animal_nothing_changes():
    frame = with_animal(scene())
    emptied = remove_animal(frame, BOX, scene(light=0.7))
    assert (emptied[:, 150:] == frame[:, 150:]).all()
    assert (emptied[:30] == frame[:30]).all()


def test_an_animal_at_the_frames_edge_is_taken_off_up_to_the_edge():
    box = Box(0.8, 0.5, 0.2, 0.5)
    ground = scene()
    emptied = remove_animal(with_animal(ground, box), box, ground)
    assert difference(emptied, ground)[inner(box)].max() < 25


def test_a_donor_of_another_size_is_refused():
    with pytest.raises(ValueError, match="one size"):
        remove_animal(scene(), BOX, scene()[:100])


# Donors


def sample(group, label="prey"):
    return Sample(Path("a.jpg"), "a.jpg", label, group, "", "train")


def found(box=BOX, score=0.8):
    return (Proposal(box, score),)


ELSEWHERE = Box(0.75, 0.1, 0.15, 0.2)


def donor_among(*others, own=None, **options):
    """`others` are (group, label, proposals, pixels); the frame itself comes first."""
    rows = [("a", "prey", own or found(), with_animal(scene())), *others]
    return find_donor(
        0,
        [sample(group, label) for group, label, _, _ in rows],
        lambda index: rows[index][2],
        lambda index: rows[index][3],
        **options,
    )


def test_a_frame_of_the_same_camera_with_its_animal_elsewhere_is_a_donor():
    donor = donor_among(("a", "prey", found(ELSEWHERE), with_animal(scene(), ELSEWHERE)))
    assert donor is not None
    assert donor.index == 1
    assert donor.likeness > 0.9


@pytest.mark.parametrize(
    "other",
    [
        ("b", "prey", found(ELSEWHERE), scene()),
        ("a", "prey", found(BOX), scene()),
        ("a", "prey", found(Box(0.5, 0.5, 0.2, 0.2)), scene()),
        ("a", "prey", (*found(ELSEWHERE), *found(BOX, 0.06)), scene()),
        ("a", "prey", found(ELSEWHERE, 0.1), scene()),
        ("a", "prey", (), scene()),
        ("a", "prey", found(ELSEWHERE), scene()[:100]),
        ("a", "prey", found(ELSEWHERE), scene(seed=9)),
    ],
    ids=[
        "another camera",
        "animal at the same place",
        "animal reaching in",
        "something weak at the place",
        "its animal not surely found",
        "its animal not found",
        "another size",
        "the view has moved",
    ],
)
def test_what_is_no_donor(other):
    assert donor_among(other) is None


def test_an_empty_frame_needs_no_box_to_be_a_donor():
    donor = donor_among(("a", "empty", (), scene()))
    assert donor is not None


def test_the_likest_of_several_donors_is_taken():
    noisy = scene() + np.random.default_rng(0).integers(0, 40, (HEIGHT, WIDTH, 1), np.uint8)
    donor = donor_among(("a", "empty", (), noisy), ("a", "empty", (), scene()))
    assert donor is not None
    assert donor.index == 2


def test_a_frame_whose_own_animal_is_not_surely_found_gets_no_donor():
    assert donor_among(("a", "empty", (), scene()), own=found(score=SURE - 0.01)) is None


def test_weak_boxes_are_taken_off_too_and_overlapping_ones_as_one():
    regions = animal_regions(
        (*found(BOX), *found(Box(0.5, 0.6, 0.2, 0.2), 0.1), *found(ELSEWHERE, 0.06))
    )
    assert len(regions) == 2
    assert regions[0] == pytest.approx(Box(0.3, 0.4, 0.4, 0.4))


def test_an_animal_that_fills_the_frame_gives_no_regions():
    assert animal_regions(found(Box(0, 0, 0.9, 0.9))) == ()


@pytest.mark.parametrize("move", [(0, 0), (3, -4), (-5, 6)])
def test_a_donor_is_shifted_onto_the_frame(move):
    wide = scene()
    moved = np.roll(wide, (-move[0], -move[1]), (0, 1))
    back, shift = aligned(moved, wide)
    assert shift == pytest.approx((move[1] / WIDTH, move[0] / HEIGHT))
    middle = (slice(15, -15), slice(15, -15))
    assert (back[middle] == wide[middle]).all()


def test_likeness_looks_at_detail_and_not_at_the_flash():
    assert likeness(scene(), scene(), BOX) > 0.99
    assert abs(likeness(scene(), scene(seed=8), BOX)) < 0.3


def test_what_is_known_stays_and_what_is_not_lies_between_its_neighbours():
    values = np.zeros((20, 40, 1), np.float32)
    values[:, :10], values[:, 30:] = 10, 30
    weights = np.zeros((20, 40), np.float32)
    weights[:, :10] = weights[:, 30:] = 1
    filled = carried(values, weights)[..., 0]
    assert (filled[:, :10] == 10).all()
    assert (filled[:, 30:] == 30).all()
    between = filled[:, 10:30].mean(axis=0)
    assert (np.diff(between) > -1e-3).all()
    assert 15 < between[10] < 25
