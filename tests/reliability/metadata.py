"""Metadata that are broken, hostile or out of measure; none of them may cost a picture its look."""

from __future__ import annotations

import struct
import zlib

from tests.reliability.corpus import (
    LOOKED_AT,
    UNREADABLE,
    Kind,
    after_start,
    behind,
    chunk,
    entry,
    kind,
    noise,
    plain,
    png,
    segment,
    tiff,
    with_exif,
)

ASCII, SHORT, LONG, RATIONAL = 2, 3, 4, 5
DATE, GPS, DETAIL = 0x9003, 0x8825, 0x8769

_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 12))
    + "]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&a11;</x:xmpmeta>"
).encode()
_OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>&e;</x:xmpmeta>"
)


def kinds() -> list[Kind]:
    """Every kind of bad metadata."""
    dates = {
        "NULs": bytes(20),
        "zeros": b"0000:00:00 00:00:00\0",
        "spaces": b"    :  :     :  :  \0",
        "the year 2106": b"2106:02:07 06:28:15\0",
        "the year 9999": b"9999:12:31 23:59:59\0",
        "second 70": b"2020:01:01 00:00:70\0",
        "31 February": b"2020:02:31 10:00:00\0",
        "no ASCII": "２０２０:01:01 10:00:00".encode(),
        "Latin-1": b"12 f\xe9vrier 2020\0",
        "a formula": b'=HYPERLINK("x")\0',
        "line breaks": b"2020:01:01\n10:00:00\0",
        "no end": b"2020:01:01 10:00:00" + b"9" * 5000,
    }
    return [
        *(
            kind(f"a date of {name}", with_exif(_dated(text)), LOOKED_AT)
            for name, text in dates.items()
        ),
        *_places(),
        *_structures(),
        *_xmp(),
        *_in_png(),
    ]


def _below(pointer: int, entries: list[bytes], rest: bytes = b"") -> bytes:
    """A structure with a directory of these entries below its main one; `rest` stands behind it."""
    start = behind(1)
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return tiff([entry(pointer, LONG, 1, start)], directory + rest)


def _dated(text: bytes) -> bytes:
    return _below(DETAIL, [entry(DATE, ASCII, len(text), behind(1) + 18)], text)


def _place(latitude: tuple[int, ...], longitude: tuple[int, ...]) -> bytes:
    at = behind(1) + 2 + 4 * 12 + 4
    entries = [
        entry(1, ASCII, 2, b"N\0"),
        entry(2, RATIONAL, 3, at),
        entry(3, ASCII, 2, b"E\0"),
        entry(4, RATIONAL, 3, at + 24),
    ]
    return _below(GPS, entries, struct.pack("<12I", *latitude, *longitude))


def _places() -> list[Kind]:
    zero, good = (0, 1) * 3, (43, 1, 6, 1, 0, 1)
    places = {
        "GPS of (0, 0)": (zero, zero),
        "GPS of 200 degrees": ((200, 1, 0, 1, 0, 1), good),
        "GPS of 4 billion degrees": ((2**32 - 1, 1, 0, 1, 0, 1), good),
        "GPS of no numbers (0/0)": ((0, 0) * 3, (0, 0) * 3),
        "GPS of infinity (1/0)": ((1, 0, 0, 1, 0, 1), good),
    }
    return [kind(name, with_exif(_place(*place)), LOOKED_AT) for name, place in places.items()]


def _structures() -> list[Kind]:
    main = 8
    many = [entry(0x9000 + n % 0x6000, 7, 30_000, 40_000) for n in range(3_000)]
    chain = [segment(0xE1, b"Exif\0\0" + tiff([]) + noise(60_000, n)) for n in range(170)]
    other = [
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + noise(60_000, n))
        for n in range(300)
    ]
    structures = {
        "EXIF of no bytes": b"",
        "EXIF of noise": noise(2000),
        "EXIF cut in its directory": tiff([entry(0x010F, ASCII, 5, 100)])[:14],
        "EXIF whose directories go round": tiff(
            [entry(0x010F, ASCII, 4, b"abc\0")], following=main
        ),
        "EXIF whose detail is its main directory": tiff(
            [entry(DETAIL, LONG, 1, main), entry(GPS, LONG, 1, main)]
        ),
        "EXIF whose pointer points at itself": tiff([entry(DETAIL, LONG, 1, main + 2)]),
        "EXIF, directory far outside": b"II*\0\xff\xff\xff\xff",
        "EXIF of 65,535 entries": b"II*\0\x08\0\0\0\xff\xff" + noise(900),
        "EXIF of wrong types": tiff(
            [
                entry(0x010F, RATIONAL, 1, 8),
                entry(0x0112, ASCII, 4, b"six\0"),
                entry(0x0132, SHORT, 2, 7),
            ]
        ),
        "EXIF of unknown types": tiff([entry(0x010F, 99, 1, 8), entry(0x0112, 0, 1, 6)]),
        "EXIF, a count of 2^32-1": tiff(
            [entry(0x010F, ASCII, 2**32 - 1, 8), entry(0x0132, RATIONAL, 2**32 - 1, 8)]
        ),
        "EXIF, a name of 60 KB": tiff([entry(0x010F, ASCII, 60_000, behind(1))], b"A" * 60_000),
        "EXIF, entries over one another": tiff(many[:1500], noise(40_000)),
        "EXIF, orientation of 65,535": tiff([entry(0x0112, SHORT, 1, 65_535)]),
        "EXIF, a note of Reconyx cut short": _below(
            DETAIL, [entry(0x927C, 7, 12, behind(1) + 18)], b"RECONYXH2\0\1\0"
        ),
        "EXIF, a note of Browning that nests": _below(
            DETAIL,
            [entry(0x927C, 7, 40_000, behind(1) + 18)],
            (b'{"maker":"Browning","a":' + b"[" * 40_000)[:40_000],
        ),
        "EXIF of big numbers first": b"MM\0*\0\0\0\x08\0\x01\x01\x0f\0\x02\xff\xff\xff\xff\0\0\0\0",
    }
    return [
        *(kind(name, with_exif(block), LOOKED_AT) for name, block in structures.items()),
        kind(
            "10 MB of EXIF in a chain", lambda: after_start(plain(), *chain), LOOKED_AT, "metadata"
        ),
        kind(
            "18 MB of other metadata", lambda: after_start(plain(), *other), LOOKED_AT, "metadata"
        ),
        kind("a million fill bytes", after_start(plain(), b"\xff" * 1_000_000), LOOKED_AT),
        kind(
            "300,000 empty segments",
            after_start(plain(), segment(0xE5, b"") * 300_000),
            UNREADABLE,
            "parts",
        ),
        kind(
            "a colour profile of noise",
            after_start(plain(), segment(0xE2, b"ICC_PROFILE\0\1\1" + noise(9000))),
            LOOKED_AT,
        ),
        kind(
            "a Photoshop block of noise",
            after_start(plain(), segment(0xED, b"Photoshop 3.0\x008BIM" + noise(900))),
            LOOKED_AT,
        ),
        kind(
            "an MPO index of noise",
            after_start(plain(), segment(0xE2, b"MPF\0II*\0" + noise(900))),
            LOOKED_AT,
        ),
    ]


def _xmp() -> list[Kind]:
    mark = b"http://ns.adobe.com/xap/1.0/\0"
    return [
        kind(
            "XMP, a billion laughs", after_start(plain(), segment(0xE1, mark + _LAUGHS)), LOOKED_AT
        ),
        kind(
            "XMP that names a file", after_start(plain(), segment(0xE1, mark + _OUTSIDE)), LOOKED_AT
        ),
        kind("XMP of noise", after_start(plain(), segment(0xE1, mark + noise(5000))), LOOKED_AT),
        kind(
            "XMP in a PNG, a billion laughs",
            png(before=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _LAUGHS)),
            LOOKED_AT,
        ),
    ]


def _in_png() -> list[Kind]:
    bomb = zlib.compress(bytes(200_000_000), 9)
    international = b"k\0\1\0\0\0" + bomb
    hexadecimal = b"\nexif\n  100\n" + b"45786966" * 20_000
    return [
        kind(
            "PNG, a packed text of 200 MB",
            png(before=chunk(b"zTXt", b"k\0\0" + bomb)),
            LOOKED_AT,
            "metadata",
        ),
        kind(
            "PNG, an international text of 200 MB",
            png(before=chunk(b"iTXt", international)),
            LOOKED_AT,
            "metadata",
        ),
        kind(
            "PNG, a colour profile of 200 MB",
            png(before=chunk(b"iCCP", b"k\0\0" + bomb)),
            LOOKED_AT,
            "metadata",
        ),
        kind(
            "PNG, a hundred packed texts",
            png(before=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(900_000))) * 100),
            LOOKED_AT,
            "metadata",
        ),
        kind(
            "PNG, a packed text of noise",
            png(before=chunk(b"zTXt", b"k\0\0" + noise(500))),
            LOOKED_AT,
        ),
        kind("PNG, EXIF of noise", png(before=chunk(b"eXIf", noise(500))), LOOKED_AT),
        kind(
            "PNG, EXIF over one another",
            png(
                before=chunk(
                    b"eXIf",
                    tiff([entry(0x9000 + n, 7, 60_000, 0) for n in range(4000)], bytes(60_000)),
                )
            ),
            LOOKED_AT,
            "metadata",
        ),
        kind(
            "PNG, EXIF in hexadecimal",
            png(before=chunk(b"tEXt", b"Raw profile type exif\0" + hexadecimal)),
            LOOKED_AT,
        ),
        kind("PNG, 300,000 chunks", png(before=chunk(b"teSt", b"") * 300_000), UNREADABLE, "parts"),
    ]
