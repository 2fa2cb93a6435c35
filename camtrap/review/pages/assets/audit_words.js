/**
 * What an audit of the empty pictures lets one say, in words; shared by the review and the overview.
 */
import { byId, make, refill } from "./dom.js";
import { count, has, labelled, number, percent, say } from "./words.js";

/** @typedef {import("./types.js").Audit} Audit */

/** A target of an audit in words. @param {string} target */
export const targetWords = (target) => (has(`audit.target.${target}`) ? say(`audit.target.${target}`) : labelled(target));

/** A share in percent with so many digits that it is not 0. @param {number} share */
export function shareWords(share) {
  const digits = share > 0 && share < 0.01 ? Math.min(6, Math.ceil(-Math.log10(share))) : 1;
  return `${number(share * 100, digits)} %`;
}

/** The sentence of an audit. @param {Audit} audit */
export function auditWords(audit) {
  const { code, values } = audit.sentence;
  /** @type {Record<string, unknown>} */
  const told = { ...values, target: targetWords(values.target ?? audit.target) };
  if (typeof values.confidence === "number") told.confidence = percent(values.confidence);
  if (typeof values.bound_share === "number") told.bound_share = shareWords(values.bound_share);
  const key = `audit.said.${code}`;
  if (!has(key)) return code;
  const parts = [say(key, told)];
  if (code === "part" || code === "whole") {
    parts.push(count("audit.missed", values.missed ?? 0, told), say("audit.bound", told));
    if (values.unsure) parts.push(count("audit.unsure", values.unsure, told));
  }
  return parts.join(" ");
}

/**
 * Show how far an audit is and what it says; without one, where it is begun.
 * @param {string} id @param {Audit|null} audit @param {boolean} [isThere]  the form is on this page
 */
export function showAudit(id, audit, isThere = false) {
  const place = byId(id);
  if (!audit) {
    refill(place, make("p", {}, say("audit.none"), " ", !isThere && make("a", { href: "/overview#audit" }, say("audit.start_link"))));
    return;
  }
  refill(
    place,
    make("p", { class: "figures" },
      make("b", {}, count("audit.looked", audit.sample, { looked: number(audit.looked) })),
      make("progress", { max: Math.max(1, audit.sample), value: audit.looked, "aria-label": say("audit.progress") })),
    make("p", { class: "sentence" }, auditWords(audit)),
  );
}
