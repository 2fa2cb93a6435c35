"""`detection_history_<label>.csv` and `effort.csv`: occupancy tables for camtrapR and unmarked.

Rows are stations and columns occasions, `o1` to `oK`. Cells of a history are 1, 0 or `NA`, as R
reads them; this is the only table in which unknown is not empty. `occasions.csv` tells the days of
the occasions, and `detections_without_effort.csv` each detection that no cell can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from camtrap.events.fieldwork import Fieldwork
from camtrap.events.history import DEFAULT_DAYS, Lost, Sampling, history, sampling
from camtrap.outputs.season_events import CERTAIN, SeasonEvents
from camtrap.outputs.tables import write_table
from camtrap.records import State

LABELS = (State.LEOPARD, State.PREY)

EFFORT, OCCASIONS, LOST = "effort.csv", "occasions.csv", "detections_without_effort.csv"
LOST_HEADER = ("label", "event_id", "station_id", "began", "reason")


def names(labels: Sequence[State] = LABELS) -> tuple[str, ...]:
    """The files that `write` makes."""
    return (*map(name_of, labels), EFFORT, OCCASIONS, LOST)


def name_of(label: State) -> str:
    """The file of one label."""
    return f"detection_history_{label}.csv"


def write(
    folder: Path,
    work: Fieldwork,
    events: SeasonEvents,
    *,
    labels: Sequence[State] = LABELS,
    days: int = DEFAULT_DAYS,
    station_of: Callable[[str], str] = str,
    event_of: Callable[[str], str] = str,
    excel: bool = False,
) -> int:
    """Write the tables into a folder; returns how many detections no cell can hold.

    `days` is the length of an occasion; `station_of` and `event_of` give the names that are
    written. Raises `SeasonError` when a file cannot be written.
    """
    sampled = sampling(work.worked, days)
    columns = [f"o{number}" for number in range(1, len(sampled.occasions) + 1)]
    header = ("station_id", *columns)
    ids = [station_of(station) for station in sampled.stations]

    def table(cells: Iterable[Sequence[Any]]) -> Iterator[dict[str, Any]]:
        for station, line in zip(ids, cells, strict=True):
            yield dict(zip(header, (station, *line), strict=True))

    lost: list[tuple[State, Lost]] = []
    for label in labels:
        told = history(sampled, events.ordered(CERTAIN, label))
        cells = [["NA" if cell is None else cell for cell in line] for line in told.cells]
        write_table(folder / name_of(label), header, table(cells), excel=excel)
        lost += [(label, each) for each in told.lost]
    effort = [[round(part, 4) for part in line] for line in sampled.effort]
    write_table(folder / EFFORT, header, table(effort), excel=excel)
    write_table(
        folder / OCCASIONS, ("occasion", "start", "end"), _occasions(sampled, columns), excel=excel
    )
    rows = _lost(lost, station_of, event_of)
    write_table(folder / LOST, LOST_HEADER, rows, excel=excel)
    return len(lost)


def _occasions(sampled: Sampling, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """First and last moment of each; the end belongs to the next."""
    for column, occasion in zip(columns, sampled.occasions, strict=True):
        yield {
            "occasion": column,
            "start": occasion.start.isoformat(),
            "end": occasion.end.isoformat(),
        }


def _lost(
    lost: Iterable[tuple[State, Lost]],
    station_of: Callable[[str], str],
    event_of: Callable[[str], str],
) -> Iterator[dict[str, Any]]:
    for label, each in lost:
        yield {
            "label": label,
            "event_id": event_of(each.event),
            "station_id": station_of(each.station),
            "began": each.began.isoformat(timespec="seconds") if each.began else None,
            "reason": each.reason,
        }
