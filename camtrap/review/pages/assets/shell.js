/**
 * What all pages have: the season's name, the language, who is reviewing, how much is done.
 */
import { Away, Refused, enter, get, patiently } from "./api.js";
import { byId, make, refill } from "./dom.js";
import { toast, watchConnection } from "./notices.js";
import { LANGUAGES, chosen, count, language, nameOf, number, say, speak } from "./words.js";

/** @typedef {import("./types.js").Season} Season */

const NAME = "camtrap.reviewer";
const BUILDING_MS = 1500;

/** @type {(() => void)[]} */
const respelled = [];

/** Be called after the language was changed. @param {() => void} draw */
export const onLanguage = (draw) => respelled.push(draw);

/** Who is reviewing; "" as long as nobody has said. */
export const reviewer = () => localStorage.getItem(NAME) ?? "";

/**
 * Bring up a page: words, token, season, then the page's own part.
 * @param {string} page @param {(season: Season) => void | Promise<void>} begin
 */
export async function open(page, begin) {
  await speak(chosen("", navigator.languages));
  watchConnection();
  document.querySelector(`[data-page="${page}"]`)?.setAttribute("aria-current", "page");
  /** @type {Season} */
  let season;
  try {
    await enter();
    season = await patiently("/api/season");
    while (season.index === "building") {
      refill(byId("season"), say("shell.building"));
      await new Promise((done) => setTimeout(done, BUILDING_MS));
      season = await patiently("/api/season");
    }
  } catch (problem) {
    return stop(problem);
  }
  const wanted = chosen(season.language);
  if (wanted !== language()) await speak(wanted);
  tongue(page, season);
  top(season);
  bindName(season);
  title(page, season);
  try {
    await begin(season);
  } catch (problem) {
    stop(problem);
  }
}

/** The page cannot go on, and says why. @param {unknown} problem */
function stop(problem) {
  if (!(problem instanceof Refused)) throw problem;
  byId("main").prepend(make("p", { class: "stop", role: "alert" }, problem.status === 401 ? say("shell.locked") : problem.message));
}

/** @param {string} page @param {Season} season */
function title(page, season) {
  document.title = `${say(`shell.page.${page}`)} · ${season.name}`;
}

/** @param {string} page @param {Season} season */
function tongue(page, season) {
  const select = /** @type {HTMLSelectElement} */ (byId("language"));
  refill(select, ...LANGUAGES.map((code) => make("option", { value: code, lang: code }, nameOf(code))));
  select.value = language();
  select.addEventListener("change", async () => {
    try {
      await speak(select.value, true);
    } catch {
      select.value = language();
      toast(say("connection.away"), { bad: true });
      return;
    }
    top(season);
    nameButton();
    title(page, season);
    for (const draw of respelled) draw();
  });
}

/** @param {Season} season */
function top(season) {
  byId("season").textContent = season.name;
  showDone(season.reviewed_events, season.events);
}

/** How many events are reviewed. @param {number} done @param {number} all */
export function showDone(done, all) {
  byId("done").hidden = !all;
  byId("done-words").textContent = count("shell.done", all, { done: number(done) });
  const bar = /** @type {HTMLProgressElement} */ (byId("done-bar"));
  bar.max = Math.max(1, all);
  bar.value = done;
}

/** Ask the server again how much is done. @param {Season} season */
export async function recount(season) {
  try {
    Object.assign(season, await get("/api/season"));
    top(season);
  } catch (problem) {
    if (!(problem instanceof Away || problem instanceof Refused)) throw problem;
  }
}

function nameButton() {
  byId("who").textContent = reviewer() || say("shell.no_name");
}

/** @param {Season} season */
function bindName(season) {
  nameButton();
  byId("who").addEventListener("click", () => askName(season));
}

/**
 * Ask who is reviewing; the name stands beside each decision in the ledger.
 * @param {Season} season @returns {Promise<string>} "" when it was not said
 */
export function askName(season) {
  const field = make("input", { id: "name-field", name: "name", required: true, maxlength: 80, autocomplete: "name", list: "name-known", value: reviewer() || (season.reviewer ?? "") });
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", { id: "name-title" }, say("name.title")),
    make("p", { id: "name-why" }, say("name.why")),
    make("label", { for: "name-field" }, say("name.field")),
    field,
    make("datalist", { id: "name-known" }, ...season.reviewers.map((one) => make("option", { value: one }))),
    make("p", { class: "row" }, make("button", { type: "submit", class: "main" }, say("name.save"))),
  );
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": "name-title", "aria-describedby": "name-why" }, form);
  document.body.append(dialog);
  form.addEventListener("submit", (event) => {
    const name = field.value.trim();
    if (!name) event.preventDefault();
    else localStorage.setItem(NAME, name);
  });
  dialog.showModal();
  field.select();
  return new Promise((done) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      nameButton();
      done(reviewer());
    }),
  );
}
