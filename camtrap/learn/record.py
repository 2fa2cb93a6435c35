"""What a model remembers of its training, for `model.json` and the card: data, figures, thresholds.

The figures are out of fold: every picture was judged by a network that saw nothing of its site.
Only the rule's four numbers and the thresholds were fitted on these very pictures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camtrap.learn.dataset import Sample
from camtrap.learn.emptied import is_emptied
from camtrap.learn.evaluation.figures import figures, rows
from camtrap.learn.evaluation.judged import Judged
from camtrap.learn.metrics import Share
from camtrap.learn.settings import TrainingSettings
from camtrap.records import LABELS, State
from camtrap.vision.calibration import Thresholds, decide

Chances = NDArray[np.float64]


def training_record(
    settings: TrainingSettings,
    samples: Sequence[Sample],
    chances: Chances,
    thresholds: Thresholds,
    emptied: int,
    seconds: float,
) -> dict[str, Any]:
    """All of it as plain values; `chances` (n, labels) are out of fold, in the order of `LABELS`.

    `emptied` is how many of the samples, at the end, are frames with their animals taken off.
    """
    judged = judge(samples, chances, thresholds)
    real = judged[: len(judged) - emptied]
    with_empties = {s.source for s in samples[: len(real)] if s.label == State.EMPTY}
    both = [each for each in real if each.sample.source in with_empties]
    calibration = figures(real)["calibration"]
    return {
        "data": data_rows(samples),
        "settings": {
            "seed": settings.seed,
            "folds": settings.fold_count,
            "emptied frames": emptied,
            **{f"tune: {name}": value for name, value in settings.tune.items()},
        },
        "seconds": round(seconds),
        "cross_validation": {
            "all": rows(figures(real)),
            "sources that have empty pictures": rows(figures(both)),
            "with emptied frames": rows(figures(judged)),
        },
        "calibration": {
            "expected_calibration_error": calibration["error"],
            "thresholds": threshold_rows(samples, chances, thresholds),
        },
    }


def judge(samples: Sequence[Sample], chances: Chances, thresholds: Thresholds) -> list[Judged]:
    """What the rule and the thresholds say of each sample."""
    judged = []
    for sample, row in zip(samples, chances, strict=True):
        said = dict(zip(LABELS, map(float, row), strict=True))
        judged.append(Judged(sample, decide(said, thresholds)[0], said))
    return judged


def data_rows(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """One row a source and licence: how many pictures of which label, of how many groups."""
    members: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        emptied = " (animals taken off)" if is_emptied(sample) else ""
        members[sample.source + emptied, sample.licence].append(sample)
    table = []
    for (source, licence), each in members.items():
        counts = Counter(sample.label for sample in each)
        table.append(
            {
                "source": source,
                "licence": licence,
                **{label: counts[label] for label in LABELS},
                "sites or events": len({sample.group for sample in each}),
            }
        )
    return table


def threshold_rows(
    samples: Sequence[Sample], chances: Chances, thresholds: Thresholds
) -> dict[str, Mapping[str, Any]]:
    """Each threshold with the share, out of fold, of what it must not lose, and its interval."""
    truth = np.array([sample.label for sample in samples])
    leopard = chances[truth == State.LEOPARD, LABELS.index("leopard")]
    empty = chances[truth != State.EMPTY, LABELS.index("empty")]
    kept = {
        "leopard": leopard >= thresholds.leopard,
        "doubt": leopard >= thresholds.doubt,
        "empty": empty < thresholds.empty,
    }
    found: dict[str, Mapping[str, Any]] = {}
    for name, value in thresholds.as_dict().items():
        if name in kept:
            share = Share(int(kept[name].sum()), len(kept[name]))
        else:
            mine = truth == name
            column = chances[:, LABELS.index(name)]
            share = Share(int((column[mine] >= value).sum()), int(mine.sum()))
        low, high = share.interval
        found[name] = {
            "value": value,
            "reached by": f"{share.right}/{share.count}",
            "share": round(share.value, 4) if share.count else None,
            "interval": [round(low, 4), round(high, 4)],
        }
    return found
