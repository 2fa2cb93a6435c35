"""Every kind of bad file ends in a state of its own, with a reason, and none stops a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from camtrap.records import State
from tests.cards import frame
from tests.reliability import damaged, formats, metadata
from tests.reliability.corpus import Kind
from tests.reliability.triage import answers, check_reason, one_answer

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow, of broken metadata

ROOMS = {"damaged": damaged, "formats": formats, "metadata": metadata}
KINDS = {f"{room}: {one.name}": one for room, module in ROOMS.items() for one in module.kinds()}


def test_there_are_more_than_two_hundred_kinds_of_bad_files() -> None:
    assert len(KINDS) == sum(len(module.kinds()) for module in ROOMS.values())
    assert len(KINDS) > 200


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_bad_file_ends_in_its_state_and_says_why(tmp_path: Path, kind: Kind) -> None:
    (tmp_path / kind.file).write_bytes(kind.make())
    state, reason = one_answer(tmp_path)
    if kind.ends is None:
        assert state.is_label, (state, reason)
    else:
        assert state == kind.ends, (state, reason)
    assert kind.says.lower() in reason.lower()
    check_reason(state, reason)


def test_a_card_of_nothing_but_bad_files_goes_through_and_accounts_for_each(tmp_path: Path) -> None:
    for number, kind in enumerate(KINDS.values()):
        (tmp_path / f"{number:04} {kind.file}").write_bytes(kind.make())
    (tmp_path / "9999 good.JPG").write_bytes(frame("leopard"))
    found = answers(tmp_path)
    assert len(found) == len(KINDS) + 1
    assert found["9999 good.JPG"] == (State.LEOPARD, "")
    assert State.PENDING not in {state for state, _ in found.values()}
