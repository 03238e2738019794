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

import { differentiate, gradientName, weightsAsInputs } from "../../src/index.ts";

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
  },
): Promise<EncoderGradients> {
  const { file, inputSize, feeds } = options;
  const encoder = buildEncoderGraph(
    { config: checkpoint.config, weights: resolveEncoderWeights(checkpoint) },
    { inputSize, batch: feeds.pixel_values.shape[0]! },
  );
  const { model, weights } = weightsAsInputs(encoder);
  const names = weights.map(({ name }) => name);
  const training = differentiate(model, {
    of: { last_hidden_state: "upstream" },
    withRespectTo: ["pixel_values", ...names],
  });
  await using session = await runtime.load(training);
  const values = weights.map((weight) => [weight.name, valuesOf(weight, file)] as const);
  const results = await session.run({ ...feeds, ...Object.fromEntries(values) });
  // The parts of one tensor are ranges of its rows, in the order of their places in the file.
  const parameters = new Map<string, Float32Array>();
  for (const { name } of weights.toSorted((a, b) => a.start - b.start)) {
    const tensor = name.replace(/@\d+$/, "");
    const part = results[gradientName(name)]!.data as Float32Array;
    parameters.set(tensor, joined(parameters.get(tensor) ?? new Float32Array(), part));
  }
  return {
    lastHiddenState: results["last_hidden_state"]!,
    pixelValues: results[gradientName("pixel_values")]!,
    parameters,
  };
}

function valuesOf(
  { dtype, shape, start, byteLength }: ExternalInitializer,
  file: Uint8Array,
): Tensor {
  const { buffer } = Uint8Array.from(file.subarray(start, start + byteLength));
  const data =
    dtype === "float32" ? new Float32Array(buffer) : bfloat16ToFloat32(new Uint16Array(buffer));
  return { dtype: "float32", shape, data };
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
