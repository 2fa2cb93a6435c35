"""Hours and light: the sun of the season behind the bars, by the camera's own clock."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, time

import pytest

from camtrap.outputs.activity import SLOTS, Light, Place, chart, ground, light
from camtrap.outputs.markup import Safe
from camtrap.records import State

VLADIVOSTOK = Place(43.1, 131.9, "+10:00")


def test_the_sun_rises_when_the_almanac_says() -> None:
    # Vladivostok, 2026-03-20: sunrise 07:21, sunset 19:31 at +10:00 (NOAA solar calculator).
    told = light(VLADIVOSTOK, date(2026, 3, 20), date(2026, 3, 20))
    assert told is not None
    assert told.sunrise == (time(7, 30), time(7, 30))  # the first quarter that is all light
    assert told.sunset == (time(19, 45), time(19, 45)) or told.sunset == (time(19, 30),) * 2
    assert told.dark[0] == 1.0
    assert told.dark[SLOTS // 2] == 0.0


def test_a_year_has_a_range_of_sunrises() -> None:
    told = light(VLADIVOSTOK, date(2026, 1, 1), date(2026, 12, 31))
    assert told is not None and told.sunrise is not None and told.sunset is not None
    assert told.sunrise[0] < time(6, 45) < time(8, 30) < told.sunrise[1]
    assert any(0 < part < 1 for part in told.dark)


def test_a_polar_summer_has_no_sunset() -> None:
    told = light(Place(71.0, 180.0, "+12:00"), date(2026, 6, 1), date(2026, 6, 30))
    assert told is not None
    assert told.sunrise is None and told.sunset is None
    assert set(told.dark) == {0.0}


@pytest.mark.parametrize("offset", ["", "Vladivostok"])
def test_without_an_offset_the_light_is_not_known(offset: str) -> None:
    assert light(Place(43.1, 131.9, offset), date(2026, 3, 1), date(2026, 3, 2)) is None


def test_the_dark_covers_the_night_and_no_more() -> None:
    dark = tuple(1.0 if slot < 24 else 0.5 if slot < 48 else 0.0 for slot in range(SLOTS))
    pieces = re.findall(r'fill-opacity="([\d.]+)" d="M([\d.]+) 14h([\d.]+)', ground(Light(dark)))
    assert pieces == [("0.50", "0", "72"), ("0.25", "72", "72")]
    assert ground(None) == ""


def test_the_highest_bar_is_as_high_as_the_chart() -> None:
    svg = chart(
        State.LEOPARD, Counter({3: 4, 20: 1}), None, heading=Safe("<b>leopard</b>"), title='a "b"'
    )
    assert re.findall(r'<rect x="(\d+)" y="[\d.]+" width="10" height="([\d.]+)"', svg) == [
        ("37", "76.0"),
        ("241", "19.0"),
    ]
    assert "a &quot;b&quot;" in svg
