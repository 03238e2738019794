// Pictures of one colour that say which they are, and an encoder of the contract that reads it from their pixels. So
// a test sees which row belongs to which picture, without a model.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Worker } from "node:worker_threads";

import type { Tensor, VisionEncoder } from "@internvit/model-core";
import { planPreparation, type PictureFile, type Preparation } from "@internvit/runtime-node";
import sharp from "sharp";

/** Pixels per side that the encoder takes. */
export const SIDE = 8;

/** What makes the encoder's input of the pictures. */
export const PREPARATION: Preparation = planPreparation(undefined, {
  mode: "square",
  defaultSize: SIDE,
});

/** A new empty folder that is removed when the scope ends. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "internvit-pipeline-")));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes pictures 0 to `count - 1` as PNG files of 24x24 pixels; their names sort as their numbers. */
export async function writePictures(
  folder: string,
  count: number,
): Promise<readonly PictureFile[]> {
  mkdirSync(folder, { recursive: true });
  const pictures: PictureFile[] = [];
  for (let i = 0; i < count; i++) {
    const key = `${String(i).padStart(6, "0")}.png`;
    const path = join(folder, key);
    const background = { r: i % 256, g: i >> 8, b: 7 };
    const picture = sharp({ create: { width: 24, height: 24, channels: 3, background } });
    writeFileSync(path, await picture.png({ compressionLevel: 1 }).toBuffer());
    pictures.push({ key, path });
  }
  return pictures;
}

/** An encoder that counts. */
export interface CountingEncoder extends VisionEncoder {
  /** Pictures of each run so far. */
  readonly runs: readonly number[];
}

/**
 * An encoder whose pooler_output [n, 2] is the number of the picture and how many were in its run, and whose
 * last_hidden_state [n, 2, 3] is that number six times.
 */
export function countingEncoder(
  options: {
    readonly outputs?: VisionEncoder["info"]["outputs"];
    readonly executionProvider?: string;
    /** Called in every run. */
    readonly onRun?: () => Promise<void> | void;
    /** Added to every value. */
    readonly offset?: number;
  } = {},
): CountingEncoder {
  const { outputs = ["pooler_output"], executionProvider = "none", onRun, offset = 0 } = options;
  const runs: number[] = [];
  return {
    runs,
    config: {} as VisionEncoder["config"],
    info: {
      executionProvider,
      device: "none",
      dtype: "float32",
      threads: 1,
      fusions: [],
      inputSize: { height: SIDE, width: SIDE },
      outputs,
      checkpoint: "counting",
      synthesized: undefined,
      loadMilliseconds: 0,
      versions: {},
    },
    async encode({ shape: [count = 0], data }, { signal } = {}) {
      signal?.throwIfAborted();
      runs.push(count);
      await onRun?.();
      const stride = data.length / count;
      const numberOf = (row: number): number =>
        (data[row * stride] ?? 0) + 256 * (data[row * stride + 1] ?? 0) + offset;
      return {
        ...(outputs.includes("pooler_output")
          ? { poolerOutput: float32([count, 2], (i) => (i % 2 === 0 ? numberOf(i >> 1) : count)) }
          : {}),
        ...(outputs.includes("last_hidden_state")
          ? { lastHiddenState: float32([count, 2, 3], (i) => numberOf(Math.floor(i / 6))) }
          : {}),
      };
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function float32(shape: number[], valueAt: (i: number) => number): Tensor<"float32"> {
  const length = shape.reduce((a, b) => a * b, 1);
  return { dtype: "float32", shape, data: Float32Array.from({ length }, (_, i) => valueAt(i)) };
}

async function dispose(): Promise<void> {}

/** The threads that are started while `work` runs, in the order of their start. */
export async function watchThreads<T>(
  work: (threads: readonly Worker[]) => Promise<T>,
): Promise<T> {
  const threads: Worker[] = [];
  const add = (worker: Worker): void => void threads.push(worker);
  process.on("worker", add);
  try {
    return await work(threads);
  } finally {
    process.off("worker", add);
  }
}
