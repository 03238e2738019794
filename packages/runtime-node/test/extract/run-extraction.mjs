// @ts-check
// An extraction in a process of its own, for tests that end processes. Says on stdout how far it is, one number a
// line; what went wrong is on stderr as `code: message`.
// Usage: run-extraction.mjs <folder of pictures> <output> [options of extractToShards as JSON]
// Besides those options: `outputs` of the encoder, and `endSession`, after how many pictures the session's thread is
// ended by its id. With `watchDelay` it ends with the 99th percentile of the event loop's delay in milliseconds.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";

import { createVisionEncoder, extractToShards, planPreparation } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";

const [folder = "", output = "", json = "{}"] = process.argv.slice(2);
const { outputs = ["pooler_output"], endSession, watchDelay, ...options } = JSON.parse(json);

/** @type {import("node:worker_threads").Worker[]} */
const threads = [];
process.on("worker", (thread) => threads.push(thread));

const delay = monitorEventLoopDelay({ resolution: 1 });
const controller = new AbortController();
process.once("SIGINT", () => controller.abort(new Error("interrupted")));

try {
  const encoder = await createVisionEncoder(fixturePath("tiny-layernorm"), {
    outputs,
    threads: 1,
    batchSize: 8,
  });
  const { height } = encoder.info.inputSize;
  const keys = readdirSync(folder).sort();
  const summary = await extractToShards(
    { keys, pathOf: (key) => join(folder, key) },
    {
      encoder,
      preparation: planPreparation(undefined, { defaultSize: height }),
      output,
      batchSize: 8,
      shardSize: 300,
      workers: 2,
      onBadPicture: "skip",
      signal: controller.signal,
      onEvent(event) {
        if (event.kind === "started") process.stdout.write(`started ${event.done}\n`);
        // The delay counts from the first batch on: before it, modules are loaded.
        if (event.kind === "progress" && watchDelay) delay.enable();
        if (event.kind === "progress" && event.progress.done >= endSession) {
          const { threadId } = threads[0] ?? {};
          void threads.find((thread) => thread.threadId === threadId)?.terminate();
        }
        if (event.kind === "progress") process.stdout.write(`${event.progress.done}\n`);
        if (event.kind === "damaged") process.stdout.write(`damaged ${event.message}\n`);
      },
      ...options,
    },
  );
  if (watchDelay) process.stdout.write(`delay ${delay.percentile(99) / 1e6}\n`);
  process.stdout.write(`finished ${summary.rows}\n`);
  await encoder.dispose();
} catch (error) {
  const { code, message } = /** @type {Error & { code?: string }} */ (error);
  process.stderr.write(`${code ?? "error"}: ${message}\n`);
  process.exitCode = 1;
}
