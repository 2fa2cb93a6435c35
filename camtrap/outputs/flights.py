"""The season's drone flights: their pictures on the ground, and each animal counted once.

Boxes are those of the ledger, under the words that count: a person's on a picture stands over the
model's. All pictures of the season's flights are held at once, at about a kilobyte each; a flight
has hundreds of them, not millions.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from camtrap.drone.camera import Terrain, view_of
from camtrap.drone.census import Animal, Sighting, count_animals, sighting_of
from camtrap.drone.flight import DroneCapture
from camtrap.drone.ground import Footprint, Placed, footprint_of, place_box
from camtrap.drone.terrain import Heights, above_take_off, read_heights
from camtrap.drone.transect import Frame as Shot
from camtrap.drone.transect import Transect, flights_of, looks_at, summarize
from camtrap.events.frames import Frame, Placing
from camtrap.ledger.rows import text_of
from camtrap.ledger.special import aerials
from camtrap.ledger.store import Ledger
from camtrap.outputs.drone_geojson import animal_feature, footprint_feature, sighting_feature
from camtrap.outputs.tables import replacing
from camtrap.records import CONCERN, UNSURE, Detection, State, outranks

NAME = "drone.geojson"
TERRAIN = "terrain.tif"
"""Heights of the ground (GeoTIFF, WGS84 degrees) that people may put into the season's folder."""


@dataclass(frozen=True, slots=True)
class BoxOnGround:
    """One box of one picture: its key, the word that counts for it, and its place."""

    key: str
    frame: str
    label: str
    confidence: float
    placed: Placed
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Flight:
    """The pictures of one drone between take-off and landing, and what was found in them.

    `name` is unique in the season: the card, and a number where it holds several flights. Times are
    camera-local, or None. `shots` have the keys `card/path`.
    """

    name: str
    shots: tuple[Shot, ...]
    boxes: tuple[BoxOnGround, ...]
    animals: tuple[Animal, ...]
    transect: Transect

    @property
    def first(self) -> datetime | None:
        """When its first picture was taken."""
        return min(self._times, default=None)

    @property
    def last(self) -> datetime | None:
        """When its last picture was taken."""
        return max(self._times, default=None)

    @property
    def unplaced(self) -> int:
        """Boxes that have no place, and are in no count."""
        return sum(box.placed.latitude is None for box in self.boxes)

    @property
    def _times(self) -> list[datetime]:
        return [shot.taken_at for shot in self.shots if shot.taken_at is not None]


def flights(ledger: Ledger, placed: Placing) -> list[Flight]:
    """All flights of a season, by card and time; none where no drone took a picture.

    The ground is flat unless the season's folder has a `terrain.tif`. Raises `ConfigError` where
    that cannot be read.
    """
    pictures: dict[tuple[str, str], dict[str, tuple[DroneCapture, Frame]]] = defaultdict(dict)
    for file_id, drone in aerials(ledger.db):
        frame = placed.frame(ledger.entry(file_id))
        if frame.label.is_label:
            key = f"{frame.entry.card}/{frame.entry.relative_path}"
            pictures[frame.entry.card, f"{drone.make} {drone.model}"][key] = drone, frame
    terrain = ledger.season / TERRAIN
    heights = read_heights(terrain) if pictures and terrain.exists() else None
    found = []
    by_card: dict[str, int] = defaultdict(int)
    for (card, _), of_one in sorted(pictures.items()):
        shots = [Shot(key, frame.taken_at) for key, (_, frame) in of_one.items()]
        for group in flights_of(shots):
            by_card[card] += 1
            flown = {shot.key: of_one[shot.key] for shot in group}
            found.append(_flight(f"{card} {by_card[card]}", flown, heights))
    return found


def terrain_stamp(season: Path) -> tuple[int, int] | None:
    """Size and time of the season's `terrain.tif`; None without one."""
    try:
        status = (season / TERRAIN).stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def believed(frame: Frame) -> Iterator[tuple[str, Detection]]:
    """A picture's boxes, each with the word that counts for it; none of what is empty.

    A person's word is on the picture, and so on its only box. Where there are several, and for a
    model's word, a box of a rarer concern than the picture's is `unsure`.
    """
    boxes = frame.entry.detections
    if frame.label == State.EMPTY:
        return
    for box in boxes:
        if frame.label == UNSURE:
            label = UNSURE
        elif frame.review is not None and len(boxes) == 1:
            label = frame.label.value
        else:
            known = box.label in {each.value for each in CONCERN}
            label = UNSURE if not known or outranks(box.label, frame.label) else box.label
        yield label, box


def _flight(
    name: str, flown: Mapping[str, tuple[DroneCapture, Frame]], heights: Heights | None
) -> Flight:
    ground = _ground_under(flown, heights)
    shots: list[Shot] = []
    boxes: list[BoxOnGround] = []
    for key, (drone, frame) in flown.items():
        view = view_of(drone, terrain=ground)
        shots.append(Shot(key, frame.taken_at, Footprint() if view is None else footprint_of(view)))
        boxes += [
            BoxOnGround(
                key=f"{key}#{number}",
                frame=key,
                label=label,
                confidence=box.confidence,
                placed=Placed() if view is None else place_box(view, box.box, label),
                taken_at=frame.taken_at,
            )
            for number, (label, box) in enumerate(believed(frame))
        ]
    sightings: list[Sighting] = []
    for box in boxes:
        one = sighting_of(
            box.key, box.frame, box.placed, box.label, box.confidence, _naive(box.taken_at)
        )
        if one is not None:
            sightings.append(one)
    animals = count_animals(sightings)
    return Flight(
        name=name,
        shots=tuple(shots),
        boxes=tuple(boxes),
        animals=animals,
        transect=summarize(shots, animals, len(boxes) - len(sightings)),
    )


def _ground_under(
    flown: Mapping[str, tuple[DroneCapture, Frame]], heights: Heights | None
) -> Terrain | None:
    """The shape of the ground from where the flight began; None where it is not known."""
    if heights is None:
        return None
    for drone, _ in flown.values():
        if drone.latitude is not None and drone.longitude is not None:
            return above_take_off(heights, drone.latitude, drone.longitude)
    return None


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=None)


def write(path: Path, found: Sequence[Flight]) -> bool:
    """Write `drone.geojson`, with exact places; without flights there is no such file.

    Returns whether there is one. Raises `SeasonError` when it cannot be written.
    """
    if not found:
        path.unlink(missing_ok=True)
        return False
    with replacing(path) as stream:
        stream.write('{"type": "FeatureCollection",\n"name": "camtrap drone",\n"features": [')
        separator = "\n"
        for feature in features(found):
            stream.write(separator + json.dumps(feature, ensure_ascii=False, allow_nan=False))
            separator = ",\n"
        stream.write("\n]}\n")
    return True


def features(found: Sequence[Flight]) -> Iterator[dict[str, Any]]:
    """Animals, boxes and footprints of all flights, one after the other."""
    for flight in found:
        told = text_of(flight.name)
        grounds = [shot.footprint for shot in flight.shots]
        number_of = {key: each.number for each in flight.animals for key in each.sightings}
        for animal in flight.animals:
            looked = looks_at(animal.latitude, animal.longitude, grounds)
            feature = animal_feature(animal, looked, flight=told)
            yield feature | {"id": f"animal:{told}:{animal.number}"}
        for box in flight.boxes:
            yield sighting_feature(
                text_of(box.key),
                box.placed,
                box.label,
                box.confidence,
                number_of.get(box.key),
                flight=told,
                frame=text_of(box.frame),
                taken_at=box.taken_at.isoformat() if box.taken_at else None,
            )
        for shot in flight.shots:
            yield footprint_feature(text_of(shot.key), shot.footprint, flight=told)
