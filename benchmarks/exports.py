"""What each export of a season costs: processor seconds, wall seconds and memory; prints Markdown.

    python benchmarks/exports.py --folder /tmp/exports --write

Two seasons are made in a ledger, without cards: in `events` every picture shows something and is
an event of its own, which is the most that so many pictures can ask; in `field` a fifth of them
holds a visitor, as in `scale.py`. Every format is written by a process of its own, whose memory is
the highest that Linux saw (`VmHWM`). The seasons are removed at the end. Formats that are made of
pictures (`folders`, `individuals`) are left out, and the workbook shows none, as no card is there.
Linux only.
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
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scale import (
    FILES_A_FOLDER,
    FOLDERS_A_STATION,
    RUN,
    STATIONS_A_CARD,
    peak_memory,
    prediction,
    relative_path,
)
from visitors import VISITORS, looked_at

if TYPE_CHECKING:
    from camtrap.records import ImageFile, Prediction

RESULTS = Path(__file__).parent / "RESULTS.md"
FILES = 100_000
BETWEEN_EVENTS = timedelta(minutes=35)
"""Longer than the interval after which the same label is another event."""

TABLES = "tables"
"""What `camtrap run` leaves in the season itself: its CSV tables, maps and pages."""

OF_PICTURES = frozenset({"folders", "individuals"})
OPTIONS = {"wildlife-insights": {"bucket": "gs://benchmark/season"}}
PROJECT = """
[wildlife_insights]
project_id = "1"
project_name = "benchmark"
project_admin = "nobody"
project_admin_email = "nobody@example.org"
country_code = "RUS"
"""


def main() -> None:
    """Measure every format on both seasons, print the tables."""
    parser = argparse.ArgumentParser(description="Cost of each export of a season.")
    parser.add_argument("--folder", type=Path, required=True, help="for the seasons; removed")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--seasons", nargs="+", choices=SEASONS, default=list(SEASONS))
    parser.add_argument("--formats", nargs="+", help=f"formats of camtrap export, or {TABLES}")
    parser.add_argument("--write", action="store_true", help=f"also append to {RESULTS.name}")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(measure(arguments.folder, arguments.step)))
        return
    formats = arguments.formats or every_format()
    measured = {
        kind: measure_all(arguments.folder, kind, arguments.files, formats)
        for kind in arguments.seasons
    }
    text = report(arguments.files, measured)
    print(text)
    if arguments.write:
        with RESULTS.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)


def every_format() -> list[str]:
    """The season's own tables, and all formats but those that are made of pictures."""
    from camtrap.outputs.exports.registry import FORMATS

    return [TABLES, *(form.name for form in FORMATS if form.name not in OF_PICTURES)]


def measure_all(
    folder: Path, kind: str, files: int, formats: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Each format of one season, each in a process of its own; leaves nothing behind."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{kind}-{files}"
    place.mkdir()  # never somebody else's
    try:
        print(f"{kind}, {files:,} files", file=sys.stderr)
        make_season(place / "season", files, SEASONS[kind])
        found = {}
        for form in formats:
            command = (sys.executable, __file__, "--folder", place, "--step", form)
            done = subprocess.run(
                list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True
            )
            found[form] = json.loads(done.stdout)
            print(f"  {form}: {done.stdout.strip()}", file=sys.stderr)
            shutil.rmtree(place / "out", ignore_errors=True)
        return found
    finally:
        shutil.rmtree(place)


def measure(folder: Path, form: str) -> dict[str, Any]:
    """Write one format, opening the season included; returns seconds, MB and rows."""
    cpu, wall = time.process_time(), time.perf_counter()
    rows = tables(folder / "season") if form == TABLES else export(folder, form)
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "memory": peak_memory(),
        "rows": rows,
    }


def export(folder: Path, form: str) -> int:
    """What `camtrap export` does."""
    from camtrap.outputs.exports import writing
    from camtrap.outputs.exports.opening import source_of
    from camtrap.outputs.exports.registry import formats_of

    [known] = formats_of([form])
    with source_of(folder / "season") as source:
        source = replace(source, options=OPTIONS.get(form, {}))
        (folder / "out").mkdir(exist_ok=True)
        return writing.export(source, known, folder / "out").rows


def tables(season: Path) -> int:
    """What `camtrap run` does at its end; returns the files that the tables tell."""
    from camtrap.config import resolve
    from camtrap.ledger.store import Ledger
    from camtrap.outputs.season import write_all

    with Ledger(season) as ledger:
        files: int = write_all(ledger, resolve(None)).account["files"]
    return files


# -- seasons


def make_season(season: Path, files: int, said: Callable[[ImageFile], Prediction]) -> None:
    """A ledger of so many files with what a model said, and a `stations.csv` for all of them."""
    from camtrap.batches import in_batches
    from camtrap.ledger.store import Ledger
    from camtrap.records import ImageFile

    with Ledger(season, create=True) as ledger:
        run_id = ledger.start_run(RUN)
        paths = map(relative_path, range(files))
        for name, group in groupby(paths, key=lambda path: path.partition("/")[0]):
            card = ledger.add_card(name, Path("/nowhere") / name)
            made = (
                ImageFile(card.root, path.partition("/")[2], 1_000, number)
                for number, path in enumerate(group)
            )
            for batch in in_batches(made, FILES_A_FOLDER):
                ledger.register(card, batch)
                ledger.record(card, run_id, ((file, said(file)) for file in batch))
        ledger.finish_run(run_id)
    (season / "stations.csv").write_text("\n".join(station_lines(files)), encoding="utf-8")
    (season / "project.toml").write_text(PROJECT, encoding="utf-8")


def station_lines(files: int) -> Iterator[str]:
    """A line for each station, somewhere in the Amur leopard's land."""
    yield "station_id,latitude,longitude,utc_offset,folder"
    for number in range(-(-files // (FILES_A_FOLDER * FOLDERS_A_STATION))):
        card = number // STATIONS_A_CARD
        yield (
            f"ST{number:03d},{43 + number / 997:.5f},{131 + number / 991:.5f},+10:00,"
            f"card{card:03d}/ST{number:03d}"
        )


def alone(file: ImageFile) -> Prediction:
    """A picture of something, taken when the event before is over."""
    by_file = random.Random(str(file.path))
    label = by_file.choice(VISITORS)
    moment = datetime(2026, 3, 1) + int(file.relative_path[-8:-4]) * BETWEEN_EVENTS
    return looked_at(
        *(file, label, moment, hashlib.sha1(str(file.path).encode()).hexdigest()),
        station=file.relative_path[:5],
        night=not 6 <= moment.hour < 18,
        look=by_file,
        weather=by_file,
    )


SEASONS: dict[str, Callable[[ImageFile], Prediction]] = {"events": alone, "field": prediction}


# -- telling


def report(files: int, measured: dict[str, dict[str, dict[str, Any]]]) -> str:
    """A table for each season."""
    text = f"## exports, {os.cpu_count()} cores, {platform.system()}, {date.today()}\n"
    for kind, found in measured.items():
        text += f"\n**{TELLS[kind]}, {files:,} files**\n\n"
        text += "| format | rows | processor, s | wall, s | memory, MB |\n" + "|---" * 5 + "|\n"
        for form, told in found.items():
            text += (
                f"| {form} | {told['rows']:,} | {told['cpu']:.1f} | {told['wall']:.1f} "
                f"| {told['memory']:.0f} |\n"
            )
    return text


TELLS = {
    "events": "Every picture an event of its own",
    "field": "A fifth of the pictures with a visitor",
}

if __name__ == "__main__":
    main()
