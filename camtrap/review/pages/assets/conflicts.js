/**
 * When somebody else was quicker: who said what, and the choice between their word and mine.
 *
 * It is shown beside the work and not in front of it, so that a key meant for the next event
 * answers nothing here by accident; what is not answered yet outlives a reload.
 */
import { byId, chip, make, refill } from "./dom.js";
import { speakOut } from "./notices.js";
import { thumbOf } from "./pictures.js";
import { animal, count, labelled, moment, say } from "./words.js";

/** @typedef {import("./outbox.js").Decision} Decision */
/** @typedef {{letter: Decision, theirs: Record<string, any>}} Conflict */

/**
 * What others said, each word once. @param {Record<string, any>} theirs
 * @returns {{label: string, species: string, by: string, at: string}[]}
 */
export function voices(theirs) {
  const said = new Map();
  for (const one of Object.values(theirs)) said.set([one.by, one.label, one.species ?? ""].join("\n"), one);
  return [...said.values()];
}

export class Conflicts {
  /** @param {string} season @param {{mine: (conflict: Conflict) => void, open: (event: number) => void}} by */
  constructor(season, by) {
    this.key = `camtrap.conflicts.${season}`;
    this.by = by;
    /** @type {Conflict[]} */
    this.all = [];
    try {
      this.all = JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
    } catch {
      sessionStorage.removeItem(this.key);
    }
    this.draw();
  }

  /** @param {Decision} letter @param {Record<string, any>} theirs */
  add(letter, theirs) {
    this.all.push({ letter, theirs });
    this.#keep();
    speakOut(`${say("conflict.title")}. ${this.#sentence(theirs)} ${say("conflict.question")}`, true);
  }

  /** Keep what the other said. @param {number} [at] */
  theirs(at = 0) {
    if (!this.all.splice(at, 1).length) return false;
    this.#keep();
    speakOut(say("conflict.kept"));
    return true;
  }

  /** Say mine over theirs. @param {number} [at] */
  mine(at = 0) {
    const [conflict] = this.all.splice(at, 1);
    if (!conflict) return false;
    this.#keep();
    this.by.mine(conflict);
    return true;
  }

  #keep() {
    sessionStorage.setItem(this.key, JSON.stringify(this.all));
    this.draw();
  }

  /** @param {Record<string, any>} theirs */
  #sentence(theirs) {
    return voices(theirs)
      .map((one) => one.by && one.label
        ? say("conflict.said", { by: one.by, label: animal(one.species) || labelled(one.label), at: one.at ? moment(one.at) : "" })
        : say("conflict.changed"))
      .join(" ");
  }

  draw() {
    const place = byId("conflicts");
    place.hidden = !this.all.length;
    refill(place, ...this.all.slice(0, 3).map((conflict, at) => this.#card(conflict, at)),
      this.all.length > 3 && make("p", { class: "more" }, count("conflict.more", this.all.length - 3)));
  }

  /** @param {Conflict} conflict @param {number} at */
  #card({ letter, theirs }, at) {
    const file = Number(Object.keys(theirs)[0]);
    const key = (/** @type {string} */ letter) => at === 0 && make("kbd", { "aria-hidden": "true" }, letter);
    return make(
      "article",
      { class: "conflict" },
      make("h2", {}, say("conflict.title")),
      make("button", { type: "button", class: "peek", "aria-label": say("conflict.look"), onclick: () => this.by.open(letter.event) },
        make("img", { src: thumbOf(file), alt: "", width: 112, height: 84 })),
      make("div", {}, make("p", {}, this.#sentence(theirs)),
        make("p", {}, say("conflict.you"), " ", chip(letter.label, animal(letter.species) || labelled(letter.label)))),
      make("p", { class: "row" },
        make("button", { type: "button", onclick: () => this.theirs(at) }, key("K"), say("conflict.theirs")),
        make("button", { type: "button", onclick: () => this.mine(at) }, key("M"), say("conflict.mine"))),
    );
  }
}
