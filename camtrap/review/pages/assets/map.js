/**
 * How the stations lie to each other, without a coordinate: the server sends places as 0..1 of a
 * square, and nothing on the page tells where on earth or how far apart.
 */
import { draw, make } from "./dom.js";
import { count, number, say } from "./words.js";

/** @typedef {{station: string, x: number|null, y: number|null, people: number} & Record<string, any>} Station */

const [WIDE, HIGH, EDGE] = [480, 400, 46];

/** How large a station is drawn: by area, and never too small to be seen. @param {number} leopards @param {number} most */
export const radius = (leopards, most) => (leopards ? 7 + 11 * Math.sqrt(leopards / most) : 5);

/** What a station's colour tells. @param {Station} station */
export function mood(station) {
  if (station.leopard) return "leopard";
  if (station.people) return "person";
  return station.prey || station.other ? "prey" : "empty";
}

/** @param {Station[]} stations */
export function stationsMap(stations) {
  const placed = stations.filter((station) => station.x !== null && station.y !== null);
  if (!placed.length) return make("p", { class: "soft" }, say("overview.no_places"));
  const most = Math.max(1, ...placed.map((station) => station.leopard));
  const spots = placed.map((station) => {
    const x = EDGE + Number(station.x) * (WIDE - 2 * EDGE);
    const y = EDGE + Number(station.y) * (HIGH - 2 * EDGE);
    const r = radius(station.leopard, most);
    const isRight = x > WIDE * 0.7;
    const title = `${station.station}: ${say("overview.column.leopard")} ${number(station.leopard)}`;
    return draw(
      "g",
      { class: `spot ${mood(station)}` },
      draw("title", {}, title),
      draw("circle", { cx: x, cy: y, r }),
      placed.length <= 40 && draw("text", { x: isRight ? x - r - 4 : x + r + 4, y: y + 4, "text-anchor": isRight ? "end" : "start" }, station.station),
    );
  });
  return make(
    "figure",
    { class: "map" },
    draw("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": count("overview.map_alt", placed.length) },
      draw("rect", { class: "ground", x: 0.5, y: 0.5, width: WIDE - 1, height: HIGH - 1 }), ...spots),
    make("figcaption", { class: "soft" }, say("overview.map_note")),
  );
}
