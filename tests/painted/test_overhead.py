"""Animals from above: of their real size, turned as asked, and always the same."""

from __future__ import annotations

import numpy as np
import pytest

from camtrap.painted.animals import BUILDS, Pose
from camtrap.painted.overhead import from_above

COARSE = 0.04
STANDING = Pose()


def extent(seen):
    """Rows and columns that the animal takes."""
    rows, columns = np.nonzero(seen.alpha > 0.3)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def above(species="leopard", heading=0.0, pitch=90.0, metres=COARSE, **options):
    return from_above(
        species, STANDING, heading=heading, pitch=pitch, metres_a_pixel=metres, **options
    )


def test_a_leopard_is_as_long_as_its_body_and_tail() -> None:
    rows, columns = extent(above())
    assert 1.5 < columns * COARSE < 2.3
    assert 0.2 < rows * COARSE < 0.6


def test_turned_by_a_quarter_it_lies_the_other_way() -> None:
    rows, columns = extent(above())
    turned_rows, turned_columns = extent(above(heading=90))
    assert abs(rows - turned_columns) <= 2
    assert abs(columns - turned_rows) <= 2


def test_half_the_pixels_show_it_half_as_long() -> None:
    _, fine = extent(above(metres=COARSE / 2))
    _, coarse = extent(above())
    assert abs(fine / 2 - coarse) <= 2


def test_a_slant_shows_legs_that_are_hidden_from_straight_above() -> None:
    rows, _ = extent(above("roe deer"))
    slanted, _ = extent(above("roe deer", pitch=35))
    assert slanted > 1.5 * rows


@pytest.mark.parametrize("species", sorted(BUILDS))
def test_all_of_every_species_is_in_the_picture(species) -> None:
    seen = above(species, heading=45)
    edge = np.concatenate([seen.alpha[0], seen.alpha[-1], seen.alpha[:, 0], seen.alpha[:, -1]])
    assert edge.max() == 0
    assert seen.alpha.max() == 1
    assert 0 <= seen.colour.min() <= seen.colour.max() <= 255


def test_the_same_call_paints_the_same_and_another_coat_another_pattern() -> None:
    first, again, other = above(), above(), above(coat=8)
    assert (first.colour == again.colour).all()
    assert (first.alpha == other.alpha).all()
    assert (first.colour != other.colour).any()


def test_the_side_towards_the_light_is_the_brighter_one() -> None:
    left = above("wild boar", light=(0.0, 0.2, 0.98))
    right = above("wild boar", light=(0.0, 0.2, -0.98))
    inside = left.alpha > 0.9
    assert (left.colour.mean(axis=2)[inside] > right.colour.mean(axis=2)[inside]).mean() > 0.3
    assert (left.colour.mean(axis=2)[inside] < right.colour.mean(axis=2)[inside]).mean() > 0.3
