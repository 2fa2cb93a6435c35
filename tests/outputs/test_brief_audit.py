"""Audits in the brief and in `run.json`: what was missed at most, in three languages."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.audit.auditing import Audit, current, start
from camtrap.events.frames import placing
from camtrap.ledger.store import Ledger
from camtrap.outputs import brief, run_json
from camtrap.outputs.brief_audit import sentences, share_text
from camtrap.outputs.season_events import SeasonEvents
from camtrap.outputs.words import LANGUAGES, words
from tests.audit.seasons import empty_card, many, say, season_of
from tests.outputs.pages import Page

UNKNOWN = "only people who look through a sample"


@pytest.fixture
def triaged(season: Path) -> Path:
    """A season of four stations."""
    return season_of(season, many(100))


def page_of(season: Path, language: str = "en", *, public: bool = False) -> str:
    with Ledger(season) as ledger:
        placed = placing(ledger)
        with SeasonEvents(placed.frames(ledger)) as events:
            path = season / "brief.html"
            brief.write(ledger, path, events, placed, language=language, public=public)
    return Page(path.read_text(encoding="utf-8")).text


def told(season: Path) -> dict[str, object]:
    with Ledger(season) as ledger:
        said: dict[str, object] = run_json.write(ledger, season / "run.json", 0)
    assert json.loads((season / "run.json").read_text(encoding="utf-8")) == said
    return said


def looked_at(season: Path, target: str) -> Audit:
    say(season, "empty", start(season, target, size=50).shown)
    return start(season, target, size=50)


def test_without_an_audit_nothing_is_said_of_it(triaged: Path) -> None:
    assert UNKNOWN in page_of(triaged)
    assert "audit" not in told(triaged)


def test_an_audit_that_nobody_looked_at_is_told_as_such(triaged: Path) -> None:
    start(triaged, "leopard", size=50)
    text = page_of(triaged)
    assert "nobody has looked at the 50 pictures" in text
    assert UNKNOWN in text


@pytest.mark.parametrize("public", [False, True])
def test_the_bound_takes_the_place_of_not_knowing(triaged: Path, public: bool) -> None:
    audit = looked_at(triaged, "leopard")
    text = page_of(triaged, public=public)
    assert f"Of {audit.population} pictures not called leopard, 0 of 50 looked at held one" in text
    assert f"at most {audit.bound_pictures} (" in text
    assert UNKNOWN not in text


def test_animals_say_nothing_of_leopards(triaged: Path) -> None:
    looked_at(triaged, "animal")
    text = page_of(triaged)
    assert "pictures called empty, 0 of 50" in text
    assert UNKNOWN in text


def test_run_json_holds_the_newest_audit_of_each_target(triaged: Path) -> None:
    leopard, animal = (looked_at(triaged, target) for target in ("leopard", "animal"))
    assert told(triaged)["audit"] == {"leopard": leopard.as_dict(), "animal": animal.as_dict()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_bears_on_it_is_told_in_each_language(triaged: Path, language: str) -> None:
    audit = start(triaged, "animal", size=50)
    say(triaged, "empty", audit.shown)
    start(triaged, "animal", size=60)
    say(triaged, "unsure", audit.files[:1])
    empty_card(triaged, 9)
    text, say_in = page_of(triaged, language), words(language)
    now = current(triaged)
    assert now is not None
    assert (now.rounds, now.unsure > 0, now.looked < 60) == (2, True, True)
    for sentence in (
        say_in("audit.unsure", n=now.unsure),
        say_in("audit.left", n=60 - now.looked, sample=60),
        say_in("audit.rounds", n=2),
        say_in("audit.changed"),
    ):
        assert unescape(sentence) in text
    assert "90" in text  # the confidence of two draws of 95 %


def test_a_sentence_of_an_audit_has_no_gap_left(triaged: Path) -> None:
    audit = looked_at(triaged, "animal")
    for language in LANGUAGES:
        assert "{" not in sentences(words(language), audit)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100"),
        (0.2301, "24"),
        (0.0402, "4.1"),
        (97 / 9871, "0.99"),
        (0.01, "1"),
        (0.00012, "0.012"),
        (0, "0"),
    ],
)
def test_a_share_is_never_told_smaller_than_it_is(share: float, text: str) -> None:
    assert share_text(words("en"), share) == text


@given(st.floats(0, 1))
def test_rounding_a_share_only_raises_it(share: float) -> None:
    told_share = float(share_text(words("en"), share))
    assert told_share >= 100 * share - 1e-6
    assert told_share <= 100 * share * 1.1 + 0.001
