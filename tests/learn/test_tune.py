"""The training loop: it learns, goes on where it was stopped, and ends with its best weights."""

from __future__ import annotations

import csv
import logging
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from camtrap.errors import DataError
from camtrap.learn.crop_set import batches
from camtrap.learn.network import backbone_state
from camtrap.learn.tune import (
    COLUMNS,
    LOG,
    PRECISIONS,
    logits_of,
    loss_of,
    precision_of,
    schedule,
    tune,
    validate,
)
from camtrap.vision.calibration import CLASSES
from tests.learn.small import NORMAL, RULES, SETTINGS, labelled_crops, small_network

CPU = torch.device("cpu")


class PulledPlugError(Exception):
    """The training was stopped from outside."""


@pytest.fixture
def crops(tmp_path):
    return labelled_crops(tmp_path / "crops", 6)


@pytest.fixture
def unseen(tmp_path):
    return labelled_crops(tmp_path / "unseen", 3, first=100)


@pytest.fixture
def work(tmp_path, crops, unseen):
    """Trains a small network in a folder; gives the network and the log's rows."""

    def done(folder="run", *, held_out=None, seed=5, network=None, on_step=None, **changes):
        network = network or small_network()
        told = {} if on_step is None else {"on_step": on_step}
        rows = tune(
            network,
            crops,
            unseen if held_out is None else held_out,
            RULES,
            NORMAL,
            replace(SETTINGS, **changes),
            seed=seed,
            folder=tmp_path / folder,
            **told,
        )
        return network, rows

    return done


def pull_the_plug(at):
    def on_step(done, steps):
        if done == at:
            raise PulledPlugError

    return on_step


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def read_log(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# Stopped and continued


@pytest.mark.parametrize("step", [4, 5, 7], ids=["at once", "second step", "in the third epoch"])
def test_a_stopped_training_goes_on_as_if_it_had_not_been(work, tmp_path, step):
    undisturbed, rows = work("one", epochs=3)
    with pytest.raises(PulledPlugError):
        work("two", epochs=3, on_step=pull_the_plug(step))
    continued, again = work("two", epochs=3)
    assert same(continued.learnt(), undisturbed.learnt())
    assert without_seconds(again) == without_seconds(rows)
    logs = (without_seconds(read_log(tmp_path / name / LOG)) for name in ("one", "two"))
    assert next(logs) == next(logs)


def test_what_was_stopped_in_its_first_epoch_begins_again(work):
    undisturbed, _ = work("one")
    with pytest.raises(PulledPlugError):
        work("two", on_step=pull_the_plug(1))
    assert same(work("two")[0].learnt(), undisturbed.learnt())


def test_a_finished_training_is_read_and_not_done_again(work):
    network, rows = work()
    steps = []
    again, same_rows = work(on_step=lambda done, _: steps.append(done))
    assert steps == []
    assert same(again.learnt(), network.learnt())
    assert same_rows == rows


def test_a_continued_training_tells_the_steps_that_are_left(work):
    with pytest.raises(PulledPlugError):
        work(on_step=pull_the_plug(4))
    told = []
    work(on_step=lambda *each: told.append(each))
    assert told == [(4, 6), (5, 6), (6, 6)]


@pytest.mark.parametrize(
    "changed", [{"learning_rate": 1e-4}, {"epochs": 3}, {"keep": 0.5}, {"seed": 6}], ids=str
)
def test_the_checkpoint_of_other_settings_is_refused(work, changed):
    work()
    with pytest.raises(DataError, match=r"checkpoint\.pt belongs to .* other settings"):
        work(**changed)


def test_the_checkpoint_of_other_crops_is_refused(work, unseen):
    work()
    with pytest.raises(DataError, match="--run"):
        work(held_out=unseen[:-1])


def test_another_seed_gives_another_network(work):
    assert not same(work("one", seed=1)[0].learnt(), work("two", seed=2)[0].learnt())


# What is learnt


def test_what_can_be_told_apart_is_learnt(work):
    _, rows = work(epochs=5, epoch_crops=24)
    assert rows[-1]["train_loss"] < 0.6 * rows[0]["train_loss"]
    assert rows[-1]["valid_loss"] < 0.6 * rows[0]["valid_loss"]
    assert (rows[-1]["valid_leopard_ap"], rows[-1]["valid_accuracy"]) == (1, 1)


def test_blocks_before_the_first_one_stay_as_imagenet_left_them(work):
    before = backbone_state(small_network())
    network, _ = work()
    after = backbone_state(network)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert {name.rsplit(".", 3)[0] for name in changed if name.startswith("blocks")} == {
        "blocks.14",
        "blocks.15",
    }
    assert {name.split(".")[0] for name in changed} == {"blocks", "last"}
    fresh = small_network()
    assert same(network.teacher.state_dict(), fresh.teacher.state_dict())


def test_with_nothing_kept_the_backbone_is_the_teacher_again(work):
    network, _ = work(keep=0.0)
    assert same(network.tail.state_dict(), network.teacher.state_dict())
    assert not torch.equal(network.head.weight, small_network().head.weight)


def test_half_kept_lies_between(work):
    full, half = work("one", keep=1.0)[0], work("two", keep=0.5)[0]
    for name, own in half.tail.named_parameters():
        original = half.teacher.get_parameter(name)
        torch.testing.assert_close(own, (full.tail.get_parameter(name) + original) / 2)


def test_it_ends_after_so_many_epochs_without_a_better_one(work, unseen):
    # The longer it learns, the less it believes in prey, which it never sees.
    strangers = [replace(crop, label="prey") for crop in unseen]
    for patience in (1, 2):
        network, rows = work(f"run{patience}", held_out=strangers, epochs=6, patience=patience)
        losses = [row["valid_loss"] for row in rows]
        assert len(rows) == 1 + patience
        assert min(losses) == losses[0]
        left = validate(network.eval(), strangers, RULES, NORMAL, SETTINGS, 1)
        assert left["valid_loss"] == pytest.approx(losses[0]), "the best epoch's weights are left"
        # An ended training does not go on.
        work(
            f"run{patience}",
            held_out=strangers,
            epochs=6,
            patience=patience,
            on_step=lambda done, steps: pytest.fail("went on"),
        )


def test_without_held_out_crops_the_last_epoch_is_kept(work):
    seen = {}
    network = small_network()

    def on_step(done, steps):
        seen[done] = {name: value.clone() for name, value in network.learnt().items()}

    # With no memory the running average is the weights themselves.
    _, rows = work(network=network, held_out=[], average=0.0, patience=1, on_step=on_step)
    assert len(rows) == 2
    assert all(math.isnan(row["valid_loss"]) for row in rows)
    assert same(network.learnt(), seen[6])
    assert not same(network.learnt(), seen[3])


def test_the_running_average_is_what_is_kept(work):
    network = small_network()
    path = []

    def on_step(done, steps):
        path.append(network.head.bias.clone())

    start = network.head.bias.clone()
    work(network=network, held_out=[], epochs=1, average=0.99, on_step=on_step)
    expected = start
    for step, weights in enumerate(path):
        memory = (step + 1) / (step + 10)  # a young average forgets faster
        expected = memory * expected + (1 - memory) * weights
    torch.testing.assert_close(network.head.bias, expected)


def test_measuring_does_not_change_what_is_learnt(work):
    def path(folder, **options):
        network, weights = small_network(), []
        work(
            folder,
            network=network,
            on_step=lambda done, steps: weights.append(network.head.bias.clone()),
            **options,
        )
        return weights

    # What is measured and kept is the running average; what goes on learning is not.
    paths = [path("one"), path("two", average=0.0), path("three", held_out=[])]
    assert [len(each) for each in paths] == [6, 6, 6]
    for other in paths[1:]:
        assert all(map(torch.equal, paths[0], other))


def test_every_epoch_draws_its_crops_anew(work, monkeypatch):
    shown = []

    def spy(crops, order, *rest, seed, **options):
        if seed is not None:  # validation shows plain crops
            shown.append((order, seed))
        return batches(crops, order, *rest, seed=seed, **options)

    monkeypatch.setattr("camtrap.learn.tune.batches", spy)
    work(epochs=3, seed=5)
    orders, seeds = zip(*shown, strict=True)
    assert len({tuple(order) for order in orders}) == 3
    assert seeds == ([5, 0], [5, 1], [5, 2])


# The log


def test_the_log_has_a_row_an_epoch(work, tmp_path):
    _, rows = work()
    path = tmp_path / "run" / LOG
    assert path.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
    assert tuple(rows[0]) == COLUMNS
    logged = read_log(path)
    assert [row["epoch"] for row in logged] == ["1", "2"]
    for row, said in zip(rows, logged, strict=True):
        assert {name: float(value) for name, value in said.items()} == pytest.approx(row, rel=1e-4)


def test_steps_are_told_one_by_one(work):
    told = []
    work(on_step=lambda *each: told.append(each))
    assert told == [(done, 6) for done in range(1, 7)]


# The schedule


def test_the_rate_climbs_in_a_line_then_falls_as_half_a_cosine():
    shape = [schedule(step, 100) for step in range(100)]
    assert shape[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert shape[5] == 1.0
    assert all(a > b for a, b in pairwise(shape[5:]))
    assert shape[5 + 95 // 2] == pytest.approx(0.5, abs=0.02)
    assert 0 < shape[-1] < 0.01


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_shortest_training_has_a_rate_as_well(steps):
    shape = [schedule(step, steps) for step in range(steps)]
    assert shape[0] == 1.0
    assert all(0 < share <= 1 for share in shape)


def test_each_part_learns_at_its_own_rate(work):
    _, rows = work(epochs=1)
    assert rows[0]["learning_rate"] == pytest.approx(SETTINGS.learning_rate * schedule(2, 3))
    still, _ = work("still", learning_rate=0.0, decay=0.0)
    assert same(still.tail.state_dict(), still.teacher.state_dict())
    assert not torch.equal(still.head.weight, small_network().head.weight)


# The loss, and what is measured


def logs(*rows):
    return torch.tensor(rows).log_softmax(dim=1)


def test_the_teachers_word_counts_by_its_weight():
    logits, truth = torch.zeros(2, len(CLASSES)), torch.tensor([0, 1])
    known, taught = logs([0.0, 1.0], [0.0, 0.0]), logs([0.0, 0.0], [0.0, 0.0])
    plain, weighed = (
        float(loss_of(logits, known, taught, truth, replace(SETTINGS, distillation=weight)))
        for weight in (0.0, 2.0)
    )
    assert plain == pytest.approx(math.log(len(CLASSES)))
    share = math.e / (1 + math.e)
    divergence = 0.5 * math.log(0.5 / share) + 0.5 * math.log(0.5 / (1 - share))
    assert weighed - plain == pytest.approx(2.0 * divergence / 2, rel=1e-5)


def test_who_agrees_with_the_teacher_pays_nothing():
    logits, known = torch.zeros(1, len(CLASSES)), logs([0.3, 1.0, -2.0])
    loss = loss_of(logits, known, known, torch.tensor([2]), SETTINGS)
    assert float(loss) == pytest.approx(math.log(len(CLASSES)))


def test_accuracy_is_measured_on_what_is_alive(unseen):
    network = small_network().eval()
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.copy_(torch.tensor([1.0, 0, 0, 0, 0, 9]))  # all is nothing, or a leopard
    measured = validate(network, unseen, RULES, NORMAL, SETTINGS, 1)
    assert measured["valid_accuracy"] == 1.0
    prey = [replace(crop, label="prey") for crop in unseen]
    assert validate(network, prey, RULES, NORMAL, SETTINGS, 1)["valid_accuracy"] == 0.0
    ground = [crop for crop in unseen if crop.label == "nothing"]
    assert math.isnan(validate(network, ground, RULES, NORMAL, SETTINGS, 1)["valid_accuracy"])


def test_logits_come_in_the_order_of_the_crops(unseen):
    network = small_network().eval()
    together = logits_of(network, unseen, RULES, NORMAL, batch_size=4, workers=2)
    alone = [logits_of(network, [crop], RULES, NORMAL, 1, 1)[0] for crop in unseen]
    assert together.shape == (6, len(CLASSES))
    np.testing.assert_allclose(together, alone, atol=1e-4)


# What to calculate in


def test_the_fastest_precision_is_found_by_trying():
    done = []
    chosen = precision_of("auto", CPU, lambda: done.append(torch.is_autocast_enabled("cpu")))
    assert chosen in (None, torch.bfloat16)
    assert set(done) == {False, True}


def test_the_slower_precision_is_not_chosen(monkeypatch):
    clock = iter([0, 9, 9, 11, 20, 29, 29, 30])  # two tries each: at last 2 seconds, then 1
    monkeypatch.setattr("camtrap.learn.tune.time.monotonic", lambda: next(clock))
    assert precision_of("auto", CPU, lambda: None) is torch.bfloat16


@pytest.mark.parametrize("name", PRECISIONS)
def test_a_named_precision_is_taken_untried(name):
    assert precision_of(name, CPU, lambda: pytest.fail("tried")) is PRECISIONS[name]


def test_an_unknown_precision_is_refused(work):
    with pytest.raises(DataError, match="'float8' is not one of auto, float32"):
        work(precision="float8")


def test_the_precision_tried_leaves_no_trace_in_the_weights(work, caplog):
    caplog.set_level(logging.INFO, "camtrap.learn.tune")
    network, _ = work(epochs=0, precision="auto", frozen_precision="auto")
    assert same(network.learnt(), small_network().learnt())
    assert sum("seconds a step" in text for text in caplog.messages) == 2
