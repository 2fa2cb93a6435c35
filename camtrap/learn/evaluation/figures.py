"""All figures of a set of judged pictures, as plain values; no share without its interval.

A figure is a mapping with `value` and, where there is one, `interval` (95 %), `right` and `count`,
and `interval_by_group` (95 %, groups drawn whole). What cannot be known is None. Only pictures that
were looked at may be given.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camtrap.learn import metrics
from camtrap.learn.evaluation.judged import ANIMALS, Judged
from camtrap.learn.metrics import Bin, Share
from camtrap.records import LABELS, UNSURE, State

Figure = dict[str, Any]
Figures = dict[str, Any]
Indices = NDArray[np.int64]

RECALLS = (0.90, 0.95, 0.98, 0.99)
DECIMALS = 6

TITLES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("leopard", "recall"), "leopard recall"),
    (("leopard", "kept"), "leopards called so or kept as unsure"),
    (("leopard", "precision"), "leopard precision"),
    (
        ("leopard", "precision_without_look_alikes"),
        "leopard precision, look-alikes of other continents left out",
    ),
    (("leopard", "average_precision"), "leopard average precision"),
    (
        ("leopard", "average_precision_without_look_alikes"),
        "leopard average precision, look-alikes of other continents left out",
    ),
    (("animals", "auc"), "animal against empty, AUC"),
    *(
        (
            ("animals", "removed_at", f"{recall:.2f}"),
            f"empty pictures removed at {recall:.0%} animal recall",
        )
        for recall in RECALLS
    ),
    (("animals", "empties_put_away"), "empty pictures put away at the model's threshold"),
    (("animals", "animals_put_away"), "animals put away at the model's threshold"),
    (("names", "right"), "leopard, prey or other right on animals (likeliest)"),
    (("names", "prey_likeliest"), "prey recall (likeliest)"),
    (("names", "prey_decided"), "prey recall (decided label)"),
    (("calibration", "error"), "expected calibration error"),
    (("calibration", "error_balanced"), "expected calibration error, empties and others alike"),
    (("calibration", "brier"), "Brier score"),
    (("unsure",), "left unsure"),
)
"""Where each figure lies in what `figures` gives, and what it is called in every table."""


def share(right: int, count: int) -> Figure:
    """`right` of `count` with its Wilson interval; None for a share of nothing."""
    if not count:
        return {"value": None, "interval": None, "right": 0, "count": 0}
    said = Share(right, count)
    return {**number(said.value), "interval": pair(said.interval), "right": right, "count": count}


def number(value: float) -> Figure:
    """A figure that has no interval."""
    return {"value": None if math.isnan(value) else round(value, DECIMALS)}


def pair(interval: tuple[float, float]) -> list[float] | None:
    """An interval as JSON holds it; None when it is not known.

    One of no width is not known either: neither the bootstrap nor Hanley and McNeil's formula can
    say anything of a value of exactly 0 or 1, and would claim to be certain of it.
    """
    low, high = interval
    return [round(low, DECIMALS), round(high, DECIMALS)] if low < high else None


def share_of(right: Iterable[Judged], whole: Iterable[Judged]) -> Figure:
    """How many of `whole` are in `right`, which is a part of it."""
    return share(sum(1 for _ in right), sum(1 for _ in whole))


def figures(judged: Sequence[Judged], *, rounds: int = 0, seed: int = 0) -> Figures:
    """Every figure of these pictures; with `rounds`, intervals by group as well."""
    found: Figures = {
        "pictures": len(judged),
        "groups": len({each.sample.group for each in judged}),
        "sources": len({each.sample.source for each in judged}),
        "truth": counts(each.truth for each in judged),
        "labels": {label: of_label(judged, label) for label in LABELS},
        "leopard": of_leopards(judged),
        "animals": of_animals(judged),
        "names": of_names(judged),
        "calibration": of_calibration(judged),
        "unsure": share_of(said(judged, UNSURE), judged),
        "confusion": confusion(judged),
    }
    if rounds:
        for path, interval in intervals_by_group(judged, rounds, seed).items():
            figure_at(found, path)["interval_by_group"] = pair(interval)
    return found


def figure_at(found: Figures, path: Sequence[str]) -> Figure:
    """The figure at a path of `TITLES`."""
    inside: Figure = found
    for key in path:
        inside = inside[key]
    return inside


def rows(found: Figures) -> list[dict[str, Any]]:
    """The figures that could be known, one flat row each, in the order of `TITLES`."""
    told = [(title, figure_at(found, path)) for path, title in TITLES]
    return [{"figure": title, **figure} for title, figure in told if figure["value"] is not None]


def label_rows(found: Figures) -> list[dict[str, Any]]:
    """One flat row a label that occurs, in truth or in what was said."""
    return [
        {"label": label, **figures}
        for label, figures in found["labels"].items()
        if figures["support"] or figures["called"]
    ]


def confusion_rows(found: Figures) -> list[dict[str, Any]]:
    """One flat row a true label that occurs: how many pictures of it got which label."""
    return [
        {"truth": truth, **row} for truth, row in found["confusion"].items() if any(row.values())
    ]


def counts(values: Iterable[str]) -> dict[str, int]:
    """How often each label occurs, in the order of every table."""
    count = Counter(values)
    return {label: count[label] for label in (*LABELS, UNSURE) if count[label]}


def said(judged: Iterable[Judged], state: str) -> list[Judged]:
    """Those that got this label."""
    return [each for each in judged if each.state == state]


def truly(judged: Iterable[Judged], *labels: str) -> list[Judged]:
    """Those whose truth is one of these."""
    return [each for each in judged if each.truth in labels]


# -- one group of figures each


def of_label(judged: Sequence[Judged], label: str) -> Figures:
    """The decided label against the truth; `kept` counts as found what was left unsure."""
    true, called = truly(judged, label), said(judged, label)
    right, unsure = said(true, label), said(true, UNSURE)
    precision, recall = (Share(len(right), len(whole)).value for whole in (called, true))
    return {
        "support": len(true),
        "called": len(called),
        "unsure": len(unsure),
        "precision": share_of(right, called),
        "recall": share_of(right, true),
        "kept": share_of([*right, *unsure], true),
        "f1": number(metrics.f1(precision, recall)),
    }


def of_leopards(judged: Sequence[Judged]) -> Figures:
    """Leopards found, and what was falsely called one; look-alikes have a row of their own."""
    of_all = of_label(judged, State.LEOPARD)
    alike = [each for each in judged if each.is_look_alike]
    local = said([each for each in judged if not each.is_look_alike], State.LEOPARD)
    scores, true = _leopard_scores(judged)
    own_scores, own_true = _leopard_scores([each for each in judged if not each.is_look_alike])
    return {
        "groups": len({each.sample.group for each in truly(judged, State.LEOPARD)}),
        "recall": of_all["recall"],
        "kept": of_all["kept"],
        "precision": of_all["precision"],
        "precision_without_look_alikes": share_of(truly(local, State.LEOPARD), local),
        "look_alikes": {"count": len(alike), **counts(each.state for each in alike)},
        "average_precision": number(metrics.average_precision(scores, true.tolist())),
        "average_precision_without_look_alikes": number(
            metrics.average_precision(own_scores, own_true.tolist())
        ),
    }


def of_animals(judged: Sequence[Judged]) -> Figures:
    """Animals (leopard, prey, other) against empty pictures; people and vehicles are left out."""
    known = truly(judged, *ANIMALS, State.EMPTY)
    emptiness, empty = _emptiness(known)
    flags, alive = empty.tolist(), (~empty).tolist()
    both = empty.any() and not empty.all()
    removed = {
        f"{recall:.2f}": metrics.removed_at_recall(emptiness, flags, recall) for recall in RECALLS
    }
    animals, empties = truly(known, *ANIMALS), truly(known, State.EMPTY)
    return {
        "auc": {
            **number(metrics.auc(1 - emptiness, alive)),
            "interval": pair(metrics.auc_interval(1 - emptiness, alive)),
        },
        "removed_at": {
            name: share(found.right, found.count if both else 0) for name, found in removed.items()
        },
        "empties_put_away": share_of(said(empties, State.EMPTY), empties),
        "animals_put_away": share_of(said(animals, State.EMPTY), animals),
    }


def of_names(judged: Sequence[Judged]) -> Figures:
    """Whether the animal is named rightly: by the likeliest living label, and as decided."""
    animals, prey = truly(judged, *ANIMALS), truly(judged, State.PREY)
    return {
        "right": share_of([a for a in animals if a.likeliest_alive == a.truth], animals),
        "prey_likeliest": share_of([p for p in prey if p.likeliest_alive == p.truth], prey),
        "prey_decided": share_of(said(prey, State.PREY), prey),
    }


def of_calibration(judged: Sequence[Judged]) -> Figures:
    """What was said against what was true, for the likeliest label and for leopards.

    Balanced means that empty pictures and all others count the same in sum: how empty a card is
    differs from place to place.
    """
    chances = np.array([[each.chances[label] for label in LABELS] for each in judged])
    best = np.array([each.chances[each.likeliest] for each in judged], float)
    right = [each.likeliest == each.truth for each in judged]
    empty = np.array([each.truth == State.EMPTY for each in judged], bool)
    balanced = math.nan
    if empty.any() and not empty.all():
        weights = np.where(empty, 0.5 / empty.sum(), 0.5 / (~empty).sum())
        balanced = metrics.calibration_error(best, right, weights=weights)
    scores, true = _leopard_scores(judged)
    return {
        "error": number(metrics.calibration_error(best, right)),
        "error_balanced": number(balanced),
        "brier": number(metrics.brier(chances, [LABELS.index(each.truth) for each in judged])),
        "bins": [bin_row(each) for each in metrics.reliability(best, right)],
        "leopard_bins": [bin_row(each) for each in metrics.reliability(scores, true.tolist())],
    }


def bin_row(each: Bin) -> Figures:
    """One bin of a reliability diagram, flat."""
    return {
        "low": each.low,
        "high": each.high,
        "said": number(each.said)["value"],
        **share(each.share.right, each.share.count),
    }


def confusion(judged: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """Counts of pictures by truth, and within it by the label that they got."""
    count = Counter((each.truth, each.state.value) for each in judged)
    return {truth: {label: count[truth, label] for label in (*LABELS, UNSURE)} for truth in LABELS}


# -- intervals that know that frames of a group hang together


def intervals_by_group(
    judged: Sequence[Judged], rounds: int, seed: int
) -> Mapping[tuple[str, ...], tuple[float, float]]:
    """The cluster bootstrap of the leopards' recall and AP and of the animals' AUC.

    Leopards of fewer than two groups say nothing of how groups differ.
    """
    scores, leopard = _leopard_scores(judged)
    called = np.array([each.state == State.LEOPARD for each in judged], bool)
    known = np.array([each.truth in (*ANIMALS, State.EMPTY) for each in judged], bool)
    emptiness, empty = _emptiness(judged)

    def recall(drawn: Indices) -> float:
        of_leopards = drawn[leopard[drawn]]
        return float(called[of_leopards].mean()) if len(of_leopards) else math.nan

    def average_precision(drawn: Indices) -> float:
        return metrics.average_precision(scores[drawn], leopard[drawn].tolist())

    def area(drawn: Indices) -> float:
        drawn = drawn[known[drawn]]
        return metrics.auc(1 - emptiness[drawn], (~empty[drawn]).tolist())

    statistics: dict[str, Callable[[Indices], float]] = {"auc": area}
    if len({each.sample.group for each in truly(judged, State.LEOPARD)}) > 1:
        statistics |= {"recall": recall, "average_precision": average_precision}
    found = metrics.cluster_intervals(
        [each.sample.group for each in judged], statistics, rounds=rounds, seed=seed
    )
    room = {"auc": "animals", "recall": "leopard", "average_precision": "leopard"}
    return {(room[name], name): interval for name, interval in found.items()}


def _leopard_scores(judged: Sequence[Judged]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scores = np.array([each.chances[State.LEOPARD] for each in judged], float)
    return scores, np.array([each.truth == State.LEOPARD for each in judged], bool)


def _emptiness(judged: Sequence[Judged]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    chances = np.array([each.chances[State.EMPTY] for each in judged], float)
    return chances, np.array([each.truth == State.EMPTY for each in judged], bool)
