"""A split that is kept: which fold every picture was in, so that another training can be compared.

The file is a small CSV with the columns `file, group, fold`. A split in which a site or an event
lies on both sides measures memory, not sight: such a one is neither written nor read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from camtrap.errors import DataError
from camtrap.learn.dataset import Sample

_COLUMNS = ("file", "group", "fold")


def write_folds(path: Path, samples: Sequence[Sample], fold_of: Sequence[int]) -> None:
    """Write the fold of each sample, in their order; `fold_of` is as long as `samples`.

    Raises `DataError` when a file or a group would lie in two folds.
    """
    rows = [(s.file, s.group, fold) for s, fold in zip(samples, fold_of, strict=True)]
    _check_whole(path, "group", ((group, fold) for _, group, fold in rows))
    _check_whole(path, "file", ((name, fold) for name, _, fold in rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)


def read_folds(path: Path, samples: Sequence[Sample]) -> list[int]:
    """The stored fold of each sample; rows of other pictures are passed over.

    Raises `DataError` when the file cannot be read, misses a sample, or splits a group: one as it
    was called when the split was written, or one of the samples as they are called now.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [(row["file"], row["group"], int(row["fold"])) for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The stored split {path} cannot be read: {error}.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is no stored split: it needs the columns {', '.join(_COLUMNS)}, and a whole "
            f"number as fold ({error})."
        ) from error
    _check_whole(path, "group", ((group, fold) for _, group, fold in rows))
    _check_whole(path, "file", ((name, fold) for name, _, fold in rows))
    stored = {name: fold for name, _, fold in rows}
    if missing := [sample.file for sample in samples if sample.file not in stored]:
        raise DataError(
            f"The stored split {path} misses {len(missing)} of {len(samples)} pictures, "
            f"{missing[0]} first. It belongs to other data: leave it out to make a new one."
        )
    found = [stored[sample.file] for sample in samples]
    _check_whole(path, "group", ((s.group, f) for s, f in zip(samples, found, strict=True)))
    return found


def _check_whole(path: Path, kind: str, members: Iterable[tuple[str, int]]) -> None:
    """Raise `DataError` when a name stands with two folds."""
    fold_of: dict[str, int] = {}
    for name, fold in members:
        if fold_of.setdefault(name, fold) != fold:
            raise DataError(
                f"The split {path} has the {kind} '{name}' in the folds {fold_of[name]} and "
                f"{fold}. Leave the file out to make a new split."
            )
