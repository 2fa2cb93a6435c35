"""What an export for everybody tells of places and visits."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from camtrap.outputs.exports.sites import Site, blurred
from camtrap.outputs.public import grid_uncertainty_m

START, END = datetime(2026, 3, 1, 8, 12, 33), datetime(2026, 5, 2, 17, 40, 1)


def site(key: str, latitude: float | None, longitude: float | None, own: int | None = None) -> Site:
    return Site(
        key, key, "Ridge", latitude=latitude, longitude=longitude, uncertainty_m=own, start=START,
        end=END, notes="by the spring", station_name="Ridge above the spring", camera_id="H2R",
    )  # fmt: skip


def test_a_station_has_one_place_whatever_its_gps_said() -> None:
    told = blurred([site("a", 43.0499, 131.0501, 4), site("b", 43.0501, 131.0499, 9)], 0.1)
    assert {(each.latitude, each.longitude) for each in told} == {(43.0, 131.1)}
    assert {each.uncertainty_m for each in told} == {grid_uncertainty_m(43.0, 0.1, 9)}


@given(st.floats(-89, 89), st.floats(-179, 179))
def test_nothing_that_goes_out_depends_on_the_place_within_its_cell(
    latitude: float, longitude: float
) -> None:
    [first] = blurred([site("a", latitude, longitude)], 0.5)
    assert first.latitude is not None
    assert first.longitude is not None
    [centre] = blurred([site("a", first.latitude, first.longitude)], 0.5)
    assert first == centre


def test_visits_are_told_to_the_day_and_words_stay_at_home() -> None:
    [told] = blurred([site("a", 43.0, 131.0)], 0.1)
    assert (told.start, told.end) == (datetime(2026, 3, 1), datetime(2026, 5, 2, 23, 59, 59))
    assert (told.notes, told.station_name, told.camera_id) == ("", "", "")
    assert told.station_id == "site-1"


def test_an_unknown_place_stays_unknown() -> None:
    [told] = blurred([site("a", None, None)], 0.1)
    assert (told.latitude, told.longitude, told.uncertainty_m) == (None, None, None)
