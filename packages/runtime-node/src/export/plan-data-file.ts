// Where each weight of an exported graph stands in its data file. Offsets are multiples of 4 KiB, the page size that
// runtimes map files by (ONNX IR, "External Tensor Data"), and far more than any device asks of a weight.

import {
  DTYPE_BYTES,
  elementCount,
  type ExternalInitializer,
  type GraphModel,
  WEIGHT_ALIGNMENT,
} from "@internvit/model-core";

import type { FoldedModel, FoldedWeight } from "./fold-weights.ts";

/** A weight in the data file. */
export interface PlacedWeight extends FoldedWeight {
  /** First byte in the data file. */
  readonly start: number;
  readonly byteLength: number;
}

/** What is written: the graph that points into the data file, and what stands in it. */
export interface DataFilePlan {
  readonly model: GraphModel;
  /** In the order of the file; what two initializers share stands here once. */
  readonly weights: readonly PlacedWeight[];
  /** Length of the data file. */
  readonly byteLength: number;
}

/** Places every weight in the data file called `file`. */
export function planDataFile({ graph, weights }: FoldedModel, file: string): DataFilePlan {
  const placed = new Map<string, PlacedWeight>();
  const initializers: ExternalInitializer[] = [];
  let end = 0;
  for (const weight of weights) {
    const { name, dtype, shape, source, transposed } = weight;
    const key = [source.file, source.start, source.byteLength, dtype, transposed].join("\n");
    let place = placed.get(key);
    if (place === undefined) {
      const start = Math.ceil(end / WEIGHT_ALIGNMENT) * WEIGHT_ALIGNMENT;
      place = { ...weight, start, byteLength: elementCount(shape) * DTYPE_BYTES[dtype] };
      placed.set(key, place);
      end = start + place.byteLength;
    }
    const { start, byteLength } = place;
    initializers.push({ kind: "external", name, dtype, shape, file, start, byteLength });
  }
  return {
    model: {
      graph: { ...graph, initializers: [...graph.initializers, ...initializers] },
      files: [file],
    },
    weights: [...placed.values()],
    byteLength: end,
  };
}
