// The contracts between the core and the runtimes. `runtime-node` and `runtime-web` implement `GraphRuntime`; a
// probe or a training loop gets one handed in and never knows which.

import type { GraphModel } from "./onnx/graph.ts";
import type { Dtype, Tensor } from "./tensor.ts";

/** Opens graphs. */
export interface GraphRuntime {
  /** What graphs run on, in ONNX Runtime's words: `cpu`, `cuda`, `wasm`, `webgpu`, … */
  readonly executionProvider: string;
  /** Makes a session. The graph's external files are looked up by the runtime that the checkpoint came from. */
  load(model: GraphModel, options?: GraphLoadOptions): Promise<GraphSession>;
  /** Makes a holder, for graphs that work on the same tensors again and again. */
  createHolder(options?: { readonly signal?: AbortSignal }): Promise<TensorHolder>;
}

/** Options of `GraphRuntime.load`. */
export interface GraphLoadOptions {
  /** Stops waiting for the session; the half-made one is disposed of. */
  readonly signal?: AbortSignal;
  /**
   * Whether ONNX Runtime takes all intermediate values of a run from one block, once it has seen a first run. Faster for
   * small graphs; but the pieces of the first run stay beside the block, so that large graphs need twice the memory.
   * Default: true.
   */
  readonly memoryPattern?: boolean;
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

/**
 * A tensor that stays where graphs run: in the memory of their thread, or of their device. Its values never change; it is
 * good until it is released or its holder disposed of.
 */
export interface HeldTensor {
  readonly held: true;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** Held tensors by name. */
export type HeldTensors = Readonly<Record<string, HeldTensor>>;

/**
 * Tensors that stay where graphs run, and the sessions of these graphs. A state that one run leaves and the next one reads
 * does not cross to the caller and back. Calls are served in the order in which they are made. All of it is lost with the
 * thread or the device (RuntimeError `worker-lost`, `device-lost`).
 */
export interface TensorHolder {
  /** Makes a session that takes held tensors and leaves the outputs that `keep` names as held ones. */
  load(model: GraphModel, options?: HolderLoadOptions): Promise<HolderSession>;
  /** Brings tensors to where the graphs run. */
  hold<Name extends string>(
    tensors: Readonly<Record<Name, Tensor>>,
    options?: HoldOptions,
  ): Promise<Readonly<Record<Name, HeldTensor>>>;
  /** Copies of held tensors. */
  read<Name extends string>(
    tensors: Readonly<Record<Name, HeldTensor>>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Readonly<Record<Name, Tensor>>>;
  /** Gives the memory of tensors back, once the runs that were asked for before have read them. */
  release(tensors: Iterable<HeldTensor>): void;
  /** Frees tensors and sessions. Calling it again does nothing. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of `TensorHolder.load`. */
export interface HolderLoadOptions extends GraphLoadOptions {
  /** Outputs that stay as held tensors. Default: none. */
  readonly keep?: readonly string[];
}

/** Options of `TensorHolder.hold`. */
export interface HoldOptions {
  readonly signal?: AbortSignal;
  /** Moves the tensors' buffers instead of copying them: the tensors are empty afterwards. */
  readonly move?: boolean;
}

/** A session of a holder. */
export interface HolderSession {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Runs the graph once, as `GraphSession.run`; feeds may be held tensors. A run that fails or is aborted leaves nothing
   * behind, and what it read is as it was.
   */
  run(
    feeds: Readonly<Record<string, Tensor | HeldTensor>>,
    options?: GraphRunOptions,
  ): Promise<HolderRunResult>;
  /** Frees the session; held tensors stay. Calling it again does nothing; `run` afterwards rejects. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a run of a holder's session gives. */
export interface HolderRunResult {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The outputs that stay: the caller's, to be released. */
  readonly kept: HeldTensors;
}
