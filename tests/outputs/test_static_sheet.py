"""`static.html`: what never moves, with pictures, and with every word from a card escaped."""

from __future__ import annotations

from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from camtrap.engine.season import add_card
from camtrap.events.frames import placing
from camtrap.events.rules import Rules
from camtrap.ledger.store import Ledger
from camtrap.outputs import events_csv, images_csv, static_sheet
from camtrap.outputs.season import write_all
from camtrap.records import Box, Capture, Detection, Prediction, State
from tests.cards import encoded, image_files, new_run, put, quadrants, settings
from tests.events.looks import THRESHOLDS, chances
from tests.outputs.test_season_tables import read

CARD = "A&B <b>"


@pytest.fixture
def stump(ledger: Ledger, tmp_path: Path) -> Ledger:
    """A camera before a stump, forty times in ten hours, and a deer that walks by once."""
    names = [f"ST01/{n:03}.JPG" for n in range(41)]
    card = put(
        tmp_path / CARD,
        {name: encoded(quadrants(), comment=f"frame {n}") for n, name in enumerate(names)},
    )
    entry = add_card(ledger, card).card
    run = new_run(ledger)
    for number, file in enumerate(image_files(card, names)):
        deer = number == 40
        state, said = (State.PREY, chances(prey=0.9)) if deer else (State.UNSURE, chances(prey=0.3))
        box = Box(0.6, 0.1, 0.3, 0.3) if deer else Box(0.2, 0.5, 0.2, 0.2)
        moment = datetime(2026, 2, 3, 8) + timedelta(minutes=15 * number)
        answer = Prediction(
            file.path,
            state,
            said["prey"],
            said,
            (Detection("prey", said["prey"], box, 0.5, said),),
            Capture(moment, "exif"),
            content_key="",
        )
        ledger.record(entry, run, [(file, answer)])
    return ledger


def written(ledger: Ledger, path: Path, *, static: bool = True) -> tuple[int, str]:
    rules = Rules(thresholds=THRESHOLDS, static=static)
    with events_csv.collect(ledger, placing(ledger), rules) as events:
        count = static_sheet.write(ledger, path, events)
    return count, path.read_text(encoding="utf-8")


def test_the_stump_is_shown_and_the_deer_is_not(stump: Ledger, tmp_path: Path) -> None:
    count, page = written(stump, tmp_path / "static.html")
    assert count == 1
    assert page.count("data:image/jpeg;base64,") == 4
    assert "40 frames left out" in page
    assert "2026-02-03 08:00 to 2026-02-03 17:45" in page


def test_every_word_from_a_card_is_escaped(stump: Ledger, tmp_path: Path) -> None:
    _, page = written(stump, tmp_path / "static.html")
    assert "<b>/" not in page
    assert "A&amp;B &lt;b&gt;/ST01/" in page

    class Tags(HTMLParser):
        scripts = 0
        sources: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.scripts += tag == "script"
            self.sources += [value or "" for name, value in attrs if name in ("src", "href")]

    tags = Tags()
    tags.feed(page)
    assert tags.scripts == 0
    assert all(source.startswith("data:") for source in tags.sources)


def test_a_card_that_is_away_leaves_gaps_that_name_it(stump: Ledger, tmp_path: Path) -> None:
    (tmp_path / CARD).rename(tmp_path / "elsewhere")
    _, page = written(stump, tmp_path / "static.html")
    assert page.count("data:image") == 0
    assert page.count("is away") == 4
    assert "A&amp;B &lt;b&gt; is away" in page


def test_turned_off_is_told(stump: Ledger, tmp_path: Path) -> None:
    count, page = written(stump, tmp_path / "static.html", static=False)
    assert count == 0
    assert "turned off" in page


def test_the_tables_name_the_cluster_and_turning_it_off_brings_all_back(
    stump: Ledger, tmp_path: Path
) -> None:
    for static, expected in ((True, 40), (False, 0)):
        rules = Rules(thresholds=THRESHOLDS, static=static)
        with events_csv.collect(stump, placing(stump), rules) as events:
            images_csv.write(stump, tmp_path / "i.csv", events)
            events_csv.write(stump, tmp_path / "e.csv", events)
        images, told = read(tmp_path / "i.csv"), read(tmp_path / "e.csv")
        suppressed = [row for row in images if row["suppressed_by"]]
        assert len(suppressed) == expected
        assert {row["suppressed_by"] for row in suppressed} <= {"A_B_b-ST01_s01"}
        assert {row["label"] for row in suppressed} <= {"unsure"}
        assert {row["event_id"] for row in suppressed} <= {""}
        labels = [row["label"] for row in told]
        assert labels == (["prey"] if static else ["unsure", "prey"])


def test_a_season_s_outputs_hold_the_sheet(stump: Ledger) -> None:
    made = write_all(stump, settings())
    assert stump.season / "static.html" in made.paths
    assert all(path.is_file() for path in made.paths)
