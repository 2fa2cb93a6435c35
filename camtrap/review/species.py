"""The species that people choose from: this landscape's animals, then the species list's names.

`configs/animals-amur.toml` names the animals in the languages of the page; what is kept of a choice
is the scientific name, which other programs understand. Which label it has is for the species list
alone to say.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from camtrap.config import LANGUAGES
from camtrap.errors import ConfigError
from camtrap.records import LABELS, State
from camtrap.taxonomy import Taxonomy, config_folder, read_taxonomy

ANIMALS = "animals-amur.toml"


@lru_cache(maxsize=1)
def choices() -> tuple[dict[str, str], ...]:
    """What to choose from: `name`, which is kept, and `label`; of animals also `en`, `ru`, `zh`.

    Raises `ConfigError` when one of the lists cannot be read.
    """
    taxonomy = read_taxonomy()
    animals = read_animals(config_folder() / ANIMALS, taxonomy)
    told = {text.casefold() for animal in animals for key, text in animal.items() if key != "label"}
    others = (
        {"name": name, "label": label}
        for words, label in taxonomy.names.items()
        for name in [" ".join(words)]
        if label in LABELS and label != State.EMPTY and name.casefold() not in told
    )
    return (*animals, *others)


def read_animals(path: Path, taxonomy: Taxonomy) -> list[dict[str, str]]:
    """The animals of a list, in its order; raises `ConfigError` with what is wrong in it."""
    try:
        animals = tomllib.loads(path.read_text(encoding="utf-8-sig"))["animals"]
        return [
            {
                "name": name,
                "label": taxonomy.label_of(name) or State.OTHER.value,
                **{language: str(called[language]) for language in LANGUAGES},
            }
            for name, called in animals.items()
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(
            f"The list of animals {path} cannot be read: {error}. Each animal has a name in "
            f"{', '.join(LANGUAGES)}."
        ) from error
