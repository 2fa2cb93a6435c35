"""Parts of the pictures, and events instead of pictures."""

from __future__ import annotations

import pytest

from camtrap.learn.evaluation import events
from camtrap.learn.evaluation.events import event_figures, gather
from camtrap.learn.evaluation.slices import (
    box_size,
    compact_rows,
    slices,
    sources_without_empties,
)
from tests.learn.evaluation.made import judged, some_of_each


@pytest.mark.parametrize(
    ("side", "name"),
    [
        (None, "no box"),
        (0.09, "below 0.1"),
        (0.1, "0.1 to 0.25"),
        (0.25, "0.25 to 0.6"),
        (0.59, "0.25 to 0.6"),
        (0.6, "0.6 and more"),
        (1.0, "0.6 and more"),
    ],
)
def test_boxes_go_by_their_longer_side(side, name):
    assert box_size(judged("prey", "prey", side=side)) == name


def test_every_picture_is_in_one_part_of_each_kind():
    for parts in slices(some_of_each()).values():
        assert sum(found["pictures"] for found in parts.values()) == 9


def test_groups_go_by_how_many_pictures_they_have():
    pictures = [judged("prey", "prey", file=f"{n}", group="big" if n else "one") for n in range(7)]
    parts = slices(pictures)["group size"]
    assert {name: found["pictures"] for name, found in parts.items()} == {"1": 1, "6 to 20": 6}


@pytest.mark.parametrize(
    ("modality", "infrared", "name"),
    [
        ("thermal", True, "thermal"),
        ("", True, "night_ir"),
        ("", False, "day"),
        ("", None, "unknown"),
    ],
)
def test_modality_is_the_truths_else_what_was_seen(modality, infrared, name):
    assert judged("prey", "prey", infrared=infrared, modality=modality).modality == name


def test_a_compact_row_leaves_out_what_no_part_knows():
    pictures = [judged("prey", "prey", source="a"), judged("prey", "empty", source="b")]
    rows = compact_rows("source", slices(pictures)["source"])
    assert [row["source"] for row in rows] == ["a", "b"]
    assert "leopard recall" not in rows[0]
    assert rows[1]["animals put away"]["right"] == 1


def test_sources_with_animals_and_no_empty_picture_are_named():
    pictures = [
        judged("prey", "prey", source="night"),
        judged("prey", "prey", source="both"),
        judged("empty", "empty", source="both"),
        judged("empty", "empty", source="only empties"),
        judged("person", "person", source="only people"),
    ]
    assert sources_without_empties(pictures) == ["night"]


def test_an_event_is_found_when_any_frame_is():
    frames = [
        judged("leopard", "empty", file="1", group="A", event="e1"),
        judged("leopard", "leopard", file="2", group="A", event="e1"),
        judged("leopard", "empty", file="3", group="A", event="e2"),
        judged("leopard", "unsure", file="4", group="A", event="e2"),
        judged("leopard", "empty", file="5", group="B", event="e1"),
    ]
    found = event_figures(frames)
    assert found["events"] == 3
    assert found["of_several_frames"] == 2
    assert (found["leopard_recall"]["right"], found["leopard_recall"]["count"]) == (1, 3)
    assert found["leopard_kept"]["right"] == 2
    assert (found["animals_put_away"]["right"], found["animals_put_away"]["count"]) == (1, 3)


def test_empty_events_are_removed_when_all_their_frames_are():
    frames = [
        judged("empty", "empty", file="1", group="A", event="e1"),
        judged("empty", "unsure", file="2", group="A", event="e1"),
        judged("empty", "empty", file="3", group="A", event="e2"),
        judged("empty", "leopard", file="4", group="A", event="e3"),
    ]
    found = event_figures(frames)
    assert (found["empties_removed"]["right"], found["empties_removed"]["count"]) == (1, 3)
    assert (found["leopard_precision"]["right"], found["leopard_precision"]["count"]) == (0, 1)


def test_events_of_mixed_truth_are_counted_and_left_out():
    frames = [
        judged("leopard", "leopard", file="1", group="A", event="e"),
        judged("empty", "empty", file="2", group="A", event="e"),
        judged("prey", "prey", file="3", group="A"),
        judged("prey", "prey", file="4", group="A"),
    ]
    agreed, mixed = gather(frames)
    assert mixed == 1
    assert len(agreed) == 2  # pictures without an event are one each
    assert events.counted(event_figures(frames))["of mixed truth, left out"] == 1


def test_look_alikes_have_a_precision_of_their_own_by_event():
    frames = [
        judged("leopard", "leopard", file="1"),
        judged("other", "leopard", file="2", species="jaguar"),
    ]
    found = event_figures(frames)
    assert found["leopard_precision"]["value"] == 0.5
    assert found["leopard_precision_without_look_alikes"]["value"] == 1.0
    assert "events called leopard that are" in [row["figure"] for row in events.rows(found)]
