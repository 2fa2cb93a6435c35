"""The page of leopards: best first, fresh while the run goes on, cheap, and never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from camtrap.ledger.reviews import add_review
from camtrap.outputs import leopards_page
from camtrap.outputs.leopards_page import NAME, REFRESH_SECONDS, LivePage
from camtrap.outputs.thumbnails import Thumbnails
from camtrap.records import Prediction, State
from tests.outputs.pages import HOSTILE, Page, Season, at, picture

DOUBT = 0.004
FOUND = Prediction(path=Path("x"), state=State.LEOPARD, confidence=0.9)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def season(tmp_path: Path) -> Season:
    return Season(tmp_path)


def shown(season: Season) -> list[str]:
    """The files on the page, in order."""
    leopards_page.write(season.ledger, season.ledger.season / NAME)
    page = (season.ledger.season / NAME).read_text(encoding="utf-8")
    return [part.partition("</bdi>")[0] for part in page.split("<code><bdi>card/")[1:]]


def read(season: Season) -> Page:
    return Page((season.ledger.season / NAME).read_text(encoding="utf-8"))


def test_the_surest_come_first_then_the_doubtful_by_their_chance(season: Season) -> None:
    season.add("doubt1.jpg", State.UNSURE, leopard=0.2, capture=at(0))
    season.add("doubt2.jpg", State.UNSURE, leopard=0.6, capture=at(100))
    season.add("sure1.jpg", State.LEOPARD, 0.7, capture=at(200))
    season.add("sure2.jpg", State.LEOPARD, 0.99, capture=at(300))
    season.add("boar.jpg", State.PREY, capture=at(400))
    season.add("nothing_like_it.jpg", State.UNSURE, leopard=0.001, capture=at(500))
    assert shown(season) == ["sure2.jpg", "sure1.jpg", "doubt2.jpg", "doubt1.jpg"]


def test_one_visit_is_one_picture(season: Season) -> None:
    for number in range(5):
        season.add(f"{number}.jpg", State.LEOPARD, 0.9 + number / 100, capture=at(number))
    season.add("later.jpg", State.LEOPARD, 0.8, capture=at(60))
    assert shown(season) == ["4.jpg", "later.jpg"]
    assert "and 4 more frames of this visit" in read(season).text


def test_people_have_the_last_word(season: Season) -> None:
    season.add("boar.jpg", State.LEOPARD, 0.99, capture=at(0))
    season.add("leopard.jpg", State.PREY, 0.9, capture=at(100))
    season.add("sure.jpg", State.LEOPARD, 0.8, capture=at(200))
    numbers = {entry.relative_path: entry.file_id for entry in season.ledger.entries()}
    add_review(season.ledger.season, numbers["boar.jpg"], "prey")
    add_review(season.ledger.season, numbers["leopard.jpg"], "leopard", reviewer="Анна")
    assert shown(season) == ["leopard.jpg", "sure.jpg"]


def test_the_browser_loads_it_again_only_while_the_run_goes_on(season: Season) -> None:
    season.card()
    with LivePage(season.ledger, DOUBT):
        assert [m["content"] for m in read(season).all("meta") if m.get("http-equiv") == "refresh"]
        assert "None so far" in read(season).text
    assert not [m for m in read(season).all("meta") if m.get("http-equiv") == "refresh"]


def test_it_is_written_when_there_is_news_and_time(season: Season) -> None:
    season.card()
    clock = Clock()
    with LivePage(season.ledger, DOUBT, clock=clock) as live:
        season.add("a.jpg", State.LEOPARD)
        live.note([FOUND])
        assert not read(season).all("figure")  # it was written a moment ago
        clock.now += REFRESH_SECONDS
        live.note([])
        assert len(read(season).all("figure")) == 1
        season.add("b.jpg", State.LEOPARD, capture=at(100))
        clock.now += REFRESH_SECONDS
        live.note([Prediction(path=Path("x"), state=State.EMPTY)])
        assert len(read(season).all("figure")) == 1  # nothing new was told
    assert len(read(season).all("figure")) == 2


def test_a_refresh_makes_few_pictures_and_each_only_once(
    season: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    drawn = Thumbnails.drawn

    def counted(self: object, entry: object, *more: object) -> bytes:
        made.append(entry.relative_path)  # type: ignore[attr-defined]
        return drawn(self, entry, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Thumbnails, "drawn", counted)
    monkeypatch.setattr(leopards_page, "NEW_PICTURES", 2)
    for number in range(5):
        season.add(f"{number}.jpg", State.LEOPARD, capture=at(60 * number))
    clock = Clock()
    with LivePage(season.ledger, DOUBT, clock=clock) as live:
        assert len(made) == 2
        clock.now += REFRESH_SECONDS
        live.note([])  # those that wait are reason enough
        assert len(made) == 4
    assert sorted(made) == [f"{number}.jpg" for number in range(5)]
    assert len(read(season).all("img")) == 5


def test_a_page_that_cannot_be_written_ends_no_run(season: Season) -> None:
    season.card()
    (season.ledger.season / NAME).mkdir()
    with LivePage(season.ledger, DOUBT) as live:
        live.note([FOUND])


def test_a_broken_table_of_stations_ends_no_run(season: Season) -> None:
    season.card()
    (season.ledger.season / "stations.csv").write_text("nonsense\n1\n")
    with LivePage(season.ledger, DOUBT) as live:
        live.note([FOUND])


def test_the_same_season_gives_the_same_bytes(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD)
    path = season.ledger.season / NAME
    leopards_page.write(season.ledger, path)
    first = path.read_bytes()
    leopards_page.write(season.ledger, path)
    assert path.read_bytes() == first


def test_many_are_counted_and_not_shown(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leopards_page, "SHOWN", 2)
    for number in range(5):
        season.add(f"{number}.jpg", State.LEOPARD, capture=at(60 * number), data=picture("one"))
    leopards_page.write(season.ledger, season.ledger.season / NAME)
    states = season.ledger.totals()
    assert states[State.LEOPARD] == 1 and states[State.DUPLICATE] == 4
    assert "more frame" not in read(season).text
    for number in range(5, 9):
        season.add(f"{number}.jpg", State.LEOPARD, capture=at(60 * number))
    leopards_page.write(season.ledger, season.ledger.season / NAME)
    assert "3 more frames are not shown here" in read(season).text


@pytest.mark.parametrize("words", HOSTILE)
def test_words_of_a_card_stay_words(season: Season, words: str) -> None:
    season.add("a.jpg", State.LEOPARD, card=f"card {words}", data=b"")
    leopards_page.write(season.ledger, season.ledger.season / NAME)
    page = read(season)
    assert not page.all("script") + page.all("iframe") + page.all("a")
    assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on")]
    assert not page.open
