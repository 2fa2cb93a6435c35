"""What never moves: gone where the model is unsure of it, and no animal with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.events import static
from camtrap.events.bursts import order
from camtrap.events.fusion import Look, Sign
from camtrap.events.rules import Rules
from camtrap.events.static import LEAST_TRIGGERS, Cluster, Still, is_weak, stills
from camtrap.records import Box
from tests.events.looks import ELSEWHERE, PLACE, THRESHOLDS, look

RULES = Rules(thresholds=THRESHOLDS)
HOUR = 3600


def watched(looks: Sequence[Look], rules: Rules = RULES) -> Still:
    """What does not move at the only camera of some frames."""
    [(_, still)] = stills(sorted(looks, key=order), rules)
    return still


def gone(looks: Sequence[Look], rules: Rules = RULES) -> set[int]:
    """The keys of the frames that are suppressed."""
    still = watched(looks, rules)
    return {one.key for one in looks if still.suppressing(one, rules)}


def said_of(chances: dict[str, float]) -> dict[str, Any]:
    """Chances to be handed on by name."""
    return dict(chances)


def jittered(box: Box, random: Random, most: float = 0.01) -> Box:
    """A box as a detector draws it once more around the same thing."""
    return Box(*(side + random.uniform(-most, most) for side in box))


def stump(count: int = 200, hours: float = 48, first: int = 1000, **said: float) -> list[Look]:
    """A stump that is taken for something, at every trigger for hours."""
    random = Random(7)
    chances = said or {"prey": 0.3}
    return [
        look(
            first + n, n * hours * HOUR / count, boxes=[jittered(PLACE, random)], **said_of(chances)
        )
        for n in range(count)
    ]


def test_two_hundred_false_ones_go_and_the_animal_among_them_stays() -> None:
    random = Random(3)
    false = [
        look(
            n,
            n * 900 + random.uniform(0, 400),
            boxes=[jittered(PLACE, random)],
            **said_of(
                random.choice([{"prey": 0.35}, {"prey": 0.5}, {"other": 0.28}, {"leopard": 0.06}])
            ),
        )
        for n in range(200)
    ]
    walk = [
        look(500 + n, 90_000 + n, boxes=[Box(0.1 + 0.05 * n, 0.42, 0.2, 0.2)], prey=0.3)
        for n in range(8)  # through the very spot, and never surely named
    ]
    beside = look(600, 100_000, signs=[Sign("prey", 0.3, 0.4, ELSEWHERE)], prey=0.35)
    suppressed = gone([*false, *walk, beside])
    assert suppressed >= {one.key for one in false}
    assert 600 not in suppressed
    # Frames of the walk lie in the spot for one step of eight; the burst keeps the rest.
    assert len(suppressed & {one.key for one in walk}) <= 1


def test_an_animal_that_sleeps_forty_minutes_stays() -> None:
    for said in ({"prey": 0.9}, {"prey": 0.3}, {"leopard": 0.15}):
        assert gone(stump(count=80, hours=40 / 60, **said_of(said))) == set()


def test_an_animal_that_is_surely_named_stays_for_hours() -> None:
    assert gone(stump(count=60, hours=6, prey=0.9)) == set()


def test_a_cluster_is_kept_when_the_model_is_sure_now_and_then() -> None:
    doubtful = stump(count=80, hours=10)
    sure = stump(count=20, hours=10, first=5000, prey=0.9)
    still = watched([*doubtful, *sure])
    assert "sure" in still.clusters[0].why
    assert gone([*doubtful, *sure]) == set()
    assert gone([*doubtful, *sure[:5]]) == {one.key for one in doubtful}


@pytest.mark.parametrize(
    ("hours", "expected"), [(12, 0), (23, 0), (25, 200)]
)  # the last frame comes a little before the end
def test_what_may_be_a_leopard_is_kept_for_a_day_and_a_night(hours: float, expected: int) -> None:
    assert len(gone(stump(hours=hours, leopard=0.1))) == expected


@pytest.mark.parametrize(
    ("count", "hours", "some"), [(LEAST_TRIGGERS - 1, 48, False), (200, 3, False), (20, 5, True)]
)
def test_a_suspect_was_there_for_hours_and_at_many_triggers(
    count: int, hours: float, some: bool
) -> None:
    assert bool(gone(stump(count=count, hours=hours))) is some


def test_one_long_burst_is_one_trigger() -> None:
    rules = replace(RULES, burst_gap=RULES.gap)
    assert gone(stump(count=200, hours=48), rules) == set()


def test_animals_that_come_back_to_a_salt_lick_stay() -> None:
    random = Random(5)
    visits = [
        look(n, n * 2 * HOUR, boxes=[jittered(PLACE, random, 0.06)], prey=0.3) for n in range(60)
    ]
    assert len(gone(visits)) < 10


def test_people_and_leopards_and_what_is_sure_are_never_suppressed() -> None:
    false = stump()
    others = [
        look(1, 90_000, person=0.6),
        look(2, 93_000, vehicle=0.6),
        look(3, 96_000, prey=0.95),
        look(4, 99_000, review="prey", prey=0.3),
        look(5, 99_500, review="unsure", prey=0.3),
    ]
    others = [replace(one, signs=(replace(one.signs[0], box=PLACE),)) for one in others]
    assert gone([*false, *others]).isdisjoint({1, 2, 3, 4, 5})


def test_nothing_is_suppressed_while_a_leopard_is_there() -> None:
    false = stump(count=192, hours=48)  # four an hour
    leopard = look(1, 24 * HOUR + 60, boxes=[ELSEWHERE], leopard=0.9)
    kept = {one.key for one in false} - gone([*false, leopard])
    times = {one.key: one.taken_at for one in false}
    assert leopard.taken_at is not None
    assert kept == {
        key
        for key, moment in times.items()
        if moment is not None and abs(moment - leopard.taken_at) < RULES.gap
    }
    assert len(kept) in (3, 4)


def test_a_place_where_a_leopard_lay_is_no_stump() -> None:
    leopard = look(1, 24 * HOUR, boxes=[PLACE], leopard=0.9)
    false = stump()
    assert gone([*false, leopard]) == set()
    assert "leopard" in watched([*false, leopard]).clusters[0].why


def test_the_stump_beside_a_leopard_is_not_its_place() -> None:
    rock = Sign("prey", 0.3, 0.4, PLACE)
    leopard = look(1, 24 * HOUR, boxes=[ELSEWHERE], signs=[rock], leopard=0.9)
    assert len(gone([*stump(), leopard])) > 190


def test_what_a_person_named_there_is_no_stump() -> None:
    said = look(1, 24 * HOUR, review="prey", prey=0.3)
    assert gone([*stump(), said]) == set()
    denied = look(1, 24 * HOUR, review="empty", prey=0.3)
    assert gone([*stump(), denied]) == {one.key for one in stump()}


def test_without_thresholds_only_unsure_frames_go() -> None:
    doubtful = stump(count=100)
    weak = stump(count=20, first=5000, prey=0.45)
    suppressed = gone([*doubtful, *weak], Rules())
    assert suppressed <= {one.key for one in doubtful}


def test_frames_without_a_time_tell_nothing_of_hours() -> None:
    undated = [replace(one, dated=False) for one in stump()]
    assert gone(undated) == set()
    timeless = [replace(one, taken_at=None) for one in stump()]
    assert gone(timeless) == set()


def test_cameras_are_told_apart_and_clusters_named_by_time() -> None:
    other = [replace(one, key=one.key + 5000, deployment="ST02") for one in stump()]
    later = [
        replace(one, key=one.key + 9000, signs=(replace(one.signs[0], box=ELSEWHERE),))
        for one in stump()[20:]
    ]
    found = dict(stills(sorted([*other, *stump(), *later], key=order), RULES))
    assert [cluster.name for cluster in found["ST01"].clusters] == ["ST01_s01", "ST01_s02"]
    assert [cluster.name for cluster in found["ST02"].clusters] == ["ST02_s01"]
    assert found["ST01"].clusters[0].box == pytest.approx(PLACE, abs=0.01)


def test_a_few_frames_spread_over_the_time_are_shown() -> None:
    [cluster] = watched(stump()).clusters
    assert cluster.keys == [1015, 1031, 1063, 1127]
    assert (cluster.frames, cluster.triggers) == (200, 200)


def test_memory_goes_by_the_clusters_and_the_stump_survives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(static, "MOST_CLUSTERS", 8)
    random = Random(1)
    passing = [
        look(
            5000 + n,
            n * 500 + 7,
            boxes=[Box(random.random() * 0.8, random.random() * 0.3, 0.05, 0.05)],
            prey=0.3,
        )
        for n in range(300)
    ]
    assert gone([*stump(), *passing]) >= {one.key for one in stump()}


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.integers(0, 30))
def test_only_weak_frames_are_ever_suppressed(random: Random, count: int) -> None:
    kinds: list[dict[str, float]] = [
        {"prey": 0.3},
        {"prey": 0.95},
        {"leopard": 0.3},
        {"person": 0.7},
        {"leopard": 0.1},
        {},
    ]
    looks = stump(count=40)
    for n in range(count):
        looks.append(
            look(
                n,
                random.uniform(0, 48 * HOUR),
                boxes=[jittered(random.choice([PLACE, ELSEWHERE]), random, 0.03)],
                review=random.choice(["", "", "prey", "empty"]),
                **said_of(random.choice(kinds)),
            )
        )
    suppressed = gone(looks)
    assert suppressed == gone(random.sample(looks, len(looks)))
    for one in looks:
        if one.key in suppressed:
            assert is_weak(one, RULES)
            assert not one.reviewed


def test_a_cluster_of_the_sheet_tells_why_it_is_kept() -> None:
    [cluster] = watched(stump(hours=12, leopard=0.1)).clusters
    assert isinstance(cluster, Cluster)
    assert "leopard" in cluster.why


def test_a_stump_beside_a_deer_is_no_second_deer() -> None:
    stumps = stump()
    still = watched(stumps)
    deer, stone = Sign("prey", 0.9, 0.9, ELSEWHERE), Sign("prey", 0.3, 0.4, PLACE)
    both = look(1, 5000, signs=[deer, stone], boxes=[], prey=0.9)
    assert still.counted(both, RULES).signs == (deer,)
    # Alone it is all there is to see, and what the model is sure of in the very spot is counted.
    alone = look(2, 5000, signs=[stone], boxes=[], prey=0.3)
    assert still.counted(alone, RULES) == alone
    there = look(3, 5000, signs=[deer, Sign("prey", 0.9, 0.9, PLACE)], boxes=[], prey=0.9)
    assert still.counted(there, RULES) == there
    # So it is where the spot is kept for an animal.
    sure = stump(count=60, hours=6, prey=0.9)
    assert watched(sure).counted(both, RULES) == both
