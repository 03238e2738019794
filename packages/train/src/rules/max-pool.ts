// MaxPool: each window's gradient goes to its first largest element in row-major order. For each place of the kernel,
// the elements there are compared with the windows' maxima; a window that has found one takes no other.

import type { Value } from "@internvit/model-core";
import { add, cast, mul, sub } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";
import { equal } from "../ops/elementwise.ts";
import { pad, strided } from "../ops/layout.ts";
import {
  type GradientRule,
  intAttribute,
  intsAttribute,
  type RuleCall,
  unsupportedForm,
} from "../rule.ts";
import { sizesOf } from "../sizes.ts";
import { placed } from "./slice.ts";

/** Of `[n, c, h, w]`. */
export const maxPool: GradientRule = (call) => {
  const { graph, node, input, output, upstream } = call;
  const { kernel, strides, pads } = poolWindows(call);
  if (node.outputs.length > 1) throw unsupportedForm(call, "the output of indices");
  return [
    () => {
      const [top, left, bottom, right] = pads as [number, number, number, number];
      const sides = { before: [0, 0, top, left], after: [0, 0, bottom, right] };
      // float16 has no larger one.
      const lowest = scalar(graph, upstream, upstream.dtype === "float16" ? -65504 : -3.4028235e38);
      const image = pad(graph, input(0), sides, lowest);
      const sizes = sizesOf(image);
      const [, , rows, columns] = sizesOf(output) as [number, number, number, number];
      let free: Value | undefined;
      let gradient: Value | undefined;
      for (let row = 0; row < kernel[0]!; row++) {
        for (let column = 0; column < kernel[1]!; column++) {
          const [down, across] = strides as [number, number];
          const here = strided(graph, image, [
            { axis: 2, start: row, end: row + (rows - 1) * down + 1, step: down },
            { axis: 3, start: column, end: column + (columns - 1) * across + 1, step: across },
          ]);
          const largest = cast(graph, equal(graph, here, output), upstream.dtype);
          const taken = free === undefined ? largest : mul(graph, largest, free);
          free = sub(graph, free ?? scalar(graph, upstream, 1), taken);
          const part = placed(graph, mul(graph, upstream, taken), {
            sizes,
            places: [
              { axis: 2, start: row, step: down },
              { axis: 3, start: column, step: across },
            ],
          });
          gradient = gradient === undefined ? part : add(graph, gradient, part);
        }
      }
      const [, , height, width] = sizesOf(input(0)) as [number, number, number, number];
      return strided(graph, gradient!, [
        { axis: 2, start: top, end: top + height, step: 1 },
        { axis: 3, start: left, end: left + width, step: 1 },
      ]);
    },
  ];
};

/** Kernel, strides and pads of a pooling node; refuses what the rules do not know. */
export function poolWindows(call: RuleCall): {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
} {
  const { node, input } = call;
  const kernel = intsAttribute(node, "kernel_shape", []);
  if (input(0).shape.length !== 4) throw unsupportedForm(call, "anything but [n, c, h, w]");
  if (intAttribute(node, "ceil_mode", 0) !== 0) throw unsupportedForm(call, "ceil_mode");
  if (node.attributes["auto_pad"] !== undefined) throw unsupportedForm(call, "auto_pad");
  if (intsAttribute(node, "dilations", [1, 1]).some((step) => step !== 1)) {
    throw unsupportedForm(call, "a dilation");
  }
  return {
    kernel,
    strides: intsAttribute(node, "strides", [1, 1]),
    pads: intsAttribute(node, "pads", [0, 0, 0, 0]),
  };
}
