// GraphRuntime on onnxruntime-web: each session in a worker of its own.

import {
  encodeGraphModel,
  type GraphLoadOptions,
  type GraphModel,
  type GraphRuntime,
} from "@internvit/model-core";

import { RuntimeError } from "./errors.ts";
import { startSessionWorker } from "./session-worker.ts";
import { wasmThreads } from "./wasm-threads.ts";
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
}

/** Opens graphs with onnxruntime-web. Nothing is loaded until `load`. */
export function createWebRuntime(options: WebRuntimeOptions = {}): WebRuntime {
  const { executionProvider = "wasm", files = new Map(), wasmPaths, onDeviceLost } = options;
  const threads = wasmThreads(options.threads);
  return {
    async load(model, { signal } = {}) {
      const missing = model.files.filter((file) => !files.has(file));
      if (missing.length > 0) {
        throw new RuntimeError(
          "invalid-argument",
          `the graph points into ${missing.join(", ")}; createWebRuntime needs these files as Blobs`,
        );
      }
      const settings = { provider: executionProvider, threads, wasmPaths, probe: false };
      const worker = await startSessionWorker(settings, { signal });
      return openWebSession(worker, {
        settings,
        model,
        graph: encodeGraphModel(model),
        files: Object.fromEntries(files),
        recordPlacement: false,
        onDeviceLost,
        signal,
      });
    },
  };
}
