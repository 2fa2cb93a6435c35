"""Greys of 16 bits and more: the scene fills the range, whatever a few pixels say."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from camtrap.pixels import thermal
from camtrap.pixels.decode import decode_crops, decode_frame
from camtrap.pixels.fit import Region
from camtrap.pixels.regions import open_large
from camtrap.pixels.thermal import IGNORED, Numbers, bounds, shown_grey, to_grey
from tests.cards import encoded

SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=24)
COUNTS = arrays.arrays(np.uint16, SHAPES)
FLOATS = arrays.arrays(np.float32, SHAPES, elements=st.floats(width=32))
"""NaN, infinities and the smallest and largest numbers among them."""


def bounds_of(values: Numbers, parts: int = 1) -> tuple[float, float]:
    return bounds(lambda: iter(np.array_split(values, parts)))


def grey(values: Numbers) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return to_grey(values, *bounds_of(values))


def expected_bounds(values: Numbers) -> tuple[float, float]:
    """The same by sorting."""
    ordered = np.sort(values[np.isfinite(values)], axis=None)
    if len(ordered) == 0:
        return 0.0, 0.0
    passed = int(IGNORED * (len(ordered) - 1))
    low, high = ordered[passed], ordered[len(ordered) - 1 - passed]
    return (ordered[0], ordered[-1]) if low == high else (low, high)


def scene(seed: int = 0, shape: tuple[int, int] = (120, 160)) -> Numbers:
    """A night scene in counts of a sensor: cold ground with some structure, and a warm animal."""
    random = np.random.default_rng(seed)
    counts = random.normal(21_000, 60, shape) + np.linspace(0, 300, shape[1])
    counts[60:72, 40:60] += 900
    return counts.astype(np.uint16)


# -- laws


@given(st.one_of(COUNTS, FLOATS, arrays.arrays(np.int32, SHAPES)), st.integers(1, 5))
def test_the_ends_are_those_of_the_sorted_numbers_however_they_are_split(
    values: Numbers, parts: int
) -> None:
    assert bounds_of(values, parts) == expected_bounds(values)


@given(st.one_of(COUNTS, FLOATS))
def test_what_is_hotter_is_never_darker(values: Numbers) -> None:
    numbers = values.ravel()[~np.isnan(values.ravel())]
    shown = to_grey(numbers, *bounds_of(values))
    assert (np.diff(shown[np.argsort(numbers)].astype(int)) >= 0).all()


@given(COUNTS, st.integers(1, 1000), st.integers(-(10**6), 10**6))
def test_gain_and_offset_of_the_sensor_change_nothing(
    values: Numbers, gain: int, offset: int
) -> None:
    other = (values.astype(np.int64) * gain + offset).astype(np.int32)
    assert np.array_equal(grey(values), grey(other))


@given(COUNTS, st.floats(1e-6, 1e6))
def test_gain_of_floats_changes_no_more_than_a_rounding(values: Numbers, gain: float) -> None:
    one, other = grey(values), grey((values * gain).astype(np.float32))
    assert np.abs(one.astype(int) - other).max(initial=0) <= 1


@given(COUNTS)
def test_heat_upside_down_is_the_negative(values: Numbers) -> None:
    """Both ends are treated alike: hot animals on cold ground and cold ones on hot."""
    one, other = grey(values).astype(int), grey(-values.astype(np.int32)).astype(int)
    if one.any():
        assert np.abs(one + other - 255).max() <= 1


@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_one_pixel_in_a_thousand_moves_the_ends_by_few_ranks(
    seed: int, hot: bool, as_float: bool
) -> None:
    random = np.random.default_rng(seed)
    clean = scene(seed % 7).astype(np.float32 if as_float else np.uint16)
    spoiled = clean.copy()
    places = random.choice(clean.size, clean.size // 1000, replace=False)
    spoiled.flat[places] = 65_535 if hot else 0
    ordered = np.sort(clean, axis=None)
    low, high = bounds_of(spoiled)
    at = [int(share * (clean.size - 1)) for share in (0.0039, 0.0061, 0.9939, 0.9961)]
    assert ordered[at[0]] <= low <= ordered[at[1]]
    assert ordered[at[2]] <= high <= ordered[at[3]]


@given(FLOATS)
def test_numbers_of_every_kind_give_greys_without_a_warning(values: Numbers) -> None:
    with np.errstate(all="raise", under="ignore"):
        shown = grey(values)
    assert shown.shape == values.shape
    assert (shown[np.isnan(values)] == 0).all()


@given(st.one_of(COUNTS, FLOATS), st.integers(0, 3))
def test_turning_a_picture_changes_no_grey(values: Numbers, turns: int) -> None:
    assert np.array_equal(np.rot90(grey(values), turns), grey(np.rot90(values, turns)))


# -- cases


@pytest.mark.parametrize("dead", [0, 65_535])
def test_a_dead_pixel_does_not_take_the_range(dead: int) -> None:
    spoiled = scene()
    spoiled[3, 3] = dead
    assert np.abs(grey(scene()).astype(int) - grey(spoiled))[10:].max() <= 1


def test_a_hot_rock_leaves_the_animal_apart_from_the_ground() -> None:
    hot = scene(shape=(480, 640))
    hot[0:20, 0:40] = 60_000  # 0.26 % of the picture
    shown = grey(hot).astype(int)
    assert shown[60:72, 40:60].mean() - shown[200:210, 40:60].mean() > 150
    by_range = (hot.astype(float) - hot.min()) * 255 / (hot.max() - hot.min())
    assert by_range[60:72, 40:60].mean() - by_range[200:210, 40:60].mean() < 10


def test_a_small_animal_on_ground_of_one_value_is_white_and_not_lost() -> None:
    values = np.full((120, 160), 20_000, np.uint16)
    values[50:55, 50:56] = 20_400  # 0.16 %
    assert (grey(values)[50:55, 50:56] == 255).all()
    assert grey(values)[0, 0] == 0


@pytest.mark.parametrize("value", [0.0, 1.0, -40.0, 1e30, np.nan, np.inf, -np.inf])
def test_a_picture_of_one_value_is_black(value: float) -> None:
    assert not grey(np.full((9, 9), value, np.float32)).any()


def test_no_number_is_black_and_infinities_lie_at_the_ends() -> None:
    values = np.linspace(280, 300, 900, dtype=np.float32).reshape(30, 30)
    values[15, 10:13] = (np.nan, np.inf, -np.inf)
    assert grey(values)[15, 10:13].tolist() == [0, 255, 0]
    assert grey(values)[15, 20] > 100


def test_temperatures_of_less_than_a_degree_fill_the_range() -> None:
    values = np.linspace(290.0, 290.5, 400, dtype=np.float32).reshape(20, 20)
    assert (grey(values).min(), grey(values).max()) == (0, 255)


# -- as files


def files() -> list[tuple[str, bytes]]:
    counts, buffer = scene(shape=(900, 1200)), io.BytesIO()
    counts[0, 0], counts[-1, -1] = 0, 65_535
    celsius = Image.fromarray(counts.astype(np.float32) / 100 - 273.15)
    celsius.save(buffer, "TIFF", compression="tiff_lzw")
    return [
        ("16-bit PNG", encoded(Image.fromarray(counts), "PNG")),
        ("16-bit TIFF", encoded(Image.fromarray(counts), "TIFF")),
        ("big-endian TIFF", big_endian_tiff(counts)),
        ("32-bit TIFF", encoded(Image.fromarray(counts.astype(np.int32)), "TIFF")),
        ("float TIFF", buffer.getvalue()),
    ]


def big_endian_tiff(counts: Numbers) -> bytes:
    """An uncompressed TIFF in the order of bytes that Pillow reads as I;16B and does not write."""
    height, width = counts.shape
    tags = [
        (256, 4, width), (257, 4, height), (258, 3, 16 << 16), (259, 3, 1 << 16), (262, 3, 1 << 16),
        (273, 4, 8), (277, 3, 1 << 16), (278, 4, height), (279, 4, 2 * counts.size),
    ]  # fmt: skip
    start = 8 + 2 * counts.size
    entries = b"".join(
        tag.to_bytes(2, "big") + kind.to_bytes(2, "big") + (1).to_bytes(4, "big")
        + value.to_bytes(4, "big") for tag, kind, value in tags
    )  # fmt: skip
    head = b"MM\0*" + start.to_bytes(4, "big")
    body = counts.astype(">u2").tobytes()
    return head + body + len(tags).to_bytes(2, "big") + entries + bytes(4)


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in files()])
def test_frames_crops_and_regions_have_the_greys_of_the_whole_picture(data: bytes) -> None:
    expected = grey(scene(shape=(900, 1200))).astype(int)  # without the two dead pixels
    whole = decode_frame(data, 1200)
    assert whole.infrared
    assert np.abs(whole.pixels[..., 0].astype(int) - expected)[1:-1].max() <= 1
    large = open_large(data)
    for left, top in ((0, 2), (30, 50), (560, 260)):
        region = Region(left, top, left + 640, top + 640)
        tile = large.cut(region, (640, 640))
        assert np.array_equal(tile, whole.pixels[top : top + 640, left : left + 640])
    [crop] = decode_crops(data, [Region(30, 50, 290, 310)], 260)
    assert np.array_equal(crop, whole.pixels[50:310, 30:290])


def test_bands_of_a_large_picture_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.fromarray(scene())
    at_once = np.asarray(shown_grey(image))
    monkeypatch.setattr(thermal, "_BAND_PIXELS", 7 * 160)
    assert np.array_equal(np.asarray(shown_grey(image)), at_once)


def test_greys_of_8_bits_stay_as_they_are() -> None:
    dim = np.random.default_rng(0).integers(90, 110, (30, 40)).astype(np.uint8)
    pixels = decode_frame(encoded(Image.fromarray(dim), "PNG"), 40).pixels
    assert np.array_equal(pixels, np.stack([dim] * 3, axis=-1))
