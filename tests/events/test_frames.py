"""A file placed, dated and with people's word on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment, FieldNotes, Offset
from camtrap.engine.season import add_card
from camtrap.events.frames import Placing, corrected, placing
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.records import Capture, Prediction, State
from tests.cards import frame, image_files, new_run, put

NOON = datetime(2026, 2, 3, 12)
BEFORE_NOON, NOON_ON = (
    Offset("RIDGE_1", 60, end=NOON),
    Offset("RIDGE_1", 7200, start=NOON),
)
RIDGE = Deployment(
    "RIDGE_1", "RIDGE", latitude=43.1, longitude=131.2, utc_offset="+10:00", folder="ST01"
)


@pytest.fixture
def filled(ledger: Ledger, tmp_path: Path) -> Ledger:
    """Three frames: two of a ridge, one of an unknown camera that has its own GPS."""
    card = put(
        tmp_path / "A",
        {f"{name}.JPG": frame("prey", n) for n, name in enumerate(("ST01/1", "ST01/2", "ST02/3"))},
    )
    entry = add_card(ledger, card).card
    run = new_run(ledger)
    states = (State.PREY, State.EMPTY, State.LEOPARD)
    times = (NOON - timedelta(minutes=5), NOON, NOON)
    names = ["ST01/1.JPG", "ST01/2.JPG", "ST02/3.JPG"]
    for file, state, moment in zip(image_files(card, names), states, times, strict=True):
        capture = Capture(moment, "exif", utc_offset="+09:00", latitude=44.0, longitude=132.0)
        said = Prediction(file.path, state, capture=capture, content_key=file.relative_path)
        ledger.record(entry, run, [(file, said)])
    return ledger


def told(placed: Placing, ledger: Ledger) -> list[tuple[object, ...]]:
    return [
        (each.station_id, each.deployment_id, each.taken_at, each.utc_offset, each.latitude)
        for each in placed.frames(ledger)
    ]


def test_place_time_and_zone_come_from_the_notes(filled: Ledger) -> None:
    placed = placing(filled, FieldNotes((RIDGE,), (BEFORE_NOON, NOON_ON)))
    assert told(placed, filled) == [
        ("RIDGE", "RIDGE_1", NOON - timedelta(minutes=4), "+10:00", 43.1),
        ("RIDGE", "RIDGE_1", NOON + timedelta(hours=2), "+10:00", 43.1),
        ("ST02", "A-ST02", NOON, "+09:00", 44.0),
    ]


def test_without_notes_folders_and_the_camera_tell(filled: Ledger) -> None:
    assert told(placing(filled), filled) == [
        ("ST01", "A-ST01", NOON - timedelta(minutes=5), "+09:00", 44.0),
        ("ST01", "A-ST01", NOON, "+09:00", 44.0),
        ("ST02", "A-ST02", NOON, "+09:00", 44.0),
    ]


def test_a_camera_without_a_row_has_its_clock_corrected_by_its_folder_s_name(
    filled: Ledger,
) -> None:
    placed = placing(filled, FieldNotes((), (Offset("A-ST02", -3600),)))
    assert [each.offset is not None for each in placed.frames(filled)] == [False, False, True]


def test_a_person_s_word_brings_frames_in_and_takes_them_out(filled: Ledger) -> None:
    wanted = {State.LEOPARD}
    assert [each.entry.state for each in placing(filled).frames(filled, wanted)] == ["leopard"]
    add_review(filled.season, 2, "leopard")
    add_review(filled.season, 3, "prey")
    [only] = placing(filled).frames(filled, wanted)
    assert (only.entry.file_id, only.entry.state, only.label) == (2, "empty", "leopard")


def test_a_time_that_would_leave_the_calendar_is_kept() -> None:
    last = datetime(9999, 12, 31, 23)
    assert corrected(last, Offset("A", 7200)) == last
    assert corrected(None, Offset("A", 7200)) is None


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),
    st.integers(-(10**9), 10**9),
)
def test_a_correction_can_be_taken_back(moment: datetime, seconds: int) -> None:
    there = corrected(moment, Offset("A", seconds))
    assert corrected(there, Offset("A", -seconds)) == moment
    assert corrected(moment, None) == moment
