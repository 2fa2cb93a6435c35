from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zlib import crc32

import pytest
from pytest_httpserver import HTTPServer

from camtrap.card.content import content_key
from camtrap.records import State
from tests.cards import grey_frame, put
from tests.outputs.exports.made import START, Row, box, made_season
from tests.push.site import Site, serve

STATIONS = (
    "station_id,latitude,longitude,folder,utc_offset\n"
    "ST01,43.10001,131.50002,ST01,+10:00\n"
    "ST02,43.20003,131.60004,ST02,+10:00\n"
)


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture
def site(server: HTTPServer) -> Site:
    return serve(server)


@pytest.fixture
def url(server: HTTPServer) -> str:
    return server.url_for("").rstrip("/")


def rows(count: int = 3) -> list[Row]:
    """Leopards at two stations, a person, and what is not sent; each its own event."""
    found = [
        Row("ST01/a.JPG", State.LEOPARD, (box("leopard"),)),
        Row("ST01/b.JPG", State.LEOPARD, (box("leopard"),), taken_at=START + timedelta(minutes=10)),
        Row("ST02/c.JPG", State.PERSON, (box("person"),), taken_at=START + timedelta(hours=3)),
        Row("ST02/d.JPG", State.PREY, (box("prey"),), taken_at=START + timedelta(hours=5)),
    ]
    for number in range(2, count):
        later = START + timedelta(days=number)
        found.append(
            Row(f"ST01/e{number:03}.JPG", State.LEOPARD, (box("leopard"),), taken_at=later)
        )
    return found


def season_of(folder: Path, found: list[Row]) -> Path:
    """A season of these rows, and their pictures on the card."""
    found = [replace(row, content_key=content_key(picture(row))) for row in found]
    season = made_season(folder / "season", found)
    (season / "stations.csv").write_text(STATIONS, encoding="utf-8")
    put(folder / "cards" / "card", {row.name: picture(row) for row in found})
    return season


def picture(row: Row) -> bytes:
    return grey_frame(120, crc32(row.name.encode()), taken_at=START, size=(1200, 900))


@pytest.fixture
def season(tmp_path: Path) -> Path:
    return season_of(tmp_path, rows())
