"""The sections of the brief that show pictures: leopards, people, doubtful ones, other animals."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from camtrap.errors import UnreadablePicture
from camtrap.events import names
from camtrap.events.frames import Frame
from camtrap.outputs.brief_told import Told, entry_of, rank
from camtrap.outputs.markup import Safe, day_of, section, table, text
from camtrap.outputs.pictures import PictureAway
from camtrap.outputs.season_events import CERTAIN, LATEST, LIKE_A_LEOPARD, SeasonEvent
from camtrap.outputs.survey import HERDS, Sight
from camtrap.outputs.thumbnails import LARGE, SMALL
from camtrap.records import State


@dataclass(frozen=True, slots=True)
class Room:
    """What a section may take of the page; `side` is a picture's longer side in pixels."""

    cards: int
    side: int
    characters: int


# Together below 10 MB, whatever the season: what a mail still carries and a phone still opens.
LEOPARD_ROOM = Room(cards=60, side=LARGE, characters=6_500_000)
PEOPLE_ROOM = Room(cards=24, side=SMALL, characters=1_000_000)
UNSURE_ROOM = Room(cards=24, side=SMALL, characters=1_000_000)
HERD_ROOM = Room(cards=12, side=SMALL, characters=500_000)

ON_PAPER = 6
"""Leopards, and events of people, that are printed; two pages hold no more."""

COUNTED = {State.PERSON: "card.people", State.VEHICLE: "card.vehicles"}


def leopards(told: Told) -> Iterator[str]:
    """The leopards, the surest first."""
    words, total = told.words, told.found.whole.events[State.LEOPARD]
    yield section("leopards", words("leopards.title"), State.LEOPARD, words.count("events", total))
    if not total:
        yield f"<p>{words('leopards.none')}</p>\n"
    sights = told.found.sights(CERTAIN, LEOPARD_ROOM.cards, State.LEOPARD)
    yield from _cards(told, sights, total, LEOPARD_ROOM, _full_card, "large", "leopards.left")
    if total > ON_PAPER:
        yield f'<p class="left paper">{words("leopards.paper", n=ON_PAPER, all=total)}</p>\n'
    yield "</section>\n"


def people(told: Told) -> Iterator[str]:
    """People and vehicles, the latest first: pictures on the screen, a list on paper."""
    words, events = told.words, told.found.whole.events
    persons, vehicles = events[State.PERSON], events[State.VEHICLE]
    total = persons + vehicles
    yield section(
        "people",
        words("people.title"),
        State.PERSON,
        words.listed([words.count("people.people", persons), words.count("people.cars", vehicles)]),
    )
    yield f"<p>{words('people.note' if total else 'people.none')}</p>\n"
    sights = told.found.sights(LATEST, PEOPLE_ROOM.cards, State.PERSON, State.VEHICLE)
    yield from _cards(told, sights, total, PEOPLE_ROOM, _small_card, "small screen", "people.left")
    if sights:
        lines = "".join(
            f"<li>{_when(told, sight)} {told.chip(sight.event.label)}"
            f" {told.station(sight.event.station)}, {_numbers(told, sight.event)}</li>\n"
            for sight in sights[:ON_PAPER]
        )
        yield f'<ul class="paper lines">\n{lines}</ul>\n'
        if total > ON_PAPER:
            yield f'<p class="left paper">{words("people.paper", n=ON_PAPER, all=total)}</p>\n'
    yield "</section>\n"


def unsure(told: Told) -> Iterator[str]:
    """What a person has to look at, the likest to a leopard first."""
    words, total = told.words, told.found.whole.events[State.UNSURE]
    yield section("unsure", words("unsure.title"), State.UNSURE, words.count("events", total))
    if told.public and total:
        yield f"<p>{words('unsure.public')}</p>\n</section>\n"
        return
    yield f"<p>{words('unsure.note' if total else 'unsure.none')}</p>\n"
    sights = told.found.sights(LIKE_A_LEOPARD, UNSURE_ROOM.cards, State.UNSURE)
    yield from _cards(
        told, sights, total, UNSURE_ROOM, _doubtful_card, "small screen", "unsure.left"
    )
    yield "</section>\n"


def herds(told: Told) -> Iterator[str]:
    """Prey and other animals: a table, and the clearest picture of each label and station."""
    words, found = told.words, told.found
    prey, other = (found.whole.events[label] for label in HERDS)
    told_of = words.listed([words.count("herds.prey", prey), words.count("herds.other", other)])
    yield section("herds", words("herds.title"), State.PREY, told_of)
    if not found.herds:
        yield f"<p>{words('herds.none')}</p>\n</section>\n"
        return
    rows = []
    for (station, label), herd in sorted(
        found.herds.items(), key=lambda item: (told.public_id(item[0][0]), rank(item[0][1]))
    ):
        numbers = (words.number(herd.events), words.number(herd.frames))
        first, last = day_of(herd.dates.first), day_of(herd.dates.last)
        rows.append((told.station(station), told.chip(label), *numbers, first, last))
    header = tuple(
        words(f"column.{name}")
        for name in ("station", "label", "events", "frames", "first", "last")
    )
    yield '<div class="screen">\n'
    yield table(words("herds.caption"), header, rows)
    best = sorted(
        (herd.best for herd in found.herds.values()), key=lambda e: (-e.shown_confidence, e.name)
    )
    yield f"<h3>{words('herds.clearest')}</h3>\n<p>{words('herds.note')}</p>\n"
    chosen = sorted(
        best[: HERD_ROOM.cards], key=lambda e: (told.public_id(e.station), rank(e.label))
    )
    sights = list(map(found.sight, chosen))
    yield from _cards(told, sights, len(sights), HERD_ROOM, _small_card, "small", "herds.left")
    yield "</div>\n</section>\n"


def _cards(
    told: Told,
    sights: Sequence[Sight],
    total: int,
    room: Room,
    card: Callable[[Told, Sight, Room], str],
    size: str,
    left: str,
) -> Iterator[str]:
    """As many cards as the section has room for, then how many of `total` are left out."""
    shown = used = 0
    yield f'<div class="cards {size}">\n'
    for sight in sights:
        piece = card(told, sight, room)
        used += len(piece)
        if used > room.characters:
            break
        shown += 1
        yield piece
    yield "</div>\n"
    if total > shown:
        yield f'<p class="left screen">{told.words.count(left, total - shown)}</p>\n'


def _full_card(told: Told, sight: Sight, room: Room) -> str:
    entry = entry_of(sight.frame)
    words, capture = told.words, entry.capture
    night = {True: words("card.night"), False: words("card.day"), None: ""}[names.is_night(entry)]
    degrees = "" if capture.temperature_c is None else f"{capture.temperature_c} °C"
    camera = "" if told.public else text(f"{capture.make} {capture.model}".strip())
    parts = [Safe(p) for p in (_numbers(told, sight.event), night, degrees, camera) if p]
    return _card(
        told,
        sight,
        room,
        _sure(told, sight),
        words.listed(parts)
        if told.public
        else f'{words.listed(parts)}</p>\n<p class="screen">{told.name(sight.event.name)}',
    )


def _small_card(told: Told, sight: Sight, room: Room) -> str:
    return _card(told, sight, room, _sure(told, sight), _numbers(told, sight.event))


def _doubtful_card(told: Told, sight: Sight, room: Room) -> str:
    chances = entry_of(sight.frame).probabilities
    likeliest = max(chances, key=lambda label: chances[label], default=State.LEOPARD)
    numbers, words = _numbers(told, sight.event), told.words
    if likeliest != State.LEOPARD:
        numbers = words(
            "unsure.rather",
            what=numbers,
            label=words(f"label.{likeliest}"),
            chance=words.percent(chances[likeliest]),
        )
    leopard = words("unsure.leopard", chance=words.percent(sight.event.leopard))
    return _card(told, sight, room, leopard, numbers)


def _sure(told: Told, sight: Sight) -> Safe:
    """How sure the label is: the machine's chance, or that a person said it."""
    review = sight.frame.review if isinstance(sight.frame, Frame) else None
    if review is None:
        return told.words.percent(sight.event.shown_confidence)
    if review.reviewer and not told.public:
        return told.words("card.said_by", name=told.name(review.reviewer))
    return told.words("card.said")


def _numbers(told: Told, event: SeasonEvent) -> Safe:
    """`3 frames, at least 2 animals`; what has no boxes is not counted."""
    frames = told.words.count("card.frames", event.image_count)
    if not event.count_min:
        return frames
    key = COUNTED.get(event.label, "card.animals")
    return told.words.listed([frames, told.words.count(key, event.count_min)])


def _card(told: Told, sight: Sight, room: Room, chance: str, numbers: str) -> str:
    path = told.path(entry_of(sight.frame))
    return (
        f'<figure class="card {sight.event.label}">\n{_picture(told, sight, room.side)}'
        f'<figcaption>\n<p class="top">{told.chip(sight.event.label)} <b>{chance}</b></p>\n'
        f'<h3>{told.station(sight.event.station)}</h3>\n<p class="when">{_when(told, sight)}</p>\n'
        f"<p>{numbers}</p>\n{f'<p>{path}</p>' if path else ''}\n</figcaption>\n</figure>\n"
    )


def _picture(told: Told, sight: Sight, side: int) -> str:
    """The frame from its card or the season's cache, or a block that names the card to plug in."""
    entry, words = entry_of(sight.frame), told.words
    if told.public and any(found.label == State.PERSON for found in entry.detections):
        return f'<div class="away"><p>{words("card.people_in_it")}</p></div>\n'
    boxes = [d.box for d in entry.detections if sight.event.label in (State.UNSURE, d.label)]
    try:
        jpeg = told.thumbnails.drawn(entry, boxes, side)
    except PictureAway:
        if told.public:
            return f'<div class="away"><p>{words("card.not_here")}</p></div>\n'
        wanted = words("card.away", card=Safe(f"<b>{told.name(entry.card)}</b>"))
        return f'<div class="away"><p>{wanted}</p></div>\n'
    except UnreadablePicture:
        return f'<div class="away"><p>{words("card.undecodable")}</p></div>\n'
    what = words(
        "card.alt",
        label=words(f"label.{sight.event.label}"),
        station=told.public_id(sight.event.station),
        when=told.moment(sight.event.start),
    )
    return f'<img alt="{what}" src="{data_url(jpeg)}">\n'


def data_url(jpeg: bytes) -> str:
    """A picture as a page holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _when(told: Told, sight: Sight) -> str:
    """Local date and time of the event, and where the time comes from if not from the camera."""
    start, end, words = sight.event.start, sight.event.end, told.words
    said = told.moment(start)
    if start is not None and end is not None and (end - start).total_seconds() >= 60:
        same_day = end.date() == start.date()
        said = told.span(said, f"{end:%H:%M}" if same_day else told.moment(end))
    source = entry_of(sight.frame).capture.timestamp_source
    notes = []
    if source not in ("", "exif"):
        known = source in ("filename", "modified")
        notes.append(words(f"time.{source}") if known else text(source))
    if isinstance(sight.frame, Frame) and sight.frame.offset is not None:
        notes.append(words("time.corrected"))
    return f"{said}" + "".join(f' <span class="source">({note})</span>' for note in notes)
