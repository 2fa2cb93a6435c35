"""A person at the pages: events decided by the keyboard, and nothing lost whatever happens."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.review.pages.live import (
    Server,
    at_event,
    open_event,
    open_queue,
    place,
    said,
    until,
    wait_for_place,
    wait_until_saved,
    window,
)
from tests.review.seasons import FRAMES, season_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

MakeServer = Callable[..., Server]

KEYS = {
    "l": "leopard",
    "p": "prey",
    "o": "other",
    "h": "person",
    "v": "vehicle",
    "e": "empty",
    "u": "unsure",
}


def asked(server: Server, path: str) -> Any:
    with urllib.request.urlopen(server.address + path, timeout=10) as answer:
        return json.load(answer)


def listed(server: Server, question: str = "") -> list[dict[str, Any]]:
    """The events of a question in the order of the list."""
    found: list[dict[str, Any]] = []
    while True:
        page = asked(server, f"/api/queue?limit=200&offset={len(found)}{question}")
        found += page["items"]
        if len(found) >= page["total"]:
            return found


def frames_of(server: Server, event: dict[str, Any]) -> list[int]:
    return [frame["file"] for frame in asked(server, f"/api/event/{event['event']}")["frames"]]


def test_three_hundred_events_by_the_keyboard_alone(chrome: Browser, serve: MakeServer) -> None:
    """Each decision is in the ledger, for each of the event's frames, with the person's name."""
    server = serve(300, pictures=False)  # the card is away; its pictures are in other tests
    events = listed(server)
    assert len(events) > 200
    order = [*KEYS, " "]
    expected = {}
    with window(chrome, name="Анна") as page:
        open_event(page, server)
        for number, event in enumerate(events):
            wait_for_place(page, f"{number + 1:,} of {len(events)}")
            pressed = order[(number * 5 + number // 7) % len(order)]
            label = event["label"] if pressed == " " else KEYS[pressed]
            expected[event["event"]] = label
            page.keyboard.press(pressed)
        # Behind the last, the list is asked for anew: nothing is left in it.
        page.wait_for_selector("#nothing:not([hidden])")
        wait_until_saved(page)
        until(page, "document.getElementById('done-bar').value === given", len(events))
    words = said(server.season)
    assert len(words) == sum(event["frames"] for event in events)
    for event in events:
        for file in frames_of(server, event):
            assert words[file] == (expected[event["event"]], "", "Анна")
    assert listed(server) == []


def test_undo_goes_back_as_far_as_one_likes(chrome: Browser, serve: MakeServer) -> None:
    server = serve(9)
    events = listed(server)
    with window(chrome) as page:
        open_event(page, server)
        for number, pressed in enumerate("pue"):
            wait_for_place(page, f"{number + 1} of {len(events)}")
            page.keyboard.press(pressed)
        wait_for_place(page, f"4 of {len(events)}")
        wait_until_saved(page)
        assert len(said(server.season)) == 3 * FRAMES
        page.keyboard.press("z")
        wait_for_place(page, f"3 of {len(events)}")
        assert page.inner_text("#people") == "nobody yet"
        assert "Undone: empty" in page.inner_text("#polite") or page.inner_text("#polite")
        # The page is loaded anew: what it knew is gone, and the server still knows.
        wait_until_saved(page)
        page.reload()
        at_event(page)
        page.keyboard.press("z")
        until(page, "location.hash.endsWith(given)", f"event={events[1]['event']}")
        wait_until_saved(page)
        assert {word[0] for word in said(server.season).values()} == {"prey"}
        page.keyboard.press("z")
        until(page, "document.getElementById('people').textContent === 'nobody yet'")
        page.keyboard.press("z")
        page.wait_for_selector(".toast")
        assert page.inner_text(".toast") == "There is nothing of yours to undo."
    assert said(server.season) == {}


def test_one_frame_and_then_the_next(chrome: Browser, serve: MakeServer) -> None:
    """F: a decision is about the frame that is looked at, and goes on within the event."""
    server = serve(9)
    events = listed(server)
    first = frames_of(server, events[0])
    with window(chrome) as page:
        open_event(page, server)
        page.click("#strip li:first-child button")
        page.keyboard.press("f")
        assert page.get_attribute("#scope", "aria-pressed") == "true"
        for pressed in "pe":
            page.keyboard.press(pressed)
            wait_until_saved(page)
        until(page, "document.getElementById('frame-place').textContent.includes('3 of')")
        page.keyboard.press("l")
        wait_for_place(page, f"2 of {len(events)}")
        assert page.get_attribute("#scope", "aria-pressed") == "false"  # of this event alone
        wait_until_saved(page)
        page.keyboard.press("ArrowUp")
        wait_for_place(page, f"1 of {len(events)}")
        assert "frames differ" in page.inner_text("#people")
    words = said(server.season)
    assert [words[file][0] for file in first] == ["prey", "empty", "leopard"]
    assert len(words) == FRAMES


def test_a_species_is_chosen_by_typing(chrome: Browser, serve: MakeServer) -> None:
    server = serve(9)
    events = listed(server)
    with window(chrome) as page:
        open_event(page, server)
        page.keyboard.press("s")
        field = page.locator("#species")
        assert field.get_attribute("role") == "combobox"
        page.keyboard.type("ro")
        assert field.get_attribute("aria-expanded") == "true"
        marked = field.get_attribute("aria-activedescendant")
        assert page.inner_text(f"#{marked}").startswith("Siberian roe deer")
        assert page.get_attribute(f"#{marked}", "aria-selected") == "true"
        page.keyboard.press("Escape")  # out of the field, not out of the event
        assert field.get_attribute("aria-expanded") == "false"
        assert place(page) == f"1 of {len(events)}"
        page.keyboard.press("s")
        page.keyboard.type("кабан")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        wait_for_place(page, f"2 of {len(events)}")
        assert "wild boar" in page.inner_text("#last")
        wait_until_saved(page)
        page.keyboard.press("s")
        page.keyboard.type("no such animal")
        page.keyboard.press("Enter")  # nothing is marked, and nothing is said
        page.keyboard.press("Escape")
        assert place(page) == f"2 of {len(events)}"
    words = said(server.season)
    assert set(words) == set(frames_of(server, events[0]))
    assert set(words.values()) == {("prey", "Sus scrofa", "Ольга")}


def test_two_people_at_one_event(chrome: Browser, serve: MakeServer) -> None:
    """Who comes second sees who said what, and chooses; nothing is overwritten unseen."""
    server = serve(9)
    events = listed(server)
    files = frames_of(server, events[0])
    second = frames_of(server, events[1])
    with window(chrome, name="Анна") as anna, window(chrome, name="Bo") as bo:
        open_event(anna, server)
        open_event(bo, server)
        anna.wait_for_timeout(300)  # both have fetched the next event ahead, too
        for pressed in "pp":
            bo.keyboard.press(pressed)
            wait_until_saved(bo)
        wait_for_place(bo, f"3 of {len(events)}")
        anna.keyboard.press("e")
        anna.wait_for_selector(".conflict")
        told = anna.inner_text(".conflict")
        assert "Bo said “prey”" in told
        assert "empty" in told
        assert {said(server.season)[file][2] for file in files} == {"Bo"}
        anna.keyboard.press("k")
        anna.wait_for_selector("#conflicts", state="hidden")
        assert said(server.season)[files[0]] == ("prey", "", "Bo")
        # The next one too was Bo's meanwhile; this time Anna insists.
        wait_for_place(anna, f"2 of {len(events)}")
        anna.keyboard.press("l")
        anna.wait_for_selector(".conflict")
        assert "K" in anna.inner_text(".conflict")
        anna.keyboard.press("m")
        anna.wait_for_selector("#conflicts", state="hidden")
        wait_until_saved(anna)
    words = said(server.season)
    assert {words[file] for file in files} == {("prey", "", "Bo")}
    assert {words[file] for file in second} == {("leopard", "", "Анна")}


def test_the_server_is_killed_and_nothing_is_lost(chrome: Browser, serve: MakeServer) -> None:
    """What is decided while it is away is kept, told, and saved when it is back."""
    server = serve(18)
    events = listed(server)
    with window(chrome) as page:
        open_event(page, server)
        page.keyboard.press("p")
        wait_for_place(page, f"2 of {len(events)}")
        wait_until_saved(page)
        page.wait_for_timeout(400)  # the next events are fetched ahead
        server.kill()
        for number, pressed in enumerate("ul", start=2):
            page.keyboard.press(pressed)
            wait_for_place(page, f"{number + 1} of {len(events)}")
        page.wait_for_selector("#away:not([hidden])")
        until(page, "document.getElementById('away').textContent.includes('2 decisions')")
        assert len(said(server.season)) == FRAMES
        server.start()
        page.wait_for_selector("#away", state="hidden")
        wait_until_saved(page)
        page.keyboard.press("e")
        wait_for_place(page, f"5 of {len(events)}")
        wait_until_saved(page)
        server.kill()
        page.keyboard.press("o")
        page.wait_for_selector("#away:not([hidden])")
        kept = "Object.keys(localStorage).filter(key => key.startsWith('camtrap.outbox')).length"
        assert page.evaluate(kept) == 1
        server.start()
        page.reload()
        page.wait_for_selector("#strip button, .card:not(.coming)")
        wait_until_saved(page)
    words = said(server.season)
    for event, label in zip(events, ("prey", "unsure", "leopard", "empty", "other"), strict=False):
        assert {words[file] for file in frames_of(server, event)} == {(label, "", "Ольга")}
    assert len(words) == 5 * FRAMES


def test_what_is_refused_is_taken_back_and_told(chrome: Browser, serve: MakeServer) -> None:
    server = serve(9)
    with window(chrome) as page:
        answer = {"error": "name", "message": "This name is too long."}
        page.route("**/api/decide", lambda route: route.fulfill(status=400, json=answer))
        open_event(page, server)
        page.keyboard.press("p")
        page.wait_for_selector(".toast.bad")
        assert page.inner_text(".toast.bad span") == "“prey” was not saved. This name is too long."
        page.keyboard.press("ArrowUp")
        until(page, "document.getElementById('people').textContent === 'nobody yet'")
        page.unroute("**/api/decide")
        page.route(
            "**/api/decide",
            lambda route: route.fulfill(status=503, json={"message": "The disk is full."}),
        )
        page.keyboard.press("p")
        page.wait_for_selector("#away:not([hidden])")
        assert page.inner_text("#away").startswith("The disk is full. 1 decision is kept")
        page.unroute("**/api/decide")
        page.wait_for_selector("#away", state="hidden")
        wait_until_saved(page)
    assert {word[0] for word in said(server.season).values()} == {"prey"}


def test_frames_flip_boxes_hide_and_a_picture_grows(chrome: Browser, standing: Server) -> None:
    with window(chrome) as page:
        open_event(page, standing)
        frame = page.locator("#frame-place")
        before = frame.inner_text()
        page.keyboard.press("ArrowRight")
        assert frame.inner_text() != before
        for _ in range(FRAMES - 1):
            page.keyboard.press("ArrowRight")
        assert frame.inner_text() == before  # round and round, to see movement
        page.wait_for_selector(".box")
        page.keyboard.press("b")
        assert page.locator(".box").count() == 0
        page.keyboard.press("b")
        assert page.locator(".box").count() == 1
        page.wait_for_selector("#stage:not(.waiting)")
        width = page.locator(".picture").bounding_box()
        page.keyboard.press("+")
        page.mouse.move(300, 300)
        page.mouse.wheel(0, -240)
        until(
            page,
            "document.querySelector('.picture').getBoundingClientRect().width > given * 2",
            width and width["width"],
        )
        page.keyboard.press("0")
        assert page.locator(".picture").bounding_box() == width
        page.keyboard.press("r")
        page.keyboard.press("ArrowRight")  # the slider's own key here
        shown = "document.querySelector('.picture').style.filter"
        assert page.evaluate(shown).startswith("brightness(1.1)")
        page.keyboard.press("Escape")
        page.keyboard.press("i")
        page.wait_for_selector(".reasons li")
        assert "RECONYX HYPERFIRE 2" in page.inner_text("#facts")
        assert "43.1" not in page.inner_text("body")  # where it was taken is nobody's to see


def test_decisions_go_by_the_letter_under_any_keyboard(chrome: Browser, serve: MakeServer) -> None:
    server = serve(9)
    with window(chrome, language="ru") as page:
        open_event(page, server)
        page.evaluate(
            "document.getElementById('stage').dispatchEvent("
            "new KeyboardEvent('keydown', {key: 'з', code: 'KeyP', bubbles: true}))"
        )
        until(page, "document.getElementById('place').textContent.startsWith('2 ')")
        wait_until_saved(page)
    assert {word[0] for word in said(server.season).values()} == {"prey"}


def test_filters_narrow_the_list_and_stay_in_the_address(chrome: Browser, standing: Server) -> None:
    with window(chrome) as page:
        open_queue(page, standing)
        page.check("input[value=unsure]", force=True)
        expected = len(listed(standing, "&kind=unsure"))
        until(page, "document.getElementById('found').textContent === `${given} events`", expected)
        page.click(".narrow summary")
        station = listed(standing, "&kind=unsure")[0]["station"]
        page.select_option("[name=station]", station)
        until(page, "location.hash.includes(given)", station)
        fewer = len(listed(standing, f"&kind=unsure&station={station}"))
        assert 0 < fewer < expected
        page.reload()
        until(
            page, "document.getElementById('found').textContent.startsWith(`${given} event`)", fewer
        )
        assert page.locator("#narrowed").inner_text() == "1"
        assert set(page.locator("#grid .where").all_inner_texts()) == {station}


def test_the_address_of_an_event_opens_it_and_back_leads_to_the_list(
    chrome: Browser, standing: Server
) -> None:
    event = listed(standing)[4]["event"]
    with window(chrome) as page:
        open_queue(page, standing)
        page.keyboard.press("Enter")
        at_event(page)
        page.go_back()
        page.wait_for_selector("#queue:not([hidden])")
        page.goto(f"{standing.address}/words/en.json")
        page.goto(f"{standing.address}/#event={event}")
        at_event(page)
        wait_for_place(page, f"5 of {len(listed(standing))}")
        page.keyboard.press("]")
        until(page, "!location.hash.includes(`event=${given}`)", event)
        page.keyboard.press("Escape")
        page.wait_for_selector("#queue:not([hidden])")
        assert page.evaluate("document.activeElement.classList.contains('card')")


def test_an_audit_is_drawn_looked_at_and_told(chrome: Browser, serve: MakeServer) -> None:
    pytest.importorskip("camtrap.audit.auditing", reason="this build has no audit")
    server = serve(45)
    with window(chrome) as page:
        page.goto(f"{server.address}/overview")
        page.wait_for_selector("#whole:not([hidden])")
        assert "No sample" in page.inner_text("#audit-state")
        page.fill("[name=size]", "4")
        page.click("#audit-start")
        page.wait_for_selector("#audit-go:not([hidden])")
        assert "0 of 4" in page.inner_text("#audit-state")
        page.click("#audit-go a")
        page.wait_for_selector("#grid .card:not(.coming)")
        count = page.locator(".cell").count()
        assert 1 <= count <= 4
        page.keyboard.press("Enter")
        for number in range(count):
            wait_for_place(page, f"{number + 1} of {count}")
            page.keyboard.press("e")
        page.wait_for_selector("#nothing:not([hidden])")
        wait_until_saved(page)
        until(page, "document.getElementById('audit').textContent.includes('4 of 4')")
        told = page.inner_text("#audit .sentence")
        assert re.search(r"With 9\d % confidence at most \d+ pictures", told), told
        assert told.startswith("All 4 pictures drawn from")


def test_a_name_is_asked_for_once(chrome: Browser, serve: MakeServer) -> None:
    server = serve(9)
    with window(chrome, name="") as page:
        page.goto(server.address)
        page.wait_for_selector("dialog[open]")
        page.fill("#name-field", "  Лена ")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog", state="detached")
        assert page.inner_text("#who") == "Лена"
        page.reload()
        until(page, "document.activeElement?.classList.contains('card')")
        assert page.locator("dialog").count() == 0
        page.keyboard.press("Enter")
        at_event(page)
        page.keyboard.press("p")
        wait_until_saved(page)
        until(page, "document.getElementById('place').textContent.startsWith('2 ')")
        wait_until_saved(page)
    assert {word[2] for word in said(server.season).values()} == {"Лена"}


def test_a_token_lets_in_and_is_not_seen_again(chrome: Browser, tmp_path: Path) -> None:
    """With the address of the terminal all is there, pictures too; without it, how to get in."""
    season = season_of(tmp_path, 9)
    server = Server(season, "--host", "0.0.0.0")
    try:
        said_at_start = server.log.read_text(encoding="utf-8")
        token = re.findall(r"#token=(\S+)", said_at_start)[-1]
        with window(chrome) as page:
            page.goto(server.address)
            page.wait_for_selector(".stop")
            assert "needs its key" in page.inner_text(".stop")
            page.goto(f"{server.address}/words/en.json")
            open_queue(page, server, f"#token={token}")
            assert token not in page.url
            until(page, "document.querySelector('.thumb img').naturalWidth > 0")
            page.keyboard.press("Enter")
            at_event(page)
            page.keyboard.press("p")
            wait_until_saved(page)
            # Begun anew it has another token: what is decided waits for it, and the page says so.
            server.kill()
            page.keyboard.press("e")
            server.start()
            until(page, "document.getElementById('away').textContent.includes('needs its key')")
            token = re.findall(r"#token=(\S+)", server.log.read_text(encoding="utf-8"))[-1]
            page.goto(f"{server.address}/words/en.json")
            page.goto(f"{server.address}/#token={token}")
            page.wait_for_selector("#grid .card:not(.coming)")
            wait_until_saved(page)
    finally:
        server.kill()
    assert {word[0] for word in said(season).values()} == {"prey", "empty"}


def test_a_list_of_any_length_holds_few_cards(chrome: Browser, standing: Server) -> None:
    """100,000 events that the server would tell: only what is seen is in the document."""
    item = listed(standing)[0]

    def answer(route: Any) -> None:
        offset = int(re.findall(r"offset=(\d+)", route.request.url)[0])
        items = [{**item, "event": 10**6 + offset + i} for i in range(min(100, 100_000 - offset))]
        route.fulfill(json={"total": 100_000, "offset": offset, "items": items})

    with window(chrome) as page:
        page.route("**/api/queue?*", answer)
        open_queue(page, standing)
        assert page.inner_text("#found") == "100,000 events"
        page.keyboard.press("End")
        until(page, "document.activeElement?.closest('[aria-posinset=\"100000\"]')")
        page.wait_for_selector("[aria-posinset='100000'] .card:not(.coming)")
        assert page.locator(".cell").count() < 60
        assert page.get_attribute(".cell", "aria-setsize") == "100000"
