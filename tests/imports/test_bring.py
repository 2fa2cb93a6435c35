"""Files brought into a season: stored once, replaced by their own, and nothing else touched."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from camtrap.errors import ConfigError, DataError
from camtrap.imports.bring import NOT_HERE, SEVERAL, Brought, Request, bring
from camtrap.ledger.exported import fingerprint
from camtrap.ledger.observations import Observations, sources
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import ImageFile, Prediction, State
from camtrap.taxonomy import read_taxonomy
from tests.cards import new_run
from tests.imports.test_readers import megadetector, put, seen
from tests.outputs.exports.made import Row, made_season

TAXONOMY = read_taxonomy()


@pytest.fixture
def season(tmp_path: Path) -> Path:
    rows = [Row(f"ST01/{name}.JPG", card=card) for card in "AB" for name in "abc"]
    return made_season(tmp_path / "season", rows)


def images(**labels: str) -> list[Any]:
    number = {"animal": "1", "person": "2", "vehicle": "3"}
    return [
        {
            "file": f"{name[0]}/ST01/{name[1]}.JPG",
            "detections": [] if label == "empty" else [seen(number[label], 0.9)],
        }
        for name, label in labels.items()
    ]


def into(season: Path, path: Path, **request: Any) -> Brought:
    replace, dry_run = request.pop("replace", False), request.pop("dry_run", False)
    with Ledger(season) as ledger:
        done, _ = bring(
            ledger, Request(path, **request), TAXONOMY, replace=replace, dry_run=dry_run
        )
    return done


def labels(season: Path, name: str) -> dict[int, str]:
    with Ledger(season) as ledger:
        asked = Observations(ledger, name)
        found = {number: asked.of(number) for number in range(1, 7)}
    return {number: one.label for number, one in found.items() if one}


def rows_of(season: Path) -> list[Any]:
    with sqlite3.connect(season / LEDGER_NAME) as db:
        return [
            db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in ("source", "observation")
        ]


def test_the_same_file_again_changes_nothing_and_a_changed_one_replaces_its_rows(
    season, tmp_path
) -> None:
    path = put(tmp_path / "md.json", megadetector(images(Aa="animal", Ab="empty")))
    assert into(season, path, name="MD").changed
    before = rows_of(season)
    assert not into(season, path, name="MD").changed
    moved = put(tmp_path / "moved.json", path.read_text())
    assert not into(season, moved, name="MD").changed
    assert rows_of(season) == before
    put(path, megadetector(images(Ab="person", Ac="vehicle")))
    assert into(season, path, name="MD").changed
    assert labels(season, "MD") == {2: "person", 3: "vehicle"}
    assert len(rows_of(season)[0]) == 1


def test_several_files_of_a_name_are_one_voice_and_the_newest_counts(season, tmp_path) -> None:
    one = put(tmp_path / "1.json", megadetector(images(Aa="animal", Ab="animal")))
    two = put(tmp_path / "2.json", megadetector(images(Ab="person", Ba="empty")))
    into(season, one, name="MD")
    into(season, two, name="MD")
    into(season, one, name="other")
    assert labels(season, "MD") == {1: "animal", 2: "person", 4: "empty"}
    assert labels(season, "other") == {1: "animal", 2: "animal"}
    into(season, two, name="MD", replace=True)
    assert labels(season, "MD") == {2: "person", 4: "empty"}
    assert labels(season, "other") == {1: "animal", 2: "animal"}
    with Ledger(season) as ledger:
        assert [(s.name, s.kind, s.format, s.count) for s in sources(ledger)] == [
            ("MD", "machine", "megadetector", 2),
            ("other", "machine", "megadetector", 2),
        ]


def test_files_that_came_since_are_found_when_it_is_imported_again(season, tmp_path) -> None:
    path = put(
        tmp_path / "md.json",
        megadetector([*images(Aa="animal"), {"file": "A/ST01/new.JPG", "detections": []}]),
    )
    assert into(season, path, name="MD").left_out == {NOT_HERE: 1}
    with Ledger(season) as ledger:
        card = ledger.cards()[0]
        ledger.register(card, [ImageFile(card.root, "ST01/new.JPG", 1000, 77)])
    assert into(season, path, name="MD").changed
    with Ledger(season) as ledger:
        observation = Observations(ledger, "MD").of(7)
    assert observation is not None and observation.label == "empty"


def test_a_new_picture_under_an_old_name_has_not_been_observed(season, tmp_path) -> None:
    path = put(tmp_path / "md.json", megadetector(images(Aa="animal", Ab="animal")))
    into(season, path, name="MD")
    with Ledger(season) as ledger:
        card = ledger.cards()[0]
        changed = ImageFile(card.root, "ST01/a.JPG", 1234, 99)
        ledger.register(card, [changed])
        said = Prediction(changed.path, State.PREY, content_key="another")
        ledger.record(card, new_run(ledger), [(changed, said)])
    assert labels(season, "MD") == {2: "animal"}


def test_a_dry_run_and_a_file_that_breaks_off_leave_the_ledger_as_it_is(season, tmp_path) -> None:
    path = put(tmp_path / "md.json", megadetector(images(Aa="animal")))
    before = (season / LEDGER_NAME).read_bytes()
    done = into(season, path, name="MD", dry_run=True)
    assert (done.changed, done.files, done.labels) == (True, 1, {"animal": 1})
    assert (season / LEDGER_NAME).read_bytes() == before
    into(season, path, name="MD")
    stored = rows_of(season)
    document = path.read_text().replace('"info"', '"info')
    with pytest.raises(DataError):
        into(season, put(path, document), name="MD")
    assert rows_of(season) == stored


def test_outputs_of_a_run_do_not_depend_on_it(season, tmp_path) -> None:
    path = put(tmp_path / "md.json", megadetector(images(Aa="animal")))
    with Ledger(season) as ledger:
        before = fingerprint(ledger, {})
    into(season, path, name="MD")
    with Ledger(season) as ledger:
        assert fingerprint(ledger, {}) == before != ""


def test_what_is_not_taken_is_counted_with_names(season, tmp_path) -> None:
    told = [
        *images(Aa="animal", Cz="animal"),
        {"file": "ST01/a.JPG", "detections": []},
        {"file": "A/ST01/b.JPG", "failure": "x"},
        {"file": "A/ST01/a.JPG", "detections": []},
    ]
    lost: list[tuple[str, str]] = []
    path = put(tmp_path / "md.json", megadetector(told))
    with Ledger(season) as ledger:
        done, _ = bring(
            ledger,
            Request(path, name="MD"),
            TAXONOMY,
            on_lost=lambda name, why: lost.append((name, why)),
        )
    assert done.pictures == 5
    assert done.left_out[NOT_HERE] == done.left_out[SEVERAL] == 1
    assert ("C/ST01/z.JPG", NOT_HERE) in lost and ("ST01/a.JPG", SEVERAL) in lost
    assert done.examples[SEVERAL] == ["ST01/a.JPG"]
    # Twice the same file: what is there says more than that nothing was seen.
    assert done.labels == {"animal": 1}
    # On a card that is named, what another card's name stands before is still the other's.
    assert into(season, path, name="B", card="B").labels == {"empty": 1}


def test_names_that_the_list_does_not_hold_are_told(season, tmp_path) -> None:
    path = put(
        tmp_path / "t.csv",
        "File,RelativePath,Species\na.JPG,A\\ST01,blorb\nb.JPG,A\\ST01,Panthera pardus\n",
    )
    done = into(season, path, name="Li")
    assert (done.source.kind, done.unknown, done.labels) == ("human", {"blorb": 1}, {"leopard": 1})


@pytest.mark.parametrize("name", ["camtrap", "People", " "])
def test_names_that_a_source_cannot_have(season, tmp_path, name) -> None:
    path = put(tmp_path / "md.json", megadetector(images(Aa="animal"), info={"detector": name}))
    if name.strip():
        with pytest.raises(ConfigError, match="cannot be the name"):
            into(season, path)
        with pytest.raises(ConfigError, match="cannot be the name"):
            into(season, path, name=name)
    else:
        assert into(season, path).source.name == "md"


def test_what_cannot_be_meant_is_refused_in_words(season, tmp_path) -> None:
    path = put(tmp_path / "md.json", megadetector(images(Cz="animal")))
    with pytest.raises(DataError, match=r"It has names like 'C/ST01/z.JPG'"):
        into(season, path)
    with pytest.raises(DataError, match="names no picture"):
        into(season, put(tmp_path / "none.json", megadetector([])))
    with pytest.raises(ConfigError, match="kind is one of"):
        into(season, path, kind="robot")
    with pytest.raises(ConfigError, match="no option 'label'"):
        into(season, path, options={"label": "x"})
    with sqlite3.connect(season / LEDGER_NAME) as db:
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'source'").fetchall()


def test_boxes_and_species_are_kept(season, tmp_path) -> None:
    told = [{"file": "A/ST01/a.JPG", "detections": [seen("1", 0.9, ("0", 0.8))]}]
    more = {
        "classification_categories": {"0": "sika deer"},
        "classification_category_descriptions": {
            "0": "g;mammalia;cetartiodactyla;cervidae;cervus;nippon;sika deer"
        },
    }
    into(season, put(tmp_path / "md.json", megadetector(told, **more)), name="MD")
    with Ledger(season) as ledger:
        one = Observations(ledger, "MD").of(1)
    assert one is not None
    assert (one.label, one.species, one.confidence) == ("prey", "sika deer", 0.8)
    assert json.loads(one.boxes) == [
        {"label": "prey", "confidence": 0.8, "box": [0.1, 0.1, 0.2, 0.2]}
    ]
