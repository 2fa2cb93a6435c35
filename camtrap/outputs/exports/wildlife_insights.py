"""Wildlife Insights' bulk upload: four tables beside pictures in a cloud bucket. Experimental.

The upload is arranged with Wildlife Insights' staff. The columns are those of its example set
(github ConservationInternational/Wildlife-Insights----Data-Migration, 2025-05-08); the dictionary
itself was not at hand, and nothing here has been uploaded. Times are camera-local without a zone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from camtrap.errors import ConfigError, SeasonError
from camtrap.events.frames import Frame
from camtrap.events.names import file_path
from camtrap.ledger.reviews import Review
from camtrap.ledger.store import ALL_STATES
from camtrap.outputs.events_csv import NOBODY
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.dp_project import Project, read_project
from camtrap.outputs.exports.dp_rows import media_id
from camtrap.outputs.exports.dp_sinks import Add, table
from camtrap.outputs.exports.sites import Site, baited, shows_people, sites
from camtrap.outputs.exports.taxa import ANIMALS, Taxa, common_name, species_of
from camtrap.records import State
from camtrap.taxonomy import read_taxonomy

HEADERS: dict[str, tuple[str, ...]] = {
    "projects": (
        *("project_name", "project_id", "project_short_name", "project_objectives"),
        *("project_species", "project_species_individual", "project_sensor_layout"),
        *("project_sensor_layout_targeted_type", "project_bait_use", "project_bait_type"),
        *("project_stratification", "project_stratification_type", "project_sensor_method"),
        *("project_individual_animals", "project_blank_images", "project_sensor_cluster"),
        *("project_admin", "project_admin_email", "country_code", "embargo", "initiative_id"),
        *("metadata_license", "image_license"),
    ),
    "cameras": ("project_id", "camera_id", "make", "model", "serial_number", "year_purchased"),
    "deployments": (
        *("project_id", "deployment_id", "subproject_name", "subproject_design", "placename"),
        *("longitude", "latitude", "start_date", "end_date", "event_name", "event_description"),
        *("event_type", "bait_type", "bait_description", "feature_type"),
        *("feature_type_methodology", "camera_id", "quiet_period", "camera_functioning"),
        *("sensor_height", "height_other", "sensor_orientation", "orientation_other"),
        "recorded_by",
    ),
    "images": (
        *("project_id", "deployment_id", "image_id", "location", "is_blank", "identified_by"),
        *("wi_taxon_id", "class", "order", "family", "genus", "species", "common_name"),
        *("uncertainty", "timestamp", "age", "sex", "animal_recognizable", "individual_id"),
        *("number_of_objects", "individual_animal_notes", "highlighted", "markings"),
    ),
}

NEEDED = ("project_id", "project_name", "project_admin", "project_admin_email", "country_code")
"""What only people know, in the table `[wildlife_insights]` of the project file."""

_LICENSES = {
    "metadata_license": ("CC0", "CC-BY"),
    "image_license": ("CC0", "CC-BY", "CC-BY-NC"),
}
_COUNTRY = re.compile(r"[A-Z]{3}")
_BUCKET = re.compile(r"gs://[^\s/]+(?:/\S*)?")

# Wildlife Insights' own numbers, as MegaDetector's and SpeciesNet's tools hold them.
_TAXON_IDS = {
    State.EMPTY: "f1856211-cfb7-4a5b-9158-c0f72fd09ee6",
    State.PERSON: "990ae9dd-7a59-4344-afcb-1b7b21368000",
    State.VEHICLE: "e2895ed5-780b-48f6-8a11-9e27cb594511",
}
_LEOPARD_RANKS = {"class": "Mammalia", "order": "Carnivora", "family": "Felidae"}
_MOST_OBJECTS = 175

Row = dict[str, Any]


def write(source: Source, out: Path) -> Exported:
    """Write the four tables; raises `ConfigError` that lists what the project file must tell."""
    project = read_project(source.season, source.options)
    said = project.wildlife_insights
    bucket = _checked(source, project)
    taxa = Taxa(read_taxonomy(), project.taxa)
    known = {
        key: site
        for key, site in sites(source, ALL_STATES - {State.DUPLICATE}).items()
        if site.start and site.end and site.latitude is not None and site.longitude is not None
    }
    if not known:
        raise SeasonError(
            "Wildlife Insights needs coordinates and dates of every camera, and none has them. "
            f"Enter them in {source.season / 'stations.csv'}."
        )
    paths = {name: out / f"{name}.csv" for name in HEADERS}
    lost: Counter[str] = Counter()
    with ExitStack() as stack:
        add = {
            name: stack.enter_context(table(path, HEADERS[name])) for name, path in paths.items()
        }
        add["projects"](project_row(said))
        rows = 1
        cameras = {camera_id(site): site for site in known.values()}
        for name, site in sorted(cameras.items()):
            add["cameras"](camera_row(site, said["project_id"], name))
        used = _write_images(source, known, taxa, said["project_id"], bucket, add["images"], lost)
        # An upload is refused for a deployment without pictures.
        for key, site in known.items():
            if used[key]:
                add["deployments"](deployment_row(site, said["project_id"]))
                rows += 1
            else:
                lost["no pictures"] += 1
    rows += len(cameras) + sum(used.values())
    return Exported(tuple(paths.values()), rows, tuple(_notes(lost)))


def _checked(source: Source, project: Project) -> str:
    """The bucket's address; raises `ConfigError` when it or the project's facts are not usable."""
    said = project.wildlife_insights
    where = project.path or source.season / "project.toml"
    if missing := [key for key in NEEDED if not said.get(key)]:
        raise ConfigError(
            f"Wildlife Insights needs {', '.join(missing)}. Write them into the table "
            f"[wildlife_insights] of {where}."
        )
    if unknown := sorted(said.keys() - set(HEADERS["projects"])):
        raise ConfigError(f"{where}: wildlife_insights.{unknown[0]} is none of its columns.")
    if not _COUNTRY.fullmatch(said["country_code"]):
        raise ConfigError(f"{where}: country_code is three capitals (ISO 3166-1), as in RUS.")
    for key, known in _LICENSES.items():
        if said.get(key, known[0]) not in known:
            raise ConfigError(f"{where}: {key} is one of {', '.join(known)}.")
    bucket = source.options.get("bucket", "")
    if not _BUCKET.fullmatch(bucket):
        raise ConfigError(
            "Wildlife Insights wants to know where the pictures lie in the cloud. Give it with "
            "--option bucket=gs://bucket/folder."
        )
    return bucket.rstrip("/")


def project_row(said: Mapping[str, str]) -> Row:
    """The project, with what every season of camtrap has in common."""
    return {
        **dict.fromkeys(HEADERS["projects"]),
        "project_sensor_method": "Sensor Detection",
        "project_individual_animals": "No",
        "project_blank_images": "Yes",
        "embargo": "0",
        **said,
    }


def camera_id(site: Site) -> str:
    """The camera's serial number, else the deployment's id: every deployment needs a camera."""
    return site.camera_id or f"camera-{site.deployment_id}"


def camera_row(site: Site, project_id: str, name: str) -> Row:
    """One camera."""
    return {
        **dict.fromkeys(HEADERS["cameras"]),
        "project_id": project_id,
        "camera_id": name,
        "make": site.make,
        "model": site.model,
        "serial_number": site.camera_id,
    }


def deployment_row(site: Site, project_id: str) -> Row:
    """One deployment; height, angle and functioning are for people to tell."""
    bait = baited(site.bait)
    return {
        **dict.fromkeys(HEADERS["deployments"]),
        "project_id": project_id,
        "deployment_id": site.deployment_id,
        "placename": site.station_id,
        "longitude": round(site.longitude or 0.0, 6),
        "latitude": round(site.latitude or 0.0, 6),
        "start_date": _moment(site.start),
        "end_date": _moment(site.end),
        "bait_type": None if bait is None else ("Other" if bait else "None"),
        "bait_description": site.bait if bait else None,
        "camera_id": camera_id(site),
    }


def _write_images(
    source: Source,
    known: dict[str, Site],
    taxa: Taxa,
    project_id: str,
    bucket: str,
    add: Add,
    lost: Counter[str],
) -> Counter[str]:
    machines = {
        run["run_id"]: str(run["settings"].get("model", {}).get("id", ""))
        for run in source.ledger.run_notes()
    }
    used: Counter[str] = Counter()
    for frame in source.frames():
        why = _why_not(frame, known, source.public)
        if why:
            lost[why] += 1
            continue
        site = known[frame.deployment_id]
        machine = machines.get(frame.entry.run_id or 0, "")
        row = image_row(frame, site, taxa, machine, public=source.public)
        name = row["image_id"] if source.public else file_path(frame.entry)
        add(row | {"project_id": project_id, "location": f"{bucket}/{quote(name)}"})
        used[frame.deployment_id] += 1
    return used


def _why_not(frame: Frame, known: dict[str, Site], public: bool) -> str:
    if not frame.label.is_label:
        return frame.label.value
    if public and shows_people(frame):
        return "people"
    if frame.taken_at is None:
        return "no time"
    site = known.get(frame.deployment_id)
    if site is None:
        return "no coordinates or dates"
    assert site.start is not None and site.end is not None
    return "" if site.start <= frame.taken_at <= site.end else "outside its deployment"


def image_row(frame: Frame, site: Site, taxa: Taxa, machine: str, *, public: bool = False) -> Row:
    """One picture; what nobody could name has no taxon, and is not blank."""
    label, review = frame.label, frame.review
    boxes = sum(found.label == label for found in frame.entry.detections)
    name = taxa.scientific_name(label, review).split()
    row: Row = {
        **dict.fromkeys(HEADERS["images"]),
        "deployment_id": site.deployment_id,
        "image_id": media_id(frame, public=public),
        "is_blank": "Yes" if label == State.EMPTY else "No",
        "identified_by": _reviewer(review, public) if review else machine,
        "wi_taxon_id": _TAXON_IDS.get(label),
        "timestamp": _moment(frame.taken_at),
        "common_name": _common(label, species_of(review)),
    }
    if label in ANIMALS:
        row |= _LEOPARD_RANKS if label == State.LEOPARD else {}
        row["genus"] = name[0] if len(name) > 1 else None
        row["species"] = name[1] if len(name) > 1 else None
        row["number_of_objects"] = min(boxes, _MOST_OBJECTS) or None
    return row


def _reviewer(review: Review, public: bool) -> str:
    return NOBODY if public else review.reviewer or NOBODY


def _common(label: State, species: str) -> str | None:
    if label == State.EMPTY:
        return "Blank"
    if label == State.UNSURE:
        return None
    return common_name(species) or label.value


def _notes(lost: Counter[str]) -> Iterator[str]:
    yield (
        "Experimental: nothing of it has been uploaded. Fill in wi_taxon_id of animals, and "
        "feature_type, quiet_period, camera_functioning, sensor_height and sensor_orientation of "
        "deployments."
    )
    for reason, count in sorted(lost.items()):
        what = "deployments" if reason == "no pictures" else "files"
        yield f"{count:,} {what} are left out: {reason}."


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")
