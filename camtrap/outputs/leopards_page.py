"""`leopards.html`: leopards and what may be one, best first, fresh while the run goes on.

The browser loads the page again by itself as long as the run writes it. It costs a run little: a
bounded number of pictures, each made once, and never more than a twentieth of the time. Whatever
goes wrong with it is told to the log and ends no run.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from camtrap.errors import CamtrapError, UnreadablePicture
from camtrap.events import names
from camtrap.events.frames import Frame, Placing, placing
from camtrap.ledger.likely import count_likely_leopards, likely_leopards
from camtrap.ledger.rows import text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.brief import head
from camtrap.outputs.brief_cards import data_url
from camtrap.outputs.markup import Safe, name_of, text
from camtrap.outputs.tables import replacing
from camtrap.outputs.thumbnails import LARGE, Thumbnails
from camtrap.outputs.words import Words, words
from camtrap.records import Prediction, State

log = logging.getLogger(__name__)

NAME = "leopards.html"

SHOWN, CANDIDATES = 40, 400
"""Visits on the page, and the frames among which they are looked for."""

NEW_PICTURES = 8
"""Pictures that one refresh makes at most while a run goes on; the others follow with the next."""

REFRESH_SECONDS = 20.0
SHARE = 20
"""A page that took a second to make is made again after so many seconds at the earliest."""

VISIT = timedelta(minutes=30)
"""Frames of one station closer than this are one visit; the best of them is shown."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The best frame of one visit, and how many more there are among the candidates."""

    frame: Frame
    more: int = 0


def best_first(frames: Iterable[Frame]) -> list[Frame]:
    """Those that people call leopards, then the surest, then doubtful ones by their chance.

    What people call anything else is left out; what they are not sure of stays.
    """
    wanted = [frame for frame in frames if frame.label in (State.LEOPARD, State.UNSURE)]
    return sorted(wanted, key=_place)


def _place(frame: Frame) -> tuple[bool, bool, float, str]:
    said = frame.label == State.LEOPARD
    by_people = said and frame.review is not None
    return not by_people, not said, -chance(frame), names.file_path(frame.entry)


def chance(frame: Frame) -> float:
    """The model's chance of a leopard."""
    return frame.entry.probabilities.get(State.LEOPARD, 0.0)


def visitors(frames: Sequence[Frame]) -> list[Visitor]:
    """One frame a visit, in the order given; frames without a time are visits of their own."""
    kept: list[list[Frame]] = []
    for frame in frames:
        same = next((visit for visit in kept if _together(visit[0], frame)), None)
        if same is None:
            kept.append([frame])
        else:
            same.append(frame)
    return [Visitor(visit[0], len(visit) - 1) for visit in kept]


def _together(one: Frame, other: Frame) -> bool:
    if one.station_id != other.station_id or one.taken_at is None or other.taken_at is None:
        return False
    return abs(one.taken_at - other.taken_at) < VISIT


class LivePage:
    """The page of a run: `note` what was stored, and it is written when that is due.

    Use it as a context manager around the run: at its end the page says that the run is over.
    `doubt` is the threshold from which on a leopard is not ruled out.
    """

    def __init__(
        self,
        ledger: Ledger,
        doubt: float,
        *,
        language: str = "en",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger, self._doubt, self._language, self._clock = ledger, doubt, language, clock
        self._pieces: dict[int, str] = {}
        self._next = 0.0
        self._is_new = False

    def __enter__(self) -> Self:
        self._write(running=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._write(running=False)

    def note(self, stored: Iterable[Prediction]) -> None:
        """Note what was committed; the page is refreshed when a leopard is new and it is time."""
        self._is_new = self._is_new or any(self._matters(said) for said in stored)
        if self._is_new and self._clock() >= self._next:
            self._write(running=True)

    def _matters(self, said: Prediction) -> bool:
        if said.state == State.LEOPARD:
            return True
        return said.state == State.UNSURE and said.probabilities.get("leopard", 0.0) >= self._doubt

    def _write(self, *, running: bool) -> None:
        began = self._clock()
        path = self._ledger.season / NAME
        try:
            waiting = write(
                self._ledger,
                path,
                doubt=self._doubt,
                language=self._language,
                running=running,
                pieces=self._pieces,
            )
        except CamtrapError as error:
            log.warning("%s is not refreshed: %s", path, error)
            waiting = 0
        # Pictures that had to wait are a reason to write again.
        self._is_new = waiting > 0
        self._next = began + max(REFRESH_SECONDS, SHARE * (self._clock() - began))


def write(
    ledger: Ledger,
    path: Path,
    placed: Placing | None = None,
    *,
    doubt: float | None = None,
    language: str = "en",
    running: bool = False,
    pieces: dict[int, str] | None = None,
) -> int:
    """Write the page; returns how many pictures are still to be made, which only `running` leaves.

    `placed` is read from the season and `doubt` from its last run when None; `pieces` keeps
    pictures from one refresh to the next. Raises `SeasonError` when the page cannot be written, and
    `NotesError` when the season's own tables cannot be read.
    """
    placed = placed or placing(ledger)
    doubt = _doubt_of(ledger) if doubt is None else doubt
    numbers = likely_leopards(ledger, doubt, CANDIDATES)
    said = placed.reviews or {}
    numbers += [n for n, review in said.items() if review.label == State.LEOPARD][:CANDIDATES]
    frames = [placed.frame(ledger.entry(number)) for number in dict.fromkeys(numbers)]
    shown = visitors(best_first(frames))[:SHOWN]
    album = _Album(ledger, {} if pieces is None else pieces, NEW_PICTURES if running else SHOWN)
    total = max(count_likely_leopards(ledger, doubt), len(frames))
    left = total - sum(1 + visit.more for visit in shown)
    with replacing(path) as stream:
        for piece in _page(ledger, words(language), shown, left, album, running=running):
            stream.write(piece)
    album.keep_only(visit.frame.entry.file_id for visit in shown)
    return album.waiting


def _doubt_of(ledger: Ledger) -> float:
    runs = ledger.run_notes()
    return float(runs[-1]["settings"]["thresholds"].get("doubt", 1.0)) if runs else 1.0


class _Album:
    """The pictures of a page as markup, each made once; only so many new ones at a time."""

    def __init__(self, ledger: Ledger, pieces: dict[int, str], new: int) -> None:
        self._thumbnails = Thumbnails(ledger.season)
        self._pieces, self._new = pieces, new
        self.waiting = 0

    def picture(self, frame: Frame, said: Words, alt: Safe) -> str:
        """The picture with its boxes, or why there is none."""
        entry = frame.entry
        if entry.file_id in self._pieces:
            return self._pieces[entry.file_id]
        if not self._new:
            self.waiting += 1
            return '<div class="away"></div>\n'
        self._new -= 1
        boxes = [d.box for d in entry.detections if frame.label in (State.UNSURE, d.label)]
        try:
            jpeg = self._thumbnails.drawn(entry, boxes, LARGE)
        except UnreadablePicture:
            card = Safe(f"<b>{name_of(entry.card)}</b>")
            return f'<div class="away"><p>{said("card.away", card=card)}</p></div>\n'
        self._pieces[entry.file_id] = f'<img alt="{alt}" src="{data_url(jpeg)}">\n'
        return self._pieces[entry.file_id]

    def keep_only(self, numbers: Iterable[int]) -> None:
        """Forget the pictures that are no longer on the page."""
        wanted = set(numbers)
        for number in self._pieces.keys() - wanted:
            del self._pieces[number]


def _page(
    ledger: Ledger,
    said: Words,
    shown: Sequence[Visitor],
    left: int,
    album: _Album,
    *,
    running: bool,
) -> Iterator[str]:
    season = text(text_of(ledger.season.resolve().name) or "season")
    again = f'<meta http-equiv="refresh" content="{REFRESH_SECONDS:.0f}">\n' if running else ""
    yield head(said.language, said("live.heading", season=season), again)
    yield f'<header>\n<p class="kind">{said("live.title")}</p>\n<h1><bdi>{season}</bdi></h1>\n'
    told = said("live.done")
    if running:
        told = said("live.running", now=f"{datetime.now():%Y-%m-%d %H:%M:%S}")
    yield f'<p class="live">{told}</p>\n</header>\n<main>\n'
    if not shown:
        yield f"<p>{said('live.none' if running else 'live.none_done')}</p>\n"
    yield '<section>\n<div class="cards large">\n'
    for visit in shown:
        yield _card(visit, said, album)
    yield "</div>\n"
    if left > 0:
        yield f'<p class="left">{said.count("live.left", left)}</p>\n'
    yield "</section>\n</main>\n</body>\n</html>\n"


def _card(visit: Visitor, said: Words, album: _Album) -> str:
    frame = visit.frame
    label = said(f"label.{frame.label}")
    when = said("time.unknown") if frame.taken_at is None else f"{frame.taken_at:%Y-%m-%d %H:%M}"
    source = frame.entry.capture.timestamp_source
    note = f" ({said(f'time.{source}')})" if source in ("filename", "modified") else ""
    alt = said("card.alt", label=label, station=frame.station_id, when=when)
    sure: Safe = said.percent(chance(frame))
    if frame.review is not None:
        sure = said("card.said")
    elif frame.label == State.UNSURE:
        sure = Safe(f"{said('unsure.leopard', chance=sure)}; {said('live.unsure')}")
    more = f"<p>{said.count('live.more', visit.more)}</p>\n" if visit.more else ""
    return (
        f'<figure class="card {frame.label}">\n{album.picture(frame, said, alt)}<figcaption>\n'
        f'<p class="top"><span class="chip {frame.label}">{label}</span> <b>{sure}</b></p>\n'
        f'<h3>{name_of(frame.station_id)}</h3>\n<p class="when">{when}{note}</p>\n{more}'
        f"<p><code>{name_of(names.file_path(frame.entry))}</code></p>\n</figcaption>\n</figure>\n"
    )
