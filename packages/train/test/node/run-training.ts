// A training in a process of its own, against the built packages, as a user's program would run it: it goes on from its
// folder and saves after every update.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// One parameter of 800 kB that moves to its targets, and as much of momentum.
const PROGRAM = `
import { mul, sub } from "@internvit/model-core/onnx";
import { createNodeRuntime } from "@internvit/runtime-node";
import { createTrainingSession, reduceMean, sgd } from "@internvit/train";
import { resumeFromFolder, saveCheckpointFile } from "@internvit/train/node";
const { folder, updates } = JSON.parse(process.argv[1]);
const shape = [1, 200_000];
const vector = (seed) => ({
  dtype: "float32",
  shape,
  data: Float32Array.from({ length: shape[1] }, (_, at) => Math.sin(at + seed)),
});
const session = await createTrainingSession(createNodeRuntime(), {
  model: {
    inputs: { target: { dtype: "float32", shape } },
    parameters: { point: vector(0) },
    build: (graph, { input, parameter }) => ({
      outputs: { error: sub(graph, parameter("point"), input("target")) },
    }),
  },
  loss: {
    inputs: {},
    build(graph, { output }) {
      const error = output("error");
      return reduceMean(graph, mul(graph, error, error), { axes: [1] });
    },
  },
  optimizer: sgd({ momentum: 0.9 }),
  schedule: () => 1000,
});
try {
  await resumeFromFolder(session, { folder });
  console.log("ready", session.updates);
  while (session.updates < updates) {
    await session.step({ target: vector(session.updates) });
    await saveCheckpointFile(session, { folder });
    console.log("saved", session.updates);
  }
} catch (error) {
  console.log(error.code, error.message);
}
await session.dispose();
`;

/** A training in another process. */
export interface TrainingProcess {
  readonly child: ChildProcess;
  /** Calls with the number of lines that it has printed, after each. */
  readonly onLine: (call: (count: number) => void) => void;
  /** The lines that it has printed when it ends, and whether it ended by itself. */
  readonly ended: Promise<{ readonly lines: readonly string[]; readonly killed: boolean }>;
}

/** Starts a training of so many updates. */
export function spawnTraining(options: {
  readonly folder: string;
  readonly updates: number;
  /** The largest file that it may write, in bytes. */
  readonly fileLimit?: number;
}): TrainingProcess {
  const { fileLimit, ...request } = options;
  const node = [process.execPath, "--input-type=module", "--eval", PROGRAM];
  const command = [...node, JSON.stringify(request)];
  const limit = `ulimit -f ${Math.floor((fileLimit ?? 0) / 1024)} && exec "$@"`;
  const [program = "", ...args] =
    fileLimit === undefined ? command : ["bash", "-c", limit, "bash", ...command];
  const child = spawn(program, args, {
    // The packages are found by their names from here.
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const reader = createInterface(child.stdout);
  reader.on("line", (line) => lines.push(line));
  const ended = once(child, "close").then(([code]) => ({ lines, killed: code !== 0 }));
  const onLine = (call: (count: number) => void) => reader.on("line", () => call(lines.length));
  return { child, onLine, ended };
}
