"""`camtrap explain` with the shipped model, on one picture: files, table, exit codes."""

from __future__ import annotations

import pytest
from PIL import Image

from camtrap.cli.explain import _targets
from tests.cli.test_main import camtrap
from tests.cli.test_run import LEOPARD


def test_a_label_that_is_none_is_an_error_in_one_sentence(tmp_path):
    done = camtrap("explain", LEOPARD, "--out", tmp_path / "maps", "--label", "unicorn")
    assert done.returncode == 1
    assert "unicorn" in done.stderr
    assert "leopard" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_written_beside_the_pictures(tmp_path):
    picture = tmp_path / "a.jpg"
    picture.write_bytes(LEOPARD.read_bytes())
    done = camtrap("explain", picture, "--out", tmp_path / "maps")
    assert done.returncode == 1
    assert "nothing is ever written" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_pictures_of_one_name_get_a_map_each(tmp_path):
    pictures = [tmp_path / "a" / "IMG_1.JPG", tmp_path / "b" / "img_1.jpg", tmp_path / "c.png"]
    names = [target.name for target in _targets(pictures, tmp_path)]
    assert names == ["IMG_1.png", "img_1_2.png", "c.png"]


def test_what_cannot_be_read_is_named_and_told_by_the_exit_code(tmp_path):
    cards = tmp_path / "карта"
    cards.mkdir()
    (cards / "cut.jpg").write_bytes(LEOPARD.read_bytes()[:20000])
    done = camtrap("explain", cards / "cut.jpg", cards / "none.jpg", "--out", tmp_path / "maps")
    assert done.returncode == 3
    assert "cut.jpg" in done.stderr
    assert "none.jpg" in done.stderr
    assert list((tmp_path / "maps").iterdir()) == []


@pytest.mark.slow
def test_a_picture_becomes_a_map_and_a_row(tmp_path):
    out = tmp_path / "карты"
    done = camtrap("explain", LEOPARD, "--out", out, "--without-picture")
    assert done.returncode == 0, done.stderr
    row = done.stdout.splitlines()[1].split()
    probability, *shares = map(float, row[:5])
    assert probability > 0.2
    assert sum(shares) == pytest.approx(1, abs=0.03)
    with Image.open(out / f"{LEOPARD.stem}.png") as image:
        assert max(image.size) == 1024
