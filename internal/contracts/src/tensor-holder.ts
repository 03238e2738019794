// What every TensorHolder does, on every execution provider; a part of the contract of GraphRuntime.

import {
  createGraphBuilder,
  type GraphModel,
  type GraphRuntime,
  type HeldTensor,
  type HolderSession,
  type Tensor,
  type TensorHolder,
} from "@internvit/model-core";
import { describe, expect, test } from "vitest";

const WIDTH = 4;

function floats(...data: number[]): Tensor<"float32"> {
  return { dtype: "float32", shape: [data.length], data: Float32Array.from(data) };
}

const ZEROS = floats(0, 0, 0, 0);
const STEP = floats(1, -2, 0.5, 0);
const AFTER = floats(1, -2, 0.5, 0);

/** next = state + x, product = state · x; float32 [4]. */
function stepModel(): GraphModel {
  const graph = createGraphBuilder();
  const shape = { dtype: "float32", shape: [WIDTH] } as const;
  const inputs = [graph.input("state", "float32", [WIDTH]), graph.input("x", "float32", [WIDTH])];
  const [next] = graph.addNode({ opType: "Add", inputs, outputs: [shape] });
  const [product] = graph.addNode({ opType: "Mul", inputs, outputs: [shape] });
  if (next === undefined || product === undefined) throw new Error("addNode returned no value");
  graph.output("next", next);
  graph.output("product", product);
  return graph.finish("step");
}

function loadStep(holder: TensorHolder): Promise<HolderSession> {
  return holder.load(stepModel(), { keep: ["next"] });
}

/** Runs the contract of `TensorHolder` and `HolderSession`. */
export function describeTensorHolder(label: string, createRuntime: () => GraphRuntime): void {
  describe(`TensorHolder contract: ${label}`, () => {
    test("holds copies of tensors of any element type, and gives copies", async () => {
      await using holder = await createRuntime().createHolder();
      const labels: Tensor<"int64"> = {
        dtype: "int64",
        shape: [3],
        data: BigInt64Array.of(7n, -1n, 2n ** 40n),
      };
      const given = { weight: floats(1, 2, 3, 4), labels };
      const held = await holder.hold(given);
      expect(held.weight).toEqual({ held: true, dtype: "float32", shape: [4] });
      given.weight.data[0] = 99;
      const first = await holder.read(held);
      expect(first).toEqual({ weight: floats(1, 2, 3, 4), labels });
      (first.weight.data as Float32Array)[1] = 99;
      expect(await holder.read({ same: held.weight })).toEqual({ same: floats(1, 2, 3, 4) });
    });

    test("takes the buffers of tensors that are moved", async () => {
      await using holder = await createRuntime().createHolder();
      // Two views of one buffer, and one of them twice.
      const buffer = Float32Array.of(1, 2, 3, 4);
      const low: Tensor<"float32"> = { dtype: "float32", shape: [2], data: buffer.subarray(0, 2) };
      const high: Tensor<"float32"> = { dtype: "float32", shape: [2], data: buffer.subarray(2) };
      const held = await holder.hold({ low, high, again: low }, { move: true });
      expect([low.data.length, high.data.length]).toEqual([0, 0]);
      holder.release([held.low]);
      const { high: back, again } = await holder.read({ high: held.high, again: held.again });
      expect([back.data, again.data]).toEqual([Float32Array.of(3, 4), Float32Array.of(1, 2)]);
    });

    test("a run takes held tensors, and leaves those outputs that are to stay", async () => {
      await using holder = await createRuntime().createHolder();
      await using session = await loadStep(holder);
      let { state }: { state: HeldTensor } = await holder.hold({ state: ZEROS });
      for (let step = 0; step < 3; step++) {
        const { outputs, kept } = await session.run({ state, x: STEP });
        expect(Object.keys(outputs)).toEqual(["product"]);
        expect(kept["next"]).toEqual({ held: true, dtype: "float32", shape: [WIDTH] });
        holder.release([state]);
        state = kept["next"]!;
      }
      expect(await holder.read({ state })).toEqual({ state: floats(3, -6, 1.5, 0) });
      const { outputs } = await session.run({ state, x: STEP }, { outputs: ["product"] });
      expect(outputs).toEqual({ product: floats(3, 12, 0.75, 0) });
    });

    test("what a run reads stays as it was, until it is released", async () => {
      await using holder = await createRuntime().createHolder();
      await using session = await loadStep(holder);
      const { state } = await holder.hold({ state: ZEROS });
      const runs = await Promise.all(
        [1, 2, 3].map((value) => session.run({ state, x: floats(value, 0, 0, 0) })),
      );
      holder.release([state, state]);
      const nexts = Object.fromEntries(runs.map(({ kept }, at) => [at, kept["next"]!]));
      expect(await holder.read(nexts)).toEqual({
        0: floats(1, 0, 0, 0),
        1: floats(2, 0, 0, 0),
        2: floats(3, 0, 0, 0),
      });
      await expect(holder.read({ state })).rejects.toThrow(/state: the held tensor was released/);
    });

    test("several sessions share its tensors, and any input may be fed instead", async () => {
      await using holder = await createRuntime().createHolder();
      await using one = await loadStep(holder);
      await using other = await holder.load(stepModel());
      const { kept } = await one.run({ state: ZEROS, x: STEP });
      const state = kept["next"]!;
      const { outputs } = await other.run({ state, x: state });
      expect(outputs).toEqual({ next: floats(2, -4, 1, 0), product: floats(1, 4, 0.25, 0) });
      const fed = await other.run({ state: floats(1, 1, 1, 1), x: state });
      expect(fed.outputs["product"]).toEqual(AFTER);
    });

    test("a tensor outlives the session that made it", async () => {
      await using holder = await createRuntime().createHolder();
      const first = await loadStep(holder);
      const { kept } = await first.run({ state: ZEROS, x: STEP });
      await first.dispose();
      await first.dispose();
      await expect(first.run({ state: ZEROS, x: STEP })).rejects.toThrow(/disposed/);
      expect(await holder.read(kept)).toEqual({ next: AFTER });
      await using second = await loadStep(holder);
      const { outputs } = await second.run({ state: kept["next"]!, x: STEP });
      expect(outputs["product"]).toEqual(floats(1, 4, 0.25, 0));
    });

    test("refuses what does not fit, by its name, and goes on", async () => {
      const runtime = createRuntime();
      await using holder = await runtime.createHolder();
      await using session = await loadStep(holder);
      const { state, short, whole } = await holder.hold({
        state: ZEROS,
        short: floats(1, 2),
        whole: { dtype: "int32", shape: [WIDTH], data: Int32Array.of(1, 2, 3, 4) },
      });
      await expect(session.run({ state: short, x: STEP })).rejects.toThrow(
        /input state has shape \[4\], got float32 \[2\]/,
      );
      await expect(session.run({ state: whole, x: STEP })).rejects.toThrow(/int32.*float/);
      await expect(session.run({ state, x: STEP, y: state })).rejects.toThrow(/no input y/);
      await expect(session.run({ state })).rejects.toThrow(/x/);
      await expect(session.run({ state, x: STEP }, { outputs: ["other"] })).rejects.toThrow(
        /other/,
      );
      await expect(holder.load(stepModel(), { keep: ["nothing"] })).rejects.toThrow(
        /no output nothing; it has next, product/,
      );
      await expect(holder.hold({ odd: { ...STEP, shape: [5] } })).rejects.toThrow(
        /odd: \[5\] takes 5 elements, got 4/,
      );
      await using stranger = await runtime.createHolder();
      await expect(stranger.read({ state })).rejects.toThrow(/state: .*another holder/);
      const copy = { ...state };
      await expect(session.run({ state: copy, x: STEP })).rejects.toThrow(/another holder/);
      const { kept } = await session.run({ state, x: STEP });
      expect(await holder.read(kept)).toEqual({ next: AFTER });
    });

    test("a run that is aborted leaves nothing, and what it read is as it was", async () => {
      await using holder = await createRuntime().createHolder();
      await using session = await loadStep(holder);
      const { state } = await holder.hold({ state: ZEROS });
      const reason = new Error("stop");
      const controller = new AbortController();
      const running = session.run({ state, x: STEP }, { signal: controller.signal });
      controller.abort(reason);
      await expect(running).rejects.toBe(reason);
      const { signal } = controller;
      await expect(session.run({ state, x: STEP }, { signal })).rejects.toBe(reason);
      await expect(holder.hold({ state: STEP }, { signal })).rejects.toBe(reason);
      await expect(holder.read({ state }, { signal })).rejects.toBe(reason);
      await expect(holder.load(stepModel(), { signal })).rejects.toBe(reason);
      await expect(createRuntime().createHolder({ signal })).rejects.toBe(reason);
      expect(await holder.read({ state })).toEqual({ state: ZEROS });
      const { kept } = await session.run({ state, x: STEP });
      expect(await holder.read(kept)).toEqual({ next: AFTER });
    });

    test("runs hundreds of steps", async () => {
      await using holder = await createRuntime().createHolder();
      await using session = await loadStep(holder);
      let { state }: { state: HeldTensor } = await holder.hold({ state: ZEROS });
      for (let step = 0; step < 300; step++) {
        const { kept } = await session.run({ state, x: STEP }, { outputs: ["next"] });
        holder.release([state]);
        state = kept["next"]!;
      }
      expect(await holder.read({ state })).toEqual({ state: floats(300, -600, 150, 0) });
    });

    test("can be disposed of before its sessions, twice, and says so afterwards", async () => {
      const holder = await createRuntime().createHolder();
      const session = await loadStep(holder);
      const { state } = await holder.hold({ state: ZEROS });
      const settled = session.run({ state, x: STEP }).catch((error: unknown) => error);
      await holder.dispose();
      await holder.dispose();
      await settled;
      await expect(session.run({ state, x: STEP })).rejects.toThrow(/disposed/);
      await expect(holder.read({ state })).rejects.toThrow(/disposed/);
      await expect(holder.hold({ state: ZEROS })).rejects.toThrow(/disposed/);
      await expect(holder.load(stepModel())).rejects.toThrow(/disposed/);
      holder.release([state]);
      await session.dispose();
    });
  });
}
