"""A picture as the page tells of it: what the machine said and why, what the camera wrote, and
what people have said. Positions are in none of it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camtrap.events import names
from camtrap.ledger.decisions import Word
from camtrap.ledger.rows import Entry
from camtrap.records import LABELS, UNSURE, State
from camtrap.review.queue import Told

_ASK_SECONDS = 5.0


class Cards:
    """Which cards are plugged in, asked of the disk every few seconds."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[float, bool]] = {}

    def has(self, root: Path) -> bool:
        """True when something lies where the card was; an empty mount point is none."""
        asked, there = self._known.get(root, (-_ASK_SECONDS, False))
        now = time.monotonic()
        if now - asked >= _ASK_SECONDS:
            try:
                with os.scandir(root) as entries:
                    there = next(entries, None) is not None
            except OSError:
                there = False
            self._known[root] = (now, there)
        return there


def frame_of(entry: Entry, taken_at: str | None, word: Word | None, cards: Cards) -> dict[str, Any]:
    """A picture of an event; `taken_at` is its corrected time."""
    return {
        "file": entry.file_id,
        "name": names.file_path(entry),
        "taken_at": taken_at,
        "timestamp_source": entry.capture.timestamp_source,
        "label": entry.state.value if entry.state.is_label else "",
        "state": entry.state.value,
        "confidence": entry.confidence,
        "probabilities": entry.probabilities,
        "width": entry.width,
        "height": entry.height,
        "infrared": names.is_night(entry),
        "boxes": [
            {**found.box._asdict(), "label": found.label, "confidence": found.confidence}
            for found in entry.detections
        ],
        "version": word.version if word is not None else 0,
        "reviewed": reviewed_of(word),
        "has_card": cards.has(entry.root),
        "card": entry.card,
    }


def short_frame_of(told: Told, word: Word | None, first: Mapping[str, Any]) -> dict[str, Any]:
    """A picture of an event that has very many: its number, time and words, its card as `first`."""
    return {
        **dict.fromkeys(("confidence", "width", "height", "infrared")),
        "file": told.file_id,
        "name": "",
        "taken_at": told.taken_at,
        "timestamp_source": first["timestamp_source"],
        "label": told.label,
        "state": told.label,
        "probabilities": {},
        "boxes": [],
        "version": word.version if word is not None else 0,
        "reviewed": reviewed_of(word),
        "has_card": first["has_card"],
        "card": first["card"],
    }


def reviewed_of(word: Word | None) -> dict[str, Any] | None:
    """A person's word, where there is one that counts."""
    if word is None or not word.counts:
        return None
    return {
        "label": word.label,
        "species": word.species,
        "by": word.reviewer,
        "at": word.reviewed_at,
    }


def details_of(
    entry: Entry, run: Mapping[str, Any] | None, event_label: str, suppressed_by: str
) -> dict[str, Any]:
    """What the page shows of one picture beside `frame_of`; `run` is that which judged it."""
    capture = entry.capture
    sequence = ""
    if capture.sequence_index is not None and capture.sequence_length is not None:
        sequence = f"{capture.sequence_index}/{capture.sequence_length}"
    said = run["settings"] if run is not None else {}
    thresholds = said.get("thresholds", {})
    return {
        "exif": {
            "make": capture.make,
            "model": capture.model,
            "serial": capture.serial,
            "raw_timestamp": capture.raw_timestamp,
            "temperature_c": capture.temperature_c,
            "moon_phase": capture.moon_phase,
            "battery_mv": capture.battery_mv,
            "trigger": capture.trigger,
            "sequence": sequence,
        },
        "model": said.get("model", {}).get("id", ""),
        "thresholds": thresholds,
        "suppressed_by": suppressed_by,
        "reasons": reasons_of(entry, thresholds, event_label, suppressed_by),
    }


def reasons_of(
    entry: Entry, thresholds: Mapping[str, float], event_label: str, suppressed_by: str
) -> list[dict[str, Any]]:
    """Why the picture is called what it is, as codes and values that the page puts into words.

    The first follows `vision.calibration.decide`.
    """
    reasons: list[dict[str, Any]] = []

    def add(code: str, **values: Any) -> None:
        reasons.append({"code": code, "values": values})

    chances = entry.probabilities
    if chances and entry.state.is_label:
        leopard, doubt = chances.get("leopard", 0.0), thresholds.get("doubt")
        best = max(LABELS, key=lambda label: chances.get(label, 0.0))
        if entry.state is State.LEOPARD:
            add("leopard", probability=leopard, threshold=thresholds.get("leopard"))
        elif entry.state == UNSURE and doubt is not None and leopard >= doubt:
            add("doubt", probability=leopard, threshold=doubt)
        else:
            label = best if entry.state == UNSURE else entry.state.value
            values = {"label": label, "probability": chances.get(label, 0.0)}
            code = UNSURE if entry.state == UNSURE else "sure"
            add(code, **values, threshold=thresholds.get(label))
    if suppressed_by:
        add("static", cluster=suppressed_by)
    if event_label and entry.state.is_label and event_label != entry.state:
        add("fused", label=entry.state.value, event=event_label)
    if entry.capture.timestamp_source != "exif":
        add("time", source=entry.capture.timestamp_source)
    if entry.reason:
        add("note", text=entry.reason)
    return reasons
