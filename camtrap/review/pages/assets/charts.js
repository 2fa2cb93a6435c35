/**
 * Small drawings of counts, made of rectangles; what they show is also said in words for each.
 */
import { draw, make } from "./dom.js";
import { labelled, number, say } from "./words.js";

/** @typedef {{date: string} & Record<string, any>} Day */

export const DRAWN = ["leopard", "person", "vehicle", "prey", "other", "unsure"];
const DAY_MS = 86400000;

/** A round number that is no less than the largest. @param {number} largest */
export function roof(largest) {
  if (largest <= 4) return Math.max(1, largest);
  const step = 10 ** Math.floor(Math.log10(largest));
  return [1, 2, 5, 10].map((n) => n * step).find((n) => n >= largest) ?? largest;
}

/** Events by hour of day of one label. @param {string} label @param {number[]} hours */
export function hoursChart(label, hours) {
  const [width, height, foot, left] = [264, 84, 14, 20];
  const top = roof(Math.max(...hours));
  const step = (width - left) / 24;
  const said = hours.map((n, hour) => (n ? say("overview.at", { hour, n }) : "")).filter(Boolean).join(", ");
  return make(
    "figure",
    { class: `chart ${label}` },
    make("figcaption", {}, make("b", {}, labelled(label)), " ", make("span", { class: "soft" }, number(hours.reduce((a, b) => a + b, 0)))),
    draw(
      "svg",
      { viewBox: `0 0 ${width} ${height + foot}`, role: "img", "aria-label": say("overview.activity_alt", { label: labelled(label), hours: said || "0" }) },
      draw("path", { d: `M${left} 6.5H${width}M${left} ${height - 0.5}H${width}` }),
      draw("text", { x: left - 4, y: 10, "text-anchor": "end" }, number(top)),
      ...hours.map((n, hour) => {
        const tall = (n / top) * (height - 7);
        return draw("rect", { x: left + hour * step + 1, y: height - tall - 0.5, width: step - 2, height: tall });
      }),
      ...[0, 6, 12, 18].map((hour) => draw("text", { x: left + hour * step + 1, y: height + 11 }, hour)),
    ),
  );
}

/**
 * Days without a gap, from the first to the last; long seasons are drawn by weeks.
 * @param {Day[]} days @returns {{date: string, counts: Record<string, number>}[]}
 */
export function binned(days) {
  const known = days.filter((day) => /^\d{4}-\d\d-\d\d$/.test(day.date));
  if (!known.length) return [];
  const at = (/** @type {string} */ date) => Date.parse(`${date}T00:00:00Z`) / DAY_MS;
  const [first, last] = [Math.min(...known.map((day) => at(day.date))), Math.max(...known.map((day) => at(day.date)))];
  const size = Math.max(1, Math.ceil((last - first + 1) / 180));
  // A clock that was set wrong may lie decades off: no more bars than can be seen.
  const bins = Array.from({ length: Math.floor((last - first) / size) + 1 }, (_, i) => ({
    date: new Date((first + i * size) * DAY_MS).toISOString().slice(0, 10),
    counts: /** @type {Record<string, number>} */ ({}),
  }));
  for (const day of known) {
    const { counts } = bins[Math.floor((at(day.date) - first) / size)];
    for (const label of DRAWN) counts[label] = (counts[label] ?? 0) + (day[label] ?? 0);
  }
  return bins;
}

/** Events by day, one colour a label. @param {Day[]} days */
export function timelineChart(days) {
  const bins = binned(days);
  if (!bins.length) return make("p", { class: "soft" }, say("overview.undated"));
  const [width, height, foot, left] = [960, 150, 18, 28];
  const sum = (/** @type {Record<string, number>} */ counts) => DRAWN.reduce((all, label) => all + (counts[label] ?? 0), 0);
  const most = bins.reduce((a, b) => (sum(b.counts) > sum(a.counts) ? b : a));
  const top = roof(sum(most.counts));
  const step = (width - left) / bins.length;
  const bars = bins.map(({ date, counts }, i) => {
    let y = height - 0.5;
    const parts = DRAWN.filter((label) => counts[label]);
    const rects = parts.map((label) => {
      const tall = (counts[label] / top) * (height - 7);
      y -= tall;
      return draw("rect", { class: label, x: left + i * step, y, width: Math.max(0.6, step - Math.min(2, step / 4)), height: tall });
    });
    const words = parts.map((label) => `${labelled(label)} ${number(counts[label])}`).join(", ");
    return draw("g", {}, draw("title", {}, say("overview.day", { day: date, parts: words })), ...rects);
  });
  const marks = bins.length > 1 ? [0, Math.floor(bins.length / 2), bins.length - 1] : [0];
  return make(
    "figure",
    { class: "chart", tabindex: 0, role: "group", "aria-label": say("overview.timeline") },
    draw(
      "svg",
      {
        viewBox: `0 0 ${width} ${height + foot}`, role: "img",
        "aria-label": say("overview.timeline_alt", { from: bins[0].date, to: bins[bins.length - 1].date, day: most.date, n: sum(most.counts) }),
      },
      draw("path", { d: `M${left} 6.5H${width}M${left} ${height - 0.5}H${width}` }),
      draw("text", { x: left - 5, y: 10, "text-anchor": "end" }, number(top)),
      ...bars,
      ...marks.map((i, at) => draw("text", { x: left + i * step, y: height + 14, "text-anchor": at === 2 ? "end" : at ? "middle" : "start" }, bins[i].date)),
    ),
    legend(DRAWN),
  );
}

/** Colours and their names. @param {string[]} labels */
export const legend = (labels) =>
  make("ul", { class: "legend" }, ...labels.map((label) => make("li", { class: label }, make("i", { "aria-hidden": "true" }), labelled(label))));
