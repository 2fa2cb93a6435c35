"""Camtrap DP 1.0.2: the data package that GBIF, R's camtrapdp and others read.

The standard: https://camtrap-dp.tdwg.org (tdwg/camtrap-dp, tag 1.0.2). Rows of files and of events
stand in one table; event rows exclude each other and may be summed, rows of files may overlap.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from camtrap.errors import SeasonError
from camtrap.events import names
from camtrap.events.frames import Frame
from camtrap.ledger.individuals import Crop, Said, individuals
from camtrap.ledger.store import ALL_STATES, utc_now
from camtrap.outputs.exports import dp_descriptor, dp_rows
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.dp_fields import HEADERS
from camtrap.outputs.exports.dp_project import read_project
from camtrap.outputs.exports.dp_sinks import table
from camtrap.outputs.exports.registry import chosen
from camtrap.outputs.exports.sites import PEOPLE, Site, shows_people, sites
from camtrap.outputs.exports.taxa import Taxa
from camtrap.outputs.tables import replacing
from camtrap.records import State
from camtrap.taxonomy import read_taxonomy

FILES = ALL_STATES - {State.DUPLICATE}
"""A file that holds the same picture as another is told once."""

LEFT_OUT = "left_out.csv"
_LEFT_OUT_HEADER = ("file_path", "reason")

_REASONS = {
    "duplicate": "the same picture as another file",
    "undated": "no time is known",
    "place": "its deployment has no coordinates or no offset from UTC",
    "people": "a person or a vehicle may be in it",
}


@dataclass(slots=True)
class _Written:
    """What the rows held, for the descriptor."""

    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    events_left_out: int = 0
    species: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    levels: set[str] = field(default_factory=set)


def write(source: Source, out: Path) -> Exported:
    """Write the package: descriptor, three tables, and without `public` a list of what is left out.

    Raises `SeasonError` when a deployment lacks coordinates or an offset from UTC (unless the
    option `incomplete` is `skip`), `ConfigError` for an option or project file that cannot be used.
    """
    project = read_project(source.season, source.options)
    skip = chosen(source.options, "incomplete", ("refuse", "skip")) == "skip"
    packed = chosen(source.options, "gzip", ("no", "yes")) == "yes"
    animals = individuals(source.season)
    telling = dp_rows.Telling(
        Taxa(read_taxonomy(), project.taxa),
        _machines(source),
        source.public,
        animals,
        _by_event(source, animals),
    )
    known = sites(source, FILES)
    told, notes = complete(known, skip=skip)
    if not told:
        raise SeasonError(
            f"{source.season} has no deployment that Camtrap DP can tell: each needs coordinates, "
            "an offset from UTC, and a picture or a visit with a time. Enter them in "
            f"{source.season / 'stations.csv'}."
        )
    paths = {name: out / f"{name}.csv{'.gz' if packed else ''}" for name in HEADERS}
    with table(paths["deployments"], HEADERS["deployments"]) as add:
        for site in told.values():
            add(dp_rows.deployment_row(site))
    written = _write_rows(source, told, telling, paths, out)
    descriptor = dp_descriptor.descriptor(
        source,
        project,
        list(told.values()),
        {name: path.name for name, path in paths.items()},
        species=written.species,
        methods=written.methods,
        levels=written.levels,
        created=utc_now(),
        has_names=any(animal.individual_id for animal in animals.values()),
    )
    path = out / "datapackage.json"
    with replacing(path) as stream:
        stream.write(json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n")
    written.rows += len(told)
    every = (path, *paths.values(), *(() if source.public else (out / LEFT_OUT,)))
    notes += _notes(source, written)
    if project.todo:
        where = project.path or source.season / "project.toml"
        notes += (f"Still to be told by a person, in {where}: {', '.join(project.todo)}.",)
    return Exported(every, written.rows, notes)


def complete(known: dict[str, Site], *, skip: bool) -> tuple[dict[str, Site], tuple[str, ...]]:
    """The sites that Camtrap DP can tell, with a sentence on those that it cannot.

    Raises `SeasonError` that names what is missing where, unless `skip`. A deployment that was
    never visited and has no picture with a time has nothing to tell.
    """
    seen = {key: site for key, site in known.items() if site.start and site.end}
    notes = []
    if silent := [site.deployment_id for key, site in known.items() if key not in seen]:
        notes.append(f"Left out, with neither dates nor dated pictures: {_listed(silent)}.")
    missing = dict(_missing(seen))
    if missing and not skip:
        raise SeasonError(
            f"Camtrap DP needs coordinates and the offset from UTC of every camera. "
            f"{' '.join(missing.values())} Enter them in stations.csv, give --option "
            "utc-offset=+10:00 for all that have none, or leave such cameras out with --option "
            "incomplete=skip."
        )
    notes += [f"Left out: {sentence}" for sentence in missing.values()]
    usable = {
        key: site
        for key, site in seen.items()
        if site.latitude is not None and site.longitude is not None and site.utc_offset
    }
    return usable, tuple(notes)


def _missing(seen: dict[str, Site]) -> Iterator[tuple[str, str]]:
    every = list(seen.values())
    placeless = [s.deployment_id for s in every if s.latitude is None or s.longitude is None]
    if placeless:
        yield "place", f"Without coordinates: {_listed(placeless)}."
    zoneless = [s for s in every if not s.utc_offset]
    if silent := [s.deployment_id for s in zoneless if not s.offsets]:
        yield "zone", f"Without an offset from UTC: {_listed(silent)}."
    if doubtful := [s for s in zoneless if s.offsets]:
        told = _listed([f"{s.deployment_id} ({', '.join(s.offsets)})" for s in doubtful])
        yield "zones", f"With several offsets from UTC, of which one must hold: {told}."


def _listed(found: list[str], most: int = 10) -> str:
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def _by_event(source: Source, animals: Mapping[Crop, Said]) -> dict[str, frozenset[str]]:
    """The names that people gave to leopards, by event."""
    found: dict[str, set[str]] = defaultdict(set)
    for (file_id, _), said in animals.items():
        if said.individual_id:
            found[source.events.event_of(file_id)].add(said.individual_id)
    return {event: frozenset(told) for event, told in found.items()}


def _machines(source: Source) -> dict[int, tuple[str, str]]:
    return {
        run["run_id"]: (str(run["settings"].get("model", {}).get("id", "")), run["started_at"])
        for run in source.ledger.run_notes()
    }


def _write_rows(
    source: Source,
    told: dict[str, Site],
    telling: dp_rows.Telling,
    paths: dict[str, Path],
    out: Path,
) -> _Written:
    written = _Written()
    with ExitStack() as stack:
        media = stack.enter_context(table(paths["media"], HEADERS["media"]))
        observations = stack.enter_context(table(paths["observations"], HEADERS["observations"]))
        left_out = None
        if not source.public:  # names of files betray places
            left_out = stack.enter_context(table(out / LEFT_OUT, _LEFT_OUT_HEADER))

        def observe(row: dp_rows.Row) -> None:
            observations(row)
            written.rows += 1
            written.levels.add(row["observationLevel"])
            if row["scientificName"]:
                written.species.add(row["scientificName"])

        for frame in source.frames():
            if why := _why_not(frame, told, source.public):
                written.left_out[why] += 1
                if left_out is not None:
                    left_out({"file_path": names.file_path(frame.entry), "reason": _REASONS[why]})
                continue
            site = told[frame.deployment_id]
            row = dp_rows.media_row(frame, site, public=source.public)
            media(row)
            written.rows += 1
            if row["captureMethod"]:
                written.methods.add(row["captureMethod"])
            event_id, still = _event_of(frame, told, source)
            for said in dp_rows.media_observations(frame, site, event_id, telling, still=still):
                observe(said)
        for row in _event_rows(source, told, telling, written):
            observe(row)
    return written


def _why_not(frame: Frame, told: dict[str, Site], public: bool) -> str:
    """Why a file is left out, a key of `_REASONS`; empty when it comes."""
    if frame.label == State.DUPLICATE:
        return "duplicate"
    if public and shows_people(frame):
        return "people"
    if frame.taken_at is None:
        return "undated"
    return "" if frame.deployment_id in told else "place"


def _event_of(frame: Frame, told: dict[str, Site], source: Source) -> tuple[str, bool]:
    """The event of a frame as it goes out, and whether what it shows never moves.

    An event has the name of its first frame's deployment, which at a station with two cameras may
    be the other one.
    """
    if not frame.label.is_label:
        return "", False
    file_id = frame.entry.file_id
    name = source.events.event_of(file_id)
    if not name:
        return "", bool(source.events.suppressed_by(file_id))
    deployment = name.rpartition("_e")[0]
    site = told.get(deployment)
    return (dp_rows.told_event(name, deployment, site) if site else ""), False


def _event_rows(
    source: Source, told: dict[str, Site], telling: dp_rows.Telling, written: _Written
) -> Iterator[dp_rows.Row]:
    reviews = source.placing.reviews or {}
    for event in source.events:
        if source.public and event.label in PEOPLE:
            continue
        site = told.get(event.deployment)
        if site is None or event.start is None:
            written.events_left_out += 1
            continue
        review = reviews.get(event.reviewed) if event.reviewed is not None else None
        yield dp_rows.event_row(event, site, _run_of(source, event.best), review, telling)


def _run_of(source: Source, file_id: int) -> int | None:
    """The run that had the last word on a file; the whole file is not asked for, event by event."""
    row = source.ledger.db.execute("SELECT run_id FROM file WHERE file_id = ?", (file_id,))
    run_id: int | None = row.fetchone()[0]
    return run_id


def _notes(source: Source, written: _Written) -> tuple[str, ...]:
    notes = [
        f"{count:,} files are left out: {_REASONS[why]}."
        for why, count in sorted(written.left_out.items())
    ]
    if written.events_left_out:
        notes.append(f"{written.events_left_out:,} events without time or place are left out.")
    return tuple(notes)
