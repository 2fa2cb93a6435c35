"""The events of a season, counted by station and label out of each of its files."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import gpxpy
from fastkml.validator import validate
from geojson_pydantic import FeatureCollection

PATROL = {"leopard", "person", "vehicle"}
LABELS = (*sorted(PATROL), "prey", "other", "unsure")
Counts = Counter[tuple[str, str]]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def page_of(season: Path) -> str:
    return (season / "brief.html").read_text(encoding="utf-8")


def in_csv(season: Path) -> Counts:
    return Counter((r["station_id"], r["label"]) for r in rows_of(season / "events.csv"))


def on_a_map(season: Path) -> Counts:
    """What of `events.csv` a map has to show: what patrols go for, where the place is known."""
    rows = rows_of(season / "events.csv")
    return Counter(
        (r["station_id"], r["label"]) for r in rows if r["label"] in PATROL and r["latitude"]
    )


def in_geojson(season: Path) -> Counts:
    told = FeatureCollection(**json.loads((season / "patrol.geojson").read_text(encoding="utf-8")))
    said = [feature.properties for feature in told.features]
    return Counter((p["station_id"], p["label"]) for p in said if p and p["kind"] != "station")


def in_gpx(season: Path) -> Counts:
    with (season / "patrol.gpx").open(encoding="utf-8") as stream:
        points = [p for p in gpxpy.parse(stream).waypoints if p.type != "station"]
    ids = {r["event_id"]: r["station_id"] for r in rows_of(season / "events.csv")}
    assert len({point.comment for point in points}) == len(points)
    return Counter((ids[point.comment or ""], point.type or "") for point in points)


def in_kml(season: Path) -> Counts:
    assert validate(file_to_validate=season / "patrol.kml")
    root = ElementTree.parse(season / "patrol.kml").getroot()
    counts: Counts = Counter()
    for mark in root.findall(".//{*}Placemark"):
        data = {each.get("name"): each.findtext("{*}value") for each in mark.findall(".//{*}Data")}
        if data["kind"] != "station":
            counts[data["station_id"] or "", data["label"] or ""] += 1
    return counts


def in_brief(season: Path) -> Counts:
    """Out of the page's table of stations; its last row and the heads of the page must agree."""
    page = page_of(season)
    start = page.index('aria-labelledby="stations"')
    table = page[start : page.index("</table>", start)]
    counts: Counts = Counter()
    for row in re.findall(r"<tr.*?</tr>", table[: table.index("<tfoot>")], re.S)[1:]:
        [station] = re.findall(r'<th scope="row"><bdi>([^<]*)', row)
        counts.update({(station, label): n for label, n in _cells(row).items()})
    whole = _cells(table[table.index("<tfoot>") :])
    glance = re.findall(r'<li class="(\w+)"><b>([\d,]+)</b>', page)
    assert whole == Counter({label: int(n.replace(",", "")) for label, n in glance})
    assert set(whole) == set(LABELS)
    totals: Counter[str] = Counter()
    for (_, label), n in counts.items():
        totals[label] += n
    assert totals == whole
    return counts


def _cells(row: str) -> Counter[str]:
    cells = re.findall(r'data-column="(\w+)">([\d,]+)<', row)
    return Counter({label: int(n.replace(",", "")) for label, n in cells if label in LABELS})


def agree(season: Path) -> None:
    """All files of a season count the same events."""
    mapped = on_a_map(season)
    assert in_geojson(season) == mapped
    assert in_gpx(season) == mapped
    assert in_kml(season) == mapped
    assert in_brief(season) == in_csv(season)
