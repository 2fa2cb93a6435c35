"""Heights from a GeoTIFF: right between the cells, unknown outside, refused when not in degrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from camtrap.drone.camera import View, ground_of
from camtrap.drone.terrain import above_take_off, read_heights
from camtrap.errors import ConfigError

DEGREES = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
METRES = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32652)
STEP = 0.001


def written(path: Path, cells: Any, **more: Any) -> Path:
    """A GeoTIFF whose first cell begins at 44 north and 131 east."""
    tags = {
        33550: (12, (STEP, STEP, 0.0)),
        33922: (12, (0.0, 0.0, 0.0, 131.0, 44.0, 0.0)),
        34735: (3, DEGREES),
    }
    tags |= more.pop("tags", {})
    directory = ImageFileDirectory_v2()
    for tag, (kind, value) in tags.items():
        if value is not None:
            directory.tagtype[tag] = kind
            directory[tag] = value
    Image.fromarray(np.asarray(cells)).save(path, "TIFF", tiffinfo=directory, **more)
    return path


def slope(rows: int = 20, columns: int = 30, kind: Any = np.float32) -> Any:
    """Heights that rise by 10 m a row to the south and 3 m a column to the east, from 100."""
    south, east = np.mgrid[:rows, :columns]
    return (100 + 10 * south + 3 * east).astype(kind)


@pytest.mark.parametrize("kind", [np.float32, np.uint16, np.int32, np.uint8])
@pytest.mark.parametrize("compression", [None, "tiff_adobe_deflate", "tiff_lzw"])
def test_between_the_cells_heights_run_straight(
    tmp_path: Path, kind: Any, compression: str | None
) -> None:
    rows = 5 if kind is np.uint8 else 20
    path = written(tmp_path / "dem.tif", slope(rows, kind=kind), compression=compression)
    heights = read_heights(path)
    assert heights(44 - 0.5 * STEP, 131 + 0.5 * STEP) == pytest.approx(100, abs=0.01)
    assert heights(44 - 3.75 * STEP, 131 + 4.5 * STEP) == pytest.approx(100 + 32.5 + 12, abs=0.01)


def test_a_tie_point_may_be_the_middle_of_a_cell(tmp_path: Path) -> None:
    keys = (*DEGREES[:11], 2, *DEGREES[12:])
    heights = read_heights(written(tmp_path / "dem.tif", slope(), tags={34735: (3, keys)}))
    assert heights(44, 131) == pytest.approx(100)


def test_a_tie_point_may_be_any_cell(tmp_path: Path) -> None:
    tie = (12, (2.0, 3.0, 0.0, 131.0, 44.0, 0.0))
    heights = read_heights(written(tmp_path / "dem.tif", slope(), tags={33922: tie}))
    assert heights(44 - 0.5 * STEP, 131 + 0.5 * STEP) == pytest.approx(100 + 30 + 6, abs=0.01)


@pytest.mark.parametrize(
    "latitude, longitude", [(44.1, 131.01), (43.97, 131.01), (43.99, 130.99), (43.99, 131.04)]
)
def test_outside_nothing_is_known(tmp_path: Path, latitude: float, longitude: float) -> None:
    assert read_heights(written(tmp_path / "dem.tif", slope()))(latitude, longitude) is None


@pytest.mark.parametrize("nothing", [-9999.0, np.nan, 20_000.0, -32_768.0])
def test_holes_are_not_known(tmp_path: Path, nothing: float) -> None:
    cells = slope()
    cells[5, 5] = nothing
    heights = read_heights(written(tmp_path / "dem.tif", cells))
    assert heights(44 - 5.4 * STEP, 131 + 5.4 * STEP) is None
    assert heights(44 - 7.5 * STEP, 131 + 7.5 * STEP) is not None


def test_the_file_says_what_its_holes_are(tmp_path: Path) -> None:
    cells = slope()
    cells[5, 5] = 0
    heights = read_heights(written(tmp_path / "dem.tif", cells, tags={42113: (2, "0")}))
    assert heights(44 - 5.5 * STEP, 131 + 5.5 * STEP) is None


@pytest.mark.parametrize(
    "tags, said",
    [
        ({34735: (3, METRES)}, "not in WGS84"),
        ({34735: (3, None)}, "tags are missing"),
        ({33550: (12, None)}, "tags are missing"),
        ({33922: (12, None)}, "tags are missing"),
        ({33550: (12, (30.0, 30.0, 0.0))}, "no degrees"),
        ({33550: (12, (STEP, -STEP, 0.0))}, "no degrees"),
        ({33922: (12, (0.0, 0.0))}, "no place on earth"),
        ({34264: (12, tuple(range(16)))}, "rotated"),
    ],
)
def test_what_has_no_place_is_refused(
    tmp_path: Path, tags: dict[int, tuple[int, Any]], said: str
) -> None:
    path = written(tmp_path / "dem.tif", slope(), tags=tags)
    with pytest.raises(ConfigError, match=said) as error:
        read_heights(path)
    assert "Export it again" in str(error.value)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_what_is_no_picture_of_heights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_heights(tmp_path / "missing.tif")
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\0rubbish")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_heights(broken)
    Image.new("L", (8, 8)).save(tmp_path / "grey.png")
    with pytest.raises(ConfigError, match="no TIFF"):
        read_heights(tmp_path / "grey.png")
    colour = written(tmp_path / "colour.tif", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ConfigError, match="several bands"):
        read_heights(colour)
    with pytest.raises(ConfigError, match="1 by 4 cells"):
        read_heights(written(tmp_path / "thin.tif", slope(4, 1)))


def test_a_drone_over_a_slope_sees_where_the_slope_is(tmp_path: Path) -> None:
    heights = read_heights(written(tmp_path / "dem.tif", slope()))
    here = (43.99, 131.015)
    terrain = above_take_off(heights, *here)
    assert terrain is not None
    assert terrain(*here) == pytest.approx(0)
    # South of it the ground rises 10 m in 111.1 m; looking 45 degrees down and south from 60 m.
    view = View(*here, 60.0, -45.0, 180.0, 0.0, 2773.0, 4000, 3000, terrain=terrain)
    found = ground_of(view, 0.5, 0.5)
    assert found is not None
    assert found[1] == pytest.approx(-60 / (1 + 10 / 111.1), abs=0.1)
    assert above_take_off(heights, 45, 131) is None
