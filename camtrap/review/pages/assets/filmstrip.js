/**
 * The frames of an event in a row; the one that is looked at is marked and kept in view.
 */
import { make, refill } from "./dom.js";
import { thumbOf } from "./pictures.js";
import { clock, labelled, say } from "./words.js";

/** @typedef {import("./types.js").Frame} Frame */

/** A step along the frames that begins anew behind the last, so that a held key shows movement. @param {number} at @param {number} step @param {number} total */
export const flipped = (at, step, total) => (total ? (at + step + total) % total : 0);

export class Filmstrip {
  /** @param {HTMLElement} list @param {(index: number) => void} chosen */
  constructor(list, chosen) {
    this.list = list;
    this.chosen = chosen;
    /** @type {HTMLButtonElement[]} */
    this.buttons = [];
  }

  /** @param {Frame[]} frames @param {number} current */
  show(frames, current) {
    this.buttons = frames.map((frame, index) =>
      make(
        "button",
        { type: "button", class: "frame", onclick: () => this.chosen(index) },
        make("img", { src: thumbOf(frame.file), alt: "", loading: "lazy", onerror: hide, width: 96, height: 72 }),
        make("span", { class: "number" }, index + 1),
        make("span", { class: "said" }),
      ),
    );
    refill(this.list, ...this.buttons.map((button) => make("li", {}, button)));
    this.list.parentElement?.classList.toggle("single", frames.length < 2);
    this.words(frames);
    this.mark(current);
  }

  /** What people said of the frames, without making them anew. @param {Frame[]} frames */
  words(frames) {
    frames.forEach((frame, index) => {
      const button = this.buttons[index];
      const said = frame.reviewed?.label ?? "";
      button.className = `frame ${said}`;
      button.lastElementChild?.replaceChildren(said ? labelled(said) : "");
      const parts = [say("event.frame", { n: index + 1, of: frames.length }), clock(frame.taken_at)];
      if (said) parts.push(labelled(said));
      button.setAttribute("aria-label", parts.join(", "));
    });
  }

  /** @param {number} current */
  mark(current) {
    this.buttons.forEach((button, index) => {
      if (index === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    const button = this.buttons[current];
    if (!button) return;
    const middle = button.offsetLeft - this.list.offsetLeft - (this.list.clientWidth - button.offsetWidth) / 2;
    this.list.scrollLeft = middle;
  }
}

/** @param {Event} event */
const hide = (event) => {
  if (event.target instanceof HTMLElement) event.target.style.visibility = "hidden";
};
