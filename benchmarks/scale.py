"""What a season costs as it grows: seconds, memory and disk against its files; prints Markdown.

    python benchmarks/scale.py --folder /tmp/scale --write

For each size, cards of sparse files are made, scanned, registered, recorded, found again and
exported, by the code that `camtrap run` uses. Decoding and the model are left out: predictions come
ready-made, and making them is not timed. Every step is a process of its own, whose memory is the
highest that Linux saw (`VmHWM`). The cards are removed at the end. Linux only; a million files want
2 GB of disk and a million inodes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visitors import VISITORS, looked_at

if TYPE_CHECKING:
    from camtrap.records import ImageFile, Prediction

SIZES = (1_000, 10_000, 100_000, 1_000_000)
RESULTS = Path(__file__).parent / "RESULTS.md"
FILES_A_FOLDER, FOLDERS_A_STATION, STATIONS_A_CARD = 1_000, 5, 2
PICTURE_SECONDS = 0.1
"""What a picture takes in a real run, on the wall's clock: ten a second on two cores."""

FRAMES_A_TRIGGER, TRIGGERS_A_BLOCK = 3, 10
BLOCKS_A_VISIT = 5
"""One block of frames in so many holds a visit; the rest are empty."""

RUN = {
    "camtrap": "benchmark",
    "model": {"id": "camtrap (no model)", "sha256": "-"},
    "thresholds": {"leopard": 0.5},
    "settings": {},
}


def main() -> None:
    """Measure every size, print the tables."""
    parser = argparse.ArgumentParser(description="Cost of a season against its files.")
    parser.add_argument("--folder", type=Path, required=True, help="for cards and seasons; removed")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--write", action="store_true", help=f"also append to {RESULTS.name}")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(STEPS[arguments.step](arguments.folder, *arguments.sizes)))
        return
    rows = [measured(arguments.folder, size) for size in arguments.sizes]
    text = report(rows)
    print(text)
    if arguments.write:
        with RESULTS.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)


def measured(folder: Path, size: int) -> dict[str, Any]:
    """All steps of one size, each in a process of its own; leaves nothing behind."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"scale-{size}"
    place.mkdir()  # never somebody else's
    try:
        row: dict[str, Any] = {"files": size}
        for step in STEPS:
            print(f"{size:,} files: {step}", file=sys.stderr)
            command = (sys.executable, __file__, "--folder", place, "--sizes", size, "--step", step)
            done = subprocess.run(
                list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True
            )
            row[step] = json.loads(done.stdout)
            print(f"  {done.stdout.strip()}", file=sys.stderr)
        return row
    finally:
        shutil.rmtree(place)


# -- steps


def make_cards(folder: Path, size: int) -> dict[str, Any]:
    """Cards of sparse files that have a size and a name but take no room."""
    for index in range(size):
        path = folder / "cards" / relative_path(index)
        if index % FILES_A_FOLDER == 0:
            path.parent.mkdir(parents=True)
        handle = os.open(path, os.O_CREAT | os.O_WRONLY)
        os.ftruncate(handle, 300 + index % 700)
        os.close(handle)
    return {}


def first_run(folder: Path, size: int) -> dict[str, Any]:
    """Scan, register and record everything; returns seconds of each."""
    from camtrap.engine.season import COMMIT_FILES, add_card
    from camtrap.ledger.duplicates import KnownContent
    from camtrap.ledger.store import Ledger

    start_memory = peak_memory()
    recording = 0.0
    with Ledger(folder / "season", create=True) as ledger:
        started = time.perf_counter()
        summaries = [add_card(ledger, card) for card in cards(folder)]
        registering = time.perf_counter() - started
        assert sum(summary.listing.new for summary in summaries) == size
        run_id = ledger.start_run(RUN)
        for summary in summaries:
            with KnownContent(ledger.season) as known:
                pending = ledger.pending(summary.card)
                while True:
                    started = time.perf_counter()
                    files = list(islice(pending, COMMIT_FILES))
                    recording += time.perf_counter() - started
                    if not files:
                        break
                    batch = [(file, prediction(file)) for file in files]
                    started = time.perf_counter()
                    for _, said in batch:
                        known(said.content_key)
                    ledger.record(summary.card, run_id, batch)
                    recording += time.perf_counter() - started
        ledger.finish_run(run_id)
        assert not any(ledger.pending_bytes(summary.card)[0] for summary in summaries)
    return {
        "registering": registering,
        "recording": recording,
        "bytes": sum(path.stat().st_size for path in (folder / "season").iterdir()),
        "start_memory": start_memory,
        "memory": peak_memory(),
    }


def rerun(folder: Path, size: int) -> dict[str, Any]:
    """The same command again, up to where it finds nothing to do."""
    started = time.perf_counter()
    from camtrap.engine.progress import account
    from camtrap.engine.season import add_card, check_apart
    from camtrap.ledger.store import Ledger

    start_memory = peak_memory()
    for card in cards(folder):
        check_apart(folder / "season", card)
    with Ledger(folder / "season") as ledger:
        summaries = [add_card(ledger, card) for card in cards(folder)]
        assert not any(ledger.pending_bytes(summary.card)[0] for summary in summaries)
        assert sum(summary.listing.known for summary in summaries) == size
        account(ledger.totals())
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "start_memory": start_memory, "memory": peak_memory()}


def export(folder: Path, size: int) -> dict[str, Any]:
    """All tables and the brief."""
    started = time.perf_counter()
    from camtrap.config import resolve
    from camtrap.ledger.store import Ledger
    from camtrap.outputs.season import write_all

    start_memory = peak_memory()
    with Ledger(folder / "season") as ledger:
        written = write_all(ledger, resolve(None))
    assert written.account["files"] == size
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "start_memory": start_memory,
        "memory": peak_memory(),
        "events": written.account["events"],
    }


STEPS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    step.__name__: step for step in (make_cards, first_run, rerun, export)
}


# -- a season like a real one


def cards(folder: Path) -> Iterator[Path]:
    """The cards that were made, in order."""
    return iter(sorted((folder / "cards").iterdir()))


def relative_path(index: int) -> str:
    """`card003/ST006/DCIM/101RECNX/IMG_6001.JPG`; one file in 250 is a video."""
    folder_number = index // FILES_A_FOLDER
    station, folder = divmod(folder_number, FOLDERS_A_STATION)
    card = station // STATIONS_A_CARD
    suffix = "MP4" if index % 250 == 249 else "JPG"
    return (
        f"card{card:03d}/ST{station:03d}/DCIM/{100 + folder}RECNX/"
        f"IMG_{index % (FOLDERS_A_STATION * FILES_A_FOLDER):04d}.{suffix}"
    )


def prediction(file: ImageFile) -> Prediction:
    """What a model might have said: a fifth of the files hold a visitor, the rest are empty."""
    from camtrap.records import Prediction, State

    name = f"{file.card.name}/{file.relative_path}"
    frame = int(name[-8:-4])
    block, in_block = divmod(frame, FRAMES_A_TRIGGER * TRIGGERS_A_BLOCK)
    trigger, burst = divmod(in_block, FRAMES_A_TRIGGER)
    station = name.split("/")[1]
    by_visit = random.Random(f"{station} {block}")
    by_frame = random.Random(name)
    label = by_visit.choice(VISITORS) if block % BLOCKS_A_VISIT == 0 else "empty"
    night = by_visit.random() < 0.5
    started = datetime(2026, 3, 1, 20 if night else 8) + timedelta(hours=12 * block)
    moment = started + timedelta(minutes=trigger * 2, seconds=burst)
    # One file in a thousand repeats the content of another, and one in two hundred is broken.
    key = hashlib.sha1((name if frame % 1000 else station).encode()).hexdigest()
    if frame % 200 == 7:
        return Prediction(file.path, State.UNREADABLE, content_key=key, reason="not a picture")
    return looked_at(
        *(file, label, moment, key),
        station=station,
        night=night,
        look=by_frame,
        weather=by_visit,
        sequence_index=burst + 1,
        sequence_length=FRAMES_A_TRIGGER,
        maker_event=frame // FRAMES_A_TRIGGER,
    )


# -- telling


def peak_memory() -> float:
    """The most memory that this process ever had, in MB."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6


def report(rows: Sequence[dict[str, Any]]) -> str:
    """Time and memory as two tables, with what they do not hold."""
    first, last = rows[0], rows[-1]
    times = (
        "| files | events | scan and register, ms a file | record, ms a file | share of a real run "
        "| ledger, bytes a file | nothing to do, s | export, s |\n" + "|---" * 8 + "|\n"
    )
    memory = "| files | first run, MB | nothing to do, MB | export, MB |\n" + "|---" * 4 + "|\n"
    for row in rows:
        run, size = row["first_run"], row["files"]
        whole = (run["registering"] + run["recording"]) / size
        times += (
            f"| {size:,} | {row['export']['events']:,} | {1000 * run['registering'] / size:.3f} "
            f"| {1000 * run['recording'] / size:.3f} | {whole / PICTURE_SECONDS:.2%} "
            f"| {run['bytes'] / size:.0f} | {row['rerun']['seconds']:.1f} "
            f"| {row['export']['seconds']:.1f} |\n"
        )
        told = (f"{row[s]['start_memory']:.0f} to {row[s]['memory']:.0f}" for s in MEASURED)
        memory += f"| {size:,} | {' | '.join(told)} |\n"
    growth = ", ".join(
        f"{last[s]['memory'] / first[s]['memory'] - 1:+.1%} ({name})"
        for s, name in zip(MEASURED, ("first run", "nothing to do", "export"), strict=True)
    )
    return (
        f"## scale, {os.cpu_count()} cores, {platform.system()}, {date.today()}\n\n{times}\n"
        "Decoding and the model are left out: predictions are ready-made, a fifth of them with "
        f"boxes. A real run is taken as {1000 * PICTURE_SECONDS:.0f} ms a picture; `record` holds "
        "the asking for known content and a commit every 64 files. The files are sparse, so the "
        "brief finds no picture to show.\n\n"
        f"**Memory of each step: after its imports, and at its highest**\n\n{memory}\n"
        f"Growth of the highest from {first['files']:,} to {last['files']:,} files: {growth}.\n"
    )


MEASURED = ("first_run", "rerun", "export")

if __name__ == "__main__":
    main()
