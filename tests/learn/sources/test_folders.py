"""Folders of labels: which label, species, site and event a picture in them has."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from camtrap.engine.stages import FILE_LIMIT
from camtrap.errors import DataError
from camtrap.learn.sources import read_samples
from tests.cards import frame, put, snapshot

NOON = datetime(2026, 2, 3, 12)


def said(samples):
    return {s.file: (s.label, s.species, s.group) for s in samples}


def test_a_size_that_no_picture_has_is_not_read(tmp_path, monkeypatch):
    root = put(tmp_path / "labels", {"prey/ST01/a.jpg": frame("prey", taken_at=NOON)})
    with (root / "prey" / "ST01" / "b.jpg").open("wb") as stream:
        stream.truncate(FILE_LIMIT + 1)  # takes no room on the disk
    read = []
    real = Path.read_bytes

    def reader(path):
        read.append(path.name)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", reader)
    assert {s.file for s in read_samples(root)} == {"prey/ST01/a.jpg", "prey/ST01/b.jpg"}
    assert read == ["a.jpg"]


def test_label_species_and_site_come_from_the_folders(tmp_path):
    root = put(
        tmp_path / "кордон",
        {
            "Leopard/ST01/a.jpg": frame("leopard"),
            "prey/roe deer/ST01/DCIM/100RECNX/b.jpg": frame("prey", 1),
            "prey/ST02/deeper/c.jpg": frame("prey", 2),
            "кабан/d.jpg": frame("prey", 3),
            "пусто/ST02/e.jpg": frame("empty", 4),
        },
    )
    before = snapshot(root)
    assert said(read_samples(root)) == {
        "Leopard/ST01/a.jpg": ("leopard", "", "кордон ST01"),
        "prey/roe deer/ST01/DCIM/100RECNX/b.jpg": ("prey", "roe deer", "кордон ST01"),
        "prey/ST02/deeper/c.jpg": ("prey", "", "кордон ST02"),
        "кабан/d.jpg": ("prey", "кабан", "кабан/d.jpg"),
        "пусто/ST02/e.jpg": ("empty", "пусто", "кордон ST02"),
    }
    assert snapshot(root) == before


def test_without_sites_frames_of_half_an_hour_are_one_group(tmp_path):
    late = NOON + timedelta(minutes=40)
    root = put(
        tmp_path / "set",
        {
            "prey/1.jpg": frame("prey", 1, taken_at=NOON),
            "prey/2.jpg": frame("prey", 2, taken_at=NOON + timedelta(minutes=20)),
            "prey/20260203_122500.jpg": frame("prey", 3),
            "prey/4.jpg": frame("prey", 4, taken_at=late + timedelta(minutes=30)),
            "prey/DCIM/100RECNX/5.jpg": frame("prey", 5),
            "empty/6.jpg": frame("empty", 6, taken_at=NOON),
        },
    )
    groups = {s.file: (s.group, s.event) for s in read_samples(root)}
    noon = "set prey 2026-02-03T12:00:00"
    assert groups["prey/1.jpg"] == groups["prey/2.jpg"] == (noon, noon)
    assert groups["prey/20260203_122500.jpg"] == (noon, noon)
    assert groups["prey/4.jpg"][0] == "set prey 2026-02-03T13:10:00"
    assert groups["prey/DCIM/100RECNX/5.jpg"] == ("prey/DCIM/100RECNX/5.jpg", "")
    assert groups["empty/6.jpg"][0] == "set empty 2026-02-03T12:00:00"


def test_at_a_site_the_event_is_told_by_time_whatever_the_label(tmp_path):
    root = put(
        tmp_path / "set",
        {
            "prey/ST01/1.jpg": frame("prey", taken_at=NOON),
            "empty/ST01/2.jpg": frame("empty", taken_at=NOON + timedelta(seconds=2)),
        },
    )
    first, second = read_samples(root)
    assert (first.group, first.event) == (second.group, second.event)
    assert first.event == "set ST01 2026-02-03T12:00:00"


def test_an_unknown_folder_is_refused_with_the_labels(tmp_path):
    root = put(tmp_path, {"leopards maybe/a.jpg": frame("leopard")})
    with pytest.raises(DataError, match=r"'leopards maybe'.*leopard, prey, other"):
        read_samples(root)


def test_a_species_inside_another_label_is_refused(tmp_path):
    root = put(tmp_path, {"prey/leopard/a.jpg": frame("leopard")})
    with pytest.raises(DataError, match="cannot be both prey and leopard"):
        read_samples(root)


def test_videos_and_pictures_without_a_label_are_counted_out(tmp_path, caplog):
    root = put(
        tmp_path,
        {
            "a.jpg": frame("prey"),
            "prey/film.mp4": b"",
            "prey/._b.jpg": b"",
            "prey/b.jpg": frame("prey", 2),
            "notes/readme.txt": b"no picture, so no label either",
        },
    )
    with caplog.at_level(logging.WARNING):
        assert [s.file for s in read_samples(root)] == ["prey/b.jpg"]
    assert "1 of 3 pictures left out: outside the folders of labels" in caplog.text
    assert "1 of 3 pictures left out: not a picture" in caplog.text


def test_a_picture_with_a_broken_header_is_kept_for_the_decoder_to_judge(tmp_path):
    root = put(tmp_path / "set", {"prey/a.jpg": b"no picture"})
    [sample] = read_samples(root)
    assert (sample.label, sample.group) == ("prey", "prey/a.jpg")


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match="gives no labelled picture"):
        read_samples(tmp_path)
