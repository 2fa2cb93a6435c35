"""Pictures of other formats, other modes and other sizes, and what is no picture at all."""

from __future__ import annotations

import importlib.util
import struct
import zlib

import numpy as np
from PIL import Image

from tests.cards import deep_grey, textured
from tests.reliability.corpus import (
    LOOKED_AT,
    SKIPPED,
    TRUNCATED,
    UNREADABLE,
    Kind,
    behind,
    chunk,
    entry,
    grey,
    kind,
    noise,
    plain,
    png,
    saved,
    tiff,
)

_NOT_HERE = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)


def kinds() -> list[Kind]:
    """Every kind of file that is another than its name says, or an unusual picture."""
    return [*_names_and_contents(), *_sizes(), *_modes(), *_png(), *_tiff(), *_others()]


def _names_and_contents() -> list[Kind]:
    video = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + noise(5000)
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n(hello) run\nshowpage\n"
    heic_state = SKIPPED if importlib.util.find_spec("pillow_heif") is None else UNREADABLE
    not_pictures = {
        "a video": video,
        "a web page": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "a PDF document": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "a vector graphic": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "a PostScript document": eps,
        "a ZIP archive": b"PK\x03\x04" + noise(500),
        "a program": b"\x7fELF" + noise(500),
    }
    return [
        kind("a PNG named .JPG", saved(grey(), "PNG"), LOOKED_AT),
        kind("a JPEG named .png", plain(), LOOKED_AT, file="a.png"),
        kind("a TIFF named .bmp", saved(grey(), "TIFF"), LOOKED_AT, file="a.bmp"),
        kind("a WebP named .gif", saved(grey(), "WEBP"), LOOKED_AT, file="a.gif"),
        *(
            kind(f"{name} named .JPG", data, UNREADABLE, name)
            for name, data in not_pictures.items()
        ),
        kind("a text named .JPG", "Это не картинка.".encode(), UNREADABLE, "not a picture"),
        kind("an AVI named .JPG", b"RIFF\0\0\0\0AVI LIST", UNREADABLE, "a video"),
        kind("an icon named .JPG", saved(grey(), "ICO"), UNREADABLE, "an icon"),
        kind("a cursor named .JPG", b"\0\0\x02\0\x01\0" + noise(200), UNREADABLE, "an icon"),
        kind("JPEG 2000 named .JPG", saved(grey(), "JPEG2000"), UNREADABLE, "not a picture"),
        kind("PPM named .JPG", saved(grey(), "PPM"), UNREADABLE, "not a picture"),
        kind("HEIC", _NOT_HERE, heic_state, "HEIC" if heic_state == SKIPPED else "", file="a.heic"),
        kind("HEIC named .JPG", _NOT_HERE, UNREADABLE),
        kind("a RAW file", tiff([entry(0x0100, 4, 1, 64)]), SKIPPED, "RAW", file="a.CR2"),
        kind("a video by its name", video, SKIPPED, "video", file="a.MP4"),
        kind("a picture named as a video", plain(), SKIPPED, "video", file="a.AVI"),
        kind("AVIF", b"\0\0\0\x18ftypavif" + noise(90), SKIPPED, "not read", file="a.avif"),
    ]


def _sizes() -> list[Kind]:
    dot = Image.new("RGB", (1, 1), (130,) * 3)
    return [
        *(
            kind(f"one pixel, {name}", saved(dot, name), LOOKED_AT)
            for name in ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP")
        ),
        kind("1 x 60,000", saved(grey("L", (1, 60_000)), "PNG"), LOOKED_AT),
        kind("60,000 x 1", saved(grey("L", (60_000, 1)), "JPEG"), LOOKED_AT),
        kind("1,000,000 x 1", saved(grey("L", (1_000_000, 1)), "PNG"), LOOKED_AT),
        kind("a PNG of no width", png(0, 48), UNREADABLE),
        kind("a BMP of no size", _bmp(0, 0), UNREADABLE),
        kind("a GIF of no size", b"GIF89a" + bytes(7) + b"\x3b", UNREADABLE),
        kind("a TIFF of no size", tiff([entry(256, 3, 1, 0), entry(257, 3, 1, 0)]), UNREADABLE),
    ]


def _modes() -> list[Kind]:
    clear = grey("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size).point(lambda v: 128 + v // 2))
    deep = deep_grey(64, 48)
    real = Image.fromarray(np.tile(np.linspace(0, 1, 64, dtype=np.float32), (48, 1)))
    nothing = Image.fromarray(np.full((48, 64), np.nan, np.float32))
    half = np.where(np.arange(64 * 48).reshape(48, 64) % 2, np.inf, 1.0).astype(np.float32)
    palette = grey("P")
    rgb16 = b"".join(b"\0" + b"\x82\x00" * 3 * 64 for _ in range(48))
    return [
        kind("CMYK JPEG", saved(grey("CMYK"), "JPEG"), LOOKED_AT),
        kind("YCCK JPEG", _ycck(), LOOKED_AT),
        kind("grey JPEG", saved(grey("L"), "JPEG"), LOOKED_AT),
        kind("CMYK TIFF", saved(grey("CMYK"), "TIFF"), LOOKED_AT),
        kind("16-bit grey PNG", saved(deep, "PNG"), LOOKED_AT),
        kind("16-bit grey TIFF", saved(deep, "TIFF"), LOOKED_AT),
        kind("16-bit RGB PNG", png(bits=16, colour=2, rows=rgb16), LOOKED_AT),
        kind("16-bit RGB TIFF", _rgb16_tiff(), LOOKED_AT),
        kind("float TIFF", saved(real, "TIFF"), LOOKED_AT),
        kind("float TIFF, half infinite", saved(Image.fromarray(half), "TIFF"), LOOKED_AT),
        kind("float TIFF of no numbers", saved(nothing, "TIFF"), LOOKED_AT),
        kind("palette with transparency", saved(palette, "PNG", transparency=bytes(9)), LOOKED_AT),
        kind("RGBA PNG", saved(clear, "PNG"), LOOKED_AT),
        kind("grey and alpha PNG", saved(clear.convert("LA"), "PNG"), LOOKED_AT),
        kind("one bit a pixel", saved(textured().convert("1"), "PNG"), LOOKED_AT),
        kind("RGBA WebP", saved(clear, "WEBP", lossless=True), LOOKED_AT),
        kind("progressive JPEG", saved(grey(), "JPEG", progressive=True), LOOKED_AT),
        kind("MPO", saved(grey(), "MPO", save_all=True, append_images=[grey()]), LOOKED_AT),
    ]


def _png() -> list[Kind]:
    data = saved(textured(), "PNG")
    pixels = data.index(b"IDAT") - 4
    end = data.index(b"IEND") - 4
    inside = bytearray(data)
    inside[pixels + 100] ^= 0xFF
    return [
        kind("interlaced PNG", png(64, 48, interlaced=True, rows=_adam7(64, 48)), LOOKED_AT),
        kind(
            "interlaced PNG, too few rows",
            png(interlaced=True, rows=_adam7(64, 48)[:600]),
            TRUNCATED,
        ),
        kind("PNG, a byte of its pixels changed", bytes(inside), UNREADABLE),
        kind("PNG, bad checksum of its header", data[:29] + b"\0\0\0\0" + data[33:], UNREADABLE),
        kind("PNG without pixels", data[:pixels] + data[end:], UNREADABLE),
        kind("PNG without its end", data[:end], LOOKED_AT),
        kind("PNG cut in its pixels", data[: len(data) // 2], TRUNCATED),
        kind("PNG of an unknown colour", png(colour=5), UNREADABLE),
        kind("PNG of 7 bits", png(bits=7), UNREADABLE),
        kind("PNG of palette without palette", png(colour=3), LOOKED_AT),
        kind("PNG, a chunk of 2 GB", data[:33] + b"\x7f\xff\xff\xffabCd" + data[33:], TRUNCATED),
        kind(
            "PNG, fewer rows than told", png(64, 480, rows=(b"\0" + b"\x82" * 64) * 48), TRUNCATED
        ),
        kind(
            "animated PNG",
            saved(grey(), "PNG", save_all=True, append_images=[grey("L").convert("RGB")] * 3),
            LOOKED_AT,
        ),
        kind(
            "animated PNG of 2^31 frames",
            png(before=chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))),
            LOOKED_AT,
        ),
    ]


def _tiff() -> list[Kind]:
    data = saved(grey(), "TIFF")
    rows = b"\x82" * 64 * 48
    base = {256: 64, 257: 48, 258: 8, 259: 1, 262: 1, 277: 1, 278: 48, 279: len(rows)}

    def made(
        rest: bytes = rows, following: int = 0, more: tuple[bytes, ...] = (), **changed: int
    ) -> bytes:
        values = base | {int(tag[1:]): value for tag, value in changed.items()}
        values.setdefault(273, behind(len(values) + 1 + len(more)))
        entries = [entry(tag, 4, 1, value) for tag, value in sorted(values.items())]
        return tiff([*entries, *more], rest, following)

    pages = saved(grey(), "TIFF", save_all=True, append_images=[grey()] * 300)
    overlapping = tuple(entry(60_000 + n, 7, 60_000, 0) for n in range(2_000))
    return [
        kind("TIFF", made(), LOOKED_AT),
        kind("TIFF of 301 pages", pages, LOOKED_AT),
        kind("TIFF whose pages go round", made(following=8), LOOKED_AT),
        kind("TIFF, strips beyond its end", made(t273=10_000_000), TRUNCATED),
        kind("TIFF, strips of 4 GB", made(t279=2**32 - 1), LOOKED_AT),
        kind("TIFF, no rows a strip", made(t278=0), TRUNCATED),
        kind("TIFF, 2^32-1 rows a strip", made(t278=2**32 - 1), LOOKED_AT),
        kind("TIFF, fewer strips than told", made(t257=480), TRUNCATED, "last row"),
        kind("TIFF of 65,535 samples", made(t277=65_535), UNREADABLE),
        kind("TIFF of 65,535 bits", made(t258=65_535), UNREADABLE),
        kind("TIFF of an unknown compression", made(t259=54_321), UNREADABLE),
        kind("TIFF, directory beyond its end", b"II*\0\xff\xff\xff\x7f" + bytes(50), UNREADABLE),
        kind(
            "TIFF, directory of 65,535 entries", b"II*\0\x08\0\0\0\xff\xff" + bytes(50), UNREADABLE
        ),
        kind(
            "TIFF, entries over one another",
            tiff(list(overlapping), bytes(60_000)),
            UNREADABLE,
            "claims",
        ),
        kind(
            "TIFF, a tag of 2^32-1 numbers", made(more=(entry(65_000, 4, 2**32 - 1, 8),)), LOOKED_AT
        ),
        kind("TIFF, a tile of 60,000 x 60,000", _tiled(60_000), UNREADABLE, "tiles"),
        kind("TIFF cut in its pixels", data[: len(data) // 2], TRUNCATED),
        kind("BigTIFF of nothing", b"II+\0\x08\0\0\0" + b"\xff" * 16, UNREADABLE),
    ]


def _others() -> list[Kind]:
    frames = [grey() for _ in range(300)]
    several = [Image.new("RGB", (64, 48), (level,) * 3) for level in range(60, 200, 5)]
    gif = saved(textured(), "GIF")
    webp = saved(textured(), "WEBP")
    return [
        kind(
            "GIF of 300 frames",
            saved(several[0], "GIF", save_all=True, append_images=several * 10),
            LOOKED_AT,
        ),
        kind("GIF cut", gif[: len(gif) // 2], TRUNCATED),
        kind("GIF, fewer rows than told", _short_gif(), TRUNCATED),
        kind("GIF, a frame outside its screen", _gif_frame_outside(), LOOKED_AT),
        kind("GIF without frames", gif[:13] + b"\x3b", UNREADABLE),
        kind(
            "animated WebP",
            saved(several[0], "WEBP", save_all=True, append_images=several),
            LOOKED_AT,
        ),
        kind("WebP cut", webp[: len(webp) // 2], UNREADABLE),
        kind("WebP of wrong length", webp[:4] + b"\xff" * 4 + webp[8:], UNREADABLE),
        kind("BMP from top to bottom", _bmp(64, -48), LOOKED_AT),
        kind("BMP of negative width", _bmp(-64, 48), UNREADABLE),
        kind("BMP of 2^31-1 x 2^31-1", _bmp(2**31 - 1, 2**31 - 1), UNREADABLE, "limit"),
        kind("BMP, fewer rows than told", _bmp(64, 4800), TRUNCATED),
        kind(
            "BMP of a wide skip",
            _bmp(1_000_000, 300, bits=8, packing=1, body=b"\0\2\xff\xff"),
            UNREADABLE,
            "run-length",
        ),
        kind("BMP of an unknown packing", _bmp(64, 48, packing=9), UNREADABLE),
        kind("an MPO of a thousand told pictures", _mpo_of(1000), LOOKED_AT),
        kind(
            "many GIF comments",
            gif[:781] + b"\x21\xfe" + (b"\xff" + b"c" * 255) * 4000 + b"\0" + gif[781:],
            LOOKED_AT,
        ),
        kind(
            "a long GIF",
            saved(frames[0], "GIF", save_all=True, append_images=frames, comment=b"x" * 9999),
            LOOKED_AT,
        ),
    ]


def _bmp(
    width: int, height: int, bits: int = 24, packing: int = 0, body: bytes | None = None
) -> bytes:
    palette = bytes(1024) if bits == 8 else b""
    body = b"\x82" * 64 * 48 * 3 if body is None else body
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + len(palette)) + info + palette + body


def _ycck() -> bytes:
    """A CMYK JPEG that says, in Adobe's mark, that its first three channels are YCbCr."""
    data = saved(grey("CMYK"), "JPEG")
    place = data.index(b"Adobe")
    return data[: place + 11] + b"\2" + data[place + 12 :]


def _rgb16_tiff() -> bytes:
    pixels = struct.pack("<HHH", 33_000, 33_000, 33_000) * 64 * 48
    values = {256: 64, 257: 48, 259: 1, 262: 2, 277: 3, 278: 48, 279: len(pixels)}
    bits = behind(len(values) + 2)
    values[273] = bits + 6
    entries = [(tag, entry(tag, 4, 1, value)) for tag, value in values.items()]
    entries.append((258, entry(258, 3, 3, bits)))
    return tiff([raw for _, raw in sorted(entries)], struct.pack("<HHH", 16, 16, 16) + pixels)


def _tiled(side: int) -> bytes:
    values = {256: 64, 257: 48, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side, 325: 20}
    values[324] = behind(len(values) + 1)
    entries = [entry(tag, 4, 1, value) for tag, value in sorted(values.items())]
    return tiff(entries, zlib.compress(bytes(100_000)))


def _adam7(width: int, height: int) -> bytes:
    """The rows of an even interlaced picture: seven passes (ISO 15948, 8.2)."""
    passes = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    rows = b""
    for left, top, step, down in passes:
        columns = len(range(left, width, step))
        rows += (b"\0" + b"\x82" * columns) * len(range(top, height, down))
    return rows


def _gif_frame_outside() -> bytes:
    data = bytearray(saved(grey("P"), "GIF"))
    place = data.index(b"\x2c", 13 + 3 * 2 ** ((data[10] & 7) + 1) if data[10] & 0x80 else 13)
    data[place + 1 : place + 5] = struct.pack("<HH", 300, 300)
    return bytes(data)


def _short_gif() -> bytes:
    """A GIF of one row of pixels, in order to its end, that tells of 48 rows."""
    data = bytearray(saved(grey("P", (64, 1)), "GIF"))
    place = data.index(b"\x2c", 13 + 3 * 2 ** ((data[10] & 7) + 1) if data[10] & 0x80 else 13)
    data[8:10] = data[place + 7 : place + 9] = struct.pack("<H", 48)
    return bytes(data)


def _mpo_of(count: int) -> bytes:
    data = saved(grey(), "MPO", save_all=True, append_images=[grey()])
    place = data.index(struct.pack("<HHI", 0xB001, 4, 1))
    return data[: place + 8] + struct.pack("<I", count) + data[place + 12 :]
