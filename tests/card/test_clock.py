"""A picture without an EXIF time gets one from its name, else from its date, and says which."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.card.clock import parse_name_time, resolve_time
from camtrap.records import Capture

APRIL_NS = 1_618_173_789_250_000_000  # 2021-04-11 20:43:09.25 UTC


@pytest.fixture
def kathmandu() -> Iterator[None]:
    """This computer in a zone of +05:45."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system cannot change its zone in a process")
    before = os.environ.get("TZ")
    os.environ["TZ"] = "<+0545>-05:45"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_a_time_from_exif_is_left_alone() -> None:
    capture = Capture(datetime(2021, 4, 11, 20, 43, 9), "exif", "2021:04:11 20:43:09")
    assert resolve_time(capture, "20180322_102050.jpg", APRIL_NS) is capture


def test_the_name_comes_before_the_date_of_modification() -> None:
    capture = resolve_time(Capture(make="DJI"), "A01/20180322_102050_059_R.jpg", APRIL_NS)
    assert capture == Capture(
        taken_at=datetime(2018, 3, 22, 10, 20, 50),
        timestamp_source="filename",
        raw_timestamp="20180322_102050",
        make="DJI",
    )


def test_the_date_of_modification_is_this_computers_local_time(kathmandu: None) -> None:
    capture = resolve_time(Capture(), "IMG_0001.JPG", APRIL_NS)
    assert capture.taken_at == datetime(2021, 4, 12, 2, 28, 9, 250_000)
    assert capture.taken_at.tzinfo is None
    assert capture.timestamp_source == "modified"
    assert capture.raw_timestamp == "2021-04-11T20:43:09.250000Z"


@pytest.mark.parametrize("modified_ns", [0, -1, 10**30])
def test_without_a_usable_date_the_time_stays_unknown(modified_ns: int) -> None:
    capture = Capture(raw_timestamp="2015:01:15 06:01:70")
    assert resolve_time(capture, "IMG_0001.JPG", modified_ns) == capture


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20180322_102050_059_R.jpg", "2018-03-22 10:20:50"),
        ("2009-04-05__00-11-00_1_.JPG", "2009-04-05 00:11:00"),
        ("IMG_20240101_120000.jpg", "2024-01-01 12:00:00"),
        ("IMG_20240101_120000_1.jpg", "2024-01-01 12:00:00"),
        ("20240101-120000.jpg", "2024-01-01 12:00:00"),
        ("PXL_20240101_120000123.jpg", "2024-01-01 12:00:00"),
        ("DJI_20230101120000_0001_D.JPG", "2023-01-01 12:00:00"),
        ("20210531082538-RCNX0031.JPG", "2021-05-31 08:25:38"),
        ("Screenshot 2023-01-01 at 12.00.00.png", "2023-01-01 12:00:00"),
        ("2021-06-30T05_20_42.jpg", "2021-06-30 05:20:42"),
        ("2021.06.30 05.20.42.jpg", "2021-06-30 05:20:42"),
        ("2021_06_30_052042_cougar.jpg", "2021-06-30 05:20:42"),
        ("camara04_20130824_043601_sunp5152.jpg", "2013-08-24 04:36:01"),
        ("барс_20130824_043601.jpg", "2013-08-24 04:36:01"),
        ("12345678_123456_20130824_043601.jpg", "2013-08-24 04:36:01"),
        ("20210531_082538_PM3.jpg", "2021-05-31 08:25:38"),
    ],
)
def test_names_that_tell_date_and_time(name: str, expected: str) -> None:
    named = parse_name_time(name)
    assert named is not None
    assert named.taken_at == datetime.fromisoformat(expected)
    assert named.text in name


@pytest.mark.parametrize(
    "name",
    [
        "IMG_0001.JPG",
        "2021-06-30_SYFR0218_cougar.JPG",  # a date without a time
        "IMG-20240101-WA0001.jpg",
        "20240101.jpg",
        "20241301_120000.jpg",  # month 13
        "20240230_120000.jpg",
        "20240101_246060.jpg",
        "18991231_120000.jpg",
        "21010101_120000.jpg",
        "120180322102050.jpg",  # fifteen digits
        "0000000367_0000000000_0000002350.jpg",
        "120180322_102050.jpg",
        "121016192402044a1132.JPG",  # day, month, short year: could be anything
        "2021-06-30 08-15-00 PM.jpg",  # a 12-hour clock
        "2021-0630_082500.jpg",
        "٢٠٢٤٠١٠١_١٢٠٠٠٠.jpg",
        "20240101_120000/IMG_0001.JPG",  # a folder's name is no file's time
        "",
    ],
)
def test_names_that_tell_no_time(name: str) -> None:
    assert parse_name_time(name) is None


@settings(deadline=None, max_examples=200)
@given(st.text(), st.integers())
def test_no_name_and_no_date_is_an_error(name: str, modified_ns: int) -> None:
    capture = resolve_time(Capture(), name, modified_ns)
    assert (capture.taken_at is None) == (capture.timestamp_source == "")


@settings(deadline=None, max_examples=200)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31)),
    st.sampled_from(["%Y%m%d_%H%M%S", "%Y-%m-%d %H-%M-%S", "%Y%m%d%H%M%S"]),
)
def test_every_time_written_into_a_name_is_read_back(moment: datetime, pattern: str) -> None:
    named = parse_name_time(f"CAM1_{moment.strftime(pattern)}_0001.jpg")
    assert named is not None
    assert named.taken_at == moment.replace(microsecond=0)
