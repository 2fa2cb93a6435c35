"""A clip is one file with one answer, from some of its frames."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from camtrap.card.scan import VIDEO_EXTRA_REASON, VIDEO_REASON, scan
from camtrap.engine.season import add_card, run_card
from camtrap.ledger.again import redo
from camtrap.ledger.rows import Entry
from camtrap.ledger.special import clip_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.pictures import read_picture
from camtrap.pixels.decode import Pixels, decode_frame
from camtrap.records import State
from tests.cards import BRIGHTNESS, FakePredictor, frame, new_run, put, settings, silence
from tests.clips import clip, grey

pytest.importorskip("av")


def film(*labels: str, **said) -> bytes:
    """A clip that shows each label for a second."""
    frames = [grey(BRIGHTNESS[label], n) for label in labels for n in range(5)]
    return clip(frames, "avi", "mjpeg", **said)


def run(ledger: Ledger, card: Path, *, batch_size: int = 1, **said) -> dict[str, Entry]:
    summary = add_card(ledger, card, videos=True)
    model = FakePredictor()
    model.default_batch_size = batch_size
    run_card(
        ledger,
        summary.card,
        model,
        new_run(ledger, model),
        settings(**said),
        stop=threading.Event(),
        progress=silence(),
    )
    return {entry.relative_path: entry for entry in ledger.entries()}


@pytest.mark.parametrize(
    ("labels", "state", "second"),
    [
        (("empty", "empty", "empty"), State.EMPTY, None),
        (("empty", "prey", "empty"), State.PREY, 1.0),
        (("empty", "empty", "leopard"), State.LEOPARD, 2.0),
        (("empty", "prey", "leopard"), State.UNSURE, 1.0),  # one animal with two names
        (("empty", "person", "empty"), State.PERSON, 1.0),
        (("leopard",), State.LEOPARD, 0.0),
    ],
)
@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_clip_is_called_by_what_concerns_most(
    tmp_path: Path, ledger: Ledger, labels, state: State, second: float | None, batch_size: int
) -> None:
    card = put(tmp_path / "card", {"DCIM/RCNX0001.AVI": film(*labels)})
    entry = run(ledger, card, batch_size=batch_size)["DCIM/RCNX0001.AVI"]
    assert entry.state is state
    told = clip_of(ledger._db, entry.file_id)
    assert told is not None
    assert told.frames == len(labels)
    assert told.duration_s == pytest.approx(len(labels))
    if second is not None:
        assert told.frame_s == pytest.approx(second)
        assert f"best frame at {second:.3f} s" in entry.reason
    assert sum(entry.probabilities.values()) == pytest.approx(1.0)


def test_the_best_frame_is_what_pages_show(tmp_path: Path, ledger: Ledger) -> None:
    card = put(tmp_path / "card", {"a.AVI": film("empty", "leopard", "empty")})
    entry = run(ledger, card)["a.AVI"]
    shown = decode_frame(read_picture(entry), 64).pixels
    assert float(np.mean(shown)) == pytest.approx(BRIGHTNESS["leopard"], abs=5)
    assert entry.detections
    assert (entry.width, entry.height) == (160, 96)


def test_clips_and_pictures_lie_on_one_card(tmp_path: Path, ledger: Ledger) -> None:
    whole = film("prey", "prey", "empty", "empty", "empty")
    empty = film("empty", "empty", "empty", "empty", "empty")
    card = put(
        tmp_path / "card",
        {
            "a.JPG": frame("leopard"),
            "b.AVI": whole,
            "copy.AVI": whole,
            "cut-prey.AVI": whole[: int(len(whole) * 0.7)],
            "cut-empty.AVI": empty[: int(len(empty) * 0.7)],
            "none.MP4": b"",
            "text.MP4": b"not a clip",
            "started.MP4": b"\0\0\0\x18ftypmp42",
            "picture.MP4": frame("other"),
        },
    )
    entries = run(ledger, card)
    assert {name: entry.state for name, entry in entries.items()} == {
        "a.JPG": State.LEOPARD,
        "b.AVI": State.PREY,
        "copy.AVI": State.DUPLICATE,
        "cut-prey.AVI": State.PREY,
        "cut-empty.AVI": State.TRUNCATED,
        "none.MP4": State.UNREADABLE,
        "text.MP4": State.UNREADABLE,
        "started.MP4": State.TRUNCATED,
        "picture.MP4": State.OTHER,
    }
    assert "damaged" in entries["cut-prey.AVI"].reason
    assert "damaged" in entries["cut-empty.AVI"].reason
    assert entries["cut-empty.AVI"].probabilities == {}
    assert all(entries[name].reason for name in ("none.MP4", "text.MP4", "started.MP4"))


def test_a_model_that_fails_on_a_frame_does_not_cost_the_clip(
    tmp_path: Path, ledger: Ledger
) -> None:
    frames = [grey(brightness, n) for brightness in (0, BRIGHTNESS["prey"]) for n in range(5)]
    black = [grey(0, n) for n in range(5)]
    card = put(
        tmp_path / "card",
        {"a.AVI": clip(frames, "avi", "mjpeg"), "b.AVI": clip(black, "avi", "mjpeg")},
    )
    entries = run(ledger, card)
    assert entries["a.AVI"].state is State.PREY
    assert entries["b.AVI"].state is State.UNREADABLE
    assert "model failed" in entries["b.AVI"].reason


def test_settings_say_how_many_frames_are_looked_at(tmp_path: Path, ledger: Ledger) -> None:
    card = put(tmp_path / "card", {"a.AVI": film("prey", "prey", "prey", "prey")})
    entry = run(ledger, card, clip_frames_per_second=2.0, clip_frames=5)["a.AVI"]
    assert "5 frames of 4.0 s" in entry.reason


def test_by_change_an_animal_between_two_seconds_is_found(tmp_path: Path, ledger: Ledger) -> None:
    """In view from 1.2 to 1.8 seconds."""
    seen = range(12, 18)
    frames = [grey(BRIGHTNESS["empty"], n) for n in range(30)]
    for n in seen:
        frames[n] = leopard_before(frames[n])
    card = put(tmp_path / "card", {"a.AVI": clip(frames, "avi", "mjpeg", rate=10)})
    assert run(ledger, card)["a.AVI"].state is State.EMPTY
    redo(ledger)
    entry = run(ledger, card, clip_frames_by="change")["a.AVI"]
    assert entry.state is State.LEOPARD
    assert entry.clip is not None and 1.2 <= entry.clip.frame_s < 1.8


def leopard_before(ground: Pixels) -> Pixels:
    """The model knows a leopard by the picture's mean; an evenly darker picture were no change."""
    shown = ground.copy()
    shown[:, : shown.shape[1] * 9 // 10] = BRIGHTNESS["leopard"] - 10
    shown[:, shown.shape[1] * 9 // 10 :] = BRIGHTNESS["leopard"] + 60
    return shown


def test_clips_are_skipped_with_a_reason_until_they_are_asked_for(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = put(tmp_path / "card", {"a.AVI": film("prey")})
    assert [file.skip_reason for file in scan(card)] == [VIDEO_REASON]
    assert [file.skip_reason for file in scan(card, videos=True)] == [""]
    add_card(ledger, card)
    [entry] = ledger.entries()
    assert (entry.state, entry.reason) == (State.SKIPPED, VIDEO_REASON)
    assert run(ledger, card)["a.AVI"].state is State.PREY  # asked for later: nothing is lost
    monkeypatch.setattr("camtrap.card.scan.find_spec", lambda name: None)
    assert [file.skip_reason for file in scan(card, videos=True)] == [VIDEO_EXTRA_REASON]
    assert "camtrap[video]" in VIDEO_EXTRA_REASON
