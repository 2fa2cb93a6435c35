"""The shape of the ground from a GeoTIFF of heights: metres at a place, between its cells.

Copernicus GLO-30 and SRTM come in this form: one band of heights in metres on a grid of WGS84
degrees, without rotation (OGC GeoTIFF 1.1). Other projections are refused with a sentence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camtrap.card.header import open_picture
from camtrap.drone.local import wrapped
from camtrap.errors import ConfigError

_SCALE, _TIE_POINT, _MATRIX, _KEYS, _NO_DATA = 33550, 33922, 34264, 34735, 42113
_MODEL_TYPE, _RASTER_TYPE, _GEOGRAPHIC_TYPE = 1024, 1025, 2048
_DEGREES, _CELL_IS_POINT, _WGS84 = 2, 2, 4326
_CELL_LIMIT = 60_000_000
_LOWEST_M, _HIGHEST_M = -500.0, 9_000.0  # the Dead Sea and Everest; beyond is "no data"
_AGAIN = "Export it again as a GeoTIFF with one band of metres in WGS84 degrees (EPSG:4326)."


@dataclass(frozen=True, slots=True, eq=False)
class Heights:
    """Heights in metres on a grid: rows to the south, columns to the east, NaN where unknown.

    `north` and `west` are the middle of the first cell, `step` is degrees to the next one (south,
    east).
    """

    cells: NDArray[np.float32]
    north: float
    west: float
    step: tuple[float, float]

    def __call__(self, latitude: float, longitude: float) -> float | None:
        """Metres at a place, between the four cells around it; None outside and where unknown."""
        row = (self.north - latitude) / self.step[0]
        column = wrapped(longitude - self.west) / self.step[1]
        rows, columns = self.cells.shape
        if not (0 <= row <= rows - 1 and 0 <= column <= columns - 1):
            return None
        top, left = min(int(row), rows - 2), min(int(column), columns - 2)
        down, right = row - top, column - left
        four = self.cells[top : top + 2, left : left + 2].astype(np.float64)
        height = float(np.array([1 - down, down]) @ four @ np.array([1 - right, right]))
        return height if math.isfinite(height) else None


@dataclass(frozen=True, slots=True)
class AboveTakeOff:
    """The same ground as `camera.Terrain` wants it: above the place from which the drone rose."""

    heights: Heights
    take_off_m: float

    def __call__(self, latitude: float, longitude: float) -> float | None:
        height = self.heights(latitude, longitude)
        return None if height is None else height - self.take_off_m


def above_take_off(heights: Heights, latitude: float, longitude: float) -> AboveTakeOff | None:
    """The terrain of a flight that began at a place; None where the heights do not know it.

    A drone does not write where it took off. The place of its first picture is near, and right
    where that is flat.
    """
    here = heights(latitude, longitude)
    return None if here is None else AboveTakeOff(heights, here)


def read_heights(path: Path) -> Heights:
    """Read a GeoTIFF of heights.

    Raises `ConfigError` when it cannot be read, has no place on earth or another projection, is
    smaller than 2 by 2 cells, or has more than 60 million.
    """
    try:
        with open_picture(path.read_bytes()) as image:
            if image.format != "TIFF":
                raise ConfigError(f"The heights {path} are no TIFF. {_AGAIN}")
            columns, rows = image.size
            if min(columns, rows) < 2 or columns * rows > _CELL_LIMIT:
                raise ConfigError(
                    f"The heights {path} have {columns:,} by {rows:,} cells; 2 by 2 to "
                    f"{_CELL_LIMIT:,} in all can be used. Cut out the area of the flight."
                )
            tags = {tag: image.tag_v2.get(tag) for tag in _TAGS}  # type: ignore[attr-defined]
            cells = np.asarray(image)
    except ConfigError:
        raise
    except Exception as error:  # Pillow raises what it likes on broken bytes
        raise ConfigError(f"The heights {path} cannot be read: {error}. {_AGAIN}") from error
    if cells.ndim != 2:
        raise ConfigError(f"The heights {path} have several bands. {_AGAIN}")
    try:
        north, west, step = _grid(tags)
    except (TypeError, ValueError, IndexError) as error:
        raise ConfigError(f"The heights {path} have no place on earth: {error}. {_AGAIN}") from None
    return Heights(_known(cells, tags[_NO_DATA]), north, west, step)


_TAGS = (_SCALE, _TIE_POINT, _MATRIX, _KEYS, _NO_DATA)


def _grid(tags: dict[int, object]) -> tuple[float, float, tuple[float, float]]:
    """The middle of the first cell, and the step; raises `ValueError` with what is wrong."""
    keys = tags[_KEYS]
    scale, tie = tags[_SCALE], tags[_TIE_POINT]
    if tags[_MATRIX] is not None:
        raise ValueError("it is rotated")
    if not (isinstance(keys, tuple) and isinstance(scale, tuple) and isinstance(tie, tuple)):
        raise ValueError("its geographic tags are missing")
    # Four numbers a key: which, where its value is (0: here), how many, the value.
    said = {keys[n]: keys[n + 3] for n in range(4, len(keys) - 3, 4) if keys[n + 1] == 0}
    if said.get(_MODEL_TYPE) != _DEGREES or said.get(_GEOGRAPHIC_TYPE) != _WGS84:
        raise ValueError("it is not in WGS84 degrees")
    east_step, south_step = float(scale[0]), float(scale[1])
    column, row, west, north = (float(tie[place]) for place in (0, 1, 3, 4))
    if not (0 < east_step < 10 and 0 < south_step < 10 and abs(north) <= 90 and abs(west) <= 360):
        raise ValueError("its steps or its corner are no degrees")
    # A tie point is a corner of its cell, or its middle.
    inward = 0.0 if said.get(_RASTER_TYPE) == _CELL_IS_POINT else 0.5
    west += (inward - column) * east_step
    north -= (inward - row) * south_step
    return north, west, (south_step, east_step)


def _known(cells: NDArray[np.generic], no_data: object) -> NDArray[np.float32]:
    """The heights as 32-bit numbers, with NaN for what the file calls "no data" or cannot be."""
    heights = cells.astype(np.float32)
    try:
        nothing = float(str(no_data).strip("\0 "))
    except ValueError:
        nothing = math.nan
    is_known = np.isfinite(heights) & (heights != np.float32(nothing))
    is_known &= (heights >= _LOWEST_M) & (heights <= _HIGHEST_M)
    return np.where(is_known, heights, np.float32(np.nan))
