// A colour for every class, so that labels next to each other differ: hues a golden angle apart, and lightness and chroma
// in turn, in OKLCH, where equal steps look alike. Reference: Björn Ottosson, A perceptual color space for image
// processing (2020), https://bottosson.github.io/posts/oklab/.

/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** What ignored pixels look like: no class is grey. */
export const IGNORED_COLOUR: Rgb = [128, 128, 128];

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
/** Lightness and chroma of labels 0, 1, 2, and again from the start. */
const TURNS = [
  { lightness: 0.65, chroma: 0.19 },
  { lightness: 0.82, chroma: 0.13 },
  { lightness: 0.48, chroma: 0.15 },
] as const;

/** Colours of the labels 0 to `count` − 1; those of a smaller count are the first of a larger one. */
export function classColours(count: number): readonly Rgb[] {
  return Array.from({ length: count }, (_, label) =>
    toRgb({ ...TURNS[label % TURNS.length]!, hue: (0.45 + label * GOLDEN_ANGLE) % (2 * Math.PI) }),
  );
}

interface Oklch {
  readonly lightness: number;
  readonly chroma: number;
  /** In radians. */
  readonly hue: number;
}

/** The colour, with as much of its chroma as a screen can show. */
function toRgb(colour: Oklch): Rgb {
  let { chroma } = colour;
  let linear = toLinear({ ...colour, chroma });
  while (linear.some((value) => value < 0 || value > 1)) {
    chroma *= 0.95;
    linear = toLinear({ ...colour, chroma });
  }
  const [red, green, blue] = linear;
  return [toByte(red), toByte(green), toByte(blue)];
}

/** Linear light; outside 0 to 1 for what a screen cannot show. */
function toLinear({ lightness, chroma, hue }: Oklch): Rgb {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ];
}

/** Linear light from 0 to 1 as a byte of sRGB. */
function toByte(value: number): number {
  const encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
  return Math.round(255 * encoded);
}
