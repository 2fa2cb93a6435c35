/**
 * Counts as tables; on a narrow screen each scrolls in itself, so that the page does not.
 */
import { make } from "./dom.js";
import { labelled, number, say } from "./words.js";

const ORDER = ["leopard", "prey", "other", "person", "vehicle", "empty", "unsure"];

/** Known labels in the order of every table, others behind them. @param {Iterable<string>} labels */
export const ordered = (labels) => {
  const all = [...new Set(labels)];
  return [...ORDER.filter((label) => all.includes(label)), ...all.filter((label) => !ORDER.includes(label))];
};

/**
 * @param {string} caption @param {string[]} columns @param {(string|number|Node)[][]} rows
 *   the first of a row names it
 * @param {(row: number, column: number) => string} [look]  a class for a cell
 */
export function table(caption, columns, rows, look = () => "") {
  return make(
    "div",
    { class: "table", tabindex: 0, role: "group", "aria-label": caption },
    make(
      "table",
      {},
      make("caption", { class: "unseen" }, caption),
      make("thead", {}, make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, ...rows.map(([name, ...cells], row) =>
        make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((cell, column) =>
          make("td", { class: look(row, column) }, typeof cell === "number" ? number(cell) : cell))))),
    ),
  );
}

/** @param {Record<string, {machine: number, people: number}>} counts */
export function labelsTable(counts) {
  return table(
    say("overview.labels"),
    [say("overview.label"), say("overview.machine"), say("overview.people")],
    ordered(Object.keys(counts)).map((label) => [name(label), counts[label].machine, counts[label].people]),
  );
}

/**
 * What the machine said against what people said.
 * @param {{n: number, same: number, table: Record<string, Record<string, number>>}} agreement
 */
export function agreementTable(agreement) {
  const said = agreement.table;
  const rows = ordered(Object.keys(said));
  const columns = ordered(rows.flatMap((label) => Object.keys(said[label])));
  return table(
    say("overview.agreement_note"),
    [say("overview.machine_said"), ...columns.map(labelled)],
    rows.map((label) => [name(label), ...columns.map((other) => said[label][other] ?? 0)]),
    (row, column) => (rows[row] === columns[column] ? "same" : said[rows[row]][columns[column]] ? "" : "none"),
  );
}

/** @param {({station: string} & Record<string, any>)[]} stations */
export function stationsTable(stations) {
  const columns = ["leopard", "persons", "prey", "other"];
  const most = [...stations].sort((a, b) => b.leopard - a.leopard || a.station.localeCompare(b.station));
  return table(
    say("overview.map"),
    [say("overview.column.station"), ...columns.map((column) => say(`overview.column.${column}`))],
    most.map((one) => [one.station || say("queue.no_station"), one.leopard, one.people, one.prey, one.other]),
    (row, column) => ([most[row].leopard, most[row].people, most[row].prey, most[row].other][column] ? "" : "none"),
  );
}

/** @param {string} label */
const name = (label) => make("span", { class: `named ${label}` }, labelled(label));
