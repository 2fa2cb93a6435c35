"""`camtrap push earthranger` with EarthRanger's own client: nothing twice, nothing forgotten."""

from __future__ import annotations

import io
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from camtrap.cli.main import app
from camtrap.errors import CamtrapError, PushError, SeasonError
from camtrap.ledger.lock import locked
from camtrap.ledger.pushed import Step, pushed
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.push import earthranger, patience
from camtrap.push.patience import Patience
from camtrap.push.site import TOKEN_VARIABLE
from camtrap.records import State
from tests.outputs.exports.made import START, Row, box
from tests.push.conftest import rows, season_of
from tests.push.site import TOKEN, Late, Site, cut, done_but, good, refuse, unended

ROOT = Path(__file__).parents[2]
Push = Callable[..., Result]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No time passes between attempts; how much would have is told."""
    told: list[float] = []

    monkeypatch.setattr(
        patience, "Patience", lambda: Patience(wait=told.append, chance=lambda: 1.0)
    )
    return told


@pytest.fixture
def push(url: str, season: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> Push:
    """Types the command; our own errors are raised, as `main` would catch them."""
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(earthranger, "TIMEOUT_SECONDS", (5.0, 30.0))

    def type_in(*words: object) -> Result:
        said = ["push", "earthranger", str(season), "--site", url, *map(str, words)]
        result = CliRunner().invoke(app, said)
        if isinstance(result.exception, CamtrapError):
            raise result.exception
        return result

    return type_in


def files(site: Site) -> list[str]:
    return sorted(file["filename"] for event in site.events.values() for file in event["files"])


def is_whole(site: Site, count: int = 3) -> None:
    """Every event is there once, each with one picture."""
    assert len(site.events) == len(set(site.keys())) == count
    assert [len(event["files"]) for event in site.events.values()] == [1] * count


def review(season: Path, name: str, label: str) -> None:
    with Ledger(season) as ledger:
        [file_id] = [e.file_id for e in ledger.entries() if e.relative_path == name]
    add_review(season, file_id, label, reviewer="Olga")


# -- what is sent


def test_without_send_nothing_is_asked_and_nothing_changes(
    push: Push, site: Site, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE)
    before = (season / "ledger.sqlite").read_bytes()
    done = push()
    assert done.exit_code == 0, done.output
    assert "3 to post, 0 to change, 0 as they were, 3 pictures to attach." in done.stdout
    assert "Nothing was sent; add --send." in done.stdout
    assert done.stderr.count("would post: ") == 3
    assert "43.1" not in done.output
    assert not site.asked
    assert (season / "ledger.sqlite").read_bytes() == before


def test_events_come_as_the_api_wants_them(push: Push, site: Site) -> None:
    done = push("--send")
    assert done.exit_code == 0, done.output
    assert "3 posted, 0 changed, 0 as they were, 3 pictures attached." in done.stdout
    is_whole(site)
    first = site.bodies[0]
    assert first["event_type"] == "camera_trap_detection"
    assert first["title"] == "Leopard, station ST01"
    assert first["time"] == "2026-02-03T11:50:00Z"  # 21:50 at +10:00
    assert first["location"] == {"latitude": 43.10001, "longitude": 131.50002}
    assert first["priority"] == 300
    details = first["event_details"]
    assert details["camera_time"] == "2026-02-03T21:50:00+10:00"
    assert details["event_end"] == "2026-02-03T22:00:00+10:00"
    assert (details["label"], details["station_id"]) == ("leopard", "ST01")
    assert (details["image_count"], details["classification_method"]) == (2, "machine")
    assert "state" not in first  # the site's own
    assert [body["priority"] for body in site.bodies] == [300, 300, 200]


def test_pictures_are_small_and_hold_pixels_alone(push: Push, site: Site) -> None:
    push("--send")
    for event in site.events.values():
        [file] = event["files"]
        data = bytes.fromhex(file["data"])
        assert file["filename"].startswith(event["event_details"]["camtrap_key"])
        with Image.open(io.BytesIO(data)) as picture:
            assert max(picture.size) == 900
            assert not picture.getexif() and "exif" not in picture.info
            assert "comment" not in picture.info
        assert len(data) <= 1_000_000


def test_the_same_command_again_sends_nothing(push: Push, site: Site) -> None:
    push("--send")
    before = dict(site.counts())
    done = push("--send")
    assert "0 posted, 0 changed, 3 as they were." in done.stdout
    assert site.counts() == before


def test_only_the_labels_and_days_that_were_asked_for(push: Push, site: Site) -> None:
    push("--send", "--labels", "leopard", "--since", "2026-02-04", "--no-pictures")
    [event] = site.events.values()
    assert event["time"] == "2026-02-05T11:50:00Z"
    assert not event["files"]
    done = push("--send", "--labels", "prey", "--option", "priority=prey=100")
    assert "1 posted" in done.stdout
    assert [body["priority"] for body in site.bodies] == [300, 100]


def test_an_event_without_time_in_utc_or_without_place_is_told(
    push: Push, site: Site, season: Path
) -> None:
    (season / "stations.csv").unlink()
    done = push("--send")
    assert "0 posted" in done.stdout
    assert "3 events are left out, for nothing tells their time in UTC" in done.stderr
    done = push("--send", "--option", "utc-offset=+10:00")
    assert "3 posted" in done.stdout
    assert "3 events have no place" in done.stderr
    assert all("location" not in event for event in site.events.values())


# -- what changes


def test_only_what_changed_is_sent_and_what_people_wrote_there_stays(
    push: Push, site: Site, season: Path
) -> None:
    push("--send")
    [person] = [e for e in site.events.values() if e["event_details"]["label"] == "person"]
    person["priority"] = 0
    person["event_details"] |= {"note": "our own patrol", "day_night": "by a ranger"}
    site.bodies.clear()
    review(season, "ST02/c.JPG", "person")
    done = push("--send")
    assert "0 posted, 1 changed, 2 as they were." in done.stdout
    [patch] = site.bodies
    assert set(patch) == {"event_details"}
    assert person["priority"] == 0
    assert patch["event_details"]["note"] == "our own patrol"
    assert patch["event_details"]["day_night"] == "by a ranger"
    assert patch["event_details"]["classified_by"] == "Olga"
    assert "confidence" not in patch["event_details"]
    is_whole(site)


def test_another_name_for_an_event_changes_it_and_makes_no_second(
    push: Push, site: Site, season: Path
) -> None:
    push("--send")
    keys = site.keys()
    review(season, "ST02/c.JPG", "vehicle")
    done = push("--send")
    assert "0 posted, 1 changed, 2 as they were." in done.stdout
    assert site.keys() == keys
    assert sorted(e["event_details"]["label"] for e in site.events.values()) == [
        *("leopard", "leopard", "vehicle")
    ]
    is_whole(site)


def test_an_event_that_loses_its_first_picture_is_still_the_same(
    push: Push, site: Site, season: Path
) -> None:
    push("--send")
    review(season, "ST01/a.JPG", "empty")
    done = push("--send")
    assert "0 posted, 1 changed, 2 as they were" in done.stdout
    assert len(site.events) == 3
    assert any(event["time"] == "2026-02-03T12:00:00Z" for event in site.events.values())


def test_what_is_no_leopard_any_more_is_told_and_left_to_people(
    push: Push, site: Site, season: Path
) -> None:
    push("--send")
    review(season, "ST02/c.JPG", "prey")
    done = push("--send")
    assert "0 posted, 0 changed, 2 as they were." in done.stdout
    assert "1 on the site are no longer so in the season; look at them there: #103" in done.stdout
    assert site.counts()["post"] == 3 and "patch" not in site.counts()


def test_what_was_removed_there_is_not_sent_again(push: Push, site: Site, season: Path) -> None:
    push("--send")
    [gone] = [k for k, e in site.events.items() if e["event_details"]["label"] == "person"]
    del site.events[gone]
    review(season, "ST02/c.JPG", "vehicle")
    for _ in range(2):
        done = push("--send")
        assert "0 posted" in done.stdout and "1 removed on the site" in done.stdout
    assert len(site.events) == 2


def test_a_season_made_anew_finds_its_events_on_the_site(
    push: Push, site: Site, season: Path
) -> None:
    push("--send")
    for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
        (season / name).unlink(missing_ok=True)
    season_of(season.parent, rows())
    done = push("--send")
    assert "0 posted, 3 found there already" in done.stdout
    is_whole(site)


def test_two_sites_have_accounts_of_their_own(
    push: Push, site: Site, season: Path, url: str
) -> None:
    push("--send")
    with pushed(season, "https://elsewhere.example") as other, pushed(season, url) as here:
        assert list(other.all(["leopard", "person"])) == []
        assert {row.state for row in here.all(["leopard", "person"])} == {Step.ATTACHED}
    done = CliRunner().invoke(
        app, ["push", "earthranger", str(season), "--site", "https://elsewhere.example"]
    )
    assert "3 to post" in done.stdout


def test_a_picture_waits_for_its_card(push: Push, site: Site, season: Path) -> None:
    card = season.parent / "cards" / "card"
    card.rename(card.with_name("away"))
    done = push("--send")
    assert done.exit_code == 3
    assert "3 posted, 0 changed, 0 as they were, 3 pictures that wait" in done.stdout
    card.with_name("away").rename(card)
    done = push("--send")
    assert done.exit_code == 0
    assert "3 as they were, 3 pictures attached." in done.stdout
    is_whole(site)


# -- what goes wrong


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (400, "er events apply earthranger_event_type.yaml"),
        (401, TOKEN_VARIABLE),
        (403, "administrator for the right"),
        (404, "Check the address"),
        (418, "Show this to its administrator"),
    ],
)
def test_a_refusal_stops_at_once_and_tells_the_next_step(
    push: Push, site: Site, waits: list[float], status: int, sentence: str
) -> None:
    site.fail("post", refuse(status, "because of this"))
    with pytest.raises(PushError, match=f"({status}).*") as error:
        push("--send")
    assert sentence in str(error.value) and "because of this" in str(error.value)
    assert waits == [] and site.counts()["post"] == 1
    push("--send")
    is_whole(site)


def test_a_wrong_token_stops_before_anything_is_sent(
    push: Push, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "wrong-token")
    with pytest.raises(PushError, match="does not accept the token") as error:
        push("--send")
    assert "wrong-token" not in str(error.value)
    assert not site.events


def test_a_type_that_does_not_keep_the_key_stops_after_one(push: Push, site: Site) -> None:
    site.known = {"label"}
    with pytest.raises(PushError, match="does not keep the field camtrap_key"):
        push("--send")
    assert len(site.events) == 1
    site.known = {"label", "camtrap_key"}
    done = push("--send")
    assert "2 posted" in done.stdout
    assert len(site.events) == 3


def test_too_many_questions_wait_as_long_as_the_site_says(
    push: Push, site: Site, waits: list[float]
) -> None:
    site.fail("post", refuse(429, Retry_After="7"), refuse(429))
    site.fail("attach", refuse(429, Retry_After="9"))
    push("--send")
    assert waits == [7.0, 2.0, 9.0]
    is_whole(site)
    assert site.counts()["post"] == 5


def test_a_wait_of_hours_is_left_to_the_person(push: Push, site: Site) -> None:
    site.fail("list", refuse(429, Retry_After="86400"))
    with pytest.raises(PushError, match="86,400 seconds"):
        push("--send")
    assert not site.events


def test_what_is_there_already_is_no_fault(push: Push, site: Site) -> None:
    site.fail("post", done_but(site, refuse(409, "already")), refuse(409, "already"))
    site.fail("attach", done_but(site, refuse(409)))
    done = push("--send")
    assert done.exit_code == 0
    assert len(site.events) == 2  # the second was said to be there, and could not be found
    assert "1 found there already" in done.stdout
    done = push("--send")
    assert "0 posted, 0 changed, 3 as they were." in done.stdout
    assert all(len(event["files"]) == 1 for event in site.events.values())


TROUBLE = ["before", "after", "cut before", "cut after", "bad gateway", "unended"]


@pytest.mark.parametrize("method", ["list", "post", "attach"])
@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_doubles_nothing_and_loses_nothing(
    push: Push, site: Site, waits: list[float], method: str, trouble: str
) -> None:
    fault = {
        "before": refuse(503, "busy"),
        "after": done_but(site, refuse(500)),
        "cut before": cut,
        "cut after": done_but(site, cut),
        "bad gateway": done_but(site, refuse(502)),
        "unended": done_but(site, unended),
    }[trouble]
    site.fail(method, fault)
    done = push("--send")
    assert done.exit_code == 0, done.output
    assert waits == [1.0]
    is_whole(site)


@pytest.mark.parametrize("method", ["list", "post", "attach"])
def test_what_the_site_does_too_late_is_not_done_twice(
    push: Push, site: Site, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    late = Late(site)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        late.let()

    patient = Patience(wait=wait, chance=lambda: 1.0)
    monkeypatch.setattr(patience, "Patience", lambda: patient)
    monkeypatch.setattr(earthranger, "TIMEOUT_SECONDS", (5.0, 0.8))
    site.fail(method, late)
    assert push("--send").exit_code == 0
    assert waits[0] == earthranger.SETTLE_SECONDS
    is_whole(site)


@pytest.mark.parametrize("method", ["list", "post", "attach", "get", "patch"])
def test_trouble_that_lasts_ends_in_words_and_the_same_command_goes_on(
    push: Push, site: Site, season: Path, waits: list[float], method: str
) -> None:
    if method in ("get", "patch"):
        push("--send")
        review(season, "ST02/c.JPG", "vehicle")
    site.fail(method, *[refuse(503)] * 6)
    with pytest.raises(PushError, match=r"tried 6 times.*sends nothing twice"):
        push("--send")
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert push("--send").exit_code == 0
    is_whole(site)


def test_a_patch_that_was_cut_is_sent_again(push: Push, site: Site, season: Path) -> None:
    push("--send")
    review(season, "ST02/c.JPG", "vehicle")
    site.fail("patch", done_but(site, cut))
    done = push("--send")
    assert "1 changed" in done.stdout
    is_whole(site)


def test_nobody_at_the_address(
    season: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    words = ["push", "earthranger", str(season), "--site", "http://127.0.0.1:9", "--send"]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, PushError)
    assert "cannot be reached" in str(done.exception)
    assert len(waits) == 5


def test_a_page_that_asks_to_sign_in_is_no_site(push: Push, site: Site) -> None:
    from werkzeug import Response

    site.fail("list", lambda _: Response("<html>Welcome to the lodge</html>", 200))
    with pytest.raises(PushError, match="not as EarthRanger does"):
        push("--send")


@pytest.mark.parametrize(
    "data",
    [
        *({}, {"results": []}, {"results": 3, "next": None}, {"results": ["x"], "next": 3}),
        *([], ["x"], {"results": [{"event_details": ["x"]}], "next": ["x"]}),
    ],
)
def test_an_answer_of_another_shape_is_no_site(push: Push, site: Site, data: object) -> None:
    site.fail("list", lambda _: good(data))
    with pytest.raises(PushError, match="not as EarthRanger does"):
        push("--send")


def test_an_answer_that_is_too_deep_is_no_site(push: Push, site: Site) -> None:
    from werkzeug import Response

    site.fail("list", lambda _: Response('{"data": ' + "[" * 3000 + "]" * 3000 + "}", 200))
    with pytest.raises(PushError, match="not as EarthRanger does"):
        push("--send")
    site.fail("list", lambda _: Response("[" * 3000, 400))
    with pytest.raises(PushError, match="does not take the event"):
        push("--send")


def test_the_token_goes_nowhere_else(push: Push, site: Site) -> None:
    from werkzeug import Response

    away = {"Location": "http://localhost:1/api/v1.0/activity/events"}
    site.fail("list", lambda _: Response("", 302, headers=away))
    with pytest.raises(PushError, match="sends to another address"):
        push("--send")


def test_a_file_of_passwords_does_not_take_the_tokens_place(
    push: Push, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert push("--send").exit_code == 0
    is_whole(site)


def test_the_token_and_places_are_told_nowhere(
    push: Push, site: Site, season: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site.fail("post", refuse(503), refuse(400, "no"))
    with caplog.at_level(logging.DEBUG), pytest.raises(PushError) as error:
        push("--send")
    with caplog.at_level(logging.DEBUG):
        done = push("--send")
    told = f"{caplog.text}{error.value}{done.output}"
    assert TOKEN not in told and "43.1" not in told
    assert caplog.text  # something was listened to
    for path in season.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()


def test_two_cannot_send_at_once(push: Push, site: Site, season: Path) -> None:
    with locked(season / "cache" / "push", "another"), pytest.raises(SeasonError, match="another"):
        push("--send")
    assert not site.asked


@pytest.mark.parametrize(
    "words",
    [
        ("--site", "http://far.example"),
        ("--since", "yesterday"),
        ("--labels", "tiger"),
        ("--option", "event-type=Two Words"),
        ("--option", "priority=leopard=5"),
        ("--option", "labels=leopard"),
        ("--option", "nothing=1"),
    ],
)
def test_wrong_words_are_a_wrong_use(push: Push, site: Site, words: tuple[str, str]) -> None:
    assert push("--send", *words).exit_code == 2
    assert not site.asked


def test_no_token_is_a_wrong_use(push: Push, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE)
    done = push("--send")
    assert done.exit_code == 2 and TOKEN_VARIABLE in done.output


# -- the plug is pulled

RUN = "from camtrap.cli.main import main; main()"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def begin(season: Path, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-c", RUN, "push", "earthranger", str(season)),
            *("--site", url, "--send", "--option", "utc-offset=+10:00"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills otherwise")
def test_a_push_that_is_killed_in_the_middle_of_anything_doubles_and_loses_nothing(
    site: Site, url: str, tmp_path: Path
) -> None:
    """It is killed while the site works on its question: before it is done, and after."""
    count = 8
    season = season_of(tmp_path, rows(count))
    moments = [("post", False), ("post", True), ("attach", False), ("attach", True), ("list", True)]
    for kind, after in moments:
        running: list[subprocess.Popen[str]] = []

        def kill(request, *, kind=kind, after=after, running=running):
            if after:
                with site.guard:
                    site._answer(kind, request)
            while not running:
                time.sleep(0.01)
            running[0].kill()
            running[0].wait()
            return refuse(500)(request)

        site.fail(kind, kill)
        running.append(begin(season, url))
        _, stderr = running[0].communicate(timeout=120)
        assert running[0].returncode == -signal.SIGKILL, stderr
    last = begin(season, url)
    stdout, stderr = last.communicate(timeout=120)
    assert last.returncode == 0, stderr
    is_whole(site, count)
    again = begin(season, url)
    stdout, stderr = again.communicate(timeout=120)
    assert f"0 posted, 0 changed, {count} as they were." in stdout


def test_what_was_cut_and_then_left_the_season_is_told(
    push: Push, site: Site, season: Path
) -> None:
    """An event that came through unconfirmed, and that people then called something else."""
    site.fail("post", *[done_but(site, refuse(503))], *[refuse(503)] * 5)
    site.fail("list", lambda _: None, *[refuse(503)] * 5)
    with pytest.raises(PushError):
        push("--send")
    assert len(site.events) == 1
    review(season, "ST01/a.JPG", "prey")
    review(season, "ST01/b.JPG", "prey")
    site.faults.clear()
    done = push("--send")
    assert "2 posted" in done.stdout
    assert "look at them there: #101." in done.stdout
    assert len(site.events) == 3


def test_many_events_of_one_second_are_told_apart(
    site: Site, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    """The site gives them a page at a time."""
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = [
        Row(f"ST{number:02}/a.JPG", State.LEOPARD, (box("leopard"),), taken_at=START)
        for number in range(1, 8)
    ]
    season = season_of(tmp_path, found)
    words = ["push", "earthranger", str(season), "--site", url, "--send"]
    words += ["--option", "utc-offset=+10:00"]
    for _ in range(2):
        site.fail("post", *[lambda _: None] * 6, done_but(site, cut))
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.exception
    is_whole(site, 7)


def test_the_ledger_holds_what_was_sent(push: Push, site: Site, season: Path, url: str) -> None:
    push("--send")
    with pushed(season, url) as sent:
        for row in sent.all(["leopard", "person"]):
            there = site.events[row.remote_id]
            assert row.body["time"] == there["time"]
            assert row.serial == str(there["serial_number"])
            assert row.key == there["event_details"]["camtrap_key"]
