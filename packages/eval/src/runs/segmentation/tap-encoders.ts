// The encoders under a head that is trained without them: what they give for the blocks that the head reads. Pictures of a
// batch are cut into the same chunks however many encoders share them, so that results repeat to the bit.

import { featureOf, type InputSize, type Tensor, type VisionEncoder } from "@internvit/model-core";
import type { Tensors } from "@internvit/train";

import { EvalError } from "../../errors.ts";
import { createPool, type Pool } from "../pool.ts";
import type { OpenEncoders } from "./segmentation-run-options.ts";

/** Pictures that are encoded together. */
const CHUNK = 4;
/** Sizes whose encoders are open at the same time. */
const MAX_SIZES = 2;

/** Encoders of several sizes. */
export interface TapEncoders {
  /**
   * `taps.N` [n, 1 + patches, width] of n pictures: uint8 [n, height, width, 3], or float32 [n, 3, height, width],
   * normalised.
   */
  taps(pixels: Tensor<"uint8"> | Tensor<"float32">, signal?: AbortSignal): Promise<Tensors>;
  /** Encoders of a size: opened where they are not, those of a size that waited longest disposed of. */
  open(size: InputSize): Promise<readonly VisionEncoder[]>;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface OpenSize {
  readonly encoders: readonly VisionEncoder[];
  readonly pool: Pool<VisionEncoder>;
}

/** Encoders read at `blocks`, from 0. */
export function createTapEncoders(
  openEncoders: OpenEncoders,
  { blocks }: { readonly blocks: readonly number[] },
): TapEncoders {
  const outputs = blocks.map((block) => `hidden_states.${block + 1}` as const);
  const sizes = new Map<string, Promise<OpenSize>>();
  /** Work under way, by size: encoders are not disposed of under it. */
  const busy = new Map<string, number>();

  async function openSize(size: InputSize): Promise<OpenSize> {
    const encoders = await openEncoders({ inputSize: size, outputs: [...new Set(outputs)] });
    if (encoders.length === 0) {
      throw new EvalError("invalid-argument", "openEncoders: expected an encoder, got none");
    }
    return { encoders, pool: createPool(encoders) };
  }

  async function close(key: string): Promise<void> {
    const size = sizes.get(key);
    sizes.delete(key);
    // One that could not be opened has told whoever asked for it.
    const opened = await size?.catch(() => undefined);
    await Promise.all(opened?.encoders.map((encoder) => encoder.dispose()) ?? []);
  }

  async function sizeOf(size: InputSize): Promise<OpenSize> {
    const key = keyOf(size);
    let found = sizes.get(key);
    if (found !== undefined) sizes.delete(key);
    else {
      const idle = [...sizes.keys()].find((other) => (busy.get(other) ?? 0) === 0);
      if (sizes.size >= MAX_SIZES && idle !== undefined) await close(idle);
      found = sizes.get(key) ?? openSize(size);
    }
    // The one that was used last is the last to go.
    sizes.set(key, found);
    return found;
  }

  async function encode(
    pixels: Tensor<"uint8"> | Tensor<"float32">,
    signal: AbortSignal | undefined,
  ): Promise<Tensors> {
    const size = sizeOfPixels(pixels);
    const { pool } = await sizeOf(size);
    const [count = 0] = pixels.shape;
    const starts = Array.from({ length: Math.ceil(count / CHUNK) }, (_, chunk) => chunk * CHUNK);
    const chunks = await Promise.all(
      starts.map((start) =>
        pool.use((encoder) =>
          encoder.encode(rowsOf(pixels, start, Math.min(start + CHUNK, count)), {
            ...(signal !== undefined && { signal }),
          }),
        ),
      ),
    );
    return Object.fromEntries(
      outputs.map((output, at) => [
        `taps.${at}`,
        joinRows(chunks.map((features) => featureOf(features, output))),
      ]),
    );
  }

  const dispose = async (): Promise<void> => {
    await Promise.all([...sizes.keys()].map(close));
  };
  return {
    async taps(pixels, signal) {
      const key = keyOf(sizeOfPixels(pixels));
      busy.set(key, (busy.get(key) ?? 0) + 1);
      try {
        return await encode(pixels, signal);
      } finally {
        busy.set(key, busy.get(key)! - 1);
      }
    },
    open: async (size) => (await sizeOf(size)).encoders,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function keyOf({ width, height }: InputSize): string {
  return `${width}x${height}`;
}

function sizeOfPixels({ dtype, shape }: Tensor<"uint8"> | Tensor<"float32">): InputSize {
  const [height = 0, width = 0] = dtype === "uint8" ? shape.slice(1, 3) : shape.slice(2, 4);
  return { height, width };
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
