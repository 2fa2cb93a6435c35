"""What dying cards and interrupted cameras do to JPEG files."""

from __future__ import annotations

from tests.cards import encoded, textured
from tests.reliability.corpus import (
    LOOKED_AT,
    TRUNCATED,
    UNREADABLE,
    Kind,
    as_frame,
    kind,
    noise,
    plain,
    segment,
    segments_of,
    whole,
    with_size,
)

_SECTOR = 512


def kinds() -> list[Kind]:
    """Every kind of damaged JPEG."""
    return [*_cut(), *_overwritten(), *_progressive(), *_restarts(), *_headers(), *_uncommon()]


def _cut() -> list[Kind]:
    data = whole()
    found = segments_of(data)
    scan = found[0xDA][0][1]
    exif_start, exif_end = found[0xE1][0]
    inside = {
        "JFIF": 0xE0,
        "the quantisation tables": 0xDB,
        "the frame header": 0xC0,
        "the Huffman tables": 0xC4,
        "the scan header": 0xDA,
    }
    cuts = {f"in {name}": sum(found[marker][0]) // 2 for name, marker in inside.items()}
    cuts |= {
        "behind the start marker": 2,
        "in the EXIF header": exif_start + 7,
        "in the thumbnail": (exif_start + exif_end) // 2,
        "behind the thumbnail's end marker": exif_end,
        "before the last Huffman table": found[0xC4][-1][0],
        "before the scan": found[0xDA][0][0],
        "behind the scan header": scan,
        "one byte before the end marker": len(data) - 3,
        "at the end marker": len(data) - 2,
        "in the end marker": len(data) - 1,
    }
    cuts |= {
        f"at {share} % of the scan": scan + (len(data) - scan) * share // 100
        for share in (1, 10, 25, 50, 75, 90, 99)
    }
    return [
        kind("cut in the start marker", data[:1], UNREADABLE),
        *(kind(f"cut {name}", data[:place], TRUNCATED) for name, place in cuts.items()),
    ]


def _overwritten() -> list[Kind]:
    data, other = whole(), encoded(textured(320, 240, seed=5), quality=90)
    middle = (segments_of(data)[0xDA][0][1] + len(data)) // 2 // _SECTOR * _SECTOR
    tail = len(data) - middle
    hole = 8 * _SECTOR

    def patched(filler: bytes) -> bytes:
        return data[:middle] + filler + data[middle + len(filler) :]

    even = encoded(textured(320, 240, seed=7), quality=90)
    return [
        kind("zeros from the middle", patched(bytes(tail)), TRUNCATED),
        kind("0xFF from the middle", patched(b"\xff" * tail), TRUNCATED),
        kind("noise from the middle", patched(noise(tail, 3)), TRUNCATED),
        kind("a text from the middle", patched((b"a line of text\n" * tail)[:tail]), TRUNCATED),
        kind("a hole of zeros", patched(bytes(hole)), TRUNCATED, "hole"),
        kind("a hole of erased flash", patched(b"\xff" * hole), TRUNCATED, "hole"),
        kind("a hole of one sector of erased flash", patched(b"\xff" * _SECTOR), TRUNCATED, "hole"),
        kind("the first half of one, all of another", data[:middle] + other, TRUNCATED),
        kind("halves of two", data[:middle] + other[len(other) // 2 :], LOOKED_AT),
        kind("the second half alone", data[middle:], UNREADABLE),
        kind("the first sector zeros", bytes(_SECTOR) + data[_SECTOR:], UNREADABLE),
        kind("zeros behind the start marker", data[:2] + bytes(len(data) - 2), TRUNCATED),
        kind("two whole pictures in a row", even + other, LOOKED_AT),
        kind("zeros behind the end", data + bytes(65_536), LOOKED_AT),
        kind("noise behind the end", data + noise(65_536), LOOKED_AT),
        kind("a newline before the start", b"\n" + data, UNREADABLE),
        kind("line ends translated", data.replace(b"\n", b"\r\n"), UNREADABLE),
        kind("bit 7 cut off everywhere", bytes(byte & 0x7F for byte in data), UNREADABLE),
        kind("only zeros", bytes(100_000), UNREADABLE, "nothing but zeros"),
        kind("only 0xFF", b"\xff" * 100_000, UNREADABLE),
        kind("noise", noise(100_000), UNREADABLE),
        kind("no bytes", b"", UNREADABLE, "empty"),
        kind("one byte", b"\xff", UNREADABLE),
    ]


def _progressive() -> list[Kind]:
    data = encoded(textured(320, 240), progressive=True, quality=90)
    scans = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    between = [
        kind(f"progressive, cut before scan {n}", data[: scans[n]], TRUNCATED)
        for n in (1, 2, len(scans) - 1)
    ]
    return [
        *between,
        kind("progressive, whole", data, LOOKED_AT),
        kind("progressive, first scan and end", data[: scans[1]] + b"\xff\xd9", LOOKED_AT),
        kind("progressive, a scan missing", data[: scans[2]] + data[scans[3] :], LOOKED_AT),
        kind("progressive, zeros from the middle", data[:9000].ljust(len(data), b"\0"), TRUNCATED),
    ]


def _restarts() -> list[Kind]:
    data = encoded(textured(320, 240), restart_marker_rows=1, quality=90)
    first, second = data.index(b"\xff\xd1"), data.index(b"\xff\xd2")
    return [
        kind("restart markers, whole", data, LOOKED_AT),
        kind("a restart marker lost", data[:first] + data[first + 2 :], LOOKED_AT),
        kind("an interval lost", data[:first] + data[second:], LOOKED_AT),
        kind(
            "restart markers in the wrong order",
            data.replace(b"\xff\xd1", b"\xff\xd7", 1).replace(b"\xff\xd2", b"\xff\xd5", 1),
            LOOKED_AT,
        ),
        kind("cut at a restart marker", data[:second], TRUNCATED),
        kind("cut at a restart marker, and ended", data[:second] + b"\xff\xd9", LOOKED_AT),
    ]


def _headers() -> list[Kind]:
    data = plain()
    found = segments_of(data)
    tables = found[0xDB][0]
    huffman = found[0xC4][0]
    frame = found[0xC0][0]
    return [
        kind("a frame of no width", with_size(data, 0, 48), UNREADABLE, "JPEG is broken"),
        kind("a frame of no height", with_size(data, 64, 0), UNREADABLE, "JPEG is broken"),
        kind("a frame of no size", with_size(data, 0, 0), UNREADABLE, "JPEG is broken"),
        kind("a frame of 60,000 x 60,000", with_size(data, 60_000, 60_000), UNREADABLE, "limit"),
        kind("a frame of 20,000 x 19,999", with_size(data, 20_000, 19_999), TRUNCATED, "too few"),
        kind("a frame twice as wide", with_size(whole(), 640, 240), LOOKED_AT),
        kind("no quantisation tables", data[: tables[0]] + data[tables[1] :], UNREADABLE),
        kind("no Huffman tables", data[: huffman[0]] + data[found[0xDA][0][0] :], LOOKED_AT),
        kind("no frame header", data[: frame[0]] + data[frame[1] :], UNREADABLE),
        kind("a segment of length 0", data[:2] + b"\xff\xe5\0\0" + data[2:], LOOKED_AT),
        kind(
            "a segment that runs over the end", data[:2] + b"\xff\xe5\xff\xff" + data[2:], TRUNCATED
        ),
        kind("twelve bits a sample", as_frame(data, 0xC1, 12), UNREADABLE),
        kind("three hundred bits a sample", as_frame(data, 0xC0, 255), UNREADABLE),
        kind("a second frame header", data[: frame[1]] + data[frame[0] :], UNREADABLE),
        kind(
            "a thousand comments", data[:2] + segment(0xFE, b"hello") * 1000 + data[2:], LOOKED_AT
        ),
    ]


def _uncommon() -> list[Kind]:
    data = plain()
    return [
        kind("arithmetic coding in name", as_frame(data, 0xC9), LOOKED_AT),
        kind("lossless in name", as_frame(data, 0xC3), UNREADABLE),
        kind("hierarchical in name", as_frame(data, 0xC5), UNREADABLE),
        kind("JPEG-LS in name", as_frame(data, 0xF7), UNREADABLE),
        kind("progressive in name", as_frame(data, 0xC2), UNREADABLE),
    ]
