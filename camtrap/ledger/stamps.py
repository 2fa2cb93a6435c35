"""What the ledger knows of each file's time, camera and place, and no more: it is asked a million
times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from camtrap.ledger.store import Ledger
from camtrap.records import State


class Stamp(NamedTuple):
    """One file: the columns of the ledger of these names, and `Capture`'s meaning of them."""

    file_id: int
    card: str
    relative_path: str
    state: State
    taken_at: datetime | None
    timestamp_source: str
    utc_offset: str
    serial: str
    user_label: str
    latitude: float | None
    longitude: float | None
    night_scene: bool | None
    infrared: bool | None
    sequence_index: int | None
    maker_event: int | None

    @property
    def is_night(self) -> bool | None:
        """True for an infra-red picture or one that the camera marked as a night scene."""
        return True if self.night_scene else self.infrared


_COLUMNS = (
    "file_id, card.name, relative_path, state, taken_at, timestamp_source, utc_offset, serial,"
    " user_label, latitude, longitude, night_scene, infrared, sequence_index, maker_event"
)


def stamps(ledger: Ledger) -> Iterator[Stamp]:
    """Every file of the season by card and path, without copies of files known already; streams."""
    cursor = ledger.db.cursor()
    cursor.row_factory = None
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM file JOIN card USING (card_id) WHERE +state != 'duplicate'"
        " ORDER BY card_id, relative_path"
    )
    for (
        file_id,
        card,
        path,
        state,
        taken_at,
        source,
        offset,
        serial,
        label,
        latitude,
        longitude,
        night,
        infrared,
        index,
        event,
    ) in rows:
        yield Stamp(
            file_id,
            card,
            path,
            State(state),
            datetime.fromisoformat(taken_at) if taken_at else None,
            source or "",
            offset or "",
            serial or "",
            label or "",
            latitude,
            longitude,
            None if night is None else bool(night),
            None if infrared is None else bool(infrared),
            index,
            event,
        )


def path_of_file(ledger: Ledger, file_id: int) -> str:
    """The card's name and the path on it, for people to read; empty for a file not known."""
    row = ledger.db.execute(
        "SELECT card.name, relative_path FROM file JOIN card USING (card_id) WHERE file_id = ?",
        (file_id,),
    ).fetchone()
    return f"{row[0]}/{row[1]}" if row else ""
