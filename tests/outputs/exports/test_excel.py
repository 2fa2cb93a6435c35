"""The workbook: openpyxl reads back what the tables hold, and no text has become a formula."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from camtrap.errors import ConfigError, SeasonError
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs import events_csv, stations_report
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.opening import source_of
from camtrap.records import State
from tests.cards import frame, put, snapshot
from tests.outputs.exports import made
from tests.outputs.exports.made import START, Row, box, chances, exported, made_season
from tests.outputs.exports.test_folders import triaged

pytest.importorskip("xlsxwriter", reason="xlsxwriter is not installed: camtrap[excel]")
openpyxl = pytest.importorskip("openpyxl")
fresh = count()

HERE: dict[str, Any] = {"latitude": 43.123456, "longitude": 131.654321}
LEOPARD = Row(
    "ST01/a.JPG",
    State.LEOPARD,
    (box("leopard", 0.87),),
    confidence=0.87,
    probabilities=chances(leopard=0.87),
    **HERE,
)


def season_of(tmp_path: Path, *rows: Row) -> Path:
    return made_season(tmp_path / f"season {next(fresh)}", rows)


def book_of(season: Path, **said: Any) -> tuple[Any, Exported]:
    done = exported(season, "excel", season.parent / f"out {next(fresh)}", **said)
    return openpyxl.load_workbook(done.paths[0]), done


def rows_of(sheet: Any) -> list[dict[str, Any]]:
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_events_are_those_of_the_season_with_dates_of_excel_s_own(tmp_path: Path) -> None:
    rows = LEOPARD, Row("ST02/b.JPG", State.PREY, (box("prey"),), taken_at=START + timedelta(1))
    book, done = book_of(season_of(tmp_path, *rows))
    assert book.sheetnames == ["Events", "Stations", "Account", "Leopards"]
    first, second = rows_of(book["Events"])
    assert tuple(first) == events_csv.HEADER
    assert (first["date_local"], first["time_local"]) == (datetime(2026, 2, 3), time(21, 50))
    assert (first["label"], first["confidence"], first["needs_review"]) == ("leopard", 0.87, False)
    assert (first["latitude"], first["longitude"]) == (43.123456, 131.654321)
    assert (
        first["event_start"] == "2026-02-03T21:50:00" and first["best_image"] == "card/ST01/a.JPG"
    )
    assert second["latitude"] is None and second["comments"] is None
    stations = rows_of(book["Stations"])
    assert tuple(stations[0]) == stations_report.HEADER
    assert [row["station_id"] for row in stations] == ["ST01", "ST02"]
    assert [row["leopard_events"] for row in stations] == [1, 0]
    assert done.rows == 4
    assert book["Events"].freeze_panes == "B2" and book["Events"].auto_filter.ref == "A1:AH3"


def test_the_account_counts_every_file_once(tmp_path: Path) -> None:
    season = season_of(
        tmp_path,
        LEOPARD,
        Row("b.JPG", State.EMPTY, content_key="b"),
        Row("c.JPG", State.UNREADABLE),
        Row("d.MP4", State.SKIPPED, skip_reason="a video"),
    )
    add_review(season, 1, "prey")
    told = {row["what"]: row for row in rows_of(book_of(season)[0]["Account"])}
    assert told["files: leopard"] == {
        "what": "files: leopard",
        "model": 1,
        "with people's word": 0,
    }
    assert told["files: prey"]["with people's word"] == 1
    files = [
        row for what, row in told.items() if what.startswith("files: ") and what != "files: all"
    ]
    for column in ("model", "with people's word"):
        assert sum(row[column] for row in files) == told["files: all"][column] == 4
    assert told["model"]["model"] == made.MODEL
    assert told["card: card"]["model"].endswith("card")


def pictures(sheet: Any) -> list[Image.Image]:
    return [Image.open(BytesIO(image._data())) for image in sheet._images]


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    labels = "leopard", "leopard", "leopard", "prey", "person"
    files = {
        f"ST0{n}/{n}.JPG": frame(label, n, taken_at=START + timedelta(hours=n))
        for n, label in enumerate(labels)
    }
    return triaged(tmp_path / "season", put(tmp_path / "card", files))


def test_leopards_are_shown_with_what_is_known_of_them(tmp_path: Path, filled: Path) -> None:
    before = snapshot(tmp_path / "card")
    book, done = book_of(filled)
    rows = rows_of(book["Leopards"])
    assert [row["station_id"] for row in rows] and len(rows) == 3
    shown = pictures(book["Leopards"])
    assert len(shown) == 3 and done.missing == 0
    anchors = [
        (image.anchor._from.row, image.anchor._from.col) for image in book["Leopards"]._images
    ]
    assert anchors == [(1, 6), (2, 6), (3, 6)]
    assert all(image.format == "JPEG" and not image.getexif() for image in shown)
    assert snapshot(tmp_path / "card") == before


@pytest.mark.parametrize("wanted", [0, 2])
def test_no_more_leopards_are_shown_than_wanted(filled: Path, wanted: int) -> None:
    book, done = book_of(filled, thumbnails=wanted)
    assert len(pictures(book["Leopards"])) == wanted
    assert any(f"{wanted} of 3 leopards' events" in note for note in done.notes)


@pytest.mark.parametrize("said", ["-1", "many", "", "5001", "1.5", "²"])
def test_a_number_of_thumbnails_that_cannot_be_meant_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(ConfigError, match="0 to 5,000"):
        book_of(season_of(tmp_path, LEOPARD), thumbnails=said)


def test_pictures_that_are_not_there_are_told(tmp_path: Path) -> None:
    book, done = book_of(season_of(tmp_path, LEOPARD))
    assert len(rows_of(book["Leopards"])) == 1 and pictures(book["Leopards"]) == []
    assert done.missing == 1 and "1 pictures are not where they were" in done.notes[0]


def test_the_same_season_gives_the_same_bytes(filled: Path) -> None:
    one, other = (book_of(filled)[1].paths[0].read_bytes() for _ in range(2))
    assert one == other


def test_a_season_longer_than_a_sheet_is_refused_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camtrap.outputs.exports.excel.MOST_ROWS", 3)
    rows = [replace(LEOPARD, name=f"{n}.JPG", taken_at=START + timedelta(n)) for n in range(3)]
    assert book_of(season_of(tmp_path, *rows[:2]))[1].rows
    season = season_of(tmp_path, *rows)
    with pytest.raises(SeasonError, match=r"3 events.*parquet"):
        book_of(season)
    assert not (tmp_path / "out").exists()


# -- hostile words

HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://example.org","x")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "{=1}",
    "http://example.org",
    "mailto:a@example.org",
    "internal:Sheet!A1",
    "<r>x</r>",
    "<r><t>&x</r>",
    "a & <b>",
    "_x0041_",
    "1e5",
    "007",
    "TRUE",
    " blank ",
]


def test_texts_are_texts_and_no_formula_or_link_is_in_the_file(tmp_path: Path) -> None:
    rows = [
        replace(LEOPARD, name=f"{n}.JPG", card=word, taken_at=START + timedelta(n))
        for n, word in enumerate(HOSTILE)
    ]
    book, done = book_of(season_of(tmp_path, *rows))
    for sheet in book:
        for cells in sheet.iter_rows():
            for cell in cells:
                assert cell.data_type != "f" and cell.hyperlink is None
    told = {row["best_image"] for row in rows_of(book["Events"])}
    assert {word.strip() for word in HOSTILE} >= {
        path.rpartition("/")[0].strip() for path in told
    } - {"_x005F_x0041_"}
    with zipfile.ZipFile(done.paths[0]) as packed:
        for name in packed.namelist():
            data = packed.read(name)
            assert b"<f>" not in data and b"<hyperlink" not in data
    accounted = [row["what"] for row in rows_of(book["Account"])]
    assert "card: =1+1" in accounted


def test_a_text_that_would_be_run_when_edited_is_marked_as_text(tmp_path: Path) -> None:
    book, _ = book_of(season_of(tmp_path, replace(LEOPARD, card="=1+1")))
    column = events_csv.HEADER.index("best_image") + 1
    cell = book["Events"].cell(2, column)
    assert cell.value == "=1+1/ST01/a.JPG" and cell.data_type == "s" and cell.style.startswith("N")
    assert cell.quotePrefix


letters = st.characters(codec="utf-8") | st.sampled_from('<>&"=+-@_x\0\x0b\ufffe\ud7ff')


@given(texts=st.lists(st.text(letters), min_size=1, max_size=30))
@settings(max_examples=10)
def test_any_text_comes_back_as_it_may_stand_in_xml(tmp_path: Path, texts: list[str]) -> None:
    from camtrap.outputs.exports.workbook import Book, plain

    path = tmp_path / f"{next(fresh)}.xlsx"
    with Book(path, tmp_path, created=datetime(2026, 1, 1)) as book:
        book.table("a", ("x", "y"), [{"x": text, "y": n} for n, text in enumerate(texts)])
    rows = rows_of(openpyxl.load_workbook(path)["a"])
    assert [row["y"] for row in rows] == list(range(len(texts)))
    for row, text in zip(rows, texts, strict=True):
        # openpyxl leaves Excel's own escapes (_x0041_) as they stand in the file.
        assert row["x"] == (plain(text) or None) or "_x" in text


@pytest.mark.parametrize(
    "text, kind",
    [("1899-12-31", str), ("1900-02-01", str), ("1970-01-01", datetime), ("9999-12-31", datetime)],
)
def test_days_that_excel_does_not_have_are_texts(tmp_path: Path, text: str, kind: type) -> None:
    from camtrap.outputs.exports.workbook import Book

    path = tmp_path / "a.xlsx"
    with Book(path, tmp_path, created=datetime(2026, 1, 1)) as book:
        book.table("a", ("date_local",), [{"date_local": text}])
    [row] = rows_of(openpyxl.load_workbook(path)["a"])
    assert isinstance(row["date_local"], kind)
    if isinstance(row["date_local"], datetime):
        assert row["date_local"].date() == date.fromisoformat(text)


def test_a_text_longer_than_a_cell_is_cut(tmp_path: Path) -> None:
    from camtrap.outputs.exports.workbook import MOST_LETTERS, plain

    for text in ("a" * 40_000, "<r>" + "a" * 32_759 + "</r>", "<r></r>"):
        assert len(plain(text)) <= MOST_LETTERS
    assert plain("<r></r>") == "<r></r> "


# -- for everybody


def test_a_public_workbook_tells_no_place_and_shows_no_person(tmp_path: Path) -> None:
    rows: Iterable[Row] = [
        replace(LEOPARD, name="Кедровая 43.123456/a.JPG"),
        Row("Кедровая 43.123456/p.JPG", State.PERSON, taken_at=START + timedelta(1)),
        Row("Кедровая 43.123456/u.JPG", State.UNSURE, taken_at=START + timedelta(2)),
    ]
    season = season_of(tmp_path, *rows)
    add_review(season, 1, "leopard", reviewer="Анна")
    book, done = book_of(season, public=True)
    assert [row["label"] for row in rows_of(book["Events"])] == ["leopard"]
    [event] = rows_of(book["Events"])
    assert (event["latitude"], event["longitude"]) == (43.1, 131.7)
    [leopard] = rows_of(book["Leopards"])
    assert leopard["station_id"] == event["station_id"] == "site-1"
    assert leopard["event_id"] == event["event_id"]
    with zipfile.ZipFile(done.paths[0]) as packed:
        text = b"".join(map(packed.read, packed.namelist())).decode("utf-8", "replace")
    for secret in ("Кедр", "43.12", "131.65", "Анна", "JPG", "files: person", str(tmp_path)):
        assert secret not in text


def test_a_public_workbook_shows_no_leopard_beside_a_person(tmp_path: Path) -> None:
    card = put(tmp_path / "card", {"a.JPG": frame("person", taken_at=START)})
    season = triaged(tmp_path / "season", card)
    add_review(season, 1, "leopard")  # a slip of the hand: the box says that a person is there
    assert len(pictures(book_of(season)[0]["Leopards"])) == 1
    book, done = book_of(season, public=True)
    assert pictures(book["Leopards"]) == [] and done.missing == 0


@settings(max_examples=12)
@given(rows=made.rows())
def test_every_event_and_file_comes_back(tmp_path: Path, rows: list[Row]) -> None:
    season = season_of(tmp_path, *rows)
    book, done = book_of(season, thumbnails=0)
    with source_of(season) as source:
        names = [event.name for event in source.events]
        labels = Counter(event.label.value for event in source.events)
    told = rows_of(book["Events"])
    assert [row["event_id"] for row in told] == names
    assert Counter(row["label"] for row in told) == labels
    with Ledger(season) as ledger:
        totals = ledger.totals()
    account = {row["what"]: row["model"] for row in rows_of(book["Account"])}
    assert {state: account[f"files: {state}"] for state in totals if totals[state]} == {
        state: number for state, number in totals.items() if number
    }
    assert done.rows == len(names) + len(rows_of(book["Stations"]))
