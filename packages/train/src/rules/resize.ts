// Resize, bilinear over the last two axes: the interpolation matrices, transposed.

import { bilinearMatrix } from "../ops/resize.ts";
import { adjointMaps, separable } from "../ops/separable.ts";
import { type GradientRule, stringAttribute, unsupportedForm } from "../rule.ts";
import { sizesOf } from "../sizes.ts";

/** To given sizes, `half_pixel` or `align_corners`. */
export const resize: GradientRule = (call) => {
  const { graph, node, input, output, upstream } = call;
  const mode = stringAttribute(node, "mode", "nearest");
  const alignment = stringAttribute(node, "coordinate_transformation_mode", "half_pixel");
  const [from, to] = [sizesOf(input(0)), sizesOf(output)];
  if (mode !== "linear") throw unsupportedForm(call, `mode "${mode}"`);
  if (alignment !== "half_pixel" && alignment !== "align_corners") {
    throw unsupportedForm(call, `coordinate_transformation_mode "${alignment}"`);
  }
  if (!node.inputs[3] || node.attributes["antialias"] !== undefined) {
    throw unsupportedForm(call, "anything but sizes, without antialiasing");
  }
  if (from.some((size, axis) => axis < from.length - 2 && size !== to[axis])) {
    throw unsupportedForm(call, "another axis than the last two");
  }
  const alignCorners = alignment === "align_corners";
  const [vertical, horizontal] = [-2, -1].map((axis) =>
    bilinearMatrix(from.at(axis)!, { to: to.at(axis)!, alignCorners }),
  );
  return [
    () => separable(graph, upstream, adjointMaps({ vertical: vertical!, horizontal: horizontal! })),
  ];
};
