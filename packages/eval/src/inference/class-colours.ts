// A colour for every class, each as far as possible from all before it, so that no two are taken for each other and the
// first few differ most: farthest-point selection from a grid of colours in OKLab, where equal distances look alike.
// Golden-angle hues, which are simpler, come near to each other again after 21 and 144 classes. Reference: Björn
// Ottosson, A perceptual color space for image processing (2020), https://bottosson.github.io/posts/oklab/.

/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** What ignored pixels look like: no class is grey. */
export const IGNORED_COLOUR: Rgb = [128, 128, 128];

const FIRST: Rgb = [238, 85, 68];
/** Of each channel of the grid. */
const LEVELS = [0, 34, 68, 102, 136, 170, 204, 238, 255];
/** Too dark, too pale and too grey colours do not show on a picture. */
const MIN_LIGHTNESS = 0.4;
const MAX_LIGHTNESS = 0.9;
const MIN_CHROMA = 0.07;
/** Over a picture lightness tells less than hue. */
const LIGHTNESS_WEIGHT = 0.7;

/** Colours of the labels 0 to `count` − 1, at most 255; those of a smaller count are the first of a larger one. */
export function classColours(count: number): readonly Rgb[] {
  const candidates = gridColours();
  const places = candidates.map(toLab);
  const nearest = new Float64Array(candidates.length).fill(Number.POSITIVE_INFINITY);
  const colours: Rgb[] = [];
  let next = FIRST;
  while (colours.length < count) {
    colours.push(next);
    const [lightness, a, b] = toLab(next);
    let farthest = 0;
    for (const [at, place] of places.entries()) {
      const up = LIGHTNESS_WEIGHT * (place[0] - lightness);
      const distance = up * up + (place[1] - a) ** 2 + (place[2] - b) ** 2;
      nearest[at] = Math.min(nearest[at]!, distance);
      if (nearest[at]! > nearest[farthest]!) farthest = at;
    }
    next = candidates[farthest]!;
  }
  return colours;
}

function gridColours(): readonly Rgb[] {
  const all = LEVELS.flatMap((red) =>
    LEVELS.flatMap((green) => LEVELS.map((blue): Rgb => [red, green, blue])),
  );
  return all.filter((colour) => {
    const [lightness, a, b] = toLab(colour);
    const visible = lightness >= MIN_LIGHTNESS && lightness <= MAX_LIGHTNESS;
    return visible && Math.hypot(a, b) >= MIN_CHROMA;
  });
}

/** Lightness, from green to red, from blue to yellow. */
function toLab(colour: Rgb): Rgb {
  const [red, green, blue] = colour.map((value) => toLinear(value / 255)) as [
    number,
    number,
    number,
  ];
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const medium = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
  ];
}

/** A value of sRGB from 0 to 1 as linear light. */
function toLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
