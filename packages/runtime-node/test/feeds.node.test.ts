import { createGraphBuilder, type GraphModel, type Tensor } from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

/** y = x + x */
function doubling(dtype: "float32" | "float16"): GraphModel {
  const graph = createGraphBuilder();
  const x = graph.input("x", dtype, ["n"]);
  const [y] = graph.addNode({
    opType: "Add",
    inputs: [x, x],
    outputs: [{ dtype, shape: ["n"] }],
  });
  if (y === undefined) throw new Error("addNode returned no value");
  graph.output("y", y);
  return graph.finish("doubling");
}

test("feeds may be views into a larger buffer, which stays the caller's", async () => {
  await using session = await createNodeRuntime().load(doubling("float32"));
  const buffer = Float32Array.from({ length: 1000 }, (_, i) => i);
  const x: Tensor<"float32"> = { dtype: "float32", shape: [3], data: buffer.subarray(500, 503) };
  expect((await session.run({ x }))["y"]?.data).toEqual(Float32Array.of(1000, 1002, 1004));
  expect(buffer[501]).toBe(501);
});

test("feeds that are moved are empty afterwards", async () => {
  await using session = await createNodeRuntime().load(doubling("float32"));
  const x: Tensor<"float32"> = { dtype: "float32", shape: [2], data: Float32Array.of(3, 4) };
  expect((await session.run({ x }, { move: true }))["y"]?.data).toEqual(Float32Array.of(6, 8));
  expect(x.data.length).toBe(0);
});

// Node 24 and later have Float16Array, which onnxruntime-node 1.30 trips over when it sees it.
test("float16 goes in and comes out as bits", async () => {
  await using session = await createNodeRuntime().load(doubling("float16"));
  const [one, two, three] = [0x3c00, 0x4000, 0x4200] as const;
  const x: Tensor<"float16"> = {
    dtype: "float16",
    shape: [2],
    data: Uint16Array.of(one, three),
  };
  const { y } = await session.run({ x });
  expect(y?.dtype).toBe("float16");
  expect(Array.from(y?.data as Uint16Array)).toEqual([two, 0x4600]);
});
