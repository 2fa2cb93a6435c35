"""Coats: points on an animal's skin go in, colours come out; rosettes, stripes and masks live here.

Colours are linear red, green, blue 0..1. `points` is (n, 3) in the animal's own axes, in metres.
"""

from collections.abc import Callable

import numpy as np

from camtrap.painted.animals import Part
from camtrap.painted.texture import Array, fractal_noise, hashed, smooth_noise, smoothstep

Painter = Callable[[Array, Array, Array, int], Array]

DARK = np.array([0.025, 0.022, 0.02], dtype=np.float32)


def paint(species: str, points: Array, normals: Array, parts: Array, seed: int) -> Array:
    """The colour of each point; eyes and noses are the same dark on every species."""
    colours = PAINTERS[species](points, normals, parts, seed)
    dark = (parts == Part.NOSE) | (parts == Part.EYE)
    return np.asarray(np.where(dark[:, None], DARK, colours), dtype=np.float32)


def _mix(first: Array, second: Array, share: Array) -> Array:
    return np.asarray(first + (second - first) * share[:, None])


def _plain(points: Array, colour: tuple[float, float, float]) -> Array:
    return np.tile(np.array(colour, dtype=np.float32), (len(points), 1))


def _colour(red: float, green: float, blue: float) -> Array:
    return np.array([red, green, blue], dtype=np.float32)


def _underside(points: Array, normals: Array, height: float) -> Array:
    """1 on the belly and inner legs, 0 on flanks and back."""
    low = smoothstep(height, height * 0.55, points[:, 1])
    return np.asarray(smoothstep(0.0, -0.75, normals[:, 1]) * (0.5 + 0.5 * low))


def _unrolled(points: Array, spine: float) -> Array:
    """Skin laid flat: metres along the body, metres around it from the spine down. (n, 2)."""
    around = np.arctan2(np.abs(points[:, 2]), points[:, 1] - spine + 0.16) * 0.20
    drop = spine - points[:, 1]
    return np.stack(
        [points[:, 0], 0.5 * around + 0.8 * drop + 0.3 * np.sign(points[:, 2])], axis=-1
    )


def _cells(flat: Array, size: float, seed: int) -> tuple[Array, Array, Array]:
    """Distance (in cells) and angle to the nearest scattered centre, and the cell's own number."""
    grid = flat / size
    grid = grid + np.array([0.5, 0.0]) * (np.floor(grid[:, 1:]) % 2)
    home = np.floor(grid)
    best = np.full(len(flat), 9.0)
    angle = np.zeros(len(flat))
    number = np.zeros(len(flat))
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            cell = home + np.array([column, row])
            jitter = np.stack([hashed(cell, seed), hashed(cell, seed + 1)], axis=-1)
            offset = grid - (cell + 0.5 + 0.42 * (jitter - 0.5))
            reach = np.hypot(offset[:, 0], offset[:, 1])
            closer = reach < best
            best = np.where(closer, reach, best)
            angle = np.where(closer, np.arctan2(offset[:, 1], offset[:, 0]), angle)
            number = np.where(closer, hashed(cell, seed + 2), number)
    return best, angle, number


def _rosettes(flat: Array, size: float, seed: int) -> tuple[Array, Array]:
    """Broken dark rings 0..1, and the tinted ground inside them 0..1."""
    wobble = np.stack([fractal_noise(flat * 40, seed + k, 2) for k in (5, 6)], axis=-1) - 0.5
    reach, angle, number = _cells(flat + 0.35 * size * wobble, size, seed)
    radius = 0.30 + 0.12 * number
    thickness = 0.12 + 0.05 * smooth_noise(flat * 60, seed + 7)
    ring = smoothstep(1.0, 0.7, np.abs(reach - radius) / thickness)
    gaps = np.sin(angle * (2 + np.floor(2.9 * number)) + 20 * number)
    broken = ring * smoothstep(-0.95, -0.55, gaps)
    inside = smoothstep(radius.mean() + 0.05, radius.mean() - 0.08, reach)
    return np.asarray(broken), np.asarray(inside)


def _spots(flat: Array, size: float, seed: int, radius: float = 0.28) -> Array:
    wobble = (
        np.stack([fractal_noise(flat * 1.1 / size, seed + k, 2) for k in (5, 6)], axis=-1) - 0.5
    )
    reach, _, number = _cells(flat + 0.9 * size * wobble, size, seed)
    edge = radius * (0.55 + 0.9 * number)
    return np.asarray(smoothstep(1.25, 0.65, reach / edge))


def _leopard(points: Array, normals: Array, parts: Array, seed: int) -> Array:
    colours = _plain(points, (0.47, 0.31, 0.13))
    pale = _underside(points, normals, 0.5)
    colours = _mix(colours, _colour(0.72, 0.66, 0.55), pale)
    rings, inside = _rosettes(_unrolled(points, 0.60), 0.078, seed)
    body = parts == Part.BODY
    flank = body | ((parts == Part.LEG) & (points[:, 1] > 0.40))
    small = np.stack([points[:, 0], points[:, 1] + 0.4 * points[:, 2]], axis=-1)
    leg_spots = 0.85 * _spots(small, 0.042, seed + 20)
    head_spots = _spots(small, 0.024, seed + 21, 0.30)
    rings_or_spots = np.where(flank, rings, np.where(parts == Part.HEAD, head_spots, leg_spots))
    colours = _mix(colours, _colour(0.33, 0.19, 0.07), inside * flank * (1 - pale))
    colours = _mix(colours, DARK, rings_or_spots * (0.88 - 0.30 * pale) * (parts != Part.EAR))
    return _mix(colours, DARK, (parts == Part.EAR) * 0.7)


def _tiger(points: Array, normals: Array, parts: Array, seed: int) -> Array:
    colours = _plain(points, (0.56, 0.25, 0.06))
    pale = np.maximum(
        _underside(points, normals, 0.75), 0.7 * (parts == Part.HEAD) * (points[:, 1] < 0.80)
    )
    colours = _mix(colours, _colour(0.75, 0.70, 0.62), pale)
    bend = fractal_noise(points * np.array([3.0, 5.0, 3.0]), seed, 3) - 0.5
    across = points[:, 0] * 58 + 11 * bend + 5 * (points[:, 1] - 0.7) ** 2
    level = np.where(parts == Part.LEG, points[:, 1] * 48 + 5 * bend, across)
    level = np.where(parts == Part.TAIL, points[:, 0] * 62 + points[:, 1] * 20, level)
    level = np.where(parts == Part.HEAD, points[:, 1] * 95 + points[:, 0] * 60 + 12 * bend, level)
    breaks = fractal_noise(points * np.array([4.0, 12.0, 4.0]), seed + 4, 2)
    width = 0.38 + 0.55 * (breaks - 0.5)
    return _mix(colours, DARK, smoothstep(0.75, 1.0, np.sin(level) + width) * (1 - 0.45 * pale))


def _deer(colour: tuple[float, float, float], spotted: float, rump_at: float) -> Painter:
    def painter(points: Array, normals: Array, parts: Array, seed: int) -> Array:
        colours = _plain(points, colour)
        colours = _mix(colours, _colour(0.50, 0.46, 0.40), _underside(points, normals, 0.7))
        flat = _unrolled(points, 0.85)
        colours = _mix(
            colours,
            _colour(0.62, 0.55, 0.45),
            spotted * _spots(flat, 0.10, seed, 0.17) * (parts == Part.BODY),
        )
        mirror = smoothstep(rump_at, rump_at - 0.04, points[:, 0]) * (points[:, 1] > 0.5)
        colours = _mix(colours, _colour(0.80, 0.78, 0.72), mirror * (parts != Part.ANTLER) * 0.85)
        shins = smoothstep(0.42, 0.12, points[:, 1]) * (parts == Part.LEG)
        colours = _mix(colours, _colour(0.10, 0.075, 0.055), 0.6 * shins)
        return _mix(colours, _colour(0.30, 0.24, 0.17), (parts == Part.ANTLER) * 1.0)

    return painter


def _boar(points: Array, normals: Array, parts: Array, seed: int) -> Array:
    colours = _plain(points, (0.085, 0.068, 0.055))
    bristles = smoothstep(0.45, 0.75, fractal_noise(points * np.array([60.0, 25.0, 60.0]), seed, 3))
    colours = _mix(colours, _colour(0.22, 0.18, 0.14), 0.7 * bristles * (parts == Part.BODY))
    shins = smoothstep(0.35, 0.15, points[:, 1]) * (parts == Part.LEG)
    cheeks = (parts == Part.HEAD) * smoothstep(0.2, -0.4, normals[:, 1])
    return _mix(_mix(colours, DARK, shins), _colour(0.24, 0.21, 0.18), 0.45 * cheeks)


def _fox(points: Array, normals: Array, parts: Array, seed: int) -> Array:
    colours = _plain(points, (0.50, 0.21, 0.06))
    pale = np.maximum(
        _underside(points, normals, 0.32),
        (parts == Part.HEAD) * smoothstep(0.0, -0.4, normals[:, 1]),
    )
    colours = _mix(colours, _colour(0.75, 0.72, 0.68), pale)
    colours = _mix(colours, DARK, smoothstep(0.20, 0.10, points[:, 1]) * (parts == Part.LEG) * 0.85)
    tip = (parts == Part.TAIL) * smoothstep(-0.60, -0.64, points[:, 0])
    colours = _mix(colours, _colour(0.82, 0.80, 0.76), tip)
    return _mix(colours, DARK, (parts == Part.EAR) * 0.6 * smoothstep(0.3, -0.3, normals[:, 0]))


def _badger(points: Array, normals: Array, parts: Array, seed: int) -> Array:
    grizzle = fractal_noise(points * np.array([60.0, 120.0, 120.0]), seed, 2)
    colours = _mix(_plain(points, (0.20, 0.18, 0.16)), _colour(0.46, 0.44, 0.41), grizzle)
    colours = _mix(
        colours,
        DARK,
        np.maximum(smoothstep(0.19, 0.11, points[:, 1]), _underside(points, normals, 0.2)),
    )
    head = parts == Part.HEAD
    stripe = head & (np.abs(np.abs(points[:, 2]) - 0.036) < 0.013) & (normals[:, 1] > -0.35)
    colours = _mix(colours, _colour(0.85, 0.84, 0.82), head * 1.0)
    return _mix(colours, DARK, stripe * 0.95)


def _bear(points: Array, normals: Array, parts: Array, seed: int) -> Array:
    colours = _plain(points, (0.13, 0.080, 0.048))
    sheen = fractal_noise(points * np.array([8.0, 8.0, 8.0]), seed, 3)
    colours = _mix(colours, _colour(0.24, 0.16, 0.10), sheen * smoothstep(0.0, 0.9, normals[:, 1]))
    colours = _mix(colours, _colour(0.25, 0.17, 0.11), 0.6 * smoothstep(0.5, 0.9, points[:, 0]))
    return _mix(colours, _colour(0.05, 0.035, 0.025), 0.6 * smoothstep(0.65, 0.25, points[:, 1]))


PAINTERS: dict[str, Painter] = {
    "leopard": _leopard,
    "tiger": _tiger,
    "sika deer": _deer((0.25, 0.155, 0.090), 0.35, -0.43),
    "sika stag": _deer((0.19, 0.120, 0.075), 0.20, -0.49),
    "roe deer": _deer((0.25, 0.185, 0.130), 0.0, -0.36),
    "wild boar": _boar,
    "red fox": _fox,
    "badger": _badger,
    "brown bear": _bear,
}
