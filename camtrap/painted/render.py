"""From bones to pixels: an animal and a camera go in, a sprite with colour and shading comes out.

The bones are joined into one smooth surface (a signed distance field) that is found by walking
along each pixel's ray. A coarse walk first tells which pixels are worth a fine one.
"""

from dataclasses import dataclass

import numpy as np

from camtrap.painted.animals import Bone, Part
from camtrap.painted.coats import paint
from camtrap.painted.texture import Array, fractal_noise, hashed


@dataclass(frozen=True, slots=True)
class Camera:
    """A level camera: size, focal length and horizon in pixels, height above ground in metres."""

    width: int
    height: int
    focal: float
    horizon: float
    above_ground: float

    def row_of(self, distance: float) -> float:
        """The picture row on which the ground lies at `distance` metres."""
        return self.horizon + self.focal * self.above_ground / distance


@dataclass(frozen=True, slots=True)
class Animal:
    """Where an animal stands: metres right of the lens's axis and away; heading 0 is right."""

    species: str
    bones: list[Bone]
    across: float
    distance: float
    heading: float
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Sprite:
    """A rectangle of picture and its top left corner; arrays are (rows, columns[, 3])."""

    left: int
    top: int
    albedo: Array
    facing: Array
    overhead: Array
    alpha: Array
    glint: Array


class Surface:
    """The smooth skin around a list of bones."""

    def __init__(self, bones: list[Bone]) -> None:
        self._bones = bones

    def distance(self, points: Array) -> Array:
        """Metres from each point to the skin, negative inside; `points` is (n, 3)."""
        total: Array = np.full(len(points), 9.0, dtype=np.float32)
        for bone in self._bones:
            near = _bone_distance(bone, points)
            blend = 0.24 * (bone.start_radius + bone.end_radius) + 0.004
            mix = np.clip(0.5 + 0.5 * (near - total) / blend, 0, 1)
            total = near * (1 - mix) + total * mix - blend * mix * (1 - mix)
        return total

    def part(self, points: Array) -> Array:
        """The part whose bone lies nearest to each point."""
        gaps = np.stack([_bone_distance(bone, points) for bone in self._bones])
        parts = np.array([int(bone.part) for bone in self._bones])
        return np.asarray(parts[gaps.argmin(axis=0)])

    def normals(self, points: Array) -> Array:
        """Unit vectors out of the skin, from four nearby distances."""
        total = np.zeros_like(points)
        for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
            step = np.array(corner, dtype=np.float32)
            total += step * self.distance(points + 0.003 * step)[:, None]
        length = np.linalg.norm(total, axis=1, keepdims=True)
        return np.asarray(total / np.maximum(length, 1e-9))


def _bone_distance(bone: Bone, points: Array) -> Array:
    start = np.array(bone.start, dtype=np.float32)
    axis = np.array(bone.end, dtype=np.float32) - start
    away = points - start
    along = np.clip(away @ axis / max(float(axis @ axis), 1e-9), 0, 1)
    away = away - along[:, None] * axis
    # Squeezing space sideways flattens the bone; distances come out too long, so steps are short.
    side = away[:, 2] / bone.flat
    length = np.sqrt(away[:, 0] ** 2 + away[:, 1] ** 2 + side**2)
    return np.asarray(length - (bone.start_radius + along * (bone.end_radius - bone.start_radius)))


def render(animal: Animal, camera: Camera) -> Sprite:
    """Draw one animal, whole or cut by the picture's edge, at the camera's full resolution."""
    reach = 1.75 if "tiger" in animal.species or "bear" in animal.species else 1.45
    scale = camera.focal / animal.distance
    left = max(0, int(camera.width / 2 + (animal.across - reach) * scale))
    right = min(camera.width, int(camera.width / 2 + (animal.across + reach) * scale))
    bottom = min(camera.height, int(camera.row_of(animal.distance) + 0.30 * scale))
    top = max(0, int(bottom - 2.2 * scale))
    surface = Surface(animal.bones)

    coarse = 6
    rows, columns = np.mgrid[top:bottom:coarse, left:right:coarse]
    depth, _ = _march(surface, animal, camera, rows, columns, None)
    padded = np.pad(depth, 1, constant_values=np.inf)
    height, width = depth.shape
    near = np.min(
        [padded[dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)], axis=0
    )
    guess = np.kron(near, np.ones((coarse, coarse)))[: bottom - top, : right - left]
    rows, columns = np.mgrid[top:bottom, left:right]
    depth, points = _march(surface, animal, camera, rows, columns, guess)
    return _shade(surface, animal, camera, (left, top), depth, points)


def _rays(animal: Animal, camera: Camera, rows: Array, columns: Array) -> tuple[Array, Array]:
    """Rays in the animal's own axes: origin, and directions that reach a metre into the picture."""
    turn = np.radians(animal.heading)
    right = (columns - camera.width / 2) / camera.focal
    up = -(rows - camera.horizon) / camera.focal
    deep = np.ones_like(right)
    forward = np.cos(turn) * right + np.sin(turn) * deep
    left = -np.sin(turn) * right + np.cos(turn) * deep
    x, z = -animal.across, -animal.distance
    origin = np.array(
        [
            np.cos(turn) * x + np.sin(turn) * z,
            camera.above_ground,
            -np.sin(turn) * x + np.cos(turn) * z,
        ]
    )
    return origin.astype(np.float32), np.stack([forward, up, left], axis=-1).astype(np.float32)


def _march(
    surface: Surface,
    animal: Animal,
    camera: Camera,
    rows: Array,
    columns: Array,
    guess: Array | None,
) -> tuple[Array, Array]:
    """Depth in metres (infinite where the ray misses) and the hit points, flat, in row order."""
    origin, directions = _rays(animal, camera, rows, columns)
    flat = directions.reshape(-1, 3)
    far = np.float32(animal.distance + 1.6)
    near = np.full(len(flat), animal.distance - 1.6, dtype=np.float32)
    if guess is not None:
        near = np.where(np.isfinite(guess.ravel()), guess.ravel() - 0.12, far).astype(np.float32)
    # The coarse walk takes whatever lies within most of a coarse pixel, so no thin leg is lost.
    skin = 0.0015 if guess is not None else 4.5 * animal.distance / camera.focal
    depth = np.full(len(flat), np.inf, dtype=np.float32)
    active = np.flatnonzero(near < far)
    for _ in range(60):
        gap = surface.distance(origin + flat[active] * near[active, None])
        done = gap < skin
        depth[active[done]] = near[active[done]]
        near[active] += np.maximum(0.72 * gap, 0.001)
        active = active[~done & (near[active] < far)]
        if not len(active):
            break
    hit = np.isfinite(depth)
    return depth.reshape(rows.shape), origin + flat[hit] * depth[hit, None]


def _shade(
    surface: Surface,
    animal: Animal,
    camera: Camera,
    corner: tuple[int, int],
    depth: Array,
    points: Array,
) -> Sprite:
    hit = np.isfinite(depth)
    normals = surface.normals(points)
    parts = surface.part(points)
    origin, _ = _rays(animal, camera, np.zeros((1, 1)), np.zeros((1, 1)))
    towards = origin - points
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    strands = _fur(points, animal.seed)
    tilt = (normals + (strands[:, None] - 0.5) * np.array([0.5, 0.5, 0.0])).astype(np.float32)

    def spread(values: Array) -> Array:
        full = np.zeros((*hit.shape, *values.shape[1:]), dtype=np.float32)
        full[hit] = values
        return full

    albedo = paint(animal.species, points, normals, parts, animal.seed)
    albedo = albedo * (0.45 + 1.1 * strands)[:, None]
    return Sprite(
        left=corner[0],
        top=corner[1],
        albedo=spread(albedo),
        facing=spread(np.clip((tilt * towards).sum(axis=1), 0, 1)),
        overhead=spread(np.clip(0.5 + 0.5 * tilt[:, 1], 0, 1)),
        alpha=_furry_edge(hit, animal.seed),
        glint=spread((parts == Part.EYE) * np.clip((normals * towards).sum(axis=1), 0, 1)),
    )


def _fur(points: Array, seed: int) -> Array:
    """Strands 0..1 that run along the body and a little downwards."""
    slanted = points.copy()
    slanted[:, 1] += 0.35 * points[:, 0]
    strands = fractal_noise(slanted * np.array([28.0, 130.0, 110.0]), seed, 3)
    clumps = fractal_noise(points * np.array([9.0, 22.0, 22.0]), seed + 9, 2)
    return np.asarray(0.65 * strands + 0.35 * clumps)


def _furry_edge(hit: Array, seed: int) -> Array:
    """Alpha that is a little ragged at the outline, as fur is."""
    padded = np.pad(hit.astype(np.float32), 1)
    rows, columns = hit.shape
    soft = np.mean(
        [padded[dy : dy + rows, dx : dx + columns] for dy in range(3) for dx in range(3)], axis=0
    )
    places: Array = np.moveaxis(np.mgrid[0:rows, 0:columns], 0, -1)
    grain = hashed(places, seed)
    return np.asarray(np.clip(1.6 * (soft - 0.30 * grain) - 0.1, 0, 1), dtype=np.float32)
