// @ts-check
// Both sides of one training: a session of this project, and PyTorch's with the same numbers. What the first step
// computes is compared; then they take turns.

import { createNodeRuntime } from "@internvit/runtime-node";
import { createTrainingSession } from "@internvit/train";

import { writeTensors } from "./drawn.mjs";
import { compareGradients } from "./compare-gradients.mjs";
import { timeSteps } from "./turns.mjs";

/** @typedef {import("./drawn.mjs").Tensors} Tensors */
/** @typedef {import("./turns.mjs").Side} Side */
/** @typedef {Awaited<ReturnType<typeof import("../peer-process.mjs").startPeer>>} Python */

/**
 * @typedef {object} TrainingCase
 * @property {string} name also PyTorch's
 * @property {string} title
 * @property {import("@internvit/train").TrainingOptions} options
 * @property {readonly Tensors[]} batches used one after the other, again and again
 * @property {Tensors} tensors what PyTorch reads
 * @property {Record<string, unknown>} peer what it is told
 * @property {readonly string[]} [forms] how it computes the same; default: eager
 * @property {Held} [held] the same with the data held where the graphs run
 * @property {number} steps of one turn
 */

/** @typedef {{ options: import("@internvit/train").TrainingOptions, batches: readonly Tensors[], stepsPerRun: number }} Held */

/**
 * @param {TrainingCase} training
 * @param {{ python: Python, work: string, threads: number }} options
 */
export async function openTraining(training, { python, work, threads }) {
  const { name, options, batches, peer, forms = ["eager"] } = training;
  const runtime = createNodeRuntime({ threads });
  const file = await writeTensors(work, { name, tensors: training.tensors });
  await python.ask({ do: "open", case: name, file, settings: peer });
  const comparison = await compareGradients(training, { runtime, python, form: forms[0] ?? "" });

  const begin = performance.now();
  const session = await createTrainingSession(runtime, options);
  const openMs = performance.now() - begin;
  let next = 0;
  /** @type {Side} */
  const own = {
    name: "internvit",
    run: (steps) => timeSteps(steps, () => session.step(batches[next++ % batches.length] ?? {})),
    close: () => session.dispose(),
  };
  const torch = forms.map((form, at) => ({
    name: `PyTorch, ${form}`,
    run: (/** @type {number} */ steps) => python.ask({ do: "run", form, steps }),
    close: () => (at === 0 ? python.ask({ do: "close" }) : undefined),
  }));
  const held = training.held && (await openHeld(training.held, runtime));
  return { sides: [...torch, own, ...(held ? [held] : [])], comparison, openMs };
}

/** @param {Held} held @param {ReturnType<typeof createNodeRuntime>} runtime @returns {Promise<Side>} */
async function openHeld({ options, batches, stepsPerRun }, runtime) {
  const session = await createTrainingSession(runtime, options);
  const runs = Array.from({ length: stepsPerRun }, (_, at) => batches[at % batches.length] ?? {});
  return {
    name: `internvit, data held, steps of a run: ${stepsPerRun}`,
    async run(steps) {
      const count = Math.ceil(steps / stepsPerRun);
      const { ms, cpuMs } = await timeSteps(count, () => session.train(runs, { stepsPerRun }));
      return { ms: ms / stepsPerRun, cpuMs: cpuMs / stepsPerRun };
    },
    close: () => session.dispose(),
  };
}
