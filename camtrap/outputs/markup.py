"""Pieces of a page: tables, charts and names as HTML, all of it escaped.

What comes from a card or the ledger goes through `text`, directly or through `name_of`.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from camtrap.outputs.tables import cell
from camtrap.records import State


class Safe(str):
    """Text that is markup already, and goes into a page as it is."""

    __slots__ = ()

    def join(self, parts: Iterable[str], /) -> Safe:
        """As of any text; what is joined must be markup too."""
        return Safe(str.join(self, parts))


def text(value: object) -> Safe:
    """Any value as text of the page, also inside an attribute: escaped, on one line.

    Markup stays what it is.
    """
    return value if isinstance(value, Safe) else Safe(html.escape(cell(value)))


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
    *,
    only_on_screen: Collection[int] = (),
    columns_on_screen: Collection[int] = (),
) -> Safe:
    """A table of markup; cells name their column, for phones that show rows as blocks.

    Rows and columns of some numbers (from 0) may be left out on paper.
    """

    def mark(column: int) -> str:
        return ' class="screen"' if column in columns_on_screen else ""

    def line(cells: Sequence[str], kind: str = "") -> str:
        rest = list(enumerate(zip(header, cells, strict=True)))[1:]
        columns = "".join(
            f'<td{mark(number)} data-column="{name}">{value}</td>' for number, (name, value) in rest
        )
        return f'<tr{kind}><th scope="row">{cells[0]}</th>{columns}</tr>\n'

    head = "".join(
        f'<th scope="col"{mark(number)}>{name}</th>' for number, name in enumerate(header)
    )
    body = "".join(
        line(row, ' class="screen"' if number in only_on_screen else "")
        for number, row in enumerate(rows)
    )
    foot = f"<tfoot>\n{line(footer)}</tfoot>\n" if footer else ""
    return Safe(
        f'<div class="table">\n<table>\n<caption>{caption}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n{foot}</table>\n</div>\n"
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


def name_of(value: str, unnamed: str = "no name") -> Safe:
    """A name from a card, kept from turning the direction of the text around it."""
    return Safe(f"<bdi>{text(value) or unnamed}</bdi>")
