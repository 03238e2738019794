// Two-dimensional convolution and its transpose, without groups.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { refuseShapes, single } from "@internvit/model-core/onnx";

import { countOf, sizesOf } from "../sizes.ts";
import { pad } from "./layout.ts";

/** Options of `conv` and `convTranspose`. */
export interface ConvolutionOptions {
  /** [channels out]. */
  readonly bias?: Value | undefined;
  /** Vertical and horizontal step. Default: 1 and 1. */
  readonly strides?: readonly [number, number];
  /** Zeros at the top, left, bottom and right; what `convTranspose` cuts off there. Default: none. */
  readonly pads?: readonly [number, number, number, number];
}

/** Options of `conv`. */
export interface ConvOptions extends ConvolutionOptions {
  /** [filters, channels, rows, columns]. */
  readonly weight: Value;
  /** Vertical and horizontal distance of a window's elements; has no gradient above 1. Default: 1 and 1. */
  readonly dilations?: readonly [number, number];
}

const ONE = [1, 1] as const;
const NONE = [0, 0, 0, 0] as const;

/** `[n, c, h, w]` with weight `[m, c, kh, kw]` → `[n, m, h′, w′]`; a remainder that no window covers is dropped. */
export function conv(graph: GraphBuilder, image: Value, parameters: ConvOptions): Value {
  const { weight, strides = ONE, pads = NONE, dilations = ONE } = parameters;
  const [batch, channels, ...sides] = sizesOf(image);
  const [filters, inner = 0, ...kernel] = sizesOf(weight);
  const out = sides.map((side, axis) => {
    const window = (kernel[axis]! - 1) * dilations[axis]! + 1;
    return Math.floor((side + pads[axis]! + pads[axis + 2]! - window) / strides[axis]! + 1);
  });
  if (channels !== inner || kernel.length !== 2 || out.length !== 2 || Math.min(...out) < 1) {
    refuseShapes("Conv", "[n, c, h, w] and [m, c, kh, kw]", [image.shape, weight.shape]);
  }
  const extra = extraChannels(inner, kernel);
  const widened = (value: Value): Value =>
    pad(graph, value, { before: [0, 0, 0, 0], after: [0, extra, 0, 0] });
  return convolution(graph, "Conv", {
    inputs: [widened(image), widened(weight), parameters.bias],
    kernel,
    strides,
    pads,
    dilations,
    shape: [batch!, filters!, ...out],
  });
}

/**
 * Channels of zeros that are added to keep clear of an error: on WebGPU, ONNX Runtime 1.30 computes wrong numbers where
 * the channels are a multiple of 3 above 3 and none of 4 (microsoft/onnxruntime#29651). Real widths are not.
 */
export function extraChannels(channels: number, kernel: readonly number[]): number {
  const wrong = channels > 3 && channels % 3 === 0 && channels % 4 !== 0;
  return wrong && countOf(kernel) > 1 ? 4 - (channels % 4) : 0;
}

/** `[n, c, h, w]` with weight `[c, m, kh, kw]` → `[n, m, (h − 1) · stride + kh − pads, …]`. */
export function convTranspose(
  graph: GraphBuilder,
  image: Value,
  parameters: ConvolutionOptions & { readonly weight: Value },
): Value {
  const { weight, strides = ONE, pads = NONE } = parameters;
  const [batch, channels, ...sides] = sizesOf(image);
  const [inner, filters, ...kernel] = sizesOf(weight);
  if (channels !== inner || kernel.length !== 2 || sides.length !== 2) {
    refuseShapes("ConvTranspose", "[n, c, h, w] and [c, m, kh, kw]", [image.shape, weight.shape]);
  }
  const out = sides.map(
    (side, axis) => (side - 1) * strides[axis]! + kernel[axis]! - pads[axis]! - pads[axis + 2]!,
  );
  return convolution(graph, "ConvTranspose", {
    inputs: [image, weight, parameters.bias],
    kernel,
    strides,
    pads,
    shape: [batch!, filters!, ...out],
  });
}

function convolution(
  graph: GraphBuilder,
  opType: string,
  call: {
    readonly inputs: readonly [Value, Value, Value | undefined];
    readonly kernel: readonly number[];
    readonly strides: readonly number[];
    readonly pads: readonly number[];
    readonly dilations?: readonly number[];
    readonly shape: readonly number[];
  },
): Value {
  const { inputs, kernel, strides, pads, dilations = ONE, shape } = call;
  return single(
    graph.addNode({
      opType,
      inputs: inputs[2] === undefined ? inputs.slice(0, 2) : inputs,
      attributes: {
        kernel_shape: { kind: "ints", value: kernel },
        strides: { kind: "ints", value: strides },
        pads: { kind: "ints", value: pads },
        ...(dilations.some((step) => step !== 1) && {
          dilations: { kind: "ints", value: dilations },
        }),
      },
      outputs: [{ dtype: inputs[0].dtype, shape }],
    }),
  );
}
