"""What the pages reckon, asked of their own modules in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.review.pages.live import Server, module, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    """A window in which nothing is open."""
    with window(chrome) as opened:
        yield opened


@pytest.fixture
def ask(page: Page, standing: Server) -> Any:
    """Asks an expression over a module."""

    def asked(name: str, expression: str, **values: Any) -> Any:
        return module(page, standing, name, expression, **values)

    return asked


@pytest.mark.parametrize(
    ("language", "number", "form"),
    [
        ("en", 1, "one"),
        ("en", 2, "other"),
        ("en", 0, "other"),
        ("ru", 1, "one"),
        ("ru", 21, "one"),
        ("ru", 3, "few"),
        ("ru", 11, "many"),
        ("ru", 12, "many"),
        ("ru", 100, "many"),
        ("zh", 1, "other"),
        ("zh", 5, "other"),
    ],
)
def test_each_number_has_its_form(ask: Any, language: str, number: int, form: str) -> None:
    forms = {name: name for name in ("one", "few", "many", "other")}
    told = ask(
        "words",
        "it.formFor(given.forms, given.n, given.code)",
        forms=forms,
        n=number,
        code=language,
    )
    assert told == form


def test_gaps_are_filled_with_text(ask: Any) -> None:
    filled = "it.fill(given.words, given.values, given.code)"
    values = {"n": 12345, "by": "<b>{n}</b>"}
    assert ask("words", filled, words="{n} by {by} {gone}", values=values, code="en") == (
        "12,345 by <b>{n}</b> {gone}"
    )
    assert ask("words", filled, words="{n}", values=values, code="ru") == "12\u00a0345"


def test_a_chance_is_never_certain(ask: Any) -> None:
    told = ask("words", "(await it.speak('en'), [0, 0.004, 0.014, 0.5, 0.994, 1].map(it.percent))")
    assert told == ["under 1 %", "under 1 %", "1 %", "50 %", "over 99 %", "over 99 %"]


def key(letter: str, code: str, **more: Any) -> dict[str, Any]:
    keys = ("shiftKey", "ctrlKey", "metaKey", "altKey", "isComposing")
    return {"key": letter, "code": code, **dict.fromkeys(keys, False), **more}


@pytest.mark.parametrize(
    ("pressed", "action"),
    [
        (key("l", "KeyL"), "say:leopard"),
        (key("L", "KeyL", shiftKey=True), "say:leopard"),
        (key("д", "KeyL"), "say:leopard"),  # the Russian keyboard
        (key("я", "KeyZ"), "undo"),
        (key("ъ", "BracketRight"), "after"),
        (key("y", "KeyZ"), ""),  # the German keyboard: by what is written on the key
        (key("z", "KeyY"), "undo"),
        (key("?", "Slash", shiftKey=True), "help"),
        (key(",", "Slash", shiftKey=True), ""),
        (key(" ", "Space"), "accept"),
        (key("=", "Equal"), "zoom+"),
        (key("l", "KeyL", ctrlKey=True), ""),
        (key("l", "KeyL", isComposing=True), ""),
        (key("q", "KeyQ"), ""),
    ],
)
def test_keys_are_read_on_any_keyboard(ask: Any, pressed: dict[str, Any], action: str) -> None:
    assert ask("keys", "it.actionOf(given.pressed)", pressed=pressed) == action


@pytest.mark.parametrize(
    ("width", "total", "columns"), [(328, 10, 2), (1248, 300, 5), (140, 3, 1), (1248, 0, 5)]
)
def test_the_grid_has_as_many_columns_as_fit(
    ask: Any, width: int, total: int, columns: int
) -> None:
    layout = ask("grid", "it.layoutFor(given.width, given.total)", width=width, total=total)
    assert layout["columns"] == columns
    assert layout["rows"] == -(-total // columns)
    assert layout["columns"] * layout["width"] <= width


def test_only_what_is_seen_is_made_however_long_the_list(ask: Any) -> None:
    seen = """(() => {
        const layout = it.layoutFor(1200, 200000);
        return [0, 5000, layout.full / 2, layout.full].map(
            top => [...it.visible(layout, top, 800, 200000), layout.columns]);
    })()"""
    for first, last, columns in ask("grid", seen):
        assert 0 <= first <= last <= 200000
        assert first % columns == 0
        assert last - first <= 7 * columns


@pytest.mark.parametrize(
    ("pressed", "at", "to"),
    [
        ("ArrowRight", 0, 1),
        ("ArrowRight", 11, 11),
        ("ArrowLeft", 0, 0),
        ("ArrowDown", 1, 6),
        ("ArrowDown", 7, 11),  # the last row has no card below: its last one
        ("ArrowDown", 10, 10),
        ("ArrowUp", 3, 3),
        ("ArrowUp", 8, 3),
        ("Home", 8, 0),
        ("End", 2, 11),
        ("x", 2, -1),
    ],
)
def test_arrows_walk_over_the_grid(ask: Any, pressed: str, at: int, to: int) -> None:
    assert ask("grid", "it.walked(given.key, given.at, 5, 12)", key=pressed, at=at) == to


def test_pages_behind_what_is_gone_are_asked_for_from_further_ahead(ask: Any) -> None:
    span = "it.span(given.start, new Set(given.gone), given.waiting)"
    told = ask("queue", span, start=200, gone=[0, 5, 199, 200, 300], waiting=2)
    assert told == {"offset": 197, "limit": 122}
    assert ask("queue", span, start=0, gone=[0, 5], waiting=2) == {"offset": 0, "limit": 100}
    # The server gives no more than 200 at once.
    far = ask("queue", span, start=1000, gone=list(range(1000)), waiting=500)
    assert far == {"offset": 0, "limit": 199}


@pytest.mark.parametrize("late", [0, 1, 7, 40])
def test_nothing_is_passed_over_when_the_list_grows_shorter(ask: Any, late: int) -> None:
    """Every event of a list that loses what is decided is met once, however late it is saved."""
    walked = """(async () => {
        let left = Array.from({length: 950}, (_, i) => ({event: i, reviewed: null}));
        const met = [], onTheWay = [];
        const queue = new it.Queue(async (offset, limit) =>
            ({total: left.length, offset,
              items: structuredClone(left.slice(offset, offset + limit))}),
            {shrinks: true, changed: () => {}, waiting: () => onTheWay.length});
        await queue.start();
        for (let at = await queue.next(-1); at >= 0; at = await queue.next(at)) {
            const item = queue.at(at);
            met.push(item.event);
            onTheWay.push(item.event);
            if (onTheWay.length > given.late) {
                const saved = onTheWay.shift();
                left = left.filter(one => one.event !== saved);
            }
            queue.patch(item.event, {reviewed: {label: 'prey'}});
            queue.settle(item.event, true);
        }
        return met;
    })()"""
    assert ask("queue", walked, late=late) == list(range(950))


def test_a_picture_stays_under_the_finger(ask: Any) -> None:
    """Zooming keeps what lies under the point, and no gap opens beside a larger picture."""
    steps = """(() => {
        const room = {width: 400, height: 300}, fit = it.fitted(room, {width: 1600, height: 1200});
        let view = it.whole(room, fit);
        const point = {x: 100, y: 80}, found = [];
        for (const factor of [1.5, 2, 1.1, 0.5, 3, 9, 0.01]) {
            const before = {x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale};
            view = it.zoomed(view, factor, point, room, fit);
            const after = {x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale};
            found.push([view.scale, Math.hypot(after.x - before.x, after.y - before.y),
                view.x <= 0 && view.y <= 0 && view.x + fit.width * view.scale >= 400 - 1e-6]);
        }
        return found;
    })()"""
    for scale, shift, is_full in ask("geometry", steps):
        assert 1 <= scale <= 16
        assert is_full
        assert shift < 1e-6 or scale == 1


def test_two_windows_of_other_sizes_show_the_same_middle(ask: Any) -> None:
    middle = ask(
        "geometry",
        """(() => {
            const picture = {width: 1600, height: 1200};
            const one = {width: 640, height: 600}, two = {width: 300, height: 200};
            const [a, b] = [it.fitted(one, picture), it.fitted(two, picture)];
            const view = it.zoomed(it.whole(one, a), 4, {x: 200, y: 260}, one, a);
            const told = it.centre(view, one, a);
            return [told, it.centre(it.around(told, two, b), two, b)];
        })()""",
    )
    for name in ("scale", "x", "y"):
        assert middle[0][name] == pytest.approx(middle[1][name])


def test_species_are_found_by_their_beginning_first(ask: Any) -> None:
    names = ["wild boar", "roe deer", "boar", "еж", "Ёж"]
    every = [{"name": name, "label": "prey"} for name in names]
    found = "it.matching(given.every, given.typed).map(one => one.name)"
    assert ask("species", found, every=every, typed="BOA") == ["boar", "wild boar"]
    assert ask("species", found, every=every, typed="ёж") == ["еж", "Ёж"]
    assert ask("species", found, every=every, typed="") == names
    assert ask("species", found, every=every, typed="lynx") == []
    animals = [
        {"name": "Sus scrofa", "label": "prey", "en": "wild boar", "ru": "кабан", "zh": "野猪"},
        {"name": "Lynx lynx", "label": "other", "en": "lynx", "ru": "рысь", "zh": "猞猁"},
    ]
    for typed in ("boar", "scrofa", "Каб", "野"):
        assert ask("species", found, every=[*every, *animals], typed=typed)[0] == "Sus scrofa"


def test_filters_are_the_same_in_the_address_and_back(ask: Any) -> None:
    filters = {
        "order": "time",
        "kind": "unsure",
        "station": "ST02_ручей & co",
        "from": "2026-02-03",
        "to": "",
        "label": "",
        "min": "0.25",
        "max": "",
        "reviewed": "all",
    }
    told = ask(
        "filters",
        "[it.toHash(given.filters, 12), it.fromHash(it.toHash(given.filters, 12)),"
        " it.eventIn(it.toHash(given.filters, 12)), it.fromHash('#kind=nonsense').kind,"
        " it.eventIn('#event=x')]",
        filters=filters,
    )
    assert told[0].startswith("#order=time&kind=unsure&station=ST02_")
    assert told[1:] == [filters, 12, "all", None]


LETTER = {"id": "a", "kind": "decide", "reviewer": "A", "event": 1, "label": "prey", "species": ""}


def test_what_waits_is_judged_by_what_was_saved_before_it(ask: Any) -> None:
    later = {**LETTER, "id": "b", "files": {"1": 0, "9": 4}}
    undo = {"id": "c", "kind": "undo", "reviewer": "A", "of": "a", "batch": ""}
    answer = {"saved": {"1": {"version": 7}}, "batch": "x1"}
    told = ask(
        "outbox",
        "it.carriedOver(given.letters, given.done, given.answer)",
        letters=[later, undo],
        done={**LETTER, "files": {"1": 0}},
        answer=answer,
    )
    assert told[0]["files"] == {"1": 7, "9": 4}
    assert told[1]["batch"] == "x1"


def test_an_answer_that_was_lost_is_no_conflict(ask: Any) -> None:
    ours = {"1": {"by": "A", "label": "prey", "species": ""}}
    for theirs, is_ours in (
        (ours, True),
        ({"1": {**ours["1"], "by": "B"}}, False),
        ({"1": {**ours["1"], "label": "empty"}}, False),
        ({"1": {**ours["1"], "species": "boar"}}, False),
    ):
        assert ask("outbox", "it.isOurs(given.a, given.b)", a=LETTER, b=theirs) is is_ours


def test_what_a_closed_window_left_is_taken_over(ask: Any) -> None:
    """And what another window that is open still holds is left to it, as is another season's."""
    told = ask(
        "outbox",
        """(() => {
            const kept = {};
            const storage = {
                get length() { return Object.keys(kept).length }, key: i => Object.keys(kept)[i],
                getItem: key => kept[key] ?? null, setItem: (key, value) => { kept[key] = value },
                removeItem: key => { delete kept[key] },
            };
            const put = (key, age, id) => storage.setItem(key,
                JSON.stringify({at: Date.now() - age, letters: [{...given.letter, id}]}));
            put('camtrap.outbox.S.closed', 60000, 'left');
            put('camtrap.outbox.S.open', 100, 'theirs');
            put('camtrap.outbox.T.closed', 60000, 'foreign');
            storage.setItem('camtrap.outbox.S.broken', '{');
            const box = new it.Outbox({season: 'S', own: 'me', storage,
                send: () => new Promise(() => {}), reports: {waiting: () => {}}});
            return [box.letters.map(letter => letter.id), Object.keys(kept).sort()];
        })()""",
        letter={**LETTER, "files": {"1": 0}},
    )
    assert told[0] == ["left"]
    assert told[1] == [
        "camtrap.outbox.S.broken",
        "camtrap.outbox.S.me",
        "camtrap.outbox.S.open",
        "camtrap.outbox.T.closed",
    ]


def test_days_are_drawn_without_gaps_and_a_wrong_clock_draws_no_million(ask: Any) -> None:
    days = [{"date": "2026-02-03", "prey": 2}, {"date": "2026-02-06", "leopard": 1}]
    bins = ask("charts", "it.binned(given.days)", days=days)
    assert [one["date"] for one in bins] == [f"2026-02-0{day}" for day in (3, 4, 5, 6)]
    assert [sum(one["counts"].values()) for one in bins] == [2, 0, 0, 1]
    far = ask("charts", "it.binned(given.days)", days=[*days, {"date": "1970-01-01", "prey": 5}])
    assert len(far) <= 181
    assert sum(sum(one["counts"].values()) for one in far) == 8
    assert ask("charts", "it.binned([])") == []


def test_a_share_is_never_rounded_to_nothing(ask: Any) -> None:
    told = ask("audit_words", "[0.035, 0.3, 0.00021, 0].map(it.shareWords)")
    assert told == ["3.5 %", "30 %", "0.021 %", "0 %"]
