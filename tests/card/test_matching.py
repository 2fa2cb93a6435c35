from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment, Offset
from camtrap.card.matching import Matcher, folded

MARCH, MAY = datetime(2026, 3, 15), datetime(2026, 5, 15)


def deployment(name: str, station: str, **said: object) -> Deployment:
    return Deployment(name, station, **said)  # type: ignore[arg-type]


def found(
    matcher: Matcher,
    path: str,
    *,
    card: str = "card",
    serial: str = "",
    label: str = "",
    at: datetime | None = MARCH,
) -> str | None:
    each = matcher.deployment_of(card, path, serial, label, at)
    return each.deployment_id if each else None


SPRING = deployment(
    "ST01-spring", "ST01", start=datetime(2026, 3, 1), end=datetime(2026, 4, 30), camera_id="H2X1"
)
SUMMER = deployment(
    "ST01-summer", "ST01", start=datetime(2026, 4, 30), end=datetime(2026, 7, 1), camera_id="H2X2"
)
CREEK = deployment("ST02", "ST02", station_name="Khata creek", camera_id="H2X3")
SEASON = Matcher([SPRING, SUMMER, CREEK])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ST01", "st-01"),
        ("ST 01", "St_01"),
        ("Khata Creek", "khata-creek"),
        ("Ручей 2", "РУЧЕЙ_2"),
        ("ST01", "ＳＴ０１"),  # full width, as a Chinese keyboard types
    ],
)
def test_what_people_vary_in_a_name_does_not_count(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("1-11", "11-1"), ("ST1", "ST01"), ("ST01", "ST010"), ("A B", "AB")]
)
def test_other_names_stay_others(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(st.text())
def test_a_folded_name_is_folded(name: str) -> None:
    assert folded(folded(name)) == folded(name)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ST02/DCIM/100RECNX/A.JPG", "ST02"),
        ("st-02/A.JPG", "ST02"),
        ("khata_creek/A.JPG", "ST02"),
        ("ST02 spring 2026/A.JPG", "ST02"),
        ("ST01/A.JPG", "ST01-spring"),  # by its time
        ("ST01/ST01_summer/A.JPG", "ST01-summer"),  # the id is stronger than the time
        ("ST03/A.JPG", None),
        ("ST021/A.JPG", None),
        ("A.JPG", None),
        ("ST02.JPG", None),  # a file's name is no folder
    ],
)
def test_folders_tell_the_deployment(path: str, expected: str | None) -> None:
    assert found(SEASON, path) == expected


def test_the_card_s_name_is_a_folder_too() -> None:
    assert found(SEASON, "DCIM/100RECNX/A.JPG", card="ST02") == "ST02"
    assert found(SEASON, "ST02/A.JPG", card="ST01") == "ST02"  # the innermost


def test_time_decides_between_what_is_left() -> None:
    assert found(SEASON, "ST01/A.JPG", at=MARCH) == "ST01-spring"
    assert found(SEASON, "ST01/A.JPG", at=MAY) == "ST01-summer"
    assert found(SEASON, "ST01/A.JPG", at=datetime(2026, 4, 30)) == "ST01-summer"
    assert found(SEASON, "ST01/A.JPG", at=datetime(2019, 1, 1)) is None
    assert found(SEASON, "ST01/A.JPG", at=None) is None


def test_a_single_camera_keeps_its_pictures_whatever_its_clock_says() -> None:
    only = Matcher([deployment("ST01", "ST01", start=datetime(2026, 3, 1))])
    assert found(only, "ST01/A.JPG", at=datetime(2010, 1, 1)) == "ST01"


def test_a_time_is_asked_as_it_will_be_once_corrected() -> None:
    reset = datetime(2019, 1, 1, 0, 5)
    seconds = int((MAY - reset).total_seconds())
    corrected = Matcher([SPRING, SUMMER], [Offset("ST01-summer", seconds)])
    assert found(corrected, "ST01/A.JPG", at=reset) == "ST01-summer"


def test_the_serial_tells_what_no_folder_tells() -> None:
    assert found(SEASON, "DCIM/A.JPG", serial="h2x3") == "ST02"
    assert found(SEASON, "DCIM/A.JPG", serial="H2X9") is None
    assert found(SEASON, "ST01/A.JPG", serial="H2X2", at=None) == "ST01-summer"


def test_the_folder_is_stronger_than_the_serial_and_that_is_told() -> None:
    assert found(SEASON, "ST02/A.JPG", serial="H2X1") == "ST02"
    assert SEASON.match("card", "ST02/A.JPG", "H2X1", "").serial_elsewhere
    assert not SEASON.match("card", "ST02/A.JPG", "H2X3", "").serial_elsewhere
    assert not SEASON.match("card", "ST02/A.JPG", "H2X9", "").serial_elsewhere


def test_the_label_tells_what_is_left() -> None:
    assert found(SEASON, "DCIM/A.JPG", label="Khata Creek") == "ST02"
    assert found(SEASON, "DCIM/A.JPG", label="ST01", at=MAY) == "ST01-summer"
    assert found(SEASON, "DCIM/A.JPG", label="RECONYX") is None


def test_the_column_folder_is_strongest() -> None:
    season = Matcher(
        [
            deployment("A", "ST01", folder="north/ST02"),
            deployment("B", "ST02"),
            deployment("C", "ST03", folder="card 7"),
        ]
    )
    assert found(season, "North/st-02/DCIM/A.JPG") == "A"
    assert found(season, "south/ST02/A.JPG") == "B"
    assert found(season, "DCIM/A.JPG", card="card-7") == "C"


def test_two_cameras_of_a_station_have_folders_below_it() -> None:
    # As camtrapR lays them; here the cameras are called as the stations are.
    season = Matcher(
        [
            deployment(f"{station}{camera}", station, camera_id=camera)
            for station in "12"
            for camera in "12"
        ]
    )
    assert found(season, "1/2/A.JPG") == "12"
    assert found(season, "2/1/A.JPG") == "21"
    assert found(season, "2/2/A.JPG") == "22"
    assert found(season, "2/A.JPG") is None


def test_numbers_are_no_beginnings() -> None:
    season = Matcher([deployment("20", "20"), deployment("1", "1")])
    assert found(season, "2026-03-05/A.JPG") is None
    assert found(season, "1 ridge/A.JPG") is None


def test_the_longest_beginning_wins() -> None:
    season = Matcher([deployment("ST01", "ST01"), deployment("ST01 north", "ST01 north")])
    assert found(season, "ST01 north side/A.JPG") == "ST01 north"
    assert found(season, "ST01 south/A.JPG") == "ST01"


def test_an_empty_season_knows_nothing() -> None:
    assert found(Matcher(), "ST01/A.JPG") is None


@given(
    st.lists(st.sampled_from(["ST01", "ST02", "ST03", "north", "DCIM", "100RECNX"]), max_size=4),
    st.sampled_from(["", "H2X1", "H2X2", "H2X3"]),
    st.permutations([SPRING, SUMMER, CREEK]),
    st.sampled_from([None, MARCH, MAY, datetime(2019, 1, 1)]),
)
def test_the_order_of_rows_does_not_matter(
    folders: list[str], serial: str, rows: list[Deployment], at: datetime | None
) -> None:
    path = "/".join([*folders, "A.JPG"])
    assert found(Matcher(rows), path, serial=serial, at=at) == found(
        SEASON, path, serial=serial, at=at
    )
