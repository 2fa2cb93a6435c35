"""The map: true to scale, nothing on top of anything else."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import ConfigError
from camtrap.outputs.map_svg import (
    HEIGHT_OF_SCALE,
    RADIUS,
    WIDTH,
    Point,
    Projection,
    draw_map,
    place_labels,
    scale_km,
    shortened,
    width_of,
)
from camtrap.outputs.outline import read_outline

WORDS: dict[str, Any] = {"title": "map", "north": "N"}


def haversine_km(one: tuple[float, float], two: tuple[float, float]) -> float:
    """Great-circle distance of two (longitude, latitude), the textbook formula."""
    east1, north1, east2, north2 = (math.radians(v) for v in (*one, *two))
    half = (
        math.sin((north2 - north1) / 2) ** 2
        + math.cos(north1) * math.cos(north2) * math.sin((east2 - east1) / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


SPOTS = st.tuples(st.floats(131.0, 132.0), st.floats(42.5, 43.5))


@given(st.lists(SPOTS, min_size=2, max_size=6))
def test_distances_on_the_map_are_those_on_the_ground(spots: list[tuple[float, float]]) -> None:
    projection = Projection(spots)
    for one in spots:
        for two in spots:
            ground = haversine_km(one, two)
            drawn = math.dist(projection(*one), projection(*two)) / projection.pixels_a_km
            assert drawn == pytest.approx(ground, rel=0.01, abs=0.01)


@given(st.lists(SPOTS, min_size=1, max_size=6))
def test_all_stations_lie_on_the_map(spots: list[tuple[float, float]]) -> None:
    projection = Projection(spots)
    for spot in spots:
        x, y = projection(*spot)
        assert RADIUS <= x <= projection.width - RADIUS
        assert RADIUS <= y <= projection.height - HEIGHT_OF_SCALE


def test_north_is_up_and_east_is_right() -> None:
    projection = Projection([(131.0, 43.0), (131.2, 43.1)])
    assert projection(131.2, 43.0)[0] > projection(131.0, 43.0)[0]
    assert projection(131.0, 43.1)[1] < projection(131.0, 43.0)[1]


def test_neighbours_across_the_date_line_are_neighbours() -> None:
    west, east = (179.9, 65.0), (-179.9, 65.0)
    projection = Projection([west, east])
    drawn = math.dist(projection(*west), projection(*east)) / projection.pixels_a_km
    assert drawn == pytest.approx(haversine_km(west, east), rel=0.01)
    assert projection(*west)[0] < projection(*east)[0]


@pytest.mark.parametrize(
    ("pixels_a_km", "km"), [(10.0, 10.0), (5.0, 20.0), (20.0, 5.0), (1.0, 100.0), (300.0, 0.2)]
)
def test_the_scale_is_a_round_distance(pixels_a_km: float, km: float) -> None:
    assert scale_km(pixels_a_km) == pytest.approx(km)


@given(st.floats(1e-4, 1e4))
def test_the_scale_fits(pixels_a_km: float) -> None:
    drawn = scale_km(pixels_a_km) * pixels_a_km
    assert WIDTH / 4 / 2.6 < drawn <= WIDTH / 4 * 1.0001


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    points = [Point("A", 43.0, 131.0), Point("B", 43.1, 131.3)]
    svg = draw_map(points, **WORDS).svg
    told = re.search(r'class="scale" d="M[^h]*h([\d.]+).*?>(\d+) km<', svg)
    assert told
    pixels_a_km = Projection([(131.0, 43.0), (131.3, 43.1)]).pixels_a_km
    assert float(told[1]) == pytest.approx(int(told[2]) * pixels_a_km, abs=0.01)


NAMED = st.tuples(
    st.text(min_size=1, max_size=25), st.floats(0, 420, width=32), st.floats(0, 300, width=32)
)


@given(st.lists(NAMED, max_size=30))
def test_names_lie_neither_on_each_other_nor_on_points(
    points: list[tuple[str, float, float]],
) -> None:
    boxes: list[tuple[float, float, float, float]] = []
    for label in place_labels(points, 420, 300):
        if label is None:
            continue
        left, top = label.x, label.y - 8.5
        right, bottom = label.x + width_of(label.name), label.y + 2.5
        assert left >= 0 and top >= 0 and right <= 420 and bottom <= 300
        for _, x, y in points:
            assert not (left < x < right and top < y < bottom)
        for other in boxes:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart
        boxes.append((left, top, right, bottom))


def test_a_name_that_finds_no_room_is_counted() -> None:
    points = [Point(f"a long name {n}", 43.0, 131.0) for n in range(30)]
    drawn = draw_map(points, **WORDS)
    assert drawn.unnamed == 30 - drawn.svg.count('class="name"') > 0


def test_names_are_escaped_and_shortened() -> None:
    drawn = draw_map([Point("<script>" + "x" * 60, 43.0, 131.0)], **WORDS)
    assert "<script>" not in drawn.svg
    assert len(shortened("y" * 99)) == 22


def test_what_was_seen_is_told_by_shape_and_colour() -> None:
    points = [
        Point("A", 43.0, 131.0, "leopard", dead=True),
        Point("B", 43.1, 131.0, "person"),
        Point("C", 43.0, 131.1, "seen"),
    ]
    svg = draw_map(points, **WORDS).svg
    for sign in ("leopard", "person", "seen"):
        assert svg.count(f'class="sign {sign}"') == 1
    assert svg.count('class="dead"') == 1


# -- outlines


def written(folder: Path, said: object) -> Path:
    path = folder / "border.geojson"
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


RING = [[131.0, 43.0], [131.5, 43.0], [131.5, 43.4], [131.0, 43.0]]


@pytest.mark.parametrize(
    "said",
    [
        {"type": "Polygon", "coordinates": [RING]},
        {"type": "MultiPolygon", "coordinates": [[RING]]},
        {"type": "LineString", "coordinates": RING},
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": None},
                {"type": "Feature", "geometry": {"type": "LineString", "coordinates": RING}},
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": [131, 43]}},
            ],
        },
    ],
)
def test_an_outline_is_read(tmp_path: Path, said: object) -> None:
    lines = read_outline(written(tmp_path, said))
    assert lines == (tuple(map(tuple, RING)),)


def test_the_outline_is_drawn_around_the_stations(tmp_path: Path) -> None:
    lines = read_outline(written(tmp_path, {"type": "Polygon", "coordinates": [RING]}))
    points = [Point("A", 43.1, 131.1), Point("B", 43.2, 131.3)]
    assert 'class="outline" d="M' in draw_map(points, lines, **WORDS).svg


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"type": "Polygon"}, "coordinates"),
        ({"type": "Circle", "coordinates": RING}, "no type of GeoJSON"),
        ({"type": "LineString", "coordinates": [[5_000_000, 4_000_000]]}, "in degrees"),
        ({"type": "Point", "coordinates": [131, 43]}, "no line"),
        ({"type": "LineString", "coordinates": [[131], [131]]}, "no GeoJSON"),
        ({"type": "LineString", "coordinates": [[10**400, 43]]}, "no GeoJSON"),
        ([1, 2], "GeoJSON"),
        ("text", "GeoJSON"),
    ],
)
def test_what_is_no_outline_is_told_with_its_file(tmp_path: Path, said: object, told: str) -> None:
    path = written(tmp_path, said)
    with pytest.raises(ConfigError, match=told) as caught:
        read_outline(path)
    assert str(path) in str(caught.value)
