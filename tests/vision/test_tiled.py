"""A large picture looked at tile by tile: every animal once, one verdict, always the same."""

from __future__ import annotations

import pytest

from camtrap.errors import UnreadablePicture
from camtrap.pixels import limits
from camtrap.pixels.fit import overlap
from camtrap.pixels.regions import large_frame
from camtrap.pixels.tiles import plan_tiles
from camtrap.records import Box, State
from camtrap.vision import tiled
from camtrap.vision.predictor import Look, Verdict
from tests.blobs import BlobPredictor, Place, painted
from tests.cards import encoded

SIZE = (1700, 1250)
TILES = plan_tiles(*SIZE)
FIRST_SEAM, LOWER_SEAM = TILES[0].right, TILES[0].bottom
HERD: list[tuple[str, Place]] = [
    ("prey", (100 + 110 * n, 850 + 17 * (n % 3), 50, 30)) for n in range(12)
]


def look(animals: list[tuple[str, Place]], quality: int = 95) -> Look:
    data = encoded(painted(SIZE, animals), quality=quality)
    frame = large_frame(data, 640)
    return Look(data, frame, plan_tiles(frame.width, frame.height))


def judged(animals: list[tuple[str, Place]], model: BlobPredictor | None = None) -> Verdict:
    [verdict] = (model or BlobPredictor()).judge([look(animals)])
    return verdict


def assert_found(verdict: Verdict, animals: list[tuple[str, Place]]) -> None:
    assert len(verdict.detections) == len(animals)
    for label, (left, top, width, height) in animals:
        true = Box(left / SIZE[0], top / SIZE[1], width / SIZE[0], height / SIZE[1])
        best = max(verdict.detections, key=lambda found: overlap(found.box, true))
        assert overlap(best.box, true) > 0.7
        assert best.label == label


@pytest.mark.parametrize(
    "animals",
    [
        [("leopard", (300, 300, 60, 30))],
        [("leopard", (FIRST_SEAM - 30, 300, 60, 30))],
        [("leopard", (FIRST_SEAM - 30, LOWER_SEAM - 15, 60, 30))],
        [("prey", (FIRST_SEAM - 63, 300, 60, 30)), ("prey", (FIRST_SEAM + 3, 300, 60, 30))],
        [("prey", (800, LOWER_SEAM - 34, 60, 30)), ("other", (800, LOWER_SEAM + 2, 60, 30))],
        [("leopard", (700, 500, 700, 500))],  # larger than any overlap
        HERD,
    ],
)
def test_every_animal_is_found_once_and_named(animals: list[tuple[str, Place]]) -> None:
    assert_found(judged(animals), animals)


def test_small_animals_are_found_that_a_single_look_passes_over() -> None:
    animals: list[tuple[str, Place]] = [("prey", (1200, 700, 24, 6))]
    picture = look(animals)
    model = BlobPredictor()
    assert model.first_look([picture.frame.pixels]) == [()]
    assert_found(judged(animals, model), animals)


def test_the_whole_picture_has_one_state() -> None:
    verdict = judged([*HERD, ("leopard", (1500, 200, 60, 30))])
    assert verdict.state is State.LEOPARD
    assert verdict.detections[0].label == "leopard"
    assert sum(verdict.probabilities.values()) == pytest.approx(1.0)
    assert judged(HERD).state is State.PREY


def test_nothing_anywhere_is_empty() -> None:
    verdict = judged([])
    assert (verdict.state, verdict.detections) == (State.EMPTY, ())
    assert verdict.probabilities["empty"] == 1.0


@pytest.mark.parametrize("batch_size", [1, 8])
def test_neighbours_in_a_batch_change_nothing(batch_size: int) -> None:
    model = BlobPredictor(batch_size=batch_size)
    first, second = look(HERD), look([("leopard", (1500, 200, 60, 30))])
    alone = model.judge([first]) + model.judge([second])
    assert model.judge([first, second]) == alone
    assert model.judge([second, first]) == alone[::-1]


def test_a_gpu_and_a_processor_say_the_same() -> None:
    assert judged(HERD, BlobPredictor(batch_size=8)) == judged(HERD, BlobPredictor())


def test_a_gpu_sees_tiles_in_batches_of_one_size(monkeypatch) -> None:
    monkeypatch.setattr(tiled, "GPU_TILES", 4)
    model = BlobPredictor(batch_size=8)
    judged(HERD, model)
    assert [count for count, *_ in model.seen] == [4, 4, 4, len(TILES) - 12]


def test_all_cores_on_one_very_large_picture_say_the_same(monkeypatch) -> None:
    alone = judged(HERD)
    monkeypatch.setattr(tiled, "LARGE", 1_000)
    assert judged(HERD) == alone


def test_very_large_pictures_take_turns(monkeypatch) -> None:
    monkeypatch.setattr(tiled, "LARGE", 1_000)
    held: list[bool] = []

    class Watching(BlobPredictor):
        def second_look(self, crops):
            free = limits.one_large.acquire(blocking=False)  # another thread than its holder
            if free:
                limits.one_large.release()
            held.append(not free)
            return super().second_look(crops)

    judged(HERD, Watching())
    assert held and all(held)


def test_there_is_a_bound_on_second_looks_and_a_note_of_it(monkeypatch) -> None:
    monkeypatch.setattr(tiled, "MOST_BOXES", 5)
    verdict = judged(HERD)
    assert len(verdict.detections) == 5
    assert "5 likeliest places" in verdict.reason
    assert judged(HERD[:4]).reason == ""


def test_ordinary_pictures_beside_tiled_ones_go_the_ordinary_way() -> None:
    model = BlobPredictor()
    large = look(HERD)
    plain = Look(large.data, large.frame)
    one, two, three = model.judge([plain, large, plain])
    assert len(one.detections) == 4  # the most that an ordinary picture gets
    assert len(two.detections) == len(HERD)
    assert one == three


def test_a_picture_whose_full_size_is_cut_short_is_told_so() -> None:
    whole = look(HERD)
    cut = Look(whole.data[: len(whole.data) // 2], whole.frame, whole.tiles)
    with pytest.raises(UnreadablePicture):
        BlobPredictor().judge([cut])
