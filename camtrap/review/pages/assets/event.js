/**
 * One event to decide: its picture, its frames, what the machine and people say of it.
 *
 * It shows and reports; what a decision means and where to go next is the review page's to know.
 */
import { patiently } from "./api.js";
import { byId, chip, make, refill } from "./dom.js";
import { showFacts } from "./facts.js";
import { Filmstrip, flipped } from "./filmstrip.js";
import { LABEL_KEYS } from "./keys.js";
import { pictureOf, sideFor, thumbOf } from "./pictures.js";
import { bindShade } from "./shade.js";
import { Stage } from "./stage.js";
import { animal, clock, count, labelled, moment, percent, say } from "./words.js";

/** @typedef {import("./types.js").Visit} Visit */
/** @typedef {import("./types.js").Item} Item */

const LARGE = 3200;
const SETTLED_MS = 160; // facts are asked for when the frame is looked at and not only flipped past

export class EventView {
  /**
   * @param {import("./pictures.js").Pictures} pictures
   * @param {{say: (label: string) => void, accept: () => void}} by
   */
  constructor(pictures, by) {
    this.pictures = pictures;
    /** @type {Visit|null} */
    this.visit = null;
    this.at = 0;
    this.isWhole = true;
    this.hasBoxes = true;
    /** @type {Map<number, any>} */
    this.files = new Map();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
    this.stage = new Stage(byId("stage"), {
      swiped: (step) => this.flip(step),
      closer: () => void this.#sharper(),
    });
    this.strip = new Filmstrip(byId("strip"), (index) => this.frame(index));
    this.shade = bindShade((filter) => this.stage.shade(filter));
    this.#buttons(by);
  }

  /** @param {{say: (label: string) => void, accept: () => void}} by */
  #buttons(by) {
    byId("says").prepend(
      ...Object.entries(LABEL_KEYS).map(([key, label]) =>
        make("button", { type: "button", class: `say ${label}`, "data-label": label, "aria-keyshortcuts": key, "aria-pressed": "false", onclick: () => by.say(label) },
          make("kbd", { "aria-hidden": "true" }, key), make("span", { "data-word": `label.${label}` }, labelled(label)))),
    );
    byId("accept").addEventListener("click", () => by.accept());
    byId("scope").addEventListener("click", () => this.scope());
    byId("boxes").addEventListener("click", () => this.boxes());
    byId("zoom-in").addEventListener("click", () => this.stage.zoom(1));
    byId("zoom-out").addEventListener("click", () => this.stage.zoom(-1));
    byId("frame-before").addEventListener("click", () => this.flip(-1));
    byId("frame-after").addEventListener("click", () => this.flip(1));
  }

  /** The frame that is looked at. */
  get current() {
    return this.visit?.frames[this.at];
  }

  /** The files that a decision is about. */
  get files_meant() {
    if (!this.visit || !this.current) return [];
    return this.isWhole ? this.visit.frames.map((frame) => frame.file) : [this.current.file];
  }

  /**
   * Before the event's frames are known: its thumbnail and what the queue tells.
   * @param {Item} item
   */
  expect(item) {
    this.visit = null;
    this.#heading(item);
    byId("stage").classList.add("waiting");
    this.stage.show(thumbOf(item.cover), "", { width: 4, height: 3 }, [], false);
    refill(byId("strip"));
  }

  /** @param {Visit} visit */
  show(visit) {
    this.visit = visit;
    this.isWhole = true;
    const best = visit.frames.findIndex((frame) => frame.file === visit.cover);
    this.at = Math.max(0, best);
    this.#heading(visit);
    this.strip.show(visit.frames, this.at);
    this.#frame(false);
    this.words();
    this.#neighbours();
  }

  // The whole burst is fetched at once, the nearest first, so that flipping shows movement.
  #neighbours() {
    const frames = this.visit?.frames ?? [];
    const order = frames.map((_, i) => i).sort((a, b) => Math.abs(a - this.at) - Math.abs(b - this.at));
    for (const i of order.slice(0, 12)) void this.pictures.bring(pictureOf(frames[i].file));
  }

  /** @param {number} step */
  flip(step) {
    if (this.visit) this.frame(flipped(this.at, step, this.visit.frames.length));
  }

  /** @param {number} index */
  frame(index) {
    if (!this.visit || index === this.at) return;
    this.at = index;
    this.strip.mark(index);
    this.#frame(true);
    this.words();
  }

  /** @param {boolean} keepView */
  #frame(keepView) {
    const frame = this.current;
    if (!this.visit || !frame) return;
    const address = pictureOf(frame.file);
    const alt = say("event.alt", { label: labelled(frame.label), station: this.visit.station, when: clock(frame.taken_at) });
    const boxes = this.hasBoxes ? frame.boxes : [];
    const isReady = this.pictures.has(address);
    byId("stage").classList.toggle("waiting", !isReady);
    byId("stage").classList.toggle("infrared", Boolean(frame.infrared));
    byId("missing").hidden = true;
    this.stage.show(isReady ? address : thumbOf(frame.file), alt, frame, boxes, keepView);
    byId("frame-place").textContent = say("event.frame", { n: this.at + 1, of: this.visit.frames.length });
    void this.pictures.bring(address).then((is) => {
      if (this.current !== frame) return;
      if (!is) return this.#missing(frame);
      byId("stage").classList.remove("waiting");
      if (!isReady) this.stage.sharpen(address);
      if (this.stage.isClose) void this.#sharper();
    });
    this.#facts(frame);
  }

  /** @param {import("./types.js").Frame} frame */
  #missing(frame) {
    byId("stage").classList.remove("waiting");
    const place = byId("missing");
    place.hidden = false;
    place.textContent = frame.has_card ? say("event.no_picture") : say("event.plug_in", { card: frame.card });
  }

  /** Try again to get a picture that did not come. */
  retry() {
    this.pictures.hope();
    if (this.visit && !this.pictures.has(pictureOf(this.current?.file ?? 0))) this.#frame(true);
  }

  async #sharper() {
    const frame = this.current;
    if (!frame || frame.width <= sideFor()) return;
    const address = pictureOf(frame.file, LARGE);
    if ((await this.pictures.bring(address)) && this.current === frame && this.stage.isClose) this.stage.sharpen(address);
  }

  /** @param {import("./types.js").Frame} frame */
  #facts(frame) {
    clearTimeout(this.timer);
    showFacts(byId("facts"), frame, this.files.get(frame.file));
    if (this.files.has(frame.file)) return;
    this.timer = setTimeout(async () => {
      const more = await patiently(`/api/file/${frame.file}`, () => this.current === frame).catch(() => null);
      if (!more) return;
      this.files.set(frame.file, more);
      if (this.current === frame) showFacts(byId("facts"), frame, more);
    }, SETTLED_MS);
  }

  /** @param {Item|Visit} event */
  #heading(event) {
    byId("event-title").textContent = event.station || say("queue.no_station");
    byId("event-when").textContent = clock(event.start);
    const frames = typeof event.frames === "number" ? event.frames : event.frames.length;
    byId("event-frames").textContent = count("queue.frames", frames);
    const [before, after] = "before" in event ? [event.before, event.after] : [null, null];
    /** @type {HTMLButtonElement} */ (byId("before")).disabled = before === null;
    /** @type {HTMLButtonElement} */ (byId("after")).disabled = after === null;
    this.#machine(event);
  }

  /** @param {Item|Visit} event */
  #machine(event) {
    const leopard = event.label !== "leopard" ? make("span", { class: "soft" }, say("queue.leopard", { chance: percent(event.leopard) })) : null;
    // What is unsure has no chance of its own: how much of a leopard it may be is what counts.
    const chance = event.label === "unsure" ? null : make("b", {}, percent(event.confidence));
    refill(byId("machine"), chip(event.label, labelled(event.label)), chance, leopard);
    byId("accept-label").textContent = labelled(event.label);
  }

  /** What is said now, after a decision or another language. */
  words() {
    const visit = this.visit;
    if (!visit) return;
    this.strip.words(visit.frames);
    const said = this.isWhole ? visit.reviewed : this.current?.reviewed ?? null;
    const mixed = this.isWhole && visit.reviewed?.mixed;
    refill(byId("people"), ...(said
      ? [chip(said.label, animal(said.species) || labelled(said.label)), make("span", {}, say("event.by", { by: said.by || "?", at: moment(said.at) })),
        mixed ? make("span", { class: "soft" }, say("event.mixed")) : null]
      : [make("span", { class: "soft" }, say("event.nobody"))]));
    for (const button of byId("says").querySelectorAll("[data-label]"))
      button.setAttribute("aria-pressed", String(!mixed && said?.label === button.getAttribute("data-label")));
    const scope = byId("scope");
    scope.setAttribute("aria-pressed", String(!this.isWhole));
    /** @type {HTMLButtonElement} */ (scope).disabled = visit.frames.length < 2;
    byId("scope-words").textContent = this.isWhole
      ? count("event.whole", visit.frames.length)
      : say("event.only", { n: this.at + 1 });
    byId("event").classList.toggle("only", !this.isWhole);
  }

  /** The language has changed. */
  respell() {
    if (!this.visit) return;
    this.#heading(this.visit);
    this.#frame(true);
    this.words();
  }

  /** Decide about the whole event, or about this frame only. */
  scope() {
    if (!this.visit || this.visit.frames.length < 2) return;
    this.isWhole = !this.isWhole;
    this.words();
  }

  boxes() {
    this.hasBoxes = !this.hasBoxes;
    byId("boxes").setAttribute("aria-pressed", String(this.hasBoxes));
    this.stage.boxes = this.hasBoxes ? this.current?.boxes ?? [] : [];
    this.stage.pan(0, 0);
  }
}
