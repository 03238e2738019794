// What may be fed to a graph, and how it gets into another thread.

import type { ValueInfo } from "../onnx/graph.ts";
import type { HeldTensor } from "../runtime.ts";
import type { Dtype, Tensor } from "../tensor.ts";
import { RuntimeError } from "./runtime-error.ts";

/** Tensors by the names of a graph's inputs; `Held` are those that are there already. */
export type Feeds<Held extends HeldTensor = never> = Readonly<Record<string, Tensor | Held>>;

/** Element types that cross the border to ONNX Runtime; it has no bfloat16 there. */
const RUNTIME_DTYPES: ReadonlySet<Dtype> = new Set<Dtype>([
  "float32",
  "float16",
  "float64",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
]);

/**
 * Holds feeds against the inputs of their graph.
 *
 * @throws RuntimeError `invalid-argument` for an input or a shape that the graph does not have, `unsupported` for an
 * element type that ONNX Runtime does not take from JavaScript.
 */
export function checkFeeds(feeds: Feeds<HeldTensor>, inputs: readonly ValueInfo[]): void {
  const declared = new Map(inputs.map((input) => [input.name, input]));
  for (const [name, tensor] of Object.entries(feeds)) {
    const got = `${tensor.dtype} [${tensor.shape.join(", ")}]`;
    const shape = declared.get(name)?.shape;
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
}

/** The feeds in buffers of their own: a message takes along all of the buffer that a view is of. */
export function copyFeeds<Given extends Feeds<HeldTensor>>(feeds: Given): Given {
  const copies = Object.entries(feeds).map(([name, tensor]) => [
    name,
    "data" in tensor ? { ...tensor, data: tensor.data.slice() } : tensor,
  ]);
  return Object.fromEntries(copies) as Given;
}

/** The buffers to move along with a message, each once. Shared memory needs no moving. */
export function buffersOf(tensors: Feeds<HeldTensor> | readonly Tensor[]): ArrayBuffer[] {
  const all: readonly (Tensor | HeldTensor)[] = Object.values(tensors);
  const buffers = all.map((tensor) => "data" in tensor && tensor.data.buffer);
  return [...new Set(buffers.filter((buffer) => buffer instanceof ArrayBuffer))];
}
