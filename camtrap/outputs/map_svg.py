"""A map of stations without tiles: points, a scale, north, and names that do not lie on each other.

Drawn as SVG in an equirectangular projection, true to scale at the stations' mean latitude: within
a landscape of 100 km the error of a distance is well below one in a hundred. The map tells shapes
and distances, and no coordinate is written on it.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from camtrap.outputs.markup import Safe, text

KM_A_DEGREE = math.pi * 6371.0088 / 180
"""Kilometres of one degree of latitude on a sphere of the Earth's mean radius (IUGG)."""

WIDTH, TALLEST, LOWEST = 420.0, 420.0, 220.0
MARGIN = 34.0
HEIGHT_OF_SCALE = 26.0
"""Pixels at the lower edge that are kept for the scale."""

SMALLEST_KM = 0.5
"""A single station, or several at one place, are shown as if so much lay around them."""

LETTER, LINE, LONGEST_NAME = 10.0, 11.0, 22
"""Names: letters of so many pixels, lines of so many, and at most so many characters."""

RADIUS = 5.5
SIGNS = ("leopard", "person", "seen", "nothing")
"""What a point shows, the first that is true: leopard, people or vehicles, other animals, none."""

Line = tuple[tuple[float, float], ...]
"""Longitude and latitude of the points of a line, in degrees."""


@dataclass(frozen=True, slots=True)
class Point:
    """A station on the map: WGS84 degrees, one of `SIGNS`, and whether its camera is dead."""

    name: str
    latitude: float
    longitude: float
    sign: str = "nothing"
    dead: bool = False


class Rectangle(NamedTuple):
    """Left, top, right and bottom in pixels of the map."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rectangle) -> bool:
        """True when both share a point."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Label(NamedTuple):
    """A name in its place: where its text begins (left end of its base line)."""

    name: str
    x: float
    y: float


class Projection:
    """From degrees to pixels of a map `width` by `height`, true to scale at one latitude."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        """`points` are (longitude, latitude) of what has to be seen; at least one."""
        longitudes = [longitude for longitude, _ in points]
        # Across the date line the short way round: +179 and -179 are neighbours.
        self._wrapped = max(longitudes) - min(longitudes) > 180
        if self._wrapped:
            longitudes = [degrees % 360 for degrees in longitudes]
        latitudes = [latitude for _, latitude in points]
        self._west, east = min(longitudes), max(longitudes)
        south, self._north = min(latitudes), max(latitudes)
        middle = math.radians((south + self._north) / 2)
        self._km_east = KM_A_DEGREE * max(math.cos(middle), 0.01)
        wide = max((east - self._west) * self._km_east, SMALLEST_KM)
        high = max((self._north - south) * KM_A_DEGREE, SMALLEST_KM)
        room = WIDTH - 2 * MARGIN
        self.pixels_a_km = min(room / wide, (TALLEST - 2 * MARGIN) / high)
        self.width = WIDTH
        self.height = max(high * self.pixels_a_km + 2 * MARGIN, LOWEST)
        self._left = (self.width - (east - self._west) * self._km_east * self.pixels_a_km) / 2
        self._top = (self.height - (self._north - south) * KM_A_DEGREE * self.pixels_a_km) / 2

    def __call__(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Pixels from the left and from the top."""
        if self._wrapped:
            longitude %= 360
        east = (longitude - self._west) * self._km_east
        south = (self._north - latitude) * KM_A_DEGREE
        return self._left + east * self.pixels_a_km, self._top + south * self.pixels_a_km


def scale_km(pixels_a_km: float, most: float = WIDTH / 4) -> float:
    """The longest round distance (1, 2 or 5 times a power of ten, in km) within `most` pixels."""
    longest = most / pixels_a_km
    power = 10.0 ** math.floor(math.log10(longest))
    return max(step * power for step in (1, 2, 5) if step * power <= longest)


def place_labels(
    points: Sequence[tuple[str, float, float]], width: float, height: float
) -> list[Label | None]:
    """Find a place beside its point for each name, the first first; None where there is none.

    No name lies on another one, on a point, or beyond the map.
    """
    taken = [
        Rectangle(x - RADIUS - 1, y - RADIUS - 1, x + RADIUS + 1, y + RADIUS + 1)
        for _, x, y in points
    ]
    placed: list[Label | None] = []
    for name, x, y in points:
        shown = shortened(name)
        for label, box in _places(shown, x, y):
            inside = box.left >= 0 and box.top >= 0 and box.right <= width and box.bottom <= height
            if inside and not any(box.meets(other) for other in taken):
                taken.append(box)
                placed.append(label)
                break
        else:
            placed.append(None)
    return placed


def shortened(name: str) -> str:
    """A name on one line, no longer than a label may be."""
    name = " ".join(name.split())
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def width_of(name: str) -> float:
    """About how wide a name is drawn, in pixels; rather too much than too little."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in name)
    broad = sum(letter in "MWmw@ЖШЩЮФжшщюфЫы" for letter in name)
    return LETTER * (1.02 * wide + 0.95 * broad + 0.66 * (len(name) - wide - broad))


def _places(name: str, x: float, y: float) -> Iterator[tuple[Label, Rectangle]]:
    """Where a name may stand: right, left, above, below, and at the four corners."""
    long, away = width_of(name), RADIUS + 3
    middle = y + LETTER * 0.36
    for left, base in (
        (x + away, middle),
        (x - away - long, middle),
        (x - long / 2, y - away - 1),
        (x - long / 2, y + away + LETTER * 0.8),
        (x + away - 3, y - away + 1),
        (x + away - 3, y + away + LETTER * 0.6),
        (x - away + 3 - long, y - away + 1),
        (x - away + 3 - long, y + away + LETTER * 0.6),
    ):
        yield (
            Label(name, left, base),
            Rectangle(left, base - LETTER * 0.85, left + long, base + 2.5),
        )


@dataclass(frozen=True, slots=True)
class Map:
    """A drawn map, and how many names found no room on it."""

    svg: Safe
    unnamed: int


def draw_map(
    points: Sequence[Point],
    outline: Sequence[Line] = (),
    *,
    title: str,
    north: str,
    kilometres: str = "km",
    metres: str = "m",
) -> Map:
    """Draw stations, the more important ones above the others; at least one is needed.

    `title` says in words what is seen; `north`, `kilometres` and `metres` are written on the map.
    """
    ordered = sorted(
        points, key=lambda point: (SIGNS.index(point.sign), not point.dead, point.name)
    )
    projection = Projection(_extent(ordered, outline))
    width, height = projection.width, projection.height
    spots = [(point.name, *projection(point.longitude, point.latitude)) for point in ordered]
    scale, low = _scale(projection, kilometres, metres), height - HEIGHT_OF_SCALE
    # Where the scale and the arrow are, names are not.
    labels = place_labels(spots, width, low)
    parts = [
        f'<svg class="map" viewBox="0 0 {width:.0f} {height:.0f}" role="img"'
        f' aria-labelledby="map-title"><title id="map-title">{text(title)}</title>',
        f'<rect class="ground" x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}"/>',
        _outline(outline, projection),
    ]
    for point, (_, x, y) in reversed(list(zip(ordered, spots, strict=True))):
        parts.append(_point(point, x, y))
    parts += [
        f'<text class="name" x="{label.x:.1f}" y="{label.y:.1f}">{text(label.name)}</text>'
        for label in labels
        if label is not None
    ]
    parts += [scale, _arrow(width, text(north)), "</svg>\n"]
    return Map(Safe("".join(parts)), sum(label is None for label in labels))


def _extent(points: Sequence[Point], outline: Sequence[Line]) -> list[tuple[float, float]]:
    """What has to be seen: the stations, and the outline unless it would make them a dot."""
    stations = [(point.longitude, point.latitude) for point in points]
    border = [spot for line in outline for spot in line]
    if not border:
        return stations
    both = stations + border
    return both if _span(both) <= 5 * max(_span(stations), 0.05) else stations


def _span(spots: Sequence[tuple[float, float]]) -> float:
    """The larger side of what holds all spots, in degrees."""
    longitudes = [longitude for longitude, _ in spots]
    latitudes = [latitude for _, latitude in spots]
    return max(max(longitudes) - min(longitudes), max(latitudes) - min(latitudes))


def _outline(lines: Sequence[Line], projection: Projection) -> str:
    """All lines as one path; points that would fall on the one before are left out."""
    said: list[str] = []
    for line in lines:
        last: tuple[float, float] | None = None
        for spot in line:
            x, y = projection(*spot)
            if not (-9_999 < x < 9_999 and -9_999 < y < 9_999):
                last = None
            elif last is None:
                said.append(f"M{x:.1f} {y:.1f}")
                last = x, y
            elif abs(x - last[0]) + abs(y - last[1]) >= 0.7:
                said.append(f"L{x:.1f} {y:.1f}")
                last = x, y
    return f'<path class="outline" d="{"".join(said)}"/>' if said else ""


def _point(point: Point, x: float, y: float) -> str:
    """A sign for what was seen: colour and shape both tell, for those who see no colours."""
    r = RADIUS
    shapes = {
        "leopard": f"M{x:.1f} {y - r - 2:.1f}l{r + 2} {r + 2}l-{r + 2} {r + 2}l-{r + 2} -{r + 2}z",
        "person": f"M{x - r + 0.5:.1f} {y - r + 0.5:.1f}h{2 * r - 1}v{2 * r - 1}h-{2 * r - 1}z",
    }
    if point.sign in shapes:
        shape = f'<path class="sign {point.sign}" d="{shapes[point.sign]}"/>'
    else:
        shape = f'<circle class="sign {point.sign}" cx="{x:.1f}" cy="{y:.1f}" r="{r - 0.5}"/>'
    arm = r + 2
    cross = f"M{x - arm:.1f} {y - arm:.1f}l{2 * arm} {2 * arm}m0 -{2 * arm}l-{2 * arm} {2 * arm}"
    dead = f'<path class="dead" d="{cross}"/>' if point.dead else ""
    return f"<g><title>{text(point.name)}</title>{shape}{dead}</g>"


def _scale(projection: Projection, kilometres: str, metres: str) -> str:
    km = scale_km(projection.pixels_a_km)
    long, y = km * projection.pixels_a_km, projection.height - 12
    said = f"{km:g} {kilometres}" if km >= 1 else f"{1000 * km:g} {metres}"
    return (
        f'<path class="scale" d="M12 {y - 5:.1f}v5h{long:.2f}v-5"/>'
        f'<text class="scale" x="{18 + long:.1f}" y="{y + 1:.1f}">{text(said)}</text>'
    )


def _arrow(width: float, north: str) -> str:
    x = width - 16
    return (
        f'<path class="north" d="M{x} 8l5 14l-5 -3.5l-5 3.5z"/>'
        f'<text class="scale" x="{x}" y="33" text-anchor="middle">{north}</text>'
    )


def sign_shape(sign: str) -> Safe:
    """One sign alone, for the legend; `dead` is the cross."""
    point = Point("", 0, 0, sign if sign in SIGNS else "nothing")
    drawn = _point(point, 10, 10)
    if sign == "dead":
        drawn = '<path class="dead" d="M4 4l12 12m0 -12l-12 12"/>'
    drawn = drawn.replace("<title></title>", "")
    return Safe(f'<svg class="sign" viewBox="0 0 20 20" aria-hidden="true">{drawn}</svg>')
