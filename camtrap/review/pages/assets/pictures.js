/**
 * Pictures before they are asked for: those of this event, then the first of the next ones.
 *
 * Decoded pictures are large (a megapixel takes 4 MB), so that only the latest are held.
 */

const HELD = 18;
const MISSED_MS = 8000; // what did not come is not asked for again at once: its card may be away

/** The size to ask for, so that a pixel of the screen gets one. @param {number} [width] @param {number} [ratio] */
export function sideFor(width = innerWidth, ratio = devicePixelRatio) {
  return width * Math.min(ratio, 2) <= 900 ? 800 : 1600;
}

/** @param {number} file @param {number} [side] */
export const pictureOf = (file, side = sideFor()) => `/picture/${file}.jpg?side=${side}`;

/** @param {number} file */
export const thumbOf = (file) => `/thumb/${file}.jpg`;

export class Pictures {
  constructor() {
    /** @type {Map<string, {picture: HTMLImageElement, ready: Promise<boolean>, isReady: boolean}>} */
    this.held = new Map();
    /** @type {Map<string, number>} */
    this.missed = new Map();
  }

  /** What did not come may come now: the server is back, a card was plugged in. */
  hope() {
    this.missed.clear();
  }

  /** True when it would be shown at once. @param {string} address */
  has(address) {
    return this.held.get(address)?.isReady ?? false;
  }

  /** Fetch and decode a picture; false when there is none. @param {string} address @returns {Promise<boolean>} */
  bring(address) {
    const known = this.held.get(address);
    if (known) {
      // To the end: it was used last.
      this.held.delete(address);
      this.held.set(address, known);
      return known.ready;
    }
    if (performance.now() - (this.missed.get(address) ?? -MISSED_MS) < MISSED_MS) return Promise.resolve(false);
    const picture = new Image();
    picture.decoding = "async";
    picture.src = address;
    const one = { picture, isReady: false, ready: Promise.resolve(false) };
    one.ready = picture.decode().then(
      () => (one.isReady = true),
      () => {
        this.held.delete(address);
        if (this.missed.size > 1000) this.missed.clear();
        this.missed.set(address, performance.now());
        return false;
      },
    );
    this.held.set(address, one);
    for (const oldest of this.held.keys()) {
      if (this.held.size <= HELD) break;
      this.held.delete(oldest);
    }
    return one.ready;
  }
}
