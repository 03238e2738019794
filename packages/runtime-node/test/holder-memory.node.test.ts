import {
  createGraphBuilder,
  type GraphModel,
  type HeldTensor,
  type Tensor,
  type TensorHolder,
} from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

const [STEPS, ELEMENTS, MEGABYTE] = [400, 2 ** 20, 1e6];
/** What one step makes and releases, 4 MB; the steps together make 1.6 GB. */
const zeros = (): Tensor => ({
  dtype: "float32",
  shape: [ELEMENTS],
  data: new Float32Array(ELEMENTS),
});

/** next = state + x */
function sumModel(): GraphModel {
  const graph = createGraphBuilder();
  const inputs = ["state", "x"].map((name) => graph.input(name, "float32", [ELEMENTS]));
  const [next] = graph.addNode({
    opType: "Add",
    inputs,
    outputs: [{ dtype: "float32", shape: [ELEMENTS] }],
  });
  graph.output("next", next!);
  return graph.finish("sum");
}

async function growth(step: (holder: TensorHolder) => Promise<() => Promise<void>>) {
  await using holder = await createNodeRuntime({ threads: 1 }).createHolder();
  const once = await step(holder);
  for (let at = 0; at < STEPS / 4; at++) await once();
  const before = process.memoryUsage().rss;
  for (let at = 0; at < STEPS; at++) await once();
  return (process.memoryUsage().rss - before) / MEGABYTE;
}

test("hundreds of steps leave memory at its level", async () => {
  const grown = await growth(async (holder) => {
    const session = await holder.load(sumModel(), { keep: ["next"] });
    let { state }: { state: HeldTensor } = await holder.hold({ state: zeros() });
    return async () => {
      const { x } = await holder.hold({ x: zeros() }, { move: true });
      const { kept } = await session.run({ state, x });
      holder.release([state, x]);
      state = kept["next"]!;
    };
  });
  expect(grown).toBeLessThan(100);
});

test("runs that are aborted leave nothing behind", async () => {
  const grown = await growth(async (holder) => {
    const session = await holder.load(sumModel(), { keep: ["next"] });
    const held = await holder.hold({ state: zeros(), x: zeros() });
    return async () => {
      const controller = new AbortController();
      const running = session.run(held, { signal: controller.signal });
      controller.abort(new Error("stop"));
      await expect(running).rejects.toThrow("stop");
      await holder.read({});
    };
  });
  expect(grown).toBeLessThan(100);
});
