// GraphRuntime on onnxruntime-node: each session in a worker thread of its own.

import {
  encodeGraphModel,
  type GraphLoadOptions,
  type GraphModel,
  type GraphRuntime,
  type GraphSession,
} from "@internvit/model-core";
import { checkFeeds, type SessionDescription } from "@internvit/model-core/session";

import { sessionThreads } from "./cpu-limit.ts";
import { RuntimeError } from "./errors.ts";
import { type ExternalFiles, locateExternalFiles } from "./external-files.ts";
import { type ExecutionProvider, sessionProviders } from "./providers/execution-providers.ts";
import { turnOffTensorFloat32 } from "./providers/tensor-float-32.ts";
import { type SessionThread, startSessionThread } from "./session-thread.ts";
import type { Placement } from "./worker/protocol.ts";

/** Options of `createNodeRuntime`. */
export interface NodeRuntimeOptions {
  /** Folder of the files that graphs point into by name; needed for graphs with external weights. */
  readonly directory?: string;
  /**
   * Default: `"cpu"`. It is used or the load fails; there is no fallback to another one. `selectExecutionProvider`
   * says beforehand whether it can be used, and why not.
   */
  readonly executionProvider?: ExecutionProvider;
  /** Threads that one operator may use. Default 0: one per physical core, in a container what its CPU limit pays for. */
  readonly threads?: number;
  /** Lets `readPlacement` of a session tell where its nodes ran; costs time until it is asked. Default false. */
  readonly recordPlacement?: boolean;
}

/** A session with what ONNX Runtime said of it. */
export interface NodeGraphSession extends GraphSession {
  /** Where the nodes of the graph ran: after a first run, of a runtime with `recordPlacement`. */
  readPlacement(): Promise<Placement>;
  readonly description: SessionDescription;
  /** Size of the graph that was loaded, in bytes, without the weights. */
  readonly graphBytes: number;
}

/** A runtime whose sessions are of this package. */
export interface NodeRuntime extends GraphRuntime {
  load(model: GraphModel, options?: GraphLoadOptions): Promise<NodeGraphSession>;
}

/** Opens graphs with onnxruntime-node. Nothing is loaded until `load`. */
export function createNodeRuntime(options: NodeRuntimeOptions = {}): NodeRuntime {
  const { directory, executionProvider = "cpu", recordPlacement = false } = options;
  const threads = sessionThreads(options.threads);
  if (!Number.isSafeInteger(threads) || threads < 0) {
    throw new RuntimeError("invalid-argument", `threads is a whole number ≥ 0, got ${threads}`);
  }
  return {
    async load(model, { signal } = {}) {
      const files = await externalFiles(model, directory);
      const graph = encodeGraphModel(model, {
        locationOf: (file) => files?.locations.get(file) ?? file,
      });
      if (executionProvider === "cuda" || executionProvider === "tensorrt") turnOffTensorFloat32();
      const thread = await startSessionThread(
        {
          graph,
          externalFolder: files?.folder,
          executionProviders: sessionProviders(executionProvider),
          threads,
          recordPlacement,
        },
        { signal },
      );
      return graphSession(thread, model, graph.byteLength);
    },
  };
}

async function externalFiles(
  model: GraphModel,
  directory: string | undefined,
): Promise<ExternalFiles | undefined> {
  if (model.files.length === 0) return undefined;
  if (directory === undefined) {
    throw new RuntimeError(
      "invalid-argument",
      `the graph points into ${model.files.join(", ")}; createNodeRuntime needs the directory of these files`,
    );
  }
  return locateExternalFiles(directory, model.files);
}

function graphSession(
  thread: SessionThread,
  model: GraphModel,
  graphBytes: number,
): NodeGraphSession {
  const { description } = thread;
  const dispose = (): Promise<void> => thread.terminate();
  return {
    inputs: description.inputs,
    outputs: description.outputs,
    description,
    graphBytes,
    async run(feeds, options = {}) {
      const { signal, outputs = description.outputs, move = false } = options;
      checkFeeds(feeds, model.graph.inputs);
      return thread.run(feeds, { outputs, signal, move });
    },
    readPlacement: () => thread.readPlacement(),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
