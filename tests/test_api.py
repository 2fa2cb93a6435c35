"""`camtrap.triage` for programs: pictures, clips and drones' pictures, as a run looks at them."""

from __future__ import annotations

import inspect
import threading
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import camtrap
from camtrap import api
from camtrap.config import Settings
from camtrap.engine.season import add_card, run_card
from camtrap.errors import CardError, ConfigError
from camtrap.ledger.store import Ledger
from camtrap.records import Prediction, State
from tests.blobs import BlobPredictor, painted
from tests.cards import (
    BRIGHTNESS,
    ODD_STATES,
    FakePredictor,
    encoded,
    frame,
    new_run,
    put,
    settings,
    silence,
    snapshot,
)
from tests.clips import clip, grey

MAKE, MODEL = 0x010F, 0x0110
SIZE = (1400, 1000)
ANIMALS = [("prey", (90 + 240 * n, 400 + 31 * n, 24, 6)) for n in range(5)]


def drone_picture(make: str = "DJI", model: str = "FC6310") -> bytes:
    exif = Image.Exif()
    exif[MAKE], exif[MODEL] = make, model
    return encoded(painted(SIZE, ANIMALS), quality=95, exif=exif.tobytes())


def film(*labels: str) -> bytes:
    """A clip that shows each label for a second."""
    frames = [grey(BRIGHTNESS[label], n) for label in labels for n in range(5)]
    return clip(frames, "avi", "mjpeg")


def triaged(path: Path, model: FakePredictor | None = None, **said: Any) -> dict[str, Prediction]:
    found = camtrap.triage(path, model=model or FakePredictor(), workers=1, batch_size=1, **said)
    return {prediction.path.name: prediction for prediction in found}


def by_a_run(
    ledger: Ledger, card: Path, model: FakePredictor, **said: Any
) -> dict[str, tuple[State, Any, int]]:
    """What a season holds of each file."""
    summary = add_card(ledger, card, videos=True)
    run_card(
        ledger,
        summary.card,
        model,
        new_run(ledger, model),
        settings(**said),
        stop=threading.Event(),
        progress=silence(),
    )
    return {
        entry.path.name: (entry.state, entry.confidence, len(entry.detections))
        for entry in ledger.entries()
    }


def test_every_picture_comes_in_path_order_and_nothing_is_written(odd: Path) -> None:
    before = snapshot(odd)
    found = list(camtrap.triage(odd, model=FakePredictor(), workers=2, video=False))
    wanted = {name: state for name, state in ODD_STATES.items() if state is not State.SKIPPED}
    # Nothing is known of other files, so a copy is looked at again.
    wanted["odd/twin.JPG"] = State.PREY
    assert {said.path.relative_to(odd).as_posix(): said.state for said in found} == wanted
    paths = [said.path.relative_to(odd).parts for said in found]
    assert paths == sorted(paths)
    assert snapshot(odd) == before


def test_arguments_are_settings_with_the_same_defaults() -> None:
    defaults = Settings()
    known = {field.name for field in fields(Settings)}
    for name, argument in inspect.signature(api.triage).parameters.items():
        if name in ("path", "workers", "batch_size"):
            continue
        assert name in known
        assert argument.default == getattr(defaults, name), name


def test_all_that_bears_on_one_picture_can_be_said() -> None:
    """What is left out has to do with events, with pages, or with the model (`load_model`)."""
    arguments = inspect.signature(api.triage).parameters.keys()
    of_a_season = {"event_gap_minutes", "event_rule", "burst_gap_seconds", "static", "language"}
    named = {field.name for field in fields(Settings)}
    assert named - arguments == of_a_season | {"thresholds"}


# -- clips


def test_a_clip_is_one_prediction(tmp_path: Path) -> None:
    pytest.importorskip("av")
    put(tmp_path, {"a.AVI": film("empty", "leopard", "empty"), "b.JPG": frame("prey")})
    found = triaged(tmp_path)
    assert [said.state for said in found.values()] == [State.LEOPARD, State.PREY]
    told = found["a.AVI"].clip
    assert told is not None
    assert told.frames == 3
    assert told.frame_s == pytest.approx(1.0)
    assert found["a.AVI"].detections
    assert found["b.JPG"].clip is None


def test_one_clip_may_be_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("av")
    put(tmp_path, {"a.AVI": film("person"), "b.JPG": frame("prey")})
    assert [said.state for said in triaged(tmp_path / "a.AVI").values()] == [State.PERSON]


@pytest.mark.parametrize(
    ("said", "frames"),
    [
        ({}, 6),
        ({"clip_frames_per_second": 2.0}, 12),
        ({"clip_frames": 4}, 4),
        ({"clip_frames_by": "change"}, 2),
    ],
)
def test_how_a_clip_is_looked_at_can_be_said(
    tmp_path: Path, said: dict[str, Any], frames: int
) -> None:
    pytest.importorskip("av")
    put(tmp_path, {"a.AVI": film(*["prey"] * 6)})
    told = triaged(tmp_path, **said)["a.AVI"].clip
    assert told is not None and told.frames == frames


def test_a_damaged_clip_is_told(tmp_path: Path) -> None:
    pytest.importorskip("av")
    whole = film(*["empty"] * 5)
    put(tmp_path, {"a.AVI": whole[: int(len(whole) * 0.7)], "b.MP4": b"no clip"})
    found = triaged(tmp_path)
    assert [said.state for said in found.values()] == [State.TRUNCATED, State.UNREADABLE]
    assert all(said.reason for said in found.values())


def test_clips_are_passed_over_where_that_is_wished_or_they_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"a.AVI": b"any", "b.JPG": frame("prey"), "c.CR2": b"raw"})
    assert list(triaged(tmp_path, video=False)) == ["b.JPG"]
    monkeypatch.setattr("camtrap.card.scan.find_spec", lambda name: None)
    assert list(triaged(tmp_path)) == ["b.JPG"]


# -- drones


@pytest.mark.parametrize(
    ("make", "said", "boxes", "is_aerial"),
    [
        ("DJI", {}, 5, True),
        ("DJI", {"drone": False}, 4, False),
        ("DJI", {"drone": "false"}, 4, False),
        ("RECONYX", {}, 4, False),
        ("RECONYX", {"drone": True}, 5, True),
        ("RECONYX", {"drone": "true"}, 5, True),
    ],
)
def test_a_drones_picture_is_looked_at_tile_by_tile(
    tmp_path: Path, make: str, said: dict[str, Any], boxes: int, is_aerial: bool
) -> None:
    put(tmp_path, {"a.JPG": drone_picture(make)})
    found = triaged(tmp_path, BlobPredictor(), **said)["a.JPG"]
    assert len(found.detections) == boxes
    assert (found.aerial is not None) is is_aerial


def test_limits_hold_here_too(tmp_path: Path) -> None:
    put(tmp_path, {"a.JPG": drone_picture(), "b.JPG": drone_picture("RECONYX")})
    found = triaged(tmp_path, BlobPredictor(), pixel_limit=1.0)
    assert {said.state for said in found.values()} == {State.UNREADABLE}
    assert all("limit of 1 megapixels" in said.reason for said in found.values())


@pytest.mark.parametrize("how", ["time", "change"])
def test_a_program_gets_what_a_season_holds(tmp_path: Path, ledger: Ledger, how: str) -> None:
    pytest.importorskip("av")
    passing = [("leopard", (200, 120, 90, 40))]
    shown = [painted((320, 240), passing if 12 <= n < 18 else [], n) for n in range(30)]
    moving = [np.asarray(image) for image in shown]
    card = put(
        tmp_path / "card",
        {
            "a.JPG": drone_picture(),
            "b.JPG": drone_picture("RECONYX"),
            "c.AVI": clip(moving, "avi", "mjpeg", rate=10),
            "d.AVI": b"broken",
        },
    )
    season = by_a_run(ledger, card, BlobPredictor(), clip_frames_by=how)
    program = {
        name: (said.state, said.confidence, len(said.detections))
        for name, said in triaged(card, BlobPredictor(), clip_frames_by=how).items()
    }
    assert program == season
    assert program["c.AVI"][0] is (State.LEOPARD if how == "change" else State.EMPTY)


# -- what cannot be


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"drone": "sometimes"}, "auto, true or false"),
        ({"clip_frames": 0}, "clip_frames must be between"),
        ({"clip_frames_by": "chance"}, "time, change"),
        ({"pixel_limit": 0.0}, "pixel_limit"),
        ({"decoder": "abacus"}, "decoder"),
    ],
)
def test_an_argument_out_of_its_range_is_told(
    tmp_path: Path, said: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        triaged(tmp_path, **said)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="does not exist"):
        triaged(tmp_path / "none")
