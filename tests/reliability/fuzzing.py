"""Random changes to good files, the same for a number on every machine; and what came of them."""

from __future__ import annotations

import copy
import json
import random
import re
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SLOW_SECONDS = 5.0
"""Nothing that is a few kilobytes may take longer, even on a busy machine."""

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_TOKENS = (
    *(b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xe1\0\x08Exif\0\0", b"\0\0", b"\n", b'"', b","),
    *(b"null", b"-1", b"1e999", b"NaN", b"{}", b"[]", b"true", b"\\ud800", b"\xed\xa0\x80", b"[["),
    *(b"0000:00:00 00:00:00", b"2020-01-01 10:00:00", b"99999999999999999999", b"=", b"#", b"'"),
)
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1e308,
        float("nan"),
        float("inf"),
        10**30,
        "",
        "\ud800",
        "a\0b",
        "x" * 999,
    ),
    *([], {}, [[]], [None], {"id": {}}, "../../etc", "http://a/b.jpg", "2020-01-01T10:00:00Z", "/"),
)

_VALUE = re.compile(rb'"[^"\n]*"|[^\s,;:=\[\]{}<>"/]+')
"""One value of any kind of text: what stands in quotation marks, or between signs."""

Call = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Target:
    """What is fed: seeds to start from, the call, and the errors that it documents.

    `share` is how many executions it gets for each one of the others: the cheap ones get more.
    `hostile` are pieces that no random change makes (too deep, too long); one execution in ten gets
    one of them in place of a value.
    """

    name: str
    seeds: Sequence[bytes]
    call: Call
    errors: tuple[type[Exception], ...] = ()
    share: int = 1
    hostile: Sequence[bytes] = ()


def from_file(path: Path, read: Callable[[Path], object]) -> Call:
    """A call for what reads a file: the bytes are written to `path` first."""

    def call(data: bytes) -> object:
        path.write_bytes(data)
        return read(path)

    return call


@dataclass(slots=True)
class Find:
    """An exception, or a hang, and the execution that showed it first."""

    said: str
    number: int
    count: int = 1


@dataclass(slots=True)
class Tally:
    """What came of a target's executions."""

    executions: int = 0
    refused: int = 0
    slowest: float = 0.0
    finds: dict[str, Find] = field(default_factory=dict)


def mutated(seeds: Sequence[bytes], number: int, hostile: Sequence[bytes] = ()) -> bytes:
    """The input of execution `number`: a seed that has been changed one to eight times."""
    dice = random.Random(number)
    data = bytearray(dice.choice(seeds))
    if hostile and dice.random() < 0.1:
        return _with_piece(bytes(data), dice.choice(hostile), dice)
    if data[:1] == b"{" and dice.random() < 0.6:
        return _with_other_values(bytes(data), dice)
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        _change(data, seeds, dice)
    return bytes(data)


def _change(data: bytearray, seeds: Sequence[bytes], dice: random.Random) -> None:
    """One change: a bit, a number, a token, a piece lost, doubled, moved, or of another seed."""
    place = dice.randrange(len(data) + 1)
    length = dice.choice((1, 2, 4, 16, 64, 512))
    match dice.randrange(8):
        case 0 if data:
            data[place % len(data)] ^= 1 << dice.randrange(8)
        case 1:
            size, order = dice.choice((1, 2, 4)), dice.choice(("big", "little"))
            value = dice.choice(_NUMBERS) & ((1 << 8 * size) - 1)
            data[place : place + size] = value.to_bytes(size, order)  # type: ignore[arg-type]
        case 2:
            data[place:place] = dice.choice(_TOKENS)
        case 3:
            del data[place : place + length]
        case 4:
            data[place:place] = data[place : place + length]
        case 5:
            data[place : place + length] = dice.randbytes(length)
        case 6:
            del data[place:]
        case _:
            other = dice.choice(seeds)
            start = dice.randrange(len(other) + 1)
            data[place : place + length] = other[start : start + length]


def _with_other_values(data: bytes, dice: random.Random) -> bytes:
    """JSON in which one to three values, anywhere, are others: its grammar stays whole."""
    document = json.loads(data)
    for _ in range(dice.choice((1, 1, 2, 3))):
        holder: Any = document
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = dice.choice(keys)
            below = holder[key]
            if isinstance(below, dict | list) and below and dice.random() < 0.8:
                holder = below
                continue
            if dice.random() < 0.2:
                del holder[key]
            else:
                holder[key] = copy.deepcopy(dice.choice(_VALUES))
            break
    return json.dumps(document).encode()


def _with_piece(data: bytes, piece: bytes, dice: random.Random) -> bytes:
    """A file in which a piece stands in place of one value."""
    places = [match.span() for match in _VALUE.finditer(data)]
    start, end = dice.choice(places) if places else (0, len(data))
    return data[:start] + piece + data[end:]


def execute(target: Target, number: int, tally: Tally) -> None:
    """One execution; what comes out of it is counted."""
    data = mutated(target.seeds, number, target.hostile)
    start = time.perf_counter()
    said = ""
    try:
        target.call(data)
    except target.errors:
        tally.refused += 1
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error}"[:300]
    took = time.perf_counter() - start
    if took > SLOW_SECONDS:
        said = said or f"took longer than {SLOW_SECONDS:.0f} seconds"
    tally.executions += 1
    tally.slowest = max(tally.slowest, took)
    if said:
        key = said.split(": ")[0]
        if key in tally.finds:
            tally.finds[key].count += 1
        else:
            tally.finds[key] = Find(said, number)


def run(
    targets: Sequence[Target], seconds: float, start: int = 0, at_most: int | None = None
) -> dict[str, Tally]:
    """Execute the targets in turn for so long, or until each has had `at_most`."""
    tallies = {target.name: Tally() for target in targets}
    end = time.monotonic() + seconds
    number = start
    while time.monotonic() < end and (at_most is None or number < start + at_most):
        for target in targets:
            for step in range(target.share):
                execute(target, number * target.share + step, tallies[target.name])
        number += 1
    return tallies
