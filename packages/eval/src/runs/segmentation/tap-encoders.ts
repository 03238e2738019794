// The encoders under a head that is trained without them: what they give for the blocks that the head reads. Pictures of a
// batch are cut into the same chunks however many encoders share them, so that results repeat to the bit.

import { featureOf, type InputSize, type Tensor, type VisionEncoder } from "@internvit/model-core";

import { createSizedEncoders } from "../../inference/sized-encoders.ts";
import type { OpenEncoders } from "./segmentation-run-options.ts";

/** Pictures that are encoded together. */
const CHUNK = 4;

/** Encoders of several sizes. */
export interface TapEncoders {
  /**
   * `taps.N` [n, 1 + patches, width] of n pictures: uint8 [n, height, width, 3], or float32 [n, 3, height, width],
   * normalised.
   */
  taps(
    pixels: Tensor<"uint8"> | Tensor<"float32">,
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, Tensor<"float32">>>>;
  /** Opens the encoders of a size, if that was not done. */
  open(size: InputSize): Promise<readonly VisionEncoder[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Encoders read at `blocks`, from 0. */
export function createTapEncoders(
  openEncoders: OpenEncoders,
  { blocks }: { readonly blocks: readonly number[] },
): TapEncoders {
  const outputs = blocks.map((block) => `hidden_states.${block + 1}` as const);
  const encoders = createSizedEncoders((inputSize) =>
    openEncoders({ inputSize, outputs: [...new Set(outputs)] }),
  );
  return {
    async taps(pixels, signal) {
      const [count = 0] = pixels.shape;
      const starts = Array.from({ length: Math.ceil(count / CHUNK) }, (_, chunk) => chunk * CHUNK);
      const chunks = await Promise.all(
        starts.map((start) =>
          encoders.encode(rowsOf(pixels, start, Math.min(start + CHUNK, count)), signal),
        ),
      );
      const taps = outputs.map((output, at) => {
        const rows = joinRows(chunks.map((features) => featureOf(features, output)));
        // A block that is read twice: steps move buffers, each of which can go once.
        const again = outputs.indexOf(output) < at && chunks.length === 1;
        return [`taps.${at}`, again ? { ...rows, data: rows.data.slice() } : rows] as const;
      });
      return Object.fromEntries(taps);
    },
    open: (size) => encoders.open(size),
    [Symbol.asyncDispose]: () => encoders.dispose(),
  };
}

function rowsOf<T extends Tensor<"uint8"> | Tensor<"float32">>(
  tensor: T,
  from: number,
  to: number,
): T {
  const { shape, data } = tensor;
  const size = data.length / shape[0]!;
  return {
    ...tensor,
    shape: shape.with(0, to - from),
    data: data.subarray(from * size, to * size),
  };
}

function joinRows(parts: readonly Tensor<"float32">[]): Tensor<"float32"> {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { dtype: "float32", shape: first!.shape.with(0, rows), data };
}
