"""What is measured in a page: what sticks out, what has no name, no glyph, too little contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SEEN = """
const seen = element => {
    if (element.closest('[hidden], .unseen, dialog:not([open])')) return false;
    if (element.closest('details:not([open]) > :not(summary)')) return false;
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && getComputedStyle(element).visibility === 'visible';
};
const told = element => `${element.tagName}.${element.className}#${element.id} ` +
    (element.textContent ?? '').trim().slice(0, 30);
"""

# What scrolls in itself may be wider than its room; the page never is.
_OVERFLOW = """
const room = document.documentElement;
const inside = '.kinds, ol, .table, .chart, .crops, .picks, .boxes, .picture, .skip, svg';
return [room.scrollWidth - room.clientWidth, [...document.body.querySelectorAll('*')]
    .filter(one => seen(one) && !one.closest(inside)
        && one.getBoundingClientRect().right > room.clientWidth + 1).map(told)];
"""

# Words that do not fit into what is pressed; a cut with dots is meant where there is one.
_CUT = """
return [...document.querySelectorAll('button, summary, th, legend, h1, h2, dt')]
    .filter(one => seen(one) && getComputedStyle(one).textOverflow !== 'ellipsis'
        && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 3)
        && getComputedStyle(one).display !== 'inline').map(told);
"""

# A letter without a glyph is drawn as the box that this one, which no font holds, is drawn as.
_GLYPHS = """
const canvas = document.createElement('canvas'); canvas.width = canvas.height = 40;
const pen = canvas.getContext('2d', {willReadFrequently: true});
pen.font = '24px ' + getComputedStyle(document.body).fontFamily; pen.textBaseline = 'top';
const drawn = letter => { pen.clearRect(0, 0, 40, 40); pen.fillText(letter, 4, 4);
    return pen.getImageData(0, 0, 40, 40).data.join(); };
const nothing = new Set(['\\u0378', '\\u{2FFFE}', '\\uFFFF'].map(drawn));
return [...new Set(document.body.innerText)]
    .filter(letter => letter.trim() && letter !== '\\u200B' && nothing.has(drawn(letter)));
"""

_NAMES = """
const named = one => {
    const by = (one.getAttribute('aria-labelledby') ?? '').split(' ').filter(Boolean)
        .map(id => document.getElementById(id)?.textContent ?? '').join('');
    const labels = [...(one.labels ?? [])].map(label => label.textContent).join('');
    const inner = one.matches('input, select') ? '' : one.textContent;
    return (one.getAttribute('aria-label') || by || labels || inner || '').trim();
};
const controls = 'button, a[href], input, select, summary, [tabindex="0"], [role=group],' +
    ' [role=list], [role=listbox], nav, dialog, progress, section, img:not([alt]), svg[role=img]';
return [...document.querySelectorAll(controls)].filter(one => seen(one) && !named(one)).map(told);
"""

_TARGETS = """
return [...document.querySelectorAll('button, select, input, summary, nav a, .button, .card')]
    .map(one => one.matches('[type=radio], [type=checkbox]') ? one.closest('label') : one)
    .filter(one => seen(one)).map(one => [told(one), one.getBoundingClientRect()])
    .filter(([, box]) => box.width < 43.5 || box.height < 43.5)
    .map(([name, box]) => `${name} ${Math.round(box.width)}x${Math.round(box.height)}`);
"""

# Words against what lies under them, blended; over pictures they have a ground of their own.
_CONTRAST = """
const parse = colour => { const parts = colour.match(/[\\d.]+/g).map(Number);
    return parts.length < 4 ? [...parts, 1] : parts; };
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
const light = colour => { const part = i => { const v = colour[i] / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2); };
const ground = one => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if (colour[3]) layers.push(colour);
        if (colour[3] === 1) break;
    }
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255]);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    const isDrawn = walker.currentNode.textContent.trim() && seen(one);
    if (!isDrawn || one.closest('svg, noscript, select, :disabled')) continue;
    const style = getComputedStyle(one), below = ground(one);
    const [a, b] = [light(over(parse(style.color), below)), light(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.6 && style.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) found.push(`${told(one)} ${ratio.toFixed(2)}`);
}
return found;
"""

_FOCUS = """
const one = document.activeElement;
if (!one || one === document.body) return ['', true];
const shown = one.matches('.kinds input') ? one.nextElementSibling : one;
const style = getComputedStyle(shown);
return [told(one), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
"""


def _ask(page: Page, script: str) -> Any:
    return page.evaluate(f"() => {{ {_SEEN} {script} }}")


def _none(page: Page, script: str) -> None:
    found = _ask(page, script)
    assert found == [], found


def assert_it_fits(page: Page) -> None:
    """Nothing is wider than the page, and no word is cut off."""
    beyond, wide = _ask(page, _OVERFLOW)
    assert (beyond, wide) == (0, []), (beyond, wide)
    _none(page, _CUT)


def assert_all_is_drawn(page: Page) -> None:
    """Every letter has a glyph, and every word is one and not its key."""
    _none(page, _GLYPHS)
    keys = r"/\b(shell|queue|event|filter|kind|label|fact|help|audit|overview|individuals)\.[a-z_]/"
    found = page.evaluate(f"document.body.innerText.match({keys})")
    assert found is None, found


def assert_all_are_named(page: Page) -> None:
    """What can be pressed, read or jumped to says what it is."""
    _none(page, _NAMES)


def assert_contrast(page: Page) -> None:
    """AA of WCAG 2.2, as it is really drawn."""
    _none(page, _CONTRAST)


def assert_fingers_hit(page: Page) -> None:
    """What is pressed by touch is 44 pixels wide and high."""
    _none(page, _TARGETS)


def focus_of(page: Page) -> tuple[str, bool]:
    """What has the focus, and whether that is seen."""
    name, is_seen = _ask(page, _FOCUS)
    return name, is_seen
