/**
 * The overview: how far the review is, what it found, and what can be written from it.
 */
import { patiently, post } from "./api.js";
import { showAudit } from "./audit_words.js";
import { hoursChart, timelineChart } from "./charts.js";
import { byId, make, refill } from "./dom.js";
import { stationsMap } from "./map.js";
import { speakOut, toast } from "./notices.js";
import { onLanguage, open, recount } from "./shell.js";
import { agreementTable, labelsTable, ordered, stationsTable } from "./tables.js";
import { count, labelled, number, say } from "./words.js";

const HOURS = ["leopard", "person", "vehicle", "prey", "other"];

/** @param {import("./types.js").Season} season */
async function begin(season) {
  let all = await patiently("/api/overview");
  let isBusy = false;

  function draw() {
    refill(byId("account"), ...account(all.account, all.files));
    refill(byId("progress"), ...[["events", all.reviewed_events, all.events], ["files", all.reviewed_files, all.files]]
      .map(([key, done, of]) => progress(String(key), Number(done), Number(of))));
    refill(byId("labels"), labelsTable(all.by_label));
    refill(byId("agreement"), ...(all.agreement.n
      ? [make("p", {}, say("overview.same", { same: all.agreement.same, n: all.agreement.n, share: `${number((100 * all.agreement.same) / all.agreement.n, 1)} %` })),
        agreementTable(all.agreement), make("p", { class: "soft" }, say("overview.agreement_note"))]
      : [make("p", { class: "soft" }, say("overview.agreement_none"))]));
    const seen = HOURS.filter((label) => all.activity[label]?.some(Boolean));
    refill(byId("activity"), ...(seen.length
      ? seen.map((label) => hoursChart(label, all.activity[label])) : [make("p", { class: "soft" }, say("overview.no_times"))]));
    refill(byId("timeline"), timelineChart(all.timeline));
    refill(byId("map"), stationsMap(all.stations));
    refill(byId("stations"), stationsTable(all.stations));
    showAudit("audit-state", all.audit, true);
    byId("audit-go").hidden = !all.audit;
    byId("audit-start").textContent = say(all.audit ? "audit.grow" : "audit.start");
    refill(byId("exports"), ...all.exports.map((/** @type {string} */ name) =>
      make("button", { type: "button", onclick: () => void write(name) }, name)));
    byId("brief").hidden = !all.brief;
    byId("no-brief").hidden = all.brief;
  }

  async function reload() {
    all = await patiently("/api/overview");
    await recount(season);
    draw();
  }

  /**
   * Something that takes a while: one at a time, told at the beginning and at the end.
   * @param {string} before @param {() => Promise<string>} run
   */
  async function doing(before, run) {
    if (isBusy) return;
    isBusy = true;
    const state = byId("outcome-state");
    state.textContent = before;
    document.body.setAttribute("aria-busy", "true");
    try {
      state.textContent = await run();
    } catch (problem) {
      state.textContent = "";
      toast(say("overview.failed", { why: problem instanceof Error ? problem.message : "" }), { bad: true });
    } finally {
      isBusy = false;
      document.body.removeAttribute("aria-busy");
    }
  }

  /** @param {string} format */
  const write = (format) =>
    doing(say("overview.exporting", { name: format }), async () => {
      const { paths, note } = await post("/api/export", { format });
      return [count("overview.exported", paths.length, { name: format }), ...paths.slice(0, 3), note].filter(Boolean).join(" ");
    });
  byId("refresh").addEventListener("click", () =>
    void doing(say("overview.refreshing"), async () => {
      await post("/api/refresh", {});
      await reload();
      return say("overview.refreshed");
    }));

  bindAudit(byId("audit-form"), async (asked) => {
    try {
      await post("/api/audit", asked);
      await reload();
      speakOut(say("audit.drawn"));
      toast(say("audit.drawn"));
    } catch (problem) {
      toast(say("overview.failed", { why: problem instanceof Error ? problem.message : "" }), { bad: true });
    }
  });
  draw();
  byId("whole").hidden = false;
  onLanguage(draw);
  if (location.hash) document.querySelector(location.hash)?.scrollIntoView();
}

/** @param {Record<string, number>} states @param {number} files */
function account(states, files) {
  const parts = ordered(Object.keys(states)).filter((state) => states[state]);
  return [
    make("b", {}, count("overview.files", files)),
    make("ul", {}, ...parts.map((state) => make("li", { class: state }, make("b", {}, number(states[state])), labelled(state)))),
  ];
}

/** @param {string} key @param {number} done @param {number} of */
const progress = (key, done, of) =>
  make("div", {}, make("p", {}, say(`overview.done.${key}`), " ", make("b", {}, say("overview.of", { n: done, of }))),
    make("progress", { max: Math.max(1, of), value: done, "aria-label": say(`overview.done.${key}`) }));

/**
 * The form that draws a sample: a number of pictures, or as many as a bound asks for.
 * @param {HTMLElement} form @param {(asked: Record<string, unknown>) => Promise<void>} start
 */
function bindAudit(form, start) {
  if (!(form instanceof HTMLFormElement)) return;
  const by = () => String(new FormData(form).get("by"));
  const show = () => {
    byId("by-size").hidden = by() !== "size";
    byId("by-bound").hidden = by() !== "bound";
  };
  form.addEventListener("change", show);
  show();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const button = /** @type {HTMLButtonElement} */ (byId("audit-start"));
    button.disabled = true;
    await start({
      target: given.get("target"),
      ...(by() === "size" ? { size: Number(given.get("size")) } : { bound: Number(given.get("bound")) / 100 }),
    });
    button.disabled = false;
  });
}

void open("overview", begin);
