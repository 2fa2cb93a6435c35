"""The pages as they are seen: wide and narrow, light and dark, in each language, by each sense."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from camtrap.outputs.words import LANGUAGES
from tests.review.pages.live import Server, open_event, open_queue, until, window
from tests.review.pages.measures import (
    assert_all_are_named,
    assert_all_is_drawn,
    assert_contrast,
    assert_fingers_hit,
    assert_it_fits,
    focus_of,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

AXE = os.environ.get("CAMTRAP_AXE", "")
"""Path of axe-core's axe.min.js, where somebody wants it asked as well."""

WIDE, PHONE = (1280, 800), (360, 740)


def queue(page: Page, server: Server) -> None:
    open_queue(page, server)
    page.click(".narrow summary")


def event(page: Page, server: Server) -> None:
    open_event(page, server)
    page.wait_for_selector("#stage:not(.waiting)")
    page.keyboard.press("f")
    page.keyboard.press("i")
    page.wait_for_selector(".reasons li")
    page.keyboard.press("r")


def species(page: Page, server: Server) -> None:
    open_event(page, server)
    page.keyboard.press("s")


def overview(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/overview")
    page.wait_for_selector("#whole:not([hidden])")


def individuals(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/individuals")
    page.wait_for_selector("#page:not([hidden]), .stop, .toast")
    if not page.locator(".seen").count():
        pytest.skip("this build has no individuals")


def compared(page: Page, server: Server) -> None:
    individuals(page, server)
    for number in (0, 1):
        page.locator(".seen").nth(number).locator(".acts button").first.click()
    page.click("#tray button")
    until(page, "document.querySelectorAll('.side .picture[src]').length === 2")


Scene = Callable[["Page", Server], None]
SCENES = [queue, event, species, overview, individuals, compared]


def speak(page: Page, language: str) -> None:
    """Choose another language, also where the choice is not on the screen at the moment."""
    page.evaluate(
        "language => { const choice = document.getElementById('language');"
        " choice.value = language; choice.dispatchEvent(new Event('change')); }",
        language,
    )
    until(page, "document.documentElement.lang.startsWith(given)", language)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_on_a_phone_in_each_language(chrome: Browser, standing: Server, scene: Scene) -> None:
    with window(chrome, size=PHONE, touch=True, dark=True) as page:
        scene(page, standing)
        for language in LANGUAGES:
            speak(page, language)
            assert_it_fits(page)
            assert_all_is_drawn(page)
            assert_fingers_hit(page)
            assert_all_are_named(page)
        assert_contrast(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keys_are_told_in_each_language(
    chrome: Browser, standing: Server, language: str
) -> None:
    with window(chrome, size=PHONE, touch=True, language=language) as page:
        open_queue(page, standing)
        page.click("#help")
        page.wait_for_selector("dialog[open]")
        assert_it_fits(page)
        assert_all_is_drawn(page)
        assert_contrast(page)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_on_a_laptop(chrome: Browser, standing: Server, scene: Scene) -> None:
    with window(chrome, size=WIDE, language="ru") as page:
        scene(page, standing)
        assert_it_fits(page)
        assert_contrast(page)
        if AXE:
            page.evaluate(Path(AXE).read_text(encoding="utf-8"))
            found = page.evaluate("axe.run().then(told => told.violations)")
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


@pytest.mark.parametrize("scene", [queue, event, overview], ids=lambda scene: scene.__name__)
def test_the_focus_is_seen_wherever_it_goes(
    chrome: Browser, standing: Server, scene: Scene
) -> None:
    with window(chrome, size=WIDE) as page:
        scene(page, standing)
        page.evaluate("document.activeElement.blur()")
        met = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            name, is_seen = focus_of(page)
            assert is_seen, name
            met.add(name)
        assert len(met) >= 15


def test_the_order_of_the_tab_key_begins_with_a_way_past_the_top(
    chrome: Browser, standing: Server
) -> None:
    with window(chrome) as page:
        page.goto(f"{standing.address}/overview")
        page.wait_for_selector("#whole:not([hidden])")
        page.keyboard.press("Tab")
        assert page.inner_text(":focus") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_there_are_landmarks_and_a_heading(chrome: Browser, standing: Server) -> None:
    with window(chrome) as page:
        open_event(page, standing)
        for landmark in ("header", "nav", "main"):
            assert page.locator(f"body {landmark}:visible").count() == 1
        assert page.locator("h1:visible").count() == 1
        for region in ("polite", "assertive"):
            assert page.get_attribute(f"#{region}", "aria-live") == region


def test_the_language_is_changed_at_once_and_remembered(chrome: Browser, standing: Server) -> None:
    with window(chrome, language="") as page:
        page.goto(standing.address)
        page.wait_for_selector(".card")
        page.select_option("#language", "ru")
        until(page, "document.documentElement.lang === 'ru'")
        assert page.inner_text("nav a >> nth=0") == "Проверка"
        assert "событий" in page.inner_text("#found")
        page.goto(f"{standing.address}/overview")
        page.wait_for_selector("#whole:not([hidden])")
        assert page.inner_text("h1") == "Обзор"
        assert page.title().startswith("Обзор")


def test_nothing_moves_for_who_does_not_want_it(chrome: Browser, standing: Server) -> None:
    moves = (
        "(document.getElementById('stage').classList.add('waiting'),"
        " getComputedStyle(document.getElementById('stage'), '::after').animationName)"
    )
    for motion, name in ((True, "passing"), (False, "none")):
        with window(chrome, motion=motion) as page:
            open_event(page, standing)
            assert page.evaluate(moves) == name


def test_by_touch_a_swipe_flips_and_two_taps_zoom(chrome: Browser, standing: Server) -> None:
    with window(chrome, size=PHONE, touch=True) as page:
        page.goto(standing.address)
        page.wait_for_selector(".card:not(.coming)")
        page.tap(".card >> nth=0")
        page.wait_for_selector("#stage:not(.waiting)")
        page.wait_for_selector("#strip button")
        before = page.inner_text("#frame-place")
        point = "{pointerId: 9, pointerType: 'touch', isPrimary: true, button: 0, bubbles: true,"
        page.evaluate(
            "() => { const stage = document.getElementById('stage');"
            " stage.setPointerCapture = () => {};"
            " for (const [name, x] of [['pointerdown', 250], ['pointermove', 150],"
            f" ['pointerup', 120]]) stage.dispatchEvent(new PointerEvent(name, {point}"
            " clientX: x, clientY: 200})); }"
        )
        until(page, "document.getElementById('frame-place').textContent !== given", before)
        page.evaluate(
            "() => { for (const name of ['pointerdown', 'pointerup', 'pointerdown', 'pointerup'])"
            f" document.getElementById('stage').dispatchEvent(new PointerEvent(name, {point}"
            " clientX: 150, clientY: 200})); }"
        )
        until(page, "document.getElementById('stage').classList.contains('close')")
        # What is pressed most is seen without scrolling.
        for name in ("#says button:last-child", "#accept", "#undo"):
            box = page.locator(name).bounding_box()
            assert box and box["y"] + box["height"] <= PHONE[1], name
