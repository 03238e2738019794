// The thread that holds sessions. onnxruntime-node blocks its thread while it loads and runs, so it is imported here and
// nowhere else.

import { parentPort, workerData } from "node:worker_threads";

import {
  buffersOf,
  createHeldValues,
  type RunRequest,
  type RunResult,
  type SessionDescription,
} from "@internvit/model-core/session";
import type * as Onnxruntime from "onnxruntime-node";

import { insideRuntime } from "../exit-guard.ts";
import { createDeviceCopies } from "./device-copies.ts";
import { createPlacementRecord, type PlacementRecord } from "./placement.ts";
import type { LoadRequest, SessionReply, SessionRequest, ThreadSetup } from "./protocol.ts";
import { freeBuffer, fromRuntime, toRuntime } from "./tensors.ts";

type SessionOptions = Onnxruntime.InferenceSession.SessionOptions;

/** A session, and what it was made with. */
interface Loaded {
  readonly session: Onnxruntime.InferenceSession;
  readonly record: PlacementRecord | undefined;
  /** Whether its results lie where they were to lie when it was made; then ONNX Runtime computes all of them or none. */
  readonly placesResults: boolean;
}

const setup = workerData as ThreadSetup;
const port = parentPort;
if (port === null) throw new Error("session-worker.js is started as a worker thread");

// onnxruntime-node 1.30 takes float16 as Uint16Array, but refuses it on a Node that has Float16Array (24 and later).
// It looks when it is loaded; nothing else runs in this thread.
delete (globalThis as { Float16Array?: unknown }).Float16Array;

// Not a static import: its native part must not begin while the process is exiting either.
const { default: ort } = await insideRuntime(setup.state, () => import("onnxruntime-node"));

const loaded = new Map<number, Loaded>();
const onDevice = setup.executionProviders[0] === "webgpu";
const device = onDevice ? createDeviceCopies(ort, createSession) : undefined;
const held = createHeldValues<Onnxruntime.Tensor>({
  toRuntime: (tensor) => toRuntime(ort, tensor),
  fromRuntime,
  device,
  freeBuffer,
});

function reply(message: SessionReply, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function createSession(
  graph: Uint8Array<ArrayBuffer>,
  options: SessionOptions,
): Promise<Onnxruntime.InferenceSession> {
  return ort.InferenceSession.create(graph, {
    executionProviders: [...setup.executionProviders],
    graphOptimizationLevel: "all",
    intraOpNumThreads: setup.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    ...options,
    extra: {
      session: {
        // Work is handed to the threads in pieces that get smaller towards the end, so that none waits for one that
        // was held up: 4 % faster on a shared machine (benchmarks/README.md).
        dynamic_block_base: "4",
        ...(setup.exactInt8 ? { x64quantprecision: "1" } : {}),
        ...options.extra,
      },
    },
  });
}

async function load(request: LoadRequest): Promise<SessionDescription> {
  const begin = performance.now();
  const { keep, externalFolder } = request;
  const record = setup.recordPlacement ? createPlacementRecord() : undefined;
  const placesResults = device !== undefined && keep.length > 0;
  const session = await createSession(request.graph, {
    enableMemPattern: request.memoryPattern,
    ...(record === undefined ? {} : { enableProfiling: true, profileFilePrefix: record.prefix }),
    ...(placesResults
      ? {
          preferredOutputLocation: Object.fromEntries(
            keep.map((name) => [name, "gpu-buffer" as const]),
          ),
        }
      : {}),
    extra:
      externalFolder === undefined
        ? {}
        : { model_external_initializers_file_folder_path: externalFolder },
  });
  loaded.set(request.session, { session, record, placesResults });
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    onnxruntimeVersion: ort.env.versions.node ?? ort.env.versions.common,
    loadMilliseconds: performance.now() - begin,
  };
}

async function run(request: RunRequest): Promise<RunResult> {
  const { session, placesResults } = the(request.session);
  const unknown = request.outputs.find((name) => !session.outputNames.includes(name));
  if (unknown !== undefined) throw new Error(`the graph has no output ${unknown}`);
  const results = await session.run(
    held.feeds(request.feeds),
    placesResults ? session.outputNames : request.outputs,
  );
  return { kind: "result", id: request.id, ...held.sort(results, request) };
}

function the(number: number): Loaded {
  const found = loaded.get(number);
  if (found === undefined) throw new Error(`no session ${number} is loaded`);
  return found;
}

function inside<T>(work: () => Promise<T>): Promise<T> {
  return insideRuntime(setup.state, work);
}

/** What goes wrong is the reply; a release that fails ends the thread with the error. */
async function answer(request: SessionRequest): Promise<void> {
  const { id, kind } = request;
  try {
    switch (kind) {
      case "load":
        return reply({ kind, id, description: await inside(() => load(request)) });
      case "run": {
        const result = await inside(() => run(request));
        return reply(result, buffersOf(result.outputs));
      }
      case "hold":
        await inside(() => held.hold(request.tensors));
        return reply({ kind, id });
      case "read-held": {
        const tensors = await inside(() => held.read(request.numbers));
        return reply({ kind, id, tensors }, buffersOf(tensors));
      }
      case "release":
        return held.release(request.numbers);
      case "placement": {
        const { session, record } = the(request.session);
        if (record === undefined) throw new Error("the session was made without recordPlacement");
        session.endProfiling();
        return reply({ kind, id, placement: record.read() });
      }
      case "unload":
        await inside(() => unload(request.session));
        return reply({ kind, id });
      case "close":
        await inside(close);
        port?.close();
    }
  } catch (error) {
    if (kind === "close" || kind === "unload") throw error;
    const code = kind === "load" ? "load-failed" : "run-failed";
    reply({ kind: "error", id, code, message: messageOf(error) });
  }
}

async function unload(number: number): Promise<void> {
  // ONNX Runtime frees a buffer of a device through the session that made it, which must be there then.
  if (loaded.get(number)?.placesResults !== true) await releaseSession(number);
}

async function releaseSession(number: number): Promise<void> {
  const found = loaded.get(number);
  loaded.delete(number);
  await found?.session.release();
}

/** In order after every run: a thread that is killed may leave the sessions' memory behind. */
async function close(): Promise<void> {
  held.clear();
  for (const number of loaded.keys()) await releaseSession(number);
  await device?.close();
}

// One after the other: ONNX Runtime would take them all in at once, and an exit could not come between.
let last = Promise.resolve();
port.on("message", (request: SessionRequest) => {
  last = last.then(() => answer(request));
});
