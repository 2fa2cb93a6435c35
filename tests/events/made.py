"""Frames made of nothing but what a test needs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from camtrap.card.deployments import Deployment
from camtrap.events.frames import Frame
from camtrap.ledger.rows import Entry
from camtrap.records import Capture, State


def made_frame(
    taken_at: datetime | None,
    deployment: str = "ST01-a",
    *,
    station: str = "ST01",
    state: State = State.EMPTY,
    source: str = "exif",
    card: str = "A",
    size: int = 1000,
    night: bool = False,
    place: Deployment | None = None,
    **capture: Any,
) -> Frame:
    """One file at a deployment; `capture` are fields of `Capture`."""
    told = Capture(taken_at=taken_at, timestamp_source=source if taken_at else "", **capture)
    entry = Entry(
        *(1, card, Path("/nowhere"), f"{station}/1.JPG", size, state, "", "", None, 1, 0.9, {}),
        *(640, 480, night, told, ()),
    )
    return Frame(
        entry=entry,
        label=state,
        station_id=place.station_id if place else station,
        deployment_id=place.deployment_id if place else deployment,
        taken_at=taken_at,
        utc_offset=(place.utc_offset if place else "") or told.utc_offset,
        deployment=place,
    )
