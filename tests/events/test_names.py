"""Names in tables: stable, readable, and the same in every table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from camtrap.events import names
from camtrap.ledger.rows import Entry
from camtrap.records import Capture, State


def entry(relative_path: str, card: str = "CARD7", night: bool | None = None) -> Entry:
    return Entry(
        file_id=1,
        card=card,
        root=Path("/cards") / card,
        relative_path=relative_path,
        size=1,
        state=State.PREY,
        reason="",
        content_key="",
        duplicate_of=None,
        run_id=1,
        confidence=0.9,
        probabilities={},
        width=4,
        height=3,
        infrared=None,
        capture=Capture(night_scene=night),
        detections=(),
    )


@pytest.mark.parametrize(
    ("relative_path", "station", "deployment"),
    [
        ("DCIM/100RECNX/RCNX0001.JPG", "CARD7", "CARD7"),
        ("RCNX0001.JPG", "CARD7", "CARD7"),
        ("ST01/DCIM/100RECNX/RCNX0001.JPG", "ST01", "CARD7-ST01"),
        ("north/ST 01/a.JPG", "north-ST_01", "CARD7-north-ST_01"),
        ("ручей Кедровый/a.JPG", "ручей_Кедровый", "CARD7-ручей_Кедровый"),
        ("站点三/a.jpg", "站点三", "CARD7-站点三"),
        ("!!!/a.jpg", "CARD7", "CARD7"),
    ],
)
def test_a_station_is_its_folder_or_else_the_card(
    relative_path: str, station: str, deployment: str
) -> None:
    assert names.station_id(entry(relative_path)) == station
    assert names.deployment_id(entry(relative_path)) == deployment


def test_no_name_is_ever_empty() -> None:
    assert names.station_id(entry("a.jpg", card="***")) == "card"
    assert names.deployment_id(entry("a.jpg", card="***")) == "card"


def test_a_path_starts_with_the_card() -> None:
    assert names.file_path(entry("DCIM/кабан.JPG")) == "CARD7/DCIM/кабан.JPG"


def test_an_image_id_is_16_hexadecimal_digits_of_its_path_alone() -> None:
    one = names.image_id(entry("a.JPG"))
    assert one == names.image_id(replace(entry("a.JPG"), file_id=7, state=State.EMPTY))
    assert one != names.image_id(entry("b.JPG"))
    assert one != names.image_id(entry("a.JPG", card="CARD8"))
    assert len(one) == 16
    assert int(one, 16) > 0


@pytest.mark.parametrize(
    ("infrared", "marked", "night"),
    [
        (True, None, True),
        (False, None, False),
        (False, True, True),
        (True, False, True),
        (False, False, False),
        (None, None, None),
        (None, True, True),
    ],
)
def test_night_is_infrared_or_marked_by_the_camera(
    infrared: bool | None, marked: bool | None, night: bool | None
) -> None:
    assert names.is_night(replace(entry("a.JPG", night=marked), infrared=infrared)) is night


@pytest.mark.parametrize(
    ("moment", "offset", "text"),
    [
        (None, "", ""),
        (None, "+10:00", ""),
        (datetime(2026, 2, 3, 23, 59, 58, 999_999), "", "2026-02-03T23:59:58"),
        (datetime(2026, 2, 3, 23, 59), "+05:45", "2026-02-03T23:59:00+05:45"),
    ],
)
def test_a_time_is_iso_8601_to_the_second(moment: datetime | None, offset: str, text: str) -> None:
    assert names.timestamp(moment, offset) == text
