// The two passes in WebAssembly SIMD. A 22-bit weight does not fit the 16-bit multipliers, so it is split into
// `high * 2^15 + low` and both halves get their own dot products: two taps a multiplication, and the sum is exact
// modulo 2^32, as Pillow's int32 accumulator is.
//
// Layout of the taps in memory, little-endian:
// - horizontal: per output, an int32 byte offset of the first source pixel, then per four taps eight int16:
//   the four high halves, the four low halves;
// - vertical: per output, an int32 byte offset of the first source row, an int32 byte length of what follows,
//   then per two taps four int16: two high halves, two low halves.

import { ROUNDING, WEIGHT_BITS } from "./taps.ts";
import {
  add,
  addI32x4,
  dot,
  encodeModule,
  get,
  i32,
  lessThan,
  load,
  load32Splat,
  load64Splat,
  loadI32,
  narrowToI16,
  narrowToU8,
  repeatWhile,
  set,
  shiftLeft,
  shiftRight,
  shuffle,
  splatI32,
  store,
  store16Lane,
  store8Lane,
  widenHigh,
  widenLow,
  type Code,
  type Local,
  type WasmFunction,
} from "./wasm-encoding.ts";

/** Bits of a weight's low half. */
export const LOW_BITS = 15;

/** Bytes of the module, with a memory of so many 64 KiB pages. */
export function buildSimdModule(options: { readonly pages: number }): Uint8Array<ArrayBuffer> {
  return encodeModule([horizontalPair(), verticalRows()], options);
}

/** `high * 2^15 + low + rounding`, still in fixed point. */
function joined(high: Local, low: Local): Code {
  return addI32x4(shiftLeft(get(high), LOW_BITS), get(low));
}

function scaledDown(value: Code): Code {
  return shiftRight(addI32x4(value, splatI32(i32(ROUNDING))), WEIGHT_BITS);
}

function accumulate(sum: Local, pixels: Code, weights: Local): Code {
  return set(sum, addI32x4(get(sum), dot(pixels, get(weights))));
}

const ZERO: Code = splatI32(i32(0));

/**
 * `horizontal(source1, source2, target1, target2, targetEnd1, taps, tapBytes)`: two rows at once, so that the
 * blue samples of both fill one vector. `tapBytes` are the bytes of weights per output, a multiple of 16.
 */
function horizontalPair(): WasmFunction {
  const [source1, source2, target1, target2, targetEnd1, taps, tapBytes] = [0, 1, 2, 3, 4, 5, 6];
  const [pixel1, pixel2, tapEnd] = [7, 8, 9];
  const [row1, row2, high, low] = [10, 11, 12, 13];
  const [redGreenHigh1, redGreenLow1, redGreenHigh2, redGreenLow2] = [14, 15, 16, 17];
  const [blueHigh, blueLow, result] = [18, 19, 20];
  const sums = [redGreenHigh1, redGreenLow1, redGreenHigh2, redGreenLow2, blueHigh, blueLow];
  // Byte 16 is the first of the zero vector: it widens a sample to 16 bits.
  const z = 16;
  const redGreen = [0, z, 3, z, 6, z, 9, z, 1, z, 4, z, 7, z, 10, z];
  const blue = [2, 5, 8, 11, 18, 21, 24, 27, 0, 0, 0, 0, 0, 0, 0, 0];
  const even = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
  const odd = even.map((lane) => lane + 4);
  const halves = (a: Code, b: Code): Code => addI32x4(shuffle(a, b, even), shuffle(a, b, odd));
  const temporaries = [row1, row2];
  return {
    name: "horizontal",
    parameters: 7,
    integers: 3,
    vectors: 11,
    body: [
      repeatWhile(
        lessThan(get(target1), get(targetEnd1)),
        set(pixel1, add(get(source1), loadI32(get(taps)))),
        set(pixel2, add(get(source2), loadI32(get(taps)))),
        set(taps, add(get(taps), i32(4))),
        set(tapEnd, add(get(taps), get(tapBytes))),
        ...sums.map((sum) => set(sum, ZERO)),
        repeatWhile(
          lessThan(get(taps), get(tapEnd)),
          set(row1, load(get(pixel1))),
          set(row2, load(get(pixel2))),
          set(high, load64Splat(get(taps))),
          set(low, load64Splat(get(taps), 8)),
          set(result, widenLow(shuffle(get(row1), get(row2), blue))),
          accumulate(blueHigh, get(result), high),
          accumulate(blueLow, get(result), low),
          ...temporaries.map((row) => set(row, shuffle(get(row), ZERO, redGreen))),
          accumulate(redGreenHigh1, get(row1), high),
          accumulate(redGreenLow1, get(row1), low),
          accumulate(redGreenHigh2, get(row2), high),
          accumulate(redGreenLow2, get(row2), low),
          set(pixel1, add(get(pixel1), i32(12))),
          set(pixel2, add(get(pixel2), i32(12))),
          set(taps, add(get(taps), i32(16))),
        ),
        set(row1, joined(redGreenHigh1, redGreenLow1)),
        set(row2, joined(redGreenHigh2, redGreenLow2)),
        set(high, joined(blueHigh, blueLow)),
        // [red1, green1, red2, green2] and [blue1, blue2, …]
        set(row1, scaledDown(halves(get(row1), get(row2)))),
        set(row2, scaledDown(halves(get(high), get(high)))),
        set(result, narrowToI16(get(row1), get(row2))),
        set(result, narrowToU8(get(result), get(result))),
        store16Lane(get(target1), get(result), 0),
        store8Lane(get(target1), get(result), 4, 2),
        store16Lane(get(target2), get(result), 1),
        store8Lane(get(target2), get(result), 5, 2),
        set(target1, add(get(target1), i32(3))),
        set(target2, add(get(target2), i32(3))),
      ),
    ],
  };
}

/**
 * `vertical(source, sourceStride, target, targetEnd, taps)`: one output row, sixteen bytes at a time. Up to
 * fifteen bytes past the row are read and written; the caller leaves room and writes rows in order.
 */
function verticalRows(): WasmFunction {
  const [source, sourceStride, target, targetEnd, taps] = [0, 1, 2, 3, 4];
  const [pixel, tap, tapEnd] = [5, 6, 7];
  const [row1, row2, high, low, pair] = [8, 9, 10, 11, 12];
  const quarters = [0, 1, 2, 3].map((i) => ({ high: 13 + 2 * i, low: 14 + 2 * i }));
  const [q0, q1, q2, q3] = quarters.map((q) => scaledDown(joined(q.high, q.low))) as [
    Code,
    Code,
    Code,
    Code,
  ];
  const firstHalf = [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23];
  const secondHalf = firstHalf.map((lane) => lane + 8);
  const spread = (lanes: readonly number[], first: number): readonly Code[] => {
    const [a, b] = [quarters[first]!, quarters[first + 1]!];
    return [
      set(pair, shuffle(get(row1), get(row2), lanes)),
      accumulate(a.high, widenLow(get(pair)), high),
      accumulate(a.low, widenLow(get(pair)), low),
      accumulate(b.high, widenHigh(get(pair)), high),
      accumulate(b.low, widenHigh(get(pair)), low),
    ];
  };
  return {
    name: "vertical",
    parameters: 5,
    integers: 3,
    vectors: 13,
    body: [
      set(source, add(get(source), loadI32(get(taps)))),
      set(tapEnd, add(add(get(taps), i32(8)), loadI32(add(get(taps), i32(4))))),
      repeatWhile(
        lessThan(get(target), get(targetEnd)),
        set(pixel, get(source)),
        set(tap, add(get(taps), i32(8))),
        ...quarters.flatMap((q) => [set(q.high, ZERO), set(q.low, ZERO)]),
        repeatWhile(
          lessThan(get(tap), get(tapEnd)),
          set(row1, load(get(pixel))),
          set(pixel, add(get(pixel), get(sourceStride))),
          set(row2, load(get(pixel))),
          set(pixel, add(get(pixel), get(sourceStride))),
          set(high, load32Splat(get(tap))),
          set(low, load32Splat(get(tap), 4)),
          ...spread(firstHalf, 0),
          ...spread(secondHalf, 2),
          set(tap, add(get(tap), i32(8))),
        ),
        store(get(target), narrowToU8(narrowToI16(q0, q1), narrowToI16(q2, q3))),
        set(source, add(get(source), i32(16))),
        set(target, add(get(target), i32(16))),
      ),
    ],
  };
}
