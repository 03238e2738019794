// How calls of the operators on maps [n, c, h, w] are drawn.

import { averagePool, conv, convTranspose, maxPool } from "../../src/index.ts";
import { int64s } from "../../src/ops/layout.ts";
import { type DrawCase, drawNode as node, type ValueRange } from "./drawn-call.ts";

const pooled =
  (build: typeof maxPool, range?: ValueRange): DrawCase =>
  (call) => {
    const kernel = [call.size(3), call.size(3)] as const;
    const sides = kernel.map((side) => side + call.random.below(4));
    const pads = Array.from({ length: 4 }, (_, at) =>
      kernel[at % 2]! > 1 ? call.random.below(2) : 0,
    ) as unknown as [number, number, number, number];
    const strides = [call.size(3), call.size(3)] as const;
    const x = call.input([call.size(2), call.size(2), ...sides], range);
    return build(call.graph, x, { kernel, strides, pads });
  };

/** By operator. */
export const SPATIAL_CASES: Readonly<Record<string, DrawCase>> = {
  Conv: (call) => {
    const { random } = call;
    const kernel = [call.size(3), call.size(3)] as const;
    const patches = random.below(3) === 0;
    const strides = patches ? kernel : ([call.size(3), call.size(3)] as const);
    const pads = (patches
      ? [0, 0, 0, 0]
      : Array.from({ length: 4 }, () => random.below(3))) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const sides = kernel.map((side) => side + random.below(5));
    // 6 and 9: where WebGPU's own would be wrong.
    const channels = random.pick([1, 2, 3, 4, 6, 9]);
    // 6: where the weight's gradient is not a convolution.
    const x = call.input([random.pick([1, 1, 2, 2, 6]), channels, ...sides]);
    const weight = call.input([random.pick([1, 2, 3, 5, 6]), channels, ...kernel]);
    const bias = random.below(2) === 0 ? undefined : call.input([Number(weight.shape[0])]);
    return conv(call.graph, x, { weight, bias, strides, pads });
  },
  ConvTranspose: (call) => {
    const { random } = call;
    const kernel = [call.size(3), call.size(3)] as const;
    const pads = Array.from({ length: 4 }, (_, at) =>
      kernel[at % 2] === 3 ? random.below(2) : 0,
    ) as unknown as [number, number, number, number];
    const channels = random.pick([1, 2, 3, 5, 6]);
    const x = call.input([call.size(2), channels, call.size(), call.size()]);
    const weight = call.input([channels, random.pick([1, 2, 3, 6]), ...kernel]);
    const bias = random.below(2) === 0 ? undefined : call.input([Number(weight.shape[1])]);
    const strides = [call.size(3), call.size(3)] as const;
    return convTranspose(call.graph, x, { weight, bias, strides, pads });
  },
  MaxPool: pooled(maxPool, { apart: 0.05 }),
  AveragePool: pooled(averagePool),
  Resize: (call) => {
    const { graph, random } = call;
    const x = call.input([call.size(2), call.size(2), call.size(5), call.size(5)]);
    const shape = [...x.shape.slice(0, 2).map(Number), call.size(7), call.size(7)];
    const alignment = random.pick(["half_pixel", "align_corners"]);
    const attributes = {
      mode: { kind: "string", value: "linear" },
      coordinate_transformation_mode: { kind: "string", value: alignment },
    } as const;
    const inputs = [x, undefined, undefined, int64s(graph, shape)];
    return node(call, { opType: "Resize", inputs, attributes }, shape);
  },
};
