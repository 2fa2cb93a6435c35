"""`camtrap run` with the shipped model on what is no ordinary picture: a drone's, and a clip."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from camtrap.ledger.special import clip_of
from camtrap.ledger.store import Ledger
from camtrap.records import State
from tests.cards import encoded
from tests.cli.test_main import camtrap as command
from tests.cli.test_run import EMPTY, LEOPARD
from tests.clips import clip


def entries(season: Path):
    with Ledger(season) as ledger:
        return {e.relative_path: (e, clip_of(ledger._db, e.file_id)) for e in ledger.entries()}


def test_a_drones_picture_is_cut_into_tiles_and_the_run_says_so(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "DJI", "FC6310"
    with Image.open(EMPTY) as image:
        data = encoded(image.convert("RGB"), exif=exif.tobytes())
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "DJI_0001.JPG").write_bytes(data)
    shutil.copy(EMPTY, tmp_path / "card" / "IMG_0001.JPG")
    done = command("run", tmp_path / "card", "--out", tmp_path / "season")
    assert done.returncode == 0, done.stderr
    assert "about 1 large picture, 7 tiles" in done.stderr
    found = entries(tmp_path / "season")
    assert all(entry.state.is_label for entry, _ in found.values())
    done = command("run", tmp_path / "card", "--out", tmp_path / "plain", "--no-drone")
    assert "tiles" not in done.stderr
    plain = entries(tmp_path / "plain")
    ordinary = "IMG_0001.JPG"
    assert found[ordinary][0].probabilities == plain[ordinary][0].probabilities


def test_a_clip_of_a_leopard_is_a_leopard_and_its_page_shows_it(tmp_path: Path) -> None:
    pytest.importorskip("av")
    import numpy as np

    with Image.open(EMPTY) as empty, Image.open(LEOPARD) as leopard:
        nothing, animal = (np.asarray(image.convert("RGB")) for image in (empty, leopard))
    film = clip([nothing, animal, nothing], "avi", "mjpeg", rate=1)
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "RCNX0001.AVI").write_bytes(film)
    done = command("run", tmp_path / "card", "--out", tmp_path / "season", "--no-video")
    [(entry, told)] = entries(tmp_path / "season").values()
    assert (entry.state, told) == (State.SKIPPED, None)
    done = command("run", tmp_path / "card", "--out", tmp_path / "season", "--video")
    assert done.returncode == 0, done.stderr
    [(entry, told)] = entries(tmp_path / "season").values()
    assert entry.state is State.LEOPARD
    assert told is not None
    assert (told.frame_s, told.frames) == (1.0, 3)
    assert entry.detections
    assert "data:image/jpeg" in (tmp_path / "season" / "leopards.html").read_text("utf-8")


def test_a_leopard_that_passes_between_two_seconds_is_found_by_change(tmp_path: Path) -> None:
    pytest.importorskip("av")
    import numpy as np

    with Image.open(EMPTY) as empty, Image.open(LEOPARD) as leopard:
        nothing, animal = (np.asarray(image.convert("RGB")) for image in (empty, leopard))
    frames = [animal if 12 <= number < 18 else nothing for number in range(30)]
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "RCNX0001.AVI").write_bytes(clip(frames, "avi", "mjpeg", rate=10))
    done = command(
        *("run", tmp_path / "card", "--out", tmp_path / "season"),
        *("--video", "--frames-by", "change"),
    )
    assert done.returncode == 0, done.stderr
    [(entry, told)] = entries(tmp_path / "season").values()
    assert entry.state is State.LEOPARD
    assert told is not None and 1.2 <= told.frame_s < 1.8
