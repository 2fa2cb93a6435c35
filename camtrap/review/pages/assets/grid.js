/**
 * The queue as a grid of which only the visible part is in the document, whatever its length.
 *
 * Positions are reckoned from the width alone. Arrow keys walk over the cards, and one card at a
 * time is in the order of the Tab key.
 */
import { make } from "./dom.js";

const GAP = 12;
const AHEAD = 1; // rows that are made before they are seen
const CAPTION = 62; // pixels below each picture; two lines of words and their padding

/**
 * @typedef {{columns: number, width: number, height: number, rows: number, full: number}} Layout
 *   width and height are a card's, in pixels; `full` is the height of all rows.
 */

/**
 * @param {number} width  of the room @param {number} total  of cards
 * @param {number} [wish]  the least width of a card @returns {Layout}
 */
export function layoutFor(width, total, wish = width < 560 ? 150 : 208) {
  const columns = Math.max(1, Math.floor((width + GAP) / (wish + GAP)));
  const card = Math.floor((width - GAP * (columns - 1)) / columns);
  const height = Math.round((card * 3) / 4) + CAPTION;
  const rows = Math.ceil(total / columns);
  return { columns, width: card, height, rows, full: Math.max(0, rows * (height + GAP) - GAP) };
}

/**
 * The first card that is to be made, and the one behind the last.
 * @param {Layout} layout @param {number} top  how far it is scrolled @param {number} height  what is seen
 * @param {number} total @returns {[number, number]}
 */
export function visible(layout, top, height, total) {
  const row = layout.height + GAP;
  const first = Math.max(0, Math.floor(top / row) - AHEAD);
  const last = Math.min(layout.rows, Math.ceil((top + height) / row) + AHEAD);
  return [first * layout.columns, Math.min(total, last * layout.columns)];
}

/** Where a key leads to from a card. @param {string} key @param {number} at @param {number} columns @param {number} total */
export function walked(key, at, columns, total) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -columns * 3, PageDown: columns * 3 };
  if (key === "Home") return 0;
  if (key === "End") return total - 1;
  const step = steps[/** @type {keyof typeof steps} */ (key)];
  if (step === undefined) return -1;
  const to = at + step;
  if (Math.abs(step) === 1) return Math.max(0, Math.min(total - 1, to));
  if (to < 0) return key === "PageUp" ? at % columns : at;
  return to >= total ? (key === "PageDown" || at < total - (total % columns || columns) ? total - 1 : at) : to;
}

export class Grid {
  /**
   * @param {HTMLElement} scroller  what scrolls @param {HTMLElement} list  what holds the cards
   * @param {{fill: (index: number) => HTMLElement, want: (from: number, to: number) => void, open: (index: number) => void}} by
   *   `fill` makes a card's link; `want` is told which cards are looked at
   */
  constructor(scroller, list, by) {
    this.scroller = scroller;
    this.list = list;
    this.by = by;
    this.total = 0;
    this.current = 0;
    this.width = 0;
    this.layout = layoutFor(0, 0);
    /** @type {Map<number, HTMLElement>} */
    this.cards = new Map();
    let asked = false;
    const soon = () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => ((asked = false), this.draw()));
    };
    scroller.addEventListener("scroll", soon, { passive: true });
    new ResizeObserver(soon).observe(scroller);
    list.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("focusin", (event) => {
      const card = /** @type {HTMLElement} */ (event.target).closest("[data-index]");
      if (card instanceof HTMLElement) this.#mark(Number(card.dataset.index));
    });
  }

  /** There are so many cards now, and all are to be made anew. @param {number} total @param {boolean} [fromTop] */
  reset(total, fromTop = false) {
    this.total = total;
    if (fromTop) {
      this.scroller.scrollTop = 0;
      this.current = 0;
    }
    this.current = Math.min(this.current, Math.max(0, total - 1));
    this.#clear();
    this.draw();
  }

  /** Make a card anew. @param {number} index */
  redraw(index) {
    const card = this.cards.get(index);
    if (!card) return;
    const focused = card.contains(document.activeElement);
    this.#fill(card, index);
    if (focused) this.#link(card)?.focus();
  }

  /** See that just what is visible is in the document. */
  draw() {
    const width = this.list.clientWidth;
    if (!width) return;
    this.layout = layoutFor(width, this.total);
    if (width !== this.width) this.#clear();
    this.width = width;
    this.list.style.height = `${this.layout.full}px`;
    const [from, to] = visible(this.layout, this.scroller.scrollTop, this.scroller.clientHeight, this.total);
    for (const [index, card] of this.cards) {
      // The card that has the focus stays, else the focus would be lost to the page.
      if ((index >= from && index < to) || card.contains(document.activeElement)) continue;
      card.remove();
      this.cards.delete(index);
    }
    for (let index = from; index < to; index++) if (!this.cards.has(index)) this.#add(index);
    this.by.want(from, to);
  }

  /** Scroll to a card and give it the focus. @param {number} index */
  focus(index) {
    if (!this.total) return;
    this.#mark(Math.max(0, Math.min(this.total - 1, index)));
    const row = Math.floor(this.current / this.layout.columns) * (this.layout.height + GAP);
    const { scrollTop, clientHeight } = this.scroller;
    const offset = this.list.offsetTop;
    if (row + offset < scrollTop) this.scroller.scrollTop = Math.max(0, row + offset - GAP);
    else if (row + offset + this.layout.height > scrollTop + clientHeight)
      this.scroller.scrollTop = row + offset + this.layout.height + GAP - clientHeight;
    this.draw();
    const card = this.cards.get(this.current) ?? this.#add(this.current);
    this.#link(card)?.focus({ preventScroll: true });
  }

  #clear() {
    this.list.replaceChildren();
    this.cards.clear();
  }

  /** @param {number} index */
  #add(index) {
    const { columns, width, height } = this.layout;
    const place = {
      width: `${width}px`,
      height: `${height}px`,
      transform: `translate(${(index % columns) * (width + GAP)}px, ${Math.floor(index / columns) * (height + GAP)}px)`,
    };
    const card = make("div", {
      class: "cell", role: "listitem", "data-index": index, "aria-posinset": index + 1, "aria-setsize": this.total, style: place,
    });
    this.#fill(card, index);
    this.cards.set(index, card);
    // In the order of the queue, so that a screen reader reads them so.
    const after = [...this.list.children].find((one) => Number(/** @type {HTMLElement} */ (one).dataset.index) > index);
    this.list.insertBefore(card, after ?? null);
    return card;
  }

  /** @param {HTMLElement} card @param {number} index */
  #fill(card, index) {
    const link = this.by.fill(index);
    link.tabIndex = index === this.current ? 0 : -1;
    card.replaceChildren(link);
  }

  /** @param {Element|undefined} card @returns {HTMLElement|null} */
  #link(card) {
    return card?.firstElementChild instanceof HTMLElement ? card.firstElementChild : null;
  }

  /** @param {number} index */
  #mark(index) {
    const before = this.#link(this.cards.get(this.current));
    if (before) before.tabIndex = -1;
    this.current = index;
    const now = this.#link(this.cards.get(index));
    if (now) now.tabIndex = 0;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = walked(event.key, this.current, this.layout.columns, this.total);
    if (to < 0) return;
    event.preventDefault();
    this.focus(to);
  }
}
