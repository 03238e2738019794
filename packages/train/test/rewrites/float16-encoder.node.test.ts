import { readFile } from "node:fs/promises";

import {
  bfloat16ToFloat32,
  buildEncoderGraph,
  bytesSource,
  type GraphModel,
  readCheckpoint,
  readTensor,
  resolveEncoderWeights,
  type Tensor,
} from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { differentiate, float16Products, weightsAsInputs } from "../../src/index.ts";

const FOLDER = "tiny-layernorm";
/** Relative to a gradient's length; lengths below this part of the largest count as it. Seen: 1.6e-3. */
const [TOLERANCE, ZERO] = [0.01, 1e-3];

test("the gradients of an encoder with products in float16 are those in float32 within 1 %", async () => {
  const open = (name: string) =>
    readFile(fixturePath(FOLDER, name)).then(bytesSource, () => undefined);
  const checkpoint = await readCheckpoint({ label: FOLDER, open });
  const { config } = checkpoint;
  const encoder = { config, weights: resolveEncoderWeights(checkpoint) };
  const { model, weights } = weightsAsInputs(buildEncoderGraph(encoder, { batch: 1 }));
  const names = weights.map(({ name }) => name);
  const side = config.imageSize;
  const feeds: Record<string, Tensor> = {
    pixel_values: waves([1, 3, side, side]),
    upstream: waves(model.graph.outputs[0]!.shape.map(Number)),
  };
  const source = (await open("model.safetensors"))!;
  for (const weight of weights) {
    const { shape, data, dtype } = await readTensor(source, weight);
    const floats = dtype === "bfloat16" ? bfloat16ToFloat32(data as Uint16Array) : data;
    feeds[weight.name] = { dtype: "float32", shape, data: floats as Float32Array };
  }
  const gradients = async (forward: GraphModel) => {
    const { graph } = differentiate(forward, {
      of: { last_hidden_state: "upstream" },
      withRespectTo: names,
    });
    await using session = await createNodeRuntime().load({ ...forward, graph });
    return await session.run(feeds);
  };
  const half = float16Products(model, { withRespectTo: names });
  expect(half).not.toBe(model);
  const [expected, found] = [await gradients(model), await gradients(half)];
  const pairs = names.map((name) =>
    [expected, found].map((all) => all[`grad/${name}`]!.data as Float32Array),
  );
  const largest = Math.max(...pairs.map(([exact]) => lengthOf(exact!)));
  for (const [at, [exact, rounded]] of pairs.entries()) {
    const gap = lengthOf(exact!.map((value, index) => rounded![index]! - value));
    // Some are zero but for rounding: the key's biases.
    const length = Math.max(lengthOf(exact!), largest * ZERO);
    expect(gap / length, names[at]!).toBeLessThan(TOLERANCE);
  }
  expect(pairs[0]![1]).not.toEqual(pairs[0]![0]);
});

function waves(shape: readonly number[]): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  return {
    dtype: "float32",
    shape,
    data: Float32Array.from({ length }, (_, at) => Math.sin(at * at)),
  };
}

function lengthOf(values: Float32Array): number {
  return Math.hypot(...values);
}
