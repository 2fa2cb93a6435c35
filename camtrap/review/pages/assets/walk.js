/**
 * The walk through the events: which one is open, what is fetched ahead, what a decision leads to.
 */
import { patiently } from "./api.js";
import { pictureOf, thumbOf } from "./pictures.js";

/** @typedef {import("./types.js").Visit} Visit */
/** @typedef {import("./types.js").Item} Item */

const AHEAD = 4; // events fetched before they are asked for; the pictures of the nearest two in full
const KEPT = 400; // visits that are remembered, some kilobytes each

export class Walk {
  /**
   * @param {import("./event.js").EventView} view @param {import("./pictures.js").Pictures} pictures
   * @param {{opened: (event: number) => void, ended: () => void, failed: (problem: Error) => void}} tell
   */
  constructor(view, pictures, tell) {
    this.view = view;
    this.pictures = pictures;
    this.tell = tell;
    /** @type {import("./queue.js").Queue|null} */
    this.queue = null;
    /** @type {Map<number, Visit>} */
    this.visits = new Map();
    /** @type {Map<number, Promise<Visit>>} */
    this.coming = new Map();
    /** @type {number|null} */
    this.event = null;
    this.index = -1;
    this.turn = 0;
    /** @type {Promise<boolean>} */
    this.ready = Promise.resolve(false);
  }

  /** An event with its frames. @param {number} event @returns {Promise<Visit>} */
  visit(event) {
    const known = this.visits.get(event);
    if (known) return Promise.resolve(known);
    const coming = this.coming.get(event) ?? patiently(`/api/event/${event}`).then((visit) => {
      this.visits.set(event, visit);
      return visit;
    }).finally(() => this.coming.delete(event));
    this.coming.set(event, coming);
    return coming;
  }

  /** Forget the oldest visits; those that are at work are asked to stay. @param {(event: number) => boolean} isBusy */
  tidy(isBusy) {
    for (const event of this.visits.keys()) {
      if (this.visits.size <= KEPT) return;
      if (event !== this.event && !isBusy(event)) this.visits.delete(event);
    }
  }

  /** Open the event at a place of the queue. @param {number} index */
  async go(index) {
    const item = await this.queue?.fetched(index);
    if (item) await this.open(item.event, index);
  }

  /**
   * Open an event. Its place in the queue stays when it is not of the queue, so that the way goes
   * on from there.
   * @param {number} event @param {number} [index]
   */
  async open(event, index = this.queue?.indexOf(event) ?? -1) {
    const turn = ++this.turn;
    this.event = event;
    if (index >= 0) this.index = index;
    this.tell.opened(event);
    const item = this.queue?.at(this.queue.indexOf(event));
    if (!this.visits.has(event) && item) this.view.expect(item);
    this.ready = this.visit(event).then((visit) => {
      if (turn !== this.turn) return false;
      this.view.show(visit);
      void this.#ahead(turn);
      return true;
    }).catch((problem) => {
      if (turn === this.turn) this.tell.failed(problem);
      return false;
    });
    await this.ready;
  }

  close() {
    this.turn++;
    this.event = null;
  }

  /** @param {number} turn */
  async #ahead(turn) {
    if (!this.queue) return;
    let at = this.queue.at(this.index)?.event === this.event ? this.index : this.index - 1;
    for (let step = 1; step <= AHEAD; step++) {
      at = await this.queue.next(at);
      if (at < 0 || turn !== this.turn) return;
      const item = this.queue.at(at);
      if (!item) return;
      const visit = await this.visit(item.event).catch(() => null);
      if (!visit || turn !== this.turn) return;
      const cover = visit.frames.some((frame) => frame.file === visit.cover) ? visit.cover : visit.frames[0]?.file;
      if (cover === undefined) continue;
      if (step <= 2) void this.pictures.bring(pictureOf(cover));
      else void this.pictures.bring(thumbOf(cover));
    }
  }

  /** On to the next event that is to be decided, or to the end. */
  async next() {
    const turn = this.turn;
    // From an event that is not of the queue, the way leads back to where it was left.
    const isOfQueue = this.queue?.at(this.index)?.event === this.event;
    const at = (await this.queue?.next(this.index - (isOfQueue ? 0 : 1))) ?? -1;
    if (turn !== this.turn) return;
    if (at < 0) this.tell.ended();
    else await this.go(at);
  }

  /** Back to the event before in the queue, decided or not. */
  async previous() {
    if (this.index > 0) await this.go(this.index - 1);
  }

  /** To the one before or after in time at the same station. @param {"before"|"after"} which */
  async beside(which) {
    const event = this.view.visit?.[which];
    if (event !== null && event !== undefined) await this.open(event, this.queue?.indexOf(event) ?? -1);
  }

  /** After a decision: the next frame that nobody has decided when only one was meant, else the next event. */
  async onwards() {
    const visit = this.view.visit;
    if (visit && !this.view.isWhole) {
      const rest = visit.frames.findIndex((frame, i) => i > this.view.at && !frame.reviewed);
      if (rest >= 0) return this.view.frame(rest);
    }
    await this.next();
  }
}
