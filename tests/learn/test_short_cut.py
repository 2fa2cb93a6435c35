"""The park's marks put on and taken off, and the tables of what that does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from camtrap.learn.short_cut import (
    KINDS,
    STRIPS,
    Judged,
    decorated,
    effect,
    judge,
    stripped,
    table,
    transplanted,
    without_animal,
)
from camtrap.records import Box, State
from tests.learn.test_explain import WhiteSeeker

HEIGHT, WIDTH = 288, 512
GREY = np.repeat(
    np.random.default_rng(0).integers(50, 80, (HEIGHT, WIDTH, 1), dtype=np.uint8), 3, axis=2
)
BOX = Box(0.4, 0.4, 0.2, 0.25)


def changed(pixels, original=GREY):
    return (pixels != original).any(axis=2)


def orange(pixels):
    values = pixels.astype(int)
    return (values[..., 0] > 230) & (values[..., 2] < 40)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_marks_change_the_frame_a_little_and_repeatably(kind, seed):
    once, again = (decorated(GREY, kind, np.random.default_rng(seed), BOX) for _ in range(2))
    assert (once == again).all()
    assert 0.001 < changed(once).mean() < 0.2
    assert once.shape == GREY.shape
    assert once.dtype == np.uint8


@pytest.mark.parametrize("seed", range(6))
def test_logos_are_orange_and_lie_in_a_corner(seed):
    rows, columns = np.nonzero(orange(decorated(GREY, "logo", np.random.default_rng(seed))))
    assert len(rows) > 50
    assert rows.max() < 0.25 * HEIGHT or rows.min() > 0.75 * HEIGHT
    assert columns.max() < 0.3 * WIDTH or columns.min() > 0.7 * WIDTH


@pytest.mark.parametrize("seed", range(6))
def test_strips_lie_at_the_top_or_bottom(seed):
    rows = np.flatnonzero(changed(decorated(GREY, "strip", np.random.default_rng(seed))).any(1))
    assert rows.max() < 0.12 * HEIGHT or rows.min() > 0.88 * HEIGHT


@pytest.mark.parametrize("seed", range(6))
def test_only_the_outline_and_its_label_are_painted_out(seed):
    marks = changed(decorated(GREY, "painted_out", np.random.default_rng(seed), BOX))
    inside = (slice(int(0.44 * HEIGHT), int(0.61 * HEIGHT)), slice(215, 300))
    assert not marks[inside].any()
    assert marks[int(0.3 * HEIGHT) : int(0.66 * HEIGHT), 200:312].any()
    assert not marks[int(0.7 * HEIGHT) :].any()


def test_all_marks_together_hold_each():
    everything = decorated(GREY, "all", np.random.default_rng(1), BOX)
    assert orange(everything).any()
    assert changed(everything)[int(0.4 * HEIGHT) : int(0.45 * HEIGHT), 200:312].any()


def test_an_unknown_mark_is_refused():
    with pytest.raises(ValueError, match="logo"):
        decorated(GREY, "unicorn", np.random.default_rng(0))


def marked_frame():
    """A park's frame: orange in a corner, thin bright digits at the bottom, a bright animal."""
    frame = GREY[::-1].copy()
    frame[10:30, 420:490] = (255, 140, 0)
    frame[265:280, 300:303] = frame[265:280, 320:323] = 250
    frame[100:180, 200:300] = 220
    return frame


def test_the_very_marks_of_a_frame_come_along_and_nothing_else():
    done = transplanted(GREY, marked_frame())
    assert orange(done)[12:28, 422:488].all()
    assert (done[268:277, 301] > 200).all()
    assert not changed(done)[40:250].any()
    assert changed(done).mean() < 0.03


def test_marks_are_cut_out_at_the_size_of_the_other_picture():
    done = transplanted(GREY[::2, ::2], marked_frame())
    assert orange(done)[7:13, 212:243].all()


def test_stripping_takes_the_marks_off():
    frame = marked_frame()
    bare = stripped(frame)
    assert not orange(bare).any()
    assert (bare[265:280, 300:323] < 120).all()
    assert (bare[100:180, 200:300] == 220).all()


def test_what_is_to_be_kept_is_kept_when_marks_are_taken_off():
    frame = marked_frame()
    keep = Box(0.5, 0.8, 0.2, 0.2)
    assert (stripped(frame, keep=keep)[231:288, 256:358] == frame[231:288, 256:358]).all()


def test_single_zones_can_be_stripped():
    bare = stripped(marked_frame(), STRIPS[1:])
    assert orange(bare).any()
    assert (bare[265:280, 300:323] < 120).all()


def test_the_animal_is_taken_off_and_the_marks_stay():
    frame = marked_frame()
    box = Box(200 / WIDTH, 100 / HEIGHT, 100 / WIDTH, 80 / HEIGHT)
    bare = without_animal(frame, box)
    assert bare[100:180, 200:300].mean() < 90
    assert orange(bare)[12:28, 422:488].all()


def judged(state, probability):
    return Judged(State(state), probability, None)


def test_an_effect_counts_what_became_and_what_was_lost():
    before = [judged("prey", 0.1), judged("prey", 0.2), judged("leopard", 0.9)]
    after = [judged("leopard", 0.8), judged("prey", 0.2), judged("unsure", 0.5)]
    found = effect("logo", before, after)
    assert (found.before.right, found.after.right, found.before.count) == (1, 1, 3)
    assert (found.gained.right, found.gained.count) == (1, 2)
    assert (found.lost.right, found.lost.count) == (1, 1)
    expected = (math.log(4) + math.log(9) - math.log(9)) / 3
    assert found.change == pytest.approx(expected)


def test_before_and_after_are_the_same_pictures():
    with pytest.raises(ValueError):
        effect("logo", [judged("prey", 0.1)], [])


def test_the_table_holds_a_row_an_effect_with_intervals():
    found = effect("logo", [judged("prey", 0.1)] * 4, [judged("leopard", 0.9)] * 4)
    head, rule, row = table([found]).splitlines()
    assert head.count("|") == rule.count("|") == row.count("|")
    assert row.startswith("| logo |")
    assert "(4/4)" in row
    assert "+4.39" in row


def test_a_model_that_follows_white_print_is_caught():
    model = WhiteSeeker()
    plain = judge(model, GREY)
    white = GREY.copy()
    white[260:] = 255
    assert judge(model, white).probability > plain.probability + 0.5
    assert judge(model, stripped(white)).probability == pytest.approx(plain.probability, abs=0.05)
