"""Every picture becomes RGB pixels: upright, of the size asked for, and cut in the right place."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from camtrap.errors import UnreadablePicture
from camtrap.pixels import decode
from camtrap.pixels.decode import (
    FIRST_SIDE,
    FRAME_SIDE,
    Pixels,
    decode_crops,
    decode_frame,
    is_infrared,
    opened,
    upright_size,
)
from camtrap.pixels.fit import Region
from tests.cards import ORIENTATION, QUADRANTS, deep_grey, encoded, quadrants, textured

TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera lays an upright picture down, for each value of its flag."""


def as_camera(image: Image.Image, orientation: int, picture_format: str = "JPEG") -> bytes:
    turn = TURNS[orientation]
    lying = image if turn is None else image.transpose(turn)
    return encoded(lying, picture_format, orientation=orientation)


def corners(pixels: Pixels) -> list[str]:
    """The names of the colours top left, top right, bottom left and bottom right."""
    height, width, _ = pixels.shape
    low, high = slice(height // 6, height // 3), slice(-(height // 3), -(height // 6))
    left, right = slice(width // 6, width // 3), slice(-(width // 3), -(width // 6))
    return [
        colour_of(pixels[rows, columns])
        for rows, columns in ((low, left), (low, right), (high, left), (high, right))
    ]


def colour_of(pixels: Pixels) -> str:
    mean = pixels.reshape(-1, 3).mean(axis=0)
    name = min(QUADRANTS, key=lambda name: float(np.abs(mean - QUADRANTS[name]).sum()))
    assert np.abs(mean - QUADRANTS[name]).max() < 25, f"no quadrant's colour: {mean}"
    return name


# -- what can be decoded


def test_a_frame_has_the_side_asked_for_and_tells_the_size_of_the_original() -> None:
    found = decode_frame(encoded(textured(160, 120)), 64)
    assert found.pixels.shape == (48, 64, 3)
    assert found.pixels.dtype == np.uint8
    assert (found.width, found.height) == (160, 120)


def test_a_small_picture_is_enlarged() -> None:
    assert decode_frame(encoded(quadrants(20, 10)), 64).pixels.shape == (32, 64, 3)


def test_a_picture_of_one_pixel_decodes() -> None:
    found = decode_frame(encoded(Image.new("RGB", (1, 1), "red"), "PNG"), 32)
    assert found.pixels.shape == (32, 32, 3)
    assert (found.width, found.height) == (1, 1)


@pytest.mark.parametrize(
    ("mode", "picture_format"),
    [
        ("RGB", "JPEG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("RGB", "MPO"),
        ("RGB", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("1", "PNG"),
        ("RGBA", "PNG"),
        ("I;16", "PNG"),
        ("P", "GIF"),
        ("RGB", "BMP"),
        ("RGB", "WEBP"),
        ("YCbCr", "TIFF"),
        ("CMYK", "TIFF"),
        ("F", "TIFF"),
        ("I", "TIFF"),
        ("RGB", "TIFF"),
    ],
)
def test_every_mode_and_format_gives_rgb_of_the_same_brightness_order(
    mode: str, picture_format: str
) -> None:
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, 48).astype(np.uint8), (36, 1)))
    source = deep_grey(48, 36) if mode == "I;16" else ramp.convert("RGB").convert(mode)
    pixels = decode_frame(encoded(source, picture_format), 48).pixels
    assert pixels.shape == (36, 48, 3)
    columns = pixels.mean(axis=(0, 2))
    assert columns[:12].mean() < columns[18:30].mean() < columns[-12:].mean()
    assert columns[-12:].mean() - columns[:12].mean() > 150


def test_a_16_bit_grey_picture_is_stretched_to_its_own_range() -> None:
    dim = Image.fromarray(np.asarray(deep_grey()) // 64)  # as night cameras fill 10 of 16 bits
    pixels = decode_frame(encoded(dim, "PNG"), 40).pixels
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_an_even_16_bit_picture_is_black_not_an_error() -> None:
    even = Image.fromarray(np.full((8, 8), 30_000, np.uint16))
    assert decode_frame(encoded(even, "PNG"), 8).pixels.max() == 0


def test_values_that_are_no_numbers_leave_the_rest_of_a_float_picture() -> None:
    values = np.tile(np.linspace(0, 100, 32, dtype=np.float32), (24, 1))
    values[0, 0], values[0, 1] = np.nan, np.inf
    pixels = decode_frame(encoded(Image.fromarray(values), "TIFF"), 32).pixels
    assert pixels[12, -1, 0] > 240
    assert pixels[12, 0, 0] < 15


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_black(mode: str) -> None:
    clear = Image.new("RGBA", (16, 16), (255, 255, 255, 0)).convert(mode)
    assert decode_frame(encoded(clear, "PNG"), 16).pixels.max() == 0


def test_a_palette_with_transparency_is_black_where_it_is_clear() -> None:
    image = Image.new("P", (16, 16), 1)
    image.putpalette([10, 10, 10, 250, 250, 250])
    image.paste(0, (0, 0, 16, 8))
    pixels = decode_frame(encoded(image, "GIF", transparency=1), 16).pixels
    assert pixels[12, 8].max() == 0
    assert pixels[2, 8].max() == 10


@pytest.mark.parametrize("picture_format", ["MPO", "GIF", "TIFF", "WEBP"])
def test_the_first_of_several_pictures_in_a_file_counts(picture_format: str) -> None:
    first, second = Image.new("RGB", (32, 24), "red"), Image.new("RGB", (32, 24), "blue")
    data = encoded(first, picture_format, save_all=True, append_images=[second])
    red, _, blue = decode_frame(data, 32).pixels.mean(axis=(0, 1))
    assert red > 200 > 50 > blue


def test_the_content_decides_not_the_name() -> None:
    assert decode_frame(encoded(quadrants(), "PNG"), 64).pixels.shape == (48, 64, 3)


# -- upright


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "TIFF", "WEBP", "MPO"])
def test_a_turned_picture_comes_out_upright(orientation: int, picture_format: str) -> None:
    found = decode_frame(as_camera(quadrants(64, 48), orientation, picture_format), 64)
    assert (found.width, found.height) == (64, 48)
    assert found.pixels.shape == (48, 64, 3)
    assert corners(found.pixels) == list(QUADRANTS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_upright_size_is_known_before_any_pixel_is_decoded(orientation: int) -> None:
    with opened(as_camera(quadrants(64, 48), orientation)) as image:
        assert upright_size(image) == (64, 48)


@pytest.mark.parametrize("flag", [0, 9, 255])
def test_a_rotation_flag_without_a_meaning_is_no_rotation(flag: int) -> None:
    found = decode_frame(encoded(quadrants(), orientation=flag), 64)
    assert corners(found.pixels) == list(QUADRANTS)


def test_a_turned_picture_whose_exif_cannot_be_written_again_decodes() -> None:
    # The make, a text, said to be a fraction: Pillow reads it, but would fail to write it.
    directory = struct.pack(">H", 2)
    directory += struct.pack(">HHII", 0x010F, 5, 1, 38)
    directory += struct.pack(">HHIHH", ORIENTATION, 3, 1, 6, 0)
    exif = b"Exif\0\0" + b"MM\0*\0\0\0\x08" + directory + bytes(4) + struct.pack(">II", 72, 1)
    lying = quadrants().transpose(Image.Transpose.ROTATE_90)
    found = decode_frame(encoded(lying, exif=exif), 64)
    assert corners(found.pixels) == list(QUADRANTS)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0garbage that is no TIFF header",
        b"Exif\0\0II*\0\xff\xff\xff\x7f",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x01",
    ],
)
def test_broken_exif_costs_no_picture(exif: bytes) -> None:
    found = decode_frame(encoded(quadrants(), exif=exif), 64)
    assert corners(found.pixels) == list(QUADRANTS)


# -- at reduced scale


@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("side", [40, 64, 100, 200])
def test_a_reduced_decode_equals_the_full_one_scaled(orientation: int, side: int) -> None:
    image = textured(800, 600, seed=3).resize((800, 600))
    data = as_camera(image, orientation)
    with Image.open(io.BytesIO(data)) as full:
        turn = decode.TURNS.get(orientation)
        upright = full.convert("RGB") if turn is None else full.convert("RGB").transpose(turn)
    size = (side, side * 3 // 4)
    expected = np.asarray(upright.resize(size, Image.Resampling.BILINEAR)).astype(int)
    found = decode_frame(data, side).pixels.astype(int)
    difference = np.abs(found - expected)
    assert difference.mean() < 2.0
    assert np.percentile(difference, 99) < 8


@pytest.mark.parametrize(
    ("size", "orientation", "side", "decoded"),
    [
        ((1600, 1200), 1, 100, (200, 150)),
        ((1600, 1200), 1, 150, (400, 300)),
        ((1200, 1600), 6, 100, (150, 200)),
        ((400, 1600), 6, 130, (50, 200)),
        ((300, 200), 1, 250, (300, 200)),
    ],
)
def test_a_jpeg_is_decoded_at_the_least_scale_that_leaves_the_margin(
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    orientation: int,
    side: int,
    decoded: tuple[int, int],
) -> None:
    sizes: list[tuple[int, int]] = []
    real = decode.to_rgb

    def spy(image: Image.Image) -> Image.Image:
        sizes.append(image.size)
        return real(image)

    monkeypatch.setattr(decode, "to_rgb", spy)
    decode_frame(as_camera(textured(*size), orientation), side, least=0)
    assert sizes == [decoded]


def test_a_grey_jpeg_gives_three_equal_channels() -> None:
    pixels = decode_frame(encoded(textured().convert("L")), 64).pixels
    assert np.array_equal(pixels[..., 0], pixels[..., 2])


# -- crops


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(64, 48), (640, 480), (480, 640), (1000, 700)])
def test_crops_come_from_their_place_in_the_upright_picture(
    orientation: int, size: tuple[int, int]
) -> None:
    width, height = size
    half = min(size) / 2
    regions = [
        Region(left, top, left + half, top + half)
        for top in (0, height - half)
        for left in (0, width - half)
    ]
    crops = decode_crops(as_camera(quadrants(width, height), orientation), regions, 24)
    assert [colour_of(crop[2:-2, 2:-2]) for crop in crops] == list(QUADRANTS)
    assert all(crop.shape == (24, 24, 3) for crop in crops)


def test_a_crop_over_an_edge_shows_both_sides_of_it() -> None:
    data = encoded(quadrants(200, 200), quality=95)
    [crop] = decode_crops(data, [Region(50, 50, 150, 150)], 40)
    assert corners(crop) == list(QUADRANTS)
    assert colour_of(crop[4:18, 4:18]) == "red"
    assert colour_of(crop[4:18, 22:36]) == "green"


def test_each_region_is_cut_whatever_the_scale_of_the_others() -> None:
    data = encoded(quadrants(1600, 1200))
    small, large = Region(20, 20, 60, 60), Region(0, 0, 1200, 1200)
    together = decode_crops(data, [small, large], 32)
    assert colour_of(together[0]) == "red"
    assert corners(together[1])[:3:2] == ["red", "blue"]


def test_a_region_that_is_not_square_is_centred_on_grey() -> None:
    [crop] = decode_crops(encoded(quadrants(100, 50)), [Region(0, 0, 100, 50)], 40, fill=77)
    assert np.all(crop[:9] == 77)
    assert np.all(crop[-9:] == 77)
    assert corners(crop[10:30]) == list(QUADRANTS)


def test_a_crop_smaller_than_the_square_is_enlarged() -> None:
    [crop] = decode_crops(encoded(quadrants(), quality=95), [Region(4, 4, 9, 9)], 64)
    assert colour_of(crop) == "red"


def test_a_region_is_cut_at_the_frame() -> None:
    [crop] = decode_crops(encoded(quadrants()), [Region(40.4, 24.6, 64.0, 48.0)], 32)
    assert colour_of(crop[4:-4, 4:-4]) == "grey"


def test_the_only_pixel_of_a_picture_can_be_cut() -> None:
    data = encoded(Image.new("RGB", (1, 1), QUADRANTS["blue"]), "PNG")
    assert colour_of(decode_crops(data, [Region(0, 0, 1, 1)], 16)[0]) == "blue"


@pytest.mark.parametrize("size", [(4000, 3000), (1000, 1400), (700, 500)])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("orientation", [1, 6])
def test_with_or_without_the_frame_the_crops_are_the_same(
    size: tuple[int, int], share: float, orientation: int
) -> None:
    data = encoded(textured(*size), orientation=orientation, quality=70)
    frame = decode_frame(data, FRAME_SIDE)
    corner = Region(7, 11, 7 + share * frame.width, 11 + share * frame.width)
    alone, together = (decode_crops(data, [corner], 120, frame=it) for it in (None, frame))
    assert np.array_equal(alone, together)


def test_a_large_crop_costs_no_second_decode() -> None:
    frame = decode_frame(encoded(textured(4000, 3000), quality=70), FRAME_SIDE)
    [crop] = decode_crops(b"not needed", [Region(0, 0, 1500, 1500)], 260, frame=frame)
    assert crop.shape == (260, 260, 3)
    with pytest.raises(UnreadablePicture):
        decode_crops(b"needed", [Region(0, 0, 300, 300)], 260, frame=frame)


@pytest.mark.parametrize(
    ("size", "decoded"), [((4000, 3000), 2000), ((2000, 1500), 2000), ((1400, 1000), 1400)]
)
def test_the_first_decode_is_large_enough_for_most_crops(size, decoded) -> None:
    frame = decode_frame(encoded(textured(*size), quality=70), 512)
    assert frame.reduced is not None
    assert frame.reduced.width == decoded >= min(size[0], FIRST_SIDE)
    assert max(frame.pixels.shape) == 512


def test_a_modest_region_is_no_reason_for_another_decode() -> None:
    data = encoded(textured(4000, 3000), quality=70)
    frame = decode_frame(data, 512)
    small, large = Region(100, 100, 500, 500), Region(0, 0, 1500, 1500)
    [modest] = decode_crops(b"not needed", [small], 260, frame=frame, modest=[True])
    [alone] = decode_crops(data, [small], 260, modest=[True])
    assert np.array_equal(modest, alone)
    [sharp] = decode_crops(data, [small], 260, frame=frame)
    assert not np.array_equal(modest, sharp)
    beside = decode_crops(b"not needed", [small, large], 260, frame=frame, modest=[True, False])
    assert np.array_equal(beside[0], modest)


def test_what_is_large_enough_is_cut_alike_whatever_lies_beside_it() -> None:
    data = encoded(textured(4000, 3000), quality=70)
    regions = [Region(100, 100, 1900, 1900), Region(900, 700, 1250, 1050), Region(7, 7, 300, 300)]
    together = decode_crops(data, regions, 260, modest=[False, False, True])
    for crop, region, modest in zip(together, regions, (False, False, True), strict=True):
        [alone] = decode_crops(data, [region], 260, modest=[modest])
        assert np.array_equal(crop, alone)


@pytest.mark.parametrize(
    ("sides", "decoded"),
    [((1500,), [2000]), ((300,), [4000]), ((300, 1500), [2000, 4000]), ((300, 350), [4000])],
)
def test_without_a_frame_only_those_decodes_are_made_that_are_needed(
    monkeypatch: pytest.MonkeyPatch, sides: tuple[int, ...], decoded: list[int]
) -> None:
    widths: list[int] = []
    real = decode.to_rgb

    def spy(image: Image.Image) -> Image.Image:
        widths.append(image.width)
        return real(image)

    monkeypatch.setattr(decode, "to_rgb", spy)
    data = encoded(textured(4000, 3000), quality=70)
    decode_crops(data, [Region(9, 9, 9 + side, 9 + side) for side in sides], 260)
    assert widths == decoded


def test_a_picture_that_was_decoded_in_full_is_not_decoded_again() -> None:
    for kind in ("JPEG", "PNG"):
        data = encoded(textured(1000, 800), kind)
        frame = decode_frame(data, 512)
        region = Region(300, 300, 340, 340)
        [crop] = decode_crops(b"not needed", [region], 260, frame=frame)
        assert np.array_equal(crop, decode_crops(data, [region], 260)[0])


def test_no_regions_give_no_crops() -> None:
    assert decode_crops(encoded(quadrants()), [], 32) == []


# -- infra-red


@pytest.mark.parametrize(
    ("tint", "expected"),
    [((0, 0, 0), True), ((12, 0, 8), True), ((40, -20, 30), True)],
    ids=["grey", "pink", "violet"],
)
def test_grey_pictures_are_infrared_even_with_an_even_tint(
    tint: tuple[int, int, int], expected: bool
) -> None:
    grey = np.asarray(textured().convert("L").convert("RGB"), dtype=np.int16) // 2 + 60
    assert is_infrared(np.clip(grey + tint, 0, 255).astype(np.uint8)) is expected


def test_a_picture_with_colour_is_not_infrared() -> None:
    assert not is_infrared(np.asarray(textured()))
    assert not is_infrared(np.asarray(quadrants()))


def test_a_frame_says_whether_it_is_infrared() -> None:
    assert decode_frame(encoded(textured().convert("L")), 64).infrared
    assert not decode_frame(encoded(textured()), 64).infrared
