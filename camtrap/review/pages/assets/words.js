/**
 * The words of the pages, one JSON file a language in `words/`.
 *
 * A sentence has gaps, `{n}`; a counted word has one form for each kind of number that its language
 * tells apart (one, few, many, other). What is put into a gap is text and never markup.
 */

/** @typedef {string | Record<string, string>} Forms */

export const LANGUAGES = ["en", "ru", "zh"];

/** Animals by the name that is kept. @type {Map<string, Record<string, string>>} */
let animals = new Map();
const NAMES = { en: "English", ru: "Русский", zh: "中文" };
const TAGS = { en: "en", ru: "ru", zh: "zh-Hans" };
const REMEMBERED = "camtrap.language";

/** @type {{language: string, forms: Record<string, Forms>}} */
let spoken = { language: "en", forms: {} };

/** The code of the language that is shown. */
export const language = () => spoken.language;

/** A language's name in itself. @param {string} code */
export const nameOf = (code) => NAMES[/** @type {"en"} */ (code)] ?? code;

/**
 * `{"people": {"title": …}}` as `people.title`; a table of plural forms stays one value.
 * @param {Record<string, any>} table @param {string} [prefix]
 * @returns {Record<string, Forms>}
 */
export function flat(table, prefix = "") {
  /** @type {Record<string, Forms>} */
  const found = {};
  for (const [name, value] of Object.entries(table)) {
    const counted = typeof value === "object" && typeof value.other === "string" && Object.keys(value)
      .every((form) => ["one", "few", "many", "other"].includes(form));
    if (typeof value === "string" || counted) found[prefix + name] = value;
    else Object.assign(found, flat(value, `${prefix}${name}.`));
  }
  return found;
}

/**
 * A sentence with its gaps filled; whole numbers are written as the language does.
 * @param {string} sentence @param {Record<string, unknown>} values @param {string} code
 */
export function fill(sentence, values, code) {
  return sentence.replace(/\{(\w+)\}/g, (gap, name) => {
    const value = values[name];
    if (value === undefined || value === null) return gap;
    return typeof value === "number" ? new Intl.NumberFormat(code).format(value) : String(value);
  });
}

/**
 * The form that a number takes (Unicode CLDR, which the browser holds).
 * @param {Record<string, string>} forms @param {number} n @param {string} code
 */
export function formFor(forms, n, code) {
  return forms[new Intl.PluralRules(code).select(n)] ?? forms.other;
}

/** What a key says. @param {string} key @param {Record<string, unknown>} [values] */
export function say(key, values = {}) {
  const form = spoken.forms[key];
  return typeof form === "string" ? fill(form, values, spoken.language) : key;
}

/** What a counted key says of a number. @param {string} key @param {number} n @param {Record<string, unknown>} [values] */
export function count(key, n, values = {}) {
  const forms = spoken.forms[key];
  if (!forms || typeof forms === "string") return key;
  return fill(formFor(forms, n, spoken.language), { n, ...values }, spoken.language);
}

/** Whether there is a word for it. @param {string} key */
export const has = (key) => key in spoken.forms;

/** A label in words. @param {string} label */
export const labelled = (label) => (has(`label.${label}`) ? say(`label.${label}`) : label);

/** A number as the language writes it. @param {number} value @param {number} [digits] */
export const number = (value, digits = 0) =>
  new Intl.NumberFormat(spoken.language, { maximumFractionDigits: digits }).format(value);

/** A chance in whole percent; never 0 or 100, which no machine knows. @param {number|null|undefined} chance */
export function percent(chance) {
  if (chance === null || chance === undefined) return "";
  if (chance < 0.01) return say("percent.under");
  if (chance > 0.99) return say("percent.over");
  return say("percent.plain", { n: Math.round(100 * chance) });
}

/**
 * `2026-03-01T02:11:04` as `2026-03-01 02:11:04`: the camera's clock as it is, in every language.
 * @param {string|null} time
 */
export const clock = (time) => (time ? time.slice(0, 19).replace("T", " ") : say("time.unknown"));

/** When a person said it (UTC), on this computer's clock, to the minute. @param {string} at */
export function moment(at) {
  const when = new Date(/Z|[+-]\d\d:?\d\d$/.test(at) ? at : `${at}Z`);
  if (Number.isNaN(when.getTime())) return at;
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())} ${two(when.getHours())}:${two(when.getMinutes())}`;
}

/**
 * The language that was chosen last, else the season's, else the browser's.
 * @param {string} seasons @param {readonly string[]} browsers
 */
export function chosen(seasons, browsers = navigator.languages) {
  const kept = localStorage.getItem(REMEMBERED);
  const asked = [kept, seasons, ...browsers.map((tag) => tag.slice(0, 2))];
  return asked.find((code) => code && LANGUAGES.includes(code)) ?? "en";
}

let turn = 0;

/** Fetch a language and show it from now on; of several that are asked for, the last. @param {string} code @param {boolean} [remember] */
export async function speak(code, remember = false) {
  const mine = ++turn;
  const answer = await fetch(`/words/${code}.json`);
  if (!answer.ok) throw new Error(`words: ${answer.status}`);
  const forms = flat(await answer.json());
  if (mine !== turn) return;
  spoken = { language: code, forms };
  if (remember) localStorage.setItem(REMEMBERED, code);
  document.documentElement.lang = TAGS[/** @type {"en"} */ (code)];
  spell(document.body);
}

/** Put the words into what is marked with `data-word…`. @param {Element} root */
export function spell(root) {
  const each = (/** @type {string} */ name, /** @type {(element: HTMLElement, words: string) => void} */ put) => {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(`[${name}]`)))
      put(element, say(element.getAttribute(name) ?? ""));
  };
  each("data-word", (element, words) => (element.textContent = words));
  each("data-word-label", (element, words) => element.setAttribute("aria-label", words));
  each("data-word-title", (element, words) => element.setAttribute("title", words));
}

/** Which animals have a name in each language. @param {import("./types.js").Species[]} all */
export function learnAnimals(all) {
  animals = new Map(all.filter((one) => one.en).map((one) => [one.name, /** @type {Record<string, string>} */ (one)]));
}

/** A species in the page's language, or the name that is kept. @param {string} name */
export const animal = (name) => animals.get(name)?.[language()] ?? name;
