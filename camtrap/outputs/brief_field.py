"""The sections of the brief that tell of the field: map, hours, stations, next visits, clocks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from camtrap.outputs.activity import Light, chart, light
from camtrap.outputs.brief_facts import Site
from camtrap.outputs.brief_told import Told
from camtrap.outputs.census import Tally
from camtrap.outputs.map_svg import Point, draw_map, sign_shape
from camtrap.outputs.markup import Safe, day_of, section, table
from camtrap.outputs.next_visits import Reason, Visit, Why, next_visits
from camtrap.outputs.survey import UNREAD
from camtrap.records import State

EVENT_LABELS = (
    State.LEOPARD,
    State.PREY,
    State.OTHER,
    State.PERSON,
    State.VEHICLE,
    State.UNSURE,
)
PEOPLE = (State.PERSON, State.VEHICLE)

ROWS_ON_PAPER, VISITS_ON_PAPER, FINDINGS_ON_PAPER = 14, 8, 5
VISITS_SHOWN, FINDINGS_SHOWN = 40, 60


def station_map(told: Told) -> Iterator[str]:
    """The stations whose place is known, drawn by what was seen at them."""
    words = told.words
    places = [site for _, site in sorted(told.field.sites.items()) if _on_map(told, site)]
    yield section("map", words("map.title"), None, words.count("map.count", len(places)))
    if not places:
        yield f"<p>{words('map.none')}</p>\n</section>\n"
        return
    points = _points(told, places)
    drawn = draw_map(
        points,
        told.outline,
        title=words.count("map.alt", len(points)),
        north=words("map.north"),
        kilometres=words("map.km"),
        metres=words("map.m"),
    )
    yield f'<div class="mapped">\n{drawn.svg}<div>\n'
    shown = {point.sign for point in points} | ({"dead"} if any(p.dead for p in points) else set())
    keys = [key for key in ("leopard", "person", "seen", "nothing", "dead") if key in shown]
    legend = "".join(f"<li>{sign_shape(key)} {words(f'map.key.{key}')}</li>\n" for key in keys)
    yield f'<ul class="legend">\n{legend}</ul>\n'
    if drawn.unnamed:
        yield f"<p>{words.count('map.unnamed', drawn.unnamed)}</p>\n"
    on_it = {site.station_id for site in places}
    if missing := sum(name not in on_it for name in told.found.stations):
        yield f"<p>{words.count('map.missing', missing)}</p>\n"
    yield "</div>\n</div>\n</section>\n"


def _on_map(told: Told, site: Site) -> bool:
    """Places that people wrote down; those that only cameras tell when coordinates are wanted."""
    return site.placed and (site.surveyed or told.coordinates)


def _points(told: Told, places: list[Site]) -> list[Point]:
    """One point a place; stations whose rounded places are one share it."""
    together: dict[tuple[float, float], list[Site]] = defaultdict(list)
    for site in places:
        assert site.latitude is not None and site.longitude is not None
        together[site.latitude, site.longitude].append(site)
    points = []
    for (latitude, longitude), sites in together.items():
        signs = [_sign(told, site.station_id) for site in sites]
        best = min(signs, key=("leopard", "person", "seen", "nothing").index)
        name = ", ".join(sorted(told.public_id(site.station_id) for site in sites))
        dead = not told.public and any(site.dead_since is not None for site in sites)
        points.append(Point(name, latitude, longitude, best, dead))
    return points


def _sign(told: Told, station: str) -> str:
    tally = told.found.stations.get(station, Tally())
    if tally.events[State.LEOPARD]:
        return "leopard"
    if not told.public and any(tally.events[label] for label in PEOPLE):
        return "person"
    return "seen" if tally.events[State.PREY] or tally.events[State.OTHER] else "nothing"


def hours(told: Told) -> Iterator[str]:
    """Events by hour of day, over the light at the stations."""
    words, found = told.words, told.found
    yield section("hours", words("hours.title"), None, "")
    sun = season_light(told)
    yield '<div class="charts">\n'
    undated = 0
    for label in (State.LEOPARD, State.PREY, State.PERSON):
        if told.public and label in PEOPLE:
            continue
        counted = found.hours.get(label, Counter())
        undated += found.whole.events[label] - counted.total()
        name = words(f"label.{label}")
        at = [words("hours.at", hour=f"{hour:02d}", n=counted[hour]) for hour in sorted(counted)]
        yield chart(
            label,
            counted,
            sun,
            heading=Safe(f"<b>{name}</b> {words.count('events', counted.total())}"),
            title=words("hours.alt", label=name, hours=words.listed(at) or words("hours.none")),
        )
    yield "</div>\n"
    said = [words("hours.note")]
    if sun is None:
        said.append(words("hours.no_sun"))
    elif sun.sunrise is not None and sun.sunset is not None:
        rise, set_ = sun.sunrise, sun.sunset
        said.append(
            words(
                "hours.sun",
                rise=told.span(f"{rise[0]:%H:%M}", f"{rise[1]:%H:%M}"),
                set=told.span(f"{set_[0]:%H:%M}", f"{set_[1]:%H:%M}"),
            )
        )
    else:
        said.append(words("hours.dark"))
    if undated:
        said.append(words.count("hours.undated", undated))
    yield f"<p>{words.text(said)}</p>\n</section>\n"


def season_light(told: Told) -> Light | None:
    """The light between the first and the last picture, in the middle of the stations."""
    whole, middle = told.found.whole, told.field.middle
    if middle is None or whole.first is None or whole.last is None:
        return None
    return light(middle, whole.first.date(), whole.last.date())


def stations(told: Told) -> Iterator[str]:
    """A row a station: events, effort, files, and the first and the last picture."""
    words, found = told.words, told.found
    yield section("stations", words("stations.title"), None, words.number(len(found.stations)))
    labels = [label for label in EVENT_LABELS if not (told.public and label in PEOPLE)]
    effort = any(site.trap_nights is not None for site in told.field.sites.values())
    header = [words("column.station"), *(words(f"label.{label}") for label in labels)]
    if effort:
        header += [words("column.nights"), words("column.rai")]
    header += [words(f"column.{name}") for name in ("files", "empty", "unread", "first", "last")]
    if told.coordinates:
        header.append(words("column.place"))
    ordered = sorted(found.stations, key=told.public_id)
    rows = [_station_row(told, name, found.stations[name], labels, effort) for name in ordered]
    paper = set(_most_telling(told)[:ROWS_ON_PAPER])
    yield table(
        words("stations.caption"),
        header,
        rows,
        _station_row(told, None, found.whole, labels, effort),
        only_on_screen={n for n, name in enumerate(ordered) if name not in paper},
        columns_on_screen={n for n, name in enumerate(header) if name == words("column.empty")},
    )
    if len(rows) > ROWS_ON_PAPER:
        left = len(rows) - ROWS_ON_PAPER
        yield f'<p class="left paper">{words.count("stations.left", left)}</p>\n'
    if effort:
        yield f"<p>{words('stations.rai')}</p>\n"
    else:
        yield f"<p>{words('stations.no_effort')}</p>\n"
    yield "</section>\n"


def _most_telling(told: Told) -> list[str]:
    """The stations in the order in which paper has room for them."""
    counts = told.found.stations
    return sorted(
        counts,
        key=lambda name: (
            -counts[name].events[State.LEOPARD],
            -sum(counts[name].events[label] for label in PEOPLE),
            -sum(counts[name].events.values()),
            name,
        ),
    )


def _station_row(
    told: Told, name: str | None, tally: Tally, labels: list[State], effort: bool
) -> tuple[str, ...]:
    """The row of a station, or of all for None."""
    words = told.words
    cells: list[str] = [words("stations.all") if name is None else _station_name(told, name)]
    cells += [words.number(tally.events[label]) for label in labels]
    if effort:
        nights = _nights(told, name)
        cells.append("" if nights is None else words.decimal(nights))
        rai = 100 * tally.events[State.LEOPARD] / nights if nights else None
        cells.append("" if rai is None else words.decimal(rai, 2))
    cells += [
        words.number(sum(tally.states.values())),
        words.number(tally.states[State.EMPTY]),
        words.number(sum(tally.states[state] for state in UNREAD)),
        day_of(tally.first),
        day_of(tally.last),
    ]
    if told.coordinates:
        site = told.field.sites.get(name or "")
        there = site is not None and site.placed
        cells.append(f"{site.latitude:.5f}, {site.longitude:.5f}" if site and there else "")
    return tuple(cells)


def _nights(told: Told, name: str | None) -> float | None:
    """Trap-nights of a station, or of all of which they are known."""
    sites = told.field.sites
    if name is not None:
        return sites[name].trap_nights if name in sites else None
    known = [site.trap_nights for site in sites.values() if site.trap_nights is not None]
    return sum(known) if known else None


def _station_name(told: Told, station: str) -> Safe:
    """Its id and, where people gave it another, its name."""
    site = told.field.sites.get(station)
    if site is None or not site.name or site.name == station:
        return told.station(station)
    return Safe(f"{told.station(station)} <span>{told.name(site.name)}</span>")


def visits(told: Told) -> Iterator[str]:
    """Which cameras to visit, the most urgent first, and why."""
    words, wanted = told.words, next_visits(told.field.cameras)
    yield section("next", words("next.title"), None, words.count("next.cameras", len(wanted)))
    if not wanted:
        yield f"<p>{words('next.none')}</p>\n</section>\n"
        return
    lines = "".join(f"<li>{_visit(told, visit)}</li>\n" for visit in wanted[:VISITS_SHOWN])
    yield f'<ol class="visits">\n{lines}</ol>\n'
    yield from _left(told, len(wanted), VISITS_SHOWN, VISITS_ON_PAPER, "next.left")
    yield "</section>\n"


def _visit(told: Told, visit: Visit) -> str:
    said = told.words.listed([_why(told, why) for why in visit.reasons])
    return f"<b>{_station_name(told, visit.camera.station_id)}</b> {said}"


def _why(told: Told, why: Why) -> Safe:
    words = told.words
    match why.reason:
        case Reason.DEAD | Reason.NIGHT:
            return words(f"why.{why.reason}", since=day_of(why.since))
        case Reason.SILENT:
            return words.count("why.silent", why.number or 0, since=day_of(why.since))
        case Reason.FULL | Reason.BATTERY:
            return words(f"why.{why.reason}")
        case Reason.CLOCK | Reason.UNREAD:
            return words.count(f"why.{why.reason}", why.number or 0)
        case Reason.LEOPARD:
            seen = words.count("why.leopard", why.number or 0)
            if why.since is None:
                return seen
            return words("why.last", what=seen, when=told.moment(why.since))


def clocks(told: Told) -> Iterator[str]:
    """What is wrong with the cameras' clocks; nothing is put right unasked."""
    words, findings = told.words, told.field.clock
    if findings is None:
        return
    yield section("clock", words("clock.title"), None, words.count("clock.count", len(findings)))
    if not findings:
        yield f"<p>{words('clock.none')}</p>\n</section>\n"
        return
    yield f"<p>{words('clock.note')}</p>\n"
    lines = "".join(
        f"<li><b>{told.name(one.deployment_id)}</b> <span>{told.name(one.told)}</span></li>\n"
        for one in findings[:FINDINGS_SHOWN]
    )
    yield f'<ul class="findings">\n{lines}</ul>\n'
    yield from _left(told, len(findings), FINDINGS_SHOWN, FINDINGS_ON_PAPER, "clock.left")
    yield "</section>\n"


def _left(told: Told, total: int, shown: int, printed: int, key: str) -> Iterator[str]:
    """How many lines are left out on the screen, and how many on paper."""
    for limit, medium in ((shown, "screen"), (printed, "paper")):
        if total > limit:
            yield f'<p class="left {medium}">{told.words.count(key, total - limit)}</p>\n'
