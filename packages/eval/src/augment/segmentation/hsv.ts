// RGB to HSV and back as OpenCV does it for bytes (`COLOR_BGR2HSV`, `COLOR_HSV2BGR`): hue 0 to 179, saturation and
// value 0 to 255, three bytes a pixel. To HSV: integers, divisions by tables of 12 fractional bits. Back: float32, where
// 1 - s * f is one fused operation. Equal to OpenCV 5.0 for all 180 * 256 * 256 colours.
//
// OpenCV truncates to bytes in its vector loop and rounds to nearest in what is left of a row. The length of its blocks
// depends on the processor; here they have the 64 pixels of AVX-512 everywhere (docs/decisions/0036-augmentation.md).

const SHIFT = 12;
const HALF = 1 << (SHIFT - 1);
const HUES = 180;
const BLOCK = 64;
/** A float64 that is added and taken away leaves a small number rounded to nearest, halves to even. */
const TO_NEAREST = 2 ** 52;

/** Converts pixels `[pixels, 3]` from RGB to HSV, in place. */
export function rgbToHsv(data: Uint8Array): void {
  const saturationScale = inverses(255);
  const hueScale = inverses(HUES / 6);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i]!;
    const green = data[i + 1]!;
    const blue = data[i + 2]!;
    const value = Math.max(red, green, blue);
    const range = value - Math.min(red, green, blue);
    let turn = red - green + 4 * range;
    if (value === red) turn = green - blue;
    else if (value === green) turn = blue - red + 2 * range;
    const hue = (Math.imul(turn, hueScale[range]!) + HALF) >> SHIFT;
    data[i] = hue < 0 ? hue + HUES : hue;
    data[i + 1] = (Math.imul(range, saturationScale[value]!) + HALF) >> SHIFT;
    data[i + 2] = value;
  }
}

/** `factor / i` with 12 fractional bits; 0 for 0. */
function inverses(factor: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, i) =>
    i === 0 ? 0 : Math.round((factor * (1 << SHIFT)) / i),
  );
}

/** Converts pixels `[rows, width, 3]` from HSV to RGB, in place. Hues are below 180. */
export function hsvToRgb(data: Uint8Array, width: number): void {
  const tables = hueTables();
  const rowLength = width * 3;
  const truncated = (width - (width % BLOCK)) * 3;
  for (let row = 0; row < data.length; row += rowLength) {
    convertPixels(data, { first: row, end: row + truncated, rounding: 0, tables });
    const end = row + rowLength;
    convertPixels(data, { first: row + truncated, end, rounding: TO_NEAREST, tables });
  }
}

/** Of every hue: the channels with the largest, the smallest and the middle sample, and how far the middle one falls. */
interface HueTables {
  readonly high: Uint8Array;
  readonly low: Uint8Array;
  readonly middle: Uint8Array;
  readonly falls: Float32Array;
  /** `i / 255` of every byte. */
  readonly shares: Float32Array;
}

function convertPixels(
  data: Uint8Array,
  part: {
    readonly first: number;
    readonly end: number;
    readonly rounding: number;
    readonly tables: HueTables;
  },
): void {
  const { first, end, rounding } = part;
  const { high, low, middle, falls, shares } = part.tables;
  for (let i = first; i < end; i += 3) {
    const hue = data[i]!;
    const saturation = shares[data[i + 1]!]!;
    const value = shares[data[i + 2]!]!;
    // A product of two float32 numbers is exact in float64, so each line rounds as often as OpenCV does.
    const least = Math.fround(value * Math.fround(1 - saturation));
    const between = Math.fround(value * Math.fround(1 - saturation * falls[hue]!));
    data[i + high[hue]!] = (Math.fround(value * 255) + rounding - rounding) | 0;
    data[i + low[hue]!] = (Math.fround(least * 255) + rounding - rounding) | 0;
    data[i + middle[hue]!] = (Math.fround(between * 255) + rounding - rounding) | 0;
  }
}

// Red, green and blue are 0, 1 and 2; from sixth to sixth of the circle.
const HIGH = [0, 1, 1, 2, 2, 0] as const;
const LOW = [2, 2, 0, 0, 1, 1] as const;

function hueTables(): HueTables {
  const tables = {
    high: new Uint8Array(HUES),
    low: new Uint8Array(HUES),
    middle: new Uint8Array(HUES),
    falls: new Float32Array(HUES),
    shares: Float32Array.from({ length: 256 }, (_, i) => i * Math.fround(1 / 255)),
  };
  for (let hue = 0; hue < HUES; hue++) {
    const turn = Math.fround(hue * Math.fround(6 / HUES));
    const sixth = Math.floor(turn);
    tables.high[hue] = HIGH[sixth]!;
    tables.low[hue] = LOW[sixth]!;
    tables.middle[hue] = 3 - HIGH[sixth]! - LOW[sixth]!;
    // In odd sixths the middle sample falls with the hue, in even ones it rises.
    tables.falls[hue] = sixth % 2 === 1 ? turn - sixth : 1 - (turn - sixth);
  }
  return tables;
}
