// What every GraphRuntime does, on every execution provider. A runtime's test calls this with a way to make one.

import {
  createGraphBuilder,
  type GraphModel,
  type GraphRuntime,
  type Tensor,
} from "@internvit/model-core";
import { describe, expect, test } from "vitest";

import { describeTensorHolder } from "./tensor-holder.ts";

function floats(shape: readonly number[], ...data: number[]): Tensor<"float32"> {
  return { dtype: "float32", shape, data: Float32Array.from(data) };
}

/** y = x + [10, 20], z = x · x; x is float32 [batch, 2]. */
function smallModel(): GraphModel {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", ["batch", 2]);
  const shift = graph.constant(floats([2], 10, 20));
  const shape = { dtype: "float32", shape: ["batch", 2] } as const;
  const [y] = graph.addNode({ opType: "Add", inputs: [x, shift], outputs: [shape] });
  const [z] = graph.addNode({ opType: "Mul", inputs: [x, x], outputs: [shape] });
  if (y === undefined || z === undefined) throw new Error("addNode returned no value");
  graph.output("y", y);
  graph.output("z", z);
  return graph.finish("small");
}

/** Runs the contract of `GraphRuntime`, `GraphSession` and `TensorHolder`. */
export function describeGraphRuntime(label: string, createRuntime: () => GraphRuntime): void {
  describeTensorHolder(label, createRuntime);
  describe(`GraphRuntime contract: ${label}`, () => {
    test("loads a graph, names its inputs and outputs, and runs it for any batch", async () => {
      await using session = await createRuntime().load(smallModel());
      expect(session.inputs).toEqual(["x"]);
      expect(session.outputs).toEqual(["y", "z"]);
      expect(await session.run({ x: floats([1, 2], 1, 2) })).toEqual({
        y: floats([1, 2], 11, 22),
        z: floats([1, 2], 1, 4),
      });
      const { y } = await session.run({ x: floats([2, 2], 1, 2, 3, 4) });
      expect(y).toEqual(floats([2, 2], 11, 22, 13, 24));
    });

    test("computes only the outputs that are asked for", async () => {
      await using session = await createRuntime().load(smallModel());
      const results = await session.run({ x: floats([1, 2], 3, 5) }, { outputs: ["z"] });
      expect(results).toEqual({ z: floats([1, 2], 9, 25) });
    });

    test("leaves the caller's feeds as they are", async () => {
      await using session = await createRuntime().load(smallModel());
      const x = floats([1, 2], 3, 5);
      await session.run({ x });
      expect(x).toEqual(floats([1, 2], 3, 5));
    });

    test("serves runs that overlap, each with its own result", async () => {
      await using session = await createRuntime().load(smallModel());
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => session.run({ x: floats([1, 2], i, -i) })),
      );
      for (const [i, { y }] of results.entries()) expect(y).toEqual(floats([1, 2], i + 10, 20 - i));
    });

    test("refuses an unknown input, a wrong shape and a wrong element type, and goes on", async () => {
      await using session = await createRuntime().load(smallModel());
      const x = floats([1, 2], 1, 2);
      await expect(session.run({ x, w: x })).rejects.toThrow(/no input w/);
      await expect(session.run({ x: floats([1, 3], 1, 2, 3) })).rejects.toThrow(
        /input x has shape \[batch, 2\], got float32 \[1, 3\]/,
      );
      const wrong: Tensor<"int32"> = { dtype: "int32", shape: [1, 2], data: Int32Array.of(1, 2) };
      await expect(session.run({ x: wrong })).rejects.toThrow(/int32.*float/);
      await expect(session.run({})).rejects.toThrow(/x/);
      await expect(session.run({ x }, { outputs: ["nothing"] })).rejects.toThrow(/nothing/);
      expect((await session.run({ x }))["z"]).toEqual(floats([1, 2], 1, 4));
    });

    test("rejects with the signal's reason, before and during a run, and goes on", async () => {
      await using session = await createRuntime().load(smallModel());
      const x = floats([1, 2], 1, 2);
      const reason = new Error("stop");
      await expect(session.run({ x }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const controller = new AbortController();
      const running = session.run({ x }, { signal: controller.signal });
      controller.abort(reason);
      await expect(running).rejects.toBe(reason);
      expect((await session.run({ x }))["z"]).toEqual(floats([1, 2], 1, 4));
      await expect(
        createRuntime().load(smallModel(), { signal: AbortSignal.abort(reason) }),
      ).rejects.toBe(reason);
    });

    test("computes the same without a memory pattern", async () => {
      await using session = await createRuntime().load(smallModel(), { memoryPattern: false });
      for (let run = 0; run < 3; run++) {
        const { y } = await session.run({ x: floats([1, 2], 1, 2) });
        expect(y).toEqual(floats([1, 2], 11, 22));
      }
    });

    test("refuses a graph that is not one, with an error and not a crash", async () => {
      const broken: GraphModel = {
        graph: {
          name: "broken",
          inputs: [],
          outputs: [{ name: "y", dtype: "float32", shape: [1] }],
          initializers: [],
          values: [],
          nodes: [
            {
              name: "n",
              opType: "NoSuchOperator",
              domain: "",
              inputs: [],
              outputs: ["y"],
              attributes: {},
            },
          ],
        },
        files: [],
      };
      await expect(createRuntime().load(broken)).rejects.toThrow(/NoSuchOperator/);
    });

    test("can be disposed of twice, and says so to runs that come after or wait", async () => {
      const session = await createRuntime().load(smallModel());
      const x = floats([1, 2], 1, 2);
      const waiting = session.run({ x });
      const settled = waiting.catch((error: unknown) => error);
      await session.dispose();
      await session.dispose();
      await settled;
      await expect(session.run({ x })).rejects.toThrow(/disposed/);
    });
  });
}
