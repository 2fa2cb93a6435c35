"""CSV for Timelapse's import: labels for files that an image set has already, one table a card.

Timelapse (Saul Greenberg) opens a folder as an image set; its importer updates the rows of files
that it knows by `File` and `RelativePath` (with backslashes, without the file's name), and stops at
a column that the template does not have. Facts from its documentation and source, 2025.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError
from camtrap.events.frames import Frame
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.dp_sinks import table
from camtrap.outputs.exports.safe_names import UniqueNames, safe_name
from camtrap.outputs.exports.sites import shows_people
from camtrap.records import State

UNDATED = "without time"
_FIXED = ("RootFolder", "File", "RelativePath", "DateTime", "DeleteFlag")


def write(source: Source, out: Path) -> Exported:
    """Write `CARD.csv` for each card, and `CARD without time.csv` for its files without a time.

    Only files with a label come. Raises `ConfigError` for a label that the importer cannot take.
    """
    label = _data_label(source.options.get("label", "Species"))
    confidence = source.options.get("confidence", "")
    columns = (label, *((_data_label(confidence),) if confidence else ()))
    if len({*columns, *_FIXED}) < len(columns) + len(_FIXED):
        raise ConfigError("label and confidence are two columns of the template's own.")
    names, paths, rows = UniqueNames(), list[Path](), 0
    lost: Counter[str] = Counter()
    for card, frames in groupby(source.frames(), key=lambda frame: frame.entry.card):
        stem = safe_name(card)
        files = [out / names.give("", f"{stem}{more}.csv") for more in ("", f" {UNDATED}")]
        header = (*_FIXED, *columns)
        undated = tuple(column for column in header if column != "DateTime")
        with ExitStack() as stack:
            add = stack.enter_context(table(files[0], header))
            add_undated = stack.enter_context(table(files[1], undated))
            undated_count = 0
            for frame in frames:
                if not _comes(frame, source, lost):
                    continue
                row = row_of(frame, *columns)
                rows += 1
                if frame.taken_at is not None and frame.dated:
                    add(row)
                else:
                    del row["DateTime"]
                    add_undated(row)
                    undated_count += 1
        if not undated_count:
            files.pop().unlink()
        paths += files
    names.close()
    return Exported(tuple(paths), rows, tuple(_notes(label, lost, source.public)))


def row_of(frame: Frame, label: str, confidence: str = "") -> dict[str, Any]:
    """One file; the confidence is empty where a person gave the label."""
    entry = frame.entry
    folder, _, name = entry.relative_path.rpartition("/")
    row: dict[str, Any] = {
        "RootFolder": entry.root.name,
        "File": name,
        "RelativePath": folder.replace("/", "\\"),
        "DateTime": frame.taken_at and frame.taken_at.strftime("%Y-%m-%d %H:%M:%S"),
        "DeleteFlag": False,
        label: frame.label.value,
    }
    if confidence:
        known = frame.review is None and entry.confidence is not None
        row[confidence] = round(entry.confidence or 0.0, 4) if known else None
    return row


def _comes(frame: Frame, source: Source, lost: Counter[str]) -> bool:
    if not frame.label.is_label:
        if frame.label != State.SKIPPED:
            lost[frame.label.value] += 1
        return False
    if source.public and shows_people(frame):
        lost["people"] += 1
        return False
    return True


def _data_label(text: str) -> str:
    """A column's name in a template: letters, digits and underscores, beginning with a letter."""
    if not (text.isascii() and text.isidentifier() and text[0].isalpha()):
        raise ConfigError(
            f"'{text}' is no DataLabel of Timelapse: letters, digits and _, a letter first."
        )
    return text


def _notes(label: str, lost: Counter[str], public: bool) -> Iterator[str]:
    choices = ", ".join(state.value for state in State if state.is_label)
    yield (
        f"The template needs a column with the DataLabel {label}; if it is a choice, its list must "
        f"hold {choices}."
    )
    for reason, count in sorted(lost.items()):
        yield f"{count:,} files are left out: {reason}."
    if public:
        yield "File and folder names are as on the card, which may name places."
