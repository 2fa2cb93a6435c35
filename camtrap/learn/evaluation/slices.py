"""The same figures for parts of the pictures: by modality, source, size of group, size of box.

One figure over everything hides where a model fails; a part of few pictures has a wide interval,
which is the truth about it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from camtrap.learn.evaluation.figures import Figures, figure_at, figures
from camtrap.learn.evaluation.judged import ANIMALS, Judged
from camtrap.records import State

NO_BOX = "no box"
BOX_SIZES = ((0.1, "below 0.1"), (0.25, "0.1 to 0.25"), (0.6, "0.25 to 0.6"), (2.0, "0.6 and more"))
"""Upper ends, not included, of the best box's longer side relative to the picture."""

GROUP_SIZES = ((1, "1"), (5, "2 to 5"), (20, "6 to 20"), (10**9, "more than 20"))
"""Upper ends, included, of the number of pictures of a picture's group."""

COLUMNS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("leopard", "recall"), "leopard recall"),
    (("leopard", "precision"), "leopard precision"),
    (("leopard", "average_precision"), "leopard AP"),
    (("animals", "auc"), "animal AUC"),
    (("animals", "empties_put_away"), "empties put away"),
    (("animals", "animals_put_away"), "animals put away"),
    (("names", "right"), "names right"),
    (("calibration", "error"), "calibration error"),
    (("unsure",), "left unsure"),
)
"""The figures that a compact table shows."""


def box_size(judged: Judged) -> str:
    """The class of the best box's longer side; `no box` when the model pointed at nothing."""
    side = judged.box_side
    if side is None:
        return NO_BOX
    return next(name for end, name in BOX_SIZES if side < end)


def slices(judged: Sequence[Judged]) -> dict[str, dict[str, Figures]]:
    """The figures by modality, source, group size and box size; each part by its name."""
    members = Counter(each.sample.group for each in judged)

    def group_size(each: Judged) -> str:
        return next(name for end, name in GROUP_SIZES if members[each.sample.group] <= end)

    box_order = [name for _, name in BOX_SIZES] + [NO_BOX]
    return {
        "modality": _by(judged, lambda each: each.modality),
        "source": _by(judged, lambda each: each.sample.source or "unknown"),
        "group size": _by(judged, group_size, [name for _, name in GROUP_SIZES]),
        "box size": _by(judged, box_size, box_order),
    }


def _by(
    judged: Sequence[Judged], key: Callable[[Judged], str], order: Sequence[str] = ()
) -> dict[str, Figures]:
    parts: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        parts[key(each)].append(each)
    names = [name for name in order if name in parts] if order else sorted(parts)
    return {name: _without_bins(figures(parts[name])) for name in names}


def _without_bins(found: Figures) -> Figures:
    """Diagrams of small parts would be noise."""
    kept = {k: v for k, v in found["calibration"].items() if not k.endswith("bins")}
    return {**found, "calibration": kept}


def compact_rows(name: str, parts: dict[str, Figures]) -> list[dict[str, Any]]:
    """One flat row a part; a figure that no part has is left out."""
    columns = [
        (path, title)
        for path, title in COLUMNS
        if any(figure_at(found, path)["value"] is not None for found in parts.values())
    ]
    return [
        {
            name: part,
            "pictures": found["pictures"],
            **{title: figure_at(found, path) for path, title in columns},
        }
        for part, found in parts.items()
    ]


def sources_without_empties(judged: Sequence[Judged]) -> list[str]:
    """Sources that have animals and no empty picture, by name.

    Telling such a source's camera apart looks like telling animals from empty pictures.
    """
    truths: dict[str, set[str]] = defaultdict(set)
    for each in judged:
        truths[each.sample.source].add(each.truth)
    return sorted(
        source
        for source, labels in truths.items()
        if labels & set(ANIMALS) and State.EMPTY not in labels
    )
