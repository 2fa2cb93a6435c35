"""`brief.html`: the season on one page, leopards first, to read on a phone or to print on A4.

The page holds its style, pictures and charts itself and no script, and it forbids loading anything,
so that it can be handed on and opened without a network. All that comes from a card or the ledger
goes through `text`, which escapes it. The same ledger and cards give the same bytes.
"""

from __future__ import annotations

import base64
import html
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from camtrap import __version__
from camtrap.engine.progress import account
from camtrap.errors import UnreadablePicture
from camtrap.events.grouping import Event
from camtrap.ledger.rows import Entry, text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs import names
from camtrap.outputs.events_csv import SeasonEvents
from camtrap.outputs.pictures import PictureAway, read_picture, thumbnail
from camtrap.outputs.tables import cell, replacing
from camtrap.records import LABELS, State


@dataclass(frozen=True, slots=True)
class Room:
    """What a section may take of the page; `side` is a picture's longer side in pixels."""

    cards: int
    side: int
    characters: int


# Together below 10 MB, whatever the season: what a mail still carries and a phone still opens.
LEOPARD_ROOM = Room(cards=60, side=900, characters=6_500_000)
PEOPLE_ROOM = Room(cards=24, side=420, characters=1_000_000)
UNSURE_ROOM = Room(cards=24, side=420, characters=1_000_000)
HERD_ROOM = Room(cards=12, side=420, characters=500_000)
UNREAD_LISTED = 20

EVENT_LABELS = (
    State.LEOPARD,
    State.PREY,
    State.OTHER,
    State.PERSON,
    State.VEHICLE,
    State.UNSURE,
)
NOUNS = {State.PERSON: ("person", "people"), State.VEHICLE: ("vehicle", "vehicles")}
ANIMALS = ("animal", "animals")
UNREAD = (State.UNREADABLE, State.TRUNCATED)

TIME_SOURCES = {
    "exif": "",
    "filename": "time from the file's name",
    "modified": "time from the file's date, may be wrong",
    "": "",
}

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Sight:
    """An event and the frame that stands for it on the page."""

    name: str
    event: Event
    frame: Entry

    @property
    def label(self) -> State:
        return State(self.event.label)

    @property
    def station(self) -> str:
        return names.station_id(self.frame)

    @property
    def confidence(self) -> float:
        return self.frame.confidence or 0.0

    @property
    def leopard(self) -> float:
        return self.frame.probabilities.get(State.LEOPARD, 0.0)

    @property
    def start(self) -> datetime | None:
        """When the event began, unless only the file's own date would tell."""
        return self.event.start if camera_time(self.frame) else None


@dataclass(slots=True)
class Tally:
    """Counts and the span of dates, of a station or of everything."""

    events: Counter[str] = field(default_factory=Counter)
    states: Counter[State] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def note(self, moment: datetime | None) -> None:
        """Widen the span by a moment, if it is known."""
        if moment is not None:
            self.first = min(self.first or moment, moment)
            self.last = max(self.last or moment, moment)


@dataclass(frozen=True, slots=True)
class Survey:
    """What the page tells, gathered in one pass over the ledger."""

    sights: Sequence[Sight]
    stations: Mapping[str, Tally]
    whole: Tally
    unread: Sequence[Entry]

    def of(self, *labels: State) -> list[Sight]:
        """The sights of some labels, the most certain first."""
        chosen = (sight for sight in self.sights if sight.label in labels)
        return sorted(chosen, key=lambda sight: (-sight.confidence, sight.name))


def write(ledger: Ledger, path: Path, events: SeasonEvents) -> None:
    """Write the page; a card that is away leaves gaps and no error.

    Raises `SeasonError` when the page cannot be written.
    """
    with replacing(path) as stream:
        for piece in page(ledger, survey(ledger, events)):
            stream.write(piece)


# -- gathering


def survey(ledger: Ledger, events: SeasonEvents) -> Survey:
    """Count files and events by station, and choose the frames to show; holds no other files."""
    stations: dict[str, Tally] = {}
    whole = Tally()
    unread: list[Entry] = []
    unsure = {
        sighting.key: name
        for name, event in events.events
        if event.label == State.UNSURE
        for sighting in event.sightings
    }
    frames = dict(events.best)
    for entry in ledger.entries():
        for tally in (whole, stations.setdefault(names.station_id(entry), Tally())):
            tally.states[entry.state] += 1
            tally.note(camera_time(entry))
        if entry.state in UNREAD and len(unread) < UNREAD_LISTED:
            unread.append(entry)
        # Of a doubtful event, the frame most like a leopard is the one that a person has to see.
        name = unsure.get(entry.file_id)
        if name is not None and _leopard(entry) > _leopard(frames[name]):
            frames[name] = entry
    sights = [Sight(name, event, frames[name]) for name, event in events.events]
    for sight in sights:
        whole.events[sight.label] += 1
        stations[sight.station].events[sight.label] += 1
    return Survey(sights, dict(sorted(stations.items())), whole, unread)


def _leopard(entry: Entry) -> float:
    return entry.probabilities.get(State.LEOPARD, 0.0)


def camera_time(entry: Entry) -> datetime | None:
    """The time that the camera gave; a file's own date changes with copying and dates nothing."""
    return None if entry.capture.timestamp_source == "modified" else entry.capture.taken_at


# -- the page, from top to bottom


def page(ledger: Ledger, found: Survey) -> Iterator[str]:
    """The page piece by piece, so that no more than one picture is held at a time."""
    season = text(text_of(ledger.season.resolve().name) or "season")
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Camera-trap brief: {season}</title>\n<style>\n{_style()}</style>\n"
        "</head>\n<body>\n"
    )
    runs = ledger.runs()
    totals = ledger.totals()
    yield from _header(season, runs, found, totals)
    yield "<main>\n"
    yield from _notices(found, totals)
    yield from _leopards(found)
    yield from _people(found)
    yield from _unsure(found)
    yield from _herds(found)
    yield from _stations(found)
    yield from _hours(found)
    yield "</main>\n"
    yield from _reading(runs)
    yield "</body>\n</html>\n"


def _header(
    season: str, runs: Sequence[Mapping[str, Any]], found: Survey, totals: Counter[State]
) -> Iterator[str]:
    model = text(runs[-1]["settings"]["model"]["id"]) if runs else "none yet"
    facts = {
        "Pictures from": span(found.whole, "no dates known"),
        "Stations": f"{len(found.stations):,}",
        "Model": model,
        "Made by": f"camtrap {text(__version__)}",
    }
    yield f'<header>\n<p class="kind">Camera-trap brief</p>\n<h1><bdi>{season}</bdi></h1>\n'
    yield _facts(facts)
    yield '<ul class="glance">\n'
    for label in EVENT_LABELS:
        number = found.whole.events[label]
        yield f'<li class="{label}"><b>{number:,}</b> <span>{label} events</span></li>\n'
    yield f'</ul>\n<p class="account"><b>Every file:</b> {text(account(totals))}</p>\n</header>\n'


def _notices(found: Survey, totals: Counter[State]) -> Iterator[str]:
    if pending := totals[State.PENDING]:
        yield (
            '<section class="notice">\n'
            f"<h2>Not finished: {count(pending, 'file')} still to be read</h2>\n"
            "<p>Run the same command again to go on; nothing that is done is lost.</p>\n"
            "</section>\n"
        )
    if unread := sum(totals[state] for state in UNREAD):
        lines = "".join(
            f"<li>{_path(entry)} <span>{text(entry.state)}: {text(entry.reason)}</span></li>\n"
            for entry in found.unread
        )
        more = unread - len(found.unread)
        yield (
            f'<section class="notice">\n<h2>{count(unread, "file")} could not be read</h2>\n'
            "<p>Nobody knows what is in them: they do not count as empty.</p>\n"
            f"<ul>\n{lines}</ul>\n<p>{f'{more:,} more are not listed here. ' if more else ''}"
            "See images.csv for all.</p>\n</section>\n"
        )


def _leopards(found: Survey) -> Iterator[str]:
    sights = found.of(State.LEOPARD)
    yield _section("leopards", "Leopards", State.LEOPARD, count(len(sights), "event"))
    if not sights:
        yield (
            "<p>No picture was certain enough to be called leopard. "
            "Look through the doubtful ones below before you conclude that none was there.</p>\n"
        )
    yield from _cards(sights, LEOPARD_ROOM, _full_card, "large", "leopard events")
    yield "</section>\n"


def _people(found: Survey) -> Iterator[str]:
    sights = found.of(State.PERSON, State.VEHICLE)
    sights.sort(key=lambda sight: sight.event.start or datetime.min, reverse=True)
    people, vehicles = (found.whole.events[label] for label in (State.PERSON, State.VEHICLE))
    told = f"{count(people, 'event')} of people, {vehicles:,} of vehicles"
    yield _section("people", "People and vehicles", State.PERSON, told)
    if sights:
        yield "<p>The latest first. The pictures may show people: keep them within the team.</p>\n"
    else:
        yield "<p>None were found.</p>\n"
    yield from _cards(sights, PEOPLE_ROOM, _small_card, "small", "events of people and vehicles")
    yield "</section>\n"


def _unsure(found: Survey) -> Iterator[str]:
    sights = found.of(State.UNSURE)
    sights.sort(key=lambda sight: -sight.leopard)
    yield _section("unsure", "To be looked at", State.UNSURE, count(len(sights), "event"))
    if sights:
        yield "<p>The model was too doubtful to name these. Most like a leopard comes first.</p>\n"
    else:
        yield "<p>Nothing was left in doubt.</p>\n"
    yield from _cards(sights, UNSURE_ROOM, _doubtful_card, "small", "doubtful events")
    yield "</section>\n"


def _herds(found: Survey) -> Iterator[str]:
    sights = found.of(State.PREY, State.OTHER)
    prey, other = (found.whole.events[label] for label in (State.PREY, State.OTHER))
    told = f"{count(prey, 'event')} of prey, {other:,} of other animals"
    yield _section("herds", "Prey and other animals", State.PREY, told)
    if not sights:
        yield "<p>None were found.</p>\n</section>\n"
        return
    groups: dict[tuple[str, State], list[Sight]] = {}
    for sight in sights:
        groups.setdefault((sight.station, sight.label), []).append(sight)
    rows = []
    for (station, label), members in sorted(
        groups.items(), key=lambda group: (group[0][0], _rank(group[0][1]))
    ):
        dates = Tally()
        for member in members:
            dates.note(member.start)
        frames = sum(len(member.event.sightings) for member in members)
        numbers = (f"{len(members):,}", f"{frames:,}")
        rows.append((_bdi(station), _chip(label), *numbers, _day(dates.first), _day(dates.last)))
    header = ("Station", "Label", "Events", "Frames", "First", "Last")
    yield _table("Prey and other animals by station", header, rows)
    best = sorted((m[0] for m in groups.values()), key=lambda s: (-s.confidence, s.name))
    yield "<h3>The clearest pictures</h3>\n"
    yield "<p>At most one a label and station; all events are in events.csv.</p>\n"
    shown = sorted(best[: HERD_ROOM.cards], key=lambda sight: (sight.station, _rank(sight.label)))
    yield from _cards(shown, HERD_ROOM, _small_card, "small", "of them")
    yield "</section>\n"


def _stations(found: Survey) -> Iterator[str]:
    yield _section("stations", "Stations", None, f"{len(found.stations):,}")
    header = (
        "Station",
        *(label.capitalize() for label in EVENT_LABELS),
        "Files",
        "Empty",
        "Not read",
        "First",
        "Last",
    )
    rows = [_station_row(_bdi(name), tally) for name, tally in found.stations.items()]
    footer = _station_row("All", found.whole)
    caption = "Events of each label, files, and the first and last picture"
    yield _table(caption, header, rows, footer)
    yield "</section>\n"


def _station_row(name: str, tally: Tally) -> tuple[str, ...]:
    numbers = (
        *(tally.events[label] for label in EVENT_LABELS),
        sum(tally.states.values()),
        tally.states[State.EMPTY],
        sum(tally.states[state] for state in UNREAD),
    )
    return (name, *(f"{number:,}" for number in numbers), _day(tally.first), _day(tally.last))


def _hours(found: Survey) -> Iterator[str]:
    yield _section("hours", "Activity by hour of day", None, "")
    yield '<div class="charts">\n'
    undated = 0
    for label in (State.LEOPARD, State.PREY, State.PERSON):
        starts = [sight.start for sight in found.sights if sight.label == label]
        hours = Counter(start.hour for start in starts if start is not None)
        undated += len(starts) - hours.total()
        yield _chart(label, hours)
    yield "</div>\n<p>Events by the hour in which they began, on the camera's clock."
    if undated:
        yield f" Left out, because the camera gave no time: {count(undated, 'event')}."
    yield "</p>\n</section>\n"


def _reading(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How to read the page, and the thresholds that were used."""
    yield '<footer>\n<h2>How to read this</h2>\n<ul class="notes">\n'
    for note in (
        "A percentage is a calibrated chance: of 100 pictures at 80 %, about 80 are what they are "
        "called.",
        "All labels are the machine's; no person has checked them. Look before you act on one.",
        "An event is a run of frames of one label at one station; a long pause begins the next.",
        "“At least” is the largest number of animals in any one frame of the event.",
        "The yellow line is drawn around what the model saw; the card itself is untouched.",
        "Times are the camera's own clock. A time that comes from elsewhere says so, "
        "and a file's date counts neither for first and last nor for the hours.",
        "This page holds no coordinates. Stations and paths are named as the folders on the cards.",
        "All events are in events.csv and all files in images.csv, beside this page.",
    ):
        yield f"<li>{note}</li>\n"
    yield "</ul>\n"
    if runs:
        chances = runs[-1]["settings"]["thresholds"]
        told = (f"{text(name)} {100 * chances[name]:g} %" for name in sorted(chances, key=_rank))
        yield (
            f"<p><b>Thresholds of the last run:</b> {', '.join(told)}. "
            "From its threshold on, a picture gets a label; leopard is asked first. Once the "
            "chance of a leopard reaches “doubt”, a picture is never put away as anything "
            "else: it is to be looked at.</p>\n"
        )
    yield "</footer>\n"


# -- cards


def _cards(
    sights: Sequence[Sight], room: Room, card: Callable[[Sight, Room], str], size: str, what: str
) -> Iterator[str]:
    """As many cards as the section has room for, then how many are left out."""
    shown = used = 0
    yield f'<div class="cards {size}">\n'
    for sight in sights[: room.cards]:
        piece = card(sight, room)
        used += len(piece)
        if used > room.characters:
            break
        shown += 1
        yield piece
    yield "</div>\n"
    if left := len(sights) - shown:
        yield f'<p class="left">{left:,} more {what} are not shown here; see events.csv.</p>\n'


def _full_card(sight: Sight, room: Room) -> str:
    capture = sight.frame.capture
    night = {True: "night", False: "day", None: ""}[names.is_night(sight.frame)]
    degrees = "" if capture.temperature_c is None else f"{capture.temperature_c} °C"
    camera = text(f"{capture.make} {capture.model}".strip())
    told = ", ".join(part for part in (_numbers(sight.event), night, degrees, camera) if part)
    return _card(sight, room, percent(sight.confidence), f"{told}</p>\n<p>{_bdi(sight.name)}")


def _small_card(sight: Sight, room: Room) -> str:
    return _card(sight, room, percent(sight.confidence), _numbers(sight.event))


def _doubtful_card(sight: Sight, room: Room) -> str:
    chances = sight.frame.probabilities
    likeliest = max(chances, key=lambda label: chances[label], default=State.LEOPARD)
    told = _numbers(sight.event)
    if likeliest != State.LEOPARD:
        told += f"; rather {text(likeliest)}, {percent(chances[likeliest])}"
    return _card(sight, room, f"leopard {percent(sight.leopard)}", told)


def _numbers(event: Event) -> str:
    """`3 frames, at least 2 animals`; what has no boxes is not counted."""
    frames = count(len(event.sightings), "frame")
    if not event.count_min:
        return frames
    one, many = NOUNS.get(State(event.label), ANIMALS)
    return f"{frames}, at least {event.count_min:,} {one if event.count_min == 1 else many}"


def _card(sight: Sight, room: Room, chance: str, told: str) -> str:
    return (
        f'<figure class="card {sight.label}">\n{_picture(sight, room.side)}<figcaption>\n'
        f'<p class="top">{_chip(sight.label)} <b>{chance}</b></p>\n'
        f'<h3>{_bdi(sight.station)}</h3>\n<p class="when">{_when(sight)}</p>\n'
        f"<p>{told}</p>\n<p>{_path(sight.frame)}</p>\n</figcaption>\n</figure>\n"
    )


def _picture(sight: Sight, side: int) -> str:
    """The frame from its card, or a block that names the card to plug in."""
    frame = sight.frame
    boxes = [d.box for d in frame.detections if sight.label in (State.UNSURE, d.label)]
    try:
        jpeg = thumbnail(read_picture(frame), boxes, side)
    except PictureAway:
        wanted = f"To see this picture, plug in the card <b>{_bdi(frame.card)}</b> and run again."
        return f'<div class="away"><p>{wanted}</p></div>\n'
    except UnreadablePicture:
        return '<div class="away"><p>This picture can no longer be decoded.</p></div>\n'
    what = text(f"{sight.label.capitalize()} at {sight.station}, {_moment(sight.event.start)}")
    return f'<img alt="{what}" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">\n'


def _when(sight: Sight) -> str:
    """Local date and time of the event, and where the time comes from if not from the camera."""
    start, end = sight.event.start, sight.event.end
    said = _moment(start)
    if start is not None and end is not None and (end - start).total_seconds() >= 60:
        said += f" to {end:%H:%M}" if end.date() == start.date() else f" to {_moment(end)}"
    source = sight.frame.capture.timestamp_source
    note = TIME_SOURCES.get(source, source)
    return text(said) + (f' <span class="source">({text(note)})</span>' if note else "")


# -- parts


def _section(name: str, title: str, label: State | None, told: str) -> str:
    kind = f' class="{label}"' if label else ""
    aside = f" <span>{told}</span>" if told else ""
    return f'<section{kind} aria-labelledby="{name}">\n<h2 id="{name}">{title}{aside}</h2>\n'


def _table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    footer: Sequence[str] | None = None,
) -> str:
    """A table of markup; cells name their column, for phones that show rows as blocks."""

    def line(cells: Sequence[str]) -> str:
        rest = zip(header[1:], cells[1:], strict=True)
        columns = "".join(f'<td data-column="{column}">{value}</td>' for column, value in rest)
        return f'<tr><th scope="row">{cells[0]}</th>{columns}</tr>\n'

    head = "".join(f'<th scope="col">{column}</th>' for column in header)
    foot = f"<tfoot>\n{line(footer)}</tfoot>\n" if footer else ""
    return (
        f"<table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{''.join(line(row) for row in rows)}</tbody>\n{foot}</table>\n"
    )


def _chart(label: State, hours: Counter[int]) -> str:
    """24 bars as SVG, the highest as high as the chart."""
    most = max(hours.values(), default=0)
    told = ", ".join(f"{hour:02d}h {hours[hour]}" for hour in sorted(hours)) or "none"
    name, total = label.capitalize(), count(hours.total(), "event")
    bars = "".join(
        f'<rect x="{12 * hour + 1}" y="{90 - height:.1f}" width="10" height="{height:.1f}"/>'
        for hour in sorted(hours)
        if (height := 76 * hours[hour] / most)
    )
    ticks = "".join(
        f'<text x="{12 * hour}" y="104" text-anchor="middle">{hour}</text>'
        for hour in (0, 6, 12, 18, 24)
    )
    top = f'<text x="0" y="9">{most:,}</text>' if most else ""
    return (
        f'<figure class="chart {label}">\n<figcaption><b>{name}</b> {total}</figcaption>\n'
        f'<svg viewBox="-6 0 300 108" role="img" aria-labelledby="hours-{label}">'
        f'<title id="hours-{label}">{name} events by hour of day: {told}</title>'
        f'<path d="M0 14H288M0 90.5H288"/>{bars}{top}{ticks}</svg>\n</figure>\n'
    )


def _facts(facts: Mapping[str, str]) -> str:
    pairs = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd></div>\n" for name, value in facts.items() if value
    )
    return f"<dl>\n{pairs}</dl>\n"


def _chip(label: State) -> str:
    return f'<span class="chip {label}">{label}</span>'


def _path(entry: Entry) -> str:
    return f"<code>{_bdi(names.file_path(entry))}</code>"


def _bdi(value: str) -> str:
    """A name from a card, kept from turning the direction of the text around it."""
    return f"<bdi>{text(value) or 'no name'}</bdi>"


def _style() -> str:
    return (files("camtrap.outputs") / "templates" / "brief.css").read_text(encoding="utf-8")


# -- words and numbers


def text(value: object) -> str:
    """Any value as text of the page, also inside an attribute: escaped, on one line."""
    return html.escape(cell(value))


def percent(chance: float) -> str:
    """A chance in whole percent; never 0 or 100, which no machine knows."""
    if chance < 0.01:
        return "under 1 %"
    return "over 99 %" if chance > 0.99 else f"{chance:.0%}".replace("%", " %")


def count(number: int, thing: str) -> str:
    """`1 event`, `1,902 events`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def span(tally: Tally, unknown: str) -> str:
    """First and last day as `2026-03-01 to 2026-05-30`."""
    first, last = _day(tally.first), _day(tally.last)
    return (first if first == last else f"{first} to {last}") or unknown


def _rank(label: str) -> int:
    """The place of a label in every table; what is no label comes last."""
    return LABELS.index(label) if label in LABELS else len(LABELS)


def _day(moment: datetime | None) -> str:
    return "" if moment is None else moment.date().isoformat()


def _moment(moment: datetime | None) -> str:
    return "time not known" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
