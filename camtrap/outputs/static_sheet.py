"""`static.html`: what never moves at each camera, to be looked at before anyone trusts it.

A page of its own, without a script and without loading anything. All that comes from a card or the
ledger is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from camtrap.errors import UnreadablePicture
from camtrap.events.static import Cluster
from camtrap.ledger.rows import text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.markup import count, name_of, text
from camtrap.outputs.pictures import PictureAway
from camtrap.outputs.season_events import SeasonEvents
from camtrap.outputs.tables import replacing
from camtrap.outputs.thumbnails import SMALL, Thumbnails

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
PICTURED = 60
"""So many clusters are shown with pictures, those with the most suppressed frames first."""

_LAYOUT = """
.still { display: flex; flex-wrap: wrap; gap: .5rem; }
.still img, .still .away { width: 15rem; max-width: 100%; }
"""


def write(ledger: Ledger, path: Path, events: SeasonEvents) -> int:
    """Write the page and return the number of suspects; raises `SeasonError`.

    Pictures come from the season's own cache or from the cards; those that are away leave gaps.
    """
    suspects = sorted(events.suspects(), key=lambda each: (-each[1], each[0].name))
    with replacing(path) as stream:
        for piece in _page(ledger, suspects, events.rules.static):
            stream.write(piece)
    return len(suspects)


def _page(ledger: Ledger, suspects: list[tuple[Cluster, int]], wanted: bool) -> Iterator[str]:
    season = text(text_of(ledger.season.resolve().name) or "season")
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>What never moves: {season}</title>\n<style>\n{_style()}{_LAYOUT}</style>\n"
        '</head>\n<body>\n<header>\n<p class="kind">What never moves</p>\n'
        f"<h1><bdi>{season}</bdi></h1>\n</header>\n<main>\n"
    )
    frames = sum(suppressed for _, suppressed in suspects)
    yield (
        "<p>Something was seen in the same spot for hours and over many triggers: a stump, a "
        "stone, a branch. Frames in which the model is unsure of it make no event. Where that is "
        "wrong, review one of the frames, or turn it off with <code>static = false</code> in the "
        "settings; nothing is lost, images.csv holds every frame.</p>\n"
    )
    if not wanted:
        yield "<p>It is turned off in this season's settings.</p>\n"
    elif not suspects:
        yield "<p>Nothing of that kind was found.</p>\n"
    else:
        yield f"<p><b>{count(len(suspects), 'place')}, {count(frames, 'frame')} left out.</b></p>\n"
    thumbnails = Thumbnails(ledger.season)
    for number, (cluster, suppressed) in enumerate(suspects):
        yield from _section(ledger, cluster, suppressed, thumbnails if number < PICTURED else None)
    yield "</main>\n</body>\n</html>\n"


def _section(
    ledger: Ledger, cluster: Cluster, suppressed: int, thumbnails: Thumbnails | None
) -> Iterator[str]:
    told = f"{count(suppressed, 'frame')} left out" if not cluster.why else "nothing is left out"
    why = f": {text(cluster.why)}" if cluster.why else ""
    yield (
        f"<section>\n<h2>{name_of(cluster.name)} <span>{told}{why}</span></h2>\n"
        f"<p>{count(cluster.frames, 'frame')} of {count(cluster.triggers, 'trigger')}, from "
        f"{cluster.first:%Y-%m-%d %H:%M} to {cluster.last:%Y-%m-%d %H:%M}.</p>\n"
    )
    if thumbnails is not None:
        pictures = "".join(_picture(ledger, key, cluster, thumbnails) for key in cluster.keys)
        yield f'<div class="still">\n{pictures}</div>\n'
    yield "</section>\n"


def _picture(ledger: Ledger, key: int, cluster: Cluster, thumbnails: Thumbnails) -> str:
    entry = ledger.entry(key)
    path = text(text_of(f"{entry.card}/{entry.relative_path}"))
    try:
        jpeg = thumbnails.drawn(entry, [cluster.box], SMALL)
    except PictureAway:
        return f'<p class="away">Card {text(entry.card)} is away: <bdi>{path}</bdi></p>\n'
    except UnreadablePicture as error:
        return f'<p class="away">{text(str(error))}</p>\n'
    data = base64.b64encode(jpeg).decode()
    return f'<img alt="{path}" title="{path}" src="data:image/jpeg;base64,{data}">\n'


def _style() -> str:
    return (files("camtrap.outputs") / "templates" / "brief.css").read_text(encoding="utf-8")
