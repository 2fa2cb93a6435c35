/**
 * Choosing a species by typing: a combobox with a list (WAI-ARIA Authoring Practices, "Editable
 * Combobox With List Autocomplete").
 */
import { byId, chip, make, refill } from "./dom.js";
import { animal, count, labelled, say } from "./words.js";

/** @typedef {import("./types.js").Species} Species */

const SHOWN = 60;

/** Letters alike whatever their case and accents; ё as е. @param {string} words */
export const plain = (words) => words.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/[-_]/g, " ").trim();

/** All that a species is called. @param {Species} one @returns {string[]} */
const names = (one) => [one.name, one.en, one.ru, one.zh].filter((name) => name !== undefined);

/**
 * The species that fit what was typed in any language: those that begin so first, then those with a
 * word that does, then those that hold it; animals of this landscape first, and then the shortest,
 * which is the nearest to what was typed.
 * @param {Species[]} all @param {string} typed @returns {Species[]}
 */
export function matching(all, typed) {
  const wanted = plain(typed);
  if (!wanted) return all;
  const rank = (/** @type {string} */ called) => {
    const name = plain(called);
    if (name.startsWith(wanted)) return 0;
    if (name.includes(` ${wanted}`)) return 1;
    return name.includes(wanted) ? 2 : 3;
  };
  const nearest = (/** @type {Species} */ one) =>
    names(one).map((name) => ({ rank: rank(name), length: name.length })).sort((a, b) => a.rank - b.rank || a.length - b.length)[0];
  const other = (/** @type {Species} */ one) => (one.en ? 0 : 1);
  return all.map((one, order) => ({ one, order, ...nearest(one) })).filter(({ rank }) => rank < 3)
    .sort((a, b) => other(a.one) - other(b.one) || a.rank - b.rank || a.length - b.length || a.order - b.order).map(({ one }) => one);
}

export class SpeciesBox {
  /** @param {Species[]} all @param {(species: Species) => void} chosen @param {() => void} left */
  constructor(all, chosen, left) {
    this.all = all;
    this.chosen = chosen;
    this.left = left;
    this.field = /** @type {HTMLInputElement} */ (byId("species"));
    this.list = byId("species-list");
    /** @type {Species[]} */
    this.found = [];
    this.at = -1;
    this.field.addEventListener("input", () => this.#open(true));
    this.field.addEventListener("focus", () => this.#open(false));
    this.field.addEventListener("blur", () => this.close());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    // The field would lose the focus before the click is seen.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest("[data-at]") : null;
      if (option instanceof HTMLElement) this.#choose(Number(option.dataset.at));
    });
  }

  open() {
    this.field.focus();
    this.field.select();
  }

  close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
    this.field.value = "";
    this.at = -1;
  }

  /** @param {boolean} first  mark the first, so that Enter takes it */
  #open(first) {
    this.found = matching(this.all, this.field.value);
    const typed = this.field.value.trim();
    this.at = first && this.found.length && typed ? 0 : -1;
    refill(
      this.list,
      ...this.found.slice(0, SHOWN).map((one, at) =>
        make("li", { role: "option", id: `species-${at}`, "data-at": at, "aria-selected": "false" },
          make("span", {}, animal(one.name), one.en ? make("i", { class: "soft" }, ` ${one.name}`) : null), chip(one.label, labelled(one.label))),
      ),
      this.found.length ? null : make("li", { class: "none" }, say("species.none")),
    );
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    byId("species-count").textContent = count("species.found", this.found.length);
    this.#mark();
  }

  #mark() {
    for (const option of this.list.querySelectorAll("[data-at]"))
      option.setAttribute("aria-selected", String(Number(/** @type {HTMLElement} */ (option).dataset.at) === this.at));
    const option = this.list.querySelector(`[data-at="${this.at}"]`);
    if (option) {
      this.field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else this.field.removeAttribute("aria-activedescendant");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const shown = Math.min(this.found.length, SHOWN);
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
      this.left();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) this.#open(false);
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.at = shown ? (this.at < 0 && step < 0 ? shown - 1 : (this.at + step + shown) % shown) : -1;
      this.#mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.at >= 0) this.#choose(this.at);
    }
  }

  /** @param {number} at */
  #choose(at) {
    const species = this.found[at];
    if (!species) return;
    this.close();
    this.left();
    this.chosen(species);
  }
}
