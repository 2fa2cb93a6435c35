"""From labels and people's species to scientific names: only what is sure, never a guess."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from camtrap.ledger.reviews import Review
from camtrap.records import State
from camtrap.taxonomy import Taxonomy, words_of

LEOPARD = "Panthera pardus"
VERNACULAR: Mapping[str, Mapping[str, str]] = {
    LEOPARD: {"eng": "leopard", "rus": "леопард", "zho": "豹"},
}
"""By ISO 639-3, as Camtrap DP wants them."""

ANIMALS = frozenset({State.LEOPARD, State.PREY, State.OTHER})

_SCIENTIFIC = re.compile(r"[A-Z][a-z-]+(?: [a-z][a-z-]+){0,2}")
_RANKS = {2: "species", 3: "subspecies"}

# SpeciesNet and Wildlife Insights: id;class;order;family;genus;species;common name
_RANKED, _GENUS, _SPECIES, _COMMON = 7, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Taxa:
    """Scientific names in this season: `told` by `project.toml`, and those of the species list."""

    taxonomy: Taxonomy
    told: Mapping[str, str]

    def scientific_name(self, label: State, review: Review | None = None) -> str:
        """The scientific name of an animal, empty where it is not known.

        `prey` and `other` are no taxa, unless `project.toml` says what they stand for here. A
        species that a person wrote counts when the file or the species list knows it as a
        scientific name.
        """
        if label not in ANIMALS:
            return ""
        species = species_of(review)
        if species and (name := self.told.get(species.casefold()) or self._scientific(species)):
            return name
        return self.told.get(label.value, LEOPARD if label == State.LEOPARD else "")

    def _scientific(self, species: str) -> str:
        parts = species.split(";")
        if len(parts) == _RANKED and parts[_GENUS].strip() and parts[_SPECIES].strip():
            return f"{parts[_GENUS].strip().capitalize()} {parts[_SPECIES].strip().lower()}"
        if not _SCIENTIFIC.fullmatch(species):
            return ""
        # "Roe deer" is written like a scientific name too, so the list has to know the genus.
        words = words_of(species)
        known = any(words[:count] in self.taxonomy.scientific for count in range(1, len(words) + 1))
        return species if known else ""


def species_of(review: Review | None) -> str:
    """What a person called the species, in one line; empty where nobody did."""
    return "" if review is None else " ".join(review.species.split())


def taxon(name: str) -> dict[str, Any]:
    """A scientific name as Camtrap DP's `taxonomic` lists it."""
    told: dict[str, Any] = {"scientificName": name}
    if rank := _RANKS.get(len(name.split())):
        told["taxonRank"] = rank
    if name in VERNACULAR:
        told["vernacularNames"] = dict(VERNACULAR[name])
    return told


def common_name(species: str) -> str:
    """A species' everyday name; the last part of a seven-part one."""
    parts = species.split(";")
    return parts[_COMMON].strip() if len(parts) == _RANKED else species
