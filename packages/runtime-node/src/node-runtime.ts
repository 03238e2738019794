// GraphRuntime on onnxruntime-node: each session in a worker thread of its own, those of a holder in one.

import {
  encodeGraphModel,
  type GraphLoadOptions,
  type GraphModel,
  type GraphRuntime,
  type GraphSession,
  type HolderLoadOptions,
} from "@internvit/model-core";
import { checkFeeds, createHolder, type SessionDescription } from "@internvit/model-core/session";

import { sessionThreads } from "./cpu-limit.ts";
import { RuntimeError } from "./errors.ts";
import { type ExternalFiles, locateExternalFiles } from "./external-files.ts";
import { type ExecutionProvider, sessionProviders } from "./providers/execution-providers.ts";
import { turnOffTensorFloat32 } from "./providers/tensor-float-32.ts";
import { type SessionThread, startSessionThread, type ThreadSession } from "./session-thread.ts";
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
  const start = (): Promise<SessionThread> => {
    if (executionProvider === "cuda" || executionProvider === "tensorrt") turnOffTensorFloat32();
    return startSessionThread({
      executionProviders: sessionProviders(executionProvider),
      threads,
      recordPlacement,
    });
  };
  return {
    executionProvider,
    async load(model, loadOptions = {}) {
      loadOptions.signal?.throwIfAborted();
      const prepared = await prepare(model, directory);
      const thread = await start();
      try {
        return graphSession(thread, {
          model,
          session: await loadInto(thread, prepared, loadOptions),
          graphBytes: prepared.graph.byteLength,
        });
      } catch (error) {
        void thread.terminate();
        throw error;
      }
    },
    async createHolder({ signal } = {}) {
      signal?.throwIfAborted();
      const thread = await start();
      return createHolder({
        ...thread,
        load: async (model, loadOptions) =>
          loadInto(thread, await prepare(model, directory), loadOptions),
      });
    },
  };
}

/** A graph as the thread takes it. */
interface PreparedGraph {
  readonly graph: Uint8Array<ArrayBuffer>;
  readonly externalFolder: string | undefined;
}

async function prepare(model: GraphModel, directory: string | undefined): Promise<PreparedGraph> {
  const files = await externalFiles(model, directory);
  const graph = encodeGraphModel(model, {
    locationOf: (file) => files?.locations.get(file) ?? file,
  });
  return { graph, externalFolder: files?.folder };
}

function loadInto(
  thread: SessionThread,
  prepared: PreparedGraph,
  { signal, keep = [], memoryPattern = true }: HolderLoadOptions,
): Promise<ThreadSession> {
  return thread.load({ ...prepared, keep, memoryPattern }, { signal });
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
  loaded: {
    readonly model: GraphModel;
    readonly session: ThreadSession;
    readonly graphBytes: number;
  },
): NodeGraphSession {
  const { model, session, graphBytes } = loaded;
  const { description } = session;
  const dispose = (): Promise<void> => thread.terminate();
  return {
    inputs: description.inputs,
    outputs: description.outputs,
    description,
    graphBytes,
    async run(feeds, options = {}) {
      const { signal, outputs = description.outputs, move = false } = options;
      checkFeeds(feeds, model.graph.inputs);
      const result = await session.run(feeds, { outputs, keep: {}, signal, move });
      return result.outputs;
    },
    readPlacement: () => session.readPlacement(),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
