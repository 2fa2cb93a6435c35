"""The season of `season.py` as a ledger: its clocks go wrong here, and nowhere before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from camtrap.ledger.store import Ledger
from camtrap.records import Capture, ImageFile, Prediction
from tests.acceptance.season import (
    DAY,
    HALF_DAY,
    RESET,
    RESET_DAYS,
    RESET_READS,
    SECOND,
    stations_csv,
    stays,
)
from tests.acceptance.truth import Picture
from tests.cards import new_run

D, AWAY = datetime, Path("/away")


def faults(pictures: Sequence[Picture]) -> dict[str, tuple[datetime, int]]:
    """The clocks that go wrong: from when in truth, and by how many seconds."""
    changed = {stay.name: stay.end - RESET_DAYS * DAY for stay in stays()}[RESET]
    step = min(
        each.taken_at
        for each in pictures
        if each.stay.name == RESET and each.taken_at >= changed and each.index == 0
    )
    wrong = int((RESET_READS - step).total_seconds())
    return {RESET: (step, wrong), HALF_DAY: (D.min, 12 * 3600)}


def enter(
    season: Path, pictures: Iterable[Picture], wrong: Mapping[str, tuple[datetime, int]]
) -> Path:
    """Write a season of these pictures, or add them: `stations.csv`, and a card a deployment.

    ST01's cards are told by their name and the time alone, ST02's by a folder that is called like
    the deployment, ST03's by nothing but the serial number of the camera.
    """
    by_stay: dict[str, list[Picture]] = defaultdict(list)
    for picture in sorted(pictures, key=lambda each: (each.stay.name, each.taken_at, each.index)):
        by_stay[picture.stay.name].append(picture)
    with Ledger(season, create=True) as ledger:
        run = new_run(ledger)
        for number, (name, taken) in enumerate(by_stay.items(), start=1):
            station = taken[0].stay.station
            card = ledger.add_card("ST01" if station == "ST01" else f"SD {number}", AWAY)
            since, seconds = wrong.get(name, (D.max, 0))
            results = []
            for place, picture in enumerate(taken):
                folder = f"{name}/DCIM" if station == "ST02" else "DCIM"
                path = f"{folder}/{100 + place // 9999}RECNX/RCNX{place % 9999 + 1:04}.JPG"
                file = ImageFile(card.root, path, 400_000, place + 1)
                error = seconds * SECOND if picture.taken_at >= since else timedelta()
                key = f"{name}-{place}"
                results.append((file, _prediction(picture, picture.taken_at + error, key)))
            ledger.register(card, [file for file, _ in results])
            ledger.record(card, run, results)
        ledger.finish_run(run)
    (season / "stations.csv").write_text(stations_csv(), encoding="utf-8")
    return season


def _prediction(picture: Picture, camera_time: datetime, key: str) -> Prediction:
    is_numbered = picture.stay.station == "ST01"
    capture = Capture(
        taken_at=camera_time,
        timestamp_source="exif",
        serial=picture.stay.camera,
        sequence_index=picture.index + 1 if is_numbered else None,
        sequence_length=picture.length if is_numbered else None,
        maker_event=picture.trigger % 60_000 if is_numbered else None,
    )
    return Prediction(
        path=AWAY,
        state=picture.label,
        confidence=max(picture.chances.values()),
        probabilities=picture.chances,
        detections=picture.boxes,
        capture=capture,
        content_key=key,
        width=2048,
        height=1440,
        infrared=picture.is_night,
    )
