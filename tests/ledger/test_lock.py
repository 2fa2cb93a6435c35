"""One writer a season: the second is told who the first is, and the dead hold nothing."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from camtrap.errors import SeasonError
from camtrap.ledger import lock
from camtrap.ledger.lock import LOCK_NAME, holder, is_alive, locked

HOLDS = """
import sys
from pathlib import Path
from camtrap.ledger.lock import locked
with locked(Path(sys.argv[1]), "camtrap run E:/"):
    print("held", flush=True)
    sys.stdin.read()
"""
TRIES = """
import sys, time
from pathlib import Path
from camtrap.errors import SeasonError
from camtrap.ledger.lock import locked
for _ in range(int(sys.argv[2])):
    began = time.monotonic()
    try:
        with locked(Path(sys.argv[1]), "second"):
            print("held", flush=True)
    except SeasonError as error:
        print(f"refused {time.monotonic() - began < 2} {error}", flush=True)
"""


@contextmanager
def holding(season: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the season until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(season)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def tries(season: Path, times: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", TRIES, str(season), str(times)],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=100,
    )
    return done.stdout.splitlines()


def write_lock(season: Path, **said: object) -> Path:
    season.mkdir()
    path = season / LOCK_NAME
    words = {"user": "li", "host": platform.node(), "pid": 1, "since": "then", "command": "c"}
    path.write_text(json.dumps({**words, **said}), encoding="utf-8")
    return path


def a_dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_of_two_processes_the_second_is_refused_twenty_times_of_twenty(season: Path) -> None:
    with holding(season) as first:
        said = tries(season, 20)
    assert len(said) == 20
    for line in said:
        assert line.startswith("refused True ")
        assert f"process {first.pid}" in line
        assert "camtrap run E:/" in line


def test_the_second_is_told_user_host_since_and_what_to_do(season: Path) -> None:
    with (
        locked(season, "camtrap run E:/ --out 2026") as mine,
        pytest.raises(SeasonError) as caught,
        locked(season, "camtrap retry 2026"),
    ):
        pass
    for word in (mine.user, mine.host, mine.since, "camtrap run E:/ --out 2026", "Wait until"):
        assert word in str(caught.value)


def test_whoever_ends_lets_the_next_one_in(season: Path) -> None:
    for _ in range(3):
        with locked(season, "first"):
            assert holder(season) is not None
        assert holder(season) is None
    with pytest.raises(RuntimeError), locked(season, "fails"):
        raise RuntimeError
    assert tries(season, 1) == ["held"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills otherwise")
def test_the_lock_of_a_killed_process_is_taken_over_with_a_warning(
    season: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with holding(season) as first:
        assert holder(season) is not None
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert holder(season) is None
        assert (season / LOCK_NAME).read_bytes() != b""
        with locked(season, "next") as mine:
            assert holder(season) == mine
    assert "was left by a run that was killed" in caplog.text
    assert f"process {first.pid}" in caplog.text


def test_a_lock_of_another_computer_is_not_taken_over_and_the_way_out_is_told(
    season: Path,
) -> None:
    path = write_lock(season, host="station-2", user="olga")
    before = path.read_bytes()
    told = r"olga on station-2.*remove .*run\.lock"
    with pytest.raises(SeasonError, match=told), locked(season, "next"):
        pass
    assert path.read_bytes() == before
    path.unlink()
    with locked(season, "next"):
        pass


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"user": "x"}', b"\xff\xfe"])
def test_a_lock_file_that_says_nothing_keeps_nobody_out(season: Path, content: bytes) -> None:
    season.mkdir()
    (season / LOCK_NAME).write_bytes(content)
    assert holder(season) is None
    with locked(season, "next") as mine:
        assert holder(season) == mine


def test_a_season_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "season").write_text("a file")
    told = "choose another with --out"
    with pytest.raises(SeasonError, match=told), locked(tmp_path / "season", "run"):
        pass


# -- a drive without locks: the words must do


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretends that the season lies on a drive whose file system has no locks."""
    monkeypatch.setattr(lock, "_lock", lambda stream: None)
    monkeypatch.setattr(lock, "_SETTLE", 0.0)


@pytest.mark.usefixtures("without_locks")
def test_without_locks_a_living_process_is_not_disturbed(season: Path) -> None:
    write_lock(season, pid=os.getpid())
    with pytest.raises(SeasonError, match=f"process {os.getpid()}"), locked(season, "next"):
        pass


@pytest.mark.usefixtures("without_locks")
def test_without_locks_a_dead_process_holds_nothing(season: Path) -> None:
    write_lock(season, pid=a_dead_pid())
    with locked(season, "next") as mine:
        assert holder(season) == mine
    assert holder(season) is None


@pytest.mark.usefixtures("without_locks")
def test_without_locks_the_last_of_two_that_write_at_once_wins(
    season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    season.mkdir()

    def the_other_writes(seconds: float) -> None:
        (season / LOCK_NAME).unlink()
        (season / LOCK_NAME).write_text(
            json.dumps({"user": "li", "host": "h", "pid": 7, "since": "now", "command": "other"})
        )

    monkeypatch.setattr(time, "sleep", the_other_writes)
    with pytest.raises(SeasonError, match="process 7"), locked(season, "next"):
        pass


def test_whether_a_process_lives_is_told() -> None:
    assert is_alive(os.getpid())
    assert not is_alive(a_dead_pid())
    assert not is_alive(0)
    assert not is_alive(-1)
