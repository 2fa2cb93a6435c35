"""One workbook for the office: events, stations, the account of all files, and the leopards.

Rows are those of `events.csv` and `stations_report.csv`, and with `--public` those of the season's
`public` folder. Texts are texts, whatever they begin with; dates and times are Excel's own. Each
row is written as it comes, and pictures lie in a scratch folder, so that memory stays flat.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from camtrap import __version__
from camtrap.clock.doctor import findings
from camtrap.clock.finding import Kind
from camtrap.errors import ConfigError, SeasonError, UnreadablePicture
from camtrap.events.fieldwork import Fieldwork, fieldwork
from camtrap.ledger.rows import text_of
from camtrap.outputs import events_csv, public, stations_report
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.opening import last_finished, models
from camtrap.outputs.exports.sites import shows_people
from camtrap.outputs.exports.workbook import MOST_ROWS, Book
from camtrap.outputs.pictures import PictureAway
from camtrap.outputs.season_events import LIKE_A_LEOPARD
from camtrap.outputs.thumbnails import SMALL, Thumbnails
from camtrap.records import State

FILE_NAME = "camtrap.xlsx"
DEFAULT_THUMBNAILS = 300
MOST_THUMBNAILS = 5_000

LEOPARDS_HEADER = (
    *("event_id", "station_id", "date_local", "time_local", "confidence", "best_image", "picture"),
)
ACCOUNT_HEADER = ("what", "model", "with people's word")
_THUMBNAIL_SIDE = 240
"""Pixels of a picture's longer side as the sheet shows it; it is stored a little larger."""


class Numbers(NamedTuple):
    """Leopards' events that are shown, and pictures that were not there or not readable."""

    shown: int
    away: int = 0
    unreadable: int = 0


def write(source: Source, out: Path) -> Exported:
    """Write the workbook; the rows are those of events and stations.

    Raises `SeasonError` when a table is longer than a sheet, `ConfigError` for an option.
    """
    most = thumbnails_of(source.options)
    check_length(len(source.events), "events")
    work = fieldwork(source.watches)
    check_length(len(work.posts), "deployments")
    cover = public.Cover(work, source.grid) if source.public else None
    path = out / FILE_NAME
    with (
        tempfile.TemporaryDirectory(prefix="camtrap-", ignore_cleanup_errors=True) as scratch,
        Book(path, Path(scratch), created=_created(source)) as book,
    ):
        events = book.table("Events", events_csv.HEADER, _event_rows(source, cover))
        station_rows = _station_rows(source, work, cover)
        stations = book.table("Stations", stations_report.HEADER, station_rows)
        book.table("Account", ACCOUNT_HEADER, account(source))
        told = _leopards(source, cover, book, Path(scratch), most)
    return Exported((path,), events + stations, tuple(_notes(told, source)), told.away)


def thumbnails_of(options: Mapping[str, str]) -> int:
    """How many pictures the option `thumbnails` asks for; raises `ConfigError`."""
    said = options.get("thumbnails", str(DEFAULT_THUMBNAILS))
    if not (said.isascii() and said.isdigit() and int(said) <= MOST_THUMBNAILS):
        raise ConfigError(f"thumbnails={said} is no number from 0 to {MOST_THUMBNAILS:,}.")
    return int(said)


def check_length(rows: int, what: str) -> None:
    """Raise `SeasonError` when a table with its header is longer than a sheet of Excel."""
    if rows + 1 > MOST_ROWS:
        raise SeasonError(
            f"The season has {rows:,} {what}, and a sheet of Excel holds {MOST_ROWS:,} rows. Take "
            "'camtrap export SEASON parquet', which has no limit, or the season's own CSV tables; "
            "or make a season for each year."
        )


def _created(source: Source) -> datetime:
    """When the last run ended, so that the same season gives the same bytes."""
    told = last_finished(source)
    try:
        return datetime.fromisoformat(told).replace(tzinfo=None)
    except ValueError:
        return datetime(2000, 1, 1)


# -- the tables


def _event_rows(source: Source, cover: public.Cover | None) -> Iterator[Mapping[str, Any]]:
    clock = findings(source.ledger, source.placing)
    in_doubt = frozenset(each.deployment_id for each in clock if each.kind is not Kind.SILENCE)
    rows = events_csv.rows(source.ledger, source.events, source.placing, clock_issues=in_doubt)
    return rows if cover is None else public.event_rows(rows, cover, public.notice(source.grid))


def _station_rows(
    source: Source, work: Fieldwork, cover: public.Cover | None
) -> Iterator[Mapping[str, Any]]:
    rows = stations_report.rows(work, source.events)
    return rows if cover is None else public.station_rows(rows, cover, public.notice(source.grid))


def account(source: Source) -> Iterator[dict[str, Any]]:
    """Every file counted once, as the model left it and with people's word; then how it was made.

    For everybody, neither people and vehicles nor cards and their places are told.
    """
    totals = source.ledger.totals()
    spoken = {
        state: sum(tally.states[state] for tally in source.events.stations.values())
        for state in State
    }
    hidden = frozenset(State) - {*public.LABELS, State.EMPTY} if source.public else frozenset()
    for state in State:
        if (totals[state] or spoken[state]) and state not in hidden:
            yield _line(f"files: {state}", totals[state], spoken[state])
    if not source.public:
        yield _line("files: all", sum(totals.values()), sum(spoken.values()))
        yield _line("events: all", None, len(source.events))
        for card in source.ledger.cards():
            yield _line(f"card: {card.name}", text_of(str(card.root)))
        yield _line("deployments in stations.csv", len(source.placing.notes.deployments))
        yield _line("corrections of time", len(source.placing.notes.offsets))
    yield _line("camtrap", __version__)
    for model in dict.fromkeys(filter(None, models(source).values())):
        yield _line("model", model)
    yield _line("last run (UTC)", last_finished(source))
    for name, value in source.events.rules.as_dict().items():
        yield _line(f"rule: {name}", value)
    if source.public:
        yield _line("note", public.notice(source.grid))


def _line(what: str, model: Any, spoken: Any = None) -> dict[str, Any]:
    return dict(zip(ACCOUNT_HEADER, (what, model, spoken), strict=True))


# -- the leopards


def _leopards(
    source: Source, cover: public.Cover | None, book: Book, scratch: Path, most: int
) -> Numbers:
    """A row with a picture for each leopard's event, the likeliest first."""
    thumbnails = Thumbnails(source.season)
    away = unreadable = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal away, unreadable
        for number, event in enumerate(source.events.first(LIKE_A_LEOPARD, most, State.LEOPARD)):
            frame = source.placing.frame(source.ledger.entry(event.shown))
            picture: Path | None = scratch / f"{number}.jpg"
            try:
                if source.public and shows_people(frame):
                    picture = None
                else:
                    boxes = [d.box for d in frame.entry.detections if d.label == State.LEOPARD]
                    data = thumbnails.drawn(frame.entry, boxes, SMALL)
                    (scratch / f"{number}.jpg").write_bytes(data)
            except PictureAway:
                away, picture = away + 1, None
            except UnreadablePicture:
                unreadable, picture = unreadable + 1, None
            row = events_csv.row(event, frame, None)
            human = event.reviewed is not None
            yield {
                "event_id": cover.event(event.name) if cover else event.name,
                "station_id": cover.station(event.station) if cover else event.station,
                "date_local": row["date_local"],
                "time_local": row["time_local"],
                "confidence": None if human else row["confidence"],
                "best_image": None if cover else row["best_image"],
                "picture": picture,
            }

    count = book.table("Leopards", LEOPARDS_HEADER, rows(), picture_side=_THUMBNAIL_SIDE)
    thumbnails.prune()
    return Numbers(count, away, unreadable)


def _notes(told: Numbers, source: Source) -> Iterator[str]:
    leopards = sum(1 for _ in source.events.ordered(LIKE_A_LEOPARD, State.LEOPARD))
    if leopards > told.shown:
        yield (
            f"{told.shown:,} of {leopards:,} leopards' events are shown; see the option thumbnails."
        )
    if told.away:
        yield f"{told.away:,} pictures are not where they were, and not shown."
    if told.unreadable:
        yield f"{told.unreadable:,} pictures cannot be read any more, and are not shown."
