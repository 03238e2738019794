import { initialSegmentationHead } from "@internvit/eval";
import { expect, test } from "vitest";

const FORM = { kind: "upernet", width: 16, classes: 5, channels: 24, auxiliaryLevel: 2 } as const;
const first = (seed: number) => initialSegmentationHead(FORM, { seed });

function deviation(data: ArrayLike<number>): number {
  return Math.sqrt(Array.from(data).reduce((sum, value) => sum + value ** 2, 0) / data.length);
}

test("first values are those of the seed and of no other", () => {
  expect(first(3)).toEqual(first(3));
  const weight = "decode_head.conv_seg.weight";
  expect(first(3).parameters[weight]).not.toEqual(first(4).parameters[weight]);
});

test.each([
  ["decode_head.bottleneck.conv.weight", [24, 16 + 4 * 24, 3, 3], Math.sqrt(2 / (9 * 24))],
  ["decode_head.fpn_bottleneck.conv.weight", [24, 96, 3, 3], Math.sqrt(2 / (9 * 24))],
  ["decode_head.psp_modules.3.1.conv.weight", [24, 16, 1, 1], Math.sqrt(2 / 24)],
  ["auxiliary_head.convs.0.conv.weight", [24, 16, 3, 3], Math.sqrt(2 / (9 * 24))],
  ["backbone.up1.3.weight", [16, 16, 2, 2], Math.sqrt(2 / (4 * 16))],
  ["decode_head.conv_seg.weight", [5, 24, 1, 1], 0.01],
] as const)("%s begins as the reference draws it", (name, shape, expected) => {
  const tensor = first(1).parameters[name]!;
  expect(tensor.shape).toEqual(shape);
  // Three standard errors of a deviation.
  const error = 3 / Math.sqrt(2 * tensor.data.length);
  expect(Math.abs(deviation(tensor.data as Float32Array) / expected - 1)).toBeLessThan(error);
});

test("norms begin as identities, biases at 0", () => {
  const { parameters, buffers } = first(1);
  expect(parameters["backbone.up1.1.weight"]!.data).toEqual(new Float32Array(16).fill(1));
  expect(parameters["backbone.up2.0.bias"]!.data).toEqual(new Float32Array(16));
  expect(buffers["decode_head.lateral_convs.2.bn.running_var"]!.data).toEqual(
    new Float32Array(24).fill(1),
  );
  expect(buffers["auxiliary_head.convs.0.bn.running_mean"]!.data).toEqual(new Float32Array(24));
});

test("UperNet of the recipe has the reference's tensors", () => {
  const linear = initialSegmentationHead({ kind: "linear", width: 8, classes: 3 }, { seed: 0 });
  expect(Object.keys(linear.parameters)).toEqual([
    "decode_head.norm.weight",
    "decode_head.norm.bias",
    "decode_head.conv_seg.weight",
    "decode_head.conv_seg.bias",
  ]);
  expect(Object.keys(first(0).parameters)).toHaveLength(51);
});
