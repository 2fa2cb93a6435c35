"""A season as labelled data: people's labels only, by card and station."""

from __future__ import annotations

import logging
from datetime import datetime

import pytest

from camtrap.engine.season import add_card
from camtrap.errors import DataError
from camtrap.learn.sources import read_samples
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.records import Capture, Prediction, State
from tests.cards import frame, image_files, new_run, put

NOON = datetime(2026, 2, 3, 12)


@pytest.fixture
def reviewable(tmp_path, season):
    """A season of one card with two stations; the model says `empty` of everything."""
    card = put(
        tmp_path / "карта",
        {
            "ST01/DCIM/100RECNX/1.JPG": frame("leopard", 1),
            "ST01/DCIM/100RECNX/2.JPG": frame("leopard", 2),
            "ST02/3.JPG": frame("prey", 3),
            "ST02/4.JPG": frame("prey", 3),
        },
    )
    with Ledger(season, create=True) as ledger:
        entry = add_card(ledger, card).card
        run = new_run(ledger)
        for number, file in enumerate(
            image_files(card, [e.relative_path for e in ledger.entries()])
        ):
            source = "modified" if number == 1 else "exif"
            said = Prediction(
                file.path,
                State.EMPTY,
                capture=Capture(NOON, source),
                content_key=f"{min(number, 2)}",
                infrared=number == 0,
            )
            ledger.record(entry, run, [(file, said)])
    return season


def test_a_season_without_reviews_says_what_to_do(reviewable):
    with pytest.raises(DataError, match=r"no people's labels yet.*folders named by label"):
        read_samples(reviewable)


def test_the_newest_review_of_each_file_is_its_label(reviewable):
    add_review(reviewable, 1, "prey")
    add_review(reviewable, 1, "leopard", species="Panthera pardus")
    add_review(reviewable, 2, "leopard")
    add_review(reviewable, 3, "prey")
    first, undated, third = read_samples(reviewable)
    assert first.path.is_file()
    assert first.file == "карта/ST01/DCIM/100RECNX/1.JPG"
    assert (first.label, first.species, first.modality) == (
        "leopard",
        "Panthera pardus",
        "night_ir",
    )
    assert first.group == undated.group == "season карта-ST01"
    assert first.event == "season карта-ST01 2026-02-03T12:00:00"
    assert undated.event == ""
    assert (third.group, third.source, third.boxes) == ("season карта-ST02", "season", ())


def test_doubt_and_repeated_content_are_counted_out(reviewable, caplog):
    for number, label in [(1, "leopard"), (2, "unsure"), (3, "prey"), (4, "prey")]:
        add_review(reviewable, number, label)
    with caplog.at_level(logging.WARNING):
        assert [s.label for s in read_samples(reviewable)] == ["leopard", "prey"]
    assert "the person was unsure" in caplog.text
    assert "same content as another reviewed picture" in caplog.text


def test_a_card_that_lies_elsewhere_is_found_below_pictures(reviewable, tmp_path):
    add_review(reviewable, 1, "leopard")
    card = tmp_path / "карта"
    card.rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="is its card plugged in"):
        read_samples(reviewable)
    [sample] = read_samples(reviewable, pictures=tmp_path / "elsewhere")
    assert sample.path == tmp_path / "elsewhere/ST01/DCIM/100RECNX/1.JPG"
    (tmp_path / "shelf").mkdir()
    (tmp_path / "elsewhere").rename(tmp_path / "shelf" / "карта")
    [sample] = read_samples(reviewable, pictures=tmp_path / "shelf")
    assert sample.path.is_file()


def test_a_station_of_the_season_s_table_is_one_group(reviewable):
    (reviewable / "stations.csv").write_text(
        "station_id,deployment_id,folder,latitude,longitude\n"
        "RIDGE,RIDGE_1,ST01,43.1,131.2\nRIDGE,RIDGE_2,ST02,43.1,131.2\n",
        encoding="utf-8",
    )
    (reviewable / "clock_offsets.csv").write_text(
        "deployment_id,seconds,from,to,reason\nRIDGE_1,3600,,,an hour behind\n", encoding="utf-8"
    )
    add_review(reviewable, 1, "leopard")
    add_review(reviewable, 3, "prey")
    first, second = read_samples(reviewable)
    assert first.group == second.group
    assert first.group.endswith("RIDGE")
    assert first.event.endswith("RIDGE_1 2026-02-03T13:00:00")
