"""Measuring the stages: which files are sampled, what is timed, and what is told of failures."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.scan import scan
from camtrap.engine.rates import (
    Named,
    Rate,
    Spread,
    decode_sample,
    forget_cached,
    judge_sample,
    read_sample,
)
from camtrap.engine.stages import judge
from camtrap.errors import UnreadablePicture
from camtrap.pixels.decode import decode_frame
from camtrap.records import ImageFile
from camtrap.vision.predictor import Look
from tests.cards import BREAKS_THE_MODEL, frame, grey_frame, listed, odd_card, plain_card, snapshot


def ticking(step: float = 0.5) -> Callable[[], float]:
    """A clock that goes on by `step` seconds each time it is asked."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += step
        return now

    return clock


def picked(files: list[ImageFile], count: int, size: int = 1 << 40) -> list[ImageFile]:
    spread = Spread(count)
    for file in files:
        spread.add(file)
    return spread.picked(size)


def named(*pictures: bytes) -> list[Named]:
    return [
        Named(f"{n}.JPG", Look(data, decode_frame(data, 32))) for n, data in enumerate(pictures)
    ]


# Which files


@given(total=st.integers(0, 500), count=st.integers(1, 30))
def test_a_sample_has_the_size_wanted_and_keeps_the_order(total, count):
    files = listed(Path("card"), total)
    sample = picked(files, count)
    assert len(sample) == min(total, count)
    assert sample == sorted(sample, key=lambda file: file.relative_path)
    assert len(set(sample)) == len(sample)


@given(total=st.integers(50, 2000))
def test_a_sample_reaches_over_the_whole_card(total):
    numbers = [int(file.relative_path[:6]) for file in picked(listed(Path("card"), total), 10)]
    gaps = [after - before for before, after in pairwise(numbers)]
    assert numbers[0] == 0
    assert numbers[-1] >= total / 2
    assert max(gaps) <= 3 * min(gaps)


@pytest.mark.parametrize(("size", "count"), [(8000, 8), (3500, 3), (1000, 1), (10, 1)])
def test_large_files_make_a_smaller_sample_but_never_none(size, count):
    assert len(picked(listed(Path("card"), 100), 8, size)) == count


# Reading


def test_the_reading_of_each_file_is_timed_and_nothing_else(card):
    files = list(scan(card))
    sample = read_sample(files, forget=lambda file: True, clock=ticking())
    assert [file for file, _ in sample.files] == files
    assert sample.files[0][1] == files[0].path.read_bytes()
    assert sample.rate == Rate(12, sum(file.size for file in files), 12 * 0.5)
    assert sample.is_fresh


def test_a_file_that_cannot_be_read_is_told_and_not_timed():
    def read(file: ImageFile) -> bytes:
        if file.relative_path == "000001.JPG":
            raise UnreadablePicture("the card is worn out")
        return b"12345"

    sample = read_sample(
        listed(Path("card"), 3), read=read, forget=lambda file: True, clock=ticking(1.0)
    )
    assert sample.rate.count == 2
    assert sample.rate.size == 10
    [fault] = sample.faults
    assert fault.path == str(Path("card/000001.JPG"))
    assert fault.reason == "the card is worn out"


def test_one_file_that_the_system_keeps_makes_the_sample_doubtful(card):
    kept = iter([True, False, *[True] * 10])
    assert not read_sample(scan(card), forget=lambda file: next(kept)).is_fresh
    assert not read_sample([]).is_fresh


def test_the_card_is_not_written_to(card):
    before = snapshot(card)
    answers = {forget_cached(file) for file in scan(card)}
    assert answers == {hasattr(os, "posix_fadvise")}
    read_sample(scan(card))
    assert snapshot(card) == before


def test_a_file_that_is_gone_cannot_be_forgotten():
    assert forget_cached(listed(Path("nowhere"), 1)[0]) is False


# Decoding


def test_every_thread_has_work_and_the_rate_counts_all_of_it(card):
    files = read_sample(scan(card)).files
    found = decode_sample(files, 32, 8, clock=ticking(2.0))
    assert len(found.pictures) == 12
    assert found.rate == Rate(36, 3 * sum(len(data) for _, data in files), 2.0)
    assert found.rate.pictures == 18.0


def test_pictures_that_do_not_decode_are_told_with_why(tmp_path):
    files = read_sample(file for file in scan(odd_card(tmp_path)) if not file.skip_reason).files
    found = decode_sample(files, 32, 2)
    told = {Path(fault.path).name: fault.reason for fault in found.faults}
    assert {"cut.JPG", "zeros.JPG", "empty file.JPG", "text.JPG"} <= told.keys()
    assert all(told.values())
    assert len(found.pictures) == len(files) - len(told)
    assert found.rate.count % len(found.pictures) == 0


def test_nothing_to_decode_is_no_rate():
    found = decode_sample([], 32, 2)
    assert found.rate.pictures == 0
    assert found.pictures == ()


# Judging


def test_on_a_cpu_each_picture_is_judged_alone_in_its_thread(predictor):
    pictures = named(*(frame("prey", n) for n in range(6)))
    threads = set()

    def noted(looks):
        threads.add(threading.current_thread())
        return judge(looks, predictor)

    found = judge_sample(pictures, noted, 3, clock=ticking(4.0))
    assert set(predictor.batches) == {1}
    assert found.rate.count == 12
    assert found.rate.pictures == 3.0
    assert found.faults == ()
    assert threading.main_thread() not in threads


def test_on_a_gpu_pictures_of_one_shape_are_judged_together(predictor):
    upright, wide = (36, 48), (48, 36)
    pictures = named(*(frame("prey", n, size=upright if n % 2 else wide) for n in range(10)))
    shapes = []

    def noted(looks):
        shapes.append({look.frame.pixels.shape for look in looks})
        return judge(looks, predictor)

    found = judge_sample(pictures, noted, 16, batch_size=4)
    assert set(predictor.batches) == {4, 1}
    assert all(len(each) == 1 for each in shapes)
    assert found.rate.count % 10 == 0


def test_a_picture_on_which_the_model_fails_is_told_and_not_counted(predictor):
    pictures = named(frame("prey"), grey_frame(BREAKS_THE_MODEL), frame("leopard"))
    found = judge_sample(pictures, lambda looks: judge(looks, predictor), 1)
    [fault] = found.faults
    assert fault.path == "1.JPG"
    assert "the network fell over" in fault.reason
    assert found.rate.count % 2 == 0
    assert found.rate.size == found.rate.count // 2 * (
        len(pictures[0].look.data) + len(pictures[2].look.data)
    )


def test_a_rate_of_nothing_is_zero():
    assert Rate(0, 0, 0.0).pictures == 0
    assert Rate(10, 50_000_000, 2.0).megabytes == 25.0


def test_a_sample_of_a_plain_card_goes_through_all_stages(tmp_path, predictor):
    files = picked(list(scan(plain_card(tmp_path, 20))), 5)
    read = read_sample(files)
    decoded = decode_sample(read.files, predictor.frame_side, 2)
    judged = judge_sample(decoded.pictures, lambda looks: judge(looks, predictor), 2)
    assert read.rate.count == len(decoded.pictures) == 5
    assert judged.rate.pictures > 0
    assert not (read.faults or decoded.faults or judged.faults)
