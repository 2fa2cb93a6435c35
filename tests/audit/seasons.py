"""Seasons made for audits: stations with bursts of empty frames, some prey, leopards and doubt."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from camtrap.ledger.reviews import add_reviews
from camtrap.ledger.store import Ledger
from camtrap.records import Prediction, State
from tests.cards import listed, new_run
from tests.outputs.season_made import Shot, fill

START = datetime(2026, 1, 1)


def burst(folder: str, minute: int, *labels: State, confidence: float = 0.97) -> list[Shot]:
    """Frames of one trigger, a second apart."""
    begun = START + timedelta(minutes=minute)
    return [
        Shot(folder, label, begun + timedelta(seconds=n), confidence=confidence)
        for n, label in enumerate(labels)
    ]


def season_of(season: Path, shots: Iterable[Shot]) -> Path:
    """A season of one card."""
    with Ledger(season, create=True) as ledger:
        fill(ledger, list(shots))
    return season


def empty_card(season: Path, count: int) -> None:
    """One more card of a new station, on which nothing was seen."""
    with Ledger(season) as ledger:
        card = ledger.add_card("B", Path("/nowhere/B"))
        files = listed(card.root, count)
        ledger.register(card, files)
        said = [
            (file, Prediction(file.path, State.EMPTY, 0.97, content_key=f"B-{file.relative_path}"))
            for file in files
        ]
        ledger.record(card, new_run(ledger), said)


def many(count: int = 200, stations: int = 4, *, seed: int = 1) -> list[Shot]:
    """Bursts of one to five frames at several stations, most of them empty."""
    chance = random.Random(seed)
    shots: list[Shot] = []
    for minute in range(0, 10 * count, 10):
        [label] = chance.choices(
            [State.EMPTY, State.PREY, State.LEOPARD, State.UNSURE], [80, 14, 3, 3]
        )
        labels = [label] * chance.choice([1, 3, 3, 5])
        folder = f"ST{chance.randrange(stations):02}"
        shots += burst(folder, minute, *labels, confidence=chance.uniform(0.8, 0.999))
    return shots


def say(season: Path, label: str, files: Iterable[int]) -> None:
    """A person says the same of some files."""
    add_reviews(season, [(file, label, "") for file in files], reviewer="Ольга", over_others=True)
