"""Which files `stations.csv` knows, and why not the others."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment, FieldNotes, Offset
from camtrap.card.propose import proposed
from camtrap.events.frames import placing
from camtrap.events.matched import NOT_KNOWN, SEVERAL, Matched, matched, seen_in_season
from camtrap.ledger.store import Ledger
from camtrap.records import Capture
from tests.clock.filled import fill

NOON = datetime(2026, 3, 5, 12)
RIDGE = Deployment(
    "ST01-spring",
    "ST01",
    camera_id="A1",
    start=datetime(2026, 3, 1),
    end=datetime(2026, 4, 1),
)
LATER = Deployment("ST01-summer", "ST01", camera_id="B2", start=datetime(2026, 5, 1))
CREEK = Deployment("ST02", "ST02", camera_id="C3")
ALL = (RIDGE, LATER, CREEK)


def capture(at: datetime | None = NOON, source: str = "exif", **said: Any) -> Capture:
    return Capture(at, source if at else "", **said)


def told(
    ledger: Ledger,
    *files: tuple[str, Capture],
    notes: tuple[Deployment, ...] = ALL,
    offsets: tuple[Offset, ...] = (),
) -> Matched:
    fill(ledger, "A", files)
    return matched(ledger, FieldNotes(notes, offsets))


def test_files_are_counted_by_deployment_and_by_what_told_it(ledger: Ledger) -> None:
    said = told(
        ledger,
        ("ST02/1.JPG", capture()),
        ("ST02/2.JPG", capture(None)),
        ("loose/3.JPG", capture(serial="C3")),
        ("loose/4.JPG", capture(user_label="ST02")),
        ("ST01/5.JPG", capture()),
    )
    assert said.file_counts == Counter({"ST02": 4, "ST01-spring": 1})
    assert said.told_by["ST02"] == Counter(folder=2, serial=1, label=1)
    assert said.unmatched == []
    assert said.unmatched_count == 0


def test_folders_that_nothing_tells_are_listed_with_their_cameras(ledger: Ledger) -> None:
    said = told(
        ledger,
        ("ST09/1.JPG", capture(serial="X9")),
        ("ST09/2.JPG", capture(serial="X8")),
        ("3.JPG", capture()),
    )
    assert [(f.folder, f.why, f.file_count, f.serials) for f in said.unmatched] == [
        ("A", NOT_KNOWN, 1, set()),
        ("A/ST09", NOT_KNOWN, 2, {"X8", "X9"}),
    ]
    assert said.unmatched_count == 3


def test_what_the_time_does_not_decide_is_listed_with_what_fits(ledger: Ledger) -> None:
    said = told(ledger, ("ST01/1.JPG", capture(datetime(2026, 4, 10))), ("ST01/2.JPG", capture()))
    (folder,) = said.unmatched
    assert (folder.why, folder.file_count) == (SEVERAL, 1)
    assert folder.fitting == ("ST01-spring", "ST01-summer")
    assert said.file_counts == Counter({"ST01-spring": 1})


def test_files_outside_their_deployment_s_time_are_counted(ledger: Ledger) -> None:
    said = told(
        ledger,
        ("ST01/1.JPG", capture()),
        ("ST01/2.JPG", capture(datetime(2026, 2, 27))),
        ("ST01/3.JPG", capture(datetime(2026, 2, 27), "modified")),  # the date of a copy
        ("ST01/4.JPG", capture(None)),
        notes=(RIDGE,),
    )
    assert said.outside == Counter({"ST01-spring": 1})
    assert said.file_counts["ST01-spring"] == 4


def test_a_corrected_clock_is_outside_no_more(ledger: Ledger) -> None:
    wrong = datetime(2019, 1, 1, 0, 5)
    right = Offset("ST01-spring", int((NOON - wrong).total_seconds()))
    files = (("ST01/1.JPG", capture(wrong)), ("ST01/2.JPG", capture(wrong + timedelta(hours=1))))
    said = told(ledger, *files, notes=(RIDGE,), offsets=(right,))
    assert not said.outside["ST01-spring"]
    assert matched(ledger, FieldNotes((RIDGE,))).outside["ST01-spring"] == 2


def test_a_camera_of_another_place_is_told(ledger: Ledger) -> None:
    said = told(ledger, ("ST02/1.JPG", capture(serial="A1")), ("ST02/2.JPG", capture(serial="Z")))
    assert said.serial_elsewhere == Counter({("ST02", "A1"): 1})
    assert said.file_counts["ST02"] == 2


def test_corrections_of_nobody_are_named(ledger: Ledger) -> None:
    offsets = (Offset("ST02", 60), Offset("ST2", 60), Offset("A-ST09", 60), Offset("ST09", 60))
    said = told(ledger, ("ST09/1.JPG", capture()), offsets=offsets)
    # A folder without a row is corrected by the name that outputs give it.
    assert said.idle_offsets == ("ST09", "ST2")


def test_copies_are_not_counted(ledger: Ledger) -> None:
    file = ("ST02/1.JPG", capture())
    fill(ledger, "A", [file])
    fill(ledger, "A", [file])
    assert matched(ledger, FieldNotes(ALL)).file_counts == Counter({"ST02": 1})


def test_the_facts_as_plain_values(ledger: Ledger) -> None:
    said = told(ledger, ("ST02/1.JPG", capture(serial="A1")), ("ST09/2.JPG", capture()))
    facts = said.as_dict()
    assert facts["deployments"][2] == {
        "deployment_id": "ST02",
        "station_id": "ST02",
        "file_count": 1,
        "told_by": {"folder": 1},
        "outside_its_time": 0,
    }
    assert facts["unmatched"] == [
        {
            "folder": "A/ST09",
            "why": NOT_KNOWN,
            "file_count": 1,
            "serials": [],
            "fitting": [],
        }
    ]
    assert facts["serial_elsewhere"] == [{"deployment_id": "ST02", "serial": "A1", "file_count": 1}]


FILES = st.lists(
    st.tuples(
        st.sampled_from(["ST01", "ST02", "ST09", "ST01/DCIM/100RECNX", ""]),
        st.one_of(st.none(), st.datetimes(datetime(2026, 2, 1), datetime(2026, 6, 1))),
        st.sampled_from(["exif", "filename", "modified"]),
        st.sampled_from(["", "A1", "B2", "C3", "X9"]),
    ),
    max_size=20,
)


@settings(max_examples=20)
@given(files=FILES)
def test_every_file_is_counted_once_and_as_the_outputs_place_it(
    tmp_path_factory: Any, files: list[tuple[str, datetime | None, str, str]]
) -> None:
    with Ledger(tmp_path_factory.mktemp("season") / "s", create=True) as ledger:
        said = [
            (f"{folder}/{n}.JPG".lstrip("/"), capture(at, source, serial=serial))
            for n, (folder, at, source, serial) in enumerate(files)
        ]
        notes = FieldNotes(ALL)
        facts = told(ledger, *said)
        assert sum(facts.file_counts.values()) + facts.unmatched_count == len(files)
        placed = [each.deployment for each in placing(ledger, notes).frames(ledger)]
        assert facts.file_counts == Counter(d.deployment_id for d in placed if d)
        for name, by in facts.told_by.items():
            assert by.total() == facts.file_counts[name]
            assert facts.outside[name] <= facts.file_counts[name]


def test_a_season_proposes_what_its_headers_say(ledger: Ledger) -> None:
    fill(
        ledger,
        "A",
        [
            ("ST01/1.JPG", capture(serial="A1", latitude=43.1, longitude=131.2)),
            ("ST01/2.JPG", capture(NOON + timedelta(days=9), serial="A1", utc_offset="+10:00")),
            ("ST01/3.JPG", capture(datetime(2030, 1, 1), "modified", serial="A1")),
        ],
    )
    (row,) = proposed(seen_in_season(ledger))
    assert (row.camera_id, row.start, row.end) == ("A1", NOON, NOON + timedelta(days=9))
    assert (row.latitude, row.longitude, row.utc_offset) == (43.1, 131.2, "+10:00")
    assert row.folder == "A/ST01"
    assert "3 files" in row.notes
