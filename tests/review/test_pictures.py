"""Pictures for the browser: upright, without metadata, kept within bounds, never on the card."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from PIL import Image

from camtrap.card.content import content_key
from camtrap.ledger.store import Ledger
from camtrap.outputs.thumbnails import FOLDER, TINY, Thumbnails
from camtrap.records import Box, Capture, Detection, ImageFile, Prediction, State
from camtrap.review.answers import Refused
from camtrap.review.context import Review
from camtrap.review.pictures import Pictures, cropped
from tests.cards import encoded, quadrants, snapshot, textured
from tests.review.browsing import Browser
from tests.review.conftest import MakeReview
from tests.review.seasons import RUN


def season_with(folder: Path, **files: bytes) -> Path:
    """A season of some files on a card, each called a leopard in its upper left quarter."""
    season, card = folder / "season", folder / "card"
    card.mkdir(exist_ok=True)
    with Ledger(season, create=True) as ledger:
        entry = ledger.card_at(card) or ledger.add_card("E: Карта", card)
        for name, data in files.items():
            put(ledger, card, f"{name}.JPG", data)
        assert entry.name == "E: Карта"
    return season


def put(ledger: Ledger, card: Path, name: str, data: bytes) -> None:
    (card / name).write_bytes(data)
    [entry] = ledger.cards()
    file = ImageFile(card, name, len(data), len(data))
    ledger.register(entry, [file])
    chances = {"leopard": 0.9, "empty": 0.1}
    box = Detection("leopard", 0.9, Box(0.0, 0.0, 0.5, 0.5), 0.9, chances)
    said = Prediction(
        file.path,
        State.LEOPARD,
        0.9,
        chances,
        (box,),
        Capture(datetime(2026, 2, 3), "exif"),
        content_key(data),
        64,
        48,
    )
    ledger.record(entry, ledger.start_run(RUN), [(file, said)])


def image_of(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_thumbnail_is_small_upright_and_holds_no_metadata(
    tmp_path: Path, make_review: MakeReview
) -> None:
    # Stored lying on its side: red comes to the upper right when it is made upright.
    data = encoded(quadrants(640, 480), orientation=6, taken_at=datetime(2026, 2, 3))
    season = season_with(tmp_path, a=data)
    answer = Browser(make_review(season)).get("/thumb/1.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    image = image_of(answer.content)
    assert image.size == (240, TINY) and not image.getexif()
    red, green, blue = image.convert("RGB").getpixel((200, 40))  # type: ignore[misc]
    assert red > 150 > 80 > max(green, blue)


def test_a_picture_has_the_side_that_was_asked_for_or_its_own(
    tmp_path: Path, make_review: MakeReview
) -> None:
    browser = Browser(make_review(season_with(tmp_path, a=encoded(textured(2000, 1500)))))
    sizes = {
        side: max(image_of(browser.get(f"/picture/1.jpg?side={side}").content).size)
        for side in (800, 1600, 3200)
    }
    assert sizes == {800: 800, 1600: 1600, 3200: 2000}
    assert max(image_of(browser.get("/picture/1.jpg").content).size) == 1600
    answer = browser.get("/picture/1.jpg?side=100000")
    assert (answer.status_code, answer.json()["error"]) == (400, "side")


def test_the_card_is_only_read_and_what_is_kept_serves_without_it(
    tmp_path: Path, make_review: MakeReview
) -> None:
    season = season_with(tmp_path, a=encoded(textured()), b=encoded(textured(seed=1)))
    browser = Browser(make_review(season))
    before = snapshot(tmp_path / "card")
    first = browser.get("/thumb/1.jpg").content
    assert snapshot(tmp_path / "card") == before
    (tmp_path / "card").rename(tmp_path / "elsewhere")
    assert browser.get("/thumb/1.jpg").content == first
    assert browser.get("/picture/1.jpg").status_code == 200  # small is better than none
    answer = browser.get("/thumb/2.jpg")
    assert answer.status_code == 404
    told = answer.json()
    assert (told["error"], told["card"]) == ("away", "E: Карта")
    assert "E: Карта" in told["message"] and str(tmp_path) not in told["message"]


def test_another_picture_under_the_same_number_is_another_thumbnail(
    tmp_path: Path, make_review: MakeReview
) -> None:
    season = season_with(tmp_path, a=encoded(textured()))
    browser = Browser(make_review(season))
    first = browser.get("/thumb/1.jpg")
    with Ledger(season) as ledger:
        put(ledger, tmp_path / "card", "a.JPG", encoded(textured(seed=9), quality=60))
    tag = first.headers["etag"]
    second = browser.get("/thumb/1.jpg", headers={"If-None-Match": tag})
    assert second.status_code == 200 and second.headers["etag"] != tag
    assert second.content != first.content


def test_another_card_in_the_same_reader_is_not_shown(
    tmp_path: Path, make_review: MakeReview
) -> None:
    season = season_with(tmp_path, a=encoded(textured()))
    (tmp_path / "card" / "a.JPG").write_bytes(encoded(textured(seed=5)))
    answer = Browser(make_review(season)).get("/thumb/1.jpg")
    assert (answer.status_code, answer.json()["error"]) == (404, "away")


def test_a_browser_that_has_it_gets_no_second_copy(tmp_path: Path, make_review: MakeReview) -> None:
    browser = Browser(make_review(season_with(tmp_path, a=encoded(textured()))))
    answer = browser.get("/thumb/1.jpg")
    assert answer.headers["cache-control"] == "private, no-cache"
    again = browser.get("/thumb/1.jpg", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_picture_that_cannot_be_decoded_says_so(tmp_path: Path, make_review: MakeReview) -> None:
    season = season_with(tmp_path, a=encoded(textured())[:-500], b=b"no picture")
    browser = Browser(make_review(season))
    for number in (1, 2):
        answer = browser.get(f"/thumb/{number}.jpg")
        assert (answer.status_code, answer.json()["error"]) == (404, "unreadable")
    assert browser.get("/thumb/3.jpg").json()["error"] == "unknown"


def test_what_is_kept_stays_within_its_bounds(tmp_path: Path, make_review: MakeReview) -> None:
    files = {f"f{number}": encoded(textured(seed=number)) for number in range(12)}
    season = season_with(tmp_path, **files)
    review = make_review(season, limit=60_000)
    browser = Browser(review)
    for number in range(1, 13):
        assert browser.get(f"/thumb/{number}.jpg").status_code == 200
    kept = [path.stat().st_size for path in (season / FOLDER).glob("*/*")]
    assert 0 < sum(kept) <= 60_000 and len(kept) < 12


def test_no_more_are_decoded_at_once_than_there_are_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    season = season_with(tmp_path, **{f"f{n}": encoded(textured(40, 30, seed=n)) for n in range(8)})
    running, most, lock = 0, 0, threading.Lock()
    plain = Thumbnails.plain

    def slow(*arguments: object) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return plain(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Thumbnails, "plain", slow)
    pictures = Pictures(season, threads=2)

    async def all_at_once() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        ticking = asyncio.create_task(tick())
        await asyncio.gather(*(pictures.thumbnail(number) for number in range(1, 9)))
        ticking.cancel()
        assert ticks > 10  # the event loop goes on meanwhile

    try:
        asyncio.run(all_at_once())
    finally:
        pictures.close()
    assert most == 2


def test_a_crop_shows_the_animal_with_a_margin_from_all_pixels_there_are() -> None:
    data = encoded(quadrants(1600, 1200), quality=95)
    image = image_of(cropped(data, Box(0.55, 0.1, 0.2, 0.2), 320)).convert("RGB")
    assert max(image.size) == 320
    for corner in ((3, 3), (image.width - 4, image.height - 4)):
        red, green, blue = image.getpixel(corner)  # type: ignore[misc]
        assert green > 150 and red < 90 and blue < 90
    edge = cropped(data, Box(0.999, 0.999, 0.2, 0.0), 640)
    assert min(image_of(edge).size) >= 1


def test_a_crop_is_asked_by_numbers_and_kept(tmp_path: Path, make_review: MakeReview) -> None:
    review: Review = make_review(season_with(tmp_path, a=encoded(textured(800, 600))))
    browser = Browser(review)
    first = browser.get("/crop/1/0.jpg?side=320")
    assert first.status_code == 200
    (tmp_path / "card").rename(tmp_path / "elsewhere")
    assert browser.get("/crop/1/0.jpg?side=320").content == first.content
    assert browser.get("/crop/1/1.jpg").status_code == 404
    with pytest.raises(Refused):
        asyncio.run(review.pictures.crop(1, 0, 5000))
