/**
 * What the person at this window says: shown at once, saved behind, taken back when it was not.
 *
 * A visit's frames carry the newest word of each file. Saying something changes them here first; the
 * outbox then tells whether that stands, whether somebody else was quicker, or why it was refused.
 */
import { Outbox, newId } from "./outbox.js";

/**
 * @typedef {import("./types.js").Visit} Visit
 * @typedef {import("./types.js").Said} Said
 * @typedef {import("./outbox.js").Decision} Decision
 * @typedef {{id: string, event: number, before: Record<string, Said|null>, label: string, batch: string}} Step
 *
 * @typedef {object} Told
 * @property {(event: number) => void} changed  an event's words are others now
 * @property {(event: number, isSaved: boolean) => void} saved  an event went into the ledger, or out of it
 * @property {(letter: Decision, theirs: Record<string, any>) => void} conflict
 * @property {(label: string, problem: Error) => void} refused
 * @property {(event: number|null, label: string) => void} undone  nothing was there to undo: null
 * @property {() => void} locked
 * @property {(n: number) => void} waiting
 * @property {(why: string) => void} stuck
 */

/**
 * What was said of an event, from its frames: nothing until each of them is reviewed.
 * @param {{reviewed: Said|null}[]} frames @returns {Said|null}
 */
export function saidOf(frames) {
  const words = frames.map((frame) => frame.reviewed);
  if (!words.length || words.some((word) => !word)) return null;
  const newest = /** @type {Said[]} */ (words).reduce((a, b) => (b.at >= a.at ? b : a));
  return { ...newest, mixed: new Set(words.map((word) => word?.label)).size > 1 };
}

export class Decisions {
  /**
   * @param {string} season @param {(letter: import("./outbox.js").Letter) => Promise<any>} send
   * @param {Map<number, Visit>} visits  the events that were looked at
   * @param {() => string} reviewer @param {Told} told
   */
  constructor(season, send, visits, reviewer, told) {
    this.visits = visits;
    this.reviewer = reviewer;
    this.told = told;
    /** @type {Step[]} */
    this.steps = [];
    this.outbox = new Outbox({
      season,
      send,
      reports: {
        saved: (letter, answer) => (letter.kind === "undo" ? this.#undone(letter, answer) : this.#saved(letter, answer)),
        conflict: (letter, theirs) => this.#conflict(letter, theirs),
        refused: (letter, problem) => this.#refused(letter, problem),
        locked: told.locked,
        waiting: told.waiting,
        stuck: told.stuck,
      },
    });
  }

  /**
   * Say what is in some frames of a visit.
   * @param {Visit} visit @param {number[]} files @param {string} label @param {string} [species]
   */
  say(visit, files, label, species = "") {
    const frames = visit.frames.filter((frame) => files.includes(frame.file));
    const id = newId();
    this.steps.push({
      id,
      event: visit.event,
      before: Object.fromEntries(frames.map((frame) => [frame.file, frame.reviewed])),
      label,
      batch: "",
    });
    const versions = Object.fromEntries(frames.map((frame) => [frame.file, frame.version]));
    this.#show(visit.event, Object.fromEntries(files.map((file) => [file, this.#word(label, species)])));
    this.outbox.add({ id, kind: "decide", reviewer: this.reviewer(), event: visit.event, files: versions, label, species });
  }

  /**
   * Say a decision once more over what somebody else said meanwhile.
   * @param {Decision} letter @param {Record<string, any>} theirs
   */
  insist(letter, theirs) {
    const files = { ...letter.files };
    for (const [file, one] of Object.entries(theirs)) files[file] = one.version;
    const before = Object.fromEntries(Object.keys(files).map((file) => [file, theirs[file] ?? null]));
    const id = newId();
    this.steps.push({ id, event: letter.event, before, label: letter.label, batch: "" });
    const word = this.#word(letter.label, letter.species);
    this.#show(letter.event, Object.fromEntries(Object.keys(files).map((file) => [file, word])));
    this.outbox.add({ ...letter, id, reviewer: this.reviewer(), files });
  }

  /** Take back the last decision; at the end of this window's own, the server's newest of this person. */
  undo() {
    const step = this.steps.pop();
    if (step) {
      this.#show(step.event, step.before);
      if (this.outbox.withdraw(step.id)) {
        this.told.undone(step.event, step.label);
        return;
      }
    }
    this.outbox.add({ id: newId(), kind: "undo", reviewer: this.reviewer(), of: step?.id ?? "", batch: step?.batch ?? "" });
    if (step) this.told.undone(step.event, step.label);
  }

  /** @param {string} label @param {string} species @returns {Said} */
  #word(label, species) {
    return { label, species, by: this.reviewer(), at: new Date().toISOString() };
  }

  /** @param {number} event @param {Record<string, Said|null>} words @param {boolean} [versions] */
  #show(event, words, versions = false) {
    for (const frame of this.visits.get(event)?.frames ?? []) {
      if (!(frame.file in words)) continue;
      const word = words[frame.file];
      frame.reviewed = word && word.label ? word : null;
      if (versions && word) frame.version = word.version ?? frame.version;
    }
    this.told.changed(event);
  }

  /** @param {Decision} letter @param {any} answer */
  #saved(letter, answer) {
    const step = this.steps.find((one) => one.id === letter.id);
    if (step) step.batch = answer.batch ?? "";
    const waits = this.outbox.letters.some((one) => one.kind === "decide" && one.event === letter.event);
    for (const frame of this.visits.get(letter.event)?.frames ?? []) {
      const saved = answer.saved[frame.file];
      if (!saved) continue;
      frame.version = saved.version;
      // A later decision on it is shown already and waits behind this one.
      if (!waits && step) frame.reviewed = saved;
    }
    this.told.changed(letter.event);
    this.told.saved(letter.event, true);
  }

  /** @param {Decision} letter @param {Record<string, any>} theirs */
  #conflict(letter, theirs) {
    this.#back(letter.id, letter.event);
    this.#show(letter.event, theirs, true);
    this.told.conflict(letter, theirs);
  }

  /** @param {import("./outbox.js").Letter} letter @param {Error} problem */
  #refused(letter, problem) {
    if (letter.kind === "decide") this.#back(letter.id, letter.event);
    this.told.refused(letter.kind === "decide" ? letter.label : "", problem);
  }

  /** @param {string} id @param {number} event */
  #back(id, event) {
    const at = this.steps.findIndex((step) => step.id === id);
    if (at < 0) return;
    const [step] = this.steps.splice(at, 1);
    this.#show(event, step.before);
  }

  /** @param {import("./outbox.js").Undo} letter @param {any} answer */
  #undone(letter, answer) {
    const undone = answer.undone ?? {};
    const event = answer.event ?? this.#eventOf(undone);
    for (const frame of (event !== null && this.visits.get(event)?.frames) || []) {
      const one = undone[frame.file];
      if (one) Object.assign(frame, { version: one.version, reviewed: one.reviewed });
    }
    if (event !== null && Object.keys(undone).length) {
      this.told.changed(event);
      this.told.saved(event, false);
      if (!letter.of) this.told.undone(event, "");
    } else if (!letter.of) this.told.undone(null, "");
  }

  /** @param {Record<string, any>} undone @returns {number|null} */
  #eventOf(undone) {
    for (const [event, visit] of this.visits)
      if (visit.frames.some((frame) => frame.file in undone)) return event;
    return null;
  }
}
