"""Figures and flat rows as Markdown, whatever columns the rows have."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FIGURE_KEYS = frozenset(("value", "interval", "interval_by_group", "right", "count"))
_SPECIAL = str.maketrans(
    {character: f"\\{character}" for character in "\\`*|<>[]"} | {"\n": " ", "\r": " "}
)


def is_figure(value: object) -> bool:
    """True for a mapping that holds `value` and nothing but what belongs to a figure."""
    return isinstance(value, Mapping) and "value" in value and value.keys() <= _FIGURE_KEYS


def is_cell(value: object) -> bool:
    """True for what fits into one cell: a plain value, a figure, or an interval."""
    return value is None or isinstance(value, str | int | float) or is_figure(value) or _pair(value)


def cell(value: Any) -> str:
    """One value as text: `0.806 [0.637, 0.908] (25/31)` for a figure, empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _decimal(value)
    if is_figure(value):
        return figure_text(value)
    if _pair(value):
        return f"[{_decimal(value[0])}, {_decimal(value[1])}]"
    return escaped(str(value))


def figure_text(figure: Mapping[str, Any]) -> str:
    """A figure with its interval and counts, as far as it has them; `not known` without a value."""
    if figure["value"] is None:
        return "not known"
    parts = [cell(figure["value"]), cell(figure.get("interval"))]
    if "right" in figure and "count" in figure:
        parts.append(f"({figure['right']:,}/{figure['count']:,})")
    if by_group := figure.get("interval_by_group"):
        parts.append(f"by group {cell(by_group)}")
    return " ".join(part for part in parts if part)


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Flat rows as a table, ending in a line break; empty without rows.

    Columns are the rows' keys in the order of their first appearance; `right` and `count` share
    one. A mapping of plain values inside a row becomes one column a key.
    """
    flat = [_flat(row) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    if not columns:
        return ""
    lines = [_line([escaped(name.replace("_", " ")) for name in columns]), "|---" * len(columns)]
    lines[1] += "|"
    lines += [_line([cell(row.get(name)) for name in columns]) for row in flat]
    return "\n".join(lines) + "\n"


def pairs(values: Mapping[str, Any]) -> str:
    """Names and values as a table of two columns without a heading."""
    lines = ["| | |", "|---|---|"]
    for name, value in values.items():
        lines.append(_line([escaped(name.replace("_", " ")), cell(value)]))
    return "\n".join(lines) + "\n"


def bullets(items: Iterable[str]) -> str:
    """Sentences as a list; they may hold Markdown of their own."""
    return "".join(f"- {item}\n" for item in items)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return text.translate(_SPECIAL)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and not is_figure(value):
            flat |= value
        elif name == "right" and "count" in row:
            flat["of"] = f"{value:,}/{row['count']:,}"
        elif not (name == "count" and "right" in row):
            flat[name] = _list_text(value)
    return flat


def _list_text(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str) and not _pair(value):
        return ", ".join(map(str, value))
    return value


def _pair(value: object) -> bool:
    """An interval: two numbers."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(end, int | float) for end in value)
    )


def _decimal(value: float) -> str:
    if math.isnan(value):
        return ""
    if value and abs(value) < 0.001:
        return f"{value:.2g}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
