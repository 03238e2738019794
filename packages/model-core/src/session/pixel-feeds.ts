// The encoder graph has two inputs, uint8 `pixels` and float32 `pixel_values`; a run fills one and gives the other a
// batch of nothing.

import type { InputSize } from "../encoder/build-encoder-graph.ts";
import type { Tensor } from "../tensor.ts";

/** Both inputs for a batch of pictures. */
export function pixelFeeds(
  pixels: Tensor,
  { height, width }: InputSize,
): Readonly<Record<string, Tensor>> {
  return {
    pixels: { dtype: "uint8", shape: [0, height, width, 3], data: new Uint8Array() },
    pixel_values: { dtype: "float32", shape: [0, 3, height, width], data: new Float32Array() },
    [pixels.dtype === "uint8" ? "pixels" : "pixel_values"]: pixels,
  };
}
