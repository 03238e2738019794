import { createGraphBuilder } from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { createRandom } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { sumTo } from "../src/sum-to.ts";

test("sums of a million float32 elements keep seven digits in every direction", async () => {
  const shape = [1024, 1024] as const;
  const targets = [[], [1024, 1], [1, 1024], [1024]];
  const random = createRandom(6);
  const data = Float32Array.from({ length: shape[0] * shape[1] }, () => random.next());
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", shape);
  for (const target of targets) graph.output(`to ${target.join(" × ")}`, sumTo(graph, x, target));
  await using session = await createNodeRuntime().load(graph.finish("sums"));
  const results = await session.run({ x: { dtype: "float32", shape, data } });
  let all = 0;
  const [rows, columns] = [new Float64Array(1024), new Float64Array(1024)];
  for (const [at, value] of data.entries()) {
    all += value;
    rows[at >> 10]! += value;
    columns[at & 1023]! += value;
  }
  const expected = {
    "to ": [all],
    "to 1024 × 1": rows,
    "to 1 × 1024": columns,
    "to 1024": columns,
  };
  for (const [name, sums] of Object.entries(expected)) {
    for (const [at, sum] of sums.entries()) {
      expect(Math.abs(Number(results[name]!.data[at]) / sum - 1), name).toBeLessThan(1e-6);
    }
  }
});

test("a shape that does not broadcast is refused", () => {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [2, 3]);
  expect(() => sumTo(graph, x, [2])).toThrow(/\[2, 3\] cannot be summed to \[2\]/);
});
