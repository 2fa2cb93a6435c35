"""Shares of small counts with their intervals, as every room that counts tells them."""

from __future__ import annotations

import math
from dataclasses import dataclass

_Z = 1.959964  # 95 %, two-sided


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `count`, with its 95 % Wilson interval (Wilson 1927)."""

    right: int
    count: int

    @property
    def value(self) -> float:
        return self.right / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        if not self.count:
            return 0.0, 1.0
        n, p, z2 = self.count, self.value, _Z * _Z
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} [{low:.3f}, {high:.3f}] ({self.right}/{self.count})"
