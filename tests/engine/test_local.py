"""The loop: one answer a file, in order, the same for any number of workers, whatever breaks."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from camtrap.card.content import content_key
from camtrap.engine import local, stages
from camtrap.engine.local import (
    FAILURES_IN_A_ROW,
    WINDOW,
    Result,
    triage_files,
)
from camtrap.engine.stages import FILE_LIMIT, read_file
from camtrap.errors import CardError, ModelError, UnreadablePicture
from camtrap.pixels.decode import Frame, decode_frame
from camtrap.records import ImageFile, State
from camtrap.vision.predictor import Look, Verdict
from tests.cards import (
    BREAKS_THE_MODEL,
    HALF_A_PICTURE,
    ODD_STATES,
    FakePredictor,
    frame,
    grey_frame,
    image_files,
    put,
)

READ_STATES = {name: state for name, state in ODD_STATES.items() if state != State.SKIPPED}


def triage(
    files: Iterator[ImageFile] | list[ImageFile],
    predictor: FakePredictor,
    *,
    workers: int = 1,
    batch_size: int = 1,
    stop: threading.Event | None = None,
    is_known: Callable[[str], bool] | None = None,
) -> Generator[Result, None, None]:
    return triage_files(
        files, predictor, workers=workers, batch_size=batch_size, stop=stop, is_known=is_known
    )


def greys(card: Path, *brightness: int) -> list[ImageFile]:
    """Frames of the given greys on a card, in this order."""
    put(card, {f"{n:03}.JPG": grey_frame(grey, n) for n, grey in enumerate(brightness)})
    return image_files(card, [f"{n:03}.JPG" for n in range(len(brightness))])


def found_states(results: Iterator[Result]) -> list[State]:
    return [prediction.state for _, prediction in results]


# -- order and equality


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_answers_do_not_depend_on_workers_or_batch_size(
    odd: Path, predictor: FakePredictor, workers: int, batch_size: int
) -> None:
    files = image_files(odd, READ_STATES)
    alone = list(triage(files, FakePredictor()))
    together = list(triage(files, predictor, workers=workers, batch_size=batch_size))
    assert together == alone
    assert [file for file, _ in together] == files


def test_every_odd_file_ends_in_the_state_it_should(odd: Path, predictor: FakePredictor) -> None:
    files = image_files(odd, READ_STATES)
    found = {file.relative_path: said.state for file, said in triage(files, predictor)}
    assert found == {**READ_STATES, "odd/twin.JPG": State.PREY}  # the ledger knows twins


def test_every_file_that_was_not_looked_at_has_a_reason(
    odd: Path, predictor: FakePredictor
) -> None:
    for file, said in triage(image_files(odd, READ_STATES), predictor):
        assert bool(said.reason) is not said.state.is_label, file.relative_path
        assert "\n" not in said.reason
        if not said.state.is_label:
            assert (said.confidence, dict(said.probabilities), said.detections) == (None, {}, ())


def test_results_come_in_order_even_when_the_first_picture_is_the_slowest(tmp_path: Path) -> None:
    files = greys(tmp_path, 20, 56, 92, 128)
    others_are_done = threading.Semaphore(0)

    class SlowOnLeopards(FakePredictor):
        def judge(self, looks: Sequence[Look]) -> list[Verdict]:
            [verdict] = super().judge(looks)
            if verdict.state == State.LEOPARD:
                for _ in range(3):
                    assert others_are_done.acquire(timeout=10)
            else:
                others_are_done.release()
            return [verdict]

    results = triage(files, SlowOnLeopards(), workers=4)
    assert found_states(results) == [State.LEOPARD, State.PREY, State.OTHER, State.PERSON]


def test_no_files_give_no_results(predictor: FakePredictor) -> None:
    assert list(triage([], predictor, workers=2)) == []


def test_what_is_known_without_the_model_is_told(tmp_path: Path, predictor: FakePredictor) -> None:
    taken_at = datetime(2026, 2, 3, 23, 59, 58)
    data = frame("prey", taken_at=taken_at, size=(48, 36))
    put(tmp_path, {"a.JPG": data})
    [(file, said)] = triage(image_files(tmp_path, ["a.JPG"]), predictor)
    assert said.path == file.path
    assert said.content_key == content_key(data)
    assert (said.capture.taken_at, said.capture.timestamp_source) == (taken_at, "exif")
    assert (said.width, said.height, said.infrared) == (48, 36, True)


def test_a_picture_without_exif_has_the_time_of_its_name_or_file(
    tmp_path: Path, predictor: FakePredictor
) -> None:
    put(tmp_path, {"20260203_235958.JPG": frame("prey"), "b.JPG": b"broken"})
    files = image_files(tmp_path, ["20260203_235958.JPG", "b.JPG"])
    sources = [said.capture.timestamp_source for _, said in triage(files, predictor)]
    assert sources == ["filename", "modified"]


def test_known_content_is_spared_the_model(tmp_path: Path, predictor: FakePredictor) -> None:
    files = greys(tmp_path, 20, 56)
    known = content_key(files[0].path.read_bytes())
    results = list(triage(files, predictor, is_known=lambda key: key == known))
    assert [said.state for _, said in results] == [State.DUPLICATE, State.PREY]
    assert results[0][1].content_key == known
    assert predictor.batches == [1]


# -- memory


@pytest.mark.parametrize(("workers", "batch_size"), [(1, 1), (2, 4)])
def test_files_are_taken_only_a_little_ahead(
    tmp_path: Path,
    predictor: FakePredictor,
    workers: int,
    batch_size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "WINDOW", 5)
    files = greys(tmp_path, *[56] * 60)
    taken = 0

    def counting() -> Iterator[ImageFile]:
        nonlocal taken
        for file in files:
            taken += 1
            yield file

    ahead = workers * 5
    for done, _ in enumerate(triage(counting(), predictor, workers=workers, batch_size=batch_size)):
        assert taken - done <= ahead
    assert taken == 60


def test_leaving_early_takes_no_more_files(tmp_path: Path, predictor: FakePredictor) -> None:
    files = iter(greys(tmp_path, *[56] * (2 * WINDOW + 9)))
    results = triage(files, predictor, workers=2)
    next(results)
    results.close()
    assert len(list(files)) == 9
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("triage")]


# -- stopping


@pytest.mark.parametrize(("workers", "batch_size"), [(1, 1), (2, 3)])
def test_stop_ends_soon_and_leaves_no_gap(
    tmp_path: Path, predictor: FakePredictor, workers: int, batch_size: int
) -> None:
    files = greys(tmp_path, *[56] * 60)
    stop = threading.Event()
    done = []
    for file, said in triage(files, predictor, workers=workers, batch_size=batch_size, stop=stop):
        assert said.state == State.PREY
        done.append(file)
        stop.set()
    assert 1 <= len(done) < 60
    assert done == files[: len(done)]  # so that the next run goes on as if none had been


def test_stop_before_the_start_reads_nothing(tmp_path: Path, predictor: FakePredictor) -> None:
    stop = threading.Event()
    stop.set()
    files = iter(greys(tmp_path, 56, 56))
    assert list(triage(files, predictor, stop=stop)) == []
    assert len(list(files)) == 2


# -- a model that fails


def test_a_model_that_fails_on_one_picture_costs_only_that_one(
    tmp_path: Path, predictor: FakePredictor
) -> None:
    files = greys(tmp_path, 20, 56, BREAKS_THE_MODEL, 92, 128)
    results = list(triage(files, predictor, batch_size=5))
    assert [said.state for _, said in results] == [
        State.LEOPARD,
        State.PREY,
        State.UNREADABLE,
        State.OTHER,
        State.PERSON,
    ]
    assert results[2][1].reason == (
        "the model failed on this picture: the network fell over in two lines"
    )


def test_a_picture_whose_full_size_is_cut_is_truncated_not_the_model_s_fault(
    tmp_path: Path, predictor: FakePredictor
) -> None:
    files = greys(tmp_path, *[HALF_A_PICTURE] * FAILURES_IN_A_ROW, 56)
    results = list(triage(files, predictor, batch_size=4))
    assert [said.state for _, said in results] == [State.TRUNCATED] * FAILURES_IN_A_ROW + [
        State.PREY
    ]
    assert results[0][1].reason == "full-size pixels end early"


def test_failures_in_a_row_mean_that_the_model_is_broken(
    tmp_path: Path, predictor: FakePredictor
) -> None:
    files = greys(tmp_path, 56, *[BREAKS_THE_MODEL] * FAILURES_IN_A_ROW, 56)
    results = triage(files, predictor)
    done = [next(results) for _ in range(FAILURES_IN_A_ROW)]
    with pytest.raises(ModelError, match=r"20 pictures in a row.*020\.JPG.*Try another --device"):
        next(results)
    assert [said.state for _, said in done] == [State.PREY] + [State.UNREADABLE] * 19


def test_one_success_starts_the_count_of_failures_anew(
    tmp_path: Path, predictor: FakePredictor
) -> None:
    almost = [BREAKS_THE_MODEL] * (FAILURES_IN_A_ROW - 1)
    files = greys(tmp_path, *almost, 56, *almost)
    assert len(list(triage(files, predictor, workers=2, batch_size=2))) == len(files)


def test_pictures_that_never_reach_the_model_do_not_excuse_it(
    tmp_path: Path, predictor: FakePredictor
) -> None:
    files = greys(tmp_path, *[BREAKS_THE_MODEL] * (2 * FAILURES_IN_A_ROW))
    for file in files[::2]:
        file.path.write_bytes(b"not a picture")
    with pytest.raises(ModelError):
        list(triage(files, predictor))


# -- a card that fails


def test_a_file_that_cannot_be_read_is_unreadable_and_the_next_goes_on(
    tmp_path: Path, predictor: FakePredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = greys(tmp_path, 20, 56, 92)
    real = Path.read_bytes

    def bad_sector(path: Path) -> bytes:
        if path == files[1].path:
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", bad_sector)
    results = list(triage(files, predictor, batch_size=3))
    assert [said.state for _, said in results] == [State.LEOPARD, State.UNREADABLE, State.OTHER]
    assert results[1][1].reason == "the file cannot be read: Input/output error"
    assert results[1][1].content_key == ""


def test_too_little_memory_to_read_a_file_costs_that_file_alone(
    tmp_path: Path, predictor: FakePredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = greys(tmp_path, 20, 56, 92)
    real = Path.read_bytes

    def full(path: Path) -> bytes:
        if path == files[1].path:
            raise MemoryError
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", full)
    results = list(triage(files, predictor))
    assert [said.state for _, said in results] == [State.LEOPARD, State.UNREADABLE, State.OTHER]
    assert results[1][1].reason == "there is not enough memory to read this file"


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("stage", ["content_key", "parse_capture", "decode_frame"])
def test_too_little_memory_to_decode_a_picture_costs_that_picture_alone(
    tmp_path: Path,
    predictor: FakePredictor,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    batch_size: int,
) -> None:
    files = greys(tmp_path, 20, 56, 92)
    huge = files[1].path.read_bytes()
    real = getattr(stages, stage)

    def full(data: bytes, *more: object) -> object:
        if data == huge:
            raise MemoryError
        return real(data, *more)

    monkeypatch.setattr(stages, stage, full)
    decode = full if stage == "decode_frame" else decode_frame
    results = list(
        triage_files(files, predictor, workers=2, batch_size=batch_size, decode=decode)  # type: ignore[arg-type]
    )
    assert [said.state for _, said in results] == [State.LEOPARD, State.UNREADABLE, State.OTHER]
    assert results[1][1].reason == "there is not enough memory to decode this picture"


def test_a_file_that_went_away_is_unreadable(tmp_path: Path, predictor: FakePredictor) -> None:
    files = greys(tmp_path, 20, 56)
    files[0].path.unlink()
    results = list(triage(files, predictor))
    assert [said.state for _, said in results] == [State.UNREADABLE, State.PREY]
    assert "cannot be read" in results[0][1].reason


def test_a_size_that_no_picture_has_is_not_read_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(path: Path) -> bytes:
        raise AssertionError("was read")

    monkeypatch.setattr(Path, "read_bytes", never)
    with pytest.raises(UnreadablePicture, match=r"4,294,967,295 bytes are too many"):
        read_file(ImageFile(tmp_path, "a.JPG", 2**32 - 1, 0))
    with pytest.raises(UnreadablePicture, match=r"a clip of 500,000,001 bytes") as raised:
        read_file(ImageFile(tmp_path, "a.MP4", FILE_LIMIT + 1, 0))
    assert "picture" not in str(raised.value) and "file table" not in str(raised.value)
    with pytest.raises(AssertionError):
        read_file(ImageFile(tmp_path, "a.JPG", FILE_LIMIT, 0))


def pull_out(card: Path) -> None:
    card.rename(card.with_name("elsewhere"))


def unmount(card: Path) -> None:
    """Leave the empty folder that a card was mounted on."""
    pull_out(card)
    card.mkdir()


@pytest.mark.parametrize("vanish", [pull_out, unmount])
@pytest.mark.parametrize(("workers", "batch_size"), [(1, 1), (2, 3)])
def test_a_card_that_vanishes_is_an_error_and_its_files_are_not_called_unreadable(
    tmp_path: Path,
    predictor: FakePredictor,
    vanish: Callable[[Path], None],
    workers: int,
    batch_size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "READ_AHEAD", 1)
    card = tmp_path / "card"
    files = greys(card, *[56] * 40)
    done = []
    with pytest.raises(CardError, match=r"is gone.*Put it back and run the same command again"):
        for _, said in triage(files, predictor, workers=workers, batch_size=batch_size):
            done.append(said)
            if len(done) == 7:
                vanish(card)
    assert 7 <= len(done) < 40
    assert {said.state for said in done} == {State.PREY}


def test_a_fault_of_our_own_is_not_swallowed(tmp_path: Path, predictor: FakePredictor) -> None:
    def broken(key: str) -> bool:
        raise TimeoutError("the ledger does not answer")

    with pytest.raises(TimeoutError, match="ledger"):
        list(triage(greys(tmp_path, 56), predictor, is_known=broken))


class Dying(FakePredictor):
    """Brings down the stage that it is asked in, as running out of memory does."""

    def judge(self, looks: Sequence[Look]) -> list[Verdict]:
        raise KeyboardInterrupt


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_stage_that_dies_ends_the_run_and_every_thread(tmp_path: Path, batch_size: int) -> None:
    files = greys(tmp_path, *[56] * 30)
    with pytest.raises(KeyboardInterrupt):
        list(triage(files, Dying(), workers=3, batch_size=batch_size))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("triage")]


# -- several models at once


def test_several_models_share_the_work_and_keep_the_order(tmp_path: Path) -> None:
    greyness = [20, 56, 92, 128] * 15
    models = [FakePredictor(), FakePredictor()]
    files = greys(tmp_path, *greyness)
    results = list(triage_files(files, models, workers=2, batch_size=4))
    assert [file for file, _ in results] == files
    assert [said.state for _, said in results[:4]] == [
        State.LEOPARD,
        State.PREY,
        State.OTHER,
        State.PERSON,
    ]
    assert sum(sum(model.batches) for model in models) == 60


def test_a_batch_holds_pictures_of_one_shape(tmp_path: Path) -> None:
    class OneShape(FakePredictor):
        def judge(self, looks: Sequence[Look]) -> list[Verdict]:
            assert len({look.frame.pixels.shape for look in looks}) == 1
            return super().judge(looks)

    sizes = [(48, 36), (36, 48), (64, 36)]
    put(tmp_path, {f"{n:02}.JPG": frame("prey", n, size=sizes[n % 3]) for n in range(24)})
    files = image_files(tmp_path, [f"{n:02}.JPG" for n in range(24)])
    assert found_states(triage(files, OneShape(), workers=2, batch_size=6)) == [State.PREY] * 24


def test_frames_are_decoded_as_one_asks(tmp_path: Path, predictor: FakePredictor) -> None:
    def dark(data: bytes, side: int) -> Frame:
        return replace(decode_frame(data, side), pixels=np.full((24, 32, 3), 20, np.uint8))

    results = triage_files(greys(tmp_path, 56, 92), predictor, decode=dark)
    assert found_states(results) == [State.LEOPARD] * 2


def test_a_long_picture_does_not_end_the_wait(
    tmp_path: Path, predictor: FakePredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_POLL_SECONDS", 0.0)
    assert found_states(triage(greys(tmp_path, 20, 56), predictor)) == [State.LEOPARD, State.PREY]
