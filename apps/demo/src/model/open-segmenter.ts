// Encoder and head as one, for the windows of pictures: the model in use, opened once more for what the head reads, or
// the encoder that the head brings.

import {
  createSegmenter,
  type InferenceSettings,
  SEGMENTATION_NORMALIZATION,
  type WindowLogits,
} from "@internvit/eval";
import { createVisionEncoder, createWebRuntime, type WebRuntime } from "@internvit/runtime-web";

import { readHead } from "../tasks/segment-tasks.ts";
import type { OpenedModel } from "./open-encoder.ts";
import type { ChosenHead } from "./segmentation-head.ts";

/** Sessions that segment. */
export interface OpenedSegmenter {
  readonly logits: WindowLogits;
  readonly settings: InferenceSettings;
  /** Frees them, once calls that are under way have ended. */
  dispose(): Promise<void>;
}

/**
 * Opens encoder and head.
 *
 * @throws EvalError for a file whose tensors are not those of its head, or for another encoder; ModelError and
 * RuntimeError when encoder or head cannot be opened here
 */
export async function openSegmenter(
  { file }: ChosenHead,
  used: OpenedModel,
): Promise<OpenedSegmenter> {
  const { checkpoint, choice } = used;
  const head = await readHead(file);
  const { logits, facts, dispose } = await createSegmenter(runtimeFor(head.facts, used), {
    head,
    openEncoders: async ({ inputSize, outputs }) => [
      await createVisionEncoder(checkpoint, {
        inputSize,
        outputs,
        normalization: SEGMENTATION_NORMALIZATION,
        executionProvider: choice.executionProvider,
        dtype: choice.dtype,
      }),
    ],
  });
  const underWay = new Set<Promise<unknown>>();
  return {
    settings: facts.inference,
    logits: {
      ...logits,
      async run(pixels, signal) {
        const call = logits.run(pixels, signal);
        underWay.add(call);
        try {
          return await call;
        } finally {
          underWay.delete(call);
        }
      },
    },
    async dispose() {
      await Promise.allSettled(underWay);
      await dispose();
    },
  };
}

/** Where the head runs: a linear one is too small to be worth a GPU's shaders. */
function runtimeFor(
  { form, encoder }: ChosenHead["facts"],
  { encoder: { info } }: OpenedModel,
): WebRuntime {
  return form.kind === "linear" && !encoder.trained
    ? createWebRuntime({ executionProvider: "wasm", threads: 1 })
    : createWebRuntime({
        executionProvider: info.executionProvider === "webgpu" ? "webgpu" : "wasm",
      });
}
