"""What a stream of frames leaves of each camera."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment, FieldNotes
from camtrap.events.fieldwork import fieldwork
from camtrap.events.frames import Frame
from camtrap.events.watch import Watch, Watches, shown
from camtrap.records import State
from tests.events.made import made_frame

D = datetime
PLACE = Deployment(
    "ST01-2026",
    "ST01",
    latitude=43.1,
    longitude=131.2,
    start=D(2026, 3, 1, 8),
    end=D(2026, 4, 1),
    utc_offset="+10:00",
    camera_id="H2",
)


def watch_of(*frames: Frame, place: Deployment | None = None) -> Watch:
    watch = Watch("ST01-a", "ST01", place)
    for frame in frames:
        watch.note(frame)
    return watch


def test_what_the_camera_does_not_date_is_counted_apart() -> None:
    watch = watch_of(
        made_frame(D(2026, 3, 1, 9)),
        made_frame(D(2026, 3, 1, 9), source="modified"),
        made_frame(None),
        made_frame(D(2026, 3, 2), source="filename"),
        made_frame(None, state=State.PENDING),
    )
    assert (watch.image_count, watch.dated_count, watch.undated_count) == (5, 2, 2)
    assert list(watch.days) == [date(2026, 3, 1), date(2026, 3, 2)]


def test_second_copies_and_videos_count_for_the_card_alone() -> None:
    watch = watch_of(
        made_frame(D(2026, 3, 1), size=5),
        made_frame(D(2026, 3, 2), state=State.DUPLICATE, size=7),
        made_frame(None, state=State.SKIPPED, size=11, card="B"),
    )
    assert (watch.image_count, len(watch.days)) == (1, 1)
    assert watch.bytes_by_card == {"A": 12, "B": 11}


def test_a_picture_that_cannot_be_decoded_still_tells_that_the_camera_lived() -> None:
    watch = watch_of(made_frame(D(2026, 3, 1), state=State.TRUNCATED))
    assert watch.dated_count == 1


def test_the_table_s_word_comes_first() -> None:
    frames = [made_frame(D(2026, 3, 5), utc_offset="+09:00", serial="X") for _ in range(3)]
    assert watch_of(*frames, place=PLACE).utc_offset == "+10:00"
    assert watch_of(*frames, place=PLACE).camera_id == "H2"
    assert watch_of(*frames).utc_offset == "+09:00"
    assert watch_of(*frames).camera_id == "X"
    assert watch_of(made_frame(None)).utc_offset == ""


def test_pictures_of_a_reset_clock_are_no_effort() -> None:
    good = [D(2026, 3, 1, 12) + timedelta(days=n) for n in range(20)]
    reset = [D(2017, 1, 1, 0, n) for n in range(5)]
    within = watch_of(*map(made_frame, [*good, *reset])).within()
    assert list(within) == [moment.date() for moment in good]


def test_of_two_clocks_with_as_many_pictures_the_later_is_believed() -> None:
    within = watch_of(made_frame(D(2017, 1, 1)), made_frame(D(2026, 3, 1))).within()
    assert list(within) == [date(2026, 3, 1)]


def test_pictures_before_the_set_up_and_after_the_retrieval_are_outside() -> None:
    days = [D(2026, 2, 28, 23), D(2026, 3, 1, 7), D(2026, 3, 31), D(2026, 4, 2)]
    within = watch_of(*map(made_frame, days), place=PLACE).within()
    assert list(within) == [date(2026, 3, 1), date(2026, 3, 31)]


def test_a_long_pause_that_the_table_spans_is_no_wrong_clock() -> None:
    place = Deployment("ST01-a", "ST01", start=D(2024, 1, 1), end=D(2026, 1, 1))
    days = [D(2024, 1, 2), D(2025, 12, 1)]
    assert len(watch_of(*map(made_frame, days), place=place).within()) == 2
    assert len(watch_of(*map(made_frame, days)).within()) == 1


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60 * 24 * 30).map(lambda m: D(2026, 3, 1) + timedelta(minutes=m)),
            st.none() | st.integers(5000, 9000),
            st.none() | st.integers(-40, 40),
        ),
        min_size=1,
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_files_plays_no_part(
    told: list[tuple[datetime, int | None, int | None]], random: st.DataObject
) -> None:
    frames = [
        made_frame(moment, battery_mv=battery, temperature_c=degrees)
        for moment, battery, degrees in dict.fromkeys(told)
    ]
    mixed = list(frames)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, two = watch_of(*frames), watch_of(*mixed)
    moments = [frame.taken_at for frame in frames]
    for watch in (one, two):
        found = shown(watch.within())
        assert found is not None
        assert (found.first, found.last) == (min(moments), max(moments))  # type: ignore[type-var]
        assert sum(day.image_count for day in watch.days.values()) == len(frames)
    if len(set(moments)) == len(moments):
        assert one.within() == two.within()


def test_deployments_without_a_file_are_watched_too() -> None:
    watches = Watches(FieldNotes((PLACE,)))
    frames = [made_frame(D(2026, 3, 1), "B-ST09", station="ST09")]
    assert list(watches.passing(frames)) == frames
    assert [watch.deployment_id for watch in watches] == ["B-ST09", "ST01-2026"]
    posts = {post.deployment_id: post for post in fieldwork(watches).posts}
    assert posts["ST01-2026"].effort.trap_nights is None
    assert posts["ST01-2026"].deployment is PLACE
    assert posts["B-ST09"].deployment is None


def test_a_station_works_while_one_of_its_cameras_does() -> None:
    watches = Watches()
    days = {"a": range(10), "b": range(5, 15), "c": range(3)}
    for name, numbers in days.items():
        station = "ST02" if name == "c" else "ST01"
        for n in numbers:
            moment = D(2026, 3, 1, 12) + timedelta(days=n)
            watches.note(made_frame(moment, f"{station}-{name}", station=station))
    work = fieldwork(watches)
    assert {name: len(posts) for name, posts in work.stations.items()} == {"ST01": 2, "ST02": 1}
    [both] = work.worked["ST01"]
    assert (both.end - both.start) == timedelta(days=14)
    assert work.season_end == D(2026, 3, 15, 12)


def test_the_camera_s_own_gps_places_it_where_the_table_does_not() -> None:
    bare = Deployment("ST01-a", "ST01")
    watches = Watches(FieldNotes((bare, PLACE)))
    watches.note(made_frame(D(2026, 3, 1), place=bare, latitude=1.5, longitude=2.5))
    watches.note(made_frame(D(2026, 3, 1), place=PLACE, latitude=1.5, longitude=2.5))
    found = {
        post.deployment_id: (post.latitude, post.longitude) for post in fieldwork(watches).posts
    }
    assert found == {"ST01-a": (1.5, 2.5), "ST01-2026": (43.1, 131.2)}
    assert not fieldwork(Watches(FieldNotes((bare,)))).posts[0].placed


def test_a_hundred_thousand_files_cost_no_more_than_their_days() -> None:
    def frames(count: int) -> Iterator[Frame]:
        frame = made_frame(D(2026, 3, 1))
        for n in range(count):
            moment = D(2026, 3, 1) + timedelta(minutes=n % 14_400)
            object.__setattr__(frame, "taken_at", moment)
            yield frame

    def peak(count: int) -> int:
        watches = Watches()
        tracemalloc.start()
        for frame in frames(count):
            watches.note(frame)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(60_000) < peak(15_000) * 1.2
