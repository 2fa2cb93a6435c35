"""Two years, three stations, 40,000 frames: what comes out equals what was put in, to the second.

The season is made by code (`season.py`, `entered.py`), and what must come of it is worked out by
other, slow ways (`truth.py`); every file is read by somebody else's reader (`counts.py`).
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from frictionless import Resource, Schema, system
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from camtrap.card.deployments import Deployment
from camtrap.cli.main import app
from camtrap.clock.doctor import findings
from camtrap.clock.finding import Finding, Kind
from camtrap.clock.proposal import proposed_offsets, save_proposal
from camtrap.events.frames import placing
from camtrap.ledger.store import Ledger
from camtrap.outputs import brief, events_csv, geojson, gpx, kml
from camtrap.records import State
from tests.acceptance import season as story
from tests.acceptance.counts import LABELS, PATROL, agree, in_csv, on_a_map, page_of, rows_of
from tests.acceptance.entered import enter, faults
from tests.acceptance.truth import (
    Picture,
    TrueEvent,
    histories,
    kept_in_sight,
    last_pictures,
    operation,
    true_events,
)
from tests.outputs.season_made import Shot, made

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class TwoYears:
    """The season after `camtrap events`, with what is true of it and what the doctor said first."""

    folder: Path
    pictures: Sequence[Picture]
    events: Sequence[TrueEvent]
    clocks: Sequence[Finding]
    clean_clocks: Sequence[Finding]
    said: str


def clocks_of(season: Path) -> list[Finding]:
    with Ledger(season) as ledger:
        return findings(ledger, placing(ledger))


@pytest.fixture(scope="module")
def two_years(tmp_path_factory: pytest.TempPathFactory) -> TwoYears:
    """Made once: the twins share all cards at which nothing goes wrong."""
    clean = story.clean_season()
    faulty = story.faulty_season(clean)
    assert len(faulty) == story.FRAMES
    wrong = faults(faulty)
    touched = {story.RESET, story.HALF_DAY, story.DEAD, story.ROCK}
    folder = tmp_path_factory.mktemp("two_years")
    twin = enter(folder / "clean", [p for p in clean if p.stay.name not in touched], {})
    season = folder / "season-2024"
    shutil.copytree(twin, season)
    enter(twin, [p for p in clean if p.stay.name in touched], {})
    enter(season, [p for p in faulty if p.stay.name in touched], wrong)
    clocks = clocks_of(season)
    save_proposal(proposed_offsets(clocks), season / "clock_offsets.csv")
    result = CliRunner().invoke(app, ["events", str(season)])
    assert result.exit_code == 0, result.output
    return TwoYears(season, faulty, true_events(faulty), clocks, clocks_of(twin), result.stdout)


# -- clocks


def test_every_fault_of_a_clock_is_found_with_the_right_seconds(two_years: TwoYears) -> None:
    _, seconds = faults(two_years.pictures)[story.RESET]
    told = {each.deployment_id: each for each in two_years.clocks if each.kind is not Kind.SILENCE}
    assert {name: (each.kind, each.seconds) for name, each in told.items()} == {
        story.RESET: (Kind.RESET, -seconds),
        story.HALF_DAY: (Kind.DAYLIGHT, -12 * 3600),
    }
    assert len(two_years.clocks) == 4
    assert told[story.RESET].start == story.RESET_READS
    assert told[story.HALF_DAY].start is told[story.HALF_DAY].end is None
    # A camera that took nothing, or hides it behind another date, was silent as well.
    silent = {each.deployment_id for each in two_years.clocks if each.kind is Kind.SILENCE}
    assert silent == {story.RESET, story.DEAD}


def test_a_season_in_which_nothing_went_wrong_gives_no_alarm(two_years: TwoYears) -> None:
    assert two_years.clean_clocks == []


def test_what_was_put_right_is_not_found_again(two_years: TwoYears) -> None:
    [listed] = re.findall(r'<ul class="findings">(.*?)</ul>', page_of(two_years.folder), re.S)
    assert re.findall(r"<b><bdi>([^<]*)", listed) == [story.DEAD]


# -- events


def test_the_events_are_those_that_happened(two_years: TwoYears) -> None:
    told = Counter(map(told_event, rows_of(two_years.folder / "events.csv")))
    true = Counter(two_years.events)
    assert sorted((true - told).elements()) == []  # nothing lost
    assert sorted((told - true).elements()) == []  # nothing invented
    assert {each.label for each in true} == set(LABELS)
    assert f"{len(two_years.events):,} events" in two_years.said
    assert f"{story.FRAMES:,} files = " in two_years.said


def told_event(row: dict[str, str]) -> TrueEvent:
    start, end = (datetime.fromisoformat(row[f"event_{side}"]) for side in ("start", "end"))
    assert start.utcoffset() == end.utcoffset() == timedelta(hours=10)
    return TrueEvent(
        row["station_id"],
        row["label"],
        start.replace(tzinfo=None),
        end.replace(tzinfo=None),
        int(row["count_min"]) if row["count_min"] else None,
        int(row["image_count"]),
    )


def test_the_truth_is_not_trivial(two_years: TwoYears) -> None:
    """What makes it hard is in it: else the others would prove little."""
    events = two_years.events
    assert any(each.start.date() != each.end.date() for each in events)
    assert any(each.animals is None for each in events)
    assert max(each.animals or 0 for each in events) > 2
    spells = sorted((e.station, e.label, e.start, e.end) for e in events)
    gaps = {two[2] - one[3] for one, two in pairwise(spells) if one[:2] == two[:2]}
    assert timedelta(minutes=30) in gaps
    assert min(gaps) == timedelta(minutes=30)


def test_the_rock_is_gone_and_no_animal_with_it(two_years: TwoYears) -> None:
    kept = set(map(id, kept_in_sight(two_years.pictures)))
    rock = [each for each in two_years.pictures if each.is_rock]
    gone = {_seen(each) for each in rock if id(each) not in kept}
    assert 0 < len(kept) < len(gone) / 10
    rows = rows_of(two_years.folder / "images.csv")
    hidden = [row for row in rows if row["suppressed_by"]]
    assert {(row["station_id"], row["timestamp"][:19]) for row in hidden} == gone
    assert {row["suppressed_by"] for row in hidden} == {f"{story.ROCK}_s01"}
    assert not any(row["event_id"] for row in hidden)
    # The deer that stood in the very spot are seen.
    seen = {(r["station_id"], r["timestamp"][:19]) for r in rows if r["event_id"]}
    deer = {_seen(p) for p in two_years.pictures if not p.is_rock and _in_the_spot(p)}
    assert len(deer) > 5
    assert deer <= seen


def _seen(picture: Picture) -> tuple[str, str]:
    return picture.stay.station, picture.taken_at.isoformat()


def _in_the_spot(picture: Picture) -> bool:
    is_alone = picture.animal is not None and not picture.beside_rock
    return is_alone and any(abs(b.box.x - story.ROCK_BOX.x) < 0.01 for b in picture.boxes)


# -- effort, as camtrapR counts it


def worked(two_years: TwoYears) -> dict[str, Counter[date]]:
    """By deployment, the part of each day on which its camera worked, in truth."""
    last = last_pictures(two_years.pictures)
    return {
        stay.name: Counter(
            operation(stay, last[stay.name] if stay.name == story.DEAD else stay.end)
        )
        for stay in story.stays()
    }


def test_trap_nights_are_the_sum_of_parts_of_days(two_years: TwoYears) -> None:
    rows = {r["deployment_id"]: r for r in rows_of(two_years.folder / "stations_report.csv")}
    parts = worked(two_years)
    # Set up at 09:20, it worked for 0.6111 of the day (standard: 08:00 is 0.6667).
    assert parts["ST01_2024-02-10"][date(2024, 2, 10)] == Fraction(24 * 60 - 560, 24 * 60)
    assert len(rows) == len(parts) == 12
    for name, by_day in parts.items():
        assert float(rows[name]["trap_nights"]) == round(float(sum(by_day.values())), 4)
        assert int(rows[name]["active_days"]) == sum(part > 0 for part in by_day.values())


def test_a_dead_camera_is_missing_effort(two_years: TwoYears) -> None:
    rows = {r["deployment_id"]: r for r in rows_of(two_years.folder / "stations_report.csv")}
    assert {n for n, row in rows.items() if row["effort_end_from"] == "dead"} == {story.DEAD}
    assert {n for n, row in rows.items() if row["dead_since"]} == {story.DEAD}
    last = last_pictures(two_years.pictures)[story.DEAD]
    assert rows[story.DEAD]["dead_since"] == f"{last.isoformat()}+10:00"
    history = {r["station_id"]: r for r in rows_of(two_years.folder / "effort.csv")}["ST03"]
    assert list(history.values())[-9:] == ["0.0"] * 9  # 63 of the 71 days
    assert all(row["outside_count"] == "0" for row in rows.values())


@pytest.mark.parametrize("label", ["leopard", "prey"])
def test_detection_histories_are_camtrapr_s(two_years: TwoYears, label: str) -> None:
    stations: dict[str, Counter[date]] = {}
    for name, by_day in worked(two_years).items():
        stations.setdefault(name[:4], Counter()).update(by_day)
    told = {
        row.pop("station_id"): list(row.values())
        for row in rows_of(two_years.folder / f"detection_history_{label}.csv")
    }
    assert told == histories(stations, two_years.events, label)
    assert {"0", "1", "NA"} == {cell for line in told.values() for cell in line} | {"0"}
    # What camtrapR drops without a word is told: all of it lies in the problem that is too wide.
    lost = [r for r in rows_of(two_years.folder / "detections_without_effort.csv")
            if r["label"] == label]  # fmt: skip
    assert lost
    [problem] = story.PROBLEMS[story.TOO_WIDE]
    for row in lost:
        assert row["event_id"].startswith(story.TOO_WIDE)
        assert problem[0] <= datetime.fromisoformat(row["began"]) < problem[1]


# -- other people's readers


@pytest.mark.parametrize("name", ["events", "stations"])
def test_the_tables_are_valid(two_years: TwoYears, name: str) -> None:
    table = {"stations": "stations_report"}.get(name, name)
    assert faults_of(two_years.folder / f"{table}.csv", name) == []


def test_the_table_of_images_is_valid(two_years: TwoYears, tmp_path: Path) -> None:
    # Somebody else's reader takes a while for 40,000 rows: every tenth, and all of the odd ones.
    lines = (two_years.folder / "images.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) == story.FRAMES + 1
    few = tmp_path / "images.csv"
    chosen = [line for n, line in enumerate(lines) if n % 10 == 0 or f"{story.ROCK}_s" in line]
    few.write_text("".join(chosen), encoding="utf-8")
    assert faults_of(few, "images") == []


def faults_of(path: Path, name: str) -> list[str]:
    told = files("camtrap.outputs").joinpath("schemas", f"{name}.schema.json")
    schema = Schema.from_descriptor(json.loads(told.read_text(encoding="utf-8")))
    with system.use_context(trusted=True):
        report = Resource(path=str(path), schema=schema).validate()
    return [error for [error] in report.flatten(["message"])]


# -- one season, one count


def test_all_files_count_the_same_events(two_years: TwoYears) -> None:
    agree(two_years.folder)
    true = Counter((each.station, each.label) for each in two_years.events)
    assert in_csv(two_years.folder) == true
    assert on_a_map(two_years.folder).total() == sum(
        n for (_, label), n in true.items() if label in PATROL
    )
    account = json.loads((two_years.folder / "run.json").read_text(encoding="utf-8"))
    assert account["events"] == true.total()


HERE = Deployment("ST01-a", "ST01", latitude=43.1, longitude=131.2, utc_offset="+10:00")
THERE = Deployment("ST02-a", "ST02", "a <b> & c", latitude=-8.5, longitude=-179.25)
NOWHERE = Deployment("ST03-a", "ST03")
SHOTS = st.lists(
    st.builds(
        Shot,
        st.sampled_from(["ST01", "ST02", "ST03", "Хребет"]),
        st.sampled_from([State(label) for label in (*LABELS, "empty")]),
        st.none()
        | st.integers(0, 9000).map(lambda n: datetime(2026, 3, 4) + timedelta(seconds=97 * n)),
        st.floats(0.5, 1).map(lambda value: round(value, 3)),
        st.integers(0, 3),
        st.sampled_from(["exif", "filename", "modified"]),
    ),
    max_size=30,
)


@settings(max_examples=25)
@given(SHOTS)
def test_all_files_of_any_season_count_the_same_events(
    tmp_path_factory: pytest.TempPathFactory, shots: list[Shot]
) -> None:
    folder = tmp_path_factory.mktemp("small")
    with made(folder, shots, (HERE, THERE, NOWHERE)) as small:
        events_csv.write(small.ledger, folder / "events.csv", small.events, small.placed)
        for name, module in (("gpx", gpx), ("geojson", geojson), ("kml", kml)):
            module.write(folder / f"patrol.{name}", small.waypoints())
        brief.write(small.ledger, folder / "brief.html", small.events, small.placed,
                    work=small.work)  # fmt: skip
    agree(folder)
