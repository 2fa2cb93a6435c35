"""Labelled pictures found on disk and triaged on the spot."""

from __future__ import annotations

import pytest

from camtrap.learn.evaluation.pictures import find_pictures, judge_pictures
from camtrap.records import State
from tests.cards import frame, put, silence
from tests.learn.evaluation.made import sample


@pytest.fixture
def folder(tmp_path):
    return put(
        tmp_path / "images",
        {
            "ST01/a.jpg": frame("leopard", 1),
            "ST01/b.jpg": frame("empty", 2),
            "ST01/not of the truth.jpg": frame("prey", 3),
            "ST01/cut.jpg": frame("prey", 4)[:300],
        },
    )


def test_only_the_truths_pictures_are_looked_at(folder, predictor):
    samples = [
        sample("leopard", name, path=folder / "ST01" / name)
        for name in ("a.jpg", "b.jpg", "cut.jpg")
    ]
    found = find_pictures(samples)
    answers = judge_pictures(found, predictor, silence(), workers=1)
    assert [each.state for each in answers.judged][:2] == [State.LEOPARD, State.EMPTY]
    assert [each.state for each in answers.not_looked_at] in ([State.TRUNCATED], [State.UNREADABLE])
    assert sum(predictor.batches) == 2
    assert answers.model.thresholds == predictor.thresholds.as_dict()
    assert answers.judged[0].infrared is True


@pytest.mark.parametrize("file", ["ST01/a.jpg", "images/ST01/a.jpg", "data/images/ST01/a.jpg"])
def test_a_picture_is_looked_for_below_the_folder(folder, tmp_path, file):
    found = find_pictures([sample("leopard", file, path=tmp_path / "gone" / file)], folder)
    assert [each.path for each in found.samples] == [folder / "ST01" / "a.jpg"]
    assert found.size == (folder / "ST01" / "a.jpg").stat().st_size


@pytest.mark.parametrize(("file", "count"), [("ST01/a.jpg", 1), ("ST02/a.jpg", 0), ("a.jpg", 1)])
def test_a_bare_name_counts_only_in_a_folder_of_the_right_name(folder, tmp_path, file, count):
    found = find_pictures([sample("leopard", file, path=tmp_path / "gone")], folder / "ST01")
    assert (len(found.samples), len(found.missing)) == (count, 1 - count)


def test_a_picture_that_is_nowhere_is_missing(folder, tmp_path):
    found = find_pictures([sample("leopard", "ST09/z.jpg", path=tmp_path / "z")], folder)
    assert [each.file for each in found.missing] == ["ST09/z.jpg"]
