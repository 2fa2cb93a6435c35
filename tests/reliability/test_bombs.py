"""Small files that claim to be huge: refused or looked at, within bounds of memory and time."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from camtrap.records import State
from tests.cards import encoded
from tests.reliability.corpus import (
    LOOKED_AT,
    TRUNCATED,
    UNREADABLE,
    Kind,
    after_start,
    chunk,
    entry,
    kind,
    plain,
    png,
    saved,
    segment,
    tiff,
    with_size,
)

ROOT = Path(__file__).parents[2]
SECONDS = 60
SIZE = 200_000_000
MOST_BYTES = 1_300_000_000
"""What a picture of 64 megapixels may take at its peak, beyond the program itself: 20 bytes a
pixel. What is larger is decoded alone."""

_CHILD = r"""
import json, pathlib, re, sys, time
from tests.reliability.triage import one_answer
def memory(name):
    said = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(name + r":\s+(\d+) kB", said)[1]) * 1024
before = memory("VmRSS")
start = time.monotonic()
state, reason = one_answer(pathlib.Path(sys.argv[1]))
took = time.monotonic() - start
print(json.dumps([state, reason, took, memory("VmHWM") - before]))
"""


def _flat_png(width: int, height: int, colour: int, channels: int, bits: int = 8) -> bytes:
    """A PNG of one value, made row by row: a thousand times smaller than its pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\x82" * (width * channels * bits // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    empty = png(width, height, bits=bits, colour=colour, rows=b"")
    place = empty.index(b"IDAT") - 4
    return empty[:place] + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _endless_png() -> bytes:
    """A PNG whose pixels go on, packed, behind its last row."""
    packer = zlib.compressobj(9)
    packed = packer.compress((b"\0" + b"\x82" * 64) * 48)
    packed += b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
    return png(rows=b"")[:33] + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _garbage_jpeg() -> bytes:
    data = plain()
    return data[:2] + b"A" * SIZE + data[2:]


def _comments() -> bytes:
    return after_start(plain(), segment(0xFE, b"c" * 65_000) * (SIZE // 65_000))


def _many_extensions() -> bytes:
    return _gif_screen(8, 8)[:13] + b"\x21\xfe\1c\0" * 1_000_000 + b"\x3b"


def _many_entries() -> bytes:
    count = 10_000_000
    return b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, count) + bytes(20) * count


def _many_scans(count: int, size: tuple[int, int]) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    data = encoded(Image.new("RGB", size, (130,) * 3), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


def _flat_tiff(width: int, height: int) -> bytes:
    return saved(Image.new("L", (width, height), 130), "TIFF", compression="tiff_adobe_deflate")


def _gif_screen(width: int, height: int) -> bytes:
    data = bytearray(saved(Image.new("P", (8, 8)), "GIF"))
    place = data.index(b"\x2c", 13)
    for start in (6, place + 5):
        data[start : start + 4] = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return bytes(data)


def _claimed_tiff(width: int, height: int) -> bytes:
    return tiff([entry(256, 4, 1, width), entry(257, 4, 1, height), entry(273, 4, 1, 8)])


BOMBS = [
    kind("PNG of 60,000 x 60,000", png(60_000, 60_000, rows=bytes(1000)), UNREADABLE, "limit"),
    kind("PNG of 2^31-1 x 2^31-1", png(2**31 - 1, 2**31 - 1, rows=b""), UNREADABLE),
    kind("JPEG of 65,000 x 65,000", with_size(plain(), 65_000, 65_000), UNREADABLE, "limit"),
    kind("JPEG that claims 390 megapixels", with_size(plain(), 19_700, 19_700), TRUNCATED, "few"),
    kind("TIFF of 60,000 x 60,000", _claimed_tiff(60_000, 60_000), UNREADABLE),
    kind("GIF of 65,535 x 65,535", _gif_screen(65_535, 65_535), UNREADABLE, "limit"),
    kind("GIF that claims 390 megapixels", lambda: _gif_screen(19_700, 19_700), TRUNCATED),
    kind("grey PNG of 64 megapixels", lambda: _flat_png(8000, 8000, 0, 1), LOOKED_AT),
    kind("RGB PNG of 60 megapixels", lambda: _flat_png(10_000, 6000, 2, 3), LOOKED_AT),
    kind("RGBA PNG of 60 megapixels", lambda: _flat_png(10_000, 6000, 6, 4), LOOKED_AT),
    kind("16-bit grey PNG of 60 megapixels", lambda: _flat_png(10_000, 6000, 0, 1, 16), LOOKED_AT),
    kind("16-bit RGBA PNG of 30 megapixels", lambda: _flat_png(6000, 5000, 6, 4, 16), LOOKED_AT),
    kind("deflated TIFF of 60 megapixels", lambda: _flat_tiff(10_000, 6000), LOOKED_AT),
    kind(
        "WebP of 60 megapixels",
        lambda: saved(Image.new("RGB", (16_000, 4000), (130,) * 3), "WEBP"),
        LOOKED_AT,
    ),
    kind(
        "progressive JPEG of 3,000 scans", lambda: _many_scans(3000, (64, 48)), UNREADABLE, "scans"
    ),
    kind(
        "progressive JPEG of 60 megapixels, 400 scans",
        lambda: _many_scans(400, (10_000, 6000)),
        UNREADABLE,
        "longer",
    ),
    kind(
        "progressive JPEG of 1 megapixel, 400 scans",
        lambda: _many_scans(400, (1200, 900)),
        LOOKED_AT,
    ),
    kind("JPEG, 200 MB of garbage in its header", _garbage_jpeg, LOOKED_AT),
    kind("JPEG, 200 MB of fill bytes", lambda: after_start(plain(), b"\xff" * SIZE), LOOKED_AT),
    kind("JPEG, 200 MB of zeros", lambda: b"\xff\xd8" + bytes(SIZE), TRUNCATED),
    kind("JPEG, nothing but markers", lambda: b"\xff\xd8" * (SIZE // 2), UNREADABLE),
    kind("JPEG, nothing but stuffed bytes", lambda: b"\xff\xd8" + b"\xff\0" * SIZE, TRUNCATED),
    kind("JPEG, 200 MB of comments", _comments, LOOKED_AT, "metadata"),
    kind("GIF of a million extensions", _many_extensions, UNREADABLE, "first frame"),
    kind("GIF, 200 MB of garbage", lambda: _gif_screen(8, 8)[:13] + b"\1" * SIZE, UNREADABLE),
    kind("BigTIFF of ten million entries", _many_entries, UNREADABLE, "claims"),
    kind("PNG, 300 MB behind its last row", _endless_png, LOOKED_AT),
]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux tells it")
@pytest.mark.parametrize("kind", BOMBS, ids=lambda kind: kind.name)
def test_a_bomb_ends_in_its_state_within_memory_and_time(tmp_path: Path, kind: Kind) -> None:
    card = tmp_path / "card"
    card.mkdir()
    (card / kind.file).write_bytes(kind.make())
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(card)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=3 * SECONDS,
    )
    said, reason, took, taken = json.loads(done.stdout.splitlines()[-1])
    state = State(said)
    assert state.is_label if kind.ends is None else state == kind.ends, (state, reason)
    assert kind.says in reason
    assert took < SECONDS
    assert taken < MOST_BYTES
