// The worker that holds a session: ONNX Runtime is imported here and nowhere else.

import {
  isRuntimeError,
  type Placement,
  type RuntimeErrorCode,
  type Tensor,
} from "@internvit/model-core";
import {
  buffersOf,
  countNodes,
  type RunRequest,
  type SessionDescription,
} from "@internvit/model-core/session";
import * as ort from "onnxruntime-web/webgpu";

import { adapterKey } from "./adapter-facts.ts";
import { giveModule, keepModule } from "./compiled-module.ts";
import { deriveWeights } from "./derive-weights.ts";
import { openDevice, type OwnedDevice } from "./gpu-device.ts";
import { keptFolder } from "./keep-order.ts";
import { openLazyFiles } from "./lazy-bytes.ts";
import { probeProvider, startRuntime } from "./probe-provider.ts";
import { leadPrinting, type Printed } from "./profile.ts";
import type {
  KnownStart,
  ProbeErrors,
  ProgressNotice,
  ReadQuestion,
  StartedProvider,
  StartSettings,
  WorkerReply,
  WorkerRequest,
} from "./protocol.ts";
import type { AskForBytes } from "./read-ahead.ts";
import { fromRuntime, toRuntime } from "./tensors.ts";

type Providers = NonNullable<ort.InferenceSession.SessionOptions["executionProviders"]>;

const port = globalThis as unknown as DedicatedWorkerGlobalScope;

let owned: OwnedDevice | undefined;
let providers: Providers = [];
let printed: Printed | undefined;
let profiling = false;
let session: ort.InferenceSession | undefined;
/** Where the weights are in OPFS, when this worker has made or found them there. */
let folder: string | undefined;

function reply(
  message: WorkerReply | ReadQuestion | ProgressNotice,
  transfer: Transferable[] = [],
): void {
  port.postMessage(message, transfer);
}

async function start(settings: StartSettings, known: KnownStart): Promise<StartedProvider> {
  const { wasm } = ort.env;
  wasm.numThreads = settings.threads;
  wasm.proxy = false;
  if (settings.wasmPaths !== undefined) wasm.wasmPaths = settings.wasmPaths;
  ort.env.logLevel = "error";
  if (known.module === undefined) {
    keepModule((module) => reply({ kind: "compiled", id: 0, module }));
  } else {
    giveModule(wasm, known.module);
  }
  if (settings.provider === "webgpu") {
    owned = await openDevice();
    providers = [{ name: "webgpu", device: owned.device }];
  } else {
    providers = ["wasm"];
  }
  printed = await leadPrinting(() => startRuntime(ort));
  return {
    onnxruntimeVersion: ort.env.versions.web ?? ort.env.versions.common,
    threads: settings.threads,
    adapter: owned?.adapter,
    probe: settings.probe ? await probe(known) : undefined,
  };
}

async function probe({ probed }: KnownStart): Promise<ProbeErrors> {
  const earlier = owned === undefined ? undefined : probed.get(adapterKey(owned.adapter));
  return earlier ?? probeProvider(ort, { providers, half: owned?.adapter.shaderF16 === true });
}

async function load(
  request: Extract<WorkerRequest, { readonly kind: "load" }>,
): Promise<SessionDescription> {
  const begin = performance.now();
  const lazy = await openLazyFiles(request.files, folder);
  profiling = request.recordPlacement;
  try {
    session = await ort.InferenceSession.create(request.graph, {
      executionProviders: providers,
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      externalData: lazy.externalData,
      enableProfiling: profiling,
    });
  } finally {
    lazy.close();
  }
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    onnxruntimeVersion: ort.env.versions.web ?? ort.env.versions.common,
    loadMilliseconds: performance.now() - begin,
  };
}

/** After the first run of a session that records it. */
function readPlacement(): Placement | undefined {
  if (!profiling) return undefined;
  profiling = false;
  printed?.keep();
  session?.endProfiling();
  return countNodes(printed?.take() ?? "");
}

/** The run's outputs, or undefined when the device was lost before they were there. */
async function compute({
  feeds,
  outputs,
}: RunRequest): Promise<Record<string, Tensor> | undefined> {
  if (session === undefined) throw new Error("no session was loaded");
  if (owned?.lost !== undefined) return undefined;
  const tensors = Object.entries(feeds).map(([name, feed]) => [name, toRuntime(feed)] as const);
  const running = session.run(Object.fromEntries(tensors), outputs);
  try {
    const results = await (owned === undefined
      ? running
      : Promise.race([running, owned.whenLost.then(() => undefined)]));
    if (results === undefined) {
      // The run may still fail; what it says is known already.
      running.catch(() => undefined);
      return undefined;
    }
    const pairs = Object.entries(results).map(([name, value]) => [name, fromRuntime(value)]);
    return Object.fromEntries(pairs) as Record<string, Tensor>;
  } catch (error) {
    // A run can fail a moment before the browser says that the device is gone.
    if (owned !== undefined && (await isLostSoon(owned))) return undefined;
    throw error;
  }
}

const GRACE_MILLISECONDS = 250;

async function isLostSoon({ whenLost }: OwnedDevice): Promise<boolean> {
  const waited = new Promise<false>((resolve) => {
    setTimeout(() => resolve(false), GRACE_MILLISECONDS);
  });
  return Promise.race([whenLost.then(() => true), waited]);
}

const questions = new Map<
  number,
  { readonly resolve: (bytes: Uint8Array) => void; readonly reject: (error: Error) => void }
>();
let lastQuestion = 0;

const askPage: AskForBytes = (file, start, end) =>
  new Promise((resolve, reject) => {
    const id = ++lastQuestion;
    questions.set(id, { resolve, reject });
    reply({ kind: "read", id, file, start, end });
  });

const FAILURE: Readonly<Record<string, RuntimeErrorCode>> = {
  start: "load-failed",
  derive: "io",
  load: "load-failed",
};

async function answer(request: WorkerRequest): Promise<void> {
  const { id } = request;
  try {
    switch (request.kind) {
      case "start":
        return reply({
          kind: "started",
          id,
          provider: await start(request.settings, request.known),
        });
      case "derive": {
        const { recipe, files, keep } = request;
        const made = await deriveWeights(recipe, {
          files,
          keep,
          ask: askPage,
          onProgress: (progress) => reply({ kind: "progress", ...progress }),
        });
        if (keep !== undefined && made.report.place === "opfs") folder = keptFolder(keep.about.key);
        return reply({ kind: "derived", id, ...made });
      }
      case "load": {
        const description = await load(request);
        return reply({ kind: "loaded", id, description });
      }
      case "run": {
        const outputs = await compute(request);
        if (outputs !== undefined) {
          const placement = readPlacement();
          return reply({ kind: "result", id, outputs, placement }, buffersOf(outputs));
        }
        const { feeds } = request;
        const reason = owned?.lost ?? "unknown";
        return reply({ kind: "device-lost", id, feeds, reason }, buffersOf(feeds));
      }
      case "lose-device":
        owned?.device.destroy();
        return reply({ kind: "device-destroyed", id });
    }
  } catch (error) {
    const code = isRuntimeError(error) ? error.code : (FAILURE[request.kind] ?? "run-failed");
    const message = error instanceof Error ? error.message : String(error);
    reply({ kind: "error", id, code, message });
  }
}

// One after the other: ONNX Runtime runs one thing at a time.
let last = Promise.resolve();
port.addEventListener("message", ({ data: request }: MessageEvent<WorkerRequest>) => {
  if (request.kind === "bytes" || request.kind === "no-bytes") {
    const question = questions.get(request.id);
    questions.delete(request.id);
    if (request.kind === "bytes") question?.resolve(request.bytes);
    else question?.reject(new Error(request.message));
  } else if (request.kind === "lose-device") {
    // Not behind a run: losing the device in the middle of one is what it is for.
    void answer(request);
  } else {
    last = last.then(() => answer(request));
  }
});
