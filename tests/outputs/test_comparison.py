"""Two voices on one season: who is asked, what is counted, and a page that shows the rest."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from camtrap.card.content import content_key
from camtrap.errors import SeasonError
from camtrap.imports.bring import Request, bring
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs.comparison import as_dict, compare
from camtrap.outputs.comparison_page import DIFFERENCES, FIGURES, PAGE, write
from camtrap.records import State
from camtrap.taxonomy import read_taxonomy
from tests.cards import encoded, textured
from tests.imports.test_readers import megadetector, put, seen
from tests.outputs.exports.made import TWIN, Row, box, made_season

EVIL = '<script>alert("x")</script>'


def season_of(tmp_path: Path, rows: list[Row]) -> Path:
    return made_season(tmp_path / "season", rows)


def detector(tmp_path: Path, season: Path, name: str, **found: str) -> None:
    number = {"animal": "1", "person": "2", "vehicle": "3"}
    images: list[Any] = [
        {"file": f"card/ST01/{file}.JPG", "detections": [seen(number[what], 0.9)] if what else []}
        for file, what in found.items()
    ]
    with Ledger(season) as ledger:
        path = put(tmp_path / "md.json", megadetector(images))
        bring(ledger, Request(path, name=name), read_taxonomy())


@pytest.fixture
def season(tmp_path: Path) -> Path:
    rows = [
        Row("ST01/a.JPG", State.LEOPARD, (box("leopard"),)),
        Row("ST01/b.JPG", State.PREY, (box("prey"),)),
        Row("ST01/c.JPG", State.EMPTY),
        Row("ST02/d.JPG", State.EMPTY),
        Row("ST01/e.JPG", State.UNSURE, content_key=TWIN),
        Row("ST01/f.JPG", State.UNSURE, content_key=TWIN),  # repeats it
        Row("ST01/g.JPG", State.TRUNCATED),
    ]
    found = season_of(tmp_path, rows)
    add_review(found, 1, "leopard", reviewer="Ольга")
    add_review(found, 3, "leopard", species="Panthera pardus", reviewer="Ольга")
    add_review(found, 4, "empty")
    return found


def test_the_model_and_people(season) -> None:
    with Ledger(season) as ledger:
        found = compare(ledger, "camtrap", "people", show=9)
    assert dict(found.pairs.counts) == {
        ("leopard", "leopard"): 1,
        ("empty", "leopard"): 1,
        ("empty", "empty"): 1,
    }
    assert (found.alone["first"], found.alone["second"], found.repeated) == (2, 0, 1)
    assert [each.frame.entry.relative_path for each in found.shown] == ["ST01/c.JPG"]
    told = as_dict(found)
    assert told["stations"]["ST01"]["by_label"]["same"] == 1
    assert told["stations"]["ST02"]["by_label"]["count"] == 1
    assert told["labels"]["leopard"]["of_b_also_a"]["count"] == 2
    json.dumps(told, allow_nan=False)


def test_two_that_were_imported_and_the_worst_differences_first(tmp_path, season) -> None:
    detector(tmp_path, season, "one", a="animal", b="", c="person", d="", e="")
    detector(tmp_path, season, "two", a="animal", b="animal", c="", e="vehicle")
    with Ledger(season) as ledger:
        found = compare(ledger, "one", "two", show=2)
        everything = compare(ledger, "two", "one", show=99)
    assert found.differences == everything.differences == 3
    assert [each.frame.entry.file_id for each in found.shown] == [3, 5]
    assert [each.frame.entry.file_id for each in everything.shown] == [3, 5, 2]
    with Ledger(season) as ledger:
        against = compare(ledger, "camtrap", "two")
    assert against.pairs.grouped().agreement().right == 3
    assert against.pairs.decided().total == 1


def test_nobody_of_that_name_and_nothing_in_common(season, tmp_path) -> None:
    with Ledger(season) as ledger:
        with pytest.raises(SeasonError, match=r"Nothing was imported as 'x'. There is: camtrap"):
            compare(ledger, "camtrap", "x")
        with pytest.raises(SeasonError, match="'x'"):
            write(ledger, "camtrap", "x", season / "out")
    assert not (season / "out").exists()
    detector(tmp_path, season, "one", b="")
    with Ledger(season) as ledger, pytest.raises(SeasonError, match="nothing of the same picture"):
        compare(ledger, "people", "one")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_shows_pictures_loads_nothing_and_escapes_all(tmp_path) -> None:
    data = encoded(textured())
    rows = [
        Row("ST01/a.JPG", State.EMPTY, content_key=content_key(data), size=len(data)),
        Row(f"ST01/{EVIL.replace('/', '_')}.JPG", State.EMPTY),
    ]
    season = season_of(tmp_path, rows)
    card = tmp_path / "cards" / "card" / "ST01"
    card.mkdir(parents=True)
    (card / "a.JPG").write_bytes(data)
    add_review(season, 1, "prey", species=EVIL, reviewer=EVIL)
    add_review(season, 2, "leopard", species=EVIL)
    csv_path = put(
        tmp_path / "t.csv", "File,RelativePath,Species\na.JPG,card\\ST01,Panthera pardus\n"
    )
    with Ledger(season) as ledger:
        bring(ledger, Request(csv_path, name=EVIL), read_taxonomy())
        found, paths = write(ledger, "camtrap", "people", season / "cmp")
        write(ledger, EVIL, "people", season / "evil")
    assert found.differences == 2
    assert [path.name for path in paths] == [PAGE, DIFFERENCES, FIGURES]
    assert {path.name for path in (season / "cmp").iterdir()} == {PAGE, DIFFERENCES, FIGURES}
    for folder in ("cmp", "evil"):
        page = (season / folder / PAGE).read_text(encoding="utf-8")
        tags = Tags()
        tags.feed(page)
        assert "script" not in tags.seen
        assert "Content-Security-Policy" in page
        assert [link[:22] for link in tags.links] == ["data:image/jpeg;base64"]
    assert "not plugged" in (season / "cmp" / PAGE).read_text(encoding="utf-8")
    with (season / "cmp" / DIFFERENCES).open(encoding="utf-8", newline="") as stream:
        rows_written = list(csv.DictReader(stream))
    assert [(row["label_a"], row["label_b"]) for row in rows_written] == [
        ("empty", "leopard"),
        ("empty", "prey"),
    ]
    assert json.loads((season / "cmp" / FIGURES).read_text())["differences"] == 2


def test_nothing_is_written_to_a_card(tmp_path, season) -> None:
    card = tmp_path / "cards" / "card"
    card.mkdir(parents=True)
    with Ledger(season) as ledger, pytest.raises(SeasonError, match="nothing is ever written"):
        write(ledger, "camtrap", "people", card / "out")
    assert list(card.iterdir()) == []
