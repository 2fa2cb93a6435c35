"""`comparison.html`: how far two voices agree, and the pictures where they do not, on one page.

Like the brief, it holds its style and pictures itself and no script, and forbids loading anything.
Names of models and people, of stations, files and species come from anywhere: all of it is escaped.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from camtrap.errors import SeasonError, UnreadablePicture
from camtrap.events import names
from camtrap.ledger.observations import Observation
from camtrap.ledger.store import Ledger
from camtrap.outputs.agreement import Pairs
from camtrap.outputs.brief import head
from camtrap.outputs.brief_cards import data_url
from camtrap.outputs.comparison import (
    HEADER,
    Comparison,
    Difference,
    as_dict,
    compare,
    read_boxes,
    row_of,
)
from camtrap.outputs.exports.dp_sinks import table as csv_table
from camtrap.outputs.exports.json_stream import json_object
from camtrap.outputs.exports.writing import check_off_cards
from camtrap.outputs.markup import Safe, count, facts, name_of, percent, section, table, text
from camtrap.outputs.tables import replacing
from camtrap.outputs.thumbnails import SMALL, Thumbnails
from camtrap.records import Box, State
from camtrap.shares import Share

PAGE, DIFFERENCES, FIGURES = "comparison.html", "differences.csv", "comparison.json"

SHOWN = 120
"""Pictures on the page; all differences stand in the table."""

_CHARACTERS = 8_000_000
"""What the pictures may take together: what a mail still carries."""

_STYLE = Safe(
    "<style>\n.empty, .animal { --label: var(--soft); }\n.says { display: grid; "
    "grid-template-columns: auto 1fr; gap: 0.2rem 0.8rem; font-size: 0.9rem; }\n"
    ".same { font-weight: bold; }\n</style>\n"
)


def write(ledger: Ledger, first: str, second: str, out: Path) -> tuple[Comparison, list[Path]]:
    """Write page, table and figures into a folder, which is made; returns what was found.

    Raises `SeasonError` when it lies on a card, cannot be written, or there is nothing to compare.
    """
    check_off_cards(ledger, out)
    paths = [out / name for name in (PAGE, DIFFERENCES, FIGURES)]
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        found = _write(ledger, first, second, paths)
    except BaseException as error:
        if is_new:
            with contextlib.suppress(OSError):  # it holds something by now, or was never made
                out.rmdir()
        if isinstance(error, OSError):
            raise SeasonError(
                f"{out} cannot be written: {error.strerror or error}. Choose another folder with "
                "--out, or check the free space."
            ) from error
        raise
    return found, paths


def _write(ledger: Ledger, first: str, second: str, paths: list[Path]) -> Comparison:
    """Each file takes the place of an earlier one when it is whole."""
    beside = paths[1].with_name(f".{DIFFERENCES}.part")
    try:
        with csv_table(beside, HEADER) as add:
            found = compare(
                ledger, first, second, show=SHOWN, on_difference=lambda each: add(row_of(each))
            )
        with replacing(paths[0]) as stream:
            for piece in page(found, Thumbnails(ledger.season)):
                stream.write(piece)
        beside.replace(paths[1])
    finally:
        beside.unlink(missing_ok=True)
    with json_object(paths[2]) as document:
        for key, value in as_dict(found).items():
            document.put(key, value)
    return found


def page(found: Comparison, thumbnails: Thumbnails) -> Iterator[str]:
    """The page piece by piece."""
    one, other = name_of(found.first), name_of(found.second)
    title = Safe(f"{text(found.first)} and {text(found.second)}")
    yield head("en", title, _STYLE)
    yield f'<header>\n<p class="kind">Comparison</p>\n<h1>{one} and {other}</h1>\n'
    pairs = found.pairs
    yield facts(
        {
            "Pictures named by both": f"{pairs.total:,}",
            f"By {one} alone": f"{found.alone['first']:,}",
            f"By {other} alone": f"{found.alone['second']:,}",
            "Same label": _figure(pairs.decided()),
            "Same of animal, person, vehicle, empty": _figure(pairs.grouped()),
        }
    )
    yield "</header>\n<main>\n"
    yield section("confusion", "Who said what", None, count(pairs.total, "picture"))
    yield _confusion(found, one, other)
    yield "</section>\n"
    yield section("labels", "By label", None, "where both were sure")
    yield _by_label(pairs.decided(), one, other)
    yield "</section>\n"
    yield section("stations", "By station", None, count(len(found.stations), "station"))
    yield _by_station(found)
    yield "</section>\n"
    yield from _differences(found, thumbnails)
    yield "</main>\n"
    yield from _reading(found)
    yield "</body>\n</html>\n"


def _confusion(found: Comparison, one: Safe, other: Safe) -> Safe:
    labels = found.pairs.labels
    counts = found.pairs.counts
    rows = [
        [
            Safe(row),
            *(
                Safe(f'<span class="same">{n:,}</span>' if row == column else f"{n:,}")
                for column in labels
                for n in [counts[row, column]]
            ),
        ]
        for row in labels
    ]
    caption = Safe(f"Rows: {one}. Columns: {other}.")
    return table(caption, ["", *map(Safe, labels)], rows)


def _by_label(decided: Pairs, one: Safe, other: Safe) -> Safe:
    rows = [
        [
            Safe(label),
            share_text(decided.of_first(label)),
            share_text(decided.of_second(label)),
        ]
        for label in decided.labels
    ]
    header = ["Label", "of the first's, also the second's", "of the second's, also the first's"]
    return table(Safe(f"First: {one}. Second: {other}. With 95 % intervals."), header, rows)


def _by_station(found: Comparison) -> Safe:
    rows = [
        [
            name_of(station),
            f"{own.total:,}",
            share_text(own.decided().agreement()),
            share_text(own.grouped().agreement()),
        ]
        for station, own in sorted(found.stations.items())
    ]
    header = ["Station", "Pictures", "Same label", "Same group"]
    return table("Agreement by station, with 95 % intervals", header, rows)


def share_text(share: Share) -> str:
    """`93.1 % (88.2 to 96.0 %), 154 of 165`; a dash without any."""
    if not share.count:
        return "–"
    low, high = share.interval
    return (
        f"{100 * share.value:.1f} % ({100 * low:.1f} to {100 * high:.1f} %), "
        f"{share.right:,} of {share.count:,}"
    )


def _figure(pairs: Pairs) -> str:
    return f"{share_text(pairs.agreement())}; Cohen's kappa {kappa_text(pairs)}"


def kappa_text(pairs: Pairs) -> str:
    """Cohen's kappa with two digits, or that it cannot be told."""
    kappa = pairs.kappa()
    return "not defined" if math.isnan(kappa) else f"{kappa:.2f}"


def _differences(found: Comparison, thumbnails: Thumbnails) -> Iterator[str]:
    yield section("differences", "Where they differ", None, count(found.differences, "picture"))
    if found.differences > len(found.shown):
        yield (
            f"<p>The first {len(found.shown):,}, leopards before all; the others are in "
            f"<code>{DIFFERENCES}</code>.</p>\n"
        )
    if not found.differences:
        yield "<p>Nowhere.</p>\n"
    yield '<div class="cards small">\n'
    room = _CHARACTERS
    for each in found.shown:
        card = _card(found, each, thumbnails, with_picture=room > 0)
        room -= len(card)
        yield card
    yield "</div>\n</section>\n"


def _card(
    found: Comparison, each: Difference, thumbnails: Thumbnails, *, with_picture: bool
) -> str:
    frame = each.frame
    when = "" if frame.taken_at is None else f"{frame.taken_at:%Y-%m-%d %H:%M}"
    picture = '<div class="away"><p>No room for the picture.</p></div>\n'
    if with_picture:
        picture = _picture(each, thumbnails)
    return (
        f'<figure class="card {_class(each)}">\n{picture}<figcaption>\n<div class="says">'
        f"<span>{name_of(found.first)}</span> <span>{_told(each.first)}</span>"
        f"<span>{name_of(found.second)}</span> <span>{_told(each.second)}</span></div>\n"
        f'<p class="when">{name_of(frame.station_id)} {text(when)}</p>\n'
        f"<p><code>{name_of(names.file_path(frame.entry))}</code></p>\n</figcaption>\n</figure>\n"
    )


def _class(each: Difference) -> str:
    labels = (each.first.label, each.second.label)
    return next((label for label in ("leopard", "person", "vehicle") if label in labels), "other")


def _told(one: Observation) -> Safe:
    sure = "" if one.confidence is None else f" {percent(one.confidence)}"
    species = f" ({text(one.species)})" if one.species not in ("", one.label) else ""
    label = text(one.label)
    return Safe(f'<span class="chip {label}">{label}</span>{species}{sure}')


def _picture(each: Difference, thumbnails: Thumbnails) -> str:
    """The picture with the boxes of whoever saw something, or why there is none."""
    entry = each.frame.entry
    boxes = list(_boxes(each))
    try:
        jpeg = thumbnails.drawn(entry, boxes, SMALL)
    except UnreadablePicture:
        return (
            f'<div class="away"><p>On the card <b>{name_of(entry.card)}</b>, which is not plugged '
            "in.</p></div>\n"
        )
    what = text(f"{each.first.label} or {each.second.label}")
    return f'<img loading="lazy" alt="{what}" src="{data_url(jpeg)}">\n'


def _boxes(each: Difference) -> Iterator[Box]:
    """The boxes of the label that is of more concern; those of a turned picture may lie askew."""
    for one in (each.first, each.second):
        if one.label == State.EMPTY:
            continue
        found = [box for told in read_boxes(one) if (box := _box(told)) is not None]
        if found:
            yield from found
            return


def _box(told: Any) -> Box | None:
    try:
        return Box(*(float(side) for side in told["box"]))
    except (TypeError, ValueError, KeyError):
        return None


def _reading(found: Comparison) -> Iterator[str]:
    notes = [
        "Agreement is no proof: both may be wrong in the same way. Only people who looked well are "
        "a truth, and they err too.",
        "The intervals are Wilson's, at 95 %, and take each picture for itself. Pictures of one "
        "burst are alike, so the true uncertainty is larger.",
        "Kappa is the agreement beyond what chance would give (Cohen 1960): 1 is full agreement, 0 "
        "is no better than chance.",
        "Doubt (unsure) contradicts nothing. 'animal' is what a detector alone can say; it agrees "
        "with leopard, prey and other.",
        "Pictures may show people: keep the page within the team.",
    ]
    if found.repeated:
        notes.append(f"{count(found.repeated, 'file')} that repeat another are left out.")
    yield '<footer>\n<h2>How to read this</h2>\n<ul class="notes">\n'
    for note in notes:
        yield f"<li>{text(note)}</li>\n"
    yield "</ul>\n</footer>\n"
