"""A name means one file of the season, or none: never a guess."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.errors import ConfigError
from camtrap.imports.matching import AMBIGUOUS, Files
from camtrap.ledger.store import Ledger
from tests.outputs.exports.made import Row, hostile_paths, made_season


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    season = tmp_path_factory.mktemp("matching") / "season"
    rows = [
        Row("100EK113/IMG_0001.JPG", card="A"),  # 1
        Row("100EK113/IMG_0002.JPG", card="A"),  # 2
        Row("DCIM/only.jpg", card="A"),  # 3
        Row("100EK113/IMG_0001.JPG", card="B"),  # 4
        Row("Весна/ёж.JPG", card="B"),  # 5
        Row("IMG_0002.JPG", card="B"),  # 6
    ]
    made_season(season, rows, roots=Path("/data/2026"))
    with Ledger(season) as ledger:
        yield ledger


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("A/100EK113/IMG_0001.JPG", 1),
        ("a/100ek113/img_0001.jpg", 1),
        ("A\\100EK113\\IMG_0001.JPG", 1),
        ("./B//100EK113/IMG_0001.JPG", 4),
        ("/data/2026/A/100EK113/IMG_0001.JPG", 1),
        ("2026/A/100EK113/IMG_0001.JPG", 1),
        ("D:\\work\\B\\100EK113\\IMG_0001.JPG", 4),
        ("only.jpg", 3),
        ("DCIM/only.jpg", 3),
        ("100EK113/IMG_0002.JPG", 2),
        (unicodedata.normalize("NFD", "B/Весна/Ёж.JPG"), 5),
        ("100EK113/IMG_0001.JPG", AMBIGUOUS),
        ("IMG_0001.JPG", AMBIGUOUS),
        ("IMG_0002.JPG", AMBIGUOUS),
        # Another card may hold a file of the same name: nothing is guessed.
        ("C/100EK113/IMG_0002.JPG", None),
        ("C/DCIM/only.jpg", None),
        ("nly.jpg", None),
        ("A/IMG_0001.JPG", None),
        ("other/only.jpg", None),
        ("", None),
        ("///", None),
        ("..", None),
        ("%", None),
        ("\ud800", None),
        ("/".join("x" * 5000), None),
    ],
)
def test_names(ledger, name, file) -> None:
    with Files(ledger) as files:
        assert files.find((name,)) == file


def test_the_first_spelling_that_is_known_counts(ledger) -> None:
    with Files(ledger) as files:
        assert files.find(("no%2Fsuch", "A/DCIM/only.jpg")) == 3
        assert files.find(()) is None


def test_on_a_card_that_is_named_paths_are_its_own(ledger) -> None:
    with Files(ledger, "B") as files:
        assert files.find(("100EK113/IMG_0001.JPG",)) == 4
        assert files.find(("copy of it/100EK113/IMG_0001.JPG",)) == 4
        assert files.find(("IMG_0002.JPG",)) == 6
        assert files.find(("DCIM/only.jpg",)) is None
    with pytest.raises(ConfigError, match=r"no card 'C'. It has: A, B"):
        Files(ledger, "C")


def test_the_longest_card_and_path_at_the_end_of_a_name_counts(tmp_path) -> None:
    rows = [Row("b/c.JPG", card="a"), Row("c.JPG", card="b")]
    season = made_season(tmp_path / "season", rows, roots=Path("/r"))
    with Ledger(season) as ledger, Files(ledger) as files:
        assert files.find(("x/a/b/c.JPG",)) == 1
        assert files.find(("x/b/c.JPG",)) == 2


@settings(max_examples=30)
@given(
    paths=st.lists(hostile_paths, min_size=1, max_size=6, unique=True),
    before=st.sampled_from(["", "x/", "D:\\y\\"]),
)
def test_what_is_found_ends_as_the_name_does(tmp_path_factory, paths, before) -> None:
    """Whatever the names, a file is found by its own card and path, if only one can be meant."""
    season = tmp_path_factory.mktemp("m") / "season"
    rows = [Row(f"{number}/{path}") for number, path in enumerate(paths)]
    made_season(season, rows)
    with Ledger(season) as ledger, Files(ledger) as files:
        for entry in ledger.entries():
            name = f"{before}{entry.card}/{entry.relative_path}"
            assert files.find((name,)) == entry.file_id
