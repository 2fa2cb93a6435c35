/**
 * Making elements without markup in strings: what comes from a card or a person is text, always.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element. Names beginning with `on` are listeners, `style` sets properties, true and false make
 * a bare attribute or none.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Record<string, any>} [has] @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, has = {}, ...children) {
  const element = document.createElement(tag);
  put(element, has);
  element.append(...kept(children));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element of a drawing. @param {string} tag @param {Record<string, any>} [has]
 * @param {...Child} children @returns {SVGElement}
 */
export function draw(tag, has = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  put(element, has);
  element.append(...kept(children));
  return element;
}

/** @param {Child[]} children @returns {(Node|string)[]} */
function kept(children) {
  return children
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/** @param {Element} element @param {Record<string, any>} has */
function put(element, has) {
  for (const [name, value] of Object.entries(has)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(/** @type {HTMLElement} */ (element).style, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
}

/**
 * The element with an id; the shells hold each of them.
 * @param {string} id @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Empty an element and fill it anew. @param {Element} element @param {...Child} children
 */
export const refill = (element, ...children) => element.replaceChildren(...kept(children));

/** A label's chip: its colour and always its name. @param {string} label @param {string} words */
export const chip = (label, words) => make("span", { class: `chip ${label}` }, words);

/** True where typing is meant for a field and not for the page's keys. @param {EventTarget|null} target */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
