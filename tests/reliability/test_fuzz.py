"""Random and half-random bytes: the readers of headers, notes, names and dates never raise."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.card.clock import FIRST_YEAR, LAST_YEAR, parse_name_time, resolve_time
from camtrap.card.exif import parse_capture
from camtrap.card.header import EXIF_LIMIT, claimed, lean
from camtrap.card.makernotes import parse_makernote
from camtrap.errors import DataError, UnreadablePicture
from camtrap.imports.registry import READERS
from camtrap.imports.told import Reader
from camtrap.pixels.damage import hole_in_jpeg, is_cut_jpeg, is_too_short
from camtrap.records import Capture
from tests.reliability.corpus import entry, tiff, with_exif
from tests.reliability.fuzz_targets import all_targets
from tests.reliability.fuzzing import Tally, Target, execute, mutated, run

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow, of broken metadata

EXAMPLES = 300

tags = st.sampled_from([0x010F, 0x0110, 0x0112, 0x0132, 0x8769, 0x8825, 0x9003, 0x927C, 1, 2, 3, 4])
kinds = st.integers(0, 20)
counts = st.one_of(st.integers(0, 40), st.sampled_from([0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF]))
values = st.one_of(st.integers(0, 300), st.sampled_from([0xFFFFFFFF, 0x80000000]))
entries = st.lists(st.builds(entry, tags, kinds, counts, values), max_size=12)
structures = st.builds(tiff, entries, st.binary(max_size=300), values)
notes = st.one_of(
    st.binary(max_size=300),
    st.sampled_from([b"RECONYXH2\0", b"RECONYXUF\0", b"\x01\xf1", b'{"maker":"Browning"']).flatmap(
        lambda start: st.binary(max_size=250).map(lambda rest: start + rest)
    ),
)


def assert_is_sound(capture: Capture) -> None:
    """What later rooms rely on, whatever stood in the file."""
    assert capture.orientation in range(1, 9)
    assert (capture.latitude is None) == (capture.longitude is None)
    if capture.latitude is not None and capture.longitude is not None:
        assert -90 <= capture.latitude <= 90
        assert -180 <= capture.longitude <= 180
    for text in (capture.make, capture.model, capture.serial, capture.raw_timestamp):
        assert text.isprintable()
        assert len(text) <= 500
    assert capture.taken_at is None or capture.taken_at.tzinfo is None


@settings(max_examples=EXAMPLES)
@given(structures)
def test_no_exif_structure_raises_or_gives_what_cannot_be(structure: bytes) -> None:
    assert_is_sound(parse_capture(with_exif(structure)))


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=2000))
def test_no_bytes_raise(data: bytes) -> None:
    assert_is_sound(parse_capture(data))


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=2000).map(lambda rest: b"\xff\xd8" + rest))
def test_every_beginning_of_a_jpeg_gets_a_verdict(data: bytes) -> None:
    assert is_cut_jpeg(data) in (True, False)
    assert 0 <= hole_in_jpeg(data) <= len(data)
    assert is_too_short(data, 100, 100) in (True, False)
    assert lean(data).data == data  # so little is never left out


@settings(max_examples=EXAMPLES)
@given(structures)
def test_claims_are_counted_for_any_structure(structure: bytes) -> None:
    claims = claimed(structure)
    assert 0 <= claims.size < EXIF_LIMIT
    assert claims.numbers >= 0


@settings(max_examples=EXAMPLES)
@given(notes, st.sampled_from(["", "RECONYX", "Browning"]))
def test_no_maker_note_raises_or_gives_what_cannot_be(note: bytes, make: str) -> None:
    found = parse_makernote(note, make)
    if found.sequence_index is not None and found.sequence_length is not None:
        assert 1 <= found.sequence_index <= found.sequence_length
    assert found.temperature_c is None or -60 <= found.temperature_c <= 85
    assert found.user_label.isprintable()
    assert len(found.user_label) <= 500


@settings(max_examples=EXAMPLES)
@given(st.text(max_size=80) | st.text("0123456789-_. TatPM", max_size=80))
def test_a_time_from_a_name_is_within_the_years_that_cameras_know(name: str) -> None:
    found = parse_name_time(name)
    if found is not None:
        assert FIRST_YEAR <= found.taken_at.year <= LAST_YEAR
        assert found.text in name


@settings(max_examples=EXAMPLES)
@given(st.text(max_size=30), st.integers())
def test_every_date_of_a_file_gives_a_time_or_none(name: str, modified_ns: int) -> None:
    found = resolve_time(Capture(), name, modified_ns)
    assert found.taken_at is None or isinstance(found.taken_at, datetime)
    assert bool(found.taken_at) == bool(found.timestamp_source)


def test_a_long_name_of_digits_takes_no_time() -> None:
    assert parse_name_time("2" * 100_000 + ".JPG") is None


# -- the harness itself


def test_an_execution_is_the_same_wherever_it_runs() -> None:
    seeds = [b"\xff\xd8 a seed", b'{"a": [1, 2, {"b": null}]}']
    first = [mutated(seeds, number) for number in range(200)]
    assert first == [mutated(seeds, number) for number in range(200)]
    assert len(set(first)) > 150


def test_a_documented_error_is_counted_and_any_other_is_a_find() -> None:
    def call(data: bytes) -> None:
        raise DataError("told") if len(data) % 2 else ValueError("not told")

    tally = Tally()
    target = Target("t", [b"abcd"], call, (DataError,))
    for number in range(100):
        execute(target, number, tally)
    [find] = tally.finds.values()
    assert find.said.startswith("ValueError at test_fuzz.py")
    assert tally.executions == 100
    assert tally.refused + find.count == 100
    assert tally.refused > 0 < find.count


def test_a_hostile_piece_takes_the_place_of_one_value() -> None:
    seeds = [b'{"a": [1, "two"]}']
    changed = {mutated(seeds, number, [b"[[[["]) for number in range(500)}
    assert {b'{[[[[: [1, "two"]}', b'{"a": [[[[[, "two"]}', b'{"a": [1, [[[[]}'} < changed
    assert {mutated(seeds, number) for number in range(500)} - changed
    assert b"x" in {mutated([b""], number, [b"x"]) for number in range(100)}


READERS_OF_CARDS = (
    *("exif", "makernote", "is_cut_jpeg", "hole_in_jpeg", "lean", "decode"),
    *("filename time", "date", "settings"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("of_cards", "rounds"), [(True, 40), (False, 7)], ids=["cards", "others"])
def test_a_few_thousand_executions_find_nothing(
    tmp_path: Path, of_cards: bool, rounds: int
) -> None:
    found = all_targets(tmp_path)
    assert {target.name for target in found} >= set(READERS_OF_CARDS)
    targets = [target for target in found if (target.name in READERS_OF_CARDS) == of_cards]
    tallies = run(targets, seconds=30, start=1_000_000, at_most=rounds)
    assert all(tally.executions for tally in tallies.values())
    assert {name: tally.finds for name, tally in tallies.items() if tally.finds} == {}


@pytest.mark.parametrize("reader", READERS)
def test_every_format_that_is_imported_is_fuzzed(tmp_path: Path, reader: Reader) -> None:
    names = {target.name for target in all_targets(tmp_path)}
    assert any(name.startswith(f"import {reader.name}") for name in names)


def test_only_our_own_refusal_comes_out_of_a_hostile_header() -> None:
    with pytest.raises(UnreadablePicture, match="parts"):
        lean(b"\xff\xd8" + b"\xff\xe5\0\2" * 300_000)
