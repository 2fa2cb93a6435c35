/**
 * Two leopards side by side: each picture zooms and moves, and the other with it when asked.
 */
import { byId, make, refill } from "./dom.js";
import { Stage } from "./stage.js";
import { clock, say } from "./words.js";

/** @typedef {{file: number, number: number, flank: string}} Crop */
/** @typedef {{event: number, station: string, start: string, cover: number, individual: string, version: number, crops: Crop[]}} Seen */

const CROP_SIDE = 1280;

/** @param {Crop} crop @param {number} [side] */
export const cropOf = (crop, side = 640) => `/crop/${crop.file}/${crop.number}.jpg?side=${side}`;

/** What is to be seen of an event: its crops, then the whole picture. @param {Seen} seen */
export const viewsOf = (seen) => [
  ...seen.crops.map((crop, i) => ({ address: cropOf(crop, CROP_SIDE), words: say("individuals.crop", { n: i + 1 }), flank: crop.flank })),
  { address: `/picture/${seen.cover}.jpg?side=1600`, words: say("individuals.whole"), flank: "" },
];

export class Compare {
  constructor() {
    this.isTogether = true;
    this.sides = ["a", "b"].map((name, i) => {
      const room = byId(`stage-${name}`);
      const stage = new Stage(room, { moved: (middle) => this.isTogether && this.sides[1 - i].stage.look(middle) });
      room.addEventListener("keydown", (event) => this.#key(event, stage));
      return { stage, title: byId(`title-${name}`), picks: byId(`picks-${name}`) };
    });
    const together = /** @type {HTMLInputElement} */ (byId("together"));
    together.addEventListener("change", () => (this.isTogether = together.checked));
  }

  /** @param {Seen[]} two */
  show(two) {
    two.forEach((seen, i) => {
      const side = this.sides[i];
      const which = say("individuals.which", { station: seen.station, when: clock(seen.start) });
      side.title.textContent = seen.individual ? `${seen.individual} · ${which}` : which;
      const views = viewsOf(seen);
      const buttons = views.map((view, at) =>
        make("button", { type: "button", onclick: () => pick(at) }, view.words, view.flank && view.flank !== "unknown" ? ` · ${say(`individuals.side.${view.flank}`)}` : ""));
      const pick = (/** @type {number} */ at) => {
        buttons.forEach((button, n) => button.setAttribute("aria-pressed", String(n === at)));
        const image = new Image();
        image.src = views[at].address;
        void image.decode().then(
          () => side.stage.show(views[at].address, `${which}, ${views[at].words}`, { width: image.naturalWidth, height: image.naturalHeight }, [], false),
          () => side.stage.show(views[at].address, say("event.no_picture"), { width: 4, height: 3 }, [], false),
        );
      };
      refill(side.picks, ...buttons);
      pick(0);
    });
  }

  /** @param {KeyboardEvent} event @param {Stage} stage */
  #key(event, stage) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const does = {
      "+": () => stage.zoom(1), "=": () => stage.zoom(1), "-": () => stage.zoom(-1), "0": () => stage.reset(),
      ArrowLeft: () => stage.pan(60, 0), ArrowRight: () => stage.pan(-60, 0), ArrowUp: () => stage.pan(0, 60), ArrowDown: () => stage.pan(0, -60),
    };
    if (!(event.key in does)) return;
    event.preventDefault();
    does[event.key]();
  }
}
