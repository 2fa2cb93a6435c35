/**
 * What the page says by itself: short notes that go again, the banner of a server that is away, and
 * the same for those who hear the page.
 */
import { isHere, onConnection } from "./api.js";
import { byId, make } from "./dom.js";
import { count, say } from "./words.js";

const SHOWN_MS = 6000;
const MOST = 3;

/** Say it to a screen reader and nowhere else. @param {string} words @param {boolean} [urgent] */
export function speakOut(words, urgent = false) {
  const place = byId(urgent ? "assertive" : "polite");
  // The same words twice are said twice only when the region changes.
  place.textContent = place.textContent === words ? `${words}\u200B` : words;
}

/**
 * A note that goes by itself, or stays until it is put away when something went wrong.
 * @param {string} words @param {{bad?: boolean, action?: {words: string, run: () => void}}} [how]
 */
export function toast(words, { bad = false, action } = {}) {
  const places = byId("toasts");
  const note = make("div", { class: bad ? "toast bad" : "toast" }, make("span", {}, words));
  const away = () => note.remove();
  if (action)
    note.append(make("button", { type: "button", onclick: () => (away(), action.run()) }, action.words));
  if (bad) note.append(make("button", { type: "button", onclick: away }, say("shell.close")));
  else setTimeout(away, SHOWN_MS);
  const fleeting = [...places.children].filter((one) => !one.classList.contains("bad"));
  if (fleeting.length >= MOST) fleeting[0].remove();
  places.append(note);
  speakOut(words, bad);
}

let waiting = 0;
let stuck = "";

/** Tell the banner how many decisions are not saved yet. @param {number} n */
export function tellWaiting(n) {
  waiting = n;
  banner();
}

/** The server is there but cannot save, and says why. @param {string} why */
export function tellStuck(why) {
  stuck = why;
  banner();
}

/** Show the banner whenever the server does not answer. */
export function watchConnection() {
  onConnection((here) => {
    banner();
    if (here) toast(say("connection.back"));
  });
}

function banner() {
  const place = byId("away");
  place.hidden = isHere() && !stuck;
  if (place.hidden) return;
  const kept = waiting ? count("connection.kept", waiting) : say("connection.nothing_lost");
  place.textContent = `${isHere() ? stuck : say("connection.away")} ${kept}`;
}
