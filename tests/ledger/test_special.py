"""What only drones' pictures and clips tell goes into the ledger, and out of it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from camtrap.drone.flight import DroneCapture
from camtrap.ledger.forget import forget_all
from camtrap.ledger.special import aerials, clip_of
from camtrap.ledger.store import Ledger
from camtrap.records import Capture, Clip, ImageFile, Prediction, State

FLIGHT = DroneCapture(
    maker="dji", make="DJI", model="M3\udcffT", latitude=43.1, longitude=131.5, pitch=-90.0
)
CLIP = Clip(duration_s=12.5, frame_s=3.0, frames=12)


def entered(ledger: Ledger, *names: str):
    files = [ImageFile(Path("card"), name, 9, index) for index, name in enumerate(names)]
    card = ledger.add_card("card", Path("card"))
    ledger.register(card, files)
    return card, ledger.start_run({}), files


def told(file: ImageFile, key: str, **more) -> tuple[ImageFile, Prediction]:
    return file, Prediction(path=file.path, state=State.EMPTY, content_key=key, **more)


def test_an_ordinary_card_leaves_no_table(ledger):
    card, run, files = entered(ledger, "a.jpg")
    ledger.record(card, run, [told(files[0], "a")])
    assert list(aerials(ledger.db)) == []
    assert clip_of(ledger.db, 1) is None
    tables = {row[0] for row in ledger.db.execute("SELECT name FROM sqlite_master")}
    assert "special" not in tables


def test_what_was_told_comes_back(ledger):
    card, run, files = entered(ledger, "a.jpg", "b.mp4", "c.jpg")
    ledger.record(
        card,
        run,
        [
            told(files[0], "a", aerial=FLIGHT),
            told(files[1], "b", clip=CLIP),
            told(files[2], "c"),
        ],
    )
    assert list(aerials(ledger.db)) == [(1, replace(FLIGHT, model="M3\\xffT"))]
    assert [clip_of(ledger.db, number) for number in (1, 2, 3)] == [None, CLIP, None]


def test_files_come_with_what_is_known_of_clips(ledger):
    card, run, files = entered(ledger, "a.jpg", "b.mp4", "c.jpg")
    ledger.record(card, run, [told(files[0], "a"), told(files[2], "c")])
    assert [entry.clip for entry in ledger.entries()] == [None, None, None]
    ledger.record(card, run, [told(files[1], "b", clip=CLIP)])
    assert [entry.clip for entry in ledger.entries()] == [None, CLIP, None]
    assert [entry.clip for entry in ledger.entries([State.EMPTY])] == [None, CLIP, None]
    for number, clip in ((1, None), (2, CLIP), (3, None)):
        assert ledger.entry(number).clip == ledger.entry(number, with_boxes=False).clip == clip
    assert [entry.capture for entry in ledger.entries()] == [Capture()] * 3


def test_what_a_later_version_stored_of_a_clip_is_passed_over(ledger):
    card, run, files = entered(ledger, "b.mp4")
    ledger.record(card, run, [told(files[0], "b", clip=CLIP)])
    with ledger.writing():
        ledger.db.execute("UPDATE special SET clip = json_set(clip, '$.fps', 30)")
    assert ledger.entry(1).clip == clip_of(ledger.db, 1) == CLIP


def test_a_later_look_replaces_it(ledger):
    card, run, files = entered(ledger, "a.jpg")
    ledger.record(card, run, [told(files[0], "a", aerial=FLIGHT)])
    ledger.record(card, run, [told(files[0], "a", aerial=replace(FLIGHT, pitch=-45.0))])
    assert [each.pitch for _, each in aerials(ledger.db)] == [-45.0]
    ledger.record(card, run, [told(files[0], "a")])
    assert list(aerials(ledger.db)) == []


def test_a_second_copy_tells_nothing_more(ledger):
    card, run, files = entered(ledger, "a.jpg", "b.jpg")
    ledger.record(card, run, [told(file, "same", aerial=FLIGHT) for file in files])
    assert [number for number, _ in aerials(ledger.db)] == [1]


def test_what_is_to_be_looked_at_again_tells_nothing(ledger):
    card, run, files = entered(ledger, "a.jpg")
    ledger.record(card, run, [told(files[0], "a", aerial=FLIGHT)])
    with ledger.writing():
        forget_all(ledger.db)
    assert list(aerials(ledger.db)) == []


def test_a_change_is_counted_so_that_outputs_are_written_again(ledger):
    card, run, files = entered(ledger, "a.jpg")
    ledger.record(card, run, [told(files[0], "a", aerial=FLIGHT)])
    before = ledger.db.execute("SELECT count FROM change").fetchone()[0]
    with ledger.writing():
        ledger.db.execute("UPDATE special SET aerial = NULL")
    assert ledger.db.execute("SELECT count FROM change").fetchone()[0] == before + 1
