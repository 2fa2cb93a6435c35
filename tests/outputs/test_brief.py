"""The brief: one page to trust, to open offline, and to hand on without giving a place away."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camtrap.errors import SeasonError
from camtrap.ledger.reviews import add_review
from camtrap.outputs import brief, brief_cards, events_csv, markup
from camtrap.outputs.brief_facts import Finding
from camtrap.outputs.season_events import SeasonEvents
from camtrap.records import Capture, ImageFile, State
from tests.outputs.pages import EVENING, HOSTILE, Season, at, picture


@pytest.fixture
def season(tmp_path: Path) -> Season:
    return Season(tmp_path)


@pytest.fixture
def full(season: Season) -> Season:
    """One or two of everything, at two stations of two cards."""
    season.add("ST01_ridge/DCIM/100RECNX/1.JPG", State.LEOPARD, 0.97)
    season.add("ST01_ridge/DCIM/100RECNX/2.JPG", State.LEOPARD, 0.91, capture=at(1), boxes=2)
    season.add("ST01_ridge/DCIM/100RECNX/3.JPG", State.PREY, 0.8, capture=at(100))
    season.add("ST02_ручей/4.JPG", State.OTHER, 0.85, card="二号", capture=at(200))
    season.add("ST02_ручей/5.JPG", State.PERSON, 0.99, card="二号", capture=at(300), boxes=3)
    season.add("ST02_ручей/6.JPG", State.VEHICLE, 0.75, card="二号", capture=at(400))
    season.add("ST02_ручей/7.JPG", State.UNSURE, 0.5, card="二号", capture=at(500), leopard=0.31)
    season.add("ST02_ручей/8.JPG", State.EMPTY, 0.999, card="二号", capture=at(600))
    season.add("ST02_ручей/9.JPG", State.UNREADABLE, None, card="二号", reason="0 bytes")
    return season


# -- what is told


def test_the_header_names_season_span_model_and_version(full: Season) -> None:
    text = full.page().text
    assert "season-2026" in text
    assert "2026-03-14 to 2026-03-15" in text
    assert "camtrap 0.1.0 (amur 2026.11)" in text


def test_every_file_is_accounted_for(full: Season) -> None:
    account = (
        "9 files = 2 leopard + 1 prey + 1 other + 1 person + 1 vehicle + 1 empty + 1 unsure "
        "+ 1 unreadable"
    )
    assert account in full.page().text


def test_a_leopard_card_tells_all_of_its_event(full: Season) -> None:
    text = full.page().text
    start = text.index("leopard 97 %")
    card = text[start : text.index("People and vehicles")]
    assert "ST01_ridge" in card
    assert "2026-03-14 18:05 to 18:06" in card
    assert "2 frames, at least 2 animals" in card
    assert "RECONYX HYPERFIRE 2" in card
    assert "card/ST01_ridge/DCIM/100RECNX/1.JPG" in card
    assert "_e0001" in card


def test_leopards_come_first_and_how_to_read_it_last(full: Season) -> None:
    titles = re.findall(r"<h2[^>]*>([^<]*)", full.page().markup)
    assert [title.strip() for title in titles] == [
        "1 file could not be read",
        "Leopards",
        "Map of stations",
        "People and vehicles",
        "To be looked at",
        "Activity by hour of day",
        "Stations and effort",
        "What to do next",
        "Prey and other animals",
        "Every file",
        "What is not known",
        "How to read this",
    ]


def test_every_event_is_counted(full: Season) -> None:
    page = full.page()
    glance = re.findall(r'<li class="(\w+)"><b>(\d+)</b>', page.markup)
    assert glance == [
        ("leopard", "1"),
        ("prey", "1"),
        ("other", "1"),
        ("person", "1"),
        ("vehicle", "1"),
        ("unsure", "1"),
    ]
    footer = page.markup[page.markup.index("<tfoot>") : page.markup.index("</tfoot>")]
    assert re.findall(r'data-column="([^"]+)">([^<]*)<', footer) == [
        ("leopard", "1"),
        ("prey", "1"),
        ("other", "1"),
        ("person", "1"),
        ("vehicle", "1"),
        ("unsure", "1"),
        ("Files", "9"),
        ("Empty", "1"),
        ("Not read", "1"),
        ("First", "2026-03-14"),
        ("Last", "2026-03-15"),
    ]


@pytest.mark.parametrize(
    ("boxes", "state", "told"),
    [
        (1, State.PERSON, "1 frame, at least 1 person"),
        (3, State.PERSON, "1 frame, at least 3 people"),
        (2, State.VEHICLE, "1 frame, at least 2 vehicles"),
    ],
)
def test_people_and_vehicles_are_counted(
    season: Season, boxes: int, state: State, told: str
) -> None:
    season.add("a.jpg", state, boxes=boxes)
    assert told in season.page().text


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("exif", "2026-03-14 18:05 1 frame"),
        ("filename", "2026-03-14 18:05 (time from the file’s name)"),
        ("modified", "2026-03-14 18:05 (time from the file’s date, may be wrong)"),
    ],
)
def test_a_time_says_where_it_comes_from(season: Season, source: str, told: str) -> None:
    season.add("a.jpg", State.LEOPARD, capture=at(0, source))
    assert told in season.page().text


def test_a_file_date_dates_neither_the_season_nor_the_hours(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD, capture=at(0, "modified"))
    season.add("b.jpg", State.LEOPARD, capture=Capture())
    text = season.page().text
    assert "no dates known" in text
    assert "Left out, because the camera gave no time: 2 events." in text
    assert "leopard, events by hour of day: none" in text


def test_the_hours_are_told_in_words_too(season: Season) -> None:
    for number, minutes in enumerate((0, 1440, 600)):
        season.add(f"{number}.jpg", State.LEOPARD, capture=at(minutes))
    page = season.page()
    assert "leopard, events by hour of day: 04h 1, 18h 2" in page.text
    assert len(page.all("rect")) == 2


def test_doubtful_events_are_in_order_of_what_may_be_a_leopard(season: Season) -> None:
    for number, leopard in enumerate((0.1, 0.4, 0.2)):
        season.add(f"{number}.jpg", State.UNSURE, capture=at(60 * number), leopard=leopard)
    assert re.findall(r"<b>leopard (\d+) %</b>", season.page().markup) == ["40", "20", "10"]


def test_of_a_doubtful_event_the_frame_most_like_a_leopard_is_shown(season: Season) -> None:
    season.add("surest.jpg", State.UNSURE, 0.6, leopard=0.1)
    season.add("likest.jpg", State.UNSURE, 0.5, leopard=0.3, capture=at(1))
    text = season.page().text
    assert "leopard 30 % card 2026-03-14 18:05 to 18:06 2 frames; rather prey, 50 %" in text
    assert "card/likest.jpg" in text
    assert "card/surest.jpg" not in text


@pytest.mark.parametrize(
    ("chance", "told"),
    [
        (0.0, "under 1 %"),
        (0.009, "under 1 %"),
        (0.01, "1 %"),
        (0.624, "62 %"),
        (0.99, "99 %"),
        (0.9999, "over 99 %"),
    ],
)
def test_no_chance_is_called_certain(chance: float, told: str) -> None:
    assert markup.percent(chance) == told


def test_the_thresholds_of_the_last_run_are_told_leopard_first(full: Season) -> None:
    told = "leopard 62 %, prey 70 %, other 72 %, person 60 %, vehicle 71 %, empty 92 %, doubt 0.4 %"
    assert told in full.page().text


def test_what_the_machine_said_is_called_the_machine_s(full: Season) -> None:
    assert "no person has checked them" in full.page().text


# -- what is missing


def test_an_empty_season_has_a_page(season: Season) -> None:
    text = season.page().text
    assert "0 files = 0" in text
    assert "none yet" in text
    assert "before you conclude that none was there" in text


def test_an_unfinished_run_says_so(season: Season) -> None:
    season.card()
    files = [ImageFile(season.card(), f"{number}.jpg", 1, 1) for number in range(3)]
    season.ledger.register(season.cards["card"], files)
    assert "Not finished: 3 files still to be read" in season.page().text


def test_files_that_could_not_be_read_are_listed_with_their_reasons(season: Season) -> None:
    for number in range(23):
        state = State.TRUNCATED if number % 2 else State.UNREADABLE
        season.add(f"{number:02}.jpg", state, None, reason=f"reason {number}")
    text = season.page().text
    assert "23 files could not be read" in text
    assert "card/00.jpg unreadable: reason 0 " in text
    assert "card/19.jpg truncated: reason 19 " in text
    assert "20.jpg" not in text
    assert "3 more are not listed here. See images.csv for all." in text


def test_a_card_that_is_away_leaves_a_block_that_names_it(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD, card="карта 7", data=b"")
    page = season.page()
    assert "plug in the card карта 7" in page.text
    assert not page.all("img")
    assert len(page.all("figure", "card")) == 1


def test_another_picture_in_the_same_place_is_not_shown(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD).write_bytes(picture("a deer of another card"))
    page = season.page()
    assert "plug in the card" in page.text
    assert not page.all("img")


def test_a_picture_that_cannot_be_decoded_any_more_is_no_error(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD, data=b"no picture")
    assert "can no longer be decoded" in season.page().text


def test_a_page_that_cannot_be_written_is_a_season_error(full: Season) -> None:
    with pytest.raises(SeasonError):
        brief.write(full.ledger, full.folder / "no folder" / "brief.html", collected(full))


def collected(season: Season) -> SeasonEvents:
    return events_csv.collect(season.ledger)


# -- safe to open and to hand on


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be made there")
@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("state", [State.LEOPARD, State.UNSURE, State.PREY, State.UNREADABLE])
def test_words_of_a_card_stay_words(season: Season, words: str, state: State) -> None:
    capture = Capture(
        taken_at=EVENING, timestamp_source=words, make=words, model=words, user_label=words
    )
    folder = words.replace("/", "|")
    season.add(
        f"{folder}/{folder}.jpg",
        state,
        0.9 if state.is_label else None,
        card=f"card {words}",
        capture=capture,
        reason="" if state.is_label else words,
    )
    page = season.page()
    known = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "section",
        "footer",
    }
    known |= {
        "h1",
        "h2",
        "h3",
        "p",
        "b",
        "bdi",
        "span",
        "code",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "div",
    }
    known |= {"figure", "figcaption", "img", "svg", "path", "rect", "text"}
    known |= {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
    assert {tag for tag, _ in page.elements} <= known
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"style", "href", "tabindex"}
    assert not page.open
    assert " ".join(folder.split()) in page.text


def test_nothing_is_loaded_from_anywhere(full: Season) -> None:
    page = full.page()
    assert "://" not in page.markup
    assert not page.all("script") + page.all("link") + page.all("iframe") + page.all("a")
    assert "@import" not in page.markup
    assert "url(" not in page.markup
    assert len(page.all("img")) == 6
    assert all((img["src"] or "").startswith("data:image/jpeg;base64,") for img in page.all("img"))


def test_the_page_forbids_loading(full: Season) -> None:
    policies = [m for m in full.page().all("meta") if m.get("http-equiv")]
    assert policies == [
        {
            "http-equiv": "Content-Security-Policy",
            "content": "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
        }
    ]


def test_no_position_leaves_with_the_page(full: Season) -> None:
    page = full.page()
    for secret in ("43.12", "131.65", "43.0", "43,12"):
        assert secret not in page.text
    for img in page.all("img"):
        data = base64.b64decode((img["src"] or "").partition(",")[2])
        assert not Image.open(io.BytesIO(data)).getexif()
        assert b"Exif" not in data


def test_pictures_columns_and_charts_are_named_for_those_who_do_not_see(full: Season) -> None:
    page = full.page()
    assert page.all("html")[0]["lang"] == "en"
    assert all(img["alt"] for img in page.all("img"))
    assert "leopard, ST01_ridge, 2026-03-14 18:05" in [img["alt"] for img in page.all("img")]
    assert all(cell["scope"] in ("row", "col") for cell in page.all("th"))
    titles = {title["id"] for title in page.all("title") if "id" in title}
    assert {svg["aria-labelledby"] for svg in page.all("svg")} == titles
    assert all(svg["role"] == "img" for svg in page.all("svg"))


def test_the_same_season_gives_the_same_bytes(full: Season) -> None:
    first = full.write().read_bytes()
    assert full.write().read_bytes() == first


# -- small whatever the season


def test_more_events_than_cards_are_counted_and_sent_to_the_table(
    season: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        brief_cards, "LEOPARD_ROOM", brief_cards.Room(cards=2, side=60, characters=99_999)
    )
    for number in range(5):
        season.add(f"{number}.jpg", State.LEOPARD, 0.9 + number / 100, capture=at(60 * number))
    page = season.page()
    assert re.findall(r"<b>(9\d) %</b>", page.markup) == ["94", "93"]
    assert "3 more leopard events are not shown here; see events.csv." in page.text
    assert "Leopards 5 events" in page.text


def test_pictures_that_do_not_compress_take_no_more_than_their_room(
    season: Season, monkeypatch: pytest.MonkeyPatch, noise: Callable[[int], bytes]
) -> None:
    room = brief_cards.Room(cards=60, side=200, characters=200_000)
    monkeypatch.setattr(brief_cards, "LEOPARD_ROOM", room)
    for number in range(12):
        season.add(f"{number}.jpg", State.LEOPARD, capture=at(60 * number), data=noise(number))
    page = season.page()
    shown = len(page.all("img"))
    assert 0 < shown < 12
    assert f"{12 - shown} more leopard events" in page.text
    assert len(page.markup) < room.characters + 40_000


@pytest.fixture
def noise() -> Callable[[int], bytes]:
    def make(seed: int) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, 256, (200, 200, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
        return buffer.getvalue()

    return make


def test_all_rooms_together_stay_below_ten_megabytes() -> None:
    rooms = (
        brief_cards.LEOPARD_ROOM,
        brief_cards.PEOPLE_ROOM,
        brief_cards.UNSURE_ROOM,
        brief_cards.HERD_ROOM,
    )
    assert sum(room.characters for room in rooms) <= 9_000_000


# -- in other languages, in public, and in the field


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Leopards"), ("ru", "Леопарды"), ("zh", "豹")]
)
def test_the_page_is_written_in_three_languages(full: Season, language: str, title: str) -> None:
    page = full.page(language=language)
    assert page.all("html")[0]["lang"] == language
    assert title in page.text
    if language != "en":
        for english in ("Leopards", "event", "camera", "picture"):
            assert english not in page.text.replace("events.csv", "")


def test_people_s_word_stands_above_the_machine_s(full: Season) -> None:
    number = next(e.file_id for e in full.ledger.entries() if e.relative_path.endswith("3.JPG"))
    add_review(full.ledger.season, number, "leopard", reviewer="Анна")
    text = full.page().text
    assert "leopard said by Анна" in text
    assert "1 file was checked by people" in text


PLACED = ("ST01_ridge,Upper ridge,43.1012,131.5021,2026-03-01,2026-04-20",)


def test_the_map_shows_places_and_writes_no_coordinate(full: Season) -> None:
    full.stations(*PLACED)
    page = full.page()
    assert len(page.all("svg", "map")) == 1
    assert "Upper ridge" in page.text
    assert "43.1" not in page.text and "131.5" not in page.text
    assert "1 station is not on the map" in page.text


def test_coordinates_are_written_when_they_are_asked_for(full: Season) -> None:
    full.stations(*PLACED)
    assert "43.10120, 131.50210" in full.page(coordinates=True).text


def test_without_places_the_page_says_what_to_write_down(full: Season) -> None:
    text = full.page().text
    assert "No station has a place yet" in text
    assert "Trap-nights are not known" in text
    assert "there is no stations.csv" in text


def test_effort_and_sun_are_told_where_they_are_known(full: Season) -> None:
    full.stations(*PLACED)
    text = full.page().text
    assert "Trap-nights" in text and "Leopard index" in text
    assert re.search(r"The sun rose at 0[67]:\d\d", text)


def test_the_public_page_gives_nobody_away(full: Season) -> None:
    full.stations(*PLACED)
    full.add("ST01_ridge/both.JPG", State.LEOPARD, capture=at(2000), also=["person"])
    page = full.page(public=True)
    for secret in (
        "ridge",
        "ручей",
        "二号",
        "RECNX",
        "RECONYX",
        "43.1",
        "dead",
    ):
        assert secret not in page.text, secret
    assert not page.all("figure", "person") + page.all("li", "person") + page.all("li", "vehicle")
    assert "grid of 0.1°" in page.text
    assert "Left out: people may be in it." in page.text
    # One leopard and one deer: the others are of people, doubtful, or may show people.
    assert len(page.all("img")) == 3
    assert "2 left out (people and vehicles)" in page.text
    exact = full.page()
    assert len(exact.all("img")) > 3


def test_the_public_account_still_adds_up(full: Season) -> None:
    told = re.search(r"(\d+) files = ([^R]*)", full.page(public=True).text)
    assert told
    assert int(told[1]) == sum(map(int, re.findall(r"(\d+) ", told[2])))


def test_clock_findings_are_told_and_make_a_visit(full: Season) -> None:
    full.stations(*PLACED)
    found = [Finding("ST01_ridge", "<b>12 hours</b> off"), Finding("X", "silent", False)]
    page = full.page(clock=found)
    assert "2 findings" in page.text
    assert "<b>12 hours</b> off" in page.text  # as text, not as markup
    assert "they were not looked at" not in page.text
    assert "Clocks" not in full.page().text


def test_a_camera_to_visit_is_told_with_its_reasons(full: Season) -> None:
    full.stations(*PLACED)
    assert "leopard seen 1 time, last 2026-03-14 18:05" in full.page().text


def test_pictures_are_there_when_the_cards_are_away(full: Season) -> None:
    shown = len(full.page().all("img"))
    for path in (full.folder / "cards").rglob("*.JPG"):
        path.unlink()
    assert len(full.page().all("img")) == shown > 0
