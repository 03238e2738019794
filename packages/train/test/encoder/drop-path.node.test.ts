import { readFileSync } from "node:fs";

import {
  ALL_FUSIONS,
  buildEncoderGraph,
  type EncoderGraphOptions,
  memoryDirectory,
  readCheckpoint,
  resolveEncoderWeights,
  type Tensor,
} from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { weightsAsInputs } from "../../src/index.ts";
import { valuesOf } from "./encoder-gradients.ts";

const FOLDER = "tiny-layernorm";
const read = (name: string) => new Uint8Array(readFileSync(fixturePath(FOLDER, name)));
const file = read("model.safetensors");
const files = new Map([
  ["config.json", read("config.json")],
  ["model.safetensors", file],
]);
const checkpoint = await readCheckpoint(memoryDirectory(FOLDER, files));
const { imageSize, numHiddenLayers: blocks } = checkpoint.config;
const pictures: Tensor = {
  dtype: "float32",
  shape: [2, 3, imageSize, imageSize],
  data: Float32Array.from({ length: 6 * imageSize ** 2 }, (_, at) => Math.sin(at * at)),
};

/** The last hidden state of both pictures, with a factor for each block's two branches and each picture. */
async function encode(
  options: EncoderGraphOptions,
  factors?: (block: number, branch: number, picture: number) => number,
): Promise<readonly Float32Array[]> {
  const encoder = buildEncoderGraph(
    { config: checkpoint.config, weights: resolveEncoderWeights(checkpoint) },
    { ...options, dropPath: factors !== undefined },
  );
  const { model, weights } = weightsAsInputs(encoder);
  const data = Float32Array.from({ length: blocks * 4 }, (_, at) =>
    factors === undefined ? 0 : factors(Math.floor(at / 4), Math.floor(at / 2) % 2, at % 2),
  );
  await using session = await createNodeRuntime().load(model);
  const results = await session.run({
    pixel_values: pictures,
    ...Object.fromEntries(weights.map((weight) => [weight.name, valuesOf(weight, file)])),
    ...(factors && { drop_path: { dtype: "float32", shape: [blocks, 2, 2, 1, 1], data } }),
  });
  const [output] = Object.values(results);
  const hidden = output!.data as Float32Array;
  return [hidden.subarray(0, hidden.length / 2), hidden.subarray(hidden.length / 2)];
}

function largestGap(left: Float32Array, right: Float32Array): number {
  return left.reduce((most, value, at) => Math.max(most, Math.abs(value - right[at]!)), 0);
}

const unequal = (block: number, branch: number, picture: number): number =>
  (block + 2 * branch + picture) % 3 === 0 ? 0 : 1.25 + 0.1 * branch;

test("a picture whose branches are all left out keeps its embeddings, the other is as without drop path", async () => {
  const [, second] = await encode({});
  const [embeddings] = await encode({ outputs: ["hidden_states.0"] });
  const dropped = await encode({}, (_block, _branch, picture) => picture);
  expect(dropped).toEqual([embeddings, second]);
});

test("each branch of each block has its own factor, in the fused graph, too", async () => {
  const plain = await encode({}, unequal);
  const fused = await encode({ fusions: ALL_FUSIONS }, unequal);
  for (const [at, hidden] of plain.entries()) {
    expect(largestGap(fused[at]!, hidden)).toBeLessThan(1e-4);
  }
  const other = await encode({}, (block, branch, picture) => unequal(block, 1 - branch, picture));
  expect(largestGap(other[0]!, plain[0]!)).toBeGreaterThan(1e-2);
});
