/**
 * Decisions on their way to the ledger: kept on this device until the server has saved them.
 *
 * They go out one at a time and in order. A server that is away loses none of them: they lie in
 * `localStorage` and are sent again, also after the window was closed. Each window has an outbox of
 * its own; what a closed window left behind is taken over by the next one that opens.
 */
import { Away, Refused } from "./api.js";

/**
 * @typedef {object} Decision
 * @property {string} id
 * @property {"decide"} kind
 * @property {string} reviewer
 * @property {number} event
 * @property {Record<string, number>} files  the version of each file that the decision was made on
 * @property {string} label
 * @property {string} species
 *
 * @typedef {{id: string, kind: "undo", reviewer: string, of: string, batch: string}} Undo
 *   `of` is the decision that is taken back; "" for the newest that the server knows.
 * @typedef {Decision | Undo} Letter
 *
 * @typedef {object} Reports
 * @property {(letter: Letter, answer: any) => void} saved
 * @property {(letter: Decision, theirs: Record<string, any>) => void} conflict
 * @property {(letter: Letter, problem: Refused) => void} refused
 * @property {() => void} locked  the server asks for its token; nothing is sent until it has it
 * @property {(waiting: number) => void} waiting
 * @property {(why: string) => void} stuck  the server is there and cannot save now; "" when it can again
 */

const ORPHAN_MS = 15000;
const ALIVE_MS = 5000;
const AGAIN_MS = 1500;

/** A name that no other letter has. */
export const newId = () => Math.random().toString(36).slice(2) + Date.now().toString(36);

/**
 * What waits behind a saved decision is judged by what that one made of the files.
 * @param {Letter[]} letters @param {Decision} done @param {any} answer
 */
export function carriedOver(letters, done, answer) {
  return letters.map((letter) => {
    if (letter.kind === "undo") return letter.of === done.id ? { ...letter, batch: answer.batch ?? "" } : letter;
    const files = { ...letter.files };
    for (const [file, saved] of Object.entries(answer.saved ?? {})) if (file in files) files[file] = saved.version;
    return { ...letter, files };
  });
}

/**
 * True when what the server has is just what we say: an answer of an earlier sending was lost.
 * @param {Decision} letter @param {Record<string, any>} theirs
 */
export const isOurs = (letter, theirs) =>
  Object.values(theirs).every(
    (one) => one.by === letter.reviewer && one.label === letter.label && (one.species ?? "") === letter.species,
  );

export class Outbox {
  /**
   * @param {{season: string, send: (letter: Letter) => Promise<any>, reports: Reports, storage?: Storage, own?: string}} has
   */
  constructor({ season, send, reports, storage = localStorage, own = ownName() }) {
    this.prefix = `camtrap.outbox.${season}.`;
    this.own = own;
    this.send = send;
    this.reports = reports;
    this.storage = storage;
    /** @type {Letter[]} */
    this.letters = this.#read(this.prefix + own)?.letters ?? [];
    this.sending = false;
    this.isLocked = false;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
    this.#adopt();
    setInterval(() => this.letters.length && this.#keep(), ALIVE_MS);
  }

  /** How many are not saved yet. */
  get waiting() {
    return this.letters.length;
  }

  /** @param {Letter} letter */
  add(letter) {
    this.letters.push(letter);
    this.#keep();
    void this.flush();
  }

  /**
   * Take back what has not gone out yet; false when it has, or when it is not here.
   * @param {string} id
   */
  withdraw(id) {
    const at = this.letters.findIndex((letter) => letter.id === id);
    if (at < 0 || (at === 0 && this.sending)) return false;
    this.letters.splice(at, 1);
    this.#keep();
    return true;
  }

  /** True for a letter that is not saved yet. @param {string} id */
  holds(id) {
    return this.letters.some((letter) => letter.id === id);
  }

  /** Send what waits, until all is saved or the server is away. */
  async flush() {
    if (this.sending || this.isLocked) return;
    this.sending = true;
    clearTimeout(this.timer);
    try {
      while (this.letters.length) await this.#first();
    } catch (problem) {
      if (!(problem instanceof Away)) throw problem;
      this.reports.stuck(problem.told);
      // A server that goes away in the middle may have saved it: sent again, it is recognised.
      this.timer = setTimeout(() => void this.flush(), AGAIN_MS);
    } finally {
      this.sending = false;
    }
  }

  /** The server has its token now. */
  unlock() {
    this.isLocked = false;
    void this.flush();
  }

  async #first() {
    const letter = this.letters[0];
    try {
      const answer = await this.send(letter);
      this.reports.stuck("");
      this.letters.shift();
      if (letter.kind === "decide") this.letters = carriedOver(this.letters, letter, answer);
      this.#keep();
      this.reports.saved(letter, answer);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (problem.status === 401) {
        this.isLocked = true;
        this.reports.locked();
        throw new Away("token");
      }
      this.letters.shift();
      const theirs = problem.body?.conflicts;
      if (letter.kind === "decide" && problem.status === 409 && theirs) this.#answer(letter, theirs);
      else {
        this.#forgetUndo(letter);
        this.reports.refused(letter, problem);
      }
    }
  }

  /** @param {Decision} letter @param {Record<string, any>} theirs */
  #answer(letter, theirs) {
    if (isOurs(letter, theirs)) {
      const files = { ...letter.files };
      for (const [file, one] of Object.entries(theirs)) files[file] = one.version;
      const all = Object.keys(files).every((file) => file in theirs);
      if (all) {
        this.letters = carriedOver(this.letters, letter, { saved: theirs });
        this.#keep();
        this.reports.saved(letter, { saved: theirs, batch: "" });
      } else {
        this.letters.unshift({ ...letter, files });
        this.#keep();
      }
      return;
    }
    this.#forgetUndo(letter);
    this.reports.conflict(letter, theirs);
  }

  // There is nothing to take back of what was never saved.
  /** @param {Letter} letter */
  #forgetUndo(letter) {
    this.letters = this.letters.filter((one) => one.kind !== "undo" || one.of !== letter.id);
    this.#keep();
  }

  #keep() {
    const key = this.prefix + this.own;
    if (this.letters.length) this.storage.setItem(key, JSON.stringify({ at: Date.now(), letters: this.letters }));
    else this.storage.removeItem(key);
    this.reports.waiting(this.letters.length);
  }

  #adopt() {
    const keys = [];
    for (let i = 0; i < this.storage.length; i++) keys.push(this.storage.key(i) ?? "");
    for (const key of keys) {
      if (!key.startsWith(this.prefix) || key === this.prefix + this.own) continue;
      const left = this.#read(key);
      if (!left || Date.now() - left.at < ORPHAN_MS) continue;
      this.storage.removeItem(key);
      this.letters.push(...left.letters);
    }
    if (this.letters.length) this.#keep();
  }

  /** @param {string} key @returns {{at: number, letters: Letter[]}|null} */
  #read(key) {
    try {
      const kept = JSON.parse(this.storage.getItem(key) ?? "null");
      return kept && Array.isArray(kept.letters) ? kept : null;
    } catch {
      return null;
    }
  }
}

// A window keeps its name when it is loaded again, and no two windows have the same.
function ownName() {
  const key = "camtrap.window";
  const kept = sessionStorage.getItem(key) ?? newId();
  sessionStorage.setItem(key, kept);
  return kept;
}
