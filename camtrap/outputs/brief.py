"""`brief.html`: the season on one page, leopards first, to read on a phone or to print on A4.

The page holds its style, pictures and charts itself and no script, and it forbids loading anything,
so that it can be handed on and opened without a network. All that comes from a card or the ledger
goes through `text`, which escapes it. The same ledger and cards give the same bytes.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from camtrap import __version__
from camtrap.engine.progress import account
from camtrap.errors import UnreadablePicture
from camtrap.events import names
from camtrap.ledger.rows import Entry, text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.markup import (
    chart,
    chip,
    count,
    day_of,
    facts,
    moment_of,
    name_of,
    percent,
    section,
    table,
    text,
)
from camtrap.outputs.pictures import PictureAway, read_picture, thumbnail
from camtrap.outputs.season_events import (
    CERTAIN,
    LATEST,
    LIKE_A_LEOPARD,
    SeasonEvent,
    SeasonEvents,
)
from camtrap.outputs.survey import (
    HERDS,
    UNREAD,
    Sight,
    Survey,
    Tally,
    span,
    survey,
)
from camtrap.outputs.tables import replacing
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

TIME_SOURCES = {
    "exif": "",
    "filename": "time from the file's name",
    "modified": "time from the file's date, may be wrong",
    "": "",
}

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write(ledger: Ledger, path: Path, events: SeasonEvents) -> None:
    """Write the page; a card that is away leaves gaps and no error.

    Raises `SeasonError` when the page cannot be written.
    """
    with replacing(path) as stream:
        for piece in page(ledger, survey(ledger, events)):
            stream.write(piece)


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
    runs = ledger.run_notes()
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
    said = {
        "Pictures from": span(found.whole, "no dates known"),
        "Stations": f"{len(found.stations):,}",
        "Model": model,
        "Made by": f"camtrap {text(__version__)}",
    }
    yield f'<header>\n<p class="kind">Camera-trap brief</p>\n<h1><bdi>{season}</bdi></h1>\n'
    yield facts(said)
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
    total = found.whole.events[State.LEOPARD]
    yield section("leopards", "Leopards", State.LEOPARD, count(total, "event"))
    if not total:
        yield (
            "<p>No picture was certain enough to be called leopard. "
            "Look through the doubtful ones below before you conclude that none was there.</p>\n"
        )
    sights = found.sights(CERTAIN, LEOPARD_ROOM.cards, State.LEOPARD)
    yield from _cards(sights, total, LEOPARD_ROOM, _full_card, "large", "leopard events")
    yield "</section>\n"


def _people(found: Survey) -> Iterator[str]:
    people, vehicles = (found.whole.events[label] for label in (State.PERSON, State.VEHICLE))
    told = f"{count(people, 'event')} of people, {vehicles:,} of vehicles"
    yield section("people", "People and vehicles", State.PERSON, told)
    if people + vehicles:
        yield "<p>The latest first. The pictures may show people: keep them within the team.</p>\n"
    else:
        yield "<p>None were found.</p>\n"
    sights = found.sights(LATEST, PEOPLE_ROOM.cards, State.PERSON, State.VEHICLE)
    what = "events of people and vehicles"
    yield from _cards(sights, people + vehicles, PEOPLE_ROOM, _small_card, "small", what)
    yield "</section>\n"


def _unsure(found: Survey) -> Iterator[str]:
    total = found.whole.events[State.UNSURE]
    yield section("unsure", "To be looked at", State.UNSURE, count(total, "event"))
    if total:
        yield "<p>The model was too doubtful to name these. Most like a leopard comes first.</p>\n"
    else:
        yield "<p>Nothing was left in doubt.</p>\n"
    sights = found.sights(LIKE_A_LEOPARD, UNSURE_ROOM.cards, State.UNSURE)
    yield from _cards(sights, total, UNSURE_ROOM, _doubtful_card, "small", "doubtful events")
    yield "</section>\n"


def _herds(found: Survey) -> Iterator[str]:
    prey, other = (found.whole.events[label] for label in HERDS)
    told = f"{count(prey, 'event')} of prey, {other:,} of other animals"
    yield section("herds", "Prey and other animals", State.PREY, told)
    if not found.herds:
        yield "<p>None were found.</p>\n</section>\n"
        return
    rows = []
    for (station, label), herd in sorted(
        found.herds.items(), key=lambda item: (item[0][0], _rank(item[0][1]))
    ):
        numbers = (f"{herd.events:,}", f"{herd.frames:,}")
        first, last = day_of(herd.dates.first), day_of(herd.dates.last)
        rows.append((name_of(station), chip(label), *numbers, first, last))
    header = ("Station", "Label", "Events", "Frames", "First", "Last")
    yield table("Prey and other animals by station", header, rows)
    best = sorted(
        (herd.best for herd in found.herds.values()), key=lambda e: (-e.shown_confidence, e.name)
    )
    yield "<h3>The clearest pictures</h3>\n"
    yield "<p>At most one a label and station; all events are in events.csv.</p>\n"
    chosen = sorted(best[: HERD_ROOM.cards], key=lambda e: (e.station, _rank(e.label)))
    sights = list(map(found.sight, chosen))
    yield from _cards(sights, len(sights), HERD_ROOM, _small_card, "small", "of them")
    yield "</section>\n"


def _stations(found: Survey) -> Iterator[str]:
    yield section("stations", "Stations", None, f"{len(found.stations):,}")
    header = (
        "Station",
        *(label.capitalize() for label in EVENT_LABELS),
        "Files",
        "Empty",
        "Not read",
        "First",
        "Last",
    )
    rows = [_station_row(name_of(name), tally) for name, tally in found.stations.items()]
    footer = _station_row("All", found.whole)
    caption = "Events of each label, files, and the first and last picture"
    yield table(caption, header, rows, footer)
    yield "</section>\n"


def _station_row(name: str, tally: Tally) -> tuple[str, ...]:
    numbers = (
        *(tally.events[label] for label in EVENT_LABELS),
        sum(tally.states.values()),
        tally.states[State.EMPTY],
        sum(tally.states[state] for state in UNREAD),
    )
    return (name, *(f"{number:,}" for number in numbers), day_of(tally.first), day_of(tally.last))


def _hours(found: Survey) -> Iterator[str]:
    yield section("hours", "Activity by hour of day", None, "")
    yield '<div class="charts">\n'
    undated = 0
    for label in (State.LEOPARD, State.PREY, State.PERSON):
        hours = found.hours.get(label, Counter())
        undated += found.whole.events[label] - hours.total()
        yield chart(label, hours)
    yield "</div>\n<p>Events by the hour in which they began, on the camera's clock."
    if undated:
        yield f" Left out, because the camera gave no time: {count(undated, 'event')}."
    yield "</p>\n</section>\n"


def _reading(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How to read the page, and the thresholds that were used."""
    yield '<footer>\n<h2>How to read this</h2>\n<ul class="notes">\n'
    for note in (
        "A percentage is the model's chance that its label is right. It was calibrated on other "
        "places than yours; the model's card tells how far it was off.",
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
    sights: Sequence[Sight],
    total: int,
    room: Room,
    card: Callable[[Sight, Room], str],
    size: str,
    what: str,
) -> Iterator[str]:
    """As many cards as the section has room for, then how many of `total` are left out."""
    shown = used = 0
    yield f'<div class="cards {size}">\n'
    for sight in sights:
        piece = card(sight, room)
        used += len(piece)
        if used > room.characters:
            break
        shown += 1
        yield piece
    yield "</div>\n"
    if left := total - shown:
        yield f'<p class="left">{left:,} more {what} are not shown here; see events.csv.</p>\n'


def _full_card(sight: Sight, room: Room) -> str:
    capture = sight.frame.capture
    night = {True: "night", False: "day", None: ""}[names.is_night(sight.frame)]
    degrees = "" if capture.temperature_c is None else f"{capture.temperature_c} °C"
    camera = text(f"{capture.make} {capture.model}".strip())
    told = ", ".join(part for part in (_numbers(sight.event), night, degrees, camera) if part)
    return _card(
        sight,
        room,
        percent(sight.event.shown_confidence),
        f"{told}</p>\n<p>{name_of(sight.event.name)}",
    )


def _small_card(sight: Sight, room: Room) -> str:
    return _card(sight, room, percent(sight.event.shown_confidence), _numbers(sight.event))


def _doubtful_card(sight: Sight, room: Room) -> str:
    chances = sight.frame.probabilities
    likeliest = max(chances, key=lambda label: chances[label], default=State.LEOPARD)
    told = _numbers(sight.event)
    if likeliest != State.LEOPARD:
        told += f"; rather {text(likeliest)}, {percent(chances[likeliest])}"
    return _card(sight, room, f"leopard {percent(sight.event.leopard)}", told)


def _numbers(event: SeasonEvent) -> str:
    """`3 frames, at least 2 animals`; what has no boxes is not counted."""
    frames = count(event.image_count, "frame")
    if not event.count_min:
        return frames
    one, many = NOUNS.get(event.label, ANIMALS)
    return f"{frames}, at least {event.count_min:,} {one if event.count_min == 1 else many}"


def _card(sight: Sight, room: Room, chance: str, told: str) -> str:
    return (
        f'<figure class="card {sight.event.label}">\n{_picture(sight, room.side)}<figcaption>\n'
        f'<p class="top">{chip(sight.event.label)} <b>{chance}</b></p>\n'
        f'<h3>{name_of(sight.event.station)}</h3>\n<p class="when">{_when(sight)}</p>\n'
        f"<p>{told}</p>\n<p>{_path(sight.frame)}</p>\n</figcaption>\n</figure>\n"
    )


def _picture(sight: Sight, side: int) -> str:
    """The frame from its card, or a block that names the card to plug in."""
    frame = sight.frame
    boxes = [d.box for d in frame.detections if sight.event.label in (State.UNSURE, d.label)]
    try:
        jpeg = thumbnail(read_picture(frame), boxes, side)
    except PictureAway:
        wanted = (
            f"To see this picture, plug in the card <b>{name_of(frame.card)}</b> and run again."
        )
        return f'<div class="away"><p>{wanted}</p></div>\n'
    except UnreadablePicture:
        return '<div class="away"><p>This picture can no longer be decoded.</p></div>\n'
    what = text(
        f"{sight.event.label.capitalize()} at {sight.event.station}, {moment_of(sight.event.start)}"
    )
    return f'<img alt="{what}" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">\n'


def _when(sight: Sight) -> str:
    """Local date and time of the event, and where the time comes from if not from the camera."""
    start, end = sight.event.start, sight.event.end
    said = moment_of(start)
    if start is not None and end is not None and (end - start).total_seconds() >= 60:
        said += f" to {end:%H:%M}" if end.date() == start.date() else f" to {moment_of(end)}"
    source = sight.frame.capture.timestamp_source
    note = TIME_SOURCES.get(source, source)
    return text(said) + (f' <span class="source">({text(note)})</span>' if note else "")


def _path(entry: Entry) -> str:
    return f"<code>{name_of(names.file_path(entry))}</code>"


def _style() -> str:
    return (files("camtrap.outputs") / "templates" / "brief.css").read_text(encoding="utf-8")


def _rank(label: str) -> int:
    """The place of a label in every table; what is no label comes last."""
    return LABELS.index(label) if label in LABELS else len(LABELS)
