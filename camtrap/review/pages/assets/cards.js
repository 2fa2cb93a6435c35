/**
 * A card of the grid: the best frame of an event, and in two lines what, where and when.
 */
import { chip, make } from "./dom.js";
import { thumbOf } from "./pictures.js";
import { animal, clock, count, labelled, percent, say } from "./words.js";

/** @typedef {import("./types.js").Item} Item */

/** Whose thumbnail did not come is told as such. @param {Event} event */
const away = (event) => {
  const picture = /** @type {HTMLElement} */ (event.target);
  picture.closest(".card")?.classList.add("away");
  picture.remove();
};

/** The chance of what the machine says; of what is unsure, that of a leopard. @param {Item} item */
function chanceOf(item) {
  if (item.label === "unsure") return say("queue.leopard", { chance: percent(item.leopard) });
  return percent(item.label === "leopard" ? item.leopard : item.confidence);
}

/** The day and minute; the year goes where there is no room for it. @param {string} start */
const when = (start) => {
  const words = clock(start);
  if (!/^\d{4}-/.test(words)) return make("span", { class: "when" }, words);
  return make("span", { class: "when" }, make("span", { class: "year" }, words.slice(0, 5)), words.slice(5, 16));
};

/**
 * @param {Item|undefined} item  undefined while it is fetched
 * @param {string} address  where it leads @param {(event: MouseEvent) => void} open
 * @returns {HTMLElement}
 */
export function card(item, address, open) {
  if (!item) return make("a", { class: "card coming", "aria-label": say("queue.coming"), href: address, onclick: (/** @type {Event} */ event) => event.preventDefault() });
  const said = item.reviewed;
  const label = said?.label ?? item.label;
  const name = animal(said?.species || item.species) || labelled(label);
  const station = item.station || say("queue.no_station");
  return make(
    "a",
    { class: `card ${label}${said ? " decided" : ""}`, href: address, onclick: open },
    make("span", { class: "thumb" },
      make("img", { src: thumbOf(item.cover), alt: "", loading: "lazy", decoding: "async", onerror: away }),
      make("span", { class: "not-here" }, say("queue.card_away")),
      item.frames > 1 && make("span", { class: "burst", "aria-hidden": "true" }, item.frames)),
    make("span", { class: "line" }, chip(label, name),
      said
        ? make("span", { class: "tick" }, make("span", { "aria-hidden": "true" }, said.mixed ? "± " : "✓ "),
          make("span", { class: "unseen" }, `${say("queue.by")} `), said.by)
        : make("span", { class: "figure" }, chanceOf(item))),
    make("span", { class: "line soft" }, make("span", { class: "where" }, station), when(item.start)),
    make("span", { class: "unseen" }, count("queue.frames", item.frames)),
  );
}
