"""One way in: what a path is, is recognised by what it holds."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from camtrap.errors import DataError
from camtrap.learn.sources import read_samples
from camtrap.taxonomy import Taxonomy
from tests.cards import frame, put

HEADER = "file,split,label,site_or_sequence,source\n"


@pytest.fixture
def manifest(tmp_path):
    folder = put(tmp_path / "set", {"a.jpg": frame("prey"), "b.jpg": frame("empty", 1)})
    path = folder / "manifest.csv"
    rows = "a.jpg,train,prey,S1,park\nb.jpg,test,empty,S1,park\n"
    path.write_text(HEADER + rows, encoding="utf-8")
    return path


def test_without_splits_all_rows_of_a_manifest_are_taken(manifest):
    assert [s.label for s in read_samples(manifest)] == ["prey", "empty"]
    assert [s.label for s in read_samples(manifest, splits=["test"])] == ["empty"]
    assert read_samples(manifest.parent) == read_samples(manifest)


def test_an_empty_manifest_is_refused(manifest):
    manifest.write_text(HEADER, encoding="utf-8")
    with pytest.raises(DataError):
        read_samples(manifest)


def test_a_manifest_s_missing_pictures_are_counted_out(manifest, tmp_path, caplog):
    (manifest.parent / "a.jpg").unlink()
    with caplog.at_level(logging.WARNING):
        assert [s.file for s in read_samples(manifest)] == ["b.jpg"]
    assert "1 of 2 pictures left out: not found" in caplog.text
    put(tmp_path / "elsewhere", {"a.jpg": frame("prey")})
    [sample] = read_samples(manifest, pictures=tmp_path / "elsewhere")
    assert sample.path == tmp_path / "elsewhere/a.jpg"
    with pytest.raises(DataError, match="None of the 2 pictures"):
        read_samples(manifest, pictures=tmp_path)


def test_a_kind_that_knows_no_splits_says_so_and_gives_all(tmp_path, caplog):
    put(tmp_path / "set", {"prey/a.jpg": frame("prey")})
    with caplog.at_level(logging.WARNING):
        [sample] = read_samples(tmp_path / "set", splits=["train"])
    assert sample.split == ""
    assert "knows no splits" in caplog.text


def test_another_species_list_gives_other_labels(tmp_path):
    put(tmp_path / "set", {"hare/a.jpg": frame("prey")})
    [by_default] = read_samples(tmp_path / "set")
    [by_own] = read_samples(tmp_path / "set", taxonomy=Taxonomy({}, {("hare",): "prey"}))
    assert (by_default.label, by_own.label) == ("other", "prey")


def test_what_is_not_there_or_of_no_known_kind_is_refused(tmp_path):
    with pytest.raises(DataError, match="do not exist"):
        read_samples(tmp_path / "none")
    put(tmp_path, {"a.txt": b""})
    with pytest.raises(DataError, match="is nothing that labelled pictures are read from"):
        read_samples(tmp_path / "a.txt")


def test_reading_labels_needs_no_torch_and_no_pandas():
    code = (
        "import sys; import camtrap.learn.sources, camtrap.learn.splits;"
        "print(sorted({'torch', 'pandas', 'matplotlib'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
