"""Which of some boxes is which of some animals: the cheapest pairing, each at most once.

The Hungarian method with potentials (Kuhn 1955; Jonker and Volgenant 1987). As many as can be are
paired, and among all such pairings the one of the least total cost is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_NOBODY = 1e3
"""What it costs to stay alone: more than all costs of a picture together."""

_FORBIDDEN = 1e7


def paired(costs: Sequence[Sequence[float]]) -> list[int | None]:
    """For each row the column it is paired with, or None.

    `costs` has a row for each of the one and a column for each of the other, 0..1; infinite means
    that the two may not be paired.
    """
    if not costs or not costs[0]:
        return [None] * len(costs)
    columns = len(costs[0])
    table = [
        [cost if math.isfinite(cost) else _FORBIDDEN for cost in row]
        + [_NOBODY * len(costs) if other == own else _FORBIDDEN for other in range(len(costs))]
        for own, row in enumerate(costs)
    ]
    return [column if column < columns else None for column in _assigned(table)]


def _assigned(table: Sequence[Sequence[float]]) -> list[int]:
    """The column of each row in the cheapest full assignment; no more rows than columns.

    Rows come one at a time; each takes the path that costs least over those that are there.
    """
    rows, columns = len(table), len(table[0])
    row_price, column_price = [0.0] * rows, [0.0] * columns
    owner: list[int | None] = [None] * columns
    for newcomer in range(rows):
        least, before = [math.inf] * columns, [-1] * columns
        is_done = [False] * columns
        row, place = newcomer, -1
        while True:
            step, nearest = math.inf, -1
            for column in range(columns):
                if is_done[column]:
                    continue
                cost = table[row][column] - row_price[row] - column_price[column]
                if cost < least[column]:
                    least[column], before[column] = cost, place
                if least[column] < step:
                    step, nearest = least[column], column
            row_price[newcomer] += step
            for column in range(columns):
                holder = owner[column]
                if is_done[column] and holder is not None:
                    row_price[holder] += step
                    column_price[column] -= step
                elif not is_done[column]:
                    least[column] -= step
            place = nearest
            is_done[place] = True
            holder = owner[place]
            if holder is None:
                break
            row = holder
        while place >= 0:
            previous = before[place]
            owner[place] = newcomer if previous < 0 else owner[previous]
            place = previous
    column_of = {row: column for column, row in enumerate(owner) if row is not None}
    return [column_of[row] for row in range(rows)]
