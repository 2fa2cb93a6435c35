"""Empty pictures of a camera that gave none, on frames made in code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camtrap.learn.dataset import Sample
from camtrap.learn.emptied import LIST, make_emptied, turns
from camtrap.learn.looks import Seen
from camtrap.records import Box
from camtrap.vision.proposals import Proposal
from tests.cards import snapshot

WIDTH, HEIGHT = 200, 150
PLACES = [Box(0.1, 0.5, 0.2, 0.3), Box(0.7, 0.5, 0.2, 0.3), Box(0.4, 0.45, 0.2, 0.3)]


def ground(camera):
    """What one camera always sees: a flash, and texture a few pixels wide."""
    random = np.random.default_rng(camera)
    texture = random.normal(0, 14, (HEIGHT // 3, WIDTH // 3 + 1)).repeat(3, 0).repeat(3, 1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    flash = 90 * np.exp(-(((y - 75) / 110) ** 2) - ((x - 100) / 120) ** 2)
    grey = np.clip(flash + texture[:, :WIDTH] + 20, 0, 255)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def inside(box):
    return (
        slice(round(box.y * HEIGHT), round((box.y + box.height) * HEIGHT)),
        slice(round(box.x * WIDTH), round((box.x + box.width) * WIDTH)),
    )


def with_animal(pixels, box):
    pixels = pixels.copy()
    pixels[inside(box)] = 235
    return pixels


class Cameras:
    """Pictures with what the detector saw in them."""

    def __init__(self, folder):
        self.folder = folder
        self.samples = []
        self.seen = []

    def add(self, camera, name, label="leopard", box=None, score=0.8):
        pixels = ground(camera)
        if box is not None:
            pixels = with_animal(pixels, box)
        path = self.folder / f"{camera}" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        self.samples.append(
            Sample(
                path,
                f"{camera}/{name}.png",
                label,
                f"camera {camera}",
                "park",
                "train",
                species="Panthera pardus",
                licence="CC0",
                boxes=(Box(0, 0, 1, 1),),
            )
        )
        self.seen.append(Seen(WIDTH, HEIGHT, () if box is None else (Proposal(box, score),)))


@pytest.fixture
def cameras(tmp_path):
    """Camera 1 saw an animal at three places, camera 2 one animal once; camera 3 gave an empty."""
    made = Cameras(tmp_path / "pictures")
    for name, box in zip("abc", PLACES, strict=True):
        made.add(1, name, box=box)
    made.add(2, "a", box=PLACES[0])
    made.add(3, "a", label="empty")
    return made


@pytest.fixture
def empty(tmp_path, cameras):
    def made(most=10, seed=0, **options):
        return make_emptied(
            cameras.samples, cameras.seen, tmp_path / "emptied", most=most, seed=seed, **options
        )

    return made


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_the_animals_are_gone_and_the_ground_is_there(empty, cameras):
    made = empty()
    assert len(made) == 3
    for sample in made:
        pixels = pixels_of(sample.path)
        assert pixels.shape == (HEIGHT, WIDTH, 3)
        off = np.abs(pixels - ground(1).astype(int))
        # Frames differ by their animals alone: without one, every frame is the camera's ground.
        for box in PLACES:
            assert off[inside(box)].mean() < 10
        assert off.mean() < 6
    before = np.abs(pixels_of(cameras.samples[0].path) - ground(1).astype(int))
    assert before[inside(PLACES[0])].mean() > 80


def test_they_are_empty_samples_of_the_same_group(empty, cameras, tmp_path):
    made = empty()
    assert {sample.label for sample in made} == {"empty"}
    assert {sample.group for sample in made} == {"camera 1"}
    assert {(s.source, s.split, s.licence) for s in made} == {("park", "train", "CC0")}
    assert {(s.species, s.boxes) for s in made} == {("", ())}
    assert len({sample.file for sample in made}) == 3
    for sample in made:
        assert sample.path.parent == tmp_path / "emptied"
        assert sample.file == f"emptied/{sample.path.name}"


def test_the_pictures_themselves_are_not_touched(empty, cameras):
    before = snapshot(cameras.folder)
    empty()
    assert snapshot(cameras.folder) == before


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_than_were_asked_for(empty, tmp_path, most):
    assert len(empty(most=most)) == most
    assert len(list((tmp_path / "emptied").glob("*.jpg"))) == most


def test_what_was_made_is_used_again(empty, tmp_path):
    told = []
    made = empty(on_done=lambda: told.append(1))
    assert len(told) == 3
    before = snapshot(tmp_path / "emptied")
    assert empty() == made
    assert snapshot(tmp_path / "emptied") == before


def test_the_same_seed_makes_the_same_pictures(empty, tmp_path):
    made = [(s.file, s.path.read_bytes()) for s in empty(most=2)]
    for path in (tmp_path / "emptied").iterdir():
        path.unlink()
    assert [(s.file, s.path.read_bytes()) for s in empty(most=2)] == made


@pytest.mark.parametrize("broken", ["", '{"key": "x", "made": {"1/a.png": "a.jpg"}}'])
def test_a_broken_or_other_list_is_made_anew(empty, tmp_path, broken):
    made = empty()
    (tmp_path / "emptied" / LIST).write_text(broken, encoding="utf-8")
    assert empty() == made


def test_a_picture_that_went_missing_is_made_again(empty):
    made = empty()
    Path(made[1].path).unlink()
    assert empty() == made
    assert all(sample.path.is_file() for sample in made)


def test_other_boxes_are_emptied_anew(empty, cameras):
    empty()
    cameras.seen[0] = Seen(WIDTH, HEIGHT, (Proposal(PLACES[0], 0.1),))  # not sure any more
    assert len(empty()) == 2


def test_an_empty_frame_shows_what_is_behind_the_only_animal(empty, cameras):
    cameras.add(2, "b", label="empty")
    made = empty()
    assert sorted(sample.group for sample in made) == ["camera 1"] * 3 + ["camera 2"]
    [other] = [sample for sample in made if sample.group == "camera 2"]
    off = np.abs(pixels_of(other.path) - ground(2).astype(int))
    assert off[inside(PLACES[0])].mean() < 10


def test_other_groups_never_lend_their_ground(empty, cameras):
    cameras.samples[:3] = [
        replace(sample, group=f"event {number}")
        for number, sample in enumerate(cameras.samples[:3])
    ]
    assert empty() == []


# Turns


def grouped(*groups):
    return [
        Sample(Path(f"{i}.jpg"), f"{i}.jpg", label, group, "", "")
        for i, (group, label) in enumerate(groups)
    ]


def test_every_group_comes_once_before_any_comes_twice():
    samples = grouped(*[("a", "prey")] * 4, ("b", "prey"), ("c", "leopard"), ("c", "other"))
    order = turns(samples, 3)
    assert sorted(order) == list(range(7))
    groups = [samples[index].group for index in order]
    assert sorted(groups[:3]) == ["a", "b", "c"]
    assert sorted(groups[3:5]) == ["a", "c"]
    assert groups[5:] == ["a", "a"]


def test_empty_pictures_have_no_turn():
    assert turns(grouped(("a", "empty"), ("a", "prey"), ("b", "empty")), 0) == [1]
    assert turns([], 0) == []


def test_turns_depend_on_the_seed_alone():
    samples = grouped(*[(group, "prey") for group in "abcd" for _ in range(5)])
    assert turns(samples, 1) == turns(samples, 1)
    assert turns(samples, 1) != turns(samples, 2)
