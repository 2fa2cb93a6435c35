"""The place: a camera and a season go in, ground, trunks, grass and light come out.

A scene is kept as what things are (colour, distance, how they face sky and camera) until the very
end, when `expose` lights it: by a grey sky, or by an infra-red flash that dies with distance.
"""

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from camtrap.painted.render import Camera, Sprite
from camtrap.painted.texture import Array, fractal_noise, smooth_noise, smoothstep

FAR_METRES = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """What one station looks at; `snow` is a share of the ground, `tufts` counts grass tufts."""

    camera: Camera
    seed: int
    snow: float
    trunks: int
    tufts: int
    stream: bool = False


@dataclass(slots=True)
class Scene:
    """Per pixel: colour, distance in metres, light from sky and from flash 0..1, eye shine."""

    camera: Camera
    albedo: Array
    distance: Array
    shade: Array
    flash: Array
    glint: Array


def empty_scene(place: Place) -> Scene:
    """Ground and far forest without anything that moves."""
    camera = place.camera
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width].astype(np.float32)
    albedo, distance = _ground(place, rows, columns)
    _forest_wall(place, rows, columns, albedo, distance)
    ones = np.ones(distance.shape, dtype=np.float32)
    scene = Scene(camera, albedo, distance, ones, ones.copy(), np.zeros_like(ones))
    _litter(place, scene)
    _trunks(place, scene)
    return scene


def _ground(place: Place, rows: Array, columns: Array) -> tuple[Array, Array]:
    camera = place.camera
    below = np.maximum(rows - camera.horizon, 1.0)
    distance = np.minimum(camera.focal * camera.above_ground / below, FAR_METRES)
    across = (columns - camera.width / 2) * distance / camera.focal
    spots = np.stack([across, distance], axis=-1)
    footprint = distance**2 / (camera.focal * camera.above_ground)
    tone = np.zeros_like(distance)
    for octave, size in enumerate((3.0, 1.1, 0.4, 0.15, 0.06, 0.025)):
        # What is finer than a pixel's patch of ground fades out instead of flickering.
        seen = np.clip(1.5 - footprint / size, 0, 1)
        tone += seen * (smooth_noise(spots / size, place.seed + octave) - 0.5) * 0.75**octave
    earth = np.array([0.17, 0.125, 0.085]) * np.exp(0.75 * tone)[..., None]
    lie = fractal_noise(spots * 0.55, place.seed + 40, 5) + 0.10 * tone
    cover = smoothstep(0.0, 0.09, lie - np.quantile(lie, 1 - place.snow)) if place.snow else 0 * lie
    snow = np.array([0.62, 0.65, 0.70]) * (1 + 0.16 * tone)[..., None]
    albedo = earth + (snow - earth) * cover[..., None]
    if place.stream:
        bank = np.abs(
            distance - 9.5 - 1.2 * fractal_noise(spots * 0.4, place.seed + 50, 2) - 0.12 * across
        )
        water = smoothstep(0.85, 0.65, bank)
        ripple = 0.55 + 0.6 * smooth_noise(spots * np.array([1.5, 9.0]), place.seed + 51)
        albedo = (
            albedo + (np.array([0.12, 0.14, 0.16]) * ripple[..., None] - albedo) * water[..., None]
        )
    return albedo.astype(np.float32), distance.astype(np.float32)


def _forest_wall(place: Place, rows: Array, columns: Array, albedo: Array, distance: Array) -> None:
    """What stands behind everything else: a blur of twigs, with sky coming through higher up."""
    camera = place.camera
    edge = camera.horizon + 0.035 * camera.height * (
        fractal_noise(columns[:1, :, None].repeat(2, -1) / 160, place.seed + 60, 3)[0] - 0.3
    )
    wall = rows < edge[None, :]
    twigs = fractal_noise(np.stack([columns / 9, rows / 55], axis=-1), place.seed + 61, 4)
    clumps = fractal_noise(np.stack([columns, rows], axis=-1) / 120, place.seed + 62, 4)
    sky = smoothstep(0.42, 0.70, clumps * 0.6 + twigs * 0.5 + 0.25 * (1 - rows / camera.horizon))
    dark = np.array([0.15, 0.125, 0.105]) * (0.6 + 0.8 * twigs)[..., None]
    back = dark + (np.array([0.55, 0.57, 0.60]) - dark) * (0.75 * sky)[..., None]
    albedo[wall] = back[wall]
    distance[wall] = FAR_METRES


class _Brush:
    """Draws flat shapes that have a colour and a distance."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._mask = Image.new("L", (scene.camera.width, scene.camera.height))
        self._tone = Image.new("F", self._mask.size)
        self._depth = Image.new("F", self._mask.size)
        self.draws = [ImageDraw.Draw(layer) for layer in (self._mask, self._tone, self._depth)]

    def polygon(self, corners: list[tuple[float, float]], tone: float, distance: float) -> None:
        for draw, fill in zip(self.draws, (255, tone, distance), strict=True):
            draw.polygon(corners, fill=fill)

    def line(
        self, points: list[tuple[float, float]], width: int, tone: float, distance: float
    ) -> None:
        for draw, fill in zip(self.draws, (255, tone, distance), strict=True):
            draw.line(points, fill=fill, width=width, joint="curve")

    def lay(self, colour: tuple[float, float, float], upright: float) -> None:
        """Put what was drawn over the scene; `upright` is how squarely it faces the flash."""
        soft = np.asarray(self._mask.filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float32) / 255
        hard = np.asarray(self._mask) > 0
        tone = np.asarray(self._tone)
        paint = np.array(colour, dtype=np.float32) * tone[..., None]
        share = np.where(hard, np.maximum(soft, 0.5), 0.0)[..., None]
        scene = self._scene
        scene.albedo = scene.albedo + (paint - scene.albedo) * share
        scene.distance = np.where(hard, np.asarray(self._depth), scene.distance)
        scene.flash = np.where(hard, upright, scene.flash)
        scene.shade = np.where(hard, 1.0, scene.shade)
        scene.glint = np.where(hard, 0.0, scene.glint)


def _litter(place: Place, scene: Scene) -> None:
    """Some thousands of fallen oak leaves and sticks, the far ones first."""
    camera, rng = place.camera, np.random.default_rng(place.seed)
    brush = _Brush(scene)
    for distance in np.sort(1.4 + 11 * rng.random(4200) ** 1.3)[::-1]:
        scale = camera.focal / distance
        x = camera.width * (1.2 * rng.random() - 0.1)
        y = camera.row_of(distance)
        size, turn, tone = (
            scale * (0.02 + 0.035 * rng.random()),
            pi * rng.random(),
            rng.lognormal(0, 0.35),
        )
        flat = 0.30 + 0.25 * rng.random()
        corners = [
            (x + size * r * cos(turn + a), y + flat * size * r * sin(turn + a))
            for a, r in ((0, 1.0), (0.8, 0.55), (2.2, 0.6), (pi, 1.0), (4.0, 0.5), (5.4, 0.6))
        ]
        brush.polygon(corners, float(tone), float(distance))
        if rng.random() < 0.02:
            far = (x + 6 * size * cos(turn), y + 2 * size * sin(turn))
            brush.line([(x, y), far], max(1, int(scale * 0.008)), 0.7, float(distance))
    brush.lay((0.27, 0.195, 0.125), 0.75)


def _trunks(place: Place, scene: Scene) -> None:
    """Trunks as shaded cylinders with bark, the far ones first; none stands where animals walk."""
    camera, rng = place.camera, np.random.default_rng(place.seed + 1)
    rows = np.arange(camera.height, dtype=np.float32)[:, None]
    for distance in np.sort(8.5 + 34 * rng.random(place.trunks))[::-1]:
        scale = camera.focal / distance
        radius = scale * (0.06 + 0.16 * rng.random() ** 2)
        foot, lean = camera.width * (1.1 * rng.random() - 0.05), 0.10 * (rng.random() - 0.5)
        bottom = camera.row_of(distance)
        reach = int(radius + abs(lean) * bottom + 3)
        left, right = max(0, int(foot - reach)), min(camera.width, int(foot + reach))
        if left >= right:
            continue
        columns = np.arange(left, right, dtype=np.float32)[None, :]
        middle = foot + lean * (bottom - rows)
        girth = radius * (
            0.75 + 0.25 * rows / bottom + 0.5 * np.exp((rows - bottom) / (0.25 * scale))
        )
        across = (columns - middle) / np.maximum(girth, 0.8)
        inside = (np.abs(across) < 1) & (rows < bottom + 0.3 * radius * (1 - across**2))
        grain = np.stack(np.broadcast_arrays(across * 7, rows / scale * 5 + 0 * columns), axis=-1)
        bark = fractal_noise(grain, place.seed + int(foot), 4)
        birch = rng.random() < 0.2
        base = np.array([0.42, 0.41, 0.39] if birch else [0.13, 0.105, 0.085])
        round_off = np.sqrt(np.clip(1 - across**2, 0, 1))
        colour = base * (0.45 + 1.1 * bark)[..., None]
        patch = slice(None), slice(left, right)
        scene.albedo[patch] = np.where(inside[..., None], colour, scene.albedo[patch])
        scene.distance[patch] = np.where(inside, distance, scene.distance[patch])
        scene.flash[patch] = np.where(inside, 0.15 + 0.85 * round_off, scene.flash[patch])
        scene.shade[patch] = np.where(inside, 0.55 + 0.45 * round_off, scene.shade[patch])


def grass(place: Place, scene: Scene, nearest: float, farthest: float, sway: float) -> None:
    """Dry grass between two distances; `sway` in metres bends it, each blade a little otherwise."""
    camera, rng = place.camera, np.random.default_rng(place.seed + 2)
    brush = _Brush(scene)
    for distance in np.sort(2.0 + 12 * rng.random(place.tufts) ** 1.2)[::-1]:
        scale = camera.focal / distance
        x, y = camera.width * (1.1 * rng.random() - 0.05), camera.row_of(distance)
        tall = 0.12 + 0.30 * rng.random() ** 2
        blades = rng.random((int(12 + 22 * rng.random()), 5))
        if not nearest <= distance < farthest:
            continue
        for spread, height, bow, tone, play in blades:
            root = x + scale * 0.12 * (spread - 0.5)
            length = scale * tall * (0.4 + 0.6 * height)
            bend = scale * tall * (1.1 * (bow - 0.5)) + scale * sway * (0.4 + play) * (0.4 + height)
            curve = [
                (root + bend * t**2, y - length * (t - 0.25 * t**2)) for t in (0, 0.35, 0.7, 1.0)
            ]
            brush.line(curve, max(1, round(scale * 0.0045)), 0.5 + 0.9 * tone, float(distance))
    brush.lay((0.40, 0.33, 0.20), 0.85)


def add_shadow(scene: Scene, across: float, distance: float, length: float, dark: float) -> None:
    """Darken the ground under a standing animal; `length` is half its own, in metres."""
    camera = scene.camera
    columns = np.arange(camera.width)[None, :]
    side = (columns - camera.width / 2) * scene.distance / camera.focal - across
    deep = scene.distance - distance
    on_ground = np.arange(camera.height)[:, None] > camera.horizon
    scene.shade = scene.shade * (
        1
        - dark * on_ground * np.exp(-((side / length) ** 2) - (deep / (0.28 + 0.25 * length)) ** 2)
    )


def add_sprite(scene: Scene, sprite: Sprite, distance: float, blur: int = 0) -> None:
    """Stand an animal in the scene; `blur` is the length of its sideways motion in pixels."""
    high, wide = sprite.alpha.shape
    patch = slice(sprite.top, sprite.top + high), slice(sprite.left, sprite.left + wide)

    def smear(values: Array) -> Array:
        shifts = range(-(blur // 2), blur // 2 + 1)
        return np.asarray(np.mean([np.roll(values, shift, axis=1) for shift in shifts], axis=0))

    solid = np.maximum(smear(sprite.alpha), 1e-4)
    share = np.where(solid > 2e-3, solid, 0)

    def over(under: Array, values: Array) -> Array:
        weight, part = (
            (sprite.alpha, share)
            if values.ndim == 2
            else (sprite.alpha[..., None], share[..., None])
        )
        whole = solid if values.ndim == 2 else solid[..., None]
        return np.asarray(under + (smear(values * weight) / whole - under) * part)

    scene.albedo[patch] = over(scene.albedo[patch], sprite.albedo)
    scene.flash[patch] = over(scene.flash[patch], 0.12 + 0.88 * sprite.facing)
    scene.shade[patch] = over(scene.shade[patch], 0.30 + 0.70 * sprite.overhead)
    scene.distance[patch] = np.where(share > 0.5, distance, scene.distance[patch])
    scene.glint[patch] = over(scene.glint[patch], sprite.glint)


def expose(scene: Scene, *, night: bool, seed: int, gain: float = 1.0) -> Image.Image:
    """Light the scene and take the picture: lens, sensor noise and tone curve included."""
    light = _flash(scene, gain) if night else _daylight(scene, seed, gain)
    rows, columns = np.mgrid[0 : scene.camera.height, 0 : scene.camera.width]
    reach = np.hypot(columns / scene.camera.width - 0.5, 0.75 * (rows / scene.camera.height - 0.5))
    light = light * (1 - 0.55 * reach**2)[..., None]
    rng = np.random.default_rng(seed)
    sigma = (0.012 if night else 0.004) + 0.035 * np.sqrt(light) * (0.5 if not night else 0.8)
    channels = 1 if night else 3
    noise = rng.standard_normal((*light.shape[:2], channels)).astype(np.float32)
    signal = np.clip(1 - np.exp(-1.25 * np.maximum(light, 0)), 0, 1)
    curve = signal ** (1 / 2.2)
    curve = curve + 0.55 * (curve * curve * (3 - 2 * curve) - curve)
    picture = np.clip(curve + sigma * 0.55 * noise, 0, 1)
    eight_bits = (255 * (0.03 + 0.97 * picture)).astype(np.uint8)
    # The lens and the camera's own noise filter soften what the scene drew with hard edges.
    return Image.fromarray(eight_bits).filter(ImageFilter.GaussianBlur(0.75))


def _flash(scene: Scene, gain: float) -> Array:
    rows, columns = np.mgrid[0 : scene.camera.height, 0 : scene.camera.width]
    beam = np.exp(
        -2.6 * (columns / scene.camera.width - 0.5) ** 2
        - 2.2 * (rows / scene.camera.height - 0.48) ** 2
    )
    # Every plant and coat is paler in infra-red than to the eye, and all colours fall together.
    grey = (
        0.55 * scene.albedo[..., 0] + 0.30 * scene.albedo[..., 1] + 0.15 * scene.albedo[..., 2]
    ) ** 0.85
    fall = np.minimum((4.6 / np.maximum(scene.distance, 1.0)) ** 2, 3.5)
    light = gain * 1.15 * grey * beam * fall * scene.flash * (0.45 + 0.55 * scene.shade)
    light = light + 5.0 * np.clip(scene.glint, 0, 1) ** 2 * beam
    return np.repeat(light[..., None], 3, axis=-1).astype(np.float32)


def _daylight(scene: Scene, seed: int, gain: float) -> Array:
    rows, columns = np.mgrid[0 : scene.camera.height, 0 : scene.camera.width]
    spots = np.stack([columns, rows * 2.2], axis=-1) / (0.13 * scene.camera.width)
    dapple = 0.75 + 0.5 * smoothstep(0.42, 0.66, fractal_noise(spots, seed // 100, 3))
    sky = np.array([0.98, 1.0, 1.04])
    light = gain * 1.25 * scene.albedo * (scene.shade * dapple)[..., None] * sky
    haze = (1 - np.exp(-scene.distance / 110))[..., None]
    return np.asarray(light * (1 - haze) + np.array([0.42, 0.44, 0.47]) * haze, dtype=np.float32)
