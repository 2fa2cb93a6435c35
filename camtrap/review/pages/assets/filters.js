/**
 * Which events are asked for: as the form, as the page's address, as the question to the server.
 */
import { make, refill } from "./dom.js";
import { labelled, say } from "./words.js";

export const KINDS = ["all", "leopard", "people", "unsure", "audit", "prey", "other", "empty"];

/** @typedef {Record<"order"|"kind"|"station"|"from"|"to"|"label"|"min"|"max"|"reviewed", string>} Filters */

/** @type {Filters} */
export const DEFAULTS = {
  order: "queue", kind: "all", station: "", from: "", to: "", label: "", min: "", max: "", reviewed: "no",
};

/** The filters in the part behind `#` of an address. @param {string} hash @returns {Filters} */
export function fromHash(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const found = { ...DEFAULTS };
  for (const name of /** @type {(keyof Filters)[]} */ (Object.keys(DEFAULTS))) found[name] = given.get(name) ?? DEFAULTS[name];
  if (!KINDS.includes(found.kind)) found.kind = DEFAULTS.kind;
  return found;
}

/** What differs from the defaults, and the event that is open. @param {Filters} filters @param {number|null} [event] */
export function toHash(filters, event = null) {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(filters))
    if (value !== DEFAULTS[/** @type {keyof Filters} */ (name)]) said.set(name, value);
  if (event !== null) said.set("event", String(event));
  return `#${said}`;
}

/** The event that an address opens. @param {string} hash @returns {number|null} */
export function eventIn(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, "")).get("event");
  return given && /^\d+$/.test(given) ? Number(given) : null;
}

/** The question to the server. @param {Filters} filters @param {number} offset @param {number} limit */
export function question(filters, offset, limit) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value !== "") asked.set(name, value);
  asked.set("offset", String(offset));
  asked.set("limit", String(limit));
  return `/api/queue?${asked}`;
}

/** How many filters beside the kind are set. @param {Filters} filters */
export const narrowed = (filters) =>
  Object.entries(filters).filter(([name, value]) => name !== "kind" && value !== DEFAULTS[/** @type {keyof Filters} */ (name)]).length;

/**
 * Bring the form to life.
 * @param {HTMLFormElement} form @param {import("./types.js").Season} season @param {Filters} filters
 * @param {(filters: Filters) => void} changed
 */
export function bindFilters(form, season, filters, changed) {
  const station = /** @type {HTMLSelectElement} */ (form.elements.namedItem("station"));
  const label = /** @type {HTMLSelectElement} */ (form.elements.namedItem("label"));
  const labels = ["leopard", "prey", "other", "person", "vehicle", "empty", "unsure"];
  const spellOptions = () => {
    const kept = read(form);
    refill(station, option("", say("filter.any")), ...season.stations.map((id) => option(id, id || say("queue.no_station"))));
    refill(label, option("", say("filter.any")), ...labels.map((one) => option(one, labelled(one))));
    write(form, kept);
  };
  spellOptions();
  write(form, filters);
  for (const name of ["from", "to"]) {
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
    if (season.first_date) field.min = season.first_date;
    if (season.last_date) field.max = season.last_date;
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => form.checkValidity() && changed(read(form)));
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    const kept = { ...DEFAULTS, kind: read(form).kind };
    write(form, kept);
    changed(kept);
  });
  return { spell: spellOptions, show: (/** @type {Filters} */ now) => write(form, now) };
}

/** @param {string} value @param {string} words */
const option = (value, words) => make("option", { value }, words);

/** @param {HTMLFormElement} form @returns {Filters} */
function read(form) {
  const given = new FormData(form);
  const found = { ...DEFAULTS };
  for (const name of /** @type {(keyof Filters)[]} */ (Object.keys(DEFAULTS))) {
    const value = given.get(name);
    if (typeof value === "string") found[name] = value;
  }
  // Chances are asked in percent and sent as 0..1.
  for (const name of /** @type {const} */ (["min", "max"])) if (found[name] !== "") found[name] = String(Number(found[name]) / 100);
  return found;
}

/** @param {HTMLFormElement} form @param {Filters} filters */
function write(form, filters) {
  for (const [name, value] of Object.entries(filters)) {
    const field = form.elements.namedItem(name);
    const percent = (name === "min" || name === "max") && value !== "";
    if (field instanceof RadioNodeList || field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
      field.value = percent ? String(Math.round(Number(value) * 100)) : value;
  }
}
