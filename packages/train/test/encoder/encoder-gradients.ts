// The gradients of a whole encoder: model-core's plain graph with its weights as inputs, differentiated.

import {
  bfloat16ToFloat32,
  buildEncoderGraph,
  type Checkpoint,
  type ExternalInitializer,
  type GraphRuntime,
  type InputSize,
  resolveEncoderWeights,
  type Tensor,
} from "@internvit/model-core";

import { differentiate, gradientName, type SpanFinder, weightsAsInputs } from "../../src/index.ts";
import { joinParts } from "./weight-parts.ts";

/** What is computed for one batch. */
export interface EncoderGradients {
  readonly lastHiddenState: Tensor;
  readonly pixelValues: Tensor;
  /** By tensor of the checkpoint, flat. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
}

/** Runs the encoder of a float32 or bfloat16 checkpoint forwards and backwards. */
export async function encoderGradients(
  runtime: GraphRuntime,
  checkpoint: Checkpoint,
  options: {
    /** Bytes of the only weight file. */
    readonly file: Uint8Array;
    readonly inputSize: InputSize;
    readonly feeds: { readonly pixel_values: Tensor; readonly upstream: Tensor };
    /** Default: nothing is computed again. */
    readonly recompute?: SpanFinder | undefined;
  },
): Promise<EncoderGradients> {
  const { file, inputSize, feeds, recompute = () => [] } = options;
  const encoder = buildEncoderGraph(
    { config: checkpoint.config, weights: resolveEncoderWeights(checkpoint) },
    { inputSize, batch: feeds.pixel_values.shape[0]! },
  );
  const { model, weights } = weightsAsInputs(encoder);
  const names = weights.map(({ name }) => name);
  const training = differentiate(model, {
    of: { last_hidden_state: "upstream" },
    withRespectTo: ["pixel_values", ...names],
    recompute,
  });
  await using session = await runtime.load(training);
  const values = weights.map((weight) => [weight.name, valuesOf(weight, file)] as const);
  const results = await session.run({ ...feeds, ...Object.fromEntries(values) });
  const parts = names.map(
    (name) => [name, results[gradientName(name)]!.data as Float32Array] as const,
  );
  return {
    lastHiddenState: results["last_hidden_state"]!,
    pixelValues: results[gradientName("pixel_values")]!,
    parameters: joinParts(parts),
  };
}

/** The float32 values of a weight in a file. */
export function valuesOf(
  { dtype, shape, start, byteLength }: ExternalInitializer,
  file: Uint8Array,
): Tensor {
  const { buffer } = Uint8Array.from(file.subarray(start, start + byteLength));
  const data =
    dtype === "float32" ? new Float32Array(buffer) : bfloat16ToFloat32(new Uint16Array(buffer));
  return { dtype: "float32", shape, data };
}
