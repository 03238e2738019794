// The caller's side of a holder, for both runtimes: which held tensor is which number, and what becomes of the numbers of
// runs that fail. The thread serves messages in order, so nothing here waits for a release.

import type { GraphModel } from "../onnx/graph.ts";
import type {
  HeldTensor,
  HolderLoadOptions,
  HolderRunResult,
  HolderSession,
  TensorHolder,
} from "../runtime.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { checkFeeds, type Feeds } from "./feeds.ts";
import type { HeldNumber, KeptFacts, SessionDescription } from "./protocol.ts";
import { RuntimeError } from "./runtime-error.ts";

/** A thread that holds tensors and runs graphs. */
export interface HolderThread {
  load(model: GraphModel, options: HolderLoadOptions): Promise<LoadedGraph>;
  /** By their numbers. */
  hold(
    tensors: Feeds,
    options: { readonly move: boolean; readonly signal: AbortSignal | undefined },
  ): Promise<unknown>;
  /** In the order of the numbers. */
  read(numbers: readonly number[], signal: AbortSignal | undefined): Promise<readonly Tensor[]>;
  /** Numbers that are not there are none of its business. */
  release(numbers: readonly number[]): void;
  terminate(): Promise<void>;
}

/** A graph in such a thread. */
export interface LoadedGraph {
  readonly description: SessionDescription;
  run(feeds: Feeds<HeldNumber>, options: ThreadRunOptions): Promise<ThreadRunResult>;
  unload(): Promise<void>;
}

/** Options of `LoadedGraph.run`. */
export interface ThreadRunOptions {
  readonly outputs: readonly string[];
  /** Numbers for the outputs that stay. */
  readonly keep: Readonly<Record<string, number>>;
  readonly signal: AbortSignal | undefined;
  /** Moves the feeds' buffers to the thread instead of copying them. */
  readonly move: boolean;
}

/** What `LoadedGraph.run` gives. */
export interface ThreadRunResult {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly kept: Readonly<Record<string, KeptFacts>>;
}

/** The holder over a thread that is its own. */
export function createHolder(thread: HolderThread): TensorHolder {
  const numbers = new Map<HeldTensor, number>();
  let last = 0;

  const enter = (number: number, { dtype, shape }: KeptFacts): HeldTensor => {
    const held: HeldTensor = { held: true, dtype, shape };
    numbers.set(held, number);
    return held;
  };
  const numberOf = (name: string, tensor: HeldTensor): number => {
    const number = numbers.get(tensor);
    if (number !== undefined) return number;
    const text = `${name}: the held tensor was released, or belongs to another holder`;
    throw new RuntimeError("invalid-argument", text);
  };
  /** What a call that failed was to leave behind is taken away again: it may be done all the same, and come too late. */
  const orNothing = async <T>(call: Promise<T>, made: readonly number[]): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      if (made.length > 0) thread.release(made);
      throw error;
    }
  };
  const session = (model: GraphModel, loaded: LoadedGraph, keep: ReadonlySet<string>) => {
    const { inputs, outputs } = loaded.description;
    let disposed = false;
    const dispose = async (): Promise<void> => {
      if (disposed) return;
      disposed = true;
      await loaded.unload();
    };
    return {
      inputs,
      outputs,
      async run(feeds, { outputs: asked = outputs, move = false, signal } = {}) {
        if (disposed) throw new RuntimeError("disposed", "the session was disposed of");
        checkFeeds(feeds, model.graph.inputs);
        const sent = Object.entries(feeds).map(([name, feed]) => [
          name,
          "data" in feed ? feed : { ...feed, number: numberOf(`input ${name}`, feed) },
        ]);
        const stay = asked.filter((name) => keep.has(name)).map((name) => [name, ++last] as const);
        const result = await orNothing(
          loaded.run(Object.fromEntries(sent) as Feeds<HeldNumber>, {
            outputs: asked,
            keep: Object.fromEntries(stay),
            move,
            signal,
          }),
          stay.map(([, number]) => number),
        );
        const kept = stay.map(([name, number]) => [name, enter(number, result.kept[name]!)]);
        return { outputs: result.outputs, kept: Object.fromEntries(kept) } as HolderRunResult;
      },
      dispose,
      [Symbol.asyncDispose]: dispose,
    } satisfies HolderSession;
  };

  const dispose = (): Promise<void> => thread.terminate();
  return {
    async load(model, options = {}) {
      const keep = new Set(options.keep);
      const known = new Set(model.graph.outputs.map(({ name }) => name));
      const missing = [...keep].find((name) => !known.has(name));
      if (missing !== undefined) {
        const text = `keep: the graph has no output ${missing}; it has ${[...known].join(", ")}`;
        throw new RuntimeError("invalid-argument", text);
      }
      return session(model, await thread.load(model, options), keep);
    },
    async hold(tensors, { move = false, signal } = {}) {
      const entries = Object.entries<Tensor>(tensors).map(
        ([name, tensor]) => [name, ++last, tensor] as const,
      );
      for (const [name, , { shape, data }] of entries) {
        const count = elementCount(shape);
        if (data.length === count) continue;
        const text = `${name}: [${shape.join(", ")}] takes ${count} elements, got ${data.length}`;
        throw new RuntimeError("invalid-argument", text);
      }
      const sent = entries.map(([, number, tensor]) => [number, tensor]);
      await orNothing(
        thread.hold(Object.fromEntries(sent), { move, signal }),
        entries.map(([, number]) => number),
      );
      return Object.fromEntries(
        entries.map(([name, number, tensor]) => [name, enter(number, tensor)]),
      ) as Record<keyof typeof tensors, HeldTensor>;
    },
    async read(tensors, { signal } = {}) {
      const entries = Object.entries<HeldTensor>(tensors);
      const values = await thread.read(
        entries.map(([name, tensor]) => numberOf(name, tensor)),
        signal,
      );
      return Object.fromEntries(entries.map(([name], at) => [name, values[at]])) as Record<
        keyof typeof tensors,
        Tensor
      >;
    },
    release(tensors) {
      const given: number[] = [];
      for (const tensor of tensors) {
        const number = numbers.get(tensor);
        // Releasing twice does nothing.
        if (number !== undefined) given.push(number);
        numbers.delete(tensor);
      }
      if (given.length > 0) thread.release(given);
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
