// Is the written model the checkpoint's encoder? It is loaded from its files in a session of its own and gets the
// same seeded random pictures as the encoder over the checkpoint. Wrong weights, a wrong order of them or a wrong
// graph change the outputs by far more than the tolerance; sums in another order by far less.

import { readFile, realpath } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";

import {
  createRandom,
  DTYPE_BYTES,
  elementCount,
  type EncoderInput,
  type EncoderOutput,
  featureOf,
  type GraphModel,
  type PixelNormalization,
  type Tensor,
} from "@internvit/model-core";
import { packPixels, type RgbImage, toPixelValues } from "@internvit/preprocess";

import { RuntimeError } from "../errors.ts";
import type { LocalCheckpoint } from "../open-checkpoint.ts";
import { startSessionThread } from "../session-thread.ts";
import { createVisionEncoder } from "../vision-encoder.ts";
import type { VisualOptions } from "../visual-outputs.ts";
import { describeBytes } from "./describe-bytes.ts";
import type { DataFilePlan } from "./plan-data-file.ts";

/** Largest difference that is accepted, as a share of the output's largest value, or absolute where that is below 1. */
export const CHECK_TOLERANCE = 1e-4;

const SEED = 20_241_206;

/** How far an output of the written model is from the encoder's. */
export interface CheckedOutput {
  readonly name: EncoderOutput;
  /** Largest absolute difference of two elements. */
  readonly maxAbsolute: number;
  /** Largest absolute value that the encoder computes. */
  readonly magnitude: number;
}

/** What the check of an exported model saw. */
export interface ExportCheck {
  readonly outputs: readonly CheckedOutput[];
  /** Milliseconds from the files to a session that is ready. */
  readonly loadMilliseconds: number;
}

/** Options of `checkExport`. */
export interface CheckExportOptions {
  readonly checkpoint: LocalCheckpoint;
  /** What was written. */
  readonly model: GraphModel;
  /** Name of the graph's file in the folder. */
  readonly file: string;
  readonly outputs: readonly EncoderOutput[];
  readonly normalization: PixelNormalization;
  readonly visual: VisualOptions;
  readonly signal?: AbortSignal | undefined;
}

/** Memory that the check takes, as a multiple of the float32 weights; measured with 300M parameters. */
const CHECK_MEMORY = 1.5;

/**
 * Refuses a check that this machine cannot do: it would be killed in the middle, and leave files behind.
 *
 * @throws RuntimeError `unsupported`
 */
export function checkMemory({ weights }: DataFilePlan): void {
  const elements = weights.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const needed = elements * DTYPE_BYTES.float32 * CHECK_MEMORY;
  // 0: no limit is set on this process.
  const limit = process.constrainedMemory();
  const memory = limit === 0 ? totalmem() : Math.min(totalmem(), limit);
  if (needed <= memory) return;
  throw new RuntimeError(
    "unsupported",
    `checking the exported model takes about ${describeBytes(needed)} of memory, and this machine has ${describeBytes(memory)}; without the check (--no-check) it can be written`,
  );
}

/**
 * Runs the model in `folder` and the encoder side by side.
 *
 * @throws RuntimeError `check-failed` when an output is too far off or not a number, `load-failed` when ONNX Runtime
 * refuses the files.
 */
export async function checkExport(
  folder: string,
  options: CheckExportOptions,
): Promise<ExportCheck> {
  const { model, file, outputs, normalization, signal } = options;
  const input = model.graph.inputs[0];
  if (input === undefined) throw new RuntimeError("invalid-argument", "the model has no input");
  const pixels = input.name === ("pixels" satisfies EncoderInput);
  const [batch = 1] = input.shape;
  const [height, width] = (pixels ? input.shape.slice(1, 3) : input.shape.slice(2)).map(Number);
  const pictures = randomPictures(typeof batch === "number" ? batch : 1, {
    height: height ?? 0,
    width: width ?? 0,
  });
  const feed = pixels ? packPixels(pictures) : toPixelValues(pictures, normalization);
  const cancel = signal === undefined ? {} : { signal };

  // One after the other: each holds the weights in memory.
  const expected = await encodeWithCheckpoint(feed, options);
  const thread = await startSessionThread({ executionProviders: ["cpu"], threads: 0 });
  try {
    const session = await thread.load(
      {
        graph: new Uint8Array(await readFile(join(folder, file), cancel)),
        externalFolder: await realpath(folder),
        keep: [],
        memoryPattern: true,
      },
      { signal },
    );
    const { outputs: computed } = await session.run(
      { [input.name]: feed },
      { outputs, keep: {}, signal, move: false },
    );
    return {
      outputs: outputs.map((name) => compareOutput(name, computed[name], expected.get(name))),
      loadMilliseconds: session.description.loadMilliseconds,
    };
  } finally {
    await thread.terminate();
  }
}

async function encodeWithCheckpoint(
  feed: Tensor<"uint8"> | Tensor<"float32">,
  { checkpoint, outputs, normalization, visual, signal }: CheckExportOptions,
): Promise<ReadonlyMap<EncoderOutput, Tensor>> {
  const cancel = signal === undefined ? {} : { signal };
  const [height = 0, width = 0] =
    feed.dtype === "uint8" ? feed.shape.slice(1) : feed.shape.slice(2);
  const encoder = await createVisionEncoder(checkpoint, {
    ...visual,
    outputs,
    normalization,
    inputSize: { height, width },
    ...cancel,
  });
  try {
    const features = await encoder.encode(feed, cancel);
    return new Map(outputs.map((output) => [output, featureOf(features, output)]));
  } finally {
    await encoder.dispose();
  }
}

function randomPictures(
  count: number,
  { height, width }: { readonly height: number; readonly width: number },
): readonly RgbImage[] {
  return Array.from({ length: count }, (_, index) => {
    const random = createRandom(SEED, [index]);
    const data = Uint8Array.from({ length: height * width * 3 }, () => random.integer(0, 255));
    return { width, height, data };
  });
}

function compareOutput(
  name: EncoderOutput,
  computed: Tensor | undefined,
  expected: Tensor | undefined,
): CheckedOutput {
  const actual = computed?.data as Float32Array | undefined;
  const reference = expected?.data as Float32Array | undefined;
  const shapes = [computed, expected].map((tensor) => `[${tensor?.shape.join(", ") ?? ""}]`);
  if (actual === undefined || reference === undefined || shapes[0] !== shapes[1]) {
    throw new RuntimeError(
      "check-failed",
      `the exported model computes ${name} ${shapes[0]}, the encoder ${shapes[1]}`,
    );
  }
  let maxAbsolute = 0;
  let magnitude = 0;
  for (let i = 0; i < reference.length; i++) {
    // Math.max keeps a NaN, and a NaN is below no limit.
    maxAbsolute = Math.max(maxAbsolute, Math.abs(actual[i]! - reference[i]!));
    magnitude = Math.max(magnitude, Math.abs(reference[i]!));
  }
  const limit = CHECK_TOLERANCE * Math.max(1, magnitude);
  if (maxAbsolute <= limit) return { name, maxAbsolute, magnitude };
  throw new RuntimeError(
    "check-failed",
    `the exported model's ${name} differs from the encoder's by up to ${maxAbsolute.toExponential(2)} (at most ${limit.toExponential(2)} is accepted); nothing was written`,
  );
}
