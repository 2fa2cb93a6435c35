"""SpeciesNet: names are of the new generation, and what is in a picture comes back."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings

from camtrap.errors import ConfigError
from camtrap.events.names import file_path
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.speciesnet import CLASS_OF, FILE_NAME
from camtrap.outputs.exports.speciesnet_names import ANIMAL, BLANK, HUMAN, LEOPARD
from camtrap.records import LABELS, State
from camtrap.taxonomy import read_taxonomy
from tests.outputs.exports import made
from tests.outputs.exports.made import Row, box, chances, exported, made_season, read_json
from tests.outputs.exports.rules import speciesnet_faults

fresh = count()


def predictions(tmp_path: Path, *rows: Row, **said):
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    exported(season, "speciesnet", tmp_path / "out", **said)
    return read_json(tmp_path / "out" / "speciesnet" / FILE_NAME)["predictions"]


@settings(max_examples=20)
@given(made.rows())
def test_whatever_the_season_holds_the_document_is_sound_and_gives_it_back(tmp_path, rows) -> None:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    done = exported(season, "speciesnet", season / "exports")
    document = read_json(done.paths[0])
    assert list(speciesnet_faults(document)) == []
    told = {one["filepath"]: one for one in document["predictions"]}
    with Ledger(season) as ledger:
        entries = {file_path(entry): entry for entry in ledger.entries()}
    originals = {entry.file_id: entry for entry in entries.values()}
    pending = {path for path, entry in entries.items() if entry.state == State.PENDING}
    assert told.keys() == entries.keys() - pending
    for path, one in told.items():
        entry = originals.get(entries[path].duplicate_of or 0, entries[path])
        if not entry.state.is_label:
            assert one["failures"] == ["DETECTOR", "CLASSIFIER"]
            assert one["camtrap"]["failure"].startswith(entry.state)
            continue
        assert one["camtrap"]["label"] == entry.state
        assert one["model_version"] == made.MODEL
        confs = [found["conf"] for found in one["detections"]]
        assert confs == sorted(confs, reverse=True)
        answers = [found["processed_classification"]["class"] for found in one["detections"]]
        categories = {found["category"] for found in one["detections"]}
        assert (categories == {"0"}) == (entry.state == State.EMPTY) == (BLANK in answers)
        if entry.state == State.UNSURE:
            assert LEOPARD not in answers
        elif entry.detections:
            assert sorted(answers) == sorted(CLASS_OF[found.label] for found in entry.detections)
        else:
            assert answers == [CLASS_OF[entry.state]]
        for found in one["detections"]:
            assert sum(found["raw_classifications"]["scores"]) == pytest.approx(1, abs=1e-3)


def test_every_label_has_a_name_and_ours_reads_it_as_that_label() -> None:
    assert CLASS_OF.keys() == set(LABELS)
    taxonomy = read_taxonomy()
    for label in ("leopard", "person", "vehicle", "empty"):
        assert taxonomy.label_of(CLASS_OF[label]) == label
    # Neither prey nor other is a taxon, and `animal` says too little to be read as either.
    for label in ("prey", "other"):
        assert taxonomy.label_of(CLASS_OF[label]) is None


def test_prey_and_other_are_one_animal_whose_chances_add_up(tmp_path: Path) -> None:
    row = Row("a.JPG", State.PREY, probabilities=chances(prey=0.5, other=0.2, leopard=0.1))
    [told] = predictions(tmp_path, row)
    raw = told["detections"][0]["raw_classifications"]
    scores = dict(zip(raw["classes"], raw["scores"], strict=True))
    assert scores[ANIMAL] == pytest.approx(0.7)
    assert scores[LEOPARD] == pytest.approx(0.1)


def test_an_empty_picture_is_a_blank_whole_picture(tmp_path: Path) -> None:
    [told] = predictions(tmp_path, Row("a.JPG", probabilities=chances(empty=0.97)))
    [whole] = told["detections"]
    assert whole["label"] == "whole_image_classification"
    assert whole["conf"] == 1.0
    assert whole["processed_classification"] == {
        "class": BLANK,
        "score": 0.97,
        "source": "classifier",
    }


def test_a_doubtful_picture_is_an_animal_and_neither_leopard_nor_blank(tmp_path: Path) -> None:
    boxed = Row("a.JPG", State.UNSURE, (box("leopard", 0.3),))
    whole = Row("b.JPG", State.UNSURE, probabilities=chances(leopard=0.3, prey=0.2, other=0.1))
    for told in predictions(tmp_path, boxed, whole):
        [found] = told["detections"]
        assert (found["category"], found["label"]) == ("1", "animal")
        assert found["processed_classification"]["class"] == ANIMAL
        assert found["processed_classification"]["score"] == pytest.approx(0.6, abs=0.1)
        assert told["camtrap"]["label"] == "unsure"


def test_a_person_is_human(tmp_path: Path) -> None:
    [told] = predictions(tmp_path, Row("a.JPG", State.PERSON, (box("person"),)))
    [found] = told["detections"]
    assert (found["category"], found["label"]) == ("2", "human")
    assert found["processed_classification"]["class"] == HUMAN
    assert predictions(tmp_path, Row("a.JPG", State.PERSON), public=True) == []


def test_places_are_told_unless_it_is_for_everybody(tmp_path: Path) -> None:
    row = Row("a.JPG", State.LEOPARD, latitude=43.12345, longitude=131.98765)
    [told] = predictions(tmp_path, row, country="RUS")
    assert (told["latitude"], told["longitude"]) == (43.12345, 131.98765)
    assert told["country"] == "RUS"
    [told] = predictions(tmp_path, row, public=True, grid=0.5)
    assert not {"latitude", "longitude", "country"} & told.keys()
    [told] = predictions(tmp_path, Row("a.JPG"))
    assert "latitude" not in told


@pytest.mark.parametrize("country", ["RU", "rus", "Russia", "R\nS"])
def test_a_country_is_three_capitals(tmp_path: Path, country: str) -> None:
    with pytest.raises(ConfigError, match="country=RUS"):
        predictions(tmp_path, Row("a.JPG"), country=country)
