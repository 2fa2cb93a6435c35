"""Flights of drones: on the map, in the brief, and under the words that count."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from geojson_pydantic import FeatureCollection

from camtrap.drone.flight import DroneCapture
from camtrap.events.frames import placing
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs import flights as module
from camtrap.outputs.flights import flights, terrain_stamp
from camtrap.outputs.season import write_all
from camtrap.records import Box, Capture, Detection, ImageFile, Prediction, State
from tests.cards import new_run, settings
from tests.drone.test_terrain import written

SIDE_M = 100.0
"""The ground that a picture shows, from `HEIGHT_M`, with as many pixels of focal length."""
HEIGHT_M, PIXELS = 100.0, 1000
STEP_M = 30.0
START = datetime(2026, 3, 1, 9, 0)
DEGREE_M = 111_111.0

CELL = 0.0001
AROUND_THE_FLIGHT = {
    33550: (12, (CELL, CELL, 0.0)),
    33922: (12, (0.0, 0.0, 0.0, 130.998, 43.015, 0.0)),
}
"""GeoTIFF tags: cells of eleven metres from north to south, the flight in their middle."""


def straight_down(north_m: float) -> DroneCapture:
    """A picture from straight above, this far north of the first."""
    return DroneCapture(
        maker="dji",
        make="DJI",
        model="M3T",
        latitude=43.0 + north_m / DEGREE_M,
        longitude=131.0,
        relative_altitude_m=HEIGHT_M,
        pitch=-90.0,
        yaw=0.0,
        focal_px=float(PIXELS),
        width=PIXELS,
        height=PIXELS,
    )


def box_at(north_m: float, seen_from_m: float, size_m: float = 1.5) -> Box:
    """The box of what stands this far north, in the picture taken above `seen_from_m`."""
    middle = 0.5 - (north_m - seen_from_m) / SIDE_M
    side = size_m / SIDE_M
    return Box(0.5 - side / 2, middle - side / 2, side, side)


def flown(
    ledger: Ledger,
    labels: list[list[tuple[str, Box]]],
    *,
    apart: timedelta = timedelta(seconds=3),
    state: State = State.PREY,
) -> None:
    """A flight north, a picture each `STEP_M`, with these boxes in each."""
    card = ledger.add_card("drone <b>", Path("/nowhere/drone"))
    files = [ImageFile(card.root, f"DJI_{n:04}.JPG", 1000, n) for n in range(len(labels))]
    ledger.register(card, files)
    results = [
        (
            file,
            Prediction(
                file.path,
                state if boxes else State.EMPTY,
                0.9,
                {},
                tuple(Detection(label, 0.9, box, 0.9) for label, box in boxes),
                Capture(taken_at=START + number * apart, timestamp_source="exif"),
                f"key-{number}",
                PIXELS,
                PIXELS,
                aerial=straight_down(number * STEP_M),
            ),
        )
        for number, (file, boxes) in enumerate(zip(files, labels, strict=True))
    ]
    ledger.record(card, new_run(ledger), results)


def seen_by(*north_m: float, frames: int = 4, size_m: float = 1.5) -> list[list[tuple[str, Box]]]:
    """The boxes of prey that stands at these places, in each picture that shows it whole."""
    return [
        [
            ("prey", box_at(north, number * STEP_M, size_m))
            for north in north_m
            if abs(north - number * STEP_M) < SIDE_M / 2 - size_m
        ]
        for number in range(frames)
    ]


def test_one_deer_in_overlapping_pictures_is_one_and_two_are_two(ledger):
    flown(ledger, seen_by(20.0, 75.0))
    (flight,) = flights(ledger, placing(ledger))
    assert len(flight.boxes) > 4
    assert flight.transect.counts == {"prey": 2}
    norths = sorted((animal.latitude - 43.0) * DEGREE_M for animal in flight.animals)
    assert norths == pytest.approx([20.0, 75.0], abs=1.0)


def test_ground_that_several_pictures_show_counts_once(ledger):
    flown(ledger, seen_by(20.0))
    (flight,) = flights(ledger, placing(ledger))
    assert flight.transect.area_km2 == pytest.approx(SIDE_M * (SIDE_M + 3 * STEP_M) / 1e6, rel=0.02)


def test_after_a_landing_it_is_another_flight(ledger):
    flown(ledger, seen_by(20.0, frames=3), apart=timedelta(hours=1))
    found = flights(ledger, placing(ledger))
    assert [flight.name for flight in found] == ["drone <b> 1", "drone <b> 2", "drone <b> 3"]
    assert all(flight.first == flight.last for flight in found)


def test_a_persons_word_is_on_the_only_box(ledger, season):
    flown(ledger, seen_by(20.0, frames=1))
    add_review(season, 1, "leopard")
    (flight,) = flights(ledger, placing(ledger))
    assert flight.transect.counts == {"leopard": 1}


def test_what_a_person_called_empty_has_no_animal(ledger, season):
    flown(ledger, seen_by(20.0, frames=1))
    add_review(season, 1, "empty")
    (flight,) = flights(ledger, placing(ledger))
    assert flight.boxes == () and flight.transect.frame_count == 1


@pytest.mark.parametrize(
    ("state", "label", "told"),
    [
        (State.PREY, "leopard", "unsure"),
        (State.UNSURE, "prey", "unsure"),
        (State.PREY, "other", "other"),
        (State.LEOPARD, "leopard", "leopard"),
    ],
)
def test_a_box_is_never_called_more_than_its_picture(ledger, state, label, told):
    flown(ledger, [[(label, box_at(0.0, 0.0))]], state=state)
    (flight,) = flights(ledger, placing(ledger))
    assert [box.label for box in flight.boxes] == [told]


def test_a_picture_without_a_pose_counts_as_one_without_ground(ledger):
    flown(ledger, seen_by(20.0, frames=1))
    with ledger.writing():
        ledger.db.execute("UPDATE special SET aerial = json_set(aerial, '$.pitch', NULL)")
    (flight,) = flights(ledger, placing(ledger))
    assert (flight.transect.placed_count, flight.unplaced, flight.animals) == (0, 1, ())


def test_ground_that_rises_moves_what_stands_on_it(ledger, season):
    flown(ledger, seen_by(40.0, frames=1))
    (flat,) = flights(ledger, placing(ledger))
    assert terrain_stamp(season) is None
    # From the drone's place the ground rises 2 m in 10 m to the north, as rows of 11.1 m.
    rising = np.arange(300, dtype=np.float32)[::-1, None] * np.full(40, 11.1111 * 0.2, np.float32)
    written(season / module.TERRAIN, rising, tags=AROUND_THE_FLIGHT)
    (hilly,) = flights(ledger, placing(ledger))
    assert terrain_stamp(season) is not None
    norths = [(flight.animals[0].latitude - 43.0) * DEGREE_M for flight in (flat, hilly)]
    # Seen 40 m away from 100 m above: the ray meets the slope where 0.4 (100 - 0.2 x) = x.
    assert norths == pytest.approx([40.0, 40 / 1.08], abs=0.3)


def test_the_file_is_geojson_with_all_of_it(ledger, season):
    flown(ledger, seen_by(20.0, 75.0))
    found = flights(ledger, placing(ledger))
    assert module.write(season / module.NAME, found)
    said = json.loads((season / module.NAME).read_text(encoding="utf-8"))
    FeatureCollection(**said)
    kinds = [feature["properties"]["kind"] for feature in said["features"]]
    assert kinds.count("animal") == 2
    assert kinds.count("footprint") == 4
    assert kinds.count("sighting") == len(found[0].boxes)
    ids = [feature["id"] for feature in said["features"]]
    assert len(set(ids)) == len(ids)
    animals = {
        feature["properties"]["animal"]
        for feature in said["features"]
        if feature["properties"]["kind"] == "sighting"
    }
    assert animals == {1, 2}


def test_a_season_writes_it_and_takes_it_away_again(ledger, season):
    flown(ledger, seen_by(20.0, size_m=9.0))
    written = write_all(ledger, settings())
    assert season / module.NAME in written.paths
    brief = (season / "brief.html").read_text(encoding="utf-8")
    assert 'id="air"' in brief
    assert "drone &lt;b&gt; 1" in brief and "drone <b>" not in brief
    assert "a size on the ground" in brief
    with ledger.writing():
        ledger.db.execute("DELETE FROM special")
    written = write_all(ledger, settings())
    assert season / module.NAME not in written.paths
    assert not (season / module.NAME).exists()
    assert 'id="air"' not in (season / "brief.html").read_text(encoding="utf-8")


def test_the_public_learns_of_no_flight(ledger, season):
    flown(ledger, seen_by(20.0))
    written = write_all(ledger, settings(), grid=0.1)
    public = [path for path in written.paths if path.parent.name == "public"]
    assert public
    assert not any("DJI" in path.read_text(encoding="utf-8") for path in public)
