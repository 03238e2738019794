// Encoders that share the pictures of a run. What a picture's features are depends on the pictures that are encoded with
// it only through rounding; runs cut their pictures in the same places every time, so that they repeat to the bit.

import type { Tensor, VisionEncoder } from "@internvit/model-core";

import { EvalError } from "../errors.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { createPool } from "./pool.ts";

/** What the encoders of a run compute. */
export type ProbeInput = "features" | "tokens";

/** Encoders of the same model, one of which is free at a time. */
export interface EncoderPool {
  readonly width: number;
  /** Tokens of a picture, the class token included. */
  readonly tokens: number;
  readonly imageSize: number;
  readonly size: number;
  /** `[n, 2 · width]`, class token and patch mean; or `[n, tokens, width]`. */
  encode(
    pixels: Tensor<"uint8"> | Tensor<"float32">,
    options: { readonly output: ProbeInput; readonly signal?: AbortSignal | undefined },
  ): Promise<Float32Array>;
}

/** The outputs that the encoders of a protocol must have been created with. */
export function encoderOutputs(
  protocol: Protocol,
): readonly ("pooler_output" | "patch_mean" | "last_hidden_state")[] {
  return probeInput(protocol) === "tokens"
    ? ["last_hidden_state"]
    : ["pooler_output", "patch_mean"];
}

/** What the head of a protocol is fed. */
export function probeInput(protocol: Protocol): ProbeInput {
  return protocol.kind === "online" && protocol.head === "attention-pooling"
    ? "tokens"
    : "features";
}

/**
 * A pool of encoders; they stay the caller's.
 *
 * @throws EvalError `invalid-argument` for none, or for an input that is not square
 */
export function createEncoderPool(encoders: readonly VisionEncoder[]): EncoderPool {
  const [first] = encoders;
  if (first === undefined) throw new EvalError("invalid-argument", "expected an encoder, got none");
  const { hiddenSize: width, patchSize } = first.config;
  const { inputSize } = first.info;
  if (inputSize.width !== inputSize.height) {
    throw new EvalError(
      "invalid-argument",
      `expected an encoder of square pictures, got ${inputSize.width}x${inputSize.height}`,
    );
  }
  const pool = createPool(encoders);
  return {
    width,
    tokens: 1 + Math.floor(inputSize.width / patchSize) ** 2,
    imageSize: inputSize.width,
    size: encoders.length,
    encode: (pixels, { output, signal }) =>
      pool.use(async (encoder) => {
        const found = await encoder.encode(pixels, signal === undefined ? {} : { signal });
        if (output === "tokens") return required(found.lastHiddenState, "last_hidden_state").data;
        const token = required(found.poolerOutput, "pooler_output").data;
        const mean = required(found.patchMean, "patch_mean").data;
        return sideBySide([token, mean], width);
      }),
  };
}

function required(tensor: Tensor<"float32"> | undefined, output: string): Tensor<"float32"> {
  if (tensor === undefined) {
    throw new EvalError("invalid-argument", `the encoder was created without ${output}`);
  }
  return tensor;
}

/** Rows of `width` from both, one after the other. */
function sideBySide(
  [left, right]: readonly [Float32Array, Float32Array],
  width: number,
): Float32Array {
  const rows = left.length / width;
  const both = new Float32Array(rows * 2 * width);
  for (let row = 0; row < rows; row++) {
    both.set(left.subarray(row * width, (row + 1) * width), row * 2 * width);
    both.set(right.subarray(row * width, (row + 1) * width), (row * 2 + 1) * width);
  }
  return both;
}
