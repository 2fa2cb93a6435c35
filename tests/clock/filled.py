"""A season's ledger of files that need not exist: what their headers said, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from camtrap.clock.shots import Shot
from camtrap.ledger.store import Ledger
from camtrap.records import Capture, ImageFile, Prediction, State
from tests.cards import new_run


def fill(
    ledger: Ledger, card: str, said: Iterable[tuple[str, Capture]], *, nights: Sequence[Any] = ()
) -> None:
    """Enter files of one card by their paths; `nights` are what was seen of their infra-red."""
    entry = ledger.add_card(card, Path("/nowhere") / card)
    told = list(said)
    files = [ImageFile(entry.root, path, 1000, n) for n, (path, _) in enumerate(told)]
    ledger.register(entry, files)
    night = list(nights) or [None] * len(files)
    results = [
        (
            file,
            Prediction(
                file.path,
                State.EMPTY,
                capture=capture,
                content_key=f"{card}/{path}",
                infrared=night[n],
            ),
        )
        for n, (file, (path, capture)) in enumerate(zip(files, told, strict=True))
    ]
    ledger.record(entry, new_run(ledger), results)


def fill_with_shots(
    ledger: Ledger, card: str, folder: str, taken: Sequence[Shot], **capture: Any
) -> None:
    """Enter a simulated camera's pictures in a folder; `capture` are fields of `Capture`."""
    said = []
    for shot in taken:
        assert shot.number is not None
        number, file = shot.number
        path = f"{folder}/DCIM/{number}RECNX/RCNX{file:04}.JPG"
        told = Capture(
            shot.taken_at,
            "exif",
            sequence_index=shot.index,
            maker_event=shot.event,
            **capture,
        )
        said.append((path, told))
    fill(ledger, card, said, nights=[shot.is_night for shot in taken])
