/**
 * Which leopard is it? Events of leopards by flank, with a name each when somebody knows it.
 */
import { Refused, get, patiently, post } from "./api.js";
import { Compare, cropOf } from "./compare.js";
import { byId, make, refill } from "./dom.js";
import { toast } from "./notices.js";
import { thumbOf } from "./pictures.js";
import { askName, onLanguage, open, reviewer } from "./shell.js";
import { clock, count, number, say } from "./words.js";

/** @typedef {import("./compare.js").Seen} Seen */

const AGAIN_MS = 2000; // crops are looked at meanwhile
const FLANKS = ["left", "right", "unknown"];

/** Those that show a flank, or all. @param {Seen[]} events @param {string} flank */
export const ofFlank = (events, flank) =>
  flank === "all" ? events : events.filter((one) => one.crops.some((crop) => crop.flank === flank));

/** @param {import("./types.js").Season} season */
async function begin(season) {
  let all = await patiently("/api/individuals");
  let flank = "all";
  /** @type {number[]} */
  let picked = [];
  /** @type {{of: Seen, order: number[], alike: Map<number, number|null>, pending: number, isByTime: boolean}|null} */
  let similar = null;
  const compare = new Compare();

  /** @param {number} event @returns {Seen|undefined} */
  const find = (event) => all.events.find((/** @type {Seen} */ one) => one.event === event);

  function draw() {
    byId("none").hidden = all.events.length > 0;
    byId("gallery").hidden = !all.events.length;
    for (const button of byId("flanks").querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.flank === flank));
    refill(byId("known"), ...all.individuals.map((/** @type {any} */ one) =>
      make("li", {}, make("b", {}, one.id), " ", count("individuals.events", one.events.length), make("span", { class: "soft" },
        ` ${say("individuals.flanks", { left: number(one.flanks.left ?? 0), right: number(one.flanks.right ?? 0) })} · ${[one.first, one.last].filter(Boolean).map((when) => when.slice(0, 10)).join(" – ")}`))));
    byId("nobody").hidden = all.individuals.length > 0;
    let shown = ofFlank(all.events, flank);
    const hint = byId("hint");
    hint.hidden = !similar;
    if (similar) {
      const { of, order, pending, isByTime } = similar;
      refill(hint, make("p", {}, isByTime ? say("individuals.by_time") : say("individuals.similar_hint", { station: of.station, when: clock(of.start) }),
        pending ? ` ${count("individuals.looking", pending)}` : ""),
      make("button", { type: "button", onclick: () => ((similar = null), draw()) }, say("individuals.similar_off")));
      // The server's order: the same flank first, for two flanks cannot be compared.
      const rank = new Map([of.event, ...order].map((event, at) => [event, at]));
      shown = [...shown].sort((a, b) => (rank.get(a.event) ?? Infinity) - (rank.get(b.event) ?? Infinity));
    }
    refill(byId("events"), ...shown.map(card));
    refill(byId("ids"), ...all.individuals.map((/** @type {any} */ one) => make("option", { value: one.id })));
    tray();
  }

  /** @param {Seen} seen */
  function card(seen) {
    const which = say("individuals.which", { station: seen.station, when: clock(seen.start) });
    const field = make("input", { type: "text", list: "ids", maxlength: 60, value: seen.individual, placeholder: say("individuals.id"), "aria-label": `${say("individuals.id")}: ${which}`, autocomplete: "off" });
    const form = make("form", { class: "name" }, field, make("button", { type: "submit" }, say("individuals.save")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void save(seen, { individual: field.value.trim() });
    });
    const isPicked = picked.includes(seen.event);
    const alike = similar?.alike.get(seen.event);
    const flanks = flank === "all" ? seen.crops : seen.crops.filter((crop) => crop.flank === flank);
    return make(
      "li",
      { class: `seen${isPicked ? " picked" : ""}` },
      make("div", { class: "crops" }, ...(flanks.length ? flanks : seen.crops).slice(0, 3).map((crop, i) => make("figure", {},
        make("img", { src: cropOf(crop), alt: `${which}, ${say(`individuals.side.${crop.flank}`)}`, loading: "lazy" }),
        make("figcaption", { role: "group", "aria-label": say("individuals.flank_of", { n: i + 1 }) }, ...FLANKS.map((side) =>
          make("button", { type: "button", "aria-pressed": String(crop.flank === side), onclick: () => void save(seen, { flank: { [`${crop.file}/${crop.number}`]: side } }) },
            say(`individuals.side.${side}`))))))),
      make("p", { class: "which" }, make("b", {}, seen.individual || say("individuals.unnamed")), make("span", { class: "soft" }, which),
        typeof alike === "number" && similar?.of.event !== seen.event && make("span", { class: "alike" }, say("individuals.alike", { n: Math.round(alike * 100) }))),
      form,
      make("p", { class: "acts" },
        make("button", { type: "button", "aria-pressed": String(isPicked), onclick: () => pick(seen.event) }, say("individuals.compare")),
        make("button", { type: "button", onclick: () => void order(seen) }, say("individuals.similar")),
        make("a", { class: "button", href: `/#reviewed=all&event=${seen.event}` }, say("individuals.review"))),
    );
  }

  /** @param {number} event */
  function pick(event) {
    picked = picked.includes(event) ? picked.filter((one) => one !== event) : [...picked, event].slice(-2);
    const at = document.activeElement?.closest(".seen");
    const index = at ? [...byId("events").children].indexOf(at) : -1;
    draw();
    const again = byId("events").children[index]?.querySelector(".acts button");
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  }

  function tray() {
    const place = byId("tray");
    place.hidden = !picked.length;
    refill(place, ...picked.map((event) => {
      const seen = find(event);
      return seen && make("img", { src: seen.crops[0] ? cropOf(seen.crops[0], 320) : thumbOf(seen.cover), alt: say("individuals.which", { station: seen.station, when: clock(seen.start) }) });
    }), make("p", { role: "status" }, say(picked.length === 1 ? "individuals.picked_one" : "individuals.chosen")),
    make("button", { type: "button", class: "main", disabled: picked.length < 2, onclick: beside }, say("individuals.open_compare")));
  }

  function beside() {
    const two = picked.map(find).filter((seen) => seen !== undefined);
    if (two.length < 2) return;
    byId("gallery").hidden = byId("tray").hidden = true;
    byId("beside").hidden = false;
    document.body.classList.add("looking");
    compare.show(two);
    byId("close").focus();
  }

  function close() {
    byId("beside").hidden = true;
    document.body.classList.remove("looking");
    draw();
    byId("gallery").querySelector("button")?.focus();
  }

  /** Put those first that look alike: a hint and no more. @param {Seen} seen */
  async function order(seen) {
    try {
      const told = await get(`/api/similar/${seen.event}`);
      if (!told.events.length) return toast(say("individuals.no_similar"));
      const isNew = similar?.of.event !== seen.event;
      similar = {
        of: seen,
        order: told.events.map((/** @type {any} */ one) => one.event),
        alike: new Map(told.events.map((/** @type {any} */ one) => [one.event, one.similarity])),
        pending: told.pending ?? 0,
        isByTime: told.by === "time",
      };
      draw();
      if (isNew) byId("hint").scrollIntoView({ block: "nearest" });
      if (similar.pending) setTimeout(() => similar?.of.event === seen.event && void order(seen), AGAIN_MS);
    } catch (problem) {
      toast(problem instanceof Error ? problem.message : say("individuals.no_similar"), { bad: true });
    }
  }

  /**
   * Save a name, or flanks, or both. @param {Seen} seen
   * @param {{individual?: string, flank?: Record<string, string>}} told
   */
  async function save(seen, told) {
    if (!reviewer() && !(await askName(season))) return;
    try {
      const saved = await post("/api/individual", { reviewer: reviewer(), event: seen.event, version: seen.version, ...told });
      await again();
      const words = told.individual === undefined ? say("event.saved")
        : told.individual ? say("individuals.saved", { id: told.individual }) : say("individuals.cleared");
      toast(words, { action: { words: say("individuals.undo"), run: () => void undo(saved.batch) } });
    } catch (problem) {
      if (problem instanceof Refused && problem.status === 409) {
        toast(say("individuals.conflict", { by: problem.body?.event?.by || "?" }), { bad: true });
        return again();
      }
      failed(problem);
      draw();
    }
  }

  /** @param {string} [batch] */
  async function undo(batch) {
    try {
      await post("/api/individual/undo", { reviewer: reviewer(), ...(batch ? { batch } : {}) });
      await again();
      toast(say("individuals.undone"));
    } catch (problem) {
      failed(problem);
    }
  }

  async function again() {
    all = await get("/api/individuals");
    draw();
  }

  /** @param {unknown} problem */
  const failed = (problem) => toast(say("individuals.not_saved", { why: problem instanceof Error ? problem.message : "" }), { bad: true });

  for (const button of byId("flanks").querySelectorAll("button"))
    button.addEventListener("click", () => ((flank = button.dataset.flank ?? "all"), draw()));
  byId("close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !byId("beside").hidden && !document.querySelector("dialog[open]")) close();
  });
  draw();
  byId("page").hidden = false;
  onLanguage(() => {
    draw();
    if (!byId("beside").hidden) beside();
  });
}

void open("individuals", begin);
