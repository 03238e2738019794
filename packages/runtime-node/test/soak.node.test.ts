// Memory after many runs and many sessions, in a process of its own so that nothing else grows in it.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const SOAK = `
import { createGraphBuilder } from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";

const SIDE = 256;
const graph = createGraphBuilder();
const x = graph.input("x", "float32", ["batch", SIDE]);
const weight = graph.constant({
  dtype: "float32",
  shape: [SIDE, SIDE],
  data: new Float32Array(SIDE * SIDE).fill(0.01),
});
const [y] = graph.addNode({
  opType: "MatMul",
  inputs: [x, weight],
  outputs: [{ dtype: "float32", shape: ["batch", SIDE] }],
});
graph.output("y", y);
const model = graph.finish("soak");
const runtime = createNodeRuntime({ threads: 1 });
const feed = { dtype: "float32", shape: [64, SIDE], data: new Float32Array(64 * SIDE) };

async function runs(count) {
  const session = await runtime.load(model);
  for (let i = 0; i < count; i++) await session.run({ x: feed });
  await session.dispose();
}
async function cycles(count) {
  for (let i = 0; i < count; i++) {
    const session = await runtime.load(model);
    await session.run({ x: feed });
    await session.dispose();
  }
}
/** The lowest of a few looks: garbage of a moment ago is no growth. */
async function level() {
  let lowest = Infinity;
  for (let i = 0; i < 5; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 40));
    lowest = Math.min(lowest, process.memoryUsage().rss);
  }
  return lowest;
}

await runs(200);
await cycles(20);
const before = await level();
await runs(2000);
const afterRuns = await level();
await cycles(200);
const afterCycles = await level();
console.log(JSON.stringify({ before, afterRuns, afterCycles }));
`;

test("2,000 runs and 200 sessions leave memory at its level", () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--expose-gc", "--input-type=module", "--eval", SOAK],
    { cwd: fileURLToPath(new URL("..", import.meta.url)), encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const { before, afterRuns, afterCycles } = JSON.parse(stdout) as Record<string, number>;
  expect((afterRuns ?? Infinity) / (before ?? 0), "after 2,000 runs").toBeLessThan(1.1);
  expect((afterCycles ?? Infinity) / (before ?? 0), "after 200 sessions").toBeLessThan(1.1);
});
