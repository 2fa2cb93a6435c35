/**
 * What is known of a frame beside its picture: the camera's facts, and why the machine says what it
 * says.
 */
import { make, refill } from "./dom.js";
import { clock, count, has, labelled, number, percent, say } from "./words.js";

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Told} Told */

/**
 * A reason as a sentence; one that these pages do not know says its code, for it is never hidden.
 * @param {Told} reason
 */
export function reasonWords(reason) {
  const { code, values } = reason;
  /** @type {Record<string, unknown>} */
  const told = { ...values };
  for (const [name, value] of Object.entries(values)) {
    if (name === "probability" || name === "threshold") told[name] = percent(value);
    if (name === "label" || name === "event") told[name] = labelled(value);
  }
  if (code === "note") return String(values.text ?? "");
  const key = code === "time" ? `reason.time_${values.source || "none"}` : `reason.${code}`;
  return has(key) ? say(key, told) : code;
}

/** Pairs of a name and a value, without what is not known. @param {[string, string|number|null|undefined][]} pairs */
const list = (pairs) =>
  pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .flatMap(([name, value]) => [make("dt", {}, say(name)), make("dd", {}, value)]);

/** The bars of the chances, the likeliest first. @param {Frame} frame */
function chances(frame) {
  const sorted = Object.entries(frame.probabilities).sort(([, a], [, b]) => b - a);
  if (!sorted.length) return null;
  return make(
    "ul",
    { class: "chances" },
    ...sorted.map(([label, chance]) =>
      make("li", { class: label }, make("span", {}, labelled(label)),
        make("span", { class: "bar", "aria-hidden": "true" }, make("i", { style: { width: `${Math.max(1, chance * 100)}%` } })),
        make("span", { class: "figure" }, percent(chance))),
    ),
  );
}

/**
 * @param {HTMLElement} place @param {Frame} frame
 * @param {any} [more]  the answer of /api/file, as soon as it is there
 */
export function showFacts(place, frame, more) {
  const exif = more?.exif ?? {};
  const camera = [exif.make, exif.model].filter(Boolean).join(" ");
  refill(
    place,
    more?.reasons?.length &&
      make("ul", { class: "reasons" }, ...more.reasons.map((/** @type {Told} */ reason) => make("li", {}, reasonWords(reason)))),
    chances(frame),
    make(
      "dl",
      {},
      ...list([
        ["fact.file", frame.name],
        ["fact.card", frame.card],
        ["fact.taken", clock(frame.taken_at)],
        ["fact.time_from", frame.timestamp_source && has(`time.${frame.timestamp_source}`) ? say(`time.${frame.timestamp_source}`) : frame.timestamp_source],
        ["fact.raw_time", exif.raw_timestamp],
        ["fact.camera", camera],
        ["fact.serial", exif.serial],
        ["fact.sequence", exif.sequence],
        ["fact.trigger", exif.trigger],
        ["fact.temperature", typeof exif.temperature_c === "number" ? say("fact.degrees", { n: exif.temperature_c }) : ""],
        ["fact.battery", typeof exif.battery_mv === "number" ? say("fact.volts", { n: number(exif.battery_mv / 1000, 1) }) : ""],
        ["fact.moon", typeof exif.moon_phase === "number" ? exif.moon_phase : ""],
        ["fact.size", frame.width ? `${frame.width} × ${frame.height}` : ""],
        ["fact.light", frame.infrared === null ? "" : say(frame.infrared ? "fact.infrared" : "fact.colour")],
        ["fact.boxes", frame.boxes.length ? count("fact.box_count", frame.boxes.length) : ""],
        ["fact.model", more?.model],
      ]),
    ),
  );
}
