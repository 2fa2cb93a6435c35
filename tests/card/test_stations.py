from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from camtrap.card.deployments import Deployment, Period
from camtrap.card.spreadsheet import parse_sheet
from camtrap.card.stations import Stations, stations_of
from camtrap.errors import NotesError

OURS = "station_id,latitude,longitude,deployment_id,camera_id,start,end,utc_offset,folder\n"


def stations(text: str) -> Stations:
    return stations_of(parse_sheet(text, Path("stations.csv")))


def rows(*lines: str) -> tuple[Deployment, ...]:
    return stations(OURS + "\n".join(lines)).deployments


def fault(*lines: str, header: str = OURS) -> str:
    with pytest.raises(NotesError) as caught:
        stations(header + "\n".join(lines))
    return str(caught.value)


def test_our_own_spelling() -> None:
    (row,) = stations(
        "station_id,station_name,latitude,longitude,coordinate_uncertainty_m,deployment_id,"
        "camera_id,start,end,utc_offset,problem1_from,problem1_to,problem2_from,problem2_to,"
        "feature_type,height_m,bait,notes,folder\n"
        "ST01,Khata ridge,43.1158,131.885,30,ST01-spring,H2X01,2026-03-01 08:00,2026-05-02,+10,"
        "2026-04-01,2026-04-03,2026-03-10 12:00,2026-03-10 18:00,trailGame,0.5,no,near creek,A/B\n"
    ).deployments
    assert row == Deployment(
        deployment_id="ST01-spring",
        station_id="ST01",
        station_name="Khata ridge",
        latitude=43.1158,
        longitude=131.885,
        coordinate_uncertainty_m=30,
        camera_id="H2X01",
        start=datetime(2026, 3, 1, 8),
        end=datetime(2026, 5, 2, 23, 59, 59),
        utc_offset="+10:00",
        problems=(
            Period(datetime(2026, 3, 10, 12), datetime(2026, 3, 10, 18)),
            Period(datetime(2026, 4, 1), datetime(2026, 4, 4)),
        ),
        feature_type="trailGame",
        height_m=0.5,
        bait="no",
        notes="near creek",
        folder="A/B",
    )


def test_camtrapr_spelling_with_utm() -> None:
    # WGS84's meridian is 4,984,944.378 m long from the equator to 45 degrees north; UTM takes
    # 0.9996 of it, and the middle of zone 52 is 129 degrees east.
    easting, northing, zone = 500_000, 4_984_944.378 * 0.9996, 52
    found = stations(
        "Station,Camera,utm_x,utm_y,utm_zone,Setup_date,Retrieval_date,Problem1_from,Problem1_to\n"
        f"StationA,CamA,{easting},{northing:.3f},{zone}N,02/04/2009,14/05/2009,"
        "03/04/2009,04/04/2009\n"
        f"StationA,CamB,{easting},{northing:.3f},{zone}N,02/04/2009,14/05/2009,NA,NA\n"
    ).deployments
    assert [row.deployment_id for row in found] == [
        "StationA_CamA_2009-04-02",
        "StationA_CamB_2009-04-02",
    ]
    assert found[0].latitude == pytest.approx(45, abs=1e-6)
    assert found[0].longitude == pytest.approx(129, abs=1e-6)
    assert found[0].start == datetime(2009, 4, 2)
    assert found[0].problems == (Period(datetime(2009, 4, 3), datetime(2009, 4, 5)),)
    assert found[1].problems == ()


def test_camtrapr_cameras_have_the_same_name_at_every_station() -> None:
    found = stations("Station,Camera\nA,CamA\nB,CamA\n").deployments
    assert [row.deployment_id for row in found] == ["A", "B"]


def test_camtrap_dp_spelling() -> None:
    (row,) = stations(
        "deploymentID,locationID,locationName,latitude,longitude,coordinateUncertainty,"
        "deploymentStart,deploymentEnd,cameraID,cameraHeight,baitUse,featureType,"
        "deploymentComments\n"
        "d1,L1,Khata,27.7,85.3,100,2026-03-01T02:00:00Z,2026-05-01T10:00:00+05:45,H2X,1.2,false,"
        "trailGame,ok\n"
    ).deployments
    # The first offset is the camera's; the end is told by the same clock.
    assert (row.utc_offset, row.start, row.end) == (
        "+00:00",
        datetime(2026, 3, 1, 2),
        datetime(2026, 5, 1, 4, 15),
    )
    assert (row.station_id, row.camera_id, row.height_m) == ("L1", "H2X", 1.2)
    assert (row.bait, row.notes, row.coordinate_uncertainty_m) == ("false", "ok", 100)


def test_times_in_utc_become_those_of_the_column_s_clock() -> None:
    (row,) = stations(
        "locationID,deploymentStart,utc_offset\nL1,2026-03-01T02:00:00Z,+05:45\n"
    ).deployments
    assert row.start == datetime(2026, 3, 1, 7, 45)
    assert row.utc_offset == "+05:45"


def test_a_russian_spreadsheet() -> None:
    (row,) = stations(
        "station_id;latitude;longitude;start\nручей;43,1158;131,885;05.03.2026\n"
    ).deployments
    assert (row.station_id, row.latitude, row.longitude) == ("ручей", 43.1158, 131.885)
    assert row.start == datetime(2026, 3, 5)


def test_what_is_not_told_stays_unknown() -> None:
    assert rows("ST01,,,,,,,,") == (Deployment("ST01", "ST01"),)


def test_a_row_without_an_id_is_called_by_its_station_and_first_day() -> None:
    found = rows(
        "ST01,,,,,2026-03-01,2026-04-01,,", "ST01,,,,,2026-04-02,,,", "ST02,,,own,,2026-03-01,,,"
    )
    assert [row.deployment_id for row in found] == ["ST01_2026-03-01", "ST01_2026-04-02", "own"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ST01,,,,,2026-05-01,2026-03-01,,", r"line 2: end \(2026-03-01\) is before start"),
        ("ST01,131.885,43.1158,,,,,,", "look swapped"),
        ("ST01,95,200,,,,,,", "beyond 90 degrees"),
        ("ST01,43,181,,,,,,", "longitude 181 is beyond 180"),
        ("ST01,0,0.0,,,,,,", "both 0"),
        ("ST01,43,,,,,,,", "only one of latitude and longitude"),
        ("ST01,43°7'N,131,,,,,,", "decimal degrees"),
        ("ST01,,,,,soon,,,", "start: 'soon' is no date"),
        ("ST01,,,,,,,Asia/Vladivostok,", "utc_offset: .* no offset"),
        (",43,131,,,,,,", "station_id is empty"),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_line(line: str, told: str) -> None:
    message = fault(line)
    assert "stations.csv" in message
    assert "camtrap stations check" in message
    with pytest.raises(NotesError, match=told):
        rows(line)


def test_all_faults_of_a_table_are_told_at_once() -> None:
    message = fault("ST01,0,0,,,soon,,,", "ST02,95,200,,,,,,")
    assert "line 2: start: 'soon'" in message
    assert "line 2: latitude and longitude are both 0" in message
    assert "line 3: latitude 95" in message


def test_an_id_that_is_given_twice_is_refused() -> None:
    assert "is the one of line 2 again" in fault("ST01,,,D1,,,,,", "ST02,,,D1,,,,,")
    assert "is the one of line 2 again" in fault("ST01,,,,,,,,", "ST01,,,,,,,,")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        # One camera at two places.
        (
            "ST01,,,,H2X,2026-03-01,2026-05-01,,",
            "ST02,,,,H2X,2026-04-01,2026-06-01,,",
            "camera H2X stands at ST02 while by line 2 it stands at ST01",
        ),
        # A station whose camera is not told, twice at once.
        (
            "ST01,,,,,2026-03-01,2026-05-01,,",
            "ST01,,,,,2026-04-01,2026-06-01,,",
            "station ST01 has a camera at this time by line 2",
        ),
        ("ST01,,,,,2026-03-01,,,", "ST01,,,,,2026-04-01,,,", "station ST01 has a camera"),
        (
            "ST01,,,,,2026-03-01 08:00,2026-05-01 12:00,,",
            "ST01,,,,,2026-05-01 11:59,2026-06-01,,",
            "station ST01 has a camera",
        ),
    ],
)
def test_overlaps_are_refused(first: str, second: str, told: str) -> None:
    assert told in fault(first, second)
    assert told.split(" ", 1)[0] in fault(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ST01,,,,A1,2026-03-01,2026-05-01,,", "ST01,,,,B2,2026-04-01,2026-06-01,,"),
        ("ST01,,,x,,2026-03-01,,,left", "ST01,,,y,,2026-03-01,,,right"),
        ("ST01,,,,A1,2026-03-01,2026-05-01,,", "ST02,,,,A1,2026-05-01,2026-06-01,,"),
        (
            "ST01,,,,,2026-03-01 08:00,2026-05-01 12:00,,",
            "ST01,,,,,2026-05-01 12:00,2026-06-01,,",
        ),
        ("ST01,,,a,,2026-03-01,2026-03-01,,", "ST01,,,b,,2026-03-01 12:00,2026-06-01,,"),
    ],
)
def test_these_are_no_overlaps(first: str, second: str) -> None:
    assert len(rows(first, second)) == 2
    assert len(rows(second, first)) == 2


@pytest.mark.parametrize(
    ("end", "start", "last", "first"),
    [
        ("2026-05-01", "2026-05-01", (11, 59, 59), (12, 0, 0)),
        ("2026-05-01 10:30", "2026-05-01", (10, 30, 0), (10, 30, 1)),
        ("2026-05-01", "2026-05-01 10:30", (10, 29, 59), (10, 30, 0)),
    ],
)
def test_a_shared_day_is_parted(
    end: str, start: str, last: tuple[int, int, int], first: tuple[int, int, int]
) -> None:
    one, other = rows(f"ST01,,,,,2026-03-01,{end},,", f"ST01,,,,,{start},2026-07-01,,")
    assert one.end == datetime(2026, 5, 1, *last)
    assert other.start == datetime(2026, 5, 1, *first)


def test_problems_need_both_ends() -> None:
    header = "station_id,problem1_from,problem1_to\n"
    assert "problem1_to is empty" in fault("ST01,2026-03-01,", header=header)
    assert "problem1_to is not after" in fault("ST01,2026-03-05,2026-03-01", header=header)


def test_utm_needs_its_zone() -> None:
    header = "station_id,utm_x,utm_y,utm_zone\n"
    assert "such as 52N" in fault("A,500000,4773846,", header=header)
    assert "utm_zone is '52'" in fault("A,500000,4773846,52", header=header)
    assert "are not in zone 52N" in fault("A,4773846,500000,52N", header=header)
    assert "only one of utm_x" in fault("A,500000,,52N", header=header)


def test_a_table_without_stations_is_told_its_columns() -> None:
    with pytest.raises(NotesError, match="station_id"):
        stations("name,lat\nA,1\n")


def test_a_far_station_is_remarked_and_kept() -> None:
    near = [f"ST0{n},43.{n},131.{n},,,,,," for n in range(1, 5)]
    swapped = "ST09,13.2,43.1,,,,,,"
    assert not stations(OURS + "\n".join(near)).remarks
    found = stations(OURS + "\n".join([*near, swapped]))
    (remark,) = found.remarks
    assert remark.startswith("stations.csv, line 6: station ST09 lies")
    assert "sea" in remark
    assert len(found.deployments) == 5


def test_swapped_coordinates_in_range_are_remarked() -> None:
    near = [f"ST0{n},27.{n},85.{n},,,,,," for n in range(1, 5)]
    (remark,) = stations(OURS + "\n".join([*near, "ST09,85.3,27.2,,,,,,"])).remarks
    assert "look swapped" in remark


def test_a_station_that_moves_is_remarked() -> None:
    found = stations(OURS + "A,43.1,131.1,d1,c1,,,,\nA,43.2,131.1,d2,c2,,,,\n")
    assert "11 km from where line 2 has it" in found.remarks[0]
