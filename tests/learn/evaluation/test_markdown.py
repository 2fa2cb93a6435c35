"""Rows and figures as Markdown, whatever they hold."""

from __future__ import annotations

import math

import pytest

from camtrap.learn.evaluation.markdown import bullets, cell, is_cell, is_figure, pairs, table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (1234, "1,234"),
        (0.8064, "0.806"),
        (1e-4, "0.0001"),
        (1234.5, "1,234.5"),
        (math.nan, ""),
        ([0.1, 0.25], "[0.100, 0.250]"),
        ("a|b\nc", "a\\|b c"),
        ({"value": None}, "not known"),
        ({"value": 0.5}, "0.500"),
        (
            {"value": 0.5, "interval": [0.1, 0.9], "right": 1, "count": 2},
            "0.500 [0.100, 0.900] (1/2)",
        ),
        ({"value": 0.5, "interval_by_group": [0.1, 0.9]}, "0.500 by group [0.100, 0.900]"),
    ],
)
def test_cells(value, text):
    assert cell(value) == text


def test_a_mapping_with_more_than_a_figure_is_none():
    assert is_figure({"value": 1, "interval": None})
    assert not is_figure({"value": 1, "recall": 0.9})
    assert not is_cell({"value": 1, "recall": 0.9})
    assert is_cell([0.1, 0.9])
    assert not is_cell([1, 2, 3])


def test_columns_are_those_of_all_rows():
    assert (
        table([{"a": 1}, {"a": 2, "b_c": "x"}]) == "| a | b c |\n|---|---|\n| 1 |  |\n| 2 | x |\n"
    )


def test_counts_share_a_column():
    assert table([{"figure": "recall", "value": 0.5, "right": 1, "count": 2}]) == (
        "| figure | value | of |\n|---|---|---|\n| recall | 0.500 | 1/2 |\n"
    )


def test_a_mapping_in_a_row_becomes_columns_and_a_list_one_cell():
    row = {"source": "wcs", "counts": {"leopard": 3}, "names": ["x", "y"]}
    assert table([row]).splitlines()[-1] == "| wcs | 3 | x, y |"


def test_no_rows_are_no_table():
    assert table([]) == ""


def test_pairs_and_bullets():
    assert pairs({"a_b": 1}) == "| | |\n|---|---|\n| a b | 1 |\n"
    assert bullets(["x", "y"]) == "- x\n- y\n"
