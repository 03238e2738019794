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
    const hue = (turn * hueScale[range]! + HALF) >> SHIFT;
    data[i] = hue < 0 ? hue + HUES : hue;
    data[i + 1] = (range * saturationScale[value]! + HALF) >> SHIFT;
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
  const { sectors, fractions } = hueTables();
  const unit = Float32Array.from({ length: 256 }, (_, i) => i * Math.fround(1 / 255));
  const rowLength = width * 3;
  const truncated = (width - (width % BLOCK)) * 3;
  for (let row = 0; row < data.length; row += rowLength) {
    for (let i = row; i < row + rowLength; i += 3) {
      const rounding = i < row + truncated ? 0 : TO_NEAREST;
      const hue = data[i]!;
      const saturation = unit[data[i + 1]!]!;
      const value = unit[data[i + 2]!]!;
      const fraction = fractions[hue]!;
      const rising = Math.fround(1 - fraction);
      // The products of two float32 numbers are exact in float64, so each of these rounds as often as OpenCV does.
      const high = toByte(value, rounding);
      const low = toByte(Math.fround(value * Math.fround(1 - saturation)), rounding);
      const falls = toByte(Math.fround(value * Math.fround(1 - saturation * fraction)), rounding);
      const rises = toByte(Math.fround(value * Math.fround(1 - saturation * rising)), rounding);
      const sector = sectors[hue]!;
      data[i] =
        sector === 0 || sector === 5 ? high : sector === 1 ? falls : sector === 4 ? rises : low;
      data[i + 1] =
        sector === 1 || sector === 2 ? high : sector === 0 ? rises : sector === 3 ? falls : low;
      data[i + 2] =
        sector === 3 || sector === 4 ? high : sector === 2 ? rises : sector === 5 ? falls : low;
    }
  }
}

function toByte(share: number, rounding: number): number {
  return (Math.fround(share * 255) + rounding - rounding) | 0;
}

/** Of every hue, in which sixth of the circle it lies and how far into it. */
function hueTables(): { readonly sectors: Uint8Array; readonly fractions: Float32Array } {
  const sectors = new Uint8Array(HUES);
  const fractions = new Float32Array(HUES);
  for (let hue = 0; hue < HUES; hue++) {
    const turn = Math.fround(hue * Math.fround(6 / HUES));
    sectors[hue] = Math.floor(turn);
    fractions[hue] = turn - Math.floor(turn);
  }
  return { sectors, fractions };
}
