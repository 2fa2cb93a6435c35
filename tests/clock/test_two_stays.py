"""Two years at one station with the same camera: whose set-up and retrieval a card is judged by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from camtrap.card.deployments import Deployment, FieldNotes
from camtrap.clock.doctor import findings
from camtrap.clock.finding import Kind
from camtrap.events.frames import placing
from camtrap.ledger.store import Ledger
from camtrap.records import State
from tests.outputs.season_made import Shot, fill

D = datetime
STAYS = (
    Deployment("ST01_2024", "ST01", camera_id="H2", start=D(2024, 2, 10, 9), end=D(2024, 6, 1, 14)),
    Deployment("ST01_2025", "ST01", camera_id="H2", start=D(2025, 2, 9, 10), end=D(2025, 6, 3, 12)),
)
NEW_YEAR = D(2018, 1, 1, 0, 2)


def found(season: Path, stay: Deployment, wrong: Callable[[datetime], datetime]) -> list[object]:
    """What is found on the card of one stay: a picture in nine hours, from set-up to retrieval."""
    assert stay.start is not None
    assert stay.end is not None
    count = (stay.end - stay.start) // timedelta(hours=9)
    taken = [stay.start + n * timedelta(hours=9) for n in range(count + 1)]
    taken[-1] = stay.end
    shots = [Shot("ST01", State.EMPTY, wrong(moment)) for moment in taken]
    with Ledger(season, create=True) as ledger:
        fill(ledger, shots)
        told = findings(ledger, placing(ledger, FieldNotes(STAYS)), D(2026, 1, 1))
    return [(each.kind, each.seconds) for each in told if each.kind is not Kind.SILENCE]


@pytest.mark.parametrize("stay", STAYS, ids=["first", "second"])
def test_a_reset_on_the_way_ends_with_the_retrieval_of_its_own_year(
    season: Path, stay: Deployment
) -> None:
    assert stay.start is not None
    step = stay.start + 60 * timedelta(hours=9)
    seconds = int((step - NEW_YEAR).total_seconds())

    def wrong(moment: datetime) -> datetime:
        return moment - timedelta(seconds=seconds) if moment >= step else moment

    assert found(season, stay, wrong) == [(Kind.RESET, seconds)]


@pytest.mark.parametrize("stay", STAYS, ids=["first", "second"])
def test_a_reset_at_set_up_is_of_the_stay_that_lasted_as_long(
    season: Path, stay: Deployment
) -> None:
    assert stay.start is not None
    away = stay.start - NEW_YEAR
    assert found(season, stay, lambda moment: moment - away) == [
        (Kind.RESET, int(away.total_seconds()))
    ]
