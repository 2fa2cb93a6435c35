"""An audit over time: drawn, looked at, grown, and told when the season is another one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from camtrap.audit.auditing import Audit, current, start
from camtrap.audit.targets import ANIMAL, LEOPARD
from camtrap.errors import ConfigError, SeasonError
from camtrap.ledger.store import Ledger
from camtrap.records import State
from tests.audit.seasons import burst, empty_card, many, say, season_of


@pytest.fixture
def triaged(season: Path) -> Path:
    """A season of four stations."""
    return season_of(season, many())


def now(season: Path, target: str | None = None) -> Audit:
    found = current(season, target)
    assert found is not None
    return found


def test_a_season_without_an_audit_has_none_and_gets_no_table(triaged: Path) -> None:
    assert current(triaged) is None
    with Ledger(triaged) as ledger:
        assert not ledger.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone()


def test_before_anybody_looks_all_may_be_missed(triaged: Path) -> None:
    audit = start(triaged, ANIMAL, size=100)
    with Ledger(triaged) as ledger:
        assert audit.population == ledger.totals()[State.EMPTY]
    assert (audit.sample, len(set(audit.files)), audit.looked) == (100, 100, 0)
    assert (audit.bound_pictures, audit.bound_share) == (audit.population, 1.0)
    assert audit.as_dict()["sentence"]["code"] == "unlooked"
    assert now(triaged) == audit


def test_the_sample_is_written_as_plain_json(triaged: Path) -> None:
    said = json.loads(json.dumps(start(triaged, ANIMAL, size=50).as_dict()))
    assert {
        "target", "confidence", "sample", "looked", "missed", "population", "bound_pictures",
        "bound_share", "bound_events", "sentence",
    } <= said.keys()  # fmt: skip


def test_clean_looks_bring_the_bound_down_and_a_miss_brings_it_up(triaged: Path) -> None:
    audit = start(triaged, ANIMAL, size=100)
    say(triaged, "empty", audit.shown)
    clean = now(triaged)
    assert (clean.looked, clean.missed, clean.code) == (100, 0, "whole")
    assert 0 < clean.bound_events <= clean.bound_pictures < audit.population / 10
    say(triaged, "prey", audit.files[:1])
    worse = now(triaged)
    assert worse.missed >= 1
    assert worse.bound_pictures > clean.bound_pictures
    assert worse.as_dict()["sentence"]["values"]["missed"] == worse.missed


def test_a_beginning_in_order_says_something_and_a_chosen_part_nothing(triaged: Path) -> None:
    audit = start(triaged, ANIMAL, size=100)
    say(triaged, "empty", audit.files[:60])
    part = now(triaged)
    assert (part.looked, part.code) == (60, "part")
    assert part.bound_pictures < audit.population / 5
    other = start(triaged, LEOPARD, size=100)
    say(triaged, "empty", other.files[40:])
    assert now(triaged, LEOPARD).bound_pictures == other.population


def test_what_people_had_seen_before_is_no_part_of_it(triaged: Path) -> None:
    whole = start(triaged, ANIMAL, size=10)
    seen = whole.files[:4]
    say(triaged, "empty", seen)
    assert now(triaged).population == whole.population
    anew = start(triaged, ANIMAL, size=10, anew=True)
    assert anew.population == whole.population - 4
    assert not set(seen) & anew.shown


def test_growing_keeps_every_look(triaged: Path) -> None:
    small = start(triaged, ANIMAL, size=60)
    say(triaged, "empty", small.shown)
    grown = start(triaged, ANIMAL, size=120)
    assert set(small.files) < set(grown.files)
    assert (grown.sample, grown.looked >= 60, grown.population) == (120, True, small.population)
    assert start(triaged, ANIMAL, size=20) == grown


def test_to_enlarge_after_looks_costs_confidence(triaged: Path) -> None:
    small = start(triaged, ANIMAL, size=60)
    larger = start(triaged, ANIMAL, size=80)
    assert (larger.rounds, larger.confidence) == (1, small.confidence)
    say(triaged, "empty", larger.shown)
    third = start(triaged, ANIMAL, size=120, confidence=0.98)
    assert (third.rounds, third.draw_confidence, third.confidence) == (2, 0.98, 0.93)
    assert now(triaged) == third


def test_a_bound_tells_the_size(triaged: Path) -> None:
    audit = start(triaged, ANIMAL, bound=0.02)
    wish = int(0.02 * audit.population)
    assert (audit.wish, audit.more) == (wish, audit.sample)
    say(triaged, "empty", audit.shown)
    done = now(triaged)
    assert done.bound_pictures <= wish
    assert done.more == 0
    more = start(triaged, ANIMAL, bound=3)
    assert (more.wish, more.more) == (3, more.sample - more.looked)


def test_a_person_who_cannot_tell_counts_against_the_model(triaged: Path) -> None:
    audit = start(triaged, LEOPARD, size=80)
    say(triaged, "empty", audit.shown)
    clean = now(triaged)
    say(triaged, "unsure", audit.files[-1:])
    said = now(triaged)
    assert said.missed == 0
    assert said.unsure >= 1
    assert said.bound_pictures > clean.bound_pictures


def test_another_card_is_told_and_drawn_from_when_asked(triaged: Path) -> None:
    audit = start(triaged, ANIMAL, size=60)
    say(triaged, "empty", audit.shown)
    before = now(triaged)
    empty_card(triaged, 40)
    changed = now(triaged)
    assert changed.changed
    assert (changed.population, changed.bound_pictures) == (
        before.population,
        before.bound_pictures,
    )
    again = start(triaged, ANIMAL, size=60)
    assert not again.changed
    assert again.population == before.population + 40
    assert 0 < again.looked <= 60
    assert again.rounds == 2


def test_another_picture_under_a_drawn_name_is_no_look(triaged: Path) -> None:
    audit = start(triaged, ANIMAL, size=60)
    with Ledger(triaged) as ledger, ledger.writing():
        ledger.db.execute(
            "UPDATE file SET content_key = 'new' WHERE file_id = ?", (audit.files[0],)
        )
    say(triaged, "empty", audit.shown)
    said = now(triaged)
    assert said.changed
    assert said.looked == 59


def test_two_targets_stand_beside_each_other(triaged: Path) -> None:
    animal, leopard = (start(triaged, target, size=40) for target in (ANIMAL, LEOPARD))
    assert leopard.population > animal.population
    assert now(triaged, ANIMAL) == animal
    assert now(triaged) == now(triaged, LEOPARD) == leopard


def test_another_seed_is_another_audit(triaged: Path) -> None:
    one = start(triaged, ANIMAL, size=40, seed=3)
    assert start(triaged, ANIMAL, size=40, seed=3) == one
    with pytest.raises(ConfigError, match=r"seed 3.*--anew"):
        start(triaged, ANIMAL, size=40, seed=4)
    assert set(start(triaged, ANIMAL, size=40, seed=4, anew=True).files) != set(one.files)


@pytest.mark.parametrize(
    "values",
    [
        {"size": 0},
        {"size": 10, "bound": 0.1},
        {"bound": 0},
        {"bound": float("nan")},
        {"confidence": 1.0},
        {"confidence": 95},
        {"seed": -1},
        {"seed": 2**63},
    ],
)
def test_values_that_cannot_be_are_refused(triaged: Path, values: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        start(triaged, ANIMAL, **values)  # type: ignore[arg-type]
    assert current(triaged) is None


def test_a_target_that_is_none_is_refused(triaged: Path) -> None:
    with pytest.raises(ConfigError, match="leopard or animal"):
        start(triaged, "tiger")
    with pytest.raises(ConfigError, match="leopard or animal"):
        current(triaged, "tiger")


def test_where_nothing_was_put_away_nothing_is_drawn(season: Path) -> None:
    season_of(season, burst("A", 0, State.LEOPARD))
    with pytest.raises(SeasonError, match="nothing to audit"):
        start(season, LEOPARD)
    assert current(season) is None


def test_a_season_of_few_is_drawn_whole_and_then_known(season: Path) -> None:
    season_of(season, burst("A", 0, State.EMPTY, State.EMPTY, State.EMPTY))
    audit = start(season, ANIMAL)
    assert audit.sample == audit.population == 3
    say(season, "empty", audit.files)
    assert (now(season).bound_pictures, now(season).bound_events) == (0, 0)


def test_a_folder_that_is_no_season_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeasonError, match="not a season"):
        current(tmp_path)
