/**
 * One picture to look at closely: wheel, pinch, drag, double tap; the model's boxes above it.
 *
 * The stage knows nothing of events. It shows what it is given and tells when the view changes, so
 * that two of them can move as one.
 */
import { make } from "./dom.js";
import { around, centre, fitted, moved, placed, whole, zoomed } from "./geometry.js";
import { labelled, percent } from "./words.js";

/** @typedef {import("./geometry.js").View} View */
/** @typedef {import("./types.js").Box} Box */

const STEP = 1.4;
const CLOSE = 2.5; // how far a double tap goes in
const SWIPE = 45; // pixels of a finger that mean the next frame
const TAP_MS = 300;

export class Stage {
  /**
   * @param {HTMLElement} room
   * @param {{moved?: (middle: View) => void, swiped?: (step: number) => void, closer?: () => void}} [tell]
   *   moved: by the person, never by `look`; closer: when details are wanted that are not shown
   */
  constructor(room, tell = {}) {
    this.room = room;
    this.tell = tell;
    this.picture = make("img", { class: "picture", alt: "", draggable: "false" });
    this.overlay = make("div", { class: "boxes", "aria-hidden": "true" });
    room.append(this.picture, this.overlay);
    this.size = { width: 4, height: 3 };
    /** @type {View} */
    this.view = { scale: 1, x: 0, y: 0 };
    /** @type {Box[]} */
    this.boxes = [];
    /** @type {Map<number, {x: number, y: number}>} */
    this.fingers = new Map();
    this.start = { x: 0, y: 0, at: 0 };
    this.tapped = 0;
    this.byTouch = false;
    new ResizeObserver(() => this.#resized()).observe(room);
    room.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    room.addEventListener("pointerdown", (event) => this.#down(event));
    room.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"]))
      room.addEventListener(name, (event) => this.#up(event));
    // By touch the second tap has done it already.
    room.addEventListener("dblclick", (event) => this.byTouch || this.#double(this.#point(event)));
  }

  get #room() {
    return { width: this.room.clientWidth, height: this.room.clientHeight };
  }

  get #fit() {
    return fitted(this.#room, this.size);
  }

  /** True when more than the whole picture's size is shown. */
  get isClose() {
    return this.view.scale > 1.01;
  }

  /**
   * Show a picture; the view stays when it is of the same event.
   * @param {string} address @param {string} alt @param {{width: number, height: number}} size
   * @param {Box[]} boxes @param {boolean} keepView
   */
  show(address, alt, size, boxes, keepView) {
    if (this.picture.getAttribute("src") !== address) this.picture.src = address;
    this.picture.alt = alt;
    this.boxes = boxes;
    if (size.width && size.height) this.size = size;
    if (!keepView) this.view = whole(this.#room, this.#fit);
    this.#resized();
  }

  /** A better copy of the picture that is shown. @param {string} address */
  sharpen(address) {
    this.picture.src = address;
  }

  /** @param {string} filter  of CSS, for brightness and contrast */
  shade(filter) {
    this.picture.style.filter = filter;
  }

  /** @param {boolean} are */
  showBoxes(are) {
    this.overlay.hidden = !are;
  }

  /** Larger (1) or smaller (-1) around the middle. @param {number} direction */
  zoom(direction) {
    const { width, height } = this.#room;
    this.#set(zoomed(this.view, direction > 0 ? STEP : 1 / STEP, { x: width / 2, y: height / 2 }, this.#room, this.#fit));
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.#set(moved(this.view, dx, dy, this.#room, this.#fit));
  }

  reset() {
    this.#set(whole(this.#room, this.#fit));
  }

  /** Look at the same part as another stage. @param {View} middle */
  look(middle) {
    this.view = around(middle, this.#room, this.#fit);
    this.#draw();
  }

  /** @param {View} view */
  #set(view) {
    this.view = view;
    this.#draw();
    this.tell.moved?.(centre(view, this.#room, this.#fit));
    if (this.isClose) this.tell.closer?.();
  }

  #resized() {
    const middle = centre(this.view, this.#room, this.#fit);
    this.view = this.isClose ? around(middle, this.#room, this.#fit) : whole(this.#room, this.#fit);
    this.#draw();
  }

  #draw() {
    const fit = this.#fit;
    const { scale, x, y } = this.view;
    Object.assign(this.picture.style, {
      width: `${fit.width}px`,
      height: `${fit.height}px`,
      transform: `translate(${x}px, ${y}px) scale(${scale})`,
    });
    this.room.classList.toggle("close", this.isClose);
    this.overlay.replaceChildren(
      ...this.boxes.map((box) => {
        const at = placed(box, this.view, fit);
        return make(
          "div",
          {
            class: `box ${box.label}`,
            style: { left: `${at.left}px`, top: `${at.top}px`, width: `${at.width}px`, height: `${at.height}px` },
          },
          make("span", { class: at.top < 24 ? "inside" : "" }, `${labelled(box.label)} ${percent(box.confidence)}`),
        );
      }),
    );
  }

  /** @param {MouseEvent} event */
  #point(event) {
    const { left, top } = this.room.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    // A wheel's notch is some 100 pixels, a touch pad sends many small ones; lines are 16 pixels.
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    this.#set(zoomed(this.view, Math.exp(-pixels / 400), this.#point(event), this.#room, this.#fit));
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest("button"))) return;
    this.byTouch = event.pointerType === "touch";
    this.fingers.set(event.pointerId, this.#point(event));
    this.start = { ...this.#point(event), at: performance.now() };
    this.room.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = this.#point(event);
    if (this.fingers.size === 2) {
      const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const spread = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
        const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
        const grown = zoomed(this.view, spread, middle, this.#room, this.#fit);
        this.#set(moved(grown, (now.x - before.x) / 2, (now.y - before.y) / 2, this.#room, this.#fit));
      }
    } else if (this.isClose) this.pan(now.x - before.x, now.y - before.y);
    this.fingers.set(event.pointerId, now);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const was = this.fingers.size;
    if (!this.fingers.delete(event.pointerId) || was !== 1 || event.type === "pointercancel") return;
    if (event.pointerType !== "touch") return;
    const now = this.#point(event);
    const [dx, dy] = [now.x - this.start.x, now.y - this.start.y];
    if (!this.isClose && Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) this.tell.swiped?.(dx < 0 ? 1 : -1);
    if (Math.hypot(dx, dy) > 12) return;
    if (performance.now() - this.tapped < TAP_MS) this.#double(now);
    this.tapped = performance.now();
  }

  /** @param {{x: number, y: number}} point */
  #double(point) {
    if (this.isClose) this.reset();
    else this.#set(zoomed(this.view, CLOSE, point, this.#room, this.#fit));
  }
}
