"""Boxes of many tiles put together to those of one picture: each animal once, and whole.

Neighbouring tiles overlap, and scales look at the same ground again, so an animal is seen several
times, and cut in two where a tile ends. Pure functions over boxes; what comes out does not depend
on the order in which boxes come in.

1. Of boxes that no tile's edge cuts, the more certain one stays where two overlap.
2. One that merely holds two others which are each as certain is a group, and its animals stay.
3. Pieces that face each other across a seam, and meet there at the same height, are joined.
4. A piece that lies in a whole box is that animal; what is left of the pieces stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from camtrap.pixels.fit import overlap, share_within
from camtrap.pixels.tiles import Tile
from camtrap.records import Box
from camtrap.vision.proposals import Proposal

CUT_MARGIN = 4.0
"""Pixels of the first look: a box that comes so close to its tile's edge may go on beyond it."""

PIECE_WITHIN = 0.6
"""A piece of which so much lies in a whole box is a part of that animal."""

MEET_AT_SEAM = 0.5
"""Of the two stretches that two pieces take along a seam, the share that they must have in common
(intersection over union) to be one animal."""

PART_WITHIN = 0.8
"""So much of each part must lie in a box for it to be a group of them."""

PARTS_APART = 0.1
"""Parts of a group overlap by no more than this (intersection over union)."""


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """A box of one tile, in shares of the whole picture, and which edges of the tile cut it."""

    box: Box
    score: float
    scale: float = 1.0
    cut_left: bool = False
    cut_top: bool = False
    cut_right: bool = False
    cut_bottom: bool = False

    @property
    def is_cut(self) -> bool:
        return self.cut_left or self.cut_top or self.cut_right or self.cut_bottom


def seen_in(tile: Tile, found: Proposal, width: int, height: int) -> Seen:
    """What a tile's box, in shares of the tile, is in a picture of `width` x `height` pixels.

    The picture's own edges cut nothing: there is no more of the animal beyond them.
    """
    box = found.box
    left, top = tile.left + box.x * tile.width, tile.top + box.y * tile.height
    right, bottom = left + box.width * tile.width, top + box.height * tile.height
    margin = CUT_MARGIN / tile.scale
    return Seen(
        Box(left / width, top / height, (right - left) / width, (bottom - top) / height),
        found.score,
        tile.scale,
        cut_left=tile.left > 0 and left - tile.left < margin,
        cut_top=tile.top > 0 and top - tile.top < margin,
        cut_right=tile.right < width and tile.right - right < margin,
        cut_bottom=tile.bottom < height and tile.bottom - bottom < margin,
    )


def merged(
    seen: Iterable[Seen], *, min_score: float, max_overlap: float, max_count: int
) -> tuple[Proposal, ...]:
    """One box an animal, best first, `max_count` at the most; see the module for the rules.

    The single best box is kept whatever its score, as for a picture that is looked at as a whole.
    """
    ordered = sorted(set(seen), key=_by_score)
    ordered = [one for n, one in enumerate(ordered) if n == 0 or one.score >= min_score]
    whole = _apart([one for one in ordered if not one.is_cut], max_overlap)
    whole = [one for one in whole if not _is_group(one, whole)]
    kept = list(whole)
    for piece in sorted(_joined([one for one in ordered if one.is_cut]), key=_by_score):
        if not any(
            share_within(piece.box, other.box) > PIECE_WITHIN
            or overlap(piece.box, other.box) > max_overlap
            for other in kept
        ):
            kept.append(piece)
    kept.sort(key=_by_score)
    return tuple(Proposal(one.box, one.score) for one in kept[:max_count])


def _by_score(one: Seen) -> tuple[float, Seen]:
    return -one.score, one


def _apart(ordered: Sequence[Seen], max_overlap: float) -> list[Seen]:
    """The best boxes that do not cover each other (greedy non-maximum suppression)."""
    kept: list[Seen] = []
    for one in ordered:
        if all(overlap(one.box, other.box) <= max_overlap for other in kept):
            kept.append(one)
    return kept


def _is_group(one: Seen, others: Sequence[Seen]) -> bool:
    """True for a box around two animals or more that a finer look sees each by itself."""
    parts: list[Seen] = []
    for other in others:
        if (
            other.scale > one.scale
            and other.score >= one.score
            and share_within(other.box, one.box) > PART_WITHIN
            and all(overlap(other.box, part.box) <= PARTS_APART for part in parts)
        ):
            parts.append(other)
    return len(parts) >= 2


def _joined(pieces: Sequence[Seen]) -> list[Seen]:
    """Pieces of one scale put together across seams; those that fit nobody come as they are."""
    parents = list(range(len(pieces)))

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    for a, first in enumerate(pieces):
        for b, second in enumerate(pieces):
            if _continues(first, second):
                parents[root(b)] = root(a)
    groups: dict[int, list[Seen]] = {}
    for number, piece in enumerate(pieces):
        groups.setdefault(root(number), []).append(piece)
    return [_union(group) for group in groups.values()]


def _continues(first: Seen, second: Seen) -> bool:
    """True when `second` is what lies beyond the right or the lower edge that cuts `first`."""
    if first.scale != second.scale:
        return False
    a, b = first.box, second.box
    if first.cut_right and second.cut_left:
        beside = a.x <= b.x <= a.x + a.width <= b.x + b.width
        if beside and _in_common(a.y, a.height, b.y, b.height) > MEET_AT_SEAM:
            return True
    if first.cut_bottom and second.cut_top:
        below = a.y <= b.y <= a.y + a.height <= b.y + b.height
        return below and _in_common(a.x, a.width, b.x, b.width) > MEET_AT_SEAM
    return False


def _in_common(start: float, length: float, other_start: float, other_length: float) -> float:
    """Intersection over union of two stretches of a line, 0..1."""
    common = min(start + length, other_start + other_length) - max(start, other_start)
    return max(common, 0.0) / (length + other_length - common) if common > 0 else 0.0


def _union(group: Sequence[Seen]) -> Seen:
    if len(group) == 1:
        return group[0]
    left, top = min(one.box.x for one in group), min(one.box.y for one in group)
    right = max(one.box.x + one.box.width for one in group)
    bottom = max(one.box.y + one.box.height for one in group)
    return Seen(
        Box(left, top, right - left, bottom - top),
        max(one.score for one in group),
        group[0].scale,
    )
