"""What a person waits for in the review as a season grows: milliseconds, over HTTP; Markdown.

    python benchmarks/review.py --folder /tmp/review --write

For each size, a ledger of that many files is filled with ready-made predictions (those of
`scale.py`), and one card of real pictures of 12 MP, which come first in the queue. The server is a
process of its own, as `camtrap review` starts it; this process asks as the page does:

- the first screen: the page, the season, the first hundred events, the first event, its picture
- the next picture: a decision is saved, the next event asked for, and its picture, which is made
  anew for the first time, or taken from what is kept
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cards import KINDS, make_card
from scale import RUN, prediction, relative_path

if TYPE_CHECKING:
    from camtrap.ledger.rows import CardEntry
    from camtrap.ledger.store import Ledger

SIZES = (1_000, 100_000, 1_000_000)
RESULTS = Path(__file__).parent / "RESULTS.md"
PICTURES = 60
"""Pictures of 12 MP; each is an event of its own."""

FIRST_SCREENS = 40
FILES_A_COMMIT = 1_000
MADE = 100_000
"""Files that go through the ledger as those of a run do; larger seasons hold copies of them."""
_SERVER = "import sys; from camtrap.cli.main import main; sys.argv[0] = 'camtrap'; main()"


def main() -> None:
    """Measure every size, print the tables."""
    parser = argparse.ArgumentParser(description="What a person waits for in the review.")
    parser.add_argument("--folder", type=Path, required=True, help="for seasons; emptied again")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--write", action="store_true", help=f"also append to {RESULTS.name}")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for size in arguments.sizes:
        place = arguments.folder / f"review-{size}"
        place.mkdir()  # never somebody else's
        try:
            rows.append(measured(place, size))
        finally:
            shutil.rmtree(place)
        print(json.dumps(rows[-1]), file=sys.stderr)
    text = report(rows)
    print(text)
    if arguments.write:
        with RESULTS.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)


def measured(folder: Path, size: int) -> dict[str, Any]:
    """Everything of one size, in milliseconds but for what says otherwise."""
    print(f"{size:,} files: filling the ledger", file=sys.stderr)
    season = fill(folder, size)
    row: dict[str, Any] = {"files": size}
    print(f"{size:,} files: building the index", file=sys.stderr)
    row["build_seconds"], row["build_memory"] = built(season)
    row["index_bytes"] = (season / "cache" / "review.sqlite").stat().st_size
    started = time.perf_counter()
    with served(season) as (server, port):
        page = Page(port)
        cold = page.first_screen()
        row["start_seconds"] = time.perf_counter() - started
        row["first_cold"] = cold
        row["first"] = [page.first_screen() for _ in range(FIRST_SCREENS)]
        row["next"] = list(page.decisions(PICTURES - 1, kept=False))
        row["next_kept"] = list(page.decisions(PICTURES - 1, kept=True))
        row["queue"] = [page.timed("/api/queue?kind=empty&limit=100&offset=0") for _ in range(10)]
        row["overview"] = [page.timed("/api/overview") for _ in range(5)]
        row["memory"] = peak_memory(server.pid)
    return row


class Page:
    """Asks as the page does, over one connection that is kept."""

    def __init__(self, port: int) -> None:
        self._wire = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def get(self, path: str) -> bytes:
        """The answer's body; anything but success ends the benchmark."""
        self._wire.request("GET", path)
        answer = self._wire.getresponse()
        data = answer.read()
        assert answer.status == 200, (path, answer.status, data[:200])
        return data

    def post(self, path: str, said: dict[str, Any]) -> Any:
        """The JSON that comes back."""
        headers = {"X-Camtrap": "1", "Content-Type": "application/json"}
        self._wire.request("POST", path, json.dumps(said), headers)
        answer = self._wire.getresponse()
        data = answer.read()
        assert answer.status == 200, (path, answer.status, data[:200])
        return json.loads(data)

    def timed(self, path: str) -> float:
        """Milliseconds of one answer."""
        return _milliseconds(lambda: self.get(path))

    def first_screen(self) -> float:
        """Milliseconds until the first picture is there."""

        def ask() -> None:
            self.get("/")
            self.get("/api/season")
            items = json.loads(self.get("/api/queue?limit=100"))["items"]
            event = json.loads(self.get(f"/api/event/{items[0]['event']}"))
            self.get(f"/picture/{event['cover']}.jpg")

        return _milliseconds(ask)

    def decisions(self, count: int, *, kept: bool) -> Iterator[float]:
        """Milliseconds from each decision until the next picture is there."""
        reviewed = "yes" if kept else "no"
        items = json.loads(self.get(f"/api/queue?limit={count + 1}&reviewed={reviewed}"))["items"]
        event = json.loads(self.get(f"/api/event/{items[0]['event']}"))
        for item in items[1:]:
            files = {str(frame["file"]): frame["version"] for frame in event["frames"]}
            said = {"reviewer": "benchmark", "files": files, "label": "leopard"}
            number = item["event"]

            def ask(said: dict[str, Any] = said, number: int = number) -> None:
                nonlocal event
                self.post("/api/decide", said)
                event = json.loads(self.get(f"/api/event/{number}"))
                self.get(f"/picture/{event['cover']}.jpg")

            yield _milliseconds(ask)


# -- a season


def fill(folder: Path, size: int) -> Path:
    """A ledger of `size` files of which `PICTURES` lie on a card; returns the season."""
    from camtrap.card.content import content_key
    from camtrap.ledger.store import Ledger
    from camtrap.records import LABELS, Box, Capture, Detection, ImageFile, Prediction, State

    season, real = folder / "season", folder / "card"
    make_card(real, KINDS[0], PICTURES)
    with Ledger(season, create=True) as ledger:
        run_id = ledger.start_run(RUN)
        card = ledger.add_card("pictures", real)
        chances = dict.fromkeys(LABELS, 0.0) | {"leopard": 1.0}
        results = []
        for number, path in enumerate(sorted(real.iterdir())):
            file = ImageFile(real, path.name, path.stat().st_size, number)
            box = Detection("leopard", 1.0, Box(0.3, number / 100, 0.3, 0.2), 0.9, chances)
            capture = Capture(datetime(2026, 3, 1) + timedelta(hours=number), "exif")
            key = content_key(path.read_bytes())
            said = Prediction(
                path, State.LEOPARD, 1.0, chances, (box,), capture, key, 4000, 3000, False
            )
            results.append((file, said))
        ledger.register(card, [file for file, _ in results])
        ledger.record(card, run_id, results)
        away = ledger.add_card("away", folder / "away")
        first = min(size - PICTURES, MADE)
        files = (
            ImageFile(away.root, relative_path(index), 300 + index % 700, index)
            for index in range(first)
        )
        while batch := list(islice(files, FILES_A_COMMIT)):
            ledger.register(away, batch)
            results = [(f, prediction(f)) for f in batch if not f.relative_path.endswith("MP4")]
            ledger.record(away, run_id, results)
        for number, start in enumerate(range(first, size - PICTURES, first), start=1):
            copied(ledger, away, number, min(first, size - PICTURES - start))
        ledger.finish_run(run_id)
    return season


def copied(ledger: Ledger, card: CardEntry, number: int, count: int) -> None:
    """The first files of a card once more as those of another, with other bytes: by SQL, because
    nobody waits an hour for a benchmark."""
    db = ledger.db
    copy = ledger.add_card(f"{card.name}-{number}", Path(f"{card.root}-{number}"))
    shift = number * MADE
    [least] = db.execute(
        "SELECT min(file_id) FROM file WHERE card_id = ?", (card.card_id,)
    ).fetchone()
    for table in ("file", "detection"):
        names = [row["name"] for row in db.execute(f"PRAGMA table_info({table})")]
        new = {
            "file_id": f"file_id + {shift}",
            "card_id": str(copy.card_id),
            "content_key": f"CASE content_key WHEN '' THEN '' ELSE content_key || '-{number}' END",
            "duplicate_of": f"duplicate_of + {shift}",
        }
        with ledger.writing():
            db.execute(
                f"INSERT INTO {table} SELECT {', '.join(new.get(name, name) for name in names)}"
                f" FROM {table} WHERE file_id BETWEEN ? AND ?",
                (least, least + count - 1),
            )


def built(season: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of building the index, in a process of its own."""
    code = (
        "import sys, time; from pathlib import Path; from camtrap.review.index import opened;"
        "began = time.perf_counter()\nwith opened(Path(sys.argv[1])): pass\n"
        "print(time.perf_counter() - began);"
        "print(Path('/proc/self/status').read_text() if sys.platform == 'linux' else '')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(season)], check=True, stdout=subprocess.PIPE, text=True
    )
    seconds, _, status = done.stdout.partition("\n")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return float(seconds), int(found[1]) * 1024 / 1e6 if found else 0.0


@contextmanager
def served(season: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`camtrap review` in a process of its own."""
    command = [sys.executable, "-c", _SERVER, "review", str(season), "--no-browser", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        [port] = re.findall(r":(\d+)/", server.stderr.readline())
        yield server, int(port)
    finally:
        server.terminate()
        server.communicate(timeout=60)


def peak_memory(pid: int) -> float:
    """The most memory that a process had, in MB; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


# -- telling


def spread(values: Sequence[float]) -> str:
    """`p50 / p95`, in whole milliseconds."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.0f} / {ordered[round(0.95 * (len(ordered) - 1))]:.0f}"


def report(rows: Sequence[dict[str, Any]]) -> str:
    """Two tables: what a person waits for, and what the index costs."""
    waits = (
        "| files | first screen, after the start | first screen | next picture, made anew "
        "| next picture, kept | 100 empty events | overview |\n" + "|---" * 7 + "|\n"
    )
    costs = (
        "| files | building the index, s | its memory, MB | index, bytes a file "
        "| start to first picture, s | server's memory, MB |\n" + "|---" * 6 + "|\n"
    )
    for row in rows:
        size = row["files"]
        waits += (
            f"| {size:,} | {row['first_cold']:.0f} | {spread(row['first'])} "
            f"| {spread(row['next'])} | {spread(row['next_kept'])} | {spread(row['queue'])} "
            f"| {spread(row['overview'])} |\n"
        )
        costs += (
            f"| {size:,} | {row['build_seconds']:.1f} | {row['build_memory']:.0f} "
            f"| {row['index_bytes'] / size:.0f} | {row['start_seconds']:.1f} "
            f"| {row['memory']:.0f} |\n"
        )
    return (
        f"## review, {os.cpu_count()} cores, {platform.system()}, {date.today()}\n\n"
        f"Milliseconds, p50 / p95, asked by another process over HTTP.\n\n{waits}\n{costs}\n"
        "The first screen is the page, the season, the first hundred events, the first event and "
        "its picture of 1600 pixels; the first of them decodes it from the card. The next picture "
        "is a decision on disk, the next event, and its picture: decoded from 12 MP, or taken from "
        f"what is kept. {FIRST_SCREENS} first screens, {PICTURES - 1} next pictures each; the page "
        "itself fetches the next pictures ahead, which this does not.\n"
    )


if __name__ == "__main__":
    main()
