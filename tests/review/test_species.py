"""What people choose from: animals that agree with the species list, then the list's own names."""

from __future__ import annotations

import pytest

from camtrap.config import LANGUAGES
from camtrap.errors import ConfigError
from camtrap.review.species import ANIMALS, choices, read_animals
from camtrap.taxonomy import config_folder, read_taxonomy


def test_each_animals_names_are_of_one_label_as_far_as_the_species_list_knows_them():
    taxonomy = read_taxonomy()
    for animal in read_animals(config_folder() / ANIMALS, taxonomy):
        told = {taxonomy.label_of(animal[key]) for key in ("name", *LANGUAGES)} - {None}
        assert told <= {animal["label"]}, animal


def test_animals_come_first_and_no_name_of_theirs_comes_again():
    found = choices()
    count = sum("en" in one for one in found)
    assert all("en" in one for one in found[:count])
    boar = {"name": "Sus scrofa", "label": "prey", "en": "wild boar", "ru": "кабан", "zh": "野猪"}
    assert boar in found[:count]
    told = {one[key] for one in found[:count] for key in LANGUAGES}
    assert not told & {one["name"] for one in found[count:]}
    assert {"name": "косуля", "label": "prey"} in found[count:]


@pytest.mark.parametrize(
    "text",
    ["[", "", "[animals]\n'Sus scrofa' = { en = 'boar' }", "animals = 1", "[animals]\nx = 1"],
)
def test_a_list_that_cannot_be_used_is_named(tmp_path, text):
    path = tmp_path / "animals.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"animals\.toml"):
        read_animals(path, read_taxonomy())
