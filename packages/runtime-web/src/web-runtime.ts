// GraphRuntime on onnxruntime-web: each session in a worker of its own, those of a holder in one.

import {
  encodeGraphModel,
  type GraphLoadOptions,
  type GraphModel,
  type GraphRuntime,
} from "@internvit/model-core";

import { RuntimeError } from "./errors.ts";
import { startSessionWorker } from "./session-worker.ts";
import { wasmThreads } from "./wasm-threads.ts";
import { openWebHolder, type WebTensorHolder } from "./web-holder.ts";
import { openWebSession, type WebGraphSession } from "./web-session.ts";
import type { WebProvider } from "./worker/protocol.ts";

/** What is the same for every session, whatever is loaded. */
export interface WorkerOptions {
  /**
   * Threads of WebAssembly. Default 0: all processors but one, at most 4; 1 where the page is not cross-origin
   * isolated, which `capabilities` tells.
   */
  readonly threads?: number;
  /** Folder of ONNX Runtime's .wasm files, as an absolute address that ends with `/`. Default: beside its script. */
  readonly wasmPaths?: string;
  /** Hears that the GPU device was lost and a new session is being made. */
  readonly onDeviceLost?: (reason: string) => void;
}

/** Options of `createWebRuntime`. */
export interface WebRuntimeOptions extends WorkerOptions {
  /** Default: `"wasm"`. It is used or the load fails; there is no fallback to another one. */
  readonly executionProvider?: WebProvider;
  /** The files that graphs point into, by name; needed for graphs with external weights. */
  readonly files?: ReadonlyMap<string, Blob>;
}

/** A runtime whose sessions are of this package. */
export interface WebRuntime extends GraphRuntime {
  load(model: GraphModel, options?: GraphLoadOptions): Promise<WebGraphSession>;
  createHolder(options?: { readonly signal?: AbortSignal }): Promise<WebTensorHolder>;
}

/** Opens graphs with onnxruntime-web. Nothing is loaded until `load`. */
export function createWebRuntime(options: WebRuntimeOptions = {}): WebRuntime {
  const { executionProvider = "wasm", files = new Map(), wasmPaths, onDeviceLost } = options;
  const threads = wasmThreads(options.threads);
  const settings = { provider: executionProvider, threads, wasmPaths, probe: false };
  const blobs = Object.fromEntries(files);
  const encode = (model: GraphModel): Uint8Array<ArrayBuffer> => {
    const missing = model.files.filter((file) => !files.has(file));
    if (missing.length === 0) return encodeGraphModel(model);
    throw new RuntimeError(
      "invalid-argument",
      `the graph points into ${missing.join(", ")}; createWebRuntime needs these files as Blobs`,
    );
  };
  return {
    executionProvider: settings.provider,
    async load(model, { signal, memoryPattern } = {}) {
      const graph = encode(model);
      return openWebSession(await startSessionWorker(settings, { signal }), {
        settings,
        model,
        graph,
        files: blobs,
        memoryPattern,
        recordPlacement: false,
        onDeviceLost,
        signal,
      });
    },
    createHolder: async ({ signal } = {}) =>
      openWebHolder(await startSessionWorker(settings, { signal }), { files: blobs, encode }),
  };
}
