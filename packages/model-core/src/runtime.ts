// The contracts between the core and the runtimes. `runtime-node` and `runtime-web` implement `GraphRuntime`; a
// probe or a training loop gets one handed in and never knows which.

import type { GraphModel } from "./onnx/graph.ts";
import type { Tensor } from "./tensor.ts";

/** Opens graphs. */
export interface GraphRuntime {
  /** Makes a session. The graph's external files are looked up by the runtime that the checkpoint came from. */
  load(model: GraphModel, options?: GraphLoadOptions): Promise<GraphSession>;
}

/** Options of `GraphRuntime.load`. */
export interface GraphLoadOptions {
  /** Stops waiting for the session; the half-made one is disposed of. */
  readonly signal?: AbortSignal;
}

/** A graph that is ready to run. Owns the memory of its weights until `dispose`. */
export interface GraphSession {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Runs the graph once. Feeds are copied or moved to the session; results belong to the caller.
   * Rejects with the signal's reason when it aborts.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    options?: GraphRunOptions,
  ): Promise<Readonly<Record<string, Tensor>>>;
  /** Frees the session. Calling it again does nothing; `run` afterwards rejects. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of `GraphSession.run`. */
export interface GraphRunOptions {
  readonly signal?: AbortSignal;
  /** Only these outputs are computed and returned; default: all. */
  readonly outputs?: readonly string[];
  /** Moves the feeds' buffers to the session instead of copying them: the tensors are empty afterwards. */
  readonly move?: boolean;
}
