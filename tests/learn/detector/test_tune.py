"""The loop that tunes a detector: it learns, stays near its teacher, and goes on where it was
stopped.
"""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import pytest
import torch

from camtrap.errors import DataError
from camtrap.learn.detector.feed import Draw, batches
from camtrap.learn.detector.network import FROZEN, fresh_learner
from camtrap.learn.detector.progress import CHECKPOINT
from camtrap.learn.detector.tune import COLUMNS, tune_detector
from camtrap.learn.tune import LOG
from camtrap.vision.checkpoint import find
from tests.learn.detector.made import TUNING, small_learner, taught_pictures


class PulledPlugError(Exception):
    """The training was stopped from outside."""


@pytest.fixture
def taught(tmp_path):
    return taught_pictures(tmp_path / "pictures")


@pytest.fixture
def work(tmp_path, taught):
    """Tunes a small detector in a folder; gives the learner and the log's rows."""

    def done(
        folder="run", *, learner=None, pictures=None, seed=5, on_step=None, workers=1, **changes
    ):
        learner = learner or small_learner()
        told = {} if on_step is None else {"on_step": on_step}
        rows = tune_detector(
            learner,
            taught if pictures is None else pictures,
            replace(TUNING, **changes),
            seed=seed,
            folder=tmp_path / folder,
            workers=workers,
            **told,
        )
        return learner, rows

    return done


def published():
    """The shipped detector: what it sees in squares is little, but it sees."""
    return fresh_learner(find("animal-detector"))


def pull_the_plug(at):
    def on_step(done, steps):
        if done == at:
            raise PulledPlugError

    return on_step


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def moved(learner, start=None):
    start = start or small_learner().learnt()
    return sum(
        (value - start[name]).square().sum().item() for name, value in learner.learnt().items()
    )


# Stopped and continued


@pytest.mark.parametrize("step", [3, 4, 8], ids=["first epoch", "at its end", "in the third"])
def test_a_stopped_tuning_goes_on_as_if_it_had_not_been(work, tmp_path, step):
    undisturbed, rows = work("one", epochs=3)
    with pytest.raises(PulledPlugError):
        work("two", epochs=3, on_step=pull_the_plug(step))
    continued, again = work("two", epochs=3, workers=2)
    assert same(continued.learnt(), undisturbed.learnt())
    assert without_seconds(again) == without_seconds(rows)
    logs = []
    for name in ("one", "two"):
        with (tmp_path / name / LOG).open(encoding="utf-8", newline="") as stream:
            logs.append(without_seconds(csv.DictReader(stream)))
    assert logs[0] == logs[1]


def test_a_finished_tuning_is_read_and_not_done_again(work):
    learner, rows = work()
    again, same_rows = work(on_step=lambda done, steps: pytest.fail("went on"))
    assert same(again.learnt(), learner.learnt())
    assert same_rows == rows


@pytest.mark.parametrize(
    "changed", [{"learning_rate": 1e-4}, {"epochs": 3}, {"side": 128}, {"seed": 6}], ids=str
)
def test_the_checkpoint_of_other_settings_is_refused(work, changed):
    work()
    with pytest.raises(DataError, match=r"checkpoint\.pt belongs to .* other settings"):
        work(**changed)


def test_the_checkpoint_of_other_pictures_is_refused(work, taught):
    work()
    with pytest.raises(DataError, match="--run"):
        work(pictures=taught[:-1])


def test_the_precision_that_was_measured_stays_when_it_goes_on(work, tmp_path, monkeypatch):
    chosen = [torch.bfloat16]
    monkeypatch.setattr("camtrap.learn.detector.tune.precision_of", lambda *each: chosen.pop())
    with pytest.raises(PulledPlugError):
        work(precision="auto", epochs=3, on_step=pull_the_plug(8))
    said = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)
    assert said["precision"] == "bfloat16"
    work(precision="auto", epochs=3)  # measuring again would find the list empty


def test_a_precision_that_there_is_not_is_an_error_of_ours(work):
    with pytest.raises(DataError, match="float8"):
        work(precision="float8")


@pytest.mark.parametrize("precision", ["bfloat16", "auto"])
def test_lower_precision_learns_much_the_same(work, precision):
    _, exact = work("exact")
    _, rows = work(precision, precision=precision)
    assert rows[-1]["train_loss"] == pytest.approx(exact[-1]["train_loss"], rel=0.1)


# What is learnt


def said_of(learner, taught, which):
    """The log-odds of now and before for pictures that were not shown in training like this."""
    plan = [[Draw(i) for i, picture in enumerate(taught) if which(picture)]]
    [batch] = batches(taught, plan, 96, seed=[77], workers=1)
    with torch.no_grad():
        now, was = learner(batch.pictures.float())
    return now.logits, was.logits


def test_what_can_be_told_apart_is_learnt(work, taught):
    learner, rows = work(learner=published(), epochs=6, learning_rate=1e-4)
    assert rows[-1]["train_loss"] < 0.6 * rows[0]["train_loss"]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert tuple(rows[0]) == COLUMNS
    assert not any(math.isnan(row[name]) for row in rows for name in COLUMNS)
    animals, animals_before = said_of(learner, taught, lambda picture: not picture.empty)
    empties, empties_before = said_of(learner, taught, lambda picture: picture.empty)
    gap, gap_before = (
        high.amax(dim=1).min() - low.amax(dim=1).max()
        for high, low in ((animals, empties), (animals_before, empties_before))
    )
    assert gap > gap_before + 1
    assert gap > 0


def test_layers_that_are_frozen_stay_and_so_does_the_teacher(work):
    learner, _ = work()
    fresh = small_learner()
    assert same(learner.teacher.state_dict(), fresh.teacher.state_dict())
    before, after = fresh.student.state_dict(), learner.student.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert not any(name.startswith(tuple(f"backbone.{p}." for p in FROZEN)) for name in changed)
    assert changed == set(learner.learnt()), "all that may learn has learnt"


def test_distillation_pulls_to_the_teacher(work, taught):
    def apart(name, weight):
        learner, _ = work(
            name, learner=published(), distillation=weight, rank_weight=0.0,
            box_weight=0.0, epochs=4, learning_rate=1e-4,
        )  # fmt: skip
        now, was = said_of(learner, taught, lambda picture: not picture.empty)
        speaks = was > -6
        assert speaks.any()
        return (now - was)[speaks].abs().mean().item()

    assert apart("held", 5.0) < 0.7 * apart("free", 0.0)


def test_the_running_average_is_what_is_left(work):
    slow, fast = (work(name, average=memory)[0] for name, memory in (("a", 0.99), ("b", 0.0)))
    assert 0 < moved(slow) < moved(fast)


def test_another_seed_gives_another_detector(work):
    assert not same(work("one", seed=1)[0].learnt(), work("two", seed=2)[0].learnt())


@pytest.mark.parametrize("empty", [True, False])
def test_pictures_of_one_kind_alone_are_refused(work, taught, empty):
    with pytest.raises(DataError, match="with and without animals"):
        work(pictures=[picture for picture in taught if picture.empty is empty])
