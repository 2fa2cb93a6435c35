from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.offsets import MOST_SECONDS, read_offsets
from camtrap.clock.finding import Finding, Kind
from camtrap.clock.proposal import proposed_offsets, save_proposal

FIRST = datetime(2026, 3, 1)
ENDS = st.one_of(
    st.none(), st.tuples(st.integers(0, 60), st.integers(1, 60)).map(lambda e: (e[0], sum(e)))
)


def made(name: str, seconds: int | None, ends: tuple[int, int] | None, score: float) -> Finding:
    start, end = (FIRST + timedelta(days=n) for n in ends) if ends else (None, None)
    return Finding(Kind.JUMP, "S", name, 1, 1, 1, 'a "b", c', seconds, score, start, end)


@given(
    st.lists(
        st.builds(
            made,
            st.sampled_from(["ST01", "ручей, 2"]),
            st.one_of(st.none(), st.integers(-MOST_SECONDS, MOST_SECONDS)),
            ENDS,
            st.floats(0, 1),
        ),
        max_size=8,
    )
)
def test_a_proposal_can_be_read_as_it_was_meant(
    tmp_path_factory: object, found: list[Finding]
) -> None:
    offsets = proposed_offsets(found)
    path = Path(tmp_path_factory.mktemp("p")) / "clock_offsets.csv"  # type: ignore[attr-defined]
    save_proposal(offsets, path)
    assert read_offsets(path) == tuple(offsets)
    assert all(offset.seconds for offset in offsets)
    # The best one is always among them.
    best = max((f for f in found if f.seconds), key=lambda f: f.score, default=None)
    assert best is None or best.offset in offsets
    for one, other in combinations(offsets, 2):
        if one.deployment_id == other.deployment_id:
            assert one.end is not None or other.end is not None
