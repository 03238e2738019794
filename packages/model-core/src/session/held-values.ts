// The thread's side of a holder, for both runtimes: held tensors by number. In the thread's own memory they are arrays that
// ONNX Runtime reads in place. It copies every result into a new array, also one that it was given an array for, so that
// giving it the arrays of the step before would save nothing; on a device results are buffers that stay there.

import type { Tensor } from "../tensor.ts";
import type { Feeds } from "./feeds.ts";
import type { HeldNumber, KeptFacts, RunRequest, RunResult } from "./protocol.ts";

/** What is looked at in a tensor of ONNX Runtime. */
interface AnyTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly location: string;
  /** Of a tensor on a device it must not be asked for. */
  readonly data: unknown;
  dispose(): void;
}

/** Tensors to and from ONNX Runtime. */
export interface TensorForms<T> {
  /** A tensor over the same memory. */
  toRuntime(tensor: Tensor): T;
  /** A tensor over the same memory. */
  fromRuntime(tensor: T): Tensor;
  /** Where values lie on a device; undefined: in this thread. */
  readonly device: DeviceCopies<T> | undefined;
  /** Gives a buffer's memory back at once, instead of when the collector comes: the next result gets the same pages. */
  freeBuffer(buffer: ArrayBuffer): void;
}

/** Copies to the memory of a device and back. */
export interface DeviceCopies<T> {
  upload(tensor: T): Promise<T>;
  download(tensor: T): Promise<T>;
}

/** Tensors by number. */
export interface HeldValues<T> {
  hold(tensors: Feeds): Promise<void>;
  /** The feeds of a run, with held tensors for their numbers. */
  feeds(feeds: Feeds<HeldNumber>): Readonly<Record<string, T>>;
  /** Sorts the results of a run: those that stay, those that go to the caller, and those that nobody asked for. */
  sort(results: Readonly<Record<string, T>>, request: RunRequest): Omit<RunResult, "kind" | "id">;
  /** Copies. */
  read(numbers: readonly number[]): Promise<readonly Tensor[]>;
  release(numbers: Iterable<number>): void;
  /** Releases all. */
  clear(): void;
}

/** Nothing held yet. */
export function createHeldValues<T extends AnyTensor>({
  toRuntime,
  fromRuntime,
  device,
  freeBuffer,
}: TensorForms<T>): HeldValues<T> {
  const values = new Map<number, T>();
  /** How many held tensors are views of a buffer. */
  const uses = new Map<unknown, number>();

  const bufferOf = (tensor: T): unknown =>
    tensor.location === "cpu" ? (tensor.data as Float32Array).buffer : undefined;
  const enter = (number: number, tensor: T): void => {
    values.set(number, tensor);
    const buffer = bufferOf(tensor);
    uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
  };
  const found = (number: number): T => {
    const tensor = values.get(number);
    if (tensor === undefined) throw new Error(`there is no held tensor ${number}`);
    return tensor;
  };
  const release = (numbers: Iterable<number>): void => {
    for (const number of numbers) {
      const tensor = values.get(number);
      if (tensor === undefined) continue;
      values.delete(number);
      const buffer = bufferOf(tensor);
      const left = uses.get(buffer)! - 1;
      if (left > 0) uses.set(buffer, left);
      else uses.delete(buffer);
      if (tensor.location !== "cpu") tensor.dispose();
      else if (left === 0 && buffer instanceof ArrayBuffer) freeBuffer(buffer);
    }
  };
  return {
    async hold(tensors) {
      for (const [number, tensor] of Object.entries(tensors)) {
        const given = toRuntime(tensor);
        const empty = tensor.data.length === 0;
        enter(Number(number), device === undefined || empty ? given : await device.upload(given));
      }
    },
    feeds(feeds) {
      const tensors = Object.entries(feeds).map(([name, feed]) => [
        name,
        "data" in feed ? toRuntime(feed) : found(feed.number),
      ]);
      return Object.fromEntries(tensors) as Record<string, T>;
    },
    sort(results, { keep, outputs: asked }) {
      const outputs: Record<string, Tensor> = {};
      const kept: Record<string, KeptFacts> = {};
      for (const [name, tensor] of Object.entries(results)) {
        const number = keep[name];
        if (number !== undefined) {
          enter(number, tensor);
          kept[name] = { dtype: tensor.type as Tensor["dtype"], shape: tensor.dims };
        } else if (asked.includes(name)) {
          outputs[name] = fromRuntime(tensor);
        } else {
          tensor.dispose();
        }
      }
      return { outputs, kept };
    },
    async read(numbers) {
      const tensors: Tensor[] = [];
      for (const number of numbers) {
        const tensor = found(number);
        if (tensor.location === "cpu") {
          const { data, ...rest } = fromRuntime(tensor);
          tensors.push({ ...rest, data: data.slice() } as Tensor);
        } else {
          tensors.push(fromRuntime(await device!.download(tensor)));
        }
      }
      return tensors;
    },
    release,
    clear: () => release([...values.keys()]),
  };
}
