from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.events.sun import elevation, elevation_at, phase, utc_of, zone_of

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31))
OFFSETS = st.sampled_from(["+00:00", "Z", "+05:45", "+10:00", "-09:30", "+14:00", "-12:00"])


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+00:00", 0),
        ("Z", 0),
        ("+05:45", 345),
        ("-03:30", -210),
        ("+1000", 600),
        (" +10:00 ", 600),
        ("+14:00", 840),
    ],
)
def test_an_offset_is_a_zone(text: str, minutes: int) -> None:
    zone = zone_of(text)
    assert zone is not None
    assert zone.utcoffset(None) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "10:00", "+10", "+10:60", "+23:00", "UTC", "Asia/Tokyo"])
def test_what_is_no_offset_is_no_zone(text: str) -> None:
    assert zone_of(text) is None


def test_local_time_becomes_utc() -> None:
    assert utc_of(datetime(2026, 3, 5, 2, 14, 9), "+05:45") == datetime(
        2026, 3, 4, 20, 29, 9, tzinfo=UTC
    )


def test_a_time_with_a_zone_keeps_it() -> None:
    moment = datetime(2026, 3, 5, 12, tzinfo=timezone(timedelta(hours=9)))
    assert utc_of(moment, "+05:45") == datetime(2026, 3, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "offset"),
    [
        (None, "+10:00"),
        (datetime(2026, 1, 1), ""),
        (datetime(2026, 1, 1), "local"),
        (datetime.min, "+10:00"),
        (datetime.max, "-10:00"),
    ],
)
def test_what_is_not_known_is_no_moment(moment: datetime | None, offset: str) -> None:
    assert utc_of(moment, offset) is None
    assert elevation(45.0, 130.0, moment, offset) is None


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(None, 130.0), (45.0, None), (91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0)],
)
def test_a_place_that_is_not_on_earth_has_no_sun(
    latitude: float | None, longitude: float | None
) -> None:
    assert elevation(latitude, longitude, datetime(2026, 6, 1, 12), "+00:00") is None


def test_a_naive_time_is_not_taken_as_utc() -> None:
    with pytest.raises(ValueError, match="zone"):
        elevation_at(45.0, 130.0, datetime(2026, 6, 1, 12))


# At an equinox the noon sun stands at 90 - |latitude|, at a solstice 23.44 more or less: geometry,
# not a figure of the library. Local solar noon is at 12:00 UTC + the equation of time.
@pytest.mark.parametrize(
    ("latitude", "moment", "expected"),
    [
        (0.0, datetime(2026, 3, 20, 12, 7), 90.0),
        (43.0, datetime(2026, 3, 20, 12, 7), 47.0),
        (43.0, datetime(2026, 6, 21, 12, 2), 70.44),
        (43.0, datetime(2026, 12, 21, 11, 58), 23.56),
        (-30.0, datetime(2026, 12, 21, 11, 58), 83.44),
        (78.0, datetime(2026, 6, 21, 0, 2), 11.44),  # the midnight sun
        (78.0, datetime(2026, 12, 21, 11, 58), -11.44),  # noon of the polar night
    ],
)
def test_the_noon_sun_stands_where_geometry_puts_it(
    latitude: float, moment: datetime, expected: float
) -> None:
    assert elevation(latitude, 0.0, moment, "Z") == pytest.approx(expected, abs=0.5)


def test_local_noon_in_nepal_is_noon() -> None:
    # Kathmandu, 85.3 degrees east: the offset is 5:45, the sun is 5:41 ahead.
    noon = elevation(27.7, 85.3, datetime(2026, 3, 20, 12, 11), "+05:45")
    assert noon == pytest.approx(62.3, abs=0.5)
    assert elevation(27.7, 85.3, datetime(2026, 3, 20, 0, 11), "+05:45") == pytest.approx(
        -62.3, abs=0.5
    )


def test_the_day_begins_where_the_sunrise_equation_says() -> None:
    # 43.12 N, 131.89 E on 21 June: cos H = (sin -0.833 - sin 43.12 sin 23.44)
    # / (cos 43.12 cos 23.44) gives 7 h 41 min before noon, which is at 13:14 by UTC+10.
    before = elevation(43.12, 131.89, datetime(2026, 6, 21, 5, 31), "+10:00")
    after = elevation(43.12, 131.89, datetime(2026, 6, 21, 5, 35), "+10:00")
    assert before is not None
    assert after is not None
    assert (phase(before), phase(after)) == ("twilight", "day")


@given(LATITUDES, LONGITUDES, TIMES, OFFSETS)
def test_one_moment_has_one_sun_whatever_zone_it_is_written_in(
    latitude: float, longitude: float, taken_at: datetime, offset: str
) -> None:
    moment = utc_of(taken_at, offset)
    assert moment is not None
    there = elevation(latitude, longitude, taken_at, offset)
    assert there is not None
    assert -90 <= there <= 90
    assert elevation(latitude, longitude, moment.replace(tzinfo=None), "Z") == pytest.approx(
        there, abs=1e-6
    )


@given(st.floats(-65, 65), LONGITUDES, TIMES)
def test_twelve_hours_turn_day_into_night(
    latitude: float, longitude: float, taken_at: datetime
) -> None:
    # The two heights add up to twice the declination times its share, never more than 2 x 23.5.
    day = elevation(latitude, longitude, taken_at, "Z")
    night = elevation(latitude, longitude, taken_at + timedelta(hours=12), "Z")
    assert day is not None
    assert night is not None
    assert abs(day + night) <= 47.5


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (90.0, "day"),
        (-0.83, "day"),
        (-0.833, "twilight"),
        (-6.0, "twilight"),
        (-6.01, "night"),
        (-90.0, "night"),
    ],
)
def test_the_parts_of_the_day(degrees: float, expected: str) -> None:
    assert phase(degrees) == expected
