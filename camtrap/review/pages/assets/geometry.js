/**
 * Zooming and panning as arithmetic: a picture in a window, in pixels of the screen.
 *
 * A view is `{scale, x, y}`: how much larger than fitting, and where the picture's top left lies.
 */

/** @typedef {{width: number, height: number}} Size */
/** @typedef {{scale: number, x: number, y: number}} View */

export const LARGEST = 16;

/** The size at which a picture just fits. @param {Size} room @param {Size} picture @returns {Size} */
export function fitted(room, picture) {
  if (!picture.width || !picture.height || !room.width || !room.height) return { width: 0, height: 0 };
  const ratio = Math.min(room.width / picture.width, room.height / picture.height);
  return { width: picture.width * ratio, height: picture.height * ratio };
}

/** The view in which all is seen, in the middle. @param {Size} room @param {Size} fit @returns {View} */
export const whole = (room, fit) => ({ scale: 1, x: (room.width - fit.width) / 2, y: (room.height - fit.height) / 2 });

/**
 * No gap beside a picture that is larger than its room, and one that is smaller is in the middle.
 * @param {View} view @param {Size} room @param {Size} fit @returns {View}
 */
export function held(view, room, fit) {
  const scale = Math.min(LARGEST, Math.max(1, view.scale));
  const along = (/** @type {number} */ at, /** @type {number} */ space, /** @type {number} */ size) =>
    size <= space ? (space - size) / 2 : Math.min(0, Math.max(space - size, at));
  return {
    scale,
    x: along(view.x, room.width, fit.width * scale),
    y: along(view.y, room.height, fit.height * scale),
  };
}

/**
 * Larger or smaller so that what lies under a point stays there.
 * @param {View} view @param {number} factor @param {{x: number, y: number}} point
 * @param {Size} room @param {Size} fit @returns {View}
 */
export function zoomed(view, factor, point, room, fit) {
  const scale = Math.min(LARGEST, Math.max(1, view.scale * factor));
  const grown = scale / view.scale;
  return held({ scale, x: point.x - (point.x - view.x) * grown, y: point.y - (point.y - view.y) * grown }, room, fit);
}

/** @param {View} view @param {number} dx @param {number} dy @param {Size} room @param {Size} fit @returns {View} */
export const moved = (view, dx, dy, room, fit) => held({ ...view, x: view.x + dx, y: view.y + dy }, room, fit);

/**
 * Which point of the picture (0..1) is in the middle of the room: the same for windows of any size.
 * @param {View} view @param {Size} room @param {Size} fit
 */
export const centre = (view, room, fit) => ({
  scale: view.scale,
  x: fit.width ? (room.width / 2 - view.x) / (fit.width * view.scale) : 0.5,
  y: fit.height ? (room.height / 2 - view.y) / (fit.height * view.scale) : 0.5,
});

/** The view that has a point in the middle. @param {View} middle @param {Size} room @param {Size} fit @returns {View} */
export const around = (middle, room, fit) =>
  held(
    {
      scale: middle.scale,
      x: room.width / 2 - middle.x * fit.width * middle.scale,
      y: room.height / 2 - middle.y * fit.height * middle.scale,
    },
    room,
    fit,
  );

/** A box of a picture where it lies on the screen. @param {{x: number, y: number, width: number, height: number}} box @param {View} view @param {Size} fit */
export const placed = (box, view, fit) => ({
  left: view.x + box.x * fit.width * view.scale,
  top: view.y + box.y * fit.height * view.scale,
  width: box.width * fit.width * view.scale,
  height: box.height * fit.height * view.scale,
});
