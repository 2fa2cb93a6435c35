"""What people wrote down about a season's cameras: `stations.csv` and `clock_offsets.csv`, read.

Both lie in the season's folder and both may be missing. They are input: nothing of camtrap's own
is ever written over them.
"""

from __future__ import annotations

import logging
from pathlib import Path

from camtrap.card.deployments import FieldNotes
from camtrap.card.offsets import OFFSETS_NAME, read_offsets
from camtrap.card.stations import STATIONS_NAME, read_stations

log = logging.getLogger(__name__)


def read_field_notes(season: Path) -> FieldNotes:
    """Read the tables of a season's folder; without them, nothing is known and nothing is wrong.

    What looks odd but can be used goes to the log as warnings. Raises `NotesError`, which names the
    file, the line and the next step, when a table cannot be used.
    """
    stations, offsets = season / STATIONS_NAME, season / OFFSETS_NAME
    told = read_stations(stations) if stations.exists() else None
    for remark in told.remarks if told else ():
        log.warning("%s", remark)
    return FieldNotes(
        told.deployments if told else (),
        read_offsets(offsets) if offsets.exists() else (),
    )
