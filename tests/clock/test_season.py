"""The clock doctor on a whole season: several cards, cameras and rows of `stations.csv`."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment, FieldNotes, Offset
from camtrap.clock.doctor import findings
from camtrap.clock.finding import Finding, Kind
from camtrap.clock.proposal import proposed_offsets
from camtrap.events.frames import placing
from camtrap.ledger.store import Ledger
from camtrap.records import Capture
from tests.clock.filled import fill, fill_with_shots
from tests.clock.simulated import NOW, moved, shots, site

WHERE = site(days=40)
STAY = WHERE.stays[0]
RESET = datetime(2019, 1, 1, 0, 4)


def found_in(ledger: Ledger, *stays: Deployment, offsets: tuple[Offset, ...] = ()) -> list[Finding]:
    return findings(ledger, placing(ledger, FieldNotes(stays, offsets)), NOW)


def test_a_right_season_has_no_finding_with_and_without_notes(ledger: Ledger) -> None:
    for card, station in (("A", "ST01"), ("B", "ST02")):
        fill_with_shots(ledger, card, station, shots(WHERE, per_day=5), serial=station)
    assert found_in(ledger, STAY) == []
    assert found_in(ledger) == []


def test_a_right_card_beside_a_wrong_one_is_not_corrected(ledger: Ledger) -> None:
    # The card was changed on the way, and the second time the clock began anew.
    right = shots(WHERE, per_day=5)
    half = len(right) // 6 * 3
    wrong = int((RESET - right[half].taken_at).total_seconds())
    fill_with_shots(ledger, "A", "ST01", right[:half])
    fill_with_shots(ledger, "B", "ST01", moved(right, wrong, half)[half:])
    found = found_in(ledger, STAY)
    (fault,) = [each for each in found if each.kind == Kind.RESET]
    assert (fault.start, fault.first_path[:2]) == (RESET, "B/")
    assert "2019-01-01 00:04" in fault.proposal
    (offset,) = proposed_offsets(found)
    assert not offset.holds(right[0].taken_at)
    assert not offset.holds(right[half - 1].taken_at)
    assert [f for f in found_in(ledger, STAY, offsets=(offset,)) if f.kind == Kind.RESET] == []


def test_cards_of_the_same_times_are_told_to_be_moved_as_well(ledger: Ledger) -> None:
    where = site(start=datetime(2026, 3, 10, 10), days=40)
    fill_with_shots(ledger, "A", "ST01", shots(where, per_day=10))
    fill_with_shots(ledger, "B", "ST01", moved(shots(where, seed=1, per_day=10), 12 * 3600))
    (fault,) = [each for each in found_in(ledger, where.stays[0]) if each.kind == Kind.DAYLIGHT]
    assert fault.first_path.startswith("B/")
    assert fault.seconds == -12 * 3600
    assert "would be moved as well" in fault.proposal
    assert fault.score < 0.5


def test_two_rows_told_apart_by_the_camera_s_folders_are_two_tracks(ledger: Ledger) -> None:
    start = datetime(2026, 3, 1, 10)
    rows = [
        Deployment(
            name,
            "ST01",
            start=start + timedelta(days=20 * n),
            end=start + timedelta(days=20 * n + 19),
            folder=f"ST01/DCIM/{100 + n}RECNX",
        )
        for n, name in enumerate(("spring", "summer"))
    ]
    fill(
        ledger,
        "A",
        [
            (f"{row.folder}/RCNX{n:04}.JPG", Capture(row.start + timedelta(days=n), "exif"))
            for row in rows
            if row.start
            for n in range(1, 15)
        ],
    )
    assert found_in(ledger, *rows) == []


def test_pictures_of_a_day_that_two_rows_share_are_not_outside(ledger: Ledger) -> None:
    # Only the day of the visit is known, so it was parted at noon; the visit was at nine.
    visit = datetime(2026, 4, 1)
    noon = visit + timedelta(hours=12)
    spring = Deployment("a", "ST01", start=datetime(2026, 3, 1), end=noon - timedelta(seconds=1))
    summer = Deployment("b", "ST01", start=noon, end=datetime(2026, 5, 1, 23, 59, 59))
    for name, first in (("a", datetime(2026, 3, 1, 9)), ("b", visit + timedelta(hours=9))):
        times = [first + timedelta(days=n) for n in range(20)]
        said = [(f"{name}/RCNX{n:04}.JPG", Capture(at, "exif")) for n, at in enumerate(times, 1)]
        fill(ledger, name, said)
    assert found_in(ledger, spring, summer) == []
    early = [("b/RCNX0001.JPG", Capture(visit - timedelta(days=1), "exif"))]
    fill(ledger, "C", early)
    assert [each.kind for each in found_in(ledger, spring, summer)] == [Kind.BEFORE_SETUP]


@settings(max_examples=8)
@given(st.integers(31, 60), st.integers(3, 40))
def test_a_month_without_a_picture_is_found(
    tmp_path_factory: object, silent: int, before: int
) -> None:
    folder = tmp_path_factory.mktemp("season") / "s"  # type: ignore[attr-defined]
    first = datetime(2026, 3, 1, 9)
    times = [first + timedelta(days=n) for n in range(before)]
    times += [times[-1] + timedelta(days=silent + 1 + n) for n in range(5)]
    stay = Deployment("ST01", "ST01", start=first, end=times[-1])
    with Ledger(folder, create=True) as ledger:
        said = [(f"ST01/RCNX{n:04}.JPG", Capture(at, "exif")) for n, at in enumerate(times, 1)]
        fill(ledger, "A", said)
        (fault,) = found_in(ledger, stay)
        assert (fault.kind, fault.seconds, fault.offset) == (Kind.SILENCE, None, None)
        assert f"no picture on {silent} days" in fault.evidence
        assert fault.first_path == f"A/ST01/RCNX{before:04}.JPG"
        assert fault.last_path == f"A/ST01/RCNX{before + 1:04}.JPG"


def test_the_date_of_a_copy_is_no_clock(ledger: Ledger) -> None:
    said = [(f"ST01/RCNX{n:04}.JPG", Capture(datetime(2031, 1, n), "modified")) for n in (1, 2)]
    fill(ledger, "A", said)
    assert found_in(ledger, STAY) == []
