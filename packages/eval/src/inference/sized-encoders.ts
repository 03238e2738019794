// Encoders for windows of any size. An encoder is opened for one size; nearly all windows of a segmentation have the same,
// so that few sizes are kept.

import type { EncoderFeatures, InputSize, Tensor, VisionEncoder } from "@internvit/model-core";

import { EvalError } from "../errors.ts";
import { createPool, type Pool } from "../runs/pool.ts";

/** Sizes whose encoders are kept. */
const MAX_SIZES = 2;

/** Opens encoders; whoever asked disposes of them. */
export type OpenForSize = (size: InputSize) => Promise<readonly VisionEncoder[]>;

/** Encoders that are opened when they are needed. */
export interface SizedEncoders {
  /**
   * Encodes uint8 `[n, height, width, 3]`, or float32 `[n, 3, height, width]`, normalised. Several calls may be under way.
   */
  encode(
    pixels: Tensor<"uint8"> | Tensor<"float32">,
    signal?: AbortSignal,
  ): Promise<EncoderFeatures>;
  /** Opens the encoders of a size, if that was not done. */
  open(size: InputSize): Promise<readonly VisionEncoder[]>;
  /** Disposes of all encoders. No call may be under way. */
  dispose(): Promise<void>;
}

interface Opened {
  readonly encoders: readonly VisionEncoder[];
  readonly pool: Pool<VisionEncoder>;
}

interface Entry {
  readonly opened: Promise<Opened>;
  /** Calls that work with it or wait for it. */
  users: number;
}

/** Encoders as `openForSize` opens them. */
export function createSizedEncoders(openForSize: OpenForSize): SizedEncoders {
  // The one that was used last stands last.
  const entries = new Map<string, Entry>();

  async function dropUnused(): Promise<void> {
    for (const [key, entry] of entries) {
      if (entries.size <= MAX_SIZES) return;
      if (entry.users > 0) continue;
      entries.delete(key);
      await disposeAll((await entry.opened).encoders);
    }
  }

  async function use<R>(size: InputSize, job: (opened: Opened) => Promise<R>): Promise<R> {
    const key = `${size.width}x${size.height}`;
    const entry = entries.get(key) ?? { opened: openPool(size), users: 0 };
    entries.delete(key);
    entries.set(key, entry);
    entry.users++;
    try {
      const opened = await entry.opened.catch((error: unknown) => {
        // So that the next call tries again.
        if (entries.get(key) === entry) entries.delete(key);
        throw error;
      });
      return await job(opened);
    } finally {
      entry.users--;
      await dropUnused();
    }
  }

  async function openPool(size: InputSize): Promise<Opened> {
    const encoders = await openForSize(size);
    if (encoders.length === 0) {
      throw new EvalError("invalid-argument", "openEncoders: expected an encoder, got none");
    }
    return { encoders, pool: createPool(encoders) };
  }

  return {
    encode(pixels, signal) {
      const [height = 0, width = 0] = pixels.shape.slice(pixels.dtype === "uint8" ? 1 : 2);
      return use({ width, height }, ({ pool }) =>
        pool.use((encoder) => encoder.encode(pixels, signal === undefined ? {} : { signal })),
      );
    },
    open: (size) => use(size, async ({ encoders }) => encoders),
    async dispose() {
      const all = [...entries.values()];
      entries.clear();
      for (const { opened } of all) await disposeAll((await opened).encoders);
    },
  };
}

async function disposeAll(encoders: readonly VisionEncoder[]): Promise<void> {
  await Promise.all(encoders.map((encoder) => encoder.dispose()));
}
