"""Pieces of a page: tables, charts and names as HTML, all of it escaped.

What comes from a card or the ledger goes through `text`, directly or through `name_of`.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from camtrap.outputs.tables import cell
from camtrap.records import State


def text(value: object) -> str:
    """Any value as text of the page, also inside an attribute: escaped, on one line."""
    return html.escape(cell(value))


def percent(chance: float) -> str:
    """A chance in whole percent; never 0 or 100, which no machine knows."""
    if chance < 0.01:
        return "under 1 %"
    return "over 99 %" if chance > 0.99 else f"{chance:.0%}".replace("%", " %")


def count(number: int, thing: str) -> str:
    """`1 event`, `1,902 events`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def day_of(moment: datetime | None) -> str:
    """A date as `2026-03-01`; empty when it is not known."""
    return "" if moment is None else moment.date().isoformat()


def moment_of(moment: datetime | None) -> str:
    """Date and time to the minute, in words when not known."""
    return "time not known" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def section(name: str, title: str, label: State | None, told: str) -> str:
    """The beginning of a section with its heading; whoever opens it closes it."""
    kind = f' class="{label}"' if label else ""
    aside = f" <span>{told}</span>" if told else ""
    return f'<section{kind} aria-labelledby="{name}">\n<h2 id="{name}">{title}{aside}</h2>\n'


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    footer: Sequence[str] | None = None,
) -> str:
    """A table of markup; cells name their column, for phones that show rows as blocks."""

    def line(cells: Sequence[str]) -> str:
        rest = zip(header[1:], cells[1:], strict=True)
        columns = "".join(f'<td data-column="{column}">{value}</td>' for column, value in rest)
        return f'<tr><th scope="row">{cells[0]}</th>{columns}</tr>\n'

    head = "".join(f'<th scope="col">{column}</th>' for column in header)
    foot = f"<tfoot>\n{line(footer)}</tfoot>\n" if footer else ""
    return (
        f"<table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{''.join(line(row) for row in rows)}</tbody>\n{foot}</table>\n"
    )


def chart(label: State, hours: Counter[int]) -> str:
    """24 bars as SVG, the highest as high as the chart."""
    most = max(hours.values(), default=0)
    told = ", ".join(f"{hour:02d}h {hours[hour]}" for hour in sorted(hours)) or "none"
    name, total = label.capitalize(), count(hours.total(), "event")
    bars = "".join(
        f'<rect x="{12 * hour + 1}" y="{90 - height:.1f}" width="10" height="{height:.1f}"/>'
        for hour in sorted(hours)
        if (height := 76 * hours[hour] / most)
    )
    ticks = "".join(
        f'<text x="{12 * hour}" y="104" text-anchor="middle">{hour}</text>'
        for hour in (0, 6, 12, 18, 24)
    )
    top = f'<text x="0" y="9">{most:,}</text>' if most else ""
    return (
        f'<figure class="chart {label}">\n<figcaption><b>{name}</b> {total}</figcaption>\n'
        f'<svg viewBox="-6 0 300 108" role="img" aria-labelledby="hours-{label}">'
        f'<title id="hours-{label}">{name} events by hour of day: {told}</title>'
        f'<path d="M0 14H288M0 90.5H288"/>{bars}{top}{ticks}</svg>\n</figure>\n'
    )


def facts(said: Mapping[str, str]) -> str:
    """Pairs of name and value; those without a value are left out."""
    pairs = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd></div>\n" for name, value in said.items() if value
    )
    return f"<dl>\n{pairs}</dl>\n"


def chip(label: State) -> str:
    """A label in its colour, and in words."""
    return f'<span class="chip {label}">{label}</span>'


def name_of(value: str) -> str:
    """A name from a card, kept from turning the direction of the text around it."""
    return f"<bdi>{text(value) or 'no name'}</bdi>"
