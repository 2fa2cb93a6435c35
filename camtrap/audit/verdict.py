"""What people's looks at a sample say of all pictures that were put away.

Pictures are drawn, and a person sees a drawn one with its burst. A look is a miss when the target
is in any of the burst's pictures that were put away. So the bound is one of the pictures *in bursts
in which something was missed*, of which it is true whatever hangs together in a burst, and two
things follow from it at once: no more pictures were missed, and no more bursts than such pictures
make up. An event holds a burst or more, so no more events were missed either.

A sample of which a part was looked at counts as far as it was looked at in its order by lot: who
begins with the likeliest pictures would otherwise be told too little or too much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from camtrap.audit.strata import Stratum, needed, upper
from camtrap.audit.targets import is_doubtful, is_miss
from camtrap.ledger.audits import Picture
from camtrap.ledger.reviews import Review


@dataclass(frozen=True, slots=True)
class Looks:
    """What was seen of a sample.

    `looked` counts drawn pictures of which a person said anything, `missed` those with the target
    in their burst, `unsure` those of the others that a person could not tell; both count against
    the model. `in_order` is how many of each stratum were looked at without a gap from the first by
    lot. `whole` is true when nothing is unknown in any burst that was looked at.
    """

    sample: int
    looked: int
    missed: int
    unsure: int
    in_order: tuple[int, ...]
    whole: bool

    @property
    def against(self) -> int:
        """Looks that count as misses."""
        return self.missed + self.unsure


@dataclass(frozen=True, slots=True)
class Bound:
    """The most pictures and events of the population that hold what was missed."""

    pictures: int
    events: int


def looks_of(
    pictures: Sequence[Picture], said: Mapping[int, Review], target: str, strata: int
) -> Looks:
    """What people said of drawn pictures and their bursts; `strata` is the number of strata."""
    bursts: dict[int, list[Review | None]] = defaultdict(list)
    for picture in pictures:
        bursts[picture.burst].append(said.get(picture.file_id))
    hit = {b for b, words in bursts.items() if any(is_miss(word, target) for word in words)}
    doubtful = {b for b, words in bursts.items() if any(map(is_doubtful, words))} - hit
    told = {b for b, words in bursts.items() if None not in words}
    drawn = [picture for picture in pictures if picture.rank is not None]
    seen = [each for each in drawn if each.file_id in said or each.burst in hit]
    return Looks(
        sample=len(drawn),
        looked=len(seen),
        missed=sum(each.burst in hit for each in seen),
        unsure=sum(each.burst in doubtful for each in seen),
        in_order=tuple(_in_order(seen, number) for number in range(strata)),
        whole=all(each.burst in hit or each.burst in told for each in seen),
    )


def _in_order(seen: Iterable[Picture], stratum: int) -> int:
    ranks = {picture.rank for picture in seen if picture.stratum == stratum}
    return next(rank for rank in range(len(ranks) + 1) if rank not in ranks)


def order_of_looking(pictures: Iterable[Picture], drawn: Sequence[int]) -> list[int]:
    """The numbers of drawn pictures, so that each beginning is spread evenly over the strata.

    `drawn` is how many each stratum gave.
    """
    turns = [
        (picture.rank / drawn[picture.stratum], picture.stratum, picture.file_id)
        for picture in pictures
        if picture.rank is not None and picture.stratum is not None
    ]
    return [file_id for _, _, file_id in sorted(turns)]


def bound_of(
    strata: Sequence[Stratum], bursts: Sequence[tuple[int, int]], looks: Looks, confidence: float
) -> Bound:
    """What the looks allow at most; all of the population while a stratum has none.

    `bursts` holds how many pictures a burst has in which nothing of the target was found, and how
    many such bursts there are.
    """
    seen = [replace(s, drawn=n) for s, n in zip(strata, looks.in_order, strict=True)]
    pictures = upper(seen, looks.against, confidence)
    total = sum(count for _, count in bursts)
    # Of a burst that was not seen whole it is only known that it holds one picture or more.
    events = most_bursts(bursts, pictures) if looks.whole else min(pictures, total)
    return Bound(pictures, events)


def most_bursts(bursts: Iterable[tuple[int, int]], pictures: int) -> int:
    """How many bursts so many pictures make up at most: the smallest ones."""
    found = 0
    for size, count in sorted(bursts):
        taken = min(count, pictures // size)
        found += taken
        pictures -= taken * size
        if taken < count:
            break
    return found


def more_looks(strata: Sequence[Stratum], looks: Looks, bound: int, confidence: float) -> int:
    """How many more looks bring the bound down to `bound`, if none of them is a miss."""
    return max(0, needed(strata, looks.against, bound, confidence) - looks.looked)
