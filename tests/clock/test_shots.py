from __future__ import annotations

import pytest

from camtrap.clock.shots import file_number


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("ST01/DCIM/100RECNX/RCNX0031.JPG", (100, 31)),
        ("101_BTCF/IMG_0001.JPG", (101, 1)),
        ("ST01/IMG_0001.JPG", (0, 1)),
        ("0007.JPG", (0, 7)),
        ("20210531082538-RCNX0031.JPG", (0, 31)),
        ("2009-04-05__00-11-00.JPG", None),  # a date follows the clock
        ("IMG_20240101_120000.JPG", None),
        ("20180322_102050.JPG", None),
        ("DSC.JPG", None),
        ("IMG_1.JPG", None),
    ],
)
def test_the_camera_s_number_is_read_and_a_date_is_none(
    path: str, number: tuple[int, int] | None
) -> None:
    assert file_number(path) == number
