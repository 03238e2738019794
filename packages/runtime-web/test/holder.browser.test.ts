// The package is imported by its own name: sessions live in a worker, which runs the built files.

import { createGraphBuilder, type GraphModel, type Tensor } from "@internvit/model-core";
import { createWebRuntime } from "@internvit/runtime-web";
import { expect, test } from "vitest";

const WIDTH = 5;

function floats(...data: number[]): Tensor<"float32"> {
  return { dtype: "float32", shape: [data.length], data: Float32Array.from(data) };
}

/** next = state + x */
function sumModel(): GraphModel {
  const graph = createGraphBuilder();
  const inputs = ["state", "x"].map((name) => graph.input(name, "float32", [WIDTH]));
  const [next] = graph.addNode({
    opType: "Add",
    inputs,
    outputs: [{ dtype: "float32", shape: [WIDTH] }],
  });
  graph.output("next", next!);
  return graph.finish("sum");
}

test("tensors of lengths that are no words of a GPU come back from it as they were", async () => {
  await using holder = await createWebRuntime({ executionProvider: "webgpu" }).createHolder();
  const bytes = { dtype: "uint8", shape: [7], data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7) } as const;
  const halves = { dtype: "float16", shape: [3], data: Uint16Array.of(1, 2, 3) } as const;
  const none = { dtype: "float32", shape: [0, 4], data: new Float32Array() } as const;
  const held = await holder.hold({ bytes, halves, none });
  expect(await holder.read(held)).toEqual({ bytes, halves, none });
});

test("a lost GPU device takes the held tensors along, and every call says so", async () => {
  await using holder = await createWebRuntime({ executionProvider: "webgpu" }).createHolder();
  const session = await holder.load(sumModel(), { keep: ["next"] });
  const x = floats(1, 2, 3, 4, 5);
  const { state } = await holder.hold({ state: x });
  await session.run({ state, x });
  await holder.loseDevice();
  const lost = { code: "device-lost", message: expect.stringContaining("the GPU device was lost") };
  await expect(session.run({ state, x })).rejects.toMatchObject(lost);
  await expect(holder.read({ state })).rejects.toMatchObject({ code: "device-lost" });
  await expect(holder.hold({ x })).rejects.toMatchObject(lost);
  holder.release([state]);
});
