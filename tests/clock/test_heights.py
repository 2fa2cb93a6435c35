from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.clock.heights import heights
from camtrap.clock.track import seconds_of
from camtrap.events.sun import elevation

TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31))


@given(st.floats(-80, 80), st.floats(-180, 180), st.lists(TIMES, min_size=1, max_size=20))
def test_it_agrees_with_astral(latitude: float, longitude: float, times: list[datetime]) -> None:
    moments = [time.replace(microsecond=0) for time in times]
    found = heights(latitude, longitude, np.array([seconds_of(moment) for moment in moments]))
    for moment, height in zip(moments, found.tolist(), strict=True):
        assert height == pytest.approx(elevation(latitude, longitude, moment, "Z"), abs=0.02)


@given(st.sampled_from([-(10**12), -62_135_596_800, 253_402_300_799, 10**12]))
def test_the_ends_of_the_calendar_have_a_sun(utc: int) -> None:
    assert abs(float(heights(43.1, 131.9, np.array([utc, 0]))[0])) <= 90


def test_no_moment_has_no_sun() -> None:
    assert len(heights(0, 0, np.zeros(0, np.int64))) == 0
