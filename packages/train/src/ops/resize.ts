// Bilinear resize of maps, F.interpolate(mode="bilinear") in both of its alignments, without antialiasing.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { single } from "@internvit/model-core/onnx";

import type { Matrix } from "../floats.ts";
import { sizeOf } from "../sizes.ts";
import { int64s } from "./layout.ts";
import { separable } from "./separable.ts";

/** Options of `resizeBilinear`. */
export interface ResizeOptions {
  readonly height: number;
  readonly width: number;
  /** Whether corner pixels keep their places (`align_corners=True`) or areas do (`False`). Default: false. */
  readonly alignCorners?: boolean;
}

/** Results with more elements in a plane than this come from ONNX's Resize: products cost a whole row per pixel. */
const LARGE_PLANE = 1 << 16;

/** `[…, h, w]` → `[…, height, width]`. */
export function resizeBilinear(graph: GraphBuilder, value: Value, options: ResizeOptions): Value {
  const { height, width, alignCorners = false } = options;
  if (height * width > LARGE_PLANE && value.shape.length === 4) {
    const shape = [...value.shape.slice(0, -2), height, width];
    return single(
      graph.addNode({
        opType: "Resize",
        inputs: [value, undefined, undefined, int64s(graph, shape.map(Number))],
        attributes: {
          mode: { kind: "string", value: "linear" },
          coordinate_transformation_mode: {
            kind: "string",
            value: alignCorners ? "align_corners" : "half_pixel",
          },
        },
        outputs: [{ dtype: value.dtype, shape }],
      }),
    );
  }
  return separable(graph, value, {
    vertical: bilinearMatrix(sizeOf(value, -2), { to: height, alignCorners }),
    horizontal: bilinearMatrix(sizeOf(value, -1), { to: width, alignCorners }),
  });
}

/** The matrix [to, from] of linear interpolation along one axis; rows sum to 1. */
export function bilinearMatrix(
  from: number,
  { to, alignCorners }: { readonly to: number; readonly alignCorners: boolean },
): Matrix {
  const data = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    const aligned = to > 1 ? (row * (from - 1)) / (to - 1) : 0;
    const source = alignCorners ? aligned : Math.max(((row + 0.5) * from) / to - 0.5, 0);
    const low = Math.min(Math.floor(source), from - 1);
    const high = Math.min(low + 1, from - 1);
    const weight = source - low;
    data[row * from + low]! += 1 - weight;
    data[row * from + high]! += weight;
  }
  return { rows: to, columns: from, data };
}
