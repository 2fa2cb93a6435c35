"""Judged pictures made by hand, so that every figure can be counted on fingers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from camtrap.learn.dataset import Sample
from camtrap.learn.evaluation.judged import Answers, Judged, ModelNote
from camtrap.records import LABELS, UNSURE, Box, Detection, State

MODEL = ModelNote("camtrap (fake 1)", "0" * 64, {"leopard": 0.5, "doubt": 0.1})


def sample(label: str, file: str = "a.jpg", **more: Any) -> Sample:
    """A labelled picture whose group is its file, unless told otherwise."""
    said = {"group": file, "source": "wcs", "split": "test", "path": Path(file), **more}
    return Sample(file=file, label=label, **said)


def chances_of(label: str, chance: float) -> dict[str, float]:
    """`chance` for a label, the rest shared by the others."""
    return {name: chance if name == label else (1 - chance) / 5 for name in LABELS}


def judged(
    truth: str,
    state: str,
    chance: float = 0.9,
    *,
    likeliest: str = "",
    side: float | None = 0.5,
    infrared: bool | None = None,
    **more: Any,
) -> Judged:
    """A picture of `truth` called `state`; `chance` is that of the label said.

    One left unsure is likeliest what it truly is, unless `likeliest` says otherwise.
    """
    top = likeliest or (truth if state == UNSURE else state)
    chances = chances_of(top, chance)
    boxes = () if side is None else (box(top, chance, side),)
    return Judged(sample(truth, **more), State(state), chances, boxes, infrared)


def box(label: str, chance: float, side: float) -> Detection:
    """A box whose longer side is `side`."""
    return Detection(label, chance, Box(0.1, 0.2, side, side / 2), 0.7)


def answers(pictures: Sequence[Judged], missing: Sequence[Sample] = ()) -> Answers:
    """Answers of the fake model."""
    return Answers(list(pictures), list(missing), MODEL)


def some_of_each() -> list[Judged]:
    """Nine pictures of five groups with every kind of mistake among them."""
    return [
        judged("leopard", "leopard", 0.9, file="1.jpg", group="A"),
        judged("leopard", "unsure", 0.3, file="2.jpg", group="B"),
        judged("leopard", "empty", 0.95, file="3.jpg", group="B", side=None),
        judged("prey", "leopard", 0.6, file="4.jpg", group="C"),
        judged("other", "leopard", 0.7, file="5.jpg", group="C", species="Panthera onca"),
        judged("other", "other", 0.8, file="6.jpg", group="D", source="cct"),
        judged("prey", "other", 0.6, file="7.jpg", group="D", source="cct"),
        judged("empty", "empty", 0.97, file="8.jpg", group="E", side=None),
        judged("empty", "unsure", 0.5, file="9.jpg", group="E", side=None),
    ]
