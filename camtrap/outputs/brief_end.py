"""The end of the brief: the account of all files, thresholds, what is not known, how to read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from camtrap.outputs.brief_audit import audited, knows_of_leopards
from camtrap.outputs.brief_told import Told, entry_of, rank
from camtrap.outputs.markup import Safe, section, text
from camtrap.outputs.survey import UNREAD
from camtrap.records import State

LEFT_OUT = (State.PERSON, State.VEHICLE)


def account(told: Told, totals: Counter[State], runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One line that accounts for every file, and by which model and thresholds."""
    words = told.words
    yield section("account", words("account.title"), None, "")
    yield f'<p class="account">{account_line(told, totals)}</p>\n'
    if runs:
        settings = runs[-1]["settings"]
        yield f"<p>{words('account.model', model=settings['model']['id'])}</p>\n"
        chances = settings["thresholds"]
        said = [_threshold(told, name, chances[name]) for name in sorted(chances, key=rank)]
        yield f"<p><b>{words('thresholds.title')}</b> {words.listed(said)}</p>\n"
        yield f'<p class="screen">{words("thresholds.note")}</p>\n'
    yield from audited(told)
    yield from _unread(told, sum(totals[state] for state in UNREAD))
    yield "</section>\n"


def _unread(told: Told, unread: int) -> Iterator[str]:
    """The files that could not be read, and why, as many as the page has room for."""
    if not unread or told.public:
        return
    words, listed = told.words, told.found.unread
    yield f'<div class="screen">\n<h3>{words.count("notice.unread", unread)}</h3>\n<ul>\n'
    for entry in map(entry_of, listed):
        said = f"{words(f'label.{entry.state}')}: {text(entry.reason)}"
        yield f"<li>{told.path(entry)} <span>{said}</span></li>\n"
    more = unread - len(listed)
    end = [words.count("notice.more", more)] if more else []
    yield f"</ul>\n<p>{words.text([*end, words('notice.table')])}</p>\n</div>\n"


def account_line(told: Told, totals: Counter[State]) -> Safe:
    """`12 files = 3 leopard + 9 empty`; what is kept from the public is one number."""
    words, counts = told.words, Counter(totals)
    hidden = 0
    if told.public:
        hidden = sum(counts.pop(state, 0) for state in LEFT_OUT)
    parts = [
        words("account.part", n=counts[state], label=words(f"label.{state}"))
        for state in State
        if counts[state]
    ]
    if hidden:
        parts.append(words("account.part", n=hidden, label=words("account.hidden")))
    total = words.count("files", sum(totals.values()))
    return Safe(f"{total} = {Safe(' + ').join(parts) or '0'}")


def _threshold(told: Told, name: str, chance: float) -> Safe:
    words = told.words
    known = f"label.{name}" in words.forms or name == "doubt"
    label = words(f"label.{name}") if known else text(name)
    return words("thresholds.one", label=label, chance=words.decimal(100 * chance, 4))


def unknown(told: Told, totals: Counter[State]) -> Iterator[str]:
    """What nobody knows after this season, in numbers where there are any."""
    words, found = told.words, told.found
    undated = sum(found.whole.events.values()) - sum(h.total() for h in found.hours.values())
    said: list[Safe] = [] if knows_of_leopards(told) else [words("unknown.missed")]
    if doubtful := found.whole.events[State.UNSURE]:
        said.append(words.count("unknown.unsure", doubtful))
    if unread := sum(totals[state] for state in UNREAD):
        said.append(words.count("unknown.unread", unread))
    if skipped := totals[State.SKIPPED]:
        said.append(words.count("unknown.skipped", skipped))
    if undated:
        said.append(words.count("unknown.undated", undated))
    if not told.field.has_notes:
        said.append(words("unknown.places"))
    if told.field.clock is None:
        said.append(words("unknown.clock"))
    yield section("unknown", words("unknown.title"), None, "")
    yield '<ul class="notes">\n' + "".join(f"<li>{line}</li>\n" for line in said) + "</ul>\n"
    yield "</section>\n"


def reading(told: Told) -> Iterator[str]:
    """How to read the page."""
    words = told.words
    yield f'<footer class="screen">\n<h2>{words("reading.title")}</h2>\n<ul class="notes">\n'
    checked = told.field.checked
    notes = [
        words("reading.percent"),
        words.count("reading.checked", checked) if checked else words("reading.unchecked"),
        words("reading.event"),
        words("reading.least"),
        words("reading.box"),
        words("reading.time"),
        words("reading.coordinates" if told.coordinates else "reading.no_coordinates"),
        words("reading.tables"),
    ]
    for note in notes:
        yield f"<li>{note}</li>\n"
    yield "</ul>\n</footer>\n"
