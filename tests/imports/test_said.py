"""Names as a species list reads them, and one word a picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.imports.said import LABELS_TOLD, Naming, Said, share_of, word_of
from camtrap.taxonomy import read_taxonomy

NAMING = Naming(read_taxonomy())
GUID = "aa73e0ac-973d-461d-914a-d2fa6e4b98a4"


@pytest.mark.parametrize(
    ("name", "label", "vague"),
    [
        (f"{GUID};mammalia;carnivora;felidae;panthera;pardus;leopard", "leopard", ""),
        (f"{GUID};mammalia;carnivora;felidae;panthera;pardus;", "leopard", ""),
        # The word "leopard" alone makes none of them one.
        (f"{GUID};mammalia;carnivora;felidae;prionailurus;bengalensis;leopard cat", "other", ""),
        (f"{GUID};mammalia;carnivora;felidae;panthera;uncia;snow leopard", "other", ""),
        (f"{GUID};mammalia;carnivora;felidae;panthera;uncia;leopard", "other", ""),
        (f"{GUID};mammalia;carnivora;felidae;panthera;;leopard", None, "animal"),
        (f"{GUID};mammalia;carnivora;felidae;;;leopard", None, "animal"),
        (f"{GUID};mammalia;carnivora;felidae;;;cat family", None, "animal"),
        (f"{GUID};reptilia;testudines;;stigmochelys;pardalis;leopard tortoise", "other", ""),
        (f"{GUID};;;;;;blank", "empty", ""),
        (f"{GUID};;;;;;animal", None, "animal"),
        (f"{GUID};;;;;;vehicle", "vehicle", ""),
        (f"{GUID};mammalia;primates;hominidae;homo;sapiens;human", "person", ""),
        (f"{GUID};{';'.join(['no cv result'] * 6)}", None, "unsure"),
        ("leopard", "leopard", ""),
        ("leopard cat", "other", ""),
        ("mammal", None, "animal"),
        ("unknown", None, "unsure"),
        ("unsure", None, "unsure"),
        ("blorb", None, ""),
        ("possible leopard", None, ""),
        ("", None, ""),
    ],
)  # fmt: skip
def test_names(name, label, vague) -> None:
    said = NAMING.said(name)
    assert (said.label, said.vague) == (label, vague)


ANIMAL, UNSURE = Said(None, "animal", vague="animal"), Said(None, "?", vague="unsure")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ([Said("prey"), Said("leopard")], "leopard"),
        ([ANIMAL, Said("prey")], "prey"),
        ([ANIMAL, Said("empty")], "animal"),
        ([UNSURE, Said("empty")], "unsure"),
        ([UNSURE, ANIMAL], "animal"),
        ([Said("empty"), Said(None, "blorb")], None),
        ([Said(None, "blorb")], None),
        ([], None),
    ],
)
def test_one_word_a_picture(said, label) -> None:
    word = word_of(said)
    assert (word.label if word else None) == label


def test_the_word_has_the_highest_confidence_of_its_label_and_every_box() -> None:
    from camtrap.records import Box

    box = Box(0, 0, 0.5, 0.5)
    word = word_of(
        [
            Said("prey", "deer", box, 0.4),
            Said("prey", "boar", box, 0.8),
            Said("other", "fox", box, 0.99),
        ]
    )
    assert word is not None
    assert (word.label, word.raw, word.confidence, len(word.boxes)) == ("prey", "deer", 0.8, 3)


@given(st.text(max_size=60))
def test_any_name_is_a_label_or_none(name: str) -> None:
    said = NAMING.said(name)
    assert said.label is None or said.label in LABELS_TOLD
    assert said.vague in ("", "animal", "unsure")
    assert not (said.label and said.vague)


@pytest.mark.parametrize(
    ("value", "share"),
    [
        *((0.5, 0.5), (1, 1.0), ("0.25", 0.25), (True, None), (1.1, None), (-0.1, None)),
        *(("x", None), (float("nan"), None), (10**400, None), (None, None), ([], None)),
    ],
)
def test_a_share_is_a_number_from_0_to_1(value, share) -> None:
    assert share_of(value) == share
