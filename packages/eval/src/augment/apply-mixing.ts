// Mixes a batch with itself in reverse, in the float32 arithmetic of timm 0.6: each product rounded, then their sum.
// Batches of normalised floats are what the recipe mixes. Bytes can be mixed too: cutmix on them is exact (bytes are
// moved), mixup is rounded to the nearest level, which the recipe does not do: at most half a level, 0.5 / (255 std),
// from the mixed floats.

import type { Tensor } from "@internvit/model-core";

import { EvalError } from "../errors.ts";
import type { Mixing } from "./draw-mixing.ts";

/** Pictures as the encoder takes them: float32 `[batch, channels, height, width]` or uint8 `[batch, height, width, channels]`. */
export type PictureBatch = Tensor<"float32"> | Tensor<"uint8">;

/**
 * The mixed batch, of the same type and shape. Without `data` it is new memory, also where nothing is mixed.
 *
 * @throws EvalError `invalid-argument` for a tensor that is no batch of pictures, an odd batch, a box that leaves the
 * pictures, or `data` of another length
 */
export function applyMixing<B extends PictureBatch>(
  batch: B,
  mixing: Mixing,
  options: {
    /** Where the result goes, `batch.data` itself included. Default: new memory. */
    readonly data?: B["data"];
  } = {},
): B {
  const { data = batch.data.slice() as B["data"] } = options;
  const layout = layoutOf(batch, mixing);
  if (data.length !== batch.data.length) {
    throw new EvalError(
      "invalid-argument",
      `data: expected room for ${batch.data.length} values of the batch, got ${data.length}`,
    );
  }
  if (data !== batch.data) data.set(batch.data);
  if (mixing.kind === "mixup") {
    if (data instanceof Float32Array) mixFloats(data, { ...layout, lambda: mixing.lambda });
    else mixBytes(data as Uint8Array, { ...layout, lambda: mixing.lambda });
  } else if (mixing.kind === "cutmix") exchangeBoxes(data, { ...layout, box: mixing.box });
  return { ...batch, data };
}

/** A batch as `[pictures, planes, height, width, values]`: planes of floats, values of a byte pixel. */
interface Layout {
  readonly pictures: number;
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly values: number;
}

function layoutOf({ dtype, shape }: PictureBatch, mixing: Mixing): Layout {
  const [pictures = 0, second = 0, third = 0, fourth = 0] = shape;
  if (shape.length !== 4 || shape.includes(0)) {
    throw new EvalError(
      "invalid-argument",
      `a batch to mix: expected [batch, channels, height, width] or [batch, height, width, channels], got [${shape.join(", ")}]`,
    );
  }
  assertPairs(pictures, mixing);
  const layout =
    dtype === "float32"
      ? { pictures, planes: second, height: third, width: fourth, values: 1 }
      : { pictures, planes: 1, height: second, width: third, values: fourth };
  if (mixing.kind !== "cutmix") return layout;
  const { left, top, width, height } = mixing.box;
  const inside = left >= 0 && top >= 0 && width >= 0 && height >= 0;
  if (!inside || left + width > layout.width || top + height > layout.height) {
    throw new EvalError(
      "invalid-argument",
      `a cutmix box of ${width}x${height} at ${left},${top} leaves pictures of ${layout.width}x${layout.height}`,
    );
  }
  return layout;
}

/** @throws EvalError `invalid-argument` for an odd batch that is to be mixed: its middle would be its own partner */
export function assertPairs(batch: number, mixing: Mixing): void {
  if (mixing.kind === "none" || batch % 2 === 0) return;
  throw new EvalError(
    "invalid-argument",
    `${mixing.kind} mixes pairs: expected an even number of samples in the batch, got ${batch}`,
  );
}

function mixFloats(data: Float32Array, mix: Layout & { readonly lambda: number }): void {
  const length = data.length / mix.pictures;
  const own = Math.fround(mix.lambda);
  const other = Math.fround(1 - mix.lambda);
  for (let picture = 0; picture < mix.pictures / 2; picture++) {
    const partner = (mix.pictures - 1 - picture) * length;
    for (let i = picture * length, j = partner; j < partner + length; i++, j++) {
      const a = data[i]!;
      const b = data[j]!;
      data[i] = Math.fround(a * own) + Math.fround(b * other);
      data[j] = Math.fround(b * own) + Math.fround(a * other);
    }
  }
}

function mixBytes(data: Uint8Array, mix: Layout & { readonly lambda: number }): void {
  const length = data.length / mix.pictures;
  const { lambda } = mix;
  for (let picture = 0; picture < mix.pictures / 2; picture++) {
    const partner = (mix.pictures - 1 - picture) * length;
    for (let i = picture * length, j = partner; j < partner + length; i++, j++) {
      const a = data[i]!;
      const b = data[j]!;
      data[i] = b + (a - b) * lambda + 0.5;
      data[j] = a + (b - a) * lambda + 0.5;
    }
  }
}

function exchangeBoxes(
  data: Float32Array | Uint8Array,
  { box, ...layout }: Layout & { readonly box: (Mixing & { readonly kind: "cutmix" })["box"] },
): void {
  const { pictures, planes, height, width, values } = layout;
  const rowLength = width * values;
  const first = box.left * values;
  const count = box.width * values;
  const kept = data.slice(0, count);
  for (let picture = 0; picture < pictures / 2; picture++) {
    for (let plane = 0; plane < planes; plane++) {
      for (let y = box.top; y < box.top + box.height; y++) {
        const own = ((picture * planes + plane) * height + y) * rowLength + first;
        const other =
          (((pictures - 1 - picture) * planes + plane) * height + y) * rowLength + first;
        kept.set(data.subarray(own, own + count));
        data.copyWithin(own, other, other + count);
        data.set(kept, other);
      }
    }
  }
}
