"""The guard against what a browser may be made to send, and what others in the network may try."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from starlette.types import Message, Receive, Scope, Send

from camtrap.ledger.reviews import reviews
from camtrap.review.context import Review
from camtrap.review.security import (
    BODY_LIMIT,
    HEADERS,
    Guard,
    Policy,
    is_loopback,
    name_of_host,
    policy_of,
)
from tests.review.browsing import POST, Browser
from tests.review.seasons import season_of

_JSON = {**POST, "Content-Type": "application/json"}
DECISION = {"reviewer": "Mallory", "files": {"1": 0}, "label": "empty"}
LAN = "http://192.168.1.7:8765"


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    """A small season; no question here is about what it shows."""
    return season_of(tmp_path, 2, size=(64, 48))


@pytest.fixture
def shared(review: Review) -> Iterator[Browser]:
    """A browser that has no token, at a review that is served to the network."""
    with Browser(replace(review, policy=policy_of("0.0.0.0", 8765)), LAN) as opened:
        yield opened


def token_of(browser: Browser) -> str:
    guard: Any = browser.app
    token: str = guard._policy.token
    return token


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil", "",
     "10.0.0.5", "[::2]:8765", "127.0.0.1@evil.example", "camtrap"],
)  # fmt: skip
def test_a_name_that_is_not_ours_is_refused(browser: Browser, host: str) -> None:
    answer = browser.get("/api/season", headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json()["error"] == "host"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765", "localhost:9000", "LOCALHOST", "localhost.", "[::1]:8765", "[::1]"]
)
def test_our_own_names_are_answered_through_any_tunnel(browser: Browser, host: str) -> None:
    assert browser.get("/api/season", headers={"Host": host}).status_code == 200


def test_two_hosts_are_none(browser: Browser) -> None:
    answer = browser.get("/api/season", headers=[("Host", "127.0.0.1"), ("Host", "evil.example")])
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "without",
    [
        {"X-Camtrap": "0"},
        {"X-Camtrap": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8766"},
        {"Origin": "https://127.0.0.1:8765"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_what_another_page_could_send_saves_nothing(
    browser: Browser, reviewed: Path, without: dict[str, str]
) -> None:
    answer = browser.post("/api/decide", json=DECISION, headers={**POST, **without})
    assert answer.status_code in (400, 403)
    assert reviews(reviewed) == {}


def test_a_form_of_another_page_saves_nothing(browser: Browser, reviewed: Path) -> None:
    answer = browser.post("/api/decide", data={"x": "y"}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert reviews(reviewed) == {}


def test_our_own_page_is_heard(browser: Browser, reviewed: Path) -> None:
    headers = {**POST, "Sec-Fetch-Site": "same-origin"}
    assert browser.post("/api/decide", json=DECISION, headers=headers).status_code == 200
    assert reviews(reviewed)[1].reviewer == "Mallory"


def test_another_site_reads_nothing_but_may_link_to_the_page(browser: Browser) -> None:
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    for path in ("/thumb/1.jpg", "/api/season", "/picture/1.jpg"):
        assert browser.get(path, headers=embedded).status_code == 403
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert browser.get("/", headers=link).status_code == 200
    assert browser.get("/api/season", headers=link).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused_and_no_other_origin_is_ever_allowed(
    browser: Browser, method: str
) -> None:
    answer = browser.request(method, "/api/decide", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path", ["/", "/api/season", "/thumb/1.jpg", "/api/nothing", "/api/event/99999", "/brief"]
)
def test_every_answer_has_the_headers_that_keep_a_page_to_itself(
    browser: Browser, path: str
) -> None:
    headers = browser.get(path).headers
    for name, value in HEADERS.items():
        if name != "Cache-Control":
            assert headers[name] == value
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy


def test_the_refusals_have_them_too(browser: Browser) -> None:
    answer = browser.get("/", headers={"Host": "evil.example"})
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_large_body_is_refused_by_its_length_before_it_is_read(browser: Browser) -> None:
    answer = browser.post("/api/decide", content=b" " * (BODY_LIMIT + 1), headers=_JSON)
    assert answer.status_code == 413


def test_a_large_body_that_hides_its_length_is_read_no_further_than_the_limit(
    browser: Browser,
) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 100_000
            yield b" " * 100_000

    answer = browser.post("/api/decide", content=endless(), headers=_JSON)
    assert answer.status_code == 413
    assert answer.json()["error"] == "size"


@pytest.mark.parametrize("length", [b"-1", b"1e9", b"\xb2", "９".encode(), b"9" * 30])
def test_a_length_that_is_none_is_refused(browser: Browser, length: bytes) -> None:
    headers = {**_bytes(_JSON), b"Content-Length": length}
    assert browser.post("/api/decide", content=b"{}", headers=headers).status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"1", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"NaN",
     b'{"reviewer": 1, "files": {"1": 0}, "label": "prey"}',
     b'{"reviewer": "a\\u0000b", "files": {"1": 0}, "label": "prey"}',
     b'{"reviewer": "", "files": {"1": 0}, "label": "prey"}',
     b'{"reviewer": "a", "files": {}, "label": "prey"}',
     b'{"reviewer": "a", "files": [1], "label": "prey"}',
     b'{"reviewer": "a", "files": {"1; DROP TABLE review": 0}, "label": "prey"}',
     b'{"reviewer": "a", "files": {"1": true}, "label": "prey"}',
     b'{"reviewer": "a", "files": {"1": -1}, "label": "prey"}',
     b'{"reviewer": "a", "files": {"1": 1e400}, "label": "prey"}',
     b'{"reviewer": "a", "files": {"99999999999999999999": 0}, "label": "prey"}',
     b'{"reviewer": "a", "files": {"1": 99999999999999999999}, "label": "prey"}',
     b'{"reviewer": "a", "files": {"1": 0}, "label": "__proto__"}',
     b'{"reviewer": "a", "files": {"1": 0}, "label": ["prey"]}',
     b'{"reviewer": "a", "files": {"1": 0}, "label": "prey", "species": {}}'],
)  # fmt: skip
def test_what_is_no_decision_is_refused_in_words(
    browser: Browser, reviewed: Path, body: bytes
) -> None:
    answer = browser.post("/api/decide", content=body, headers=_JSON)
    assert answer.status_code == 400
    assert set(answer.json()) >= {"error", "message"}
    assert reviews(reviewed) == {}


def test_a_failure_tells_the_browser_nothing_of_the_program(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("camtrap.review.asking.season", fails)
    with caplog.at_level(logging.ERROR):
        answer = browser.get("/api/season")
    assert answer.status_code == 500
    assert answer.json()["error"] == "internal"
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    "path",
    ["/assets/../app.py", "/assets/%2e%2e/app.py", "/assets/..%2fapp.py", "/words/../../app.py",
     "/assets/%2fetc/passwd", "/assets/..\\app.py", "/assets//etc/passwd", "/assets/",
     "/thumb/../1.jpg", "/thumb/1.jpg%00.png", "/thumb/-1.jpg", "/thumb/1e3.jpg",
     "/thumb/99999999999999999999999.jpg", "/picture/0x1.jpg", "/api/event/99999999999999999999",
     "/brief/../ledger.sqlite", "/ledger.sqlite", "/crop/1/99.jpg", "/api/file/%D9%A1%D9%A2"],
)  # fmt: skip
def test_no_path_reaches_a_file_that_is_not_meant(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "query",
    ["order=rank; DROP TABLE event", "kind=x", "min=nan", "min=2", "max=-1", "from=yesterday",
     "limit=201", "limit=-1", "offset=99999999999999999999", "offset=1e3", "reviewed=maybe",
     "label=%27", "from=2026-13-01", "min=inf"],
)  # fmt: skip
def test_a_question_that_cannot_be_asked_is_refused(browser: Browser, query: str) -> None:
    assert browser.get(f"/api/queue?{query}").status_code == 400


def test_a_station_is_a_value_and_no_part_of_a_question(browser: Browser) -> None:
    answer = browser.get("/api/queue", params={"station": "' OR 1=1 --", "reviewed": "all"})
    assert answer.json()["total"] == 0


# -- beyond loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "LocalHost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert is_loopback(host) and policy_of(host).token == ""


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.7", "10.0.0.1", "laptop", "2001:db8::1"]
)
def test_every_other_address_gets_a_token_of_its_own(host: str) -> None:
    first, second = policy_of(host), policy_of(host)
    assert not is_loopback(host)
    assert len(first.token) >= 32 and first.token != second.token
    assert first.session not in (first.token, second.session)
    assert first.token not in repr(first) and first.session not in repr(first)


def test_a_server_for_all_is_called_by_address_or_its_own_name_alone() -> None:
    everywhere, one = policy_of("0.0.0.0"), policy_of("192.168.1.7")
    assert everywhere.is_ours("10.1.2.3:8765") and everywhere.is_ours("[2001:db8::1]:8765")
    assert not everywhere.is_ours("evil.example")
    assert one.is_ours("192.168.1.7:8765") and not one.is_ours("10.1.2.3")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:80", "::1"),
        ("::1", "::1"),
        ("A.Example.", "a.example"),
        (" a ", "a"),
    ],
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert name_of_host(host) == name


@pytest.mark.parametrize(
    "path", ["/api/season", "/api/queue", "/api/event/1", "/thumb/1.jpg", "/picture/1.jpg",
             "/brief", "/api/overview", "/crop/1/0.jpg", "/nowhere"]
)  # fmt: skip
def test_without_the_token_nothing_of_the_season_is_told(shared: Browser, path: str) -> None:
    answer = shared.get(path)
    assert answer.status_code == 401
    assert answer.json()["error"] == "token"


def test_the_pages_own_code_needs_none(shared: Browser) -> None:
    assert shared.get("/").status_code == 200


@pytest.mark.parametrize("wrong", ["", "x", "é" * 40, "x" * 100_000])
def test_a_wrong_token_opens_nothing(shared: Browser, reviewed: Path, wrong: str) -> None:
    told = wrong.encode()
    post = {**_bytes({**POST, "Origin": LAN}), b"X-Camtrap-Token": told}
    assert shared.get("/api/season", headers={b"X-Camtrap-Token": told}).status_code == 401
    assert shared.post("/api/decide", json=DECISION, headers=post).status_code == 401
    assert shared.post("/api/login", json={"token": wrong}, headers=post).status_code in (400, 401)
    cookie = {b"Cookie": b"camtrap_8765=" + told}
    assert shared.get("/api/season", headers=cookie).status_code == 401
    assert reviews(reviewed) == {}


def test_the_token_opens_and_gives_a_cookie_for_pictures(shared: Browser) -> None:
    token = token_of(shared)
    headers = {**POST, "Origin": LAN}
    assert shared.get("/api/season", headers={"X-Camtrap-Token": token}).status_code == 200
    answer = shared.post("/api/login", json={"token": token}, headers=headers)
    cookie = answer.headers["set-cookie"]
    assert re.search(r"; HttpOnly; Path=/; SameSite=strict$", cookie)
    assert token not in cookie
    assert shared.get("/thumb/1.jpg").status_code == 200  # the client keeps cookies


def test_the_cookie_alone_does_not_let_another_page_send(shared: Browser, reviewed: Path) -> None:
    shared.post("/api/login", json={"token": token_of(shared)}, headers={**POST, "Origin": LAN})
    answer = shared.post("/api/decide", json=DECISION, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert reviews(reviewed) == {}


# -- the guard itself


def test_a_websocket_is_closed_and_an_answer_that_breaks_off_is_not_patched() -> None:
    policy = Policy(frozenset({"localhost"}))
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("in the middle")

    asyncio.run(Guard(broken, policy)({"type": "websocket"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"host", b"localhost")],
    }
    with pytest.raises(RuntimeError, match="in the middle"):
        asyncio.run(Guard(broken, policy)(scope, receive, send))
    assert [m["type"] for m in sent[1:]] == ["http.response.start"]


def _bytes(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() for name, value in headers.items()}
