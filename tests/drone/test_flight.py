"""A drone's picture: who took it, from where and how turned; what is not said stays unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.exif import parse_capture
from camtrap.card.header import open_picture
from camtrap.drone.camera import flags_of, view_of
from camtrap.drone.flight import DroneCapture, drone_capture_of, parse_drone_capture
from camtrap.drone.makers import maker_of, sensor_width
from tests.drone.packets import (
    CAMERA,
    DJI,
    MAVIC,
    NORTH_EAST,
    PARROT,
    SKYDIO,
    attributes,
    elements,
    packet,
    picture,
)

FOCAL, FOCAL_35MM, ZOOM = 0x920A, 0xA405, 0xA404
LENS = {FOCAL: 8.8, FOCAL_35MM: 24}


def drone(data: bytes, **more: Any) -> DroneCapture:
    found = parse_drone_capture(data, **more)
    assert found is not None
    return found


def test_what_a_phantom_writes_is_read() -> None:
    assert drone(picture(attributes(MAVIC), detail=LENS, gps=NORTH_EAST)) == DroneCapture(
        maker="dji",
        make="DJI",
        model="FC6310",
        latitude=43.1234567,
        longitude=131.7654321,
        relative_altitude_m=60.1,
        absolute_altitude_m=161.4,
        pitch=-89.9,
        yaw=-91.5,
        roll=0.0,
        flight_yaw=-90.2,
        focal_length_mm=8.8,
        focal_35mm=24.0,
        sensor_width_mm=13.2,
        width=64,
        height=48,
    )


def test_what_it_writes_makes_a_view() -> None:
    found = drone(picture(attributes(MAVIC), detail=LENS))
    assert flags_of(found) == ()
    assert view_of(found) is not None


def test_a_capture_that_is_there_is_not_read_again() -> None:
    data = picture(attributes(MAVIC), detail=LENS)
    capture = replace(parse_capture(data), make="Parrot", model="ANAFI")
    with open_picture(data) as image:
        found = drone_capture_of(image, capture=capture)
    assert found is not None and found.maker == "parrot"


@pytest.mark.parametrize("picture_format", ["JPEG", "WEBP"])
def test_other_formats(picture_format: str) -> None:
    found = drone(picture(attributes(MAVIC), detail=LENS, picture_format=picture_format))
    assert found.pitch == -89.9


# -- who is a drone


@pytest.mark.parametrize(
    "make, model, maker",
    [
        ("DJI", "FC6310", "dji"),
        ("DJI", "FC300X", "dji"),
        ("DJI", "M3T", "dji"),
        ("DJI", "ZenmuseP1", "dji"),
        ("DJI", "ZH20T", "dji"),
        ("DJI", "MAVIC2-ENTERPRISE-ADVANCED", "dji"),
        ("Hasselblad", "L1D-20c", "dji"),
        ("Hasselblad", "L2D-20c", "dji"),
        ("Hasselblad", "X1D-50c", ""),
        ("DJI", "DJI OsmoAction", ""),
        ("DJI", "FC", ""),
        ("Parrot", "Anafi", "parrot"),
        ("Autel Robotics", "XT705", "autel"),
        ("Skydio", "2+", "skydio"),
        ("YUNEEC", "E90", "yuneec"),
        ("senseFly", "S.O.D.A.", "sensefly"),
        ("RECONYX", "HYPERFIRE 2 COVERT", ""),
        ("Canon", "FC6310", ""),
        ("", "", ""),
    ],
)
def test_make_and_model_tell_who_flies(make: str, model: str, maker: str) -> None:
    assert maker_of(make, model) == maker
    found = parse_drone_capture(picture(make=make, model=model))
    assert (found is not None) == bool(maker)


def test_properties_of_a_drone_tell_too() -> None:
    found = drone(picture(attributes(MAVIC), make="", model=""))
    assert (found.maker, found.pitch) == ("dji", -89.9)


def test_a_camera_that_says_its_pitch_flies() -> None:
    assert drone(picture(elements({"Pitch": "0"}), make="Sony", model="ILCE-6000")).maker == ""


def test_a_telephone_that_surveys_does_not_fly() -> None:
    told = elements({"Pitch": "0", "Yaw": "3"})
    assert parse_drone_capture(picture(told, make="Apple", model="iPhone 15 Pro")) is None


def test_a_camera_trap_is_no_drone_unless_somebody_says_so() -> None:
    trap = picture(make="RECONYX", model="HC600", gps=NORTH_EAST)
    assert parse_drone_capture(trap) is None
    found = drone(trap, forced=True)
    assert (found.maker, found.longitude) == ("", 131.5)
    assert "no_altitude" in flags_of(found)


def test_other_properties_of_a_maker_are_no_flight() -> None:
    told = attributes({"Version": "1.0"})
    assert parse_drone_capture(picture(told, make="", model="")) is None


# -- other makers


def test_parrot() -> None:
    told = packet(
        f'<rdf:Description xmlns:p="{PARROT}" xmlns:c="{CAMERA}">'
        "<p:CameraRollDegree>0.4</p:CameraRollDegree>"
        "<p:CameraPitchDegree>-60.5</p:CameraPitchDegree>"
        "<p:CameraYawDegree>350.0</p:CameraYawDegree>"
        "<p:DroneYawDegree>349</p:DroneYawDegree>"
        "<c:AboveGroundAltitude>4971569/65536</c:AboveGroundAltitude>"
        "<c:Pitch>29.5</c:Pitch></rdf:Description>"
    )
    found = drone(picture(told, make="Parrot", model="ANAFI", gps=NORTH_EAST))
    assert (found.maker, found.pitch, found.roll, found.flight_yaw) == ("parrot", -60.5, 0.4, -11)
    assert found.yaw == pytest.approx(-10)
    assert found.relative_altitude_m == pytest.approx(75.86, abs=0.01)
    assert (found.latitude, found.longitude) == pytest.approx((43.10833, 131.5), abs=1e-5)


def test_autel_writes_as_dji_does_with_its_slip_of_the_pen() -> None:
    told = {key: text for key, text in MAVIC.items() if key != "GpsLongitude"}
    found = drone(
        picture(
            attributes({**told, "GpsLongtitude": "131.25"}), make="Autel Robotics", model="XT705"
        )
    )
    assert (found.maker, found.longitude, found.sensor_width_mm) == ("autel", 131.25, 13.2)


def test_skydio() -> None:
    told = packet(
        f'<rdf:Description xmlns:s="{SKYDIO}" s:RelativeAltitude="31.5" s:AbsoluteAltitude="130"'
        ' s:Latitude="43.5" s:Longitude="131.5">'
        '<s:CameraOrientationNED rdf:parseType="Resource"><s:Roll>0.18</s:Roll>'
        "<s:Pitch>-87.46</s:Pitch><s:Yaw>146.5</s:Yaw></s:CameraOrientationNED>"
        '<s:CameraOrientationFLU rdf:parseType="Resource"><s:Pitch>88</s:Pitch>'
        "</s:CameraOrientationFLU></rdf:Description>"
    )
    found = drone(picture(told, make="Skydio", model="2+"))
    assert (found.maker, found.pitch, found.yaw, found.roll) == ("skydio", -87.46, 146.5, 0.18)
    assert (found.latitude, found.longitude) == (43.5, 131.5)
    assert (found.relative_altitude_m, found.absolute_altitude_m) == (31.5, 130)


@pytest.mark.parametrize(
    "said, angles",
    [
        ({"Yaw": "30", "Pitch": "0", "Roll": "0"}, (30, -90, 0)),
        ({"Yaw": "30", "Pitch": "30", "Roll": "0"}, (30, -60, 0)),
        ({"Yaw": "30", "Pitch": "90", "Roll": "0"}, (30, 0, 0)),
        # An aircraft that leans to the right looks to the left, right under its wing.
        ({"Yaw": "30", "Pitch": "0", "Roll": "10"}, (-60, -80, 90)),
        ({"Yaw": "30", "Pitch": "-89.9", "Roll": "1"}, (30, -89.9, 1)),
    ],
)
def test_pix4d_counts_from_straight_down(
    said: dict[str, str], angles: tuple[float, float, float]
) -> None:
    found = drone(picture(elements(said), make="Sony", model="ILCE-6000"))
    assert (found.yaw, found.pitch, found.roll) == pytest.approx(angles, abs=1e-6)


def test_without_a_yaw_none_is_made_up() -> None:
    found = drone(picture(elements({"Pitch": "0", "Roll": "5"}), make="senseFly", model="soda"))
    assert found.yaw is None
    assert found.pitch == pytest.approx(-85)


# -- how good it is


def test_rtk_tells_its_errors() -> None:
    rtk = {"RtkFlag": "50", "RtkStdLat": "0.012", "RtkStdLon": "0.015", "RtkStdHgt": "0.031"}
    found = drone(picture(attributes(MAVIC | rtk)))
    assert (found.position_error_m, found.height_error_m) == (0.015, 0.031)


@pytest.mark.parametrize(
    "rtk",
    [
        {"RtkFlag": "0", "RtkStdLat": "0.012", "RtkStdLon": "0.015"},
        {"RtkFlag": "50", "RtkStdLat": "0", "RtkStdLon": "0"},
        {"RtkStdLat": "-1", "RtkStdLon": "nan"},
    ],
)
def test_rtk_that_had_no_position_tells_none(rtk: dict[str, str]) -> None:
    assert drone(picture(attributes(MAVIC | rtk))).position_error_m is None


def test_other_ways_to_tell_an_error() -> None:
    told = elements({"Pitch": "0", "GPSXYAccuracy": "1.5", "GPSZAccuracy": "3"})
    found = drone(picture(told))
    assert (found.position_error_m, found.height_error_m) == (1.5, 3)
    found = drone(picture(gps={31: 4.5}))
    assert (found.position_error_m, found.height_error_m) == (4.5, None)
    unknown = elements({"Pitch": "0", "GPSXYAccuracy": "1000"})
    assert drone(picture(unknown)).position_error_m is None


def test_a_calibration_counts_for_the_picture_it_was_made_for() -> None:
    calibrated = {"CalibratedFocalLength": "3666.67", "CalibratedOpticalCenterX": "2736.0"}
    full = drone(picture(attributes(calibrated), size=(5472, 36)))
    assert full.focal_px == 3666.67
    assert drone(picture(attributes(calibrated), size=(1368, 912))).focal_px is None
    del calibrated["CalibratedOpticalCenterX"]
    assert drone(picture(attributes(calibrated), size=(5472, 36))).focal_px is None


def test_a_thermal_picture_has_the_sensor_of_its_own_camera() -> None:
    colour = drone(picture(attributes(MAVIC), model="M3T", size=(800, 600)))
    thermal = drone(picture(attributes(MAVIC), model="M3T", size=(640, 512)))
    assert (colour.is_thermal, colour.sensor_width_mm) == (False, 6.4)
    assert thermal.is_thermal
    assert thermal.sensor_width_mm == pytest.approx(7.68)
    told = attributes(MAVIC | {"ImageSource": "InfraredCamera"})
    assert drone(picture(told, model="M30T", size=(320, 240))).is_thermal
    assert sensor_width("FC6310", thermal=True) is None


# -- what is broken


@pytest.mark.parametrize(
    "name, field",
    [
        ("RelativeAltitude", "relative_altitude_m"),
        ("GimbalPitchDegree", "pitch"),
        ("GimbalYawDegree", "yaw"),
        ("GimbalRollDegree", "roll"),
        ("FlightYawDegree", "flight_yaw"),
    ],
)
@pytest.mark.parametrize("text", ["nan", "inf", "1e99", "12/0", "high", "", "1/2/3", "٣٠x"])
def test_what_is_no_number_stays_unknown(name: str, field: str, text: str) -> None:
    assert getattr(drone(picture(attributes(MAVIC | {name: text}))), field) is None


@pytest.mark.parametrize("place", [("91", "131"), ("43", "181"), ("0", "0"), ("43", "x")])
def test_a_place_that_is_none_gives_way_to_exif(place: tuple[str, str]) -> None:
    told = attributes(MAVIC | {"GpsLatitude": place[0], "GpsLongitude": place[1]})
    found = drone(picture(told, gps=NORTH_EAST))
    assert found.longitude == 131.5
    found = drone(picture(told))
    assert (found.latitude, found.longitude) == (None, None)


@pytest.mark.parametrize(
    "gps, altitude",
    [
        ({6: 120.5}, 120.5),
        ({5: b"\x00", 6: 120.5}, 120.5),
        ({5: b"\x01", 6: 12.5}, -12.5),
        ({6: 50_000.0}, None),
        ({}, None),
    ],
)
def test_exif_tells_the_height_above_the_sea(gps: dict[int, Any], altitude: float | None) -> None:
    assert drone(picture(gps=gps)).absolute_altitude_m == altitude


def test_exif_out_of_measure_stays_unknown() -> None:
    found = drone(picture(detail={FOCAL: 0.0, FOCAL_35MM: 0, ZOOM: 0.0}))
    assert (found.focal_length_mm, found.focal_35mm, found.digital_zoom) == (None, None, None)
    assert drone(picture(detail={ZOOM: 2.0})).digital_zoom == 2


def test_yaw_is_a_turn_like_any_other() -> None:
    found = drone(picture(attributes(MAVIC | {"GimbalYawDegree": "271.5"})))
    assert found.yaw == pytest.approx(-88.5)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"no picture", picture()[:40]])
def test_what_is_no_picture_is_no_drones(data: bytes) -> None:
    assert parse_drone_capture(data, forced=True) is None


def test_broken_xmp_leaves_exif() -> None:
    found = drone(picture(attributes(MAVIC)[:200], detail=LENS, gps=NORTH_EAST))
    assert (found.pitch, found.longitude, found.focal_35mm) == (None, 131.5, 24)


DAMAGED = picture(attributes(MAVIC), detail=LENS, gps=NORTH_EAST)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(st.integers(2, len(DAMAGED) - 1), st.binary(min_size=1, max_size=4))
def test_no_damage_raises(place: int, damage: bytes) -> None:
    found = parse_drone_capture(DAMAGED[:place] + damage + DAMAGED[place + len(damage) :])
    assert found is None or isinstance(found, DroneCapture)


def test_namespaces_of_others_mean_nothing() -> None:
    told = attributes({"GimbalPitchDegree": "-90"}, namespace="http://example.org/else/")
    assert parse_drone_capture(picture(told, make="", model="")) is None
    assert DJI in attributes(MAVIC).decode()
