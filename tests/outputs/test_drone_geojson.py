"""What a drone saw as GeoJSON: another's reader takes it, and every place is where it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from geojson_pydantic import Feature, FeatureCollection
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.drone.camera import View
from camtrap.drone.census import Animal
from camtrap.drone.ground import Footprint, Placed, footprint_of, place_box
from camtrap.drone.local import metres_of
from camtrap.outputs.drone_geojson import (
    animal_feature,
    collection,
    footprint_feature,
    polygon_of,
    sighting_feature,
)
from camtrap.records import Box

NADIR = View(43.1, 131.5, 60.0, -90.0, 0.0, 0.0, 2773.0, 4000, 3000)
BOX = Box(0.49, 0.49, 0.015, 0.01)
ANIMAL = Animal(
    number=3,
    label="prey",
    confidence=0.91234,
    latitude=43.1,
    longitude=131.5,
    uncertainty_m=8.1234,
    sightings=("a", "b"),
    first=datetime(2026, 1, 10, 9, 0),
    last=datetime(2026, 1, 10, 9, 1),
)


def read(feature: dict[str, Any]) -> dict[str, Any]:
    """The same after another's reader took it as text."""
    text = json.dumps(feature, allow_nan=False)
    Feature[Any, Any].model_validate_json(text)
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_box_is_a_point_with_its_radius_and_size() -> None:
    placed = place_box(NADIR, BOX, "prey")
    found = read(sighting_feature("DJI_1.JPG#0", placed, "prey", 0.87654, 3, frame="DJI_1.JPG"))
    assert found["id"] == "DJI_1.JPG#0"
    assert placed.longitude is not None and placed.latitude is not None
    assert found["geometry"] == {
        "type": "Point",
        "coordinates": [round(placed.longitude, 7), round(placed.latitude, 7)],
    }
    assert found["properties"] == {
        "kind": "sighting",
        "label": "prey",
        "confidence": 0.8765,
        "uncertainty_m": round(placed.uncertainty_m or 0, 2),
        "size_m": 1.3,
        "across_m": 0.65,
        "gsd_m": 0.0216,
        "flags": [],
        "animal": 3,
        "frame": "DJI_1.JPG",
    }


def test_a_box_without_a_place_has_no_geometry() -> None:
    found = read(sighting_feature("a", Placed(flags=("horizon",)), "prey"))
    assert found["geometry"] is None
    assert found["properties"] == {"kind": "sighting", "label": "prey", "flags": ["horizon"]}


def test_an_animal_tells_how_often_it_was_seen() -> None:
    found = read(animal_feature(ANIMAL, looked=9))
    assert found["geometry"]["coordinates"] == [131.5, 43.1]
    assert found["properties"] == {
        "kind": "animal",
        "animal": 3,
        "label": "prey",
        "confidence": 0.9123,
        "uncertainty_m": 8.12,
        "seen": 2,
        "looked": 9,
        "first": "2026-01-10T09:00:00",
        "last": "2026-01-10T09:01:00",
    }
    assert "first" not in read(animal_feature(replace(ANIMAL, first=None)))["properties"]


def test_a_footprint_is_a_ring_that_is_closed() -> None:
    footprint = footprint_of(replace(NADIR, pitch=-20.0))
    found = read(footprint_feature("DJI_1.JPG", footprint))
    (ring,) = found["geometry"]["coordinates"]
    assert ring[0] == ring[-1]
    assert len(ring) == len(footprint.corners) + 1
    assert _area(ring) > 0
    assert found["properties"]["flags"] == ["horizon"]


def test_no_ground_has_no_geometry() -> None:
    found = read(footprint_feature("a", Footprint(flags=("no_ground",))))
    assert found["geometry"] is None


@settings(max_examples=60)
@given(st.floats(-70, 70), st.floats(179.998, 180.002), st.floats(-180, 180), st.floats(-90, -30))
def test_at_180_degrees_a_ring_is_cut_in_two(
    latitude: float, longitude: float, yaw: float, pitch: float
) -> None:
    east = longitude - 360 if longitude >= 180 else longitude
    view = replace(NADIR, latitude=latitude, longitude=east, yaw=yaw, pitch=pitch)
    footprint = footprint_of(view)
    geometry = read(footprint_feature("a", footprint))["geometry"]
    parts = geometry["coordinates"]
    rings = [part[0] for part in parts] if geometry["type"] == "MultiPolygon" else parts
    area = 0.0
    for ring in rings:
        assert all(-180 <= corner[0] <= 180 for corner in ring)
        assert max(c[0] for c in ring) - min(c[0] for c in ring) < 1
        plane = [metres_of(latitude, east, corner[1], corner[0]) for corner in ring]
        area += _area(plane)
    assert area == pytest.approx(footprint.area_m2, rel=0.01)


@pytest.mark.parametrize(
    "corners, count",
    [
        ([(1.0, 179.0), (1.0, -179.0), (2.0, -179.0), (2.0, 179.0)], 2),
        ([(1.0, -179.0), (2.0, -179.0), (2.0, 179.0), (1.0, 179.0)], 2),
        ([(1.0, 170.0), (1.0, 180.0), (2.0, 180.0), (2.0, 170.0)], 1),
        ([(1.0, -180.0), (1.0, -170.0), (2.0, -170.0), (2.0, -180.0)], 1),
    ],
)
def test_only_what_crosses_is_cut(corners: list[tuple[float, float]], count: int) -> None:
    geometry = polygon_of(corners)
    assert geometry is not None
    assert (geometry["type"] == "MultiPolygon") == (count == 2)
    assert len(geometry["coordinates"]) == count


def test_too_few_corners_are_no_ground() -> None:
    assert polygon_of([]) is None
    assert polygon_of([(1.0, 2.0), (2.0, 3.0)]) is None


def test_all_together_are_a_collection() -> None:
    features = [animal_feature(ANIMAL), footprint_feature("a", footprint_of(NADIR))]
    text = json.dumps(collection(features))
    assert len(FeatureCollection[Any].model_validate_json(text).features) == 2


def _area(ring: Any) -> float:
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return float(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2
