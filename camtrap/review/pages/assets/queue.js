/**
 * The events that a filter finds, fetched page by page as far as somebody looks.
 *
 * What is decided stays where it stood, so that nothing moves under a person's eyes. The server's
 * list of what is not reviewed grows shorter meanwhile: positions are reckoned back by what is gone.
 */

/**
 * @typedef {import("./types.js").Item} Item
 * @typedef {{total: number, offset: number, items: Item[]}} Page
 */

export const PAGE = 100;

const SPARE = 20; // asked for beyond a page, for what is on its way to the server meanwhile

/**
 * What to ask the server for, when some events before a page have left its list or are about to:
 * too early rather than too late, for what is known already is easily left out again.
 * @param {number} start @param {Iterable<number>} gone  positions of those that left or may have left
 * @param {number} waiting  how many of them may be on their way yet
 */
export function span(start, gone, waiting) {
  let before = 0;
  for (const position of gone) if (position < start) before++;
  const spare = Math.min(PAGE - 1, before ? waiting + SPARE : 0);
  const offset = Math.max(0, start - before);
  return { offset, limit: PAGE + spare };
}

export class Queue {
  /**
   * @param {(offset: number, limit: number) => Promise<Page>} fetchPage
   * @param {{shrinks: boolean, changed: () => void, waiting?: () => number}} how
   *   shrinks: reviewed events leave the server's list; waiting: decisions that it does not know yet
   */
  constructor(fetchPage, { shrinks, changed, waiting = () => 0 }) {
    this.fetchPage = fetchPage;
    this.shrinks = shrinks;
    this.changed = changed;
    this.waiting = waiting;
    this.total = 0;
    /** @type {Map<number, Item>} */
    this.items = new Map();
    /** @type {Map<number, number>} */
    this.positions = new Map();
    /** @type {Set<number>} */
    this.gone = new Set();
    /** @type {Map<number, Promise<void>>} */
    this.pages = new Map();
  }

  /** Fetch the first page. */
  start() {
    return this.page(0);
  }

  /** @param {number} index @returns {Item|undefined} */
  at(index) {
    return this.items.get(index);
  }

  /** Where an event stands, -1 when it is not known here. @param {number} event */
  indexOf(event) {
    return this.positions.get(event) ?? -1;
  }

  /** See that a stretch of events is fetched. @param {number} from @param {number} to  behind the last */
  want(from, to) {
    const last = Math.min(to, this.total) - 1;
    for (let page = Math.floor(Math.max(from, 0) / PAGE); page * PAGE <= last; page++) void this.page(page);
  }

  /** An event at its place, fetched when it is not here. @param {number} index */
  async fetched(index) {
    if (index < 0 || index >= this.total) return undefined;
    await this.page(Math.floor(index / PAGE));
    return this.at(index);
  }

  /** @param {number} page @returns {Promise<void>} */
  page(page) {
    const known = this.pages.get(page);
    if (known) return known;
    const coming = this.#fetch(page);
    this.pages.set(page, coming);
    coming.catch(() => this.pages.delete(page));
    return coming;
  }

  /** @param {number} page */
  async #fetch(page) {
    const start = page * PAGE;
    const { offset, limit } = span(start, this.gone, this.waiting());
    const answer = await this.fetchPage(offset, limit);
    const isLast = offset + answer.items.length >= answer.total;
    const items = page ? answer.items.filter((item) => !this.positions.has(item.event)) : answer.items;
    items.slice(0, PAGE).forEach((item, i) => {
      this.items.set(start + i, item);
      if (!this.positions.has(item.event)) this.positions.set(item.event, start + i);
    });
    if (!page) this.total = answer.total;
    else if (isLast && items.length <= PAGE) this.total = start + items.length;
    else this.total = Math.max(this.total, start + Math.min(PAGE, items.length));
    this.changed();
  }

  /** Change what is known of an event. @param {number} event @param {Partial<Item>} changes */
  patch(event, changes) {
    const item = this.at(this.indexOf(event));
    if (item) Object.assign(item, changes);
    return item;
  }

  /** An event was decided, or is open again. @param {number} event @param {boolean} isReviewed */
  settle(event, isReviewed) {
    if (!this.shrinks || this.indexOf(event) < 0) return;
    if (isReviewed) this.gone.add(this.indexOf(event));
    else this.gone.delete(this.indexOf(event));
  }

  /**
   * The next position that is still to be decided (any, when reviewed events are asked for).
   * @param {number} index @returns {Promise<number>} -1 behind the last
   */
  async next(index) {
    for (let at = index + 1; at < this.total; at++) {
      const item = await this.fetched(at);
      if (item && !(this.shrinks && item.reviewed)) return at;
    }
    return -1;
  }
}
