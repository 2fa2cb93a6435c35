"""A herd without painting: flat animals with a known outline."""

from __future__ import annotations

import numpy as np

from camtrap.learn.aerial.herd import METRES_A_PIXEL, Painted


def flat(species="sika deer", pitch=90.0, metres=(0.5, 1.4), colour=230.0):
    """A rectangle of so many metres (rows, columns)."""
    rows, columns = (round(each / METRES_A_PIXEL) for each in metres)
    alpha = np.ones((rows, columns), np.float32)
    return Painted(species, pitch, np.full((rows, columns, 3), colour, np.float32), alpha)


HERD = [flat(), flat("leopard", metres=(0.4, 1.9)), flat("roe deer", pitch=45.0)]
