"""Labels found wrong, and boxes drawn by hand."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from camtrap.errors import DataError
from camtrap.learn.corrections import (
    DRAWN,
    Corrections,
    corrected,
    read_corrections,
    with_drawn,
)
from camtrap.learn.dataset import Sample
from camtrap.learn.looks import Seen
from camtrap.records import Box
from camtrap.vision.proposals import Proposal

HEADER = "file,action,reason,x,y,width,height\n"


def _table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "correct ions.csv"
    path.write_text(text, encoding="utf-8")
    return path


def _sample(file: str, *boxes: Box) -> Sample:
    return Sample(Path(file), file, "prey", "site", "source", "train", boxes=boxes)


def test_a_table_names_files_to_leave_out_and_boxes(tmp_path: Path) -> None:
    text = HEADER + "a.jpg,leave out,no animal seen,,,,\n"
    text += "b.jpg,box,,0.1,0.2,0.3,0.4\nb.jpg,box,,0.5,0.5,0.5,0.5\n"
    said = read_corrections(_table(tmp_path, text))
    assert said.left_out == {"a.jpg": "no animal seen"}
    assert said.boxes == {"b.jpg": (Box(0.1, 0.2, 0.3, 0.4), Box(0.5, 0.5, 0.5, 0.5))}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.jpg,drop,,,,,", "line 2: the action 'drop'"),
        ("a.jpg,box,,0.1,,0.3,0.4", "line 2: a box needs"),
        ("a.jpg,box,,0.9,0.1,0.3,0.4", "does not lie in the picture"),
        ("a.jpg,box,,0.1,0.1,0,0.4", "does not lie in the picture"),
        ("a.jpg,box,,nan,0.1,0.2,0.4", "does not lie in the picture"),
        ("a.jpg,box,,0.1,0.1,0.2,0.2\na.jpg,leave out,,,,,", "left out, and has a box"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_corrections(_table(tmp_path, HEADER + row + "\n"))


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="lack the columns action"):
        read_corrections(_table(tmp_path, "file,reason,x,y,width,height\n"))
    with pytest.raises(DataError, match="cannot be read"):
        read_corrections(tmp_path / "none.csv")


def test_samples_lose_what_is_left_out_and_gain_boxes(caplog: pytest.LogCaptureFixture) -> None:
    box, own = Box(0.1, 0.1, 0.2, 0.2), Box(0.5, 0.5, 0.1, 0.1)
    said = Corrections({"a.jpg": "", "gone.jpg": ""}, {"b.jpg": (box,)})
    with caplog.at_level(logging.WARNING):
        kept = corrected([_sample("a.jpg"), _sample("b.jpg", own), _sample("c.jpg", own)], said)
    assert [(sample.file, sample.boxes) for sample in kept] == [
        ("b.jpg", (box,)),
        ("c.jpg", (own,)),
    ]
    assert "1 corrected files are not at hand, e.g. gone.jpg" in caplog.text


def test_a_drawn_box_takes_the_place_of_the_same_animals_and_no_other() -> None:
    drawn = Box(0.1, 0.1, 0.4, 0.4)
    near, far = Proposal(Box(0.12, 0.1, 0.4, 0.4), 0.02), Proposal(Box(0.7, 0.7, 0.2, 0.2), 0.04)
    seen = [Seen(100, 100, (far, near)), Seen(100, 100, (near,))]
    told = with_drawn([_sample("a.jpg", drawn), _sample("b.jpg")], seen)
    assert told[0].found == (Proposal(drawn, DRAWN), far)
    assert told[1] is seen[1]


def test_a_drawn_box_keeps_a_better_score_of_the_detector() -> None:
    drawn = Box(0.1, 0.1, 0.4, 0.4)
    seen = Seen(100, 100, (Proposal(Box(0.1, 0.1, 0.4, 0.41), 0.9),))
    assert with_drawn([_sample("a.jpg", drawn)], [seen])[0].found == (Proposal(drawn, 0.9),)


def test_the_shipped_corrections_can_be_read() -> None:
    configs = Path(__file__).parents[2] / "configs"
    said = read_corrections(configs / "corrections-amur.csv")
    assert len(said.left_out) > 80
    assert len(said.boxes) > 10
