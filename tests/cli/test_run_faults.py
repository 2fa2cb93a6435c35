"""`camtrap run` when something goes wrong: in the end all is as if nothing had.

Each fault is followed by the same command once more, and what is left then is compared with a run
that nobody disturbed: every row of the ledger, and the tables byte by byte.
"""

from __future__ import annotations

import csv
import errno
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from camtrap.cli.main import app
from camtrap.engine import local
from camtrap.engine import looking as looking_module
from camtrap.errors import CardError, ConfigError, ModelError, SeasonError
from camtrap.ledger import store
from camtrap.ledger.store import Ledger
from camtrap.pixels.decode import Frame, decode_frame
from camtrap.records import State
from camtrap.vision import predictor as predictor_module
from camtrap.vision.predictor import Look, Verdict
from tests.cards import (
    BREAKS_THE_MODEL,
    FakePredictor,
    encoded,
    frame,
    grey_frame,
    odd_card,
    plain_card,
    put,
    snapshot,
    states,
)
from tests.cli.faults import TABLES, Left, left

ROOT = Path(__file__).parents[2]
FILES = 30

Run = Callable[..., Result]


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> list[FakePredictor]:
    """The model that is loaded next is the last of these."""
    loaded = [FakePredictor()]
    monkeypatch.setattr(predictor_module, "load_predictor", lambda *_, **__: loaded[-1])
    return loaded


@pytest.fixture
def run(models: list[FakePredictor]) -> Run:
    """Runs the command in-process; our own errors are raised, as `main` would catch them."""

    def type_in(*words: object) -> Result:
        result = CliRunner().invoke(app, ["run", "--workers", "1", "--quiet", *map(str, words)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return type_in


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return plain_card(tmp_path / "card", FILES)


@pytest.fixture
def plain(run: Run, card: Path, tmp_path: Path) -> Left:
    """What a run leaves that nobody disturbed."""
    assert run(card, "-o", tmp_path / "plain").exit_code == 0
    return left(tmp_path / "plain")


@contextmanager
def mounted(*words: str | Path) -> Iterator[None]:
    """Something mounted while the block runs; without the right to do so, the test is skipped."""
    folder = words[-1]
    try:
        subprocess.run(["mount", *words], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"nothing can be mounted here: {error}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True, capture_output=True)


# -- the disk is full

DISK = 2 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small disk in memory")
@pytest.mark.parametrize("free", [0, 16, 60, 120, 150, 170, 200, 230, 260])
def test_a_full_disk_ends_the_run_in_words_and_room_mends_it(
    run: Run, card: Path, plain: Left, tmp_path: Path, free: int
) -> None:
    """`free` kilobytes: too few to open the ledger, to list the card, for results, for tables."""
    disk = tmp_path / "disk"
    season = disk / "season"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk):
        (disk / "ballast").write_bytes(bytes(DISK - 1024 * free))
        with pytest.raises(SeasonError, match=r"free space.* again") as told:
            run(card, "-o", season)
        assert str(season) in str(told.value)
        (disk / "ballast").unlink()
        assert run(card, "-o", season).exit_code == 0
        assert left(season) == plain


LIMITED_RUN = """
import resource, sys
from camtrap.cli.main import main
from camtrap.vision import predictor
from tests.cards import FakePredictor

predictor.load_predictor = lambda *_, **__: FakePredictor()
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.argv = ["camtrap", "run", sys.argv[1], "--out", sys.argv[2], "--workers", "1", "--quiet"]
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on what a process may write")
@pytest.mark.parametrize("kilobytes", [0, 40, 70, 90])
def test_a_drive_that_takes_no_larger_file_is_told_with_exit_code_1(
    run: Run, card: Path, plain: Left, season: Path, kilobytes: int
) -> None:
    """As a quota does, or FAT at 4 GB; seen from outside, with the sentence that a person reads."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED_RUN, str(card), str(season), str(1024 * kilobytes)],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    [said] = [line for line in done.stderr.splitlines() if line.startswith("camtrap: ")]
    assert str(season) in said
    assert "free space" in said
    assert "again" in said
    assert "Traceback" not in done.stderr
    assert run(card, "-o", season).exit_code == 0
    assert left(season) == plain


def test_what_ends_the_run_is_told_and_not_that_the_tables_failed_too(
    run: Run, models: list[FakePredictor], card: Path, season: Path
) -> None:
    class Broken(FakePredictor):
        def judge(self, looks: Sequence[Look]) -> list[Verdict]:
            raise RuntimeError("out of memory")

    (season / "images.csv").mkdir(parents=True)  # no table can take its place
    models.append(Broken())
    with pytest.raises(ModelError, match="pictures in a row"):
        run(card, "-o", season)


# -- the card fails


def test_bad_sectors_in_the_middle_cost_their_files_until_they_can_be_read(
    run: Run, card: Path, plain: Left, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = {card / f"DCIM/100RECNX/RCNX00{number}.JPG" for number in (14, 15, 16)}
    real = Path.read_bytes

    def reader(path: Path) -> bytes:
        if path in bad:
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", reader)
        assert run(card, "-o", season).exit_code == 3
        with Ledger(season) as ledger:
            failed = [e for e in ledger.entries() if e.state == State.UNREADABLE]
        assert {entry.path for entry in failed} == bad
        assert {e.reason for e in failed} == {"the file cannot be read: Input/output error"}
        assert len(states_of(season)) == FILES
    assert run(card, "-o", season).exit_code == 0
    assert left(season) == plain


def states_of(season: Path) -> dict[str, State]:
    with Ledger(season) as ledger:
        return states(ledger)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that the kernel cannot read")
def test_a_file_that_the_system_itself_cannot_read_is_told_and_the_others_are_as_ever(
    run: Run, card: Path, plain: Left, season: Path
) -> None:
    """The first page of a process's memory is a regular file to look at, and gives EIO."""
    bad = card / "DCIM/100RECNX/RCNX0014_.JPG"
    bad.symlink_to("/proc/self/mem")
    assert run(card, "-o", season).exit_code == 3
    found = states_of(season)
    assert found.pop("DCIM/100RECNX/RCNX0014_.JPG") == State.UNREADABLE
    assert found == {entry.relative_path: entry.state for entry in plain[0]}
    bad.unlink()


def test_a_card_pulled_in_the_middle_and_put_back_loses_nothing(
    run: Run,
    models: list[FakePredictor],
    card: Path,
    plain: Left,
    season: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = card.with_name("drawer")

    class Pulled(FakePredictor):
        def judge(self, looks: Sequence[Look]) -> list[Verdict]:
            if len(self.batches) == 7:
                card.rename(away)
            return super().judge(looks)

    monkeypatch.setattr(local, "READ_AHEAD", 1)
    models.append(Pulled())
    with pytest.raises(CardError, match="Put it back and run the same command again"):
        run(card, "-o", season)
    assert set(states_of(season).values()) >= {State.PENDING, State.LEOPARD}
    assert State.UNREADABLE not in states_of(season).values()
    assert (season / "images.csv").is_file()
    away.rename(card)
    models.append(FakePredictor())
    assert run(card, "-o", season).exit_code == 0
    assert left(season) == plain


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a card that cannot be written to")
def test_a_card_that_cannot_be_written_to_is_no_obstacle_and_stays_as_it_was(
    run: Run, tmp_path: Path, season: Path
) -> None:
    odd = odd_card(tmp_path / "карта 1")
    assert run(odd, "-o", tmp_path / "plain").exit_code == 3
    before = snapshot(odd)
    with mounted("--bind", "-o", "ro", odd, odd):
        with pytest.raises(OSError, match="Read-only"):
            (odd / "probe").touch()
        assert run(odd, "-o", season, "--verify", "full").exit_code == 3
        assert snapshot(odd) == before
    assert left(season)[1] == left(tmp_path / "plain")[1]


def test_no_time_of_any_file_or_folder_of_a_card_changes(
    run: Run, tmp_path: Path, season: Path
) -> None:
    """Files and folders without the right to be written, where the system knows such a right."""
    odd = odd_card(tmp_path / "карта 1")
    paths = [odd, *odd.rglob("*")]
    for path in paths:
        os.utime(path, ns=(10**18, 10**18))
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = snapshot(odd)
    try:
        for words in ([], ["--redo"], ["--verify", "full"], ["--dry-run"]):
            assert run(odd, "-o", season, *words).exit_code in (0, 3)
        assert CliRunner().invoke(app, ["retry", str(season)]).exit_code == 3
        assert snapshot(odd) == before
        assert {path.stat().st_mtime_ns for path in paths} == {10**18}
    finally:
        for path in paths:
            path.chmod(0o777)


# -- memory, model, clock


def test_a_picture_that_takes_all_memory_is_named_and_the_run_goes_on(
    run: Run, card: Path, plain: Left, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "DCIM/100RECNX/RCNX0014.JPG"
    huge = (card / name).read_bytes()

    def full(data: bytes, side: int) -> Frame:
        if data == huge:
            raise MemoryError
        return decode_frame(data, side)

    with monkeypatch.context() as patch:
        patch.setattr(looking_module, "decode_frame", full)
        assert run(card, "-o", season).exit_code == 3
    with Ledger(season) as ledger:
        [failed] = [e for e in ledger.entries() if not e.state.is_label]
    assert (failed.relative_path, failed.state) == (name, State.UNREADABLE)
    assert failed.reason == "there is not enough memory to decode this picture"
    assert run(card, "-o", season).exit_code == 0
    assert left(season) == plain


LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from camtrap.card.scan import scan
from camtrap.engine.local import triage_files
from tests.cards import FakePredictor

model = FakePredictor()
files = list(scan(Path(sys.argv[1])))
list(triage_files(files[:1], model, workers=1))  # all is loaded
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 120_000_000,) * 2)
for file, said in triage_files(files, model, workers=1):
    print(file.relative_path, said.state, said.reason)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
def test_real_want_of_memory_costs_the_huge_picture_alone(tmp_path: Path) -> None:
    card = put(
        tmp_path,
        {
            "a.JPG": frame("prey", 1),
            "b.png": encoded(Image.new("RGB", (9000, 7000), (9, 9, 9)), "PNG"),
            "c.JPG": frame("leopard", 2),
        },
    )
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY, str(card)],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "a.JPG prey ",
        "b.png unreadable there is not enough memory to decode this picture",
        "c.JPG leopard ",
    ], done.stderr


def test_one_picture_that_breaks_the_model_costs_no_other_its_result(
    run: Run, card: Path, plain: Left, season: Path, models: list[FakePredictor]
) -> None:
    name = "DCIM/100RECNX/RCNX0014_.JPG"
    put(card, {name: grey_frame(BREAKS_THE_MODEL)})
    assert run(card, "-o", season, "--batch-size", "8").exit_code == 3
    assert max(models[-1].batches) > 1
    found = states_of(season)
    assert found.pop(name) == State.UNREADABLE
    assert found == {entry.relative_path: entry.state for entry in plain[0]}


class Jumping(datetime):
    """A clock that is decades off, in another direction whenever it is asked."""

    chance = random.Random(3)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        days = cls.chance.uniform(-20_000, 20_000)
        return datetime(2026, 2, 3, tzinfo=UTC) + timedelta(days=days)


def test_a_clock_that_jumps_back_and_forth_changes_nothing_but_the_time_of_the_run(
    run: Run, card: Path, plain: Left, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, waking = time.time, time.monotonic
    chance = random.Random(5)
    slept = 0.0

    def woken() -> float:
        """A steady clock never goes back; it may leap when a laptop was asleep."""
        nonlocal slept
        slept += chance.choice((0.0, 0.0, 0.0, 10_000.0))
        return waking() + slept

    half = plain_card(card.with_name("half"), FILES // 2)
    with monkeypatch.context() as patch:
        patch.setattr(store, "datetime", Jumping)
        patch.setattr(time, "time", lambda: real() + chance.uniform(-1e9, 1e9))
        patch.setattr(time, "monotonic", woken)
        assert run(half, "-o", season).exit_code == 0
        for path in sorted(card.rglob("*.JPG"))[FILES // 2 :]:
            target = half / path.relative_to(card)
            target.write_bytes(path.read_bytes())
        assert run(half, "-o", season).exit_code == 0
        assert CliRunner().invoke(app, ["status", str(season)]).exit_code == 0
    with Ledger(season) as ledger:
        times = [run[at] for run in ledger.run_notes() for at in ("started_at", "finished_at")]
    assert sorted(times) != times, "the clock did not jump back"
    found = left(season)
    assert [(e.relative_path, e.state, e.capture) for e in found[0]] == [
        (e.relative_path, e.state, e.capture) for e in plain[0]
    ]
    for name in TABLES:
        assert without_ids(found[1][name].replace(b"half", b"card")) == without_ids(plain[1][name])


def without_ids(table: bytes) -> list[dict[str, str]]:
    """The rows of a table without what is made of the card's name."""
    rows = list(csv.DictReader(table.decode().splitlines()))
    return [{key: value for key, value in row.items() if key != "image_id"} for row in rows]


# -- places


def long_place(root: Path, length: int) -> Path:
    """A path of exactly so many characters, of Cyrillic, Chinese and blanks."""
    place = root
    parts = ("сезон 2026", "雪豹 与 野猪", "кордон «Кедровая падь»", "相机 陷阱")
    number = 0
    while length - len(str(place)) > 40:
        place /= parts[number % len(parts)]
        number += 1
    return place / ("ж 雪" * 40)[: length - len(str(place)) - 1].strip().ljust(
        length - len(str(place)) - 1, "д"
    )


@pytest.mark.skipif(os.name == "nt", reason="longer than Windows allows unless it is told to")
def test_a_season_in_a_long_place_of_many_scripts_is_like_any_other(
    run: Run, card: Path, plain: Left, tmp_path: Path
) -> None:
    season = long_place(tmp_path, 250)
    assert len(str(season)) == 250
    assert run(card, "-o", season).exit_code == 0
    assert run(card, "-o", season, "--verify", "full").exit_code == 0
    assert left(season) == plain
    for words in (["status"], ["ledger", "check"], ["retry"]):
        assert CliRunner().invoke(app, [*words, str(season)]).exit_code == 0
    assert "сезон 2026" in CliRunner().invoke(app, ["status", str(season), "--json"]).stdout


HOSTILE = (
    *("..\\..\\evil.JPG", "..%2f..%2fevil.JPG", "C:\\evil.JPG", "~root.JPG", "$HOME.JPG"),
    *("...JPG", "\\\\host\\share.JPG", "file:evil.JPG"),
)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_no_name_on_a_card_leads_out_of_the_season(run: Run, tmp_path: Path) -> None:
    card = put(
        tmp_path / "in" / "..card..",
        {name: frame("leopard", number) for number, name in enumerate(HOSTILE)},
    )
    season = tmp_path / "out" / "season"
    season.parent.mkdir()
    before = snapshot(tmp_path / "in")
    assert run(card, "-o", season).exit_code == 0
    assert snapshot(tmp_path / "in") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]
    assert [path.name for path in season.parent.iterdir()] == ["season"]
    with (season / "images.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row["file_name"] for row in rows) == sorted(HOSTILE)
    with (season / "events.csv").open(encoding="utf-8", newline="") as stream:
        told = [row["best_image"] for row in csv.DictReader(stream)]
    for path in (*(row["file_path"] for row in rows), *told):
        assert not path.startswith("/")
        assert ".." not in path.split("/")
    page = (season / "brief.html").read_text(encoding="utf-8")
    assert str(tmp_path) not in page
    assert "href=" not in page.replace('href="#', "")


# -- the limits of the settings


def test_a_lower_limit_refuses_a_picture_and_retry_with_a_higher_one_reads_it(
    run: Run, card: Path, season: Path
) -> None:
    put(card, {"large.JPG": frame("leopard", 99, size=(1200, 900))})
    assert run(card, "-o", season, "--pixel-limit", "1").exit_code == 3
    with Ledger(season) as ledger:
        [failed] = [e for e in ledger.entries() if not e.state.is_label]
    assert failed.reason == "1200 x 900 pixels are over the limit of 1 megapixels"
    words = ["retry", str(season), "--pixel-limit", "2"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert states_of(season)["large.JPG"] == State.LEOPARD


def test_metadata_over_a_lower_limit_are_left_out_with_a_note(
    run: Run, tmp_path: Path, season: Path
) -> None:
    data = frame("prey")
    comments = (b"\xff\xfe\xff\xff" + bytes(65_533)) * 3
    card = put(tmp_path / "card", {"a.JPG": data[:2] + comments + data[2:]})
    assert run(card, "-o", season, "--metadata-limit", "0.1").exit_code == 0
    with Ledger(season) as ledger:
        [entry] = ledger.entries()
    assert (entry.state, entry.reason) == (
        State.PREY,
        "metadata beyond 100,000 bytes were not read",
    )


@pytest.mark.parametrize("option", ["--pixel-limit", "--metadata-limit"])
def test_a_limit_that_is_none_is_told_before_anything_is_made(
    run: Run, card: Path, season: Path, option: str
) -> None:
    with pytest.raises(ConfigError, match="must be between"):
        run(card, "-o", season, option, "0")
    assert not season.exists()


def test_the_model_is_asked_no_picture_twice_whatever_was_read_before(
    run: Run, card: Path, season: Path, models: list[FakePredictor]
) -> None:
    run(card, "-o", season)
    models.append(FakePredictor())
    run(card, "-o", season)
    assert models[-1].batches == []
