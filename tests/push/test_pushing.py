"""What is changed, what is kept, which event is which, and how small a picture is."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.ledger.pushed import Push, Pushed, Step, pushed
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.earthranger import KEY, Report
from camtrap.push.earthranger import Refused, detail_of, refusal
from camtrap.push.matching import match
from camtrap.push.patience import Passing
from camtrap.push.picture import file_of, name_of, within
from camtrap.push.pushing import changes_of, merged, wants_picture
from camtrap.records import State
from tests.cards import encoded, textured
from tests.outputs.exports.made import Row, made_season

SITE = "https://mysite.pamdas.org"
TIME = datetime(2026, 2, 3, 11, 50, tzinfo=UTC)

forms = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2), max_size=6)


@given(forms, forms)
def test_what_is_changed_leads_from_one_to_the_other(
    before: dict[str, Any], now: dict[str, Any]
) -> None:
    changes = changes_of(before, now)
    assert {**before, **changes}.items() >= now.items()
    assert not changes_of(now, now)
    assert all(before.get(name) != value for name, value in changes.items())


@given(forms, forms, forms)
def test_a_form_keeps_what_people_wrote(
    there: dict[str, Any], before: dict[str, Any], now: dict[str, Any]
) -> None:
    form = merged(there, before, now)
    for name in there.keys() - before.keys() - now.keys():
        assert form[name] == there[name]  # a field of their own
    for name in now:
        if before.get(name) != now[name]:
            assert form[name] == now[name]  # news from the season
        elif name in there:
            assert form[name] == there[name]  # no news: their word
    assert not form.keys() & (before.keys() - now.keys())  # what is not known any more


def test_the_key_is_always_sent() -> None:
    assert merged({}, {KEY: "k"}, {KEY: "k"}) == {KEY: "k"}


# -- which is which


@pytest.fixture
def sent(tmp_path: Path) -> Iterator[Pushed]:
    season = made_season(
        tmp_path / "season", [Row(f"a{number:02}.JPG", State.LEOPARD) for number in range(12)]
    )
    with pushed(season, SITE) as sent:
        yield sent


def report(key: str, files: tuple[int, ...], label: State = State.LEOPARD) -> Report:
    best: Entry = None  # type: ignore[assignment]  # not looked at here
    return Report(key, label, TIME, {"time": "2026-02-03T11:50:00Z"}, files, best)


def intend(sent: Pushed, one: Report) -> Push:
    push = sent.intend(one.key, one.label, one.body, one.files)
    return sent.update(push, state=Step.SENT, remote_id=one.key)


def test_a_key_is_known_whatever_else_changed(sent: Pushed) -> None:
    known = intend(sent, report("a", (1, 2)))
    assert match(report("a", (1, 9)), sent, set()) == known
    assert match(report("b", (8, 9)), sent, set()) is None


def test_of_two_halves_one_goes_on_and_one_is_new(sent: Pushed) -> None:
    known = intend(sent, report("a", (1, 2, 3, 4)))
    first = match(report("a", (1, 2)), sent, set())
    assert first == known
    assert match(report("c", (3, 4)), sent, {known.push_id}) is None


def test_of_two_that_became_one_the_first_goes_on(sent: Pushed) -> None:
    first, second = intend(sent, report("a", (1, 2))), intend(sent, report("b", (3, 4, 5)))
    found = match(report("a", (1, 2, 3, 4, 5)), sent, set())
    assert found == first != second


def test_another_label_takes_what_is_mostly_the_same_and_not_a_part(sent: Pushed) -> None:
    known = intend(sent, report("a", (1, 2, 3, 4)))
    assert match(report("p", (1,), State.PERSON), sent, set()) is None
    assert match(report("q", (2, 3, 4)), sent, set()) == known
    assert match(report("p", (1, 2, 3), State.PERSON), sent, set()) == known


def test_a_key_that_another_has_gets_a_number(sent: Pushed) -> None:
    intend(sent, report("a", (1,)))
    assert intend(sent, report("a", (2,))).key == "a-2"
    assert intend(sent, report("a", (3,))).key == "a-3"


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_no_event_on_the_site_is_two_in_the_season(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Files are grouped at random twice; the second time each group finds one of the first."""
    season = made_season(
        tmp_path_factory.mktemp("s") / "season",
        [Row(f"a{number:02}.JPG", State.LEOPARD) for number in range(8)],
    )
    labels = st.sampled_from([State.LEOPARD, State.PERSON])
    with pushed(season, SITE) as sent:
        for _ in range(3):
            places = data.draw(st.lists(st.integers(0, 3), min_size=8, max_size=8))
            taken: set[int] = set()
            matched = []
            for place in range(4):
                files = tuple(n + 1 for n in range(8) if places[n] == place)
                if not files:
                    continue
                label = data.draw(labels)
                one = report(f"{files[0]} {label}", files, label)
                known = match(one, sent, taken)
                push = known or intend(sent, one)
                sent.update(push, files, label=label)
                assert push.push_id not in taken
                taken.add(push.push_id)
                matched.append((one, push.push_id))
            again: set[int] = set()
            for one, _ in matched:  # nothing has changed: each finds itself
                found = match(one, sent, again)
                assert found is not None
                again.add(found.push_id)
            assert again == {push_id for _, push_id in matched}


def test_an_older_ledger_has_sent_nothing(tmp_path: Path) -> None:
    season = made_season(tmp_path / "season", [Row("a.JPG")])
    with pushed(season, SITE) as sent:
        assert sent.by_key("a") is None and list(sent.all(["leopard"])) == []
        assert sent.with_files([1]) == []
    with Ledger(season) as ledger:
        names = {row[0] for row in ledger.db.execute("SELECT name FROM sqlite_master")}
    assert "push" not in names


@pytest.mark.parametrize("state", list(Step))
def test_a_picture_is_wanted_once_and_while_it_shows_the_event(state: Step) -> None:
    push = Push(1, "a", "leopard", state, "r", "1", {}, name_of("a", 5))
    wanted = state not in (Step.ATTACHED, Step.GONE)
    assert wants_picture(report("a", (4, 5)), push) is wanted
    assert wants_picture(report("a", (4, 6)), push) is (state is not Step.GONE)


# -- answers and pictures


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 599])
def test_what_may_pass_is_told_from_what_will_not(status: int) -> None:
    assert isinstance(refusal(SITE, status, "", None), Passing)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 501])
def test_a_refusal_is_a_sentence_with_its_number(status: int) -> None:
    found = refusal(SITE, status, "why", None)
    assert isinstance(found, Refused) and found.status == status
    assert f"({status})" in str(found) and "why" in str(found)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"status": {"detail": "event_type: wrong"}, "data": {}}', "event_type: wrong"),
        (b'{"data": {"event_type": ["no"]}}', "{'event_type': ['no']}"),
        (b'{"status": "odd"}', ""),
        (b"<html>", ""),
        (b"[1]", ""),
        (b"\xff", ""),
        (json.dumps({"data": "a\n\x1b[31m b"}).encode(), "a [31m b"),
    ],
)
def test_what_an_answer_says_is_one_printable_line(content: bytes, told: str) -> None:
    assert detail_of(content) == told


def test_a_long_answer_is_cut() -> None:
    assert len(detail_of(json.dumps({"data": "x" * 9000}).encode())) < 400


@given(st.integers(0, 2**62))
def test_the_file_is_in_the_pictures_name(file_id: int) -> None:
    assert file_of(name_of("camtrap-0a1b-2", file_id)) == file_id


@pytest.mark.parametrize("name", ["", "a.jpg", "a-b.jpg", "a-5.png", "5"])
def test_another_name_tells_no_file(name: str) -> None:
    assert file_of(name) is None


def test_pictures_are_made_small_enough() -> None:
    data = encoded(textured(1200, 900, seed=random.Random(1).randint(0, 9)), quality=95)
    assert within(data, limit=len(data)) == data
    sizes = [len(within(data, limit=limit)) for limit in (200_000, 100_000, 50_000)]
    assert all(size <= limit for size, limit in zip(sizes, (200_000, 100_000, 50_000), strict=True))
    assert 0 < len(within(data, limit=10)) < 50_000
