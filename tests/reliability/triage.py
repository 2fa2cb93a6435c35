"""A card of bad files through scan and triage, and what is asked of every answer."""

from __future__ import annotations

from pathlib import Path

from camtrap.card.scan import scan
from camtrap.engine.local import triage_files
from camtrap.records import ImageFile, State
from camtrap.vision.predictor import Verdict
from tests.cards import FakePredictor

PROGRAMMERS_WORDS = ("Traceback", "Error(", "<_io", "0x7f", 'File "', "errno", "NoneType")
LONGEST_REASON = 300


class Steady(FakePredictor):
    """The fake model without the greys on which it fails: it answers for black and white too."""

    def _answer(self, brightness: float) -> Verdict:
        return super()._answer(min(max(brightness, 20.0), 240.0))


Answers = dict[str, tuple[State, str]]
"""State and reason of every file, by its path on the card."""


def answers(card: Path) -> Answers:
    """What becomes of every file of a card, as in a run: each is in the answer once."""
    files = list(scan(card))
    found: Answers = {file.relative_path: (State.SKIPPED, file.skip_reason) for file in files}
    assert len(found) == len(files)
    seen: set[str] = set()
    to_read = [file for file in files if not file.skip_reason]
    for file, prediction in triage_files(to_read, Steady(), workers=2):
        is_new = prediction.content_key not in seen
        is_twin = prediction.state.is_label and not is_new
        seen.add(prediction.content_key)
        state = State.DUPLICATE if is_twin else prediction.state
        found[file.relative_path] = (state, prediction.reason)
    return found


def one_answer(card: Path) -> tuple[State, str]:
    """State and reason of the only file on a card."""
    [answer] = answers(card).values()
    return answer


def check_reason(state: State, reason: str) -> None:
    """A file that was not looked at says why, in one line that a ranger understands."""
    if not state.is_label:
        assert reason.strip(), "no reason"
    assert reason.isprintable()
    assert len(reason) < LONGEST_REASON
    assert not [word for word in PROGRAMMERS_WORDS if word.lower() in reason.lower()], reason


def listed(card: Path) -> list[ImageFile]:
    """The files of a card as the scan tells them."""
    return list(scan(card))
