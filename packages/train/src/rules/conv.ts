// Conv and ConvTranspose in two dimensions. The gradient of the image is the transposed convolution, for steps of 1 as a
// convolution with the turned kernel, which takes a third less time on the CPU than ConvTranspose; that of the weight
// is a convolution as well, of the image with the map of gradients as its kernel (decision 44). A convolution whose
// windows do not overlap is a product of patches, both ways.

import type { Value } from "@internvit/model-core";
import { matMul, reshape, transpose } from "@internvit/model-core/onnx";

import { conv as convolve, convTranspose as convolveTransposed } from "../ops/convolution.ts";
import { gemm } from "../ops/gemm.ts";
import { pad, reversed, strided } from "../ops/layout.ts";
import {
  type GradientRule,
  intAttribute,
  intsAttribute,
  type RuleCall,
  unsupportedForm,
} from "../rule.ts";
import { countOf, sizesOf } from "../sizes.ts";
import { sumTo } from "../sum-to.ts";
import { reachOf, weightOf, type Windows } from "./conv-weight.ts";

/** `[n, c, h, w]` with `[m, c, kh, kw]` and bias `[m]`. */
export const conv: GradientRule = (call) => {
  const { input, upstream } = call;
  const windows = windowsOf(call);
  const patches = doNotOverlap(windows);
  return [
    () => {
      if (patches) return patchImage(call, windows);
      return canBeTurned(windows) ? turnedImage(call, windows) : overlappingImage(call, windows);
    },
    () =>
      patches
        ? patchWeight(call, windows)
        : weightOf(call, { image: input(0), map: upstream, windows }),
    () => biasOf(call),
  ];
};

/** `[n, c, h, w]` with `[c, m, kh, kw]` and bias `[m]`: a Conv's gradient, so a Conv is its gradient. */
export const convTranspose: GradientRule = (call) => {
  const { graph, input, node, upstream } = call;
  const windows = windowsOf(call);
  if (intsAttribute(node, "output_padding", [0, 0]).some((amount) => amount !== 0)) {
    throw unsupportedForm(call, "output_padding");
  }
  return [
    () => convolve(graph, upstream, { weight: input(1), ...windows }),
    () => weightOf(call, { image: upstream, map: input(0), windows }),
    () => biasOf(call),
  ];
};

function windowsOf(call: RuleCall): Windows {
  const { node, input } = call;
  const [, , ...kernel] = sizesOf(input(1));
  const dilations = intsAttribute(node, "dilations", [1, 1]);
  if (kernel.length !== 2) throw unsupportedForm(call, `${kernel.length} spatial axes`);
  if (intAttribute(node, "group", 1) !== 1) throw unsupportedForm(call, "more than one group");
  if (dilations.some((step) => step !== 1)) throw unsupportedForm(call, "a dilation");
  if (node.attributes["auto_pad"] !== undefined) throw unsupportedForm(call, "auto_pad");
  return {
    kernel: [kernel[0]!, kernel[1]!],
    strides: intsAttribute(node, "strides", [1, 1]) as unknown as Windows["strides"],
    pads: intsAttribute(node, "pads", [0, 0, 0, 0]) as unknown as Windows["pads"],
  };
}

/** Patches: each window begins where the one before ended. 1×1 windows are better off with whole planes. */
function doNotOverlap({ kernel, strides, pads }: Windows): boolean {
  return (
    kernel.every((size, axis) => size === strides[axis]) &&
    pads.every((amount) => amount === 0) &&
    countOf(kernel) > 1
  );
}

/** Whether the gradient of the image is a convolution: no zeros between places, and nothing to cut off. */
function canBeTurned({ kernel, strides, pads }: Windows): boolean {
  return (
    strides.every((step) => step === 1) && pads.every((amount, at) => amount < kernel[at % 2]!)
  );
}

function biasOf({ graph, upstream }: RuleCall): Value {
  const channels = sizesOf(upstream)[1]!;
  return reshape(graph, sumTo(graph, upstream, [1, channels, 1, 1]), [channels]);
}

/** The map [n, m, h, w] with a row of m channels for each place: [n · h · w, m]. */
function rowsOf({ graph }: RuleCall, map: Value): Value {
  const [batch, channels, height, width] = sizesOf(map) as [number, number, number, number];
  const rows = transpose(graph, map, [0, 2, 3, 1]);
  return reshape(graph, rows, [batch * height * width, channels]);
}

function patchImage(call: RuleCall, { kernel }: Windows): Value {
  const { graph, input, upstream } = call;
  const [batch, channels, height, width] = sizesOf(input(0)) as [number, number, number, number];
  const [, filters, rows, columns] = sizesOf(upstream) as [number, number, number, number];
  const weight = reshape(graph, input(1), [filters, channels * countOf(kernel)]);
  const patches = reshape(graph, matMul(graph, rowsOf(call, upstream), weight), [
    batch,
    rows,
    columns,
    channels,
    ...kernel,
  ]);
  const covered = [rows * kernel[0], columns * kernel[1]] as const;
  const image = reshape(graph, transpose(graph, patches, [0, 3, 1, 4, 2, 5]), [
    batch,
    channels,
    ...covered,
  ]);
  const after = [0, 0, height - covered[0], width - covered[1]];
  return pad(graph, image, { before: [0, 0, 0, 0], after });
}

function patchWeight(call: RuleCall, { kernel }: Windows): Value {
  const { graph, input, upstream } = call;
  const [batch, channels] = sizesOf(input(0)) as [number, number];
  const [, , rows, columns] = sizesOf(upstream) as [number, number, number, number];
  const covered = strided(graph, input(0), [
    { axis: 2, start: 0, end: rows * kernel[0], step: 1 },
    { axis: 3, start: 0, end: columns * kernel[1], step: 1 },
  ]);
  const cells = [batch, channels, rows, kernel[0], columns, kernel[1]];
  const patches = transpose(graph, reshape(graph, covered, cells), [0, 2, 4, 1, 3, 5]);
  const flat = reshape(graph, patches, [batch * rows * columns, channels * countOf(kernel)]);
  const weight = gemm(graph, rowsOf(call, upstream), flat, { transposeLeft: true });
  return reshape(graph, weight, sizesOf(input(1)));
}

/** The convolution with the kernel turned by half a turn, its channels swapped; for steps of 1. */
function turnedImage(call: RuleCall, { kernel, pads }: Windows): Value {
  const { graph, input, upstream } = call;
  const [filters, channels] = sizesOf(input(1)) as [number, number];
  // One row of places: half a turn is its reverse, in half the time of two axes.
  const rows = reshape(graph, input(1), [filters, channels, countOf(kernel)]);
  const turned = reversed(graph, transpose(graph, rows, [1, 0, 2]), [2]);
  const weight = reshape(graph, turned, [channels, filters, ...kernel]);
  const rest = pads.map((amount, at) => kernel[at % 2]! - 1 - amount);
  return convolve(graph, upstream, { weight, pads: [rest[0]!, rest[1]!, rest[2]!, rest[3]!] });
}

/** The transposed convolution, with zeros where the last window did not reach the border. */
function overlappingImage(call: RuleCall, windows: Windows): Value {
  const { graph, input, upstream } = call;
  const { strides, pads } = windows;
  const { bottom, right, missing } = reachOf({ image: input(0), map: upstream, windows });
  const image = convolveTransposed(graph, upstream, {
    weight: input(1),
    strides,
    pads: [pads[0], pads[1], bottom, right],
  });
  return pad(graph, image, { before: [0, 0, 0, 0], after: [0, 0, ...missing] });
}
