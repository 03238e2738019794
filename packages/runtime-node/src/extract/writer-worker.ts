// The thread that writes shards. Rows arrive faster than a disk takes them at times; here nobody waits for that but
// the extraction's back-pressure. A complete shard is hashed and named while the next one is written.

import { parentPort } from "node:worker_threads";

import { isRuntimeError } from "../errors.ts";
import { openShardWriter, type ShardWriter } from "./shard-writer.ts";
import type { NumberedRequest, WriterReply, WriterRequest } from "./writer-protocol.ts";

const port = parentPort;
if (port === null) throw new Error("writer-worker.js is started as a worker thread");

let current: ShardWriter | undefined;
let finishing: Promise<void> = Promise.resolve();

/** Begins to finish the current shard when it is complete; only one is finished at a time. */
async function finishWhenComplete(): Promise<void> {
  if (current?.complete !== true) return;
  const shard = current;
  current = undefined;
  // Not in the background: a stop must not lose what was written.
  await shard.flush();
  await finishing;
  finishing = shard.finish();
  // Said when the next request waits for it.
  finishing.catch(() => {});
}

async function handle(request: WriterRequest): Promise<void> {
  switch (request.kind) {
    case "open":
      await current?.close();
      current = await openShardWriter(request.plan);
      return finishWhenComplete();
    case "append":
      await current?.append(request.batch);
      return finishWhenComplete();
    case "stop":
      return current?.flush();
    case "close":
      await current?.flush();
      await current?.close();
      current = undefined;
      return finishing;
  }
}

async function answer({ id, ...request }: NumberedRequest): Promise<WriterReply> {
  const begin = performance.now();
  try {
    await handle(request);
    return { id, milliseconds: performance.now() - begin };
  } catch (error) {
    const { code, message } = isRuntimeError(error)
      ? error
      : { code: "io" as const, message: error instanceof Error ? error.message : String(error) };
    return { id, milliseconds: performance.now() - begin, error: { code, message } };
  }
}

// One after the other, in the order of their sending.
let last = Promise.resolve();
port.on("message", (request: NumberedRequest) => {
  last = last.then(async () => port.postMessage(await answer(request)));
});
