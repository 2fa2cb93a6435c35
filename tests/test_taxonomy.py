"""Names of animals in four languages, and the label that each has in the Amur landscape."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import ConfigError
from camtrap.records import LABELS
from camtrap.taxonomy import Taxonomy, read_taxonomy, words_of

AMUR = read_taxonomy()
MANIFEST = os.environ.get("CAMTRAP_TEST_MANIFEST", "")
"""A manifest whose `species` were labelled by others, to hold the list against."""


@pytest.mark.parametrize(
    "name",
    [
        "Panthera pardus",
        "panthera_pardus orientalis",
        "Leopard",
        "Amur leopard",
        "AmurLeopard",
        "Дальневосточный леопард",
        "леопард",
        "东北豹",
        "leopard (visual label)",
        "01_leopard",
        "aa73e0ac-973d-461d-914a-d2fa6e4b98a4;mammalia;carnivora;felidae;panthera;pardus;leopard",
    ],
)
def test_the_leopard_under_its_names(name):
    assert AMUR.label_of(name) == "leopard"


@pytest.mark.parametrize(
    "name",
    [
        "snow leopard",
        "Panthera uncia",
        "clouded leopard",
        "Neofelis nebulosa",
        "leopard cat",
        "LeopardCat",
        "Prionailurus bengalensis",
        "Leopardus pardalis",
        "leopard tortoise",
        "豹猫",
        "снежный барс",
        "дымчатый леопард",
        "amur tiger",
        "Panthera tigris altaica",
        "tiger",
    ],
)
def test_what_is_only_called_like_a_leopard_is_other(name):
    assert AMUR.label_of(name) == "other"


@pytest.mark.parametrize(
    "name",
    [
        "roe deer",
        "Capreolus pygargus",
        "sika-deer",
        "Cervus nippon",
        "CERVUS ELAPHUS",
        "mule deer",
        "wapiti",
        "Moschus moschiferus",
        "MuskDeer",
        "wild boar",
        "WildBoar",
        "Sus scrofa",
        "пятнистый олень",
        "кабан",
        "Кабарга",
        "狍",
        "梅花鹿",
        "野猪",
        "Odocoileus sp.",
        "ungulates",
    ],
)
def test_prey(name):
    assert AMUR.label_of(name) == "prey"


@pytest.mark.parametrize(
    "name",
    [
        "hare",
        "Lepus timidus",
        "badger",
        "Meles leucurus",
        "raccoon dog",
        "Nyctereutes procyonoides",
        "енотовидная собака",
        "Ursus thibetanus",
        "lynx",
        "red fox",
        "RedFox",
        "cattle",
        "dog",
        "bobcat",
        "raccoon",
        "opossum",
        "coyote",
        "rabbit",
        "Phasianus colchicus",
        "Aves",
        "Sus scrofa domesticus",
        "Y.T.Marten",
        "Sable",
        "x;aves;galliformes;;;;galliformes order",
    ],
)
def test_other_animals(name):
    assert AMUR.label_of(name) == "other"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Homo sapiens", "person"),
        ("человек", "person"),
        ("人", "person"),
        ("pickup truck", "vehicle"),
        ("машина", "vehicle"),
        ("empty", "empty"),
        ("Blank", "empty"),
        ("пусто", "empty"),
        ("f1856211-cfb7-4a5b-9158-c0f72fd09ee6;;;;;;blank", "empty"),
    ],
)
def test_people_vehicles_and_nothing(name, label):
    assert AMUR.label_of(name) == label


@pytest.mark.parametrize(
    "name",
    [
        "",
        "animal",
        "Animals",
        "unknown",
        "mammal",
        "big cat",
        "Felidae",
        "Panthera",
        "unicorn",
        "possible leopard",
        "leopard?",
        "leopard (not sure)",
        "no deer",
        "not leopard",
        "deer or leopard",
        "dog/fox",
        "person with dog",
        "leopard,deer",
        "卡",
        "123",
        "1f689929-883d-4dae-958c-3d57ab5b6c16;;;;;;animal",
        "x;mammalia;carnivora;felidae;;;cat family",
    ],
)
def test_what_cannot_be_told_is_none_and_never_guessed(name):
    assert AMUR.label_of(name) is None


@given(st.text(max_size=40))
def test_any_text_has_one_label_or_none_whatever_its_case_and_separators(name):
    label = AMUR.label_of(name)
    assert label is None or label in LABELS
    assert AMUR.label_of(f" {name} ") == label


@pytest.mark.parametrize("piece", ["(", "[", "a ", "aA", "leopard "])
def test_a_name_that_nobody_writes_is_not_looked_up(piece):
    name = piece * (1000 // len(piece) + 1)
    assert AMUR.label_of(name) is None
    assert not AMUR.says_little(name)


@given(st.lists(st.sampled_from(["snow", "leopard", "cat", "deer", "sus", "amur"]), min_size=1))
def test_separators_do_not_matter(words):
    assert len({AMUR.label_of(mark.join(words)) for mark in " _-"}) == 1


def test_scientific_names_fit_from_the_front_and_others_from_the_end():
    list_ = Taxonomy({("sus",): "prey"}, {("deer",): "prey", ("deer", "mouse"): "other"})
    assert list_.label_of("sus scrofa") == "prey"
    assert list_.label_of("scrofa sus") is None
    assert list_.label_of("red deer") == "prey"
    assert list_.label_of("deer stand") is None
    assert list_.label_of("white deer mouse") == "other"


def test_words_of_a_name():
    assert words_of("Wild_Boar-2 (night) [IR]") == ("wild", "boar")
    assert words_of("Ёж") == ("еж",)


def test_a_list_of_ones_own(tmp_path):
    path = tmp_path / "list.toml"
    path.write_text('[prey]\nscientific = ["lepus"]\nnames = ["hare", "заяц"]\n', encoding="utf-8")
    own = read_taxonomy(path)
    assert own.label_of("mountain hare") == own.label_of("Lepus timidus") == "prey"
    assert own.label_of("leopard") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[prey", "cannot be read"),
        (f"prey = {'[' * 3000}", "cannot be read"),
        (f"prey = {'1' * 5000}", "cannot be read"),
        ('[praye]\nnames = ["deer"]', r"\[praye\] is none of leopard"),
        ('prey = ["deer"]', "may hold the lists scientific and names"),
        ('[prey]\nnimes = ["deer"]', "may hold the lists scientific and names"),
        ("[prey]\nnames = [3]", "names in quotes"),
        ('[prey]\nnames = ["12"]', "is no name"),
        ('[prey]\nnames = ["Deer"]\n[other]\nnames = ["deer"]', r"'deer' stands in \[prey\]"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_its_path(tmp_path, text, message):
    path = tmp_path / "list.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as raised:
        read_taxonomy(path)
    assert str(path) in str(raised.value)


def test_a_missing_list_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_taxonomy(tmp_path / "none.toml")


def test_every_entry_of_the_shipped_list_finds_itself():
    for table in (AMUR.scientific, AMUR.names):
        for words, label in table.items():
            found = AMUR.label_of(" ".join(words))
            assert found == (None if label == "unknown" else label), words


@pytest.mark.data
@pytest.mark.skipif(not MANIFEST, reason="CAMTRAP_TEST_MANIFEST names no manifest")
def test_the_list_agrees_with_the_labels_of_the_manifest():
    with Path(MANIFEST).open(encoding="utf-8", newline="") as stream:
        rows = [(row["species"], row["label"]) for row in csv.DictReader(stream)]
    # Sable is a marten here and an antelope in Africa; steenbok, an antelope, is counted as other.
    wrong = {species for species, label in rows if AMUR.label_of(species) not in (label, None)}
    assert wrong <= {"sable", "steenbok"}
    assert sum(AMUR.label_of(species) == label for species, label in rows) >= 0.98 * len(rows)
