"""Labelled pictures found in a season by their paths, and never the wrong ones."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from camtrap.engine.season import add_card, run_card
from camtrap.errors import DataError, SeasonError
from camtrap.learn.dataset import Sample
from camtrap.learn.evaluation.season import (
    SAME_FILE,
    SAME_TAIL,
    SAME_TAIL_OF_CARD,
    fit_of,
    read_season,
)
from camtrap.ledger.store import Ledger
from camtrap.records import State
from tests.cards import FakePredictor, frame, new_run, put, settings, silence, snapshot
from tests.learn.evaluation.made import sample


@pytest.fixture
def card(tmp_path):
    return put(
        tmp_path / "card",
        {
            "ST01/IMG_1.JPG": frame("leopard", 1),
            "ST01/IMG_2.JPG": frame("empty", 2),
            "ST02/IMG_1.JPG": frame("prey", 3),
            "ST02/twin.JPG": frame("leopard", 1),
            "ST02/text.JPG": b"no picture",
            "ST02/film.MP4": b"film",
        },
    )


@pytest.fixture
def done(card, season):
    run_into(season, card)
    return season


def run_into(season: Path, *cards: Path) -> None:
    predictor = FakePredictor()
    with Ledger(season, create=True) as ledger:
        for root in cards:
            run_card(
                ledger,
                add_card(ledger, root).card,
                predictor,
                new_run(ledger, predictor),
                settings(),
                stop=threading.Event(),
                progress=silence(),
            )


def truth(*files: str) -> list[Sample]:
    return [sample("leopard", file, path=Path("/nowhere") / file) for file in files]


@pytest.mark.parametrize(
    "file",
    ["card/ST01/IMG_1.JPG", "data/card/ST01/IMG_1.JPG", "ST01/IMG_1.JPG", r"card\ST01\IMG_1.JPG"],
)
def test_a_path_fits_from_any_of_its_folders_on(done, file):
    [found] = read_season(done, truth(file)).judged
    assert found.state is State.LEOPARD
    assert found.chances["leopard"] > 0.5
    assert len(found.detections) == 2


def test_where_a_card_was_renamed_its_folders_still_tell(done):
    [found] = read_season(done, truth("SD-3/ST02/IMG_1.JPG")).judged
    assert found.state is State.PREY


def test_a_bare_name_of_another_folder_is_no_match(tmp_path, season):
    run_into(season, put(tmp_path / "b", {"IMG_1.JPG": frame("prey"), "x.JPG": frame("empty", 1)}))
    answers = read_season(season, truth("a/IMG_1.JPG", "b/x.JPG"))
    assert [missing.file for missing in answers.missing] == ["a/IMG_1.JPG"]
    assert [each.state for each in answers.judged] == [State.EMPTY]


def test_a_name_that_fits_two_files_is_refused(done):
    with pytest.raises(DataError, match=r"ST01/IMG_1\.JPG.*ST02/IMG_1\.JPG"):
        read_season(done, truth("IMG_1.JPG"))


def test_the_very_file_beats_every_likeness(card, done):
    said = [sample("leopard", "IMG_1.JPG", path=card / "ST02" / "IMG_1.JPG")]
    assert read_season(done, said).judged[0].state is State.PREY


def test_two_labelled_pictures_for_one_file_are_refused(done):
    with pytest.raises(DataError, match=r"the one file card/ST01/IMG_2\.JPG"):
        read_season(done, truth("x/card/ST01/IMG_2.JPG", "y/card/ST01/IMG_2.JPG"))


def test_fits_are_ranked():
    class Named:
        card, relative_path = "card", "ST01/a.jpg"

    assert fit_of("card/ST01/a.jpg", Named) == SAME_TAIL  # type: ignore[arg-type]
    assert fit_of("other/ST01/a.jpg", Named) == SAME_TAIL_OF_CARD  # type: ignore[arg-type]
    assert fit_of("ST02/a.jpg", Named) == 0  # type: ignore[arg-type]
    assert SAME_FILE > SAME_TAIL > SAME_TAIL_OF_CARD > 0


def test_a_duplicate_speaks_with_its_originals_voice(done):
    [found] = read_season(done, truth("ST02/twin.JPG")).judged
    assert found.state is State.LEOPARD
    assert found.looked_at


def test_what_was_not_read_is_kept_with_its_reason(done):
    answers = read_season(done, truth("ST02/text.JPG", "ST02/film.MP4", "ST01/IMG_1.JPG"))
    assert [each.state for each in answers.not_looked_at] == [State.UNREADABLE, State.SKIPPED]
    assert all(each.reason for each in answers.not_looked_at)
    assert len(answers.looked_at) == 1


def test_a_picture_is_shown_from_the_card_where_the_truth_has_no_copy(card, done):
    [found] = read_season(done, truth("ST01/IMG_2.JPG")).judged
    assert found.sample.path == card / "ST01" / "IMG_2.JPG"


def test_the_model_is_that_of_the_seasons_run(done):
    model = read_season(done, truth("ST01/IMG_1.JPG")).model
    assert (model.name, model.sha256) == ("camtrap (fake)", "0" * 64)
    assert model.thresholds["doubt"] == 0.1


def test_a_season_without_any_of_the_pictures_is_an_error(done):
    with pytest.raises(DataError, match="None of the 1 labelled pictures is in the season"):
        read_season(done, truth("elsewhere.jpg"))


def test_what_is_no_season_is_an_error(tmp_path):
    with pytest.raises(SeasonError, match="is not a season"):
        read_season(tmp_path, truth("a.jpg"))


def test_the_card_is_not_touched(card, done):
    before = snapshot(card)
    read_season(done, truth("ST01/IMG_1.JPG"))
    assert snapshot(card) == before
