/**
 * The overlay that tells all keys.
 */
import { make } from "./dom.js";
import { LABEL_KEYS } from "./keys.js";
import { labelled, say } from "./words.js";

/** @type {[string, [string[], string][]][]} */
const GROUPS = [
  ["help.look", [
    [["←", "→"], "help.frames"], [["↓", "Enter"], "help.next"], [["↑"], "help.previous"], [["[", "]"], "help.station"],
    [["+", "−", "0"], "help.zoom"], [["B"], "help.boxes"], [["R"], "help.shade"], [["I"], "help.facts"],
  ]],
  ["help.more", [
    [["F"], "help.scope"], [["S"], "help.species"], [["Z"], "help.undo"], [["K", "M"], "help.conflict"],
    [["Esc"], "help.back"], [["?"], "help.help"],
  ]],
];

/** @param {string[]} keys */
const caps = (keys) => make("dt", {}, ...keys.map((key) => make("kbd", {}, key)));

/** @param {[string[], string][]} rows  keys and what they do */
const group = (rows) => make("dl", { class: "keys" }, ...rows.flatMap(([keys, words]) => [caps(keys), make("dd", {}, words)]));

/** Show the keys until they are put away. */
export function showHelp() {
  if (document.querySelector("dialog[open]")) return;
  /** @type {[string[], string][]} */
  const labels = Object.entries(LABEL_KEYS).map(([key, label]) => [[key], labelled(label)]);
  const dialog = make(
    "dialog",
    { class: "dialog help", "aria-labelledby": "help-title" },
    make("h2", { id: "help-title" }, say("help.title")),
    make("div", { class: "columns" },
      make("section", {}, make("h3", {}, say("help.say")), group([...labels, [[say("help.space")], say("help.accept")]])),
      ...GROUPS.map(([title, rows]) => make("section", {}, make("h3", {}, say(title)),
        group(rows.map(([keys, key]) => [keys, say(key)]))))),
    make("p", { class: "soft" }, say("help.touch")),
    make("form", { method: "dialog", class: "row" }, make("button", { class: "main", autofocus: true }, say("shell.close"))),
  );
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "?") dialog.close();
    event.stopPropagation();
  });
  dialog.showModal();
}
