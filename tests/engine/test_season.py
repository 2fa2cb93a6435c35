"""A whole run: nothing done is lost, the card stays as it was, and every file is accounted for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from camtrap.engine import local
from camtrap.engine import season as season_module
from camtrap.engine.progress import RunProgress
from camtrap.engine.season import (
    add_card,
    card_name,
    check_apart,
    check_model,
    model_id,
    model_note,
    recognise,
    run_card,
)
from camtrap.errors import CardError, ModelError, SeasonError
from camtrap.ledger.listing import ListingCount
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.records import State
from camtrap.vision.predictor import Look, Verdict
from tests.cards import (
    ODD_STATES,
    FakePredictor,
    first_card,
    frame,
    listed,
    new_run,
    plain_card,
    put,
    settings,
    silence,
    snapshot,
    states,
)


class StopsAfter(RunProgress):
    """A person who presses Ctrl-C when so many files are done, or pulls the plug."""

    def __init__(self, files: int, stop: threading.Event | None) -> None:
        super().__init__(0, 0, quiet=True)
        self._left, self._stop = files, stop

    def advance(self, state: State, size: int) -> None:
        self._left -= 1
        if self._left == 0:
            if self._stop is None:
                raise KeyboardInterrupt
            self._stop.set()


class FailsAfter(FakePredictor):
    """A device that runs out of memory after so many pictures, for good."""

    def __init__(self, pictures: int) -> None:
        super().__init__()
        self._left = pictures

    def judge(self, looks: Sequence[Look]) -> list[Verdict]:
        self._left -= len(looks)
        if self._left < 0:
            raise RuntimeError("out of memory")
        return super().judge(looks)


def run(
    ledger: Ledger,
    card: Path,
    predictor: FakePredictor | None = None,
    *,
    stop_after: int = 0,
    kill_after: int = 0,
    **said: int,
) -> None:
    """Do what `camtrap run CARD` does, up to the tables."""
    stop = threading.Event()
    progress = silence()
    if stop_after or kill_after:
        progress = StopsAfter(stop_after or kill_after, stop if stop_after else None)
    model = predictor or FakePredictor()
    summary = add_card(ledger, card)
    run_card(
        ledger,
        summary.card,
        model,
        new_run(ledger, model),
        settings(**said),
        stop=stop,
        progress=progress,
    )


def everything(ledger: Ledger) -> list[Entry]:
    """All that a season knows of its files but which run it was that told."""
    return [replace(entry, run_id=None) for entry in ledger.entries()]


def uninterrupted(folder: Path, card: Path) -> list[Entry]:
    with Ledger(folder, create=True) as ledger:
        run(ledger, card)
        return everything(ledger)


# -- the whole of it


@pytest.mark.parametrize(("workers", "batch_size"), [(1, 1), (2, 5)])
def test_every_file_of_an_odd_card_ends_in_its_state(
    ledger: Ledger, odd: Path, workers: int, batch_size: int
) -> None:
    run(ledger, odd, workers=workers, batch_size=batch_size)
    assert states(ledger) == ODD_STATES
    assert first_card(ledger).name == "карта 1"


def test_the_season_is_the_same_for_any_workers_and_batch_size(tmp_path: Path, odd: Path) -> None:
    expected = uninterrupted(tmp_path / "plain", odd)
    for workers, batch_size in ((2, 1), (3, 4), (1, 64)):
        with Ledger(tmp_path / f"s{workers}", create=True) as ledger:
            run(ledger, odd, workers=workers, batch_size=batch_size)
            assert everything(ledger) == expected


def test_nothing_on_the_card_is_changed(ledger: Ledger, odd: Path) -> None:
    before = snapshot(odd)
    run(ledger, odd)
    run(ledger, odd)
    assert snapshot(odd) == before


def test_a_second_run_has_nothing_to_do(ledger: Ledger, card: Path) -> None:
    run(ledger, card)
    before = everything(ledger)
    predictor = FakePredictor()
    summary = add_card(ledger, card)
    assert summary.listing == ListingCount(known=12)
    assert ledger.pending_bytes(summary.card) == (0, 0)
    run(ledger, card, predictor)
    assert predictor.batches == []
    assert everything(ledger) == before


def test_new_pictures_on_a_card_are_all_that_is_looked_at(ledger: Ledger, card: Path) -> None:
    run(ledger, card)
    put(card, {"DCIM/101RECNX/RCNX0001.JPG": frame("prey", 99)})
    predictor = FakePredictor()
    run(ledger, card, predictor)
    assert predictor.batches == [1]
    assert len(ledger.cards()) == 1


def test_the_same_pictures_on_a_second_card_are_not_looked_at_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    run(ledger, plain_card(tmp_path / "a", 6))
    copy = plain_card(tmp_path / "b", 6)
    (copy / "DCIM/100RECNX").rename(copy / "DCIM/999RECNX")  # another place: another card
    predictor = FakePredictor()
    run(ledger, copy, predictor)
    assert predictor.batches == []
    assert ledger.totals()[State.DUPLICATE] == 6


# -- interrupted


@pytest.mark.parametrize("files", [1, 4, 9, 15])
@pytest.mark.parametrize(("workers", "batch_size"), [(1, 1), (2, 3)])
def test_a_run_that_was_stopped_continues_to_the_same_end(
    tmp_path: Path,
    odd: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: int,
    workers: int,
    batch_size: int,
) -> None:
    monkeypatch.setattr(season_module, "COMMIT_FILES", 2)
    with Ledger(tmp_path / "season", create=True) as ledger:
        run(ledger, odd, stop_after=files, workers=workers, batch_size=batch_size)
        done = sum(ledger.totals().values()) - ledger.totals()[State.PENDING]
        assert done >= files
    with Ledger(tmp_path / "season") as ledger:
        run(ledger, odd, workers=workers, batch_size=batch_size)
        assert everything(ledger) == uninterrupted(tmp_path / "plain", odd)


@pytest.mark.parametrize("files", [1, 5, 11])
def test_a_run_that_was_killed_continues_to_the_same_end(
    tmp_path: Path, odd: Path, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    monkeypatch.setattr(season_module, "COMMIT_FILES", 3)
    ledger = Ledger(tmp_path / "season", create=True)
    with pytest.raises(KeyboardInterrupt):
        run(ledger, odd, kill_after=files, workers=2)
    assert ledger.totals()[State.PENDING] > 0
    with Ledger(tmp_path / "season") as again:  # the first was never closed
        run(again, odd)
        assert everything(again) == uninterrupted(tmp_path / "plain", odd)
    ledger.close()


def test_no_worker_is_left_when_a_run_is_killed(
    ledger: Ledger, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(season_module, "COMMIT_FILES", 1)
    with pytest.raises(KeyboardInterrupt) as caught:  # holds the frames, and so the generator
        run(ledger, card, kill_after=1, workers=3)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("triage")]
    assert caught.traceback


def test_a_card_pulled_out_half_way_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "READ_AHEAD", 1)
    card = plain_card(tmp_path / "card", 40)
    away = card.with_name("away")

    class PullsTheCard(FakePredictor):
        def judge(self, looks: Sequence[Look]) -> list[Verdict]:
            if len(self.batches) == 10:
                card.rename(away)
            return super().judge(looks)

    with Ledger(tmp_path / "season", create=True) as ledger:
        with pytest.raises(CardError):
            run(ledger, card, PullsTheCard())
        totals = ledger.totals()
        assert totals[State.PENDING] in range(20, 32)
        assert totals[State.UNREADABLE] == totals[State.TRUNCATED] == 0
        away.rename(card)
        run(ledger, card)
        assert everything(ledger) == uninterrupted(tmp_path / "plain", card)


def test_a_model_that_breaks_half_way_loses_nothing(tmp_path: Path) -> None:
    card = plain_card(tmp_path / "card", 40)
    with Ledger(tmp_path / "season", create=True) as ledger:
        with pytest.raises(ModelError):
            run(ledger, card, FailsAfter(10))
        assert ledger.totals()[State.PENDING] > 0
        run(ledger, card)
        assert everything(ledger) == uninterrupted(tmp_path / "plain", card)


def test_a_file_that_could_not_be_read_is_tried_again_by_the_next_run(
    ledger: Ledger, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        real = Path.read_bytes

        def loose_contact(path: Path) -> bytes:
            if path.name == "RCNX0003.JPG":
                raise OSError(5, "Input/output error")
            return real(path)

        patch.setattr(Path, "read_bytes", loose_contact)
        run(ledger, card)
    assert ledger.totals()[State.UNREADABLE] == 1
    assert add_card(ledger, card).listing == ListingCount(known=11, again=1)
    run(ledger, card)
    assert ledger.totals()[State.UNREADABLE] == 0


def test_results_are_committed_while_the_card_still_runs(
    ledger: Ledger, season: Path, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(season_module, "COMMIT_FILES", 4)
    done: list[int] = []

    class LooksOn(RunProgress):
        def advance(self, state: State, size: int) -> None:
            with Ledger(season) as other:
                totals = other.totals()
            done.append(sum(totals.values()) - totals[State.PENDING])

    summary = add_card(ledger, card)
    run_card(
        ledger,
        summary.card,
        FakePredictor(),
        new_run(ledger),
        settings(),
        stop=threading.Event(),
        progress=LooksOn(0, 0, quiet=True),
    )
    assert done == [4] * 4 + [8] * 4 + [12] * 4


# -- where a season may be


@pytest.mark.parametrize("place", ["season", "DCIM/deep/season", "."])
def test_a_season_on_the_card_is_refused(card: Path, place: str) -> None:
    before = snapshot(card)
    with pytest.raises(SeasonError, match="nothing is ever written to a card"):
        check_apart(card / place, card)
    assert snapshot(card) == before


def test_a_season_on_the_card_of_a_single_picture_is_refused(card: Path) -> None:
    picture = card / "DCIM/100RECNX/RCNX0001.JPG"
    with pytest.raises(SeasonError, match="lies on the card"):
        check_apart(picture.parent / "season", picture)


def test_a_card_is_not_entered_into_a_season_that_lies_on_it(card: Path) -> None:
    with Ledger(card / "season", create=True) as ledger:
        with pytest.raises(SeasonError, match="lies on the card"):
            add_card(ledger, card)
        assert ledger.cards() == []


def test_a_season_beside_a_card_of_a_similar_name_is_allowed(tmp_path: Path, card: Path) -> None:
    check_apart(tmp_path / "card-season", card)


def test_a_card_that_does_not_exist_is_told(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(CardError, match="does not exist"):
        add_card(ledger, tmp_path / "no card")
    assert ledger.cards() == []


def test_a_single_picture_may_stand_for_a_card(ledger: Ledger, card: Path) -> None:
    run(ledger, card / "DCIM/100RECNX/RCNX0001.JPG")
    assert states(ledger) == {"RCNX0001.JPG": State.PREY}
    assert first_card(ledger).name == "100RECNX"


# -- recognising cards


def test_another_card_in_the_same_reader_is_a_new_card(ledger: Ledger, tmp_path: Path) -> None:
    reader = plain_card(tmp_path / "E", 5)
    run(ledger, reader)
    reader.rename(tmp_path / "drawer")
    put(reader, {"DCIM/100RECNX/RCNX0001.JPG": frame("leopard", 77, size=(64, 48))})
    run(ledger, reader)
    assert [entry.name for entry in ledger.cards()] == ["E", "E (2)"]
    assert sum(ledger.totals().values()) == 6


def test_the_same_card_in_another_reader_is_the_old_card(ledger: Ledger, tmp_path: Path) -> None:
    card = plain_card(tmp_path / "E", 5)
    run(ledger, card)
    moved = card.rename(tmp_path / "F")
    summary = add_card(ledger, moved)
    assert summary.listing == ListingCount(known=5)
    assert [(entry.name, entry.root) for entry in ledger.cards()] == [("E", moved.resolve())]


def test_a_card_that_grew_and_moved_is_the_old_card(ledger: Ledger, tmp_path: Path) -> None:
    card = plain_card(tmp_path / "E", 5)
    run(ledger, card)
    moved = card.rename(tmp_path / "F")
    put(moved, {f"DCIM/101RECNX/RCNX000{n}.JPG": frame("prey", 50 + n) for n in range(5)})
    assert add_card(ledger, moved).listing == ListingCount(new=5, known=5)


@pytest.mark.parametrize(
    ("known", "total", "same_place", "recognised"),
    [
        (1, 10, True, True),
        (0, 10, True, False),
        (5, 10, False, True),
        (4, 10, False, False),
        (1, 1, False, True),
    ],
)
def test_how_many_files_make_a_card_the_same(
    ledger: Ledger, known: int, total: int, same_place: bool, recognised: bool
) -> None:
    old = ledger.add_card("old", Path("/reader/1"))
    ledger.register(old, listed(old.root, known) + listed(old.root, 3, start=500))
    root = Path("/reader/1") if same_place else Path("/reader/2")
    found = recognise(ledger, root, listed(root, total))
    assert (found is not None) is recognised
    assert found is None or (found.card_id, found.root) == (old.card_id, root)


def test_of_two_cards_the_one_that_shares_most_is_recognised(ledger: Ledger) -> None:
    for name, count in (("some", 6), ("most", 9)):
        old = ledger.add_card(name, Path(f"/reader/{name}"))
        ledger.register(old, listed(old.root, count))
    found = recognise(ledger, Path("/reader/new"), listed(Path("/reader/new"), 10))
    assert found is not None
    assert found.name == "most"


def test_of_two_cards_that_share_equally_much_the_one_in_this_place_is_recognised(
    ledger: Ledger,
) -> None:
    for name in ("elsewhere", "here"):
        old = ledger.add_card(name, Path(f"/reader/{name}"))
        ledger.register(old, listed(old.root, 10))
    found = recognise(ledger, Path("/reader/here"), listed(Path("/reader/here"), 10))
    assert found is not None
    assert (found.name, found.root) == ("here", Path("/reader/here"))
    assert next(card.root for card in ledger.cards()) == Path("/reader/elsewhere")


def test_a_card_that_was_copied_over_another_is_the_one_that_was_copied(ledger: Ledger) -> None:
    for name, count in (("copied", 10), ("here", 3)):
        old = ledger.add_card(name, Path(f"/reader/{name}"))
        ledger.register(old, listed(old.root, count))
    found = recognise(ledger, Path("/reader/here"), listed(Path("/reader/here"), 10))
    assert found is not None
    assert (found.name, found.root) == ("copied", Path("/reader/here"))


def _questions(ledger: Ledger, cards: int, files: int) -> int:
    """What SQLite is asked when so many new cards of one folder's name come, the last of them."""
    asked: list[str] = []
    for number in range(cards):
        root = Path(f"/reader/{number}")
        new = [
            replace(file, modified_ns=1 + file.modified_ns + number * files)
            for file in listed(root, files)
        ]
        asked.clear()
        ledger.db.set_trace_callback(asked.append)
        assert recognise(ledger, root, new) is None
        ledger.db.set_trace_callback(None)
        ledger.register(ledger.add_card(f"card {number}", root), new)
    return len(asked)


def test_a_hundred_cards_cost_no_more_questions_a_card_than_two(tmp_path: Path) -> None:
    with (
        Ledger(tmp_path / "few", create=True) as few,
        Ledger(tmp_path / "many", create=True) as many,
    ):
        assert _questions(many, 100, 7) == _questions(few, 2, 7) <= 7 + 2


def test_a_card_is_looked_for_in_an_index(ledger: Ledger) -> None:
    asked: list[str] = []
    ledger.db.set_trace_callback(asked.append)
    recognise(ledger, Path("/reader"), listed(Path("/reader"), 1))
    ledger.db.set_trace_callback(None)
    [plan] = [row["detail"] for row in ledger.db.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]
    assert "USING INDEX file_by_time (modified_ns=? AND size=?)" in plan


def test_a_card_without_files_beside_others_is_a_new_card(ledger: Ledger) -> None:
    old = ledger.add_card("old", Path("/reader/1"))
    ledger.register(old, listed(old.root, 3))
    assert recognise(ledger, Path("/reader/2"), []) is None
    assert recognise(ledger, Path("/reader/1"), []) == old


def test_a_card_whose_listing_was_interrupted_at_its_start_is_entered_once(
    ledger: Ledger, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "register", killed)
        with pytest.raises(KeyboardInterrupt):
            add_card(ledger, card)
    assert add_card(ledger, card).listing == ListingCount(new=12)
    assert [entry.name for entry in ledger.cards()] == ["card"]


def test_capitals_of_a_place_matter_where_the_system_says_so(ledger: Ledger) -> None:
    old = ledger.add_card("old", Path("/reader/Card"))
    ledger.register(old, listed(old.root, 1))
    found = recognise(ledger, Path("/reader/card"), listed(Path("/reader/card"), 10))
    assert (found is not None) is (Path("/reader/Card") == Path("/reader/card"))


def test_a_card_without_files_is_entered_once(ledger: Ledger, tmp_path: Path) -> None:
    card = tmp_path / "empty"
    card.mkdir()
    first, second = add_card(ledger, card), add_card(ledger, card)
    assert first.card == second.card
    assert first.listing == ListingCount()


@pytest.mark.parametrize(
    ("root", "name"), [("/media/CARD 7", "CARD 7"), ("/media/карта", "карта"), ("/", "card")]
)
def test_a_card_is_called_by_its_folder(root: str, name: str) -> None:
    assert card_name(Path(root)) == name


# -- models


def test_another_model_is_refused_once_there_are_results(ledger: Ledger, card: Path) -> None:
    run(ledger, card)
    other = FakePredictor(sha256="1" * 64)
    with pytest.raises(SeasonError, match=r"another\. Keep to that model"):
        check_model(ledger, other.info, other.thresholds)


def test_other_thresholds_are_refused_once_there_are_results(ledger: Ledger, card: Path) -> None:
    run(ledger, card)
    model = FakePredictor()
    with pytest.raises(SeasonError, match="thresholds"):
        check_model(ledger, model.info, replace(model.thresholds, leopard=0.3))


def test_a_model_behind_another_detector_is_another_model(ledger: Ledger, card: Path) -> None:
    model = FakePredictor()
    one, other = (
        replace(model.info, parts={"detector": {"model": "d", "sha256": sha256}})
        for sha256 in ("1" * 64, "2" * 64)
    )
    noted = {"model": model_note(one), "thresholds": model.thresholds.as_dict()}
    entry = add_card(ledger, card).card
    run_card(
        ledger,
        entry,
        model,
        ledger.start_run(noted),
        settings(),
        stop=threading.Event(),
        progress=silence(),
    )
    check_model(ledger, one, model.thresholds)
    with pytest.raises(SeasonError, match="--redo"):
        check_model(ledger, other, model.thresholds)


def test_the_same_model_may_go_on(ledger: Ledger, card: Path) -> None:
    run(ledger, card)
    model = FakePredictor()
    check_model(ledger, model.info, model.thresholds)


def test_a_run_without_results_binds_nobody(ledger: Ledger) -> None:
    new_run(ledger)
    other = FakePredictor(sha256="1" * 64)
    check_model(ledger, other.info, replace(other.thresholds, leopard=0.3))


def test_a_model_is_named_with_its_version_and_ours() -> None:
    assert model_id(FakePredictor().info).endswith("(fake 1)")
    assert model_id(FakePredictor().info).startswith("camtrap ")
