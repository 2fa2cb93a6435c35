"""What a season exports comes back: the same labels, as far as a format can say them."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camtrap.errors import DataError
from camtrap.imports.bring import Request, bring
from camtrap.ledger.observations import Observations
from camtrap.ledger.reviews import add_review, reviews
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.opening import source_of
from camtrap.records import LABELS, UNSURE, State
from camtrap.taxonomy import read_taxonomy
from tests.outputs.exports import made
from tests.outputs.exports.made import exported, made_season

fresh = count()
TAXONOMY = read_taxonomy()

STATIONS = "station_id,latitude,longitude,start,end,utc_offset,folder\n" + "".join(
    f"ST{number},43.{number},131.4,2026-01-01,2026-12-01,+10:00,{number}\n" for number in range(6)
)
FILES = {
    "megadetector": "camtrap_recognitions.json",
    "speciesnet": "predictions.json",
    "coco": "camtrap_coco.json",
    "camtrap-dp": "",
    "camtrapr": "records.csv",
    "timelapse": "*.csv",
}


def brought_back(season: Path, form: str, kind: str) -> dict[int, str]:
    """Export, import, and give the label of each file that came back."""
    options = {"incomplete": "skip"} if form == "camtrap-dp" else {}
    exported(season, form, season / "exports", **options)
    folder = season / "exports" / form
    paths = sorted(folder.glob(FILES[form])) if FILES[form] else [folder]
    with Ledger(season) as ledger:
        for path in paths:
            try:
                done, _ = bring(ledger, Request(path, form, kind, kind), TAXONOMY)
            except DataError:  # a table without a row
                continue
            assert done.changed
            again, _ = bring(ledger, Request(path, form, kind, kind), TAXONOMY)
            assert not again.changed
        observations = Observations(ledger, kind)
        found = {entry.file_id: observations.of(entry.file_id) for entry in ledger.entries()}
    return {file_id: one.label for file_id, one in found.items() if one is not None}


def spoken(season: Path, kind: str) -> dict[int, str]:
    """What the ledger's model or people say of each file."""
    if kind == "human":
        return {file_id: review.label for file_id, review in reviews(season).items()}
    known = reviews(season)
    with Ledger(season) as ledger:
        return {
            entry.file_id: entry.state.value
            for entry in ledger.entries()
            if entry.state.is_label and entry.file_id not in known
        }


def in_one_line(season: Path) -> set[int]:
    with Ledger(season) as ledger:
        return {one.file_id for one in ledger.entries() if one.relative_path.isprintable()}


def reviewed(season: Path, labels: list[str | None]) -> None:
    with Ledger(season) as ledger:
        entries = list(ledger.entries())
    for entry, label in zip(entries, labels, strict=False):
        if label is not None and entry.state.is_label:
            add_review(season, entry.file_id, label, reviewer="Ольга")


@pytest.mark.parametrize("form", ["megadetector", "speciesnet", "coco", "timelapse"])
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=made.rows(),
    said=st.lists(st.none() | st.sampled_from((*LABELS, UNSURE)), min_size=6, max_size=6),
)
def test_labels_come_back_of_whatever_files(tmp_path, form, rows, said) -> None:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    reviewed(season, said)
    if form == "timelapse":  # it does not say who gave a label, and has no line breaks in names
        back = brought_back(season, form, "human")
        told = {**spoken(season, "machine"), **spoken(season, "human")}
        assert {n: told[n] for n in told if n in in_one_line(season)}.items() <= back.items()
        assert back.keys() <= told.keys()
        return
    for kind in ("machine", "human"):
        back = brought_back(season, form, kind)
        told = spoken(season, kind)
        if form == "coco":
            assert back == told
        else:
            # Predictions are told of files that repeat another too, and the machine's of all.
            assert told.items() <= back.items()


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=made.rows(),
    said=st.lists(st.none() | st.sampled_from((*LABELS, UNSURE)), min_size=6, max_size=6),
)
def test_camtrap_dp_comes_back_for_files_with_a_place_and_a_time(tmp_path, rows, said) -> None:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    (season / "stations.csv").write_text(STATIONS, encoding="utf-8")
    reviewed(season, said)
    with source_of(season) as source:
        placed = {
            frame.entry.file_id
            for frame in source.frames()
            if frame.deployment is not None and frame.taken_at is not None
        }
    for kind in ("machine", "human"):
        told = {n: label for n, label in spoken(season, kind).items() if n in placed}
        try:
            back = brought_back(season, "camtrap-dp", kind)
        except Exception as error:
            assert "no deployment" in str(error)
            return
        assert told.items() <= back.items()
        assert back.keys() <= spoken(season, kind).keys()


def test_camtrapr_gives_back_the_file_that_stands_for_each_event(tmp_path) -> None:
    rows = [
        made.Row("0/a.JPG", State.LEOPARD, (made.box("leopard"),)),
        made.Row("1/b.JPG", State.PREY, (made.box("prey"),)),
        made.Row("2/c.JPG", State.PERSON, (made.box("person"),)),
        made.Row("3/d.JPG", State.UNSURE, (made.box("prey"),)),
    ]
    season = made_season(tmp_path / "season", rows)
    (season / "stations.csv").write_text(STATIONS, encoding="utf-8")
    assert brought_back(season, "camtrapr", "machine") == {1: "leopard", 2: "prey", 3: "person"}
