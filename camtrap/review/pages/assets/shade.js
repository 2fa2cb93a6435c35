/**
 * Brightness and contrast for dark infra-red pictures. They are of the screen alone and stay from
 * picture to picture until they are set back.
 */
import { byId } from "./dom.js";

/** The CSS filter for two percentages. @param {number} brightness @param {number} contrast */
export const filterOf = (brightness, contrast) =>
  brightness === 100 && contrast === 100 ? "" : `brightness(${brightness / 100}) contrast(${contrast / 100})`;

/** @param {(filter: string) => void} apply */
export function bindShade(apply) {
  const brightness = /** @type {HTMLInputElement} */ (byId("brightness"));
  const contrast = /** @type {HTMLInputElement} */ (byId("contrast"));
  const panel = byId("shade");
  const button = byId("shade-button");
  const changed = () => {
    for (const field of [brightness, contrast]) field.setAttribute("aria-valuetext", `${field.value} %`);
    byId("brightness-figure").textContent = `${brightness.value} %`;
    byId("contrast-figure").textContent = `${contrast.value} %`;
    const filter = filterOf(Number(brightness.value), Number(contrast.value));
    button.classList.toggle("set", filter !== "");
    apply(filter);
  };
  const toggle = (open = panel.hidden) => {
    panel.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) brightness.focus();
  };
  for (const field of [brightness, contrast]) field.addEventListener("input", changed);
  byId("shade-reset").addEventListener("click", () => {
    brightness.value = contrast.value = "100";
    changed();
  });
  button.addEventListener("click", () => toggle());
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    toggle(false);
    button.focus();
  });
  changed();
  return { toggle };
}
