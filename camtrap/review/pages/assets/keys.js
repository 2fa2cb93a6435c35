/**
 * Which key does what.
 *
 * A letter is read as it is typed on a Latin keyboard; on another (Russian), by where it lies, so
 * that nobody has to switch the keyboard to say what is in a picture.
 */
import { isTyping } from "./dom.js";

/** @type {Record<string, string>} */
export const LABEL_KEYS = { L: "leopard", P: "prey", O: "other", H: "person", V: "vehicle", E: "empty", U: "unsure" };

/** @type {Record<string, string>} */
const ACTIONS = {
  ...Object.fromEntries(Object.entries(LABEL_KEYS).map(([key, label]) => [key, `say:${label}`])),
  Z: "undo", B: "boxes", F: "scope", S: "species", I: "facts", R: "shade",
  " ": "accept", ArrowLeft: "frame-", ArrowRight: "frame+", ArrowDown: "event+", Enter: "event+", ArrowUp: "event-",
  "[": "before", "]": "after", "+": "zoom+", "=": "zoom+", "-": "zoom-", "0": "zoom0", Escape: "back", "?": "help",
  K: "theirs", M: "mine",
};

// By place on the keyboard, where the key itself is of no Latin letter.
/** @type {Record<string, string>} */
const PLACES = { BracketLeft: "[", BracketRight: "]", Equal: "+", Minus: "-", Slash: "?", NumpadAdd: "+", NumpadSubtract: "-", Digit0: "0" };

/**
 * What a key stands for, "" when for nothing.
 * @param {{key: string, code: string, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean, altKey: boolean, isComposing?: boolean}} event
 */
export function actionOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return "";
  const plain = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  if (plain in ACTIONS) return ACTIONS[plain];
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  if (letter && !/^[A-Z]$/.test(plain)) return ACTIONS[letter] ?? "";
  const place = PLACES[event.code];
  if (place === "?" && !event.shiftKey) return "";
  return place && !/^[\x21-\x7e]$/.test(event.key) ? ACTIONS[place] : "";
}

/**
 * What a key does at the element that has the focus: fields keep all their keys, buttons and links
 * the two that press them, sliders and lists their arrows.
 * @param {KeyboardEvent} event
 */
export function actionAt(event) {
  const action = actionOf(event);
  const target = event.target;
  if (!action || event.defaultPrevented || isTyping(target)) return "";
  const presses = event.key === " " || event.key === "Enter";
  if (presses && target instanceof Element && target.closest("button, a, summary, label, [role=option]")) return "";
  if (target instanceof HTMLInputElement && /^(Arrow|Home|End|Page)|^ $/.test(event.key)) return "";
  // Held down, only what is looked at goes on: nothing is said twice by a heavy finger.
  if (event.repeat && !/^(frame|zoom|event)/.test(action)) return "";
  return action;
}
