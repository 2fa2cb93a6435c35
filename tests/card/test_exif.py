"""A picture's header: what it says is read, what it does not say stays unknown, nothing raises."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from camtrap.card.exif import capture_of, parse_capture, parse_timestamp
from camtrap.records import Capture

MakeJpeg = Callable[..., bytes]

MAKE, MODEL, ORIENTATION, DATE_TIME = 271, 272, 274, 306
ORIGINAL, DIGITIZED, SUBSECONDS, OFFSET = 36867, 36868, 37521, 36881
MAKER_NOTE, SCENE, SERIAL = 0x927C, 0xA406, 0xA431
NORTH_EAST = {1: "N", 2: (43.0, 6.0, 30.0), 3: "E", 4: (131.0, 30.0, 0.0)}


def test_what_a_camera_writes_is_read(make_jpeg: MakeJpeg) -> None:
    data = make_jpeg(
        {MAKE: "RECONYX", MODEL: "HYPERFIRE 2 COVERT", ORIENTATION: 6},
        {ORIGINAL: "2021:04:11 20:43:09", SUBSECONDS: "25", OFFSET: "+10:00"}
        | {SCENE: 3, SERIAL: "0042"},
        NORTH_EAST,
    )
    assert parse_capture(data) == Capture(
        taken_at=datetime(2021, 4, 11, 20, 43, 9, 250_000),
        timestamp_source="exif",
        raw_timestamp="2021:04:11 20:43:09",
        utc_offset="+10:00",
        make="RECONYX",
        model="HYPERFIRE 2 COVERT",
        serial="0042",
        latitude=43 + 6 / 60 + 30 / 3600,
        longitude=131.5,
        orientation=6,
        night_scene=True,
    )


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "TIFF", "MPO"])
def test_every_format_that_carries_exif_is_read(make_jpeg: MakeJpeg, picture_format: str) -> None:
    data = make_jpeg(
        {MAKE: "SY"}, {ORIGINAL: "2021:06:30 05:20:42"}, NORTH_EAST, picture_format=picture_format
    )
    capture = parse_capture(data)
    assert capture.make == "SY"
    assert capture.taken_at == datetime(2021, 6, 30, 5, 20, 42)
    assert capture.longitude == 131.5


def test_a_picture_without_exif_says_nothing(make_jpeg: MakeJpeg) -> None:
    assert parse_capture(make_jpeg()) == Capture()


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG"])
def test_pixels_are_not_decoded(picture_format: str) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(buffer, picture_format)
    with Image.open(io.BytesIO(buffer.getvalue()[:20_000])) as image:  # most pixels are missing
        assert capture_of(image) == Capture()
        with pytest.raises(OSError, match="truncated"):
            image.load()


class TestTime:
    def test_the_original_is_trusted_before_the_digitized_and_the_edited(
        self, make_jpeg: MakeJpeg
    ) -> None:
        edited = {DATE_TIME: "2015:08:21 15:37:58"}
        digitized = {DIGITIZED: "2014:11:17 22:26:20"}
        original = {ORIGINAL: "2014:11:17 22:26:19"}
        assert parse_capture(make_jpeg(edited, digitized | original)).taken_at == datetime(
            2014, 11, 17, 22, 26, 19
        )
        assert parse_capture(make_jpeg(edited, digitized)).taken_at == datetime(
            2014, 11, 17, 22, 26, 20
        )
        fallback = parse_capture(make_jpeg(edited))
        assert fallback.taken_at == datetime(2015, 8, 21, 15, 37, 58)
        assert fallback.timestamp_source == "exif"

    def test_a_blank_original_gives_way_to_the_next(self, make_jpeg: MakeJpeg) -> None:
        capture = parse_capture(
            make_jpeg({}, {ORIGINAL: "0000:00:00 00:00:00", DIGITIZED: "2014:11:17 22:26:20"})
        )
        assert capture.raw_timestamp == "2014:11:17 22:26:20"

    def test_an_invalid_time_is_kept_as_text_and_is_no_time(self, make_jpeg: MakeJpeg) -> None:
        capture = parse_capture(make_jpeg({DATE_TIME: "2015:01:15 06:01:70"}))
        assert capture.taken_at is None
        assert capture.timestamp_source == ""
        assert capture.raw_timestamp == "2015:01:15 06:01:70"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2015:01:15 06:01:07", datetime(2015, 1, 15, 6, 1, 7)),
            ("  2015:01:15 06:01:07 ", datetime(2015, 1, 15, 6, 1, 7)),
            ("2015-01-15T06:01:07", datetime(2015, 1, 15, 6, 1, 7)),
            ("2015/01/15 06:01:07", datetime(2015, 1, 15, 6, 1, 7)),
            ("2015:1:5 6:1:7", datetime(2015, 1, 5, 6, 1, 7)),
            ("2015-01-15T06:01:07.5+10:00", datetime(2015, 1, 15, 6, 1, 7, 500_000)),
            ("1970:01:01 00:00:00", datetime(1970, 1, 1)),  # wrong, but said: judged elsewhere
            ("2150:01:01 00:00:00", datetime(2150, 1, 1)),
            ("2024:02:29 23:59:59", datetime(2024, 2, 29, 23, 59, 59)),
        ],
    )
    def test_dates_that_are_read(self, text: str, expected: datetime) -> None:
        assert parse_timestamp(text) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "    :  :     :  :  ",
            "0000:00:00 00:00:00",
            "2015:01:15 06:01:70",
            "2015:13:15 06:01:07",
            "2023:02:29 06:01:07",
            "2015:01:15 24:00:00",
            "2015:01:15",
            "15:01:2015 06:01:07",
            "2015:01:15 06:01:07 PM",
            "yesterday",
            "²015:01:15 06:01:07",
        ],
    )
    def test_dates_that_are_none(self, text: str) -> None:
        assert parse_timestamp(text) is None

    @pytest.mark.parametrize(
        ("subseconds", "microsecond"),
        [
            ("5", 500000),
            ("05", 50000),
            ("123456789", 123456),
            ("  94 ", 940000),
            ("", 0),
            ("-1", 0),
            ("x", 0),
            ("²", 0),
        ],
    )
    def test_subseconds_are_digits_behind_a_point(
        self, make_jpeg: MakeJpeg, subseconds: str, microsecond: int
    ) -> None:
        data = make_jpeg(
            {}, {ORIGINAL: "2021:04:11 20:43:09", SUBSECONDS: subseconds.encode() or b"\0"}
        )
        taken_at = parse_capture(data).taken_at
        assert taken_at is not None
        assert taken_at.microsecond == microsecond

    @pytest.mark.parametrize(
        ("written", "offset"),
        [
            ("+05:45", "+05:45"),
            ("-03:00", "-03:00"),
            ("Z", ""),
            ("+5:45", ""),
            ("+0545", ""),
            ("+15:00", ""),
            ("+05:60", ""),
            ("", ""),
            ("   :  ", ""),
        ],
    )
    def test_an_offset_is_kept_only_when_it_is_one(
        self, make_jpeg: MakeJpeg, written: str, offset: str
    ) -> None:
        data = make_jpeg({}, {ORIGINAL: "2021:04:11 20:43:09", OFFSET: written})
        assert parse_capture(data).utc_offset == offset

    def test_an_offset_behind_the_time_counts_when_no_tag_says_it(
        self, make_jpeg: MakeJpeg
    ) -> None:
        data = make_jpeg({}, {ORIGINAL: "2021-04-11T20:43:09+10:00"})
        assert parse_capture(data).utc_offset == "+10:00"


class TestText:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("HYPERFIRE 2 COVERT\0", "HYPERFIRE 2 COVERT"),
            ("BolyMedia                      ", "BolyMedia"),
            ("\0" * 19, ""),
            ("PC900\0\0junk", "PC900"),
            ("a\nb\x07", "a b"),
            ("Леопард".encode(), "Леопард"),
            (b"caf\xe9", "café"),
        ],
    )
    def test_names_lose_their_padding(
        self, make_jpeg: MakeJpeg, written: str | bytes, read: str
    ) -> None:
        assert parse_capture(make_jpeg({MODEL: written})).model == read

    @pytest.mark.parametrize(
        ("written", "serial"), [("0123-A", "0123-A"), ("Jane Doe", ""), ("\0\0", ""), ("  ", "")]
    )
    def test_an_owners_name_is_no_serial_number(
        self, make_jpeg: MakeJpeg, written: str, serial: str
    ) -> None:
        assert parse_capture(make_jpeg({}, {SERIAL: written})).serial == serial


@pytest.mark.parametrize(
    ("written", "orientation"),
    [(1, 1), (3, 3), (8, 8), (0, 1), (9, 1), (65_535, 1)],
)
def test_orientation_is_one_of_eight_or_upright(
    make_jpeg: MakeJpeg, written: object, orientation: int
) -> None:
    assert parse_capture(make_jpeg({ORIENTATION: written})).orientation == orientation


@pytest.mark.parametrize(("written", "night"), [(3, True), (0, False), (2, False), (7, None)])
def test_a_night_scene_is_said_by_the_camera(
    make_jpeg: MakeJpeg, written: int, night: bool | None
) -> None:
    assert parse_capture(make_jpeg({}, {SCENE: written})).night_scene is night


class TestPosition:
    def position(self, make_jpeg: MakeJpeg, **changed: object) -> tuple[float | None, float | None]:
        gps: dict[int, object] = dict(NORTH_EAST)
        for name, value in changed.items():
            tag = {"lat_ref": 1, "lat": 2, "lon_ref": 3, "lon": 4}[name]
            gps.pop(tag)
            if value is not None:
                gps[tag] = value
        capture = parse_capture(make_jpeg({}, {}, gps))
        return capture.latitude, capture.longitude

    def test_south_and_west_are_negative(self, make_jpeg: MakeJpeg) -> None:
        latitude, longitude = self.position(make_jpeg, lat_ref="S", lon_ref="w")
        assert latitude == pytest.approx(-43.108333, abs=1e-6)
        assert longitude == -131.5

    def test_degrees_with_decimals_and_no_minutes_are_read(self, make_jpeg: MakeJpeg) -> None:
        assert self.position(make_jpeg, lat=(43.5,))[0] == pytest.approx(43.5)

    @pytest.mark.parametrize(
        "changed",
        [
            {"lat": (0.0, 0.0, 0.0), "lon": (0.0, 0.0, 0.0)},
            {"lat": (91.0, 0.0, 0.0)},
            {"lat": (90.0, 0.0, 1.0)},
            {"lon": (181.0, 0.0, 0.0)},
            {"lat": (43.0, 61.0, 0.0)},
            {"lat": (IFDRational(43, 1), IFDRational(6, 1), IFDRational(0, 0))},
            {"lat": (IFDRational(43, 0), IFDRational(6, 1), IFDRational(1, 1))},
            {"lat": None},
            {"lon": None},
            {"lat_ref": None},
            {"lon_ref": "\0"},
            {"lat_ref": "E"},
            {"lat": (43.0, 6.0, 30.0, 1.0)},
        ],
    )
    def test_a_position_that_is_none_is_unknown(
        self, make_jpeg: MakeJpeg, changed: dict[str, object]
    ) -> None:
        assert self.position(make_jpeg, **changed) == (None, None)

    def test_a_camera_without_a_fix_has_no_position(self, make_jpeg: MakeJpeg) -> None:
        """As SY 4.0CG-R writes it."""
        junk = (1.0, 1.3333333333333333, 0.9999999972907055)
        assert self.position(make_jpeg, lat_ref="\0", lat=junk, lon_ref="\0", lon=junk) == (
            None,
            None,
        )


def test_a_maker_note_adds_what_exif_does_not_say(make_jpeg: MakeJpeg) -> None:
    note = bytearray(b"RECONYXH2\0".ljust(837, b"\0"))
    note[0x34:0x3A] = b"M\0" + struct.pack("<HH", 2, 3)
    note[0x7E:0x86] = "HF42".encode("utf-16-le")
    detail = {MAKER_NOTE: bytes(note)}
    capture = parse_capture(make_jpeg({MAKE: "RECONYX"}, detail))
    assert (capture.trigger, capture.sequence_index, capture.sequence_length) == ("motion", 2, 3)
    assert capture.serial == "HF42"
    assert parse_capture(make_jpeg({}, detail | {SERIAL: "EXIF1"})).serial == "EXIF1"


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it skips
def test_a_broken_directory_costs_only_itself(make_jpeg: MakeJpeg) -> None:
    data = make_jpeg({MAKE: "SY", DATE_TIME: "2021:06:30 05:20:42"}, {SCENE: 3}, NORTH_EAST)
    pointer = data.index(struct.pack(">HHI", 0x8825, 4, 1)) + 8  # where the GPS directory lies
    broken = data[:pointer] + b"\xff\xff\xff\xf0" + data[pointer + 4 :]
    capture = parse_capture(broken)
    assert capture.make == "SY"
    assert capture.taken_at == datetime(2021, 6, 30, 5, 20, 42)
    assert capture.night_scene is True
    assert capture.latitude is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_bytes_that_are_no_picture_say_nothing(data: bytes) -> None:
    assert parse_capture(data) == Capture()


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_no_exif_block_is_an_error(block: bytes) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", exif=b"Exif\0\0" + block)
    parse_capture(buffer.getvalue())


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 420), st.integers(0, 255)), min_size=1, max_size=20))
def test_no_damage_to_a_real_header_is_an_error(
    make_jpeg: MakeJpeg, damage: list[tuple[int, int]]
) -> None:
    data = bytearray(
        make_jpeg(
            {MAKE: "RECONYX", MODEL: "HYPERFIRE 2 COVERT", ORIENTATION: 1},
            {ORIGINAL: "2021:04:11 20:43:09", SCENE: 3, MAKER_NOTE: b"RECONYXH2\0" + bytes(40)},
            NORTH_EAST,
        )
    )
    for position, value in damage:
        data[position] = value
    capture = parse_capture(bytes(data))
    assert capture.make.isprintable()
    assert capture.orientation in range(1, 9)
    assert capture.latitude is None or -90 <= capture.latitude <= 90


@pytest.mark.data
def test_real_pictures_say_what_their_table_says(originals: Path) -> None:
    with (originals / "originals.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) >= 94
    for row in rows:
        with Image.open(originals / row["file"]) as image:
            capture = capture_of(image)
        assert capture.make == row["exif_make"].strip("\0 "), row["file"]
        assert capture.model == row["exif_model"].strip("\0 "), row["file"]
        assert capture.raw_timestamp == row["datetime_original"], row["file"]
        assert capture.taken_at is not None or capture.raw_timestamp[17:] in ("", "62", "70", "95")
        # SY cameras have a GPS block without a fix.
        fixed = row["has_gps"] == "True" and capture.make != "SY"
        assert (capture.latitude is not None) == fixed, row["file"]
