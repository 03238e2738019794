// The colours of a heat map: viridis (Smith and van der Walt, released under CC0), which gets steadily lighter, so that
// it can be read without telling colours apart. Ten of its steps, straight lines between.

const STOPS: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
];

/** The same as a CSS gradient from left to right. */
export const HEAT_GRADIENT: string = `linear-gradient(to right, ${STOPS.map((stop) => `rgb(${stop.join(" ")})`).join(", ")})`;

/** Values as colours, one pixel each; `low` and below is the darkest, `high` and above the lightest. */
export function heatImage(
  values: Float32Array,
  options: {
    readonly width: number;
    readonly height: number;
    readonly low: number;
    readonly high: number;
  },
): ImageData {
  const { width, height, low, high } = options;
  const image = new ImageData(width, height);
  const last = STOPS.length - 1;
  for (const [index, value] of values.entries()) {
    const level = high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 1;
    const below = Math.min(Math.floor(level * last), last - 1);
    const part = level * last - below;
    for (const channel of [0, 1, 2] as const) {
      const [from, to] = [STOPS[below]![channel], STOPS[below + 1]![channel]];
      image.data[index * 4 + channel] = Math.round(from + (to - from) * part);
    }
    image.data[index * 4 + 3] = 255;
  }
  return image;
}
