"""Stored splits: the same folds again, and never a site on both sides."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import DataError
from camtrap.learn.dataset import Sample, folds
from camtrap.learn.splits import read_folds, write_folds


def sample(file: str, group: str) -> Sample:
    return Sample(Path(file), file, "prey", group, "park", "train")


SAMPLES = [sample("a.jpg", "ST01"), sample("б, 2.jpg", "ST01"), sample("c.jpg", "站点")]


def test_the_same_folds_come_back_in_any_order(tmp_path):
    path = tmp_path / "new" / "folds.csv"
    write_folds(path, SAMPLES, [2, 2, 0])
    assert read_folds(path, SAMPLES) == [2, 2, 0]
    assert read_folds(path, SAMPLES[::-1]) == [0, 2, 2]
    assert read_folds(path, SAMPLES[1:]) == [2, 0]
    assert path.read_bytes().startswith(b"file,group,fold\na.jpg,ST01,2\n")


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=30))
def test_dealt_folds_are_kept(tmp_path, groups):
    samples = [sample(f"{number}.jpg", group) for number, group in enumerate(groups)]
    dealt = folds(samples, 3)
    write_folds(tmp_path / "folds.csv", samples, dealt)
    assert read_folds(tmp_path / "folds.csv", samples) == dealt


def test_a_split_group_is_neither_written_nor_read(tmp_path):
    path = tmp_path / "folds.csv"
    with pytest.raises(DataError, match="group 'ST01' in the folds 0 and 1"):
        write_folds(path, SAMPLES, [0, 1, 1])
    assert not path.exists()
    path.write_text("file,group,fold\na.jpg,ST01,0\nb.jpg,ST01,1\n", encoding="utf-8")
    with pytest.raises(DataError, match="group 'ST01'"):
        read_folds(path, [SAMPLES[0]])


def test_groups_that_have_become_one_since_are_refused(tmp_path):
    path = tmp_path / "folds.csv"
    write_folds(path, [sample("a.jpg", "x"), sample("b.jpg", "y")], [0, 1])
    with pytest.raises(DataError, match="group 'one scene'"):
        read_folds(path, [sample("a.jpg", "one scene"), sample("b.jpg", "one scene")])


def test_a_missing_sample_is_refused_by_name(tmp_path):
    path = tmp_path / "folds.csv"
    write_folds(path, SAMPLES[:2], [0, 0])
    with pytest.raises(DataError, match=r"misses 1 of 3 pictures, c\.jpg"):
        read_folds(path, SAMPLES)


@pytest.mark.parametrize(
    "text",
    ["file,group\na.jpg,ST01\n", "file,group,fold\na.jpg,ST01,first\n", "file,group,fold\na.jpg\n"],
)
def test_what_is_no_stored_split_is_refused(tmp_path, text):
    path = tmp_path / "folds.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="is no stored split"):
        read_folds(path, SAMPLES)


def test_one_file_in_two_folds_is_refused(tmp_path):
    path = tmp_path / "folds.csv"
    path.write_text("file,group,fold\na.jpg,x,0\na.jpg,y,1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"file 'a\.jpg'"):
        read_folds(path, [sample("a.jpg", "x")])


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_folds(tmp_path / "none.csv", SAMPLES)
