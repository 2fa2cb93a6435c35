"""Animals on ground that was patched beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camtrap.learn.dataset import Sample
from camtrap.learn.detector.patched import clear, emptied_ones, make_patched, patched
from camtrap.learn.emptied import make_emptied
from camtrap.learn.looks import Seen
from camtrap.pixels.decode import decode_frame
from camtrap.records import Box
from camtrap.vision.proposals import Proposal
from tests.learn.detector.made import with_square

LEFT, RIGHT = Box(0.1, 0.4, 0.15, 0.2), Box(0.7, 0.4, 0.15, 0.2)
SIZE = (320, 240)


def site(seed=0):
    """Ground with much to see in it, the same for all frames of a camera."""
    random = np.random.default_rng(seed)
    coarse = random.integers(60, 190, (30, 40, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(SIZE))


def found(*boxes):
    return tuple(Proposal(box, 0.9 - 0.1 * i) for i, box in enumerate(boxes))


# Where there is room


@pytest.mark.parametrize(
    ("box", "is_clear"),
    [
        (Box(0.7, 0.7, 0.1, 0.1), True),
        (Box(0.45, 0.45, 0.1, 0.1), False),
        (Box(0.62, 0.4, 0.1, 0.2), False),
        (Box(0.65, 0.4, 0.1, 0.2), True),
        (Box(0.0, 0.0, 1.0, 1.0), False),
        (Box(0.4, 0.0, 0.2, 0.37), False),
    ],
    ids=["apart", "inside", "within the margin", "beyond it", "around it", "above, too near"],
)
def test_a_place_is_clear_of_boxes_with_what_is_patched_around_it(box, is_clear):
    # 12 % of 0.2 are patched around the place, and the gap is 0.01: 0.034 in all.
    assert clear(Box(0.4, 0.4, 0.2, 0.2), [box], 0.01) is is_clear


def test_the_ground_changes_and_the_animal_does_not():
    frame = with_square(site(), LEFT)
    other = np.clip(site().astype(int)[:, ::-1], 0, 255).astype(np.uint8)
    done = patched(frame, other, [RIGHT], found(LEFT), np.random.default_rng(0))
    assert done is not None
    changed = (done != frame).any(axis=2)
    assert 0.001 < changed.mean() < 0.15
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    there = Box(columns[0] / 320, rows[0] / 240,
                (columns[-1] - columns[0]) / 320, (rows[-1] - rows[0]) / 240)  # fmt: skip
    for box in (LEFT, RIGHT):
        assert clear(box, [there], -0.12 * max(box.width, box.height))


def test_where_there_is_no_room_there_is_no_patch():
    whole = Box(0.02, 0.02, 0.7, 0.7)
    frame = with_square(site(), whole)
    full = [Box(0, 0, 1, 1)]
    assert patched(frame, site(), full, found(whole), np.random.default_rng(0)) is None


def test_where_it_is_not_sure_where_the_animals_are_nothing_is_patched():
    weak = (Proposal(LEFT, 0.1),)
    assert patched(site(), site(1), [], weak, np.random.default_rng(0)) is None


# Copies on disk


@pytest.fixture
def camera(tmp_path):
    """Three frames of one camera, whose animal stands elsewhere in each, and one of another."""
    samples, seen = [], []
    places = (("a", LEFT, 0), ("b", RIGHT, 0), ("c", Box(0.4, 0.1, 0.15, 0.2), 0), ("d", LEFT, 1))
    for name, box, ground_seed in places:
        path = tmp_path / f"{name}.png"
        pixels = site(ground_seed)
        if name == "b":  # a little brighter, so that its ground can be told
            pixels = np.clip(pixels.astype(int) + 12, 0, 255).astype(np.uint8)
        Image.fromarray(with_square(pixels, box)).save(path)
        samples.append(Sample(path, f"{name}.png", "prey", f"site {ground_seed}", "park", "train"))
        seen.append(Seen(*SIZE, found(box)))
    return samples, seen


def make(camera, tmp_path, which=(0, 1, 2, 3), seed=1):
    samples, seen = camera
    told = []
    made = make_patched(
        samples, seen, which, tmp_path / "patched", seed=seed, on_done=lambda: told.append(1)
    )
    return made, len(told)


def test_frames_with_another_of_their_camera_get_a_copy(camera, tmp_path):
    made, told = make(camera, tmp_path)
    assert set(made) <= {"a.png", "b.png", "c.png"}, "a lone frame has no other's ground"
    assert made
    assert told == 4
    for file, copy in made.items():
        original = decode_frame((tmp_path / file).read_bytes(), 320).pixels
        shown = decode_frame(copy.read_bytes(), 320).pixels
        assert shown.shape == original.shape
        assert not np.array_equal(shown, original)


def test_what_was_made_is_used_again_and_otherwise_made_anew(camera, tmp_path):
    made, _ = make(camera, tmp_path)
    times = {path: path.stat().st_mtime_ns for path in made.values()}
    again, told = make(camera, tmp_path)
    assert (again, told) == (made, 0)
    assert {path: path.stat().st_mtime_ns for path in again.values()} == times
    assert make(camera, tmp_path, seed=2)[1] == 4
    next(iter(made.values())).unlink()
    assert make(camera, tmp_path, seed=2)[1] == 4, "a copy that is gone is made again"


def test_a_copy_does_not_depend_on_which_others_are_made(camera, tmp_path):
    made, _ = make(camera, tmp_path)
    before = {file: copy.read_bytes() for file, copy in made.items()}
    for number, file in enumerate(("a.png", "b.png", "c.png")):
        alone, told = make(camera, tmp_path, which=[number])
        assert told == 1
        assert {name: copy.read_bytes() for name, copy in alone.items()} == {
            name: data for name, data in before.items() if name == file
        }


def test_only_frames_that_were_emptied_get_a_copy(camera, tmp_path):
    samples, seen = camera
    emptied = make_emptied(samples, seen, tmp_path / "emptied", most=1, seed=1)
    assert len(emptied) == 1
    [index] = emptied_ones([*samples, *emptied])
    assert index < 3
    assert emptied_ones(samples) == []


def test_the_pictures_are_only_read(camera, tmp_path):
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.png")}
    make(camera, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.png")} == before
    assert not list(Path(tmp_path / "patched").glob("*.part"))
