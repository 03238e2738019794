import { createGraphBuilder, type Tensor } from "@internvit/model-core";
import { gather } from "@internvit/model-core/onnx";
import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

import { asSent, toSend } from "../src/large-views.ts";

// 4 GiB and 32 bytes; what is never written takes no memory.
const [ROWS, WIDTH] = [2 ** 27 + 1, 8];
const LAST = Float32Array.from({ length: WIDTH }, (_, at) => at + 1);

function rowsModel() {
  const graph = createGraphBuilder();
  const value = graph.input("value", "float32", [ROWS, WIDTH]);
  const indices = graph.input("rows", "int64", [1]);
  graph.output("picked", gather(graph, value, { axis: 0, indices }));
  return graph.finish("rows");
}

test("a tensor of more than 4 GiB arrives in the thread whole", async () => {
  await using holder = await createNodeRuntime({ threads: 1 }).createHolder();
  const session = await holder.load(rowsModel());
  const data = new Float32Array(ROWS * WIDTH);
  data.set(LAST, data.length - WIDTH);
  const value: Tensor = { dtype: "float32", shape: [ROWS, WIDTH], data };
  const held = await holder.hold({ value }, { move: true });
  const rows: Tensor = {
    dtype: "int64",
    shape: [1],
    data: BigInt64Array.of(BigInt(ROWS - 1)),
  };
  const { outputs } = await session.run({ ...held, rows });
  expect(outputs["picked"]!.data).toEqual(LAST);
});

test("a view whose length was lost is made again over its buffer", () => {
  const { buffer } = LAST;
  const lost: Tensor = { dtype: "float32", shape: [WIDTH], data: new Float32Array(buffer, 0, 1) };
  expect(asSent(lost).data).toEqual(LAST);
  const part: Tensor = { dtype: "float32", shape: [1], data: new Float32Array(buffer, 4, 1) };
  expect([asSent(part), toSend(part)]).toEqual([part, part]);
});
