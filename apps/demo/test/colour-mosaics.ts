// Pictures of squares in families of colours, with the family of every pixel: what a head that is trained in a few
// seconds can learn, even of an encoder with random weights.

import { createRandom, type Random } from "@internvit/test-kit/portable";

/** The families, in the order of their labels. */
export const FAMILIES = ["red", "green", "blue", "grey"] as const;

/** Pixels of a mosaic's side, and of its squares'. */
export const MOSAIC_SIDE = 112;
const SQUARE = 28;

/** Mosaics `[count, side, side, 3]` and their labels `[count, side, side]`. */
export function colourMosaics(options: { readonly count: number; readonly seed: number }): {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
} {
  const { count, seed } = options;
  const random = createRandom(seed);
  const pixels = new Uint8Array(count * MOSAIC_SIDE ** 2 * 3);
  const labels = new Uint8Array(count * MOSAIC_SIDE ** 2);
  for (let picture = 0; picture < count; picture++) {
    for (let top = 0; top < MOSAIC_SIDE; top += SQUARE) {
      for (let left = 0; left < MOSAIC_SIDE; left += SQUARE) {
        const label = random.below(FAMILIES.length);
        const colour = colourOf(FAMILIES[label]!, random);
        for (let at = 0; at < SQUARE ** 2; at++) {
          const y = picture * MOSAIC_SIDE + top + Math.floor(at / SQUARE);
          const pixel = y * MOSAIC_SIDE + left + (at % SQUARE);
          labels[pixel] = label;
          for (const [channel, value] of colour.entries()) {
            pixels[pixel * 3 + channel] = value + random.below(24);
          }
        }
      }
    }
  }
  return { pixels, labels };
}

function colourOf(family: (typeof FAMILIES)[number], random: Random): readonly number[] {
  const level = (low: number, high: number): number => low + random.below(high - low);
  if (family === "grey") {
    const grey = level(20, 230);
    return [grey, grey, grey];
  }
  const strong = level(120, 230);
  return ["red", "green", "blue"].map((name) => (name === family ? strong : level(0, strong - 70)));
}
