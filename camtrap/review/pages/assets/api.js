/**
 * Asking the server, and knowing whether it is there.
 *
 * `Away` means that no answer came (or that it cannot answer now) and asking again may help;
 * `Refused` that it answered no. While it is away it is asked again by itself, and those who listen
 * with `onConnection` are told once when it goes and once when it is back.
 */

const TOKEN = "camtrap.token";
const PATIENCE_MS = 20000;
const WAITS_MS = [500, 1000, 2000, 3000, 5000];

export class Away extends Error {
  /** @param {string} path @param {string} [told]  why, when the server itself said that it cannot now */
  constructor(path, told = "") {
    super(told || path);
    this.told = told;
  }
}

export class Refused extends Error {
  /** @param {number} status @param {any} body */
  constructor(status, body) {
    super(body?.message ?? `${status}`);
    this.status = status;
    this.body = body;
  }
}

/** @type {Set<(here: boolean) => void>} */
const listeners = new Set();
let here = true;
let tries = 0;

/** Be told when the server goes away (false) and when it is back (true). @param {(here: boolean) => void} listener */
export const onConnection = (listener) => listeners.add(listener);

/** True as long as the last question was answered. */
export const isHere = () => here;

/** @param {boolean} now */
function found(now) {
  if (now) tries = 0;
  if (now === here) return;
  here = now;
  for (const listener of listeners) listener(here);
  if (!here) knock();
}

// One question after another until the server answers again, more seldom with time.
function knock() {
  const wait = WAITS_MS[Math.min(tries++, WAITS_MS.length - 1)];
  const again = async () => {
    clearTimeout(timer);
    removeEventListener("online", again);
    if (here) return;
    try {
      await ask("/api/season", {});
    } catch (problem) {
      if (problem instanceof Away) knock();
    }
  };
  const timer = setTimeout(again, wait);
  addEventListener("online", again);
}

/** @param {string} path @param {RequestInit} how @returns {Promise<any>} */
async function ask(path, how) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { ...how.headers, ...(token ? { "X-Camtrap-Token": token } : {}) };
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  let answer, body;
  try {
    answer = await fetch(path, { ...how, headers, signal: stop.signal, cache: "no-store", redirect: "error" });
    const told = await answer.text();
    body = told ? JSON.parse(told) : null;
  } catch {
    found(false);
    throw new Away(path);
  } finally {
    clearTimeout(timer);
  }
  // 503 is said by a server that is there but cannot now, such as while it builds its index.
  if (answer.status >= 502 && answer.status <= 504) {
    if (answer.status !== 503) found(false);
    throw new Away(path, body?.message);
  }
  found(true);
  if (!answer.ok) throw new Refused(answer.status, body);
  return body;
}

/** @param {string} path @returns {Promise<any>} */
export const get = (path) => ask(path, {});

/** @param {string} path @param {any} body @returns {Promise<any>} */
export const post = (path, body) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Camtrap": "1" },
    body: JSON.stringify(body),
  });

/**
 * As `get`, but it waits until the server is back instead of failing.
 * @param {string} path @param {() => boolean} [wanted]  false ends the waiting
 * @returns {Promise<any>}
 */
export async function patiently(path, wanted = () => true) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await get(path);
    } catch (problem) {
      if (!(problem instanceof Away) || !wanted()) throw problem;
      await pause(WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)]);
    }
  }
}

/** @param {number} ms */
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Take the token out of the address (`#token=…`), so that it is neither shown nor kept in the
 * history, and log in with it, so that pictures come as well.
 */
export async function enter() {
  const given = /(?:^#|&)token=([^&]+)/.exec(location.hash)?.[1];
  if (given) {
    sessionStorage.setItem(TOKEN, decodeURIComponent(given));
    history.replaceState(null, "", location.pathname + location.search);
  }
  const token = sessionStorage.getItem(TOKEN);
  if (token) await post("/api/login", { token });
}
