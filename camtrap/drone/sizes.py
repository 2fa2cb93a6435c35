"""How long an animal can be that is seen from above: a mark for boxes that are something else.

A box of 40 cm is no deer, whatever a model says of its pixels. The mark deletes nothing: altitudes
are wrong in hills, and a model that errs must be seen to err.
"""

from __future__ import annotations

import math

TOO_SMALL, TOO_LARGE = "too_small", "too_large"

LENGTHS: dict[str, tuple[float, float]] = {
    "leopard": (0.8, 2.6),
    "prey": (0.6, 2.6),
    "other": (0.2, 4.0),
    "person": (0.3, 2.6),
    "vehicle": (1.2, 25.0),
}
"""Metres from the shortest to the longest that a box of a label can be.

Head and body of an Amur leopard are 1.07 to 1.36 m and its tail 0.82 to 0.90 m (Heptner and
Sludskii, Mammals of the Soviet Union II.2, 1992); the lower bound leaves room for one that sits and
for cubs that follow. Prey runs from musk deer (under 1 m) over Siberian roe (1.2 to 1.4 m) to sika
and wild boar (up to 1.8 and 2 m; Heptner, Nasimovich and Bannikov, Mammals of the Soviet Union I,
1988). Fawns in their first weeks are shorter and are marked. `other` is wide, from a large
bird to a tiger with its tail; a person is narrow from above and long in the snow; vehicles go from
a motorcycle to a lorry with its trailer. The margins around the books' figures are ours.
"""


def size_flag(label: str, long_m: float, diagonal_m: float, relative_error: float) -> str:
    """`too_small` or `too_large` for a box that cannot hold what it is called; else empty.

    An animal that lies at any angle in its box is at least as long as the box's long side and at
    most as long as its diagonal. `relative_error` widens both bounds: it is how wrong metres may be
    as a share, 0..1. Labels without a length, such as `unsure`, are never marked.
    """
    bounds = LENGTHS.get(label)
    if bounds is None or not math.isfinite(diagonal_m):
        return ""
    shortest, longest = bounds
    if diagonal_m < shortest * (1 - min(relative_error, 0.9)):
        return TOO_SMALL
    if long_m > longest * (1 + relative_error):
        return TOO_LARGE
    return ""
