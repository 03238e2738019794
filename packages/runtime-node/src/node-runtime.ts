// GraphRuntime on onnxruntime-node: each session in a worker thread of its own.

import {
  encodeGraphModel,
  type GraphLoadOptions,
  type GraphModel,
  type GraphRunOptions,
  type GraphRuntime,
  type GraphSession,
  type Tensor,
} from "@internvit/model-core";

import { sessionThreads } from "./cpu-limit.ts";
import { RuntimeError } from "./errors.ts";
import { type ExternalFiles, locateExternalFiles } from "./external-files.ts";
import { type ExecutionProvider, sessionProviders } from "./providers/execution-providers.ts";
import { turnOffTensorFloat32 } from "./providers/tensor-float-32.ts";
import { type SessionThread, startSessionThread } from "./session-thread.ts";
import { type Placement, RUNTIME_DTYPES, type SessionDescription } from "./worker/protocol.ts";

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

/** Options of `NodeGraphSession.run`. */
export interface NodeRunOptions extends GraphRunOptions {
  /** Moves the feeds' buffers to the session instead of copying them: the tensors are empty afterwards. */
  readonly move?: boolean;
}

/** A session with what ONNX Runtime said of it. */
export interface NodeGraphSession extends GraphSession {
  run(
    feeds: Readonly<Record<string, Tensor>>,
    options?: NodeRunOptions,
  ): Promise<Readonly<Record<string, Tensor>>>;
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
  const declared = new Map(model.graph.inputs.map((input) => [input.name, input]));
  const dispose = (): Promise<void> => thread.terminate();
  return {
    inputs: description.inputs,
    outputs: description.outputs,
    description,
    graphBytes,
    async run(feeds, options: NodeRunOptions = {}) {
      const { signal, outputs = description.outputs, move = false } = options;
      for (const [name, tensor] of Object.entries(feeds)) {
        checkFeed(name, tensor, declared.get(name)?.shape);
      }
      return thread.run(feeds, { outputs, signal, move });
    },
    readPlacement: () => thread.readPlacement(),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function checkFeed(
  name: string,
  tensor: Tensor,
  shape: readonly (number | string)[] | undefined,
): void {
  const got = `${tensor.dtype} [${tensor.shape.join(", ")}]`;
  if (shape === undefined) {
    throw new RuntimeError("invalid-argument", `the graph has no input ${name} (got ${got})`);
  }
  const fits =
    shape.length === tensor.shape.length &&
    shape.every((size, axis) => typeof size === "string" || size === tensor.shape[axis]);
  if (!fits) {
    throw new RuntimeError(
      "invalid-argument",
      `input ${name} has shape [${shape.join(", ")}], got ${got}`,
    );
  }
  if (!RUNTIME_DTYPES.has(tensor.dtype)) {
    throw new RuntimeError(
      "unsupported",
      `input ${name}: ONNX Runtime takes no ${tensor.dtype} from JavaScript`,
    );
  }
}
