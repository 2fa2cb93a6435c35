"""Seasons made in code, with any names and any predictions, and exports of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from hypothesis import strategies as st

from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.opening import source_of
from camtrap.outputs.exports.registry import formats_of
from camtrap.outputs.exports.writing import export
from camtrap.records import LABELS, Box, Capture, Detection, ImageFile, Prediction, State
from tests.cards import new_run

MODEL = "camtrap (fake)"
START = datetime(2026, 2, 3, 21, 50)
LIVING = LABELS[:-1]
SIDES = Box(0.1, 0.2, 0.3, 0.4)
TWIN = f"xxh3:{0xBEEF:032x}"


@dataclass(frozen=True, slots=True)
class Row:
    """A file to be entered; `name` is its path on the card."""

    name: str
    state: State = State.EMPTY
    detections: tuple[Detection, ...] = ()
    probabilities: dict[str, float] | None = None
    confidence: float | None = 0.9
    taken_at: datetime | None = START
    timestamp_source: str = "exif"
    content_key: str = ""
    width: int | None = 640
    height: int | None = 480
    orientation: int = 1
    latitude: float | None = None
    longitude: float | None = None
    sequence: tuple[int, int, int] | None = None
    skip_reason: str = ""
    card: str = "card"
    size: int = 1000


def chances(**said: float) -> dict[str, float]:
    """One probability a label; what is not said is shared by the others."""
    rest = (1 - sum(said.values())) / max(1, len(LABELS) - len(said))
    return {label: said.get(label, rest) for label in LABELS}


def box(label: str, confidence: float = 0.8, sides: Box = SIDES) -> Detection:
    """A box of one label, with the rest of its chances at the other living ones."""
    rest = (0.95 - confidence) / (len(LIVING) - 1)
    told = {name: confidence if name == label else max(0.0, rest) for name in LIVING}
    return Detection(label, confidence, sides, 0.7, told)


def made_season(season: Path, rows: Iterable[Row], *, roots: Path | None = None) -> Path:
    """Enter the rows into a new season; the cards lie under `roots`, where no file need be."""
    roots = roots or season.parent / "cards"
    rows = list(rows)
    with Ledger(season, create=True) as ledger:
        run = new_run(ledger)
        for name in dict.fromkeys(row.card for row in rows):
            card = ledger.add_card(name, roots / name)
            own = [row for row in rows if row.card == name]
            files = [
                ImageFile(card.root, row.name, row.size, n, row.skip_reason)
                for n, row in enumerate(own)
            ]
            ledger.register(card, files)
            results = [
                (file, _prediction(file, row, number))
                for number, (file, row) in enumerate(zip(files, own, strict=True))
                if row.state not in (State.PENDING, State.SKIPPED)
            ]
            ledger.record(card, run, results)
        ledger.finish_run(run)
    return season


def _prediction(file: ImageFile, row: Row, number: int) -> Prediction:
    index, length, event = row.sequence or (None, None, None)
    capture = Capture(
        taken_at=row.taken_at,
        timestamp_source=row.timestamp_source if row.taken_at else "",
        orientation=row.orientation,
        latitude=row.latitude,
        longitude=row.longitude,
        sequence_index=index,
        sequence_length=length,
        maker_event=event,
    )
    read = row.state.is_label
    return Prediction(
        file.path,
        row.state,
        confidence=row.confidence if read else None,
        probabilities=(row.probabilities or chances()) if read else {},
        detections=row.detections if read else (),
        capture=capture,
        content_key=row.content_key or f"xxh3:{crc32(row.card.encode()):08x}{number:024x}",
        width=row.width if read else None,
        height=row.height if read else None,
        reason="" if read else "the data end early",
    )


def exported(season: Path, name: str, out: Path, **said: Any) -> Exported:
    """Export one format into `out/NAME`; what is not `public` or `grid` is an option."""
    opened = {key: said.pop(key) for key in ("public", "grid") if key in said}
    options = {key.replace("_", "-"): str(value) for key, value in said.items()}
    with source_of(season, **opened) as source:
        [form] = formats_of([name])
        return export(replace(source, options=options), form, out)


def read_json(path: Path) -> Any:
    """A document, in which no key stands twice and no number is no number."""

    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        assert len(found) == len(pairs)
        return found

    def refuse(word: str) -> float:
        raise AssertionError(f"{word} is no JSON")

    text = path.read_text(encoding="utf-8")
    return json.loads(text, object_pairs_hook=once, parse_constant=refuse)


# -- anything at all

_ODD = "aZ0 ._-'\"<>:|?*\\\n\t,;=+@#%&{}[]ёЖ狍\u202e\u200b\u0301é😀"

hostile_names = st.one_of(
    st.text(_ODD, min_size=1, max_size=12),
    st.sampled_from(["CON", "nul.JPG", "..", "a" * 200, "=1+1", "-", " ", "NA", "com1.jpg"]),
).filter(lambda name: name not in (".", ".."))

hostile_paths = st.lists(hostile_names, min_size=1, max_size=3).map("/".join)

_shares = st.floats(0, 1, allow_nan=False, width=32)

boxes = st.builds(
    lambda x, y, w, h: Box(x, y, w * (1 - x), h * (1 - y)), _shares, _shares, _shares, _shares
)


@st.composite
def detections(draw: st.DrawFn) -> Detection:
    """A box with any chances that a model may give."""
    raw = {label: draw(st.floats(0.001, 1)) for label in LIVING}
    alive = draw(st.floats(0.01, 1))
    told = {label: alive * value / sum(raw.values()) for label, value in raw.items()}
    label = draw(st.sampled_from(LIVING))
    return Detection(label, told[label], draw(boxes), draw(st.floats(0, 1)), told)


@st.composite
def rows(draw: st.DrawFn, names: st.SearchStrategy[str] = hostile_paths) -> list[Row]:
    """Files of one or two cards in every state."""
    found = []
    seen = set()
    for number, name in enumerate(draw(st.lists(names, min_size=0, max_size=6))):
        card = draw(st.sampled_from(["card", "карта 2"]))
        # One path cannot be a file and another file's folder.
        path = f"{number}/{name}.JPG"
        assert (card, path) not in seen
        seen.add((card, path))
        state = draw(st.sampled_from(sorted(State)))
        raw = {label: draw(st.floats(0.001, 1)) for label in LABELS}
        total = sum(raw.values())
        told = {label: value / total for label, value in raw.items()}
        boxed = state.is_label and state != State.EMPTY
        found.append(
            Row(
                name=path,
                # The ledger itself finds out which files repeat another.
                state=State.UNSURE if state == State.DUPLICATE else state,
                content_key=draw(st.sampled_from(["", "", TWIN])) if state.is_label else "",
                detections=tuple(draw(st.lists(detections(), max_size=2))) if boxed else (),
                probabilities=told,
                confidence=told.get(state, max(told.values())),
                taken_at=draw(
                    st.none() | st.integers(0, 20_000).map(lambda s: START + timedelta(seconds=s))
                ),
                timestamp_source=draw(st.sampled_from(["exif", "filename", "modified"])),
                orientation=draw(st.integers(1, 8)),
                skip_reason="a video" if state == State.SKIPPED else "",
                card=card,
            )
        )
    return found
