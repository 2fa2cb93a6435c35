"""The pages in a real browser: nothing sticks out, every letter is drawn, two sheets of paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from camtrap.outputs import leopards_page
from camtrap.outputs.brief_facts import Finding
from camtrap.outputs.words import LANGUAGES
from tests.outputs.browser import chromium, measured, printed_pages
from tests.outputs.pages import dense_season

pytestmark = pytest.mark.slow

CLOCK = [Finding("ST04", "The clock went back to 2015-01-01 after IMG_0412.JPG. " * 4)] * 9


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a season with all pages of it."""
    chromium()
    season = dense_season(tmp_path_factory.mktemp("dense"))
    for language in LANGUAGES:
        season.write(f"brief_{language}.html", language=language, clock=CLOCK, coordinates=True)
    season.write("brief_public.html", public=True)
    leopards_page.write(season.ledger, season.ledger.season / "leopards.html", language="ru")
    return season.ledger.season


NAMES = [*(f"brief_{language}.html" for language in LANGUAGES), "leopards.html"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_and_no_letter_is_missing(pages: Path, name: str, width: int) -> None:
    found = measured(pages / name, width)
    assert found["width"] == width
    assert found["overflow"] == 0, found["wide"][:5]
    assert found["wide"] == []
    assert found["missing"] == []


def test_names_on_the_map_lie_where_they_were_put(pages: Path) -> None:
    """As wide as the browser draws them, and not only as wide as was reckoned."""
    found = measured(pages / "brief_zh.html", 1280)
    width, height = found["boxes"]
    assert len(found["labels"]) > 20
    for number, (name, left, top, right, bottom) in enumerate(found["labels"]):
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, name
        for other, left2, top2, right2, bottom2 in found["labels"][:number]:
            # A box holds room above and below the letters; those may share a little of it.
            apart = right <= left2 or right2 <= left or bottom - 3 <= top2 or bottom2 - 3 <= top
            assert apart, (name, other)


def test_in_the_dark_the_page_is_dark(pages: Path) -> None:
    light, dark = (measured(pages / "brief_en.html", 360, dark=dark) for dark in (False, True))
    assert (light["dark"], dark["dark"]) == (False, True)
    assert light["background"] == "rgb(255, 255, 255)"
    assert dark["background"] != light["background"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_prints_on_two_sheets(pages: Path, language: str) -> None:
    assert printed_pages(pages / f"brief_{language}.html") == 2


def test_the_public_page_prints_on_two_sheets_too(pages: Path) -> None:
    assert printed_pages(pages / "brief_public.html") <= 2
