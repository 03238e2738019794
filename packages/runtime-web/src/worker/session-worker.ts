// The worker that holds sessions: ONNX Runtime is imported here and nowhere else.

import { isRuntimeError, type RuntimeErrorCode } from "@internvit/model-core";
import { buffersOf } from "@internvit/model-core/session";
import * as ort from "onnxruntime-web/webgpu";

import { adapterKey } from "./adapter-facts.ts";
import { giveModule, keepModule } from "./compiled-module.ts";
import { deriveWeights } from "./derive-weights.ts";
import { openDevice, type OwnedDevice } from "./gpu-device.ts";
import { keptFolder } from "./keep-order.ts";
import { probeProvider, startRuntime } from "./probe-provider.ts";
import { leadPrinting } from "./profile.ts";
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
import { createSessions, type Providers, type Sessions } from "./sessions.ts";

const port = globalThis as unknown as DedicatedWorkerGlobalScope;

let owned: OwnedDevice | undefined;
let providers: Providers = [];
let sessions: Sessions;
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
  const printed = await leadPrinting(() => startRuntime(ort));
  sessions = createSessions({ providers, owned, printed });
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
        const description = await sessions.load(request, folder);
        return reply({ kind: "loaded", id, description });
      }
      case "run": {
        const result = await sessions.run(request);
        if (result !== undefined) {
          return reply({ kind: "result", id, ...result }, buffersOf(result.outputs));
        }
        const { feeds } = request;
        const reason = owned?.lost ?? "unknown";
        return reply({ kind: "device-lost", id, feeds, reason }, buffersOf(feeds));
      }
      case "hold":
        await sessions.hold(request.tensors);
        return reply({ kind: "hold", id });
      case "read-held": {
        const tensors = await sessions.read(request.numbers);
        return reply({ kind: "read-held", id, tensors }, buffersOf(tensors));
      }
      case "release":
        return sessions.release(request.numbers);
      case "unload":
        await sessions.unload(request.session);
        return reply({ kind: "unload", id });
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
