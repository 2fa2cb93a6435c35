"""Parquet: each file and each box comes back, with types, and nothing of people in public."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from camtrap.errors import ConfigError
from camtrap.events.names import file_path
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.recognised import inside
from camtrap.outputs.exports.registry import formats_of
from camtrap.records import State
from tests.outputs.exports import made
from tests.outputs.exports.made import START, TWIN, Row, box, exported, made_season

pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: camtrap[parquet]")
fresh = count()

LEOPARD = Row(
    "ST01/a.JPG", State.LEOPARD, (box("leopard", 0.87), box("prey", 0.5)), confidence=0.87
)


def tables(
    season: Path, **said: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], Exported]:
    done = exported(season, "parquet", season.parent / f"out {next(fresh)}", **said)
    images, detections = (pq.read_table(path).to_pylist() for path in done.paths)
    return images, detections, done


def season_of(tmp_path: Path, *rows: Row) -> Path:
    return made_season(tmp_path / f"season {next(fresh)}", rows)


def test_columns_have_types_and_unknown_is_null(tmp_path: Path) -> None:
    unread = Row("ST01/b.JPG", State.UNREADABLE, taken_at=None)
    [leopard, broken], boxes, done = tables(season_of(tmp_path, LEOPARD, unread))
    assert leopard["taken_at"] == START and isinstance(leopard["taken_at"], datetime)
    assert leopard["taken_at"].tzinfo is None
    assert (leopard["label"], leopard["label_source"]) == ("leopard", "machine")
    assert (leopard["status"], leopard["confidence"], leopard["width_px"]) == ("ok", 0.87, 640)
    assert leopard["model"] == made.MODEL and leopard["event_id"] == "card-ST01_e0001"
    assert (broken["status"], broken["error"]) == ("unreadable", "the data end early")
    nulls = ("label", "label_source", "confidence", "p_empty", "event_id", "taken_at", "latitude")
    assert [broken[name] for name in nulls] == [None] * len(nulls)
    assert [found["label"] for found in boxes] == ["leopard", "prey"]
    assert {found["image_id"] for found in boxes} == {leopard["image_id"]}
    assert done.rows == 4


def test_people_s_word_stands_beside_the_model_s(tmp_path: Path) -> None:
    season = season_of(tmp_path, LEOPARD)
    add_review(season, 1, "prey", species="roe deer", reviewer="Анна")
    [[row], _, _] = tables(season)
    assert (row["label"], row["label_source"], row["species"]) == ("prey", "human", "roe deer")
    assert (row["model_label"], row["confidence"], row["reviewed_by"]) == ("leopard", 0.87, "Анна")


def test_a_copy_of_a_file_names_its_original(tmp_path: Path) -> None:
    twins = [
        replace(LEOPARD, content_key=TWIN),
        replace(LEOPARD, name="ST02/b.JPG", content_key=TWIN),
    ]
    [first, second], boxes, _ = tables(season_of(tmp_path, *twins))
    assert (second["status"], second["duplicate_of"]) == ("duplicate", first["image_id"])
    assert {found["image_id"] for found in boxes} == {first["image_id"]}


def public_rows() -> Iterator[Row]:
    yield replace(
        LEOPARD, name="Кедровая 43.123456/a.JPG", latitude=43.123456, longitude=131.654321
    )
    yield Row("Кедровая 43.123456/b.JPG", State.PERSON, content_key=TWIN)
    yield Row("Кедровая 43.123456/copy.JPG", State.PERSON, content_key=TWIN)
    yield Row("Кедровая 43.123456/c.JPG", State.PREY, (box("prey"), box("person", 0.4)))
    yield Row("Кедровая 43.123456/d.JPG", State.UNREADABLE)


def test_public_tables_tell_no_place_and_no_person(tmp_path: Path) -> None:
    season = season_of(tmp_path, *public_rows())
    add_review(season, 1, "leopard", reviewer="Анна")
    images, boxes, done = tables(season, public=True)
    exact, _, _ = tables(season)
    assert [row["label"] for row in images] == ["leopard", None]
    assert {found["label"] for found in boxes} == {"leopard", "prey"}
    assert (images[0]["latitude"], images[0]["longitude"]) == (43.1, 131.7)
    assert images[0]["coordinate_uncertainty_m"] > 5_000
    assert any("3 files" in note for note in done.notes)
    told = repr(images) + repr(boxes)
    for secret in ("Кедр", "43.12", "131.65", "Анна", "JPG"):
        assert secret not in told
    assert not {row["image_id"] for row in images} & {row["image_id"] for row in exact}


def test_rows_beyond_a_group_are_written_in_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camtrap.outputs.exports.parquet.GROUP_ROWS", 3)
    rows = [replace(LEOPARD, name=f"{n}.JPG", taken_at=START + timedelta(n)) for n in range(7)]
    images, boxes, done = tables(season_of(tmp_path, *rows))
    assert pq.ParquetFile(done.paths[0]).num_row_groups == 3
    assert [row["file_path"] for row in images] == [f"card/{n}.JPG" for n in range(7)]
    assert len(boxes) == 14


def test_an_empty_season_has_tables_with_columns(tmp_path: Path) -> None:
    images, boxes, done = tables(season_of(tmp_path))
    assert images == boxes == [] and done.rows == 0
    assert "image_id" in pq.read_schema(done.paths[1]).names


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "camtrap.outputs.exports.parquet", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    [form] = formats_of(["parquet"])
    with pytest.raises(ConfigError, match=r"camtrap\[parquet\]"):
        form.writer()


@settings(max_examples=15)
@given(rows=made.rows())
def test_every_file_and_box_comes_back(tmp_path: Path, rows: list[Row]) -> None:
    season = season_of(tmp_path, *rows)
    images, boxes, done = tables(season)
    with Ledger(season) as ledger:
        entries = list(ledger.entries())
    assert len(images) == len(entries) and done.rows == len(images) + len(boxes)
    back = {row["file_path"]: row for row in images}
    of = {row["image_id"]: row["file_path"] for row in images}
    for entry in entries:
        row = back[file_path(entry)]
        assert row["taken_at_raw"] == entry.capture.taken_at
        assert row["status"] == ("ok" if entry.state.is_label else entry.state)
        assert row["model_label"] == (entry.state if entry.state.is_label else None)
        told = [
            (found["bbox_x"], found["bbox_y"], found["bbox_width"], found["bbox_height"])
            for found in boxes
            if of[found["image_id"]] == file_path(entry)
        ]
        assert told == [tuple(inside(found.box)) for found in entry.detections]
