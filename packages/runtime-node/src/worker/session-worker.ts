// The thread that holds a session. onnxruntime-node blocks its thread while it loads and runs, so it is imported
// here and nowhere else.

import { parentPort, workerData } from "node:worker_threads";

import type { DtypeArrays, Tensor } from "@internvit/model-core";
import type { RunRequest } from "@internvit/model-core/session";
import type * as Onnxruntime from "onnxruntime-node";

import { insideRuntime } from "../exit-guard.ts";
import { createPlacementRecord } from "./placement.ts";
import type { SessionReply, SessionRequest, SessionSetup } from "./protocol.ts";

const setup = workerData as SessionSetup;
const port = parentPort;
if (port === null) throw new Error("session-worker.js is started as a worker thread");

// onnxruntime-node 1.30 takes float16 as Uint16Array, but refuses it on a Node that has Float16Array (24 and later).
// It looks when it is loaded; nothing else runs in this thread.
delete (globalThis as { Float16Array?: unknown }).Float16Array;

// Not a static import: its native part must not begin while the process is exiting either.
const { default: ort } = await insideRuntime(setup.state, () => import("onnxruntime-node"));

function reply(message: SessionReply, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const record = setup.recordPlacement ? createPlacementRecord() : undefined;

async function createSession(): Promise<Onnxruntime.InferenceSession> {
  return ort.InferenceSession.create(setup.graph, {
    executionProviders: [...setup.executionProviders],
    graphOptimizationLevel: "all",
    intraOpNumThreads: setup.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    ...(record === undefined ? {} : { enableProfiling: true, profileFilePrefix: record.prefix }),
    extra: {
      session: {
        // Work is handed to the threads in pieces that get smaller towards the end, so that none waits for one that
        // was held up: 4 % faster on a shared machine (benchmarks/README.md).
        dynamic_block_base: "4",
        ...(setup.exactInt8 ? { x64quantprecision: "1" } : {}),
        ...(setup.externalFolder === undefined
          ? {}
          : { model_external_initializers_file_folder_path: setup.externalFolder }),
      },
    },
  });
}

function toRuntime(tensor: Tensor): Onnxruntime.Tensor {
  // ORT's typed constructor has one overload per element type; the pair was checked by the sender.
  const data = tensor.data as Float32Array;
  return new ort.Tensor(tensor.dtype as "float32", data, [...tensor.shape]);
}

function fromRuntime(tensor: Onnxruntime.Tensor): Tensor {
  return {
    dtype: tensor.type as keyof DtypeArrays,
    shape: tensor.dims,
    data: tensor.data as Float32Array,
  };
}

async function run(session: Onnxruntime.InferenceSession, request: RunRequest): Promise<void> {
  const feeds: Record<string, Onnxruntime.Tensor> = {};
  for (const [name, tensor] of Object.entries(request.feeds)) feeds[name] = toRuntime(tensor);
  const results = await insideRuntime(setup.state, () => session.run(feeds, request.outputs));
  const outputs: Record<string, Tensor> = {};
  const buffers = new Set<ArrayBuffer>();
  for (const [name, value] of Object.entries(results)) {
    const tensor = fromRuntime(value);
    outputs[name] = tensor;
    buffers.add(tensor.data.buffer as ArrayBuffer);
  }
  reply({ kind: "result", id: request.id, outputs }, [...buffers]);
}

/** What goes wrong in a run is its reply; a release that fails ends the thread with the error. */
async function answer(
  session: Onnxruntime.InferenceSession,
  request: SessionRequest,
): Promise<void> {
  try {
    if (request.kind === "run") return await run(session, request);
    if (request.kind === "placement") {
      if (record === undefined) throw new Error("the session was made without recordPlacement");
      session.endProfiling();
      const placement = record.read();
      return reply({ kind: "placement", id: request.id, placement });
    }
    // Released here, in order after every run: a thread that is killed may leave the session's memory behind.
    await insideRuntime(setup.state, () => session.release());
    port?.close();
  } catch (error) {
    if (request.kind === "close") throw error;
    reply({ kind: "error", id: request.id, code: "run-failed", message: messageOf(error) });
  }
}

try {
  const begin = performance.now();
  const session = await insideRuntime(setup.state, createSession);
  // One after the other: ONNX Runtime would take them all in at once, and an exit could not come between.
  let last = Promise.resolve();
  port.on("message", (request: SessionRequest) => {
    last = last.then(() => answer(session, request));
  });
  reply({
    kind: "ready",
    id: 0,
    description: {
      inputs: session.inputNames,
      outputs: session.outputNames,
      onnxruntimeVersion: ort.env.versions.node ?? ort.env.versions.common,
      loadMilliseconds: performance.now() - begin,
    },
  });
} catch (error) {
  reply({ kind: "error", id: 0, code: "load-failed", message: messageOf(error) });
}
