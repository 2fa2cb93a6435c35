"""The server as it runs: its address, its token, its end, and what outlives it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

import httpx
from typer.testing import CliRunner

from camtrap.cli import review as command
from camtrap.cli.main import app
from camtrap.errors import ConfigError, SeasonError
from camtrap.ledger.reviews import reviews
from camtrap.review.listening import bound, own_address, url
from camtrap.review.security import Policy, policy_of
from camtrap.review.serving import serve
from tests.review.browsing import refresh
from tests.review.seasons import season_of

START = "import sys; from camtrap.cli.main import main; sys.argv[0] = 'camtrap'; main()"
_COMMAND = ("review", "--no-browser", "--port", "0")


@pytest.fixture
def season(tmp_path: Path) -> Path:
    return season_of(tmp_path, 2, size=(64, 48))


@contextmanager
def served(season: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`camtrap review` in a process of its own, and the address that it tells."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, *_COMMAND, str(season), *options],
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        [address] = re.findall(r"http://\S+", line)
        yield process, address
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_decision_that_was_answered_outlives_a_killed_server(season: Path) -> None:
    with served(season) as (process, address):
        assert address.startswith("http://127.0.0.1:") and "token" not in address
        said = {"reviewer": "Li", "files": {"1": 0}, "label": "prey"}
        answer = httpx.post(f"{address}api/decide", json=said, headers={"X-Camtrap": "1"})
        process.kill()
        assert answer.status_code == 200
    assert reviews(season)[1].label == "prey"


def test_beyond_loopback_a_token_is_told_once_and_asked_for(season: Path) -> None:
    with served(season, "--host", "0.0.0.0") as (_, address):
        page, _, token = address.partition("#token=")
        assert len(token) >= 32
        here = re.sub(r"//[^:/]+", "//127.0.0.1", page)
        assert httpx.get(f"{here}api/season").status_code == 401
        answer = httpx.get(f"{here}api/season", headers={"X-Camtrap-Token": token})
        assert answer.json()["files"] == 6
        assert "server" not in answer.headers


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal to send")
def test_ctrl_c_ends_it_in_peace(season: Path) -> None:
    with served(season) as (process, address):
        assert httpx.get(address).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://evil.example/api/season HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /api/decide HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_request_of_ours_gets_nothing(season: Path, data: bytes) -> None:
    with served(season) as (_, address):
        port = int(address.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as asking:
            asking.sendall(data)
            asking.shutdown(socket.SHUT_WR)
            answer = b""
            while part := asking.recv(65536):
                answer += part
        assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 403")
        assert b"root:" not in answer and b"Traceback" not in answer
        assert httpx.get(f"{address}api/season").status_code == 200


def test_a_port_that_is_taken_is_told_in_words() -> None:
    with bound("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError, match="--port 0"):
            bound("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_told_in_words() -> None:
    with pytest.raises(ConfigError):
        bound("203.0.113.9", 0)  # RFC 5737: nobody's
    with pytest.raises(ConfigError, match="no address"):
        bound("no such name", 0)


def test_addresses_as_a_browser_takes_them() -> None:
    open_to_all = policy_of("::1")
    assert url(open_to_all, "::1", 80) == "http://[::1]:80/"
    guarded = Policy(frozenset(), token="T")
    assert url(guarded, "192.168.1.7", 8765) == "http://192.168.1.7:8765/#token=T"
    assert url(guarded, "0.0.0.0", 1) == f"http://{own_address()}:1/#token=T"


def test_what_is_no_season_is_refused_before_a_port_is_taken(tmp_path: Path) -> None:
    with pytest.raises(SeasonError, match="is not a season"):
        serve(tmp_path, refresh, print, port=0)


def test_without_the_extra_the_command_says_what_to_install(
    season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "uvicorn" else name)
    result = CliRunner().invoke(app, ["review", str(season)])
    assert isinstance(result.exception, ConfigError)
    assert "uvicorn" in str(result.exception)
    assert "pip install 'camtrap[review]'" in str(result.exception)


def test_the_command_passes_on_what_was_given(
    season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, object] = {}

    def noted(season: Path, refresh: object, say: object, **options: object) -> None:
        told.update(options, season=season)

    monkeypatch.setattr("camtrap.review.serving.serve", noted)
    given = ["--reviewer", " Ольга  П. ", "--lang", "ru", "--port", "9", "--no-browser"]
    assert CliRunner().invoke(app, ["review", str(season), *given]).exit_code == 0
    assert told == {
        "season": season,
        "host": "127.0.0.1",
        "port": 9,
        "browser": False,
        "reviewer": "Ольга П.",
        "language": "ru",
    }
